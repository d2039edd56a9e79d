"""Private folders for the workers' temporary files: made and removed by the run, whatever a worker does.

A run holds a lock on its folder, which the system lets go of when the run dies: what a killed run left behind
is removed by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "dlp-workers-"


class PrivateFolders:
    """The folder of one run, in the system's temporary directory, with one folder for each worker."""

    def __init__(self) -> None:
        _remove_forsaken()
        while True:
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._lock = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with contextlib.suppress(OSError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(self._folder.stat(), os.fstat(self._lock)):
                    break
            # Another run took it for forsaken in the moment before it was locked.
            os.close(self._lock)

    def new(self) -> Path:
        """A new folder that its owner alone can enter."""
        return Path(tempfile.mkdtemp(dir=self._folder))

    def remove(self, folder: Path) -> None:
        """Remove a worker's folder with all that it left in there."""
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)


def _remove_forsaken() -> None:
    """Remove the folders of runs that were killed: ours, and locked by nobody."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(descriptor).st_uid == os.geteuid():
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
