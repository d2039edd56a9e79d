"""The name under which a process stands in lists of processes."""

from __future__ import annotations

import contextlib
from pathlib import Path

_LONGEST = 15  # the kernel's TASK_COMM_LEN


def name_process(name: str) -> None:
    """Name the calling process, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name[:_LONGEST], encoding="ascii")
