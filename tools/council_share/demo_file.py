"""A file of the demo share together with what a person would say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file: where it goes, its bytes, and what a scan ought to say of it.

    ``severity`` is what a careful data-protection officer would say of everything that stands in the
    file; ``also`` are verdicts that the same officer would not quarrel with.  ``status`` is how far it
    can be read without a password and without reading pictures, ``also_statuses`` what else is honest: who
    salvages something of a damaged file has read it in part.  ``planted`` has the values per type as they
    are written.
    """

    path: str
    content: bytes
    severity: str
    why: str
    planted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    status: str = "inspected"
    also_statuses: tuple[str, ...] = ()


class Planted:
    """Notes each value as it is written into a text: ``f"NI number {plant('UK_NINO', nino)}"``."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, None]] = {}

    def __call__(self, entity_type: str, value: str) -> str:
        """Note ``value`` and hand it back unchanged."""
        self._values.setdefault(entity_type, {})[value] = None
        return value

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """What was noted so far, per type, each value once, in the order of writing."""
        return {entity_type: tuple(values) for entity_type, values in sorted(self._values.items())}
