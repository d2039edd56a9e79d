"""SQL dumps: rows under their columns, dialects, values of every kind, what is no dump, hostile ones."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from scanner.documents import Limits, Shortfall, Source, Status, read_whole
from scanner.documents.model import Segment
from scanner.documents.parsers.databases.sql_dump import SqlDumpParser
from tests.documents.parsers.reading import pack, read, segment_with
from tests.postgres import Server

MYSQL = r"""-- MySQL dump 10.13  Distrib 8.0.36
DROP TABLE IF EXISTS `clients`;
CREATE TABLE `clients` (
  `id` int(11) NOT NULL,
  `surname` varchar(50) DEFAULT 'a,b''c' COMMENT 'family, name',
  `dob` date, `notes` text,
  PRIMARY KEY (`id`), KEY `by_name` (`surname`)
) ENGINE=InnoDB;
INSERT INTO `clients` VALUES (1,'O\'Brien','1976-01-11','one\ntwo \\'),(2,'D''Arcy',NULL,'a; b), (c');
"""

SQL_SERVER = """USE [Housing]
GO
CREATE TABLE [dbo].[Client]([Id] [int] NOT NULL)
GO
INSERT [dbo].[Client] ([Id], [Surname], [Date of birth (seen)]) VALUES (1, N'O''Neill', CAST(N'1976-01-11' AS Date))
GO
INSERT [dbo].[Client] ([Id], [Surname], [Date of birth (seen)]) VALUES (2, N'C:\\', CAST(0xD3010B00 AS Date))
GO
"""  # noqa: E501 (as the tool writes it)

POSTGRES = r"""--
-- PostgreSQL database dump
--
SET standard_conforming_strings = on;
CREATE TABLE public.clients (id integer, surname text);
COPY public.clients (id, surname, born, notes) FROM stdin;
1	Quigley	1976-01-11	\N
2	O'Neill	\N	one\ntwo\\\t\303
\.

COPY care.visit (id, worker) FROM stdin;
7	Osei
\.
SELECT pg_catalog.setval('public.clients_id_seq', 2, true);
"""


def rows(text: str) -> list[tuple[str, dict[str, str]]]:
    """Place and labelled values of every row of a dump."""
    segments, coverage = read(text.encode())
    assert coverage.kind == "sql"
    assert coverage.status is Status.INSPECTED
    return [(str(one.location), labelled(one)) for one in segments if one.fields]


def labelled(segment: Segment) -> dict[str, str]:
    return {field.label: segment.text[field.start : field.end] for field in segment.fields}


def test_columns_of_the_new_table_name_the_values_of_an_insert_without_a_list() -> None:
    assert rows(MYSQL) == [
        (
            'table "clients" > row 1',
            {"id": "1", "surname": "O'Brien", "dob": "1976-01-11", "notes": "one\ntwo \\"},
        ),
        ('table "clients" > row 2', {"id": "2", "surname": "D'Arcy", "dob": "", "notes": "a; b), (c"}),
    ]


def test_sql_server_names_columns_with_blanks_and_brackets_and_keeps_dates_as_bytes() -> None:
    label = "Date of birth (seen)"
    assert rows(SQL_SERVER) == [
        ('table "Client" > row 1', {"Id": "1", "Surname": "O'Neill", label: "1976-01-11"}),
        ('table "Client" > row 2', {"Id": "2", "Surname": "C:\\", label: "1976-01-11"}),
    ]


def test_copied_rows_are_lines() -> None:
    found = rows(POSTGRES)
    assert [place for place, _ in found] == [
        'table "clients" > row 1',
        'table "clients" > row 2',
        'table "care.visit" > row 1',
    ]
    assert found[0][1] == {"id": "1", "surname": "Quigley", "born": "1976-01-11", "notes": ""}
    assert found[1][1]["notes"] == "one\ntwo\\\t\u00c3"


def test_tables_have_numbers_and_the_rest_is_text_at_its_line() -> None:
    segments, _ = read(POSTGRES.encode())
    assert [one.table for one in segments if one.fields] == [1, 1, 2]
    assert str(segment_with(segments, "standard_conforming").location) == "line 1"
    assert str(segment_with(segments, "setval").location) == "line 14"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_charsets(encoding: str) -> None:
    data = "INSERT INTO t (surname, paid) VALUES\r\n('Zoë','£5'),\r\n('Núñez',NULL);\r\n".encode(encoding)
    segments, coverage = read(data)
    assert coverage.kind == "sql"
    assert [labelled(one) for one in segments] == [
        {"surname": "Zoë", "paid": "£5"},
        {"surname": "Núñez", "paid": ""},
    ]


@pytest.mark.parametrize(
    ("expression", "value", "why"),
    [
        ("'it''s'", "it's", "a quote written twice"),
        (r"'it\'s'", "it's", "a quote behind a backslash, in an unknown dialect"),
        (r"'C:\'", "C:\\", "a backslash at the end, in an unknown dialect"),
        (r"E'it\'s\n'", "it's\n", "PostgreSQL's string with escapes"),
        ("N'Osei'", "Osei", "national letters"),
        ("_utf8mb4'Osei'", "Osei", "a charset in front"),
        ("NULL", "", "nothing"),
        ("default", "", "nothing that is known"),
        ("-12.50", "-12.50", "a number"),
        ("'two\nlines'", "two\nlines", "a line end"),
        ("'1976-01-11'::date", "1976-01-11", "a cast behind"),
        ("DATE '1976-01-11'", "1976-01-11", "a type in front"),
        ("TO_DATE('11-JAN-76','DD-MON-RR')", "11-JAN-76", "Oracle: the mask is no value"),
        ("to_date('11-JAN-76', 'DD-MON-RR')", "11-JAN-76", "in small letters"),
        ("CAST(5 AS Decimal(9, 2))", "5", "a number with its type"),
        ("CAST(0x00006C7800000000 AS DateTime)", "1976-01-11", "SQL Server: a date as bytes"),
        ("CAST(0x6C780000 AS SmallDateTime)", "1976-01-11", "shorter"),
        ("CAST(0x070000000000D3010B AS DateTime2)", "1976-01-11", "longer"),
        ("'O'||CHR(39)||'Neill'", "O'Neill", "joined by bars"),
        ("'one'+CHAR(13)+'two'", "one\rtwo", "joined by plus"),
        ("CONCAT('Ann','e')", "Anne", "joined by a function"),
        ("ARRAY['Ann','Bob']", "Ann Bob", "a list"),
        (r"replace('one\ntwo','\n',char(10))", "one\ntwo", "SQLite: line ends"),
        ("X'48656c6c6f20776f726c64'", "Hello world", "text as bytes"),
        ("0x48656c6c6f20776f726c64", "Hello world", "text as bytes, the other spelling"),
        ("0x00000000000007D1", "0x00000000000007D1", "a counter of changes stays what it is"),
        ("now()", "now()", "a function without a value"),
        ("'a,b);'", "a,b);", "what would end a row, in a string"),
        ("' '", " ", "a blank"),
    ],
)
def test_values(expression: str, value: str, why: str) -> None:
    found = rows(f"INSERT INTO t (before, it, after) VALUES (1, {expression}, 'last');\n")
    assert found == [('table "t" > row 1', {"before": "1", "it": value, "after": "last"})], why


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("INSERT INTO t (a, b) VALUES ('x', 'y');", "plain"),
        ("insert into t(a,b)values('x','y')", "close together, no end"),
        ("REPLACE INTO `t` (`a`, `b`) VALUES ('x', 'y');", "MySQL"),
        ("INSERT IGNORE INTO t (a, b) VALUES ('x', 'y') ON DUPLICATE KEY UPDATE a=VALUES(a);", "with a tail"),
        ('INSERT OR REPLACE INTO "t" ("a", "b") VALUES (\'x\', \'y\');', "SQLite"),
        ("INSERT INTO public.t (a, b) OVERRIDING SYSTEM VALUE VALUES ('x', 'y');", "PostgreSQL"),
        ("INSERT [t] ([a], [b])\nVALUES\n  ('x', -- first\n 'y')", "over lines"),
        ("BEGIN;\nSET NAMES utf8; INSERT INTO t (a, b) VALUES ('x', 'y'); COMMIT;", "behind another"),
        ("/* a\nremark */\n-- another\n\n# and one\nINSERT INTO t (a, b) VALUES ('x', 'y');", "remarks"),
        ('COPY t (a, b) FROM stdin WITH (FORMAT csv);\nx,"y"\n\\.\n', "COPY of CSV"),
    ],
)
def test_statements(statement: str, why: str) -> None:
    (found,) = [values for _, values in rows(f"CREATE TABLE other (c int);\n{statement}\n")]
    assert found["a"] == "x", why
    assert found["b"].endswith("y"), why


def test_documents_in_columns_are_read() -> None:
    packed = pack({"inner.txt": "Tokeninner"}).hex()
    segments, _ = read(f"INSERT INTO t (id, scan) VALUES (1, 0x{packed});\n".encode())
    assert "column scan > inner.txt" in str(segment_with(segments, "Tokeninner").location)
    segments, _ = read(f"COPY t (id, scan) FROM stdin;\n1\t\\\\x{packed}\n\\.\n".encode())
    assert "row 1 > column scan" in str(segment_with(segments, "Tokeninner").location)


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        (
            "To add a client, open the console and type:\n\nINSERT INTO clients (surname) VALUES ('Smith');"
            "\n\nThen tell the team leader that it is done, and close the ticket in the usual way.\n",
            "text",
            "prose with a statement",
        ),
        (
            "Select the form that you need.\nUpdate details.\nInsert into the envelope an (old) form.\n",
            "text",
            "sentences that begin like statements",
        ),
        (
            "import db\n\ndef add(surname):\n    query = '''\nINSERT INTO clients (name) VALUES (%s)\n'''\n"
            "    cursor = db.open()\n    cursor.execute(query, (surname,))\n    cursor.commit()\n",
            "text",
            "a program",
        ),
        ("Copy to stdin; insert the card.\nCreate a table (for ten) in the hall.\n", "text", "its words"),
        ("SELECT surname FROM clients WHERE dob IS NULL;\n", "text", "a question has no rows"),
        (
            "# Clients\n\nHow we add one:\n\n    INSERT INTO a (b) VALUES (1);\n\nThat is all.\n",
            "text",
            "Markdown",
        ),
        ("insert,into,values\n1,2,3\n4,5,6\n", "csv", "a table with such columns"),
        ("-- only a remark\n-- and another\n", "text", "remarks alone"),
        ("CREATE TABLE clients (\n  surname varchar(50)\n);\n", "sql", "a table without rows"),
        (
            "mysqldump: [Warning] Using a password can be insecure.\n" + MYSQL,
            "sql",
            "what the tool said is in front",
        ),
    ],
)
def test_what_is_a_dump(text: str, kind: str, why: str) -> None:
    _, coverage = read(text.encode())
    assert (coverage.kind, coverage.status) == (kind, Status.INSPECTED), why


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        ("(3,'Tokenthree", "a string that is never closed"),
        ("(3,'Tokenthree'", "a row that is never closed"),
        ("(3; 'Tokenthree');\n", "no row"),
        ("SELECT 3, 'Tokenthree';\n", "no list of rows"),
    ],
)
def test_what_stops_reading_like_rows_is_text(tail: str, why: str) -> None:
    segments, coverage = read(f"INSERT INTO t (id, surname) VALUES (1,'Tokenone'),\n{tail}".encode())
    assert labelled(segment_with(segments, "Tokenone"))["surname"] == "Tokenone"
    assert not segment_with(segments, "Tokenthree").fields, why
    assert coverage.gaps == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("INSERT INTO t VALUES (\\'\n", "quotes that never close, each line anew"),
        ("INSERT INTO t VALUES (x\n", "rows that never close"),
        ("INSERT INTO t VALUES (" + "(" * 300 + "\n", "brackets that never close"),
        ("CREATE TABLE t (\n", "columns that never close"),
    ],
)
def test_each_stretch_is_searched_a_few_times_at_most(line: str, why: str) -> None:
    """Were it not so, these would not end within the patience of anyone who runs the tests."""
    dump = "-- MySQL dump 10\n" + line * (400_000 // len(line))
    segments, coverage = read(dump.encode())
    assert (coverage.kind, coverage.gaps) == ("sql", ()), why
    assert sum(one.text.count("\n") for one in segments) == dump.count("\n")


def test_rows_over_many_pieces_of_the_file_are_whole() -> None:
    long = "x" * 700_000
    values = ",\n".join(f"({n},'Surname{n}','{long if n % 50 == 0 else 'short'}')" for n in range(400))
    events = list(
        SqlDumpParser().parse(
            Source.from_bytes(f"INSERT INTO t (id, surname, note) VALUES {values};".encode()), Limits()
        )
    )
    found = [labelled(one) for one in events if isinstance(one, Segment)]
    assert [one["surname"] for one in found] == [f"Surname{n}" for n in range(400)]
    assert [len(one["note"]) for one in found[:2]] == [700_000, 5]


def test_a_value_too_large_to_hold_is_a_gap_and_its_row_text() -> None:
    blob = "ab" * 17_000_000
    dump = (
        f"INSERT INTO t (surname, scan) VALUES ('Tokenone',0x{blob});\nINSERT INTO t VALUES ('Tokentwo',1);\n"
    )
    segments, coverage = read(dump.encode())
    assert str(segment_with(segments, "Tokenone").location) == 'table "t" > row 1'
    assert str(segment_with(segments, "Tokentwo").location) == 'table "t" > row 2'
    assert [(gap.reason, str(gap.location)) for gap in coverage.gaps] == [
        (Shortfall.TOO_LARGE, 'table "t" > row 1')
    ]


def test_limit_of_cells() -> None:
    source = Source.from_bytes(b"INSERT INTO t (a, b) VALUES " + b"(1,2)," * 100 + b"(1,2);")
    _, coverage = read_whole(source, limits=replace(Limits(), cells=50))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.LIMIT]


def test_what_sqlite_writes() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, surname TEXT, born TEXT, scan BLOB)")
        connection.execute("INSERT INTO people VALUES (1, 'O''Neill', '1976-01-11', x'0001')")
        dump = "\n".join(connection.iterdump())
    ((place, values),) = rows(dump)
    assert place == 'table "people" > row 1'
    assert values == {"id": "1", "surname": "O'Neill", "born": "1976-01-11", "scan": "0x0001"}


@pytest.mark.parametrize("options", [(), ("--inserts",), ("--column-inserts",), ("--rows-per-insert=2",)])
def test_what_postgresql_writes(postgres_server: Server, postgres_url: str, options: tuple[str, ...]) -> None:
    database = postgres_url.split("@/")[1].split("?")[0]
    people = [
        (1, "O'Neill", "1976-01-11", "one\ntwo\t\\", b"Tokenscan of a letter"),
        (2, "Osei; (née) Mensah", None, None, None),
        (3, "Quigley", "1980-02-03", "", None),
    ]
    with psycopg.connect(f"host={postgres_server.socket} user=postgres dbname={database}") as connection:
        connection.execute(
            'CREATE TABLE people (id int, surname text, "date of birth" date, notes text, scan bytea)'
        )
        connection.cursor().executemany("INSERT INTO people VALUES (%s, %s, %s, %s, %s)", people)
    command = (
        *(postgres_server.programs / "pg_dump", "-h", postgres_server.socket, "-U", "postgres"),
        *(*options, database),
    )
    done = subprocess.run([*map(str, command)], capture_output=True, check=True)
    found = rows(done.stdout.decode())
    assert [place for place, _ in found] == [f'table "people" > row {n}' for n in (1, 2, 3)]
    assert [tuple(values.values()) for _, values in found] == [
        ("1", "O'Neill", "1976-01-11", "one\ntwo\t\\", "Tokenscan of a letter"),
        ("2", "Osei; (née) Mensah", "", "", ""),
        ("3", "Quigley", "1980-02-03", "", ""),
    ]
    assert list(found[0][1]) == ["id", "surname", "date of birth", "notes", "scan"]
