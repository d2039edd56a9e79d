"""Replay: what a past run would have said under other rules, from its evidence and without reading a file.

What follows from the evidence is judged again; what does not is named, file by file, for a re-read.
"""
