"""Every word that a parser has for hidden text stands in the one table of what such words mean."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import scanner.documents.parsers as parsers
from scanner.documents.hidden_reasons import REASONS, Concealment, concealment
from scanner.documents.model import Segment, Shortfall
from tests.documents.parsers.legacy import FIXTURES
from tests.documents.parsers.reading import read

SOURCES = sorted(Path(parsers.__path__[0]).rglob("*.py"))
# Where the functions of the parsers take the reason; (module, function) where modules differ.
POSITIONS = {
    "Segment": 2, "record": 2, "leaves": 3, "paragraphs": 3, "_emit": 2, "_emit_labelled": 2, "_conceal": 0,
    "_enter": 1, "_scan": 2, "_strings": 2, "_note": 2, "_xml": 2, "_Sheet": 1, "Member": 3, "_part": 2,
    ("opendocument", "_say"): 1, ("pdf_objects", "_say"): 2, ("ooxml_parts", "append"): 99,
}  # fmt: skip
# Tables from a format's own words to reasons, and which item of a tuple is the reason.
TABLES = {
    "_TEXT_ATTRIBUTES": None, "_TELLING": None, "_BOILERPLATE_ROOTS": None, "_SHAPE_TEXTS": None,
    "STATES": None, "_STATES": None, "_WORDS": None, "_STORIES": 1, "DESTINATIONS": 1, "_AROUND": 3,
}  # fmt: skip
NO_REASONS = {
    # Words of tables that share a name with a table of reasons.
    "tnef", "property_sets", "number_format", "wordprocessing",
}  # fmt: skip


def texts(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from texts(value)


def reasons_in(path: Path) -> Iterator[str]:
    module = path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = (
                node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            )
            position = POSITIONS.get((module, function), POSITIONS.get(function))
            if position is not None and len(node.args) > position:
                yield from texts(node.args[position])
            for keyword in node.keywords:
                if keyword.arg == "hidden":
                    yield from texts(keyword.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            if name in TABLES and isinstance(node.value, ast.Dict) and module not in NO_REASONS:
                item = TABLES[name]
                for value in node.value.values:
                    if item is not None:
                        value = value.elts[item] if isinstance(value, ast.Tuple) else value
                    yield from texts(value)
            elif "reason" in name or name in ("hidden", "row_hidden", "hidden_style"):
                yield from texts(node.value)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_word_in_the_parsers_is_in_the_table(path: Path) -> None:
    words = set(reasons_in(path)) - {reason.value for reason in Shortfall}
    assert words - REASONS.keys() == set()


def test_the_look_at_the_parsers_sees_their_words() -> None:
    seen = {word for path in SOURCES for word in reasons_in(path)}
    # From a call, a keyword, an assignment and three kinds of tables.
    assert {"chart data", "picture properties", "tracked deletion", "very hidden sheet"} <= seen
    assert {"link target", "alternative text", "validation message", "building block"} <= seen
    assert len(seen) > 60


def test_no_word_of_the_table_is_out_of_use() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    assert [word for word in REASONS if f'"{word}"' not in source] == []


@pytest.mark.parametrize("name", ["notes.doc", "staff.xls", "slides.ppt"])
def test_words_that_real_files_give(name: str) -> None:
    segments, _ = read((FIXTURES / name).read_bytes())
    words = {reason for one in segments for reason in (one.hidden, *one.hidden_fields) if reason}
    assert words
    assert words - REASONS.keys() == set()


@pytest.mark.parametrize(
    ("reason", "kind", "why"),
    [
        ("very hidden sheet", Concealment.HIDDEN_SHEET, "a state of Excel"),
        ("filtered row", Concealment.HIDDEN_CELLS, "an active filter"),
        ("author of a change", Concealment.TRACKED_CHANGE, "who changed it"),
        ("text under a filled box", Concealment.REDACTION, "a redaction that can be undone"),
        ("alt text", Concealment.DESCRIPTION, "near miss: wanted in published documents"),
        ("a word of tomorrow", Concealment.OTHER, "what is unknown is never nothing"),
    ],
)
def test_meaning(reason: str, kind: Concealment, why: str) -> None:
    assert concealment(reason) is kind, why


def test_a_segment_without_a_reason_is_visible() -> None:
    segments, _ = read(b"A plain text of a few words.\n")
    assert all(isinstance(one, Segment) and not one.hidden for one in segments)
