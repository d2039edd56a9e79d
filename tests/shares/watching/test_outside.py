"""Published files are asked for as a stranger would ask, at a real web server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from scanner.judgement.assessment import Severity
from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.watching.outside import Outsider
from scanner.store import runs
from scanner.store.inventory import Signatures
from scanner.store.outbox import open_outbox
from scanner.store.outbox.tables import alert
from scanner.store.runs import NewRun
from tests.shares.plain_inspector import TEST_KEY, PlainInspector

SPECIMEN = "QQ123456C"  # published: never issued


@dataclass
class Site:
    answers: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str, list[str]]] = field(default_factory=list)
    base: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    state = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.path, self.headers.get("Range", ""), sorted(self.headers.keys())))
            answer = state.answers.get(self.path, 404)
            self.send_response(answer)
            if answer == 302:
                self.send_header("Location", f"{state.base}/public")
            self.end_headers()
            self.wfile.write(b"x" if answer < 300 else b"")

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.base = f"http://127.0.0.1:{server.server_address[1]}"
    state.answers["/public"] = 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


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


WANTED = "/base/files/the%20list%20%26%20more.txt"

ANSWERS = [
    (200, 1, "given"),
    (206, 1, "given in part, as was asked"),
    (302, 0, "sent elsewhere, mostly to a sign-in"),
    (401, 0, "a password is asked for"),
    (403, 0, "refused"),
    (404, 0, "not there"),
    (503, 0, "the server is ill"),
]


@pytest.mark.parametrize(("answer", "count", "why"), ANSWERS, ids=[why for *_, why in ANSWERS])
def test_whether_a_stranger_is_given_it(
    engine: Engine, tmp_path: Path, site: Site, answer: int, count: int, why: str
) -> None:
    site.answers[WANTED] = answer
    clock = Clock()
    prober = outsider(engine, tmp_path, site, clock)
    for _ in range(5):
        prober.turn()
        clock.now += 2
    assert [(path, part) for path, part, _ in site.asked] == [(WANTED, "bytes=0-0")]
    assert all(name not in site.asked[0][2] for name in ("Authorization", "Cookie"))
    assert alerts(engine) == count


def test_it_asks_again_and_again_and_tells_once_until_it_was_closed(
    engine: Engine, tmp_path: Path, site: Site
) -> None:
    clock = Clock()
    prober = outsider(engine, tmp_path, site, clock)
    counts = []
    for answer in (404, 200, 200, 403, 200):
        site.answers[WANTED] = answer
        prober.turn()
        prober.turn()
        clock.now += 2
        prober.turn()
        clock.now += 301
        counts.append(alerts(engine))
    assert counts == [0, 1, 1, 1, 2]
    assert len(site.asked) == 5


def test_a_server_that_is_away_says_nothing(engine: Engine, tmp_path: Path) -> None:
    prober = outsider(engine, tmp_path, Site(base="http://127.0.0.1:1"), Clock())
    assert prober.turn()
    assert alerts(engine) == 0


def test_only_what_is_published_has_an_address(engine: Engine, tmp_path: Path, site: Site) -> None:
    prober = outsider(engine, tmp_path, site, Clock())
    assert prober.address(os.fsencode(tmp_path / "share" / "inside" / "list.txt")) is None
    assert prober.address(os.fsencode(tmp_path / "share" / "www2" / "x")) is None
    assert prober.address(os.fsencode(tmp_path / "share" / "www" / "a?b#c.txt")) == (
        f"{site.base}/base/a%3Fb%23c.txt"
    )
