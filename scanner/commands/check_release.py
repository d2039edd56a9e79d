"""``dlp check-release``: whether files may be published as they are, and copies that may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands import inspecting
from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, configuration

if TYPE_CHECKING:
    from scanner.configuration import Configuration
    from scanner.release import Checked, ReleaseCheck, ReleaseRun, SafeCopy

HELP = """Say pass or fail before a file is published or disclosed (freedom of information, open data).

A file fails for what a reader does not see (hidden sheets, rows, columns and slides, caches of pivot tables
and links, comments, tracked changes, deleted and hidden text, speaker notes, words under redaction boxes,
embedded files, earlier revisions, metadata, positions in pictures), for small counts beside postcodes, for
any personal data, and for whatever could not be looked at. Each objection says where it is and what to do.

With --safe-copy a clean copy of each file is written: values only, nothing hidden, PDF pages as pictures.
NAME.removed.txt beside it lists what it leaves out (do not publish the list). The copy goes through the same
gate. What everybody can see is not taken out of it: visible personal data fails the copy, too.

\b
Exit codes:
  0    every file passes
  1    at least one file fails, whatever became of its safe copy
  2    wrong options or configuration, nothing was checked
  70   a fault of dlp itself; nothing is said about the files
  130  stopped by Ctrl-C; what was printed until then stands

\b
Examples:
  dlp check-release FOI-2291.xlsx
  dlp check-release to-publish/ --safe-copy published/
  dlp check-release minutes.docx --accept names
  dlp check-release *.pdf --safe-copy out --pdf text --json > checks.jsonl
"""

# OCR of one file: long enough for a scan of some hundred pages.
_OCR_SECONDS = 900.0
_WIDEST = 110
# On a terminal, by the weight of an objection.
_COLOURS = {"high": "red", "medium": "yellow", "low": "cyan"}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("check-release", help=HELP)(check_release)


def check_release(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders to check.")],
    safe_copy: Annotated[
        Path | None,
        typer.Option("--safe-copy", metavar="DIR", help="Write a clean copy of each file into this folder."),
    ] = None,
    pdf: Annotated[
        str | None,
        typer.Option(
            "--pdf",
            help="Safe copies of PDFs: pages = pictures of the pages, text = their visible text. "
            "[default: pages where tesseract can read them for the second check, else text]",
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept", help="Code of an objection that you have looked at and accept; it is still shown."
        ),
    ] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="One line of JSON for each file.")] = False,
    no_ocr: Annotated[
        bool, typer.Option("--no-ocr", help="Do not read the words in pictures and scans.")
    ] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
) -> None:
    """Check, print, and end with the exit code."""
    import os

    from scanner.release import CODES

    for path in paths:
        if not os.path.lexists(path):
            fail(f"there is no file or folder {_printable(str(path))}")
    for code in accept or ():
        if code not in CODES:
            fail(f"--accept {code!r} is no code of an objection; choose from {', '.join(CODES)}")
    settings = configuration(config)
    run = _run(settings, safe_copy, pdf, frozenset(accept or ()), ocr=not no_ocr)
    failed = count = 0
    try:
        for checked in _checked(run, paths, safe_copy):
            count += 1
            failed += not checked.check.passed
            _print(checked, json_lines=json_lines)
    except KeyboardInterrupt:
        typer.echo("dlp: interrupted; what is printed above stands", err=True)
        raise typer.Exit(Exit.INTERRUPTED) from None
    if not count:
        fail("there are no files in what was named: nothing was checked")
    if not json_lines:
        typer.echo(_summary(count, failed))
    raise typer.Exit(Exit.FINDINGS if failed else Exit.CLEAN)


def _run(
    settings: Configuration, safe_copy: Path | None, pdf: str | None, accepted: frozenset[str], *, ocr: bool
) -> ReleaseRun:
    from dataclasses import replace

    from scanner.documents.recognition import available
    from scanner.release import Copying, Gate, PdfCopy, ReleaseRun, Room
    from scanner.reports.wording import kind

    if pdf is not None and pdf not in set(PdfCopy):
        fail(f"--pdf {pdf!r} is neither pages nor text")
    reads_pictures = ocr and available()
    limits = settings.limits.settings()
    limits = replace(limits, ocr=reads_pictures, ocr_seconds=max(limits.ocr_seconds, _OCR_SECONDS))
    # Nothing is kept or hashed here: the key is of no account.
    inspector = inspecting.inspector(settings, b"\0" * 32)
    inspector.warm()
    policy = settings.judgement.settings()
    gate = Gate(inspector, policy=policy, limits=limits, accepted=accepted, naming=kind)
    copying = None
    if safe_copy is not None:
        if safe_copy.exists() and not safe_copy.is_dir():
            fail(f"--safe-copy {_printable(str(safe_copy))} is a file; name a folder")
        way = PdfCopy(pdf) if pdf else PdfCopy.PAGES if reads_pictures else PdfCopy.TEXT
        copying = Copying(safe_copy, way, replace(limits, ocr=False))
    memory = settings.scan.settings().workers.confinement.memory_bytes
    room = Room(confinement=replace(Room().confinement, memory_bytes=memory))
    return ReleaseRun(gate, copying, room)


def _checked(run: ReleaseRun, paths: Sequence[Path], safe_copy: Path | None) -> Iterator[Checked]:
    from scanner.release import files_beneath

    for found in files_beneath(paths, left_out=safe_copy):
        yield run.check(found)


# --- printing ---------------------------------------------------------------------------------------------


def _print(checked: Checked, *, json_lines: bool) -> None:
    if json_lines:
        import json

        from scanner.release import checked_to_json

        typer.echo(json.dumps(checked_to_json(checked), ensure_ascii=True))
        return
    typer.echo(f"{_verdict(checked.check)}  {typer.style(_printable(checked.path), bold=True)}")
    _print_check(checked.check)
    if checked.copy is not None:
        _print_copy(checked.copy)
    typer.echo("")


def _print_check(check: ReleaseCheck) -> None:
    for objection in check.objections:
        weight = typer.style(f"{objection.weight.value:<7}", fg=_COLOURS[objection.weight.value])
        where = f"  {_printable(objection.place)}" if objection.place else ""
        typer.echo(f"  {weight}{typer.style(objection.code, bold=True)}{where}")
        _print_labelled("found", objection.text)
        _print_labelled("to do", objection.action)
        for number, detail in enumerate(objection.details):
            _print_labelled("" if number else "more", detail)
    for objection in check.accepted:
        where = f"  {_printable(objection.place)}" if objection.place else ""
        typer.echo(f"  accepted  {objection.code}{where}")
    if check.remarks:
        typer.echo("  good to know")
    for remark in check.remarks:
        _print_wrapped(f"{remark.code}: {remark.text}", "         ", first="       - ")


def _print_copy(copy: SafeCopy) -> None:
    if copy.check is None:
        _print_wrapped(f"no safe copy: {copy.problem}", "         ", first="  ")
        return
    typer.echo(f"  safe copy  {_verdict(copy.check)}  {_printable(copy.path)}")
    for objection in copy.check.objections:
        where = f"  {_printable(objection.place)}" if objection.place else ""
        typer.echo(f"  still  {typer.style(objection.code, bold=True)}{where}")
        _print_labelled("found", objection.text)
    many = "1 line" if len(copy.removed) == 1 else f"{len(copy.removed)} lines"
    typer.echo(f"  left out   {_printable(copy.path)}.removed.txt ({many}; do not publish it)")


def _print_labelled(label: str, text: str) -> None:
    """A sentence with a word in front that says what it is: what was found, what to do."""
    if text:
        _print_wrapped(text, " " * 16, first=f"         {label:<7}")


def _print_wrapped(text: str, indent: str, *, first: str) -> None:
    import shutil
    import textwrap

    width = min(_WIDEST, max(60, shutil.get_terminal_size().columns))
    typer.echo(
        textwrap.fill(
            _printable(text),
            width,
            initial_indent=first,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def _verdict(check: ReleaseCheck) -> str:
    return (
        typer.style("PASS", fg="green", bold=True)
        if check.passed
        else typer.style("FAIL", fg="red", bold=True)
    )


def _summary(count: int, failed: int) -> str:
    files = "1 file" if count == 1 else f"{count:,} files"
    return f"{files}: {count - failed:,} pass, {failed:,} fail"


def _printable(text: str) -> str:
    from scanner.reports.wording import printable

    return printable(text)
