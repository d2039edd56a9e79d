"""Embedded objects and macros of an Office document saved as a web page or as mail (``oledata.mso``)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.strings import only_strings

# Where the packed data begins in the files of all known versions, the usual one first.
_STARTS = (0x32, 0x22A)
_LATEST_START = 1_024


class ActiveMimeParser:
    """Reads the one compound file that is packed inside."""

    kinds = frozenset({"active-mime"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the compound file as a member; without one the readable runs, and a gap."""
        data = source.read()
        cap = min(limits.expanded_bytes, max(limits.ratio_floor, len(data) * limits.ratio))
        begins = (at for at in range(16, min(_LATEST_START, len(data))) if data[at] == 0x78)
        for start in dict.fromkeys((*_STARTS, *begins)):
            inflater = zlib.decompressobj()
            try:
                content = inflater.decompress(data[start:], cap)
            except zlib.error:
                continue
            if not content:
                continue
            yield Member("", content, Location(("objects",)), packed=len(data))
            if inflater.unconsumed_tail:
                yield Gap(HERE, Shortfall.LIMIT, f"expands to more than {cap:,} bytes")
            elif not inflater.eof:
                yield Gap(HERE, Shortfall.DAMAGED, "packed objects break off")
            return
        yield from only_strings(source, "embedded objects (MSO) that cannot be unpacked")
