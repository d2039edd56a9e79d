"""The supervisor with real processes: starts, deaths, reloads and stops under connections."""

from __future__ import annotations

import os
import select
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smtp_filter.inspection_pool import PoolSettings
from smtp_filter.service.supervisor import Place, Plan, StartError, Supervisor
from smtp_filter.service.systemd import Notifier
from tests.ports import free_port

POOL = PoolSettings(workers=2)


def examine() -> Any:
    return lambda file, size, facts, read: {"size": size}


def echo_as(word: str) -> Callable[[Place], None]:
    """A process that answers each connection with a word and its pid, after it was spoken to."""

    def body(place: Place) -> None:
        stopping: list[int] = []
        signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
        (listening,) = place.sockets.values()
        place.ready()
        while not stopping:
            place.beat()
            if not select.select([listening], [], [], 0.05)[0]:
                continue
            try:
                connection, _ = listening.accept()
            except BlockingIOError:
                continue
            with connection:
                connection.setblocking(True)
                connection.sendall(f"{word} {os.getpid()}".encode())
                connection.recv(10)

    return body


class Running:
    """A supervisor in a child process."""

    def __init__(self, load: Callable[[], Plan], port: int) -> None:
        self.port = port
        self.inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._folder = tempfile.TemporaryDirectory()
        path = f"{self._folder.name}/notify"
        self.inbox.bind(path)
        self.inbox.settimeout(20)
        environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000"}
        self.pid = os.fork()
        if self.pid == 0:
            try:
                Supervisor(load, Notifier(environment)).run()
                os._exit(0)
            except StartError:
                os._exit(2)
            finally:
                os._exit(1)

    def wait_for(self, word: str) -> str:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            said = self.inbox.recv(4096).decode()
            if word in said:
                return said
        raise AssertionError(word)

    def ask(self) -> list[str]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            return connection.recv(100).decode().split()

    def stop(self) -> int:
        os.kill(self.pid, signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.ended()
        self.inbox.close()
        self._folder.cleanup()


@contextmanager
def running(load: Callable[[], Plan], port: int) -> Iterator[Running]:
    one = Running(load, port)
    try:
        yield one
    finally:
        one.close()


def plan(port: int, word: str = "one", **more: Any) -> Plan:
    told = {"start_seconds": 10.0, "stop_seconds": 5.0, **more}
    return Plan((("127.0.0.1", port),), {"a": echo_as(word), "b": echo_as(word)}, examine, POOL, **told)


def test_it_serves_feeds_the_watchdog_and_stops() -> None:
    port = free_port()
    with running(lambda: plan(port), port) as service:
        assert "2 processes" in service.wait_for("READY=1")
        assert service.ask()[0] == "one"
        service.wait_for("WATCHDOG=1")
        assert service.stop() == 0
        service.wait_for("STOPPING=1")
        with pytest.raises(ConnectionRefusedError):
            service.ask()


def test_killed_processes_are_replaced_and_no_connection_is_refused() -> None:
    port = free_port()
    with running(lambda: plan(port), port) as service:
        service.wait_for("READY=1")
        seen = set()
        for _ in range(6):
            _, pid = service.ask()
            seen.add(pid)
            os.kill(int(pid), signal.SIGKILL)
        assert len(seen) == 6
        assert service.stop() == 0


def test_a_reload_swaps_the_processes_without_refusing_anybody(tmp_path: Path) -> None:
    port, word = free_port(), tmp_path / "word"
    word.write_text("one")
    with running(lambda: plan(port, word.read_text()), port) as service:
        service.wait_for("READY=1")
        answers: list[str] = []
        done = threading.Event()

        def knock() -> None:
            while not done.is_set():
                answers.append((service.ask() or ["nothing"])[0])

        knocking = threading.Thread(target=knock)
        knocking.start()
        try:
            word.write_text("two")
            os.kill(service.pid, signal.SIGHUP)
            service.wait_for("RELOADING=1")
            service.wait_for("READY=1")
            end = time.monotonic() + 10
            while answers[-1:] != ["two"] or time.monotonic() < end - 9.5:
                assert time.monotonic() < end
                time.sleep(0.01)
        finally:
            done.set()
            knocking.join()
        assert set(answers) == {"one", "two"}
        assert service.stop() == 0


def refuse() -> Plan:
    raise StartError("dlp.yaml:3: relay.listen: is wrong")


def unbuildable() -> Any:
    raise StartError("rules are broken")


def failing(place: Place) -> None:
    raise StartError("no database")


@pytest.mark.parametrize(
    "bad",
    [
        lambda port: refuse(),
        lambda port: Plan((("127.0.0.1", port),), {"a": failing}, examine, POOL),
        lambda port: Plan((("127.0.0.1", port),), {"a": lambda place: time.sleep(60)}, unbuildable, POOL),
        lambda port: Plan((("127.0.0.1", port),), {"a": lambda place: time.sleep(60)}, examine, POOL, 0.3),
        lambda port: Plan((("192.0.2.1", 10025),), {"a": echo_as("x")}, examine, POOL),
    ],
    ids=["configuration", "process", "zygote", "never ready", "address"],
)
def test_what_cannot_start_ends_a_start_and_leaves_a_running_service_alone(
    bad: Callable[[int], Plan], tmp_path: Path
) -> None:
    port, mark = free_port(), tmp_path / "bad"
    with running(lambda: bad(port), port) as service:
        assert service.ended() == 2
    with running(lambda: bad(port) if mark.exists() else plan(port), port) as service:
        service.wait_for("READY=1")
        mark.touch()
        os.kill(service.pid, signal.SIGHUP)
        assert "going on as before" in service.wait_for("STATUS=reload refused")
        assert service.ask()[0] == "one"
        mark.unlink()
        os.kill(service.pid, signal.SIGHUP)
        assert "relaying" in service.wait_for("READY=1")
        assert service.stop() == 0


def test_a_process_that_stands_still_is_replaced_and_the_others_are_left_alone(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "pids"

    def stuck_once(place: Place) -> None:
        place.ready()
        with log.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if len(log.read_text().split()) == 1:
            time.sleep(60)
        echo_as("again")(place)

    told = Plan(
        (("127.0.0.1", port),), {"a": stuck_once}, examine, POOL, stop_seconds=5.0, silent_seconds=8.0
    )
    with running(lambda: told, port) as service:
        service.wait_for("READY=1")
        zygote = [pid for pid in children(service.pid) if name_of(pid) == "dlp-zygote"]
        assert service.ask()[0] == "again"
        assert len(log.read_text().split()) == 2
        # The zygote has no event loop and nothing to do, and is not taken for stuck.
        assert [pid for pid in children(service.pid) if name_of(pid) == "dlp-zygote"] == zygote
        assert service.stop() == 0


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def test_everything_ends_with_the_supervisor() -> None:
    port = free_port()

    def until_the_end(place: Place) -> None:
        place.ready()
        select.select([place.lifeline], [], [])

    told = Plan((("127.0.0.1", port),), {"a": until_the_end}, examine, POOL)
    with running(lambda: told, port) as service:
        service.wait_for("READY=1")
        os.kill(service.pid, signal.SIGKILL)
        service.ended()
        end = time.monotonic() + 60  # a busy machine takes its time
        while True:  # nobody holds the port any more
            with socket.socket() as probe:
                try:
                    probe.connect(("127.0.0.1", port))
                except ConnectionRefusedError:
                    break
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_process_that_does_not_stop_is_ended_in_time() -> None:
    port = free_port()

    def deaf(place: Place) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        place.ready()
        time.sleep(60)

    told = Plan((("127.0.0.1", port),), {"a": deaf}, examine, POOL, stop_seconds=0.3)
    with running(lambda: told, port) as service:
        service.wait_for("READY=1")
        assert service.stop() == 0
