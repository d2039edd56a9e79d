"""The indirect objects of a PDF for whoever walks over them: by qpdf, and by pdfminer.six where it cannot.

qpdf (pikepdf) parses at an eighth of pdfminer's cost; what it has parsed is handed on in pdfminer's types, so
that one walk reads either.
"""

from __future__ import annotations

import contextlib
import decimal
import io
import logging
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, cast

import pikepdf
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser as MinerParser
from pdfminer.pdftypes import PDFObjRef, PDFStream, resolve1
from pdfminer.psparser import LIT, PSKeyword, PSLiteral

# Both log what they meet in damaged files, which may be text of the document: nothing of it is kept.
logging.getLogger("pdfminer").setLevel(logging.CRITICAL + 1)
logging.getLogger("pikepdf").setLevel(logging.CRITICAL + 1)

# Keys and values of all objects in which anybody wrote anything, or that say how forms nest; the others
# (fonts, colours, pages) are not turned into Python.
_TELLING = re.compile(
    rb"/(?:XFA|FT|T|EF|JS|Alt|ActualText|E|URI|Title|Metadata|Form|Widget|RC|OCG)"
    rb"(?![A-Za-z0-9])"
)
# Annotations, but for those that lead to another place of the document: their texts have other keys.
_PLACED = re.compile(rb"/Rect(?![A-Za-z0-9])")
_LINK = re.compile(rb"/Subtype /Link(?![A-Za-z0-9])")
_DEPTH = 50
_MOST_PAGES_MAPPED = 20_000
_LONGEST_LABEL = 40


class PdfStructure(Protocol):
    """What a walk over a document's objects needs to know of it."""

    @property
    def pdf(self) -> pikepdf.Pdf | None:
        """The document as qpdf opened it; ``None`` where that could not."""
        ...

    @property
    def properties(self) -> list[Mapping[str, object]]:
        """The information dictionaries, the last revision's first."""
        ...

    @property
    def labels(self) -> Mapping[int, str]:
        """What is printed on the pages whose printed number is not the one that they have in the file."""
        ...

    def identifiers(self) -> Iterator[set[int] | None]:
        """Numbers of the objects that may hold something; ``None`` for a damaged table of them."""
        ...

    def getobj(self, identifier: int) -> object:
        """One object; raises whatever its damage makes."""
        ...

    def annotated(self) -> Iterator[tuple[int, int]]:
        """The number of each annotation's object, and of the page that it is on."""
        ...


def structure_of(data: bytes, password: str = "") -> PdfStructure:
    """Open a document; raises pdfminer's errors where neither library opens it."""
    try:
        return _ByQpdf(data, password)
    except Exception:  # qpdf raises several classes for damage; pdfminer may still read it
        return _ByPdfminer(open_document(data, password))


def name_of(value: object) -> str:
    """A name object, or a reference to one, as a string; empty for anything else."""
    value = resolve1(value)
    if isinstance(value, (PSLiteral, PSKeyword)):
        return value.name if isinstance(value.name, str) else value.name.decode("latin-1")
    return ""


def open_document(data: bytes, password: str = "") -> PDFDocument:
    """Open a document; raises pdfminer's errors for a wrong password and for damage."""
    return PDFDocument(MinerParser(io.BytesIO(data)), password=password)


def _telling(labels: Mapping[int, str]) -> Mapping[int, str]:
    return {number: label for number, label in labels.items() if label and label != str(number)}


def _page_label(rule: Any, offset: int) -> str:
    """The label of the page that stands so many behind the first of its range (ISO 32000-2, 12.4.2)."""
    number = int(rule.get("/St", 1)) + offset
    style = str(rule.get("/S", ""))
    if style == "/D":
        text = str(number)
    elif style in ("/R", "/r"):
        text = _roman(number) if style == "/R" else _roman(number).lower()
    elif style in ("/A", "/a"):
        # Z is followed by AA, BB and so on.
        letter = chr(ord(style[1]) + (number - 1) % 26)
        text = letter * min((number - 1) // 26 + 1, _LONGEST_LABEL)
    else:
        text = ""
    return (str(rule.get("/P", "")) + text)[:_LONGEST_LABEL]


def _roman(number: int) -> str:
    if not 0 < number < 4_000:
        return str(number)
    tens = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    text = "M" * (number // 1_000)
    for power, one, five, ten in ((100, "C", "D", "M"), (10, "X", "L", "C"), (1, "I", "V", "X")):
        text += tens[number // power % 10].replace("X", ten).replace("V", five).replace("I", one)
    return text


class _ByPdfminer:
    """The structure as pdfminer reads it."""

    def __init__(self, document: PDFDocument) -> None:
        self._document = document

    @property
    def pdf(self) -> pikepdf.Pdf | None:
        return None

    @property
    def properties(self) -> list[Mapping[str, object]]:
        return list(self._document.info)

    @property
    def labels(self) -> Mapping[int, str]:
        with contextlib.suppress(Exception):  # no labels, or damaged ones
            found = islice(self._document.get_page_labels(), _MOST_PAGES_MAPPED)
            return _telling(dict(enumerate(found, 1)))
        return {}

    def identifiers(self) -> Iterator[set[int] | None]:
        for xref in self._document.xrefs:
            try:
                yield set(xref.get_objids())
            except Exception:  # a damaged table: the others may be whole
                yield None

    def getobj(self, identifier: int) -> object:
        return self._document.getobj(identifier)

    def annotated(self) -> Iterator[tuple[int, int]]:
        for number, page in enumerate(PDFPage.create_pages(self._document), 1):
            annotations = resolve1(page.annots) if page.annots else None
            for reference in annotations if isinstance(annotations, list) else ():
                if isinstance(reference, PDFObjRef):
                    yield reference.objid, number
            if number >= _MOST_PAGES_MAPPED:
                break


class _Stream(PDFStream):
    """A stream whose bytes, decrypted and still packed, are fetched when they are asked for."""

    def __init__(self, attributes: dict[str, Any], stream: pikepdf.Stream) -> None:
        super().__init__(attributes, b"")
        self._stream = stream

    def get_rawdata(self) -> bytes | None:
        self.rawdata = self._stream.read_raw_bytes()
        return self.rawdata

    def get_data(self) -> bytes:
        if self.data is None:
            self.get_rawdata()
        return super().get_data()


class _ByQpdf:
    """The structure as qpdf reads it; holds the document open."""

    def __init__(self, data: bytes, password: str) -> None:
        self._pdf = pikepdf.open(io.BytesIO(data), password=password)
        self._objects: dict[int, object] = {}
        self._annotated = list(self._annotations())

    @property
    def pdf(self) -> pikepdf.Pdf | None:
        return self._pdf

    @property
    def properties(self) -> list[Mapping[str, object]]:
        info = self._converted(self._pdf.trailer.get("/Info"), 0)
        info = resolve1(info)
        return [info] if isinstance(info, dict) else []

    @property
    def labels(self) -> Mapping[int, str]:
        tree = self._pdf.Root.get("/PageLabels")
        if not isinstance(tree, pikepdf.Dictionary):
            return {}
        with contextlib.suppress(Exception):  # damaged ones
            count = min(len(self._pdf.pages), _MOST_PAGES_MAPPED)
            ranges = sorted(pikepdf.NumberTree(tree).items())
            ends = [start for start, _ in ranges[1:]] + [count]
            return _telling(
                {
                    index + 1: _page_label(rule, index - start)
                    for (start, rule), end in zip(ranges, ends, strict=True)
                    for index in range(max(0, start), min(end, count))
                }
            )
        return {}

    def identifiers(self) -> Iterator[set[int] | None]:
        found = set()
        annotations = {identifier for identifier, _ in self._annotated}
        for item in self._pdf.objects:
            if isinstance(item, pikepdf.Stream):
                words = item.stream_dict.unparse(resolved=True)
            elif isinstance(item, (pikepdf.Dictionary, pikepdf.Array)):
                words = item.unparse(resolved=True)
            else:
                continue
            identifier = item.objgen[0]
            placed = identifier in annotations or _PLACED.search(words)
            if _TELLING.search(words) or (placed and not _LINK.search(words)):
                found.add(identifier)
        yield found

    def getobj(self, identifier: int) -> object:
        # A form's fields ask for their parents again and again.
        if identifier not in self._objects:
            item = self._pdf.get_object(identifier, 0)
            self._objects[identifier] = self._whole(item, 0)
        return self._objects[identifier]

    def annotated(self) -> Iterator[tuple[int, int]]:
        yield from self._annotated

    def _annotations(self) -> Iterator[tuple[int, int]]:
        for number, page in enumerate(self._pdf.pages, 1):
            annotations = page.obj.get("/Annots")
            if isinstance(annotations, pikepdf.Array):
                for item in annotations:
                    if isinstance(item, pikepdf.Object) and item.is_indirect:
                        yield item.objgen[0], number
            if number >= _MOST_PAGES_MAPPED:
                break

    def _converted(self, item: Any, depth: int) -> object:
        """A value in pdfminer's types; a reference where it is an object of its own."""
        if isinstance(item, pikepdf.Object) and item.is_indirect:
            return PDFObjRef(cast(Any, self), item.objgen[0])
        return self._whole(item, depth)

    def _whole(self, item: Any, depth: int) -> object:
        if depth > _DEPTH:
            return None
        if isinstance(item, decimal.Decimal):
            return float(item)
        if not isinstance(item, pikepdf.Object):
            return item
        if isinstance(item, pikepdf.String):
            return bytes(item)
        if isinstance(item, pikepdf.Name):
            return LIT(str(item)[1:])
        if isinstance(item, pikepdf.Stream):
            return _Stream(self._dictionary(item.stream_dict, depth), item)
        if isinstance(item, pikepdf.Dictionary):
            return self._dictionary(item, depth)
        if isinstance(item, pikepdf.Array):
            return [self._converted(one, depth + 1) for one in item]
        return None

    def _dictionary(self, item: pikepdf.Object, depth: int) -> dict[str, object]:
        return {key[1:]: self._converted(value, depth + 1) for key, value in item.items()}
