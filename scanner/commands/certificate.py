"""``dlp certificate``: what of a drive was found and read, before it is disposed of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from scanner.configuration import Configuration
    from scanner.reports.certificate import Certificate, Medium
    from scanner.store.runs import StoredRun

HELP = """Certify what was found and read on a drive before it is disposed of, and what was not.

WHAT is a disk image, a device, a folder where a removable drive is mounted, or a past run. Images and devices
(FAT, exFAT, NTFS, ext, HFS+, ISO 9660, with or without partitions) are read without mounting, deleted files
and unallocated space included; nothing is written to them. The whole is hashed, and areas that cannot be read
are listed. The certificate is a web page and a JSON file beside it.

\b
Exit codes:
  0    everything was read, no personal data was found
  1    everything was read, personal data was found
  2    wrong options or configuration, nothing was looked at
  3    something was not read or not wholly; in what was read nothing was found
  4    something was not read or not wholly, and personal data was found
  130  stopped by Ctrl-C

\b
Examples:
  dlp certificate /srv/evidence/laptop-0042.dd --output laptop-0042.html
  dlp certificate /dev/sdb --output stick.html
  dlp certificate /media/usb --output usb.html
  dlp certificate 20261122-034500-1a2b --output again.html
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("certificate", help=HELP)(certificate)


def certificate(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="An image, a device, a folder, or a run.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The web page; the JSON file lies beside it.")
    ],
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Show no progress bar.")] = False,
) -> None:
    """Scan where there is something to scan, and write the certificate."""
    import getpass

    from scanner.commands.preparing import configuration, inventory, set_up_logging, state_directory
    from scanner.commands.writing import Destination, check_writable
    from scanner.reports.certificate import certificate as certify
    from scanner.store import runs
    from scanner.store.ledger import Ledger

    settings = configuration(config)
    # Whoever asks for a certificate waits for it: hours of reading are for shares that people work on.
    settings = settings.model_copy(update={"manners": settings.manners.model_copy(update={"windows": ()})})
    path = Path(what)
    check_writable([Destination("html", output)], [path.resolve()] if path.is_dir() else [])
    set_up_logging(settings.logging.level, settings.logging.file)
    directory = state_directory(state, settings.state.directory)
    engine = inventory(settings, directory)
    medium, image = None, False
    if path.exists():
        image = not path.is_dir()
        if image:
            medium = _whole(path.resolve())
        stored = _looked_at(
            engine, settings, directory, path.resolve(), image=image, progress=not no_progress
        )
    else:
        try:
            stored = runs.find(engine, what)
        except runs.RunError:
            fail(f"{what} is neither an image, a device, a folder nor a run")
        image = any(root.startswith(b"image://") for root in stored.roots)
    ledger = Ledger(engine, stored.number)
    made = certify(ledger, _rules(engine, stored), medium=medium, image=image, operator=getpass.getuser())
    _write(made, output)
    typer.echo(made.verdict)
    for line in made.errors:
        typer.echo(f"dlp: {line}", err=True)
    if made.state == "interrupted":
        raise typer.Exit(Exit.INTERRUPTED)
    found = bool(made.found)
    if made.complete:
        raise typer.Exit(Exit.FINDINGS if found else Exit.CLEAN)
    raise typer.Exit(Exit.FINDINGS_INCOMPLETE if found else Exit.INCOMPLETE)


def _whole(path: Path) -> Medium:
    from scanner.reports.certificate import read_medium

    try:
        return read_medium(path)
    except OSError as error:
        fail(f"{path} cannot be read ({(error.strerror or '').lower()})")


def _looked_at(
    engine: Engine, settings: Configuration, state: Path, path: Path, *, image: bool, progress: bool
) -> StoredRun:
    """The run over all of it, read anew whatever is known: a certificate does not rest on another day's."""
    import os

    from scanner.commands.scan import new_run, run_to_its_end
    from scanner.shares.sources import SourceError, usable
    from scanner.store import runs

    try:
        root = usable(f"image://{path}") if image else os.fsencode(path)
    except SourceError as error:
        fail(str(error))
    try:
        stored = runs.start(engine, new_run(settings, [], [root], full=True, shows_values=False))
    except runs.RunError as error:
        fail(str(error))
    run_to_its_end(engine, stored, settings, state, None, accept_vanished=True, progress=progress)
    return stored


def _rules(engine: Engine, stored: StoredRun) -> str:
    from scanner.store import runs

    with engine.connect() as connection:
        values = runs.all_signatures(connection)[stored.signature_id].values()
    return ", ".join(f"{aspect} {value[:16]}" for aspect, value in values.items() if value)


def _write(made: Certificate, output: Path) -> None:
    import os

    from scanner.reports.certificate import write_html, write_json

    for path, write in ((output, write_html), (output.with_suffix(".json"), write_json)):
        try:
            draft = path.with_name(path.name + ".part")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
                write(made, stream)
            draft.replace(path)
        except OSError as error:
            fail(f"{path} cannot be written ({(error.strerror or '').lower()})")
