"""Archives whose directory does not list what is in them."""

from __future__ import annotations

import io
import zipfile

import pytest

from scanner.documents import Segment, Source, Status, read_document
from scanner.documents.model import Coverage
from scanner.documents.zip_directory import is_incomplete


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


INNER = packed({"inner.txt": b"Tokeninner"})
OUTER = packed({"front.txt": b"Tokenfront", "inner.zip": INNER, "behind.txt": b"Tokenbehind"})
CUT = OUTER[: OUTER.index(INNER) + len(INNER)]


def damaged_directory() -> bytes:
    at = OUTER.rindex(b"PK\x01\x02", 0, OUTER.rindex(b"PK\x01\x02"))
    return OUTER[: at + 32] + b"\xff\x7f" + OUTER[at + 34 :]


@pytest.mark.parametrize(
    ("data", "expected", "why"),
    [
        (OUTER, False, "whole"),
        (INNER, False, "whole"),
        (CUT, True, "broken off behind the inner archive"),
        (b"MZ" + b"\0" * 500 + INNER, False, "a program in front that unpacks it"),
        (packed({}), False, "empty"),
        (damaged_directory(), True, "a length in the directory that hides the members behind it"),
    ],
)
def test_directory(data: bytes, expected: bool, why: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert is_incomplete(archive) is expected, why


def test_what_stands_in_front_is_read_and_the_damage_told() -> None:
    items = list(read_document(Source.from_bytes(CUT, "case.zip")))
    text = " ".join(item.text for item in items if isinstance(item, Segment))
    coverage = items[-1]
    assert isinstance(coverage, Coverage)
    assert coverage.status is Status.PARTIAL
    assert "Tokenfront" in text
    assert "Tokeninner" in text


def test_members_behind_damage_of_the_directory_are_read_and_the_damage_told() -> None:
    items = list(read_document(Source.from_bytes(damaged_directory(), "case.zip")))
    text = " ".join(item.text for item in items if isinstance(item, Segment))
    coverage = items[-1]
    assert isinstance(coverage, Coverage)
    assert coverage.status is Status.PARTIAL
    assert "Tokenbehind" in text
