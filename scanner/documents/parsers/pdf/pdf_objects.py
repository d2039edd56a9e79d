"""The object layer of a PDF: form fields, annotations, attachments, properties, outline, scripts.

Every indirect object of every cross-reference table is looked at, whether the page tree reaches it or
not: what an editor unlinked is still in the file.
"""

from __future__ import annotations

import html
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from pdfminer.pdftypes import PDFObjRef, PDFStream, resolve1
from pdfminer.psparser import PSKeyword, PSLiteral

from scanner.documents.inflating import ExpansionLimitError
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.pdf.pdf_structure import PdfStructure, name_of
from scanner.documents.protocol import HERE, Event, Member
from scanner.documents.rows import RECORD_SEPARATOR, row_segment
from scanner.text import Field

# A document of a thousand pages has some ten objects per page; hostile ones have millions.
_MOST_OBJECTS = 500_000
# A form of this many filled fields is one record; longer ones are cut, since a person's name stands near.
_FIELDS_PER_RECORD = 200
# Direct objects inside one indirect object.
_DEPTH = 12
_MOST_STREAM = 50_000_000
_MOST_TEXT = 5_000_000
_PROGRAM_KEYS = frozenset(("Producer", "Creator", "CreationDate", "ModDate", "Trapped", "PTEX.Fullbanner"))
# What programs write where nobody gave a title, an author or a subject.
_NO_VALUES = frozenset(("", "untitled", "anonymous", "unspecified", "unknown"))
# Forms that hold others: with fewer of them nothing can come to much.  Drawings of one form in another.
_FEW_FORMS, _MOST_USES = 4, 100
_DRAWS = re.compile(rb"/([^\s/<>\[\](){}%]{1,127})\s+Do(?![A-Za-z0-9])")
_MARKUP = re.compile(r"<[^>]*>")
_XML_TEXT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)((?:\s[^<>]*)?)>([^<]*)")
_XML_ATTRIBUTE = re.compile(r"""(?<![\w.:-])([\w.-]+:)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# Dates, identifiers, versions and addresses of schemas: what programs write into metadata for programs.
_NOISE = re.compile(
    r"(?:\s*|(?:https?://(?:ns\.|www\.w3|purl|www\.aiim|iptc|cipa)\S*)|(?:urn:)?(?:uu|xmp\.[id]+:)?[idu:]*[0-9A-Fa-f-]{32,36}"
    r"|\d{4}-\d\d-\d\d(?:T[\d:.Z+-]*)?|[\d.]+|True|False|application/pdf|x-default)\Z"
)
# A page label that somebody typed, and not one of a style of numbers.
_TYPED, _ROMAN = re.compile(r"[^\W\d_]{2}"), re.compile(r"[ivxlcdm]+|([a-z])\1*", re.IGNORECASE)
_PROGRAM_XML = """Producer CreatorTool format part conformance xmptk about parseType instanceID InstanceID
    DocumentID OriginalDocumentID RenditionClass VersionID xpacket id begin"""
_SILENT_XML = frozenset(_PROGRAM_XML.split())


def page_name(number: int, labels: Mapping[int, str]) -> str:
    """A page as a person finds it: by its place in the file, and by what is printed on it.

    >>> page_name(5, {5: "iii"})
    'page 5 (printed "iii")'
    """
    return f'page {number} (printed "{labels[number]}")' if number in labels else f"page {number}"


def text_of(value: object) -> str:
    """Decode a text string (ISO 32000-2, 7.9.2.2): UTF-16, UTF-8 by their marks, PDFDocEncoding else."""
    value = resolve1(value)
    if isinstance(value, str):
        return value
    if isinstance(value, (PSLiteral, PSKeyword)):
        return name_of(value)
    if not isinstance(value, bytes):
        return ""
    if value.startswith((b"\xfe\xff", b"\xff\xfe")):
        text = value.decode("utf-16", "replace")
    elif value.startswith(b"\xef\xbb\xbf"):
        text = value[3:].decode("utf-8", "replace")
    else:
        text = value.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\0 ")


def stream_data(stream: PDFStream, cap: int = _MOST_STREAM) -> bytes | None:
    """Decode a stream; ``None`` when it inflates to more than ``cap`` bytes or not at all.

    One 2 kB stream can hold a gigabyte in nested filters: Flate, however often, is inflated with the
    cap; any other filter is applied only alone and to what is small.
    """
    data = stream.get_rawdata()
    if data is None:
        return None
    try:
        filters = [(name_of(name), parameters) for name, parameters in stream.get_filters()]
        if all(name in ("FlateDecode", "Fl") and not parameters for name, parameters in filters):
            if stream.decipher is not None and stream.objid is not None:
                data = stream.decipher(stream.objid, stream.genno or 0, data, stream.attrs)
            for _ in filters:
                data = zlib.decompressobj().decompress(data, cap + 1)
                if len(data) > cap:
                    return None
            return data
        return stream.get_data() if len(filters) == 1 and len(data) < cap // 10 else None
    except Exception:  # every filter raises its own kind of error
        return None


@dataclass(slots=True)
class ObjectWalk:
    """One pass over all objects of a document.

    ``hidden`` is the reason that holds for all of it (an earlier revision); ``seen`` holds what was said
    already, so that a later pass reports only what is new.
    """

    document: PdfStructure
    limits: Limits
    hidden: str = ""
    place: Location = HERE
    seen: set[tuple[str, str]] = field(default_factory=set)
    forms: dict[int, list[int]] = field(default_factory=dict)
    _contents: dict[int, tuple[PDFStream, dict[str, int]]] = field(default_factory=dict)
    _pages: dict[int, int] = field(default_factory=dict)
    _labels: Mapping[int, str] = field(default_factory=dict)
    _filled: list[tuple[str, str, str]] = field(default_factory=list)
    _decoded: int = 0

    def events(self) -> Iterator[Event]:
        """Yield what the objects hold."""
        yield from self._properties()
        self._map_annotations()
        yield from self._label_texts()
        identifiers: set[int] = set()
        for table in self.document.identifiers():
            if table is None:
                yield Gap(self.place, Shortfall.DAMAGED, "a cross-reference table")
            else:
                identifiers |= table
        if len(identifiers) > _MOST_OBJECTS:
            yield Gap(self.place, Shortfall.LIMIT, f"more than {_MOST_OBJECTS:,} objects")
        damaged = 0
        for identifier in sorted(identifiers)[:_MOST_OBJECTS]:
            try:
                value = self.document.getobj(identifier)
                events = list(self._object(identifier, value, 0))
            except Exception:  # any object may be damaged in any way
                damaged += 1
                continue
            yield from events
        yield from self._form()
        if damaged and not self.hidden:
            yield from self._damage(damaged)

    def drawn_forms(self) -> Mapping[int, list[int]]:
        """The forms that each form draws; once for each time that it does so, where there are many in forms.

        Reading their content costs more than their resources, and hardly any document has forms in forms.
        """
        if len(self._contents) <= _FEW_FORMS:
            return self.forms
        drawn = dict(self.forms)
        for identifier, (stream, names) in self._contents.items():
            content = self._decode(stream)
            if content is not None:
                uses = Counter(_DRAWS.findall(content))
                drawn[identifier] = [
                    form
                    for name, form in names.items()
                    for _ in range(min(_MOST_USES, max(1, uses[name.encode("utf-8")])))
                ]
        return drawn

    def _form(self) -> Iterator[Event]:
        """The filled fields as records: they are one person's answers, or those about one case."""
        for first in range(0, len(self._filled), _FIELDS_PER_RECORD):
            batch = self._filled[first : first + _FIELDS_PER_RECORD]
            yield row_segment(
                [text for text, _, _ in batch],
                [label for _, label, _ in batch],
                self.place / "form",
                cells=tuple(cell for _, _, cell in batch),
                hidden=self.hidden,
                separator=RECORD_SEPARATOR,
            )

    def _damage(self, count: int) -> Iterator[Event]:
        # Free entries and stale offsets are common in sound files; many lost objects are not.
        if count > 20:
            yield Gap(self.place, Shortfall.DAMAGED, f"{count} objects cannot be read")

    # what the catalogue and the trailer name

    def _properties(self) -> Iterator[Event]:
        for info in self.document.properties:
            for key, value in info.items():
                text = text_of(value).strip()
                if key not in _PROGRAM_KEYS and text.strip("()").lower() not in _NO_VALUES:
                    where = Location(("document properties", key))
                    yield from self._say(text, where, "document properties", key)
                    self.seen.add(("property", text))

    def _map_annotations(self) -> None:
        """Note the page of each annotation by its object number, and the pages' printed numbers."""
        self._labels = self.document.labels
        try:
            for identifier, number in self.document.annotated():
                self._pages[identifier] = number
        except Exception:  # the page tree is damaged: annotations are read without their pages
            return

    def _label_texts(self) -> Iterator[Event]:
        """What page labels say beside numbers: a prefix that somebody typed."""
        texts = {label.rstrip("0123456789 -") for label in self._labels.values()}
        for text in sorted(texts):
            if _TYPED.search(text) and not _ROMAN.fullmatch(text):
                yield from self._say(text, self.place / "page labels", "page label")

    # objects

    def _object(self, identifier: int, value: object, depth: int) -> Iterator[Event]:
        if depth > _DEPTH:
            return
        if isinstance(value, PDFStream):
            yield from self._stream(identifier, value)
            yield from self._dictionary(identifier, value.attrs, depth)
        elif isinstance(value, dict):
            yield from self._dictionary(identifier, value, depth)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, (dict, list)):
                    yield from self._object(identifier, item, depth + 1)

    def _stream(self, identifier: int, stream: PDFStream) -> Iterator[Event]:
        kind = name_of(stream.get("Type"))
        if kind == "Metadata":
            data = self._decode(stream)
            if data is None:
                yield Gap(self.place / "metadata", Shortfall.DAMAGED, "metadata stream")
            else:
                yield from xml_records(
                    data, self.place / "metadata", self.hidden or "document properties", self.seen
                )
        elif name_of(stream.get("Subtype")) == "Form":
            resources = resolve1(stream.get("Resources"))
            objects = resolve1(resources.get("XObject")) if isinstance(resources, dict) else None
            if isinstance(objects, dict):
                names = {str(name): ref.objid for name, ref in objects.items() if isinstance(ref, PDFObjRef)}
                self.forms[identifier] = list(names.values())
                self._contents[identifier] = stream, names

    def _dictionary(self, identifier: int, value: Mapping[str, object], depth: int) -> Iterator[Event]:
        kind = name_of(value.get("Subtype")) if "Subtype" in value else ""
        if "XFA" in value:
            yield from self._xfa(value["XFA"])
        is_field = "FT" in value or ("T" in value and ("V" in value or "Kids" in value or "TU" in value))
        if "EF" in value:
            yield from self._attachment(value)
        elif is_field or kind == "Widget":
            yield from self._field(identifier, value)
        elif kind and ("Rect" in value or identifier in self._pages):
            yield from self._annotation(identifier, kind, value)
        elif "Title" in value and ("Parent" in value or "Dest" in value or "A" in value):
            yield from self._say(text_of(value["Title"]), self.place / "outline", "bookmark")
        elif name_of(value.get("Type")) == "OCG":
            yield from self._say(text_of(value.get("Name")), self.place / "layers", "name of a layer")
        if "JS" in value:
            yield from self._script(value["JS"])
        for key, where in (("Alt", "alt text"), ("ActualText", "replacement text"), ("E", "expansion text")):
            if key in value and isinstance(resolve1(value[key]), (bytes, str)):
                yield from self._say(text_of(value[key]), self.place / where, where)
        if "URI" in value and kind != "Link":
            yield from self._say(text_of(value["URI"]), self._on_page(identifier, "link"), "link target")
        for inner in value.values():
            if isinstance(inner, (dict, list)):
                yield from self._object(identifier, inner, depth + 1)

    def _field(self, identifier: int, value: Mapping[str, object]) -> Iterator[Event]:
        name, tooltip = self._field_names(value)
        label = tooltip or name.rpartition(".")[2]
        where = self._on_page(identifier, f'field "{name}"' if name else "field")
        for text in _strings(value.get("V")):
            key = (f"value of {name}", text)
            if text and text not in ("Off", "Yes", "On") and key not in self.seen:
                self.seen.add(key)
                self._filled.append((text, label, str(Location(where.parts[len(self.place.parts) :]))))
        for text in _strings(value.get("DV")):
            yield from self._say(text, where, "default value", label)
        if tooltip:
            yield from self._say(tooltip, where, "field tooltip")
        if name:
            yield from self._say(name, where, "field name")
        if "Opt" in value:
            for text in _strings(value["Opt"]):
                yield from self._say(text, where, "field choice", label)
        look = resolve1(value.get("MK"))
        if isinstance(look, dict):
            yield from self._say(text_of(look.get("CA")), where, "")
        if "Contents" in value:
            yield from self._say(text_of(value["Contents"]), where, "annotation")

    def _field_names(self, value: Mapping[str, object]) -> tuple[str, str]:
        """Full name and tooltip of a field: those of its parents count."""
        names: list[str] = []
        tooltip = ""
        current: object = value
        for _ in range(_DEPTH):
            if not isinstance(current, Mapping):
                break
            if name := text_of(current.get("T")):
                names.append(name)
            tooltip = tooltip or text_of(current.get("TU"))
            current = resolve1(current.get("Parent"))
        return ".".join(reversed(names)), tooltip

    def _annotation(self, identifier: int, kind: str, value: Mapping[str, object]) -> Iterator[Event]:
        if kind in ("Form", "Image", "Link"):
            return
        where = self._on_page(identifier, "annotation")
        yield from self._say(text_of(value.get("Contents")), where, "annotation")
        for key in ("RC", "Subj", "OverlayText"):
            rich = _MARKUP.sub(" ", text_of(_stream_text(value.get(key))))
            yield from self._say(" ".join(html.unescape(rich).split()), where, "annotation")
        yield from self._say(text_of(value.get("T")), where, "author of a comment", "Author")

    def _attachment(self, value: Mapping[str, object]) -> Iterator[Event]:
        names = [text_of(value.get(key)) for key in ("UF", "F", "Unix", "DOS", "Mac")]
        name = next((one for one in names if one), "attachment")
        yield from self._say(text_of(value.get("Desc")), self.place / f'attachment "{name}"', "description")
        embedded = resolve1(value["EF"])
        streams = {id(stream): stream for stream in map(resolve1, embedded.values())} if embedded else {}
        for stream in streams.values():
            if not isinstance(stream, PDFStream):
                continue
            raw = stream.get_rawdata() or b""
            key = ("attachment", f"{name} {hash(raw)}")
            if key not in self.seen:
                self.seen.add(key)
                content = partial(_opened, stream, self.limits.parser_bytes)
                location = self.place / f'attachment "{name}"'
                yield Member(name, content, location, self.hidden, packed=len(raw))

    def _decode(self, stream: PDFStream) -> bytes | None:
        """Decode a stream out of the budget for all of them."""
        data = stream_data(stream, min(_MOST_STREAM, self.limits.expanded_bytes - self._decoded))
        self._decoded += len(data or b"")
        return data

    def _script(self, value: object) -> Iterator[Event]:
        script = text_of(_stream_text(value))
        yield from self._say(script, self.place / "script", "script")

    def _xfa(self, value: object) -> Iterator[Event]:
        """XFA forms: XML packets, of which "datasets" holds what was filled in."""
        value = resolve1(value)
        packets = value if isinstance(value, list) else [value]
        data = b""
        for packet in packets:
            packet = resolve1(packet)
            if isinstance(packet, PDFStream):
                data += self._decode(packet) or b""
        if data:
            yield from xml_records(data, self.place / "XFA form", self.hidden or "XFA form", self.seen)

    def _on_page(self, identifier: int, what: str) -> Location:
        number = self._pages.get(identifier)
        return self.place / page_name(number, self._labels) / what if number else self.place / what

    def _say(self, text: str, where: Location, reason: str, label: str = "") -> Iterator[Event]:
        text = text.strip()
        key = (str(where) if not self.hidden else where.parts[-1], text)
        if not text or key in self.seen:
            return
        self.seen.add(key)
        self.seen.add((where.parts[-1], text))
        fields = (Field(0, len(text), label),) if label else ()
        yield Segment(text, where, self.hidden or reason, fields)


def _opened(stream: PDFStream, cap: int) -> BinaryIO:
    """Open an attachment when it is its turn: not all of them are in memory at once."""
    data = stream_data(stream, cap)
    if data is None:
        raise ExpansionLimitError("the attachment cannot be decoded within the limits")
    return io.BytesIO(data)


def _strings(value: object) -> Iterator[str]:
    """The strings of a value that may be one, a stream of one, or (nested) lists of them."""
    value = resolve1(value)
    if isinstance(value, list):
        for item in value[:1000]:
            yield from _strings(item)
    else:
        yield text_of(_stream_text(value))


def _stream_text(value: object) -> object:
    value = resolve1(value)
    return stream_data(value, _MOST_TEXT) if isinstance(value, PDFStream) else value


def forms_nest_too_much(forms: Mapping[int, list[int]], most: int = 100_000) -> bool:
    """Whether form objects contain themselves, or expand to more than ``most`` when drawn once each.

    Page engines draw a form each time it is used: one that calls itself never ends, twenty that call the
    next twice are a million.
    """
    sizes: dict[int, int] = {}
    for root in forms:
        stack = [(root, iter(forms[root]))]
        open_forms = {root}
        totals = [1]
        if root in sizes:
            continue
        while stack:
            current, children = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                open_forms.discard(current)
                sizes[current] = totals.pop()
                if sizes[current] > most:
                    return True
                if totals:
                    totals[-1] += sizes[current]
            elif child in open_forms:
                return True
            elif child in sizes:
                totals[-1] += sizes[child]
            elif child in forms:
                open_forms.add(child)
                stack.append((child, iter(forms[child])))
                totals.append(1)
    return False


# Lists of values and one of them: the element around says what they are (XMP, ISO 16684-1, 7.7).
_LISTS = frozenset(("li", "Alt", "Bag", "Seq"))


def xml_records(data: bytes, where: Location, reason: str, seen: set[tuple[str, str]]) -> Iterator[Segment]:
    """The texts and attribute values of an XML packet, labelled by their names."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    xml = data.decode(encoding, "replace")
    pairs: list[tuple[str, str]] = []
    around = ""
    for match in _XML_TEXT.finditer(xml):
        name, attributes, content = match.groups()
        if name in _LISTS:
            name = around or name
        else:
            around = name
        found = [
            (key, double or single)
            for prefix, key, double, single in _XML_ATTRIBUTE.findall(attributes)
            if prefix != "xmlns:" and key != "xmlns"
        ]
        for key, text in (*found, (name, content)):
            text = html.unescape(text).strip()
            # What the info dictionary said already is not repeated.
            if key not in _SILENT_XML and not _NOISE.match(text) and ("property", text) not in seen:
                seen.add(("property", text))
                pairs.append((key, text))
    if pairs:
        yield row_segment(
            [text for _, text in pairs],
            [key for key, _ in pairs],
            where,
            hidden=reason,
            separator=RECORD_SEPARATOR,
        )
