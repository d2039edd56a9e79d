"""Compound files without a reader of their own (Project, others): the strings of their streams."""

from __future__ import annotations

import io
from collections.abc import Collection, Generator, Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.parsers.office import ole_object
from scanner.documents.parsers.office.compound_file import CompoundFile, Path, open_or_scan
from scanner.documents.parsers.office.macro_source import macro_segments
from scanner.documents.parsers.office.property_sets import property_events
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.sniffing import PLAIN_WORDS, sniff
from scanner.documents.strings import string_segments

_WRAPPED = frozenset(("package", "contents", "\x01ole10native"))
_LOOKS = ("\x02olepres", "\x03eprint", "\x03print")
# What goes with an embedded object and is told by its runs of characters: the program it is of, links, flags.
# An equation's letters stand in the picture of it as well.
_KNOWN = frozenset(
    (
        *("\x01compobj", "\x01ole", "\x03objinfo", "\x03linkinfo", "\x01ole10itemname"),
        *("\x03ocxname", "\x03accessobjsitedata", "equation native", "properties_stream"),
    )
)
# Documents that keep their text in a stream of this name: in a storage they are a file of their own.
_DOCUMENTS = frozenset(("workbook", "book", "worddocument", "powerpoint document", "visiodocument"))
_MACROS, _MACRO_PARTS = ("VBA", "dir"), frozenset(("vba", "project", "projectwm", "projectlk"))
# Kinds that a stream of any name may be: those with a mark that binary data does not have by chance.
_PLAIN_SIGHT = frozenset(
    (
        *("docx", "pptx", "xlsx", "xlsb", "vsdx", "odt", "ods", "odp", "odg", "zip", "pdf", "rtf", "xml"),
        *("html", "ooxml-encrypted", "ooxml-rights", "doc", "xls", "ppt", "msg"),
    )
)
# A picture of the object that is said to be of no format (MS-OLEDS 2.3.4): a head, and nothing behind it.
_NO_FORMAT, _HEAD_OF_PICTURE = bytes(4), 40
_METAFILES = (b"\x01\x00\x09\x00", b"\x01\x00\x00\x00")


class CompoundParser:
    """Reads other compound files as the readable runs of their streams, and the files inside of them."""

    kinds = frozenset({"ole"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield properties, embedded files, strings, and the gap that says so.

        There is no gap where all streams are those of a wrapper around files and pictures.
        """
        kind = sniff(source)
        for event in open_or_scan(source, kind):
            if isinstance(event, CompoundFile):
                whole = yield from stream_events(event)
                if not whole:
                    words = PLAIN_WORDS.get(kind, kind)
                    detail = f"{words}; only runs of readable characters were read"
                    yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, detail)
            else:
                yield event


def stream_events(file: CompoundFile, without: Collection[Path] = ()) -> Generator[Event, None, bool]:
    """Events of all streams but those that the caller reads (in lower case); whether that is all they say."""
    yield from property_events(file)
    whole = True
    if not any(True for _ in file.paths()):
        yield from string_segments(io.BytesIO(file.data), HERE)
    has_macros = file.has(*_MACROS)
    if has_macros:
        yield from macro_segments(file.data)
    inside = {path[:-1] for path in file.paths() if path[-1].lower() in _DOCUMENTS and len(path) > 1}
    for number, storage in enumerate(sorted(inside), 1):
        if not any(storage[:depth] in inside for depth in range(1, len(storage))):
            yield Member("", file.storage(storage), Location((f"embedded object {number}",)))
    for path in file.paths():
        if tuple(map(str.lower, path)) in without or any(
            path[:depth] in inside for depth in range(1, len(path))
        ):
            continue
        if has_macros and path[0].lower() in _MACRO_PARTS:
            continue
        name = "/".join("".join(char for char in part if char.isprintable()) for part in path)
        if "SummaryInformation" in path[-1]:
            continue
        data = file.read(*path)
        yield from file.take_gaps()
        base = path[-1].lower()
        if base in _WRAPPED and data:
            # A storage that wraps a file is that of an embedded object: its streams belong together.
            wrapper = file.storage(path[:-1])
            found = ole_object.members(wrapper, "", Location((f"embedded {name}",)))
            if any(member.content != wrapper for member in found):
                yield from found
                continue
        if base.startswith(_LOOKS):
            picture = _picture(base, data)
            if picture is not None:
                yield Member("", picture, Location((f"picture of the object ({name})",)))
                continue
        if base not in _KNOWN and sniff(Source.from_bytes(data)) in _PLAIN_SIGHT:
            yield Member("", data, Location((name,)))
            continue
        nothing_shown = base.startswith(_LOOKS) and data[:4] == _NO_FORMAT and len(data) <= _HEAD_OF_PICTURE
        whole = whole and (base in _KNOWN or nothing_shown)
        yield from string_segments(io.BytesIO(data), Location((name,)))
    yield from file.take_gaps()
    return whole


def _picture(base: str, data: bytes) -> bytes | None:
    """How the object looks, ``None`` where that is not found in the stream."""
    if base.startswith("\x02olepres"):
        return ole_object.presentation(data)
    # Without a head, or behind the size of the picture.
    return next((data[at:] for at in (0, 8) if data[at:].startswith(_METAFILES)), None)
