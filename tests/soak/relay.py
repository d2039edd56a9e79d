"""A long run of ``dlp relay`` under random kills.

A queue sends made-up messages through a real relay to a next hop that fails now and then, and tries again
until each has a final answer.  Meanwhile the relay's processes, its workers, its zygote, the whole service
and the next hop are killed (SIGKILL) at random moments.  At the end three books are compared, the sender's
answers, the next hop's journal and the quarantine's database: every message must be delivered, held or
refused, and what its sender was told.  Copies beyond the first need an attempt that ended without a clear
answer.  ``python -m tests.soak.relay --messages 10000 --sessions 20 --kills 100``
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.soak import letters
from tests.soak.mailing import Letter, Queue
from tests.soak.programs import Programs

# What is killed, and how often in comparison.
_TARGETS = {"relay": 5, "worker": 5, "next hop": 3, "zygote": 1, "background": 1, "service": 2}


# --- the messages -----------------------------------------------------------------------------------------


def make_letters(count: int, seed: int) -> list[Letter]:
    """Messages of all fates, in a random order."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        name = f"soak-{seed}-{number}@council.gov.uk"
        made.append(_letter(name, number, chance))
    return made


def _letter(name: str, number: int, chance: random.Random) -> Letter:
    outside, inside = [letters.OUTSIDE], [letters.INSIDE]
    kind = chance.random()
    if kind < 0.66:
        content = letters.plain(name, chance.choice((2_000, 10_000, 30_000)), number)
        recipients = outside if chance.random() < 0.8 else [*outside, *inside]
        return Letter(name, letters.OFFICER, recipients, content, "relayed")
    if kind < 0.68:
        return Letter(name, letters.OFFICER, outside, letters.web(name, 1_500_000, number), "relayed")
    if kind < 0.72:
        content = letters.sensitive(name, number, to=letters.INSIDE)
        return Letter(name, letters.OFFICER, inside, content, "relayed")
    if kind < 0.76:
        return Letter(
            name, letters.OFFICER, ["nobody@example.org"], letters.plain(name, 2_000, number), "refused"
        )
    if kind < 0.78:
        return Letter(name, letters.OFFICER, outside, letters.unreadable(name, number), "held")
    return Letter(name, letters.OFFICER, outside, letters.sensitive(name, number), "held")


# --- the books --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Ledger:
    """The end of a run: how many of each fate, and whatever does not agree."""

    fates: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    copies: int = 0
    duplicates: int = 0
    repeated_holds: int = 0
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        told = [f"{count:>7} {fate}" for fate, count in sorted(self.fates.items())]
        told.append(f"{sum(self.fates.values()):>7} messages in {self.attempts} attempts")
        told.append(
            f"{self.copies:>7} copies at the next hop, {self.duplicates} beyond the first, each after an"
        )
        told.append("        attempt that ended without a clear answer (RFC 1047)")
        told.extend(f"  WRONG {line}" for line in self.wrong[:50])
        told.append(
            "Every message is accounted for." if not self.wrong else f"{len(self.wrong)} do not agree."
        )
        return told


def balance(sent: list[Letter], journal: Path, database: Path) -> Ledger:
    """Compare the three books."""
    ledger = Ledger()
    copies: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for line in journal.read_text().splitlines():
        at, name, recipients = line.split("\t")
        copies[name].append((float(at), recipients))
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        held = Counter(connection.execute(text("SELECT reference FROM held_message")).scalars())
    engine.dispose()
    told = Counter(one.reference for one in sent if one.fate == "held")
    for reference in held.keys() - told.keys():
        ledger.wrong.append(f"{reference} is held and nobody was told")
    for reference, count in told.items():
        if held[reference] != 1 or count != 1:
            ledger.wrong.append(f"{reference}: {held[reference]} rows, told to {count} messages")
    for one in sent:
        ledger.fates[str(one.fate)] += 1
        ledger.attempts += len(one.attempts)
        _compare(one, copies.pop(one.name, []), ledger)
    ledger.wrong.extend(f"{name} was delivered and never sent" for name in copies)
    return ledger


def _compare(one: Letter, copies: list[tuple[float, str]], ledger: Ledger) -> None:
    ledger.copies += len(copies)
    if one.fate != one.expected:
        ledger.wrong.append(f"{one.name}: {one.fate}, expected {one.expected}")
    if one.fate == "relayed" and not copies:
        ledger.wrong.append(f"{one.name}: LOST, its sender was told that it went")
    if one.fate != "relayed" and copies:
        ledger.wrong.append(f"{one.name}: {one.fate}, and {len(copies)} copies went out")
    wanted = ",".join(sorted(one.recipients))
    ledger.wrong.extend(
        f"{one.name}: a copy for {recipients}" for _, recipients in copies if recipients != wanted
    )
    ledger.duplicates += max(0, len(copies) - 1)
    for at, _ in copies:
        attempt = next((one for one in one.attempts if one.began <= at <= one.ended + 1.0), None)
        # An attempt whose connection was lost is over for the sender before it is for the relay.
        late = any(not try_.code for try_ in one.attempts if try_.began <= at)
        if attempt is None and not late:
            ledger.wrong.append(f"{one.name}: a copy outside of every attempt")
    unclear = sum(attempt.data_sent and attempt.code != 250 for attempt in one.attempts)
    if len(copies) - 1 > unclear:
        ledger.wrong.append(f"{one.name}: {len(copies)} copies, {unclear} attempts without a clear answer")


# --- the run ----------------------------------------------------------------------------------------------


async def soak(
    folder: Path,
    *,
    messages: int,
    sessions: int,
    kills: int,
    faults: float,
    seed: int,
    model: str = "none",
    tell: bool = False,
) -> Ledger:
    """One run; its ledger.  ``model`` is the language model of the configuration."""
    chance = random.Random(seed)
    programs = Programs(folder, faults)
    programs.configure(language={"model": model})
    sent = make_letters(messages, seed)
    killed: Counter[str] = Counter()
    try:
        programs.start_hop()
        programs.start_service()
        await programs.ready()
        queue = Queue(programs.port, sent, sessions, seed)
        started = time.monotonic()
        sending = asyncio.create_task(queue.run())
        # Spread over the run by messages and not by time: also a slow machine gets all of them.
        for number in range(kills):
            while not sending.done() and queue.done < messages * (number + chance.random()) / (kills + 1):
                await asyncio.sleep(0.02)
            if sending.done():
                break
            what = chance.choices(list(_TARGETS), list(_TARGETS.values()))[0]
            # What was killed a moment ago may not be back yet.
            while not (fell := await programs.kill(what, chance)) and not sending.done():
                await asyncio.sleep(0.05)
            killed[what] += fell
            if tell and number % 10 == 0:
                print(f"{queue.done:>7} of {messages} after {killed.total()} kills", flush=True)
        await sending
        seconds = time.monotonic() - started
        await programs.ready()
        code = programs.stop()
    finally:
        programs.close()
    ledger = balance(sent, programs.journal, folder / "state" / "dlp.db")
    if code:
        ledger.wrong.append(f"the relay ended with code {code}")
    if killed.total() < kills:
        ledger.wrong.append(f"only {killed.total()} of {kills} kills")
    if tell:
        told = ", ".join(f"{count} {what}" for what, count in killed.most_common())
        print(f"{killed.total()} kills: {told}; {programs.started} starts of the service; {seconds:.0f} s")
        print("\n".join(ledger.lines()))
    return ledger


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--messages", type=int, default=10_000)
    options.add_argument("--sessions", type=int, default=20)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--faults", type=float, default=0.01, help="share of commands the next hop fails on")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, help="work in this folder and leave it")
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = told.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        ledger = asyncio.run(
            soak(
                folder,
                messages=told.messages,
                sessions=told.sessions,
                kills=told.kills,
                faults=told.faults,
                seed=told.seed,
                model="builtin",
                tell=True,
            )
        )
    return 1 if ledger.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
