"""How much of real files is read: words that two other readers agree upon, and how many of them ours finds.

``python -m tests.evaluation.reading FOLDER`` takes the files of any folder (test suites of other projects, a
share of one's own), their reading by every other reader that is installed, and ours.  A word counts where at
least two others found it, so that nobody's label is needed; what stands behind a decimal point or a separator
of thousands is left out, for every reader rounds it in its own way.  A missing word is a place to look at and
no verdict: two others may share a mistake.  ``pip install --group bench-readers`` brings more readers;
``--office`` is slow.
"""

from __future__ import annotations

import argparse
import email
import io
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from xml.etree import ElementTree

from scanner.documents import Coverage, Source, read_document

Reading = Callable[[Path], str]
_WORD = re.compile(r"(?<![\d.,])[^\W_]{3,}")
# A reader that takes longer for one file is given up, and begun anew for the next.
_SECONDS = 60
_LARGEST = 3_000_000
_SHEETS = frozenset((".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".fods"))
_SLIDES = frozenset((".ppt", ".pptx", ".odp", ".odg"))
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


def words(text: str) -> set[str]:
    """The words of three and more letters and digits, in one letter case."""
    return set(_WORD.findall(text.casefold().replace("\u00ad", "").replace("\ufffe", "")))


def ours(path: Path) -> str:
    """What our reader gives."""
    with path.open("rb") as file:
        items = list(read_document(Source.from_descriptor(file.fileno(), path.name)))
    return "\n".join(item.text for item in items if not isinstance(item, Coverage))


def native(path: Path) -> str:
    """The native build of a well-known JVM reader."""
    from extractous import Extractor

    os.environ["PATH"] = "/nonexistent"  # else it starts an OCR program by itself
    return str(Extractor().set_extract_string_max_length(50_000_000).extract_file_to_string(str(path))[0])


def calamine(path: Path) -> str:
    """The cells of a workbook, whole numbers as such."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    cells = [c for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for c in row]
    return "\n".join(str(int(c) if isinstance(c, float) and c == int(c) else c) for c in cells)


def openpyxl(path: Path) -> str:
    """The cells of a workbook."""
    from openpyxl import load_workbook

    book = load_workbook(path, data_only=True)
    return "\n".join(
        str(c) for s in book.worksheets for row in s.iter_rows(values_only=True) for c in row if c
    )


def python_docx(path: Path) -> str:
    """Paragraphs and cells of a letter."""
    from docx import Document

    document = Document(str(path))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join((*(paragraph.text for paragraph in document.paragraphs), *cells))


def python_pptx(path: Path) -> str:
    """The texts of slides."""
    from pptx import Presentation

    shapes = (shape for slide in Presentation(str(path)).slides for shape in slide.shapes)
    return "\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)


def pdfminer(path: Path) -> str:
    """The text of pages."""
    from pdfminer.high_level import extract_text
    from pdfminer.layout import LAParams

    return extract_text(str(path), laparams=LAParams(boxes_flow=None))


def paragraphs(path: Path) -> str:
    """The paragraphs of an OpenDocument file."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in ("content.xml", "styles.xml") if name in archive.namelist()]
        roots = [ElementTree.parse(io.BytesIO(archive.read(name))).getroot() for name in names]
    found = (element for root in roots for element in root.iter() if element.tag.endswith(("}p", "}h")))
    return "\n".join("".join(element.itertext()) for element in found)


def standard_mail(path: Path) -> str:
    """The text parts of a message."""
    message = email.message_from_bytes(path.read_bytes())
    parts = (part for part in message.walk() if part.get_content_type() == "text/plain")
    return "\n".join((part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in parts)  # type: ignore[union-attr]


def office(path: Path) -> str:
    """What LibreOffice makes of a file."""
    kind = path.suffix.lower()
    wanted = _CSV if kind in _SHEETS else "pdf" if kind in _SLIDES else "txt:Text (encoded):UTF8"
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = ["soffice", profile, "--headless", "--convert-to", wanted, "--outdir", folder, str(path)]
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)
        made = [one for one in Path(folder).iterdir() if one.is_file()]
        return "\n".join(pdfminer(o) if o.suffix == ".pdf" else o.read_text("utf-8", "replace") for o in made)


OTHERS: Mapping[str, tuple[Reading, ...]] = {
    **dict.fromkeys((".xlsx", ".xlsm"), (native, calamine, openpyxl)),
    **dict.fromkeys((".xls", ".xlsb", ".ods"), (native, calamine)),
    **dict.fromkeys((".docx", ".docm"), (native, python_docx)),
    **dict.fromkeys((".pptx",), (native, python_pptx)),
    **dict.fromkeys((".odt", ".odp"), (native, paragraphs)),
    **dict.fromkeys((".doc", ".rtf", ".ppt", ".msg"), (native,)),
    ".pdf": (native, pdfminer),
    ".eml": (native, standard_mail),
}


def _read(reading: Reading, path: Path) -> set[str]:
    return words(reading(path))


class _Apart:
    """One reader in a process of its own, which is replaced when it hangs or dies."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._pool: Pool | None = None

    def words_of(self, path: Path) -> set[str]:
        """What it finds; nothing where it fails."""
        if self._pool is None:
            self._pool = multiprocessing.get_context("spawn").Pool(1)
        try:
            return self._pool.apply_async(_read, (self._reading, path)).get(_SECONDS)
        except multiprocessing.TimeoutError:
            self.close()
        except Exception:  # libraries raise what they like of a file that they cannot read
            pass
        return set()

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None


@dataclass(frozen=True, slots=True)
class Compared:
    """One file: what at least two others found, and what of it ours did not."""

    path: Path
    agreed: frozenset[str]
    missing: frozenset[str]


def compare(paths: Iterable[Path], *, with_office: bool) -> Iterable[Compared]:
    """Read each file by all; those on which no two others agree are left out."""
    readers: dict[Reading, _Apart] = {}
    try:
        for path in paths:
            others = OTHERS[path.suffix.lower()] + ((office,) if with_office else ())
            found = Counter[str]()
            for reading in others:
                found.update(readers.setdefault(reading, _Apart(reading)).words_of(path))
            agreed = frozenset(word for word, count in found.items() if count > 1)
            if agreed:
                mine = readers.setdefault(ours, _Apart(ours)).words_of(path)
                yield Compared(path, agreed, agreed - mine)
    finally:
        for reader in readers.values():
            reader.close()


def report(compared: Sequence[Compared], worst: int) -> None:
    """Print a line for each kind of file, and the files of which most is missing."""
    kinds: dict[str, list[Compared]] = defaultdict(list)
    for one in compared:
        kinds[one.path.suffix.lower()].append(one)
    for kind, ones in sorted(kinds.items()):
        agreed, missing = (sum(len(getattr(one, name)) for one in ones) for name in ("agreed", "missing"))
        nearly = sum(10 * len(one.missing) <= len(one.agreed) for one in ones)
        print(f"{kind:6} {len(ones):5} files  recall {1 - missing / agreed:.4f}  nine words of ten: {nearly}")
    for one in sorted(compared, key=lambda one: -len(one.missing) / len(one.agreed))[:worst]:
        if one.missing:
            print(
                f"{len(one.missing)} of {len(one.agreed)} missing: {one.path.name}: {sorted(one.missing)[:8]}"
            )


def main() -> int:
    """Compare the files of some folders."""
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation.reading", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--only", metavar="SUFFIX", help="one kind of file, such as .docx")
    parser.add_argument("--most", type=int, default=200, help="files of each kind (default: %(default)s)")
    parser.add_argument("--worst", type=int, default=0, help="name so many files of which most is missing")
    parser.add_argument("--office", action="store_true", help="LibreOffice as one more reader")
    given = parser.parse_args()
    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(path for folder in given.folders for path in folder.rglob("*")):
        kind = path.suffix.lower()
        if (
            kind in OTHERS
            and given.only in (None, kind)
            and path.is_file()
            and path.stat().st_size < _LARGEST
        ):
            kinds[kind].append(path)
    chosen = [path for paths in kinds.values() for path in paths[:: -(-len(paths) // given.most)]]
    report(list(compare(chosen, with_office=given.office)), given.worst)
    return 0


if __name__ == "__main__":
    sys.exit(main())
