"""Context: which words stand near a value, on both sides, as its label, or over its column.

One pass finds every context phrase of every rule; what is near a value is then looked up by position,
so that the cost is linear in the text and in the hits.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from scanner.detection.layout import Layout
from scanner.detection.phrases import PhraseHit, PhraseIndex, expand
from scanner.text import to_bytes, words_apart

COUNTER = "counter"

# 300 characters on both sides: what Microsoft Purview uses for the same numbers.
WINDOW = 300
# A label and its value stand on one line, at most this far apart.
LABEL_GAP = 48
# A counter label ("Order no") must stand closer: further off it labels something else.
COUNTER_GAP = 24
# A label this close is the value's own.
_OWN_LABEL = 6
_MAX_STEPS = 40
_NO_LETTER = re.compile(r"[\W_]+")
_ANOTHER_VALUE = re.compile(r"\d{4}|\d[ \-]\d{2}")
_LOG_LINE = re.compile(
    r"\W{0,3}(?:[A-Z]{3,8}\]?[ :|]{1,3})?\W{0,3}(?:\d{4}-\d\d-\d\d[T ]\d\d:|\d{2}/[A-Za-z]{3}/\d{4}:"
    r"|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d|\d\d:\d\d:\d\d)"
)
_SENTENCE_END = re.compile(r"[.!?][\"')]?\s+[A-Z]")
# The key of a program's own record stands right before its value and is its label: {"corr": "..."}, pid=...
_KEY = re.compile(r"(?P<key>[A-Za-z][\w.-]{0,46})(?:\"[ \t]*:[ \t]*\[?\"?|=\"?)$")
_KEY_REACH = 56
# A key that names no kind of value: what stands around it tells.
_ANY_KEY = re.compile(
    r"(?:^|[^a-z])(?:values?|val|numbers?|num|no|ids?|refs?|references?|identifiers?|extension|text|data|raw"
    r"|content|body|field|input|result|item|code)\d*$",
    re.IGNORECASE,
)
# The last word of a key that counts or names something of the program: "nhs_trace_job", "nino_batch".
_OF_PROGRAM = re.compile(
    r"(?:^|[^a-z])(?:jobs?|counts?|total|batch|queue|seq|sequence|ms|secs?|seconds|port|pid|build|version|epoch"
    r"|ts|time|timestamp|duration|size|rows|records?|recs|retries|attempts|hash|sha|trace|span|corr|correlation"
    r"|session|request|req|txn|transaction|thread|offset|bytes|length|line|checksum|etag|cache|depth|limit)"
    r"(?:[ _.-]?id)?$",
    re.IGNORECASE,
)


class Nearness(IntEnum):
    """How a context phrase stands to a value, from against it to most telling."""

    AGAINST = -1
    NONE = 0
    WINDOW = 1
    LINE = 2
    BEHIND = 3
    LABEL = 4


# How much of the difference between "without context" and "with context" each nearness is worth.
STRENGTH: Mapping[Nearness, float] = {
    Nearness.AGAINST: 0.0,
    Nearness.NONE: 0.0,
    Nearness.WINDOW: 0.55,
    Nearness.LINE: 0.75,
    Nearness.BEHIND: 0.95,
    Nearness.LABEL: 1.0,
}


@dataclass(frozen=True, slots=True)
class Context:
    """What the surroundings say: how near, and which phrase (the rule's words, not the document's)."""

    nearness: Nearness
    phrase: str = ""


_NO_CONTEXT = Context(Nearness.NONE)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A context phrase and the rules it speaks for (their ids, or ``counter``)."""

    phrase: str
    tags: frozenset[str]


class ContextPhrases:
    """The context phrases of all rules in one index; built once."""

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        tags: dict[str, set[str]] = {}
        for phrase, tag in phrases:
            for literal in expand(phrase):
                tags.setdefault(literal.lower(), set()).add(tag)
        self._index = PhraseIndex(
            {phrase: Tagged(phrase, frozenset(found)) for phrase, found in tags.items()}
        )
        # "sortcode", "nhsnumber": programs write the words of a label without a gap.
        self._run_together = {
            "".join(phrase.split()): Tagged(phrase, frozenset(found))
            for phrase, found in tags.items()
            if " " in phrase
        }
        self._labels: dict[str, tuple[Tagged, ...]] = {}

    def find(self, data: bytes) -> list[PhraseHit[Tagged]]:
        """Every context phrase in the text, in order."""
        return self._index.find(data)

    def of_label(self, label: str) -> tuple[Tagged, ...]:
        """The context phrases inside a form label or column header ("NHS_Number", "nhsNumber")."""
        known = self._labels.get(label)
        if known is None:
            known = tuple(hit.payload for hit in self._index.find(to_bytes(words_apart(label))))
            together = self._run_together.get(_NO_LETTER.sub("", label).lower())
            if together is not None and together not in known:
                known = (together, *known)
            if len(self._labels) > 10_000:
                self._labels.clear()
            self._labels[label] = known
        return known


class ContextOfView:
    """The context phrases of one text, with look-ups by position; the layout is asked for when needed."""

    def __init__(self, text: str, data: bytes, layout: Callable[[], Layout], phrases: ContextPhrases) -> None:
        self._text = text
        self._layout = layout
        self._phrases = phrases
        self.hits = phrases.find(data)
        self._starts = [hit.start for hit in self.hits]
        self._tagged: dict[str, list[PhraseHit[Tagged]]] = {}
        self._places: dict[str, list[int]] = {}
        self._said: dict[tuple[str, str], Context] = {}

    def tagged(self, tag: str) -> list[PhraseHit[Tagged]]:
        """The hits that speak for one tag, in order."""
        found = self._tagged.get(tag)
        if found is None:
            found = [hit for hit in self.hits if tag in hit.payload.tags]
            self._tagged[tag] = found
        return found

    def places(self, tag: str) -> list[int]:
        """Where the hits that speak for one tag begin, in order."""
        found = self._places.get(tag)
        if found is None:
            found = self._places[tag] = [hit.start for hit in self.tagged(tag)]
        return found

    def label(self, tag: str, label: str) -> Context:
        """What a label alone says for the rule ``tag``."""
        key = (tag, label)
        said = self._said.get(key)
        if said is None:
            said = self._said[key] = self._read_label(tag, label)
        return said

    def _read_label(self, tag: str, label: str) -> Context:
        found = self._phrases.of_label(label)
        for tagged in found:
            if tag in tagged.tags:
                return Context(Nearness.LABEL, tagged.phrase)
        if any(COUNTER in tagged.tags or f"{COUNTER}:{tag}" in tagged.tags for tagged in found):
            return Context(Nearness.AGAINST, found[0].phrase)
        return _NO_CONTEXT

    def of(self, tag: str, start: int, end: int) -> Context:
        """What stands near ``start:end`` for the rule ``tag``."""
        text, layout = self._text, self._layout()
        record = layout.record_at(start)
        alone = self._alone(start, end)
        label = record.label_at(start) if record is not None else ""
        if alone and (not label or self.label(tag, label) is _NO_CONTEXT):
            return _NO_CONTEXT
        keyed = self._of_key(tag, start)
        if keyed is not None:
            return keyed
        field = record.field_at(start) if record is not None else None
        low, high = 0, len(text)
        if field is not None and field.label:
            said = self.label(tag, field.label)
            first = start - field.start <= COUNTER_GAP and not _ANOTHER_VALUE.search(text, field.start, start)
            if said.nearness is Nearness.LABEL and first:
                return said
            if record is not None and record.table is not None:
                # In a table only the header and the cell itself speak: neighbours have headers of their own.
                low, high = field.start, field.end
                if said.nearness is Nearness.AGAINST and field.end - field.start < 40:
                    return said
        if alone:
            return _NO_CONTEXT
        line = layout.line_span(start)
        if _LOG_LINE.match(text, line[0]):
            # Each line of a log is a record of its own.
            low, high = max(low, line[0]), min(high, line[1])
        before = self._before(tag, start, low)
        if before.nearness in (Nearness.LABEL, Nearness.AGAINST):
            return before
        behind = self._behind(tag, end, high)
        return max(before, behind, key=lambda context: context.nearness)

    def _of_key(self, tag: str, start: int) -> Context | None:
        """What the key of a program's record right before ``start`` says; None where there is none."""
        text = self._text
        near = text[max(0, start - 5) : start]
        if not near.endswith("=") and '="' not in near and '":' not in near:
            return None
        match = _KEY.search(text, max(0, start - _KEY_REACH), start)
        if match is None:
            return None
        key = words_apart(match["key"])
        if _OF_PROGRAM.search(key):
            return Context(Nearness.AGAINST, "key of a program")
        said = self.label(tag, match["key"])
        return None if said is _NO_CONTEXT and _ANY_KEY.search(key) else said

    def _alone(self, start: int, end: int) -> bool:
        """Whether no context phrase stands near enough to matter on either side."""
        hits = self.hits
        index = bisect_left(self._starts, start)
        if index and start - hits[index - 1].end <= WINDOW:
            return False
        while index < len(hits) and hits[index].start < end:
            index += 1
        return index == len(hits) or hits[index].start - end > WINDOW

    def _before(self, tag: str, start: int, low: int) -> Context:
        text = self._text
        line = text.rfind("\n", max(0, start - WINDOW), start) + 1
        best = _NO_CONTEXT
        index = bisect_left(self._starts, start) - 1
        for step in range(_MAX_STEPS):
            if index - step < 0:
                break
            hit = self.hits[index - step]
            if hit.start < low or start - hit.end > WINDOW:
                break
            if hit.end > start:
                continue
            speaks = tag in hit.payload.tags
            gap = start - hit.end
            if hit.start >= line or text[hit.end : start].strip(" \t:.#-*|_") == "\n":
                between = text[hit.end : start]
                labels = gap <= LABEL_GAP and not _ANOTHER_VALUE.search(between)
                if speaks and labels and not _SENTENCE_END.search(between):
                    return Context(Nearness.LABEL, hit.payload.phrase)
                against = COUNTER in hit.payload.tags or f"{COUNTER}:{tag}" in hit.payload.tags
                if against and not speaks and gap <= COUNTER_GAP and labels:
                    return Context(Nearness.AGAINST, hit.payload.phrase)
                if not speaks and labels and gap <= _OWN_LABEL:
                    # Another rule's label directly before the value: ours speaks of something else.
                    return _NO_CONTEXT
            if speaks:
                found = Nearness.LINE if hit.start >= line else Nearness.WINDOW
                if found > best.nearness:
                    best = Context(found, hit.payload.phrase)
        return best

    def _behind(self, tag: str, end: int, high: int) -> Context:
        text = self._text
        best = _NO_CONTEXT
        index = bisect_left(self._starts, end)
        for hit in self.hits[index : index + _MAX_STEPS]:
            if hit.end > high or hit.start - end > WINDOW:
                break
            if tag not in hit.payload.tags:
                continue
            between = text[end : hit.start]
            if len(between) <= 12 and "\n" not in between and not _ANOTHER_VALUE.search(between):
                return Context(Nearness.BEHIND, hit.payload.phrase)
            found = Nearness.WINDOW if "\n" in between else Nearness.LINE
            if found > best.nearness:
                best = Context(found, hit.payload.phrase)
        return best
