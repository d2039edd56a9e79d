"""Tables and forms of a PDF page, found by where its words stand.

A PDF has no tables: it has words at places, in the order in which a program drew them, which may be column
by column, or all labels of a form before all of its values.  Rules drawn around cells say what belongs
together; without them it is columns that stay apart over several lines.  What is not clearly a table or a
form (prose in columns, the head of a letter) is left to the page's own order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from scanner.documents.headings import header_row, is_form, is_heading_row, names_something, runs_across
from scanner.documents.model import Location
from scanner.documents.parsers.pdf.pdf_words import Edge, Word, lines_of
from scanner.documents.rows import Cell, Row

# Words further apart than this many times their height stand in different cells.
_CELL_GAP = 0.9
# More cells on a line than this make no table; gaps between lines that tell what is usual.
_MOST_COLUMNS, _LATEST = 60, 15
# Edges that are this near to each other are one; a rule reaches across what it is this much shorter than.
_SAME, _REACH = 2.5, 3.0
# Rules that are shorter than this are strokes of drawings.
_SHORTEST = 9.0
# More places of rules than this make a drawing.
_MOST_RULES = 300
# A box with more lines than this is a frame around a page or a text.
_MOST_BOX_LINES = 15
# Lines further apart than this many times their height, or the usual distance, belong to other tables.
_FAR_HEIGHTS, _FAR_GAPS = 4.5, 3.0
# Rows with rules between them: so many make a table, of at most so many lines each, taken together.
_BANDS, _BAND_LINES = 3, 4
# A row without a rule of its own is at most this many times its height away.
_NEXT_ROW = 3.0
# Texts that begin this near to one place are aligned; cells that touch have this much between them at least.
_ALIGNED, _NARROW = 1.5, 0.25
# Lines no further apart than this many times their height may be lines of one cell.
_WRAPPED = 1.55
# Rows of a record that stand nearer to each other than to others by this factor.
_APART = 1.6
# A column whose texts are longer than this, most of them as wide as it is, is one of prose.
_PROSE_CHARACTERS, _PROSE_WIDTH = 22, 0.7
# Rows that tell whether it is a table.
_LOOKED_AT = 40
# What is no heading and no form must have so many columns and rows to be a table.
_COLUMNS, _ROWS = 3, 4


@dataclass(slots=True)
class Chunk:
    """Words that stand together in one line of one cell."""

    words: list[Word]

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.words[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return max(word.right for word in self.words)

    @property
    def text(self) -> str:
        """Its words with spaces between."""
        return " ".join(word.text for word in self.words)


@dataclass(slots=True)
class TableRow:
    """A row: the lines of each of its cells, by column; ``apart`` tells that more space is above it."""

    cells: dict[int, list[Chunk]]
    base: float
    apart: bool = False


@dataclass(slots=True)
class Table:
    """A table or a form: its rows, and where its columns begin."""

    rows: list[TableRow]
    lefts: tuple[float, ...]
    ruled: bool = False
    start: int = field(init=False)

    def __post_init__(self) -> None:
        self.start = min(span[0] for word in self.words() for span in word.spans)

    def words(self) -> Iterator[Word]:
        """All words of it."""
        for row in self.rows:
            for chunks in row.cells.values():
                for chunk in chunks:
                    yield from chunk.words

    def pairs(self) -> bool:
        """Whether most cells hold a label with its value beneath or behind it, as boxes of forms do."""
        cells = [_split(chunks) for row in self.rows for chunks in row.cells.values()]
        return self.ruled and sum(cell is not None for cell in cells) * 2 > len(cells)

    def as_pairs(self, place: Location) -> list[tuple[Row, list[str]]]:
        """Its rows with labels and values apart, and for each of these cells its label."""
        found = []
        for number, row in enumerate(self.rows, 1):
            cells: list[Cell] = []
            labels: list[str] = []
            for column, chunks in sorted(row.cells.items()):
                pair = _split(chunks)
                for text in pair or (_text(chunks),):
                    cells.append(Cell(column, text))
                    labels.append("")
                if pair is not None:
                    labels[-1] = pair[0].rstrip(": ")
            found.append((Row(number, cells, place / f"row {number}"), labels))
        return found

    def as_rows(self, place: Location, most: int | None = None) -> list[Row]:
        """Its rows, or the first of them, for ``LabelledTable``, located on the page at ``place``."""
        return [
            Row(
                number,
                [Cell(column, _text(chunks)) for column, chunks in sorted(row.cells.items())],
                place / f"row {number}",
            )
            for number, row in enumerate(self.rows[:most], 1)
        ]


def tables_of(words: Sequence[Word], edges: Iterable[Edge], before: tuple[float, ...] = ()) -> list[Table]:
    """The tables and forms that words make, from the top of the page down.

    ``before`` is where the columns of the table began with which the page before ended: rows in the same
    columns go on with it.
    """
    lines = lines_of(words)
    grid = _Grid(edges)
    tables: list[Table] = []
    if grid.boxes:
        tables = [table for table in _ruled(lines, grid) if _is_table(table, before)]
        tables = [table for table in tables if not _is_in_part(table, lines)]
        lines = _without(lines, tables)
    if len(grid.level.at) >= _BANDS:
        banded = [table for table in _banded(lines, grid) if _is_table(table, before)]
        tables += banded
        lines = _without(lines, banded)
    for block in _blocks(lines, grid):
        table = _aligned(block)
        if table is not None and _is_table(table, before):
            tables.append(table)
    return sorted(tables, key=lambda table: -table.rows[0].base)


def _without(lines: Sequence[list[Word]], tables: Iterable[Table]) -> list[list[Word]]:
    taken = {id(word) for table in tables for word in table.words()}
    return [rest for line in lines if (rest := [word for word in line if id(word) not in taken])]


def _is_in_part(table: Table, lines: Sequence[list[Word]]) -> bool:
    """Whether other rows stand between those of a table: only some of its rows are drawn as boxes."""
    own = {id(word): word for word in table.words()}
    left, right = min(word.left for word in own.values()), max(word.right for word in own.values())
    top, bottom = table.rows[0].base, table.rows[-1].base
    between = sum(
        bottom < word.base < top and left <= word.left and word.right <= right
        for line in lines
        for word in line
        if id(word) not in own
    )
    return between * 5 > len(own)


def goes_on(table: Table, before: tuple[float, ...]) -> bool:
    """Whether the columns of a table begin where those of another did."""
    return len(before) > 1 and all(
        any(abs(left - other) <= _SAME * 2 for other in before) for left in table.lefts
    )


def _split(chunks: Sequence[Chunk]) -> tuple[str, str] | None:
    """The label and the value in one cell: "Surname" over "Osei", or "Surname: Osei"."""
    first = chunks[0].text
    if len(chunks) > 1 and names_something(first) and not names_something(chunks[1].text):
        return first, _text(chunks[1:])
    label, colon, _ = first.partition(": ")
    if colon and names_something(f"{label}:"):
        return label, _text(chunks)[len(label) + 2 :].strip()
    return None


def _text(chunks: Sequence[Chunk]) -> str:
    """The lines of a cell: one that ends where the next word had found room is a line of its own."""
    edge = max(chunk.right for chunk in chunks)
    text = chunks[0].text
    for above, chunk in pairwise(chunks):
        first = chunk.words[0]
        room = edge - above.right > first.right - first.left + first.size * 0.3
        text += ("\n" if room else " ") + chunk.text
    return text


# Rules


class _Grid:
    """The rules of a page: level and upright lines, those at one place joined."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        level: list[tuple[float, float, float]] = []
        upright: list[tuple[float, float, float]] = []
        for left, bottom, right, top in edges:
            if right - left >= top - bottom:
                level.append(((bottom + top) / 2, left, right))
            else:
                upright.append(((left + right) / 2, bottom, top))
        self.level = _Rules(level)
        self.upright = _Rules(upright)
        if max(len(self.level.at), len(self.upright.at)) > _MOST_RULES:
            self.level = self.upright = _Rules([])
        self.boxes = len(self.level.at) >= 2 and len(self.upright.at) >= 2

    def box(self, word: Word) -> tuple[int, int, int, int] | None:
        """The rules left of, below, right of and above a word; ``None`` without one, or where it crosses."""
        x, y = (word.left + word.right) / 2, word.middle
        below, above = self.level.around(y, x)
        if below is None or above is None:
            return None
        left, right = self.upright.around(x, y)
        if left is None or right is None:
            return None
        if word.left < self.upright.at[left] - _REACH or word.right > self.upright.at[right] + _REACH:
            return None
        return left, below, right, above

    def holds(self, box: tuple[int, int, int, int], word: Word) -> bool:
        """Whether a word is between the rules that are around the one before it on its line."""
        left, below, right, above = box
        return (
            self.upright.at[left] <= word.left
            and word.right <= self.upright.at[right]
            and self.level.at[below] <= word.middle <= self.level.at[above]
        )

    def parts(self, before: Word, word: Word) -> bool:
        """Whether an upright rule stands between two words of a line."""
        first = bisect_left(self.upright.at, before.right - 1)
        last = bisect_right(self.upright.at, word.left + 1)
        return any(self.upright.reaches(one, word.middle) for one in range(first, last))


class _Rules:
    """Parallel rules: where they are, in order, and from where to where each of them goes."""

    def __init__(self, rules: list[tuple[float, float, float]]) -> None:
        places: list[tuple[float, list[tuple[float, float]]]] = []
        for position, start, end in sorted(rules):
            if not places or position - places[-1][0] > _SAME:
                places.append((position, []))
            places[-1][1].append((start, end))
        joined = [(position, _joined(stretches)) for position, stretches in places]
        self.at = [position for position, stretches in joined if stretches]
        self._stretches = [stretches for _, stretches in joined if stretches]

    def around(self, position: float, across: float) -> tuple[int | None, int | None]:
        """The nearest rules before and behind a position that reach ``across``."""
        behind = bisect_left(self.at, position)
        before = behind - 1
        while before >= 0 and not self.reaches(before, across):
            before -= 1
        while behind < len(self.at) and not self.reaches(behind, across):
            behind += 1
        return (before if before >= 0 else None), (behind if behind < len(self.at) else None)

    def reaches(self, index: int, across: float) -> bool:
        """Whether a rule reaches across a place."""
        stretches = self._stretches[index]
        found = bisect_right(stretches, (across + _REACH, float("inf"))) - 1
        return found >= 0 and across <= stretches[found][1] + _REACH

    def stretch(self, index: int, across: float) -> tuple[int, int]:
        """Which stretch of a rule reaches across: what shares it hangs together."""
        found = bisect_right(self._stretches[index], (across + _REACH, float("inf"))) - 1
        return index, found


def _joined(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if joined and start - joined[-1][1] <= _REACH:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return [(start, end) for start, end in joined if end - start >= _SHORTEST]


_Box = tuple[int, int, int, int]


def _ruled(lines: Sequence[list[Word]], grid: _Grid) -> list[Table]:
    """Tables whose cells have rules on all four sides."""
    boxes: dict[_Box, list[Chunk]] = {}
    for line in lines:
        last: _Box | None = None
        for word in line:
            box = last if last is not None and grid.holds(last, word) else grid.box(word)
            if box is not None and box == last:
                boxes[box][-1].words.append(word)
            elif box is not None:
                boxes.setdefault(box, []).append(Chunk([word]))
            last = box
    boxes = {box: chunks for box, chunks in boxes.items() if len(chunks) <= _MOST_BOX_LINES}
    tables = []
    for group in _groups(boxes, grid):
        lefts = sorted({box[0] for box in group})
        rows: dict[int, TableRow] = {}
        for box in sorted(group, key=lambda one: (-one[3], one[0])):
            row = rows.setdefault(box[3], TableRow({}, grid.level.at[box[3]]))
            row.cells.setdefault(lefts.index(box[0]), []).extend(boxes[box])
        if len(lefts) > 1 and len(rows) > 1:
            tables.append(Table(list(rows.values()), tuple(grid.upright.at[left] for left in lefts), True))
    return tables


def _groups(boxes: Iterable[_Box], grid: _Grid) -> list[list[_Box]]:
    """Boxes that share rules."""
    groups: dict[_Box, list[_Box]] = {}
    owner: dict[tuple[str, int, int], _Box] = {}
    leader: dict[_Box, _Box] = {}

    def lead(box: _Box) -> _Box:
        while leader[box] != box:
            leader[box] = leader[leader[box]]
            box = leader[box]
        return box

    for box in boxes:
        leader[box] = box
        left, below, right, above = box
        x = (grid.upright.at[left] + grid.upright.at[right]) / 2
        y = (grid.level.at[below] + grid.level.at[above]) / 2
        for key in (
            *(("level", *grid.level.stretch(one, x)) for one in (below, above)),
            *(("upright", *grid.upright.stretch(one, y)) for one in (left, right)),
        ):
            other = owner.setdefault(key, box)
            leader[lead(other)] = lead(box)
    for box in leader:
        groups.setdefault(lead(box), []).append(box)
    return list(groups.values())


# Rows between level rules


def _banded(lines: Sequence[list[Word]], grid: _Grid) -> Iterator[Table]:
    """Tables whose rows have rules between them, or grounds of other colours, and whose columns have none."""
    bands: dict[tuple[int, int], list[Word]] = {}
    heads: dict[int, list[Word]] = {}
    feet: dict[int, list[Word]] = {}
    for line in lines:
        for word in line:
            below, above = grid.level.around(word.middle, (word.left + word.right) / 2)
            if below is not None and above is not None:
                bands.setdefault((below, above), []).append(word)
            # Above the first rule there may be the names of the columns, beneath the last one another
            # row, and much else.
            elif below is not None:
                heads.setdefault(below, []).append(word)
            elif above is not None:
                feet.setdefault(above, []).append(word)
    chain: list[list[Word]] = []
    top = foot = -1
    for (below, above), words in [*sorted(bands.items(), key=lambda one: -one[0][1]), ((-1, -2), [])]:
        if above != foot:
            if len(chain) + (top in heads) + (foot in feet) >= _BANDS:
                yield from _of_bands(chain, heads.get(top, ()), feet.get(foot, ()), grid)
            chain, top = [], above
        chain.append(words)
        foot = below


def _of_bands(
    bands: Sequence[list[Word]], head: Iterable[Word], foot: Iterable[Word], grid: _Grid
) -> Iterator[Table]:
    """The table that bands make, with rows above the first rule and beneath the last one that are its own."""
    rows = [_in_lines(band, grid) for band in bands]
    if sum(map(len, rows)) > _BAND_LINES * len(rows):
        return
    if any(len(line.chunks) > _MOST_COLUMNS for row in rows for line in row):
        return
    lefts = _common_lefts([line.chunks for row in rows for line in row])
    for line in (line for row in rows for line in row):
        line.chunks = _parted(line.chunks, lefts)
    columns: list[tuple[float, float]] = []
    for line in sorted((line for row in rows for line in row), key=lambda one: -len(one.chunks)):
        if not _bridges(columns, line.chunks, line.size):
            columns = _with(columns, line.chunks, line.size)
    around = [
        [replace(line, chunks=_parted(line.chunks, lefts)) for line in _in_lines(words, grid)]
        for words in (head, foot)
    ]
    above = _next_to(rows[0][0], around[0][::-1], columns)
    beneath = _next_to(rows[-1][-1], around[1], columns)
    rows = [row for row in (above[::-1], *rows, beneath) if row]
    columns = _with(columns, [chunk for line in (*above, *beneath) for chunk in line.chunks], 0.0)
    starts = [left for left, _ in columns]
    if len(starts) > 1 and len(rows) >= _BANDS:
        yield Table([TableRow(_cells(row, starts), row[0].base) for row in rows], tuple(starts))


def _in_lines(words: Iterable[Word], grid: _Grid) -> list[_Line]:
    return [_Line(_chunks(line, grid), line[0].base, line[0].size) for line in lines_of(words)]


def _next_to(line: _Line, lines: Iterable[_Line], columns: Sequence[tuple[float, float]]) -> list[_Line]:
    """Of lines, the nearest first, those near to a table and to each other that stand in its columns."""
    found: list[_Line] = []
    for other in lines:
        far = _WRAPPED if found else _NEXT_ROW
        if abs(other.base - line.base) > far * other.size or _bridges(columns, other.chunks, other.size):
            break
        found.append(other)
        line = other
    return found


def _cells(lines: Iterable[_Line], lefts: Sequence[float]) -> dict[int, list[Chunk]]:
    """The lines of a row put into its cells."""
    cells: dict[int, list[Chunk]] = {}
    for line in lines:
        parts: dict[int, list[Word]] = {}
        for chunk in line.chunks:
            parts.setdefault(_column_of(lefts, chunk), []).extend(chunk.words)
        for column, words in parts.items():
            cells.setdefault(column, []).append(Chunk(words))
    return cells


# Columns


@dataclass(slots=True)
class _Line:
    chunks: list[Chunk]
    base: float
    size: float


def _blocks(lines: Sequence[list[Word]], grid: _Grid) -> Iterator[list[_Line]]:
    """Stretches of lines whose chunks stand in columns that stay apart."""
    chunked = [_chunks(words, grid) for words in lines]
    lefts = _common_lefts(chunked)
    block: list[_Line] = []
    columns: list[tuple[float, float]] = []
    gaps: list[float] = []
    above: _Line | None = None
    for words, chunks in zip(lines, chunked, strict=True):
        size = sorted(word.size for word in words)[len(words) // 2]
        line = _Line(_parted(chunks, lefts), words[0].base, size)
        if block:
            gap = block[-1].base - line.base
            usual = median(gaps[-_LATEST:]) if len(gaps) > 1 else gap
            near = gap <= max(_FAR_HEIGHTS * line.size, _FAR_GAPS * usual)
            few = len(line.chunks) <= _MOST_COLUMNS
            if few and near and not _bridges(columns, line.chunks, line.size):
                block.append(line)
                gaps.append(gap)
                columns = _with(columns, line.chunks, line.size)
                continue
            yield block
            above, block = None, []
        if 1 < len(line.chunks) <= _MOST_COLUMNS:
            block, columns, gaps = [line], _with([], line.chunks, line.size), []
            if above is not None and _is_over(above, line, columns):
                block, gaps = [above, line], [above.base - line.base]
        above = line if len(line.chunks) == 1 else None
    if block:
        yield block


def _is_over(above: _Line, line: _Line, columns: Sequence[tuple[float, float]]) -> bool:
    """Whether a line is the first of a heading whose other columns have fewer lines."""
    chunk = above.chunks[0]
    near = above.base - line.base <= _WRAPPED * line.size
    slack = 2 * line.size
    over = any(left - slack <= chunk.left and chunk.right <= right + slack for left, right in columns)
    return near and over and not _bridges(columns, [chunk], line.size) and names_something(chunk.text)


def _chunks(words: Iterable[Word], grid: _Grid) -> list[Chunk]:
    """The words of a line put together as they stand."""
    chunks: list[Chunk] = []
    ruled = bool(grid.upright.at)
    edge = 0.0
    for word in words:
        near = bool(chunks) and word.left - edge <= _CELL_GAP * word.size
        if near and not (ruled and grid.parts(chunks[-1].words[-1], word)):
            chunks[-1].words.append(word)
            edge = max(edge, word.right)
        else:
            chunks.append(Chunk([word]))
            edge = word.right
    return chunks


def _parted(chunks: list[Chunk], lefts: Sequence[float]) -> list[Chunk]:
    """The chunks of a line with several, parted before words that begin where texts of other lines do.

    ``lefts`` is where several do: a cell may begin there however near it stands to the one before.
    """
    if len(chunks) < 2 or not lefts:
        return chunks
    parted: list[Chunk] = []
    for chunk in chunks:
        parted.append(Chunk(chunk.words[:1]))
        for before, word in pairwise(chunk.words):
            if word.left - before.right > _NARROW * word.size and _is_among(lefts, word.left):
                parted.append(Chunk([word]))
            else:
                parted[-1].words.append(word)
    return parted


def _is_among(lefts: Sequence[float], left: float) -> bool:
    index = bisect_left(lefts, left - _ALIGNED)
    return index < len(lefts) and lefts[index] <= left + _ALIGNED


def _common_lefts(lines: Iterable[Sequence[Chunk]]) -> list[float]:
    """Where texts begin on at least three lines with several cells."""
    starts = sorted(chunk.left for chunks in lines if len(chunks) > 1 for chunk in chunks)
    return [left for left, other in zip(starts, starts[2:], strict=False) if other - left <= _ALIGNED]


def _bridges(columns: Sequence[tuple[float, float]], chunks: Iterable[Chunk], size: float) -> bool:
    """Whether a chunk reaches into more than one column."""
    slack = 0.2 * size
    return any(
        sum(chunk.left <= right + slack and left <= chunk.right + slack for left, right in columns) > 1
        for chunk in chunks
    )


def _with(
    columns: list[tuple[float, float]], chunks: Iterable[Chunk], size: float
) -> list[tuple[float, float]]:
    """Columns that more chunks were put into: those that a chunk reaches into are one."""
    merged: list[tuple[float, float]] = []
    slack = 0.2 * size
    for left, right in sorted([*columns, *((chunk.left, chunk.right) for chunk in chunks)]):
        if merged and left - merged[-1][1] <= slack:
            merged[-1] = merged[-1][0], max(right, merged[-1][1])
        else:
            merged.append((left, right))
    return merged


def _aligned(block: list[_Line]) -> Table | None:
    """The table that a stretch of lines makes; ``None`` where it has one line or one column."""
    columns: list[tuple[float, float]] = []
    for line in block:
        columns = _with(columns, line.chunks, line.size)
    while block and len(block[-1].chunks) == 1 and block[-1].chunks[0].left < columns[0][1]:
        block = block[:-1]  # a line of text beneath the table
    if len(block) < 2 or len(columns) < 2 or _prose_columns(block, columns) > 1:
        return None
    lefts = [left for left, _ in columns]
    gaps = [above.base - below.base for above, below in pairwise(block)]
    usual = min(gaps)
    rows = []
    labels = True
    for first, group in _grouped(block, gaps, lefts):
        # Labels over values, and more space over the labels: each such pair of rows is a part of a form.
        above, labels = labels, all(names_something(chunk.text) for chunk in group[0].chunks)
        apart = labels and not above and gaps[first - 1] > max(_APART * usual, 1.5 * group[0].size)
        rows.append(TableRow(_cells(group, lefts), group[0].base, apart))
    return Table(rows, tuple(lefts))


def _column_of(lefts: Sequence[float], chunk: Chunk) -> int:
    return max(0, bisect_right(lefts, chunk.left + _ALIGNED) - 1)


def _grouped(
    block: Sequence[_Line], gaps: Sequence[float], lefts: Sequence[float]
) -> Iterator[tuple[int, list[_Line]]]:
    """Lines that make one row together, with the number of the first."""
    # Lines of cells stand near to each other and rows do not.
    low = min(gaps)
    large = [gap for gap in gaps if gap > 1.15 * low]
    two = len(large) < len(gaps) and bool(large) and min(large) >= 1.25 * low and low <= 1.7 * block[0].size
    heading = True
    first, group = 0, [block[0]]
    for index, line in enumerate(block[1:], 1):
        above = block[index - 1]
        near = gaps[index - 1] <= 1.15 * low if two else gaps[index - 1] <= _WRAPPED * line.size
        begins = _column_of(lefts, line.chunks[0]) == 0
        heading = heading and index <= 3 and near and _is_wrapped_heading([*group, line], lefts)
        if heading:
            same = True
        elif not near or all(names_something(chunk.text) for chunk in above.chunks):
            same = False
        else:
            same = two or (not begins and len(line.chunks) * 2 <= len(above.chunks) + 1)
        if same:
            group.append(line)
        else:
            yield first, group
            first, group = index, [line]
    yield first, group


def _is_wrapped_heading(lines: Sequence[_Line], lefts: Sequence[float]) -> bool:
    """Whether the first lines of a table are the names of its columns ("Date of" over "birth")."""
    chunks = [chunk for line in lines for chunk in line.chunks]
    if any(character.isdigit() for chunk in chunks for character in chunk.text):
        return False
    names: dict[int, str] = {}
    for chunk in chunks:
        column = _column_of(lefts, chunk)
        names[column] = f"{names.get(column, '')} {chunk.text}".strip()
    below = [names_something(chunk.text) or chunk.text.islower() for chunk in lines[-1].chunks]
    return is_heading_row(list(names.values())) and sum(below) * 2 > len(below)


def _prose_columns(block: Sequence[_Line], columns: Sequence[tuple[float, float]]) -> int:
    """How many of the columns hold prose: long texts, most of which fill the column."""
    lefts = [left for left, _ in columns]
    texts: list[list[Chunk]] = [[] for _ in columns]
    for line in block:
        for chunk in line.chunks:
            texts[_column_of(lefts, chunk)].append(chunk)
    count = 0
    for (left, right), chunks in zip(columns, texts, strict=True):
        if len(chunks) < 3:
            continue
        full = sum(chunk.right - chunk.left >= _PROSE_WIDTH * (right - left) for chunk in chunks)
        length = sum(len(chunk.text) for chunk in chunks) / len(chunks)
        count += length > _PROSE_CHARACTERS and full * 2 > len(chunks)
    return count


def _is_table(table: Table, before: tuple[float, ...]) -> bool:
    """Whether rows are clearly those of a table or a form."""
    rows = [row for row in table.as_rows(Location(("",)), _LOOKED_AT) if row.cells]
    several = [row for row in rows if len(row.cells) > 1]
    if len(several) < 2 and not (len(several) == 1 and len(rows) > 1 and table.ruled):
        return False
    if _overprinted(table):
        return False
    if table.ruled or goes_on(table, before):
        return True
    if not _is_aligned(table):
        return False
    if is_form(rows) or runs_across(rows):
        return True
    header = header_row(rows)
    if header is not None and is_heading_row([cell.text for cell in rows[header].cells]):
        return True
    return len(table.lefts) >= _COLUMNS and len(several) >= _ROWS and len(several) * 3 >= len(rows) * 2


def _is_aligned(table: Table) -> bool:
    """Whether what stands in a column, behind the first, has one edge or its middle in common."""
    columns: dict[int, list[Chunk]] = {}
    for row in table.rows:
        for column, chunks in row.cells.items():
            columns.setdefault(column, []).extend(chunks)
    first = min(columns)
    count = aligned = 0
    for column, chunks in columns.items():
        if column == first or len(chunks) < 2:
            continue
        count += len(chunks)
        aligned += max(
            _most_alike([chunk.left for chunk in chunks]),
            _most_alike([chunk.right for chunk in chunks]),
            _most_alike([(chunk.left + chunk.right) / 2 for chunk in chunks]),
        )
    return aligned * 10 >= count * 7 and count > 0


def _most_alike(places: list[float]) -> int:
    """How many places are nearly one."""
    places.sort()
    return max(bisect_right(places, place + 2 * _ALIGNED) - index for index, place in enumerate(places))


def _overprinted(table: Table) -> bool:
    """Whether words stand upon each other: what belongs to which line cannot be told by their places."""
    count = upon = 0
    for row in table.rows:
        for chunks in row.cells.values():
            for chunk in chunks:
                for before, word in pairwise(chunk.words):
                    count += 1
                    upon += word.left < before.right - 0.3 * word.size
    return upon * 10 > count
