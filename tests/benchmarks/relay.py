"""``make bench-relay``: what mail costs with real peers, in one run: read the ratios.

direct       smtp-source to smtp-sink: what the peers themselves can do
postfix      a plain Postfix relay with its durable queue in between
shell        this relay with a filter that passes everything: SMTP in, SMTP out, the next hop's answer
inspection   the whole ``dlp relay`` with a realistic mix

CPU is that of what stands in between, its children and its dead included, never the peers'.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.ports import HERE, free_port
from tests.smtp_filter.peers import Postfix, Sink, make_certificates, smtp_source, wait_for, wait_for_port
from tests.soak import letters
from tests.soak.mailing import Attempt, Letter, attempt_delivery
from tests.soak.programs import Programs

PEAK = 25.0  # messages a second of a council with 5,000 staff, at its peak
PATIENT_P99 = 5.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way of sending cost."""

    rate: float
    cpu_ms: float
    p50: float = 0.0
    p99: float = 0.0


def line(what: str, figure: str, note: str = "") -> None:
    """One row of the report."""
    print(f"{what:<52} {figure:>30}   {note}", flush=True)


def cpu_of(*pids: int) -> float:
    """CPU seconds of processes, all below them, and their dead."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    spent = one.cpu_times()
                    total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


def memory_of(pid: int) -> float:
    """Megabytes of a process and all below it, shared pages counted once (PSS)."""
    process = psutil.Process(pid)
    total = 0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total / 1e6


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


# --- what stands in between -------------------------------------------------------------------------------


@contextmanager
def shell(hop_port: int) -> Iterator[tuple[int, int]]:
    """The relay without inspection, as a program: its port and pid."""
    port = free_port()
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.relay_shell", str(port), str(hop_port)]
    )
    try:
        wait_for_port(port)
        yield port, program.pid
    finally:
        program.terminate()
        program.wait()


@contextmanager
def whole(folder: Path, hop_port: int) -> Iterator[Programs]:
    """The whole ``dlp relay``."""
    programs = Programs(folder, 0.0)
    programs.hop_port = hop_port
    programs.configure(language={"model": "builtin"})
    programs.start_service()
    try:
        asyncio.run(programs.ready())
        yield programs
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            programs.stop()
        programs.close()


# --- measuring --------------------------------------------------------------------------------------------


def by_smtp_source(port: int, sink: Sink, count: int, cpu: Callable[[], float]) -> Figures:
    """``count`` messages of 10 kB over 20 sessions, until the last one is in the sink."""
    before = len(sink.raw())
    spent, started = cpu(), time.monotonic()
    done = smtp_source(port, "-s", "20", "-m", str(count), "-l", "10000")
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[:200])
    wait_for(lambda: len(sink.raw()) >= before + count, 300)
    return Figures(count / (time.monotonic() - started), (cpu() - spent) / count * 1000)


def mix(count: int, seed: int = 1) -> list[Letter]:
    """Messages of a council's day."""
    chance = random.Random(seed)
    kinds = chance.choices(letters.MIX, [share for _, share, _ in letters.MIX], k=count)
    made = []
    for number, (_, _, make) in enumerate(kinds):
        name = f"bench-{seed}-{number}@council.gov.uk"
        made.append(Letter(name, letters.OFFICER, [letters.OUTSIDE], make(name, number), "relayed"))
    return made


async def send_all(port: int, sent: Sequence[Letter], sessions: int, pause: float = 0.0) -> list[Attempt]:
    """Send each letter once: ``sessions`` at a time, or one every ``pause`` seconds."""
    waiting = asyncio.Semaphore(sessions)

    async def one(letter: Letter) -> Attempt:
        async with waiting:
            return await attempt_delivery(port, letter)

    tasks = []
    for letter in sent:
        tasks.append(asyncio.create_task(one(letter)))
        if pause:
            await asyncio.sleep(pause)
    return await asyncio.gather(*tasks)


def with_letters(port: int, sent: Sequence[Letter], cpu: Callable[[], float], pause: float = 0.0) -> Figures:
    """The letters as fast as they are taken over 10 sessions, or paced."""
    spent, started = cpu(), time.monotonic()
    attempts = asyncio.run(send_all(port, sent, 10 if not pause else 100, pause))
    seconds = time.monotonic() - started
    away = [one for one in attempts if one.code == 421]
    wrong = [one for one in attempts if one.code not in (250, 421)]
    if away:
        print(f"  {len(away)} messages were told to come back (421)")
    if wrong:
        raise RuntimeError(f"{len(wrong)} messages were not taken: {wrong[0].code} {wrong[0].text}")
    took = [one.ended - one.began for one in attempts if one.code == 250]
    return Figures(
        len(sent) / seconds, (cpu() - spent) / len(sent) * 1000, percentile(took, 0.5), percentile(took, 0.99)
    )


# --- the report -------------------------------------------------------------------------------------------


def shells(count: int) -> None:
    """10 kB messages through nothing, Postfix, the shell, and the whole relay."""
    print(f"\n{count} messages of 10 kB, 20 sessions (smtp-source to smtp-sink)")
    figures: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as made, Sink() as sink:
        figures["direct"] = by_smtp_source(sink.port, sink, count, lambda: 0.0)
        try:
            with Postfix(sink.port, make_certificates(_folder(made, "tls"))) as postfix:
                master = int((postfix.folder / "queue/pid/master.pid").read_text())
                figures["postfix"] = by_smtp_source(
                    postfix.port["plain"], sink, count, lambda: cpu_of(master)
                )
        except pytest.skip.Exception as reason:
            print(f"  Postfix is left out: {reason}")
        with shell(sink.port) as (port, pid):
            figures["shell"] = by_smtp_source(port, sink, count, lambda: cpu_of(pid))
        with whole(_folder(made, "whole"), sink.port) as programs:
            figures["whole"] = by_smtp_source(programs.port, sink, count, lambda: cpu_of(programs.pid))
    names = {
        "direct": "direct",
        "postfix": "plain Postfix, durable queue",
        "shell": "this relay, inspection off",
        "whole": "this relay, full inspection",
    }
    for key, one in figures.items():
        told = f"{one.cpu_ms:6.2f} CPU-ms each" if one.cpu_ms else ""
        line(f"  {names[key]}", f"{one.rate:8.0f} messages/s", told)
    if "postfix" in figures:
        ratio = figures["shell"].cpu_ms / figures["postfix"].cpu_ms
        line("  CPU of the shell against Postfix", f"{ratio:8.2f}", "below 1: cheaper" + _mark(ratio < 1))


def inspection(count: int) -> None:
    """The mix, its kinds, its latency, its memory, its neighbours."""
    with tempfile.TemporaryDirectory() as made, Sink() as sink, whole(Path(made), sink.port) as programs:
        port = programs.port

        def cpu() -> float:
            return cpu_of(programs.pid)

        with_letters(port, mix(40, seed=99), cpu)  # workers and connections warm
        print("\nfull inspection, by kind (10 sessions)")
        for name, _, make in letters.MIX:
            several = 4 if "MB" in name else 30
            some = [_one(make, f"{name.replace(' ', '-')}-{number}", number) for number in range(several)]
            one = with_letters(port, some, cpu)
            line(f"  {name}", f"{one.cpu_ms:8.0f} CPU-ms each", f"{one.rate:6.1f}/s, p99 {one.p99:.2f} s")
        print(f"\nfull inspection, the mix of {count} messages")
        sent = mix(count)
        one = with_letters(port, sent, cpu)
        line("  as fast as taken, 10 sessions", f"{one.rate:8.1f} messages/s", _mark(one.rate > PEAK))
        line(
            "  CPU", f"{one.cpu_ms:8.1f} CPU-ms each", f"two whole cores: {2000 / one.cpu_ms:.0f} messages/s"
        )
        line(
            "  p50, p99 when all sessions are busy",
            f"{one.p50:.2f} s, {one.p99:.2f} s",
            _mark(one.p99 < PATIENT_P99),
        )
        rate = min(PEAK, 0.6 * one.rate)
        paced = with_letters(port, mix(count, seed=2), cpu, 1 / rate)
        line(
            f"  p50, p99 at {rate:.0f} messages/s",
            f"{paced.p50:.2f} s, {paced.p99:.2f} s",
            _mark(paced.p99 < PATIENT_P99),
        )
        neighbours(port, cpu)
        memory(programs)


def neighbours(port: int, cpu: Callable[[], float]) -> None:
    """Small messages alone, and beside one of 50 MB."""
    small = [_one(letters.of_kind("10 kB text"), f"small-{number}", number) for number in range(60)]
    alone = with_letters(port, small[:30], cpu, 0.05)

    async def beside() -> tuple[list[Attempt], Attempt]:
        name = "huge@council.gov.uk"
        content = letters.attached(name, letters.pdf(28_000_000, 5), "scan.pdf", "application/pdf")
        huge = asyncio.create_task(
            attempt_delivery(port, Letter(name, letters.OFFICER, [letters.OUTSIDE], content, "relayed"))
        )
        await asyncio.sleep(0.2)
        return await send_all(port, small[30:], 100, 0.05), await huge

    attempts, huge = asyncio.run(beside())
    took = [one.ended - one.began for one in attempts]
    print("\nneighbours of a 50 MB message")
    line("  10 kB messages alone, p50 and p99", f"{alone.p50:.3f} s, {alone.p99:.3f} s")
    line(
        "  beside it",
        f"{percentile(took, 0.5):.3f} s, {percentile(took, 0.99):.3f} s",
        f"the large one: {huge.code}, {huge.ended - huge.began:.1f} s",
    )


def memory(programs: Programs) -> None:
    """What the whole service takes, idle and with a hundred sessions in the middle of a message."""
    idle = memory_of(programs.pid)

    async def hundred() -> float:
        opened = []
        content = letters.plain("open@council.gov.uk", 10_000, 1)
        for _ in range(100):
            reader, writer = await asyncio.open_connection(HERE, programs.port)
            await reader.readline()
            writer.write(b"EHLO mx.council.test\r\n")
            while (await reader.readline())[3:4] == b"-":
                pass
            for command in (f"MAIL FROM:<{letters.OFFICER}>", f"RCPT TO:<{letters.OUTSIDE}>", "DATA"):
                writer.write(command.encode() + b"\r\n")
                await reader.readline()
            writer.write(content)
            opened.append(writer)
        await asyncio.sleep(0.5)
        taken = await asyncio.to_thread(memory_of, programs.pid)
        for writer in opened:
            writer.close()
        return taken

    busy = asyncio.run(hundred())
    print("\nmemory of all processes (shared pages once)")
    line("  idle", f"{idle:8.0f} MB")
    line("  100 sessions in the middle of a message", f"{busy:8.0f} MB")


def _one(make: Callable[[str, int], bytes], name: str, seed: int) -> Letter:
    full = f"{name}@council.gov.uk"
    return Letter(full, letters.OFFICER, [letters.OUTSIDE], make(full, 5_000 + seed), "relayed")


def _folder(made: str, name: str) -> Path:
    folder = Path(made) / name
    folder.mkdir()
    return folder


def _times(one: Figures) -> tuple[str, str]:
    return f"{one.p50:.2f} s, {one.p99:.2f} s", _mark(one.p99 < PATIENT_P99)


def _mark(kept: bool) -> str:
    return "  ok" if kept else "  BELOW TARGET"


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--messages", type=int, default=1_000, help="messages of 10 kB for each relay")
    options.add_argument("--mix", type=int, default=400, help="messages of the realistic mix")
    options.add_argument("--only", choices=("shells", "inspection"))
    told = options.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    load = os.getloadavg()[0]
    print(f"{len(os.sched_getaffinity(0))} cores, load before the run {load:.1f}")
    if load > 1:
        print("Others are using this machine: times are too long, CPU per message is right.")
    if told.only != "inspection":
        shells(told.messages)
    if told.only != "shells":
        inspection(told.mix)
    return 0


if __name__ == "__main__":
    sys.exit(main())
