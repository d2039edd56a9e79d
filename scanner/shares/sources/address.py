"""Addresses of remote folders: ``smb://server/share/path``, ``sftp://server/path``, ``s3://bucket/path``.

An address is kept as bytes like any path: everything that takes a path apart at its slashes works on both.
Names are written as they are, not percent-encoded.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

SCHEMES = ("smb", "sftp", "s3", "image")
_REMOTE = tuple(f"{scheme}://".encode() for scheme in SCHEMES)
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^@/]*)@)?(?P<host>\[[0-9a-fA-F:.]+\]|[^:@/\[\]]+)(?::(?P<port>[0-9]{1,5}))?"
)


class SourceError(Exception):
    """A source that cannot be used as it was named; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Address:
    """A remote folder or file.

    ``place`` are the names on the server, the share or bucket not among them; ``share`` is empty where the
    protocol has no such thing.
    """

    scheme: str
    user: str
    host: str
    port: int | None
    share: str
    place: tuple[str, ...]

    @property
    def server(self) -> str:
        """What one connection reaches: scheme, user, host and port."""
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{self.host}{port}"

    @property
    def top(self) -> str:
        """The server with its share."""
        return f"{self.server}/{self.share}" if self.share else self.server


def is_remote(path: bytes | str) -> bool:
    """Whether a path is an address of this kind, and no path of this machine."""
    return (path if isinstance(path, bytes) else os.fsencode(path)).startswith(_REMOTE)


def parsed(path: bytes) -> Address:
    """The address of ``path``; raises :class:`SourceError` in one line."""
    text = os.fsdecode(path)
    scheme, _, rest = text.partition("://")
    authority, _, place = rest.partition("/")
    names = tuple(name for name in place.split("/") if name)
    if ".." in names or "." in names:
        raise SourceError(f"{scheme}: an address goes down only, without '..' and '.'")
    if scheme == "image":
        if authority or not names:
            raise SourceError("image: write image:///path/of/the/image")
        return Address(scheme, "", "", None, "", names)
    if scheme == "s3":
        if not authority or "@" in authority or ":" in authority:
            raise SourceError("s3: write s3://bucket/path; keys come from AWS's own files and variables")
        return Address(scheme, "", "", None, authority, names)
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise SourceError(f"{scheme}: write {_FORMS.get(scheme, scheme + '://server/path')}")
    user, host, port = found["user"] or "", found["host"].lower(), found["port"]
    if ":" in user:
        raise SourceError(f"{scheme}: a password does not belong into an address; see the credentials file")
    share = ""
    if scheme == "smb":
        if not names:
            raise SourceError("smb: name the share, too: smb://server/share")
        share, names = names[0], names[1:]
    return Address(scheme, user, host, int(port) if port else None, share, names)


def image_file(place: tuple[str, ...]) -> Path:
    """The image in the names of an address: the first that is no folder."""
    path = Path("/")
    for name in place:
        path /= name
        if not path.is_dir():
            break
    return path


def canonical(written: str) -> bytes:
    """An address as it is kept: one slash between names, none at the end; raises :class:`SourceError`."""
    address = parsed(os.fsencode(written))
    if address.scheme == "s3":
        return os.fsencode("/".join((f"s3://{address.share}", *address.place)))
    return os.fsencode("/".join((address.top, *address.place)))


_FORMS = {"smb": "smb://server/share/path", "sftp": "sftp://server/path"}
