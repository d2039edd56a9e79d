"""Places: single names of a watched share as a walk would have met them, with their way from the root."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanner.documents.model import Shortfall
from scanner.shares.exposure import Rights
from scanner.shares.mounts import FileSystem, Mounts, handle
from scanner.shares.settings import ScanSettings
from scanner.shares.walk import Listing, Unopened, Walk, shortfall_of, special
from scanner.store.entry import Audience


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
    """Looks at names beneath ``roots``; what it learns of folders holds until :meth:`renew`."""

    def __init__(
        self, roots: Sequence[bytes], settings: ScanSettings, left_out: Sequence[Path], rights: Rights
    ) -> None:
        self.rights = rights
        self.roots = tuple(roots)
        self._settings = settings
        self._left_out = tuple(left_out)
        self._left_out_raw = frozenset(os.fsencode(path) for path in left_out)
        self._handles: dict[bytes, tuple[int, int]] = {}
        self.renew()

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

    def there(self, root: bytes) -> bool:
        """Whether what lies at a root is what did when it was first seen: a lost mount is no deletion."""
        try:
            now = handle(root)
        except OSError:
            return False
        return self._handles.setdefault(root, now) == now

    def returned(self, root: bytes) -> None:
        """What lies at the root now is taken for it."""
        self._handles.pop(root, None)
        self.there(root)

    def walk(self, root: bytes, start: bytes, *, deep: bool) -> Walk | None:
        """A walk of a folder beneath ``root``; ``None`` where a walk of the root would not come there."""
        passage = Audience.PUBLIC
        if start != root:
            above = self.place(root, start.rpartition(b"/")[0])
            if above is None or self.place(root, start) is None:
                return None
            passage = above.passage
        return Walk(
            Path(os.fsdecode(root)),
            self.selection,
            self._left_out,
            self._settings.cross_mounts,
            self.rights,
            self.mounts,
            start=Path(os.fsdecode(start)),
            passage=passage,
            deep=deep,
        )

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
        try:
            about = os.lstat(folder)
        except OSError:
            return None
        if not stat.S_ISDIR(about.st_mode):
            return None
        if above is None:
            return Place(
                self.rights.passage(folder, about, self.mounts.at(root)),
                self.mounts.of_device(about.st_dev, self.mounts.at(root)),
                about.st_dev,
            )
        if not self._settings.cross_mounts and about.st_dev != above.device:
            return None
        system = self.mounts.of_device(about.st_dev, above.system)
        passage = min(above.passage, self.rights.passage(folder, about, system))
        return Place(passage, system, about.st_dev)

    def look(self, root: bytes, folder: bytes, names: Sequence[bytes]) -> Look:
        """What is at these names."""
        place = self.place(root, folder)
        if place is None:
            # The folder went: so did what was in it.  One that is not to be entered holds nothing for us.
            return Look(None, gone=[] if os.path.lexists(folder) else list(names))
        listing = Listing(
            folder, place.passage, self.rights.published(folder), place.system, entered=False, last=False
        )
        found = Look(listing)
        stem = folder if folder.endswith(b"/") else folder + b"/"
        for name in names:
            self._meet(root, stem, name, listing, found)
        return found

    def _meet(self, root: bytes, stem: bytes, name: bytes, listing: Listing, found: Look) -> None:
        selection = self.selection
        try:
            about = os.lstat(stem + name)
        except FileNotFoundError:
            found.gone.append(name)
            return
        except OSError as error:
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
