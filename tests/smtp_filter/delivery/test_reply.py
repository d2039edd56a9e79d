"""Replies on the wire."""

from __future__ import annotations

import pytest

from smtp_filter.delivery import Reply


@pytest.mark.parametrize(
    ("reply", "wire"),
    [
        (Reply(250, "2.0.0 Ok"), b"250 2.0.0 Ok\r\n"),
        (Reply(550, "5.7.1 a\n5.7.1 b"), b"550-5.7.1 a\r\n550 5.7.1 b\r\n"),
        (Reply(250, "caf\u00e9 \u00a3\x00\r"), b"250 caf? ???\r\n"),
        (Reply(250, ""), b"250 \r\n"),
        (Reply(250, "x" * 1000), b"250 " + b"x" * 506 + b"\r\n"),
    ],
)
def test_wire(reply: Reply, wire: bytes) -> None:
    assert reply.wire() == wire
    assert all(len(line) <= 512 for line in reply.wire().splitlines(keepends=True))


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (250, "2.1.5 Ok", "2.1.5 Ok"),
        (250, "Ok", "2.0.0 Ok"),
        (550, "no\nreally", "5.0.0 no\n5.0.0 really"),
        (450, "5.1.1 wrong class", "4.0.0 5.1.1 wrong class"),
        (250, "2.0 not one", "2.0.0 2.0 not one"),
        (550, "5.1.1", "5.1.1"),
        (250, "", "2.0.0"),
    ],
)
def test_enhanced_codes(code: int, text: str, expected: str) -> None:
    assert Reply(code, text).with_enhanced_code().text == expected
