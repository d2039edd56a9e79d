"""Anything a client can send and a next hop can do: nothing accepted is lost, or sent twice, or by half."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
import uvloop

from smtp_filter.delivery import NextHop
from smtp_filter.relay import Deadlines, Limits
from tests.smtp_filter.peers import (
    PLAIN,
    Certificates,
    RunningRelay,
    ScriptedHop,
    Talk,
    relay_settings,
    wait_for,
)


@pytest.fixture
def hop() -> Iterator[ScriptedHop]:
    with ScriptedHop() as one:
        yield one


def still_works(relay: RunningRelay, hop: ScriptedHop) -> None:
    """The next client is served, nothing is left behind."""
    before = len(hop.taken)
    with relay.client() as talk:
        assert talk.send(PLAIN)[0] == 250
    assert len(hop.taken) == before + 1
    wait_for(lambda: relay.listener.state.sessions == 0)
    wait_for(lambda: relay.listener.state.memory_bytes == 0)


def test_garbage(hop: ScriptedHop) -> None:
    dice = random.Random(5)
    words = [
        b"MAIL FROM:<a@b>",
        b"RCPT TO:<",
        b"DATA",
        b"\r\n",
        b"\n",
        b"\r",
        b".",
        b"\0",
        b"\xff\xfe",
        b" ",
        b"EHLO x",
    ]
    with RunningRelay({"default": hop.hop()}) as relay:
        for _ in range(60):
            with Talk(relay.port, greet=False) as talk, contextlib.suppress(ConnectionError):
                noise = dice.randbytes(dice.randint(1, 3000)) if dice.random() < 0.4 else b""
                talk.say(noise + b"".join(dice.choices(words, k=dice.randint(1, 40))))
                talk.socket.shutdown(socket.SHUT_WR)
                while talk.reply()[0]:
                    pass
        assert "exception" not in relay.incidents()
        assert not hop.taken
        still_works(relay, hop)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (b"x" * 5000 + b"\r\n", "a line that is too long"),
        (b"MAIL FROM:<" + b"a" * 5000 + b"@example.org>\r\n", "an address that is too long"),
        (b"MAIL FROM:<\xff\xfe@example.org>\r\n", "not UTF-8"),
        (b"MAIL FROM:<a\0b@example.org>\r\n", "a NUL"),
        (b"MAIL FROM:<a\rRCPT TO:<b@example.org>\r\n", "a CR inside a command"),
        (b"MAIL\tFROM:<a@example.org>\r\n", "a tab for a space"),
        (b"\xc3\x9c\r\n", "a verb that is not ASCII"),
    ],
)
def test_half_and_broken_commands(hop: ScriptedHop, words: bytes, why: str) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        code, _ = talk.do(words)
        assert 500 <= code <= 599, why
        assert talk.send(PLAIN)[0] == 250, "and then all is well"


def test_a_hundred_megabytes_without_a_line_end_take_no_memory(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        for _ in range(100):
            talk.say(b"A" * 1_000_000)
        talk.say(b"\r\n")
        assert talk.reply()[0] == 500
        assert talk.send(PLAIN)[0] == 250
        assert relay.listener.state.memory_bytes == 0


def test_a_line_of_a_hundred_megabytes_in_a_message(hop: ScriptedHop) -> None:
    limits = Limits(message_bytes=60_000_000)
    with RunningRelay({"default": hop.hop()}, settings=relay_settings(limits=limits)) as relay:
        with relay.client() as talk:
            talk.envelope()
            assert talk.do("DATA")[0] == 354
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    talk.say(b"A" * 1_000_000)
                talk.say(b"\r\n.\r\n")
            assert talk.reply()[0] in (0, 552)
        assert not hop.taken
        still_works(relay, hop)


def test_slow_senders_do_not_hold_up_others(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay:
        slow = [relay.client() for _ in range(20)]
        for number, talk in enumerate(slow):
            if number % 2:
                talk.say(b"MAIL FROM:<half a comm")
            else:
                talk.envelope()
                talk.do("DATA")
                talk.say(b"Subject: half a mess")
        for _ in range(10):
            with relay.client() as quick:
                assert quick.send(PLAIN)[0] == 250
        for talk in slow:
            talk.close()
        assert len(hop.taken) == 10
        wait_for(lambda: relay.listener.state.sessions == 0)
        assert relay.listener.state.memory_bytes == 0


def test_a_sender_that_drips_is_cut_off_in_the_end(hop: ScriptedHop) -> None:
    deadlines = Deadlines(data_seconds=0.5, data_block_seconds=30)
    with RunningRelay({"default": hop.hop()}, settings=relay_settings(deadlines=deadlines)) as relay:
        with relay.client() as talk:
            talk.envelope()
            talk.do("DATA")
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    talk.say(b"a line\r\n")
                    if threading.Event().wait(0.05):
                        break
            assert talk.reply()[0] in (421, 0)
        assert not hop.taken
        assert relay.incidents() == ["timeout"]


CONVERSATION = (
    b"EHLO client.council.test\r\n",
    b"MAIL FROM:<officer@council.test>\r\n",
    b"RCPT TO:<someone@example.org>\r\n",
    b"DATA\r\n",
    PLAIN + b".\r\n",
)


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
@pytest.mark.parametrize("reset", [False, True])
def test_dropped_at_every_byte(
    hop: ScriptedHop, reset: bool, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Cut at each of a sample of bytes, politely (FIN) and not (RST): only a whole conversation delivers."""
    total = sum(map(len, CONVERSATION))
    with RunningRelay({"default": hop.hop()}, loop=loop) as relay:
        for cut in sorted({*range(0, total, 7), *range(total - 8, total)}):
            with Talk(relay.port, greet=False) as talk:
                talk.reply()
                left = cut
                for words in CONVERSATION:
                    talk.say(words[:left])
                    if left < len(words):
                        break
                    left -= len(words)
                    talk.reply()
                if reset:
                    talk.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wait_for(lambda: relay.listener.state.sessions == 0)
        assert not hop.taken
        assert "exception" not in relay.incidents()
        still_works(relay, hop)


REFUSALS: list[tuple[str, bytes, int]] = [
    ("MAIL", b"550 5.1.8 no such sender\r\n", 550),
    ("MAIL", b"452 4.3.1 full\r\n", 452),
    ("RCPT", b"550 5.1.1 no such user\r\n", 550),
    ("RCPT", b"450-4.2.1 first\r\n450 4.2.1 second\r\n", 450),
    ("DATA", b"554 5.5.1 no\r\n", 554),
    ("DATA", b"451 4.3.0 later\r\n", 451),
    (".", b"552 5.3.4 too big for me\r\n", 552),
    (".", b"451 4.3.0 later\r\n", 451),
    (".", b"550 without an enhanced code\r\n", 550),
]
LIES: list[tuple[str, bytes]] = [
    ("connect", b"554 5.7.1 go away\r\n"),
    ("connect", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ("connect", b"\xff\xfe\xfd\r\n"),
    ("MAIL", b"421 4.3.2 closing\r\n"),
    ("MAIL", b"354 go on\r\n"),
    ("MAIL", b"no code at all\r\n"),
    ("RCPT", b"221 2.0.0 bye\r\n250 no\r\n" + b"9" * 100 + b"\r\n"),
    ("RCPT", b"99 what\r\n"),
    ("DATA", b"250 2.0.0 taken already\r\n"),
    ("DATA", b"221 2.0.0 bye\r\n"),
    (".", b"354 more\r\n"),
    (".", b"garbage AB123456C\r\n"),
    (".", b"421 4.3.2 closing\r\n"),
    (".", b"250-" + b"x" * 40_000 + b"\r\n"),
]
STEPS = ["connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "."]


def outcome(talk: Talk, body: bytes = PLAIN) -> tuple[int, str]:
    """The first answer that is not as hoped, or the last."""
    for words in ("MAIL FROM:<officer@council.test>", "RCPT TO:<someone@example.org>"):
        code, text = talk.do(words)
        if code != 250:
            return code, text
    return talk.data(body)


def recovers(talk: Talk) -> None:
    """The same session works again; with these short deadlines a busy machine may need another try."""
    wait_for(lambda: talk.do("RSET")[0] == 250 and outcome(talk)[0] == 250)


@pytest.mark.parametrize(("step", "answer", "code"), REFUSALS)
def test_a_next_hop_that_refuses_gives_its_own_answer(step: str, answer: bytes, code: int) -> None:
    with (
        ScriptedHop({step: answer}) as hop,
        RunningRelay({"default": hop.hop()}) as relay,
        relay.client() as talk,
    ):
        found, text = outcome(talk)
        assert found == code
        words = answer.splitlines()[0][4:].decode()
        assert text.split("\n")[0] == (words if words[0].isdigit() else f"5.0.0 {words}")
        assert not hop.taken
        hop.script.clear()
        recovers(talk)


@pytest.mark.parametrize(("step", "answer"), LIES)
def test_a_next_hop_that_talks_nonsense_is_not_believed(step: str, answer: bytes) -> None:
    with (
        ScriptedHop({step: answer}) as hop,
        RunningRelay({"default": hop.hop(command_seconds=0.5, data_done_seconds=0.5)}) as relay,
        relay.client() as talk,
    ):
        assert outcome(talk) == (451, "4.4.1 Next hop unavailable, try again")
        hop.script.clear()
        wait_for(lambda: talk.do("RSET")[0] == 250 and outcome(talk)[0] == 250)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", [ScriptedHop.CLOSE, ScriptedHop.SILENT], ids=["closes", "is silent"])
def test_a_next_hop_that_goes_away(step: str, how: bytes) -> None:
    with (
        ScriptedHop({step: how}) as hop,
        RunningRelay(
            {"default": hop.hop(connect_seconds=0.4, command_seconds=0.4, data_done_seconds=0.4)}
        ) as relay,
        relay.client() as talk,
    ):
        assert outcome(talk)[0] == 451
        assert not hop.taken
        hop.script.clear()
        recovers(talk)


def test_a_next_hop_that_reads_no_data(hop: ScriptedHop) -> None:
    hop.script["body"] = ScriptedHop.SILENT
    settings = {"default": hop.hop(data_block_seconds=0.5)}
    with RunningRelay(settings) as relay, relay.client() as talk:
        assert outcome(talk, (b"z" * 998 + b"\r\n") * 20_000)[0] == 451


def once(answer: bytes, then: bytes) -> Callable[[str], bytes]:
    answers = iter([answer])
    return lambda argument: next(answers, then)


def test_a_lost_connection_is_opened_again_before_the_message(hop: ScriptedHop) -> None:
    hop.script["DATA"] = once(ScriptedHop.CLOSE, b"354 go on\r\n")
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN, "a@example.org", "b@example.org")[0] == 250
        assert len(hop.taken) == 1
        assert hop.taken[0].rcpt == ["TO:<a@example.org>", "TO:<b@example.org>"]


def test_a_lost_connection_between_recipients_is_opened_again(hop: ScriptedHop) -> None:
    hop.script["RCPT"] = once(ScriptedHop.CLOSE, b"250 2.1.5 ok\r\n")
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN, "a@example.org", "b@example.org")[0] == 250
        assert hop.taken[0].rcpt == ["TO:<a@example.org>", "TO:<b@example.org>"]


def test_another_answer_for_a_recipient_the_second_time_is_451(hop: ScriptedHop) -> None:
    answers = iter([b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"550 5.1.1 gone\r\n"])
    hop.script["RCPT"] = lambda argument: next(answers)
    hop.script["DATA"] = once(ScriptedHop.CLOSE, b"354 go on\r\n")
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN, "a@example.org", "b@example.org")[0] == 451
        assert not hop.taken


def test_nothing_is_sent_again_once_the_dot_is_out(hop: ScriptedHop) -> None:
    hop.script["."] = ScriptedHop.CLOSE
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN)[0] == 451
        assert [command for command in hop.commands if command == "DATA"] == ["DATA"]


# --- TLS on the way out -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shows", "code", "why"),
    [
        ("good", 250, "signed, valid, the right name"),
        ("expired", 451, "expired in 2021"),
        ("wrong", 451, "somebody else's name"),
        ("self", 451, "signed by nobody we know"),
        ("none", 451, "STARTTLS not offered: never in clear text"),
    ],
)
def test_the_next_hops_certificate(
    certificates: Certificates, shows: str, code: int, why: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if shows == "self":
        from tests.smtp_filter.peers import make_certificates

        server = make_certificates(tmp_path_factory.mktemp("strangers")).server("good")
    else:
        server = certificates.server(shows) if shows != "none" else None
    with ScriptedHop(tls=server) as hop:
        settings = hop.hop(tls="starttls", name="hop.example.org", ca_file=certificates.ca)
        with RunningRelay({"default": settings}) as relay, relay.client() as talk:
            assert outcome(talk)[0] == code, why
        assert len(hop.taken) == (code == 250)
        assert bool([command for command in hop.commands if command.startswith("MAIL")]) == (code == 250)


@pytest.mark.parametrize(
    "answer", [b"454 4.7.0 not now\r\n", b"220 go\r\n250 injected\r\n", ScriptedHop.CLOSE, b"what\r\n"]
)
def test_a_handshake_that_fails_is_451(certificates: Certificates, answer: bytes) -> None:
    with ScriptedHop({"STARTTLS": answer}, tls=certificates.server("wrong")) as hop:
        settings = hop.hop(tls="starttls", name="hop.example.org", ca_file=certificates.ca)
        with RunningRelay({"default": settings}) as relay, relay.client() as talk:
            assert outcome(talk)[0] == 451
        assert not hop.taken


@pytest.mark.parametrize(("show", "code"), [("exchange", 250), ("", 451)])
def test_a_next_hop_that_wants_our_certificate(certificates: Certificates, show: str, code: int) -> None:
    server = certificates.server("good")
    server.load_verify_locations(certificates.ca)
    server.verify_mode = ssl.CERT_REQUIRED
    ours = {"certificate": certificates.exchange, "key": certificates.key("exchange")} if show else {}
    with ScriptedHop(tls=server) as hop:
        settings = hop.hop(tls="starttls", name="hop.example.org", ca_file=certificates.ca, **ours)
        with RunningRelay({"default": settings}) as relay, relay.client() as talk:
            assert outcome(talk)[0] == code
        assert len(hop.taken) == (code == 250)


def test_a_next_hop_name_that_does_not_resolve() -> None:
    hop = NextHop("no-such-host.invalid", connect_seconds=2)
    with RunningRelay({"default": hop}) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<a@council.test>")[0] == 451
