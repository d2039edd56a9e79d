"""Data written as characters (base85 and the like), in which letters fall into names by chance."""

from __future__ import annotations

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
