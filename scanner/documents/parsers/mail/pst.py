"""Outlook data files (PST, OST): every item of every folder, through libpff or the readpst program.

Both are optional.  libpff also gives the items that Outlook has deleted and not yet overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from scanner.documents.decoding import decode
from scanner.documents.external_program import ProgramError, as_file, find_program, output_of
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.markup.html import html_events
from scanner.documents.parsers.markup.plain import text_segments
from scanner.documents.parsers.word.rtf import RtfParser
from scanner.documents.protocol import HERE, Event, Member, ProtectionNote, Source
from scanner.documents.rows import RECORD_SEPARATOR, row_segment
from scanner.documents.strings import only_strings

_ITEMS = 2_000_000
_NESTING = 50
_ATTACHMENT_BYTES = 250_000_000
# libpff says "memory error" of anything that it cannot open.
_FAILURES = (OSError, MemoryError)
_DELETED = "deleted item still in the file"
# PidTag numbers and types (MS-OXPROPS).
_STRINGS = frozenset((0x1E, 0x1F))
_INTEGER = 0x03
_CLASS, _SUBJECT, _BODY, _STORE_PASSWORD = 0x1A, 0x37, 0x1000, 0x67FF
_LABELS = {
    0x0C1A: "From", 0x0C1F: "From", 0x5D01: "From", 0x0E04: "To", 0x0E03: "Cc", 0x0E02: "Bcc",
    0x7D: "headers", 0x3001: "name", 0x39FE: "e-mail address", 0x3003: "address",
    0x3A06: "first name", 0x3A11: "surname",
    0x3A08: "business phone", 0x3A09: "home phone", 0x3A1C: "mobile", 0x3A15: "postal address",
    0x3A16: "company", 0x3A17: "job title", 0x3A29: "street", 0x3A27: "town", 0x3A28: "county",
    0x3A2A: "postcode", 0x3A48: "spouse", 0x3A58: "children", 0x3A5B: "home postcode", 0x3A5D: "home street",
}  # fmt: skip
# Of the program's own: kinds, addresses' types, what repeats the subject or a folder's name.
_SILENT = frozenset((_CLASS, _BODY, 0x3D, 0x64, 0x70, 0x75, 0x0C1E, 0x0E1D, 0x3002, 0x3613, 0x3703, 0x370E))


def reader_of_stores() -> str:
    """What reads stores here: "libpff", "readpst", or nothing."""
    if _libpff() is not None:
        return "libpff"
    return "readpst" if find_program("readpst") else ""


class PstParser:
    """Reads Outlook data files; without a library or program their readable strings, in part."""

    kinds = frozenset({"pst"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield folders' names and items with all their texts; attachments are members."""
        library = _libpff()
        if library is not None:
            with source.open() as content:
                store = library.file()
                try:
                    store.open_file_object(content)
                except _FAILURES:
                    yield from only_strings(source, "libpff cannot open it")
                    return
                reading = _Store(store, limits)
                lost = False
                try:
                    for event in reading.read():
                        lost = lost or (isinstance(event, Gap) and event.reason is Shortfall.DAMAGED)
                        yield event
                except _FAILURES:
                    lost = True
                if lost or not reading.items:
                    yield from only_strings(source, "libpff cannot read all of it")
        elif program := find_program("readpst"):
            yield from _by_program(source, program)
        else:
            yield from only_strings(source, "neither libpff nor readpst is installed")


def _libpff() -> ModuleType | None:
    try:
        import pypff
    except ImportError:
        return None
    # Another package of that name exists, about astronomy.
    return pypff if hasattr(pypff, "check_file_signature") else None


@dataclass(slots=True)
class _Store:
    """One store while it is read."""

    store: Any
    limits: Limits
    items: int = 0

    def read(self) -> Iterator[Event]:
        """Yield everything in the folders, then what stands in none."""
        if any(
            value
            for tag, kind, value in _properties(self.store.get_message_store())
            if tag == _STORE_PASSWORD
        ):
            yield ProtectionNote(Protection.NAME_ONLY, HERE, "Outlook store password", "no password needed")
        root = self.store.get_root_item()
        waiting: list[tuple[Any, Location, int]] = [] if root is None else [(root, HERE, 0)]
        while waiting:
            folder, place, depth = waiting.pop()
            # The tree of nodes and not the folders' tables: what no table lists any more is read, too.
            for index in range(_count(folder, "get_number_of_sub_items")):
                self.items += 1
                if self.items > _ITEMS:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {_ITEMS:,} items")
                    return
                try:
                    item = folder.get_sub_item(index)
                    name = item.get_name() if hasattr(item, "get_name") else None
                except _FAILURES:
                    yield Gap(place, Shortfall.DAMAGED, "an item cannot be read")
                    continue
                if not hasattr(item, "get_number_of_sub_folders"):
                    yield from self._item(item, place / f"item {index + 1}", 0)
                elif depth >= _NESTING:
                    yield Gap(place, Shortfall.LIMIT, f"folders nested more than {_NESTING} deep")
                else:
                    inside = place / f'folder "{name}"' if name else place
                    if name:
                        yield Segment(name, inside / "name")
                    waiting.append((item, inside, depth + 1))
        for index in range(_count(self.store, "get_number_of_orphan_items")):
            try:
                item = self.store.get_orphan_item(index)
            except _FAILURES:
                continue
            for event in self._item(item, Location((f"deleted item {index + 1}",)), 0):
                yield replace(event, hidden=_DELETED) if isinstance(event, Segment | Member) else event

    def _item(self, item: Any, place: Location, depth: int) -> Iterator[Event]:
        try:
            properties = list(_properties(item))
        except _FAILURES:
            yield Gap(place, Shortfall.DAMAGED, "an item cannot be read")
            return
        texts = {tag: value for tag, kind, value in properties if kind in _STRINGS and isinstance(value, str)}
        # The subject begins with two characters that tell how long its prefix is.
        subject = texts.pop(_SUBJECT, "")
        subject = subject[2:] if subject[:1] == "\x01" else subject
        if subject:
            yield row_segment([subject], ["Subject"], place / "header Subject")
        yield from self._others(texts, place)
        yield from self._recipients(item, place)
        if body := texts.get(_BODY, ""):
            yield from text_segments((body,), self.limits, place / "body")
        yield from self._rich_bodies(item, place)
        yield from self._attachments(item, place, depth)

    def _others(self, texts: dict[int, str], place: Location) -> Iterator[Event]:
        named = [
            (_LABELS.get(tag, f"property {tag:04X}"), text)
            for tag, text in texts.items()
            if tag not in _SILENT and text.strip()
        ]
        if named:
            yield row_segment(
                [text for _, text in named],
                [label for label, _ in named],
                place / "properties",
                separator=RECORD_SEPARATOR,
            )

    def _recipients(self, item: Any, place: Location) -> Iterator[Event]:
        people = getattr(item, "recipients", None)
        for number, texts in enumerate(_record_sets(people), 1):
            yield from self._others(texts, place / f"recipient {number}")

    def _rich_bodies(self, item: Any, place: Location) -> Iterator[Event]:
        html = _given(item, "get_html_body")
        if html:
            for event in html_events(decode(html)):
                yield replace(event, location=Location((*place.parts, "body (HTML)", *event.location.parts)))
        rtf = _given(item, "get_rtf_body") if not html else b""
        if rtf:
            for event in RtfParser().parse(Source.from_bytes(rtf.rstrip(b"\0")), self.limits):
                yield replace(event, location=Location((*place.parts, "body (RTF)", *event.location.parts)))

    def _attachments(self, item: Any, place: Location, depth: int) -> Iterator[Event]:
        for index in range(_count(item, "get_number_of_attachments")):
            where = place / f"attachment {index + 1}"
            try:
                attachment = item.get_attachment(index)
                texts = {tag: value for tag, kind, value in _properties(attachment) if kind in _STRINGS}
                name = str(texts.get(0x3707) or texts.get(0x3704) or texts.get(0x3001) or "")
                where = place / (f'attachment "{name}"' if name else f"attachment {index + 1}")
                inside = _count(attachment, "get_number_of_sub_items")
                size = 0 if inside else attachment.get_size()
                if size > _ATTACHMENT_BYTES:
                    yield Gap(where, Shortfall.TOO_LARGE, f"{size:,} bytes")
                elif size:
                    yield Member(name, attachment.read_buffer(size), where)
                if inside and depth >= self.limits.nesting:
                    yield Gap(where, Shortfall.LIMIT, f"nested more than {self.limits.nesting} deep")
                elif inside:
                    yield from self._item(attachment.get_sub_item(0), where, depth + 1)
            except _FAILURES:
                yield Gap(where, Shortfall.DAMAGED, "an attachment cannot be read")


def _count(thing: Any, name: str) -> int:
    try:
        return int(getattr(thing, name)())
    except (*_FAILURES, AttributeError):
        return 0


def _given(item: Any, name: str) -> bytes:
    try:
        value = getattr(item, name)()
    except (*_FAILURES, AttributeError):
        return b""
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def _properties(item: Any) -> Iterator[tuple[int, int, object]]:
    """Tag, type and value of an item's texts and whole numbers."""
    if item is None:
        return
    for number in range(_count(item, "get_number_of_record_sets")):
        yield from _entries(item.get_record_set(number))


def _entries(record_set: Any) -> Iterator[tuple[int, int, object]]:
    for index in range(_count(record_set, "get_number_of_entries")):
        try:
            entry = record_set.get_entry(index)
            tag, kind = entry.get_entry_type(), entry.get_value_type()
            if kind in _STRINGS:
                yield tag, kind, (entry.get_data_as_string() or "").rstrip("\0")
            elif kind == _INTEGER:
                yield tag, kind, entry.get_data_as_integer()
        except (*_FAILURES, TypeError):
            continue


def _record_sets(table: Any) -> Iterator[dict[int, str]]:
    for number in range(_count(table, "get_number_of_record_sets")):
        entries = _entries(table.get_record_set(number))
        yield {tag: value for tag, kind, value in entries if kind in _STRINGS and isinstance(value, str)}


def _by_program(source: Source, program: str) -> Iterator[Event]:
    """What readpst makes of a store: one message file for each item, in folders."""
    with TemporaryDirectory() as name, as_file(source) as path:
        try:
            with output_of([program, "-q", "-e", "-D", "-j", "0", "-o", name, path]) as output:
                while output.read(1 << 16):
                    pass
        except ProgramError:
            yield from only_strings(source, "readpst cannot read it")
            return
        folder = Path(name)
        files = sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink())
        for file in files:
            parts = file.relative_to(folder).parts
            place = Location((*(f'folder "{part}"' for part in parts[:-1]), f"item {file.stem}"))
            yield Member("", file.read_bytes(), place, named=True)
        if not files:
            yield from only_strings(source, "readpst finds nothing in it")
