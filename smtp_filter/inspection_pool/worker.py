"""The inside of an inspection worker: take a message's descriptor, examine it, answer, wait for the next.

It runs in a fork of the zygote with everything loaded, and gives up what it does not need before it reads
the first byte of a stranger's message.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeAlias

from scanner.documents.apart import reading_apart
from scanner.documents.deadline import Deadline
from scanner.documents.isolation import confine, die_with_parent, renew_cpu
from scanner.documents.reader import Read, read_document
from scanner.shares.letting_go import let_go
from scanner.shares.wire import encode
from smtp_filter.inspection_pool.settings import PoolSettings
from smtp_filter.process_names import name_process

Examine: TypeAlias = Callable[[BinaryIO, int, Mapping[str, Any], Read], Mapping[str, Any]]
"""What a worker does with a message.  In: the open file, its size in bytes, what else is known of it (JSON),
how documents are read.  Out: the answer (JSON)."""

LENGTH = struct.Struct(">I")

# The part of the time that is left after which reading stops by itself: what was read must still be judged.
_SOFT_PART = 0.8


def serve(connection: socket.socket, folder: Path, examine: Examine, settings: PoolSettings) -> NoReturn:
    """Answer until the pool hangs up or this worker has done its share.  Never returns.

    ``folder`` is the one place where this process may write; the pool removes it.
    """
    status = 1
    # Whatever happens, this copy of the zygote must not go on as if it were the zygote.
    try:
        let_go(keep=connection.fileno())
        name_process("dlp-inspect")
        # The zygote lets the kernel reap its workers; a reader that starts a program waits for it itself.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        missing = confine(settings.confinement, folder)
        connection.sendall(encode({"ready": os.getpid(), "missing": list(missing)}))
        deadline = Deadline()
        for done in range(1, settings.messages_per_worker + 1):
            last = done == settings.messages_per_worker
            if not _answer_one(connection, examine, settings, deadline, last=last):
                break
        status = 0
    except (KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        status = 0
    finally:
        os._exit(status)


def _answer_one(
    connection: socket.socket, examine: Examine, settings: PoolSettings, deadline: Deadline, *, last: bool
) -> bool:
    """Take one message and answer; returns whether there can be another."""
    head, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size, 1)
    if len(head) < LENGTH.size or not descriptors:
        return False
    job = json.loads(_exactly(connection, LENGTH.unpack(head)[0]))
    cpu_seconds = settings.confinement.cpu_seconds
    read: Read = read_document
    if job["alone"]:
        # Its reader died before.  This time the reading is done by a process that may.
        read = reading_apart(partial(_step_aside, connection, cpu_seconds))
    renew_cpu(cpu_seconds + settings.confinement.grace_seconds)
    deadline.start(cpu_seconds, max(0.1, _SOFT_PART * job["seconds"]))
    with os.fdopen(descriptors[0], "rb") as file:
        try:
            file.seek(0)  # the offset is shared with whoever wrote it, and with a worker that died of it
            size = os.fstat(file.fileno()).st_size
            answer: dict[str, Any] = {"answer": examine(file, size, job["facts"], deadline.limiting(read))}
        except MemoryError:
            # The heap may be in pieces: answer, and let a fresh process take over.
            answer, last = {"failed": "memory limit"}, True
        except Exception as error:
            # The message of the exception may quote the mail; the class says enough.
            answer = {"failed": type(error).__name__}
        finally:
            deadline.stop()
    answer["last"] = last
    connection.sendall(encode(answer))
    return not last


def _step_aside(connection: socket.socket, cpu_seconds: int) -> None:
    """Make this process, a fork of the worker, one that reads for it and nothing else."""
    connection.close()
    die_with_parent()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    renew_cpu(cpu_seconds)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return bytes(data)
