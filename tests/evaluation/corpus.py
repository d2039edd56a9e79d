"""Loads the labelled evaluation set: headers, inline annotation, and values made at load time.

A file in ``documents/`` holds any number of documents.  Each begins with ``%%% <id>``, then header lines
``key: value``, a line ``---`` and the text.  In the text

- ``[[TYPE:...]]`` is a labelled entity; labels may nest (a postcode inside an address);
- ``[[~TYPE:...]]`` is of no account for that type: reporting it or not costs nothing;
- ``{kind#key:arg,arg}`` is replaced by a value from ``specimens``, seeded by document id, kind and key (or
  the place in the text), so the same key gives the same number in another format.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .specimens import GENERATORS, make

DOCUMENTS = Path(__file__).parent / "documents"
SEVERITIES = ("none", "low", "medium", "high", "critical")
SPLITS = ("dev", "held-out", "held-out-b", "held-out-c")
_KEYS = {"kind", "split", "severity", "people", "staff", "hard_negative", "community"}
_START = re.compile(r"^%%% (\S+)$", re.MULTILINE)
_OPEN = re.compile(r"\[\[(~?)([A-Z][A-Z_]+):")
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9]*)(?:#(\w+))?(?::([^{}\n]*))?\}")


class CorpusError(ValueError):
    """A document of the set is written wrongly; says which and where."""


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled entity: type and code-point offsets into the text."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class EvaluationDocument:
    """One labelled text.

    ``people`` counts the distinct private people it identifies, ``staff`` the officers, councillors and other
    professionals named in their role; None where a careful reader could not say.
    """

    id: str
    text: str
    spans: tuple[Span, ...]
    ignored: tuple[Span, ...]
    severity: str
    people: int | None
    staff: int | None
    hard_negative: bool
    genre: str
    split: str
    communities: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The plain form that other tools read."""
        return {
            "id": self.id,
            "text": self.text,
            "spans": [[span.type, span.start, span.end] for span in self.spans],
            "severity": self.severity,
            "people": self.people,
            "hard_negative": self.hard_negative,
            "genre": self.genre,
        }


def load(folder: Path = DOCUMENTS) -> list[EvaluationDocument]:
    """Every document of the set in file order; raises CorpusError on the first that is written wrongly."""
    documents = []
    for path in sorted(folder.glob("*.txt")):
        documents.extend(parse(path.read_text(encoding="utf-8")))
    return documents


def parse(source: str) -> list[EvaluationDocument]:
    """The documents of one file's text."""
    starts = list(_START.finditer(source))
    if not starts:
        raise CorpusError("no line '%%% <id>' in this file")
    ends = [start.start() for start in starts[1:]] + [len(source)]
    return [_document(m.group(1), source[m.end() + 1 : end]) for m, end in zip(starts, ends, strict=True)]


def _document(identity: str, body: str) -> EvaluationDocument:
    head, separator, marked = body.partition("\n---\n")
    if not separator:
        raise CorpusError(f"{identity}: no line '---' after the header")
    header: dict[str, str] = {}
    for line in head.strip().splitlines():
        key, colon, value = line.partition(":")
        if not colon or key not in _KEYS:
            raise CorpusError(f"{identity}: header line {line!r} is not one of {sorted(_KEYS)}")
        header[key] = value.strip()
    if header.get("severity") not in SEVERITIES or header.get("split") not in SPLITS:
        raise CorpusError(f"{identity}: severity must be one of {SEVERITIES} and split one of {SPLITS}")
    text, labelled, ignored = _unmark(identity, _filled(identity, marked.strip("\n")))
    return EvaluationDocument(
        id=identity,
        text=text,
        spans=labelled,
        ignored=ignored,
        severity=header["severity"],
        people=_count(header.get("people", "?")),
        staff=_count(header.get("staff", "?")),
        hard_negative=header.get("hard_negative") == "true",
        genre=header["kind"],
        split=header["split"],
        communities=tuple(part.strip() for part in header.get("community", "").split(",") if part.strip()),
    )


def _count(value: str) -> int | None:
    return None if value == "?" else int(value)


def _filled(identity: str, marked: str) -> str:
    """The text with every placeholder replaced by its value."""

    def value(match: re.Match[str]) -> str:
        kind, key, arguments = match.groups()
        if kind not in GENERATORS:
            raise CorpusError(f"{identity}: no generator for {match.group()}")
        seed = f"{identity}/{kind}/{key or match.start()}"
        return make(kind, (arguments or "").split(","), random.Random(seed))

    return _PLACEHOLDER.sub(value, marked)


def _unmark(identity: str, marked: str) -> tuple[str, tuple[Span, ...], tuple[Span, ...]]:
    """Takes the annotation out of the text and gives the spans it stood for."""
    out: list[str] = []
    length = at = 0
    open_spans: list[tuple[bool, str, int]] = []
    labelled: list[Span] = []
    ignored: list[Span] = []
    while at < len(marked):
        opening = _OPEN.match(marked, at)
        if opening:
            open_spans.append((bool(opening.group(1)), opening.group(2), length))
            at = opening.end()
        elif open_spans and marked.startswith("]]", at):
            of_no_account, entity_type, start = open_spans.pop()
            if start == length:
                raise CorpusError(f"{identity}: empty {entity_type}")
            (ignored if of_no_account else labelled).append(Span(entity_type, start, length))
            at += 2
        else:
            out.append(marked[at])
            length += 1
            at += 1
    if open_spans:
        raise CorpusError(f"{identity}: {open_spans[-1][1]} is never closed")
    text = "".join(out)
    for span in labelled:
        if text[span.start : span.end] != text[span.start : span.end].strip():
            raise CorpusError(f"{identity}: {span.type} at {span.start} begins or ends with white space")
    return text, tuple(sorted(labelled, key=_place)), tuple(sorted(ignored, key=_place))


def _place(span: Span) -> tuple[int, int]:
    return span.start, span.end
