"""The walk meets every object once and opens nothing but folders."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.documents.model import Shortfall
from scanner.shares import walk as walk_module
from scanner.shares.globs import Globs, Selection
from scanner.shares.walk import Listing, NotAFileError, Walk, distinct_roots, open_quietly

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="making devices and dropping rights needs root")


@dataclass(frozen=True)
class Met:
    raw_path: bytes
    size: int = 0
    mtime_ns: int = 0
    shortfall: Shortfall | None = None
    detail: str = ""


def objects_of(listings: Iterable[Listing]) -> Iterator[Met]:
    for listing in listings:
        stem = listing.folder.rstrip(b"/") + b"/"
        for name, about in listing.files:
            yield Met(stem + name, about.st_size, about.st_mtime_ns)
        for item in listing.unopened:
            yield Met(stem + item.name, 0, item.mtime_ns, item.shortfall, item.detail)


def met(*roots: Path, **options: object) -> list[Met]:
    return [
        found
        for root in distinct_roots([root.resolve() for root in roots])
        for found in objects_of(Walk(root, **options))  # type: ignore[arg-type]
    ]


def by_name(objects: list[Met]) -> dict[str, Met]:
    named = {os.fsdecode(found.raw_path).rpartition("/")[2]: found for found in objects}
    assert len(named) == len(objects)
    return named


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def as_nobody(act: Callable[[], str]) -> str:
    """What ``act`` returns in a child without root's rights."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            os.write(write_end, act().encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


def test_every_file_once_in_a_stable_order(tmp_path: Path) -> None:
    for name in ("b/2.txt", "b/1.txt", "a/x/deep.txt", "z.txt", "a.txt"):
        write(tmp_path / name)
    walk = Walk(tmp_path)
    names = [os.fsdecode(found.raw_path).removeprefix(f"{tmp_path}/") for found in objects_of(walk)]
    assert names == ["a.txt", "z.txt", "a/x/deep.txt", "b/1.txt", "b/2.txt"]
    assert walk.directories == 4
    assert names == [os.fsdecode(found.raw_path).removeprefix(f"{tmp_path}/") for found in met(tmp_path)]


def test_large_folder_in_pieces_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk_module, "NAMES_SORTED", 7)
    for count in (7, 21, 23):  # a multiple of the piece, and not
        folder = tmp_path / str(count)
        for number in range(count):
            write(folder / f"{number}.txt")
        assert len(by_name(met(folder))) == count


def test_size_and_mtime(tmp_path: Path) -> None:
    file = write(tmp_path / "Housing" / "2019" / "list.csv", "abc")
    os.utime(file, ns=(1, 1_700_000_000_123_456_789))
    write(tmp_path / "top.txt")
    objects = by_name(met(tmp_path))
    assert objects["list.csv"].size == 3
    assert objects["list.csv"].mtime_ns == 1_700_000_000_123_456_789


def test_links_are_met_but_never_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "secret.txt")
    root = tmp_path / "share"
    write(root / "real.txt")
    (root / "file_link").symlink_to(outside)
    (root / "folder_link").symlink_to(outside.parent)
    (root / "loop").symlink_to(root)
    (root / "dangling").symlink_to(tmp_path / "nothing")
    objects = by_name(met(root))
    assert set(objects) == {"real.txt", "file_link", "folder_link", "loop", "dangling"}
    for name in ("file_link", "folder_link", "loop", "dangling"):
        assert objects[name].shortfall is Shortfall.NOT_A_FILE
        assert objects[name].detail == "symbolic link"


def test_a_root_that_is_a_link_was_meant(tmp_path: Path) -> None:
    write(tmp_path / "share" / "a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "share")
    assert set(by_name(met(tmp_path / "link"))) == {"a.txt"}


def test_pipes_and_sockets_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/socket")
        objects = by_name(met(tmp_path, Path(short)))
    assert objects["pipe"].detail == "named pipe"
    assert objects["socket"].detail == "socket"
    assert {found.shortfall for found in objects.values()} == {Shortfall.NOT_A_FILE}


@needs_root
def test_device_nodes_are_never_opened(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        os.mknod(tmp_path / "disk", stat.S_IFBLK | 0o600, os.makedev(7, 200))
    except PermissionError:
        pytest.skip("this container may not make devices")
    objects = by_name(met(tmp_path))
    assert objects["zero"].detail == "character device"
    assert objects["disk"].detail == "block device"


def test_kernel_windows_are_one_line() -> None:
    for root in ("/dev", "/proc"):
        (only,) = met(Path(root))
        assert only.shortfall is Shortfall.NOT_A_FILE
        assert only.detail.startswith("system files")


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"\xff\xfe", b"new\nline", b"\x1b[31mred", b"-rf", b" "])
def test_names_of_any_bytes(tmp_path: Path, name: bytes) -> None:
    (tmp_path / os.fsdecode(name)).write_text("x")
    (only,) = met(tmp_path)
    assert only.raw_path == os.fsencode(tmp_path) + b"/" + name
    os.close(open_quietly(only.raw_path))


@needs_root
def test_unreadable_folder_is_reported(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as root:  # pytest's own folders are closed to others
        Path(root).chmod(0o755)
        write(Path(root) / "locked" / "in.txt")
        write(Path(root) / "listed" / "in.txt")
        write(Path(root) / "open.txt")
        (Path(root) / "locked").chmod(0o000)
        (Path(root) / "listed").chmod(0o744)  # its names may be read, its objects not be looked at
        said = as_nobody(
            lambda: repr({name: (o.shortfall, o.detail) for name, o in by_name(met(Path(root))).items()})
        )
    assert "'open.txt': (None, '')" in said
    assert "'locked': (<Shortfall.NO_PERMISSION: 'no permission'>, 'folder cannot be opened')" in said
    assert "'in.txt': (<Shortfall.NO_PERMISSION: 'no permission'>, '')" in said


def test_a_folder_that_vanishes_during_the_walk(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "gone" / "in.txt")
    walk = objects_of(Walk(tmp_path))
    first = next(walk)
    (tmp_path / "gone" / "in.txt").unlink()
    (tmp_path / "gone").rmdir()
    rest = list(walk)
    assert first.shortfall is None
    assert [found.shortfall for found in rest] == [Shortfall.VANISHED]


def test_a_folder_exchanged_for_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "outside" / "secret.txt")
    write(tmp_path / "share" / "a.txt")
    write(tmp_path / "share" / "folder" / "in.txt")
    walk = objects_of(Walk(tmp_path / "share"))
    next(walk)
    (tmp_path / "share" / "folder" / "in.txt").unlink()
    (tmp_path / "share" / "folder").rmdir()
    (tmp_path / "share" / "folder").symlink_to(tmp_path / "outside")
    rest = list(walk)
    assert [found.raw_path.endswith(b"folder") for found in rest] == [True]
    assert rest[0].shortfall is not None


def test_roots_inside_roots_count_once(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b" / "c.txt")
    inner = tmp_path / "a" / "b"
    assert distinct_roots([inner, tmp_path / "a", tmp_path / "a" / "." / "b"]) == [tmp_path / "a"]
    assert len(met(inner, tmp_path / "a", inner / "c.txt")) == 1


def test_roots_with_a_common_prefix_are_not_inside_each_other(tmp_path: Path) -> None:
    write(tmp_path / "share" / "1.txt")
    write(tmp_path / "share2" / "2.txt")
    assert len(met(tmp_path / "share", tmp_path / "share2")) == 2


def test_a_file_as_root(tmp_path: Path) -> None:
    file = write(tmp_path / "one.txt", "abc")
    (only,) = met(file)
    assert (only.raw_path, only.size) == (os.fsencode(file), 3)


def test_a_missing_root_is_met_as_vanished(tmp_path: Path) -> None:
    (only,) = met(tmp_path / "nothing")
    assert only.shortfall is Shortfall.VANISHED


def test_excluded_objects_are_met_and_excluded_folders_not_entered(tmp_path: Path) -> None:
    write(tmp_path / "keep.txt")
    write(tmp_path / "disk.iso")
    write(tmp_path / "node_modules" / "a.txt")
    objects = by_name(met(tmp_path, selection=Selection(exclude=Globs(["*.iso", "node_modules"]))))
    assert set(objects) == {"keep.txt", "disk.iso", "node_modules"}
    assert objects["disk.iso"].shortfall is objects["node_modules"].shortfall is Shortfall.EXCLUDED


def test_own_state_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "state" / "key")
    write(tmp_path / "a.txt")
    objects = by_name(met(tmp_path, left_out=[tmp_path / "state"]))
    assert objects["state"].shortfall is Shortfall.EXCLUDED
    assert objects["a.txt"].shortfall is None


def test_deep_nesting(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(300):
        deep = deep / "d"
        deep.mkdir()
    write(deep / "bottom.txt")
    assert set(by_name(met(tmp_path))) == {"bottom.txt"}


def test_a_path_too_long_to_open_is_reported(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(25):
            os.mkdir("d" * 200, dir_fd=here)
            inner = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        (only,) = met(tmp_path)
        assert only.shortfall is Shortfall.IO_ERROR
        assert "name too long" in only.detail
    finally:
        os.close(here)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_file_exchanged_before_it_is_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "object"
    if kind == "link":
        path.symlink_to(write(tmp_path / "target"))
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(NotAFileError):  # and it does not wait for a writer
        open_quietly(os.fsencode(path))


def test_opening_leaves_the_access_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "abc")
    os.utime(path, ns=(1_000_000_000, 2_000_000_000))
    descriptor = open_quietly(os.fsencode(path))
    assert os.read(descriptor, 10) == b"abc"
    os.close(descriptor)
    assert path.stat().st_atime_ns == 1_000_000_000
