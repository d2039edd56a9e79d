"""What reading costs: per file and per megabyte of each format, beside the obvious alternatives, in one run.

CPU time, medians of interleaved runs.  Ours is the whole reading (hidden places, properties, damage), through
a real isolated worker; the others give the text that they give.  The native build of a well-known JVM reader
is measured where it is installed (``pip install extractous``).
"""

from __future__ import annotations

import email
import email.policy
import importlib.util
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scanner.documents.isolation import Confinement
from scanner.shares.worker import Work
from scanner.shares.workers import Job, WorkerPool
from tests.robustness.fuzz import WordReader
from tests.robustness.seeds import FIXTURES, zipped

RUNS = 3
COPIES = 8
ROWS = 1_000_000
_SENTENCE = "The clerk filed the form of the harbour office beside the copper mill and wrote to the school. "


def _pdf() -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, pageCompression=1)
    for page in range(30):
        for line in range(50):
            canvas.drawString(50, 780 - 14 * line, f"{page}.{line} {_SENTENCE}")
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _docx() -> bytes:
    from docx import Document

    document = Document()
    for number in range(400):
        document.add_paragraph(f"{number} {_SENTENCE * 3}")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _xlsx() -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("People")
    for number in range(5_000):
        sheet.append([number, f"Name{number}", "12 Mill Road", 12345678 + number, "harbour", 3.5])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _pptx() -> bytes:
    from pptx import Presentation

    slides = Presentation()
    for number in range(40):
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text = f"{number} {_SENTENCE}"
        slide.placeholders[1].text = "\n".join([_SENTENCE] * 8)
    stream = io.BytesIO()
    slides.save(stream)
    return stream.getvalue()


def _odt() -> bytes:
    text = "".join(f"<text:p>{number} {_SENTENCE * 3}</text:p>" for number in range(400))
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
        f"{text}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode()})


def _eml() -> bytes:
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "The harbour"
    message.set_content((_SENTENCE + "\n") * 500)
    message.add_alternative("".join(f"<p>{_SENTENCE}</p>" for _ in range(500)), subtype="html")
    return message.as_bytes()


def _rtf() -> bytes:
    return ("{\\rtf1\\ansi " + "\\par ".join(f"{n} {_SENTENCE * 3}" for n in range(400)) + "}").encode()


def _html() -> bytes:
    rows = "".join(f"<tr><td>{n}</td><td>{_SENTENCE}</td></tr>" for n in range(2_000))
    return f"<!doctype html><html><body><table>{rows}</table></body></html>".encode()


def made() -> Iterator[tuple[str, bytes]]:
    """One ordinary file of each format; the legacy ones are the small fixtures."""
    yield "report.pdf", _pdf()
    yield "letter.docx", _docx()
    yield "people.xlsx", _xlsx()
    yield "talk.pptx", _pptx()
    yield "minutes.odt", _odt()
    yield "mail.eml", _eml()
    yield "note.rtf", _rtf()
    yield "page.html", _html()
    yield "case.zip", zipped({"a.docx": _docx(), "b.eml": _eml(), "c.html": _html()})
    for path in (FIXTURES / "notes.doc", FIXTURES / "staff.xls", FIXTURES / "slides.ppt"):
        yield path.name, path.read_bytes()


def _by_pdfminer(path: Path) -> object:
    from pdfminer.high_level import extract_text

    return extract_text(str(path))


def _by_openpyxl(path: Path) -> object:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    return [[cell for row in sheet.iter_rows(values_only=True) for cell in row] for sheet in book]


def _by_python_docx(path: Path) -> object:
    from docx import Document

    return [paragraph.text for paragraph in Document(str(path)).paragraphs]


def _by_python_pptx(path: Path) -> object:
    from pptx import Presentation

    shapes = (shape for slide in Presentation(str(path)).slides for shape in slide.shapes)
    return [shape.text_frame.text for shape in shapes if shape.has_text_frame]


def _by_email(path: Path) -> object:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]


ALTERNATIVES: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    ".pdf": ("pdfminer.six", _by_pdfminer),
    ".xlsx": ("openpyxl", _by_openpyxl),
    ".docx": ("python-docx", _by_python_docx),
    ".pptx": ("python-pptx", _by_python_pptx),
    ".eml": ("email", _by_email),
}


def _by_native_reader() -> Callable[[Path], object] | None:
    if importlib.util.find_spec("extractous") is None:
        return None
    from extractous import Extractor

    extractor = Extractor().set_extract_string_max_length(100_000_000)
    return lambda path: extractor.extract_file_to_string(str(path))


def _in_worker(paths: list[Path]) -> float:
    """CPU seconds of a warm pool's worker over the files, its own start left out."""
    with WorkerPool(Work(WordReader(), bytes(32), Confinement(), 300, 10_000), 1) as pool:
        (worker,) = pool._workers
        while not worker.ready:
            pool.answers(0.1)
        before = _cpu_of(worker.pid)
        waiting = list(paths)
        while waiting or pool.busy:
            while waiting and pool.wants:
                path = waiting.pop()
                pool.submit(Job(len(waiting), os.fsencode(path), path.stat().st_size))
            pool.answers(0.1)
        return _cpu_of(worker.pid) - before


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _cpu(work: Callable[[Path], object], paths: list[Path]) -> float:
    started = time.process_time()
    for path in paths:
        work(path)
    return time.process_time() - started


def cost_per_format(line: Callable[..., None]) -> None:
    """Each format: ours in a worker, the library that people would take, the native reader."""
    native = _by_native_reader()
    if native is None:
        line("native build of a JVM reader", "not here", "pip install extractous")
    total_ours = total_native = 0.0
    with tempfile.TemporaryDirectory() as name:
        for file_name, data in made():
            copies = COPIES if len(data) > 40_000 else COPIES * 5
            paths = []
            for number in range(copies):
                path = Path(name) / f"{number}-{file_name}"
                path.write_bytes(data)
                paths.append(path)
            library, alternative = ALTERNATIVES.get(path.suffix, ("", None))
            ours, theirs, natives = [], [], []
            for _ in range(RUNS):
                ours.append(_in_worker(paths) / copies)
                if alternative is not None:
                    theirs.append(_cpu(alternative, paths[:2]) / 2)
                if native is not None:
                    natives.append(_cpu(native, paths[:2]) / 2)
            mine = max(statistics.median(ours), 1e-5)
            line(
                f"{file_name}: ms a file ({len(data) / 1e6:.2f} MB), ms a MB",
                f"{mine * 1e3:.1f}, {mine * 1e9 / len(data):.0f}",
                "",
            )
            if theirs:
                line(f"{file_name}: {library} alone", f"{statistics.median(theirs) / mine:.1f} : 1", "")
            if natives:
                total_ours += mine
                total_native += statistics.median(natives)
                line(f"{file_name}: native reader", f"{statistics.median(natives) / mine:.1f} : 1", "")
    if total_ours:
        ratio = total_native / total_ours
        line("all of these: native reader against ours, isolated", f"{ratio:.1f} : 1", ">= 10", ratio >= 10)


_BIG = """
import re, sys
from pathlib import Path
from scanner.documents import Coverage, Limits, Source, read_document
with open(sys.argv[1], "rb") as file:
    rows = 0
    for item in read_document(Source.from_descriptor(file.fileno(), "big.xlsx")):
        rows += not isinstance(item, Coverage)
# The peak of this program: what getrusage says begins with the peak of the one that started it.
peak = re.search(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1]
print(rows, peak, item.status.value)
"""


def large_sheet(line: Callable[..., None]) -> None:
    """A sheet of a million rows: memory must not grow with it."""
    with tempfile.TemporaryDirectory() as name:
        weights = {}
        for rows in (1_000, ROWS):
            path = Path(name) / f"{rows}.xlsx"
            _write_rows(path, rows)
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", _BIG, str(path)], capture_output=True, text=True, check=True
            )
            segments, kilobytes, status = done.stdout.split()
            weights[rows] = int(kilobytes) / 1e3
            line(
                f"sheet of {rows:,} rows: segments, {status}, seconds",
                f"{int(segments):,}, {time.perf_counter() - started:.1f}",
                "",
            )
        line(f"sheet of {ROWS:,} rows: peak memory, MB", f"{weights[ROWS]:.0f}", "")
        grown = weights[ROWS] - weights[1_000]
        line("the same against a sheet of 1,000 rows, MB more", f"{grown:.0f}", "<= 200", grown <= 200)


def _write_rows(path: Path, rows: int) -> None:
    """A workbook whose rows are written as they come: a library takes minutes for a million."""
    from openpyxl import Workbook

    stream = io.BytesIO()
    book = Workbook()
    book.save(stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if entry != "xl/worksheets/sheet1.xml":
                new.writestr(entry, old.read(entry))
        with new.open("xl/worksheets/sheet1.xml", "w") as sheet:
            head = re.sub(rb"<sheetData\s*/>.*", b"", old.read("xl/worksheets/sheet1.xml"), flags=re.DOTALL)
            sheet.write(head + b"<sheetData>")
            for number in range(1, rows + 1):
                cells = b'<c r="A%d"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>Name%d</t></is></c>'
                values = cells % (number, number * 7919 % 100_003, number, number)
                sheet.write(b'<row r="%d">%s</row>' % (number, values))
            sheet.write(b"</sheetData></worksheet>")
