"""Any charset in, the right characters out; nothing ever fails."""

from __future__ import annotations

import io
import random

import pytest

from scanner.documents.decoding import decode, decoded_pieces, utf16_by_script
from scanner.documents.protocol import Source
from scanner.documents.sniffing import sniff

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


@pytest.mark.parametrize(
    ("text", "codec", "why"),
    [
        ("Małgorzata Wiśniewska i Paweł Dąbrowski, córka uczęszcza do szkoły", "cp1250", "Polish"),
        ("Уважаемая Анна Иванова, дата рождения", "cp1251", "Russian"),
        ("Уважаемая Анна Иванова, дата рождения", "koi8-r", "Russian of before Windows"),
        ("王小明先生，您的出生日期是一九七九年三月二日，谢谢。", "gb18030", "Chinese"),
        ("Αγαπητή Άννα, ημερομηνία γέννησης", "cp1253", "Greek"),
        ("Name: Siân\nCost: £5\n", "mac-roman", "a few signs of a Macintosh"),
        ("L’accord à été signé à l’hôtel où Noël", "mac-roman", "French of a Macintosh"),
        ("Le café de Siân coûte £5", "cp850", "DOS"),
        ("Le café de Zoë – “£5m”, 12 m³ à 20 °C, ½", "cp1252", "near miss: nothing but Western signs"),
        ("Budget (£m): £k and £bn in 2024, per m² and m³", "cp1252", "near miss: pounds before letters"),
        (
            "Ångström, Øresund, Größe, Çağ without ğ".replace("ğ", "g"),
            "cp1252",
            "near miss: accents of many languages",
        ),
    ],
)
def test_charsets_that_nobody_declares(text: str, codec: str, why: str) -> None:
    assert decode(text.encode(codec)) == text, why


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "Уважаемая Анна, дата рождения: 02/03/1979\r\n",
        "王小明先生，您的出生日期是一九七九年三月二日。\r\n",
        "ਪਿਆਰੇ ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ, ਜਨਮ ਮਿਤੀ 02/03/1979\r\n",
        "عزيزتي فاطمة، تاريخ الميلاد 02/03/1979\r\n",
        "친애하는 김민수 님, 생년월일은 1979입니다\r\n",
    ],
)
def test_utf16_of_any_script_without_a_mark(text: str, codec: str) -> None:
    data = text.encode(codec)
    assert decode(data) == text
    assert sniff(Source.from_bytes(data)) == "text"


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        b"\x00\x01\x02\x03" * 500,
        random.Random(4).randbytes(9_000),
        b"plain words of the usual kind and nothing else\r\n" * 40 + b"\0\0\0",
        b"{\\rtf1\\ansi plain words}" * 40 + b"\0",
        "Größe und Maße, überall äöü\r\n".encode("cp1252") * 40 + b"\0\0",
    ],
    ids=[
        "all bytes",
        "small numbers",
        "random",
        "a NUL behind text",
        "a NUL behind RTF",
        "a NUL behind accents",
    ],
)
def test_binary_data_is_no_text_of_another_script(data: bytes) -> None:
    assert utf16_by_script(data) == ""


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        (b"it\x92s \xa35", "iso-8859-1", "it’s £5"),
        (b"it\x92s", "us-ascii", "it’s"),
        ("镕".encode("gbk"), "gb2312", "镕"),
        ("שלום".encode("iso-8859-8"), "iso-8859-8-i", "שלום"),
        ("café".encode("mac-roman"), "x-mac-roman", "café"),
        ("İş".encode("cp1254"), "iso-8859-9", "İş"),
    ],
)
def test_names_of_charsets_mean_what_programs_mean(data: bytes, declared: str, expected: str) -> None:
    assert decode(data, declared) == expected
