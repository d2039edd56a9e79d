"""Archives: what is packed, how it is locked, and how it is opened with a password."""
