"""Dates of birth: dates that a label, a column header or the words around them make birth dates.

A due date is none, a birth word without a date is none, and a date without a birth word is none.  ``note`` is
``child`` where the date makes its owner younger than 18 at the reference date, else empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from scanner.detection.dates import WrittenDate, age_at, dates_in, from_excel, read_date
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.scan import CandidateScan
from scanner.detection.view import View
from scanner.text import words_apart

# A plausible age in years: the oldest person ever in the UK was 115, registers hold few over 110.
_OLDEST = 110

# Birth words without a date of their own below which a list is looked for: enough for any real document.
_LIST_TRIES = 12

_LABEL = re.compile(
    r"(?<![a-z])(?:d\.? ?[o0]\.? ?b\.?s?|d/o/b|d\.? ?of ?b\.?|dates? (?:of )?b[il1]rths?|b[il1]rth ?dates?|"
    r"dates? ?(?:and|&|/) ?(?:place|time) of birth|"
    r"birth ?d(?:a?te?|ay)|"
    r"birth|b[o0]rn|dyddiad geni|ganwyd|ganed|[a-z]{1,12} dob|[a-z]{1,12} birth date)(?![a-z])"
)
_NO_LABEL = re.compile(
    r"place|country|town|weight|certificate|order|due|expected|edd|registered|time|name|mother of|parent|"
    r"number"
)
# "Date and place of birth", "Name / DOB" and "Parent DOB" ask for a date all the same.
_WITH_PLACE = re.compile(
    r"(?<=date) ?(?:and|&|/) ?(?:place|time)|\b(?:sur|fore|full )?names?(?= ?(?:/|&|\+|,|and) ?d\.?o\.?b)"
    r"|\bparents?(?:'s|s')?(?= (?:d\.?o\.?b|dates? of birth|birth ?date))"
)
_HYPHENS = re.compile(r"-+")

_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_FILLER_WORD = (
    rf"(?:is|was|of|on|as|the|given|recorded|confirmed|shown|stated|being|format|and|his|her|their|my|yyyy|"
    rf"dd|mm|yy|"
    rf"if known|known|approx|approximately|circa|about|child|age|{_WEEKDAY})"
)
_BRACKET = r"\([^()\n0-9]{1,40}\)"
# Between a birth word and its date: marks, a few small words, a bracketed hint, up to two line ends.
_FILLER = re.compile(
    rf"(?:{_BRACKET}|[ \t:=\-(\[/.,|*_\"'>?#;&]|'s\b|\b{_FILLER_WORD}\b|\r?\n(?![ \t]*\r?\n)){{0,24}}",
    re.IGNORECASE,
)
# "dob for the UC check is", "date of birth of Jack, her son, was".
_CLAUSE = re.compile(r"[^.;:\n]{0,48}?(?:\b(?:is|was|as)\b|[:=])[ \t:=(\"']{0,3}", re.IGNORECASE)
# What a date behind a birth word belongs to when one of these stands between.
_OTHER = re.compile(
    r"\b(?:n/?a|not (?:known|given|recorded|stated)|unknown|tbc|review|seen|meeting|start(?:ed)?|date|due|"
    r"visit(?:ed)?|"
    r"signed|expir\w+|from|received|by|required|age|completed|admitted|died|deceased|dod)\b",
    re.IGNORECASE,
)
# "born in Leeds on", "born at 10:15 on Friday", "born to ... in".
_BORN = re.compile(
    rf"[^;\n]{{0,80}}?(?:\bon (?:the )?(?:{_WEEKDAY},? )?|\bin (?=[A-Za-z]{{3,9}} \d)|, )", re.IGNORECASE
)
_RULE = re.compile(
    r"\s*(?:on )?(?:or )?(?:between|after|before|since|from|until|by|prior|later|earlier|during|within)\b",
    re.IGNORECASE,
)
_RANGE_BEHIND = re.compile(r"\s?(?:to|until|-|and|or (?:later|earlier|after|before))\s", re.IGNORECASE)
_LEFT_OF = re.compile(r"[ \t(\[\-=,:;|]{0,5}$")
_JOIN = re.compile(
    r"\s?(?:,|;|and|&|/|\+)\s?(?:and )?(?:\([^()\n]{1,24}\)[ :=]{0,2}|"
    r"[A-Z][\w'\-]+(?: [A-Z][\w'\-]+)?[ ]?[:=(][ ]?)?",
)
_PLURAL = re.compile(r"(?:dobs|d\.o\.b\.?s|dob's|dates of birth|birth ?dates|births)\W*$", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[]\s*$")
_NAME_BEFORE = re.compile(
    r"\b([A-Z][A-Za-zÀ-ÿ'\-]+(?:[ ,]{1,2}[A-Z](?:[A-Za-zÀ-ÿ'\-]+|\.)){0,3})[ ,]{0,2}[(\[]\s*$"
)
_NEAR_DIGIT = re.compile(r"[0-9]")
# Behind "Jack Smith (12/03/2015)": what only a person's record goes on with.
_RECORD = re.compile(
    r"[ ,;:\-]{0,3}(?:PNC|NHS|NINO|NI no|CRO|UPN|CHI|aged?\b|of \d|who was born|\(?(?:m|f|male|female)\b)",
    re.I,
)
_MADE_UP = re.compile(
    r"\b(?:dummy|fictitious|fictional|specimen|made[- ]up|default (?:date of birth|d\.?o\.?b)|"
    r"test (?:record|patient|pupil|child|case|"
    r"data))\b",
    re.IGNORECASE,
)
_NAME_BEFORE_DATE = re.compile(
    r"\b([A-Z][A-Za-zÀ-ÿ'\-]+[ ,]{1,2}(?:[A-Z]\.? )?[A-Z][A-Za-zÀ-ÿ'\-]+)(?:[ ,;|\t(\-/]|\b[MFmf]\b|male|"
    r"female|boy|girl|\b(?:Y|Yr|Year|P|S) ?\d{1,2}\b)*$"
)
# "2 years, 1/4/2023 to 31/3/2025" is a term.
# "Shilan 21.03.1993 NINO ...": one name that opens its line, and an identifier directly behind the date.
_ONE_NAME = re.compile(r"^[ \t>*•\-]{0,6}(?:\d{1,3}[.)]? {1,3})?[A-Z][A-Za-zÀ-ÿ'\-]+[ ,;|\t(\-]{1,4}$")
# A line of a list of people: a number, a name, a date.
_ROLL_NAME = re.compile(
    r"[ \t>*•·\-]{0,8}(?:(?i:no\.? ?)?\d{1,3}[.):]?[ \t]{1,4})?(?:(?i:mr|mrs|ms|miss|master)\.? )?"
    r"(?P<name>[A-Z][\w'’\-]*\.?,?(?: [A-Z][\w'’\-]*\.?,?){1,3})"
    r"[ \t,;:|(\-–=]{1,16}(?:[(\[]?(?i:m|f|male|female|boy|girl)[)\]]?[ \t,;|\-]{1,8})?$"
)
# What stands over a list of people whose dates are their birth dates.
_ROLL_CUE = re.compile(
    r"\b(?:child(?:ren)?|siblings?|pupils?|young people|yps?|household|family|patients?|residents?|babies|"
    r"twins|"
    r"learners|students|service users?|clients?|occupants|dependants?|cme|subjects)\b",
    re.IGNORECASE,
)
# ... unless something befell them on these dates.
_ROLL_EVENT = re.compile(
    r"\b(?:start(?:s|ed|ing)?|joined|left|leavers?|leaving|since|visit(?:s|ed)?|seen|due|review(?:s|ed)?|"
    r"expir\w+|"
    r"attend\w*|admi(?:tted|ssions?)|enrol\w*|register\w*|placed|placements?|accommodated|moved|exclu\w+|"
    r"incidents?|meetings?|conferences?|trips?|awards?|certificates?|trained|training|completed|closed|"
    r"opened|"
    r"referred|assessed|updated|dated?|appointments?|log|rota|signed|died|deaths?|married|deadline|"
    r"contracts?|"
    r"appointed|term|chronology|from|until)\b",
    re.IGNORECASE,
)
_YEARS_APART = 2
# What happened on a day so many years ago is seldom written behind a name; that somebody was born often is.
_YOUTH = 16
# What is done on a day: "Ann Roe 15/06/2001 invoice paid".
_DEALT = re.compile(
    r"[ \t,;:|–-]{1,3}(?:(?:invoices?|paid|payments?|receipts?|orders?|refund(?:s|ed)?|conveyance|deeds?"
    r"|transfer(?:red)?|lease|sold|bought|elected|retired|founded|published|chair\w*)\b|£)",
    re.IGNORECASE,
)
_SUBJECT_LABEL = re.compile(r"\b(?:subject|re|regarding|name|client|file)\b", re.IGNORECASE)
# A date keeps to one mark: "9-4.30" is a time.
_ONE_MARK = re.compile(r"\d+(?P<mark>\D)\d+(?P=mark)\d+")
_NO_NAME = frozenset(
    {"the", "on", "dated", "built", "since", "from", "version", "issue", "last", "first", "act"}
)
# A list of people ends where so many characters stand between two of its lines.
_ROLL_GAP = 200
_LIVED = re.compile(r"[ ,;(\-–]{1,3}(?:died|d\. ?\d|deceased|dec'?d|passed away)\b", re.IGNORECASE)
_TERM = re.compile(r"\s{0,3}(?:to|until|till|-|and)\s{0,3}\d", re.IGNORECASE)
_AGE_BEFORE = re.compile(
    r"(?:(?P<age>\d{1,2}) ?(?:(?P<months>months?|mths?)|years?|yrs?|y/?o)(?: old)?"
    r"|(?:aged?|says|is|(?-i:[A-Z][a-z'\-]+)) (?P<bare>\d{1,2}))"
    r"[ ,]{0,2}[(\[]?",
    re.IGNORECASE,
)
_IDENTIFIERS = frozenset(["UK_NHS", "UK_CHI", "UK_NINO", "UK_UPN"])
# What systems fill in where nobody knows the date.
_PLACEHOLDERS = frozenset([date(1900, 1, 1), date(1901, 1, 1), date(1899, 12, 30), date(1800, 1, 1)])
# "Macsen Roberts, 13 (17.6.2011)".
_AGE_GAP = re.compile(
    r"[A-Z][^\W\d_]+[A-Za-zÀ-ÿ'\-]* ?,? (?:aged? )?(?P<age>\d{1,2}) ?(?:yrs?|y/?o)?[ ,]{0,2}[(\[]\s*$"
)
_FAMILY = re.compile(
    r"\b(?:child(?:ren)?|siblings?|brothers?|sisters?|sons?|daughters?|mother|father|mum|dad|baby|twins?|"
    r"family|household|"
    r"young person|pupils?|student|partner|girl|boy|wee|girlfriend|boyfriend|ex"
    r"|foster|d\.?o\.?b|born|parents?|re|subject|patient|client|service user|"
    r"tenant)\b",
    re.IGNORECASE,
)
_THING = re.compile(
    r"\b(?:report|review|plan|act|meeting|version|order|letter|regulations?|visit|assessment|minutes|policy|"
    r"agreement|"
    r"conference|panel|guidance|notice|decision|application|appendix|annex|strategy|statement|contract|"
    r"hearing|issue|"
    r"email|photo|photograph|exhibit|document|form|case|committee|council|cabinet|invoice|january|february|"
    r"march|april|"
    r"may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|"
    r"update|audit|"
    r"inspection|ofsted|referral|placement|chronology|record|note|notes|call|contact|census|survey|draft)\b",
    re.IGNORECASE,
)


class BirthDateRecogniser:
    """Finds dates of birth by labels, column headers and birth words on either side."""

    name = "birth_dates"
    entity_types = ("DATE_OF_BIRTH",)
    patterns: Mapping[str, bytes] = MappingProxyType(
        {
            "birth_word": (
                rb"(?i)\bd[. /]{0,2}[o0][. /]{0,2}b\b|dobs?|\bd\.? ?of ?b\b"
                rb"|dates?[ _]?(?:of[ _]?)?b[il1]rths?"
                rb"|dates? ?(?:and|&|/) ?(?:place|time) of birth"
                rb"|b[il1]rth[ _-]?d(?:ate|ay|te|t\b)|\bb[o0]rn\b|\bdyddiad geni|\bganwyd|\bganed|"
                rb"\b(?-i:b)[.:]? ?[0-9]{1,2}[./\- ]"
            ),
            "birth_subject": (
                rb"(?im)^[ \t>*]*(?:re|child|name|patient|client|pupil|student|young person|service user|"
                rb"tenant|mother|father)"
                rb"[ ]?[:\-][ ]?[^\n0-9]{4,60}[0-9]{1,2}[./\- ][0-9a-z]{1,9}[./\- ][0-9]{2,4}"
            ),
            "birth_sex": (
                rb"\b[0-9]{1,2}[./\-][0-9]{1,2}[./\-][0-9]{2,4}[ ]{0,2}[ ,;|(\-/][ ]?(?:M|F|[Mm]ale|"
                rb"[Ff]emale|[Bb]oy|[Gg]irl"
                rb"|[Yy](?:ear|r) ?[0-9]{1,2}|Reception|[Aa]ged? [0-9]{1,2})\b"
            ),
            "birth_age": (
                rb"(?i)\b(?:[0-9]{1,2} ?(?:years?|yrs?|y/?o|months?|mths?)(?: old)?"
                rb"|(?:aged?|says|is) [0-9]{1,2}|(?-i:[A-Z][a-z'\-]+) [0-9]{1,2}[ ,])"
                rb"[ ,]{0,2}[(\[]?[0-9]{1,2} ?[./\- ] ?[0-9a-z]{1,9} ?[./\- ] ?[0-9]{2,4}"
            ),
            "birth_named": (
                rb"[A-Z][A-Za-z\x80-\xff'\-]+,? [A-Z][A-Za-z\x80-\xff'\-]+[ ,;:|\t(\[\-]{1,6}"
                rb"[0-9]{1,2}[./\-][0-9]{1,2}[./\-](?:19|20)?[0-9]{2}\b"
            ),
            "birth_died": rb"(?i)[0-9]{2}[ ,;(\-]{1,3}(?:died|deceased|dec'?d|passed away)\b",
            "birth_roll": (
                rb"(?m)^[ \t>*\-\x80-\xff]{0,8}(?:[0-9]{1,3}[.):]?[ \t]{1,4})?[A-Z][^\n0-9]{4,60}"
                rb"[0-9]{1,2}(?:st|nd|rd|th)? ?[./\- ] ?[0-9A-Za-z]{1,9} ?[./\- ,] ?(?:19|20)?[0-9]{2}"
            ),
            "birth_bracketed": (
                rb"(?i)[(\[] ?(?:(?:[mf]|male|female|boy|girl|aged? [0-9]{1,2}|[0-9]{1,2} ?(?:yrs?|"
                rb"y/?o)?)[,;:] )?"
                rb"(?:[0-9]{1,2} ?[./\-] ?[0-9]{1,2} ?[./\-] ?[0-9]{2,4}"
                rb"|[0-9]{1,2}(?:st|nd|rd|th)? [a-z]{3,9},? [0-9]{4}) ?[)\],;]"
            ),
        }
    )

    def __init__(self) -> None:
        self._scan = CandidateScan(self.patterns)
        self.programs = self._scan.programs

    def recognise(self, view: View) -> list[Finding]:
        """The dates of birth in ``view``."""
        found: dict[int, Finding] = {}
        words = self._scan.spans(view, "birth_word")
        if words or view.labelled:
            for finding in self._fields(view):
                found.setdefault(finding.start, finding)
        passed = tries = 0
        for start, end in words:
            if start < passed:
                continue
            near = self._near(view, start, end)
            if not near and not found and tries < _LIST_TRIES:
                tries += 1
                near = self._listed(view, end)
            for finding in near:
                found.setdefault(finding.start, finding)
                passed = max(passed, finding.end)
        for start, end in self._scan.spans(view, "birth_bracketed"):
            if not any(position in found for position in range(start, end)):
                bracketed = self._bracketed(view, start, end)
                if bracketed is not None:
                    found.setdefault(bracketed.start, bracketed)
        for finding in self._beside_identifiers(view):
            found.setdefault(finding.start, finding)
        for start, end in self._scan.spans(view, "birth_sex"):
            sexed = self._subject(view, start, end, alone=False)
            if sexed is not None:
                found.setdefault(sexed.start, sexed)
        for start, end in self._scan.spans(view, "birth_age"):
            aged = self._aged(view, start, end)
            if aged is not None:
                found.setdefault(aged.start, aged)
        for start, end in self._scan.spans(view, "birth_died"):
            lived = self._lived(view, start, end)
            if lived is not None:
                found.setdefault(lived.start, lived)
        for start, end in self._scan.spans(view, "birth_named"):
            named = self._grown(view, start, end)
            if named is not None:
                found.setdefault(named.start, named)
        for finding in self._rolls(view, found):
            found.setdefault(finding.start, finding)
        for start, end in self._scan.spans(view, "birth_subject"):
            subject = self._subject(view, start, end)
            if subject is not None:
                found.setdefault(subject.start, subject)
        return _without_overlaps(found.values())

    def _fields(self, view: View) -> list[Finding]:
        """Dates in cells under a birth header and in form fields with a birth label."""
        findings = []
        for record, field in view.layout.labelled_fields(is_birth_label):
            value = view.text[field.start : field.end]
            if record.table is not None and (serial := re.fullmatch(r"([0-9]{4,5})(?:\.0+)?", value.strip())):
                day = from_excel(int(serial.group(1)))
                if day is not None and 0 <= age_at(day, view.reference_date) <= _OLDEST:
                    written = WrittenDate(field.start, field.end, day)
                    findings.append(self._finding(view, written, 0.80, EvidenceKind.LABEL, "birth_serial"))
                continue
            many = 8 if re.search(r"dobs|dates", field.label.lower()) else 1
            stop = min(field.end, field.start + (60 if many == 1 else 240))
            if _RULE.match(value):
                continue
            for written in dates_in(view.text, field.start, stop, view.reference_date, labelled=True)[:many]:
                if _OTHER.search(view.text, field.start, written.start):
                    break
                further = self._further(view, written) if many == 1 and record.table is None else []
                for one in (written, *further):
                    findings.append(self._finding(view, one, 0.90, EvidenceKind.LABEL, "birth_label"))
        return findings

    def _near(self, view: View, start: int, end: int) -> list[Finding]:
        """Dates to the right of a birth word at ``start`` to ``end``, else directly to its left."""
        text = view.text
        if text[end : end + 1].isalpha() and text[end - 1].isalpha():
            return []  # the beginning of a longer word
        if not _NEAR_DIGIT.search(text, max(0, start - 42), end + 112) and "\n" not in text[end : end + 48]:
            return []
        word = text[start:end].lower()
        born = word in ("born", "b0rn", "ganwyd", "ganed")
        short = word[0] == "b" and word[-1] in "./- " and any(character.isdigit() for character in word)
        if short:
            return self._abbreviated(view, start, end)
        if born and (
            _RULE.match(text, end)
            or re.search(r"(?:new|still|air|first|un)[- ]?$", text[max(0, start - 6) : start])
        ):
            return []
        birthday = word.replace("-", " ").replace("_", " ") in ("birthday", "birth day")
        if birthday and re.search(
            r"\b(?:\d{1,3}(?:st|nd|rd|th)|first|second|next|last)\s*$", text[max(0, start - 16) : start]
        ):
            return []
        written = self._right(view, end, born=born)
        if written is not None:
            found = [written]
            plural = _PLURAL.search(text[start : end + 2]) is not None
            limit = text.find("\n", end)
            limit = min(len(text) if limit < 0 else limit, written.end + 200)
            if plural:
                found.extend(dates_in(text, written.end, limit, view.reference_date, labelled=True))
            else:
                found.extend([] if born else self._further(view, found[0]))
            if (born or len(found) == 1) and self._is_range(view, found[0]):
                return []
            kind = EvidenceKind.CONTEXT if born or birthday else EvidenceKind.LABEL
            score = 0.60 if birthday else 0.85 if born else 0.90
            return [self._finding(view, one, score, kind, "birth_word") for one in found]
        if born or birthday:
            return []
        left = self._left(view, start)
        return [self._finding(view, left, 0.80, EvidenceKind.LABEL, "birth_word_behind")] if left else []

    def _right(self, view: View, end: int, *, born: bool) -> WrittenDate | None:
        text, reference = view.text, view.reference_date
        filler = _FILLER.match(text, end)
        stop = filler.end() if filler else end
        if text[stop - 1 : stop].isdigit():
            stop = end
        # The filler may have swallowed an apostrophe or a letter that begins the date.
        written = read_date(text, stop, reference, labelled=not born)
        if written is not None and "\n" not in text[end:stop]:
            return written
        if written is not None and written.exact and text[end:stop].count("\n") <= 2:
            return written
        pattern = _BORN if born else _CLAUSE
        at = end
        while (
            (match := pattern.match(text, at)) is not None and match.end() > at and match.end() - end <= 110
        ):
            at = match.end()
            if _OTHER.search(text, end, at) or re.search(r"\.\s+[A-Z]", text[end:at]):
                break
            written = read_date(text, at, reference, labelled=not born)
            if written is not None:
                return written
            if not born:
                break
        return None if born else self._below(view, end)

    @staticmethod
    def _below(view: View, end: int) -> WrittenDate | None:
        """The first line that is wholly a date among the eight below a label that ends its line.

        Copied forms and PDF columns give all labels first and all values after them.
        """
        text = view.text
        at = text.find("\n", end)
        start = text.rfind("\n", 0, end) + 1
        if at < 0 or text[end:at].strip(" \t:*.)") or end - start > 40:
            return None
        above = 0
        for line in reversed(text[max(0, start - 240) : start].splitlines()):
            if not line.strip() or len(line) > 40 or re.search(r"\d", line):
                break
            above += 1
        previous = ""
        for passed in range(8):
            stop = text.find("\n", at + 1)
            stop = len(text) if stop < 0 else stop
            line = text[at + 1 : stop]
            body = line.strip(" \t\r")
            if len(body) > 60 or (re.search(r"\bdate\b", body, re.IGNORECASE) and not re.search(r"\d", body)):
                return None
            if body and body[0].isalnum():
                first = at + 1 + line.index(body[0])
                written = read_date(text, first, view.reference_date)
                if written is not None and written.exact and text[written.end : stop].strip() == "":
                    # Every label above has its value before this one's.
                    return written if passed >= above and not previous.endswith(":") else None
            if stop >= len(text):
                return None
            previous, at = body, stop
        return None

    def _listed(self, view: View, end: int) -> list[Finding]:
        """The dates of a list of people without headers, below a text that says there are birth dates in it.

        Each of at least three lines in a row holds a name and one date, and the dates lie years apart.
        """
        text = view.text
        at = text.find("\n", end)
        run: list[WrittenDate] = []
        for _ in range(400):
            if at < 0 or at - end > 20_000:
                break
            stop = text.find("\n", at + 1)
            stop = len(text) if stop < 0 else stop
            dates = dates_in(text, at + 1, min(stop, at + 240), view.reference_date)
            whole = [one for one in dates if one.exact]
            if len(whole) == 1 and re.search(r"[A-Z][A-Za-z'\-]+", text[at + 1 : whole[0].start]):
                run.append(whole[0])
            elif run or (text[at + 1 : stop].strip() and at - end > 600):
                break
            at = stop if stop < len(text) else -1
        years = {one.day.year for one in run}
        if len(run) < 3 or len(years) < 3 or max(years) - min(years) < 4:
            return []
        if not all(0 <= age_at(one.day, view.reference_date) <= _OLDEST for one in run):
            return []
        return [self._finding(view, one, 0.60, EvidenceKind.CONTEXT, "birth_list") for one in run]

    @staticmethod
    def _left(view: View, start: int) -> WrittenDate | None:
        """The date that ends directly before a birth word: "12/03/2015 (DOB)"."""
        text = view.text
        low = max(text.rfind("\n", 0, start) + 1, start - 40)
        gap = _LEFT_OF.search(text[low:start])
        stop = low + gap.start() if gap else start
        found = dates_in(text, low, stop, view.reference_date)
        return found[-1] if found and found[-1].end == stop and found[-1].exact else None

    @staticmethod
    def _further(view: View, first: WrittenDate) -> list[WrittenDate]:
        """Dates joined to a date of birth: "12/03/2015 and 14/05/2017", "...; Ella: 14/05/2017"."""
        found: list[WrittenDate] = []
        end = first.end
        while (join := _JOIN.match(view.text, end)) is not None and not _OTHER.search(join.group()):
            more = read_date(view.text, join.end(), view.reference_date)
            if more is None or not more.exact or _THING.search(join.group()):
                break
            found.append(more)
            end = more.end
        return found

    @staticmethod
    def _is_range(view: View, written: WrittenDate) -> bool:
        """Whether the date opens a range ("born 1 September 2016 to 31 August 2017"): nobody's birth."""
        behind = _RANGE_BEHIND.match(view.text, written.end)
        if behind is None:
            return False
        if "later" in behind.group() or "earlier" in behind.group() or "after" in behind.group():
            return True
        if behind.group().strip().lower() == "and":
            return False
        return read_date(view.text, behind.end(), view.reference_date) is not None

    def _abbreviated(self, view: View, start: int, end: int) -> list[Finding]:
        """An abbreviated birth word, "b. 12/03/15", behind a name or in brackets."""
        text = view.text
        digit = re.search(r"[0-9]", text[start:end])
        if digit is None or (start and text[start - 1] in "/-_."):
            return []
        at = start + digit.start()
        written = read_date(text, at, view.reference_date)
        if written is None or not written.exact:
            return []
        if at - start == 1 and text[start - 1 : start] not in ("(", "["):
            return []
        dotted = text[start + 1] in ".:"
        before = text[max(0, start - 40) : start]
        named = re.search(r"(?:^|[(\[,\n]|[A-Z][A-Za-z'\-]+)[ ]?$", before)
        if text[start] != "b" or not (named or (dotted and before[-1:].isspace())):
            return []
        return [self._finding(view, written, 0.80, EvidenceKind.CONTEXT, "birth_abbreviation")]

    def _bracketed(self, view: View, start: int, end: int) -> Finding | None:
        """A date in brackets behind a person's name where the text speaks of a family or a subject."""
        text = view.text
        written = next(iter(dates_in(text, start + 1, end, view.reference_date)), None)
        if written is None or not written.exact:
            return None
        aged = _AGE_GAP.search(text[max(0, start - 60) : start + 1])
        if aged is not None and self._fits(view, written, int(aged["age"]) * 365.25):
            return self._finding(view, written, 0.70, EvidenceKind.NEIGHBOUR, "birth_beside_age")
        name = _NAME_BEFORE.search(text[max(0, start - 60) : start + 1])
        if name is None or _THING.search(name.group(1)) or len(name.group(1)) < 3:
            return None
        if not timedelta(days=42) < view.reference_date - written.day < timedelta(days=366 * _OLDEST):
            return None
        record = view.layout.record_at(start)
        low = max(0, start - 300, record.start - 200 if record else 0)
        if not _FAMILY.search(text, low, start) and not _RECORD.match(text, end):
            return None
        return self._finding(view, written, 0.60, EvidenceKind.CONTEXT, "birth_bracketed")

    def _beside_identifiers(self, view: View) -> list[Finding]:
        """The one date of a line that also holds a name and an identifier: "Jack Smith 12/03/2015 943 ...".

        The identifiers are those of ``view.findings``; the date must follow a name or open the line.
        """
        findings = []
        text = view.text
        lines: set[int] = set()
        for identifier in view.findings:
            if identifier.entity_type not in _IDENTIFIERS or identifier.confidence < 0.40:
                continue
            low, high = view.layout.line_span(identifier.start)
            if low in lines or high - low > 200 or view.layout.label_at(identifier.start):
                continue
            lines.add(low)
            dates = dates_in(text, low, high, view.reference_date)
            if len(dates) != 1 or not dates[0].exact:
                continue
            written = dates[0]
            before = text[low : written.start]
            name = _NAME_BEFORE_DATE.search(before)
            old = view.reference_date - written.day > timedelta(days=180)
            alone = 0 < identifier.start - written.end <= 24 and _ONE_NAME.match(before)
            if old and (alone or name is not None) and not _THING.search(name.group(1) if name else before):
                findings.append(
                    self._finding(view, written, 0.60, EvidenceKind.NEIGHBOUR, "birth_beside_identifier")
                )
        return findings

    def _subject(self, view: View, start: int, end: int, *, alone: bool = True) -> Finding | None:
        """A name with a date in the subject line of a letter, or before a sex: "Jack Smith 12/03/2015 (M)".

        ``alone`` says that it must be the only date to the end of the line.
        """
        text = view.text
        low, high = view.layout.line_span(start if not alone else end - 1)
        dates = dates_in(text, start, high if alone else end, view.reference_date)
        if len(dates) != 1 or not dates[0].exact:
            return None
        written = dates[0]
        low = max(low, written.start - 80)
        name = _NAME_BEFORE_DATE.search(text[low : written.start])
        old = view.reference_date - written.day > timedelta(days=366)
        if (
            name is None
            or not old
            or _THING.search(text[low : written.start])
            or re.search(r"\bv\.? ", text[low:high])
        ):
            return None
        return self._finding(view, written, 0.50, EvidenceKind.NEIGHBOUR, "birth_subject")

    def _aged(self, view: View, start: int, end: int) -> Finding | None:
        """A date behind an age that fits it: "is 22 months (07/05/2023)", "says 15, 1.1.2010"."""
        match = _AGE_BEFORE.match(view.text, start)
        written = read_date(view.text, match.end(), view.reference_date) if match else None
        if match is None or written is None or not written.exact or written.end < end - 2:
            return None
        if _TERM.match(view.text, written.end):
            return None
        said, months = int(match["age"] or match["bare"]), bool(match["months"])
        if not self._fits(view, written, said * 30.44 if months else said * 365.25):
            return None
        return self._finding(view, written, 0.70, EvidenceKind.NEIGHBOUR, "birth_beside_age")

    def _grown(self, view: View, start: int, end: int) -> Finding | None:
        """A day of a whole youth ago right behind a name: "BROOK, Miriam  03/04/38"."""
        text = view.text
        written = next(iter(dates_in(text, start, end, view.reference_date)), None)
        if written is None or not written.exact:
            return None
        years = (view.reference_date - written.day).days / 365.25
        low, high = view.layout.line_span(start)
        low, high = max(low, start - 80), min(high, end + 80)
        if not _YOUTH <= years <= _OLDEST or _THING.search(text, start, written.start):
            return None
        name, bracketed = text[start : written.start], text[written.start - 1] in "(["
        label = view.layout.label_at(written.start)
        if label and _SUBJECT_LABEL.search(label) is None:
            return None
        if not _ONE_MARK.fullmatch(text, written.start, written.end) or _TERM.match(text, end):
            return None
        if not bracketed and (_ROLL_EVENT.search(text, low, high) or _DEALT.match(text, end)):
            return None
        shared = any(
            f.entity_type == "UK_BANK_ACCOUNT" and f.start < end and f.end > start for f in view.findings
        )
        if shared or name.split()[0].lower() in _NO_NAME:
            return None
        return self._finding(view, written, 0.55, EvidenceKind.NEIGHBOUR, "birth_behind_name")

    @staticmethod
    def _fits(view: View, written: WrittenDate, wanted: float) -> bool:
        """Whether somebody born on that date is about ``wanted`` days old."""
        days = (view.reference_date - written.day).days
        # The text may be a few years older or younger than its reference date says.
        slack = 1_100 if view.reference_date.year - written.day.year < 120 else 0
        return days >= 0 and abs(days - wanted) <= slack

    def _lived(self, view: View, start: int, end: int) -> Finding | None:
        """The first of two dates of a life: "Irene Winfield, 11 November 1935, died 2 June 2024"."""
        text = view.text
        low = max(view.layout.line_span(start)[0], start - 90)
        dates = dates_in(text, low, start + 2, view.reference_date)
        if not dates or not dates[-1].exact or dates[-1].end != start + 2:
            return None
        written = dates[-1]
        name = _NAME_BEFORE_DATE.search(text[low : written.start])
        if name is None or _THING.search(name.group(1)) or age_at(written.day, view.reference_date) < 1:
            return None
        return self._finding(view, written, 0.70, EvidenceKind.CONTEXT, "birth_lived")

    def _rolls(self, view: View, found: Mapping[int, Finding]) -> list[Finding]:
        """The dates of a list of people: lines that each open with a name and hold one date.

        Either a line of the list says that it is a date of birth, or what stands over it says whom it lists,
        nothing is said to have happened on these days, and the years of different people lie apart.
        """
        findings: list[Finding] = []
        run: list[tuple[int, int, str, WrittenDate]] = []
        for start, end in self._scan.spans(view, "birth_roll"):
            line = self._roll_line(view, start, end)
            if line is None:
                continue
            if run and line[0] - run[-1][1] > _ROLL_GAP:
                findings += self._roll(view, run, found)
                run = []
            run.append(line)
        return findings + self._roll(view, run, found)

    @staticmethod
    def _roll_line(view: View, start: int, end: int) -> tuple[int, int, str, WrittenDate] | None:
        """Start, end, name and date of a line of a list of people."""
        text = view.text
        low, high = view.layout.line_span(end - 1)
        if start < low - 1 or high - low > 400:
            return None
        dates = [one for one in dates_in(text, low, high, view.reference_date) if one.exact]
        if len(dates) != 1 or not 60 < (view.reference_date - dates[0].day).days < 366 * _OLDEST:
            return None
        name = _ROLL_NAME.match(text[low : dates[0].start])
        if name is None or _THING.search(name["name"]) or view.layout.label_at(dates[0].start):
            return None
        return low, high, " ".join(name["name"].lower().split()), dates[0]

    def _roll(
        self, view: View, run: list[tuple[int, int, str, WrittenDate]], found: Mapping[int, Finding]
    ) -> list[Finding]:
        if not run:
            return []
        text = view.text
        first, last = run[0][0], run[-1][1]
        head = " ".join(text[max(0, first - 300) : first].split("\n")[-4:])
        said = any(
            first - _ROLL_GAP <= at <= last + _ROLL_GAP for at in found if found[at].rule == "birth_word"
        )
        if not said or _ROLL_EVENT.search(head):
            names = {name for _, _, name, _ in run}
            years = [written.day.year for _, _, _, written in run]
            apart = len(names) == len(run) >= 2 and max(years) - min(years) >= _YEARS_APART
            if not apart or not _ROLL_CUE.search(head) or _ROLL_EVENT.search(head):
                return []
        return [
            self._finding(view, written, 0.60, EvidenceKind.CONTEXT, "birth_roll") for _, _, _, written in run
        ]

    @staticmethod
    def _finding(view: View, written: WrittenDate, score: float, kind: EvidenceKind, rule: str) -> Finding:
        age = age_at(written.day, view.reference_date)
        plausible = 0 <= age <= _OLDEST
        if written.day in _PLACEHOLDERS or _MADE_UP.search(
            view.text, max(0, written.start - 80), written.start
        ):
            score = 0.30
        elif not plausible:
            score = min(score, 0.50)
        elif not written.exact:
            score = min(score, 0.60)
        evidence = (
            Evidence(kind, "birth word or label"),
            Evidence(
                EvidenceKind.CHECK if plausible else EvidenceKind.COUNTER,
                "plausible age" if plausible else "age",
            ),
        )
        note = "child" if plausible and age < 18 else ""
        return Finding("DATE_OF_BIRTH", written.start, written.end, score, rule, evidence, note)


def is_birth_label(label: str) -> bool:
    """Whether a column header or form label asks for a date of birth."""
    # Of "DOB 12/03/2015, Review:" only what follows the date is the label.
    label = re.split(r"[0-9][./\-][0-9]{1,4}[ ,;)]", label)[-1]
    plain = " ".join(_HYPHENS.sub(" ", words_apart(label)).lower().split())
    compact = re.sub(r"[^a-z]", "", plain)
    birth = (
        _LABEL.search(plain) or compact.endswith("dob") or "birthdate" in compact or "dateofbirth" in compact
    )
    return bool(birth) and not _NO_LABEL.search(_WITH_PLACE.sub("", plain))


def birth_date(finding: Finding, view: View) -> date | None:
    """The day that a DATE_OF_BIRTH finding stands for; None where it can no longer be read."""
    value = finding.value(view.text).strip()
    if re.fullmatch(r"[0-9]{4,5}(?:\.0+)?", value):
        return from_excel(int(value.split(".")[0]))
    written = read_date(view.text, finding.start, view.reference_date, labelled=True)
    return written.day if written is not None else None


def _without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda found: (found.start, -found.confidence)):
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
    return kept
