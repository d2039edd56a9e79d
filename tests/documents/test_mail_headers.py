"""The one reader of mail headers: names as written, values unfolded, lenient, bounded."""

from __future__ import annotations

import pytest

from scanner.documents.mail_headers import message_headers


@pytest.mark.parametrize(
    ("data", "expected", "why"),
    [
        (b"From: a@b\r\nTo: c@d\r\n\r\nX: y", (("From", "a@b"), ("To", "c@d")), "the blank line ends them"),
        (b"FrOm:a@b\nsubject : x\n\n", (("FrOm", "a@b"), ("subject", "x")), "as written, blanks or none"),
        (b"To: a@b,\r\n\tc@d,\r\n  e@f\r\n\r\n", (("To", "a@b, c@d, e@f"),), "unfolded"),
        (b"Subject: =?utf-8?q?a=20b?=\n\n", (("Subject", "=?utf-8?q?a=20b?="),), "encoded words stay"),
        (
            b"To: x@y\nno colon here\nCc: z@y\n\n",
            (("To", "x@y"), ("", "no colon here"), ("Cc", "z@y")),
            "odd",
        ),
        (b"To: x@y\rBcc: z@y\r\r", (("To", "x@y"), ("Bcc", "z@y")), "bare CR is a line end"),
        (b"T\0o: x@y\n\n", (("To", "x@y"),), "a NUL in a name"),
        ("Subject: café".encode(), (("Subject", "café"),), "UTF-8"),
        ("Subject: café".encode("cp1252"), (("Subject", "café"),), "or cp1252"),
        ("To: x@y\n\nbody".encode("utf-16"), (("To", "x@y"),), "UTF-16"),
        (b"\xef\xbb\xbfTo: x@y\n\n", (("To", "x@y"),), "byte order mark"),
        (b"\r\nTo: x@y\n\n", (), "no headers at all"),
        (b"", (), "nothing"),
    ],
)
def test_headers(data: bytes, expected: tuple[tuple[str, str], ...], why: str) -> None:
    assert message_headers(data) == expected, why


def test_a_hundred_thousand_headers_are_bounded_and_not_lost() -> None:
    data = b"".join(b"X-%d: y\r\n" % number for number in range(5_000)) + b"\r\n"
    headers = message_headers(data)
    assert len(headers) == 2_001
    assert headers[-1][0] == ""
    assert "X-4999: y" in headers[-1][1]
