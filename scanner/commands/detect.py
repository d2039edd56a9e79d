"""``dlp detect``: find personal data in a text, or in lines of JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.commands.exits import Exit
from scanner.commands.inspecting import inspector as build_inspector
from scanner.commands.preparing import CONFIG_HELP, configuration

if TYPE_CHECKING:
    from scanner.detection.finding import Finding
    from scanner.inspection import Inspector, TextInspection

HELP = """Find personal data in a text: from the command line, standard input, or JSON Lines.

With --jsonl, each line read is {"id": ..., "text": ...} (optionally "name", the file's name), each line
written {"id", "spans": [{"type", "start", "end", "text", "confidence"}], "severity", "reasons", "people"}.
Offsets count Unicode code points. A line that cannot be read gives {"id", "error"}, and the run goes on.
Where a part of the detection failed on a text, "not_inspected" names it, and what else was found stands.

\b
Examples:
  dlp detect "Her NI number is QQ 12 34 56 C"
  dlp detect < letter.txt
  dlp detect --jsonl < texts.jsonl > found.jsonl
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("detect", help=HELP)(detect)


def detect(
    text: Annotated[str, typer.Argument(help="The text; without it, standard input is read.")] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read and write JSON Lines.")] = False,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Least confidence of a span that is written.")
    ] = 0.4,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
) -> None:
    """Detect in a text or in JSON Lines."""
    # Nothing is kept or hashed here: values go to whoever asked for them, so the key is of no account.
    inspector = build_inspector(configuration(config), b"\0" * 32, show_values=True)
    if jsonl:
        _lines(inspector, threshold)
        return
    if not text:
        if sys.stdin.isatty():
            typer.echo("dlp: reading the text from the keyboard; end with Ctrl-D", err=True)
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    found = inspector.inspect_text(text)
    _show(text, found, threshold)


def _lines(inspector: Inspector, threshold: float) -> None:
    import json

    for number, line in enumerate(_stdin_lines(), start=1):
        if not line.strip():
            continue
        identity: object = number
        try:
            query = _query(line)
            identity = query.get("id", number)
            text = query["text"]
            name = query.get("name")
            found = inspector.inspect_text(text, name=name if isinstance(name, str) else "")
        except _QueryError as error:
            answer: dict[str, object] = {"id": identity, "error": f"line {number}: {error}"}
        except MemoryError:
            raise
        except Exception as error:
            # The message may quote the text; the class says enough.
            reason = f"not inspected ({type(error).__name__})"
            answer = {"id": identity, "error": f"line {number}: {reason}"}
        else:
            answer = {
                "id": identity,
                "spans": [_span(finding, text) for finding in _reported(found, threshold)],
                "severity": found.assessment.severity.word,
                "reasons": [reason.text for reason in found.assessment.reasons],
                "people": found.assessment.people.low,
                "people_high": found.assessment.people.high,
            }
            if found.stopped:
                answer["not_inspected"] = list(found.stopped)
        sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")
        sys.stdout.flush()


class _QueryError(Exception):
    """What is wrong with a line that was read."""


def _query(line: str) -> dict[str, Any]:
    import json

    try:
        query = json.loads(line)
    except (ValueError, RecursionError):
        raise _QueryError("not valid JSON") from None
    if not isinstance(query, dict) or not isinstance(query.get("text"), str):
        raise _QueryError('needs an object with "id" and "text"')
    return query


def _stdin_lines() -> Iterator[str]:
    for raw in sys.stdin.buffer:
        yield raw.decode("utf-8", "replace")


def _reported(found: TextInspection, threshold: float) -> list[Finding]:
    from scanner.inspection import INTERNAL_TYPES

    # A return is a property of the whole text and stands among the reasons, not among the spans.
    unseen = INTERNAL_TYPES | {"CHILD_RETURN"}
    return [f for f in found.findings if f.confidence >= threshold and f.entity_type not in unseen]


def _span(finding: Finding, text: str) -> dict[str, object]:
    return {
        "type": finding.entity_type,
        "start": finding.start,
        "end": finding.end,
        "text": text[finding.start : finding.end],
        "confidence": finding.confidence,
    }


def _show(text: str, found: TextInspection, threshold: float) -> None:
    """A few lines for a person."""
    people = found.assessment.people
    counted = str(people.low) if people.low == people.high else f"{people.low} to {people.high}"
    typer.echo(f"severity: {found.assessment.severity.word}   people: {counted}")
    for reason in found.assessment.reasons:
        typer.echo(f"  {reason.text}")
    for finding in _reported(found, threshold):
        line = text.count("\n", 0, finding.start) + 1
        value = " ".join(text[finding.start : finding.end].split())
        typer.echo(f"  line {line:>4}  {finding.entity_type:<24} {finding.confidence:.2f}  {value}")
    for name in found.stopped:
        typer.echo(f"  not inspected: recogniser {name}")
    sensitive = found.assessment.severity.word in ("medium", "high", "critical")
    if found.stopped:
        raise typer.Exit(Exit.FINDINGS_INCOMPLETE if sensitive else Exit.INCOMPLETE)
    if sensitive:
        raise typer.Exit(Exit.FINDINGS)
