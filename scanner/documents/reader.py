"""Reading a document: the frame that opens, sniffs, parses, recurses, counts and ends with the coverage."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from io import BufferedReader
from typing import BinaryIO, Protocol

from scanner.documents.cutting import cut_at
from scanner.documents.inflating import CountingReader, ExpansionLimitError
from scanner.documents.limits import Limits
from scanner.documents.model import (
    Coverage,
    Gap,
    Location,
    ProtectedPart,
    Protection,
    Segment,
    Shortfall,
    Status,
)
from scanner.documents.passwords import DEFAULT, EMPTY_PASSWORD, Keyring
from scanner.documents.protocol import (
    HERE,
    Effort,
    Event,
    Lock,
    Member,
    ProtectionNote,
    Source,
    TimeUpError,
    TooLargeError,
)
from scanner.documents.registry import parser_for
from scanner.documents.sniffing import EMPTY, PLAIN_WORDS, UNKNOWN, appended_archive, sniff
from scanner.documents.strings import looks_random, string_segments
from scanner.text import Field

# Members up to this size are held in memory, and compared with those already read; larger ones stream.
_IN_MEMORY = 32_000_000
_PIECE = 1 << 20
# Kinds whose parsers read from the front to the end; all others need the whole file at hand.
_STREAMED = frozenset(
    {
        *("text", "csv", "mbox", "sql", "xml", "json", UNKNOWN),
        *("gzip", "bzip2", "xz", "tar", "compress", "lz4", "lzip", "zstd"),
    }
)
# Kinds whose parsers go to and fro in the file: any size of a file on disk, but not of a packed member.
_SOUGHT = frozenset({"zip", "7z", "ar", "cab", "cpio", "iso", "lha", "rar", "xar"})
# Names of the second and later parts of an archive that was cut up, which tell nothing by themselves.
_PART_NAME = re.compile(r"\.(?:(?:7z|zip|rar|tar|gz)\.[0-9]{3}|[rz][0-9]{2})\Z", re.IGNORECASE)
# Kinds without a parser in which a string scan finds what people wrote; in compressed data, pictures,
# sound, fonts and programs it would find noise.
_SCANNED_FOR_STRINGS = frozenset(
    {UNKNOWN, "drawing", "postscript", "access", "dbf", "onenote", "pst", "sqlite", "tnef"}
)
# Gaps and protected parts kept of one document.  What is new in kind is kept above that as well: a thousand
# encrypted members must not hide the one that is damaged.
_GAPS = 1_000
_PROTECTED = 1_000
# What stays closed is kept for the end of the document, where more passwords are known: at most so many locks
# and so many bytes.
_PENDING, _PENDING_BYTES = 200, 250_000_000
# Bytes that fill unused space, and how many of them are looked at.
_FILL = b"\x00\xff"
_FILLED = 1_000_000
_OVERRIDE = "\u202e"
_OVERRIDDEN = re.compile("\u202e([^\u202c\u202e\n]{1,1000})")
_ENTROPY_SAMPLE = 1_000_000
_LOCKED = frozenset({Protection.STRONG, Protection.WEAK, Protection.UNKNOWN})


class _TextLimitError(Exception):
    """The document's text limit is reached: nothing more is read."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A lock that stayed closed so far: where it hangs, and what was tried on it."""

    lock: Lock
    within: Location
    depth: int
    hidden: str
    tried: set[str]


@dataclass(slots=True)
class _Tally:
    """What one reading has used up and met so far, over all nesting levels."""

    limits: Limits
    expanded: int = 0
    members: int = 0
    characters: int = 0
    ocr_seconds: float = 0.0
    tables: int = 0
    content: bool = False
    gaps: list[Gap] = field(default_factory=list)
    protections: list[tuple[Protection, bool]] = field(default_factory=list)
    protected: list[ProtectedPart] = field(default_factory=list)
    keyring: Keyring = field(init=False)
    pending: list[_Pending] = field(default_factory=list)
    held: int = 0
    seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.keyring = Keyring(self.limits.passwords)

    def miss(self, location: Location, reason: Shortfall, detail: str = "") -> None:
        gap = Gap(location, reason, detail)
        room = len(self.gaps) < _GAPS or all(one.reason is not reason for one in self.gaps)
        if room and gap not in self.gaps[-20:]:
            self.gaps.append(gap)

    def protect(self, note: ProtectionNote, location: Location, *, whole: bool) -> None:
        """Keep a note: for the sum, and as a part with its place."""
        self.protections.append((note.protection, whole))
        part = ProtectedPart(location, note.protection, note.detail, note.opened)
        kinds = ((one.protection, one.opened) for one in self.protected)
        if len(self.protected) < _PROTECTED or (part.protection, part.opened) not in kinds:
            self.protected.append(part)

    @property
    def expanded_too_far(self) -> str:
        return f"the document expands to more than {self.limits.expanded_bytes:,} bytes"

    def spend(self, count: int) -> None:
        self.expanded += count
        if self.expanded > self.limits.expanded_bytes:
            raise ExpansionLimitError(self.expanded_too_far)

    def remaining(self) -> Limits:
        return replace(
            self.limits,
            expanded_bytes=max(0, self.limits.expanded_bytes - self.expanded),
            members=max(0, self.limits.members - self.members),
            text_characters=max(0, self.limits.text_characters - self.characters),
            ocr_seconds=max(0.0, self.limits.ocr_seconds - self.ocr_seconds),
        )


class Read(Protocol):
    """A way to read a document: :func:`read_document`, or that with a time limit or in another process."""

    def __call__(
        self, source: Source, *, limits: Limits | None = None, kind: str | None = None
    ) -> Generator[Segment | Coverage, None, None]:
        """See :func:`read_document`."""
        ...


def read_document(
    source: Source, *, limits: Limits | None = None, kind: str | None = None
) -> Generator[Segment | Coverage, None, None]:
    """Yield the segments of a file and of everything inside it; the last item is the ``Coverage``.

    Bad input never raises: it ends as a gap of the coverage, and what was read before stays read.  The
    file's own name and those of its members are segments too, located at "file name".  Members with
    identical bytes are read once.  Locations begin with ``source.location``.  ``kind`` says what the file is
    where the caller knows it ("eml" for a message on its way); without it the content decides.
    """
    tally = _Tally(limits or Limits())
    found = kind or UNKNOWN
    tally.keyring.hear_name(source.name)
    yield from _name(source.name, source.location)
    try:
        if source.size > tally.limits.file_bytes:
            tally.miss(source.location, Shortfall.TOO_LARGE, f"{source.size:,} bytes")
        else:
            found = kind or sniff(source)
            yield from _contents(source, found, tally, 0)
            yield from _once_more(tally)
    except OSError as error:
        tally.miss(source.location, Shortfall.IO_ERROR, type(error).__name__)
    except _TextLimitError:
        pass
    except TimeUpError as error:
        tally.miss(source.location, Shortfall.LIMIT, str(error))
    except Exception as error:
        tally.miss(source.location, Shortfall.DAMAGED, type(error).__name__)
    for pending in tally.pending:  # left where a limit ended the reading
        _stays_closed(pending.lock, pending.within, pending.depth, tally)
    yield _coverage(found, tally)


def read_whole(
    source: Source, *, limits: Limits | None = None, kind: str | None = None
) -> tuple[tuple[Segment, ...], Coverage]:
    """Read a document at once: all its segments, and the coverage.  Raises as little as ``read_document``."""
    segments: list[Segment] = []
    coverage = Coverage(Status.NOT_INSPECTED, UNKNOWN)
    for item in read_document(source, limits=limits, kind=kind):
        if isinstance(item, Coverage):
            coverage = item
        else:
            segments.append(item)
    return tuple(segments), coverage


def _name(name: str, location: Location, hidden: str = "") -> Iterator[Segment]:
    if name.strip():
        # Names that are no UTF-8 arrive with lone surrogates, which no later stage could write out.
        text = name.encode("utf-8", "replace").decode("utf-8")
        yield Segment(text, location / "file name", hidden)


def _contents(source: Source, kind: str, tally: _Tally, depth: int, hidden: str = "") -> Iterator[Segment]:
    """Segments of one file of a known kind; whatever goes wrong is a gap at its location."""
    if kind == EMPTY:
        if depth == 0:
            tally.miss(source.location, Shortfall.EMPTY)
        return
    try:
        whole = kind not in _STREAMED and (depth > 0 or kind not in _SOUGHT)
        if whole and source.size > tally.limits.parser_bytes:
            raise TooLargeError
        parser = parser_for(kind)
        if parser is None:
            yield from _without_parser(source, kind, tally, depth)
            return
        prepared = replace(source, read_limit=min(tally.limits.parser_bytes, source.read_limit))
        events = _events(parser.parse(prepared, tally.remaining()), source.location, tally, depth, hidden)
        yield from _guarded(events, source.location, kind, tally)
        yield from _behind(prepared, kind, tally, depth)
    except TooLargeError:
        tally.miss(source.location, Shortfall.TOO_LARGE, f"{source.size:,} bytes")
    except OSError as error:
        tally.miss(source.location, Shortfall.DAMAGED, f"{kind}: {type(error).__name__}")


# What the reader of archives calls the bytes around one.
_AROUND = (("data in front of the archive",), ("data behind the archive",))


def _behind(source: Source, kind: str, tally: _Tally, depth: int) -> Iterator[Segment]:
    """What an archive holds that stands behind a file of another kind."""
    found = appended_archive(source, kind)
    parser = parser_for(found[0]) if found else None
    if found is None or parser is None:
        return
    place = source.location / "archive behind it"
    if found[1]:
        source = Source.from_bytes(source.read()[found[1] :], source.name)
    # What is in front of the archive is the file itself, and so is what is behind it in a PDF, which may hold
    # an attachment that is not packed again.
    around = _AROUND if kind == "pdf" else _AROUND[:1]
    inside = (
        event
        for event in parser.parse(source, tally.remaining())
        if not (isinstance(event, Member) and event.location.parts[:1] in around)
    )
    events = _events(inside, place, tally, depth + 1, "archive behind a file")
    yield from _guarded(events, place, found[0], tally)


def _guarded(segments: Iterator[Segment], location: Location, kind: str, tally: _Tally) -> Iterator[Segment]:
    """Segments as long as they come; whatever a parser raises is a gap."""
    try:
        yield from segments
    except TooLargeError:
        tally.miss(location, Shortfall.TOO_LARGE)
    except ExpansionLimitError as limit:
        tally.miss(location, Shortfall.LIMIT, str(limit))
    except (_TextLimitError, TimeUpError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except (MemoryError, RecursionError) as error:
        tally.miss(location, Shortfall.PARSER_STOPPED, type(error).__name__)
    except BaseException as error:
        # Libraries in Rust panic with a BaseException.  The message may hold content: the class must do.
        tally.miss(location, Shortfall.DAMAGED, f"{kind}: {type(error).__name__}")


def _events(
    events: Iterator[Event], within: Location, tally: _Tally, depth: int, hidden: str = ""
) -> Iterator[Segment]:
    tables: dict[int, int] = {}
    for event in events:
        if isinstance(event, Segment):
            yield from _segments(event, within, tables, tally)
        elif isinstance(event, Member):
            yield from _member(event, within, tally, depth)
        elif isinstance(event, Gap):
            tally.miss(_inside(within, event.location), event.reason, event.detail)
        elif isinstance(event, Effort):
            tally.ocr_seconds += event.ocr_seconds
        elif isinstance(event, Lock):
            yield from _unlocked(_Pending(event, within, depth, hidden, set()), tally)
        else:
            whole = depth == 0 and event.location == HERE
            tally.protect(event, _inside(within, event.location), whole=whole)


def _unlocked(pending: _Pending, tally: _Tally, *, last: bool = False) -> Iterator[Segment]:
    """Try passwords on a lock: the segments of what opens; what does not is kept for the end."""
    lock = pending.lock

    def attempt(password: str) -> Iterator[Event] | None:
        try:
            return lock.attempt(password)
        except Exception:  # libraries raise every class of them on a wrong password
            return None

    # The first lock does not use up the time of all others.
    seconds = tally.keyring.seconds_left / (1 if last else 2)
    alone = pending.depth == 0 and lock.location == HERE
    opened = tally.keyring.open(attempt, lock.known, pending.tried, seconds, alone=alone)
    if opened is not None:
        events, how = opened
        everybody = how in (DEFAULT, EMPTY_PASSWORD)
        note = ProtectionNote(
            Protection.NAME_ONLY if everybody else lock.protection, lock.location, lock.method, how
        )
        place = _inside(pending.within, lock.location)
        tally.protect(note, place, whole=pending.depth == 0 and lock.location == HERE)
        segments = _guarded(
            _events(events, pending.within, tally, pending.depth), place, "what a password opened", tally
        )
        if pending.hidden:
            segments = (replace(item, hidden=item.hidden or pending.hidden) for item in segments)
        yield from segments
    elif last or len(tally.pending) >= _PENDING or tally.held + lock.held > _PENDING_BYTES:
        _stays_closed(lock, pending.within, pending.depth, tally)
    else:
        tally.held += lock.held
        tally.pending.append(pending)


def _once_more(tally: _Tally) -> Iterator[Segment]:
    """Try what stayed closed with the passwords that the whole document told of; what opens may tell more."""
    while tally.pending:
        waiting, tally.pending, tally.held = tally.pending, [], 0
        before = tally.characters
        for at, pending in enumerate(waiting):
            try:
                yield from _unlocked(pending, tally)
            except _TextLimitError:
                tally.pending.extend(waiting[at + 1 :])
                raise
        if tally.characters == before:
            break
    waiting, tally.pending = tally.pending, []
    for pending in waiting:
        yield from _unlocked(pending, tally, last=True)


def _stays_closed(lock: Lock, within: Location, depth: int, tally: _Tally) -> None:
    note = ProtectionNote(lock.protection, lock.location, lock.method)
    for event in lock.closed or (note, Gap(lock.location, Shortfall.ENCRYPTED, lock.detail)):
        place = _inside(within, event.location)
        if isinstance(event, Gap):
            tally.miss(place, event.reason, event.detail)
        else:
            tally.protect(event, place, whole=depth == 0 and event.location == HERE)


def _inside(within: Location, location: Location) -> Location:
    """Put the container's location in front, and take out what would upset a terminal or a report."""
    if not all(map(str.isprintable, location.parts)):
        location = Location(tuple(map(_displayable, location.parts)))
    return Location(within.parts + location.parts) if within.parts else location


def _displayable(part: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in part)


def _segments(segment: Segment, within: Location, tables: dict[int, int], tally: _Tally) -> Iterator[Segment]:
    """Place a segment in the whole document, count its text, and cut it where it is too long."""
    text = segment.text
    if not text or text.isspace():
        return
    if not text.isascii() and _OVERRIDE in text:
        yield from _displayed(segment, within)
    if segment.table is not None and segment.table not in tables:
        tally.tables += 1
        tables[segment.table] = tally.tables
    table = None if segment.table is None else tables[segment.table]
    location = _inside(within, segment.location)
    if location is not segment.location or table != segment.table:
        segment = Segment(
            text,
            location,
            segment.hidden,
            segment.fields,
            segment.cells,
            table,
            segment.hidden_fields,
        )
    tally.content = True
    tally.characters += len(text)
    tally.keyring.hear(text)
    if len(text) > tally.limits.segment_characters:
        yield from _cut(segment, tally.limits.segment_characters)
    else:
        yield segment
    if tally.characters > tally.limits.text_characters:
        tally.miss(
            segment.location, Shortfall.LIMIT, f"more than {tally.limits.text_characters:,} characters"
        )
        raise _TextLimitError


def _displayed(segment: Segment, within: Location) -> Iterator[Segment]:
    """What stands under a right-to-left override, as a screen shows it: from its end to its start."""
    where = _inside(within, segment.location) / "as displayed"
    for match in _OVERRIDDEN.finditer(segment.text):
        if words := match[1][::-1].strip():
            yield Segment(words, where, segment.hidden or "written backwards")


def _cut(segment: Segment, limit: int) -> Iterator[Segment]:
    begin = 0
    text = segment.text
    while begin < len(text):
        end = cut_at(text, limit, begin)
        inside = [
            (Field(max(item.start, begin) - begin, min(item.end, end) - begin, item.label), index)
            for index, item in enumerate(segment.fields)
            if item.start < end and item.end > begin
        ]
        yield replace(
            segment,
            text=text[begin:end],
            fields=tuple(item for item, _ in inside),
            cells=tuple(segment.cells[index] for _, index in inside) if segment.cells else (),
            hidden_fields=tuple(segment.hidden_fields[index] for _, index in inside)
            if segment.hidden_fields
            else (),
        )
        begin = end


def _member(member: Member, within: Location, tally: _Tally, depth: int) -> Iterator[Segment]:
    """Recurse into a file inside the file."""
    location = _inside(within, member.location)
    if not member.named:
        tally.keyring.hear_name(member.name)
        yield from _name(member.name, location, member.hidden)
    limits = tally.limits
    tally.members += 1
    if tally.members > limits.members:
        tally.miss(within, Shortfall.LIMIT, f"more than {limits.members:,} members")
        return
    if depth >= limits.nesting:
        tally.miss(location, Shortfall.LIMIT, f"nested more than {limits.nesting} deep")
        return
    if tally.expanded > limits.expanded_bytes:  # nothing of it would be read: it is not even begun
        tally.miss(location, Shortfall.LIMIT, tally.expanded_too_far)
        return
    try:
        source = _member_source(member, location, tally)
        if source is None:
            return
        kind = sniff(source)
        if kind not in _STREAMED and not isinstance(member.content, bytes) and source.size > _IN_MEMORY:
            source = Source.from_bytes(source.read(), member.name, location)
    except TooLargeError:
        tally.miss(location, Shortfall.TOO_LARGE, f"{member.size or 0:,} bytes")
        return
    except ExpansionLimitError as limit:
        tally.miss(location, Shortfall.LIMIT, str(limit))
        return
    except NotImplementedError:
        tally.miss(location, Shortfall.UNSUPPORTED_KIND, "compression method")
        return
    except MemoryError:
        tally.miss(location, Shortfall.PARSER_STOPPED, "MemoryError")
        return
    except Exception as error:
        tally.miss(location, Shortfall.DAMAGED, type(error).__name__)
        return
    segments = _contents(source, kind, tally, depth + 1, member.hidden)
    if member.hidden:
        segments = (replace(item, hidden=item.hidden or member.hidden) for item in segments)
    yield from segments


def _member_source(member: Member, location: Location, tally: _Tally) -> Source | None:
    """Give the bytes of a member, in memory when small, streamed when large; ``None`` if already read."""
    limits = tally.limits
    packed = member.packed or 0
    if isinstance(member.content, bytes):
        tally.spend(len(member.content))
        return _unless_seen(Source.from_bytes(member.content, member.name, location), member.content, tally)
    content = member.content
    claimed = member.size or 0
    furthest = 0

    def opener() -> BinaryIO:
        position = 0

        def spend(count: int) -> None:
            # A member that is opened twice is paid for once.
            nonlocal position, furthest
            position += count
            if position > furthest:
                tally.spend(position - furthest)
                furthest = position

        counted = CountingReader(content(), limits.expanded_bytes, packed, limits, spend)
        return BufferedReader(counted, 1 << 16)

    data, limit = _first_bytes(opener, _IN_MEMORY + 1)
    if limit:
        # What lies within the limits is read where it is text; of anything else a part says nothing.
        part = Source.from_bytes(data, member.name, location)
        kind = sniff(part)
        tally.miss(location, Shortfall.LIMIT, limit)
        return part if kind in _STREAMED and kind != UNKNOWN else None
    if len(data) <= _IN_MEMORY:
        return _unless_seen(Source.from_bytes(data, member.name, location), data, tally)
    return Source(member.name, max(claimed, len(data)), opener, location, limits.parser_bytes)


def _first_bytes(opener: Callable[[], BinaryIO], count: int) -> tuple[bytes, str]:
    """Return at most ``count`` bytes, and the limit that ended them earlier, if one did."""
    pieces = []
    size = 0
    with opener() as file:
        try:
            while size < count and (piece := file.read(min(_PIECE, count - size))):
                pieces.append(piece)
                size += len(piece)
        except ExpansionLimitError as limit:
            return b"".join(pieces), str(limit)
    return b"".join(pieces), ""


def _unless_seen(source: Source, data: bytes, tally: _Tally) -> Source | None:
    digest = hashlib.sha256(data).digest()
    if digest in tally.seen:
        return None
    tally.seen.add(digest)
    return source


def _without_parser(source: Source, kind: str, tally: _Tally, depth: int) -> Iterator[Segment]:
    """Say what is not read; where a string scan finds what people wrote, yield that."""
    if kind == UNKNOWN and 0 < source.size <= _FILLED and not source.head(_FILLED).strip(_FILL):
        return  # nothing was ever written there: what programs leave where a part has been
    words = PLAIN_WORDS.get(kind, kind)
    if kind in _SCANNED_FOR_STRINGS:
        with source.open() as file:
            yield from _events(string_segments(file, HERE), source.location, tally, depth)
        words += "; only runs of readable characters were read"
    reason = Shortfall.UNKNOWN_KIND if kind == UNKNOWN else Shortfall.UNSUPPORTED_KIND
    if kind == UNKNOWN and looks_random(source.head(_ENTROPY_SAMPLE)):
        words = "unknown binary data that looks encrypted"
        note = ProtectionNote(Protection.UNKNOWN, HERE, "no known type, looks like encrypted data")
        tally.protect(note, source.location, whole=depth == 0)
    if kind == UNKNOWN and _PART_NAME.search(source.name):
        reason, words = Shortfall.UNSUPPORTED_KIND, f"part of a set: the other parts are needed; {words}"
    tally.miss(source.location, reason, words)


def _coverage(kind: str, tally: _Tally) -> Coverage:
    gaps = tuple(tally.gaps)
    protection = _protection(tally)
    locked = bool(gaps) and all(gap.reason is Shortfall.ENCRYPTED for gap in gaps)
    if not gaps:
        status = Status.INSPECTED
    elif locked and (not tally.content or protection in _LOCKED):
        # What lies in front of the lock (an archive's comment, a property) does not open it.
        status = Status.ENCRYPTED
    elif tally.content:
        status = Status.PARTIAL
    else:
        status = Status.NOT_INSPECTED
    return Coverage(status, kind, gaps, protection, tuple(tally.protected))


def _protection(tally: _Tally) -> Protection:
    """Join the notes: what holds for the whole file, else the weakest of its parts, "in part" if mixed."""
    whole = [protection for protection, of_all in tally.protections if of_all]
    parts = {protection for protection, of_all in tally.protections if not of_all}
    if whole:
        return whole[0]
    if not parts - {Protection.NONE}:
        return Protection.NONE
    if parts <= {Protection.NAME_ONLY, Protection.NONE}:
        return Protection.NAME_ONLY
    readable = tally.content or any(gap.reason is not Shortfall.ENCRYPTED for gap in tally.gaps)
    if readable or parts & {Protection.PARTLY, Protection.NAME_ONLY, Protection.NONE}:
        return Protection.PARTLY
    for protection in (Protection.WEAK, Protection.UNKNOWN, Protection.STRONG):
        if protection in parts:
            return protection
    return Protection.UNKNOWN
