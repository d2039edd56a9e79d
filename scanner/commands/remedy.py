"""``dlp remedy``: move, restrict or tag what a scan has found; a dry run unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from scanner.configuration import Configuration
    from scanner.shares.remedies import Outcome, Remedy, Remedying
    from scanner.store.remedies import Journal

HELP = """Do something about files that a scan has found: move, restrict or tag them.

Without --apply nothing is changed: you see what would be done. Each act is written down before it is done, is
in the audit log, and can be undone (see `dlp undo`). A file that has changed since the scan is left alone.

\b
What can be done, one at a time:
  --move-to VAULT  into a private folder, with a note in its place that says why and whom to ask
  --restrict       so that only its owner can open it (mode and access list)
  --tag            with an attribute (user.dlp.finding) that other programs can see

\b
Which files (all terms must hold):
  severity>=high   exposed   audience>=everyone   people>=10   type=UK_NINO   under=/folder   name=*.xlsx

\b
Exit codes:
  0  everything was done, or would be
  2  wrong options or configuration, nothing was done
  3  something was left as it is; each line says why

\b
Examples:
  dlp remedy --where 'severity>=high,exposed' --restrict
  dlp remedy --where 'severity>=high,exposed' --restrict --apply
  dlp remedy --where 'severity=critical' --move-to /srv/vault --ask 'the IG team, extension 7000' --apply
  dlp remedy --run 20261122-034500-1a2b --where 'type=UK_NINO,under=/srv/shares/hr' --tag --apply
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("remedy", help=HELP)(remedy)


def remedy(
    where: Annotated[str, typer.Option("--where", help="Which files, terms with commas between; see above.")],
    run: Annotated[
        str, typer.Option("--run", help="The run, as `dlp runs list` names it [default: the latest].")
    ] = "",
    move_to: Annotated[
        Path | None, typer.Option("--move-to", help="Move into this private folder, leaving a note.")
    ] = None,
    restrict: Annotated[bool, typer.Option("--restrict", help="Leave it to its owner.")] = False,
    tag: Annotated[bool, typer.Option("--tag", help="Mark it with an attribute.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Do it; otherwise only say what would be done.")
    ] = False,
    ask: Annotated[
        str,
        typer.Option("--ask", help="Whom the note names [default: the information asset owner of the path]."),
    ] = "",
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
) -> None:
    """Plan, or do."""
    from scanner.commands.preparing import configuration, inventory, state_directory
    from scanner.commands.reading import asset_owners
    from scanner.judgement.assessment import Severity
    from scanner.shares.remedies import (
        ChoiceError,
        RefusedError,
        Remedy,
        Vault,
        outside_of_roots,
        parse_choice,
    )
    from scanner.store import runs
    from scanner.store.ledger import Ledger
    from scanner.store.remedies import Kind

    kinds = [kind for kind, wanted in zip(Kind, (move_to is not None, restrict, tag), strict=True) if wanted]
    if len(kinds) != 1:
        fail("say what is to be done: one of --move-to VAULT, --restrict, --tag")
    settings = configuration(config)
    try:
        choice = parse_choice(where)
    except ChoiceError as error:
        fail(str(error))
    directory = state_directory(state, settings.state.directory)
    engine = inventory(settings, directory)
    try:
        stored = runs.find(engine, run)
    except runs.RunError as error:
        fail(str(error))
    wanted = Remedy(kinds[0], Vault(move_to.absolute()) if move_to else None, ask)
    if wanted.vault is not None and not outside_of_roots(wanted.vault.folder, stored.roots):
        fail(f"{move_to} lies inside what was scanned; choose a place outside of it")
    ledger = Ledger(engine, stored.number, asset_owners=asset_owners(settings))
    chosen = [entry for entry in ledger.entries(at_least=Severity.LOW) if choice.fits(entry)]
    if not chosen:
        typer.echo(f"no file of run {stored.name} fits")
        return
    with remedying(settings, engine, directory) as (acting, _):
        if not apply:
            _show(acting.check(chosen, wanted), wanted, would=True)
            typer.echo("nothing was changed; add --apply to do it")
            return
        try:
            if wanted.vault is not None:
                wanted.vault.prepare()
        except RefusedError as error:
            fail(str(error))
        tell(acting.recover())
        left = _show(acting.apply(stored.name, chosen, wanted), wanted, would=False)
    if left:
        raise typer.Exit(Exit.INCOMPLETE)


@contextmanager
def remedying(settings: Configuration, engine: Engine, state: Path) -> Iterator[tuple[Remedying, Journal]]:
    """What acts and what writes it down, for one program at a time."""
    import fcntl
    import getpass
    import os

    from scanner.shares.remedies import Remedying
    from scanner.store.audit import AuditLog
    from scanner.store.database import StorageError
    from scanner.store.keys import InstallationKeyError, installation_key
    from scanner.store.remedies import Journal, open_journal
    from scanner.store.sealing import MasterKeySource, Sealer, SealingError

    lock = os.open(state / "remedies.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail("another `dlp remedy` or `dlp undo` is at work; try again when it has ended")
        try:
            open_journal(settings.storage.url(state)).dispose()
            source = MasterKeySource.usual(settings.storage.master_key)
            audit = AuditLog(Sealer.open(engine, source).named(engine, "audit"))
            journal = Journal(engine, audit)
            yield Remedying(journal, installation_key(state), getpass.getuser()), journal
        except (StorageError, SealingError, InstallationKeyError) as error:
            fail(str(error))
    finally:
        os.close(lock)


def tell(outcomes: list[Outcome]) -> None:
    """What became of acts that were interrupted."""
    for outcome in outcomes:
        act = outcome.act
        if act is not None:
            typer.echo(
                f"dlp: {act.reference} was interrupted; {outcome.refused or act.state.value}", err=True
            )


_DOES = {"move": ("would be moved", "moved"), "restrict": ("would be restricted", "restricted")}


def _show(outcomes: Iterator[Outcome], wanted: Remedy, *, would: bool) -> int:
    """One line for each file, and a sum; returns how many were left."""
    word = _DOES.get(wanted.kind.value, ("would be tagged", "tagged"))[0 if would else 1]
    done = left = 0
    for outcome in outcomes:
        if outcome.refused:
            left += 1
            typer.echo(f"left alone  {outcome.path}: {outcome.refused}")
        else:
            done += 1
            reference = f"  {outcome.act.reference}" if outcome.act else ""
            typer.echo(f"{word}{reference}  {outcome.path}")
    typer.echo(f"{done} {word}, {left} left alone")
    return left
