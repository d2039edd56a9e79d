"""Weighing: a scan under changed rules judges anew, from evidence, what no reading could tell better.

Where the evidence does not say it all (a rule that found something is gone, narrower, or newly in force) the
file is read; so is what kept no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from scanner.documents.model import Status
from scanner.judgement.policy import Policy
from scanner.shares.deciding import Weighed
from scanner.shares.replaying.replay import Basis, Change, weigh
from scanner.store.encoding import Evidence
from scanner.store.inventory import EvidenceRow
from scanner.store.inventory.evidence import whole
from scanner.store.inventory.signatures import Signatures, Traits


@dataclass(frozen=True, slots=True)
class Judging:
    """What a run judges by: its policy, and the rules that only warn."""

    policy: Policy
    warning: frozenset[str] = frozenset()


@dataclass(slots=True)
class Verdicts:
    """What was judged anew, file by file, under which evidence; and what must be read after all."""

    keys: dict[int, str] = field(default_factory=dict)
    rows: dict[str, EvidenceRow] = field(default_factory=dict)
    to_read: list[Weighed] = field(default_factory=list)


class Weighing:
    """Judges anew for one run, whose signatures are number ``now`` of all that verdicts were made with."""

    def __init__(self, judging: Judging, signatures: Mapping[int, Signatures], now: int) -> None:
        self._judging = judging
        self._signatures = signatures
        self._now = now
        self._changes: dict[int, Change] = {}

    def weigh(self, connection: Connection, files: Iterable[Weighed]) -> Verdicts:
        """Weigh these files; copies of one content are weighed once."""
        files = list(files)
        stored = whole(connection, sorted({item.evidence_id for item in files}))
        verdicts = Verdicts()
        known: dict[tuple[int, int], EvidenceRow | None] = {}
        for item in files:
            about = (item.evidence_id, item.signature_id)
            if about not in known:
                row = stored.get(item.evidence_id)
                known[about] = None if row is None else self._judged(row, item.signature_id)
            judged = known[about]
            if judged is None:
                verdicts.to_read.append(item)
            else:
                verdicts.keys[item.file_id] = judged.key
                verdicts.rows[judged.key] = judged
        return verdicts

    def _judged(self, row: Row[Any], signature_id: int) -> EvidenceRow | None:
        """The evidence under the present rules; ``None`` where the file must be read."""
        change = self._change(signature_id)
        found = Evidence(row.detail)
        weight = weigh(found, Status(row.status), Traits(row.traits), self._judging.policy, change)
        if weight.basis not in (Basis.UNTOUCHED, Basis.EXACT):
            return None
        if found.shadow and change.judges:
            return None  # what it would be with what is tried is not in the record
        return EvidenceRow.judged_anew(row, weight.assessment, self._now)

    def _change(self, signature_id: int) -> Change:
        if signature_id not in self._changes:
            now, before = self._signatures[self._now], self._signatures[signature_id]
            judge = now.judgement != before.judgement
            rules = now.rule_changes(before) or ()
            self._changes[signature_id] = Change(tuple(rules), None, self._judging.warning, judge)
        return self._changes[signature_id]


__all__ = ["Judging", "Verdicts", "Weighed", "Weighing"]
