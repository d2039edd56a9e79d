"""A clean Office package: exactly the parts that are written, without dates, authors or properties."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO
from xml.sax.saxutils import escape

# The earliest that ZIP knows: a date that says nothing.
_NO_DATE = (1980, 1, 1, 0, 0, 0)
# What XML 1.0 cannot hold, and halves of surrogate pairs.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def words(text: str) -> str:
    """A text for XML, without the characters that XML cannot hold."""
    return escape(_NOT_XML.sub("", text))


def attribute(text: str) -> str:
    """A text for an attribute in double quotes."""
    return escape(_NOT_XML.sub("", text), {'"': "&quot;"})


class CleanPackage:
    """A ZIP archive of XML parts, written in one go from front to back."""

    def __init__(self, file: BinaryIO) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)

    def part(self, name: str, xml: str) -> None:
        """Write a whole part."""
        with self.stream(name) as stream:
            stream.write(xml.encode("utf-8"))

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """Write a part piece by piece."""
        entry = zipfile.ZipInfo(name, _NO_DATE)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(entry, "w", force_zip64=True) as stream:
            stream.write(DECLARATION.encode("ascii"))
            yield stream

    def close(self) -> None:
        """Write the directory; without it there is no archive."""
        self._archive.close()
