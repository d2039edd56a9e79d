"""Word documents (DOCX, DOTX, DOCM, strict too): every part, whether anything refers to it or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from scanner.documents.limits import Limits
from scanner.documents.model import Location, Segment
from scanner.documents.parsers.looks import Look
from scanner.documents.parsers.office import ooxml_parts
from scanner.documents.parsers.office.ooxml_package import Package, Part, open_package, parse_xml
from scanner.documents.parsers.word.wordprocessing import StoryWalk, hidden_styles
from scanner.documents.protocol import HERE, Event, Source

# Root element -> (location, hidden reason) of a story.
_STORIES: dict[str, tuple[Location, str]] = {
    "document": (HERE, ""),
    "hdr": (Location(("header",)), ""),
    "ftr": (Location(("footer",)), ""),
    "footnotes": (Location(("footnotes",)), ""),
    "endnotes": (Location(("endnotes",)), ""),
    "comments": (Location(("comments",)), "comment"),
    "glossaryDocument": (Location(("building blocks",)), "building block"),
}
_ORDER = {root: index for index, root in enumerate(_STORIES)}
_NUMBER = re.compile(r"(\d+)\.xml$")


class DocxParser:
    """Reads Word documents by the walk over all parts."""

    kinds = frozenset({"docx"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield body, headers, notes, comments, then properties, links, drawings and embedded files."""
        package = open_package(source, limits)
        yield from package.take_gaps()
        reachable = package.reachable()
        styles: dict[str, Look] = {}
        for part in package.parts:
            if part.root == "styles":
                styles.update(hidden_styles(package, part))
        tables = count(1)
        attachments = ooxml_parts.Attachments(package)
        for part in sorted(package.parts, key=_reading_order):
            story = _STORIES.get(part.root) if not _is_custom(part) else None
            if story is not None:
                place, hidden = story
                if reachable and part.name.lower() not in reachable:
                    place, hidden = Location((f'unreferenced part "{part.base}"',)), "unreferenced part"
                walk = StoryWalk(place, hidden, tables, styles, numbered=part.root == "document")
                yield from walk.read(package, part)
            else:
                yield from _other(package, part, attachments)
            yield from package.take_gaps()
        yield from ooxml_parts.links(package, _place)
        yield from attachments.end()
        yield from ooxml_parts.archive_comment(package)


def _is_custom(part: Part) -> bool:
    return "customxml" in part.name.lower()


def _reading_order(part: Part) -> tuple[int, int]:
    number = _NUMBER.search(part.name)
    return _ORDER.get(part.root, len(_ORDER)), int(number.group(1)) if number else 0


def _place(owner: str) -> Location:
    for word in ("header", "footer", "footnotes", "endnotes", "comments"):
        if word in owner:
            return Location((word,))
    return HERE


def _other(package: Package, part: Part, attachments: ooxml_parts.Attachments) -> Iterator[Event]:
    if part.root == "settings":
        yield from settings(package, part)
    elif part.root == "people":
        yield from ooxml_parts.leaves(package, part, Location(("people",)), "author")
    else:
        yield from ooxml_parts.shared(package, part, attachments)


# Settings that hold words of people: variables, and the mail merge with its query and data source.
_SETTINGS = frozenset(
    ("docVar", "query", "connectString", "addressFieldName", "mailSubject", "udl", "table", "mappedName")
)


def settings(package: Package, part: Part) -> Iterator[Event]:
    """Yield document variables and the mail merge's query and connection."""
    ready: list[Segment] = []
    location = Location(("settings",))

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = ooxml_parts.local(name)
        if tag not in _SETTINGS:
            return
        values = {ooxml_parts.local(key): value for key, value in attributes.items()}
        label = values.get("name", tag) if tag == "docVar" else tag
        reason = "document variable" if tag == "docVar" else "mail merge"
        if value := values.get("val", ""):
            ready.append(ooxml_parts.record([(label, value)], location / reason, reason))

    for _ in parse_xml(package, part, start=start):
        yield from ready
        ready.clear()
