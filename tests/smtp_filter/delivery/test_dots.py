"""Message bytes to DATA bytes."""

from __future__ import annotations

import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_filter.delivery import dots
from smtp_filter.message import Content
from smtp_filter.relay.incoming import DataDecoder


@pytest.mark.parametrize(
    ("head", "text", "wire"),
    [
        (b"", b"a\r\n", b"a\r\n"),
        (b"", b".a\r\n", b"..a\r\n"),
        (b"", b"a\r\n.\r\n..\r\n", b"a\r\n..\r\n...\r\n"),
        (b"R: x\r\n", b".a\r\n", b"R: x\r\n..a\r\n"),
        (b"", b"no end", b"no end\r\n"),
        (b"", b"", b""),
        (b"", b"a.\r\nb.c\r\n", b"a.\r\nb.c\r\n"),
    ],
)
def test_stuffing(head: bytes, text: bytes, wire: bytes) -> None:
    assert b"".join(dots.stuffed(head, Content.from_bytes(text))) == wire


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b"\r\n", b".", b"a", b"\r\n."])), st.integers(1, 7))
def test_pieces_of_any_size_give_the_same_and_come_back(parts: list[bytes], size: int) -> None:
    text = b"".join(parts) + b"\r\n"
    with tempfile.TemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        file.write(text)
        file.flush()
        patch.setattr(dots, "PIECE", size)
        wire = b"".join(dots.stuffed(b"", Content.from_descriptor(file.fileno())))
    assert wire == b"".join(dots.stuffed(b"", Content.from_bytes(text)))
    decoder = DataDecoder()
    assert decoder.feed(wire + b".\r\n") == text
    assert decoder.finished
