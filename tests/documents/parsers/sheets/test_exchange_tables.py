"""SYLK and DIF: rows with their places, formats, formulas."""

from __future__ import annotations

import subprocess
from pathlib import Path

import openpyxl
import pytest

from scanner.documents.model import Status
from scanner.documents.parsers.sheets.exchange_tables import DifParser, SylkParser
from scanner.documents.places import place
from tests.documents.libreoffice import installed
from tests.documents.parsers.legacy import characters_of, mutations
from tests.documents.parsers.reading import read, segment_with

SYLK = """ID;PWXL;N;E
P;PGeneral
P;P000 000 0000
P;Pdd/mm/yyyy
B;Y3;X3;D0 0 2 2
F;P2;C3
C;Y1;X1;K"Name"
C;X2;K"NHS No"
C;X3;K"Born"
C;Y2;X1;K"Osei;; Ann"
F;P1;X2
C;K4505577104
C;X3;K28916
C;Y3;X1;K"cached";EIF(R[0]C[1]="formulatoken",1,2)
C;X2;K#N/A
C;X3;KTRUE
C;Y3;X1;A"notetoken"
NN;NManager;ER1C1
E
"""
DIF = """TABLE
0,1
"Pupils"
VECTORS
0,3
""
TUPLES
0,2
""
DATA
0,0
""
-1,0
BOT
1,0
"Name"
1,0
"UPN"
1,0
Phone
-1,0
BOT
1,0
"Osei ""Bo"" Ann"
0,4505577104
V
0,7700900123
V
-1,0
BOT
1,0
""
0,1
TRUE
0,0
NA
-1,0
EOD
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_sylk(end: str) -> None:
    segments, coverage = read(SYLK.replace("\n", end).encode())
    assert (coverage.kind, coverage.status) == ("sylk", Status.INSPECTED)
    row = segment_with(segments, "450 557 7104")
    assert row.text == "Osei; Ann\t450 557 7104\t02/03/1979"
    assert [item.label for item in row.fields] == ["Name", "NHS No", "Born"]
    assert str(place(row, row.text.index("450"))) == "B2"
    literal = segment_with(segments, "formulatoken")
    assert (str(literal.location), literal.hidden) == ("A3", "text in a formula")
    assert segment_with(segments, "notetoken").hidden == "comment"
    assert segment_with(segments, "Manager").hidden == "defined name"


def test_dif() -> None:
    segments, coverage = read(DIF.encode())
    assert (coverage.kind, coverage.status) == ("dif", Status.INSPECTED)
    row = segment_with(segments, "4505577104")
    assert row.text == 'Osei "Bo" Ann\t4505577104\t7700900123'
    assert str(place(row, row.text.index("7700"))) == "C2"
    assert str(segment_with(segments, "Pupils").location) == "title"
    assert segment_with(segments, "TRUE").text == "TRUE"


def test_a_text_of_dif_may_break_over_lines() -> None:
    head = 'TABLE\n0,1\n"T"\nDATA\n0,0\n""\n-1,0\nBOT\n'
    cells = '1,0\n"12 Mill Lane\nLeeds ""North""\nLS1 4AP"\n1,0\n""\n1,0\n"next"\n-1,0\nEOD\n'
    segments, _ = read((head + cells).encode())
    assert segment_with(segments, "Mill").text == '12 Mill Lane\nLeeds "North"\nLS1 4AP'
    assert str(segment_with(segments, "next").location) == "C1"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ID;Postcode;Name\n1;LS1 4AP;Osei\n2;LS1 4AP;Okafor\n", "csv"),  # a table that begins with ID
        ("TABLE\nof contents\n", "text"),
        ("ID;P\nsomething else\n", "text"),
    ],
)
def test_what_only_begins_alike(text: str, kind: str) -> None:
    assert read(text.encode())[1].kind == kind


def test_damaged_copies_raise_nothing() -> None:
    for parser, text in ((SylkParser(), SYLK), (DifParser(), DIF)):
        for data in mutations(text.encode(), 40):
            assert characters_of(parser, data) < 100_000


@pytest.mark.skipif(not installed(), reason="LibreOffice is not installed")
def test_what_a_program_wrote(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for values in (("Name", "NHS No"), ("Osei; Ann", 4505577104), ('"Bo"', 12345678)):
        sheet.append(values)
    book.save(tmp_path / "f.xlsx")
    command = ("soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless")
    for kind, name in (("slk", "sylk"), ("dif", "dif")):
        run = (*command, "--convert-to", kind, "--outdir", tmp_path, tmp_path / "f.xlsx")
        subprocess.run(run, check=True, capture_output=True, timeout=120)
        segments, coverage = read((tmp_path / f"f.{kind}").read_bytes())
        assert coverage.kind == name
        rows = [one.text.split("\t") for one in segments if len(one.fields) == 2]
        assert rows == [["Name", "NHS No"], ["Osei; Ann", "4505577104"], ['"Bo"', "12345678"]]
