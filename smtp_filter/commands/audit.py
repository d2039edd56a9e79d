"""``dlp audit``: check that nobody changed the log, and hand it on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP
from smtp_filter.commands.opening import settings_and_quarantine

if TYPE_CHECKING:
    from scanner.store.audit import Anchor

HELP = """The audit log: who did what, when, from where and why.

\b
Examples:
  dlp audit verify --anchor /mnt/elsewhere/dlp.anchor
  dlp audit export --since 2026-11-01 > audit.jsonl
"""
VERIFY_HELP = """Check the whole log: nothing changed, put in, taken out or cut off.

With --anchor the end of the log is compared with what the file says and, where all is sound, written there
anew: keep the file where whoever can change the database cannot.

Exit code 0: sound; 1: broken, the first broken row is named.

\b
Examples:
  dlp audit verify
  dlp audit verify --anchor /mnt/elsewhere/dlp.anchor
"""
EXPORT_HELP = """Write the events as JSON Lines, the oldest first.

\b
Examples:
  dlp audit export --since 2026-11-01 --until 2026-12-01
  dlp audit export --subject Q-2026-000123
  dlp audit export --after 51234
"""

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)]
_DATE_HELP = "A date (2026-11-01) or a time (2026-11-01T19:00:00+00:00)."


def register(app: typer.Typer) -> None:
    """Add the verb with its sub-verbs."""
    verbs = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    verbs.command("verify", help=VERIFY_HELP)(verify)
    verbs.command("export", help=EXPORT_HELP)(export)
    app.add_typer(verbs, name="audit")


def verify(
    anchor: Annotated[
        Path | None, typer.Option("--anchor", help="File that knows the end of the log.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON object.")] = False,
    config: ConfigOption = None,
) -> None:
    """Verify."""
    import json

    _, quarantine = settings_and_quarantine(config)
    check = quarantine.audit.verify(quarantine.engine, _anchor(anchor))
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "sound": check.sound,
                    "rows": check.rows,
                    "end": str(check.end),
                    "broken": check.broken,
                    "problem": check.problem,
                }
            )
        )
    elif check.sound:
        typer.echo(f"{check.rows} rows, sound; end {check.end}")
    if not check.sound:
        fail(f"the audit log is broken: row {check.broken} {check.problem}", Exit.FINDINGS)
    if anchor is not None:
        _write(anchor, str(check.end))


def export(
    since: Annotated[str, typer.Option("--since", help=_DATE_HELP)] = "",
    until: Annotated[str, typer.Option("--until", help=_DATE_HELP)] = "",
    after: Annotated[int, typer.Option("--after", min=0, help="Only rows past this number.")] = 0,
    actor: Annotated[str, typer.Option("--actor", help="Only this person.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Only this object.")] = "",
    act: Annotated[str, typer.Option("--act", help="Only this act, or acts beneath it.")] = "",
    config: ConfigOption = None,
) -> None:
    """Export."""
    import json
    from dataclasses import asdict
    from datetime import UTC, datetime

    begin, end = _moment(since, "--since"), _moment(until, "--until")
    _, quarantine = settings_and_quarantine(config)
    with quarantine.engine.connect() as connection:
        rows = quarantine.audit.events(
            connection, after=after, since=begin, until=end, actor=actor, subject=subject, act=act
        )
        for row in rows:
            at = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="microseconds")
            typer.echo(json.dumps({"number": row.number, "at": at, **asdict(row.event)}))


def _moment(written: str, option: str) -> float | None:
    from datetime import UTC, datetime

    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        fail(f"{option}: {written!r} is no date such as 2026-11-01")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _anchor(path: Path | None) -> Anchor | None:
    from scanner.store.audit import Anchor

    if path is None or not path.exists():
        return None
    try:
        return Anchor.parse(path.read_text("ascii", "replace"))
    except (OSError, ValueError):
        fail(f"{path} is no anchor of an audit log")


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.write_text(f"{text}\n")
        draft.replace(path)
    except OSError as error:
        fail(f"{path} cannot be written ({(error.strerror or '').lower()})")
