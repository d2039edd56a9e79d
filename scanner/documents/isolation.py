"""What a worker process takes from itself before it reads the first byte of a stranger's file.

Every parser can be made to spin, to swallow memory or to abort, so parsing happens in a process that may
die.  Each measure is applied where the system has it; what is missing is returned, not raised: a worker
with fewer limits is better than none, and ``dlp doctor`` can say which are missing.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from scanner.documents.sandbox import deny_sockets, leave_network, write_only_beneath

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

# prctl(2), <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


@dataclass(frozen=True, slots=True)
class Confinement:
    """Limits of a worker process."""

    memory_bytes: int = 2_000_000_000
    """Address space.  PDF engines map much more than they use."""

    cpu_seconds: int = 20
    """CPU time for one file: CPU and not wall-clock, so that a busy machine makes no false stops."""

    written_bytes: int = 300_000_000
    """Largest file a worker may write: a database on its way to the program that reads it."""

    open_files: int = 256
    niceness: int = 5

    @property
    def grace_seconds(self) -> int:
        """CPU time between the soft end of a file's time, where reading stops, and the hard one."""
        return 2 + self.cpu_seconds // 4


def confine(confinement: Confinement, private: Path | None = None) -> tuple[str, ...]:
    """Apply the limits to the calling process, for good; return the names of those that could not be.

    Call it in the worker, after everything was imported and before the first file.  The CPU limit counts
    from now; ``renew_cpu`` gives the next file its own time.  The process can make no socket any more (those
    that it has go on); with ``private`` it can write nowhere but beneath that folder.
    """
    missing: list[str] = []
    if resource is None:
        missing.append("resource limits")
    else:
        address_space = max(confinement.memory_bytes, _address_space() + confinement.memory_bytes // 2)
        for name, value in (
            ("RLIMIT_CORE", 0),
            ("RLIMIT_AS", address_space),
            ("RLIMIT_FSIZE", confinement.written_bytes),
            ("RLIMIT_NOFILE", confinement.open_files),
        ):
            if not _lower(name, value):
                missing.append(name)
        if not renew_cpu(confinement.cpu_seconds):
            missing.append("RLIMIT_CPU")
    if not _prctl(_PR_SET_NO_NEW_PRIVS, 1):
        missing.append("no new privileges")
    if not die_with_parent():
        missing.append("death with parent")
    try:
        os.nice(confinement.niceness)
    except (OSError, AttributeError):
        missing.append("niceness")
    if private is not None and not write_only_beneath(private):
        missing.append("writing only in its own folder (Landlock)")
    # The filter refuses new namespaces, too: it comes last.
    in_namespace = leave_network()
    if not deny_sockets() and not in_namespace:
        missing.append("no network (neither seccomp nor a network namespace)")
    return tuple(missing)


def die_with_parent() -> bool:
    """Have the kernel end this process when its parent ends; not passed on to forks of its own."""
    return _prctl(_PR_SET_PDEATHSIG, int(getattr(signal, "SIGKILL", signal.SIGTERM)))


def renew_cpu(seconds: int) -> bool:
    """Give the process ``seconds`` more of CPU time from now; over that the kernel ends it (SIGXCPU).

    Returns whether the system has such a limit.
    """
    if resource is None:
        return False
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(usage.ru_utime + usage.ru_stime) + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    except (OSError, ValueError):
        return False
    return True


def ended_by(status: int) -> str:
    """Say in words why a worker ended, from its wait status as an exit code (negative: a signal).

    >>> ended_by(-9)
    'killed (memory, or by the run)'
    """
    if status >= 0:
        return f"exit code {status}"
    number = -status
    if number == getattr(signal, "SIGXCPU", None):
        return "CPU limit"
    if number == getattr(signal, "SIGXFSZ", None):
        return "write limit"
    if number == getattr(signal, "SIGKILL", None):
        return "killed (memory, or by the run)"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(number).name}"
    return f"signal {number}"


def _lower(name: str, value: int) -> bool:
    """Set a limit, soft and hard, to at most ``value``; never raises one that is already lower."""
    kind = getattr(resource, name, None)
    if kind is None:
        return False
    try:
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _address_space() -> int:
    """Return the bytes of address space that the process has already, 0 where that cannot be told."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def _prctl(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        return int(ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)) == 0
    except (OSError, AttributeError):
        return False
