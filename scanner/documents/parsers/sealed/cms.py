"""CMS (S/MIME): enveloped is encrypted, signed and compressed only wrap, a detached signature is empty.

Type parameters and the name .p7m prove nothing: the structure does.  Source: RFC 5652, RFC 5083, RFC 3274.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import zlib
from collections.abc import Iterator
from typing import Any

from asn1crypto import cms, core

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.sealed.ciphers import decrypted_cbc
from scanner.documents.protocol import HERE, Event, Lock, Member, ProtectionNote, Source
from scanner.documents.sniffing import CMS_AUTH_ENVELOPED, CMS_CONTENT
from scanner.documents.strings import string_segments

# The last byte of the content type's object identifier, where the structure itself cannot be read.
_ENVELOPED, _SIGNED_AND_ENVELOPED, _ENCRYPTED = 3, 4, 6
_PEM = re.compile(rb"-----BEGIN (?:PKCS ?#?7|CMS)[^\r\n]{0,60}-----([A-Za-z0-9+/=\s]*+)")
_STRONG_CIPHERS = frozenset({"aes", "tripledes"})
_MOST_ROUNDS = 2_000_000
_WRAPPED = Location(("signed content",))


class CmsParser:
    """Reads S/MIME parts by their structure."""

    kinds = frozenset({"cms"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the protection and a gap or a lock, or what lies open inside."""
        data = source.read()
        if pem := _PEM.match(data.lstrip()):
            data = binascii.a2b_base64(pem[1])
        try:
            info = cms.ContentInfo.load(data)
            kind = info["content_type"].native
            events = list(_events(kind, info["content"], limits))
        except (ValueError, TypeError, KeyError, AttributeError, zlib.error):
            yield from _damaged(data, source)
        else:
            yield from events


def _events(kind: str, content: Any, limits: Limits) -> Iterator[Event]:
    if kind == "enveloped_data":
        yield from _enveloped(content, "S/MIME enveloped", "encrypted_content_info")
    elif kind == "authenticated_enveloped_data":
        yield from _enveloped(content, "S/MIME auth-enveloped", "auth_encrypted_content_info")
    elif kind == "signed_and_enveloped_data":
        yield from _enveloped(content, "S/MIME signed and enveloped", "encrypted_content_info")
    elif kind == "encrypted_data":
        yield ProtectionNote(Protection.UNKNOWN, HERE, "CMS with a key agreed elsewhere")
        yield Gap(HERE, Shortfall.ENCRYPTED, "CMS encrypted data")
    elif kind == "compressed_data":
        yield ProtectionNote(Protection.NAME_ONLY, HERE, "S/MIME compressed, not encrypted", "no encryption")
        packed = _octets(content["encap_content_info"]["content"])
        cap = min(limits.parser_bytes, limits.expanded_bytes)
        plain = zlib.decompressobj().decompress(packed, cap + 1)
        if len(plain) > cap:
            yield Gap(HERE, Shortfall.LIMIT, "compressed message expands too much")
        yield Member("", plain[:cap], Location(("compressed content",)), packed=len(packed))
    elif kind == "data":
        yield Member("", _octets(content), Location(("content",)))
    else:  # signed, digested, authenticated: the content stands in it in clear
        inner = content["encap_content_info"]["content"]
        plain = _octets(inner)
        if plain:
            words = "S/MIME signed, not encrypted" if kind == "signed_data" else "CMS, not encrypted"
            yield ProtectionNote(Protection.NAME_ONLY, HERE, words, "no encryption")
            yield Member("", plain, _WRAPPED)
        if kind == "signed_data":
            yield from _certificates(content)


def _octets(value: Any) -> bytes:
    """The bytes of an octet string that may be built of pieces, of none, or of any type."""
    if value is None or isinstance(value, core.Void):
        return b""
    native = value.native
    if isinstance(native, bytes):
        return native
    return bytes(value.contents or b"")


def _certificates(content: Any) -> Iterator[Segment]:
    """Names and addresses in the signers' certificates, which travel in clear."""
    certificates = content["certificates"]
    if certificates is None or isinstance(certificates, core.Void):
        return
    for number, one in enumerate(certificates):
        if number >= 20:
            return
        try:
            subject = one.chosen.subject.human_friendly
        except (ValueError, TypeError, AttributeError, KeyError):
            continue
        yield Segment(subject, Location(("signature", f"certificate {number + 1}")), "certificate")


def _enveloped(content: Any, words: str, key: str) -> Iterator[Event]:
    inner = content[key]
    algorithm = inner["content_encryption_algorithm"]
    try:
        cipher = algorithm.encryption_cipher
        size = algorithm.key_length * 8 if cipher == "aes" else 0
        mode = algorithm.encryption_mode.upper()
        name = {"tripledes": "3DES"}.get(cipher, cipher.upper())
        method = f"{words}, {name}{f'-{size}' if size else ''}-{mode}"
        protection = Protection.STRONG if cipher in _STRONG_CIPHERS else Protection.WEAK
    except (ValueError, TypeError, KeyError):
        native = str(algorithm["algorithm"].native)
        if re.fullmatch(r"aes(?:128|192|256)_(?:gcm|ccm|cbc)", native):
            bits, mode = native[3:].split("_")
            method, protection = f"{words}, AES-{bits}-{mode.upper()}", Protection.STRONG
        else:
            method, protection = f"{words}, unknown cipher", Protection.UNKNOWN
    recipients = list(content["recipient_infos"])
    kinds = {one.name for one in recipients}
    if not kinds:
        protection = Protection.UNKNOWN
    if "pwri" not in kinds:
        if not kinds & {"ktri", "kari", "ori"}:
            # A key agreed elsewhere: known to whom?
            protection = Protection.UNKNOWN
        yield ProtectionNote(protection, HERE, method)
        yield Gap(HERE, Shortfall.ENCRYPTED, "S/MIME message")
        return
    passwords = [one.chosen for one in recipients if one.name == "pwri"]

    def attempt(password: str) -> Iterator[Event] | None:
        for recipient in passwords:
            plain = _opened(recipient, inner, password.encode("utf-8"))
            if plain is not None:
                return iter((Member("", plain, Location(("decrypted content",))),))
        return None

    yield Lock(attempt, protection, f"{method}, password", HERE, "S/MIME message with a password", ())


def _opened(recipient: Any, inner: Any, password: bytes) -> bytes | None:
    """Content for a password recipient (RFC 3211): AES in CBC mode, as programs write it; else ``None``."""
    derivation = recipient["key_derivation_algorithm"]
    parameters = derivation["parameters"]
    rounds = parameters["iteration_count"].native
    wrapping = recipient["key_encryption_algorithm"]["parameters"]
    if isinstance(wrapping, core.Any):
        wrapping = wrapping.parse(cms.EncryptionAlgorithm)
    if rounds > _MOST_ROUNDS or wrapping.encryption_cipher != "aes" or wrapping.encryption_mode != "cbc":
        return None
    digest = parameters["prf"]["algorithm"].native if parameters["prf"].native else "sha1"
    size = wrapping.key_length
    key = hashlib.pbkdf2_hmac(str(digest), password, parameters["salt"].native, rounds, size)
    content_key = _unwrapped(key, wrapping.encryption_iv, recipient["encrypted_key"].native)
    algorithm = inner["content_encryption_algorithm"]
    if content_key is None or algorithm.encryption_cipher != "aes" or algorithm.encryption_mode != "cbc":
        return None
    content = inner["encrypted_content"].native
    plain = decrypted_cbc(content_key, algorithm.encryption_iv, content)
    padding = plain[-1] if plain else 0
    if not 0 < padding <= 16 or plain[-padding:] != bytes((padding,)) * padding:
        return None
    return plain[:-padding]


def _unwrapped(key: bytes, vector: bytes, wrapped: bytes) -> bytes | None:
    """Undo the double wrapping of the content key; its check bytes tell a wrong password."""
    if len(wrapped) < 32 or len(wrapped) % 16:
        return None
    last = decrypted_cbc(key, wrapped[-32:-16], wrapped[-16:])
    inner = decrypted_cbc(key, last, wrapped[:-16]) + last
    plain = decrypted_cbc(key, vector, inner)
    length = plain[0]
    check = bytes(byte ^ 0xFF for byte in plain[1:4])
    if not 4 + length <= len(plain) or not hmac.compare_digest(check, plain[4:7]):
        return None
    return plain[4 : 4 + length]


def _damaged(data: bytes, source: Source) -> Iterator[Event]:
    """Go by the object identifier where the structure cannot be read."""
    head = data[:64]
    position = head.find(CMS_CONTENT)
    kind = head[position + len(CMS_CONTENT)] if 0 <= position < len(head) - len(CMS_CONTENT) else 0
    if CMS_AUTH_ENVELOPED in head or kind in (_ENVELOPED, _SIGNED_AND_ENVELOPED, _ENCRYPTED):
        yield ProtectionNote(Protection.UNKNOWN, HERE, "S/MIME, damaged")
        yield Gap(HERE, Shortfall.ENCRYPTED, "S/MIME message that is damaged")
        return
    begin = data.find(b"Content-Type:")
    if begin >= 0:
        yield Member("", _joined(data[begin:]), _WRAPPED)
    with source.open() as file:
        yield from string_segments(file, Location(("signature",)))
    yield Gap(HERE, Shortfall.DAMAGED, "S/MIME message")


def _joined(data: bytes) -> bytes:
    """Take out the length headers between the pieces of a streamed octet string (BER, 1,000-byte pieces)."""
    for header in (b"\x04\x82\x03\xe8", b"\x04\x82\x04\x00", b"\x04\x82\x10\x00"):
        data = data.replace(header, b"")
    return data
