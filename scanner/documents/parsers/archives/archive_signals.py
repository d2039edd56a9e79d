"""What the headers of 7-Zip, RAR and Cabinet archives tell before anything is unpacked.

Encryption of names or of members, volumes of a set, comments.  Sources: 7zFormat.txt of the LZMA SDK, the
RAR 4 technical note, the RAR 5.0 archive format, MS-CAB.  Only headers are looked at; data is stepped over.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from scanner.documents.model import Protection

_PART_NAME = re.compile(r"\.(?:[0-9]{3}|[rz][0-9]{2}|part[0-9]{1,4}\.\w{2,4})$", re.IGNORECASE)
_7Z_AES = b"\x06\xf1\x07\x01"
_HEADERS = 1_000_000
_COMMENT = 256_000
# The first version of RAR whose encryption is AES.
_RAR_AES = 29


@dataclass(frozen=True, slots=True)
class MemberSignal:
    """One file header: the name, whether it is a folder, how it is protected, whether it is cut in two.

    ``stored`` is offset and length of the data in the archive where it stands there as it is.
    """

    name: str
    protection: Protection = Protection.NONE
    split: bool = False
    directory: bool = False
    stored: tuple[int, int] | None = None


@dataclass(slots=True)
class ArchiveSignals:
    """What is known of an archive before it is unpacked.

    ``unsound`` tells that headers are none that any program writes.  ``members`` is in the order of the
    archive, and empty where headers name none (7-Zip, Cabinet).
    """

    names_locked: bool = False
    part_of_set: bool = False
    cut_off: bool = False
    unsound: bool = False
    solid_rar4: bool = False
    comment: str = ""
    old: bool = False
    members: list[MemberSignal] = field(default_factory=list)


def is_named_as_part(name: str) -> bool:
    """Tell the names that splitting programs give to parts.

    >>> is_named_as_part("case.7z.002"), is_named_as_part("case.part2.rar"), is_named_as_part("case.zip")
    (True, True, False)
    """
    return bool(_PART_NAME.search(name))


def signals(file: BinaryIO, kind: str, size: int) -> ArchiveSignals:
    """Read the headers of an archive of ``kind`` and ``size`` bytes; damage ends the walk."""
    found = ArchiveSignals()
    try:
        if kind == "7z":
            _seven_zip(file, size, found)
        elif kind == "rar":
            mark = file.read(8)
            if mark.startswith(b"Rar!\x1a\x07\x00"):
                file.seek(7)
                _rar4(file, found)
            else:
                _rar5(file, found)
        elif kind == "cab":
            flags = struct.unpack_from("<H", file.read(36), 30)[0]
            found.part_of_set = bool(flags & 0x3)
        elif kind == "ar":
            found.unsound = not _ar(file, size)
    except (struct.error, IndexError, OSError, OverflowError):
        found.cut_off = True
    return found


def _ar(file: BinaryIO, size: int) -> bool:
    """Whether each header has its mark and a size, and the last member ends where the file does."""
    at = 8
    while at + 1 < size:
        file.seek(at)
        header = file.read(60)
        if not header.endswith(b"`\n") or not header[48:58].strip().isdigit():
            return False
        length = int(header[48:58])
        at += 60 + length + length % 2
    return at <= size + 1


def _seven_zip(file: BinaryIO, size: int, found: ArchiveSignals) -> None:
    start = file.read(32)
    offset, length = struct.unpack_from("<QQ", start, 12)
    if 32 + offset + length > size:
        found.cut_off = True
        return
    file.seek(32 + offset)
    header = file.read(min(length, _HEADERS))
    # An "encoded header" is packed itself; the description of how stands in clear.
    found.names_locked = header[:1] == b"\x17" and _7Z_AES in header


def _rar4(file: BinaryIO, found: ArchiveSignals) -> None:
    for _ in range(_HEADERS):
        position = file.tell()
        head = file.read(7)
        if len(head) < 7:
            return
        _, kind, flags, length = struct.unpack("<HBHH", head)
        if length < 7:
            found.cut_off = True
            return
        body = file.read(length - 7)
        data = 0
        if kind == 0x73:
            found.part_of_set = bool(flags & 0x1)
            found.solid_rar4 = bool(flags & 0x8)
            if flags & 0x80:
                found.names_locked = True
                return
        elif kind == 0x74:
            data, version = struct.unpack_from("<I", body)[0], body[17]
            name_length = struct.unpack_from("<H", body, 19)[0]
            name_start = 25
            if flags & 0x100:
                data |= struct.unpack_from("<I", body, 25)[0] << 32
                name_start = 33
            protection = Protection.NONE
            if flags & 0x4:
                protection = Protection.STRONG if version >= _RAR_AES else Protection.WEAK
            name = _rar4_name(body[name_start : name_start + name_length], bool(flags & 0x200))
            found.old = found.old or version < _RAR_AES
            split, directory = bool(flags & 0x3), flags & 0xE0 == 0xE0
            as_it_is = body[18] == 0x30 and not (split or directory or flags & 0x4)
            stored = (position + length, data) if as_it_is else None
            found.members.append(MemberSignal(name, protection, split, directory, stored))
        elif flags & 0x8000:
            data = struct.unpack_from("<I", body)[0]
        if kind == 0x7B:
            return
        file.seek(position + length + data)


def _rar4_name(raw: bytes, unicode: bool) -> str:
    if not unicode:
        return raw.decode("cp1252", "replace")
    plain, nul, packed = raw.partition(b"\0")
    if not nul:
        return raw.decode("utf-8", "replace")
    # RAR 4 packs UTF-16 against the plain name: two bits for each letter say how it is stored.
    high = packed[0] if packed else 0
    name = bytearray()
    position, flag_bits, flags = 1, 0, 0
    while position < len(packed):
        if not flag_bits:
            flags, flag_bits = packed[position], 8
            position += 1
            continue
        flag_bits -= 2
        how = flags >> flag_bits & 3
        piece = packed[position : position + 2]
        if how == 0:
            name += bytes((piece[0], 0))
            position += 1
        elif how == 1:
            name += bytes((piece[0], high))
            position += 1
        elif how == 2:
            name += piece.ljust(2, b"\0")
            position += 2
        else:
            count = piece[0]
            position += 1
            correction = None
            if count & 0x80 and position < len(packed):
                correction = packed[position]
                position += 1
            at = len(name) // 2
            for char in plain[at : at + (count & 0x7F) + 2]:
                name += bytes((char, 0) if correction is None else ((char + correction) & 0xFF, high))
    return name.decode("utf-16-le", "replace")


def _vint(file: BinaryIO) -> int:
    """Read a variable-length integer of RAR 5: seven bits a byte, lowest first."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
    raise OverflowError


def _rar5(file: BinaryIO, found: ArchiveSignals) -> None:
    for _ in range(_HEADERS):
        if len(file.read(4)) < 4:  # check sum
            return
        length = _vint(file)
        if not 0 < length <= 2_000_000:
            found.cut_off = True
            return
        start = file.tell()
        header = io.BytesIO(file.read(length))
        kind, flags = _vint(header), _vint(header)
        extra = _vint(header) if flags & 0x1 else 0
        data = _vint(header) if flags & 0x2 else 0
        if kind == 4:
            found.names_locked = True
            return
        if kind == 1:
            archive_flags = _vint(header)
            found.part_of_set = bool(archive_flags & 0x1)
        elif kind in (2, 3):
            locked = _rar5_is_locked(header.getvalue()[max(0, length - extra) :] if extra else b"")
            file_flags = _vint(header)
            _vint(header), _vint(header)  # size, attributes
            header.seek(4 * (bool(file_flags & 0x2) + bool(file_flags & 0x4)), io.SEEK_CUR)
            method = _vint(header) >> 7 & 7
            _vint(header)  # system
            name = header.read(_vint(header)).decode("utf-8", "replace")
            if kind == 2:
                protection = Protection.STRONG if locked else Protection.NONE
                found.members.append(
                    MemberSignal(name, protection, bool(flags & 0x18), bool(file_flags & 0x1))
                )
            elif name == "CMT" and not locked and not method:
                found.comment = file.read(min(data, _COMMENT)).decode("utf-8", "replace").strip("\0 \r\n")
        elif kind == 5:
            return
        file.seek(start + length + data)


def _rar5_is_locked(extra: bytes) -> bool:
    """Look for the encryption record in the extra area of a file header."""
    area = io.BytesIO(extra)
    try:
        while area.tell() < len(extra):
            length = _vint(area)
            start = area.tell()
            if _vint(area) == 1:
                return True
            area.seek(start + length)
    except (IndexError, OverflowError):
        pass
    return False
