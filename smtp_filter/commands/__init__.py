"""The relay's verbs of `dlp`, one file each: parse, call, print."""
