"""Masks: what a report shows of a value, its shape and at most its last two characters."""

from __future__ import annotations

# Of a short value, two characters would be half of it.
_SHOW_FROM = 6
_LONGEST = 40


def mask(value: str) -> str:
    """The shape of ``value`` with everything but its separators and at most two last characters hidden.

    >>> mask("QQ 12 34 56 C")
    '** ** ** *6 C'
    >>> mask("Ann")
    '***'
    """
    flat = " ".join(value.split())
    letters = [index for index, character in enumerate(flat) if character.isalnum()]
    shown = set(letters[-2:]) if len(letters) >= _SHOW_FROM else set()
    masked = "".join(
        "*" if character.isalnum() and index not in shown else character
        for index, character in enumerate(flat)
    )
    return masked if len(masked) <= _LONGEST else "…" + masked[-_LONGEST:]


def mask_name(value: str) -> str:
    """A name as its initials: enough for its owner to know it, not enough for anyone else.

    >>> mask_name("Ann Smith-Jones")
    'A** S****-J****'
    """
    kept: list[str] = []
    inside = False
    for character in " ".join(value.split())[:_LONGEST]:
        kept.append("*" if inside and character.isalnum() else character)
        inside = character.isalnum() or character in "'’"
    return "".join(kept)
