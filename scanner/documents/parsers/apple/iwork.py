"""Pages, Numbers and Keynote documents: every text of their parts, and the cells of tables in their rows.

The parts (``.iwa``) are blocks of Snappy; in them stand objects, each with a number and a kind, as messages
of protocol buffers.  The kinds and fields used here were looked up in the descriptions that free readers
of the format publish; texts are found in any object, of a known kind or not.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from scanner.documents.inflating import CountingReader, ExpansionLimitError
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.apple.protobuf import NotAMessageError, fields, parts, strings, varint
from scanner.documents.parsers.apple.snappy import SnappyError, decompress
from scanner.documents.parsers.archives.archives import ZipParser
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.sheets.sheet_rows import column_letters
from scanner.documents.protocol import HERE, Event, Member, ProtectionNote, Source
from scanner.documents.rows import Cell, Row

_PART = ".iwa"
# What tells that a document was saved with a password: a value to check it by.
_VERIFIERS = (".iwpv2", ".iwpv")
# Pictures of the first page for the file manager.
_PREVIEW = re.compile(r"(?:.*/)?preview(?:-\w{1,10})?\.jpg\Z")
_TEXTS = frozenset({2001, 2005})
_SHEET, _TABLE, _TABLE_MODEL, _TILE, _LIST = 2, 6000, 6001, 6002, 6005
_TILE_ROWS = 256
_EPOCH = datetime(2001, 1, 1)
_IDENTIFIER = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_STORAGE_VERSION = 5
_BIAS = 6176
_NUMBER, _TEXT, _DATE, _TRUTH, _DURATION, _RICH, _CURRENCY = 2, 3, 5, 6, 7, 9, 10


class IworkParser:
    """Reads iWork documents of 2013 and later; older ones are XML and are read as that."""

    kinds = frozenset({"numbers"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the rows of tables, texts, strings of other objects; pictures and the rest are members."""
        document = _Document(limits)
        locked = False
        for event in ZipParser().parse(source, limits):
            if not isinstance(event, Member):
                yield event
            elif event.name.lower().endswith(_PART):
                document.take(event)
            elif event.name.endswith(_VERIFIERS):
                locked = True
            elif not _PREVIEW.match(event.name):
                yield event
        if locked:
            yield ProtectionNote(Protection.STRONG, HERE, "iWork, AES-128")
            yield Gap(HERE, Shortfall.ENCRYPTED, "needs a password")
            return
        yield from document.events()


def _content(member: Member, limits: Limits) -> bytes:
    if isinstance(member.content, bytes):
        return member.content
    with member.content() as file:
        cap = min(limits.parser_bytes, limits.expanded_bytes)
        return CountingReader(file, cap, member.packed or 0, limits).read()


def _unpacked(data: bytes, cap: int) -> bytes:
    """The blocks of one part put together; raises ``SnappyError``, ``ExpansionLimitError``."""
    out = []
    at = total = 0
    while at < len(data):
        length = int.from_bytes(data[at + 1 : at + 4], "little")
        at += 4 + length
        if data[at - 4 - length] or at > len(data):
            raise SnappyError
        out.append(decompress(data[at - length : at], cap - total))
        total += len(out[-1])
    return b"".join(out)


@dataclass(slots=True)
class _Object:
    """An object of a document: what kind it is, the part it stands in, its message."""

    kind: int
    part: str
    message: bytes


@dataclass(slots=True)
class _Document:
    """All objects of a document while its parts come in."""

    limits: Limits
    objects: dict[int, list[_Object]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    _left: int = -1
    _told: set[str] = field(default_factory=set)

    def take(self, member: Member) -> None:
        """Unpack a part and keep its objects; what is damaged becomes a gap."""
        if self._left < 0:
            self._left = min(self.limits.parser_bytes, self.limits.expanded_bytes)
        part = member.name.rpartition("/")[2][: -len(_PART)]
        try:
            content = _unpacked(_content(member, self.limits), self._left)
            self._left -= len(content)
            self._objects(part, content)
        except (SnappyError, NotAMessageError, zipfile.BadZipFile, OSError, NotImplementedError):
            self.gaps.append(Gap(Location((part,)), Shortfall.DAMAGED, "part of an iWork document"))
        except ExpansionLimitError as limit:
            self.gaps.append(Gap(Location((part,)), Shortfall.LIMIT, str(limit)))

    def _objects(self, part: str, content: bytes) -> None:
        at = 0
        while at < len(content):
            size, at = varint(content, at)
            head = content[at : at + size]
            at += size
            for info in parts(head, 2):
                end = at + _number(info, 3)
                if end > len(content):
                    raise NotAMessageError
                made = _Object(_number(info, 1), part, content[at:end])
                self.objects.setdefault(_number(head, 1), []).append(made)
                at = end

    def events(self) -> Iterator[Event]:
        """Yield tables first, whose texts then are not told again; then texts, then all other strings."""
        yield from self.gaps
        places = self._places()
        numbers = count(1)
        for number, made in self._of_kind(_TABLE_MODEL):
            place, hidden = places.get(number, (HERE, ""))
            try:
                yield from self._table(made, next(numbers), place, hidden)
            except (NotAMessageError, struct.error, IndexError):
                yield Gap(place, Shortfall.DAMAGED, "table of an iWork document")
        for _, made in self._of_kind(*_TEXTS):
            for text in _texts(made.message, 3):
                if text not in self._told:
                    self._told.add(text)
                    yield Segment(text, Location((made.part,)))
        others: dict[str, list[str]] = {}
        for made in (made for several in self.objects.values() for made in several):
            if made.kind != _TILE:
                for text in strings(made.message):
                    if text not in self._told and not _IDENTIFIER.fullmatch(text):
                        self._told.add(text)
                        others.setdefault(made.part, []).append(text)
        for part, texts in others.items():
            yield Segment("\n".join(texts), Location((part, "other texts")), "other part")

    def _of_kind(self, *kinds: int) -> Iterator[tuple[int, _Object]]:
        for number, several in self.objects.items():
            for made in several:
                if made.kind in kinds:
                    yield number, made

    def _object(self, reference: bytes) -> _Object:
        """The object that a reference names, an empty one where there is none."""
        several = self.objects.get(_number(reference, 1), [])
        return several[0] if several else _Object(0, "", b"")

    def _message(self, reference: bytes) -> bytes:
        return self._object(reference).message

    def _places(self) -> dict[int, tuple[Location, str]]:
        """Which sheet each table of a Numbers document stands on, and whether that is hidden."""
        found: dict[int, tuple[Location, str]] = {}
        for _, sheet in self._of_kind(_SHEET):
            with suppress(NotAMessageError):
                values = fields(sheet.message)
                name = next(iter(_texts(sheet.message, 1)), "")
                hidden = "hidden sheet" if (25, 1) in values else ""
                place = Location((f'sheet "{name}"{" (hidden)" if hidden else ""}',))
                drawn = (self._object(reference) for reference in parts(sheet.message, 2))
                for table in (one for one in drawn if one.kind == _TABLE):
                    for model in parts(table.message, 2):
                        found[_number(model, 1)] = place, hidden
        return found

    # tables

    def _table(self, model: _Object, number: int, place: Location, hidden: str) -> Iterator[Event]:
        name = next(iter(_texts(model.message, 8)), "")
        place = place / (f'table "{name}"' if name else f"table {number}")
        if name:
            self._told.add(name)
            yield Segment(name, place / "name", hidden)
        (store,) = parts(model.message, 4)[:1] or (b"",)
        headers = _number(model.message, 9)
        ready: list[Segment] = []
        rows = LabelledTable(number, ready.append)
        cells = 0
        lists = self._entries(store, 4), self._entries(store, 17)
        for index, values, known in self._rows(store):
            filled = []
            for column, data in values:
                text = self._cell(data, *lists)
                if text.strip():
                    self._told.add(text)
                    filled.append(Cell(column, text, f"{column_letters(column)}{index + 1}"))
            cells += len(filled)
            if not known:
                yield Gap(place, Shortfall.UNSUPPORTED_KIND, "cells in the way of an older version")
            where = place / f"row {index + 1}"
            rows.add(Row(index + 1, filled, where, hidden, header=index < headers))
            yield from ready
            ready.clear()
            if cells > self.limits.cells:
                yield Gap(place, Shortfall.LIMIT, f"more than {self.limits.cells:,} cells")
                break
        rows.end()
        yield from ready

    def _entries(self, store: bytes, number: int) -> dict[int, bytes]:
        """The entries of one of a table's lists by their keys."""
        found: dict[int, bytes] = {}
        for reference in parts(store, number):
            message = self._message(reference)
            pieces = [message, *(self._message(segment) for segment in parts(message, 4))]
            for entry in (entry for piece in pieces for entry in parts(piece, 3)):
                found[_number(entry, 1)] = entry
        return found

    def _rows(self, store: bytes) -> Iterator[tuple[int, list[tuple[int, bytes]], bool]]:
        """Number, cells by column, and whether they are of the version that is known here."""
        (tiles,) = parts(store, 3)[:1] or (b"",)
        size = _number(tiles, 2) or _TILE_ROWS
        for tile in parts(tiles, 1):
            for reference in parts(tile, 2):
                for row in parts(self._message(reference), 5):
                    (buffer,), (offsets,) = parts(row, 6)[:1] or (b"",), parts(row, 7)[:1] or (b"",)
                    known = bool(buffer) or not any(parts(row, 3))
                    cells = _cells(buffer, offsets, 4 if _number(row, 8) else 1)
                    yield _number(tile, 1) * size + _number(row, 1), cells, known

    def _cell(self, data: bytes, texts: dict[int, bytes], rich: dict[int, bytes]) -> str:
        """What a cell holds, as text.  Raises ``struct.error`` where it breaks off."""
        if len(data) < 12 or data[0] != _STORAGE_VERSION:
            return ""
        (flags,) = struct.unpack_from("<L", data, 8)
        at = 12
        places = {}
        for bit, size in ((1, 16), (2, 8), (4, 8), (8, 4), (16, 4)):
            if flags & bit:
                places[bit] = at
                at += size
        kind = data[1]
        if kind in (_NUMBER, _CURRENCY) and 1 in places:
            return _decimal(data[places[1] : places[1] + 16])
        if kind in (_NUMBER, _CURRENCY, _DURATION, _TRUTH) and 2 in places:
            (value,) = struct.unpack_from("<d", data, places[2])
            if kind == _TRUTH:
                return "TRUE" if value else "FALSE"
            return f"{value:.15g}"
        if kind == _DATE and 4 in places:
            return _moment(*struct.unpack_from("<d", data, places[4]))
        if kind == _TEXT and 8 in places:
            (key,) = struct.unpack_from("<L", data, places[8])
            return next(iter(_texts(texts.get(key, b""), 3)), "")
        if kind == _RICH and 16 in places:
            (key,) = struct.unpack_from("<L", data, places[16])
            return self._rich(rich.get(key, b""))
        return ""

    def _rich(self, entry: bytes) -> str:
        """The text of a cell with more than one style: its own text object."""
        found = []
        for reference in parts(entry, 9):
            for storage in parts(self._message(reference), 1):
                found += _texts(self._message(storage), 3)
        return "\n".join(found)


def _number(message: bytes, number: int) -> int:
    """A field that is a number, 0 where there is none.  Raises ``NotAMessageError``."""
    values = (value for key, value in fields(message) if key == number)
    return next((value for value in values if isinstance(value, int)), 0)


def _texts(message: bytes, number: int) -> list[str]:
    try:
        return [value.decode("utf-8", "replace") for value in parts(message, number)]
    except NotAMessageError:
        return []


def _cells(buffer: bytes, offsets: bytes, unit: int) -> list[tuple[int, bytes]]:
    """The cells of a row; 0xFFFF says that there is none in a column."""
    starts = [
        (column, start * unit)
        for column, (start,) in enumerate(struct.iter_unpack("<H", offsets[: len(offsets) // 2 * 2]))
        if start != 0xFFFF
    ]
    ends = (*(start for _, start in starts[1:]), len(buffer))
    return [(column, buffer[start:end]) for (column, start), end in zip(starts, ends, strict=False)]


def _decimal(data: bytes) -> str:
    """A decimal number of 128 bits, as people write it."""
    if len(data) < 16:
        raise struct.error
    whole = int.from_bytes(data, "little")
    exponent = (whole >> 113 & 0x3FFF) - _BIAS
    mantissa = whole & ((1 << 113) - 1)
    if not -400 < exponent < 400:
        return ""
    number = Decimal(mantissa).scaleb(exponent)
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"-{text}" if whole >> 127 and mantissa else text


def _moment(seconds: float) -> str:
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return ""
    return moment.strftime("%d/%m/%Y %H:%M" if moment.hour or moment.minute else "%d/%m/%Y")
