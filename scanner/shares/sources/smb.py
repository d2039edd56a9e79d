"""Windows shares, spoken to directly: one query for each folder, security descriptors, file numbers.

``smbprotocol`` is the library beneath fsspec's ``smb``, too; that one asks four times for a file and drops
what exposure and incremental runs need.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BufferedReader
from typing import Any, BinaryIO, cast

from smbclient import ClientConfig, open_file
from smbclient import stat as smb_stat
from smbclient._io import SMBDirectoryIO, SMBFileTransaction, SMBRawIO
from smbclient._pool import register_session
from smbprotocol.exceptions import SMBAuthenticationError, SMBException, SMBOSError, SMBResponseException
from smbprotocol.file_info import FileInformationClass, InfoType
from smbprotocol.header import NtStatus
from smbprotocol.open import CreateOptions, SMB2QueryInfoRequest, SMB2QueryInfoResponse
from smbprotocol.tree import TreeConnect

from scanner.shares.exposure import descriptor_audience
from scanner.shares.mounts import FileSystem
from scanner.shares.sources.address import Address, SourceError, parsed
from scanner.shares.sources.credentials import credentials
from scanner.shares.sources.source import FILE, FOLDER, LINK, stat_result
from scanner.store.entry import Access, Audience

CONNECT_SECONDS = 20
# A server that does not answer at all for this long is gone.
SILENT_SECONDS = 30
PORT = 445

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_READ_CONTROL = 0x00020000
_READ_ATTRIBUTES = 0x00000080
_OWNER_GROUP_DACL = (
    0x1 | 0x2 | 0x4
)  # the list of what is audited (SACL) needs a privilege and is not asked for
_DESCRIPTOR_BYTES = 64_000
_FOLDER, _REPARSE = 0x10, 0x400

_ERRNO = {
    NtStatus.STATUS_ACCESS_DENIED: errno.EACCES,
    NtStatus.STATUS_LOGON_FAILURE: errno.EACCES,
    NtStatus.STATUS_BAD_NETWORK_NAME: errno.ENOENT,
    NtStatus.STATUS_SHARING_VIOLATION: errno.EBUSY,
}


class SmbServer:
    """One share of one server."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._unc = f"\\\\{address.host}\\{address.share}"
        self._connections: dict[str, Any] = {}
        # What a name space of the domain leads to is another server, which nobody has named.
        ClientConfig(skip_dfs=True)

    @cached_property
    def system(self) -> FileSystem:
        """The share."""
        return FileSystem("smb", self._address.top)

    def about(self, path: bytes) -> os.stat_result:
        """One object."""
        with self._speaking():
            found = smb_stat(self._path(path), follow_symlinks=False, **self._session())
            return _stat(
                found.st_file_attributes,
                size=found.st_size,
                number=found.st_ino,
                atime_ns=_micro(found.st_atime_ns),
                mtime_ns=_micro(found.st_mtime_ns),
                ctime_ns=_micro(found.st_chgtime_ns),
            )

    def listing(self, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        """What lies in a folder."""
        with (
            self._speaking(),
            SMBDirectoryIO(self._path(folder), share_access="rwd", **self._session()) as opened,
        ):
            for raw in opened.query_directory("*", FileInformationClass.FILE_ID_FULL_DIRECTORY_INFORMATION):
                name = raw["file_name"].get_value().decode("utf-16-le", "surrogatepass")
                if name in (".", ".."):
                    continue
                yield (
                    name.encode("utf-8", "surrogatepass"),
                    _stat(
                        raw["file_attributes"].get_value(),
                        size=raw["end_of_file"].get_value(),
                        number=raw["file_id"].get_value(),
                        atime_ns=_ns(raw["last_access_time"].get_value()),
                        mtime_ns=_ns(raw["last_write_time"].get_value()),
                        ctime_ns=_ns(raw["change_time"].get_value()),
                    ),
                )

    def access(self, path: bytes, about: os.stat_result) -> Access:
        """Who may read a file, by its security descriptor; the share's own permissions are not known."""
        try:
            with self._speaking():
                raw = self._descriptor(path)
        except OSError:
            return Access(
                about.st_mode, 0, 0, Audience.UNKNOWN, False, how="security descriptor cannot be read"
            )
        audience, how, owner, group = descriptor_audience(raw)
        return Access(about.st_mode, 0, 0, audience, False, owner, group, how)

    def open(self, path: bytes) -> BinaryIO:
        """A file for reading; others may go on with it."""
        with self._speaking():
            raw = open_file(self._path(path), mode="rb", buffering=0, share_access="rwd", **self._session())
            return cast(BinaryIO, BufferedReader(_Errors(raw, self), 1 << 20))

    def _descriptor(self, path: bytes) -> bytes:
        raw = SMBRawIO(
            self._path(path),
            mode="r",
            share_access="rwd",
            desired_access=_READ_CONTROL | _READ_ATTRIBUTES,
            create_options=CreateOptions.FILE_OPEN_REPARSE_POINT,
            **self._session(),
        )
        with SMBFileTransaction(raw) as asking:
            question = SMB2QueryInfoRequest()
            question["info_type"] = InfoType.SMB2_0_INFO_SECURITY
            question["file_id"] = raw.fd.file_id
            question["output_buffer_length"] = _DESCRIPTOR_BYTES
            question["additional_information"] = _OWNER_GROUP_DACL

            def received(request: Any) -> bytes:
                answer = SMB2QueryInfoResponse()
                answer.unpack(raw.fd.connection.receive(request)["data"].get_value())
                return bytes(answer["buffer"].get_value())

            asking += (question, received)
        return bytes(asking.results[0])

    def _path(self, path: bytes) -> str:
        return "\\".join((self._unc, *parsed(path).place))

    def _session(self) -> dict[str, Any]:
        """Arguments for every call, with a live connection behind them."""
        address = self._address
        port = address.port or PORT
        known = self._connections.get(f"{address.host}:{port}")
        if known is None or not known.transport.connected:
            self._connections.clear()
            self._connect(port)
        return {"port": port, "connection_cache": self._connections}

    def _connect(self, port: int) -> None:
        address = self._address
        known = credentials(address.host, address.user)
        # A guest has no key to sign with: that anybody could have answered is in the nature of such a share.
        guest = known.user.lower() == "guest" and not known.password
        session = register_session(
            address.host.strip("[]"),
            username=known.user or None,
            password=known.password or ("" if guest else None),
            port=port,
            connection_timeout=CONNECT_SECONDS,
            connection_cache=self._connections,
            require_signing=not guest,
            auth_protocol="ntlm" if guest else "negotiate",
        )
        if guest:
            # Whether the negotiation was tampered with is asked by a signed question.
            tree = TreeConnect(session, self._unc)
            tree.connect(require_secure_negotiate=False)
        with suppress(AttributeError, OSError):
            wire: socket.socket = session.connection.transport._sock
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT_SECONDS // 3)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENT_SECONDS // 6)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_SECONDS * 1000)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Whatever the library raises as an error of the system, without names of users."""
        try:
            yield
        except SMBOSError as error:
            raise _system_error(error.ntstatus, error.errno or 0) from None
        except SMBAuthenticationError:
            raise PermissionError(errno.EACCES, "the login was refused; see the credentials file") from None
        except SMBResponseException as error:
            raise _system_error(error.status, 0) from None
        except SourceError as error:
            raise PermissionError(errno.EACCES, str(error)) from None
        except OSError:
            self._connections.clear()
            raise
        except (SMBException, ValueError) as error:
            self._connections.clear()
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno:
                raise OSError(cause.errno, os.strerror(cause.errno)) from None
            raise OSError(errno.EHOSTDOWN, "the server does not answer") from None


class _Errors:
    """A raw file of the library whose errors are the system's; what a buffered reader asks for, no more."""

    def __init__(self, raw: Any, server: SmbServer) -> None:
        self._raw = raw
        self._server = server

    def readinto(self, buffer: Any) -> int:
        with self._server._speaking():
            return int(self._raw.readinto(buffer))

    def close(self) -> None:
        with suppress(OSError), self._server._speaking():
            self._raw.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _system_error(status: int, number: int) -> OSError:
    number = _ERRNO.get(status, number) or errno.EIO
    if status == NtStatus.STATUS_LOGON_FAILURE:
        return PermissionError(number, "the login was refused; see the credentials file")
    return OSError(number, os.strerror(number))


def _stat(attributes: int, **numbers: int) -> os.stat_result:
    kind = FOLDER if attributes & _FOLDER else FILE
    # A folder that leads elsewhere is a link; a file of this kind is kept compactly or in the cloud.
    if attributes & _REPARSE and kind == FOLDER:
        kind = LINK
    return stat_result(kind, **numbers)


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND * 1_000


def _micro(ns: int) -> int:
    """A time as listings have it, which the library rounds down to microseconds."""
    return ns // 1_000 * 1_000
