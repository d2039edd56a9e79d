"""Compound files without a reader of their own (Publisher, Visio, others): the strings of their streams."""

from __future__ import annotations

import io
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.parsers import ole_object
from scanner.documents.parsers.compound_file import CompoundFile, open_or_scan
from scanner.documents.parsers.property_sets import property_events
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.sniffing import PLAIN_WORDS, sniff
from scanner.documents.strings import string_segments

_WRAPPED = frozenset(("package", "contents", "\x01ole10native"))


class CompoundParser:
    """Reads other compound files as the readable runs of their streams, and the files inside of them."""

    kinds = frozenset({"ole", "pub", "vsd"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield properties, embedded files, strings, and the gap that says so."""
        kind = sniff(source)
        for event in open_or_scan(source, kind):
            if isinstance(event, CompoundFile):
                yield from _streams(event)
                words = PLAIN_WORDS.get(kind, kind)
                detail = f"{words}; only runs of readable characters were read"
                yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, detail)
            else:
                yield event


def _streams(file: CompoundFile) -> Iterator[Event]:
    yield from property_events(file)
    for path in file.paths():
        name = "/".join("".join(char for char in part if char.isprintable()) for part in path)
        if "SummaryInformation" in path[-1]:
            continue
        data = file.read(*path)
        yield from file.take_gaps()
        if path[-1].lower() in _WRAPPED and data:
            # A storage that wraps a file is that of an embedded object: its streams belong together.
            wrapper = file.storage(path[:-1])
            found = ole_object.members(wrapper, "", Location((f"embedded {name}",)))
            if any(member.content != wrapper for member in found):
                yield from found
                continue
        yield from string_segments(io.BytesIO(data), Location((name,)))
    yield from file.take_gaps()
