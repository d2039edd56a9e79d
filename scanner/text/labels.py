"""Names of columns and fields as people read them: words apart, whatever the program that wrote them."""

from __future__ import annotations

import re

# "firstName", "NINumber", "NHSNo": a hump, the last capital of a run of them, a short "number" behind one.
# A plural or a suffix of two letters is none: "UPNs", "DOBs", "NINOs".
_HUMP = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})|(?<=[A-Z])(?=(?:No|Nr|Id)(?![a-z]))")
_JOINS = re.compile(r"[_\s]+")


def words_apart(label: str) -> str:
    """A label with blanks between its words, the case of its letters as it was.

    >>> words_apart("NINumber"), words_apart("nhsNumber"), words_apart("SORT_CODE"), words_apart("UPNs")
    ('NI Number', 'nhs Number', 'SORT CODE', 'UPNs')
    """
    return _JOINS.sub(" ", _HUMP.sub(" ", label))
