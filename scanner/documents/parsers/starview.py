"""StarView metafiles (SVM): what OpenOffice and LibreOffice draw of charts, formulas and objects.

Source: the documentation of the format in OpenOffice.org's sources (``metaact``): each action is a type, a
version and a length in front of its data.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, Source

_MARK = b"VCLMTF"
_COMPATIBLE = struct.Struct("<HL")  # version, length
_ACTION = struct.Struct("<HHL")  # type, version, length
_TEXT, _TEXT_ARRAY, _STRETCHED, _IN_RECTANGLE = 112, 113, 114, 115
# Bytes in front of the text: the place where it stands.
_PLACES = {_TEXT: 8, _TEXT_ARRAY: 8, _STRETCHED: 8, _IN_RECTANGLE: 16}
# Bytes behind the text in 8 bits, up to the same text in Unicode or to the widths of its letters.
_BETWEEN = {_TEXT: 4, _TEXT_ARRAY: 4, _STRETCHED: 8, _IN_RECTANGLE: 2}
_UNICODE = 2  # version that has it


class StarViewParser:
    """Reads the texts of StarView metafiles."""

    kinds = frozenset({"starview"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the texts as lines, in the order of drawing."""
        data = source.read()
        lines: list[str] = []
        whole = True
        at = len(_MARK)
        try:
            _, length = _COMPATIBLE.unpack_from(data, at)
            at += _COMPATIBLE.size + length
            while at + _ACTION.size <= len(data):
                kind, version, length = _ACTION.unpack_from(data, at)
                at += _ACTION.size
                if at + length > len(data):
                    whole = False
                    break
                if kind in _PLACES:
                    lines.append(_text(data[at : at + length], kind, version))
                at += length
        except struct.error:
            whole = False
        if any(lines):
            yield Segment("\n".join(filter(None, lines)), HERE)
        if not whole:
            yield Gap(HERE, Shortfall.DAMAGED, "records of the drawing")


def _text(data: bytes, kind: int, version: int) -> str:
    """The text of one action, in Unicode where it has it.  Raises ``struct.error`` where it breaks off."""
    at = _PLACES[kind]
    length, high = struct.unpack_from("<HH", data, at)
    if length and not high:  # a length of 32 bits: letters of 16
        return data[at + 4 : at + 4 + 2 * length].decode("utf-16-le", "replace")
    text = data[at + 2 : at + 2 + length].decode("cp1252", "replace")
    at += 2 + length + _BETWEEN[kind]
    if version < _UNICODE:
        return text
    if kind == _TEXT_ARRAY:
        (widths,) = struct.unpack_from("<L", data, at)
        at += 4 + 4 * widths
    if at + 2 > len(data):
        return text
    (count,) = struct.unpack_from("<H", data, at)
    return data[at + 2 : at + 2 + 2 * count].decode("utf-16-le", "replace") or text
