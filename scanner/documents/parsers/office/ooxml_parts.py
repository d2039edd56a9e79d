"""Parts that Word, Excel and PowerPoint share: properties, links, charts, pictures, embedded files, the rest.

Every part that a format's own parser does not know ends here: text in a part that nobody expected is
read as labelled leaves of XML, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

from scanner.documents.model import Location, Segment
from scanner.documents.parsers.office import ole_object
from scanner.documents.parsers.office.macro_source import macro_segments
from scanner.documents.parsers.office.ooxml_package import Attributes, Package, Part, Relationship, parse_xml
from scanner.documents.parsers.pictures.embedded_pictures import (
    TEXT_PIXELS,
    picture_size,
    properties_within,
    unread_pictures,
)
from scanner.documents.protocol import HERE, Event, Member
from scanner.documents.rows import RECORD_SEPARATOR, row_segment

# Parts without a word that anybody wrote: looks, layout, calculation order, ids.
_SILENT = """Types Relationships theme themeOverride styles fonts webSettings numbering styleSheet calcChain
    presentationPr viewPr tblStyleLst layoutDef colorsDef styleDef colorsDefHdrLst chartStyle colorStyle
    datastoreItem commentsEx commentsIds commentsExtensible metadata volTypes clrMap volatileDependencies
    ax ocx taskpanes webextension"""
SILENT_ROOTS = frozenset(_SILENT.split())
_SILENT_EXTENSIONS = frozenset((".odttf", ".fntdata", ".ttf", ".otf"))
_PICTURES = frozenset(
    ".png .jpg .jpeg .jfif .jpe .gif .bmp .tif .tiff .emf .wmf .svg .wdp .webp".split()  # noqa: SIM905
)
# How they begin: PNG, GIF, BMP, JPEG, TIFF in both byte orders, HD Photo, WebP.
_PICTURE_STARTS = (b"\x89PNG", b"GIF8", b"BM", b"\xff\xd8", b"II*\0", b"MM\0*", b"II\xbc", b"RIFF")
# Pictures whose texts are texts.
_DRAWINGS = frozenset((".svg", ".emf", ".wmf"))
_LEAVES_PER_RECORD = 100
_NOISE = re.compile(
    r"(?:https?://(?:schemas|www\.w3|purl)\.\S*|urn:\S+|\{[0-9A-Fa-f-]{36}\}|[0-9.,:TZ+-]*|true|false|\s*)\Z"
)
# The citation style of Word's bibliography, which nearly every document carries.
_SILENT_ATTRIBUTES = frozenset(("SelectedStyle", "StyleName", "Version"))
# What only the program that wrote the file cares for (docProps/app.xml).
_PROGRAM_PROPERTIES = """TotalTime Pages Words Characters CharactersWithSpaces Lines Paragraphs Slides Notes
    HiddenSlides MMClips ScaleCrop LinksUpToDate SharedDoc HyperlinksChanged AppVersion DocSecurity i4 bool
    revision created modified lastPrinted PresentationFormat Application Template HeadingPairs version"""
_SILENT_PROPERTIES = frozenset(_PROGRAM_PROPERTIES.split())


@lru_cache(maxsize=4_096)
def local(name: str) -> str:
    """Return an XML name without its prefix."""
    return name.rpartition(":")[2]


def properties(package: Package, part: Part) -> Iterator[Event]:
    """Yield the document properties of a part: core, extended or custom, one segment each."""
    location = Location(("document properties",))
    path: list[str] = []
    names: list[str] = []
    texts: list[str] = []
    found: list[tuple[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(local(name))
        if path[-1] == "property":
            names.append(attributes.get("name", ""))
        texts.clear()

    def end(name: str) -> None:
        value = "".join(texts).strip()
        texts.clear()
        path.pop()
        key = local(name)
        if not value or key in _SILENT_PROPERTIES or (len(path) > 1 and path[1] in _SILENT_PROPERTIES):
            return
        if names and "property" in path:
            key = names[-1]
        elif len(path) > 1:
            key = path[1] if path[1] in ("HLinks", "TitlesOfParts") else key
        found.append((key, value))

    for _ in parse_xml(package, part, start=start, end=end, text=texts.append):
        for key, value in found:
            yield row_segment([value], [key], location / key, hidden="document properties")
        found.clear()


def leaves(package: Package, part: Part, location: Location, hidden: str) -> Iterator[Event]:
    """Yield the text of any XML part: the leaves of one element as one record, labelled by their names."""
    records: list[list[tuple[str, str]]] = [[]]
    ready: list[list[tuple[str, str]]] = []
    texts: list[str] = []
    children: list[bool] = [False]

    def start(name: str, attributes: dict[str, str]) -> None:
        if (stray := "".join(texts).strip()) and not _NOISE.match(stray):
            records[-1].append(("", stray))
        texts.clear()
        children[-1] = True
        children.append(False)
        records.append(
            [
                (local(key), value)
                for key, value in attributes.items()
                if not key.startswith("xmlns") and key not in _SILENT_ATTRIBUTES and not _NOISE.match(value)
            ]
        )

    def end(name: str) -> None:
        value = "".join(texts).strip()
        texts.clear()
        mine = records.pop()
        has_children = children.pop()
        parent = records[-1] if records else mine
        if value:
            (mine if has_children else parent).append((local(name), value))
        if has_children or len(mine) > 1:
            if mine:
                ready.append(mine)
        else:
            parent.extend(mine)
        if len(parent) >= _LEAVES_PER_RECORD:
            ready.append(parent[:])
            parent.clear()

    for _ in parse_xml(package, part, start=start, end=end, text=texts.append):
        for pairs in ready:
            yield record(pairs, location, hidden)
        ready.clear()
    if texts:
        records[-1].append(("", "".join(texts).strip()))
    for rest in records:
        if rest:
            yield record(rest, location, hidden)


def record(values: list[tuple[str, str]], location: Location, hidden: str) -> Segment:
    """Make a segment of labelled values, given as pairs of label and text."""
    return row_segment(
        [value for _, value in values],
        [key for key, _ in values],
        location,
        hidden=hidden,
        separator=RECORD_SEPARATOR,
    )


def chart(package: Package, part: Part, location: Location) -> Iterator[Event]:
    """Yield a chart: its titles, and the cached name, categories and values of each series."""
    series: list[str] = []
    paragraph: list[str] = []
    texts: list[str] = []
    ready: list[tuple[str, str]] = []
    in_series = [False]

    def start(name: str, attributes: dict[str, str]) -> None:
        texts.clear()
        if local(name) == "ser":
            in_series[0] = True

    def end(name: str) -> None:
        tag = local(name)
        value = "".join(texts)
        texts.clear()
        if tag in ("v", "f") and value.strip():
            if tag == "v" or not in_series[0]:
                series.append(value.strip())
        elif tag == "t":
            paragraph.append(value)
        elif tag == "p":
            ready.append(("".join(paragraph), ""))
            paragraph.clear()
        elif tag == "ser":
            in_series[0] = False
            ready.append(("\t".join(series), "chart data"))
            series.clear()

    for _ in parse_xml(package, part, start=start, end=end, text=texts.append):
        for text, hidden in ready:
            yield Segment(text, location, hidden)
        ready.clear()
    if series:
        yield Segment("\t".join(series), location, "chart data")


# Where a shape stands and how it behaves: numbers and yes or no, no words.
_ANCHORS = frozenset(
    {
        *("col", "colOff", "row", "rowOff", "x", "y", "Anchor", "Row", "Column"),
        *("AutoFill", "AutoLine", "DefaultSize", "Locked", "LockText", "PrintObject"),
    }
)


def paragraphs(
    package: Package, part: Part, location: Location, hidden: str, seen: set[str] | None = None
) -> Iterator[Event]:
    """Yield the paragraphs of a DrawingML or VML part (SmartArt, user shapes, legacy drawings).

    Runs are joined; alternative texts and WordArt strings are segments of their own.  A text in
    ``seen`` is not repeated.
    """
    seen = set() if seen is None else seen
    pieces: list[str] = []
    ready: list[tuple[str, str]] = []
    place = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal place
        tag = local(name)
        place = tag in _ANCHORS
        if tag in ("br", "tab"):
            pieces.append("\n" if tag == "br" else "\t")
        ready.extend(shape_texts(tag, attributes))

    def end(name: str) -> None:
        nonlocal place
        place = False
        if local(name) in ("p", "textbox", "div", "ClientData", "shape"):
            text = "".join(pieces).strip()
            if text:
                ready.append((text, hidden))
            pieces.clear()

    def text(data: str) -> None:
        # Indentation between the elements of VML is no text, nor is where a shape stands.
        if place:
            return
        if data.strip() or (pieces and data == " "):
            pieces.append(data)

    for _ in parse_xml(package, part, start=start, end=end, text=text):
        for words, reason in ready:
            if words not in seen:
                seen.add(words)
                yield Segment(words, location, reason)
        ready.clear()
    if pieces:
        yield Segment("".join(pieces).strip(), location, hidden)


_FILE_NAME = re.compile(
    r"\S\.(?:jpe?g|png|gif|tiff?|bmp|pdf|docx?|xlsx?|pptx?|msg|eml|heic)\Z", re.IGNORECASE
)


_NAMED_SHAPES = frozenset(("docPr", "cNvPr"))
_VML_SHAPES = frozenset(("shape", "rect", "roundrect", "oval", "line", "imagedata", "image"))
_LINKS = frozenset(("hlinkClick", "hlinkHover", "hyperlink"))
SHAPE_TAGS = _NAMED_SHAPES | _VML_SHAPES | _LINKS | {"textpath"}
"""The elements whose attributes hold text that a person wrote."""


def shape_texts(tag: str, attributes: Attributes) -> list[tuple[str, str]]:
    """Return the texts that a shape's own attributes hold, each with the reason why it is hidden.

    Alternative text and title; the name where it is that of a file; WordArt strings of VML (which are
    shown); a link's screen tip.
    """
    found: list[tuple[str, str]] = []
    if tag in _NAMED_SHAPES:
        found = [(attributes.get(key, ""), "alt text") for key in ("descr", "title")]
        if _FILE_NAME.search(attributes.get("name", "")):
            found.append((attributes["name"], "picture name"))
    elif tag == "textpath":
        found = [(attributes.get("string", ""), "")]
    elif tag in _VML_SHAPES:
        found = [
            (value, "alt text") for key, value in attributes.items() if local(key) in ("alt", "title", "href")
        ]
    elif tag in _LINKS:
        found = [(value, "link tip") for key, value in attributes.items() if local(key) == "tooltip"]
    return [(text, reason) for text, reason in found if text.strip()]


def links(package: Package, place: Callable[[str], Location]) -> Iterator[Event]:
    """Yield the targets of all relationships that lead out of the package, each once per owner.

    ``place`` gives the location of the owning part by its lower-case name.
    """
    for owner, relationships in package.relationships.items():
        seen: set[str] = set()
        for link in relationships:
            if not link.external or not link.target or link.target in seen:
                continue
            seen.add(link.target)
            yield Segment(link_text(link), place(owner) / "link", "link target")


def link_text(link: Relationship) -> str:
    """Return the target of a link as a person would read it."""
    return unquote(link.target, errors="replace")


@dataclass(slots=True)
class Attachments:
    """Parts that are files of their own: embedded documents go out as members, pictures are counted.

    With OCR on, pictures large enough to hold text are members as well.
    """

    package: Package
    pictures: list[str] = field(default_factory=list)
    smart_art: set[str] = field(default_factory=set)

    def read(self, part: Part) -> Iterator[Event]:
        """Yield what is in a part that is not XML of the format."""
        folder = part.name.lower()
        if not part.size or part.extension in _SILENT_EXTENSIONS or "printersettings" in part.base:
            return
        if part.extension in _PICTURES:
            head = next(self.package.chunks(part, 1 << 16), b"")
            if part.extension in _DRAWINGS or not head.startswith(_PICTURE_STARTS):
                # (whatever is no picture under a picture's name is read for what it is)
                yield Member(part.name, self.package.read(part), Location((f'picture "{part.base}"',)))
            elif "thumbnail" not in part.base and _may_hold_text(part, head):
                if self.package.limits.ocr:
                    yield Member(part.name, self.package.read(part), Location((f'picture "{part.base}"',)))
                else:
                    self.pictures.append(part.name)
                    yield from self._written(part)
            elif "thumbnail" not in part.base:
                yield from self._written(part)
            return
        if part.base.startswith("vbaproject") and part.extension == ".bin":
            yield from macro_segments(self.package.read(part))
            return
        if "activex" in folder and part.extension == ".bin":
            yield from control_strings(self.package.read(part))
            return
        location = Location((f'embedded file "{part.base}"',))
        data = self.package.read(part)
        if data:
            yield from ole_object.members(data, part.base, location)

    def _written(self, part: Part) -> Iterator[Event]:
        """What is written into a picture that nobody looks at."""
        yield from properties_within(self.package.read(part), Location((f'picture "{part.base}"',)))

    def end(self) -> Iterator[Event]:
        """Yield the gap for pictures that may hold text."""
        yield from unread_pictures(len(self.pictures))


def _may_hold_text(part: Part, head: bytes) -> bool:
    size = picture_size(head)
    if size is None:
        # A vector drawing is looks more often than words; one of this size is a pasted page.
        return part.size > 500_000
    return size[0] * size[1] >= TEXT_PIXELS


_UTF16_RUN = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){4,}")


def control_strings(data: bytes) -> Iterator[Event]:
    """Yield the strings of an ActiveX control's property stream (captions and values)."""
    for match in _UTF16_RUN.finditer(data):
        yield Segment(match.group().decode("utf-16-le"), Location(("control",)), "control value")


def archive_comment(package: Package) -> Iterator[Event]:
    """Yield the comment of the ZIP archive."""
    if package.comment:
        yield Segment(package.comment, HERE / "archive comment", "archive comment")


def shared(package: Package, part: Part, attachments: Attachments, place: Location = HERE) -> Iterator[Event]:
    """Yield a part that all three programs write, or that none is known to write.

    ``place`` is the location of what the part belongs to (a slide, a sheet).
    """
    root = part.root
    name = part.name.lower()
    if "customxml" in name:
        if root not in SILENT_ROOTS:
            yield from leaves(package, part, Location(("custom XML",)), "custom XML")
    elif root in SILENT_ROOTS or part.extension == ".rels":
        return
    elif root in ("coreProperties", "Properties"):
        yield from properties(package, part)
    elif root in ("chartSpace", "chart"):
        yield from chart(package, part, place / "chart")
    elif root in ("dataModel", "drawing"):
        # A "drawing" is the drawn form of a SmartArt, made from its data model: what only it has is news.
        yield from paragraphs(package, part, place / "SmartArt", "", attachments.smart_art)
    elif root in ("xml", "wsDr", "userShapes"):
        yield from paragraphs(package, part, place / "drawing", "")
    elif root:
        yield from leaves(package, part, place / f'part "{part.base}"', "other part")
    else:
        yield from attachments.read(part)
