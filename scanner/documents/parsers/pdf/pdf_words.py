"""Words of a PDF page with their places, as its tables are found by them.

Places are those that a person sees who reads the page: where most of the text runs upwards, as on a sheet
that lies on its side, the page is turned.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

# A page of more characters or words than this is a data sheet or a drawing; its order is left as it is.
MOST_CHARACTERS = 40_000
_MOST_WORDS = 8_000
# A word; the hyphen of a broken one ends it, as the rest stands on another line.  What is no blank may still
# stand apart, by a step of more than this share of its height.
_WORD = re.compile(r"[^\s\0\ufffe]+\ufffe?|\ufffe")
_STEP = 0.5
# pdfium's mark for the hyphen of a broken word, which its text shows as U+FFFE.
_HYPHEN = 2
# Boxes of a comb: single characters at an even distance, of at most this many times their height.
_COMB_CHARACTERS, _COMB_PITCH = 4, 2.2
# Groups of boxes stand at most this many times their distance apart: day, month and year.
_COMB_GROUPS = 2.6

Edge = tuple[float, float, float, float]
"""A straight line on a page: left, bottom, right, top; upright or level."""


class Spread(NamedTuple):
    """The characters of a page with the words that stand upright on it, and how it is turned for that."""

    characters: list[str]
    words: list[Word]
    quarter: int


@dataclass(slots=True)
class Word:
    """A word: the stretches of characters it is made of, its text, its edges, its line's height, its height.

    ``item`` is the address of the text object that draws its first character.
    """

    spans: tuple[tuple[int, int], ...]
    text: str
    left: float
    right: float
    base: float
    size: float
    item: int

    @property
    def middle(self) -> float:
        """Half way up the small letters."""
        return self.base + self.size * 0.25


def words_of(textpage: pdfium.PdfTextPage, text: str, *, items: bool = True) -> Spread | None:
    """The words of a page in the order of its content; ``None`` for a page with too many characters.

    ``text`` is that of the page as pdfium gives it; ``items`` tells that the text objects are asked for.
    """
    count = int(textpage.count_chars())
    if not 0 < count <= MOST_CHARACTERS:
        return None
    raw = textpage.raw
    if len(text) == count:
        characters = list(text)
    else:
        # Characters without a meaning are left out of the text.
        unicode_at = pdfium_c.FPDFText_GetUnicode
        characters = [_character(unicode_at(raw, index)) for index in range(count)]
        text = "".join(one or "\ufffd" for one in characters)
    drafts: list[_Draft] = []
    ask = _Asker(raw, items=items)
    for match in _WORD.finditer(text):
        drafts.extend(ask.words(*match.span()))
        if len(drafts) > _MOST_WORDS:
            return None
    quarter = _most_common_quarter(drafts)
    words = [one.word(characters, quarter) for one in drafts if one.way in (quarter, None)]
    return Spread(characters, words, quarter)


def _character(code: int) -> str:
    if code == _HYPHEN:
        return "\ufffe"
    if not 0 < code < 0x110000:
        return ""
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)


def turned(edge: Edge, quarter: int) -> Edge:
    """A box on a page whose text runs that many quarters anticlockwise, turned back."""
    left, bottom, right, top = edge
    if quarter == 1:
        return bottom, -right, top, -left
    if quarter == 2:
        return -right, -top, -left, -bottom
    if quarter == 3:
        return -top, left, -bottom, right
    return edge


@dataclass(slots=True)
class _Draft:
    """A word while it is read, in the page's own coordinates: its first and its last character."""

    start: int
    origin: tuple[float, float]
    size: tuple[float, float]
    item: int
    first: Edge
    last: Edge
    end: int = 0
    way: int | None = None

    def goes_on(self, box: Edge) -> bool:
        """Whether a character stands right behind the last one, whichever way the word runs."""
        left, bottom, right, top = self.last
        step = self.size[0] * _STEP + 0.1
        if bottom < box[3] and box[1] < top:
            return box[0] - right <= step and box[0] - left >= -step
        if left < box[2] and box[0] < right:
            return max(box[1] - top, bottom - box[3]) <= step
        # Points and hyphens have nothing at the height of their neighbours.
        return box[0] >= left and box[0] - right <= step and abs(box[1] - bottom) < self.size[0]

    def quarter(self) -> int | None:
        """Which way it runs, in quarters of a turn anticlockwise; a single character does not tell."""
        if self.end - self.start < 2:
            return None
        dx, dy = self.last[0] - self.first[0], self.last[1] - self.first[1]
        if abs(dx) >= abs(dy):
            return 0 if dx >= 0 else 2
        return 1 if dy > 0 else 3

    def word(self, characters: list[str], quarter: int) -> Word:
        """It as it stands on the turned page."""
        one, other = turned(self.first, quarter), turned(self.last, quarter)
        x, y = self.origin
        base = turned((x, y, x, y), quarter)[1]
        # A letter that is turned has its height where others have their width.
        size = max(self.size) if quarter % 2 else self.size[0]
        text = "".join(characters[self.start : self.end])
        spans = ((self.start, self.end),)
        return Word(
            spans, text, min(one[0], other[0]), max(one[2], other[2]), base, max(size, 1.0), self.item
        )


class _Asker:
    """Asks pdfium where characters stand, with the same few cells for the answers."""

    def __init__(self, raw: pdfium_c.FPDF_TEXTPAGE, *, items: bool) -> None:
        self._raw = raw
        self._items = items
        self._edges = tuple(ctypes.c_double() for _ in range(4))
        self._origin = ctypes.c_double(), ctypes.c_double()
        self._loose = pdfium_c.FS_RECTF()

    def words(self, start: int, end: int) -> list[_Draft]:
        """The word that characters without a blank make; several where some of them stand apart."""
        draft = self._begun(start, self._box(start))
        draft.end = end
        draft.last = self._box(end - 1)
        height = max(draft.size)
        widest = max(draft.last[2] - draft.first[0], draft.last[3] - draft.first[1], 0.0)
        if widest <= (end - start) * height and draft.last[0] >= draft.first[0] - height:
            return [draft]
        drafts = [self._begun(start, draft.first)]
        for index in range(start, end):
            box = self._box(index)
            if not drafts[-1].goes_on(box):
                drafts.append(self._begun(index, box))
            drafts[-1].end = index + 1
            drafts[-1].last = box
        return drafts

    def _box(self, index: int) -> Edge:
        left, right, bottom, top = self._edges
        pdfium_c.FPDFText_GetCharBox(self._raw, index, left, right, bottom, top)
        return left.value, bottom.value, right.value, top.value

    def _begun(self, index: int, box: Edge) -> _Draft:
        (x, y), loose = self._origin, self._loose
        pdfium_c.FPDFText_GetLooseCharBox(self._raw, index, loose)
        pdfium_c.FPDFText_GetCharOrigin(self._raw, index, x, y)
        item = 0
        if self._items:
            drawn = pdfium_c.FPDFText_GetTextObject(self._raw, index)
            item = ctypes.cast(drawn, ctypes.c_void_p).value or 0
        size = abs(loose.top - loose.bottom), abs(loose.right - loose.left)
        return _Draft(index, (x.value, y.value), size, item, box, box)


def _most_common_quarter(drafts: Iterable[_Draft]) -> int:
    counts = [0, 0, 0, 0]
    for draft in drafts:
        draft.way = draft.quarter()
        if draft.way is not None:
            counts[draft.way] += draft.end - draft.start
    return counts.index(max(counts))


def lines_of(words: Iterable[Word]) -> list[list[Word]]:
    """Words that stand at one height, from the top of the page down, each line from left to right.

    Characters in the boxes of a comb, as forms have them for numbers, are one word.
    """
    lines: list[list[Word]] = []
    base = 0.0
    for word in sorted(words, key=lambda one: -one.base):
        if lines and base - word.base <= 0.35 * min(word.size, lines[-1][0].size):
            lines[-1].append(word)
        else:
            lines.append([word])
            base = word.base
    return [_combed(sorted(line, key=lambda one: one.left)) for line in lines]


def _combed(line: list[Word]) -> list[Word]:
    """A line in which the characters of combs are joined."""
    if sum(len(word.text) == 1 for word in line) < _COMB_CHARACTERS:
        return line
    joined: list[Word] = []
    run: list[Word] = []
    for word in line:
        if len(word.text) == 1 and _is_next(run, word):
            run.append(word)
            continue
        joined.extend(_as_one(run))
        run = [word] if len(word.text) == 1 else []
        if not run:
            joined.append(word)
    return [*joined, *_as_one(run)]


def _centre(word: Word) -> float:
    return (word.left + word.right) / 2


def _is_next(run: Sequence[Word], word: Word) -> bool:
    if not run:
        return True
    pitch = _centre(word) - _centre(run[-1])
    if len(run) < 2:
        return pitch <= _COMB_PITCH * word.size
    # The letters of a comb need not be in the middle of their boxes; groups of boxes stand a little apart.
    usual = _centre(run[1]) - _centre(run[0])
    return abs(pitch - usual) <= 0.3 * word.size or usual < pitch <= _COMB_GROUPS * usual


def _as_one(run: list[Word]) -> list[Word]:
    if len(run) < _COMB_CHARACTERS:
        return run
    first = run[0]
    spans = tuple(span for word in run for span in word.spans)
    usual = _centre(run[1]) - _centre(first)
    text = first.text
    for before, word in pairwise(run):
        apart = _centre(word) - _centre(before) - usual > 0.3 * word.size
        text += f" {word.text}" if apart else word.text
    return [Word(spans, text, first.left, run[-1].right, first.base, first.size, first.item)]
