"""Published files are asked for as a stranger would ask, at a real web server."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import Engine, select

from scanner.judgement.assessment import Severity
from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.watching import stranger
from scanner.shares.watching.outside import Outsider
from scanner.store import runs
from scanner.store.inventory import Signatures
from scanner.store.outbox import open_outbox
from scanner.store.outbox.tables import alert
from scanner.store.runs import NewRun
from tests.alerts.authority import Authority
from tests.shares.plain_inspector import TEST_KEY, PlainInspector

SPECIMEN = "QQ123456C"  # published: never issued


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    kind: str = "text/plain"
    to: str = ""  # where it is sent elsewhere
    sized: bool = True


@dataclass
class Site:
    """A web server; what it has no reply for it gives as the files that lie in ``folder``."""

    folder: Path
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[tuple[str, str, list[str]]] = field(default_factory=list)
    base: str = ""


@contextmanager
def serving(folder: Path, certificate: ssl.SSLContext | None = None) -> Iterator[Site]:
    state = Site(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.path, self.headers.get("Range", ""), sorted(self.headers.keys())))
            reply = state.replies.get(self.path)
            path = state.folder / unquote(self.path).removeprefix("/base/")
            if reply is None and path.is_file():
                reply = Reply(200, path.read_bytes(), "application/octet-stream")
            reply = reply or Reply(404, b"<html>not here</html>", "text/html")
            part = bool(self.headers.get("Range")) and reply.status == 206
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            if reply.to:
                self.send_header("Location", reply.to)
            if part:
                self.send_header("Content-Range", f"bytes 0-0/{len(reply.body)}")
            if reply.sized:
                self.send_header("Content-Length", "1" if part else str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[:1] if part else reply.body)

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A stranger who goes away early."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
    state.base = f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path / "share" / "www") as state:
        yield state


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A scanned share: a folder that is published, with a sensitive file and another, and one that is not."""
    for name in ("www/files/the list & more.txt", "www/plain.txt", "inside/list.txt"):
        path = tmp_path / "share" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("nothing" if "plain" in name else SPECIMEN + name)
    opened = open_outbox(f"sqlite:///{tmp_path / 'dlp.db'}")
    stored = runs.start(opened, NewRun((os.fsencode(tmp_path / "share"),), "test", Signatures()))
    chosen = ScanSettings(workers=WorkerSettings(count=1))
    scan(Run(chosen, PlainInspector(), TEST_KEY), opened, stored)
    yield opened
    opened.dispose()


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def outsider(engine: Engine, tmp_path: Path, site: Site, clock: Clock) -> Outsider:
    published = {str(tmp_path / "share" / "www"): f"{site.base}/base"}
    return Outsider(engine, published, Severity.HIGH, ["mail"], pause=300, per_minute=60, clock=clock)


def alerts(engine: Engine) -> int:
    with engine.connect() as connection:
        query = select(alert.c.id).where(alert.c.kind == "reachable")
        return len(connection.execute(query).all())


def tellings(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [json.loads(text) for text in connection.execute(select(alert.c.told)).scalars()]


WANTED = "/base/files/the%20list%20%26%20more.txt"

FILE = (SPECIMEN + "www/files/the list & more.txt").encode()
PAGE = b"<html>Please sign in</html>"

ANSWERS = [
    (Reply(200, FILE), 1, "given"),
    (Reply(206, FILE), 1, "given in part, as was asked"),
    (Reply(200, FILE, sized=False), 1, "given without its length"),
    (Reply(200, FILE, "text/html"), 1, "given, whatever it is called"),
    (Reply(206, FILE, "text/html; charset=utf-8"), 1, "the same in part"),
    (Reply(200, FILE + b" once", "application/msword"), 1, "an older one is given"),
    (Reply(200, PAGE, "text/html"), 0, "a page that asks to sign in, as if all were well"),
    (Reply(200, PAGE, "Text/HTML; charset=utf-8", sized=False), 0, "the same without its length"),
    (Reply(206, PAGE, "text/html"), 0, "the same in part"),
    (Reply(200, b"{}", "application/json"), 0, "an error of an application"),
    (Reply(302, to="/login"), 0, "sent to a page"),
    (Reply(302, to="/moved"), 1, "sent to where it is now"),
    (Reply(301, to="http://localhost:9/elsewhere"), 0, "sent to another site, mostly to sign in"),
    (Reply(302, to="file:///etc/hostname"), 0, "sent where no browser goes"),
    (Reply(302, to=""), 0, "sent nowhere"),
    (Reply(307, to="/loop"), 0, "sent round and round"),
    (Reply(204), 0, "nothing"),
    (Reply(401), 0, "a password is asked for"),
    (Reply(403), 0, "refused"),
    (Reply(404), 0, "not there"),
    (Reply(429), 0, "the server is tired of us"),
    (Reply(503), 0, "the server is ill"),
]


@pytest.mark.parametrize(("answer", "count", "why"), ANSWERS, ids=[why for *_, why in ANSWERS])
def test_whether_a_stranger_is_given_it(
    engine: Engine, tmp_path: Path, site: Site, answer: Reply, count: int, why: str
) -> None:
    site.replies = {
        WANTED: answer,
        "/login": Reply(200, PAGE, "text/html"),
        "/moved": Reply(200, FILE, "text/html"),
        "/loop": Reply(307, to="/loop"),
    }
    clock = Clock()
    prober = outsider(engine, tmp_path, site, clock)
    for _ in range(5):
        prober.turn()
        clock.now += 2
    assert site.asked[0][:2] == (WANTED, "bytes=0-0")
    assert all(name not in asked[2] for asked in site.asked for name in ("Authorization", "Cookie"))
    assert alerts(engine) == count


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (b'<a href="the%20list%20%26%20more.txt">the list &amp; more.txt</a>', True),
        (b"<html>Welcome</html>", False),
    ],
)
def test_a_folder_that_shows_what_lies_in_it(
    engine: Engine, tmp_path: Path, site: Site, page: bytes, says: bool
) -> None:
    site.replies["/base/files/"] = Reply(200, page, "text/html")
    assert outsider(engine, tmp_path, site, Clock()).turn()
    (told,) = tellings(engine)
    assert told["detail"].startswith(f"given to anybody who asks for {site.base}{WANTED}")
    assert told["detail"].endswith("its folder shows that it is there") is says
    assert SPECIMEN not in json.dumps(told)


def test_a_certificate_that_nobody_believes_keeps_no_stranger_out(engine: Engine, tmp_path: Path) -> None:
    authority = Authority.new(tmp_path, "somebody")
    with serving(tmp_path / "share" / "www", authority.server("www.example.gov.uk")) as site:
        assert outsider(engine, tmp_path, site, Clock()).turn()
    assert alerts(engine) == 1


def test_a_server_that_sends_a_byte_now_and_then_holds_up_nobody(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stranger, "_SECONDS_IN_ALL", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                while not ended.wait(0.1):
                    connection.sendall(b"H")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        clock = Clock()
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        prober = outsider(engine, tmp_path, Site(tmp_path, base=base), clock)
        began = time.monotonic()
        for _ in range(10):
            prober.turn()
            clock.now += 301
        assert time.monotonic() - began < 20
        ended.set()
        thread.join(10)
    assert alerts(engine) == 0
    # Said once: a probe that is never answered looks like one that finds nothing.
    assert [record.getMessage() for record in caplog.records] == [
        f"{base} cannot be asked for its published files (no answer in time)"
    ]


def test_it_asks_again_and_again_and_tells_once_until_it_was_closed(
    engine: Engine, tmp_path: Path, site: Site
) -> None:
    clock = Clock()
    prober = outsider(engine, tmp_path, site, clock)
    counts = []
    for status in (404, 200, 200, 403, 200):
        site.replies[WANTED] = Reply(status, FILE)
        prober.turn()
        prober.turn()
        clock.now += 2
        prober.turn()
        clock.now += 301
        counts.append(alerts(engine))
    assert counts == [0, 1, 1, 1, 2]
    assert len([path for path, *_ in site.asked if path == WANTED]) == 5


def test_a_server_that_is_away_says_nothing(engine: Engine, tmp_path: Path) -> None:
    prober = outsider(engine, tmp_path, Site(tmp_path, base="http://127.0.0.1:1"), Clock())
    assert prober.turn()
    assert alerts(engine) == 0


def test_only_what_is_published_has_an_address(engine: Engine, tmp_path: Path, site: Site) -> None:
    prober = outsider(engine, tmp_path, site, Clock())
    assert prober.address(os.fsencode(tmp_path / "share" / "inside" / "list.txt")) is None
    assert prober.address(os.fsencode(tmp_path / "share" / "www2" / "x")) is None
    assert prober.address(os.fsencode(tmp_path / "share" / "www" / "a?b#c.txt")) == (
        f"{site.base}/base/a%3Fb%23c.txt"
    )
