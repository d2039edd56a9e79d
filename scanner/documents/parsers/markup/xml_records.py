"""XML: repeated elements as records, their leaves as fields labelled by element names.

Two passes of expat, in bounded memory.  The first learns the shape: which elements repeat, which hold
running text with inline elements, which hold the name of a person.  The second reads the values.
Entities are expanded by expat within its own amplification limit; nothing external is ever loaded.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from scanner.documents.decoding import decode, is_utf8
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.markup.expat_parser import new_expat
from scanner.documents.parsers.markup.html import soup_segments
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import RECORD_SEPARATOR, row_segment

_CHUNK = 1 << 16
# "junk after document element": a fragment with several roots, of which nothing is lost as tag soup.
_SEVERAL_ROOTS = 9
_SHAPES = 20_000
_TRANSCODED = 50_000_000
_DECLARATION = re.compile(rb"""\s{0,100}<\?xml\s[^>]{0,150}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{2,40})""")
_DECLARED = re.compile(r"\A\s{0,100}<\?xml\s[^>]{0,200}\?>")
# A record is what stands for one person, case or item: longer ones are containers of records.
_RECORD = 50_000
_MIXED = 200_000
_VALUES = 5_000
_MANY = 3
# Elements that are paragraphs in every vocabulary that has them; runs inside are parts of words.
_PARAGRAPHS = frozenset({"p", "h", "h1", "h2", "h3", "h4", "h5", "h6", "para", "li", "td", "th"})
# Elements that may begin or end inside of a word: formatting, and the runs of word processors.
_INLINE = frozenset(
    (  # noqa: SIM905
        "a b i u s r t em strong span font sub sup small big strike tt code q run text ins del hi "
        "emph emphasis italic bold highlight underline superscript subscript link hyperlink smartTag sdt "
        "sdtContent fldSimple moveTo moveFrom ruby rb rt"
    ).split()
)
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "s": " ", "noBreakHyphen": "\u2011"}
# Leaves that make the element around them somebody's record.
_PERSONAL = re.compile(
    r"(?i)surname|forename|(?:family|given|first|last|full|person|pupil|child|client|customer)_?-?names?\b|"
    r"birth|\bdob\b|dateofbirth|\bupn\b|laid|nino|insurance|nhs|^name$"
)
# Elements that say nothing of their content: an attribute or the element around them does.
_GENERIC = frozenset(
    (  # noqa: SIM905
        "value field item data entry string text content col cell column property param parameter attribute "
        "v d t a s i int str simplefield simpledata int32 long date"
    ).split()
)
# Attributes that say how something looks (OpenDocument) or what the vocabulary is, not what is meant.
_LAYOUT = (
    "xmlns",
    "xml:",
    "xsi:",
    "style:",
    "fo:",
    "svg:",
    "number:",
    "config:",
    "presentation:",
    "loext:",
    "dr3d:",
)
_NAMING = ("name", "key", "label", "id", "field", "title")


@dataclass(slots=True, eq=False)
class _Shape:
    """What the first pass learns of all elements that stand at one path."""

    name: str
    children: dict[str, _Shape] = field(default_factory=dict)
    repeats: int = 1
    size: int = 0
    attributes: int = 0
    mixed: bool = False
    personal: bool = False
    record: bool = False
    running: bool = False
    number: int = 0

    @property
    def inner(self) -> bool:
        """Whether elements of this path have fields: children, or attributes of their own."""
        return bool(self.children) or self.attributes > 1


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class XmlParser:
    """Reads any XML vocabulary."""

    kinds = frozenset({"xml"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield records and groups of values; what is not well-formed is read as text between tags."""
        try:
            with source.open() as file:
                root = _learn(file)
        except (expat.ExpatError, LookupError, ValueError) as error:
            if (whole := _in_utf8(source)) is not None:
                yield from self._well_formed(whole)
                return
            code = error.code if isinstance(error, expat.ExpatError) else 0
            if code != _SEVERAL_ROOTS:
                why = expat.ErrorString(code) if code else type(error).__name__
                yield Gap(HERE, Shortfall.DAMAGED, f"not well-formed XML ({why}); read as text between tags")
            yield from soup_segments(source, limits, inline=frozenset())
            return
        _decide(root)
        with source.open() as file:
            yield from _Reader(root).read(file)

    @staticmethod
    def _well_formed(data: bytes) -> Iterator[Event]:
        root = _learn(io.BytesIO(data))
        _decide(root)
        yield from _Reader(root).read(io.BytesIO(data))


def _in_utf8(source: Source) -> bytes | None:
    """A document in a charset that the XML parser lacks, or that it does not declare, in UTF-8 instead.

    ``None`` where it is not well-formed in that either.
    """
    if source.size > _TRANSCODED:
        return None
    data = source.read()
    declaration = _DECLARATION.match(data[:200])
    if declaration is None and is_utf8(data):
        return None
    text = decode(data, declaration[1].decode("ascii") if declaration else "")
    text = _DECLARED.sub("", text.lstrip("\ufeff"), count=1)
    data = text.encode("utf-8", "replace")
    try:
        _learn(io.BytesIO(data))
    except (expat.ExpatError, ValueError):
        return None
    return data


def _learn(file: BinaryIO) -> _Shape:
    """First pass: the shape of the document.  Raises ``ExpatError`` where it is not well-formed."""
    top = _Shape("")
    shapes = 0
    # For each open element: its shape, the size of its text so far, counts of its children, own text?
    stack: list[tuple[_Shape, list[int], dict[str, int]]] = [(top, [0, 0], {})]

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal shapes
        parent, _, counts = stack[-1]
        shape = parent.children.get(name)
        if shape is None:
            if shapes >= _SHAPES:
                shape = parent
            else:
                shapes += 1
                shape = parent.children[name] = _Shape(_local(name))
                shape.personal = bool(_PERSONAL.search(shape.name))
        seen = counts[name] = counts.get(name, 0) + 1
        if seen > shape.repeats:
            shape.repeats = seen
        size = 0
        if attributes:
            shape.attributes = max(shape.attributes, len(attributes))
            size = sum(map(len, attributes.values()))
            if not shape.personal and any(map(_PERSONAL.search, attributes)):
                shape.personal = True
        stack.append((shape, [size, 0], {}))

    def end(_: str) -> None:
        shape, (size, own), counts = stack.pop()
        if size > shape.size:
            shape.size = size
        if own and counts:
            shape.mixed = True
        stack[-1][1][0] += size + 1

    def text(data: str) -> None:
        if not data.isspace():
            sizes = stack[-1][1]
            sizes[0] += len(data)
            sizes[1] = 1

    parser = new_expat(_CHUNK)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    while data := file.read(_CHUNK):
        parser.Parse(data, False)
    parser.Parse(b"", True)
    return top


def _decide(top: _Shape) -> None:
    """Mark running text and records, from the outside in."""
    order: list[_Shape] = []
    stack = [top]
    while stack:
        shape = stack.pop()
        order.append(shape)
        shape.running = bool(
            shape.children
            and (shape.mixed or (shape.name in _PARAGRAPHS and not _has_fields(shape)))
            and shape.size <= _MIXED
        )
        stack.extend(shape.children.values())
    holds_people: dict[int, bool] = {}
    repeats_people: dict[int, bool] = {}
    for shape in reversed(order):  # children before parents
        inner = list(shape.children.values())
        holds_people[id(shape)] = shape.personal or any(holds_people[id(one)] for one in inner)
        repeats_people[id(shape)] = any(
            repeats_people[id(one)] or (one.repeats > 1 and one.inner and holds_people[id(one)])
            for one in inner
        )
    numbers = 0
    stack = list(top.children.values())
    roots = set(map(id, stack))
    while stack:
        shape = stack.pop()
        fits = shape.inner and not shape.running and shape.size <= _RECORD and id(shape) not in roots
        apart = shape.repeats > 1 or (len(shape.children) > 1 and not _is_list(shape))
        if fits and apart and not repeats_people[id(shape)]:
            numbers += 1
            shape.record, shape.number = True, numbers
        elif not shape.running:
            stack.extend(shape.children.values())


def _has_fields(shape: _Shape) -> bool:
    """Tell an element that is called like a paragraph that holds fields: ``<p><dob>...</dob></p>``."""
    fields = shape.children.values()
    return (
        not shape.mixed
        and any(one.personal for one in fields)
        and not any(one.name in _INLINE or one.name in _PARAGRAPHS for one in fields)
    )


def _is_list(shape: _Shape) -> bool:
    """Tell an element that stands once and holds many of a kind, or paragraphs: no record of its own."""
    return shape.name.lower() == "table" or any(
        one.name in _PARAGRAPHS or (one.inner and one.repeats >= _MANY) for one in shape.children.values()
    )


class _Reader:
    """Second pass: values, gathered into one segment for each record or group of leaves."""

    def __init__(self, root: _Shape) -> None:
        # Each open element: its shape, its label, the attribute that gave the label, the values before it.
        self._stack: list[tuple[_Shape, str, str, int]] = [(root, "", "", 0)]
        self._record: _Shape | None = None
        self._record_depth = 0
        self._running_depth = 0
        self._texts: list[str] = []
        # Where the text of each open element inside of running text begins.
        self._begun: list[int] = []
        self._labels: list[str] = []
        self._values: list[str] = []
        self._counts: dict[str, int] = {}
        self._done: list[Segment] = []

    def read(self, file: BinaryIO) -> Iterator[Segment]:
        parser = new_expat(_CHUNK)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._texts.append
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        while data := file.read(_CHUNK):
            parser.Parse(data, False)
            yield from self._done
            self._done.clear()
        parser.Parse(b"", True)
        # What stands in the outermost element itself, or in its attributes.
        self._flush(self._stack[0][0])
        yield from self._done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._stack[-1][0]
        shape = parent.children.get(name, parent)
        depth = len(self._stack)
        label = named = ""
        if not self._running_depth:
            self._keep_text(self._stack[-1][1] or parent.name)
            if self._record is None and (shape.record or (shape.inner and not shape.running)):
                self._flush(parent)
            if shape.record and self._record is None:
                self._record, self._record_depth = shape, depth
            if shape.running:
                self._running_depth = depth
            label = self._label(shape, parent, attributes)
        else:
            self._begun.append(len(self._texts))
            if (character := _CHARACTERS.get(shape.name)) is not None:
                self._texts.append(character)
            elif shape.name in _PARAGRAPHS:
                self._texts.append("\n")
        for key, value in attributes.items():
            if (
                value
                and not value.isspace()
                and not key.startswith(_LAYOUT)
                and not key.endswith("style-name")
            ):
                local = _local(key)
                if label == value and local in _NAMING:
                    named = local
                else:
                    self._values.append(value)
                    self._labels.append(local)
        self._stack.append((shape, label, named, len(self._values)))

    def _label(self, shape: _Shape, parent: _Shape, attributes: dict[str, str]) -> str:
        if shape.name in _PARAGRAPHS:
            return ""
        if shape.name.lower() not in _GENERIC:
            return shape.name
        for key in _NAMING:
            if named := attributes.get(key):
                return named
        return parent.name if parent.name.lower() not in _GENERIC else shape.name

    def _end(self, _: str) -> None:
        shape, label, named, before = self._stack.pop()
        depth = len(self._stack)
        if self._running_depth and depth > self._running_depth:
            begun = self._begun.pop()
            parts = shape.name not in _INLINE and shape.name not in _CHARACTERS
            if parts and any(map(str.strip, self._texts[begun:])):
                # Not formatting: what it holds is no part of the words around it.
                self._texts.insert(begun, " ")
                self._texts.append(" ")
            return
        self._running_depth = 0
        self._keep_text(label)
        if named and len(self._values) == before:
            # It names nothing: it is all that the element says.
            self._values.append(label)
            self._labels.append(named)
        if self._record is not None:
            if depth == self._record_depth:
                self._flush(self._record)
                self._record = None
            elif len(self._values) > _VALUES:
                self._flush(self._record)
        elif shape.inner or shape.name in _PARAGRAPHS or len(self._values) > _VALUES:
            self._flush(shape)

    def _keep_text(self, label: str) -> None:
        if self._texts:
            value = "".join(self._texts).strip()
            self._texts.clear()
            if value:
                self._values.append(value)
                self._labels.append(label)

    def _flush(self, shape: _Shape) -> None:
        if not self._values:
            return
        name = "paragraph" if shape.name in _PARAGRAPHS else shape.name or "document"
        number = self._counts[name] = self._counts.get(name, 0) + 1
        self._done.append(
            row_segment(
                self._values,
                self._labels,
                Location((f"{name} {number}",)),
                cells=tuple(self._labels),
                table=shape.number or None,
                separator=RECORD_SEPARATOR,
            )
        )
        self._values, self._labels = [], []

    def _comment(self, text: str) -> None:
        if text.strip():
            self._done.append(Segment(text.strip(), Location(("comment",)), "comment"))

    def _instruction(self, target: str, data: str) -> None:
        if data.strip() and target != "xml-stylesheet":
            self._done.append(
                Segment(data.strip(), Location((f"instruction {target}",)), "processing instruction")
            )
