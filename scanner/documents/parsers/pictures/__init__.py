"""Pictures, drawings, sound, and files that hold no text."""
