"""Pictures: what is written into the file (EXIF, IPTC, XMP, comments) always, the text in them by OCR."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageFile, ImageOps, IptcImagePlugin

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.pictures.embedded_pictures import picture_size
from scanner.documents.protocol import HERE, Effort, Event, Source, TooLargeError
from scanner.documents.recognition import (
    HARD_TO_READ,
    RecognitionError,
    available,
    recognise,
    recognised_segments,
)
from scanner.documents.rows import row_segment

# Pictures smaller than this are bullets, lines and icons: no text that anybody could read.
_WIDTH, _HEIGHT = 100, 30
# Formats whose readers are Pillow's own or of a well-known library; the one for EPS starts a program.
# Those that are not loaded from the start stand at the end: loading them costs more than reading a picture.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "JPEG2000", "ICO", "AVIF", "PSD")
# Photographs of telephones: the brands of the container that libheif decodes (ISO/IEC 23008-12, annex B).
_HEIF = re.compile(rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)
_LONGEST = 100_000
_LAYER_TEXT = re.compile(rb"(?:Txt TEXT|8BIMluni.{4})(?P<length>\0.{3})", re.DOTALL)
_MOST_LAYERS = 10_000
_TAG = re.compile(r"<[^<>]{0,4000}>")
_ATTRIBUTE = re.compile(r'(?<=[\w:])="([^"<>]{3,4000})"')
# Bytes for programs: where things stand, how colours look.
_PRIVATE = frozenset(
    ("MakerNote", "PrintImageMatching", "JPEGTables", "StripOffsets", "StripByteCounts", "InterColorProfile")
)
_SILENT = frozenset({"exif", "icc_profile", "photoshop", "transparency", "version", "compression"})
# Of a larger one it is not asked what stands behind its pixels.
_PICTURE_BYTES = 50_000_000
# Written by Windows in UTF-16.
_WINDOWS = re.compile(r"XP[A-Z]")
_READABLE = re.compile(r"[^\W_]{2}")


class ImageParser:
    """Reads pictures."""

    kinds = frozenset({"image"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield properties, then recognised text, or the gap that says that nobody read the picture."""
        with source.open() as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = _opened(file)
            except Exception as error:  # drawings and formats without a reader, damage, decompression bombs
                if source.location == HERE or not is_small_picture(source.head(65_536)):
                    yield Gap(HERE, Shortfall.NEEDS_OCR, _why(error))
                return
            with image:
                yield from _properties(image)
                if image.format == "PSD":
                    yield from _layers(source)
                if image.width < _WIDTH or image.height < _HEIGHT:
                    return
                if not limits.ocr:
                    yield Gap(HERE, Shortfall.NEEDS_OCR, "image")
                elif not available():
                    yield Gap(HERE, Shortfall.NEEDS_OCR, "image; tesseract is not installed")
                else:
                    yield from _frames(image, limits)


def written_properties(file: BinaryIO) -> Iterator[Segment]:
    """What is written into a picture beside it; nothing where nobody can open it.  Never raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with _opened(file) as image:
                yield from _properties(image)
        except Exception:  # Pillow raises whatever it meets
            return


def _opened(file: BinaryIO) -> ImageFile.ImageFile:
    """The picture, by its content; raises whatever the readers make of damage and of other formats."""
    head = file.read(12)
    file.seek(0)
    if not _HEIF.match(head):
        return Image.open(file, formats=_FORMATS)
    # Loaded for the few that need it; and not registered, as that would be for the whole process.
    from pi_heif import HeifImageFile

    photograph: ImageFile.ImageFile = HeifImageFile(file)
    return photograph


def _layers(source: Source) -> Iterator[Event]:
    """The texts and the names of the layers of a Photoshop picture, shown in it or not.

    Each is a string of its own with its length (Adobe Photoshop File Formats Specification, "Additional layer
    information": ``TySh``, ``luni``), and nothing else has these marks in front.
    """
    try:
        data = source.read()
    except TooLargeError:
        yield Gap(Location(("layers",)), Shortfall.TOO_LARGE, "texts of layers")
        return
    said: set[str] = set()
    for match in islice(_LAYER_TEXT.finditer(data), _MOST_LAYERS):
        length = int.from_bytes(match["length"], "big") * 2
        if not 0 < length <= _LONGEST:
            continue
        text = data[match.end() : match.end() + length].decode("utf-16-be", "replace")
        text = text.strip("\0 ").replace("\r", "\n").replace("\3", "\n")
        if text not in said and _READABLE.search(text):
            said.add(text)
            yield Segment(text, Location(("layers",)), "picture properties")


def _why(error: Exception) -> str:
    return "image over the limit of pixels" if isinstance(error, Image.DecompressionBombError) else "image"


def _frames(image: Image.Image, limits: Limits) -> Iterator[Event]:
    """Recognise each page of a picture that may have many (fax, scan to TIFF)."""
    left = limits.ocr_seconds
    count = min(int(getattr(image, "n_frames", 1)), limits.pages)
    if image.format == "GIF":
        count = 1
    for number in range(count):
        place = Location((f"page {number + 1}",)) if count > 1 else HERE
        if left <= 0:
            yield Gap(place, Shortfall.NEEDS_OCR, "the time for OCR is used up")
            return
        began = time.monotonic()
        try:
            image.seek(number)
            if image.width * image.height > limits.ocr_pixels:
                yield Gap(place, Shortfall.NEEDS_OCR, "image over the limit of pixels")
                continue
            # As it was held: a camera notes how it was turned, and turns nothing.
            found = recognise(ImageOps.exif_transpose(image), left)
        except RecognitionError as error:
            yield Gap(place, Shortfall.NEEDS_OCR, f"image: {error}")
        except Exception as error:  # Pillow raises whatever it meets
            yield Gap(place, Shortfall.DAMAGED, f"image: {type(error).__name__}")
        else:
            yield from recognised_segments(found.blocks, place)
            if found.doubtful:
                yield Gap(place, Shortfall.NEEDS_OCR, HARD_TO_READ)
        spent = time.monotonic() - began
        left -= spent
        yield Effort(ocr_seconds=spent)


def _properties(image: ImageFile.ImageFile) -> Iterator[Segment]:
    """Everything that a camera or a program wrote beside the picture."""
    said: set[str] = set()
    for label, value in _written(image):
        text = value.strip("\0 \r\n")[:_LONGEST]
        if text not in said and _READABLE.search(text):
            said.add(text)
            place = Location(("picture properties", label))
            yield row_segment([text], [label], place, hidden="picture properties")


def _written(image: ImageFile.ImageFile) -> Iterator[tuple[str, str]]:
    try:
        # Of a PNG without properties behind its pixels the library would unpack all pixels to learn that.
        exif = image.getexif() if image.format != "PNG" or _goes_on_behind(image) else Image.Exif()
        directories = (exif, exif.get_ifd(ExifTags.IFD.Exif))
        for directory in directories:
            for tag, value in directory.items():
                name = ExifTags.TAGS.get(tag, f"tag {tag}")
                if name not in _PRIVATE:
                    yield name, _text(value, name)
        yield "GPS", _position(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except Exception:  # noqa: S110 (damaged tags: the picture itself is still looked at)
        pass
    for key, value in image.info.items():
        if isinstance(key, str) and key.lower() in ("xmp", "xml:com.adobe.xmp"):
            yield "XMP", _xmp(value)
        elif isinstance(key, str) and key not in _SILENT:
            yield key[:80], _text(value, key)
    try:
        for (record, dataset), value in (IptcImagePlugin.getiptcinfo(image) or {}).items():
            for one in value if isinstance(value, list) else [value]:
                yield f"IPTC {record}:{dataset}", _text(one, "")
    except Exception:  # noqa: S110 (as above)
        pass


def _goes_on_behind(image: ImageFile.ImageFile) -> bool:
    """Whether a PNG has EXIF, or any text behind its pixels."""
    file = image.fp
    if "exif" in image.info or file is None:
        return True
    position = file.tell()
    file.seek(0)
    data = file.read(_PICTURE_BYTES)
    file.seek(position)
    behind = data[data.rfind(b"IDAT") :]
    return len(data) == _PICTURE_BYTES or any(mark in behind for mark in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"))


def _text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        return ""
    if _WINDOWS.match(name) or value.startswith(b"UNICODE\0"):
        return value.removeprefix(b"UNICODE\0").decode("utf-16-le", "replace")
    text = value.removeprefix(b"ASCII\0\0\0").decode("utf-8", "replace")
    return "" if text.count("\ufffd") * 10 > len(text) else text


def _xmp(value: Any) -> str:
    packet = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    packet = packet[:_LONGEST]
    written = [one for one in _ATTRIBUTE.findall(packet) if not one.startswith("http://")]
    return "\n".join((*written, *filter(None, map(str.strip, _TAG.split(packet)))))


def _position(gps: dict[int, Any]) -> str:
    """Latitude and longitude in degrees, empty where the camera did not know."""
    try:
        degrees = [sum(float(part) / 60**power for power, part in enumerate(gps[tag])) for tag in (2, 4)]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ""
    north, east = degrees
    south, west = gps.get(1) == "S", gps.get(3) == "W"
    return f"position {-north if south else north:.6f}, {-east if west else east:.6f}"


def is_small_picture(head: bytes) -> bool:
    """Tell a picture (PNG, GIF, BMP, JPEG) that is too small to hold text; unknown sizes are not small."""
    width, height = picture_size(head) or (0, 0)
    return 0 < width < 1 << 31 and height > 0 and (width < _WIDTH or height < _HEIGHT)
