"""What a watch can be told: the room's own settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.judgement.assessment import Severity
from scanner.shares.settings import ScanSettings


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How a watch looks and when it speaks; times in seconds."""

    scan: ScanSettings = field(default_factory=ScanSettings)
    """What is left out, who may read what, and the workers; its windows do not bind a watch."""

    settle: float = 2.0
    """A file that did not change for so long, and that nobody has open for writing, is read."""

    longest_unsettled: float = 60.0
    """A file that never settles is read all the same after this time (and after ever longer times)."""

    poll: float = 30.0
    """Pause between two sweeps of what tells no changes: network mounts, servers, folders without a watch."""

    also_poll: float = 3_600.0
    """Pause between two sweeps of what does; 0 means none."""

    poll_all: bool = False
    """Sweep everything, whatever it could tell."""

    exposure: float = 240.0
    """Pause between two looks at the rights of known sensitive files: an alert is due within five minutes."""

    at_least: Severity = Severity.HIGH
    """From which severity on a file is worth an alert."""

    channels: tuple[str, ...] = ()
    """Where alerts go: the channels that are configured."""

    names_held: int = 50_000
    """Changed names that are remembered one by one; beyond that their folders are swept."""
