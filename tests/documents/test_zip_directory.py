"""Archives that end in the directory of an archive inside of them."""

from __future__ import annotations

import io
import zipfile

import pytest

from scanner.documents import Segment, Source, Status, read_document
from scanner.documents.model import Coverage
from scanner.documents.zip_directory import front_is_unlisted


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


INNER = packed({"inner.txt": b"Tokeninner"})
OUTER = packed({"front.txt": b"Tokenfront", "inner.zip": INNER, "behind.txt": b"Tokenbehind"})
CUT = OUTER[: OUTER.index(INNER) + len(INNER)]


@pytest.mark.parametrize(
    ("data", "expected", "why"),
    [
        (OUTER, False, "whole"),
        (INNER, False, "whole"),
        (CUT, True, "broken off behind the inner archive"),
        (b"MZ" + b"\0" * 500 + INNER, False, "a program in front that unpacks it"),
        (packed({}), False, "empty"),
    ],
)
def test_front(data: bytes, expected: bool, why: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert front_is_unlisted(archive) is expected, why


def test_what_stands_in_front_is_read_and_the_damage_told() -> None:
    items = list(read_document(Source.from_bytes(CUT, "case.zip")))
    text = " ".join(item.text for item in items if isinstance(item, Segment))
    coverage = items[-1]
    assert isinstance(coverage, Coverage)
    assert coverage.status is Status.PARTIAL
    assert "Tokenfront" in text
    assert "Tokeninner" in text
