"""Message bytes to DATA bytes: dot-stuffing, piece by piece, and the final dot."""

from __future__ import annotations

from collections.abc import Iterator

from smtp_filter.message import Content

PIECE = 1 << 18
"""Bytes read and handed to the transport at a time: a large message must not hold up the other sessions."""


def stuffed(head: bytes, content: Content) -> Iterator[bytes]:
    """``head`` and then the content, as DATA wants it, without the final dot.

    Both have CRLF line ends (the relay made them so).  A content that does not end in CRLF gets one, as SMTP
    demands.
    """
    line_start = True
    ended = b"\r\n"
    for piece in _pieces(head, content):
        if line_start and piece.startswith(b"."):
            piece = b"." + piece
        joined = piece.replace(b"\r\n.", b"\r\n..")
        # A CR LF that the cut between two pieces has parted from its dot.
        if ended[-1:] == b"\r" and piece.startswith(b"\n."):
            joined = b"\n." + joined[1:]
        ended = (ended + piece[-2:])[-2:]
        line_start = ended == b"\r\n"
        yield joined
    if ended != b"\r\n":
        yield b"\r\n"


def _pieces(head: bytes, content: Content) -> Iterator[bytes]:
    if content.data is not None and len(content.data) <= PIECE:
        if both := head + content.data:
            yield both
        return
    if head:
        yield head
    with content.open() as file:
        while piece := file.read(PIECE):
            yield piece
