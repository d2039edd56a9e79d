"""The walk over a server: the same listings as of a local folder, in the same order."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from scanner.documents.model import Shortfall
from scanner.shares.exposure import Rights
from scanner.shares.globs import Selection
from scanner.shares.sources.source import Server
from scanner.shares.walk import LISTED, NAMES_SORTED, Listing, Unopened, shortfall_of, special
from scanner.store.entry import Audience

# A server that links folders in a circle without saying so must come to an end.
DEEPEST = 200


@dataclass
class RemoteWalk:
    """One walk over ``root``; iterate it once.  Counts and lists what a local walk does.

    ``start`` is a folder beneath ``root`` where it begins instead; where it is not ``deep`` no folder inside
    is entered: what a watch that looks again and again needs.
    """

    server: Server
    root: bytes
    selection: Selection = field(default_factory=Selection)
    rights: Rights = field(default_factory=Rights)
    directories: int = 0
    unlisted: list[bytes] = field(default_factory=list)
    skipped: list[bytes] = field(default_factory=list)
    start: bytes = b""
    deep: bool = True

    def __iter__(self) -> Iterator[Listing]:
        begin = self.start or self.root
        try:
            about = self.server.about(begin)
        except OSError as error:
            self.unlisted.append(begin)
            yield self._add(begin, *shortfall_of(error))
            return
        if not stat.S_ISDIR(about.st_mode):
            yield self._root_file(begin, about)
            return
        pending = [(begin, 0)]
        while pending:
            folder, depth = pending.pop()
            if depth > DEEPEST:
                self.skipped.append(folder)
                yield self._add(folder, Shortfall.LIMIT, "folders nested too deep")
                continue
            found: list[bytes] = []
            yield from self._list(folder, found)
            if self.deep:
                pending.extend((path, depth + 1) for path in reversed(found))

    def _list(self, folder: bytes, found: list[bytes]) -> Iterator[Listing]:
        published = self.rights.published(folder)
        names = iter(())  # type: Iterator[tuple[bytes, os.stat_result]]
        first = True
        while True:
            batch: list[tuple[bytes, os.stat_result]] = []
            trouble: OSError | None = None
            try:
                if first:
                    names = self.server.listing(folder)
                batch.extend(islice(names, NAMES_SORTED))
            except OSError as error:
                trouble = error
            if first and trouble is not None and not batch:
                self.unlisted.append(folder)
                reason, detail = shortfall_of(trouble)
                yield self._add(folder, reason, ", ".join(filter(None, ("folder cannot be opened", detail))))
                return
            if first:
                self.directories += 1
            first = False
            more = trouble is None and len(batch) == NAMES_SORTED
            batch.sort(key=lambda entry: entry[0])
            for start in range(0, len(batch) or 1, LISTED):
                listing = self._listing(folder, published=published)
                listing.last = not more and trouble is None and start + LISTED >= len(batch)
                self._meet(batch[start : start + LISTED], listing, found)
                yield listing
            if trouble is not None:
                self.unlisted.append(folder)
                reason, detail = shortfall_of(trouble)
                line = ", ".join(filter(None, ("folder cannot be listed to its end", detail)))
                yield self._add(folder, reason, line)
            if not more:
                return

    def _meet(
        self, entries: list[tuple[bytes, os.stat_result]], listing: Listing, found: list[bytes]
    ) -> None:
        selection, root = self.selection, self.root
        prefix = listing.folder + b"/"
        for name, about in entries:
            path = prefix + name
            folder = stat.S_ISDIR(about.st_mode)
            if selection.exclude.patterns and selection.exclude.match(path, root):
                if folder:
                    self.skipped.append(path)
                listing.unopened.append(Unopened(name, Shortfall.EXCLUDED, "matches an exclusion"))
            elif folder:
                found.append(path)
            elif not stat.S_ISREG(about.st_mode):
                listing.unopened.append(special(name, about))
            else:
                refused = selection.refuses(path, root, about) if selection.by_look else ""
                if refused:
                    listing.unopened.append(Unopened(name, Shortfall.EXCLUDED, refused, about.st_mtime_ns))
                else:
                    listing.files.append((name, about))

    def _root_file(self, path: bytes, about: os.stat_result) -> Listing:
        parent, _, name = path.rpartition(b"/")
        listing = self._listing(parent, published=self.rights.published(parent))
        listing.entered = False
        if stat.S_ISREG(about.st_mode):
            listing.files.append((name, about))
        else:
            listing.unopened.append(special(name, about))
        return listing

    def _add(self, folder: bytes, reason: Shortfall, detail: str = "") -> Listing:
        """A folder as an object of the folder above it."""
        parent, _, name = folder.rpartition(b"/")
        listing = self._listing(parent, published=False)
        listing.entered = False
        listing.unopened.append(Unopened(name, reason, detail))
        return listing

    def _listing(self, folder: bytes, *, published: bool) -> Listing:
        return Listing(folder, Audience.PUBLIC, published, self.server.system, access=self.server.access)
