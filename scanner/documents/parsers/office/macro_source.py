"""The source of macros (VBA) inside Office documents: text that people wrote, in a compressed stream."""

from __future__ import annotations

import io
from collections.abc import Iterator

import olefile

from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.protocol import Event

# Every module's source begins with "Attribute VB_Name": behind the container's mark (1 byte), the chunk's
# header (2) and the first token byte, which is 0 since nothing can be repeated yet.
_SOURCE = b"\x00Attribut"
_BEFORE_SOURCE = 3
_LONGEST_SOURCE = 10_000_000


def macro_segments(data: bytes) -> Iterator[Event]:
    """Yield the source of each module of a ``vbaProject.bin`` (MS-OVBA 2.2 and 2.4.1); never raises."""
    found = False
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            for path in ole.listdir(streams=True, storages=False):
                stream = ole.openstream(path).read()
                start = stream.find(_SOURCE)
                if start < _BEFORE_SOURCE:
                    continue
                text = decompress(stream[start - _BEFORE_SOURCE :]).decode("cp1252", "replace")
                lines = [line for line in text.splitlines() if not line.startswith("Attribute VB_")]
                found = True
                yield Segment("\n".join(lines), Location((f'macro module "{path[-1]}"',)), "macro source")
    except Exception:  # olefile raises whatever its parsing meets
        found = False
    if not found:
        yield Gap(Location(("macros",)), Shortfall.DAMAGED, "macro source cannot be found")


def decompress(data: bytes) -> bytes:
    """Expand a compressed container (MS-OVBA 2.4.1.3) as far as it is whole.

    Chunks of up to 4,096 bytes follow each other; inside, eight tokens share a byte of flags: a literal
    byte, or a copy of what came before in the chunk.
    """
    out = bytearray()
    position = 1
    while position + 2 <= len(data) and len(out) < _LONGEST_SOURCE:
        header = int.from_bytes(data[position : position + 2], "little")
        end = min(len(data), position + (header & 0x0FFF) + 3)
        position += 2
        if (header >> 12) & 0x07 != 0x03:
            break
        if not header & 0x8000:
            out += data[position:end]
            position = end
            continue
        chunk_start = len(out)
        while position < end:
            flags = data[position]
            position += 1
            for bit in range(8):
                if position >= end:
                    break
                if not flags >> bit & 1:
                    out.append(data[position])
                    position += 1
                    continue
                if position + 2 > end:
                    position = end
                    break
                token = int.from_bytes(data[position : position + 2], "little")
                position += 2
                # The further into the chunk, the more of the token's bits tell the distance.
                bits = max(4, (len(out) - chunk_start - 1).bit_length())
                length = (token & (0xFFFF >> bits)) + 3
                distance = (token >> (16 - bits)) + 1
                if distance > len(out) - chunk_start:
                    return bytes(out)
                for _ in range(length):
                    out.append(out[-distance])
    return bytes(out)
