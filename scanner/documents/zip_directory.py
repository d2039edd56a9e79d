"""A ZIP file's directory: whether it is whole and that of the file; and a small member read in one step."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import IO

_LOCAL_HEADER = b"PK\x03\x04"
# Behind the mark: version, flags, method, time, date, checksum, two sizes, lengths of name and extra field.
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED, _PATCHED, _UTF8_NAME = 1, 1 << 5, 1 << 11
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
# A member's header without its name.
_HEADER_SIZE = _LOCAL.size
_PIECE = 1 << 20
# Archives of more members count them elsewhere.
_MOST_COUNTED = 65_535


def is_incomplete(archive: zipfile.ZipFile) -> bool:
    """Tell an archive whose directory lists fewer members than there are: by its count, or by what it skips.

    Where a length in the directory is damaged, ``zipfile`` stops reading it without a word.  What stands
    between the listed members, or in front of them, other programs find by its own header; so they do what is
    said to have no length.
    """
    return (
        _front_is_unlisted(archive)
        or _ends_early(archive)
        or any(map(_is_said_to_be_empty, archive.infolist()))
        or _skips_a_member(archive)
    )


def _is_said_to_be_empty(entry: zipfile.ZipInfo) -> bool:
    """Tell a member of no length, by the directory, which gives the check sum of something all the same."""
    return entry.CRC != 0 and not (entry.file_size and entry.compress_size)


def _ends_early(archive: zipfile.ZipFile) -> bool:
    file = archive.fp
    if file is None:
        return False
    position = file.tell()
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _END_SIZE - _LONGEST_COMMENT))
    tail = file.read()
    file.seek(position)
    at = tail.rfind(_END)
    count = int.from_bytes(tail[at + 10 : at + 12], "little") if 0 <= at <= len(tail) - _END_SIZE else 0
    return count != _MOST_COUNTED and len(archive.infolist()) < count


def _front_is_unlisted(archive: zipfile.ZipFile) -> bool:
    """Tell an archive that begins with a member which its directory does not list.

    An archive that broke off behind a stored member which is an archive itself (a presentation behind a
    chart's workbook) ends in that one's directory: by it everything in front would be passed over.
    """
    file = archive.fp
    if file is None:
        return False
    first = min((entry.header_offset for entry in archive.infolist()), default=None)
    if first == 0:
        return False
    position = file.tell()
    file.seek(0)
    head = file.read(len(_LOCAL_HEADER))
    file.seek(position)
    return head == _LOCAL_HEADER


def bounds(archive: zipfile.ZipFile) -> tuple[int, int]:
    """Where the archive begins and ends in its file; what stands around it is no part of it."""
    file = archive.fp
    if file is None or not archive.infolist():
        return 0, 1 << 62
    position = file.tell()
    start = max(0, file.seek(0, 2) - _END_SIZE - _LONGEST_COMMENT)
    file.seek(start)
    at = file.read().rfind(_END)
    file.seek(position)
    first = min(entry.header_offset for entry in archive.infolist())
    return first, start + at + _END_SIZE + len(archive.comment) if at >= 0 else 1 << 62


def _skips_a_member(archive: zipfile.ZipFile) -> bool:
    """Tell an archive with a member's header between two members of its directory, or behind the last."""
    file = archive.fp
    if file is None:
        return False
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    starts = [*(entry.header_offset for entry in entries[1:]), archive.start_dir]
    position = file.tell()
    try:
        for entry, following in zip(entries, starts, strict=False):
            # What the header repeats of the directory, then the data; a few bytes of "extra" are left over.
            end = entry.header_offset + _HEADER_SIZE + len(entry.orig_filename) + entry.compress_size
            if following - end > _HEADER_SIZE and _holds_a_header(file, end, following):
                return True
    finally:
        file.seek(position)
    return False


def _holds_a_header(file: IO[bytes], begin: int, end: int) -> bool:
    tail = b""
    while begin < end:
        file.seek(begin)
        piece = file.read(min(_PIECE, end - begin))
        if not piece:
            return False
        if _LOCAL_HEADER in tail + piece:
            return True
        tail = piece[-len(_LOCAL_HEADER) + 1 :]
        begin += len(piece)
    return False


def whole_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """Return the bytes of a member that is exactly what the directory says; ``None`` where it is not.

    For members that are small by their claim: ``zipfile`` takes ten times as long to open one.  Encrypted,
    unusual and damaged members are left to it, for it says what is wrong with them.
    """
    file = archive.fp
    if file is None or entry.flag_bits & (_ENCRYPTED | _PATCHED) or entry.compress_type not in (0, 8):
        return None
    file.seek(entry.header_offset)
    head = file.read(_HEADER_SIZE)
    if len(head) < _HEADER_SIZE:
        return None
    mark, _, flags, *_, name_length, extra_length = _LOCAL.unpack(head)
    name = file.read(name_length)
    if (
        mark != _LOCAL_HEADER
        or name.decode("utf-8" if flags & _UTF8_NAME else "cp437", "replace") != entry.orig_filename
    ):
        return None
    if extra_length:
        file.seek(extra_length, 1)
    data = file.read(entry.compress_size)
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        inflater = zlib.decompressobj(-15)
        try:
            data = inflater.decompress(data, entry.file_size + 1)
        except zlib.error:
            return None
    if len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
        return None
    return data
