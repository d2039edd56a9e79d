"""Messages made for a run: council prose and records in the shapes that councils send."""

from __future__ import annotations

import base64
import io
import random
import zlib
from collections.abc import Callable
from email.utils import formatdate
from functools import partial

from tests.benchmarks import council_text

OFFICER = "officer@council.gov.uk"
OUTSIDE = "somebody@example.org"
INSIDE = "colleague@council.gov.uk"

_LINE = 76


def letter(
    name: str, body: bytes, *, to: str = OUTSIDE, sender: str = OFFICER, headers: bytes = b""
) -> bytes:
    """A message with ``body`` behind the head (``headers`` and the blank line between are the caller's)."""
    head = (
        f"From: Officer <{sender}>\r\nTo: <{to}>\r\nSubject: Note {name.partition('@')[0]}\r\n"
        f"Date: {formatdate(usegmt=True)}\r\nMessage-ID: <{name}>\r\nMIME-Version: 1.0\r\n"
    )
    return head.encode() + headers + b"\r\n" + body


def crlf(text: str) -> bytes:
    """Text as the body of a message, folded at some 76 characters."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if line and len(line) + len(word) >= _LINE:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return "\r\n".join(lines).encode() + b"\r\n"


PLAIN = b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n'
HTML = b'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n'


def plain(name: str, size: int, seed: int) -> bytes:
    """Clean prose."""
    return letter(name, crlf(council_text.clean(size, seed)), headers=PLAIN)


def web(name: str, size: int, seed: int) -> bytes:
    """The same as HTML, with the usual style block."""
    rows = council_text.clean(size - 4_000, seed).split("\n\n")
    style = "<style>" + ".x{font-family:Calibri,sans-serif;margin:0}\r\n" * 60 + "</style>"
    html = f"<html><head>{style}</head><body>" + "".join(f"<p class=x>{row}</p>\r\n" for row in rows)
    return letter(name, html.encode() + b"</body></html>\r\n", headers=HTML)


def attached(name: str, document: bytes, file_name: str, kind: str) -> bytes:
    """A short text with one document attached."""
    edge = b"=_edge_" + name.partition("@")[0].encode()
    encoded = base64.encodebytes(document).replace(b"\n", b"\r\n")
    body = (
        b"--" + edge + b"\r\n" + PLAIN + b"\r\nPlease find the paper attached.\r\n--" + edge + b"\r\n"
        b"Content-Type: " + kind.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="' + file_name.encode() + b'"\r\n\r\n'
        + encoded + b"--" + edge + b"--\r\n"
    )  # fmt: skip
    mixed = b'Content-Type: multipart/mixed; boundary="' + edge + b'"\r\n'
    return letter(name, body, headers=mixed)


def sensitive(name: str, seed: int, *, to: str = OUTSIDE) -> bytes:
    """A case note about one made-up person, with a valid number: must not leave in clear."""
    generator = random.Random(seed)
    year, month, day = 1950 + seed % 50, 1 + seed % 12, 1 + seed % 28
    text = (
        f"Dear colleague,\n\nAmina Warsame, date of birth {day:02d}/{month:02d}/{year}, National Insurance "
        f"number {council_text.nino(generator)}, has asked for housing benefit after her illness. "
        f"Her NHS number is {council_text.nhs_number(generator)}.\n\n" + council_text.clean(2_000, seed)
    )
    return letter(name, crlf(text), to=to, headers=PLAIN)


def unreadable(name: str, seed: int) -> bytes:
    """An attachment that nobody can look into: noise that claims to be an archive."""
    noise = random.Random(seed).randbytes(4_000)
    return attached(name, b"7z\xbc\xaf\x27\x1c" + noise, "plans.7z", "application/x-7z-compressed")


# --- documents --------------------------------------------------------------------------------------------


def word(size: int, seed: int) -> bytes:
    """A DOCX of about ``size`` bytes: prose, and a picture-like part that does not compress."""
    import docx

    document = docx.Document()
    for paragraph in council_text.clean(30_000, seed).split("\n\n"):
        document.add_paragraph(paragraph)
    return _padded(document.save, size, seed)


def workbook(size: int, seed: int) -> bytes:
    """An XLSX of about ``size`` bytes: a ledger without people."""
    import openpyxl

    generator = random.Random(seed)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Date", "Cost centre", "Description", "Amount", "VAT"])
    for row in range(1_500):
        sheet.append(
            [f"{1 + row % 28:02d}/04/2026", 4000 + row % 90, "Street lighting", generator.randrange(9000), 20]
        )
    return _padded(book.save, size, seed)


def pdf(size: int, seed: int) -> bytes:
    """A PDF of about ``size`` bytes: twenty pages of prose, with a photograph on the first."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen import canvas

    stream = io.BytesIO()
    page = canvas.Canvas(stream)
    side = max(8, int((max(0, size - 60_000) / 3) ** 0.5))
    noise = random.Random(seed).randbytes(3 * side * side)
    page.drawImage(ImageReader(Image.frombytes("RGB", (side, side), noise)), 300, 20, 200, 200)
    text = council_text.clean(40_000, seed)
    for start in range(0, len(text), 2_000):
        lines = page.beginText(50, 780)
        for line in range(start, start + 2_000, 90):
            lines.textLine(text[line : line + 90].replace("\n", " "))
        page.drawText(lines)
        page.showPage()
    page.save()
    return stream.getvalue()


def picture(size: int, seed: int) -> bytes:
    """A PNG of about ``size`` bytes that does not compress."""
    side = max(8, int((size / 3) ** 0.5))
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(3 * side) for _ in range(side))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )


def _padded(save: Callable[[io.BytesIO], object], size: int, seed: int) -> bytes:
    """An Office package filled up with a picture."""
    import zipfile

    stream = io.BytesIO()
    save(stream)
    missing = size - len(stream.getvalue())
    if missing > 1_000:
        with zipfile.ZipFile(stream, "a") as package:
            package.writestr("docProps/thumbnail.png", picture(missing, seed))
    return stream.getvalue()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MIX: tuple[tuple[str, float, Callable[[str, int], bytes]], ...] = (
    # what, share, how it is made: the traffic of a council in a day, by number
    ("10 kB text", 0.55, lambda name, seed: plain(name, 10_000, seed)),
    ("50 kB HTML", 0.25, lambda name, seed: web(name, 50_000, seed)),
    ("300 kB DOCX", 0.07, lambda name, seed: attached(name, word(220_000, seed), "paper.docx", WORD)),
    ("300 kB XLSX", 0.05, lambda name, seed: attached(name, workbook(220_000, seed), "ledger.xlsx", SHEET)),
    (
        "300 kB PDF",
        0.06,
        lambda name, seed: attached(name, pdf(220_000, seed), "report.pdf", "application/pdf"),
    ),
    ("5 MB", 0.015, lambda name, seed: attached(name, word(3_700_000, seed), "plan.docx", WORD)),
    ("25 MB", 0.005, lambda name, seed: attached(name, pdf(18_500_000, seed), "scan.pdf", "application/pdf")),
)


def of_kind(what: str) -> Callable[[str, int], bytes]:
    """How a kind of the mix is made."""
    return next(partial(make) for name, _, make in MIX if name == what)
