"""``dlp check-release`` from options to exit code, with the real rules."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from scanner.commands import inspecting
from scanner.commands.exits import Exit
from scanner.inspection import InspectionSettings, Inspector
from tests.release.people import names, nhs_number

from .conftest import Dlp


@pytest.fixture(scope="module")
def built() -> Inspector:
    return Inspector.build(InspectionSettings(key=bytes(32)))


@pytest.fixture(autouse=True)
def _built_once(built: Inspector, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules without the language model, loaded once for all tests."""
    monkeypatch.setattr(inspecting, "inspector", lambda _settings, _key, show_values=False: built)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One file that may be published, and one with a sheet that nobody sees."""
    root = tmp_path / "to-publish"
    root.mkdir()
    (root / "requests.csv").write_text("Service,Requests\nParks,120\nWaste,310\n")
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (("Service", "Staff"), ("Parks", 120), ("Waste", 310)):
        sheet.append(row)
    hidden = book.create_sheet("Payroll")
    hidden.sheet_state = "hidden"
    hidden.append(("Forename", "Surname", "NHS number"))
    for number, (first, last) in enumerate(names(9)):
        hidden.append((first, last, nhs_number(number)))
    book.save(root / "staff.xlsx")
    return root


def test_a_table_for_people(dlp: Dlp, folder: Path) -> None:
    said = dlp("check-release", folder)
    assert said.code == Exit.FINDINGS
    assert f"PASS  {folder}/requests.csv" in said.out
    assert f"FAIL  {folder}/staff.xlsx" in said.out
    assert 'hidden-sheet  sheet "Payroll" (hidden)' in said.out
    assert "9 rows" in said.out
    assert said.out.rstrip().endswith("2 files: 1 pass, 1 fail")
    assert nhs_number(0) not in said.out + said.err


def test_everything_passes(dlp: Dlp, folder: Path) -> None:
    said = dlp("check-release", folder / "requests.csv")
    assert (said.code, said.out.rstrip().endswith("1 file: 1 pass, 0 fail")) == (Exit.CLEAN, True)


def test_json_and_safe_copies(dlp: Dlp, folder: Path, tmp_path: Path) -> None:
    said = dlp("check-release", folder, "--safe-copy", tmp_path / "out", "--json")
    # The original still fails: it is not to be published.
    assert said.code == Exit.FINDINGS
    lines = {Path(line["path"]).name: line for line in map(json.loads, said.out.splitlines())}
    staff = lines["staff.xlsx"]
    assert (staff["passed"], staff["inspected"], staff["severity"]) == (False, "inspected", "high")
    assert {one["code"] for one in staff["objections"]} == {"hidden-sheet", "personal-data"}
    assert staff["safe_copy"]["path"] == str(tmp_path / "out" / "staff.xlsx")
    assert staff["safe_copy"]["check"]["passed"] is True
    assert any("Payroll" in line for line in staff["safe_copy"]["removed"])
    assert "Payroll" in (tmp_path / "out" / "staff.xlsx.removed.txt").read_text()
    assert dlp("check-release", tmp_path / "out" / "staff.xlsx").code == Exit.CLEAN


def test_one_bad_file_does_not_stop_the_others(dlp: Dlp, folder: Path) -> None:
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 broken")
    said = dlp("check-release", folder)
    assert f"FAIL  {folder}/broken.xlsx" in said.out
    assert "not-checked" in said.out
    assert said.out.rstrip().endswith("3 files: 1 pass, 2 fail")


def test_accepted_codes_are_shown_and_do_not_fail(dlp: Dlp, folder: Path) -> None:
    said = dlp("check-release", folder, "--accept", "hidden-sheet", "--accept", "personal-data")
    assert said.code == Exit.CLEAN
    assert "accepted  hidden-sheet" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("missing.docx",), "there is no file or folder"),
        ((".", "--pdf", "words"), "neither pages nor text"),
        ((".", "--accept", "hidden_sheet"), "is no code of an objection"),
        ((), "Missing argument"),
    ],
)
def test_usage(
    dlp: Dlp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = dlp("check-release", *arguments)
    assert said.code == Exit.USAGE
    assert words in said.err


def test_an_empty_folder_is_no_pass(dlp: Dlp, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = dlp("check-release", tmp_path / "empty")
    assert said.code == Exit.USAGE
    assert "nothing was checked" in said.err


def test_the_folder_of_copies_passes_with_its_lists(dlp: Dlp, folder: Path, tmp_path: Path) -> None:
    dlp("check-release", folder, "--safe-copy", tmp_path / "out")
    said = dlp("check-release", tmp_path / "out")
    assert said.code == Exit.CLEAN
    assert "do not publish it" in said.out


def test_safe_copy_must_be_a_folder(dlp: Dlp, folder: Path) -> None:
    said = dlp("check-release", folder, "--safe-copy", folder / "requests.csv")
    assert said.code == Exit.USAGE
    assert "name a folder" in said.err


def test_a_name_cannot_talk_to_the_terminal(dlp: Dlp, folder: Path) -> None:
    (folder / "a\x1b[31m.csv").write_text("Service,Requests\nParks,120\n")
    assert "\x1b" not in dlp("check-release", folder).out
