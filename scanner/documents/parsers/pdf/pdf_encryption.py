"""Encryption of PDF documents: the handler, the method, what stays in clear.  Source: ISO 32000-2, 7.6."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfparser import PDFParser as MinerParser
from pdfminer.pdftypes import resolve1

from scanner.documents.model import Protection
from scanner.documents.parsers.pdf.pdf_structure import name_of

_KEY = re.compile(rb"/Encrypt(?=[\s<\d])")
_XMP = re.compile(rb"<\?xpacket begin.{0,1000000}?<\?xpacket end", re.DOTALL)
_AES_BITS = {"AESV2": 128, "AESV3": 256, "AESV4": 256}


@dataclass(frozen=True, slots=True)
class PdfEncryption:
    """What the encryption dictionary says.

    ``for_keys``: no password opens it (certificates, rights management).  ``body_open``: pages and texts
    are in clear, only attachments are encrypted.
    """

    protection: Protection
    method: str
    for_keys: bool = False
    body_open: bool = False


class _FoundError(Exception):
    """The encryption dictionary was met."""


class _Trailer(PDFDocument):
    """Stops at the encryption dictionary, before any password is looked at."""

    def _initialize_password(self, password: str = "") -> None:
        raise _FoundError(self.encryption[1] if self.encryption else {})


def encryption_of(data: bytes) -> PdfEncryption | None:
    """The encryption of a document, ``None`` where it has none or is too damaged to tell."""
    if not _KEY.search(data):
        # In a cross-reference stream the dictionary of the trailer stands in clear as well.
        return None
    try:
        _Trailer(MinerParser(io.BytesIO(data)))
    except _FoundError as found:
        return _graded(found.args[0])
    except Exception:  # damaged: whoever reads the document says so
        return None
    return None


def _graded(parameters: Mapping[str, object]) -> PdfEncryption:
    handler = name_of(parameters.get("Filter"))
    filters = resolve1(parameters.get("CF", {}))
    version = resolve1(parameters.get("V", 0))
    version = version if isinstance(version, int) else 0
    methods: dict[str, str] = {}
    bits = resolve1(parameters.get("Length", 40))
    if version >= 4:
        for use, default in (("StmF", "Identity"), ("StrF", "Identity"), ("EFF", "")):
            name = name_of(parameters.get(use)) or default
            crypt = resolve1(filters.get(name)) if isinstance(filters, dict) else None
            if name == "Identity":
                methods[use] = "Identity"
            elif isinstance(crypt, dict):
                methods[use] = name_of(crypt.get("CFM"))
                bits = 128
    known = {method for method in methods.values() if method != "Identity"}
    body_open = version >= 4 and methods.get("StmF") == methods.get("StrF") == "Identity"
    if 0 < version < 4 or known & {"V2"}:
        length = bits if isinstance(bits, int) and 40 <= bits <= 128 else 40
        protection, cipher = Protection.WEAK, f"RC4 {40 if version == 1 else length} bits"
    elif known and known <= _AES_BITS.keys():
        protection, cipher = Protection.STRONG, f"AES-{min(_AES_BITS[one] for one in known)}"
    else:
        protection, cipher = Protection.UNKNOWN, "unknown method"
    if body_open:
        return PdfEncryption(protection, f"PDF attachments, {cipher}", body_open=True)
    if handler == "Standard":
        return PdfEncryption(protection, f"PDF {cipher}")
    if handler in ("Adobe.PubSec", "Adobe.PPKLite"):
        return PdfEncryption(protection, f"PDF for certificates, {cipher}", for_keys=True)
    # Whoever issued the rights can read it: whose tenant that is cannot be told from here.
    return PdfEncryption(Protection.UNKNOWN, "PDF rights management", for_keys=True)


def without_encryption(data: bytes) -> bytes:
    """The document with its encryption dictionary out of sight: right for what is in clear anyhow."""
    return _KEY.sub(b"/Encrypx", data)


def clear_metadata(data: bytes) -> list[bytes]:
    """Metadata packets that stand in clear in an encrypted document (``EncryptMetadata false``)."""
    return [match[0] for match in _XMP.finditer(data)][:20]
