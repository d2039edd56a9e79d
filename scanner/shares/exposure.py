"""Exposure: who can read a file, from its mode, its access control list or its Windows security descriptor.

Nothing is asked of a directory server: groups that mean everybody are known by number and by name.  What
cannot be told is unknown, never closed.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from scanner.shares.mounts import FileSystem
from scanner.store.entry import Access, Audience

# Where web servers on Debian, Red Hat, SUSE and IIS-like layouts look for files to publish.
WEB_ROOTS = ("/var/www", "/srv/www", "/srv/http", "/usr/share/nginx/html", "/var/lib/www")
EVERYONE_GROUPS = ("everyone", "domain users", "authenticated users", "users", "domain guests", "staff")

_POSIX_ACL = "system.posix_acl_access"
# The kernel's CIFS client under its names over the years, and ntfs-3g: the same structure in all.
_DESCRIPTORS = ("system.cifs_acl", "system.smb3_acl", "system.cifs_ntsd", "system.ntfs_acl")
_WITHOUT = {errno.ENODATA, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.EINVAL}

# Well-known security identifiers (Microsoft, [MS-DTYP] 2.4.2.4) that every account has.
_EVERYONE_SIDS = {
    "S-1-1-0": "Everyone",
    "S-1-5-7": "Anonymous",
    "S-1-5-11": "Authenticated Users",
    "S-1-5-32-545": "Users",
    "S-1-5-32-546": "Guests",
}
_EVERYONE_IN_DOMAIN = {513: "Domain Users", 514: "Domain Guests"}
# Who administers the machine anyway, and places for the owner.
_NOBODY_ELSE = frozenset(["S-1-5-18", "S-1-5-32-544", "S-1-3-0", "S-1-3-4", "S-1-5-9"])
_ADMINS_IN_DOMAIN = frozenset([500, 512, 519])

# FILE_READ_DATA, GENERIC_ALL, GENERIC_READ
_READ_MASK = 0x00000001 | 0x10000000 | 0x80000000


@dataclass(frozen=True, slots=True)
class ExposureSettings:
    """What a council knows of its own shares.

    ``web_roots`` are folders whose files are published; ``everyone_groups`` are names of groups that every
    member of staff is in.
    """

    web_roots: tuple[str, ...] = WEB_ROOTS
    everyone_groups: tuple[str, ...] = EVERYONE_GROUPS


@dataclass
class Rights:
    """Reads who may read objects; remembers the names of users and groups, and where nothing is to be had."""

    settings: ExposureSettings = field(default_factory=ExposureSettings)
    _users: dict[int, str] = field(default_factory=dict)
    _groups: dict[int, str] = field(default_factory=dict)
    _mute: set[tuple[int, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._everyone = frozenset(name.casefold() for name in self.settings.everyone_groups)
        self._web_roots = tuple(os.fsencode(path.rstrip("/")) for path in self.settings.web_roots)

    def published(self, folder: bytes) -> bool:
        """Whether a web server shows what is in ``folder`` to the world."""
        return any(folder == root or folder.startswith(root + b"/") for root in self._web_roots)

    def of(self, path: bytes, about: os.stat_result, system: FileSystem) -> Access:
        """What the object's own rights say; never raises."""
        return self._read(path, about, system, stat.S_IRGRP, stat.S_IROTH, 4)

    def passage(self, path: bytes, about: os.stat_result, system: FileSystem) -> Audience:
        """Who may pass through a folder to what lies in it."""
        access = self._read(path, about, system, stat.S_IXGRP, stat.S_IXOTH, 1)
        return access.audience if access.traversal else Audience.PUBLIC

    def _read(
        self, path: bytes, about: os.stat_result, system: FileSystem, group_bit: int, other_bit: int, bit: int
    ) -> Access:
        mode = about.st_mode
        if not system.has_rights:
            descriptor = self._first_attribute(path, about.st_dev, _DESCRIPTORS)
            if descriptor:
                audience, how, owner, group = descriptor_audience(descriptor)
                return Access(mode, about.st_uid, about.st_gid, audience, False, owner, group, how)
            how = f"{system.kind} mount without readable rights"
            return Access(mode, about.st_uid, about.st_gid, Audience.UNKNOWN, False, how=how)
        owner, group = self._user(about.st_uid), self._group(about.st_gid)
        audience, how = Audience.OWNER, "mode: only its owner"
        if mode & other_bit:
            audience, how = Audience.EVERYONE, "mode: others may read"
        elif mode & group_bit:
            audience, how = self._group_audience(group), f"mode: group {group}"
        acl = self._first_attribute(path, about.st_dev, (_POSIX_ACL,))
        if acl:
            audience, how = self._acl_audience(acl, group, bit) or (audience, how)
        return Access(mode, about.st_uid, about.st_gid, audience, True, owner, group, how)

    def _acl_audience(self, acl: bytes, owning_group: str, bit: int) -> tuple[Audience, str] | None:
        """What an access control list says, the widest first; ``None`` where it is none that we know."""
        entries = posix_acl(acl)
        if entries is None:
            return None
        mask = next((rights for tag, rights, _ in entries if tag == "mask"), 7)
        best = Audience.OWNER, "ACL: only its owner"
        for tag, rights, number in entries:
            if tag == "other" and rights & bit:
                return Audience.EVERYONE, "ACL: others may read"
            if tag in ("user", "group", "owning group") and rights & mask & bit:
                if tag == "user":
                    found = Audience.GROUP, f"ACL: user {self._user(number)}"
                else:
                    name = owning_group if tag == "owning group" else self._group(number)
                    found = self._group_audience(name), f"ACL: group {name}"
                best = max(best, found, key=lambda item: item[0])
        return best

    def _group_audience(self, name: str) -> Audience:
        plain = name.rpartition("\\")[2].casefold()
        return Audience.EVERYONE if plain in self._everyone else Audience.GROUP

    def _first_attribute(self, path: bytes, device: int, names: Sequence[str]) -> bytes | None:
        for name in names:
            if (device, name) in self._mute:
                continue
            try:
                return os.getxattr(path, name, follow_symlinks=False)
            except OSError as error:
                if error.errno in (errno.EOPNOTSUPP, errno.ENOTSUP):
                    self._mute.add((device, name))  # not on this file system: ask no more
                elif error.errno not in _WITHOUT:
                    return None
        return None

    def _user(self, number: int) -> str:
        if number not in self._users:
            try:
                self._users[number] = pwd.getpwuid(number).pw_name
            except (KeyError, OverflowError):
                self._users[number] = str(number)
        return self._users[number]

    def _group(self, number: int) -> str:
        if number not in self._groups:
            try:
                self._groups[number] = grp.getgrgid(number).gr_name
            except (KeyError, OverflowError):
                self._groups[number] = str(number)
        return self._groups[number]


def effective(access: Access, passage: Audience, *, published: bool) -> Audience:
    """Who can read a file, with the folders above it: a closed folder closes what is in it."""
    audience = min(access.audience, passage) if access.traversal else access.audience
    if published and audience > Audience.OWNER:
        return Audience.PUBLIC
    return audience


def posix_acl(raw: bytes) -> list[tuple[str, int, int]] | None:
    """The entries of a POSIX access control list as the kernel stores it: (tag, rights, user or group).

    Rights are the digits of a mode (4 read, 2 write, 1 execute).  ``None`` for anything else (acl(5), the
    kernel's ``posix_acl_xattr.h``: version 2, then 8 bytes for each entry).
    """
    if len(raw) < 4 or (len(raw) - 4) % 8 or raw[:4] != b"\x02\0\0\0":
        return None
    tags = {1: "owner", 2: "user", 4: "owning group", 8: "group", 16: "mask", 32: "other"}
    entries = []
    for tag, rights, number in struct.iter_unpack("<HHI", raw[4:]):
        if tag not in tags:
            return None
        entries.append((tags[tag], rights, number))
    return entries


def descriptor_audience(raw: bytes) -> tuple[Audience, str, str, str]:
    """Who may read, why, owner and group, after a self-relative security descriptor ([MS-DTYP] 2.4.6)."""
    try:
        _, _, control, owner_at, group_at, _, dacl_at = struct.unpack_from("<BBHIIII", raw)
        owner = _sid(raw, owner_at) if owner_at else ""
        group = _sid(raw, group_at) if group_at else ""
        if not control & 0x0004 or not dacl_at:
            return Audience.EVERYONE, "no access list: everyone may read", owner, group
        audience, how = _list_audience(raw, dacl_at, owner)
        return audience, how, owner, group
    except (struct.error, IndexError, ValueError):
        return Audience.UNKNOWN, "security descriptor cannot be read", "", ""


def _list_audience(raw: bytes, at: int, owner: str) -> tuple[Audience, str]:
    _, _, _, count, _ = struct.unpack_from("<BBHHH", raw, at)
    best = Audience.OWNER, "access list: only its owner and administrators"
    refused: set[str] = set()
    at += 8
    for _ in range(count):
        kind, flags, size, mask = struct.unpack_from("<BBHI", raw, at)
        # 0 allows, 1 denies; entries that are only there to be inherited (0x08) do not count here.
        if kind in (0, 1) and not flags & 0x08 and mask & _READ_MASK:
            who = _sid(raw, at + 8)
            if kind == 1:
                refused.add(who)
            elif who not in refused and not (refused & {"S-1-1-0"}):
                best = max(best, _sid_audience(who, owner), key=lambda item: item[0])
        if size < 8:
            raise ValueError("entry of no size")
        at += size
    return best


def _sid_audience(who: str, owner: str) -> tuple[Audience, str]:
    last = int(who.rpartition("-")[2])
    in_domain = who.startswith("S-1-5-21-")
    if who in _EVERYONE_SIDS:
        return Audience.EVERYONE, f"access list: {_EVERYONE_SIDS[who]} may read"
    if in_domain and last in _EVERYONE_IN_DOMAIN:
        return Audience.EVERYONE, f"access list: {_EVERYONE_IN_DOMAIN[last]} may read"
    if who == owner or who in _NOBODY_ELSE or (in_domain and last in _ADMINS_IN_DOMAIN):
        return Audience.OWNER, "access list: only its owner and administrators"
    return Audience.GROUP, f"access list: {who} may read"


def _sid(raw: bytes, at: int) -> str:
    revision, count = raw[at], raw[at + 1]
    if revision != 1 or count > 15:
        raise ValueError("no security identifier")
    authority = int.from_bytes(raw[at + 2 : at + 8], "big")
    parts = struct.unpack_from(f"<{count}I", raw, at + 8)
    return "-".join(["S", "1", str(authority), *map(str, parts)])
