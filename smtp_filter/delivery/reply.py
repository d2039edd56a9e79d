"""An SMTP reply as a value: code, text with its enhanced status code, and how it stands on the wire."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_OCTETS = 512
"""A reply line including code and CRLF (RFC 5321 4.5.3.1.5)."""

_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """A code and its text: lines separated by a newline, each beginning with an enhanced status code."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """2xx: done."""
        return 200 <= self.code <= 299

    @property
    def transient(self) -> bool:
        """4xx: try again."""
        return 400 <= self.code <= 499

    @property
    def permanent(self) -> bool:
        """5xx: never."""
        return 500 <= self.code <= 599

    def wire(self) -> bytes:
        """The reply as sent: ASCII, lines of at most 512 octets, control characters replaced."""
        lines = [_clean(line) for line in self.text.split("\n")]
        last = len(lines) - 1
        return b"".join(
            b"%d%s%s\r\n" % (self.code, b" " if number == last else b"-", line[: LINE_OCTETS - 6])
            for number, line in enumerate(lines)
        )

    def with_enhanced_code(self) -> Reply:
        """The same reply with ``x.0.0`` in front of each line that has no enhanced status code (RFC 2034)."""
        kind = self.code // 100
        lines = [
            line if _ENHANCED.match(line) and line[0] == str(kind) else f"{kind}.0.0 {line}".rstrip()
            for line in self.text.split("\n")
        ]
        return Reply(self.code, "\n".join(lines))


def _clean(line: str) -> bytes:
    return bytes(
        byte if 0x20 <= byte < 0x7F or byte == 0x09 else 0x3F for byte in line.encode("ascii", "replace")
    )


UNAVAILABLE = Reply(451, "4.4.1 Next hop unavailable, try again")
UNTRUSTED = Reply(451, "4.7.5 Next hop unavailable, try again")
"""The next hop has no TLS, or a certificate that we do not believe."""
