"""Ways to damage a file: each takes bytes and gives other bytes, by a generator that a seed repeats."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from tests.robustness import structural

Mutation = Callable[[bytes, bytes, random.Random], bytes]


def truncated(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """The end is missing, as of a copy that broke off."""
    return data[: chance.randrange(1, max(2, len(data)))]


def flipped(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """Single bits are other ones, as of a bad disk."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def zeroed(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """A run is zeros, as of a lost sector."""
    start = chance.randrange(len(data))
    length = min(chance.choice((16, 512, 4_096)), len(data) - start)
    return data[:start] + b"\0" * length + data[start + length :]


def spliced(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """A run is that of another file."""
    start, length = chance.randrange(len(data)), chance.choice((16, 512, 4_096))
    begin = chance.randrange(len(other))
    piece = other[begin : begin + length]
    return data[:start] + piece + data[start + len(piece) :]


def shortened(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """A run in the middle is gone, so that every offset behind it is wrong."""
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.choice((1, 7, 300)) :] or b"\0"


def numbers_raised(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """Words are the largest numbers there are: lengths, counts and offsets that cannot be."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 16))):
        start = chance.randrange(len(changed))
        changed[start : start + 4] = chance.choice((b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80"))
    return bytes(changed[: len(data)])


MUTATIONS: Mapping[str, Mutation] = {
    "truncated": truncated,
    "flipped": flipped,
    "zeroed": zeroed,
    "spliced": spliced,
    "shortened": shortened,
    "numbers raised": numbers_raised,
    "swapped extension": lambda data, _other, _chance: data,
    "members exchanged": structural.members_exchanged,
    "tree bent": structural.tree_bent,
    "member doubled": structural.member_doubled,
    "directory lies": structural.directory_lies,
    "unlisted": structural.unlisted,
    "references": structural.references,
    "entities": structural.entities,
    "other encoding": structural.other_encoding,
    "wrong encoding": structural.wrong_encoding,
    "nested": structural.nested,
    "surrounded": structural.surrounded,
    "rows moved": structural.rows_moved,
}
# What takes no word out of a file: each is read, or a gap says that it is not.
KEEPING = frozenset(
    (
        *("swapped extension", "members exchanged", "member doubled", "directory lies", "unlisted"),
        *("references", "entities", "other encoding", "nested", "surrounded", "rows moved"),
    )
)
EXTENSIONS = (".pdf", ".docx", ".xls", ".txt", ".zip", ".eml", ".csv", ".pst", ".jpg", "")
