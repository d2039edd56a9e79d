"""A next hop that misbehaves now and then, and writes down each message before it says 250.

A program of its own, so that it can be killed: ``python -m tests.soak.next_hop PORT JOURNAL [FAULTS]``.
One line of the journal is a delivered copy: time, message id, the accepted recipients.  The line is in the
kernel before the 250 goes out, so a killed next hop has forgotten nothing that it took.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import sys
import time
from pathlib import Path

_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*<([^>\r\n]+)>", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(rb"^(?:MAIL FROM|RCPT TO):<([^>]*)>", re.IGNORECASE)


_EHLO = "\r\n".join(
    f"250{'-' if word != 'DSN' else ' '}{word}"
    for word in ("sink", "SIZE 100000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")
)


class NextHop:
    """One server; ``faults`` is the share of commands that go wrong."""

    def __init__(self, journal: Path, faults: float, seed: int) -> None:
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._faults = faults
        self._chance = random.Random(seed)

    def _unlucky(self) -> bool:
        return self._chance.random() < self._faults

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        recipients: list[str] = []
        await say("220 sink ESMTP")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                await say(_EHLO)
            elif verb in (b"HELO", b"RSET", b"NOOP"):
                recipients = []
                await say("250 2.0.0 Ok")
            elif verb == b"MAIL":
                recipients = []
                if self._unlucky():
                    await say("451 4.3.0 Not now")
                    continue
                await say("250 2.1.0 Ok")
            elif verb == b"RCPT":
                found = _PATH.match(line)
                address = found[1].decode("utf-8", "replace") if found else ""
                if address.startswith("nobody"):
                    await say("550 5.1.1 No such user")
                elif self._unlucky():
                    await say("450 4.2.0 Mailbox busy")
                else:
                    recipients.append(address)
                    await say("250 2.1.5 Ok")
            elif verb == b"DATA":
                if not recipients:
                    await say("554 5.5.1 No valid recipients")
                    continue
                if self._unlucky():
                    return
                await say("354 Go on")
                await self._data(reader, writer, recipients)
                recipients = []
            elif verb == b"QUIT":
                await say("221 2.0.0 Bye")
                return
            else:
                await say("502 5.5.2 What")

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipients: list[str]
    ) -> None:
        content = await reader.readuntil(b"\r\n.\r\n")
        if self._unlucky():
            writer.write(b"451 4.3.0 Disk full\r\n")
            return
        if self._unlucky():  # lost before it was taken
            writer.transport.abort()
            return
        found = _MESSAGE_ID.search(content)
        name = found[1].decode("latin-1") if found else "?"
        line = f"{time.time():.6f}\t{name}\t{','.join(sorted(recipients))}\n"
        os.write(self._journal, line.encode())
        if self._unlucky():  # taken, and nobody hears of it
            writer.transport.abort()
            return
        if self._unlucky():
            await asyncio.sleep(1.0)
        writer.write(b"250 2.0.0 Taken\r\n")
        await writer.drain()


async def serve(port: int, journal: Path, faults: float) -> None:
    """Serve until killed."""
    hop = NextHop(journal, faults, seed=os.getpid())
    server = await asyncio.start_server(hop.serve, "127.0.0.1", port, limit=100_000_000, reuse_port=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), float((*sys.argv, "0")[3])))
