"""The running program: a real ``dlp relay`` between a raw client and a next hop that does as it is told."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from rules.mail.loading import DEFAULT_POLICY
from tests.benchmarks.council_text import nhs_number, nino
from tests.smtp_filter.peers import PATIENCE, ScriptedHop, Talk, unique, wait_for
from tests.soak import letters
from tests.soak.programs import Programs

SENDER = letters.OFFICER


class Service(Programs):
    """A ``dlp relay`` with a scripted next hop, and another one for the secure route."""

    def __init__(self, folder: Path, **changes: dict[str, Any]) -> None:
        super().__init__(folder, 0.0)
        self.hop, self.secure = ScriptedHop(), ScriptedHop()
        self.hop_port = self.hop.port
        self.configure(
            secure_hop={"host": "127.0.0.1", "port": self.secure.port, "tls": "none"},
            **{**changes, "mail": {"policy": str(self._policy()), **changes.get("mail", {})}},
        )
        self.start_service()
        asyncio.run(self.ready())

    def _policy(self) -> Path:
        """The shipped policy, with one group whose mail is returned and one whose bulk is tolerated."""
        policy = yaml.safe_load(DEFAULT_POLICY.read_text())
        policy["rules"].insert(
            0,
            {
                "id": "return-to-press",
                "title": "The press office is told at once.",
                "when": {"words": ["block"], "senders": ["press@council.gov.uk", "stranger@example.com"]},
                "then": {"action": "return"},
                "examples": {
                    "match": [{"word": "block", "sender": "press@council.gov.uk"}],
                    "no_match": [{"word": "block"}],
                },
            },
        )
        policy["rules"].insert(
            0,
            {
                "id": "tag-and-tell",
                "title": "What the library sends is tagged and told of.",
                "when": {"words": ["deliver"], "senders": ["library@council.gov.uk"]},
                "then": {"tag_subject": "[LIBRARY]", "notify": ["sender"]},
                "examples": {
                    "match": [{"word": "deliver", "sender": "library@council.gov.uk"}],
                    "no_match": [{"word": "deliver"}],
                },
            },
        )
        policy["departments"] = [{"name": "Press", "members": ["press@council.gov.uk"]}]
        file = self.folder / "policy.yaml"
        file.write_text(yaml.safe_dump(policy))
        return file

    def send(self, content: bytes, *to: str, sender: str = SENDER) -> tuple[int, str]:
        with Talk(self.port) as talk:
            return talk.send(content.replace(b"\r\n.", b"\r\n.."), *(to or (letters.OUTSIDE,)), sender=sender)

    def lines(self, event: str = "message") -> list[dict[str, Any]]:
        told = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in told if line["event"] == event]

    def last(self) -> dict[str, Any]:
        """The line of the latest message."""
        return self.lines()[-1]

    def held(self) -> int:
        with sqlite3.connect(self.folder / "state" / "dlp.db") as database:
            return int(database.execute("SELECT count(*) FROM held_message").fetchone()[0])

    def __exit__(self) -> None:
        self.close()
        self.hop.__exit__()
        self.secure.__exit__()


@contextmanager
def service_in(folder: Path, **changes: dict[str, Any]) -> Iterator[Service]:
    running = Service(folder, **changes)
    try:
        yield running
    finally:
        running.__exit__()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service_in(tmp_path_factory.mktemp("service")) as running:
        yield running


def name() -> str:
    return f"{unique()}@council.gov.uk"


def test_a_clean_message_goes_on_byte_for_byte_with_the_next_hops_answer(service: Service) -> None:
    content = letters.plain(name(), 5_000, 1)
    assert service.send(content) == (250, "2.0.0 taken as 4711")
    taken = service.hop.taken[-1].data
    assert taken.endswith(content)
    received = taken.removesuffix(content)
    assert received.startswith(b"Received: ")
    assert received.count(b"\r\n") == len(re.findall(rb"\r\n[ \t]", received)) + 1
    wait_for(lambda: service.last()["outcome"] == "delivered")


@pytest.mark.parametrize("size", [900_000, 6_000_000])
def test_so_does_a_large_one(service: Service, size: int) -> None:
    content = letters.plain(name(), size, 2)
    assert service.send(content)[0] == 250
    assert service.hop.taken[-1].data.endswith(content)


def test_a_sensitive_message_is_held_and_a_retry_is_the_same_hold(service: Service) -> None:
    content, before = letters.sensitive(name(), 3), len(service.hop.taken)
    code, text = service.send(content)
    assert (code, text[:26]) == (250, "2.0.0 Held for review as Q")
    held = service.held()
    assert service.send(content) == (250, text)
    assert service.held() == held
    assert len(service.hop.taken) == before


def test_inside_it_is_passed(service: Service) -> None:
    assert service.send(letters.sensitive(name(), 4), letters.INSIDE) == (250, "2.0.0 taken as 4711")


def test_what_cannot_be_looked_into_is_held(service: Service) -> None:
    assert service.send(letters.unreadable(name(), 5))[1].startswith("2.0.0 Held for review")
    wait_for(lambda: service.last().get("not_inspected"))


def test_a_policy_may_return_to_an_own_sender_and_never_to_a_stranger(service: Service) -> None:
    code, text = service.send(letters.sensitive(name(), 6), sender="press@council.gov.uk")
    assert code == 550
    assert text.startswith("5.7.1 Council mail check: not sent.")
    # The bounce of a 550 would carry the message to somebody outside.
    code, text = service.send(letters.sensitive(name(), 7), sender="stranger@example.com")
    assert (code, text[:21]) == (250, "2.0.0 Held for review")


def test_a_policy_may_tag_the_subject_and_changes_nothing_else(service: Service) -> None:
    sent = letters.plain(name(), 3_000, 3)
    assert service.send(sent, sender="library@council.gov.uk")[0] == 250
    before, subject, behind = sent.partition(b"\r\nSubject: ")
    assert service.hop.taken[-1].data.endswith(before + subject + b"[LIBRARY] " + behind)


def test_a_secure_route_is_used_where_there_is_one(service: Service) -> None:
    before = len(service.secure.taken)
    assert service.send(letters.sensitive(name(), 8), "duty@another.gov.uk")[0] == 250
    assert len(service.secure.taken) == before + 1
    wait_for(lambda: service.last().get("route") == "secure")


@pytest.mark.parametrize(
    ("step", "reply", "code"),
    [
        ("RCPT", b"550 5.1.1 no such user\r\n", 550),
        ("RCPT", b"450 4.2.1 busy\r\n", 450),
        (".", b"554 5.6.0 we do not like it\r\n", 554),
        (".", b"452 4.3.1 full\r\n", 452),
    ],
)
def test_the_next_hops_refusals_are_ours(service: Service, step: str, reply: bytes, code: int) -> None:
    service.hop.script[step] = reply
    try:
        with Talk(service.port) as talk:
            assert talk.do(f"MAIL FROM:<{SENDER}>")[0] == 250
            answer = talk.do(f"RCPT TO:<{letters.OUTSIDE}>")
            if step == ".":
                answer = talk.data(letters.plain(name(), 1_000, 9))
        assert f"{answer[0]} {answer[1]}" == reply.decode().strip()
        assert answer[0] == code
    finally:
        del service.hop.script[step]


def test_a_retry_of_what_went_out_is_answered_from_the_journal(service: Service) -> None:
    content = letters.plain(name(), 2_000, 10)
    assert service.send(content)[0] == 250
    before = len(service.hop.taken)
    assert service.send(content) == (250, "2.0.0 Already relayed")
    # The same bytes for somebody else are another message.
    assert service.send(content, "another@example.org") == (250, "2.0.0 taken as 4711")
    assert len(service.hop.taken) == before + 1


def test_a_message_that_goes_round_is_held(service: Service) -> None:
    content = b"".join(b"Received: from a by b\r\n" for _ in range(51)) + letters.plain(name(), 1_000, 11)
    assert service.send(content)[1].startswith("2.0.0 Held for review")
    assert service.send(letters.plain(name(), 1_000, 12))[0] == 250
    once = service.hop.taken[-1].data
    assert service.send(once)[1].startswith("2.0.0 Held for review")  # our own Received line
    wait_for(lambda: service.last().get("reasons") == ["mail_loop"])


def test_health_readiness_and_figures(service: Service) -> None:
    assert service.watched("health") == "ok\n"
    assert service.watched("ready") == "ready\n"
    service.send(letters.plain(name(), 1_000, 13))

    def counted() -> bool:
        found = re.search(
            r'dlp_messages_total\{outcome="delivered",verdict="deliver"\} (\d+)', service.watched("metrics")
        )
        return found is not None and int(found[1]) > 0

    wait_for(counted)
    assert 'dlp_inspection_workers{state="idle"}' in service.watched("metrics")


def personal(seed: int) -> tuple[bytes, list[str], list[str]]:
    """A message with personal data wherever a client can put some, and what must not come back."""
    import random

    chance = random.Random(seed)
    number, insurance = nhs_number(chance), nino(chance)
    # Letters alone: what is looked for must not occur by chance.
    words = [
        f"qzx{chance.choice('aeiou')}{word}vk"
        for word in ("sender", "rcpt", "subject", "file", "body", "helo")
    ]
    sender, rcpt, subject, file, body, helo = words
    document = f"{body}, born 3 April 1961, NI {insurance}, NHS {number}, child protection plan".encode()
    content = letters.attached(f"{subject}@council.gov.uk", document, f"{file} {insurance}.txt", "text/plain")
    content = content.replace(b"Subject: ", f"Subject: {subject} {insurance} ".encode(), 1)
    content = content.replace(b"From: Officer", f"From: {sender} {number}".encode(), 1)
    return content, [helo, f"{sender}@council.gov.uk", f"{rcpt}@example.org"], [*words, number, insurance]


def test_no_log_and_no_figure_holds_anything_of_a_message(service: Service) -> None:
    secrets: list[str] = []
    for seed, trouble in enumerate(("", "", "garbage", "drop", "refuse", "tls")):
        content, (helo, sender, rcpt), values = personal(seed)
        secrets += values
        with Talk(service.port) as talk:
            talk.do(f"EHLO {helo}.council.gov.uk")
            if trouble == "garbage":
                for line in (f"MAIL FROM:{sender}", f"{rcpt} {helo}", f"RCPT TO:<{rcpt}> {values[-1]}"):
                    talk.do(line)
            if trouble == "tls":
                talk.do(f"AUTH PLAIN {values[-1]}")
            talk.do(f"MAIL FROM:<{sender}>")
            if trouble == "refuse":
                service.hop.script["RCPT"] = f"550 5.1.1 <{rcpt}> {values[-1]} unknown\r\n".encode()
            talk.do(f"RCPT TO:<{rcpt}>")
            service.hop.script.pop("RCPT", None)
            if trouble == "refuse":
                continue
            if trouble == "drop":
                talk.do("DATA")
                talk.say(content[:1000])
            else:
                assert talk.data(content)[0] == 250
    count = len(service.lines())
    service.send(letters.plain(name(), 1_000, 14))
    wait_for(lambda: len(service.lines()) > count)
    wait_for(lambda: "dlp_messages_total" in service.watched("metrics"))
    said = service.log.read_text() + service.watched("metrics") + (service.folder / "stderr").read_text()
    plain = re.sub(r"\s+", "", said).lower()
    for secret in secrets:
        assert re.sub(r"\s+", "", secret).lower() not in plain, secret
    assert "example.org" not in said
    for line in service.log.read_text().splitlines():
        assert json.loads(line)["level"] in {"debug", "info", "warning"}, line


def test_the_store_holds_nothing_in_clear(service: Service) -> None:
    content, (_, sender, rcpt), values = personal(99)
    with Talk(service.port) as talk:
        assert talk.send(content, rcpt, sender=sender)[1].startswith("2.0.0 Held")
    files = [file for file in (service.folder / "state").rglob("*") if file.is_file()]
    kept = b"".join(file.read_bytes() for file in files).lower()
    for value in values:
        assert value.encode().lower() not in kept, value


def test_a_dead_process_leaves_the_gauges_and_its_counts_stay(service: Service) -> None:
    service.send(letters.plain(name(), 1_000, 16))

    def figure(pattern: str) -> float:
        found = re.search(pattern + r" ([0-9.]+)", service.watched("metrics"))
        return float(found[1]) if found else 0.0

    def workers() -> float:
        return sum(figure(rf'dlp_inspection_workers\{{state="{state}"\}}') for state in ("idle", "busy"))

    delivered = r'dlp_messages_total\{outcome="delivered",verdict="deliver"\}'
    wait_for(lambda: figure(delivered) > 0)
    counted, all_workers = figure(delivered), workers()
    pid = next(pid for pid, found in service.processes() if found == "dlp-relay-1")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: any(p != pid and found == "dlp-relay-1" for p, found in service.processes()))
    wait_for(lambda: workers() == all_workers)
    assert figure(delivered) >= counted


def test_a_worker_that_is_killed_in_the_middle_costs_nothing(service: Service) -> None:
    content = letters.plain(name(), 8_000_000, 15)
    answers: list[tuple[int, str]] = []
    sending = threading.Thread(target=lambda: answers.append(service.send(content)))
    sending.start()
    wait_for(lambda: any(found == "dlp-inspect" for _, found in service.processes()))
    for pid, found in service.processes():
        if found == "dlp-inspect":
            os.kill(pid, signal.SIGKILL)
    sending.join(60)
    assert answers == [(250, "2.0.0 taken as 4711")]


# --- programs of their own: they are stopped, reloaded, broken --------------------------------------------


def test_monitor_only_delivers_and_records(tmp_path: Path) -> None:
    with service_in(tmp_path, mail={"monitor_only": True}, relay={"processes": 1}) as service:
        assert service.send(letters.sensitive(name(), 20)) == (250, "2.0.0 taken as 4711")
        wait_for(lambda: service.lines() and service.last().get("monitored") == ["block", "hold"])
        assert service.held() == 0
        wait_for(
            lambda: 'dlp_monitored_total{action="hold",verdict="block"} 1.0' in service.watched("metrics")
        )
        assert service.stop() == 0


def test_reload_and_stop_lose_and_refuse_nothing(tmp_path: Path) -> None:
    with service_in(tmp_path) as service:
        answers: list[tuple[int, str]] = []
        done = threading.Event()

        def keep_sending() -> None:
            while not done.is_set():
                answers.append(service.send(letters.plain(name(), 3_000, 30)))

        senders = [threading.Thread(target=keep_sending) for _ in range(3)]
        for one in senders:
            one.start()
        wait_for(lambda: len(answers) > 5)
        before = set(service.processes())
        service.configure(mail={"monitor_only": True, "policy": None})
        os.kill(service.pid, signal.SIGHUP)
        wait_for(lambda: len(service.lines("ready: 3 processes")) == 2, 60)
        wait_for(lambda: not before & set(service.processes()), 60)
        seen = len(answers)
        wait_for(lambda: len(answers) > seen + 5)
        # The new configuration is in force.
        assert service.send(letters.sensitive(name(), 31)) == (250, "2.0.0 taken as 4711")
        # A configuration that cannot be used changes nothing.
        service.configure(next_hop={"host": None})
        os.kill(service.pid, signal.SIGHUP)
        wait_for(lambda: any("reload refused" in line for line in service.log.read_text().splitlines()))
        seen = len(answers)
        wait_for(lambda: len(answers) > seen + 5)
        done.set()
        for one in senders:
            one.join(PATIENCE)
        assert {code for code, _ in answers} == {250}
        assert len(service.hop.taken) == len(answers) + 1

        # A message that is under way when the stop comes gets its answer.
        under_way, go_on = threading.Event(), threading.Event()

        def slowly(_: str) -> bytes:
            under_way.set()
            go_on.wait(PATIENCE)
            return b"250 2.0.0 at last\r\n"

        service.hop.script["."] = slowly
        sending = threading.Thread(
            target=lambda: answers.append(service.send(letters.plain(name(), 3_000, 32)))
        )
        sending.start()
        assert under_way.wait(PATIENCE)
        os.kill(service.pid, signal.SIGTERM)
        wait_for(lambda: service.lines("stopping: finishing what is under way"))
        go_on.set()
        sending.join(PATIENCE)
        assert answers[-1] == (250, "2.0.0 at last")
        assert service.stop() == 0


def test_own_failures_are_try_again(tmp_path: Path) -> None:
    with service_in(tmp_path, relay={"processes": 1}) as service:
        assert service.send(letters.plain(name(), 1_000, 40))[0] == 250
        # The database does not answer as it should: nothing is held, nothing is passed unjournalled.
        state = service.folder / "state" / "dlp.db"
        with sqlite3.connect(state) as database:
            for table in ("held_message", "mail_journal"):
                database.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
        assert service.send(letters.sensitive(name(), 41)) == (451, "4.3.0 Storage unavailable, try again")
        assert service.send(letters.plain(name(), 1_000, 42)) == (451, "4.3.0 Storage unavailable, try again")
        with sqlite3.connect(state) as database:
            for table in ("held_message", "mail_journal"):
                database.execute(f"ALTER TABLE {table}_gone RENAME TO {table}")
        assert service.send(letters.sensitive(name(), 43))[1].startswith("2.0.0 Held")
        service.hop.__exit__()
        with Talk(service.port) as talk:
            assert talk.do(f"MAIL FROM:<{SENDER}>")[0] == 451
