"""Every row of the table of MIME cases: what is hidden comes out as text, or a gap names what did not."""
# ruff: noqa: E501 (messages stand as they are written, on one line)

from __future__ import annotations

import base64
import binascii
import io
import quopri
import struct
import tarfile
import zipfile

import pytest

from scanner.documents import Coverage, Limits, Shortfall, Source, Status, read_whole
from scanner.text.normalise import normalise

TOKEN = "QQ123456C"  # the published specimen of a National Insurance number
TOP = "From: ann@council.test\r\nTo: bob@example.org\r\nSubject: bins\r\nMIME-Version: 1.0\r\n"


def read(message: bytes | str, limits: Limits | None = None) -> tuple[str, Coverage]:
    data = message.encode("utf-8") if isinstance(message, str) else message
    segments, coverage = read_whole(Source.from_bytes(data), limits=limits, kind="eml")
    return "\n".join(segment.text for segment in segments), coverage


def plain(text: str) -> str:
    """As detection sees it: normalised, blanks inside of groups out."""
    return "".join(normalise(text).text.split())


def message(headers: str, body: bytes | str) -> bytes:
    data = body.encode("utf-8") if isinstance(body, str) else body
    return f"{TOP}{headers}\r\n\r\n".encode() + data


def b64(data: bytes | str) -> str:
    return base64.encodebytes(data.encode() if isinstance(data, str) else data).decode()


def mixed(*parts: str, boundary: str = "xx") -> bytes:
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return message(f'Content-Type: multipart/mixed; boundary="{boundary}"', f"{body}--{boundary}--\r\n")


def attached(headers: str, content: bytes) -> bytes:
    return mixed(f"{headers}\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(content)}")


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def yenc(content: bytes, name: str = "notes.txt") -> bytes:
    body = bytearray()
    for byte in content:
        code = (byte + 42) & 0xFF
        body += bytes((61, (code + 64) & 0xFF)) if code in (0, 10, 13, 61) else bytes((code,))
    size = len(content)
    return b"=ybegin line=128 size=%d name=%s\r\n%s\r\n=yend size=%d\r\n" % (size, name.encode(), body, size)


_HQX = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"


def binhex(data_fork: bytes, resource_fork: bytes = b"", name: bytes = b"notes.txt") -> bytes:
    def checked(piece: bytes) -> bytes:
        return piece + struct.pack(">H", binascii.crc_hqx(piece, 0))

    header = (
        bytes((len(name),))
        + name
        + b"\0TEXTttxt\0\0"
        + struct.pack(">II", len(data_fork), len(resource_fork))
    )
    packed = (checked(header) + checked(data_fork) + checked(resource_fork)).replace(b"\x90", b"\x90\0")
    bits = int.from_bytes(packed, "big") << (-len(packed) * 8) % 6
    count = -(-len(packed) * 8 // 6)
    letters = bytes(_HQX[bits >> 6 * (count - 1 - index) & 63] for index in range(count))
    lines = b"\r\n".join(letters[at : at + 64] for at in range(0, len(letters), 64))
    return b"(This file must be converted with BinHex 4.0)\r\n\r\n:" + lines + b":\r\n"


def apple_single(data_fork: bytes, resource_fork: bytes, magic: int = 0x00051600) -> bytes:
    entries = [(1, data_fork), (2, resource_fork)] if magic == 0x00051600 else [(2, resource_fork)]
    at = 26 + 12 * len(entries)
    head = struct.pack(">II16xH", magic, 0x00020000, len(entries))
    for kind, content in entries:
        head += struct.pack(">III", kind, at, len(content))
        at += len(content)
    return head + b"".join(content for _, content in entries)


LONG = ("padding words of no meaning " * 5 + TOKEN + " more padding words " * 5).encode()
PART = f"Content-Type: text/plain\r\n\r\n{TOKEN}"
INNER = f"From: c@example.org\r\nSubject: inner\r\n\r\n{TOKEN}\r\n"
OCTETS = "Content-Type: application/octet-stream"
SPLIT = TOKEN[:4] + "{}" + TOKEN[4:]

# Row of the table, bytes, why.  In each the specimen must come out as text.
FOUND: list[tuple[str, bytes, str]] = [
    ("1", attached(f'{OCTETS}; name*0="{TOKEN[:4]}"; name*1="{TOKEN[4:]}.txt"', b"x"), "name in pieces"),
    (
        "1",
        attached(f"{OCTETS}; name*=no-such'en'%51%51123456C.txt", b"x"),
        "a name in a charset that is none",
    ),
    (
        "1",
        attached(f'{OCTETS}; name="a.txt"\r\nContent-Disposition: attachment; filename="{TOKEN}"', b"x"),
        "two",
    ),
    ("2", attached(f'{OCTETS}; name="=?utf-8?b?{b64(TOKEN).strip()}?="', b"x"), "encoded word in a name"),
    (
        "3",
        attached('Content-Type: image/png; name="photo.png"', TOKEN.encode() * 9),
        "text that is called a picture",
    ),
    (
        "3",
        attached('Content-Type: text/plain; name="a.txt"', zipped(a=TOKEN.encode())),
        "a ZIP that is called text",
    ),
    (
        "3",
        attached(f'{OCTETS}; name="QQ12\u202e3456C.txt"', b"x").decode().encode(),
        "bidi override in a name",
    ),
    (
        "4",
        message(
            "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=a",
            f"--a\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}\r\n--a--",
        ),
        "second Content-Type",
    ),
    (
        "4",
        message(
            "Content-Type: multipart/mixed; boundary=a\r\nContent-Type: multipart/mixed; boundary=b",
            f"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}\r\n--b--",
        ),
        "second boundary",
    ),
    (
        "4",
        message("Content-Type: text/plain\r\nContent-Type: text/html", f"{SPLIT.format('<b></b>')}"),
        "second reading as HTML",
    ),
    (
        "4",
        message("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64", b64(TOKEN)),
        "two encodings",
    ),
    (
        "5",
        message(
            "Content-Type: multipart/mixed; boundary=a; boundary=b",
            f"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}\r\n--b--",
        ),
        "second boundary parameter",
    ),
    (
        "6",
        message(
            "Content-Type: multipart/mixed",
            f"--q\r\n\r\nfirst\r\n--q\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}\r\n--q--",
        ),
        "boundary not declared",
    ),
    (
        "7",
        message("Content-Type: multipart/mixed; boundary=a", f"{TOKEN}\r\n--a\r\n\r\nx\r\n--a--"),
        "preamble",
    ),
    (
        "7",
        message("Content-Type: multipart/mixed; boundary=a", f"--a\r\n\r\nx\r\n--a--\r\n{TOKEN}"),
        "epilogue",
    ),
    ("7", message("Content-Type: multipart/mixed; boundary=never", f"{PART}"), "the boundary never comes"),
    ("7", message("Content-Type: multipart/mixed; boundary=a", f"--a\r\n{PART}"), "never closed"),
    (
        "7",
        message("Content-Type: multipart/mixed; boundary=a", f"--a  \r\n{PART}\r\n--a--  \r\n"),
        "blanks behind it",
    ),
    (
        "7",
        message(
            "Content-Type: multipart/mixed; boundary=a",
            f"--ab\r\n\r\nx\r\n--a\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}\r\n--a--",
        ),
        "one begins another",
    ),
    (
        "7",
        message(
            "Content-Type: multipart/mixed; boundary=a",
            f"--a\r\n\r\nx\r\n--a--\r\n--a\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}\r\n--a--",
        ),
        "parts behind the end",
    ),
    (
        "8",
        message(
            "Content-Type: text/plain",
            f"--a\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(LONG)}\r\n--a--",
        ),
        "parts in plain text",
    ),
    (
        "8",
        message(
            "Content-Type: text/plain",
            f"--a\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}\r\n--a--",
        ),
        "short parts in plain text",
    ),
    (
        "9",
        mixed(f"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(INNER)}"),
        "base64 message",
    ),
    (
        "10",
        message(
            "Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: base64",
            b64(f"--a\r\n{PART}\r\n--a--"),
        ),
        "base64 on a container",
    ),
    (
        "10",
        message(
            "Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: base64",
            f"--a\r\n{PART}\r\n--a--",
        ),
        "said base64, is none",
    ),
    ("11", message("Content-Transfer-Encoding: (c) base64", b64(TOKEN)), "comment in the encoding"),
    ("11", message("Content-Transfer-Encoding: base64 (c)", b64(TOKEN)), "comment behind the encoding"),
    ("11", message("Content-Transfer-Encoding: x-own", b64(LONG)), "an unknown encoding that is base64"),
    (
        "11",
        message("Content-Transfer-Encoding: x-own", SPLIT.format("=\r\n")),
        "an unknown encoding that is quoted-printable",
    ),
    ("11", message('Content-Transfer-Encoding: "base64"', b64(TOKEN)), "quoted"),
    (
        "12",
        message("Content-Transfer-Encoding: base64", "QVI=\r\nQ1I=\r\n" + b64(TOKEN)),
        "several padded blocks",
    ),
    (
        "13",
        message("Content-Transfer-Encoding: base64", "!!" + b64(TOKEN * 9).replace("\n", "\n *")),
        "junk between",
    ),
    (
        "13",
        message("Content-Transfer-Encoding: base64", b64(b"x" * 300_000 + TOKEN.encode()).replace("\n", "")),
        "one long line",
    ),
    (
        "14",
        message("Content-Transfer-Encoding: quoted-printable", SPLIT.format("=\r\n")),
        "soft break inside",
    ),
    (
        "14",
        message("Content-Transfer-Encoding: quoted-printable", SPLIT.format("=  \r\n")),
        "soft break with blanks",
    ),
    ("14", message("", SPLIT.format("=\r\n")), "soft break that nothing declares"),
    (
        "15",
        message("", b"begin 644 a.txt\r\n" + binascii.b2a_uu(TOKEN.encode()) + b"`\r\nend\r\n"),
        "uuencode inside",
    ),
    (
        "15",
        message(
            "Content-Transfer-Encoding: x-uuencode",
            b"begin 644 a.txt\r\n" + binascii.b2a_uu(TOKEN.encode()) + b"`\r\nend\r\n",
        ),
        "uuencode declared",
    ),
    ("15", message("", b"words\r\n" + yenc(TOKEN.encode())), "yEnc"),
    ("15", message("", b"words\r\n" + binhex(LONG)), "BinHex"),
    ("15", message("", f"see data:text/plain;base64,{b64(TOKEN).strip()} there"), "data address in text"),
    ("15", message("", "see data:text/plain,%51%51123456C there"), "data address in percent"),
    ("15", message("", f"words\r\n\r\n{b64(LONG)}\r\nmore words"), "base64 text without a header"),
    (
        "15",
        message("", f"words\r\n\r\n{b64(zipped(a=TOKEN.encode()))}\r\nmore words"),
        "a ZIP as base64 text",
    ),
    ("15", message("Content-Type: text/html", f"<p>see</p><pre>{b64(LONG)}</pre>"), "base64 text in HTML"),
    (
        "15",
        message("Content-Type: text/html", f'<img src="data:text/plain;base64,{b64(TOKEN).strip()}">'),
        "data address in HTML",
    ),
    ("16", message("Content-Type: text/plain; charset=hex_codec", TOKEN), "a codec that is no charset"),
    ("16", message('Content-Type: text/plain; charset="utf\x00-8"', TOKEN), "NUL in a charset"),
    (
        "17",
        message("Content-Type: text/plain; charset=utf-7", "+AFEAUQAxADIAMwA0ADUANgBD-"),
        "UTF-7 declared",
    ),
    ("17", message("Content-Type: text/plain; charset=utf-16", TOKEN.encode("utf-16")), "UTF-16 declared"),
    (
        "17",
        message("Content-Type: text/plain; charset=utf-32-le", TOKEN.encode("utf-32-le")),
        "UTF-32 declared",
    ),
    ("17", message("Content-Type: text/plain; charset=ibm037", TOKEN.encode("cp037")), "EBCDIC declared"),
    ("17", message("", (TOKEN * 4).encode("utf-16-le")), "UTF-16 that nothing declares"),
    (
        "17",
        message("Content-Type: text/plain; charset=utf-8", (TOKEN * 4).encode("utf-16-be")),
        "UTF-16 called UTF-8",
    ),
    ("17", message("", "words +AFEAUQAxADIAMwA0ADUANgBD- words"), "UTF-7 that nothing declares"),
    ("18", message("Content-Type: text/plain; charset=us-ascii", f"café {TOKEN}"), "UTF-8 called ASCII"),
    (
        "18",
        message("Content-Type: text/plain; charset=utf-16", f"plain {TOKEN} plain"),
        "ASCII called UTF-16",
    ),
    (
        "18",
        message("Content-Type: text/plain; charset=ibm037", f"plain {TOKEN} plain"),
        "ASCII called EBCDIC",
    ),
    (
        "18",
        message("Content-Type: text/plain; charset=utf-8", f"café £5 {TOKEN}".encode("cp1252")),
        "cp1252 called UTF-8",
    ),
    ("19", message("", SPLIT.format("\u200b")), "zero width"),
    ("19", message("", SPLIT.format("\u00ad")), "soft hyphen"),
    ("19", message("", "QQ\u00a012\u00a034\u00a056\u00a0C"), "no-break spaces"),
    ("19", message("", "".join(chr(ord(c) + 0xFEE0) for c in TOKEN)), "full width"),
    ("19", message("", "QQ" + "".join(chr(0x0660 + int(d)) for d in "123456") + "C"), "Arabic digits"),
    ("19", message("", "QQ" + "".join(chr(0x1D7D8 + int(d)) for d in "123456") + "C"), "mathematical digits"),
    ("19", message("", "QQ123456\u0421"), "a Cyrillic letter"),
    ("19", message("", "".join(c + "\u0301" for c in TOKEN)), "combining marks"),
    ("19", message("", f"\u202e{TOKEN[::-1]}\u202c"), "written backwards under a bidi override"),
    ("20", message("Content-Type: text/html", f'<p style="display:none">{TOKEN}</p>'), "hidden by CSS"),
    ("20", message("Content-Type: text/html", f"<!-- {TOKEN} -->"), "comment"),
    ("20", message("Content-Type: text/html", f"<title>{TOKEN}</title>"), "title"),
    ("20", message("Content-Type: text/html", f'<img alt="{TOKEN}">'), "alt"),
    ("20", message("Content-Type: text/html", f'<p data-id="{TOKEN}">x</p>'), "data attribute"),
    ("20", message("Content-Type: text/html", f'<input type=hidden value="{TOKEN}">'), "form value"),
    (
        "20",
        message("Content-Type: text/html", f"<!--[if mso]><p>{TOKEN}</p><![endif]-->"),
        "conditional comment",
    ),
    ("20", message("Content-Type: text/html", f"<style>/* {TOKEN} */</style>"), "style"),
    ("20", message("Content-Type: text/html", SPLIT.format("<b>") + "</b>"), "tags inside"),
    ("20", message("Content-Type: text/html", "".join(f"&#{ord(c)};" for c in TOKEN)), "entities"),
    (
        "21",
        mixed("Content-Type: text/plain\r\n\r\nclean", PART).replace(b"/mixed", b"/alternative"),
        "second alternative",
    ),
    ("22", mixed(f"Content-Type: message/rfc822\r\n\r\n{INNER}"), "message"),
    ("22", mixed(f"Content-Type: message/global\r\n\r\n{INNER}"), "message/global"),
    ("22", mixed(f"\r\n{INNER}").replace(b"/mixed", b"/digest"), "digest"),
    ("22", attached(f'{OCTETS}; name="a.eml"', (TOP + f"\r\n{TOKEN}").encode()), "attached .eml"),
    (
        "22",
        attached(
            "Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=a.eml", INNER.encode()
        ),
        "rfc822 as a file",
    ),
    (
        "24",
        mixed(
            f'Content-Type: message/external-body; access-type=URL; URL="https://files.example.org/{TOKEN}"\r\n\r\nContent-Type: text/plain\r\n\r\n'
        ),
        "the address",
    ),
    ("25", attached(f"{OCTETS}", apple_single(TOKEN.encode(), b"x")), "AppleSingle data fork"),
    ("25", attached(f"{OCTETS}", apple_single(b"x", LONG)), "AppleSingle resource fork"),
    (
        "25",
        attached("Content-Type: application/applefile", apple_single(b"", LONG, 0x00051607)),
        "AppleDouble",
    ),
    ("25", attached("Content-Type: application/mac-binhex40", binhex(LONG)), "BinHex data fork"),
    ("25", attached("Content-Type: application/mac-binhex40", binhex(b"x", LONG)), "BinHex resource fork"),
    (
        "26",
        mixed(
            f"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nDESCRIPTION:{SPLIT.format(chr(13) + chr(10) + ' ')}\r\nEND:VCALENDAR"
        ),
        "folded description",
    ),
    (
        "26",
        mixed(
            f"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nX-ALT-DESC;FMTTYPE=text/html:<b>{TOKEN}</b>\r\nEND:VCALENDAR"
        ),
        "HTML description",
    ),
    (
        "26",
        mixed(
            f"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:{b64(TOKEN).strip()}\r\nEND:VCALENDAR"
        ),
        "attachment of an event",
    ),
    (
        "26",
        mixed(f"Content-Type: text/vcard\r\n\r\nBEGIN:VCARD\r\nNOTE:{TOKEN}\r\nEND:VCARD"),
        "note of a card",
    ),
    ("28", f"{TOP}X-Case : {TOKEN}\r\n\r\nx".encode(), "blank before the colon"),
    ("28", f"{TOP}no colon here\r\nX-Case: {TOKEN}\r\n\r\nx".encode(), "a line without colon"),
    (
        "28",
        f"{TOP}no colon here\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}".encode(),
        "a header behind it",
    ),
    ("28", f"{TOP}X-C\0ase: {TOKEN}\r\n\r\nx".encode(), "NUL in a name"),
    (
        "29",
        f"{TOP}X-A: b\rContent-Transfer-Encoding: base64\r\n\r\n{b64(TOKEN)}".encode(),
        "bare CR in headers",
    ),
    ("30", TOP.encode() + f"X-Case: café {TOKEN}\r\n\r\nx".encode("cp1252"), "8-bit header"),
    (
        "31",
        (TOP + "".join(f"X-{n}: y\r\n" for n in range(30_000)) + f"X-Case: {TOKEN}\r\n\r\nx").encode(),
        "30,000 headers",
    ),
    ("33", attached(f"{OCTETS}; name=a.zip", zipped(**{"../../etc/x": TOKEN.encode()})), "path in a name"),
    ("37", TOKEN.encode(), "no headers at all"),
    ("37", f"Subject: {TOKEN}\r\n".encode(), "headers only"),
    ("38", f"{TOP}Bcc: {TOKEN}@example.org\r\nResent-To: x@example.org\r\n\r\nx".encode(), "Bcc left in"),
]


@pytest.mark.parametrize(("row", "data", "why"), FOUND, ids=[f"{row}-{why}" for row, _, why in FOUND])
def test_it_comes_out_as_text(row: str, data: bytes, why: str) -> None:
    text, _ = read(data)
    assert TOKEN in plain(text), f"row {row}: {why}"


# Row, bytes, reason of the gap, what its place or detail says.
GAPS: list[tuple[str, bytes, Shortfall, str]] = [
    (
        "23",
        message("Content-Type: message/partial; id=a; number=1; total=2", PART),
        Shortfall.UNSUPPORTED_KIND,
        "fragment",
    ),
    (
        "24",
        mixed(
            "Content-Type: message/external-body; access-type=local-file; name=x\r\n\r\nContent-Type: text/plain\r\n\r\n"
        ),
        Shortfall.UNSUPPORTED_KIND,
        "elsewhere",
    ),
    (
        "11",
        mixed(
            f'{OCTETS}; name="case.bin"\r\nContent-Transfer-Encoding: x-own\r\n\r\n\x01\x02\x03\x80\x81\x82'
        ),
        Shortfall.UNKNOWN_KIND,
        "case.bin",
    ),
    ("34", attached(f'{OCTETS}; name="a.zip"', zipped(a=b"x" * 900)[:90]), Shortfall.DAMAGED, "a.zip"),
    (
        "35",
        attached(f'{OCTETS}; name="d.dwg"', b"AC1032" + bytes(range(256)) * 9),
        Shortfall.UNSUPPORTED_KIND,
        "d.dwg",
    ),
    (
        "35",
        attached(f'{OCTETS}; name="a.ace"', b"\x31\x32\x00\x00\x90\x00\x10**ACE**" + bytes(range(256))),
        Shortfall.UNKNOWN_KIND,
        "a.ace",
    ),
    (
        "27",
        attached(f'{OCTETS}; name="winmail.dat"', b"\x78\x9f\x3e\x22\x01\x00\x01\x99"),
        Shortfall.DAMAGED,
        "winmail.dat",
    ),
]


@pytest.mark.parametrize(
    ("row", "data", "reason", "words"), GAPS, ids=[f"{row}-{words}" for row, _, _, words in GAPS]
)
def test_a_gap_names_the_part(row: str, data: bytes, reason: Shortfall, words: str) -> None:
    _, coverage = read(data)
    assert any(gap.reason is reason and words in f"{gap.location} {gap.detail}" for gap in coverage.gaps), (
        f"row {row}: {coverage.gaps}"
    )


def test_bombs_and_quines_are_bounded() -> None:
    data = b"x"
    for _ in range(14):
        data = zipped(a=data)
    _, coverage = read(attached(f"{OCTETS}; name=a.zip", data))
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2") as archive:
        info = tarfile.TarInfo("zeros")
        info.size = 20_000_000
        archive.addfile(info, io.BytesIO(bytes(20_000_000)))
    _, coverage = read(attached(f"{OCTETS}; name=a.tbz2", out.getvalue()))
    assert Shortfall.LIMIT in {gap.reason for gap in coverage.gaps}


@pytest.mark.parametrize(
    "data",
    [
        mixed(*["\r\nword"] * 3_000),
        message("Content-Type: message/rfc822", "Content-Type: message/rfc822\r\n\r\n" * 1_500 + TOKEN),
    ],
)
def test_too_many_parts_and_levels_are_a_gap(data: bytes) -> None:
    _, coverage = read(data, Limits(mime_parts=2_000))
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    assert coverage.status is Status.PARTIAL


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", TOP.encode() + b"\r\n"])
def test_messages_without_content_are_read(data: bytes) -> None:
    _, coverage = read(data)
    assert not [gap for gap in coverage.gaps if gap.reason is not Shortfall.EMPTY]


def test_the_bytes_of_a_signed_message_are_not_touched() -> None:
    data = message("Content-Type: text/plain", quopri.encodestring(b"one\r\ntwo"))
    copy = bytes(data)
    read(data)
    assert data == copy


def test_nothing_is_decoded_out_of_ordinary_words() -> None:
    words = "see the map at C:/Council/Shared/Housing/Repairs/2026/Quarter3/Reports/Final/Version2 + notes = more\r\n"
    text, coverage = read(message("", words * 5))
    assert coverage.status is Status.INSPECTED
    assert len(text) < 2 * len(words * 5)
