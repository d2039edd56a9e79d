"""OpenDocument (ODT, ODS, ODP, ODG): an own walk over the XML parts, with what is hidden and why.

Elements are told by their local prefix of the standard's namespaces, so that OpenOffice.org 1 files read
alike.  Source: OASIS OpenDocument 1.3, part 3.  Repeated empty cells and rows are counted, never expanded.
"""

from __future__ import annotations

import base64
import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html import unescape
from itertools import count
from typing import BinaryIO
from xml.parsers import expat

from scanner.documents.inflating import CountingReader, ExpansionLimitError
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.archives.archives import ZipParser
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.looks import BY, NOTHING, Look, parted
from scanner.documents.parsers.markup.expat_parser import new_expat
from scanner.documents.parsers.markup.html import soup_segments
from scanner.documents.parsers.office.ooxml_package import decode_xml
from scanner.documents.parsers.opendocument.opendocument_names import Names
from scanner.documents.parsers.opendocument.opendocument_styles import Styles, named_styles
from scanner.documents.parsers.pictures.embedded_pictures import TEXT_PIXELS, picture_size, unread_pictures
from scanner.documents.parsers.pictures.image import written_properties
from scanner.documents.parsers.sheets import workbook_parts
from scanner.documents.parsers.sheets.cell_text import is_disguised
from scanner.documents.parsers.sheets.sheet_rows import column_letters
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import Cell, Row, row_segment

_CHUNK = 1 << 16
_PART = re.compile(r"(?:(?P<object>[^/]{1,200})/)?(?P<part>content|styles|meta)\.xml\Z")
# Parts that say how, not what: names of the members, the kind, references between parts.
_MANIFEST_ROOT = re.compile(r"<(?:[\w.-]+:)?manifest[\s>]")
_SILENT = frozenset({"mimetype", "META-INF/manifest.xml", "manifest.rdf", "layout-cache"})
# A cell that is repeated holds the same in each: more copies than this tell nothing more.
_COPIES = 16
_COLUMNS = 16_384
_STYLED = 200
# Folders of macros, their forms, and scripts.
_PROGRAMS = ("Basic/", "Dialogs/", "Scripts/")
# What the main part of a document, a flat one or a formula begins with.
_ROOTS = frozenset(("document-content", "document", "math"))
_SETTINGS = 1_000_000
_PICTURES = (".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp")
_HEAD = 65_536
_PICTURE_BYTES = 32_000_000
# Marks of what is written into a picture: EXIF, XMP, IPTC, comments of PNG and JPEG.
_WRITTEN = (
    b"Exif",
    b"ns.adobe.com",
    b"adobe:ns:",
    b"Photoshop 3.0",
    b"tEXt",
    b"iTXt",
    b"zTXt",
    b"\xff\xfe\x00",
    b"eXIf",
)
_SETTING = re.compile(
    r'<config:config-item config:name="([^"<>]{1,80})" config:type="string">([^<]{3,4000})</config:'
)
_BOOKMARKS = ("text:bookmark", "text:bookmark-start")
_MADE_BOOKMARK = re.compile(r"_|(?:OLE_LINK|Text|Check|Dropdown|Bookmark)\s?\d*\Z")  # (by the program)
_LITERAL = re.compile(r'"((?:[^"]|""){1,32767})"')
# Attributes that hold text somebody wrote -> why a reader does not see it.
_TEXT_ATTRIBUTES = {
    "xlink:href": "link target",
    "office:title": "link tip",
    "office:string-value": "field value",
    "text:string-value": "field value",
    "text:connection-name": "connection",
    "table:condition": "validation list",
    "table:expression": "defined name",
    "table:cell-range-address": "defined name",
    "table:comment": "scenario",
    "table:database-name": "connection",
    "table:sql-statement": "connection",
    "text:description": "placeholder",
    "form:current-value": "form field",
    "form:value": "form field",
    "form:label": "form field",
    "text:value": "list of a field",
    "text:label": "list of a field",
}
# All that may hold something to tell: most elements of a sheet have none of these.
_ATTRIBUTES_WITH_TEXT = frozenset((*_TEXT_ATTRIBUTES, "calcext:value", "table:formula", "text:formula"))
# Leaf elements outside of paragraphs -> (words for the place, why hidden).
_LEAVES = {
    "svg:title": ("title", "alt text"),
    "svg:desc": ("description", "alt text"),
    "office:binary-data": ("", ""),
    "presentation:header-decl": ("header", ""),
    "presentation:footer-decl": ("footer", ""),
    "presentation:date-time-decl": ("date", ""),
}
# Messages that show up while somebody fills in a cell.
_MESSAGES = ("table:help-message", "table:error-message")
# What is shown beside the words of a paragraph.
_ASIDES = frozenset(("text:note-citation", "text:number"))
# Settings whose words are the program's own.
_SILENT_SETTINGS = frozenset(("PrinterSetup", "ViewId", "PrinterIndependentLayout", "BeginLine", "EndLine"))
_WORDY = re.compile(r"[^\W_]{3}")
# Who changed or commented, and when; inside of the paragraph where a comment hangs.
_DATES = frozenset(("dc:date", "meta:date-string"))
_ABOUT_A_CHANGE = _DATES | {"dc:creator", "meta:creator-initials", "loext:sender-initials"}
_INTERNAL = re.compile(r"(?:\./)?(?:#|Pictures/|Object|ObjectReplacements/|\Z)")


@dataclass(slots=True)
class _Frame:
    """Where paragraphs go: a story, a comment, a note, a box, a cell."""

    depth: int
    place: Location
    hidden: str = ""
    cell: bool = False
    comment: bool = False
    count: int = 0
    author: str = ""
    concealed: str = ""  # why the style of a cell shows nothing of it
    texts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Paragraph:
    depth: int
    hidden: bool = False
    pieces: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    depth: int
    place: Location
    hidden: str
    rows: LabelledTable
    sheet: bool
    row: int = 0
    repeats: int = 1
    row_hidden: str = ""
    header: bool = False
    column: int = 0
    declared: int = 0
    cell_repeats: int = 1
    value: str = ""
    is_text: bool = False
    expected: int = 1
    cells: list[Cell] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    column_styles: list[tuple[int, int, str]] = field(default_factory=list)

    def column_hidden(self, column: int) -> str:
        return "hidden column" if any(a <= column < b for a, b in self.hidden_columns) else ""

    def column_style(self, column: int) -> str:
        """The style of the cells of a column that have none of their own."""
        at = bisect_right(self.column_styles, column, key=_first) - 1
        return self.column_styles[at][2] if at >= 0 and column < self.column_styles[at][1] else ""


def _first(columns: tuple[int, int, str]) -> int:
    return columns[0]


class OpenDocumentParser:
    """Reads OpenDocument packages."""

    kinds = frozenset({"odt", "ods", "odp", "odg"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the parts' texts; pictures, objects and old versions as members."""
        tables = count(1)
        styles = named_styles(source, Names())
        pictures = 0
        for event in ZipParser().parse(source, limits):
            if not isinstance(event, Member) or isinstance(event.content, bytes):
                yield event
                continue
            if event.name in _SILENT:
                if event.name.endswith(".xml") and not _is_manifest(event):
                    yield event
                continue
            if event.name.endswith("settings.xml"):
                yield from _settings(event)
                continue
            part = _PART.match(event.name)
            if part is None and event.name.startswith(_PROGRAMS):
                yield replace(event, hidden="macro source")
                continue
            if part is None:
                size = _picture_size(event)
                if size is None or (limits.ocr and size >= TEXT_PIXELS):
                    yield event
                else:
                    yield from _picture_properties(event)
                    pictures += size >= TEXT_PIXELS
                continue
            folder = part["object"] or ""
            yield from _part(event, part["part"], folder, tables, limits, Styles() if folder else styles)
        yield from unread_pictures(pictures)


def _is_manifest(member: Member) -> bool:
    """Whether the list of members is one; what is something else under its name is read."""
    assert not isinstance(member.content, bytes)
    try:
        with member.content() as file:
            return _MANIFEST_ROOT.search(decode_xml(file.read(_HEAD))) is not None
    except Exception:  # zipfile raises every class of them; the frame tells what is damaged
        return False


def _picture_size(member: Member) -> int | None:
    """Pixels of a picture; ``None`` for anything else."""
    if not member.name.lower().endswith(_PICTURES) or isinstance(member.content, bytes):
        return None
    try:
        with member.content() as file:
            size = picture_size(file.read(_HEAD))
    except Exception:  # zipfile raises every class of them; the frame tells what is damaged
        return None
    return size[0] * size[1] if size else None


def _picture_properties(member: Member) -> Iterator[Segment]:
    """What a camera wrote into a picture."""
    assert not isinstance(member.content, bytes)
    with member.content() as file:
        data = file.read(_PICTURE_BYTES)
    yield from _properties_of(data, member.location)


def _properties_of(data: bytes, place: Location) -> Iterator[Segment]:
    if any(mark in data for mark in _WRITTEN):
        for segment in written_properties(io.BytesIO(data)):
            yield replace(segment, location=Location(place.parts + segment.location.parts))


class FlatOpenDocumentParser:
    """Reads OpenDocument files that are one XML document: FODT, FODS, FODP, FODG."""

    kinds = frozenset({"flat-odf"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the text, the properties and settings; pictures and objects as members."""
        member = Member(source.name, source.open, HERE, size=source.size, packed=source.size)
        yield from _part(member, "document", "", count(1), limits, Styles())


def _settings(member: Member) -> Iterator[Event]:
    """What a program remembered in words: printers, data sources, file names."""
    assert not isinstance(member.content, bytes)
    with member.content() as file:
        text = decode_xml(file.read(_SETTINGS))
    if "<!ENTITY" in text:
        yield Gap(Location((member.name,)), Shortfall.DAMAGED, "XML with entity declarations")
    for name, value in _SETTING.findall(text):
        if value.strip() and name not in _SILENT_SETTINGS:
            place = Location(("settings", name))
            yield row_segment([unescape(value)], [name], place, hidden="document settings")


def _part(
    member: Member, name: str, folder: str, tables: Iterator[int], limits: Limits, styles: Styles
) -> Iterator[Event]:
    """Walk through one XML part; where it is malformed the rest is read as text between tags."""
    within = Location((folder,)) if folder else HERE

    def opened() -> BinaryIO:
        assert not isinstance(member.content, bytes)
        reader = CountingReader(member.content(), limits.expanded_bytes, member.packed or 0, limits)
        return reader  # type: ignore[return-value]

    walk = _PropertiesWalk(within) if name == "meta" else _Walk(within, tables, limits, styles)
    try:
        with opened() as file:
            yield from walk.read(file)
        yield from unread_pictures(walk.pictures)
        if name == "content" and not folder and walk.root not in _ROOTS:
            yield Gap(within / "content.xml", Shortfall.DAMAGED, "holds something else")
    except ExpansionLimitError as limit:
        yield Gap(within / f"{name}.xml", Shortfall.LIMIT, str(limit))
    except (expat.ExpatError, LookupError, ValueError) as error:
        with opened() as file:
            data = file.read(limits.parser_bytes)
        if not data.strip():
            return  # empty parts exist in real files
        yield from walk.rest()
        why = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else type(error).__name__
        yield Gap(
            within / f"{name}.xml", Shortfall.DAMAGED, f"not well-formed ({why}); read as text between tags"
        )
        yield from soup_segments(Source.from_bytes(data), limits, inline=frozenset({"text:span", "text:a"}))


class _PropertiesWalk:
    """``meta.xml``: each property with its name."""

    def __init__(self, within: Location, names: Names | None = None) -> None:
        self._place = within / "document properties"
        self._names = names or Names()
        self._ready: list[Event] = []
        self._text: list[str] = []
        self._label = ""
        self.pictures = 0
        self.root = ""

    def read(self, file: BinaryIO) -> Iterator[Event]:
        """Yield the properties.  Raises ``ExpatError``."""
        parser = new_expat(_CHUNK)
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        while data := file.read(_CHUNK):
            parser.Parse(data, False)
        parser.Parse(b"", True)
        yield from self.rest()

    def rest(self) -> Iterator[Event]:
        """What was read so far."""
        yield from self._ready
        self._ready.clear()

    def text(self, text: str) -> None:
        """Take characters."""
        self._text.append(text)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if not self._names:
            self._names.declare(attributes)
            self.root = name.rpartition(":")[2]
        self._text.clear()
        self._label = self._names[name].rpartition(":")[2].replace("-", " ")
        for key, value in attributes.items():
            short = self._names[key]
            if short == "meta:name":
                self._label = value
            elif short in ("xlink:href", "xlink:title") and value.strip():
                self._put(value, "template" if self._label == "template" else "link")

    def end(self, _: str) -> None:
        """Take the end of an element."""
        text = "".join(self._text).strip()
        self._text.clear()
        if text:
            self._put(text, self._label)

    def _put(self, text: str, label: str) -> None:
        self._ready.append(row_segment([text], [label], self._place / label, hidden="document properties"))


class _Walk:
    """``content.xml`` or ``styles.xml``: stories, tables, notes, comments, deletions, slides."""

    def __init__(self, within: Location, tables: Iterator[int], limits: Limits, styles: Styles) -> None:
        self._names = Names()
        self._tables = tables
        self._limits = limits
        self._styles = styles
        self._properties: _PropertiesWalk | None = None
        self._ready: list[Event] = []
        self._depth = 0
        self._frames = [_Frame(0, within)]
        self._paragraphs: list[_Paragraph] = []
        self._open_tables: list[_Table] = []
        self._looks: list[tuple[int, Look, str]] = []
        # Deletions whose text stands in its place: who deleted, by their identifiers; the one that is open.
        self._deletions: dict[str, str] = {}
        self._region = ""
        self._deleting = ""
        self._grounds: list[int] = []  # depths of what has a ground of its own
        self._in_slide = False
        self._leaf: tuple[str, list[str]] | None = None
        self._hidden_styles: dict[str, str] = {}
        self._style = ""
        self._setting = ""
        self._spreadsheet = False
        self._cells = 0
        self._numbers: dict[str, int] = {}
        self.pictures = 0  # in the XML itself, that nobody read and that may hold text
        self.root = ""
        self._said: set[str] = set()
        self._starts: dict[str, Callable[[dict[str, str]], None]] = {
            "style:style": self._start_style,
            "style:table-properties": self._table_properties,
            "style:drawing-page-properties": self._page_properties,
            "office:meta": self._start_properties,
            "config:config-item": self._start_setting,
            "office:spreadsheet": self._start_spreadsheet,
            "text:p": self._start_paragraph,
            "text:h": self._start_paragraph,
            "text:span": self._start_span,
            "text:hidden-text": self._start_hidden_text,
            "text:hidden-paragraph": self._start_hidden_paragraph,
            "text:conditional-text": self._start_hidden_text,
            "text:s": self._space,
            "text:tab": lambda _: self._text("\t"),
            "text:tab-stop": lambda _: self._text("\t"),
            "text:line-break": lambda _: self._text("\n"),
            "office:annotation": self._start_comment,
            "text:deletion": self._start_deletion,
            "text:changed-region": self._start_region,
            "text:change-start": self._start_change,
            "text:change-end": self._end_change,
            "text:note-citation": lambda _: self._start_aside("text:note-citation"),
            "text:number": lambda _: self._start_aside("text:number"),
            "table:previous": lambda _: self._enter("earlier value", "tracked change", numbered=True),
            "text:section": self._start_section,
            "text:note": self._start_note,
            "text:footnote": lambda _: self._start_note({}),
            "text:endnote": lambda _: self._start_note({"text:note-class": "endnote"}),
            "draw:text-box": lambda _: self._enter("text box", numbered=True),
            "style:header": lambda _: self._enter("header"),
            "style:footer": lambda _: self._enter("footer"),
            "style:header-left": lambda _: self._enter("header"),
            "style:footer-left": lambda _: self._enter("footer"),
            "style:master-page": self._start_master,
            "draw:page": self._start_page,
            "presentation:notes": lambda _: self._enter("notes", "speaker notes"),
            "table:table": self._start_table,
            "table:sub-table": self._start_table,
            "table:table-header-rows": self._header_rows,
            "table:table-column": self._column,
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
            "table:covered-table-cell": self._start_cell,
            **dict.fromkeys(_MESSAGES, self._start_message),
            **dict.fromkeys(_BOOKMARKS, self._bookmark),
            "table:named-range": self._named,
            "table:named-expression": self._named,
        }
        self._ends: dict[str, Callable[[], None]] = {
            "text:p": self._end_paragraph,
            "text:h": self._end_paragraph,
            "table:table-header-rows": self._end_header_rows,
            "table:table-row": self._end_row,
            "table:table-cell": self._end_cell,
            "table:covered-table-cell": self._end_cell,
            "table:table": self._end_table,
            "table:sub-table": self._end_table,
        }

    def read(self, file: BinaryIO) -> Iterator[Event]:
        """Yield what the part holds, as it is read.  Raises ``ExpatError``, ``ExpansionLimitError``."""
        parser = new_expat(_CHUNK)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        while data := file.read(_CHUNK):
            parser.Parse(data, False)
            yield from self.rest()
            if self._cells > self._limits.cells:
                yield Gap(self._here(), Shortfall.LIMIT, f"more than {self._limits.cells:,} cells")
                return
            if self._depth > 10 * self._limits.depth:
                yield Gap(self._here(), Shortfall.LIMIT, "elements nest without end")
                return
        parser.Parse(b"", True)
        yield from self.rest()

    def rest(self) -> Iterator[Event]:
        """What was read so far."""
        yield from self._ready
        self._ready.clear()

    # --- elements ---------------------------------------------------------------------------------------

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._properties is not None:
            self._properties.start(name, attributes)
            return
        if not self._names:
            self._names.declare(attributes)
            self.root = name.rpartition(":")[2]
        known = {self._names[key]: value for key, value in attributes.items()} if attributes else {}
        if self._names.unread:
            self._names.declare(attributes)
            known = {self._names[key]: value for key, value in attributes.items()}
        short = self._names[name]
        handler = self._starts.get(short)
        if handler is not None:
            handler(known)
        elif short in _LEAVES or short in _ABOUT_A_CHANGE:
            self._leaf = (short, [])
        if short.startswith("style:"):
            self._styles.element(short, known)
        elif not _ATTRIBUTES_WITH_TEXT.isdisjoint(known) and not short.startswith("number:"):
            self._attributes(short, known)
        if short.startswith("draw:"):
            self._start_drawn(short, known)

    def _end(self, name: str) -> None:
        short = self._names[name]
        if self._properties is not None:
            if short != "office:meta":
                self._properties.end(name)
                self._depth -= 1
                return
            self._ready.extend(self._properties.rest())
            self._properties = None
        if self._leaf is not None and self._leaf[0] == short:
            self._end_leaf()
        handler = self._ends.get(short)
        if handler is not None:
            handler()
        if self._frames[-1].depth == self._depth and len(self._frames) > 1:
            self._leave()
        if self._looks and self._looks[-1][0] == self._depth:
            self._looks.pop()
        if self._grounds and self._grounds[-1] == self._depth:
            self._grounds.pop()
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._leaf is not None:
            self._leaf[1].append(text)
        elif self._properties is not None:
            self._properties.text(text)
        elif self._paragraphs and self._paragraphs[-1].depth > self._frames[-1].depth:
            reason = self._deleting or (self._looks[-1][2] if self._looks else "")
            self._paragraphs[-1].pieces.append((text, reason))

    def _here(self) -> Location:
        return self._frames[-1].place

    def _hidden(self) -> str:
        return self._frames[-1].hidden

    def _enter(self, word: str, hidden: str = "", *, numbered: bool = False) -> None:
        """Begin a place of its own, up to the end of the present element."""
        if numbered:
            self._numbers[word] = self._numbers.get(word, 0) + 1
            word = f"{word} {self._numbers[word]}"
        self._frames.append(_Frame(self._depth, self._here() / word, hidden or self._hidden()))

    def _leave(self) -> None:
        frame = self._frames.pop()
        if frame.comment:
            text = "\n".join(frame.texts)
            by = f" by {frame.author}" if frame.author else ""
            place = Location((*frame.place.parts[:-1], frame.place.parts[-1] + by))
            if text:
                self._ready.append(Segment(text, place, "comment"))

    def _end_leaf(self) -> None:
        assert self._leaf is not None
        short, pieces = self._leaf
        self._leaf = None
        text = "".join(pieces).strip()
        if not text or short in _ASIDES:
            return
        if short == "office:binary-data":
            self._embedded(text)
            return
        if short == "config:config-item":
            if self._setting not in _SILENT_SETTINGS and _WORDY.search(text):
                place = Location(("settings", self._setting))
                self._ready.append(row_segment([text], [self._setting], place, hidden="document settings"))
            return
        if short in _LEAVES:
            word, hidden = _LEAVES[short]
            self._ready.append(Segment(text, self._here() / word, hidden))
            return
        if short in _DATES:
            return  # when a comment was written is no part of the paragraph that it hangs on
        frame = self._frames[-1]
        if frame.comment and short == "dc:creator":
            frame.author = text
        reason = "author of a comment" if frame.comment else "author of a change"
        self._ready.append(row_segment([text], ["author"], self._here() / "author", hidden=reason))
        if frame.hidden == "tracked deletion" and short == "dc:creator":
            parts = frame.place.parts
            frame.place = Location((*parts[:-1], f"{parts[-1]} by {text}"))
            self._deletions[self._region] = text

    def _start_aside(self, short: str) -> None:
        """What is shown beside the words and is no part of them: the number of a note or a heading."""
        if self._leaf is None:
            self._leaf = (short, [])

    def _start_properties(self, _: dict[str, str]) -> None:
        self._properties = _PropertiesWalk(self._here(), self._names)

    def _start_setting(self, known: dict[str, str]) -> None:
        self._setting = known.get("config:name", "")
        if known.get("config:type") == "string" and self._leaf is None:
            self._leaf = ("config:config-item", [])

    def _embedded(self, text: str) -> None:
        """Hand out a picture or an object that stands in the XML itself."""
        try:
            data = base64.b64decode(text)
        except ValueError:
            self._ready.append(Gap(self._here(), Shortfall.DAMAGED, "embedded data"))
            return
        self._numbers["embedded"] = self._numbers.get("embedded", 0) + 1
        place = self._here() / f"embedded file {self._numbers['embedded']}"
        size = picture_size(data[:_HEAD])
        if size is None or (self._limits.ocr and size[0] * size[1] >= TEXT_PIXELS):
            self._ready.append(Member("", data, place))
            return
        self._ready.extend(_properties_of(data, place))
        self.pictures += size[0] * size[1] >= TEXT_PIXELS

    def _attributes(self, short: str, known: dict[str, str]) -> None:
        """Text that stands in attributes; each once for a part."""
        for key, value in known.items():
            hidden = _TEXT_ATTRIBUTES.get(key)
            if hidden is None or not value.strip() or value in self._said:
                continue
            if key == "xlink:href" and _INTERNAL.match(value):
                continue
            if short in ("table:table-cell", "table:covered-table-cell") and key == "office:string-value":
                continue
            self._say(value, hidden)
        if '"' in (condition := known.get("calcext:value", "")):
            for literal in _LITERAL.findall(condition):
                self._say(literal.replace('""', '"'), "conditional format")
        formula = known.get("table:formula") or known.get("text:formula") or ""
        if formula and workbook_parts.may_hold_constants(formula):
            place = self._cell_place() if short == "table:table-cell" else None
            for literal in workbook_parts.literals(formula):
                if literal.strip():
                    self._say(literal, "text in a formula", place)

    def _cell_place(self) -> Location | None:
        """The cell of a sheet that was opened last."""
        table = self._open_tables[-1] if self._open_tables else None
        if table is None or not table.sheet:
            return None
        return table.place / f"{column_letters(min(table.column, _COLUMNS))}{table.row + 1}"

    def _say(self, text: str, hidden: str, place: Location | None = None) -> None:
        if text not in self._said:
            if len(self._said) < 100_000:
                self._said.add(text)
            self._ready.append(Segment(text, place or self._here() / hidden, hidden))

    # --- styles -----------------------------------------------------------------------------------------

    def _start_style(self, known: dict[str, str]) -> None:
        self._style = known.get("style:name", "")

    def _table_properties(self, known: dict[str, str]) -> None:
        if known.get("table:display") == "false":
            self._hidden_styles[self._style] = "hidden sheet"

    def _page_properties(self, known: dict[str, str]) -> None:
        if known.get("presentation:visibility") == "hidden":
            self._hidden_styles[self._style] = "hidden slide"

    # --- running text -----------------------------------------------------------------------------------

    def _start_paragraph(self, known: dict[str, str]) -> None:
        self._paragraphs.append(_Paragraph(self._depth))
        look = self._styles.look("paragraph", known.get("text:style-name", ""))
        if self._in_slide and look.white:
            look = replace(look, white=None)  # slides are of any colour
        self._push_look(look)

    def _start_drawn(self, short: str, known: dict[str, str]) -> None:
        """What is drawn has a ground of its own; the frames of a text are as white as the page."""
        name = known.get("draw:style-name", "")
        if known.get("draw:display") in ("none", "printer"):
            self._enter("hidden shape", "hidden shape", numbered=True)
        elif self._in_slide and self._styles.is_off_page(known):
            self._enter("outside the slide", "outside the slide", numbered=True)
        if self._in_slide or short in ("draw:page", "draw:g", "draw:a", "draw:text-box", "draw:image"):
            return
        if short != "draw:frame" or self._styles.look("graphic", name).ground:
            self._grounds.append(self._depth)

    def _start_span(self, known: dict[str, str]) -> None:
        look = self._styles.look("text", known.get("text:style-name", ""))
        self._push_look(look.over(self._looks[-1][1]) if self._looks else look)

    def _push_look(self, look: Look) -> None:
        """From here to the end of the element text looks like this."""
        if not self._looks and (look is NOTHING or look.says_nothing):
            return
        grounded = bool(self._grounds) or (self._styles.page_ground and not self._in_slide)
        self._looks.append((self._depth, look, look.reason(grounded=grounded)))

    def _start_hidden_paragraph(self, known: dict[str, str]) -> None:
        if known.get("text:is-hidden") == "true" and self._paragraphs:
            self._paragraphs[-1].hidden = True

    def _start_hidden_text(self, known: dict[str, str]) -> None:
        if known.get("text:is-hidden") == "false":
            return  # it is shown
        for key in ("text:string-value", "text:string-value-if-true", "text:string-value-if-false"):
            if value := known.get(key, "").strip():
                self._say(value, "hidden text")

    def _space(self, known: dict[str, str]) -> None:
        number = known.get("text:c", "1")
        self._text(" " * min(int(number) if number.isdecimal() and len(number) < 6 else 1, 1_000))

    def _end_paragraph(self) -> None:
        if not self._paragraphs or self._paragraphs[-1].depth != self._depth:
            return
        paragraph = self._paragraphs.pop()
        pieces = paragraph.pieces
        if paragraph.hidden:
            pieces = [(text, reason or "hidden text") for text, reason in pieces]
        frame = self._frames[-1]
        shown = "".join(text for text, reason in pieces if not reason)
        stretches: list[tuple[str, str]] = []
        for text, reason in pieces:
            if stretches and stretches[-1][1] == reason:
                stretches[-1] = (stretches[-1][0] + text, reason)
            else:
                stretches.append((text, reason))
        frame.count += 1
        place = frame.place / f"paragraph {frame.count}"
        if frame.cell or frame.comment:
            if shown.strip():
                frame.texts.append(shown)
        elif shown.strip():
            self._ready.append(Segment(shown, place, frame.hidden))
        for text, reason in stretches:
            if reason and text.strip():
                reason, words = parted(reason)
                where = place / words if reason == "tracked deletion" else place
                self._ready.append(Segment(text, where, frame.hidden or reason))

    def _start_comment(self, known: dict[str, str]) -> None:
        table = self._open_tables[-1] if self._open_tables else None
        if table is not None and table.sheet and self._frames[-1].cell:
            word = f"comment on {column_letters(min(table.column, _COLUMNS))}{table.row + 1}"
        else:
            self._numbers["comment"] = self._numbers.get("comment", 0) + 1
            word = f"comment {self._numbers['comment']}"
        self._frames.append(_Frame(self._depth, self._here() / word, "comment", comment=True))
        if author := known.get("office:author", "").strip():
            self._frames[-1].author = author
            self._say(author, "author of a comment")

    def _start_section(self, known: dict[str, str]) -> None:
        # Where a condition decides, the program says what it came to.
        if known.get("text:display") == "none" or known.get("text:is-hidden") == "true":
            self._enter("hidden section", "hidden section", numbered=True)

    def _start_region(self, known: dict[str, str]) -> None:
        self._region = known.get("text:id") or known.get("xml:id", "")

    def _start_deletion(self, _: dict[str, str]) -> None:
        self._deletions[self._region] = ""
        self._enter("tracked deletion", "tracked deletion", numbered=True)

    def _start_change(self, known: dict[str, str]) -> None:
        by = self._deletions.get(known.get("text:change-id", ""))
        if by is not None:
            self._deleting = f"tracked deletion{BY}{by}" if by else "tracked deletion"

    def _end_change(self, known: dict[str, str]) -> None:
        if known.get("text:change-id", "") in self._deletions:
            self._deleting = ""

    def _start_note(self, known: dict[str, str]) -> None:
        # The number of the note stands here, and parts what stands before and behind it.
        pieces = self._paragraphs[-1].pieces if self._paragraphs else []
        if pieces and pieces[-1][0][-1:].isalnum():
            pieces.append((" ", pieces[-1][1]))
        self._enter(known.get("text:note-class") or "footnote", numbered=True)

    # --- slides -----------------------------------------------------------------------------------------

    def _start_page(self, known: dict[str, str]) -> None:
        self._in_slide = True
        self._numbers["slide"] = self._numbers.get("slide", 0) + 1
        hidden = self._hidden_styles.get(known.get("draw:style-name", ""), "")
        state = " (hidden)" if hidden == "hidden slide" else ""
        self._enter(f"slide {self._numbers['slide']}{state}", hidden if state else "")
        name = known.get("draw:name", "")
        if name and not re.fullmatch(r"(?:page|slide)? ?[0-9]{0,4}", name, re.IGNORECASE):
            self._say(name, "name of a slide")

    def _start_master(self, known: dict[str, str]) -> None:
        self._enter(f'master page "{known.get("style:display-name") or known.get("style:name", "")}"')

    # --- tables -----------------------------------------------------------------------------------------

    def _start_spreadsheet(self, _: dict[str, str]) -> None:
        self._spreadsheet = True

    def _start_table(self, known: dict[str, str]) -> None:
        name = known.get("table:name", "")
        hidden = self._hidden_styles.get(known.get("table:style-name", ""), "") or self._hidden()
        sheet = self._spreadsheet and not self._open_tables
        if self._styles.look("table", known.get("table:style-name", "")).ground:
            self._grounds.append(self._depth)
        number = next(self._tables)
        if sheet:
            if name.startswith("'file:") or "'#" in name:
                hidden = "cells of another workbook"
            state = " (hidden)" if hidden == "hidden sheet" else ""
            place = self._here() / f'sheet "{name}"{state}'
            self._ready.append(Segment(name, place / "name", hidden))
        else:
            place = self._here() / f"table {number}"
        self._open_tables.append(
            _Table(self._depth, place, hidden, LabelledTable(number, self._ready.append), sheet)
        )
        self._frames.append(_Frame(self._depth, place, hidden))

    def _end_table(self) -> None:
        if self._open_tables and self._open_tables[-1].depth == self._depth:
            self._open_tables.pop().rows.end()

    def _header_rows(self, _: dict[str, str]) -> None:
        if self._open_tables:
            self._open_tables[-1].header = True

    def _end_header_rows(self) -> None:
        if self._open_tables:
            self._open_tables[-1].header = False

    def _column(self, known: dict[str, str]) -> None:
        if not self._open_tables:
            return
        table = self._open_tables[-1]
        end = table.declared + _repeats(known.get("table:number-columns-repeated", ""))
        if known.get("table:visibility") in ("collapse", "filter"):
            table.hidden_columns.append((table.declared, end))
        if (style := known.get("table:default-cell-style-name", "")) and len(table.column_styles) < _STYLED:
            table.column_styles.append((table.declared, end, style))
        table.declared = end

    def _start_row(self, known: dict[str, str]) -> None:
        if not self._open_tables:
            return
        table = self._open_tables[-1]
        table.repeats = _repeats(known.get("table:number-rows-repeated", ""))
        style = known.get("table:style-name", "")
        if self._styles.look("table-row", style).ground:
            self._grounds.append(self._depth)
        visibility = known.get("table:visibility", "")
        table.row_hidden = {"collapse": "hidden row", "filter": "filtered row"}.get(visibility, "")
        if not table.row_hidden and style in self._styles.flat_rows:
            table.row_hidden = "hidden row"
        table.column = 0
        table.cells = []

    def _end_row(self) -> None:
        if not self._open_tables:
            return
        table = self._open_tables[-1]
        number = table.row + 1
        if table.cells:
            if table.sheet and number > table.expected:
                table.rows.gap()
            table.expected = number + table.repeats
            place = table.place if table.sheet else table.place / f"row {number}"
            hidden = table.hidden or table.row_hidden
            table.rows.add(Row(number, table.cells, place, hidden, table.header))
        table.row += table.repeats
        table.cells = []

    def _start_cell(self, known: dict[str, str]) -> None:
        if not self._open_tables:
            return
        table = self._open_tables[-1]
        table.cell_repeats = _repeats(known.get("table:number-columns-repeated", ""))
        value = known.get("office:string-value") or known.get("office:value") or ""
        table.value = value or known.get("office:date-value") or known.get("office:boolean-value") or ""
        self._cells += 1
        table.is_text = known.get("office:value-type") == "string"
        style = known.get("table:style-name") or table.column_style(table.column)
        look = self._styles.look("table-cell", style)
        frame = _Frame(self._depth, table.place, table.hidden, cell=True)
        if look is not NOTHING:
            if look.ground:
                self._grounds.append(self._depth)
            frame.concealed = look.reason(grounded=bool(self._grounds))
        self._frames.append(frame)

    def _end_cell(self) -> None:
        frame = self._frames[-1]
        if not self._open_tables or not frame.cell or frame.depth != self._depth:
            return
        table = self._open_tables[-1]
        shown = "\n".join(frame.texts)
        text = shown or table.value
        copies = min(table.cell_repeats, _COPIES) if text.strip() else 0
        for column in range(table.column, table.column + copies):
            letters = column_letters(min(column, _COLUMNS))
            name = f"{letters}{table.row + 1}" if table.sheet else ""
            hidden = table.column_hidden(column) or frame.concealed
            if table.is_text and not shown.strip():
                hidden = hidden or "hidden by number format"
            table.cells.append(Cell(column, text, name, hidden))
            if is_disguised(whole := table.value.removesuffix(".0").lstrip("-"), text):
                table.cells.append(Cell(column, whole, name, hidden))
        table.column += table.cell_repeats
        table.value = ""

    def _bookmark(self, known: dict[str, str]) -> None:
        name = known.get("text:name", "")
        if name and not _MADE_BOOKMARK.match(name):
            self._say(name, "bookmark")

    def _start_message(self, known: dict[str, str]) -> None:
        self._enter("validation", "validation message")
        if title := known.get("table:title", "").strip():
            self._say(title, "validation message", self._here())

    def _named(self, known: dict[str, str]) -> None:
        if name := known.get("table:name", ""):
            self._say(name, "defined name")


def _repeats(number: str) -> int:
    return max(1, int(number)) if number.isdecimal() and len(number) < 9 else 1
