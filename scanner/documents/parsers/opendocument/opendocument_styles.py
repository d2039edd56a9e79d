"""OpenDocument styles, as far as they say that a reader does not see a text: hidden, white, tiny.

Source: OASIS OpenDocument 1.3, part 3, chapters 16 and 20.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from xml.parsers import expat

from scanner.documents.parsers.looks import NOTHING, Look
from scanner.documents.parsers.markup.expat_parser import new_expat
from scanner.documents.parsers.opendocument.opendocument_names import Names
from scanner.documents.protocol import Source

_TINY_POINTS = 2.0
_POINTS = re.compile(r"([0-9.]{1,8})pt\Z")
_LENGTH = re.compile(r"(-?[0-9]{1,6}(?:\.[0-9]{1,8})?)(cm|mm|in|pt|pc|px)")
_IN_POINTS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72.0, "pt": 1.0, "pc": 12.0, "px": 0.75}
# A row that is lower shows nothing of its text.
_FLAT_POINTS = 1.0
_STEPS = 20  # parents of parents
_PART = 16_000_000
_CHUNK = 1 << 16
# Most documents have no style that matters here, and their hundreds of styles need no second look.
_TELLING = re.compile(
    rb'display="none"|fo:color="#[fF]{6}"|font-size="[012](?:\.[0-9]{1,4})?pt"|background-color="#|fill="solid"'
)
_PAGE_SIZE = re.compile(rb'page-(width|height)="([^"]{1,40})"')
# Looks of styles that are kept as they were put together.
_KEPT = 10_000
_GROUNDS = frozenset(
    {
        *("style:paragraph-properties", "style:table-cell-properties", "style:table-row-properties"),
        *("style:table-properties", "style:graphic-properties", "style:properties"),
    }
)
# All elements that say how something looks.
_TOLD = _GROUNDS | {
    *("style:style", "style:default-style", "style:text-properties", "style:page-layout-properties"),
}


class Styles:
    """The styles of a document by family and name; those read later stand in front of those before."""

    def __init__(self) -> None:
        self.page_ground = False
        self.flat_rows: set[str] = set()  # styles of rows that are too low to show anything
        self._page = (0.0, 0.0)  # the widest and the highest page, in points
        self._looks: dict[tuple[str, str], Look] = {}
        self._parents: dict[tuple[str, str], str] = {}
        self._open = ("", "")
        self._colour = self._ground = ""
        self._whole: dict[tuple[str, str], Look] = {}  # with what the parents say

    def element(self, short: str, known: Mapping[str, str]) -> None:
        """Take an element by its name with the standard's prefix, and its attributes."""
        if short not in _TOLD:
            return
        self._whole.clear()
        if short == "style:style":
            self._open = (known.get("style:family", ""), known.get("style:name", ""))
            self._looks.pop(self._open, None)
            self._parents[self._open] = known.get("style:parent-style-name", "")
            self._colour = self._ground = ""
        elif short == "style:default-style":
            self._open = ("", "")
        elif short in ("style:text-properties", "style:properties"):
            self._add(_text_look(known))
            if known.get("style:use-window-font-color") != "true":
                self._colour = known.get("fo:color", "").lower()
        if short in _GROUNDS:
            self._add(Look(ground=_ground(known)))
        elif short == "style:page-layout-properties":
            self.page_ground = self.page_ground or bool(_ground(known))
            width, height = (_length(known.get(f"fo:page-{side}", "")) or 0.0 for side in ("width", "height"))
            self._page = (max(self._page[0], width), max(self._page[1], height))
        if ground := known.get("fo:background-color", "").lower():
            self._ground = ground
        if self._colour and self._colour == self._ground:
            self._add(Look(blacked=True))
        if short == "style:table-row-properties":
            height_of_row = _length(known.get("style:row-height", ""))
            if height_of_row is not None and height_of_row < _FLAT_POINTS:
                self.flat_rows.add(self._open[1])

    def look(self, family: str, name: str) -> Look:
        """How text in a style looks, with what its parents say."""
        if not name or not self._looks:
            return NOTHING
        key = (family, name)
        found = self._whole.get(key)
        if found is None:
            if len(self._whole) < _KEPT:
                found = self._whole[key] = self._with_parents(family, name)
            else:
                found = self._with_parents(family, name)
        return found

    def _with_parents(self, family: str, name: str) -> Look:
        found = self._looks.get((family, name), NOTHING)
        for _ in range(_STEPS):
            name = self._parents.get((family, name), "")
            if not name:
                break
            if (above := self._looks.get((family, name))) is not None:
                found = found.over(above)
        return found

    def is_off_page(self, known: Mapping[str, str]) -> bool:
        """Whether a shape with these attributes stands beside every page."""
        if "svg:x" not in known or not all(self._page):
            return False
        for start, extent, page in zip("xy", ("width", "height"), self._page, strict=True):
            at = _length(known.get(f"svg:{start}", ""))
            size = _length(known.get(f"svg:{extent}", "")) or 0.0
            if at is not None and (at >= page or at + size <= 0):
                return True
        return False

    def _add(self, look: Look) -> None:
        if look != NOTHING:
            self._looks[self._open] = look.over(self._looks.get(self._open, NOTHING))


def _text_look(known: Mapping[str, str]) -> Look:
    display = known.get("text:display")
    colour = known.get("fo:color")
    if known.get("style:use-window-font-color") == "true":
        colour = "auto"
    size = _POINTS.match(known.get("fo:font-size", ""))
    return Look(
        None if display is None else display == "none",
        None if colour is None else colour.lower() == "#ffffff",
        None if size is None else _is_tiny(size[1]),
        _ground(known),
    )


def _ground(known: Mapping[str, str]) -> bool | None:
    """Whether the ground has a colour of its own."""
    colour = known.get("fo:background-color")
    if colour is not None and colour != "transparent":
        return colour.lower() != "#ffffff"
    fill = known.get("draw:fill")
    if fill is not None and fill != "none":
        return known.get("draw:fill-color", "").lower() != "#ffffff"
    return False if colour is not None or fill is not None else None


def _length(text: str) -> float | None:
    """A length in points.

    >>> _length("2.54cm"), _length("1in"), _length("auto")
    (72.0, 72.0, None)
    """
    match = _LENGTH.fullmatch(text)
    return float(match[1]) * _IN_POINTS[match[2]] if match else None


def _is_tiny(points: str) -> bool:
    try:
        return float(points) <= _TINY_POINTS
    except ValueError:
        return False


def named_styles(source: Source, names: Names) -> Styles:
    """Read the styles of a package that stand behind its content and are used in it.

    ``names`` gives the names of elements and attributes with the standard's prefixes.  Damage leaves styles
    out: what cannot be read is told when the part itself is read.
    """
    styles = Styles()
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive, archive.open("styles.xml") as part:
            data = part.read(_PART)
    except Exception:  # zipfile raises every class of them
        return styles
    if not _TELLING.search(data):
        for side, length in _PAGE_SIZE.findall(data):
            size = {f"fo:page-{side.decode()}": length.decode("latin-1")}
            styles.element("style:page-layout-properties", size)
        return styles

    def start(name: str, attributes: dict[str, str]) -> None:
        if not names:
            names.declare(attributes)
        short = names[name]
        if short in _TOLD:
            styles.element(short, {names[key]: value for key, value in attributes.items()})

    parser = new_expat(_CHUNK)
    parser.StartElementHandler = start
    with suppress(expat.ExpatError, LookupError, ValueError):
        parser.Parse(data, True)
    return styles
