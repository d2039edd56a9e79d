"""UK addresses: from the flat or house to the postcode, on one line, over several, or over table columns.

``note`` of a UK_ADDRESS: ``home`` where something says that a person lives there, ``office`` for
organisations, sites and venues (below 0.40: of no account), ``at-risk`` where words near it say that whoever
lives there must not be found, else empty.  Postcodes are taken from ``View.findings``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import re2

from rules.addresses import AddressWords, load_address_words
from rules.places import load_outward_codes, load_towns
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.layout import Record
from scanner.detection.programs import compile_bytes
from scanner.detection.recognisers.address_grammar import HOUSE_NUMBER, TITLE, AddressGrammar, capital
from scanner.detection.scan import CandidateScan
from scanner.detection.view import Span, View
from scanner.text import words_apart

# An address is searched for within so many characters before its postcode: eight PAF elements on lines of
# their own need about 200.
_REACH = 260
_MOST_ELEMENTS = 10
# A line shorter than this ends where its writer ended it; longer ones were wrapped.
_WRAPPED_LINE = 64
_RISK_BEFORE, _RISK_BEHIND = 220, 120

_SEPARATOR = re.compile(r"[,;|\t\"]+|\r?\n[ \t>]*| {3,}")
# What a number belongs to that stands before it: "Phase 2 Park Hill".
_NUMBERED_THING = re.compile(
    r"(?i)\b(?:phase|ward|item|section|stage|figure|fig|table|page|agenda|appendix|annex|year|yr|week|wk|day|"
    r"level|grade|band|lot|"
    r"option|part|route|junction|bus|tier|step|chapter|schedule|version|priority|class|form|key stage|group|"
    r"zone|map|"
    r"plan|site|case|policy|objective|theme|top|question|clause|article|paragraph|para|rule|issue|volume|"
    r"vol)s?\.? ?$"
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
_NO_ADDRESS = re.compile(
    r"^\W*(?:n/?a|none|nil|unknown|not (?:known|given|recorded|stated|provided|disclosed)|as above|same|"
    r"as (?:mother|father|"
    r"parent|child)|nfa|no fixed (?:abode|address)|withheld|confidential|restricted|protected|tbc|xx+|-+|"
    r"see .*|"
    r"address|please .*)\W*$",
    re.IGNORECASE,
)
_VILLAGE = re.compile(
    r", ([A-Z][a-zà-ÿ'\-]{4,}(?:[ \-](?:[a-z]{2,5}[ \-])?[A-Z][a-zà-ÿ]{3,})?)"
    r"(?<!Floor)(?<!Suite)(?=[,.;)\n]|\r?\n|$| [a-z(])"
)
_MORE_STREET = re.compile(r"(?: [A-Z][\w'\-]*){1,2}(?!\w)| [a-z]{2,9}(?=[,.\n;)]|$)")
# Between an organisation and its own address: the rest of its name, a comma, "at".
_BELONGS = re.compile(
    rb"\.?[A-Za-z' &\-]{0,24}[,|:(\-\xb7][^a-z]{0,3}(?:[A-Z][^,\n]{0,28},\s*){0,2}|\s*(?:is |"
    rb"are )?(?:based )?(?:at|in|of|,)?\s*"
)
_ELEMENT_END = re.compile(r"[a-z]{3,}[.:?!]\s+|[a-z)]\s-\s|:\s*")
_CLOSING_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)\s*([0-9][A-Z]{2})$")
# "Council tax", "school place", "health visitor": no organisation's address follows.
# What stands before the first character of an element.
_OPENS_ELEMENT = re.compile(r"(?:^|[,;|\t\n])[ \t>]*$")
_LETTERS = re.compile(r"[A-Za-z]+")
_NEXT_WORD = re.compile(rb"[ \-]([A-Za-z']+)")
_NO_BODY = frozenset(
    ["tax", "tenant", "tenants", "tenancy", "property", "flat", "house", "place", "meals", "run", "visitor"]
)
_SENTENCE_END = re.compile(rb"[a-z)]{4,}[.;?!] ")
_LABEL_MARKS = re.compile(r"(?<=[a-z])(?=[0-9])|[\-./]+")
_ADDRESS_LABEL = re.compile(
    r"\b(?:address(?:es)?|addr|addy|paon|saon|residence|residing|lives at|lives|abode|cyfeiriad)\b"
)
# Words that name one line of an address only if they are the whole label.
_ADDRESS_CELL_LABEL = re.compile(
    r"(?:(?:current|home|correspondence|dwelling|tenancy|sub|present) )?(?:street|road|rd|thoroughfare|"
    r"house|flat|home|"
    r"property|building|dwelling|premises|address line|add|line|apartment|unit|tenancy|correspondence)"
    r"(?: (?:name|no|number|num|address|line|name or number|name number|description|and road|"
    r"and street)){0,2}(?: ?[0-9])?"
)
_PLACE_LABEL = re.compile(r"\b(?:town|city|county|locality|village|district|post town|tref|sir|country)\b")
_POSTCODE_LABEL = re.compile(r"\b(?:post(?:al)? ?code|p ?code|pcode|zip|cod post)\b")
_NO_ADDRESS_LABEL = re.compile(
    r"\b(?:e ?mail|ip|web|mac|url|type|start|end|from|since|status|date|ref|id|uprn|usrn|number of|phone|"
    r"tel|value|price|"
    r"house ?hold(?:er)?|tenure|language|county court|council|visit|care|school|office|phone|telephone|"
    r"mobile|"
    r"town hall|contact|school|name of|band|condition|size|known|confirmed|checked|changed|verified)\b"
)
_OFFICE_LABEL = re.compile(
    r"\b(?:site|venue|location|office|registered|work|works|workplace|business|company|organisation|"
    r"organization|"
    r"provider|school|surgery|practice|gp|employer|depot|agent|supplier|premises|establishment|setting|"
    r"nursery|"
    r"licensed|promoter|contractor|closure|traffic|scheme|planning|proposal|decision|branch|destination|"
    r"return|"
    r"court|hospital|clinic|trading|college)\b"
)
_PERSON_LABEL = re.compile(
    r"\b(?:surname|forename|first ?name|last ?name|dob|birth|tenant|client|child|pupil|patient|applicant|"
    r"claimant|"
    r"elector|voter|payer|resident|customer|mother|father|parent|carer|employee|occupier|householder|owner|"
    r"holder|"
    r"nino|ni|nhs|title|full name|person)\b|"
    r"^(?!street|house|building|road|company|business|organisation|school|site|property)(?:[a-z]+ )?names?$"
)


@dataclass(frozen=True, slots=True)
class _Chain:
    """The elements of an address that lead up to a postcode or a street."""

    start: int
    end: int
    premises: bool
    street: bool
    place: bool
    postcode: bool


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
        self._grammar = AddressGrammar(
            vocabulary,
            towns if towns is not None else load_towns(),
            outward if outward is not None else load_outward_codes(),
        )
        self.patterns: Mapping[str, bytes] = MappingProxyType(
            {
                "address_street": _street_pattern(vocabulary),
                "address_label": rb"(?i)addr|street|cyfeiriad|residence",
            }
        )
        self._scan = CandidateScan(self.patterns)
        self.programs = self._scan.programs
        self._organisation = _phrases(vocabulary.organisation_words)
        self._site = _phrases(vocabulary.site_words)
        self._home = _phrases(vocabulary.home_words)
        self._risk = _phrases(vocabulary.risk_phrases)
        self._weak_home = frozenset(word.encode() for word in vocabulary.weak_home_words)

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
        covered = sorted((finding.start, finding.end) for finding in findings)
        previous = -10
        for start, end in postcodes:
            # In a bare list of postcodes nothing but the one before stands before a postcode.
            chain = None if start - previous <= 3 or _inside(covered, start) else self._walk(view, start, end)
            if chain is not None:
                findings.append(self._finding(view, chain))
            previous = end
        covered = sorted((finding.start, finding.end) for finding in findings)
        for start, end in streets:
            chain = None if _inside(covered, end - 1) else self._around(view, start, end)
            if chain is not None:
                findings.append(self._finding(view, chain))
        return _longest(findings)

    # Tables and forms

    def _columns(self, view: View, postcodes: Sequence[Span]) -> list[Finding]:
        """Neighbouring cells under address headers, and form fields with address labels."""
        kinds: dict[str, str] = {}
        offices: dict[int, bool] = {}
        findings: list[Finding] = []

        def is_part(label: str) -> bool:
            kinds[label] = _label_kind(label)
            return kinds[label] not in ("", "-")

        for record in view.layout.records_with(is_part):
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
        remark = re.compile(
            r"[a-z]{3,}(\. )|( \()| (?=since |from |until |tel\b|with |and is |but |- )"
        ).search(text, start, end)
        if remark is not None and not in_table:
            return remark.start(1) if remark.group(1) else remark.start()
        return end

    @staticmethod
    def _adjacent(view: View, end: int, start: int) -> bool:
        """Whether only a line end and a label stand between two form values; not the marks of JSON or XML."""
        between = view.text[end:start]
        return len(between) < 60 and between.count("\n") == 1 and not re.search(r"[<>{}\"]", between)

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
            found = self._grammar.premises(part, followed=True)
            number = record.table is not None and HOUSE_NUMBER.fullmatch(part) is not None
            premises = premises or found is not None or number or self._grammar.is_sub(part)
            premises = premises or self._grammar.is_building(tokens)
            street = street or (found is not None and found.street) or self._grammar.is_street(tokens)
            place = place or (index > 0 and self._grammar.is_known_place(part))
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
        use = "office" if office else "home"
        if use == "home" and record.table is not None and not _ADDRESS_LABEL.search(_plain(label)):
            # A column of streets is somebody's home only beside a column of people.
            people = any(_PERSON_LABEL.search(_plain(field.label)) for field in record.fields)
            use = "home" if people else ""
        findings.append(self._finding(view, chain, use, rule="address_columns"))

    # Running text

    def _around(self, view: View, start: int, end: int) -> _Chain | None:
        """The address around a house number and street at ``start`` to ``end``, with what follows it."""
        text = view.text
        end = self._street_end(text, end)
        digits = re.match(r"[0-9]+", text[start:end])
        if (
            digits is None
            or digits.group()[0] == "0"
            or re.search(r"[0-9][:.,/]$|[£$€] ?$", text[max(0, start - 2) : start])
        ):
            return None
        if re.fullmatch(r"19[0-9]{2}|20[0-3][0-9]", digits.group()):
            return None  # a year
        if re.match(r"[0-9]+,\s*[Tt]he ", text[start:end]):
            return None  # "Orchard Wanderers 4, The Chaplains 2"
        behind = text[end : end + 24]
        if re.match(r" [A-Z][a-z]", behind) and not self._place_follows(text, end):
            return None  # "4 Station Road Improvements"
        part = self._grammar.premises(text[start:end], followed=False)
        if part is None:
            return None
        tokens = re.sub(r"^\W*[\w/\-]+\W+", "", text[start:end]).split()
        if tokens[:1] and tokens[0].lower().strip(".") in ("hrs", "hours", "hr", "am", "pm", "mins"):
            return None  # "1405 hrs Market St": a time and a place
        if _NUMBERED_THING.search(text[max(0, start - 16) : start]):
            return None
        lower = not any(capital(token) for token in tokens)
        if lower:
            # "34 lindsey rd" says it itself; "18 dalston gardens" does on a line of its own.
            alone = start == 0 or not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t>*-")
            short = tokens[-1] in self._grammar.words.street_abbreviations and len(tokens) <= 3
            if not (
                short
                or (alone and behind[:1] in ("", "\n", "\r", ",", "."))
                or self._said_to_live(view, start)
            ):
                return None
        low, blank = self._bounds(view, start)
        begin = start + part.offset
        sub = self._grammar.sub_before(text[max(low, begin - 32) : begin])
        if sub is not None:
            begin = max(low, begin - 32) + sub
        if _OPENS_ELEMENT.search(text[max(0, begin - 4) : begin]):
            begin = self._preceding(view, low, blank, begin)
        stop, place, postcode = self._forward(text, end)
        if not place and not postcode:
            # A village that no list knows: "8 Orchard View, Adderbury, she ...".
            village = _VILLAGE.match(text, stop)
            if village is not None and village.group(1).lower() not in self._grammar.words.prose_words:
                stop, place = village.end(1), True
        return _Chain(begin, stop, True, True, place, postcode)

    def _street_end(self, text: str, end: int) -> int:
        """The end of a street's name that goes on behind its first descriptor: "Hill Park Road"."""
        while (more := _MORE_STREET.match(text, end)) is not None:
            words = more.group().split()
            ends = [n for n, word in enumerate(words) if word.lower() in self._grammar.words.descriptors]
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
            if self._grammar.is_known_place(" ".join(words[:count])):
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
            len(before) - match.end() <= 24 and match.group().strip().lower() not in self._weak_home
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
                if self._grammar.is_known_place(" ".join(words[:count])) and capital(words[0]):
                    taken = count
                    break
            if not taken:
                if (
                    words
                    and re.fullmatch(r"[A-Z]{1,2}[0-9]{1,2}[A-Z]?", words[0])
                    and words[0] in self._grammar.outward
                ):
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

    @staticmethod
    def _bounds(view: View, start: int) -> Span:
        """How far back an address may begin, and the last blank line before ``start`` (-1: none)."""
        text = view.text
        low = max(0, start - _REACH)
        blank = max(text.rfind("\n\n", low, start), text.rfind("\n\r\n", low, start))
        record = view.layout.record_at(max(0, start - 1))
        if record is not None and record.table is not None:
            low = max(low, record.start)
        return low, blank

    def _preceding(self, view: View, low: int, blank: int, begin: int) -> int:
        """Where the flat and the building begin that stand before a house at ``begin``."""
        text = view.text
        extra = 0
        for a, b in _elements_backward(text, low, begin, self._grammar.words.descriptors):
            if b <= blank or extra >= 3:
                break
            element = text[a:b]
            if self._grammar.is_sub(element) or self._grammar.is_building(element.split()):
                begin, extra = a, extra + 1
                continue
            sub = self._grammar.premises(element, followed=False)
            tail = self._grammar.named_tail(element, street=False)
            if sub is not None and sub.named and b - a - sub.offset < 60:
                begin = a + sub.offset
            elif tail is not None and not self._is_organisation(view, a + tail, b):
                begin = a + tail
            break
        return begin

    def _walk(self, view: View, start: int, end: int) -> _Chain | None:
        """Go back element by element from the postcode at ``start`` to ``end`` to the flat or house."""
        text = view.text
        low, blank = self._bounds(view, start)
        begin: int | None = None
        premises = street = place = whole = False
        for index, (a, b) in enumerate(_elements_backward(text, low, start, self._grammar.words.descriptors)):
            # Double-spaced letters have a blank line in the address; above the house it ends the block.
            if premises or index >= _MOST_ELEMENTS or (b <= blank and street):
                break
            element = text[a:b]
            tokens = element.split()
            part = self._grammar.premises(element, followed=True)
            if part is not None:
                begin, premises, whole = a + part.offset, True, part.offset == 0
                street = street or part.street or part.named
                continue
            number = (street or place) and len(element) <= 8 and HOUSE_NUMBER.fullmatch(element) is not None
            if number or self._grammar.is_sub(element):
                begin, premises, whole = a, True, True
                continue
            known = self._grammar.is_known_place(element)
            if (
                not known
                and not (street and self._grammar.is_building(tokens))
                and self._grammar.is_street(tokens)
            ):
                street, begin = True, a
                continue
            if not known and self._grammar.is_building(tokens) and not self._is_organisation(view, a, b):
                begin, premises, whole = a, True, True
                continue
            if street and self._is_house_name(text, low, a, b):
                begin, premises, whole = a, True, True
                continue
            if not street and self._grammar.is_place(element):
                place = True
                continue
            tail = self._grammar.named_tail(element, street=False)
            if tail is not None:
                begin, premises = a + tail, True
            elif not street:
                tail = self._grammar.named_tail(element, street=True)
                if tail is not None:
                    begin, street = a + tail, True
            elif at := re.search(
                r"\b(?:at|is|to|of|from|address)[:\s]+([A-Z][\w'\-]+(?: [A-Z][\w'\-]+)?)$", element
            ):
                begin, premises = a + at.start(1), True
            break
        if begin is None:
            return None
        if whole:
            begin = self._preceding(view, low, blank, begin)
        return _Chain(begin, end, premises, street, place, True)

    def _is_house_name(self, text: str, low: int, start: int, end: int) -> bool:
        """Whether the element before a street without a number is a house's name rather than a person's."""
        element = text[start:end]
        if not self._grammar.is_place(element) or TITLE.match(element):
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
        following = _NEXT_WORD.match(data, at, max(end, at + 20))
        if following is None:
            return False
        word = following.group(1).decode("latin-1").lower()
        return word in self._grammar.words.descriptors or word in _NO_BODY

    def _use(self, view: View, chain: _Chain) -> str:
        """What the address, its label and what stands before it say: "home", "office" or nothing."""
        text, data = view.text, view.data
        closing = _CLOSING_POSTCODE.search(text[chain.start : chain.end].upper())
        if closing is not None and " ".join(closing.groups()) in view.organisation.postcodes:
            return "office"
        field = view.layout.field_at(chain.start)
        line = text.rfind("\n", 0, chain.start) + 1
        low = max(line, chain.start - 72, field.start if field is not None else 0)
        verdict = self._nearest(view, low, chain.start)
        if not verdict and field is not None and field.label:
            if _office_label(field.label):
                return "office"
            if _label_kind(field.label) == "address":
                return "office" if self._is_organisation(view, chain.start, chain.end) else "home"
        if not verdict:
            low = max(line, chain.start - 72)
            verdict = self._nearest(view, low, chain.start)
        inside = self._is_organisation(view, chain.start, chain.end)
        if verdict:
            return (
                "office"
                if inside and verdict == "home" and not self._lives(data[low : chain.start])
                else verdict
            )
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
            if HOUSE_NUMBER.match(body):
                break  # another address: a list
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
        return (
            re.search(rb"(?i)\b(?:liv|resid|placed|placement|stay|home address|moved|tenan)", before)
            is not None
        )

    def _nearest(self, view: View, low: int, high: int) -> str:
        """Which of the words of home, site and organisation stand nearest before ``high``."""
        before = view.data[low:high]
        stop = max((match.end() for match in _SENTENCE_END.finditer(before)), default=-1)
        best, verdict, of = stop, "", False
        for matcher, kind in ((self._home, "home"), (self._site, "office"), (self._organisation, "office")):
            for match in matcher.finditer(before):
                if match.end() <= best or self._in_street_name(before, match.end(), len(before)):
                    continue
                if matcher is self._organisation and not _BELONGS.fullmatch(before, match.end()):
                    continue  # "Police were called to 14 Beech Road"
                best, verdict = match.end(), kind
                of = match.group().strip().lower() == b"of"
        if verdict == "home" and of and self._organisation.search(before) is not None:
            return "office"  # "Northern Homes Ltd of 1 Dock Street"
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
        evidence = [
            Evidence(
                EvidenceKind.PATTERN, "house, street, town and postcode" if complete else "part of an address"
            )
        ]
        if use == "home":
            evidence.append(Evidence(EvidenceKind.CONTEXT, "somebody's home"))
        elif use == "office":
            evidence.append(Evidence(EvidenceKind.COUNTER, "organisation, site or venue"))
        note = use
        low, high = max(0, chain.start - _RISK_BEFORE), chain.end + _RISK_BEHIND
        record = view.layout.record_at(chain.start)
        if record is not None and record.table is not None:
            # A warning in one row of a table says nothing about the next row.
            low, high = max(record.start, chain.start - 600), min(record.end, chain.end + 600)
        if use != "office" and self._risk.search(view.data[low:high]) is not None:
            note, score = "at-risk", max(score, 0.80)
            evidence.append(Evidence(EvidenceKind.CONTEXT, "whoever lives there must not be found"))
        return Finding("UK_ADDRESS", chain.start, chain.end, score, rule, tuple(evidence), note)


def _wrapped(text: str, start: int, end: int, descriptors: frozenset[str]) -> bool:
    """Whether a line end only wraps: in a long line of prose, or between a street's name and its "Road"."""
    following = _LETTERS.match(text, end)
    if following is None or text[start - 1 : start] == ",":
        return False
    if following.group()[0].islower():
        return start - (text.rfind("\n", 0, start) + 1) >= _WRAPPED_LINE
    lone = text[following.end() : following.end() + 1] in ("", ",", ".", "\n", "\r")
    return lone and following.group().lower() in descriptors


def _elements_backward(text: str, low: int, high: int, descriptors: frozenset[str]) -> Iterator[Span]:
    """The elements of ``text[low:high]`` (what commas, cells and line ends part), last first."""
    end = high
    for separator in reversed(list(_SEPARATOR.finditer(text, low, high))):
        if "\n" in separator.group() and _wrapped(text, separator.start(), separator.end(), descriptors):
            continue
        if (yield from _pieces(text, separator.end(), end)):
            return
        end = separator.start()
    yield from _pieces(text, low, end)


def _pieces(text: str, start: int, end: int) -> Generator[Span, None, bool]:
    """An element without blanks and quotes; returns whether a sentence or clause ended in it.

    The address begins behind such an end, unless somebody put full stops for commas: then both pieces come.
    """
    pieces, ended = [start], False
    for match in _ELEMENT_END.finditer(text, start, end):
        if match.end() < end:
            if "." not in match.group():
                pieces, ended = [match.end()], True
            else:
                pieces.append(match.end())
    for piece in reversed(pieces):
        first, last = _trimmed(text, piece, end)
        if first < last:
            yield first, last
        end = piece
    return ended


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start] in " \t*>'\"-(\r\n":
        start += 1
    while end > start and text[end - 1] in " \t*.'\")\r\n-":
        end -= 1
    return start, end


def _plain(label: str) -> str:
    """A label in lower case with its words apart: "HouseNo_1" gives "house no 1"."""
    return " ".join(_LABEL_MARKS.sub(" ", words_apart(label)).lower().split())


def _label_kind(label: str) -> str:
    """What a header or form label asks for: "address", "place", "postcode", or "-" for something else."""
    plain = _plain(label)
    if _POSTCODE_LABEL.search(plain):
        return "postcode"
    if _NO_ADDRESS_LABEL.search(plain) and not re.search(r"\baddress(?: line)? ?[0-9]?$|^address", plain):
        return "-"
    if re.search(
        r"\b(?:e ?mail|ip|web|mac|url|type|status|date|start|end|id|ref|known|uprn|since|from)\b", plain
    ):
        return "-"
    if plain in ("line", "add"):
        return "-"
    if _ADDRESS_LABEL.search(plain) or _ADDRESS_CELL_LABEL.fullmatch(plain):
        return "address"
    return "place" if _PLACE_LABEL.search(plain) else "-"


def _office_label(label: str) -> bool:
    plain = _plain(label)
    return _OFFICE_LABEL.search(plain) is not None and not re.search(r"\bhome\b", plain)


def _office_table(record: Record, label: str) -> bool:
    """Whether a row's headers are those of a list of organisations, not of people."""
    if re.search(r"(?i)home|resid|pupil|child|tenant|client", label):
        return False
    labels = " | ".join(_plain(field.label) for field in record.fields)
    return _OFFICE_LABEL.search(labels) is not None and _PERSON_LABEL.search(labels) is None


def _phrases(fragments: Iterable[str]) -> re2._Regexp:
    # Longest first: leftmost-first alternation would stop at "home" in "home address".
    ordered = sorted(fragments, key=len, reverse=True)
    alternation = "|".join(ordered).encode("latin-1", "replace")
    return compile_bytes(rb"(?:^|\b)(?:" + alternation + rb")(?:\b|$|\s)", case_sensitive=False)


def _street_pattern(words: AddressWords) -> bytes:
    """A house number and a street: wide, for the words are looked at afterwards."""
    descriptors = b"|".join(
        sorted(
            (re2.escape(w.encode("latin-1")) for w in words.descriptors | words.building_words), reverse=True
        )
    )
    leading = b"|".join(
        sorted(
            re2.escape(w.encode("latin-1", "replace").replace(b"?", b"x")) for w in words.leading_descriptors
        )
    )
    number = rb"\b[0-9][0-9lIO]{0,3}[A-Za-z]?(?: ?[\-/] ?[0-9]{1,4}[A-Za-z]?)?,?[ ]{1,2}"
    word = rb"[A-Za-z0\xc0-\xff?'.&\-]{1,20}[ ]"
    return (
        number
        + rb"(?i:(?:"
        + word
        + rb"){1,4}?(?:"
        + descriptors
        + rb")\b|(?:"
        + leading
        + rb")(?:[ ][A-Za-z\xc0-\xff?'\-]{1,20}){1,3}\b)"
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
