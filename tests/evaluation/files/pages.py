"""PDF pages as reporting tools and scanners of forms make them: grids, columns, rotated text, fields, comb boxes."""
# ruff: noqa: E501 (rows and parts of packages stand on one line each)

from __future__ import annotations

from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from tests.evaluation.files.exports import nowhere
from tests.evaluation.files.making import Make, Person, file, texts


def _people(make: Make, count: int, born: tuple[int, int] = (1938, 2001)) -> list[Person]:
    """People whose names the standard fonts can write."""
    made: list[Person] = []
    while len(made) < count:
        person = make.person(born)
        if person.name.encode("ascii", "replace").decode() == person.name:
            made.append(person)
        else:
            make.people.remove(person)
    return made


def drawn(draw: Any, size: tuple[float, float] = A4) -> bytes:
    """Pages drawn by hand."""
    target = BytesIO()
    canvas = Canvas(target, pagesize=size)
    draw(canvas)
    canvas.save()
    return target.getvalue()


@file("report_with_grid.pdf", "high", "critical")
def _grid(make: Make) -> bytes:
    rows: list[tuple[Any, ...]] = [("Name", "Date of birth", "NI number", "Address", "Postcode")]
    for p in _people(make, 30):
        rows.append(
            (
                make.cell("PERSON", p.name),
                make.cell("DATE_OF_BIRTH", p.dob),
                make.cell("UK_NINO", p.nino),
                make.cell("UK_ADDRESS", p.line),
                make.cell("UK_POSTCODE", p.postcode),
            )
        )
    target = BytesIO()
    SimpleDocTemplate(target, pagesize=landscape(A4)).build([Table(texts(rows, make, nowhere), repeatRows=1)])
    return target.getvalue()


@file("cells_drawn_by_column.pdf", "critical", staff=1)
def _by_column(make: Make) -> bytes:
    """A report writer that draws column after column: the text stream has no rows."""
    people = _people(make, 12, born=(2008, 2020))
    columns = (
        ("Child", [make.say("PERSON", p.name) for p in people]),
        ("DOB", [make.say("DATE_OF_BIRTH", p.dob) for p in people]),
        ("NHS No", [make.say("UK_NHS", p.nhs) for p in people]),
        ("Status", ["Child protection plan" if i % 2 else "Looked after" for i in range(12)]),
    )

    def draw(canvas: Canvas) -> None:
        for number, (label, values) in enumerate(columns):
            for row, value in enumerate((label, *values)):
                canvas.drawString(50 + number * 125, 780 - row * 18, value)

    return drawn(draw)


@file("two_letters_side_by_side.pdf", "high", "critical", people=2)
def _side_by_side(make: Make) -> bytes:
    people = _people(make, 2)

    def draw(canvas: Canvas) -> None:
        lines = []
        for p in people:
            lines.append(
                (
                    f"{p.title} {make.say('PERSON', p.name)}",
                    make.say("UK_ADDRESS", p.line),
                    p.town,
                    make.say("UK_POSTCODE", p.postcode),
                    "",
                    f"NI number {make.say('UK_NINO', p.nino)}",
                    "Your claim for Carer's",
                    "Allowance has been stopped.",
                )
            )
        for row, pair in enumerate(zip(*lines, strict=True)):
            for column, text in enumerate(pair):
                canvas.drawString(40 + column * 270, 780 - 14 * row, text)

    return drawn(draw)


@file("rotated_register.pdf", "high", "critical")
def _rotated(make: Make) -> bytes:
    people = _people(make, 8)

    def draw(canvas: Canvas) -> None:
        canvas.translate(100, 100)
        canvas.rotate(90)
        for row, p in enumerate(people):
            y = -row * 20
            canvas.drawString(0, y, make.say("PERSON", p.name))
            canvas.drawString(170, y, f"DOB {make.say('DATE_OF_BIRTH', p.dob)}")
            canvas.drawString(290, y, f"NHS {make.say('UK_NHS', p.nhs)}")

    return drawn(draw)


@file("comb_boxes.pdf", "high", "critical", people=1)
def _comb(make: Make) -> bytes:
    """A form with a box for each character."""
    p = _people(make, 1)[0]

    def draw(canvas: Canvas) -> None:
        for row, (label, value) in enumerate(
            (
                ("National Insurance number", make.say("UK_NINO", p.nino)),
                ("NHS number", make.say("UK_NHS", p.nhs)),
                ("Account number", make.say("UK_BANK_ACCOUNT", p.account)),
            )
        ):
            y = 740 - row * 50
            canvas.drawString(50, y, label)
            for index, char in enumerate(value):
                x = 250 + index * 22
                canvas.rect(x - 6, y - 6, 20, 20)
                canvas.drawString(x, y, char)
        canvas.drawString(50, 790, f"Name: {make.say('PERSON', p.name)}")

    return drawn(draw)


@file("form_fields.pdf", "high", "critical", people=1)
def _fields(make: Make) -> bytes:
    p = _people(make, 1)[0]

    def draw(canvas: Canvas) -> None:
        for row, (label, kind, value) in enumerate(
            (
                ("Full name", "PERSON", p.name),
                ("Date of birth", "DATE_OF_BIRTH", p.dob),
                ("NI number", "UK_NINO", p.nino),
                ("Mobile", "PHONE", p.mobile),
            )
        ):
            y = 760 - row * 40
            canvas.drawString(50, y, label)
            canvas.acroForm.textfield(name=label, tooltip=label, x=200, y=y - 5, value=make.say(kind, value))

    return drawn(draw)


@file("letter_spaced_heading.pdf", "high", "critical", people=1)
def _char_space(make: Make) -> bytes:
    """Values set wide, with space between the characters."""
    p = _people(make, 1)[0]

    def draw(canvas: Canvas) -> None:
        text = canvas.beginText(60, 780)
        text.textLine(f"Patient: {make.say('PERSON', p.name)}")
        text.setCharSpace(3)
        text.textLine(f"NHS {make.say('UK_NHS', p.nhs)}")
        text.setCharSpace(0)
        text.textLine(f"Born {make.say('DATE_OF_BIRTH', p.dob)}. Diagnosis: lung cancer.")
        canvas.drawText(text)

    return drawn(draw)


@file("wrapped_cells.pdf", "high", "critical")
def _wrapped(make: Make) -> bytes:
    """Narrow columns whose cells wrap over several lines."""
    style = getSampleStyleSheet()["BodyText"]
    rows: list[list[Any]] = [["Client", "NI number", "Notes"]]
    for p in _people(make, 8):
        note = f"Lives at {make.say('UK_ADDRESS', p.line)}, {p.town}. Tel {make.say('PHONE', p.mobile)}. Reported anxiety and depression; signed off until July."
        rows.append(
            [
                Paragraph(make.say("PERSON", p.name), style),
                Paragraph(make.say("UK_NINO", p.nino), style),
                Paragraph(note, style),
            ]
        )
    target = BytesIO()
    SimpleDocTemplate(target, pagesize=A4).build([Table(rows, colWidths=(70, 75, 230), repeatRows=1)])
    return target.getvalue()


@file("right_aligned_statement.pdf", "medium", "high", people=1)
def _statement(make: Make) -> bytes:
    """A statement of account: labels to the left, values to the right edge."""
    p = _people(make, 1)[0]

    def draw(canvas: Canvas) -> None:
        width = 520
        for row, (label, value) in enumerate(
            (
                ("Account holder", make.say("PERSON", p.name)),
                ("Sort code", make.say("UK_BANK_ACCOUNT", p.sort)),
                ("Account number", make.say("UK_BANK_ACCOUNT", p.account)),
                ("Rent arrears", "£1,204.77"),
                ("Address", f"{make.say('UK_ADDRESS', p.line)}, {p.town}, {p.postcode}"),
            )
        ):
            y = 760 - row * 22
            canvas.drawString(60, y, label)
            canvas.drawString(60 + width - 40 - pdfmetrics.stringWidth(value, "Helvetica", 12), y, value)

    return drawn(draw)
