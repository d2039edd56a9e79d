"""Whole phrases found in one linear pass: context words, child flags, topics, labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

import re2

from scanner.detection.programs import compile_bytes

Payload = TypeVar("Payload")

# 64 MiB keeps the automaton of several thousand phrases from falling back to the slow path
# (measured: RE2 drops to its NFA silently when its DFA cache is too small).
_MAX_MEMORY = 64 << 20
# More phrases than this share several automata, each for a stretch of the alphabet: 8500 phrases in one
# ran at 3 MB/s, in six at 32.
_MOST_OF_ONE = 1500

# Different spellings of phrases whose payloads a process keeps at hand.
_MOST_KNOWN = 20_000

_GAP = rb"[ \t\r\n\-/.,'_]{1,4}"
_KEY_GAP = re.compile(rb"[^0-9a-z\x80-\xff&]+")
_ALTERNATIVES = re.compile(r"\(([^()]*)\)(\?)?|(\w)\?")


def expand(phrase: str) -> list[str]:
    """The literal phrases that ``child(ren|'s)? protection plans?`` stands for.

    Only ``(a|b)``, ``(a)?`` and a single optional letter ``s?`` are understood: enough for endings and
    spellings, and never slow.
    """
    match = _ALTERNATIVES.search(phrase)
    if match is None:
        return [" ".join(phrase.split())]
    if match.group(3):
        options = [match.group(3), ""]
    else:
        options = match.group(1).split("|") + ([""] if match.group(2) else [])
    head, tail = phrase[: match.start()], phrase[match.end() :]
    return [literal for option in options for literal in expand(head + option + tail)]


def _key(matched: bytes) -> bytes:
    return _KEY_GAP.sub(b" ", matched.lower()).strip()


def _pattern(key: bytes) -> bytes:
    # The edges are part of the pattern: a longer phrase that ends inside a word ("my ref" in "my refund")
    # must not hide the shorter one that stands there.
    head = rb"\b" if key[:1].isalnum() else b""
    tail = rb"\b" if key[-1:].isalnum() else b""
    return head + _GAP.join(re2.escape(word) for word in key.split(b" ")) + tail


class PhraseHit(NamedTuple, Generic[Payload]):
    """A phrase in the normalised text with what its rule attached to it."""

    start: int
    end: int
    payload: Payload


class PhraseIndex(Generic[Payload]):
    """Finds many phrases at once: one RE2 alternation, then a dictionary look-up per hit.

    Phrases match whole words whatever the letter case, with any blank, line break, hyphen, slash,
    full stop or apostrophe between their words; the longest phrase at a place wins.  ``case_sensitive``
    phrases ("LAC", "CIN") match only in the case they are written in.
    """

    def __init__(
        self,
        phrases: Mapping[str, Payload] | Iterable[tuple[str, Payload]],
        *,
        case_sensitive: bool = False,
    ) -> None:
        pairs = phrases.items() if isinstance(phrases, Mapping) else phrases
        self._case_sensitive = case_sensitive
        self._payloads: dict[bytes, list[Payload]] = {}
        for phrase, payload in pairs:
            for literal in expand(phrase):
                raw = literal.encode("latin-1", "replace")
                key = _KEY_GAP.sub(b" ", raw.lower()).strip()
                if case_sensitive:
                    key = raw.strip()
                if key:
                    self._payloads.setdefault(key, []).append(payload)
        keys = sorted(self._payloads, reverse=True)
        self._matchers = [
            compile_bytes(
                b"|".join(map(_pattern, keys[at : at + _MOST_OF_ONE])),
                case_sensitive=case_sensitive,
                longest_match=True,
                max_memory=_MAX_MEMORY,
            )
            for at in range(0, len(keys), _MOST_OF_ONE)
        ]
        self._known: dict[bytes, tuple[Payload, ...]] = {}

    @property
    def programs(self) -> tuple[re2._Regexp[bytes], ...]:
        """The programs over all phrases."""
        return tuple(self._matchers)

    def find(
        self, data: bytes, absent: Collection[re2._Regexp[bytes]] = frozenset()
    ) -> list[PhraseHit[Payload]]:
        """Every hit in ``data`` (one byte a character), in order; one for each payload of a phrase.

        Programs that are known to be ``absent`` are not run.
        """
        matchers = [matcher for matcher in self._matchers if matcher not in absent]
        spans = [match.span() for matcher in matchers for match in matcher.finditer(data)]
        if len(matchers) > 1:
            spans = _leftmost_longest(spans)
        hits: list[PhraseHit[Payload]] = []
        size = len(data)
        for start, end in spans:
            # RE2 knows the edges of ASCII words only; accented letters are looked at here.
            if start and (data[start] >= 0xC0 or data[start - 1] >= 0xC0) and _inside(data, start):
                continue
            if end < size and (data[end] >= 0xC0 or data[end - 1] >= 0xC0) and _inside(data, end):
                continue
            for payload in self._payloads_of(data[start:end]):
                hits.append(PhraseHit(start, end, payload))
        return hits

    def _payloads_of(self, matched: bytes) -> tuple[Payload, ...]:
        """What is attached to a phrase as it is written; kept for the next time."""
        known = self._known.get(matched)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            key = matched if self._case_sensitive else _key(matched)
            known = self._known[matched] = tuple(self._payloads.get(key, ()))
        return known


def _leftmost_longest(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans of several automata as one would have found them."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    kept: list[tuple[int, int]] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _inside(data: bytes, position: int) -> bool:
    """Whether ``position`` stands between two characters of one word."""
    return _is_word(data[position - 1]) and _is_word(data[position])


def _is_word(byte: int) -> bool:
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte >= 0xC0
