"""What the Linux kernel denies a worker for good: the network, and writing outside its own folder.

Three walls, each taken where the kernel has it: a network namespace without interfaces (needs the right to
make one), a system-call filter that refuses to make sockets (needs nothing but a kernel that filters), and
Landlock for files (kernel 5.13).  No library is needed: a few numbers of the kernel's interface are.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from pathlib import Path

# <linux/sched.h>, <linux/capability.h>
_CLONE_NEWNET = 0x40000000
_CAP_SYS_ADMIN = 21

# <linux/prctl.h>, <linux/seccomp.h>, <linux/filter.h>
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_RET_ALLOW = 0x7FFF0000
_RET_EPERM = 0x00050001
_LOAD_WORD = 0x20
_JUMP_IF_EQUAL = 0x15
_JUMP_IF_AT_LEAST = 0x35
_RETURN = 0x06
_X32_CALLS = 0x40000000

# What no reader of a document needs: sockets (a pair that is there already can be used), other processes'
# memory, io_uring (which makes sockets past a filter), mounts and namespaces, the kernel's own keys.
# <asm/unistd.h>: (audit name of the architecture, call numbers).
_SHARED_CALLS = (425, 426, 427, 428, 429, 430, 431, 432)  # io_uring_*, open_tree, move_mount, fsopen...
_DENIED_CALLS: dict[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        (
            *(41, 42, 43, 49, 50, 288),  # socket, connect, accept, bind, listen, accept4
            *(101, 310, 311, 298, 321, 323),  # ptrace, process_vm_*, perf_event_open, bpf, userfaultfd
            *(
                155,
                161,
                165,
                166,
                272,
                308,
                304,
            ),  # pivot_root, chroot, mount, umount2, unshare, setns, handles
            *(167, 169, 175, 176, 246, 248, 249, 250, 313, 320),  # swap, reboot, modules, kexec, keys
            *_SHARED_CALLS,
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(198, 203, 202, 200, 201, 242),
            *(117, 270, 271, 241, 280, 282),
            *(41, 51, 40, 39, 97, 268, 265),
            *(224, 142, 105, 106, 104, 217, 218, 219, 273, 294),
            *_SHARED_CALLS,
        ),
    ),
}

# <linux/landlock.h>; the call numbers are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_WRITE_FILE = 1 << 1
_TRUNCATE = 1 << 14  # version 3
_IOCTL_DEV = 1 << 15  # version 5
_WRITES = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # removing and making of every kind
_NET_TCP = 0b11  # version 4: bind, connect
_SCOPES = 0b11  # version 6: abstract sockets, signals to anybody but own children


def leave_network() -> bool:
    """Move to a network namespace of one's own, without interfaces; returns whether that was allowed.

    Only where the process may do so as it is: a new *user* namespace would cost a service the rights
    that it was given to read files.
    """
    if not _has_capability(_CAP_SYS_ADMIN):
        return False
    try:
        return int(_libc().unshare(_CLONE_NEWNET)) == 0
    except (OSError, AttributeError):
        return False


def deny_sockets() -> bool:
    """Refuse new sockets of every family, and what reaches around that; needs "no new privileges"."""
    calls = _DENIED_CALLS.get(platform.machine())
    if calls is None:
        return False
    architecture, denied = calls
    # Jumps are relative to the next instruction; the last two are "allow" and "refuse".
    refuse = 4 + len(denied) + 1
    program = [
        (_LOAD_WORD, 0, 0, 4),
        (_JUMP_IF_EQUAL, 0, refuse - 2, architecture),
        (_LOAD_WORD, 0, 0, 0),
        (_JUMP_IF_AT_LEAST, refuse - 4, 0, _X32_CALLS),
        *((_JUMP_IF_EQUAL, refuse - 5 - index, 0, number) for index, number in enumerate(denied)),
        (_RETURN, 0, 0, _RET_ALLOW),
        (_RETURN, 0, 0, _RET_EPERM),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    try:
        return int(_libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, head, 0, 0)) == 0
    except (OSError, AttributeError):
        return False


def write_only_beneath(folder: Path) -> bool:
    """Refuse to write, make or remove files anywhere but in ``folder``; needs "no new privileges".

    Newer kernels also refuse TCP and signals to processes that are not one's own children.
    """
    try:
        version = int(_libc().syscall(_CREATE_RULESET, None, 0, _RULESET_VERSION))
    except (OSError, AttributeError):
        return False
    if version < 1:
        return False
    handled = _WRITES | (_TRUNCATE if version >= 3 else 0) | (_IOCTL_DEV if version >= 5 else 0)
    attributes = struct.pack("Q", handled)
    if version >= 4:
        attributes += struct.pack("Q", _NET_TCP)
    if version >= 6:
        attributes += struct.pack("Q", _SCOPES)
    rules = int(_libc().syscall(_CREATE_RULESET, attributes, len(attributes), 0))
    if rules < 0:
        return False
    try:
        of_a_file = handled & (_WRITE_FILE | _TRUNCATE | _IOCTL_DEV)
        allowed = _allow(rules, folder, handled) and _allow(rules, Path(os.devnull), of_a_file)
        return allowed and int(_libc().syscall(_RESTRICT_SELF, rules, 0)) == 0
    except OSError:
        return False
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> bool:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, beneath)
        return int(_libc().syscall(_ADD_RULE, rules, _RULE_PATH_BENEATH, rule, 0)) == 0
    finally:
        os.close(beneath)


def _has_capability(number: int) -> bool:
    try:
        status = Path("/proc/self/status").read_text()
        effective = int(status.partition("CapEff:")[2].split()[0], 16)
    except (OSError, ValueError, IndexError):
        return False
    return bool(effective >> number & 1)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
