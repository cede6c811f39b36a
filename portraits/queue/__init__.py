"""Queue of renders: where messages wait, and whose turn it is."""
