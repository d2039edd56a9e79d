"""Legacy Word documents (DOC of Word 6 to 2003): stories, what is hidden in them, what is left over."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.labelled_table import LabelledTable, label_before
from scanner.documents.parsers.looks import parted
from scanner.documents.parsers.office.compound_file import (
    CompoundFile,
    embedded_objects,
    macros,
    open_or_scan,
)
from scanner.documents.parsers.office.office_encryption import office_lock, scheme
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.parsers.office.property_sets import property_events
from scanner.documents.parsers.office.residue import left_over
from scanner.documents.parsers.pictures.embedded_pictures import picture_extents, picture_gap
from scanner.documents.parsers.word import word_binary
from scanner.documents.parsers.word.word_binary import Run, WordFile
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import Cell, Row
from scanner.text import Field

_PARAGRAPH = re.compile("[\r\x07\x0c]")
_MARKS = re.compile("[\x13\x14\x15]")
_NOTE_MARK = re.compile(r"(?<=\w)\x02")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Marks of notes, comments, pictures and objects are dropped; breaks and special hyphens are text.
_CHARACTERS: dict[int, str | None] = dict.fromkeys(range(32)) | {
    0x09: "\t", 0x0B: "\n", 0x0E: "\n", 0x1E: "\u2011", 0x1F: "\u00ad",
}  # fmt: skip
_WHITE = "white text"
_MOST_COLUMNS = 1_000  # Word has 63 at most: more are cells whose row ends are lost
_HEADERS = ("header", "header", "footer", "footer", "header", "footer")
_SEPARATORS = 6  # stories in front of the headers: lines above footnotes
_UTF16_TEXT = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){6,}")


class DocParser:
    """Reads legacy Word documents by their piece table."""

    kinds = frozenset({"doc"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield body, notes, headers, comments, text boxes; then residue, properties, embedded objects."""
        for event in open_or_scan(source, "doc"):
            if isinstance(event, CompoundFile):
                yield from _document(event)
            else:
                yield event


def _document(file: CompoundFile) -> Iterator[Event]:
    main = file.read("WordDocument")
    if word_binary.is_encrypted(main):
        info = file.read(word_binary.table_name(main))[:4096]
        if word_binary.is_obfuscated(main):
            protection, method = Protection.WEAK, "Word XOR"
        else:
            protection, method = scheme(info)
        yield office_lock(file.data, "", protection, method)
        # The properties of a document stay readable unless they are encrypted with it.
        yield from property_events(file)
        return
    try:
        table = file.read(word_binary.table_name(main))
        word = word_binary.read_header(main, table)
    except struct.error:
        yield Gap(HERE, Shortfall.DAMAGED, "header of the Word document")
        yield from left_over(main, 0, len(main))
    else:
        yield from stories(word)
        if word.truncated:
            yield Gap(HERE, Shortfall.DAMAGED, "the piece table points outside of the text")
        yield from _residue(word)
        yield from _tables_of_words(word)
    yield from property_events(file)
    data = file.read("Data")
    yield from _strings(data, Location(("field data",)), "field data")
    yield from embedded_objects(file, file.storages(("ObjectPool",)), HERE)
    yield from macros(file, "Macros")
    yield from picture_gap((data, main))
    yield from file.take_gaps()


# the stories


@dataclass(slots=True)
class _Story:
    """A part of the text with a place and a reason of its own."""

    start: int
    end: int
    place: Location
    hidden: str = ""
    numbered: bool = False


def stories(word: WordFile) -> Iterator[Event]:
    """Yield the text of a document, by its stories."""
    text = word_binary.text_of(word, word_binary.codec(word))
    hidden = _seen_on_colours(word, word_binary.hidden_runs(word))
    marks, known = word_binary.paragraph_runs(word)
    tables = count(1)
    authors: set[str] = set()
    for story in _divided(word, len(text)):
        concealed = hidden
        if story.place.parts and "text box" in story.place.parts[0]:
            concealed = [run for run in hidden if run[2] != _WHITE]  # a box may have any ground
        walk = _StoryWalk(story, concealed, marks, known, tables)
        yield from walk.read(text)
        if story.hidden == "comment":
            yield from _comment_author(word, story, authors)


def _seen_on_colours(word: WordFile, hidden: list[Run]) -> list[Run]:
    """Leave out white text that stands on a colour."""
    if not any(reason == _WHITE for _, _, reason in hidden):
        return hidden
    grounds = word_binary.coloured_runs(word)
    return [
        run
        for run in hidden
        if run[2] != _WHITE or not word_binary.reason_at(grounds, (run[0] + run[1]) // 2)
    ]


def _divided(word: WordFile, length: int) -> Iterator[_Story]:
    """Divide the text by the counts of the header, and each part by its own list of positions."""
    pair = word.pair
    parts: tuple[tuple[str, list[int]], ...] = (
        ("body", []),
        ("footnote", word_binary.positions(pair(word_binary.FOOTNOTE_TEXTS), 0)),
        ("header", word_binary.positions(pair(word_binary.HEADER_TEXTS), 0)),
        ("macro", []),
        ("comment", word_binary.positions(pair(word_binary.COMMENT_TEXTS), 0)),
        ("endnote", word_binary.positions(pair(word_binary.ENDNOTE_TEXTS), 0)),
        ("text box", word_binary.positions(pair(word_binary.TEXT_BOXES), 22)),
        ("header text box", word_binary.positions(pair(word_binary.HEADER_TEXT_BOXES), 22)),
    )
    start = 0
    for (name, bounds), size in zip(parts, word.stories, strict=True):
        end = min(length, start + size)
        if name == "body":
            yield _Story(start, end, HERE, numbered=True)
        elif end > start:
            yield from _divided_story(name, start, end, bounds)
        start = end
    if start < length:
        yield _Story(start, length, Location(("behind the text",)))


def _divided_story(name: str, start: int, end: int, bounds: list[int]) -> Iterator[_Story]:
    hidden = "comment" if name == "comment" else ""
    at = start
    for number, bound in enumerate(bounds[1:], 1):
        stop = min(end, start + bound)
        if stop > at:
            place = f"{name} {number}"
            if name == "header":
                index = number - 1 - _SEPARATORS
                place = _HEADERS[index % 6] if index >= 0 else "note separator"
            yield _Story(at, stop, Location((place,)), hidden)
            at = stop
    if at < end:
        yield _Story(at, end, Location((name,)), hidden)


def _comment_author(word: WordFile, story: _Story, authors: set[str]) -> Iterator[Event]:
    """Author (and initials) of a comment, each person once."""
    number = story.place.parts[0].rpartition(" ")[2]
    references = word.pair(word_binary.COMMENT_REFERENCES)
    total = (len(references) - 4) // 34
    index = int(number) - 1 if number.isdecimal() else -1
    if not 0 <= index < total:
        return
    item = references[4 * (total + 1) + 30 * index :][:30]
    length, author = min(9, item[0]), int.from_bytes(item[20:22], "little")
    names = list(word_binary.counted_strings(word.pair(word_binary.COMMENT_AUTHORS)))
    found = [item[2 : 2 + 2 * length].decode("utf-16-le", "replace")]
    if author < len(names):
        found.insert(0, names[author])
    for name in found:
        if name.strip() and name not in authors:
            authors.add(name)
            yield record([("Author", name)], story.place / "author", "author of a comment")


class _StoryWalk:
    """One story as paragraphs and table rows."""

    def __init__(
        self, story: _Story, hidden: list[Run], marks: list[Run], known: bool, tables: Iterator[int]
    ) -> None:
        self._story = story
        self._hidden = hidden
        self._marks = marks
        self._known = known
        self._tables = tables
        self._number = 0
        self._fields: list[bool] = []  # for each open field, whether its instruction is over
        self._instruction: list[str] = []
        self._ready: list[Segment] = []
        self._rows: LabelledTable | None = None
        self._table_place = HERE
        self._row = 0
        self._cells: list[Cell] = []
        self._lines: list[str] = []
        self._column = 0
        self._inner_rows: LabelledTable | None = None
        self._inner_place = HERE
        self._inner_row = 0
        self._inner_cells: list[str] = []
        self._inner_lines: list[str] = []
        self._next = 0  # the first hidden run that may still matter

    def read(self, text: str) -> Iterator[Segment]:
        """Yield the segments of the story."""
        start, end = self._story.start, self._story.end
        while start < end:
            found = _PARAGRAPH.search(text, start, end)
            stop = found.start() if found else end
            self._paragraph(text, start, stop, found.group() if found else "\r")
            start = stop + 1
            if self._ready:
                yield from self._ready
                self._ready.clear()
        self._end_table()
        if self._instruction:
            self._end_instruction()
        yield from self._ready

    def _paragraph(self, text: str, start: int, stop: int, end_mark: str) -> None:
        mark = word_binary.reason_at(self._marks, stop) if self._marks else ""
        shown = self._shown(text, start, stop)
        if end_mark == "\x07":
            empty = not shown and not self._lines
            row_end = "row" in mark if self._known else empty and self._column > 0
            if not row_end:
                self._lines.append(shown)
                self._end_cell()
            else:
                self._end_row(header=mark == "header row")
            return
        if mark.startswith("inner"):
            self._inner_paragraph(shown.strip(), mark)
            return
        self._end_inner_table()
        if self._known and mark == "cell":
            self._open_table()
            if shown.strip():
                self._lines.append(shown.strip())
            return
        self._end_table()
        if shown.strip():
            self._emit(shown.strip(), self._here())
            self._number += 1

    def _here(self) -> Location:
        if self._rows is not None:
            return self._table_place / f"row {self._row + 1}"
        place = self._story.place
        return place / f"paragraph {self._number + 1}" if self._story.numbered else place

    def _emit(self, text: str, place: Location, hidden: str = "", label: str = "") -> None:
        fields = (Field(0, len(text), label),) if label else ()
        self._ready.append(Segment(text, place, self._story.hidden or hidden, fields))

    # tables

    def _open_table(self) -> None:
        if self._rows is None:
            number = next(self._tables)
            self._table_place = self._story.place / f"table {number}"
            self._rows = LabelledTable(number, self._emit_row)
            self._row = 0

    def _emit_row(self, segment: Segment) -> None:
        hidden = self._story.hidden or segment.hidden
        self._ready.append(
            Segment(segment.text, segment.location, hidden, segment.fields, segment.cells, segment.table)
        )

    def _inner_paragraph(self, text: str, mark: str) -> None:
        """A paragraph of a table inside of a cell; it may end a cell or a row of that."""
        if self._inner_rows is None:
            self._open_table()
            number = next(self._tables)
            self._inner_rows = LabelledTable(number, self._emit_row)
            self._inner_place = self._story.place / f"table {number}"
            self._inner_row = 0
        if mark != "inner row":
            if text:
                self._inner_lines.append(text)
            if mark == "inner cell":
                self._end_inner_cell()
            return
        if self._inner_lines:
            self._end_inner_cell()
        self._inner_row += 1
        cells = [Cell(column, words) for column, words in enumerate(self._inner_cells) if words]
        self._inner_cells.clear()
        if cells:
            self._inner_rows.add(Row(self._inner_row, cells, self._inner_place / f"row {self._inner_row}"))

    def _end_inner_cell(self) -> None:
        self._inner_cells.append("\n".join(self._inner_lines))
        self._inner_lines.clear()

    def _end_inner_table(self) -> None:
        rows, self._inner_rows = self._inner_rows, None
        if rows is not None:
            if self._inner_cells or self._inner_lines:
                self._inner_rows = rows
                self._inner_paragraph("", "inner row")
                self._inner_rows = None
            rows.end()

    def _end_cell(self) -> None:
        self._end_inner_table()
        self._open_table()
        text = "\n".join(line for line in self._lines if line.strip()).strip()
        self._lines.clear()
        if text:
            self._cells.append(Cell(self._column, text))
        self._column += 1
        if self._column >= _MOST_COLUMNS:
            self._end_row()

    def _end_row(self, *, header: bool = False) -> None:
        self._open_table()
        if self._lines:
            self._end_cell()
        self._row += 1
        cells, self._cells = self._cells, []
        self._column = 0
        if cells and self._rows is not None:
            place = self._table_place / f"row {self._row}"
            self._rows.add(Row(self._row, cells, place, header=header))

    def _end_table(self) -> None:
        self._end_inner_table()
        if self._rows is None:
            return
        if self._lines or self._cells:
            self._end_row()
        self._rows.end()
        self._rows = None

    # characters

    def _shown(self, text: str, start: int, stop: int) -> str:
        """The visible text of a paragraph; what is hidden in it goes out at once, under its reason."""
        hidden = self._runs_between(start, stop)
        if not hidden and not self._fields and not _MARKS.search(text, start, stop):
            return _clean(text[start:stop])
        visible: list[str] = []
        stretches: list[tuple[str, list[str], str]] = []
        previous = ""
        for piece, reason in self._pieces(text, start, stop, hidden):
            if not reason:
                visible.append(piece)
            elif reason == previous:
                stretches[-1][1].append(piece)
            else:
                label = label_before("".join(visible[-8:]))
                stretches.append((reason, [piece], label))
            previous = reason
        for reason, pieces, label in stretches:
            concealed = _clean("".join(pieces))
            if concealed.strip():
                reason, words = parted(reason)
                self._emit(concealed, self._here() / words, reason, label)
        return _clean("".join(visible))

    def _runs_between(self, start: int, stop: int) -> list[Run]:
        runs = self._hidden
        while self._next < len(runs) and runs[self._next][1] <= start:
            self._next += 1
        index = self._next
        found = []
        while index < len(runs) and runs[index][0] < stop:
            found.append(runs[index])
            index += 1
        return found

    def _pieces(self, text: str, start: int, stop: int, hidden: list[Run]) -> Iterator[tuple[str, str]]:
        at = start
        for first, last, reason in hidden:
            if first > at:
                yield from self._without_fields(text[at : min(first, stop)], "")
                at = first
            if last > at:
                yield from self._without_fields(text[at : min(last, stop)], reason)
                at = last
        if at < stop:
            yield from self._without_fields(text[at:stop], "")

    def _without_fields(self, text: str, reason: str) -> Iterator[tuple[str, str]]:
        """Text as it is shown: the instructions of fields are gathered, their results are text."""
        at = 0
        for match in _MARKS.finditer(text):
            yield from self._shown_piece(text[at : match.start()], reason)
            at = match.end()
            if match.group() == "\x13":
                self._fields.append(False)
            elif self._fields:
                self._end_instruction()
                if match.group() == "\x14":
                    self._fields[-1] = True
                else:
                    self._fields.pop()
        yield from self._shown_piece(text[at:], reason)

    def _shown_piece(self, text: str, reason: str) -> Iterator[tuple[str, str]]:
        if text and self._fields and not self._fields[-1]:
            self._instruction.append(text)
        elif text:
            yield text, reason

    def _end_instruction(self) -> None:
        text = _clean("".join(self._instruction)).strip()
        self._instruction.clear()
        # One bare word (PAGE, TOC) is a command without a value.
        if " " in text:
            self._emit(text, self._here() / "field", "field instruction")


def _clean(text: str) -> str:
    if "\x02" in text:
        # The number of a note stands here, and parts what stands before and behind it.
        text = _NOTE_MARK.sub(" ", text)
    text = text.translate(_CHARACTERS)
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


# what stands around the text


def _residue(word: WordFile) -> Iterator[Event]:
    """Text that no piece refers to: what was deleted before the file was saved quickly."""
    taken = [(piece.offset, piece.offset + piece.count * piece.width) for piece in word.pieces]
    taken += [(offset, offset + 512) for offset in word_binary.page_offsets(word)]
    taken += word_binary.table_extents(word)
    taken += picture_extents(word.main)
    taken.append((0, 0x600 if word.nfib >= word_binary.WORD_6 else 0x300))
    taken.sort()
    free: list[tuple[int, int]] = []
    at = 0
    for start, end in taken:
        if start > at:
            free.append((at, start))
        at = max(at, end)
    if at < len(word.main):
        free.append((at, len(word.main)))
    for start, end in free:
        yield from left_over(word.main, start, end)


def _tables_of_words(word: WordFile) -> Iterator[Event]:
    """Authors of changes, who saved the file where, document variables."""
    authors = word_binary.strings(word.pair(word_binary.CHANGE_AUTHORS))
    for author in dict.fromkeys(authors):
        if author.strip() and author != "Unknown":
            yield record([("Author", author)], HERE / "author of a change", "author of a change")
    saved = word_binary.strings(word.pair(word_binary.SAVED_BY))
    for author, path in zip(saved[::2], saved[1::2], strict=False):
        place = HERE / "document properties" / "saved by"
        yield record([("saved by", author), ("path", path)], place, "document properties")
    for number, text in enumerate(word_binary.strings(word.pair(word_binary.ASSOCIATED))):
        # Title, author and the like stand in the properties; here only the mail merge's two files.
        if number in (8, 9) and text.strip():
            yield record([("data source", text)], HERE / "mail merge", "mail merge")
    variables = word.pair(word_binary.VARIABLES)
    for text in _runs(variables):
        yield Segment(text, HERE / "document variable", "document variable")


def _runs(data: bytes) -> Iterator[str]:
    for match in _UTF16_TEXT.finditer(data):
        yield match[0].decode("utf-16-le")


def _strings(data: bytes, place: Location, hidden: str) -> Iterator[Event]:
    for text in dict.fromkeys(_runs(data)):
        yield Segment(text, place, hidden)
