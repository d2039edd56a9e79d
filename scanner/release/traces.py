"""Traces that are no text: thumbnails, and what cameras wrote into the pictures inside of a document."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace

from scanner.documents import Limits, Segment, Source, read_document
from scanner.documents.parsers.pictures.embedded_pictures import picture_size
from scanner.release.inventory import Inventory
from scanner.release.model import Objection, Remark, Weight

_PACKAGES = frozenset("docx xlsx pptx xlsb vsdx odt ods odp odg epub".split())  # noqa: SIM905 (a table of words)
_PICTURES = (".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".png", ".webp", ".heic")
# A photograph is a few megabytes; a larger one is looked at in its beginning, where its properties stand.
_PICTURE_BYTES = 64_000_000
_MOST_PICTURES = 500
# OpenDocument programs save a picture of 256 pixels with every document: in it the print of a page is three
# pixels high, while the title of a slide can be read.
_PAGES_OF_TEXT = frozenset(("odt", "ods", "docx", "xlsx"))
_TOO_SMALL_TO_READ = 256
_HEAD = 1 << 16
# Exif: the directory that describes the small picture of the picture (TIFF 6.0, IFD 1).
_THUMBNAIL_OFFSET = 0x0201


def traces(source: Source, kind: str, limits: Limits) -> Iterator[Objection | Remark]:
    """What is to be said of what is in a file beside its text.  Damage was a gap of the reading before."""
    try:
        if kind in _PACKAGES:
            yield from _in_package(source, kind, limits)
        elif kind == "zip":
            yield from _in_archive(source, limits)
        elif kind == "image":
            yield from _in_picture(source)
    except (OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile, KeyError):
        yield Objection(
            "not-checked",
            Weight.HIGH,
            "Pictures and thumbnails inside could not be looked at.",
            "Look at it by hand.",
            source.name,
        )


def _thumbnail(head: bytes, kind: str, place: str) -> Objection | Remark:
    """The small picture of the first page that programs save with a document, read from its ``head``."""
    size = picture_size(head)
    if kind in _PAGES_OF_TEXT and size is not None and max(size) <= _TOO_SMALL_TO_READ:
        return Remark("thumbnail", "A picture of the first page, too small for its words to be read.", place)
    return Objection(
        "thumbnail",
        Weight.MEDIUM,
        "A small picture of the first page may show what was taken out since.",
        "Save without a preview picture.",
        place,
    )


def _in_package(source: Source, kind: str, limits: Limits) -> Iterator[Objection | Remark]:
    pictures = 0
    positions: list[str] = []
    properties: list[str] = []
    with source.open() as file, zipfile.ZipFile(file) as package:
        for entry in package.infolist()[: limits.members]:
            name = entry.filename.lower()
            if "thumbnail" in name and entry.file_size and not name.endswith(("/", ".rels", ".xml")):
                with package.open(entry) as member:
                    yield _thumbnail(member.read(_HEAD), kind, entry.filename)
            elif name.endswith(_PICTURES) and entry.file_size <= _PICTURE_BYTES and not entry.flag_bits & 1:
                pictures += 1
                if pictures > _MOST_PICTURES:
                    yield Objection(
                        "not-checked",
                        Weight.HIGH,
                        f"Only the first {_MOST_PICTURES} pictures were looked at.",
                        "Split the document.",
                        entry.filename,
                    )
                    return
                with package.open(entry) as member:
                    data = member.read(_PICTURE_BYTES)
                codes = _codes_of_picture(data, entry.filename)
                if "picture-position" in codes:
                    positions.append(entry.filename)
                if "picture-data" in codes:
                    properties.append(entry.filename)
    if positions:
        yield Objection(
            "picture-position",
            Weight.HIGH,
            "Pictures in the document say where they were taken.",
            "Save the pictures without their position, and put them in again.",
            positions[0],
            len(positions),
        )
    if properties:
        yield Objection(
            "picture-data",
            Weight.MEDIUM,
            "Pictures in the document carry what a camera or program wrote: who took them, and when.",
            "Save the pictures without their properties, and put them in again.",
            properties[0],
            len(properties),
        )


def _in_archive(source: Source, limits: Limits) -> Iterator[Objection | Remark]:
    """The documents and pictures of an archive, one level deep."""
    with source.open() as file, zipfile.ZipFile(file) as package:
        for entry in package.infolist()[: limits.members]:
            suffix = entry.filename.lower().rpartition(".")[2]
            if entry.flag_bits & 1 or entry.file_size > _PICTURE_BYTES:
                continue
            kind = suffix if suffix in _PACKAGES else "image" if suffix in ("jpg", "jpeg") else ""
            if kind:
                with package.open(entry) as member:
                    inner = Source.from_bytes(member.read(_PICTURE_BYTES), entry.filename)
                for objection in traces(inner, kind, limits):
                    if kind != "image" and objection.place != entry.filename:
                        objection = replace(objection, place=f"{entry.filename} > {objection.place}")
                    yield objection


def _codes_of_picture(data: bytes, name: str) -> frozenset[str]:
    inventory = Inventory()
    for item in read_document(Source.from_bytes(data, name), limits=Limits(ocr=False)):
        if isinstance(item, Segment):
            inventory.watch(item)
    return frozenset(objection.code for objection in inventory.objections("image", {}))


def _in_picture(source: Source) -> Iterator[Objection]:
    from PIL import ExifTags, Image

    with source.open() as file, Image.open(file) as picture:
        if _THUMBNAIL_OFFSET in picture.getexif().get_ifd(ExifTags.IFD.IFD1):
            yield Objection(
                "thumbnail",
                Weight.MEDIUM,
                "The picture has a small picture of itself inside, which may be older than its last change.",
                "Save the picture without its properties.",
                source.name,
            )
