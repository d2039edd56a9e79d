"""A file as it is now: opened without following links, checked, its rights, times and attributes."""

from __future__ import annotations

import base64
import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from scanner.store.entry import LedgerEntry
from scanner.store.keys import content_hash

ACL = "system.posix_acl_access"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class RefusedError(Exception):
    """A file is left as it is; the message says why, in words for people."""


@dataclass(frozen=True, slots=True)
class Held:
    """An open file and its open folder: whatever is renamed meanwhile, these two are those that were met."""

    folder: int
    name: bytes
    file: int

    def about(self) -> os.stat_result:
        """What the file is now."""
        return os.fstat(self.file)

    def named(self, name: bytes) -> os.stat_result | None:
        """What lies under a name of the folder now."""
        return stat_at(self.folder, name)


def stat_at(folder: int, name: bytes) -> os.stat_result | None:
    """What lies under a name, ``None`` for nothing."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


@contextmanager
def folder_of(path: bytes) -> Iterator[tuple[int, bytes]]:
    """The open folder of ``path`` and the name in it.  No link is followed on the way, at any level."""
    *names, name = path.split(b"/")[1:]
    try:
        descriptor = os.open("/", _FOLDER)
        for step in names:
            inner = os.open(step, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
    except OSError as error:
        with suppress(OSError, UnboundLocalError):
            os.close(descriptor)
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise RefusedError("a folder above it has become a link or a file") from None
        raise RefusedError(f"its folder cannot be opened ({_words(error)})") from None
    try:
        yield descriptor, name
    finally:
        os.close(descriptor)


@contextmanager
def held(path: bytes) -> Iterator[Held]:
    """The file at ``path``, open; refused where there is none, or no regular one."""
    with folder_of(path) as (folder, name):
        try:
            file = _open_quietly(folder, name)
        except FileNotFoundError:
            raise RefusedError("it is not there any more") from None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise RefusedError("it has become a link") from None
            raise RefusedError(f"it cannot be opened ({_words(error)})") from None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise RefusedError("it is no regular file any more")
            yield Held(folder, name, file)
        finally:
            os.close(file)


def _open_quietly(folder: int, name: bytes) -> int:
    try:
        return os.open(name, _FILE | os.O_NOATIME, dir_fd=folder)
    except PermissionError:  # its access time is for the owner and root to leave alone
        return os.open(name, _FILE, dir_fd=folder)


def check_unchanged(file: int, entry: LedgerEntry, key: bytes) -> str:
    """The hash of the open file's content; refused where it is not what was scanned.

    Of what was scanned without a hash (very large files) size and time of change must agree.
    """
    about = os.fstat(file)
    if about.st_size != entry.size:
        raise RefusedError("it has changed since the scan: another size")
    digest = hash_of(file, key)
    if entry.content_hash:
        if digest != entry.content_hash:
            raise RefusedError("it has changed since the scan: another content")
    elif abs(about.st_mtime - entry.mtime) > 0.001:
        raise RefusedError("it has changed since the scan: another time")
    return digest


def hash_of(file: int, key: bytes) -> str:
    """The keyed hash of an open file."""
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(os.dup(file), "rb") as stream:
        return content_hash(key, stream)


def snapshot(file: int) -> dict[str, Any]:
    """Rights, owner, times and attributes of an open file, as plain JSON values."""
    about = os.fstat(file)
    attributes: dict[str, str] = {}
    with suppress(OSError):
        for name in os.listxattr(file):
            with suppress(OSError):
                attributes[name] = base64.b64encode(os.getxattr(file, name)).decode()
    return {
        "mode": stat.S_IMODE(about.st_mode),
        "uid": about.st_uid,
        "gid": about.st_gid,
        "size": about.st_size,
        "atime_ns": about.st_atime_ns,
        "mtime_ns": about.st_mtime_ns,
        "attributes": attributes,
    }


def restore(file: int, before: Mapping[str, Any]) -> None:
    """Give an open file the rights, owner, times and attributes of a snapshot; refused where that fails.

    Attributes come before the mode, for an access list changes it; owner comes first, for it takes bits away.
    """
    try:
        about = os.fstat(file)
        if (about.st_uid, about.st_gid) != (before["uid"], before["gid"]):
            os.fchown(file, before["uid"], before["gid"])
        restore_attributes(file, before["attributes"])
        os.fchmod(file, before["mode"])
        os.utime(file, ns=(before["atime_ns"], before["mtime_ns"]))
    except OSError as error:
        raise RefusedError(f"its rights cannot be put back ({_words(error)})") from None


def restore_attributes(file: int, wanted: Mapping[str, str]) -> None:
    """Make the attributes of an open file what they were."""
    now: set[str] = set()
    with suppress(OSError):
        now = set(os.listxattr(file))
    for name in now - wanted.keys():
        os.removexattr(file, name)
    for name, value in wanted.items():
        raw = base64.b64decode(value)
        if name not in now or os.getxattr(file, name) != raw:
            os.setxattr(file, name, raw)


def _words(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
