"""The journal of remedies: what was done to which file, from before it was done until after it was undone.

An act is written down as intended, with all that its undoing needs, before the file is touched.  What a crash
leaves intended, or half undone, is brought to one of its ends by whoever comes next.
"""

from scanner.store.remedies.journal import Act, ActState, Journal, Kind, open_journal, reference

__all__ = ["Act", "ActState", "Journal", "Kind", "open_journal", "reference"]
