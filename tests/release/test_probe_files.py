"""The files with a token in every known place: the gate objects to them, and no hidden token is in a copy."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from scanner.documents import Source, read_whole
from tests.documents.parsers.legacy import FIXTURES
from tests.documents.parsers.opendocument.test_opendocument import BOOK, TEXT
from tests.documents.parsers.pdf.test_pdf import full_pdf
from tests.documents.parsers.sheets.test_xlsx import full_workbook
from tests.documents.parsers.slides.test_pptx import full_presentation
from tests.documents.parsers.word.test_docx import full_document

from .conftest import Check, codes

_TOKEN = re.compile(r"[A-Za-z]*[Tt]oken[A-Za-z]*")


def tokens(name: str, content: bytes) -> tuple[set[str], set[str]]:
    """Tokens that a reader sees, and those that only stand where nobody looks."""
    segments, _ = read_whole(Source.from_bytes(content, name))
    seen: set[str] = set()
    hidden: set[str] = set()
    for segment in segments:
        if segment.hidden_fields:
            for one, reason in zip(segment.fields, segment.hidden_fields, strict=True):
                (hidden if reason else seen).update(_TOKEN.findall(segment.text[one.start : one.end]))
        else:
            (hidden if segment.hidden else seen).update(_TOKEN.findall(segment.text))
    return seen, hidden - seen


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "full.xlsx",
            full_workbook(),
            {"hidden-sheet", "hidden-cells", "pivot-cache", "link-cache", "data-connection", "comments"},
        ),
        ("full.docx", full_document(), {"tracked-changes", "hidden-text", "comments", "embedded-file"}),
        ("full.pptx", full_presentation(), {"speaker-notes", "hidden-slide", "comments", "hidden-text"}),
        ("full.pdf", full_pdf(), {"failed-redaction", "hidden-text", "comments", "embedded-file"}),
        ("full.odt", TEXT, {"tracked-changes", "hidden-text", "comments"}),
        ("full.ods", BOOK, {"hidden-sheet", "hidden-cells"}),
        ("staff.xls", (FIXTURES / "staff.xls").read_bytes(), {"pivot-cache", "hidden-cells"}),
        ("notes.doc", (FIXTURES / "notes.doc").read_bytes(), {"tracked-changes", "comments"}),
        ("slides.ppt", (FIXTURES / "slides.ppt").read_bytes(), {"speaker-notes", "hidden-slide"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_hidden_token_is_in_a_copy(check: Check, name: str, content: bytes, expected: set[str]) -> None:
    checked = check(name, content)
    assert expected <= codes(checked.check)
    assert checked.copy is not None
    path = Path(checked.copy.path)
    with zipfile.ZipFile(path) as package:
        everything = "\n".join(
            package.read(member).decode("utf-8", "replace") for member in package.namelist()
        )
    seen, hidden = tokens(name, content)
    assert hidden
    assert {token for token in hidden if re.search(rf"\b{token}\b", everything)} == set()
    if not name.endswith((".xlsx", ".ods", ".xls")):
        # Beside cells, workbooks show headers, boxes and charts, which values alone do without.
        assert {token for token in seen if token in everything}


def test_the_data_model_of_a_workbook(check: Check) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(full_workbook())) as package, zipfile.ZipFile(stream, "w") as more:
        for member in package.namelist():
            more.writestr(member, package.read(member))
        more.writestr("xl/model/item.data", bytes(range(256)) * 30)
    assert "data-model" in codes(check("model.xlsx", stream.getvalue(), copy=False).check)
