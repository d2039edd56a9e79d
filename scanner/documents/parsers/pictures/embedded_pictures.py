"""Pictures inside documents: their size, and the gap that counts those large enough to hold text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.protocol import Event

_SIGNATURE = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff[\xe0\xe1\xdb\xee]|GIF8[79]a")
_HEAD = 65_536
# Marks of what is written into a picture beside it: EXIF, XMP, IPTC, comments of PNG and JPEG.
_WRITTEN = re.compile(rb"Exif|eXIf|ns\.adobe\.com|adobe:ns:|Photoshop 3\.0|tEXt|iTXt|zTXt|\xff\xfe\x00")
_MOST = 10_000

TEXT_PIXELS = 300_000
"""Pixels that a picture of a page, a form or a screen has at least (a logo of 600 by 400 has fewer).

Below it, asking for OCR of every letterhead would leave no document wholly read.
"""


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
            if size is not None and size[0] * size[1] >= TEXT_PIXELS:
                count += 1
                end = match.start() + 1_000
    yield from unread_pictures(count)


def properties_within(data: bytes, place: Location) -> Iterator[Event]:
    """What a camera or a program wrote into a picture that stands at a place of a document."""
    if not _WRITTEN.search(data):
        return
    # Few pictures have anything, and the readers of pictures are large.
    from scanner.documents.parsers.pictures.image import written_properties

    for segment in written_properties(io.BytesIO(data)):
        yield replace(segment, location=Location(place.parts + segment.location.parts))


def picture_extents(data: bytes) -> Iterator[tuple[int, int]]:
    """Where PNG and JPEG pictures stand in data: start and end."""
    end = 0
    for index, match in enumerate(_SIGNATURE.finditer(data)):
        if index > _MOST:
            return
        start = match.start()
        if start < end or match[0][:1] == b"G":
            continue
        mark, size = (b"IEND", 8) if match[0][:1] == b"\x89" else (b"\xff\xd9", 2)
        found = data.find(mark, start)
        if found >= 0:
            end = found + size
            yield start, end


def unread_pictures(count: int) -> Iterator[Gap]:
    """The gap for so many pictures that may hold text, where there are any."""
    if count:
        detail = "1 picture" if count == 1 else f"{count} pictures"
        yield Gap(Location(("pictures",)), Shortfall.NEEDS_OCR, f"{detail} large enough to hold text")


def picture_size(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from the first bytes of a PNG, JPEG, GIF or BMP; ``None`` if unknown."""
    if head.startswith(b"\x89PNG") and len(head) >= 24:
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head.startswith(b"GIF8") and len(head) >= 10:
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if head.startswith(b"BM") and len(head) >= 26:
        height = int.from_bytes(head[22:26], "little", signed=True)
        return int.from_bytes(head[18:22], "little"), abs(height)
    if head.startswith(b"\xff\xd8"):
        at = 2
        while at + 9 < len(head) and head[at] == 0xFF:
            marker = head[at + 1]
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                return int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(
                    head[at + 5 : at + 7], "big"
                )
            at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None
