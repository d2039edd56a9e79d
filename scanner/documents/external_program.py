"""Programs that read what no library here reads: optional, and run inside the worker with its limits.

A program gets the document as an unnamed file in memory, so that nothing is left behind; what it says is
bounded and is text like any other stranger's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import IO

from scanner.documents.protocol import Source, TooLargeError

_PIECE = 1 << 20
_ENDING_SECONDS = 5.0


class ProgramError(Exception):
    """A program failed; the message is its name."""


@cache
def find_program(name: str) -> str:
    """The path of an installed program, empty where there is none."""
    return shutil.which(name) or ""


@contextmanager
def as_file(source: Source) -> Iterator[str]:
    """A path under which a program started by this process finds the document.

    Raises ``TooLargeError`` for what may not be held in memory.
    """
    if source.size > source.read_limit:
        raise TooLargeError
    descriptor = os.memfd_create("document", 0)
    try:
        with source.open() as file:
            while piece := file.read(_PIECE):
                os.write(descriptor, piece)
        os.set_inheritable(descriptor, True)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextmanager
def output_of(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[IO[bytes]]:
    """The standard output of a program while it runs; it is ended when the caller has had enough.

    Raises ``ProgramError`` where it failed and the caller read to the end.
    """
    kept = {key: os.environ[key] for key in ("PATH", "TMPDIR") if key in os.environ}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        env={**kept, "LC_ALL": "C.UTF-8", **(environment or {})},
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
            failed = process.wait(_ENDING_SECONDS)
        except BaseException:
            process.kill()
            raise
    if failed:
        raise ProgramError(os.path.basename(command[0]))  # noqa: PTH119
