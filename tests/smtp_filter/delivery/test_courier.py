"""Delivery of a stored message: what the next hop said, for whom, and whether the dot went out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from smtp_filter.delivery import NextHopPool, Outcome, Reply, deliver
from smtp_filter.message import Content, Envelope, Recipient
from tests.smtp_filter.peers import PLAIN, Postfix, ScriptedHop, Sink

T = TypeVar("T")
A, B = Recipient("a@example.org"), Recipient("b@example.org", "NEVER", "rfc822;b@example.org")


@pytest.fixture
def hop() -> Iterator[ScriptedHop]:
    with ScriptedHop() as one:
        yield one


def with_pool(
    hop: ScriptedHop, work: Callable[[NextHopPool], Coroutine[Any, Any, T]], **changes: object
) -> T:
    async def run() -> T:
        pool = NextHopPool(hop.hop(**changes))
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def send(
    hop: ScriptedHop,
    *recipients: Recipient,
    content: bytes = PLAIN,
    head: bytes = b"",
    before_dot: Callable[[], bool] = lambda: True,
    **changes: object,
) -> Outcome:
    envelope = Envelope("officer@council.test", recipients)
    return with_pool(
        hop,
        lambda pool: deliver(pool, envelope, Content.from_bytes(content), head, before_dot),
        **changes,
    )


def test_exactly_the_bytes_and_the_head(hop: ScriptedHop) -> None:
    outcome = send(hop, A, B, content=PLAIN + b".\r\n..x\r\n", head=b"X-Released: 1\r\n")
    assert outcome == Outcome(Reply(250, "2.0.0 taken as 4711"), {}, True)
    assert outcome.delivered
    taken = hop.taken[0]
    assert taken.data == b"X-Released: 1\r\n" + PLAIN + b".\r\n..x\r\n"
    assert taken.mail.startswith("FROM:<officer@council.test>")
    assert taken.rcpt == ["TO:<a@example.org>", "TO:<b@example.org> NOTIFY=NEVER ORCPT=rfc822;b@example.org"]


def test_each_refused_recipient_is_named(hop: ScriptedHop) -> None:
    hop.script["RCPT"] = lambda argument: b"550 5.1.1 no\r\n" if "<b@" in argument else b"250 ok\r\n"
    outcome = send(hop, A, B)
    assert outcome.delivered
    assert outcome.refused == {B: Reply(550, "5.1.1 no")}
    assert hop.taken[0].rcpt == ["TO:<a@example.org>"]


def test_nobody_takes_it(hop: ScriptedHop) -> None:
    hop.script["RCPT"] = b"450 4.2.1 later\r\n"
    outcome = send(hop, A, B)
    assert not outcome.delivered
    assert not outcome.dot_sent
    assert outcome.refused.keys() == {A, B}
    assert outcome.reply.code == 450


@pytest.mark.parametrize(
    ("script", "code", "dot_sent", "why"),
    [
        ({"connect": ScriptedHop.CLOSE}, 451, False, "not reached"),
        ({"MAIL": b"550 5.1.8 no\r\n"}, 550, False, "sender refused"),
        ({"DATA": b"554 5.5.1 no\r\n"}, 554, False, "data refused"),
        ({"body": ScriptedHop.CLOSE}, 451, True, "lost in the data: the dot may have been written already"),
        ({".": b"554 5.7.1 no\r\n"}, 554, True, "refused at the dot"),
        ({".": ScriptedHop.CLOSE}, 451, True, "answer lost: it may have been taken"),
    ],
)
def test_failures(script: dict[str, bytes], code: int, dot_sent: bool, why: str) -> None:
    with ScriptedHop(script) as hop:
        outcome = send(hop, A)
        assert (outcome.reply.code, outcome.dot_sent, outcome.delivered) == (code, dot_sent, False), why


def test_before_the_dot_may_say_no(hop: ScriptedHop) -> None:
    outcome = send(hop, A, before_dot=lambda: False)
    assert (outcome.reply.code, outcome.dot_sent) == (451, False)
    assert not hop.taken


def test_before_the_dot_comes_after_the_recipients_and_before_the_message_is_whole(hop: ScriptedHop) -> None:
    seen = list[tuple[list[str], int]]()

    def before() -> bool:
        seen.append(([word.split()[0] for word in hop.commands], len(hop.taken)))
        return True

    assert send(hop, A, before_dot=before).delivered
    assert seen == [(["EHLO", "MAIL", "RCPT", "DATA"], 0)]


def test_an_error_in_before_dot_delivers_nothing(hop: ScriptedHop) -> None:
    def before() -> bool:
        raise KeyError("row")

    with pytest.raises(KeyError):
        send(hop, A, before_dot=before)
    assert not hop.taken


def test_a_pool_keeps_connections_for_a_while_and_a_number_of_messages(hop: ScriptedHop) -> None:
    async def many(pool: NextHopPool) -> None:
        for _ in range(6):
            await deliver(pool, Envelope("a@council.test", (A,)), Content.from_bytes(PLAIN))

    with_pool(hop, many, messages_per_connection=2)
    assert len(hop.taken) == 6
    assert hop.connections == 3
    assert "QUIT" in hop.commands


def test_an_old_connection_is_not_used(hop: ScriptedHop) -> None:
    async def late(pool: NextHopPool) -> None:
        for _ in range(2):
            await deliver(pool, Envelope("a@council.test", (A,)), Content.from_bytes(PLAIN))
            await asyncio.sleep(0.1)

    with_pool(hop, late, idle_seconds=0.02)
    assert hop.connections == 2


def test_a_cancelled_delivery_leaves_no_half_used_connection(hop: ScriptedHop) -> None:
    hop.script["RCPT"] = ScriptedHop.SILENT

    async def cancelled(pool: NextHopPool) -> None:
        envelope = Envelope("a@council.test", (A,))
        task = asyncio.create_task(deliver(pool, envelope, Content.from_bytes(PLAIN)))
        while not [command for command in hop.commands if command.startswith("RCPT")]:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        hop.script.clear()
        assert (await deliver(pool, envelope, Content.from_bytes(PLAIN))).delivered

    with_pool(hop, cancelled)
    assert len(hop.taken) == 1
    assert hop.connections == 2


def test_a_dead_next_hop_is_not_asked_at_every_greeting() -> None:
    hop = ScriptedHop({"connect": ScriptedHop.CLOSE})

    async def ask(pool: NextHopPool) -> None:
        for _ in range(5):
            assert await pool.capabilities() is None

    with hop:
        with_pool(hop, ask)
        assert hop.connections == 1


@pytest.mark.parametrize(
    ("extensions", "mail"),
    [
        (("SIZE 1000000", "8BITMIME", "DSN"), "FROM:<officer@council.test> SIZE={} BODY=8BITMIME RET=HDRS"),
        (("SIZE",), "FROM:<officer@council.test>"),
        ((), "FROM:<officer@council.test>"),
    ],
)
def test_parameters_only_where_they_are_understood(extensions: tuple[str, ...], mail: str) -> None:
    with ScriptedHop(extensions=extensions) as hop:
        envelope = Envelope("officer@council.test", (B,), body="8BITMIME", ret="HDRS")
        with_pool(hop, lambda pool: deliver(pool, envelope, Content.from_bytes(PLAIN)))
        assert hop.taken[0].mail == mail.format(len(PLAIN))
        assert ("NOTIFY" in hop.taken[0].rcpt[0]) == ("DSN" in extensions)


def test_helo_where_ehlo_is_not_known(hop: ScriptedHop) -> None:
    hop.script["EHLO"] = b"502 5.5.1 what\r\n"
    assert send(hop, A).delivered
    assert any(command.startswith("HELO ") for command in hop.commands)


def test_a_real_postfix_takes_it(postfix: Postfix, sink: Sink) -> None:
    async def run() -> Outcome:
        pool = NextHopPool(postfix.hop("reinject"))
        try:
            return await deliver(
                pool, Envelope("", (A, Recipient("refused@example.org"))), Content.from_bytes(PLAIN)
            )
        finally:
            await pool.close()

    outcome = asyncio.run(run())
    assert outcome.delivered
    assert [one.address for one in outcome.refused] == ["refused@example.org"]
    assert sink.wait(1)
