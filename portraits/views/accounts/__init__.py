"""Pages of a user's account."""
