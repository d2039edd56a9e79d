"""String scan: runs of readable characters in data of a kind that has no parser (yet)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, Source

_WINDOW = 1 << 20
_OVERLAP = 4_096
_LEAST_SAMPLE, _RANDOM_BITS = 4_096, 7.9
# Runs of six and more; shorter ones are noise of the code and numbers between them.  What programs make
# of quotes and dashes (U+2010 to U+203A, the euro) stands inside of a run, never at its start.
_RUN = re.compile(
    rb"[\t\n\r\x20-\x7e\xa0-\xff]\x00(?:[\t\n\r\x20-\x7e\xa0-\xff]\x00|[\x10-\x15\x18-\x1f\x22\x26\x39\x3a\xac]\x20){5,}"
    rb"|[\t\n\r\x20-\x7e]{6,}"
)
# In data as even as packed or encrypted data is, shorter runs are chance: two thousand of six in a megabyte.
_LEAST_IN_NOISE = 10
_READABLE = re.compile(r"[^\W_]{3}|[0-9]{4}")


def string_segments(file: BinaryIO, location: Location) -> Iterator[Segment]:
    """Readable ASCII and UTF-16 runs of a file, one segment for each window that holds any.

    A run that crosses the end of a window is kept whole up to 4 kB.
    """
    offset = 0
    tail = b""
    while data := file.read(_WINDOW):
        window = tail + data
        last = len(data) < _WINDOW
        least = _LEAST_IN_NOISE if looks_random(data) else 0
        runs = []
        done = 0
        for match in _RUN.finditer(window):
            if not last and match.end() == len(window) and match.end() - match.start() < _OVERLAP:
                break
            done = match.end()
            run = match[0]
            text = run.decode("utf-16-le") if run[1] == 0 else run.decode("ascii")
            if len(text) >= least and _READABLE.search(text):
                runs.append(text.strip())
        if runs:
            yield Segment("\n".join(runs), location / f"from byte {offset:,}")
        tail = b"" if last else window[max(done, len(window) - _OVERLAP) :]
        offset += len(data)


def only_strings(source: Source, why: str) -> Iterator[Event]:
    """The readable runs of a file that is not read otherwise, and the gap that says so and ``why``."""
    with source.open() as file:
        yield from string_segments(file, HERE)
    yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, f"{why}; only runs of readable characters were read")


def looks_random(data: bytes) -> bool:
    """Whether data is as even as only encrypted (or well packed) data is: 7.9 bits a byte or more.

    Below 4 kB nothing can be told: even random bytes fall short of it there.
    """
    if len(data) < _LEAST_SAMPLE:
        return False
    total = len(data)
    entropy = -sum(count / total * math.log2(count / total) for count in Counter(data).values())
    return entropy >= _RANDOM_BITS
