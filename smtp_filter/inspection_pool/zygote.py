"""The zygote: a process with everything loaded that forks a worker from itself for each socket it is sent."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from smtp_filter.inspection_pool.settings import PoolSettings
from smtp_filter.inspection_pool.worker import Examine, serve

_ALIVE_MILLISECONDS = 2_000


class ZygoteRequests:
    """The two ends of the way to the zygote; made before any process is forked, shared by all of them.

    Requests wait in the kernel while the zygote loads or is being replaced.
    """

    def __init__(self) -> None:
        self.asking, self.answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def new_worker(self, folder: Path) -> socket.socket:
        """Ask for a worker that writes only beneath ``folder``; on the socket it will say that it is ready.

        Raises ``OSError`` when too many requests wait.
        """
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self.asking, [os.fsencode(folder)], [theirs.fileno()], socket.MSG_DONTWAIT)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def close(self) -> None:
        """Close both ends; workers that live go on."""
        self.asking.close()
        self.answering.close()


def run_zygote(
    requests: ZygoteRequests,
    lifeline: int,
    build: Callable[[], Examine],
    settings: PoolSettings,
    alive: Callable[[], None] = lambda: None,
) -> NoReturn:
    """Be the zygote: build what examines, then fork a worker for each request.  Never returns.

    Calls ``alive`` every other second, so that others can tell that it is not stuck.

    Ends when ``lifeline`` (the read end of a pipe that only the supervisor holds open) reports its end, with
    0; with 1 when it cannot build.  Call it in a process without other threads.
    """
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        requests.asking.close()
        gc.disable()
        examine = build()
        # What is loaded is shared with every worker; the collector must not touch (and so copy) it.
        gc.collect()
        gc.freeze()
        gc.enable()
        # Workers tell how they fare on their own sockets: nobody waits for them here.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        _fork_on_request(requests.answering, lifeline, examine, settings, alive)
        status = 0
    finally:
        os._exit(status)


def _fork_on_request(
    answering: socket.socket,
    lifeline: int,
    examine: Examine,
    settings: PoolSettings,
    alive: Callable[[], None],
) -> None:
    waiting = select.poll()
    waiting.register(answering, select.POLLIN)
    waiting.register(lifeline, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in waiting.poll(_ALIVE_MILLISECONDS)}
        alive()
        if lifeline in ready:
            return
        if not ready:
            continue
        data, descriptors, _, _ = socket.recv_fds(answering, 4096, 1, socket.MSG_DONTWAIT)
        if not data:
            return
        for descriptor in descriptors:
            connection = socket.socket(fileno=descriptor)
            with contextlib.suppress(OSError):  # no process to be had: the pool sees its socket close
                if os.fork() == 0:
                    serve(connection, Path(os.fsdecode(data)), examine, settings)
            connection.close()
