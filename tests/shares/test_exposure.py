"""Who can read a file: modes, access control lists, Windows security descriptors, folders above."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from scanner.shares.exposure import (
    ExposureSettings,
    Rights,
    descriptor_audience,
    effective,
    posix_acl,
)
from scanner.shares.mounts import FileSystem, Mounts
from scanner.store.entry import Access, Audience

HERE = FileSystem("ext4")


def acl(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def sid(text: str) -> bytes:
    _, _, authority, *parts = text.split("-")
    return (
        struct.pack("<BB", 1, len(parts))
        + int(authority).to_bytes(6, "big")
        + struct.pack(f"<{len(parts)}I", *map(int, parts))
    )


def ace(kind: int, who: str, mask: int = 0x001200A9, flags: int = 0) -> bytes:
    body = struct.pack("<I", mask) + sid(who)
    return struct.pack("<BBH", kind, flags, 4 + len(body)) + body


def descriptor(*aces: bytes, owner: str = "S-1-5-21-1-2-3-1001", listed: bool = True) -> bytes:
    who = sid(owner)
    entries = b"".join(aces)
    dacl = struct.pack("<BBHHH", 2, 0, 8 + len(entries), len(aces), 0) + entries
    head = struct.pack("<BBHIIII", 1, 0, 0x8004, 20, 0, 0, 20 + len(who) if listed else 0)
    return head + who + (dacl if listed else b"")


@pytest.mark.parametrize(
    ("mode", "audience", "how"),
    [
        (0o600, Audience.OWNER, "mode: only its owner"),
        (0o640, Audience.GROUP, "mode: group "),
        (0o644, Audience.EVERYONE, "mode: others may read"),
        (0o604, Audience.EVERYONE, "mode: others may read"),
        (0o711, Audience.OWNER, "mode: only its owner"),  # to run it is not to read it
        (0o622, Audience.OWNER, "mode: only its owner"),
    ],
)
def test_modes(tmp_path: Path, mode: int, audience: Audience, how: str) -> None:
    path = tmp_path / "a"
    path.touch()
    path.chmod(mode)
    rights = Rights(ExposureSettings(everyone_groups=()))
    found = rights.of(os.fsencode(path), path.stat(), HERE)
    assert found.audience is audience
    assert found.how.startswith(how)


def test_a_group_that_everybody_is_in(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    path.chmod(0o640)
    group = path.group()
    for names, audience in ((("everyone",), Audience.GROUP), ((group.upper(),), Audience.EVERYONE)):
        rights = Rights(ExposureSettings(everyone_groups=names))
        assert rights.of(os.fsencode(path), path.stat(), HERE).audience is audience


NOBODY = 0xFFFFFFFF
LISTS = [
    # entries, audience for reading, why
    ([(1, 6, NOBODY), (4, 0, NOBODY), (32, 4, NOBODY)], Audience.EVERYONE, "others may read"),
    ([(1, 6, NOBODY), (4, 4, NOBODY), (32, 0, NOBODY)], Audience.GROUP, "the owning group"),
    (
        [(1, 6, NOBODY), (2, 4, 4242), (4, 0, NOBODY), (16, 7, NOBODY), (32, 0, NOBODY)],
        Audience.GROUP,
        "a user",
    ),
    (
        [(1, 6, NOBODY), (8, 4, 4242), (4, 4, NOBODY), (16, 2, NOBODY), (32, 0, NOBODY)],
        Audience.OWNER,
        "the mask takes it away",
    ),
    ([(1, 6, NOBODY), (4, 0, NOBODY), (32, 1, NOBODY)], Audience.OWNER, "others may only pass"),
]


@pytest.mark.parametrize(("entries", "audience", "why"), LISTS, ids=[row[2] for row in LISTS])
def test_posix_lists(entries: list[tuple[int, int, int]], audience: Audience, why: str) -> None:
    found = Rights(ExposureSettings(everyone_groups=()))._acl_audience(acl(*entries), "staff", 4)
    assert found is not None
    assert found[0] is audience, why


@pytest.mark.parametrize("raw", [b"", b"\x02\0\0", b"\x03\0\0\0", acl((1, 6, 0))[:-1], acl((64, 6, 0))])
def test_what_is_no_posix_list(raw: bytes) -> None:
    assert posix_acl(raw) is None


@pytest.mark.skipif(shutil.which("setfacl") is None, reason="setfacl is missing (Debian package: acl)")
def test_a_real_access_control_list(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    path.chmod(0o600)
    if subprocess.run(["setfacl", "-m", "u:4242:r", str(path)], capture_output=True).returncode:
        pytest.skip("no access control lists on this file system")
    found = Rights().of(os.fsencode(path), path.stat(), HERE)
    assert (found.audience, found.how) == (Audience.GROUP, "ACL: user 4242")


DOMAIN = "S-1-5-21-1-2-3"
DESCRIPTORS = [
    (descriptor(ace(0, "S-1-1-0")), Audience.EVERYONE, "access list: Everyone may read"),
    (descriptor(ace(0, f"{DOMAIN}-513")), Audience.EVERYONE, "access list: Domain Users may read"),
    (descriptor(ace(0, "S-1-5-11")), Audience.EVERYONE, "access list: Authenticated Users may read"),
    (descriptor(ace(0, f"{DOMAIN}-2044")), Audience.GROUP, f"access list: {DOMAIN}-2044 may read"),
    (descriptor(ace(0, f"{DOMAIN}-1001")), Audience.OWNER, "access list: only its owner"),
    (descriptor(ace(0, "S-1-5-18"), ace(0, "S-1-5-32-544")), Audience.OWNER, "access list: only its owner"),
    (descriptor(ace(0, "S-1-1-0", mask=0x2)), Audience.OWNER, "access list: only"),  # may write, not read
    (descriptor(ace(0, "S-1-1-0", flags=0x08)), Audience.OWNER, "access list: only"),  # for what is in it
    (descriptor(ace(1, "S-1-1-0"), ace(0, f"{DOMAIN}-513")), Audience.OWNER, "access list: only"),  # denied
    (descriptor(ace(0, "S-1-1-0", mask=0x80000000)), Audience.EVERYONE, "access list: Everyone"),
    (descriptor(listed=False), Audience.EVERYONE, "no access list"),
    (descriptor(), Audience.OWNER, "access list: only its owner"),
]


@pytest.mark.parametrize(("raw", "audience", "how"), DESCRIPTORS)
def test_windows_descriptors(raw: bytes, audience: Audience, how: str) -> None:
    found, why, owner, _ = descriptor_audience(raw)
    assert (found, owner) == (audience, f"{DOMAIN}-1001")
    assert why.startswith(how)


def test_broken_descriptors_are_unknown_and_never_closed() -> None:
    whole = descriptor(ace(0, "S-1-1-0"))
    for end in range(len(whole)):
        audience, _, _, _ = descriptor_audience(whole[:end])
        assert audience in (Audience.UNKNOWN, Audience.EVERYONE)


def test_a_closed_folder_closes_what_is_in_it_but_not_on_windows() -> None:
    posix = Access(0, 0, 0, Audience.EVERYONE)
    windows = Access(0, 0, 0, Audience.EVERYONE, traversal=False)
    table = [
        (posix, Audience.OWNER, False, Audience.OWNER),
        (posix, Audience.EVERYONE, False, Audience.EVERYONE),
        (windows, Audience.OWNER, False, Audience.EVERYONE),
        (posix, Audience.EVERYONE, True, Audience.PUBLIC),
        (posix, Audience.OWNER, True, Audience.OWNER),
        (Access(0, 0, 0, Audience.UNKNOWN, traversal=False), Audience.PUBLIC, False, Audience.UNKNOWN),
    ]
    for access, passage, published, audience in table:
        assert effective(access, passage, published=published) is audience


def test_web_roots() -> None:
    rights = Rights(ExposureSettings(web_roots=("/var/www", "/srv/pages/")))
    table = {
        b"/var/www": True,
        b"/var/www/html": True,
        b"/var/wwwx": False,
        b"/srv/pages/a": True,
        b"/srv": False,
    }
    assert {path: rights.published(path) for path in table} == table


def test_a_mount_that_makes_its_rights_up_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    found = Rights().of(os.fsencode(path), path.stat(), FileSystem("cifs", "//server/share"))
    assert (found.audience, found.how) == (Audience.UNKNOWN, "cifs mount without readable rights")


TABLE = b"""\
21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 21 0:40 / /mnt/share\\040one rw - cifs //server/share rw,vers=3.1.1,serverino
31 21 0:41 /export /mnt/nfs rw - nfs4 server:/export rw
32 21 0:42 / /proc rw - proc proc rw
33 21 0:43 / /mnt/stick rw - vfat /dev/sdb1 rw
34 21 0:44 / /mnt/over ro - fuse.sshfs user@host:/ rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind", "network", "numbers", "rights"),
    [
        (b"/srv/a", "ext4", False, True, True),
        (b"/mnt/share one/a", "cifs", True, True, False),
        (b"/mnt/share onetwo", "ext4", False, True, True),
        (b"/mnt/nfs", "nfs4", True, True, True),
        (b"/mnt/stick/a", "vfat", False, False, False),
        (b"/mnt/over/a", "fuse.sshfs", True, False, True),
    ],
)
def test_what_a_file_system_is_believed(
    path: bytes, kind: str, network: bool, numbers: bool, rights: bool
) -> None:
    system = Mounts(TABLE).at(path)
    assert (system.kind, system.network, system.stable_numbers, system.has_rights) == (
        kind,
        network,
        numbers,
        rights,
    )


def test_kernel_mounts_and_devices() -> None:
    mounts = Mounts(TABLE)
    assert mounts.kernel() == {b"/proc": "proc", b"/dev": "dev"}
    assert mounts.of_device(os.makedev(0, 41), HERE).kind == "nfs4"
    assert mounts.of_device(os.makedev(9, 9), HERE) is HERE
