"""Telephone numbers and mail addresses.

``note`` of a PHONE: ``mobile``, ``landline``, ``published`` (03, 08, 09 and own switchboards), ``foreign``.
``note`` of an EMAIL: ``role`` (a role mailbox), ``own`` (a domain of the council), ``consumer`` (a private
account at a public provider), or empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import phonenumbers

from rules.contacts import Mailboxes, load_mailboxes
from rules.places import load_area_codes
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.scan import CandidateScan
from scanner.detection.view import View
from scanner.text import words_apart

# A digit, or a letter that OCR and people put for one, behind up to three separators or a line break.
_DIGIT = rb"(?:[ .()/\-]{0,3}|[ ]?\r?\n[ \t>]{0,8})[0-9OolI]"
# What may stand directly before a number.  A letter may only when it is a label: "T01632", "Mob07700".
_BEFORE = rb"(?:^|[^0-9A-Za-z+_#]|\b[Tt](?:el)?|\b[Mm](?:ob)?|\b[Ff](?:ax)?|\b[Pp]h)"
_PHONE_WORD = (
    r"tel(?:e?phone|s|ephones)?|phones?|mobiles?|mob|cell(?:phone)?|landlines?|fax|whats ?app|ffôn|ffon|"
    r"symudol|ring|rang|call(?:s|ed|ing)?|text(?:s|ed)?|txt|sms|dial|switchboard|hotline|helpline|contact|"
    r"ph|ddi|dd|dl|cb"
)
_PHONE_WORDS = re.compile(rf"(?<![a-z])(?:{_PHONE_WORD})(?![a-z])")
_LABEL = re.compile(
    r"\b(?:tel(?:e?phone|s)?|phones?|mobiles?|mob|cell|landlines?|fax|contact (?:no|nos|num|number|numbers)|"
    r"whats ?app|ffôn|ffon|emergency contact \d?|switchboard)\b"
)
_COUNTER_WORDS = re.compile(
    r"(?<![a-z])(?:transaction|ref(?:erence)?s?|acc(?:oun)?t|a/c|invoice|inv|order|case|policy|sort code|"
    r"nhs|chi|uprn|utr|uln|upn|serial|ticket|barcode|isbn|issn|meter|mpan|mprn|crime|po|job|claim|id|imei|"
    r"batch|part|"
    r"asset|licen[cs]e|badge|permit|receipt|payment|session|request|tracking|parcel|sku|item|stock|"
    r"urn|pnc|dbs)(?![a-z])"
)
_MONTH_SHAPED = re.compile(r"\(?\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)?\d{2}(?!\d)")
_SPLIT_LABEL = re.compile(r"[\-./]+")
# Areas in which some numbers have nine digits behind the 0 (Ofcom numbering plan), not ten.
_SHORT_AREA_LIST = """
01204 01208 01254 01276 01297 01298 01363 01364 01384 01386 01404 01420 01460 01461 01480 01488 01524
01527 01562 01566 01606 01629 01635 01647 01659 01695 01726 01744 01750 01768 01827 01837 01884 01900
01905 01935 01946 01949 01963 01995 016973 016974 016977
"""
_SHORT_AREAS = frozenset(_SHORT_AREA_LIST.split())
_NATIONAL = re.compile(
    r"0(?:7(?:[0-57-9]|624)|20[378]|20[14]|23[089]|24[7]|28[2-9]|29[02]|3[0347]|5[56]|80[08]|8[47]\d|9[018])"
)
_PUBLISHED = re.compile(r"0(?:3|8|9|55|56)")


@dataclass(frozen=True, slots=True)
class _Number:
    """A number read from a run of digits: its digits, their positions, and what lies between them."""

    digits: str
    positions: tuple[int, ...]
    gaps: tuple[str, ...]
    repaired: bool


def _read(text: str, start: int, end: int) -> _Number:
    digits: list[str] = []
    positions: list[int] = []
    gaps: list[str] = []
    last = start
    repaired = False
    for position in range(start, end):
        character = text[position]
        if character in "OolI":
            character = "0" if character in "Oo" else "1"
            repaired = True
        elif not ("0" <= character <= "9"):
            continue
        digits.append(character)
        positions.append(position)
        gaps.append(text[last:position])
        last = position + 1
    return _Number("".join(digits), tuple(positions), tuple(gaps), repaired)


class PhoneNumbers:
    """The lengths and ranges of telephone numbers, as far as they tell a number from an id."""

    def __init__(self, area_codes: frozenset[str]) -> None:
        self._area_codes = area_codes

    def national_length(self, digits: str) -> int:
        """How many of ``digits`` (with the leading 0) are a UK number; 0 if they begin none.

        Ranges that Ofcom reserves for drama count: they stand in test data and in redacted copies.
        """
        if digits.startswith("01"):
            area = next((digits[:n] for n in (6, 5, 4) if digits[:n] in self._area_codes), "")
            if not area or len(digits) < 10:
                return 0
            # A subscriber's number does not begin with 0 or 1, except in the cities with four-digit codes.
            if len(area) == 5 and digits[5] in "01" and not digits.startswith("01632"):
                return 0
            if len(digits) >= 11:
                return 11
            return 10 if area in _SHORT_AREAS or digits[:5] in _SHORT_AREAS else 0
        if not _NATIONAL.match(digits):
            return 0
        if len(digits) >= 11:
            return 11
        return 10 if len(digits) == 10 and digits.startswith(("0800", "0500")) else 0

    @staticmethod
    def foreign_length(digits: str, *, strict: bool) -> int:
        """How many of ``digits`` (country code first) are a number of another country; 0 if none.

        The longest valid number wins; without ``strict`` a merely possible one will do.
        """
        possible = 0
        for length in range(min(len(digits), 15), 6, -1):
            try:
                number = phonenumbers.parse("+" + digits[:length])
            except phonenumbers.NumberParseException:
                return 0
            if phonenumbers.is_valid_number(number):
                return length
            reason = phonenumbers.is_possible_number_with_reason(number)
            if not strict and not possible and reason == phonenumbers.ValidationResult.IS_POSSIBLE:
                possible = length
        return possible


class PhoneRecogniser:
    """Finds telephone numbers by shape and range, with labels and words near them."""

    name = "phones"
    entity_types = ("PHONE",)
    patterns: Mapping[str, bytes] = MappingProxyType(
        {
            # A national number goes on with another digit than 0; "00" opens an international one.
            "phone": (
                _BEFORE + rb"\(?(?:\+ ?\(?[1-9](?:" + _DIGIT + rb"){6,16}"
                rb"|[0Oo](?:0[ ]?)?[ .()/\-]{0,3}[1-9Il](?:" + _DIGIT + rb"){7,15})"
            ),
            "phone_short": rb"\b(?:0800[ \-]?1111|116[ \-]?(?:123|000|006|111|117))\b",
            "phone_label": rb"(?i)tel|phone|mob|fax|contact|landline|cell|ff(?:o|\xf4)n|whats",
            # A number that lost its 0 (a spreadsheet took it for a number) or its + behind a label.
            "phone_bare": (
                rb"(?i)\b(?:tel|telephone|phone|mobile|mob|cell|landline|fax|whats ?app)\b"
                rb"[a-z ]{0,12}[.:#)=]{0,2}[ \-]{0,3}(?:44[ ]?(?:\(0\)[ ]?)?)?[1-9][0-9 ]{7,12}[0-9]\b"
            ),
        }
    )

    def __init__(self, numbers: PhoneNumbers | None = None) -> None:
        self._numbers = numbers or PhoneNumbers(load_area_codes())
        self._scan = CandidateScan(self.patterns)
        self.programs = self._scan.programs

    def recognise(self, view: View) -> list[Finding]:
        """The telephone numbers in ``view``."""
        findings: list[Finding] = []
        done = 0
        while (span := self._scan.search(view, "phone", done)) is not None:
            finding = self._number(view, *span, done)
            if finding is not None:
                findings.append(finding)
                done = finding.end
            else:
                done = span[0] + 1
        findings.extend(self._short(view))
        findings.extend(self._bare(view))
        findings.extend(self._labelled(view))
        return _first_of_overlapping(findings)

    def _number(self, view: View, start: int, end: int, previous: int) -> Finding | None:
        """The number in a candidate; ``previous`` is where the number before it ended."""
        text = view.text
        while start < end and text[start] not in "+(0Oo":
            start += 1
        # "O" of a word before the number is no digit of it.
        if start >= end or (
            text[start] in "Oo" and start + 1 < end and text[start + 1] not in "0123456789OolI"
        ):
            return None
        joined = start > 1 and text[start - 1] in "-/.:" and text[start - 2].isdigit()
        if joined and (start - 1 != previous or text[start - 1] != "/"):
            return None
        if (
            start > 1
            and text[start - 1] == "-"
            and text[start - 2].isalpha()
            and not self._word_before(view, start)
        ):
            return None
        number = _read(text, start, end)
        if _MONTH_SHAPED.match(text, start, end):
            return None
        digits = number.digits
        skip = 0
        foreign = False
        if "+" in text[start : start + 2]:
            foreign = not digits.startswith("44")
            skip = 0 if foreign else 2
        elif digits.startswith("0044"):
            skip = 4
        elif digits.startswith("00"):
            foreign, skip = True, 2
        if foreign:
            length = self._numbers.foreign_length(digits[skip:], strict=skip > 0)
            if not length or (skip and self._context(view, start, end) <= 0):
                return None
            return self._finding(view, number, start, skip, skip + length, "foreign")
        rest = digits[skip:]
        if skip and not rest.startswith("0"):
            length = self._numbers.national_length("0" + rest) - 1
        else:
            length = self._numbers.national_length(rest)
        if length <= 0:
            return None
        national = rest if rest.startswith("0") else "0" + rest
        return self._finding(view, number, start, skip, skip + length, self._kind(view, national[:11]))

    @staticmethod
    def _kind(view: View, national: str) -> str:
        if national in view.organisation.phones or _PUBLISHED.match(national):
            return "published"
        return "mobile" if national.startswith("07") else "landline"

    def _finding(
        self, view: View, number: _Number, start: int, skip: int, length: int, note: str
    ) -> Finding | None:
        """A finding for the first ``length`` digits, unless what stands around them makes them an id.

        ``skip`` of them are a country code.
        """
        text = view.text
        end = number.positions[length - 1] + 1
        gaps = number.gaps[1:length]
        after = text[end : end + 2] + "  "
        if after[:1].isdigit() or (after[:1] in "-." and after[1:2].isdigit()):
            return None
        if after[:1].isalpha() and not re.match(
            r"(?i)e?x|or|and|mob|tel|home|h\b|w\b|m\b", text[end : end + 4]
        ):
            return None
        if after[:1] in "_@#%":
            return None
        context = self._context(view, start, end)
        breaks = sum("\n" in gap for gap in gaps)
        if breaks > 1 or (
            breaks and context <= 0 and not (note == "mobile" and "+" in text[start : start + 2])
        ):
            return None
        groups = self._groups(gaps[skip:])
        if len(groups) > 1 and groups[0] == 1 and skip and "(" in text[start:end]:
            groups.pop(0)  # the "(0)" of "+44 (0)7700 900123"
        plain = len(groups) == 1
        boxed = len(groups) == length - skip
        well_grouped = (
            plain or boxed or note == "foreign" or (groups[0] >= (2 if skip else 3) and min(groups[1:]) >= 2)
        )
        if note == "foreign" and context <= 0 and self._arithmetic(text, start, groups, gaps):
            return None
        if not well_grouped and context <= 0:
            return None
        if number.repaired and any(character in "OolI" for character in text[start:end]):
            if context <= 0 and not (note == "mobile" and not plain):
                return None
            score = 0.7
        elif context > 0:
            score = 0.9 if note == "mobile" else 0.85
        elif context < 0:
            # A grouped number with an area code is a number even behind "ref"; bare digits are an id.
            score = 0.2 if plain or note in ("landline", "foreign") else 0.45
        elif plain and not skip:
            score = 0.6 if note == "mobile" else 0.45
        else:
            score = 0.7 if note == "mobile" else 0.65
        if boxed and context <= 0:
            score = min(score, 0.45)
        if text[start] == "(" and ")" not in text[start:end]:
            start += 1
        evidence = [Evidence(EvidenceKind.CHECK, "number range")]
        if context > 0:
            evidence.append(Evidence(EvidenceKind.CONTEXT, "telephone word or label"))
        elif context < 0:
            evidence.append(Evidence(EvidenceKind.COUNTER, "reference word or label"))
        return Finding("PHONE", start, end, score, "phone", tuple(evidence), note)

    @staticmethod
    def _arithmetic(text: str, start: int, groups: list[int], gaps: tuple[str, ...]) -> bool:
        """Whether a "+" opens a sum, a decimal or the coordinates of a place, not a country code."""
        if text.startswith("+ ", start):
            return True
        if len(groups) == 1:
            return False
        first = gaps[groups[0] - 1]
        return groups[0] > 4 or (groups[0] > 3 and "-" in first) or (len(groups) == 2 and "." in first)

    @staticmethod
    def _groups(gaps: tuple[str, ...]) -> list[int]:
        groups = [1]
        for gap in gaps:
            if gap.strip("()") or ")" in gap or "(" in gap:
                groups.append(1)
            else:
                groups[-1] += 1
        return groups

    @staticmethod
    def _word_before(view: View, start: int) -> bool:
        return _PHONE_WORDS.search(view.text[max(0, start - 24) : start].lower()) is not None

    @staticmethod
    def _context(view: View, start: int, end: int) -> int:
        """1 where a telephone word or label stands by the number, -1 where a reference word does, else 0."""
        label = view.layout.label_at(start)
        if label:
            label = _SPLIT_LABEL.sub(" ", words_apart(label)).lower()
            if _LABEL.search(label):
                return 1
            if _COUNTER_WORDS.search(label):
                return -1
        text = view.text
        line = max(text.rfind("\n", 0, start) + 1, start - 48)
        before = text[line:start].lower()
        positive = max((match.end() for match in _PHONE_WORDS.finditer(before)), default=-1)
        negative = max((match.end() for match in _COUNTER_WORDS.finditer(before)), default=-1)
        if positive > negative:
            return 1
        if negative >= 0 and len(before) - negative <= 14:
            return -1
        if line and positive < 0 and not before.strip(" \t>:|-"):
            # The label may stand alone on the line above.
            above = text[max(text.rfind("\n", 0, line - 1) + 1, line - 40) : line - 1].lower()
            if len(above) < 40 and _LABEL.search(above):
                return 1
        behind = text[end : end + 14].lower()
        return (
            1
            if re.match(r"[ ,]{0,2}\(?(?:tel|mob|mobile|phone|home|work|fax|landline|cell|ext|x\d)\b", behind)
            else 0
        )

    def _short(self, view: View) -> list[Finding]:
        """Helplines with short numbers: Childline, the Samaritans and others of 116."""
        findings = []
        for start, end in self._scan.spans(view, "phone_short"):
            if view.text[end : end + 2].strip()[:1].isdigit():
                continue
            if view.data[start : start + 1] == b"0" or self._context(view, start, end) > 0:
                findings.append(Finding("PHONE", start, end, 0.6, "phone_short", (), "published"))
        return findings

    def _bare(self, view: View) -> list[Finding]:
        findings = []
        for start, end in self._scan.spans(view, "phone_bare"):
            digit = re.search(r"\d", view.text[start:end])
            finding = self._without_zero(view, start + digit.start(), end) if digit else None
            if finding is not None:
                findings.append(finding)
        return findings

    def _labelled(self, view: View) -> list[Finding]:
        """Numbers in a column or form field for telephone numbers that lost their 0 or their +."""
        if not self._scan.occurs(view, "phone_label"):
            return []
        findings = []
        for _, field in view.layout.labelled_fields(_is_phone_label):
            if field.end - field.start <= 40:
                finding = self._without_zero(view, field.start, field.end)
                if finding is not None:
                    findings.append(finding)
        return findings

    def _without_zero(self, view: View, start: int, end: int) -> Finding | None:
        value = view.text[start:end]
        match = re.match(r"(?:44 ?(?:\(0\) ?)?)?[1-9][0-9 \-]{6,13}[0-9](?![0-9])", value)
        if match is None:
            return None
        digits = re.sub(r"\D", "", match.group())
        # "447700900123" lost its plus; "7700900123" its 0.
        national = "0" + (digits[2:].lstrip("0") if digits.startswith("44") and len(digits) >= 12 else digits)
        length = self._numbers.national_length(national)
        evidence = (
            Evidence(EvidenceKind.LABEL, "telephone label"),
            Evidence(EvidenceKind.CHECK, "number range"),
        )
        if length and length == len(national):
            note = self._kind(view, national)
            return Finding("PHONE", start, start + match.end(), 0.75, "phone_without_zero", evidence, note)
        return None


def _is_phone_label(label: str) -> bool:
    return _LABEL.search(_SPLIT_LABEL.sub(" ", words_apart(label)).lower()) is not None


def _first_of_overlapping(findings: list[Finding]) -> list[Finding]:
    """The findings by start; of those that overlap the first, of those that start together the surest."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda found: (found.start, -found.confidence)):
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
    return kept


_LOCAL = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-'&") | frozenset(
    range(0xC0, 0x100)
)
_DOMAIN = re.compile(rb"[A-Za-z0-9\xc0-\xff\-]+(?:\.[A-Za-z0-9\xc0-\xff\-]+)*")
_LINE_END = re.compile(rb"[ ]?\r?\n[ \t>]{0,8}")
_WRAPPED = re.compile(rb"(\.?)-?[ ]?\r?\n[ \t>|]{0,8}(\.?)((?:[a-z0-9\-]+\.)*[a-z]{2,12})(?![A-Za-z0-9@])")
_MISREAD_DOT = re.compile(rb",((?:com|org|net|ie|(?:co|gov|org|ac|nhs)[.,]uk))(?![A-Za-z0-9])")
_FILE_ENDINGS = frozenset(b"png jpg jpeg gif svg webp css js ts py pdf docx html md txt json".split())
_KNOWN_ENDINGS = frozenset(
    b"uk com org net ie eu info biz scot wales cymru london co io edu gov nhs ac sch".split()
)
_OPEN_ENDINGS = frozenset(b"gov co org ac nhs police sch mod ltd plc net".split())
_NO_ADDRESS = re.compile(
    r"(?:message-id|in-reply-to|references|content-id|cid)\s*[:=][^\n]{0,200}$", re.IGNORECASE
)
_SPELT_AT = rb"(?:[ ]?[(\[{<][ ]?(?:at|@)[ ]?[)\]}>][ ]?|[ ]at[ ]|[ ]@[ ]?|@[ ])"
_SPELT_DOT = rb"(?:\.|[ ]?[(\[{<][ ]?(?:dot|\.)[ ]?[)\]}>][ ]?|[ ]dot[ ])"
_AT = re.compile(_SPELT_AT.decode(), re.IGNORECASE)
_DOT = re.compile(_SPELT_DOT.decode(), re.IGNORECASE)
_WORD = rb"[A-Za-z0-9'_\-]+"


class EmailRecogniser:
    """Finds mail addresses, written plainly, spelt out against robots, or wrapped over a line end."""

    name = "emails"
    entity_types = ("EMAIL",)
    patterns: Mapping[str, bytes] = MappingProxyType(
        {
            "email": rb"[A-Za-z0-9_'+.%\xc0-\xff\-]@(?:[ ]?\r?\n[ \t>]{0,8})?[A-Za-z0-9\xc0-\xff]",
            "email_spelt": (
                rb"(?i)" + _WORD + rb"(?:" + _SPELT_DOT + _WORD + rb"){0,3}" + _SPELT_AT
                + _WORD + rb"(?:" + _SPELT_DOT + _WORD + rb"){1,5}"
            ),
        }
    )  # fmt: skip

    def __init__(self, mailboxes: Mailboxes | None = None) -> None:
        self._mailboxes = mailboxes or load_mailboxes()
        self._scan = CandidateScan(self.patterns)
        self.programs = self._scan.programs

    def recognise(self, view: View) -> list[Finding]:
        """The mail addresses in ``view``."""
        findings: list[Finding] = []
        done = 0
        for start, end in self._scan.spans(view, "email"):
            at = view.data.index(b"@", start, end)
            if at < done:
                continue
            finding = self._plain(view, at, done)
            if finding is not None:
                findings.append(finding)
                done = finding.end
        plain = {finding.end for finding in findings} | {finding.start for finding in findings}
        for start, end in self._scan.spans(view, "email_spelt"):
            finding = self._spelt(view, start, end)
            if finding is not None and not plain & {finding.start, finding.end}:
                findings.append(finding)
        return findings

    def _plain(self, view: View, at: int, floor: int) -> Finding | None:
        data = view.data
        start = at
        while start > floor and at - start < 64 and data[start - 1] in _LOCAL:
            start -= 1
        while start < at and data[start : start + 1] in (b"'", b".", b"-", b"&", b"+", b"%"):
            start += 1
        if start == at or data[max(0, start - 2) : start] == b"//" or data[at - 1 : at] == b".":
            return None
        wrapped = _LINE_END.match(data, at + 1)
        domain = _DOMAIN.match(data, wrapped.end() if wrapped else at + 1)
        if domain is None:
            return None
        end, name = domain.end(), domain.group()
        name, end = self._continued(data, name, end)
        misread = _MISREAD_DOT.match(data, end)
        if misread is not None and b"." not in name:
            # "jane@gmail,com": OCR and hurried fingers put a comma for the dot.
            name, end = name + b"." + misread.group(1).replace(b",", b"."), misread.end()
        while name and name[-1:] in b"-.":
            name, end = name[:-1], end - 1
        labels = name.split(b".")
        # "jane@council.gov.uk.Please" has lost a blank behind its full stop.
        if len(labels) > 2 and labels[-1][:1].isupper() and labels[-2] in _KNOWN_ENDINGS:
            end -= len(labels[-1]) + 1
            labels.pop()
        ending = labels[-1].lower()
        if (
            len(labels) < 2
            or len(ending) < 2
            or not ending.isalpha()
            or ending in _FILE_ENDINGS
            or not all(labels)
        ):
            return None
        if wrapped and ending not in _KNOWN_ENDINGS:
            return None
        # git@host:path and user:password@host are no mailboxes.
        if data[end : end + 1] == b":" and data[end + 1 : end + 2].isalnum() and data[start:at] == b"git":
            return None
        text = view.text
        line = max(text.rfind("\n", 0, start) + 1, start - 240)
        if _NO_ADDRESS.search(text[line:start]):
            return Finding("EMAIL", start, end, 0.1, "email", (Evidence(EvidenceKind.COUNTER, "message id"),))
        return self._finding(
            view, start, end, text[start:at], b".".join(labels).decode("latin-1"), "email", 0.0
        )

    @staticmethod
    def _continued(data: bytes, name: bytes, end: int) -> tuple[bytes, int]:
        """The domain with its rest from the next line, where the line end cut it."""
        more = _WRAPPED.match(data, end)
        if more is None or not (more.group(1) or more.group(2)) or (more.group(1) and more.group(2)):
            return name, end
        last = name.rsplit(b".", 1)[-1].lower()
        rest = more.group(3)
        cut = rest.rsplit(b".", 1)[-1] in _KNOWN_ENDINGS and (b"." not in name or last in _OPEN_ENDINGS)
        if cut or (more.group(2) and rest.rsplit(b".", 1)[-1] in _KNOWN_ENDINGS):
            return name + b"." + rest, more.end()
        return name, end

    def _spelt(self, view: View, start: int, end: int) -> Finding | None:
        value = view.text[start:end]
        match = _AT.search(value)
        if match is None:
            return None
        local, domain = value[: match.start()], value[match.end() :]
        name = _DOT.sub(".", domain).strip(".")
        written_at = match.group().strip().lower()
        labels = name.lower().split(".")
        if labels[-1].encode("latin-1", "replace") not in _KNOWN_ENDINGS or len(labels) < 2:
            return None
        spelt = " dot " in domain.lower() or re.search(r"[(\[{<] ?(?:dot|\.)", domain.lower()) is not None
        # "available at council.gov.uk" is no address; "jane at council dot gov dot uk" is one.
        if written_at == "at" and not spelt:
            return None
        if written_at == "@" and not spelt:
            mail = re.search(r"e-?mail|contact|mailto", view.text[max(0, start - 40) : start].lower())
            consumer = name.lower() in self._mailboxes.consumer_domains
            if not re.search(r"[._0-9]", local) and not mail and not consumer:
                return None
        local_part = _DOT.sub(".", local)
        return self._finding(view, start, end, local_part, name, "email_spelt", 0.05)

    def _finding(
        self, view: View, start: int, end: int, local: str, domain: str, rule: str, discount: float
    ) -> Finding:
        domain = domain.lower()
        if self._mailboxes.is_role(local) or local.lower() in view.organisation.mailboxes:
            note, score = "role", 0.50
        elif any(domain == own or domain.endswith("." + own) for own in view.organisation.domains):
            note, score = "own", 0.50
        elif domain in self._mailboxes.consumer_domains:
            note, score = "consumer", 0.70
        else:
            note, score = "", 0.60
        return Finding(
            "EMAIL",
            start,
            end,
            score - discount,
            rule,
            (Evidence(EvidenceKind.PATTERN, "mail address"),),
            note,
        )
