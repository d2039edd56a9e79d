"""Whose an account is: a person's, or a firm's or public body's and so of no account."""

from __future__ import annotations

import re
from bisect import bisect_left

from scanner.detection.view import View

ORGANISATION = "bank-organisation"
# An organisation named within this many characters before a number owns it.
_BEFORE, _BEHIND = 160, 40
_PRIVATE = re.compile(
    r"\b(?:my|his|her|their own|your|tenant|claimant|customer(?:'?s)?|resident|payee|account holder|a/c name"
    r"|mr|mrs|ms|miss|refund(?:ed|s)?)\b",
    re.IGNORECASE,
)

# "... 71234568 (Mrs J Pike)": whose it is stands behind it.
_TITLED_BEHIND = re.compile(
    r"[^\n\w]{0,4}(?:for |in the name of |a/c name |name:? )?(?:mr|mrs|ms|miss)\b", re.I
)

# What firms print on their bills and people do not.
_LETTERHEAD = re.compile(
    r"\b(?:co(?:mpany)?\.?[ \t](?:reg|no|number)|registered (?:in (?:england|scotland|wales)|office|no)"
    r"|vat (?:reg|no|gb|number))\b",
    re.IGNORECASE,
)
_BILL = re.compile(
    r"\b(?:invoice|remittance advice|statement of account|pro[- ]?forma|tax point)\b", re.IGNORECASE
)


def _is_bill(view: View) -> bool:
    """Whether the text is a firm's bill: the bank details on it are the firm's."""
    return view.once(
        "bill",
        lambda: _BILL.search(view.text) is not None and _LETTERHEAD.search(view.text) is not None,
    )


def owned_by_organisation(view: View, start: int, end: int) -> bool:
    """Whether the words of the same record say that the number is an organisation's."""
    if _is_bill(view) and _PRIVATE.search(view.text, *view.layout.line_span(start)) is None:
        return True
    organisations = view.context.places(ORGANISATION)
    if not organisations:
        return False
    record = view.layout.record_at(start)
    line_end = view.layout.line_span(end)[1]
    if _TITLED_BEHIND.match(view.text, end, min(end + _BEHIND, line_end)):
        return False
    low = max(start - _BEFORE, record.start if record else 0)
    if record is not None and record.table is not None:
        low = record.start
    before = bisect_left(organisations, start)
    if before and organisations[before - 1] >= low:
        # Whoever is named last before the number owns it.
        return _PRIVATE.search(view.text, organisations[before - 1], start) is None
    behind = before < len(organisations) and organisations[before] < min(end + _BEHIND, line_end)
    return behind and _PRIVATE.search(view.text, low, start) is None
