"""BIFF records (MS-XLS, Excel 5 to 2003): the walk over a stream, and the strings in records."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.documents.parsers.sheets.formula_tokens import BIFF8, Dialect, biff5

BOF = frozenset((0x0809, 0x0409, 0x0209, 0x0009))
EOF, CONTINUE = 0x000A, 0x003C
# Strings without a letter that follow each other in the table of different strings.
_MOST_EMPTY = 2
# No record has a longer body (MS-XLS 2.1.4); what says so is damaged, and what it covers is lost.
_LONGEST = 8224
# (8-bit runs of nothing but letters above ASCII are numbers)
_READABLE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){3,}|[\x20-\x7e][\x20-\x7e\xa0-\xff]{2,}[\x20-\x7e]")
_WIDE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){4,}")
_LETTERS = re.compile(r"\w{2}|\d")


@dataclass(frozen=True, slots=True)
class Record:
    """A record: its type and its body in the stream; ``tail`` are the bodies of its CONTINUE records."""

    kind: int
    at: int
    body: bytes
    tail: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Text:
    """How strings are stored: BIFF8 (with a flag byte) or in a code page (Excel 5 and 95)."""

    biff8: bool = True
    codec: str = "cp1252"

    @property
    def formulas(self) -> Dialect:
        """How formulas are stored."""
        return BIFF8 if self.biff8 else biff5(self.codec)

    def string(self, data: bytes, at: int, size: int = 2) -> tuple[str, int]:
        """A string behind its length of ``size`` bytes; the text and where it ends.

        Raises ``struct.error`` where the record ends before the string begins.
        """
        if at + size > len(data):
            raise struct.error("string behind the end of its record")
        length = int.from_bytes(data[at : at + size], "little")
        return self.characters(data, at + size, length)

    def characters(self, data: bytes, at: int, length: int) -> tuple[str, int]:
        """The characters behind a length: with rich text and phonetic runs skipped in BIFF8."""
        if not self.biff8:
            return data[at : at + length].decode(self.codec, "replace"), at + length
        if at >= len(data):
            return "", at
        flags = data[at]
        at += 1
        runs = phonetic = 0
        if flags & 8:
            runs = int.from_bytes(data[at : at + 2], "little")
            at += 2
        if flags & 4:
            phonetic = int.from_bytes(data[at : at + 4], "little")
            at += 4
        size = length * 2 if flags & 1 else length
        raw = data[at : at + size]
        text = raw.decode("utf-16-le" if flags & 1 else "latin-1", "replace")
        return text, at + size + 4 * runs + phonetic


@dataclass(slots=True)
class Walk:
    """The records of a stream in their order; ``damaged`` says at the end that lengths did not fit.

    ``targets`` are offsets where a substream must begin: where the walk misses one, it goes back to it.
    """

    data: bytes
    targets: list[int] = field(default_factory=list)
    damaged: bool = False

    def headers(self) -> Iterator[tuple[int, int, int]]:
        """Yield type, offset of the body and its length of each record."""
        data = self.data
        size = len(data)
        at = 0
        unpack = struct.Struct("<HH").unpack_from
        targets = self.targets
        while at + 4 <= size:
            if targets and targets[0] <= at:
                target = targets.pop(0)
                if target < at:
                    self.damaged = True
                    at = target
            kind, length = unpack(data, at)
            if at + 4 + length > size:
                self.damaged = True
                if not targets:
                    yield kind, at + 4, size - at - 4
                    return
                at = targets.pop(0)
                continue
            self.damaged = self.damaged or length > _LONGEST
            yield kind, at + 4, length
            at += 4 + length


def is_substream(data: bytes, at: int) -> bool:
    """Whether a substream begins at an offset."""
    return at + 4 <= len(data) and int.from_bytes(data[at : at + 2], "little") in BOF


class SharedStrings:
    """Reads the SST record with its CONTINUE records (MS-XLS 2.4.265, 2.5.293).

    ``damaged`` says at the end that there are zeros where strings were: no program writes several empty ones.
    """

    def __init__(self, bodies: list[bytes]) -> None:
        self.damaged = False
        self._bodies = bodies
        self._index = 0
        self._at = 8

    def read(self, budget: int) -> Iterator[str]:
        """Yield the strings in order, at most ``budget`` characters; stops where the record is damaged."""
        if not self._bodies or len(self._bodies[0]) < 8:
            return
        (count,) = struct.unpack_from("<L", self._bodies[0], 4)
        empty = 0
        for _ in range(count):
            text = self._string()
            if text is None:
                return
            empty = 0 if text else empty + 1
            self.damaged = self.damaged or empty > _MOST_EMPTY
            budget -= len(text)
            if budget < 0:
                return
            yield text

    def _string(self) -> str | None:
        head = self._raw(3)
        if len(head) < 3:
            return None
        length, flags = head[0] | head[1] << 8, head[2]
        runs = int.from_bytes(self._raw(2), "little") if flags & 8 else 0
        phonetic = int.from_bytes(self._raw(4), "little") if flags & 4 else 0
        parts: list[str] = []
        wide = flags & 1
        while length > 0:
            if self._at >= len(self._bodies[self._index]):
                if not self._next():
                    break
                # Each continuation of characters begins with a flag byte of its own.
                wide = self._bodies[self._index][0] & 1 if self._bodies[self._index] else 0
                self._at = 1
            body = self._bodies[self._index]
            size = min(length * 2 if wide else length, len(body) - self._at)
            raw = body[self._at : self._at + size]
            self._at += size
            if wide:
                parts.append(raw.decode("utf-16-le", "replace"))
                length -= max(1, size // 2)
            else:
                parts.append(raw.decode("latin-1"))
                length -= max(1, size)
        self._skip(4 * runs + phonetic)
        return "".join(parts)

    def _next(self) -> bool:
        if self._index + 1 >= len(self._bodies):
            return False
        self._index += 1
        self._at = 0
        return True

    def _raw(self, size: int) -> bytes:
        body = self._bodies[self._index]
        if self._at >= len(body) and not self._next():
            return b""
        body = self._bodies[self._index]
        raw = body[self._at : self._at + size]
        self._at += len(raw)
        if len(raw) < size and self._next():
            rest = self._bodies[self._index][: size - len(raw)]
            self._at = len(rest)
            raw += rest
        return raw

    def _skip(self, size: int) -> None:
        while size > 0:
            left = len(self._bodies[self._index]) - self._at
            if size <= left:
                self._at += size
                return
            size -= left
            if not self._next():
                self._at = len(self._bodies[self._index])
                return


def readable(body: bytes) -> list[str]:
    """Runs of readable characters in a record whose layout is not taken apart."""
    found = []
    for match in _READABLE.finditer(body):
        run = match[0]
        value = run.decode("utf-16-le") if run[1] == 0 else run.decode("latin-1")
        if _LETTERS.search(value):
            found.append(value.strip())
    return found


def wide_runs(body: bytes) -> list[str]:
    """Runs of UTF-16 characters (names and alternative texts of shapes)."""
    return [match[0].decode("utf-16-le").strip() for match in _WIDE.finditer(body)]
