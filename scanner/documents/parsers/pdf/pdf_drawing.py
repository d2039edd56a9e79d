"""What the drawing of a PDF page says of its text: which stretches nobody sees, and why; pictures; outlines.

pdfium gives the objects of a page in drawing order.  Text is not seen that is drawn invisibly, outside of the
page, in the colour of what lies under it, under what is drawn later, or on a layer that is switched off.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from scanner.documents.parsers.pdf.pdf_layers import OFF_KEY
from scanner.documents.parsers.pdf.pdf_words import Edge, turned

SCAN_SHARE = 0.5
"""Pictures over this share of a page are the page: a scan, whose text lies behind or before it."""

# Objects of a page beyond which nobody looks for covered text (drawings and maps have such numbers).
_MOST_PAGE_OBJECTS = 20_000
# What is this many points wide and high can cover a word.
_COVER = 4.0
# Text objects of a page that are compared with what is drawn over them; forms within forms that are entered.
_MOST_TEXTS, _MOST_COMPARED, _FORM_DEPTH = 5_000, 2_000, 15
# Boxes of a page that are compared with texts, and pictures that are looked through for holes.
_MOST_BOXES, _MOST_PICTURES, _PICTURE_PIXELS = 200, 20, 25_000_000
# Parts of a path: a form with many boxes blacked out at once has some; a drawing has thousands.
_MOST_SEGMENTS = 400
# Comparisons of a page's texts with what lies under them.
_MOST_COMPARISONS = 300_000
# Colours this near to each other (of 255) are one to the eye; white paper from here on.
_NEAR, _WHITE = 6, 250
# A picture or a layer of paint hides what is under it where this share of it is opaque.
_OPAQUE, _OPAQUE_SHARE = 250, 0.9

# Paths that are looked at for the rules of tables, and the lines that these may come to; how thick a rule is.
_MOST_RULES, _MOST_EDGES, _RULE = 3_000, 6_000, 3.0
# Texts this many times their height apart are cells; so many of them side by side are enough by themselves.
_CELL_GAP, _COMB = 1.2, 5
# Two texts side by side of more than this share of the page's text in width are prose in columns.
_PROSE = 0.35
# Copies of a text that are drawn this many points from each other are one to the eye.
_COPY = 4.0
# Hidden whatever else stands at the place.
_BY_THEMSELVES = frozenset(("invisible text", "layer switched off"))

_Box = tuple[float, float, float, float]
_Matrix = tuple[float, float, float, float, float, float]
_Colour = tuple[int, int, int, int]
_PLAIN: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Look:
    """What a page's drawing says of its text.

    ``hidden`` are stretches of text with the reason, in drawing order; ``image_share`` is the largest share
    of the page that a picture takes; ``outlines`` and ``texts`` count drawn paths and pieces of text;
    ``columned`` is on how many lines texts stand apart from what is before them, beneath each other, as those
    of tables and forms do.
    """

    hidden: list[Hidden] = field(default_factory=list)
    image_share: float = 0.0
    outlines: int = 0
    texts: int = 0
    columned: int = 0
    paths: list[tuple[Any, _Matrix | None]] = field(default_factory=list)


class Hidden(NamedTuple):
    """A stretch of text that nobody sees, why, and the address of the text object that draws it."""

    words: str
    reason: str
    item: int


@dataclass(slots=True)
class _Text:
    """A piece of text: where it is drawn, in which colour, why it is not seen."""

    item: Any
    box: _Box
    reason: str


def look_at(
    pdf: pdfium.PdfDocument,
    page: pdfium.PdfPage,
    textpage: pdfium.PdfTextPage,
    clean: Callable[[str], str],
    *,
    layers: bool,
) -> Look:
    """Go over a page's objects in drawing order.

    ``clean`` makes words as the page's text has them; ``layers`` tells that the document has layers that are
    switched off, which ``pdf_layers`` marked.
    """
    look = Look()
    asker = _Asker()
    texts: list[_Text] = []
    ground = _Ground()
    pictures: list[tuple[Any, float, list[_Text]]] = []
    scans: list[_Box] = []
    left, bottom, right, top = page.get_bbox()
    area = max(1.0, (right - left) * (top - bottom))
    covers = invisible = visible = 0
    text_kind = pdfium_c.FPDF_PAGEOBJ_TEXT
    for item, kind, matrix, off in islice(_objects(page, layers=layers), _MOST_PAGE_OBJECTS):
        if kind == text_kind:
            look.texts += 1
            box = asker.bounds(item, matrix)
            reason = ""
            if off:
                reason = "layer switched off"
            elif pdfium_c.FPDFTextObj_GetTextRenderMode(item) == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE:
                reason = "invisible text"
                invisible += 1
            else:
                visible += 1
                if box[2] < left or box[0] > right or box[3] < bottom or box[1] > top:
                    reason = "outside the page"
                else:
                    colour = asker.fill(item)
                    reason = "" if colour in ground.unlike else ground.reason(colour, box)
            if len(texts) < _MOST_TEXTS:
                texts.append(_Text(item, box, reason))
        elif off:
            continue
        elif kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            box = asker.bounds(item, matrix)
            share = _area(box) / area
            look.image_share = max(look.image_share, 0.001, share)
            ground.paint(box, None)
            if share >= SCAN_SHARE:
                scans.append(box)
            if len(pictures) < _MOST_BOXES:
                pictures.append((item, share, _covered([box], texts)))
        elif kind in (pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING):
            look.outlines += 1
            colour = asker.paint(item) if kind == pdfium_c.FPDF_PAGEOBJ_PATH else None
            if len(look.paths) < _MOST_RULES:
                look.paths.append((item, matrix))
            if kind == pdfium_c.FPDF_PAGEOBJ_PATH and colour is None:
                continue
            box = asker.bounds(item, matrix)
            ground.paint(box, colour, partial(asker.rectangles, item, matrix))
            if colour is None or colour[3] < _OPAQUE or covers >= _MOST_BOXES or not _is_wide(box):
                continue
            if not _covered([box], texts):
                continue
            covers += 1
            if not pdfium_c.FPDFPageObj_HasTransparency(item):
                for text in _covered(asker.rectangles(item, matrix), texts):
                    text.reason = "text under a filled box"
    look.columned = _columned(texts)
    if invisible and not visible and look.image_share:
        # The text layer that OCR laid over a scan: what a person reads in the picture.
        return look
    if invisible:
        _show_recognised(texts, scans)
    _under_pictures(pdf, page, pictures)
    _drop_copies(texts)
    look.hidden = [
        Hidden(words, text.reason, ctypes.cast(text.item, ctypes.c_void_p).value or 0)
        for text in texts
        if text.reason and (words := clean(_words(text.item, textpage)).strip())
    ]
    return look


def _columned(texts: list[_Text]) -> int:
    """How often texts that stand apart as cells do, and not as words, are beneath each other, and one."""
    boxes = [text.box for text in texts]
    if sum(1 if box[3] - box[1] > 1.5 * (box[2] - box[0]) else -1 for box in boxes) > 0:
        boxes = [turned(box, 1) for box in boxes]  # the page lies on its side
    widest = _PROSE * (max((box[2] for box in boxes), default=0) - min((box[0] for box in boxes), default=0))
    places: Counter[tuple[str, int]] = Counter()
    line: list[_Box] = []
    floor = 0.0
    for box in sorted(boxes, key=lambda one: -one[1] - one[3]):
        if line and (box[1] + box[3]) / 2 < floor:
            if _note_cells(line, places, widest):
                return _COMB
            line = []
        if not line:
            floor = box[1]
        line.append(box)
    if _note_cells(line, places, widest):
        return _COMB
    sides: Counter[str] = Counter()
    for (side, _), count in places.items():
        sides[side] += count - 1
    return 1 + max(sides.values()) if sides else 0


def _note_cells(line: list[_Box], places: Counter[tuple[str, int]], widest: float) -> bool:
    """Note where texts of a line stand that are apart from what is before them; whether these are many."""
    line.sort()
    start, edge = (line[0][0], line[0][2]) if line else (0.0, 0.0)
    count = 0
    for box in line[1:]:
        if box[0] - edge > _CELL_GAP * (box[3] - box[1]):
            narrow = min(edge - start, box[2] - box[0]) < widest
            start = box[0]
            edge = max(edge, box[2])
            if not narrow:
                continue  # two columns of prose
            count += 1
            places["left", round(box[0] / 2)] += 1
            places["right", round(box[2] / 2)] += 1
            places["centre", round((box[0] + box[2]) / 4)] += 1
        edge = max(edge, box[2])
    return count >= _COMB


def straight_edges(paths: Iterable[tuple[Any, _Matrix | None]], quarter: int) -> list[Edge]:
    """The upright and the level lines that a page's paths are made of, and the edges of their rectangles.

    ``quarter`` is how the page is turned (``pdf_words``).
    """
    asker = _Asker()
    edges: list[Edge] = []
    for item, matrix in paths:
        if len(edges) > _MOST_EDGES:
            break
        box = asker.bounds(item, matrix)
        width, height = box[2] - box[0], box[3] - box[1]
        if min(width, height) <= _RULE:
            if max(width, height) > _COVER:
                edges.append(turned(box, quarter))
            continue
        edges.extend(turned(edge, quarter) for edge in asker.edges(item, matrix))
    return edges


class _Ground:
    """What was painted so far, for the question whether text on it can be seen."""

    def __init__(self) -> None:
        self._painted: list[tuple[_Box, _Colour | None, Callable[[], list[_Box]]]] = []
        self._colours: set[_Colour] = set()
        # Colours of texts that nothing painted so far is like: they are seen wherever they stand.
        self.unlike: set[_Colour | None] = {None}
        self._left = _MOST_COMPARISONS

    def paint(self, box: _Box, colour: _Colour | None, rectangles: Callable[[], list[_Box]] = list) -> None:
        """Add an area of a colour, ``None`` for a picture, and the rectangles in it.  Lines are no ground."""
        if _is_wide(box) and len(self._painted) < _MOST_COMPARED:
            self._painted.append((box, colour, rectangles))
            if colour is not None and colour not in self._colours:
                self._colours.add(colour)
                self.unlike = {one for one in self.unlike if one is None or not _is_near(one, colour)}

    def reason(self, colour: _Colour | None, box: _Box) -> str:
        """Why nobody sees text of this colour here; empty where it is seen."""
        if colour is None:
            return ""
        if colour[3] == 0:
            return "invisible text"
        white = min(colour[:3]) >= _WHITE
        if not white and not any(_is_near(colour, other) for other in self._colours):
            self.unlike.add(colour)
            return ""
        same = "white text" if white else "text in the colour of its background"
        for other, ground, rectangles in reversed(self._painted):
            self._left -= 1
            if self._left < 0:
                return ""
            if not _touches(other, box):
                continue
            if ground is None or ground[3] < _OPAQUE or not _is_near(ground, colour):
                return ""  # on a picture, on paint that shines through, or on another colour
            if _covers(other, box):
                return same if any(_covers(one, box) for one in rectangles()) else ""
        # Nothing but paper under it.
        return same if white else ""


def _is_near(one: _Colour, other: _Colour) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(one[:3], other[:3], strict=True))


def _under_pictures(
    pdf: pdfium.PdfDocument, page: pdfium.PdfPage, pictures: list[tuple[Any, float, list[_Text]]]
) -> None:
    """Give texts under pictures their reason, but for those that are the text layer of a scan."""
    covering = [one for one in pictures if one[2]]
    if sum(share for _, share, _ in covering) >= SCAN_SHARE:
        return
    for item, _, texts in covering[:_MOST_PICTURES]:
        hidden = [text for text in texts if not text.reason]
        if hidden and _is_opaque(pdf, page, item):
            for text in hidden:
                text.reason = "text under a picture"


def _show_recognised(texts: list[_Text], scans: list[_Box]) -> None:
    """Take the reason from invisible text upon a scan, which has a stamp or a page number beside it.

    It is the text layer that OCR laid there: what a person reads in the picture.
    """
    for text in texts:
        if text.reason == "invisible text" and any(_holds(_widened(scan), text.box) for scan in scans):
            text.reason = ""


def _widened(box: _Box) -> _Box:
    left, bottom, right, top = box
    return left - _COPY, bottom - _COPY, right + _COPY, top + _COPY


def _drop_copies(texts: list[_Text]) -> None:
    """Take the reason from texts that are drawn a second time at their place, where they are seen."""
    if all(not text.reason or text.reason in _BY_THEMSELVES for text in texts):
        return
    seen = {_rounded(text.box) for text in texts if not text.reason}
    for text in texts:
        if text.reason and text.reason not in _BY_THEMSELVES and _rounded(text.box) in seen:
            text.reason = ""


def _rounded(box: _Box) -> tuple[int, ...]:
    return tuple(round(edge / _COPY) for edge in box)


def _is_opaque(pdf: pdfium.PdfDocument, page: pdfium.PdfPage, item: Any) -> bool:
    """Whether a picture lets nothing through; not so where that cannot be told."""
    if pdfium_c.FPDFPageObj_HasTransparency(item):
        return False
    width, height = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium_c.FPDFImageObj_GetImagePixelSize(item, width, height):
        return False
    if not 0 < width.value * height.value <= _PICTURE_PIXELS:
        return False
    raw = pdfium_c.FPDFImageObj_GetRenderedBitmap(pdf, page, item)
    if not raw:
        return False
    bitmap = pdfium.PdfBitmap.from_raw(raw)
    try:
        picture = bitmap.to_pil()
        if picture.mode != "RGBA":
            return True
        counts: list[int] = picture.getchannel("A").histogram()
        return sum(counts[_OPAQUE:]) >= _OPAQUE_SHARE * sum(counts)
    finally:
        bitmap.close()


def _objects(page: pdfium.PdfPage, *, layers: bool) -> Iterator[tuple[Any, int, _Matrix | None, bool]]:
    """The objects of a page in drawing order, those of forms within.

    With each its kind, the matrix from its form's space to the page's (``None``: it is on the page itself),
    and whether it is on a layer that is switched off.  Plain handles: wrapping each costs more than all that
    is asked of it.
    """
    stack: list[tuple[Iterator[Any], _Matrix | None, bool]] = [
        (_children(page, pdfium_c.FPDFPage_CountObjects, pdfium_c.FPDFPage_GetObject), None, False)
    ]
    kind_of = pdfium_c.FPDFPageObj_GetType
    while stack:
        items, matrix, off = stack[-1]
        item = next(items, None)
        if item is None:
            stack.pop()
            continue
        kind = kind_of(item)
        here_off = off or (layers and _is_off(item))
        yield item, kind, matrix, here_off
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM and len(stack) < _FORM_DEPTH:
            children = _children(item, pdfium_c.FPDFFormObj_CountObjects, pdfium_c.FPDFFormObj_GetObject)
            stack.append((children, _joined(_matrix_of(item), matrix), here_off))


def _children(parent: Any, count: Callable[..., int], child: Callable[..., Any]) -> Iterator[Any]:
    for index in range(count(parent)):
        if item := child(parent, index):
            yield item


def _is_off(item: Any) -> bool:
    """Whether the marks around an object have the key that a layer switched off was given."""
    for index in range(pdfium_c.FPDFPageObj_CountMarks(item)):
        mark = pdfium_c.FPDFPageObj_GetMark(item, index)
        kind = pdfium_c.FPDFPageObjMark_GetParamValueType(mark, OFF_KEY)
        if kind != pdfium_c.FPDF_OBJECT_UNKNOWN:
            return True
    return False


def _matrix_of(item: Any) -> _Matrix:
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(item, matrix):
        return _PLAIN
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _joined(inner: _Matrix, outer: _Matrix | None) -> _Matrix:
    """First the one, then the other."""
    if outer is None:
        return inner
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _placed(x: float, y: float, matrix: _Matrix | None) -> tuple[float, float]:
    if matrix is None:
        return x, y
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _around(points: Iterable[tuple[float, float]]) -> _Box:
    across, up = zip(*points, strict=True)
    return min(across), min(up), max(across), max(up)


class _Asker:
    """Asks for properties of page objects, with the same few cells for the answers."""

    def __init__(self) -> None:
        self._box = tuple(ctypes.c_float() for _ in range(4))
        self._colour = tuple(ctypes.c_uint() for _ in range(4))
        self._mode, self._stroke = ctypes.c_int(), ctypes.c_int()

    def bounds(self, item: Any, matrix: _Matrix | None) -> _Box:
        """Left, bottom, right, top on the page; nowhere where that cannot be told."""
        left, bottom, right, top = self._box
        if not pdfium_c.FPDFPageObj_GetBounds(item, left, bottom, right, top):
            return 0.0, 0.0, 0.0, 0.0
        if matrix is None:
            return left.value, bottom.value, right.value, top.value
        corners = ((x.value, y.value) for x in (left, right) for y in (bottom, top))
        return _around(_placed(x, y, matrix) for x, y in corners)

    def fill(self, item: Any) -> _Colour | None:
        """Red, green, blue and opacity; ``None`` where it has no such colour."""
        return self._asked(pdfium_c.FPDFPageObj_GetFillColor, item)

    def paint(self, item: Any) -> _Colour | None:
        """The colour that a path covers an area with: its filling, or that of a line of a marker's width."""
        if not pdfium_c.FPDFPath_GetDrawMode(item, self._mode, self._stroke):
            return None
        if pdfium_c.FPDFPath_CountSegments(item) > 2:
            return self.fill(item) if self._mode.value else None
        if not self._stroke.value or self._width(item) <= _COVER:
            return None
        return self._asked(pdfium_c.FPDFPageObj_GetStrokeColor, item)

    def _width(self, item: Any) -> float:
        width = self._box[0]
        return width.value if pdfium_c.FPDFPageObj_GetStrokeWidth(item, width) else 0.0

    def _asked(self, question: Callable[..., Any], item: Any) -> _Colour | None:
        red, green, blue, alpha = self._colour
        if not question(item, red, green, blue, alpha):
            return None
        return red.value, green.value, blue.value, alpha.value

    def edges(self, item: Any, matrix: _Matrix | None) -> Iterator[_Box]:
        """The upright and level parts of a path, and what closes them; none of a curve or a long drawing."""
        count = pdfium_c.FPDFPath_CountSegments(item)
        if not 1 < count <= _MOST_SEGMENTS:
            return
        whole = _joined(_matrix_of(item), matrix)
        x, y = self._box[:2]
        here = first = (0.0, 0.0)
        for index in range(count):
            segment = pdfium_c.FPDFPath_GetPathSegment(item, index)
            if not pdfium_c.FPDFPathSegment_GetPoint(segment, x, y):
                continue
            kind = pdfium_c.FPDFPathSegment_GetType(segment)
            before, here = here, _placed(x.value, y.value, whole)
            if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
                first = here
                continue
            if kind == pdfium_c.FPDF_SEGMENT_LINETO:
                yield from _straight(before, here)
            if pdfium_c.FPDFPathSegment_GetClose(segment):
                yield from _straight(here, first)

    def rectangles(self, item: Any, matrix: _Matrix | None) -> list[_Box]:
        """The rectangles that a path is made of, on the page; none of a frame, of letters or of drawings."""
        count = pdfium_c.FPDFPath_CountSegments(item)
        if not 1 < count <= _MOST_SEGMENTS:
            return []
        whole = _joined(_matrix_of(item), matrix)
        paths: list[list[tuple[float, float]]] = []
        x, y = self._box[:2]
        for index in range(count):
            segment = pdfium_c.FPDFPath_GetPathSegment(item, index)
            kind = pdfium_c.FPDFPathSegment_GetType(segment)
            if kind == pdfium_c.FPDF_SEGMENT_MOVETO or not paths:
                paths.append([])
            if pdfium_c.FPDFPathSegment_GetPoint(segment, x, y):
                paths[-1].append(_placed(x.value, y.value, whole))
        if count == 2:
            left, bottom, right, top = _around(paths[0])
            half = self._width(item) * (whole[0] ** 2 + whole[1] ** 2) ** 0.5 / 2
            # Lines end where they end, or a little beyond; slanting ones are none of a marker's.
            if top - bottom < 1:
                return [(left, bottom - half, right, top + half)]
            return [(left - half, bottom, right + half, top)] if right - left < 1 else []
        shapes = [(_around(points), _is_rectangle(points)) for points in paths if len(points) >= 4]
        # One inside another is a hole, whatever its shape (Word notches the corners of one), and both are a
        # frame.
        return [
            box
            for box, upright in shapes
            if upright
            and not any(box != other and (_holds(box, other) or _holds(other, box)) for other, _ in shapes)
        ]


def _straight(one: tuple[float, float], other: tuple[float, float]) -> Iterator[_Box]:
    across, up = abs(one[0] - other[0]), abs(one[1] - other[1])
    if min(across, up) < 1 and max(across, up) > _COVER:
        yield _around((one, other))


def _is_rectangle(points: list[tuple[float, float]]) -> bool:
    """Whether points are the corners of an upright rectangle, the first one perhaps again at the end."""
    left, bottom, right, top = _around(points)
    corners = {(abs(x - left) < abs(x - right), abs(y - bottom) < abs(y - top)) for x, y in points}
    close = all(
        min(abs(x - left), abs(x - right)) < 0.5 and min(abs(y - bottom), abs(y - top)) < 0.5
        for x, y in points
    )
    return len(points) <= 6 and len(corners) == 4 and close


def _words(item: Any, textpage: pdfium.PdfTextPage) -> str:
    """The text of one text object."""
    size = int(pdfium_c.FPDFTextObj_GetText(item, textpage, None, 0))
    if not size:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium_c.FPDFTextObj_GetText(
        item, textpage, ctypes.cast(buffer, ctypes.POINTER(pdfium_c.FPDF_WCHAR)), size
    )
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _covered(boxes: list[_Box], texts: list[_Text]) -> list[_Text]:
    """Texts seen so far that one of the boxes covers."""
    wide = [box for box in boxes if _is_wide(box)]
    return [
        text
        for text in (texts[:_MOST_COMPARED] if wide else ())
        if not text.reason and any(_covers(box, text.box) for box in wide)
    ]


def _is_wide(box: _Box) -> bool:
    return box[2] - box[0] > _COVER and box[3] - box[1] > _COVER


def _area(box: _Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _touches(box: _Box, other: _Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def _holds(box: _Box, other: _Box) -> bool:
    return box[0] <= other[0] and box[1] <= other[1] and box[2] >= other[2] and box[3] >= other[3]


def _covers(box: _Box, other: _Box) -> bool:
    """Whether a box covers a text: nearly all of its width, and the middle of its height."""
    width = other[2] - other[0]
    middle = (other[1] + other[3]) / 2
    overlap = min(box[2], other[2]) - max(box[0], other[0])
    return box[1] <= middle <= box[3] and overlap > 0 and overlap >= 0.9 * width
