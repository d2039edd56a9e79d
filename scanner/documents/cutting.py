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


def cut_at(text: str, limit: int, start: int = 0) -> int:
    """Return where to cut the text from ``start`` on.

    The cut is at most ``limit`` characters behind ``start``, as far right as the best kind of place allows.
    """
    if len(text) - start <= limit:
        return len(text)
    begin = start + max(0, limit - _REACH)
    window = text[begin : start + limit]
    for kind in _PLACES:
        end = 0
        for match in kind.finditer(window):
            end = match.end()
        if end:
            return begin + end
    return start + limit


def pieces(texts: Iterable[str], limit: int) -> Iterator[str]:
    """Join a stream of texts and cut it anew, into pieces of at most ``limit`` characters.

    Nothing is lost or added; memory stays within the largest text given and one piece.
    """
    rest = ""
    for text in texts:
        joined = rest + text if rest else text
        start = 0
        while len(joined) - start > limit:
            end = cut_at(joined, limit, start)
            yield joined[start:end]
            start = end
        rest = joined[start:]
    if rest:
        yield rest
