"""PDF: the text of the pages, with what is drawn so that nobody sees it, and the object layer behind them.

pdfium reads the pages; pdfminer.six reads those that pdfium cannot, and the objects.
"""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pdfminer.converter import TextConverter
from pdfminer.layout import LAParams
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.pdf.pdf_appearances import shown_by_annotations
from scanner.documents.parsers.pdf.pdf_drawing import SCAN_SHARE, Hidden, look_at
from scanner.documents.parsers.pdf.pdf_encryption import (
    PdfEncryption,
    clear_metadata,
    encryption_of,
    without_encryption,
)
from scanner.documents.parsers.pdf.pdf_integrity import damage
from scanner.documents.parsers.pdf.pdf_layers import with_layers_marked
from scanner.documents.parsers.pdf.pdf_objects import ObjectWalk, forms_nest_too_much, page_name, xml_records
from scanner.documents.parsers.pdf.pdf_structure import PdfStructure, open_document, structure_of
from scanner.documents.parsers.pdf.pdf_table_reader import PageTables, TableReader
from scanner.documents.passwords import EMPTY_PASSWORD
from scanner.documents.protocol import HERE, Effort, Event, Lock, Member, ProtectionNote, Source
from scanner.documents.recognition import (
    DPI,
    HARD_TO_READ,
    RecognitionError,
    available,
    recognise,
    recognised_segments,
)
from scanner.text import Field

# pdfminer costs 27 times as much as pdfium: as second reader it reads this many pages of a document.
_SECOND_READER_PAGES = 200
# A page whose drawn outlines are this many and whose text is none may be text in outlines.
_OUTLINES = 100
# A page that is a picture, with less text than this, is a scan with a stamp on it.
_SCAN_CHARACTERS = 80
# Earlier revisions that are compared with the last one.
_REVISIONS = 5
_LABEL_CHARACTERS = 60
# Characters looked at, and the share of unmapped ones that makes a page's text doubtful.
_SAMPLED_CHARACTERS, _UNMAPPED = 300, 0.1
# The share from which on it is not read, as its letters may be any; a bullet or a ligature is none of them.
_DOUBTFUL = 0.2
# What pdfminer writes for a letter that it does not know: its number in the font.
_UNNAMED = re.compile(r"\(cid:[0-9]{1,6}\)")
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
    if walk is not None and forms_nest_too_much(walk.drawn_forms()):
        yield Gap(HERE, Shortfall.LIMIT, "form objects nest without end; page text is not read")
        yield from behind
        return
    if not limits.page_engine:
        yield Gap(HERE, Shortfall.PARSER_STOPPED, "pages are not read: pdfium ended a reader of this file")
        yield from behind
        return
    labels = structure.labels if structure is not None else {}
    opened = structure.pdf if structure is not None else None
    marked = with_layers_marked(opened, data, password) if opened is not None else None
    pages = _Pages(data, limits, password, labels, marked)
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
    if opened is not None:
        yield from _appearances(opened, data, password, labels)
    for words in damage(data, password, opened):
        yield Gap(HERE, Shortfall.DAMAGED, words)
    if structure is None:
        yield Gap(Location(("objects",)), Shortfall.DAMAGED, "fields, comments and attachments not read")
    elif walk is not None:
        yield from _earlier_revisions(data, pages.lines, walk, limits, password)


def _appearances(
    opened: pikepdf.Pdf, data: bytes, password: str, labels: Mapping[int, str]
) -> Iterator[Event]:
    with contextlib.suppress(Exception):  # damaged in any way: what the annotations hold was read
        for number, text in shown_by_annotations(opened, data, password, clean):
            yield Segment(text, Location((page_name(number, labels), "annotation")))


def _walked(walk: ObjectWalk | None) -> Iterator[Event]:
    if walk is None:
        return
    try:
        yield from walk.events()
    except Exception:  # what was found before is kept
        yield Gap(Location(("objects",)), Shortfall.DAMAGED, "fields, comments and attachments in part")


class _Pages:
    """The pages of one document, by pdfium where it can, by pdfminer where it cannot."""

    def __init__(
        self,
        data: bytes,
        limits: Limits,
        password: str = "",
        labels: Mapping[int, str] | None = None,
        marked: bytes | None = None,
    ) -> None:
        """``marked`` is a copy in which layers that are switched off can be told (``pdf_layers``)."""
        self._password = password or None
        self._data = data
        self._labels = labels or {}
        self._marked = marked
        self._limits = limits
        self._pdf: pdfium.PdfDocument | None = None
        self._second_reader = 0
        self._unread: list[tuple[int, str]] = []
        self._page_list: list[PDFPage] | None = None
        self._updated = data.count(b"%%EOF") > 1
        self._tables = TableReader(clean)
        # The lines of the last revision, kept where there are older ones to compare with.
        self.lines: set[str] = set()

    def open(self) -> None:
        """Open the document for pdfium; raises ``PdfiumError``."""
        if self._marked is not None:
            try:
                self._pdf = pdfium.PdfDocument(self._marked)
            except pdfium.PdfiumError:
                self._marked = None
            else:
                return
        self._pdf = pdfium.PdfDocument(self._data, password=self._password)

    def _place(self, number: int) -> Location:
        return Location((page_name(number, self._labels),))

    def events(self) -> Iterator[Event]:
        """Yield each page's text, then the gaps of pages without any."""
        if self._pdf is not None and len(self._pdf):
            count = len(self._pdf)
            if count > self._limits.pages:
                yield Gap(HERE, Shortfall.LIMIT, f"more than {self._limits.pages:,} pages")
            for index in range(min(count, self._limits.pages)):
                yield from self._page(self._pdf, index)
            yield from self._tables.end()
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
                found = recognise(image, left)
            except RecognitionError as error:
                unread.append((number, f"{detail}; OCR: {error}"))
            except (pdfium.PdfiumError, AssertionError, ValueError, MemoryError, OSError) as error:
                unread.append((number, f"{detail}; OCR: {type(error).__name__}"))
            else:
                yield from recognised_segments(found.blocks, self._place(number))
                if found.doubtful:
                    unread.append((number, HARD_TO_READ))
            spent = time.monotonic() - began
            left -= spent
            yield Effort(ocr_seconds=spent)
        self._unread = unread

    def _page(self, pdf: pdfium.PdfDocument, index: int) -> Iterator[Event]:
        number = index + 1
        place = self._place(number)
        tables: PageTables | None = None
        try:
            page = pdf[index]
            textpage = page.get_textpage()
            given = textpage.get_text_range()
            text = clean(given)
            look = look_at(pdf, page, textpage, clean, layers=self._marked is not None)
            unmapped = _unmapped_share(textpage)
            hidden = _Hidden(text, look.hidden)
            with contextlib.suppress(Exception):  # strange places of words: the page is read as it was drawn
                tables = self._tables.found(textpage, given, look, hidden.items)
            textpage.close()
            page.close()
        except (pdfium.PdfiumError, AssertionError, ValueError):
            mined, unmapped = self._second(index)
            if mined is None:
                yield Gap(place, Shortfall.DAMAGED, "page cannot be read")
                return
            if unmapped > _DOUBTFUL:
                self._unread.append((number, "text layer unreadable"))
            yield Segment(mined, place)
            return
        letters = _letters(text)
        if look.texts > 3 * letters or unmapped > _UNMAPPED:
            # Hardly a letter for each time that text is drawn, or letters of no known meaning: fonts
            # whose character maps pdfium does not have, or that the file does not explain.
            mined, left = self._second(index)
            found = _letters(mined or "")
            if mined is not None and (found > letters or (unmapped > _UNMAPPED and found * 2 > letters)):
                text, unmapped, letters = mined, left, found
                hidden, tables = _Hidden(text, look.hidden), None
        if not letters:
            if look.image_share > 0.0:
                self._unread.append((number, "no text layer"))
            elif look.outlines >= _OUTLINES:
                self._unread.append((number, "drawn outlines without text"))
            elif look.texts:
                self._unread.append((number, "text without readable characters"))
            return
        if len(_UNREADABLE.findall(text)) * 3 > letters or unmapped > _DOUBTFUL:
            self._unread.append((number, "text layer unreadable"))
        elif look.image_share > SCAN_SHARE and letters < _SCAN_CHARACTERS:
            self._unread.append((number, "a picture of a page with little text"))
        self._keep(text)
        if tables is not None:
            yield from self._tables.events(tables, place)
        else:
            yield from self._tables.end()
            if hidden.visible.strip():
                yield Segment(hidden.visible, place)
        yield from hidden.segments(place)

    def _keep(self, text: str) -> None:
        if self._updated:
            self.lines.update(line.strip() for line in text.split("\n"))

    def _second(self, index: int) -> tuple[str | None, float]:
        """Read one page by pdfminer, ``None`` when it cannot either; the share of letters not known to it."""
        if self._second_reader >= _SECOND_READER_PAGES:
            return None, 0.0
        self._second_reader += 1
        try:
            if self._page_list is None:
                self._page_list = []
                document = open_document(self._data, self._password or "")
                self._page_list = list(islice(PDFPage.create_pages(document), self._limits.pages))
            return _mined(self._page_list[index])
        except Exception:  # pdfminer raises whatever it meets
            return None, 0.0

    def _by_second_reader(self) -> Iterator[Event]:
        number = 0
        try:
            document = open_document(self._data, self._password or "")
            for number, page in enumerate(PDFPage.create_pages(document), 1):
                if number > _SECOND_READER_PAGES:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {_SECOND_READER_PAGES} damaged pages")
                    return
                text, unmapped = _mined(page)
                if unmapped > _DOUBTFUL:
                    self._unread.append((number, "text layer unreadable"))
                if text.strip():
                    self._keep(text)
                    yield Segment(text, self._place(number))
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


def _mined(page: PDFPage) -> tuple[str, float]:
    """The text of a page by pdfminer, and the share of letters whose meaning the fonts do not tell."""
    resources = PDFResourceManager()
    out = io.StringIO()
    # Without boxes_flow a page of scattered glyphs takes five seconds instead of minutes.
    device = TextConverter(resources, out, laparams=LAParams(boxes_flow=None))
    PDFPageInterpreter(resources, device).process_page(page)
    text, unmapped = _UNNAMED.subn("", clean(out.getvalue().replace("\f", "")))
    return text, unmapped / max(1, unmapped + _letters(text))


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


class _Hidden:
    """The text of a page with the stretches that nobody sees taken out of it.

    ``visible`` is what remains, ``items`` are the text objects whose words were found and taken out.
    """

    def __init__(self, text: str, hidden: Iterable[Hidden]) -> None:
        found: list[tuple[int, int, str]] = []
        self.items: set[int] = set()
        position = 0
        for stretch in hidden:
            start = text.find(stretch.words, position)
            if start < 0:
                start = text.find(stretch.words)
            if start < 0:
                continue
            position = start + len(stretch.words)
            found.append((start, position, stretch.reason))
            self.items.add(stretch.item)
        found.sort()
        visible: list[str] = []
        kept = 0
        # Words, why they are hidden, what stands before them on their line.
        self._stretches: list[tuple[str, str, str]] = []
        for start, end, reason in found:
            if start < kept:
                continue
            visible.append(text[kept:start])
            if self._stretches and self._stretches[-1][1] == reason and not text[kept:start].strip():
                before = self._stretches.pop()
                self._stretches.append((before[0] + text[kept:start] + text[start:end], reason, before[2]))
            else:
                label = (
                    text[max(0, start - _LABEL_CHARACTERS) : start].rpartition("\n")[2].strip().rstrip(":")
                )
                self._stretches.append((text[start:end], reason, label))
            kept = end
        visible.append(text[kept:])
        self.visible = "".join(visible)

    def segments(self, place: Location) -> Iterator[Segment]:
        """Each hidden stretch with what stands before it as its label."""
        for words, reason, label in self._stretches:
            fields = (Field(0, len(words), label),) if label and "\n" not in words else ()
            yield Segment(words, place / reason, reason, fields)


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
            if forms_nest_too_much(older.drawn_forms()):
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
