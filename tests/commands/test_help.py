"""Every verb explains itself, with examples, and at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer.main

from scanner.commands.root import program

from .conftest import Dlp


def verbs() -> Iterator[tuple[str, ...]]:
    """Every command and group of the program."""

    def below(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, inner in getattr(command, "commands", {}).items():
            yield from below(inner, (*path, name))

    return below(typer.main.get_command(program()), ())


@pytest.mark.parametrize("verb", list(verbs()), ids=" ".join)
def test_help_has_examples_that_name_the_verb(dlp: Dlp, verb: tuple[str, ...]) -> None:
    said = dlp(*verb, "--help")
    assert said.code == 0
    _, _, examples = said.out.partition("Examples:\n")
    assert " ".join(["dlp", *verb]) in examples.partition("\n\n")[0]


@pytest.mark.parametrize("verb", list(verbs()), ids=" ".join)
def test_every_option_is_documented(verb: tuple[str, ...]) -> None:
    command: object = typer.main.get_command(program())
    for name in verb:
        command = command.commands[name]  # type: ignore[attr-defined]
    for parameter in command.params:  # type: ignore[attr-defined]
        assert parameter.help or parameter.name == "help", parameter.name


def test_the_expected_verbs_are_there() -> None:
    assert {("scan",), ("report",), ("doctor",), ("config", "check"), ("config", "show")} <= set(verbs())


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['dlp', '--help']\n"
        "from scanner.commands import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'spacy', 'presidio_analyzer', 'sqlalchemy', 'pydantic', 'lxml', 're2', 'rich', 'numpy'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loaded: []" in result.stdout


def test_version(dlp: Dlp) -> None:
    assert dlp("--version").out.startswith("dlp ")
    assert "python 3." in dlp("version").out


def test_the_shell_completes_verbs() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "scanner.commands"],
        env={"_DLP_COMPLETE": "complete_bash", "COMP_WORDS": "dlp sc", "COMP_CWORD": "1", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == ["scan"]


def test_an_unknown_verb_is_a_usage_error(dlp: Dlp) -> None:
    said = dlp("scann")
    assert said.code == 2
    assert "scan" in said.err
