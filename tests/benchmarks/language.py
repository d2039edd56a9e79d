"""The language model: what loading it costs, how fast it reads, and how much of a share it is shown."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from scanner.detection.language.pipeline import BUILTIN, load_pipeline
from scanner.documents import Segment, Source, read_document
from tests.benchmarks import council_text
from tools.language_model.systems import shown_characters

Line = Callable[..., None]
_CHARACTERS = 120_000
_DEMO = Path(__file__).parents[2] / "tools" / "demo_share.py"
_LOAD = """
import time, psutil
from scanner.detection.recognisers.names.lexicon import Lexicon
from scanner.detection.language.pipeline import BUILTIN, load_pipeline
lexicon = Lexicon()
lexicon.word("Smith")
process, begun = psutil.Process(), time.process_time()
before = process.memory_info().rss
load_pipeline(BUILTIN, lexicon)("Dear Mrs Smith, thank you.")
print(time.process_time() - begun, process.memory_info().rss - before)
"""


def language_model(line: Line) -> None:
    """All rows of the model."""
    loaded = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True).stdout
    seconds, weight = loaded.split()
    line(
        "language model: CPU seconds to load, spaCy with it",
        f"{float(seconds):.2f}",
        "when first needed",
    )
    line("language model: memory it adds to a worker, MB", f"{int(weight) / 1e6:.0f}", "")
    text = council_text.dense(_CHARACTERS)
    pieces = [text[at : at + 2_000] for at in range(0, len(text), 2_000)]
    ours, usual = _words_a_second(load_pipeline(BUILTIN), pieces), _words_a_second(_usual(), pieces)
    line("language model: words per CPU second", f"{ours:,.0f}", "")
    line("  against spaCy's usual small entity recogniser", f"{ours / usual:.1f} x", "")
    with tempfile.TemporaryDirectory() as folder:
        share = Path(folder) / "share"
        subprocess.run(
            [sys.executable, str(_DEMO), str(share), "--seed", "7"], capture_output=True, check=True
        )
        texts = list(_texts(share))
    shown, whole = shown_characters(BUILTIN, texts), sum(map(len, texts))
    line("language model: part of the demo share's text it is shown", f"{shown / whole:.0%}", "")
    clean = [council_text.clean(20_000, seed) for seed in range(5)]
    line(
        "language model: part of text about nobody it is shown",
        f"{shown_characters(BUILTIN, clean) / 100_000:.0%}",
        "",
    )


def _words_a_second(pipeline: object, texts: list[str]) -> float:
    spent = []
    for _ in range(3):
        begun = time.process_time()
        for _ in pipeline.pipe(texts):  # type: ignore[attr-defined]
            pass
        spent.append(time.process_time() - begun)
    return sum(len(text.split()) for text in texts) / min(spent)


def _usual() -> object:
    """spaCy's own small entity recogniser with initial weights: a word costs what it costs trained."""
    import spacy

    nlp = spacy.blank("en")
    recogniser = nlp.add_pipe("ner")
    for label in ("PERSON", "ORG", "GPE", "DATE"):
        recogniser.add_label(label)  # type: ignore[attr-defined]
    nlp.initialize()
    return nlp


def _texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                items = read_document(Source.from_descriptor(file.fileno(), path.name))
                yield "\n".join(item.text for item in items if isinstance(item, Segment))
