"""Statutory children's returns and case-system extracts, recognised by structure, not prose.

A finding of type ``CHILD_RETURN`` spans the header row (or the first telling element); its note is
``<severity>:<title>:<rows>`` with the number of valid rows.  Headers without rows
are a form: below the reporting band.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rules.flags import ReturnPack, ReturnRule, load_pack
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.layout import Record
from scanner.detection.view import View

_PLAIN = re.compile(r"[^a-z0-9]+")
_ELEMENT = re.compile(r"<([A-Za-z][\w.-]{1,60})(?:\s[^<>]{0,300})?>(?=[^<>]{0,500}<)")
_NO = re.compile(r"^(?:|no|n|none|n/?a|nil|false|0|-|–|not applicable|never|unknown)$", re.IGNORECASE)
_NUMBER = re.compile(r"^[\d,.%£]+$")
_NAME_OR_DATE = re.compile(r"[^\W\d_]{2,}|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}")
_BIRTH = re.compile(r"^(?:dob|dateofbirth|birthdate|personbirthdate|born|mcdob|childdob|childsdob)$")
# A column of codes is judged by its first rows.
_SAMPLE = 200
# A plain header line has at most this many columns, a line at most this many characters.
_LONGEST_LINE = 4000
_DELIMITERS = (",", "\t", ";", "|")


def plain(name: str) -> str:
    """A column name for comparison: lower case, letters and digits only."""
    return _PLAIN.sub("", name.lower())


class _Rows:
    """The rows of a discovered table as mappings; each is read when it is asked for."""

    def __init__(self, text: str, records: Sequence[Record]) -> None:
        self._text = text
        self._records = records
        self._plain: dict[str, str] = {}

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        for record in self._records:
            yield {
                self._plain_of(part.label): self._text[part.start : part.end].strip()
                for part in record.fields
            }

    def _plain_of(self, label: str) -> str:
        known = self._plain.get(label)
        if known is None:
            known = self._plain[label] = plain(label)
        return known


@dataclass(slots=True)
class _Table:
    """A table as this recogniser sees it: header names in their plain form, and rows of cells."""

    start: int
    end: int
    names: tuple[str, ...]
    rows: Iterable[Mapping[str, str]] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: ReturnRule
    headers: frozenset[str]
    required: tuple[frozenset[str], ...]
    elements: frozenset[str]
    rows: tuple[str, ...]
    codes: Mapping[str, frozenset[str]]
    flagged: frozenset[str]


class ReturnRecogniser:
    """Finds children's returns in tables, delimited text and XML."""

    name = "uk returns"
    entity_types: tuple[str, ...] = ("CHILD_RETURN",)

    def __init__(self, pack: ReturnPack | None = None) -> None:
        pack = pack or load_pack(ReturnPack, "returns.yaml")
        self._rules = tuple(
            _Compiled(
                rule,
                frozenset(map(plain, rule.headers)),
                tuple(frozenset(map(plain, group)) for group in rule.required),
                frozenset(map(plain, rule.elements)),
                tuple(map(plain, rule.rows)),
                {plain(name): frozenset(map(str.lower, values)) for name, values in rule.codes.items()},
                frozenset(map(plain, rule.flagged)),
            )
            for rule in pack.rules
        )
        self._code_sets = {name: frozenset(map(str.lower, codes)) for name, codes in pack.code_sets.items()}
        self._code_headers = frozenset(pack.code_headers)

    def recognise(self, view: View) -> list[Finding]:
        """The returns in ``view``, at most one for each table."""
        findings = [found for table in self._tables(view) if (found := self._table(table)) is not None]
        if not findings and (found := self._xml(view)) is not None:
            findings.append(found)
        return findings

    def _tables(self, view: View) -> Iterator[_Table]:
        """Tables of the layout, then delimited lines that the layout did not take for one."""
        by_table: dict[int, list[Record]] = defaultdict(list)
        loose = False
        for record in view.layout.records:
            if record.table is not None:
                by_table[record.table].append(record)
            else:
                loose = True
        for records in by_table.values():
            rows = [record for record in records if record.filled]
            if not rows:
                continue
            first = records[0]
            names = tuple(dict.fromkeys(plain(part.label) for row in rows[:5] for part in row.fields))
            yield _Table(first.start, first.end, names, _Rows(view.text, rows), len(rows))
        if loose:
            yield from self._delimited(view)

    def _delimited(self, view: View) -> Iterator[_Table]:
        """Header lines in running text whose columns a rule knows, with the lines beneath."""
        text = view.text
        for record in view.layout.records:
            if record.table is not None:
                continue
            lines = _lines(text, record.start, record.end)
            for number, (start, end) in enumerate(lines[:-1]):
                if end - start > _LONGEST_LINE:
                    continue
                line = text[start:end]
                delimiter = next((d for d in _DELIMITERS if line.count(d) >= 2), "")
                if not delimiter:
                    continue
                names = tuple(plain(cell.strip(' "')) for cell in line.split(delimiter))
                if not any(
                    len(item.headers.intersection(names)) >= item.rule.minimum for item in self._rules
                ):
                    continue
                rows: list[Mapping[str, str]] = []
                for row_start, row_end in lines[number + 1 :]:
                    cells = text[row_start:row_end].split(delimiter)
                    if abs(len(cells) - len(names)) > 4 or len(cells) < 2:
                        break
                    rows.append(dict(zip(names, (cell.strip(' "') for cell in cells), strict=False)))
                yield _Table(start, end, names, rows, len(rows))
                break

    def _table(self, table: _Table) -> Finding | None:
        names = frozenset(table.names)
        best: tuple[int, _Compiled] | None = None
        for item in self._rules:
            known = len(item.headers & names)
            if known < item.rule.minimum or not all(group & names for group in item.required):
                continue
            if best is None or known > best[0]:
                best = (known, item)
        if best is not None:
            rows = sum(1 for row in table.rows if _counts(best[1], row))
            return _finding(table.start, table.end, best[1].rule, rows)
        sets = self._sets(table)
        if sets:
            return _finding(table.start, table.end, None, table.count)
        return None

    def _sets(self, table: _Table) -> bool:
        """Two code sets in one table, or one under a telling header beside a date of birth."""
        if table.count < 2:
            return False
        found: set[str] = set()
        sample = list(islice(table.rows, _SAMPLE))
        for name in table.names:
            values = [row.get(name, "").lower() for row in sample]
            values = [value for value in values if value]
            if len(values) < 2 or len(values) * 3 < min(table.count, _SAMPLE):
                continue
            for set_name, codes in self._code_sets.items():
                known = sum(value in codes for value in values)
                if known >= 0.9 * len(values) and any(word in name for word in self._code_headers):
                    found.add(set_name)
        birth = any(_BIRTH.match(name) for name in table.names)
        return len(found) >= 2 or (len(found) == 1 and birth)

    @staticmethod
    def _may_be(item: _Compiled, names: frozenset[str]) -> bool:
        """Whether elements of these names make a return of one rule."""
        return (
            bool(item.elements)
            and len(item.elements & names) >= item.rule.element_minimum
            and all(group & names for group in item.required)
        )

    def _xml(self, view: View) -> Finding | None:
        """A return as XML: raw text, or the labelled values that the XML parser made of it."""
        counts: dict[str, int] = defaultdict(int)
        first: dict[str, tuple[int, int]] = {}
        text = view.text
        if "</" in text:
            for match in _ELEMENT.finditer(text):
                name = plain(match.group(1))
                counts[name] += 1
                first.setdefault(name, match.span())
        else:
            names = {label: plain(label.rsplit("/", 1)[-1]) for label in view.layout.labels()}
            if not any(self._may_be(item, frozenset(names.values())) for item in self._rules):
                return None
            for record, part in view.layout.labelled_fields():
                if record.table is None or len(record.fields) > 2:
                    name = names[part.label]
                    counts[name] += 1
                    first.setdefault(name, (part.start, part.end))
        if len(counts) < 4:
            return None
        found = frozenset(counts)
        for item in self._rules:
            if not self._may_be(item, found):
                continue
            rows = max((counts[name] for name in item.rows), default=0)
            start, end = min(first[name] for name in item.elements & found)
            return _finding(start, end, item.rule, rows)
        return None


def _lines(text: str, start: int, end: int) -> Sequence[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        lines.append((at, stop))
        at = stop + 1
    return lines


def _counts(item: _Compiled, row: Mapping[str, str]) -> bool:
    """Whether a row is one child's: filled, its codes valid, its flag not denied."""
    if item.flagged:
        flags = [value for name, value in row.items() if name in item.flagged]
        if all(_NO.match(value) for value in flags):
            return False
        # Rows of counts ("East, 12, 41, 60") are statistics: a child has a name or a date.
        others = [value for name, value in row.items() if value]
        if sum(1 for value in others if _NUMBER.match(value)) >= len(others) - 1:
            return False
    valid = invalid = 0
    for name, codes in item.codes.items():
        value = row.get(name, "").lower()
        if value:
            valid += value in codes
            invalid += value not in codes
    if item.codes and (valid or invalid):
        return valid >= invalid
    return sum(1 for value in row.values() if value) >= 2 and any(
        _NAME_OR_DATE.search(value) for value in row.values()
    )


def _finding(start: int, end: int, rule: ReturnRule | None, rows: int) -> Finding:
    """A return with so many rows; without a rule it is told by its code sets alone."""
    name = rule.id if rule is not None else "uk.return.code-sets"
    title = rule.title if rule is not None else "children's services extract"
    severity = rule.severity if rule is not None else "critical"
    evidence = (Evidence(EvidenceKind.LABEL, title),)
    confidence = 0.9 if rows else 0.3
    return Finding("CHILD_RETURN", start, end, confidence, name, evidence, f"{severity}:{title}:{rows}")
