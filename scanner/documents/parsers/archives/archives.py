"""Archives: ZIP (and documents that are ZIPs of parts), tar, and single compressed files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, BinaryIO, cast

from scanner.documents.inflating import ExpansionLimitError
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.archives.packed_archives import decrypted_members
from scanner.documents.parsers.archives.zip_encryption import (
    ENCRYPTED_FLAG,
    LOCAL,
    fits,
    local_header,
    scheme,
)
from scanner.documents.parsers.opendocument.opendocument_encryption import opendocument_lock, secret_parts
from scanner.documents.protocol import HERE, Event, Lock, Member, ProtectionNote, Source
from scanner.documents.sniffing import PLAIN_WORDS, sniff
from scanner.documents.zip_directory import bounds, is_incomplete

# Documents whose parts are binary records: strings are found in them, not their structure.
_IN_PART = frozenset({"xlsb"})
_RAW_LIMIT = 32_000_000
_STEP = 1 << 16
_IN_ORDER = 32_000_000
# In front of the first member: once part of a set, or written as one of one part.
_SPLIT_MARKS = frozenset((b"PK\x07\x08", b"PK00"))
# Members that are asked whether a password opens them: a few for each try, then so many of those that follow.
_SAMPLE, _ASKED = 3, 300
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError, struct.error, ValueError)


class SalvagingReader(io.RawIOBase):
    """A reader that ends at damage instead of raising, and remembers that it did.

    With ``crc`` the data is checked when it was read from front to end; a mismatch is damage as well.
    """

    def __init__(self, file: IO[bytes], crc: int | None = None) -> None:
        super().__init__()
        self._file = file
        self._read1: Callable[[int], bytes] = getattr(file, "read1", file.read)
        self._crc = crc
        self._running = 0
        self.damage = ""

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def seekable(self) -> bool:
        """Tell whether the file beneath can seek."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move as the file beneath does; the check sum is given up."""
        self._crc = None
        try:
            return self._file.seek(offset, whence)
        except _BROKEN as error:
            self.damage = type(error).__name__
            return self._file.tell()

    def tell(self) -> int:
        """Return the present offset."""
        return self._file.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer``; 0 at the end or at damage."""
        if self.damage:
            return 0
        try:
            # One step at a time: a longer read would lose all of its data to damage at its end.
            data = self._read1(min(len(buffer), _STEP))
        except ExpansionLimitError:
            raise
        except _BROKEN as error:
            self.damage = type(error).__name__
            return 0
        buffer[: len(data)] = data
        if self._crc is not None:
            self._running = zlib.crc32(data, self._running)
            if not data and self._running != self._crc:
                self.damage = "check sum differs"
        return len(data)

    def close(self) -> None:
        """Close the file beneath as well."""
        if not self.closed:
            self._file.close()
        super().close()


class _Salvage:
    """Opens one member as often as asked, and tells afterwards whether any reading met damage."""

    def __init__(self, opener: Callable[[], IO[bytes]], crc: int | None = None) -> None:
        self._opener = opener
        self._crc = crc
        self._readers: list[SalvagingReader] = []

    def __call__(self) -> BinaryIO:
        reader = SalvagingReader(self._opener(), self._crc)
        self._readers.append(reader)
        return io.BufferedReader(reader, 1 << 16)

    @property
    def damage(self) -> str:
        return next((reader.damage for reader in self._readers if reader.damage), "")


class ZipParser:
    """Reads ZIP archives member by member, and what is a ZIP of XML: OpenDocument, EPUB, Visio.

    Nothing is written to disk.  Names, comments and encryption are told for each member.
    """

    kinds = frozenset({"zip", "epub", "odg", "odp", "ods", "odt", "vsdx", "xlsb"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield comments, members, encryption notes and gaps."""
        if (kind := sniff(source)) in _IN_PART:
            yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, f"{PLAIN_WORDS[kind]}; only what its parts tell")
        with source.open() as file:
            try:
                archive = zipfile.ZipFile(file)
                if is_incomplete(archive):
                    raise zipfile.BadZipFile
            except (*_BROKEN, NotImplementedError):
                yield Gap(HERE, Shortfall.DAMAGED, "archive without a readable directory")
                yield from _local_members(source, limits)
                return
            with archive:
                yield from self._archive(archive, source, limits)

    def _archive(self, archive: zipfile.ZipFile, source: Source, limits: Limits) -> Iterator[Event]:
        if archive.comment.strip(b"\0 \r\n\t"):
            yield Segment(_comment(archive.comment), Location(("archive comment",)), "archive comment")
        yield from _outside(archive, source)
        entries = [entry for entry in archive.infolist() if not (entry.is_dir() and not entry.file_size)]
        is_package = any(entry.filename == "mimetype" for entry in entries)
        if not is_package and len(entries) < len(archive.infolist()):
            yield from _empty_folders(archive, entries)
        if is_package:
            # A picture of the first page, for the file manager.
            entries = [entry for entry in entries if not _is_thumbnail(archive, entry)]
        secret = secret_parts(archive, entries)
        locked: list[zipfile.ZipInfo] = []
        for index, entry in enumerate(entries):
            if index >= limits.members:
                yield Gap(HERE, Shortfall.LIMIT, f"more than {limits.members:,} members")
                break
            if entry.filename not in secret:
                yield from self._entry(archive, entry, source, locked)
        if secret:
            yield opendocument_lock(archive, secret, source)
        if locked:
            yield _lock(source, locked, len(locked) == len(entries))

    def _entry(
        self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: Source, locked: list[zipfile.ZipInfo]
    ) -> Iterator[Event]:
        """Events of one entry; one that is encrypted is named and put into ``locked``."""
        location = Location((entry.filename,))
        if entry.comment.strip(b"\0 \r\n\t"):
            yield Segment(_comment(entry.comment), location / "comment", "archive comment")
        yield from _disagreements(source, entry, location)
        if entry.flag_bits & ENCRYPTED_FLAG:
            plain = _is_plain(source, entry)
            if plain is None:
                locked.append(entry)
                yield Member(entry.filename, b"", location)  # the name stays readable
            else:
                method = "ZIP, encryption flag on plain data"
                yield ProtectionNote(Protection.NAME_ONLY, location, method, "no encryption")
                yield Member(entry.filename, plain, location)
            return
        crc = entry.CRC
        # zipfile throws away the last piece of a member whose check sum differs; we keep and tell it.
        del entry.CRC
        content = _Salvage(lambda: archive.open(entry), crc)
        yield Member(entry.filename, content, location, "", entry.file_size, entry.compress_size)
        if content.damage:
            yield Gap(location, Shortfall.DAMAGED, f"archive member: {content.damage}")


def _outside(archive: zipfile.ZipFile, source: Source) -> Iterator[Event]:
    """What stands in the file in front of the archive and behind it."""
    begin, end = bounds(archive)
    for where, start, stop in (("in front of", 0, begin), ("behind", end, source.size)):
        if start >= stop:
            continue
        place = Location((f"data {where} the archive",))
        with source.open() as file:
            file.seek(start)
            data = file.read(min(stop - start, _RAW_LIMIT))
        if data.strip(b"\0 \r\n\t\x1a") and data not in _SPLIT_MARKS:
            yield Member("", data, place, "outside of all parts")
        if stop - start > _RAW_LIMIT:
            yield Gap(place, Shortfall.LIMIT, f"more than {_RAW_LIMIT:,} bytes")


def _empty_folders(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[Segment]:
    """Names of folders that no member stands in."""
    named = {entry.filename.rpartition("/")[0] for entry in entries}
    folders = [entry.filename.rstrip("/") for entry in archive.infolist() if entry.is_dir()]
    named |= {folder.rpartition("/")[0] for folder in folders}
    for folder in folders:
        if folder not in named:
            yield Segment(folder, Location((folder, "folder name")))


def _is_thumbnail(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is the picture that it is named as: under that name anything could stand."""
    if not entry.filename.startswith("Thumbnails/") or entry.flag_bits & ENCRYPTED_FLAG:
        return False
    return shows_a_picture(archive, entry)


def shows_a_picture(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether an entry begins as the pictures do that programs make of a first page."""
    try:
        with archive.open(entry) as file:
            return file.read(8).startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8"))
    except (*_BROKEN, NotImplementedError):
        return False


def _disagreements(source: Source, entry: zipfile.ZipInfo, location: Location) -> Iterator[Event]:
    """What the header in front of a member says otherwise than the directory: programs go by either."""
    try:
        with source.open() as file:
            header = local_header(file, entry)
    except (*_BROKEN, OverflowError):
        return
    if header is None:
        return
    if (header.flags ^ entry.flag_bits) & ENCRYPTED_FLAG:
        yield Gap(location, Shortfall.DAMAGED, "the archive's headers disagree on encryption")
    name = header.name.decode("utf-8", "replace")
    if name != entry.filename and name.rstrip("/") != entry.filename.rstrip("/") and header.name.isascii():
        yield Segment(name, location / "second file name", "archive header")


def _lock(source: Source, entries: list[zipfile.ZipInfo], whole: bool) -> Lock:
    """What a password may open: all encrypted members of an archive."""
    schemes = [scheme(entry.flag_bits, entry.compress_type, entry.extra) for entry in entries]
    weakest = min((one for one, _ in schemes), key=lambda one: one is not Protection.WEAK)
    method = ", ".join(dict.fromkeys(words for _, words in schemes))
    closed: list[ProtectionNote | Gap] = [ProtectionNote(weakest, HERE, method)] if whole else []
    for entry, (protection, words) in zip(entries, schemes, strict=True):
        location = Location((entry.filename,))
        closed.append(ProtectionNote(protection, location, words))
        closed.append(Gap(location, Shortfall.ENCRYPTED, "archive member with a password"))

    def attempt(password: str) -> Iterator[Event] | None:
        for spelling in dict.fromkeys((password.encode("utf-8"), password.encode("cp1252", "replace"))):
            if opened := _fitting(source, entries, spelling):
                fitting = set(opened)
                rest = [entry for entry in entries if entry not in fitting]
                return _opened(source, opened, rest, spelling)
        return None

    # What is held is the whole file where it is one of a mail or of another archive.
    return Lock(attempt, weakest, method, closed=tuple(closed), known=(), held=source.size)


def _fitting(source: Source, entries: list[zipfile.ZipInfo], password: bytes) -> list[zipfile.ZipInfo]:
    """The entries that a password opens; a few small ones are asked first."""
    sample = sorted(entries, key=lambda entry: entry.compress_size)[:_SAMPLE]
    if not any(fits(source, entry, password) for entry in sample):
        return []
    return [entry for entry in entries[:_ASKED] if fits(source, entry, password)] + entries[_ASKED:]


def _opened(
    source: Source, entries: list[zipfile.ZipInfo], rest: list[zipfile.ZipInfo], password: bytes
) -> Iterator[Event]:
    """The decrypted members, and a lock for those that have another password."""
    first = {entry.header_offset: entry for entry in entries}
    with source.open() as file, zipfile.ZipFile(file) as archive:
        offsets = sorted({entry.header_offset for entry in archive.infolist()})
    yield from decrypted_members(source, {offsets.index(at): one for at, one in first.items()}, password)
    if rest:
        yield _lock(source, rest, False)


def _comment(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _inflated(file: BinaryIO, method: int, size: int, cap: int) -> tuple[bytes, bool]:
    """Inflate raw member data; the second value tells whether the stream came to its own end."""
    if method == zipfile.ZIP_STORED:
        data = file.read(min(size, cap))
        return data, len(data) == size
    inflater = zlib.decompressobj(-15)
    parts = []
    total = 0
    while not inflater.eof and total <= cap:
        packed = inflater.unconsumed_tail or file.read(min(1 << 16, max(size, 0)))
        if not packed:
            break
        if not inflater.unconsumed_tail:
            size -= len(packed)
        try:
            parts.append(inflater.decompress(packed, 1 << 20))
        except zlib.error:
            break
        total += len(parts[-1])
    if inflater.eof:
        # Leave the file after the stream, for the next local header.
        file.seek(-len(inflater.unused_data), os.SEEK_CUR)
    return b"".join(parts)[:cap], inflater.eof


def _is_plain(source: Source, entry: zipfile.ZipInfo) -> bytes | None:
    """Return the data of a member whose encryption flag is set without encryption, else ``None``.

    Setting the flag on ordinary data makes tools ask for a password; the check sum gives it away.
    """
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.file_size > _RAW_LIMIT:
        return None
    try:
        with source.open() as file:
            header = local_header(file, entry)
            if header is None:
                return None
            file.seek(header.data)
            data, whole = _inflated(file, entry.compress_type, entry.compress_size, _RAW_LIMIT)
    except _BROKEN:
        return None
    return data if whole and zlib.crc32(data) == entry.CRC else None


def _local_members(source: Source, limits: Limits) -> Iterator[Event]:
    """Members of an archive whose directory is lost (cut off), by the local headers."""
    with source.open() as file:
        for _ in range(limits.members):
            header = file.read(30)
            if len(header) < 30 or header[:4] != LOCAL:
                return
            flags, method = struct.unpack_from("<HH", header, 6)
            size, _, name_length, extra = struct.unpack_from("<IIHH", header, 18)
            name = file.read(name_length).decode("utf-8", "replace")
            file.seek(extra, os.SEEK_CUR)
            location = Location((name,))
            if flags & ENCRYPTED_FLAG:
                protection, words = scheme(flags, method)
                yield ProtectionNote(protection, location, words)
                yield Gap(location, Shortfall.ENCRYPTED, "archive member with a password")
                if flags & 0x8:
                    return
                file.seek(size, os.SEEK_CUR)
                continue
            if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or (flags & 0x8 and not method):
                return
            data, whole = _inflated(file, method, size or source.size, _RAW_LIMIT)
            if data:
                yield Member(name, data, location)
            if not whole:
                yield Gap(location, Shortfall.DAMAGED, "archive member is cut off")
                return
            if flags & 0x8:
                descriptor = file.read(4)
                file.seek(12 if descriptor == b"PK\x07\x08" else 8, os.SEEK_CUR)


class CompressedParser:
    """Reads one file that is compressed as a whole: gzip, bzip2, xz."""

    kinds = frozenset({"gzip", "bzip2", "xz"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the one member, and a gap when the data ends or breaks before its end."""
        head = source.head(6)
        content = _Salvage(lambda: _decompressing(source.open(), head))
        name = source.name.rsplit("/", 1)[-1]
        stem, dot, ending = name.rpartition(".")
        if dot and ending.lower() in ("gz", "bz2", "xz", "lzma"):
            name = stem
        elif dot and ending.lower() in ("tgz", "tbz2", "txz"):
            name = f"{stem}.tar"
        yield Member(name, content, Location((name or "content",)), "", None, source.size)
        if content.damage:
            yield Gap(HERE, Shortfall.DAMAGED, f"compressed data: {content.damage}")


def _decompressing(file: BinaryIO, head: bytes) -> IO[bytes]:
    if head.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    return bz2.BZ2File(file) if head.startswith(b"BZh") else lzma.LZMAFile(file)


def _tar_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> BinaryIO:
    content = archive.extractfile(entry)
    if content is None:
        raise tarfile.TarError("not a file")
    return cast(BinaryIO, content)


class TarParser:
    """Reads tar archives in their order; links and devices are passed over (they hold no bytes)."""

    kinds = frozenset({"tar"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the members."""
        with source.open() as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for count, entry in enumerate(archive):
                if count >= limits.members:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {limits.members:,} members")
                    return
                # The list of members read so far would grow without end.
                archive.members = []  # type: ignore[attr-defined]
                if not entry.isfile():
                    continue
                location = Location((entry.name,))
                if entry.size <= min(_IN_ORDER, limits.expanded_bytes):
                    yield Member(entry.name, _tar_entry(archive, entry).read(), location)
                else:
                    content = partial(_tar_entry, archive, entry)
                    yield Member(entry.name, content, location, "", entry.size)
            file.seek(archive.offset)
            end = file.read(tarfile.BLOCKSIZE)
            if len(end) < tarfile.BLOCKSIZE or any(end):
                # tarfile takes a header that is cut off or damaged for the end.
                yield Gap(HERE, Shortfall.DAMAGED, "archive without its end mark: members may be missing")
