"""Whether the packed streams of a PDF are whole: readers pass over damaged ones without a word.

A page whose content does not inflate is an empty page to every reader, and one whose font or character map
does not is a page of other letters.  Flate data carries a checksum: one look at each stream tells.  Page
content without one is parsed: what is no operator was not written by any program.
"""

from __future__ import annotations

import base64
import io
import logging
import re
import zlib
from collections.abc import Iterable, Iterator

import pikepdf

logging.getLogger("pikepdf").setLevel(logging.CRITICAL + 1)  # it logs what it meets in damaged files

# What one stream and all of them together may inflate to; beyond that nothing is looked at any more.
_STREAM_BYTES, _ALL_BYTES = 50_000_000, 500_000_000
_PIECE = 1 << 20
# What qpdf warns of when an object, or a part of one, could not be read.  Wrong tables alone it repairs.
_LOST = re.compile(
    r"giving up|treating (?:\w+ )?as (?:null|empty)|unable to recover|not found in file|ignoring|"
    r"unknown token|invalid character|parse error|unexpected EOF"
)
_OTHER_LENGTH = re.compile(r"\(object (\d+) (\d+)[^)]*\): recovered stream length")
_REBUILT = "reconstruct cross-reference table"
_STREAM = re.compile(rb"(?<!end)stream(?:\r?\n|\r)")
_FLATE = (["/FlateDecode"], ["/Fl"])
_LETTERS = (["/ASCII85Decode"], ["/A85"])
# Filters after which data is no longer than before.
_AS_TEXT = frozenset(("/ASCIIHexDecode", "/AHx", "/ASCII85Decode", "/A85"))
# Content larger than this is not parsed: what is not packed is small, or a drawing.
_CONTENT_BYTES = 2_000_000
# All that page content is made of (ISO 32000-2, annex A); "BX" to "EX" may hold any word.
_OPERATORS = frozenset(
    """b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID INLINE IMAGE j J
    K k l m M MP n q Q re RG rg ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \"
    """.split()  # noqa: SIM905 (a table of words)
)


def damage(data: bytes, password: str = "", pdf: pikepdf.Pdf | None = None) -> Iterator[str]:
    """What is damaged in a document, in words for a report; nothing where it is sound.

    ``pdf`` is the document where it is open already.
    """
    if not _balanced(data):
        yield "a packed stream lost its beginning or its end"
    count = content = 0
    lost = False
    try:
        pdf = pdf or pikepdf.open(io.BytesIO(data), password=password)
        for whole in _streams(pdf):
            count += not whole
        # Pages are looked at lastly: qpdf leaves out those that are none any more.
        warnings = pdf.get_warnings()
        lost = len(pdf.pages) == 0 or _lost(warnings, data) or _is_shortened(pdf, warnings)
        content = sum(1 for readable in _contents(pdf) if not readable)
    except pikepdf.PasswordError:
        pass  # a method that this library does not know: nothing can be said
    except Exception:  # whatever it meets in its structure
        lost = True
    if lost:
        yield "the document's structure is damaged; pages and objects may be missing"
    if count:
        yield f"{count} packed streams are damaged"
    if content:
        yield f"the content of {content} pages or forms is damaged"


def _lost(warnings: list[str], data: bytes) -> bool:
    """Whether something could not be read.  With a lost table go the objects that are packed into streams."""
    if any(map(_LOST.search, warnings)):
        return True
    return b"/ObjStm" in data and any(_REBUILT in warning.lower() for warning in warnings)


def _is_shortened(pdf: pikepdf.Pdf, warnings: list[str]) -> bool:
    """Whether a stream without packing is not as long as it says: a page's letters may be others now."""
    for warning in warnings:
        if (found := _OTHER_LENGTH.search(warning)) is not None:
            stream = pdf.get_object(int(found[1]), int(found[2]))
            if isinstance(stream, pikepdf.Stream) and _AS_TEXT.issuperset(_filters(stream)):
                return True
    return False


def _contents(pdf: pikepdf.Pdf) -> Iterator[bool]:
    """Whether the content of each page and form is such, where no checksum of its stream tells it."""
    for page in pdf.pages:
        content = page.obj.get("/Contents")
        pieces: Iterable[object] = content if isinstance(content, pikepdf.Array) else [content]
        if _unsummed(pieces):
            yield _is_content(page, pdf)
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Form" and _unsummed([item]):
            yield _is_content(item, pdf)


def _unsummed(pieces: Iterable[object]) -> bool:
    """Whether all of a content is without packing: else a few bytes may be any number of operators."""
    streams = [one for one in pieces if isinstance(one, pikepdf.Stream)]
    small = sum(int(one.get("/Length", 0)) for one in streams) <= _CONTENT_BYTES
    return small and bool(streams) and all(_AS_TEXT.issuperset(_filters(one)) for one in streams)


def _is_content(item: pikepdf.Page | pikepdf.Object, pdf: pikepdf.Pdf) -> bool:
    """Whether a parser warns of nothing and finds operators only; "BX" to "EX" may hold any word."""
    free = 0
    pdf.get_warnings()  # which also forgets them
    try:
        for instruction in pikepdf.parse_content_stream(item):
            word = str(instruction.operator)
            free += (word == "BX") - (word == "EX")
            if word not in _OPERATORS and not free:
                return False
    except (pikepdf.PdfError, UnicodeDecodeError, TypeError, ValueError):
        return False
    return not any("(content," in warning for warning in pdf.get_warnings())


def _balanced(data: bytes) -> bool:
    """Whether each stream has its beginning and its end: where one is lost, so is the object."""
    return sum(1 for _ in _STREAM.finditer(data)) == data.count(b"endstream")


def _streams(pdf: pikepdf.Pdf) -> Iterator[bool]:
    """Whether each packed stream that is no picture is whole, as long as they are within the limits."""
    left = _ALL_BYTES
    for item in pdf.objects:
        if not isinstance(item, pikepdf.Stream) or item.get("/Subtype") == "/Image":
            continue
        filters = _filters(item)
        if filters[:1] in _FLATE:
            whole, inflated = _inflates(item.read_raw_bytes())
        elif filters[:1] in _LETTERS and filters[1:2] in _FLATE:
            whole, inflated = _inflates(_from_letters(item.read_raw_bytes()))
        else:
            continue
        yield whole
        left -= inflated
        if left < 0:
            return


def _filters(stream: pikepdf.Stream) -> list[str]:
    filters = stream.get("/Filter")
    if isinstance(filters, pikepdf.Array):
        return [str(one) for one in filters]
    return [str(filters)] if filters is not None else []


def _from_letters(data: bytes) -> bytes:
    """The bytes behind ASCII85; nothing where it is not that, which does not inflate."""
    try:
        return base64.a85decode(data.strip().removesuffix(b"~>"))
    except ValueError:
        return b"\xff\xff"


def _inflates(data: bytes) -> tuple[bool, int]:
    """Whether packed data has no error up to its end or the limit, and what it came to."""
    inflater = zlib.decompressobj()
    count = 0
    try:
        while data and not inflater.eof and count < _STREAM_BYTES:
            count += len(inflater.decompress(data, _PIECE))
            data = inflater.unconsumed_tail
    except zlib.error:
        return False, count
    # Some writers leave the checksum out; that the data ends is enough then.
    return True, count
