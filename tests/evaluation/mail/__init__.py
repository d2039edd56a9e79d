"""Labelled messages of our own, made by code from hand-written texts, and their scorer."""
