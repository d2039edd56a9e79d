"""Real servers for tests, private and on free ports: a Samba server, an SSH server."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.ports import free_port

# An account that Debian has, with nothing else to do here.
USER = "games"


@dataclass
class RunningServer:
    """A server that can be stopped as if somebody pulled its plug, and started again."""

    command: list[str]
    port: int
    folder: Path
    share: Path
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2_000:])

    def stop(self) -> None:
        if self.process is not None:
            for number in _family(self.process.pid):
                os.kill(number, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def pause(self) -> list[int]:
        """Have it fall silent, with every connection open; returns what :meth:`resume` needs."""
        assert self.process is not None
        family = _family(self.process.pid)
        for number in family:
            os.kill(number, signal.SIGSTOP)
        return family

    def resume(self, family: list[int]) -> None:
        for number in family:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGCONT)


def _family(pid: int) -> list[int]:
    """A process and its children's children: a server forks one for each client, in groups of their own."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found


@contextmanager
def _folder(owner: str = "") -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="dlp-server-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def samba_server() -> Iterator[RunningServer]:
    """``smb://127.0.0.1:PORT/staff`` for :data:`USER`, ``.../public`` for guests; one folder."""
    smbd, smbpasswd = shutil.which("smbd"), shutil.which("smbpasswd")
    if smbd is None or smbpasswd is None:
        pytest.skip("no Samba server here (Debian package samba)")
    if os.geteuid():
        pytest.skip("a Samba server must be started by root")
    with _folder() as folder:
        share = folder / "share"
        share.mkdir()
        port = free_port()
        lines = [
            "[global]",
            "server role = standalone server",
            "map to guest = Bad User",
            "load printers = no",
        ]
        lines += [f"smb ports = {port}", "interfaces = 127.0.0.1", "bind interfaces only = yes"]
        lines += ["log level = 0", "disable netbios = yes", "passdb backend = tdbsam", "deadtime = 1"]
        for option in ("lock", "state", "cache", "pid", "ncalrpc"):
            (folder / option).mkdir()
            lines.append(f"{option} directory = {folder / option}" if option != "ncalrpc" else "")
        (folder / "private").mkdir(mode=0o700)
        lines += [f"private dir = {folder / 'private'}", f"ncalrpc dir = {folder / 'ncalrpc'}"]
        for name, guests in (("staff", "no"), ("public", "yes")):
            lines += [f"[{name}]", f"path = {share}", f"guest ok = {guests}", "read only = no"]
            lines += ["force user = root", "store dos attributes = no"]
        configuration = folder / "smb.conf"
        configuration.write_text("\n".join(lines) + "\n")
        server = RunningServer(
            [smbd, "--foreground", "--no-process-group", f"--configfile={configuration}"], port, folder, share
        )
        done = subprocess.run(
            [smbpasswd, "-c", configuration, "-s", "-a", USER],
            input=f"{server.password}\n{server.password}\n".encode(),
            capture_output=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace"))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def ssh_server(home: Path) -> Iterator[RunningServer]:
    """``sftp://127.0.0.1:PORT/...`` for whoever runs the test, with a key and a known host in ``home``."""
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    keygen = shutil.which("ssh-keygen")
    subsystem = next((p for p in ("/usr/lib/openssh/sftp-server",) if Path(p).exists()), "")
    if not Path(sshd).exists() or keygen is None or not subsystem:
        pytest.skip("no SSH server here (Debian package openssh-server)")
    if os.geteuid():
        pytest.skip("the SSH server of this test is started by root")
    with _folder() as folder:
        share = folder / "share"
        share.mkdir()
        port = free_port()
        ssh = home / ".ssh"
        ssh.mkdir(parents=True, exist_ok=True, mode=0o700)
        for key in (folder / "host", ssh / "id_ed25519"):
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        allowed = folder / "allowed"
        shutil.copy(ssh / "id_ed25519.pub", allowed)
        kind, public = (folder / "host.pub").read_text().split()[:2]
        (ssh / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {public}\n")
        Path("/run/sshd").mkdir(exist_ok=True)
        lines = [f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {folder / 'host'}", "UsePAM no"]
        lines += [f"AuthorizedKeysFile {allowed}", "StrictModes no", "PermitRootLogin yes", "PidFile none"]
        lines += ["PasswordAuthentication no", f"Subsystem sftp {subsystem}"]
        configuration = folder / "sshd_config"
        configuration.write_text("\n".join(lines) + "\n")
        server = RunningServer([sshd, "-D", "-e", "-f", str(configuration)], port, folder, share)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def write_credentials(path: Path, password: str) -> None:
    path.touch(mode=0o600)
    path.write_text(f"machine 127.0.0.1 login {USER} password {password}\n")


def account() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name
