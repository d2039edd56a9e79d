"""Signatures: hashes of everything that verdicts depend on, one for each aspect, from the configuration.

The code and the data of a room count by their content: an update of the program that touches no reader does
not make anybody read a share again.  Rules, vocabularies and policies count by what they say, not by how they
are written down: comments, titles, sources and examples make no verdict.
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

import yaml

from rules.flags import PhrasePack, load_pack
from rules.loader import RuleError, parse_yaml
from rules.policy import PolicyFile, load_policy, topic_severities
from scanner.configuration.problems import ConfigurationError
from scanner.configuration.schema import Configuration, JudgementSection
from scanner.detection.building import identifiers_of
from scanner.store.inventory.rule_book import RuleBook, meaning
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
# Vocabularies whose rules are compared one by one; each finding of theirs names its rule.
VOCABULARIES = ("child_flags.yaml", "special_category.yaml", "topics.yaml")
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def signatures(settings: Configuration) -> Signatures:
    """The signatures of this program with these settings; a rule pack that is missing counts as empty."""
    worker = settings.scan.settings().workers
    model = settings.language.model
    book = rule_book(settings)
    chosen = settings.rules.model_dump_json(include={"allow", "presidio_recognisers"})
    rules = resources.files("rules")
    return Signatures(
        readers=_hash(_package("scanner.documents"), _versions(_READING_LIBRARIES)),
        limits=_hash([settings.limits.model_dump_json().encode()]),
        workers=_hash([repr((worker.seconds_per_file, worker.confinement)).encode()]),
        detection=_hash(
            *map(_package, ("scanner.text", "scanner.detection", "scanner.inspection")),
            _files(rules, without=(*_JUDGING, *_OF_MAIL, "packs")),
            _rule_data(rules / "packs"),
            _versions(_DETECTING_LIBRARIES),
            [settings.organisation.model_dump_json().encode(), chosen.encode()],
            [settings.language.model_dump_json().encode(), str(settings.reports.findings_per_file).encode()],
            _tree(Path(model)) if "/" in model else _versions([model]),
            # Own recognisers are code of the council's.
            *(_module(name) for name in settings.rules.presidio_recognisers),
        ),
        judgement=_hash(_package("scanner.judgement"), _files(rules / "policy.py"), _policy(settings)),
        # A pack that cannot be used ends the scan before anything is read.
        rules=book.key() if book else _hash(*(_tree(path) for path in settings.rules.packs)),
        book=book.written() if book else "",
    )


def rule_book(settings: Configuration) -> RuleBook | None:
    """The rules in force with these settings; ``None`` where a pack cannot be used."""
    try:
        identifiers = identifiers_of(settings.detection())
    except (RuleError, ConfigurationError):
        return None
    return RuleBook(identifiers, {name: load_pack(PhrasePack, name) for name in VOCABULARIES})


def own_topics(section: JudgementSection) -> Collection[str]:
    """The topics that the policy sets a severity of, beside those that the vocabulary sets."""
    return _written(section).topics.keys()


def _written(section: JudgementSection) -> PolicyFile:
    return load_policy(section.policy.name, section.policy.parent) if section.policy else load_policy()


def _policy(settings: Configuration) -> Iterable[bytes]:
    """What the policy says; a file that cannot be used counts by its bytes."""
    section = settings.judgement
    try:
        written = _written(section)
    except (OSError, ValueError, yaml.YAMLError):
        yield from _tree(section.policy) if section.policy else []
        return
    yield written.model_dump_json(exclude={"name"}).encode()
    yield json.dumps(topic_severities(), sort_keys=True).encode()
    yield section.model_dump_json(exclude={"policy"}).encode()


def _rule_data(top: Traversable) -> Iterable[bytes]:
    """What the packs say that are not in the book of rules."""
    for entry in sorted(top.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield entry.name.encode()
            yield from _rule_data(entry)
        elif entry.name.endswith(".yaml"):
            if entry.name not in VOCABULARIES and not entry.name.startswith("identifiers"):
                said = meaning(parse_yaml(entry.read_text(encoding="utf-8")))
                yield entry.name.encode() + b"\0" + json.dumps(said, default=str).encode()
        elif not entry.name.startswith("."):
            yield entry.name.encode()
            yield entry.read_bytes()


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
