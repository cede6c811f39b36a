"""Sources of workers: this machine, a fixed address, or a machine rented for as long as it works.

A source is a Worker, so that the caller of a render never asks which it is; `source.py` says what more it
can do, and `build` in `source_config.py` makes the configured one.
"""
