"""Credentials of servers: from a private file in netrc's form, never from a command line, never in a log."""

from __future__ import annotations

import netrc
import os
from dataclasses import dataclass, field
from pathlib import Path

from scanner.shares.sources.address import SourceError

VARIABLE = "DLP_CREDENTIALS"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a password, both empty where there are none."""

    user: str = ""
    password: str = field(default="", repr=False)


def credentials_file() -> Path:
    """``$DLP_CREDENTIALS``, else ``dlp/credentials`` in ``$XDG_CONFIG_HOME`` or ``~/.config``."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "dlp" / "credentials"


def credentials(host: str, user: str = "") -> Credentials:
    """What the file has for ``host``: lines such as ``machine files01 login scan@EXAMPLE password secret``.

    With ``user`` only that name's.  Raises :class:`SourceError` for a file that others may read, or that is
    none.
    """
    path = credentials_file()
    try:
        mode = path.stat().st_mode
    except OSError:
        return Credentials(user)
    if mode & 0o077:
        raise SourceError(f"{path} may be read by others; run: chmod 600 '{path}'")
    try:
        entry = netrc.netrc(str(path)).hosts.get(host)
    except netrc.NetrcParseError as error:
        # Its message may quote the line.
        raise SourceError(f"{path} cannot be understood (line {error.lineno})") from None
    except (OSError, UnicodeDecodeError):
        raise SourceError(f"{path} cannot be read") from None
    if entry is None or (user and entry[0] != user):
        return Credentials(user)
    return Credentials(entry[0] or "", entry[2] or "")
