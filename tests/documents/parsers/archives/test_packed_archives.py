"""Archives that libarchive unpacks, made by the real programs: members, locks, parts, damage."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from scanner.documents import Coverage, Limits, Protection, Segment, Shortfall, Source, Status, read_whole
from scanner.documents.parsers.archives import packed_archives
from scanner.documents.parsers.archives.archive_signals import is_named_as_part
from scanner.documents.parsers.archives.rar_encryption import Rar
from scanner.documents.passwords import Passwords

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "archives"
ONE, TWO = "Tokenone", "Tokentwo"

NO_PASSWORDS = Limits(passwords=Passwords((), 0.0))
needs_libarchive = pytest.mark.skipif(
    packed_archives.load_libarchive() is None, reason="the system library libarchive is not installed"
)


def read(
    name: str, data: bytes | None = None, limits: Limits | None = None
) -> tuple[tuple[Segment, ...], Coverage]:
    return read_whole(
        Source.from_bytes(data or (FOLDER / name).read_bytes(), name), limits=limits or NO_PASSWORDS
    )


def texts(segments: tuple[Segment, ...]) -> str:
    return "\n".join(f"{segment.location}: {segment.text}" for segment in segments)


@needs_libarchive
@pytest.mark.parametrize(
    ("name", "kind", "tokens"),
    [
        ("plain.7z", "7z", (ONE, TWO, "Zoë note.txt")),
        ("plain.cab", "cab", (ONE, TWO)),
        ("plain.lzh", "lha", (ONE,)),
        ("plain.cpio", "cpio", (ONE, TWO, "Zoë note.txt")),
        ("binary.cpio", "cpio", (ONE, TWO)),
        ("plain.xar", "xar", (ONE,)),
        ("plain.ar", "ar", (ONE,)),
        ("plain.tar.zst", "zstd", (ONE, TWO, "plain.tar > sub/Zoë note.txt")),
        ("plain.tar.lz", "lzip", (ONE, TWO)),
        ("plain.tar.Z", "compress", (ONE, TWO)),
        ("list.csv.lz4", "lz4", (ONE,)),
        ("disk.iso.gz", "gzip", (ONE, TWO, "disk.iso > Zoë note.txt")),
        ("rar5-crc.rar", "rar", ("stest1.txt", "RAR5 archive - crc")),
        ("rar5-subdirs.rar", "rar", ("sub/üȵĩöḋè/file.txt: file name",)),
        ("rar3-subdirs.rar", "rar", ("sub/with space/long fn.txt > line 1: long fn",)),
        ("rar202-comment-nopsw.rar", "rar", ("FILE1.TXT > line 1: file1",)),
    ],
)
def test_every_member_is_read(name: str, kind: str, tokens: tuple[str, ...]) -> None:
    segments, coverage = read(name)
    assert coverage.kind == kind
    assert coverage.status is Status.INSPECTED, coverage.gaps
    found = texts(segments).replace(" > file name:", ": file name:")
    for token in tokens:
        assert token in found, f"{token} is not read"


@needs_libarchive
def test_an_archive_of_ar_whose_size_is_lost_is_damaged() -> None:
    data = (FOLDER / "plain.ar").read_bytes()
    at = data.index(b"`\n") - 10
    _, coverage = read("plain.ar", data[:at] + bytes(10) + data[at + 10 :])
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.DAMAGED]


@needs_libarchive
def test_a_table_in_an_archive_keeps_its_columns() -> None:
    segments, _ = read("plain.7z")
    row = next(segment for segment in segments if ONE in segment.text)
    assert [field.label for field in row.fields] == ["Surname", "Reference"]
    assert row.location.parts[0] == "list.csv"


@pytest.mark.parametrize(
    ("name", "protection", "status", "names"),
    [
        ("locked.7z", Protection.STRONG, Status.ENCRYPTED, True),
        ("names-locked.7z", Protection.STRONG, Status.ENCRYPTED, False),
        ("partly-locked.7z", Protection.PARTLY, Status.PARTIAL, True),
        ("rar5-psw.rar", Protection.STRONG, Status.ENCRYPTED, True),
        ("rar5-hpsw.rar", Protection.STRONG, Status.ENCRYPTED, False),
        ("rar3-comment-psw.rar", Protection.STRONG, Status.ENCRYPTED, True),
        ("rar3-comment-hpsw.rar", Protection.STRONG, Status.ENCRYPTED, False),
        ("rar202-comment-psw.rar", Protection.WEAK, Status.ENCRYPTED, True),
    ],
)
@needs_libarchive
def test_locks_are_told_and_names_stay_readable(
    name: str, protection: Protection, status: Status, names: bool
) -> None:
    segments, coverage = read(name)
    assert (coverage.protection, coverage.status) == (protection, status)
    assert {gap.reason for gap in coverage.gaps} == {Shortfall.ENCRYPTED}
    assert (len(segments) > 1) is names
    found = texts(segments)
    assert "Tokenthree" not in found
    assert (ONE in found) is (name == "partly-locked.7z")


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("rar5-psw.rar", "stest1.txt > line 1: 000"),
        ("rar5-hpsw.rar", "stest2.txt: file name: stest2.txt"),
        ("rar3-comment-psw.rar", "file2.txt: file name: file2.txt"),
        ("rar3-comment-hpsw.rar", "file2.txt: file name: file2.txt"),
    ],
)
@needs_libarchive
def test_rar_opens_with_its_password(name: str, token: str) -> None:
    segments, coverage = read(name, limits=Limits(passwords=Passwords(("wrong", "password"), 20.0)))
    assert token in texts(segments).replace(" > file name:", ": file name:")
    assert coverage.status is Status.INSPECTED, coverage.gaps
    assert {part.opened for part in coverage.protected} == {"a listed password"}


def rar4_block(kind: int, flags: int, fields: bytes) -> bytes:
    head = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head


def locked_rar4(text: bytes, password: str) -> bytes:
    """A RAR 4 archive of one stored and encrypted member; its real fixtures are of empty ones."""
    salt = bytes(range(8))
    digest, vector = hashlib.sha1(), b""
    for number in range(0x40000):
        digest.update(password.encode("utf-16-le") + salt + struct.pack("<I", number)[:3])
        if number % 0x4000 == 0:
            vector += digest.copy().digest()[-1:]
    key = struct.pack("<4I", *struct.unpack(">4I", digest.digest()[:16]))
    padded = text + bytes(-len(text) % 16)
    locker = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    fields = struct.pack(
        "<IIBIIBBHI", len(padded), len(text), 3, zlib.crc32(text), 0x5A000000, 29, 0x30, 8, 0x81A4
    )
    member = rar4_block(0x74, 0x8404, fields + b"note.txt" + salt)
    sealed = locker.update(padded) + locker.finalize()
    end = rar4_block(0x7B, 0x4000, b"")
    return b"Rar!\x1a\x07\x00" + rar4_block(0x73, 0, bytes(6)) + member + sealed + end


@needs_libarchive
@pytest.mark.parametrize(
    ("password", "status"), [("four horses", Status.INSPECTED), ("five horses", Status.ENCRYPTED)]
)
def test_a_member_of_rar_4_opens_with_its_password_only(password: str, status: Status) -> None:
    data = locked_rar4(b"Tokenlocked in a note", "four horses")
    found, coverage = read("a.rar", data, Limits(passwords=Passwords((password,), 20.0)))
    assert coverage.status is status
    assert ("Tokenlocked" in texts(found)) is (status is Status.INSPECTED)


@pytest.mark.parametrize(
    "name", ["rar5-psw.rar", "rar5-hpsw.rar", "rar3-comment-psw.rar", "rar3-comment-hpsw.rar"]
)
def test_the_encryption_of_rar_comes_off_with_the_right_password_only(name: str) -> None:
    archive = Rar((FOLDER / name).read_bytes())
    plain = archive.opened("password")
    assert plain is not None
    assert b"test1.txt" in plain or b"file1.txt" in plain
    if name != "rar3-comment-psw.rar":  # its files are empty: nothing in them tells a wrong password
        assert archive.opened("Password") is None


@pytest.mark.parametrize(
    ("name", "read_from_it"),
    [
        ("volumes.7z.001", ""),
        ("volumes.7z.002", ""),
        ("rar3-vols.part3.rar", "smallfile.txt"),
        ("rar5-vols.part3.rar", "smallfile.txt"),
    ],
)
def test_one_part_of_a_set_says_so(name: str, read_from_it: str) -> None:
    segments, coverage = read(name)
    assert coverage.status in (Status.PARTIAL, Status.NOT_INSPECTED)
    assert coverage.gaps[0].reason is Shortfall.UNSUPPORTED_KIND
    assert coverage.gaps[0].detail.startswith("part of a set")
    assert read_from_it in texts(segments)


@needs_libarchive
def test_solid_rar_4_is_not_passed_as_read() -> None:
    segments, coverage = read("rar3-solid.rar")
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[-1].reason is Shortfall.UNSUPPORTED_KIND
    assert {"stest1.txt", "stest2.txt"} <= {segment.text for segment in segments}


def test_without_the_system_library_the_kind_is_not_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_archives, "load_libarchive", lambda: None)
    for name in ("plain.7z", "plain.tar.zst", "rar5-crc.rar"):
        _, coverage = read(name)
        assert coverage.gaps[0].reason is Shortfall.UNSUPPORTED_KIND
        assert "libarchive" in coverage.gaps[0].detail
        assert coverage.status is not Status.INSPECTED
    _, coverage = read("names-locked.7z")
    assert coverage.status is Status.ENCRYPTED, "the header tells without the library"


@needs_libarchive
def test_members_larger_than_memory_are_streamed_and_counted(tmp_path: Path) -> None:
    lines = b"".join(b"row %d, filler that packs well\n" % number for number in range(1_400_000))
    data = lines + b"last line with Tokenlast\n"
    assert len(data) > 40_000_000
    archive = _packed(tmp_path, "big.txt", data, "7zip")
    wide = Limits(ratio=10_000)
    segments, coverage = read("big.7z", archive, wide)
    assert coverage.status is Status.INSPECTED
    assert "Tokenlast" in segments[-1].text
    for limits, why in (
        (Limits(expanded_bytes=1_000_000, ratio=10_000), "expands to more"),
        (Limits(ratio=2), "to 1"),
    ):
        _, coverage = read("big.7z", archive, limits)
        assert coverage.gaps[0].reason is Shortfall.LIMIT
        assert why in coverage.gaps[0].detail


def _packed(folder: Path, name: str, data: bytes, kind: str) -> bytes:
    libarchive = pytest.importorskip("libarchive")
    out = folder / "out"
    with libarchive.file_writer(str(out), kind) as archive:
        archive.add_file_from_memory(name, len(data), data)
    return out.read_bytes()


@needs_libarchive
def test_the_member_limit_holds(tmp_path: Path) -> None:
    _, coverage = read("plain.7z", limits=Limits(members=1))
    assert coverage.gaps[0].reason is Shortfall.LIMIT


@pytest.mark.parametrize("name", ["plain.7z", "rar5-crc.rar", "plain.cab", "plain.cpio", "plain.tar.zst"])
@needs_libarchive
def test_a_cut_off_archive_is_not_passed_as_read(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    _, coverage = read(name, data[: len(data) * 2 // 3])
    assert coverage.status is not Status.INSPECTED
    assert coverage.gaps


@needs_libarchive
def test_compressed_data_without_content_is_not_passed_as_read() -> None:
    _, coverage = read_whole(Source.from_bytes(b"\x1f\x9d\x90l\xd2", "notes.tar.Z"))
    assert coverage.status is not Status.INSPECTED


def test_nothing_is_said_on_standard_error_and_mutations_never_raise() -> None:
    """The library quotes member names in its warnings: none of it may reach a log."""
    script = (
        "import random, sys; from pathlib import Path\n"
        "from scanner.documents import Coverage, Source, read_document\n"
        "chance = random.Random(4)\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    plain = path.read_bytes()\n"
        "    for _ in range(8):\n"
        "        data = bytearray(plain)\n"
        "        for _ in range(chance.randint(1, 12)):\n"
        "            data[chance.randrange(len(data))] = chance.randrange(256)\n"
        "        *_, last = read_document(Source.from_bytes(bytes(data), path.name))\n"
        "        assert isinstance(last, Coverage)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(FOLDER)],
        env={**os.environ, "LC_ALL": "C", "PYTHONPATH": str(Path(__file__).resolve().parents[4])},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_damage_in_every_place_of_the_headers_ends_with_a_coverage() -> None:
    chance = random.Random(7)
    for name in ("rar3-subdirs.rar", "rar5-subdirs.rar", "plain.7z"):
        plain = (FOLDER / name).read_bytes()
        for position in range(7, min(len(plain), 160), 3):
            data = bytearray(plain)
            data[position] = chance.randrange(256)
            _, coverage = read(name, bytes(data))
            assert (coverage.status is Status.INSPECTED) == (not coverage.gaps)


def test_a_disk_image_within_gzip_is_a_member() -> None:
    data = gzip.decompress((FOLDER / "disk.iso.gz").read_bytes())
    _, coverage = read("disk.iso", data)
    assert coverage.kind == "iso"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("case.7z.001", True),
        ("case.part12.rar", True),
        ("case.z01", True),
        ("case.r00", True),
        ("case.zip", False),
        ("report.2024", False),
        ("part2.rar.txt", False),
    ],
)
def test_names_of_parts(name: str, expected: bool) -> None:
    assert is_named_as_part(name) is expected
