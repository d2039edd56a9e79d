"""What a worker takes from itself: shown in forks of the test's own process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.documents import isolation
from scanner.documents.isolation import Confinement, confine, ended_by, renew_cpu

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limits are Linux's")


def in_a_fork(work: Callable[[], None]) -> int:
    """Run ``work`` in a child; return its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            work()
            code = 0
        except MemoryError:
            code = 71
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def test_memory_ends_in_an_error_the_parser_frame_can_catch() -> None:
    def swallow() -> None:
        confine(Confinement(memory_bytes=400_000_000))
        bytearray(4_000_000_000)

    assert in_a_fork(swallow) == 71


def test_cpu_time_ends_a_loop_even_inside_a_library() -> None:
    def spin() -> None:
        confine(Confinement(cpu_seconds=1))
        while True:
            pass

    assert in_a_fork(spin) == -signal.SIGXCPU


def test_each_file_gets_its_own_time() -> None:
    def work() -> None:
        import resource

        confine(Confinement(cpu_seconds=3))
        first = resource.getrlimit(resource.RLIMIT_CPU)[0]
        assert renew_cpu(50)
        assert resource.getrlimit(resource.RLIMIT_CPU)[0] >= first + 47

    assert in_a_fork(work) == 0


def test_privileges_core_files_and_writing() -> None:
    def work() -> None:
        import resource

        assert confine(Confinement(written_bytes=1_000)) == ()
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        assert "NoNewPrivs:\t1" in Path("/proc/self/status").read_text()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        reader, writer = os.pipe()
        os.write(writer, b"x" * 5_000)
        assert len(os.read(reader, 9_000)) == 5_000, "pipes are no files"

    assert in_a_fork(work) == 0


@pytest.mark.parametrize("user", [0, 65534])
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"])
def test_no_network_whoever_it_runs_as(user: int, family: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")

    def work() -> None:
        os.setgid(user)
        os.setuid(user)
        there, here = socket.socketpair()
        assert confine(Confinement()) == ()
        with pytest.raises(PermissionError):
            socket.socket(getattr(socket, family))
        there.sendall(b"x")
        assert here.recv(1) == b"x", "what it has goes on"
        with pytest.raises(PermissionError):
            socket.socketpair()[0].bind("\0dlp")
        assert subprocess.run(["true"], stdin=subprocess.DEVNULL, check=False).returncode == 0

    assert in_a_fork(work) == 0


def test_each_wall_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel refuses one, the other is enough; where it refuses both, that is said."""

    def work() -> None:
        monkeypatch.setattr(isolation, "deny_sockets", lambda: False)
        if os.geteuid() == 0:
            assert confine(Confinement()) == ()
            with pytest.raises(OSError, match="unreachable"):
                socket.create_connection(("192.0.2.1", 9), timeout=1)
            with socket.socket() as own, pytest.raises(OSError):
                own.connect(("127.0.0.1", 9))
        monkeypatch.setattr(isolation, "leave_network", lambda: False)
        assert confine(Confinement()) == ("no network (neither seccomp nor a network namespace)",)

    assert in_a_fork(work) == 0


def test_writing_only_in_the_own_folder(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.write_text("x")

    def work() -> None:
        if "writing only in its own folder (Landlock)" in confine(Confinement(), own):
            os._exit(90)
        (own / "file").write_text("x")
        (own / "file").unlink()
        assert other.read_text() == "x"
        for refused in (lambda: other.write_text("y"), other.unlink, (tmp_path / "new").mkdir):
            with pytest.raises(PermissionError):
                refused()

    if (code := in_a_fork(work)) == 90:
        pytest.skip("this kernel has no Landlock")
    assert code == 0


def test_a_lower_limit_of_the_system_is_kept() -> None:
    def work() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        confine(Confinement(open_files=256))
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (64, 64)

    assert in_a_fork(work) == 0


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (-signal.SIGXCPU, "CPU limit"),
        (-signal.SIGKILL, "killed (memory, or by the run)"),
        (-signal.SIGABRT, "signal SIGABRT"),
        (-99, "signal 99"),
        (3, "exit code 3"),
    ],
)
def test_ends_in_words(status: int, words: str) -> None:
    assert ended_by(status) == words
