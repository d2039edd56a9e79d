"""Encrypted and rights-managed Office packages: told by their structure, opened where everybody can.

Excel encrypts write-protected books with a password that it knows by itself; such a book is read, and
reported as protected in name only (MS-OFFCRYPTO 2.4.2.3, "VelvetSweatshop").
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator

import msoffcrypto
import olefile

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Protection, Shortfall
from scanner.documents.protocol import HERE, Event, ProtectionNote, Source
from scanner.documents.registry import parser_for
from scanner.documents.sniffing import sniff

DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105 (it is public: MS-OFFCRYPTO 2.4.2.3)
# PowerPoint's own for presentations that are only protected against changes.
_LEGACY_PASSWORDS = (DEFAULT_PASSWORD, "/01Hannes Ruescher/01")
# Office writes 100,000 rounds; a file that asks for more than this is out to cost time.
_MOST_ROUNDS = 1_000_000
# Bytes of the stream that describes the encryption: Office writes some two thousand.
_INFO = 65_536
_ROUNDS = re.compile(rb'spinCount\s*=\s*["\'](\d{1,12})["\']')
_CIPHER = re.compile(rb'<(?:\w+:)?keyData\b[^>]*cipherAlgorithm\s*=\s*["\'](\w+)["\']')
# MS-OFFCRYPTO 2.3.2: identifiers of AES with 128, 192 and 256 bits.
_AES = frozenset((0x660E, 0x660F, 0x6610))
_RIGHTS = "\tdrmcontent"


class EncryptedOfficeParser:
    """Reads what opens with the default password; says how the rest is protected."""

    kinds = frozenset({"ooxml-encrypted", "ooxml-rights"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the document's own events, or a protection note and the gap."""
        data = source.read()
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            if any(stream[-1].lower() == _RIGHTS for stream in ole.listdir()):
                yield ProtectionNote(Protection.STRONG, HERE, "rights management")
                yield Gap(HERE, Shortfall.ENCRYPTED, "rights management")
                return
            info = ole.openstream("EncryptionInfo").read(_INFO) if ole.exists("EncryptionInfo") else b""
        plain = decrypt(data, info)
        parser = None
        if plain is not None:
            inner = Source.from_bytes(plain, source.name)
            kind = sniff(inner)
            parser = None if kind in self.kinds else parser_for(kind)
        if parser is None:
            yield ProtectionNote(strength(info))
            yield Gap(HERE, Shortfall.ENCRYPTED, "needs a password")
            return
        yield ProtectionNote(Protection.NAME_ONLY, HERE, "default password")
        yield from parser.parse(inner, limits)


def strength(info: bytes) -> Protection:
    """How strong the encryption is that an ``EncryptionInfo`` stream describes (MS-OFFCRYPTO 2.3.4).

    AES is strong; RC4 and the other ciphers that the format knows are weak; what cannot be told is
    unknown.
    """
    if len(info) < 8:
        return Protection.UNKNOWN
    major, minor = struct.unpack_from("<HH", info)
    if (major, minor) == (4, 4):
        cipher = _CIPHER.search(info)
        if cipher is None:
            return Protection.UNKNOWN
        return Protection.STRONG if cipher.group(1).upper() == b"AES" else Protection.WEAK
    if minor == 2 and len(info) >= 24:
        (algorithm,) = struct.unpack_from("<L", info, 20)
        return Protection.STRONG if algorithm in _AES else Protection.WEAK
    return Protection.WEAK if (major, minor) == (1, 1) else Protection.UNKNOWN


def decrypt(data: bytes, info: bytes) -> bytes | None:
    """Decrypt a package with the default password; ``None`` where it has another one."""
    rounds = _ROUNDS.search(info)
    if rounds and int(rounds.group(1)) > _MOST_ROUNDS:
        return None
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        office.load_key(password=DEFAULT_PASSWORD, verify_password=True)
        plain = io.BytesIO()
        office.decrypt(plain)
    except Exception:  # the library raises its own and every other class on odd files: it stays locked
        return None
    return plain.getvalue()


def decrypt_legacy(data: bytes) -> bytes | None:
    """Decrypt a legacy workbook or presentation with the passwords that the programs know by themselves.

    ``None`` where it has another one, or where the library does not know its encryption.
    """
    for password in _LEGACY_PASSWORDS:
        try:
            office = msoffcrypto.OfficeFile(io.BytesIO(data))
            office.load_key(password=password)
            plain = io.BytesIO()
            office.decrypt(plain)
        except Exception:  # noqa: S112 (every class of them on odd files: it stays locked)
            continue
        return plain.getvalue()
    return None
