"""The bodies of held messages: sealed, small ones in the database, large ones as files beside it.

A file is written whole under another name, flushed, renamed, and its folder flushed: when the row is
committed the body is on disk.  What has a name and no row is an orphan of a crash, sealed by a key that was
never stored.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, delete, insert, select

from scanner.store.folders import sync_folder
from scanner.store.sealing import DataKey
from smtp_filter.message import Content
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.model import GoneError

IN_FILE = "file"
IN_DATABASE = "database"
NOWHERE = ""

_SUFFIX = ".sealed"
_CONTEXT = "held body"
# A row of a body in the database: far below what either database takes, and constant memory.
_ROW_BYTES = 1 << 20


class BodyStore:
    """Writes, reads and deletes bodies; ``folder`` is private to the relay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder; raises ``OSError``."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def free_bytes(self) -> int:
        """What an ordinary user may still write on the bodies' disk."""
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize

    def write_file(self, key: DataKey, content: Content) -> None:
        """The body sealed and on disk when this returns; raises ``OSError`` and leaves nothing."""
        draft, final = self.folder / f"{key.id}.part", self._path(key.id)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file, content.open() as plain:
                key.seal_stream(plain, cast(BinaryIO, file), _CONTEXT)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(final)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(self.folder)

    def has_file(self, key_id: str) -> bool:
        """Whether the body's file is there."""
        return self._path(key_id).exists()

    def write_rows(self, connection: Connection, key: DataKey, content: Content) -> None:
        """The body sealed into the database, in the caller's transaction."""
        target = _Rows(connection, key.id)
        with content.open() as plain:
            key.seal_stream(plain, cast(BinaryIO, target), _CONTEXT)
        target.flush()

    def read(self, connection: Connection, place: str, key: DataKey) -> Iterator[bytes]:
        """The body in pieces.  Raises :class:`GoneError`, and ``SealingError`` where it was changed."""
        if place == IN_FILE:
            try:
                file = self._path(key.id).open("rb")
            except FileNotFoundError:
                raise GoneError("the body's file is missing") from None
            with file:
                yield from key.open_stream(file, _CONTEXT)
        elif place == IN_DATABASE:
            rows = cast(BinaryIO, io.BufferedReader(_Pieces(connection, key.id), 1 << 19))
            yield from key.open_stream(rows, _CONTEXT)
        else:
            raise GoneError("the body was deleted")

    def remove(self, connection: Connection, place: str, key_id: str) -> None:
        """Delete a body whose key is being destroyed."""
        if place == IN_DATABASE:
            connection.execute(delete(tables.body).where(tables.body.c.key_id == key_id))
        elif place == IN_FILE:
            self._path(key_id).unlink(missing_ok=True)

    def sweep(self, connection: Connection, older_than: float) -> int:
        """Delete files without a row that are older than a moment (seconds since 1970); returns how many."""
        candidates = []
        for entry in os.scandir(self.folder):
            if entry.name.endswith((_SUFFIX, ".part")) and entry.stat().st_mtime < older_than:
                candidates.append(entry.name)
        removed = 0
        for start in range(0, len(candidates), 500):
            names = candidates[start : start + 500]
            ids = [name.partition(".")[0] for name in names]
            query = select(tables.message.c.body_key).where(
                tables.message.c.body_key.in_(ids), tables.message.c.body == IN_FILE
            )
            known = set(connection.execute(query).scalars())
            for name, key_id in zip(names, ids, strict=True):
                if key_id not in known or name.endswith(".part"):
                    (self.folder / name).unlink(missing_ok=True)
                    removed += 1
        return removed

    def _path(self, key_id: str) -> Path:
        return self.folder / f"{key_id}{_SUFFIX}"


def orphan_moment(age: float) -> float:
    """The moment before which a file without a row is an orphan."""
    return time.time() - age


class _Rows(io.RawIOBase):
    """A writer whose bytes become rows."""

    def __init__(self, connection: Connection, key_id: str) -> None:
        super().__init__()
        self._connection = connection
        self._key_id = key_id
        self._pending = bytearray()
        self._number = 0

    def write(self, data: Any) -> int:
        self._pending += data
        while len(self._pending) >= _ROW_BYTES:
            self._row(bytes(self._pending[:_ROW_BYTES]))
            del self._pending[:_ROW_BYTES]
        return len(data)

    def flush(self) -> None:
        if self._pending:
            self._row(bytes(self._pending))
            self._pending.clear()

    def _row(self, sealed: bytes) -> None:
        self._connection.execute(
            insert(tables.body).values(key_id=self._key_id, number=self._number, sealed=sealed)
        )
        self._number += 1


class _Pieces(io.RawIOBase):
    """A reader over the rows of one body, one row in memory at a time."""

    def __init__(self, connection: Connection, key_id: str) -> None:
        super().__init__()
        self._connection = connection
        self._key_id = key_id
        self._number = 0
        self._piece = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._piece:
            query = select(tables.body.c.sealed).where(
                tables.body.c.key_id == self._key_id, tables.body.c.number == self._number
            )
            self._piece = self._connection.execute(query).scalar() or b""
            self._number += 1
        length = min(len(buffer), len(self._piece))
        buffer[:length] = self._piece[:length]
        self._piece = self._piece[length:]
        return length
