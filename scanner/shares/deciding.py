"""Deciding, from what the system says and what is known, whether a file must be read again.

A file is unchanged where size, time of change, time of any change to its entry (ctime) and number are what
they were: a restored time of change is betrayed by its ctime, an exchanged file by its number.  What changed
in the last moments before it was read is looked at once more, for a later change may bear the same time.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scanner.documents.model import Shortfall
from scanner.shares.exposure import Rights, effective
from scanner.shares.walk import Listing, Unopened
from scanner.store.entry import Access, Audience, FileStat
from scanner.store.inventory import FileChange, KnownFile, Signatures, Traits

# A verdict that depended on the moment is tried again by the next run, not by the same one.
_MOMENTARY = int(Traits.PASSING | Traits.UNSETTLED)

_NO_RIGHTS = Access(0, 0, 0, Audience.UNKNOWN, how="not a file to be read")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A file that did not change, under rules or a policy that did: its evidence is to be judged anew.

    ``priority`` is for the case that it must be read after all.
    """

    file_id: int
    evidence_id: int
    signature_id: int
    size: int
    priority: int


@dataclass(slots=True)
class Decision:
    """What became of some listings: changes to enter, and which known files were not met."""

    changes: list[FileChange] = field(default_factory=list)
    requeued: list[tuple[int, int]] = field(default_factory=list)
    weighed: list[Weighed] = field(default_factory=list)
    missing: list[tuple[int, bool]] = field(default_factory=list)  # and whether it is a regular file
    found: list[int] = field(default_factory=list)  # known files met outside of their folder's listing
    folders: dict[bytes, int] = field(default_factory=dict)  # those of the listings that were known
    objects: int = 0
    bytes: int = 0
    unread: int = 0
    queued: int = 0
    queued_bytes: int = 0


@dataclass
class Decider:
    """Decides for one run.

    ``signatures`` are all that verdicts were ever made with, ``now`` is the present one.  ``accesses`` are
    the sets of rights that the file table knows by number, ``gaps`` the evidence of what is not opened.  With
    ``weighs`` somebody judges evidence anew; without, what needs it is read.  Without ``asks_rights`` the
    decisions say which files changed, and are not to be entered.
    """

    run_id: int
    full: bool
    now: Signatures
    signatures: Mapping[int, Signatures]
    accesses: dict[int, Access]
    rights: Rights
    weighs: bool = False
    clock: float = field(default_factory=time.time)
    gaps: dict[tuple[Shortfall, str], int] = field(default_factory=dict)
    asks_rights: bool = True

    def __post_init__(self) -> None:
        concerns = {number: self.now.concern(before) for number, before in self.signatures.items()}
        self._outdated = {number: int(one.read | one.judge) for number, one in concerns.items()}
        self._concerned = self._outdated
        self._weighed: dict[int, int] = {}
        if self.weighs:
            self._concerned = {number: int(one.read) for number, one in concerns.items()}
            self._weighed = {number: int(one.judge) for number, one in concerns.items() if one.judge}

    def decide(
        self, listing: Listing, known: Iterable[KnownFile], into: Decision, *, whole: bool = True
    ) -> None:
        """Decide for one listing.

        ``known`` is what the table has of its folder; with ``whole``, what of it was not met is missing.
        """
        by_name = {row.name: row for row in known}
        self._files(listing, by_name, into)
        for item in listing.unopened:
            self._unopened(listing, item, by_name.pop(item.name, None), into)
        if whole:
            into.missing.extend((row.file_id, row.regular) for row in by_name.values())

    def _files(self, listing: Listing, by_name: dict[bytes, KnownFile], into: Decision) -> None:
        stable, has_rights = listing.system.stable_numbers, listing.system.has_rights
        accesses, concerned, weighed, run_id = self.accesses, self._concerned, self._weighed, self.run_id
        passage, published = listing.passage, listing.published
        # Where the rights are not in what the system says of a file, no change of them shows there.
        asks = self.asks_rights and listing.access is not None and not has_rights
        seen_bytes = 0
        for name, about in listing.files:
            seen_bytes += about.st_size
            row = by_name.pop(name, None)
            if row is None:
                self._queue_new(listing, name, about, into)
                continue
            if not listing.entered:
                into.found.append(row.file_id)
            same = (
                row.size == about.st_size
                and row.mtime_ns == about.st_mtime_ns
                and row.regular
                and (row.inode == about.st_ino or not stable or row.inode == _signed(about.st_ino))
            )
            access = accesses.get(row.access_id)
            if not (
                same
                and row.ctime_ns == about.st_ctime_ns
                and access is not None
                and (
                    not has_rights
                    or (
                        access.mode == about.st_mode
                        and access.uid == about.st_uid
                        and access.gid == about.st_gid
                    )
                )
                and row.audience == effective(access, passage, published=published)
                and not (asks and row.severity and self._opened(listing, name, about, access))
            ):
                self._changed(listing, name, about, row, same, into)
                continue
            concern = concerned.get(row.signature_id, 0)
            if row.read_run != run_id:
                concern |= _MOMENTARY
            if (
                row.queued
                or row.evidence_id is None
                or row.traits & concern
                or (self.full and row.read_run != run_id)
            ):
                self._owe(row, about, into)
            elif weighed and row.traits & weighed.get(row.signature_id, 0):
                priority = self._priority(Audience(row.audience), about, row.severity, never=False)
                into.weighed.append(
                    Weighed(row.file_id, row.evidence_id, row.signature_id, about.st_size, priority)
                )
        into.objects += len(listing.files)
        into.bytes += seen_bytes

    def _opened(self, listing: Listing, name: bytes, about: os.stat_result, known: Access) -> bool:
        """Whether the rights of a sensitive file on a server are others now.

        A Samba server tells of no change when rights change, so it is asked, for the few files that matter.
        """
        return self._access(listing, name, about)[0] != known

    def _queue_new(self, listing: Listing, name: bytes, about: os.stat_result, into: Decision) -> None:
        access, audience = self._access(listing, name, about)
        into.changes.append(
            FileChange(
                folder=listing.folder,
                name=name,
                stat=_stat(about),
                regular=True,
                access=access,
                audience=audience,
                priority=self._priority(audience, about, 0, never=True),
            )
        )
        into.queued += 1
        into.queued_bytes += about.st_size

    def _changed(
        self,
        listing: Listing,
        name: bytes,
        about: os.stat_result,
        row: KnownFile,
        same: bool,
        into: Decision,
    ) -> None:
        """Its content may have changed, or only who may read it."""
        access, audience = self._access(listing, name, about)
        entry_changed = row.ctime_ns != about.st_ctime_ns
        keeps = same and row.evidence_id is not None
        concern = self._outdated.get(row.signature_id, 0)
        momentary = 0 if row.read_run == self.run_id else _MOMENTARY
        queue = bool(
            not keeps
            or entry_changed
            or row.queued
            or row.traits & (concern | momentary)
            or (self.full and row.read_run != self.run_id)
        )
        into.changes.append(
            FileChange(
                folder=listing.folder,
                name=name,
                stat=_stat(about),
                regular=True,
                access=access,
                audience=audience,
                replaces=row.file_id,
                keeps_evidence=keeps,
                queue=queue,
                priority=self._priority(audience, about, row.severity, never=row.evidence_id is None),
            )
        )
        if queue:
            into.queued += 1
            into.queued_bytes += about.st_size

    def _owe(self, row: KnownFile, about: os.stat_result, into: Decision) -> None:
        into.queued += 1
        into.queued_bytes += about.st_size
        if row.queued != self.run_id:
            never = row.evidence_id is None
            priority = self._priority(Audience(row.audience), about, row.severity, never=never)
            into.requeued.append((row.file_id, priority))

    def _unopened(self, listing: Listing, item: Unopened, row: KnownFile | None, into: Decision) -> None:
        into.objects += 1
        into.unread += 1
        if row is not None and not listing.entered:
            into.found.append(row.file_id)
        reason = (item.shortfall, item.detail)
        if (
            row is not None
            and not row.regular
            and not row.queued
            and row.evidence_id is not None
            and row.evidence_id == self.gaps.get(reason)
            and row.mtime_ns == item.mtime_ns
        ):
            return
        into.changes.append(
            FileChange(
                folder=listing.folder,
                name=item.name,
                stat=FileStat(mtime_ns=item.mtime_ns),
                regular=False,
                access=_NO_RIGHTS,
                audience=Audience.UNKNOWN,
                replaces=row.file_id if row else 0,
                unopened=reason,
            )
        )

    def _access(self, listing: Listing, name: bytes, about: os.stat_result) -> tuple[Access, Audience]:
        if not self.asks_rights:
            return _NO_RIGHTS, Audience.UNKNOWN
        stem = listing.folder if listing.folder.endswith(b"/") else listing.folder + b"/"
        if listing.access is not None:
            access = listing.access(stem + name, about)
        else:
            access = self.rights.of(stem + name, about, listing.system)
        return access, effective(access, listing.passage, published=listing.published)

    def _priority(self, audience: Audience, about: os.stat_result, severity: int, *, never: bool) -> int:
        """What is read first: the most exposed, then what was never read or was bad, then the newest."""
        days = max(0.0, (self.clock - about.st_mtime) / 86_400)
        return (
            audience * 10_000
            + (3_000 if never else 0)
            + severity * 1_000
            + max(0, 1_000 - int(70 * math.log2(1 + days)))
        )


def _stat(about: os.stat_result) -> FileStat:
    return FileStat(
        size=about.st_size,
        mtime_ns=about.st_mtime_ns,
        ctime_ns=about.st_ctime_ns,
        inode=_signed(about.st_ino),
        used=int(about.st_atime),
    )


def _signed(number: int) -> int:
    """File numbers of 64 bits as the database keeps them."""
    return number - (1 << 64) if number >= 1 << 63 else number


__all__ = ["Decider", "Decision", "Weighed"]
