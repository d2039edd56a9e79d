"""The mark on what we send ourselves: our own relay lets it pass without inspecting and holding it again.

It binds a purpose and a number to the message behind the head, under a key that nobody else knows, and ends
after some days: put on another message it is worth nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass

from scanner.documents.mail_headers import HEADER_BLOCK, split_headers
from smtp_filter.message import Content

HEADER = "X-DLP-Passed"
_VALID_SECONDS = 6 * 86_400.0  # a mail server between us and us gives up after five days
_LONGEST = 200
# A mail server on the way adds lines on top and may fold or re-order ours; these say what the message is.
_BOUND = ("message-id", "subject", "from")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a true mark says: ``purpose`` is ``release`` or ``notice``, ``reference`` the number or key."""

    purpose: str
    reference: str
    at: float


class Marker:
    """Makes and reads marks."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def line(self, purpose: str, reference: str, content: Content, now: float | None = None) -> bytes:
        """The whole header line for a message, to be put on top of it."""
        moment = int(time.time() if now is None else now)
        mac = self._mac(purpose, reference, moment, content)
        return f"{HEADER}: {purpose} {reference} {moment} {mac}\r\n".encode("ascii")

    def read(self, content: Content, now: float | None = None) -> Mark | None:
        """The mark of a message, ``None`` where there is none, or one that is false or too old."""
        with content.open() as file:
            start = file.read(HEADER_BLOCK)
        if HEADER.encode() not in start:
            return None
        fields, _ = split_headers(start, 0, len(start))
        moment = time.time() if now is None else now
        for name, value in fields:
            if name.lower() != HEADER.lower() or len(value) > _LONGEST:
                continue
            parts = value.split()
            if len(parts) != 4 or not parts[2].isascii() or not parts[2].isdigit():
                continue
            purpose, reference, written, mac = parts
            known = self._mac(purpose, reference, int(written), content)
            if hmac.compare_digest(mac.encode("ascii", "replace"), known.encode()):
                age = moment - int(written)
                return Mark(purpose, reference, float(written)) if -3600 < age < _VALID_SECONDS else None
        return None

    def _mac(self, purpose: str, reference: str, moment: int, content: Content) -> str:
        with content.open() as file:
            start = file.read(HEADER_BLOCK)
            fields, begin = split_headers(start, 0, len(start))
            digest = hashlib.sha256(start[begin:])
            while piece := file.read(1 << 20):
                digest.update(piece)
        bound = [
            "".join(value.split()) for wanted in _BOUND for name, value in fields if name.lower() == wanted
        ]
        told = "\0".join([purpose, reference, str(moment), digest.hexdigest(), *bound])
        return hmac.digest(self._key, told.encode("utf-8", "surrogatepass"), "sha256").hex()[:40]
