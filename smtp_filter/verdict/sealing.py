"""What of a message nobody can read on its way, and what we could not read: from coverage to four lists.

A closed container of strong encryption is sealed.  Weak and unknown encryption, and every other gap, is a
part that was not inspected.  What was opened all the same was read, and its text was judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.mail import MailPolicy
from scanner.documents.model import Coverage, Gap, Location, ProtectedPart, Protection, Shortfall
from smtp_filter.verdict.model import NotInspected

# Files without a byte have nothing to hide.
_NOTHING_TO_READ = frozenset({Shortfall.EMPTY})
_SCANS = (".pdf", ".tif", ".tiff", ".djvu", ".xps")
# What scanners and fax servers call their pictures.
_SCAN_NAMES = ("scan", "fax")

_WEAK = "encrypted weakly"
_UNKNOWN = "encrypted, method unknown"
_NOT_UNDERSTOOD = "encrypted, not understood"


@dataclass(frozen=True, slots=True)
class Sealing:
    """How the parts of a message stand.

    ``sealed`` are closed and strongly encrypted, ``undone`` were opened though encrypted, ``unread``
    could not be inspected, ``tolerated`` could not either and the policy lets them pass.  ``protection`` are
    the words of policy rules for what was met.
    """

    sealed: tuple[ProtectedPart, ...]
    undone: tuple[ProtectedPart, ...]
    unread: tuple[NotInspected, ...]
    tolerated: tuple[NotInspected, ...]
    protection: frozenset[str]

    @property
    def password_inside(self) -> bool:
        """Whether a part was opened with a password that travels in the same message."""
        return any("message" in part.opened for part in self.undone)


def sealing_of(coverage: Coverage, policy: MailPolicy) -> Sealing:
    """Sort the protected parts and the gaps of a message."""
    closed = [part for part in coverage.protected if not part.opened]
    strong = {Protection.STRONG} | ({Protection.WEAK} if policy.weak_encryption_counts else set())
    sealed = [part for part in closed if part.protection in strong]
    doubtful = [
        part
        for part in closed
        if part.protection in (Protection.WEAK, Protection.UNKNOWN) and part not in sealed
    ]
    unread = [
        NotInspected(
            str(part.location), _WEAK if part.protection is Protection.WEAK else _UNKNOWN, part.method
        )
        for part in doubtful
    ]
    tolerated: list[NotInspected] = []
    for gap in coverage.gaps:
        if gap.reason in _NOTHING_TO_READ:
            continue
        if gap.reason is Shortfall.ENCRYPTED:
            if _about(gap.location, sealed) or _about(gap.location, doubtful):
                continue
            unread.append(NotInspected(str(gap.location), _NOT_UNDERSTOOD, gap.detail))
            continue
        entry = NotInspected(str(gap.location), gap.reason.value, gap.detail)
        (tolerated if _passes(gap, policy) else unread).append(entry)
    words = {
        "strong" if sealed else "",
        "weak" if any(part.protection is Protection.WEAK for part in closed) else "",
        "unknown" if any(part.protection is Protection.UNKNOWN for part in closed) else "",
        "undone" if any(part.opened for part in coverage.protected) else "",
    }
    return Sealing(
        sealed=tuple(sealed),
        undone=tuple(part for part in coverage.protected if part.opened),
        unread=tuple(dict.fromkeys(unread)),
        tolerated=tuple(dict.fromkeys(tolerated)),
        protection=frozenset(words - {""}),
    )


def _about(location: Location, parts: list[ProtectedPart]) -> bool:
    """Whether a place is a protected part, or stands in one, or holds it."""
    here = location.parts
    return any(
        here[: len(part.location.parts)] == part.location.parts or part.location.parts[: len(here)] == here
        for part in parts
    )


def _passes(gap: Gap, policy: MailPolicy) -> bool:
    """Whether the policy lets a picture or a scan pass though nobody read it."""
    if gap.reason is not Shortfall.NEEDS_OCR:
        return False
    names = [_file_name(place) for place in gap.location.parts]
    scan = any(name.endswith(_SCANS) or name.startswith(_SCAN_NAMES) for name in names)
    return (policy.unread_scans if scan else policy.unread_pictures) == "deliver"


def _file_name(place: str) -> str:
    """The file name in a place such as ``attachment "scan.pdf"``, or the place itself, in lower case."""
    _, quote, name = place.partition('"')
    return (name.removesuffix('"') if quote else place).lower()


def part_names(entries: tuple[NotInspected, ...]) -> frozenset[str]:
    """The file names of parts that were not inspected, as far as their places tell."""
    return frozenset(_file_name(entry.place.rpartition(" > ")[2]) for entry in entries)
