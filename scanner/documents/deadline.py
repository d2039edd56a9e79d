"""The soft end of a file's time: reading stops, what was read is kept, and the coverage says so.

The hard end (the kernel's CPU limit, the run's ceiling) stands outside and kills; this one comes a little
earlier and interrupts whatever Python code is running.  A library that does not come back to Python in
between is left to the hard one.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from dataclasses import replace
from types import FrameType

from scanner.documents.limits import Limits
from scanner.documents.model import Coverage, Gap, Segment, Shortfall, Status
from scanner.documents.protocol import Source, TimeUpError
from scanner.documents.reader import Read

# Libraries swallow interruptions: by "except" without a class, in a callback from C, in a finaliser.  What
# goes on all the same is interrupted again, several times before the hard end, which may come two seconds of
# CPU after the first; what comes to its end in between did not read everything, whatever its coverage says.
_AGAIN = 0.5


class Deadline:
    """The time of one file after the other, in a process that reads and does nothing else.

    It owns the signals SIGPROF and SIGALRM of its process.
    """

    def __init__(self) -> None:
        self._reading = False
        self._passed = ""
        signal.signal(signal.SIGPROF, self._out_of_cpu)
        signal.signal(signal.SIGALRM, self._out_of_time)

    def start(self, cpu_seconds: float, wall_seconds: float) -> None:
        """Give the next file its time, from now."""
        self._passed = ""
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds, _AGAIN)
        signal.setitimer(signal.ITIMER_REAL, wall_seconds, _AGAIN)

    def stop(self) -> None:
        """No file is being read."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)

    def limiting(self, read: Read) -> Read:
        """``read``, ended with a gap when the time is over.

        Only the reading is interrupted, never what its consumer makes of an item.
        """

        def limited(
            source: Source, *, limits: Limits | None = None, kind: str | None = None
        ) -> Generator[Segment | Coverage, None, None]:
            return self._until_over(read(source, limits=limits, kind=kind), source)

        return limited

    def _until_over(
        self, items: Generator[Segment | Coverage, None, None], source: Source
    ) -> Generator[Segment | Coverage, None, None]:
        some = False
        while True:
            try:
                self._reading = True
                item = items.throw(TimeUpError(self._passed)) if self._passed else next(items)
            except StopIteration:
                return
            except TimeUpError as end:  # it came before the reading could see to it
                self._reading = False
                gap = Gap(source.location, Shortfall.LIMIT, str(end))
                yield Coverage(Status.PARTIAL if some else Status.NOT_INSPECTED, "", (gap,))
                return
            finally:
                self._reading = False
            if isinstance(item, Coverage):
                yield self._honest(item, source, some=some)
                return
            yield item
            some = some or item.location.parts[-1:] != ("file name",)

    def _honest(self, coverage: Coverage, source: Source, *, some: bool) -> Coverage:
        """The coverage, with the gap that is missing where a library swallowed the interruption."""
        if not self._passed or any(gap.detail == self._passed for gap in coverage.gaps):
            return coverage
        gap = Gap(source.location, Shortfall.LIMIT, self._passed)
        status = Status.PARTIAL if some else Status.NOT_INSPECTED
        return replace(coverage, status=status, gaps=(*coverage.gaps, gap))

    def _out_of_cpu(self, _number: int, _frame: FrameType | None) -> None:
        self._pass("CPU time for one file")

    def _out_of_time(self, _number: int, _frame: FrameType | None) -> None:
        self._pass("time for one file")

    def _pass(self, what: str) -> None:
        self._passed = self._passed or what
        if self._reading:
            raise TimeUpError(self._passed)
