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
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NoReturn, TypeAlias

from scanner.documents.isolation import confine, renew_cpu
from scanner.shares.wire import encode
from scanner.shares.worker import let_go
from smtp_filter.inspection_pool.settings import PoolSettings

Examine: TypeAlias = Callable[[BinaryIO, int, Mapping[str, Any]], Mapping[str, Any]]
"""What a worker does with a message: the open file, its size in bytes, what else is known of it (JSON)
in; the answer (JSON) out."""

LENGTH = struct.Struct(">I")


def serve(connection: socket.socket, examine: Examine, settings: PoolSettings) -> NoReturn:
    """Answer until the pool hangs up or this worker has done its share.  Never returns."""
    status = 1
    # Whatever happens, this copy of the zygote must not go on as if it were the zygote.
    try:
        let_go(keep=connection.fileno())
        # The zygote lets the kernel reap its workers; a reader that starts a program waits for it itself.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        missing = confine(settings.confinement)
        connection.sendall(encode({"ready": os.getpid(), "missing": list(missing)}))
        for done in range(1, settings.messages_per_worker + 1):
            last = done == settings.messages_per_worker
            if not _answer_one(connection, examine, settings, last=last):
                break
        status = 0
    except (KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        status = 0
    finally:
        os._exit(status)


def _answer_one(connection: socket.socket, examine: Examine, settings: PoolSettings, *, last: bool) -> bool:
    """Take one message and answer; returns whether there can be another."""
    head, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size, 1)
    if len(head) < LENGTH.size or not descriptors:
        return False
    facts = json.loads(_exactly(connection, LENGTH.unpack(head)[0]))
    # Should the relay be gone or stuck, a worker in a loop must still end.
    signal.alarm(int(settings.deadline * 2) + 10)
    renew_cpu(settings.confinement.cpu_seconds)
    with os.fdopen(descriptors[0], "rb") as file:
        try:
            file.seek(0)  # the offset is shared with whoever wrote it, and with a worker that died of it
            answer: dict[str, Any] = {"answer": examine(file, os.fstat(file.fileno()).st_size, facts)}
        except MemoryError:
            # The heap may be in pieces: answer, and let a fresh process take over.
            answer, last = {"failed": "memory limit"}, True
        except Exception as error:
            # The message of the exception may quote the mail; the class says enough.
            answer = {"failed": type(error).__name__}
    signal.alarm(0)
    answer["last"] = last
    connection.sendall(encode(answer))
    return not last


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return bytes(data)
