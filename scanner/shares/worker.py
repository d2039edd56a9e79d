"""The inside of a worker process: read the files it is told to, one after the other, and answer for each.

It runs in a fork of the run's process, with the rules already loaded, and gives up what it does not need:
other files, the terminal, logging, signals from the keyboard.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Protocol

from scanner.documents.apart import reading_apart
from scanner.documents.deadline import Deadline
from scanner.documents.isolation import Confinement, confine, die_with_parent, renew_cpu
from scanner.documents.model import Coverage, Gap, Location, Shortfall, Status
from scanner.documents.reader import Read, read_document
from scanner.inspection.inspector import SoFar
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Assessment, Severity
from scanner.shares.letting_go import let_go
from scanner.shares.settings import allowance
from scanner.shares.sources import is_remote
from scanner.shares.sources.fetching import Fetcher, start_fetcher
from scanner.shares.walk import NotAFileError, open_quietly, shortfall_of
from scanner.shares.wire import encode, receive
from scanner.store.encoding import inspection_to_json
from scanner.store.entry import NOBODY, displayable
from scanner.store.keys import content_hash

# Reading such a file twice costs a tenth of what inspecting it does; larger ones have few copies.
HASHED_BYTES = 256_000_000

# What was found in a long document is told to the run so often, lest it be lost with this process.
SECONDS_BETWEEN_PARTS = 5.0

# The part of the wall-clock ceiling after which reading stops by itself: what was read must still be judged.
_SOFT_PART = 0.8


class FileInspector(Protocol):
    """Whatever can say what is in one open file (``scanner.inspection.Inspector``)."""

    def inspect(
        self,
        file: BinaryIO,
        name: str,
        size: int,
        *,
        read: Read = read_document,
        so_far: SoFar | None = None,
    ) -> Inspection:
        """Read ``file`` (``size`` bytes, called ``name`` by its owner) by ``read`` and judge it.

        ``so_far`` is told now and then how to sum up what was found until then.
        """
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """What every worker of a run is given.

    ``confinement`` are the limits a worker puts on itself; ``seconds_per_file`` is the wall-clock ceiling
    that the run enforces from outside.  ``key`` makes content hashes.  ``remote`` are the roots that lie on
    servers.
    """

    inspector: FileInspector
    key: bytes
    confinement: Confinement
    seconds_per_file: float
    files_per_worker: int
    remote: tuple[bytes, ...] = ()


def unread(reason: Shortfall, detail: str = "", size: int = 0) -> Inspection:
    """The inspection of a file that could not be read."""
    return Inspection(
        coverage=Coverage(Status.NOT_INSPECTED, "", (Gap(Location(), reason, detail),)),
        assessment=Assessment(Severity.NONE, NOBODY),
        findings=(),
        counts={},
        content_hash="",
        size=size,
    )


def serve(connection: socket.socket, work: Work, folder: Path) -> NoReturn:
    """Answer jobs until the run hangs up or this worker has done its share.  Never returns.

    ``folder`` is the one place where this process may write; the run removes it.
    """
    status = 1
    # Whatever happens, this copy of the run's process must not go on as if it were the run.
    try:
        let_go(keep=connection.fileno())
        fetcher = start_fetcher(work.remote, folder, connection) if work.remote else None
        _write_to(folder)
        confine(work.confinement, folder)
        connection.sendall(encode({"ready": True}))
        _answer_all(connection, work, fetcher)
        status = 0
    except (KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        status = 0
    finally:
        os._exit(status)


def _answer_all(connection: socket.socket, work: Work, fetcher: Fetcher | None) -> None:
    deadline = Deadline()
    for done in range(1, work.files_per_worker + 1):
        job = receive(connection)
        if job is None:
            return
        longer = allowance(job["size"])
        cpu_seconds = work.confinement.cpu_seconds + int(longer)
        grace = work.confinement.grace_seconds
        read: Read = read_document
        if job["alone"]:
            # Its reader died before.  This time the reading is done by a process that may.
            read = reading_apart(partial(_step_aside, connection, cpu_seconds))
        renew_cpu(cpu_seconds + grace)
        deadline.start(cpu_seconds, _SOFT_PART * (work.seconds_per_file + longer))
        so_far = _telling(connection, job["number"])
        answer, healthy = _answer(job, work, deadline.limiting(read), so_far, fetcher)
        deadline.stop()
        answer["last"] = not healthy or done == work.files_per_worker
        connection.sendall(encode(answer))
        if answer["last"]:
            return


def _step_aside(connection: socket.socket, cpu_seconds: int) -> None:
    """Make this process, a fork of the worker, one that reads for it and nothing else."""
    connection.close()
    die_with_parent()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    renew_cpu(cpu_seconds)


def _telling(connection: socket.socket, number: int) -> SoFar:
    """Tells the run what was found so far, where the last time is long enough ago."""
    last = time.monotonic()

    def tell(summed_up: Callable[[], Inspection]) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_PARTS:
            connection.sendall(encode({"number": number, "so_far": inspection_to_json(summed_up())}))
            last = time.monotonic()

    return tell


def _answer(
    job: dict[str, Any], work: Work, read: Read, so_far: SoFar, fetcher: Fetcher | None
) -> tuple[dict[str, Any], bool]:
    """The answer to a job, and whether this process is fit for another one."""
    healthy = True
    path = os.fsencode(job["path"])
    try:
        same_as, inspection = inspect_path(path, job["known"], work, read, so_far, fetcher)
        healthy = all(gap.reason is not Shortfall.PARSER_STOPPED for gap in inspection.coverage.gaps)
    except MemoryError:
        # The heap may be in pieces: answer, and let a fresh process take over.
        same_as, inspection, healthy = "", unread(Shortfall.PARSER_STOPPED, "memory limit"), False
    if same_as:
        return {"number": job["number"], "same_as": same_as}, healthy
    return {"number": job["number"], "inspection": inspection_to_json(inspection)}, healthy


def inspect_path(
    path: bytes,
    known: Sequence[str],
    work: Work,
    read: Read,
    so_far: SoFar,
    fetcher: Fetcher | None = None,
) -> tuple[str, Inspection]:
    """Inspect one file, or say which of the ``known`` contents it equals.  Raises nothing but MemoryError."""
    try:
        descriptor = fetcher.fetch(path) if fetcher and is_remote(path) else open_quietly(path)
    except NotAFileError as error:
        return "", unread(Shortfall.NOT_A_FILE, f"became a {error}")
    except OSError as error:
        if error.errno == errno.EFBIG:
            return "", unread(Shortfall.TOO_LARGE, "not fetched from its server")
        return "", unread(*shortfall_of(error))
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        try:
            if known and size <= HASHED_BYTES:
                digest = content_hash(work.key, file)
                if digest in known:
                    return digest, unread(Shortfall.INTERRUPTED)
                file.seek(0)
            name = displayable(path.rpartition(b"/")[2])
            inspection = work.inspector.inspect(file, name, size, read=read, so_far=so_far)
        except MemoryError:
            raise
        except OSError as error:
            return "", unread(*shortfall_of(error), size=size)
        except Exception as error:
            # The message may quote the document; the class says enough.
            return "", unread(Shortfall.PARSER_STOPPED, type(error).__name__, size)
        return "", _with_hash(inspection, file, work.key)


def _with_hash(inspection: Inspection, file: BinaryIO, key: bytes) -> Inspection:
    """The inspection with its content's hash, where a copy of it would be worth recognising."""
    if inspection.coverage.status is Status.NOT_INSPECTED or inspection.size > HASHED_BYTES:
        return inspection
    try:
        file.seek(0)
        return replace(inspection, content_hash=content_hash(key, file))
    except OSError:  # it was read, and that stands; only its copies will be read, too
        return inspection


def _write_to(folder: Path) -> None:
    """Have this process and its programs put temporary files there."""
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = str(folder)
