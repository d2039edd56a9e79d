"""Loads mail policies, the secure list and the lists of domains; errors name file and reason in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from rules.contacts import load_mailboxes
from rules.loader import RuleError, read_yaml
from rules.mail.schema import DomainsFile, MailPolicy, RetiredDomain, RouteLine, RoutesFile

FOLDER = Path(__file__).parent
DEFAULT_POLICY = FOLDER / "policy.yaml"

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Domains:
    """What is known about domains as such.

    ``registries`` hand out names to others, so nobody owns them as a whole, ``council_registries`` to
    councils; names beneath ``public_bodies`` cannot be had by everybody; ``shared`` and ``freemail`` are mail
    services of many; ``imitated`` are names that are often mistyped, ``one_ending`` those of them that exist
    under one ending only; ``is_role`` tells a team's local part from a person's.
    """

    registries: frozenset[str]
    council_registries: frozenset[str]
    public_bodies: frozenset[str]
    open_endings: frozenset[str]
    shared: frozenset[str]
    freemail: frozenset[str]
    imitated: frozenset[str]
    one_ending: frozenset[str]
    councils: frozenset[str]
    retired: tuple[RetiredDomain, ...]
    group_words: tuple[str, ...]
    is_role: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class MailRules:
    """All rules of mail in force: the policy, the secure list with the policy's own lines, the domains."""

    policy: MailPolicy
    routes: Mapping[str, RouteLine] = field(repr=False)
    domains: Domains = field(repr=False)


def load_mail_rules(policy: Path | None = None) -> MailRules:
    """The rules with the policy in a file, or the shipped one; raises ``RuleError``."""
    written = _read(policy or DEFAULT_POLICY, MailPolicy)
    # What a council says of a domain takes the place of what is shipped.
    return MailRules(written, _by_domain((*_shipped_routes(), *written.routes)), load_domains())


def _by_domain(lines: Iterable[RouteLine]) -> dict[str, RouteLine]:
    return {line.domain: line for line in lines}


@cache
def _shipped_routes() -> tuple[RouteLine, ...]:
    return _read(FOLDER / "routes.yaml", RoutesFile).routes


@cache
def load_domains() -> Domains:
    """The shipped lists of domains, with the mail providers that detection knows."""
    written = _read(FOLDER / "domains.yaml", DomainsFile)
    mailboxes = load_mailboxes()
    return Domains(
        registries=written.registries,
        council_registries=written.council_registries,
        public_bodies=written.public_bodies,
        open_endings=written.open_endings,
        shared=written.shared,
        freemail=written.freemail | mailboxes.consumer_domains,
        imitated=written.imitated,
        one_ending=written.one_ending,
        councils=written.councils,
        retired=written.retired,
        group_words=written.group_words,
        is_role=mailboxes.is_role,
    )


def _read(path: Path, model: type[_Model]) -> _Model:
    content = read_yaml(path)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        told = [
            f"{'.'.join(str(part) for part in one['loc']) or 'file'}: {one['msg']}"
            for one in error.errors()[:3]
        ]
        raise RuleError(f"{path}: {'; '.join(told)}") from error
