"""JSON and JSON Lines: each object a record, its values labelled by their keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeGuard

from scanner.documents.decoding import decode, decoded_pieces
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.markup.plain import text_segments
from scanner.documents.parsers.sheets.delimited import lines_of
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import RECORD_SEPARATOR, Cell, Row, row_segment
from scanner.text import words_apart

# A parsed value takes some ten times the memory of its text.  Larger files that are not JSON Lines are
# read as the text they are.
_PARSED_AT_ONCE = 48_000_000
# A key that is itself a datum (a number, a mailbox) and not the name of one.
_KEY_IS_DATUM = re.compile(r"[0-9]{4}|@")

# Groups of fields inside a record are hardly ever nested deeper.
_FLATTENED = 8
_PLACE_KEYS = 6
# So many identifiers or telephones one person may have, and so many keys each of them.
_DETAILS = 8
_SOMEBODY = re.compile(r"(?i)\b(?:(?:sur|fore|nick)?names?|dob|birth|born|date|time)\b")
_NUMBER = re.compile(r"-?[0-9.]{1,40}(?:[eE][+-]?[0-9]{1,4})?\Z")
_KIND_KEY = re.compile(r"(?i)type|kind|system|use|scheme|label")

# Keys of lists that name the columns of rows beside them.
_HEADER_KEY = re.compile(r"(?i)columns?|column_?names|fields|field_?names|headers?|cols|names|schema")
_NAME_KEYS = ("label", "title", "name", "field", "id", "header")
# So many rows a table of columns has at least where nothing says that it is one.
_LEAST_ROWS = 3
_LOOKED_AT = 5

_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Grid:
    """A table written as lists: its rows, and the names of its columns where they stand elsewhere."""

    rows: Sequence[Sequence[object]]
    header: tuple[str, ...] = ()


class JsonParser:
    """Reads one JSON document, or one value on each line."""

    kinds = frozenset({"json"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield one segment for each object; what is no JSON after all is read as plain text."""
        with source.open() as file:
            lines = lines_of(decoded_pieces(file))
            first = next(lines, "")
            second = next(lines, "")
            if _is_value(first) and _is_value(second):
                yield from _json_lines(chain((first, second), lines), limits)
                return
        if source.size <= _PARSED_AT_ONCE:
            text = decode(source.read())
            try:
                value = _load(text)
            except (ValueError, RecursionError):
                yield from text_segments((text,), limits)
                return
            del text
            yield from _Records(limits).walk(value, HERE)
            return
        with source.open() as file:
            yield from text_segments(decoded_pieces(file), limits)


def _load(text: str) -> object:
    # Numbers stay as they are written: "0123" is no JSON, but 1e400 and 12345678901234567890.0 are.
    return json.loads(text.lstrip("\ufeff"), parse_int=str, parse_float=str, parse_constant=str)


def _is_value(line: str) -> bool:
    """Tell whether a line is a whole JSON object or array."""
    if not line.lstrip().startswith(("{", "[")) or not line.rstrip().endswith(("}", "]")):
        return False
    try:
        _load(line)
    except (ValueError, RecursionError):
        return False
    return True


def _json_lines(lines: Iterator[str], limits: Limits) -> Iterator[Segment | Gap]:
    records = _Records(limits)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        location = Location((f"line {number}",))
        try:
            value = _load(line)
        except (ValueError, RecursionError):
            yield Segment(line, location)
            continue
        yield from records.walk(value, location)


class _Records:
    """Walks one parsed value; tables are numbered by the path of keys that leads to their records."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tables: dict[_Path, int] = {}

    def walk(self, value: object, location: Location) -> Iterator[Segment | Gap]:
        """Yield the records of ``value``; nested objects belong to theirs, each list element is one."""
        # Without recursion: depth is the sender's choice.
        stack: list[tuple[object, _Path, str, Location, str]] = [(value, (), "", location, "")]
        while stack:
            item, path, place, within, key = stack.pop()
            if len(path) > self._limits.depth:
                yield Gap(within, Shortfall.LIMIT, f"nested more than {self._limits.depth} deep")
                continue
            here = Location((*within.parts, place)) if place else within
            grid = item if isinstance(item, _Grid) else _grid(item) if not key else None
            if grid is not None:
                yield from self._table(grid, path, within, place)
                continue
            if isinstance(item, dict):
                values, labels, deeper = _flatten(item, place)
                if key:
                    values.insert(0, key)
                    labels.insert(0, "")
            elif isinstance(item, list):
                values, labels, deeper = [], [], []
                plain = [_scalar(one) for one in item if not isinstance(one, dict | list)]
                if any(plain):
                    values, labels = plain, [path[-1] if path else ""] * len(plain)
                deeper = [
                    (one, "", f"{place}[{index}]", "")
                    for index, one in enumerate(item, 1)
                    if isinstance(one, dict | list)
                ]
            else:
                values, labels, deeper = [_scalar(item)], [path[-1] if path else ""], []
            if any(values):
                table = self._tables.setdefault(path, len(self._tables) + 1)
                yield row_segment(
                    values, labels, here, cells=tuple(labels), table=table, separator=RECORD_SEPARATOR
                )
            stack.extend(
                (one, (*path, name) if name else path, where, within, of)
                for one, name, where, of in reversed(deeper)
            )

    def _table(self, grid: _Grid, path: _Path, within: Location, place: str) -> Iterator[Segment]:
        """A table's rows, labelled by its columns."""
        number = self._tables.setdefault((*path, "[]"), len(self._tables) + 1)
        done: list[Segment] = []
        table = LabelledTable(number, done.append)
        if grid.header:
            where = Location((*within.parts, f"{place} columns".strip()))
            names = [Cell(column, name) for column, name in enumerate(grid.header) if name]
            table.add(Row(0, names, where, header=True))
        for index, values in enumerate(grid.rows, 1):
            texts = map(_scalar, values)
            cells = [Cell(column, text) for column, text in enumerate(texts) if text]
            table.add(Row(index, cells, Location((*within.parts, f"{place}[{index}]"))))
            if done:
                yield from done
                done.clear()
        table.end()
        yield from done


def _grid(item: object, beside: Mapping[str, object] | None = None) -> _Grid | None:
    """A table that is written as a list of rows, or as an object of columns; ``beside`` may name these."""
    if isinstance(item, dict):
        return _grid_of_columns(item)
    if not isinstance(item, list) or not item or not isinstance(item[0], list) or len(item[0]) < 2:
        return None
    header = _header(beside, len(item[0])) if beside else ()
    if len(item) < (1 if header else 2):
        return None
    width = len(item[0])
    if not all(isinstance(row, list) and len(row) <= width for row in item):
        return None
    if any(isinstance(value, dict | list) for row in item for value in row):
        return None
    # Lists of numbers are coordinates and measurements.
    first = [value for row in item[:_LOOKED_AT] for value in row]
    if not any(isinstance(value, str) and not _NUMBER.match(value) for value in first):
        return None
    return _Grid(item, header)


def _header(beside: Mapping[str, object], width: int) -> tuple[str, ...]:
    """Names of so many columns, out of what stands beside the rows."""
    for key, value in beside.items():
        if not _HEADER_KEY.fullmatch(key):
            continue
        if isinstance(value, dict):
            value = next((one for name, one in value.items() if _HEADER_KEY.fullmatch(name)), None)
        if isinstance(value, list) and len(value) == width:
            names = tuple(_name_of(one) for one in value)
            if all(names):
                return names
    return ()


def _name_of(column: object) -> str:
    if isinstance(column, dict):
        return next((column[key] for key in _NAME_KEYS if isinstance(column.get(key), str)), "")
    return column if isinstance(column, str) else ""


def _grid_of_columns(item: dict[str, object]) -> _Grid | None:
    """``{"Name": ["Ann", ...], "Born": [...]}``, and the same with numbered rows for the lists."""
    if len(item) < 2:
        return None
    columns: list[list[object]] = []
    numbers: list[str] | None = None
    for value in item.values():
        if isinstance(value, dict):
            keys = list(value)
            if (numbers is not None and keys != numbers) or not all(map(str.isdecimal, keys)):
                return None
            numbers = keys
            columns.append(list(value.values()))
        elif isinstance(value, list):
            columns.append(value)
        else:
            return None
        if len(columns[-1]) != len(columns[0]) or any(isinstance(one, dict | list) for one in columns[-1]):
            return None
    named = any(_SOMEBODY.search(words_apart(key)) for key in item)
    if len(columns[0]) < (2 if named else _LEAST_ROWS):
        return None
    return _Grid(list(zip(*columns, strict=True)), tuple(item))


_Deeper = list[tuple[object, str, str, str]]


def _flatten(item: dict[str, object], place: str) -> tuple[list[str], list[str], _Deeper]:
    """Values of an object and of the objects directly in it, and what stands in lists or collections."""
    values: list[str] = []
    labels: list[str] = []
    deeper: _Deeper = []
    stack: list[tuple[dict[str, object], str, int]] = [(item, "", 0)]
    while stack:
        current, prefix, level = stack.pop()
        collection = _is_collection(current)
        nested: list[tuple[dict[str, object], str, int]] = []
        for key, value in current.items():
            label = f"{prefix}.{key}" if prefix else key
            where = _short(f"{place}.{label}" if place else label)
            if isinstance(value, dict):
                if (grid := _grid_of_columns(value)) is not None:
                    deeper.append((grid, label, where, ""))
                elif collection or level >= _FLATTENED:
                    deeper.append(
                        (value, label if not collection else prefix, where, key if collection else "")
                    )
                else:
                    nested.append((value, label, level + 1))
            elif isinstance(value, list):
                if (grid := _grid(value, current)) is not None:
                    deeper.append((grid, label, where, ""))
                elif _is_detail(value):
                    nested += [(one, f"{label}[{n}]", level + 1) for n, one in enumerate(value, 1)]
                elif any(isinstance(one, dict | list) for one in value):
                    deeper.append((value, label, where, ""))
                else:
                    for one in value:
                        values.append(_scalar(one))
                        labels.append(label)
            else:
                values.append(_scalar(value))
                labels.append(label)
            if not collection and _KEY_IS_DATUM.search(key):
                values.append(key)
                labels.append("")
        stack.extend(reversed(nested))
    return values, labels, deeper


def _is_detail(items: list[object]) -> TypeGuard[list[dict[str, object]]]:
    """Tell a few flat objects that say something of the one around them from records of their own.

    Identifiers, telephones and addresses do; whoever has a name or a date of birth is somebody else.
    """
    return 0 < len(items) <= _DETAILS and all(
        isinstance(one, dict)
        and 0 < len(one) <= _DETAILS
        and not any(isinstance(value, dict | list) for value in one.values())
        and not any(_SOMEBODY.search(words_apart(key)) for key in one)
        and any(_KIND_KEY.fullmatch(words_apart(key).split(" ")[-1]) for key in one)
        for one in items
    )


def _short(place: str) -> str:
    """Keep the last keys of a long path: the first ones say the least."""
    keys = place.rsplit(".", _PLACE_KEYS)
    return "….{}".format(".".join(keys[1:])) if len(keys) > _PLACE_KEYS else place


def _is_collection(item: dict[str, object]) -> bool:
    """Tell an object of like objects ({"123": {...}, "124": {...}}) from a record with groups of fields."""
    inner = [value for value in item.values() if isinstance(value, dict)]
    if len(inner) < 2:
        return False
    first = inner[0].keys()
    return all(len(first & one.keys()) * 2 > len(first | one.keys()) for one in inner[1:20])


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else "true" if value is True else "false" if value is False else str(value)
