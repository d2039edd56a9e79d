"""Options that several sub-verbs share, as groups: a verb names the groups and gets one value of each."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.commands.exits import fail
from scanner.commands.preparing import CONFIG_HELP

if TYPE_CHECKING:
    from smtp_filter.triage.inbox.filters import InboxFilter

# The words of the page's filter, which itself is loaded only when it is used.
STATE_WORDS = (
    "held, in-review, awaiting-second, releasing, released, rejected, expired, withdrawn, all; "
    "otherwise what waits for a decision."
)
AGE_WORDS = "1h, 4h, 1d, 3d, 7d: held for longer; -1d, -7d: for less; late: past its due time."

References = Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Numbers such as Q-2026-000123.")]
SomeReferences = Annotated[
    list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Numbers such as Q-2026-000123.")
]
Reference = Annotated[str, typer.Argument(metavar="NUMBER", help="A number such as Q-2026-000123.")]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; it is recorded.")]


@dataclass(frozen=True, slots=True)
class How:
    """How a verb is run: how it answers, by whom, on which configuration."""

    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False
    break_glass: Annotated[
        str,
        typer.Option(
            "--break-glass", help="Without an account, in an emergency: the reason. The duty role is told."
        ),
    ] = ""
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None


@dataclass(frozen=True, slots=True)
class Many:
    """What holds for an act on several messages."""

    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would happen, and stop.")] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before acting on several.")] = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters of the inbox."""

    severity: Annotated[str, typer.Option("--severity", help="This severity or worse.")] = ""
    state: Annotated[str, typer.Option("--state", help=STATE_WORDS)] = ""
    everything: Annotated[bool, typer.Option("--all", help="The same as --state all.")] = False
    rule: Annotated[str, typer.Option("--rule", help="Held by this rule.")] = ""
    sender: Annotated[str, typer.Option("--sender", help="Whole address of the sender.")] = ""
    recipient: Annotated[str, typer.Option("--recipient", help="Whole address of a recipient.")] = ""
    domain: Annotated[str, typer.Option("--domain", help="Domain of a recipient.")] = ""
    department: Annotated[str, typer.Option("--department", help="Department.")] = ""
    age: Annotated[str, typer.Option("--age", help=AGE_WORDS)] = ""
    overdue: Annotated[bool, typer.Option("--overdue", help="The same as --age late.")] = False
    assigned: Annotated[
        str, typer.Option("--assigned", "--assignee", help="Assigned to this account; me; - for nobody.")
    ] = ""
    text: Annotated[str, typer.Option("--text", help="Words of the envelope and the reasons.")] = ""
    case: Annotated[str, typer.Option("--case", help="The case's number.")] = ""

    def filter(self) -> InboxFilter:
        """The page's filter, or the end of the program where a word is none of its choices."""
        from smtp_filter.triage.inbox.filters import OVERDUE, InboxFilter

        told = {
            "q": self.text,
            "state": "all" if self.everything and not self.state else self.state.replace("-", "_"),
            "severity": self.severity.lower(),
            "rule": self.rule,
            "sender": self.sender,
            "recipient": self.recipient,
            "domain": self.domain,
            "department": self.department,
            "age": OVERDUE if self.overdue and not self.age else self.age,
            "assigned": self.assigned,
            "case": self.case,
        }
        chosen = InboxFilter.of(told)
        for name, word in told.items():
            if word.strip() and not getattr(chosen, name):
                fail(f"no {name} {word!r}; see --help for what there is")
        return chosen


def shared(*groups: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a verb the options of some groups; each reaches it under the group's name in small letters."""

    def decorate(verb: Callable[..., None]) -> Callable[..., None]:
        names = {group.__name__.lower(): group for group in groups}
        own = inspect.signature(verb, eval_str=True)
        parameters = [one for name, one in own.parameters.items() if name not in names]
        for group in groups:
            hints = inspect.get_annotations(group, eval_str=True)
            parameters += [
                inspect.Parameter(
                    one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name]
                )
                for one in fields(group)
            ]

        @functools.wraps(verb)
        def told(**given: Any) -> None:
            made = {
                name: group(**{one.name: given.pop(one.name) for one in fields(group)})
                for name, group in names.items()
            }
            verb(**given, **made)

        del told.__wrapped__  # or its signature would be read
        ordered = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
        told.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
        told.__annotations__ = {one.name: one.annotation for one in ordered}
        return told

    return decorate


def print_json(value: Any) -> None:
    """Write a value as JSON."""
    typer.echo(json.dumps(value, indent=2))
