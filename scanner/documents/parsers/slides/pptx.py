"""PowerPoint presentations (PPTX, PPTM, POTX, strict too): slides, notes, comments, and all other parts."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import count

from scanner.documents.limits import Limits
from scanner.documents.model import Location, Segment
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.office import ooxml_parts
from scanner.documents.parsers.office.element_walk import ElementWalk
from scanner.documents.parsers.office.ooxml_package import Attributes, Package, Part, open_package, parse_xml
from scanner.documents.parsers.office.ooxml_parts import local, record
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import Cell, Row

# Shapes of other kinds.
_FRAMES = ("pic", "graphicFrame", "cxnSp", "contentPart")
_NOT_SHOWN = re.compile(r"""<(?:[\w.-]+:)?sld\s[^<>]*\bshow\s*=\s*["'](?:0|false)["']""")
# So many layouts are remembered.
_LAYOUTS = 1_000
# Where PowerPoint puts text of its own ("Click to edit Master title style"): not what a person wrote.
_BOILERPLATE_ROOTS = {
    "sldLayout": "slide layout",
    "sldMaster": "slide master",
    "notesMaster": "notes master",
    "handoutMaster": "handout master",
}


@dataclass(slots=True)
class _Shape:
    name: str = ""
    hidden: str = ""
    placeholder: str | None = None
    left: int | None = None
    top: int = 0
    width: int = 0
    height: int = 0
    depth: int = 0
    lines: list[str] = field(default_factory=list)


class ShapeWalk(ElementWalk):
    """One slide, notes page, layout or master as segments: a shape's text is one segment.

    ``size`` is that of the slide (0 where unknown), in the units of its shapes; ``boilerplate`` leaves
    out the text of placeholders.
    """

    starts = dict.fromkeys(_FRAMES, "_start_sp")
    ends = dict.fromkeys(_FRAMES, "_end_sp")

    def __init__(
        self,
        place: Location,
        hidden: str,
        tables: Iterator[int],
        size: tuple[int, int],
        *,
        boilerplate: bool = False,
    ) -> None:
        super().__init__()
        self._place = place
        self._hidden = hidden
        self._tables = tables
        self._size = size
        self._boilerplate = boilerplate
        self._ready: list[Segment] = []
        self._shapes: list[_Shape] = []
        self._groups: list[str] = []
        self._pieces: list[str] = []
        self._in_text = False
        self._in_frame = 0
        self._rows: LabelledTable | None = None
        self._row = 0
        self._column = 0
        self._cells: list[Cell] = []
        self._cell_lines: list[str] | None = None
        self._table_place = place

    def read(self, package: Package, part: Part) -> Iterator[Segment]:
        """Yield the segments of ``part``."""
        for _ in parse_xml(
            package, part, start=self._start, end=self._end, text=self._text, salvage=self._salvaged
        ):
            yield from self._ready
            self._ready.clear()
        while self._shapes:
            self._finish(self._shapes.pop())
        yield from self._ready

    def _start_t(self, attributes: Attributes) -> None:
        self._in_text = True

    def _end_t(self) -> None:
        self._in_text = False

    def _start_br(self, attributes: Attributes) -> None:
        self._pieces.append("\n")

    def _start_sp(self, attributes: Attributes) -> None:
        self._shapes.append(_Shape(depth=len(self._groups)))

    def _end_sp(self) -> None:
        if self._shapes:
            self._finish(self._shapes.pop())

    def _start_grpSp(self, attributes: Attributes) -> None:  # noqa: N802 (named after the element)
        self._groups.append("")

    def _end_grpSp(self) -> None:  # noqa: N802
        if self._groups:
            self._groups.pop()

    def _start_cNvPr(self, attributes: Attributes) -> None:  # noqa: N802
        hidden = "hidden shape" if attributes.get("hidden", "") in ("1", "true") else ""
        if self._shapes:
            shape = self._shapes[-1]
            shape.name = attributes.get("name", "")
            # A shape in a hidden group is hidden with it.
            shape.hidden = hidden or next((reason for reason in self._groups if reason), "")
        elif self._groups:
            self._groups[-1] = hidden
        self._shape_texts("cNvPr", attributes)

    def _start_ph(self, attributes: Attributes) -> None:
        if self._shapes:
            self._shapes[-1].placeholder = attributes.get("type", "body")

    def _start_off(self, attributes: Attributes) -> None:
        if self._shapes and self._shapes[-1].left is None:
            shape = self._shapes[-1]
            shape.left, shape.top = _number(attributes, "x"), _number(attributes, "y")

    def _start_ext(self, attributes: Attributes) -> None:
        if self._shapes and "cx" in attributes:
            shape = self._shapes[-1]
            shape.width, shape.height = _number(attributes, "cx"), _number(attributes, "cy")

    def _start_tbl(self, attributes: Attributes) -> None:
        number = next(self._tables)
        self._table_place = self._place / f"table {number}"
        self._rows = LabelledTable(number, self._emit_row)
        self._row = 0

    def _end_tbl(self) -> None:
        if self._rows is not None:
            self._rows.end()
            self._rows = None

    def _start_tr(self, attributes: Attributes) -> None:
        self._row += 1
        self._column = 0
        self._cells = []

    def _end_tr(self) -> None:
        if self._rows is not None:
            self._rows.add(Row(self._row, self._cells, self._table_place / f"row {self._row}"))

    def _start_tc(self, attributes: Attributes) -> None:
        self._cell_lines = []

    def _end_tc(self) -> None:
        text = "\n".join(self._cell_lines or []).strip()
        self._cell_lines = None
        if text:
            self._cells.append(Cell(self._column, text))
        self._column += 1

    def _end_p(self) -> None:
        line = "".join(self._pieces)
        self._pieces.clear()
        if self._cell_lines is not None:
            self._cell_lines.append(line)
        elif self._shapes:
            self._shapes[-1].lines.append(line)
        else:
            self._emit(line, self._place, "")

    def _text(self, data: str) -> None:
        if self._in_text:
            self._pieces.append(data)

    def _salvaged(self, data: str) -> None:
        self._emit(data.strip(), self._place / "damaged part", "")

    def _shape_texts(self, tag: str, attributes: Attributes) -> None:
        for text, reason in ooxml_parts.shape_texts(tag, attributes):
            self._emit(text, self._here(), reason)

    def _here(self) -> Location:
        return self._place / self._shapes[-1].name if self._shapes and self._shapes[-1].name else self._place

    def _finish(self, shape: _Shape) -> None:
        text = "\n".join(shape.lines).strip()
        if not text or (self._boilerplate and shape.placeholder not in (None, "ftr", "hdr")):
            return
        place = self._place / shape.name if shape.name else self._place
        self._emit(text, place, shape.hidden or self._outside(shape))

    def _outside(self, shape: _Shape) -> str:
        """Whether a shape (outside of groups, which have coordinates of their own) misses the slide."""
        width, height = self._size
        if not width or shape.left is None or shape.depth:
            return ""
        right, bottom = shape.left + shape.width, shape.top + shape.height
        if right <= 0 or bottom <= 0 or shape.left >= width or shape.top >= height:
            return "outside the slide"
        return ""

    def _emit(self, text: str, place: Location, reason: str) -> None:
        if text.strip():
            self._ready.append(Segment(text, place, self._hidden or reason))

    def _emit_row(self, segment: Segment) -> None:
        hidden = self._hidden or (self._shapes[-1].hidden if self._shapes else "")
        self._ready.append(
            Segment(segment.text, segment.location, hidden, segment.fields, segment.cells, segment.table)
        )


def _number(attributes: Attributes, key: str) -> int:
    value = attributes.get(key, "0")
    return int(value) if value.removeprefix("-").isdecimal() and len(value) < 16 else 0


class PptxParser:
    """Reads PowerPoint presentations by the walk over all parts."""

    kinds = frozenset({"pptx"})

    def __init__(self) -> None:
        # What layouts hold, by digest: a council's slides are made from a few templates.
        self._layouts: OrderedDict[bytes, tuple[Segment, ...]] = OrderedDict()

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield slides in their order with their notes and comments, then everything else."""
        package = open_package(source, limits)
        yield from package.take_gaps()
        tables = count(1)
        attachments = ooxml_parts.Attachments(package)
        places: dict[str, Location] = {}
        size = (0, 0)
        order: list[Part] = []
        for part in package.parts:
            if part.root == "presentation":
                size = yield from _presentation(package, part, order)
        listed = {part.name for part in order}
        strays = [part for part in package.parts if part.root == "sld" and part.name not in listed]
        for number, part in enumerate((*order, *strays), 1):
            hidden = "" if part.name in listed else "unreferenced slide"
            if not hidden and not _is_shown(package, part):
                hidden = "hidden slide"
            state = {"hidden slide": " (hidden)", "unreferenced slide": " (not in the show)"}.get(hidden, "")
            place = Location((f"slide {number}{state}",))
            places[part.name.lower()] = place
            yield from ShapeWalk(place, hidden, tables, size).read(package, part)
            yield from package.take_gaps()
            for link in package.related(part).values():
                if not link.external:
                    places.setdefault(link.target.lower(), place)
        for part in package.parts:
            place = places.get(part.name.lower(), HERE)
            if part.root == "sld":
                continue
            if part.root == "notes":
                walk = ShapeWalk(place / "notes", "speaker notes", tables, (0, 0))
                yield from walk.read(package, part)
            elif part.root in _BOILERPLATE_ROOTS:
                yield from self._boilerplate(package, part, tables)
            elif part.root == "cmLst":
                yield from comments(package, part, place)
            elif part.root in ("cmAuthorLst", "authorLst"):
                yield from ooxml_parts.leaves(package, part, Location(("comments",)), "author of a comment")
            elif part.root == "tagLst":
                yield from ooxml_parts.leaves(package, part, place / "tags", "tag")
            elif part.root != "presentation":
                yield from ooxml_parts.shared(package, part, attachments, place)
            yield from package.take_gaps()
        yield from ooxml_parts.links(package, lambda owner: places.get(owner, HERE))
        yield from attachments.end()
        yield from ooxml_parts.archive_comment(package)

    def _boilerplate(self, package: Package, part: Part, tables: Iterator[int]) -> Iterator[Segment]:
        """Yield what a layout or master holds; one that was met before is not walked again."""
        digest = package.digest(part)
        if digest in self._layouts:
            self._layouts.move_to_end(digest)
            yield from self._layouts[digest]
            return
        name = _BOILERPLATE_ROOTS[part.root]
        gaps = len(package.gaps)
        found = tuple(
            ShapeWalk(Location((name,)), name, tables, (0, 0), boilerplate=True).read(package, part)
        )
        yield from found
        # Tables are numbered over the whole document.
        if digest and len(package.gaps) == gaps and all(segment.table is None for segment in found):
            self._layouts[digest] = found
            if len(self._layouts) > _LAYOUTS:
                self._layouts.popitem(last=False)


def _presentation(package: Package, part: Part, order: list[Part]) -> Generator[Event, None, tuple[int, int]]:
    """Yield names of sections and custom shows; fill ``order`` with the slides; return the slide size."""
    related = package.related(part)
    size = (0, 0)
    ready: list[Segment] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal size
        tag = local(name)
        if tag == "sldId":
            identifier = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            link = related.get(identifier)
            slide = package.part_named(link.target) if link else None
            if slide is not None and slide.root == "sld":
                order.append(slide)
        elif tag == "sldSz":
            size = _number(attributes, "cx"), _number(attributes, "cy")
        elif tag in ("section", "custShow") and attributes.get("name"):
            ready.append(record([(tag, attributes["name"])], Location((f"{tag} name",)), "section name"))

    for _ in parse_xml(package, part, start=start):
        yield from ready
        ready.clear()
    return size


def _is_shown(package: Package, part: Part) -> bool:
    return _NOT_SHOWN.search(package.head(part)) is None


def comments(package: Package, part: Part, place: Location) -> Iterator[Event]:
    """Yield the comments of a slide, of the older and of the threaded kind."""
    ready: list[Segment] = []
    pieces: list[str] = []
    inside = False
    number = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = local(name) in ("text", "t")

    def end(name: str) -> None:
        nonlocal inside, number
        inside = False
        if local(name) in ("text", "p") and pieces:
            number += 1
            ready.append(Segment("".join(pieces), place / f"comment {number}", "comment"))
            pieces.clear()

    def characters(data: str) -> None:
        if inside:
            pieces.append(data)

    for _ in parse_xml(package, part, start=start, end=end, text=characters):
        yield from ready
        ready.clear()
