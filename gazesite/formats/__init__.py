"""Default formats in which Django writes times, by language."""
