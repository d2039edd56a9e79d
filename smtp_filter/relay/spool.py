"""Where a message lies while it is with us: in memory up to a megabyte, above that in a file without a name.

A file that was unlinked when it was made leaves nothing behind, however the process ends.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import IO

from smtp_filter.message import Content

_BATCH = 1 << 18
"""Bytes gathered before a write, which runs in a thread: a slow disk must not stop the other sessions."""


class MemoryBudget:
    """Bytes of messages in memory over all sessions of a process."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    @property
    def full(self) -> bool:
        """Whether no new session should be let in."""
        return self.used >= self.limit


class Spool:
    """One message as it arrives.  ``append`` raises ``OSError`` when the disk does not take it."""

    def __init__(self, directory: Path | None, memory_limit: int, budget: MemoryBudget) -> None:
        self._directory = directory
        self._memory_limit = memory_limit
        self._budget = budget
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._writing: asyncio.Future[None] | None = None
        self.size = 0

    async def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        self._memory += data
        self._budget.used += len(data)
        self.size += len(data)
        if self._file is None:
            if len(self._memory) <= self._memory_limit and self._budget.used <= self._budget.limit:
                return
            self._file = tempfile.TemporaryFile(dir=self._directory, buffering=0)  # noqa: SIM115
        if len(self._memory) >= _BATCH:
            await self._flush()

    async def content(self) -> Content:
        """The whole message, valid until ``close``."""
        if self._file is None:
            return Content.from_bytes(bytes(self._memory))
        await self._flush()
        return Content.from_descriptor(self._file.fileno())

    def close(self) -> None:
        """Forget the message."""
        self._budget.used -= len(self._memory)
        self._memory.clear()
        file, self._file = self._file, None
        if file is None:
            return
        if self._writing is None:
            file.close()
        else:
            # A cancelled session may leave a write running; its descriptor must not be reused under it.
            self._writing.add_done_callback(lambda _: file.close())

    async def _flush(self) -> None:
        if self._memory and self._file is not None:
            data, self._memory = self._memory, bytearray()
            self._budget.used -= len(data)
            self._writing = asyncio.get_running_loop().run_in_executor(None, _write_all, self._file, data)
            await asyncio.shield(self._writing)
            self._writing = None


def _write_all(file: IO[bytes], data: bytearray) -> None:
    with memoryview(data) as view:
        written = 0
        while written < len(view):
            written += file.write(view[written:])


def has_room(directory: Path | None, wanted: int, reserve: int) -> bool:
    """Whether the spool's disk takes ``wanted`` bytes and keeps ``reserve``; an unreadable one does not."""
    try:
        free = shutil.disk_usage(directory or tempfile.gettempdir()).free
    except OSError:
        return False
    return free - wanted >= reserve


def header_block(content: Content, limit: int = 1 << 18) -> bytes:
    """The message's header, or its first ``limit`` bytes where it does not end sooner."""
    with content.open() as file:
        start = file.read(limit)
    end = start.find(b"\r\n\r\n")
    return start if end < 0 else start[: end + 2]
