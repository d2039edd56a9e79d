"""Shielded people in what is told of shares: every format, differences, replays, alerts; nobody sweeps."""

from __future__ import annotations

import json
import os
import re
import shutil
import zlib
from importlib import resources
from pathlib import Path

import pytest
from sqlalchemy import select

from scanner.store.outbox import open_outbox
from scanner.store.outbox.tables import alert
from smtp_filter.commands.opening import settings_and_quarantine
from tests.smtp_filter.commands.test_quarantine import Installation

# Nobody's; each part is told in no other file.
LIST = b"reference,name\nP-1,Rosalind Quillfeather\n"
TELLING = ("rosalind", "quillfeather")
FIRST = ("Peter", "Mary", "John", "Susan", "David", "Linda", "James", "Karen", "Paul", "Helen")
LAST = ("Smith", "Jones", "Taylor", "Brown", "Davies", "Evans", "Wilson", "Thomas", "Roberts", "Walker")
FORMATS = ("table", "jsonl", "csv", "findings-csv", "changes-csv", "html", "pdf", "siro-pdf", "cef", "ocsf")
# Those in which every file of the share has to stand.
SHOWING = ("summary.txt", "files.jsonl", "files.csv", "findings.csv", "report.html", "findings.cef")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("SUDO_USER", raising=False)
    made = Installation(tmp_path, f"sqlite:///{tmp_path}/dlp.db")
    with made.config.open("a") as config:
        config.write("scan: {workers: 1}\nreports: {findings_per_file: 5}\n")
    return made


def share(folder: Path) -> Path:
    """A share with a long list that names the person near its end, in two cells, and a file in their name."""
    top = folder / "share"
    own = top / "Quillfeather R" / "plans"
    own.mkdir(parents=True)
    birth = "03/04/2012"
    rows = [f"{last},{first},{birth}" for last in LAST for first in FIRST]
    rows.insert(90, f"Quillfeather,Rosalind,{birth}")
    (top / "class list.csv").write_text("Surname,Forename,Date of birth\n" + "\n".join(rows) + "\n")
    (own / "Rosalind.txt").write_text(
        f"Name: Rosalind Quillfeather\nDate of birth: {birth}\nShe is subject to a child protection plan.\n"
    )
    (top / "other.txt").write_text(f"Name: Peter Smith\nDate of birth: {birth}\nHe has asthma.\n")
    for path in top.rglob("*"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    return top


def scan(here: Installation, top: Path, *more: str) -> str:
    result = here.run("scan", str(top), "--no-progress", "--now", *more)
    assert result.exit_code in (0, 1), result.output
    return result.output


def told_in(path: Path) -> str:
    """What a report says, its compressed streams included."""
    data = path.read_bytes()
    parts = data.split(b"stream\n") if data.startswith(b"%PDF") else []
    for part in parts:
        try:
            data += zlib.decompressobj().decompress(part)
        except zlib.error:
            continue
    return data.decode("utf-8", "replace").lower()


def alerts(here: Installation) -> int:
    _, quarantine = settings_and_quarantine(here.config)
    with quarantine.engine.connect() as connection:
        waiting = quarantine.outbox.waiting(connection, "shielded")
    quarantine.close()
    return waiting


def load(here: Installation) -> None:
    here.well("shield", "import", "-", typed=LIST.decode())


def told(path: Path) -> str:
    text = told_in(path)
    for word in TELLING:
        assert word not in text, (path.name, word)
    return text


def test_no_report_names_them(here: Installation, tmp_path: Path) -> None:
    top = share(tmp_path)
    load(here)
    chosen = [word for name in FORMATS for word in ("--format", name)]
    scan(here, top, *chosen, "--output", f"{tmp_path}/reports/")
    assert alerts(here) == 2, "the list, though it is beyond what is listed, and the file"
    here.well("report", *chosen, "--output", f"{tmp_path}/again/")
    for folder in (tmp_path / "reports", tmp_path / "again"):
        texts = {path.name: told(path) for path in folder.iterdir()}
        assert len(texts) == len(FORMATS)
        for name in SHOWING:
            assert "shielded subject" in texts[name], name
            assert "other.txt" in texts[name], name
    entries = map(json.loads, (tmp_path / "again" / "files.jsonl").read_text().splitlines())
    covered = [one for one in entries if "Shielded" in one.get("path", "")]
    assert [one["path"].rpartition("/")[0] for one in covered] == [str(top)] * 2, "the share, and no folder"
    assert {finding["type"] for one in covered for finding in one["findings"]} == {"SHIELDED_SUBJECT"}
    assert alerts(here) == 2, "a sighting is told once, and not once for each report"


def test_a_list_that_comes_later_covers_what_was_scanned_before(here: Installation, tmp_path: Path) -> None:
    top = share(tmp_path)
    assert "Rosalind" in scan(here, top)
    load(here)
    assert alerts(here) == 2
    report = here.well("report")
    assert report.count("Shielded subject") == 2
    assert "Rosalind" not in report
    here.well("shield", "remove", "P-1", "--reason", "no longer at risk")
    assert "Rosalind" in here.well("report")


def test_what_cannot_be_compared_is_covered(here: Installation, tmp_path: Path) -> None:
    top = share(tmp_path)
    load(here)
    key = tmp_path / "keys" / "master.key"
    key.rename(tmp_path / "away")
    output = scan(here, top)
    assert "the list of shielded people cannot be compared" in output
    assert output.count("Shielded subject") == 3, "what concerns nobody, too, until it was compared"
    assert "other.txt" not in output
    (tmp_path / "away").rename(key)
    report = here.well("report")
    assert report.count("Shielded subject") == 2
    assert "other.txt" in report
    assert alerts(here) == 2


def test_neither_differences_nor_replays_name_them(here: Installation, tmp_path: Path) -> None:
    top = share(tmp_path)
    load(here)
    scan(here, top)
    (top / "Quillfeather R" / "plans" / "Rosalind.txt").rename(top / "Rosalind moved.txt")
    (top / "class list.csv").rename(top / "list.txt")
    (top / "other.txt").rename(top / "another.txt")
    shutil.copy(top / "list.txt", top / "Quillfeather R" / "list.csv")
    (top / "other.txt").write_text("Name: Rosalind Quillfeather\n")
    scan(here, top)
    policy = tmp_path / "policy.yaml"
    policy.write_text((resources.files("rules") / "policies" / "default.yaml").read_text())
    stricter = re.sub(r"(?m)^(\s+health: )\w+", r"\1critical", policy.read_text())
    policy.write_text(stricter)
    for words in (
        ("runs", "diff"),
        ("runs", "diff", "--json"),
        ("replay", "--disable", "birth_label", "--json"),
        ("replay", "--policy", str(policy), "--json"),
    ):
        said = here.run(*words).output.lower()
        assert "shielded subject" in said or words[0] == "replay", words
        assert not [word for word in TELLING if word in said], words


def test_alerts_of_a_watch_do_not_name_them(here: Installation, tmp_path: Path) -> None:
    top = share(tmp_path)
    load(here)
    result = here.run("watch", str(top), "--once")
    assert "3 alerts" in result.output, result.output
    with open_outbox(here.url).connect() as connection:
        raised = [json.loads(told) for told in connection.execute(select(alert.c.told)).scalars()]
    shown = json.dumps(raised).lower()
    assert not [word for word in TELLING if word in shown]
    assert sorted("Shielded" in one["path"] for one in raised) == [False, True, True]
    assert {tuple(one["reasons"]) for one in raised if "Shielded" in one["path"]} == {
        ("It concerns a shielded subject.",)
    }
    assert alerts(here) == 2
