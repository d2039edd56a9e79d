"""``dlp rules test-mail``: the verdict on a message, explained, without sending it."""

from __future__ import annotations

import io
import os
import select
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, configuration

if TYPE_CHECKING:
    from smtp_filter.commands.inspecting_mail import Question, Reply
    from smtp_filter.verdict import Verdict, VerdictSettings

HELP = """Say what would become of a message, for each recipient, and why; nothing is sent.

The envelope (--from, --to) decides who gets it, not the headers in the file. Verdicts:

\b
  deliver       nothing sensitive in it, or nobody outside gets it
  block         personal data, readable, on its way to somebody outside
  encrypted     what matters is properly encrypted and nothing around it gives it away
  secure-route  personal data, and every outside recipient has an enforced secure route
  hold          not all could be inspected, or it looks misdirected: a person looks

Without own domains in the policy or the configuration, the sender's own organisation is inside. With the
shipped policy, domains of the secure list (*.gov.uk, nhs.net, *.police.uk) count as reached by the secure
exit; the relay itself holds such mail until that exit is set up.

With --jsonl each line of standard input is {"id", "path", "from", "to": [...]}, each line written is the
verdict with its "id", in the same order; a line that cannot be used gives {"id", "error"}.

Exit code 0: it would go; 1: it would not (block, hold); 2: wrong options or policy; 0 with --jsonl.

\b
Examples:
  dlp rules test-mail letter.eml --from jo@council.gov.uk --to sam@example.com
  dlp rules test-mail letter.eml --from jo@council.gov.uk --to a@nhs.net --to b@example.com --json
  dlp rules test-mail letter.eml --from jo@council.gov.uk --to sam@example.com --policy our-mail.yaml
  dlp rules test-mail --jsonl < messages.jsonl > verdicts.jsonl
"""


def register(app: typer.Typer) -> None:
    """Add the verb to those of ``dlp rules``, which is there where the scanner's own verbs are."""
    rules = next((group.typer_instance for group in app.registered_groups if group.name == "rules"), None)
    if rules is not None:
        rules.command("test-mail", help=HELP)(judge_file)


def judge_file(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The message, as a file (.eml).")
    ] = None,
    sender: Annotated[str | None, typer.Option("--from", help="Envelope sender.")] = None,
    recipients: Annotated[
        list[str] | None, typer.Option("--to", help="Envelope recipient; may be repeated.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Mail policy file [default: the shipped one].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the verdict as JSON.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read and write JSON Lines.")] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
) -> None:
    """Judge one message, or many."""
    from scanner.shares.workers import WorkersFailedError
    from smtp_filter.commands.inspecting_mail import OneQuestion, Question, replies

    settings = configuration(config)
    judging = _judging(policy, settings.organisation.domains)
    try:
        if jsonl:
            if file is not None or sender is not None or recipients:
                fail("with --jsonl messages and their envelopes come from standard input")
            for reply in replies(_LinesOfInput(), settings, judging):
                _write_line(reply)
            return
        if file is None or sender is None or not recipients:
            fail("needs FILE, --from and at least one --to (or --jsonl)")
        question = Question(None, file, sender, tuple(recipients))
        (reply,) = replies(OneQuestion(question), settings, judging)
    except WorkersFailedError as error:
        fail(str(error), Exit.INTERNAL)
    if reply.verdict is None:
        fail(reply.error)
    if as_json:
        _write_json(reply.verdict)
    else:
        _show(reply.verdict)
    if reply.verdict.word.value in ("block", "hold"):
        raise typer.Exit(Exit.FINDINGS)


def _judging(policy: Path | None, own: tuple[str, ...]) -> VerdictSettings:
    from rules.loader import RuleError
    from rules.mail import load_mail_rules
    from smtp_filter.verdict import VerdictSettings

    try:
        return VerdictSettings.of(load_mail_rules(policy), own)
    except RuleError as error:
        fail(str(error))


class _LinesOfInput:
    """Questions from standard input, as they come: a caller may wait for each answer before it asks again."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._number = 0
        self._descriptor: int | None = None
        self._open = True
        try:
            self._descriptor = sys.stdin.fileno()
        except io.UnsupportedOperation:
            self._lines.extend(sys.stdin.buffer.read().split(b"\n"))
            self._open = False

    @property
    def ended(self) -> bool:
        """Whether everything was asked."""
        return not self._open and not self._lines

    def take(self, *, wait: bool) -> Question | Reply | None:
        """The next question; waits for one only where nothing else is to be done."""
        while True:
            while self._lines:
                self._number += 1
                if line := self._lines.popleft().strip():
                    return _question(line, self._number)
            if not self._open or not self._more(wait=wait):
                return None

    def _more(self, *, wait: bool) -> bool:
        """Read what has come; whether anything has."""
        assert self._descriptor is not None
        if not wait and not select.select([self._descriptor], [], [], 0)[0]:
            return False
        data = os.read(self._descriptor, 1 << 16)
        if not data:
            self._open = False
            self._lines.append(self._rest)
            self._rest = b""
            return True
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines.extend(lines)
        return True


def _question(line: bytes, number: int) -> Question | Reply:
    import json

    from smtp_filter.commands.inspecting_mail import Question, Reply

    identity: object = number
    try:
        asked = json.loads(line)
        if not isinstance(asked, dict):
            raise ValueError("needs an object with id, path, from and to")
        identity = asked.get("id", number)
        path, sender, recipients = asked.get("path"), asked.get("from"), asked.get("to")
        if isinstance(recipients, str):
            recipients = [recipients]
        if not isinstance(path, str) or not path or "\0" in path:
            raise ValueError("needs a path")
        if not isinstance(sender, str):
            raise ValueError("needs a sender (from)")
        if (
            not isinstance(recipients, list)
            or not recipients
            or not all(isinstance(o, str) for o in recipients)
        ):
            raise ValueError("needs a list of recipients (to)")
    except (ValueError, RecursionError) as error:
        reason = (
            "not valid JSON" if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)) else str(error)
        )
        return Reply(identity, None, f"line {number}: {reason}")
    return Question(identity, Path(path), sender, tuple(recipients))


def _write_line(reply: Reply) -> None:
    import json

    from smtp_filter.verdict.encoding import verdict_to_json

    told = {"error": reply.error} if reply.verdict is None else verdict_to_json(reply.verdict)
    sys.stdout.write(json.dumps({"id": reply.identity, **told}, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def _write_json(verdict: Verdict) -> None:
    import json

    from smtp_filter.verdict.encoding import verdict_to_json

    typer.echo(json.dumps(verdict_to_json(verdict), indent=2, ensure_ascii=True))


def _show(verdict: Verdict) -> None:
    """A few lines for a person."""
    route = "" if verdict.route == "default" else f"   by the {verdict.route} exit"
    typer.echo(f"verdict: {verdict.word.value}   action: {verdict.action.value}{route}")
    people = verdict.people
    counted = str(people.low) if people.low == people.high else f"{people.low} to {people.high}"
    typer.echo(f"severity: {verdict.severity.word}   people: {counted}")
    if verdict.monitored is not None:
        word, action = verdict.monitored
        typer.echo(f"monitor only; without it: {word.value}, {action.value}")
    for text in dict.fromkeys(reason.text for reason in verdict.reasons):
        typer.echo(f"  {text}")
    for recipient in verdict.recipients:
        typer.echo(
            f"to {recipient.address}: {recipient.word.value} ({recipient.route.value}). {recipient.why}"
        )
    for part in verdict.not_inspected:
        detail = f" ({part.detail})" if part.detail else ""
        typer.echo(f"not inspected: {part.place or 'the message'}: {part.reason}{detail}")
    if verdict.rules:
        typer.echo(f"policy rules: {', '.join(verdict.rules)}")
    for rule, count in verdict.tried:
        typer.echo(f"on trial: {rule} would have found {count}")
    if verdict.shadowed is not None and verdict.shadowed is not verdict.severity:
        typer.echo(f"with what is on trial the severity would be {verdict.shadowed.word}")
