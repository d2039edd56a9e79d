"""Archives whose directory does not list what is in them."""

from __future__ import annotations

import io
import struct
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


def without_entry(name: bytes, data: bytes = OUTER) -> bytes:
    """The archive with a member that its directory, in which nothing else is wrong, does not list."""
    end = data.rindex(b"PK\x05\x06")
    begin = data.index(b"PK\x01\x02", data.rindex(INNER) + len(INNER) if data is OUTER else 0)
    directory = data[begin:end]
    at = directory.rindex(b"PK\x01\x02", 0, directory.index(name))
    left = directory[:at] + directory[directory.index(name) + len(name) :]
    count = struct.unpack_from("<H", data, end + 10)[0] - 1
    return data[:begin] + left + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(left), begin, 0)


def denied(at: int) -> bytes:
    """An entry of the directory that says that its member has no length, by one of two numbers."""
    entry = OUTER.rindex(b"PK\x01\x02") + at
    return OUTER[:entry] + bytes(4) + OUTER[entry + 4 :]


def streamed() -> bytes:
    """As programs write that cannot go back: lengths stand behind each member, "extra" in front."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            self.data += bytes(piece)  # type: ignore[call-overload]
            return len(bytes(piece))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for number in range(3):
            entry = zipfile.ZipInfo(f"{number}.txt")
            entry.extra = struct.pack("<2H24x", 0x7875, 24)
            archive.writestr(entry, b"some text")
    return bytes(pipe.data)


@pytest.mark.parametrize(
    ("data", "expected", "why"),
    [
        (OUTER, False, "whole"),
        (without_entry(b"front.txt"), True, "the first member is not listed"),
        (without_entry(b"inner.zip"), True, "a member in the middle is not listed"),
        (without_entry(b"behind.txt"), True, "the last member is not listed"),
        (denied(24), True, "a member whose length is not told"),
        (denied(20), True, "a member whose packed length is not told"),
        (packed({"empty.txt": b"", "a.txt": b"text"}), False, "a member that is empty"),
        (packed({"empty.txt": b""}, zipfile.ZIP_DEFLATED), False, "the same, packed"),
        (streamed(), False, "lengths behind the members are no members"),
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


@pytest.mark.parametrize(
    "data",
    [*map(without_entry, (b"front.txt", b"inner.zip", b"behind.txt")), denied(20), denied(24)],
    ids=["first", "middle", "last", "packed length", "length"],
)
def test_a_member_that_the_directory_passes_over_is_read_and_told(data: bytes) -> None:
    items = list(read_document(Source.from_bytes(data, "case.zip")))
    text = " ".join(item.text for item in items if isinstance(item, Segment))
    coverage = items[-1]
    assert isinstance(coverage, Coverage)
    assert coverage.status is Status.PARTIAL
    assert {"Tokenfront", "Tokeninner", "Tokenbehind"} <= set(text.split())


def test_members_behind_damage_of_the_directory_are_read_and_the_damage_told() -> None:
    items = list(read_document(Source.from_bytes(damaged_directory(), "case.zip")))
    text = " ".join(item.text for item in items if isinstance(item, Segment))
    coverage = items[-1]
    assert isinstance(coverage, Coverage)
    assert coverage.status is Status.PARTIAL
    assert "Tokenbehind" in text
