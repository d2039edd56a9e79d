"""The real ``dlp relay`` and a next hop as programs: configured, started, watched, killed, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.ports import HERE, free_port

_START_SECONDS = 90.0


class Programs:
    """The real ``dlp relay`` and its next hop; what is killed is started again, as systemd would."""

    def __init__(self, folder: Path, faults: float, *, pause: float = 0.3) -> None:
        self.folder, self.faults, self._pause = folder, faults, pause
        self.port, self.hop_port, self.watch_port = free_port(), free_port(), free_port()
        self.journal = folder / "next_hop.journal"
        self.journal.touch()
        self.log = folder / "relay.log"
        self.configuration = folder / "dlp.yaml"
        self.environment: dict[str, str] = {}
        self._service: subprocess.Popen[bytes] | None = None
        self._hop: subprocess.Popen[bytes] | None = None
        self.started = 0

    def configure(self, **changes: dict[str, Any]) -> None:
        """Write the configuration; ``changes`` are keys by section."""
        told: dict[str, dict[str, Any]] = {
            "organisation": {"names": ["Council"], "domains": ["council.gov.uk"]},
            "state": {"directory": str(self.folder / "state")},
            "storage": {"master_key": str(self.folder / "master.key")},
            "relay": {"listen": [f"{HERE}:{self.port}"], "processes": 2, "stop_seconds": 30},
            "next_hop": {"host": HERE, "port": self.hop_port, "tls": "none"},
            "quarantine": {"reserve_mb": 1},
            # Starts in a third of the time; what is found is not the matter here.
            "language": {"model": "none"},
            "metrics": {"listen": f"{HERE}:{self.watch_port}"},
            "logging": {"file": str(self.log)},
        }
        for section, keys in changes.items():
            told.setdefault(section, {}).update(keys)
        self.configuration.write_text(yaml.safe_dump(told))

    def start_service(self) -> None:
        """Start the relay."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DLP_")}
        environment.update({"DLP_DEBUG": "1", **self.environment})
        self.started += 1
        self._service = subprocess.Popen(
            [sys.executable, "-m", "scanner.commands", "relay", "--config", str(self.configuration)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr").open("ab"),
        )

    def start_hop(self) -> None:
        """Start the next hop."""
        command = [sys.executable, "-m", "tests.soak.next_hop", str(self.hop_port), str(self.journal)]
        self._hop = subprocess.Popen([*command, str(self.faults)], stderr=subprocess.DEVNULL)

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._service is not None
        return self._service.pid

    async def ready(self) -> None:
        """Wait until the relay says so."""
        end = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self.watched, "ready")
                return
            if self._service is not None and self._service.poll() is not None:
                said = (self.folder / "stderr").read_text()[-500:]
                raise RuntimeError(f"the relay ended: {said}")
            if time.monotonic() > end:
                raise RuntimeError("the relay is not ready")
            await asyncio.sleep(0.1)

    def watched(self, page: str) -> str:
        """A page of the relay's endpoint; raises ``OSError``."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.watch_port}/{page}", timeout=5) as answer:
            return str(answer.read().decode())

    async def kill(self, what: str, chance: random.Random) -> bool:
        """Kill one process of a kind, and start again what nobody else does; whether there was one."""
        if what == "next hop":
            assert self._hop is not None
            _end(self._hop)
            await asyncio.sleep(self._pause * chance.random())
            self.start_hop()
            return True
        assert self._service is not None
        if what == "service":
            _end(self._service)
            await asyncio.sleep(self._pause * chance.random())
            self.start_service()
            return True
        found = [pid for pid, name in self.processes() if name.startswith(_NAMES[what])]
        if not found:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(found), signal.SIGKILL)
        return True

    def processes(self) -> list[tuple[int, str]]:
        """The relay's processes with their names."""
        assert self._service is not None
        found: list[tuple[int, str]] = []
        waiting = [self._service.pid]
        while waiting:
            parent = waiting.pop()
            with contextlib.suppress(OSError):
                below = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
                for pid in map(int, below):
                    found.append((pid, Path(f"/proc/{pid}/comm").read_text().strip()))
                    waiting.append(pid)
        return found

    def stop(self) -> int:
        """Stop gently; the relay's exit code."""
        assert self._service is not None
        self._service.send_signal(signal.SIGTERM)
        code = self._service.wait(60)
        if self._hop is not None:
            _end(self._hop)
        return code

    def close(self) -> None:
        """End whatever runs."""
        for program in (self._service, self._hop):
            if program is not None and program.poll() is None:
                _end(program)


_NAMES = {
    "relay": "dlp-relay",
    "worker": "dlp-inspect",
    "zygote": "dlp-zygote",
    "background": "dlp-background",
}


def _end(program: subprocess.Popen[bytes]) -> None:
    program.kill()
    program.wait()
