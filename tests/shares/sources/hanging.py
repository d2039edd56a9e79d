"""A real file system that can fall silent: a folder shown through FUSE by a process that can be stopped."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest


class Hanging:
    """``point`` shows what lies in ``behind``, for as long as its process is not stopped."""

    def __init__(self, folder: Path) -> None:
        self.point = folder / "point"
        self.behind = folder / "behind"
        self.point.mkdir()
        self.behind.mkdir(exist_ok=True)
        self.mount()

    def mount(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.shares.sources.hanging", self.point, self.behind],
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while not self.point.is_mount():
            if self._process.poll() is not None or time.monotonic() > until:
                self._process.kill()
                pytest.skip("FUSE cannot be used here")
            time.sleep(0.05)

    def unmount(self) -> None:
        self.go_on()
        subprocess.run(["umount", "-l", self.point], check=False, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def hanging_mount(folder: Path) -> Iterator[Hanging]:
    try:
        import mfusepy  # noqa: F401
    except (ImportError, OSError):
        pytest.skip("no mfusepy here, or no libfuse3 (Debian package fuse3)")
    if os.geteuid() or not Path("/dev/fuse").exists():
        pytest.skip("no FUSE here")
    mounted = Hanging(folder)
    try:
        yield mounted
    finally:
        mounted.unmount()


def main() -> None:
    import mfusepy

    behind = sys.argv[2]

    class Shown(mfusepy.Operations):  # type: ignore[misc]
        def _at(self, path: str) -> str:
            return behind + path

        def getattr(self, path: str, fh: Any = None) -> dict[str, Any]:
            try:
                about = os.lstat(self._at(path))
            except OSError as error:
                raise mfusepy.FuseOSError(error.errno or errno.EIO) from None
            names = ("st_mode", "st_size", "st_ino", "st_uid", "st_gid", "st_nlink")
            times = {name: getattr(about, name) for name in ("st_atime", "st_mtime", "st_ctime")}
            return {name: getattr(about, name) for name in names} | times

        def readdir(self, path: str, fh: Any) -> list[str]:
            return [".", "..", *(entry.name for entry in os.scandir(self._at(path)))]

        def open(self, path: str, flags: int) -> int:
            return os.open(self._at(path), os.O_RDONLY)

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            return os.pread(fh, size, offset)

        def release(self, path: str, fh: int) -> int:
            os.close(fh)
            return 0

    mfusepy.FUSE(Shown(), sys.argv[1], foreground=True, nothreads=True, attr_timeout=0, entry_timeout=0)


if __name__ == "__main__":
    main()
