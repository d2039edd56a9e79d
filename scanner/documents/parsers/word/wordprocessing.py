"""The walk through a WordprocessingML story: body, header, footer, notes, comments, building blocks.

Elements are told by their local names, so that transitional, strict and template files read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scanner.documents.model import Location, Segment
from scanner.documents.parsers.labelled_table import LabelledTable, label_before
from scanner.documents.parsers.looks import BY, NOTHING, Look, parted
from scanner.documents.parsers.office.element_walk import ElementWalk
from scanner.documents.parsers.office.ooxml_package import Attributes, Package, Part, decode_xml, parse_xml
from scanner.documents.parsers.office.ooxml_parts import local, shape_texts
from scanner.documents.protocol import HERE
from scanner.documents.rows import Cell, Row
from scanner.text import Field

# Bookmarks and form fields that the program names by itself.
_MADE_BOOKMARK = re.compile(r"_|(?:OLE_LINK|Text|Check|Dropdown|Bookmark)\d*\Z")
_OFF = frozenset(("0", "false", "off", "none"))
# Half-points: text of two points and less is not seen.
_TINY = 4
_GENERATIONS = 20  # heirs of heirs
_TINY_SIZE = re.compile(r':sz [^<>]{0,100}val="[1-4]"')
_STYLE = re.compile(r"<(?:[\w.-]{1,20}:)?style\s([^<>]{1,2000})>")
_STYLE_END = re.compile(r"</(?:[\w.-]{1,20}:)?style>")
_STYLE_ELEMENT = re.compile(
    r"<(?:[\w.-]{1,20}:)?(basedOn|vanish|color|sz|shd|highlight)((?:\s[^<>]{0,1000})?)/?>"
)
_ATTRIBUTE = re.compile(r'(?:[\w.-]{1,20}:)?(\w{1,30})\s{0,9}=\s{0,9}["\']([^"\']{0,500})["\']')
# Check boxes of the symbol fonts that Word's own menus offer (Wingdings, Wingdings 2).
_SYMBOLS = {
    "F0FE": "\u2612", "F078": "\u2612", "F0FD": "\u2612", "F0FC": "\u2713", "F052": "\u2611",
    "F054": "\u2612", "F0A8": "\u2610", "F06F": "\u2610", "F071": "\u2610", "F0A3": "\u2610",
    "F030": "\u2610", "F0B7": "\u2022",
}  # fmt: skip
# Elements that are handled as others are: what is done where they begin, and where they end.
_CHANGES = ("rPrChange", "pPrChange", "tblPrChange", "tcPrChange", "trPrChange", "sectPrChange")
_FORM_VALUES = ("helpText", "statusText", "listEntry", "default", "listItem", "tag")
_STARTS = {
    "moveFrom": "_start_del",
    "moveTo": "_start_ins",
    # Not "webHidden": page numbers in lists of contents, which every view but one shows.
    "specVanish": "_start_vanish",
    "imprint": "_start_emboss",
    **dict.fromkeys(("footnoteReference", "endnoteReference"), "_note_mark"),
    **dict.fromkeys(("instrText", "delInstrText"), "_instruction_begins"),
    **dict.fromkeys(_CHANGES, "_change_begins"),
    **dict.fromkeys(_FORM_VALUES, "_form_value"),
}
_ENDS = {
    "moveFrom": "_end_del",
    **dict.fromkeys(("delText", "instrText", "delInstrText"), "_end_t"),
    **dict.fromkeys(_CHANGES, "_change_ends"),
    **dict.fromkeys(("footnote", "endnote", "comment", "docPart"), "_end_note"),
}


@dataclass(slots=True)
class _Paragraph:
    pieces: list[tuple[str, str]] = field(default_factory=list)
    labels: list[tuple[int, int, str]] = field(default_factory=list)
    look: Look = NOTHING
    shaded: bool = False


@dataclass(slots=True)
class _Frame:
    """Where paragraphs go: a story (numbered), a text box, or a cell (gathered)."""

    place: Location
    kind: str = "story"
    hidden: str = ""
    numbered: bool = False
    count: int = 0
    texts: list[str] = field(default_factory=list)
    shaded: bool = False


@dataclass(slots=True)
class _Table:
    place: Location
    rows: LabelledTable
    row: int = 0
    column: int = 0
    span: int = 1
    styled: bool = False
    header: bool = False
    hidden: str = ""
    cells: list[Cell] = field(default_factory=list)


@dataclass(slots=True)
class _Alternate:
    """Two forms of one thing (``mc:AlternateContent``): text of the second that the first had is dropped."""

    seen: set[str] = field(default_factory=set)
    fallback: bool = False
    paragraph: _Paragraph | None = None
    pieces: int = 0
    grew: bool = False


class StoryWalk(ElementWalk):
    """One part of a Word document as segments.

    ``place`` is the location of what stands outside of numbered paragraphs, ``hidden`` the reason that
    holds for the whole part, ``tables`` counts tables over all parts of the document.
    """

    starts = _STARTS
    ends = _ENDS

    def __init__(
        self,
        place: Location,
        hidden: str,
        tables: Iterator[int],
        styles: Mapping[str, Look],
        *,
        numbered: bool = False,
    ) -> None:
        super().__init__()
        self._ready: list[Segment] = []
        self._tables_seen = tables
        self._styles = styles
        self._default_look = styles.get("", NOTHING)
        self._frames = [_Frame(place, hidden=hidden, numbered=numbered)]
        self._paragraphs: list[_Paragraph] = []
        self._tables: list[_Table] = []
        self._alternates: list[_Alternate] = []
        self._regions: list[str] = []
        self._controls: list[tuple[_Paragraph | None, int, str]] = []
        self._authors: set[str] = set()
        self._instruction: list[str] = []
        self._sink: list[str] | None = None
        self._in_run = False
        self._run = NOTHING
        self._run_style = NOTHING
        self._run_black = False
        self._in_change = 0
        self._in_control_properties = False
        self._background = False

    def read(self, package: Package, part: Part) -> Iterator[Segment]:
        """Yield the segments of ``part``."""
        for _ in parse_xml(
            package, part, start=self._start, end=self._end, text=self._text, salvage=self._salvaged
        ):
            yield from self._ready
            self._ready.clear()
        # A part that breaks off in the middle still has what its open paragraphs and tables hold.
        while self._paragraphs:
            self._end_p()
        while self._tables:
            if len(self._frames) > 1 and self._frames[-1].kind == "cell":
                self._end_tc()
            self._end_tr()
            self._end_tbl()
        yield from self._ready

    # what the elements say

    def _shape_texts(self, tag: str, attributes: Attributes) -> None:
        for text, reason in shape_texts(tag, attributes):
            self._emit(Segment(text, self._here() / (reason or "WordArt"), reason or self._frames[-1].hidden))

    def _text(self, data: str) -> None:
        if self._sink is not None:
            self._sink.append(data)

    def _salvaged(self, data: str) -> None:
        self._emit(Segment(data.strip(), self._frames[0].place / "damaged part", self._frames[0].hidden))

    # where we are

    def _here(self) -> Location:
        frame = self._frames[-1]
        if frame.kind == "cell" and self._tables:
            table = self._tables[-1]
            return table.place / f"row {table.row}"
        if frame.numbered:
            return frame.place / f"paragraph {frame.count + 1}"
        return frame.place

    def _emit(self, segment: Segment) -> None:
        if not segment.text.strip():
            return
        for alternate in self._alternates:
            if not alternate.fallback:
                alternate.seen.add(segment.text)
            elif segment.text in alternate.seen:
                return
        self._ready.append(segment)

    def _emit_labelled(self, text: str, location: Location, hidden: str, label: str) -> None:
        fields = (Field(0, len(text), label),) if label else ()
        self._emit(Segment(text, location, hidden, fields))

    def _add(self, text: str) -> None:
        """Put a character that an element stands for into the paragraph."""
        if self._in_run and self._paragraphs:
            self._paragraphs[-1].pieces.append((text, self._reason()))

    def _reason(self) -> str:
        if self._regions:
            return self._regions[-1]
        paragraph = self._paragraphs[-1]
        look = self._run
        if self._run_style is not NOTHING or paragraph.look is not NOTHING:
            look = look.over(self._run_style.over(paragraph.look))
        if look is NOTHING and not self._run_black:
            return ""
        if self._run_black and not look.white:
            return look.reason(grounded=True) or "blacked-out text"
        return look.reason(grounded=bool(look.white) and (paragraph.shaded or self._backed()))

    def _backed(self) -> bool:
        """Whether something other than the white page may stand behind the text."""
        if self._background or any(frame.shaded or frame.kind == "box" for frame in self._frames):
            return True
        return any(table.styled for table in self._tables)

    # paragraphs and runs

    def _start_p(self, attributes: Attributes) -> None:
        self._paragraphs.append(_Paragraph(look=self._default_look))
        self._in_run = False

    def _end_p(self) -> None:
        if not self._paragraphs:
            return
        paragraph = self._paragraphs.pop()
        # A text box stands inside a run: what follows it belongs to that run.
        self._in_run = bool(self._paragraphs)
        frame = self._frames[-1]
        visible: list[str] = []
        length = 0
        offsets = [0]
        stretches: list[tuple[str, list[str], str]] = []
        previous = ""
        for text, reason in paragraph.pieces:
            if not reason:
                visible.append(text)
                length += len(text)
            elif reason == previous:
                stretches[-1][1].append(text)
            else:
                label = label_before("".join(visible[-8:]))
                stretches.append((reason, [text], label))
            previous = reason
            offsets.append(length)
        text = "".join(visible)
        here = self._here()
        for reason, pieces, label in stretches:
            reason, words = parted(reason)
            self._emit_labelled("".join(pieces), here / words, reason, label)
        if not text.strip():
            return
        if frame.kind == "cell":
            frame.texts.append(text.strip())
            return
        fields = tuple(
            Field(offsets[first], offsets[last], label)
            for first, last, label in sorted(paragraph.labels)
            if offsets[last] > offsets[first]
        )
        self._emit(Segment(text, here, frame.hidden, _answers(text, _disjoint(fields))))
        if frame.numbered:
            frame.count += 1

    def _start_pStyle(self, attributes: Attributes) -> None:  # noqa: N802 (named after the element)
        if self._paragraphs and not self._in_change:
            self._paragraphs[-1].look = self._styles.get(_value(attributes), NOTHING)

    def _start_r(self, attributes: Attributes) -> None:
        self._in_run = True
        self._run = self._run_style = NOTHING
        self._run_black = False

    def _end_r(self) -> None:
        self._in_run = False
        self._run = self._run_style = NOTHING
        self._run_black = False

    def _start_vanish(self, attributes: Attributes) -> None:
        if self._in_run and not self._in_change:
            self._run = Look(hidden=_is_on(attributes)).over(self._run)

    def _start_rStyle(self, attributes: Attributes) -> None:  # noqa: N802
        if self._in_run and not self._in_change:
            self._run_style = self._styles.get(_value(attributes), NOTHING)

    def _start_color(self, attributes: Attributes) -> None:
        if self._in_run and not self._in_change:
            white = _value(attributes).upper() == "FFFFFF"
            if white or self._styles:
                self._run = Look(white=white).over(self._run)

    def _start_sz(self, attributes: Attributes) -> None:
        value = _value(attributes)
        if self._in_run and not self._in_change and value.isdecimal() and len(value) < 6:
            tiny = int(value) <= _TINY
            if tiny or self._styles:
                self._run = Look(tiny=tiny).over(self._run)

    def _start_emboss(self, attributes: Attributes) -> None:
        # White letters are seen by their shadow.
        if self._in_run and not self._in_change and _is_on(attributes):
            self._run = Look(ground=True).over(self._run)

    def _start_highlight(self, attributes: Attributes) -> None:
        if self._in_run and not self._in_change:
            value = _value(attributes)
            self._run = Look(ground=value != "none").over(self._run)
            self._run_black = self._run_black or value == "black"

    def _start_shd(self, attributes: Attributes) -> None:
        if self._in_change:
            return
        fill = _value(attributes, "fill").upper()
        if fill in ("", "AUTO", "FFFFFF"):
            return
        if self._in_run:
            self._run = Look(ground=True).over(self._run)
            self._run_black = self._run_black or fill == "000000"
        elif self._paragraphs:
            self._paragraphs[-1].shaded = True
        elif self._tables and not self._tables[-1].row:
            self._tables[-1].styled = True
        else:
            self._frames[-1].shaded = True

    def _start_anchor(self, attributes: Attributes) -> None:
        # A picture behind the text: the page of a cover is of any colour.
        if attributes.get("behindDoc", "0") not in _OFF:
            self._background = True

    def _start_background(self, attributes: Attributes) -> None:
        self._background = True

    def _change_begins(self, attributes: Attributes) -> None:
        self._in_change += 1
        self._author(attributes)

    def _change_ends(self) -> None:
        self._in_change -= 1

    # text and the elements that stand for characters

    def _start_t(self, attributes: Attributes) -> None:
        if self._paragraphs:
            self._sink = []

    def _end_t(self) -> None:
        if self._sink and self._paragraphs and self._sink is not self._instruction:
            self._paragraphs[-1].pieces.append(("".join(self._sink), self._reason()))
        self._sink = None

    def _start_delText(self, attributes: Attributes) -> None:  # noqa: N802
        self._start_t(attributes)

    def _start_tab(self, attributes: Attributes) -> None:
        self._add("\t")

    def _start_ptab(self, attributes: Attributes) -> None:
        self._add("\t")

    def _start_br(self, attributes: Attributes) -> None:
        self._add("\n")

    def _start_cr(self, attributes: Attributes) -> None:
        self._add("\n")

    def _note_mark(self, attributes: Attributes) -> None:
        # The number of the note stands here, and parts what stands before and behind it.
        pieces = self._paragraphs[-1].pieces if self._paragraphs else []
        if pieces and pieces[-1][0][-1:].isalnum():
            pieces.append((" ", pieces[-1][1]))

    def _start_noBreakHyphen(self, attributes: Attributes) -> None:  # noqa: N802
        self._add("\u2011")

    def _start_softHyphen(self, attributes: Attributes) -> None:  # noqa: N802
        self._add("\u00ad")

    def _start_sym(self, attributes: Attributes) -> None:
        code = _value(attributes, "char").upper()
        self._add(_SYMBOLS.get(code, " "))

    # tracked changes

    def _start_del(self, attributes: Attributes) -> None:
        author = _value(attributes, "author")
        date = _value(attributes, "date")[:10]
        by = f"{BY}{author}, {date}" if author and date else f"{BY}{author}" if author else ""
        self._regions.append("tracked deletion" + by)
        self._author(attributes)

    def _end_del(self) -> None:
        if self._regions:
            self._regions.pop()

    def _start_ins(self, attributes: Attributes) -> None:
        self._author(attributes)

    def _author(self, attributes: Attributes) -> None:
        author = _value(attributes, "author")
        if author and author not in self._authors:
            self._authors.add(author)
            place = self._frames[-1].place
            self._emit_labelled(author, place / "author of a change", "author of a change", "Author")

    # fields and content controls

    def _instruction_begins(self, attributes: Attributes) -> None:
        self._sink = self._instruction

    def _start_fldChar(self, attributes: Attributes) -> None:  # noqa: N802
        if _value(attributes, "fldCharType") in ("separate", "end"):
            self._flush_instruction()

    def _start_fldSimple(self, attributes: Attributes) -> None:  # noqa: N802
        self._instruction.append(_value(attributes, "instr"))
        self._flush_instruction()

    def _flush_instruction(self) -> None:
        text = "".join(self._instruction).strip()
        self._instruction.clear()
        # One bare word (PAGE, TOC) is a command without a value.
        if " " in text:
            self._emit(Segment(text, self._here() / "field", "field instruction"))

    def _start_checked(self, attributes: Attributes) -> None:
        self._check_box(_is_on(attributes))

    def _start_checkBox(self, attributes: Attributes) -> None:  # noqa: N802
        self._check_box(False)

    def _check_box(self, ticked: bool) -> None:
        """Show a legacy form's check box; ``w:checked`` stands inside ``w:checkBox`` and corrects it."""
        if self._in_run and self._paragraphs:
            pieces = self._paragraphs[-1].pieces
            if pieces and pieces[-1][0] == "\u2610":
                pieces.pop()
            pieces.append(("\u2612" if ticked else "\u2610", self._reason()))

    def _form_value(self, attributes: Attributes) -> None:
        text = _value(attributes, "displayText") or _value(attributes)
        if len(text) > 1 and (self._in_control_properties or self._in_run):
            self._emit(Segment(text, self._here() / "form field", "form field"))

    def _start_sdt(self, attributes: Attributes) -> None:
        paragraph = self._paragraphs[-1] if self._paragraphs else None
        self._controls.append((paragraph, len(paragraph.pieces) if paragraph else 0, ""))

    def _start_sdtPr(self, attributes: Attributes) -> None:  # noqa: N802
        self._in_control_properties = True

    def _end_sdtPr(self) -> None:  # noqa: N802
        self._in_control_properties = False

    def _start_bookmarkStart(self, attributes: Attributes) -> None:  # noqa: N802
        name = _value(attributes, "name")
        if name and not _MADE_BOOKMARK.match(name):
            self._emit(Segment(name, self._here() / "bookmark", "bookmark"))

    def _start_alias(self, attributes: Attributes) -> None:
        title = _value(attributes)
        if self._controls and self._in_control_properties and title:
            paragraph, start, _ = self._controls[-1]
            self._controls[-1] = (paragraph, start, title)
            self._emit(Segment(title, self._here() / "content control", "content control"))

    def _end_sdt(self) -> None:
        if not self._controls:
            return
        paragraph, start, title = self._controls.pop()
        if title and paragraph is not None and self._paragraphs and self._paragraphs[-1] is paragraph:
            paragraph.labels.append((start, len(paragraph.pieces), title))

    # text boxes and their two forms

    def _start_txbxContent(self, attributes: Attributes) -> None:  # noqa: N802
        self._frames.append(_Frame(self._here() / "text box", "box", self._frames[-1].hidden))

    def _end_txbxContent(self) -> None:  # noqa: N802
        if len(self._frames) > 1:
            self._frames.pop()

    def _start_AlternateContent(self, attributes: Attributes) -> None:  # noqa: N802
        self._alternates.append(_Alternate())

    def _end_AlternateContent(self) -> None:  # noqa: N802
        if self._alternates:
            self._alternates.pop()

    def _start_Choice(self, attributes: Attributes) -> None:  # noqa: N802
        if self._alternates:
            alternate = self._alternates[-1]
            alternate.paragraph = self._paragraphs[-1] if self._paragraphs else None
            alternate.pieces = len(alternate.paragraph.pieces) if alternate.paragraph else 0

    def _end_Choice(self) -> None:  # noqa: N802
        if self._alternates and (paragraph := self._alternates[-1].paragraph) is not None:
            self._alternates[-1].grew = len(paragraph.pieces) > self._alternates[-1].pieces

    def _start_Fallback(self, attributes: Attributes) -> None:  # noqa: N802
        if self._alternates:
            alternate = self._alternates[-1]
            alternate.fallback = True
            alternate.pieces = len(alternate.paragraph.pieces) if alternate.paragraph else 0

    def _end_Fallback(self) -> None:  # noqa: N802
        if self._alternates:
            alternate = self._alternates[-1]
            if alternate.grew and alternate.paragraph is not None:
                del alternate.paragraph.pieces[alternate.pieces :]

    # tables

    def _start_tbl(self, attributes: Attributes) -> None:
        number = next(self._tables_seen)
        frame = self._frames[-1]
        place = self._frames[0].place if frame.kind == "cell" else frame.place

        def emit(segment: Segment, hidden: str = frame.hidden) -> None:
            if hidden and not segment.hidden:
                segment = Segment(
                    segment.text, segment.location, hidden, segment.fields, segment.cells, segment.table
                )
            self._emit(segment)

        self._tables.append(_Table(place / f"table {number}", LabelledTable(number, emit)))

    def _end_tbl(self) -> None:
        if self._tables:
            self._tables.pop().rows.end()

    def _start_tblStyle(self, attributes: Attributes) -> None:  # noqa: N802
        if self._tables:
            self._tables[-1].styled = _value(attributes) not in ("", "TableGrid", "TableNormal")

    def _start_tr(self, attributes: Attributes) -> None:
        if self._tables:
            table = self._tables[-1]
            table.row += 1
            table.column = 0
            table.header = False
            table.hidden = ""
            table.cells = []

    def _start_hidden(self, attributes: Attributes) -> None:
        if self._tables and not self._in_change and _is_on(attributes):
            self._tables[-1].hidden = "hidden row"

    def _end_tr(self) -> None:
        if self._tables:
            table = self._tables[-1]
            cells, table.cells = table.cells, []
            if cells:
                place = table.place / f"row {table.row}"
                table.rows.add(Row(table.row, cells, place, table.hidden, header=table.header))

    def _start_tblHeader(self, attributes: Attributes) -> None:  # noqa: N802
        if self._tables and not self._in_change:
            self._tables[-1].header = _is_on(attributes)

    def _start_gridSpan(self, attributes: Attributes) -> None:  # noqa: N802
        value = _value(attributes)
        if self._tables and value.isdecimal():
            self._tables[-1].span = min(int(value), 100)

    def _start_tc(self, attributes: Attributes) -> None:
        if self._tables:
            self._tables[-1].span = 1
        self._frames.append(_Frame(HERE, "cell", self._frames[-1].hidden))

    def _end_tc(self) -> None:
        if len(self._frames) < 2 or self._frames[-1].kind != "cell":
            return
        frame = self._frames.pop()
        if self._tables:
            table = self._tables[-1]
            if frame.texts:
                table.cells.append(Cell(table.column, "\n".join(frame.texts)))
            table.column += table.span

    # notes and comments: each is a story of its own

    def _start_footnote(self, attributes: Attributes) -> None:
        self._note("footnote", attributes, "")

    def _start_endnote(self, attributes: Attributes) -> None:
        self._note("endnote", attributes, "")

    def _start_comment(self, attributes: Attributes) -> None:
        self._note("comment", attributes, "comment")
        place = self._frames[-1].place / "author"
        for key in ("author", "initials"):
            author = _value(attributes, key)
            if author and author not in self._authors:
                self._authors.add(author)
                self._emit_labelled(author, place, "author of a comment", "Author")

    def _start_docPart(self, attributes: Attributes) -> None:  # noqa: N802
        self._frames.append(_Frame(self._frames[0].place, hidden=self._frames[0].hidden))

    def _note(self, kind: str, attributes: Attributes, hidden: str) -> None:
        number = _value(attributes, "id")
        self._frames.append(_Frame(self._frames[0].place.__class__((f"{kind} {number}",)), hidden=hidden))

    def _end_note(self) -> None:
        if len(self._frames) > 1:
            self._frames.pop()


def _disjoint(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Leave out fields inside of others: the outer content control is the form's own question."""
    kept: list[Field] = []
    for one in fields:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return tuple(kept)


def _answers(text: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields of a paragraph that is nothing but answers.

    Where the paragraph has words of its own around them ("Name: ", "Born: "), these are the labels that
    a reader sees, and the paragraph is read as running text.
    """
    start = 0
    for one in (*fields, Field(len(text), len(text))):
        if any(map(str.isalpha, text[start : one.start])):
            return ()
        start = one.end
    return fields


def _value(attributes: Attributes, wanted: str = "val") -> str:
    value = attributes.get("w:" + wanted)
    if value is not None:
        return value
    for key, other in attributes.items():
        if local(key) == wanted:
            return other
    return ""


def _is_on(attributes: Attributes) -> bool:
    return _value(attributes).lower() not in _OFF


def hidden_styles(package: Package, part: Part) -> dict[str, Look]:
    """The styles whose text a reader may not see, by their ids; heirs of a style included.

    The empty id is the style of paragraphs that name none.
    """
    # Most have none, and their hundreds of styles cost more than the document.
    text = decode_xml(package.read(part))
    if "vanish" not in text and '"ffffff"' not in text.lower() and not _TINY_SIZE.search(text):
        return {}
    looks: dict[str, Look] = {}
    based: dict[str, str] = {}
    default = ""
    for body in _STYLE_END.split(text):
        begin = _STYLE.search(body)
        attributes = dict(_ATTRIBUTE.findall(begin[1])) if begin else {}
        name, kind = attributes.get("styleId", ""), attributes.get("type", "paragraph")
        if begin is None or kind not in ("paragraph", "character"):
            continue
        if kind == "paragraph" and attributes.get("default", "0") not in _OFF:
            default = name
        looks[name] = _style_look(body[begin.end() :], based, name)
    found: dict[str, Look] = {}
    for name, look in looks.items():
        ancestor = name
        for _ in range(_GENERATIONS):
            ancestor = based.get(ancestor, "")
            if ancestor not in looks:
                break
            look = look.over(looks[ancestor])
        if not look.says_nothing:
            found[name] = look
    if default in found:
        found[""] = found[default]
    return found


def _style_look(body: str, based: dict[str, str], name: str) -> Look:
    look = NOTHING
    for tag, inside in _STYLE_ELEMENT.findall(body):
        attributes = dict(_ATTRIBUTE.findall(inside))
        value = attributes.get("val", "")
        if tag == "basedOn":
            based[name] = value
        elif tag == "vanish":
            look = Look(hidden=value.lower() not in _OFF).over(look)
        elif tag == "color":
            look = Look(white=value.upper() == "FFFFFF").over(look)
        elif tag == "sz" and value.isdecimal() and len(value) < 6:
            look = Look(tiny=int(value) <= _TINY).over(look)
        elif attributes.get("fill", "auto").upper() not in ("", "AUTO", "FFFFFF") or tag == "highlight":
            look = Look(ground=True).over(look)
    return look
