"""What reading costs: per file and per megabyte of each format, beside the obvious alternatives, in one run.

CPU time, medians of interleaved runs.  Ours is the whole reading (hidden places, properties, damage), through
a real isolated worker; the others give the text, or the cells, that they give.  The native build of a
well-known JVM reader (extractous, Apache-2.0) and the fastest reader of cells (python-calamine, MIT) are
measured where they are installed (``pip install --group bench-readers``); without them the run says so and
goes on.  The native reader is measured in two ways:

- *warm*: one process reads file after file.  A file that hangs or kills it takes what is under way with it;
  whoever kills and restarts such a process on a breach, as our pool does with its workers, pays this;
- *apart*: a process for each file, so that each can be killed by itself: isolation without a pool.  What the
  interpreter costs that loads the library is in it (some 20 ms).

OCR is off on both sides.
"""

from __future__ import annotations

import email
import email.policy
import importlib.util
import io
import os
import re
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scanner.documents import Source
from scanner.documents.isolation import Confinement
from scanner.documents.model import Coverage, Status
from scanner.documents.parsers.office.compound_file import pack
from scanner.documents.reader import Read, read_document
from scanner.inspection.inspector import SoFar
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Assessment, PeopleCount, Severity
from scanner.shares.worker import Work
from scanner.shares.workers import Job, WorkerPool
from tests.documents.parsers.mail.test_msg import ROOT, fixed, storage, stream
from tests.documents.parsers.sheets.test_xls import label, rec, workbook
from tests.robustness.seeds import FIXTURES, SHARED, zipped

RUNS = 3
COPIES = 8
ROWS = 1_000_000
# Real files: so many of each ending, none larger.
_REAL_FILES, _REAL_BYTES = 12, 400_000
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


def _xls() -> bytes:
    cells = b"".join(
        label(row, 0, f"Name{row}")
        + label(row, 1, "12 Mill Road")
        + rec(0x203, struct.pack("<HHHd", row, 2, 0, 12345678 + row))
        + label(row, 3, "harbour")
        + rec(0x203, struct.pack("<HHHd", row, 4, 0, 3.5))
        for row in range(5_000)
    )
    return workbook([("People", 0, cells)])


def _ods() -> bytes:
    text = '<table:table-cell office:value-type="string"><text:p>{0}</text:p></table:table-cell>'
    number = text.replace('"string"', '"float" office:value="{0}"')
    rows = "".join(
        "<table:table-row>"
        + text.format(f"Name{row}")
        + text.format("12 Mill Road")
        + number.format(12345678 + row)
        + text.format("harbour")
        + number.format(3.5)
        + "</table:table-row>"
        for row in range(5_000)
    )
    prefix = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        f'<office:document-content xmlns:office="{prefix}office:1.0" xmlns:text="{prefix}text:1.0" '
        f'xmlns:table="{prefix}table:1.0"><office:body><office:spreadsheet><table:table table:name="People">'
        f"{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind.decode()}"/>'
        "</manifest:manifest>"
    )
    return zipped(
        {"mimetype": kind, "META-INF/manifest.xml": manifest.encode(), "content.xml": content.encode()}
    )


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


def _msg() -> bytes:
    lines = f"{_SENTENCE}\r\n" * 500
    html = "".join(f"<p>{_SENTENCE}</p>" for _ in range(500)).encode()
    return pack(
        storage(
            (),
            fixed(ROOT),
            stream(0x1A, "IPM.Note"),
            stream(0x37, "The harbour"),
            stream(0x1000, lines),
            stream(0x1013, html),
            stream(0x0E04, "b@example.org"),
        )
    )


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
    yield "people.xls", _xls()
    yield "people.ods", _ods()
    yield "talk.pptx", _pptx()
    yield "minutes.odt", _odt()
    yield "mail.eml", _eml()
    yield "mail.msg", _msg()
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


def _by_calamine(path: Path) -> object:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


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


_CALAMINE = ("python_calamine", "calamine, cells", _by_calamine)
# Module, name in the report, reading.
ALTERNATIVES: Mapping[str, tuple[tuple[str, str, Callable[[Path], object]], ...]] = {
    ".pdf": (("pdfminer", "pdfminer.six", _by_pdfminer),),
    ".xlsx": (("openpyxl", "openpyxl", _by_openpyxl), _CALAMINE),
    ".xls": (_CALAMINE,),
    ".ods": (_CALAMINE,),
    ".docx": (("docx", "python-docx", _by_python_docx),),
    ".pptx": (("pptx", "python-pptx", _by_python_pptx),),
    ".eml": (("email", "email", _by_email),),
}
# What a run may do without, and where it comes from.
_OPTIONAL = {"extractous": "native build of a JVM reader", "python_calamine": "calamine"}


_NATIVE = """
import json, os, sys, time
os.environ["PATH"] = "/nonexistent"  # else it starts an OCR program by itself
from extractous import Extractor, PdfOcrStrategy, PdfParserConfig
without_ocr = PdfParserConfig().set_ocr_strategy(PdfOcrStrategy.NO_OCR)
reader = Extractor().set_extract_string_max_length(100_000_000).set_pdf_config(without_ocr)
def read(path):
    try:
        reader.extract_file_to_string(path)
    except Exception:  # a file that it cannot read costs what it costs
        pass
paths = sys.argv[2:]
if sys.argv[1] == "warm":
    for path in paths:
        read(path)
started = time.process_time()
for path in paths:
    read(path)
print(time.process_time() - started)
"""


def _is_here(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _native_warm(paths: list[Path]) -> float:
    """CPU seconds of one process of the native reader over the files, which it has read once before."""
    command = [sys.executable, "-c", _NATIVE, "warm", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _native_apart(paths: list[Path]) -> float:
    """CPU seconds of a process of the native reader for each file, all of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for path in paths:
        subprocess.run([sys.executable, "-c", _NATIVE, "apart", str(path)], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class _Reading:
    """Reads a file to its end and does nothing with it: the cost of reading alone."""

    def inspect(
        self,
        file: BinaryIO,
        name: str,
        size: int,
        *,
        read: Read = read_document,
        so_far: SoFar | None = None,
    ) -> Inspection:
        """How many characters were read stands in the counts."""
        del so_far
        characters = 0
        coverage = Coverage(Status.NOT_INSPECTED, "")
        for item in read(Source.from_descriptor(file.fileno(), name)):
            if isinstance(item, Coverage):
                coverage = item
            else:
                characters += len(item.text)
        nobody = Assessment(Severity.NONE, PeopleCount(0, 0))
        return Inspection(coverage, nobody, (), {"characters": characters}, "", size)


def _in_worker(paths: list[Path]) -> float:
    """CPU seconds of a warm pool's worker over the files, which it has read once before."""
    with WorkerPool(Work(_Reading(), bytes(32), Confinement(), 300, 10_000), 1) as pool:
        (worker,) = pool._workers
        while not worker.ready:
            pool.answers(0.1)
        _read_by(pool, paths)
        before = _cpu_of(worker.pid)
        _read_by(pool, paths)
        return _cpu_of(worker.pid) - before


def _read_by(pool: WorkerPool, paths: list[Path]) -> None:
    waiting = list(paths)
    while waiting or pool.busy:
        while waiting and pool.wants:
            path = waiting.pop()
            pool.submit(Job(len(waiting), os.fsencode(path), path.stat().st_size))
        pool.answers(0.1)


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _cpu(work: Callable[[Path], object], paths: list[Path]) -> float:
    started = time.process_time()
    for path in paths:
        work(path)
    return time.process_time() - started


@dataclass(slots=True)
class _Totals:
    """CPU seconds of everything measured so far."""

    ours: float = 0.0
    warm: float = 0.0
    apart: float = 0.0

    def add(self, ours: float, warm: float, apart: float) -> None:
        self.ours += ours
        self.warm += warm
        self.apart += apart

    def print(self, what: str, line: Callable[..., None]) -> None:
        for how, native in (("warm", self.warm), ("a process a file", self.apart)):
            ratio = native / max(self.ours, 1e-5)
            line(f"{what}: native reader, {how}", f"{ratio:.1f} : 1", ">= 10", ratio >= 10)


def cost_per_format(line: Callable[..., None]) -> None:
    """Each format: ours in a worker, the library that people would take, the native reader; real files."""
    native = _is_here("extractous")
    for module, what in _OPTIONAL.items():
        if not _is_here(module):
            line(what, "not here", "pip install --group bench-readers")
    totals = _Totals()
    with tempfile.TemporaryDirectory() as name:
        for file_name, data in made():
            copies = COPIES if len(data) > 40_000 else COPIES * 5
            paths = []
            for number in range(copies):
                path = Path(name) / f"{number}-{file_name}"
                path.write_bytes(data)
                paths.append(path)
            others = [one for one in ALTERNATIVES.get(path.suffix, ()) if _is_here(one[0])]
            theirs: dict[str, list[float]] = {library: [] for _, library, _ in others}
            ours, warm, apart = [], [], []
            for _ in range(RUNS):
                ours.append(_in_worker(paths) / copies)
                for _, library, alternative in others:
                    theirs[library].append(_cpu(alternative, paths[:2]) / 2)
                if native:
                    warm.append(_native_warm(paths[:2]) / 2)
                    apart.append(_native_apart(paths[:1]))
            mine = max(statistics.median(ours), 1e-5)
            line(
                f"{file_name}: ms a file ({len(data) / 1e6:.2f} MB), ms a MB",
                f"{mine * 1e3:.1f}, {mine * 1e9 / len(data):.0f}",
                "",
            )
            for library, seconds_each in theirs.items():
                ratio = statistics.median(seconds_each) / mine
                line(f"{file_name}: {library} alone", f"{ratio:.1f} : 1", "")
            if native:
                seconds = _Totals(mine, statistics.median(warm), statistics.median(apart))
                ratios = f"{seconds.warm / mine:.1f}, {seconds.apart / mine:.1f} : 1"
                line(f"{file_name}: native reader, warm, and a process a file", ratios, "")
                totals.add(seconds.ours, seconds.warm, seconds.apart)
    if native:
        totals.print("all of these", line)
        _real_files(line)


def _real_files(line: Callable[..., None]) -> None:
    """Real files of other libraries' test suites, a few of each ending, where there are any."""
    if not SHARED.is_dir():
        return
    totals = _Totals()
    for suffix in (".docx", ".xlsx", ".pptx", ".pdf", ".xls", ".xlsb", ".ods", ".eml"):
        found = [path for path in sorted(SHARED.rglob(f"*{suffix}")) if path.stat().st_size <= _REAL_BYTES]
        paths = found[:: max(1, len(found) // _REAL_FILES)][:_REAL_FILES]
        if not paths:
            continue
        seconds = _Totals(max(1e-5, _in_worker(paths)), _native_warm(paths), _native_apart(paths))
        totals.add(seconds.ours, seconds.warm, seconds.apart)
        line(f"{len(paths)} real {suffix}: ms a file", f"{seconds.ours * 1e3 / len(paths):.1f}", "")
        ratios = f"{seconds.warm / seconds.ours:.1f}, {seconds.apart / seconds.ours:.1f} : 1"
        line(f"{len(paths)} real {suffix}: native reader, warm, and a process a file", ratios, "")
    totals.print("all real files", line)


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
