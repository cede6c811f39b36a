"""Irises of a photo: their circles, their colours, and where they look."""
