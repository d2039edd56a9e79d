"""The names of a compound file's directory, against the library that opens the whole file."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import olefile
import pytest

from scanner.documents.compound_directory import DamagedDirectoryError, stream_paths
from scanner.documents.parsers.office.compound_file import pack

FIXTURES = Path(__file__).parent / "fixtures"
_FIRST_SECTOR_OF_DIRECTORY, _SHIFT = 48, 30


def _by_library(data: bytes) -> frozenset[str]:
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        return frozenset("/".join(path).lower() for path in ole.listdir())


def _packed(count: int) -> bytes:
    return pack({("Storage", f"Stream {number}"): bytes([number % 256]) * 70 for number in range(count)})


@pytest.mark.parametrize("name", ["notes.doc", "staff.xls", "slides.ppt"])
def test_files_of_programs(name: str) -> None:
    data = (FIXTURES / name).read_bytes()
    assert stream_paths(io.BytesIO(data)) == _by_library(data) != frozenset()


@pytest.mark.parametrize(("count", "why"), [(1, "one sector"), (60, "a chain"), (9_000, "a table of tables")])
def test_directories_of_any_length(count: int, why: str) -> None:
    data = _packed(count)
    found = stream_paths(io.BytesIO(data))
    assert len(found) == count, why
    assert "storage/stream 0" in found
    assert found == _by_library(data)


def test_streams_of_nested_storages_keep_their_path() -> None:
    data = pack({("Attachment", "Message", "WordDocument"): b"x", ("__properties_version1.0",): b"y"})
    assert stream_paths(io.BytesIO(data)) == {"attachment/message/worddocument", "__properties_version1.0"}


def _with(data: bytes, at: int, code: str, *values: int) -> bytes:
    return data[:at] + struct.pack(f"<{code}", *values) + data[at + struct.calcsize(f"<{code}") :]


def _directory_of(data: bytes) -> int:
    sector = int.from_bytes(data[_FIRST_SECTOR_OF_DIRECTORY:][:4], "little")
    return (sector + 1) * 512


_WHOLE = _packed(60)
_ENTRY_OF_STORAGE = _directory_of(_WHOLE) + 128


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "nothing"),
        (_WHOLE[:300], "the header breaks off"),
        (_WHOLE[:600], "the directory is gone"),
        (_with(_WHOLE, _SHIFT, "H", 3), "a size of sectors that there is not"),
        (_with(_WHOLE, _FIRST_SECTOR_OF_DIRECTORY, "L", 0xFFFFFFFE), "no directory"),
        (_with(_WHOLE, _ENTRY_OF_STORAGE + 66, "B", 9), "an entry that is neither stream nor storage"),
        (_with(_WHOLE, _ENTRY_OF_STORAGE + 68, "L", 1), "an entry beside itself: a ring"),
        (_with(_WHOLE, _ENTRY_OF_STORAGE + 76, "L", 5_000), "a child that there is not"),
    ],
)
def test_what_is_out_of_order_is_left_to_somebody_more_patient(data: bytes, why: str) -> None:
    with pytest.raises(DamagedDirectoryError):
        stream_paths(io.BytesIO(data))
