"""The eyes over real inotify: what overflows, runs out of watches or dies is told, never swallowed."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers.inotify_c import InotifyFD

from scanner.shares.watching.eyes import Eyes
from scanner.shares.watching.lookout import Lookout
from scanner.shares.watching.notes import Inbox, Note, Notes, What, encoded


@pytest.fixture
def inotify() -> Iterator[InotifyFD]:
    opened = InotifyFD()
    yield opened
    if opened.is_alive():
        opened.stop()
        opened.join(5)


def until(notes: Notes, wanted: Note, seen: list[Note]) -> None:
    end = time.monotonic() + 20
    while wanted not in seen:
        seen.extend(notes.take())
        assert time.monotonic() < end, f"{wanted} not in {seen[-20:]}"
        time.sleep(0.02)


@pytest.mark.filterwarnings("ignore:Callback with id")  # watching a folder again is meant
def test_an_overflow_of_the_kernels_queue_is_told_and_watches_are_mended(
    tmp_path: Path, inotify: InotifyFD
) -> None:
    root = os.fsencode(tmp_path)
    notes = Notes([root])
    eyes = Eyes(inotify, notes, [root])
    eyes.open()
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    # Nobody reads the queue: the thread has not started.
    for number in range(most // 2 + 10):
        (tmp_path / "one").touch()
        (tmp_path / "one").rename(tmp_path / f"two{number % 2}")
        if number == most // 4:
            (tmp_path / "inner").mkdir()
    (tmp_path / "unseen").mkdir()
    inotify.start()
    end = time.monotonic() + 20
    while not eyes.mend():
        assert time.monotonic() < end
        time.sleep(0.02)
    seen: list[Note] = []
    until(notes, Note(What.OVERFLOW, root), seen)
    (tmp_path / "unseen" / "file").write_text("x")
    until(notes, Note(What.CHANGED, root + b"/unseen/file"), seen)


class _Exhausted(InotifyFD):
    """The limit of watches, without lowering that of the machine."""

    left = 2

    def add_callback(self, *arguments: Any) -> Any:
        if self.left == 0:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        self.left -= 1
        return super().add_callback(*arguments)


def test_where_watches_run_out_the_rest_is_told_to_be_unwatched(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    root = os.fsencode(tmp_path)
    notes = Notes([root])
    eyes = Eyes(_Exhausted(), notes, [root])
    eyes.open()
    assert eyes.folders == 2
    told = notes.take()
    assert [note.what for note in told] == [What.UNWATCHED, What.UNWATCHED]
    assert all(note.path.startswith(root + b"/") for note in told)


def test_skipped_folders_are_never_watched(tmp_path: Path, inotify: InotifyFD) -> None:
    (tmp_path / "state" / "inner").mkdir(parents=True)
    root = os.fsencode(tmp_path)
    eyes = Eyes(inotify, Notes([root]), [root], [root + b"/state"])
    eyes.open()
    assert eyes.folders == 1


MOVES: list[tuple[str, Callable[[Path], object], Note]] = [
    ("a file is written", lambda p: (p / "x").write_text("x"), Note(What.CHANGED, b"x")),
    ("rights of a file change", lambda p: (p / "old").chmod(0o600), Note(What.CHANGED, b"old")),
    ("a file goes", lambda p: (p / "old").unlink(), Note(What.CHANGED, b"old")),
    ("a file is renamed: the old name", lambda p: (p / "old").rename(p / "n"), Note(What.CHANGED, b"old")),
    ("a file is renamed: the new name", lambda p: (p / "old").rename(p / "n"), Note(What.CHANGED, b"n")),
    ("rights of a folder change", lambda p: (p / "d").chmod(0o700), Note(What.TREE, b"d")),
    ("a folder is made", lambda p: (p / "e").mkdir(), Note(What.TREE, b"e")),
    ("a folder is renamed: from", lambda p: (p / "d").rename(p / "f"), Note(What.TREE, b"d")),
    ("a folder is renamed: to", lambda p: (p / "d").rename(p / "f"), Note(What.TREE, b"f")),
    ("a folder goes", lambda p: (p / "d").rmdir(), Note(What.TREE, b"d")),
]


@pytest.mark.parametrize(("what", "act", "note"), MOVES, ids=[what for what, _, _ in MOVES])
def test_what_is_told(
    tmp_path: Path, inotify: InotifyFD, what: str, act: Callable[[Path], object], note: Note
) -> None:
    (tmp_path / "old").write_text("x")
    (tmp_path / "d").mkdir()
    root = os.fsencode(tmp_path)
    notes = Notes([root])
    Eyes(inotify, notes, [root]).open()
    inotify.start()
    act(tmp_path)
    until(notes, Note(note.what, root + b"/" + note.path), [])


def test_reading_is_not_told(tmp_path: Path, inotify: InotifyFD) -> None:
    (tmp_path / "old").write_text("x")
    root = os.fsencode(tmp_path)
    notes = Notes([root])
    Eyes(inotify, notes, [root]).open()
    inotify.start()
    (tmp_path / "old").read_text()
    (tmp_path / "after").touch()
    seen: list[Note] = []
    until(notes, Note(What.CHANGED, root + b"/after"), seen)
    assert {note.path for note in seen} == {root + b"/after"}


def test_eyes_that_died_are_opened_again_and_all_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.shares.watching.lookout._SECONDS_BETWEEN_STARTS", 0.1)
    root = os.fsencode(tmp_path)
    with Lookout([root]) as lookout:
        seen: list[Note] = []

        def heard(wanted: Note) -> None:
            end = time.monotonic() + 60
            while wanted not in seen:
                lookout.wait(0.1)
                seen.extend(lookout.hear())
                assert time.monotonic() < end

        heard(Note(What.READY))
        assert Note(What.OVERFLOW, root) not in seen
        assert lookout._process is not None
        os.kill(lookout._process.pid, signal.SIGKILL)
        heard(Note(What.OVERFLOW, root))
        (tmp_path / "after").touch()
        heard(Note(What.CHANGED, root + b"/after"))


# --- notes --------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_names_are_a_bounded_number_of_notes() -> None:
    notes = Notes([b"/r"], most=1_000)
    for number in range(100_000):
        notes.add(What.CHANGED, b"/r/%d/%d" % (number % 7, number))
    told = notes.take()
    assert len(told) <= 1_000
    assert {note.path for note in told if note.what is What.FOLDER} == {b"/r/%d" % n for n in range(7)}


def test_a_hundred_thousand_folders_are_an_overflow() -> None:
    notes = Notes([b"/r", b"/s"], most=1_000)
    notes.add(What.UNWATCHED, b"/r/far")
    for number in range(100_000):
        notes.add(What.CHANGED, b"/r/%d/x" % number)
    told = notes.take()
    assert len(told) <= 1_000
    assert {Note(What.OVERFLOW, b"/r"), Note(What.OVERFLOW, b"/s"), Note(What.UNWATCHED, b"/r/far")} <= set(
        told
    )


def test_of_two_notes_on_a_path_the_greater_stays() -> None:
    notes = Notes([b"/r"])
    notes.add(What.TREE, b"/r/x")
    notes.add(What.CHANGED, b"/r/x")
    assert notes.take() == [Note(What.TREE, b"/r/x")]
    assert notes.take() == []


def test_notes_come_through_a_pipe_in_pieces() -> None:
    told = [Note(What.CHANGED, b"/a\n1"), Note(What.READY), Note(What.TREE, b"/\xff 2")]
    data, inbox = encoded(told), Inbox()
    assert [note for at in range(len(data)) for note in inbox.feed(data[at : at + 1])] == told
