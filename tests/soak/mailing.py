"""The sending mail server of a soak: a queue that tries each message again until it has a final answer."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import Literal

Fate = Literal["relayed", "held", "refused"]


@dataclass(slots=True)
class Attempt:
    """One try: when, how long, and the answer (0: the connection was lost, or there was none)."""

    began: float
    ended: float
    code: int
    text: str
    data_sent: bool


@dataclass(slots=True)
class Letter:
    """A message of the queue; ``expected`` is what a calm relay does with it."""

    name: str
    sender: str
    recipients: list[str]
    content: bytes
    expected: Fate
    attempts: list[Attempt] = field(default_factory=list)
    fate: Fate | None = None
    reference: str = ""


class Queue:
    """Sends letters over ``sessions`` connections at a time; ``done`` counts those with a final answer."""

    def __init__(self, port: int, letters: list[Letter], sessions: int, seed: int) -> None:
        self._port = port
        self._letters = letters
        self._sessions = sessions
        self._chance = random.Random(seed)
        self._due: asyncio.PriorityQueue[tuple[float, int]] = asyncio.PriorityQueue()
        self.done = 0

    async def run(self) -> None:
        """Send until every letter has its fate."""
        for number in range(len(self._letters)):
            self._due.put_nowait((0.0, number))
        workers = [asyncio.create_task(self._work()) for _ in range(self._sessions)]
        try:
            while self.done < len(self._letters):
                await asyncio.sleep(0.05)
                for worker in workers:
                    if worker.done():
                        worker.result()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            due, number = await self._due.get()
            await asyncio.sleep(max(0.0, due - time.time()))
            letter = self._letters[number]
            attempt = await attempt_delivery(self._port, letter)
            letter.attempts.append(attempt)
            if not _settle(letter, attempt):
                # A real queue waits for minutes; here what matters is that it comes again.
                pause = min(5.0, 0.2 * 1.5 ** min(10, len(letter.attempts))) * (0.5 + self._chance.random())
                self._due.put_nowait((time.time() + pause, number))
            else:
                self.done += 1


def _settle(letter: Letter, attempt: Attempt) -> bool:
    if attempt.code == 250:
        letter.fate = "held" if "Held for review as" in attempt.text else "relayed"
        letter.reference = attempt.text.rsplit(" ", 1)[-1] if letter.fate == "held" else ""
    elif 500 <= attempt.code <= 599:
        letter.fate = "refused"
    return letter.fate is not None


async def attempt_delivery(port: int, letter: Letter) -> Attempt:
    began = time.time()
    code, text, data_sent = 0, "", False
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(120):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            code, text = await _reply(reader)
            commands = ["EHLO mx.council.test", f"MAIL FROM:<{letter.sender}> SIZE={len(letter.content)}"]
            commands += [f"RCPT TO:<{one}>" for one in letter.recipients] + ["DATA"]
            for command in commands:
                if not 200 <= code <= 299:
                    break
                writer.write(command.encode() + b"\r\n")
                code, text = await _reply(reader)
            if code == 354:
                stuffed = letter.content.replace(b"\r\n.", b"\r\n..")
                code, text = 0, ""
                data_sent = True
                writer.write(stuffed + b".\r\n")
                await writer.drain()
                code, text = await _reply(reader)
            elif 200 <= code <= 299:
                code = 0
    except (OSError, TimeoutError, EOFError, ValueError) as error:
        code, text = 0, type(error).__name__
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    return Attempt(began, time.time(), code, text, data_sent)


async def _reply(reader: asyncio.StreamReader) -> tuple[int, str]:
    while True:
        line = (await reader.readline()).decode("ascii", "replace").rstrip("\r\n")
        if not line:
            raise EOFError
        if line[3:4] != "-":
            return int(line[:3]), line[4:]
