"""``dlp audit export`` to a receiver of syslog: every transport, for real."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.smtp_filter.commands.test_quarantine import ME, Installation
from tests.smtp_filter.quarantine.making import hold


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("SUDO_USER", raising=False)
    made = Installation(tmp_path, "")
    held = made.quarantine()
    for number in range(3):
        hold(held, str(number))
    held.close()
    return made


class Receiver:
    """What arrived."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.data = b""
        self.done = threading.Event()

    def messages(self) -> list[str]:
        """The counted frames (RFC 6587, 3.4.1), to the last byte."""
        assert self.done.wait(30)
        rest, found = self.data, []
        while rest:
            length, _, rest = rest.partition(b" ")
            found.append(rest[: int(length)].decode())
            rest = rest[int(length) :]
        return found


@contextmanager
def stream_receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        receiver = Receiver(listening.getsockname()[1])

        def take() -> None:
            try:
                connection, _ = listening.accept()
                with connection:
                    if context is not None:
                        connection = context.wrap_socket(connection, server_side=True)
                    while part := connection.recv(65_536):
                        receiver.data += part
                    if isinstance(connection, ssl.SSLSocket):
                        connection.unwrap()
            except OSError:
                pass
            receiver.done.set()

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield receiver
        thread.join(30)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of "localhost" that is its own authority, with its key in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl (Debian package openssl)")
    path = tmp_path / "receiver.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    key = (
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        str(path) + ".key",
    )
    subprocess.run(
        ["openssl", "req", "-x509", *key, "-out", str(path), "-days", "2", *names],
        check=True,
        capture_output=True,
    )
    return path


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    return context


def test_over_tcp_and_from_where_it_stopped(here: Installation, tmp_path: Path) -> None:
    cursor = tmp_path / "cursor"
    words = ("audit", "export", "--format", "cef", "--tcp", "--cursor", str(cursor), "--syslog")
    with stream_receiver() as receiver:
        here.well(*words, f"127.0.0.1:{receiver.port}")
    first = receiver.messages()
    assert len(first) == 3
    pattern = r"<1\d\d>1 \S+Z \S+ dlp \d+ quarantine\.hold - CEF:0\|council-dlp\|dlp\|.*"
    assert all(re.fullmatch(pattern, line) for line in first)
    with stream_receiver() as receiver:
        here.well(*words, f"127.0.0.1:{receiver.port}")
    (only,) = receiver.messages()
    # The export is an act, too.
    assert f"suser={ME}" in only
    assert "act=audit.export" in only


def test_over_tls(here: Installation, certificate: Path) -> None:
    words = ("audit", "export", "--format", "ocsf", "--tls", "--ca", str(certificate), "--syslog")
    with stream_receiver(server_side(certificate)) as receiver:
        here.well(*words, f"localhost:{receiver.port}")
    bodies = [json.loads(line.partition(" - ")[2]) for line in receiver.messages()]
    assert [body["class_uid"] for body in bodies] == [3004] * 3


def test_a_certificate_of_nobody_is_refused(here: Installation, certificate: Path) -> None:
    with stream_receiver(server_side(certificate)) as receiver:
        result = here.run("audit", "export", "--tls", "--syslog", f"localhost:{receiver.port}")
    assert (result.exit_code, "did not take all" in result.output) == (1, True)
    assert receiver.data == b""


def test_over_udp(here: Installation) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        here.well("audit", "export", "--syslog", f"127.0.0.1:{receiver.getsockname()[1]}")
        bodies = [json.loads(receiver.recv(65_536).decode().partition(" - ")[2]) for _ in range(3)]
    assert [body["number"] for body in bodies] == [1, 2, 3]


def test_nobody_listens(here: Installation, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    cursor = tmp_path / "cursor"
    result = here.run("audit", "export", "--tcp", "--syslog", f"127.0.0.1:{port}", "--cursor", str(cursor))
    assert (result.exit_code, cursor.exists()) == (1, False)


WRONG = (
    (("--format", "xml"), "is not one of"),
    (("--tls",), "need --syslog"),
    (("--syslog", "nonsense"), "address:port"),
    (("--syslog", "a:1", "--tcp", "--tls"), "choose one"),
)


@pytest.mark.parametrize(("words", "told"), WRONG)
def test_wrong_options(here: Installation, words: tuple[str, ...], told: str) -> None:
    result = here.run("audit", "export", *words)
    assert (result.exit_code, told in result.output) == (2, True)
