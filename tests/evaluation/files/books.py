"""Writing workbooks from grids of values, with the place of each marked value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from tests.evaluation.files.making import Expected, Make, Marked, Person

Rows = Iterable[Sequence[Any]]


def book(title: str = "Sheet1") -> tuple[Workbook, Worksheet]:
    """A new workbook with one sheet."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    return made, sheet


def put(
    make: Make, sheet: Worksheet, rows: Rows, top: int = 1, left: int = 1, *, hidden: bool = False
) -> int:
    """Write rows of values; marked ones are expected at their cells.  Gives the next free row."""
    number = top - 1
    for number, row in enumerate(rows, top):
        for column, value in enumerate(row, left):
            if isinstance(value, Marked):
                place = (f'"{sheet.title}"', f"{get_column_letter(column)}{number}")
                make.expected.append(Expected(value.entity_type, value.value, place, hidden))
                value = value.stored
            if value is not None:
                sheet.cell(number, column, value)
    return number + 1


def saved(made: Workbook) -> bytes:
    """The workbook's bytes, its columns as wide as what stands in them."""
    for sheet in made.worksheets:
        for column in sheet.columns:
            longest = max((len(str(cell.value)) for cell in column if cell.value is not None), default=0)
            letter = get_column_letter(column[0].column)
            if longest and not sheet.column_dimensions[letter].hidden:
                sheet.column_dimensions[letter].width = min(60, longest + 3)
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    target = BytesIO()
    made.save(target)
    return target.getvalue()


def names(make: Make, person: Person) -> tuple[Marked, Marked]:
    """Surname and forename for cells of their own."""
    return make.cell("PERSON", person.surname), make.cell("PERSON", person.forename)


def name(make: Make, person: Person) -> Marked:
    """The whole name for one cell."""
    return make.cell("PERSON", person.name)


def born(make: Make, person: Person, stored: Any = None) -> Marked:
    """The date of birth, as text (dd/mm/yyyy) or as ``stored``."""
    return make.cell("DATE_OF_BIRTH", person.dob, stored)


def nino(make: Make, person: Person, stored: Any = None) -> Marked:
    """The National Insurance number."""
    return make.cell("UK_NINO", person.nino, stored)


def nhs(make: Make, person: Person, stored: Any = None) -> Marked:
    """The NHS number."""
    return make.cell("UK_NHS", person.nhs, stored)
