"""OLE compound files: the legacy Office formats, as far as their encryption and their strings tell."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import msoffcrypto
import olefile
from msoffcrypto.exceptions import DecryptionError, InvalidKeyError

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Shortfall
from scanner.documents.protocol import HERE, Event, Member, ProtectionNote, Source
from scanner.documents.sniffing import PLAIN_WORDS, sniff
from scanner.documents.strings import string_segments

# Excel encrypts write-protected workbooks with this and opens them without asking: no protection at all.
_FIXED_PASSWORD = "VelvetSweatshop"  # noqa: S105
_WORD_MAGIC = 0xA5EC
_WORD_ENCRYPTED = 0x0100
_XLS_FILEPASS = 0x002F
_XLS_EARLY = 64  # records: FILEPASS stands right behind the first ones
_PPT_ENCRYPTED = 0xF3D1C4DF
_STREAMS = 20_000
# A directory that was tampered with sends many streams to the same sectors.
_SLACK = 1_000_000
_MAPI = {
    "0037": "subject",
    "1000": "body",
    "1013": "body (HTML)",
    "007d": "mail headers",
    "0c1a": "sender",
    "0c1f": "sender address",
    "0e04": "recipients",
    "0e03": "copies",
    "3001": "name",
    "3003": "address",
    "39fe": "address",
    "3707": "attachment name",
    "3704": "attachment name",
}


def _decrypted(data: bytes, password: str) -> bytes | None:
    """Plain document, ``None`` where the password is another (or the file is damaged)."""
    out = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        office.load_key(password=password, verify_password=True)
        office.decrypt(out)
    except (DecryptionError, InvalidKeyError):
        return None
    except Exception:
        return None
    return out.getvalue()


class CompoundParser:
    """Reads legacy Office files and other compound files as the readable runs of their streams."""

    kinds = frozenset({"doc", "msg", "ole", "ppt", "pub", "vsd", "xls"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield encryption where the format tells of it, else strings and the gap that says so."""
        kind = sniff(source)
        words = PLAIN_WORDS.get(kind, kind)
        with source.open() as file:
            try:
                ole = olefile.OleFileIO(file)
            except Exception:
                yield Gap(HERE, Shortfall.DAMAGED, f"{words}: directory of the compound file")
                yield from string_segments(source.open(), HERE)
                return
            with ole:
                protection = _protection(ole, kind)
                if protection is not Protection.NONE:
                    content = _decrypted(source.read(), _FIXED_PASSWORD) if kind == "xls" else None
                    if content is not None:
                        yield ProtectionNote(
                            Protection.NAME_ONLY, HERE, "fixed password of the Office programs"
                        )
                        yield Member("", content, Location(("decrypted document",)))
                        return
                    yield ProtectionNote(protection)
                    yield Gap(HERE, Shortfall.ENCRYPTED, f"{words} with a password")
                    return
                yield from _streams(ole, kind, source.size)
        yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, f"{words}; only runs of readable characters were read")


def _streams(ole: olefile.OleFileIO, kind: str, size: int) -> Iterator[Event]:
    left = 2 * size + _SLACK
    for path in ole.listdir()[:_STREAMS]:
        if left < 0:
            yield Gap(HERE, Shortfall.DAMAGED, "streams of the compound file overlap")
            return
        try:
            if ole.get_size(path) > size:
                raise OSError("a stream is longer than its file")
            data = ole.openstream(path).read()
        except Exception:
            yield Gap(Location(("/".join(path),)), Shortfall.DAMAGED, "stream of the compound file")
            continue
        left -= len(data)
        name = "/".join("".join(char for char in part if char.isprintable()) for part in path)
        if kind == "msg" and "__substg1.0_" in path[-1]:
            tag = path[-1].rpartition("_")[2].lower()
            name = "/".join([*path[:-1], _MAPI.get(tag[:4], f"property {tag}")])
            if tag == "3701000d":
                continue
            if tag.startswith("3701"):
                yield Member("", data, Location((*path[:-1], "attachment")))
                continue
        elif path[-1] in ("Package", "CONTENTS") and data[:4] in (b"PK\x03\x04", b"%PDF"):
            yield Member("", data, Location((f"embedded {name}",)))
            continue
        yield from string_segments(io.BytesIO(data), Location((name,)))


def _protection(ole: olefile.OleFileIO, kind: str) -> Protection:
    """Encryption by the format's own flag (MS-DOC FibBase, MS-XLS FilePass, MS-PPT CurrentUserAtom)."""
    try:
        if kind == "doc":
            head = ole.openstream("WordDocument").read(12)
            magic, flags = struct.unpack_from("<H", head)[0], struct.unpack_from("<H", head, 10)[0]
            if magic == _WORD_MAGIC and flags & _WORD_ENCRYPTED:
                # fObfuscated: XOR, which anybody can undo.
                return Protection.WEAK
        elif kind == "xls":
            name = "Workbook" if ole.exists("Workbook") else "Book"
            if _has_filepass(ole.openstream(name).read(1 << 16)):
                return Protection.WEAK
        elif kind == "ppt" and ole.exists("Current User"):
            head = ole.openstream("Current User").read(16)
            if ole.exists("EncryptedSummary") or struct.unpack_from("<I", head, 12)[0] == _PPT_ENCRYPTED:
                return Protection.WEAK
    except (OSError, struct.error):
        pass
    return Protection.NONE


def _has_filepass(data: bytes) -> bool:
    position = 0
    for _ in range(_XLS_EARLY):
        if position + 4 > len(data):
            return False
        record, length = struct.unpack_from("<HH", data, position)
        if record == _XLS_FILEPASS:
            return True
        position += 4 + length
    return False
