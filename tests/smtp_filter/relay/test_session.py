"""What the listener says, command by command: extensions, states, admission, TLS, LMTP, routes, deadlines."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtp_filter.delivery import NextHop
from smtp_filter.message import Answer, Deliver, Message
from smtp_filter.relay import (
    AllowedClient,
    Deadlines,
    Incident,
    Limits,
    Listener,
    ListenerTls,
    RelaySettings,
    Result,
)
from tests.ports import HERE
from tests.smtp_filter.peers import (
    PLAIN,
    Certificates,
    PlainFilter,
    RunningRelay,
    ScriptedHop,
    Talk,
    relay_settings,
    wait_for,
)

LOCAL = ipaddress.ip_network("127.0.0.0/8")
ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3} ")


@pytest.fixture
def hop() -> Iterator[ScriptedHop]:
    with ScriptedHop() as one:
        yield one


def seen(relay: RunningRelay) -> list[Message]:
    assert isinstance(relay.filter, PlainFilter)
    return relay.filter.seen


def ehlo(talk: Talk, name: str = "client.council.test") -> set[str]:
    code, text = talk.do(f"EHLO {name}")
    assert code == 250
    return {line.split()[0] for line in text.split("\n")[1:]}


@pytest.mark.parametrize(
    ("extensions", "offered", "why"),
    [
        (
            ("SIZE 0", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING", "CHUNKING", "AUTH PLAIN"),
            {"SIZE", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "XFORWARD"},
            "what the next hop has, of what we have",
        ),
        (
            ("8BITMIME",),
            {"SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "XFORWARD"},
            "neither SMTPUTF8 nor DSN that it has not",
        ),
        ((), {"SIZE", "ENHANCEDSTATUSCODES", "XFORWARD"}, "an old next hop"),
    ],
)
def test_extensions(extensions: tuple[str, ...], offered: set[str], why: str) -> None:
    with (
        ScriptedHop(extensions=extensions) as hop,
        RunningRelay({"default": hop.hop()}) as relay,
        relay.client() as talk,
    ):
        assert ehlo(talk) == offered, why


def test_extensions_while_the_next_hop_is_down() -> None:
    hop = ScriptedHop()
    hop.__exit__()
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert ehlo(talk) == {"SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "XFORWARD"}


def test_the_smaller_size_limit_is_offered() -> None:
    with (
        ScriptedHop(extensions=("SIZE 100000",)) as hop,
        RunningRelay({"default": hop.hop()}) as relay,
        relay.client() as talk,
    ):
        assert "SIZE 95904" in talk.do("EHLO x")[1].split("\n"), "less the room for our line"
        assert talk.do("MAIL FROM:<a@b> SIZE=95905")[0] == 552


def test_smtputf8_reaches_the_next_hop_as_it_was_written(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<bjørn@council.test> SMTPUTF8")[0] == 250
        assert talk.do("RCPT TO:<пример@пример.example>")[0] == 250
        assert talk.data(PLAIN)[0] == 250
        assert hop.taken[0].mail == "FROM:<bjørn@council.test> SMTPUTF8"
        assert hop.taken[0].rcpt == ["TO:<пример@пример.example>"]
        assert b"with UTF8SMTP id" in hop.taken[0].data


def test_smtputf8_address_without_the_word_is_refused(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<bjørn@council.test>")[0] == 553
        assert talk.do("MAIL FROM:<a@council.test>")[0] == 250
        assert talk.do("RCPT TO:<bjørn@example.org>")[0] == 553


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("HELO", 501),
        ("EHLO", 501),
        ("EHLO two words", 501),
        ("EHLO " + "x" * 300, 501),
        ("LHLO x", 500),
        ("STARTTLS", 502),
        ("AUTH PLAIN AGEAYg==", 502),
        ("EXPN list", 502),
        ("HELP", 502),
        ("XCLIENT ADDR=192.0.2.1", 502),
        ("NONSENSE", 500),
        ("", 500),
        (" MAIL FROM:<a@b>", 500),
        ("VRFY someone", 252),
        ("NOOP anything", 250),
        ("RSET", 250),
        ("RSET now", 501),
        ("RCPT TO:<a@b>", 503),
        ("DATA", 503),
        ("MAIL", 501),
        ("MAIL TO:<a@b>", 501),
        ("MAIL FROM:<a@b> SIZE=99999999999", 552),
        ("XFORWARD NAME", 501),
        ("XFORWARD COLOUR=red", 501),
        ("XFORWARD NAME=host.council.test ADDR=192.0.2.1", 250),
        ("QUIT", 221),
    ],
)
def test_commands_and_their_enhanced_codes(hop: ScriptedHop, words: str, code: int) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        found, text = talk.do(words)
        assert found == code
        assert all(ENHANCED.match(line + " ") for line in text.split("\n"))
        assert text[0] == str(code)[0]


@pytest.mark.parametrize("words", ["MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA", "XFORWARD NAME=x"])
def test_hello_comes_first(hop: ScriptedHop, words: str) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, Talk(relay.port, greet=False) as talk:
        assert talk.reply()[0] == 220
        assert talk.do(words)[0] == 503


def test_states_of_a_transaction(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<a@council.test>")[0] == 250
        assert talk.do("MAIL FROM:<b@council.test>") == (503, "5.5.1 Nested MAIL command")
        assert talk.do("DATA") == (503, "5.5.1 Need RCPT command")
        assert talk.do("RCPT TO:<a@example.org>")[0] == 250
        assert talk.do("DATA now")[0] == 501
        assert talk.do("RSET")[0] == 250
        assert talk.do("RCPT TO:<a@example.org>")[0] == 503
        assert talk.send(PLAIN, "b@example.org", sender="c@council.test")[0] == 250
        assert [(one.mail, one.rcpt) for one in hop.taken] == [
            ("FROM:<c@council.test>", ["TO:<b@example.org>"])
        ]


def test_hello_again_forgets_the_transaction(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        talk.envelope()
        ehlo(talk)
        assert talk.do("DATA")[0] == 503


def test_helo_without_extensions(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, Talk(relay.port, greet=False) as talk:
        talk.reply()
        assert talk.do("HELO old.council.test") == (250, "relay.council.test")
        assert talk.send(PLAIN)[0] == 250
        assert b"from old.council.test ([127.0.0.1])" in hop.taken[0].data
        assert b"with SMTP id" in hop.taken[0].data


def test_bdat_ends_the_session(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        talk.envelope()
        assert talk.do(b"BDAT 10 LAST\r\n")[0] == 502
        assert talk.closed()


def test_too_many_mistakes_end_the_session(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        codes = [talk.do("NONSENSE")[0] for _ in range(21)]
        assert codes == [500] * 20 + [421]
        assert talk.closed()


# --- bytes out equal bytes in, plus one line --------------------------------------------------------------


def test_one_received_line_and_nothing_else(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN)[0] == 250
        sent = hop.taken[0].data
        assert sent.endswith(PLAIN)
        added = sent[: -len(PLAIN)].decode()
        assert re.fullmatch(
            r"Received: from client\.council\.test \(\[127\.0\.0\.1\]\)\r\n"
            r"\tby relay\.council\.test \(dlp relay [0-9a-f]{12}\) with ESMTP id [0-9A-F]{16};\r\n"
            r"\t\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\r\n",
            added,
        )
        assert seen(relay)[0].queue_id in added


def test_a_strange_hello_name_stays_out_of_the_received_line(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        ehlo(talk, "evil(comment);x")
        assert talk.send(PLAIN)[0] == 250
        assert hop.taken[0].data.startswith(b"Received: from unknown ([127.0.0.1])")


def test_headers_are_added_below_our_line(hop: ScriptedHop) -> None:
    added = Deliver(headers=(("X-Council-Check", "passed"), ("X-Rule", "r-1")))
    with (
        RunningRelay({"default": hop.hop()}, PlainFilter(lambda message: added)) as relay,
        relay.client() as talk,
    ):
        assert talk.send(PLAIN)[0] == 250
        assert hop.taken[0].data.endswith(b"\r\nX-Council-Check: passed\r\nX-Rule: r-1\r\n" + PLAIN)


@pytest.mark.parametrize("header", [("X-A", "x\r\nBcc: y"), ("X A", "x"), ("X:", "x"), ("X-A", "ü")])
def test_a_header_that_would_be_two_is_not_sent(hop: ScriptedHop, header: tuple[str, str]) -> None:
    bad = PlainFilter(lambda message: Deliver(headers=(header,)))
    with RunningRelay({"default": hop.hop()}, bad) as relay, relay.client() as talk:
        assert talk.send(PLAIN)[0] == 451
        assert not hop.taken


def test_hops_are_counted_and_our_own_line_is_known(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN)[0] == 250
        once = hop.taken[0].data
        assert talk.send(once)[0] == 250
        assert talk.send(b"Received: by a\r\n" * 60 + PLAIN)[0] == 250
        assert talk.send(PLAIN + b"Received: in the body (dlp relay x)\r\n")[0] == 250
        token = re.search(rb"\(dlp relay \w+\)", once)
        assert token is not None
        assert talk.send(b"Subject: " + token.group() + b"\r\n" + PLAIN)[0] == 250
        assert [(one.hops, one.looped) for one in seen(relay)] == [
            *((0, False), (1, True), (60, False), (0, False), (0, False))
        ]


def test_another_relay_of_the_same_council_is_known_by_the_token(hop: ScriptedHop) -> None:
    one, two = relay_settings(token="county"), relay_settings(hostname="second.council.test", token="county")
    with RunningRelay({"default": hop.hop()}, settings=one) as relay, relay.client() as talk:
        talk.send(PLAIN)
    with RunningRelay({"default": hop.hop()}, settings=two) as relay, relay.client() as talk:
        talk.send(hop.taken[0].data)
        assert seen(relay)[0].looped


# --- who may come in --------------------------------------------------------------------------------------


def test_a_client_from_elsewhere_is_refused(hop: ScriptedHop) -> None:
    settings = relay_settings(allowed=(AllowedClient(ipaddress.ip_network("127.9.0.0/16")),))
    with (
        RunningRelay({"default": hop.hop()}, settings=settings) as relay,
        Talk(relay.port, greet=False) as talk,
    ):
        assert talk.reply() == (554, "5.7.1 Not allowed to send here")
        assert talk.closed()
        assert Incident.NOT_ALLOWED in relay.incidents()


def test_a_client_over_ipv6(hop: ScriptedHop) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")

    async def scenario() -> None:
        settings = relay_settings(listen=(("::1", 0),))
        listener = Listener(settings, {"default": hop.hop()}, PlainFilter())
        await listener.start()
        reader, writer = await asyncio.open_connection("::1", listener.addresses[0][1])
        for words in (b"", b"HELO six", b"MAIL FROM:<a@council.test>", b"RCPT TO:<b@example.org>", b"DATA"):
            writer.write(words + b"\r\n" if words else b"")
            assert (await reader.readline())[:1] in b"23"
        writer.write(PLAIN + b".\r\n")
        assert (await reader.readline()).startswith(b"250")
        writer.close()
        await listener.stop(1)

    asyncio.run(scenario())
    assert b"from six ([IPv6:::1])" in hop.taken[0].data


@pytest.mark.parametrize(
    ("show", "code", "why"),
    [
        ("exchange", 250, "the certificate that was named"),
        ("good", 554, "another of the same authority"),
        ("", 554, "none"),
    ],
)
@pytest.mark.parametrize("by", ["fingerprint", "name", "wildcard"])
def test_a_client_is_known_by_its_certificate(
    hop: ScriptedHop, certificates: Certificates, show: str, code: int, why: str, by: str
) -> None:
    print_ = frozenset({certificates.fingerprint("exchange").upper()} if by == "fingerprint" else ())
    names = {"name": {"exchange.council.test"}, "wildcard": {"*.council.test"}}.get(by, set())
    settings = relay_settings(
        allowed=(AllowedClient(LOCAL, print_, frozenset(names)),),
        tls=ListenerTls(certificates.relay, certificates.key("relay"), certificates.ca),
    )
    with RunningRelay({"default": hop.hop()}, settings=settings) as relay, relay.client() as talk:
        talk.starttls(certificates.client(show))
        ehlo(talk)
        assert talk.do("MAIL FROM:<a@council.test>")[0] == code, why


def test_a_client_that_needs_a_certificate_is_told_to_begin_tls(
    hop: ScriptedHop, certificates: Certificates
) -> None:
    settings = relay_settings(
        allowed=(AllowedClient(LOCAL, frozenset({"00" * 32})),),
        tls=ListenerTls(certificates.relay, certificates.key("relay"), certificates.ca),
    )
    with RunningRelay({"default": hop.hop()}, settings=settings) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<a@council.test>")[0] == 530


def test_xforward_is_for_allowed_peers_and_for_one_message(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.do("XFORWARD NAME=desk+2D7.council.test ADDR=192.0.2.7 IDENT=4XyZ12")[0] == 250
        assert talk.do("XFORWARD HELO=desk7 SOURCE=LOCAL")[0] == 250
        assert talk.send(PLAIN)[0] == 250
        assert talk.send(PLAIN)[0] == 250
        first, second = seen(relay)
        assert first.client.xforward == {
            "NAME": "desk-7.council.test",
            "ADDR": "192.0.2.7",
            "IDENT": "4XyZ12",
            "HELO": "desk7",
            "SOURCE": "LOCAL",
        }
        assert not second.client.xforward
        assert relay.messages()[0].upstream_id == "4XyZ12"
    with (
        RunningRelay({"default": hop.hop()}, settings=relay_settings(xforward_peers=())) as relay,
        relay.client() as talk,
    ):
        assert "XFORWARD" not in ehlo(talk)
        assert talk.do("XFORWARD NAME=x")[0] == 554


def test_xforward_goes_on_to_a_next_hop_that_takes_it() -> None:
    with (
        ScriptedHop(extensions=("XFORWARD NAME ADDR IDENT",)) as hop,
        RunningRelay({"default": hop.hop()}) as relay,
        relay.client() as talk,
    ):
        talk.do("XFORWARD NAME=a+2Bb ADDR=192.0.2.7 HELO=desk7")
        assert talk.send(PLAIN)[0] == 250
        assert "XFORWARD NAME=a+2Bb ADDR=192.0.2.7" in hop.commands


# --- limits -----------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_before_the_message_comes(hop: ScriptedHop) -> None:
    settings = relay_settings(limits=Limits(disk_reserve_bytes=1 << 60))
    with RunningRelay({"default": hop.hop()}, settings=settings) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<a@council.test> SIZE=1000") == (452, "4.3.1 Insufficient storage")


def test_a_spool_that_cannot_be_written_is_452_and_the_session_lives(
    hop: ScriptedHop, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    with (
        RunningRelay({"default": hop.hop()}, settings=relay_settings(spool=spool)) as relay,
        relay.client() as talk,
    ):
        talk.envelope()
        spool.rmdir()
        assert talk.data((b"z" * 70 + b"\r\n") * 20_000) == (452, "4.3.1 Insufficient storage")
        spool.mkdir()
        assert talk.send((b"z" * 70 + b"\r\n") * 20_000)[0] == 250
        assert relay.messages()[0].result is Result.NOT_TAKEN


def test_large_messages_lie_in_a_file_without_a_name(hop: ScriptedHop, tmp_path: Path) -> None:
    go = threading.Event()
    with (
        RunningRelay({"default": hop.hop()}, PlainFilter(wait=go), relay_settings(spool=tmp_path)) as relay,
        relay.client() as talk,
    ):
        body = PLAIN + (b"z" * 70 + b"\r\n") * 100_000
        talk.envelope()
        talk.do("DATA")
        talk.say(body + b".\r\n")
        wait_for(lambda: seen(relay))
        assert seen(relay)[0].content.descriptor is not None
        assert not list(tmp_path.iterdir())
        assert relay.listener.state.memory_bytes < 1 << 20
        go.set()
        assert talk.reply()[0] == 250
        assert hop.taken[0].data.endswith(body)
        wait_for(lambda: relay.listener.state.memory_bytes == 0)


def test_memory_that_is_used_up_sends_messages_to_disk_and_new_clients_away(hop: ScriptedHop) -> None:
    go = threading.Event()
    limits = Limits(memory_bytes=40_000)
    with RunningRelay({"default": hop.hop()}, PlainFilter(wait=go), relay_settings(limits=limits)) as relay:
        with relay.client() as one, relay.client() as two, relay.client() as three:
            for talk, size in ((one, 20_000), (two, 30_000)):
                talk.envelope()
                talk.do("DATA")
                talk.say(b"y" * size + b"\r\n.\r\n")
            wait_for(lambda: len(seen(relay)) == 2)
            kinds = sorted(message.content.descriptor is not None for message in seen(relay))
            assert kinds == [False, True]
            three.envelope()
            three.do("DATA")
            three.say(b"y" * 20_010 + b"\r\n")
            wait_for(lambda: relay.listener.state.memory_bytes >= 40_000)
            with Talk(relay.port, greet=False) as four:
                assert four.reply()[0] == 421
            go.set()
            assert one.reply()[0] == two.reply()[0] == 250
            three.say(b".\r\n")
            assert three.reply()[0] == 250
        wait_for(lambda: relay.listener.state.memory_bytes == 0)


def test_no_new_clients_while_the_inspection_is_full(hop: ScriptedHop) -> None:
    open_ = [True]
    with RunningRelay({"default": hop.hop()}, accepting=lambda: open_[0]) as relay, relay.client() as talk:
        open_[0] = False
        with Talk(relay.port, greet=False) as other:
            assert other.reply()[0] == 421
        assert talk.send(PLAIN)[0] == 250, "who is in may finish"


def test_an_endless_message_is_cut_off(hop: ScriptedHop) -> None:
    settings = relay_settings(limits=Limits(message_bytes=100_000))
    with RunningRelay({"default": hop.hop()}, settings=settings) as relay, relay.client() as talk:
        talk.envelope()
        assert talk.do("DATA")[0] == 354
        sent = 0
        try:
            while sent < 50_000_000:
                talk.say(b"x" * 70 + b"\r\n")
                sent += 72
        except ConnectionError:
            pass
        assert sent < 50_000_000
        assert not hop.taken


# --- answers of the filter --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (
            Answer(250, "2.0.0 Held for review as Q-2026-000123"),
            (250, "2.0.0 Held for review as Q-2026-000123"),
        ),
        (
            Answer(550, "5.7.1 Not sent.\n5.7.1 Help: https://x"),
            (550, "5.7.1 Not sent.\n5.7.1 Help: https://x"),
        ),
        (Answer(451, "4.7.1 Inspection unavailable"), (451, "4.7.1 Inspection unavailable")),
        (Answer(250, "held"), (250, "2.0.0 held")),
        (Answer(550, "5.7.1 caf\u00e9\r\n250 2.0.0 ok"), (550, "5.7.1 caf??\n5.0.0 250 2.0.0 ok")),
        (Answer(550, "5.7.1 " + "x" * 900), (550, "5.7.1 " + "x" * 500)),
    ],
)
def test_an_answer_of_the_filter(hop: ScriptedHop, answer: Answer, reply: tuple[int, str]) -> None:
    with (
        RunningRelay({"default": hop.hop()}, PlainFilter(lambda message: answer)) as relay,
        relay.client() as talk,
    ):
        assert talk.send(PLAIN) == reply
        assert talk.do("NOOP")[0] == 250
        assert not hop.taken
        assert relay.messages()[0].result is Result.ANSWERED
        assert not relay.filter.journal  # type: ignore[attr-defined]


def test_another_route_gets_the_message_and_the_default_does_not(hop: ScriptedHop) -> None:
    with ScriptedHop() as secure:
        hops = {"default": hop.hop(), "secure": secure.hop()}
        with (
            RunningRelay(hops, PlainFilter(lambda message: Deliver("secure"))) as relay,
            relay.client() as talk,
        ):
            assert talk.send(PLAIN, "a@example.org", "b@example.org")[0] == 250
            assert not hop.taken
            assert secure.taken[0].rcpt == ["TO:<a@example.org>", "TO:<b@example.org>"]
            assert secure.taken[0].data.endswith(PLAIN)
            wait_for(lambda: "RSET" in hop.commands)


def test_another_route_that_refuses_a_recipient_gets_nothing(hop: ScriptedHop) -> None:
    def only_a(argument: str) -> bytes:
        return b"250 ok\r\n" if "<a@" in argument else b"550 5.1.1 no\r\n"

    with ScriptedHop({"RCPT": only_a}) as secure:
        hops = {"default": hop.hop(), "secure": secure.hop()}
        with (
            RunningRelay(hops, PlainFilter(lambda message: Deliver("secure"))) as relay,
            relay.client() as talk,
        ):
            assert talk.send(PLAIN, "a@example.org", "b@example.org")[0] == 451
        assert not secure.taken
        assert not hop.taken


def test_a_route_that_is_not_there_is_our_fault(hop: ScriptedHop) -> None:
    with (
        RunningRelay({"default": hop.hop()}, PlainFilter(lambda message: Deliver("nowhere"))) as relay,
        relay.client() as talk,
    ):
        assert talk.send(PLAIN)[0] == 451
        assert talk.do("NOOP")[0] == 250


def test_the_journal_hears_of_it_before_the_client(hop: ScriptedHop) -> None:
    class Slow(PlainFilter):
        async def relayed(self, message: Message, reply: str) -> None:
            time.sleep(0.2)
            self.journal.append(reply)

    with RunningRelay({"default": hop.hop()}, Slow()) as relay, relay.client() as talk:
        assert talk.send(PLAIN) == (250, "2.0.0 taken as 4711")
        assert relay.filter.journal == ["250 2.0.0 taken as 4711"]  # type: ignore[attr-defined]


def test_a_journal_that_fails_does_not_undo_the_delivery(hop: ScriptedHop) -> None:
    class Broken(PlainFilter):
        async def relayed(self, message: Message, reply: str) -> None:
            raise OSError("disk of AB123456C")

    with RunningRelay({"default": hop.hop()}, Broken()) as relay, relay.client() as talk:
        assert talk.send(PLAIN)[0] == 250
        assert Incident.EXCEPTION in relay.incidents()


def test_an_observer_that_fails_does_not_undo_the_delivery(hop: ScriptedHop) -> None:
    def broken(event: object) -> None:
        raise OSError("no room for figures")

    with RunningRelay({"default": hop.hop()}, observe=broken) as relay, relay.client() as talk:
        assert talk.send(PLAIN)[0] == 250
        assert talk.do("NONSENSE")[0] == 500


# --- deadlines --------------------------------------------------------------------------------------------


def test_an_inspection_that_is_late_is_451_and_nothing_is_sent_behind_the_clients_back(
    hop: ScriptedHop,
) -> None:
    go = threading.Event()
    settings = relay_settings(deadlines=Deadlines(answer_seconds=0.3))
    with (
        RunningRelay({"default": hop.hop()}, PlainFilter(wait=go), settings) as relay,
        relay.client() as talk,
    ):
        assert talk.send(PLAIN) == (451, "4.7.1 Inspection unavailable, try again")
        assert talk.do("NOOP")[0] == 250
        go.set()
        wait_for(lambda: relay.messages())
        assert relay.messages()[0].result is Result.UNWANTED
        assert not hop.taken


def test_a_next_hop_that_is_late_is_451_and_the_journal_learns_of_it() -> None:
    go = threading.Event()

    def late(_: str) -> bytes:
        go.wait(10)
        return b"250 2.0.0 taken at last\r\n"

    settings = relay_settings(deadlines=Deadlines(answer_seconds=0.3))
    with ScriptedHop({".": late}) as hop, RunningRelay({"default": hop.hop()}, settings=settings) as relay:
        with relay.client() as talk:
            assert talk.send(PLAIN) == (451, "4.4.1 Next hop unavailable, try again")
        go.set()
        wait_for(lambda: relay.filter.journal)  # type: ignore[attr-defined]
        assert relay.messages()[0].late


def test_the_same_message_waits_while_the_first_copy_is_on_its_way() -> None:
    """A client that lost its connection behind the dot comes again at once: no second copy."""
    started, go = threading.Event(), threading.Event()

    def late(_: str) -> bytes:
        started.set()
        go.wait(10)
        return b"250 2.0.0 taken at last\r\n"

    with ScriptedHop({".": late}) as hop, RunningRelay({"default": hop.hop()}) as relay:
        lost = relay.client()
        lost.envelope()
        lost.do("DATA")
        lost.say(PLAIN + b".\r\n")
        assert started.wait(10)
        lost.close()
        wait_for(lambda: not relay.listener.state.sessions)
        with relay.client() as talk:
            assert talk.send(PLAIN) == (451, "4.4.1 Next hop unavailable, try again")
            go.set()
            assert talk.send(PLAIN.replace(b"Tuesday", b"Another"))[0] == 250, "another message of that size"
        wait_for(lambda: len(hop.taken) == 2)
        assert len([one for one in hop.taken if b"Tuesday" in one.data]) == 1


@pytest.mark.parametrize("command", ["NOOP", "RSET", "EHLO x", "VRFY x"])
def test_a_client_that_only_talks_is_sent_away(hop: ScriptedHop, command: str) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        for _ in range(3):
            assert talk.send(PLAIN)[0] == 250  # a message begins the count anew
            codes = [talk.do(command)[0] for _ in range(99)]
            assert set(codes) <= {250, 252}
        assert talk.do(command)[0] in (250, 252)
        assert talk.do(command)[0] == 421
        assert talk.closed()


def test_a_flood_of_commands_does_not_stop_the_others(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as flood, relay.client() as quick:
        flood.envelope("first@example.org")
        flood.say(b"RCPT TO:<a(comment)@example.org>\r\n" * 19)
        flood.say(b"RCPT TO:<second@example.org>\r\n" * 1000)
        assert quick.send(PLAIN)[0] == 250


# --- LMTP -------------------------------------------------------------------------------------------------


def lmtp() -> RelaySettings:
    return relay_settings(placement="lmtp")


def test_lmtp_says_lhlo(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}, settings=lmtp()) as relay, Talk(relay.port, lmtp=True) as talk:
        assert talk.do("EHLO x")[0] == 500
        assert talk.do("HELO x")[0] == 500


def test_lmtp_gives_one_answer_for_each_recipient_that_was_taken(hop: ScriptedHop) -> None:
    hop.script["RCPT"] = lambda argument: b"550 5.1.1 no\r\n" if "<no@" in argument else b"250 ok\r\n"
    with RunningRelay({"default": hop.hop()}, settings=lmtp()) as relay, Talk(relay.port, lmtp=True) as talk:
        talk.do("MAIL FROM:<a@council.test>")
        codes = [talk.do(f"RCPT TO:<{who}@example.org>")[0] for who in ("a", "no", "b")]
        assert codes == [250, 550, 250]
        assert talk.data(PLAIN)[0] == 250
        assert talk.reply()[0] == 250
        assert talk.do("QUIT")[0] == 221, "two answers, not three"
        assert b"with LMTP id" in hop.taken[0].data
        assert seen(relay)[0].per_recipient


def test_lmtp_delivers_to_some_and_refuses_others(hop: ScriptedHop) -> None:
    refused = {"b@example.org": Answer(550, "5.7.1 not to freemail")}
    decide = PlainFilter(lambda message: Deliver(refused=refused))
    with RunningRelay({"default": hop.hop()}, decide, lmtp()) as relay, Talk(relay.port, lmtp=True) as talk:
        talk.envelope("a@example.org", "b@example.org", "c@example.org")
        answers = [talk.data(PLAIN), talk.reply(), talk.reply()]
        assert [code for code, _ in answers] == [250, 550, 250]
        assert answers[1][1] == "5.7.1 not to freemail"
        assert hop.taken[0].rcpt == ["TO:<a@example.org>", "TO:<c@example.org>"]


@pytest.mark.parametrize("placement", ["smtp", "lmtp"])
def test_answers_for_some_only_where_there_is_one_for_each(hop: ScriptedHop, placement: str) -> None:
    refused = {"a@example.org": Answer(550, "5.7.1 no"), "b@example.org": Answer(550, "5.7.1 no")}
    decide = PlainFilter(lambda message: Deliver(refused=refused))
    settings = relay_settings(placement=placement)
    with (
        RunningRelay({"default": hop.hop()}, decide, settings) as relay,
        Talk(relay.port, lmtp=placement == "lmtp") as talk,
    ):
        talk.envelope("a@example.org", "b@example.org")
        assert talk.data(PLAIN)[0] == (550 if placement == "lmtp" else 451)
        assert not hop.taken


@pytest.mark.parametrize("answer", [Answer(250, "2.0.0 Held for review as Q-1"), Answer(550, "5.7.1 no")])
def test_lmtp_repeats_an_answer_for_all(hop: ScriptedHop, answer: Answer) -> None:
    decide = PlainFilter(lambda message: answer)
    with RunningRelay({"default": hop.hop()}, decide, lmtp()) as relay, Talk(relay.port, lmtp=True) as talk:
        talk.envelope("a@example.org", "b@example.org")
        assert talk.data(PLAIN) == talk.reply() == (answer.code, answer.text)


# --- the end ----------------------------------------------------------------------------------------------


def test_a_graceful_stop_loses_and_refuses_nothing_that_was_begun(hop: ScriptedHop) -> None:
    go = threading.Event()
    with RunningRelay({"default": hop.hop()}, PlainFilter(wait=go)) as relay:
        idle, busy, begun = relay.client(), relay.client(), relay.client()
        busy.envelope()
        busy.do("DATA")
        busy.say(PLAIN + b".\r\n")
        begun.envelope()
        wait_for(lambda: seen(relay))
        stopping = threading.Thread(target=relay.stop, args=(10.0,))
        stopping.start()
        assert idle.reply() == (421, "4.3.2 Service closing, try again")
        assert idle.closed()
        go.set()
        assert busy.reply()[0] == 250
        assert busy.reply()[0] == 421, "no second message"
        assert begun.data(PLAIN)[0] == 250
        assert begun.reply()[0] == 421
        stopping.join(10)
        assert not stopping.is_alive()
        assert len(hop.taken) == 2
        with pytest.raises(ConnectionRefusedError):
            relay.client()


def test_what_is_not_done_after_the_grace_is_cut_off_unanswered(hop: ScriptedHop) -> None:
    go = threading.Event()
    with RunningRelay({"default": hop.hop()}, PlainFilter(wait=go)) as relay, relay.client() as talk:
        talk.envelope()
        talk.do("DATA")
        talk.say(PLAIN + b".\r\n")
        wait_for(lambda: seen(relay))
        relay.stop(0.1)
        assert talk.reply()[0] == 0
        go.set()
        assert not hop.taken


# --- settings ---------------------------------------------------------------------------------------------


def test_clear_text_to_another_machine_is_a_mistake_of_the_settings() -> None:
    with pytest.raises(ValueError, match="starttls"):
        NextHop("192.0.2.1", tls="none")
    assert NextHop(HERE, tls="none").tls == "none"


def test_clear_text_from_another_machine_is_a_mistake_of_the_settings(certificates: Certificates) -> None:
    remote = (AllowedClient(ipaddress.ip_network("192.0.2.0/24")),)
    with pytest.raises(ValueError, match="tls"):
        relay_settings(allowed=remote)
    tls = ListenerTls(certificates.relay, certificates.key("relay"))
    assert relay_settings(allowed=remote, tls=tls).tls == tls


def test_a_default_route_is_needed() -> None:
    with pytest.raises(ValueError, match="default"):
        RunningRelay({})
