"""DATA bytes to message bytes, piece by piece: the end, the dots, and line ends made CRLF once and for all.

Only CR LF . CR LF ends the data.  Dots are taken away at the start of each line, also of one that follows a
lone LF, as a client that ends lines so has put them there; after that a lone CR or LF becomes CR LF, so that
what is inspected and what is sent cannot be read in two ways by anybody (SMTP smuggling, CVE-2023-51764 and
its kin).
"""

from __future__ import annotations

import re

_END = b"\r\n.\r\n"
_LINE_END = re.compile(rb"\r\n|\r|\n")


class DataDecoder:
    """Feed it what arrives after 354; it gives back content, until ``finished``.

    ``bare_line_ends`` counts lone CR and LF, ``longest_line`` is in bytes without its end, ``rest`` is what
    came behind the end.  The result does not depend on how the bytes were cut.
    """

    def __init__(self) -> None:
        # The CRLF of the DATA command itself counts: an empty message is ". CR LF" alone.
        self._pending = b"\r\n"
        self._virtual = 2
        self._line_start = True
        self._line_length = 0
        self.finished = False
        self.rest = b""
        self.bare_line_ends = 0
        self.longest_line = 0

    def feed(self, piece: bytes) -> bytes:
        """The content that is certain by now."""
        data = self._pending + piece
        end = data.find(_END)
        if end >= 0:
            self.finished = True
            self.rest = data[end + len(_END) :]
            self._pending = b""
            content = data[: end + 2]
        else:
            # Keep what may be the start of the end, and a CR at the cut: its LF may still come.
            keep = max(len(data) - (len(_END) - 1), 0)
            content, self._pending = data[:keep], data[keep:]
            if content.endswith(b"\r"):
                content, self._pending = content[:-1], b"\r" + self._pending
        skipped = min(self._virtual, len(content))
        self._virtual -= skipped
        return self._convert(content[skipped:]) if len(content) > skipped else b""

    def _convert(self, raw: bytes) -> bytes:
        if self._line_start and raw.startswith(b"."):
            raw = raw[1:]
            if not raw:
                self._line_start = False
                return b""
        self._line_start = raw.endswith(b"\n")
        raw = raw.replace(b"\n.", b"\n")
        line_feeds = raw.count(b"\n")
        pairs = raw.count(b"\r\n")
        bare = line_feeds - pairs + raw.count(b"\r") - pairs
        if bare:
            self.bare_line_ends += bare
            raw = _LINE_END.sub(b"\r\n", raw)
        self._measure(raw)
        return raw

    def _measure(self, text: bytes) -> None:
        lines = text.split(b"\n")
        first, last = self._line_length + len(lines[0]), len(lines[-1])
        if len(lines) == 1:
            self._line_length = first
            self.longest_line = max(self.longest_line, first)
            return
        self._line_length = last
        self.longest_line = max(self.longest_line, first - 1, last, max(map(len, lines)) - 1)
