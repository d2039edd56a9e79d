"""``make fuzz``: damaged documents through the real isolated workers; a ledger of how they end.

Every case is one of the seeds with one mutation.  What must not be, and makes the exit code 1:

- *lost*: a case without an answer;
- *escaped*: an exception that the reading frame did not turn into a gap;
- *hang*: a file over the run's own ceiling of wall-clock time;
- *leaked*: a temporary file or a process that is left;
- *silent pass*: a file reported as wholly read, while words of its seed are missing that the mutation did not
  take out of the file's own bytes.  For words that stand in the bytes as they are (a text file, a legacy Word
  file) that is looked up; of compressed ones every missing word counts.  Encoded ones of text formats (base64
  in mail) do not: where nothing carries a length or a checksum nobody can tell that something is missing.
  Neither do single words: at most one in ten, and two, may be missing, because a bit that flips inside a
  stored text makes another word of it.  Of mutations that take nothing out (``KEEPING``) every word counts,
  whatever stands in the bytes.

A worker that died of a file is no failure of the run (that is what workers are for), but is counted: *died*
and *stopped* are the parsers to mend.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from scanner.documents import Source
from scanner.documents.isolation import Confinement
from scanner.documents.limits import Limits
from scanner.documents.model import Coverage, Shortfall, Status
from scanner.documents.reader import Read, read_document
from scanner.inspection.inspector import SoFar
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Assessment, PeopleCount, Severity
from scanner.shares.worker import Work
from scanner.shares.workers import Job, WorkerPool
from tests.robustness.mutations import EXTENSIONS, KEEPING, MUTATIONS
from tests.robustness.seeds import seeds

SECONDS = 60.0
CONFINEMENT = Confinement(cpu_seconds=20)
_WORD = re.compile(r"(?<![^\W_])[^\W_]{4,40}(?![^\W_])")
_WORDS_KEPT = 3_000
# Kinds in which nothing tells that something is missing or other than it was: neither lengths nor checksums.
_BARE = frozenset(("csv", "eml", "html", "ics", "json", "mbox", "mhtml", "rtf", "sql", "text", "vcf", "xml"))
# The grammar of mail: text where a blank line stands too early, structure where damage mends that.
_GRAMMAR = frozenset(
    (
        *("boundary", "charset", "content", "disposition", "encoding", "filename", "mime", "multipart"),
        *("name", "plain", "text", "transfer", "type", "version"),
    )
)
_BATCH = 400
# A file of fewer bytes has no room for what tells its kind.
_SHORTEST = 8


class WordReader:
    """Reads a file and says which words are in it: all that a reading can be compared by."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits

    def inspect(
        self,
        file: BinaryIO,
        name: str,
        size: int,
        *,
        read: Read = read_document,
        so_far: SoFar | None = None,
    ) -> Inspection:
        """The words stand in the counts; with 0 those that were read as the name of something only."""
        del so_far
        words: set[str] = set()
        labels: set[str] = set()
        coverage = Coverage(Status.NOT_INSPECTED, "")
        for item in read(Source.from_descriptor(file.fileno(), name), limits=self._limits):
            if isinstance(item, Coverage):
                coverage = item
            elif item.location.parts[-1:] != ("file name",) and len(words) < _WORDS_KEPT:
                words.update(_WORD.findall(item.text.lower()))
                labels.update(*(_WORD.findall(field.label.lower()) for field in item.fields))
        kept = dict.fromkeys(labels, 0) | dict.fromkeys(sorted(words)[:_WORDS_KEPT], 1)
        nobody = Assessment(Severity.NONE, PeopleCount(0, 0))
        return Inspection(coverage, nobody, (), kept, "", size)


@dataclass(frozen=True, slots=True)
class Case:
    """A damaged file: which seed (by its place) and what was done to it."""

    seed: int
    mutation: str
    name: str
    data: bytes


@dataclass(slots=True)
class Ledger:
    """How the cases ended."""

    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    contained: Counter[str] = field(default_factory=Counter)
    excused: int = 0


def cases(given: Sequence[tuple[str, bytes]], count: int, chance: random.Random, only: str) -> Iterator[Case]:
    """``count`` cases over all seeds in turn; the same generator makes the same ones."""
    names = [only] if only else list(MUTATIONS)
    for number in range(count):
        seed = number % len(given)
        name, data = given[seed]
        mutation = names[chance.randrange(len(names))]
        changed = MUTATIONS[mutation](data, given[chance.randrange(len(given))][1], chance)
        if mutation == "swapped extension":
            name = Path(name).stem + chance.choice(EXTENSIONS)
        yield Case(seed, mutation, name, changed)


def read_all(pool: WorkerPool, folder: Path, files: Sequence[tuple[str, bytes]]) -> list[Inspection | None]:
    """Read files through the pool; ``None`` for one that was never answered."""
    found: list[Inspection | None] = [None] * len(files)
    number = 0
    while number < len(files) or pool.busy:
        while number < len(files) and pool.wants:
            name, data = files[number]
            place = folder / str(number)
            place.mkdir()
            path = place / name
            path.write_bytes(data)
            pool.submit(Job(number, os.fsencode(path), len(data)))
            number += 1
        for answer in pool.answers(0.5):
            found[answer.number] = answer.inspection
            for path in (folder / str(answer.number)).iterdir():
                path.unlink()
            (folder / str(answer.number)).rmdir()
    return found


def missing_words(
    before: Inspection, after: Inspection, original: bytes, changed: bytes
) -> tuple[list[str], int]:
    """Words that the reading lost although the mutation did not take them out of the file's bytes.

    The second value counts the excused ones: of those that stand several times in the bytes (as a text and as
    the name of a header) the mutation took at least one; or the word was read as part of a longer one (the
    escape before it lost its declaration); or it is the grammar of mail; or nearly
    nothing of the file is left.
    """
    first, second = original.lower(), changed.lower()
    bare = before.coverage.kind in _BARE
    if _is_another(original, changed):
        return [], sum(before.counts.values())
    read = " ".join(after.counts)
    lost = []
    excused = 0
    for word in before.counts:
        if word in after.counts or not before.counts[word]:
            continue
        spellings = [word.encode("utf-8"), word.encode("utf-16-le")]
        stood = [spelling for spelling in spellings if spelling in first]
        if any(spelling in second for spelling in stood):
            taken = any(second.count(spelling) < first.count(spelling) for spelling in stood)
            if taken or word in read or (bare and word in _GRAMMAR):
                excused += 1
            else:
                lost.append(word)
        elif not stood and not bare:
            lost.append(word)
    return lost, excused


def _not_read_again(before: Inspection, after: Inspection) -> list[str]:
    """Words that a mutation left in the file and a reading did not find."""
    if len(before.counts) >= _WORDS_KEPT:  # not all were kept, and others may have been
        return []
    return [word for word, count in before.counts.items() if count and word not in after.counts]


def _is_another(original: bytes, changed: bytes) -> bool:
    """Whether a mutation left too little to be told from another file: no head, or most bytes overwritten."""
    if len(changed) < _SHORTEST:
        return True
    other = sum(1 for one, two in zip(original, changed, strict=False) if one != two)
    return len(changed) >= len(original) and 2 * other > len(original)


def enter(ledger: Ledger, case: Case, before: Inspection, after: Inspection | None, original: bytes) -> None:
    """Enter how one case ended."""
    what = f"{case.name} ({case.mutation})"
    if after is None:
        ledger.failures.append(f"lost: {what}")
        return
    coverage = after.coverage
    ledger.by_kind[(before.coverage.kind or "?", coverage.status.value)] += 1
    for gap in coverage.gaps:
        if gap.reason is Shortfall.PARSER_STOPPED and gap.detail.startswith("time limit of"):
            ledger.failures.append(f"hang: {what}")
        elif gap.reason is Shortfall.PARSER_STOPPED and "ended twice" in gap.detail:
            ledger.contained[f"died: {before.coverage.kind}: {gap.detail.rpartition(': ')[2]}"] += 1
        elif gap.reason is Shortfall.PARSER_STOPPED and gap.detail.endswith("Error"):
            if gap.detail in ("MemoryError", "RecursionError"):
                ledger.contained[f"stopped: {before.coverage.kind}: {gap.detail}"] += 1
            else:
                ledger.failures.append(f"escaped: {what}: {gap.detail}")
        elif gap.reason is Shortfall.PARSER_STOPPED or gap.detail in (
            "CPU time for one file",
            "time for one file",
        ):
            ledger.contained[f"stopped: {before.coverage.kind}: {gap.detail}"] += 1
    if coverage.status is Status.INSPECTED and before.coverage.status is Status.INSPECTED:
        if case.mutation in KEEPING:
            lost, allowed = _not_read_again(before, after), 0
        else:
            lost, excused = missing_words(before, after, original, case.data)
            ledger.excused += excused
            allowed = max(2, len(before.counts) // 10)
        if len(lost) > allowed:
            kinds = f"{before.coverage.kind} read as {coverage.kind}"
            ledger.failures.append(
                f"silent pass: {what}: {kinds}, {len(lost)} of {len(before.counts)} words missing"
            )


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=20_261_122)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--only", default="", choices=("", *MUTATIONS), help="one mutation")
    parser.add_argument("--kind", default="", help="of these cases only those of seeds whose name holds this")
    parser.add_argument("--no-shared", action="store_true", help="without the real files beside the checkout")
    parser.add_argument("--keep", type=Path, help="write the files of failures into this folder")
    given = parser.parse_args()
    started = time.monotonic()
    chosen = list(seeds(shared=not given.no_shared))
    wanted = [number for number, (name, _) in enumerate(chosen) if given.kind in name]
    chance = random.Random(given.seed)
    ledger = Ledger()
    with tempfile.TemporaryDirectory(prefix="dlp-fuzz-") as name:
        temporary = Path(name) / "temporary"
        temporary.mkdir()
        tempfile.tempdir = str(temporary)
        os.environ["TMPDIR"] = str(temporary)
        work = Work(WordReader(), bytes(32), CONFINEMENT, SECONDS, 5_000)
        with WorkerPool(work, given.workers or len(os.sched_getaffinity(0))) as pool:
            read = read_all(pool, _made(Path(name) / "seeds"), [chosen[number] for number in wanted])
            before = dict(zip(wanted, read, strict=True))
            print(f"{len(before)} seeds, read in {time.monotonic() - started:.0f} s", flush=True)
            made = cases(chosen, given.cases, chance, given.only)
            waiting = (case for case in made if case.seed in before)
            done = 0
            while batch := list(islice(waiting, _BATCH)):
                folder = _made(Path(name) / f"batch-{done}")
                after = read_all(pool, folder, [(case.name, case.data) for case in batch])
                for case, inspection in zip(batch, after, strict=True):
                    seen = len(ledger.failures)
                    first = before[case.seed]
                    if first is None:
                        ledger.failures.append(f"lost: seed {chosen[case.seed][0]}")
                        continue
                    enter(ledger, case, first, inspection, chosen[case.seed][1])
                    if given.keep and len(ledger.failures) > seen:
                        given.keep.mkdir(parents=True, exist_ok=True)
                        (given.keep / f"{len(ledger.failures)}-{case.name}").write_bytes(case.data)
                done += len(batch)
                print(f"{done} cases, {len(ledger.failures)} failures", flush=True)
        left = [path.name for path in temporary.rglob("*")]
        if left:
            ledger.failures.append(f"leaked: {len(left)} temporary files")
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    if children:
        ledger.failures.append(f"leaked: {len(children)} processes")
    _print(ledger, time.monotonic() - started, given.seed)
    return 1 if ledger.failures else 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _print(ledger: Ledger, seconds: float, seed: int) -> None:
    statuses = [status.value for status in Status]
    print(f"\n{'kind':<18}" + "".join(f"{status:>16}" for status in statuses))
    for kind in sorted({kind for kind, _ in ledger.by_kind}):
        print(f"{kind:<18}" + "".join(f"{ledger.by_kind[kind, status]:>16}" for status in statuses))
    for what, count in ledger.contained.most_common():
        print(f"contained, {what}: {count}")
    for failure in ledger.failures:
        print(failure)
    total = sum(ledger.by_kind.values())
    print(f"words of wholly read cases that a mutation turned into others: {ledger.excused}")
    print(f"\n{total} cases in {seconds:.0f} s, seed {seed}: {len(ledger.failures)} failures")


if __name__ == "__main__":
    sys.exit(main())
