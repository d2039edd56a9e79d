"""The relay without inspection: ``python -m tests.benchmarks.relay_shell PORT NEXT_HOP_PORT``."""

from __future__ import annotations

import asyncio
import signal
import sys

import uvloop

from smtp_filter.delivery import NextHop
from smtp_filter.message import Deliver, Message
from smtp_filter.relay import Listener, RelaySettings


class PassAll:
    """Everything goes on."""

    async def examine(self, message: Message) -> Deliver:
        """See ``MessageFilter``."""
        return Deliver()

    async def relayed(self, message: Message, reply: str) -> None:
        """See ``MessageFilter``."""


async def serve(port: int, hop_port: int) -> None:
    """Relay until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = RelaySettings("relay.council.test", listen=(("127.0.0.1", port),))
    listener = Listener(settings, {"default": NextHop("127.0.0.1", hop_port, "none")}, PassAll())
    await listener.start()
    await stop.wait()
    await listener.stop()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
