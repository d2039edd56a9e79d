"""Builds messages: texts with values made at run time, attachments made by the real libraries and tools."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from tests.evaluation.specimens import make

OFFICER = "Jo Whitfield <jo.whitfield@council.gov.uk>"
SENDER = "jo.whitfield@council.gov.uk"
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9]*)(?:#(\w+))?(?::([^{}\n]*))?\}")

Attachment = tuple[str, bytes, str]


def filled(identity: str, text: str) -> str:
    """``text`` with each ``{kind#key:arguments}`` replaced by a value made from a seed."""

    def value(match: re.Match[str]) -> str:
        kind, key, arguments = match.groups()
        seed = f"{identity}/{kind}/{key or match.start()}"
        return make(kind, (arguments or "").split(","), random.Random(seed))

    return _PLACEHOLDER.sub(value, text)


def message(
    subject: str,
    body: str = "",
    *,
    to: Sequence[str] = (),
    cc: Sequence[str] = (),
    html: str = "",
    attach: Sequence[Attachment] = (),
    headers: Sequence[tuple[str, str]] = (),
    sender: str = OFFICER,
) -> bytes:
    """An ordinary message, as a mail program writes it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(to) or "undisclosed-recipients:;"
    if cc:
        mail["Cc"] = ", ".join(cc)
    mail["Subject"] = subject
    mail["Date"] = "Tue, 03 Nov 2026 10:12:44 +0000"
    mail["Message-ID"] = "<20261103101244.1@mail.council.gov.uk>"
    for name, value in headers:
        mail[name] = value
    mail.set_content(body)
    if html:
        mail.add_alternative(html, subtype="html")
    for name, data, kind in attach:
        main, _, sub = kind.partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def raw(text: str) -> bytes:
    """A message as it is written, with CRLF line ends."""
    return text.lstrip("\n").replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8")


def workbook(rows: Sequence[Sequence[object]], title: str = "Sheet1", hidden: str = "") -> bytes:
    """An Excel workbook of one sheet; with ``hidden`` the rows stand on a hidden sheet of that name."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    if hidden:
        sheet.append(["Summary"])
        sheet = book.create_sheet(hidden)
        sheet.sheet_state = "hidden"
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def letter(*paragraphs: str) -> bytes:
    """A Word document."""
    from docx import Document

    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def printed(*lines: str) -> bytes:
    """A PDF with text."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out)
    for number, line in enumerate(lines):
        canvas.drawString(60, 780 - 18 * number, line)
    canvas.save()
    return out.getvalue()


def scanned() -> bytes:
    """A PDF that is a picture of a page."""
    from PIL import Image, ImageDraw
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    page = Image.new("L", (1240, 1754), 255)
    pen = ImageDraw.Draw(page)
    for line in range(30):
        pen.line((100, 100 + 40 * line, 1100, 100 + 40 * line), fill=60, width=6)
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawImage(ImageReader(page), 0, 0, 595, 842)
    canvas.save()
    return out.getvalue()


def locked_pdf(data: bytes, user: str = "", owner: str = "owner-only") -> bytes:
    """A PDF with AES-256; without ``user`` anybody can open it."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user=user, owner=owner, R=6))
    return out.getvalue()


def locked_office(data: bytes, password: str) -> bytes:
    """An Office document, encrypted as Office does it."""
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(password, out)
    return out.getvalue()


def plain_zip(*members: tuple[str, bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def aes_zip(password: str, *members: tuple[str, bytes]) -> bytes:
    """A ZIP archive with AES-256; names stay readable."""
    import pyzipper

    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", zipfile.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def flagged_zip(*members: tuple[str, bytes]) -> bytes:
    """A ZIP archive that says it is encrypted and is not."""
    data = bytearray(plain_zip(*members))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    return bytes(data)


def weak_zip(password: str, name: str, data: bytes) -> bytes:
    """A ZIP archive with ZipCrypto, by Info-ZIP."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / name).write_bytes(data)
        subprocess.run(["zip", "-q", "-P", password, "out.zip", name], cwd=place, check=True)
        return (place / "out.zip").read_bytes()


def enveloped(content: bytes) -> bytes:
    """S/MIME enveloped data (DER) for a key made on the spot, by openssl."""
    return _cms(content, "-encrypt", "-aes-256-cbc", signer=False)


def opaque_signed(content: bytes) -> bytes:
    """S/MIME signed data (DER) with the content inside, readable by anybody."""
    return _cms(content, "-sign", "-nodetach", signer=True)


def _cms(content: bytes, *options: str, signer: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        request = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=test -days 2"
        subprocess.run(["openssl", *request.split()], cwd=folder, check=True, capture_output=True)
        last = ["-signer", "cert.pem", "-inkey", "key.pem"] if signer else ["cert.pem"]
        done = subprocess.run(
            ["openssl", "cms", *options, "-binary", "-outform", "DER", *last],
            cwd=folder,
            input=content,
            check=True,
            capture_output=True,
        )
        return done.stdout


def gpg_public(content: bytes, *, sign_only: bool = False) -> str:
    """An armoured OpenPGP message: for a key made on the spot, or only packed (``gpg --store``)."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o700)
        base = ["gpg", "--homedir", folder, "--batch", "--quiet", "--armor", "--trust-model", "always"]
        if sign_only:
            return subprocess.run(
                [*base, "--store"], input=content, check=True, capture_output=True
            ).stdout.decode()
        subprocess.run(
            [*base, "--passphrase", "", "--quick-gen-key", "test@example.org", "rsa2048", "encrypt", "never"],
            check=True,
            capture_output=True,
        )
        done = subprocess.run(
            [*base, "--encrypt", "-r", "test@example.org"], input=content, check=True, capture_output=True
        )
        subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False, capture_output=True)
        return done.stdout.decode()


def have(*programs: str) -> bool:
    """Whether the tools that a message is made with are installed."""
    return all(shutil.which(program) for program in programs)


def picture(width: int, height: int) -> bytes:
    """A PNG with a coloured field."""
    from PIL import Image

    out = io.BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(out, "PNG")
    return out.getvalue()


TEXT = "text/plain"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
ZIP = "application/zip"
BYTES = "application/octet-stream"
PNG = "image/png"
