"""Folders over SSH: paramiko, with the host keys that the system knows and no others."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

import paramiko

from scanner.shares.mounts import FileSystem
from scanner.shares.sources.address import Address, SourceError, parsed
from scanner.shares.sources.credentials import credentials
from scanner.shares.sources.source import stat_result
from scanner.store.entry import Access, Audience

CONNECT_SECONDS = 20
SILENT_SECONDS = 30
# Folders asked for at once while one is read.
READ_AHEAD = 20


class SftpServer:
    """One account on one server."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None

    @cached_property
    def system(self) -> FileSystem:
        """The server."""
        return FileSystem("sftp", self._address.top)

    def about(self, path: bytes) -> os.stat_result:
        """One object."""
        with self._speaking():
            return _stat(self._channel().lstat(_place(path)))

    def listing(self, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        """What lies in a folder."""
        with self._speaking():
            for found in self._channel().listdir_iter(_place(folder), READ_AHEAD):
                yield os.fsencode(found.filename), _stat(found)

    def access(self, path: bytes, about: os.stat_result) -> Access:
        """Who may read a file, by its mode; accounts are the server's, so they are told by number."""
        mode = about.st_mode
        audience, how = Audience.OWNER, "mode: only its owner"
        if mode & stat.S_IROTH:
            audience, how = Audience.EVERYONE, "mode: others may read"
        elif mode & stat.S_IRGRP:
            audience, how = Audience.GROUP, f"mode: group {about.st_gid}"
        return Access(
            mode, about.st_uid, about.st_gid, audience, True, str(about.st_uid), str(about.st_gid), how
        )

    def open(self, path: bytes) -> BinaryIO:
        """A file for reading."""
        with self._speaking():
            opened = self._channel().open(_place(path), "rb", bufsize=1 << 20)
            opened.prefetch()
            return cast(BinaryIO, _Errors(opened, self))

    def _channel(self) -> paramiko.SFTPClient:
        if self._sftp is None or self._client is None or not _alive(self._client):
            self._connect()
        assert self._sftp is not None
        return self._sftp

    def _connect(self) -> None:
        address = self._address
        host, settings = address.host.strip("[]"), _settings(address.host.strip("[]"))
        known = credentials(address.host, address.user)
        client = paramiko.SSHClient()
        client.load_system_host_keys()
        # A server that nobody has met before could be anybody.
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            str(settings.get("hostname", host)),
            port=address.port or int(settings.get("port", 22)),
            username=known.user or settings.get("user"),
            password=known.password or None,
            key_filename=settings.get("identityfile"),
            timeout=CONNECT_SECONDS,
            banner_timeout=CONNECT_SECONDS,
            auth_timeout=CONNECT_SECONDS,
        )
        transport = client.get_transport()
        if transport is not None:
            transport.set_keepalive(SILENT_SECONDS // 3)
        self._client, self._sftp = client, client.open_sftp()
        channel = self._sftp.get_channel()
        if channel is not None:
            channel.settimeout(SILENT_SECONDS)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except paramiko.BadHostKeyException:
            raise PermissionError(errno.EACCES, "the server's host key is another one than before") from None
        except paramiko.AuthenticationException:
            raise PermissionError(errno.EACCES, "the login was refused; see the credentials file") from None
        except SourceError as error:
            raise PermissionError(errno.EACCES, str(error)) from None
        except paramiko.SSHException as error:
            self._forget()
            if "not found in known_hosts" in str(error):
                raise PermissionError(errno.EACCES, "the server's host key is not known") from None
            raise OSError(errno.EHOSTDOWN, "the server does not answer") from None
        except EOFError:
            self._forget()
            raise OSError(errno.ECONNRESET, "the connection was lost") from None
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EACCES, errno.EPERM):
                raise
            if "Socket is closed" in str(error) or error.errno is not None or isinstance(error, TimeoutError):
                self._forget()
            number = error.errno or errno.EIO
            raise OSError(number, os.strerror(number)) from None

    def _forget(self) -> None:
        self._sftp = None


class _Errors:
    """A remote file whose errors are the system's."""

    def __init__(self, file: Any, server: SftpServer) -> None:
        self._file = file
        self._server = server

    def read(self, size: int = -1) -> bytes:
        with self._server._speaking():
            return bytes(self._file.read(size))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> _Errors:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _alive(client: paramiko.SSHClient) -> bool:
    transport = client.get_transport()
    return transport is not None and transport.is_active()


def _settings(host: str) -> dict[str, Any]:
    """What ``~/.ssh/config`` says of a host."""
    path = Path.home() / ".ssh" / "config"
    try:
        return dict(paramiko.SSHConfig.from_path(str(path)).lookup(host))
    except (OSError, paramiko.ConfigParseError):
        return {}


def _place(path: bytes) -> str:
    return "/" + "/".join(parsed(path).place)


def _stat(found: paramiko.SFTPAttributes) -> os.stat_result:
    changed = int(found.st_mtime or 0) * 1_000_000_000
    # The protocol tells no time of a changed entry and no file number.
    return stat_result(
        found.st_mode or 0,
        size=found.st_size or 0,
        uid=found.st_uid or 0,
        gid=found.st_gid or 0,
        atime_ns=int(found.st_atime or 0) * 1_000_000_000,
        mtime_ns=changed,
        ctime_ns=changed,
    )
