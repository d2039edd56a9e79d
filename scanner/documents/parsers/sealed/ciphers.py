"""What encrypted documents and archives share: AES in CBC mode, and the counters hashed into keys."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def decrypted_cbc(key: bytes, vector: bytes, data: bytes) -> bytes:
    """Blocks of AES in CBC mode in clear, padding included; raises ``ValueError`` where the last is cut."""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


@cache
def counters() -> tuple[bytes, ...]:
    """All numbers of 16 bits, as 7-Zip and RAR 4 hash them with a password."""
    return tuple(number.to_bytes(2, "little") for number in range(65536))
