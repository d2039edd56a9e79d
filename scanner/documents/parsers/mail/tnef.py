"""Outlook's TNEF (``winmail.dat``): bodies, attachments, recipients, properties (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.documents.decoding import decode
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.mail.compressed_rtf import CompressedRtfError, decompress
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.text import Field

_SUBJECT, _BODY, _FROM = 0x8004, 0x800C, 0x8000
_ATTACHMENT_TITLE, _ATTACHMENT_DATA, _ATTACHMENT_START = 0x8010, 0x800F, 0x9002
_MESSAGE_PROPERTIES, _ATTACHMENT_PROPERTIES, _RECIPIENTS, _CODE_PAGE = 0x9003, 0x9005, 0x9004, 0x9007
# Bytes of the values whose length the type settles, each padded to four.
_FIXED = {1: 0, 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_OBJECT, _TEXT, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_MULTIPLE = 0x1000
_PROPERTIES = 100_000
_RTF, _HTML, _DATA = 0x1009, 0x1013, 0x3701
_NAMES = (0x3707, 0x3704, 0x3001)
# Identifier of a property -> what a person calls it; others are "property 0x1234".
_WORDS = {
    0x0037: "subject",
    0x0070: "conversation topic",
    0x007D: "mail headers",
    0x0042: "sent for",
    0x0065: "sent for",
    0x0C1A: "sender",
    0x0C1F: "sender address",
    0x0E02: "blind copies",
    0x0E03: "copies",
    0x0E04: "recipients",
    0x0E1D: "subject",
    0x1000: "body",
    0x3001: "name",
    0x3003: "address",
    0x3704: "attachment name",
    0x3707: "attachment name",
    0x39FE: "address",
}
_SHOWN = frozenset({0x0037, 0x0C1A, 0x0C1F, 0x0E03, 0x0E04, 0x0E1D, 0x1000, 0x3001, 0x3003, 0x39FE})


class _CutOffError(Exception):
    """The properties end before their count is reached."""


@dataclass(slots=True)
class _Attachment:
    title: str = ""
    data: bytes | None = None
    properties: list[tuple[int, int, str, bytes]] = field(default_factory=list)


class TnefParser:
    """Reads TNEF streams."""

    kinds = frozenset({"tnef"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the message's own texts, its recipients, then each attachment."""
        yield from _Reading(source.read(), limits).events()


class _Reading:
    """One stream: its attributes in order, attachments gathered from several of them."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._code_page = "cp1252"
        self._attachments: list[_Attachment] = []
        self._seen: set[str] = set()
        self._damage = ""

    def events(self) -> Iterator[Event]:
        """Yield everything; what stands behind damage is missing and said to be."""
        for identifier, data in self._attributes():
            try:
                yield from self._attribute(identifier, data)
            except (_CutOffError, struct.error, IndexError):
                self._damage = "properties are cut off"
        for number, attachment in enumerate(self._attachments, 1):
            if number > self._limits.members:
                yield Gap(HERE, Shortfall.LIMIT, f"more than {self._limits.members:,} attachments")
                break
            yield from self._attached(attachment, number)
        if self._damage:
            yield Gap(HERE, Shortfall.DAMAGED, self._damage)

    def _attributes(self) -> Iterator[tuple[int, bytes]]:
        position = 6  # signature and key
        if len(self._data) < position + 11:
            self._damage = "the stream is cut off"
        while position + 11 <= len(self._data):
            level, identifier, _, length = struct.unpack_from("<BHHI", self._data, position)
            start = position + 9
            if level not in (1, 2) or start + length > len(self._data):
                self._damage = "the stream is cut off"
                if level in (1, 2):
                    yield identifier, self._data[start:]
                return
            data = self._data[start : start + length]
            told = int.from_bytes(self._data[start + length : start + length + 2], "little")
            if sum(data) & 0xFFFF != told:
                self._damage = self._damage or "a check sum differs"
            yield identifier, data
            position = start + length + 2
        if self._data[position:].strip(b"\0\t\r\n "):
            self._damage = self._damage or "the stream is cut off"

    def _attribute(self, identifier: int, data: bytes) -> Iterator[Event]:
        if identifier == _CODE_PAGE and len(data) >= 4:
            self._code_page = f"cp{struct.unpack_from('<I', data)[0]}"
        elif identifier == _MESSAGE_PROPERTIES:
            yield from self._texts(self._properties(data, 0)[0], Location(("message",)))
        elif identifier == _RECIPIENTS:
            yield from self._recipients(data)
        elif identifier == _ATTACHMENT_START:
            self._attachments.append(_Attachment())
        elif identifier in (_ATTACHMENT_TITLE, _ATTACHMENT_DATA, _ATTACHMENT_PROPERTIES):
            if not self._attachments:
                self._attachments.append(_Attachment())
            attachment = self._attachments[-1]
            if identifier == _ATTACHMENT_TITLE:
                attachment.title = self._text(data)
            elif identifier == _ATTACHMENT_DATA:
                attachment.data = data
            else:
                attachment.properties = self._properties(data, 0)[0]
        elif identifier in (_SUBJECT, _BODY):
            word = "subject" if identifier == _SUBJECT else "body"
            yield from self._once(self._text(data), Location(("message", word)), word)
        elif identifier == _FROM:
            # A record of lengths, then the name and the address, each with its own NUL.
            for part in data[8:].split(b"\0"):
                yield from self._once(self._text(part), Location(("message", "sender")), "sender")

    def _recipients(self, data: bytes) -> Iterator[Event]:
        count, position = struct.unpack_from("<I", data)[0], 4
        for number in range(1, min(count, self._limits.members) + 1):
            found, position = self._properties(data, position)
            yield from self._texts(found, Location((f"recipient {number}",)))

    def _attached(self, attachment: _Attachment, number: int) -> Iterator[Event]:
        named = {identifier: self._of(kind, raw) for identifier, kind, _, raw in attachment.properties}
        name = next((named[one] for one in _NAMES if named.get(one)), "") or attachment.title
        place = Location((f'attachment {number} "{name}"' if name else f"attachment {number}",))
        rest = [one for one in attachment.properties if one[0] not in (*_NAMES, _DATA)]
        data = attachment.data
        for identifier, kind, _, raw in attachment.properties:
            if identifier == _DATA and kind == _OBJECT:
                # The interface's identifier, then a stream of its own: an embedded message or object.
                data = raw[16:]
            elif identifier == _DATA and kind == _BINARY and not data:
                data = raw
        if data is None:
            yield Segment(name, place / "file name")
            yield Gap(place, Shortfall.DAMAGED, "attachment without data")
        else:
            yield Member(name, data, place)
        yield from self._texts(rest, place)

    def _texts(self, found: list[tuple[int, int, str, bytes]], place: Location) -> Iterator[Event]:
        """Yield the properties that hold text; bodies in other formats as files of their own."""
        # The subject is also a topic: it is told as the subject.
        for identifier, kind, own_name, raw in sorted(found, key=lambda one: one[0] not in _SHOWN):
            word = own_name or _WORDS.get(identifier, f"property 0x{identifier:04X}")
            if identifier == _RTF and kind == _BINARY:
                yield from self._rtf(raw, place / "body (RTF)")
            elif identifier == _HTML:
                yield Member("", raw, place / "body (HTML)")
            elif kind in (_TEXT, _UNICODE):
                hidden = "" if identifier in _SHOWN else "message property"
                yield from self._once(self._of(kind, raw), place / word, word, hidden)

    def _rtf(self, raw: bytes, place: Location) -> Iterator[Event]:
        try:
            text, whole = decompress(raw, self._limits.parser_bytes)
        except CompressedRtfError:
            yield Gap(place, Shortfall.DAMAGED, "compressed text cannot be read")
            return
        yield Member("", text.rstrip(b"\0"), place)
        if not whole:
            yield Gap(place, Shortfall.DAMAGED, "compressed text is cut off")

    def _once(self, text: str, place: Location, label: str, hidden: str = "") -> Iterator[Segment]:
        """The same text stands in several properties; it is told where it stands first."""
        text = text.strip("\0 \r\n")
        if not text or (place.parts[0] == "message" and text in self._seen):
            return
        self._seen.add(text)
        fields = () if label == "body" or label.startswith("property 0x") else (Field(0, len(text), label),)
        yield Segment(text, place, hidden, fields)

    def _text(self, raw: bytes) -> str:
        raw = raw.rstrip(b"\0")
        try:
            return raw.decode(self._code_page)
        except (LookupError, UnicodeDecodeError):
            return decode(raw)

    def _of(self, kind: int, raw: bytes) -> str:
        if kind == _UNICODE:
            return raw.decode("utf-16-le", "replace").rstrip("\0")
        return self._text(raw) if kind == _TEXT else ""

    def _properties(self, data: bytes, position: int) -> tuple[list[tuple[int, int, str, bytes]], int]:
        """Identifier, type, own name and value of each property, and the position behind the last.

        Raises ``_CutOffError`` or ``struct.error`` where they end too early.
        """
        count = struct.unpack_from("<I", data, position)[0]
        position += 4
        found: list[tuple[int, int, str, bytes]] = []
        for _ in range(min(count, _PROPERTIES)):
            kind, identifier = struct.unpack_from("<HH", data, position)
            position += 4
            own_name = ""
            if identifier >= 0x8000:
                by_name, number = struct.unpack_from("<II", data, position + 16)
                position += 24
                if by_name:
                    own_name = data[position : position + number].decode("utf-16-le", "replace").rstrip("\0")
                    position += _padded(number)
            single = kind & ~_MULTIPLE
            values = 1
            if kind & _MULTIPLE or single not in _FIXED:
                values = struct.unpack_from("<I", data, position)[0]
                position += 4
            if values * 4 > len(data) - position + 4:
                raise _CutOffError
            for _ in range(values):
                length = _FIXED.get(single)
                if length is None:
                    length = struct.unpack_from("<I", data, position)[0]
                    position += 4
                if position + length > len(data):
                    raise _CutOffError
                if single not in _FIXED:
                    found.append((identifier, single, own_name, data[position : position + length]))
                position += _padded(length)
        return found, position


def _padded(length: int) -> int:
    return (length + 3) & ~3
