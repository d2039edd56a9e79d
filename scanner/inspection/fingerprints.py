"""Fingerprints: keyed hashes that tell equal values from others without keeping them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

_DIGEST_BYTES = 12
# A hash in letters alone is not taken for a number by whoever looks for numbers, ourselves included.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_DIGITS = str.maketrans("abcdefghijklmnop", "0123456789abcdef")


def fingerprint(key: bytes, entity_type: str, value: str) -> str:
    """The fingerprint of a value of one entity type under the installation's ``key``.

    Case, spaces and punctuation do not count.
    """
    plain = re.sub(r"[\W_]+", "", value).casefold()
    keyed = hashlib.blake2b(f"{entity_type}\0{plain}".encode(), key=key[:64], digest_size=_DIGEST_BYTES)
    return keyed.hexdigest().translate(_LETTERS)


def packed(fingerprints: Iterable[str]) -> bytes:
    """Fingerprints as bytes, each once and in order: equal sets are equal bytes.

    >>> unlisted = packed([fingerprint(bytes(16), "PERSON", "A B"), fingerprint(bytes(16), "PERSON", "C D")])
    >>> len(unlisted), len(set(unpacked(unlisted)))
    (24, 2)
    """
    return bytes.fromhex("".join(sorted(set(fingerprints))).translate(_DIGITS))


def unpacked(data: bytes) -> Iterator[str]:
    """The fingerprints that :func:`packed` put together."""
    letters = data.hex().translate(_LETTERS)
    return (letters[start : start + 2 * _DIGEST_BYTES] for start in range(0, len(letters), 2 * _DIGEST_BYTES))
