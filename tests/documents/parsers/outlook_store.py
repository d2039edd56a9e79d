"""Makes small Outlook data files as MS-PST says: one folder, its messages, no tables."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

_STRING, _INTEGER, _BINARY = 0x1F, 0x03, 0x102
_PAGE = 512
# Node numbers that every store has (MS-PST 2.4.1).
_STORE, _ROOT = 0x21, 0x122


def _crc(data: bytes) -> int:
    """CRC-32 that starts at zero and is not inverted (MS-PST 5.3)."""
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _heap(properties: Sequence[tuple[int, str | int | bytes]]) -> bytes:
    """A property context on a heap node."""
    allocations = [b"", b""]
    records = b""
    for tag, value in sorted(properties):
        if isinstance(value, int):
            records += struct.pack("<HHI", tag, _INTEGER, value)
        else:
            kind = _STRING if isinstance(value, str) else _BINARY
            allocations.append(value.encode("utf-16-le") if isinstance(value, str) else value)
            records += struct.pack("<HHI", tag, kind, len(allocations) << 5)
    allocations[0] = struct.pack("<BBBBI", 0xB5, 2, 6, 0, 2 << 5)
    allocations[1] = records
    body = b""
    starts = []
    for data in allocations:
        starts.append(12 + len(body))
        body += data + b"\0" * (len(data) % 2)
    starts.append(12 + len(body))
    head = struct.pack("<HBBII", 12 + len(body), 0xEC, 0xBC, 1 << 5, 0)
    index = struct.pack(f"<HH{len(starts)}H", len(allocations), 0, *starts)
    return head + body + index


def outlook_store(
    messages: Sequence[Sequence[tuple[int, str | int]]], *, folder: str = "Inbox", password: int = 0
) -> bytes:
    """A Unicode store with the messages in one folder; each is given as its properties."""
    top = b"\0" * 20 + struct.pack("<I", _ROOT)
    nodes = [
        (_STORE, 0, _heap([(0x3001, "Store"), (0x35E0, top), (0x67FF, password)])),
        (_ROOT, _ROOT, _heap([(0x3001, "Top")])),
        (0x8022, _ROOT, _heap([(0x3001, folder), (0x3602, len(messages))])),
        *((0x200004 + 32 * number, 0x8022, _heap(properties)) for number, properties in enumerate(messages)),
    ]
    position = 0x4600
    blocks = b""
    block_entries, node_entries = [], []
    for number, (node, parent, data) in enumerate(nodes, 1):
        block = number * 4
        size = (len(data) + 16 + 63) // 64 * 64
        where = position + len(blocks)
        signature = where ^ block
        signature = (signature >> 16 ^ signature) & 0xFFFF
        trailer = struct.pack("<HHIQ", len(data), signature, _crc(data), block)
        blocks += data.ljust(size - 16, b"\0") + trailer
        block_entries.append(struct.pack("<QQHHI", block, where, len(data), 2, 0))
        node_entries.append(struct.pack("<QQQII", node, block, 0, parent, 0))
    pages = position + len(blocks)
    pages += -pages % _PAGE
    node_page = _page(node_entries, 0x81, 32, 0x100, pages)
    block_page = _page(block_entries, 0x80, 24, 0x104, pages + _PAGE)
    end = pages + 2 * _PAGE
    root = struct.pack("<IQQQQQQQQBBH", 0, end, 0x4400, 0, 0, 0x100, pages, 0x104, pages + _PAGE, 2, 0, 0)
    head = struct.pack("<HHBBII", 23, 19, 1, 1, 0, 0)
    head = b"SM" + head + struct.pack("<QQI", 0, 0x108, 1) + b"\0" * 128 + b"\0" * 8 + root + b"\0" * 4
    head += b"\xff" * 256 + struct.pack("<BBHQ", 0x80, 0, 0, 0x1000)
    partial = head[:471]
    whole = head[:516]
    header = b"!BDN" + struct.pack("<I", _crc(partial)) + head + struct.pack("<I", _crc(whole))
    return (header.ljust(position, b"\0") + blocks).ljust(pages, b"\0") + node_page + block_page


def _page(entries: Sequence[bytes], kind: int, size: int, block: int, where: int) -> bytes:
    body = b"".join(entries).ljust(488, b"\0") + struct.pack("<BBBBI", len(entries), 488 // size, size, 0, 0)
    signature = where ^ block
    signature = (signature >> 16 ^ signature) & 0xFFFF
    return body + struct.pack("<BBHIQ", kind, kind, signature, _crc(body), block)
