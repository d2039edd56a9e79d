"""The comparison with other readers: what it counts, and that it sees what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from docx import Document

from tests.evaluation import reading


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The Harbour", {"the", "harbour"}),
        ("at 12.34567 of it", set()),
        ("4,505,577", set()),
        ("NI 123456", {"123456"}),
        ("co\u00adpper", {"copper"}),
    ],
)
def test_words(text: str, found: set[str]) -> None:
    assert reading.words(text) == found


def _silent(path: Path) -> str:
    return ""


def _same(path: Path) -> str:
    return reading.python_docx(path)


@pytest.mark.parametrize(("mine", "missing"), [(reading.ours, 0), (_silent, 3)])
def test_what_two_others_found_is_looked_for(
    mine: reading.Reading, missing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = Document()
    document.add_paragraph("copper mill harbour")
    document.save(str(tmp_path / "a.docx"))
    monkeypatch.setattr(reading, "OTHERS", {".docx": (reading.python_docx, _same)})
    monkeypatch.setattr(reading, "ours", mine)
    (compared,) = reading.compare([tmp_path / "a.docx"], with_office=False)
    assert (len(compared.agreed), len(compared.missing)) == (3, missing)
