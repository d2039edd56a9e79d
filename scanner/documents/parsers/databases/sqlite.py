"""SQLite databases: the rows of every table, the schema, and what deleted rows have left in the file.

The file is handed to SQLite in memory: nothing beside it is opened, no view, trigger or function of it runs.
Deleted rows are looked for in free pages and in the free space of table pages (file format: sqlite.org,
"Database File Format").
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.databases.stored_bytes import readable_runs, stored
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import row_segment
from scanner.documents.strings import string_segments

_DELETED = "deleted rows"
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA})
# Instructions of SQLite's machine between two looks at how much was done: one statement is a plain scan of
# a table, and cannot need more than a few for each byte of the file.
_INSTRUCTIONS = 1_000_000
_LONGEST_VALUE = 100_000_000
_LEAF = 0x0D
_COLUMNS = 2_000


class SqliteParser:
    """Reads SQLite databases."""

    kinds = frozenset({"sqlite"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the schema, the rows table by table, then deleted rows."""
        data = bytearray(source.read())
        # A database in WAL mode opens only with its companion files beside it: what this file holds is read.
        data[18:20] = b"\x01\x01"
        try:
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
                _prepare(database, data)
                yield from _Tables(database, limits, len(data)).events()
        except sqlite3.Error as error:
            yield Gap(
                HERE, Shortfall.DAMAGED, f"database: {type(error).__name__}; only runs of letters are read"
            )
            with source.open() as file:
                yield from string_segments(file, HERE)
            return
        yield from _deleted(bytes(data))


def _prepare(database: sqlite3.Connection, data: bytearray) -> None:
    database.deserialize(data)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "temp_store=MEMORY"):
        database.execute(f"PRAGMA {pragma}").close()
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    database.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Tables:
    """All tables of one open database."""

    def __init__(self, database: sqlite3.Connection, limits: Limits, size: int) -> None:
        self._database = database
        self._limits = limits
        self._size = size
        self._cells = 0

    def events(self) -> Iterator[Event]:
        """Yield the schema and every table's rows.  Raises ``sqlite3.Error`` without a readable schema."""
        schema = self._database.execute("SELECT type, name, rootpage, sql FROM sqlite_master").fetchall()
        statements = "\n".join(str(sql) for *_, sql in schema if sql)
        if statements:
            yield Segment(statements, Location(("schema",)), "database schema")
        number = 0
        for kind, name, root, _ in schema:
            # A virtual table has no pages: what it shows stands in other tables.
            if kind != "table" or not root or not isinstance(name, str):
                continue
            number += 1
            place = Location((f'table "{name}"',))
            try:
                yield from self._rows(name, place, number)
            except sqlite3.Error as error:
                yield Gap(place, Shortfall.DAMAGED, f"table in part: {type(error).__name__}")
            if self._cells > self._limits.cells:
                yield Gap(HERE, Shortfall.LIMIT, f"more than {self._limits.cells:,} cells")
                return

    def _rows(self, name: str, place: Location, number: int) -> Iterator[Event]:
        information = self._database.execute(f"PRAGMA table_xinfo({_quoted(name)})").fetchall()
        # Columns that are computed when they are read would run the file's own expressions.
        columns = [str(row[1]) for row in information if row[6] in (0, 3)][:_COLUMNS]
        if not columns:
            return
        labels = [" ".join(column.split()) for column in columns]
        cells = tuple(f"column {label}" for label in labels)
        chosen = ", ".join(map(_quoted, columns))
        turns = 100 + self._size // 1_000

        def has_run_too_long() -> int:
            nonlocal turns
            turns -= 1
            return int(turns < 0)

        self._database.set_progress_handler(has_run_too_long, _INSTRUCTIONS)
        # The names come from the file itself and are quoted; nothing else can be selected from.
        rows = self._database.execute(f"SELECT {chosen} FROM {_quoted(name)}")  # noqa: S608
        for index, row in enumerate(rows, 1):
            self._cells += len(row)
            if self._cells > self._limits.cells:
                return
            line = place / f"row {index}"
            members: list[Member] = []
            values = [
                self._value(value, line / cell, members) for value, cell in zip(row, cells, strict=True)
            ]
            yield row_segment(values, labels, line, cells=cells, table=number)
            yield from members

    def _value(self, value: object, place: Location, members: list[Member]) -> str:
        """A value as text; documents and pictures kept in a column become members instead."""
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if not isinstance(value, bytes):
            return repr(value)
        return stored(value, place, members)


def _deleted(data: bytes) -> Iterator[Segment]:
    """Yield what is left of deleted rows, page by page; each text once."""
    size = struct.unpack_from(">H", data, 16)[0]
    size = 65_536 if size == 1 else size
    if size < 512 or size & (size - 1):
        return
    free = _free_pages(data, size)
    seen: set[bytes] = set()
    for number in range(1, len(data) // size + 1):
        page = data[(number - 1) * size : number * size]
        head = 100 if number == 1 else 0
        lines: list[str] = []
        if number in free:
            if page not in seen:
                seen.add(page)
                lines = _old_rows(page, head) if page[head] == _LEAF else readable_runs(page)
        elif page[head] == _LEAF:
            for block, exact in _free_space(page, head):
                if block.strip(b"\0") and block not in seen:
                    seen.add(block)
                    lines += _carved(block) if exact else readable_runs(block)
        if lines:
            yield Segment("\n".join(lines), Location((_DELETED, f"page {number}")), _DELETED)


def _free_pages(data: bytes, size: int) -> set[int]:
    """Numbers of the pages on the list of free pages."""
    free: set[int] = set()
    trunk = struct.unpack_from(">I", data, 32)[0]
    last = len(data) // size
    while 0 < trunk <= last and trunk not in free:
        free.add(trunk)
        start = (trunk - 1) * size
        following, count = struct.unpack_from(">II", data, start)
        leaves = struct.unpack_from(f">{min(count, size // 4 - 2)}I", data, start + 8)
        free.update(page for page in leaves if 0 < page <= last)
        trunk = following
    return free


def _free_space(page: bytes, head: int) -> Iterator[tuple[bytes, bool]]:
    """Unused stretches of a table's page; the second value: a block that was one row."""
    first, count, content = struct.unpack_from(">HHH", page, head + 1)
    content = content or 65_536
    used = head + 8 + 2 * count
    if used < content <= len(page):
        yield page[used:content], False
    visited = 0
    while head + 8 < first < len(page) - 4 and visited < len(page) // 4:
        following, length = struct.unpack_from(">HH", page, first)
        yield page[first : first + length], True
        visited += 1
        if following <= first:
            return
        first = following


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Read SQLite's variable-length integer; returns the value and the position behind it."""
    value = 0
    for count in range(9):
        byte = data[position]
        position += 1
        if count == 8:
            return value << 8 | byte, position
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, position


def _length(serial: int) -> int:
    """Bytes of a value by its serial type."""
    if serial >= 12:
        return (serial - 12) // 2
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[serial]


def _value(data: bytes, serial: int) -> str:
    if serial >= 12:
        return data.decode("utf-8", "replace") if serial % 2 else " ".join(readable_runs(data))
    if serial == 7 and len(data) == 8:
        return repr(struct.unpack(">d", data)[0])
    return {8: "0", 9: "1"}.get(serial, str(int.from_bytes(data, "big", signed=True)) if data else "")


def _old_rows(page: bytes, head: int) -> list[str]:
    """Rows of a page that was freed as a whole: its cells mostly stand as they stood."""
    rows = []
    count = struct.unpack_from(">H", page, head + 3)[0]
    for index in range(min(count, (len(page) - head - 8) // 2)):
        position = struct.unpack_from(">H", page, head + 8 + 2 * index)[0]
        try:
            payload, position = _varint(page, position)
            _, position = _varint(page, position)
            end = position + payload
            header, at = _varint(page, position)
            values = []
            body = position + header
            while at < position + header and body <= min(end, len(page)):
                serial, at = _varint(page, at)
                values.append(_value(page[body : body + _length(serial)], serial))
                body += _length(serial)
        except IndexError:
            return readable_runs(page)
        rows.append("\t".join(values))
    return rows if rows else readable_runs(page)


def _carved(block: bytes) -> list[str]:
    """The row that a freed block was: its first four bytes are lost, its columns' types mostly are not.

    A list of types that accounts for the block to its last byte is the row's; else its runs of letters.
    """
    for start in range(3, 9):
        serials: list[int] = []
        position, total = start, 0
        try:
            while position + total < len(block) and len(serials) < _COLUMNS:
                serial, position = _varint(block, position)
                if serial in (10, 11):
                    break
                serials.append(serial)
                total += _length(serial)
                if position + total == len(block) and len(serials) > 1:
                    return ["\t".join(_values(block, position, serials))]
        except IndexError:
            continue
    return readable_runs(block)


def _values(block: bytes, position: int, serials: list[int]) -> Iterator[str]:
    for serial in serials:
        length = _length(serial)
        yield _value(block[position : position + length], serial)
        position += length
