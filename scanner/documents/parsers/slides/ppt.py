"""Legacy PowerPoint presentations (PPT of 97 to 2003): slides, notes, comments, masters, deleted slides."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.markup.plain import text_segments
from scanner.documents.parsers.office import ole_object
from scanner.documents.parsers.office.compound_file import CompoundFile, open_or_scan
from scanner.documents.parsers.office.macro_source import macro_segments
from scanner.documents.parsers.office.office_encryption import office_lock
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.parsers.office.property_sets import property_events
from scanner.documents.parsers.office.residue import left_over
from scanner.documents.parsers.pictures.embedded_pictures import picture_gap
from scanner.documents.parsers.sheets.binary_sheet import drain
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import Cell, Row
from scanner.documents.strings import only_strings

# Record types (MS-PPT 2.13.24, MS-ODRAW 2.2).
_DOCUMENT, _SLIDE, _NOTES, _MASTER, _HANDOUT = 0x03E8, 0x03EE, 0x03F0, 0x03F8, 0x0FC9
_DOCUMENT_ATOM, _SLIDE_LIST, _SLIDE_PERSIST, _NOTES_ATOM, _SHOW_INFO = 0x03E9, 0x0FF0, 0x03F3, 0x03F1, 0x03F9
_TEXT, _TEXT_8, _TEXT_REFERENCE, _STRING = 0x0FA0, 0x0FA8, 0x0F9E, 0x0FBA
_LINK, _HEADERS, _COMMENT, _TAG, _BINARY_TAG = 0x0FD7, 0x0FD9, 0x2EE0, 0x1389, 0x138B
_OLE_STORAGE, _EDIT, _PERSIST_DIRECTORY = 0x1011, 0x0FF5, 0x1772
_SHAPE, _OPTIONS, _MORE_OPTIONS, _ANCHOR, _CHILD_ANCHOR, _PLACEHOLDER = (
    0xF004, 0xF00B, 0xF122, 0xF010, 0xF00F, 0x0BC3,
)  # fmt: skip
_ENCRYPTED_TOKEN = 0xF3D1C4DF
_HIDDEN_SLIDE = 0x0004
_HIDDEN_SHAPE = 0x00020002
_SHAPE_TEXTS = {0x00C0: "", 0x0105: "picture name", 0x0381: "alt text"}
_SHAPE_NAME, _SHAPE_FLAGS, _TABLE_FLAGS = 0x0380, 0x03BF, 0x039F
# Placeholders of masters hold the program's own words ("Click to edit Master title style").
_BOILERPLATE = frozenset(range(1, 9))
_TOPS = frozenset((_DOCUMENT, _SLIDE, _NOTES, _MASTER, _HANDOUT, _OLE_STORAGE, _EDIT, _PERSIST_DIRECTORY))
_MOST_EDITS = 10_000
_MOST_ENTRIES = 1_000_000
_DUAL, _TEXT_OF_95 = "PP97_DUALSTORAGE", "Text_Content"
_VBA = "_VBA_PROJECT".encode("utf-16-le")


class PptParser:
    """Reads legacy PowerPoint presentations by a walk over all records."""

    kinds = frozenset({"ppt"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield slides in their order, notes, comments, masters, slides that were deleted, objects."""
        for event in open_or_scan(source, "ppt"):
            if isinstance(event, CompoundFile):
                yield from _file(event, limits, source)
            else:
                yield event


def _file(file: CompoundFile, limits: Limits, source: Source) -> Iterator[Event]:
    user = file.read("Current User")
    if file.has("EncryptedSummary") or _number(user, 12) == _ENCRYPTED_TOKEN:
        # Presentations know RC4 CryptoAPI and nothing else (MS-PPT 2.3.7).
        yield office_lock(file.data, "", Protection.WEAK, "Office RC4 CryptoAPI")
        return
    if any(True for _ in file.paths((_DUAL,))):
        # Saved for PowerPoint 95 and 97 at once: the same presentation twice, the later form complete.
        yield from _file(CompoundFile.open(file.storage((_DUAL,))), limits, source)
    elif file.has(_TEXT_OF_95):
        text = file.read(_TEXT_OF_95).decode("cp1252", "replace").replace("\r", "\n").replace("\x0b", "\n")
        yield from text_segments((text,), limits, Location(("text",)))
        yield from only_strings(source, "PowerPoint 95 presentation")
    elif file.has("PowerPoint Document"):
        yield from _Presentation(file.read("PowerPoint Document"), user, limits).read()
    else:
        yield from only_strings(source, "PowerPoint 95 presentation")
    yield from property_events(file)
    yield from picture_gap((file.read("Pictures"),))
    yield from file.take_gaps()


def _number(data: bytes, at: int, size: int = 4) -> int:
    return int.from_bytes(data[at : at + size], "little")


@dataclass(frozen=True, slots=True)
class _Record:
    """A record: type, instance, where its body stands, how deep, and the type of what holds it."""

    kind: int
    instance: int
    start: int
    end: int
    depth: int
    parent: int


def _walk(data: bytes, start: int, end: int) -> Iterator[_Record]:
    """Yield the records between two offsets, those inside of containers behind their container."""
    ends: list[tuple[int, int]] = [(end, 0)]
    at = start
    unpack = struct.Struct("<HHL").unpack_from
    while ends:
        stop, parent = ends[-1]
        if at + 8 > stop:
            at = stop if len(ends) > 1 else at
            ends.pop()
            continue
        head, kind, length = unpack(data, at)
        body = at + 8
        last = min(body + length, stop)
        yield _Record(kind, head >> 4, body, last, len(ends), parent)
        if head & 15 == 15 or kind == _BINARY_TAG:
            ends.append((last, kind))
            at = body
        else:
            at = last


class _Presentation:
    """One presentation while it is read."""

    def __init__(self, data: bytes, user: bytes, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._tables = count(1)
        self._live: dict[int, int] = {}
        self._document = 0
        self._last_edit = 0
        self._known: set[int] = set()
        self._entries = 0
        self._edits(_number(user, 16))
        self._size = (0, 0)
        self._order: list[int] = []
        self._outline: dict[int, list[str]] = {}
        self._places: dict[int, Location] = {}
        self._ids: dict[int, int] = {}
        self._seen: set[str] = set()
        self._objects = 0

    def _edits(self, at: int) -> None:
        """Follow the chain of saves from the last one: where each object stands now."""
        seen: set[int] = set()
        while at not in seen and len(seen) < _MOST_EDITS and _number(self._data, at + 2, 2) == _EDIT:
            seen.add(at)
            self._known.update((at, _number(self._data, at + 20)))
            self._last_edit = self._last_edit or at
            self._document = self._document or _number(self._data, at + 24)
            self._directory(_number(self._data, at + 20))
            at = _number(self._data, at + 16)

    def _directory(self, at: int) -> None:
        if _number(self._data, at + 2, 2) != _PERSIST_DIRECTORY:
            return
        end = min(at + 8 + _number(self._data, at + 4), len(self._data))
        at += 8
        while at + 4 <= end:
            entry = _number(self._data, at)
            at += 4
            for identifier in range(entry & 0xFFFFF, (entry & 0xFFFFF) + (entry >> 20)):
                if at + 4 > end or self._entries > _MOST_ENTRIES:
                    return
                self._entries += 1
                self._live.setdefault(identifier, _number(self._data, at))
                self._known.add(_number(self._data, at))
                at += 4

    def read(self) -> Iterator[Event]:
        """Yield everything that the stream holds."""
        data = self._data
        tops, slack, whole = self._tops()
        if not whole:
            yield Gap(HERE, Shortfall.DAMAGED, "records of the presentation break off")
        by_offset = {top.start - 8: top for top in tops}
        identifiers = {offset: identifier for identifier, offset in self._live.items()}
        documents = [top for top in tops if top.kind == _DOCUMENT]
        live = by_offset.get(self._live.get(self._document, -1))
        if live is None or live.kind != _DOCUMENT:
            live = documents[-1] if documents else None
        if live is not None:
            self._index(live)
        shown = [by_offset[offset] for one in self._order if (offset := self._live.get(one, -1)) in by_offset]
        if not self._live:
            shown = [top for top in tops if top.kind == _SLIDE]
        for number, slide in enumerate(dict.fromkeys(shown), 1):
            yield from self._slide(slide, number, identifiers.get(slide.start - 8, 0))
        if live is not None:
            yield from self._part(live, HERE, "")
        done = {top.start for top in (*shown, *documents)}
        for top in tops:
            if top.start in done:
                continue
            if top.kind == _OLE_STORAGE:
                yield from self._object(top)
            elif not self._live or top.start - 8 in identifiers:
                yield from self._live_part(top)
            else:
                yield from self._old(top)
        for document in documents:
            if document is not live:
                yield from self._old(document)
        if slack < len(data):
            yield from left_over(data, slack, len(data))

    def _tops(self) -> tuple[list[_Record], int, bool]:
        """The outermost records, where the slack behind the last save begins, whether all are whole.

        Saves leave holes: where the walk has gone over one, it goes on at the next place that the
        directories of objects name.
        """
        data = self._data
        tops: list[_Record] = []
        targets = sorted(self._known, reverse=True)
        whole = True
        at = 0
        while at + 8 <= len(data):
            head, kind, length = struct.unpack_from("<HHL", data, at)
            fits = at + 8 + length <= len(data)
            while targets and targets[-1] <= at:
                targets.pop()
            if targets and (kind not in _TOPS or not fits):
                # A hole, or a record whose length is damaged.
                whole = whole and kind not in _TOPS
                length = max(0, min(length, targets[-1] - at - 8))
                at_next = targets[-1]
            else:
                if at > self._last_edit > 0 and kind not in _TOPS:
                    break
                whole = whole and fits
                at_next = at + 8 + length
            if length and kind:
                tops.append(_Record(kind, head >> 4, at + 8, min(at + 8 + length, len(data)), 0, head & 15))
            at = at_next
        return tops, at, whole

    def _index(self, document: _Record) -> None:
        """Size, order and outline texts of the slides, as the document lists them."""
        current = 0
        for item in _walk(self._data, document.start, document.end):
            if item.kind == _DOCUMENT_ATOM and not self._size[0]:
                body = self._data[item.start : item.end]
                self._size = _number(body, 0), _number(body, 4)
            elif item.kind == _SLIDE_LIST:
                current = 0
                listing = item.instance == 0
            elif item.kind == _SLIDE_PERSIST and item.parent == _SLIDE_LIST:
                current = _number(self._data, item.start) if listing else 0
                if listing and current not in self._outline:
                    self._order.append(current)
                    self._outline[current] = []
                    self._ids[current] = _number(self._data, item.start + 12)
            elif item.kind in (_TEXT, _TEXT_8) and item.parent == _SLIDE_LIST and current:
                self._outline[current].append(self.characters(item))

    def _slide(self, slide: _Record, number: int, identifier: int) -> Iterator[Event]:
        hidden = ""
        for item in _walk(self._data, slide.start, slide.end):
            if item.kind == _SHOW_INFO and _number(self._data, item.start + 10, 2) & _HIDDEN_SLIDE:
                hidden = "hidden slide"
        place = Location((f"slide {number}{' (hidden)' if hidden else ''}",))
        self._places[self._ids.get(identifier, -1)] = place
        yield from self._part(slide, place, hidden, self._outline.get(identifier, []))

    def _live_part(self, top: _Record) -> Iterator[Event]:
        if top.kind == _NOTES:
            slide = next(
                (
                    _number(self._data, item.start)
                    for item in _walk(self._data, top.start, top.end)
                    if item.kind == _NOTES_ATOM
                ),
                0,
            )
            if slide in self._places:
                yield from self._part(top, self._places[slide] / "notes", "speaker notes")
            else:
                yield from self._part(top, Location(("notes master",)), "notes master", boilerplate=True)
        elif top.kind in (_MASTER, _HANDOUT):
            name = "slide master" if top.kind == _MASTER else "handout master"
            yield from self._part(top, Location((name,)), name, boilerplate=True)
        elif top.kind == _SLIDE:
            # A master for titles; or a slide that the list does not name any more.
            yield from self._part(top, Location(("slide not in the list",)), "deleted slide")
        else:
            yield from self._part(top, HERE, "")

    def _old(self, top: _Record) -> Iterator[Event]:
        """What an earlier save left behind: only texts that the present state has not."""
        reason = "deleted slide" if top.kind == _SLIDE else "deleted text still in the file"
        for event in self._part(
            top, Location(("earlier save",)), reason, boilerplate=top.kind in (_MASTER, _HANDOUT)
        ):
            if isinstance(event, Segment):
                yield event

    def _part(
        self,
        top: _Record,
        place: Location,
        hidden: str,
        outline: list[str] | None = None,
        *,
        boilerplate: bool = False,
    ) -> Iterator[Event]:
        old = hidden.startswith("deleted")
        part = _PartWalk(self._data, self.characters, place, hidden, outline or [], self._size, self._tables)
        part.boilerplate = boilerplate
        # A container holds records; anything else is looked at as the one record that it is.
        start = top.start if top.parent == 15 else top.start - 8
        for item in _walk(self._data, start, top.end):
            if item.kind == 0 and item.start == item.end:
                # Zeros where a record should begin: a lost sector.  The records behind it are out of step.
                yield from left_over(self._data, item.start, top.end)
                yield Gap(place, Shortfall.DAMAGED, "records break off")
                break
            part.take(item)
            for segment in drain(part.ready):
                if not (old and segment.text in self._seen):
                    self._seen.add(segment.text)
                    yield segment
        part.end()
        for segment in drain(part.ready):
            if not (old and segment.text in self._seen):
                self._seen.add(segment.text)
                yield segment

    def characters(self, item: _Record) -> str:
        """The text of a text record or of a string."""
        raw = self._data[item.start : item.end]
        text = raw.decode("latin-1") if item.kind == _TEXT_8 else raw.decode("utf-16-le", "replace")
        return text.rstrip("\0").replace("\r", "\n").replace("\x0b", "\n")

    def _object(self, top: _Record) -> Iterator[Event]:
        """An embedded object: a compound file, most often compressed."""
        content = self._data[top.start : top.end]
        self._objects += 1
        place = Location((f"embedded object {self._objects}",))
        if top.instance == 1:
            cap = min(
                self._limits.expanded_bytes,
                max(self._limits.ratio_floor, len(content) * self._limits.ratio),
            )
            inflater = zlib.decompressobj()
            try:
                content = inflater.decompress(content[4:], cap)
            except zlib.error:
                yield Gap(place, Shortfall.DAMAGED, "compressed object")
                return
            if inflater.unconsumed_tail:
                yield Gap(place, Shortfall.LIMIT, f"expands to more than {cap:,} bytes")
        if _VBA in content:
            yield from macro_segments(content)
        elif content:
            yield from ole_object.members(content, "", place)


@dataclass(slots=True)
class _Shape:
    """A shape while its records are read."""

    texts: list[str] = field(default_factory=list)
    extra: list[tuple[str, str]] = field(default_factory=list)
    name: str = ""
    hidden: str = ""
    placeholder: int = 0
    anchor: tuple[int, int, int, int] | None = None  # left, top, right, bottom
    child: tuple[int, int] | None = None  # top, left inside of its group


@dataclass(slots=True)
class _Table:
    """Cells of a group of shapes that is a table, by their places."""

    depth: int
    cells: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(slots=True)
class _PartWalk:
    """One slide, page of notes or master (or the document itself) as segments: a shape's text is one."""

    data: bytes
    characters: Callable[[_Record], str]
    place: Location
    hidden: str
    outline: list[str]
    size: tuple[int, int]
    tables: Iterator[int]
    boilerplate: bool = False
    ready: list[Segment] = field(default_factory=list)
    _shape: _Shape | None = None
    _depth: int = 0
    _table: _Table | None = None
    _used: set[int] = field(default_factory=set)
    _comment: dict[int, str] = field(default_factory=dict)
    _comments: int = 0
    _authors: set[str] = field(default_factory=set)

    def take(self, item: _Record) -> None:
        """Take the next record."""
        if self._shape is not None and item.depth <= self._depth:
            self._end_shape()
        if self._table is not None and item.depth <= self._table.depth:
            self._end_table()
        if self._comment and item.parent != _COMMENT:
            self._end_comment()
        kind = item.kind
        if kind == _SHAPE:
            self._shape = _Shape()
            self._depth = item.depth
        elif kind in (_TEXT, _TEXT_8):
            # Texts of the document's list of slides go out with their slides.
            if item.parent != _SLIDE_LIST or self.hidden.startswith("deleted"):
                self._text(self.characters(item))
        elif kind == _TEXT_REFERENCE:
            index = _number(self.data, item.start)
            if index < len(self.outline):
                self._used.add(index)
                self._text(self.outline[index])
        elif kind == _STRING:
            self._string(item)
        elif self._shape is not None:
            self._property(item)

    def end(self) -> None:
        """Give out what is still held."""
        if self._shape is not None:
            self._end_shape()
        if self._table is not None:
            self._end_table()
        self._end_comment()
        for index, text in enumerate(self.outline):
            if index not in self._used:
                self._emit(text, self.place, "")

    def _text(self, text: str) -> None:
        if self._shape is not None:
            self._shape.texts.append(text)
        else:
            self._emit(text, self.place, "")

    def _emit(self, text: str, place: Location, reason: str) -> None:
        # A lone asterisk stands for the number of the slide or the date.
        if text.strip() and text.strip() != "*":
            self.ready.append(Segment(text.strip(), place, self.hidden or reason))

    # strings

    def _string(self, item: _Record) -> None:
        text = self.characters(item)
        if item.parent == _COMMENT:
            self._comment[item.instance] = text
        elif item.parent == _LINK:
            if item.instance:
                self._emit(text, self.place / "link", "link target")
        elif item.parent == _HEADERS:
            self._emit(text, self.place / ("header" if item.instance == 1 else "footer"), "")
        elif not self.boilerplate and not text.startswith("___"):
            reason = "tag" if item.parent == _TAG else "other part"
            self._emit(text, self.place / reason, reason)

    def _end_comment(self) -> None:
        if not self._comment:
            return
        found, self._comment = self._comment, {}
        self._comments += 1
        place = self.place / f"comment {self._comments}"
        self._emit(found.get(1, ""), place, "comment")
        for name in (found.get(0, ""), found.get(2, "")):
            if name.strip() and name not in self._authors:
                self._authors.add(name)
                self.ready.append(record([("Author", name)], place / "author", "author of a comment"))

    # shapes

    def _property(self, item: _Record) -> None:
        shape, data = self._shape, self.data
        if shape is None:
            return
        size = item.end - item.start
        if item.kind in (_OPTIONS, _MORE_OPTIONS):
            self._options(shape, data[item.start : item.end], item)
        elif item.kind == _ANCHOR and size >= 8:
            top, left, right, bottom = struct.unpack_from("<4h", data, item.start)
            shape.anchor = left, top, right, bottom
        elif item.kind == _CHILD_ANCHOR and size >= 16:
            left, top = struct.unpack_from("<2l", data, item.start)
            shape.child = top, left
        elif item.kind == _PLACEHOLDER and size >= 5:
            shape.placeholder = data[item.start + 4]

    def _options(self, shape: _Shape, body: bytes, item: _Record) -> None:
        """Properties of a shape (MS-ODRAW 2.3.1): numbers first, then the texts that they announce."""
        at = 6 * item.instance
        for number in range(min(item.instance, len(body) // 6)):
            identifier, value = struct.unpack_from("<HL", body, 6 * number)
            key = identifier & 0x3FFF
            if key == _SHAPE_FLAGS and value & _HIDDEN_SHAPE == _HIDDEN_SHAPE:
                shape.hidden = "hidden shape"
            elif key == _TABLE_FLAGS and value & 1 and self._table is None:
                self._table = _Table(self._depth - 1)
            if not identifier & 0x8000:
                continue
            text = ""
            if key in _SHAPE_TEXTS or key == _SHAPE_NAME:
                text = body[at : at + value].decode("utf-16-le", "replace").split("\0")[0]
            if key == _SHAPE_NAME:
                shape.name = text
            elif text:
                shape.extra.append((text, _SHAPE_TEXTS[key]))
            at += value

    def _end_shape(self) -> None:
        shape, self._shape = self._shape, None
        if shape is None:
            return
        place = self.place / shape.name if shape.name else self.place
        for extra, reason in shape.extra:
            self._emit(extra, place, reason)
        text = "\n".join(shape.texts)
        if self._table is not None and shape.child is not None:
            self._table.cells.append((*shape.child, text))
        elif not (self.boilerplate and shape.placeholder in _BOILERPLATE):
            self._emit(text, place, shape.hidden or self._outside(shape))

    def _outside(self, shape: _Shape) -> str:
        width, height = self.size
        if not width or shape.anchor is None:
            return ""
        left, top, right, bottom = shape.anchor
        outside = right <= 0 or bottom <= 0 or left >= width or top >= height
        return "outside the slide" if outside and self.place.parts[:1] != ("notes master",) else ""

    def _end_table(self) -> None:
        table, self._table = self._table, None
        if table is None or not table.cells:
            return
        number = next(self.tables)
        place = self.place / f"table {number}"
        rows = LabelledTable(number, self._emit_row)
        columns = {left: index for index, left in enumerate(sorted({left for _, left, _ in table.cells}))}
        by_top: dict[int, list[Cell]] = {}
        for top, left, text in sorted(table.cells):
            if text.strip():
                by_top.setdefault(top, []).append(Cell(columns[left], text.strip()))
        for index, cells in enumerate(by_top.values(), 1):
            rows.add(Row(index, cells, place / f"row {index}"))
        rows.end()

    def _emit_row(self, segment: Segment) -> None:
        self.ready.append(replace(segment, hidden=self.hidden) if self.hidden else segment)
