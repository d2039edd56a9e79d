"""HTML, and tag soup of any kind: blocks apart, inline elements joined, tables as rows.

A tokenizer of its own instead of a tree: trees cut hostile nesting off without saying so, and a scanner
needs what a page does not show (comments, attributes, scripts) in the same pass.  Linear in the text.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_plus

from scanner.documents.decoding import decode
from scanner.documents.headings import form_labels, is_heading_row
from scanner.documents.hidden_reasons import Concealment, concealment
from scanner.documents.limits import Limits
from scanner.documents.model import Location, Segment
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.markup.html_looks import PLAIN, Look, StyleSheets
from scanner.documents.protocol import Event, Member, Source
from scanner.documents.rows import RECORD_SEPARATOR, Cell, Row, row_segment

_OPENING = re.compile(r"<(?:!--|(/?)([A-Za-z][^\s/>]{0,100})(>)?|[!?])")
# The rest of a tag: quoted values may hold ">".  Possessive, so that it never looks back.
_REST_OF_TAG = re.compile(r"""(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_LONGEST_TAG = 1 << 16
_DATA_URI_TAG = 1 << 23
_BAD_TAGS = 50
_ATTRIBUTE = re.compile(r"""([^\s=>/"']{1,100})(?:\s*=\s*(?:"([^"]*+)"?|'([^']*+)'?|([^\s>"']++)))?""")
_CHARSET = re.compile(rb"""charset\s{0,5}=\s{0,5}["']?\s{0,5}([\w.:-]{2,30})""", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
# String literals and comments of a script; an unclosed one is taken to the end, so that none is read twice.
_STRINGS = re.compile(
    r'"((?:[^"\\\n]|\\.)*+)"?|'
    r"'((?:[^'\\\n]|\\.)*+)'?|`((?:[^`\\]|\\.)*+)`?|/\*((?:[^*]|\*(?!/))*+)(?:\*/)?|(?<![:\w])//([^\n]*+)"
)
_MARKUP = re.compile(r"<[^<>]*>?|^\[if [^\]]{0,100}\]>?")
# What declarations and processing instructions say to programs.
_DECLARATION = re.compile(r"(?i)(?:doctype\b|xml\b|\[|/?(?:end)?if\b)[^<]*+\Z")
_PAGE_TAG = re.compile(
    r"<(?:script|style|body|head|title|meta|table|tr|td|div|p|a|li|h[1-6]|img|form)[\s>/]", re.IGNORECASE
)
_LONGEST_BLANK = 3
_WORDY = re.compile(r"[^\W_]{3}|[0-9]{4}|@")
# Hidden texts that are things of their own, and no running text that is hidden.
_APART = frozenset(("text inside a tag", "hidden form value", "embedded page"))
_BREAK = "\u2028"
_STACK = 5_000
# Column names stand among the first rows of a table.
_TITLE_ROWS = 5

_BLOCKS = frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "caption",
            "center",
            "dd",
            "details",
            "dialog",
        ),
        *("dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset", "h1"),
        *("h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "legend", "li", "link"),
        *("main", "menu", "meta", "nav", "ol", "optgroup", "option", "p", "pre", "search", "section"),
        *(
            "select",
            "summary",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "tr",
            "ul",
            "iframe",
            "object",
        ),
        *("noscript", "template", "canvas", "svg", "text", "button", "input", "textarea", "title"),
    }
)
# Elements that may begin or end inside of a word.  Others that HTML does not know hold things of their own;
# those of other vocabularies ("o:p", "st1:City") are marks that word processors leave in running text.
_INLINE = frozenset(
    (  # noqa: SIM905
        "a abbr acronym applet area audio b base basefont bdi bdo big blink br cite code col colgroup "
        "data datalist del dfn em embed "
        "font i img ins kbd label map mark math meter nobr output param picture progress q rp rt ruby s samp "
        "script slot small source span strike strong style sub sup tbody tfoot thead time track tt u var "
        "video wbr xmp"
    ).split()
)
_VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)
_CLOSED_BY_ITSELF = frozenset({"p", "li", "tr", "td", "th", "option", "dt", "dd", "thead", "tbody"})
_RAW = {
    name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea", "title", "xmp")
}
# Attribute -> why a reader of the page does not see it at first sight.
_TELLING = {
    "alt": "alternative text",
    "title": "tooltip",
    "aria-label": "alternative text",
    "placeholder": "placeholder",
    "summary": "alternative text",
    "label": "alternative text",
    "srcdoc": "embedded page",
    "standby": "alternative text",
}


_LINKING = frozenset({"href", "action", "cite", "xlink:href", "background"})


class HtmlParser:
    """Reads HTML pages and HTML mail bodies."""

    kinds = frozenset({"html"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield blocks, table rows, and what the page does not show."""
        yield from soup_segments(source, limits)


def soup_segments(source: Source, limits: Limits, inline: frozenset[str] | None = None) -> Iterator[Event]:
    """Events of the text between tags; an empty ``inline`` makes every tag separate (for broken XML)."""
    data = source.read()
    declared = _CHARSET.search(data[:4096])
    text = decode(data, declared[1].decode("ascii", "replace") if declared else "")
    del data
    yield from html_events(text, all_blocks=inline is not None)


def html_events(text: str, *, all_blocks: bool = False) -> Iterator[Event]:
    """Events of HTML that is already text (a mail body)."""
    yield from _Page(all_blocks).read(text)


@dataclass(slots=True)
class _Cell:
    parts: list[str] = field(default_factory=list)
    span: int = 1
    heading: bool = False
    hidden: str = ""


@dataclass(slots=True)
class _Table:
    number: int
    rows: int = 0
    labels: list[str] = field(default_factory=list)
    cells: list[_Cell] = field(default_factory=list)
    open: bool = False  # text goes to the last cell
    columns: list[str] = field(default_factory=list)  # why each one is hidden
    form: LabelledTable | None = None  # the rows of labels and values that came last


def _parts_words(name: str) -> bool:
    """Whether a name is that of no element of HTML: ``<name>Ann Khan</name><dob>...``."""
    return name not in _INLINE and name not in _BLOCKS and ":" not in name


class _Page:
    """The state of one pass over a page."""

    def __init__(self, all_blocks: bool) -> None:
        self._all_blocks = all_blocks
        self._stack: list[tuple[str, Look]] = []  # open elements, and how their text looks
        self._styles = StyleSheets()
        self._open_names: dict[str, int] = {}
        self._tables: list[_Table] = []
        self._table_count = 0
        self._block_count = 0
        self._parts: list[str] = []
        self._concealed: dict[str, list[str]] = {}
        self._term = ""
        self._tag = ""
        self._bad_tags = 0
        self._unclosed: set[str] = set()  # elements whose end is missing from here on
        self._done: list[Event] = []

    def read(self, text: str) -> Iterator[Event]:
        position = 0
        length = len(text)
        while position < length:
            opening = _OPENING.search(text, position)
            begin = opening.start() if opening else length
            if begin > position:
                self._text(text[position:begin])
            if opening is None:
                break
            position = self._markup(text, opening)
            if self._done:
                yield from self._done
                self._done.clear()
        while self._tables:
            self._end_table()
        self._flush()
        yield from self._done

    def _markup(self, text: str, opening: re.Match[str]) -> int:
        """Handle what begins with "<"; returns where it ends."""
        name = opening[2]
        if name is None:
            if opening[0] == "<!--":
                end = text.find("-->", opening.end())
                end = len(text) if end < 0 else end
                self._comment(text[opening.end() : end])
                return min(len(text), end + 3)
            if text.startswith("<![CDATA[", opening.start()):
                end = text.find("]]>", opening.start())
                end = len(text) if end < 0 else end
                self._parts.append(text[opening.start() + 9 : end])
                return min(len(text), end + 3)
            end = text.find(">", opening.end())
            end = len(text) if end < 0 else end
            declaration = text[opening.end() : end]
            if not _DECLARATION.match(declaration):
                self._comment(declaration)
            return min(len(text), end + 1)
        name = name.lower()
        if opening[3] and "<" not in name and name not in _RAW:
            if opening[1]:
                self._close(name)
            else:
                self._open(name, {}, False)
            return opening.end()
        end = self._tag_end(text, opening.end(2))
        inside = text[opening.end(2) : end - 1 if text[end - 1] == ">" else end]
        if "<" in inside or ">" in inside or (opening[1] and len(inside) > _LONGEST_BLANK):
            # A quote or a bracket is missing, and this tag took in what stood behind it.
            self._swallowed(opening[2] + inside)
        if opening[1]:
            self._close(name)
            return end
        attributes = _attributes(inside) if len(inside) > 1 else {}
        if name in _RAW:
            if name in self._unclosed:
                return end
            closing = _RAW[name].search(text, end)
            if closing is None:
                # Browsers take all that follows for its content; where its end is damaged, that is the page.
                self._unclosed.add(name)
                if name in ("script", "style"):
                    self._raw(name, text[end:], attributes)
                return end
            self._raw(name, text[end : closing.start()], attributes)
            return self._tag_end(text, closing.end())
        self._open(name, attributes, inside.endswith("/"))
        return end

    def _swallowed(self, inside: str) -> None:
        """Tell what a tag holds that is damaged, or that is written to be read by one program only."""
        words = html.unescape(_MARKUP.sub("\n", inside))
        if _WORDY.search(words):
            self._conceal("text inside a tag", words)

    def _tag_end(self, text: str, begin: int) -> int:
        """Return where the tag ends: ">" outside of quotes, or the first ">" where quotes do not pair."""
        if text.startswith(">", begin):
            return begin + 1
        if self._bad_tags < _BAD_TAGS:
            match = _REST_OF_TAG.match(text, begin, begin + _LONGEST_TAG)
            if match is None and text.find("data:", begin, begin + 1000) >= 0:
                match = _REST_OF_TAG.match(text, begin, begin + _DATA_URI_TAG)
            if match is not None:
                return match.end()
            self._bad_tags += 1
        end = text.find(">", begin)
        return len(text) if end < 0 else end + 1

    def _text(self, text: str) -> None:
        if "&" in text:
            text = html.unescape(text)
        reason = self._stack[-1][1].hidden if self._stack else ""
        cell = self._tables[-1].cells[-1] if self._tables and self._tables[-1].open else None
        if reason and (cell is None or cell.hidden != reason):
            self._concealed.setdefault(reason, []).append(text)
        else:
            parts = self._parts if cell is None else cell.parts
            if self._open_names.get("sup") and text[:1].isdigit() and parts and parts[-1][-1:].isdigit():
                parts.append(" ")  # the number of a note behind a number; "1st" stays a word
            parts.append(text)

    def _end_raised(self) -> None:
        """The number of a note is no part of the number that may follow."""
        parts = self._tables[-1].cells[-1].parts if self._tables and self._tables[-1].open else self._parts
        if parts and parts[-1][-1:].isdigit():
            parts.append(" ")

    def _open(self, name: str, attributes: dict[str, str], closed: bool) -> None:
        block = self._all_blocks or name in _BLOCKS
        if block:
            self._boundary(name)
        elif name == "br":
            self._text(_BREAK)
        elif _parts_words(name):
            self._text(" ")
        if name == "tr" and self._open_names.get("tr"):
            while self._stack[-1][0] != "table" and self._pop() != "tr":
                pass
        elif name in _CLOSED_BY_ITSELF and self._stack and self._stack[-1][0] == name:
            self._pop()
        look = self._stack[-1][1] if self._stack else PLAIN
        if not self._all_blocks:
            look = self._styles.look(name, attributes, look)
            if name == "template" and not look.hidden:
                look = Look("hidden element")
        if name == "table":
            if self._tables and self._tables[-1].open:
                # What stands before and behind it in the cell are two lines.
                self._tables[-1].cells[-1].parts.append(_BREAK)
            self._table_count += 1
            self._tables.append(_Table(self._table_count))
        elif name == "tr" and self._tables:
            self._end_row()
        elif name == "col" and self._tables:
            self._tables[-1].columns += [look.hidden] * _span(attributes, "span")
        elif name in ("td", "th") and self._tables:
            table = self._tables[-1]
            table.cells.append(_Cell([], _span(attributes, "colspan"), name == "th", look.hidden))
            table.open = True
        if attributes:
            self._attributes(name, attributes)
        if name not in _VOID and not closed and not self._all_blocks and len(self._stack) < _STACK:
            self._stack.append((name, look))
            self._open_names[name] = self._open_names.get(name, 0) + 1

    def _pop(self) -> str:
        name, _ = self._stack.pop()
        self._open_names[name] -= 1
        return name

    def _close(self, name: str) -> None:
        if self._all_blocks or name in _BLOCKS:
            self._boundary(name, closing=True)
        elif _parts_words(name):
            self._text(" ")
        elif name == "sup":
            self._end_raised()
        if self._open_names.get(name):
            while self._pop() != name:
                pass
        if not self._tables:
            return
        if name == "table":
            self._end_table()
        elif name == "tr":
            self._end_row()
        elif name in ("td", "th"):
            self._tables[-1].open = False

    def _boundary(self, name: str, closing: bool = False) -> None:
        """A block begins or ends: inside a cell that is a new line, elsewhere a new segment."""
        if self._tables and self._tables[-1].open and name != "table":
            if name not in ("td", "th", "tr", "tbody", "thead", "tfoot"):
                self._tables[-1].cells[-1].parts.append(_BREAK)
            return
        if self._parts or self._concealed:
            self._tag = (self._tag or name) if closing else self._tag
            self._flush()
        self._tag = "" if closing else name

    def _flush(self) -> None:
        """Hand out the block read so far, and after it what was concealed in it."""
        if self._parts:
            text = _collapse(self._parts, keep=any(tag == "pre" for tag, _ in self._stack[-5:]))
            self._parts = []
            if text:
                self._block_count += 1
                location = Location((f"paragraph {self._block_count}",))
                if self._tag == "dt":
                    self._term = text
                if self._tag == "dd" and self._term:
                    self._done.append(row_segment([text], [self._term], location))
                else:
                    self._done.append(Segment(text, location))
        self._reveal()

    def _here(self) -> str:
        return f"after paragraph {self._block_count}" if self._block_count else "start of the page"

    def _reveal(self) -> None:
        if not self._concealed:
            return
        place = Location((self._here(),))
        for reason, texts in self._concealed.items():
            joined = concealment(reason) is Concealment.HIDDEN_TEXT and reason not in _APART
            text = _collapse(texts) if joined else RECORD_SEPARATOR.join(filter(None, map(str.strip, texts)))
            if text:
                self._done.append(Segment(text, place, reason))
        self._concealed = {}

    def _conceal(self, reason: str, text: str) -> None:
        if text and not text.isspace():
            self._concealed.setdefault(reason, []).append(text)

    def _comment(self, text: str) -> None:
        if "<" in text:
            text = _MARKUP.sub("\n", text)
        text = html.unescape(text)
        if _WORDY.search(text):
            self._conceal("comment in the page", text)

    def _raw(self, name: str, text: str, attributes: dict[str, str]) -> None:
        """Take the content of an element that holds no markup."""
        if name in ("script", "style"):
            if "json" in attributes.get("type", ""):
                self._conceal("script", text)
            else:
                found = ("".join(filter(None, match.groups())) for match in _STRINGS.finditer(text))
                self._conceal(name, "\n".join(one for one in found if _WORDY.search(one)))
                if name == "style":
                    self._styles.add(text)
                if (
                    name not in self._unclosed
                    and _PAGE_TAG.search(text)
                    and _PAGE_TAG.search(rest := _STRINGS.sub(" ", text))
                ):
                    # Its end is missing: it is closed by that of another one, and between them is the page.
                    self._conceal("text inside a tag", html.unescape(_MARKUP.sub("\n", rest)))
            return
        self._boundary(name)
        if name == "title":
            title = _collapse([html.unescape(text)])
            if title:
                self._done.append(Segment(title, Location(("title",))))
            return
        label = attributes.get("name", "")
        value = html.unescape(text).strip()
        if value:
            self._done.append(row_segment([value], [label], Location((f"form field {label}".strip(),))))

    def _attributes(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the texts of attributes: what people wrote, and what programs left behind."""
        for key, value in attributes.items():
            if not value:
                continue
            if self._all_blocks:
                if not key.startswith("xml"):
                    self._conceal("attribute", value)
                continue
            if key in _TELLING and tag not in ("html", "link"):
                self._conceal(_TELLING[key], value)
            elif key in _LINKING or (key in ("src", "data") and value[:5].lower() == "data:"):
                self._link(value)
            elif key.startswith("data-") and _WORDY.search(value):
                self._conceal("data attribute", value)
            elif key == "content" and tag == "meta":
                kept = attributes.get("name", attributes.get("property", "")).lower()
                if kept and kept not in ("viewport", "generator", "robots", "theme-color"):
                    self._conceal("meta", value)
            elif key == "value" and tag in ("input", "param", "button", "data", "option", "li"):
                self._value(tag, attributes, value)

    def _value(self, tag: str, attributes: dict[str, str], value: str) -> None:
        label = attributes.get("name", "") or attributes.get("id", "")
        kind = attributes.get("type", "").lower()
        if tag == "input" and kind in ("submit", "button", "reset", "image"):
            return
        reason = "hidden form value" if kind == "hidden" or tag != "input" else ""
        if reason:
            self._conceal(reason, value)
        else:
            self._done.append(row_segment([value], [label], Location((f"form field {label}".strip(),))))

    def _link(self, target: str) -> None:
        if target[:5].lower() == "data:":
            head, comma, data = target.partition(",")
            if not comma:
                return
            if head.lower().endswith(";base64"):
                try:
                    content = base64.b64decode(unquote_plus(data) if "%" in data else data)
                except (binascii.Error, ValueError):
                    return
            else:
                content = unquote_plus(data).encode("utf-8", "replace")
            self._done.append(Member("", content, Location((f"data in the page, {self._here()}",))))
        elif (
            target[:7].lower() == "mailto:" or target[:4].lower() == "tel:" or "?" in target or "@" in target
        ):
            self._conceal("link target", unquote_plus(target))

    def _end_row(self) -> None:
        table = self._tables[-1]
        cells, table.cells, table.open = table.cells, [], False
        if not cells:
            return
        values: list[str] = []
        headings: list[bool] = []
        reasons: list[str] = []
        for cell in cells:
            reason = cell.hidden
            if table.columns and not reason:
                reason = "".join(table.columns[len(values) : len(values) + 1])
            values.extend([_collapse(cell.parts), *[""] * (cell.span - 1)])
            headings.extend([cell.heading] * cell.span)
            reasons.extend([reason] * cell.span)
        if not any(values):
            return
        hidden, hidden_fields = _seen(values, reasons)
        table.rows += 1
        location = Location((f"table {table.number}", f"row {table.rows}"))
        if len([value for value in values if value]) == 1 and not table.labels:
            # One cell with everything in it: a table for the layout, not for the data.
            self._done.append(Segment("".join(values), location, hidden))
            return
        labels = table.labels
        own = form_labels(values, headings) if not labels or len(labels) != len(values) else []
        if own and not labels and not all(headings):
            table.form = table.form or LabelledTable(table.number, self._done.append)
            filled = [
                (Cell(column, value, hidden=reasons[column]), own[column])
                for column, value in enumerate(values)
                if value
            ]
            row = Row(table.rows, [cell for cell, _ in filled], location, hidden)
            table.form.add_pairs(row, [label for _, label in filled])
            return
        self._end_form(table)
        if not labels and table.rows <= _TITLE_ROWS and (all(headings) or is_heading_row(values)):
            table.labels = values
            self._done.append(
                replace(
                    row_segment(values, (), location, table=table.number, hidden=hidden),
                    hidden_fields=hidden_fields,
                )
            )
            return
        if not labels or len(labels) != len(values):
            labels = own or labels
        names = tuple(f"column {label or index}" for index, label in enumerate(labels, 1)) if labels else ()
        if len(names) < len(values):
            names += tuple(f"column {index}" for index in range(len(names) + 1, len(values) + 1))
        segment = row_segment(values, labels, location, cells=names, table=table.number, hidden=hidden)
        self._done.append(replace(segment, hidden_fields=hidden_fields) if hidden_fields else segment)

    @staticmethod
    def _end_form(table: _Table) -> None:
        if table.form is not None:
            table.form.end()
            table.form = None

    def _end_table(self) -> None:
        self._end_row()
        self._end_form(self._tables.pop())
        self._flush()


def _seen(values: list[str], reasons: list[str]) -> tuple[str, tuple[str, ...]]:
    """Why a row is hidden, and each of its cells where they differ in it."""
    if not any(reasons):
        return "", ()
    told = {reason for reason, value in zip(reasons, values, strict=True) if value}
    return (told.pop(), ()) if len(told) == 1 else ("", tuple(reasons))


def _span(attributes: dict[str, str], name: str) -> int:
    span = attributes.get(name, "1")
    return min(int(span), 100) if span.isdecimal() and span.isascii() else 1


def _attributes(inside: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, double, single, bare in _ATTRIBUTE.findall(inside):
        value = double or single or bare
        found.setdefault(key.lower(), html.unescape(value) if "&" in value else value)
    return found


def _collapse(parts: list[str], keep: bool = False) -> str:
    text = "".join(parts)
    if not keep and text.isascii():
        return " ".join(text.split())
    if not keep:
        text = _BLANKS.sub(" ", text)
    if _BREAK in text:
        text = re.sub(rf" ?{_BREAK}[ {_BREAK}]*", "\n", text)
    return text.strip()
