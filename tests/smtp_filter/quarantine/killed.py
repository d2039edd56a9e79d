"""A program for tests that is killed at a named point: ``python -m tests.smtp_filter.quarantine.killed``.

``hold`` holds one message, ``release`` runs the release worker, ``notices`` the notice worker.  The point is
in ``DLP_CRASH_AT``; without one the program ends well and prints what it did.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from smtp_filter.delivery import NextHop
from smtp_filter.quarantine.posting import NoticeWorker
from smtp_filter.quarantine.releasing import ReleaseWorker
from smtp_filter.service.background import HopCarrier
from tests.smtp_filter.quarantine.making import hold, open_quarantine


def main(what: str, url: str, folder: str, in_database: str, port: str = "0") -> None:
    limit = int(in_database)
    quarantine = open_quarantine(url, Path(folder), in_database=limit)
    if what == "hold":
        print(hold(quarantine), flush=True)
        return

    async def work() -> int:
        carrier = HopCarrier({"default": NextHop("127.0.0.1", int(port), "none")})
        if what == "release":
            return await ReleaseWorker(quarantine, carrier).run_once()
        return await NoticeWorker(quarantine, carrier).run_once()

    print(asyncio.run(work()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
