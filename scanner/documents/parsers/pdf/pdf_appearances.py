"""What annotations and form fields of a PDF show beside what they hold: their appearance streams.

A field shows a drawing, and holds a value; a signature or a stamp shows text and holds none.  Where the two
differ, somebody changed one of them only (ISO 32000-2, 12.5.5).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator

import pikepdf
import pypdfium2 as pdfium

from scanner.documents.parsers.pdf.pdf_objects import text_of

# Annotations that are looked at, and what the drawing of one may unpack to.
_MOST, _DRAWING_BYTES = 20_000, 1_000_000
_SHOWS_TEXT = re.compile(rb"(?:Tj|TJ|['\"])(?![A-Za-z])")
_DRAWS_FORM = re.compile(rb"[ \n]Do(?![A-Za-z])")
_LITERAL = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)
_LETTERS = re.compile(r"\W+")


def shown_by_annotations(
    opened: pikepdf.Pdf, data: bytes, password: str, clean: Callable[[str], str]
) -> Iterator[tuple[int, str]]:
    """Lines that annotations show and neither they nor their page hold, with the number of the page.

    ``clean`` makes text as that of pages is made.  Most documents have no such drawing: they are looked at
    once.  Raises whatever pdfium and qpdf make of damage.
    """
    held = dict(_differing(opened))
    if not held:
        return
    with pikepdf.open(io.BytesIO(data), password=password) as copy:
        copy.flatten_annotations("all")
        flat = io.BytesIO()
        copy.save(flat, compress_streams=False)
    with pdfium.PdfDocument(flat.getvalue()) as shown, pdfium.PdfDocument(data, password=password) as plain:
        for number, said in held.items():
            known = _squeezed([*said, _page_text(plain, number)])
            lines = clean(_page_text(shown, number)).split("\n")
            if new := list(filter(None, (_new_words(line, known) for line in lines))):
                yield number, "\n".join(new)


def _new_words(line: str, known: str) -> str:
    """A line from its first word that is not known to its last one: several drawings may stand on it."""
    words = line.split()
    while words and _squeezed(words[:1]) in known:
        del words[0]
    while words and _squeezed(words[-1:]) in known:
        del words[-1]
    return " ".join(words)


def _page_text(pdf: pdfium.PdfDocument, number: int) -> str:
    page = pdf[number - 1]
    text: str = page.get_textpage().get_text_range()
    page.close()
    return text


def _differing(pdf: pikepdf.Pdf) -> Iterator[tuple[int, list[str]]]:
    """Pages with an annotation that may show other text than it holds, and what those on them hold."""
    left = _MOST
    for number, page in enumerate(pdf.pages, 1):
        annotations = page.obj.get("/Annots")
        if not isinstance(annotations, pikepdf.Array):
            continue
        held: list[str] = []
        differs = False
        for annotation in annotations:
            left -= 1
            if left < 0:
                return
            if isinstance(annotation, pikepdf.Dictionary) and annotation.get("/Subtype") != "/Link":
                own = list(_held(annotation))
                held += own
                differs = differs or _shows_more(annotation, own)
        if differs:
            yield number, held


def _held(annotation: pikepdf.Dictionary) -> Iterator[str]:
    """What an annotation, or the field that it is of, says of itself in words."""
    for key in ("/V", "/Contents", "/DV"):
        value = annotation.get(key)
        if value is None and "/Parent" in annotation:
            value = annotation["/Parent"].get(key)
        if isinstance(value, pikepdf.String):
            yield text_of(bytes(value))
    look = annotation.get("/MK")
    if isinstance(look, pikepdf.Dictionary) and isinstance(look.get("/CA"), pikepdf.String):
        yield text_of(bytes(look["/CA"]))


def _shows_more(annotation: pikepdf.Dictionary, held: Iterable[str]) -> bool:
    """Whether the drawing of an annotation has text that is not plainly what it holds."""
    appearance = annotation.get("/AP")
    drawing = appearance.get("/N") if isinstance(appearance, pikepdf.Dictionary) else None
    if not isinstance(drawing, pikepdf.Stream):
        return False  # none, or the states of a box to tick
    content = drawing.read_bytes()
    if len(content) > _DRAWING_BYTES or _DRAWS_FORM.search(content):
        return True
    if not _SHOWS_TEXT.search(content):
        return False
    shown = _squeezed([b"".join(_LITERAL.findall(content)).decode("latin-1")])
    return not shown or shown not in _squeezed(held)


def _squeezed(texts: Iterable[str]) -> str:
    """Letters and digits alone: how they are put into lines is not the same on the page and in a value."""
    return _LETTERS.sub("", " ".join(texts)).casefold()
