"""Segments of a document put together into passages, and the way from a finding back to its segment.

Paragraphs that follow each other in one part are one stretch of running text, so that a label and the
value beneath it, or the lines of an address, are read together; table rows and hidden parts are blocks
of their own.  A passage is bounded, so that memory stays flat whatever the document's size.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scanner.documents.model import Location, Segment
from scanner.documents.places import line_of, place
from scanner.text import Block, Field, Passage

# One passage holds about this many characters; detection needs some fifty bytes for each.
PASSAGE_CHARACTERS = 2_000_000
# A line this short that does not end a sentence goes on in the next: a label, a line of an address.
_SHORT_LINE = 90


@dataclass(frozen=True, slots=True)
class Assembled:
    """A passage with the segments it was made of.

    ``starts`` are the offsets at which ``segments`` begin, in order.
    """

    passage: Passage
    segments: tuple[Segment, ...]
    starts: tuple[int, ...]

    def segment_at(self, position: int) -> tuple[Segment, int]:
        """The segment that holds ``position``, and the offset inside it."""
        index = max(0, bisect_right(self.starts, position) - 1)
        return self.segments[index], position - self.starts[index]

    def row_at(self, position: int, number: int) -> tuple[int, int] | None:
        """Which row of a table holds ``position``, in passage ``number``; ``None`` in running text."""
        index = max(0, bisect_right(self.starts, position) - 1)
        return (number, index) if self.segments[index].table is not None else None

    def hidden(self, position: int) -> str:
        """Why a reader does not see what stands at ``position``; empty where it is visible."""
        segment, offset = self.segment_at(position)
        if segment.hidden_fields:
            index = bisect_right(segment.fields, offset, key=lambda part: part.start) - 1
            if 0 <= index < len(segment.hidden_fields) and segment.hidden_fields[index]:
                return segment.hidden_fields[index]
        return segment.hidden


class Locator:
    """The places of positions in one passage; asked in order, each line break is counted once."""

    def __init__(self, assembled: Assembled) -> None:
        self._assembled = assembled
        self._segment: Segment | None = None
        self._offset = 0
        self._lines = 0

    def location(self, position: int) -> Location:
        """Where a person finds what stands at ``position``."""
        segment, offset = self._assembled.segment_at(position)
        if segment.fields or "\n" not in segment.text:
            return place(segment, offset)
        if segment is not self._segment or offset < self._offset:
            self._segment, self._offset, self._lines = segment, 0, 0
        self._lines += segment.text.count("\n", self._offset, offset)
        self._offset = offset
        return line_of(segment, self._lines)


@dataclass(slots=True)
class _Draft:
    """A passage while it is being put together."""

    pieces: list[str] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    length: int = 0
    run_start: int | None = None

    def add(self, segment: Segment) -> None:
        alone = bool(segment.fields) or segment.table is not None or bool(segment.hidden)
        previous = self.segments[-1] if self.segments else None
        if previous is not None:
            goes_on = not alone and self.run_start is not None and _same_part(previous, segment)
            if goes_on:
                self._text("\n" if _goes_on(previous.text) or _goes_on(segment.text) else "\n\n")
            else:
                self._close_run()
                self._text("\n" if alone and segment.table is not None else "\n\n")
        start = self.length
        self.segments.append(segment)
        self.starts.append(start)
        self._text(segment.text)
        if alone:
            fields = tuple(Field(start + f.start, start + f.end, f.label) for f in segment.fields)
            self.blocks.append(Block(start, self.length, segment.table, bool(segment.hidden), fields))
        elif self.run_start is None:
            self.run_start = start

    def _text(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)

    def _close_run(self) -> None:
        if self.run_start is not None:
            self.blocks.append(Block(self.run_start, self.length))
            self.run_start = None

    def finish(self) -> Assembled:
        self._close_run()
        text = "".join(self.pieces)
        return Assembled(Passage(text, tuple(self.blocks)), tuple(self.segments), tuple(self.starts))


def assemble(segments: Iterable[Segment], characters: int = PASSAGE_CHARACTERS) -> Iterator[Assembled]:
    """Group segments into passages of about ``characters`` each."""
    draft = _Draft()
    for segment in segments:
        if draft.length and draft.length + len(segment.text) > characters:
            yield draft.finish()
            draft = _Draft()
        draft.add(segment)
    if draft.segments:
        yield draft.finish()


def _same_part(first: Segment, second: Segment) -> bool:
    """Whether two segments follow each other in one part of one document (body, page, header)."""
    return not second.hidden and not first.hidden and _part(first.location) == _part(second.location)


def _part(location: Location) -> tuple[str, ...]:
    """The location without its innermost number: "paragraph 7" and "paragraph 8" are of one part."""
    if not location.parts:
        return ()
    kind = location.parts[-1].rstrip("0123456789 ")
    return (*location.parts[:-1], kind)


def _goes_on(text: str) -> bool:
    line = text.rsplit("\n", 1)[-1].rstrip()
    return len(line) <= _SHORT_LINE and not line.endswith((".", "!", "?"))
