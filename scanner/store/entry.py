"""The ledger's values: an object met on a share, how it ended, and the totals of a run."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from scanner.documents.model import Gap, Protection, Shortfall, Status
from scanner.inspection.model import LocatedFinding
from scanner.judgement.assessment import PeopleCount, Reason, Severity


def displayable(raw: bytes) -> str:
    r"""A path as text that is safe to print, log and put into a page.

    Bytes that are not UTF-8, control characters and invisible or direction-changing characters are written
    as ``\xNN`` or ``\uNNNN``, so that a file name can neither hide itself nor talk to a terminal.

    >>> displayable(b"caf\xe9\n.txt")
    'caf\\xe9\\x0a.txt'
    """
    text = raw.decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _shows(char) else _escaped(char) for char in text)


def _shows(char: str) -> bool:
    return char == " " or unicodedata.category(char)[0] not in "CZ" or char == "\u00a0"


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


NOBODY = PeopleCount(0, 0)


class Audience(IntEnum):
    """Who can read a file, from the fewest to the most; *exposed* means everyone or the public."""

    OWNER = 0
    UNKNOWN = 1  # the system does not say: a mount that shows the same rights for every file
    GROUP = 2
    EVERYONE = 3  # every account of the server or the domain
    PUBLIC = 4  # published: whoever finds the address

    @property
    def exposed(self) -> bool:
        """Whether more people can read it than anybody counted."""
        return self >= Audience.EVERYONE

    @property
    def word(self) -> str:
        """The word used in reports and JSON."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Access:
    """What one object's own rights say of it, before the folders above are asked.

    ``traversal`` tells whether the folders above can close what this opens (POSIX: yes; Windows lets everyone
    pass through).  ``how`` names what decides in a few words ("mode: others may read").
    """

    mode: int
    uid: int
    gid: int
    audience: Audience
    traversal: bool = True
    owner: str = ""
    group: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who can read a file and whose it is, as a report tells it.

    ``asset_owner`` is the information asset owner of the path, from the configuration.
    """

    audience: Audience = Audience.UNKNOWN
    owner: str = ""
    group: str = ""
    how: str = ""
    asset_owner: str = ""


@dataclass(frozen=True, slots=True)
class FileStat:
    """What the system says of an object without opening it; times in nanoseconds, ``used`` in seconds."""

    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One object of a run and how it ended.

    ``path`` is printable (see :func:`displayable`); ``raw_path`` opens the file.  ``size`` is in bytes,
    ``mtime`` in seconds since 1970.  ``gaps`` holds the first of ``gaps_total`` gaps; the first is the
    entry's reason.
    ``findings`` is capped (the most telling first), ``counts`` has the true totals per entity type.
    ``content_hash`` is keyed per installation and empty where the content was not read.  ``used`` is when it
    was last opened as far as the system told when the walk met it, ``read_at`` when its content was last
    inspected (seconds since 1970; 0: never), ``first_seen`` the run that met it first.
    """

    path: str
    raw_path: bytes
    folder: str
    size: int
    mtime: float
    kind: str
    status: Status
    protection: Protection = Protection.NONE
    gaps: tuple[Gap, ...] = ()
    gaps_total: int = 0
    severity: Severity = Severity.NONE
    reasons: tuple[Reason, ...] = ()
    people: PeopleCount = NOBODY
    findings: tuple[LocatedFinding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    content_hash: str = ""
    exposure: Exposure = Exposure()
    used: float = 0.0
    read_at: float = 0.0
    first_seen: str = ""

    @property
    def exposed(self) -> bool:
        """Whether it is sensitive and more people can read it than anybody counted: what comes first."""
        return self.severity >= Severity.MEDIUM and self.exposure.audience.exposed

    @property
    def shortfall(self) -> Shortfall | None:
        """Why it was not read, or not wholly: one of the fixed reasons; ``None`` where all was read."""
        return self.gaps[0].reason if self.gaps else None

    @property
    def detail(self) -> str:
        """The line behind the first shortfall, empty where there is none."""
        return self.gaps[0].detail if self.gaps else ""

    @property
    def reason(self) -> str:
        """The shortfall in one line for people, empty where all was read."""
        if not self.gaps:
            return ""
        first = self.gaps[0]
        line = f"{first.reason.value}: {first.detail}" if first.detail else first.reason.value
        return line if self.gaps_total <= 1 else f"{line} (and {self.gaps_total - 1} more)"


class RunState(StrEnum):
    """Where a run stands; only a finished one has read everything that it owed."""

    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"  # stopped by a person or by the end of its window
    FAILED = "failed"  # a mount or the database was lost
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is known of a run as a whole.

    ``started`` and ``finished`` are seconds since 1970, ``finished`` is ``None`` while it runs or when it was
    killed.  ``directories`` counts readable folders, which are not objects of their own.  ``shows_values``
    says that this run's reports were asked to show real values (the ledger itself never does).  ``full``: it
    was told to read everything again.  ``errors`` are the lines about roots that were lost on the way.
    ``alive`` says that its process is still there.
    """

    run_id: str
    roots: tuple[str, ...]
    started: float
    version: str
    finished: float | None = None
    interrupted: bool = False
    directories: int = 0
    shows_values: bool = False
    full: bool = False
    state: RunState = RunState.RUNNING
    alive: bool = False
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many objects, of how many bytes, with how many people (lower bound, summed over files)."""

    objects: int = 0
    bytes: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True)
class FolderTally:
    """One folder's share of a run: its objects, how many were not wholly read, and files per severity."""

    folder: str
    objects: int
    bytes: int
    unread: int
    by_severity: Mapping[Severity, int]


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a run.  ``enumerated`` is what the walk met; it equals the sum of ``by_status``.

    ``by_severity`` counts files that were read at least in part; a file that was not read has no severity and
    appears under ``by_shortfall`` only.  ``by_type`` maps an entity type to (files, findings).
    ``by_format`` counts objects of each sniffed kind (empty: never opened) by how far they were read.
    ``by_audience`` counts sensitive files only.  ``read_now`` is how many of the objects this run itself
    read; of the others it knew from before that they had not changed.
    """

    enumerated: int
    bytes: int
    by_status: Mapping[Status, Tally]
    by_shortfall: Mapping[Shortfall, Tally]
    by_severity: Mapping[Severity, Tally]
    by_kind: Mapping[str, Tally]
    by_type: Mapping[str, tuple[int, int]]
    by_audience: Mapping[Audience, Tally] = field(default_factory=dict)
    by_format: Mapping[str, Mapping[Status, int]] = field(default_factory=dict)
    read_now: int = 0
