"""How long the lists of a full quarantine take: ``python -m tests.benchmarks.quarantine_lists [HELD] [URL]``.

Fills a new store (SQLite in a temporary folder unless a URL is given) and prints the median of seven calls
for each filter: CPU of this process, and wall time.  On PostgreSQL the server's CPU is in the wall time only.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from scanner.judgement.assessment import Severity
from scanner.store.database import writing
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.encoding import Summary, summary_to_bytes
from smtp_filter.quarantine.holding import SUMMARY, Quarantine
from smtp_filter.quarantine.searching import Filter, counters, list_messages
from smtp_filter.verdict.model import RouteKind
from tests.smtp_filter.quarantine.making import open_quarantine

DAY = 86_400.0
AT_ONCE = 2_000


def fill(quarantine: Quarantine, numbers: Iterable[int], chance: random.Random, now: float) -> None:
    """Some held messages without bodies, as a council's mix of senders, words, rules and departments."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("case", "message", "rule", "token")}
    tokens = quarantine.tokens
    with writing(quarantine.engine) as connection:
        for number in numbers:
            key = quarantine.sealer.new_key(connection)
            sender = f"u{chance.randrange(800)}@council.test"
            address = f"p{chance.randrange(20_000)}@d{chance.randrange(300)}.test"
            subject = " ".join(f"word{chance.randrange(3_000)}" for _ in range(6))
            route = (address, RouteKind.OUTSIDE, "no secure route")
            summary = Summary(subject, True, sender, (route,), {"UK_NHS": 1}, ("A strong identifier",))
            held = now - chance.random() * 30 * DAY
            rows["case"].append({"id": number, "token": number.to_bytes(16, "big"), "size": 1})
            rows["message"].append(
                {
                    **{"id": number, "reference": f"Q-2026-{number:06d}", "case_id": number},
                    **{"fingerprint": number.to_bytes(32, "big"), "state": "held", "undecided": True},
                    **{"revision": 1, "severity": chance.randrange(1, 5), "word": "block"},
                    **{"people_low": 1, "people_high": 2, "size": 10_000, "recipients": 1},
                    **{"department": f"department {chance.randrange(12)}", "held_at": held},
                    **{"due_at": held + chance.random() * DAY, "expires_at": held + 14 * DAY},
                    **{"assignee": chance.choice(["", "a.khan", "s.lee"]), "escalated": False},
                    **{"legal_hold": False, "needs_second": False, "false_alarm": False},
                    **{"notify_sender": True, "key_id": key.id, "body_key": key.id, "body": "database"},
                    **{
                        "sender": tokens.sender(sender),
                        "summary": key.seal(summary_to_bytes(summary), SUMMARY),
                    },
                }
            )
            rows["rule"].append({"rule": f"rule {chance.randrange(20)}", "message_id": number})
            found = tokens.words([subject, sender, address, "A strong identifier of a child"])
            found |= {tokens.recipient(address), tokens.domain(address.partition("@")[2])}
            rows["token"] += [{"token": token, "message_id": number} for token in found]
        for name, some in rows.items():
            connection.execute(insert(getattr(tables, name)), some)


def measured(name: str, call: Callable[[], object]) -> None:
    """Print the median of seven calls."""
    cpu, wall = [], []
    for _ in range(7):
        begun, clock = time.process_time(), time.perf_counter()
        call()
        cpu.append(time.process_time() - begun)
        wall.append(time.perf_counter() - clock)
    took, passed = (statistics.median(some) * 1000 for some in (cpu, wall))
    print(f"{name:24} cpu {took:7.1f} ms   wall {passed:7.1f} ms")


def main(held: int = 100_000, url: str = "") -> None:
    """Fill and measure."""
    with tempfile.TemporaryDirectory() as folder:
        quarantine = open_quarantine(url or f"sqlite:///{folder}/database/dlp.db", Path(folder))
        chance, now = random.Random(1), time.time()
        for start in range(1, held + 1, AT_ONCE):
            fill(quarantine, range(start, min(start + AT_ONCE, held + 1)), chance, now)
        print(f"{held} held messages, {quarantine.engine.dialect.name}")
        following = list_messages(quarantine, Filter()).following
        for name, wanted in {
            "inbox": Filter(),
            "all, newest first": Filter(undecided=False),
            "severity": Filter(severity=Severity.CRITICAL),
            "sender": Filter(sender="u5@council.test"),
            "recipient": Filter(recipient="p77@d3.test"),
            "domain": Filter(domain="d7.test"),
            "rule": Filter(rule="rule 3"),
            "department": Filter(department="department 3"),
            "assignee": Filter(assignee="a.khan"),
            "a rare word": Filter(text="word17"),
            "a word of every message": Filter(text="identifier"),
            "a rare and a common word": Filter(text="council word17"),
            "a word of none": Filter(text="zebra"),
            "five filters": Filter(
                text="council",
                severity=Severity.HIGH,
                rule="rule 3",
                department="department 2",
                assignee="s.lee",
            ),
        }.items():
            measured(name, lambda wanted=wanted: list_messages(quarantine, wanted))  # type: ignore[misc]
        measured("second page", lambda: list_messages(quarantine, Filter(), after=following))
        measured("counters", lambda: counters(quarantine))
        quarantine.close()


if __name__ == "__main__":
    main(*([int(sys.argv[1])] if len(sys.argv) > 1 else []), *sys.argv[2:3])
