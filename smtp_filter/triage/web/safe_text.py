"""Text that others wrote, made harmless to look at: a subject, a name, the words of a document."""

from __future__ import annotations

import unicodedata

LIMIT = 400
# More marks upon one letter than any script needs climb over the lines above.
_MARKS = 4
_KEPT_IN_LINES = frozenset("\n\t")
_REPLACED = "\N{REPLACEMENT CHARACTER}"
# What a browser would render: cut well before a page grows slow.
_FORMAT_KEPT = frozenset("\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{SOFT HYPHEN}")


def safe_text(value: object, limit: int = LIMIT, lines: bool = False) -> str:
    """``value`` without control characters and marks that turn text round, and not longer than ``limit``.

    What is taken out shows as a replacement character; a cut says how long the text was.  ``lines`` keeps
    line breaks and tabs.  The result is text: templates escape it.
    """
    text = str(value)
    whole = len(text)
    shown = "".join(_harmless(text[:limit], lines))
    if whole > limit:
        return f"{shown}… ({whole:,} characters)"
    return shown


def _harmless(text: str, lines: bool) -> list[str]:
    made: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MARKS:
            continue
        if char in _KEPT_IN_LINES:
            made.append(char if lines else " ")
        elif char == "\r":
            made.append("" if lines else " ")
        elif category in ("Zl", "Zp"):
            made.append("\n" if lines else " ")
        elif category in ("Cc", "Cs", "Co", "Cn") or (category == "Cf" and char not in _FORMAT_KEPT):
            made.append(_REPLACED)
        else:
            made.append(char)
    return made
