"""Values of an Access database that are bytes: files attached to a row, objects, text, anything."""

from __future__ import annotations

import struct
import zlib

from scanner.documents.model import Location
from scanner.documents.parsers.databases.stored_bytes import stored
from scanner.documents.parsers.office import ole_object
from scanner.documents.protocol import Member

_MOST = 100_000_000
_RAW, _DEFLATED = 0, 1


def value_of(data: bytes, name: str, place: Location, members: list[Member]) -> str:
    """The text of bytes in a cell; a document among them is added to ``members`` instead.

    ``name`` is that of an attached file, where the row has one.
    """
    content = attached_file(data) if name else None
    if content is not None:
        where = Location((*place.parts[:-1], f'attachment "{name}"'))
        members.append(Member(name, content, where, named=True))
        return ""
    if data.startswith(ole_object.FIELD_MARK) and (found := ole_object.field_members(data, place)):
        members.extend(found)
        return ""
    return stored(data, place, members)


def attached_file(value: bytes) -> bytes | None:
    """A file in a field of attachments: packed or not, behind a head of a stated size."""
    if len(value) < 8:
        return None
    (how,) = struct.unpack_from("<L", value)
    content = value[8:]
    if how == _DEFLATED:
        try:
            content = zlib.decompressobj().decompress(content, _MOST)
        except zlib.error:
            return None
    elif how != _RAW:
        return None
    if len(content) < 4:
        return None
    (head,) = struct.unpack_from("<L", content)
    return content[head:] if 4 <= head <= min(len(content), 600) else None
