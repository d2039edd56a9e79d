"""What an Access database has not overwritten: the rows that were deleted since it was last compacted.

A page of data names the table it belongs to and lists where its rows begin; a deleted row is marked there and
keeps its bytes.  The layout is the one that mdbtools and Jackcess document.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping

from scanner.documents.model import Location, Segment
from scanner.documents.protocol import Source

# Size of a page, and where a page of data says how many rows it has: Jet 3, then Jet 4 and later.
_JET3, _JET4 = (2_048, 8), (4_096, 12)
# Marks at the place of a row: both say that it is deleted, one alone that it was moved, or moved here.
_DATA_PAGE, _GONE, _OFFSET = 1, 0xC000, 0x1FFF
_PAGE_NUMBER = 0xFFFFFF
_COMPRESSED = b"\xff\xfe"
_TELLING = re.compile(r"[^\W\d_]{2}|[0-9]{3}")
_WIDE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){2,}")
_NARROW = re.compile(rb"[\t\r\n\x20-\x7e\xa0-\xff]{2,}")


def deleted_rows(source: Source, owners: Mapping[int, str]) -> Iterator[Segment]:
    """What deleted rows left in the pages of tables; ``owners`` are these by their page of definition."""
    size, at = _JET3 if source.head(0x15)[0x14:] == b"\0" else _JET4
    seen: set[str] = set()
    with source.open() as file:
        file.seek(size)
        while len(page := file.read(size)) == size:
            if page[0] != _DATA_PAGE:
                continue
            name = owners.get(int.from_bytes(page[4:8], "little") & _PAGE_NUMBER, "")
            (rows,) = struct.unpack_from("<H", page, at)
            if not name or at + 2 + 2 * rows > size:
                continue
            places = struct.unpack_from(f"<{rows}H", page, at + 2)
            end = size
            for place in places:
                start = place & _OFFSET
                if place & _GONE == _GONE and start < end:
                    text = "\t".join(_left(page[start:end]))
                    if text and text not in seen:
                        seen.add(text)
                        where = Location((f'table "{name}"', "deleted row"))
                        yield Segment(text, where, "deleted row")
                end = min(end, start)


def _left(row: bytes) -> list[str]:
    """Texts of a row whose columns are not told apart any more."""
    found = []
    for piece in row.split(_COMPRESSED):
        wide = b"".join(_WIDE.findall(piece)).decode("utf-16-le")
        narrow = b" ".join(_NARROW.findall(_WIDE.sub(b"\0", piece))).decode("cp1252", "replace")
        found += [text.strip() for text in (wide, narrow) if _TELLING.search(text)]
    return found
