"""JSON and JSON Lines: each object a record, its values labelled by their keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import TypeGuard

from scanner.documents.decoding import decode, decoded_pieces
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.delimited import lines_of
from scanner.documents.parsers.plain import text_segments
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import RECORD_SEPARATOR, row_segment
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
_KIND_KEY = re.compile(r"(?i)type|kind|system|use|scheme|label")

_Path = tuple[str, ...]


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
                if collection or level >= _FLATTENED:
                    deeper.append(
                        (value, label if not collection else prefix, where, key if collection else "")
                    )
                else:
                    nested.append((value, label, level + 1))
            elif isinstance(value, list):
                if _is_detail(value):
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
