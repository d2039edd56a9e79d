"""The values that come out of a document: segments with locations, coverage, protection."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from scanner.text import Field


@dataclass(frozen=True, slots=True)
class Location:
    """A place that a person can go to, from the outside in: file, member, sheet, cell.

    >>> str(Location(("Budget.xlsx", 'sheet "Kids" (hidden)', "C14")))
    'Budget.xlsx > sheet "Kids" (hidden) > C14'
    """

    parts: tuple[str, ...] = ()

    def __truediv__(self, part: str) -> Location:
        return Location((*self.parts, part))

    def __str__(self) -> str:
        return " > ".join(self.parts)


@dataclass(frozen=True, slots=True)
class Segment:
    """What a person reads as one thing: a paragraph, a table row, a comment, a header field.

    ``hidden`` names why a reader of the document does not see it ("hidden sheet", "tracked
    deletion", "document properties"), empty for visible text.  A table row is one segment: its
    cells are ``fields`` (offsets in ``text``, label = column header) and ``cells`` names each of
    them for a person ("C14", "column NI No"), in the same order.  Rows of one table share ``table``.
    ``hidden_fields`` says for each field why it alone is hidden ("hidden column"); it is empty where
    no field differs from its row.
    """

    text: str
    location: Location
    hidden: str = ""
    fields: tuple[Field, ...] = ()
    cells: tuple[str, ...] = ()
    table: int | None = None
    hidden_fields: tuple[str, ...] = ()


class Shortfall(StrEnum):
    """Why something was not read, or not wholly: the fixed set of reasons of the coverage ledger."""

    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    EMPTY = "empty file"
    UNKNOWN_KIND = "unknown kind"
    UNSUPPORTED_KIND = "kind not supported"
    NEEDS_OCR = "no text layer, needs OCR"
    TOO_LARGE = "too large"
    LIMIT = "limit reached"
    PARSER_STOPPED = "parser stopped"
    NO_PERMISSION = "no permission"
    VANISHED = "vanished while scanning"
    NOT_A_FILE = "not a regular file"
    IO_ERROR = "read error"
    EXCLUDED = "excluded by configuration"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not read: where, why, and one line of detail without personal data."""

    location: Location
    reason: Shortfall
    detail: str = ""


class Protection(StrEnum):
    """How a container keeps its content from being read (see issue 4 and ``mail_filtering``)."""

    NONE = "none"
    STRONG = "encrypted"
    WEAK = "encrypted weakly"
    NAME_ONLY = "protected in name only"  # readable by anyone; it is read
    PARTLY = "encrypted in part"
    UNKNOWN = "encrypted, method unknown"


@dataclass(frozen=True, slots=True)
class ProtectedPart:
    """One protected container: where it stands (empty: the whole file) and how it is protected.

    ``method`` names the scheme in fixed words ("ZIP AES-256", "S/MIME enveloped, AES-256-GCM").  ``opened``
    says how it was opened all the same ("empty password", "default password", "a listed password",
    "a password in the same message"); empty where it stayed closed.  What opened was read like anything else.
    """

    location: Location
    protection: Protection
    method: str = ""
    opened: str = ""


class Status(StrEnum):
    """How far an object was inspected; the words of ``dlp scan --format jsonl``."""

    INSPECTED = "inspected"
    PARTIAL = "partial"
    NOT_INSPECTED = "not_inspected"
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read of a document and what was not.

    ``kind`` is the sniffed kind ("docx", "pdf", "text"), from content and not from the name.
    A limit reached, a damaged member or an encrypted part is a gap; no gap means read wholly.
    ``protection`` sums up the whole, ``protected`` names each protected container in it.
    """

    status: Status
    kind: str
    gaps: tuple[Gap, ...] = field(default=())
    protection: Protection = Protection.NONE
    protected: tuple[ProtectedPart, ...] = ()

    @property
    def reason(self) -> str:
        """The first gap in one line, empty where everything was read."""
        if not self.gaps:
            return ""
        first = self.gaps[0]
        line = f"{first.reason.value}: {first.detail}" if first.detail else first.reason.value
        return line if len(self.gaps) == 1 else f"{line} (and {len(self.gaps) - 1} more)"
