"""SQL as dumps of databases have it: heads that name a table, and telling a dump from a text about SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_IDENTIFIER = r'(?:\[[^\]\n]{1,128}\]|"[^"\n]{1,128}"|`[^`\n]{1,128}`|[\w$#@]{1,128})'
_NAME = rf"{_IDENTIFIER}(?:\s?\.{{1,2}}\s?{_IDENTIFIER}){{0,3}}"
_COLUMNS = rf"\(\s{{0,200}}{_IDENTIFIER}\s{{0,200}}(?:,\s{{0,200}}{_IDENTIFIER}\s{{0,200}}){{0,1999}}\)"
_IDENTIFIERS = re.compile(_IDENTIFIER)

HEAD_LONGEST = 400_000
"""Characters within which the head of a statement ends, its columns included."""

DATA_STATEMENT = re.compile(
    r"(?:^|(?<=;))[ \t]{0,200}(?:INSERT|REPLACE|COPY|CREATE)\b", re.IGNORECASE | re.MULTILINE
)
"""Where a statement that holds or describes rows may begin."""

_INSERT = re.compile(
    r"[ \t]{0,200}(?:INSERT|REPLACE)\b"
    r"(?:\s{1,9}(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE|OR\s{1,9}\w{1,20})\b){0,2}"
    rf"(?:\s{{1,9}}INTO\b)?\s{{0,9}}(?P<table>{_NAME})\s{{0,200}}(?P<columns>{_COLUMNS})?\s{{0,200}}"
    r"(?:OVERRIDING\s{1,9}\w{1,20}\s{1,9}VALUE\s{1,200})?VALUES?\s{0,200}(?=\()",
    re.IGNORECASE,
)
_COPY = re.compile(
    rf"[ \t]{{0,200}}COPY\s{{1,9}}(?P<table>{_NAME})\s{{0,200}}(?P<columns>{_COLUMNS})?\s{{0,200}}"
    r"FROM\s{1,9}stdin\b(?P<options>[^;\n]{0,300});?[ \t]{0,9}\r?\n",
    re.IGNORECASE,
)
_CREATE = re.compile(
    r"[ \t]{0,200}CREATE(?:\s{1,9}(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED|FOREIGN|OR\s{1,9}REPLACE)\b){0,3}"
    rf"\s{{1,9}}TABLE\b(?:\s{{1,9}}IF\s{{1,9}}NOT\s{{1,9}}EXISTS\b)?\s{{0,9}}(?P<table>{_NAME})\s{{0,200}}\(",
    re.IGNORECASE,
)
# What stands between the columns of a new table, as far as it matters where the next one begins.
_PART = re.compile(rf"'[^']*'?|--[^\n]*|[(),;]|{_IDENTIFIER}")
_WORDS_OF_KEYS = "PRIMARY KEY UNIQUE CONSTRAINT INDEX FOREIGN CHECK FULLTEXT SPATIAL EXCLUDE LIKE PERIOD"
_NO_COLUMN = frozenset(_WORDS_OF_KEYS.split())
_MOST_COLUMNS = 2_000

_THINGS = (
    "(?:TABLE|INDEX|VIEW|SEQUENCE|DATABASE|SCHEMA|TYPE|TRIGGER|FUNCTION|PROCEDURE|EXTENSION|ROLE|USER|DOMAIN)"
)
# First words of the statements that dumps and scripts consist of.  Each asks for more than a word that
# begins an English sentence as well ("Select a form", "Use the", "Update your").
_STATEMENT = re.compile(
    rf"""[ \t]{{0,200}}(?:
    (?:INSERT|REPLACE)\s{{1,9}}(?:\w{{1,20}}\s{{1,9}}){{0,2}}(?:INTO\s{{1,9}})?{_NAME}\s{{0,200}}
        (?:\(|VALUES?\b|SELECT\b)
    | COPY\s{{1,9}}{_NAME}\s{{0,200}}(?:\(|FROM\b)
    | CREATE\s{{1,9}}(?:\w{{1,20}}\s{{1,9}}){{0,4}}(?:{_THINGS}|DEFINER|EVENT)\b
    | (?:DROP|ALTER|TRUNCATE)\s{{1,9}}(?:\w{{1,20}}\s{{1,9}})?(?:{_THINGS}|DEFAULT)\b
    | SET\s{{1,9}}(?:@{{0,2}}[\w.]{{1,60}}\s{{0,9}}(?:=|TO\b|ON\b|OFF\b)
        |(?:IDENTITY_INSERT|NAMES|SESSION|DEFINE)\b)
    | USE\s{{1,9}}{_IDENTIFIER}[ \t]{{0,9}}(?:;|$)
    | (?:UN)?LOCK\s{{1,9}}TABLES\b | DELETE\s{{1,9}}FROM\s{{1,9}}{_NAME}\s{{0,9}}(?:;|WHERE\b|$)
    | UPDATE\s{{1,9}}{_NAME}\s{{1,9}}SET\s | SELECT\s{{1,9}}(?:pg_catalog\.|setval\b)
    | (?:START|BEGIN)\s{{1,9}}TRAN\w{{0,8}}\b | (?:BEGIN|COMMIT|END|GO)[ \t]{{0,9}}(?:;|$)
    | PRAGMA\s{{1,9}}\w | PRINT\s{{0,9}}N?' | EXEC(?:UTE)?\s{{1,9}}(?:dbo\.|sys\.|sp_|N?') | DECLARE\s{{1,9}}@
    | IF\s{{1,9}}(?:NOT\s{{1,9}})?(?:EXISTS\b|OBJECT_ID\b) | DELIMITER\s{{1,9}}\S | COMMENT\s{{1,9}}ON\s
    | (?:GRANT|REVOKE)\s{{1,9}}[\w ,]{{1,100}}\sON\s | REM\s | /[ \t]{{0,9}}$
    | \\(?:connect|restrict|unrestrict|set|encoding|echo|c)\b
    )""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_COMMENT = re.compile(r"[ \t]{0,200}(?:(?:--|\#)[^\n]{0,5000}(?:\n|$)|/\*)")
_STATEMENT_END = re.compile(
    r";[ \t]{0,99}\r?(?:\n|\Z)|\n[ \t]{0,9}(?:GO|/)[ \t]{0,9}\r?(?:\n|\Z)", re.IGNORECASE
)
# Values hold ends of lines behind semicolons as well.
_INSERT_END = re.compile(r"\)[ \t]{0,9};|\n[ \t]{0,9}GO[ \t]{0,9}\r?(?:\n|\Z)", re.IGNORECASE)
_COPY_END = re.compile(r"^\\\.[ \t]{0,9}\r?(?:\n|\Z)", re.MULTILINE)
# What the tools put on top.  Where much else is defined before the first table, only this tells.
_SIGNATURE = re.compile(
    r"^-- (?:PostgreSQL database (?:cluster )?dump|(?:MySQL|MariaDB) dump |phpMyAdmin SQL Dump)", re.MULTILINE
)
# Of ten characters that are no comment so many are in statements where a text is a dump.  The rest is what
# the tools print between them, and values that look like the end of a statement.
_SHARE = 8


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a statement: its table, the columns that it names, where it ends, what COPY is told."""

    table: str
    columns: tuple[str, ...]
    end: int
    options: str | None = None


def insert_head(text: str, at: int) -> Head | None:
    """Read ``INSERT INTO clients (surname, born) VALUES``; it ends before the first row's bracket."""
    return _head(_INSERT.match(text, at))


def copy_head(text: str, at: int) -> Head | None:
    """Read ``COPY clients (surname, born) FROM stdin;``; it ends before the first row's line."""
    return _head(_COPY.match(text, at))


def _head(match: re.Match[str] | None) -> Head | None:
    if match is None:
        return None
    columns = tuple(map(_unquoted, _IDENTIFIERS.findall(match["columns"] or "")))
    return Head(table_name(match["table"]), columns, match.end(), match.groupdict().get("options"))


def create_head(text: str, at: int) -> Head | None:
    """Read ``CREATE TABLE clients (surname varchar(50), ...)`` and its columns' names."""
    match = _CREATE.match(text, at)
    if match is None:
        return None
    # Another statement's line ends the search for the last bracket: every stretch is searched once.
    following = DATA_STATEMENT.search(text, match.end(), match.end() + HEAD_LONGEST)
    columns = tuple(_new_columns(text, match.end(), following.start() if following else len(text)))
    return Head(table_name(match["table"]), columns, match.end())


def _new_columns(text: str, start: int, end: int) -> Iterator[str]:
    depth, first, count = 1, True, 0
    for part in _PART.finditer(text, start, min(end, start + HEAD_LONGEST)):
        word = part[0]
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
            if not depth:
                return
        elif word == ";" or count == _MOST_COLUMNS:
            return
        elif word == ",":
            first = first or depth == 1
        elif first and not word.startswith(("'", "--")):
            first = False
            if word.upper() not in _NO_COLUMN:
                count += 1
                yield _unquoted(word)


def table_name(name: str) -> str:
    """A table's name without quotes and without the schema where that is the usual one.

    >>> table_name('"public"."clients"'), table_name("[dbo].[Rent Account]"), table_name("housing.tenant")
    ('clients', 'Rent Account', 'housing.tenant')
    """
    parts = [_unquoted(part) for part in _IDENTIFIERS.findall(name)]
    if len(parts) > 1 and parts[-2].lower() in ("public", "dbo", "main"):
        return parts[-1]
    return ".".join(parts)


def _unquoted(name: str) -> str:
    return " ".join((name[1:-1] if name[0] in '["`' else name).split())


def is_dump(text: str) -> bool:
    """Tell a dump or script by the start of a text: nearly all of it are statements, one of them of rows.

    Comments count neither way.  Prose with an example in it is none, nor a program with SQL in its strings.
    """
    if _SIGNATURE.search(text, 0, 1_000):
        return True
    lowered = text.lower()
    if not any(word in lowered for word in ("value", "stdin", "table")):
        return False
    if not any(
        head(text, match.start())
        for match in _first(DATA_STATEMENT.finditer(text))
        for head in (insert_head, copy_head, create_head)
    ):
        return False
    inside = outside = position = 0
    while position < len(text):
        if comment := _COMMENT.match(text, position):
            closed = text.find("*/", comment.end()) if comment[0].endswith("/*") else comment.end() - 2
            position = closed + 2 if closed >= 0 else len(text)
            continue
        end = text.find("\n", position) + 1 or len(text)
        if _STATEMENT.match(text, position):
            ending = _STATEMENT_END
            if copy_head(text, position):
                ending = _COPY_END
            elif insert_head(text, position):
                ending = _INSERT_END
            found = ending.search(text, position)
            end = found.end() if found else len(text)
            inside += end - position
        else:
            line = text[position:end].strip()
            outside += 0 if line in ("", ";") else len(line)
        position = max(end, position + 1)
    return inside > 0 and inside * 10 >= (inside + outside) * _SHARE


def _first(matches: Iterator[re.Match[str]], count: int = 50) -> Sequence[re.Match[str]]:
    """The first so many matches: in a script of more tables than that one is whole."""
    return [match for match, _ in zip(matches, range(count), strict=False)]
