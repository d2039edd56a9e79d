"""DATA bytes to message bytes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_filter.relay.incoming import DataDecoder

CASES = [
    (b".\r\n", b"", "an empty message"),
    (b"a\r\n.\r\n", b"a\r\n", "one line"),
    (b"a\r\n\r\n.\r\n", b"a\r\n\r\n", "an empty line before the end"),
    (b"..\r\n.\r\n", b".\r\n", "a dot alone, stuffed"),
    (b"..a\r\n...\r\n.\r\n", b".a\r\n..\r\n", "stuffed dots"),
    (b"a\r\n..\r\n.\r\n", b"a\r\n.\r\n", "a stuffed dot is no end"),
    (b"a\n.\nb\r\n.\r\n", b"a\r\n\r\nb\r\n", "LF . LF is no end (smuggling)"),
    (b"a\n.\r\nb\r\n.\r\n", b"a\r\n\r\nb\r\n", "LF . CRLF is no end (smuggling)"),
    (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\r\nb\r\n", "CRLF . LF is no end (smuggling)"),
    (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\r\nb\r\n", "CRLF . CR is no end (smuggling)"),
    (b"a\r.\rb\r\n.\r\n", b"a\r\n.\r\nb\r\n", "CR . CR is no end, and a CR starts no line that is stuffed"),
    (b"a\nb\r\n.\r\n", b"a\r\nb\r\n", "lone LF"),
    (b"a\rb\r\n.\r\n", b"a\r\nb\r\n", "lone CR"),
    (b"a\r\r\n.\r\n", b"a\r\n\r\n", "CR CR LF"),
    (b"a\n..b\r\n.\r\n", b"a\r\n.b\r\n", "a client that ends lines in LF stuffs there too"),
    (b"\0\xff\r\n.\r\n", b"\0\xff\r\n", "any octet passes"),
]


def decode(pieces: list[bytes]) -> tuple[bytes, DataDecoder]:
    decoder = DataDecoder()
    return b"".join(decoder.feed(piece) for piece in pieces), decoder


@pytest.mark.parametrize(("wire", "content", "why"), CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_content(wire: bytes, content: bytes, why: str, size: int) -> None:
    pieces = [wire[start : start + size] for start in range(0, len(wire), size)]
    found, decoder = decode(pieces)
    assert decoder.finished
    assert found == content, why


@pytest.mark.parametrize(
    "wire", [b"a\r\n.", b"a\r\n.\r", b".\r", b"a\r\n..\r\n", b"a\n.\n", b"", b"\r\n. \r\n"]
)
def test_not_the_end(wire: bytes) -> None:
    assert not decode([wire])[1].finished


def test_what_comes_behind_the_end_is_kept() -> None:
    _, decoder = decode([b"a\r\n.\r\nQUIT\r\n"])
    assert decoder.rest == b"QUIT\r\n"


@pytest.mark.parametrize(
    ("wire", "bare", "longest"),
    [
        (b"a\r\n.\r\n", 0, 1),
        (b"a\nbbb\r\n.\r\n", 1, 3),
        (b"a\rb\nc\r\n.\r\n", 2, 1),
        (b"a\r\r\n.\r\n", 1, 1),
        (b"x" * 5000 + b"\r\n.\r\n", 0, 5000),
        (b"a\r\n" + b"y" * 700 + b"\r\nb\r\n.\r\n", 0, 700),
        (b".\r\n", 0, 0),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_counts(wire: bytes, bare: int, longest: int, size: int) -> None:
    _, decoder = decode([wire[start : start + size] for start in range(0, len(wire), size)])
    assert (decoder.bare_line_ends, decoder.longest_line) == (bare, longest)


def stuffed(text: bytes) -> bytes:
    return re.sub(rb"(?m)^\.", b"..", text) + b".\r\n"


WILD = st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"a", b"bc"])).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b"\r\n", b".", b"..", b"a", b"bc", b"\r\n."])), st.lists(st.integers(1, 9)))
def test_a_stuffed_message_comes_back_however_it_is_cut(parts: list[bytes], cuts: list[int]) -> None:
    text = b"".join(parts) + b"\r\n"
    wire, pieces, at = stuffed(text), list[bytes](), 0
    for cut in cuts:
        pieces.append(wire[at : at + cut])
        at += cut
    found, decoder = decode([*pieces, wire[at:]])
    assert decoder.finished
    assert found == text


@settings(max_examples=300, deadline=None)
@given(WILD, st.lists(st.integers(1, 9)))
def test_cuts_never_matter_and_line_ends_are_always_canonical(text: bytes, cuts: list[int]) -> None:
    wire = text + b"\r\n.\r\n"
    whole, one = decode([wire])
    pieces, at = list[bytes](), 0
    for cut in cuts:
        pieces.append(wire[at : at + cut])
        at += cut
    cut_up, other = decode([*pieces, wire[at:]])
    if other.rest == one.rest:  # the text may hold an end of its own
        assert cut_up == whole
        assert (one.bare_line_ends, one.longest_line) == (other.bare_line_ends, other.longest_line)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", whole)
