"""Judging the evidence of a run again, by other rules and another policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from sqlalchemy import ColumnElement, Engine, Select, select

from scanner.documents.model import Status
from scanner.judgement.assessment import Assessment, Severity
from scanner.judgement.judge import assess
from scanner.judgement.policy import Policy
from scanner.judgement.record import Judged, RecordError, read_record
from scanner.judgement.without import without
from scanner.store import runs, shielding
from scanner.store.encoding import Evidence
from scanner.store.entry import displayable
from scanner.store.inventory.changes import Effect, RuleChange
from scanner.store.inventory.files import within
from scanner.store.inventory.signatures import Traits
from scanner.store.inventory.tables import evidence, file, folder
from scanner.store.paths import department

_ROWS = 500
# Rules that a reason names; a new version of the program may change hundreds.
_NAMED = 5


class Basis(Enum):
    """On what a replayed verdict rests."""

    UNTOUCHED = "untouched"  # nothing of the change concerns the file
    EXACT = "exact"  # judged again from all that the judge had
    EXPECTED = "expected"  # without what a rule found, or with what it was tried on: a re-read confirms it
    REREAD = "re-read"  # not to be told from the evidence


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be tried: how the rules differ, and the policy (``None``: as it was judged).

    ``warning`` are the rules that only warn by then; with ``judge`` the judge himself is another one.
    """

    rules: tuple[RuleChange, ...] = ()
    policy: Policy | None = None
    warning: frozenset[str] = frozenset()
    judge: bool = False

    @property
    def judges(self) -> bool:
        """Whether everything that was found is judged in another way."""
        return self.judge or self.policy is not None

    def of(self, effect: Effect) -> frozenset[str]:
        """The rules with a change of this effect."""
        return frozenset(change.rule for change in self.rules if change.effect is effect)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one piece of evidence.

    ``old`` and ``new`` are severities as they are reported, ``old_binding`` and ``new_binding`` as they
    decide (without what only warns).  ``why`` says why a re-read is needed.
    """

    basis: Basis
    old: Severity
    new: Severity
    old_binding: Severity
    new_binding: Severity
    why: str = ""

    @property
    def changed(self) -> bool:
        """Whether the verdict is another one."""
        return (self.old, self.old_binding) != (self.new, self.new_binding)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One file and what becomes of it."""

    path: str
    department: str
    outcome: Outcome


@dataclass(slots=True)
class Sums:
    """The sums of a replay, or of one department's files."""

    files: int = 0
    unchanged: int = 0
    reread: int = 0
    confirm: int = 0
    moves: Counter[tuple[Severity, Severity]] = field(default_factory=Counter)
    decided: Counter[tuple[Severity, Severity]] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one file."""
        self.files += 1
        if outcome.basis is Basis.REREAD:
            self.reread += 1
            self.why[outcome.why] += 1
            return
        self.confirm += outcome.basis is Basis.EXPECTED
        if not outcome.changed:
            self.unchanged += 1
        elif outcome.old is not outcome.new:
            self.moves[outcome.old, outcome.new] += 1
        else:
            self.decided[outcome.old_binding, outcome.new_binding] += 1

    @property
    def changed(self) -> int:
        """Files whose verdict is another one."""
        return self.moves.total() + self.decided.total()


@dataclass(frozen=True, slots=True)
class Weight:
    """What stored evidence says under the change; ``assessment`` is ``None`` where it stays what it was."""

    basis: Basis
    assessment: Assessment | None = None
    why: str = ""


def judge_again(
    found: Evidence, severity: Severity, status: Status, traits: Traits, policy: Policy, change: Change
) -> Outcome:
    """What becomes of one piece of evidence; ``policy`` is the one in force now."""
    binding = severity if found.enforced is None else found.enforced
    weight = weigh(found, status, traits, policy, change)
    if weight.assessment is None:
        return Outcome(weight.basis, severity, severity, binding, binding, weight.why)
    assessment = weight.assessment
    return Outcome(weight.basis, severity, assessment.severity, binding, assessment.binding)


def weigh(found: Evidence, status: Status, traits: Traits, policy: Policy, change: Change) -> Weight:
    """What one piece of evidence says under the change, and on what that rests."""
    if status not in (Status.INSPECTED, Status.PARTIAL):
        return Weight(Basis.UNTOUCHED)
    more = change.of(Effect.MORE)
    if more:
        names = sorted(more)
        told = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
        return Weight(Basis.REREAD, why=f"{told} may find something in any text")
    judged = _judged(found)
    if judged is None:
        if not change.judges and not _touching(change):
            return Weight(Basis.UNTOUCHED)
        if not traits & (Traits.FINDINGS | Traits.RECORDED) and not found.shadow:
            return Weight(Basis.UNTOUCHED)
        return Weight(Basis.REREAD, why="nothing was kept of it that could be judged again")
    everything = (*judged.mentions, *judged.shadow)
    rules = {mention.finding.rule for mention in everything}
    fewer = change.of(Effect.FEWER)
    if "*" in fewer and rules:
        why = "its identifiers may stand under labels that speak against them now"
        return Weight(Basis.REREAD, why=why)
    if touched := fewer & {mention.finding.rule for mention in judged.mentions}:
        return Weight(Basis.REREAD, why=f"{', '.join(sorted(touched))} may find less in it")
    dropped = change.of(Effect.REMOVED) | _staged(change, to=("shadow",))
    raised = _staged(change, of=("shadow",), to=("warn", "block"))
    weighed = _staged(change, of=("warn", "block"), to=("warn", "block"))
    basis = Basis.EXACT if change.judges and everything else Basis.UNTOUCHED
    if weighed & rules:
        basis = Basis.EXACT
    if (dropped & {m.finding.rule for m in judged.mentions}) or (
        raised & {m.finding.rule for m in judged.shadow}
    ):
        basis = Basis.EXPECTED
    if basis is Basis.UNTOUCHED:
        return Weight(basis)
    now = _changed(judged, dropped, raised)
    assessment = _assessed(now, change.policy or policy, change.warning)
    if now.shadow:
        # What it would be with what is tried was asked of people joined with that, too.
        assessment = replace(assessment, shadowed=found.shadowed)
    return Weight(basis, assessment)


def _judged(found: Evidence) -> Judged | None:
    if found.record is None:
        return None
    try:
        return read_record(found.record)
    except RecordError:
        return None


def _touching(change: Change) -> bool:
    return any(one.effect is not Effect.NOTHING for one in change.rules)


def _staged(
    change: Change, *, of: Collection[str] = ("shadow", "warn", "block"), to: Collection[str]
) -> frozenset[str]:
    return frozenset(one.rule for one in change.rules if one.stages[0] in of and one.stages[1] in to)


def _changed(judged: Judged, dropped: Collection[str], raised: Collection[str]) -> Judged:
    """The record without what some rules found, and with what others would have."""
    mentions, population = without(judged.mentions, judged.population, dropped)
    risen = tuple(mention for mention in judged.shadow if mention.finding.rule in raised)
    left = tuple(mention for mention in judged.shadow if mention.finding.rule not in raised)
    return Judged((*mentions, *risen), population, left)


def _assessed(judged: Judged, policy: Policy, warning: Collection[str]) -> Assessment:
    assessment = assess(judged.mentions, judged.population, policy)
    if any(mention.finding.rule in warning for mention in judged.mentions):
        mentions, population = without(judged.mentions, judged.population, warning)
        assessment = replace(assessment, enforced=assess(mentions, population, policy).binding)
    return assessment


# --- a run --------------------------------------------------------------------------------------------------


def replay(engine: Engine, number: int, policy: Policy, change: Change) -> Iterator[Replayed]:
    """Every file of a run with what becomes of it, folder by folder."""
    with engine.connect() as connection:
        roots = runs.root_paths(connection, number)
        there = (file.c.since <= number, file.c.until > number, within(roots))
        query = (
            select(
                evidence.c.id, evidence.c.detail, evidence.c.severity, evidence.c.status, evidence.c.traits
            )
            .where(evidence.c.id.in_(_contents(there)))
            .execution_options(yield_per=_ROWS)
        )
        covered = set(
            connection.execute(
                select(evidence.c.id).where(evidence.c.id.in_(_contents(there)), shielding.hidden())
            ).scalars()
        )
        outcomes: dict[int, Outcome] = {}
        alike: dict[Outcome, Outcome] = {}  # there are few different ones
        for row in connection.execute(query):
            outcome = judge_again(
                Evidence(row.detail),
                Severity(row.severity),
                Status(row.status),
                Traits(row.traits),
                policy,
                change,
            )
            outcomes[row.id] = alike.setdefault(outcome, outcome)
        files = (
            select(folder.c.path, file.c.entry, file.c.evidence_id)
            .join(folder, folder.c.id == file.c.folder_id)
            .where(*there, file.c.evidence_id.is_not(None))
            .order_by(folder.c.path, file.c.entry)
            .execution_options(yield_per=_ROWS)
        )
        for path, name, evidence_id in connection.execute(files):
            raw = bytes(path)
            if evidence_id in covered:
                root = shielding.root_of(roots, raw) or raw
                told = shielding.covered_path(root, evidence_id)
                yield Replayed(told, department(roots, root), outcomes[evidence_id])
                continue
            stem = raw if raw.endswith(b"/") else raw + b"/"
            yield Replayed(displayable(stem + bytes(name)), department(roots, raw), outcomes[evidence_id])


def _contents(there: tuple[ColumnElement[bool], ...]) -> Select[tuple[int | None]]:
    return select(file.c.evidence_id).join(folder, folder.c.id == file.c.folder_id).where(*there)
