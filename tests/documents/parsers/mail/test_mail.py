"""Mail: every part, header, name and alternative; malformed messages under every plausible reading."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile

import pytest

from scanner.documents import Coverage, Limits, Segment, Shortfall, Source, Status, read_whole
from scanner.documents.mail_headers import decoded_words

TOP = "From: Ann <ann@example.org>\nTo: bob@example.org\nSubject: bins\nMIME-Version: 1.0\n"


def read(message: str | bytes, **limits: int) -> tuple[list[Segment], Coverage]:
    data = message.encode() if isinstance(message, str) else message
    segments, coverage = read_whole(Source.from_bytes(data), limits=Limits(**limits))
    assert coverage.kind in ("eml", "mhtml", "mbox")
    return list(segments), coverage


def texts(message: str | bytes) -> str:
    return "\n".join(segment.text for segment in read(message)[0])


@pytest.mark.parametrize(
    ("value", "expected", "why"),
    [
        ("=?utf-8?q?Ann_Sm=C3=AFth?= <a@b>", "Ann Smïth <a@b>", "Q encoding"),
        ("=?utf-8?B?SGVsbG8g?= =?utf-8?B?V29ybGQ=?=", "Hello World", "blanks between encoded words vanish"),
        ("=?utf-8?B?4oI=?= =?utf-8?B?rDU=?=", "€5", "a character split over two words"),
        ("Re: =?iso-8859-1?q?caf=E9?= at noon", "Re: café at noon", "words around it stay"),
        ("=?no-such?q?abc?=", "abc", "unknown charset"),
        ("=?utf-8?B?!!!?=", "", "rubbish decodes to nothing, and does not raise"),
        ("2 =? 3 ?= 5", "2 =? 3 ?= 5", "not an encoded word"),
    ],
)
def test_encoded_words(value: str, expected: str, why: str) -> None:
    assert decoded_words(value) == expected, why


def test_headers_are_labelled_and_signatures_left_out() -> None:
    segments, coverage = read(TOP + "X-Case: 123\nDKIM-Signature: b=AB123456C\n\nbody")
    by_label = {segment.fields[0].label: segment for segment in segments if segment.fields}
    assert by_label["From"].text == "Ann <ann@example.org>"
    assert str(by_label["Subject"].location) == "header Subject"
    assert by_label["X-Case"].hidden == "mail header"
    assert "DKIM-Signature" not in by_label
    assert coverage.status is Status.INSPECTED


@pytest.mark.parametrize(
    ("headers", "body", "expected", "why"),
    [
        ("Content-Transfer-Encoding: quoted-printable", "AB12=\n3456C", "AB123456C", "soft line break"),
        ("Content-Transfer-Encoding: base64", base64.b64encode(b"secret").decode(), "secret", "base64"),
        ("Content-Transfer-Encoding: (a comment) BASE64", "c2VjcmV0", "secret", "comment in the encoding"),
        ("Content-Transfer-Encoding: base64", "c2Vj\ncg==\ncmV0", "secrret", "padding in the middle"),
        ("Content-Type: text/plain; charset=hex_codec", "secret", "secret", "a codec that is no charset"),
        ("Content-Type: text/plain; charset=us-ascii", "caf\u00e9", "café", "a lie about the charset"),
        ("Content-Type: text/plain; format=flowed", "one \ntwo", "one two", "flowed text"),
        ("Content-Type: text/html", "AB<b>12</b>34<!-- Ann -->", "AB1234", "HTML body"),
        ("Content-Type: multipart/mixed", "--x\n\nfirst\n--x\n\nsecond\n--x--", "second", "no boundary"),
        ("Content-Type: multipart/mixed; boundary=no", "--x\n\nfirst\n--x\n\nsecond", "second", "wrong one"),
        ("Content-Type: multipart/mixed; boundary=x", "just words", "just words", "no boundary anywhere"),
        ("Content-Type: multipart/mixed; boundary=x", "--x\n\nfirst", "first", "never closed"),
        ("Content-Type: multipart/mixed; boundary=x", "pre\n--x\n\n.\n--x--\npost", "post", "epilogue"),
        ("Content-Type: multipart/mixed; boundary=x", "pre\n--x\n\n.\n--x--\npost", "pre", "preamble"),
        (
            "Content-Type: multipart/mixed; boundary=a\nContent-Type: multipart/mixed; boundary=b",
            "--b\nContent-Transfer-Encoding: base64\n\nc2VjcmV0\n--b--",
            "secret",
            "two Content-Types, the second is right",
        ),
        (
            "Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64",
            base64.b64encode(b"--x\n\nsecret\n--x--").decode(),
            "secret",
            "base64 on a container",
        ),
        (
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64",
            base64.b64encode(b"From: c@example.org\nSubject: inner\n\nsecret").decode(),
            "inner",
            "base64 on a message",
        ),
        (
            "Content-Type: multipart/alternative; boundary=x",
            "--x\n\nshown\n--x\nContent-Type: text/plain\n\nother\n--x--",
            "other",
            "every alternative",
        ),
        (
            "Content-Type: multipart/digest; boundary=x",
            "--x\n\nFrom: c@example.org\nSubject: digested\n\nwords\n--x--",
            "digested",
            "messages by default",
        ),
        (
            "X-Coding lost; quoted-printable",
            "one=0D=0Asecret=0D=0A",
            "\nsecret",
            "quoted-printable that a damaged header does not declare any more",
        ),
        ("X: 1", "see ?a=20&b=AB and ?c=3D", "?a=20&b=AB", "addresses stay as they are"),
        (
            'Content-Type: text/plain with a secret; charset="utf-8"',
            "x",
            "with a secret",
            "words in a header",
        ),
        (
            "Content-Type: text/calendar",
            "BEGIN:VCALENDAR\nSUMMARY:vis\n it\nEND:VCALENDAR",
            "visit",
            "unfolded",
        ),
    ],
)
def test_bodies(headers: str, body: str, expected: str, why: str) -> None:
    assert expected in texts(f"{TOP}{headers}\n\n{body}\n"), why


def attachment(name_header: str, content: bytes) -> str:
    encoded = base64.b64encode(content).decode()
    return (
        f"{TOP}Content-Type: multipart/mixed; boundary=x\n\n--x\n\ntext\n--x\n"
        f"Content-Type: application/octet-stream{name_header}\n"
        f"Content-Transfer-Encoding: base64\n\n{encoded}\n--x--\n"
    )


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('; name="case file.csv"', "case file.csv"),
        ('; name="=?utf-8?q?case_file=2Ecsv?="', "case file.csv"),
        ("\nContent-Disposition: attachment; filename*=utf-8''case%20file.csv", "case file.csv"),
        ('\nContent-Disposition: attachment; filename*0="case "; filename*1="file.csv"', "case file.csv"),
    ],
)
def test_attachment_names(header: str, name: str) -> None:
    segments, _ = read(attachment(header, b"Name,DOB,Ref\nAnn,1,2\n"))
    assert name in [segment.text for segment in segments]
    row = segments[-1]
    assert row.text == "Ann\t1\t2"
    assert str(row.location) == f'attachment "{name}" > line 2'


def test_attached_archive_is_opened() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("notes.txt", "secret words")
    segments, _ = read(attachment('; name="a.zip"', out.getvalue()))
    assert (segments[-1].text, str(segments[-1].location)) == (
        "secret words",
        'attachment "a.zip" > notes.txt > line 1',
    )


def test_uuencoded_text_inside_a_body() -> None:
    lines = "".join(binascii.b2a_uu(b"hello from the past").decode())
    message = f"{TOP}\nsee below\n\nbegin 644 old.txt\n{lines}`\nend\n\nregards\n"
    segments, _ = read(message)
    assert ("hello from the past", 'body > uuencoded "old.txt" > line 1') in [
        (segment.text, str(segment.location)) for segment in segments
    ]


def test_encrypted_and_only_signed_smime() -> None:
    enveloped = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" + bytes(100)
    _, coverage = read(attachment('; name="smime.p7m"', enveloped))
    assert coverage.gaps[0].reason is Shortfall.ENCRYPTED
    signed = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(9)
    signed += b"Content-Type: text/plain\r\n\r\nsecret words\r\n"
    segments, coverage = read(attachment('; name="smime.p7m"', signed))
    assert "secret words" in "".join(segment.text for segment in segments)
    assert coverage.gaps[0].reason is Shortfall.DAMAGED, "what can be read of it is read"


def test_mailbox() -> None:
    box = (
        "From a@example.org Mon Jan  1 10:00:00 2024\n"
        "From: a@example.org\nSubject: one\n\nfirst\n>From here\n\n"
        "From b@example.org Mon Jan  1 10:00:00 2024\nFrom: b@example.org\nSubject: two\n\nsecond\n"
    )
    segments, coverage = read(box)
    assert coverage.kind == "mbox"
    assert [(s.text.strip(), str(s.location)) for s in segments if "Subject" in str(s.location)] == [
        ("one", "message 1 > header Subject"),
        ("two", "message 2 > header Subject"),
    ]
    assert any("first\nFrom here" in segment.text for segment in segments)
    senders = [s.text for s in segments if str(s.location) == "message 2 > separator line"]
    assert senders == ["From b@example.org Mon Jan  1 10:00:00 2024"]


def nested(kind: str, depth: int) -> str:
    if kind == "multipart":
        inner = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    else:
        inner = "Content-Type: message/rfc822\n\n" * depth
    return TOP + inner + "\n\nfinal words\n"


@pytest.mark.parametrize("kind", ["multipart", "message"])
def test_nesting_has_an_end_and_the_rest_is_read_raw(kind: str) -> None:
    segments, coverage = read(nested(kind, 3_000))
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    assert "final words" in segments[-1].text


def test_many_parts_and_large_headers_are_bounded() -> None:
    parts = TOP + "Content-Type: multipart/mixed; boundary=x\n\n" + "--x\n\nword\n" * 500
    segments, coverage = read(parts, mime_parts=100)
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    assert len(segments) < 200
    huge = f"{TOP}To: {'x@example.org, ' * 100_000}\n\nbody words\n"
    segments, _ = read(huge)
    assert sum(len(segment.text) for segment in segments) > 1_000
    brackets = f"{TOP}Cc: {'(' * 50_000}\nContent-Type: text/plain; {'x;' * 50_000}\n\nbody words\n"
    assert "body words" in texts(brackets)
