"""What systemd is told of the service's state (sd_notify(3)); silent where nobody listens."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping


class Notifier:
    """Tells the service manager; made once, from the environment that it was started with."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the abstract namespace.
        self._path = "\0" + path[1:] if path.startswith("@") else path
        interval = environment.get("WATCHDOG_USEC", "")
        pid = environment.get("WATCHDOG_PID", "")
        watched = interval.isdigit() and pid in ("", str(os.getpid()))
        self.watchdog_seconds = int(interval) / 1_000_000 if watched else 0.0
        """How often the manager wants to hear from us; 0 where it does not."""

    def ready(self, status: str) -> None:
        """The service works (again)."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload has begun; ``ready`` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def alive(self) -> None:
        """The watchdog is fed."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._path:
            return
        # A manager that does not listen is no reason to stop relaying mail.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto("\n".join(lines).encode(), self._path)
