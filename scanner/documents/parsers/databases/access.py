"""Access databases (MDB, ACCDB) through the mdbtools programs, where they are installed: rows of tables."""

from __future__ import annotations

import csv
import io
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from scanner.documents.external_program import ProgramError, as_file, find_program, output_of
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.databases.access_pages import deleted_rows
from scanner.documents.parsers.databases.access_values import value_of
from scanner.documents.protocol import HERE, Event, Member, ProtectionNote, Source
from scanner.documents.rows import row_segment
from scanner.documents.strings import only_strings

_TABLES, _LONGEST_NAME = 5_000, 64  # the latter is that of Access
_FIELD_CHARACTERS = 10_000_000
# Where Access 2007 and later keep how pages are encrypted (MS-OFFCRYPTO's EncryptionInfo, with its length).
_ENCRYPTION_INFO = 0x299
_PAGE = 4_096
# Where a head is hidden, and under which key, which everybody knows.
_HIDDEN, _HIDDEN_BYTES, _HEAD_KEY = 0x18, 128, b"\xc7\xda\x39\x6b"
# The tables of the program itself, whose rows are forms, layouts and rights.
_OWN = ("MSys", "~TMPCLP")
# Where Access 2007 and later keep attached files, and the lists of a field with several values.
_ATTACHMENTS = re.compile(r"f_[0-9A-Fa-f]{32}_(.*)")
_COLUMN = re.compile(r"\t\[(.+)\]\s+(\w+)")
_BINARY = frozenset({"OLE", "Binary"})
# How the program prints a page that it does not understand.
_DUMPED = re.compile(r"[0-9a-f]{4,}x  ")
# Hexadecimal digits of one object.
_OBJECT_DIGITS = 100_000_000
# Types of an entry of the list of objects: tables in other files and databases.
_LINKED = frozenset({"4", "6"})


def mdbtools() -> bool:
    """Whether the programs are installed."""
    return bool(find_program("mdb-tables") and find_program("mdb-export"))


class AccessParser:
    """Reads the tables of Access databases; without the programs their readable strings, in part."""

    kinds = frozenset({"access"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the rows of all tables, links, queries and deleted rows; forms and macros are not read."""
        if method := _encryption(source.head(_PAGE)):
            yield ProtectionNote(Protection.STRONG, HERE, method)
            yield Gap(HERE, Shortfall.ENCRYPTED, "needs a password")
            return
        if method := _lock_in_name(source.head(_PAGE)):
            yield ProtectionNote(Protection.NAME_ONLY, HERE, method, "no encryption")
        if not mdbtools():
            yield from only_strings(source, "no mdbtools installed")
        else:
            with as_file(source) as path:
                yield from _database(source, path, limits)


def _encryption(head: bytes) -> str:
    """The scheme of an encrypted database, empty where there is none."""
    if not head.startswith(b"\x00\x01\x00\x00Standard ACE DB") or len(head) < _ENCRYPTION_INFO + 6:
        return ""
    length, major, minor = struct.unpack_from("<HHH", head, _ENCRYPTION_INFO)
    if not 8 < length < _PAGE - _ENCRYPTION_INFO or major not in (1, 2, 3, 4) or minor > 4:
        return ""
    return "Access, agile encryption" if (major, minor) == (4, 4) else "Access, Office encryption"


def _lock_in_name(head: bytes) -> str:
    """A password or a code that keeps nobody out who has another program; empty where there is none.

    The head is hidden under a stream of RC4 with one key for all files; in it stand the key of the pages,
    and the password with the day of creation laid over it.
    """
    if len(head) < _PAGE or head[0x14:0x15] == b"\0":
        return ""
    hidden = head[_HIDDEN : _HIDDEN + _HIDDEN_BYTES]
    plain = bytes(one ^ other for one, other in zip(hidden, _stream(len(hidden)), strict=True))
    key, password = plain[0x3E - _HIDDEN :][:4], plain[0x42 - _HIDDEN :][:40]
    (day,) = struct.unpack_from("<d", plain, 0x72 - _HIDDEN)
    over = struct.pack("<L", int(day)) if 0 < day < 2**31 else bytes(4)
    if any(byte ^ over[at % 4] for at, byte in enumerate(password)):
        return "Access database password"
    return "Access encoding" if any(key) else ""


@cache
def _stream(length: int) -> bytes:
    """The stream of RC4 that hides every head."""
    state = list(range(256))
    other = 0
    for at in range(256):
        other = (other + state[at] + _HEAD_KEY[at % len(_HEAD_KEY)]) & 255
        state[at], state[other] = state[other], state[at]
    out = bytearray()
    at = other = 0
    for _ in range(length):
        at = (at + 1) & 255
        other = (other + state[at]) & 255
        state[at], state[other] = state[other], state[at]
        out.append(state[(state[at] + state[other]) & 255])
    return bytes(out)


def _database(source: Source, path: str, limits: Limits) -> Iterator[Event]:
    try:
        with output_of([find_program("mdb-tables"), "-S", "-1", path]) as listing:
            names = listing.read(_FIELD_CHARACTERS).decode("utf-8", "replace").splitlines()
    except ProgramError:
        yield from only_strings(source, "mdbtools cannot open it")
        return
    binary: dict[str, frozenset[str]] = {}
    try:
        binary = _binary_columns(path)
    except ProgramError:
        yield Gap(HERE, Shortfall.DAMAGED, "definitions of tables")
    tables = [name for name in names if name.strip() and not name.startswith(_OWN)]
    if any(len(name) > _LONGEST_NAME for name in tables):
        # The program prints pages that it does not understand in the midst of the names.
        yield Gap(HERE, Shortfall.DAMAGED, "list of the tables")
        tables = [name for name in tables if len(name) <= _LONGEST_NAME]
        yield from only_strings(source, "tables may be missing")
    cells = 0
    for number, name in enumerate(tables[:_TABLES], 1):
        attached = _ATTACHMENTS.fullmatch(name)
        place = Location((f'table "{name}"' if attached is None else f'attachments "{attached[1]}"',))
        if attached is None:
            yield Segment(name, place / "name")
        try:
            for event in _rows(path, name, number, place, binary.get(name, frozenset())):
                cells += len(event.fields) if isinstance(event, Segment) else 1
                yield event
                if cells > limits.cells:
                    yield Gap(place, Shortfall.LIMIT, f"more than {limits.cells:,} cells")
                    return
        except (ProgramError, csv.Error) as error:
            yield Gap(place, Shortfall.DAMAGED, type(error).__name__)
    if len(tables) > _TABLES:
        yield Gap(HERE, Shortfall.LIMIT, f"more than {_TABLES:,} tables")
    owners: dict[int, str] = {}
    with suppress(ProgramError, csv.Error):  # what the program keeps is no loss where it is damaged
        yield from _links_and_queries(path, owners)
    yield from deleted_rows(source, owners)
    if not tables:
        yield from only_strings(source, "no tables of its own")


def _binary_columns(path: str) -> dict[str, frozenset[str]]:
    """The columns of each table that keep bytes."""
    found: dict[str, set[str]] = {}
    table = ""
    with output_of([find_program("mdb-schema"), path]) as output:
        for line in io.TextIOWrapper(output, "utf-8", "replace"):
            if line.startswith("CREATE TABLE ["):
                table = line[len("CREATE TABLE [") :].rstrip().removesuffix("]")
            elif (column := _COLUMN.match(line)) and column[2] in _BINARY:
                found.setdefault(table, set()).add(column[1])
    return {name: frozenset(columns) for name, columns in found.items()}


def _export(path: str, name: str, *, digits: bool) -> Iterator[list[str]]:
    """The labels of a table, then its rows; bytes as hexadecimal digits where they are asked for."""
    dates = ("-D", "%d/%m/%Y", "-T", "%d/%m/%Y %H:%M")
    command = [find_program("mdb-export"), "-b", "hex" if digits else "strip", *dates, path, name]
    with output_of(command) as output:
        lines = io.TextIOWrapper(output, "utf-8", "replace", newline="")
        csv.field_size_limit(_OBJECT_DIGITS if digits else _FIELD_CHARACTERS)
        yield from csv.reader(lines)


def _rows(path: str, name: str, number: int, place: Location, binary: frozenset[str]) -> Iterator[Event]:
    rows = _export(path, name, digits=bool(binary))
    labels = next(rows, [])
    if labels and _DUMPED.match(labels[0]):
        raise ProgramError("mdb-export")
    cells = tuple(f"column {label}" for label in labels)
    objects = [column for column, label in enumerate(labels) if label in binary]
    named = labels.index("FileName") if "FileName" in labels else -1
    for index, row in enumerate(rows, 1):
        where = place / f"row {index}"
        members: list[Member] = []
        for column in objects:
            if column < len(row) and row[column]:
                file = row[named] if 0 <= named < len(row) else ""
                with suppress(ValueError):  # no digits: the program has said something else
                    value = bytes.fromhex(row[column])
                    row[column] = value_of(value, file, where / cells[column], members)
        yield row_segment(row, labels, where, cells=cells, table=number)
        yield from members


def _links_and_queries(path: str, owners: dict[int, str]) -> Iterator[Event]:
    """Tables that stand in other files, and the texts of queries; ``owners`` gets the names of tables."""
    queries: dict[str, str] = {}
    for row in _dictionaries(_export(path, "MSysObjects", digits=False)):
        name, kind, number = row.get("Name", ""), row.get("Type", ""), row.get("Id", "")
        queries[number] = name
        if kind == "1" and number.isdigit() and not name.startswith(_OWN):
            owners[int(number)] = name
        if kind in _LINKED:
            source = [row.get(key, "") for key in ("Connect", "Database", "ForeignName")]
            if any(text.strip() for text in source):
                labels = ("Connect", "Database", "Table")
                place = Location((f'linked table "{name}"',))
                yield row_segment([name, *source], ["Name", *labels], place, hidden="data connection")
    texts: dict[str, list[str]] = {}
    for row in _dictionaries(_export(path, "MSysQueries", digits=False)):
        words = [row.get(key, "").strip() for key in ("Name1", "Name2", "Expression")]
        texts.setdefault(row.get("ObjectId", ""), []).extend(word for word in words if word)
    for number, words in texts.items():
        if words:
            name = queries.get(number, "")
            place = Location((f'query "{name}"' if name else f"query {number}",))
            yield Segment("\n".join(dict.fromkeys((name, *words))).strip(), place, "database schema")


def _dictionaries(rows: Iterator[list[str]]) -> Iterator[dict[str, str]]:
    labels = next(rows, [])
    for row in rows:
        yield dict(zip(labels, row, strict=False))
