"""Where the processes of a service count together, and that a killed service leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from smtp_filter.service.figures import FOLDER_VARIABLE, shared_folder

_KILLED = """
import os, signal
from smtp_filter.service.figures import FOLDER_VARIABLE, shared_folder
with shared_folder():
    print(os.environ[FOLDER_VARIABLE], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_folder_goes_with_the_service() -> None:
    with shared_folder():
        folder = Path(os.environ[FOLDER_VARIABLE])
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    assert FOLDER_VARIABLE not in os.environ


def test_the_folder_of_a_killed_service_is_removed_by_the_next() -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    left = Path(done.stdout.strip())
    with shared_folder():
        assert not left.exists()
