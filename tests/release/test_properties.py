"""Which properties speak of people, and which of nothing but the program."""

from __future__ import annotations

import pytest

from scanner.release.properties import is_about_people, is_harmless, is_path


@pytest.mark.parametrize(
    ("label", "text", "harmless", "why"),
    [
        ("title", "Minutes of the meeting", True, "wanted"),
        ("language", "en-GB", True, "wanted"),
        ("generator", "LibreOffice/7.4.7.2", True, "the program"),
        ("xmp:CreatorTool", "Writer", True, "the program, in another vocabulary"),
        ("creator", "python-docx", True, "a program as author"),
        ("creator", "Microsoft Office User", True, "nobody"),
        ("compression", "tiff_lzw", True, "how a picture is stored"),
        ("creator", "Una Quinn", False, "an author"),
        ("creator", "Writer Quinn", False, "near miss: a name that begins like a program"),
        ("Company", "Mid Ulster Borough Council", False, "a firm"),
        ("last saved by", "uquinn", False, "an account"),
        ("Case officer", "Una Quinn", False, "somebody's own property"),
        ("title", "C:\\Users\\uquinn\\Desktop\\draft 3.docx", False, "near miss: a title that is a path"),
        ("", "Una Quinn", False, "no name at all"),
    ],
)
def test_harmless(label: str, text: str, harmless: bool, why: str) -> None:
    assert is_harmless(label, text) is harmless, why


@pytest.mark.parametrize(
    ("label", "people"),
    [
        ("dc:creator", True),
        ("Last Modified By", True),
        ("initial creator", True),
        ("Ward", False),
        ("", False),
    ],
)
def test_about_people(label: str, people: bool) -> None:
    assert is_about_people(label) is people


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (r"C:\Users\uquinn\a.dotx", True),
        (r"\\srv01\hr\pay.xlsx", True),
        ("file:///home/u/a.odt", True),
        ("see (/home/uquinn/a)", True),
        ("https://www.example.gov.uk/home/planning", False),
        ("and/or", False),
        ("Ratio 1:2\\3", False),
    ],
)
def test_paths(text: str, path: bool) -> None:
    assert is_path(text) is path
