"""A tag before the subject changes the subject and nothing else."""

from __future__ import annotations

import os
import tempfile

import pytest

from smtp_filter.message import Content
from smtp_filter.relay.tagging import tagged

TAG = "[SECURE]"
BODY = b"\r\n\r\nSubject: not the head\r\n" + b"x" * 300_000 + b"\r\n"


@pytest.mark.parametrize(
    ("head", "expected", "why"),
    [
        (b"Subject: Hello", b"Subject: [SECURE] Hello", "plain"),
        (b"From: a@b\r\nSUBJECT:Hello", b"From: a@b\r\nSUBJECT:[SECURE] Hello", "capitals, no blank"),
        (b"Subject: [secure] Hello", b"Subject: [secure] Hello", "it has it already"),
        (b"Subject: =?utf-8?q?H=C3=A9?=", b"Subject: [SECURE] =?utf-8?q?H=C3=A9?=", "encoded word"),
        (b"Subject: a\r\nSubject: b", b"Subject: [SECURE] a\r\nSubject: b", "the first of two"),
        (b"From: a@b", b"Subject: [SECURE]\r\nFrom: a@b", "none: one is made"),
        (b"X-Subject: a", b"Subject: [SECURE]\r\nX-Subject: a", "another header"),
        (b"From: a\r\n subject: b", b"Subject: [SECURE]\r\nFrom: a\r\n subject: b", "a folded line"),
    ],
)
@pytest.mark.parametrize("spooled", [False, True])
def test_the_subject_alone_changes(head: bytes, expected: bytes, why: str, spooled: bool) -> None:
    data = head + BODY
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        content = Content.from_descriptor(file.fileno()) if spooled else Content.from_bytes(data)
        before, rest = tagged(content, TAG)
        with rest.open() as reader:
            sent = before + reader.read()
        assert sent == expected + BODY, why
        assert rest.size == len(sent) - len(before)
        assert os.pread(file.fileno(), len(data), 0) == data


@pytest.mark.parametrize("tag", ["", "a\r\nBcc: x@y", "é", "x" * 61])
def test_a_tag_that_could_become_another_header_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="short line"):
        tagged(Content.from_bytes(b"Subject: a\r\n\r\n"), tag)
