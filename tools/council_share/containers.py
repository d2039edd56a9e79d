"""Puts text into the containers that councils use, the same bytes for the same input where possible."""

from __future__ import annotations

import csv
import datetime
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import docx
import openpyxl
import pikepdf
import pptx
import pyzipper
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

_MOMENT = datetime.datetime(2025, 3, 14, 9, 30, tzinfo=datetime.UTC)
_STAMP = (2025, 3, 14, 9, 30, 0)
Rows = Sequence[Sequence[str]]


def _same_bytes(package: bytes, extra: Mapping[str, bytes] | None = None) -> bytes:
    """An Office package again, with fixed times in the archive and in its properties."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(written, "w") as target:
        members = {item.filename: source.read(item) for item in source.infolist()}
        members.update(extra or {})
        for name, content in members.items():
            if name == "docProps/core.xml":
                content = re.sub(rb">\d{4}-\d\d-\d\dT[\d:]+Z<", b">2025-03-14T09:30:00Z<", content)
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)
    return written.getvalue()


def _plain_time(properties: Any) -> None:
    properties.created = properties.modified = _MOMENT.replace(tzinfo=None)


def word(
    title: str,
    paragraphs: Iterable[str],
    *,
    header: str = "",
    table: Rows = (),
    comment: str = "",
    deleted: str = "",
    hidden: str = "",
    author: str = "Harnborough BC",
    subject: str = "",
) -> bytes:
    """A Word document; ``deleted`` is a tracked deletion, ``hidden`` a run with the hidden attribute."""
    document = docx.Document()
    _plain_time(document.core_properties)
    document.core_properties.title = title
    document.core_properties.author = author
    document.core_properties.subject = subject
    if header:
        document.sections[0].header.paragraphs[0].text = header
    document.add_heading(title, 1)
    last = None
    for paragraph in paragraphs:
        if paragraph.startswith("# "):
            last = document.add_heading(paragraph[2:], 2)
        elif paragraph.startswith("- "):
            last = document.add_paragraph(paragraph[2:], style="List Bullet")
        else:
            last = document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=0, cols=len(table[0]), style="Table Grid")
        for row in table:
            for cell, text in zip(grid.add_row().cells, row, strict=True):
                cell.text = text
    if comment and last is not None:
        last.runs[0].text = last.runs[0].text
        note = document.add_comment(last.runs, text=comment, author="Team manager", initials="TM")
        note._comment_elm.set(qn("w:date"), "2025-03-14T09:30:00Z")
    if deleted:
        run = document.add_paragraph("")._p
        deletion = OxmlElement("w:del")
        deletion.set(qn("w:id"), "901")
        deletion.set(qn("w:author"), "Business support")
        deletion.set(qn("w:date"), "2025-03-01T10:00:00Z")
        old_run, old_text = OxmlElement("w:r"), OxmlElement("w:delText")
        old_text.text = deleted
        old_run.append(old_text)
        deletion.append(old_run)
        run.append(deletion)
    if hidden:
        document.add_paragraph("").add_run(hidden).font.hidden = True
    written = io.BytesIO()
    document.save(written)
    return _same_bytes(written.getvalue())


def sheet(
    sheets: Mapping[str, Rows],
    *,
    hidden_sheets: Sequence[str] = (),
    hidden_columns: Sequence[str] = (),
    cache: Rows = (),
) -> bytes:
    """A workbook; ``cache`` is the source of a pivot table whose own sheet was thrown away.

    Cells of digits become numbers (and lose their leading noughts) when they are written as ``=number``.
    """
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    _plain_time(workbook.properties)
    for name, rows in sheets.items():
        page = workbook.create_sheet(name)
        for row in rows:
            page.append([int(cell[1:]) if cell.startswith("=") else cell for cell in row])
        page.freeze_panes = "A2"
        if name in hidden_sheets:
            page.sheet_state = "hidden"
        else:
            for column in hidden_columns:
                page.column_dimensions[column].hidden = True
    written = io.BytesIO()
    workbook.save(written)
    return _same_bytes(written.getvalue(), _pivot_cache(written.getvalue(), cache) if cache else None)


def _pivot_cache(package: bytes, rows: Rows) -> dict[str, bytes]:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    links = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    fields = "".join(
        f'<cacheField name="{name}" numFmtId="0"><sharedItems/></cacheField>' for name in rows[0]
    )
    records = "".join("<r>" + "".join(f'<s v="{cell}"/>' for cell in row) + "</r>" for row in rows[1:])
    with zipfile.ZipFile(io.BytesIO(package)) as source:
        types = source.read("[Content_Types].xml").decode()
        relations = source.read("xl/_rels/workbook.xml.rels").decode()
        workbook = source.read("xl/workbook.xml").decode()
    xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    part = "/xl/pivotCache/pivotCache"
    return {
        "[Content_Types].xml": types.replace(
            "</Types>",
            f'<Override PartName="{part}Definition1.xml" ContentType="{kind}.pivotCacheDefinition+xml"/>'
            f'<Override PartName="{part}Records1.xml" ContentType="{kind}.pivotCacheRecords+xml"/></Types>',
        ).encode(),
        "xl/_rels/workbook.xml.rels": relations.replace(
            "</Relationships>",
            f'<Relationship Id="rIdCache" Type="{office}/pivotCacheDefinition" '
            f'Target="{part}Definition1.xml"/></Relationships>',
        ).encode(),
        "xl/workbook.xml": re.sub(
            r"(</workbook>)",
            f'<pivotCaches><pivotCache cacheId="1" {links} r:id="rIdCache"/></pivotCaches>\\1',
            workbook,
        ).encode(),
        "xl/pivotCache/pivotCacheDefinition1.xml": (
            f'{xml}<pivotCacheDefinition {main} {links} r:id="rId1" recordCount="{len(rows) - 1}">'
            f'<cacheSource type="worksheet"><worksheetSource ref="A1:Z99" sheet="Data"/></cacheSource>'
            f'<cacheFields count="{len(rows[0])}">{fields}</cacheFields></pivotCacheDefinition>'
        ).encode(),
        "xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels": (
            f'{xml}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{office}/pivotCacheRecords" '
            f'Target="pivotCacheRecords1.xml"/></Relationships>'
        ).encode(),
        "xl/pivotCache/pivotCacheRecords1.xml": (
            f'{xml}<pivotCacheRecords {main} {links} count="{len(rows) - 1}">{records}</pivotCacheRecords>'
        ).encode(),
    }


def slides(pages: Sequence[tuple[str, Sequence[str], str]]) -> bytes:
    """A slide show of (title, bullet points, speaker's notes)."""
    show = pptx.Presentation()
    _plain_time(show.core_properties)
    for title, points, notes in pages:
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = "\n".join(points)
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    written = io.BytesIO()
    show.save(written)
    return _same_bytes(written.getvalue())


def pdf(title: str, paragraphs: Iterable[str], *, table: Rows = ()) -> bytes:
    """A PDF with a text layer."""
    written = io.BytesIO()
    document = SimpleDocTemplate(written, pagesize=A4, title=title, author="Harnborough BC", invariant=1)
    styles = getSampleStyleSheet()
    story: list[Any] = [Paragraph(_escaped(title), styles["Title"])]
    for paragraph in paragraphs:
        style = styles["Heading2" if paragraph.startswith("# ") else "BodyText"]
        story += [
            Paragraph(_escaped(paragraph.removeprefix("# ")).replace("\n", "<br/>"), style),
            Spacer(1, 6),
        ]
    if table:
        grid = Table([list(row) for row in table], repeatRows=1)
        grid.setStyle(
            TableStyle([("GRID", (0, 0), (-1, -1), 0.4, "#505a5f"), ("FONTSIZE", (0, 0), (-1, -1), 8)])
        )
        story.append(grid)
    document.build(story)
    return written.getvalue()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def locked_pdf(content: bytes, *, user: str, owner: str) -> bytes:
    """The PDF encrypted with AES-256; an empty ``user`` password means that anyone can open it."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(written, encryption=pikepdf.Encryption(user=user, owner=owner, R=6))
    return written.getvalue()


def scanned_pdf(text: str) -> bytes:
    """A page that is only a picture of text, as the copier in the corridor makes it."""
    picture = Image.new("L", (1000, 1400), 246)
    ImageDraw.Draw(picture).multiline_text(
        (90, 120), text, fill=40, font=ImageFont.load_default(26), spacing=14
    )
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, invariant=1)
    canvas.drawImage(ImageReader(picture.rotate(0.6, fillcolor=246)), 0, 0, A4[0], A4[1])
    canvas.save()
    return written.getvalue()


def mail(
    sender: str,
    recipients: str,
    subject: str,
    text: str,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    *,
    cc: str = "",
) -> bytes:
    """A message with attachments of (file name, type, content)."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, recipients, subject
    if cc:
        message["Cc"] = cc
    message["Date"] = _MOMENT
    message["Message-ID"] = "<20250314093000.4711@harnborough.gov.uk>"
    message.set_content(text)
    for name, kind, content in attachments:
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    if attachments:
        message.set_boundary("=_harnborough_part")
    return message.as_bytes()


def archive(members: Mapping[str, bytes]) -> bytes:
    """A ZIP file."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)
    return written.getvalue()


def locked_archive(members: Mapping[str, bytes], password: str) -> bytes:
    """A ZIP file encrypted with AES-256 (its salt is random: the bytes differ from run to run)."""
    written = io.BytesIO()
    with pyzipper.AESZipFile(
        written, "w", compression=zipfile.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as target:
        target.setpassword(password.encode())
        for name, content in members.items():
            target.writestr(name, content)
    return written.getvalue()


def western(text: str) -> str:
    """What an old program leaves of a text: letters that cp1252 lacks lose their marks."""
    return "".join(
        char if _in_cp1252(char) else unicodedata.normalize("NFKD", char.translate(_UNMARKED))[0]
        for char in text
    )


_UNMARKED = str.maketrans("łŁıİ", "lLiI")


def _in_cp1252(char: str) -> bool:
    return char.encode("cp1252", "ignore") != b""


def delimited(rows: Rows, separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Delimited text as Excel saves it."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode(encoding)
