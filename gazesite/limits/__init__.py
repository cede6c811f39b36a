"""Limits on what one client, or all clients together, may hold at a time."""
