"""Files that make readers abort, spin or swallow memory: small ones, with a word in front of the trap."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

from scanner.documents.parsers.office.compound_file import pack
from tests.robustness.seeds import workbook, zipped

TOKEN = "Tokenfront"

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="word/document.xml"/></Relationships>'
)
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_FRONT = f"<w:p><w:r><w:t>{TOKEN}</w:t></w:r></w:p>"


def _docx(body: str, prologue: str = "") -> bytes:
    document = (
        f'<?xml version="1.0"?>{prologue}<w:document {_WORD}><w:body>{_FRONT}{body}</w:body></w:document>'
    )
    return zipped(
        {
            "[Content_Types].xml": _TYPES.encode(),
            "_rels/.rels": _RELATIONS.encode(),
            "word/document.xml": document.encode(),
        }
    )


def one_text_node() -> bytes:
    return _docx(f"<w:p><w:r><w:t>{'A' * 120_000_000}</w:t></w:r></w:p>")


def many_elements() -> bytes:
    return _docx("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 3_000_000)


def billion_laughs() -> bytes:
    entities = '<!ENTITY a0 "lol">' + "".join(
        f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10)
    )
    return _docx("<w:p><w:r><w:t>&a9;</w:t></w:r></w:p>", f"<!DOCTYPE x [{entities}]>")


def quadratic_entity() -> bytes:
    prologue = f'<!DOCTYPE x [<!ENTITY a "{"A" * 50_000}">]>'
    return _docx(f"<w:p><w:r><w:t>{'&a;' * 50_000}</w:t></w:r></w:p>", prologue)


def external_entity() -> bytes:
    prologue = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    return _docx("<w:p><w:r><w:t>&a;</w:t></w:r></w:p>", prologue)


def nested_elements() -> bytes:
    return _docx("<w:sdt>" * 200_000 + "</w:sdt>" * 200_000)


def _sheet(rows: str, dimension: str) -> bytes:
    plain = workbook()
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = (
                    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
                    f'main"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
                ).encode()
            new.writestr(name, data)
    return stream.getvalue()


def _cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def far_corner() -> bytes:
    first, last = _cell("A1", TOKEN), _cell("XFD1048576", "Tokencorner")
    return _sheet(f'<row r="1">{first}</row><row r="1048576">{last}</row>', "A1:XFD1048576")


def wrong_dimension() -> bytes:
    row = f'<row r="1">{_cell("A1", "x")}{_cell("B1", TOKEN)}</row>'
    return _sheet(row + f'<row r="2">{_cell("A2", "Tokenbelow")}</row>', "A1:A1")


def pdf_page(content: bytes, more: Mapping[int, bytes], resources: str = "", packing: str = "") -> bytes:
    """A document of one page that shows the token, then ``content``."""
    shown = b"BT /F1 12 Tf 72 700 Td (" + TOKEN.encode() + b") Tj ET\n"
    parts = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents[4 0 R 6 0 R]"
        + b"/Resources<</Font<</F1 5 0 R>>"
        + resources.encode()
        + b">>>>",
        4: pdf_stream(shown),
        5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        6: pdf_stream(content, packing),
        **more,
    }
    body = b"%PDF-1.7\n"
    offsets = {}
    for number, part in parts.items():
        offsets[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(body)
    size = max(parts) + 1
    body += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        body += b"%010d 00000 %s \n" % (offsets.get(number, 0), b"n" if number in offsets else b"f")
    return body + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


def pdf_stream(data: bytes, packing: str = "", entries: str = "") -> bytes:
    head = f"<</Length {len(data)}{f'/Filter {packing}' if packing else ''}{entries}>>"
    return head.encode() + b"\nstream\n" + data + b"\nendstream"


_FORM = "/Type/XObject/Subtype/Form/BBox[0 0 612 792]"


def form_that_calls_itself() -> bytes:
    form = pdf_stream(b"/X Do", entries=f"{_FORM}/Resources<</XObject<</X 7 0 R>>>>")
    return pdf_page(b"/X Do", {7: form}, "/XObject<</X 7 0 R>>")


def exponential_forms() -> bytes:
    forms = {
        number: pdf_stream(b"/X Do " * 10, entries=f"{_FORM}/Resources<</XObject<</X {number + 1} 0 R>>>>")
        for number in range(7, 27)
    }
    forms[27] = pdf_stream(b"BT (a) Tj ET", entries=_FORM)
    return pdf_page(b"/X Do", forms, "/XObject<</X 7 0 R>>")


def flate_in_flate() -> bytes:
    once = zlib.compress(b" " * 300_000_000, 9)
    return pdf_page(zlib.compress(once, 9), {}, packing="[/FlateDecode/FlateDecode]")


def long_content() -> bytes:
    return pdf_page(zlib.compress(b"q 1 0 0 1 0 0 cm Q\n" * 1_500_000, 9), {}, packing="/FlateDecode")


def scattered_glyphs() -> bytes:
    shows = b"".join(
        b"BT /F1 6 Tf 1 0 0 1 %d %d Tm (a) Tj ET\n" % (37 * n % 600, 91 * n % 790) for n in range(20_000)
    )
    return pdf_page(zlib.compress(shows), {}, packing="/FlateDecode")


def nested_parts() -> bytes:
    head = f"From: a@example.org\r\nTo: b@example.org\r\nSubject: {TOKEN}\r\nMIME-Version: 1.0\r\n"
    parts = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(3_000))
    return (head + parts + "Content-Type: text/plain\r\n\r\ndeep\r\n").encode()


def long_header() -> bytes:
    head = f"From: a@example.org\r\nTo: b@example.org\r\nSubject: {TOKEN}\r\n"
    return (head + "X-Long: " + "=?utf-8?q?a?= " * 1_300_000 + "\r\n\r\nbody\r\n").encode()


def nested_divisions() -> bytes:
    return (f"<html><body><p>{TOKEN}</p>" + "<div>" * 500_000 + "deep" + "</div>" * 500_000).encode()


def nested_groups() -> bytes:
    return ("{\\rtf1 " + TOKEN + "\\par " + "{" * 1_000_000 + "deep" + "}" * 1_000_000 + "}").encode()


def archive_in_archive() -> bytes:
    data = b"deep"
    for level in range(60):
        data = zipped({f"level{level}.zip": data})
    return zipped({"front.txt": TOKEN.encode(), "in.zip": data})


def bomb() -> bytes:
    return zipped({"front.txt": TOKEN.encode(), **{f"{n}.txt": b"\0" * 60_000_000 for n in range(5)}})


def many_members() -> bytes:
    members = {f"{number}.txt": b"" for number in range(6_000)}
    return zipped({"front.txt": TOKEN.encode(), **members})


def regular_expression_bait() -> bytes:
    """Runs that make patterns with nested repetitions try every split."""
    return (TOKEN + "\n" + "a" * 2_000_000 + "\n" + "1-" * 1_000_000 + "\n" + "<" * 1_000_000).encode()


def nested_lists() -> bytes:
    return (f'{{"front": "{TOKEN}", "deep": ' + "[" * 300_000 + "]" * 300_000 + "}").encode()


def nested_xml() -> bytes:
    return (f"<a><t>{TOKEN}</t>" + "<b>" * 100_000 + "deep" + "</b>" * 100_000 + "</a>").encode()


def _open_document(kind: str, body: str) -> bytes:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = f"<office:document-content {names}><office:body>{body}</office:body></office:document-content>"
    mime = f"application/vnd.oasis.opendocument.{kind}"
    return zipped({"mimetype": mime.encode(), "content.xml": content.encode()})


def repeated_cells() -> bytes:
    """Every cell of the largest sheet, by two numbers."""
    cell = (
        f'<table:table-cell table:number-columns-repeated="16384"><text:p>{TOKEN}</text:p></table:table-cell>'
    )
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    return _open_document(
        "spreadsheet", f"<office:spreadsheet><table:table>{row}</table:table></office:spreadsheet>"
    )


def two_billion_spaces() -> bytes:
    return _open_document(
        "text", f'<office:text><text:p>{TOKEN}<text:s text:c="2000000000"/>behind</text:p></office:text>'
    )


def overlapping_members() -> bytes:
    """Two thousand entries of a directory that share one member of ten megabytes."""
    data = bytes(9_900_000)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    front = TOKEN.encode()
    first = (
        _LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, 33, zlib.crc32(front), len(front), len(front), 5, 0)
        + b"f.txt"
        + front
    )
    numbers = zlib.crc32(data), len(packed), len(data), 1
    shared = _LOCAL.pack(b"PK\3\4", 20, 0, 8, 0, 33, *numbers, 0) + b"a" + packed
    entries = _CENTRAL.pack(
        *(b"PK\1\2", 20, 20, 0, 0, 0, 33, zlib.crc32(front), len(front), len(front), 5, 0, 0, 0, 0, 0, 0)
    )
    entries += b"f.txt"
    entries += (
        _CENTRAL.pack(b"PK\1\2", 20, 20, 0, 8, 0, 33, *numbers, 0, 0, 0, 0, 0, len(first)) + b"a"
    ) * 2_000
    body = first + shared
    return body + entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2_001, 2_001, len(entries), len(body), 0)


def storages_in_a_ring() -> bytes:
    front = f"{TOKEN} ".encode() * 50
    streams = {("Outer", "Inner", "Text"): front, ("Plain",): front}
    data = bytearray(pack(streams))
    first = (struct.unpack_from("<L", data, 48)[0] + 1) << struct.unpack_from("<H", data, 30)[0]
    for entry in range(first + 128, first + 5 * 128, 128):
        struct.pack_into("<L", data, entry + 72, 1)
    return bytes(data)


def pages_of_themselves() -> bytes:
    return pdf_page(b"", {2: b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 1000000000>>"})


def fields_of_themselves() -> bytes:
    catalogue = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]>>/Outlines 8 0 R>>"
    return pdf_page(
        b"", {1: catalogue, 7: b"<</T(a)/Kids[7 0 R 7 0 R]>>", 8: b"<</Title(b)/First 8 0 R/Next 8 0 R>>"}
    )


HOSTILE: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    maker.__name__: (f"file{suffix}", maker)
    for suffix, makers in {
        ".docx": (
            one_text_node,
            many_elements,
            billion_laughs,
            quadratic_entity,
            external_entity,
            nested_elements,
        ),
        ".xlsx": (far_corner, wrong_dimension),
        ".pdf": (
            form_that_calls_itself,
            exponential_forms,
            flate_in_flate,
            long_content,
            scattered_glyphs,
            pages_of_themselves,
            fields_of_themselves,
        ),
        ".json": (nested_lists,),
        ".xml": (nested_xml,),
        ".ods": (repeated_cells,),
        ".odt": (two_billion_spaces,),
        ".ppt": (storages_in_a_ring,),
        ".eml": (nested_parts, long_header),
        ".html": (nested_divisions,),
        ".rtf": (nested_groups,),
        ".zip": (archive_in_archive, bomb, many_members, overlapping_members),
        ".txt": (regular_expression_bait,),
    }.items()
    for maker in makers
}
