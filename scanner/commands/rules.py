"""``dlp rules``: list the rules, run their examples, and explain why something fired or did not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, configuration

if TYPE_CHECKING:
    from scanner.configuration import Configuration
    from scanner.detection.settings import DetectionSettings
    from scanner.inspection import LocatedFinding

HELP = """List the rules, run their examples, explain a verdict.

\b
Examples:
  dlp rules list
  dlp rules check our-rules.yaml
  dlp rules explain "Order no 9434765919"
"""
LIST_HELP = """List every rule in force: its id, what it finds, and its source.

\b
Examples:
  dlp rules list
  dlp rules list --json | jq '.[] | select(.kind == "UK_NINO")'
"""
CHECK_HELP = """Validate rule packs and the mail policy, and run every rule's own examples.

Packs named here are added to the configured ones.

Exit code 0: all behave; 1: an example does not; 2: a pack cannot be used.

\b
Examples:
  dlp rules check
  dlp rules check our-rules.yaml
  dlp rules check --policy our-mail.yaml
"""
EXPLAIN_HELP = """Show what fired in a text or a file, what speaks for and against it, what was left alone.

Values are masked unless --show-values is given.

\b
Examples:
  dlp rules explain "Order no 9434765919"
  dlp rules explain letter.docx
  dlp rules explain letter.docx --show-values
"""

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)]


def register(app: typer.Typer) -> None:
    """Add the verb with its three sub-verbs."""
    verbs = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    verbs.command("list", help=LIST_HELP)(show_list)
    verbs.command("check", help=CHECK_HELP)(check)
    verbs.command("explain", help=EXPLAIN_HELP)(explain)
    app.add_typer(verbs, name="rules")


def _detection(settings: Configuration, packs: list[Path] | None = None) -> DetectionSettings:
    from dataclasses import replace

    detection = settings.detection()
    return replace(detection, packs=(*detection.packs, *(packs or [])))


def show_list(
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON array.")] = False,
    config: ConfigOption = None,
) -> None:
    """List rules."""
    from rules.loader import RuleError
    from scanner.detection.building import identifiers_of
    from scanner.detection.rule_check import summaries

    try:
        rules = list(summaries(identifiers_of(_detection(configuration(config)))))
    except RuleError as error:
        fail(str(error))
    if as_json:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps([asdict(rule) for rule in rules], indent=2))
        return
    for rule in rules:
        typer.echo(f"{rule.id:<28} {rule.kind:<26} {rule.title}  [{rule.source}]")
    typer.echo(f"{len(rules)} rules")


def check(
    packs: Annotated[
        list[Path] | None, typer.Argument(metavar="[PACK]...", help="Further rule packs.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Mail policy file [default: the shipped one].")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Run examples."""
    from rules import mail
    from rules.loader import RuleError
    from scanner.detection.building import build_detector, identifiers_of
    from scanner.detection.rule_check import broken_examples, summaries

    settings = _detection(configuration(config), packs)
    try:
        identifiers = identifiers_of(settings)
        detector = build_detector(settings)
        mail_policy = mail.load_mail_rules(policy).policy
    except RuleError as error:
        fail(str(error))
    broken = [*broken_examples(detector, identifiers), *mail.broken_examples(mail_policy)]
    for line in broken:
        typer.echo(line)
    rules = list(summaries(identifiers))
    count = len(rules) + len(mail_policy.rules)
    examples = sum(rule.examples for rule in rules) + mail.example_count(mail_policy)
    if broken:
        typer.echo(f"{len(broken)} of {examples} examples of {count} rules do not behave", err=True)
        raise typer.Exit(Exit.FINDINGS)
    typer.echo(f"{count} rules, {examples} examples: all behave")


def explain(
    subject: Annotated[str, typer.Argument(metavar="TEXT|FILE", help="A text, or the path of a file.")],
    show_values: Annotated[bool, typer.Option("--show-values", help="Show real values.")] = False,
    config: ConfigOption = None,
) -> None:
    """Explain a text or a file."""
    from rules.loader import RuleError
    from scanner.inspection import InspectionSettings, Inspector

    settings = configuration(config)
    from_configuration = settings.inspection(b"\0" * 32, show_values=show_values)
    from dataclasses import replace

    told: InspectionSettings = replace(from_configuration, findings_per_file=1_000, least_confidence=0.0)
    try:
        inspector = Inspector.build(told)
    except RuleError as error:
        fail(str(error))
    path = Path(subject)
    try:
        is_file = path.is_file()
    except OSError:
        is_file = False
    if is_file:
        with path.open("rb") as file:
            inspection = inspector.inspect(file, path.name, path.stat().st_size)
        typer.echo(f"{path.name}: {inspection.coverage.status.value}, kind {inspection.coverage.kind}")
        if inspection.coverage.reason:
            typer.echo(f"not read: {inspection.coverage.reason}")
    else:
        inspection = inspector.inspect_bytes(subject.encode(), "")
    people = inspection.assessment.people
    typer.echo(f"severity: {inspection.assessment.severity.word}   people: {people.low} to {people.high}")
    for reason in inspection.assessment.reasons:
        typer.echo(f"  because: {reason.text} [{reason.code}]")
    for finding in inspection.findings:
        _show(finding)
    if not inspection.findings:
        typer.echo("nothing fired")


def _show(finding: LocatedFinding) -> None:
    standing = "reported" if finding.confidence >= 0.4 else "left alone"
    shown = finding.value if finding.value is not None else finding.masked
    value = " ".join(shown.split())
    typer.echo(f"{finding.entity_type}  {value}  {finding.confidence:.2f} {standing}  (rule {finding.rule})")
    if finding.location:
        typer.echo(f"    at {finding.location}" + (f"  [{finding.hidden}]" if finding.hidden else ""))
    for line in finding.evidence:
        typer.echo(f"    {line}")
