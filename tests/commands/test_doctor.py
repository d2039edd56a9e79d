"""``dlp doctor`` tells what is wrong and the one command that mends it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scanner.commands.doctor import State, examine
from scanner.documents import recognition
from scanner.documents.parsers.archives import packed_archives
from scanner.store.keys import installation_key

from .conftest import Dlp


def found(config: Path | None = None, state: Path | None = None) -> dict[str, tuple[State, str, str]]:
    return {check.what: (check.state, check.detail, check.remedy) for check in examine(config, state)}


def test_a_machine_in_order(dlp: Dlp, tmp_path: Path) -> None:
    said = dlp("doctor", "--state", tmp_path)
    assert said.code == 0, said.out
    assert "WRONG" not in said.out


def test_a_wrong_configuration(dlp: Dlp, tmp_path: Path) -> None:
    config = tmp_path / "dlp.yaml"
    config.write_text("scan: {workers: x}\n")
    said = dlp("doctor", "--config", config)
    assert said.code == 2
    assert f"-> edit {config}, then: dlp config check {config}" in said.out


def test_a_model_that_is_not_installed(dlp: Dlp, tmp_path: Path) -> None:
    config = tmp_path / "dlp.yaml"
    config.write_text("language: {model: en_no_such_model}\n")
    state, _, remedy = found(config)["language model"]
    assert state is State.WRONG
    assert remedy.endswith("-m spacy download en_no_such_model")


def test_programs_of_the_system_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_archives, "load_libarchive", lambda: None)
    monkeypatch.setattr(recognition, "available", lambda: False)
    said = found()
    assert said["archives"][0] is State.WORTH_KNOWING
    assert "apt install libarchive13" in said["archives"][2]
    assert said["OCR"][0] is State.WORTH_KNOWING
    assert "apt install tesseract-ocr" in said["OCR"][2]
    config = tmp_path / "dlp.yaml"
    config.write_text("limits: {ocr: on}\n")
    assert found(config)["OCR"][0] is State.WRONG, "switched on and not there"


def test_a_key_that_others_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLP_KEY", raising=False)
    installation_key(tmp_path)
    (tmp_path / "hash.key").chmod(0o644)
    state, _, remedy = found(state=tmp_path)["installation key"]
    assert state is State.WRONG
    assert remedy == f"chmod 600 '{tmp_path}/hash.key'"


def test_a_key_that_is_malformed_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLP_KEY", "not-a-key")
    state, detail, remedy = found(state=tmp_path)["installation key"]
    assert state is State.WRONG
    assert "not-a-key" not in detail + remedy


def test_a_state_directory_that_others_may_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    state, _, remedy = found(state=tmp_path)["state directory"]
    assert state is State.WORTH_KNOWING
    assert remedy == f"chmod 700 '{tmp_path}'"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_directory_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert found(state=tmp_path / "state")["state directory"][0] is State.WRONG


def test_the_doctor_changes_nothing(dlp: Dlp, tmp_path: Path) -> None:
    dlp("doctor", "--state", tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_every_library_it_looks_for_is_a_declared_dependency() -> None:
    import tomllib
    from pathlib import Path

    from scanner.commands.doctor import _LIBRARIES

    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    declared = {dependency.partition(">")[0].strip() for dependency in project["dependencies"]}
    assert {package for _, _, package in _LIBRARIES} <= declared
