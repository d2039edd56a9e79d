"""``dlp detect``: what a program that feeds it lines gets back, and what a fault of ours looks like."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from scanner.commands import detect as verb
from scanner.commands.exits import Exit
from scanner.commands.root import program
from scanner.detection.context import ContextPhrases
from scanner.detection.detector import Detector
from scanner.detection.finding import Finding
from scanner.detection.recognisers.contacts import EmailRecogniser
from scanner.detection.view import View
from scanner.inspection import InspectionSettings, Inspector


class _Failing:
    """A recogniser that fails where a text says so, with the text in its message."""

    name = "failing"
    entity_types = ("UK_NINO",)

    def recognise(self, view: View) -> list[Finding]:
        if "stop" in view.text:
            raise ValueError(view.text)
        return []


@pytest.fixture
def _fault(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = Detector([[_Failing(), EmailRecogniser()]], context_phrases=ContextPhrases([]))
    inspector = Inspector(detector, InspectionSettings(key=bytes(32)))
    monkeypatch.setattr(verb, "build_inspector", lambda *_, **__: inspector)


def _answers(*lines: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(program(), ["detect", "--jsonl"], input="\n".join(lines) + "\n")
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def _line(identity: str, text: str) -> str:
    return json.dumps({"id": identity, "text": text})


@pytest.mark.usefixtures("_fault")
def test_a_failed_recogniser_is_told_and_what_was_found_stands() -> None:
    whole, part = _answers(_line("a", "ann@example.org"), _line("b", "stop ann@example.org"))
    assert "not_inspected" not in whole
    assert part["not_inspected"] == ["failing (ValueError)"]
    spans = part["spans"]
    assert isinstance(spans, list)
    assert [span["type"] for span in spans] == ["EMAIL"]


@pytest.mark.usefixtures("_fault")
@pytest.mark.parametrize(
    ("text", "code"), [("stop here", Exit.INCOMPLETE), ("all is well", Exit.CLEAN)], ids=["fault", "none"]
)
def test_the_exit_code_tells_it_too(text: str, code: Exit) -> None:
    result = CliRunner().invoke(program(), ["detect", text])
    assert result.exit_code == code
    assert ("not inspected: recogniser failing" in result.stdout) is (code is Exit.INCOMPLETE)


def test_a_line_that_is_no_question_is_answered_and_the_run_goes_on() -> None:
    bad, wrong, good = _answers("{", json.dumps({"id": "x", "text": 3}), _line("a", "nothing"))
    assert bad["error"] == "line 1: not valid JSON"
    assert "needs an object" in str(wrong["error"])
    assert (good["id"], good["severity"]) == ("a", "none")


def test_a_fault_outside_the_recognisers_does_not_quote_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Faulty:
        def inspect_text(self, text: str, **_: object) -> object:
            raise ValueError(text)

    monkeypatch.setattr(verb, "build_inspector", lambda *_, **__: Faulty())
    (answer,) = _answers(_line("a", "secret words"))
    assert answer == {"id": "a", "error": "line 1: not inspected (ValueError)"}
