"""Clean Word documents: visible text and tables, as DOCX with the parts that it cannot do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import BinaryIO

from scanner.release.copying.package import CONTENT_TYPES, OFFICE, RELATIONSHIPS, CleanPackage, words
from scanner.release.copying.visible import Heading, Paragraph, TableRow

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
# A longer table goes on in a further one: its width must be known before its first row is written.
_ROWS_OF_A_TABLE = 20_000
_MOST_COLUMNS = 63  # Word's own limit
# Twentieths of a point across a page of A4 with its margins.
_PAGE_WIDTH = 9_000
_FONT = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:cs="Arial"/><w:sz w:val="22"/>'
_STYLES = (
    f'<w:styles xmlns:w="{_MAIN}"><w:docDefaults><w:rPrDefault><w:rPr>{_FONT}</w:rPr></w:rPrDefault>'
    '<w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>'
    '<w:pPr><w:keepNext/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:sz w:val="26"/></w:rPr></w:style>'
    "</w:styles>"
)
_BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


def write_text_document(blocks: Iterable[Heading | Paragraph | TableRow], file: BinaryIO) -> int:
    """Write the blocks into ``file``; returns how many there were."""
    package = CleanPackage(file)
    package.part(
        "[Content_Types].xml",
        f'<Types xmlns="{CONTENT_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    )
    package.part(
        "_rels/.rels",
        f'<Relationships xmlns="{RELATIONSHIPS}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
    )
    package.part(
        "word/_rels/document.xml.rels",
        f'<Relationships xmlns="{RELATIONSHIPS}"><Relationship Id="rId1" Type="{OFFICE}/styles" '
        'Target="styles.xml"/></Relationships>',
    )
    package.part("word/styles.xml", _STYLES)
    count = 0
    with package.stream("word/document.xml") as stream:
        stream.write(f'<w:document xmlns:w="{_MAIN}"><w:body>'.encode())
        for table, members in groupby(blocks, key=_table):
            if table is None:
                for block in members:
                    count += 1
                    stream.write(_paragraph(block).encode("utf-8"))
            else:
                while rows := [row for row in islice(members, _ROWS_OF_A_TABLE) if isinstance(row, TableRow)]:
                    count += len(rows)
                    for xml in _table_xml(rows):
                        stream.write(xml.encode("utf-8"))
        stream.write(b"<w:sectPr/></w:body></w:document>")
    package.close()
    return count


def _table(block: Heading | Paragraph | TableRow) -> int | None:
    return block.table if isinstance(block, TableRow) else None


def _paragraph(block: Heading | Paragraph | TableRow) -> str:
    if isinstance(block, TableRow):
        return ""
    style = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>' if isinstance(block, Heading) else ""
    return f"<w:p>{style}{_run(block.text)}</w:p>"


def _run(text: str) -> str:
    """Text of a run: line breaks and tabs are elements of their own."""
    pieces = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        if number:
            pieces.append("<w:br/>")
        for column, piece in enumerate(line.split("\t")):
            if column:
                pieces.append("<w:tab/>")
            if piece:
                pieces.append(f'<w:t xml:space="preserve">{words(piece)}</w:t>')
    return f"<w:r>{''.join(pieces)}</w:r>"


def _table_xml(rows: list[TableRow]) -> Iterator[str]:
    width = min(_MOST_COLUMNS, max(max(row.cells) for row in rows) + 1)
    column = f'<w:gridCol w:w="{_PAGE_WIDTH // width}"/>'
    yield f"<w:tbl><w:tblPr><w:tblBorders>{_BORDERS}</w:tblBorders></w:tblPr>"
    yield f"<w:tblGrid>{column * width}</w:tblGrid>"
    for row in rows:
        # What is beyond the last column that Word allows stands in that column, one under the other.
        last = [row.cells[column] for column in sorted(row.cells) if column >= width - 1]
        texts = [row.cells.get(column, "") for column in range(width - 1)] + ["\n".join(last)]
        cells = "".join(f"<w:tc><w:p>{_run(text) if text else ''}</w:p></w:tc>" for text in texts)
        yield f"<w:tr>{cells}</w:tr>"
    # A table that another one follows, or that ends a document, needs a paragraph behind it.
    yield "</w:tbl><w:p/>"
