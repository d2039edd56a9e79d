"""``python -m tests.benchmarks.batches``: what PostgreSQL does for a distributed scan, per file.

Files are met, offered in batches and entered as coordinator and workers do it, without reading anything: CPU
time of client and server, bytes of write-ahead log and of tables.  One piece of evidence in ten is new.
"""

from __future__ import annotations

import argparse
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text

from scanner.documents.model import Shortfall
from scanner.shares.distributed import batches
from scanner.shares.distributed.batches import Batch, set_up
from scanner.shares.distributed.owed import enter_once, next_files, run_at_work
from scanner.store import runs
from scanner.store.entry import Access, Audience, FileStat
from scanner.store.inventory import EvidenceRow, FileChange, FileTable, open_inventory, persistently
from scanner.store.inventory.files import Ended
from scanner.store.runs import NewRun
from tests.postgres import running_server

_ACCESS = Access(stat.S_IFREG | 0o640, 0, 0, Audience.GROUP)
_TABLES = ("share_file", "share_folder", "share_evidence", "procrastinate_jobs", "procrastinate_events")


def _server_seconds(engine: Engine) -> float:
    """CPU seconds of the server's process behind the one connection that is in use."""
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measured(engine: Engine, what: str, files: int, work: Callable[[], None]) -> None:
    def log() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")).scalar_one())

    before, there = log(), _server_seconds(engine)
    started, cpu = time.perf_counter(), time.process_time()
    work()
    wall, used = time.perf_counter() - started, time.process_time() - cpu
    server = _server_seconds(engine) - there
    print(
        f"{what:<8} {files / wall:10,.0f} files/s   {1e6 * used / files:6.1f} us of client CPU, "
        f"{1e6 * server / files:6.1f} us of server CPU a file   "
        f"{(log() - before) / files:6.0f} bytes of log a file",
        flush=True,
    )


def measure(engine: Engine, files: int, batch: int) -> None:
    """Print the figures for so many files."""
    set_up(engine)
    stored = runs.start(engine, NewRun((b"/srv",), "bench"))
    table = FileTable(stored.number, stored.signature_id)

    def meet() -> None:
        for start in range(0, files, 5_000):
            changes = [
                FileChange(
                    folder=b"/srv/%d" % (number // 100),
                    name=b"document number %d.docx" % number,
                    stat=FileStat(40_000 + number, 1_600_000_000_000_000_000, 1, number),
                    regular=True,
                    access=_ACCESS,
                    audience=Audience.GROUP,
                    priority=number % 9_000,
                )
                for number in range(start, min(files, start + 5_000))
            ]
            persistently(engine, lambda c, some=changes: table.enter(c, some, []))  # type: ignore[misc]

    out: list[Batch] = []

    def offer() -> None:
        while True:

            def work(connection: object) -> list[Batch]:
                found = next_files(connection, stored.number, [], 16 * batch)  # type: ignore[arg-type]
                made = [
                    Batch(stored.number, "s", tuple(one[0] for one in found[at : at + batch]))
                    for at in range(0, len(found), batch)
                ]
                batches.offer(connection, "mark", made)  # type: ignore[arg-type]
                return made

            made = persistently(engine, work)
            out.extend(made)
            if not made or len(out) * batch >= files:
                return

    def enter() -> None:
        with engine.connect() as connection:
            at_work = run_at_work(connection, stored.number)
        assert at_work is not None
        for one in out:
            rows = [
                EvidenceRow.unopened(
                    Shortfall.LIMIT, f"{number if number % 10 == 0 else 'the same'} {'x' * 300}"
                )
                for number in one.files
            ]
            ended = [Ended(number, row.key, 1.0) for number, row in zip(one.files, rows, strict=True)]
            found = list({row.key: row for row in rows}.values())
            persistently(engine, lambda c, e=ended, f=found: enter_once(c, at_work, e, f))  # type: ignore[misc]

    _measured(engine, "met", files, meet)
    _measured(engine, "offered", files, offer)
    _measured(engine, "entered", files, enter)
    with engine.connect() as connection:
        for name in _TABLES:
            size = connection.execute(text(f"SELECT pg_total_relation_size('{name}')")).scalar_one()
            print(f"{name:<22} {size / files:8.0f} bytes a file")


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=30_000)
    options.add_argument("--batch", type=int, default=300)
    given = options.parse_args()
    with running_server() as server:
        server.administer("CREATE DATABASE bench")
        measure(open_inventory(server.url("bench")), given.files, given.batch)


if __name__ == "__main__":
    main()
