"""Coherence: what a document establishes about a name in one place holds in its other places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import re2

from scanner.detection.finding import EvidenceKind
from scanner.detection.programs import compile_bytes
from scanner.detection.recognisers.names import lexicon as lex
from scanner.detection.recognisers.names.candidates import (
    HOUSE_NUMBER,
    Candidate,
    Token,
    is_free,
    make,
    tokenise,
)
from scanner.detection.recognisers.names.labels import join_reversed
from scanner.detection.recognisers.names.lexicon import Lexicon, forename_band, word_band
from scanner.detection.recognisers.names.weighing import reason

# From this weight on (confidence 0.73) a name is established by what stands beside it.
_ESTABLISHED = 1.0
# Without any context a full name of two frequent names establishes itself only here (0.86).
_ESTABLISHED_ALONE = 1.8
# A forename that is no ordinary word is likely the same person's where it stands in small letters.
_LIKELY = -0.4
# Documents with more names than this are lists: their names repeat in labelled places or not at all.
_MOST_ESTABLISHED = 400
_SMALL_GAPS = frozenset((", ", " and ", ", and ", " & ", "; ", " / ", "/", " or ", " with ", " + ", ",", ";"))

_FULL_AGAIN = reason(EvidenceKind.NEIGHBOUR, "full name stands elsewhere in the document", 3.0)
_FORENAME_AGAIN = reason(EvidenceKind.NEIGHBOUR, "forename of a person named elsewhere in the document", 3.0)
_LIKELY_AGAIN = reason(EvidenceKind.NEIGHBOUR, "forename that stands elsewhere in the document", 1.9)
_SURNAME_AGAIN = reason(EvidenceKind.NEIGHBOUR, "surname of a person named elsewhere in the document", 2.6)
_WORD_AGAIN = reason(EvidenceKind.COUNTER, "also an ordinary word", -1.6)
# No company makes a person of what weighs less.
_BEYOND_HELP = -3.2
_LISTED = reason(EvidenceKind.NEIGHBOUR, "listed beside a person", 1.5)
_NEXT_WORD = re.compile(r" +([a-z]+)")
_VERB_LIKE = frozenset((
    "the", "you", "be", "we", "i", "it", "this", "that", "not", "a", "an", "all", "any", "as",
    "your", "our", "to", "in", "of", "on", "for", "also", "only", "need", "want", "still", "then",
    "there", "they", "he", "she", "have",
))  # fmt: skip


class Established:
    """Forenames and surnames that the document vouches for, each with whose they are."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.forenames: dict[str, str] = {}
        self.surnames: dict[str, str] = {}
        self.full: dict[tuple[str, ...], str] = {}
        self.likely: dict[str, str] = {}
        self._sources: set[int] = set()
        for one in candidates:
            floor = _ESTABLISHED if one.anchored else _ESTABLISHED_ALONE
            if len(one.tokens) == 1 and one.first == 0 and one.weight >= _LIKELY:
                token = one.tokens[0]
                if forename_band(token.flags) >= 2 and not word_band(token.flags):
                    self.likely[token.low] = one.note
            if one.weight < floor or (not one.anchored and len(one.tokens) < 2):
                continue
            self._sources.add(id(one))
            if one.first >= 0:
                self._note(self.forenames, one.tokens[one.first].low, one)
            if one.last >= 0:
                self._note(self.surnames, one.tokens[one.last].low, one)
            if len(one.tokens) > 1:
                key = tuple(sorted(token.low for token in one.tokens))
                if one.note or key not in self.full:
                    self.full[key] = _merged(self.full.get(key, ""), one.note)

    @staticmethod
    def _note(names: dict[str, str], low: str, one: Candidate) -> None:
        if len(low) > 1:
            names[low] = _merged(names.get(low, ""), one.note)

    def rests_on(self, candidate: Candidate) -> bool:
        """Whether this candidate is one of those that establish: it cannot support itself."""
        return id(candidate) in self._sources

    def note_of(self, candidate: Candidate) -> str:
        """Whose name it is, by what the document says elsewhere."""
        if len(candidate.tokens) > 1:
            known = self.full.get(tuple(sorted(token.low for token in candidate.tokens)), "")
            if known:
                return known
            if candidate.first >= 0 and candidate.last >= 0:
                return ""
        low = candidate.tokens[0].low
        return self.forenames.get(low, "") or self.surnames.get(low, "")


def _merged(old: str, new: str) -> str:
    """Private beats the others: one resident's name among officers is what matters."""
    if not old or not new or old == new:
        return old or new
    return "private" if "private" in (old, new) else old


# So many names written surname first make it the way of the document.
_HABIT = 3


def join_surname_first(text: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """``SURNAME, Forename`` in running text: two neighbours become one where that is likeliest."""
    joined = _join(text, candidates, bonus=0.0)
    if sum(1 for one in joined if one.first > one.last >= 0 and one.weight >= _ESTABLISHED) >= _HABIT:
        joined = _join(text, joined, bonus=0.9)
    return joined


def _join(text: str, candidates: Sequence[Candidate], *, bonus: float) -> list[Candidate]:
    joined: list[Candidate] = []
    for one in candidates:
        if joined:
            before = joined[-1]
            gap = one.start - before.end
            if (
                gap == 2
                and not before.sole
                and before.first <= max(before.last, 0)
                and len(before.tokens) <= 4
                and len(one.tokens) <= 3
            ):
                both = None
                if text[before.end : one.start] == ", ":
                    both = join_reversed(before, one.tokens, text, bonus=bonus)
                if both is not None and both.weight > (0.2 if bonus == 0.0 else 0.0):
                    joined[-1] = both
                    continue
        joined.append(one)
    return joined


def listed_together(text: str, candidates: Sequence[Candidate]) -> None:
    """A name between commas or "and" beside a sure one is likely one too."""
    for order in (candidates, tuple(reversed(candidates))):
        previous: Candidate | None = None
        for one in order:
            if previous is not None and previous.weight >= _ESTABLISHED and one.weight < _ESTABLISHED:
                left, right = (previous, one) if previous.start < one.start else (one, previous)
                if one.weight > _BEYOND_HELP and _side_by_side(text, left, right):
                    one.add(_LISTED, previous.note if previous.note == "private" else "")
            previous = one


def _side_by_side(text: str, left: Candidate, right: Candidate) -> bool:
    """Whether nothing but a comma, "and" or an opening bracket of its own stands between two candidates."""
    if not 0 < right.start - left.end <= 6:
        return False
    gap = text[left.end : right.start]
    return gap in _SMALL_GAPS or (gap == " (" and text[right.end : right.end + 1] == ")")


def carry(text: str, candidates: Sequence[Candidate], established: Established) -> None:
    """Give the candidates that an established name supports their reason."""
    for one in candidates:
        if established.rests_on(one):
            continue
        if len(one.tokens) > 1:
            key = tuple(sorted(token.low for token in one.tokens))
            if (key in established.full and one.weight < _ESTABLISHED_ALONE) or (
                one.weight < _ESTABLISHED
                and one.first >= 0
                and one.last >= 0
                and (
                    one.tokens[one.first].low in established.forenames
                    and one.tokens[one.last].low in established.surnames
                )
            ):
                one.add(_FULL_AGAIN)
        elif one.weight < _ESTABLISHED:
            token = one.tokens[0]
            if token.low in established.forenames:
                one.add(_FORENAME_AGAIN)
            elif token.low in established.surnames:
                one.add(_SURNAME_AGAIN)
            else:
                continue
            if word_band(token.flags) and _reads_as_word(text, one):
                one.add(_WORD_AGAIN)


def _reads_as_word(text: str, one: Candidate) -> bool:
    """``Will the ...``, ``Mark all ...``: whether a name that is a word too opens a sentence as that word."""
    at = one.start - 1
    while at >= 0 and text[at] in " \t\"'(*":
        at -= 1
    if at >= 0 and text[at] not in ".!?:;\n":
        return False
    following = _NEXT_WORD.match(text, one.end)
    if following is None or one.tokens[0].possessive:
        return False
    return following.group(1) in _VERB_LIKE or not one.anchored


def repeated(
    text: str, data: bytes, established: Established, taken: Sequence[Candidate], lexicon: Lexicon
) -> list[Candidate]:
    """Further mentions of established names that nothing else points at, in any letter case.

    Names that are ordinary words are looked for with a capital only.
    """
    names = {**established.likely, **established.surnames, **established.forenames}
    names = {name: note for name, note in names.items() if len(name) >= 3}
    if not names or len(names) > _MOST_ESTABLISHED:
        return []
    words = b"|".join(
        re2.escape(name.encode("latin-1", "replace")) for name in sorted(names) if _is_latin(name)
    )
    if not words:
        return []
    pattern = rb"\b(?:" + words + rb")(?: (?:" + words + rb")){0,2}\b"
    matcher = compile_bytes(pattern, case_sensitive=False, longest_match=True)
    spans = [(one.start, one.end) for one in taken]
    index = 0
    found: list[Candidate] = []
    for match in matcher.finditer(data):
        start, end = match.span()
        while index < len(spans) and spans[index][1] <= start:
            index += 1
        if index < len(spans) and spans[index][0] < end:
            continue
        if not is_free(text, start, end):
            continue
        tokens = tokenise(text, start, end, lexicon)
        if not tokens or tokens[0].start != start or tokens[-1].end != end:
            continue
        if _is_thing(text, tokens[0], end, lexicon):
            continue
        if any(
            token.shape == "l" and (word_band(token.flags) or token.flags & ~lex.KNOWN_NAME & ~0b110000)
            for token in tokens
        ):
            continue
        candidate = make(tokens, prior=-2.0)
        if tokens[0].low not in established.forenames and tokens[0].low not in established.surnames:
            candidate.add(_LIKELY_AGAIN)
        elif (candidate.first >= 0 and tokens[0].low in established.forenames) or forename_band(
            tokens[0].flags
        ) >= 2:
            candidate.add(_FORENAME_AGAIN if len(tokens) == 1 else _FULL_AGAIN)
        else:
            candidate.add(_SURNAME_AGAIN if len(tokens) == 1 else _FULL_AGAIN)
        if word_band(tokens[0].flags) and _reads_as_word(text, candidate):
            candidate.add(_WORD_AGAIN)
        found.append(candidate)
    return found


_NEXT_CAPITAL = re.compile(r"(?:'s)? ([A-Z][a-z]+)")
_CAPITAL_BEFORE = re.compile(r"[A-Z][a-z]+ $")


def _is_thing(text: str, token: Token, end: int, lexicon: Lexicon) -> bool:
    """Whether an established name stands in the name of a street, a hall or a school."""
    following = _NEXT_CAPITAL.match(text, end)
    if following is not None and lexicon.flags(following.group(1).lower()) & lex.HEAD:
        return True
    before = text[max(0, token.start - 16) : token.start]
    return bool(token.flags & lex.HEAD and _CAPITAL_BEFORE.search(before)) or bool(
        HOUSE_NUMBER.search(before)
    )


def _is_latin(name: str) -> bool:
    return all(character <= "\xff" for character in name)
