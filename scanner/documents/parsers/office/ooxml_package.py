"""An Office Open XML package: its parts, their relationships, and reading them with limits.

All members of the ZIP archive are parts, whether a relationship reaches them or not: text that nothing
refers to any more is still in the file.  A damaged directory is replaced by a search for local headers.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO, cast
from xml.parsers import expat

from scanner.documents.inflating import CountingReader, ExpansionLimitError
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.protocol import Source
from scanner.documents.zip_directory import is_incomplete, whole_member

_CHUNK = 1 << 18
# Enough of a part to meet its root element, after a byte-order mark, a declaration and comments.
_HEAD = 4096
# A part up to this size is inflated once and kept, up to so many bytes together.
_KEPT_PART, _KEPT_BYTES = 1 << 18, 16_000_000
# A part is read whole up to this size where its walk is not by chunks.
_PART_BYTES = 100_000_000
_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)""")
_CONDITION, _BREAK = re.compile(rb"<!\[(?:if|else|endif)[^\]<>]{0,200}\]>"), re.compile(rb"<br>")
_TAG = re.compile(r"<[^>]*>?")
_LOCAL_HEADER = struct.Struct("<4sHHHHHLLLHH")


# What an element begins with, by name with prefix.
Attributes = Mapping[str, str]


class XmlRefusedError(Exception):
    """The part declares entities, which no Office program writes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One member of the package: name without leading slash, directory entry, and root element.

    ``root`` is the local name of the root element ("document", "worksheet"), empty for parts that are
    not XML.  ``data`` holds the bytes of a part that was salvaged without a directory.
    """

    name: str
    size: int
    packed: int
    root: str = ""
    entry: zipfile.ZipInfo | None = None
    data: bytes | None = None

    @property
    def extension(self) -> str:
        """The lower-case extension with its dot, empty where there is none."""
        _, dot, extension = self.base.rpartition(".")
        return dot + extension

    @property
    def base(self) -> str:
        """The lower-case name without folders."""
        return posixpath.basename(self.name).lower()


@dataclass(frozen=True, slots=True)
class Relationship:
    """From a part (empty: the package) to another part or to the outside."""

    identifier: str
    kind: str
    target: str
    external: bool


@dataclass(slots=True)
class Package:
    """An open package.  ``gaps`` collects what could not be read on the way, for the parser to yield."""

    limits: Limits
    parts: tuple[Part, ...] = ()
    comment: str = ""
    gaps: list[Gap] = field(default_factory=list)
    relationships: dict[str, tuple[Relationship, ...]] = field(default_factory=dict)
    _by_name: dict[str, Part] = field(default_factory=dict)
    _archive: zipfile.ZipFile | None = None
    _spent: int = 0
    _kept: dict[str, bytes] = field(default_factory=dict)
    _kept_bytes: int = 0

    def open(self, part: Part) -> BinaryIO:
        """Open a part for reading; raises what ``zipfile`` raises, and ``ExpansionLimitError``."""
        if part.data is not None:
            return io.BytesIO(part.data)
        if self._archive is None or part.entry is None:
            raise zipfile.BadZipFile
        limits = self.limits
        if part.size > limits.expanded_bytes - self._spent:
            raise ExpansionLimitError(f"expands to more than {limits.expanded_bytes:,} bytes")
        if part.size > max(limits.ratio_floor, part.packed * limits.ratio):
            raise ExpansionLimitError(f"expands more than {limits.ratio} to 1")
        reader = CountingReader(
            self._archive.open(part.entry),
            limits.expanded_bytes - self._spent,
            part.packed,
            limits=limits,
            spend=self._spend,
        )
        return cast(BinaryIO, reader)

    def _spend(self, count: int) -> None:
        self._spent += count

    def _at_once(self, part: Part) -> bytes | None:
        """Return a small part that nothing is wrong with, whole; ``None`` where it must be read carefully."""
        entry = part.entry
        if entry is None or self._archive is None or part.size > min(_KEPT_PART, self.limits.ratio_floor):
            return None
        key = entry.filename if self._archive.NameToInfo.get(entry.filename) is entry else ""
        if (data := self._kept.get(key)) is not None:
            return data
        if part.size > self.limits.expanded_bytes - self._spent:
            return None
        try:
            data = whole_member(self._archive, entry)
        except (OSError, ValueError, MemoryError):
            return None
        if data is not None:
            self._spend(len(data))
            if key and self._kept_bytes + len(data) <= _KEPT_BYTES:
                self._kept[key] = data
                self._kept_bytes += len(data)
        return data

    def chunks(self, part: Part, size: int = _CHUNK) -> Iterator[bytes]:
        """Yield a part's bytes by chunks of about ``size``; what cannot be read becomes a gap and ends them.

        A small part comes as one chunk, however small ``size`` is.
        """
        if (whole := self._at_once(part)) is not None:
            if whole:
                yield whole
            return
        try:
            with closing(self.open(part)) as reader:
                while chunk := reader.read(size):
                    yield chunk
        except ExpansionLimitError as error:
            self.gaps.append(Gap(Location((part.name,)), Shortfall.LIMIT, str(error)))
        except NotImplementedError:
            self.gaps.append(Gap(Location((part.name,)), Shortfall.UNSUPPORTED_KIND, "compression method"))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error):
            self.gaps.append(Gap(Location((part.name,)), Shortfall.DAMAGED, "damaged member"))
        except RuntimeError:
            self.gaps.append(Gap(Location((part.name,)), Shortfall.ENCRYPTED, "member with a password"))

    def head(self, part: Part) -> str:
        """Return the beginning of an XML part; what is wrong with it is told when it is read."""
        gaps = len(self.gaps)
        data = next(self.chunks(part, _HEAD), b"")[:_HEAD]
        del self.gaps[gaps:]
        return decode_xml(data) if b"<" in data else ""

    def digest(self, part: Part) -> bytes:
        """Return the SHA-256 of a small part that nothing is wrong with, nothing for others."""
        whole = self._at_once(part)
        return hashlib.sha256(whole).digest() if whole else b""

    def read(self, part: Part) -> bytes:
        """Return all bytes of a part that can be read, at most 100 MB; the rest becomes a gap."""
        pieces: list[bytes] = []
        length = 0
        for chunk in self.chunks(part):
            pieces.append(chunk)
            length += len(chunk)
            if length > _PART_BYTES:
                self.gaps.append(Gap(Location((part.name,)), Shortfall.TOO_LARGE, "part over 100 MB"))
                break
        return b"".join(pieces)

    def related(self, part: Part) -> dict[str, Relationship]:
        """Return the relationships of a part by identifier."""
        return {link.identifier: link for link in self.relationships.get(part.name.lower(), ())}

    def part_named(self, name: str) -> Part | None:
        """Find a part by name, whatever the letter case; of duplicates the last that is not empty."""
        if not self._by_name:
            self._by_name = {part.name.lower(): part for part in sorted(self.parts, key=_holds_anything)}
        return self._by_name.get(name.lower().lstrip("/"))

    def reachable(self) -> frozenset[str]:
        """Return the lower-case names of all parts that relationships reach from the package."""
        reached: set[str] = set()
        waiting = [""]
        while waiting:
            for link in self.relationships.get(waiting.pop(), ()):
                target = link.target.lower()
                if not link.external and target not in reached:
                    reached.add(target)
                    waiting.append(target)
        return frozenset(reached)

    def take_gaps(self) -> list[Gap]:
        """Hand out the gaps met so far and forget them."""
        taken, self.gaps = self.gaps, []
        return taken


def open_package(source: Source, limits: Limits) -> Package:
    """Open the package in ``source``; raises ``zipfile.BadZipFile`` when there is nothing of one."""
    package = Package(limits)
    try:
        archive = zipfile.ZipFile(source.open())
        if is_incomplete(archive):
            raise zipfile.BadZipFile
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError):
        package.gaps.append(Gap(Location(), Shortfall.DAMAGED, "the archive's directory is damaged"))
        found = tuple(_salvage(source.read(), limits))
        if not found:
            raise zipfile.BadZipFile from None
        package.parts = found
    else:
        package._archive = archive
        package.comment = archive.comment.decode("utf-8", "replace")
        package.parts = tuple(
            Part(_part_name(entry.filename), entry.file_size, entry.compress_size, entry=entry)
            for entry in archive.infolist()[: limits.members]
            if not entry.is_dir()
        )
        if len(archive.infolist()) > limits.members:
            package.gaps.append(Gap(Location(), Shortfall.LIMIT, f"more than {limits.members:,} members"))
    package.parts = tuple(_with_root(package, part) for part in package.parts)
    _read_relationships(package)
    return package


def _holds_anything(part: Part) -> bool:
    return part.size > 0


def _part_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/")


def _with_root(package: Package, part: Part) -> Part:
    """Look at the root element: names and content types may lie, the root element says what it is."""
    if part.extension not in (".xml", ".rels", ".vml", ""):
        return part
    match = _ROOT.search(package.head(part))
    root = match.group(1) if match else ""
    return Part(part.name, part.size, part.packed, root, part.entry, part.data)


def decode_xml(data: bytes) -> str:
    """Decode XML bytes by byte-order mark or declaration; never raises."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if data[:2] in (b"<\0", b"\0<"):
        return data.decode("utf-16-le" if data[:1] == b"<" else "utf-16-be", "replace")
    encoding = "utf-8-sig"
    if declared := _ENCODING.match(data[:200]):
        encoding = declared.group(1).decode("ascii")
    try:
        return data.decode(encoding, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _read_relationships(package: Package) -> None:
    for part in package.parts:
        if part.extension != ".rels":
            continue
        if part.root not in ("", "Relationships"):
            package.gaps.append(Gap(Location((part.name,)), Shortfall.DAMAGED, "holds something else"))
            continue
        folder, _, base = part.name.rpartition("_rels/")
        owner = (folder + base[: -len(".rels")]).lower()
        links: list[Relationship] = []

        def start(name: str, attributes: dict[str, str], folder: str = folder) -> None:
            if name.rpartition(":")[2] != "Relationship":
                return
            external = attributes.get("TargetMode", "").lower() == "external"
            target = attributes.get("Target", "")
            if not external:
                base_folder = "" if target.startswith("/") else folder
                target = posixpath.normpath(posixpath.join(base_folder, target.lstrip("/")))
            kind = attributes.get("Type", "").rpartition("/")[2]
            links.append(Relationship(attributes.get("Id", ""), kind, target, external))  # noqa: B023

        for _ in parse_xml(package, part, start=start):
            pass
        package.relationships[owner] = tuple(links)


def _salvage(data: bytes, limits: Limits) -> Iterator[Part]:
    """Yield the members of a ZIP file by its local headers alone."""
    at = data.find(b"PK\x03\x04")
    spent = 0
    count = 0
    while at >= 0 and count < limits.members and spent < limits.expanded_bytes:
        count += 1
        following = data.find(b"PK\x03\x04", at + 4)
        if at + _LOCAL_HEADER.size > len(data):
            return
        header = _LOCAL_HEADER.unpack_from(data, at)
        flags, method, packed = header[2], header[3], header[7]
        name_length, extra_length = header[9], header[10]
        start = at + _LOCAL_HEADER.size + name_length + extra_length
        name = data[at + _LOCAL_HEADER.size : at + _LOCAL_HEADER.size + name_length]
        end = start + packed if packed and not flags & 8 else len(data) + 1
        if end > len(data):
            # The size stands behind the data, or the data breaks off, or the header is no header.
            end = following if following > 0 else len(data)
        body = memoryview(data)[start:end]
        if not flags & 1 and method in (0, 8) and not name.endswith(b"/"):
            content = body.tobytes() if method == 0 else b""
            if method == 8:
                cap = min(limits.expanded_bytes - spent, max(limits.ratio_floor, len(body) * limits.ratio))
                content = _inflate(body, cap)
            spent += len(content)
            yield Part(_part_name(name.decode("utf-8", "replace")), len(content), len(body), data=content)
        at = data.find(b"PK\x03\x04", max(at + 4, end))


def _inflate(body: memoryview, cap: int) -> bytes:
    """Inflate as much as can be, at most ``cap`` bytes."""
    inflater = zlib.decompressobj(-15)
    pieces: list[bytes] = []
    length = 0
    position = 0
    try:
        while position < len(body) and length < cap and not inflater.eof:
            pieces.append(inflater.decompress(body[position : position + _CHUNK], cap - length))
            length += len(pieces[-1])
            position += _CHUNK
    except zlib.error:
        pass  # what came out before the damage is kept; the package already carries a gap
    return b"".join(pieces)


def _vml(data: bytes) -> bytes:
    """A drawing as Office writes it, as XML: without conditions for web browsers, with line breaks closed."""
    return _BREAK.sub(rb"<br/>", _CONDITION.sub(b"", data)) if b"<!" in data or b"<br>" in data else data


def parse_xml(
    package: Package,
    part: Part,
    *,
    start: Callable[[str, dict[str, str]], None] | None = None,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
    salvage: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Run a part through expat, yielding after each chunk so that events can be handed on.

    Names come with their prefix.  Malformed XML becomes a gap; what follows the error is given to
    ``salvage`` (``text`` where there is none) with its tags stripped, so that nothing readable is lost.
    """
    salvage = salvage or text
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 16
    if start is not None:
        parser.StartElementHandler = start
    if end is not None:
        parser.EndElementHandler = end
    if text is not None:
        parser.CharacterDataHandler = text
    parser.EntityDeclHandler = _refuse_entity
    done = 0
    leading = True
    chunks = package.chunks(part)
    if part.name.lower().endswith(".vml"):
        chunks = iter((_vml(b"".join(chunks)),))
    for chunk in chunks:
        if leading:
            # Some writers leave blank lines in front of the declaration, which expat takes for an error.
            chunk = chunk.lstrip(b" \r\n\t") if chunk[:1].isspace() else chunk
            leading = False
        try:
            parser.Parse(chunk, False)
        except (expat.ExpatError, LookupError, ValueError):  # the latter two for unknown encodings
            package.gaps.append(Gap(Location((part.name,)), Shortfall.DAMAGED, "malformed XML"))
            parser.buffer_text = False  # hands over the text in front of the error
            if salvage is not None:
                behind = max(0, parser.ErrorByteIndex - done)
                salvage(_TAG.sub(" ", decode_xml(chunk[behind:])))
                yield
                for rest in chunks:
                    salvage(_TAG.sub(" ", decode_xml(rest)))
                    yield
            return
        except XmlRefusedError:
            package.gaps.append(
                Gap(Location((part.name,)), Shortfall.DAMAGED, "XML with entity declarations")
            )
            return
        done += len(chunk)
        yield
    if done:
        try:
            parser.Parse(b"", True)
        except expat.ExpatError:
            package.gaps.append(Gap(Location((part.name,)), Shortfall.DAMAGED, "XML ends too early"))
    yield


def _refuse_entity(*_: object) -> None:
    raise XmlRefusedError
