"""Encryption of OpenDocument packages: which parts, how strong, and opening them with a password.

Source: OASIS OpenDocument 1.3, part 2, sections 3.4 and 4.8 (manifest), 5 (encryption), and the extension for
whole packages that LibreOffice 24.2 writes.  Each part is deflated and then encrypted.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from scanner.documents.model import Gap, Location, Protection, Shortfall
from scanner.documents.parsers.sealed.ciphers import decrypted_cbc
from scanner.documents.protocol import HERE, Event, Lock, Member, ProtectionNote, Source

_MANIFEST = "META-INF/manifest.xml"
_MANIFEST_BYTES = 5_000_000
_PART_BYTES = 250_000_000
_WHOLE = "encrypted-package"
# What every document has; where one of them is readable, the document is protected in part.
_MAIN = frozenset({"content.xml", "styles.xml", "meta.xml", _WHOLE})
# A document that asks for more rounds or memory than these is out to cost time.
_MOST_ROUNDS, _MOST_MEMORY_KIB, _MOST_PASSES = 2_000_000, 262_144, 16
_CHECKED = 1024


@dataclass(frozen=True, slots=True)
class SecretPart:
    """How one part is encrypted: what the manifest says of it."""

    path: str
    cipher: str
    vector: bytes
    start_key: str
    derivation: str
    salt: bytes
    rounds: int
    key_size: int
    passes: int
    memory: int
    lanes: int
    checksum_kind: str
    checksum: bytes


def secret_parts(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Mapping[str, SecretPart]:
    """The parts that are encrypted, by name; a part that the manifest only calls so is none of them."""
    by_name = {entry.filename: entry for entry in entries}
    if "mimetype" not in by_name or _MANIFEST not in by_name:
        return {}
    try:
        with archive.open(_MANIFEST) as file:
            parts = _manifest_parts(file.read(_MANIFEST_BYTES))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError):
        return {}
    return {
        part.path: part
        for part in parts
        if part.path in by_name and not _is_readable(archive, by_name[part.path])
    }


def _manifest_parts(data: bytes) -> list[SecretPart]:
    """File entries of a manifest with what it says of their encryption; damage ends the list."""
    parts: list[SecretPart] = []
    path = ""
    found: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal path, found
        local = name.rpartition(":")[2]
        values = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if local == "file-entry":
            path, found = values.get("full-path", ""), {}
        elif local in ("encryption-data", "algorithm", "key-derivation", "start-key-generation"):
            found[local] = "yes"
            found.update({f"{local}.{key}": value for key, value in values.items()})

    def end(name: str) -> None:
        if name.rpartition(":")[2] == "file-entry" and "encryption-data" in found and len(parts) < 10_000:
            parts.append(_part(path, found))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    with contextlib.suppress(expat.ExpatError):  # what was told before the damage holds
        parser.Parse(data, True)
    return parts


def _part(path: str, found: Mapping[str, str]) -> SecretPart:
    def number(key: str, default: int) -> int:
        value = found.get(key, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else default

    return SecretPart(
        path,
        found.get("algorithm.algorithm-name", "").rpartition("#")[2].lower(),
        _decoded(found.get("algorithm.initialisation-vector", "")),
        found.get("start-key-generation.start-key-generation-name", "sha1").rpartition("#")[2].lower(),
        found.get("key-derivation.key-derivation-name", "").rpartition("#")[2].lower(),
        _decoded(found.get("key-derivation.salt", "")),
        number("key-derivation.iteration-count", 0),
        number("key-derivation.key-size", 16),
        number("key-derivation.argon2-iterations", 0),
        number("key-derivation.argon2-memory", 0),
        number("key-derivation.argon2-lanes", 0),
        found.get("encryption-data.checksum-type", "").rpartition("#")[2].lower(),
        _decoded(found.get("encryption-data.checksum", "")),
    )


def _decoded(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except (binascii.Error, ValueError):
        return b""


def _is_readable(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether a part that is called encrypted is plain XML or a picture all the same."""
    try:
        with archive.open(entry) as file:
            head = file.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError):
        return False
    return head.startswith((b"<?xml", b"<office:", b"\x89PNG\r\n", b"\xff\xd8\xff\xe0", b"PK\x03\x04"))


def _strength(part: SecretPart) -> tuple[Protection, str]:
    if "aes" in part.cipher:
        return Protection.STRONG, f"OpenDocument AES-{part.key_size * 8 if 'gcm' not in part.cipher else 256}"
    if "blowfish" in part.cipher:
        return Protection.WEAK, "OpenDocument Blowfish"
    return Protection.UNKNOWN, "OpenDocument, unknown cipher"


def opendocument_lock(archive: zipfile.ZipFile, secret: Mapping[str, SecretPart], source: Source) -> Lock:
    """What a password may open: all encrypted parts of a document."""
    ranks = (Protection.WEAK, Protection.UNKNOWN, Protection.STRONG)
    strengths = [_strength(part) for part in secret.values()]
    protection, method = min(strengths, key=lambda one: ranks.index(one[0]))
    plain = (_MAIN & set(archive.namelist())) - set(secret)
    if plain and not secret.keys() >= {_WHOLE}:
        closed: tuple[ProtectionNote | Gap, ...] = tuple(
            event
            for path in secret
            for event in (
                ProtectionNote(protection, Location((path,)), method),
                Gap(Location((path,)), Shortfall.ENCRYPTED, "part of a document with a password"),
            )
        )
    else:
        closed = (
            ProtectionNote(protection, HERE, method),
            Gap(HERE, Shortfall.ENCRYPTED, "document with a password"),
        )
    # The smallest part tells soonest whether a password fits.
    probe = min(secret, key=lambda path: archive.getinfo(path).file_size)

    def attempt(password: str) -> Iterator[Event] | None:
        first = _opened(source, secret[probe], password)
        return None if first is None else _parts(source, secret, password)

    return Lock(attempt, protection, method, closed=closed, known=(), held=source.size)


def _parts(source: Source, secret: Mapping[str, SecretPart], password: str) -> Iterator[Event]:
    """The decrypted parts, as members of a package in clear."""
    plain: dict[str, bytes] = {}
    for path, part in secret.items():
        data = _opened(source, part, password)
        if data is None:
            yield Gap(Location((path,)), Shortfall.ENCRYPTED, "part of a document with another password")
        elif path == _WHOLE:
            yield Member(source.name, data, HERE, named=True)
        else:
            plain[path] = data
    if plain:
        yield Member(source.name, _package(source, plain), HERE, named=True)


def _package(source: Source, plain: Mapping[str, bytes]) -> bytes:
    """The document without encryption: only the parts that were closed, the others are read already."""
    out = io.BytesIO()
    with source.open() as file, zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w") as new:
        new.writestr("mimetype", old.read("mimetype")[:200])
        for path, data in plain.items():
            new.writestr(path, data)
    return out.getvalue()


def _opened(source: Source, part: SecretPart, password: str) -> bytes | None:
    """A part in clear, ``None`` where the password is wrong or the method is not known."""
    with source.open() as file, zipfile.ZipFile(file) as archive:
        entry = archive.getinfo(part.path)
        if entry.file_size > _PART_BYTES:
            return None
        data = archive.read(entry)
    digest = hashlib.sha256 if "sha256" in part.start_key else hashlib.sha1
    start = digest(password.encode("utf-8")).digest()
    if "argon2" in part.derivation:
        if not (0 < part.memory <= _MOST_MEMORY_KIB and 0 < part.passes <= _MOST_PASSES):
            return None
        key = Argon2id(
            salt=part.salt,
            length=part.key_size,
            iterations=part.passes,
            lanes=max(1, part.lanes),
            memory_cost=part.memory,
        ).derive(start)
    elif 0 < part.rounds <= _MOST_ROUNDS and part.key_size in (16, 24, 32):
        key = hashlib.pbkdf2_hmac("sha1", start, part.salt, part.rounds, part.key_size)
    else:
        return None
    if "gcm" in part.cipher:
        try:
            # LibreOffice writes the nonce once more in front of the data.
            packed = AESGCM(key).decrypt(part.vector, data.removeprefix(part.vector), None)
        except InvalidTag:
            return None
        return _inflated(packed)
    if "aes" not in part.cipher or len(part.vector) != 16 or len(data) % 16:
        return None
    packed = decrypted_cbc(key, part.vector, data)
    padding = packed[-1] if packed else 0
    packed = packed[:-padding] if 0 < padding <= 16 else packed
    if part.checksum:
        checked = hashlib.sha256 if "sha256" in part.checksum_kind else hashlib.sha1
        if checked(packed[:_CHECKED]).digest() != part.checksum:
            return None
    return _inflated(packed)


def _inflated(packed: bytes) -> bytes | None:
    inflater = zlib.decompressobj(-15)
    try:
        data = inflater.decompress(packed, _PART_BYTES)
    except zlib.error:
        return None
    return data if inflater.eof else None
