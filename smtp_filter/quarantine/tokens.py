"""Keyed hashes in place of what is searched: addresses, domains, words of subjects and reasons."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from smtp_filter.verdict.addresses import read_address

# A message with a novel for a subject need not be found by each of its words.
WORDS = 400
_WORD = re.compile(r"\w+")


class Tokens:
    """Makes tokens under the installation's search key: equal things meet, and nothing can be read back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, kind: str, value: str) -> int:
        """The token of a value of one kind, as a signed 64-bit number."""
        digest = hashlib.blake2b(
            f"{kind}\0{value}".encode("utf-8", "surrogatepass"), key=self._key, digest_size=8
        )
        return int.from_bytes(digest.digest(), "big", signed=True)

    def long(self, kind: str, *values: bytes) -> bytes:
        """A token of 32 bytes, for what must be unique."""
        state = hashlib.blake2b(kind.encode() + b"\0", key=self._key, digest_size=32)
        for value in values:
            state.update(len(value).to_bytes(8, "big") + value)
        return state.digest()

    def sender(self, address: str) -> int:
        """The token of a sender."""
        return self.of("from", canonical(address))

    def recipient(self, address: str) -> int:
        """The token of a recipient."""
        return self.of("to", canonical(address))

    def domain(self, domain: str) -> int:
        """The token of a recipient's domain."""
        return self.of("domain", domain.strip().casefold())

    def words(self, texts: Iterable[str]) -> set[int]:
        """The tokens of the words in some texts."""
        found: dict[str, None] = {}
        for text in texts:
            for word in words_of(text):
                found[word] = None
                if len(found) >= WORDS:
                    break
        return {self.of("word", word) for word in found}


def canonical(address: str) -> str:
    """An address in the form in which two spellings of one mailbox are equal."""
    read = read_address(address)
    return read.key if read.domain else address.strip().casefold()


def words_of(text: str) -> list[str]:
    """The words of a text, as they are searched: without case, marks of typing, and punctuation.

    >>> words_of("Re: Siân's review")
    ['re', 'sian', 's', 'review']
    """
    folded = unicodedata.normalize("NFKD", text[:20_000].casefold())
    return _WORD.findall("".join(char for char in folded if not unicodedata.combining(char)))
