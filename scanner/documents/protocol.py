"""The parser protocol: what a parser is given, what it yields, and what the frame does for it.

A parser turns one file into a stream of events and knows nothing of the world around it.  The frame
(``reader``) opens the file, decides the kind, picks the parser, puts the container's location in front
of each event's own, renumbers tables so that they are unique in the whole document, recurses into
members, adds up limits, and turns whatever a parser raises into a gap.

What a parser may rely on, and must keep:

- Locations are *relative*: ``Location(("page 3",))``, ``Location(('sheet "Kids" (hidden)', "C14"))``.
- ``Segment.table`` numbers tables from 1 within this one file.
- Events come as they are read: a generator, not a list; what was yielded before a failure is kept.
- Any exception becomes one ``DAMAGED`` gap (``PARSER_STOPPED`` for memory and recursion) that names the
  exception's class only, never its message.  A parser that knows better yields its own ``Gap`` and goes on.
- A limit that a parser enforces itself (pages, cells, expanded parts) is yielded as a ``LIMIT`` gap.
- What a password may open is a ``Lock``: the frame tries passwords, and reports what stays closed.
- What is encrypted for keys that are not here is a ``ProtectionNote`` *and* an ``ENCRYPTED`` gap.
- Segments longer than ``Limits.segment_characters`` are cut by the frame; a parser need not care.
- Empty or blank segments are dropped by the frame.
- A contained file (attachment, embedded object, archive member) is a ``Member``; its *name* is scanned by
  the frame, so a parser does not yield a segment for it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeAlias, runtime_checkable

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment

HERE = Location()
"""The empty location: the file itself."""

PARSER_BYTES = 250_000_000
"""Largest file that a parser may hold in memory as a whole unless ``Limits.parser_bytes`` says otherwise."""


class TooLargeError(Exception):
    """A file is larger than a parser may hold in memory (``Limits.parser_bytes``)."""


class TimeUpError(BaseException):
    """The time for a file is over: raised at any moment, inside any parser, which must let it pass.

    Its message is one of a few fixed phrases.
    """


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file: name, size, and as many independent readers as wanted.

    ``name`` is context for a report and text to be scanned, never the ground for deciding the kind.
    ``location`` is where the file stands (empty for a file that is not inside another one).
    ``size`` is in bytes; for a member of an archive it is what the archive claims.
    """

    name: str
    size: int
    opener: Callable[[], BinaryIO]
    location: Location = HERE
    read_limit: int = PARSER_BYTES

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "", location: Location = HERE) -> Source:
        """Bytes in memory."""
        return cls(name, len(data), lambda: io.BytesIO(data), location)

    @classmethod
    def from_descriptor(cls, descriptor: int, name: str = "", location: Location = HERE) -> Source:
        """Take an open, seekable file descriptor, which stays the caller's to close.

        It is read by position, so any number of readers are independent of each other and of the
        descriptor's own offset.  Raises ``OSError`` when the descriptor cannot be examined.
        """
        size = os.fstat(descriptor).st_size
        return cls(name, size, lambda: io.BufferedReader(PositionalFile(descriptor), 1 << 16), location)

    def open(self) -> BinaryIO:
        """Give a new seekable binary reader at the start of the file."""
        return self.opener()

    def read(self) -> bytes:
        """All bytes of the file; raises ``TooLargeError`` above ``read_limit`` bytes."""
        with self.open() as file:
            data = file.read(self.read_limit + 1)
        if len(data) > self.read_limit:
            raise TooLargeError
        return data

    def head(self, count: int) -> bytes:
        """Return the first ``count`` bytes (fewer when the file is shorter)."""
        with self.open() as file:
            return file.read(count)


class PositionalFile(io.RawIOBase):
    """A raw reader over a descriptor with an offset of its own (``os.pread``)."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._offset = 0

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that this can seek."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to ``offset`` as files do."""
        if whence == os.SEEK_CUR:
            offset += self._offset
        elif whence == os.SEEK_END:
            offset += os.fstat(self._descriptor).st_size
        if offset < 0:
            raise OSError("negative seek position")
        self._offset = offset
        return offset

    def tell(self) -> int:
        """Return the present offset."""
        return self._offset

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer`` from the present offset; 0 at the end."""
        count = os.preadv(self._descriptor, [buffer], self._offset)
        self._offset += count
        return count


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file, for the frame to sniff and to recurse into.

    ``content`` is its bytes, or a callable that opens a new binary reader of them each time (so that a
    large archive member is streamed).  ``location`` is relative and already names the member
    (``Location(('attachment "case.zip"',))``); ``size`` is what the container claims, and ``packed`` the
    stored size where there is one (for the compression ratio).  ``hidden`` as in ``Segment``.  ``named``
    tells that the name was yielded before and is not to be scanned again.
    """

    name: str
    content: bytes | Callable[[], BinaryIO]
    location: Location
    hidden: str = ""
    size: int | None = None
    packed: int | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class ProtectionNote:
    """How the file, or the part of it at ``location``, is protected (empty location: all of it).

    ``detail`` names the scheme in fixed words, ``opened`` how it was opened all the same: the ``method``
    and ``opened`` of the ``ProtectedPart`` that the frame makes of the note.
    """

    protection: Protection
    location: Location = HERE
    detail: str = ""
    opened: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """Something that a password may open.  The parser knows how to try one, the frame which and how long.

    ``attempt`` returns the events of what is inside (located like the parser's own), ``None`` where the
    password is wrong; what it raises counts as wrong.  It may be called after the parser has ended: a
    password can stand behind what it opens.  ``closed`` is what is said where no password fits; without it
    that is a note of ``protection`` and a gap with ``detail``.  ``known`` are the passwords that everybody's
    programs try by themselves: what they open is protected in name only.  ``held`` is how many bytes the
    lock keeps in memory.
    """

    attempt: Callable[[str], Iterator[Event] | None]
    protection: Protection
    method: str
    location: Location = HERE
    detail: str = "needs a password"
    known: tuple[str, ...] = ("",)
    closed: tuple[ProtectionNote | Gap, ...] = ()
    held: int = 0


@dataclass(frozen=True, slots=True)
class Effort:
    """Wall-clock seconds that OCR has just taken, to be taken off what remains for the document."""

    ocr_seconds: float
    location: Location = HERE


Event: TypeAlias = Segment | Member | Gap | ProtectionNote | Lock | Effort


@runtime_checkable
class Parser(Protocol):
    """Reads files of the kinds it names.

    A parser holds no state between files: the same instance reads many, one at a time.
    """

    kinds: frozenset[str]
    """The sniffed kinds it reads, in the words of ``sniffing`` ("pdf", "docx", "text")."""

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield what is in ``source``.

        ``limits`` are those that remain for this file: what its containers have already used up is
        taken off.  May raise anything on bad input; the frame reports it.
        """
        ...
