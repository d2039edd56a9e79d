"""Traces that are no text: thumbnails, and what cameras wrote into the pictures inside of a document."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace

from scanner.documents import Limits, Segment, Source, read_document
from scanner.release.inventory import Inventory
from scanner.release.model import Objection, Weight

_PACKAGES = frozenset("docx xlsx pptx xlsb vsdx odt ods odp odg epub".split())  # noqa: SIM905 (a table of words)
_PICTURES = (".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".png", ".webp", ".heic")
# A photograph is a few megabytes; a larger one is looked at in its beginning, where its properties stand.
_PICTURE_BYTES = 64_000_000
_MOST_PICTURES = 500
# Exif: the directory that describes the small picture of the picture (TIFF 6.0, IFD 1).
_THUMBNAIL_OFFSET = 0x0201


def traces(source: Source, kind: str, limits: Limits) -> Iterator[Objection]:
    """Objections to what is in a file beside its text.  What is damaged was a gap of the reading before."""
    try:
        if kind in _PACKAGES:
            yield from _in_package(source, limits)
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


def _in_package(source: Source, limits: Limits) -> Iterator[Objection]:
    pictures = 0
    positions: list[str] = []
    properties: list[str] = []
    with source.open() as file, zipfile.ZipFile(file) as package:
        for entry in package.infolist()[: limits.members]:
            name = entry.filename.lower()
            if "thumbnail" in name and entry.file_size and not name.endswith(("/", ".rels", ".xml")):
                yield Objection(
                    "thumbnail",
                    Weight.MEDIUM,
                    "A small picture of the first page may show what was taken out since.",
                    "Save without a preview picture.",
                    entry.filename,
                )
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


def _in_archive(source: Source, limits: Limits) -> Iterator[Objection]:
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
