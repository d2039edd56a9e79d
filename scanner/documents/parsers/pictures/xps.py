"""XPS and OpenXPS: pages as a printer got them, whose texts stand in attributes.  Source: ECMA-388."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, cast
from xml.parsers import expat

from scanner.documents.inflating import CountingReader
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.archives.archives import shows_a_picture
from scanner.documents.protocol import HERE, Event, Member, Source

# What says how the parts hang together, and nothing of their content.
_STRUCTURE = (".rels", ".fdseq", ".fdoc", "[content_types].xml", ".struct", ".frag")
_FONT = ".odttf"
_PAGE = ".fpage"
_PAGE_NUMBER = re.compile(r"(\d+)\.fpage\Z")
_PAGE_BYTES = 50_000_000
# A font is hidden under the 16 bytes of its name (section 9.1.7.3): twice, backwards.
_NAME = re.compile(r"[0-9A-Fa-f]{32}")


class XpsParser:
    """Reads XPS documents page by page."""

    kinds = frozenset({"xps"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the text of each page, then pictures, properties and what else is in the package."""
        with source.open() as file, zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            pages = [entry for entry in entries if entry.filename.lower().endswith(_PAGE)]
            for number, entry in enumerate(sorted(pages, key=_order), 1):
                if number > limits.pages:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {limits.pages:,} pages")
                    break
                yield from _page(archive, entry, number, limits)
            for entry in entries:
                name = entry.filename.lower()
                if name.endswith((_PAGE, *_STRUCTURE)):
                    continue
                if "thumbnail" in posixpath.basename(name) and shows_a_picture(archive, entry):
                    continue  # a small picture of the first page, for the file manager
                location = Location((entry.filename,))
                if name.endswith(_FONT):
                    yield Member(entry.filename, _plain_font(archive, entry), location, named=True)
                else:
                    content = partial(_opened, archive, entry)
                    sizes = (entry.file_size, entry.compress_size)
                    yield Member(entry.filename, content, location, "", *sizes)


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    return cast(BinaryIO, archive.open(entry))


def _order(entry: zipfile.ZipInfo) -> tuple[str, int, str]:
    number = _PAGE_NUMBER.search(entry.filename.lower())
    return posixpath.dirname(entry.filename), int(number[1]) if number else 0, entry.filename


def _page(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, number: int, limits: Limits) -> Iterator[Event]:
    place = Location((f"page {number}",))
    cap = min(_PAGE_BYTES, limits.expanded_bytes)
    with archive.open(entry) as file:
        data = CountingReader(file, cap, entry.compress_size, limits).read(cap)
    page = _Page()
    try:
        page.read(data)
    except expat.ExpatError:
        yield Gap(place, Shortfall.DAMAGED, "page is not well-formed")
    if page.lines:
        yield Segment("\n".join(page.lines), place)
    for words in dict.fromkeys(page.links):
        yield Segment(words, place / "link", "link target")
    if page.outlines and not page.lines:
        yield Gap(place, Shortfall.NEEDS_OCR, "drawn outlines or pictures without text")


class _Page:
    """One page while it is read: runs of letters at the same height are one line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.links: list[str] = []
        self.outlines = 0
        self._height = ""

    def read(self, data: bytes) -> None:
        """Raises ``ExpatError`` where the page is damaged; what was read before is kept."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.Parse(data, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "Glyphs":
            text = attributes.get("UnicodeString", "")
            # A brace in front of a brace keeps it from being an extension of XAML.
            text = text.removeprefix("{}")
            height = attributes.get("OriginY", "")
            if text and self.lines and height == self._height:
                self.lines[-1] += text if self.lines[-1].endswith(" ") else f" {text}"
            elif text:
                self.lines.append(text)
            self._height = height
            self.outlines += not text
        elif local in ("Path", "ImageBrush"):
            self.outlines += 1
        for key in ("FixedPage.NavigateUri", "AutomationProperties.Name", "AutomationProperties.HelpText"):
            if attributes.get(key, "").strip():
                self.links.append(attributes[key].strip())


def _plain_font(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        data = file.read(_PAGE_BYTES)
    name = _NAME.search(posixpath.basename(entry.filename).replace("-", ""))
    if name is None:
        return data
    key = bytes.fromhex(name[0])[::-1] * 2
    return bytes(one ^ two for one, two in zip(data, key, strict=False)) + data[len(key) :]
