"""Fetching what a worker is to read, by a process of its own: a worker may hold no connection, no credential.

The worker makes it before it gives up the network.  It asks for a path, and gets an open file without a name
that lies in the worker's private folder; a path outside of the run's roots is refused, whoever asks.
"""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from scanner.documents.isolation import die_with_parent
from scanner.shares.sources.address import SourceError
from scanner.shares.sources.opening import Servers
from scanner.shares.wire import WireError, encode, receive

# Larger files are not copied here; the readers' own limit is the same unless it was changed.
LARGEST_BYTES = 2_000_000_000
_PIECE = 1 << 20
_ANSWER_BYTES = 4


class Fetcher:
    """The worker's side."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def fetch(self, path: bytes) -> int:
        """A descriptor of the file's copy; raises ``OSError``, ``EFBIG`` where it is too large."""
        self._connection.sendall(encode({"path": os.fsdecode(path)}))
        answer, descriptors, _, _ = socket.recv_fds(self._connection, _ANSWER_BYTES, 1)
        if len(answer) != _ANSWER_BYTES:
            raise OSError(errno.EIO, "the fetching process has ended")
        number = int.from_bytes(answer, "big")
        if number or not descriptors:
            raise OSError(number or errno.EIO, os.strerror(number or errno.EIO))
        return descriptors[0]


def start_fetcher(roots: Sequence[bytes], folder: Path, other: socket.socket) -> Fetcher:
    """Fork the fetching process of this worker, which ends with it; ``other`` is not its business."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        status = 1
        try:
            ours.close()
            other.close()
            die_with_parent()
            _serve(theirs, tuple(roots), folder)
        except (KeyboardInterrupt, BrokenPipeError, ConnectionResetError, WireError):
            status = 0
        finally:
            os._exit(status)
    theirs.close()
    return Fetcher(ours)


def _serve(connection: socket.socket, roots: tuple[bytes, ...], folder: Path) -> NoReturn:
    servers = Servers()
    while True:
        asked = receive(connection)
        if asked is None:
            os._exit(0)
        path = os.fsencode(str(asked["path"]))
        number, descriptor = 0, -1
        try:
            if not any(path == root or path.startswith(root + b"/") for root in roots):
                raise PermissionError(errno.EACCES, "outside of the run")
            descriptor = _copied(servers, path, folder)
        except OSError as error:
            number = error.errno or errno.EIO
        except SourceError:
            number = errno.EACCES
        except Exception:
            number = errno.EIO  # a fault of a library must not end the reading of a share
        socket.send_fds(
            connection, [number.to_bytes(_ANSWER_BYTES, "big")], [descriptor] if descriptor >= 0 else []
        )
        if descriptor >= 0:
            os.close(descriptor)


def _copied(servers: Servers, path: bytes, folder: Path) -> int:
    """The content of a remote file in a new file without a name, to be read from its beginning."""
    server = servers.of(path)
    size = 0
    with tempfile.TemporaryFile(dir=folder) as copy:
        if server.about(path).st_size > LARGEST_BYTES:
            raise OSError(errno.EFBIG, "too large to be fetched")
        source = server.open(path)
        try:
            while piece := source.read(_PIECE):
                size += len(piece)
                if size > LARGEST_BYTES:
                    raise OSError(errno.EFBIG, "too large to be fetched")
                copy.write(piece)
        finally:
            source.close()
        copy.flush()
        copy.seek(0)
        return os.dup(copy.fileno())
