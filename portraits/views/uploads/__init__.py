"""Pages of an upload."""
