"""Outlook messages (MSG): sender, recipients, every body, headers, properties, attachments."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scanner.documents.decoding import decode
from scanner.documents.limits import Limits
from scanner.documents.mail_headers import decoded_words
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.mail.compressed_rtf import CompressedRtfError, decompress
from scanner.documents.parsers.mail.rtf_html import encapsulated_html
from scanner.documents.parsers.markup.html import html_events
from scanner.documents.parsers.markup.plain import text_segments
from scanner.documents.parsers.office import ole_object
from scanner.documents.parsers.office.compound_file import CompoundFile, Path, open_or_scan
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.parsers.office.property_sets import codec_of
from scanner.documents.parsers.word.rtf import RtfParser
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import row_segment

_STREAM = re.compile(r"__substg1\.0_([0-9A-F]{4})([0-9A-F]{4})(?:-([0-9A-F]{8}))?\Z", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_HEADER = re.compile(r"^([!-9;-~]{1,76}):[ \t]*(.*(?:\r?\n[ \t].*)*)", re.MULTILINE)
_HEADER_BYTES = 1_000_000
_NAMES, _PROPERTIES = "__nameid_version1.0", "__properties_version1.0"
_STRING_8, _STRING, _BINARY, _TIME = 0x1E, 0x1F, 0x102, 0x40
_MULTIPLE = 0x1000
# Property tags (MS-OXPROPS).
_SUBJECT, _BODY, _HTML, _RTF, _HEADERS, _SENT = 0x37, 0x1000, 0x1013, 0x1009, 0x7D, 0x39
_SENDER = (0x0C1A, 0x0C1F, 0x5D01)
_REPRESENTED = (0x42, 0x65, 0x5D02)
_PERSON = (0x3001, 0x39FE, 0x3003)
_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME, _DATA, _RECIPIENT_TYPE = 0x3707, 0x3704, 0x3001, 0x3701, 0x0C15
_KINDS = {1: "To", 2: "Cc", 3: "Bcc"}
_LABELS = {
    0x0E02: "Bcc", 0x0E03: "Cc", 0x0E04: "To", 0x1035: "Message-ID", 0x1042: "In-Reply-To",
    0x1039: "References", 0x3A00: "account", 0x3A02: "callback phone", 0x3A05: "generation",
    0x3A06: "first name", 0x3A07: "government ID", 0x3A08: "business phone", 0x3A09: "home phone",
    0x3A0A: "initials", 0x3A0B: "keyword", 0x3A10: "organisation ID", 0x3A11: "surname",
    0x3A12: "original entry", 0x3A15: "postal address", 0x3A16: "company", 0x3A17: "job title",
    0x3A18: "department", 0x3A19: "office", 0x3A1A: "phone", 0x3A1B: "business phone", 0x3A1C: "mobile",
    0x3A1D: "radio phone", 0x3A1E: "car phone", 0x3A1F: "other phone", 0x3A24: "business fax",
    0x3A25: "home fax", 0x3A26: "country", 0x3A27: "town", 0x3A28: "county", 0x3A29: "street",
    0x3A2A: "postcode", 0x3A2F: "home phone", 0x3A30: "assistant", 0x3A44: "middle name",
    0x3A45: "title", 0x3A46: "profession", 0x3A48: "spouse", 0x3A4D: "gender", 0x3A4E: "manager",
    0x3A4F: "nickname", 0x3A58: "children", 0x3A59: "home town", 0x3A5A: "home country",
    0x3A5B: "home postcode", 0x3A5C: "home county", 0x3A5D: "home street", 0x3A5F: "other town",
    0x3A61: "other postcode", 0x3A63: "other street",
}  # fmt: skip
# Named properties that are known by number (PSETID_Address, PSETID_Appointment).
_NUMBERED = {
    0x8005: "file as", 0x801A: "home address", 0x801B: "work address", 0x801C: "other address",
    0x8045: "work street", 0x8046: "work town", 0x8047: "work county", 0x8048: "work postcode",
    0x8083: "e-mail address", 0x8084: "e-mail name", 0x8093: "e-mail address", 0x80A3: "e-mail address",
    0x8208: "location", 0x8238: "attendees", 0x823B: "attendees", 0x823C: "attendees",
}  # fmt: skip
_TIMES = {0x3A42: "date of birth", 0x3A41: "wedding anniversary"}
# The program's own: class, kinds of addresses, display versions of what is given elsewhere, server ids.
_SILENT = frozenset(
    {
        *(
            0x1A,
            0x3D,
            0x46,
            0x64,
            0x66,
            0x68,
            0x70,
            0x75,
            0x77,
            0x0C1E,
            0x0E1D,
            0x0E28,
            0x0E29,
            0x10F3,
            0x120B,
        ),
        *(0x3002, 0x3013, 0x3703, 0x370E, 0x3712, 0x3716, 0x3A20, 0x3FF8, 0x3FF9, 0x3FFA, 0x3FFB, 0x5FF6),
    }
)
_ADDRESS_KINDS = frozenset(("SMTP", "EX", "MAPIPDL", "SMTP:", "IPM.Note"))


class MsgParser:
    """Reads Outlook messages, contacts, appointments and notes by a walk over all their properties."""

    kinds = frozenset({"msg"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield headers, bodies, recipients, further properties, then the attachments."""
        for event in open_or_scan(source, "msg"):
            if isinstance(event, CompoundFile):
                yield from _Message(event, limits).read()
            else:
                yield event


@dataclass(slots=True)
class _Item:
    """The properties of the message, of a recipient or of an attachment, by tag."""

    path: Path
    texts: dict[int, list[str]] = field(default_factory=dict)
    binary: dict[int, bytes] = field(default_factory=dict)
    fixed: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    storages: set[int] = field(default_factory=set)

    def first(self, *tags: int) -> str:
        """The first text that any of the tags has."""
        for tag in tags:
            for text in self.texts.get(tag, ()):
                if text.strip():
                    return text
        return ""

    def number(self, tag: int) -> int:
        """The whole number of a tag, 0 where there is none."""
        return int.from_bytes(self.fixed[tag][1][:4], "little") if tag in self.fixed else 0

    def time(self, tag: int) -> str:
        """A moment (UTC) as people write it, empty where there is none."""
        kind, value = self.fixed.get(tag, (0, b""))
        if kind != _TIME or len(value) < 8:
            return ""
        try:
            moment = datetime(1601, 1, 1) + timedelta(microseconds=int.from_bytes(value, "little") // 10)
        except OverflowError:
            return ""
        return moment.strftime("%d/%m/%Y %H:%M" if moment.hour or moment.minute else "%d/%m/%Y")


class _Message:
    """One message while it is read."""

    def __init__(self, file: CompoundFile, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._codec = "cp1252"
        self._seen: set[str] = set()
        self._words: set[str] = set()
        self._names: dict[int, str] = {}

    def read(self) -> Iterator[Event]:
        """Yield everything that the message holds."""
        page = self._page()
        self._codec = codec_of(page) if page else "cp1252"
        item = self._item((), (32, 24))
        self._names = self._named()
        recipients: list[_Item] = []
        attachments: list[_Item] = []
        for path in self._file.storages():
            name = path[-1].lower()
            if name.startswith("__recip_version1.0_"):
                recipients.append(self._item(path, (8,)))
            elif name.startswith("__attach_version1.0_"):
                attachments.append(self._item(path, (8,)))
        yield from self._file.take_gaps()
        yield from self._heads(item, recipients)
        for event in self._bodies(item):
            if isinstance(event, Segment):
                self._words.update(_WORD.findall(event.text))
            yield event
        yield from self._transport(item.first(_HEADERS))
        yield from self._others(item, HERE)
        for number, person in enumerate(recipients, 1):
            yield from self._others(person, Location((f"recipient {number}",)))
        for number, attachment in enumerate(attachments, 1):
            yield from self._attachment(attachment, number)
        yield from self._file.take_gaps()

    # properties

    def _page(self) -> int:
        """The code page of 8-bit strings: PidTagMessageCodepage, PidTagInternetCodepage."""
        fixed = self._fixed((), (32, 24))
        for tag in (0x3FFD, 0x3FDE):
            if tag in fixed:
                return int.from_bytes(fixed[tag][1][:4], "little")
        return 0

    def _fixed(self, path: Path, heads: tuple[int, ...]) -> dict[int, tuple[int, bytes]]:
        """Properties of fixed size; the stream's header is shorter in a message inside of another."""
        data = self._file.read(*path, _PROPERTIES)
        head = next((size for size in heads if (len(data) - size) % 16 == 0), heads[0])
        found: dict[int, tuple[int, bytes]] = {}
        for at in range(head, len(data) - 15, 16):
            kind, tag = struct.unpack_from("<HH", data, at)
            found[tag] = kind, data[at + 8 : at + 16]
        return found

    def _item(self, path: Path, heads: tuple[int, ...]) -> _Item:
        item = _Item(path, fixed=self._fixed(path, heads))
        for stream in self._file.paths(path):
            match = _STREAM.match(stream[len(path)])
            if match is None:
                continue
            tag, kind = int(match.group(1), 16), int(match.group(2), 16)
            if len(stream) > len(path) + 1:
                item.storages.add(tag)
            elif kind in (_STRING, _MULTIPLE | _STRING):
                # The stream of a multiple string without a number holds the lengths of the others.
                if kind == _STRING or match.group(3):
                    text = self._file.read(*stream).decode("utf-16-le", "replace")
                    item.texts.setdefault(tag, []).append(text.rstrip("\0"))
            elif kind in (_STRING_8, _MULTIPLE | _STRING_8):
                if kind == _STRING_8 or match.group(3):
                    text = self._file.read(*stream).decode(self._codec, "replace")
                    item.texts.setdefault(tag, []).append(text.rstrip("\0"))
            elif kind == _BINARY:
                item.binary[tag] = self._file.read(*stream)
        return item

    def _named(self) -> dict[int, str]:
        """Names of the properties from 0x8000 on (MS-OXMSG 2.2.3)."""
        entries = self._file.read(_NAMES, "__substg1.0_00030102")
        strings = self._file.read(_NAMES, "__substg1.0_00040102")
        names: dict[int, str] = {}
        for at in range(0, len(entries) - 7, 8):
            place, kind, index = struct.unpack_from("<LHH", entries, at)
            name = _NUMBERED.get(place, "")
            if kind & 1 and place + 4 <= len(strings):
                (size,) = struct.unpack_from("<L", strings, place)
                name = strings[place + 4 : place + 4 + min(size, 1_000)].decode("utf-16-le", "replace")
            if name.isprintable() and name:
                names[0x8000 + index] = name
        return names

    # what a reader of the message sees

    def _heads(self, item: _Item, recipients: list[_Item]) -> Iterator[Event]:
        yield from self._head("From", self._person(item, _SENDER))
        represented = self._person(item, _REPRESENTED)
        if represented not in self._seen:
            yield from self._head("From", represented)
        for person in recipients:
            kind = _KINDS.get(person.number(_RECIPIENT_TYPE) & 0xF, "To")
            yield from self._head(kind, self._person(person, _PERSON))
        yield from self._head("Subject", item.first(_SUBJECT))
        yield from self._head("Date", item.time(_SENT) or item.time(0x0E06))

    def _person(self, item: _Item, tags: tuple[int, ...]) -> str:
        """Name and address of a person; an address of the mail server's own kind is a property by itself."""
        name = item.first(tags[0])
        address = next((found for tag in tags[1:] if "@" in (found := item.first(tag))), "")
        self._seen.update((name, address))
        if name and address and name != address:
            return f"{name} <{address}>"
        return name or address

    def _head(self, name: str, text: str) -> Iterator[Event]:
        if text.strip():
            self._seen.add(text)
            hidden = "mail header" if name == "Bcc" else ""
            yield row_segment([text], [name], Location((f"header {name}",)), hidden=hidden)

    def _bodies(self, item: _Item) -> Iterator[Event]:
        body = item.first(_BODY)
        if body:
            self._seen.add(body)
            yield from text_segments((body,), self._limits, Location(("body",)))
        page = item.number(0x3FDE)
        html = item.first(_HTML)
        if not html and item.binary.get(_HTML):
            html = decode(item.binary[_HTML], codec_of(page) if page else "")
        if html:
            self._seen.add(html)
            yield from self._html(html)
        rtf = item.binary.get(_RTF)
        if rtf:
            yield from self._rtf(rtf, has_html=bool(html))

    def _html(self, html: str) -> Iterator[Event]:
        place = Location(("body (HTML)",))
        for event in html_events(html):
            yield replace(event, location=Location(place.parts + event.location.parts))

    def _rtf(self, data: bytes, *, has_html: bool) -> Iterator[Event]:
        """The RTF body, where it has words that the other bodies have not: they are copies of it."""
        try:
            rtf, whole = decompress(data, self._limits.parser_bytes)
        except CompressedRtfError:
            yield Gap(Location(("body (RTF)",)), Shortfall.DAMAGED, "compressed RTF")
            return
        if not whole:
            yield Gap(Location(("body (RTF)",)), Shortfall.DAMAGED, "compressed RTF breaks off")
        html = encapsulated_html(rtf.rstrip(b"\0"))
        if html is not None:
            events = [] if has_html and self._is_known([html]) else list(self._html(html))
        else:
            source = Source.from_bytes(rtf.rstrip(b"\0"))
            events = [
                replace(event, location=Location(("body (RTF)", *event.location.parts)))
                for event in RtfParser().parse(source, self._limits)
            ]
        texts = [event.text for event in events if isinstance(event, Segment)]
        others = [event for event in events if not isinstance(event, Segment)]
        yield from others if self._is_known(texts) else events

    def _is_known(self, texts: list[str]) -> bool:
        return all(word in self._words for text in texts for word in _WORD.findall(text))

    # what a reader does not see

    def _transport(self, headers: str) -> Iterator[Event]:
        """The headers that the message travelled with; those that are shown are not repeated."""
        for match in _HEADER.finditer(headers[:_HEADER_BYTES]):
            name, value = match.group(1), decoded_words(" ".join(match.group(2).split()))
            if value and value not in self._seen:
                self._seen.add(value)
                yield row_segment([value], [name], Location((f"header {name}",)), hidden="mail header")

    def _others(self, item: _Item, place: Location) -> Iterator[Event]:
        shown = {_SUBJECT, _BODY, _HTML, _HEADERS, _LONG_NAME, _SHORT_NAME}
        for tag, texts in item.texts.items():
            if tag in shown or tag in _SILENT:
                continue
            label = self._names.get(tag) or _LABELS.get(tag, "") or f"property {tag:04X}"
            for text in texts:
                if text.strip() and text not in self._seen and text not in _ADDRESS_KINDS:
                    self._seen.add(text)
                    yield record([(label, text)], place / label, "message property")
        for tag, label in _TIMES.items():
            if text := item.time(tag):
                yield record([(label, text)], place / label, "message property")

    def _attachment(self, item: _Item, number: int) -> Iterator[Event]:
        name = item.first(_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME)
        self._seen.update((name, item.first(_SHORT_NAME), item.first(_DISPLAY_NAME)))
        place = Location((f'attachment "{name}"' if name else f"attachment {number}",))
        if _DATA in item.storages:
            storage = next(
                path for path in self._file.storages(item.path) if path[-1].lower().endswith("_3701000d")
            )
            if self._file.has(*storage, _PROPERTIES):
                names = {path: self._file.read(*path) for path in self._file.paths((_NAMES,))}
                message = self._file.storage(storage, names)
                where = f'attached message "{name}"' if name else f"attached message {number}"
                yield Member(name, message, Location((where,)))
            else:
                yield from ole_object.members(self._file.storage(storage), name, place)
        elif item.binary.get(_DATA):
            yield Member(name, item.binary[_DATA], place)
        elif name:
            yield Segment(name, place / "file name")
        yield from self._others(item, place)
