"""The demo share: repeatable, readable where it says so, and its numbers right by other people's rules."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pikepdf
import pptx
import pytest
import pyzipper
from stdnum import iban, luhn
from stdnum.gb import nhs, upn, utr

TOOL = Path(__file__).parents[2] / "tools" / "demo_share.py"
# AES salts are random: these files differ from run to run.
SALTED = {
    "Childrens Services/Emails/Export for Ofsted.zip",
    "Education/SEN/EP report (password protected).pdf",
    "Legal/Information requests/SAR response - owner password.pdf",
}


def build(folder: Path, seed: int) -> tuple[Path, list[dict[str, Any]]]:
    subprocess.run(
        [sys.executable, TOOL, folder / "share", "--seed", str(seed)], check=True, capture_output=True
    )
    return folder / "share", json.loads((folder / "expected.json").read_text("utf-8"))["files"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    return build(tmp_path_factory.mktemp("demo"), 7)


def hashes(share: Path) -> dict[str, str]:
    return {
        str(file.relative_to(share)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in share.rglob("*")
        if file.is_file() and str(file.relative_to(share)) not in SALTED
    }


def planted(files: list[dict[str, Any]], kind: str) -> list[str]:
    return [value for file in files for value in file["planted"].get(kind, ())]


def test_expectations_name_every_file_and_nothing_else(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    share, files = demo
    assert {file["path"] for file in files} == {
        str(f.relative_to(share)) for f in share.rglob("*") if f.is_file()
    }


def test_the_same_seed_makes_the_same_bytes_another_seed_others(
    demo: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    share, _ = demo
    again, _ = build(tmp_path / "again", 7)
    other, _ = build(tmp_path / "other", 8)
    assert hashes(again) == hashes(share)
    assert hashes(other).keys() == hashes(share).keys()
    assert hashes(other) != hashes(share)


def test_a_third_and_more_are_hard_negatives(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    _, files = demo
    harmless = [f for f in files if f["severity"] == "none" and f["status"] == "inspected"]
    assert len(harmless) >= len(files) // 3
    assert not any(kinds for f in harmless for kinds in f["planted"].values())
    assert {f["severity"] for f in files} == {"none", "low", "medium", "high", "critical"}


def test_numbers_are_right_by_an_independent_library(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    _, files = demo
    checks = {
        "UK_NHS": nhs.is_valid,
        "UK_CHI": nhs.is_valid,
        "UK_UTR": utr.is_valid,
        "IBAN": iban.is_valid,
        "CREDIT_CARD": lambda value: luhn.is_valid(value.replace(" ", "")),
    }
    for kind, valid in checks.items():
        values = planted(files, kind)
        assert values, kind
        assert all(valid(value) for value in values), kind
    assert all(upn.calc_check_digit(value[1:]) == value[0] for value in planted(files, "UK_UPN"))


def test_insurance_numbers_follow_the_published_grammar(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    _, files = demo
    grammar = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
    values = planted(files, "UK_NINO")
    assert len(values) > 60
    assert all(grammar.fullmatch(value.replace(" ", "")) for value in values)


@pytest.mark.parametrize(
    ("suffix", "encoding"),
    [(".txt", "utf-8"), (".csv", "utf-8"), (".md", "utf-8"), (".json", "utf-8"), (".xml", "utf-8")],
)
def test_planted_values_stand_in_the_text(
    demo: tuple[Path, list[dict[str, Any]]], suffix: str, encoding: str
) -> None:
    share, files = demo
    told = [f for f in files if f["path"].endswith(suffix) and f["planted"]]
    assert told
    for file in told:
        raw = (share / file["path"]).read_bytes()
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            text = raw.decode("cp1252")
        missing = [v for values in file["planted"].values() for v in values if v not in text]
        assert not missing, file["path"]


def test_office_files_open_and_hide_what_they_should(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    share, files = demo
    readable = [share / f["path"] for f in files if f["status"] == "inspected"]
    for file in readable:
        match file.suffix:
            case ".docx":
                docx.Document(str(file))
            case ".xlsx":
                openpyxl.load_workbook(file)
            case ".pptx":
                pptx.Presentation(str(file))
            case ".pdf":
                pikepdf.open(file).close()
    book = openpyxl.load_workbook(share / "Childrens Services/Child Protection/CP list March.xlsx")
    assert [page.sheet_state for page in book] == ["visible", "hidden"]
    assert book["On a plan"].column_dimensions["D"].hidden
    with zipfile.ZipFile(
        share / "Revenues and Benefits/Reports/Discretionary payments by ward.xlsx"
    ) as package:
        records = package.read("xl/pivotCache/pivotCacheRecords1.xml").decode()
        visible = package.read("xl/worksheets/sheet1.xml").decode()
    expected = next(f for f in files if f["path"].endswith("Discretionary payments by ward.xlsx"))
    assert all(nino in records and nino not in visible for nino in expected["planted"]["UK_NINO"])


def test_what_is_locked_is_locked_and_what_is_broken_is_broken(
    demo: tuple[Path, list[dict[str, Any]]],
) -> None:
    share, _ = demo
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(share / "Education/SEN/EP report (password protected).pdf")
    with (
        pytest.raises(RuntimeError),
        pyzipper.AESZipFile(share / "Childrens Services/Emails/Export for Ofsted.zip") as box,
    ):
        box.read("Annex A list 1.csv")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO((share / "Old H drive/backup/Core group notes.docx").read_bytes()))
    assert (share / "Old H drive/New Text Document.txt").stat().st_size == 0


def test_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    told = subprocess.run([sys.executable, TOOL, tmp_path], capture_output=True, text=True)
    assert told.returncode == 2
    assert "holds other things" in told.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_refuses_to_put_the_answers_into_the_share(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, TOOL, tmp_path / "share", "--expected", tmp_path / "share" / "expected.json"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 2
    assert not (tmp_path / "share").exists()


def test_builds_again_over_an_earlier_share_but_not_over_anything_added(tmp_path: Path) -> None:
    share, files = build(tmp_path, 7)
    build(tmp_path, 7)
    (share / "HR" / "mine.txt").write_text("keep")
    told = subprocess.run([sys.executable, TOOL, share], capture_output=True, text=True)
    assert told.returncode == 2
    assert (share / "HR" / "mine.txt").read_text() == "keep"
    assert len(files) == sum(1 for file in share.rglob("*") if file.is_file()) - 1
