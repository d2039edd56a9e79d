"""The text of a held message as our own readers see it, read by a program of its own that may die.

Nothing of the message is rendered: what comes back is text with the place where it stands.  The program gets
the message through its standard input, can open no socket and write no file, and what it answers is cut.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from smtp_filter.message import Content

SECONDS = 30
CHARACTERS = 200_000
SEGMENTS = 5_000
_ANSWER_BYTES = 8 * CHARACTERS


@dataclass(frozen=True, slots=True)
class Stretch:
    """Text that stands in one place; ``hidden`` says why a reader of the document would not see it."""

    place: str
    hidden: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The text, and whether it is all of it."""

    stretches: tuple[Stretch, ...]
    whole: bool
    problem: str = ""


def text_of(content: Content) -> Preview:
    """The message's text; never raises for what is in it."""
    environment = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL") if key in os.environ}
    with tempfile.TemporaryDirectory(prefix="dlp-preview-") as folder, content.open() as file:
        program = [sys.executable, "-m", "smtp_filter.triage.inbox.preview_program", folder]
        descriptor = os.memfd_create("dlp-preview")
        try:
            while piece := file.read(1 << 20):
                view = memoryview(piece)
                while view:
                    view = view[os.write(descriptor, view) :]
            os.lseek(descriptor, 0, os.SEEK_SET)
            done = subprocess.run(
                program,
                stdin=descriptor,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                env={**environment, "TMPDIR": folder, "PYTHONPATH": _own_path()},
                cwd=folder,
                check=False,
            )
            answer = done.stdout[:_ANSWER_BYTES]
        except subprocess.TimeoutExpired as error:
            answer = (error.stdout or b"")[:_ANSWER_BYTES]
        finally:
            os.close(descriptor)
    return _preview(answer)


def _own_path() -> str:
    """Where our packages lie, also when they are run from a checkout."""
    return str(Path(__file__).resolve().parents[3])


def _preview(answer: bytes) -> Preview:
    found: list[tuple[str, str, str]] = []
    end = ""
    for line in answer.splitlines():
        try:
            told = json.loads(line)
            if isinstance(told, dict):
                end = str(told["end"])
            else:
                place, hidden, text = map(str, told)
                found.append((place, hidden, text))
        except (ValueError, TypeError, KeyError):
            break
    problem = "" if end else "Reading stopped before the end: what follows is not all of it."
    return Preview(tuple(_joined(found)), end == "whole", problem)


def _joined(found: list[tuple[str, str, str]]) -> Iterator[Stretch]:
    """What stands in one part, put together again."""
    for (place, hidden), members in groupby(found, key=lambda one: one[:2]):
        yield Stretch(place, hidden, "\n".join(text for _, _, text in members))
