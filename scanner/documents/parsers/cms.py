"""CMS (S/MIME): enveloped is encrypted, signed only wraps, a detached signature holds no content."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Shortfall
from scanner.documents.protocol import HERE, Event, Member, ProtectionNote, Source
from scanner.documents.sniffing import CMS_CONTENT
from scanner.documents.strings import string_segments

# The last byte of the content type's object identifier (RFC 5652, section 4 and following).
_DATA, _SIGNED, _ENVELOPED, _ENCRYPTED = 1, 2, 3, 6
_AUTH_ENVELOPED = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"  # RFC 5083


class CmsParser:
    """Reads S/MIME parts by their structure; type parameters and the name .p7m prove nothing."""

    kinds = frozenset({"cms"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the protection and a gap, or what lies open inside a signature."""
        head = source.head(64)
        position = head.find(CMS_CONTENT)
        kind = head[position + len(CMS_CONTENT)] if 0 <= position < len(head) - len(CMS_CONTENT) else 0
        if _AUTH_ENVELOPED in head or kind == _ENVELOPED:
            yield ProtectionNote(Protection.STRONG, HERE, "S/MIME")
            yield Gap(HERE, Shortfall.ENCRYPTED, "S/MIME message")
        elif kind == _ENCRYPTED:
            yield ProtectionNote(Protection.UNKNOWN, HERE, "CMS with a key agreed elsewhere")
            yield Gap(HERE, Shortfall.ENCRYPTED, "CMS encrypted data")
        else:
            data = source.read()
            begin = data.find(b"Content-Type:")
            if begin >= 0:
                yield Member("", _joined(data[begin:]), Location(("signed content",)))
            with source.open() as file:
                yield from string_segments(file, Location(("signature",)))


def _joined(data: bytes) -> bytes:
    """Take out the length headers between the pieces of a streamed octet string (BER, 1,000-byte pieces)."""
    for header in (b"\x04\x82\x03\xe8", b"\x04\x82\x04\x00", b"\x04\x82\x10\x00"):
        data = data.replace(header, b"")
    return data
