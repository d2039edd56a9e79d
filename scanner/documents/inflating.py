"""Reading what a container expands to, with counters: directories lie, so bytes are counted as they come."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import IO

from scanner.documents.limits import Limits


class ExpansionLimitError(Exception):
    """More came out of a container than the limits allow; the message says which limit."""


class CountingReader(io.RawIOBase):
    """A reader that raises ``ExpansionLimitError`` once its position passes a cap or a ratio.

    ``packed`` is the stored size, 0 where it is not known.  ``spend`` is told of each byte that is read
    for the first time (seeking back costs nothing), so that a budget can be kept over many members; it
    may raise as well.
    """

    def __init__(
        self,
        file: IO[bytes],
        cap: int,
        packed: int,
        limits: Limits,
        spend: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__()
        self._file = file
        self._cap = cap
        self._ratio_cap = max(limits.ratio_floor, packed * limits.ratio) if packed else cap
        self._ratio = limits.ratio
        self._position = 0
        self._furthest = 0
        self._spend = spend

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def seekable(self) -> bool:
        """Tell whether the file beneath can seek."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move as the file beneath does; moving forward inflates and is not counted as reading."""
        self._position = self._file.seek(offset, whence)
        return self._position

    def tell(self) -> int:
        """Return the present offset."""
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer``; raises ``ExpansionLimitError`` when a limit is passed."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        if self._position > self._furthest:
            count = self._position - self._furthest
            self._furthest = self._position
            if self._spend is not None:
                self._spend(count)
        if self._position > self._cap:
            raise ExpansionLimitError(f"expands to more than {self._cap:,} bytes")
        if self._position > self._ratio_cap:
            raise ExpansionLimitError(f"expands more than {self._ratio} to 1")
        return len(data)

    def close(self) -> None:
        """Close the file beneath as well."""
        if not self.closed:
            self._file.close()
        super().close()
