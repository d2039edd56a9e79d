"""Archives and compressed streams that libarchive unpacks: 7-Zip, RAR, Cabinet, disk images, cpio and others.

Members are streamed in the archive's order and never written to disk.  What is encrypted is decided by the
formats' own headers (``archive_signals``) and by libarchive's flag of each member, not by its error messages.
Where the system library is missing the kinds are reported as not supported.
"""

from __future__ import annotations

import ctypes
import io
import logging
import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.archives.archive_signals import (
    ArchiveSignals,
    MemberSignal,
    is_named_as_part,
    signals,
)
from scanner.documents.parsers.archives.rar_encryption import Rar
from scanner.documents.parsers.archives.seven_zip import SevenZip
from scanner.documents.protocol import HERE, Event, Lock, Member, ProtectionNote, Source
from scanner.documents.sniffing import PLAIN_WORDS, sniff

if TYPE_CHECKING:
    from types import ModuleType

_BLOCK = 1 << 16
# Blocks without data, one after the other, after which a member is given up.
_EMPTY_BLOCKS = 1_000
# What the first reading of a member keeps, for the reading that follows once its kind is known.
_KEPT = 33_000_000
# Entries that hold bytes: files, and what a format without types leaves open.
_FILES = frozenset({0, stat.S_IFREG})
# Headers looked through for the one that belongs to an entry.
_NEAR = 16
_FORMATS: dict[str, tuple[str, ...]] = {
    "7z": ("7zip",),
    "ar": ("ar",),
    "cab": ("cab",),
    "cpio": ("cpio",),
    "iso": ("iso9660",),
    "lha": ("lha",),
    "rar": ("rar", "rar5"),
    "xar": ("xar",),
}
_FILTERS = {"compress": "compress", "lz4": "lz4", "lzip": "lzip", "zstd": "zstd"}
_ENDINGS = {"z": "", "lz": "", "lz4": "", "zst": "", "tzst": ".tar", "tlz": ".tar"}


def load_libarchive() -> ModuleType | None:
    """Return the binding, or ``None`` where the system library libarchive is missing or cannot be loaded."""
    # The binding logs what libarchive says, and that quotes names of members.
    logging.getLogger("libarchive").disabled = True
    try:
        import libarchive
        import libarchive.ffi
    except Exception:  # a missing library is an OSError, an AttributeError or a TypeError
        return None
    binding: ModuleType = libarchive
    return binding


def _missing(kind: str) -> Gap:
    words = PLAIN_WORDS.get(kind, kind)
    return Gap(HERE, Shortfall.UNSUPPORTED_KIND, f"{words}; the system library libarchive is missing")


class _Feed:
    """Hands the bytes of a file to libarchive; an error is kept and told, for C code cannot raise."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._buffer = bytearray(_BLOCK)
        self._address = ctypes.addressof((ctypes.c_char * _BLOCK).from_buffer(self._buffer))
        self.error: Exception | None = None

    def read(self, _archive: int, _context: int, place: Any) -> int:
        try:
            piece = self._file.read(_BLOCK)
        except Exception as error:
            self.error = error
            return -1
        self._buffer[: len(piece)] = piece
        ctypes.cast(place, ctypes.POINTER(ctypes.c_void_p))[0] = self._address
        return len(piece)

    def seek(self, _archive: int, _context: int, offset: int, whence: int) -> int:
        try:
            return self._file.seek(offset, whence)
        except Exception as error:
            self.error = error
            return -1


class _Walk:
    """One pass over an archive: its entries in order, the data of the present one."""

    def __init__(
        self,
        library: ModuleType,
        source: Source,
        formats: tuple[str, ...],
        filter_: str,
        password: bytes | None = None,
    ) -> None:
        self._ffi = library.ffi
        self._stack = ExitStack()
        self._entry: Any = None
        self.index = -1
        self.damage = ""
        self.broken = False
        try:
            self._feed = _Feed(self._stack.enter_context(source.open()))
            self._archive = self._stack.enter_context(
                library.read.new_archive_read(formats[0], filter_, password)
            )
            for name in formats[1:]:
                self._ffi.get_read_format_function(name)(self._archive)
            # Kept on the object: libarchive calls them as long as the archive is open.
            self._read = self._ffi.READ_CALLBACK(self._feed.read)
            self._seek = self._ffi.SEEK_CALLBACK(self._feed.seek)
            if formats != ("raw",):
                self._ffi.read_set_seek_callback(self._archive, self._seek)
            none = self._ffi.NO_CLOSE_CB
            self._ffi.read_open(self._archive, None, self._ffi.NO_OPEN_CB, self._read, none)
            self._entries = iter(library.read.ArchiveRead(self._archive))
        except BaseException:
            self._stack.close()
            raise

    def next(self) -> Any:
        """Return the next entry, ``None`` at the end.  Raises what the feed met, or libarchive's error."""
        self.damage = ""
        try:
            self._entry = next(self._entries, None)
        except Exception:
            self._raise_feed()
            raise
        self.index += 1
        return self._entry

    def data(self) -> bytes:
        """Return the next block of the present entry, empty at its end or at damage."""
        if self.damage:
            return b""
        # Block by block as libarchive's own programs do it: its copying call crashes on damaged Cabinets.
        place, size, offset = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_longlong()
        try:
            for _ in range(_EMPTY_BLOCKS):
                result = self._ffi.read_data_block(
                    self._archive, ctypes.byref(place), ctypes.byref(size), ctypes.byref(offset)
                )
                if result == self._ffi.ARCHIVE_EOF:
                    return b""
                if size.value and place.value:
                    return ctypes.string_at(place.value, size.value)
        except Exception as error:
            self._raise_feed()
            self.damage = type(error).__name__
            # What libarchive does after an error that it calls fatal ends in crashes.
            self.broken = getattr(error, "retcode", 0) == self._ffi.ARCHIVE_FATAL
            return b""
        self.damage = "no data comes"
        return b""

    def is_locked(self) -> bool:
        """Whether libarchive says that the data of the present entry is encrypted."""
        flag = self._ffi.libarchive.archive_entry_is_data_encrypted
        flag.argtypes = [ctypes.c_void_p]
        return bool(flag(self._entry._entry_p))

    def _raise_feed(self) -> None:
        if self._feed.error is not None:
            raise self._feed.error

    def close(self) -> None:
        self._stack.close()


class _Entry:
    """Opens one member as often as asked: from the pass under way, by a new pass when that has gone past."""

    def __init__(self, opening: _Opening, walk: _Walk) -> None:
        self._opening = opening
        self._live = walk
        self._index = walk.index
        self._kept = bytearray()
        self._position = 0  # of the live pass in the member
        self._own: list[_Walk] = []

    def __call__(self) -> BinaryIO:
        return io.BufferedReader(_EntryReader(self), _BLOCK)

    def read(self, position: int, count: int) -> bytes:
        """Return at most ``count`` bytes at a position, empty at the end of the member."""
        if position < len(self._kept):
            return bytes(self._kept[position : position + count])
        if position < self._position:
            # Passed over already: begin again.
            walk = self._opening.walk()
            self._own.append(walk)
            while walk.index < self._index and walk.next() is not None:
                pass
            self._live, self._position = walk, 0
        while True:
            piece = self._live.data()
            start = self._position
            self._position += len(piece)
            if start == len(self._kept) and self._position <= _KEPT:
                self._kept += piece
            if not piece:
                return b""
            if self._position > position:
                if self._position > len(self._kept):
                    # Not kept: what is handed out is the rest of this block, whatever was asked for.
                    return piece[position - start :]
                return bytes(self._kept[position : position + count])

    @property
    def damage(self) -> str:
        """What ended the data before its end, empty where nothing did."""
        return self._live.damage

    @property
    def first_bytes(self) -> int:
        """How many bytes from the front of the member were seen, up to what is kept."""
        return len(self._kept)

    def close(self) -> None:
        for walk in self._own:
            walk.close()


class _EntryReader(io.RawIOBase):
    """A seekable reader over an entry; going back costs a pass from the start of the archive."""

    def __init__(self, entry: _Entry) -> None:
        super().__init__()
        self._entry = entry
        self._position = 0
        self._rest = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            raise io.UnsupportedOperation("the size of a packed member is not known beforehand")
        target = offset + (self._position if whence == os.SEEK_CUR else 0)
        if target < 0:
            raise OSError("negative seek position")
        if target != self._position:
            self._rest = b""
            self._position = target
        return target

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self._rest or self._entry.read(self._position, len(buffer))
        count = min(len(piece), len(buffer))
        buffer[:count] = piece[:count]
        self._rest = piece[count:]
        self._position += count
        return count


class _Opening:
    """How to begin a pass over one archive."""

    def __init__(
        self,
        library: ModuleType,
        source: Source,
        formats: tuple[str, ...],
        filter_: str,
        password: bytes | None = None,
    ) -> None:
        self._password = password
        self._library = library
        self._source = source
        self._formats = formats
        self._filter = filter_

    def walk(self) -> _Walk:
        """Begin a new pass."""
        return _Walk(self._library, self._source, self._formats, self._filter, self._password)

    def stored(self, offset: int, length: int) -> bytes:
        """Return data that stands in the archive as it is."""
        with self._source.open() as file:
            file.seek(offset)
            return file.read(length)


def decrypted_members(
    source: Source, wanted: Mapping[int, zipfile.ZipInfo], password: bytes
) -> Iterator[Event]:
    """Members of a ZIP archive that a password opens, by their number in the order of the archive.

    What libarchive cannot decrypt all the same is a gap.
    """
    library = load_libarchive()
    left = dict(wanted)
    if library is not None:
        opening = _Opening(library, source, ("zip",), "none", password)
        walk = opening.walk()
        try:
            while left and not walk.broken and walk.next() is not None:
                entry = left.pop(walk.index, None)
                if entry is None:
                    continue
                location = Location((entry.filename,))
                content = _Entry(opening, walk)
                try:
                    yield Member(
                        entry.filename,
                        content,
                        location,
                        "",
                        entry.file_size,
                        entry.compress_size,
                        named=True,
                    )
                    damage = content.damage
                finally:
                    content.close()
                if damage:
                    yield Gap(location, Shortfall.DAMAGED, f"decrypted archive member: {damage}")
        finally:
            walk.close()
    for entry in left.values():
        yield Gap(Location((entry.filename,)), Shortfall.UNSUPPORTED_KIND, "encrypted archive member")


class PackedArchiveParser:
    """Reads archives of many members."""

    kinds = frozenset(_FORMATS)

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield comment, members, encryption notes and gaps."""
        kind = sniff(source)
        with source.open() as file:
            found = signals(file, kind, source.size)
        if found.comment:
            yield Segment(found.comment, Location(("archive comment",)), "archive comment")
        if found.names_locked:
            yield _archive_lock(source, kind, limits, "archive with a password; even names are hidden")
            return
        library = load_libarchive()
        if library is None:
            yield _missing(kind)
            yield from _names(found.members)
            return
        found.part_of_set = found.part_of_set or (found.cut_off and is_named_as_part(source.name))
        if found.part_of_set:
            yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, "part of a set: the other parts are needed")
        if found.unsound:
            yield Gap(HERE, Shortfall.DAMAGED, "headers of the archive")
        opening = _Opening(library, source, _FORMATS.get(kind, ("7zip",)), "none")
        reading = _Reading(opening, found, limits, source.size, kind)
        yield from reading.events()
        if reading.closed:
            yield _archive_lock(source, kind, limits, closed=tuple(reading.closed))


def _scheme(kind: str, protection: Protection) -> str:
    """The encryption of an archive's members in fixed words."""
    if kind == "7z":
        return "7z AES-256"
    return "RAR AES" if protection is Protection.STRONG else "RAR before version 3"


def _archive_lock(
    source: Source,
    kind: str,
    limits: Limits,
    detail: str = "archive with a password",
    closed: tuple[ProtectionNote | Gap, ...] = (),
) -> Lock:
    """What a password may open: the members of an archive, or all of it."""
    archive: SevenZip | Rar | None = None
    notes = [event.protection for event in closed if isinstance(event, ProtectionNote)]
    protection = min(notes, default=Protection.STRONG, key=lambda one: one is not Protection.WEAK)

    def attempt(password: str) -> Iterator[Event] | None:
        nonlocal archive
        if source.size > limits.parser_bytes:
            return None
        if archive is None:
            archive = SevenZip(source.read()) if kind == "7z" else Rar(source.read())
        plain = archive.opened(password)
        if plain is None or not _reads_well(plain, _FORMATS[kind]):
            return None
        return iter((Member(source.name, plain, HERE, named=True),))

    return Lock(attempt, protection, _scheme(kind, protection), HERE, detail, (), closed, source.size)


def _reads_well(archive: bytes, formats: tuple[str, ...]) -> bool:
    """Whether the first member of an archive in clear has the check sum that it should have."""
    library = load_libarchive()
    if library is None:
        return False
    walk = _Walk(library, Source.from_bytes(archive), formats, "none")
    try:
        while (entry := walk.next()) is not None:
            if stat.S_IFMT(entry.filetype) in _FILES and entry.size:
                while walk.data():
                    pass
                return not walk.damage
        return True
    except Exception:  # libarchive's own, on data that a wrong password made
        return False
    finally:
        walk.close()


def _names(members: list[MemberSignal]) -> Iterator[Event]:
    """The names of members whose data is not read."""
    for member in members:
        if not member.directory:
            yield Member(member.name, b"", Location((member.name,)))


class _Reading:
    """One archive being read: how many members there were, how many were locked."""

    def __init__(
        self, opening: _Opening, found: ArchiveSignals, limits: Limits, size: int, kind: str
    ) -> None:
        self._kind = kind
        # What is said of the members that are encrypted, once no password opened them.
        self.closed: list[ProtectionNote | Gap] = []
        self._opening = opening
        self._found = found
        self._limits = limits
        self._size = size
        self._files = 0
        self._cursor = 0
        self._last_was_locked = False
        self._last_was_split = False
        self._locked: list[Protection] = []

    def events(self) -> Iterator[Event]:
        """Yield every member; an archive that breaks ends with a gap."""
        try:
            walk = self._opening.walk()
        except OSError:
            raise
        except Exception as error:
            yield from self._broken(type(error).__name__)
            return
        try:
            while True:
                try:
                    entry = walk.next()
                except OSError:
                    raise
                except Exception as error:
                    yield from self._broken(type(error).__name__)
                    break
                if entry is None:
                    break
                if self._files >= self._limits.members:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {self._limits.members:,} members")
                    break
                if stat.S_IFMT(entry.filetype) in _FILES:
                    self._files += 1
                    yield from self._member(walk, entry)
                    if walk.broken and not self._last_was_split:
                        yield from self._broken("ArchiveError")
                        break
        finally:
            walk.close()
        if self._locked and len(self._locked) == self._files:
            weakest = min(self._locked, key=lambda one: one is not Protection.WEAK)
            self.closed.insert(0, ProtectionNote(weakest, HERE, _scheme(self._kind, weakest)))

    def _member(self, walk: _Walk, entry: Any) -> Iterator[Event]:
        name = _text(entry.pathname)
        signal = self._signal(name, walk.index)
        name = name or (signal.name if signal else "")
        location = Location((name or f"member {self._files}",))
        protection = signal.protection if signal else Protection.NONE
        if protection is Protection.NONE and walk.is_locked():
            protection = Protection.STRONG
        if not name:
            yield Gap(location, Shortfall.DAMAGED, "the name of an archive member cannot be read")
        self._last_was_locked = protection is not Protection.NONE
        if protection is not Protection.NONE:
            yield from self._closed(name, protection)
            return
        content = _Entry(self._opening, walk)
        try:
            yield Member(name, content, location, "", entry.size, self._size)
            damage = content.damage
        finally:
            content.close()
        self._last_was_split = signal is not None and signal.split
        if self._last_was_split:
            yield Gap(location, Shortfall.UNSUPPORTED_KIND, "goes on in another part of the set")
        elif damage:
            yield Gap(location, Shortfall.DAMAGED, f"archive member: {damage}")

    def _closed(self, name: str, protection: Protection) -> Iterator[Event]:
        location = Location((name,))
        self._locked.append(protection)
        self.closed.append(ProtectionNote(protection, location, _scheme(self._kind, protection)))
        self.closed.append(Gap(location, Shortfall.ENCRYPTED, "archive member with a password"))
        yield Member(name, b"", location)  # the name stays readable

    def _signal(self, name: str, index: int) -> MemberSignal | None:
        """Find the header of an entry; libarchive passes over those that go on from an earlier part."""
        members = self._found.members
        near = range(self._cursor, min(self._cursor + _NEAR, len(members)))
        at = next((at for at in near if members[at].name == name), index)
        self._cursor = at + 1
        return members[at] if at < len(members) else None

    def _broken(self, error: str) -> Iterator[Event]:
        """Say that the archive cannot be read on, and what its headers tell of the rest."""
        rest = [one for one in self._found.members[self._cursor :] if not one.directory]
        unread = not rest
        for one in rest:
            self._files += 1
            if one.protection is not Protection.NONE:
                yield from self._closed(one.name, one.protection)
            elif one.stored is not None and one.stored[1] <= self._limits.parser_bytes:
                yield Member(one.name, self._opening.stored(*one.stored), Location((one.name,)))
            else:
                unread = True
                yield from _names([one])
        if not unread or self._found.part_of_set:
            return
        if self._found.solid_rar4:
            yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, "solid RAR 4 archive")
        elif self._found.old:
            yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, "archive of a RAR before version 3")
        elif self._last_was_locked:
            yield Gap(HERE, Shortfall.ENCRYPTED, "what stands behind a member with a password is not read")
        elif self._found.cut_off:
            yield Gap(HERE, Shortfall.DAMAGED, "archive is cut off")
        else:
            yield Gap(HERE, Shortfall.DAMAGED, f"archive cannot be read on: {error}")


def _text(name: str | bytes | None) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name or ""


class PackedStreamParser:
    """Reads one file that is compressed as a whole: Zstandard, LZ4, lzip, compress."""

    kinds = frozenset(_FILTERS)

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the one member, and a gap when the data ends or breaks before its end."""
        kind = sniff(source)
        library = load_libarchive()
        if library is None:
            yield _missing(kind)
            return
        name = source.name.rsplit("/", 1)[-1]
        stem, dot, ending = name.rpartition(".")
        if dot and ending.lower() in _ENDINGS:
            name = stem + _ENDINGS[ending.lower()]
        opening = _Opening(library, source, ("raw",), _FILTERS.get(kind, "zstd"))
        walk = opening.walk()
        try:
            if walk.next() is None:
                yield Gap(HERE, Shortfall.DAMAGED, "compressed data: no content")
                return
            content = _Entry(opening, walk)
            try:
                yield Member(name, content, Location((name or "content",)), "", None, source.size)
                damage = content.damage or _shortness(name, content.first_bytes)
            finally:
                content.close()
            if damage:
                yield Gap(HERE, Shortfall.DAMAGED, f"compressed data: {damage}")
        finally:
            walk.close()


def _shortness(name: str, size: int) -> str:
    """Damage that only the length shows: compress marks no end, and a cut file unpacks to its front."""
    if not size:
        return "no content"
    return "less than one block of an archive" if name.lower().endswith(".tar") and size < 512 else ""
