"""PERSON by rules: candidates, their reasons, one decision for each span."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain, islice

from scanner.detection.encoded import lies_in_data
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.recognisers.names.candidates import Candidate, NamelessText, make, scan, tokenise
from scanner.detection.recognisers.names.coherence import (
    Established,
    carry,
    join_surname_first,
    listed_together,
    repeated,
)
from scanner.detection.recognisers.names.context import weigh_context
from scanner.detection.recognisers.names.cues import Cues
from scanner.detection.recognisers.names.labels import Labelled
from scanner.detection.recognisers.names.lexicon import Lexicon
from scanner.detection.recognisers.names.weighing import ModelSpan, confidence, model_reason, reason
from scanner.detection.view import View

# Findings of these types own their characters: a name inside them is no mention of a person.
_OWNERS = frozenset(("EMAIL", "URL", "UK_ADDRESS", "UK_POSTCODE", "PHONE", "IP_ADDRESS"))
# What weighs less than this is not worth keeping, whatever the document says elsewhere.
_HOPELESS = -3.6
# A passage with more names than this is a directory: what it is does not depend on the rest, time does.
MOST_CANDIDATES = 6_000
_KEPT = 0.25
_WORK_DOMAINS = (".gov.uk", "nhs.net", ".nhs.uk", ".police.uk", ".sch.uk", ".gov.scot", ".gov.wales")

_GAZETTEER = Evidence(EvidenceKind.GAZETTEER, "forename and surname lists")
_UNLISTED = Evidence(EvidenceKind.PATTERN, "capitalised words")
_OTHER_FIELD = reason(EvidenceKind.COUNTER, "field of another kind", -2.6)
_IN_MAIL = reason(EvidenceKind.NEIGHBOUR, "e-mail address with the same name", 2.0)
_HALF_IN_MAIL = reason(EvidenceKind.NEIGHBOUR, "e-mail address with one of its names", 0.8)


class NameRecogniser:
    """Finds people's names: titles, labels, greetings, sign-offs, roles, gazetteers, and the document itself.

    ``Finding.note`` says whose name it is, as far as the text tells: "staff" (job title, officer's label,
    work address), "public" (councillor, judge, Member of Parliament, author), "private" (resident, child,
    tenant, applicant, relative) or "" where it does not.  A document in which every person is "staff" or
    "public" and no other finding is private tells nothing about anybody's private life.
    """

    name = "names"
    entity_types = ("PERSON",)

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or Lexicon()
        self._cues = Cues(self._lexicon)
        self._nameless = NamelessText(self._lexicon)
        self.programs = self._cues.programs

    def recognise(self, view: View) -> list[Finding]:
        """The people named in ``view``, by rules alone."""
        return self.weigh(view, ())

    def weigh(self, view: View, model_spans: Iterable[ModelSpan]) -> list[Finding]:
        """The people named in ``view``; ``model_spans`` are a language model's ``(start, end, probability)``.

        A model's span adds its reason to the candidate it overlaps, or becomes a candidate of its own.
        """
        text = view.text
        candidates = self._propose(view)
        _add_model(text, candidates, model_spans, self._lexicon)
        candidates = join_surname_first(text, _settle(candidates))
        listed_together(text, candidates)
        established = Established(candidates)
        carry(text, candidates, established)
        listed_together(text, candidates)
        if len(candidates) < MOST_CANDIDATES // 2:
            more = repeated(text, view.data, established, candidates, self._lexicon)
            candidates = _settle([*candidates, *more])
        return [
            _finding(one, established)
            for one in candidates
            if confidence(one.weight) >= _KEPT and not lies_in_data(text, one.start)
        ]

    def _propose(self, view: View) -> list[Candidate]:
        text, lexicon = view.text, self._lexicon
        owners = _Stretches((one.start, one.end) for one in view.findings if one.entity_type in _OWNERS)
        labelled = Labelled(view.layout, lexicon, most=MOST_CANDIDATES, blocks=view.passage.blocks)
        others = _Stretches(labelled.others)
        headers = _Stretches(view.header_cells)
        mail = _mail_names(view)
        kept: list[Candidate] = []
        sources = (
            iter(labelled.candidates),
            self._cues.candidates(view),
            scan(text, view.data, lexicon, self._nameless),
        )
        for one in chain.from_iterable(islice(source, MOST_CANDIDATES) for source in sources):
            if (one.weight < _HOPELESS and not one.anchored) or owners.hold(one.start, one.end):
                continue
            if headers.hold(one.start, one.end):
                continue
            weigh_context(text, one, lexicon)
            if others.hold(one.start, one.end):
                one.add(_OTHER_FIELD)
            if mail:
                _weigh_mail(one, mail)
            if one.weight > _HOPELESS:
                kept.append(one)
        return kept


class _Stretches:
    """Stretches of text that do not overlap, asked whether they hold a span."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(spans)
        self._starts = [start for start, _ in self._spans]

    def hold(self, start: int, end: int) -> bool:
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and end <= self._spans[index][1]


def _mail_names(view: View) -> dict[str, str]:
    """The words of the local parts of e-mail addresses, with "staff" where the domain is one of work."""
    names: dict[str, str] = {}
    for one in view.findings:
        if one.entity_type != "EMAIL":
            continue
        local, _, domain = view.text[one.start : one.end].lower().partition("@")
        own = domain in view.organisation.domains or domain.endswith(_WORK_DOMAINS)
        for word in local.replace("_", ".").replace("-", ".").split("."):
            word = word.rstrip("0123456789")
            if len(word) >= 3:
                names[word] = "staff" if own else names.get(word, "")
    return names


def _weigh_mail(candidate: Candidate, mail: dict[str, str]) -> None:
    matched = [token.low for token in candidate.tokens if token.low in mail]
    if len(matched) >= 2:
        candidate.add(_IN_MAIL, mail[matched[-1]])
    elif matched:
        candidate.add(_HALF_IN_MAIL, mail[matched[0]] if candidate.last >= 0 else "", anchor=False)


def _add_model(text: str, candidates: list[Candidate], spans: Iterable[ModelSpan], lexicon: Lexicon) -> None:
    ordered = sorted(candidates, key=lambda one: one.start)
    starts = [one.start for one in ordered]
    for start, end, probability in spans:
        index = max(0, bisect_right(starts, start) - 2)
        told = False
        while index < len(ordered) and ordered[index].start < end:
            if ordered[index].end > start:
                ordered[index].add(model_reason(probability))
                told = True
            index += 1
        tokens = [] if told else tokenise(text, start, end, lexicon)
        if tokens:
            candidate = make(tokens)
            candidate.add(model_reason(probability))
            candidates.append(candidate)


def _settle(candidates: Iterable[Candidate]) -> list[Candidate]:
    """One candidate for each place: the better supported of two that overlap."""
    kept: list[Candidate] = []
    for one in sorted(candidates, key=lambda each: (each.start, -each.end)):
        if kept and one.start < kept[-1].end:
            if _merit(one) > _merit(kept[-1]):
                if not one.note:
                    one.note = kept[-1].note
                kept[-1] = one
            elif not kept[-1].note:
                kept[-1].note = one.note
            continue
        kept.append(one)
    return kept


def _merit(candidate: Candidate) -> float:
    return candidate.weight + 0.8 * len(candidate.tokens)


def _finding(candidate: Candidate, established: Established) -> Finding:
    listed = any(token.flags & 0b1111 for token in candidate.tokens)
    evidence: tuple[Evidence, ...] = (
        _GAZETTEER if listed else _UNLISTED,
        *dict.fromkeys(one.evidence for one in candidate.reasons),
    )
    note = candidate.note or established.note_of(candidate)
    return Finding(
        "PERSON",
        candidate.start,
        candidate.end,
        confidence(candidate.weight),
        "names",
        evidence,
        note,
    )
