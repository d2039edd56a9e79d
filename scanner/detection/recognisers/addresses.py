"""UK addresses: from the flat or house to the postcode, on one line, over several, or over table columns.

``note`` of a UK_ADDRESS: ``home`` where something says that a person lives there, ``office`` for organisations,
sites and venues (reported below 0.40: of no account), ``at-risk`` where words near it say that whoever lives
there must not be found, else empty.  Postcodes are taken from ``View.findings``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import re2

from rules.addresses import AddressWords, load_address_words
from rules.places import load_outward_codes, load_towns
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.layout import Record
from scanner.detection.scan import CandidateScan, compile_bytes
from scanner.detection.view import Span, View

# An address is searched for within so many characters before its postcode: eight PAF elements on lines of
# their own need about 200.
_REACH = 260
_MOST_ELEMENTS = 10
# A line shorter than this ends where its writer ended it; longer ones were wrapped.
_WRAPPED_LINE = 64
_RISK_BEFORE, _RISK_BEHIND = 220, 120

_SEPARATOR = re.compile(r"[,;|\t\"]+|\r?\n[ \t>]*| {3,}")
# A house number, its letter, its range or its Scottish flat; OCR may have put l, I or O for a digit.
_NUMBER = re.compile(
    r"(?<![\w£$/.\-])(?:no\.? ?)?((?:[0-9][0-9lIO]{0,3}|[lI][0-9]{1,2})(?:[A-Da-dF-Hf-h](?![a-z]))?"
    r"(?: ?[\-/] ?[0-9]{1,4}[A-Za-z]?| ?& ?[0-9]{1,4})?)(?![\w/])",
    re.IGNORECASE,
)
_SCOTTISH_FLAT = r"(?:[0-9]{1,2}[FR][0-9LRM]|[PBG]F[0-9LRM]?|[0-9]{1,2}/[0-9LRMlrm]|[0-9LRM]{1,2} ?/ ?[0-9LRM]{1,2})"
_FLOOR = (
    r"(?:(?:top|ground|first|second|third|fourth|1st|2nd|3rd|4th|upper|lower|basement|garden|lower ground|attic)"
    r"(?: floor)?(?: (?:left|right|front|rear|back|middle))?,? ?)"
)
_SMALL = frozenset("of the y yr le la de du des on upon and in o by under with next ar a'r & st st. nan na an i".split())
_ALWAYS_STREETS = frozenset(["heol", "stryd", "ffordd", "lôn", "lon", "clos", "rhodfa", "cilgant", "rhes", "teras", "rue"])
# The first word of a house's name: Welsh, Gaelic.
_HOUSE_FIRST = frozenset(["tŷ", "ty", "plas", "bryn", "llys", "cwrt", "tigh", "taigh"])
# Abbreviated street words that are hardly anything else in lower case.
_ABBREVIATED = frozenset(["rd", "ave", "gdns", "cres", "terr", "ln", "sq"])
# Words of home that stand before too much else to make a street of lower-case words.
_WEAK_HOME = frozenset([b"of", b"tel", b"house", b"property", b"family", b"child", b"owner", b"customer", b"attended"])
# What a number counts: "3 Bedroom House", "2 Storey Building".
_MEASURED_WORDS = """
bed beds bedroom bedrooms bedroomed storey storeys berth acre acres mile miles minute minutes month months day days hour
hours week weeks year years person people children child new affordable social place point stage star class part way
january february march april june july august september october november december
"""
_MEASURED = frozenset(_MEASURED_WORDS.split())
# What a number belongs to that stands before it: "Phase 2 Park Hill".
_NUMBERED_THING = re.compile(
    r"(?i)\b(?:phase|ward|item|section|stage|figure|fig|table|page|agenda|appendix|annex|year|week|day|level|grade|band|lot|"
    r"option|part|route|junction|bus|tier|step|chapter|schedule|version|priority|class|form|key stage|group|zone|map|"
    r"plan|site|case|policy|objective|theme|top|question|clause|article|paragraph|para|rule|issue|volume|vol)s?\.? ?$"
)
_STOP = frozenset(
    """a about after all also am an and any are as at be been before being but by can child children could days did do does
    for from get go had has have he her here him his hours how if in into is it its just made make may me minutes months
    more most my new no not now of off old on one or other our out over own people per please said see she should so some
    than that the their them then there these they this those time to two up us very was we week weeks were what when
    where which who will with would year years you your yesterday today tomorrow mr mrs ms miss dr""".split()
)
_PERSON_LINE = re.compile(
    r"^\W*(?:[A-Z][a-zà-ÿ'\-]+(?: [A-Z]\.?)? (?:[A-Z][a-zà-ÿ]+ )?[A-Z][A-Za-zà-ÿ'\-]+|"
    r"[A-Z'\-]{2,}(?:, ?| )[A-Z][A-Za-z'\-]+|[A-Z] [A-Z][A-Za-z'\-]+)\W*$"
)
_ADDRESSEE = re.compile(
    r"^\W*(?:(?:mr|mrs|ms|miss|mx|dr|prof|professor|rev|sir|lady|dame|master|messrs|y rhieni)\b|parents? of|"
    r"(?:the )?(?:parents?|occupiers?|householder|carers?)\b|parent/)|\b(?:dob|d\.o\.b|date of birth)\b",
    re.IGNORECASE,
)
_BIRTH = re.compile(r"\b(?:dob|d\.o\.b|date of birth|born)\b", re.IGNORECASE)
_TITLE = re.compile(r"^\W*(?:mr|mrs|ms|miss|mx|dr|prof|rev|sir|lady|dame|master|messrs)\b", re.IGNORECASE)
_NO_ADDRESS = re.compile(
    r"^\W*(?:n/?a|none|nil|unknown|not (?:known|given|recorded|stated|provided|disclosed)|as above|same|as (?:mother|father|"
    r"parent|child)|nfa|no fixed (?:abode|address)|withheld|confidential|restricted|protected|tbc|xx+|-+|see .*|"
    r"address|please .*)\W*$",
    re.IGNORECASE,
)
_VILLAGE = re.compile(r", ([A-Z][a-zà-ÿ'\-]{4,}(?:[ \-](?:[a-z]{2,5}[ \-])?[A-Z][a-zà-ÿ]{3,})?)(?=[,.;)\n]|\r?\n|$| [a-z(])")
_MORE_STREET = re.compile(r"(?: [A-Z][\w'\-]*){1,2}(?!\w)| [a-z]{2,9}(?=[,.\n;)]|$)")
_SENTENCE_END = re.compile(rb"[a-z)]{4,}[.;?!] ")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|[_\-./]+")
_ADDRESS_LABEL = re.compile(
    r"\b(?:address(?:es)?|addr|add|street|road|rd|thoroughfare|house|flat|paon|saon|premises|residence|residing|lives at|"
    r"home|property|building|dwelling|abode|cyfeiriad|line|sub building|correspondence)\b"
)
_PLACE_LABEL = re.compile(r"\b(?:town|city|county|locality|village|district|post town|tref|sir|country)\b")
_POSTCODE_LABEL = re.compile(r"\b(?:post ?code|p ?code|pcode|zip|cod post)\b")
_NO_ADDRESS_LABEL = re.compile(
    r"\b(?:e ?mail|ip|web|mac|url|type|start|end|from|since|status|date|ref|id|uprn|usrn|number of|phone|tel|value|price|"
    r"house ?hold(?:er)?|tenure|language|county court|council|visit|care|school|office|phone|telephone|mobile|"
    r"town hall|contact|school|name of|band|condition|size|known|confirmed|checked|changed|verified)\b"
)
_OFFICE_LABEL = re.compile(
    r"\b(?:site|venue|location|office|registered|work|works|workplace|business|company|organisation|organization|provider|"
    r"school|surgery|practice|gp|employer|depot|agent|supplier|premises|establishment|setting|nursery|licensed|landlord|"
    r"branch|destination|return|billing to|invoice to|court|hospital|clinic|trading|college)\b"
)
_PERSON_LABEL = re.compile(
    r"\b(?:surname|forename|first ?name|last ?name|dob|birth|tenant|client|child|pupil|patient|applicant|claimant|elector|"
    r"payer|resident|customer|mother|father|parent|carer|employee|nino|ni|nhs|title|full name|person)\b"
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What an element of an address holds: where its part of the address begins, and which."""

    offset: int
    number: bool = False
    street: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True)
class _Chain:
    """The elements of an address that lead up to a postcode or a street."""

    start: int
    end: int
    premises: bool
    street: bool
    place: bool
    postcode: bool


class _Words:
    """Questions about the words of one element of an address."""

    def __init__(self, words: AddressWords, towns: frozenset[str], outward: frozenset[str]) -> None:
        self.words = words
        self.towns = towns
        self.outward = outward
        subs = "|".join(re.escape(word) for word in words.sub_building_words)
        self._sub = (
            rf"(?:{_FLOOR}?(?:{subs})s?\.?(?: ?(?:no\.? ?)?(?:[0-9]{{1,4}}[A-Za-z]?|[A-Za-z][0-9]{{0,3}}|"
            rf"one|two|three|four|five|six)(?:[/\-][0-9]{{1,3}})?(?![a-zA-Z]))?|{_SCOTTISH_FLAT}|{_FLOOR}(?:flat|fl)\b)"
        )
        self._sub_whole = re.compile(rf"{self._sub}\W*", re.IGNORECASE)
        self._sub_before = re.compile(rf"(?<!\w)(?:{self._sub})[ ,.\-]{{1,3}}(?:at )?$", re.IGNORECASE)
        self._sub_tail = re.compile(
            rf"(?<!\w)(?:{_FLOOR}?(?:{subs})\.? ?(?:no\.? ?)?(?:[0-9]{{1,4}}[A-Za-z]?|[A-Z](?:[0-9]{{1,3}})?)\b|{_SCOTTISH_FLAT})",
            re.IGNORECASE,
        )

    def is_sub(self, element: str) -> bool:
        """Whether an element is a flat, room or floor: "Flat 3", "2F1", "Top floor flat"."""
        return self._sub_whole.fullmatch(element) is not None and any(c.isdigit() or c.isupper() for c in element)

    def is_place(self, element: str) -> bool:
        """Whether an element can be a town, village, county or country."""
        tokens = element.replace("-", " ").split()
        if not 0 < len(tokens) <= 5 or any(character.isdigit() for character in element):
            return False
        lowered = " ".join(tokens).lower().strip(" .'()")
        if lowered in self.towns or lowered in self.words.counties:
            return True
        if _TITLE.match(element) or len(tokens) > 4:
            return False
        if all(_capital(token) or token.lower() in _SMALL for token in tokens):
            return _capital(tokens[0]) and lowered not in _STOP
        return len(tokens) <= 2 and not any(token in _STOP or not token.isalpha() for token in tokens)

    def is_known_place(self, element: str) -> bool:
        """Whether an element is a town or county of the lists."""
        lowered = " ".join(element.replace("-", " ").lower().split()).strip(" .'()")
        return lowered in self.towns or lowered in self.words.counties

    def is_street(self, tokens: Sequence[str], *, open_end: bool = False, numbered: bool = False) -> bool:
        """Whether words are a street's name: "Beech Road", "Heol y Bont", "The Chase", "mill lane".

        With ``open_end`` a town may follow the descriptor without a comma.  Behind a house number
        (``numbered``) a Welsh or French word in front is enough: alone, "Ynys Môn" is a place.
        """
        words = self.words
        leading = words.leading_descriptors if numbered else words.leading_descriptors & _ALWAYS_STREETS
        if not 1 < len(tokens) <= (8 if open_end else 6):
            return False
        lowered = [token.lower().strip(".,'()") for token in tokens]
        if any(character.isdigit() for token in lowered[1:] for character in token.replace("0", "")):
            return False
        proper = all(_capital(token) or token.lower() in _SMALL for token in tokens)
        if proper and _capital(tokens[0]):
            if lowered[-1] in words.descriptors or lowered[-1].replace("0", "o") in words.descriptors:
                return True
            if lowered[0] in leading:
                return len(tokens) <= (3 if lowered[0] == "the" else 5)
            return open_end and any(word in words.descriptors for word in lowered[1:-1])
        if any(word in _STOP for word in lowered):
            return False
        if lowered[-1] in words.plain_descriptors:
            return len(tokens) <= 4
        if lowered[0] in leading & _ALWAYS_STREETS:
            return len(tokens) <= 4
        if open_end:
            for index in range(1, len(lowered) - 1):
                if lowered[index] in words.plain_descriptors:
                    return " ".join(lowered[index + 1 :]) in self.towns or len(lowered) - index <= 3
        return False

    def is_building(self, tokens: Sequence[str]) -> bool:
        """Whether words name a building: "Rose Cottage", "Regent Hse", "The Old Rectory", "Tŷ Capel"."""
        if not 1 < len(tokens) <= 5:
            return False
        lowered = [token.lower().strip(".,'()") for token in tokens]
        if not all(_capital(token) or token.lower() in _SMALL for token in tokens) or not _capital(tokens[0]):
            return False
        return lowered[-1] in self.words.building_words or lowered[0] in _HOUSE_FIRST

    def premises(self, element: str, *, followed: bool) -> _Part | None:
        """The part of an element that is a house, a flat or a named building, with its street if it has one.

        ``followed`` says that a town or postcode follows, so that a street needs no descriptor.
        """
        for match in _NUMBER.finditer(element):
            rest = element[match.end() :].strip(" ,.")
            tokens = rest.split()
            if not tokens or len(tokens) > 8:
                continue
            if tokens[0].lower() in _MEASURED:
                continue
            street = self.is_street(tokens, open_end=followed, numbered=True)
            named = not street and self.is_building(tokens)
            if not street and not named:
                plain = len(match.group(1)) <= 3 and len(tokens) <= 4 and match.start() == 0
                proper = all(_capital(token) or token.lower() in _SMALL for token in tokens) and _capital(tokens[0])
                if not (followed and plain and proper):
                    continue
            start = match.start(1)
            if (sub := self._sub_before.search(element[: match.start()])) is not None:
                start = sub.start()
            return _Part(start, number=True, street=street or not named, named=named)
        sub = self._sub_tail.search(element)
        if sub is not None:
            tokens = element[sub.end() :].strip(" ,.").split()
            if not tokens or self.is_building(tokens) or self.is_street(tokens, open_end=followed):
                return _Part(sub.start(), number=True, street=self.is_street(tokens), named=True)
        return None

    def named_tail(self, element: str, *, street: bool) -> int | None:
        """Where the capitalised words begin that end an element and name a building (or a street)."""
        tokens = list(re.finditer(r"\S+", element))
        index = len(tokens)
        while index > 0 and (_capital(tokens[index - 1].group()) or tokens[index - 1].group().lower() in _SMALL):
            index -= 1
        while index < len(tokens) and not _capital(tokens[index].group()):
            index += 1
        for first in range(index, max(index, len(tokens) - 1)):
            words = [token.group() for token in tokens[first:]]
            if words[0].lower() in ("at", "to", "in", "from", "of", "address", "property", "home", "lives", "re"):
                continue
            if self.is_street(words) if street else self.is_building(words):
                return tokens[first].start()
        return None


def _capital(token: str) -> bool:
    token = token.lstrip("('\"")
    return bool(token) and (token[0].isupper() or (token[0] in "0159" and token[1:2].isalpha() and token[1:].istitle()))


class AddressRecogniser:
    """Finds addresses from their postcodes, their streets, their columns and their labels."""

    name = "addresses"
    entity_types = ("UK_ADDRESS",)

    def __init__(
        self,
        words: AddressWords | None = None,
        towns: frozenset[str] | None = None,
        outward: frozenset[str] | None = None,
    ) -> None:
        vocabulary = words or load_address_words()
        self._words = _Words(
            vocabulary,
            towns if towns is not None else load_towns(),
            outward if outward is not None else load_outward_codes(),
        )
        self.patterns: Mapping[str, bytes] = MappingProxyType(
            {"address_street": _street_pattern(vocabulary), "address_label": rb"(?i)addr|street|cyfeiriad|residence"}
        )
        self._scan = CandidateScan(self.patterns)
        self._organisation = _phrases(vocabulary.organisation_words)
        self._site = _phrases(vocabulary.site_words)
        self._home = _phrases(vocabulary.home_words)
        self._risk = _phrases(vocabulary.risk_phrases)

    def recognise(self, view: View) -> list[Finding]:
        """The addresses in ``view``; needs the postcodes among ``view.findings``."""
        postcodes = sorted(
            (finding.start, finding.end)
            for finding in view.findings
            if finding.entity_type == "UK_POSTCODE" and finding.confidence >= 0.3
        )
        findings: list[Finding] = []
        streets = self._scan.spans(view, "address_street")
        if postcodes or streets or self._scan.occurs(view, "address_label"):
            findings.extend(self._columns(view, postcodes))
        covered = [(finding.start, finding.end) for finding in findings]
        for start, end in postcodes:
            if _inside(covered, start):
                continue
            chain = self._before(view, start, end)
            if chain is not None:
                findings.append(self._finding(view, chain))
        for start, end in streets:
            if _inside(covered, end - 1):
                continue
            chain = self._around(view, start, end)
            if chain is not None:
                findings.append(self._finding(view, chain))
        return _longest(findings)

    # Tables and forms

    def _columns(self, view: View, postcodes: Sequence[Span]) -> list[Finding]:
        """Neighbouring cells under address headers, and form fields with address labels."""
        kinds: dict[str, str] = {}
        offices: dict[int, bool] = {}
        findings: list[Finding] = []
        for record in view.layout.records:
            run: list[tuple[int, int, str, str]] = []
            for field in (*record.fields, None):
                kind = ""
                if field is not None and field.label:
                    kind = kinds.get(field.label) or kinds.setdefault(field.label, _label_kind(field.label))
                if field is not None and kind not in ("", "-"):
                    if run and record.table is None and not self._adjacent(view, run[-1][1], field.start):
                        self._run(view, record, run, offices, postcodes, findings)
                        run = []
                    run.append((field.start, field.end, kind, field.label))
                elif run:
                    self._run(view, record, run, offices, postcodes, findings)
                    run = []
        return findings

    @staticmethod
    def _value_end(text: str, start: int, end: int, postcodes: Sequence[Span], *, in_table: bool) -> int:
        """Where the address ends in its last cell: behind its postcode, or before a remark."""
        index = bisect_left(postcodes, (start, 0))
        if index < len(postcodes) and postcodes[index][1] <= end:
            return postcodes[index][1]
        remark = re.compile(r"[a-z]{3,}(\. )|( \()| (?=since |from |until |tel\b|with |and is |but |- )").search(text, start, end)
        if remark is not None and not in_table:
            return remark.start(1) if remark.group(1) else remark.start()
        return end

    @staticmethod
    def _adjacent(view: View, end: int, start: int) -> bool:
        """Whether only a line end and a label stand between two form values."""
        between = view.text[end:start]
        return len(between) < 60 and between.count("\n") <= 1

    def _run(
        self,
        view: View,
        record: Record,
        run: Sequence[tuple[int, int, str, str]],
        offices: dict[int, bool],
        postcodes: Sequence[Span],
        findings: list[Finding],
    ) -> None:
        text = view.text
        cells = [cell for cell in run if not _NO_ADDRESS.match(text[cell[0] : cell[1]])]
        while cells and cells[0][2] in ("place", "postcode"):
            cells = cells[1:]
        if not cells or not any(cell[2] == "address" for cell in cells):
            return
        # "Address 1 ... Postcode" twice in a row is two addresses.
        for index in range(1, len(cells)):
            if cells[index - 1][2] == "postcode" and cells[index][2] == "address":
                self._run(view, record, cells[:index], offices, postcodes, findings)
                self._run(view, record, cells[index:], offices, postcodes, findings)
                return
        start, end = cells[0][0], cells[-1][1]
        values = [text[a:b].strip(" \t\"'") for a, b, _, _ in cells]
        if any(len(value) > 160 for value in values):
            return
        parts = [part.strip() for value in values for part in _SEPARATOR.split(value) if part.strip()]
        street = premises = place = False
        postcode = any(cell[2] == "postcode" for cell in cells[1:])
        for index, part in enumerate(parts):
            tokens = part.split()
            found = self._words.premises(part, followed=True)
            premises = premises or found is not None or bool(_NUMBER.fullmatch(part)) or self._words.is_sub(part)
            premises = premises or self._words.is_building(tokens)
            street = street or (found is not None and found.street) or self._words.is_street(tokens)
            place = place or (index > 0 and self._words.is_known_place(part))
        place = place or any(cell[2] == "place" for cell in cells)
        if not (street or premises) and not (postcode and place and len(cells) > 2):
            return
        if record.table is None and cells[0][2] == "address" and not (premises or street):
            return
        end = self._value_end(text, cells[-1][0], end, postcodes, in_table=record.table is not None)
        postcode = postcode or bisect_left(postcodes, (start, 0)) < bisect_left(postcodes, (end, 0))
        while start < end and text[start] in " \t\"'":
            start += 1
        while end > start and text[end - 1] in " \t\"',;.":
            end -= 1
        label = cells[0][3]
        office = _office_label(label)
        if record.table is not None and not office:
            office = offices.get(record.table, False)
            if record.table not in offices:
                office = offices[record.table] = _office_table(record, label)
        chain = _Chain(start, end, premises or not street, street, place, postcode)
        findings.append(self._finding(view, chain, "office" if office else "home", rule="address_columns"))

    # Running text

    def _before(self, view: View, start: int, end: int) -> _Chain | None:
        """The address that the postcode at ``start`` to ``end`` closes."""
        return self._walk(view, start, end, postcode=True)

    def _around(self, view: View, start: int, end: int) -> _Chain | None:
        """The address around a house number and street at ``start`` to ``end``, with what follows it."""
        text = view.text
        end = self._street_end(text, end)
        digits = re.match(r"[0-9]+", text[start:end])
        if digits is None or digits.group()[0] == "0" or re.search(r"[0-9][:.,/]$|[£$€] ?$", text[max(0, start - 2) : start]):
            return None
        if re.fullmatch(r"19[0-9]{2}|20[0-3][0-9]", digits.group()) and not text[start + 4 : start + 5] == ",":
            return None  # a year
        behind = text[end : end + 24]
        if re.match(r" [A-Z][a-z]", behind) and not self._place_follows(text, end):
            return None  # "4 Station Road Improvements"
        part = self._words.premises(text[start:end], followed=False)
        if part is None:
            return None
        tokens = re.sub(r"^\W*[\w/\-]+\W+", "", text[start:end]).split()
        if _NUMBERED_THING.search(text[max(0, start - 16) : start]):
            return None
        lower = not any(_capital(token) for token in tokens)
        if lower:
            # "34 lindsey rd" says it itself; "18 dalston gardens" does on a line of its own.
            alone = start == 0 or not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t>*-")
            short = tokens[-1] in _ABBREVIATED and len(tokens) <= 3
            if not (short or (alone and behind[:1] in ("", "\n", "\r", ",", ".")) or self._said_to_live(view, start)):
                return None
        chain = self._walk(view, end, end, postcode=False)
        if chain is None:
            return None
        stop, place, postcode = self._forward(text, end)
        if not place and not postcode:
            # A village that no list knows: "8 Orchard View, Adderbury, she ...".
            village = _VILLAGE.match(text, stop)
            if village is not None and village.group(1).lower() not in _STOP:
                stop, place = village.end(1), True
        return _Chain(chain.start, stop, chain.premises, chain.street, place, postcode)

    def _street_end(self, text: str, end: int) -> int:
        """The end of a street's name that goes on behind its first descriptor: "Hill Park Road"."""
        while (more := _MORE_STREET.match(text, end)) is not None:
            words = more.group().split()
            ends = [n for n, word in enumerate(words) if word.lower() in self._words.words.descriptors]
            if not ends:
                break
            for word in words[: ends[0] + 1]:
                end = text.index(word, end) + len(word)
        return end

    def _place_follows(self, text: str, end: int) -> bool:
        line = re.match(r" ([^,.;:\n()]{2,40})", text[end : end + 48])
        if line is None:
            return False
        words = line.group(1).split()
        for count in range(min(4, len(words)), 0, -1):
            if self._words.is_known_place(" ".join(words[:count])):
                return True
        return re.fullmatch(r"[A-Z]{1,2}[0-9]{1,2}[A-Z]?", words[0]) is not None

    def _said_to_live(self, view: View, start: int) -> bool:
        """Whether words of home stand before a lower-case street: it might be "3 flats on the road"."""
        label = view.layout.label_at(start)
        if label and _label_kind(label) == "address":
            return True
        low = max(0, start - 60)
        line = view.text.rfind("\n", low, start) + 1
        before = view.data[max(low, line - 40) : start]
        return any(
            len(before) - match.end() <= 24 and match.group().strip().lower() not in _WEAK_HOME
            for match in self._home.finditer(before)
        )

    def _forward(self, text: str, end: int) -> tuple[int, bool, bool]:
        """Known towns, counties and partial postcodes behind a street: the new end, a place, a postcode."""
        place = False
        for _ in range(4):
            match = re.compile(r"(?:,? ?\r?\n[ \t>]*|, ?| )([^,.;:\n()|\t\"]{2,40})").match(text, end)
            if match is None:
                break
            words = match.group(1).split()
            taken = 0
            for count in range(min(4, len(words)), 0, -1):
                if self._words.is_known_place(" ".join(words[:count])) and _capital(words[0]):
                    taken = count
                    break
            if not taken:
                if words and re.fullmatch(r"[A-Z]{1,2}[0-9]{1,2}[A-Z]?", words[0]) and words[0] in self._words.outward:
                    behind = text[match.start(1) + len(words[0]) :][:2]
                    if not behind[:1].isalnum() and not re.match(r" [0-9]", behind):
                        return match.start(1) + len(words[0]), place, True
                break
            place = True
            end = match.start(1)
            for word in words[:taken]:
                end = text.index(word, end) + len(word)
            if taken < len(words) and not self._place_follows(text, end):
                break
        return end, place, False

    def _walk(self, view: View, start: int, end: int, *, postcode: bool) -> _Chain | None:
        """Go back from ``start``, element by element, to the flat or house."""
        text = view.text
        low = max(0, start - _REACH)
        blank = max(text.rfind("\n\n", low, start), text.rfind("\n\r\n", low, start))
        low = max(low, blank + 1)
        record = view.layout.record_at(max(0, start - 1))
        if record is not None and record.table is not None:
            low = max(low, record.start)
        begin: int | None = None
        premises = street = place = False
        extra = 0
        for index, (a, b) in enumerate(_elements_backward(text, low, start)):
            if index >= _MOST_ELEMENTS:
                break
            element = text[a:b]
            tokens = element.split()
            if premises:
                if extra < 3 and (self._words.is_sub(element) or self._words.is_building(tokens)):
                    begin, extra = a, extra + 1
                    continue
                if extra < 3:
                    sub = self._words.premises(element, followed=False)
                    tail = self._words.named_tail(element, street=False)
                    if sub is not None and sub.named and b - a < 80:
                        begin = a + sub.offset
                    elif tail is not None and not self._is_organisation(view, a + tail, b):
                        begin = a + tail
                break
            part = self._words.premises(element, followed=postcode or place)
            if part is not None:
                begin, premises = a + part.offset, True
                street = street or part.street or part.named
                if part.offset > 0:
                    break
                continue
            if (street or place) and _NUMBER.fullmatch(element) and len(element) <= 8:
                begin, premises = a, True
                continue
            if self._words.is_sub(element) and (street or place or postcode):
                begin, premises = a, True
                continue
            known = self._words.is_known_place(element)
            if not known and not (street and self._words.is_building(tokens)) and self._words.is_street(tokens):
                street, begin = True, a
                continue
            if not known and self._words.is_building(tokens) and not self._is_organisation(view, a, b):
                begin, premises = a, True
                continue
            if street and self._is_house_name(text, low, a, b):
                begin, premises = a, True
                continue
            if not street and self._words.is_place(element):
                place = True
                continue
            tail = self._words.named_tail(element, street=False)
            if tail is not None:
                begin, premises = a + tail, True
            elif not street:
                tail = self._words.named_tail(element, street=True)
                if tail is not None:
                    begin, street = a + tail, True
            elif (at := re.search(r"\b(?:at|is|to|of|from|address)[:\s]+([A-Z][\w'\-]+(?: [A-Z][\w'\-]+)?)$", element)):
                begin, premises = a + at.start(1), True
            break
        if begin is None:
            return None
        return _Chain(begin, end, premises, street, place, postcode)

    def _is_house_name(self, text: str, low: int, start: int, end: int) -> bool:
        """Whether the element before a street without a number is a house's name rather than a person's."""
        element = text[start:end]
        if not self._words.is_place(element) or _TITLE.match(element):
            return False
        if len(element.split()) == 1:
            return True
        # A name stands above the house: then this line is the house.
        above = text[low:start].rstrip()
        line = above[above.rfind("\n") + 1 :]
        return "\n" in text[max(0, start - 2) : start] and bool(line) and _PERSON_LINE.match(line) is not None

    # Home or office

    def _is_organisation(self, view: View, start: int, end: int) -> bool:
        return any(
            not self._in_street_name(view.data, start + match.end(), end)
            for match in self._organisation.finditer(view.data[start:end])
        )

    def _in_street_name(self, data: bytes, at: int, end: int) -> bool:
        """Whether a street word follows: the school of "School Lane" is none."""
        following = re.compile(rb"[ \-]([A-Za-z']+)").match(data, at, max(end, at + 20))
        return following is not None and following.group(1).decode("latin-1").lower() in self._words.words.descriptors

    def _use(self, view: View, chain: _Chain) -> str:
        """"home", "office" or "": what the address itself, its label and what stands before it say."""
        text, data = view.text, view.data
        own = view.organisation.postcodes
        if chain.postcode and own and " ".join(text[chain.start : chain.end].upper().split()).endswith(tuple(own)):
            return "office"
        label = view.layout.label_at(chain.start)
        if label:
            if _office_label(label):
                return "office"
            if _label_kind(label) == "address":
                return "office" if self._is_organisation(view, chain.start, chain.end) else "home"
        line = text.rfind("\n", 0, chain.start) + 1
        low = max(line, chain.start - 72)
        verdict = self._nearest(view, low, chain.start)
        inside = self._is_organisation(view, chain.start, chain.end)
        if verdict:
            return "office" if inside and verdict == "home" and not self._lives(data[low : chain.start]) else verdict
        if inside:
            return "office"
        if text[low : chain.start].strip(" \t>*|-\"'") and low == line:
            return ""
        # Lines above, as long as they belong to the same block.
        at = line
        for _ in range(3):
            if at <= 0:
                break
            above = text.rfind("\n", 0, at - 1) + 1
            body = text[above : at - 1].strip()
            if not body:
                break
            if _BIRTH.search(body):
                return "home"
            if len(body) > 80:
                return self._nearest(view, max(above, at - 72), at - 1)
            if self._is_organisation(view, above, at - 1):
                return "office"
            if _ADDRESSEE.search(body) or _PERSON_LINE.match(body):
                return "home"
            verdict = self._nearest(view, above, at - 1)
            if verdict:
                return verdict
            at = above
        return ""

    @staticmethod
    def _lives(before: bytes) -> bool:
        return re.search(rb"(?i)\b(?:liv|resid|placed|placement|stay|home address|moved|tenan)", before) is not None

    def _nearest(self, view: View, low: int, high: int) -> str:
        """Which of the words of home, site and organisation stand nearest before ``high``."""
        before = view.data[low:high]
        stop = max((match.end() for match in _SENTENCE_END.finditer(before)), default=-1)
        best, verdict = stop, ""
        for matcher, kind in ((self._home, "home"), (self._site, "office"), (self._organisation, "office")):
            for match in matcher.finditer(before):
                if match.end() > best and not self._in_street_name(before, match.end(), len(before)):
                    best, verdict = match.end(), kind
        return verdict

    def _finding(self, view: View, chain: _Chain, use: str | None = None, rule: str = "address") -> Finding:
        if use is None:
            use = self._use(view, chain)
        elif use == "home" and self._is_organisation(view, chain.start, chain.end):
            use = "office"
        complete = chain.street and chain.premises and (chain.place or chain.postcode)
        strong = complete or (chain.premises and chain.postcode)
        if use == "office":
            score = 0.30 if strong else 0.20
        elif strong:
            score = 0.90 if use == "home" else 0.70
        elif chain.premises and chain.street:
            score = 0.75 if use == "home" else 0.45
        elif chain.postcode:
            score = 0.70 if use == "home" else 0.50
        else:
            score = 0.55 if use == "home" else 0.30
        evidence = [Evidence(EvidenceKind.PATTERN, "house, street, town and postcode" if complete else "part of an address")]
        if use == "home":
            evidence.append(Evidence(EvidenceKind.CONTEXT, "somebody's home"))
        elif use == "office":
            evidence.append(Evidence(EvidenceKind.COUNTER, "organisation, site or venue"))
        note = use
        if self._risk.search(view.data[max(0, chain.start - _RISK_BEFORE) : chain.end + _RISK_BEHIND]) is not None:
            if use != "office":
                note, score = "at-risk", max(score, 0.80)
                evidence.append(Evidence(EvidenceKind.CONTEXT, "whoever lives there must not be found"))
        return Finding("UK_ADDRESS", chain.start, chain.end, score, rule, tuple(evidence), note)


def _elements_backward(text: str, low: int, high: int) -> list[Span]:
    """The elements of ``text[low:high]`` (what commas, cells and line ends part), last first."""
    elements: list[Span] = []
    at = low
    for separator in _SEPARATOR.finditer(text, low, high):
        if "\n" in separator.group():
            line = text.rfind("\n", 0, separator.start()) + 1
            if separator.start() - line >= _WRAPPED_LINE and text[separator.start() - 1] != ",":
                continue
        elements.append((at, separator.start()))
        at = separator.end()
    elements.append((at, high))
    trimmed = []
    for start, end in reversed(elements):
        # A sentence may end inside: the address begins behind it.
        ends = [m.end() for m in re.finditer(r"[a-z]{3,}[.:?!]\s+|[a-z)]\s-\s|:\s*", text[start:end]) if m.end() < end - start]
        if ends:
            start += ends[-1]
        while start < end and text[start] in " \t*>'\"-(\r\n":
            start += 1
        while end > start and text[end - 1] in " \t*.'\")\r\n-":
            end -= 1
        if start < end:
            trimmed.append((start, end))
        if ends:
            break
    return trimmed


def _label_kind(label: str) -> str:
    """"address", "place", "postcode" or "-" for a column header or form label."""
    plain = " ".join(_CAMEL.sub(" ", label).lower().split())
    if _POSTCODE_LABEL.search(plain):
        return "postcode"
    if _NO_ADDRESS_LABEL.search(plain) and not re.search(r"\baddress(?: line)? ?[0-9]?$|^address", plain):
        return "-"
    if re.search(r"\b(?:e ?mail|ip|web|mac|url|type|status|date|start|end|id|ref|known|uprn|since|from)\b", plain):
        return "-"
    if _ADDRESS_LABEL.search(plain) and not re.fullmatch(r"line|home|add", plain):
        return "address"
    return "place" if _PLACE_LABEL.search(plain) else "-"


def _office_label(label: str) -> bool:
    plain = " ".join(_CAMEL.sub(" ", label).lower().split())
    return _OFFICE_LABEL.search(plain) is not None and not re.search(r"\bhome\b", plain)


def _office_table(record: Record, label: str) -> bool:
    """Whether a row's headers are those of a list of organisations, not of people."""
    if re.search(r"(?i)home|resid|pupil|child|tenant|client", label):
        return False
    labels = " | ".join(" ".join(_CAMEL.sub(" ", field.label).lower().split()) for field in record.fields)
    return _OFFICE_LABEL.search(labels) is not None and _PERSON_LABEL.search(labels) is None


def _phrases(fragments: Iterable[str]) -> re2._Regexp:
    # Longest first: leftmost-first alternation would stop at "home" in "home address".
    ordered = sorted(fragments, key=len, reverse=True)
    alternation = "|".join(ordered).encode("latin-1", "replace")
    return compile_bytes(rb"(?:^|\b)(?:" + alternation + rb")(?:\b|$|\s)", case_sensitive=False)


def _street_pattern(words: AddressWords) -> bytes:
    """A house number and a street: wide, for the words are looked at afterwards."""
    descriptors = b"|".join(sorted((re2.escape(w.encode("latin-1")) for w in words.descriptors | words.building_words), reverse=True))
    leading = b"|".join(sorted(re2.escape(w.encode("latin-1", "replace").replace(b"?", b"x")) for w in words.leading_descriptors))
    number = rb"\b[0-9][0-9lIO]{0,3}[A-Za-z]?(?: ?[\-/] ?[0-9]{1,4}[A-Za-z]?)?,?[ ]{1,2}"
    word = rb"[A-Za-z0\xc0-\xff?'.&\-]{1,20}[ ]"
    return (
        number + rb"(?i:(?:" + word + rb"){1,4}?(?:" + descriptors + rb")\b|(?:" + leading + rb")(?:[ ][A-Za-z\xc0-\xff?'\-]{1,20}){1,3}\b)"
    )


def _inside(spans: Sequence[Span], position: int) -> bool:
    index = bisect_left(spans, (position + 1, 0)) - 1
    return index >= 0 and spans[index][0] <= position < spans[index][1]


def _longest(findings: Iterable[Finding]) -> list[Finding]:
    """Of overlapping addresses the longest; of equally long ones the surest."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda one: (one.start, -one.end, -one.confidence)):
        if kept and finding.start < kept[-1].end:
            if finding.end - finding.start > kept[-1].end - kept[-1].start:
                kept[-1] = finding
            continue
        kept.append(finding)
    return kept
