"""Sections: what kind of document each part of a view is, and where signatures and disclaimers stand.

A policy, a committee paper or a job advert speaks about children in general; its exempt annex or a mail
forwarded with it is judged by itself.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import re2

from rules.flags import KindPack
from scanner.detection.finding import REPORTED, Finding
from scanner.detection.phrases import PhraseHit, PhraseIndex
from scanner.detection.view import View

# Headings that begin a part judged by itself: annexes kept from the public, mail boundaries.
_BOUNDARY = re.compile(
    r"^[ \t#*_>=\-]{0,8}(?:"
    r"(?P<annex>(?:(?:strictly )?(?:exempt|restricted|confidential|private|part (?:2|two|ii|b))\b[^\n]{0,60}"
    r"(?:appendix|annex|report|item|information|part|schedule|section|minute|business|session)"
    r"|(?:appendix|annex|schedule|part|item|section)\b[^\n]{0,40}"
    r"\b(?:exempt|restricted|confidential|private|not for publication|closed)\b|not for publication|"
    r"part (?:2|two|ii|b)\b ?[-:(][^\n]{0,40}|exempt\b[^\n]{0,10}$|restricted\b[^\n]{0,10}$)[^\n]{0,80})"
    r"|(?P<part>(?:appendix|annex|enclosure|attachment) (?:[A-Z]|\d{1,2}|[ivx]{1,4})\b[^\n]{0,80})"
    r"|(?P<mail>-{2,} ?(?:original message|forwarded message|forwarded by)[^\n]{0,80}|"
    r"begin forwarded message|"
    r"from:[^\n]{3,100}(?=\n[ \t>*]{0,4}(?:sent|to|date):))"
    r")[ \t#*_=\-:]{0,8}$",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING = re.compile(
    r"^[ \t>]*(?:(?:kind|best|warm|many|with|yours|all the)[ \t]+)?(?:kind[ \t]+)?"
    r"(?:regards|thanks|wishes|sincerely|faithfully|best|truly)[ \t,.!]*(?:and (?:regards|"
    r"best wishes))?[ \t]*$|^-- ?$",
    re.IGNORECASE | re.MULTILINE,
)
_DISCLAIMER = re.compile(
    r"(?:this (?:e-?mail|message|communication)(?: and any| is| may| contains|, including)|"
    r"if you (?:are not|have received) (?:the intended|this)|intended (?:solely|only) for|"
    r"confidentiality notice|"
    r"safeguarding is every(?:one|body)|think before you print|please consider the environment|"
    r"the council (?:is committed|processes|may monitor))",
    re.IGNORECASE,
)
# Lines that may be a boundary, a closing or a disclaimer hold one of these; only they are read closely.
_CUES = re2.compile(
    rb"(?i)exempt|restricted|confidential|private|\bpart (?:2|two|ii|b)\b|not for publication|appendix|annex|"
    rb"enclosure|attachment|closed|original message|forwarded|from:|regards|thanks|wishes|sincerely|"
    rb"faithfully|best|"
    rb"truly|-- ?\n|this (?:e-?mail|message|communication)|if you (?:are not|have received)|"
    rb"intended (?:solely|only)|"
    rb"safeguarding is every|think before you|please consider the|the council (?:is committed|processes|"
    rb"may monitor)"
)
# A signature is at most this long; what follows is text again.
_SIGNATURE = 700


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document.

    ``kind`` is the id of a rule of the kinds pack, empty for what is about somebody in particular.
    ``sign`` is the span of one sign that told the kind.  ``made_up`` says that its people are not real.
    """

    start: int
    end: int
    kind: str = ""
    sign: tuple[int, int] = (0, 0)
    made_up: bool = False
    annex: bool = False
    # Examples within it: stretches whose people and numbers are not real.
    examples: tuple[tuple[int, int], ...] = ()

    def invented(self, position: int) -> bool:
        """Whether what stands at ``position`` is made up: in a section that says so, or in an example."""
        return self.made_up or any(start <= position < end for start, end in self.examples)


class Sections:
    """The sections of one view, with look-ups by position."""

    def __init__(self, sections: Sequence[Section], quiet: Sequence[tuple[int, int]]) -> None:
        self.sections = tuple(sections)
        self._starts = [section.start for section in self.sections]
        self._quiet = sorted(quiet)
        self._quiet_starts = [start for start, _ in self._quiet]

    def at(self, position: int) -> Section:
        """The section that holds ``position``."""
        return self.sections[max(0, bisect_right(self._starts, position) - 1)]

    def made_up(self) -> list[tuple[int, int]]:
        """The stretches whose people are not real, in order."""
        spans: list[tuple[int, int]] = []
        for section in self.sections:
            spans += [(section.start, section.end)] if section.made_up else section.examples
        return sorted(span for span in spans if span[0] < span[1])

    def in_signature(self, position: int) -> bool:
        """Whether ``position`` stands in a mail signature, a disclaimer or a footer."""
        index = bisect_right(self._quiet_starts, position) - 1
        return index >= 0 and position < self._quiet[index][1]


class KindClassifier:
    """Tells the kind of each section by the signs of a pack; built once from the rules."""

    def __init__(self, pack: KindPack) -> None:
        self._rules = {rule.id: rule for rule in pack.rules}
        pairs = [(phrase, (rule.id, True)) for rule in pack.rules for phrase in rule.titles]
        pairs += [(phrase, (rule.id, False)) for rule in pack.rules for phrase in rule.signs]
        self._index = PhraseIndex[tuple[str, bool]](pairs)
        exact = [(phrase, (rule.id, False)) for rule in pack.rules for phrase in rule.exact]
        self._exact = PhraseIndex[tuple[str, bool]](exact, case_sensitive=True)

    def classify(self, view: View) -> Sections:
        """The sections of ``view`` with their kinds; linear in its text."""
        text = view.text
        bounds: list[tuple[int, bool]] = [(0, False)]
        lines = _cued_lines(view)
        mails: list[int] = []
        for start, _ in lines:
            match = _BOUNDARY.match(text, start)
            if match is not None and start > 0:
                bounds.append((start, match.group("part") is None))
                if match.group("mail"):
                    mails.append(start)
        hits = sorted(self._index.find(view.data) + self._exact.find(view.data), key=lambda hit: hit.start)
        starts = [hit.start for hit in hits]
        sections: list[Section] = []
        for number, (start, own) in enumerate(bounds):
            end = bounds[number + 1][0] if number + 1 < len(bounds) else len(text)
            inside = hits[bisect_right(starts, start - 1) : bisect_right(starts, end - 1)]
            kind, sign = self._kind(text, start, end, inside)
            if kind in _TO_ANYBODY and _about_somebody(view, start, end):
                kind = ""
            if not own and not kind and sections:
                # A plain appendix goes on in the manner of the paper that it belongs to.
                kind, sign = sections[-1].kind, sections[-1].sign
            told = [hit for hit in inside if hit.payload[0].startswith("made-up")]
            made_up = any(_for_all(text, start, end, hit) for hit in told)
            made_up = made_up or _FICTION.search(text, start, min(end, start + _OPENING)) is not None
            if not own and sections:
                made_up = made_up or sections[-1].made_up
            examples = () if made_up else tuple(_example(text, start, end, hit) for hit in told)
            if not made_up and _SHOWN_SIGN.search(view.data, start, end):
                examples += tuple(match.span() for match in _SHOWN.finditer(text, start, end))
            sections.append(Section(start, end, kind, sign, made_up, own and number > 0, examples))
        return Sections(sections, _quiet(view, lines, mails))

    def _kind(
        self, text: str, start: int, end: int, hits: Sequence[PhraseHit[tuple[str, bool]]]
    ) -> tuple[str, tuple[int, int]]:
        weights: dict[str, int] = {}
        seen: set[tuple[str, str]] = set()
        first: dict[str, tuple[int, int]] = {}
        for hit in hits:
            rule, title = hit.payload
            if rule.startswith("made-up"):
                continue
            key = (rule, text[hit.start : hit.end].lower())
            if key in seen or (title and not _in_title(text, start, hit.start, hit.end)):
                continue
            seen.add(key)
            gain = self._rules[rule].title_weight if title else 1
            if title and any(other == (rule, "") for other in seen):
                gain = 1  # several title words in one title are one title
            if title:
                seen.add((rule, ""))
            weights[rule] = weights.get(rule, 0) + gain
            first.setdefault(rule, (hit.start, hit.end))
        if not weights:
            return "", (start, start)
        best = max(weights, key=lambda rule: weights[rule] - self._rules[rule].threshold)
        if weights[best] < self._rules[best].threshold:
            return "", (start, start)
        return best, first[best]


# A paragraph that tells something: a verb of the third person, or a postscript.
_TELLS = re.compile(
    r"\b(?:is|was|are|were|has|had|have|been|lives?|lived|said|says|told|went|needs?|wants?|will|got|attends?)\b"
    r"|^[ \t>]*(?:p\.?s\.?|nb|also)\b",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n[ \t>]*\n")
_TOLD_OF = frozenset({"PERSON", "DATE_OF_BIRTH", "UK_NHS", "UK_NINO", "UK_UPN"})


def _quiet(view: View, lines: Sequence[tuple[int, int]], mails: Sequence[int]) -> list[tuple[int, int]]:
    """Signatures (from the closing words on) and disclaimers."""
    text = view.text
    spans: list[tuple[int, int]] = []
    for start, end in lines:
        if _CLOSING.match(text, start):
            stop = min(len(text), end + _SIGNATURE)
            at = bisect_right(mails, end)
            stop = min(stop, mails[at]) if at < len(mails) else stop
            spans.append((start, _told_again(view, end, stop)))
        elif (match := _DISCLAIMER.search(text, start, end)) is not None:
            spans.append((match.start(), end))
    return spans


def _told_again(view: View, start: int, stop: int) -> int:
    """Where, behind closing words, the text goes on about somebody: a paragraph with a name and a verb."""
    for gap in _PARAGRAPH.finditer(view.text, start, stop):
        following = _PARAGRAPH.search(view.text, gap.end(), stop)
        end = following.start() if following is not None else stop
        if _TELLS.search(view.text, gap.end(), end) and any(
            finding.entity_type in _TOLD_OF for finding in _reported(view, gap.end(), end)
        ):
            return gap.end()
    return stop


def _reported(view: View, start: int, end: int) -> Iterator[Finding]:
    """The findings that begin in a stretch and are reported; they are sorted, so only these are looked at."""
    for at in range(bisect_left(view.findings, start, key=attrgetter("start")), len(view.findings)):
        finding = view.findings[at]
        if finding.start >= end:
            return
        if finding.confidence >= REPORTED:
            yield finding


# Leaflets say "you" to anybody, letters to somebody.
_TO_ANYBODY = frozenset({"public information"})
_SALUTATION = re.compile(
    r"^[ \t>]*(?:dear|annwyl|hi|hello)[ \t]+(?!(?:all|both|parents?|carers?|residents?|colleagues?|everyone"
    r"|team|sir|madam|customers?|tenants?|neighbours?|families|friends?|members?|applicants?|rieni|bawb|staff)\b)[A-Z]",
    re.IGNORECASE | re.MULTILINE,
)
_OWN = frozenset({"DATE_OF_BIRTH", "UK_NHS", "UK_CHI", "UK_NINO", "UK_UPN", "UK_CASE_ID", "UK_BANK_ACCOUNT"})


def _about_somebody(view: View, start: int, end: int) -> bool:
    """Whether a part of a text greets somebody by name, or holds what only one person has."""
    return _SALUTATION.search(view.text, start, end) is not None or any(
        finding.entity_type in _OWN or (finding.entity_type, finding.note) == ("UK_ADDRESS", "home")
        for finding in _reported(view, start, end)
    )


# What says that something is not made up after all.
_DENIED = re.compile(
    r"(?:not|isn't|aren't|no longer|instead of|rather than|never|nor)\W+(?:\w+\W+){0,2}$", re.I
)
# "Have a look at this made-up letter": it stands in the paragraph behind.
_ANNOUNCED = re.compile(r"(?:this|these|(?:the )?(?:following|next))\b", re.I)
# "CASE STUDY 3 (fictional)" over a text, and lines that show how something is written.
_FICTION = re.compile(r"\((?:fictional|fictitious|made[- ]up|invented|imaginary|not real)\)", re.I)
_SHOWN = re.compile(
    r"^[ \t•*-]*(?:(?:(?:good|bad|another|worked|model)[ \t]+)?example"
    r"|sample[ \t]+(?:letter|report|report card|entry|record|form|e-?mail|text))"
    r"(?:[ \t]*\([^)\n]{1,20}\))?[ \t]*:[^\n]*",
    re.I | re.M,
)
_SHOWN_SIGN = re2.compile(rb"(?i)(?:ex|s)ample")
# A document says what it is in this much of its opening.
_OPENING = 300
# A block of more lines than this is no single record.
_RECORD = 12
# A record in braces is at most this long on each side of what it says of itself.
_OBJECT = 1000


def _for_all(text: str, start: int, end: int, hit: PhraseHit[tuple[str, bool]]) -> bool:
    """Whether a sign of made-up people holds for its whole section: said of all names, or in the title."""
    if _DENIED.search(text[max(start, hit.start - 30) : hit.start]):
        return False
    if hit.payload[0] == "made-up":
        # "All names have been changed" at the head or the foot of a story is said of the story.
        return hit.start - start < 2 * _OPENING or end - hit.end < _OPENING
    line_start = text.rfind("\n", 0, hit.start) + 1
    line_end = text.find("\n", hit.end)
    title = _is_title(text[line_start : len(text) if line_end < 0 else line_end])
    return title and text[start:line_start].strip() == "" and hit.start - start < _OPENING


def _is_title(line: str) -> bool:
    """A title is no sentence: "The migration ran with test data." says nothing of what follows."""
    line = line.strip()
    return len(line) <= 100 and not line.endswith((".", ",", ";", "!", "?"))


def _example(text: str, start: int, end: int, hit: PhraseHit[tuple[str, bool]]) -> tuple[int, int]:
    """What a sign of made-up people within a text covers: its paragraph, and under a heading the next one.

    In a block of many lines (settings, programs) it is the line alone, with what its bracket opens.
    """
    if _DENIED.search(text[max(start, hit.start - 30) : hit.start]):
        return hit.start, hit.start
    low = max(start, text.rfind("\n\n", start, hit.start) + 2) if "\n\n" in text[start : hit.start] else start
    high = text.find("\n\n", hit.end, end)
    high = end if high < 0 else high
    line_start = max(low, text.rfind("\n", start, hit.start) + 1)
    line_end = text.find("\n", hit.end, high)
    line_end = high if line_end < 0 else line_end
    announced = _ANNOUNCED.match(text, hit.start) is not None and high - low < _OPENING
    if line_end >= high and line_start <= low and (announced or _is_title(text[low:high])):
        following = text.find("\n\n", high + 2, end)
        return low, end if following < 0 else following
    if text[line_start:line_end].rstrip().endswith((":", "[", "{", "(", ")")):
        return line_start, high
    opened = text.rfind("{", max(low, hit.start - _OBJECT), hit.start)
    closed = text.find("}", hit.end, min(high, hit.end + _OBJECT))
    if opened >= 0 and closed >= 0 and text.find("}", opened, hit.start) < 0:
        return opened, closed + 1  # a record that calls itself an example
    return (line_start, line_end) if text.count("\n", low, high) > _RECORD else (low, high)


def _cued_lines(view: View) -> list[tuple[int, int]]:
    """The lines in which a cue stands, without their line breaks."""
    text = view.text
    lines: list[tuple[int, int]] = []
    done = -1
    for match in _CUES.finditer(view.data):
        if match.start() <= done:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", match.start())
        done = len(text) if end < 0 else end
        lines.append((start, done))
    return lines


def _in_title(text: str, section_start: int, start: int, end: int) -> bool:
    """Whether a hit stands in a heading: a short line without a sentence, near the top or set apart."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    line = text[line_start:line_end].strip(" \t#*_=-")
    if len(line) > 100 or line.endswith((",", ";")) or (line.endswith(".") and len(line) > 60):
        return False
    near_top = start - section_start < 400
    apart = text[max(0, line_start - 2) : line_start].strip() == "" and line[:1].isupper()
    subject = re.match(r"(?:subject|re|title|document|policy|job title|post)\s*:", line, re.IGNORECASE)
    return near_top or bool(subject) or (apart and len(line) < 60)
