"""MIME entities, TNEF streams, Outlook messages and old encodings, put together byte by byte."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import struct
import zlib
from collections.abc import Sequence

HEAD = (
    "From: Jo Whitfield <jo.whitfield@council.gov.uk>\r\nTo: {to}\r\nSubject: {subject}\r\n"
    "Date: Tue, 3 Nov 2026 14:02:11 +0000\r\nMessage-ID: <5f1c.77@mail.council.gov.uk>\r\n"
    "MIME-Version: 1.0\r\n"
)


def mail(
    entity: bytes, subject: str = "Update", to: str = "sam.harper@harperlegal.co.uk", more: str = ""
) -> bytes:
    """A message: ordinary headers, further ones, then an entity with its own."""
    return (HEAD.format(to=to, subject=subject) + more).encode("utf-8") + entity


def part(kind: str, body: bytes | str, coding: str = "", disposition: str = "", more: str = "") -> bytes:
    """An entity; ``coding`` is applied where it is base64 or quoted-printable, and else only said."""
    data = body.encode("utf-8") if isinstance(body, str) else body
    if coding == "base64":
        data = base64.encodebytes(data).replace(b"\n", b"\r\n")
    elif coding == "quoted-printable":
        data = quopri.encodestring(data).replace(b"\n", b"\r\n")
    lines = [f"Content-Type: {kind}"] if kind else []
    lines += [f"Content-Transfer-Encoding: {coding}"] if coding else []
    lines += [f"Content-Disposition: {disposition}"] if disposition else []
    return "".join(f"{line}\r\n" for line in lines).encode() + more.encode() + b"\r\n" + data


def text(body: str, charset: str = "utf-8", coding: str = "quoted-printable", kind: str = "plain") -> bytes:
    """A text part in a charset."""
    return part(f"text/{kind}; charset={charset}", body.encode(charset), coding)


def file(name: str, data: bytes, kind: str = "application/octet-stream") -> bytes:
    """An attachment."""
    return part(f'{kind}; name="{name}"', data, "base64", f'attachment; filename="{name}"')


def multi(
    kind: str,
    *parts: bytes,
    boundary: str = "----=_Part_771",
    before: bytes = b"",
    behind: bytes = b"",
    closed: bool = True,
) -> bytes:
    """A multipart; ``kind`` may have further parameters behind it."""
    mark = b"\r\n--" + boundary.encode()
    name, _, parameters = kind.partition(";")
    head = f'Content-Type: multipart/{name}; boundary="{boundary}"' + (f";{parameters}" if parameters else "")
    end = mark + b"--\r\n" + behind if closed else b""
    return head.encode() + b"\r\n\r\n" + before + b"".join(mark + b"\r\n" + one for one in parts) + end


# --- Outlook ----------------------------------------------------------------------------------------------


def rtf(body: str) -> bytes:
    """Rich text, and as TNEF stores it: "uncompressed", with the head of compressed RTF."""
    data = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 " + body.replace("\n", "\\par\n") + "}"
    ).encode("cp1252")
    return struct.pack("<4L", len(data) + 12, len(data), 0x414C454D, 0) + data


def mapi(*properties: tuple[int, bytes]) -> bytes:
    """MAPI properties of variable length; those of tag 0x...0003 are numbers."""
    out = struct.pack("<L", len(properties))
    for tag, value in properties:
        out += struct.pack("<L", tag)
        out += (
            value if tag & 0xFFFF == 3 else struct.pack("<LL", 1, len(value)) + value + bytes(-len(value) % 4)
        )
    return out


def tnef(*attributes: tuple[int, int, bytes], code_page: int = 1252) -> bytes:
    """A stream of attributes: level, identifier, data."""
    first = ((1, 0x00089006, struct.pack("<L", 0x10000)), (1, 0x00069007, struct.pack("<LL", code_page, 0)))
    out = struct.pack("<LH", 0x223E9F78, 7)
    for level, identifier, data in (*first, *attributes):
        out += (
            struct.pack("<BLL", level, identifier, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
        )
    return out


RTF_BODY, HTML_BODY, TEXT_BODY = 0x10090102, 0x10130102, 0x1000001F


def tnef_body(tag: int, value: bytes) -> tuple[int, int, bytes]:
    """The body of a message as a property."""
    return 1, 0x00069003, mapi((tag, value))


def tnef_file(short: str, data: bytes, name: str) -> tuple[tuple[int, int, bytes], ...]:
    """An attachment: rendering, short name, data, and its long name as a property."""
    return (
        (2, 0x00069002, struct.pack("<HLHHL", 1, 0xFFFFFFFF, 0, 0, 0)),
        (2, 0x00018010, short.encode() + b"\0"),
        (2, 0x0006800F, data),
        (2, 0x00069005, mapi((0x3707001F, (name + "\0").encode("utf-16-le")))),
    )


def tnef_message(inner: bytes) -> tuple[tuple[int, int, bytes], ...]:
    """A message that is attached to the message: its own stream behind the identifier of the interface."""
    interface = bytes.fromhex("0703020000000000c000000000000046")
    return (
        (2, 0x00069002, struct.pack("<HLHHL", 1, 0xFFFFFFFF, 0, 0, 0)),
        (2, 0x00069005, mapi((0x37050003, struct.pack("<L", 5)), (0x3701000D, interface + inner))),
    )


Tree = dict[str, "bytes | Tree"]
_NONE, _LAST, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


class _Sectors:
    """The sectors of a compound file and their chains."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.content = bytearray()
        self.chains: list[int] = []

    def put(self, data: bytes) -> int:
        """Add a stream; its first sector."""
        if not data:
            return _LAST
        first, count = len(self.chains), -(-len(data) // self.size)
        self.content += data.ljust(count * self.size, b"\0")
        self.chains += [first + number + 1 for number in range(count - 1)] + [_LAST]
        return first


def compound(tree: Tree) -> bytes:
    """A compound file of version 3 with its mini stream."""
    names, contents, children = ["Root Entry"], [b""], [list[int]()]
    kinds, waiting = [5], [(0, tree)]
    while waiting:
        parent, folder = waiting.pop()
        for name, value in folder.items():
            children[parent].append(len(names))
            names.append(name)
            children.append([])
            contents.append(value if isinstance(value, bytes) else b"")
            kinds.append(2 if isinstance(value, bytes) else 1)
            if not isinstance(value, bytes):
                waiting.append((len(names) - 1, value))
    links = [[_NONE, _NONE, _NONE] for _ in names]

    def middle(chosen: Sequence[int]) -> int:
        if not chosen:
            return _NONE
        at = len(chosen) // 2
        links[chosen[at]][:2] = [middle(chosen[:at]), middle(chosen[at + 1 :])]
        return chosen[at]

    for index, own in enumerate(children):
        links[index][2] = middle(sorted(own, key=lambda one: (len(names[one]), names[one].upper())))
    large, small = _Sectors(512), _Sectors(64)
    starts = [
        0 if kind == 1 else (small if len(data) < 4096 else large).put(data)
        for kind, data in zip(kinds, contents, strict=True)
    ]
    contents[0] = bytes(small.content)
    starts[0] = large.put(contents[0])
    mini = struct.pack(f"<{len(small.chains)}L", *small.chains)
    mini += b"\xff" * (-len(mini) % 512)
    mini_start = large.put(mini)
    directory = b""
    for name, kind, link, start, data in zip(names, kinds, links, starts, contents, strict=True):
        label = (name + "\0").encode("utf-16-le")
        directory += label.ljust(64, b"\0") + struct.pack("<HBB3L", len(label), kind, 1, *link) + bytes(36)
        directory += struct.pack("<LLL", start, len(data), 0)
    empty = bytes(68) + struct.pack("<3L", _NONE, _NONE, _NONE) + bytes(48)
    directory += empty * (-len(directory) // 128 % 4)
    directory_start = large.put(directory)
    tables = 1
    while tables * 128 < len(large.chains) + tables:
        tables += 1
    first = len(large.chains)
    chains = [*large.chains, *([_TABLE] * tables)]
    table = struct.pack(f"<{len(chains)}L", *chains).ljust(tables * 512, b"\xff")
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9L", 0, tables, directory_start, 0, 4096, mini_start, len(mini) // 512, _LAST, 0)
    head += struct.pack("<109L", *(first + n if n < tables else _NONE for n in range(109)))
    return head + bytes(large.content) + table


def outlook(
    subject: str, body: str, files: Sequence[tuple[str, bytes]] = (), inner: Sequence[Tree] = ()
) -> Tree:
    """A message as the storages of a ``.msg``; one inside another is given in ``inner``."""
    tree = _properties(
        {0x001A001F: "IPM.Note", 0x0037001F: subject, 0x1000001F: body},
        struct.pack("<8x4L", 0, len(files) + len(inner), 0, len(files) + len(inner)),
    )
    kept: list[Tree] = [
        _properties({0x3707001F: name, 0x37010102: data}, bytes(8), method=1) for name, data in files
    ]
    for one in inner:
        kept.append(_properties({0x3001001F: "Forwarded"}, bytes(8), method=5))
        kept[-1]["__substg1.0_3701000D"] = one
    for number, storage in enumerate(kept):
        tree[f"__attach_version1.0_#{number:08X}"] = storage
    return tree


def msg(tree: Tree) -> bytes:
    """The file of a message: the outermost list of properties has a longer head."""
    properties = tree["__properties_version1.0"]
    assert isinstance(properties, bytes)
    return compound({**tree, "__properties_version1.0": properties[:24] + bytes(8) + properties[24:]})


def _properties(values: dict[int, str | bytes], head: bytes, method: int = 0) -> Tree:
    tree: Tree = {}
    for tag, value in values.items():
        data = value.encode("utf-16-le") if isinstance(value, str) else value
        tree[f"__substg1.0_{tag:08X}"] = data
        head += struct.pack("<LLLL", tag, 6, len(data) + (2 if isinstance(value, str) else 0), 0)
    if method:
        head += struct.pack("<LLLL", 0x37050003, 6, method, 0)
    tree["__properties_version1.0"] = head
    return tree


# --- old encodings ----------------------------------------------------------------------------------------


def uuencoded(name: str, data: bytes) -> str:
    """A file in the middle of a text."""
    lines = "".join(binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45))
    return f"begin 644 {name}\n{lines}`\nend\n"


def y_encoded(name: str, data: bytes) -> bytes:
    """The same as yEnc does it, in eight bits."""
    out = bytearray()
    for number, byte in enumerate(data):
        moved = (byte + 42) & 255
        out += b"=" + bytes(((moved + 64) & 255,)) if moved in (0, 10, 13, 61) else bytes((moved,))
        out += b"\r\n" if number % 128 == 127 else b""
    head = f"=ybegin line=128 size={len(data)} name={name}\r\n".encode()
    return head + bytes(out) + f"\r\n=yend size={len(data)} crc32={zlib.crc32(data):08x}\r\n".encode()


def words(value: str, length: int) -> str:
    """A header in encoded words of some characters each, on lines of their own."""
    pieces = (value[at : at + length] for at in range(0, len(value), length))
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(one.encode()).decode()}?=" for one in pieces)


def folded(value: str, width: int = 60) -> str:
    """A property of a calendar or a card, escaped and folded."""
    escaped = value.replace(",", "\\,").replace("\n", "\\n")
    return re.sub(rf"(.{{{width}}})(?=.)", "\\1\r\n ", escaped)


def apple_double(size: int = 0) -> bytes:
    """What a Mac keeps beside a file: the Finder's information and an empty resource fork."""
    finder = b"TEXTttxt" + bytes(24)
    out = struct.pack(">LL16sH", 0x00051607, 0x00020000, b"Mac OS X        ", 2)
    out += struct.pack(">3L", 9, 50, len(finder)) + struct.pack(">3L", 2, 50 + len(finder), size)
    return out + finder + bytes(size)
