"""What cameras wrote into the pictures of Office documents: read without recognition, place by place."""

from __future__ import annotations

import io

import docx
import openpyxl
import pptx
import pytest
from openpyxl.drawing.image import Image as SheetImage
from PIL import Image, PngImagePlugin

from scanner.documents import Source, Status, read_whole


def photograph(artist: str, kind: str) -> bytes:
    data = io.BytesIO()
    picture = Image.new("RGB", (40, 30), "green")
    if kind == "PNG":
        words = PngImagePlugin.PngInfo()
        words.add_text("Author", artist)
        picture.save(data, "PNG", pnginfo=words)
    else:
        exif = Image.Exif()
        exif[0x013B] = artist
        picture.save(data, "JPEG", exif=exif if artist else b"")
    return data.getvalue()


def letter(picture: bytes) -> bytes:
    document = docx.Document()
    document.add_picture(io.BytesIO(picture))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def talk(picture: bytes) -> bytes:
    slides = pptx.Presentation()
    slides.slides.add_slide(slides.slide_layouts[6]).shapes.add_picture(io.BytesIO(picture), 0, 0)
    out = io.BytesIO()
    slides.save(out)
    return out.getvalue()


def book(picture: bytes) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.add_image(SheetImage(io.BytesIO(picture)), "B2")
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


@pytest.mark.parametrize("document", [letter, talk, book])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_properties_of_pictures_in_documents(document, kind: str) -> None:  # type: ignore[no-untyped-def]
    segments, coverage = read_whole(Source.from_bytes(document(photograph("Zeta Token", kind))))
    found = [one for one in segments if one.text == "Zeta Token"]
    assert [one.hidden for one in found] == ["picture properties"]
    assert found[0].location.parts[0].startswith('picture "image1.')
    assert coverage.status is Status.INSPECTED


def test_a_picture_without_any_says_nothing() -> None:
    segments, _ = read_whole(Source.from_bytes(letter(photograph("", "JPEG"))))
    assert not [one for one in segments if one.hidden == "picture properties"]
