"""Whether the packed streams of a PDF are whole: readers pass over damaged ones without a word.

A page whose content does not inflate is an empty page to every reader, and one whose font or character map
does not is a page of other letters.  Flate data carries a checksum: one look at each stream tells.
"""

from __future__ import annotations

import base64
import io
import logging
import zlib

import pikepdf

logging.getLogger("pikepdf").setLevel(logging.CRITICAL + 1)  # it logs what it meets in damaged files

# What one stream and all of them together may inflate to; beyond that nothing is looked at any more.
_STREAM_BYTES, _ALL_BYTES = 50_000_000, 500_000_000
_PIECE = 1 << 20
_FLATE = (["/FlateDecode"], ["/Fl"])
_LETTERS = (["/ASCII85Decode"], ["/A85"])


def damaged_streams(data: bytes, password: str = "") -> int:
    """How many packed streams that are no pictures break off or fail their checksum.

    0 where the file cannot be looked through: that is for its readers to say.
    """
    count = 0
    try:
        with pikepdf.open(io.BytesIO(data), password=password) as pdf:
            left = _ALL_BYTES
            for item in pdf.objects:
                if not isinstance(item, pikepdf.Stream) or item.get("/Subtype") == "/Image":
                    continue
                filters = _filters(item)
                if filters[:1] in _FLATE:
                    whole, inflated = _inflates(item.read_raw_bytes())
                elif filters[:1] in _LETTERS and filters[1:2] in _FLATE:
                    whole, inflated = _inflates(_from_letters(item.read_raw_bytes()))
                else:
                    continue
                count += not whole
                left -= inflated
                if left < 0:
                    break
    except Exception:  # a password, or damage of any kind
        return count
    return count


def _filters(stream: pikepdf.Stream) -> list[str]:
    filters = stream.get("/Filter")
    if isinstance(filters, pikepdf.Array):
        return [str(one) for one in filters]
    return [str(filters)] if filters is not None else []


def _from_letters(data: bytes) -> bytes:
    """The bytes behind ASCII85; nothing where it is not that, which does not inflate."""
    try:
        return base64.a85decode(data.strip().removesuffix(b"~>"))
    except ValueError:
        return b"\xff\xff"


def _inflates(data: bytes) -> tuple[bool, int]:
    """Whether packed data has no error up to its end or the limit, and what it came to."""
    inflater = zlib.decompressobj()
    count = 0
    try:
        while data and not inflater.eof and count < _STREAM_BYTES:
            count += len(inflater.decompress(data, _PIECE))
            data = inflater.unconsumed_tail
    except zlib.error:
        return False, count
    # Some writers leave the checksum out; that the data ends is enough then.
    return True, count
