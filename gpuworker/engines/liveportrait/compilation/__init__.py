"""Faster forms of the networks: folded, compiled and compared."""
