"""RTF: a tokenizer of groups, control words and characters, with what a reader does not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import Cell, Row
from scanner.text import Field

TOKEN = re.compile(
    r"\\'([0-9A-Fa-f]{2})|\\([A-Za-z]{1,32})(-?[0-9]{1,10})? ?|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.DOTALL,
)
"""A byte in hexadecimal, a control word and its number, a control symbol, a brace, a line end, characters."""

_DEPTH = 2_000
# Control word -> the character that it stands for.
_CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "emdash": "\u2014",
    "endash": "\u2013",
    "bullet": "\u2022",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "nestcell": "\t",
}
_SYMBOLS = {
    "~": "\xa0",
    "_": "\u2011",
    "-": "",
    "\\": "\\",
    "{": "{",
    "}": "}",
    "\n": "\n",
    "\r": "\n",
    "\t": "\t",
}
# Destinations without text: tables of fonts, styles and colours, pictures, packed data.
_SKIPPED = frozenset(
    {
        *("pict", "colortbl", "stylesheet", "themedata", "colorschememapping", "datastore", "latentstyles"),
        *(
            "listtable",
            "listoverridetable",
            "rsidtbl",
            "xmlnstbl",
            "blipuid",
            "mmathPr",
            "pnseclvl",
            "filetbl",
        ),
        *("revtbl", "fontemb", "fontfile", "passwordhash", "wgrffmtfilter", "panose", "falt"),
        *("pgdsctbl", "atndate", "atntime"),
    }
)
# Destination -> (place, why hidden).
_DESTINATIONS = {
    "annotation": ("comment", "comment"),
    "atnauthor": ("comment author", "comment"),
    "atnid": ("comment author", "comment"),
    "docvar": ("document variable", "document variable"),
    "fldinst": ("field instruction", "field instruction"),
    "footer": ("footer", ""),
    "footerf": ("footer", ""),
    "footerl": ("footer", ""),
    "footerr": ("footer", ""),
    "footnote": ("footnote", ""),
    "header": ("header", ""),
    "headerf": ("header", ""),
    "headerl": ("header", ""),
    "headerr": ("header", ""),
    "info": ("document properties", "document properties"),
    "shptxt": ("text box", ""),
    "userprops": ("document properties", "document properties"),
    "generator": ("document properties", "document properties"),
    "bkmkstart": ("bookmark", "bookmark"),
    "sn": ("shape property", "shape property"),
    "sv": ("shape property", "shape property"),
    "result": ("object", ""),
}
# Fields of the information group, each a text of its own.
_INFO = frozenset(
    {
        *("title", "subject", "author", "manager", "company", "operator", "category", "keywords", "doccomm"),
        *("comment", "hlinkbase", "propname", "staticval", "linkval"),
    }
)
_CHARSETS = {
    0: "cp1252", 77: "mac-roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 255: "cp437",
}  # fmt: skip


@dataclass(slots=True)
class _Buffer:
    """Text of one destination: the paragraph so far, cells of a row so far."""

    place: str = "paragraph"
    hidden: str = ""
    label: str = ""
    parts: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and restores."""

    buffer: _Buffer
    skip: bool = False
    fonts: bool = False
    data: bool = False
    unicode_skip: int = 1
    codec: str = ""
    concealed: str = ""


class RtfParser:
    """Reads RTF with its comments, deletions, hidden text, properties and embedded objects."""

    kinds = frozenset({"rtf"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield paragraphs, table rows, and what is hidden; embedded objects are members."""
        yield from _Tokens().read(source.read().decode("latin-1"))


class _Tokens:
    """One pass over the tokens of a file."""

    def __init__(self) -> None:
        self._state = _State(_Buffer())
        self._stack: list[_State] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._bytes = bytearray()
        self._drop = 0
        self._ignorable = False
        self._concealed: dict[str, list[str]] = {}
        self._objects: list[str] = []
        self._rows: LabelledTable | None = None
        self._table = 0
        self._in_table = False
        self._count = 0
        self._done: list[Event] = []

    def read(self, text: str) -> Iterator[Event]:
        position = 0
        deepest = 0
        length = len(text)
        while position < length and (token := TOKEN.match(text, position)):
            position = token.end()
            if token[1] is not None:
                if self._drop:
                    self._drop -= 1
                elif not self._state.skip:
                    self._bytes.append(int(token[1], 16))
                continue
            if self._bytes:
                self._write_bytes()
            if token[2] is not None:
                number = int(token[3]) if token[3] else None
                if token[2] == "bin" and number:
                    position += max(0, number)
                else:
                    self._word(token[2], number)
            elif token[5] == "{":
                deepest = max(deepest, len(self._stack))
                self._stack.append(self._state)
                self._ignorable = False
                if len(self._stack) > _DEPTH:
                    self._done.append(Gap(HERE, Shortfall.LIMIT, f"groups nested more than {_DEPTH} deep"))
                    self._done.append(Segment(text[position:], Location(("raw",))))
                    break
            elif token[5] == "}":
                self._end_group()
            elif token[4] is not None:
                self._symbol(token[4])
            elif token[6] is not None:
                self._plain(token[6])
            if self._done:
                yield from self._done
                self._done.clear()
        if self._bytes:
            self._write_bytes()
        if self._stack and not self._done:
            self._done.append(Gap(HERE, Shortfall.DAMAGED, "the file ends inside a group"))
        while self._stack:
            self._end_group()
        self._flush(self._state.buffer)
        self._end_table()
        yield from self._done

    def _plain(self, text: str) -> None:
        if self._drop:
            dropped = min(self._drop, len(text))
            self._drop -= dropped
            text = text[dropped:]
        state = self._state
        if state.data:
            self._objects.append(text)
        elif state.fonts or state.skip or not text:
            return
        elif not text.isascii():
            self._write(text.encode("latin-1").decode(self._encoding(), "replace"))
        else:
            self._write(text)

    def _write(self, text: str) -> None:
        state = self._state
        if state.skip or state.fonts:
            return
        if state.concealed:
            self._concealed.setdefault(state.concealed, []).append(text)
        else:
            state.buffer.parts.append(text)

    def _write_bytes(self) -> None:
        data, self._bytes = bytes(self._bytes), bytearray()
        self._write(data.decode(self._encoding(), "replace"))

    def _encoding(self) -> str:
        return self._state.codec or self._codec

    def _symbol(self, char: str) -> None:
        if char == "*":
            self._ignorable = True
        else:
            self._write(_SYMBOLS.get(char, ""))

    def _word(self, word: str, number: int | None) -> None:
        ignorable, self._ignorable = self._ignorable, False
        state = self._state
        if word == "u" and number is not None:
            code = number + 65536 if number < 0 else number
            self._write(chr(code) if code < 0xD800 or 0xE000 <= code < 0x110000 else self._surrogate(code))
            self._drop = state.unicode_skip
            return
        self._drop = 0
        if word in _CHARACTERS:
            self._write(_CHARACTERS[word])
        elif word in ("par", "sect", "page", "column"):
            if self._in_table and state.buffer.place == "paragraph":
                self._write("\n")
            else:
                self._flush(state.buffer)
        elif word == "intbl":
            self._in_table = True
        elif word == "pard":
            self._in_table = False
        elif word == "cell":
            state.buffer.cells.append("".join(state.buffer.parts).strip())
            state.buffer.parts.clear()
        elif word in ("row", "nestrow"):
            self._row(state.buffer)
        elif word == "uc":
            self._state = replace(state, unicode_skip=min(max(number or 0, 0), 100))
        elif word == "ansicpg" and number:
            self._codec = known_codec(f"cp{number}")
        elif word in ("v", "deleted", "plain"):
            reason = {"v": "hidden text", "deleted": "tracked deletion"}.get(word, "")
            self._state = replace(state, concealed=reason if number != 0 else "")
        elif word == "f" and number is not None:
            self._font = number
            if not state.fonts:
                self._state = replace(state, codec=self._fonts.get(number, ""))
        elif word == "fcharset" and state.fonts and number:
            self._fonts[self._font] = known_codec(_CHARSETS.get(number, "cp1252"))
        else:
            self._destination(word, ignorable)

    def _surrogate(self, code: int) -> str:
        """Join a pair: the high half waits in the buffer until the low half comes."""
        parts = self._state.buffer.parts
        if 0xDC00 <= code < 0xE000 and parts and len(parts[-1]) == 1 and 0xD800 <= ord(parts[-1]) < 0xDC00:
            high = ord(parts.pop())
            return chr(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00))
        return chr(code) if code < 0xDC00 else "\ufffd"

    def _destination(self, word: str, ignorable: bool) -> None:
        if word == "fonttbl":
            self._state = replace(self._state, fonts=True)
        elif word == "objdata":
            self._state = replace(self._state, data=True)
            self._objects = []
        elif word in _SKIPPED:
            self._state = replace(self._state, skip=True)
        elif word in _DESTINATIONS:
            self._state = replace(self._state, buffer=_Buffer(*_DESTINATIONS[word]), concealed="")
        elif word in _INFO and self._state.buffer.place == "document properties":
            buffer = _Buffer("document properties", "document properties", label=word)
            self._state = replace(self._state, buffer=buffer)
        elif ignorable and word not in (
            "shpinst",
            "shprslt",
            "background",
            "nonesttables",
            "nesttableprops",
            "sp",
        ):
            self._state = replace(self._state, buffer=_Buffer(f"group {word}", "ignorable group"))

    def _end_group(self) -> None:
        if not self._stack:
            return
        state, self._state = self._state, self._stack.pop()
        self._drop = 0
        if state.buffer is not self._state.buffer:
            self._flush(state.buffer)
        if state.data and not self._state.data:
            self._object()

    def _object(self) -> None:
        digits = re.sub(r"[^0-9A-Fa-f]", "", "".join(self._objects))
        self._objects = []
        data = bytes.fromhex(digits[: len(digits) & ~1])
        for mark in (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-"):
            if (begin := data.find(mark)) >= 0:
                self._done.append(Member("", data[begin:], Location(("embedded object",))))
                return
        if data:
            self._done.append(Member("", data, Location(("embedded object",))))

    def _location(self, buffer: _Buffer) -> Location:
        if buffer.place != "paragraph":
            return Location((buffer.place,))
        self._count += 1
        return Location((f"paragraph {self._count}",))

    def _flush(self, buffer: _Buffer) -> None:
        if buffer.cells:
            self._row(buffer)
            return
        text = "".join(buffer.parts).strip()
        buffer.parts.clear()
        if text:
            if buffer.place == "paragraph":
                self._end_table()
            text = _storable(text)
            fields = (Field(0, len(text), buffer.label),) if buffer.label else ()
            self._done.append(Segment(text, self._location(buffer), buffer.hidden, fields))
        self._reveal()

    def _row(self, buffer: _Buffer) -> None:
        if buffer.parts:
            buffer.cells.append("".join(buffer.parts).strip())
            buffer.parts.clear()
        values, buffer.cells = [_storable(cell) for cell in buffer.cells], []
        if not any(values):
            return
        if self._rows is None:
            self._table += 1
            self._rows = LabelledTable(self._table, self._done.append)
        cells = [Cell(column, value) for column, value in enumerate(values) if value]
        self._rows.add(Row(self._count + 1, cells, self._location(buffer), buffer.hidden))
        self._reveal()

    def _end_table(self) -> None:
        rows, self._rows = self._rows, None
        if rows is not None:
            rows.end()

    def _reveal(self) -> None:
        for reason, texts in self._concealed.items():
            text = "".join(texts).strip()
            if text:
                self._done.append(Segment(_storable(text), Location((f"paragraph {self._count}",)), reason))
        self._concealed = {}


def _storable(text: str) -> str:
    """Replace halves of surrogate pairs, which no encoder takes."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


def known_codec(codec: str) -> str:
    """The codec where Python has it, cp1252 else."""
    try:
        b"a".decode(codec)
    except LookupError:
        return "cp1252"
    return codec
