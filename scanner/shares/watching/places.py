"""Places: single names of a watched share as a walk would have met them, with their way from the root."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanner.documents.model import Shortfall
from scanner.shares.exposure import Rights, effective
from scanner.shares.mounts import FileSystem, Mounts
from scanner.shares.settings import ScanSettings
from scanner.shares.sources import SilentError, Source, Sources, Walking, is_remote
from scanner.shares.walk import Listing, Unopened, shortfall_of, special
from scanner.store.entry import Audience

# Why something else lies at a root than before: only a sweep of all of it can say whether to believe that.
ELSEWHERE = "is not what it was; is it mounted?"

_NOT_THERE = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that a walk of its root would enter: who gets there, and what file system it lies on."""

    passage: Audience
    system: FileSystem
    device: int


@dataclass(slots=True)
class Look:
    """What is at some names of one folder.

    ``listing`` is ``None`` where no walk would come here.  ``folders`` are names that are folders,
    ``gone`` those that are not there.
    """

    listing: Listing | None
    gone: list[bytes] = field(default_factory=list)
    folders: list[bytes] = field(default_factory=list)


class Places:
    """Looks at names beneath ``roots``; what it learns of folders holds until :meth:`renew`.

    ``known_identity`` tells what lay at a root when all of it was last looked through.

    Whatever of it cannot be told now raises ``OSError``, or is said to be not there yet (:meth:`there`).
    """

    def __init__(
        self,
        roots: Sequence[bytes],
        settings: ScanSettings,
        left_out: Sequence[Path],
        rights: Rights,
        known_identity: Callable[[bytes], str] = lambda _: "",
    ) -> None:
        self.rights = rights
        self._known_identity = known_identity
        self._identities: dict[bytes, str] = {}
        self.roots = tuple(roots)
        self._settings = settings
        self._sources = Sources(settings, left_out)
        self._left_out_raw = frozenset(os.fsencode(path) for path in left_out)
        self._handles: dict[bytes, tuple[int, int]] = {}
        self.renew()

    def close(self) -> None:
        """Nothing more is asked."""
        self._sources.close()

    def renew(self) -> None:
        """Forget what may have changed: mounts, and who gets through folders."""
        self.mounts = Mounts()
        self.selection = self._settings.selection()
        self._kernel = self.mounts.kernel()
        self._known: dict[bytes, Place | None] = {}

    def root_of(self, path: bytes) -> bytes | None:
        """The root that ``path`` lies beneath or is."""
        return next(
            (root for root in self.roots if path == root or path.startswith(root.rstrip(b"/") + b"/")), None
        )

    def source(self, root: bytes) -> Source:
        """Who answers for what lies beneath a root."""
        return self._sources.of(root)

    def system(self, path: bytes) -> FileSystem:
        """The file system that a path beneath a root lies on, as far as is known without asking for it."""
        root = self.root_of(path)
        if root is None or not is_remote(root):
            return self.mounts.at(path)
        try:
            return self.source(root).system(root, self.mounts)
        except OSError:
            return FileSystem(root.partition(b":")[0].decode("ascii"))

    def there(self, root: bytes) -> bool:
        """Whether what lies at a root is what did when it was first seen: a lost mount is no deletion."""
        return not self.missing(root)

    def missing(self, root: bytes) -> str:
        """Why nothing can be said of what lies beneath a root; empty where it is there."""
        try:
            now = self.source(root).handle(root)
        except SilentError:
            return "does not answer"
        except OSError as error:
            return f"is not there ({(error.strerror or type(error).__name__).lower()})"
        if self._handles.get(root) == now:
            return ""
        # Another handle: mounted again, which is the same, or something else.
        try:
            who = self.source(root).identity(root)
        except OSError as error:
            return f"is not there ({(error.strerror or type(error).__name__).lower()})"
        if who != (self._known_identity(root) or self._identities.get(root, who)):
            return ELSEWHERE
        self._handles[root], self._identities[root] = now, who
        return ""

    def accept(self, root: bytes) -> str:
        """Take what lies at a root now for it; returns its identity, empty where it is not there."""
        try:
            source = self.source(root)
            self._handles[root], self._identities[root] = source.handle(root), source.identity(root)
        except OSError:
            return ""
        return self._identities[root]

    def lstat(self, path: bytes) -> os.stat_result:
        """What the system says of one object; raises ``OSError``."""
        root = self.root_of(path)
        if root is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return self.source(root).lstat(path)

    def being_written(self, path: bytes) -> bool:
        """Whether somebody has the file open for writing, as far as that is told."""
        root = self.root_of(path)
        return root is not None and self.source(root).being_written(path)

    def audience(self, path: bytes) -> Audience | None:
        """Who can read a file now; ``None`` where it is no file any more.  Raises ``OSError``."""
        root = self.root_of(path)
        folder = path.rpartition(b"/")[0] or b"/"
        place = self.place(root, folder) if root is not None else None
        if root is None or place is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        about = self.source(root).lstat(path)
        if not stat.S_ISREG(about.st_mode):
            return None
        access = self.source(root).access(path, about, place.system)
        if access.audience is Audience.UNKNOWN and not self.there(root):
            raise SilentError
        return effective(access, place.passage, published=self.rights.published(folder))

    def walk(self, root: bytes, start: bytes, *, deep: bool) -> Walking | None:
        """A walk of a folder beneath ``root``; ``None`` where a walk of the root would not come there."""
        passage = Audience.PUBLIC
        if start != root:
            above = self.place(root, start.rpartition(b"/")[0])
            if above is None or self.place(root, start) is None:
                return None
            passage = above.passage
        return self.source(root).walk(root, start, deep=deep, passage=passage)

    def place(self, root: bytes, folder: bytes) -> Place | None:
        """A folder at or beneath ``root``, ``None`` where it is not there or nobody is to enter it."""
        if folder not in self._known:
            if len(self._known) > 10_000:
                self._known.clear()
            above: Place | None = None
            if folder != root:
                above = self.place(root, folder.rpartition(b"/")[0])
                if above is None:
                    return None
            self._known[folder] = self._entered(root, folder, above)
        return self._known[folder]

    def _entered(self, root: bytes, folder: bytes, above: Place | None) -> Place | None:
        if folder in self._left_out_raw or folder in self._kernel:
            return None
        if above is not None and self.selection.exclude.match(folder, root):
            return None
        source = self.source(root)
        try:
            about = source.lstat(folder)
        except (*_NOT_THERE, PermissionError):
            return None
        if not stat.S_ISDIR(about.st_mode):
            return None
        if above is not None and not self._settings.cross_mounts and about.st_dev != above.device:
            return None
        around = source.system(root, self.mounts) if above is None else above.system
        system = self.mounts.of_device(about.st_dev, around)
        passage = source.passage(folder, about, system)
        return Place(passage if above is None else min(above.passage, passage), system, about.st_dev)

    def look(self, root: bytes, folder: bytes, names: Sequence[bytes]) -> Look:
        """What is at these names.  Raises ``OSError`` where the root cannot say."""
        place = self.place(root, folder)
        source = self.source(root)
        if place is None:
            # The folder went: so did what was in it.  One that is not to be entered holds nothing for us.
            return Look(None, gone=list(names) if _is_gone(source, folder) else [])
        listing = Listing(
            folder,
            place.passage,
            self.rights.published(folder),
            place.system,
            entered=False,
            last=False,
            access=source.asking(place.system),
        )
        found = Look(listing)
        stem = folder if folder.endswith(b"/") else folder + b"/"
        for name in names:
            self._meet(root, stem, name, listing, found)
        return found

    def _meet(self, root: bytes, stem: bytes, name: bytes, listing: Listing, found: Look) -> None:
        selection = self.selection
        try:
            about = self.source(root).lstat(stem + name)
        except _NOT_THERE:
            found.gone.append(name)
            return
        except OSError as error:
            if not self.there(root):
                raise
            listing.unopened.append(Unopened(name, *shortfall_of(error)))
            return
        if stat.S_ISDIR(about.st_mode):
            found.folders.append(name)
        elif selection.exclude.match(stem + name, root):
            listing.unopened.append(Unopened(name, Shortfall.EXCLUDED, "matches an exclusion"))
        elif not stat.S_ISREG(about.st_mode):
            listing.unopened.append(special(name, about))
        else:
            refused = selection.refuses(stem + name, root, about) if selection.by_look else ""
            if refused:
                listing.unopened.append(Unopened(name, Shortfall.EXCLUDED, refused, about.st_mtime_ns))
            else:
                listing.files.append((name, about))


def _is_gone(source: Source, folder: bytes) -> bool:
    try:
        source.lstat(folder)
    except _NOT_THERE:
        return True
    except PermissionError:
        return False
    return False
