"""Object stores through fsspec: buckets shown as folders."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, BinaryIO, cast

import fsspec

from scanner.shares.mounts import FileSystem
from scanner.shares.sources.address import Address, parsed
from scanner.shares.sources.source import FILE, FOLDER, stat_result
from scanner.store.entry import Access, Audience


class ObjectStore:
    """One bucket.  Keys, region and endpoint come from AWS's own variables and files."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._files = fsspec.filesystem(address.scheme, skip_instance_cache=True, use_listings_cache=False)

    @cached_property
    def system(self) -> FileSystem:
        """The bucket."""
        return FileSystem(self._address.scheme, f"{self._address.scheme}://{self._address.share}")

    def about(self, path: bytes) -> os.stat_result:
        """One object, or a beginning that keys share, which is a folder."""
        with _speaking():
            return _stat(self._files.info(_place(path)))

    def listing(self, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        """What lies in a folder."""
        with _speaking():
            here = _place(folder)
            for found in self._files.ls(here, detail=True):
                name = str(found["name"]).rstrip("/")
                if name != here:  # a bucket may hold an object for a folder itself
                    yield os.fsencode(name.rpartition("/")[2]), _stat(found)

    def access(self, path: bytes, about: os.stat_result) -> Access:
        """Rights of buckets are policies, which are not asked for."""
        return Access(about.st_mode, 0, 0, Audience.UNKNOWN, False, how="rights of the bucket are not read")

    def open(self, path: bytes) -> BinaryIO:
        """An object for reading."""
        with _speaking():
            return cast(BinaryIO, self._files.open(_place(path), "rb"))


def _place(path: bytes) -> str:
    address = parsed(path)
    return "/".join((address.share, *address.place))


def _stat(found: Mapping[str, Any]) -> os.stat_result:
    if found.get("type") == "directory":
        return stat_result(FOLDER)
    changed = found.get("LastModified") or found.get("mtime") or found.get("last_modified")
    changed_ns = int(changed.timestamp()) * 1_000_000_000 if isinstance(changed, datetime) else 0
    # The store's own mark of a content stands for the number of a file.
    mark = hashlib.blake2b(str(found.get("ETag", "")).encode(), digest_size=7).digest()
    return stat_result(
        FILE,
        size=int(found.get("size") or 0),
        number=int.from_bytes(mark, "big"),
        mtime_ns=changed_ns,
        ctime_ns=changed_ns,
    )


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        number = error.errno or (errno.ENOENT if isinstance(error, FileNotFoundError) else errno.EIO)
        raise OSError(number, os.strerror(number)) from None
    except Exception as error:
        # The library's own errors are many, and their messages quote requests.
        what = type(error).__name__
        number = errno.EACCES if "Credentials" in what else errno.EHOSTDOWN
        raise OSError(number, f"the store does not answer ({what})") from None
