"""Writing in batches: what many messages have to write at the same time goes to the disk in one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Batches(Generic[T]):
    """Collects items and writes them together.

    ``write`` is awaited with all that came since the last time; ``put`` returns when the item is written, or
    raises what ``write`` raised.  ``pause`` is waited before each batch, for things that nobody waits for.
    """

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]], pause: float = 0.0) -> None:
        self._write = write
        self._pause = pause
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def add(self, item: T) -> asyncio.Future[None]:
        """Have the item written; the future ends when it is."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Whoever does not wait for it does not want to hear of its failure, either.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting.append((item, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_all())
        return future

    async def put(self, item: T) -> None:
        """Have the item written, and wait for it."""
        await self.add(item)

    async def close(self) -> None:
        """Write what is left."""
        self._hurry.set()
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write_all(self) -> None:
        while self._waiting:
            if self._pause:
                try:
                    async with asyncio.timeout(self._pause):
                        await self._hurry.wait()
                except TimeoutError:
                    pass
            batch, self._waiting = self._waiting, []
            try:
                await self._write([item for item, _ in batch])
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for _, future in batch:
                    if not future.done():
                        future.set_result(None)
