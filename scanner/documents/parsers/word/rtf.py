"""RTF: a tokenizer of groups, control words and characters, with what a reader does not see.

Source: Rich Text Format Specification 1.9.1.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.looks import BY
from scanner.documents.parsers.office import ole_object
from scanner.documents.parsers.pictures.embedded_pictures import TEXT_PIXELS, picture_size, unread_pictures
from scanner.documents.parsers.word.rtf_paragraphs import Buffer, Paragraphs, storable
from scanner.documents.parsers.word.rtf_vocabulary import (
    CHARACTERS,
    CHARSETS,
    DESTINATIONS,
    DOUBLE_BYTE,
    INFO,
    SHAPE_WORDS,
    SHOWN,
    SKIPPED,
    SYMBOLS,
    TICKS,
    TOKEN,
    known_codec,
)
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import row_segment

# The groups of a token, by which it is told what it is.
_HEX, _WORD, _NUMBER, _SYMBOL, _BRACE, _PLAIN = range(1, 7)
# Pictures and packed objects are lines upon lines of digits.
_DIGITS = re.compile(r"[^\\{}]+")

_DEPTH = 2_000
_LEVELS = 20  # tables inside of tables
_PICTURE_HEAD = 200_000  # digits that are looked at for a picture's size
# Half-points: text of two points and less is not seen.
_TINY = 4
_COLOURS = 2_000
_WORDY = re.compile(r"[^\W\d_]{3}")
_SYMBOL_FONT = 2
# Kinds of form fields (\fftype), and the result that says "as by default".
_CHECK_BOX, _LIST, _DEFAULT_RESULT = 1, 2, 25


@dataclass(slots=True)
class _State:
    """What a group inherits and restores.  ``sink`` says where other characters than text go."""

    buffer: Buffer
    sink: str = ""
    unicode_skip: int = 1
    codec: str = ""
    symbols: bool = False
    in_table: int = 0
    vanish: bool = False
    deleted: bool = False
    author: int = 0
    white: bool = False
    colour: int = 0
    ground: int = 0
    tiny: bool = False
    backed: bool = False  # characters with a ground of their own
    shaded: bool = False  # paragraphs with one
    boxed: bool = False
    repeats: bool = False  # another form of a shape that was read
    reason: str = ""

    def copy(self) -> _State:
        return _State(
            self.buffer,
            self.sink,
            self.unicode_skip,
            self.codec,
            self.symbols,
            self.in_table,
            self.vanish,
            self.deleted,
            self.author,
            self.white,
            self.colour,
            self.ground,
            self.tiny,
            self.backed,
            self.shaded,
            self.boxed,
            self.repeats,
            self.reason,
        )


class RtfParser:
    """Reads RTF with its comments, deletions, hidden text, properties, pictures and embedded objects."""

    kinds = frozenset({"rtf"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield paragraphs, table rows, and what is hidden; embedded objects are members."""
        yield from _Tokens(limits).read(source.read().decode("latin-1"))


class _Tokens:
    """One pass over the tokens of a file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._state = _State(Buffer())
        self._stack: list[_State] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._symbol_fonts: set[int] = set()
        self._font = 0
        self._default_font = -1
        self._colour = [0, 0, 0]
        self._coloured = False
        self._white: set[int] = set()
        self._table_of_colours: dict[int, tuple[int, ...]] = {0: (0, 0, 0)}
        self._colours = 0
        self._ground = False  # the page, or the cells of this row, have a colour
        self._row_ground = False
        self._bytes = bytearray()
        self._drop = 0
        self._ignorable = False
        self._digits: list[str] = []
        self._binary = b""
        self._picture = ""
        self._pictures = 0
        self._unread_pictures = 0
        self._authors: list[str] = []
        self._property = ""
        self._shape_property = ""
        self._form: dict[str, int] = {}
        self._choices: list[str] = []
        self._out = Paragraphs()

    def read(self, text: str) -> Iterator[Event]:
        position = 0
        length = len(text)
        match = TOKEN.match
        while position < length and (token := match(text, position)):
            position = token.end()
            what = token.lastindex
            if what == _HEX:
                if self._drop:
                    self._drop -= 1
                elif not self._state.sink:
                    self._bytes.append(int(token[1], 16))
                continue
            if self._bytes:
                position = self._write_bytes(text, token, what)
                if position > token.start():
                    continue
                position = token.end()
            if what == _PLAIN:
                if self._state.sink in ("picture", "object"):
                    whole = _DIGITS.match(text, token.start())
                    position = whole.end() if whole else position
                    self._digits.append(text[token.start() : position])
                else:
                    self._plain(token[_PLAIN])
            elif what in (_WORD, _NUMBER):
                number = int(token[_NUMBER]) if token[_NUMBER] else None
                if token[_WORD] == "bin" and number:
                    data = text[position : position + max(0, number)]
                    position += max(0, number)
                    if self._state.sink in ("picture", "object"):
                        self._binary = data.encode("latin-1")
                else:
                    self._word(token[_WORD], number)
            elif what == _BRACE:
                if token[_BRACE] == "{":
                    self._stack.append(self._state)
                    self._state = self._state.copy()
                    self._ignorable = False
                    if len(self._stack) > _DEPTH:
                        self._out.done.append(
                            Gap(HERE, Shortfall.LIMIT, f"groups nested more than {_DEPTH} deep")
                        )
                        self._out.done.append(Segment(text[position:], Location(("raw",))))
                        break
                else:
                    self._end_group()
            elif what == _SYMBOL:
                self._symbol(token[_SYMBOL])
            if self._out.done:
                yield from self._out.done
                self._out.done.clear()
        if self._bytes:
            self._write(bytes(self._bytes).decode(self._encoding(), "replace"))
        if self._stack and not self._out.done:
            self._out.done.append(Gap(HERE, Shortfall.DAMAGED, "the file ends inside a group"))
        while self._stack:
            self._end_group()
        self._out.flush(self._state.buffer)
        self._out.end_table()
        yield from self._out.done
        yield from unread_pictures(self._unread_pictures)

    # characters

    def _plain(self, text: str) -> None:
        if self._drop:
            dropped = min(self._drop, len(text))
            self._drop -= dropped
            text = text[dropped:]
        sink = self._state.sink
        if sink == "colours":
            for _ in range(text.count(";")):
                self._end_colour()
        elif not text or sink:
            return
        elif not text.isascii():
            self._write(_eight_bit(text.encode("latin-1"), self._encoding()))
        elif self._state.symbols:
            self._write("".join(TICKS.get(ord(char), char) for char in text) if len(text) == 1 else text)
        else:
            self._write(text)

    def _write(self, text: str) -> None:
        state = self._state
        if state.sink:
            return
        buffer = state.buffer
        level = state.in_table - 1 if state.in_table > 1 else 0
        if level != len(buffer.outer) and buffer.place == "paragraph":
            self._out.to_level(buffer, level)
        if not state.reason:
            buffer.parts.append(text)
            return
        reason = self._concealing(state)
        if not reason:
            buffer.parts.append(text)
        elif (
            buffer.concealed
            and buffer.concealed[-1][1] == reason
            and buffer.concealed[-1][0] == len(buffer.parts)
        ):
            buffer.concealed[-1][2].append(text)
        else:
            buffer.concealed.append((len(buffer.parts), reason, [text]))

    def _concealing(self, state: _State) -> str:
        """Why text with this formatting is not seen where it stands."""
        if state.reason != "white text":
            if state.reason == "tracked deletion" and 0 < state.author < len(self._authors):
                return f"tracked deletion{BY}{self._authors[state.author]}"
            return state.reason
        coloured = state.shaded or state.boxed or self._ground or (state.in_table and self._row_ground)
        return "" if coloured else state.reason

    def _settle(self) -> None:
        """Say anew why the text that follows is not seen."""
        state = self._state
        state.reason = (
            "tracked deletion"
            if state.deleted
            else "hidden text"
            if state.vanish
            else "tiny text"
            if state.tiny
            else "white text"
            if state.white and not state.backed
            else "blacked-out text"
            if state.ground and self._is_of_its_ground(state)
            else ""
        )

    def _is_of_its_ground(self, state: _State) -> bool:
        """Whether letters have the colour that was put behind them; those without one are black."""
        ground = self._table_of_colours.get(state.ground)
        return ground is not None and ground == self._table_of_colours.get(state.colour)

    def _write_bytes(self, text: str, token: re.Match[str], what: int | None) -> int:
        """Write the bytes that came in hexadecimal; gives where to go on.

        The second byte of a character may stand for itself.
        """
        codec = self._encoding()
        data, self._bytes = bytes(self._bytes), bytearray()
        position = token.start()
        if codec in DOUBLE_BYTE and what in (_PLAIN, _SYMBOL) and _is_cut(data, codec):
            second = token[_PLAIN][:1] if what == _PLAIN else token[_SYMBOL]
            data += second.encode("latin-1")
            position += 1 if what == _PLAIN else 2
        if self._state.symbols and not self._state.sink:
            self._write(
                "".join(TICKS.get(byte) or bytes((byte,)).decode("cp1252", "replace") for byte in data)
            )
        else:
            self._write(data.decode(codec, "replace"))
        return position

    def _encoding(self) -> str:
        return self._state.codec or self._codec

    def _symbol(self, char: str) -> None:
        if char == "*":
            self._ignorable = True
        elif self._drop:
            self._drop -= 1
        else:
            self._write(SYMBOLS.get(char, ""))

    # control words

    def _word(self, word: str, number: int | None) -> None:
        ignorable, self._ignorable = self._ignorable, False
        state = self._state
        if word == "u" and number is not None:
            code = number + 65536 if number < 0 else number
            if state.symbols and 0xF000 <= code <= 0xF0FF:
                self._write(TICKS.get(code - 0xF000, chr(code)))
            elif not 0xD800 <= code < 0xE000:
                self._write(chr(code) if code < 0x110000 else "\ufffd")
            else:
                self._write(self._surrogate(code))
            self._drop = state.unicode_skip
            return
        if self._drop:
            self._drop -= 1
            if word in CHARACTERS:
                return
            self._drop = 0
        handler = _HANDLERS.get(word)
        if handler is not None:
            handler(self, state, number)
        elif word in CHARACTERS:
            self._write(CHARACTERS[word])
        elif ignorable or word in DESTINATIONS or word in SKIPPED or word in INFO:
            self._destination(word, ignorable)

    def _surrogate(self, code: int) -> str:
        """Join a pair: the high half waits in the buffer until the low half comes."""
        buffer = self._state.buffer
        parts = buffer.concealed[-1][2] if self._state.reason and buffer.concealed else buffer.parts
        if code >= 0xDC00 and parts and len(parts[-1]) == 1 and 0xD800 <= ord(parts[-1]) < 0xDC00:
            high = ord(parts.pop())
            return chr(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00))
        return chr(code) if code < 0xDC00 else "\ufffd"

    def _paragraph_ends(self, state: _State, number: int | None) -> None:
        if state.sink:
            return
        buffer = state.buffer
        if buffer.place == "paragraph" and state.in_table:
            self._write("\n")
        else:
            self._out.flush(buffer)

    def _paragraph_begins(self, state: _State, number: int | None) -> None:
        state.in_table = 0
        state.shaded = False

    def _into_table(self, state: _State, number: int | None) -> None:
        state.in_table = max(1, state.in_table)

    def _table_level(self, state: _State, number: int | None) -> None:
        state.in_table = min(max(0, number or 0), _LEVELS)

    def _cell_ends(self, state: _State, number: int | None) -> None:
        if state.sink:
            return
        buffer = state.buffer
        if buffer.outer:
            self._out.to_level(buffer, 0)
        self._out.end_cell(buffer)

    def _inner_cell_ends(self, state: _State, number: int | None) -> None:
        if state.sink:
            return
        buffer = state.buffer
        if state.in_table > 1 and buffer.place == "paragraph":
            self._out.to_level(buffer, state.in_table - 1)
            self._out.end_cell(buffer)
        else:
            self._write("\t")

    def _row_ends(self, state: _State, number: int | None) -> None:
        if state.sink:
            return
        if state.buffer.outer:
            self._out.to_level(state.buffer, 0)
        self._out.row(state.buffer)

    def _inner_row_ends(self, state: _State, number: int | None) -> None:
        if state.buffer.outer:
            self._out.inner_row(state.buffer)

    def _row_begins(self, state: _State, number: int | None) -> None:
        self._row_ground = False

    def _cell_ground(self, state: _State, number: int | None) -> None:
        self._row_ground = self._row_ground or bool(number and number not in self._white)

    def _paragraph_ground(self, state: _State, number: int | None) -> None:
        state.shaded = bool(number and number not in self._white)

    def _page_ground(self, state: _State, number: int | None) -> None:
        self._ground = True
        state.boxed = True

    def _character_ground(self, state: _State, number: int | None) -> None:
        state.backed = bool(number and number not in self._white)
        state.ground = number or 0
        self._settle()

    def _embossed(self, state: _State, number: int | None) -> None:
        state.backed = number != 0  # white letters are seen by their shadow
        self._settle()

    def _unicode_skip(self, state: _State, number: int | None) -> None:
        state.unicode_skip = min(max(number or 0, 0), 100)

    def _code_page(self, state: _State, number: int | None) -> None:
        if number:
            self._codec = known_codec(f"cp{number}")

    def _mac(self, state: _State, number: int | None) -> None:
        self._codec = "mac-roman"

    def _dos(self, state: _State, number: int | None) -> None:
        self._codec = "cp437"

    def _dos_latin(self, state: _State, number: int | None) -> None:
        self._codec = "cp850"

    def _vanish(self, state: _State, number: int | None) -> None:
        state.vanish = number != 0
        self._settle()

    def _deleted(self, state: _State, number: int | None) -> None:
        state.deleted = number != 0
        self._settle()

    def _change_author(self, state: _State, number: int | None) -> None:
        state.author = number or 0

    def _size(self, state: _State, number: int | None) -> None:
        tiny = number is not None and 0 < number <= _TINY
        if tiny is not state.tiny:
            state.tiny = tiny
            self._settle()

    def _text_colour(self, state: _State, number: int | None) -> None:
        white = bool(number) and number in self._white
        state.colour = number or 0
        if white is not state.white or state.ground:
            state.white = white
            self._settle()

    def _plain_again(self, state: _State, number: int | None) -> None:
        state.vanish = state.deleted = state.white = state.tiny = state.backed = False
        state.colour = state.ground = 0
        state.reason = ""
        state.codec = self._fonts.get(self._default_font, "")
        state.symbols = self._default_font in self._symbol_fonts

    def _default_is(self, state: _State, number: int | None) -> None:
        self._default_font = number or 0

    def _choose_font(self, state: _State, number: int | None) -> None:
        if number is None:
            return
        self._font = number
        if state.sink != "fonts":
            state.codec = self._fonts.get(number, "")
            state.symbols = number in self._symbol_fonts

    def _font_charset(self, state: _State, number: int | None) -> None:
        if state.sink != "fonts":
            return
        if number == _SYMBOL_FONT:
            self._symbol_fonts.add(self._font)
        elif number and number in CHARSETS:
            self._fonts[self._font] = known_codec(CHARSETS[number])

    def _font_code_page(self, state: _State, number: int | None) -> None:
        if state.sink == "fonts" and number:
            self._fonts[self._font] = known_codec(f"cp{number}")

    def _fonts_begin(self, state: _State, number: int | None) -> None:
        state.sink = "fonts"

    def _colours_begin(self, state: _State, number: int | None) -> None:
        state.sink = "colours"

    def _colour_part(self, state: _State, number: int | None, part: int) -> None:
        if state.sink == "colours":
            self._colour[part] = number or 0
            self._coloured = True

    def _end_colour(self) -> None:
        if self._coloured and min(self._colour) >= 0xFF:
            self._white.add(self._colours)
        if self._coloured and self._colours < _COLOURS:
            self._table_of_colours[self._colours] = tuple(self._colour)
        self._colours += 1
        self._colour = [0, 0, 0]
        self._coloured = False

    # destinations

    def _object_begins(self, state: _State, number: int | None) -> None:
        state.sink = "object"
        self._digits, self._binary = [], b""

    def _picture_begins(self, state: _State, number: int | None) -> None:
        if state.sink:
            return
        state.sink = "picture"
        self._digits, self._binary, self._picture = [], b"", ""

    def _picture_kind(self, state: _State, number: int | None, kind: str) -> None:
        if state.sink == "picture":
            self._picture = kind

    def _shape_begins(self, state: _State, number: int | None) -> None:
        self._out.shape_texts = set()

    def _other_form_begins(self, state: _State, number: int | None) -> None:
        state.repeats = True

    def _box_begins(self, state: _State, number: int | None) -> None:
        state.boxed = True

    def _form_begins(self, state: _State, number: int | None) -> None:
        self._form, self._choices = {}, []

    def _form_number(self, state: _State, number: int | None, name: str) -> None:
        self._form[name] = number or 0

    def _result_begins(self, state: _State, number: int | None) -> None:
        """The result of a field: that of a check box or list is told by the form field."""
        if self._form and (answer := self._end_form()):
            self._write(answer)

    def _unicode_form(self, state: _State, number: int | None) -> None:
        """The second of two forms of one text; the first is skipped."""
        if self._stack and len(self._stack) > 1:
            state.sink = self._stack[-2].sink

    def _destination(self, word: str, ignorable: bool) -> None:
        state = self._state
        if word in SKIPPED:
            state.sink = "nothing"
        elif word in DESTINATIONS:
            if state.sink in ("picture", "object"):
                return  # properties of a picture
            if word == "footnote" and state.buffer.parts and state.buffer.parts[-1][-1:].isalnum():
                # The number of the note stands here, and parts what stands before and behind it.
                state.buffer.parts.append(" ")
            state.buffer = Buffer(*DESTINATIONS[word], word=word, repeats=state.repeats)
            state.vanish = state.deleted = state.white = state.tiny = False
            state.colour = state.ground = 0
            state.reason = ""
            state.in_table = 0
            if word in ("shptxt", "dptxbxtext"):
                state.boxed = True
        elif word in INFO and state.buffer.place == "document properties":
            state.buffer = Buffer("document properties", "document properties", label=word)
        elif ignorable and word not in SHOWN and word not in _HANDLERS:
            state.buffer = Buffer(f"group {word}", "ignorable group")

    def _end_group(self) -> None:
        if not self._stack:
            return
        state, self._state = self._state, self._stack.pop()
        self._drop = 0
        if state.buffer is not self._state.buffer:
            self._end_destination(state)
        elif state.buffer.place == "document variable" and state.buffer.parts:
            self._out.end_cell(state.buffer)  # its name, its value
        if state.sink != self._state.sink:
            if state.sink == "object":
                self._object()
            elif state.sink == "picture":
                self._end_picture()

    def _end_destination(self, state: _State) -> None:
        """Hand out what a group that goes to a place of its own holds."""
        buffer = state.buffer
        if buffer.place == "author of a change":
            self._change_authors(buffer)
        elif buffer.place == "shape property":
            self._end_shape_property(buffer)
        elif buffer.place == "document variable":
            self._end_variable(buffer)
        else:
            if buffer.word == "ffl":
                self._choices.append("".join(buffer.parts))
            elif buffer.label == "propname":
                self._property = buffer.label = "".join(buffer.parts).strip()
            elif buffer.label == "staticval" and self._property:
                buffer.label = self._property
            elif buffer.place == "field instruction" and " " not in "".join(buffer.parts).strip():
                buffer.parts.clear()  # one bare word (PAGE, TOC) is a command without a value
            elif buffer.place == "bookmark" and "".join(buffer.parts).startswith("_"):
                buffer.parts.clear()  # made by the program
            self._out.flush(buffer)

    def _change_authors(self, buffer: Buffer) -> None:
        self._authors = [name.strip() for name in "".join(buffer.parts).split(";")][:10_000]
        for name in dict.fromkeys(self._authors):
            if name and name != "Unknown":
                place = Location(("author of a change",))
                self._out.done.append(row_segment([storable(name)], ["Author"], place, hidden=buffer.hidden))

    def _end_shape_property(self, buffer: Buffer) -> None:
        """Name and value of a shape's property stand in groups that follow each other."""
        text = storable("".join(buffer.parts).strip())
        if buffer.word == "sn":
            self._shape_property = text
            return
        name, self._shape_property = self._shape_property, ""
        if not text or (name not in SHAPE_WORDS and not _WORDY.search(text)):
            return
        hidden = SHAPE_WORDS.get(name, "shape property")
        if text not in self._out.shape_texts:
            self._out.shape_texts.add(text)
            self._out.done.append(Segment(text, Location(("shape",)), hidden))

    def _end_variable(self, buffer: Buffer) -> None:
        if buffer.parts:
            self._out.end_cell(buffer)
        *names, value = map(storable, buffer.cells or [""])
        if value:
            label = " ".join(names)
            self._out.done.append(
                row_segment([value], [label], Location((buffer.place,)), hidden=buffer.hidden)
            )

    def _end_form(self) -> str:
        """What a check box or a list says: it is shown where the field's result stands."""
        form, self._form = self._form, {}
        choices, self._choices = self._choices, []
        result = form.get("ffres", _DEFAULT_RESULT)
        if result == _DEFAULT_RESULT:
            result = form.get("ffdefres", 0)
        if form.get("fftype") == _CHECK_BOX:
            return "\u2612" if result else "\u2610"
        return choices[result] if form.get("fftype") == _LIST and 0 <= result < len(choices) else ""

    def _object(self) -> None:
        data = self._binary or _from_digits("".join(self._digits))
        self._digits, self._binary = [], b""
        location = Location(("embedded object",))
        if (begin := data.find(ole_object.OLE_MAGIC)) >= 0:
            self._out.done.extend(ole_object.members(data[begin:], "", location))
            return
        name, packed = _packaged(data)
        if packed:
            self._out.done.append(Member(name, packed, Location((f'embedded file "{name}"',))))
            return
        for mark in (b"PK\x03\x04", b"%PDF-"):
            if (begin := data.find(mark)) >= 0:
                data = data[begin:]
                break
        if data:
            self._out.done.append(Member("", data, location))

    def _end_picture(self) -> None:
        """A drawing goes out, its texts are texts; a picture where it may hold a page of text."""
        kind, digits, binary = self._picture, self._digits, self._binary
        self._digits, self._binary = [], b""
        if kind not in ("pngblip", "jpegblip", "emfblip", "wmetafile"):
            return
        self._pictures += 1
        location = Location((f"picture {self._pictures}",))
        text = "".join(digits)
        if kind in ("pngblip", "jpegblip"):
            size = picture_size(binary or _from_digits(text[:_PICTURE_HEAD]))
            if size is None or size[0] * size[1] < TEXT_PIXELS:
                return
            if not self._limits.ocr:
                self._unread_pictures += 1
                return
        if data := binary or _from_digits(text):
            self._out.done.append(Member("", data, location))


_Handler = Callable[["_Tokens", _State, int | None], None]


def _handlers() -> Mapping[str, _Handler]:
    """What each control word does."""
    one = _Tokens
    found: dict[str, _Handler] = {}
    found.update(dict.fromkeys(("par", "sect", "page", "column"), one._paragraph_ends))
    found.update(dict.fromkeys(("deleted", "mvf"), one._deleted))
    found["v"] = one._vanish
    found.update(dict.fromkeys(("embo", "impr"), one._embossed))
    found.update(dict.fromkeys(("highlight", "cb", "chcbpat"), one._character_ground))
    found.update(
        {
            "pard": one._paragraph_begins, "intbl": one._into_table, "itap": one._table_level,
            "cell": one._cell_ends, "nestcell": one._inner_cell_ends, "row": one._row_ends,
            "nestrow": one._inner_row_ends, "trowd": one._row_begins, "clcbpat": one._cell_ground,
            "cbpat": one._paragraph_ground, "background": one._page_ground, "uc": one._unicode_skip,
            "ansicpg": one._code_page, "mac": one._mac, "pc": one._dos, "pca": one._dos_latin,
            "revauthdel": one._change_author, "revauth": one._change_author, "fs": one._size,
            "cf": one._text_colour, "plain": one._plain_again, "deff": one._default_is,
            "f": one._choose_font, "fcharset": one._font_charset, "cpg": one._font_code_page,
            "fonttbl": one._fonts_begin, "colortbl": one._colours_begin, "objdata": one._object_begins,
            "pict": one._picture_begins, "shp": one._shape_begins, "shprslt": one._other_form_begins,
            "shpinst": one._box_begins, "formfield": one._form_begins, "fldrslt": one._result_begins,
            "ud": one._unicode_form,
        }
    )  # fmt: skip
    for index, part in enumerate(("red", "green", "blue")):
        found[part] = partial(one._colour_part, part=index)
    for kind in ("pngblip", "jpegblip", "emfblip", "wmetafile", "macpict", "dibitmap", "wbitmap"):
        found[kind] = partial(one._picture_kind, kind=kind)
    for name in ("fftype", "ffres", "ffdefres"):
        found[name] = partial(one._form_number, name=name)
    return found


_HANDLERS = _handlers()


def _from_digits(text: str) -> bytes:
    """Bytes of hexadecimal digits with white space between them, as far as they are that."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        digits = re.sub(r"[^0-9A-Fa-f]", "", text)
        return bytes.fromhex(digits[: len(digits) & ~1])


def _packaged(data: bytes) -> tuple[str, bytes]:
    """Name and bytes of a file that was dragged in, out of an object of OLE 1 (MS-OLEDS 2.2.5)."""
    at = 8
    try:
        names: list[bytes] = []
        for _ in range(3):
            (length,) = struct.unpack_from("<L", data, at)
            names.append(data[at + 4 : at + 4 + length].rstrip(b"\0"))
            at += 4 + length
        (length,) = struct.unpack_from("<L", data, at)
    except struct.error:
        return "", b""
    if names[0].lower() != b"package":
        return "", b""
    return ole_object.native_file(struct.pack("<L", length) + data[at + 4 : at + 4 + length])


def _is_cut(data: bytes, codec: str) -> bool:
    """Whether the last byte is the first of a character of two."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    decoder.decode(data)
    return bool(decoder.getstate()[0])


def _eight_bit(data: bytes, codec: str) -> str:
    """Bytes that stand for themselves: UTF-8 where they are that, whatever the file says."""
    if codec not in DOUBLE_BYTE:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return data.decode(codec, "replace")
