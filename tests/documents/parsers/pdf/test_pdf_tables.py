"""Tables and forms on PDF pages: values keep their labels however the page was drawn; prose stays prose."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from scanner.documents.model import Segment, Status
from scanner.documents.parsers.pdf.pdf_words import Word, lines_of
from tests.documents.parsers.reading import read

HEADER = ("Surname", "Date of birth", "Case ref", "Telephone")
ROWS = tuple((f"Person{n}", f"0{n}/03/1979", f"CS10441{n}", f"01632 96010{n}") for n in range(1, 7))
LABELS = ("Surname", "Date of birth", "Case ref", "Address")
VALUES = ("Tokenperson", "02/03/1979", "CS104417", "1 High Street, Anytown")
GRID = ("GRID", (0, 0), (-1, -1), 0.5, "black")
_SMALL = getSampleStyleSheet()["BodyText"].clone("small", fontSize=8, leading=9)


def drawn(draw: Callable[[Canvas], None], pages: int = 1) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for _ in range(pages):
        canvas.setFont("Helvetica", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def built(rows: Sequence[Sequence[object]], *style: tuple[object, ...], **options: object) -> bytes:
    out = io.BytesIO()
    table = Table(rows, style=TableStyle([("FONTSIZE", (0, 0), (-1, -1), 8), *style]), **options)
    SimpleDocTemplate(out, pagesize=A4).build([Paragraph("A list of people. " * 12, _SMALL), table])
    return out.getvalue()


def labelled(segments: Sequence[Segment]) -> dict[str, str]:
    """Each value of a field with the label over or before it."""
    return {
        segment.text[field.start : field.end]: field.label for segment in segments for field in segment.fields
    }


def by_column(canvas: Canvas) -> None:
    for column, name in enumerate(HEADER):
        for line, text in enumerate((name, *(row[column] for row in ROWS))):
            canvas.drawString(50 + 120 * column, 740 - 18 * line, text)


def sideways(canvas: Canvas) -> None:
    canvas.setPageRotation(90)
    canvas.translate(595, 0)
    canvas.rotate(90)
    canvas.translate(0, -250)
    by_column(canvas)


def wrapped(rows: Sequence[Sequence[str]]) -> list[list[Paragraph]]:
    return [[Paragraph(text, _SMALL) for text in row] for row in rows]


LONG = tuple((a, b, c, f"{d} after six in the evening on weekdays only") for a, b, c, d in ROWS)
TALL = (("Surname", "Date\nof\nbirth", "Case\nref", "Telephone"), *ROWS)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (built((HEADER, *ROWS), GRID), "rules around all cells"),
        (built((HEADER, *ROWS)), "no rules"),
        (built((HEADER, *ROWS), ("LINEBELOW", (0, 0), (-1, -1), 0.3, "grey")), "rules between rows"),
        (built((HEADER, *ROWS), ("LINEBELOW", (0, 0), (-1, 0), 1, "black")), "a rule beneath the header"),
        (built((HEADER, *ROWS), ("ROWBACKGROUNDS", (0, 0), (-1, -1), ["white", "lightgrey"])), "grounds"),
        (built((HEADER, *ROWS), ("ALIGN", (1, 0), (-1, -1), "RIGHT")), "columns end together"),
        (built(TALL), "names of columns on several lines"),
        (drawn(by_column), "drawn column by column"),
        (drawn(sideways), "a page on its side"),
        (built(wrapped((HEADER, *LONG)), GRID, colWidths=[90, 80, 80, 110]), "cells of several lines"),
        (
            built(wrapped((HEADER, *LONG)), ("VALIGN", (0, 0), (-1, -1), "TOP"), colWidths=[90, 80, 80, 110]),
            "cells of several lines without rules",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_stand_under_the_names_of_their_columns(data: bytes, why: str) -> None:
    segments, coverage = read(data)
    assert coverage.status is Status.INSPECTED
    known = labelled(segments)
    for row in ROWS:
        for text, label in zip(row, HEADER, strict=True):
            found = [value for value in known if value.startswith(text)]
            assert [known[value] for value in found] == [label], why
        assert [one for one in segments if all(text in one.text for text in row)], f"{why}: one row"
    assert any("A list of people" in one.text for one in segments) or "column" in why or "side" in why


def test_a_place_is_named_for_a_person() -> None:
    segments, _ = read(built((HEADER, *ROWS), GRID))
    row = next(one for one in segments if "CS104413" in one.text)
    assert str(row.location) == "page 1 > table > row 4"
    assert row.cells[2] == "column Case ref"


def test_a_table_that_goes_on_keeps_its_labels() -> None:
    rows = [(f"Person{n}", f"1{n % 9}/03/1979", f"CS{n:06}", "none") for n in range(90)]
    for style in ((GRID,), ()):
        segments, _ = read(built((HEADER, *rows), *style))
        assert str(segments[-1].location).startswith("page 3")
        known = labelled(segments)
        assert {known[row[2]] for row in rows} == {"Case ref"}


def form(label: Callable[[int], tuple[float, float]], value: Callable[[int], tuple[float, float]]) -> bytes:
    """A form whose labels are all drawn before its values."""

    def draw(canvas: Canvas) -> None:
        for number, text in enumerate(LABELS):
            canvas.drawString(*label(number), text)
        canvas.setFont("Courier", 10)
        for number, text in enumerate(VALUES):
            canvas.drawString(*value(number), text)

    return drawn(draw, pages=2)


def boxed(canvas: Canvas) -> None:
    for number, (label, value) in enumerate(zip(LABELS, VALUES, strict=True)):
        x, y = 50 + 250 * (number % 2), 700 - 40 * (number // 2)
        canvas.rect(x, y, 250, 40)
        canvas.setFont("Helvetica", 7)
        canvas.drawString(x + 4, y + 30, label)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(x + 4, y + 10, value)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (form(lambda n: (50, 700 - 24 * n), lambda n: (200, 700 - 24 * n)), "labels on the left"),
        (form(lambda n: (50, 700 - 24 * n), lambda n: (200, 701 - 24 * n)), "a point higher"),
        (
            form(
                lambda n: (50 + 250 * (n % 2), 700 - 24 * (n // 2)),
                lambda n: (150 + 250 * (n % 2), 700 - 24 * (n // 2)),
            ),
            "two pairs on a line",
        ),
        (
            form(
                lambda n: (50 + 150 * (n % 2), 700 - 40 * (n // 2)),
                lambda n: (50 + 150 * (n % 2), 686 - 40 * (n // 2)),
            ),
            "labels over values",
        ),
        (drawn(boxed), "labels in the corners of boxes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_of_forms_keep_their_labels(data: bytes, why: str) -> None:
    segments, _ = read(data)
    known = labelled(segments)
    assert [known.get(value) for value in VALUES] == list(LABELS), why


def comb(canvas: Canvas) -> None:
    for line, (label, value) in enumerate((("NHS number", "9434765919"), ("Date of birth", "02 03 1979"))):
        canvas.drawString(50, 700 - 40 * line, label)
        for number, digit in enumerate(value):
            if digit != " ":
                canvas.rect(200 + 18 * number, 694 - 40 * line, 18, 20)
                canvas.drawString(206 + 18 * number, 700 - 40 * line, digit)


def test_digits_in_the_boxes_of_a_comb_are_one_number() -> None:
    known = labelled(read(drawn(comb))[0])
    assert known["9434765919"] == "NHS number"
    assert known["02 03 1979"] == "Date of birth"


def letters(text: str, pitch: float) -> list[Word]:
    return [
        Word(((n, n + 1),), one, 10 + pitch * n, 16 + pitch * n, 0.0, 10.0, 0) for n, one in enumerate(text)
    ]


@pytest.mark.parametrize(
    ("words", "found", "why"),
    [
        (letters("12345678", 15), ["12345678"], "a comb"),
        (letters("123", 15), ["1", "2", "3"], "near miss: too few"),
        (letters("12345", 60), ["1", "2", "3", "4", "5"], "near miss: numbers of a table"),
    ],
)
def test_combs_are_close(words: list[Word], found: list[str], why: str) -> None:
    assert [[word.text for word in line] for line in lines_of(words)] == [found], why


SENTENCES = tuple(f"Sentence {n} of the newsletter goes over the whole width of" for n in range(18))


def two_columns(canvas: Canvas) -> None:
    for number, sentence in enumerate(SENTENCES):
        canvas.drawString(40 + 280 * (number // 9), 700 - 13 * (number % 9), sentence[:50])


def letter(canvas: Canvas) -> None:
    for number, line in enumerate(("Ms A Token", "1 High Street", "Anytown", "ZZ99 3VZ")):
        canvas.drawString(50, 740 - 13 * number, line)
    for number, line in enumerate(("Our ref: QX 104417", "Date: 3 March", "Contact: B Token", "Page 1")):
        canvas.drawString(380, 740 - 13 * number, line)
    for number, sentence in enumerate(SENTENCES):
        canvas.drawString(50, 640 - 13 * number, sentence)


def test_scattered_letters_are_kept() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(7_000):
            canvas.drawString(10 + 8 * (number % 70), 800 - 7 * (number // 70), "abcdefg"[number * 3 % 7])

    # Quadratic work would run into the time limit of all tests.
    segments, coverage = read(drawn(draw))
    assert sum(one.text.count("a") for one in segments) == 1_000
    assert coverage.status is Status.INSPECTED


def test_prose_in_columns_is_read_column_by_column() -> None:
    segments, _ = read(drawn(two_columns))
    assert [one.text.split("\n") for one in segments] == [[one[:50] for one in SENTENCES]]


def test_an_address_beside_references_stays_an_address() -> None:
    segments, _ = read(drawn(letter))
    assert "Ms A Token\n1 High Street\nAnytown\nZZ99 3VZ" in segments[0].text
    assert not [one for one in segments if one.fields]


def test_hidden_cells_are_no_part_of_the_table() -> None:
    def draw(canvas: Canvas) -> None:
        by_column(canvas)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(170, 740 - 18 * 7, "whitetoken")

    segments, _ = read(drawn(draw))
    assert [one.hidden for one in segments if "whitetoken" in one.text] == ["white text"]
    assert labelled(segments)["CS104413"] == "Case ref"


def test_text_around_tables_is_kept_in_its_place() -> None:
    out = io.BytesIO()
    story: list[object] = []
    for number in range(3):
        story.append(Paragraph(f"Tokenparagraph{number} " + "stands before the list. " * 8, _SMALL))
        story.append(Table((HEADER, *((f"{text}-{number}" for text in row) for row in ROWS))))
    SimpleDocTemplate(out, pagesize=A4).build(story)
    segments, _ = read(out.getvalue())
    order = [
        one.text[:15] for one in segments if "Tokenparagraph" in one.text or one.text.startswith("Surname")
    ]
    assert order == [part for n in range(3) for part in (f"Tokenparagraph{n}", "Surname\tDate of")]
    assert str(next(one for one in segments if "CS104411-1" in one.text).location).startswith(
        "page 1 > table 2"
    )
