"""Whether the directory that ends a ZIP file is whole, and that of the file and not of an archive inside."""

from __future__ import annotations

import zipfile
from typing import IO

_LOCAL_HEADER = b"PK\x03\x04"
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
# A member's header without its name.
_HEADER_SIZE = 30
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
