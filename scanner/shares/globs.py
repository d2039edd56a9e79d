"""Which objects of a share are read and which are left out by configuration: globs, sizes, ages."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import re2

from scanner.store.globs import expression


class Globs:
    """A set of globs, matched in linear time.

    A pattern without a slash is held against the name of every file and folder (``*.iso``, ``node_modules``).
    One with a slash is held against the path beneath the scanned root (``archive/**/raw``), or against the
    whole path where it begins with a slash.  ``*`` and ``?`` stay within one name, ``**`` crosses folders,
    ``[abc]`` and ``[!abc]`` are character sets.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self.patterns = tuple(patterns)
        self._names = _alternation([p for p in self.patterns if "/" not in p])
        self._beneath = _alternation([p for p in self.patterns if "/" in p and not p.startswith("/")])
        self._whole = _alternation([p for p in self.patterns if p.startswith("/")])

    def match(self, path: bytes, root: bytes) -> bool:
        """Whether one of the globs fits the object at ``path``, met beneath ``root``."""
        if self._names and self._names.fullmatch(path.rpartition(b"/")[2]):
            return True
        if self._whole and self._whole.fullmatch(path):
            return True
        return bool(self._beneath and self._beneath.fullmatch(path[len(root.rstrip(b"/")) + 1 :]))


@dataclass(frozen=True)
class Selection:
    """Which files of a share are read.

    What fits ``exclude`` is left out, an excluded folder is not entered; where ``include`` holds anything,
    only files that fit it are read.  ``largest`` is in bytes, 0 means any.  Files that changed within the
    last ``youngest_days`` or not within the last ``oldest_days`` are left out; 0 means any.
    """

    exclude: Globs = field(default_factory=Globs)
    include: Globs = field(default_factory=Globs)
    largest: int = 0
    oldest_days: float = 0.0
    youngest_days: float = 0.0
    now: float = field(default_factory=time.time)

    @property
    def by_look(self) -> bool:
        """Whether anything but ``exclude`` is asked of a file."""
        return bool(self.include.patterns or self.largest or self.oldest_days or self.youngest_days)

    def refuses(self, path: bytes, root: bytes, about: os.stat_result) -> str:
        """Why a regular file that is not excluded is left out all the same; empty where it is read."""
        if self.include.patterns and not self.include.match(path, root):
            return "matches no inclusion"
        if self.largest and about.st_size > self.largest:
            return "larger than this scan reads"
        age = (self.now - about.st_mtime) / 86_400
        if self.oldest_days and age > self.oldest_days:
            return "not changed for longer than this scan looks back"
        if self.youngest_days and age < self.youngest_days:
            return "changed too recently for this scan"
        return ""


def _alternation(patterns: Sequence[str]) -> re2._Regexp[bytes] | None:
    if not patterns:
        return None
    options = re2.Options()
    # Names are bytes without a promised encoding: every byte is one character.
    options.encoding = re2.Options.Encoding.LATIN1
    options.dot_nl = True
    options.log_errors = False
    return re2.compile(b"|".join(expression(pattern.encode()) for pattern in patterns), options)
