"""Pages and files of share links."""
