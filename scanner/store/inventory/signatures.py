"""What a verdict was made with, aspect by aspect, and which changes of it make a file worth reading again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntFlag

from scanner.documents.model import Shortfall, Status
from scanner.inspection.model import Inspection

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
        if coverage.status is Status.NOT_INSPECTED and reasons & _PASSING:
            traits |= cls.PASSING
        if Shortfall.PARSER_STOPPED in reasons:
            traits |= cls.STOPPED
        return traits


@dataclass(frozen=True, slots=True)
class Signatures:
    """Hashes of everything that a verdict depends on besides the file.

    ``readers`` is the code that reads documents, ``limits`` how much of one is read, ``workers`` what a file
    may cost, ``detection`` the rules, the language model and their settings, ``judgement`` the policy.
    """

    readers: str = ""
    limits: str = ""
    workers: str = ""
    detection: str = ""
    judgement: str = ""

    def outdated(self, before: Signatures) -> Traits:
        """The traits of files whose verdict under ``before`` may be another one now.

        New readers may get more out of any file; new rules find other things in what was read; a new policy
        judges anew what has findings; other limits matter where something was left unread.
        """
        concerned = Traits(0)
        if self.readers != before.readers:
            concerned |= Traits.READ | Traits.GAPS
        if self.detection != before.detection:
            concerned |= Traits.READ
        if self.judgement != before.judgement:
            concerned |= Traits.FINDINGS
        if self.limits != before.limits:
            concerned |= Traits.GAPS
        if self.workers != before.workers:
            concerned |= Traits.STOPPED
        return concerned

    def values(self) -> dict[str, str]:
        """The aspects by name."""
        return {aspect.name: getattr(self, aspect.name) for aspect in fields(self)}


NO_SIGNATURES = Signatures()
