"""Identifiers with a grammar: candidates in one RE2 pass, then form, check, context and company.

The one alternation of all forms runs over the whole text; at each place it stops, every form is tried,
its check is done, and the surroundings say how sure we are.  Forms that mean nothing without their
label (eight digits, "A1") are looked for only behind labels and under column headers.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import re2

from rules.checks import CHECKS, ten_digit_passes
from rules.loader import Identifiers
from rules.schema import SEPARATOR, Form, IdentifierRule
from scanner.detection.context import (
    COUNTER,
    STRENGTH,
    Context,
    ContextOfView,
    Nearness,
)
from scanner.detection.encoded import lies_in_data
from scanner.detection.finding import REPORTED, Evidence, EvidenceKind, Finding
from scanner.detection.ownership import owned_by_organisation
from scanner.detection.programs import byte_options, compile_bytes
from scanner.detection.view import View

_MAX_MEMORY = 64 << 20
# No form is longer than this, written with all its separators and line breaks.
_LONGEST_FORM = 400
# A label's value stands within this many characters behind it.
_LABEL_REACH = 64
# From this many values on, the share that passes its check says whether a column holds the identifier.
_ENOUGH_TO_REFUTE = 4
_ENOUGH_TO_CONFIRM = 6
# Unlabelled bulk is summarised: of what is only counted, this many per rule are kept.
_COUNTED_KEPT = 100

_ALNUM = re.compile(r"[^0-9A-Z<]")
_GROUP_START = re.compile(rb"(?<![0-9A-Za-z\xc0-\xff])[0-9A-Za-z]")

# What scanners and typists confuse, read as a digit and read as a letter.
_AS_DIGIT = dict(zip("OQDIL|!ZSGBT", "000111125687", strict=True))
_AS_LETTER = {"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B", "7": "T", "4": "A"}
_MAX_REPAIRS = 2

# What may stand between a label and its value: punctuation and a few small words.
_LABEL_LINK = re.compile(
    r"(?:[\W_]|(?<![A-Za-z])(?:is|was|are|no|nos|number|num|ref|reference|id|the|new|old|current|his|her|"
    r"their|my"
    r"|your|and|to|for|of|issued|held|given|as|a|uk|gbr|british|card|photo|code|full|quoted|recorded|seen|checked|shown"
    r"|produced|provided|copied|viewed|verified|expired)(?![A-Za-z]))*",
    re.IGNORECASE,
)
# "passports 170764797 and 119976748": one label for several values.
_VALUE_JOIN = re.compile(r"[ ]?(?:,|;|/|&|\+)?[ ]?(?:and |& )?", re.IGNORECASE)
# What announces a value that shows what one looks like: it is nobody's.
_SHOWN_AS_EXAMPLE = re.compile(
    r"(?:\be\. ?g\.?|\beg|\bfor (?:instance|example)|\bexample|\bsuch as|\blooks? like|\blike|\bspecimen|"
    r"\bsample"
    r"|\bdummy|\btest (?:number|data|value|record)|\b(?:in the |correct |right |wrong )?(?:format|"
    r"form)(?: of| is)?)"
    r"[ \t:,;=(\[\"'\u2018\u201c\-]{0,4}$",
    re.IGNORECASE,
)
_BEFORE_EXAMPLE = 32
# Words of posters, manuals and test data beside a value that is known from them.
_PRINTED = re.compile(
    r"\b(?:posters?|leaflet|looks? like|like this|specimens?|for example|an example|example:|dummy|synthetic"
    r"|fixture|published|demo|fictitious|test (?:values?|numbers?|data|records?|patients?|cases?|system)"
    r"|(?:six|seven|eight|nine|ten|eleven|twelve|thirteen|sixteen|\d{1,2})[ -](?:digits?|characters?)"
    r"|(?:one|two) letters?)\b",
    re.IGNORECASE,
)
_PRINTED_REACH = 120
# Numbers beginning so are given out for tests only.
_TEST_NHS = "999"
# So many values opening their lines, or standing in one column, are a series.
_SERIES = 3

Match = Callable[[bytes, int], "tuple[int, int] | None"]


def compact(value: str) -> str:
    """Upper-case letters and digits only: the form in which checks and comparisons are done."""
    if value.isascii() and value.isalnum():
        return value.upper()
    return _ALNUM.sub("", value.upper())


def _matcher(form: Form, *, trusted: bool) -> Match:
    """A function that matches a form at a position.

    Shipped patterns run on the standard library's engine, which is eight times faster for one short
    match; a council's own pattern runs on RE2 alone, so that it can never hang.
    """
    source = form.expression.encode("latin-1")
    if trusted:
        pattern = re.compile(source, 0 if form.case == "upper" else re.IGNORECASE)

        def match(data: bytes, at: int) -> tuple[int, int] | None:
            found = pattern.match(data, at)
            return found.span() if found else None

    else:
        safe = compile_bytes(source, case_sensitive=form.case == "upper")

        def match(data: bytes, at: int) -> tuple[int, int] | None:
            found = safe.match(data, at)
            return found.span() if found else None

    return match


@dataclass(frozen=True, slots=True)
class _Form:
    """A form ready to run."""

    rule: IdentifierRule
    form: Form
    match: Match
    check: Callable[[str], bool] | None


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a stretch of text: as this form of this rule, with its check's answer."""

    form: _Form
    start: int
    end: int
    value: str
    passed: bool | None
    column: str
    glued: bool
    repairs: int = 0
    labelled: str = ""


def bounded(data: bytes, start: int, end: int) -> bool:
    """Whether a value stands by itself: not cut out of a longer number or word.

    A digit may touch a letter (``NHS9434765919``) but no digit, a letter touches neither.  Decimal
    fractions, amounts and the groups of a UUID or a longer dashed code are no values.
    """
    first, last = data[start], data[end - 1]
    if start:
        before = data[start - 1]
        if _digit(before) or (_letter(before) and not _digit(first)):
            return False
        if before in b".-/_\\" and start > 1 and _digit(data[start - 2]) and _digit(first):
            return False
        if before in b"$\xa3#&%=@" and before not in b"#=":
            return False
        if (
            before in b"-_"
            and start > 1
            and _letter(data[start - 2])
            and _digit(first)
            and _hex_run(data, start - 1)
        ):
            return False
    if end < len(data):
        behind = data[end]
        if _digit(behind) or (_letter(behind) and not _digit(last)):
            return False
        if end + 1 < len(data) and behind in b".-/_\\@" and _digit(data[end + 1]) and _digit(last):
            return False
        if behind in b"@%":
            return False
        if behind in b"-_/" and end + 1 < len(data) and _letter(data[end + 1]) and not _digit(last):
            return False
    return True


def _digit(byte: int) -> bool:
    return 48 <= byte <= 57


def _letter(byte: int) -> bool:
    return 65 <= byte <= 90 or 97 <= byte <= 122 or byte >= 0xC0


def _hex_run(data: bytes, end: int) -> bool:
    """Whether the group before ``end`` mixes letters and digits, as in a UUID or a compound code."""
    at = end
    while at and (_digit(data[at - 1]) or _letter(data[at - 1])):
        at -= 1
    group = data[at:end]
    return any(map(_digit, group)) and any(map(_letter, group))


def identifier_phrases(identifiers: Identifiers) -> list[tuple[str, str]]:
    """The context phrases of all identifier rules with their tags, and the counter labels."""
    pairs = [(phrase, rule.id) for rule in identifiers.rules for phrase in rule.context]
    pairs += [(phrase, f"{COUNTER}:{rule.id}") for rule in identifiers.rules for phrase in rule.counter]
    pairs += [(phrase, COUNTER) for phrase in identifiers.counter]
    return pairs


class IdentifierRecogniser:
    """Every identifier that rules describe, the ten-digit family included.

    The ten-digit family (NHS, H&C, CHI, ULN, UTR) is decided once: all members read the same digits,
    the best confidence gives the label.
    """

    name = "identifiers"

    def __init__(self, identifiers: Identifiers) -> None:
        self._rules = {rule.id: rule for rule in identifiers.rules}
        self.entity_types = tuple(dict.fromkeys(rule.entity for rule in identifiers.rules))
        self._repairable = frozenset(rule.id for rule in identifiers.rules if rule.ocr)
        forms = [
            _Form(
                rule,
                form,
                _matcher(form, trusted=rule.id not in identifiers.own),
                CHECKS[form.check] if form.check else None,
            )
            for rule in identifiers.rules
            for form in rule.forms
        ]
        self._first = {form.rule.id: form for form in reversed(forms)}
        self._labelled: dict[str, list[_Form]] = {}
        for form in forms:
            if form.form.near == "label":
                self._labelled.setdefault(form.rule.id, []).append(form)
        self._serial = [
            (
                form,
                re.compile(
                    rb"(?m)^[ \t|>]{0,4}(" + form.form.expression.encode("latin-1") + rb")(?=[ \t|,;])"
                ),
            )
            for form in forms
            if form.form.near == "series"
        ]
        free = [form for form in forms if form.form.near == "window"]
        self._candidates = _alternation(free)
        self.programs = (self._candidates,)
        self._ten_digit = _TenDigitFamily([form for form in free if form.rule.family == "ten-digit"])
        single = [form for form in free if form.rule.family is None]
        self._by_digit = _Gate([form for form in single if _may_start(form, b"0123456789")])
        self._by_letter = _Gate([form for form in single if _may_start(form, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ<")])

    def recognise(self, view: View) -> list[Finding]:
        """Findings of every rule; what is below 0.40 is kept only in part, for counting."""
        context = view.context
        company = Company()
        readings = [
            *self._free(view, company),
            *self._behind_labels(view, context),
            *self._in_columns(view, context),
            *self._repaired(view, context),
            *self._series(view, context),
        ]
        findings: list[Finding] = []
        counted: Counter[str] = Counter()
        against: dict[tuple[str, str], bool] = {}
        for reading in readings:
            rule_id = reading.form.rule.id
            if counted[rule_id] >= _COUNTED_KEPT and _under_foreign_header(reading, view, against):
                continue
            finding = self._score(reading, view, company)
            if finding is not None:
                counted[rule_id] += finding.confidence < REPORTED
                findings.append(finding)
        return _summarise(findings)

    def _free(self, view: View, company: Company) -> list[_Reading]:
        """Readings of forms that mean something by themselves, from the one pass over the text."""
        data = view.data
        readings: list[_Reading] = []
        at = 0
        if not view.may_hold(self._candidates):
            return readings
        while (hit := self._candidates.search(data, at)) is not None:
            # The first place even inside a word: a label glued to its value, as in NHS9434765919.
            start, end = hit.span()
            stop = self._read_at(view, start, company, readings)
            if stop == start:
                # Nothing stands there: the next group of letters or digits may begin another value.
                group = _GROUP_START.search(data, start + 1, end)
                stop = group.start() if group else end
            at = stop
        return readings

    def _read_at(self, view: View, at: int, company: Company, readings: list[_Reading]) -> int:
        """Every reading that begins at one place; the end of the longest."""
        data = view.data
        digit = _digit(data[at])
        stop = self._ten_digit.read(view, at, company, readings) if digit else at
        for form in (self._by_digit if digit else self._by_letter).at(data, at):
            span = form.match(data, at)
            if span is None or not bounded(data, *span):
                continue
            reading = self._reading(view, form, *span)
            if reading is None:
                continue
            if reading.passed is not None:
                company.add(form.rule.id, reading.column, reading.value, passed=reading.passed)
            if reading.passed is not False or form.form.check_fails == "keep":
                readings.append(reading)
                stop = max(stop, reading.end)
        return stop

    def _reading(self, view: View, form: _Form, start: int, end: int, labelled: str = "") -> _Reading | None:
        text = view.text[start:end]
        if not text.isascii() and any(char.isalnum() and not char.isascii() for char in text):
            return None  # letters of other scripts, which stand as some letter in the bytes
        value = compact(text)
        if form.form.take is not None and len(value) > form.form.take:
            # The value is the first part of what was matched (a passport number in its MRZ line).
            end = start + _position_of(text, form.form.take)
        if "\n" in text and "\n" in text.strip() and not labelled and form.form.check is None:
            return None
        if "{s}" in form.form.pattern and _oddly_separated(text):
            return None
        passed = form.check(value if form.form.take is None else compact(text)) if form.check else None
        if form.rule.family == "ten-digit":
            passed = _ten_digit_check(form.rule.id, value.removesuffix("K"))
            if passed is None:
                return None
        before = view.data[start - 1] if start else 32
        return _Reading(
            form, start, end, value, passed, view.layout.label_at(start), _letter(before), labelled=labelled
        )

    def _behind_labels(self, view: View, context: ContextOfView) -> list[_Reading]:
        """Readings of forms that need a label, behind each label in running text and forms."""
        readings: list[_Reading] = []
        data, text = view.data, view.text
        for hit in context.hits:
            if self._labelled.keys().isdisjoint(hit.payload.tags):
                continue
            forms = [form for tag in hit.payload.tags for form in self._labelled.get(tag, ())]
            stop = min(len(data), hit.end + _LABEL_REACH)
            line_end = text.find("\n", hit.end, stop)
            if line_end >= 0:
                # A label at the end of its line has its value on the next.
                rest = text[hit.end : line_end].strip(" \t:.#*|_-")
                stop = line_end if rest else min(stop, _line_end(text, line_end + 1))
            tried, behind = forms, hit.end
            for group in _GROUP_START.finditer(data, hit.end, stop):
                link = _LABEL_LINK if behind == hit.end else _VALUE_JOIN
                if group.start() < behind or not link.fullmatch(text, behind, group.start()):
                    continue
                found = 0
                for form in tried:
                    span = form.match(data, group.start())
                    if span is None or not bounded(data, *span):
                        continue
                    if not any(map(_digit, data[span[0] : span[1]])):
                        continue
                    reading = self._reading(view, form, *span, labelled=hit.payload.phrase)
                    if reading is not None:
                        readings.append(reading)
                        if reading.passed is not False and reading.end > found:
                            found, tried = reading.end, [form]
                if found and text[hit.end - 1] not in "sS":
                    break
                # A label in the plural has more than one value.
                behind = found or behind
        return readings

    def _in_columns(self, view: View, context: ContextOfView) -> list[_Reading]:
        """Readings of forms that need a label, in the cells and values that stand under one."""
        readings: list[_Reading] = []
        data = view.data
        if not _may_have_columns(view, context):
            return readings
        known: dict[str, list[_Form]] = {}

        def means_a_rule(label: str) -> bool:
            known[label] = [
                form
                for rule_id, labelled in self._labelled.items()
                if context.label(rule_id, label).nearness is Nearness.LABEL
                for form in labelled
            ]
            return bool(known[label])

        for _record, field in view.layout.labelled_fields(means_a_rule):
            if field.end - field.start > 80:
                continue
            for form in known[field.label]:
                span = form.match(data, field.start)
                if span is None or not bounded(data, *span) or not any(map(_digit, data[span[0] : span[1]])):
                    continue
                reading = self._reading(view, form, *span, labelled=field.label)
                if reading is not None:
                    readings.append(reading)
        return readings

    def _series(self, view: View, context: ContextOfView) -> list[_Reading]:
        """Readings of forms that count only in a series: a list of electors under its heading.

        Each value opens its line; the rule's words stand above the first, and nothing labels the column
        otherwise.
        """
        readings: list[_Reading] = []
        for form, opening in self._serial:
            places = context.places(form.rule.id)
            if not places:
                continue
            found: list[_Reading] = []
            for match in opening.finditer(view.data, places[0]):
                start, end = match.span(1)
                if not bounded(view.data, start, end):
                    continue
                column = view.layout.label_at(start)
                if column and context.label(form.rule.id, column).nearness is Nearness.AGAINST:
                    continue
                reading = self._reading(view, form, start, end, labelled=form.rule.title)
                if reading is not None:
                    found.append(reading)
            if len({reading.value for reading in found}) >= _SERIES:
                readings += found
        return readings

    def _repaired(self, view: View, context: ContextOfView) -> list[_Reading]:
        """Labelled values that a scanner damaged: at most two characters put right by position."""
        readings: list[_Reading] = []
        for hit in context.hits:
            if self._repairable.isdisjoint(hit.payload.tags):
                continue
            for tag in hit.payload.tags:
                rule = self._rules.get(tag)
                if rule is None or not rule.ocr:
                    continue
                found = _repair(view.text, hit.end, rule.ocr)
                if found is None:
                    continue
                start, end, value, repairs = found
                form = self._first[rule.id]
                if _passes(form, value):
                    readings.append(
                        _Reading(
                            form,
                            start,
                            end,
                            value,
                            True,
                            view.layout.label_at(start),
                            glued=False,
                            repairs=repairs,
                            labelled=hit.payload.phrase,
                        )
                    )
        return readings

    def _score(self, reading: _Reading, view: View, company: Company) -> Finding | None:
        form, rule = reading.form.form, reading.form.rule
        if reading.passed is False and form.check_fails == "drop":
            return None
        scores = form.scores
        base, best = (scores.checked, scores.both) if reading.passed else (scores.alone, scores.context)
        evidence = [Evidence(EvidenceKind.PATTERN, f"{rule.title}, {form.id} form")]
        if reading.passed and (form.check or rule.family):
            evidence.append(Evidence(EvidenceKind.CHECK, "check digit or structure is right"))
        near = view.context.of(rule.id, reading.start, reading.end)
        if reading.labelled and near.nearness is not Nearness.AGAINST:
            near = max(near, Context(Nearness.LABEL, reading.labelled), key=lambda c: c.nearness)
        if form.near == "label" and near.nearness is not Nearness.LABEL:
            return None
        if lies_in_data(view.text, reading.start):
            return None
        refuted, confirmed = company.judge(reading)
        if near.nearness is Nearness.AGAINST:
            score = base * 0.35
            evidence.append(Evidence(EvidenceKind.COUNTER, f"labelled as something else: {near.phrase}"))
        else:
            strength = STRENGTH[near.nearness]
            if confirmed and reading.passed and strength < STRENGTH[Nearness.WINDOW]:
                strength = STRENGTH[Nearness.WINDOW]
                evidence.append(Evidence(EvidenceKind.NEIGHBOUR, "all values beside it pass the same check"))
            score = base + (best - base) * strength
            if near.nearness is Nearness.LABEL:
                evidence.append(Evidence(EvidenceKind.LABEL, near.phrase))
            elif near.nearness is not Nearness.NONE:
                evidence.append(Evidence(EvidenceKind.CONTEXT, near.phrase))
            if refuted and near.nearness is not Nearness.LABEL:
                score *= 0.3
                evidence.append(Evidence(EvidenceKind.COUNTER, "most values beside it fail the check"))
            if reading.glued and near.nearness < Nearness.BEHIND:
                score *= 0.5
            written = view.text[reading.start : reading.end]
            # A form's boxes are cells of a sheet; letters at both ends do not fall into five cells by chance.
            boxes = "\t" in written and written[0].isalpha() and written[-1].isalpha()
            if near.nearness is not Nearness.LABEL and not boxes and _come_apart(written):
                score *= 0.3
                evidence.append(Evidence(EvidenceKind.COUNTER, "groups that nobody wrote as one number"))
        if _issued(rule.id, reading) is False and near.nearness < Nearness.LINE:
            score = min(score, 0.3)
        if reading.repairs:
            score = min(score, 0.7) - 0.05 * (reading.repairs - 1)
            evidence.append(
                Evidence(EvidenceKind.CHECK, f"{reading.repairs} characters read as a scanner damages them")
            )
        if not rule.of_organisations and owned_by_organisation(view, reading.start, reading.end):
            score = 0.3
            evidence.append(Evidence(EvidenceKind.COUNTER, "account of an organisation"))
        if reading.value in rule.specimens:
            score = 0.05
            evidence.append(Evidence(EvidenceKind.COUNTER, "published specimen"))
        elif _counts_up(reading.value):
            score = 0.05
            evidence.append(Evidence(EvidenceKind.COUNTER, "digits that only count up"))
        elif rule.id == "nhs" and reading.value.startswith(_TEST_NHS):
            score = 0.05
            evidence.append(Evidence(EvidenceKind.COUNTER, "number given out for tests"))
        elif reading.value in rule.printed and _PRINTED.search(
            view.text, max(0, reading.start - _PRINTED_REACH), reading.end + _PRINTED_REACH
        ):
            score = 0.1
            evidence.append(Evidence(EvidenceKind.COUNTER, "printed to show what the number looks like"))
        elif _SHOWN_AS_EXAMPLE.search(view.text, max(0, reading.start - _BEFORE_EXAMPLE), reading.start):
            score = min(score, 0.1)
            evidence.append(Evidence(EvidenceKind.COUNTER, "shown as an example"))
        if score <= 0:
            return None
        return Finding(
            rule.entity, reading.start, reading.end, round(score, 3), rule.id, tuple(evidence), note=form.id
        )


def _counts_up(value: str) -> bool:
    """Whether the digits only count up, as in "A123456789012": typed to fill a field.

    Not nine of them: passports are too often shown so, and so labelled.
    """
    digits = "".join(character for character in value if character.isdigit())
    return len(digits) >= 10 and digits in "012345678901234567890123456789"


def _may_start(form: _Form, characters: bytes) -> bool:
    """Whether a form can begin with one of these characters.

    Asked of the pattern's own first position, by RE2's possible-match range.
    """
    source = form.form.expression.encode("latin-1")
    pattern = compile_bytes(source, case_sensitive=form.form.case == "upper")
    low, high = pattern.possiblematchrange(2)
    low_byte, high_byte = low[:1] or b"\x00", high[:1] or b"\xff"
    both = {*characters, *characters.lower()}
    return any(low_byte[0] <= byte <= high_byte[0] for byte in both)


def _source(form: _Form) -> bytes:
    """The pattern of a form with its own letter case, for use among others."""
    source = form.form.expression.encode("latin-1")
    return (b"(?:" if form.form.case == "upper" else b"(?i:") + source + b")"


def _alternation(forms: Sequence[_Form]) -> re2._Regexp[bytes]:
    """One RE2 pattern that stops wherever any form may begin."""
    sources = dict.fromkeys(map(_source, forms))
    # Long digit runs are swallowed whole, so that no shorter number is cut out of them.
    alternation = b"|".join([*sources, rb"\d{20,}"])
    return compile_bytes(alternation, longest_match=True, max_memory=_MAX_MEMORY)


# A header as programs write it ("nhsNumber", "nhs_no"), which no phrase in running text matches.
_PROGRAM_HEADER = re.compile(rb"[a-z][A-Z]|\w_\w")


def _may_have_columns(view: View, context: ContextOfView) -> bool:
    """Whether a label of a rule may stand over something: what saves the layout of plain prose."""
    return bool(view.passage.blocks or context.hits) or _PROGRAM_HEADER.search(view.data) is not None


def _under_foreign_header(reading: _Reading, view: View, known: dict[tuple[str, str], bool]) -> bool:
    """Whether a table's header says that a value is something else: bulk of it is counted only in part.

    Such a value scores a third of what it would, below what is reported, whatever else stands in its row.
    """
    if not reading.column or reading.labelled:
        return False
    key = (reading.form.rule.id, reading.column)
    foreign = known.get(key)
    if foreign is None:
        foreign = view.context.label(*key).nearness is Nearness.AGAINST
        known[key] = foreign
    if not foreign:
        return False
    record = view.layout.record_at(reading.start)
    field = view.layout.field_at(reading.start)
    return (
        record is not None and record.table is not None and field is not None and field.end - field.start < 40
    )


def _oddly_separated(text: str) -> bool:
    """Whether a stop, slash or underscore stands in only one gap: the name of a file ("bz106632.c")."""
    if text.isalnum():
        return False
    return any(text.count(mark) == 1 for mark in "./_") and not any(character.isspace() for character in text)


# Two marks in one gap, a stop or slash beside a blank, two line breaks, groups in cells of their own.
_APART = re.compile(r"[-./_]{2}|[ \t][./_]|[./_][ \t]|\n[^\n]*\n|\w{2}\t\w{2}")


def _come_apart(text: str) -> bool:
    """Whether the groups of a number stand together by chance: sizes in a drawing, figures in cells."""
    return not text.isalnum() and _APART.search(text) is not None


def _position_of(text: str, count: int) -> int:
    """The offset behind the ``count``-th letter or digit of ``text``."""
    seen = 0
    for offset, character in enumerate(text):
        if character.isalnum() or character == "<":
            seen += 1
            if seen == count:
                return offset + 1
    return len(text)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _ten_digit_check(rule_id: str, digits: str) -> bool | None:
    """Whether ten digits pass the check of one member of the family; ``None``: not even its shape."""
    if rule_id == "chi":
        # Spreadsheets drop the leading zero of a birth day.
        digits = digits.zfill(10)
    if len(digits) != 10 or not digits.isdigit():
        return None
    return ten_digit_passes([int(digit) for digit in digits])[rule_id]


def _passes(form: _Form, value: str) -> bool:
    """Whether a repaired value passes the check of its rule: a repair without one proves nothing."""
    if form.rule.family == "ten-digit":
        return bool(_ten_digit_check(form.rule.id, value))
    return form.check is not None and form.check(value)


def _issued(rule_id: str, reading: _Reading) -> bool | None:
    """Whether an NHS number lies in an issued range; it matters only without a label."""
    if rule_id != "nhs" or not reading.passed:
        return None
    digits = reading.value
    return CHECKS["nhs"](digits) or CHECKS["health_and_care"](digits)


class Company:
    """How many values of a rule stand under one header (or under none), and how many pass their check.

    A quarter of all ten-digit numbers pass one check or another: where most neighbours fail, a pass
    is chance; where all pass, it is not.
    """

    def __init__(self) -> None:
        self._tried: Counter[tuple[str, str]] = Counter()
        self._passed: Counter[tuple[str, str]] = Counter()
        self._different: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def add(self, rule_id: str, column: str, value: str, *, passed: bool) -> None:
        """Count one value."""
        key = rule_id, column
        self._tried[key] += 1
        self._passed[key] += passed
        if len(self._different[key]) < _ENOUGH_TO_CONFIRM:
            self._different[key].add(value)

    def judge(self, reading: _Reading) -> tuple[bool, bool]:
        """Whether the company refutes a value, and whether it confirms it."""
        key = (reading.form.rule.id, reading.column)
        tried, passed = self._tried[key], self._passed[key]
        refuted = tried >= _ENOUGH_TO_REFUTE and passed < 0.6 * tried
        # The same number again and again passes as often as it stands there.
        different = len(self._different[key]) >= _ENOUGH_TO_CONFIRM
        confirmed = different and passed == tried and bool(reading.column)
        return refuted, confirmed


class _Gate:
    """Forms that may begin with one kind of character, behind one cheap look at all of them."""

    def __init__(self, forms: Sequence[_Form]) -> None:
        self._forms = forms
        self._set = re2.Set.MatchSet(byte_options(max_memory=_MAX_MEMORY))
        # Matches everywhere: an answer without it is none (the set ran out of memory).
        self._set.Add(b"")
        for form in forms:
            self._set.Add(_source(form))
        self._set.Compile()

    def at(self, data: bytes, at: int) -> Sequence[_Form]:
        """The forms worth trying at a place, in their order."""
        matching = self._set.Match(data[at : at + _LONGEST_FORM])
        if not matching:
            return self._forms
        if len(matching) == 1:
            return ()
        return [self._forms[number - 1] for number in sorted(matching) if number]


class _TenDigitFamily:
    """Ten digits, decided once: which members of the family they may be.

    Only what passes a member's check becomes a reading here; a labelled value with a wrong check digit
    comes from its label.
    """

    _SHAPE = re.compile(
        rb"(?:(\d{10})|(\d{6}%(s)s\d{4})|(\d{5}%(s)s\d{5})|"
        rb"(\d{3}%(s)s\d{3}%(s)s\d{4}))(?:[kK](?![0-9A-Za-z]))?" % {b"s": SEPARATOR.encode()}
    )
    _FORM_IDS = ("solid", "grouped", "grouped", "grouped")
    # Which members are written in which grouping; solid digits may be any of them.
    _MEMBERS = (("nhs", "chi", "uln", "utr"), ("chi",), ("utr",), ("nhs",))

    def __init__(self, forms: Sequence[_Form]) -> None:
        self._forms = {(form.rule.id, form.form.id): form for form in forms}

    def read(self, view: View, at: int, company: Company, readings: list[_Reading]) -> int:
        """Add the readings at a place; the end of the digits, or ``at``."""
        data = view.data
        match = self._SHAPE.match(data, at)
        if match is None or match.lastindex is None:
            return at
        group = match.lastindex
        end = match.end(group)
        if not bounded(data, at, match.end()) or (not bounded(data, at, end) and match.end() == end):
            return at
        digits = [byte - 48 for byte in data[at:end] if 48 <= byte <= 57]
        passes = ten_digit_passes(digits)
        column: str | None = None
        for rule_id in self._MEMBERS[group - 1]:
            passed = passes[rule_id]
            form = self._forms.get((rule_id, self._FORM_IDS[group - 1]))
            if form is None or passed is None:
                continue
            if column is None:
                column = view.layout.label_at(at)
            company.add(rule_id, column, "".join(map(str, digits)), passed=passed)
            if passed:
                glued = at > 0 and _letter(data[at - 1])
                value = "".join(map(str, digits))
                readings.append(_Reading(form, at, end, value, True, column, glued))
        return end


_REPAIRABLE = re.compile(r"[0-9A-Za-z|!]")
_WORD_START = re.compile(r"(?<![0-9A-Za-z|!])[0-9A-Za-z|!]")
# Behind its label, with a damaged word between ("NI numher is").
_REPAIR_REACH = 24


def _repair(text: str, start: int, template: str) -> tuple[int, int, str, int] | None:
    """Read the first ``len(template)`` characters behind a label by the template.

    Returns span, repaired value and number of repairs (one or two); ``None`` where nothing fits.
    """
    for word in _WORD_START.finditer(text, start, min(len(text), start + _REPAIR_REACH)):
        found = _repair_at(text, word.start(), template)
        if found is not None:
            return found
    return None


def _repair_at(text: str, at: int, template: str) -> tuple[int, int, str, int] | None:
    """Read the characters at one place by the template, at least half of the digits as they stand."""
    value: list[str] = []
    repairs = 0
    position = at
    end_of_reach = min(len(text), at + 3 * len(template))
    while position < end_of_reach and len(value) < len(template):
        character = text[position].upper()
        if not _REPAIRABLE.match(character):
            if character not in " .-\t":
                return None
            position += 1
            continue
        wanted = template[len(value)]
        if wanted == "D" and not character.isdigit():
            character = _AS_DIGIT.get(character, "")
            repairs += 1
        elif wanted == "L" and not character.isalpha():
            character = _AS_LETTER.get(character, "")
            repairs += 1
        if not character or repairs > _MAX_REPAIRS:
            return None
        value.append(character)
        position += 1
    if len(value) < len(template) or not repairs:
        return None
    if sum(map(str.isdigit, text[at:position])) * 2 < template.count("D"):
        return None
    if position < len(text) and text[position].isalnum():
        return None
    return at, position, "".join(value), repairs


def _summarise(findings: list[Finding]) -> list[Finding]:
    """Drop what is only counted beyond a hundred per rule: bulk is not evidence of anything."""
    kept: list[Finding] = []
    counted: Counter[str] = Counter()
    for finding in findings:
        if finding.confidence < REPORTED:
            counted[finding.rule] += 1
            if counted[finding.rule] > _COUNTED_KEPT:
                continue
        kept.append(finding)
    return kept
