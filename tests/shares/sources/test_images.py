"""Disk images made with the system's own tools, read without mounting: files, deleted files, free space."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.sources import Sources, usable
from scanner.shares.sources.image_reading import UNALLOCATED, UNREADABLE
from scanner.store import runs
from scanner.store.entry import LedgerEntry, RunState
from scanner.store.inventory.tables import open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun

from ..plain_inspector import TEST_KEY
from ..test_nights import SPECIMEN, Log, Noting

SECRET = f"number {SPECIMEN} " * 3_000


def _need(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not here: {', '.join(missing)} (Debian: dosfstools, mtools, e2fsprogs, ntfs-3g)")


def _run(*command: object) -> None:
    environment = {**os.environ, "MTOOLS_SKIP_CHECK": "1"}
    subprocess.run([str(part) for part in command], check=True, capture_output=True, env=environment)


def _sized(path: Path, megabytes: int) -> Path:
    with path.open("wb") as file:
        file.truncate(megabytes * 1_000_000)
    return path


def _fat(tmp_path: Path) -> Path:
    _need("mkfs.vfat", "mcopy", "mdel")
    image = _sized(tmp_path / "stick.img", 20)
    _run("mkfs.vfat", image)
    for name, text in (("kept.txt", "nothing here"), ("gone.txt", SECRET)):
        (tmp_path / name).write_text(text)
        _run("mcopy", "-i", image, tmp_path / name, f"::{name}")
    _run("mdel", "-i", image, "::gone.txt")
    return image


def _ext4(tmp_path: Path) -> Path:
    _need("mkfs.ext4", "debugfs")
    folder = tmp_path / "content"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "caf\u00e9.txt").write_text("nothing here")
    (folder / "gone.txt").write_text(SECRET)
    image = _sized(tmp_path / "disk.img", 20)
    _run("mkfs.ext4", "-q", "-F", "-d", folder, image)
    _run("debugfs", "-w", "-R", "rm /gone.txt", image)
    return image


def _ntfs(tmp_path: Path) -> Path:
    _need("mkntfs", "ntfscp")
    image = _sized(tmp_path / "laptop.img", 20)
    _run("mkntfs", "-F", "-q", "-f", image)
    (tmp_path / "staff.txt").write_text(SECRET)
    _run("ntfscp", image, tmp_path / "staff.txt", "/staff.txt")
    return image


def _scanned(image: Path, tmp_path: Path) -> tuple[RunState, dict[str, LedgerEntry]]:
    engine = open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}")
    root = usable(f"image://{image}")
    stored = runs.start(engine, NewRun((root,), "test"))
    settings = ScanSettings(workers=WorkerSettings(count=2))
    record = scan(Run(settings, Noting(log=Log()), TEST_KEY), engine, stored)
    entries = Ledger(engine, stored.number).entries()
    return record.state, {entry.path.removeprefix(f"{root.decode()}/"): entry for entry in entries}


def test_fat_with_a_deleted_file(tmp_path: Path) -> None:
    state, found = _scanned(_fat(tmp_path), tmp_path)
    assert state is RunState.FINISHED
    assert found["file system/kept.txt"].gaps == ()
    (deleted,) = [entry for path, entry in found.items() if "(deleted" in path]
    assert deleted.counts == {"UK_NINO": 3_000}


def _free(image: Path) -> bytes:
    """All of the free space, as it is read."""
    root = usable(f"image://{image}")
    server = Sources().servers.of(root)
    free = root + b"/file system/" + UNALLOCATED.encode()
    content = b""
    for name, about in server.listing(free):
        with server.open(free + b"/" + name) as file:
            piece = file.read()
        assert len(piece) == about.st_size
        content += piece
    return content


def test_ext4_with_a_deleted_file_whose_blocks_are_free(tmp_path: Path) -> None:
    image = _ext4(tmp_path)
    state, found = _scanned(image, tmp_path)
    assert state is RunState.FINISHED
    assert "file system/deep/caf\u00e9.txt" in found
    assert f"file system/{UNALLOCATED}/from block 0" in found
    # ext4 forgets where a deleted file lay: its text is in the space that no file has.
    assert SPECIMEN.encode() in _free(image)


def test_free_space_is_what_no_file_has(tmp_path: Path) -> None:
    image = _ntfs(tmp_path)
    server = Sources().servers.of(usable(f"image://{image}"))
    root = usable(f"image://{image}")
    names = {name for name, _ in server.listing(root + b"/file system")}
    assert {b"staff.txt", b"$MFT", UNALLOCATED.encode()} <= names
    with server.open(root + b"/file system/staff.txt") as file:
        assert file.read().decode() == SECRET
    content = _free(image)
    assert len(content) > 10_000_000
    assert SPECIMEN.encode() not in content


def test_partitions_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    image = _sized(tmp_path / "whole.img", 40)
    entries = b"".join(
        struct.pack("<B3sB3sII", 0, b"", kind, b"", first, 20_000)
        for kind, first in ((0x0C, 2048), (0x83, 24_000))
    )
    part = _fat(tmp_path)
    with image.open("r+b") as whole, part.open("rb") as inner:
        whole.seek(446)  # the table of the master boot record
        whole.write(entries + bytes(32) + b"\x55\xaa")
        whole.seek(2048 * 512)
        whole.write(inner.read(20_000 * 512))
    state, found = _scanned(image, tmp_path)
    assert state is RunState.FINISHED
    assert "partition 1/kept.txt" in found
    unreadable = found[f"partition 2 ({UNREADABLE})"]
    assert unreadable.reason.startswith("read error: folder cannot be opened")


def test_what_is_no_image_is_an_error_of_the_run(tmp_path: Path) -> None:
    image = tmp_path / "letter.txt"
    image.write_text("Dear Sir or Madam")
    state, found = _scanned(image, tmp_path)
    assert (state, found) == (RunState.FAILED, {})
