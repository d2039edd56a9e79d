"""Notes: what the eyes of a watch tell its mind, in memory and over a pipe."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum


class What(IntEnum):
    """What is told of a path; of two notes on one path the greater says more."""

    CHANGED = 1  # the file, or its name, changed, came or went
    FOLDER = 2  # something in this folder did
    TREE = 3  # something anywhere beneath did
    UNWATCHED = 4  # this folder and what is beneath cannot be watched: sweep it now and then
    OVERFLOW = 5  # events of this root were lost
    READY = 6  # every root is watched now, as far as it can be


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know."""

    what: What
    path: bytes = b""


class Notes:
    """Notes until they are taken: one for each path, and a bounded number of them.

    When there are more than ``most``, files are told as their folders, and where that does not help, the
    roots as overflowed.  Used by the thread that hears and the one that tells.
    """

    def __init__(self, roots: Sequence[bytes], most: int = 20_000) -> None:
        self._roots = roots
        self._most = most
        self._lock = threading.Lock()
        self._notes: dict[bytes, What] = {}

    def add(self, what: What, path: bytes) -> None:
        """Keep a note."""
        with self._lock:
            self._keep(what, path)
            if len(self._notes) > self._most:
                self._shorten()

    def take(self) -> list[Note]:
        """All notes since the last call, the oldest first."""
        with self._lock:
            notes, self._notes = self._notes, {}
        return [Note(what, path) for path, what in notes.items()]

    def _keep(self, what: What, path: bytes) -> None:
        before = self._notes.get(path)
        if before is None or what > before:
            self._notes[path] = what

    def _shorten(self) -> None:
        notes, self._notes = self._notes, {}
        for path, what in notes.items():
            if what is What.CHANGED:
                self._keep(What.FOLDER, path.rpartition(b"/")[0] or b"/")
            else:
                self._keep(what, path)
        if len(self._notes) > self._most // 2:
            unwatched = [path for path, what in self._notes.items() if what is What.UNWATCHED]
            self._notes = dict.fromkeys(unwatched[: self._most // 2], What.UNWATCHED)
            for root in self._roots:
                self._notes[root] = What.OVERFLOW


def encoded(notes: Iterable[Note]) -> bytes:
    """Notes as bytes for a pipe: a digit, a path, a NUL."""
    return b"".join(b"%d%b\0" % (note.what, note.path) for note in notes)


class Inbox:
    """Bytes as they arrive, notes as they become whole."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Note]:
        """The notes that ``data`` completes."""
        *whole, self._rest = (self._rest + data).split(b"\0")
        return [Note(What(int(text[:1])), text[1:]) for text in whole]
