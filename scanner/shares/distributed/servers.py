"""Which server a path lies on: the unit of budgets, and what a worker may be limited to."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from scanner.shares.mounts import Mounts

# What no mount tells a server of.
LOCAL = "local"

# Names become part of a notification channel of PostgreSQL, which has 63 characters.
_LONGEST = 24


def server_of(path: bytes, mounts: Mounts, named: Mapping[str, str]) -> str:
    """The server that has ``path``: as the configuration names it, else as its mount does."""
    above = [top for top in named if _beneath(path, os.fsencode(top))]
    if above:
        return _short(named[max(above, key=len)])
    system = mounts.at(path)
    return _short(_host(system.source)) if system.network else LOCAL


def _beneath(path: bytes, top: bytes) -> bool:
    return path == top or path.startswith(top.rstrip(b"/") + b"/")


def _host(source: str) -> str:
    """The host of ``//host/share``, ``host:/export``, ``user@host:folder`` or a URL."""
    if "://" in source:
        return urlsplit(source).hostname or LOCAL
    if source.startswith("//"):
        return source[2:].partition("/")[0]
    return source.partition(":")[0].rpartition("@")[2]


def _short(name: str) -> str:
    plain = re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-") or LOCAL
    if len(plain) <= _LONGEST:
        return plain
    mark = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{plain[: _LONGEST - 9]}-{mark}"
