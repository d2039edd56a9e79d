"""Embedded OLE objects: the file that somebody dragged into a document, out of its wrapper."""

from __future__ import annotations

import io
import ntpath
import struct

import olefile

from scanner.documents.model import Location
from scanner.documents.protocol import Member

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def members(data: bytes, name: str, location: Location) -> list[Member]:
    r"""The files inside an embedded object (MS-OLEDS 2.3.6), or the object itself where it is a file.

    Office keeps documents of its own kind in a ``Package`` or ``CONTENTS`` stream, everything else in
    ``\x01Ole10Native`` with its label and the path it came from (which carries a user name: it
    becomes part of the member's name).  Never raises: a damaged object is handed on as it is.
    """
    if not data.startswith(OLE_MAGIC):
        return [Member(name, data, location)]
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            found: list[Member] = []
            for stream in ole.listdir(streams=True, storages=False):
                base = stream[-1].lower()
                if len(stream) > 1:
                    continue
                content = None
                label = name
                if base in ("package", "contents"):
                    content = ole.openstream(stream).read()
                elif base == "\x01ole10native":
                    label, content = _native(ole.openstream(stream).read())
                    label = label or name
                if content:
                    place = Location((*location.parts[:-1], f'embedded file "{label}"'))
                    found.append(Member(label, content, place))
            return found or [Member(name, data, location)]
    except Exception:  # olefile raises whatever its parsing meets: the frame judges the bytes instead
        return [Member(name, data, location)]


def native_file(data: bytes) -> tuple[str, bytes]:
    """Name and bytes of the file in an Ole10Native stream; empty where it is damaged."""
    try:
        name, content = _native(data)
    except (struct.error, ValueError):
        return "", b""
    return name, content or b""


def _native(data: bytes) -> tuple[str, bytes | None]:
    """Label (or last part of the original path) and content of an Ole10Native stream."""
    (total,) = struct.unpack_from("<L", data, 0)
    position = 6
    strings: list[str] = []
    for _ in range(2):
        end = data.index(b"\0", position)
        strings.append(data[position:end].decode("cp1252", "replace"))
        position = end + 1
    position += 4
    (length,) = struct.unpack_from("<L", data, position)
    position += 4
    temporary = data[position : position + length]
    position += length
    (size,) = struct.unpack_from("<L", data, position)
    position += 4
    content = data[position : position + min(size, total)]
    label, path = strings
    path = temporary.split(b"\0")[0].decode("cp1252", "replace") or path
    return (label or ntpath.basename(path)), content
