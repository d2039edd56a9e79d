"""Ages: age phrases and school years in a text, the age behind a date of birth, the date of a document."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from scanner.detection.dates import age_at, dates_in, read_date
from scanner.detection.finding import Finding
from scanner.detection.recognisers.birth_dates import birth_date
from scanner.detection.scan import CandidateScan
from scanner.detection.view import View

ADULT = 18


class AgeKind(StrEnum):
    """How an age is given."""

    AGE = "age"
    SCHOOL_YEAR = "school year"
    UNBORN = "unborn"


@dataclass(frozen=True, slots=True)
class AgePhrase:
    """An age in a text: the span of the phrase, the years it stands for (0 for babies, -1 for the unborn)."""

    start: int
    end: int
    years: int
    kind: AgeKind = AgeKind.AGE

    @property
    def child(self) -> bool:
        """Whether it makes its owner younger than 18."""
        return self.years < ADULT


_TO_NINETEEN = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
_NUMBER_WORDS = _TO_NINETEEN.split()
_NUMBER_WORD = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_NUMBER = rf"(?:[0-9]{{1,3}}|{_NUMBER_WORD})"

_AGED = re.compile(rf"(?:aged?|ages)\W{{0,3}}(?:is |was |of )?({_NUMBER})(?![0-9])", re.IGNORECASE)
_OLD = re.compile(
    rf"({_NUMBER})[ \-]?(?:y/?o\b|y\.o\.?|yr?s?[ \-]?old\b|years?[ \-]old\b|years? of age\b|(?:yrs?|"
    rf"years)(?=\)))",
    re.IGNORECASE,
)
_YOUNG = re.compile(
    rf"({_NUMBER}(?:/(?:12|52|7))?)[ \-]?(?:months?|mths?|mos?|weeks?|wks?|days?)?[ \-]?old\b", re.IGNORECASE
)
_BRACKETED = re.compile(
    r"([A-Z][A-Za-zÀ-ÿ'\-]+),? ?[(\[] ?(?:aged? )?([0-9]{1,3})(?: ?(?:yrs?|years?|y))? ?[)\]]"
)
_FURTHER = re.compile(r"(?:, ?| and | & )([0-9]{1,2})(?![0-9/:%\-]|\.[0-9]| ?(?:years?|months?)|[A-Za-z])")
# What follows an age that is a range, a limit or a rule.
_NOT_ONE = re.compile(
    rf"\s?(?:-|to|\+|/|or (?:over|under|above|below|older|younger)|and (?:over|under|above|below|older|"
    rf"younger|up))\s?"
    rf"(?:{_NUMBER})?",
    re.IGNORECASE,
)
_LIMIT_BEFORE = re.compile(
    r"\b(?:under|over|below|above|between|least|than|maximum|minimum|until|to|from|all|turn(?:s|"
    r"ing)?)\W*(?:the )?$",
    re.IGNORECASE,
)
_THINGS = """
section sections regulation schedule part article figure table item question step version page chapter
paragraph para clause appendix annex note number ward group room form level phase year reg act stage option
band grade column row line list total count
"""
_THING_BEFORE = frozenset(_THINGS.split())
_SCHOOL = re.compile(
    r"(?P<reception>reception|nursery)|(?:year|yr|y)[ .\-]?(?P<year>1[0-4]|[1-9])(?![0-9])|"
    r"(?:primary|p)[ .]?(?P<primary>[1-7])(?![0-9])|(?:secondary|s)[ .]?(?P<secondary>[1-6])(?![0-9])",
    re.IGNORECASE,
)
_PUPIL = re.compile(
    r"\b(?:pupils?|students?|class|form|school|academy|teacher|headteacher|son|daughter|brother|sister|"
    r"sibling|child|boy|"
    r"girl|he|she|they|his|her|attends?|attending|attendance|tutor|senco?|exclu\w+|lessons?|transition|"
    r"friend)\b",
    re.IGNORECASE,
)
_NAME_SHAPE = re.compile(r"\b[A-Z][a-zà-ÿ'\-]{1,15}(?: [A-Z][a-zà-ÿ'\-]{1,20})?\b")
_CAPITALISED = """
year reception nursery primary secondary the this our we in during for a an and all by from to of contract
budget plan phase january february march april may june july august september october november december monday
tuesday wednesday thursday friday council service services
"""
_NO_NAME = frozenset(_CAPITALISED.split())
_OTHER_YEAR = re.compile(
    r"\s*(?:of (?:the|a|this|our|its) (?!school|class)|\(?(?:20|19)[0-9]{2}\b|budget|contract|plan\b|target|"
    r"savings|"
    r"forecast|funding|projection|milestone|review of)",
    re.IGNORECASE,
)
_COHORT = re.compile(
    r"^\s*(?:pupils|students|children|places|intake|admissions?|cohort|curriculum|groups?|classes|teachers?|"
    r"staff|results|"
    r"parents|to (?:year|yr)|and (?:year|yr)|-\s?[0-9])",
    re.IGNORECASE,
)

PATTERNS: Mapping[str, bytes] = MappingProxyType(
    {
        "age": (
            rb"(?i)\bage[ds]?\b\W{0,3}(?:is |was |of )?(?:[0-9]{1,3}|[a-z]{3,9})\b"
            rb"|\b(?:[0-9]{1,3}|[a-z]{3,9})[ \-]?(?:y/?o\b|y\.o|yr?s?[ \-]?old\b|years?[ \-]old\b|"
            rb"years? of age\b"
            rb"|yrs?\)|years\)|(?:months?|mths?|mo|weeks?|wks?|days?)[ \-]old\b)"
            rb"|[0-9]{1,2}/(?:12|52|7) old\b"
        ),
        "age_bracketed": rb"[A-Za-z\xc0-\xff],? ?[(\[] ?(?:aged? )?[0-9]{1,3}(?: ?(?:yrs?|years?|y))? ?[)\]]",
        "age_unborn": rb"(?i)\bunborn\b|\bE\.?D\.?D\b|\bbaby (?:girl|boy)\b|\bnew-?born\b",
        "school_year": (
            rb"(?i)\breception\b|\bnursery\b|\b(?:year|yr)[ .\-]?1?[0-9]\b|\bY1?[0-9]\b|\b[PS][1-7]\b"
            rb"|\b(?:primary|secondary) [1-7]\b"
        ),
    }
)


class AgeReader:
    """Reads ages and school years; built once, used for every view."""

    def __init__(self) -> None:
        self._scan = CandidateScan(PATTERNS)

    def phrases(self, view: View) -> list[AgePhrase]:
        """The age phrases in ``view``, in order, without overlap."""
        text = view.text
        found: list[AgePhrase] = []
        for start, end in self._scan.spans(view, "age"):
            phrase = _spoken_age(text, start, end)
            if phrase is not None:
                found.append(phrase)
                found.extend(_further_ages(text, phrase))
        for start, end in self._scan.spans(view, "age_bracketed"):
            phrase = _bracketed_age(text, start, end)
            if phrase is not None:
                found.append(phrase)
        for start, end in self._scan.spans(view, "age_unborn"):
            word = text[start:end].lower()
            if word.startswith(("unborn", "e")):
                if not word.startswith("e") or text[start:end].isupper():
                    found.append(AgePhrase(start, end, -1, AgeKind.UNBORN))
            else:
                found.append(AgePhrase(start, end, 0))
        found.extend(self._school_years(view))
        kept: list[AgePhrase] = []
        for phrase in sorted(found, key=lambda one: (one.start, -one.end)):
            if not kept or phrase.start >= kept[-1].end:
                kept.append(phrase)
        return kept

    def _school_years(self, view: View) -> list[AgePhrase]:
        text = view.text
        people = [finding.start for finding in view.findings if finding.entity_type == "PERSON"]
        found = []
        for start, end in self._scan.spans(view, "school_year"):
            match = _SCHOOL.fullmatch(text, start, end)
            if match is None:
                continue
            years = _school_age(match)
            code = end - start == 2  # "P3", "S1", "Y4": also a form, a section, a priority
            if code and not text[start].isupper():
                continue
            if _OTHER_YEAR.match(text, end) or _COHORT.match(text[end : end + 24]):
                continue
            low, high = _sentence(text, start, end)
            named = _between(people, low, high) or (_named(text, low, start) or _named(text, end, high))
            pupil = _PUPIL.search(text, low, high) is not None
            if match.group("reception") and not (named and pupil):
                continue
            told = named or pupil
            if (
                code
                and text[start] != "Y"
                and not re.search(r"(?:\bin |[(,] ?)$", text[max(0, start - 4) : start])
            ):
                # "P1" is a priority and "S1" a section as well.
                told = named and pupil
            if told:
                found.append(AgePhrase(start, end, years, AgeKind.SCHOOL_YEAR))
        return found


def _between(positions: list[int], low: int, high: int) -> bool:
    index = bisect_left(positions, low)
    return index < len(positions) and positions[index] < high


def _named(text: str, low: int, high: int) -> bool:
    return any(
        match.group().split()[0].lower() not in _NO_NAME
        for match in _NAME_SHAPE.finditer(text, low, high)
        if match.start() > low or " " in match.group() or len(match.group()) < 12
    )


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence (or cell row) around a span, at most 200 characters to either side."""
    low = max(0, start - 200)
    for stop in (". ", "\n", "? ", "! ", "; "):
        low = max(low, text.rfind(stop, low, start) + 1)
    ends = [at for stop in (". ", "\n", "? ", "! ", "; ") if (at := text.find(stop, end, end + 200)) >= 0]
    return low, min([*ends, end + 200, len(text)])


def _number(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    try:
        return _NUMBER_WORDS.index(word.lower()) + 1
    except ValueError:
        return None


def _spoken_age(text: str, start: int, end: int) -> AgePhrase | None:
    value = text[start:end]
    years: int | None
    if (match := _AGED.match(value)) is not None:
        years = _number(match.group(1))
        if _NOT_ONE.match(text, end) or (value.lower().startswith("ages") and not _FURTHER.match(text, end)):
            return None
        if re.match(
            r"\s?(?:%|million|times|hours|minutes|months? (?!old)|weeks? (?!old))", text[end : end + 12]
        ):
            return None
        stop = re.match(r"\s?(?:months?|weeks?|wks?|days?|mths?)\b", text[end : end + 8])
        if stop is not None:
            years, end = (years or 0) // 12 if "m" in stop.group() else 0, end + stop.end()
    elif (match := _OLD.match(value)) is not None:
        years, end = _number(match.group(1)), start + match.end()
    elif (match := _YOUNG.match(value)) is not None:
        years = 0
        digits = re.match(r"[0-9]+", match.group(1))
        if digits and re.search(r"month|mth|mo|/12", value):
            years = int(digits.group()) // 12
        end = start + match.end()
    else:
        return None
    if years is None or years > 115 or _LIMIT_BEFORE.search(text[max(0, start - 14) : start]):
        return None
    if start > 1 and text[start - 1] in "-/" and text[start - 2].isdigit():
        return None  # the end of "5-11 year olds"
    return AgePhrase(start, end, years)


def _further_ages(text: str, first: AgePhrase) -> list[AgePhrase]:
    """The other numbers of "aged 7, 9 and 11"."""
    found: list[AgePhrase] = []
    end = first.end
    if not text[end - 1].isdigit():
        return found
    while (match := _FURTHER.match(text, end)) is not None:
        end = match.end()
        found.append(AgePhrase(match.start(1), end, int(match.group(1))))
    return found


def _bracketed_age(text: str, start: int, end: int) -> AgePhrase | None:
    match = next((m for m in _BRACKETED.finditer(text, max(0, start - 24), end) if m.end() == end), None)
    if match is None:
        return None
    word, years = match.group(1), int(match.group(2))
    if years > 110 or word.lower() in _THING_BEFORE or (word.isupper() and len(word) < 3):
        return None
    # One capital letter does not make a name: "Complaints (12)" opens a row of counts.
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    if not line.strip(" \t-*•") and word.endswith("s") and text[end : end + 1] in ("", "\n"):
        return None
    first = match.start(2)
    return AgePhrase(first, match.end(2), years)


def _school_age(match: re.Match[str]) -> int:
    """The age at the beginning of the school year."""
    if match.group("reception"):
        return 4 if match.group("reception").lower() == "reception" else 3
    if match.group("year"):
        return int(match.group("year")) + 4
    if match.group("primary"):
        return int(match.group("primary")) + 4
    return int(match.group("secondary")) + 11


def age_of(finding: Finding, view: View, reference: date | None = None) -> int | None:
    """The age at the reference date behind a DATE_OF_BIRTH finding; None where the date cannot be read."""
    born = birth_date(finding, view)
    return None if born is None else age_at(born, reference or view.reference_date)


_HEAD = 3000  # characters: a letter head, the first page of a report
_DATE_LABEL = re.compile(
    r"(?:^|\n)[ \t>*|]*(?:date(?: of (?:letter|report|meeting|conference|review|visit|assessment|panel|"
    r"hearing|issue|"
    r"minutes|referral|email))?|dated|sent|meeting date|report date|dyddiad)[ \t]*[:\-|]?[ \t]*"
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?[ \t]*)?",
    re.IGNORECASE,
)
_HELD = re.compile(
    r"\b(?:held|meeting|panel|cabinet|committee|conference|minutes|took place|dated|"
    r"letter of)\b[^\n]{0,60}?\b(?:on|of|,)?[ ]"
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?[ ])?(?=[0-9]{1,2}[ a-z/.\-])",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)", re.IGNORECASE)


def document_date(view: View) -> date | None:
    """The date a document bears: its date label, a date on a line of its own, the date of its meeting.

    Only the first page is looked at; dates behind a birth word, in the future or before 1980 are passed by.
    """
    head = view.text[:_HEAD]
    limit = view.reference_date + timedelta(days=366)
    earliest = date(1980, 1, 1)

    def usable(day: date) -> bool:
        return earliest <= day <= limit

    for label in _DATE_LABEL.finditer(head):
        written = read_date(head, label.end(), view.reference_date)
        if written is not None and written.exact and usable(written.day):
            return written.day
    at = 0
    for line in head.splitlines(keepends=True)[:40]:
        body = line.strip()
        if 6 <= len(body) <= 40:
            weekday = _WEEKDAY.match(body)
            offset = weekday.end() if weekday else 0
            written = read_date(body, offset, view.reference_date)
            previous = head[max(0, at - 24) : at].lower()
            whole = written is not None and written.end == len(body.rstrip(" .,"))
            if (
                written
                and whole
                and written.exact
                and usable(written.day)
                and "birth" not in previous
                and "dob" not in previous
            ):
                return written.day
        at += len(line)
    for held in _HELD.finditer(head):
        if re.search(r"birth|born|dob", held.group(), re.IGNORECASE):
            continue
        written = next(
            iter(dates_in(head, held.end(), min(len(head), held.end() + 24), view.reference_date)), None
        )
        if written is not None and written.start == held.end() and usable(written.day):
            return written.day
    return None
