"""Pages and files of a user's own portraits."""
