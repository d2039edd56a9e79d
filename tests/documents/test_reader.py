"""The frame: every input ends with a coverage that tells the truth, and nothing raises."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.documents import (
    Coverage,
    Event,
    Gap,
    Limits,
    Location,
    Member,
    Protection,
    ProtectionNote,
    Segment,
    Shortfall,
    Source,
    Status,
    read_document,
    read_whole,
)
from scanner.documents import reader as frame
from scanner.documents.registry import PARSERS, parser_for


def read(data: bytes, name: str = "", limits: Limits | None = None) -> tuple[list[Segment], Coverage]:
    items = list(read_document(Source.from_bytes(data, name), limits=limits))
    assert isinstance(items[-1], Coverage)
    segments = [item for item in items[:-1] if isinstance(item, Segment)]
    assert len(segments) == len(items) - 1, "the coverage comes once, at the end"
    return segments, items[-1]


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.mark.parametrize(
    ("data", "status", "reason", "kind", "why"),
    [
        (b"", Status.NOT_INSPECTED, Shortfall.EMPTY, "empty", "zero bytes"),
        (b"plain words", Status.INSPECTED, None, "text", "text"),
        (PNG + b"\0\0\4\0\0\0\4\0", Status.NOT_INSPECTED, Shortfall.NEEDS_OCR, "image", "a picture"),
        (
            b"fLaC" + b"\0" * 99,
            Status.NOT_INSPECTED,
            Shortfall.UNSUPPORTED_KIND,
            "audio",
            "no reader",
        ),
        (
            b"\x7fELF" + b"\0" * 99,
            Status.NOT_INSPECTED,
            Shortfall.UNSUPPORTED_KIND,
            "executable",
            "a program",
        ),
        (
            bytes(range(256)) * 9,
            Status.PARTIAL,
            Shortfall.UNKNOWN_KIND,
            "unknown",
            "binary with runs of letters",
        ),
        (b"\0\1\2\3" * 999, Status.NOT_INSPECTED, Shortfall.UNKNOWN_KIND, "unknown", "binary without any"),
        (b"PK\x03\x04 cut off", Status.NOT_INSPECTED, Shortfall.DAMAGED, "zip", "cut off"),
        (b"%PDF-1.7 nothing more", Status.NOT_INSPECTED, Shortfall.DAMAGED, "pdf", "cut off"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Status.NOT_INSPECTED, Shortfall.DAMAGED, "ole", "cut off"),
        (
            zipped({"a.png": PNG + b"\0\0\4\0\0\0\4\0"}),
            Status.NOT_INSPECTED,
            Shortfall.NEEDS_OCR,
            "zip",
            "inside",
        ),
        (
            zipped({"a.png": PNG + b"\0\0\0\5\0\0\0\5", "b.txt": b"x"}),
            Status.INSPECTED,
            None,
            "zip",
            "an icon",
        ),
        (
            zipped({"a.txt": b"words", "b.bin": b"\0\1" * 99}),
            Status.PARTIAL,
            Shortfall.UNKNOWN_KIND,
            "zip",
            "mixed",
        ),
        (zipped({"empty.txt": b""}), Status.INSPECTED, None, "zip", "an empty member hides nothing"),
    ],
)
def test_coverage(data: bytes, status: Status, reason: Shortfall | None, kind: str, why: str) -> None:
    _, coverage = read(data)
    assert (coverage.status, coverage.kind) == (status, kind), why
    assert (coverage.gaps[0].reason if coverage.gaps else None) is reason, why


def test_wrong_extension_is_no_matter() -> None:
    segments, coverage = read(zipped({"a.txt": b"words"}), "budget.pdf")
    assert coverage.kind == "zip"
    assert segments[0].text == "budget.pdf"
    assert segments[-1].text == "words"


def test_locations_begin_with_the_source() -> None:
    source = Source.from_bytes(b"words", "a.txt", Location(("share", "a.txt")))
    segments, _ = read_whole(source)
    assert [str(segment.location) for segment in segments] == [
        "share > a.txt > file name",
        "share > a.txt > line 1",
    ]


def test_names_that_are_not_utf8_can_be_written_out() -> None:
    segments, _ = read(b"words", os.fsdecode(b"caf\xe9.txt"))
    assert segments[0].text.encode()


def test_names_cannot_write_to_the_terminal() -> None:
    segments, coverage = read(zipped({"a\x1b[2Jb\n.rar": b"Rar!\x1a\x07\x00"}))
    assert str(coverage.gaps[0].location).isprintable()
    assert all(str(segment.location).isprintable() for segment in segments)
    assert segments[-1].text == "a\x1b[2Jb\n.rar", "as text to be scanned a name stays as it is"


def test_too_large_is_said_before_reading() -> None:
    def opened() -> io.BytesIO:
        raise AssertionError("must not be opened")

    _, coverage = read_whole(Source("x", 4_000_000_000, opened))
    assert coverage.status is Status.NOT_INSPECTED
    assert coverage.gaps[0].reason is Shortfall.TOO_LARGE
    _, coverage = read(b"<html>" + b"words" * 999, limits=Limits(parser_bytes=1_000))
    assert coverage.gaps[0].reason is Shortfall.TOO_LARGE


def test_text_limit_stops_and_is_a_gap() -> None:
    segments, coverage = read(
        b"word " * 100_000, limits=Limits(text_characters=50_000, segment_characters=10_000)
    )
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    assert sum(len(segment.text) for segment in segments) <= 60_000


def test_long_rows_are_cut_between_their_fields() -> None:
    data = b"Name,DOB,Notes\nAnn,1," + b"word " * 5_000 + b"\nBob,2,x\n"
    segments, _ = read(data, limits=Limits(segment_characters=4_000))
    assert max(len(segment.text) for segment in segments) <= 4_000
    cut = [segment for segment in segments if segment.location.parts == ("line 2",)]
    assert len(cut) > 5
    for segment in cut:
        assert segment.fields[-1].end <= len(segment.text)
        assert segment.fields[-1].label == "Notes"
        assert len(segment.fields) == len(segment.cells)


def test_files_are_read_by_descriptor_without_moving_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"words of a file")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        source = Source.from_descriptor(descriptor, "a.txt")
        segments, coverage = read_whole(source)
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 0
    finally:
        os.close(descriptor)
    assert coverage.status is Status.INSPECTED
    assert segments[-1].text == "words of a file"


def test_a_file_that_fails_while_reading_is_a_read_error() -> None:
    class Failing(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            raise OSError(5, "Input/output error")

    _, coverage = read_whole(Source("x", 10, Failing))  # type: ignore[arg-type]
    assert coverage.gaps[0].reason is Shortfall.IO_ERROR


class _Scripted:
    """A parser that plays what a test tells it."""

    kinds = frozenset({"text"})

    def __init__(self, events: list[Event], failure: BaseException | None) -> None:
        self._events = events
        self._failure = failure

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        yield from self._events
        if self._failure is not None:
            raise self._failure


class _PanicError(BaseException):
    """What a library in Rust raises."""


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ValueError("Ann Smith"), Shortfall.DAMAGED),
        (RecursionError("Ann Smith"), Shortfall.PARSER_STOPPED),
        (MemoryError("Ann Smith"), Shortfall.PARSER_STOPPED),
        (_PanicError("Ann Smith"), Shortfall.DAMAGED),
    ],
)
def test_whatever_a_parser_raises_is_a_gap_without_its_words(
    monkeypatch: pytest.MonkeyPatch, failure: BaseException, reason: Shortfall
) -> None:
    before = Segment("read before", Location(("page 1",)))
    monkeypatch.setattr(frame, "parser_for", lambda kind: _Scripted([before], failure))
    segments, coverage = read(b"words")
    assert segments == [before]
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is reason
    assert "Ann" not in repr(coverage)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_person_can_still_stop_it(monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]) -> None:
    monkeypatch.setattr(frame, "parser_for", lambda kind: _Scripted([], stop()))
    with pytest.raises(stop):
        read(b"words")


TEXT = Segment("words", Location(("page 1",)))
LOCKED = Gap(Location(), Shortfall.ENCRYPTED)
PART = Location(("attachment",))


@pytest.mark.parametrize(
    ("events", "status", "protection", "why"),
    [
        ([ProtectionNote(Protection.STRONG), LOCKED], Status.ENCRYPTED, Protection.STRONG, "all of it"),
        (
            [TEXT, ProtectionNote(Protection.STRONG), LOCKED],
            Status.ENCRYPTED,
            Protection.STRONG,
            "a property in clear",
        ),
        (
            [TEXT, ProtectionNote(Protection.STRONG, PART), LOCKED],
            Status.PARTIAL,
            Protection.PARTLY,
            "a part of it",
        ),
        ([ProtectionNote(Protection.WEAK, PART), LOCKED], Status.ENCRYPTED, Protection.WEAK, "the only part"),
        (
            [TEXT, ProtectionNote(Protection.NAME_ONLY)],
            Status.INSPECTED,
            Protection.NAME_ONLY,
            "in name only",
        ),
        (
            [TEXT, ProtectionNote(Protection.PARTLY), LOCKED],
            Status.PARTIAL,
            Protection.PARTLY,
            "said to be partly",
        ),
        ([TEXT, Gap(PART, Shortfall.DAMAGED)], Status.PARTIAL, Protection.NONE, "damage is no encryption"),
        ([LOCKED, Gap(PART, Shortfall.DAMAGED)], Status.NOT_INSPECTED, Protection.NONE, "not only encrypted"),
    ],
)
def test_status_and_protection(
    monkeypatch: pytest.MonkeyPatch, events: list[Event], status: Status, protection: Protection, why: str
) -> None:
    monkeypatch.setattr(frame, "parser_for", lambda kind: _Scripted(events, None))
    _, coverage = read(b"words")
    assert (coverage.status, coverage.protection) == (status, protection), why


def test_hidden_members_hide_what_is_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Member("x.txt", b"words", PART, hidden="hidden sheet")
    real = frame.parser_for
    parsers = [_Scripted([inner], None)]
    monkeypatch.setattr(frame, "parser_for", lambda kind: parsers.pop() if parsers else real(kind))
    segments, _ = read(b"outer")
    assert {segment.hidden for segment in segments} == {"hidden sheet"}


@pytest.mark.parametrize("kind", sorted(PARSERS))
def test_registry_names_parsers_that_read_the_kind(kind: str) -> None:
    parser = parser_for(kind)
    assert parser is not None
    assert kind in parser.kinds


def test_a_long_line_needs_little_memory_and_splits_no_number() -> None:
    line = b"ref 1234567890, " * 1_500_000
    total = 0
    for item in read_document(Source.from_bytes(line)):
        if isinstance(item, Segment):
            assert len(item.text) <= 1_000_000
            assert item.text.count("1234567890") == item.text.count("ref")
            total += item.text.count("ref")
    assert total == 1_500_000


def seeds() -> list[bytes]:
    table = b"Name,DOB,Ref\n" + b"Ann,01/02/2010,7\n" * 20
    html = (
        b"<html><body><table><tr><th>Name<td>x</table><p style='display:none'>y</p><!-- z --></body></html>"
    )
    mail = (
        b"From: a@b.c\nTo: d@e.f\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nt\n"
    )
    xml = b"<?xml version='1.0'?><r><p><n>Ann</n><d>1</d></p><p><n>Bob</n><d>2</d></p></r>"
    rtf = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}words \'e9 {\v hidden}\par}"
    js = b'{"people": [{"name": "Ann", "dob": "1"}, {"name": "Bob"}]}'
    return [
        table,
        html,
        mail,
        xml,
        rtf,
        js,
        zipped({"a.csv": table, "b.html": html, "c.eml": mail, "d.xml": xml}),
    ]


@pytest.mark.parametrize("index", range(7))
def test_damaged_files_never_raise(index: int) -> None:
    chance = random.Random(index)
    original = seeds()[index]
    for _ in range(60):
        data = bytearray(original)
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = bytes(data[: chance.randrange(len(data))]) if chance.random() < 0.5 else bytes(data)
        _, coverage = read(cut)
        assert coverage.status in Status


def test_random_bytes_never_raise() -> None:
    chance = random.Random(7)
    marks = [
        b"",
        b"PK\x03\x04",
        b"%PDF-",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"{\\rtf1",
        b"<?xml",
        b"\x1f\x8b\x08",
        b"BZh9",
    ]
    for _ in range(120):
        _, coverage = read(chance.choice(marks) + chance.randbytes(chance.randrange(4_000)))
        assert coverage.status in Status


@pytest.mark.parametrize(
    ("data", "status", "why"),
    [
        (
            b"\xff" * 4 + bytes(183),
            Status.INSPECTED,
            "what Office leaves in the place of a part ([trash]/0000.dat)",
        ),
        (
            b"\xff" * 4 + bytes(183) + b"\x01\x02\x03",
            Status.NOT_INSPECTED,
            "near miss: something stands there",
        ),
    ],
)
def test_nothing_but_fill_is_no_gap(data: bytes, status: Status, why: str) -> None:
    assert read_whole(Source.from_bytes(data))[1].status is status, why
