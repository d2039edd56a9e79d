"""The gate: whether a phrase is said about an identified subject, and how sure that is.

A phrase counts only with somebody identified (two of name, date of birth or age, identifier, home address;
a name with a school; at the least a name in the same sentence) within 500 characters, the same record or
the same section.  In a paper about people in general the bar is higher; among made-up people nothing counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from scanner.detection.encoded import lies_in_address
from scanner.detection.mention import Mentions, Place, Use
from scanner.detection.sections import KindClassifier, Section, Sections
from scanner.detection.subjects import Attribute, Subject, Subjects
from scanner.detection.view import View

# "within 500 characters" of the rules' reference, section 6.5.
REACH = 500
# Why a phrase counts that somebody says of themselves.
OWN_WORDS = "said by the person"
# Below the reporting band: a phrase that is only a topic of the text.
TOPIC_ONLY = 0.20


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gate says of one phrase: confidence, its use, and the subject it was held against.

    ``linked`` says that a name stands close by, ``named`` that one stands in the sentence, ``tied`` that the
    grammar ties the phrase to it, ``kin`` that the record tells of a family.
    """

    confidence: float
    use: Use
    subject: Subject
    initials_only: bool = False
    why: str = ""
    linked: bool = True
    named: bool = False
    tied: bool = False
    kin: bool = False


# A name this close to a phrase is what the phrase is said of.
_LINK = 60
_NOBODY = Subject(frozenset(), False)
_EMPLOYMENT = re.compile(
    r"\b(?:off (?:sick|work|since|for|\w+ weeks)|been off|signed off|fit note|sick note|sickness|absence|"
    r"occupational health"
    r"|OH|return(?:ed|s|ing)? to work|phased return|hearing|disciplinary|grievance|misconduct|suspended|"
    r"dismiss\w+|capability"
    r"|her gp|his gp|the gp|reasonable adjustments?|stage [123])\b",
    re.IGNORECASE,
)
_PERSON_WORD = re.compile(r"\b(?:he|she|he's|she's|his|her|him)\b", re.IGNORECASE)
# Papers about machines, where words like "dying", "union member" or "disabled" are theirs.
_TECHNICAL = frozenset({"it ticket", "source code"})
_HARD = frozenset({Attribute.DOB, Attribute.IDENTIFIER, Attribute.ADDRESS})

# A year as running text writes it: "in 1874", "born 4 May 1861", "1838-1930".
_YEAR = re.compile(
    r"(?:\b(?:in|of|from|since|by|until|till|to|and|circa|c\.?|about|before|after|during|born|died|january|february"
    r"|march|april|may|june|july|august|september|october|november|december|summer|winter|spring|autumn)[ \t]"
    r"|[(–—-][ \t]?)(?P<year>1[5-9]\d\d|20\d\d)\b(?![\d/])(?!-\d)",
    re.IGNORECASE,
)
# "missing since 1530", "until 1910 hrs": what may be a time of day tells of no year by itself.
_CLOCK = re.compile(
    r"^(?:since|from|by|until|till|to|about|before|after|[-–—( \t]*)[ \t]?\d\d[0-5]\d$", re.IGNORECASE
)
# The fields of a message's head that programs write (RFC 5322 3.6.7, RFC 8601): hosts and products there
# bear any names.
_TRACE = re.compile(
    r"(?:received-spf|message-id|return-path|(?:dkim|arc|list|content|x(?!-rays?\b))-[\w-]+|"
    r"authentication-results|user-agent|mime-version)\Z",
    re.IGNORECASE,
)
_HOP = re.compile(r"\s*(?:Received:)?\s*(?:from|by)\s\S+(?:\s\([^)]*\)|\s+by\s|\s+with\s)")
# Whoever lived this long ago is dead, and the law protects the living.
_HISTORY = 115

# "I'm pregnant", "I have had chemotherapy", "my depression": of oneself; not "I told the client that ...".
_OF_MYSELF = re.compile(
    r"\b(?:I|I['’]?(?:m|ve)|(?:I )?(?:am|was|have|had)|[Mm]y|[Ii] (?:also|still|now|only|often|suffer(?:ed)?"
    r"|take|use|need|got|get|live|lost|cannot|can['’]?t|keep|belong|identify|broke|hurt|came))"
    r"(?:[ \t\n]+(?!(?:clients?|cases?|pupils?|tenants?|residents?|training|course|meeting|team|colleagues?"
    r"|told|said|asked|spoke|spoken|met|seen|saw|visited|attended|attending|doing|running|writing|written|sent|received"
    r"|looking|working|worked|read|concerned|aware|happy|sorry|pleased|about|for|your|their|whose|who|that)\b)"
    r"[\w'’,-]+){0,5}[ \t\n]+$"
)
_YOU = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)


def word_pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """A whole-word pattern for a list of words and phrases, in any case."""
    listed = sorted(set(words), key=len, reverse=True)
    if not listed:
        return None
    body = "|".join(r"[\s'/-]+".join(map(re.escape, word.split())) for word in listed)
    return re.compile(rf"(?<!\w)(?:{body})(?!\w)", re.IGNORECASE)


def title_words(words: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for the words that, right behind a phrase, make it a job, a team or a paper."""
    listed = sorted(words, key=len, reverse=True)
    if not listed:
        return None
    body = "|".join(r"[ \t\n]+".join(map(re.escape, word.split())) for word in listed)
    return re.compile(
        rf"^(?:['’]s)?[ \t\n/-]{{1,3}}(?:(?:and|&)[ \t][\w'-]+[ \t]|[\w'-]+[ \t])?(?:{body})\b", re.IGNORECASE
    )


class Gate:
    """The gate of one view: built for the recognisers that need it, when they have a hit."""

    def __init__(self, view: View, kinds: KindClassifier, not_before: re.Pattern[str] | None) -> None:
        self._view = view
        self._kinds = kinds
        self._not_before = not_before

    @cached_property
    def sections(self) -> Sections:
        """The sections of the view."""
        return self._view.once("sections", lambda: self._kinds.classify(self._view))

    @cached_property
    def subjects(self) -> Subjects:
        """The people and attributes of the view."""
        return self._view.once("subjects", lambda: Subjects(self._view, self.sections.made_up()))

    @cached_property
    def mentions(self) -> Mentions:
        """How phrases are used."""
        return Mentions(self._view, self.sections, self._not_before)

    @cached_property
    def _openings(self) -> dict[int, Subject]:
        return {}

    def opening(self, section: Section) -> Subject:
        """Who a section introduces: a case file names its subject at the top or not at all."""
        known = self._openings.get(section.start)
        if known is None:
            known = self.subjects.within(section.start, min(section.end, section.start + 1500), greeted=False)
            self._openings[section.start] = known
        return known

    def weigh(self, start: int, end: int, *, about_grown: bool = False) -> Standing:
        """How the phrase at ``start:end`` stands.

        ``about_grown``: it may be said of the reader of a letter ("your arthritis"), or of an officer as an
        employee (off work, before a hearing).
        """
        if lies_in_address(self._view.text, start, end):
            return Standing(TOPIC_ONLY, Use.GENERAL, _NOBODY, why="part of an address")
        if self._is_trace(start):
            return Standing(TOPIC_ONLY, Use.GENERAL, _NOBODY, why="written by a mail server")
        subjects = self.subjects
        section = self.sections.at(start)
        if not (about_grown or subjects.somebody(start - REACH, end + REACH) or self.opening(section).named):
            return Standing(TOPIC_ONLY, Use.GENERAL, _NOBODY, why="nobody identified")
        place = self.mentions.place(start, end)
        inside_name = self.mentions.file_name(start, end)
        sentence = subjects.within(*(inside_name or self._said_in(place, section, start)))
        if inside_name and not sentence.named:
            return Standing(TOPIC_ONLY, Use.TITLE, sentence, why="file name")
        near = (max(section.start, start - REACH), min(section.end, end + REACH))
        around = subjects.within(*near)
        own = about_grown and not section.kind and self._speaks_of_oneself(start, place, section)
        letter = (about_grown and self._speaks_to_reader(place, section)) or own
        employee = about_grown and not section.kind and self._employee(place)
        particular = (around.identified and around.named and not section.kind) or letter or employee
        use = self.mentions.use(start, end, place, named=sentence.named, particular=particular, own=own)
        if section.invented(start):
            return Standing(TOPIC_ONLY, use, around, why="made-up people")
        if use is not Use.SAID:
            return Standing(TOPIC_ONLY, use, around, why=use.value)
        if self._long_ago(place):
            return Standing(TOPIC_ONLY, Use.GENERAL, around, why="people of long ago")
        record = subjects.within(
            max(place.record[0], start - 2 * REACH), min(place.record[1], end + 2 * REACH)
        )
        if section.kind:
            return self._in_general(section, place, sentence, record, around)
        item = subjects.within(*place.item) if place.item is not None else None
        confidence, why = self._particular(place, sentence, record, around, item)
        linked = subjects.nearest_name(start, end) <= _LINK
        if confidence < 0.5 and employee:
            confidence, why = 0.6, "an employee"
        if confidence < 0.5 and letter:
            confidence, why = 0.7, OWN_WORDS if own else "letter to the person"
        if confidence < 0.5 and self.opening(section).identified and self.opening(section).named:
            confidence, why = 0.6, "file of a person"
        initials = False
        if confidence < 0.5 and {Attribute.INITIALS, Attribute.PSEUDONYM} & around.attributes:
            more = {Attribute.DOB, Attribute.SCHOOL, Attribute.ADDRESS} & around.attributes
            if more or {Attribute.AGE, Attribute.INITIALS} <= around.attributes:
                confidence, why, initials = 0.5, "initials with an age, a school or an address", True
        tied = subjects.tied(start, end, place.sentence) or subjects.headed(section.start)
        kin = subjects.family(
            max(place.record[0], place.sentence[0] - REACH), min(place.record[1], place.sentence[1] + REACH)
        )
        return Standing(confidence, use, around, initials, why, linked, sentence.named, tied, kin)

    def _is_trace(self, start: int) -> bool:
        """Whether a mail server wrote the field at ``start``; "Received" heads a log of post, too."""
        label = self._view.layout.label_at(start)
        if label.lower() != "received":
            return _TRACE.match(label) is not None
        field = self._view.layout.field_at(start)
        return field is not None and _HOP.match(self._view.text, field.start) is not None

    def _said_in(self, place: Place, section: Section, start: int) -> tuple[int, int]:
        """The stretch that names whom a sentence is about; in papers about machines each line is one."""
        if section.kind not in _TECHNICAL:
            return place.sentence
        line_start, line_end = self._view.layout.line_span(start)
        return max(line_start, place.sentence[0]), min(line_end, place.sentence[1])

    @staticmethod
    def _particular(
        place: Place, sentence: Subject, record: Subject, around: Subject, item: Subject | None
    ) -> tuple[float, str]:
        """Confidence where the text is about somebody in particular."""
        if sentence.identified or (record.identified and sentence.named):
            return 0.9, "identified in the sentence"
        if Attribute.NAME in sentence.attributes:
            return 0.8, "full name in the sentence"
        if record.identified:
            return 0.85, "identified in the record"
        if sentence.named:
            return 0.75 if around.identified or around.child else 0.65, "name in the sentence"
        if place.in_table and not record.kinds:
            # A row stands for itself: the people of the rows around it are other people.
            return TOPIC_ONLY, "nobody in the row"
        if around.identified:
            return (0.8 if around.named else 0.7), "identified nearby"
        if item is not None and item.named:
            return 0.7, "name in the item of a list"
        if item is not None and record.named and not around.sure_child:
            return TOPIC_ONLY, "nobody in the item of a list"
        if Attribute.NAME in record.attributes:
            return 0.7, "full name in the record"
        if record.named and around.child:
            return 0.6, "name in the record"
        if Attribute.NAME in around.attributes:
            return 0.55, "full name nearby"
        if around.named and around.child:
            return 0.5, "first name of a child nearby"
        return TOPIC_ONLY, "nobody identified"

    def _in_general(
        self, section: Section, place: Place, sentence: Subject, record: Subject, around: Subject
    ) -> Standing:
        """The higher bar of a paper about people in general: name and second attribute in the same place."""
        if section.kind in _TECHNICAL and not record.attributes & _HARD:
            # "3 years" and "school" stand in any changelog; a birth date or a number of one's own does not.
            return Standing(TOPIC_ONLY, Use.GENERAL, around, why=section.kind)
        if sentence.named and sentence.identified:
            return Standing(
                0.8, Use.SAID, around, named=True, why=f"identified in the sentence of a {section.kind}"
            )
        if record.named and record.identified and (sentence.kinds or place.in_table):
            return Standing(0.7, Use.SAID, around, why=f"identified in a paragraph of a {section.kind}")
        return Standing(TOPIC_ONLY, Use.GENERAL, around, why=section.kind)

    def _long_ago(self, place: Place) -> bool:
        """Whether all years of the paragraph lie further back than a life."""
        low, high = (
            max(place.record[0], place.sentence[0] - REACH),
            min(place.record[1], place.sentence[1] + REACH),
        )
        found = list(_YEAR.finditer(self._view.text, low, high))
        if (
            not found
            or max(int(match["year"]) for match in found) >= self._view.reference_date.year - _HISTORY
        ):
            return False
        return any(not _CLOCK.match(match.group()) for match in found)

    def _employee(self, place: Place) -> bool:
        """Whether the sentence tells of an officer as an employee: a name or "he", among words of absence."""
        text = self._view.text
        low, high = place.record
        low, high = max(low, place.sentence[0] - REACH), min(high, place.sentence[1] + REACH)
        if not self.subjects.staff(low, high) or not _EMPLOYMENT.search(text, low, high):
            return False
        return self.subjects.staff(*place.sentence) or _PERSON_WORD.search(text, *place.sentence) is not None

    def _speaks_of_oneself(self, start: int, place: Place, section: Section) -> bool:
        """Whether somebody says it of themselves, in what they signed or sent under their name."""
        low = max(place.sentence[0], start - 80)
        return _OF_MYSELF.search(self._view.text, low, start) is not None and self.subjects.written(
            section.start, section.end
        )

    def _speaks_to_reader(self, place: Place, section: Section) -> bool:
        """Whether the sentence says "you" in a letter that greets somebody by name."""
        if not _YOU.search(self._view.text, *place.sentence):
            return False
        return self.subjects.greets(section.start, section.end)
