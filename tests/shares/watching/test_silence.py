"""A watch over a mount that hangs, or goes and comes back: the others go on, nothing is taken for deleted."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from scanner.shares import mounts
from scanner.shares.watching.settings import WatchSettings
from scanner.shares.watching.watch import WatchRun, watch
from scanner.store.inventory import Signatures
from scanner.store.inventory.tables import file
from scanner.store.outbox import AlertKind, open_outbox
from tests.shares.plain_inspector import TEST_KEY, PlainInspector
from tests.shares.sources.hanging import Hanging, hanging_mount

from .test_servers import POLLED, QUICK, known
from .test_watch import SPECIMEN, Watched


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    monkeypatch.setattr(mounts, "_SETTLED_NETWORK_NS", 0)
    with hanging_mount(tmp_path) as mounted:
        yield mounted


@pytest.fixture
def watched(mount: Hanging, tmp_path: Path) -> Iterator[Watched]:
    local = tmp_path / "local"
    local.mkdir()
    made = Watched(mount.point, f"sqlite:///{tmp_path / 'dlp.db'}", tmp_path / "said")
    made.more = (os.fsencode(local),)
    open_outbox(made.url).dispose()
    yield made
    for process in made.processes:
        with contextlib.suppress(ProcessLookupError, ValueError):
            process.kill()
            process.join()


def taken_for_deleted(watched: Watched) -> int:
    engine = open_outbox(watched.url)
    with engine.connect() as connection:
        count = len(connection.execute(select(file.c.id).where(file.c.ending == 2)).all())
    engine.dispose()
    return count


def test_a_mount_that_hangs(watched: Watched, mount: Hanging, tmp_path: Path) -> None:
    for number in range(30):
        (mount.behind / f"{number}.txt").write_text(f"text {number}")
    watched.start(**POLLED)
    watched.until(lambda: len(known(watched)) == 30, "all are read")
    assert f"{mount.point} (fuse): polled every" in watched.words()
    assert f"{tmp_path / 'local'} (" in watched.words()
    assert "told by the system as it happens" in watched.words()
    mount.hang()
    watched.until(lambda: f"{mount.point} does not answer" in watched.words(), "it says so")
    (tmp_path / "local" / "list.txt").write_text(SPECIMEN)
    watched.until_alert(AlertKind.FINDING, "list.txt")
    (mount.behind / "meanwhile.txt").write_text(f"meanwhile {SPECIMEN}")
    mount.go_on()
    watched.until_alert(AlertKind.FINDING, "meanwhile.txt")
    watched.until(lambda: len(known(watched)) == 32, "nothing was lost")
    watched.stop()
    assert taken_for_deleted(watched) == 0
    assert ("trouble", "point") in watched.alerts()


def test_a_mount_that_hangs_before_the_start(watched: Watched, mount: Hanging, tmp_path: Path) -> None:
    (mount.behind / "waits.txt").write_text(f"waits {SPECIMEN}")
    mount.hang()
    (tmp_path / "local" / "list.txt").write_text(SPECIMEN)
    watched.start(**POLLED)
    watched.until_alert(AlertKind.FINDING, "list.txt")
    watched.until(lambda: f"{mount.point} does not answer" in watched.words(), "it says so")
    mount.go_on()
    watched.until_alert(AlertKind.FINDING, "waits.txt")
    watched.stop()


def test_once_over_a_mount_does_not_wait_until_its_files_are_old(
    watched: Watched, mount: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "_SETTLED_NETWORK_NS", 600_000_000_000)
    (mount.behind / "list.txt").write_text(SPECIMEN)
    run = WatchRun(
        (os.fsencode(mount.point),), WatchSettings(QUICK, settle=0.5), PlainInspector(), TEST_KEY, "test",
        Signatures(),
    )  # fmt: skip
    began = time.monotonic()
    counts = watch(run, open_outbox(watched.url), once=True)
    assert (counts.read, counts.alerts, counts.troubles) == (1, 1, ())
    assert time.monotonic() - began < 120
    # It is looked at once more by the next run, which may find that it changed within the same second.
    assert watch(run, open_outbox(watched.url), once=True).read == 1


def test_a_mount_that_goes_and_is_mounted_again(watched: Watched, mount: Hanging) -> None:
    for number in range(8):
        (mount.behind / f"{number}.txt").write_text(f"text {number}")
    watched.start(**POLLED)
    watched.until(lambda: len(known(watched)) == 8, "all are read")
    mount.unmount()
    watched.until(lambda: "is it mounted?" in watched.words(), "an empty folder is not believed")
    (mount.behind / "meanwhile.txt").write_text(f"meanwhile {SPECIMEN}")
    mount.mount()
    watched.until_alert(AlertKind.FINDING, "meanwhile.txt")
    watched.until(lambda: len(known(watched)) == 9, "the others are known")
    watched.stop()
    assert taken_for_deleted(watched) == 0


def test_a_watch_that_starts_without_its_mount(watched: Watched, mount: Hanging) -> None:
    for number in range(8):
        (mount.behind / f"{number}.txt").write_text(f"text {number}")
    watched.start(**POLLED)
    watched.until(lambda: len(known(watched)) == 8, "all are read")
    watched.stop()
    mount.unmount()
    watched.said.unlink()
    watched.start(**POLLED)
    watched.until(lambda: "is it mounted?" in watched.words(), "an empty folder is not believed")
    assert len(known(watched)) == 8
    watched.stop()
    assert taken_for_deleted(watched) == 0
