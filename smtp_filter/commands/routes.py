"""``dlp routes``: what is known, stated and proven of the way to a domain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, configuration

if TYPE_CHECKING:
    from smtp_filter.route_proof import RouteProof
    from smtp_filter.verdict import VerdictSettings

HELP = """Secure routes: what is known of the way to a recipient's domain.

\b
Examples:
  dlp routes check nhs.net
  dlp routes check leeds.gov.uk --json
"""
CHECK_HELP = """Show what is known, stated and proven of the way to DOMAIN (a domain, or an address).

Known: the line of the secure list, with its source and date. Stated: how your policy says that mail to it
never leaves in clear. Proven: what the domain publishes (MTA-STS, DANE) and what its mail server offers
(STARTTLS), asked now. A secure route needs the first two; the third tells what you may state.

Exit code 0: mail to it has a secure route; 1: it has none; 2: wrong options or policy.

\b
Examples:
  dlp routes check nhs.net
  dlp routes check someone@leeds.gov.uk --json
  dlp routes check leeds.gov.uk --offline
"""


def register(app: typer.Typer) -> None:
    """Add the verb with its sub-verb."""
    verbs = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    verbs.command("check", help=CHECK_HELP)(check)
    app.add_typer(verbs, name="routes")


def check(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="A domain, or an address in it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON object.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no network.")] = False,
    seconds: Annotated[
        float, typer.Option("--timeout", min=0.1, max=60.0, help="Seconds for each question to the network.")
    ] = 5.0,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Mail policy file [default: the shipped one].")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
) -> None:
    """Check one domain."""
    from rules.loader import RuleError
    from rules.mail import load_mail_rules
    from smtp_filter.route_proof import Network, prove
    from smtp_filter.verdict import RouteKind, VerdictSettings
    from smtp_filter.verdict.addresses import canonical_domain

    name = canonical_domain(domain.rpartition("@")[2])
    if not name:
        fail(f"{domain!r} is no domain")
    settings = configuration(config)
    try:
        judging = VerdictSettings.of(load_mail_rules(policy), settings.organisation.domains)
    except RuleError as error:
        fail(str(error))
    proof = None if offline else prove(name, Network(seconds=seconds))
    told = _told(name, judging, proof)
    if as_json:
        import json

        typer.echo(json.dumps(told, indent=2))
    else:
        _show(told)
    if told["route"] == RouteKind.OUTSIDE.value:
        raise typer.Exit(Exit.FINDINGS)


def _told(domain: str, judging: VerdictSettings, proof: RouteProof | None) -> dict[str, Any]:
    from smtp_filter.verdict.addresses import NOBODY, Address
    from smtp_filter.verdict.routes import modern_hint

    table = judging.route_table()
    route = table.route(Address("someone", domain), table.inside(judging.own_domains, NOBODY))
    retired = table.retired(domain)
    line = table.line(domain) if retired is None else None
    told: dict[str, Any] = {"domain": domain, "route": route.kind.value, "why": route.why, "exit": route.exit}
    told["known"] = (
        {
            "line": line.domain,
            "secure": line.secure,
            "source": line.source,
            "date": line.date.isoformat(),
            "note": line.note,
        }
        if line is not None
        else None
    )
    told["stated"] = line.enforced.value if line is not None else None
    told["retired"] = (
        f"Closed {retired.closed}.{modern_hint(domain, retired)}" if retired is not None else None
    )
    told["proven"] = (
        {
            "mail_servers": list(proof.mail_servers),
            **{
                key: {"state": one.state.value, "detail": one.detail}
                for key, one in (
                    ("mta_sts", proof.mta_sts),
                    ("dane", proof.dane),
                    ("starttls", proof.starttls),
                )
            },
        }
        if proof is not None
        else None
    )
    return told


def _show(told: dict[str, Any]) -> None:
    typer.echo(f"{told['domain']}: {told['route']}. {told['why']}")
    known = told["known"]
    if told["retired"]:
        typer.echo(f"retired: {told['retired']}")
    if known is None:
        typer.echo("known: on no list")
    else:
        listed = "on the secure list" if known["secure"] else "taken out of the secure list"
        typer.echo(f"known: {known['line']} is {listed} ({known['source']}, {known['date']})")
        if known["note"]:
            typer.echo(f"  {known['note']}")
        typer.echo(f"stated: enforced: {told['stated']}")
    proven = told["proven"]
    if proven is None:
        typer.echo("proven: nothing was asked (--offline)")
        return
    if proven["mail_servers"]:
        typer.echo(f"mail servers: {', '.join(proven['mail_servers'])}")
    for key, title in (("mta_sts", "MTA-STS"), ("dane", "DANE"), ("starttls", "STARTTLS")):
        typer.echo(f"{title}: {proven[key]['state']}. {proven[key]['detail']}")
