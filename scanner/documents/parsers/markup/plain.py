"""Plain text in any charset: notes, logs, Markdown, source code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanner.documents.cutting import pieces
from scanner.documents.decoding import decoded_pieces
from scanner.documents.limits import Limits
from scanner.documents.model import Location, Segment
from scanner.documents.protocol import Event, Source

_PIECE = 500_000


class TextParser:
    """Reads text as it stands, in pieces that begin at a named line."""

    kinds = frozenset({"text"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield pieces of the text, in bounded memory whatever the size and the length of lines."""
        with source.open() as file:
            yield from text_segments(decoded_pieces(file), limits)


def text_segments(
    texts: Iterable[str], limits: Limits, location: Location | None = None
) -> Iterator[Segment]:
    """Segments of running text, each located at the line it begins at (see ``places.place``)."""
    line = 1
    within = location or Location()
    for piece in pieces(texts, min(_PIECE, limits.segment_characters)):
        text = piece.replace("\r\n", "\n") if "\r" in piece else piece
        if "\0" in text:
            text = text.replace("\0", " ")
        yield Segment(text, within / f"line {line}")
        line += text.count("\n")
