"""What a database keeps as bytes: text, a document of its own, or a value that tells nothing."""

from __future__ import annotations

import re

from scanner.documents.decoding import decode
from scanner.documents.model import Location
from scanner.documents.protocol import Member, Source
from scanner.documents.sniffing import EMPTY, UNKNOWN, sniff

_PLAIN = frozenset({"text", "csv", "json", "xml", "html", "sql"})
_RUN = re.compile(rb"[\t\n\r\x20-\x7e\xc2-\xf4\x80-\xbf]{4,}")
_TELLING = re.compile(r"[^\W\d_]{3}|[0-9]{4}")


def stored(value: bytes, place: Location, members: list[Member]) -> str:
    """The text of bytes kept in a column; a document or a picture is added to ``members`` instead."""
    kind = sniff(Source.from_bytes(value))
    if kind in _PLAIN:
        return decode(value)
    if kind not in (EMPTY, UNKNOWN):
        members.append(Member("", value, place))
        return ""
    return " ".join(readable_runs(value))


def readable_runs(data: bytes) -> list[str]:
    """Readable runs of a stretch of bytes, in their order."""
    texts = (run.decode("utf-8", "ignore").strip() for run in _RUN.findall(data))
    return [text for text in texts if _TELLING.search(text)]
