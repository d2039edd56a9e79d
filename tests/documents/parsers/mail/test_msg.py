"""Outlook messages: built stream by stream (MS-OXMSG), read in every place."""

from __future__ import annotations

import io
import struct
from datetime import datetime

import openpyxl
import pytest

from scanner.documents.model import Segment, Shortfall, Status
from scanner.documents.parsers.mail.msg import MsgParser
from scanner.documents.parsers.mail.rtf_html import encapsulated_html
from scanner.documents.parsers.office.compound_file import pack
from tests.documents.parsers.legacy import FIXTURES, Streams, characters_of, mutations, streams_of
from tests.documents.parsers.reading import read, segment_with

ROOT, EMBEDDED, PART = 32, 24, 8


def fixed(head: int, *properties: tuple[int, int, bytes]) -> bytes:
    """A properties stream: a header, then sixteen bytes for each property."""
    rows = b"".join(
        struct.pack("<HHL", kind, tag, 6) + value.ljust(8, b"\0") for tag, kind, value in properties
    )
    return bytes(head) + rows


def stream(tag: int, value: str | bytes, kind: int = 0) -> tuple[str, bytes]:
    if isinstance(value, str):
        return f"__substg1.0_{tag:04X}{kind or 0x1F:04X}", value.encode("utf-16-le")
    return f"__substg1.0_{tag:04X}{kind or 0x102:04X}", value


def storage(within: tuple[str, ...], head: bytes, *streams: tuple[str, bytes]) -> Streams:
    found: Streams = {(*within, "__properties_version1.0"): head}
    return found | {(*within, name): data for name, data in streams}


def stored_rtf(rtf: bytes) -> bytes:
    return struct.pack("<LLLL", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


def workbook() -> bytes:
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "sheettoken"  # type: ignore[index]
    book.save(out)
    return out.getvalue()


def filetime(year: int, month: int, day: int) -> bytes:
    return struct.pack("<Q", (datetime(year, month, day) - datetime(1601, 1, 1)).days * 864_000_000_000)


SENT = filetime(2024, 1, 1)
HTML = b"<html><body><p>Please see <b>html</b>token</p><!-- htmlcomment --></body></html>"
HEADERS = (
    "Received: from receivedtoken\r\n by there\r\n"
    "Subject: subjecttoken\r\nX-Case: =?utf-8?q?xcaset=C3=B6ken?=\r\n"
)


def message() -> Streams:
    """A message with recipients, three bodies, named properties and four attachments."""
    found = storage(
        (),
        fixed(ROOT, (0x39, 0x40, SENT), (0x3FDE, 3, struct.pack("<L", 65001))),
        stream(0x1A, "IPM.Note"),
        stream(0x37, "subjecttoken"),
        stream(0x1000, "bodytoken\r\nsecond line"),
        stream(0x1013, HTML),
        stream(0x1009, stored_rtf(rb"{\rtf1\ansi bodytoken second line}")),
        stream(0x7D, HEADERS),
        stream(0x0C1A, "Sender Stoken"),
        stream(0x5D01, "sender@example.org"),
        stream(0x0E04, "Receiver Rtoken; Display Dtoken"),
        stream(0x8000, "categorytoken"),
        stream(0x3A07, "governmenttoken"),
    )
    names = ("__nameid_version1.0",)
    found[(*names, "__substg1.0_00030102")] = struct.pack("<LHH", 0, 1, 0)
    found[(*names, "__substg1.0_00040102")] = struct.pack("<L", 16) + "Category".encode("utf-16-le")
    for number, (kind, name, address) in enumerate(
        ((1, "Receiver Rtoken", "r@example.org"), (3, "Blind Btoken", "b@example.org"))
    ):
        found |= storage(
            (f"__recip_version1.0_#{number:08X}",),
            fixed(PART, (0x0C15, 3, struct.pack("<L", kind))),
            stream(0x3001, name),
            stream(0x39FE, address),
            stream(0x3002, "SMTP"),
        )
    found |= storage(
        ("__attach_version1.0_#00000000",),
        fixed(PART, (0x3705, 3, b"\1")),
        stream(0x3707, "pay.xlsx"),
        stream(0x3704, "PAY~1.XLS"),
        stream(0x3701, workbook()),
    )
    inside = ("__attach_version1.0_#00000001", "__substg1.0_3701000D")
    found |= storage(inside[:1], fixed(PART, (0x3705, 3, b"\5")), stream(0x3001, "Forwarded"))
    found |= storage(
        inside,
        fixed(EMBEDDED, (0x39, 0x40, filetime(2023, 5, 6))),
        stream(0x37, "innersubject"),
        stream(0x8000, "innercategory"),
    )
    deeper = (*inside, "__attach_version1.0_#00000000")
    found |= storage(deeper, fixed(PART), stream(0x3707, "note.txt"), stream(0x3701, b"deeptoken lives here"))
    embedded = ("__attach_version1.0_#00000002",)
    found |= storage(embedded, fixed(PART, (0x3705, 3, b"\6")), stream(0x3001, "Object"))
    for path, data in streams_of((FIXTURES / "notes.doc").read_bytes()).items():
        found[(*embedded, "__substg1.0_3701000D", *path)] = data
    found |= storage(
        ("__attach_version1.0_#00000003",),
        fixed(PART, (0x3705, 3, b"\2")),
        stream(0x3707, "linked.doc"),
        stream(0x370D, "\\\\server\\hr\\pathtoken.doc"),
    )
    return found


@pytest.mark.parametrize(
    ("token", "where", "hidden"),
    [
        ("Sender Stoken <sender@example.org>", "header From", ""),
        ("Receiver Rtoken <r@example.org>", "header To", ""),
        ("Blind Btoken <b@example.org>", "header Bcc", "mail header"),
        ("subjecttoken", "header Subject", ""),
        ("01/01/2024", "header Date", ""),
        ("bodytoken\nsecond line", "body > line 1", ""),
        ("Please see htmltoken", "body (HTML) > paragraph 1", ""),
        ("receivedtoken by there", "header Received", "mail header"),
        ("xcasetöken", "header X-Case", "mail header"),
        ("Display Dtoken", "To", "message property"),
        ("governmenttoken", "government ID", "message property"),
        ("sheettoken", 'attachment "pay.xlsx" > sheet "Sheet" > A1', ""),
        ("innersubject", 'attached message "Forwarded" > header Subject', ""),
        ("innercategory", 'attached message "Forwarded" > Category', "message property"),
        ("deeptoken", 'attached message "Forwarded" > attachment "note.txt" > line 1', ""),
        ("boldtoken", 'attachment "Object" > paragraph 1', ""),
        ("linked.doc", 'attachment "linked.doc" > file name', ""),
        ("pathtoken", 'attachment "linked.doc" > property 370D', "message property"),
    ],
)
def test_places(token: str, where: str, hidden: str) -> None:
    segments, coverage = read(pack(message()))
    segment = segment_with(segments, token)
    assert (str(segment.location), segment.hidden) == (where, hidden)
    assert coverage.status is Status.INSPECTED, coverage.gaps


def test_names_of_properties_come_from_their_table() -> None:
    segments, _ = read(pack(message()))
    assert segment_with(segments, "categorytoken").fields[0].label == "Category"


def test_comments_of_the_html_body_are_read() -> None:
    segments, _ = read(pack(message()))
    assert segment_with(segments, "htmlcomment").hidden


@pytest.mark.parametrize(
    ("rtf", "expected", "why"),
    [
        (rb"{\rtf1\ansi bodytoken second line}", [], "a copy of the plain body"),
        (rb"{\rtf1\ansi rtftoken QQ12{\b 34}56C}", ["rtftoken QQ123456C"], "has words of its own"),
        (
            rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\f0 only rtf\htmlrtf0 "
            rb"richtoken{\*\htmltag72 </p>}}",
            ["richtoken"],
            "HTML inside of RTF",
        ),
    ],
)
def test_the_rtf_body_is_read_where_it_says_more(rtf: bytes, expected: list[str], why: str) -> None:
    streams = message()
    streams[(stream(0x1009, b"")[0],)] = stored_rtf(rtf)
    segments, _ = read(pack(streams))
    before, _ = read(pack(message()))
    known = {segment.text for segment in before}
    assert [segment.text for segment in segments if segment.text not in known] == expected, why


def test_html_is_taken_out_of_rtf() -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}{\*\htmltag18 <html>}"
        rb"{\*\htmltag64 <p class=\'22x\'22>}\htmlrtf \par\htmlrtf0 caf\'e9 \u937? {\*\mhtmltag64 <p>}"
        rb"{\*\htmltag84 &nbsp;}\{end\}{\*\htmltag27 </html>}}"
    )
    assert encapsulated_html(rtf) == '<html><p class="x">café Ω &nbsp;{end}</html>'
    assert encapsulated_html(rb"{\rtf1\ansi plain}") is None


def test_contacts_carry_their_labels() -> None:
    contact = storage(
        (),
        fixed(ROOT, (0x3A42, 0x40, filetime(1979, 1, 18))),
        stream(0x1A, "IPM.Contact"),
        stream(0x3A11, "Example"),
        stream(0x3A1C, "07700 900123"),
        stream(0x801A, "1 Nowhere Lane"),
    )
    contact[("__nameid_version1.0", "__substg1.0_00030102")] = struct.pack("<LHH", 0x801A, 0, 0x1A)
    segments, _ = read(pack(contact))
    labels = {segment.text: segment.fields[0].label for segment in segments}
    assert labels == {
        "Example": "surname",
        "07700 900123": "mobile",
        "1 Nowhere Lane": "home address",
        "18/01/1979": "date of birth",
    }


@pytest.mark.parametrize(("page", "raw", "text"), [(1252, b"caf\xe9", "café"), (1251, b"\xcf\xee", "По")])
def test_8_bit_strings_use_the_message_code_page(page: int, raw: bytes, text: str) -> None:
    streams = storage((), fixed(ROOT, (0x3FFD, 3, struct.pack("<L", page))), stream(0x1000, raw, 0x1E))
    segments, _ = read(pack(streams))
    assert segments[0].text == text


def test_multiple_strings_and_not_their_lengths() -> None:
    streams = storage((), fixed(ROOT), stream(0x8003, struct.pack("<LL", 10, 10), 0x101F))
    streams[("__substg1.0_8003101F-00000000",)] = "first".encode("utf-16-le")
    streams[("__substg1.0_8003101F-00000001",)] = "other".encode("utf-16-le")
    segments, _ = read(pack(streams))
    assert [segment.text for segment in segments] == ["first", "other"]


def test_rtf_that_cannot_be_expanded_is_a_gap() -> None:
    streams = message()
    streams[(stream(0x1009, b"")[0],)] = b"\0" * 40
    _, coverage = read(pack(streams))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.DAMAGED]


def test_no_property_is_told_twice() -> None:
    segments, _ = read(pack(message()))
    texts = [segment.text for segment in segments if isinstance(segment, Segment) and not segment.table]
    outer = [text for text in texts if text in ("subjecttoken", "Sender Stoken", "r@example.org")]
    assert outer == ["subjecttoken"]


def test_damaged_copies_raise_nothing_and_do_not_expand() -> None:
    parser = MsgParser()
    for data in mutations(pack(message()), 150):
        assert characters_of(parser, data) < 20 * len(data) + 100_000
