"""A process apart for one file: forked warm, confined, ended when it takes too long.

Whatever a hostile file does to a parser, the run goes on and says that the file could not be checked.  The
answer comes back as JSON over a pipe and is not trusted: its size is bounded, its shape is checked by the
caller.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from scanner.documents import Confinement, confine, ended_by

# An answer lists places and counts; one that is longer is no answer.
_ANSWER_BYTES = 16_000_000
_PIECE = 1 << 16


class EndedError(Exception):
    """The process ended without an answer; the message says why in fixed words."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much a process apart may use."""

    seconds: float = 1_800.0
    """Wall-clock ceiling.  OCR of a long scan takes minutes; what takes longer is stuck."""

    confinement: Confinement = field(
        default_factory=lambda: Confinement(cpu_seconds=300, written_bytes=2_000_000_000)
    )
    """What the process takes from itself.  A hundred million characters take under a minute of CPU time,
    drawing the pages of a long PDF some minutes; the safe copy that it writes may be large."""


def run_apart(work: Callable[[], Mapping[str, Any]], room: Room, keep: tuple[int, ...]) -> dict[str, Any]:
    """Do ``work`` in a process of its own and return its answer; raises :class:`EndedError`.

    Of the open descriptors the process keeps only those in ``keep``.
    """
    private = Path(tempfile.mkdtemp(prefix="dlp-"))
    try:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _serve(work, room, writing, (*keep, writing), private)
        os.close(writing)
        return _answer(child, reading, room.seconds)
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _answer(child: int, reading: int, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    data = bytearray()
    stopped = ""
    try:
        while True:
            ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                stopped = f"time limit of {seconds:.0f} s"
                break
            piece = os.read(reading, _PIECE)
            if not piece:
                break
            data += piece
            if len(data) > _ANSWER_BYTES:
                stopped = "gave no sensible answer"
                break
    except BaseException:
        # The run is being stopped: what it waits for is of no use any more.
        stopped = "stopped"
        raise
    finally:
        os.close(reading)
        if stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if stopped:
        raise EndedError(stopped)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise EndedError(ended_by(code))
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        raise EndedError("gave no sensible answer") from None
    if not isinstance(answer, dict):
        raise EndedError("gave no sensible answer")
    return answer


def _serve(
    work: Callable[[], Mapping[str, Any]], room: Room, writing: int, keep: tuple[int, ...], private: Path
) -> NoReturn:
    """Do the work and end; whatever happens, this copy of the program must not go on as the program."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Parsers' warnings quote documents; nothing of them may reach a log or a terminal.
        logging.disable(logging.CRITICAL)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        _close_all_but(keep)
        os.environ["TMPDIR"] = str(private)
        tempfile.tempdir = str(private)
        confine(room.confinement, private)
        data = json.dumps(work(), separators=(",", ":")).encode("ascii")
        while data:
            data = data[os.write(writing, data) :]
        status = 0
    finally:
        os._exit(status)


def _close_all_but(keep: tuple[int, ...]) -> None:
    try:
        opened = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    except OSError:
        opened = list(range(3, 256))
    for descriptor in opened:
        if descriptor > 2 and descriptor not in keep:
            with contextlib.suppress(OSError):
                os.close(descriptor)
