"""``dlp replay``: last month's verdicts under other rules, before they take effect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.commands.exits import fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner.configuration import Configuration
    from scanner.configuration.schema import JudgementSection
    from scanner.shares.replaying.replay import Outcome, Sums
    from scanner.store.inventory.changes import RuleChange

HELP = """Show what a past run would have said under other rules or another policy.

No file is read and nothing is changed. Judged again from the evidence, exactly: thresholds, severities,
stages of reasons, severities of topics, `warn` and `block` of rules. Judged again, to be confirmed by a
re-read: rules and phrases that are gone or switched off, and rules that were only tried (stage: shadow) and
are to count. Named for a re-read: files in which a narrower rule had found something; every file with text
where a rule is new or wider, or where names, addresses, returns or kinds of paper are others; files with
findings whose evidence was kept by an earlier version.

--rules is a pack of identifiers, a file with the name of a shipped one (topics.yaml, names.yaml), or a folder
of them such as the rules/packs/uk of another version. Packs of identifiers stand in place of those of the
configuration (rules.packs); a rule with the id of a shipped one stands in its place. With --json: one line
for each file that changes or has to be read again, the sums last.

\b
Exit codes:
  0    told
  2    wrong options, rules or policy

\b
Examples:
  dlp replay --policy stricter.yaml
  dlp replay --rules our-rules.yaml --run 20261022
  dlp replay --disable uk-vehicle-registration
  dlp replay --rules new/rules/packs/uk --json > replay.jsonl
"""

# A screenful; --json has all.
_SHOWN = 40


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("replay", help=HELP)(replay)


def replay(
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Rule data that is to be tried: a file, or a folder.")
    ] = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="Policy that is to be tried.")] = None,
    disable: Annotated[
        list[str] | None, typer.Option("--disable", help="Id of a rule to try without; several times.")
    ] = None,
    run: Annotated[
        str, typer.Option("--run", help="The run, or how its name begins [default: the latest].")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines for programs.")] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
) -> None:
    """Tell what would be."""
    import json
    from collections import defaultdict

    from rules.loader import RuleError
    from scanner.commands.preparing import configuration, inventory, state_directory
    from scanner.configuration import ConfigurationError
    from scanner.configuration.signatures import own_topics, rule_book
    from scanner.detection.building import identifiers_of
    from scanner.shares.replaying.replay import Basis, Change, Sums
    from scanner.shares.replaying.replay import replay as replayed
    from scanner.shares.replaying.trying import tried
    from scanner.store import runs

    if rules is None and policy is None and not disable:
        fail("name what is to be tried: --rules, --policy or --disable")
    settings = configuration(config)
    try:
        now = settings.judgement.settings()
        book = rule_book(settings)
        if book is None:
            identifiers_of(settings.detection())  # says what is wrong with the rules in force
            raise RuleError("the rules in force cannot be used; see: dlp config check")
        new = tried(book, rules, frozenset(disable or ()), settings.rules.disable)
        section = _section(settings, policy)
        other = section.settings() if policy else None
        if new.topics is not None:
            other = new.policy(other or now, own_topics(section))
    except (RuleError, ConfigurationError) as error:
        fail(str(error))
    change = Change(new.changes, other, new.warning)
    engine = inventory(settings, state_directory(state, settings.state.directory))
    try:
        stored = runs.find(engine, run)
    except runs.RunError as error:
        fail(str(error))
    total, departments = Sums(), defaultdict[str, Sums](Sums)
    shown: list[tuple[str, Outcome]] = []
    for one in replayed(engine, stored.number, now, change):
        total.add(one.outcome)
        departments[one.department].add(one.outcome)
        if one.outcome.basis is Basis.REREAD or one.outcome.changed:
            if as_json:
                told = {"path": one.path, "department": one.department, **_told(one.outcome)}
                typer.echo(json.dumps(told))
            elif one.outcome.changed and len(shown) < _SHOWN:
                shown.append((one.path, one.outcome))
    if as_json:
        sums = {"departments": {name: _summed(sums) for name, sums in sorted(departments.items())}}
        told = {"run": stored.name, "rules": [_change(one) for one in change.rules], **_summed(total), **sums}
        typer.echo(json.dumps(told))
        return
    _print(stored.name, change.rules, shown, total, departments)


def _section(settings: Configuration, policy: Path | None) -> JudgementSection:
    if policy is None:
        return settings.judgement
    return settings.judgement.model_copy(update={"policy": policy.absolute()})


def _change(change: RuleChange) -> dict[str, str]:
    return {"rule": change.rule, "effect": change.effect.value, "why": change.why}


def _told(outcome: Outcome) -> dict[str, Any]:
    from scanner.shares.replaying.replay import Basis

    if outcome.basis is Basis.REREAD:
        return {"basis": outcome.basis.value, "old": outcome.old.word, "why": outcome.why}
    return {
        "basis": outcome.basis.value,
        "old": outcome.old.word,
        "new": outcome.new.word,
        "old_deciding": outcome.old_binding.word,
        "new_deciding": outcome.new_binding.word,
    }


def _summed(sums: Sums) -> dict[str, Any]:
    return {
        "files": sums.files,
        "changed": sums.changed,
        "unchanged": sums.unchanged,
        "reread": sums.reread,
        "to_confirm": sums.confirm,
        "moves": {f"{old.word} to {new.word}": count for (old, new), count in sorted(sums.moves.items())},
        "deciding": {f"{old.word} to {new.word}": n for (old, new), n in sorted(sums.decided.items())},
        "why_reread": dict(sums.why.most_common()),
    }


def _print(
    name: str,
    changes: tuple[RuleChange, ...],
    shown: list[tuple[str, Outcome]],
    total: Sums,
    departments: Mapping[str, Sums],
) -> None:
    typer.echo(f"run {name}, judged again from its evidence; no file was read")
    for change in changes:
        typer.echo(f"  rule {change.rule}: {change.effect.value} ({change.why})")
    for path, outcome in shown:
        typer.echo(f"  {_verdict(outcome)}  {path}")
    if total.changed > len(shown):
        typer.echo(f"  ... and {total.changed - len(shown):,} more; --json has all")
    typer.echo(
        f"{total.files:,} files: {total.changed:,} change, {total.unchanged:,} do not, {total.reread:,} must "
        "be read again to know"
    )
    for (old, new), count in sorted(total.moves.items(), reverse=True):
        typer.echo(f"  {old.word} -> {new.word}: {count:,}")
    for (old, new), count in sorted(total.decided.items(), reverse=True):
        typer.echo(f"  reported as before, deciding as {old.word} -> {new.word}: {count:,}")
    if total.confirm:
        typer.echo(f"  of these verdicts {total.confirm:,} are expected ones: a re-read confirms them")
    for why, count in total.why.most_common():
        typer.echo(f"  to be read again: {count:,}, {why}")
    for department, sums in sorted(departments.items()):
        if sums.changed or sums.reread:
            typer.echo(
                f"{department}: {sums.changed:,} change, {sums.reread:,} to be read again of {sums.files:,}"
            )


def _verdict(outcome: Outcome) -> str:
    line = f"{outcome.old.word} -> {outcome.new.word}"
    if outcome.old is outcome.new:
        line += f" (deciding: {outcome.old_binding.word} -> {outcome.new_binding.word})"
    return f"{line} ({outcome.basis.value})"
