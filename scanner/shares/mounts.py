"""What file system lies where: which of its answers can be believed, and whether it is still the same."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

# Windows of the kernel, not storage: reading them can block, never end, or change the machine.
KERNEL_FILE_SYSTEMS = frozenset(
    [
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "efivarfs",
        "fusectl",
        "hugetlbfs",
        "mqueue",
        "nsfs",
        "proc",
        "pstore",
        "rpc_pipefs",
        "securityfs",
        "selinuxfs",
        "sysfs",
        "tracefs",
    ]
)
_NETWORK = frozenset(
    [
        *("cifs", "smb3", "smbfs", "nfs", "nfs4", "9p", "afs", "ceph", "ncpfs", "webdavfs"),
        *("smb", "sftp", "s3"),  # spoken to directly, without a mount (scanner.shares.sources)
    ]
)
# Their rights are made up by the mount, the same for every file; and their numbers of files come and go.
_WITHOUT_RIGHTS = frozenset(
    ["cifs", "smb3", "smbfs", "vfat", "msdos", "exfat", "fuseblk", "ncpfs", "webdavfs", "smb", "s3", "image"]
)
_WITHOUT_NUMBERS = frozenset(["vfat", "msdos", "exfat", "webdavfs", "sftp"])

# The coarsest time stamps that are met (FAT: two seconds); a server's clock may also differ from ours.
_SETTLED_LOCAL_NS = 2_000_000_000
_SETTLED_NETWORK_NS = 600_000_000_000


@dataclass(frozen=True, slots=True)
class FileSystem:
    """One mounted file system.

    ``kind``, ``source``, ``beneath`` (what of the source is mounted) and ``options`` are the kernel's words.
    """

    kind: str = ""
    source: str = ""
    beneath: str = ""
    options: str = ""

    @property
    def network(self) -> bool:
        """Whether a server has it, and events of other machines do not reach us."""
        return self.kind in _NETWORK or self.kind == "fuse" or self.kind.startswith("fuse.")

    @property
    def stable_numbers(self) -> bool:
        """Whether the number of a file says that it is the same file."""
        if self.kind in ("cifs", "smb3", "smbfs"):
            return "serverino" in self.options.split(",")
        return self.kind not in _WITHOUT_NUMBERS and not self.kind.startswith("fuse")

    @property
    def has_rights(self) -> bool:
        """Whether mode, owner and group are those of the file."""
        return self.kind not in _WITHOUT_RIGHTS

    @property
    def settled_ns(self) -> int:
        """Nanoseconds after which a change is told from the next one for certain."""
        return _SETTLED_NETWORK_NS if self.network else _SETTLED_LOCAL_NS


UNKNOWN = FileSystem()


@dataclass(frozen=True, slots=True)
class _Mount:
    point: bytes
    device: tuple[int, int]
    system: FileSystem


class Mounts:
    """The mounts of this process as they are now."""

    def __init__(self, table: bytes | None = None) -> None:
        self._mounts = _parsed(_table() if table is None else table)
        self._by_device = {mount.device: mount.system for mount in self._mounts}

    def kernel(self) -> dict[bytes, str]:
        """Mount points of kernel file systems, with their kind."""
        found = {
            mount.point: mount.system.kind
            for mount in self._mounts
            if mount.system.kind in KERNEL_FILE_SYSTEMS
        }
        # devtmpfs is not the only /dev: containers mount a tmpfs there, full of device nodes.
        found.setdefault(b"/dev", "dev")
        return found

    def network(self) -> list[tuple[bytes, FileSystem]]:
        """Mount points of file systems that a server has."""
        return [(mount.point, mount.system) for mount in self._mounts if mount.system.network]

    def at(self, path: bytes) -> FileSystem:
        """The file system that ``path`` lies on."""
        best: _Mount | None = None
        for mount in self._mounts:
            stem = mount.point.rstrip(b"/") + b"/"
            # Of mounts at one place the last covers the others.
            if (path == mount.point or path.startswith(stem)) and (
                best is None or len(mount.point) >= len(best.point)
            ):
                best = mount
        return best.system if best else UNKNOWN

    def of_device(self, device: int, otherwise: FileSystem) -> FileSystem:
        """The file system of a device number (``st_dev``)."""
        return self._by_device.get((os.major(device), os.minor(device)), otherwise)


def identity(path: bytes, mounts: Mounts | None = None) -> str:
    """What is at ``path``, to be compared with what was there another night.

    Device numbers change when a machine starts: the source, the kind and the number of the folder do not.
    Raises ``OSError`` where there is nothing.
    """
    about = Path(os.fsdecode(path)).stat()
    system = (mounts or Mounts()).at(os.path.realpath(path))
    number = about.st_ino if system.stable_numbers else 0
    return f"{system.kind} {system.source} {system.beneath} {number}"


def handle(path: bytes) -> tuple[int, int]:
    """What is at ``path`` for as long as this machine runs; raises ``OSError`` where there is nothing."""
    about = Path(os.fsdecode(path)).stat()
    return about.st_dev, about.st_ino


def _table() -> bytes:
    try:
        return Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return b""


def _parsed(table: bytes) -> list[_Mount]:
    mounts = []
    for line in table.splitlines():
        before, _, after = line.partition(b" - ")
        fields, behind = before.split(b" "), after.split(b" ")
        if len(fields) < 6 or len(behind) < 2:
            continue
        major, _, minor = fields[2].partition(b":")
        if not (major.isdigit() and minor.isdigit()):
            continue
        options = ",".join(_text(part) for part in (fields[5], *behind[2:3]))
        system = FileSystem(_text(behind[0]), _text(behind[1]), _text(fields[3]), options)
        mounts.append(_Mount(_unescaped(fields[4]), (int(major), int(minor)), system))
    return mounts


def _text(raw: bytes) -> str:
    return _unescaped(raw).decode("utf-8", "backslashreplace")


def _unescaped(path: bytes) -> bytes:
    for code, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        path = path.replace(code, char)
    return path
