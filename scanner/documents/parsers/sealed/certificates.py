"""Certificates, requests, revocation lists and keys (DER and PEM): whose they are; private keys are told.

All of them are ASN.1, so one walk over the values gives the names, addresses and remarks of any.  Sources:
RFC 5280, RFC 5958 and RFC 8017 (private keys), RFC 7468 (PEM).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from asn1crypto import core, x509

from scanner.documents.decoding import decode
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, Member, ProtectionNote, Source
from scanner.documents.rows import RECORD_SEPARATOR, row_segment
from scanner.documents.strings import only_strings

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9#][A-Z0-9# ]{0,60})-----")
_END = re.compile(rb"-----END [^-\r\n]{1,64}-----")
_PEM_HEADER = re.compile(rb"^[A-Za-z][A-Za-z0-9-]{0,40}:[^\r\n]*+\r?$", re.MULTILINE)
_PUTTY = b"PuTTY-User-Key-File-"
# A revocation list of a large authority has a million values; it has no texts behind the first hundred.
_MOST_VALUES, _DEPTH = 300_000, 30
_SHORTEST = 2
# Octets longer than an identifier or a hash may be a file (a logo); bits longer than the longest signature.
_LARGE, _LARGEST_SIGNATURE = 2_000, 60_000
_PRIVATE = "a private key; sending one is an incident by itself"
_LOCKED = "a private key with a password; sending one is an incident by itself"
# Universal types of text (X.680, 8.4) and how each is encoded.
_NARROW_TEXTS = {12: "utf-8", **dict.fromkeys((18, 19, 20, 22, 25, 26, 27), "latin-1")}
_TEXTS = {**_NARROW_TEXTS, 28: "utf-32-be", 30: "utf-16-be"}
_OBJECT_IDENTIFIER, _OCTETS = 6, 4
# General names without a type of their own (RFC 5280, 4.2.1.6): address, host, link.
_GENERAL_NAMES = {1: "e-mail", 2: "host", 6: "link"}
_PRINTABLE = re.compile(rb"[\x20-\x7e\xa0-\xff]{2,4000}")
_UNIVERSAL, _CONTEXT = 0, 2
# Letters for the shape of a key: integer, octets, sequence.
_SHAPES = {(0, 2): "I", (0, 4): "O", (0, 16): "S"}
# Object identifiers of encryption with a password: PKCS #5 and PKCS #12.
_PASSWORD_METHODS = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05", b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01")


class CertificateParser:
    """Reads what stands around public and private keys."""

    kinds = frozenset({"certificate"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield a record of the texts of each certificate or key; a gap for a private one."""
        data = source.read()
        if data.startswith(b"0"):
            if (events := _der(data, HERE)) is None:
                yield from only_strings(source, "binary data that looks like a certificate")
            else:
                yield from events
            return
        position = 0
        around = []
        for number, block in enumerate(_blocks(data), 1):
            around.append(data[position : block.start])
            position = block.end
            yield from _pem(block.name, block.body, Location((f"block {number}",)))
        around.append(data[position:])
        if (rest := b"\n".join(around).strip()) and not rest.isspace():
            yield Segment(decode(rest), Location(("around the keys",)))
        if data.startswith(_PUTTY):
            locked = b"\nEncryption: none" not in data.replace(b"\r", b"\n")[:2000]
            yield from _private(HERE, locked=locked)
        elif not position or b"-----BEGIN " in rest:
            yield Gap(HERE, Shortfall.DAMAGED, "certificate or key without its end")


@dataclass(frozen=True, slots=True)
class _Block:
    """A block of PEM: its name and its body, and where it stands."""

    name: bytes
    body: bytes
    start: int
    end: int


def _blocks(data: bytes) -> Iterator[_Block]:
    at = 0
    while (begin := _BEGIN.search(data, at)) and (end := _END.search(data, begin.end())):
        at = end.end()
        yield _Block(begin[1], data[begin.end() : end.start()], begin.start(), at)


def _pem(name: bytes, body: bytes, place: Location) -> Iterator[Event]:
    headers = b"\n".join(_PEM_HEADER.findall(body))
    if headers:
        yield Segment(decode(headers), place)
    if b"PRIVATE KEY" in name:
        yield from _private(place, locked=name.startswith(b"ENCRYPTED") or b"ENCRYPTED" in headers)
        return
    try:
        data = base64.b64decode(b"".join(_PEM_HEADER.sub(b"", body).split()), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    events = _der(data, place)
    if events is None:
        yield Gap(place, Shortfall.DAMAGED, "certificate or key")
    else:
        yield from events


def _private(place: Location, *, locked: bool) -> Iterator[Event]:
    if locked:
        yield ProtectionNote(Protection.UNKNOWN, place, "private key with a password")
        yield Gap(place, Shortfall.ENCRYPTED, _LOCKED)
    else:
        yield Gap(place, Shortfall.UNSUPPORTED_KIND, _PRIVATE)


def _der(data: bytes, place: Location) -> list[Event] | None:
    """What one value tells; ``None`` where it is not sound."""
    walk = _Walk([], [])
    try:
        if private := _private_key(data):
            return list(_private(place, locked=private == "locked"))
        walk.over(data, 0, len(data), 0)
    except ValueError:
        return None
    events: list[Event] = []
    if walk.values:
        record = row_segment(
            walk.values, walk.labels, place, hidden="certificate", separator=RECORD_SEPARATOR
        )
        events.append(record)
    events += [Member("", content, place / "data") for content in walk.unknown]
    if walk.count > _MOST_VALUES:
        events.append(Gap(place, Shortfall.LIMIT, f"more than {_MOST_VALUES:,} values"))
    return events


@dataclass(frozen=True, slots=True)
class _Value:
    """One value: its type, and where its content stands."""

    kind: int
    constructed: bool
    tag: int
    start: int
    end: int


def _values(data: bytes, at: int, end: int) -> Iterator[_Value]:
    """The values side by side from ``at`` to ``end`` (X.690, 8.1); raises ``ValueError`` for none."""
    while at < end:
        first = data[at]
        if first & 0x1F == 0x1F or at + 1 >= end:
            raise ValueError("a tag or a length that certificates do not have")
        length = data[at + 1]
        start = at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:
                raise ValueError("a length that certificates do not have")
            length = int.from_bytes(data[start : start + size], "big")
            start += size
        if start + length > end:
            raise ValueError("a value beyond its end")
        yield _Value(first >> 6, bool(first & 0x20), first & 0x1F, start, start + length)
        at = start + length


def _private_key(data: bytes) -> str:
    """Tell a private key by what its parts are: "open", "locked", or nothing for anything else."""
    whole = next(_values(data, 0, len(data)))
    parts = list(islice(_values(data, whole.start, whole.end), 12))
    shape = "".join(_SHAPES.get((part.kind, part.tag), "?") for part in parts)
    first = data[parts[0].start : parts[0].end] if parts else b""
    if shape == "SO":
        inner = first[2 : 2 + first[1]] if len(first) > 2 and first[0] == _OBJECT_IDENTIFIER else b""
        return "locked" if inner.startswith(_PASSWORD_METHODS) else ""
    numbers = shape.rstrip("S")
    private = shape.startswith(("ISO", "IO")) or (set(numbers) == {"I"} and len(numbers) in (6, 9))
    return "open" if private and first in (b"\0", b"\1") else ""


@dataclass(slots=True)
class _Walk:
    """Goes over nested values and keeps the texts, each under the name of what stands before it."""

    values: list[str]
    labels: list[str]
    unknown: list[bytes] = field(default_factory=list)
    count: int = 0
    label: str = ""

    def over(self, data: bytes, at: int, end: int, depth: int) -> None:
        """Read values to ``end``; raises ``ValueError`` where they are none."""
        for value in _values(data, at, end):
            self.count += 1
            if self.count > _MOST_VALUES:
                return
            if value.constructed:
                if depth < _DEPTH:
                    self.over(data, value.start, value.end, depth + 1)
            elif value.kind == _UNIVERSAL:
                self._value(value.tag, data[value.start : value.end], depth)
            elif value.kind == _CONTEXT and value.tag in _GENERAL_NAMES:
                content = data[value.start : value.end]
                if _PRINTABLE.fullmatch(content):
                    self._keep(content.decode("latin-1"), _GENERAL_NAMES[value.tag])
            elif value.end - value.start > _LARGE:
                self.unknown.append(data[value.start : value.end])

    def _value(self, tag: int, content: bytes, depth: int) -> None:
        if tag == _OBJECT_IDENTIFIER:
            self.label = _name_of(content)
        elif tag in _TEXTS:
            self._keep(content.decode(_TEXTS[tag], "replace"), self.label)
        elif tag == _OCTETS and depth < _DEPTH:
            # Extensions are values packed into octets; others are numbers or texts.
            inner = _Walk([], [], [], self.count, self.label)
            try:
                inner.over(content, 0, len(content), depth + 1)
            except ValueError:
                if _PRINTABLE.fullmatch(content):
                    self._keep(content.decode("latin-1"), self.label)
                elif len(content) > _LARGE:
                    self.unknown.append(content)
            else:
                self.values += inner.values
                self.labels += inner.labels
                self.unknown += inner.unknown
            self.count = inner.count
        elif len(content) > _LARGEST_SIGNATURE:
            self.unknown.append(content)

    def _keep(self, text: str, label: str) -> None:
        text = text.strip("\0 ")
        pair = (label, text)
        if len(text) >= _SHORTEST and pair not in zip(self.labels[-40:], self.values[-40:], strict=True):
            self.values.append(text)
            self.labels.append(label)


def _name_of(content: bytes) -> str:
    """The name of a type of attribute ("common name"), empty for other object identifiers."""
    try:
        dotted = core.ObjectIdentifier(contents=content).dotted
        name = x509.NameType.map(dotted)
    except ValueError:
        return ""
    return "" if name == dotted else str(name).replace("_", " ")
