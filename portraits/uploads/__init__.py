"""Uploads: validation of photos in a sandbox, and the way from a photo to a portrait."""
