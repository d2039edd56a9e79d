"""Legacy Office fixtures for the tests: made by LibreOffice, taken apart and changed."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

from scanner.documents.limits import Limits
from scanner.documents.parsers.office.compound_file import CompoundFile, pack
from scanner.documents.protocol import Event, Parser, Source

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "documents"
Streams = dict[tuple[str, ...], bytes]


def streams_of(data: bytes) -> Streams:
    """All streams of a compound file by their paths."""
    file = CompoundFile.open(data)
    return {path: file.read(*path) for path in file.paths()}


def mutations(data: bytes, count: int, seed: int = 4) -> Iterator[bytes]:
    """Damaged copies: cut off, bits flipped, numbers blown up; of the file and of its streams."""
    chance = random.Random(seed)
    streams = streams_of(data) if data.startswith(b"\xd0\xcf") else {}
    for number in range(count):
        if streams and number % 2:
            changed = dict(streams)
            path = chance.choice(sorted(streams, key=lambda one: -len(streams[one]))[:4])
            changed[path] = _damaged(streams[path], chance)
            yield pack(changed)
        else:
            yield _damaged(data, chance)


def _damaged(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.2:
        return data[: chance.randrange(len(data) + 1)]
    out = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 50))):
        if len(out) < 8:
            break
        at = chance.randrange(min(len(out), 2048) if chance.random() < 0.5 else len(out))
        match chance.randrange(4):
            case 0:
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                out[at : at + 4] = chance.choice((b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0" * 4))
            case 2:
                out[at : at + 2] = struct.pack("<H", chance.randrange(65536))
            case 3:
                del out[at : at + chance.randrange(1, 40)]
    return bytes(out)


def characters_of(parser: Parser, data: bytes) -> int:
    """Characters that a parser itself yields (nothing may be raised), as a measure of what it makes."""
    return sum(map(_length, parser.parse(Source.from_bytes(data), Limits())))


def _length(event: Event) -> int:
    return len(getattr(event, "text", "") or getattr(event, "content", ""))
