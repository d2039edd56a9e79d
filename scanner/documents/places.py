"""The place of one character of a segment, as a person would look it up."""

from __future__ import annotations

import re
from bisect import bisect_right

from scanner.documents.model import Location, Segment

_LINE = re.compile(r"line ([0-9]+)\Z")


def place(segment: Segment, offset: int) -> Location:
    r"""Return where the character at ``offset`` (code points, in the segment's text) stands.

    In a row this is the cell.  A segment of running text whose location ends in "line N" begins at
    that line; the lines up to the offset are added.

    >>> str(place(Segment("a\nb", Location(("line 7",))), 2))
    'line 8'
    """
    if segment.cells and segment.fields:
        index = bisect_right(segment.fields, offset, key=lambda field: field.start) - 1
        if 0 <= index < len(segment.cells):
            return segment.location / segment.cells[index]
        return segment.location
    return segment.location if segment.fields else line_of(segment, segment.text.count("\n", 0, offset))


def line_of(segment: Segment, lines: int) -> Location:
    """The place that many line breaks into a segment of running text."""
    parts = segment.location.parts
    if parts and (line := _LINE.match(parts[-1])):
        return Location((*parts[:-1], f"line {int(line[1]) + lines}"))
    return segment.location
