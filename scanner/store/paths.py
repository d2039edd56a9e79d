"""Paths as they are kept, bytes with slashes between names: what the rooms above need of them in common."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.store.entry import displayable


def department(roots: Sequence[bytes], folder: bytes) -> str:
    """The first folder beneath its root that a folder lies in (a share's department), printable."""
    for root in roots:
        if folder == root:
            break
        stem = root.rstrip(b"/") + b"/"
        if folder.startswith(stem):
            return displayable(stem + folder[len(stem) :].partition(b"/")[0])
    return displayable(folder)
