"""Encrypted and rights-managed Office files: told by their structure, opened where a password is known.

Excel encrypts write-protected books with a password that it knows by itself; such a book is read, and
reported as protected in name only (MS-OFFCRYPTO 2.4.2.3, "VelvetSweatshop").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import msoffcrypto
import olefile

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Protection, Shortfall
from scanner.documents.parsers.sealed.ciphers import decrypted_cbc
from scanner.documents.protocol import HERE, Event, Lock, Member, ProtectionNote, Source

# Passwords that the programs try by themselves: Excel's, and PowerPoint's for presentations that are only
# protected against changes.  They are public: MS-OFFCRYPTO 2.4.2.3.
DEFAULT_PASSWORDS = ("VelvetSweatshop", "/01Hannes Ruescher/01")
# Office writes 100,000 rounds; a file that asks for more than this is out to cost time.
_MOST_ROUNDS = 1_000_000
# Bytes of the stream that describes the encryption: Office writes some two thousand.
_INFO = 65_536
_ROUNDS = re.compile(rb'spinCount\s*=\s*["\'](\d{1,12})["\']')
_KEY_DATA = re.compile(rb"<(?:\w+:)?keyData\b([^>]*)>")
_PASSWORD_KEY = re.compile(rb"<(?:\w+:)?encryptedKey\b([^>]*spinCount[^>]*)>")
_ATTRIBUTE = re.compile(rb"""(\w+)\s*=\s*["']([^"']{0,4000})["']""")
# MS-OFFCRYPTO 2.3.2: identifiers of AES with 128, 192 and 256 bits.
_AES = {0x660E: 128, 0x660F: 192, 0x6610: 256}
_RC4 = 0x6801
_RIGHTS = "\tdrmcontent"
# MS-OFFCRYPTO 2.3.4.13: what is hashed into the keys of the verifier.
_INPUT_BLOCK = bytes.fromhex("fea7d2763b4b9e79")
_VALUE_BLOCK = bytes.fromhex("d7aa0f6d3061344e")


class EncryptedOfficeParser:
    """Reads what opens with a password that is known; says how the rest is protected."""

    kinds = frozenset({"ooxml-encrypted", "ooxml-rights"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the lock of a package, or the note and the gap of rights management."""
        data = source.read()
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            if any(stream[-1].lower() == _RIGHTS for stream in ole.listdir()):
                # Whoever issued the rights can read it: whose tenant that is cannot be told from here.
                yield ProtectionNote(Protection.UNKNOWN, HERE, "rights management (IRM)")
                yield Gap(HERE, Shortfall.ENCRYPTED, "rights management")
                return
            info = ole.openstream("EncryptionInfo").read(_INFO) if ole.exists("EncryptionInfo") else b""
        protection, method = scheme(info)
        rounds = _ROUNDS.search(info)
        if rounds and int(rounds.group(1)) > _MOST_ROUNDS:
            yield ProtectionNote(protection, HERE, method)
            yield Gap(HERE, Shortfall.ENCRYPTED, "needs a password")
            return
        yield office_lock(data, source.name, protection, method, info=info)


def office_lock(data: bytes, name: str, protection: Protection, method: str, *, info: bytes = b"") -> Lock:
    """What a password may open: an encrypted package, or a legacy document, workbook or presentation."""
    agile = _AgileKey.of(info)

    def attempt(password: str) -> Iterator[Event] | None:
        if agile is not None and not agile.fits(password):
            return None
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        if info:
            office.load_key(password=password, verify_password=agile is None)
        else:
            office.load_key(password=password)
        plain = io.BytesIO()
        office.decrypt(plain)
        return iter((Member(name, plain.getvalue(), HERE, named=True),))

    return Lock(attempt, protection, method, known=DEFAULT_PASSWORDS, held=len(data))


def scheme(info: bytes) -> tuple[Protection, str]:
    """How strong the encryption of an ``EncryptionInfo`` stream is (MS-OFFCRYPTO 2.3.4), and its name.

    AES is strong; RC4 and the other ciphers that the format knows are weak; what cannot be told is
    unknown.
    """
    if len(info) < 8:
        return Protection.UNKNOWN, "Office, unknown method"
    major, minor = struct.unpack_from("<HH", info)
    if (major, minor) == (4, 4):
        key_data = _KEY_DATA.search(info)
        values = dict(_ATTRIBUTE.findall(key_data[1])) if key_data else {}
        cipher = values.get(b"cipherAlgorithm", b"").upper()
        if not cipher:
            return Protection.UNKNOWN, "Office agile, unknown cipher"
        bits = values.get(b"keyBits", b"").decode("ascii", "replace")
        if cipher == b"AES":
            return Protection.STRONG, f"Office agile, AES-{bits}" if bits.isdigit() else "Office agile, AES"
        return Protection.WEAK, "Office agile, weak cipher"
    if minor == 2 and len(info) >= 32:
        algorithm, _, key_bits = struct.unpack_from("<LLL", info, 20)
        if algorithm in _AES:
            return Protection.STRONG, f"Office standard, AES-{_AES[algorithm]}"
        if algorithm == _RC4 or (not algorithm and info[4] & 0x4 and not info[4] & 0x20):
            bits = str(key_bits or 40) if key_bits <= 128 else ""
            return Protection.WEAK, f"Office RC4 CryptoAPI, {bits} bits" if bits else "Office RC4 CryptoAPI"
        return Protection.WEAK, "Office standard, weak cipher"
    if (major, minor) == (1, 1):
        return Protection.WEAK, "Office RC4, 40 bits"
    return Protection.UNKNOWN, "Office, unknown method"


@dataclass(frozen=True, slots=True)
class _AgileKey:
    """The password key of agile encryption: checks a password at a fifth of the cost of decrypting."""

    digest: str
    rounds: int
    salt: bytes
    key_bytes: int
    verifier_input: bytes
    verifier_value: bytes

    @classmethod
    def of(cls, info: bytes) -> _AgileKey | None:
        """The key that an ``EncryptionInfo`` describes, ``None`` where it is not as Office writes it."""
        found = _PASSWORD_KEY.search(info)
        if found is None:
            return None
        pairs = _ATTRIBUTE.findall(found[1])
        values = {key.decode(): value.decode("ascii", "replace") for key, value in pairs}
        digest = values.get("hashAlgorithm", "").replace("-", "").lower()
        if digest not in ("sha1", "sha256", "sha384", "sha512") or values.get("cipherAlgorithm") != "AES":
            return None
        if not values.get("cipherChaining", "").endswith("CBC") or values.get("blockSize") != "16":
            return None
        try:
            return cls(
                digest,
                int(values["spinCount"]),
                base64.b64decode(values["saltValue"]),
                int(values["keyBits"]) // 8,
                base64.b64decode(values["encryptedVerifierHashInput"]),
                base64.b64decode(values["encryptedVerifierHashValue"]),
            )
        except (KeyError, ValueError):
            return None

    def fits(self, password: str) -> bool:
        """Whether a password is right (MS-OFFCRYPTO 2.3.4.11 and 2.3.4.13)."""
        new = getattr(hashlib, self.digest)
        current = new(self.salt + password.encode("utf-16-le")).digest()
        for number in range(self.rounds):
            current = new(number.to_bytes(4, "little") + current).digest()
        plain = self._decrypted(new(current + _INPUT_BLOCK).digest(), self.verifier_input)
        value = self._decrypted(new(current + _VALUE_BLOCK).digest(), self.verifier_value)
        size = new().digest_size
        return hmac.compare_digest(new(plain[: len(self.salt)]).digest(), value[:size])

    def _decrypted(self, key: bytes, data: bytes) -> bytes:
        key = key[: self.key_bytes].ljust(self.key_bytes, b"\x36")
        return decrypted_cbc(key, self.salt.ljust(16, b"\x36")[:16], data)
