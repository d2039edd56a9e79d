"""Files encrypted as a whole in ways that cannot be judged from here: key stores, OpenSSL, AxCrypt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Protection, Shortfall
from scanner.documents.protocol import HERE, Event, ProtectionNote, Source
from scanner.documents.sniffing import PLAIN_WORDS, sniff

_DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "keystore": "a key store or password safe; sending one is an incident by itself",
        "rpmsg": "message protected by rights management",
    }
)


class SealedParser:
    """Says what it is; nothing inside can be read."""

    kinds = frozenset({"axcrypt", "disk-encrypted", "keystore", "openssl", "rpmsg"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the note and the gap."""
        kind = sniff(source)
        words = PLAIN_WORDS[kind]
        yield ProtectionNote(Protection.UNKNOWN, HERE, words)
        yield Gap(HERE, Shortfall.ENCRYPTED, _DETAILS.get(kind, words))
