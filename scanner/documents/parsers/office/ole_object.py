"""Embedded OLE objects: the file that somebody dragged into a document, out of its wrapper."""

from __future__ import annotations

import io
import ntpath
import struct

import olefile

from scanner.documents.model import Location
from scanner.documents.protocol import Member

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FIELD_MARK = b"\x15\x1c"
"""How an object begins that a field of a database keeps."""

_METAFILE, _BITMAP, _ENHANCED = 3, 8, 14
_BITMAP_HEAD = 14
_EMBEDDED = 2


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


def presentation(data: bytes) -> bytes | None:
    r"""The picture in a stream that keeps how an object looks (``\x02OlePres000``, MS-OLEDS 2.3.4).

    A metafile, or a bitmap with the head of a file put before it; nothing where the object keeps none, and
    ``None`` where the stream says something else.
    """
    try:
        (mark,) = struct.unpack_from("<L", data, 0)
        if not mark:
            return b""
        if mark < 0xFFFFFFFE:
            return None  # a clipboard format by its name
        kind, device = struct.unpack_from("<LL", data, 4)
        at = 8 + max(4, device) + 24
        (size,) = struct.unpack_from("<L", data, at)
    except struct.error:
        return None
    picture = data[at + 4 : at + 4 + size]
    if len(picture) < size:
        return None
    if kind == _BITMAP and len(picture) >= 40:
        head = struct.pack("<2sLHHL", b"BM", _BITMAP_HEAD + size, 0, 0, _BITMAP_HEAD + 40)
        return head + picture
    return picture if kind in (_METAFILE, _ENHANCED) or not picture else None


def field_members(data: bytes, location: Location) -> list[Member]:
    """The file in a field of a database: a head of Access, then an object of OLE 1 (MS-OLEDS 2.2.5).

    Nothing where the object is a link, or is damaged.
    """
    try:
        (at,) = struct.unpack_from("<H", data, 2)
        (kind,) = struct.unpack_from("<L", data, at + 4)
        at += 8
        names = []
        for _ in range(3):
            (size,) = struct.unpack_from("<L", data, at)
            names.append(data[at + 4 : at + 4 + size].rstrip(b"\0").decode("cp1252", "replace"))
            at += 4 + size
        (size,) = struct.unpack_from("<L", data, at)
    except struct.error:
        return []
    content = data[at + 4 : at + 4 + size]
    if kind != _EMBEDDED or not content:
        return []
    if names[0] == "Package":
        try:
            label, inside = _packaged(bytes(4) + content)
        except (struct.error, ValueError):
            return []
        return [Member(label, inside, location / f'embedded file "{label}"')]
    return members(content, "", location)


def _native(data: bytes) -> tuple[str, bytes | None]:
    """Label and content of an Ole10Native stream; without a label, as Paint writes it, all is content."""
    (total,) = struct.unpack_from("<L", data, 0)
    try:
        label, content = _packaged(data)
    except (struct.error, ValueError):
        label, content = "", b""
    return (label, content) if content else ("", data[4 : 4 + total])


def _packaged(data: bytes) -> tuple[str, bytes]:
    """Label (or last part of the original path) and content, as the packager writes them."""
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
    content = data[position : position + size]
    label, path = strings
    path = temporary.split(b"\0")[0].decode("cp1252", "replace") or path
    return (label or ntpath.basename(path)), content
