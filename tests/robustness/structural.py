"""Damage that keeps to a format's grammar: members exchanged or doubled, directories that lie, respelling.

Unlike blind damage these reach the code behind the first check of a container.  Where a file has no such
structure it is left as it is.
"""

from __future__ import annotations

import gzip
import io
import random
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_HEAD = struct.Struct("<4s5H3L2H")
_CENTRAL_HEAD = struct.Struct("<4s6H3L5H2L")
_END_HEAD = struct.Struct("<4s4H2LH")
# Numbers of a central entry by name, with how far they are put wrong.
_CENTRAL_NUMBERS = ("method", "crc", "packed", "size", "offset", "flags", "name_length")
_XML = re.compile(rb"\s*(?:\xef\xbb\xbf)?<")
_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"""(<\?xml[^>]*?)\s+encoding=["'][^"']*["']""")
# A letter of running text between two tags, no part of a tag's name or of an entity.
_TEXT = re.compile(r">([^<>&]*[a-z]{4}[^<>&]*)<")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENTRY = 128
_DEEPEST = 14

Respelling = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True, slots=True)
class _Member:
    """A member as it is packed, with the numbers that its two headers tell."""

    name: bytes
    method: int
    crc: int
    packed: bytes
    size: int
    flags: int = 0

    @classmethod
    def of(cls, name: bytes, data: bytes) -> _Member:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        return cls(name, 8, zlib.crc32(data), packer.compress(data) + packer.flush(), len(data))

    @property
    def content(self) -> bytes:
        return zlib.decompress(self.packed, -15) if self.method else self.packed


def _members(data: bytes) -> list[_Member]:
    """The members of an archive, none where ``zipfile`` cannot read one of them or one is of a rare kind."""
    if not data.startswith(_LOCAL):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = []
            for entry in archive.infolist():
                if entry.compress_type not in (0, 8) or entry.flag_bits & 1:
                    return []
                content = archive.read(entry)
                name = entry.filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")
                one = _Member.of(name, content)
                if entry.compress_type == 0:
                    one = replace(one, method=0, packed=content)
                found.append(replace(one, flags=entry.flag_bits & 0x800))
            return found
    except (OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zlib.error, zipfile.BadZipFile):
        return []


def _archive(members: list[_Member], *, lies: dict[int, dict[str, int]] | None = None) -> bytes:
    """Write members; ``lies`` are the numbers of the central directory that are not true, by member."""
    body = bytearray()
    directory = bytearray()
    for number, one in enumerate(members):
        offset = len(body)
        head = (20, one.flags, one.method, 0, 33, one.crc, len(one.packed), one.size)
        body += _LOCAL_HEAD.pack(_LOCAL, *head, len(one.name), 0) + one.name + one.packed
        told = {
            "flags": one.flags,
            "method": one.method,
            "crc": one.crc,
            "packed": len(one.packed),
            "size": one.size,
            "name_length": len(one.name),
            "offset": offset,
            **(lies or {}).get(number, {}),
        }
        directory += _CENTRAL_HEAD.pack(
            *(_CENTRAL, 20, 20, told["flags"], told["method"], 0, 33, told["crc"], told["packed"]),
            *(told["size"], told["name_length"], 0, 0, 0, 0, 0, told["offset"]),
        )
        directory += one.name
    end = _END_HEAD.pack(_END, 0, 0, len(members), len(members), len(directory), len(body), 0)
    return bytes(body + directory) + end


def members_exchanged(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """Two members of a container have each other's content: all of it is still in the file."""
    if data.startswith(_OLE):
        return _streams_exchanged(data, chance)
    members = _members(data)
    if len(members) < 2:
        return data
    one, two = chance.sample(range(len(members)), 2)
    members[one], members[two] = (
        replace(members[two], name=members[one].name),
        replace(members[one], name=members[two].name),
    )
    return _archive(members)


def _streams_exchanged(data: bytes, chance: random.Random) -> bytes:
    """In a compound file: the starts and sizes of two entries of the directory ([MS-CFB] 2.6.1)."""
    entries = [place for place in _ole_entries(data) if data[place + 66] == 2]
    if len(entries) < 2:
        return data
    one, two = chance.sample(entries, 2)
    changed = bytearray(data)
    tail = slice(116, 128)
    changed[one + 116 : one + 128] = data[two : two + _OLE_ENTRY][tail]
    changed[two + 116 : two + 128] = data[one : one + _OLE_ENTRY][tail]
    return bytes(changed)


def tree_bent(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """In a compound file one or two entries of the directory point elsewhere: rings, orphans, two parents."""
    entries = _ole_entries(data)
    if len(entries) < 2:
        return data
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2))):
        place, target = chance.choice(entries), chance.randrange(len(entries))
        struct.pack_into("<L", changed, place + chance.choice((68, 72, 76)), target)
    return bytes(changed)


def _ole_entries(data: bytes) -> list[int]:
    """Where the entries of a compound file's directory stand, as far as its first sector holds them."""
    if not data.startswith(_OLE) or len(data) < 512:
        return []
    shift, first = struct.unpack_from("<H", data, 30)[0] & 15, struct.unpack_from("<L", data, 48)[0]
    start = (first + 1) << shift
    places = range(start, min(len(data) - _OLE_ENTRY, start + (1 << shift)), _OLE_ENTRY)
    return [place for place in places if data[place + 66]]


def member_doubled(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """A member stands there twice under one name, before or behind, with other content or with none."""
    members = _members(data)
    if not members:
        return data
    one = chance.choice(members)
    content = chance.choice((b"", one.content[: one.size // 2], other[:2_000]))
    second = replace(_Member.of(one.name, content), flags=one.flags)
    members.insert(chance.choice((0, len(members))), second)
    return _archive(members)


def directory_lies(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """One or two entries of the central directory tell other numbers than the members themselves."""
    members = _members(data)
    if not members:
        return data
    lies: dict[int, dict[str, int]] = {}
    for _ in range(chance.choice((1, 1, 2))):
        number, what = chance.randrange(len(members)), chance.choice(_CENTRAL_NUMBERS)
        one = members[number]
        wrong = {
            "flags": chance.choice((0x1, 0x8, 0x2000)),
            "method": 8 - one.method,
            "crc": one.crc ^ 1,
            "packed": chance.choice((0, len(one.packed) // 2, len(one.packed) + 10, 0x7FFF_FFFF)),
            "size": chance.choice((0, one.size // 2, one.size + 10, 0x7FFF_FFFF)),
            "offset": chance.choice((0, 7, 0x7FFF_FFFF)),
            "name_length": chance.choice((1, len(one.name) + 3, 0xFFFF)),
        }
        lies.setdefault(number, {})[what] = wrong[what]
    return _archive(members, lies=lies)


def unlisted(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """Some members are in the archive, but its directory does not list them."""
    members = _members(data)
    if len(members) < 2:
        return data
    whole = _archive(members)
    directory = whole.rindex(_CENTRAL, 0, whole.rindex(_END))
    starts = [match.start() for match in re.finditer(_CENTRAL, whole)][-len(members) :]
    assert directory == starts[-1]
    gone = chance.randrange(len(members))
    ends = [*starts[1:], whole.rindex(_END)]
    kept = b"".join(
        whole[begin:end] for at, (begin, end) in enumerate(zip(starts, ends, strict=True)) if at != gone
    )
    count = len(members) - 1
    end_record = _END_HEAD.pack(_END, 0, 0, count, count, len(kept), starts[0], 0)
    return whole[: starts[0]] + kept + end_record


def _in_xml(data: bytes, chance: random.Random, change: Respelling) -> bytes:
    """Change an XML file, or some XML parts of a container."""
    members = _members(data)
    if not members:
        return change(data, chance) if _XML.match(data) and b"<?xml" in data[:200] else data
    changed = []
    for one in members:
        if one.name.endswith((b".xml", b".rels")) and chance.random() < 0.7:
            content = change(one.content, chance)
            changed.append(replace(_Member.of(one.name, content), flags=one.flags))
        else:
            changed.append(one)
    return _archive(changed)


def references(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """Letters of XML text are spelt as character references: nothing else is changed."""

    def respelt(xml: bytes, chance: random.Random) -> bytes:
        try:
            text = xml.decode("utf-8")
        except UnicodeDecodeError:
            return xml

        def spelt(match: re.Match[str]) -> str:
            inner = "".join(
                chance.choice((f"&#{ord(char)};", f"&#x{ord(char):X};")) if chance.random() < 0.1 else char
                for char in match[1]
            )
            return f">{inner}<"

        return _TEXT.sub(spelt, text).encode()

    return _in_xml(data, chance, respelt)


def entities(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """XML declares entities of its own, and a word is one of them."""

    def declared(xml: bytes, _chance: random.Random) -> bytes:
        try:
            text = xml.decode("utf-8")
        except UnicodeDecodeError:
            return xml
        head = match[0] if (match := _DECLARATION.match(text)) else ""
        rest = text[len(head) :]
        if "<!DOCTYPE" in rest[:1_000] or not (word := re.search(r">([^<>&]*?)([a-z]{4,20})", rest)):
            return xml
        begin, end = word.span(2)
        return f'{head}<!DOCTYPE x [<!ENTITY w "{word[2]}">]>{rest[:begin]}&w;{rest[end:]}'.encode()

    return _in_xml(data, chance, declared)


def other_encoding(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """XML parts and texts are written in another encoding, which is declared or marked as it should be."""

    def written(xml: bytes, chance: random.Random) -> bytes:
        try:
            text = xml.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError:
            return xml
        name = chance.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252", "iso-8859-15"))
        head = match[0] if (match := _DECLARATION.match(text)) else ""
        if head or not name.startswith("utf"):
            shown = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-8-sig": "UTF-8"}.get(name, name)
            text = f'<?xml version="1.0" encoding="{shown}"?>{text[len(head) :]}'
        mark = "\ufeff" if name in ("utf-16-le", "utf-16-be") else ""
        return (mark + text).encode(name, "xmlcharrefreplace")

    if _members(data) or _XML.match(data):
        return _in_xml(data, chance, written)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    if "\0" in text or data.startswith((b"%PDF", b"{\\rt")) or re.match(rb"From |[\w-]+: ", data):
        return data  # formats of bytes, and mail
    return text.encode(chance.choice(("utf-16", "utf-8-sig")))


def wrong_encoding(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """The encoding that is declared is not the one that is used; UTF-16 may end in the middle of a letter."""

    def told(xml: bytes, chance: random.Random) -> bytes:
        name = chance.choice((b"UTF-16", b"cp037", b"utf-7", b"x-unknown", b"shift_jis", b"UTF-32"))
        plain = _DECLARED.sub(rb"\1", xml, count=1)
        return plain.replace(b"?>", b' encoding="' + name + b'"?>', 1) if b"<?xml" in xml[:200] else xml

    if _members(data) or _XML.match(data):
        return _in_xml(data, chance, told)
    try:
        wide = data.decode("utf-8").encode("utf-16")
    except UnicodeDecodeError:
        return data
    return wide[: chance.randrange(1, max(2, len(wide)))]


def nested(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """The file is inside containers inside containers, at times more than are opened."""
    for level in range(chance.randrange(1, _DEEPEST)):
        way = chance.randrange(4)
        if way == 0:
            data = _archive([_Member.of(b"level%d" % level, data)])
        elif way == 1:
            data = gzip.compress(data, mtime=0)
        elif way == 2:
            stream = io.BytesIO()
            with tarfile.open(fileobj=stream, mode="w") as archive:
                entry = tarfile.TarInfo(f"level{level}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
            data = stream.getvalue()
        else:
            data = _archive([replace(_Member.of(b"level%d" % level, data), method=0, packed=data)])
    return data


def surrounded(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """Something stands in front of a binary file or behind it, as programs on the way leave it there."""
    if b"\0" not in data:
        return data  # to text it would be text
    front = chance.choice((b"", b"\r\n", b"\0" * 16, b"HTTP/1.1 200 OK\r\n\r\n", b" " * 200))
    behind = chance.choice((b"", b"\r\n", b"\0" * 512, b"<html></html>\n", b"%%EOF\n"))
    return front + data + behind


def rows_moved(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """Elements of XML stand in another order: nothing is missing, nothing is where it was."""

    def moved(xml: bytes, chance: random.Random) -> bytes:
        for tag in (b"w:p", b"row", b"text:p", b"table:table-row", b"a:p"):
            starts = [match.start() for match in re.finditer(b"<" + tag + rb"[ >]", xml)]
            pieces = [xml[begin:end] for begin, end in pairwise(starts)]
            close = b"</" + tag + b">"
            alone = [
                at for at, piece in enumerate(pieces) if piece.endswith(close) and piece.count(close) == 1
            ]
            if len(alone) > 1:
                one, two = chance.sample(alone, 2)
                pieces[one], pieces[two] = pieces[two], pieces[one]
                return xml[: starts[0]] + b"".join(pieces) + xml[starts[-1] :]
        return xml

    return _in_xml(data, chance, moved)
