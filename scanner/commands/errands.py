"""The errands of ``dlp watch``: a process of its own that delivers alerts and probes published files.

Receivers that answer slowly must hold up nobody, and what waits for them must not be copied into readers.
It is told what to do on standard input, and ends, after a last delivery, when that ends.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from scanner.alerts.courier import Courier
    from scanner.configuration import Configuration

_SECONDS_BETWEEN_TURNS = 1.0
_SECONDS_TO_END = 20.0


def courier(settings: Configuration, engine: Engine) -> Courier:
    """What delivers the alerts of a configuration; each delivery is in the audit log."""
    from scanner.alerts.courier import Courier, channels
    from scanner.store.audit import AuditEvent, AuditLog
    from scanner.store.sealing import MasterKeySource, Sealer

    source = MasterKeySource.usual(settings.storage.master_key)
    audit = AuditLog(Sealer.open(engine, source).named(engine, "audit"))

    def note(connection: Connection, channel: str, count: int) -> None:
        event = AuditEvent(actor="dlp watch", act="alert.sent", subject=channel, after={"alerts": count})
        audit.record(connection, event)

    alerts = settings.alerts.settings()
    return Courier(engine, channels(alerts), keep_days=alerts.keep_days, note=note)


@contextmanager
def running(settings: Configuration, state: Path) -> Iterator[None]:
    """Have the errands run beside; on leaving, wait for their last delivery."""
    told = {
        "configuration": settings.model_dump(mode="json", include={"alerts", "watch", "storage", "exposure"}),
        "state": os.fspath(state),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "scanner.commands.errands"],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(told).encode() + b"\n")
                process.stdin.flush()
        yield
    finally:
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()


def main() -> None:
    """Run errands until standard input ends."""
    from scanner.commands.reading import asset_owner_of
    from scanner.configuration.schema import Configuration
    from scanner.shares.watching.outside import Outsider
    from scanner.store.outbox import open_outbox

    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    told = json.loads(sys.stdin.buffer.readline())
    settings = Configuration.model_validate(told["configuration"])
    engine = open_outbox(settings.storage.url(Path(told["state"])))
    deliveries = courier(settings, engine)
    alerts = settings.alerts.settings()
    outsider = Outsider(
        engine,
        settings.watch.published,
        alerts.at_least,
        alerts.channels,
        pause=settings.watch.probe_minutes * 60,
        per_minute=settings.watch.probes_per_minute,
        owner_of=asset_owner_of(settings),
    )
    ended = False
    while not ended:
        deliveries.turn()
        probed = outsider.turn()
        ended = bool(select.select([sys.stdin], [], [], 0.05 if probed else _SECONDS_BETWEEN_TURNS)[0])
    deliveries.turn()


if __name__ == "__main__":
    main()
