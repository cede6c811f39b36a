"""Uploads: a stranger's file becomes a photo that its owner turns into a portrait."""
