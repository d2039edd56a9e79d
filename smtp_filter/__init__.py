"""The mail relay that stands on the scanner's core: not built yet.

The relay, its quarantine and its triage console are later work; this package marks their place, so
that the import contract (``scanner`` never imports ``smtp_filter``) is checked from the first day.
"""
