"""``make bench``: this engine against stock Presidio and a plain scan; flat cost; memory; start-up.

Everything is CPU time of one process, medians of interleaved runs; read the ratios, not the absolute figures.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import re2

from rules.loader import load_identifiers
from scanner.commands.inspecting import COLLECTED_AFTER
from scanner.detection.building import build_detector
from scanner.inspection import InspectionSettings, Inspector
from scanner.text import Passage, to_bytes
from tests.benchmarks import council_text, documents, language

RUNS = 3


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def rates(size: int, *works: tuple[str, Callable[[], object]]) -> dict[str, float]:
    """MB per CPU second of each work, medians of interleaved runs."""
    spent: dict[str, list[float]] = {name: [] for name, _ in works}
    for _ in range(RUNS):
        for name, work in works:
            spent[name].append(cpu_seconds(work))
    return {name: size / statistics.median(times) / 1e6 for name, times in spent.items()}


def line(what: str, figure: str, target: str, kept: bool | None = None) -> None:
    """One row of the report."""
    mark = "" if kept is None else ("  ok" if kept else "  BELOW TARGET")
    print(f"{what:<64} {figure:>18}   {target}{mark}", flush=True)


def stock_presidio() -> Callable[[str], object]:
    """Stock Presidio: its default registry with the UK recognisers, over a pipeline of the usual small size.

    No pipeline can be downloaded here: this one has the components (tagger, parser, entity recogniser),
    architecture and width of the usual English one, with initial weights, so that a word costs about what
    it costs there; what it finds means nothing.
    """
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from spacy.training import Example

    pipeline = spacy.blank("en")
    for component in ("tagger", "parser", "ner"):
        pipeline.add_pipe(component)
    annotations = {
        "entities": [(0, 9, "PERSON")],
        "tags": ["NNP", "NNP", "VBZ", "RB"],
        "heads": [1, 2, 2, 2],
        "deps": ["compound", "nsubj", "ROOT", "advmod"],
    }
    example = Example.from_dict(pipeline.make_doc("Ann Smith lives here"), annotations)
    pipeline.initialize(lambda: [example])

    class Small(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "small"}])
            self.nlp = {"en": pipeline}

        def load(self) -> None:
            return

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Small(), supported_languages=["en"])
    return lambda text: engine.analyze(text, language="en")


def against_presidio() -> None:
    """Clean and dense text, both engines in one run; Presidio sees less of it, because it is slow."""
    detector = build_detector()
    presidio = stock_presidio()
    for name, text, target in (
        ("clean", council_text.clean(1_000_000), 500),
        ("dense, one person and identifier per 2 kB", council_text.dense(1_000_000), 20),
    ):
        part = text[:20_000]
        ours = rates(len(text), ("ours", lambda t=text: detector.detect(Passage(t))))["ours"]  # type: ignore[misc]
        theirs = rates(len(part), ("stock", lambda t=part: presidio(t)))["stock"]  # type: ignore[misc]
        line(f"{name}: this engine, MB/s", f"{ours:.2f}", "")
        line(f"{name}: stock Presidio with a small pipeline, MB/s", f"{theirs:.4f}", "")
        line(f"{name}: ratio", f"{ours / theirs:.0f} : 1", f">= {target}", ours / theirs >= target)


def against_plain_scan() -> None:
    """Clean text: the whole detector against one plain scan with the same alternation."""
    detector = build_detector()
    text = council_text.clean(4_000_000)
    data = to_bytes(text)
    sources = [f.expression for r in load_identifiers().rules for f in r.forms if f.near == "window"]
    alternation = "|".join(f"(?:{source})" for source in dict.fromkeys(sources))
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.never_capture = True
    plain = re2.compile(alternation.encode(), options)
    measured = rates(
        len(text),
        ("ours", lambda: detector.detect(Passage(text))),
        ("plain", lambda: sum(1 for _ in plain.finditer(data))),
    )
    line("clean: plain RE2 scan of the same grammars, MB/s", f"{measured['plain']:.1f}", "")
    ratio = measured["ours"] / measured["plain"]
    line("clean: this engine against the plain scan", f"1 / {1 / ratio:.1f}", "")
    ripgrep = shutil.which("rg")
    if ripgrep is None:
        line("clean: against ripgrep", "not here", "apt-get install ripgrep")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "text"
        # Large enough that the start of the program does not count.
        file.write_bytes(data * 40)
        command = [ripgrep, "-j1", "-U", "-i", "-c", "-e", alternation, str(file)]
        spent = []
        for _ in range(RUNS):
            before = os.times()
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode == 2:
                line("clean: against ripgrep", "refused", done.stderr.strip()[:60])
                return
            after = os.times()
            spent.append(
                after.children_user + after.children_system - before.children_user - before.children_system
            )
        theirs = 40 * len(data) / statistics.median(spent) / 1e6
    line("clean: ripgrep with the same alternation, MB/s", f"{theirs:.1f}", "")
    line(
        "clean: this engine against ripgrep",
        f"1 / {theirs / measured['ours']:.1f}",
        ">= 1/4",
        measured["ours"] * 4 >= theirs,
    )


def flat_cost() -> None:
    """The cost of a byte must not grow with the document."""
    detector = build_detector()
    for name, make in (("clean", council_text.clean), ("dense", council_text.dense)):
        costs: dict[int, float] = {}
        for size in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
            text = make(size)
            repeat = max(1, 200_000 // size)
            passages = [Passage(text[at : at + 2_000_000]) for at in range(0, len(text), 2_000_000)]
            times = [
                cpu_seconds(lambda: [detector.detect(p) for _ in range(repeat) for p in passages])  # noqa: B023
                for _ in range(RUNS if size < 10_000_000 else 1)
            ]
            costs[size] = statistics.median(times) / repeat / size * 1e9
        told = "  ".join(f"{size // 1000} kB: {cost:.0f}" for size, cost in costs.items())
        ratio = costs[10_000_000] / costs[10_000]
        line(f"{name}: ns per byte at {told}", "", "")
        line(f"{name}: cost of a byte at 10 MB against 10 kB", f"{ratio:.2f}", "<= 1.2", ratio <= 1.2)


def bulk() -> None:
    """Numbers in bulk cost linear time and give no flood."""
    detector = build_detector()
    for name, text in (
        ("2 MB log of ten-digit ids", council_text.log_of_ids(2_000_000)),
        ("2 MB stock list of NINO-like codes", council_text.stock_list(2_000_000)),
    ):
        half = text[: len(text) // 2]
        whole_time = min(cpu_seconds(lambda t=text: detector.detect(Passage(t))) for _ in range(RUNS))  # type: ignore[misc]
        half_time = min(cpu_seconds(lambda t=half: detector.detect(Passage(t))) for _ in range(RUNS))  # type: ignore[misc]
        found = detector.detect(Passage(text)).findings
        reported = sum(finding.confidence >= 0.4 for finding in found)
        line(f"{name}: CPU seconds", f"{whole_time:.2f}", "<= 1.0", whole_time <= 1.0)
        line(
            f"{name}: twice the size costs",
            f"{whole_time / half_time:.2f} x",
            "<= 2.3",
            whole_time <= 2.3 * half_time,
        )
        line(f"{name}: findings, of them reported", f"{len(found)}, {reported}", "")
    table = council_text.extract(20_000)
    spent = cpu_seconds(lambda: detector.detect(Passage(table)))
    line("table of 20,000 people: microseconds per row", f"{spent / 20_000 * 1e6:.0f}", "")


def memory_and_start() -> None:
    """What a worker weighs and how soon the command answers."""
    process = psutil.Process()
    inspector = Inspector.build(InspectionSettings(key=b"\0" * 32))
    inspector.inspect_text(council_text.dense(200_000))
    line(
        "memory with all rules loaded, MB",
        f"{process.memory_info().rss / 1e6:.0f}",
        "<= 250 (Presidio is loaded here too)",
    )
    script = "import psutil, scanner.inspection as i; i.Inspector.build(i.InspectionSettings(key=bytes(32)));"
    script += "print(psutil.Process().memory_info().rss)"
    weight = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    line(
        "memory of a fresh worker with all rules, MB",
        f"{int(weight) / 1e6:.0f}",
        "<= 250",
        int(weight) <= 250e6,
    )
    dlp = Path(sys.executable).with_name("dlp")
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(
            [str(dlp), "detect", "--jsonl"],
            input=b'{"id": 1, "text": "NHS number 943 476 5919"}\n',
            capture_output=True,
            check=True,
        )
        times.append(time.perf_counter() - started)
    line(
        "dlp detect on one short text, seconds from start to end",
        f"{statistics.median(times):.2f}",
        "<= 0.5",
        statistics.median(times) <= 0.5,
    )


PARTS = {
    "presidio": against_presidio,
    "plain": against_plain_scan,
    "flat": flat_cost,
    "bulk": bulk,
    "memory": memory_and_start,
    "language": lambda: language.language_model(line),
    "documents": lambda: documents.cost_per_format(line),
    "sheet": lambda: documents.large_sheet(line),
}


def main() -> int:
    """Run the parts named, all without a name."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    wanted = parser.parse_args().parts or list(PARTS)
    if unknown := [part for part in wanted if part not in PARTS]:
        parser.error(f"no part {unknown[0]!r}; there are: {', '.join(PARTS)}")
    # As the program does once its rules are loaded.
    gc.set_threshold(*COLLECTED_AFTER)
    for part in wanted:
        PARTS[part]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
