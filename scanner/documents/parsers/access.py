"""Access databases (MDB, ACCDB) through the mdbtools programs, where they are installed: rows of tables."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator

from scanner.documents.external_program import ProgramError, as_file, find_program, output_of
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, ProtectionNote, Source
from scanner.documents.rows import row_segment
from scanner.documents.strings import only_strings

_TABLES = 5_000
_FIELD_CHARACTERS = 10_000_000
# Where Access 2007 and later keep how pages are encrypted (MS-OFFCRYPTO's EncryptionInfo, with its length).
_ENCRYPTION_INFO = 0x299
_PAGE = 4_096
# The tables of the program itself, whose rows are forms, layouts and rights.
_OWN = ("MSys", "~TMPCLP", "f_")


def mdbtools() -> bool:
    """Whether the programs are installed."""
    return bool(find_program("mdb-tables") and find_program("mdb-export"))


class AccessParser:
    """Reads the tables of Access databases; without the programs their readable strings, in part."""

    kinds = frozenset({"access"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the rows of all tables; queries, forms and macros are not read."""
        if method := _encryption(source.head(_PAGE)):
            yield ProtectionNote(Protection.STRONG, HERE, method)
            yield Gap(HERE, Shortfall.ENCRYPTED, "needs a password")
        elif not mdbtools():
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


def _database(source: Source, path: str, limits: Limits) -> Iterator[Event]:
    try:
        with output_of([find_program("mdb-tables"), "-1", path]) as listing:
            names = listing.read(_FIELD_CHARACTERS).decode("utf-8", "replace").splitlines()
    except ProgramError:
        yield from only_strings(source, "mdbtools cannot open it")
        return
    tables = [name for name in names if name.strip() and not name.startswith(_OWN)]
    cells = 0
    for number, name in enumerate(tables[:_TABLES], 1):
        place = Location((f'table "{name}"',))
        yield Segment(name, place / "name")
        try:
            for segment in _rows(path, name, number, place):
                cells += len(segment.fields)
                yield segment
                if cells > limits.cells:
                    yield Gap(place, Shortfall.LIMIT, f"more than {limits.cells:,} cells")
                    return
        except (ProgramError, csv.Error) as error:
            yield Gap(place, Shortfall.DAMAGED, type(error).__name__)
    if len(tables) > _TABLES:
        yield Gap(HERE, Shortfall.LIMIT, f"more than {_TABLES:,} tables")
    if not tables:
        yield from only_strings(source, "no tables of its own")


def _rows(path: str, name: str, number: int, place: Location) -> Iterator[Segment]:
    command = [
        find_program("mdb-export"),
        "-b",
        "strip",
        "-D",
        "%d/%m/%Y",
        "-T",
        "%d/%m/%Y %H:%M",
        path,
        name,
    ]
    with output_of(command) as output:
        lines = io.TextIOWrapper(output, "utf-8", "replace", newline="")
        csv.field_size_limit(_FIELD_CHARACTERS)
        rows = csv.reader(lines)
        labels = next(rows, [])
        cells = tuple(f"column {label}" for label in labels)
        for index, row in enumerate(rows, 1):
            yield row_segment(row, labels, place / f"row {index}", cells=cells, table=number)
