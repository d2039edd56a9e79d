"""Subjects: the identified people near a place, with what identifies them there.

A phrase about a child or about health says something only where somebody is identified.  People in their
role (officers, councillors, who signed or who is greeted) are not subjects of what a text says.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scanner.detection.finding import REPORTED, Finding
from scanner.detection.presence import Program
from scanner.detection.scan import sign_of
from scanner.detection.view import View


class Attribute(StrEnum):
    """What identifies a subject."""

    NAME = "name"  # given name and surname
    FIRST_NAME = "first name"
    DOB = "date of birth"
    AGE = "age"
    IDENTIFIER = "identifier"
    ADDRESS = "home address"
    SCHOOL = "school"
    INITIALS = "initials"
    PSEUDONYM = "pseudonym"  # "Child A": somebody took the name out on purpose


@dataclass(frozen=True, slots=True)
class Mark:
    """One attribute at one place; ``child`` says that it makes the subject a child."""

    start: int
    end: int
    attribute: Attribute
    child: bool = False
    greeted: bool = False
    salutation: bool = False
    addressee: bool = False
    staff: bool = False
    author: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What identifies somebody within a stretch of text."""

    attributes: frozenset[Attribute]
    child: bool
    names: int = 0
    sure_child: bool = False  # by an age, a birth date, a school or a pupil number, not by a word alone

    @property
    def named(self) -> bool:
        """Whether a name, whole or given, stands there."""
        return Attribute.NAME in self.attributes or Attribute.FIRST_NAME in self.attributes

    @property
    def kinds(self) -> int:
        """How many different ways of identifying: a name counts once, date of birth and age once."""
        attributes = self.attributes
        return (
            int(self.named)
            + int(Attribute.DOB in attributes or Attribute.AGE in attributes)
            + int(Attribute.IDENTIFIER in attributes)
            + int(Attribute.ADDRESS in attributes)
            + int(Attribute.SCHOOL in attributes)
        )

    @property
    def identified(self) -> bool:
        """Two of name, date of birth or age, identifier, home address; or a name with a school."""
        return self.kinds >= 2


_IDENTIFIERS = frozenset(
    {
        "UK_NHS", "UK_CHI", "UK_UPN", "UK_NINO", "UK_ULN", "UK_PASSPORT", "UK_DRIVING_LICENCE", "UK_UTR",
        "UK_CASE_ID", "UK_PNC", "UK_CRO_NUMBER", "UK_PRISON_NUMBER", "UK_HOME_OFFICE_REFERENCE",
        "UK_RESIDENCE_PERMIT", "UK_COURT_CASE", "UK_TEMPORARY_REFERENCE",
    }
)  # fmt: skip
_ROLE_NOTES = frozenset({"staff", "public", "author", "firm"})

# A school year or class says "child" as an age does; "Year 4 of the contract" does not .
_AGE = re.compile(
    r"\b(?:aged?|age:|age of)\s{0,2}(?P<age>\d{1,2})\b(?!\s?[-/%])"
    r"|\b(?P<yo>\d{1,2})[ -]?(?:y/?o|yrs? old|years?[ -]old|year old|yrs?\b(?! ago))"
    r"|\b(?:will be|turns|turned|turning|only|nearly|almost) (?P<turns>1?\d)\b"
    r"(?![:/.%,]?\d| ?(?:am|pm|th|st|nd|rd|%|x|minutes|hours|days|weeks|months|people|places|left|of)\b)"
    r"|\b(?:he|she|who)(?:'?s| is) (?P<is>\d{1,2})\b(?![:/.%]| ?(?:am|pm|minutes|hours|months))"
    r"|\b(?P<months>\d{1,2})[ -]?(?:months?|weeks?|days?)[ -]old"
    r"|\bunborn\b|\bbaby (?:girl|boy)\b|\bEDD\b|\bnewborn\b"
    r"|(?<=[a-z]) ?\((?P<bracket>\d{1,2})(?: ?(?:yrs?|years?|months?|mths?|m|y|yo))?\)"
    r"|\b(?:Year|Yr|Y) ?(?P<year>1[0-4]|[1-9]|R)\b(?! (?:of|contract|budget|plan|target|end|on year))"
    r"|\b(?:Reception|Nursery) (?:class|year|at)\b|\bin (?:Reception|Nursery)\b"
    r"|\b[PS][1-7]\b(?= (?:at|pupil|class|in)\b)|(?<=[a-z] \()[PS][1-7](?=\))|(?<=[a-z], )[PS][1-7](?=,)"
    r"|\b\d{1,2} oed\b",
    re.IGNORECASE,
)
# "Ella Tate, 4," right behind a name is an age; "in rooms 3, 4, and 5" is not.
_NEXT_AGE = re.compile(
    r",? (?P<age>[1-9]\d?)(?=[,;:]| and\b| is\b| was\b| has\b| who\b| [-–])", re.IGNORECASE
)
_YEARS = ("age", "yo", "bracket", "is", "turns")
_SCHOOL = re.compile(
    r"\b(?:[A-Z][\w'.]+ ){1,4}(?:(?:Church of England|CofE|C of E|Catholic|R\.?C\.?|VA|VC|CE|Community|"
    r"Church in Wales)"
    r" )?(?:Primary|Infants?|Juniors?|Secondary|High|Grammar|Nursery|Academy|School|College|Special School)\b"
    r"|\bYsgol (?:[A-Z]\w+ ?){1,3}"
)
# Words that make somebody a child or a family - not where they are part of a service's or a status's name.
_CHILD_WORD = re.compile(
    r"\b(?:(?<!looked after )child(?! (?:protection|in need|in care|sexual|criminal|arrangement|assessment|"
    r"abuse|safety))"
    r"|(?<!looked after )children(?!['’]s (?:services|social|hearing|panel|reporter|guardian|home|trust)"
    r"| (?:in need|in care|looked after|act|and families act|\(scotland|\(ni\)))|son|daughter|sons|"
    r"daughters|siblings?|brother|sister|baby|infant|"
    r"toddler"
    r"|pupil|student|boys?|girls?|kids?|twins|teenager|(?<!looked after )young person|unborn|minor|niece|"
    r"nephew"
    r"|grand(?:son|daughter|child|children)|step(?:son|daughter)|mum|mother|father|dad|moc|foc|mgm|pgm|"
    r"parents?"
    r"|school|nursery)\b",
    re.IGNORECASE,
)
# Words of one family, as those write who write about one child; "parents" and "pupils" are anybody's.
_KIN = re.compile(
    r"\b(?:mum|mam|mummy|mother|father|dad|daddy|moc|foc|mgm|mgf|pgm|pgf|gran|granny|grandma|nan|nana"
    r"|granddad|"
    r"grandmother|grandfather|grandparents|aunt|auntie|uncle|son|daughter|brother|sister|siblings?|twins"
    r"|baby|"
    r"unborn|step(?:dad|father|mum|mother)|f/c'?s?|foster (?:carers?|family|placement)|wee one|bairn|lad"
    r"|lass|"
    r"(?:the|my|her|his|both) (?:boys?|girls?|kids)|toddler|infant|newborn|cot|pram|buggy|"
    r"(?:his|her|their) (?:carers?|parents|school|teacher|social worker|sw|placement))\b",
    re.IGNORECASE,
)
# How a name is tied to what is said of it: it is, was, went, lives, is placed, ...; or the matter is
# hers, for her, about her.  Who says, asks, writes, chairs or reports does something else.
_TIED_BEHIND = re.compile(
    r"^(?:['’]s?\s+(?:[\w'’-]+\s+){0,3}$"
    r"|(?:\s*\([^)\n]{0,60}\))?\s*(?:[:–—|=,;]|\s-\s|\t|/)\s*(?:(?:still|now|open|currently|also"
    r"|again)\s+|[\w'’-]+\s+"
    r"(?:to|on|under)\s+)?$"
    r"|(?:\s*\([^)\n]{0,60}\)|,[^,.;\n]{0,60},|\s+of\s+[^.;\n]{3,60})?"
    r"\s+(?:and\s+(?:his|her|their)\s+[\w-]+\s+(?:[\w-]+\s+)?)?"
    r"(?:(?:now|still|also|again|currently|recently|then|sadly|both|all|who|not|no longer)\s+)*"
    r"(?:is|was|are|were|be|been|being|isn't|wasn't|has|had|have|became|becomes?|remains?|remained|went"
    r"|goes|going|"
    r"came|comes|lives?|lived|living|moves?|moved|placed|subject|on|under|open|known|made|taken|returned"
    r"|stepped|"
    r"suffer\w*|started|gets?|got|will be|should be|to be|may be|could be|stays?|stayed|entered|received|re"
    r"|at risk|accommodated|detained|left|disclosed|told|aged|born|in|with)\b(?!\s+(?:said|asked|written"
    r"|reported"
    r"|raised|"
    r"threatened|joked|likened|suggested|presented|introduced|circulated|attached|sent|updated"
    r"|drafted|booked"
    r"|a look|the (?:lead|author|chair|manager|officer|contact)))"
    r")",
    re.IGNORECASE,
)
_TIED_BEFORE = re.compile(
    r"^(?:[^.;\n]{0,60}?\b(?:for|re|about|of|concerning|regarding|respect of|relation to|on|involving|by|ref"
    r"|upon|matched)\b[\s:]+(?:(?:the|a|our|young|little|child|baby|pupil|siblings?|brother|sister"
    r"|daughter|son|unborn|mr|"
    r"mrs|miss|ms|master|both|and|her|his|their)[\s.]+){0,3}|[^\w\n.]{1,4})$",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"(?:^|\n)[ \t*#]*(?:re|ref|name|full name|case|client|service user|child|young person|yp|pupil"
    r"|concerning|regarding|"
    r"family|(?:child|pupil|client|case|file) name|subj(?:ect)?)[ \t]*[:–-][ \t]*(?:re:?[ \t]*)?$",
    re.IGNORECASE,
)
_SOMEBODY_IS = re.compile(
    r"\b(?:he|she)(?:['’]s|\s+(?:is|was|has been|had been|became|remains|went|came|lives|moved|stays))\b",
    re.IGNORECASE,
)
_HE_OR_SHE = re.compile(r"\b(?:he|she)\b[^.\n]{0,80}[.;]\s*$", re.IGNORECASE)
_JUST_SAID = 120
_DOES = re.compile(
    r"^(?:\s*\([^)\n]{0,60}\))?\s+(?:has\s+|have\s+|had\s+|will\s+|to\s+|also\s+|then\s+"
    r"|who\s+)*(?:says?|said|asks?|"
    r"asked|reports?|reported|raised?|introduced?|presents?|presented|chairs?|chaired|leads?|led|runs?"
    r"|trains?|manages?|"
    r"likened?|threatened|jokes?|joked|suggests?|suggested|confirms?|confirmed|noted|explains?|explained"
    r"|updates?|"
    r"updated|sees?|saw|covers?|holds?|circulated?|emailed|wrote|writes|drafts?|drafted|sends?|sent"
    r"|books?|booked|"
    r"prepares?|prepared|delivers?|delivered|organises?|organised|attached|proposed|seconded|supports?"
    r"|works?|"
    r"worked|joins?|joined|thanked|welcomed|will|cannot|can't)\b",
    re.IGNORECASE,
)
_CHILD_LABEL = re.compile(r"\b(?:child|pupil|young person|yp|student|baby|learner|sibling)\b", re.IGNORECASE)
_STAFF_LABEL = re.compile(
    r"\b(?:author|officer|chair|social worker|sw|worker|iro|prepared by|completed by|report(?:ed)? by|"
    r"(?<![a-z] )(?:from|to|cc|bcc|sent)(?! [a-z])|"
    r"manager|lead|clerk|head ?teacher|teacher|senco|dsl|gp|solicitor|contact name|key ?worker|"
    r"councillor|"
    r"present|apologies|attendees|invitees|signed|approved by|practitioner|referrer|referred by|"
    r"health visitor|"
    r"contact officer|owner|line manager|director|assessor|witness|author\(s\))\b",
    re.IGNORECASE,
)
_ROLE_BEHIND = re.compile(
    r"^(?:['’]s)?[ \t]{0,3}(?:[,(|–-]|is (?:the|our|a)|as|\n)?[ \t]{0,2}(?:(?:the|a|an|our|your|new|interim|"
    r"acting|assistant|"
    r"deputy|senior|principal|lead|chief|independent|designated|social|school|family|support|housing|health|"
    r"duty|"
    r"service|team|head|practice|police|detective|enforcement|environmental|benefits?|welfare|children's|"
    r"adult|"
    r"community|income|customer|democratic|legal|human|resources|hr|of|and|&|development|planning|revenues?|"
    r"council)"
    r"[ \t]){0,6}(?:officer|manager|worker|teacher|headteacher|head|director|councillor|chair|chairman|"
    r"clerk|nurse|"
    r"midwife|visitor|solicitor|advis[eo]r|coordinator|co-ordinator|consultant|inspector|sergeant|constable|"
    r"doctor|"
    r"gp|psychologist|psychiatrist|paediatrician|therapist|practitioner|analyst|assistant|administrator|lead|"
    r"governor|senco|dsl|iro|barrister|guardian|surveyor|accountant|business partner|apprentice)\b",
    re.IGNORECASE,
)
_ROLE_BEFORE = re.compile(
    r"(?:\b(?:cllr|councillor|officer|manager|worker|sw|teacher|headteacher|head|director|chair|clerk|nurse|"
    r"midwife|"
    r"visitor|solicitor|inspector|sergeant|constable|pc|dc|ds|insp|doctor|dr|gp|senco|dsl|iro|mp|msp|judge|"
    r"justice|"
    r"hhj|dj|lead|barrister|guardian|practitioner|advis[eo]r|psychologist|consultant|chaired by|author|"
    r"contact|"
    r"my colleague|colleague|colleagues|prepared by|written by|compiled by|produced by|drafted by|owner|"
    r"organiser|sponsor|host|presenter|speaker|trainer|facilitator|call|ring|"
    r"email|ask for|book (?:with|through|via)|(?:queries|questions|enquiries|rsvp) to|enquiries|registrars?|"
    r"(?:further )?details from|policy holder|reviewed by|notes to editors)"
    r"[ \t]?[:,(]?[ \t]?(?:\(|is[ \t]|was[ \t])?)$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:^|[\n>])[ \t]*(?:dear|hi|hello|hiya|hey|morning|good (?:morning|afternoon|evening)|afternoon|annwyl)"
    r"(?: both| all)?[ ,]{0,2}(?:[A-Z][\w'-]*\.?(?:, | and |, and | & |/)){0,3}(?:mr|mrs|ms|miss|dr|mx|cllr|"
    r"councillor|prof)?\.? ?$",
    re.IGNORECASE,
)
# "Hi Ros, Malcolm Teale is off": who has a verb is not greeted.
_SENTENCE_GOES_ON = re.compile(r"['’]s\b|[ \t]+(?:[a-z]{2,}|\()(?<!\band)\b")
_AGE_BEHIND = re.compile(r",?[ \t](?:aged?[ \t])?\d{1,2}\b")
# A police sergeant heads no paragraph of a letter.
_POSTSCRIPT = re.compile(r"\n[ \t>]*\n[ \t>]*p\.?s\.?[ \t:.-]*$", re.IGNORECASE)
_SIGN_OFF = re.compile(
    r"(?:^|\n)[ \t>]*(?:(?:with |kind |best |warm |many |yours |all |the )*"
    r"(?:regards|thanks|thank you|thx|sincerely|faithfully|wishes|cheers|diolch|"
    r"ta)[^\n]{0,20}\n(?:[^\n]{0,40}\n){0,2}"
    r"|(?:signed|countersigned|pp)\b[^\n\w]{0,30})[ \t]*$",
    re.IGNORECASE,
)
_INITIALS = re.compile(
    r"\b(?:[A-Z]\.[A-Z]\.(?:[A-Z]\.)?|(?:Child|YP|Baby|Young Person|Sibling) [A-Z]\b(?!\w)|"
    r"[A-Z]{2}(?= ?\(\d{1,2}\)|,? aged?\b))"
)
_TITLED = re.compile(r"\b(?:mr|mrs|ms|miss|mx|master)\.? $", re.IGNORECASE)
_SENDER = re.compile(
    r"^[ \t>*]*(?:from|sent by|(?:witness )?statement of|name of (?:witness|employee|complainant))[ \t*:]*$",
    re.I,
)
# What follows the name at the foot of a letter: a job, a number, an address.
_FOOT = 200
_MAIL_BEHIND = re.compile(r"(?:\n[^\n]{0,60}){0,4}\n[ \t>*]*(?:from:|-{3,}|on .{6,60} wrote:)", re.IGNORECASE)
_MAIL_HEADER = re.compile(r"^[ \t>*]*(?:from|to|cc|bcc|sent by|reply-to)[ \t*]*:", re.IGNORECASE)


def _adult_years(view: View, finding: Finding) -> bool | None:
    """Whether a date of birth makes an adult, ``None`` where the year cannot be read."""
    years = re.findall(r"\d{4}", view.text[finding.start : finding.end])
    short = re.findall(r"\d{2}$", view.text[finding.start : finding.end])
    reference: date = view.reference_date
    if years:
        return reference.year - int(years[-1]) > 18
    if short:
        year = int(short[0])
        return (reference.year - 2000 - year) % 100 > 18
    return None


# Where RE2 finds no sign of an age, a school or a family, the dear patterns do not run.
_AGE_SIGN, _SCHOOL_SIGN, _INITIALS_SIGN = sign_of(_AGE), sign_of(_SCHOOL), sign_of(_INITIALS)
_CHILD_SIGN, _KIN_SIGN = sign_of(_CHILD_WORD), sign_of(_KIN)

# Ages, schools and initials are looked for only where somebody asks, a stretch of this many characters at
# a time (twice the gate's reach), so that a long paper without subjects costs next to nothing.
_STRETCH = 1000
# A match may begin in one stretch and end in the next: none is longer than this.
_OVERHANG = 100


class Subjects:
    """The marks of a view with look-ups by stretch; linear in findings and in the text asked about."""

    def __init__(self, view: View, made_up: Sequence[tuple[int, int]] = ()) -> None:
        self._text = view.text
        self._data = view.data
        # People of examples identify nobody beside them.
        self._made_up = made_up
        self._made_up_starts = [start for start, _ in made_up]
        marks: list[Mark] = []
        for finding in view.findings:
            if finding.confidence < REPORTED or self._invented(finding.start):
                continue
            mark = self._mark(view, finding)
            if mark is not None:
                marks.append(mark)
        marks.sort(key=lambda mark: mark.start)
        self.marks: Sequence[Mark] = marks
        self._starts = [mark.start for mark in marks]
        self._worded: dict[int, tuple[Mark, ...]] = {}

    def _words(self, stretch: int) -> tuple[Mark, ...]:
        """Ages, schools and initials that begin in one stretch of the text."""
        known = self._worded.get(stretch)
        if known is not None:
            return known
        text = self._text
        begin = stretch * _STRETCH
        end = begin + _STRETCH
        reach = min(len(text), end + _OVERHANG)
        marks: list[Mark] = []
        data = self._data
        for match in _AGE.finditer(text, begin, reach) if _AGE_SIGN.search(data, begin, reach) else ():
            age = next(filter(None, map(match.group, _YEARS)), None)
            adult = age is not None and int(age) >= 18
            marks.append(
                Mark(match.start(), match.end(), Attribute.AGE, child=self._says_child(match, adult))
            )
        for mark in self.found(begin, end - 1):
            if mark.attribute not in (Attribute.NAME, Attribute.FIRST_NAME):
                continue
            behind = _NEXT_AGE.match(text, mark.end)
            if behind is not None:
                start, stop = behind.span("age")
                marks.append(Mark(start, stop, Attribute.AGE, child=int(behind["age"]) < 18))
        for match in _SCHOOL.finditer(text, begin, reach) if _SCHOOL_SIGN.search(data, begin, reach) else ():
            marks.append(Mark(match.start(), match.end(), Attribute.SCHOOL, child=True))
        initials = _INITIALS_SIGN.search(data, begin, reach) is not None
        for match in _INITIALS.finditer(text, begin, reach) if initials else ():
            hidden = " " in match.group()
            kind = Attribute.PSEUDONYM if hidden else Attribute.INITIALS
            marks.append(Mark(match.start(), match.end(), kind, child=True))
        found = tuple(mark for mark in marks if mark.start < end and not self._invented(mark.start))
        self._worded[stretch] = found
        return found

    def _invented(self, position: int) -> bool:
        index = bisect_right(self._made_up_starts, position) - 1
        return index >= 0 and position < self._made_up[index][1]

    @staticmethod
    def _says_child(match: re.Match[str], adult: bool) -> bool:
        if adult:
            return False
        return match.group().lower() != "edd"

    def _mark(self, view: View, finding: Finding) -> Mark | None:
        start, end = finding.start, finding.end
        if finding.entity_type == "PERSON":
            if finding.note in _ROLE_NOTES and not _POSTSCRIPT.search(self._text, max(0, start - 12), start):
                return Mark(start, end, Attribute.NAME, staff=True, author=self._wrote(start, end))
            known = finding.note == "private"
            role = self._role(view, start, end)
            if role == "greeted":
                titled = _TITLED.search(self._text[max(0, start - 8) : start]) is not None
                return Mark(start, end, Attribute.NAME, greeted=True, salutation=True, addressee=titled)
            if role == "staff" and not known:
                return Mark(start, end, Attribute.NAME, staff=True, author=self._wrote(start, end))
            if role == "signed":
                return Mark(start, end, Attribute.NAME, greeted=True, author=True)
            whole = len(re.findall(r"[^\W\d_][\w'-]+", self._text[start:end])) >= 2
            titled = _TITLED.search(self._text[max(0, start - 8) : start]) is not None
            label = view.layout.label_at(start)
            child = bool(_CHILD_LABEL.search(label)) if label else False
            kind = Attribute.NAME if whole or titled else Attribute.FIRST_NAME
            return Mark(start, end, kind, child=child, author=self._wrote(start, end))
        if finding.entity_type == "DATE_OF_BIRTH":
            return Mark(start, end, Attribute.DOB, child=_adult_years(view, finding) is False)
        if finding.entity_type in _IDENTIFIERS:
            return Mark(start, end, Attribute.IDENTIFIER, child=finding.entity_type == "UK_UPN")
        if finding.entity_type == "UK_ADDRESS" and finding.note not in ("office", "firm", "site"):
            return Mark(start, end, Attribute.ADDRESS)
        return None

    def _wrote(self, start: int, end: int) -> bool:
        """Whether a name is the author's: that of a mail's sender, or alone on its line at the foot."""
        text = self._text
        line_start = text.rfind("\n", 0, start) + 1
        before = text[line_start:start]
        if _SENDER.match(before):
            return True
        line_end = text.find("\n", end)
        line_end = len(text) if line_end < 0 else line_end
        alone = not before.strip(" \t>*-–(") and not text[end:line_end].strip(" \t,.*)")
        return alone and (len(text) - line_end < _FOOT or _MAIL_BEHIND.match(text, line_end) is not None)

    def _role(self, view: View, start: int, end: int) -> str:
        """``staff``, ``greeted`` (a salutation), ``signed`` (a sign-off), or empty."""
        text = self._text
        line_start, _ = view.layout.line_span(start)
        before = text[max(0, start - 120) : start]
        if _GREETING.search(before) and not _SENTENCE_GOES_ON.match(text[end : end + 20]):
            return "greeted"
        goes_on = _SENTENCE_GOES_ON.match(text[end : end + 20]) or _AGE_BEHIND.match(text, end)
        if _SIGN_OFF.search(before) and not goes_on:
            return "signed"
        if _MAIL_HEADER.match(text[line_start:start]):
            return "staff"
        label = view.layout.label_at(start)
        if label and _STAFF_LABEL.search(label) and not _CHILD_LABEL.search(label):
            return "staff"
        if _ROLE_BEFORE.search(before) or _ROLE_BEHIND.match(text[end : end + 90]):
            return "staff"
        return ""

    def headed(self, start: int) -> bool:
        """Whether a section that begins at ``start`` says in its head whom it is about: "Re: Ella Tate"."""
        return any(
            _HEAD.search(self._text, max(start, mark.start - 60), mark.start)
            for mark in self.found(start, start + 600)
            if not (mark.staff or mark.greeted) and mark.attribute in (Attribute.NAME, Attribute.FIRST_NAME)
        )

    def family(self, start: int, end: int) -> bool:
        """Whether a stretch speaks of one family: "mum", "his sister"."""
        return self._holds(_KIN_SIGN, _KIN, start, end)

    def tied(self, start: int, end: int, sentence: tuple[int, int]) -> bool:
        """Whether the grammar of a sentence ties the phrase at ``start:end`` to a name in it.

        "Ella is on a plan", "Ella's plan", "the conference for Ella", "Ella: plan", "She is on a plan"
        behind a sentence that names her; not "Ella says that a plan ...".
        """
        text = self._text
        if _SOMEBODY_IS.search(text, sentence[0], start) and self.nearest_name(sentence[0], start) <= 200:
            return True
        if not text[sentence[0] : start].strip(" \t\n-*•") and self._goes_on(sentence[0]):
            return True
        for mark in self.found(sentence[0], sentence[1]):
            if mark.staff or mark.greeted or mark.attribute not in (Attribute.NAME, Attribute.FIRST_NAME):
                continue
            if mark.end <= start:
                between = text[mark.end : min(start, mark.end + 200)]
                if _TIED_BEHIND.match(between) or not between.strip(" \t"):
                    return True
            elif mark.start >= end:
                behind = text[mark.end : mark.end + 60]
                if _TIED_BEFORE.match(text[end : mark.start]) and not _DOES.match(behind):
                    return True
        return False

    def _goes_on(self, start: int) -> bool:
        """Whether notes go on without saying of whom: "He has scabies. Accommodated under s20."."""
        if not _HE_OR_SHE.search(self._text, max(0, start - _JUST_SAID), start):
            return False
        return any(
            mark.attribute in (Attribute.NAME, Attribute.FIRST_NAME) and not (mark.staff or mark.greeted)
            for mark in self.found(max(0, start - 2 * _STRETCH), start)
        )

    def nearest_name(self, start: int, end: int) -> int:
        """Characters between a stretch and the nearest name of a subject (a large number if none)."""
        gap = 1 << 30
        for mark in self.found(max(0, start - 200), end + 200):
            if not (mark.greeted or mark.staff) and mark.attribute in (Attribute.NAME, Attribute.FIRST_NAME):
                gap = min(gap, max(mark.start - end, start - mark.end))
        return gap

    def found(self, start: int, end: int) -> Sequence[Mark]:
        """The marks that earlier recognisers' findings made in a stretch."""
        return self.marks[bisect_left(self._starts, start) : bisect_right(self._starts, end)]

    def greets(self, start: int, end: int) -> bool:
        """Whether a stretch greets somebody by name, as a letter does."""
        return any(mark.salutation for mark in self.found(start, end))

    def written(self, start: int, end: int) -> bool:
        """Whether a stretch bears the name of who wrote it: signed, or sent under it."""
        return any(mark.author for mark in self.found(start, end))

    def staff(self, start: int, end: int) -> bool:
        """Whether a stretch names somebody in their role."""
        return any(mark.staff for mark in self.found(start, end))

    def somebody(self, start: int, end: int) -> bool:
        """Whether anything there could identify somebody: a cheap question before the dear ones."""
        return bool(self.found(start, end)) or self._holds(_INITIALS_SIGN, _INITIALS, start, end)

    def _holds(self, sign: Program, words: re.Pattern[str], start: int, end: int) -> bool:
        """Whether a stretch holds one of these words; looked for from their first sign on."""
        first = sign.search(self._data, max(0, start), end)
        if first is None:
            return False
        return words.search(self._text, first.start(), end) is not None

    def within(self, start: int, end: int, *, greeted: bool = False) -> Subject:
        """Who is identified in a stretch; with ``greeted`` also who is only greeted or has signed."""
        attributes: set[Attribute] = set()
        child = False
        names = 0
        marks = list(self.found(start, end))
        for stretch in range(start // _STRETCH, end // _STRETCH + 1):
            marks += (mark for mark in self._words(stretch) if start <= mark.start < end)
        for mark in marks:
            if mark.staff or (mark.greeted and not greeted):
                continue
            attributes.add(mark.attribute)
            child = child or mark.child
            names += mark.attribute in (Attribute.NAME, Attribute.FIRST_NAME)
        sure = child
        if not child and attributes:
            child = self._holds(_CHILD_SIGN, _CHILD_WORD, start, end)
        return Subject(frozenset(attributes), child, names, sure)
