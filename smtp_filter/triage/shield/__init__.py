"""Shielded subjects: the list, looking for them in what is there already, break-glass by two people."""
