"""`dlp certificate` of a real image with a deleted letter, and of a folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.shares.sources.test_images import _need, _run, _sized

from .conftest import Dlp

LETTER = "Patient NHS number: 943 476 5919, diagnosed with asthma. Date of birth 12/03/1961\n"


def test_an_image_with_a_deleted_letter(dlp: Dlp, tmp_path: Path) -> None:
    _need("mkfs.vfat", "mcopy", "mdel")
    image = _sized(tmp_path / "stick.img", 10)
    _run("mkfs.vfat", image)
    for name, text in (("menu.txt", "Fish and chips\n"), ("letter.txt", LETTER)):
        (tmp_path / name).write_text(text)
        _run("mcopy", "-i", image, tmp_path / name, f"::{name}")
    _run("mdel", "-i", image, "::letter.txt")
    before = hashlib.sha256(image.read_bytes()).hexdigest()
    page = tmp_path / "out" / "stick.html"
    page.parent.mkdir()

    said = dlp("certificate", image, "--output", page, "--no-progress")

    assert said.code in (1, 4)
    assert "People's data was found in" in said.out
    told = json.loads(page.with_suffix(".json").read_text())
    assert told["medium"]["sha256"] == before == hashlib.sha256(image.read_bytes()).hexdigest()
    assert told["medium"]["unreadable"] == []
    assert any("(deleted" in file["path"] for file in told["found"])
    parts = ("read", "in_part", "not_read", "without_text", "text_only")
    assert told["objects"] == sum(told[part] for part in parts)
    assert told["text_only"] >= 1
    assert told["rules"]
    text = page.read_text()
    assert "What nobody looked at" in text
    assert before in text
    assert "943 476 5919" not in text + json.dumps(told)

    again = dlp("certificate", told["reference"], "--output", tmp_path / "out" / "again.html")
    assert again.code == said.code


def test_a_folder_says_that_deleted_files_were_not_looked_at(dlp: Dlp, tmp_path: Path) -> None:
    folder = tmp_path / "usb"
    folder.mkdir()
    (folder / "menu.txt").write_text("Fish and chips\n")
    page = tmp_path / "usb.html"
    said = dlp("certificate", folder, "--output", page, "--no-progress")
    assert (said.code, said.err) == (0, "")
    assert "No personal data was found" in said.out
    assert "deleted files and unallocated space: this was read through its file system" in page.read_text()
    told = json.loads(page.with_suffix(".json").read_text())
    assert (told["complete"], told["medium"]) == (True, None)


def test_what_is_nothing(dlp: Dlp, tmp_path: Path) -> None:
    said = dlp("certificate", tmp_path / "nothing", "--output", tmp_path / "x.html")
    assert said.code == 2
    assert "neither an image" in said.err
