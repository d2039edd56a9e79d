"""What the quarantine is told: places, times, who is told what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine.working_time import WorkingTime

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """Who writes to senders, in which words.

    ``languages`` are those of each notice, in order.  ``templates`` is a folder whose files replace ours one
    by one.  ``domains`` are the council's own: nobody else is ever written to.  ``page`` is the address of a
    held message's page, with ``{reference}`` in it; without one the notice names no page.
    """

    council: str = "The council"
    mailbox: str = ""
    phone: str = ""
    page: str = ""
    secure_tag: str = "[SECURE]"
    languages: tuple[str, ...] = ("en",)
    templates: Path | None = None
    domains: frozenset[str] = frozenset()
    triage: tuple[str, ...] = ()
    duty: tuple[str, ...] = ()
    dpo: tuple[str, ...] = ()
    alert_from: Severity = Severity.HIGH
    digest_hours: tuple[int, ...] = (8, 13)
    # So many looks behind the mask by one person within an hour tell the duty role; 0: never.  An officer
    # with forty messages before lunch looks at a few values of some of them.
    disclosures_per_hour: int = 30
    # More holds of one sender than this in so many seconds make one summary (mail_filtering section 8).
    rate: int = 20
    rate_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class QuarantineSettings:
    """Where bodies lie, how long what is kept, when what is due.

    ``in_database`` is the size in bytes up to which a body goes into the database; ``None``: every body.
    ``reserve`` is the disk space in bytes that a hold never touches.
    """

    bodies: Path
    in_database: int | None = 256 * 1024
    reserve: int = 500_000_000
    working: WorkingTime = field(default_factory=WorkingTime)
    due_hours: Mapping[Severity, float] = field(
        default_factory=lambda: {Severity.CRITICAL: 1, Severity.HIGH: 4, Severity.MEDIUM: 8}
    )
    other_due_hours: float = 16
    warn_triage_days: int = 5
    warn_sender_days: int = 8
    expiry_days: int = 10
    body_kept: float = 30 * _DAY
    metadata_kept: float = 730 * _DAY
    claim_seconds: float = 900.0
    second_person_from: Severity = Severity.CRITICAL
    journal_kept: float = 6 * 3600.0
    orphan_age: float = _DAY
    notices: NoticeSettings = NoticeSettings()
