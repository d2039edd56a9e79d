"""What a verdict was made with, aspect by aspect, and which changes of it make a file worth reading again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag

from scanner.documents.model import Shortfall, Status
from scanner.inspection.model import Inspection
from scanner.store.inventory.changes import RuleChange, compare_books
from scanner.store.inventory.rule_book import RuleBookError, read_book

# The system said no: it may say yes the next time.
_PASSING = {Shortfall.NO_PERMISSION, Shortfall.VANISHED, Shortfall.IO_ERROR, Shortfall.INTERRUPTED}


class Traits(IntFlag):
    """What of an inspection decides whether it still holds."""

    READ = 1  # text came out of it
    GAPS = 2  # something was not read
    FINDINGS = 4
    PASSING = 8  # not read for a reason that may pass by itself
    STOPPED = 16  # its reader died or was stopped
    UNSETTLED = 32  # changed so recently that a later change might look the same
    RECORDED = 64  # the judge had something, a rule on trial included; perhaps nothing that is reported

    @classmethod
    def of(cls, inspection: Inspection) -> Traits:
        """The traits of an inspection."""
        coverage = inspection.coverage
        reasons = {gap.reason for gap in coverage.gaps}
        traits = cls(0)
        if coverage.status in (Status.INSPECTED, Status.PARTIAL):
            traits |= cls.READ
        if coverage.gaps:
            traits |= cls.GAPS
        if inspection.counts or inspection.assessment.severity:
            traits |= cls.FINDINGS
        # Without a record (there was too much for one) what was found must do.
        if inspection.record or (inspection.record is None and (traits & cls.FINDINGS or inspection.shadow)):
            traits |= cls.RECORDED
        if coverage.status is Status.NOT_INSPECTED and reasons & _PASSING:
            traits |= cls.PASSING
        if Shortfall.PARSER_STOPPED in reasons:
            traits |= cls.STOPPED
        return traits


@dataclass(frozen=True, slots=True)
class Concern:
    """Whom a change concerns: the traits of files that must be read, and of those that must be judged anew.

    What is judged anew from its evidence may turn out to need a reading, file by file.
    """

    read: Traits
    judge: Traits


@dataclass(frozen=True, slots=True)
class Signatures:
    """Hashes of everything that a verdict depends on besides the file.

    ``readers`` is the code that reads documents, ``limits`` how much of one is read, ``workers`` what a file
    may cost, ``detection`` what finds, but for ``rules``: the identifiers and vocabularies with their stages,
    ``judgement`` the judge and the policy.  ``book`` are the rules themselves, as
    :meth:`~scanner.store.inventory.rule_book.RuleBook.written` writes them, empty where they are not known.
    """

    readers: str = ""
    limits: str = ""
    workers: str = ""
    detection: str = ""
    judgement: str = ""
    rules: str = ""
    book: str = field(default="", compare=False, repr=False)

    def concern(self, before: Signatures) -> Concern:
        """Whom the change from ``before`` concerns.

        New readers may get more out of any file; what finds in another way may find in all that was read;
        other limits matter where something was left unread.  Another judge has what the first one had, in the
        record of each file; so it is with rules that can only find less, or count in another way.
        """
        read = judge = Traits(0)
        if self.readers != before.readers:
            read |= Traits.READ | Traits.GAPS
        if self.detection != before.detection:
            read |= Traits.READ
        if self.limits != before.limits:
            read |= Traits.GAPS
        if self.workers != before.workers:
            read |= Traits.STOPPED
        if self.judgement != before.judgement:
            judge |= Traits.FINDINGS | Traits.RECORDED
        if self.rules != before.rules:
            changes = self.rule_changes(before)
            if changes is None or any(change.needs_text for change in changes):
                read |= Traits.READ
            judge |= Traits.FINDINGS | Traits.RECORDED
        return Concern(read, judge)

    def outdated(self, before: Signatures) -> Traits:
        """The traits of files whose verdict under ``before`` may be another one now."""
        concern = self.concern(before)
        return concern.read | concern.judge

    def rule_changes(self, before: Signatures) -> list[RuleChange] | None:
        """How the rules differ; ``None`` where either are not known."""
        if self.rules == before.rules:
            return []
        try:
            return compare_books(read_book(before.book), read_book(self.book))
        except RuleBookError:
            return None

    def values(self) -> dict[str, str]:
        """The aspects by name."""
        return {name: getattr(self, name) for name in ASPECTS}


ASPECTS = ("readers", "limits", "workers", "detection", "judgement", "rules")

NO_SIGNATURES = Signatures()
