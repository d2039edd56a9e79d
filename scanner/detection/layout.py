"""Layout: the tables, form fields and paragraphs of a passage, declared by its source or found in it.

A column header is context for every cell beneath it and a form label for its value; a row, a run of
form lines or a paragraph is a *record*: what stands together about one person.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from scanner.detection.payment_files import fields_of, is_payment
from scanner.detection.typed_values import named_by_type
from scanner.text import Block, Field, Passage, words_apart


class _Columns(NamedTuple):
    """The columns of a discovered table: what it takes to read the cells of one of its rows."""

    text: str
    delimiter: str
    header: tuple[tuple[int, int], ...]
    names: tuple[str, ...]

    def cells(self, start: int, end: int) -> tuple[Field, ...]:
        """The fields of the row ``text[start:end]``."""
        spans = _row_spans(self.text, start, end, self.delimiter)
        names, header = self.names, self.header
        fields: list[Field] = []
        for number, (first, last) in enumerate(spans):
            if self.delimiter == "  " and len(spans) != len(names):
                # Aligned columns with empty cells: the header that starts nearest above.
                offset = first - start
                number = min(range(len(header)), key=lambda i: abs(header[i][0] - header[0][0] - offset))
            if first < last:
                fields.append(Field(first, last, names[number] if number < len(names) else names[-1]))
        return tuple(fields)


class Record:
    """A table row, a paragraph, or a run of form lines; ``fields`` are its cells or values, in order.

    ``table`` numbers the table a row belongs to, ``None`` outside tables.  ``hidden`` says that a
    reader of the document does not see it.  The cells of a discovered table are read when they are asked
    for: most rows of most tables are never looked at.
    """

    __slots__ = ("_columns", "_fields", "end", "hidden", "index", "start", "table")

    def __init__(
        self,
        start: int,
        end: int,
        index: int,
        table: int | None = None,
        hidden: bool = False,
        fields: tuple[Field, ...] = (),
        columns: _Columns | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.index = index
        self.table = table
        self.hidden = hidden
        self._fields = fields
        self._columns = columns

    @property
    def unread(self) -> _Columns | None:
        """The columns of a discovered row whose cells nobody has asked for yet."""
        return self._columns

    @property
    def filled(self) -> bool:
        """Whether any cell or value holds something, without reading them."""
        columns = self._columns
        if columns is None:
            return bool(self._fields)
        return bool(columns.text[self.start : self.end].strip(_EDGES + columns.delimiter))

    @property
    def fields(self) -> tuple[Field, ...]:
        """The cells of a row or the labelled values of a form, in order."""
        if self._columns is not None:
            self._fields = self._columns.cells(self.start, self.end)
            self._columns = None
        return self._fields

    def label_at(self, position: int) -> str:
        """The header or label over ``position``, without reading the other cells of a row."""
        columns = self._columns
        if (
            columns is not None
            and columns.delimiter in _PLAIN_DELIMITERS
            and columns.text[position].isalnum()
        ):
            start = self.start
            if columns.text.find('"', start, self.end) < 0:
                number = columns.text.count(columns.delimiter, start, position)
                return columns.names[min(number, len(columns.names) - 1)]
        field = self.field_at(position)
        return field.label if field is not None else ""

    def field_at(self, position: int) -> Field | None:
        """The cell or value that holds ``position``; of an unread row that cell alone is read."""
        columns = self._columns
        if columns is not None and columns.delimiter in _PLAIN_DELIMITERS:
            text, mark = columns.text, columns.delimiter
            if text.find('"', self.start, self.end) < 0:
                end = text.find(mark, position, self.end)
                first, last = _trim(
                    text,
                    max(self.start, text.rfind(mark, self.start, position) + 1),
                    self.end if end < 0 else end,
                )
                number = min(text.count(mark, self.start, position), len(columns.names) - 1)
                return Field(first, last, columns.names[number]) if first <= position < last else None
        fields = self.fields
        if len(fields) > _MANY_FIELDS:
            index = bisect_right(fields, position, key=lambda field: field.start) - 1
            return fields[index] if index >= 0 and position < fields[index].end else None
        for field in fields:
            if field.start <= position < field.end:
                return field
        return None


class Layout:
    """Records and fields of one passage, with look-ups by position (all offsets in its text)."""

    def __init__(self, text: str, records: Sequence[Record]) -> None:
        self.text = text
        self.records = tuple(records)
        self._starts = [record.start for record in self.records]

    def record_at(self, position: int) -> Record | None:
        """The record that holds ``position``, or ``None`` between records."""
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return None
        record = self.records[index]
        return record if position < record.end else None

    def field_at(self, position: int) -> Field | None:
        """The table cell or form value that holds ``position``."""
        record = self.record_at(position)
        if record is None:
            return None
        return record.field_at(position)

    def label_at(self, position: int) -> str:
        """The column header or form label over ``position``, as written; empty where there is none."""
        record = self.record_at(position)
        if record is None:
            return ""
        return record.label_at(position)

    def records_with(self, wanted: Callable[[str], bool]) -> Iterator[Record]:
        """The records with a label that is ``wanted``, in order.

        ``wanted`` is asked once for each different label; tables none of whose headers is wanted are
        passed over without reading their cells.
        """
        answers: dict[str, bool] = {"": False}
        tables: dict[int, bool] = {}
        for record in self.records:
            columns = record.unread
            if columns is not None:
                # One object for all rows of a table: it stands for them here.
                answer = tables.get(id(columns))
                if answer is None:
                    answer = tables[id(columns)] = any(name and wanted(name) for name in columns.names)
                if answer:
                    yield record
                continue
            for field in record.fields:
                label = field.label
                answer = answers.get(label)
                if answer is None:
                    answer = answers[label] = wanted(label)
                if answer:
                    yield record
                    break

    def labels(self) -> frozenset[str]:
        """Every different label and header."""
        found: set[str] = set()

        def note(label: str) -> bool:
            found.add(label)
            return False

        for _ in self.records_with(note):
            break
        return frozenset(found)

    def labelled_fields(self, wanted: Callable[[str], bool] = bool) -> Iterator[tuple[Record, Field]]:
        """Every field with a label that is ``wanted``, in order; ``wanted`` is asked once for each label."""
        answers: dict[str, bool] = {"": False}

        def answer(label: str) -> bool:
            known = answers.get(label)
            if known is None:
                known = answers[label] = wanted(label)
            return known

        for record in self.records_with(answer):
            for field in record.fields:
                if answer(field.label):
                    yield record, field

    def line_span(self, position: int) -> tuple[int, int]:
        """The line that holds ``position``, without its line break."""
        start = self.text.rfind("\n", 0, position) + 1
        end = self.text.find("\n", position)
        return start, len(self.text) if end < 0 else end


# A form label: up to 48 characters that begin with a letter and end in a colon, or that are followed
# by dot leaders or underscores.
_PAIR = re.compile(
    r"(?:^|(?<=  )|(?<=\t)|(?<=[|;,>•*\[(]\s)|(?<=[|;>*]))"
    r"[ \t>*•\-]{0,6}"
    r"(?P<label>[A-Za-z][A-Za-z0-9 _/'()&.,#\-]{0,46}?[A-Za-z0-9).?#])"
    r"\**[ \t]{0,3}(?::|=|\.{3,}|_{2,}|…)[ \t_.]{0,60}"
)
_JSON_PAIR = re.compile(
    r'"(?P<label>[A-Za-z_][^"\n]{0,46})"[ \t]*:[ \t]*(?P<value>"[^"\n]{0,2000}"|[^",\s{}\[\]]+)'
)
_XML_PAIR = re.compile(
    r"<(?P<label>[A-Za-z][\w:.\-]{0,60})[^<>]{0,200}>(?P<value>[^<>\n]{1,500})</(?P=label)>"
)
_PROSE_LABEL = re.compile(r"\b(?:https?|mailto|re|fw|fwd)$", re.IGNORECASE)

_HEADER_LIST = """
name names surname forename forenames firstname lastname first last middle full known title initials
dob birth born age sex gender ethnicity religion address addr street road town city county postcode
post code house flat number no nos num ref reference id upn uln nhs chi nino ni hcn uprn email mail
phone telephone tel mobile contact date start end from to status type category year month week day
time amount balance total cost price paid due qty quantity value rate code description item account
sort bank payee payroll staff employee role job team department service ward area school class form
tutor group placement worker allocated social carer parent guardian mother father child pupil
student learner patient client tenant applicant claimant customer case notes note comment comments
reason outcome decision legal review plan register need needs vehicle reg vrm make model badge
permit licence passport nationality language relationship household uniqueid key field value subject
sender recipient who owner officer clerk clerks venue borrower elector party
journal narrative period debit credit nominal ledger
part parts desc stock sku qoh serial asset
attendance exclusion session diagnosis gp practice surgery hospital
"""
_HEADER_WORDS = frozenset(_HEADER_LIST.split())
_LABEL_TOKEN = re.compile(r"[A-Za-z]+")
# What stands around the value of a cell and is none of it.
_EDGES = ' \t"\r*'
# What no header cell holds, once its abbreviations are taken out: a colon or a full stop at its end.
_SENTENCE_CELL = re.compile(r"[:.]$|\. ")
_SHORTENED = re.compile(
    r"\b(?:nos?|nr|num|reg|refs?|tel|mob|addr|ins|acct?|ext|pref|prev|orig|dept|approx|qty"
    r"|[a-z](?:\.[a-z])+)\.(?= |$)",
    re.IGNORECASE,
)
_MULTI_SPACE = re.compile(r" {2,}|\t+")
# Tildes, carets, broken bars and "not" signs part the fields of older systems' exports.
_LEGACY_DELIMITERS = ("~", "^", "¬", "¦")
_DELIMITERS = ("\t", "|", *_LEGACY_DELIMITERS, ";", ",")
# Delimiters that stand between cells and nowhere else, unless the line holds quotes.
_PLAIN_DELIMITERS = frozenset(("\t", *_LEGACY_DELIMITERS, ";", ","))
# From so many fields on, the one at a place is found by bisection.
_MANY_FIELDS = 16
# A header names its columns: longer cells are sentences.
_MAX_HEADER_CELL = 48
# Lines further down than this are not searched for the table of a header (memory, not meaning).
_MAX_BLOCK_LINES = 200_000


def _camel_words(label: str) -> list[str]:
    return [word.lower() for word in _LABEL_TOKEN.findall(words_apart(label))]


def _is_header(cells: Sequence[str], delimiter: str) -> bool:
    """Whether these cells name columns: short, few digits, at least one word that names a column."""
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or len(filled) * 2 < len(cells):
        return False
    if any(len(cell) > _MAX_HEADER_CELL for cell in filled):
        return False
    lettered = sum(1 for cell in filled if cell[0].isalpha() or cell[0] in "#*\"'")
    if lettered < 0.8 * len(filled):
        return False
    if sum(character.isdigit() for cell in filled for character in cell) > 0.15 * sum(map(len, filled)):
        return False
    named = sum(1 for cell in filled if any(word in _HEADER_WORDS for word in _camel_words(cell)))
    if len(filled) == 2 and delimiter in ("|", "  "):
        # "Employee   Ann Smith" is a form line; "Name   Balance" heads a table.
        return named == 2
    return named * 2 >= len(filled) or (named >= 2 and len(filled) >= 4)


def _split(line: str, base: int, delimiter: str) -> list[tuple[int, int]]:
    """The cell spans (in the passage) of one line; quoted cells may hold the delimiter."""
    spans: list[tuple[int, int]] = []
    if delimiter == "  ":
        at = 0
        for gap in _MULTI_SPACE.finditer(line):
            spans.append((base + at, base + gap.start()))
            at = gap.end()
        spans.append((base + at, base + len(line)))
    elif '"' not in line or delimiter == "|":
        at = 0
        while True:
            found = line.find(delimiter, at)
            if found < 0:
                spans.append((base + at, base + len(line)))
                break
            spans.append((base + at, base + found))
            at = found + 1
    else:
        at, quoted = 0, False
        for index, character in enumerate(line):
            if character == '"':
                quoted = not quoted
            elif character == delimiter and not quoted:
                spans.append((base + at, base + index))
                at = index + 1
        spans.append((base + at, base + len(line)))
    return spans


def _row_spans(text: str, start: int, end: int, delimiter: str) -> list[tuple[int, int]]:
    """The trimmed cell spans of one row; the empty ones outside the outer bars of a drawn table left out."""
    spans = [_trim(text, *span) for span in _split(text[start:end], start, delimiter)]
    if delimiter == "|":
        if spans and spans[0][0] == spans[0][1]:
            spans = spans[1:]
        if spans and spans[-1][0] == spans[-1][1]:
            spans = spans[:-1]
    return spans


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGES:
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    return start, end


def _names_field(cell: str) -> bool:
    """Whether a cell reads as a field's name: short, letters first, with a word that names a field."""
    return (
        len(cell) <= _MAX_HEADER_CELL
        and cell[0].isalpha()
        and any(word in _HEADER_WORDS for word in _camel_words(cell))
        and sum(character.isdigit() for character in cell) <= 1
    )


class _Discovery:
    """Finds records in plain text: one pass over its lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.records: list[Record] = []
        self.tables = 0
        # The last row (its number in the block) that showed two comma-parted cells to be a sentence: what
        # begins above it in the same block is none of them a table either, and is not read down to it again.
        self._long_row = -1

    def add(
        self,
        start: int,
        end: int,
        fields: tuple[Field, ...],
        table: int | None,
        hidden: bool,
        columns: _Columns | None = None,
    ) -> None:
        self.records.append(Record(start, end, len(self.records), table, hidden, fields, columns))

    def declared(self, block: Block) -> None:
        fields = named_by_type(self.text, block.fields)
        self.add(block.start, block.end, fields, block.table, block.hidden)
        if block.table is not None:
            self.tables = max(self.tables, block.table + 1)

    def plain(self, start: int, end: int, hidden: bool) -> None:
        """Discover the records of ``text[start:end]``."""
        lines: list[tuple[int, int]] = []
        at = start
        text = self.text
        while at < end:
            stop = text.find("\n", at, end)
            if stop < 0:
                stop = end
            if text[at:stop].strip() and len(lines) < _MAX_BLOCK_LINES:
                lines.append((at, stop))
            elif lines:
                self._block(lines, hidden)
                lines = [(at, stop)] if text[at:stop].strip() else []
            at = stop + 1
        if lines:
            self._block(lines, hidden)

    def _block(self, lines: list[tuple[int, int]], hidden: bool) -> None:
        """One run of lines without a blank line: tables in it, and form lines or prose around them."""
        index = 0
        self._long_row = -1
        loose: list[tuple[int, int]] = []
        while index < len(lines):
            taken = 0
            if len(lines) - index >= 2:
                taken = (
                    self._table(lines, index, loose, hidden)
                    or self._list(lines, index, loose, hidden)
                    or self._payments(lines, index, loose, hidden)
                )
            if taken:
                loose = []
                index += taken
            else:
                loose.append(lines[index])
                index += 1
        if loose:
            self._form(loose, hidden)

    def _table(
        self, lines: list[tuple[int, int]], first: int, loose: list[tuple[int, int]], hidden: bool
    ) -> int:
        """Take the table whose header stands at ``first``; the number of lines taken, 0 if none."""
        text = self.text
        start, end = lines[first]
        line = text[start:end]
        for delimiter in (*_DELIMITERS, "  "):
            if delimiter not in line and not (delimiter == "  " and "\t" in line):
                continue
            header = _row_spans(text, start, end, delimiter)
            names = [text[a:b] for a, b in header]
            if len(names) < 2 or not _is_header(names, delimiter):
                continue
            if len(names) == 2 and self._labels_down(lines[first + 1 : first + 4], delimiter):
                continue
            if delimiter in ",;" and any(_SENTENCE_CELL.search(_SHORTENED.sub("", name)) for name in names):
                continue
            halves = delimiter == "," and len(names) == 2
            if halves and first < self._long_row:
                continue
            columns = _Columns(text, delimiter, tuple(header), tuple(names))
            rows: list[tuple[int, int]] = []
            taken = 1
            for row_start, row_end in lines[first + 1 :]:
                if delimiter == "|" and not text[row_start:row_end].strip(" |-:+=\t\r"):
                    taken += 1
                    continue
                if not self._fits(delimiter, len(names), self._count(row_start, row_end, delimiter)):
                    break
                if halves and (row_end - row_start > 120 or len(columns.cells(row_start, row_end)) > 2):
                    # Rows of two cells are cells and not two halves of sentences.
                    self._long_row = first + taken
                    rows = []
                    break
                rows.append((row_start, row_end))
                taken += 1
            if not rows:
                continue
            if loose:
                self._form(loose, hidden)
            table = self.tables
            self.tables += 1
            self.add(start, end, (), table, hidden)
            for row_start, row_end in rows:
                self.add(row_start, row_end, (), table, hidden, columns)
            return taken
        return 0

    def _count(self, start: int, end: int, delimiter: str) -> int:
        """The number of cells of one row."""
        if delimiter in _PLAIN_DELIMITERS and self.text.find('"', start, end) < 0:
            return self.text.count(delimiter, start, end) + 1
        return len(_row_spans(self.text, start, end, delimiter))

    def _list(
        self, lines: list[tuple[int, int]], first: int, loose: list[tuple[int, int]], hidden: bool
    ) -> int:
        """Take a table of one column: a heading that names a field, and codes beneath it."""
        text = self.text
        heading = text[slice(*lines[first])].strip(" \t\r:*#|-")
        if not heading or not _names_field(heading):
            return 0
        values: list[tuple[int, int]] = []
        for start, end in lines[first + 1 :]:
            span = _trim(text, start, end)
            value = text[slice(*span)]
            digits = sum(character.isdigit() for character in value)
            if not 4 <= len(value) <= 40 or digits * 2 < len(value):
                break
            values.append(span)
        if len(values) < 2:
            return 0
        if loose:
            self._form(loose, hidden)
            loose.clear()
        table = self.tables
        self.tables += 1
        self.add(*lines[first], (), table, hidden)
        for (start, end), value_span in zip(lines[first + 1 :], values, strict=False):
            self.add(start, end, (Field(*value_span, heading),), table, hidden)
        return 1 + len(values)

    def _payments(
        self, lines: list[tuple[int, int]], first: int, loose: list[tuple[int, int]], hidden: bool
    ) -> int:
        """Take the data records of a payment file from ``first`` on: a table without a header."""
        taken = 0
        for start, end in lines[first:]:
            if not is_payment(self.text[start:end]):
                break
            taken += 1
        if taken:
            if loose:
                self._form(loose, hidden)
                loose.clear()
            table = self.tables
            self.tables += 1
            for start, end in lines[first : first + taken]:
                self.add(start, end, fields_of(self.text[start:end], start), table, hidden)
        return taken

    def _labels_down(self, lines: Sequence[tuple[int, int]], delimiter: str) -> bool:
        """Whether the first cells of these lines name fields: a form in two columns, not a table."""
        firsts: list[str] = []
        for start, end in lines:
            spans = [_trim(self.text, *span) for span in _split(self.text[start:end], start, delimiter)]
            cells = [self.text[a:b] for a, b in spans if a < b]
            if len(cells) == 2 and cells[0].strip("-: "):
                firsts.append(cells[0])
        return bool(firsts) and sum(map(_names_field, firsts)) * 2 > len(firsts)

    @staticmethod
    def _fits(delimiter: str, columns: int, cells: int) -> bool:
        if delimiter == "  ":
            return 2 <= cells <= columns + 1
        if delimiter == ",":
            # Unquoted commas inside an address cell are common in hand-made exports.
            return columns <= cells <= columns + 4 and cells >= 2
        return cells >= 2 and abs(cells - columns) <= max(1, columns // 2)

    def _form(self, lines: list[tuple[int, int]], hidden: bool) -> None:
        """A paragraph or a run of form lines: one record, its labelled values as fields."""
        text = self.text
        start, end = lines[0][0], lines[-1][1]
        fields: list[Field] = []
        pending = ""
        for line_start, line_end in lines:
            line = text[line_start:line_end]
            pairs = self._pairs(line)
            if pending and not (pairs and pairs[0][0] == 0):
                value = _trim(text, line_start, line_end if not pairs else line_start + pairs[0][0])
                if value[0] < value[1] and value[1] - value[0] <= 200:
                    fields.append(Field(*value, pending))
            pending = ""
            for label_start, value_start, value_end, label in pairs:
                a, b = _trim(text, line_start + value_start, line_start + value_end)
                if a < b:
                    fields.append(Field(a, b, label))
                elif label_start == pairs[-1][0]:
                    pending = label
        self.add(start, end, named_by_type(text, tuple(fields)), None, hidden)

    @staticmethod
    def _pairs(line: str) -> list[tuple[int, int, int, str]]:
        """``(label start, value start, value end, label)`` of each ``Label: value`` in a line."""
        pairs: list[tuple[int, int, int, str]] = []
        if ":" in line or "=" in line or "..." in line or "__" in line or "…" in line:
            found = [m for m in _PAIR.finditer(line[:4000]) if not _PROSE_LABEL.search(m.group("label"))]
            for number, match in enumerate(found):
                stop = found[number + 1].start() if number + 1 < len(found) else len(line)
                pairs.append((match.start(), match.end(), stop, match.group("label").strip()))
            if not pairs and '"' in line:
                pairs = [
                    (m.start(), m.start("value"), m.end("value"), m.group("label"))
                    for m in _JSON_PAIR.finditer(line[:100_000])
                ]
        if not pairs and "</" in line:
            pairs = [
                (m.start(), m.start("value"), m.end("value"), m.group("label"))
                for m in _XML_PAIR.finditer(line[:100_000])
            ]
        return pairs or _Discovery._columns(line)

    @staticmethod
    def _columns(line: str) -> list[tuple[int, int, int, str]]:
        """``Label   value`` and ``| label | value |`` pairs, where the first cell of each names a field."""
        delimiter = "|" if "|" in line else "  "
        if delimiter == "  " and not (line.find("  ") >= 0 or "\t" in line):
            return []
        if delimiter == "  " and not _MULTI_SPACE.search(line.strip()):
            return []
        spans = [_trim(line, *span) for span in _split(line, 0, delimiter)]
        cells = [(a, b) for a, b in spans if a < b]
        if len(cells) not in (2, 4):
            return []
        pairs: list[tuple[int, int, int, str]] = []
        for (label_start, label_end), (start, end) in zip(cells[::2], cells[1::2], strict=True):
            label = line[label_start:label_end]
            if not _names_field(label):
                return []
            pairs.append((label_start, start, end, label))
        return pairs


def lay_out(passage: Passage) -> Layout:
    """The layout of a passage: declared blocks as they are, plain text as it looks."""
    discovery = _Discovery(passage.text)
    if not passage.blocks:
        discovery.plain(0, len(passage.text), hidden=False)
    discovery.tables = 1 + max((b.table for b in passage.blocks if b.table is not None), default=-1)
    for block in passage.blocks:
        if block.fields or block.table is not None:
            discovery.declared(block)
        else:
            discovery.plain(block.start, block.end, block.hidden)
    return Layout(passage.text, discovery.records)
