"""The eyes of a watch: a process that hears what local disks tell (inotify) and passes on what changed.

It stands apart because it has threads, which must never be there when the watch forks a reader.  It uses
watchdog's inotify layer one floor below its observers: these keep an unbounded queue, repair their watches
after an overflow of the kernel's queue without telling anybody that events were lost, and give up a whole
tree when the limit of watches is reached in it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import cast

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from scanner.shares.watching.notes import Note, Notes, What, encoded

# How long notes gather: one path that changes ten times in this time is told once.
GATHER_SECONDS = 0.2

_MASK = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_EXCL_UNLINK
)
_WENT = InotifyConstants.IN_MOVED_FROM | InotifyConstants.IN_DELETE
_CAME = InotifyConstants.IN_MOVED_TO | InotifyConstants.IN_CREATE
_SELF_GONE = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_UNMOUNT
_ID = CallbackId(0)
_EXHAUSTED = {errno.ENOSPC, errno.ENOMEM, errno.EMFILE}


class _Folder:
    """A watched folder; where it is follows from its name and the folder above, which may move."""

    __slots__ = ("above", "inside", "name", "wd")

    def __init__(self, wd: WatchDescriptor, name: bytes, above: _Folder | None) -> None:
        self.wd = wd
        self.name = name
        self.above = above
        self.inside: dict[bytes, _Folder] = {}

    @property
    def path(self) -> bytes:
        names = []
        folder: _Folder | None = self
        while folder is not None:
            names.append(folder.name.rstrip(b"/"))
            folder = folder.above
        return b"/".join(reversed(names)) or b"/"

    def subtree(self) -> Iterator[_Folder]:
        pending = [self]
        while pending:
            folder = pending.pop()
            yield folder
            pending.extend(folder.inside.values())


class Eyes:
    """Watches trees and keeps notes of what is heard (the callbacks are called by watchdog's thread).

    ``skipped`` folders are never watched: our own state, and other file systems that do not tell anything.
    """

    def __init__(
        self, inotify: InotifyFD, notes: Notes, roots: Sequence[bytes], skipped: Sequence[bytes] = ()
    ) -> None:
        self._inotify = inotify
        self._notes = notes
        self._roots = roots
        self._skipped = frozenset(skipped)
        self._lock = threading.RLock()
        self._folders: dict[WatchDescriptor, _Folder] = {}
        self._lost = False

    @property
    def folders(self) -> int:
        """How many folders are watched."""
        return len(self._folders)

    def open(self) -> None:
        """Watch every root."""
        for root in self._roots:
            self._watch(root, None, root)

    def mend(self) -> bool:
        """After an overflow: watch what came meanwhile, then say that the roots must be swept."""
        if not self._lost:
            return False
        self._lost = False
        self.open()
        for root in self._roots:
            self._notes.add(What.OVERFLOW, root)
        return True

    # --- watchdog's callbacks ----------------------------------------------------------------------------

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened in a watched folder."""
        with self._lock:
            folder = self._folders.get(event.wd)
            if folder is None:
                return
            path = folder.path
            if not event.name:
                # Its own rights changed, so who gets through to what is beneath; or it is gone.
                if event.mask & _SELF_GONE and folder.above is not None:
                    return  # the folder above tells the same, and where to
                self._notes.add(What.TREE, path)
                return
            child = path.rstrip(b"/") + b"/" + event.name
            if not event.mask & InotifyConstants.IN_ISDIR:
                self._notes.add(What.CHANGED, child)
                return
            if event.mask & _WENT:
                self._forget(folder.inside.pop(event.name, None))
            elif event.mask & _CAME:
                # Watched first and swept then: whatever was made in it before is found.
                self._watch(child, folder, event.name)
            self._notes.add(What.TREE, child)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """A watched folder is gone."""
        with self._lock:
            folder = self._folders.pop(wd, None)
            if folder is not None and folder.above is not None:
                if folder.above.inside.get(folder.name) is folder:
                    del folder.above.inside[folder.name]
            elif folder is not None:
                self._notes.add(What.TREE, folder.path)

    def on_queue_overflow(self) -> None:
        """The kernel dropped events."""
        self._lost = True

    # --- watches -----------------------------------------------------------------------------------------

    def _watch(self, path: bytes, above: _Folder | None, name: bytes) -> None:
        """Watch a folder and every folder beneath."""
        pending = [(path, above, name)]
        while pending:
            path, above, name = pending.pop()
            if path in self._skipped:
                continue
            with self._lock:
                folder = self._add(path, above, name)
            if folder is None:
                continue
            for inside in _folders_in(path):
                pending.append((path.rstrip(b"/") + b"/" + inside, folder, inside))

    def _add(self, path: bytes, above: _Folder | None, name: bytes) -> _Folder | None:
        try:
            wd = self._inotify.add_callback(path, _MASK, self, _ID)
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._notes.add(What.UNWATCHED, path)
            return None
        if wd == -1:  # not for us to look into, which a sweep tells
            return None
        folder = self._folders.get(wd)
        if folder is None:
            folder = self._folders[wd] = _Folder(wd, name, above)
        else:
            # The same folder under another name: it was moved.
            if folder.above is not None and folder.above.inside.get(folder.name) is folder:
                del folder.above.inside[folder.name]
            folder.name, folder.above = name, above
        if above is not None:
            above.inside[name] = folder
        return folder

    def _forget(self, gone: _Folder | None) -> None:
        """What was moved away is watched anew where it comes to lie, if that is watched."""
        if gone is None:
            return
        wds = [folder.wd for folder in gone.subtree()]
        for wd in wds:
            self._folders.pop(wd, None)
        with contextlib.suppress(OSError):
            self._inotify.remove_callbacks([(wd, _ID) for wd in wds])


def _folders_in(path: bytes) -> list[bytes]:
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def main() -> None:
    """Watch what standard input names, tell standard output, until standard input ends."""
    # A keyboard's Ctrl-C and a service's stop reach us as well: the watch ends us when it is done.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # watching a folder again is meant
    told = json.loads(sys.stdin.buffer.readline())
    roots = [os.fsencode(path) for path in cast("list[str]", told["roots"])]
    notes = Notes(roots)
    try:
        inotify = InotifyFD()
    except OSError:
        _tell([Note(What.UNWATCHED, root) for root in roots] + [Note(What.READY)])
        sys.stdin.buffer.read()
        return
    eyes = Eyes(inotify, notes, roots, [os.fsencode(path) for path in told["skipped"]])
    inotify.start()
    eyes.open()
    _tell([*notes.take(), Note(What.READY)])
    while not select.select([sys.stdin], [], [], GATHER_SECONDS)[0]:
        eyes.mend()
        _tell(notes.take())


def _tell(notes: Sequence[Note]) -> None:
    data = encoded(notes)
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
    # Threads of watchdog may be waiting for the kernel: nothing is left to be saved.
    os._exit(0)
