"""What kind of file this is, decided by its content; the name only settles ties among kinds of text."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

from scanner.documents import openpgp
from scanner.documents.compound_directory import DamagedDirectoryError, stream_paths
from scanner.documents.decoding import byte_order_mark, decode, utf16_by_nuls, utf16_by_script
from scanner.documents.delimiters import delimiter_of
from scanner.documents.protocol import Source
from scanner.documents.sql_statements import is_dump
from scanner.documents.zip_directory import is_incomplete, whole_member

HEAD = 65_536
"""Bytes of the start that decide the kind."""

SHAPEFILE = b"\x00\x00\x27\x0a" + bytes(20)
"""How the geometry of a map begins (ESRI Shapefile, main and index file)."""

EMPTY = "empty"
UNKNOWN = "unknown"

# Words for a report, of kinds that are recognised and not (or not wholly) read.
PLAIN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "7z": "7-Zip archive",
        "access": "Access database",
        "active-mime": "embedded objects (MSO)",
        "age": "age file",
        "applefile": "AppleSingle or AppleDouble file",
        "ar": "ar archive",
        "audio": "sound",
        "axcrypt": "AxCrypt file",
        "bzip2": "bzip2 data",
        "cab": "Cabinet archive",
        "certificate": "certificate or key",
        "class": "compiled program",
        "cms": "signed or encrypted message (S/MIME)",
        "compress": "compressed data (.Z)",
        "cpio": "cpio archive",
        "dbf": "dBASE table",
        "dif": "DIF worksheet",
        "disk-encrypted": "encrypted disk",
        "doc": "legacy Word document",
        "drawing": "AutoCAD drawing",
        "eml": "e-mail message",
        "empty": "empty file",
        "epub": "e-book",
        "executable": "program",
        "flat-odf": "OpenDocument in one XML file",
        "flat-package": "Office document in one XML file",
        "folder-view": "view of a folder (.DS_Store)",
        "font": "font",
        "geometry": "geometry of a map",
        "gzip": "gzip data",
        "ics": "calendar (ICS)",
        "image": "image",
        "iso": "disk image",
        "keystore": "password safe or key store",
        "lha": "LHA archive",
        "lotus": "Lotus or Works worksheet",
        "lz4": "LZ4 data",
        "lzip": "lzip data",
        "mbox": "mailbox",
        "metafile": "metafile",
        "mhtml": "saved web page (MHTML)",
        "msg": "Outlook message",
        "numbers": "iWork document",
        "odg": "OpenDocument drawing or database",
        "ole": "OLE compound file",
        "onenote": "OneNote section",
        "ooxml-encrypted": "encrypted Office document",
        "ooxml-rights": "rights-managed Office document",
        "openssl": "data encrypted by OpenSSL",
        "pgp": "OpenPGP message",
        "plist": "property list",
        "postscript": "PostScript program",
        "ppt": "legacy PowerPoint presentation",
        "pst": "Outlook data file",
        "pub": "Publisher document",
        "rar": "RAR archive",
        "rpmsg": "rights-managed message",
        "shortcut": "Windows shortcut",
        "spreadsheet-xml": "Excel workbook in XML",
        "sql": "database dump (SQL)",
        "sqlite": "SQLite database",
        "starview": "StarView metafile",
        "sylk": "SYLK worksheet",
        "tar": "tar archive",
        "tnef": "Outlook TNEF (winmail.dat)",
        "unknown": "unknown binary data",
        "vcf": "contacts (VCF)",
        "video": "film",
        "vsd": "Visio drawing",
        "vsdx": "Visio drawing (VSDX)",
        "word-early": "document of an early Word",
        "wordperfect": "WordPerfect document",
        "xar": "xar archive",
        "word-xml": "Word document in XML",
        "xls": "legacy Excel workbook",
        "xlsb": "binary Excel workbook",
        "xps": "XPS document",
        "xz": "xz data",
        "zip": "ZIP archive",
        "zstd": "Zstandard data",
    }
)

# Signature at offset 0 -> kind.  Longer signatures first where one begins another.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x78\x9f\x3e\x22", "tnef"),
    *(
        (b"\x00\x05\x16" + mark + b"\x00" + version + b"\x00\x00", "applefile")
        for mark in (b"\x00", b"\x07")
        for version in (b"\x01", b"\x02")
    ),
    (b"\x00\x00\x00\x01Bud1", "folder-view"),
    (b"!BDN", "pst"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "onenote"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x02\x21\x4c\x18", "lz4"),
    (b"LZIP\x01", "lzip"),
    (b"\x1f\x9d\x90", "compress"),
    (b"MSCF\x00\x00\x00\x00", "cab"),
    (b"xar!\x00\x1c\x00\x01", "xar"),
    (b"!<arch>\n", "ar"),
    (b"\x76\xe8\x04\x60\xc4\x11\xe3\x86", "rpmsg"),
    (b"\x03\xd9\xa2\x9a", "keystore"),
    (b"\xfe\xed\xfe\xed", "keystore"),  # of Java
    (b"\xce\xce\xce\xce", "keystore"),
    (b"Salted__", "openssl"),
    (b"\xc0\xb9\x07\x2e\x4f\x93\xf1\x46\xa0\x15\x79\x2c\xa1\xd9\xe8\x21", "axcrypt"),
    (b"LUKS\xba\xbe", "disk-encrypted"),
    (b"encrcdsa", "disk-encrypted"),
    (b"\xeb\x58\x90-FVE-FS-", "disk-encrypted"),  # BitLocker
    (b"age-encryption.org/v1\n", "age"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"\x00\x00\x01\x00", "image"),
    (b"\x00\x00\x00\x0cjP  ", "image"),
    (b"\x97JB2\r\n\x1a\n", "image"),
    (b"8BPS", "image"),
    (b"\xd7\xcd\xc6\x9a", "metafile"),
    # Lotus 1-2-3, Works and Quattro Pro: the first record with its version.
    *((b"\0\0\2\0" + version, "lotus") for version in (b"\4\4", b"\5\4", b"\6\4", b" Q", b"!Q", b"\1\x10")),
    *((b"\0\0\x1a\0" + bytes((version, 0x10)), "lotus") for version in range(6)),
    (b"\xff\0\2\0\4\4", "lotus"),
    (b"VCLMTF", "starview"),
    (b"\x31\xbe\x00\x00\x00\xab", "word-early"),
    (b"\x32\xbe\x00\x00\x00\xab", "word-early"),
    (b"\xffWPC", "wordperfect"),
    (b"\x01\x00\x09\x00\x00\x03", "metafile"),
    (b"ActiveMime\x00", "active-mime"),
    (b"AT&TFORM", "image"),
    (b"\xff\x4f\xff\x51", "image"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image"),
    (b"bplist00", "plist"),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", "shortcut"),
    (b"%!PS", "postscript"),
    (b"AutoCAD Binary DXF", "drawing"),
    (SHAPEFILE, "geometry"),
    (b"\xc5\xd0\xd3\xc6", "image"),
    (b"fLaC", "audio"),
    (b"OggS", "audio"),
    *((b"\xff" + bytes((second,)), "audio") for second in (0xFB, 0xFA, 0xF3, 0xF2, 0xF1, 0xF9)),
    (b"#!AMR", "audio"),
    (b"MThd", "audio"),
    (b"FLV\x01", "video"),
    (b"\x00\x00\x01\xba", "video"),
    (b"\x00\x00\x01\xb3", "video"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),
    (b"\x00\x01\x00\x00\x00", "font"),
    (b"OTTO\x00", "font"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    (b"ttcf", "font"),
    (b"\x7fELF", "executable"),
    (b"\xca\xfe\xba\xbe", "class"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"\xde\x12\x04\x95", "executable"),  # gettext catalogue: a program's messages
    (b"\x00asm", "executable"),
)
# Brands of the container that films have in common with sound and pictures.
_FILE_TYPES: Mapping[bytes, str] = MappingProxyType(
    {
        **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image"),
        **dict.fromkeys((b"avif", b"avis"), "image"),
        **dict.fromkeys((b"M4A ", b"M4B "), "audio"),
    }
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# Stream name (lower case) -> kind, in the order in which they decide: a rights-managed or encrypted
# package is that whatever else the file holds, a message may carry a document's streams beneath.
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("\tdrmcontent", "ooxml-rights"),
    ("encryptedpackage", "ooxml-encrypted"),
    ("__properties_version1.0", "msg"),
    ("powerpoint document", "ppt"),
    ("pp40", "ppt"),
    ("workbook", "xls"),
    ("book", "xls"),
    ("worddocument", "doc"),
    ("quill/quillsub/contents", "pub"),
    ("visiodocument", "vsd"),
)
_ODF = re.compile(rb"application/(?:vnd\.oasis\.opendocument|vnd\.sun\.xml)\.([a-z]+)")
_ODF_KINDS = {
    "text": "odt",
    "writer": "odt",
    "spreadsheet": "ods",
    "calc": "ods",
    "presentation": "odp",
    "impress": "odp",
}

CMS_CONTENT = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07"
"""Start of the object identifiers of CMS content types (1.2.840.113549.1.7)."""

CMS_AUTH_ENVELOPED = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"
"""Authenticated and enveloped (RFC 5083)."""

_CMS_SMIME = CMS_AUTH_ENVELOPED[:-1]  # and what RFC 3274 and 2630 added: compressed, authenticated
# A PKCS #12 store: a sequence that begins with version 3 and another sequence.
_KEY_STORE = re.compile(rb"0(?:\x80|[\x01-\x7f]|\x81.|\x82..|\x83...)\x02\x01\x030", re.DOTALL)
_PGP_BLOCKS = tuple(
    f"-----BEGIN PGP {name}"
    for name in ("MESSAGE", "ARMORED FILE", "PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK", "SIGNATURE")
)
# What openssl and others write around a block that is meant for programs (RFC 7468).
_PEM = re.compile(
    r"^(?:-----BEGIN (?:[A-Z0-9]+ ){0,3}(?:CERTIFICATE|REQUEST|CRL|KEY|PARAMETERS)-----"
    r"|PuTTY-User-Key-File-)",
    re.MULTILINE,
)
_PEM_CMS = re.compile(r"-----BEGIN (?:PKCS ?#?7|CMS)")
_FLAT_ODF = re.compile(
    r"<(?:[\w.-]{1,40}:)?document\s[^<>]{0,16000}"
    r"(?:urn:oasis:names:tc:opendocument:xmlns:office:|http://openoffice\.org/2000/office)"
)
# Parameters of LZMA as programs write them, the size of its dictionary, and a length: unknown or below 1 TB.
_LZMA = re.compile(rb"\x5d\0\0[\x01\x02\x04\x08\x10\x20\x40\x80\0][\0-\x04](?:\xff{8}|.{5}\0{3})", re.DOTALL)
_FLAT_PACKAGE = re.compile(
    r"<(?:[\w.-]{1,40}:)?package\s[^<>]{0,4000}http://schemas\.microsoft\.com/office/2006/xmlPackage"
)
_WORD_XML = re.compile(
    r"<(?:[\w.-]{1,40}:)?wordDocument\s[^<>]{0,8000}http://schemas\.microsoft\.com/office/word/2003/wordml"
)
_SPREADSHEET_XML = re.compile(
    r"<(?:[\w.-]{1,40}:)?Workbook\s[^<>]{0,4000}urn:schemas-microsoft-com:office:spreadsheet"
)
# Not those that typewriters and terminals act on, nor the separators of fields and records (28 to 31).
_CONTROLS = bytes(set(range(28)) - {7, 8, 9, 10, 11, 12, 13, 26, 27}) + b"\x7f"
_HEADER_LINE = re.compile(r"([!-9;-~]{1,76})[ \t]{0,9}:(?:[ \t]|\r?\n|$)")
# A header that people do not type on top of a memorandum.
_MAIL_HEADERS = frozenset(
    {
        "received",
        "message-id",
        "mime-version",
        "return-path",
        "delivered-to",
        "dkim-signature",
        "content-type",
        "reply-to",
        "content-transfer-encoding",
        "x-mailer",
        "x-originating-ip",
        "authentication-results",
        "thread-topic",
        "thread-index",
        "in-reply-to",
        "x-priority",
        "envelope-to",
        "user-agent",
    }
)
# Lines of a head that are no header fields, as damage makes them.
_DAMAGED_LINES = 3
_CODED_BODY = re.compile(
    r"^content-transfer-encoding:[ \t]{0,9}(?:base64|quoted-printable)[ \t]{0,9}\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_SURE_HEADERS = _MAIL_HEADERS | {"from", "to", "subject", "date"}
_DRAWING = re.compile(rb"AC10[0-9]{2}\x00")  # AutoCAD, release 13 and later
_LHA = re.compile(rb"..-(?:lh[0-9d]|lz[45s]|pm[0-2])-", re.DOTALL)
_CPIO = re.compile(rb"07070(?:[12][0-9A-Fa-f]{104}|7[0-7]{70})")
_MBOX = re.compile(
    r"From \S{1,300}(?: {1,2}\w{3} .{0,60}[0-9]{4}.{0,20}|@\S{1,200}) ?\r?\n(?:[!-9;-~]{1,76}:|>From )"
)
_HTML = re.compile(
    r"\s{0,1000}(?:<!--.{0,4000}?-->\s{0,1000})?"
    r"<(?:!doctype\s+html|(?:html|head|body|meta|title|table|div|style|script|center|font|span|h[1-6]|p|ul|ol|br)"
    r"(?=[\s/>])|a\s)",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(r"\s{0,1000}(?:<\?xml\b|<!--|<!DOCTYPE\b|<[A-Za-z_][\w.:-]{0,200}(?:\s[^<>]{0,20000})?/?>)")
_JSON = re.compile(
    r'\s{0,1000}(?:\{\s{0,1000}(?:"|\}\s{0,1000}\Z)|\[\s{0,1000}(?:[\[{"\]]|-?[0-9.eE+]+\s{0,100}[,\]]|true|false|null))'
)


# (a CSV whose first column is called ID begins alike)
_SYLK = re.compile(r"ID;P[^\r\n]{0,200}[\r\n]{1,2}(?:[BCFOPW]|N[NEU]);")
_DIF = re.compile(r"TABLE[ \t]{0,80}\r?\n0,1[ \t]{0,80}\r?\n")


def sniff(source: Source) -> str:
    """Return the kind of a file in one word ("docx", "text", "unknown"), from its bytes.

    Raises ``OSError`` when the file cannot be read; damaged content is a kind like any other.
    """
    head = source.head(HEAD)
    if not head:
        return EMPTY
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(_OLE):
        return _sniff_ole(source)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04", b"PK\x07\x08PK\x03\x04")):
        return _sniff_zip(source, head)
    if head.startswith(b"MZ") and 0 in head[:64]:
        return "zip" if _ends_in_zip(source) else "executable"
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    return _sniff_elsewhere(source, head) or _sniff_text(source, head)


def _sniff_elsewhere(source: Source, head: bytes) -> str:
    """Kinds whose mark does not stand at the very start."""
    if head[4:19] in (b"Standard Jet DB", b"Standard ACE DB"):
        return "access"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return "bzip2"
    if head.startswith(b"ID3") and head[3:4] < b"\x10":
        return "audio"
    if head[257:262] == b"ustar" or _is_old_tar(head):
        return "tar"
    if _LZMA.match(head):
        return "xz"  # its forerunner, which the same library reads
    if head[32769:32774] == b"CD001":
        return "iso"
    if head[4:8] == b"ftyp":
        return _FILE_TYPES.get(head[8:12], "video")
    if head.startswith(b"RIFF"):
        return "image" if head[8:12] == b"WEBP" else "video" if head[8:12] == b"AVI " else "audio"
    if head.startswith(b"BM") and len(head) > 26 and head[6:10] == b"\0\0\0\0":
        return "image"
    if head[40:44] == b" EMF" and head.startswith(b"\x01\0\0\0"):
        return "metafile"
    if head[2:4] == b"\r\n" and len(head) > 16 and head[4:8] in (b"\0\0\0\0", b"\1\0\0\0", b"\3\0\0\0"):
        return "class"  # compiled Python
    if _KEY_STORE.match(head):
        return "keystore"
    if head.startswith(b"0") and (CMS_CONTENT in head[:32] or _CMS_SMIME in head[:32]):
        return "cms"
    if _is_one_value(head, source.size):
        return "certificate"
    if openpgp.is_message(head):
        return "pgp"
    if _is_early_word(head):
        return "word-early"
    if _DRAWING.match(head):
        return "drawing"
    if _is_dbf(head):
        return "dbf"
    if _is_worksheet(head):
        return "xls"
    if _LHA.match(head):
        return "lha"
    if _CPIO.match(head) or _is_binary_cpio(head):
        return "cpio"
    if b"PK\x03\x04" in head[:4096] and _ends_in_zip(source):
        return _sniff_zip(source, head)
    return ""


def _is_early_word(head: bytes) -> bool:
    """Tell Word 1 and 2, and Word 6 without its compound file: mark, version, and where the text stands."""
    if head[:2] not in (b"\x9b\xa5", b"\xdb\xa5", b"\xdc\xa5") or len(head) < 0x80:
        return False
    version = int.from_bytes(head[2:4], "little")
    start, end = int.from_bytes(head[0x18:0x1C], "little"), int.from_bytes(head[0x1C:0x20], "little")
    return 0 < version < 0x70 and 0x80 <= start <= end < 1 << 30


def _is_one_value(head: bytes, size: int) -> bool:
    """Tell ASN.1 that is one sequence, of numbers, sequences or identifiers, from the start to the end."""
    if len(head) < 12 or head[0] != 0x30 or head[1] == 0x80:
        return False
    more = head[1] & 0x7F if head[1] & 0x80 else 0
    length = int.from_bytes(head[2 : 2 + more], "big") if more else head[1]
    return more <= 4 and 2 + more + length == size and head[2 + more] in (0x02, 0x30, 0x06)


def _is_worksheet(head: bytes) -> bool:
    """Tell a worksheet without a container (BIFF2 to BIFF8): its first record, and a second one behind it."""
    if len(head) < 16 or head[0] != 9 or head[1] not in (0, 2, 4, 8):
        return False
    length, _, flavour = struct.unpack_from("<HHH", head, 2)
    if not 4 <= length <= 16 or flavour not in (0x05, 0x10, 0x20, 0x40, 0x100, 0x1000):
        return False
    kind, following = struct.unpack_from("<HH", head[4 + length : 8 + length].ljust(4, b"\0"))
    return bool(kind) and kind < 0x1000 and following <= 8224


def _is_old_tar(head: bytes) -> bool:
    """Tell a tar archive of before POSIX, which has no mark: octal numbers, and the right sum of its head."""
    numbers = head[100:108] + head[124:136] + head[148:156]
    if len(head) < 512 or not head[0] or numbers.strip(b"01234567 \0") or head[345:512].strip(b"\0"):
        return False
    said = head[148:156].strip(b" \0")
    return said.isdigit() and int(said, 8) == sum(head[:148]) + sum(b" " * 8) + sum(head[156:512])


def _is_dbf(head: bytes) -> bool:
    """Tell a dBASE table: version, a date that exists, a header length that ends in its mark.

    Visual FoxPro keeps 263 bytes for the name of its database behind the mark.
    """
    if len(head) < 65 or head[0] not in (0x02, 0x03, 0x04, 0x30, 0x31, 0x43, 0x83, 0x8B, 0xF5):
        return False
    length = struct.unpack_from("<H", head, 8)[0]
    end = length - 263 if head[0] in (0x30, 0x31) and length > 263 + 64 else length
    return (
        1 <= head[2] <= 12
        and 1 <= head[3] <= 31
        and 64 < length < len(head)
        and (0x0D in head[length - 2 : length] or head[end - 1] == 0x0D)
    )


def _is_binary_cpio(head: bytes) -> bool:
    """Tell the old binary header, in the byte order of either machine, by its mark and its name's end."""
    for mark, order in ((b"\xc7\x71", "<"), (b"\x71\xc7", ">")):
        if head.startswith(mark) and len(head) > 27:
            length = struct.unpack_from(f"{order}H", head, 20)[0]
            return 1 < length <= 1024 and head[25 + length : 26 + length] == b"\0" and head[26] > 32
    return False


_FRONTS = frozenset({"audio", "image", "pdf", "video"})
_FRONT_BYTES = 100_000_000
_PACKED_INSIDE = re.compile(rb"7z\xbc\xaf\x27\x1c\x00[\x00-\x09]|Rar!\x1a\x07(?:\x00|\x01\x00)")


def appended_archive(source: Source, kind: str) -> tuple[str, int] | None:
    """Kind and offset of an archive that stands behind a picture, a film, a sound or a PDF.

    Viewers show the one, archivers open the other.  ``None`` where there is none.
    """
    if kind not in _FRONTS or source.size > _FRONT_BYTES:
        return None
    if _ends_in_zip(source):
        try:
            with source.open() as file, zipfile.ZipFile(file) as archive:
                return ("zip", 0) if archive.infolist() else None
        except Exception:  # an end mark by chance, in compressed data
            return None
    if kind == "pdf":
        return None
    found = _PACKED_INSIDE.search(source.read())
    return (("7z" if found[0][:1] == b"7" else "rar"), found.start()) if found else None


def _ends_in_zip(source: Source) -> bool:
    try:
        with source.open() as file:
            return zipfile.is_zipfile(file)
    except (OSError, ValueError):
        return False


def _sniff_zip(source: Source, head: bytes) -> str:
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            if is_incomplete(archive):
                raise zipfile.BadZipFile
            names = {name.replace("\\", "/").lower(): name for name in archive.namelist()}
            first = _entry(archive, names, "mimetype", 200)
            if odf := _ODF.match(first):
                return _ODF_KINDS.get(odf[1].decode("ascii"), "odg")
            if first.startswith(b"application/epub"):
                return "epub"
            if "[content_types].xml" in names:
                return _sniff_ooxml(archive, names)
            # Before OpenDocument there was no member that tells the kind.
            manifest = _entry(archive, names, "meta-inf/manifest.xml", 100_000)
            if "content.xml" in names and (odf := _ODF.search(manifest)):
                return _ODF_KINDS.get(odf[1].decode("ascii"), "odg")
            if any(name.endswith(".iwa") for name in names):
                return "numbers"
            return "zip"
    except Exception:
        # Damaged: what the local headers at the start tell.  The parser will say what is damaged.
        if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
            marks = ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx"))
            # The first of them: a presentation holds workbooks.
            found = [(head.find(mark), kind) for mark, kind in marks if mark in head]
            if found:
                return min(found)[1]
        return "zip"


def _entry(archive: zipfile.ZipFile, names: Mapping[str, str], name: str, limit: int) -> bytes:
    if name not in names:
        return b""
    try:
        entry = archive.getinfo(names[name])
        if entry.file_size <= limit and (whole := whole_member(archive, entry)) is not None:
            return whole
        with archive.open(entry) as file:
            return file.read(limit)
    except Exception:
        return b""


_TAG = re.compile(r"<(?:\w+:)?(Relationship|Override|Default)\s([^<>]{1,4000})>")
_ATTRIBUTE = re.compile(r"""(\w+)\s{0,20}=\s{0,20}["']([^"']{0,2000})["']""")


def _sniff_ooxml(archive: zipfile.ZipFile, names: Mapping[str, str]) -> str:
    """Follow the package's relationships to the main part and take that part's content type."""
    types: dict[str, str] = {}
    for tag in _TAG.finditer(decode(_entry(archive, names, "[content_types].xml", 2_000_000))):
        attributes = dict(_ATTRIBUTE.findall(tag[2]))
        if tag[1] == "Override":
            types[attributes.get("PartName", "").lstrip("/").lower()] = attributes.get(
                "ContentType", ""
            ).lower()
    for tag in _TAG.finditer(decode(_entry(archive, names, "_rels/.rels", 1_000_000))):
        attributes = dict(_ATTRIBUTE.findall(tag[2]))
        kind = attributes.get("Type", "").rsplit("/", 1)[-1]
        if tag[1] == "Relationship" and kind == "fixedrepresentation":
            return "xps"
        if tag[1] == "Relationship" and kind in ("officeDocument", "document"):
            target = attributes.get("Target", "").replace("\\", "/").lstrip("/").removeprefix("./").lower()
            found = _ooxml_kind(types.get(target, "")) or _ooxml_kind(target)
            if found:
                return found
    for marker in (
        "word/document.xml",
        "xl/workbook.xml",
        "xl/workbook.bin",
        "ppt/presentation.xml",
        "visio/document.xml",
    ):
        if marker in names:
            return _ooxml_kind(marker)
    return "zip"


def _ooxml_kind(mark: str) -> str:
    """Kind by a main part's content type, or by its path where the type is missing."""
    if "sheet.binary" in mark or mark.endswith("workbook.bin"):
        return "xlsb"
    for part, kind in (
        ("wordprocessingml", "docx"),
        ("ms-word", "docx"),
        ("spreadsheetml", "xlsx"),
        ("ms-excel", "xlsx"),
        ("presentationml", "pptx"),
        ("ms-powerpoint", "pptx"),
        ("visio", "vsdx"),
    ):
        if part in mark:
            return kind
    first = mark.split("/", 1)[0]
    return {"word": "docx", "xl": "xlsx", "ppt": "pptx"}.get(first, "") if "/" in mark else ""


def _sniff_ole(source: Source) -> str:
    try:
        streams = _ole_streams(source)
        last = {path.rsplit("/", 1)[-1] for path in streams}
    except Exception:
        # The directory is damaged: its names stand in UTF-16 somewhere in the file.
        data = source.head(4_000_000).lower()
        for name, kind in _OLE_STREAMS:
            if name.split("/", 1)[0].encode("utf-16-le") in data:
                return kind
        return "ole"
    for name, kind in _OLE_STREAMS:
        if name in streams or (kind.startswith("ooxml") and name in last):
            return kind
    return "ole"


def _ole_streams(source: Source) -> frozenset[str]:
    with source.open() as file:
        try:
            return stream_paths(file)
        except DamagedDirectoryError:
            import olefile  # here, because text in and findings out does without it

            file.seek(0)
            with olefile.OleFileIO(file) as ole:
                return frozenset("/".join(path).lower() for path in ole.listdir())


def _sniff_text(source: Source, head: bytes) -> str:
    mark, _ = byte_order_mark(head)
    if not mark and not utf16_by_nuls(head):
        controls = len(head) - len(head.translate(None, _CONTROLS))
        binary = controls * 50 > len(head) or head.count(0) * 200 > len(head)
        if binary and not utf16_by_script(head):
            return UNKNOWN
    text = decode(head).lstrip("\ufeff")
    start = text.lstrip()[:2000]
    if start.startswith("{\\rtf"):
        return "rtf"
    if start.startswith("BEGIN:VCALENDAR"):
        return "ics"
    if start.startswith("BEGIN:VCARD"):
        return "vcf"
    if start.startswith(_PGP_BLOCKS):
        return "pgp"
    if start.startswith("-----BEGIN AGE ENCRYPTED FILE-----"):
        return "age"
    if _PEM_CMS.match(start):
        return "cms"
    if start.startswith("<"):
        if _HTML.match(text):
            return "html"
        if _XML.match(text) and ("</" in text or "/>" in text):
            if _SPREADSHEET_XML.search(text[:8000]):
                return "spreadsheet-xml"
            if _FLAT_ODF.search(text[:8000]):
                return "flat-odf"
            if _FLAT_PACKAGE.search(text[:8000]):
                return "flat-package"
            if _WORD_XML.search(text[:8000]):
                return "word-xml"
            return "html" if re.search(r"<html\b", text[:4000], re.IGNORECASE) else "xml"
    if _JSON.match(text):
        return "json"
    if is_dump(text):
        return "sql"
    if text.startswith(("From ", ">From ")) and _MBOX.match(text.lstrip(">")):
        return "mbox"
    if mail := _mail_kind(text):
        return mail
    if _SYLK.match(text):
        return "sylk"
    if _DIF.match(text):
        return "dif"
    if _PEM.search(text[:4000]):
        return "certificate"
    if "\n-----BEGIN PGP MESSAGE-----" in text:
        return "pgp"
    name = source.name.lower()
    if delimiter_of(text[:20_000], lenient=name.endswith((".csv", ".tsv", ".tab"))):
        return "csv"
    return "text"


def _mail_kind(text: str) -> str:
    """Return "eml" or "mhtml" for text that begins with a block of mail headers, else nothing."""
    names: set[str] = set()
    addressed = ended = False
    strange = 0
    for line in text[:16_000].lstrip("\r\n").splitlines()[:100]:
        if line[:1] in (" ", "\t") and names:
            continue
        header = _HEADER_LINE.match(line)
        if header is None:
            ended = not line.strip()
            strange += not ended
            if ended or strange > _DAMAGED_LINES:
                break
            continue
        name = header[1].lower()
        names.add(name)
        addressed = addressed or (name in ("from", "to", "cc") and "@" in line)
    if _CODED_BODY.search(text, 0, 16_000):
        # A damaged head: what is declared to be encoded is read as nothing else would read it.
        return "eml"
    if len(names) < 2 or names <= {"content-type", "reply-to"}:
        return ""
    if strange and (len(names) < 2 + strange or not names & _MAIL_HEADERS):
        return ""
    typed = addressed and ended and "from" in names and bool(names & {"to", "subject", "date"})
    if not typed and (not names & _MAIL_HEADERS or not names & _SURE_HEADERS):
        return ""
    related = "multipart/related" in text[:16_000].lower() and "mime-version" in names
    return "mhtml" if related and not names & {"received", "to", "return-path"} else "eml"
