"""Which files of a run a remedy is for: ``severity>=high,exposed,under=/srv/shares/housing``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from scanner.judgement.assessment import Severity
from scanner.shares.globs import Globs
from scanner.store.entry import Audience, LedgerEntry

_TERM = re.compile(r"(?P<key>[a-z]+)\s*(?:(?P<sign>>=|=)\s*(?P<value>.+))?")

Test = Callable[[LedgerEntry], bool]
L = TypeVar("L", Severity, Audience)


class ChoiceError(Exception):
    """A choice that cannot be understood; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Choice:
    """All of its terms must hold."""

    tests: tuple[Test, ...]

    def fits(self, entry: LedgerEntry) -> bool:
        """Whether the remedy is for this file."""
        return all(test(entry) for test in self.tests)


def parse_choice(written: str) -> Choice:
    """The choice of some terms with commas between; raises :class:`ChoiceError`.

    ``severity>=high`` or ``severity=high``; ``exposed`` (sensitive, and everyone or the public can read it);
    ``audience>=group``; ``people>=10``; ``type=UK_NINO``; ``under=/folder``; ``name=*.xlsx``.
    """
    tests = tuple(_test(term.strip()) for term in written.split(",") if term.strip())
    if not tests:
        raise ChoiceError("say which files, such as --where severity>=high,exposed")
    return Choice(tests)


def _test(term: str) -> Test:
    found = _TERM.fullmatch(term)
    if found is None:
        raise ChoiceError(f"{term!r} is no term; write severity>=high, exposed, people>=10, under=/folder")
    key, sign, value = found["key"], found["sign"] or "", found["value"] or ""
    if key == "exposed" and not sign:
        return lambda entry: entry.exposed
    if key == "severity" and sign:
        severity = _level(value, Severity, key)
        return (lambda e: e.severity >= severity) if sign == ">=" else (lambda e: e.severity == severity)
    if key == "audience" and sign:
        audience = _level(value, Audience, key)
        return (
            (lambda e: e.exposure.audience >= audience)
            if sign == ">="
            else (lambda e: e.exposure.audience == audience)
        )
    if key == "people" and sign == ">=" and value.isdecimal():
        count = int(value)
        return lambda entry: entry.people.low >= count
    if key == "type" and sign == "=":
        return lambda entry: value in entry.counts
    if key == "under" and sign == "=":
        stem = value.rstrip("/").encode("utf-8", "surrogateescape") + b"/"
        return lambda entry: entry.raw_path.startswith(stem)
    if key == "name" and sign == "=" and "/" not in value:
        globs = Globs((value,))
        return lambda entry: globs.match(entry.raw_path, b"/")
    raise ChoiceError(f"{term!r} is no term; write severity>=high, exposed, people>=10, under=/folder")


def _level(word: str, levels: type[L], key: str) -> L:
    words = {level.name.lower(): level for level in levels}
    if word not in words:
        raise ChoiceError(f"{word!r} is no {key}; choose from {', '.join(words)}")
    return words[word]
