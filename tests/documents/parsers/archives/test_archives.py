"""Archives: members, comments, encryption by member, damage and bombs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
import pyzipper

from scanner.documents import Coverage, Limits, Protection, Segment, Shortfall, Source, Status, read_whole


def read(data: bytes, name: str = "", limits: Limits | None = None) -> tuple[list[tuple[str, str]], Coverage]:
    segments, coverage = read_whole(Source.from_bytes(data, name), limits=limits)
    return [(segment.text, str(segment.location)) for segment in segments], coverage


def packed(entries: dict[str, bytes], comment: bytes = b"", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def locked(entries: dict[str, bytes], plain: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"correct horse")
        for name, content in entries.items():
            archive.writestr(name, content)
    data = out.getvalue()
    if plain:
        with zipfile.ZipFile(out, "a") as archive:
            for name, content in plain.items():
                archive.writestr(name, content)
        data = out.getvalue()
    return data


def flagged(data: bytes) -> bytes:
    """Set the encryption flag of every member in the local and the central headers."""
    out = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(mark)
        while position >= 0:
            out[position + offset] |= 1
            position = data.find(mark, position + 4)
    return bytes(out)


def test_members_names_and_comments() -> None:
    found, coverage = read(packed({"cases/Smith.txt": b"secret words"}, comment=b"for Ann"))
    assert coverage.status is Status.INSPECTED
    assert ("for Ann", "archive comment") in found
    assert ("cases/Smith.txt", "cases/Smith.txt > file name") in found
    assert ("secret words", "cases/Smith.txt > line 1") in found


@pytest.mark.parametrize(
    ("front", "behind", "expected", "why"),
    [
        (b"", b"", {}, "nothing around it"),
        (b"", b"Zeta Token behind", {"behind": "outside of all parts"}, "a text was added"),
        (b"Zeta Token in front\n", b"", {"in front": "outside of all parts"}, "a text stands in front"),
        (b"", b"\0" * 500 + b"\r\n", {}, "padding of a tape"),
        (b"PK\x07\x08", b"", {}, "the mark of a set of one part"),
    ],
)
def test_what_stands_around_an_archive(
    front: bytes, behind: bytes, expected: dict[str, str], why: str
) -> None:
    data = front + packed({"a.txt": b"inside"}, comment=b"a remark") + behind
    segments, coverage = read_whole(Source.from_bytes(data, "x.zip"))
    outside = {str(one.location): one.hidden for one in segments if "archive" in str(one.location)}
    outside.pop("archive comment")
    assert outside == {
        f"data {key} {'of ' * (key == 'in front')}the archive > line 1": value
        for key, value in expected.items()
    }, why
    assert coverage.status is Status.INSPECTED
    assert any(one.text == "inside" for one in segments)


@pytest.mark.parametrize(
    ("change", "kind", "why"),
    [
        (lambda head: head, "tar", "as programs of before POSIX wrote it"),
        (lambda head: head[:20] + b"x" + head[21:], "unknown", "near miss: the sum of the head is another"),
    ],
)
def test_tar_archives_without_a_mark(change, kind: str, why: str) -> None:  # type: ignore[no-untyped-def]
    body = b"Zeta Token inside"
    head = b"notes.txt".ljust(100, b"\0") + b"0000644\0" * 3 + b"%011o " % len(body) + b"14700000000 "
    total = sum(head) + sum(b" " * 8)
    head = (head + b"%06o\0 " % total).ljust(512, b"\0")
    segments, coverage = read_whole(Source.from_bytes(change(head) + body.ljust(512, b"\0") + bytes(1024)))
    assert coverage.kind == kind, why
    assert ("notes.txt > line 1" in {str(one.location) for one in segments}) is (kind == "tar")


@pytest.mark.parametrize("size", [20, 100_000])
def test_the_forerunner_of_xz(size: int) -> None:
    data = lzma.compress(b"Zeta Token " * (size // 10), format=lzma.FORMAT_ALONE)
    segments, coverage = read_whole(Source.from_bytes(data, "notes.txt.lzma"))
    assert coverage.status is Status.INSPECTED
    assert any("Zeta Token" in one.text for one in segments)


def test_names_of_empty_folders_are_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder in ("Zeta Token/", "full/", "full/outer/", "full/outer/inner/"):
            archive.mkdir(folder.rstrip("/"))
        archive.writestr("full/a.txt", "x")
    segments, _ = read_whole(Source.from_bytes(buffer.getvalue(), "x.zip"))
    named = [one.text for one in segments if str(one.location).endswith("folder name")]
    assert named == ["Zeta Token", "full/outer/inner"]


def test_nested_archives_and_their_limit() -> None:
    data = b"innermost words"
    for level in range(12):
        data = packed({f"level{level}.{'zip' if level else 'txt'}": data})
    found, coverage = read(data)
    assert coverage.status is Status.NOT_INSPECTED, "nothing but archives was read"
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    found, coverage = read(data, limits=Limits(nesting=20))
    assert coverage.status is Status.INSPECTED
    assert found[-1][0] == "innermost words"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_single_compressed_files(pack: object) -> None:
    data = pack(b"secret words")  # type: ignore[operator]
    found, coverage = read(data, "notes.txt.gz")
    assert coverage.status is Status.INSPECTED
    assert ("secret words", "notes.txt > line 1") in found


def test_cut_off_gzip_keeps_what_came() -> None:
    data = gzip.compress(b"".join(b"line %d of the log\n" % number for number in range(20_000)))
    found, coverage = read(data[: len(data) // 2])
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.DAMAGED
    assert "line 100 of the log" in found[-1][0]


def three_in_tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for number in range(3):
            entry = tarfile.TarInfo(f"{number}.txt")
            entry.size = 9
            archive.addfile(entry, io.BytesIO(b"Tokenword"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "whole", "why"),
    [
        (three_in_tar(), True, "as written"),
        (three_in_tar()[: 512 * 7], True, "one zero block is an end as well"),
        (three_in_tar()[: 512 * 6], False, "cut off between members"),
        (three_in_tar()[: 512 * 2 + 100], False, "cut off in a header"),
        (three_in_tar()[:1024] + b"x" * 512 + three_in_tar()[1536:], False, "a damaged header is no end"),
    ],
)
def test_the_end_of_a_tar_archive(data: bytes, whole: bool, why: str) -> None:
    _, coverage = read(data)
    assert coverage.kind == "tar"
    assert (coverage.status is Status.INSPECTED) == whole, why


def test_tar() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name in ("a.txt", "b/c.txt"):
            info = tarfile.TarInfo(name)
            info.size = 12
            archive.addfile(info, io.BytesIO(f"words {name:>6.6}".encode()))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    found, coverage = read(out.getvalue(), "x.tgz")
    assert coverage.status is Status.INSPECTED
    assert [place for text, place in found if text.startswith("words")] == [
        "x.tar > a.txt > line 1",
        "x.tar > b/c.txt > line 1",
    ]
    assert "root:" not in "".join(text for text, _ in found)


@pytest.mark.parametrize(
    ("data", "status", "protection", "why"),
    [
        (locked({"a.txt": b"x"}), Status.ENCRYPTED, Protection.STRONG, "AES on all"),
        (
            locked({"a.txt": b"x"}, {"b.txt": b"open words"}),
            Status.PARTIAL,
            Protection.PARTLY,
            "one member open",
        ),
        (
            packed({"in.zip": locked({"a.txt": b"x"})}),
            Status.ENCRYPTED,
            Protection.STRONG,
            "inside a plain archive",
        ),
        (flagged(packed({"a.txt": b"open"})), Status.INSPECTED, Protection.NAME_ONLY, "a flag on plain data"),
        (packed({"a.txt": b"open"}), Status.INSPECTED, Protection.NONE, "plain"),
    ],
)
def test_protection(data: bytes, status: Status, protection: Protection, why: str) -> None:
    found, coverage = read(data)
    assert (coverage.status, coverage.protection) == (status, protection), why
    assert any("a.txt" in place for _, place in found), "names stay readable"


def test_cut_off_archive_is_read_by_its_local_headers() -> None:
    data = packed({"a.txt": b"first words", "b.txt": b"second words"})
    found, coverage = read(data[: data.index(b"PK\x01\x02")])
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.DAMAGED
    assert [text for text, place in found if "line" in place] == ["first words", "second words"]


def test_wrong_check_sum_keeps_the_text_and_says_so() -> None:
    data = packed({"a.txt": b"secret words"}, method=zipfile.ZIP_STORED)
    found, coverage = read(data.replace(b"secret words", b"Secret words"))
    assert found[-1][0] == "Secret words"
    assert coverage.gaps[0].reason is Shortfall.DAMAGED


def test_identical_members_are_read_once() -> None:
    found, _ = read(packed({"a.txt": b"same words", "b.txt": b"same words"}))
    assert [text for text, _ in found].count("same words") == 1
    assert ("b.txt", "b.txt > file name") in found


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(), "ratio: 20 MB of zeros"),
        (Limits(ratio=100_000, expanded_bytes=5_000_000), "bytes in all"),
    ],
)
def test_bombs_are_not_inflated(limits: Limits, why: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros.bin", "w") as member:
        for _ in range(20):
            member.write(bytes(1_000_000))
    _, coverage = read(out.getvalue(), limits=limits)
    assert coverage.gaps[0].reason is Shortfall.LIMIT, why
    _, coverage = read(gzip.compress(bytes(20_000_000)), limits=limits)
    assert coverage.gaps[0].reason is Shortfall.LIMIT, why


def test_member_limit() -> None:
    data = packed({f"{number}.txt": b"words %d" % number for number in range(30)})
    found, coverage = read(data, limits=Limits(members=10))
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    assert len([place for _, place in found if "line" in place]) == 10


def test_segments_of_members_carry_unique_tables() -> None:
    table = b"Name,DOB,Ref\nAnn,1,2\n"
    segments, _ = read_whole(Source.from_bytes(packed({"a.csv": table, "b.csv": table + b"Bob,3,4\n"})))
    tables = {
        str(segment.location)[:5]: segment.table for segment in segments if isinstance(segment, Segment)
    }
    assert tables["a.csv"] != tables["b.csv"]
