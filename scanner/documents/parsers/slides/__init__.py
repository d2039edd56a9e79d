"""Slides: PowerPoint of all ages."""
