"""How ``dlp`` ends: the exit codes, and errors as one line that says what is wrong and what to do."""

from __future__ import annotations

import os
import sys
import traceback
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

import typer


class Exit(IntEnum):
    """The exit codes, for scripts."""

    CLEAN = 0  # all was read, nothing is as bad as --fail-on
    FINDINGS = 1  # all was read, something is as bad as --fail-on or worse
    USAGE = 2  # wrong options or configuration; nothing was scanned
    INCOMPLETE = 3  # something was not read, or not wholly; in what was read nothing is as bad as --fail-on
    FINDINGS_INCOMPLETE = 4  # something was not read, or not wholly, and findings as of code 1
    INTERNAL = 70  # a fault of dlp itself (EX_SOFTWARE of sysexits.h)
    INTERRUPTED = 130  # stopped by Ctrl-C or a signal; the report says what was done until then


def fail(message: str, code: Exit = Exit.USAGE) -> NoReturn:
    """End the program with one line on standard error for each line of ``message``."""
    for line in message.splitlines():
        typer.echo(f"dlp: {line}", err=True)
    raise typer.Exit(code)


def internal_error(error: Exception) -> NoReturn:
    """End the program after a fault of its own: where it happened, not the message, which may quote a file.

    With ``DLP_DEBUG`` set the whole trace is printed.
    """
    if os.environ.get("DLP_DEBUG"):
        raise error
    innermost = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(innermost.filename).name}:{innermost.lineno}"
    typer.echo(
        f"dlp: internal error ({type(error).__name__} in {place}); run again with DLP_DEBUG=1 and report it",
        err=True,
    )
    sys.exit(Exit.INTERNAL)
