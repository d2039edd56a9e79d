"""Remedies on real files: done, undone to the last attribute, refused, and killed at every step."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import Engine

from scanner.documents.model import Status
from scanner.judgement.assessment import PeopleCount, Severity
from scanner.shares.remedies import ChoiceError, Remedy, Remedying, Vault, parse_choice
from scanner.shares.remedies.moving import note_name
from scanner.shares.remedies.snapshot import hash_of, held, snapshot
from scanner.store.audit import AuditLog
from scanner.store.entry import Audience, Exposure, LedgerEntry
from scanner.store.remedies import ActState, Journal, Kind, open_journal
from scanner.store.remedies.journal import metadata
from tests.schema import differences

KEY = bytes(32)
AUDIT = bytes(31) + b"a"
LONG_AGO = 1_600_000_000_123_456_789


@dataclass
class House:
    """A share with one sensitive file, a vault, a journal."""

    tmp: Path
    file: Path
    vault: Vault

    def engine(self) -> Engine:
        return open_journal(f"sqlite:///{self.tmp / 'dlp.db'}")

    def acting(self) -> tuple[Remedying, Journal]:
        journal = Journal(self.engine(), AuditLog(AUDIT))
        return Remedying(journal, KEY, "ada"), journal

    def entry(self, path: Path | None = None) -> LedgerEntry:
        path = path or self.file
        with held(os.fsencode(path)) as file:
            digest = hash_of(file.file, KEY)
        about = path.stat()
        return LedgerEntry(
            path=str(path),
            raw_path=os.fsencode(path),
            folder=str(path.parent),
            size=about.st_size,
            mtime=about.st_mtime,
            kind="text",
            status=Status.INSPECTED,
            severity=Severity.HIGH,
            people=PeopleCount(3, 3),
            counts={"UK_NINO": 3},
            content_hash=digest,
            exposure=Exposure(Audience.EVERYONE),
        )

    def state(self) -> dict[str, Any]:
        """All that an undoing must bring back."""
        with held(os.fsencode(self.file)) as file:
            return {**snapshot(file.file), "content": os.pread(file.file, 10_000, 0), "names": self.names()}

    def names(self) -> list[str]:
        return sorted(path.name for path in self.file.parent.iterdir())

    def move(self) -> Remedy:
        return Remedy(Kind.MOVE, self.vault, "the records team")


@pytest.fixture
def house(tmp_path: Path) -> House:
    share = tmp_path / "share"
    share.mkdir()
    file = share / "staff list.xlsx"
    file.write_bytes(b"names and numbers" * 100)
    file.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(file, 5, 6)
    os.setxattr(file, "user.project", b"h\0using")
    if shutil.which("setfacl"):
        subprocess.run(["setfacl", "-m", "u:7:rw,g:8:r", file], check=True)
    os.utime(file, ns=(LONG_AGO - 5_000, LONG_AGO))
    return House(tmp_path, file, Vault(tmp_path / "vault"))


REMEDIES: dict[str, Callable[[House], Remedy]] = {
    "move": House.move,
    "restrict": lambda _: Remedy(Kind.RESTRICT),
    "tag": lambda _: Remedy(Kind.TAG),
}


@pytest.mark.parametrize("kind", REMEDIES)
def test_done_and_undone_to_the_last_attribute(house: House, kind: str) -> None:
    before = house.state()
    acting, journal = house.acting()

    (outcome,) = acting.apply("run-1", [house.entry()], REMEDIES[kind](house))

    assert outcome.refused == ""
    (act,) = journal.acts()
    assert (act.state, act.kind, act.run, act.actor) == (ActState.DONE, kind, "run-1", "ada")
    if kind == "move":
        assert house.names() == ["staff list.xlsx - moved.txt"]
        assert (house.vault.folder / "R-000001" / "content").read_bytes() == before["content"]
        assert stat.S_IMODE((house.vault.folder / "R-000001" / "content").stat().st_mode) == 0o600
    else:
        assert house.state()["content"] == before["content"]
    if kind == "restrict":
        assert stat.S_IMODE(house.file.stat().st_mode) == 0o600
        assert "system.posix_acl_access" not in os.listxattr(house.file)
    if kind == "tag":
        assert os.getxattr(house.file, "user.dlp.finding") == b"high; run run-1; R-000001"

    (undone,) = acting.undo(journal.acts())

    assert undone.refused == ""
    assert house.state() == before
    assert not house.vault.folder.exists() or not list(house.vault.folder.iterdir())
    assert journal.acts()[0].state is ActState.UNDONE
    audit = AuditLog(AUDIT)
    assert audit.verify(house.engine()).sound
    with house.engine().connect() as connection:
        told = [row.event.act for row in audit.events(connection)]
    assert told[0] == f"remedy.{kind}.intended"
    assert told[-3:] == [f"remedy.{kind}.done", f"remedy.{kind}.undoing", f"remedy.{kind}.undone"]


def test_the_note_says_why_and_whom_to_ask_and_nothing_of_what_was_found(house: House) -> None:
    acting, _ = house.acting()
    list(acting.apply("run-1", [house.entry()], house.move()))
    note = house.file.with_name("staff list.xlsx - moved.txt")
    text = note.read_text()
    assert "the records team" in text
    assert "R-000001" in text
    assert "not been deleted" in text
    assert "NINO" not in text
    assert "high" not in text
    assert stat.S_IMODE(note.stat().st_mode) == 0o664


def _another_content(house: House) -> None:
    data = house.file.read_bytes()
    house.file.write_bytes(data[:-1] + b"!")
    os.utime(house.file, ns=(LONG_AGO, LONG_AGO))


def _a_link(house: House) -> None:
    house.file.rename(house.file.with_name("other"))
    house.file.symlink_to("other")


def _a_linked_folder(house: House) -> None:
    real = house.tmp / "elsewhere"
    house.file.parent.rename(real)
    house.file.parent.symlink_to(real)


def _hard_link(house: House) -> None:
    os.link(house.file, house.tmp / "second name")


def _note_is_there(house: House) -> None:
    house.file.with_name("staff list.xlsx - moved.txt").write_text("mine")


def _open_vault(house: House) -> None:
    house.vault.folder.mkdir(mode=0o755)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (lambda house: house.file.unlink(), "not there any more"),
        (lambda house: house.file.write_text("x"), "another size"),
        (_another_content, "another content"),
        (_a_link, "become a link"),
        (_a_linked_folder, "become a link"),
        (_hard_link, "2 names"),
        (_note_is_there, "name of its note"),
        (_open_vault, "nobody else can enter"),
    ],
)
def test_refused_and_left_as_it_is(house: House, happens: Callable[[House], Any], says: str) -> None:
    entry = house.entry()
    happens(house)
    before = sorted(str(path) for path in house.file.parent.iterdir())
    acting, journal = house.acting()
    (outcome,) = acting.apply("run-1", [entry], house.move())
    assert says in outcome.refused
    assert sorted(str(path) for path in house.file.parent.iterdir()) == before
    assert not any(act.state is ActState.DONE for act in journal.acts())
    assert not list(house.vault.folder.glob("*/content"))


def test_a_dry_run_changes_nothing_and_reads_nothing(house: House) -> None:
    before = house.state()
    acting, journal = house.acting()
    assert [one.refused for one in acting.check([house.entry()], house.move())] == [""]
    assert house.state() == before
    assert journal.acts() == []
    assert not house.vault.folder.exists()


def test_undo_is_refused_where_something_else_lies_in_its_place(house: House) -> None:
    acting, journal = house.acting()
    list(acting.apply("run-1", [house.entry()], house.move()))
    house.file.write_text("a new file of that name")
    (outcome,) = acting.undo(journal.acts())
    assert outcome.refused == "something else lies in its place"
    assert house.file.read_text() == "a new file of that name"
    assert journal.acts()[0].state is ActState.DONE
    house.file.unlink()
    assert [one.refused for one in acting.undo(journal.acts())] == [""]
    assert house.file.stat().st_size == 1_700


def test_undo_is_refused_where_somebody_changed_the_rights_since(house: House) -> None:
    acting, journal = house.acting()
    list(acting.apply("run-1", [house.entry()], Remedy(Kind.RESTRICT)))
    house.file.chmod(0o640)
    (outcome,) = acting.undo(journal.acts())
    assert "somebody has changed" in outcome.refused
    assert stat.S_IMODE(house.file.stat().st_mode) == 0o640


def test_undo_is_refused_where_the_vault_was_tampered_with(house: House) -> None:
    acting, journal = house.acting()
    list(acting.apply("run-1", [house.entry()], house.move()))
    (house.vault.folder / "R-000001" / "content").write_bytes(b"other")
    (outcome,) = acting.undo(journal.acts())
    assert "not what was put there" in outcome.refused
    assert not house.file.exists()


# --- killed at every step -----------------------------------------------------------------------------------

_STEPS = ("open", "rename", "link", "unlink", "mkdir", "fsync", "fchmod", "fchown", "write", "setxattr")


def _killed_at(step: int, work: Callable[[], Any]) -> bool:
    """Run ``work`` in a process that dies before its ``step``-th change; returns whether it ended well."""
    pid = os.fork()
    if pid == 0:
        count = 0

        def dying(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                nonlocal count
                count += 1
                if count > step:
                    _die()
                return real(*arguments, **options)

            return call

        for name in _STEPS:
            setattr(os, name, dying(getattr(os, name)))
        try:
            work()
        finally:
            os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def _die() -> NoReturn:
    os._exit(9)


def _content_is_somewhere_once(house: House, content: bytes) -> None:
    there = house.file.exists() and house.state()["content"] == content
    kept = list(house.vault.folder.glob("*/content"))
    assert there != (len(kept) == 1 and kept[0].read_bytes() == content)
    assert not any(name.startswith(".dlp-") for name in house.names())


@pytest.mark.parametrize("kind", REMEDIES)
def test_killed_at_every_step_of_doing(house: House, kind: str) -> None:
    before = house.state()
    entry = house.entry()
    house.engine().dispose()

    def work() -> None:
        acting, _ = house.acting()
        list(acting.apply("run-1", [entry], REMEDIES[kind](house)))

    for step in range(200):
        ended = _killed_at(step, work)
        acting, journal = house.acting()
        acting.recover()
        assert all(act.state in (ActState.DONE, ActState.DROPPED, ActState.UNDONE) for act in journal.acts())
        if kind == "move":
            _content_is_somewhere_once(house, before["content"])
        list(acting.undo(journal.acts(states=(ActState.DONE,))))
        assert house.state() == before, step
        if ended:
            break
    assert ended
    assert step > 3


def test_killed_at_every_step_of_undoing(house: House) -> None:
    before = house.state()
    entry = house.entry()

    def work() -> None:
        acting, journal = house.acting()
        list(acting.undo(journal.acts(states=(ActState.DONE,))))

    for step in range(200):
        acting, journal = house.acting()
        if not journal.acts(states=(ActState.DONE,)):
            assert [one.refused for one in acting.apply("run-1", [entry], house.move())] == [""]
        ended = _killed_at(step, work)
        acting.recover()
        _content_is_somewhere_once(house, before["content"])
        if ended:
            break
    assert ended
    assert step > 3
    assert house.state() == before


def test_an_interrupted_undoing_never_takes_a_strangers_file_for_ours(house: House) -> None:
    acting, journal = house.acting()
    list(acting.apply("run-1", [house.entry()], house.move()))
    journal.turn(journal.acts()[0], ActState.UNDOING, actor="ada")
    house.file.write_text("a stranger's")
    acting.recover()
    assert journal.acts()[0].state is ActState.DONE
    assert (house.vault.folder / "R-000001" / "content").exists()


# --- choosing -----------------------------------------------------------------------------------------------


def _entry(**changes: Any) -> LedgerEntry:
    known: dict[str, Any] = {
        "path": "/srv/hr/a.xlsx",
        "raw_path": b"/srv/hr/a.xlsx",
        "folder": "/srv/hr",
        "size": 1,
        "mtime": 0.0,
        "kind": "text",
        "status": Status.INSPECTED,
        "severity": Severity.HIGH,
        "people": PeopleCount(10, 12),
        "counts": {"UK_NINO": 2},
        "exposure": Exposure(Audience.EVERYONE),
    }
    return LedgerEntry(**{**known, **changes})


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ("severity>=high", True),
        ("severity>=critical", False),
        ("severity=medium", False),
        ("severity = high", True),
        ("exposed", True),
        ("severity>=high, exposed, people>=10", True),
        ("people>=11", False),
        ("audience>=public", False),
        ("audience=everyone", True),
        ("type=UK_NINO", True),
        ("type=UK_NHS", False),
        ("under=/srv/hr", True),
        ("under=/srv/h", False),
        ("name=*.xlsx", True),
        ("name=*.docx", False),
    ],
)
def test_choice(written: str, fits: bool) -> None:
    assert parse_choice(written).fits(_entry()) is fits


@pytest.mark.parametrize(
    "written", ["", " , ", "severity", "severity>=bad", "severity>high", "people>=x", "all"]
)
def test_no_choice(written: str) -> None:
    with pytest.raises(ChoiceError):
        parse_choice(written)


def test_the_tables_are_those_that_the_code_describes(house: House) -> None:
    assert differences(house.engine(), metadata) == []


def test_note_names_fit_into_a_folder() -> None:
    assert len(note_name(b"x" * 255)) <= 255
    assert note_name(b"a.txt") == b"a.txt - moved.txt"
