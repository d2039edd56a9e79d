"""The second factor: codes of an authenticator application (RFC 6238, SHA-1, six figures, 30 seconds)."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP = 30
DIGITS = 6
# One step to either side, for clocks that are not quite right (RFC 6238, 5.2).
_DRIFT = 1
_SECRET_BYTES = 20


def new_secret() -> bytes:
    """The seed of a new second factor."""
    return secrets.token_bytes(_SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """The code of a step (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"


def accepted_step(secret: bytes, code: str, now: float, last: int) -> int | None:
    """The step whose code it is, later than ``last``: a code is taken once.  ``None`` for a wrong one."""
    told = "".join(code.split())
    here = int(now // STEP)
    found = None
    for step in range(here - _DRIFT, here + _DRIFT + 1):
        # All are compared, so that time does not tell which one it was.
        if hmac.compare_digest(code_at(secret, step).encode(), told.encode()) and step > last:
            found = step
    return found


def key_text(secret: bytes) -> str:
    """The seed as an application takes it when it is typed: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def key_address(secret: bytes, account: str, issuer: str) -> str:
    """The seed as a link that an application on the same device opens."""
    fields = {"secret": base64.b32encode(secret).decode().rstrip("="), "issuer": issuer}
    # Applications show a plus as it is.
    query = urlencode(fields, quote_via=quote)
    return f"otpauth://totp/{quote(f'{issuer}:{account}')}?{query}"
