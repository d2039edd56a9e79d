"""The model card's hashes: which weights, which recipe, which corpus."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).parent
_ROOT = HERE.parents[1]
PROVENANCE = "provenance.json"
# What decides the weights: the recipe and the corpus of this repository, and the network itself.
_RECIPE = (
    "tools/language_model/augmentation.py",
    "tools/language_model/example.py",
    "tools/language_model/generation.py",
    "tools/language_model/people.py",
    "tools/language_model/preparation.py",
    "tools/language_model/sources.py",
    "tools/language_model/train.py",
    "tools/language_model/vocabulary.py",
    "tools/language_model/templates/training.txt",
    "tools/language_model/templates/vocabulary.yaml",
    "scanner/detection/language/chain.py",
    "scanner/detection/language/tagger.py",
)


def recipe_files() -> list[Path]:
    """The files that decide the weights, in a fixed order."""
    from tools.language_model.sources import corpus_files

    return [*(_ROOT / name for name in _RECIPE), *corpus_files(held_out=False)]


def model_files(folder: Path) -> list[Path]:
    """The files of a written pipeline that are loaded."""
    return sorted(
        f for f in folder.rglob("*") if f.suffix in (".npy", ".json", ".cfg") and f.name != PROVENANCE
    )


def digest(files: Iterable[Path]) -> str:
    """One SHA-256 over the names and contents of files."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def write_provenance(folder: Path, recipe: Mapping[str, object], recipe_hash: str) -> None:
    """Writes beside the weights what they were made from."""
    facts = {
        "recipe": dict(recipe),
        "recipe_sha256": recipe_hash,
        "model_sha256": digest(model_files(folder)),
    }
    (folder / PROVENANCE).write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
