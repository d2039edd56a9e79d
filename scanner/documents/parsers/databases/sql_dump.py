"""Dumps of databases in SQL: the rows of INSERT and COPY under their columns' names, all else as text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from scanner.documents.cutting import cut_at, pieces
from scanner.documents.decoding import decoded_pieces
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.databases.stored_bytes import stored
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import row_segment
from scanner.documents.sql_statements import (
    DATA_STATEMENT,
    HEAD_LONGEST,
    Head,
    copy_head,
    create_head,
    insert_head,
)

_AHEAD = 1_000_000
_PIECE = 500_000
# A row of more is read as text: it holds a document of over 16 MB, or a quote that is never closed.
_LONGEST_ROW = 32_000_000
# Tables that are remembered at a time; in a file that names more, the first are forgotten.
_TABLES = 20_000
_SEPARATOR_LONGEST = 2_000
# So many signs may be searched in vain for the end of a row, besides twice what was read.
_IN_VAIN = 4_000_000
# More is no row: no database has so many columns.
_MOST_VALUES = 10_000
_MOST_TOKENS = 20_000

# A value as most are: a string without quotes or backslashes in it, a number, NULL.
_SIMPLE = re.compile(
    r"\s{0,200}(?:(?:[Nn]|_[A-Za-z0-9]{1,20} ?)?'(?P<string>[^'\\]*)'|(?P<word>[\w.+\-]{1,100}))\s{0,200}[,)]"
)
_TOKEN = re.compile(r"(?P<quote>')|(?P<mark>[(),;\[\]])|(?P<space>\s+)|(?P<word>\|\||[+|]|[^\s'(),;|+\[\]]+)")
_BETWEEN_ROWS = re.compile(r"\s{0,900}(?:,\s{0,900}(?:--[^\n]{0,900}\n\s{0,100})?(?=\()|;)?")
_STATEMENTS = frozenset({"INSERT", "REPLACE", "COPY", "CREATE"})
_NOTHING = frozenset({"NULL", "DEFAULT"})
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": " ", "b": " ", "Z": " ", "f": "\f", "v": "\v"}
_QUOTE_ESCAPE = re.compile(r"\\'|''")
_COPY_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_HEX = re.compile(r"(?:0[xX]|\\x)([0-9A-Fa-f]{2,})\Z")
_LONG_HEX = re.compile(r"[0-9A-Fa-f]{1000,}")
_HEX_SHORT = 40
_NUMBER = re.compile(r"[+-]?[0-9][0-9.]*\Z")
_DATE_FUNCTION = re.compile(r"(?:TO_(?:DATE|TIMESTAMP(?:_TZ)?)|STR_TO_DATE)\Z", re.IGNORECASE)
_DATE_MASK = re.compile(r"[A-Za-z0-9%/:., _\-]{2,40}\Z")
_STORED_DATE = frozenset({"DATE", "DATETIME", "SMALLDATETIME", "DATETIME2"})
_TRIFLE = re.compile(r"(?:\s|;|\bGO\b)*\Z", re.IGNORECASE)


class Backslash(Enum):
    """What a backslash in a string means; dialects differ."""

    ESCAPES = 1
    ITSELF = 2
    UNKNOWN = 3


_MYSQL = re.compile(r"`|\bENGINE ?=|MySQL|MariaDB|/\*![0-9]", re.IGNORECASE)
_STANDARD = re.compile(
    r"PostgreSQL database|standard_conforming_strings = on|\[dbo\]|^GO\s|\bN'|PRAGMA foreign_keys|"
    r"\bto_date\(",
    re.IGNORECASE | re.MULTILINE,
)


class SqlDumpParser:
    """Reads dumps of MySQL, MariaDB, PostgreSQL, SQL Server, SQLite and Oracle, and scripts like them."""

    kinds = frozenset({"sql"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield text and rows in the order of the file, in bounded memory."""
        with source.open() as file:
            yield from _Dump(decoded_pieces(file), limits).events()


@dataclass(slots=True)
class _Table:
    """What is known of a table: its number, columns as created and as named last, how many rows came."""

    number: int
    created: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    rows: int = 0

    def name(self, columns: tuple[str, ...]) -> None:
        if columns and columns != self.columns:
            self.columns = columns
            self.cells = tuple(f"column {column}" for column in columns)


class _IncompleteError(Exception):
    """The text at hand ends within a row."""


class _Dump:
    """One dump: a window of its text that moves on, and the tables met so far."""

    def __init__(self, texts: Iterator[str], limits: Limits) -> None:
        self._texts = texts
        self._limits = limits
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._tables: dict[str, _Table] = {}
        self._numbered = 0
        self._cells = 0
        self._backslash = Backslash.UNKNOWN
        # Signs that were passed, and signs that were searched in vain for the end of a row.
        self._passed = 0
        self._searched = 0

    def events(self) -> Iterator[Event]:
        """Yield everything."""
        self._fill(_AHEAD)
        self._backslash = backslash_of(self._text[:64_000])
        while self._cells <= self._limits.cells:
            self._fill(_AHEAD)
            if self._at >= len(self._text):
                return
            yield from self._next()
        yield Gap(HERE, Shortfall.LIMIT, f"more than {self._limits.cells:,} cells")

    def _fill(self, count: int) -> None:
        """See to it that so many characters lie ahead, where there are so many."""
        ahead = len(self._text) - self._at
        if ahead >= count or self._ended:
            return
        parts = [self._text[self._at :]]
        while ahead < count:
            piece = next(self._texts, None)
            if piece is None:
                self._ended = True
                break
            parts.append(piece)
            ahead += len(piece)
        self._text = "".join(parts)
        self._at = 0

    def _go(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._passed += end - self._at
        self._at = end

    def _read_text(self, end: int) -> Iterator[Segment]:
        """Yield what stands before ``end`` as running text."""
        passed = self._text[self._at : end]
        if not _TRIFLE.match(passed):
            line = self._line
            for piece in pieces((passed,), min(_PIECE, self._limits.segment_characters)):
                text = piece.replace("\r\n", "\n").replace("\0", " ")
                yield Segment(text, HERE / f"line {line}")
                line += piece.count("\n")
        self._go(end)

    def _next(self) -> Iterator[Event]:
        """Yield the text up to the next statement with rows, and these."""
        look = self._at
        while match := DATA_STATEMENT.search(self._text, look):
            if self._searched > _IN_VAIN + 2 * self._passed:
                break  # rows that never end, one after the other: all that follows is text
            if len(self._text) - match.start() < HEAD_LONGEST and not self._ended:
                yield from self._read_text(match.start())
                self._fill(HEAD_LONGEST)
                look = self._at
                continue
            if head := insert_head(self._text, match.start()):
                yield from self._read_text(match.start())
                self._go(head.end)
                yield from self._inserted(self._table(head))
                return
            if head := copy_head(self._text, match.start()):
                yield from self._read_text(match.start())
                self._go(head.end)
                yield from self._copied(self._table(head), head.options or "")
                return
            if head := create_head(self._text, match.start()):
                self._table(head).created = head.columns
            look = match.end()
        # A line that is not whole yet may be the head of a statement.
        end = len(self._text)
        if not self._ended:
            end = self._text.rfind("\n", self._at) + 1 or cut_at(self._text, end - self._at - 1, self._at)
        yield from self._read_text(end)

    def _table(self, head: Head) -> _Table:
        table = self._tables.get(head.table)
        if table is None:
            if len(self._tables) >= _TABLES:
                del self._tables[next(iter(self._tables))]
            self._numbered += 1
            table = self._tables[head.table] = _Table(self._numbered)
        table.name(head.columns or table.created)
        self._place = HERE / f'table "{head.table}"'
        return table

    def _row(self, table: _Table, values: Sequence[str]) -> Iterator[Event]:
        table.rows += 1
        self._cells += len(values)
        place = self._place / f"row {table.rows}"
        members: list[Member] = []
        texts = [self._content(value, place, table, index, members) for index, value in enumerate(values)]
        yield row_segment(texts, table.columns, place, cells=table.cells, table=table.number)
        yield from members

    def _content(self, value: str, place: Location, table: _Table, index: int, members: list[Member]) -> str:
        """A value's text; what is written as a row of hexadecimal digits is what the bytes are."""
        if not value.startswith(("0x", "0X", "\\x")) or not (match := _HEX.match(value)):
            return value.replace("\0", " ") if "\0" in value else value
        if len(match[1]) % 2:
            return value
        cell = table.cells[index] if index < len(table.cells) else f"column {index + 1}"
        text = stored(bytes.fromhex(match[1]), place / cell, members)
        return text or (value if len(value) <= _HEX_SHORT else "")

    def _inserted(self, table: _Table) -> Iterator[Event]:
        """Yield the rows of one INSERT; where they stop reading like rows, the rest is left to be text."""
        while self._cells <= self._limits.cells:
            try:
                row = self._values(self._at)
            except _IncompleteError:
                ahead = len(self._text) - self._at
                if self._ended or ahead > _LONGEST_ROW:
                    self._searched += ahead
                if self._ended:
                    return
                if ahead > _LONGEST_ROW:
                    yield from self._oversize(table)
                    return
                self._fill(min(2 * ahead + _AHEAD, _LONGEST_ROW + 1))
                continue
            if row is None:
                return
            values, end = row
            yield from self._row(table, values)
            self._go(end)
            self._fill(_SEPARATOR_LONGEST)
            between = _BETWEEN_ROWS.match(self._text, self._at)
            if between is None or "," not in between[0]:
                self._go(between.end() if between else self._at)
                return
            self._go(between.end())

    def _oversize(self, table: _Table) -> Iterator[Event]:
        """Yield a row that no memory should hold as text, up to its line's end; not its binary values."""
        table.rows += 1
        place = self._place / f"row {table.rows}"
        dropped = False
        ended = False
        while not ended:
            self._fill(_AHEAD)
            if self._at >= len(self._text):
                break
            end = self._text.find("\n", self._at) + 1
            ended = bool(end)
            if not end:
                end = len(self._text)
                if not self._ended:
                    end = cut_at(self._text, end - self._at - 1, self._at)
            text, count = _LONG_HEX.subn(" ", self._text[self._at : end])
            dropped = dropped or bool(count)
            self._go(end)
            for piece in pieces((text,), min(_PIECE, self._limits.segment_characters)):
                yield Segment(piece.replace("\0", " "), place)
        if dropped:
            yield Gap(
                place, Shortfall.TOO_LARGE, f"binary values in a row of more than {_LONGEST_ROW:,} signs"
            )

    def _values(self, at: int) -> tuple[list[str], int] | None:
        """Values of the row whose bracket opens at ``at``, and where it ends; ``None`` where it is no row."""
        text = self._text
        if text[at : at + 1] != "(":
            return None
        values: list[str] = []
        position = at + 1
        while len(values) < _MOST_VALUES:
            if simple := _SIMPLE.match(text, position):
                string, word = simple.group("string", "word")
                if string is not None:
                    values.append(string)
                else:
                    values.append("" if word.upper() in _NOTHING else word)
                position = simple.end()
            else:
                found = _Expression(text, self._backslash).read(position)
                if found is None:
                    return None
                value, position = found
                values.append(value)
            if text[position - 1] == ")":
                return values, position
        return None

    def _copied(self, table: _Table, options: str) -> Iterator[Event]:
        """Yield the rows of one COPY, a line each, up to the line that ends them."""
        as_csv = "csv" in options.lower()
        while self._cells <= self._limits.cells:
            self._fill(_SEPARATOR_LONGEST)
            end = self._text.find("\n", self._at) + 1
            if not end:
                ahead = len(self._text) - self._at
                if not self._ended:
                    if ahead > _LONGEST_ROW:
                        yield from self._oversize(table)
                    else:
                        self._fill(min(2 * ahead + _AHEAD, _LONGEST_ROW + 1))
                    continue
                if not ahead:
                    return
                end = len(self._text)
            line = self._text[self._at : end].rstrip("\r\n")
            self._go(end)
            if line == "\\.":
                return
            yield from self._row(table, _csv_values(line) if as_csv else copied_values(line))


def backslash_of(start: str) -> Backslash:
    """What a backslash means, by the dialect that the start of a dump shows."""
    if _STANDARD.search(start, 0, 3_000):
        return Backslash.ITSELF
    if _MYSQL.search(start):
        return Backslash.ESCAPES
    return Backslash.ITSELF if _STANDARD.search(start) else Backslash.UNKNOWN


def copied_values(line: str) -> list[str]:
    """Values of a line of PostgreSQL's COPY in its text format.

    >>> copied_values("7" + chr(9) + "Quigley" + chr(9) + chr(92) + "N")
    ['7', 'Quigley', '']
    """
    values = line.split("\t")
    if "\\" not in line:
        return values
    return ["" if value == "\\N" else _COPY_ESCAPE.sub(_copied_sign, value) for value in values]


def _copied_sign(match: re.Match[str]) -> str:
    digits, octal, sign = match.groups()
    if digits:
        return chr(int(digits, 16))
    if octal:
        return chr(int(octal, 8))
    return _ESCAPED.get(sign, sign)


def _csv_values(line: str) -> list[str]:
    try:
        return next(csv.reader((line,)), [])
    except csv.Error:
        return line.split(",")


class _Expression:
    """A value that is more than one plain literal: quotes within, functions, casts, joined strings."""

    def __init__(self, text: str, backslash: Backslash) -> None:
        self._text = text
        self._backslash = backslash
        self._strings: list[str] = []
        self._words: list[str] = []
        self._joined = False

    def read(self, start: int) -> tuple[str, int] | None:
        """The value from ``start`` on and the position behind the comma or bracket that ends it.

        ``None`` where the statement ends first, and for what no tool writes.  Raises ``_IncompleteError``
        where the text ends first.
        """
        depth = 0
        position = start
        last = ""
        for _ in range(_MOST_TOKENS):
            token = _TOKEN.match(self._text, position)
            if token is None:
                raise _IncompleteError
            position = token.end()
            kind = token.lastgroup
            if kind == "quote":
                position = self._string(position, last.upper())
                last = ""
            elif kind == "word":
                last = token[0]
                if last.upper() in _STATEMENTS and self._begins_statement(token.start(), position):
                    return None
                self._word(last)
            elif kind == "mark":
                mark = token[0]
                if mark == ";":
                    return None
                if not depth and mark in ",)":
                    return self._value(self._text[start : position - 1].strip()), position
                depth += (mark in "([") - (mark in ")]")
                if mark not in "([":
                    last = ""
        return None

    def _begins_statement(self, start: int, end: int) -> bool:
        return self._text[end : end + 1].isspace() and "\n" in self._text[max(0, start - 20) : start]

    def _word(self, word: str) -> None:
        before = self._words[-1].upper() if self._words else ""
        if word in ("||", "+"):
            self._joined = True
        if before in ("CHR", "CHAR", "NCHAR") and word.isdecimal() and int(word[:9]) < 0xD800:
            self._strings.append(chr(int(word[:9])))
        self._words.append(word)

    def _string(self, start: int, prefix: str) -> int:
        """Take up the string that opens before ``start``; returns the position behind its last quote."""
        backslash = Backslash.ESCAPES if prefix == "E" else self._backslash
        text = self._text
        position = start
        while True:
            quote = text.find("'", position)
            if quote < 0 or quote + 1 == len(text):
                raise _IncompleteError
            position = quote + 1
            if backslash is not Backslash.ITSELF and self._is_escaped(quote, start, backslash):
                continue
            if text[position] != "'":
                break
            position += 1
        value = text[start:quote]
        if prefix == "X":
            value = "0x" + value
        elif backslash is Backslash.ESCAPES and "\\" in value:
            value = _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]) if match[1] else "'", value)
        elif backslash is Backslash.UNKNOWN:
            value = _QUOTE_ESCAPE.sub("'", value)
        else:
            value = value.replace("''", "'")
        self._strings.append(value)
        return position

    def _is_escaped(self, quote: int, start: int, backslash: Backslash) -> bool:
        first = quote
        while first > start and self._text[first - 1] == "\\":
            first -= 1
        if not (quote - first) % 2:
            return False
        if backslash is Backslash.ESCAPES:
            return True
        # Unknown dialect: 'C:\' before a comma or a bracket ends there, 'it\'s' does not.
        return self._text[quote + 1 : quote + 20].lstrip()[:1] not in (",", ")")

    def _value(self, raw: str) -> str:
        words, strings = self._words, self._strings
        first = words[0].upper() if words else ""
        if not strings:
            number = next((word for word in words if word[:2] in ("0x", "0X")), "")
            if number and words[-1].upper() in _STORED_DATE:
                return stored_date(number, words[-1].upper())
            if first in ("CAST", "CONVERT"):
                return number or next(filter(_NUMBER.match, words), "")
            return number or ("" if raw.upper() in _NOTHING else raw)
        if _DATE_FUNCTION.match(first):
            strings = [strings[0], *(one for one in strings[1:] if not _DATE_MASK.match(one))]
        elif first == "REPLACE":
            # As SQLite writes the ends of lines: replace('a\nb','\n',char(10)).
            value = strings[0]
            for sign in strings[1:]:
                if sign in ("\\n", "\\r"):
                    value = value.replace(sign, "\n")
            strings = [value, *(one for one in strings[1:] if one.strip() and one not in ("\\n", "\\r"))]
        return ("" if self._joined or first == "CONCAT" else " ").join(strings)


def stored_date(digits: str, kind: str) -> str:
    """A date that SQL Server scripts as bytes (MS-TDS 2.2.5.5.1), as the bytes where it is none.

    >>> stored_date("0x00006CA500000000", "DATETIME"), stored_date("0xD3010B00", "DATE")
    ('1976-02-25', '1976-01-11')
    """
    try:
        data = bytes.fromhex(digits[2:])
        if kind == "DATETIME":
            return str(date(1900, 1, 1) + timedelta(days=int.from_bytes(data[:4], "big", signed=True)))
        if kind == "SMALLDATETIME":
            return str(date(1900, 1, 1) + timedelta(days=int.from_bytes(data[:2], "big")))
        days = data if kind == "DATE" else data[-3:]
        return str(date(1, 1, 1) + timedelta(days=int.from_bytes(days, "little")))
    except (ValueError, OverflowError):
        return digits
