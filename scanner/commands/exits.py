"""How ``dlp`` ends: the exit codes, and errors as one line that says what is wrong and what to do."""

from __future__ import annotations

from enum import IntEnum
from typing import NoReturn

import typer


class Exit(IntEnum):
    """The exit codes, for scripts."""

    CLEAN = 0  # all was read, nothing is as bad as --fail-on
    FINDINGS = 1  # all was read, something is as bad as --fail-on or worse
    USAGE = 2  # wrong options or configuration; nothing was scanned
    INCOMPLETE = 3  # something was not read, or not wholly; in what was read nothing is as bad as --fail-on
    FINDINGS_INCOMPLETE = 4  # something was not read, or not wholly, and findings as of code 1
    INTERRUPTED = 130  # stopped by Ctrl-C or a signal; the report says what was done until then


def fail(message: str, code: Exit = Exit.USAGE) -> NoReturn:
    """End the program with one line on standard error for each line of ``message``."""
    for line in message.splitlines():
        typer.echo(f"dlp: {line}", err=True)
    raise typer.Exit(code)
