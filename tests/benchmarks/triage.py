"""How long the console's pages take on a full quarantine: ``python -m tests.benchmarks.triage [--items N]``.

Over real HTTP to a console in the same process, all of it on one core.  Told are the CPU time of a request,
the client's part in it, and the wall time that the client waits: medians of some calls.  On a machine that
is busy with other things, read the CPU time.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from smtp_filter.triage.roles import Role
from tests.benchmarks.quarantine_lists import AT_ONCE, fill
from tests.smtp_filter.quarantine.making import hold
from tests.smtp_filter.triage.serving import site

CALLS = 9
PAGES = {
    "inbox": "/inbox",
    "second page": "",
    "one line for each case": "/inbox?grouped=1",
    "critical only": "/inbox?severity=critical",
    "past its due time": "/inbox?age=late",
    "held for 72 hours": "/inbox?age=3d",
    "nobody's": "/inbox?assigned=-",
    "department": "/inbox?department=department+3",
    "rule": "/inbox?rule=rule+3",
    "sender": "/inbox?sender=u5%40council.test",
    "recipient's domain": "/inbox?domain=d7.test",
    "all, newest first": "/inbox?state=all",
    "a rare word": "/inbox?q=word17",
    "a word of every message": "/inbox?q=identifier",
    "five filters": "/inbox?q=council&severity=high&rule=rule+3&department=department+2&assigned=s.lee",
    "one message": "/messages/{number}",
}


def main() -> None:
    """Fill, then ask for each page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=10_000)
    items = options.parse_args().items
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name, site(Path(name)) as here:
        quarantine = here.services.quarantine
        chance, now = random.Random(1), time.time()
        number = hold(quarantine, "benchmark")
        for start in range(2, items + 2, AT_ONCE):
            fill(quarantine, range(start, min(start + AT_ONCE, items + 2)), chance, now)
        client = here.signed_in("t.officer", Role.TRIAGE)
        first = client.get("/inbox").text
        following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        print(f"{items:,} held messages, one core")
        for title, path in PAGES.items():
            took, cpu = [], []
            for _ in range(CALLS):
                begun, used = time.perf_counter(), time.process_time()
                answer = client.get(path.format(number=number) or following)
                took.append(1000 * (time.perf_counter() - begun))
                cpu.append(1000 * (time.process_time() - used))
                if answer.status_code != 200:
                    raise SystemExit(f"{title}: {answer.status_code}")
            spent, waited = statistics.median(cpu), statistics.median(took)
            print(f"{title:24} cpu {spent:7.1f} ms   wall {waited:7.1f} ms")


if __name__ == "__main__":
    main()
