"""Private files: where they lie, how they are checked and how they are answered."""
