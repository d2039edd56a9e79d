"""Photographed, slanting, small and blurred pages: what is recognised in them, and what is said of it."""

from __future__ import annotations

import io
from collections.abc import Callable

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageChops, ImageFilter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from scanner.documents.recognition import available, recognise
from scanner.documents.straightening import straightened

needs_tesseract = pytest.mark.skipif(not available(), reason="tesseract with English is not installed")
LINES = tuple(f"Reference QX {104400 + n} of the housing file number {n}" for n in range(24))
NUMBERS = frozenset(str(104400 + n) for n in range(24))


def page(dots: int = 200) -> Image.Image:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setFont("Helvetica", 10)
    for number, line in enumerate(LINES):
        canvas.drawString(72, 740 - 24 * number, line)
    canvas.save()
    sheet = pdfium.PdfDocument(out.getvalue())[0]
    return sheet.render(scale=dots / 72, grayscale=True).to_pil()


def shaded(image: Image.Image) -> Image.Image:
    """Light from one side."""
    light = Image.linear_gradient("L").point([90 + shade * 160 // 255 for shade in range(256)])
    return ImageChops.multiply(image, light.rotate(90).resize(image.size))


def turned(image: Image.Image, angle: float) -> Image.Image:
    return image.rotate(angle, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def photographed(image: Image.Image) -> Image.Image:
    """On a dark table, a little askew, in the shade of a hand."""
    table = Image.new("L", (image.width + 400, image.height + 400), 60)
    table.paste(image, (150, 250))
    return shaded(table.rotate(3, fillcolor=60, resample=Image.Resampling.BICUBIC))


def fax(image: Image.Image) -> Image.Image:
    """Two colours, and dots twice as high as wide."""
    sent = image.resize((1687, 1146)).point([255 * (shade > 150) for shade in range(256)])
    sent.info["dpi"] = (204.0, 98.0)
    return sent


def contrastless(image: Image.Image) -> Image.Image:
    return image.point([150 + shade * 40 // 255 for shade in range(256)])


CASES: tuple[tuple[str, Callable[[], Image.Image]], ...] = (
    ("clean", page),
    ("a degree askew", lambda: turned(page(), 1)),
    ("five degrees askew", lambda: turned(page(), -5)),
    ("twelve degrees askew", lambda: turned(page(), 12)),
    ("uneven light", lambda: shaded(page())),
    ("photographed", lambda: photographed(page())),
    ("little contrast", lambda: contrastless(page())),
    ("100 dots an inch", lambda: page(100)),
    ("a fax", lambda: fax(page())),
)


@needs_tesseract
@pytest.mark.parametrize("make", [make for _, make in CASES], ids=[name for name, _ in CASES])
def test_numbers_are_found(make: Callable[[], Image.Image]) -> None:
    found = recognise(make(), 100)
    text = "\n".join(block.text for block in found.blocks)
    assert sum(number in text for number in NUMBERS) >= 23
    assert not found.doubtful


@needs_tesseract
@pytest.mark.parametrize(
    ("image", "doubtful", "why"),
    [
        (page().filter(ImageFilter.GaussianBlur(3.4)), True, "blurred"),
        (Image.new("L", (900, 700), 200), False, "near miss: a picture without text"),
        (Image.effect_noise((900, 700), 60), False, "near miss: noise"),
    ],
)
def test_text_that_cannot_be_read_is_said(image: Image.Image, doubtful: bool, why: str) -> None:
    assert recognise(image, 100).doubtful is doubtful, why


@pytest.mark.parametrize("angle", [0, 7, -3.5])
def test_lines_are_level_afterwards(angle: float) -> None:
    straight = straightened(turned(page(100), angle))
    ink = straight.resize((1, straight.height), Image.Resampling.BOX).tobytes()
    # White stripes between the lines are all white.
    assert sum(one > 240 for one in ink) > len(ink) / 2


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (40, 40)])
def test_odd_sizes_are_no_trouble(size: tuple[int, int]) -> None:
    for shade in (0, 128, 255):
        assert straightened(Image.new("L", size, shade)).size >= size
