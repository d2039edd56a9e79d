"""Alerts to real receivers: a mail server, a web server, syslog over UDP and TCP; down, slow, refusing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, select

from scanner.alerts.channels import Channel, Rate
from scanner.alerts.courier import Courier, channels
from scanner.alerts.mail import MailChannel
from scanner.alerts.settings import AlertSettings, MailSettings, SyslogSettings, WebhookSettings
from scanner.alerts.syslog import SyslogChannel, message
from scanner.alerts.webhook import WebhookChannel, signature
from scanner.alerts.wording import digest, line, subject
from scanner.judgement.assessment import Severity
from scanner.store import outbox
from scanner.store.database import writing
from scanner.store.outbox import Alert, AlertKind, open_outbox
from scanner.store.outbox.tables import delivery
from tests.ports import free_port

NOW = 1_700_000_000.0


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_outbox(f"sqlite:///{tmp_path / 'dlp.db'}")
    yield opened
    opened.dispose()


def alert(path: str = "/srv/a.csv", severity: Severity = Severity.HIGH, **changes: Any) -> Alert:
    facts: dict[str, Any] = {
        "reasons": ("Strong identifiers of 41 people: NINO.",),
        "people": (41, 44),
        "kinds": {"UK_NINO": 41},
        "audience": "everyone",
        "how": "mode: others may read",
        "at": NOW,
    }
    return Alert(AlertKind.FINDING, severity, path, **(facts | changes))


def owe(engine: Engine, channel: str, *alerts: Alert) -> None:
    with writing(engine) as connection:
        for item in alerts:
            assert outbox.raise_alert(connection, item.path.encode(), item, [channel])


def states(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(delivery.c.state).order_by(delivery.c.alert_id)).scalars())


# --- receivers ----------------------------------------------------------------------------------------------


@dataclass
class Web:
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: int = 200
    port: int = 0


@pytest.fixture
def web() -> Iterator[Web]:
    state = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(state.answer)
            if state.answer == 302:
                self.send_header("Location", f"http://127.0.0.1:{state.port}/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


@dataclass
class Post:
    letters: list[str] = field(default_factory=list)
    refuse: bool = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return "451 later"
        self.letters.append(envelope.content.decode())
        return "250 taken"


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    state = Post()
    port = free_port()
    controller = Controller(state, hostname="127.0.0.1", port=port)
    controller.start()
    yield state, port
    controller.stop()


def mail(port: int) -> MailSettings:
    return MailSettings("127.0.0.1", ("ig@example.gov.uk",), "dlp@example.gov.uk", port)


# --- e-mail -------------------------------------------------------------------------------------------------


def test_a_digest_gathers_and_what_is_critical_does_not_wait(engine: Engine, post: tuple[Post, int]) -> None:
    state, port = post
    clock = Clock()
    courier = Courier(engine, [MailChannel(mail(port))], clock=clock)
    owe(engine, "mail", alert("/srv/a.csv"), alert("/srv/b.csv"))
    courier.turn()
    assert state.letters == []
    clock.now += 299
    courier.turn()
    assert state.letters == []
    clock.now += 2
    owe(engine, "mail", alert("/srv/c.csv", at=clock.now))
    courier.turn()
    (letter,) = state.letters
    assert all(f"/srv/{name}.csv" in letter for name in "abc")
    assert "Subject: dlp watch: 3 alerts, worst: high" in letter
    assert states(engine) == ["sent"] * 3


def test_a_critical_alert_goes_at_once(engine: Engine, post: tuple[Post, int]) -> None:
    state, port = post
    courier = Courier(engine, [MailChannel(mail(port))], clock=Clock())
    owe(engine, "mail", alert("/srv/quiet.csv"), alert("/srv/loud.csv", Severity.CRITICAL))
    courier.turn()
    (letter,) = state.letters
    assert letter.index("/srv/loud.csv") < letter.index("/srv/quiet.csv")


def test_a_mail_server_that_refuses_is_asked_again_and_nothing_is_lost(
    engine: Engine, post: tuple[Post, int]
) -> None:
    state, port = post
    state.refuse = True
    clock = Clock()
    courier = Courier(engine, [MailChannel(mail(port))], clock=clock)
    owe(engine, "mail", alert(severity=Severity.CRITICAL))
    for _ in range(5):
        assert courier.turn() == 0
    assert states(engine) == ["due"]
    state.refuse = False
    assert courier.turn() == 0  # not before its time
    clock.now += 60
    assert courier.turn() == 1
    assert len(state.letters) == 1


def test_a_flood_is_letters_of_fifty(engine: Engine, post: tuple[Post, int]) -> None:
    state, port = post
    clock = Clock()
    courier = Courier(engine, [MailChannel(mail(port))], clock=clock)
    owe(engine, "mail", *(alert(f"/srv/{number}.csv", Severity.CRITICAL) for number in range(120)))
    courier.turn()
    assert len(state.letters) == 1
    assert "120 alerts" in state.letters[0]
    assert "and 70 more" in state.letters[0]
    courier.turn(hurry=True)
    assert len(state.letters) == 3


# --- webhook ------------------------------------------------------------------------------------------------


def test_the_webhook_is_signed(engine: Engine, web: Web, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a key\n")
    way = WebhookChannel(WebhookSettings(f"http://127.0.0.1:{web.port}/in", key))
    owe(engine, "webhook", alert())
    assert Courier(engine, [way], clock=Clock()).turn() == 1
    ((headers, body),) = web.requests
    assert headers["x-dlp-signature"] == signature(b"a key", headers["x-dlp-timestamp"], body)
    (told,) = json.loads(body)["alerts"]
    assert (told["path"], told["severity"], told["people"]) == ("/srv/a.csv", "high", [41, 44])


@pytest.mark.parametrize("answer", [302, 400, 401, 500, 503])
def test_any_answer_but_2xx_is_a_failure_and_tried_again(engine: Engine, web: Web, answer: int) -> None:
    web.answer = answer
    clock = Clock()
    way = WebhookChannel(WebhookSettings(f"http://127.0.0.1:{web.port}/", per_minute=10**9))
    courier = Courier(engine, [way], clock=clock)
    owe(engine, "webhook", alert())
    assert courier.turn() == 0
    assert len(web.requests) == 1
    web.answer = 204
    clock.now += 10
    assert courier.turn() == 1


def test_one_channel_that_is_down_does_not_hold_up_another(engine: Engine, web: Web) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = closed.getsockname()[1]
    settings = AlertSettings(
        webhook=WebhookSettings(f"http://127.0.0.1:{web.port}/"),
        syslog=SyslogSettings(f"tcp://127.0.0.1:{dead}", timeout=2),
    )
    with writing(engine) as connection:
        outbox.raise_alert(connection, b"/a", alert(), settings.channels)
    ways: list[Channel] = channels(settings)
    assert Courier(engine, list(reversed(ways)), clock=Clock()).turn() == 1
    assert sorted(states(engine)) == ["due", "sent"]


def test_after_a_week_of_failures_it_is_given_up(engine: Engine, web: Web) -> None:
    web.answer = 500
    clock = Clock(NOW + 7 * 86_400)
    way = WebhookChannel(WebhookSettings(f"http://127.0.0.1:{web.port}/"))
    owe(engine, "webhook", alert())
    Courier(engine, [way], clock=clock, keep_days=365).turn()
    assert states(engine) == ["given up"]


# --- syslog -------------------------------------------------------------------------------------------------


def test_syslog_over_udp(engine: Engine) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        way = SyslogChannel(SyslogSettings(f"udp://127.0.0.1:{receiver.getsockname()[1]}"))
        owe(engine, "syslog", alert())
        Courier(engine, [way], clock=Clock()).turn()
        text = receiver.recv(4_096).decode()
    assert text.startswith("<106>1 2023-11-14T22:13:20.000Z ")
    assert 'path="/srv/a.csv"' in text


def test_syslog_over_tcp_counts_octets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        SyslogChannel(SyslogSettings(f"tcp://127.0.0.1:{port}")).send(
            [alert(), alert("/srv/\u00e9.csv")], now=NOW
        )
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as stream:
            data = stream.read()
    texts = []
    while data:
        count, _, data = data.partition(b" ")
        texts.append(data[: int(count)].decode())
        data = data[int(count) :]
    assert len(texts) == 2
    assert texts[1].endswith("readable by everyone")


def test_what_would_end_a_syslog_parameter_is_escaped() -> None:
    said = message(alert('/srv/a"]\\b.csv'))
    assert 'path="/srv/a\\"\\]\\\\b.csv"' in said


# --- the outbox ---------------------------------------------------------------------------------------------


def test_the_same_state_is_told_once_until_it_ends(engine: Engine) -> None:
    with writing(engine) as connection:
        assert outbox.raise_alert(connection, b"/a", alert(), ["mail"])
        assert not outbox.raise_alert(connection, b"/a", alert(), ["mail"])
        assert outbox.raise_alert(connection, b"/a", alert(severity=Severity.CRITICAL), ["mail"])
        assert outbox.raise_alert(connection, b"/b", alert(), ["mail"])
        outbox.rearm(connection, b"/a", raised_before=NOW - 1)
        assert not outbox.raise_alert(connection, b"/a", alert(), ["mail"])
        outbox.rearm(connection, b"/a")
        assert outbox.raise_alert(connection, b"/a", alert(), ["mail"])
        assert not outbox.raise_alert(connection, b"/b", alert(), ["mail"])


def test_old_alerts_are_forgotten_unless_they_are_owed(engine: Engine) -> None:
    owe(engine, "mail", alert("/sent.csv"), alert("/due.csv"))
    with writing(engine) as connection:
        outbox.delivered(connection, "mail", [1], NOW)
        assert outbox.forget_older(connection, NOW + 1) == 1
        assert [item.alert.path for item in outbox.due(connection, "mail", NOW, 9)] == ["/due.csv"]


def test_an_alert_comes_back_from_the_database_as_it_was(engine: Engine) -> None:
    whole = alert(detail="before: low", owner="root", asset_owner="Housing")
    owe(engine, "mail", whole)
    with engine.connect() as connection:
        (item,) = outbox.due(connection, "mail", NOW, 9)
    assert item.alert == Alert(**{name: getattr(whole, name) for name in whole.__slots__} | {"number": 1})


def test_the_outbox_on_postgresql(postgres_url: str) -> None:
    engine = open_outbox(postgres_url)
    owe(engine, "mail", alert("/a.csv"), alert("/b.csv"))
    with writing(engine) as connection:
        assert not outbox.raise_alert(connection, b"/a.csv", alert("/a.csv"), ["mail"])
        outbox.rearm(connection, b"/a.csv")
        assert outbox.raise_alert(connection, b"/a.csv", alert("/a.csv"), ["mail"])
        outbox.failed(connection, "mail", outbox.due(connection, "mail", NOW, 1), "down", NOW)
        assert outbox.owed(connection, "mail", NOW).count == 2
        assert outbox.forget_older(connection, NOW + 1) == 0
    engine.dispose()


# --- words --------------------------------------------------------------------------------------------------


def test_words() -> None:
    assert line(alert()) == ("high: /srv/a.csv holds people's data; 41 to 44 people; readable by everyone")
    body = digest([alert(asset_owner="Head of Housing")], 0)
    assert "Head of Housing" in body
    assert "UK_NINO x 41" in body
    assert "/srv" not in subject([alert()], 0)
    exposed = Alert(AlertKind.EXPOSED, Severity.CRITICAL, "/b")
    assert subject([alert(), exposed], 3) == "dlp watch: 5 alerts, worst: critical, 1 newly exposed"


def test_rates() -> None:
    rate = Rate(60)
    assert not rate.full(NOW)
    rate.count(NOW, 10)
    assert rate.full(NOW + 9)
    assert not rate.full(NOW + 10)
