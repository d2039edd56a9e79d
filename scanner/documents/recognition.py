"""Text of pictures through the tesseract program, where it is installed and switched on.

One thread, no temporary file: the picture goes in and the words come out through pipes.  200 dots per inch
found all long numbers in clean pages at half the cost of 300 (our measurement).
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from scanner.documents.model import Location, Segment
from scanner.documents.straightening import straightened

if TYPE_CHECKING:
    from PIL.Image import Image

DPI = 200
_PROGRAM = "tesseract"
# Words that the engine itself hardly believes are specks and lines.
_LEAST_CONFIDENCE = 25.0
# Words that it is sure of, and the share of them below which a page is not really read (clean pages have
# 97 %, readable ones of 80 dots an inch 80 %, blurred ones 30 %); labels in a drawing are too few to tell.
_SURE, _SURE_SHARE, _FEW_WORDS = 60.0, 0.6, 12
_WORD = re.compile(r"\w{2}")
_HEIGHTS = ("at the top", "about a third down", "half way down", "about two thirds down", "at the bottom")


HARD_TO_READ = "hard to read: blurred, or too small"
"""What is said of a page whose text was recognised with doubt."""


class RecognitionError(Exception):
    """The program failed or took too long."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of recognised text, and where its top is (0 the top of the page, 1 the bottom)."""

    text: str
    height: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was recognised in a picture; ``doubtful`` where the program itself is sure of too little of it."""

    blocks: list[Block]
    doubtful: bool = False


@cache
def languages() -> frozenset[str]:
    """The languages that the program knows; empty where there is no program."""
    program = shutil.which(_PROGRAM)
    if program is None:
        return frozenset()
    try:
        done = subprocess.run(
            [program, "--list-langs"], capture_output=True, timeout=20, check=False, env=_environment()
        )
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(done.stdout.decode("ascii", "ignore").split())


def available() -> bool:
    """Whether text of pictures can be read here."""
    return "eng" in languages()


def _environment() -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "TESSDATA_PREFIX", "TMPDIR") if key in os.environ}
    return {**kept, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}


def recognise(image: Image, seconds: float) -> Recognition:
    """Read the text of a picture within so many seconds of wall-clock time.  Raises ``RecognitionError``.

    Slanting pages are straightened, and those that lie on their side turned where the data for that is
    installed (``osd``).
    """
    began = time.monotonic()
    straight = straightened(image)
    seconds -= time.monotonic() - began
    page = io.BytesIO()
    straight.save(page, "PPM")
    layout = "1" if "osd" in languages() else "3"
    command = [_PROGRAM, "stdin", "stdout", "-l", "eng", "--dpi", str(DPI), "--psm", layout, "tsv"]
    try:
        done = subprocess.run(
            command,
            input=page.getvalue(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=max(0.1, seconds),
            check=False,
            env=_environment(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RecognitionError(type(error).__name__) from None
    if done.returncode:
        raise RecognitionError("tesseract failed")
    table = done.stdout.decode("utf-8", "replace")
    return Recognition(list(_blocks(table, straight.height)), _is_doubtful(table))


def _words(table: str) -> Iterator[list[str]]:
    """The rows of the program's table that are words."""
    for row in csv.reader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if len(row) >= 12 and row[0] == "5" and row[11].strip():
            yield row


def _is_doubtful(table: str) -> bool:
    """Whether there are words, and the program is sure of too few of them: blurred, or too small."""
    sure = [float(row[10]) >= _SURE for row in _words(table) if _WORD.search(row[11])]
    return len(sure) >= _FEW_WORDS and sum(sure) < _SURE_SHARE * len(sure)


def _blocks(table: str, height: int) -> Iterator[Block]:
    """Words put together into lines, paragraphs and blocks, as the program numbers them."""
    block: str | None = None
    line: tuple[str, ...] | None = None
    words: list[str] = []
    top = 0
    for row in _words(table):
        if float(row[10]) < _LEAST_CONFIDENCE:
            continue
        if row[2] != block:
            if words:
                yield Block("".join(words), top / max(1, height))
            block, line, words, top = row[2], None, [], int(row[7])
        here = tuple(row[2:5])
        if line is not None:
            words.append(" " if here == line else "\n")
        words.append(row[11])
        line = here
    if words:
        yield Block("".join(words), top / max(1, height))


def recognised_segments(blocks: list[Block], place: Location) -> Iterator[Segment]:
    """Blocks as segments that say how far down they stand."""
    for block in blocks:
        where = _HEIGHTS[min(len(_HEIGHTS) - 1, int(block.height * len(_HEIGHTS)))]
        yield Segment(block.text, place / f"{where} (OCR)")
