"""Every placement with a real Postfix in front and behind (``mail_filtering`` 2.1, 2.5, 11.2)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest

from smtp_filter.message import Answer, Deliver, Message
from smtp_filter.relay import ListenerTls, RelaySettings
from tests.smtp_filter.peers import (
    PLAIN,
    Certificates,
    PlainFilter,
    Postfix,
    RunningRelay,
    Sink,
    Talk,
    relay_settings,
    smtp_source,
    swaks,
    unique,
    wait_for,
)

HELD = Answer(250, "2.0.0 Held for review as Q-2026-000123")
REFUSED = Answer(550, "5.7.1 Council mail check: not sent. Reference Q-2026-000123")
LATER = Answer(451, "4.7.1 Inspection unavailable, try again")


@pytest.fixture(autouse=True)
def empty_queue(postfix: Postfix) -> Iterator[None]:
    yield
    postfix.run("postsuper", "-d", "ALL")


def relay_to(postfix: Postfix, answer: Answer | Deliver = Deliver(), lmtp: bool = False) -> RunningRelay:  # noqa: B008
    """The relay where Postfix expects its filter, with Postfix's re-injection port behind it."""
    settings: RelaySettings = relay_settings(placement="lmtp" if lmtp else "smtp")
    port = postfix.port["filter_lmtp" if lmtp else "filter"]
    return RunningRelay(
        {"default": postfix.hop("reinject")}, PlainFilter(lambda message: answer), settings, port=port
    )


def put_in(postfix: Postfix, door: str, word: str, *recipients: str) -> list[tuple[int, str]]:
    """A message into one of Postfix's doors; all its answers from MAIL to the final dot."""
    with Talk(postfix.port[door]) as talk:
        answers = [talk.do("MAIL FROM:<officer@council.test>")]
        answers += [talk.do(f"RCPT TO:<{one}>") for one in recipients or ("someone@example.org",)]
        if not any(code == 250 for code, _ in answers[1:]):
            return answers
        answers.append(talk.do("DATA"))
        if answers[-1][0] == 354:
            talk.say(b"Subject: " + word.encode() + b"\r\n" + PLAIN + b".\r\n")
            answers.append(talk.reply())
        return answers


def arrived(sink: Sink, word: str) -> list[bytes]:
    return [message for message in sink.messages() if b"Subject: " + word.encode() + b"\n" in message]


AFTER_QUEUE = [("after_queue", False), ("smart_host", False), ("lmtp", True)]


@pytest.mark.parametrize(("door", "lmtp"), AFTER_QUEUE)
def test_after_queue_relays(postfix: Postfix, sink: Sink, door: str, lmtp: bool) -> None:
    word = unique("after")
    with relay_to(postfix, lmtp=lmtp) as relay:
        assert put_in(postfix, door, word)[-1][0] == 250
        wait_for(lambda: arrived(sink, word))
        message = arrived(sink, word)[0]
        assert message.count(b"(dlp relay ") == 1
        assert relay.messages()[0].upstream_id, "XFORWARD tells the upstream's queue id"
        assert re.search(rb"by relay\.council\.test .* with (ESMTP|LMTP) id", message)


@pytest.mark.parametrize(("door", "lmtp"), AFTER_QUEUE)
def test_after_queue_holds(postfix: Postfix, sink: Sink, door: str, lmtp: bool) -> None:
    word = unique("held")
    with relay_to(postfix, HELD, lmtp) as relay:
        assert put_in(postfix, door, word)[-1][0] == 250
        wait_for(lambda: relay.messages())
        postfix.wait_log(rf"{relay.messages()[0].upstream_id}.*status=sent \(250 2\.0\.0 Held for review")
        assert not arrived(sink, word)


@pytest.mark.parametrize(("door", "lmtp"), AFTER_QUEUE)
def test_after_queue_refuses_and_postfix_bounces_the_whole_message(
    postfix: Postfix, sink: Sink, door: str, lmtp: bool
) -> None:
    word = unique("refused")
    with relay_to(postfix, REFUSED, lmtp) as relay:
        assert put_in(postfix, door, word)[-1][0] == 250
        wait_for(lambda: relay.messages())
        postfix.wait_log(rf"{relay.messages()[0].upstream_id}.*status=bounced .*Council mail check: not sent")
        wait_for(lambda: [m for m in sink.messages() if word.encode() in m and b"MAILER-DAEMON" in m])
        assert not arrived(sink, word) or all(b"MAILER-DAEMON" in m for m in arrived(sink, word))


@pytest.mark.parametrize(("door", "lmtp"), AFTER_QUEUE)
def test_after_queue_defers_and_delivers_later(postfix: Postfix, sink: Sink, door: str, lmtp: bool) -> None:
    word = unique("later")
    with relay_to(postfix, LATER, lmtp) as relay:
        put_in(postfix, door, word)
        wait_for(lambda: relay.messages())
        postfix.wait_log(rf"{relay.messages()[0].upstream_id}.*status=deferred .*Inspection unavailable")
    with relay_to(postfix, lmtp=lmtp):
        wait_for(lambda: postfix.flush() or arrived(sink, word))  # type: ignore[func-returns-value]
    assert len(arrived(sink, word)) == 1


def test_after_queue_waits_while_we_are_down(postfix: Postfix, sink: Sink) -> None:
    word = unique("down")
    put_in(postfix, "after_queue", word)
    postfix.wait_log(r"status=deferred \(connect to 127\.0\.0\.1\[127\.0\.0\.1\]:\d+: Connection refused\)")
    assert not arrived(sink, word)
    with relay_to(postfix):
        wait_for(lambda: postfix.flush() or arrived(sink, word))  # type: ignore[func-returns-value]
    assert len(arrived(sink, word)) == 1


@pytest.mark.parametrize(("door", "lmtp"), AFTER_QUEUE)
def test_after_queue_refuses_one_recipient_of_two(
    postfix: Postfix, sink: Sink, door: str, lmtp: bool
) -> None:
    word = unique("two")
    with relay_to(postfix, lmtp=lmtp):
        put_in(postfix, door, word, "good@example.org", "refused@example.org")
        postfix.wait_log(r"to=<refused@example\.org>.*status=bounced")
        wait_for(lambda: arrived(sink, word))
        raw = [raw for raw in sink.raw() if word.encode() in raw and b"MAILER-DAEMON" not in raw]
        assert b"X-Rcpt-Args: <good@example.org>" in raw[0]
        assert b"refused@example.org" not in raw[0].partition(b"\n\n")[0]


def test_lmtp_one_recipient_refused_after_the_dot(postfix: Postfix, sink: Sink) -> None:
    word = unique("lmtp")
    answer = Deliver(refused={"b@example.org": Answer(550, "5.7.1 Council mail check: not to b")})
    with relay_to(postfix, answer, lmtp=True):
        put_in(postfix, "lmtp", word, "a@example.org", "b@example.org")
        postfix.wait_log(r"to=<b@example\.org>.*status=bounced .*not to b")
        postfix.wait_log(r"to=<a@example\.org>.*status=sent")
        wait_for(lambda: arrived(sink, word))


BEFORE_QUEUE = ["before_queue", "speed_adjust"]


@pytest.mark.parametrize("door", BEFORE_QUEUE)
def test_before_queue_relays(postfix: Postfix, sink: Sink, door: str) -> None:
    word = unique("before")
    with relay_to(postfix):
        code, text = put_in(postfix, door, word)[-1]
        assert code == 250
        assert re.match(r"2\.0\.0 Ok: queued as ", text), "the re-injecting Postfix's own words"
        wait_for(lambda: arrived(sink, word))
        assert arrived(sink, word)[0].count(b"(dlp relay ") == 1


@pytest.mark.parametrize("door", BEFORE_QUEUE)
@pytest.mark.parametrize("answer", [HELD, REFUSED, LATER])
def test_before_queue_gives_our_words_to_the_client(
    postfix: Postfix, sink: Sink, door: str, answer: Answer
) -> None:
    word = unique("words")
    with relay_to(postfix, answer):
        assert put_in(postfix, door, word)[-1] == (answer.code, answer.text)
    assert not arrived(sink, word)


@pytest.mark.parametrize("door", BEFORE_QUEUE)
def test_before_queue_while_we_are_down(postfix: Postfix, door: str) -> None:
    answers = put_in(postfix, door, unique("down"))
    assert [answer for answer in answers if 400 <= answer[0] <= 499]
    assert not [answer for answer in answers if answer[0] >= 500]


def test_before_queue_refuses_one_recipient_of_two(postfix: Postfix, sink: Sink) -> None:
    word = unique("one")
    with relay_to(postfix):
        answers = put_in(postfix, "before_queue", word, "good@example.org", "refused@example.org")
        assert [code for code, _ in answers] == [250, 250, 550, 354, 250]
        wait_for(lambda: arrived(sink, word))


def test_speed_adjust_refuses_the_whole_message_for_one_recipient(postfix: Postfix, sink: Sink) -> None:
    word = unique("whole")
    with relay_to(postfix):
        answers = put_in(postfix, "speed_adjust", word, "good@example.org", "refused@example.org")
        assert [code for code, _ in answers] == [250, 250, 250, 354, 550]
    assert not arrived(sink, word)


@pytest.mark.parametrize("door", ["after_queue", "before_queue", "speed_adjust", "smart_host", "lmtp"])
def test_a_lost_relay_loses_nothing(postfix: Postfix, sink: Sink, door: str) -> None:
    """The relay goes away in the middle of the inspection: the client hears 4xx, or Postfix tries again."""
    word, go = unique("lost"), threading.Event()
    lmtp = door == "lmtp"
    port = postfix.port["filter_lmtp" if lmtp else "filter"]
    settings = relay_settings(placement="lmtp" if lmtp else "smtp")
    waiting = PlainFilter(wait=go)
    with RunningRelay({"default": postfix.hop("reinject")}, waiting, settings, port=port) as relay:
        answers = list[tuple[int, str]]()
        client = threading.Thread(target=lambda: answers.extend(put_in(postfix, door, word)))
        client.start()
        wait_for(lambda: waiting.seen)
        relay.stop(0.05)
        go.set()
    client.join(20)
    if door in BEFORE_QUEUE:
        assert answers[-1][0] == 451
    else:
        assert answers[-1][0] == 250
        with relay_to(postfix, lmtp=lmtp):
            wait_for(lambda: postfix.flush() or arrived(sink, word))  # type: ignore[func-returns-value]
        assert len(arrived(sink, word)) == 1


@pytest.mark.parametrize("door", ["after_queue", "before_queue"])
def test_dsn_wishes_and_eight_bits_go_through_the_chain(postfix: Postfix, sink: Sink, door: str) -> None:
    word = unique("dsn")
    with relay_to(postfix) as relay, Talk(postfix.port[door]) as talk:
        assert talk.do("MAIL FROM:<officer@council.test> BODY=8BITMIME RET=HDRS ENVID=QQ314159")[0] == 250
        assert talk.do("RCPT TO:<a@example.org> NOTIFY=NEVER")[0] == 250
        assert talk.do("DATA")[0] == 354
        talk.say(f"Subject: {word}\r\n\r\nCafé, bjørn, £\r\n.\r\n".encode())
        assert talk.reply()[0] == 250
        wait_for(lambda: arrived(sink, word))
        raw = next(raw for raw in sink.raw() if word.encode() in raw)
        assert "Café, bjørn, £".encode() in raw
        envelope = relay.filter.seen[0].envelope  # type: ignore[attr-defined]
        assert (envelope.body, envelope.ret, envelope.envid) == ("8BITMIME", "HDRS", "QQ314159")
        assert envelope.recipients[0].notify == "NEVER"
        assert b"NOTIFY=NEVER" in raw.partition(b"\n\n")[0]


def test_a_bounce_passes_with_the_null_sender(postfix: Postfix, sink: Sink) -> None:
    word = unique("bounce")
    with relay_to(postfix), Talk(postfix.port["after_queue"]) as talk:
        talk.envelope("someone@example.org", sender="")
        assert talk.data(b"Subject: " + word.encode() + b"\r\n\r\nx\r\n")[0] == 250
        wait_for(lambda: arrived(sink, word))
        assert b"X-Mail-Args: <>" in next(raw for raw in sink.raw() if word.encode() in raw)


def test_a_thousand_recipients_stay_one_message(postfix: Postfix) -> None:
    with RunningRelay({"default": postfix.hop("reinject")}, PlainFilter(lambda message: HELD)) as relay:
        with relay.client() as talk:
            talk.envelope(*(f"r{number}@example.org" for number in range(1000)))
            assert talk.data(PLAIN)[0] == 250
        message: Message = relay.filter.seen[0]  # type: ignore[attr-defined]
        assert len(message.envelope.recipients) == 1000


def test_smtp_source_through_the_whole_chain(postfix: Postfix, sink: Sink) -> None:
    before = len(sink.raw())
    with relay_to(postfix) as relay:
        done = smtp_source(postfix.port["before_queue"], "-s", "5", "-m", "40", "-l", "3000")
        assert done.returncode == 0, done.stderr
        sink.wait(before + 40)
        assert len(relay.messages()) == 40


@pytest.mark.parametrize(("answer", "exit_code"), [(Deliver(), 0), (REFUSED, 26), (LATER, 26)])
def test_swaks(postfix: Postfix, answer: Answer | Deliver, exit_code: int) -> None:
    with relay_to(postfix, answer) as relay:
        done = swaks(relay.port, "--from", "officer@council.test", "--to", "a@example.org,b@example.org")
        assert done.returncode == exit_code, done.stdout


def test_tls_to_a_real_postfix(postfix: Postfix, sink: Sink, certificates: Certificates) -> None:
    settings = postfix.hop("tls", tls="starttls", name="hop.example.org", ca_file=certificates.ca)
    with RunningRelay({"default": settings}) as relay, relay.client() as talk:
        before = len(sink.raw())
        assert talk.send(PLAIN)[0] == 250
        assert talk.send(PLAIN)[0] == 250
        received = sink.wait(before + 2)[before]
        assert b"by mx.council.test (Postfix) with ESMTPS" in received


def test_swaks_over_starttls_checking_our_certificate(sink: Sink, certificates: Certificates) -> None:
    before = len(sink.raw())
    tls = ListenerTls(certificates.relay, certificates.key("relay"), required="always")
    with RunningRelay({"default": sink.hop()}, settings=relay_settings(tls=tls)) as relay:
        letter = ("--from", "officer@council.test", "--to", "a@example.org")
        checked = ("--tls", "--tls-verify", "--tls-ca-path", str(certificates.ca))
        done = swaks(relay.port, *letter, *checked)
        assert done.returncode == 0, done.stdout + done.stderr
        sink.wait(before + 1)
        assert swaks(relay.port, *letter).returncode != 0, "in clear text: 530"
        assert len(sink.raw()) == before + 1
