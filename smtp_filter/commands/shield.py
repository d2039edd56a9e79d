"""``dlp shield``: the list of shielded people."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP
from smtp_filter.commands.opening import operator, triage_store

HELP = """Shielded subjects: people whose whereabouts or case nobody may come across by working here.

What concerns one of them shows as "shielded subject" everywhere, until two people agree in the console.

\b
Examples:
  dlp shield import list.csv --whole
  dlp shield count
  dlp shield remove S-17 --reason "no longer at risk"
"""
IMPORT_HELP = """Load the list, as CSV with a first line that names its columns; `-` is standard input.

Columns, in any order, each optional: reference, name (or first_name and surname), alias, date_of_birth,
nhs_number, chi_number, national_insurance_number, upn, address, postcode, email, telephone.  Several values
in one cell are separated by ; or |.  A person whose reference is on the list already is replaced; with
--whole everybody who is not in the file goes off the list.

A name, alias, number, address, e-mail or telephone number is enough to be recognised; a date of birth, a
postcode and initials count when two of them stand together.

Only keyed hashes are kept: no value, and neither the name nor the path of the file.  Then everything that is
held and was found on shares is looked through, and the duty role is told of each sighting.

\b
Examples:
  dlp shield import list.csv --whole
  gpg --decrypt list.csv.gpg | dlp shield import -
"""
COUNT_HELP = """Say how many people are on the list and in how much they were seen.

\b
Examples:
  dlp shield count --json
"""
REMOVE_HELP = """Take somebody off the list, by the council's own reference or by ours.

\b
Examples:
  dlp shield remove S-17 --reason "no longer at risk"
"""
SWEEP_HELP = """Look through what scans found since the last time, and tell the duty role of sightings.

Every verb that tells of files does so first, and a watch before it alerts; what was not compared yet shows as
shielded. This is for a database whose scans run where the key of the list is not.

\b
Examples:
  dlp shield sweep
"""

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def register(app: typer.Typer) -> None:
    """Add the verb with its sub-verbs."""
    verbs = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    verbs.command("import", help=IMPORT_HELP)(import_)
    verbs.command("count", help=COUNT_HELP)(count)
    verbs.command("remove", help=REMOVE_HELP)(remove)
    verbs.command("sweep", help=SWEEP_HELP)(sweep)
    app.add_typer(verbs, name="shield")


def import_(
    file: Annotated[str, typer.Argument(help="The CSV file, or - for standard input.")],
    whole: Annotated[
        bool, typer.Option("--whole", help="The file is the whole list: who is not in it goes off.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Import."""
    from scanner.reports.wording import plural
    from scanner.store.keys import InstallationKeyError, installation_key
    from smtp_filter.configuration.service import state_directory
    from smtp_filter.triage.shield.listing import import_list
    from smtp_filter.triage.shield.reading_list import ListError, read_list
    from smtp_filter.triage.shield.sweeping import sweep as sweep_all

    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        people = read_list(data)
    except OSError as error:
        fail(f"the list cannot be read ({(error.strerror or 'error').lower()})")
    except ListError as error:
        fail(str(error))
    with triage_store(config) as (settings, quarantine):
        try:
            key = installation_key(state_directory(settings))
        except (InstallationKeyError, OSError) as error:
            fail(str(error))
        done = import_list(quarantine, operator(settings), key, people, whole=whole)
        seen = sweep_all(quarantine)
    people_told = (
        f"{plural(done.new, 'person', 'people')} new, {done.replaced} replaced, {done.removed} removed"
    )
    typer.echo(
        f"{people_told}; {done.hashes} keyed hashes. "
        f"{seen} held messages and documents on shares concern somebody on the list."
    )


def count(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Count."""
    from smtp_filter.triage.shield import listing

    with triage_store(config) as (_, quarantine), quarantine.engine.connect() as connection:
        found = listing.count(connection)
    if as_json:
        told = {
            "people": found.people,
            "hashes": found.hashes,
            "messages": found.messages,
            "documents": found.contents,
        }
        typer.echo(json.dumps(told))
        return
    typer.echo(
        f"{found.people} people, {found.hashes} keyed hashes; seen in {found.messages} held messages and "
        f"{found.contents} documents on shares."
    )


def remove(
    reference: Annotated[str, typer.Argument(help="The council's reference, or S- and a number.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")] = "",
    config: ConfigOption = None,
) -> None:
    """Remove."""
    from smtp_filter.quarantine.model import QuarantineError
    from smtp_filter.triage.shield import listing

    with triage_store(config) as (settings, quarantine):
        try:
            listing.remove(quarantine, operator(settings), reference, reason)
        except QuarantineError as error:
            fail(str(error), Exit.FINDINGS)
    typer.echo("Removed.")


def sweep(config: ConfigOption = None) -> None:
    """Sweep."""
    from smtp_filter.triage.shield.sweeping import sweep_shares

    with triage_store(config) as (_, quarantine):
        typer.echo(f"{sweep_shares(quarantine)} documents on shares concern somebody on the list.")
