"""Values-only workbooks: displayed cells and nothing else, as XLSX with no part that can be spared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import BinaryIO

from scanner.release.copying.package import (
    CONTENT_TYPES,
    OFFICE,
    RELATIONSHIPS,
    CleanPackage,
    attribute,
    words,
)
from scanner.release.copying.visible import SheetRow

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Excel's own limits.
_LONGEST_SHEET_NAME = 31
_LONGEST_CELL = 32_767
_LAST_ROW = 1_048_576
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")
# Only what reads the same after Excel has made a number of it; fifteen digits are all that it keeps.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\Z|-?(?:0|[1-9][0-9]{0,8})\.[0-9]{0,5}[1-9]\Z")


def write_workbook(rows: Iterable[SheetRow], file: BinaryIO) -> int:
    """Write the rows of visible sheets into ``file``; returns the number of sheets."""
    package = CleanPackage(file)
    package.part(
        "[Content_Types].xml",
        f'<Types xmlns="{CONTENT_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/></Types>',
    )
    package.part(
        "_rels/.rels",
        f'<Relationships xmlns="{RELATIONSHIPS}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
    )
    names: list[str] = []
    for name, members in groupby(rows, key=lambda row: row.sheet):
        names.append(_sheet_name(name, names))
        with package.stream(f"xl/worksheets/sheet{len(names)}.xml") as stream:
            stream.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for xml in _rows(members):
                stream.write(xml.encode("utf-8"))
            stream.write(b"</sheetData></worksheet>")
    sheets = "".join(
        f'<sheet name="{attribute(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    package.part(
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>',
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(names) + 1)
    )
    package.part(
        "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{RELATIONSHIPS}">{links}</Relationships>'
    )
    package.close()
    return len(names)


def _rows(rows: Iterable[SheetRow]) -> Iterator[str]:
    last = 0
    for row in rows:
        # Rows that a damaged file holds out of order go to the end: Excel refuses to read back.
        last = max(row.row, last + 1)
        if last > _LAST_ROW:
            return
        cells = "".join(_cell(last, column, row.cells[column]) for column in sorted(row.cells))
        yield f'<row r="{last}">{cells}</row>'


def _cell(row: int, column: int, text: str) -> str:
    place = f"{column_letters(column)}{row}"
    if _NUMBER.match(text):
        return f'<c r="{place}"><v>{text}</v></c>'
    shown = words(text[:_LONGEST_CELL])
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def column_letters(column: int) -> str:
    """The letters of a column that is numbered from 0.

    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _sheet_name(name: str, taken: list[str]) -> str:
    """A name that Excel accepts, and that no other sheet has."""
    plain = _NOT_IN_A_NAME.sub(" ", name).strip("' ")[:_LONGEST_SHEET_NAME] or "Sheet"
    lowered = {one.lower() for one in taken}
    found, number = plain, 1
    while found.lower() in lowered:
        number += 1
        ending = f" ({number})"
        found = plain[: _LONGEST_SHEET_NAME - len(ending)] + ending
    return found
