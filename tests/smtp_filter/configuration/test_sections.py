"""The relay's sections: what may be written, what each mistake says, what the rooms are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.configuration import Configuration, ConfigurationError, load
from scanner.judgement.assessment import Severity
from smtp_filter.configuration import SECTIONS
from smtp_filter.configuration.sections import split_endpoint
from smtp_filter.configuration.service import service_settings


def loaded(folder: Path, told: dict[str, Any]) -> Configuration:
    file = folder / "dlp.yaml"
    file.write_text(yaml.safe_dump(told))
    return load(file, {})


ENDPOINTS = [
    ("127.0.0.1:10025", ("127.0.0.1", 10025)),
    ("[::1]:25", ("::1", 25)),
    ("relay.council.test:0", ("relay.council.test", 0)),
    ("127.0.0.1", None),
    ("::1:25", None),
    ("[::1]", None),
    ("127.0.0.1:65536", None),
    ("127.0.0.1:smtp", None),
    ("a b:25", None),
]


@pytest.mark.parametrize(("text", "expected"), ENDPOINTS)
def test_endpoints(text: str, expected: tuple[str, int] | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="address:port"):
            split_endpoint(text)
    else:
        assert split_endpoint(text) == expected


MISTAKES = [
    # text, the line it leads to
    ("relay:\n  listen: [25]\n", "1]: is 25, must be text (put it in quotes)"),
    ("relay:\n  listen: [mx]\n", "relay.listen[1]: is 'mx', must be address:port"),
    (
        "relay:\n  clients: [10.0.0.300]\n",
        "relay.clients[1]: is '10.0.0.300', must be an address",
    ),
    ("relay:\n  tls_key: /k\n", "relay: tls_certificate and tls_key belong together"),
    ("relay:\n  require_tls: always\n", "relay: require_tls: always and client_ca need tls_certificate"),
    ("relay:\n  require_tls: maybe\n", "must be one of 'remote', 'always', 'never'"),
    ("relay:\n  proceses: 2\n", "relay.proceses: is no known key; did you mean 'processes'?"),
    (
        "next_hop:\n  host: mx.example.org\n  tls: none\n",
        "next_hop: tls: none is only for a server on this",
    ),
    ("secure_hop:\n  port: 0\n", "secure_hop.port: is 0, must be at least 1"),
    ("gateway_hop:\n  certificate: /c\n", "gateway_hop: certificate and key belong together"),
    (
        "mail_workers:\n  seconds_per_message: 120\n",
        ".seconds_per_message: is 120, must be at most 90",
    ),
    ("quarantine:\n  opens: 17\n  closes: 9\n", "quarantine: opens must be before closes"),
    ("quarantine:\n  zone: Europe/Londn\n", "quarantine.zone: is 'Europe/Londn', must be a time zone"),
    ("notices:\n  mailbox: dpo\n", "notices.mailbox: is 'dpo', must be a mail address"),
    ("notices:\n  page: http://x/{reference}\n", "must be an https address with {reference} in it"),
    ("notices:\n  languages: [fr]\n", "must be one of 'en', 'cy'"),
    ("metrics:\n  listen: 9125\n", "metrics.listen: is 9125, must be text (put it in quotes)"),
    ("relay: 5\n", "relay: is 5, must be a section with keys: listen, "),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_each_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "dlp.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(file, {})
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{file}:")
    assert told in line


def test_an_environment_variable_sets_a_key_of_the_relay(tmp_path: Path) -> None:
    assert load(None, {"DLP_RELAY_PROCESSES": "5"}).section(SECTIONS["relay"]).model_dump()["processes"] == 5


def test_the_rooms_are_told_what_is_written(tmp_path: Path) -> None:
    told = {
        "organisation": {"names": ["Council"], "domains": ["council.gov.uk"]},
        "state": {"directory": str(tmp_path / "state")},
        "relay": {
            "listen": ["127.0.0.1:1025"],
            "listen_lmtp": ["[::1]:1024"],
            "host_name": "Relay.Council.Test",
            "clients": ["10.1.0.0/16", "127.0.0.1"],
            "tls_certificate": "/c.pem",
            "tls_key": "/k.pem",
            "client_ca": "/ca.pem",
            "client_names": ["exchange.council.test"],
            "message_mb": 60,
            "stop_seconds": 7,
        },
        "next_hop": {"host": "mx.council.test", "ca": "/ca.pem", "connections": 3},
        "gateway_hop": {"host": "::1", "port": 2525, "tls": "none"},
        "mail": {"monitor_only": True},
        "mail_workers": {"count": 3, "attempts": 5, "large_mb": 4},
        "quarantine": {"decide_within_hours": {"critical": 0.5}, "in_database_kb": None, "body_days": 7},
        "notices": {"mailbox": "dpo@council.gov.uk", "telephone": "01632 960000", "alert_from": "critical"},
        "metrics": {"listen": None},
    }
    settings = service_settings(loaded(tmp_path, told), "dlp.yaml")
    smtp, lmtp = settings.relays
    assert (smtp.listen, smtp.placement, lmtp.listen, lmtp.placement) == (
        (("127.0.0.1", 1025),),
        "smtp",
        (("::1", 1024),),
        "lmtp",
    )
    assert smtp.hostname == "relay.council.test"
    assert smtp.token == lmtp.token != ""
    assert smtp.limits.message_bytes == 60 << 20
    assert smtp.deadlines.grace_seconds == settings.stop_seconds == 7
    assert smtp.tls is not None
    assert (smtp.tls.required, smtp.tls.client_ca) == ("remote", Path("/ca.pem"))
    # A client on this machine needs no certificate.
    assert [sorted(one.names) for one in smtp.allowed] == [["exchange.council.test"], []]
    assert set(settings.next_hops) == {"default", "gateway"}
    default = settings.next_hops["default"]
    assert (default.tls, default.helo, default.pool_size) == ("starttls", "relay.council.test", 3)
    judging = settings.filter.judging
    assert judging.rules.policy.monitor_only
    assert judging.exits == {"default", "gateway"}
    assert judging.own_domains == {"council.gov.uk"}
    assert (settings.pool.effective_workers, settings.pool.large_bytes) == (3, 4_000_000)
    assert settings.filter.attempts == 5
    assert settings.inspection.show_values
    assert settings.quarantine.due_hours == {Severity.CRITICAL: 0.5}
    assert settings.quarantine.in_database is None
    assert settings.quarantine.body_kept == 7 * 86_400
    assert settings.quarantine.bodies == tmp_path / "state" / "held"
    notices = settings.quarantine.notices
    assert (notices.council, notices.mailbox, notices.alert_from) == (
        "Council",
        "dpo@council.gov.uk",
        Severity.CRITICAL,
    )
    assert notices.domains == {"council.gov.uk"}
    assert settings.metrics is None
