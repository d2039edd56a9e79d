"""Which kind of file becomes which clean copy, and what such a copy always leaves behind."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from types import MappingProxyType
from typing import BinaryIO

from scanner.documents import PLAIN_WORDS, Coverage, Limits, Segment, Source, read_document, sniff
from scanner.release.copying.text_document import write_text_document
from scanner.release.copying.visible import Paragraph, TableRow, blocks, sheet_rows, visible_cells
from scanner.release.copying.workbook import write_workbook


class PdfCopy(StrEnum):
    """How a PDF is copied."""

    PAGES = "pages"  # each page as a picture
    TEXT = "text"  # the visible text alone, as a Word document


@dataclass(frozen=True, slots=True)
class Written:
    """A copy that was written: the suffix of its name, and what it leaves behind besides what was hidden."""

    suffix: str
    left_behind: str


class NoCopyError(Exception):
    """No copy can be made; the message says why and what to do, in fixed words."""


Items = Iterable[Segment | Coverage]

_NO_PICTURES = "formatting, pictures, charts and formulas"
_WORKBOOKS = frozenset(("xlsx", "xlsb", "xls", "ods"))
_DOCUMENTS = frozenset(("docx", "doc", "odt", "rtf", "html", "pptx", "ppt", "odp"))
_ENCRYPTED = "ooxml-encrypted"
_NOTHING = "nothing in it is text that can be seen; print it to PDF and check that"
_NO_TEXT_LAYER = "it has no text that can be seen; for pictures of its pages add --pdf pages"
_REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "eml": "print the message to PDF and check that",
        "msg": "print the message to PDF and check that",
        "mbox": "print the messages to PDF and check that",
        "zip": "unpack it and check what is inside",
    }
)


def flatten(source: Source, file: BinaryIO, limits: Limits, pdf: PdfCopy) -> Written:
    """Write a clean copy of a file's visible content into ``file`` (open for reading and writing).

    Raises :class:`NoCopyError` where there is no copying such a file, or nothing in it can be seen.
    """
    kind = sniff(source)
    if kind == _ENCRYPTED:
        # Opened by a password that everybody's Excel knows, or not at all: then nothing is visible.
        kind = "xlsx" if PurePath(source.name).suffix.lower().startswith(".xls") else "docx"
    if kind == "pdf" and pdf is PdfCopy.PAGES:
        return _drawn(source, file, picture=False)
    if kind == "image":
        return _drawn(source, file, picture=True)
    items = read_document(source, limits=limits)
    if kind in _WORKBOOKS:
        if not write_workbook(sheet_rows(items), file):
            raise NoCopyError(_NOTHING)
        left = f"{_NO_PICTURES}, headers and footers, comments, names and properties of the workbook"
        return Written(".xlsx", left)
    writer = _WRITERS.get(kind)
    if writer is None:
        what = _REFUSED.get(kind, "save it as a PDF, a workbook or a text and check that")
        raise NoCopyError(f"no safe copy of this kind of file ({PLAIN_WORDS.get(kind, kind)}): {what}")
    suffix, write = writer
    if not write(items, file):
        raise NoCopyError(_NO_TEXT_LAYER if kind == "pdf" else _NOTHING)
    return Written(suffix, _NO_PICTURES if suffix == ".docx" else "nothing but what was hidden")


def _drawn(source: Source, file: BinaryIO, *, picture: bool) -> Written:
    # Drawing needs engines that nothing else here does.
    from scanner.release.copying.pages import NotDrawnError, draw_pdf, draw_picture

    with source.open() as reader:
        try:
            if picture:
                return Written(
                    draw_picture(reader, file), "everything but the pixels: properties, further frames"
                )
            draw_pdf(reader, file)
            return Written(
                ".pdf", "everything but the look of the pages: text layer, links, fields, attachments"
            )
        except NotDrawnError as error:
            raise NoCopyError(str(error)) from None


def _write_document(items: Items, file: BinaryIO) -> int:
    return write_text_document(blocks(items), file)


def _write_text(items: Items, file: BinaryIO) -> int:
    count = 0
    for block in blocks(items):
        text = "\t".join(block.cells.values()) if isinstance(block, TableRow) else block.text
        count += isinstance(block, Paragraph | TableRow)
        file.write((text + "\n").encode("utf-8", "replace"))
    return count


def _write_csv(items: Items, file: BinaryIO) -> int:
    count = 0
    for item in items:
        if isinstance(item, Coverage) or item.hidden or item.location.parts[-1:] == ("file name",):
            continue
        cells = [text for _, text in visible_cells(item)] if item.fields else [item.text]
        line = io.StringIO(newline="")
        csv.writer(line).writerow(cells)
        file.write(line.getvalue().encode("utf-8", "replace"))
        count += 1
    return count


_WRITERS: Mapping[str, tuple[str, Callable[[Items, BinaryIO], int]]] = MappingProxyType(
    {
        **dict.fromkeys((*_DOCUMENTS, "pdf"), (".docx", _write_document)),
        "text": (".txt", _write_text),
        "csv": (".csv", _write_csv),
    }
)
