"""Formulas that are stored as tokens (XLS, XLSB): the texts and long numbers that somebody typed into them.

The tokens are in reverse Polish order (MS-XLS 2.5.198, MS-XLSB 2.5.97), so that the walk keeps a stack of
operands: what ``&`` puts together is one text, as in the formulas of an XLSX.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

_STRING, _EXTENDED, _ATTRIBUTE, _ERROR, _BOOLEAN, _INTEGER, _NUMBER = 0x17, 0x18, 0x19, 0x1C, 0x1D, 0x1E, 0x1F
_CONCATENATE, _ARRAY, _FUNCTION, _FUNCTION_OF_MANY, _MEMORY = 0x08, 0x20, 0x21, 0x22, 0x26
_BINARY = frozenset((*range(0x03, 0x08), *range(0x09, 0x12)))
_UNARY = frozenset((0x12, 0x13, 0x14, 0x15))
_CHOOSE, _SUM = 0x04, 0x10
# Functions of texts with more than one argument, by their number; other fixed ones mostly take one.
_ARGUMENTS = MappingProxyType({30: 2, 31: 3, 48: 2, 117: 2, 119: 4})
# Amounts and dates have fewer digits, numbers of people and accounts as many or more.
_DIGITS = 8
_LARGEST = 1e16
_MOST_OPERANDS = 4_000
# No program writes a longer formula (XLSB allows 16,384 bytes): put together piece by piece it would cost
# the square of its length.
_LONGEST = 1 << 16
# ptgStr: token, number of characters, in BIFF8 a flag byte (0: 8-bit, 1: UTF-16), characters.
_LITERAL_8 = re.compile(rb"\x17([\x03-\xff])\x00(?=[\x20-\x7e\xa0-\xff])")
_LITERAL_16 = re.compile(rb"\x17([\x03-\xff])\x01(?=[\x00-\xff])")
_LITERAL_95 = re.compile(rb"\x17([\x03-\xff])(?=[\x20-\x7e\xa0-\xff])")
_LITERAL_12 = re.compile(rb"\x17([\x03-\xff])\x00(?=[\x20-\x7e\xa0-\xff]\x00)")
# ptgNum with a number of 100,000 or more: the upper bytes of a double.
_LONG_NUMBER = re.compile(rb"\x1f(?=.{6}(?:[\xf8-\xff]\x40|.[\x41-\x43]))", re.DOTALL)
_ERRORS = (struct.error, IndexError)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one generation of the format stores tokens: sizes behind the token of operands, and its strings."""

    operands: Mapping[int, int]
    wide: bool = False  # strings have a length of two bytes and are UTF-16, without a flag
    flagged: bool = False  # strings have a flag byte
    codec: str = "latin-1"

    def string(self, data: bytes, at: int) -> tuple[str, int]:
        """The string behind a token at an offset, and where it ends."""
        if self.wide:
            (length,) = struct.unpack_from("<H", data, at)
            return self._characters(data, at + 2, 2 * length, "utf-16-le")
        length = data[at]
        if not self.flagged:
            return self._characters(data, at + 1, length, self.codec)
        is_wide = data[at + 1] & 1
        codec = "utf-16-le" if is_wide else "latin-1"
        return self._characters(data, at + 2, length * (2 if is_wide else 1), codec)

    def element(self, data: bytes, at: int) -> tuple[str, bool, int]:
        """One element of an array constant: its text, whether it is one, and where it ends."""
        kind = data[at]
        at += 1
        if kind == (0 if self.wide else 1):
            return _number(struct.unpack_from("<d", data, at)[0]), False, at + 8
        if kind == (1 if self.wide else 2):
            if self.wide or not self.flagged:
                text, at = self.string(data, at)
                return text, True, at
            (length,) = struct.unpack_from("<H", data, at)
            is_wide = data[at + 2] & 1
            codec = "utf-16-le" if is_wide else "latin-1"
            text, at = self._characters(data, at + 3, length * (2 if is_wide else 1), codec)
            return text, True, at
        if not self.wide:
            return "", False, at + 8
        return "", False, at + (1 if kind == 2 else 4)

    @staticmethod
    def _characters(data: bytes, at: int, size: int, codec: str) -> tuple[str, int]:
        if at + size > len(data):
            raise struct.error("string behind the end of its formula")
        return data[at : at + size].decode(codec, "replace"), at + size


def _sizes(array: int, name: int, cell: int, area: int, in_sheet: tuple[int, int, int]) -> Mapping[int, int]:
    """Sizes of the operands by token: those of cells and areas differ with the size of a sheet."""
    name_of_other, sheet, area_of_sheet = in_sheet
    return MappingProxyType(
        {
            0x01: 4, 0x02: 4, 0x16: 0, _ERROR: 1, _BOOLEAN: 1,
            _ARRAY: array, 0x23: name, 0x24: cell, 0x25: area, _MEMORY: 6, 0x27: 6, 0x28: 6, 0x29: 2,
            0x2A: cell, 0x2B: area, 0x2C: cell, 0x2D: area, 0x2E: 2, 0x2F: 2,
            0x39: name_of_other, 0x3A: sheet, 0x3B: area_of_sheet, 0x3C: sheet, 0x3D: area_of_sheet,
        }
    )  # fmt: skip


BIFF12 = Dialect(_sizes(14, 4, 6, 12, (6, 8, 14)), wide=True)
BIFF8 = Dialect(_sizes(7, 4, 4, 8, (6, 6, 10)), flagged=True)


@lru_cache(maxsize=16)
def biff5(codec: str) -> Dialect:
    """The tokens of Excel 5 and 95, with strings in a code page."""
    return Dialect(_sizes(7, 14, 3, 6, (24, 17, 20)), codec=codec)


def _number(value: float) -> str:
    return str(int(value)) if abs(value) < _LARGEST and value == int(value) else ""


@dataclass(slots=True)
class _Stack:
    """Operands as text and whether they are one: numbers count only where they are long."""

    found: list[str] = field(default_factory=list)
    operands: list[tuple[str, bool]] = field(default_factory=list)

    def push(self, text: str = "", *, is_text: bool = False) -> None:
        if len(self.operands) >= _MOST_OPERANDS:
            self.end()
        self.operands.append((text, is_text))

    def concatenate(self) -> None:
        right = self.operands.pop() if self.operands else ("", False)
        left = self.operands.pop() if self.operands else ("", False)
        if left[1] or right[1]:
            # What is not in the formula itself (a cell, a result) parts the words.
            self.push((left[0] or " " * (not left[1])) + (right[0] or " " * (not right[1])), is_text=True)
        else:
            self._tell(left)
            self._tell(right)
            self.push()

    def take(self, count: int) -> None:
        """An operation or function takes its operands and gives a result."""
        if count:
            taken = self.operands[-count:]
            del self.operands[-count:]
            for one in taken:
                self._tell(one)
        self.push()

    def end(self) -> None:
        for one in self.operands:
            self._tell(one)
        self.operands.clear()

    def _tell(self, operand: tuple[str, bool]) -> None:
        text, is_text = operand
        text = text.strip()
        if len(text) > 2 if is_text else len(text.lstrip("-")) >= _DIGITS:
            self.found.append(text)


def may_hold_constants(formula: bytes) -> bool:
    """A cheap look whether ``constants`` can find any among the tokens themselves."""
    return b"\x17" in formula or _LONG_NUMBER.search(formula) is not None


def constants(formula: bytes, extra: bytes, dialect: Dialect) -> list[str]:
    """Texts of at least three characters and whole numbers of at least eight digits in a formula.

    ``extra`` is what stands behind the tokens: the values of array constants.  From a token on that is
    not known the strings are searched for, so that none is lost.
    """
    if len(formula) > _LONGEST:
        return list(searched(formula, dialect))
    stack = _Stack()
    at = 0
    arrays = 0
    try:
        while at < len(formula):
            token = formula[at]
            # Operands and functions come in three classes (reference, value, array) that read alike.
            kind = token if token < 0x20 or token >= 0x80 else token & 0x1F | 0x20
            after = _step(formula, at + 1, kind, stack, dialect)
            if after is None:
                break
            at = after
            arrays += kind == _ARRAY
    except _ERRORS:
        pass
    stack.end()
    found = stack.found
    if at < len(formula):
        found.extend(searched(formula[at:], dialect))
    if arrays:
        found.extend(_array_constants(extra, arrays, dialect))
    return found


def _step(formula: bytes, at: int, kind: int, stack: _Stack, dialect: Dialect) -> int | None:
    """Take one token whose data begins at an offset; gives the next one's, ``None`` for an unknown token."""
    if kind == _STRING:
        text, at = dialect.string(formula, at)
        stack.push(text.replace("\0", ", "), is_text=True)
    elif kind == _CONCATENATE:
        stack.concatenate()
    elif kind in _BINARY:
        stack.take(2)
    elif kind in _UNARY:
        pass
    elif kind == _INTEGER:
        stack.push(str(struct.unpack_from("<H", formula, at)[0]))
        at += 2
    elif kind == _NUMBER:
        stack.push(_number(struct.unpack_from("<d", formula, at)[0]))
        at += 8
    elif kind == _FUNCTION:
        stack.take(_ARGUMENTS.get(struct.unpack_from("<H", formula, at)[0], 1))
        at += 2
    elif kind == _FUNCTION_OF_MANY:
        stack.take(formula[at] & 0x7F)
        at += 3
    elif kind == _ATTRIBUTE:
        flags, size = struct.unpack_from("<BH", formula, at)
        if flags & _SUM:
            stack.take(1)
        at += 3 + (2 * (size + 1) if flags & _CHOOSE else 0)
    elif kind == _EXTENDED:
        stack.push()
        at += 13 if formula[at] == 0x19 else 5
    elif kind in dialect.operands:
        stack.push()
        at += dialect.operands[kind]
    else:
        return None
    return at


def _array_constants(extra: bytes, count: int, dialect: Dialect) -> Iterator[str]:
    """The values of array constants that tell something, in their order."""
    at = 0
    try:
        for _ in range(count):
            if dialect.wide:
                columns, rows = struct.unpack_from("<LL", extra, at)
                at += 8
            else:
                columns, rows = extra[at] + 1, struct.unpack_from("<H", extra, at + 1)[0] + 1
                at += 3
            for _ in range(min(columns * rows, len(extra))):
                text, is_text, at = dialect.element(extra, at)
                if len(text) > 2 if is_text else len(text.lstrip("-")) >= _DIGITS:
                    yield text
    except _ERRORS:
        yield from searched(extra[at:], dialect)


def searched(tokens: bytes, dialect: Dialect) -> Iterator[str]:
    """Strings among tokens that cannot be walked; what looks like one but is not readable is left out."""
    patterns = ((_LITERAL_8, 1, "latin-1"), (_LITERAL_16, 2, "utf-16-le"))
    if dialect.wide:
        patterns = ((_LITERAL_12, 2, "utf-16-le"),)  # type: ignore[assignment]
    elif not dialect.flagged:
        patterns = ((_LITERAL_95, 1, dialect.codec),)  # type: ignore[assignment]
    for pattern, width, codec in patterns:
        for match in pattern.finditer(tokens):
            raw = tokens[match.end() : match.end() + match[1][0] * width]
            text = raw.decode(codec, "replace").replace("\0", ", ")
            if len(raw) == match[1][0] * width and text.isprintable():
                yield text
