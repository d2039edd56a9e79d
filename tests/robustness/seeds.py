"""Whole documents that mutated ones are made from: made here, by LibreOffice, our fixtures, real ones."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

from docx import Document
from openpyxl import Workbook
from pptx import Presentation
from reportlab.pdfgen.canvas import Canvas

from tests.documents.parsers.outlook_store import outlook_store

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "documents" / "fixtures"
SHARED = ROOT.parent / "shared" / "data" / "documents"
# Larger ones cost minutes each and show nothing that small ones do not.
LARGEST = 400_000

WORDS = [
    f"{first}{second}"
    for first in ("bramble", "copper", "drizzle", "ember", "fossil", "granite", "harbour", "juniper")
    for second in ("ridge", "field", "brook", "stone", "gate", "mill", "ford", "croft")
]


def _sentences() -> list[str]:
    return [" ".join(WORDS[start : start + 8]).capitalize() + "." for start in range(0, len(WORDS), 8)]


def word_document() -> bytes:
    document = Document()
    for sentence in _sentences():
        document.add_paragraph(sentence)
    document.sections[0].header.paragraphs[0].text = "headerword"
    return _saved(document.save)


def workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for sentence in _sentences():
        sheet.append(sentence.split())
    hidden = book.create_sheet("Hidden")
    hidden.sheet_state = "hidden"
    hidden["C3"] = "hiddenword"
    return _saved(book.save)


def presentation() -> bytes:
    slides = Presentation()
    for sentence in _sentences():
        slide = slides.slides.add_slide(slides.slide_layouts[5])
        slide.shapes.title.text = sentence
        slide.notes_slide.notes_text_frame.text = "notesword"
    return _saved(slides.save)


def pdf() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pageCompression=1)
    for sentence in _sentences():
        canvas.drawString(72, 700, sentence)
        canvas.bookmarkPage(sentence)
        canvas.addOutlineEntry(sentence, sentence)
        canvas.showPage()
    canvas.setAuthor("authorword")
    canvas.save()
    return stream.getvalue()


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "subjectword"
    message.set_content("\n".join(_sentences()))
    message.add_alternative(f"<p>{'</p><p>'.join(_sentences())}</p>", subtype="html")
    message.add_attachment(workbook(), maintype="application", subtype="octet-stream", filename="b.xlsx")
    return message.as_bytes()


def open_document() -> bytes:
    content = "".join(f"<text:p>{sentence}</text:p>" for sentence in _sentences())
    xml = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
        f"{content}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": xml.encode()})


def zipped(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tar_archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in (("a.docx", word_document()), ("b.txt", plain())):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def plain() -> bytes:
    return "\n".join(_sentences()).encode()


def table() -> bytes:
    return "\n".join(",".join(sentence.split()) for sentence in _sentences()).encode()


def dump() -> bytes:
    rows = ",\n".join(f"({n},'{sentence}',NULL)" for n, sentence in enumerate(_sentences()))
    return f"CREATE TABLE `note` (id int, body text, x int);\nINSERT INTO `note` VALUES {rows};\n".encode()


def rich_text() -> bytes:
    return ("{\\rtf1\\ansi " + "\\par ".join(_sentences()) + "}").encode()


def page() -> bytes:
    rows = "".join(f"<tr><td>{sentence}</td></tr>" for sentence in _sentences())
    return f"<!doctype html><html><body><table>{rows}</table></body></html>".encode()


MAKERS: Mapping[str, Callable[[], bytes]] = {
    "letter.docx": word_document,
    "budget.xlsx": workbook,
    "talk.pptx": presentation,
    "report.pdf": pdf,
    "mail.eml": mail,
    "minutes.odt": open_document,
    "case.zip": lambda: zipped({"a.pdf": pdf(), "b/c.xlsx": workbook(), "d.txt": plain()}),
    "case.tgz": tar_archive,
    "log.txt.gz": lambda: gzip.compress(plain()),
    "log.txt": plain,
    "list.csv": table,
    "notes.sql": dump,
    "note.rtf": rich_text,
    "page.html": page,
    "archive.pst": lambda: outlook_store([[(0x1A, "IPM.Note"), (0x1000, one)] for one in _sentences()]),
}


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return stream.getvalue()


# What LibreOffice makes of our own: its packages, streams and fonts are not those of the libraries here.
_SAVED_AS: Mapping[str, tuple[str, ...]] = {
    "letter.docx": ("odt", "doc", "docx", "rtf", "html", "fodt", "pdf", "epub"),
    "budget.xlsx": ("ods", "xls", "xlsx", "fods", "html", "dbf"),
    "talk.pptx": ("odp", "ppt", "pptx", "fodp", "pdf"),
}


def saved_by_libreoffice() -> Iterator[tuple[str, bytes]]:
    """Our own documents as LibreOffice writes them; nothing where it is not installed."""
    if shutil.which("soffice") is None:
        return
    with tempfile.TemporaryDirectory(prefix="dlp-seeds-") as name:
        folder = Path(name)
        for own, suffixes in _SAVED_AS.items():
            (folder / own).write_bytes(MAKERS[own]())
            for suffix in suffixes:
                target = folder / suffix
                command = [
                    *("soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}"),
                    *("--convert-to", suffix, "--outdir", str(target), str(folder / own)),
                ]
                subprocess.run(command, check=False, capture_output=True, timeout=180)
                for path in sorted(target.glob("*")):
                    yield f"libreoffice-{path.name}", path.read_bytes()
                shutil.rmtree(target, ignore_errors=True)


def seeds(*, shared: bool = True) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each: made here first, also by LibreOffice, then fixtures, then real files."""
    for name, make in MAKERS.items():
        yield name, make()
    yield from saved_by_libreoffice()
    folders = (FIXTURES, SHARED) if shared else (FIXTURES,)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in (".py", ".pyc") and 0 < path.stat().st_size <= LARGEST:
                yield f"{path.parent.name}-{path.name}", path.read_bytes()
