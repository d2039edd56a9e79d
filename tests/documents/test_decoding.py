"""Any charset in, the right characters out; nothing ever fails."""

from __future__ import annotations

import io

import pytest

from scanner.documents.decoding import decode, decoded_pieces

UK = "Café £5 – “quoted” for Zoë"


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_round_trip(codec: str) -> None:
    assert decode(UK.encode(codec)) == UK
    assert "".join(decoded_pieces(io.BytesIO(UK.encode(codec)))) == UK


@pytest.mark.parametrize(
    ("data", "declared", "expected", "why"),
    [
        (b"cost \x9c5.00", "", "cost £5.00", "DOS code page: the pound sign before a number"),
        (
            "Привет, как дела? Это письмо.".encode("cp1251"),
            "windows-1251",
            "Привет, как дела? Это письмо.",
            "declared",
        ),
        ("naïve £".encode(), "iso-8859-1", "naïve £", "strict UTF-8 beats an 8-bit declaration"),
        (b"caf\xe9", "hex_codec", "café", "a codec that is no charset is not looked up"),
        (b"caf\xe9", "no-such\0charset", "café", "unknown charset"),
        ("日本".encode("iso-2022-jp"), "iso-2022-jp", "日本", "escape sequences in ASCII bytes"),
        (b"+AKM-5", "utf-7", "£5", "UTF-7"),
        (b"\xff\xfe", "", "", "only a byte order mark"),
        (b"", "utf-8", "", "nothing"),
    ],
)
def test_decode(data: bytes, declared: str, expected: str, why: str) -> None:
    assert decode(data, declared) == expected, why


def test_one_stray_byte_does_not_spoil_a_utf8_file() -> None:
    data = "naïve café\n".encode() * 20 + b"late \xa3 sign\n"
    assert decode(data).endswith("late £ sign\n")
    assert decode(data).startswith("naïve café\n")


def test_late_legacy_byte_in_an_ascii_file() -> None:
    data = b"plain line\n" * 200_000 + b"cost \xa310\n"
    text = "".join(decoded_pieces(io.BytesIO(data)))
    assert text.endswith("cost £10\n")
    assert len(text) == len(data)


@pytest.mark.parametrize("unit", ["é", "日本", "x£", "𝟙"])
def test_pieces_do_not_split_characters(unit: str) -> None:
    text = unit * 5_000
    assert "".join(decoded_pieces(io.BytesIO(text.encode()), piece=997)) == text
