"""Pictures: properties always, text by OCR where it is on, the time limit, small and broken pictures."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path

import docx
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageCms, ImageDraw, ImageFilter, ImageFont, PngImagePlugin
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from scanner.documents import Coverage, Limits, Segment, Shortfall, Source, Status, read_whole
from scanner.documents.parsers.pictures.image import is_small_picture
from scanner.documents.recognition import available, languages
from tests.documents.parsers.reading import pack, read, segment_with

needs_tesseract = pytest.mark.skipif(not available(), reason="tesseract with English is not installed")
ON = Limits(ocr=True)


def page_of_text(*lines: str) -> Image.Image:
    """A page drawn from text, as a scanner would deliver it."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setFont("Helvetica", 14)
    for number, line in enumerate(lines):
        canvas.drawString(72, 740 - 24 * number, line)
    canvas.save()
    page = pdfium.PdfDocument(out.getvalue())[0]
    return page.render(scale=200 / 72, grayscale=True).to_pil()


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def scanned_pdf(*images: Image.Image) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for image in images:
        canvas.drawImage(ImageReader(image), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def read_on(data: bytes, limits: Limits = ON) -> tuple[tuple[Segment, ...], Coverage]:
    return read_whole(Source.from_bytes(data), limits=limits)


LINES = ("Housing file of Tokenperson", "Reference QX 104417 opened in March", "Please call 01632 960123")


@needs_tesseract
def test_text_of_pictures_and_scanned_pages_is_read() -> None:
    page = page_of_text(*LINES)
    for data in (saved(page), saved(page, "JPEG", quality=80), saved(page, "TIFF")):
        segments, coverage = read_on(data)
        assert (coverage.kind, coverage.status) == ("image", Status.INSPECTED)
        text = "\n".join(segment.text for segment in segments)
        assert "Tokenperson" in text
        assert "104417" in text
        assert "960123" in text
    segments, coverage = read_on(scanned_pdf(page, page_of_text("Second page, Tokensecond")))
    assert coverage.status is Status.INSPECTED, coverage.gaps
    assert str(segment_with(segments, "Tokenperson").location) == "page 1 > at the top (OCR)"
    assert segment_with(segments, "Tokensecond").location.parts[0] == "page 2"


@needs_tesseract
def test_a_picture_inside_an_archive_and_every_page_of_a_fax() -> None:
    first, second = page_of_text("Tokenfirst page"), page_of_text("Tokensecond page")
    fax = saved(first, "TIFF", save_all=True, append_images=[second])
    segments, coverage = read_on(pack({"fax.tif": fax}))
    assert coverage.status is Status.INSPECTED
    assert segment_with(segments, "Tokensecond").location.parts[:2] == ("fax.tif", "page 2")


@needs_tesseract
def test_a_picture_in_a_word_document() -> None:
    document = docx.Document()
    document.add_picture(io.BytesIO(saved(page_of_text("Tokenpicture"))))
    out = io.BytesIO()
    document.save(out)
    segments, coverage = read_on(out.getvalue())
    assert coverage.status is Status.INSPECTED, coverage.gaps
    assert segment_with(segments, "Tokenpicture").location.parts[0].startswith("picture ")
    _, coverage = read(out.getvalue())
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.NEEDS_OCR]


def test_off_by_default_and_said_so() -> None:
    for data, place in ((saved(page_of_text("Token")), ""), (scanned_pdf(page_of_text("Token")), "page 1")):
        _, coverage = read(data)
        assert coverage.status is Status.NOT_INSPECTED
        assert coverage.gaps[0].reason is Shortfall.NEEDS_OCR
        assert str(coverage.gaps[0].location) == place


@needs_tesseract
def test_the_time_limit_holds_over_all_pages_and_members() -> None:
    page = page_of_text(*LINES)
    short = Limits(ocr=True, ocr_seconds=0.001)
    _, coverage = read_on(saved(page), short)
    assert coverage.gaps[0].reason is Shortfall.NEEDS_OCR
    _, coverage = read_on(scanned_pdf(page, page_of_text("other")), short)
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.NEEDS_OCR] * len(coverage.gaps)
    assert "used up" in coverage.gaps[-1].detail
    archive = pack({"a.png": saved(page), "b.png": saved(page_of_text("other"))})
    _, coverage = read_on(archive, short)
    assert [gap.location.parts[0] for gap in coverage.gaps] == ["a.png", "b.png"]


@needs_tesseract
def test_pictures_over_the_limit_of_pixels_are_a_gap() -> None:
    _, coverage = read_on(saved(page_of_text("Token")), Limits(ocr=True, ocr_pixels=10_000))
    assert "pixels" in coverage.gaps[0].detail


def test_properties_are_read_without_ocr() -> None:
    image = Image.new("RGB", (20, 20))
    exif = Image.Exif()
    exif[0x010E] = "Tokendescription"
    exif[0x013B] = "Tokenartist"
    exif[0x9C9C] = "Tokencomment".encode("utf-16-le")
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0Tokenuser"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 0.0), 3: "W", 4: (0.0, 7.0, 30.0)})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator>Tokenxmp</dc:creator></x:xmpmeta>'
    segments, _ = read(saved(image, "JPEG", exif=exif, comment=b"Tokenjpeg", xmp=xmp))
    for token in ("description", "artist", "comment", "user", "xmp", "jpeg"):
        found = segment_with(segments, f"Token{token}")
        assert found.hidden == "picture properties"
        assert found.fields
    assert segment_with(segments, "position").text == "position 51.500000, -0.125000"
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Tokenpng")
    segments, _ = read(saved(image, pnginfo=text))
    assert segment_with(segments, "Tokenpng").fields[0].label == "Author"


PHOTO = Path(__file__).parents[2] / "fixtures" / "photo.heic"


def test_properties_of_a_photograph_of_a_telephone() -> None:
    segments, coverage = read(PHOTO.read_bytes())
    assert coverage.kind == "image"
    assert coverage.gaps[0].reason is Shortfall.NEEDS_OCR
    assert segment_with(segments, "Tokenmaker").hidden == "picture properties"
    assert segment_with(segments, "Tokenxmp")
    assert segment_with(segments, "position").text == "position 51.500000, -0.125000"


@needs_tesseract
def test_text_of_a_photograph_of_a_telephone() -> None:
    segments, coverage = read_on(PHOTO.read_bytes())
    assert coverage.status is Status.INSPECTED
    text = "\n".join(segment.text for segment in segments)
    assert "Tokenphoto" in text
    assert "104417" in text


def test_cut_photographs_of_telephones_are_never_passed_as_read() -> None:
    whole = PHOTO.read_bytes()
    for end in range(24, len(whole) - 400, 997):
        for limits in (Limits(), ON):
            _, coverage = read_on(whole[:end], limits)
            assert coverage.status is not Status.INSPECTED


@pytest.mark.parametrize(
    ("kind", "options"), [("AVIF", {}), ("WEBP", {}), ("TIFF", {}), ("MPO", {"save_all": True})]
)
def test_properties_in_other_formats(kind: str, options: dict[str, object]) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Tokendescription"
    segments, coverage = read(saved(Image.new("RGB", (200, 200)), kind, exif=exif, **options))
    assert coverage.kind == "image"
    assert segment_with(segments, "Tokendescription")


def photoshop(*layers: tuple[bytes, str]) -> bytes:
    """A Photoshop picture of one grey pixel; each layer's string with the mark that stands before it."""
    strings = b"".join(
        mark + struct.pack(">I", len(text) + 1) + f"{text}\0".encode("utf-16-be") for mark, text in layers
    )
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 1, 1, 1, 8, 1)
    return head + struct.pack(">III", 0, 0, len(strings)) + strings + b"\0\0\x80"


def test_texts_of_the_layers_of_a_photoshop_picture() -> None:
    name = b"8BIMluni" + bytes(4)
    segments, coverage = read(
        photoshop((name, "Tokenlayer"), (b"Txt TEXT", "Tokentext"), (b"luni", "Tokennear"))
    )
    assert coverage.kind == "image"
    assert segment_with(segments, "Tokenlayer").hidden == "picture properties"
    assert str(segment_with(segments, "Tokentext").location) == "layers"
    assert not [one for one in segments if "Tokennear" in one.text]


def test_formats_without_a_reader_are_a_gap() -> None:
    _, coverage = read(b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(500))
    assert (coverage.kind, coverage.status) == ("image", Status.NOT_INSPECTED)
    assert coverage.gaps[0].reason is Shortfall.NEEDS_OCR


@needs_tesseract
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_photographs_are_turned_as_the_camera_noted(orientation: int) -> None:
    back = {3: 180, 6: 90, 8: 270}[orientation]
    page = page_of_text(*LINES).rotate(back, expand=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    segments, _ = read_on(saved(page, "JPEG", quality=85, exif=exif))
    assert segment_with(segments, "Tokenperson").location.parts[-1] == "at the top (OCR)"


def test_icons_inside_other_files_need_no_ocr() -> None:
    icon = saved(Image.new("RGB", (60, 60)))
    _, coverage = read(pack({"icon.png": icon, "a.txt": "words"}))
    assert coverage.status is Status.INSPECTED
    assert is_small_picture(icon)
    assert not is_small_picture(saved(Image.new("RGB", (600, 600))))


@pytest.mark.parametrize(
    ("size", "status", "why"),
    [
        ((24, 24), Status.INSPECTED, "an icon"),
        ((90, 400), Status.INSPECTED, "too narrow for a word"),
        ((600, 400), Status.NOT_INSPECTED, "large enough for words"),
    ],
)
def test_icons_that_are_files_of_their_own_need_no_ocr(
    size: tuple[int, int], status: Status, why: str
) -> None:
    assert read(saved(Image.new("RGB", size)))[1].status is status, why


def test_broken_pictures_are_never_passed_as_read() -> None:
    whole = saved(page_of_text("Token"), "JPEG")
    chance = random.Random(2)
    for _ in range(40):
        data = bytearray(whole[: chance.randrange(20, len(whole))])
        for _ in range(6):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        _, coverage = read(bytes(data))
        assert coverage.status is not Status.INSPECTED


@needs_tesseract
def test_blurred_pages_are_not_passed_as_read() -> None:
    page = page_of_text(*(f"Reference QX {104400 + n} of file {n}" for n in range(24)))
    blurred = page.filter(ImageFilter.GaussianBlur(4.4))
    for data in (saved(blurred), scanned_pdf(blurred)):
        _, coverage = read_on(data)
        assert [gap.reason for gap in coverage.gaps] == [Shortfall.NEEDS_OCR]
        assert "hard to read" in coverage.gaps[0].detail


@needs_tesseract
def test_text_on_its_side() -> None:
    font = ImageFont.load_default(size=40)
    image = Image.new("L", (1600, 900), 255)
    for number in range(8):
        words = f"The quick brown fox and Tokenside number {number} went home"
        ImageDraw.Draw(image).text((60, 60 + 90 * number), words, fill=0, font=font)
    segments, coverage = read_on(saved(image.rotate(90, expand=True, fillcolor=255)))
    assert coverage.status is Status.INSPECTED
    if "osd" in languages():
        assert any("Tokenside" in segment.text for segment in segments)


def test_how_colours_look_is_no_text() -> None:
    stream = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8, 8)).save(stream, "TIFF", icc_profile=profile, description="descriptiontoken")
    segments, _ = read(stream.getvalue())
    assert [segment.text for segment in segments if segment.hidden == "picture properties"] == [
        "descriptiontoken"
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"tEXt", b"Comment\0latetoken"),
        (b"eXIf", b""),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"latetoken")),
    ],
)
def test_what_stands_behind_the_pixels_of_a_png_is_read(kind: bytes, body: bytes) -> None:
    exif = Image.Exif()
    exif[0x010E] = "latetoken"
    body = body or exif.tobytes().removeprefix(b"Exif\0\0")
    data = saved(Image.new("RGB", (20, 20)), "PNG")
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    end = data.rindex(b"IEND") - 4
    segments, _ = read(data[:end] + chunk + data[end:])
    assert segment_with(segments, "latetoken")
