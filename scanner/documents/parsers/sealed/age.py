"""age files, armoured or binary: for keys, or for a password.  Source: the age-encryption.org/v1 format."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Protection, Shortfall
from scanner.documents.protocol import HERE, Event, Lock, Member, ProtectionNote, Source

_HEADER = 1_000_000
_STANZA = re.compile(rb"^-> (\S{1,100})([^\n]{0,1000})\n((?:[A-Za-z0-9+/]{1,64}\n){0,50})", re.MULTILINE)
_END = re.compile(rb"^--- [A-Za-z0-9+/]{43}\n", re.MULTILINE)
_ARMOUR = re.compile(rb"-----BEGIN AGE ENCRYPTED FILE-----([A-Za-z0-9+/=\s]*+)")
# age itself writes 18 and refuses more than 22 when it reads.
_MOST_WORK = 20
_CHUNK = 65_536


class AgeParser:
    """Reads the header; tries passwords where the file is for a password."""

    kinds = frozenset({"age"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the lock, or the note and the gap."""
        data = source.read()
        if armour := _ARMOUR.search(data[:_HEADER]):
            armour = _ARMOUR.search(data)
            data = binascii.a2b_base64(armour[1]) if armour else b""
        end = _END.search(data, 0, _HEADER)
        if end is None:
            yield ProtectionNote(Protection.UNKNOWN, HERE, "age")
            yield Gap(HERE, Shortfall.ENCRYPTED, "age file with a damaged header")
            return
        stanzas = list(_STANZA.finditer(data, 0, end.start()))
        kinds = list(dict.fromkeys(one[1].decode("ascii", "replace") for one in stanzas))
        known = [kind for kind in kinds if kind in ("X25519", "scrypt", "ssh-rsa", "ssh-ed25519", "piv-p256")]
        method = f"age, {', '.join(known)}" if known else "age"
        password = next((one for one in stanzas if one[1] == b"scrypt"), None)
        if password is None:
            yield ProtectionNote(Protection.STRONG, HERE, method)
            yield Gap(HERE, Shortfall.ENCRYPTED, "age file")
            return
        salt, work, wrapped = _scrypt_stanza(password)
        payload = data[end.end() :]

        def attempt(word: str) -> Iterator[Event] | None:
            key = _file_key(word, salt, work, wrapped)
            if key is None:
                return None
            return iter((Member("", _payload(key, payload), HERE, named=True),))

        yield Lock(
            attempt, Protection.STRONG, method, HERE, "age file with a password", (), held=len(payload)
        )


def _scrypt_stanza(match: re.Match[bytes]) -> tuple[bytes, int, bytes]:
    words = match[2].split()
    salt = _decoded(words[0]) if words else b""
    work = int(words[1]) if len(words) > 1 and words[1].isdigit() and len(words[1]) < 3 else 99
    return salt, work, _decoded(b"".join(match[3].split()))


def _decoded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def _file_key(password: str, salt: bytes, work: int, wrapped: bytes) -> bytes | None:
    if work > _MOST_WORK:
        return None
    memory = 128 * 8 * (1 << work)
    key = hashlib.scrypt(
        password.encode("utf-8"),
        salt=b"age-encryption.org/v1/scrypt" + salt,
        n=1 << work,
        r=8,
        p=1,
        maxmem=memory + (64 << 20),
        dklen=32,
    )
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), wrapped, None)
    except InvalidTag:
        return None


def _payload(file_key: bytes, payload: bytes) -> bytes:
    """The content: chunks of 64 kB, each with the number of its own and a mark on the last."""
    key = HKDF(SHA256(), 32, payload[:16], b"payload").derive(file_key)
    cipher = ChaCha20Poly1305(key)
    pieces = []
    sealed = _CHUNK + 16
    body = payload[16:]
    for number, at in enumerate(range(0, max(1, len(body)), sealed)):
        last = at + sealed >= len(body)
        nonce = number.to_bytes(11, "big") + bytes((last,))
        pieces.append(cipher.decrypt(nonce, body[at : at + sealed], None))
    return b"".join(pieces)
