"""Small numbers in tables of statistics: counts of one to four people beside a small area.

Who knows the street knows the person: counts below five beside full postcodes, streets or census areas are
suppressed in official statistics (Government Statistical Service, disclosure control for tables).  These are
heuristics on rows as they pass, in linear time: they find what a person should look at, and prove nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from scanner.documents import Segment, place
from scanner.release.model import Objection, Remark, Weight

# Below five is what councils and the Office for National Statistics suppress most often.
SMALL = frozenset(("1", "2", "3", "4"))
_TABLES = 2_000
_COLUMNS = 200
_LONGEST_CELL = 80
_POSTCODE = re.compile(r"\b[A-Z]{1,2}[0-9][A-Z0-9]?[ ]?[0-9][A-Z]{2}\b", re.IGNORECASE)
# Areas of the census: a letter of the country and eight digits; 95 for Northern Ireland.
_AREA_CODE = re.compile(r"(?:[EWSN][0-9]{8}|95[A-Z]{2}[0-9]{2}[A-Z]?[0-9]?)\Z", re.IGNORECASE)
_SMALL_AREA_LABEL = re.compile(
    r"\b(?:post ?codes?|street|road|lsoa|msoa|(?:super )?output area|oa|data ?zone|small area|estate)\b",
    re.IGNORECASE,
)
_LARGER_AREA_LABEL = re.compile(
    r"\b(?:ward|parish|village|locality|neighbou?rhood|school|division)\b", re.IGNORECASE
)
# What a small number under such a name is, whatever else the name says.
_MEASURE_LABEL = re.compile(
    r"\b(?:beds?|bedrooms?|rooms?|floors?|storeys?|band|grade|rank|level|tier|priority|rating|score|stars?|id|ref"
    r"|reference|code|house|door|flat|plot|lot|ward no|ward number|average|mean|median|ratio|percent(?:age)?"
    r"|latitude|longitude|easting|northing|size|weight|length|width)\b|[%£]",
    re.IGNORECASE,
)
_COUNT_LABEL = re.compile(r"\b(?:counts?|number|no|nos|total|cases|people|persons)\b", re.IGNORECASE)
_PERIOD_LABEL = re.compile(
    r"\b(?:year|month|week|day|quarter|period|item|line|row|page|key|price|rate|cost|amount|version|zone)\b",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"[0-9]{1,3}(?:,?[0-9]{3})*\Z")
_SUPPRESSED = frozenset(
    ("*", "**", "-", "–", "..", ":", "c", "[c]", "x", "<5", "< 5", "<3", "<10", "z", "[z]", "n/a")
)
# In running text (a page of a PDF, a short file) a table is lines of an area and nothing but numbers.
_AREA_OF_A_LINE = r"[ \t]*[A-Z]{1,2}[0-9][A-Z0-9]?[ ]?[0-9][A-Z]{2}"
_LINE = re.compile(
    rf"{_AREA_OF_A_LINE}(?:((?:[ \t]+(?:[0-9][0-9,.]{{0,12}}|\*|-|<5|%)){{1,12}})"
    r"|((?:[,;|] ?(?:[0-9][0-9.]{0,12}|\*|-|<5)){1,12}))[ \t\r]*\Z",
    re.IGNORECASE,
)
_LINES_OF_A_TABLE = 3


class _Area(IntEnum):
    """How small an area is."""

    NONE = 0
    LARGER = 1  # a ward or parish: some thousand people
    SMALL = 2  # a postcode, a street, an area of the census


@dataclass(slots=True)
class _Column:
    """What stands in one column of a table, in rows that name an area."""

    label: str
    filled: int = 0
    numbers: int = 0
    small: Counter[_Area] = field(default_factory=Counter)
    first: dict[_Area, str] = field(default_factory=dict)

    @property
    def counts_people(self) -> bool:
        """Whether the column reads like counts: whole numbers throughout, under a name that is no measure."""
        if self.numbers * 5 < self.filled * 4 or _MEASURE_LABEL.search(self.label):
            return False
        return bool(_COUNT_LABEL.search(self.label)) or _PERIOD_LABEL.search(self.label) is None


@dataclass(slots=True)
class _Table:
    columns: dict[str, _Column] = field(default_factory=dict)
    rows: int = 0


class SmallNumbers:
    """Watches rows of tables; ``objections`` tells which tables have small counts beside small areas."""

    def __init__(self) -> None:
        self._tables: dict[int, _Table] = {}
        self._lines = 0
        self._line_place = ""

    def watch(self, segment: Segment) -> None:
        """Take note of a segment."""
        if segment.table is None or not segment.fields:
            if not segment.fields:
                self._watch_lines(segment)
            return
        table = self._tables.get(segment.table)
        if table is None:
            if len(self._tables) >= _TABLES:
                return
            table = self._tables[segment.table] = _Table()
        area = _Area.NONE
        numbers: list[tuple[int, str]] = []
        for index, one in enumerate(segment.fields[:_COLUMNS]):
            if one.end - one.start > _LONGEST_CELL:
                continue
            text = segment.text[one.start : one.end].strip()
            if not text:
                continue
            level = _area(text, one.label)
            if level:
                area = max(area, level)
            else:
                numbers.append((index, text))
        if not area:
            return
        table.rows += 1
        for index, text in numbers:
            self._count(table, segment, index, text, area)

    def _count(self, table: _Table, segment: Segment, index: int, text: str, area: _Area) -> None:
        one = segment.fields[index]
        name = one.label or _column_name(segment, index)
        column = table.columns.get(name)
        if column is None:
            if len(table.columns) >= _COLUMNS:
                return
            column = table.columns[name] = _Column(one.label)
        column.filled += 1
        if _INTEGER.match(text) or text.lower() in _SUPPRESSED:
            column.numbers += 1
        if text in SMALL:
            column.small[area] += 1
            column.first.setdefault(area, str(place(segment, one.start)))

    def _watch_lines(self, segment: Segment) -> None:
        if len(segment.text) < 8:
            return
        lines = [
            match for line in segment.text.split("\n") if len(line) < 200 and (match := _LINE.match(line))
        ]
        if len(lines) >= _LINES_OF_A_TABLE:
            small = sum(1 for match in lines if SMALL & set(_numbers(match)))
            if small:
                self._lines += small
                self._line_place = self._line_place or str(segment.location)

    def objections(self) -> Iterator[Objection]:
        """One for each table with small counts beside postcodes, streets or areas of the census."""
        for count, where, columns in self._tables_with(_Area.SMALL):
            yield _objection(count, columns, where)
        if self._lines:
            yield _objection(self._lines, "", self._line_place)

    def remarks(self) -> Iterator[Remark]:
        """One for each table with small counts beside larger areas, where a person may judge otherwise."""
        for count, where, columns in self._tables_with(_Area.LARGER):
            yield Remark("small-numbers-wider", _sentence(count, columns, _LARGER_AREA), where, count)

    def _tables_with(self, area: _Area) -> Iterator[tuple[int, str, str]]:
        for table in self._tables.values():
            found = [
                column for column in table.columns.values() if column.small[area] and column.counts_people
            ]
            # A single row about one place is a record and no table of statistics.
            if found and table.rows > 1:
                names = ", ".join(f'"{column.label}"' for column in found[:5] if column.label)
                yield sum(column.small[area] for column in found), found[0].first[area], names


_LARGER_AREA = "beside wards, schools or villages: consider whether anybody could be recognised."


def _objection(count: int, columns: str, where: str) -> Objection:
    return Objection(
        "small-numbers",
        Weight.MEDIUM,
        _sentence(count, columns, "beside postcodes or small areas: neighbours know who is meant."),
        "Suppress counts below 5 (and what they could be worked out from), or use larger areas.",
        where,
        count,
    )


def _sentence(count: int, columns: str, rest: str) -> str:
    cells = f"{count:,} {'count' if count == 1 else 'counts'} of 1 to 4"
    return f"{cells} under {columns} {rest}" if columns else f"{cells} {rest}"


def _numbers(line: re.Match[str]) -> list[str]:
    return line[1].split() if line[1] else re.split("[,;| ]+", line[2])


def _column_name(segment: Segment, index: int) -> str:
    """The column of a cell without its row: "C" of "C14"."""
    return segment.cells[index].rstrip("0123456789") if index < len(segment.cells) else str(index)


def _area(text: str, label: str) -> _Area:
    """What kind of area a cell names."""
    if _INTEGER.match(text) or text.lower() in _SUPPRESSED:
        return _Area.NONE
    if _POSTCODE.search(text) or _AREA_CODE.match(text) or (label and _SMALL_AREA_LABEL.search(label)):
        return _Area.SMALL
    return _Area.LARGER if label and _LARGER_AREA_LABEL.search(label) else _Area.NONE
