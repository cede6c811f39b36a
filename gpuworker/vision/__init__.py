"""Computer vision: faces, landmarks, framing and mattes of a photo."""
