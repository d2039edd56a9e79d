"""Bytes to text in any charset: the decision by rule, chardet only where the rule's reading looks wrong."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Bytes that cp1252 leaves undefined: text that holds them was written in something else.
_UNDEFINED_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]")
# What people in the UK write beyond ASCII, in cp1252: currency, typographic marks, fractions, degree,
# and the letters of Western European names.
_USUAL = frozenset(
    "£€\u2018\u2019\u201c\u201d\u2013\u2014…•·°½¼¾©®™§\xa0\xad²³´`«»éèêëáàâäãåæíìîïóòôöõøúùûüýÿñçßÉÈÊÁÀÂÄÅÆÍÎÓÔÖØÚÜÑÇšžŠŽ×"
)
# DOS exports (cp850) have the pound sign where cp1252 has "œ": a number follows.
_DOS_POUND = re.compile(rb"\x9c(?=\s?[0-9])")
# What is not written so in cp1252: three accented letters in a row, signs inside of words, a pound sign in
# front of a word, capitals behind small letters.
_FOREIGN = re.compile(
    rb"[\xc0-\xff]{3,}|[A-Za-z][\xa3\xaf\xb1\xb3\xb6\xb9\xbc\xbf][a-z]|\xa3[a-z]{3}|[a-z][\x8a\x8c\x8e\x9f](?![A-Z])"
)
# Letters of two scripts in one word: the guess is wrong.
_MIXED = re.compile("[A-Za-z][\u0370-\u04ff\u0590-\u06ff]|[\u0370-\u04ff\u0590-\u06ff][A-Za-z]")
# How likely a reading in a Western charset is: what speaks for it, and what against it.
_FITTING = re.compile(
    "(?<=[A-Za-z])[\u00df-\u00ff\u0101-\u017f]|[\u00c0-\u017f](?=[a-z])|[£€](?=[0-9])|(?<=[a-z])\u2019(?=[a-z])"
)
_UNFITTING = re.compile(
    "(?<=[a-z])[\u00c0-\u00de\u0160\u0152\u017d\u0178]|[\u00c0-\u017f](?=[0-9])|[^\x00-\u017f\u2013-\u2026€]"
)
_OTHER_SCRIPT = re.compile("[\u0250-\u1dff\u2c00-\ud7ff]")
_UTF8_SEQUENCES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13}
_ABOVE_ASCII = bytes(range(0x80, 0x100))
_SAMPLE = 64_000
# Text in UTF-16 of another script than the Latin one: least size, share of the script, of what is readable.
_LEAST, _ONE_SCRIPT, _READABLE = 32, 0.8, 0.97
_PRINTED, _OTHER_BYTES, _FEWEST_BLANKS = bytes((9, 10, 13, *range(32, 127))), 0.07, 400
_IDEOGRAPHS = frozenset((*range(0x4E, 0xA0), 0x30, 0xFF))
_HANGUL = frozenset(range(0xAC, 0xD8))
_PIECE = 1 << 20
# Charsets that mail may name; anything else (codecs such as "hex" or "zip" included) is not looked up.
_TEXT_CODEC = re.compile(
    r"(?:us-?ascii|ascii|utf[-_]?(?:7|8|16|32)(?:[-_]?[lb]e)?|iso[-_]?8859[-_]?[0-9]{1,2}(?:-[ie])?|latin[-_]?[0-9]|"
    r"(?:windows|cp|ibm)[-_]?[0-9]{3,4}|koi8[-_][rut]|mac[-_]?(?:roman|cyrillic|greek|turkish)?|macintosh|"
    r"big5(?:[-_]?hkscs)?|gb(?:2312|k|18030)|hz-gb-2312|shift[-_]?jis|sjis|euc[-_]?(?:jp|kr|tw|cn)|"
    r"iso[-_]?2022[-_]?(?:jp|kr)(?:[-_]?[0-9])?|ks_c_5601-1987|tis-?620|johab)",
    re.IGNORECASE,
)


# What programs mean by a name, which is more than it says (WHATWG Encoding Standard, 4.2).
_MEANT = {
    **dict.fromkeys(
        ("iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252"
    ),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "cp936", "windows-936"), "gb18030"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr", "euc_kr"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e"), "iso-8859-8"),
    **dict.fromkeys(("x-mac-roman", "macintosh", "mac"), "mac-roman"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("tis-620", "iso-8859-11", "windows-874"), "cp874"),
    "x-mac-cyrillic": "mac-cyrillic",
    "unicode": "utf-16",
}


def _stray_byte(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that are not UTF-8 as cp1252: one stray pound sign in a UTF-8 file."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("stray-cp1252", _stray_byte)


def byte_order_mark(data: bytes) -> tuple[str, int]:
    """Name the encoding of a byte order mark at the start, and the mark's length; ("", 0) without."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name, len(mark)
    return "", 0


def utf16_by_nuls(data: bytes) -> str:
    """Name of the UTF-16 form that the NUL bytes of ``data`` show, empty where they show none.

    Western text in UTF-16 has a NUL in nearly every second byte and hardly one in the others.
    """
    sample = data[: _SAMPLE & ~1]
    pairs = len(sample) // 2
    if pairs < 2 or 0 not in sample:
        return ""
    even = sample[0 : 2 * pairs : 2].count(0)
    odd = sample[1 : 2 * pairs : 2].count(0)
    if odd > 0.6 * pairs and even < 0.02 * pairs + 1:
        low, high, name = sample[0:4096:2], sample[1:4096:2], "utf-16-le"
    elif even > 0.6 * pairs and odd < 0.02 * pairs + 1:
        low, high, name = sample[1:4096:2], sample[0:4096:2], "utf-16-be"
    else:
        return ""
    # Small numbers in pairs of bytes look the same; they are no letters.
    controls = sum(1 for one, other in zip(low, high, strict=False) if not other and one in _CONTROLS)
    return name if controls * 20 <= len(low) else ""


def utf16_by_script(data: bytes) -> str:
    """Name of the UTF-16 form of text in another script than the Latin one, empty where it is none.

    Its blanks, line ends and digits have a NUL each, always on the same side; all else is of one script.
    """
    sample = data[: _SAMPLE & ~1]
    if len(sample) < _LEAST or 0 not in sample:
        return ""
    # Pairs of letters in 8 bits are ideographs in 16.
    if len(sample.translate(None, _PRINTED)) < _OTHER_BYTES * len(sample):
        return ""
    for name, side in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = sample[side::2]
        if high.count(0) * _FEWEST_BLANKS < len(high) or sample[1 - side :: 2].count(0) * 10 > len(high):
            continue
        counts = Counter(high)
        plain = counts.pop(0)
        others = len(high) - plain
        best = sum(count for _, count in counts.most_common(2))
        ideographs = sum(counts[byte] for byte in _IDEOGRAPHS)
        hangul = sum(counts[byte] for byte in _HANGUL)
        if others < 4 or max(best, ideographs, hangul) < _ONE_SCRIPT * others:
            continue
        text = sample.decode(name, "replace")
        readable = sum(unicodedata.category(char)[0] in "LMNPSZ" or char in "\r\n\t" for char in text)
        if readable >= _READABLE * len(text):
            return name
    return ""


def legacy_encoding(data: bytes) -> str:
    """Name the encoding of text that is not UTF-8: cp1252 unless that reading looks wrong."""
    first = _HIGH_BYTES.search(data)
    if first is None:
        return "cp1252"
    begin = max(0, first.start() - 1000)
    sample = data[begin : begin + _SAMPLE]
    high = b"".join(_HIGH_BYTES.findall(sample))
    if _DOS_POUND.search(sample) and high.count(0x9C) * 2 >= len(high):
        return "cp850"
    unusual = sum(1 for char in high.decode("cp1252", "replace") if char not in _USUAL)
    foreign = sum(len(_HIGH_BYTES.findall(one)) for one in _FOREIGN.findall(sample))
    if not _UNDEFINED_CP1252.search(sample) and unusual * 3 <= len(high) and foreign * 10 < len(high):
        return "cp1252"
    import chardet  # here, because few runs meet such text and all would wait for its tables

    guess = chardet.detect(sample)["encoding"] or ""
    if not guess or guess.lower() in {"ascii", "utf-8"} or not _TEXT_CODEC.fullmatch(guess):
        return "cp1252"
    try:
        text = sample.decode(guess, "replace")
    except LookupError:
        return "cp1252"
    if _OTHER_SCRIPT.search(text) and len(_MIXED.findall(text)) * 3 < len(high):
        return guess.lower()
    return max((guess.lower(), "cp1252", "mac-roman", "cp850"), key=lambda name: _likelihood(sample, name))


def _likelihood(sample: bytes, name: str) -> int:
    """How well text in Latin letters reads in a charset: of Windows, of a Macintosh, of DOS."""
    text = sample.decode(name, "replace")
    return len(_FITTING.findall(text)) - len(_UNFITTING.findall(text))


def decode(data: bytes, declared: str = "") -> str:
    """Text of ``data``, whatever it was written in; never fails, a lost byte becomes U+FFFD.

    ``declared`` is the charset that mail or HTML names: it is believed where the bytes fit it, except
    that bytes which are strict UTF-8 and not ASCII are UTF-8 whatever an 8-bit charset is declared.
    """
    encoding, skip = byte_order_mark(data)
    if encoding:
        return data[skip:].decode(encoding, "replace")
    if data.isascii() and b"\x1b" not in data and not _stateful(declared) and 0 not in data:
        return data.decode("ascii")
    known = declared.strip().strip("\"'").lower() if declared else ""
    known = _MEANT.get(known, known)
    if known and _TEXT_CODEC.fullmatch(known) and (_stateful(known) or not is_utf8(data)):
        try:
            return data.decode(known)
        except (LookupError, UnicodeError):
            pass
    try:
        encoding = utf16_by_nuls(data) or utf16_by_script(data)
        if encoding:
            return data.decode(encoding, "replace")
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_piece(data, legacy_encoding(data))


def _stateful(name: str) -> bool:
    """Tell whether a charset writes other letters in ASCII bytes, or text in pairs of bytes."""
    lowered = name.lower()
    return any(mark in lowered for mark in ("2022", "utf-7", "utf7", "16", "32", "hz-"))


def is_utf8(data: bytes) -> bool:
    """Whether all of the data is UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decode_piece(data: bytes, legacy: str) -> str:
    """Decode as UTF-8 where most of the bytes above ASCII are, as ``legacy`` elsewhere."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    valid = sum(map(len, _UTF8_SEQUENCES.findall(data)))
    stray = len(data) - len(data.translate(None, _ABOVE_ASCII)) - valid
    if valid > stray:
        return data.decode("utf-8", "stray-cp1252")
    return data.decode(legacy, "replace")


def decoded_pieces(file: BinaryIO, piece: int = _PIECE) -> Iterator[str]:
    """Text of a file in pieces of about ``piece`` bytes, each decoded as a whole, in bounded memory.

    Pieces end at a line end where there is one, in mid-line otherwise: never inside a character.
    """
    head = file.read(piece)
    encoding, skip = byte_order_mark(head)
    if not encoding:
        encoding = utf16_by_nuls(head) or utf16_by_script(head)
    if encoding and encoding != "utf-8":
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        head = head[skip:]
        while head:
            yield decoder.decode(head)
            head = file.read(piece)
        yield decoder.decode(b"", True)
        return
    rest = head[skip:]
    legacy = ""
    while True:
        more = file.read(piece)
        data, rest = (rest, b"") if not more else _complete_lines(rest)
        if data.isascii():
            yield data.decode("ascii")
        else:
            if not legacy and not is_utf8(data):
                legacy = legacy_encoding(data)
            yield _decode_piece(data, legacy or "cp1252")
        if not more:
            return
        rest += more


def _complete_lines(data: bytes) -> tuple[bytes, bytes]:
    """Cut after the last line end, without one before a last sequence of UTF-8."""
    end = data.rfind(b"\n") + 1
    if not end:
        end = len(data)
        for back in range(1, min(4, len(data)) + 1):
            if data[-back] >= 0xC0:
                end = len(data) - back
            if not 0x80 <= data[-back] < 0xC0:
                break
        if not end:
            end = len(data)
    return data[:end], data[end:]
