"""Property lists of Apple's programs in their binary form: settings, links, metadata of documents."""

from __future__ import annotations

import datetime
import plistlib
from collections.abc import Iterator
from xml.parsers.expat import ExpatError

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import RECORD_SEPARATOR, row_segment

# A list of lists may name the same one many times: what is kept is bounded, not only what is stored.
_MOST_VALUES, _MOST_FILES, _LARGEST = 100_000, 1_000, 50_000_000
_PER_RECORD = 200
# Shorter data is a hash, a colour, a bookmark of another program.
_SHORTEST_FILE = 64


class PropertyListParser:
    """Reads binary property lists."""

    kinds = frozenset({"plist"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the values as records labelled by their keys, and data as files."""
        data = source.read()
        try:
            top = plistlib.loads(data, fmt=plistlib.FMT_BINARY)
        except (plistlib.InvalidFileException, ValueError, RecursionError, ExpatError, OverflowError):
            yield Gap(HERE, Shortfall.DAMAGED, "property list")
            return
        stack: list[tuple[object, str]] = [(top, "")]
        values: list[str] = []
        labels: list[str] = []
        count = files = size = 0
        while stack:
            value, label = stack.pop()
            count += 1
            if count > _MOST_VALUES or size > _LARGEST:
                yield Gap(HERE, Shortfall.LIMIT, f"more than {_MOST_VALUES:,} values")
                break
            if isinstance(value, dict):
                stack += [(one, str(key)) for key, one in reversed(value.items())]
            elif isinstance(value, list):
                stack += [(one, label) for one in reversed(value)]
            elif isinstance(value, bytes):
                size += len(value)
                files += 1
                if len(value) >= _SHORTEST_FILE and files <= _MOST_FILES:
                    yield Member("", value, Location((label or "data",)))
            elif isinstance(value, str | int | float | datetime.datetime) and not isinstance(value, bool):
                size += len(str(value))
                values.append(str(value))
                labels.append(label)
            if len(values) >= _PER_RECORD:
                yield _record(values, labels)
                values, labels = [], []
        if values:
            yield _record(values, labels)


def _record(values: list[str], labels: list[str]) -> Segment:
    return row_segment(values, labels, HERE, separator=RECORD_SEPARATOR)
