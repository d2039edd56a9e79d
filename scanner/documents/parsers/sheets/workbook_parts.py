"""Where workbooks hide what their sheets do not show: pivot caches, link caches, comments, names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scanner.documents.model import Location, Segment
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.office.ooxml_package import Package, Part, parse_xml
from scanner.documents.parsers.office.ooxml_parts import local, record
from scanner.documents.parsers.sheets.number_format import general
from scanner.documents.parsers.sheets.sheet_rows import column_number, unescape_string
from scanner.documents.protocol import Event
from scanner.documents.rows import Cell, Row, row_segment

_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z?)?\Z")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")
# A defined name that is nothing but the address of cells says nothing of its own.
_CACHE = "pivot cache"
_LINK = "external link cache"


def shown_date(text: str) -> str:
    """An ISO date as a sheet in the United Kingdom shows it; other text as it is.

    >>> shown_date("1979-03-02T00:00:00"), shown_date("soon")
    ('02/03/1979', 'soon')
    """
    match = _ISO_DATE.match(text)
    if not match:
        return text
    year, month, day, time = match.groups()
    return f"{day}/{month}/{year}" + (f" {time}" if time and time != "00:00" else "")


def _item(tag: str, value: str) -> str:
    if tag == "n":
        return general(value)
    return shown_date(value) if tag == "d" else unescape_string(value)


@dataclass(slots=True)
class PivotField:
    """A field of a pivot cache: its name and the values that records refer to by index."""

    name: str
    items: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


def pivot_cache(
    package: Package, definition: Part, records: Part | None, number: int, table: int
) -> Iterator[Event]:
    """Yield a pivot cache: its records joined to the field names, and shared items that no record uses."""
    place = Location((f"pivot cache {number}",))
    fields: list[PivotField] = []
    ready: list[Segment] = []

    def define(name: str, attributes: dict[str, str]) -> None:
        tag = local(name)
        if tag == "cacheField":
            fields.append(PivotField(unescape_string(attributes.get("name", ""))))
        elif tag in ("s", "n", "d", "b", "e") and fields and "v" in attributes:
            fields[-1].items.append(_item(tag, attributes["v"]))
        elif tag == "m" and fields:
            fields[-1].items.append("")
        elif tag == "pivotCacheDefinition" and attributes.get("refreshedBy"):
            author = attributes["refreshedBy"]
            ready.append(record([("refreshed by", author)], place / "refreshed by", "document properties"))
        elif tag == "worksheetSource" and attributes.get("sheet"):
            ready.append(record([("source sheet", attributes["sheet"])], place / "source", _CACHE))

    for _ in parse_xml(package, definition, start=define):
        yield from ready
        ready.clear()
    labels = [one.name for one in fields]
    names = tuple(f'field "{label}"' for label in labels)
    values: list[str] = []
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = local(name)
        if tag == "x":
            column = len(values)
            index = attributes.get("v", "")
            value = ""
            if index.isdecimal() and column < len(fields) and int(index) < len(fields[column].items):
                value = fields[column].items[int(index)]
                fields[column].used.add(int(index))
            values.append(value)
        elif tag in ("s", "n", "d", "b", "e", "m"):
            values.append(_item(tag, attributes.get("v", "")))

    def end(name: str) -> None:
        nonlocal count
        if local(name) == "r":
            count += 1
            ready.append(
                row_segment(
                    values, labels, place / f"record {count}", cells=names, table=table, hidden=_CACHE
                )
            )
            values.clear()

    if records is not None:
        for _ in parse_xml(package, records, start=start, end=end):
            yield from ready
            ready.clear()
    for one, name in zip(fields, names, strict=True):
        for index, value in enumerate(one.items):
            if value and index not in one.used:
                yield row_segment([value], [one.name], place / name, hidden=_CACHE)


def external_link(package: Package, part: Part, number: int, tables: Iterator[int]) -> Iterator[Event]:
    """Yield the rows that a link keeps of another workbook, its sheet names and defined names."""
    place = Location((f"external link {number}",))
    sheets: list[str] = []
    ready: list[Segment] = []
    rows: LabelledTable | None = None
    here = place
    cells: list[Cell] = []
    cell = Cell(0, "")
    row = 0
    sink: list[str] | None = None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal rows, here, cell, row, sink
        tag = local(name)
        if tag == "sheetName":
            sheets.append(attributes.get("val", ""))
            ready.append(record([("sheet", sheets[-1])], place / "sheet name", _LINK))
        elif tag == "definedName":
            values = [("name", attributes.get("name", "")), ("refers to", attributes.get("refersTo", ""))]
            ready.append(record(values, place / "defined name", _LINK))
        elif tag == "sheetData":
            index = attributes.get("sheetId", "")
            known = index.isdecimal() and int(index) < len(sheets)
            here = place / (sheets[int(index)] if known else f"sheet {index}")
            rows = LabelledTable(next(tables), ready.append)
        elif tag == "row":
            row = int(attributes.get("r", "0")) if attributes.get("r", "").isdecimal() else row + 1
        elif tag == "cell":
            reference = attributes.get("r", "")
            match = _REFERENCE.match(reference)
            cell = Cell(column_number(match.group(1)) if match else len(cells), "", reference)
        elif tag in ("v", "val"):
            sink = []

    def end(name: str) -> None:
        nonlocal rows, sink
        tag = local(name)
        if tag in ("v", "val") and sink is not None:
            value = unescape_string("".join(sink))
            sink = None
            if rows is None:
                ready.append(Segment(value, place / "value", _LINK))
            else:
                cell.text = general(value)
                if value.strip():
                    cells.append(cell)
        elif tag == "row" and rows is not None:
            rows.add(Row(row, cells[:], here, _LINK))
            cells.clear()
        elif tag == "sheetData" and rows is not None:
            rows.end()
            rows = None

    def text(value: str) -> None:
        if sink is not None:
            sink.append(value)

    for _ in parse_xml(package, part, start=start, end=end, text=text, salvage=_ignore):
        yield from ready
        ready.clear()


def _ignore(_: str) -> None:
    """Drop what follows an XML error where every value has a place of its own."""


def comments(package: Package, part: Part, place: Location, threads: set[str]) -> Iterator[Event]:
    """Yield the comments on cells, with their authors; the copies of threaded ones are left out."""
    ready: list[Segment] = []
    pieces: list[str] = []
    reference = ""
    sink = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal reference, sink
        tag = local(name)
        if tag in ("comment", "threadedComment"):
            reference = attributes.get("ref", "")
            pieces.clear()
        elif tag in ("t", "text", "author"):
            sink = tag != "text" or local(part.root) == "ThreadedComments"

    def end(name: str) -> None:
        nonlocal sink
        tag = local(name)
        if tag in ("t", "author", "text"):
            sink = False
        if tag == "author":
            author = "".join(pieces).strip()
            pieces.clear()
            # Copies of threaded comments name an author "tc={GUID}".
            if author and not author.startswith("tc={"):
                ready.append(record([("Author", author)], place / "author", "author of a comment"))
        elif tag in ("comment", "threadedComment"):
            text = unescape_string("".join(pieces)).strip()
            pieces.clear()
            if tag == "threadedComment":
                threads.add(text)
            elif text.startswith("[Threaded comment]") and text.partition("Comment:")[2].strip() in threads:
                return
            ready.append(Segment(text, place / f"comment on {reference}", "comment"))

    def text(value: str) -> None:
        if sink:
            pieces.append(value)

    for _ in parse_xml(package, part, start=start, end=end, text=text):
        yield from ready
        ready.clear()


# Element -> (attributes that hold text, whether its content does, place, hidden reason) of what stands
# around the rows of a sheet.
_AROUND: dict[str, tuple[tuple[str, ...], bool, str, str]] = {
    "oddHeader": ((), True, "header", ""), "evenHeader": ((), True, "header", ""),
    "firstHeader": ((), True, "header", ""), "oddFooter": ((), True, "footer", ""),
    "evenFooter": ((), True, "footer", ""), "firstFooter": ((), True, "footer", ""),
    "dataValidation": (
        ("promptTitle", "prompt", "errorTitle", "error"), False, "validation", "validation message"
    ),
    "formula1": ((), True, "validation", "validation list"),
    "formula2": ((), True, "validation", "validation list"),
    "f": ((), True, "validation", "validation list"),
    "hyperlink": (("display", "tooltip", "location"), False, "link", "link tip"),
    "cfRule": (("text",), False, "conditional format", "conditional format"),
    "formula": ((), True, "conditional format", "conditional format"),
    "protectedRange": (("name",), False, "protected range", "protected range"),
    "scenario": (("name", "user", "comment"), False, "scenario", "scenario"),
    "inputCells": (("val",), False, "scenario", "scenario"),
    "filter": (("val",), False, "filter", "filter"), "customFilter": (("val",), False, "filter", "filter"),
    "oleObject": (("link", "progId"), False, "embedded object", "embedded object"),
    "control": (("name",), False, "control", "control"),
}  # fmt: skip
_TAG_TEXT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z0-9]+)((?:\s[^<>]*)?)>([^<]*)")
# (begins where a name begins: tried inside of one it would cost the square of a long name)
_ATTRIBUTE = re.compile(r"""(?<![\w:.-])([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# Codes of sheet headers and footers: &L &C &R sections, &P page and the like, fonts and sizes.
_HEADER_CODE = re.compile(r'&(?:[LCR]|"[^"]*"|K[0-9A-Fa-f+-]{6}|\d+|[A-Z])')
_LITERAL = re.compile(r'"((?:[^"]|"")*)"')
# Between two strings that a formula puts together: at most the place of one cell, or a number.
_JOINED = re.compile(r"\s*&\s*(?:([\w$.!:]{1,40})\s*&\s*)?")
# A whole number that is no part of a name, a place of cells or a decimal.
_LONG_NUMBER = re.compile(r"(?<![\w$.:!'])\d{8,18}(?![\w.:!'(])")


def around_rows(xml: str, place: Location, unescape: Callable[[str], str]) -> Iterator[Event]:
    """Yield what stands before and behind the rows of a sheet: headers, validation, links, filters."""
    seen: set[tuple[str, str]] = set()
    for match in _TAG_TEXT.finditer(xml):
        known = _AROUND.get(match.group(1))
        if known is None:
            continue
        wanted, content, where, reason = known
        texts = [
            unescape(double or single)
            for key, double, single in _ATTRIBUTE.findall(match.group(2))
            if key in wanted
        ]
        if content:
            text = unescape(match.group(3))
            if where in ("header", "footer"):
                texts.append(header_text(text))
            else:
                texts.extend(literals(text))
        for text in texts:
            text = unescape_string(text).strip()
            if text and (where, text) not in seen:
                seen.add((where, text))
                yield Segment(text, place / where, reason)


def header_text(text: str) -> str:
    """The words of a sheet's header or footer without its codes.

    >>> header_text('&L&"Arial"Housing&RPage &P').split()
    ['Housing', 'Page']
    """
    return _HEADER_CODE.sub(lambda code: " " if code.group() in ("&L", "&C", "&R") else "", text)


def literals(formula: str) -> list[str]:
    """Strings of at least three characters that stand in a formula; what ``&`` puts together is one.

    Whole numbers of at least eight digits as well: fewer are those of amounts and dates.

    >>> literals('"Dear "&A2&", your number is "&"QQ123456C"')
    ['Dear  , your number is QQ123456C']
    >>> literals('IF(A1="","",HYPERLINK("mailto:a@b.example","x"))')
    ['mailto:a@b.example']
    >>> literals('IF(A1=4505577104,"QQ"&123456&"C",B12345678*1234567.25)')
    ['QQ123456C', '4505577104']
    """
    texts: list[str] = []
    behind = -1
    for match in _LITERAL.finditer(formula):
        text = match[1].replace('""', '"')
        join = _JOINED.fullmatch(formula, behind, match.start()) if texts else None
        if join is None:
            texts.append(text)
        else:
            between = join[1] or ""
            texts[-1] += (between if between.isdecimal() else " " if between else "") + text
        behind = match.end()
    found = [text for text in texts if len(text) > 2]
    if _LONG_NUMBER.search(formula):
        found.extend(_LONG_NUMBER.findall(_LITERAL.sub("", formula)))
    return found


def may_hold_constants(formula: str) -> bool:
    """A cheap look whether ``literals`` can find any."""
    return '"' in formula or _LONG_NUMBER.search(formula) is not None
