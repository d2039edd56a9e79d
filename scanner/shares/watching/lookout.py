"""The lookout: starts the eyes, hears what they tell, starts them again when they are gone."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence

from scanner.shares.watching.notes import Inbox, Note, What

_PIECE = 1 << 18
# Eyes that die at once must not be a loop of processes.
_SECONDS_BETWEEN_STARTS = 10.0


class Lookout:
    """The process that hears what ``roots`` tell; where there are none there is no process."""

    def __init__(self, roots: Sequence[bytes], skipped: Sequence[bytes] = ()) -> None:
        self._roots = roots
        self._told = json.dumps(
            {
                "roots": [os.fsdecode(path) for path in roots],
                "skipped": [os.fsdecode(path) for path in skipped],
            }
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._inbox = Inbox()
        self._started = 0.0
        self._starts = 0
        self.ready = not roots
        """Whether every root is watched."""

    def __enter__(self) -> Lookout:
        if self._roots:
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def wait(self, seconds: float) -> None:
        """Wait until there is something to hear, or so long."""
        if self._process is None or self._process.stdout is None:
            time.sleep(seconds)
        else:
            select.select([self._process.stdout], [], [], seconds)

    def hear(self) -> list[Note]:
        """What was told since the last call; never waits."""
        notes: list[Note] = []
        process = self._process
        if process is None:
            if self._roots and time.monotonic() - self._started > _SECONDS_BETWEEN_STARTS:
                self._start()
            return notes
        stream = process.stdout
        while stream is not None and select.select([stream], [], [], 0)[0]:
            data = os.read(stream.fileno(), _PIECE)
            if not data:
                self._stop()
                break
            notes.extend(self._inbox.feed(data))
        if any(note.what is What.READY for note in notes):
            self.ready = True
            if self._starts > 1:
                # Nobody looked for a while.
                notes.extend(Note(What.OVERFLOW, root) for root in self._roots)
        return notes

    def _start(self) -> None:
        self._started = time.monotonic()
        self._starts += 1
        self._inbox = Inbox()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scanner.shares.watching.eyes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(self._told.encode() + b"\n")
                self._process.stdin.flush()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
