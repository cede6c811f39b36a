"""Rendering on this machine: scheduler, process pool and sheets."""
