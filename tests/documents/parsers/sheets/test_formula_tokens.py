"""Formulas in tokens: texts and numbers that somebody typed into them come out whole."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
import xlsxwriter

from scanner.documents.parsers.sheets.formula_tokens import (
    BIFF8,
    BIFF12,
    biff5,
    constants,
    may_hold_constants,
)
from tests.documents.libreoffice import installed
from tests.documents.parsers.reading import read

CELL, AREA, JOIN, TIMES = b"\x44\0\0\0\xc0", b"\x25\1\0\2\0\0\0\1\0", b"\x08", b"\x05"
UPPER, CHOOSE_1 = b"\x41\x71\0", b"\x42\x01\x64\0"
ARRAY = b"\x60" + bytes(7)


def text(value: str) -> bytes:
    return b"\x17" + bytes((len(value), 0)) + value.encode("latin-1")


def wide(value: str) -> bytes:
    return b"\x17" + bytes((len(value), 1)) + value.encode("utf-16-le")


def number(value: float) -> bytes:
    return b"\x1f" + struct.pack("<d", value)


def small(value: int) -> bytes:
    return b"\x1e" + struct.pack("<H", value)


@pytest.mark.parametrize(
    ("tokens", "found"),
    [
        (text("JG121316A") + AREA + small(2) + b"\x1d\0" + b"\x42\4\x66\0", ["JG121316A"]),
        (text("QQ") + text("123456C") + JOIN, ["QQ123456C"]),
        (text("Born ") + CELL + JOIN + text(" in Leeds") + JOIN, ["Born   in Leeds"]),
        (text("QQ") + number(123456) + JOIN + text("C") + JOIN, ["QQ123456C"]),
        (wide("Ωmega"), ["Ωmega"]),
        (text("a\x17\x03\0bcd efg"), ["a\x17\x03\0bcd efg".replace("\0", ", ")]),  # not looked into
        (number(4505577104) + CELL + b"\x0b", ["4505577104"]),
        (CELL + text("yes") + b"\x19\x02\x08\0" + text("maybe") + b"\x19\x08\3\0" + b"\x42\3\1\0",
         ["yes", "maybe"]),
        (CELL + b"\x19\x04\1\0\4\0\x0c\0" + text("first") + b"\x19\x08\3\0" + b"\x42\2\x64\0", ["first"]),
        (text("hidden") + UPPER + text("tail") + JOIN, ["hidden", "tail"]),
        (b"\x7f\7\7" + text("behind an unknown token"), ["behind an unknown token"]),
        (text("whole") + b"\x17\x40\0broken off", ["whole"]),
        # Near misses: what is nobody's.
        (text("ab") + text("") + b"\x0b", []),
        (number(1.5) + number(1234567) + TIMES + number(1e300) + TIMES, []),
        (small(65535) + CELL + TIMES, []),
        (b"\x3a\0\0\x17\3\0abc", []),  # the place of a cell, not a string
        (b"", []),
    ],
)  # fmt: skip
def test_constants_of_excel_97(tokens: bytes, found: list[str]) -> None:
    assert constants(tokens, b"", BIFF8) == found
    assert may_hold_constants(tokens) or not found


def test_constants_of_other_generations() -> None:
    latin = text("Jos\xe9").replace(b"\4\0", b"\4", 1)
    assert constants(latin + b"\x44\0\xc0\0" + b"\x08", b"", biff5("cp1252")) == ["José"]
    long = b"\x17\x0a\0" + "4505577104".encode("utf-16-le")
    assert constants(b"\x24" + bytes(6) + long + b"\x08", b"", BIFF12) == ["4505577104"]


def test_a_formula_longer_than_any_is_searched() -> None:
    pieces = text("abc") + (text("def") + JOIN) * 20_000
    assert constants(pieces, b"", BIFF8) == ["abc"] + ["def"] * 20_000


def test_array_constants() -> None:
    values = b"\2" + struct.pack("<HB", 5, 0) + b"Smith" + b"\1" + struct.pack("<d", 4505577104.0)
    assert constants(ARRAY, b"\1\0\0" + values, BIFF8) == ["Smith", "4505577104"]
    wide_values = b"\1\5\0" + "Smith".encode("utf-16-le") + b"\0" + struct.pack("<d", 4505577104.0)
    extra = struct.pack("<LL", 2, 1) + wide_values
    assert constants(b"\x60" + bytes(14), extra, BIFF12) == ["Smith", "4505577104"]
    assert constants(ARRAY, b"\xff\xff\xff\2", BIFF8) == []


@pytest.mark.skipif(not installed(), reason="LibreOffice is not installed")
def test_formulas_that_a_program_wrote(tmp_path: Path) -> None:
    formulas = {
        "A1": '=VLOOKUP("JG121316A",C1:D9,2,FALSE)',
        "A2": '="QQ"&"123456"&UPPER(B1)&"C"',
        "A3": "=IF(B1=4505577104,1,2)",
        "A4": '=IF(ISNUMBER(MATCH(B1,{"Osei","Okafor";"Jones","Patel"},0)),"known","unknown")',
        "A5": '="Smith, "&TEXT(B1,"dd/mm/yyyy")&" born"',
        "A6": "=SUM(B1:B9)*1.175+1234567",
    }
    with xlsxwriter.Workbook(tmp_path / "f.xlsx") as book:
        sheet = book.add_worksheet("S")
        for cell, formula in formulas.items():
            sheet.write_formula(cell, formula, None, "cached")
    command = ("soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless")
    run = (*command, "--convert-to", "xls:MS Excel 97", "--outdir", tmp_path, tmp_path / "f.xlsx")
    subprocess.run(run, check=True, capture_output=True, timeout=120)
    segments, coverage = read((tmp_path / "f.xls").read_bytes())
    found = {(one.text, one.location.parts[-1]) for one in segments if "formula" in one.hidden}
    assert found == {
        ("JG121316A", "A1"), ("QQ123456 C", "A2"), ("4505577104", "A3"), ("known", "A4"), ("unknown", "A4"),
        ("Osei", "A4"), ("Okafor", "A4"), ("Jones", "A4"), ("Patel", "A4"),
        ("Smith,   born", "A5"), ("dd/mm/yyyy", "A5"),
    }  # fmt: skip
    assert not coverage.gaps
