"""Document properties of compound files: the property sets that every legacy Office file carries."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.documents.model import Gap, Shortfall
from scanner.documents.parsers.office.compound_file import CompoundFile
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.protocol import HERE, Event

_STREAMS = ("\x05SummaryInformation", "\x05DocumentSummaryInformation")
_SUMMARY = {
    2: "title",
    3: "subject",
    4: "author",
    5: "keywords",
    6: "comments",
    7: "template",
    8: "last saved by",
}
_DOCUMENT = {
    2: "category", 3: "presentation target", 13: "titles of parts", 14: "manager", 15: "company",
    21: "hyperlinks", 26: "content type", 27: "content status", 28: "language", 29: "document version",
}  # fmt: skip
# What the program fills in by itself.
_SILENT = frozenset(
    ("template", "presentation target", "titles of parts", "language", "document version", "_PID_GUID")
)
_MOST_PROPERTIES = 1_000
_LONGEST = 1_000_000
_LPSTR, _LPWSTR, _VECTOR, _VARIANT, _BLOB = 0x1E, 0x1F, 0x1000, 0x0C, 0x41
_UTF16 = 1200
# The head with the place of one section.
_HEAD = 48


def property_events(file: CompoundFile) -> Iterator[Event]:
    """Yield title, author, company, custom properties and the like, one segment each; never raises."""
    for stream in _STREAMS:
        names = _SUMMARY if "Document" not in stream else _DOCUMENT
        data = file.read(stream)
        if not _is_whole(data):
            yield Gap(HERE / "document properties", Shortfall.DAMAGED, "document properties")
        for name, value in properties(data, names):
            if name not in _SILENT and value.strip():
                yield record([(name, value)], HERE / "document properties" / name, "document properties")


def _is_whole(data: bytes) -> bool:
    """Whether a stream has the head of a property set (MS-OLEPS 2.21) and its first section, or nothing."""
    if not data.strip(b"\0"):
        return True
    if not data.startswith(b"\xfe\xff") or len(data) < _HEAD:
        return False
    count = int.from_bytes(data[24:28], "little")
    offset = int.from_bytes(data[44:48], "little")
    return 1 <= count <= 2 and _HEAD <= offset <= len(data) - 8


def properties(data: bytes, names: dict[int, str]) -> Iterator[tuple[str, str]]:
    """Names and texts of a property set stream (MS-OLEPS 2.21); what is damaged is left out."""
    try:
        (count,) = struct.unpack_from("<L", data, 24)
        for index in range(min(count, 2)):
            (offset,) = struct.unpack_from("<L", data, 44 + 20 * index)
            # The second set of the document summary is what users define; it names its own properties.
            yield from _section(data, offset, names if index == 0 else {})
    except struct.error:
        return


def _section(data: bytes, start: int, names: dict[int, str]) -> Iterator[tuple[str, str]]:
    (count,) = struct.unpack_from("<L", data, start + 4)
    places: dict[int, int] = {}
    for index in range(min(count, _MOST_PROPERTIES)):
        identifier, offset = struct.unpack_from("<LL", data, start + 8 + 8 * index)
        places[identifier] = start + offset
    codec = "cp1252"
    if 1 in places:
        (page,) = struct.unpack_from("<H", data, places[1] + 4)
        codec = codec_of(page)
    known = dict(names)
    if 0 in places:
        known.update(_dictionary(data, places[0], codec))
    for identifier, place in places.items():
        if identifier < 2 or identifier >= 0x80000000:
            continue
        # Numbers without a name in a standard set are the program's own: revision, version.
        name = known.get(identifier, "" if names else f"property {identifier}")
        name = "hyperlinks" if name == "_PID_HLINKS" else name
        if name:
            for value in _texts(data, place, codec):
                yield name, value


def codec_of(page: int) -> str:
    """Name of the codec of a Windows code page; cp1252 for one that Python does not know.

    >>> codec_of(1251), codec_of(65001), codec_of(4)
    ('cp1251', 'utf-8', 'cp1252')
    """
    if page == _UTF16:
        return "utf-16-le"
    name = {65001: "utf-8", 10000: "mac-roman", 0x8000: "mac-roman", 20127: "ascii", 28591: "latin-1"}.get(
        page, f"cp{page}"
    )
    try:
        b"a".decode(name)
    except LookupError:
        return "cp1252"
    return name


def _dictionary(data: bytes, place: int, codec: str) -> dict[int, str]:
    (count,) = struct.unpack_from("<L", data, place)
    place += 4
    names: dict[int, str] = {}
    for _ in range(min(count, _MOST_PROPERTIES)):
        identifier, length = struct.unpack_from("<LL", data, place)
        place += 8
        size = length * 2 if codec == "utf-16-le" else length
        if size > _LONGEST:
            break
        names[identifier] = data[place : place + size].decode(codec, "replace").rstrip("\0")
        place += size + (-size % 4 if codec == "utf-16-le" else 0)
    return names


def _texts(data: bytes, place: int, codec: str) -> Iterator[str]:
    """Texts of one typed value: a string, or the strings of a vector."""
    if place + 8 > len(data):
        return
    (kind,) = struct.unpack_from("<H", data, place)
    (length,) = struct.unpack_from("<L", data, place + 4)
    if kind in (_LPSTR, _LPWSTR):
        yield _string(data, place + 8, length, kind, codec)[0]
    elif kind == _BLOB and length <= _LONGEST:
        # The hyperlinks of a document: strings among numbers.
        blob = data[place + 8 : place + 8 + length]
        yield from (text for text in blob.decode("utf-16-le", "replace").split("\0") if _is_text(text))
    elif kind in (_VECTOR | _LPSTR, _VECTOR | _LPWSTR, _VECTOR | _VARIANT):
        position = place + 8
        for _ in range(min(length, _MOST_PROPERTIES)):
            if kind == _VECTOR | _VARIANT:
                if position + 4 > len(data):
                    return
                (item,) = struct.unpack_from("<H", data, position)
                position += 4
                if item not in (_LPSTR, _LPWSTR):
                    position += 4
                    continue
            else:
                item = kind & 0xFF
            if position + 4 > len(data):
                return
            (size,) = struct.unpack_from("<L", data, position)
            text, position = _string(data, position + 4, size, item, codec)
            yield text


def _is_text(text: str) -> bool:
    return len(text) > 5 and text.isprintable() and text.isascii()


def _string(data: bytes, place: int, length: int, kind: int, codec: str) -> tuple[str, int]:
    wide = kind == _LPWSTR
    size = min(length * 2 if wide else length, _LONGEST)
    text = data[place : place + size].decode("utf-16-le" if wide else codec, "replace")
    return text.split("\0")[0], place + size + (-size % 4 if wide else 0)
