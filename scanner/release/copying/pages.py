"""Pages and pictures drawn anew: what is seen is kept as pixels, everything else stays behind."""

from __future__ import annotations

import io
from typing import BinaryIO

import pypdfium2 as pdfium
from PIL import Image, ImageOps

# Dots per inch: OCR finds all numbers of a clean page from 200 on (our measurement), and print looks clean.
_DPI = 200
_POINTS_PER_INCH = 72
# A poster is drawn coarser rather than not at all.
_PAGE_PIXELS = 25_000_000
_QUALITY = 85
_MOST_PAGES = 2_000
_PICTURE_PIXELS = 200_000_000
# Formats that are written as they came; anything else becomes PNG.
_SAME_FORMAT = frozenset(("JPEG", "PNG", "TIFF"))


class NotDrawnError(Exception):
    """There is no drawing this; the message says why in fixed words."""


def draw_pdf(source: BinaryIO, file: BinaryIO) -> int:
    """Draw each page of a PDF as a picture into a new PDF; returns the number of pages.

    Form fields and annotations are drawn as a viewer shows them.  Raises :class:`NotDrawnError`.
    """
    try:
        document = pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        needs = "password" in str(error).lower()
        why = (
            "it needs a password: save it without one and check again"
            if needs
            else "the PDF cannot be opened"
        )
        raise NotDrawnError(why) from error
    if len(document) > _MOST_PAGES:
        raise NotDrawnError(f"more than {_MOST_PAGES:,} pages")
    document.init_forms()
    drawn = pdfium.PdfDocument.new()
    for number in range(len(document)):
        try:
            page = document[number]
            width, height = page.get_size()
            scale = min(_DPI / _POINTS_PER_INCH, (_PAGE_PIXELS / max(1.0, width * height)) ** 0.5)
            picture = page.render(scale=scale).to_pil().convert("RGB")
        except (pdfium.PdfiumError, ValueError, OSError) as error:
            raise NotDrawnError(f"page {number + 1} cannot be drawn") from error
        page.close()
        _add_page(drawn, picture, width, height)
    drawn.save(file)
    return len(document)


def _add_page(drawn: pdfium.PdfDocument, picture: Image.Image, width: float, height: float) -> None:
    pixels = io.BytesIO()
    picture.save(pixels, "JPEG", quality=_QUALITY)
    pixels.seek(0)
    image = pdfium.PdfImage.new(drawn)
    image.load_jpeg(pixels, inline=True)
    image.set_matrix(pdfium.PdfMatrix().scale(width, height))
    page = drawn.new_page(width, height)
    page.insert_obj(image)
    page.gen_content()
    page.close()


def draw_picture(source: BinaryIO, file: BinaryIO) -> str:
    """Write a picture's pixels into a new file without anything else; returns the suffix of its format.

    A picture that is turned by its properties is turned in fact; of a moving one the first frame is kept.
    Raises :class:`NotDrawnError`.
    """
    try:
        with Image.open(source) as picture:
            if picture.width * picture.height > _PICTURE_PIXELS:
                raise NotDrawnError("the picture is too large")
            name = picture.format if picture.format in _SAME_FORMAT else "PNG"
            frames = []
            for number in range(getattr(picture, "n_frames", 1) if name == "TIFF" else 1):
                picture.seek(number)
                frames.append(_pixels(picture))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise NotDrawnError("the picture cannot be opened") from error
    if name == "TIFF":
        frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:], compression="tiff_deflate")
    elif name == "JPEG":
        frames[0].save(file, "JPEG", quality=90)
    else:
        frames[0].save(file, "PNG")
    return {"JPEG": ".jpg", "TIFF": ".tif"}.get(name or "", ".png")


def _pixels(picture: Image.Image) -> Image.Image:
    """The same pixels without properties; what is transparent becomes white, for it may hide something."""
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        seen = turned.convert("RGBA")
        ground = Image.new("RGBA", seen.size, (255, 255, 255, 255))
        ground.alpha_composite(seen)
        turned = ground
    mode = turned.mode if turned.mode in ("1", "L") else "RGB"
    plain = turned.convert(mode)
    clean = Image.new(mode, plain.size)
    clean.paste(plain)
    return clean
