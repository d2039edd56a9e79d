"""A run's progress on the terminal: files, bytes, rate, time left, findings so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner.shares.scan import Progress as RunProgress

# Often enough to look alive, seldom enough to cost nothing.
_SECONDS_BETWEEN = 0.15


@contextmanager
def progress_bar(wanted: bool) -> Iterator[Callable[[RunProgress], None]]:
    """What a run reports its progress to: a bar on standard error where that is a terminal, else nothing.

    The bar draws itself only when it is told something: a drawing thread would be copied into the workers.
    """
    import sys

    if not wanted or not sys.stderr.isatty():
        yield lambda _: None
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    with Progress(
        BarColumn(bar_width=14),
        # On a narrow terminal the end of the line is cut: findings matter less while it runs than the end.
        TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        expand=True,
    ) as bar:
        task = bar.add_task("starting", total=None)
        drawn = 0.0

        def draw(progress: RunProgress) -> None:
            nonlocal drawn
            now = time.monotonic()
            if now - drawn < _SECONDS_BETWEEN:
                return
            drawn = now
            bar.update(
                task,
                # Files and bytes both take time; their mean moves evenly for small files and large.
                total=None if progress.walking else 1.0,
                completed=share_done(progress),
                description=status_line(progress),
            )
            bar.refresh()

        yield draw


def share_done(progress: RunProgress) -> float:
    """How much of the run is done, from 0 to 1: the mean of the shares of objects and of bytes."""
    objects = progress.objects_ended / progress.objects_met if progress.objects_met else 0.0
    in_bytes = progress.bytes_ended / progress.bytes_met if progress.bytes_met else objects
    return (objects + in_bytes) / 2


def status_line(progress: RunProgress) -> str:
    """Files, bytes, rate, time left and findings so far, in one line."""
    from scanner.judgement.assessment import Severity

    parts = [
        f"{progress.objects_ended:,}/{progress.objects_met:,} files",
        f"{_size(progress.bytes_ended)}/{_size(progress.bytes_met)}",
        f"{_size(progress.bytes_per_second)}/s",
    ]
    if progress.seconds_left is not None:
        parts.append(f"{_duration(progress.seconds_left)} left")
    found = [
        f"{progress.by_severity[level]:,} {level.word}"
        for level in sorted(Severity, reverse=True)
        if level >= Severity.LOW and progress.by_severity.get(level)
    ]
    parts.append(", ".join(found) or "no findings yet")
    if progress.unread:
        parts.append(f"{progress.unread:,} not wholly read")
    return "  ".join(parts)


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _duration(seconds: float) -> str:
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
