"""Encrypted 7-Zip archives: opened with a password by taking the encryption off, all else stays as it is.

libarchive reads every method of 7-Zip but encryption.  So the packed streams are decrypted, and the archive
is put together again without the coder for it.  Source: 7zFormat.txt and the AES coder of the LZMA SDK.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
import zlib
from dataclasses import dataclass, replace

from scanner.documents.parsers.sealed.ciphers import counters, decrypted_cbc

SIGNATURE = b"7z\xbc\xaf\x27\x1c"
_AES = b"\x06\xf1\x07\x01"
_COPY, _LZMA, _LZMA2 = b"\x00", b"\x03\x01\x01", b"\x21"
_END, _HEADER, _PROPERTIES, _MAIN = 0x00, 0x01, 0x02, 0x04
_PACK, _UNPACK, _SIZE, _CRC, _FOLDER, _UNPACK_SIZE, _ENCODED = 0x06, 0x07, 0x09, 0x0A, 0x0B, 0x0C, 0x17
# 7-Zip writes 2 to the power of 19 rounds; a file that asks for more than this is out to cost time.
_MOST_POWER = 22
_NO_HASHING = 0x3F
_MOST_HEADER = 50_000_000
_MOST_ITEMS = 100_000


class SevenZipError(Exception):
    """The headers are damaged, or of a form that is not known here."""


@dataclass(frozen=True, slots=True)
class _Coder:
    method: bytes
    inputs: int
    outputs: int
    properties: bytes


@dataclass(frozen=True, slots=True)
class _Folder:
    """Coders and how they are bound: pairs of (input, output), inputs that packed streams feed."""

    coders: tuple[_Coder, ...]
    pairs: tuple[tuple[int, int], ...]
    packed: tuple[int, ...]
    sizes: tuple[int, ...] = ()
    crc: int | None = None


@dataclass(frozen=True, slots=True)
class _Streams:
    """Where the packed streams begin, their sizes, the folders they feed."""

    position: int
    sizes: tuple[int, ...]
    folders: tuple[_Folder, ...]


class _Reader:
    """Numbers and bytes of a header, in order."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self.data) - self.at:
            raise SevenZipError("cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        first = self.byte()
        mask, value = 0x80, 0
        for index in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << 8 * index
            value |= self.byte() << 8 * index
            mask >>= 1
        return value

    def count(self) -> int:
        number = self.number()
        if number > _MOST_ITEMS:
            raise SevenZipError("too many")
        return number

    def digests(self, count: int) -> list[int | None]:
        defined = [True] * count
        if not self.byte():
            bits = self.take((count + 7) // 8)
            defined = [bool(bits[index // 8] & 0x80 >> index % 8) for index in range(count)]
        return [struct.unpack("<I", self.take(4))[0] if one else None for one in defined]

    def expect(self, kind: int) -> None:
        if self.byte() != kind:
            raise SevenZipError("unexpected property")


def _number(value: int) -> bytes:
    """Write a number as headers do: the first byte tells in its high bits how many follow."""
    for extra in range(8):
        if value < 1 << 7 * (extra + 1):
            first = (0xFF00 >> extra) & 0xFF | value >> 8 * extra
            return bytes((first,)) + (value & (1 << 8 * extra) - 1).to_bytes(extra, "little")
    return b"\xff" + value.to_bytes(8, "little")


def _streams(reader: _Reader) -> _Streams:
    """Packed streams and folders; leaves the reader behind them, at what tells of the files inside."""
    reader.expect(_PACK)
    position, count = reader.number(), reader.count()
    sizes: tuple[int, ...] = ()
    while (kind := reader.byte()) != _END:
        if kind == _SIZE:
            sizes = tuple(reader.number() for _ in range(count))
        elif kind == _CRC:
            reader.digests(count)
        else:
            raise SevenZipError("unexpected property")
    reader.expect(_UNPACK)
    reader.expect(_FOLDER)
    number = reader.count()
    if reader.byte():
        raise SevenZipError("folders elsewhere")
    folders = [_folder(reader) for _ in range(number)]
    reader.expect(_UNPACK_SIZE)
    folders = [
        replace(one, sizes=tuple(reader.number() for coder in one.coders for _ in range(coder.outputs)))
        for one in folders
    ]
    while (kind := reader.byte()) != _END:
        if kind != _CRC:
            raise SevenZipError("unexpected property")
        crcs = reader.digests(number)
        folders = [replace(one, crc=crc) for one, crc in zip(folders, crcs, strict=True)]
    if len(sizes) != sum(len(one.packed) for one in folders):
        raise SevenZipError("streams and folders differ")
    return _Streams(position, sizes, tuple(folders))


def _folder(reader: _Reader) -> _Folder:
    coders = []
    for _ in range(min(reader.number(), 33)):
        flags = reader.byte()
        method = reader.take(flags & 0xF)
        inputs, outputs = (reader.number(), reader.number()) if flags & 0x10 else (1, 1)
        properties = reader.take(reader.number()) if flags & 0x20 else b""
        if flags & 0x80 or not (0 < inputs < 33 and 0 < outputs < 33):
            raise SevenZipError("coder")
        coders.append(_Coder(method, inputs, outputs, properties))
    total_in, total_out = sum(one.inputs for one in coders), sum(one.outputs for one in coders)
    pairs = tuple((reader.number(), reader.number()) for _ in range(total_out - 1))
    unbound = total_in - len(pairs)
    if unbound == 1:
        bound = {one for one, _ in pairs}
        packed = tuple(one for one in range(total_in) if one not in bound)
    else:
        packed = tuple(reader.number() for _ in range(unbound))
    return _Folder(tuple(coders), pairs, packed)


def _written(streams: _Streams) -> bytes:
    out = bytearray((_PACK,))
    out += _number(0) + _number(len(streams.sizes)) + bytes((_SIZE,))
    out += b"".join(map(_number, streams.sizes)) + bytes((_END, _UNPACK, _FOLDER))
    out += _number(len(streams.folders)) + b"\0"
    for folder in streams.folders:
        out += _number(len(folder.coders))
        for coder in folder.coders:
            complex_ = coder.inputs != 1 or coder.outputs != 1
            out.append(len(coder.method) | 0x10 * complex_ | 0x20 * bool(coder.properties))
            out += coder.method
            if complex_:
                out += _number(coder.inputs) + _number(coder.outputs)
            if coder.properties:
                out += _number(len(coder.properties)) + coder.properties
        for pair in folder.pairs:
            out += _number(pair[0]) + _number(pair[1])
        if len(folder.packed) > 1:
            out += b"".join(map(_number, folder.packed))
    out.append(_UNPACK_SIZE)
    out += b"".join(_number(size) for folder in streams.folders for size in folder.sizes)
    crcs = [folder.crc for folder in streams.folders]
    if any(crc is not None for crc in crcs):
        bits = bytearray((len(crcs) + 7) // 8)
        for index, crc in enumerate(crcs):
            bits[index // 8] |= 0x80 >> index % 8 if crc is not None else 0
        out += bytes((_CRC, 0)) + bits
        out += b"".join(struct.pack("<I", crc) for crc in crcs if crc is not None)
    out.append(_END)
    return bytes(out)


@dataclass(frozen=True, slots=True)
class _Key:
    """How the key of a coder is made (7zAES), and its initialisation vector."""

    power: int
    salt: bytes
    vector: bytes

    @classmethod
    def of(cls, properties: bytes) -> _Key:
        if not properties:
            raise SevenZipError("coder")
        first = properties[0]
        if not first & 0xC0 or len(properties) < 2:
            return cls(first & 0x3F, b"", bytes(16))
        salt_size = (first >> 7 & 1) + (properties[1] >> 4)
        vector_size = (first >> 6 & 1) + (properties[1] & 0xF)
        salt = properties[2 : 2 + salt_size]
        vector = properties[2 + salt_size : 2 + salt_size + vector_size]
        return cls(first & 0x3F, salt, vector.ljust(16, b"\0")[:16])

    def secret(self, password: str) -> bytes:
        """The AES key: the hash of salt, password and a counter, over and over."""
        unit = self.salt + password.encode("utf-16-le")
        if self.power == _NO_HASHING:
            return unit.ljust(32, b"\0")[:32]
        if self.power > _MOST_POWER:
            raise SevenZipError("too many rounds")
        hashed = hashlib.sha256()
        rounds = 1 << self.power
        for high in range(-(-rounds // 65536)):
            top = high.to_bytes(6, "little")
            low = counters()[: min(rounds, 65536)]
            # unit + low + top, again and again, without a loop in Python.
            hashed.update(unit + (top + unit).join(low) + top)
        return hashed.digest()


class SevenZip:
    """One archive in memory, and the archive in clear that a password makes of it."""

    def __init__(self, data: bytes) -> None:
        """Read the headers; raises ``SevenZipError`` where they are damaged."""
        self._data = data
        if len(data) < 32 or data[:6] != SIGNATURE:
            raise SevenZipError("signature")
        offset, length = struct.unpack_from("<QQ", data, 12)
        if length > _MOST_HEADER or 32 + offset + length > len(data):
            raise SevenZipError("cut off")
        self._header = data[32 + offset : 32 + offset + length]
        self._secrets: dict[tuple[_Key, str], bytes] = {}

    def opened(self, password: str) -> bytes | None:
        """The archive without encryption; ``None`` where the password is wrong.

        Raises ``SevenZipError`` for what is damaged or not known here.
        """
        header = self._header
        while header[:1] == bytes((_ENCODED,)):
            unpacked = self._unpacked_header(header, password)
            if unpacked is None:
                return None
            header = unpacked
        reader = _Reader(header)
        reader.expect(_HEADER)
        kind = reader.byte()
        if kind == _PROPERTIES:
            while reader.byte() != _END:
                reader.take(reader.number())
            kind = reader.byte()
        if kind != _MAIN:
            raise SevenZipError("unexpected property")
        streams = _streams(reader)
        rest = header[reader.at :]
        at = 32 + streams.position
        packed, sizes, folders = [], iter(streams.sizes), []
        for folder in streams.folders:
            pieces = []
            for _ in folder.packed:
                size = next(sizes)
                pieces.append(self._data[at : at + size])
                at += size
            plain = self._decrypted(folder, pieces, password)
            if plain is None:
                return None
            folders.append(plain[0])
            packed += plain[1]
        clear = _Streams(0, tuple(map(len, packed)), tuple(folders))
        new = bytes((_HEADER, _MAIN)) + _written(clear) + rest
        body = b"".join(packed)
        start = struct.pack("<QQI", len(body), len(new), zlib.crc32(new))
        return SIGNATURE + b"\0\4" + struct.pack("<I", zlib.crc32(start)) + start + body + new

    def _unpacked_header(self, header: bytes, password: str) -> bytes | None:
        reader = _Reader(header)
        reader.expect(_ENCODED)
        streams = _streams(reader)
        if len(streams.folders) != 1 or len(streams.sizes) != 1:
            raise SevenZipError("header")
        begin = 32 + streams.position
        piece = self._data[begin : begin + streams.sizes[0]]
        folder = streams.folders[0]
        plain = self._decrypted(folder, [piece], password)
        if plain is None:
            return None
        folder, (packed,) = plain
        data = _decoded(folder, packed)
        if data is None or (folder.crc is not None and zlib.crc32(data) != folder.crc):
            return None
        return data

    def _decrypted(
        self, folder: _Folder, pieces: list[bytes], password: str
    ) -> tuple[_Folder, list[bytes]] | None:
        """A folder without its AES coder and its packed streams in clear; ``None`` for a wrong password."""
        number = next((index for index, one in enumerate(folder.coders) if one.method == _AES), None)
        if number is None:
            return folder, pieces
        coder = folder.coders[number]
        source = sum(one.inputs for one in folder.coders[:number])
        target = sum(one.outputs for one in folder.coders[:number])
        if source not in folder.packed or (coder.inputs, coder.outputs) != (1, 1):
            raise SevenZipError("encryption inside")
        place = folder.packed.index(source)
        key = _Key.of(coder.properties)
        known = (key, password)
        if known not in self._secrets:
            self._secrets[known] = key.secret(password)
        data = pieces[place]
        plain = decrypted_cbc(self._secrets[known], key.vector, data[: len(data) & ~15])
        size = folder.sizes[target]
        if any(plain[size:]):
            return None  # what fills up the last block is zero
        plain = plain[:size]
        pieces = [*pieces[:place], plain, *pieces[place + 1 :]]
        if len(folder.coders) == 1:
            return replace(folder, coders=(_Coder(_COPY, 1, 1, b""),)), pieces
        reader = next((one for one, other in folder.pairs if other == target), None)
        if reader is None:
            raise SevenZipError("encryption outside")
        if not _plausible(folder, reader, plain):
            return None

        def inner(index: int) -> int:
            return index - (index > source)

        def outer(index: int) -> int:
            return index - (index > target)

        clear = _Folder(
            tuple(one for index, one in enumerate(folder.coders) if index != number),
            tuple((inner(one), outer(other)) for one, other in folder.pairs if other != target),
            tuple(inner(reader) if one == source else inner(one) for one in folder.packed),
            tuple(size for index, size in enumerate(folder.sizes) if index != target),
            folder.crc,
        )
        return clear, pieces


def _plausible(folder: _Folder, reader: int, plain: bytes) -> bool:
    """Whether decrypted data begins as its coder must find it."""
    at = 0
    for coder in folder.coders:
        if at <= reader < at + coder.inputs:
            if coder.method == _LZMA:
                return plain[:1] == b"\0"
            if coder.method == _LZMA2:
                return plain[:1] in (b"\0", b"\1") or plain[:1] >= b"\xe0"
        at += coder.inputs
    return True


def _decoded(folder: _Folder, packed: bytes) -> bytes | None:
    """Unpack a header: stored, LZMA or LZMA2; ``None`` where the data is none of it."""
    if len(folder.coders) != 1:
        raise SevenZipError("header")
    coder = folder.coders[0]
    size = folder.sizes[-1]
    if size > _MOST_HEADER:
        raise SevenZipError("header")
    if coder.method == _COPY:
        return packed[:size]
    if coder.method == _LZMA and len(coder.properties) == 5:
        first, dictionary = struct.unpack("<BI", coder.properties)
        settings = {"lc": first % 9, "lp": first // 9 % 5, "pb": first // 45}
        chain = {"id": lzma.FILTER_LZMA1, "dict_size": min(max(dictionary, 4096), 1 << 27), **settings}
    elif coder.method == _LZMA2:
        chain = {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 26}
    else:
        raise SevenZipError("header")
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain]).decompress(packed, size)
    except (lzma.LZMAError, ValueError):
        return None
