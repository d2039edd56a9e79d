"""The binary Word file (MS-DOC, and Word 6/95): where its text stands, and which of it is hidden.

Text is addressed by character positions (CP) over all pieces; formatting by byte offsets in the
``WordDocument`` stream (FC).  Nothing that the file says about lengths is trusted.
"""

from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from operator import itemgetter

from scanner.documents.parsers.looks import BY, NOTHING, Look
from scanner.documents.parsers.office.property_sets import codec_of

WORD_6 = 193
"""Files with an ``nFib`` below this are of Word 6 or 95: 8-bit text, other offsets."""

_FLAG_COMPLEX, _FLAG_ENCRYPTED, _FLAG_TABLE = 0x0004, 0x0100, 0x0200
_OBFUSCATED = 0x8000
_OLD_PAIRS, _OLD_PAIR_COUNT = 0x58, 37  # the same in files of Word 6
_PAIRS = 0x9A  # where the pairs of offset and length begin (FibRgFcLcb97)
# Index in these pairs (MS-DOC 2.5.6).
STYLES = 1
FOOTNOTE_TEXTS, COMMENT_REFERENCES, COMMENT_TEXTS, HEADER_TEXTS = 3, 4, 5, 11
CHARACTER_PAGES, PARAGRAPH_PAGES, ASSOCIATED, PIECES = 12, 13, 32, 33
COMMENT_AUTHORS, ENDNOTE_TEXTS, CHANGE_AUTHORS, TEXT_BOXES, HEADER_TEXT_BOXES = 36, 47, 51, 56, 58
VARIABLES, SAVED_BY = 60, 71
_PAGE = 512
_MOST_RUNS = 1_000_000
# Operand sizes of sprms by the top three bits of their code (MS-DOC 2.6.1); 6 is variable.
_OPERANDS = (1, 1, 2, 4, 2, 2, 0, 3)
_DELETED_BY, _STYLE_OF_RUN = 0x4863, 0x4A30
# What a toggle may say beside yes and no: as the style does, or the other way round (MS-DOC 2.9.327).
_AS_STYLE, _UNLIKE_STYLE = 0x80, 0x81
# Lists of modifiers in styles that conceal: hidden, white, tiny.  Most documents have none of them.
_TELLING = re.compile(rb"\x3c\x08\x01|\x42\x2a\x08|\x70\x68\xff\xff\xff\x00|\x43\x4a[\x01-\x04]\x00")
_MOST_STYLES, _GENERATIONS = 5_000, 20
_PARAGRAPH_STYLE, _CHARACTER_STYLE, _NO_STYLE = 1, 2, 0xFFF
_DELETED, _VANISH, _SPECIAL_VANISH = 0x0800, 0x083C, 0x0818
_COLOUR, _COLOUR_INDEX, _SIZE, _HIGHLIGHT, _SHADING, _SHADING_80 = (
    0x6870, 0x2A42, 0x4A43, 0x2A0C, 0xCA71, 0x4866,
)  # fmt: skip
_TABLE_DEPTH, _INNER_CELL_END = 0x6649, 0x244B
_PARAGRAPH_SHADING, _PARAGRAPH_SHADING_80 = 0xC64D, 0x442D
_CELL_SHADINGS, _CELL_SHADING_80 = (0xD612, 0xD616, 0xD60C, 0xD670, 0xD671, 0xD672), 0xD609
_NO_COLOURS = (b"\x00\x00\x00\xff", b"\xff\xff\xff\x00")
_EMBOSSED, _ENGRAVED = 0x0858, 0x0854
_IN_TABLE, _ROW_END, _INNER_ROW_END, _HEADER_ROW = 0x2416, 0x2417, 0x244C, 0x3404
# Half-points: text of two points and less is not seen.
_TINY = 4
_WHITE_INDEX = 8
_MACINTOSH = 256  # character set

Run = tuple[int, int, str]
"""Start, end (CP or FC) and the reason or mark that holds for what lies between."""


@dataclass(slots=True)
class WordFile:
    """The streams of a Word file with the numbers of its header (FIB)."""

    main: bytes
    table: bytes
    nfib: int
    flags: int
    stories: tuple[int, ...]
    text_start: int
    text_end: int
    truncated: bool = False
    pieces: list[Piece] = field(default_factory=list)

    def pair(self, index: int) -> bytes:
        """The bytes in the table stream that a pair of offset and length names, empty where none."""
        if self.nfib < WORD_6:
            return b""
        at = _PAIRS + 8 * index
        if at + 8 > len(self.main) or at + 8 > self.text_start:
            return b""
        start, length = struct.unpack_from("<LL", self.main, at)
        return self.table[start : start + length] if length else b""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: its first CP, its number of characters, byte offset, bytes per character."""

    position: int
    count: int
    offset: int
    width: int


def is_encrypted(main: bytes) -> bool:
    """Whether the header says that the document is encrypted (MS-DOC 2.5.2, ``fEncrypted``)."""
    return len(main) > 12 and bool(struct.unpack_from("<H", main, 10)[0] & _FLAG_ENCRYPTED)


def is_obfuscated(main: bytes) -> bool:
    """Whether the encryption is an XOR that anybody can undo (``fObfuscated``; Word 95 knows no other)."""
    nfib, flags = struct.unpack_from("<H", main, 2)[0], struct.unpack_from("<H", main, 10)[0]
    return bool(nfib < WORD_6 or flags & _OBFUSCATED)


def table_name(main: bytes) -> str:
    """Name of the stream that the pairs point into."""
    return "1Table" if struct.unpack_from("<H", main, 10)[0] & _FLAG_TABLE else "0Table"


def read_header(main: bytes, table: bytes) -> WordFile:
    """Read the header; raises ``struct.error`` where the stream is too short for one."""
    magic, nfib = struct.unpack_from("<HH", main, 0)
    (flags,) = struct.unpack_from("<H", main, 10)
    start, end = struct.unpack_from("<LL", main, 0x18)
    if nfib < WORD_6 or magic == 0xA5DC:
        counts = struct.unpack_from("<8L", main, 0x34)
        nfib = min(nfib, WORD_6 - 1)
    else:
        counts = struct.unpack_from("<8L", main, 0x4C)
    word = WordFile(main, table, nfib, flags, counts, start, end)
    word.pieces = _pieces(word)
    return word


def _pieces(word: WordFile) -> list[Piece]:
    old = word.nfib < WORD_6
    found: list[Piece] = []
    if old:
        clx = b""
        if word.flags & _FLAG_COMPLEX and len(word.main) >= 0x168:
            start, length = struct.unpack_from("<LL", word.main, 0x160)
            clx = word.main[start : start + length]
        if not clx:
            end = min(word.text_end, len(word.main))
            word.truncated = word.text_end > len(word.main)
            return [Piece(0, max(0, end - word.text_start), word.text_start, 1)]
    else:
        clx = word.pair(PIECES)
    at = 0
    while at + 3 <= len(clx) and clx[at] == 1:
        at += 3 + int.from_bytes(clx[at + 1 : at + 3], "little")
    if at + 5 > len(clx) or clx[at] != 2:
        word.truncated = True
        return found
    plc = clx[at + 5 : at + 5 + int.from_bytes(clx[at + 1 : at + 5], "little")]
    count = max(0, (len(plc) - 4) // 12)
    positions = struct.unpack_from(f"<{count + 1}L", plc, 0) if count else ()
    # Pieces that overlap would make a small file expand without end.
    budget = 2 * len(word.main)
    for index in range(count):
        (offset,) = struct.unpack_from("<L", plc, 4 * (count + 1) + 8 * index + 2)
        width = 1 if old or offset & 0x40000000 else 2
        if not old:
            offset &= 0x3FFFFFFF
            offset = offset // 2 if width == 1 else offset
        length = positions[index + 1] - positions[index]
        fits = max(0, (len(word.main) - offset) // width)
        if length < 0 or length > fits or budget < length:
            word.truncated = True
            length = max(0, min(length, fits, budget))
        budget -= length
        found.append(Piece(positions[index], length, offset, width))
    return found


def text_of(word: WordFile, codec: str) -> str:
    """All text, one character for each CP (surrogates stay apart); gaps between pieces are blank."""
    parts: list[str] = []
    position = 0
    for piece in word.pieces:
        if position < piece.position <= position + 10_000:
            parts.append(" " * (piece.position - position))
            position = piece.position
        data = word.main[piece.offset : piece.offset + piece.count * piece.width]
        if piece.width == 1:
            text = data.decode(codec, "replace")
            if len(text) != len(data):  # a code page of one or two bytes each: positions are bytes
                text = text.ljust(len(data))[: len(data)] if len(text) < len(data) else text[: len(data)]
        else:
            text = data.decode("utf-16-le", "surrogatepass")
            if len(text) != piece.count:
                text = "".join(map(chr, array("H", data)))
        parts.append(text)
        position += len(text)
    return "".join(parts)


def codec(word: WordFile) -> str:
    """The code page of 8-bit text: cp1252 in all that Word 97 and later write."""
    if word.nfib >= WORD_6:
        return "cp1252"
    if struct.unpack_from("<H", word.main, 0x14)[0] == _MACINTOSH:
        return "mac-roman"
    (language,) = struct.unpack_from("<H", word.main, 6)
    pages = {0x19: 1251, 0x15: 1250, 0x05: 1250, 0x0E: 1250, 0x08: 1253, 0x1F: 1254, 0x0D: 1255, 0x01: 1256}
    return codec_of(pages.get(language & 0x3FF, 1252))


def positions(table: bytes, extra: int) -> list[int]:
    """The CPs of a PLC whose items have ``extra`` bytes of data each (MS-DOC 2.2.2)."""
    count = (len(table) - 4) // (4 + extra)
    return list(struct.unpack_from(f"<{count + 1}L", table, 0)) if count >= 0 and len(table) >= 4 else []


def strings(table: bytes) -> list[str]:
    """The strings of a string table (STTB, MS-DOC 2.2.4), as far as it is whole."""
    found: list[str] = []
    wide = table[:2] == b"\xff\xff"
    at = 2 if wide else 0
    if at + 4 > len(table):
        return found
    count, extra = struct.unpack_from("<HH", table, at)
    at += 4
    for _ in range(count):
        head = 2 if wide else 1
        if at + head > len(table):
            break
        length = int.from_bytes(table[at : at + head], "little")
        at += head
        size = length * (2 if wide else 1)
        found.append(table[at : at + size].decode("utf-16-le" if wide else "cp1252", "replace"))
        at += size + extra
    return found


def counted_strings(data: bytes) -> Iterator[str]:
    """Strings that follow each other, each behind its 16-bit length (XST, MS-DOC 2.2.6)."""
    at = 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "little")
        yield data[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
        at += 2 + 2 * length


# formatting


def _sprms(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Codes and operands of a list of property modifiers (MS-DOC 2.6)."""
    at = 0
    while at + 2 <= len(data):
        code = data[at] | data[at + 1] << 8
        at += 2
        size = _OPERANDS[code >> 13]
        if code >> 13 == 6:
            if at >= len(data):
                return
            if code == 0xD608:  # sprmTDefTable counts in 16 bits
                size = int.from_bytes(data[at : at + 2], "little") + 1
            elif code == 0xC615 and data[at] == 255:  # sprmPChgTabs: told by its own content
                return
            else:
                size = data[at] + 1
        yield code, data[at : at + size]
        at += size


# Colours by their old numbers, as far as they matter: that of the system for text, and black.
_BLACK_OR_NOT = {0: b"\0\0\0", 1: b"\0\0\0"}


@dataclass(slots=True)
class _Formatting:
    """What a list of modifiers says of its characters."""

    look: Look = NOTHING
    deleted: bool = False
    author: int = 0
    style: int = -1
    unlike_style: bool = False


def _formatting(modifiers: bytes) -> _Formatting:
    found = _Formatting()
    hidden: bool | None = None
    white: bool | None = None
    tiny: bool | None = None
    shaded: bool | None = None
    colour, ground = b"\0\0\0", b""
    for code, operand in _sprms(modifiers):
        value = operand[0] if operand else 0
        if code == _DELETED:
            found.deleted = bool(value & 1)
        elif code == _DELETED_BY:
            found.author = int.from_bytes(operand, "little")
        elif code == _STYLE_OF_RUN:
            found.style = int.from_bytes(operand, "little")
        elif code in (_VANISH, _SPECIAL_VANISH):
            if value == _UNLIKE_STYLE:
                found.unlike_style = True
            elif value != _AS_STYLE:
                hidden = bool(value & 1)
        elif code == _COLOUR:
            white = operand[:4] == b"\xff\xff\xff\x00"
            colour = b"\0\0\0" if operand[3:4] == b"\xff" else operand[:3]
        elif code == _COLOUR_INDEX:
            white = value == _WHITE_INDEX
            colour = _BLACK_OR_NOT.get(value, b"?")
        elif code == _SIZE:
            tiny = 0 < int.from_bytes(operand, "little") <= _TINY
        elif code == _HIGHLIGHT:
            shaded = value != 0
            ground = _BLACK_OR_NOT.get(value, b"") if value else b""
        elif code in (_EMBOSSED, _ENGRAVED) and value & 1:
            shaded = True  # seen by its shadow
        elif code == _SHADING:
            shaded = operand[5:9] not in (b"\x00\x00\x00\xff", b"\xff\xff\xff\x00", b"")
            # A solid pattern is of the colour of its foreground.
            paint = operand[1:5] if operand[9:11] == b"\x01\x00" else operand[5:9]
            ground = paint[:3] if paint[3:] == b"\0" else b""
        elif code == _SHADING_80:
            shaded = operand not in (b"\x00\x00", b"\xff\xff")
    if (hidden, white, tiny, shaded) != (None, None, None, None):
        found.look = Look(hidden, white, tiny, shaded, True if ground and ground == colour else None)
    return found


def style_looks(word: WordFile) -> dict[int, Look]:
    """Styles whose text a reader may not see, by their indices, heirs included (MS-DOC 2.9.271)."""
    table = word.pair(STYLES)
    if len(table) < 6 or not _TELLING.search(table):
        return {}
    at = 2 + int.from_bytes(table[:2], "little")
    count, base = struct.unpack_from("<HH", table, 2)
    looks: dict[int, Look] = {}
    parents: dict[int, int] = {}
    for index in range(min(count, _MOST_STYLES)):
        if at + 2 > len(table):
            break
        size = int.from_bytes(table[at : at + 2], "little")
        style = table[at + 2 : at + 2 + size]
        at += 2 + size
        if len(style) < max(base, 10):
            continue
        kind, based = style[2] & 0xF, int.from_bytes(style[2:4], "little") >> 4
        if kind not in (_PARAGRAPH_STYLE, _CHARACTER_STYLE):
            continue
        if based != _NO_STYLE:
            parents[index] = based
        looks[index] = _formatting(_characters_of(style, base, kind)).look
    found: dict[int, Look] = {}
    for index, look in looks.items():
        ancestor = index
        for _ in range(_GENERATIONS):
            ancestor = parents.get(ancestor, -1)
            if ancestor not in looks:
                break
            look = look.over(looks[ancestor])
        if not look.says_nothing:
            found[index] = look
    return found


def _characters_of(style: bytes, base: int, kind: int) -> bytes:
    """The modifiers of characters of a style: behind its name, and behind those of its paragraphs."""
    at = base + 2 + 2 * int.from_bytes(style[base : base + 2], "little") + 2
    for _ in range(2 if kind == _PARAGRAPH_STYLE else 1):
        at += at % 2
        size = int.from_bytes(style[at : at + 2], "little")
        modifiers = style[at + 2 : at + 2 + size]
        at += 2 + size
    return modifiers


def _pages(word: WordFile, index: int) -> list[int]:
    """Offsets of the formatted disk pages that a PLC of pages names, each once."""
    if word.nfib < WORD_6:
        return []
    plc = word.pair(index)
    count = max(0, (len(plc) - 4) // 8)
    numbers = struct.unpack_from(f"<{count}L", plc, 4 * (count + 1)) if count else ()
    offsets = dict.fromkeys((number & 0x3FFFFF) * _PAGE for number in numbers)
    return [offset for offset in offsets if offset + _PAGE <= len(word.main)]


def page_offsets(word: WordFile) -> list[int]:
    """Where all pages with formatting stand in the main stream: no text."""
    return _pages(word, CHARACTER_PAGES) + _pages(word, PARAGRAPH_PAGES)


def table_extents(word: WordFile) -> list[tuple[int, int]]:
    """Where the tables of a Word 6 file stand, which has no stream of its own for them."""
    if word.nfib >= WORD_6:
        return []
    head = word.main[_OLD_PAIRS : _OLD_PAIRS + 8 * _OLD_PAIR_COUNT]
    pairs = struct.iter_unpack("<LL", head[: len(head) // 8 * 8])
    return [
        (start, start + length) for start, length in pairs if length > 0 and start + length <= len(word.main)
    ]


def hidden_runs(word: WordFile) -> list[Run]:
    """Stretches of CPs whose text a reader does not see, with the reason, in order."""
    found: list[Run] = []
    looks = style_looks(word)
    paragraphs = _styled_paragraphs(word, looks) if looks else []
    authors = strings(word.pair(CHANGE_AUTHORS))
    near = 0
    for offset in sorted(_pages(word, CHARACTER_PAGES)):
        page = word.main[offset : offset + _PAGE]
        count = page[511]
        if 4 * (count + 1) + count > 511:
            continue
        bounds = struct.unpack_from(f"<{count + 1}L", page, 0)
        for number in range(count):
            at = page[4 * (count + 1) + number] * 2
            if not at and not paragraphs:
                continue
            start, end = bounds[number], bounds[number + 1]
            of_run = _formatting(page[at + 1 : at + 1 + page[at]] if at else b"")
            if of_run.deleted:
                by = authors[of_run.author] if 0 < of_run.author < len(authors) else ""
                found.append((start, end, f"tracked deletion{BY}{by}" if by else "tracked deletion"))
                continue
            look = of_run.look.over(looks.get(of_run.style, NOTHING))
            if of_run.unlike_style:
                look = replace(look, hidden=not looks.get(of_run.style, NOTHING).hidden)
            while near < len(paragraphs) and paragraphs[near][1] <= start:
                near += 1
            for first, last, surrounding in _cut(start, end, paragraphs, near):
                reason = look.over(surrounding).reason(grounded=False)
                if of_run.unlike_style and surrounding.hidden:
                    reason = ""
                if reason:
                    found.append((first, last, reason))
    return _to_positions(word, found)


_Styled = tuple[int, int, Look]


def _cut(start: int, end: int, paragraphs: list[_Styled], near: int) -> Iterator[_Styled]:
    """A stretch in pieces, each with the look of its paragraph's style."""
    while near < len(paragraphs) and paragraphs[near][0] < end and start < end:
        first, last, look = paragraphs[near]
        if first > start:
            yield start, first, NOTHING
        start = max(start, first)
        yield start, min(end, last), look
        start = min(end, last)
        near += 1
    if start < end:
        yield start, end, NOTHING


def _styled_paragraphs(word: WordFile, looks: dict[int, Look]) -> list[_Styled]:
    """Byte offsets of the paragraphs in styles that conceal, in order."""
    found = [
        (start, end, looks[style])
        for start, end, modifiers in _paragraphs(word)
        if (style := int.from_bytes(modifiers[:2], "little")) in looks
    ]
    found.sort(key=itemgetter(0))
    return found


def coloured_runs(word: WordFile) -> list[Run]:
    """Stretches of CPs whose ground has a colour: shaded paragraphs, rows of tables with shaded cells."""
    found: list[Run] = []
    row = -1
    for start, end, modifiers in sorted(_paragraphs(word)):
        in_table = ends = coloured = False
        for code, operand in _sprms(modifiers[2:]):
            if code == _IN_TABLE:
                in_table = operand[:1] == b"\x01"
            elif code == _ROW_END:
                ends = operand[:1] == b"\x01"
            elif code in (_PARAGRAPH_SHADING, *_CELL_SHADINGS):
                coloured = coloured or _is_coloured(operand[1:])
            elif code == _PARAGRAPH_SHADING_80:
                coloured = coloured or _is_coloured_80(operand)
            elif code == _CELL_SHADING_80:
                coloured = coloured or _is_coloured_80(operand[1:])
        row = (start if row < 0 else row) if in_table else -1
        if coloured:
            found.append((row if ends and row >= 0 else start, end, "coloured"))
        if ends:
            row = -1
    return _to_positions(word, found)


def _is_coloured(shadings: bytes) -> bool:
    """Whether any of these shadings of 10 bytes (MS-DOC 2.9.248) has a colour other than white."""
    for at in range(0, len(shadings) - 9, 10):
        fore, back = shadings[at : at + 4], shadings[at + 4 : at + 8]
        pattern = shadings[at + 8]
        if back not in _NO_COLOURS or (pattern and fore not in _NO_COLOURS):
            return True
    return False


def _is_coloured_80(shadings: bytes) -> bool:
    """As above, for shadings of 2 bytes (MS-DOC 2.9.249)."""
    for at in range(0, len(shadings) - 1, 2):
        value = int.from_bytes(shadings[at : at + 2], "little")
        if value != 0xFFFF and ((value >> 5) & 0x1F not in (0, _WHITE_INDEX) or value >> 10):
            return True
    return False


def _paragraphs(word: WordFile) -> Iterator[tuple[int, int, bytes]]:
    """Byte offsets of each paragraph, and its style with its modifiers (empty for none)."""
    for offset in _pages(word, PARAGRAPH_PAGES):
        page = word.main[offset : offset + _PAGE]
        count = page[511]
        if 4 * (count + 1) + 13 * count > 511:
            continue
        bounds = struct.unpack_from(f"<{count + 1}L", page, 0)
        for number in range(count):
            at = page[4 * (count + 1) + 13 * number] * 2
            size = 0
            if at:
                size = page[at] * 2 - 1
                at += 1
                if size < 0:
                    size = page[at] * 2 if at < _PAGE else 0
                    at += 1
            yield bounds[number], bounds[number + 1], page[at : at + size]


def paragraph_runs(word: WordFile) -> tuple[list[Run], bool]:
    """Stretches of CPs in tables ("cell"), row ends ("row", "header row"); and whether any were found.

    Tables inside of cells have marks of their own: "inner", "inner cell" where a cell ends, "inner row".
    """
    found: list[Run] = []
    known = False
    for start, end, modifiers in _paragraphs(word):
        known = True
        mark = ""
        for code, operand in _sprms(modifiers[2:]):
            if code == _TABLE_DEPTH and not mark.startswith("inner"):
                mark = "inner" if int.from_bytes(operand, "little") > 1 else mark
            elif operand[:1] != b"\x01":
                continue
            elif code in (_INNER_CELL_END, _INNER_ROW_END):
                mark = "inner row" if code == _INNER_ROW_END or mark == "inner row" else "inner cell"
            elif code == _ROW_END:
                mark = "row"
            elif code == _IN_TABLE and not mark:
                mark = "cell"
            elif code == _HEADER_ROW and mark == "row":
                mark = "header row"
        if mark:
            found.append((start, end, mark))
    return _to_positions(word, found), known


def _to_positions(word: WordFile, runs: list[Run]) -> list[Run]:
    """Turn byte offsets into CPs, through each piece that a run lies in."""
    runs.sort()
    ends = [0]
    for _, end, _ in runs:
        ends.append(max(ends[-1], end))
    found: list[Run] = []
    for piece in word.pieces:
        stop = piece.offset + piece.count * piece.width
        index = max(0, bisect_right(ends, piece.offset) - 1)
        while index < len(runs) and runs[index][0] < stop and len(found) < _MOST_RUNS:
            start, end, reason = runs[index]
            index += 1
            first = max(0, start - piece.offset) // piece.width
            last = (min(end, stop) - piece.offset) // piece.width
            if last > first:
                found.append((piece.position + first, piece.position + last, reason))
    found.sort()
    return found


def reason_at(runs: list[Run], position: int) -> str:
    """The reason that holds at a CP, empty where none does."""
    index = bisect_left(runs, (position + 1,)) - 1
    if index >= 0 and runs[index][0] <= position < runs[index][1]:
        return runs[index][2]
    return ""
