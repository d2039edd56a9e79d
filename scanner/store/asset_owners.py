"""Information asset owners: who answers for which part of a share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import re2

from scanner.store.globs import expression

_SPECIAL = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class AssetOwner:
    """Who answers for what lies at and beneath a path, or beneath every folder that a glob fits.

    In a glob ``*`` stands for one name or a part of it, ``**`` for any folders between, ``[abc]`` for one
    of these characters: ``/srv/*/HR``, ``/srv/**/Payroll``.
    """

    path: str
    owner: str


class AssetOwners:
    """All of them: the most particular one answers, a plain path before any glob."""

    def __init__(self, owners: Iterable[AssetOwner]) -> None:
        owners = list(owners)
        self._paths = {_top(item.path): item.owner for item in owners if not _SPECIAL & set(item.path)}
        globs = sorted((item for item in owners if _SPECIAL & set(item.path)), key=_particular)
        self._globs = [(re2.compile(_beneath(item.path)), item.owner) for item in globs]

    def of(self, path: str) -> str:
        """Who answers for a printable path; empty where nobody does.

        >>> owners = AssetOwners([AssetOwner("/srv/**/HR", "People"), AssetOwner("/srv/a", "Ann")])
        >>> owners.of("/srv/b/c/HR/x.doc"), owners.of("/srv/a/HR/x.doc"), owners.of("/srv/b/HR2")
        ('People', 'Ann', '')
        """
        if self._paths:
            above = path
            while above:
                if above in self._paths:
                    return self._paths[above]
                above = above.rpartition("/")[0]
            if "/" in self._paths and path.startswith("/"):
                return self._paths["/"]
        if self._globs:
            written = path.encode("utf-8", "surrogateescape")
            return next((owner for glob, owner in self._globs if glob.fullmatch(written)), "")
        return ""


def _top(path: str) -> str:
    return path.rstrip("/") or "/"


def _beneath(glob: str) -> bytes:
    # Latin-1: every byte is one character, whatever a name is written in.
    return b"(?s)(?:" + expression(glob.encode()) + b")(?:/.*)?"


def _particular(owner: AssetOwner) -> tuple[int, str]:
    """The more of a glob is spelt out, the more it says."""
    return -sum(character not in _SPECIAL for character in owner.path), owner.path
