"""Signatures: hashes of everything that verdicts depend on, one for each aspect, from the configuration.

The code and the data of a room count by their content: an update of the program that touches no reader does
not make anybody read a share again.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Collection, Iterable
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.configuration.schema import Configuration
from scanner.store.inventory.signatures import Signatures

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

# What reads documents beside our own code: a new version may get more out of them.
_READING_LIBRARIES = (
    "libarchive-c",
    "msoffcrypto-tool",
    "olefile",
    "pdfminer.six",
    "pikepdf",
    "pillow",
    "pypdfium2",
)
_DETECTING_LIBRARIES = ("presidio-analyzer", "python-stdnum", "spacy")
# Of the rules, what says how bad something is; and what only mail asks.
_JUDGING = ("policies", "policy.py")
_OF_MAIL = ("mail",)
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def signatures(settings: Configuration) -> Signatures:
    """The signatures of this program with these settings; a rule pack that is missing counts as empty."""
    worker = settings.scan.settings().workers
    model = settings.language.model
    return Signatures(
        readers=_hash(_package("scanner.documents"), _versions(_READING_LIBRARIES)),
        limits=_hash([settings.limits.model_dump_json().encode()]),
        workers=_hash([repr((worker.seconds_per_file, worker.confinement)).encode()]),
        detection=_hash(
            *map(_package, ("scanner.text", "scanner.detection", "scanner.inspection")),
            _files(resources.files("rules"), without=(*_JUDGING, *_OF_MAIL)),
            _versions(_DETECTING_LIBRARIES),
            [settings.organisation.model_dump_json().encode(), settings.rules.model_dump_json().encode()],
            [settings.language.model_dump_json().encode(), str(settings.reports.findings_per_file).encode()],
            *(_tree(path) for path in settings.rules.packs),
            _tree(Path(model)) if "/" in model else _versions([model]),
            # Own recognisers are code of the council's.
            *(_module(name) for name in settings.rules.presidio_recognisers),
        ),
        judgement=_hash(
            _package("scanner.judgement"),
            *(_files(resources.files("rules") / name) for name in _JUDGING),
            [settings.judgement.model_dump_json().encode()],
            _tree(settings.judgement.policy) if settings.judgement.policy else [],
        ),
    )


def _hash(*parts: Iterable[bytes]) -> str:
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        for piece in part:
            state.update(len(piece).to_bytes(8, "big") + piece)
    return state.hexdigest().translate(_LETTERS)


def _package(name: str) -> Iterable[bytes]:
    return _files(resources.files(name))


def _tree(path: Path) -> Iterable[bytes]:
    return _files(path) if path.exists() else []


def _files(top: Traversable, without: Collection[str] = ()) -> Iterable[bytes]:
    """The names and contents beneath a folder, in a stable order, but for some at its top."""
    if top.is_file():
        yield top.read_bytes()
        return
    for entry in sorted(top.iterdir(), key=lambda entry: entry.name):
        if entry.name not in ("__pycache__", *without) and not entry.name.endswith(".pyc"):
            yield entry.name.encode("utf-8", "surrogateescape")
            yield from _files(entry)


def _versions(names: Iterable[str]) -> Iterable[bytes]:
    for name in names:
        try:
            yield f"{name} {version(name)}".encode()
        except PackageNotFoundError:
            yield f"{name} none".encode()


def _module(name: str) -> Iterable[bytes]:
    loaded = sys.modules.get(name.partition(":")[0])
    file = getattr(loaded, "__file__", None)
    return _tree(Path(file)) if file else [json.dumps(name).encode()]
