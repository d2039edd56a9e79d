"""Alerts over TLS to real receivers: sign-in, own authorities, certificates that are not believed."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from sqlalchemy import Engine, select

from scanner.alerts.channels import Channel
from scanner.alerts.courier import Courier
from scanner.alerts.mail import MailChannel
from scanner.alerts.settings import MailSettings, SyslogSettings, WebhookSettings
from scanner.alerts.syslog import SyslogChannel
from scanner.alerts.webhook import WebhookChannel
from scanner.judgement.assessment import Severity
from scanner.store.outbox import open_outbox
from scanner.store.outbox.tables import delivery
from tests.ports import free_port

from .authority import Authority
from .test_alerts import Clock, alert, owe, states

SECRET = "a password & a half"


@dataclass
class Trust:
    """An authority that the council has, and one that it has not."""

    ours: Authority
    theirs: Authority


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    folder = tmp_path_factory.mktemp("authorities")
    return Trust(Authority.new(folder, "council"), Authority.new(folder, "somebody"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_outbox(f"sqlite:///{tmp_path / 'dlp.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


def problems(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [text for text in connection.execute(select(delivery.c.problem)).scalars() if text]


# --- e-mail -------------------------------------------------------------------------------------------------


@dataclass
class Post:
    """A mail server that takes letters from who signed in."""

    letters: list[str] = field(default_factory=list)
    sign_ins: list[tuple[bytes, bytes]] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(envelope.content.decode())
        return "250 taken"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.sign_ins.append((data.login, data.password))
        return AuthResult(success=data == LoginPassword(b"dlp", SECRET.encode()), handled=False)


@contextmanager
def post(certificate: ssl.SSLContext | None, *, from_the_first_byte: bool = False) -> Iterator[Post]:
    state = Post(port=free_port())
    options: dict[str, Any] = {"authenticator": state.authenticate, "auth_required": certificate is not None}
    if from_the_first_byte:
        options |= {"ssl_context": certificate, "auth_require_tls": False}
    elif certificate is not None:
        options |= {"tls_context": certificate, "require_starttls": True}
    controller = Controller(state, hostname="127.0.0.1", port=state.port, **options)
    controller.start()
    try:
        yield state
    finally:
        controller.stop()


def mail(
    port: int, secret: Path, authority: Authority, security: str = "starttls", host: str = "127.0.0.1"
) -> MailChannel:
    return MailChannel(
        MailSettings(
            host, ("ig@example.gov.uk",), "dlp@example.gov.uk", port, security, "dlp", secret,
            timeout=10, ca_file=authority.ca_file,
        )
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_goes_over_tls_after_signing_in(
    engine: Engine, trust: Trust, secret: Path, security: str
) -> None:
    with post(trust.ours.server("127.0.0.1"), from_the_first_byte=security == "tls") as server:
        owe(engine, "mail", alert(severity=Severity.CRITICAL))
        courier = Courier(engine, [mail(server.port, secret, trust.ours, security)], clock=Clock())
        assert courier.turn() == 1
    assert server.sign_ins == [(b"dlp", SECRET.encode())]
    assert "/srv/a.csv" in server.letters[0]


def test_a_server_that_cannot_show_who_it_is_gets_neither_letter_nor_password(
    engine: Engine, trust: Trust, secret: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {
        "another authority's": trust.theirs.server("127.0.0.1"),
        "another server's": trust.ours.server("mail.example.gov.uk"),
        "no encryption": None,
    }
    caplog.set_level(logging.DEBUG)
    owe(engine, "mail", alert(severity=Severity.CRITICAL))
    clock = Clock()
    for what, certificate in wrong.items():
        with post(certificate) as server:
            courier = Courier(engine, [mail(server.port, secret, trust.ours)], clock=clock)
            assert courier.turn() == 0, what
            assert (server.letters, server.sign_ins) == ([], []), what
        clock.now += 3_600
    assert states(engine) == ["due"]
    assert SECRET not in caplog.text
    # And when the right one is there, it goes.
    with post(trust.ours.server("127.0.0.1")) as server:
        assert Courier(engine, [mail(server.port, secret, trust.ours)], clock=clock).turn() == 1


def test_a_password_that_is_refused_is_in_no_log(
    engine: Engine, trust: Trust, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = tmp_path / "wrong"
    wrong.write_text("not the password")
    with post(trust.ours.server("127.0.0.1")) as server:
        owe(engine, "mail", alert(severity=Severity.CRITICAL))
        assert Courier(engine, [mail(server.port, wrong, trust.ours)], clock=Clock()).turn() == 0
    assert server.letters == []
    assert "not the password" not in caplog.text
    (problem,) = problems(engine)
    assert problem == f"127.0.0.1:{server.port}: SMTPAuthenticationError 535"


# --- webhook ------------------------------------------------------------------------------------------------


@dataclass
class Web:
    bodies: list[bytes] = field(default_factory=list)
    port: int = 0


@contextmanager
def web(certificate: ssl.SSLContext) -> Iterator[Web]:
    state = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that goes away is what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = certificate.wrap_socket(server.socket, server_side=True)
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def hook(port: int, secret: Path, authority: Authority) -> WebhookChannel:
    return WebhookChannel(
        WebhookSettings(f"https://127.0.0.1:{port}/in", secret, 10**9, 10, ca_file=authority.ca_file)
    )


def test_the_webhook_over_https_believes_the_authority_it_was_given_and_no_other(
    engine: Engine, trust: Trust, secret: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    clock = Clock()
    owe(engine, "webhook", alert())
    for certificate in (trust.theirs.server("127.0.0.1"), trust.ours.server("www.example.gov.uk")):
        with web(certificate) as server:
            assert Courier(engine, [hook(server.port, secret, trust.ours)], clock=clock).turn() == 0
            assert server.bodies == []
        (problem,) = problems(engine)
        assert problem.startswith("webhook: its certificate is not believed (")
        clock.now += 3_600
    with web(trust.ours.server("127.0.0.1")) as server:
        assert Courier(engine, [hook(server.port, secret, trust.ours)], clock=clock).turn() == 1
    (told,) = json.loads(server.bodies[0])["alerts"]
    assert told["path"] == "/srv/a.csv"
    assert SECRET not in caplog.text


# --- syslog -------------------------------------------------------------------------------------------------


@contextmanager
def syslog(certificate: ssl.SSLContext) -> Iterator[tuple[int, list[bytes]]]:
    """A receiver of one connection after the other."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)

        def serve() -> None:
            while True:
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                try:
                    with certificate.wrap_socket(plain, server_side=True) as connection:
                        while data := connection.recv(65_536):
                            got.append(data)
                        connection.unwrap()
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], got
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def lines(port: int, authority: Authority) -> SyslogChannel:
    return SyslogChannel(SyslogSettings(f"tls://127.0.0.1:{port}", timeout=10, ca_file=authority.ca_file))


def test_syslog_over_tls_believes_the_authority_it_was_given_and_no_other(
    engine: Engine, trust: Trust
) -> None:
    clock = Clock()
    owe(engine, "syslog", alert(), alert("/srv/b.csv"))
    for certificate in (trust.theirs.server("127.0.0.1"), trust.ours.server("siem.example.gov.uk")):
        with syslog(certificate) as (port, got):
            assert Courier(engine, [lines(port, trust.ours)], clock=clock).turn() == 0
        assert got == []
        assert all(text.startswith("syslog: its certificate is not believed (") for text in problems(engine))
        clock.now += 3_600
    with syslog(trust.ours.server("127.0.0.1")) as (port, got):
        assert Courier(engine, [lines(port, trust.ours)], clock=clock).turn() == 2
    text = b"".join(got)
    length, _, rest = text.partition(b" ")
    assert rest[: int(length)].startswith(b"<106>1 ")
    assert b"/srv/b.csv" in rest[int(length) :]


# --- all of them --------------------------------------------------------------------------------------------


def test_a_receiver_that_is_away_gets_everything_when_it_is_back(
    engine: Engine, trust: Trust, secret: Path
) -> None:
    clock = Clock()
    port = free_port()
    ways: list[Channel] = [hook(port, secret, trust.ours)]
    courier = Courier(engine, ways, clock=clock)
    for number in range(5):
        owe(engine, "webhook", alert(f"/srv/{number}.csv"))
        assert courier.turn() == 0
        clock.now += 3_600
    with web(trust.ours.server("127.0.0.1")) as server:
        ways[0] = hook(server.port, secret, trust.ours)
        assert Courier(engine, ways, clock=clock).turn() == 5
    assert [told["path"] for told in json.loads(server.bodies[0])["alerts"]] == [
        f"/srv/{number}.csv" for number in range(5)
    ]


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_authorities_that_cannot_be_used_is_a_failure_like_any_other(
    engine: Engine, secret: Path, tmp_path: Path, trust: Trust, content: str | None
) -> None:
    broken = Authority(tmp_path / "broken.pem", trust.ours._key, trust.ours._name)
    if content is not None:
        broken.ca_file.write_text(content)
    for name, way in (("webhook", hook(1, secret, broken)), ("syslog", lines(1, broken))):
        owe(engine, name, alert(f"/srv/{name}.csv"))
        assert Courier(engine, [way], clock=Clock()).turn() == 0
    assert set(states(engine)) == {"due"}
