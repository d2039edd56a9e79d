"""The figures as a PDF to be printed: headline, tables, charts; black on white, page numbers."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from smtp_filter.triage.figures.model import Dashboard
from smtp_filter.triage.figures.tabling import Tabled, headline, tables_of
from smtp_filter.triage.web.safe_text import safe_text

_COLOURS = ("#1d70b8", "#f47738", "#484949")


def as_pdf(figures: Dashboard, title: str, council: str, zone: str, made_at: float) -> bytes:
    """The report as a PDF."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer

    styles = getSampleStyleSheet()
    output = io.BytesIO()
    document = SimpleDocTemplate(
        output,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=f"{title}, {_latin(council)}",
        author=_latin(council),
        subject="Data loss prevention",
        lang="en-GB",
    )
    clock = ZoneInfo(zone)

    def day(moment: float) -> str:
        at = datetime.fromtimestamp(moment, clock)
        return f"{at.day} {at:%B %Y}"

    made = datetime.fromtimestamp(made_at, clock)
    parts: list[Any] = [
        Paragraph(_escaped(title), styles["Title"]),
        Paragraph(
            _escaped(
                f"{council}. From {day(figures.since)} until {day(figures.until - 1)}; "
                f"made {day(made_at)} at {made:%H:%M}."
            ),
            styles["Normal"],
        ),
        Spacer(1, 5 * mm),
        _table([("Figure", "Value"), *headline(figures)], document.width, colors),
    ]
    for table in tables_of(figures, zone):
        block: list[Any] = [Paragraph(_escaped(table.title), styles["Heading2"])]
        if table.series and table.labels:
            parts.append(KeepTogether([*block, _chart(table, document.width, colors)]))
            block = []
        if table.rows:
            block.append(_table([table.heads, *table.rows], document.width, colors))
        else:
            block.append(Paragraph("Nothing in this time.", styles["Normal"]))
        if table.note:
            block.append(Paragraph(_escaped(table.note), styles["Italic"]))
        # A long table may break; its heading stays with its beginning.
        parts += [KeepTogether(block)] if len(table.rows) < 16 else block
        parts.append(Spacer(1, 4 * mm))

    def foot(canvas: Any, laid: Any) -> None:
        canvas.saveState()
        canvas.setFont("Helvetica", 8)
        canvas.drawString(18 * mm, 10 * mm, _latin(f"{council}: {title}"))
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {laid.page}")
        canvas.restoreState()

    document.build(parts, onFirstPage=foot, onLaterPages=foot)
    return output.getvalue()


def _table(rows: list[tuple[str, ...]], width: float, colors: Any) -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, Table, TableStyle

    plain = ParagraphStyle("cell", fontName="Helvetica", fontSize=9, leading=11.5, splitLongWords=1)
    bold = ParagraphStyle("head", parent=plain, fontName="Helvetica-Bold")
    cells = [
        [Paragraph(_escaped(cell), plain if number else bold) for cell in row]
        for number, row in enumerate(rows)
    ]
    columns = len(rows[0])
    first = 0.62 if columns == 2 else 0.3
    table = Table(
        cells,
        colWidths=[width * first] + [width * (1 - first) / (columns - 1)] * (columns - 1),
        repeatRows=1,
        hAlign="LEFT",
    )
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.HexColor("#b1b4b6")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _chart(table: Tabled, width: float, colors: Any) -> Any:
    from reportlab.graphics.charts.barcharts import VerticalBarChart
    from reportlab.graphics.charts.legends import Legend
    from reportlab.graphics.shapes import Drawing

    drawing = Drawing(width, 150)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 30, 28, width - 40, 98
    chart.data = [[value or 0 for value in one.values] for one in table.series]
    chart.categoryAxis.categoryNames = list(table.labels)
    chart.categoryAxis.labels.fontSize = 7
    chart.categoryAxis.labels.angle = 45 if len(table.labels) > 14 else 0
    chart.categoryAxis.labels.boxAnchor = "ne" if len(table.labels) > 14 else "n"
    chart.valueAxis.valueMin = 0
    chart.valueAxis.labels.fontSize = 7
    chart.valueAxis.labelTextFormat = "%d"
    chart.groupSpacing = 6
    for index in range(len(table.series)):
        chart.bars[index].fillColor = colors.HexColor(_COLOURS[index % 3])
        chart.bars[index].strokeColor = None
    legend = Legend()
    legend.x, legend.y, legend.fontSize, legend.alignment = 30, 146, 8, "right"
    legend.columnMaximum, legend.deltax, legend.boxAnchor = 1, 110, "nw"
    legend.colorNamePairs = [
        (colors.HexColor(_COLOURS[index % 3]), one.name) for index, one in enumerate(table.series)
    ]
    drawing.add(chart)
    drawing.add(legend)
    return drawing


def _escaped(text: str) -> str:
    from xml.sax.saxutils import escape

    return escape(_latin(text))


def _latin(text: str) -> str:
    """Text in the letters that the fonts of every PDF have."""
    return safe_text(text, 300).encode("cp1252", "replace").decode("cp1252")
