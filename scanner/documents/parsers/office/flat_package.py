"""Word documents and slides in one XML file: packages without a ZIP around them, and Word's own XML of 2003.

Both are handed on as the package that they stand for.  Sources: ECMA-376, part 2 (the parts of a package);
the schema of the flat form is that of ``http://schemas.microsoft.com/office/2006/xmlPackage``.
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from collections.abc import Iterator
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Shortfall
from scanner.documents.parsers.markup.expat_parser import new_expat
from scanner.documents.parsers.markup.html import soup_segments
from scanner.documents.protocol import HERE, Event, Member, Source

_CHUNK = 1 << 16
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_TYPES = "[Content_Types].xml"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_WORD_PARTS = {
    "word/document.xml": f"{_WORD}.document.main+xml",
    "word/styles.xml": f"{_WORD}.styles+xml",
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
    "word/settings.xml": f"{_WORD}.settings+xml",
    "word/other.xml": "application/xml",
}
_ROOTS = {
    "word/document.xml": "document",
    "word/styles.xml": "styles",
    "docProps/core.xml": "coreProperties",
    "docProps/app.xml": "Properties",
    "word/settings.xml": "settings",
    "word/other.xml": "other",
}
# Where the children of the root belong.
_PLACES = {
    "body": "word/document.xml",
    "styles": "word/styles.xml",
    "DocumentProperties": "docProps/core.xml",
    "CustomDocumentProperties": "docProps/app.xml",
    "docPr": "word/settings.xml",
    "fonts": "word/settings.xml",
    "lists": "word/settings.xml",
}
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".wmf", ".emf", ".tif", ".bmp")
_CHANGES = {"Word.Deletion": "del", "Word.Insertion": "ins", "Word.Comment": "comment"}


class FlatPackageParser:
    """Reads packages in one XML file."""

    kinds = frozenset({"flat-package"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the package; where the XML breaks off, its text and the gap that says so."""
        data = source.read()
        try:
            parts = _Parts(data).read()
        except (expat.ExpatError, LookupError, ValueError) as error:
            why = (
                expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else type(error).__name__
            )
            yield Gap(HERE, Shortfall.DAMAGED, f"not well-formed XML ({why}); read as text between tags")
            yield from soup_segments(source, limits, inline=frozenset())
            return
        yield Member(source.name, _package(parts), HERE, named=True)


class WordXmlParser:
    """Reads Word's XML of 2003, which programs that fill in letters write: body, styles and properties."""

    kinds = frozenset({"word-xml"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield a package with the parts that the document has; where it breaks off, what came before."""
        rewriting = _Rewriting()
        parser = new_expat(_CHUNK)
        parser.StartElementHandler = rewriting.start
        parser.EndElementHandler = rewriting.end
        parser.CharacterDataHandler = rewriting.text
        try:
            parser.Parse(source.read(), True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            why = (
                expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else type(error).__name__
            )
            yield Gap(HERE, Shortfall.DAMAGED, f"not well-formed XML ({why})")
            yield from soup_segments(source, limits, inline=frozenset())
            return
        parts = {name: (kind, rewriting.part(name)) for name, kind in _WORD_PARTS.items()} | rewriting.files
        link = f'<Relationship Id="r1" Type="{_OFFICE}" Target="word/document.xml"/>'
        parts["_rels/.rels"] = ("", f"<Relationships>{link}</Relationships>".encode())
        yield Member(source.name, _package(parts), HERE, named=True)


class _Rewriting:
    """The elements of a document of 2003 as those of the parts of a package; names without their spaces."""

    def __init__(self) -> None:
        self._written: dict[str, list[str]] = {name: [] for name in _WORD_PARTS}
        self._part = "word/document.xml"
        self._open: list[str] = []  # what closes each element, empty for one that is left out
        self._binary: tuple[str, list[str]] | None = None
        self.files: dict[str, tuple[str, bytes]] = {}

    def part(self, name: str) -> bytes:
        """The text of a part."""
        root = _ROOTS[name]
        return f"<{root}>{''.join(self._written[name])}</{root}>".encode()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        tag = name.rpartition(":")[2]
        found = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if len(self._open) == 1:
            self._part = _PLACES.get(tag, "word/other.xml")
        if tag == "binData":
            self._binary = (found.get("name", "").rpartition("/")[2] or "data", [])
        if tag == "hlink":
            # (what a field says is read with its text)
            tag, found = "fldSimple", {"instr": f'HYPERLINK "{found.get("dest", "")}"'}
        if tag == "annotation":
            tag = _CHANGES.get(found.get("type", ""), "smartTag")
        if not self._open or (tag in _PLACES and len(self._open) == 1 and tag != "body"):
            self._open.append("")
            return
        pairs = "".join(f" {key}={quoteattr(value)}" for key, value in found.items())
        self._written[self._part].append(f"<{tag}{pairs}>")
        self._open.append(f"</{tag}>")

    def end(self, _: str) -> None:
        """Take the end of an element."""
        self._written[self._part].append(self._open.pop())
        if self._binary is not None:
            name, pieces = self._binary
            self._binary = None
            try:
                content = base64.b64decode("".join(pieces))
            except binascii.Error as error:
                raise ValueError("embedded data") from error
            folder = "media" if name.lower().endswith(_PICTURES) else "embeddings"
            self.files[f"word/{folder}/{len(self.files)}-{name}"] = ("application/octet-stream", content)

    def text(self, text: str) -> None:
        """Take characters."""
        if self._binary is not None:
            self._binary[1].append(text)
        else:
            self._written[self._part].append(escape(text))


def _package(parts: dict[str, tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        types = "".join(
            f"<Override PartName={quoteattr('/' + name)} ContentType={quoteattr(kind)}/>"
            for name, (kind, _) in parts.items()
            if kind
        )
        package.writestr(_TYPES, f"<Types>{types}</Types>")
        for name, (_, content) in parts.items():
            package.writestr(name, content)
    return out.getvalue()


class _Parts:
    """The parts of a flat package: each as it stands, or decoded."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parts: dict[str, tuple[str, bytes]] = {}
        self._name = self._kind = ""
        self._begin = -1
        self._binary: list[str] | None = None
        self._depth = 0
        self._parser = new_expat(_CHUNK)

    def read(self) -> dict[str, tuple[str, bytes]]:
        """Names, content types and bytes; raises ``ExpatError`` where the XML is damaged."""
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.Parse(self._data, True)
        return self._parts

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._begin == -2:
            self._begin = self._parser.CurrentByteIndex
        if self._depth > 3:
            return
        tag = name.rpartition(":")[2]
        if tag == "part":
            found = {key.rpartition(":")[2]: value for key, value in attributes.items()}
            self._name, self._kind = found.get("name", "").lstrip("/"), found.get("contentType", "")
        elif tag == "xmlData":
            self._begin = -2  # with the element that comes next
        elif tag == "binaryData":
            self._binary = []

    def _end(self, name: str) -> None:
        if self._depth == 3:
            if self._begin >= 0:
                self._parts[self._name] = (
                    self._kind,
                    self._data[self._begin : self._parser.CurrentByteIndex],
                )
            elif self._binary is not None:
                try:
                    self._parts[self._name] = (self._kind, base64.b64decode("".join(self._binary)))
                except binascii.Error as error:
                    raise ValueError("embedded data") from error
            self._begin, self._binary = -1, None
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._binary is not None:
            self._binary.append(text)
