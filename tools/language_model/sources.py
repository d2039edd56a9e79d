"""Where the examples come from: public sets (not in this repository) and this project's own corpus.

Formats and licences of the public sets are in their ``SOURCES.md``; a missing one is skipped, said aloud.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.language_model.example import Example, Writer

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
# Beside the checkout, or wherever --data says.
PUBLIC = HERE.parents[2] / "shared" / "data" / "ner"

# Never trained on.  GUM is cut by document order, so that its genres are on both sides.
HELD_OUT_SETS = ("gold_clean/wikigold", "dev/wnut17_test", "dev/btc_f")
TRAINING_SETS = (
    "gold_clean/btc",
    "gold_clean/wnut17",
    "gold_clean/litbank",
    "gold_clean/gum_clean",
    "gold_clean/legal_in",
    "gold_clean/re3d_clean",
    "gold_wikipedia_text/crossner",
    "gold_wikipedia_text/redocred",
)
_GUM_HELD_OUT = 4  # every fourth run of twenty documents
# American letters and notes with few skeletons: so many of each are enough.
_MOST_OF_A_SKELETON = 12

_HEADER = re.compile(
    r"^%%% *([^|\n]+?) *(?:\| *kind: *([^|\n]*?) *)?(?:\| *communities: *([^|\n]*?) *)?$", re.M
)
_MARK = re.compile(r"\[\[(PERSON|ADDRESS|ORG|LOC):([^\[\]]*)\]\]")
_NUMBER = re.compile(r"_(\d+)$")


def public(name: str, folder: Path = PUBLIC) -> list[Example]:
    """The documents of one public set; none, with a message, where its file is missing."""
    file = folder / f"{name}.jsonl.gz"
    if not file.exists():
        print(f"skipped: {file} is missing (see SOURCES.md of the data)", file=sys.stderr)
        return []
    title = name.rpartition("/")[2]
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [_from_json(line, title) for line in lines]


def _from_json(line: str, title: str) -> Example:
    record = json.loads(line)
    spans = tuple(sorted((start, end, kind) for start, end, kind in record["ents"]))
    return Example(record["text"], spans, title)


def training_sets(folder: Path = PUBLIC) -> dict[str, list[Example]]:
    """The public sets to train on, without what is held out."""
    sets = {name.rpartition("/")[2]: public(name, folder) for name in TRAINING_SETS}
    sets["gum_clean"] = [one for i, one in enumerate(sets["gum_clean"]) if not _gum_held_out(i)]
    return sets


def held_out_sets(folder: Path = PUBLIC) -> dict[str, list[Example]]:
    """The public sets that are never trained on."""
    sets = {name.rpartition("/")[2]: public(name, folder) for name in HELD_OUT_SETS}
    gum = public("gold_clean/gum_clean", folder)
    sets["gum (part)"] = [one for i, one in enumerate(gum) if _gum_held_out(i)]
    return sets


def _gum_held_out(index: int) -> bool:
    return index // 20 % _GUM_HELD_OUT == 0


def american_records(folder: Path = PUBLIC) -> list[Example]:
    """Synthetic American letters and clinical notes, so many of each skeleton; names are replaced later."""
    seen: Counter[str] = Counter()
    kept = []
    for one in public("synthetic/pii_anon_en_clinical_legal", folder):
        skeleton = " ".join(re.findall(r"[A-Za-z]+", one.text)[:3])
        seen[skeleton] += 1
        if seen[skeleton] <= _MOST_OF_A_SKELETON:
            kept.append(one)
    return kept


def read_marked(text: str, source: str) -> Iterator[Example]:
    """The documents of one corpus file; ValueError where markup is left unread."""
    headers = list(_HEADER.finditer(text))
    for header, following in zip(headers, [*headers[1:], None], strict=True):
        body = text[header.end() : following.start() if following else len(text)].strip("\n")
        writer, at = Writer(), 0
        for mark in _MARK.finditer(body):
            writer.plain(body[at : mark.start()]).span(mark.group(2), mark.group(1))
            at = mark.end()
        example = writer.plain(body[at:]).example(
            source,
            {"id": header.group(1), "kind": header.group(2) or "", "communities": header.group(3) or ""},
        )
        if "[[" in example.text and re.search(r"\[\[[A-Z]+:", example.text):
            raise ValueError(f"{source}, {header.group(1)}: markup that is not closed")
        yield example


def corpus_files(*, held_out: bool, folder: Path = CORPUS) -> list[Path]:
    """The files of the project's own corpus: every third is held out, whole."""
    return [file for file in sorted(folder.glob("*.txt")) if is_held_out(file) is held_out]


def is_held_out(file: Path) -> bool:
    """Whether a corpus file is for evaluation only."""
    number = _NUMBER.search(file.stem)
    return number is not None and int(number.group(1)) % 3 == 0


def council_texts(*, held_out: bool, folder: Path = CORPUS) -> list[Example]:
    """The documents written for this project: those to train on, or those held out."""
    return [
        example
        for file in corpus_files(held_out=held_out, folder=folder)
        for example in read_marked(file.read_text("utf-8"), file.stem)
    ]
