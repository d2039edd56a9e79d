"""Cutting long text into pieces where no word, number or identifier is split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# How far back from the largest size a cut looks for a better place.
_REACH = 8_192
# From the best place to the worst.  Blanks between two digits may be inside a number ("943 476 5919").
_PLACES = (
    re.compile(r"\n[ \t\r]*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[^\W\d_])[.;!?] |[|;]|[,}\]>](?![0-9])"),
    re.compile(r"(?<=[^\W\d_]{3})[ \t,](?=[^\W\d_]{3})"),
    re.compile(r"[ \t,]"),
    re.compile(r"[^\w@.+-]"),
    re.compile(r"[^\w]"),
)


def cut_at(text: str, limit: int) -> int:
    """Return where to cut ``text``: at most ``limit``, as far right as the best kind of place allows."""
    if len(text) <= limit:
        return len(text)
    begin = max(0, limit - _REACH)
    window = text[begin:limit]
    for kind in _PLACES:
        end = 0
        for match in kind.finditer(window):
            end = match.end()
        if end:
            return begin + end
    return limit


def pieces(texts: Iterable[str], limit: int) -> Iterator[str]:
    """Join a stream of texts and cut it anew, into pieces of at most ``limit`` characters.

    Nothing is lost or added; memory stays within a few times ``limit``.
    """
    rest = ""
    for text in texts:
        rest = rest + text if rest else text
        while len(rest) > limit:
            end = cut_at(rest, limit)
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest
