"""OLE compound files (MS-CFB): streams within bounds, and a storage as a compound file of its own."""

from __future__ import annotations

import io
import struct
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import olefile

from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.parsers.office import ole_object
from scanner.documents.parsers.office.macro_source import macro_segments
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.sniffing import PLAIN_WORDS
from scanner.documents.strings import string_segments

Path = tuple[str, ...]

_MOST_STREAMS = 50_000
# A directory that was tampered with sends many streams to the same sectors.
_SLACK = 1_000_000
_SECTOR = 512
_MINI_SECTOR = 64
_MINI_STREAM = 4096  # bytes: streams below this size stand in the mini stream
# What programs write against the format's rules into a header or into the entry of a storage: no stream is
# lost by it (the signature of transactions is one of Outlook's and PowerPoint's own).
_HARMLESS = frozenset(
    {
        "incorrect ByteOrder in OLE header",
        "incorrect CLSID in OLE header",
        "incorrect OLE header (non-null reserved bytes)",
        "incorrect OLE header (transaction_signature_number>0)",
        "incorrect OLE stream size",  # its upper half, which files of this size do not use
        "incorrect number of directory sectors in OLE header",
        "OLE storage with size>0",
    }
)
_END, _FREE, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_ENTRY = 128
_PER_SECTOR = _SECTOR // 4
_HEADER_FATS = 109


@dataclass(slots=True)
class CompoundFile:
    """An open compound file.  ``gaps`` collects what could not be read, for the parser to yield.

    All streams together are read up to twice the size of the file.
    """

    data: bytes
    gaps: list[Gap] = field(default_factory=list)
    _ole: olefile.OleFileIO | None = None
    _paths: dict[Path, Path] = field(default_factory=dict)
    _sorted: list[tuple[Path, int]] = field(default_factory=list)
    _entries: dict[Path, olefile.olefile.OleDirectoryEntry] = field(default_factory=dict)
    _left: int = 0

    @classmethod
    def open(cls, data: bytes) -> CompoundFile:
        """Open the file in ``data``; raises whatever ``olefile`` meets in a damaged directory."""
        opened = cls(data, _left=2 * len(data) + _SLACK)
        opened._ole = olefile.OleFileIO(io.BytesIO(data))
        if any(issue not in _HARMLESS for _, issue in opened._ole.parsing_issues):
            # It goes on without the streams that the damage hides.
            opened.gaps.append(Gap(HERE, Shortfall.DAMAGED, "directory of the compound file"))
        reached: set[int] = set()
        for path, entry in _streams(opened._ole.root):
            if len(opened._paths) >= _MOST_STREAMS:
                opened.gaps.append(Gap(HERE, Shortfall.LIMIT, f"more than {_MOST_STREAMS:,} streams"))
                break
            reached.add(entry.sid)
            opened._add(path, entry)
        else:
            orphans = list(_orphans(opened._ole, reached))
            if orphans:
                opened.gaps.append(Gap(HERE, Shortfall.DAMAGED, "streams that are in no storage"))
            for entry in orphans:
                opened._add((entry.name,), entry)
        opened._sorted = sorted((key, number) for number, key in enumerate(opened._paths))
        return opened

    def _add(self, path: Path, entry: olefile.olefile.OleDirectoryEntry) -> None:
        key = tuple(part.lower() for part in path)
        self._paths.setdefault(key, path)
        self._entries.setdefault(key, entry)

    def paths(self, within: Path = ()) -> Iterator[Path]:
        """Yield the streams at any depth under a storage, with their names as they are stored."""
        if not within:
            yield from self._paths.values()
            return
        lowered = tuple(part.lower() for part in within)
        found = []
        # What lies under a storage stands together in the sorted order.
        for at in range(bisect_left(self._sorted, (lowered, 0)), len(self._sorted)):
            key, number = self._sorted[at]
            if key[: len(lowered)] != lowered:
                break
            found.append((number, key))
        for _, key in sorted(found):
            yield self._paths[key]

    def storages(self, within: Path = ()) -> list[Path]:
        """Storages directly under a storage that hold any stream, in the order of the directory."""
        depth = len(within)
        return list(dict.fromkeys(path[: depth + 1] for path in self.paths(within) if len(path) > depth + 1))

    def has(self, *path: str) -> bool:
        """Whether there is such a stream, whatever the letter case."""
        return tuple(part.lower() for part in path) in self._paths

    def read(self, *path: str) -> bytes:
        """All bytes of a stream that can be read, none where there is no such stream.

        What is missing becomes a gap.
        """
        key = tuple(part.lower() for part in path)
        known = self._paths.get(key)
        if known is None or self._ole is None:
            return b""
        try:
            # By its entry: a search by name goes through all names of its storage.
            entry = self._entries[key]
            size = int(entry.size)
            if size > len(self.data):
                raise OSError("a stream is longer than its file")
            if size > self._left:
                self._miss(known, "streams of the compound file overlap")
                return b""
            self._left -= size
            content: bytes = self._ole._open(entry.isectStart, size).read()
        except Exception:  # olefile raises whatever its parsing meets
            self._miss(known, "stream of the compound file")
            return b""
        if len(content) < size:
            self._miss(known, "stream of the compound file breaks off")
        return content

    def storage(self, path: Path, extra: Mapping[Path, bytes] | None = None) -> bytes:
        """Give a storage (an embedded object, an attached message) as a compound file.

        ``extra`` are streams of the outer file that the inner one refers to.
        """
        streams = {inner[len(path) :]: self.read(*inner) for inner in self.paths(path)}
        return pack({**(extra or {}), **streams})

    def take_gaps(self) -> list[Gap]:
        """Hand out the gaps met so far and forget them."""
        taken, self.gaps = self.gaps, []
        return taken

    def _miss(self, path: Path, detail: str) -> None:
        self.gaps.append(Gap(Location(("/".join(path),)), Shortfall.DAMAGED, detail))


def _streams(
    root: olefile.olefile.OleDirectoryEntry,
) -> Iterator[tuple[Path, olefile.olefile.OleDirectoryEntry]]:
    """Every stream with its path, in the order of the directory; each entry once: damage makes rings."""
    waiting: list[tuple[Path, olefile.olefile.OleDirectoryEntry]] = [((), root)]
    met: set[int] = set()
    while waiting:
        path, entry = waiting.pop()
        if entry.sid in met:
            continue
        met.add(entry.sid)
        if entry is not root:
            path = (*path, entry.name)
        if entry.entry_type == olefile.STGTY_STREAM:
            yield path, entry
        elif entry is root or entry.entry_type == olefile.STGTY_STORAGE:
            waiting.extend((path, kid) for kid in reversed(entry.kids))


def _orphans(ole: olefile.OleFileIO, reached: Collection[int]) -> Iterator[olefile.olefile.OleDirectoryEntry]:
    """Streams that are in the directory and in no storage: a bent tree hides them."""
    ole.directory_fp.seek(0)
    directory = ole.directory_fp.read()
    for sid in range(1, min(len(directory) // _ENTRY, len(ole.direntries))):
        begin = sid * _ENTRY
        size = int.from_bytes(directory[begin + 120 : begin + 124], "little")
        if directory[begin + 66] == olefile.STGTY_STREAM and size and sid not in reached:
            entry = ole._load_direntry(sid) if ole.direntries[sid] is None else ole.direntries[sid]
            if entry.name:
                yield entry


def open_or_scan(source: Source, kind: str) -> Iterator[Event | CompoundFile]:
    """Yield the open file, or where its directory is damaged its readable runs and the gap."""
    data = source.read()
    try:
        opened = CompoundFile.open(data)
    except Exception:  # olefile raises whatever its parsing meets
        words = PLAIN_WORDS.get(kind, kind)
        yield Gap(HERE, Shortfall.DAMAGED, f"{words}: directory of the compound file")
        yield from string_segments(io.BytesIO(data), HERE)
        return
    yield opened


def embedded_objects(file: CompoundFile, storages: list[Path], place: Location) -> Iterator[Event]:
    """Embedded objects, each in a storage of its own, as members."""
    for number, path in enumerate(storages, 1):
        packed = file.storage(path)
        location = place / f"embedded object {number}"
        yield from ole_object.members(packed, "", location)


def macros(file: CompoundFile, storage: str) -> Iterator[Event]:
    """Source of the macros in a storage of that name at the top, where there is one."""
    if any(True for _ in file.paths((storage,))):
        yield from macro_segments(file.storage((storage,)))


# writing


@dataclass(slots=True)
class _Node:
    name: str
    content: bytes | None = None
    children: dict[str, _Node] = field(default_factory=dict)
    index: int = 0
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = _END


def pack(streams: Mapping[Path, bytes]) -> bytes:
    """Write a compound file (MS-CFB, version 3) with these streams."""
    root = _Node("Root Entry")
    for path, content in streams.items():
        node = root
        for part in path[:-1]:
            node = node.children.setdefault(part.lower(), _Node(part))
        node.children[path[-1].lower()] = _Node(path[-1], content)
    nodes = [root]
    for node in nodes:
        ordered = sorted(node.children.values(), key=lambda child: (len(child.name), child.name.upper()))
        for child in ordered:
            child.index = len(nodes)
            nodes.append(child)
        node.child = _balance(ordered)
    sectors: list[bytes] = []
    chains: list[int] = []
    mini = bytearray()
    mini_chain: list[int] = []
    for node in nodes:
        if node.content is None or not node.content:
            continue
        if len(node.content) < _MINI_STREAM:
            node.start = len(mini_chain)
            count = -(-len(node.content) // _MINI_SECTOR)
            mini += node.content.ljust(count * _MINI_SECTOR, b"\0")
            mini_chain += [*range(node.start + 1, node.start + count), _END]
        else:
            node.start = _chain(node.content, sectors, chains)
    root.content = bytes(mini)
    root.start = _chain(root.content, sectors, chains) if mini else _END
    fat_of_mini = struct.pack(f"<{len(mini_chain)}L", *mini_chain)
    fat_of_mini += b"\xff" * (-len(fat_of_mini) % _SECTOR)
    first_mini = _chain(fat_of_mini, sectors, chains) if mini_chain else _END
    directory = b"".join(_entry(node, node is root) for node in nodes)
    first_directory = _chain(directory, sectors, chains)
    return _assemble(sectors, chains, first_directory, first_mini, len(fat_of_mini) // _SECTOR)


def _balance(nodes: list[_Node]) -> int:
    """Make a balanced tree of siblings; gives the index of its root."""
    if not nodes:
        return _NONE
    middle = len(nodes) // 2
    nodes[middle].left = _balance(nodes[:middle])
    nodes[middle].right = _balance(nodes[middle + 1 :])
    return nodes[middle].index


def _chain(content: bytes, sectors: list[bytes], chains: list[int]) -> int:
    start = len(sectors)
    for at in range(0, len(content), _SECTOR):
        sectors.append(content[at : at + _SECTOR].ljust(_SECTOR, b"\0"))
    chains += [*range(start + 1, len(sectors)), _END]
    return start


def _entry(node: _Node, is_root: bool) -> bytes:
    name = node.name.encode("utf-16-le", "replace")[:62] + b"\0\0"
    kind = 5 if is_root else 1 if node.content is None else 2
    size = len(node.content or b"")
    start = node.start if node.content is not None else 0
    return struct.pack(
        "<64sHBBLLL16sLQQLQ",
        *(name, len(name), kind, 1, node.left, node.right, node.child),
        *(b"", 0, 0, 0, start, size),
    )


def _assemble(
    sectors: list[bytes], chains: list[int], directory: int, first_mini: int, mini_sectors: int
) -> bytes:
    """Put header and allocation tables around the sectors."""
    fats = difats = 0
    while True:
        total = len(sectors) + fats + difats
        need = -(-total // _PER_SECTOR)
        need_difats = -(-max(0, need - _HEADER_FATS) // (_PER_SECTOR - 1))
        if (need, need_difats) == (fats, difats):
            break
        fats, difats = need, need_difats
    first_fat = len(sectors)
    first_difat = first_fat + fats
    table = chains + [_FAT] * fats + [_FAT - 1] * difats
    table += [_FREE] * (fats * _PER_SECTOR - len(table))
    places = list(range(first_fat, first_fat + fats))
    header_places = (places[:_HEADER_FATS] + [_FREE] * _HEADER_FATS)[:_HEADER_FATS]
    header = struct.pack(
        "<8s16sHHHHH6sLLLLLLLLL109L",
        *(ole_object.OLE_MAGIC, b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, fats, directory, 0, _MINI_STREAM),
        *(first_mini, mini_sectors, first_difat if difats else _END, difats, *header_places),
    )
    out = [header, *sectors, struct.pack(f"<{len(table)}L", *table)]
    rest = places[_HEADER_FATS:]
    for number in range(difats):
        piece = rest[number * (_PER_SECTOR - 1) : (number + 1) * (_PER_SECTOR - 1)]
        piece += [_FREE] * (_PER_SECTOR - 1 - len(piece))
        following = first_difat + number + 1 if number + 1 < difats else _END
        out.append(struct.pack(f"<{_PER_SECTOR}L", *piece, following))
    return b"".join(out)
