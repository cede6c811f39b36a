"""Private files: their storage, and HTTP responses with them."""
