"""PDF: the text of the pages, with what is drawn so that nobody sees it, and the object layer behind them.

pdfium reads the pages; pdfminer.six reads those that pdfium cannot, and the objects.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pdfminer.converter import TextConverter
from pdfminer.layout import LAParams
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.pdf_encryption import (
    PdfEncryption,
    clear_metadata,
    encryption_of,
    without_encryption,
)
from scanner.documents.parsers.pdf_integrity import damage
from scanner.documents.parsers.pdf_objects import ObjectWalk, forms_nest_too_much, xml_records
from scanner.documents.parsers.pdf_structure import PdfStructure, open_document, structure_of
from scanner.documents.passwords import EMPTY_PASSWORD
from scanner.documents.protocol import HERE, Effort, Event, Lock, Member, ProtectionNote, Source
from scanner.documents.recognition import DPI, RecognitionError, available, recognise, recognised_segments
from scanner.text import Field

# pdfminer costs 27 times as much as pdfium: as second reader it reads this many pages of a document.
_SECOND_READER_PAGES = 200
# Objects of a page beyond which nobody looks for covered text (drawings and maps have such numbers).
_MOST_PAGE_OBJECTS = 20_000
# A filled path this many points wide and high can cover a word.
_COVER = 4.0
# Text objects of a page that are compared with what is drawn over them; forms within forms that are entered.
_MOST_TEXTS, _FORM_DEPTH = 5_000, 15
# A page whose drawn outlines are this many and whose text is none may be text in outlines.
_OUTLINES = 100
# An image over this share of a page, with less text than this, is a scan with a stamp on it.
_SCAN_SHARE, _SCAN_CHARACTERS = 0.5, 80
# Earlier revisions that are compared with the last one.
_REVISIONS = 5
_LABEL_CHARACTERS = 60
# Characters looked at, and the share of unmapped ones that makes a page's text doubtful.
_SAMPLED_CHARACTERS, _UNMAPPED = 300, 0.1
_DOUBLED = re.compile(r"(?:(\S)\1\s*){4,}\Z")
_END_OF_FILE = re.compile(rb"%%EOF\s{0,4}")
_UNREADABLE = re.compile(r"[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f]")


class PdfParser:
    """Reads PDF documents."""

    kinds = frozenset({"pdf"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the pages in order, then fields, annotations, attachments, properties, old revisions."""
        data = source.read()
        encryption = encryption_of(data)
        if encryption is not None and encryption.body_open:
            yield ProtectionNote(Protection.PARTLY, HERE, encryption.method)
            for event in _document(without_encryption(data), "", limits):
                yield from _closed_attachment(event) if isinstance(event, Member) else (event,)
            return
        if encryption is not None and not _opens(data, ""):
            for packet in clear_metadata(data):
                yield from xml_records(packet, Location(("metadata",)), "document properties", set())
            if encryption.for_keys:
                yield ProtectionNote(encryption.protection, HERE, encryption.method)
                yield Gap(HERE, Shortfall.ENCRYPTED, "needs a key or rights")
            else:
                yield _lock(data, encryption, limits)
            return
        if encryption is not None:
            yield ProtectionNote(Protection.NAME_ONLY, HERE, encryption.method, EMPTY_PASSWORD)
        yield from _document(data, "", limits)


def _lock(data: bytes, encryption: PdfEncryption, limits: Limits) -> Lock:
    def attempt(password: str) -> Iterator[Event] | None:
        return _document(data, password, limits) if _opens(data, password) else None

    return Lock(attempt, encryption.protection, encryption.method, known=(), held=len(data))


def _opens(data: bytes, password: str) -> bool:
    """Whether any reader opens the document: each knows methods that the others do not.

    qpdf is asked first, at a hundredth of what a try costs in pdfminer.
    """
    try:
        pikepdf.open(io.BytesIO(data), password=password).close()
    except pikepdf.PasswordError:
        return False
    except Exception:  # damaged, or a method that this reader does not know
        try:
            open_document(data, password)
        except Exception:
            try:
                pdfium.PdfDocument(data, password=password).close()
            except pdfium.PdfiumError:
                return False
    return True


def _closed_attachment(member: Member) -> Iterator[Event]:
    yield Member(member.name, b"", member.location, member.hidden)
    yield Gap(member.location, Shortfall.ENCRYPTED, "attachment with a password")


def _document(data: bytes, password: str, limits: Limits) -> Iterator[Event]:
    """All of a document that is open, or that a password opens."""
    structure: PdfStructure | None = None
    with contextlib.suppress(Exception):  # damaged for both readers of objects: pdfium may still repair it
        structure = structure_of(data, password)
    walk = ObjectWalk(structure, limits) if structure is not None else None
    # The objects come first although they are told last: they say whether the pages are safe to draw.
    behind = list(_walked(walk))
    if walk is not None and forms_nest_too_much(walk.forms):
        yield Gap(HERE, Shortfall.LIMIT, "form objects nest without end; page text is not read")
        yield from behind
        return
    pages = _Pages(data, limits, password)
    try:
        pages.open()
    except pdfium.PdfiumError as error:
        if structure is None and "assword" in str(error):
            yield ProtectionNote(Protection.UNKNOWN, HERE, "PDF, unknown method")
            yield Gap(HERE, Shortfall.ENCRYPTED, "needs a password")
            return
        if structure is None:
            yield Gap(HERE, Shortfall.DAMAGED, "no reader can open it")
            return
    yield from pages.events()
    yield from behind
    for words in damage(data, password, structure.pdf if structure is not None else None):
        yield Gap(HERE, Shortfall.DAMAGED, words)
    if structure is None:
        yield Gap(Location(("objects",)), Shortfall.DAMAGED, "fields, comments and attachments not read")
    elif walk is not None:
        yield from _earlier_revisions(data, pages.lines, walk, limits, password)


def _walked(walk: ObjectWalk | None) -> Iterator[Event]:
    if walk is None:
        return
    try:
        yield from walk.events()
    except Exception:  # what was found before is kept
        yield Gap(Location(("objects",)), Shortfall.DAMAGED, "fields, comments and attachments in part")


@dataclass(slots=True)
class _Look:
    """What a page's drawing says of its text: hidden stretches, pictures, outlines."""

    hidden: list[tuple[str, str]]
    image_share: float = 0.0
    outlines: int = 0
    texts: int = 0


class _Pages:
    """The pages of one document, by pdfium where it can, by pdfminer where it cannot."""

    def __init__(self, data: bytes, limits: Limits, password: str = "") -> None:
        self._password = password or None
        self._data = data
        self._limits = limits
        self._pdf: pdfium.PdfDocument | None = None
        self._second_reader = 0
        self._unread: list[tuple[int, str]] = []
        self._page_list: list[PDFPage] | None = None
        self._updated = data.count(b"%%EOF") > 1
        # The lines of the last revision, kept where there are older ones to compare with.
        self.lines: set[str] = set()

    def open(self) -> None:
        """Open the document for pdfium; raises ``PdfiumError``."""
        self._pdf = pdfium.PdfDocument(self._data, password=self._password)

    def events(self) -> Iterator[Event]:
        """Yield each page's text, then the gaps of pages without any."""
        if self._pdf is not None and len(self._pdf):
            count = len(self._pdf)
            if count > self._limits.pages:
                yield Gap(HERE, Shortfall.LIMIT, f"more than {self._limits.pages:,} pages")
            for index in range(min(count, self._limits.pages)):
                yield from self._page(self._pdf, index)
            yield from self._recognised(self._pdf)
            self._pdf.close()
        else:
            yield from self._by_second_reader()
        for first, last, detail in _runs(self._unread):
            name = f"page {first}" if first == last else f"pages {first} to {last}"
            yield Gap(Location((name,)), Shortfall.NEEDS_OCR, detail)

    def _recognised(self, pdf: pdfium.PdfDocument) -> Iterator[Event]:
        """Read the pages without readable text by OCR, where it is on; those that are read are no gap."""
        if not self._limits.ocr or not self._unread or not available():
            return
        left = self._limits.ocr_seconds
        unread = []
        for number, detail in self._unread:
            if left <= 0:
                unread.append((number, f"{detail}; the time for OCR is used up"))
                continue
            began = time.monotonic()
            try:
                page = pdf[number - 1]
                width, height = page.get_size()
                scale = DPI / 72
                # A page as large as a wall is drawn smaller.
                scale = min(scale, (self._limits.ocr_pixels / max(1.0, width * height)) ** 0.5)
                image = page.render(scale=scale, grayscale=True).to_pil()
                page.close()
                blocks = recognise(image, left)
            except RecognitionError as error:
                unread.append((number, f"{detail}; OCR: {error}"))
            except (pdfium.PdfiumError, AssertionError, ValueError, MemoryError, OSError) as error:
                unread.append((number, f"{detail}; OCR: {type(error).__name__}"))
            else:
                yield from recognised_segments(blocks, Location((f"page {number}",)))
            spent = time.monotonic() - began
            left -= spent
            yield Effort(ocr_seconds=spent)
        self._unread = unread

    def _page(self, pdf: pdfium.PdfDocument, index: int) -> Iterator[Event]:
        number = index + 1
        place = Location((f"page {number}",))
        try:
            page = pdf[index]
            textpage = page.get_textpage()
            text = clean(textpage.get_text_range())
            look = _look(page, textpage)
            unmapped = _unmapped_share(textpage)
            textpage.close()
            page.close()
        except (pdfium.PdfiumError, AssertionError, ValueError):
            mined = self._second(index)
            if mined is None:
                yield Gap(place, Shortfall.DAMAGED, "page cannot be read")
            else:
                yield Segment(mined, place)
            return
        letters = _letters(text)
        if look.texts > 3 * letters or unmapped > _UNMAPPED:
            # Hardly a letter for each time that text is drawn, or letters of no known meaning: fonts
            # whose character maps pdfium does not have, or that the file does not explain.
            mined = self._second(index) or ""
            if _letters(mined) > letters or (unmapped > _UNMAPPED and _letters(mined) * 2 > letters):
                text, unmapped, letters = mined, 0.0, _letters(mined)
        if not letters:
            if look.image_share > 0.0:
                self._unread.append((number, "no text layer"))
            elif look.outlines >= _OUTLINES:
                self._unread.append((number, "drawn outlines without text"))
            elif look.texts:
                self._unread.append((number, "text without readable characters"))
            return
        if len(_UNREADABLE.findall(text)) * 3 > letters or unmapped > 0.5:
            self._unread.append((number, "text layer unreadable"))
        elif look.image_share > _SCAN_SHARE and letters < _SCAN_CHARACTERS:
            self._unread.append((number, "a picture of a page with little text"))
        self._keep(text)
        yield from _segments(text, look.hidden, place)

    def _keep(self, text: str) -> None:
        if self._updated:
            self.lines.update(line.strip() for line in text.split("\n"))

    def _second(self, index: int) -> str | None:
        """Read one page by pdfminer; ``None`` when it cannot either."""
        if self._second_reader >= _SECOND_READER_PAGES:
            return None
        self._second_reader += 1
        try:
            if self._page_list is None:
                self._page_list = []
                document = open_document(self._data, self._password or "")
                self._page_list = list(islice(PDFPage.create_pages(document), self._limits.pages))
            text = _mined(self._page_list[index])
        except Exception:  # pdfminer raises whatever it meets
            return None
        # Where pdfminer does not know a letter either it writes its number.
        return None if text.count("(cid:") * 5 > _letters(text) else text

    def _by_second_reader(self) -> Iterator[Event]:
        number = 0
        try:
            document = open_document(self._data, self._password or "")
            for number, page in enumerate(PDFPage.create_pages(document), 1):
                if number > _SECOND_READER_PAGES:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {_SECOND_READER_PAGES} damaged pages")
                    return
                text = _mined(page)
                if text.strip():
                    self._keep(text)
                    yield Segment(text, Location((f"page {number}",)))
                elif page.contents:
                    self._unread.append((number, "no text layer"))
        except Exception:  # what was read before is kept
            yield Gap(Location((f"page {number + 1}",)), Shortfall.DAMAGED, "page cannot be read")
        if not number:
            yield Gap(HERE, Shortfall.DAMAGED, "no pages")


def _letters(text: str) -> int:
    return len(text) - text.count(" ") - text.count("\n")


def _unmapped_share(textpage: pdfium.PdfTextPage) -> float:
    """The share of characters, of the first few hundred, whose meaning the font does not tell."""
    count = min(int(textpage.count_chars()), _SAMPLED_CHARACTERS)
    if not count:
        return 0.0
    errors = [index for index in range(count) if pdfium_c.FPDFText_HasUnicodeMapError(textpage, index) == 1]
    return len(errors) / count


def _mined(page: PDFPage) -> str:
    resources = PDFResourceManager()
    out = io.StringIO()
    # Without boxes_flow a page of scattered glyphs takes five seconds instead of minutes.
    device = TextConverter(resources, out, laparams=LAParams(boxes_flow=None))
    PDFPageInterpreter(resources, device).process_page(page)
    return clean(out.getvalue().replace("\f", ""))


def clean(text: str) -> str:
    """Text of a page: lines end in one newline, words broken by a hyphen at a line's end are joined.

    pdfium puts U+FFFE where it takes a hyphen at a line's end for one that the layout made, and drops the
    line's end with it.  Between digits the hyphen belongs to the number ("20-11" + "22").
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if "\ufffe" in text:
        text = re.sub(r"(?<=\d)\ufffe(?=\d)", "-", text).replace("\ufffe", "")
    return "\n".join(_once(line) for line in text.split("\n"))


def _once(line: str) -> str:
    """A line without the second copy of each letter, where bold print was made by printing twice.

    Digits alone are left as they are: "1122" is a number.
    """
    if len(line) < 8 or line[0] != line[1] or not _DOUBLED.match(line) or not any(map(str.isalpha, line)):
        return line
    letters = "".join(line.split())
    single = iter(letters[::2])
    words = []
    for word in line.split(" "):
        count = (len(word) + 1) // 2
        words.append("".join(next(single, "") for _ in range(count)))
    return " ".join(words)


def _segments(text: str, hidden: list[tuple[str, str]], place: Location) -> Iterator[Segment]:
    """The visible text of a page, and each hidden stretch with what stands before it as its label."""
    found: list[tuple[int, int, str]] = []
    position = 0
    for stretch, reason in hidden:
        start = text.find(stretch, position)
        if start < 0:
            start = text.find(stretch)
        if start < 0:
            continue
        position = start + len(stretch)
        found.append((start, position, reason))
    found.sort()
    visible: list[str] = []
    kept = 0
    stretches: list[tuple[str, str, str]] = []
    for start, end, reason in found:
        if start < kept:
            continue
        visible.append(text[kept:start])
        if stretches and stretches[-1][1] == reason and not text[kept:start].strip():
            before = stretches.pop()
            stretches.append((before[0] + text[kept:start] + text[start:end], reason, before[2]))
        else:
            label = text[max(0, start - _LABEL_CHARACTERS) : start].rpartition("\n")[2].strip().rstrip(":")
            stretches.append((text[start:end], reason, label))
        kept = end
    visible.append(text[kept:])
    shown = "".join(visible)
    if shown.strip():
        yield Segment(shown, place)
    for words, reason, label in stretches:
        fields = (Field(0, len(words), label),) if label and "\n" not in words else ()
        yield Segment(words, place / reason, reason, fields)


_Box = tuple[float, float, float, float]


def _objects(page: pdfium.PdfPage) -> Iterator[tuple[Any, int, bool]]:
    """The objects of a page in drawing order, those of forms within; kind, and whether on the page itself.

    Plain handles: wrapping each costs more than all that is asked of it.
    """
    stack: list[Iterator[Any]] = [
        _children(page, pdfium_c.FPDFPage_CountObjects, pdfium_c.FPDFPage_GetObject)
    ]
    kind_of = pdfium_c.FPDFPageObj_GetType
    while stack:
        item = next(stack[-1], None)
        if item is None:
            stack.pop()
            continue
        kind = kind_of(item)
        yield item, kind, len(stack) == 1
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM and len(stack) < _FORM_DEPTH:
            stack.append(_children(item, pdfium_c.FPDFFormObj_CountObjects, pdfium_c.FPDFFormObj_GetObject))


def _children(parent: Any, count: Callable[..., int], child: Callable[..., Any]) -> Iterator[Any]:
    for index in range(count(parent)):
        if item := child(parent, index):
            yield item


class _Asker:
    """Asks for properties of page objects, with the same few cells for the answers."""

    def __init__(self) -> None:
        self._box = tuple(ctypes.c_float() for _ in range(4))
        self._colour = tuple(ctypes.c_uint() for _ in range(4))
        self._mode, self._stroke = ctypes.c_int(), ctypes.c_int()

    def bounds(self, item: Any) -> _Box:
        """Left, bottom, right, top; nowhere where that cannot be told."""
        left, bottom, right, top = self._box
        if not pdfium_c.FPDFPageObj_GetBounds(item, left, bottom, right, top):
            return 0.0, 0.0, 0.0, 0.0
        return left.value, bottom.value, right.value, top.value

    def fill(self, item: Any) -> tuple[int, int, int, int] | None:
        """Red, green, blue and opacity; ``None`` where it has no such colour."""
        red, green, blue, alpha = self._colour
        if not pdfium_c.FPDFPageObj_GetFillColor(item, red, green, blue, alpha):
            return None
        return red.value, green.value, blue.value, alpha.value

    def is_filled(self, item: Any) -> bool:
        """Whether a path is filled, and not only drawn along."""
        drawn = pdfium_c.FPDFPath_GetDrawMode(item, self._mode, self._stroke)
        return bool(drawn) and self._mode.value != 0


def _look(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> _Look:
    """Go over a page's objects in drawing order."""
    look = _Look([])
    asker = _Asker()
    texts: list[tuple[_Box, str, str]] = []
    boxes: list[_Box] = []
    backed: list[_Box] = []
    left, bottom, right, top = page.get_bbox()
    area = max(1.0, (right - left) * (top - bottom))
    invisible = visible = 0
    for item, kind, on_page in islice(_objects(page), _MOST_PAGE_OBJECTS):
        if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            look.texts += 1
            reason = ""
            bounds = asker.bounds(item)
            if pdfium_c.FPDFTextObj_GetTextRenderMode(item) == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE:
                reason = "invisible text"
                invisible += 1
            else:
                visible += 1
                colour = asker.fill(item)
                if on_page and (
                    bounds[2] < left or bounds[0] > right or bounds[3] < bottom or bounds[1] > top
                ):
                    reason = "outside the page"
                elif colour is not None and colour[3] == 0:
                    reason = "invisible text"
                elif colour is not None and min(colour[:3]) >= 250:
                    # White on something drawn before it is a heading; white on nothing is hidden.
                    reason = "" if any(_touches(box, bounds) for box in backed) else "white text"
            if len(texts) < _MOST_TEXTS:
                texts.append((bounds, reason, _words(item, textpage) if reason else ""))
        elif kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            box = asker.bounds(item)
            share = (box[2] - box[0]) * (box[3] - box[1]) / area if on_page else 0.6
            look.image_share = max(look.image_share, 0.001, share)
            backed.append(box)
        elif kind in (pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING):
            look.outlines += 1
            if len(backed) > 2000 or not (kind == pdfium_c.FPDF_PAGEOBJ_SHADING or asker.is_filled(item)):
                continue
            box = asker.bounds(item)
            backed.append(box)
            colour = asker.fill(item)
            if (
                on_page
                and colour is not None
                and colour[3] == 255
                and max(colour[:3]) < 60
                and box[2] - box[0] > _COVER
                and box[3] - box[1] > _COVER
            ):
                boxes.append(box)
                for index, (bounds, reason, _) in enumerate(texts[:2000] if len(boxes) < 200 else ()):
                    if not reason and _covers(box, bounds):
                        texts[index] = (bounds, "text under a filled box", "")
    if invisible and not visible and look.image_share:
        # The text layer that OCR laid over a scan: what a person reads in the picture.
        return look
    if any(reason for _, reason, _ in texts):
        look.hidden = _hidden_words(page, textpage, texts)
    return look


def _hidden_words(
    page: pdfium.PdfPage, textpage: pdfium.PdfTextPage, texts: list[tuple[_Box, str, str]]
) -> list[tuple[str, str]]:
    """The words of the text objects that carry a reason, in drawing order."""
    found: list[tuple[str, str]] = []
    drawn = (item for item, kind, _ in _objects(page) if kind == pdfium_c.FPDF_PAGEOBJ_TEXT)
    for item, (_, reason, words) in zip(drawn, texts, strict=False):
        if reason and (words := clean(words or _words(item, textpage)).strip()):
            found.append((words, reason))
    return found


def _words(item: Any, textpage: pdfium.PdfTextPage) -> str:
    """The text of one text object."""
    size = int(pdfium_c.FPDFTextObj_GetText(item, textpage, None, 0))
    if not size:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium_c.FPDFTextObj_GetText(
        item, textpage, ctypes.cast(buffer, ctypes.POINTER(pdfium_c.FPDF_WCHAR)), size
    )
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _touches(box: _Box, other: _Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def _covers(box: _Box, other: _Box) -> bool:
    """Whether a box covers a text: nearly all of its width, and the middle of its height."""
    width = other[2] - other[0]
    middle = (other[1] + other[3]) / 2
    overlap = min(box[2], other[2]) - max(box[0], other[0])
    return box[1] <= middle <= box[3] and overlap > 0 and overlap >= 0.9 * width


def _runs(pages: list[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """Join neighbouring pages with the same trouble."""
    run: tuple[int, int, str] | None = None
    for number, detail in pages:
        if run is not None and run[2] == detail and run[1] == number - 1:
            run = (run[0], number, detail)
            continue
        if run is not None:
            yield run
        run = (number, number, detail)
    if run is not None:
        yield run


def _earlier_revisions(
    data: bytes, last: Iterable[str], walk: ObjectWalk, limits: Limits, password: str = ""
) -> Iterator[Event]:
    """Read each complete older document in the file (ISO 32000-2, 7.5.6) and yield what the last lost."""
    ends = [match.end() for match in _END_OF_FILE.finditer(data)][:-1]
    # The first of two ends near the start is that of a linearised file's first page section.
    ends = [end for end in ends if b"/Linearized" not in data[:2048] or end > 4096 or len(ends) > 1]
    known = set(last)
    for number, end in enumerate(ends[-_REVISIONS:], 1):
        prefix = data[:end]
        place = Location((f"earlier revision {number}",))
        try:
            older = ObjectWalk(structure_of(prefix, password), limits, "earlier revision", place, walk.seen)
            events = [event for event in older.events() if not isinstance(event, Gap)]
            if forms_nest_too_much(older.forms):
                continue
            pdf = pdfium.PdfDocument(prefix, password=password or None)
        except Exception:  # noqa: S112 (an end mark inside an attachment, a broken update: nothing older)
            continue
        for index in range(min(len(pdf), limits.pages)):
            try:
                page = pdf[index]
                text = clean(page.get_textpage().get_text_range())
                page.close()
            except (pdfium.PdfiumError, AssertionError, ValueError):
                continue
            lost = [line for line in text.split("\n") if line.strip() and line.strip() not in known]
            if lost:
                known.update(line.strip() for line in lost)
                yield Segment("\n".join(lost), place / f"page {index + 1}", "earlier revision")
        pdf.close()
        yield from events
