"""The certificate before disposal: what of a drive was found and read, what was not, what nobody looked at.

It says what was done, not that a drive is clean: a certificate that is silent about a gap is worse than none.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from scanner.documents.model import Shortfall, Status
from scanner.judgement.assessment import Severity
from scanner.store.entry import LedgerEntry
from scanner.store.ledger import Ledger

_BLOCK = 1 << 20
# What images call the folder of the space that no file has (scanner.shares.sources.image_reading).
UNALLOCATED = "unallocated space"
# What file systems keep for themselves, as The Sleuth Kit names it.
_STRUCTURES = frozenset(
    ["$MBR", "$FAT1", "$FAT2", "$MFT", "$MFTMirr", "$LogFile", "$Bitmap", "$Boot", "$Secure", "$UpCase"]
)
# An area that cannot be read is gone through in pieces of this size, which is that of a sector.
_SECTOR = 4_096
_LISTED = 500
_AREAS_LISTED = 1_000

# Nothing was left out by these: no text in it, or left out by a decision that the certificate names.
_NEVER_TEXT = frozenset({Shortfall.EMPTY, Shortfall.NOT_A_FILE})


@dataclass(frozen=True, slots=True)
class Medium:
    """A device or image as a whole: its size, its hash, and the areas that could not be read (from, bytes).

    The hash is over what was read, with zeros for what was not.
    """

    path: str
    size: int
    sha256: str
    unreadable: tuple[tuple[int, int], ...] = ()
    unreadable_bytes: int = 0


def read_medium(path: Path) -> Medium:
    """Read a device or image from one end to the other; raises ``OSError`` where it cannot be opened."""
    digest = hashlib.sha256()
    areas: list[tuple[int, int]] = []
    lost = 0
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        offset = 0
        while offset < size:
            wanted = min(_BLOCK, size - offset)
            piece = _read(descriptor, wanted, offset)
            if piece is None:
                piece, bad = _by_sectors(descriptor, wanted, offset)
                lost += sum(length for _, length in bad)
                for start, length in bad:
                    if areas and sum(areas[-1]) == start:
                        areas[-1] = (areas[-1][0], areas[-1][1] + length)
                    elif len(areas) < _AREAS_LISTED:
                        areas.append((start, length))
            digest.update(piece)
            offset += len(piece)
    finally:
        os.close(descriptor)
    return Medium(str(path), size, digest.hexdigest(), tuple(areas), lost)


def _read(descriptor: int, wanted: int, offset: int) -> bytes | None:
    """So many bytes, ``None`` where the medium fails."""
    try:
        piece = os.pread(descriptor, wanted, offset)
    except OSError as error:
        if error.errno not in (errno.EIO, errno.ENODATA, errno.EILSEQ):
            raise
        return None
    return piece or None


def _by_sectors(descriptor: int, wanted: int, offset: int) -> tuple[bytes, list[tuple[int, int]]]:
    pieces: list[bytes] = []
    bad: list[tuple[int, int]] = []
    for at in range(offset, offset + wanted, _SECTOR):
        length = min(_SECTOR, offset + wanted - at)
        piece = _read(descriptor, length, at)
        if piece is None or len(piece) < length:
            bad.append((at, length))
            piece = bytes(length)
        pieces.append(piece)
    return b"".join(pieces), bad


@dataclass(frozen=True, slots=True)
class Certificate:
    """All that is said; plain values, for JSON as they are.

    ``text_only`` counts what is no document: unallocated space and the file systems' own structures, of which
    readable text is all that can be read.
    """

    reference: str
    roots: tuple[str, ...]
    started: float
    finished: float | None
    version: str
    rules: str
    state: str
    errors: tuple[str, ...]
    objects: int
    bytes: int
    read: int
    in_part: int
    not_read: int
    without_text: int
    text_only: int
    by_severity: dict[str, int]
    people: int
    findings: dict[str, int]
    shortfalls: dict[str, int]
    found: tuple[dict[str, Any], ...]
    unread: tuple[dict[str, str], ...]
    medium: Medium | None
    not_looked_at: tuple[str, ...]
    operator: str = ""
    made: float = field(default_factory=time.time)

    @property
    def sensitive(self) -> int:
        """Files of medium severity or worse."""
        return sum(self.by_severity.get(level.word, 0) for level in Severity if level >= Severity.MEDIUM)

    @property
    def complete(self) -> bool:
        """Whether all that could hold text was read."""
        return (
            self.state == "finished"
            and not self.errors
            and not self.in_part
            and not self.not_read
            and not (self.medium and self.medium.unreadable_bytes)
        )

    @property
    def verdict(self) -> str:
        """The one sentence on top."""
        if self.sensitive:
            files = f"{self.sensitive:,} {'file' if self.sensitive == 1 else 'files'}"
            return f"People's data was found in {files}. Do not dispose of this before it is erased."
        if any(self.by_severity.get(level.word) for level in Severity if level is not Severity.NONE):
            return "Some personal data was found, none of it severe. Erase this before it is disposed of."
        if self.complete:
            return "No personal data was found in what was read, and everything that was looked at was read."
        return "No personal data was found, but not everything could be read. This is no clearance."


def certificate(
    ledger: Ledger, rules: str, *, medium: Medium | None = None, image: bool = False, operator: str = ""
) -> Certificate:
    """The certificate of a run as it stands."""
    record, totals = ledger.record(), ledger.totals()
    without = sum(tally.objects for reason, tally in totals.by_shortfall.items() if reason in _NEVER_TEXT)
    unread, text_only = _unread(ledger, image=image)
    return Certificate(
        reference=record.run_id,
        roots=record.roots,
        started=record.started,
        finished=record.finished,
        version=record.version,
        rules=rules,
        state=record.state.value,
        errors=record.errors,
        objects=totals.enumerated,
        bytes=totals.bytes,
        read=_objects(totals.by_status, Status.INSPECTED),
        in_part=_objects(totals.by_status, Status.PARTIAL) - text_only[Status.PARTIAL],
        not_read=_objects(totals.by_status, Status.NOT_INSPECTED) - without - text_only[Status.NOT_INSPECTED],
        without_text=without,
        text_only=sum(text_only.values()),
        by_severity={level.word: tally.objects for level, tally in totals.by_severity.items()},
        people=sum(tally.people for tally in totals.by_severity.values()),
        findings={name: findings for name, (_, findings) in sorted(totals.by_type.items())},
        shortfalls={
            reason.value: tally.objects
            for reason, tally in totals.by_shortfall.items()
            if reason not in _NEVER_TEXT
        },
        found=tuple(_first(ledger)),
        unread=tuple(unread),
        medium=medium,
        not_looked_at=_not_looked_at(image=image, roots=record.roots),
        operator=operator,
    )


def _objects(by_status: Any, status: Status) -> int:
    tally = by_status.get(status)
    return int(tally.objects) if tally else 0


def _first(ledger: Ledger) -> list[dict[str, Any]]:
    """The worst files; of each its place, severity and kinds, no value."""
    found: list[dict[str, Any]] = []
    for entry in ledger.entries(at_least=Severity.LOW):
        if len(found) == _LISTED:
            break
        found.append(
            {
                "path": entry.path,
                "severity": entry.severity.word,
                "people": entry.people.low,
                "kinds": dict(entry.counts),
                "reasons": [reason.text.rstrip(".") for reason in entry.reasons],
            }
        )
    return found


def _unread(ledger: Ledger, *, image: bool) -> tuple[list[dict[str, str]], dict[Status, int]]:
    """What was not read or not wholly, the first of it; and how much of that is no document."""
    unread: list[dict[str, str]] = []
    text_only = {Status.PARTIAL: 0, Status.NOT_INSPECTED: 0}
    for entry in ledger.entries(statuses=tuple(text_only)):
        if image and _no_document(entry):
            text_only[entry.status] += 1
        elif len(unread) < _LISTED and not _harmless(entry):
            unread.append({"path": entry.path, "reason": entry.reason})
    return unread, text_only


def _no_document(entry: LedgerEntry) -> bool:
    """Whether it is a part of a drive that is no file, and was searched for readable text."""
    if entry.shortfall is not Shortfall.UNKNOWN_KIND or "encrypted" in entry.detail:
        return False
    above, _, name = entry.path.rpartition("/")
    return above.endswith(f"/{UNALLOCATED}") or name in _STRUCTURES


def _harmless(entry: LedgerEntry) -> bool:
    return entry.status is Status.NOT_INSPECTED and entry.shortfall in _NEVER_TEXT


def _not_looked_at(*, image: bool, roots: Sequence[str]) -> tuple[str, ...]:
    always = (
        "areas that a drive hides from its computer (spare and remapped sectors, host protected areas)",
        "text that is written as a picture, where reading of pictures (OCR) was not switched on",
    )
    if image:
        return (
            "the unused ends of the last block of each file (slack space), and alternate streams of NTFS",
            "compressed or scattered remains of deleted files: of unallocated space only text was read",
            "space outside of any partition",
            *always,
        )
    return (
        "deleted files and unallocated space: this was read through its file system, as a user sees it"
        " (make an image, or name the device, to have them looked at)",
        *always,
    )


def as_json(made: Certificate) -> dict[str, Any]:
    """The certificate as plain values."""
    told = {name: getattr(made, name) for name in made.__slots__ if name != "medium"}
    told["certificate"] = "council-dlp before disposal, version 1"
    told["verdict"], told["complete"] = made.verdict, made.complete
    told["medium"] = None
    if made.medium is not None:
        told["medium"] = {name: getattr(made.medium, name) for name in made.medium.__slots__}
    return told


def write_json(made: Certificate, stream: TextIO) -> None:
    """Write it for machines."""
    json.dump(as_json(made), stream, indent=2, sort_keys=True, ensure_ascii=False)
    stream.write("\n")


def write_html(made: Certificate, stream: TextIO) -> None:
    """Write it for people, as one page that prints."""
    stream.write(
        _template().render(
            made=made,
            seals=[
                ("The drive or image", made.medium.sha256 if made.medium else ""),
                (
                    "This certificate",
                    hashlib.sha256(json.dumps(as_json(made), sort_keys=True).encode()).hexdigest(),
                ),
            ],
            when=lambda moment: time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(moment)) if moment else "-",
            listed=_LISTED,
            beneath=lambda path: _beneath(path, made.roots),
            style=resources.files("scanner.reports").joinpath("templates/certificate.css").read_text("utf-8"),
        )
    )


def _beneath(path: str, roots: Sequence[str]) -> str:
    """A path without its root, where there is one only."""
    return path.removeprefix(f"{roots[0]}/") if len(roots) == 1 else path


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("scanner.reports"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("certificate.html")
