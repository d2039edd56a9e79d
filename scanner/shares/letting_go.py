"""Letting go: what a fork of a run gives up of its parent before it does its own work."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from pathlib import Path


def let_go(keep: int) -> None:
    """Give up what a fork has from its parent: signals, logging, terminal, all descriptors but ``keep``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # Parsers' warnings quote documents; nothing of them may reach a log or a terminal.
    logging.disable(logging.CRITICAL)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, keep)
    os.closerange(keep + 1, _highest_descriptor() + 1)
    with contextlib.suppress(OSError):
        # When memory runs out the kernel shall take a worker, which is replaced, and not the run.
        Path("/proc/self/oom_score_adj").write_text("600")


def _highest_descriptor() -> int:
    try:
        return max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    except OSError:
        return 1024
