"""A run: copies never overwrite, are private and whole; what a file does to its process stays there."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import pytest

from scanner.documents import Confinement, Limits
from scanner.inspection import Inspector
from scanner.judgement.policy import default_policy
from scanner.release import Copying, Found, Gate, PdfCopy, ReleaseCheck, ReleaseRun, Room, files_beneath
from scanner.release.apart import EndedError, run_apart

from .conftest import codes

TABLE = "Service,Requests\nParks,120\nWaste,310\n"


def run_of(inspector: Inspector, copies: Path | None = None) -> ReleaseRun:
    copying = Copying(copies, PdfCopy.TEXT, Limits()) if copies is not None else None
    return ReleaseRun(Gate(inspector, policy=default_policy()), copying)


def written(path: Path, text: str = TABLE) -> Found:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return Found(path, PurePath(path.name), named=True)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_is_private_and_leaves_no_draft(inspector: Inspector, tmp_path: Path) -> None:
    checked = run_of(inspector, tmp_path / "out").check(written(tmp_path / "a.csv"))
    assert checked.copy is not None
    assert checked.copy.path == str(tmp_path / "out" / "a.csv")
    assert listed(tmp_path / "out") == ["a.csv", "a.csv.removed.txt"]
    modes = {stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in listed(tmp_path / "out")}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["a.csv", "a.csv.removed.txt"])
def test_nothing_is_overwritten(inspector: Inspector, tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    checked = run_of(inspector, tmp_path / "out").check(written(tmp_path / "a.csv"))
    assert checked.check.passed
    assert checked.copy is not None
    assert checked.copy.problem == f"{name} exists already and is not overwritten"
    assert listed(tmp_path / "out") == [name]
    assert (tmp_path / "out" / name).read_text() == "mine"


def test_two_files_that_would_get_one_name(inspector: Inspector, tmp_path: Path) -> None:
    run = run_of(inspector, tmp_path / "out")
    page = "<html><body><p>Road works</p></body></html>"
    copies = [run.check(written(tmp_path / name, page)).copy for name in ("a.htm", "a.html")]
    assert [Path(copy.path).name for copy in copies if copy is not None] == ["a.docx", "a.html.docx"]


def test_folders_are_walked_and_kept(inspector: Inspector, tmp_path: Path) -> None:
    written(tmp_path / "in" / "2024" / "a.csv")
    written(tmp_path / "in" / "b.csv")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "in" / "b.csv")
    run = run_of(inspector, tmp_path / "in" / "out")
    found = list(files_beneath([tmp_path / "in"], left_out=tmp_path / "in" / "out"))
    results = {str(one.relative): run.check(one) for one in found}
    assert {name: result.check.passed for name, result in results.items()} == {
        "b.csv": True,
        "link.csv": False,
        "2024/a.csv": True,
    }
    assert (tmp_path / "in" / "out" / "2024" / "a.csv").exists()
    assert not (tmp_path / "in" / "out" / "link.csv").exists()
    # A second run does not take the copies for originals.
    assert len(list(files_beneath([tmp_path / "in"], left_out=tmp_path / "in" / "out"))) == 3


def test_what_cannot_be_opened_fails(inspector: Inspector, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    missing = Found(tmp_path / "missing.csv", PurePath("missing.csv"), named=True)
    for found in (Found(tmp_path / "pipe", PurePath("pipe"), named=True), missing):
        assert codes(run_of(inspector).check(found).check) == {"not-checked"}


class _Fatal:
    """A gate whose process does not live to tell."""

    def __init__(self, act: Any) -> None:
        self._act = act

    def check(self, file: BinaryIO, name: str) -> ReleaseCheck:
        self._act()
        raise AssertionError


def grow() -> None:
    kept = []
    while True:
        kept.append(bytearray(50_000_000))


def spin() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "signal SIGSEGV"),
        (lambda: os._exit(3), "exit code 3"),
        (grow, "exit code 1"),
        (spin, "CPU limit"),
    ],
)
def test_a_process_that_dies_is_an_objection(tmp_path: Path, act: Any, why: str) -> None:
    room = Room(seconds=60, confinement=Confinement(memory_bytes=400_000_000, cpu_seconds=1))
    gate: Any = _Fatal(act)
    check = ReleaseRun(gate, room=room).check(written(tmp_path / "a.csv")).check
    assert codes(check) == {"not-checked"}
    assert why in check.objections[0].text


@pytest.mark.parametrize("answer", [{"check": 1}, {"objections": "x"}, {}])
def test_an_answer_that_is_no_check_is_an_objection(
    tmp_path: Path, answer: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a process that a parser has taken over would answer.
    monkeypatch.setattr("scanner.release.run.check_to_json", lambda _: answer)

    class Harmless:
        def check(self, file: BinaryIO, name: str) -> None:
            return None

    gate: Any = Harmless()
    assert codes(ReleaseRun(gate).check(written(tmp_path / "a.csv")).check) == {"not-checked"}


def test_a_process_that_takes_too_long_is_ended() -> None:
    with pytest.raises(EndedError, match="time limit"):
        run_apart(lambda: signal.pause() or {}, Room(seconds=0.2), ())  # type: ignore[func-returns-value]


def test_a_process_apart_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def work() -> dict[str, object]:
        import tempfile

        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(b"secret")
        return {"name": file.name}

    name = str(run_apart(work, Room(), ())["name"])
    assert name.startswith(str(tmp_path))
    assert listed(tmp_path) == []
