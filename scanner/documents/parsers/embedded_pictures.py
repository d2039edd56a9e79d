"""Pictures inside binary streams: counted where they are large enough to hold text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.parsers.ooxml_parts import picture_size
from scanner.documents.protocol import Event

_SIGNATURE = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff[\xe0\xe1\xdb\xee]|GIF8[79]a")
_HEAD = 65_536
_MOST = 10_000
# As in Office packages: below this many pixels it is a logo, not a page.
_PIXELS = 300_000


def picture_gap(streams: Iterable[bytes]) -> Iterator[Event]:
    """Yield the gap that says how many pictures may hold text, where there are any."""
    count = 0
    for data in streams:
        end = 0
        for index, match in enumerate(_SIGNATURE.finditer(data)):
            if index > _MOST:
                break
            if match.start() < end:
                continue  # the thumbnail inside of a picture's own head
            size = picture_size(data[match.start() : match.start() + _HEAD])
            if size is not None and size[0] * size[1] >= _PIXELS:
                count += 1
                end = match.start() + 1_000
    if count:
        detail = "1 picture" if count == 1 else f"{count} pictures"
        yield Gap(Location(("pictures",)), Shortfall.NEEDS_OCR, f"{detail} large enough to hold text")
