"""Limits of reading one document: typed, documented, each reported as a gap when it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.documents.passwords import Passwords

_MB = 1_000_000
_GB = 1_000 * _MB


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one document (with everything inside it) is read at most.

    A limit that is reached ends as a gap with the reason ``LIMIT`` or ``TOO_LARGE``, never as silence.
    The values are those that measurement of hostile and of ordinary large files suggested: above every
    honest council document seen, far below what exhausts a worker of 2 GB and 20 CPU seconds.
    """

    file_bytes: int = 2 * _GB
    """Largest file that is streamed (text, CSV, mail boxes, archives)."""

    parser_bytes: int = 250 * _MB
    """Largest file that a parser may hold in memory as a whole (``Source.read``)."""

    expanded_bytes: int = 1 * _GB
    """Bytes that all members of a container may expand to, over every nesting level together."""

    members: int = 100_000
    """Members (files in archives, attachments, embedded objects) over every nesting level together."""

    nesting: int = 10
    """Containers inside containers: a member deeper than this is not opened."""

    ratio: int = 100
    """Expanded to packed size of one member, looked at once it has expanded to ``ratio_floor``."""

    ratio_floor: int = 10 * _MB
    """Below this many expanded bytes the ratio is not looked at: formatted empty cells and repeated log
    lines pack 1,000 to 1, and that much costs less than a second to read."""

    text_characters: int = 100 * _MB
    """Characters of text handed out for one document with all its members."""

    segment_characters: int = 1_000_000
    """Longest segment; longer text is cut between words into several."""

    pages: int = 20_000
    """Pages of one paged document."""

    cells: int = 10_000_000
    """Cells of one workbook or delimited file."""

    depth: int = 200
    """Nested elements or parts inside one file (HTML, XML, JSON, MIME)."""

    mime_parts: int = 10_000
    """Parts of one mail message."""

    page_engine: bool = True
    """Whether pages of PDF documents are given to pdfium; not so where that ended a reader before."""

    ocr: bool = False
    """Whether the text of pictures and scans is read (tesseract): 100 to 1,000 times the cost of text."""

    ocr_seconds: float = 120.0
    """Wall-clock time of OCR for one document with all its members; what is left then is a gap."""

    ocr_pixels: int = 100_000_000
    """Largest picture that OCR looks at."""

    passwords: Passwords = field(default_factory=Passwords)
    """Passwords of the site, and the CPU time that may go into trying passwords on one document."""
