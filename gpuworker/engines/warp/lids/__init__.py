"""The lids: moved with the gaze, and closed in a blink."""
