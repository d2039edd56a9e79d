"""Runs of characters in which words stand by chance: data written as characters, internet addresses."""

from __future__ import annotations

import re

# So much text without a blank, with so many of these signs and of digits, was never written by a person.
_AROUND, _FEW = 50, 6
_SIGNS = frozenset("$%^~{}`!#*+=?@&<>")


def lies_in_data(text: str, position: int) -> bool:
    """Whether ``position`` lies in a long run without a blank that is full of signs and digits."""
    around = text[max(0, position - _AROUND) : position + _AROUND]
    return (
        len(around) == 2 * _AROUND
        and len(around.split(None, 1)) == 1
        and sum(map(_SIGNS.__contains__, around)) >= _FEW
        and sum(map(str.isdigit, around)) >= _FEW
    )


# No address is longer than this to either side of a word in it.
_LONGEST_ADDRESS = 200
_WORD_OF = re.compile(r"\S*\Z")
_REST_OF = re.compile(r"\S*")
_ADDRESS = re.compile(
    r"://|@[\w-]|\bwww\.|[\w-]\.(?:com|org|net|info|biz|gov|edu|nhs|police|ac|co|eu|uk|ie|io|wales|scot|cymru)\b",
    re.IGNORECASE,
)


def lies_in_address(text: str, start: int, end: int) -> bool:
    """Whether a word is a piece of an internet or e-mail address ("www.gay-pride.example.org").

    >>> lies_in_address("by murder.example.org", 3, 9), lies_in_address("a murder. Org chart", 2, 8)
    (True, False)
    """
    before = _WORD_OF.search(text, max(0, start - _LONGEST_ADDRESS), start)
    behind = _REST_OF.match(text, end, end + _LONGEST_ADDRESS)
    assert before is not None  # both may be empty
    assert behind is not None
    return _ADDRESS.search(text, before.start(), behind.end()) is not None
