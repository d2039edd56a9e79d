"""What was on a stick on a date: real scans, files that change, move and go, asked as a new user would."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, select, update

from scanner.store.database import writing
from scanner.store.inventory.tables import open_inventory, run
from smtp_filter.commands.opening import settings_and_quarantine
from smtp_filter.triage.shares import queries
from tests.smtp_filter.commands.test_quarantine import Installation

BIRTH = "03/04/2012"
PERSON = f"Name: Peter Smith\nDate of birth: {BIRTH}\nHe has asthma.\n"
OTHER = f"Name: Mary Jones\nDate of birth: {BIRTH}\nShe has asthma.\n"


class Stick:
    """A stick, scanned night by night."""

    def __init__(self, here: Installation, folder: Path) -> None:
        self.here = here
        self.top = folder / "media" / "stick"
        self.top.mkdir(parents=True)

    def write(self, name: str, text: str) -> None:
        path = self.top / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        os.utime(path, (1_600_000_000, 1_600_000_000))

    def scan(self, day: int, top: Path | None = None) -> None:
        """A scan of the evening of this day of November."""
        result = self.here.run("scan", str(top or self.top), "--no-progress", "--now", "--accept-vanished")
        assert result.exit_code in (0, 1), result.output
        engine = open_inventory(self.here.url)
        with writing(engine) as connection:
            last = connection.execute(select(run.c.id).order_by(run.c.id.desc()).limit(1)).scalar_one()
            began = datetime(2026, 11, day, 20, tzinfo=UTC).timestamp()
            change = {"started": began, "finished": began + 60}
            connection.execute(update(run).where(run.c.id == last).values(change))

    def there(self, on: str, path: str = "") -> dict[str, str]:
        """Names and severities of what the program says was there."""
        top = path or str(self.top)
        said = self.here.well("incidents", "contents", top, "--on", on, "--json")
        told = [json.loads(line) for line in said.splitlines()]
        return {one["path"].removeprefix(f"{self.top}/"): one["severity"] for one in told}


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stick:
    monkeypatch.delenv("SUDO_USER", raising=False)
    here = Installation(tmp_path, f"sqlite:///{tmp_path}/dlp.db")
    with here.config.open("a") as config:
        config.write("scan: {workers: 1}\n")
    return Stick(here, tmp_path)


def filled(stick: Stick) -> Stick:
    stick.write("rent.txt", PERSON)
    stick.write("old.txt", OTHER)
    stick.write("notes.txt", "The bins are emptied on Mondays.\n")
    stick.scan(1)
    (stick.top / "old.txt").unlink()
    (stick.top / "cases").mkdir()
    (stick.top / "rent.txt").rename(stick.top / "cases" / "rent.txt")
    stick.write("notes.txt", PERSON)
    stick.scan(5)
    stick.scan(6)
    return stick


def test_each_day_has_what_was_there_then(stick: Stick) -> None:
    filled(stick)
    before = {"rent.txt": "high", "old.txt": "high", "notes.txt": "none"}
    after = {"cases/rent.txt": "high", "notes.txt": "high"}
    for day, expected in ((1, before), (4, before), (5, after), (6, after), (30, after)):
        assert stick.there(f"2026-11-{day:02}") == expected, day
    # A stick is taken away, and something else may be there now.
    for path in sorted(stick.top.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    stick.scan(9)
    assert stick.there("2026-11-08") == after
    assert stick.there("2026-11-09") == {}
    stick.write("new.txt", OTHER)
    stick.scan(10)
    assert stick.there("2026-11-04") == before
    assert stick.there("2026-11-10") == {"new.txt": "high"}


def test_folders_moments_and_spellings(stick: Stick, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(stick)
    assert stick.there("2026-11-30", f"{stick.top}/cases") == {"cases/rent.txt": "high"}
    assert stick.there("2026-11-30", f"{stick.top}/cases/rent.txt") == {"cases/rent.txt": "high"}
    assert len(stick.there("2026-11-30", f"{stick.top}/")) == 2
    assert len(stick.there("2026-11-30", str(stick.top.parent))) == 2
    monkeypatch.chdir(stick.top)
    assert len(stick.there("2026-11-30", ".")) == 2
    (stick.top.parent / "link").symlink_to(stick.top)
    assert len(stick.there("2026-11-30", str(stick.top.parent / "link"))) == 2
    assert "old.txt" in stick.there("2026-11-05T19:59+00:00")
    assert "old.txt" not in stick.there("2026-11-05T20:01+00:00")


def test_nothing_there_and_nobody_looked_are_not_the_same(stick: Stick, tmp_path: Path) -> None:
    filled(stick)
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.txt").write_text("The bins are emptied on Mondays.\n")
    stick.scan(7, other)
    early = stick.here.run("incidents", "contents", str(other), "--on", "2026-11-06")
    assert early.exit_code == 1
    assert "nobody had looked" in early.output
    # Another share's run says nothing of this one, and is not named for it.
    said = stick.here.well("incidents", "contents", str(stick.top), "--on", "2026-11-08")
    assert "of 6 November 2026 20:00" in said
    assert "2 files, 2 of them with personal data" in said
    assert "people, file by file: 2 to 2" in said
    assert "1 person" in said
    assert stick.here.run("incidents", "contents", str(tmp_path / "no"), "--on", "2026-11-30").exit_code == 1
    for wrong in ("yesterday", "03/11/2026", "2026-13-01"):
        result = stick.here.run("incidents", "contents", str(stick.top), "--on", wrong)
        assert result.exit_code == 2
        assert "a day is written like" in result.output


def test_it_is_one_query_and_recorded(stick: Stick) -> None:
    filled(stick)
    _, quarantine = settings_and_quarantine(stick.here.config)
    statements: list[str] = []
    event.listen(quarantine.engine, "before_cursor_execute", lambda *said: statements.append(str(said[2])))
    with quarantine.engine.connect() as connection:
        found = queries.then(connection, str(stick.top), datetime(2026, 11, 3, tzinfo=UTC).timestamp())
    assert len(found) == 3
    assert len([one for one in statements if one.startswith("SELECT")]) == 1
    stick.there("2026-11-03")
    with quarantine.engine.connect() as connection:
        (row,) = list(quarantine.audit.events(connection, act="share.then"))
    assert row.event.subject == str(stick.top)
    quarantine.close()
