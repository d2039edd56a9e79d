"""A parser that does what hostile files make real parsers do; it obeys the first word of a line."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scanner.documents.limits import Limits
from scanner.documents.model import Location, Segment
from scanner.documents.protocol import Event, Source


def spin() -> None:
    while True:
        pass


def spin_in_a_library() -> None:
    # Does not come back to Python, and so to no signal handler, for hours.
    sum(range(10**13))


def swallow() -> None:
    kept = []
    while True:
        kept.append(bytes(200_000_000))


def connect() -> None:
    with socket.create_connection(("127.0.0.1", 9), timeout=5):
        pass


def listen() -> None:
    with socket.socket(socket.AF_UNIX) as place:
        place.bind("\0dlp-test")


def leave_files() -> None:
    for _ in range(3):
        descriptor, _name = tempfile.mkstemp()
        os.write(descriptor, b"somebody's data")
    os.abort()


def write_elsewhere() -> None:
    Path("/var/tmp/dlp-hostile").write_text("x")


def kill_the_run() -> None:
    # In a worker's reader the run is the parent's parent; a process group reaches both.
    os.kill(int(os.environ["DLP_TEST_RUN"]), 9)


def rest() -> None:
    time.sleep(3600)


def swallow_the_interruption() -> None:
    for _ in range(2):
        try:
            spin()
        except BaseException:
            continue
    spin()


def swallow_each_interruption() -> None:
    while True:
        with contextlib.suppress(BaseException):
            spin()


def swallow_the_interruption_and_end() -> None:
    with contextlib.suppress(BaseException):
        spin()


DEEDS: Mapping[str, Callable[[], None]] = {
    "spin": spin,
    "spin-in-a-library": spin_in_a_library,
    "swallow": swallow,
    "abort": os.abort,
    "exit": lambda: os._exit(7),
    "connect": connect,
    "listen": listen,
    "leave-files": leave_files,
    "write-elsewhere": write_elsewhere,
    "kill-the-run": kill_the_run,
    "rest": rest,
    "swallow-the-interruption": swallow_the_interruption,
    "swallow-each-interruption": swallow_each_interruption,
    "swallow-the-interruption-and-end": swallow_the_interruption_and_end,
}


class HostileParser:
    """Yields each line of a text; a line ``!deed`` is done instead, and ends the file where it ends."""

    kinds = frozenset({"text"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield lines until one is a deed."""
        del limits
        for number, line in enumerate(source.read().decode().splitlines(), 1):
            if line.startswith("!"):
                DEEDS[line[1:]]()
                return
            yield Segment(line, Location((f"line {number}",)))
