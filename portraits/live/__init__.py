"""WebSockets: snapshots and changes, for those who may see them."""
