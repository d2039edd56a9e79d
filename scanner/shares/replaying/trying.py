"""Trying: the rules of a file or folder in place of those in force, whatever kind of rule data it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from rules.flags import PhrasePack
from rules.loader import PACKS, Identifiers, RuleError, load_identifiers, load_pack, read_yaml
from rules.schema import IdentifierRule
from scanner.judgement.assessment import Severity
from scanner.judgement.policy import Policy
from scanner.store.inventory.changes import Effect, RuleChange, compare_books
from scanner.store.inventory.rule_book import RuleBook, meaning

TOPICS = "topics.yaml"
_IDENTIFIERS = "identifiers"


@dataclass(frozen=True, slots=True)
class Tried:
    """What is to be tried: how it differs from what is in force, which rules warn, how bad topics are."""

    changes: tuple[RuleChange, ...]
    warning: frozenset[str]
    topics: Mapping[str, Severity] | None = None

    def policy(self, policy: Policy, own: Collection[str]) -> Policy:
        """The policy with the severities of the tried topics, but for those that it sets its ``own`` of."""
        if self.topics is None:
            return policy
        tried = {topic: severity for topic, severity in self.topics.items() if topic not in own}
        return replace(policy, topics={**policy.topics, **tried})


def tried(book: RuleBook, path: Path | None, disabled: Collection[str], off: Collection[str] = ()) -> Tried:
    """What becomes of the rules in force with those of ``path``, and without the ``disabled`` ones.

    ``off`` are switched off by the configuration.  Raises ``RuleError``.
    """
    identifiers, vocabularies = book.identifiers, dict(book.vocabularies)
    others: list[RuleChange] = []
    if path is not None:
        files = {name: read_yaml(file) for name, file in _files(path)}
        kinds = {name: _kind(name, content, book) for name, content in files.items()}
        packs = [_at(path, name) for name, kind in kinds.items() if kind == _IDENTIFIERS]
        if packs or not files:
            identifiers = _identifiers(packs, off)
        for name, kind in kinds.items():
            if kind == "vocabulary":
                vocabularies[Path(name).name] = _vocabulary(name, files[name])
            elif kind == "other" and (change := _other(name, files[name])) is not None:
                others.append(change)
        others += _lists(path)
    if unknown := sorted(set(disabled) - {rule.id for rule in identifiers.rules}):
        raise RuleError(f"--disable names {unknown[0]!r}, which is no rule; see: dlp rules list")
    left = tuple(rule for rule in identifiers.rules if rule.id not in disabled)
    after = RuleBook(replace(identifiers, rules=left), vocabularies)
    topics = None
    if vocabularies.get(TOPICS) != book.vocabularies.get(TOPICS):
        topics = {
            rule.category: Severity[rule.severity.upper()]
            for rule in vocabularies[TOPICS].rules
            if rule.severity is not None
        }
    changes = (*compare_books(book, after), *others)
    return Tried(changes, frozenset(rule.id for rule in left if rule.stage == "warn"), topics)


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """The rule files by the names that they have beneath ``path``."""
    if path.is_file():
        yield path.name, path
    elif path.is_dir():
        for file in sorted(path.rglob("*.y*ml")):
            if file.suffix in (".yaml", ".yml"):
                yield str(file.relative_to(path)), file
    else:
        raise RuleError(f"{path}: no such rule pack")


def _at(path: Path, name: str) -> Path:
    return path if path.is_file() else path / name


def _kind(name: str, content: object, book: RuleBook) -> str:
    """What a file holds: identifiers, a vocabulary, or other data that comes with the program."""
    if isinstance(content, dict) and content.get("kind") == _IDENTIFIERS:
        return _IDENTIFIERS
    if Path(name).name in book.vocabularies:
        return "vocabulary"
    if (PACKS / name).is_file():
        return "other"
    raise RuleError(f"{name}: neither a pack of identifiers (kind: identifiers) nor named as a shipped pack")


def _identifiers(packs: list[Path], off: Collection[str]) -> Identifiers:
    """The shipped rules with those of the packs: a pack of a shipped one's name stands in its place."""
    replaced = {path.name for path in packs}
    in_force: dict[str, IdentifierRule] = {}
    counter: list[str] = []
    for path in sorted(PACKS.glob("identifiers*.yaml")):
        if path.name not in replaced:
            pack = load_pack(path)
            in_force.update((rule.id, rule) for rule in pack.rules)
            counter += pack.counter
    own: set[str] = set()
    for path in packs:
        pack = load_pack(path)
        for rule in pack.rules:
            if rule.id in own:
                raise RuleError(f"rule id {rule.id!r} is used twice; give your rule an id of its own")
            own.add(rule.id)
            in_force[rule.id] = rule
        counter += pack.counter
    for name in off:
        in_force.pop(name, None)
    # A rule in a shipped one's place is run as that is.
    own -= {rule.id for rule in load_identifiers().rules}
    return Identifiers(tuple(in_force.values()), tuple(counter), frozenset(own))


def _vocabulary(name: str, content: object) -> PhrasePack:
    try:
        return PhrasePack.model_validate(content)
    except ValidationError as error:
        told = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:3]]
        raise RuleError(f"{name}: {'; '.join(told)}") from error


def _other(name: str, content: object) -> RuleChange | None:
    """Names, addresses, returns, kinds of paper: what one of them finds decides what others find."""
    if meaning(content) == meaning(read_yaml(PACKS / name)):
        return None
    return RuleChange(name, Effect.MORE, "it takes part in what other rules find")


def _lists(path: Path) -> Iterator[RuleChange]:
    """Gazetteers and other lists that differ from the shipped ones."""
    if not path.is_dir():
        return
    for file in sorted(path.rglob("*")):
        name = str(file.relative_to(path))
        shipped = PACKS / name
        if file.suffix in (".txt", ".gz") and shipped.is_file() and file.read_bytes() != shipped.read_bytes():
            yield RuleChange(name, Effect.MORE, "a list of names or words")
