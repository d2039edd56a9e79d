"""The 22 findings about aiosmtpd and aiosmtplib (``mail_filtering`` section 3), each shown not to hold."""

from __future__ import annotations

import ast
import asyncio
import logging
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop

import smtp_filter
from smtp_filter.message import Answer, Deliver, Message
from smtp_filter.relay import Deadlines, Incident, Limits, ListenerTls, Result
from tests.smtp_filter.peers import (
    PLAIN,
    Certificates,
    PlainFilter,
    RunningRelay,
    ScriptedHop,
    Talk,
    relay_settings,
    smtp_source,
    wait_for,
)

PERSONAL = ("AB123456C", "943 476 5919", "Margaret", "officer@council.test", "someone@example.org", "Kestrel")


@pytest.fixture
def hop() -> Iterator[ScriptedHop]:
    with ScriptedHop() as one:
        yield one


def sources() -> Iterator[tuple[Path, ast.Module]]:
    root = Path(smtp_filter.__file__).parent
    for file in (*root.glob("relay/*.py"), *root.glob("delivery/*.py")):
        yield file, ast.parse(file.read_text())


def imported() -> set[str]:
    names = set()
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"connect": ScriptedHop.CLOSE}, 451),
        ({".": b"554 5.7.1 no\r\n"}, 554),
        ({".": b"452 4.3.1 full\r\n"}, 452),
        ({"RCPT": b"450 4.2.1 later\r\n"}, 450),
    ],
)
def test_01_a_next_hop_that_fails_is_never_answered_250(script: dict[str, bytes], code: int) -> None:
    assert not any("Proxy" in name for name in imported())
    with ScriptedHop(script) as hop, RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        codes = [talk.do("MAIL FROM:<officer@council.test>")[0]]
        if codes[-1] == 250:
            codes.append(talk.do("RCPT TO:<someone@example.org>")[0])
        if codes[-1] == 250:
            codes.append(talk.data(PLAIN)[0])
        assert codes[-1] == code
        assert not hop.taken


def test_01_nobody_listens_at_the_next_hop() -> None:
    hop = ScriptedHop()
    hop.__exit__()
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<officer@council.test>") == (451, "4.4.1 Next hop unavailable, try again")


def test_02_a_slow_delivery_does_not_stop_other_sessions() -> None:
    assert not any(name.startswith("smtplib") for name in imported())
    started, go = threading.Event(), threading.Event()

    def slowly(_: str) -> bytes:
        if not started.is_set():
            started.set()
            go.wait(10)
        return b"250 2.0.0 taken\r\n"

    with (
        ScriptedHop({".": slowly}) as hop,
        RunningRelay({"default": hop.hop()}) as relay,
        relay.client() as slow,
        relay.client() as quick,
    ):
        slow.envelope()
        slow.do("DATA")
        slow.say(PLAIN + b".\r\n")
        assert started.wait(10)
        assert quick.send(PLAIN)[0] == 250
        go.set()
        assert slow.reply()[0] == 250


def test_03_an_exception_is_451_with_a_reference_and_none_of_its_text(
    hop: ScriptedHop, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(message: Message) -> Deliver:
        raise ValueError("NINO AB123456C in message of Margaret Kestrel")

    caplog.set_level(logging.DEBUG)
    with RunningRelay({"default": hop.hop()}, PlainFilter(fail)) as relay, relay.client() as talk:
        code, text = talk.send(PLAIN)
        assert code == 451
        assert text.startswith("4.3.0 Internal error, reference ")
        reference = text.rpartition(" ")[2]
        assert len(reference) == 4
        assert talk.send(PLAIN)[0] == 451  # the session lives
        assert not hop.taken
    assert reference in caplog.text
    assert "ValueError" in caplog.text
    assert "AB123456C" not in caplog.text + text
    assert "Kestrel" not in caplog.text + text


def test_04_nothing_of_aiosmtpds_log_reaches_any_handler(hop: ScriptedHop) -> None:
    records = list[logging.LogRecord]()

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    keep, theirs, root = Keep(), logging.getLogger("mail.log"), logging.getLogger()
    before = root.level
    theirs.addHandler(keep)
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    try:
        with RunningRelay({"default": hop.hop()}) as relay:
            theirs.setLevel(logging.DEBUG)  # as a careless logging set-up would
            with relay.client() as talk:
                talk.send(b"Subject: Margaret Kestrel\r\n\r\nNINO AB123456C, NHS 943 476 5919\r\n")
                talk.do("VRFY officer@council.test")
                talk.do("NONSENSE officer@council.test")
                talk.do("QUIT")
    finally:
        theirs.removeHandler(keep)
        root.removeHandler(keep)
        root.setLevel(before)
    assert records, "our own lines are there"
    assert not [record for record in records if record.name == "mail.log"]
    text = "\n".join(record.getMessage() for record in records)
    assert not [word for word in PERSONAL if word in text]


def test_05_a_client_that_goes_away_does_not_cut_the_filter_or_the_dot(hop: ScriptedHop) -> None:
    go = threading.Event()
    finished = threading.Event()

    def decide(message: Message) -> Deliver:
        finished.set()
        return Deliver()

    with RunningRelay({"default": hop.hop()}, PlainFilter(decide, go)) as relay:
        talk = relay.client()
        talk.envelope()
        talk.do("DATA")
        talk.say(PLAIN + b".\r\n")
        wait_for(lambda: relay.filter.seen)  # type: ignore[attr-defined]
        talk.close()
        wait_for(lambda: not relay.listener.state.sessions)
        go.set()
        assert finished.wait(10), "a commit of the filter is not cancelled"
        wait_for(lambda: relay.messages())
        assert relay.messages()[0].result is Result.UNWANTED
        assert not hop.taken, "nobody was told 250: it will come again"


def test_05_a_client_that_goes_away_behind_the_dot_does_not_cancel_the_journal() -> None:
    started, go = threading.Event(), threading.Event()

    def slowly(_: str) -> bytes:
        started.set()
        go.wait(10)
        return b"250 2.0.0 taken\r\n"

    with ScriptedHop({".": slowly}) as hop, RunningRelay({"default": hop.hop()}) as relay:
        talk = relay.client()
        talk.envelope()
        talk.do("DATA")
        talk.say(PLAIN + b".\r\n")
        assert started.wait(10)
        talk.close()
        wait_for(lambda: not relay.listener.state.sessions)
        go.set()
        wait_for(lambda: relay.filter.journal)  # type: ignore[attr-defined]
        assert len(hop.taken) == 1
        assert relay.messages()[0].result is Result.RELAYED
        assert relay.messages()[0].late


def test_06_the_timer_counts_from_the_last_chunk_and_rests_while_we_work(hop: ScriptedHop) -> None:
    deadlines = Deadlines(command_seconds=1.2, data_block_seconds=1.2)
    go = threading.Event()
    with RunningRelay(
        {"default": hop.hop()}, PlainFilter(wait=go), relay_settings(deadlines=deadlines)
    ) as relay:
        with relay.client() as talk:
            talk.envelope()
            assert talk.do("DATA")[0] == 354
            for _ in range(5):  # slower than the deadline in all, never between two chunks
                time.sleep(0.3)
                talk.say(b"one more line\r\n")
            talk.say(b".\r\n")
            wait_for(lambda: relay.filter.seen)  # type: ignore[attr-defined]
            time.sleep(1.5)  # an inspection longer than the deadline
            go.set()
            assert talk.reply()[0] == 250
        with relay.client() as silent:
            assert silent.reply() == (421, "4.4.2 Timeout, closing")
            assert silent.closed()


def test_07_data_is_read_in_chunks(hop: ScriptedHop) -> None:
    """Many lines in one piece cost one step of the loop, not one each: the reader never sees a line."""
    line = b"x" * 74 + b"\r\n"
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        body = b"Subject: long\r\n\r\n" + line * 60_000
        assert talk.send(body)[0] == 250
        assert hop.taken[0].data.endswith(body)
        assert not any("readuntil" in ast.dump(tree) for _, tree in sources())


@pytest.mark.parametrize("length", [1001, 3000, 200_000, 1_048_000])
def test_08_long_lines_pass_unchanged(hop: ScriptedHop, length: int) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        body = b"Subject: x\r\n\r\n" + b"y" * length + b"\r\n"
        assert talk.send(body)[0] == 250
        assert hop.taken[0].data.endswith(body)
        assert relay.filter.seen[0].longest_line == length  # type: ignore[attr-defined]


def test_08_a_line_without_end_is_refused(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(b"y" * 1_100_000 + b"\r\n")[0] == 552
        assert talk.send(PLAIN)[0] == 250


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\0\r\n.\r"]
)
def test_09_bare_line_ends_are_made_canonical_before_anything_else(hop: ScriptedHop, end: bytes) -> None:
    smuggled = b"MAIL FROM:<ceo@council.test>\r\nRCPT TO:<x@example.org>\r\nDATA\r\nhello\r\n"
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN + b"text" + end + smuggled)[0] == 250
        assert len(hop.taken) == 1, "one message came, one message left"
        sent, seen = hop.taken[0].data, relay.filter.bodies[0]  # type: ignore[attr-defined]
        assert sent.endswith(seen), "what was inspected is what is sent"
        assert b"\n" not in sent.replace(b"\r\n", b"")
        assert b"\r" not in sent.replace(b"\r\n", b"")
        assert relay.messages()[0].bare_line_ends > 0


def test_10_commands_in_bare_lf_are_refused(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        talk.say(b"MAIL FROM:<officer@council.test>\n")
        assert talk.reply()[0] == 500
        assert talk.closed()
        assert Incident.BARE_LF_COMMAND in relay.incidents()


@pytest.mark.parametrize(
    ("words", "before"),
    [
        (b"EHLO x\r\nMAIL FROM:<officer@council.test>\r\n", []),
        (b"DATA\r\nSubject: x\r\n", ["MAIL FROM:<officer@council.test>", "RCPT TO:<someone@example.org>"]),
        (b"STARTTLS\r\nEHLO injected\r\n", []),
    ],
)
def test_10_bytes_waiting_at_a_synchronisation_point_end_the_session(
    hop: ScriptedHop, certificates: Certificates, words: bytes, before: list[str]
) -> None:
    tls = ListenerTls(certificates.relay, certificates.key("relay"))
    with RunningRelay({"default": hop.hop()}, settings=relay_settings(tls=tls)) as relay:
        with relay.client() as talk:
            for command in before:
                assert talk.do(command)[0] == 250
            talk.say(words)
            assert talk.reply()[0] == 503
            assert talk.closed()
        assert not hop.taken
        assert Incident.PIPELINING in relay.incidents()


def test_10_a_client_that_speaks_before_the_greeting(hop: ScriptedHop) -> None:
    """Whether its bytes are there before our 220 is a race; either way nothing gets through."""
    with RunningRelay({"default": hop.hop()}) as relay:
        with Talk(relay.port, greet=False) as talk:
            talk.say(
                b"EHLO x\r\nMAIL FROM:<officer@council.test>\r\nRCPT TO:<someone@example.org>\r\nDATA\r\n"
            )
            assert talk.reply()[0] in (220, 503)
            assert talk.reply()[0] in (0, 503)
        assert not hop.taken


def test_10_commands_behind_the_final_dot_are_not_obeyed(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        talk.envelope()
        assert talk.do("DATA")[0] == 354
        talk.say(PLAIN + b".\r\nMAIL FROM:<ceo@council.test>\r\nRCPT TO:<x@example.org>\r\nDATA\r\n")
        assert talk.reply()[0] == 250
        assert talk.reply()[0] == 503
        assert talk.closed()
        assert len(hop.taken) == 1


def test_11_the_null_sender_is_passed_on_as_such(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN, sender="")[0] == 250
        assert hop.taken[0].mail.startswith("FROM:<>")
        assert relay.filter.seen[0].envelope.sender == ""  # type: ignore[attr-defined]


def test_12_dsn_parameters_keep_their_spelling(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<officer@council.test> RET=hdrs ENVID=QQ+2B314159 BODY=8BITMIME")[0] == 250
        assert (
            talk.do("RCPT TO:<a@example.org> NOTIFY=SUCCESS,delay ORCPT=rfc822;Some+2BOne@example.org")[0]
            == 250
        )
        assert talk.do("RCPT TO:<b@example.org> NOTIFY=NEVER")[0] == 250
        assert talk.data(PLAIN)[0] == 250
        taken = hop.taken[0]
        assert taken.mail == "FROM:<officer@council.test> BODY=8BITMIME RET=hdrs ENVID=QQ+2B314159"
        assert taken.rcpt == [
            "TO:<a@example.org> NOTIFY=SUCCESS,delay ORCPT=rfc822;Some+2BOne@example.org",
            "TO:<b@example.org> NOTIFY=NEVER",
        ]


@pytest.mark.parametrize("address", ["O'Brien+X@Example.ORG", '"a b"@example.org', "x=y%z@example.org"])
def test_13_addresses_arrive_as_they_were_written(hop: ScriptedHop, address: str) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN, address, sender=address)[0] == 250
        assert hop.taken[0].mail == f"FROM:<{address}>"
        assert hop.taken[0].rcpt == [f"TO:<{address}>"]


@pytest.mark.parametrize(
    "address",
    [
        "@a.example,@b.example:u@example.org",
        "a(c)b@example.org",
        "a..b@example.org",
        "postmaster",
        "u@[192.0.2.1]",
    ],
)
def test_13_addresses_that_would_change_are_refused(hop: ScriptedHop, address: str) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        talk.do("MAIL FROM:<officer@council.test>")
        assert talk.do(f"RCPT TO:<{address}>") == (553, "5.1.3 Recipient address not understood")
        assert not [command for command in hop.commands if command.startswith("RCPT")]


def test_14_recipients_are_limited_and_the_rest_may_come_again(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.do("MAIL FROM:<officer@council.test>")[0] == 250
        codes = [talk.do(f"RCPT TO:<r{number}@example.org>")[0] for number in range(5000)]
        assert codes == [250] * 1000 + [452] * 4000
        assert talk.data(PLAIN)[0] == 250
        assert len(hop.taken[0].rcpt) == 1000


def test_14_sessions_are_limited(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}, settings=relay_settings(limits=Limits(sessions=2))) as relay:
        with relay.client() as one, relay.client() as two:
            with Talk(relay.port, greet=False) as three:
                assert three.reply() == (421, "4.3.2 Busy, try again")
                assert three.closed()
            assert one.do("NOOP")[0] == two.do("NOOP")[0] == 250
        wait_for(lambda: not relay.listener.state.sessions)
        with relay.client() as again:
            assert again.do("NOOP")[0] == 250
        assert Incident.BUSY in relay.incidents()


def test_15_long_mail_lines_are_taken_in_every_session(hop: ScriptedHop) -> None:
    long = f"MAIL FROM:<{'a' * 200}@{'b' * 60}.example.org> SIZE=100 ENVID={'x' * 100} BODY=8BITMIME RET=FULL"
    with RunningRelay({"default": hop.hop()}) as relay:
        talks = [relay.client() for _ in range(10)]
        for talk in talks:  # each new connection would have cleared the limits of all others
            assert talk.do(long)[0] == 250
        for talk in talks:
            assert talk.do("RSET")[0] == 250
            talk.say("EHLO again")
            assert talk.reply()[0] == 250
            assert talk.do(long)[0] == 250
            talk.close()


def test_16_the_size_limit_is_what_the_settings_say(hop: ScriptedHop) -> None:
    limits = Limits(message_bytes=50_000)
    with RunningRelay({"default": hop.hop()}, settings=relay_settings(limits=limits)) as relay:
        assert relay_settings().limits.message_bytes >= 50 * 1024 * 1024
        with relay.client() as talk:
            talk.say("EHLO again")
            assert "SIZE 50000" in talk.reply()[1].split("\n")
            assert talk.do("MAIL FROM:<officer@council.test> SIZE=50001")[0] == 552
            assert talk.send(b"x" * 98 + b"\r\n" + b"y" * 49_898 + b"\r\n")[0] == 250
            assert talk.send(b"x" * 98 + b"\r\n" + b"y" * 49_899 + b"\r\n")[0] == 552
            assert len(hop.taken) == 1


def test_17_no_thread_and_no_loop_of_its_own(hop: ScriptedHop) -> None:
    assert not any("aiosmtpd.controller" in name for name in imported())
    with RunningRelay({"default": hop.hop()}) as relay:
        with relay.client():
            threads = threading.active_count()
        with relay.client() as talk:
            talk.do("NOOP")
            assert threading.active_count() == threads


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_18_starttls_on_this_python(
    hop: ScriptedHop, certificates: Certificates, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    tls = ListenerTls(certificates.relay, certificates.key("relay"), required="always")
    with RunningRelay({"default": hop.hop()}, settings=relay_settings(tls=tls), loop=loop) as relay:
        with relay.client() as talk:
            assert talk.do("MAIL FROM:<officer@council.test>") == (
                530,
                "5.7.0 Must issue a STARTTLS command first",
            )
            talk.starttls(certificates.client())
            assert talk.do("MAIL FROM:<officer@council.test>")[0] == 503, (
                "everything said before is forgotten"
            )
            code, text = talk.do("EHLO client.council.test")
            assert code == 250
            assert "STARTTLS" not in text
            assert "AUTH" not in text
            big = PLAIN + b"z" * 70 + b"\r\n" * 100_000
            assert talk.send(big)[0] == 250
            assert talk.do("QUIT")[0] == 221
        assert hop.taken[0].data.endswith(big)
        assert b"with ESMTPS id" in hop.taken[0].data
        assert relay.filter.seen[0].client.tls.startswith("TLSv1."), sys.version  # type: ignore[attr-defined]


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_18_a_failed_handshake_ends_in_silence(
    hop: ScriptedHop, certificates: Certificates, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    tls = ListenerTls(certificates.relay, certificates.key("relay"))
    with RunningRelay({"default": hop.hop()}, settings=relay_settings(tls=tls), loop=loop) as relay:
        with relay.client() as talk:
            assert talk.do("STARTTLS")[0] == 220
            talk.say(b"EHLO in clear text\r\nMAIL FROM:<officer@council.test>\r\n")
            rest = b""
            try:
                while more := talk.socket.recv(65536):
                    rest += more
            except ConnectionError:
                pass
            assert b"250" not in rest
        wait_for(lambda: Incident.TLS_FAILED in relay.incidents())
        wait_for(lambda: not relay.listener.state.sessions)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname = False
        old.verify_mode = ssl.CERT_NONE
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with relay.client() as talk, pytest.raises((ssl.SSLError, ConnectionError)):
            talk.starttls(old)


def test_19_a_refused_recipient_is_told_so_and_the_others_get_the_message() -> None:
    def only_a(argument: str) -> bytes:
        return b"250 2.1.5 ok\r\n" if "<a@" in argument else b"550 5.1.1 no such user\r\n"

    with ScriptedHop({"RCPT": only_a}) as hop, RunningRelay({"default": hop.hop()}) as relay:
        with relay.client() as talk:
            talk.do("MAIL FROM:<officer@council.test>")
            assert talk.do("RCPT TO:<a@example.org>")[0] == 250
            assert talk.do("RCPT TO:<b@example.org>") == (550, "5.1.1 no such user")
            assert talk.data(PLAIN)[0] == 250
        assert hop.taken[0].rcpt == ["TO:<a@example.org>"]
        seen = relay.filter.seen[0].envelope.recipients  # type: ignore[attr-defined]
        assert [one.address for one in seen] == ["a@example.org"]


def test_20_dots_are_stuffed_on_the_way_out(hop: ScriptedHop) -> None:
    body = b"Subject: dots\r\n\r\n.one\r\n..two\r\n.\r\nend\r\n"
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(body.replace(b"\r\n.", b"\r\n.."))[0] == 250
        assert hop.taken[0].data.endswith(body)


def test_21_what_leaves_has_canonical_line_ends_only(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(b"Subject: x\n\nbare\nlines\rand\r\nall\r\n")[0] == 250
        assert hop.taken[0].data.endswith(b"Subject: x\r\n\r\nbare\r\nlines\r\nand\r\nall\r\n")


def test_22_next_hop_connections_are_used_again(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay:
        for _ in range(10):
            with relay.client() as talk:
                assert talk.send(PLAIN)[0] == 250
        assert len(hop.taken) == 10
        assert hop.connections <= 2


def test_22_a_kept_connection_that_died_is_replaced_without_a_word(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        assert talk.send(PLAIN)[0] == 250
        hop.hang_up()
        assert talk.send(PLAIN)[0] == 250
        assert len(hop.taken) == 2


def test_22_a_held_message_resets_the_connection_and_it_is_used_again(hop: ScriptedHop) -> None:
    decisions = iter([Answer(250, "2.0.0 Held for review as Q-2026-000001"), Deliver()])
    with RunningRelay({"default": hop.hop()}, PlainFilter(lambda message: next(decisions))) as relay:
        with relay.client() as talk:
            assert talk.send(PLAIN) == (250, "2.0.0 Held for review as Q-2026-000001")
            wait_for(lambda: "RSET" in hop.commands)
            assert talk.send(PLAIN)[0] == 250
        assert len(hop.taken) == 1
        assert hop.connections <= 2


def test_22_many_senders_at_once(hop: ScriptedHop) -> None:
    with RunningRelay({"default": hop.hop()}) as relay:
        done = smtp_source(relay.port, "-s", "10", "-m", "100", "-l", "5000")
        assert done.returncode == 0, done.stderr
        assert len(hop.taken) == 100
        assert relay.listener.state.handovers == 0


def test_every_finding_has_a_test() -> None:
    names = {name[5:7] for name in globals() if name.startswith("test_") and name[5:7].isdigit()}
    assert names == {f"{number:02}" for number in range(1, 23)}
