"""All that is logged of a session full of personal data: none of it (section 3, last lines)."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator

import pytest

from smtp_filter.message import Answer, Deliver, Message
from tests.smtp_filter.peers import PLAIN, PlainFilter, RunningRelay, ScriptedHop, Talk, wait_for

WORDS = {
    "sender": "margaret.kestrel@council.test",
    "recipient": "tobias.finch@example.org",
    "other": "quentin.wren@example.net",
    "hello": "margarets-laptop.council.test",
    "subject": "Safeguarding of Primrose",
    "name": "Primrose Nightjar",
    "number": "943 476 5919",
    "insurance": "QQ 12 34 56 C",
    "file": "primrose-assessment.docx",
    "source": "192.0.2.77",
}
BODY = (
    f"From: {WORDS['sender']}\r\nTo: {WORDS['recipient']}\r\nSubject: {WORDS['subject']}\r\n\r\n"
    f"{WORDS['name']}, NHS {WORDS['number']}, NI {WORDS['insurance']}, see {WORDS['file']}\r\n"
).encode()


@pytest.fixture
def written() -> Iterator[list[str]]:
    """Every record of every logger at every level, as any handler would write it."""
    lines = list[str]()

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name} {self.format(record)} {record.__dict__}")

    keep, root = Keep(), logging.getLogger()
    levels = {
        name: logging.getLogger(name).level for name in ("", "mail.log", "asyncio", "smtp_filter.relay")
    }
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(keep)
    try:
        yield lines
    finally:
        root.removeHandler(keep)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def fail(message: Message) -> Deliver | Answer:
    if message.content.size % 2:
        raise ValueError(f"cannot judge {WORDS['name']}")
    return Answer(550, f"5.7.1 Not sent: {WORDS['file']}")


def test_nothing_personal_is_logged(written: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    def answer(argument: str) -> bytes:
        if WORDS["other"] in argument:
            return f"550 5.1.1 <{WORDS['other']}> unknown\r\n".encode()
        return b"250 ok\r\n"

    script = {"RCPT": answer}
    with ScriptedHop(script, extensions=("XFORWARD NAME ADDR HELO IDENT",)) as hop:
        for decide in (lambda message: Deliver(), fail):
            with RunningRelay({"default": hop.hop(command_seconds=1)}, PlainFilter(decide)) as relay:
                for body in (BODY, BODY + b"x\r\n", BODY.replace(b"\r\n", b"\n") + b"\r\n"):
                    with Talk(relay.port, greet=False) as talk:
                        talk.reply()
                        talk.do(f"EHLO {WORDS['hello']}")
                        talk.do(
                            f"XFORWARD NAME={WORDS['hello']} ADDR={WORDS['source']} IDENT={WORDS['sender']}"
                        )
                        talk.do(f"VRFY {WORDS['recipient']}")
                        talk.do(f"AUTH PLAIN {base64.b64encode(WORDS['sender'].encode()).decode()}")
                        talk.do(f"NONSENSE {WORDS['name']}")
                        talk.do(f"MAIL FROM:<{WORDS['sender']}>")
                        talk.do(f"RCPT TO:<{WORDS['other']}>")
                        talk.do(f"RCPT TO:<{WORDS['recipient']}>")
                        talk.data(body)
                hop.script["."] = f"554 5.7.1 no {WORDS['number']}\r\n".encode()
                with relay.client() as talk:
                    talk.send(BODY, WORDS["recipient"], sender=WORDS["sender"])
                hop.script["."] = f"{WORDS['insurance']}\r\n".encode()
                with relay.client() as talk:
                    talk.send(BODY, WORDS["recipient"], sender=WORDS["sender"])
                del hop.script["."]
                with relay.client() as talk:
                    talk.envelope(WORDS["recipient"], sender=WORDS["sender"])
                    talk.do("DATA")
                    talk.say(BODY)
                wait_for(lambda one=relay: not one.listener.state.sessions)
    text = "\n".join(written)
    assert "result=relayed" in text
    assert "result=next-hop-refused" in text
    assert "incident=exception" in text
    out, err = capfd.readouterr()
    for what, word in WORDS.items():
        assert word not in text + out + err, what


def test_the_line_of_a_message(written: list[str]) -> None:
    with ScriptedHop() as hop, RunningRelay({"default": hop.hop()}) as relay, relay.client() as talk:
        talk.do("XFORWARD IDENT=4F7zHk1abcz1")
        talk.send(PLAIN, "a@example.org", "b@example.org")
        wait_for(lambda: relay.messages())
    line = next(line for line in written if "result=relayed" in line)
    for fact in ("queue_id=", "code=250", "upstream_id=4F7zHk1abcz1", f"size={len(PLAIN)}", "recipients=2"):
        assert fact in line
