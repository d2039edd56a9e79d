"""``dlp audit``: check that nobody changed the log, and hand it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP
from smtp_filter.commands.opening import operator, settings_and_quarantine

if TYPE_CHECKING:
    from scanner.configuration import Configuration
    from scanner.store.audit import Anchor, AuditRow, Fact
    from scanner.syslog import SyslogTarget
    from smtp_filter.quarantine.holding import Quarantine

HELP = """The audit log: who did what, when, from where and why.

\b
Examples:
  dlp audit verify --anchor /mnt/elsewhere/dlp.anchor
  dlp audit export --since 2026-11-01 > audit.jsonl
  dlp audit export --format ocsf --syslog siem.example.gov.uk:6514 --tls --cursor /var/lib/dlp/siem
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
EXPORT_HELP = """Write the events, the oldest first, or send them to a SIEM: JSON Lines, CEF or OCSF.

With --syslog each event is a message of RFC 5424, over UDP or, with --tcp or --tls, counted frames.  With
--cursor only what is newer than at the last time is exported: run it every minute.  The export itself is
recorded, too.

Exit code 0: all exported; 1: the receiver did not take all of it, and the cursor stays.

\b
Examples:
  dlp audit export --since 2026-11-01 --until 2026-12-01
  dlp audit export --subject Q-2026-000123
  dlp audit export --format ocsf --after 51234
  dlp audit export --format cef --syslog siem.example.gov.uk:6514 --tls --cursor /var/lib/dlp/siem
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
    form: Annotated[str, typer.Option("--format", help="jsonl, cef or ocsf.")] = "jsonl",
    syslog: Annotated[str, typer.Option("--syslog", help="Receiver of syslog, host:port.")] = "",
    tcp: Annotated[bool, typer.Option("--tcp", help="Syslog over TCP instead of UDP.")] = False,
    tls: Annotated[bool, typer.Option("--tls", help="Syslog over TLS, the certificate checked.")] = False,
    ca: Annotated[
        Path | None, typer.Option("--ca", help="Authorities trusted for --tls (PEM) [default: the system's].")
    ] = None,
    cursor: Annotated[
        Path | None, typer.Option("--cursor", help="File that keeps the last number exported.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Export."""
    from scanner.reports.siem import SiemForm, audit_line

    begin, end = _moment(since, "--since"), _moment(until, "--until")
    try:
        written = SiemForm(form)
    except ValueError:
        fail(f"--format: {form!r} is not one of {', '.join(SiemForm)}")
    target = _target(syslog, tcp=tcp, tls=tls, ca=ca)
    after = max(after, _read_cursor(cursor))
    settings, quarantine = settings_and_quarantine(config)
    first = last = rows = 0
    problem = ""
    try:
        with _receiver(target) as take, quarantine.engine.connect() as connection:
            for row in quarantine.audit.events(
                connection, after=after, since=begin, until=end, actor=actor, subject=subject, act=act
            ):
                take(row, audit_line(row, written))
                first, last, rows = first or row.number, row.number, rows + 1
    except OSError as error:
        if target is None:
            raise
        problem = (error.strerror or str(error) or type(error).__name__).lower()
    facts: dict[str, Fact] = {"format": form, "rows": rows, "first": first, "last": last, "to": syslog}
    if problem:
        facts["problem"] = "not all was taken"
    _record_export(settings, quarantine, facts)
    if problem:
        fail(f"--syslog: {syslog} did not take all of it ({problem})", Exit.FINDINGS)
    if cursor is not None and last:
        _write(cursor, str(last))


def _target(syslog: str, *, tcp: bool, tls: bool, ca: Path | None) -> SyslogTarget | None:
    from scanner.syslog import SyslogTarget, Transport
    from smtp_filter.configuration.sections import split_endpoint

    if not syslog:
        if tcp or tls or ca:
            fail("--tcp, --tls and --ca need --syslog")
        return None
    if tcp and tls:
        fail("--tcp and --tls: choose one")
    try:
        host, port = split_endpoint(syslog)
    except ValueError as error:
        fail(f"--syslog: {error}")
    return SyslogTarget(host, port, Transport.TLS if tls else Transport.TCP if tcp else Transport.UDP, ca)


@contextmanager
def _receiver(target: SyslogTarget | None) -> Iterator[Callable[[AuditRow, str], None]]:
    from scanner.reports.siem import severity_of_act
    from scanner.syslog import syslog_sender

    if target is None:
        yield lambda _, line: typer.echo(line)
        return
    with syslog_sender(target) as sender:
        yield lambda row, line: sender.send(
            line, at=row.at, severity=severity_of_act(row.event.act), kind=row.event.act
        )


def _record_export(settings: Configuration, quarantine: Quarantine, facts: dict[str, Fact]) -> None:
    from scanner.store.audit import AuditEvent
    from scanner.store.database import writing

    actor = operator(settings)
    with writing(quarantine.engine) as connection:
        quarantine.audit.record(
            connection, AuditEvent(actor.name, "audit.export", "", actor.role, actor.origin, after=facts)
        )


def _read_cursor(path: Path | None) -> int:
    if path is None or not path.exists():
        return 0
    try:
        return int(path.read_text("ascii", "replace"))
    except (OSError, ValueError):
        fail(f"{path} holds no number of an event")


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
