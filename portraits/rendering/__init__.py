"""Rendering: queue, scheduling and leases of renders, and the workers that do them."""
