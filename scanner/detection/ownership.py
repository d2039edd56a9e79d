"""Whose an account is: a person's, or a firm's or public body's and so of no account."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from scanner.detection.view import View

ORGANISATION = "bank-organisation"
# An organisation named within this many characters before a number owns it.
_BEFORE, _BEHIND = 160, 40
_PRIVATE = re.compile(
    r"\b(?:my|his|her|their|your|tenant|claimant|customer(?:'?s)?|resident|payee|account holder|a/c name)\b",
    re.IGNORECASE,
)


def owned_by_organisation(view: View, start: int, end: int) -> bool:
    """Whether the words of the same record say that the number is an organisation's."""
    organisations = [hit.start for hit in view.context.tagged(ORGANISATION)]
    if not organisations:
        return False
    record = view.layout.record_at(start)
    low = max(start - _BEFORE, record.start if record else 0)
    if record is not None and record.table is not None:
        low = record.start
    high = min(end + _BEHIND, record.end if record else len(view.text))
    if bisect_right(organisations, high) == bisect_left(organisations, low):
        return False
    return _PRIVATE.search(view.text, low, start) is None
