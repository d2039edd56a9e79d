"""SQLite: rows with their columns, documents in columns, the schema, deleted rows, hostile schemas."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scanner.documents import Limits, Shortfall, Source, Status, read_whole
from tests.documents.parsers.reading import pack, read, segment_with


def database(path: Path, *statements: str, rows: tuple[tuple[str, tuple[object, ...]], ...] = ()) -> bytes:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        for statement in statements[:1]:
            connection.execute(statement)
        for statement, values in rows:
            connection.execute(statement, values)
        for statement in statements[1:]:
            connection.execute(statement)
    return path.read_bytes()


PEOPLE = "CREATE TABLE people (id INTEGER PRIMARY KEY, surname TEXT, born TEXT, paid REAL, scan BLOB)"
INSERT = "INSERT INTO people (surname, born, paid, scan) VALUES (?, ?, ?, ?)"


def test_rows_are_told_with_their_columns(tmp_path: Path) -> None:
    zipped = pack({"inner.txt": "Tokeninner"})
    data = database(
        tmp_path / "a.db",
        PEOPLE,
        rows=((INSERT, ("Tokenone", "1979-03-02", 12.5, zipped)), (INSERT, ("Zoë", None, None, None))),
    )
    segments, coverage = read(data)
    assert (coverage.kind, coverage.status) == ("sqlite", Status.INSPECTED)
    row = segment_with(segments, "Tokenone")
    assert str(row.location) == 'table "people" > row 1'
    assert [field.label for field in row.fields] == ["id", "surname", "born", "paid", "scan"]
    assert row.text.split("\t")[:4] == ["1", "Tokenone", "1979-03-02", "12.5"]
    assert "column scan > inner.txt" in str(segment_with(segments, "Tokeninner").location)
    assert segment_with(segments, "Zoë").table == row.table
    assert segment_with(segments, "CREATE TABLE people").hidden == "database schema"


@pytest.mark.parametrize(
    ("statement", "token", "why"),
    [
        ("DELETE FROM people WHERE id = 40", "Surname40\t", "one row of a page"),
        ("DROP TABLE people", "Surname77\t", "a table that is gone"),
        ("DELETE FROM people", "Surname77", "all rows"),
    ],
)
def test_deleted_rows_are_hidden_text(tmp_path: Path, statement: str, token: str, why: str) -> None:
    rows = tuple((INSERT, (f"Surname{n}", "1979-03-02", n / 4, b"filler" * 30)) for n in range(1, 200))
    data = database(tmp_path / "a.db", PEOPLE, statement, rows=rows)
    segments, _ = read(data)
    found = segment_with(segments, token)
    assert found.hidden == "deleted rows", why


def test_rows_that_are_there_are_not_told_as_deleted(tmp_path: Path) -> None:
    rows = tuple((INSERT, (f"Surname{n}", "1979-03-02", n / 4, None)) for n in range(1, 200))
    segments, _ = read(database(tmp_path / "a.db", PEOPLE, rows=rows))
    assert not [segment for segment in segments if segment.hidden == "deleted rows"]


def test_views_triggers_and_computed_columns_do_not_run(tmp_path: Path) -> None:
    data = database(
        tmp_path / "a.db",
        "CREATE TABLE t (a TEXT, b TEXT AS (upper(a)) VIRTUAL)",
        "CREATE VIEW v AS SELECT upper(a) FROM t",
        "INSERT INTO t (a) VALUES ('tokenplain')",
    )
    segments, coverage = read(data)
    assert coverage.status is Status.INSPECTED
    assert segment_with(segments, "tokenplain")
    assert not [segment for segment in segments if "TOKENPLAIN" in segment.text]


def test_write_ahead_mode_opens_and_nothing_is_written(tmp_path: Path) -> None:
    data = database(
        tmp_path / "a.db", PEOPLE, "PRAGMA journal_mode=WAL", rows=((INSERT, ("Tokenone", "", 1, None)),)
    )
    before = sorted(tmp_path.iterdir())
    segments, coverage = read(data)
    assert coverage.status is Status.INSPECTED
    assert segment_with(segments, "Tokenone")
    assert sorted(tmp_path.iterdir()) == before


def test_the_cell_limit_and_damage_are_told(tmp_path: Path) -> None:
    rows = tuple((INSERT, (f"Surname{n}", "1979-03-02", 1, None)) for n in range(1, 500))
    data = database(tmp_path / "a.db", PEOPLE, rows=rows)
    _, coverage = read_whole(Source.from_bytes(data), limits=Limits(cells=50))
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    segments, coverage = read(data[: len(data) // 2])
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.DAMAGED
    assert any("Surname1" in segment.text for segment in segments)


def test_mutations_end_with_a_coverage(tmp_path: Path) -> None:
    rows = tuple((INSERT, (f"Surname{n}", "1979-03-02", 1, b"\0\1")) for n in range(1, 120))
    plain = database(tmp_path / "a.db", PEOPLE, "DELETE FROM people WHERE id % 3 = 0", rows=rows)
    chance = random.Random(5)
    for _ in range(60):
        data = bytearray(plain)
        for _ in range(chance.randint(1, 9)):
            data[chance.randrange(20, len(data))] = chance.choice((0, 1, 13, 127, 128, 255))
        _, coverage = read(bytes(data))
        assert (coverage.status is Status.INSPECTED) == (not coverage.gaps)
