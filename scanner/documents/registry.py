"""The registry: one line per parser, loaded when its kind is first met."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pkgutil import resolve_name
from types import MappingProxyType

from scanner.documents.protocol import Parser

# kind -> module:class.  Loaded lazily: a run that meets no PDF pays for no PDF engine.
PARSERS: Mapping[str, str] = MappingProxyType(
    {
        "7z": "scanner.documents.parsers.packed_archives:PackedArchiveParser",
        "access": "scanner.documents.parsers.access:AccessParser",
        "active-mime": "scanner.documents.parsers.active_mime:ActiveMimeParser",
        "age": "scanner.documents.parsers.age:AgeParser",
        "applefile": "scanner.documents.parsers.apple_double:AppleDoubleParser",
        "ar": "scanner.documents.parsers.packed_archives:PackedArchiveParser",
        "audio": "scanner.documents.parsers.sound:SoundParser",
        "axcrypt": "scanner.documents.parsers.sealed:SealedParser",
        "bzip2": "scanner.documents.parsers.archives:CompressedParser",
        "cab": "scanner.documents.parsers.packed_archives:PackedArchiveParser",
        "certificate": "scanner.documents.parsers.certificates:CertificateParser",
        "cms": "scanner.documents.parsers.cms:CmsParser",
        "compress": "scanner.documents.parsers.packed_archives:PackedStreamParser",
        "cpio": "scanner.documents.parsers.packed_archives:PackedArchiveParser",
        "csv": "scanner.documents.parsers.delimited:DelimitedParser",
        "dbf": "scanner.documents.parsers.dbf:DbfParser",
        "dif": "scanner.documents.parsers.exchange_tables:DifParser",
        "disk-encrypted": "scanner.documents.parsers.sealed:SealedParser",
        "doc": "scanner.documents.parsers.doc:DocParser",
        "docx": "scanner.documents.parsers.docx:DocxParser",
        "eml": "scanner.documents.parsers.mail:MailParser",
        "epub": "scanner.documents.parsers.archives:ZipParser",
        "folder-view": "scanner.documents.parsers.folder_view:FolderViewParser",
        "font": "scanner.documents.parsers.textless:TextlessParser",
        "geometry": "scanner.documents.parsers.textless:TextlessParser",
        "flat-odf": "scanner.documents.parsers.opendocument:FlatOpenDocumentParser",
        "flat-package": "scanner.documents.parsers.flat_package:FlatPackageParser",
        "gzip": "scanner.documents.parsers.archives:CompressedParser",
        "html": "scanner.documents.parsers.html:HtmlParser",
        "ics": "scanner.documents.parsers.calendar:CalendarParser",
        "image": "scanner.documents.parsers.image:ImageParser",
        "iso": "scanner.documents.parsers.packed_archives:PackedArchiveParser",
        "json": "scanner.documents.parsers.json_records:JsonParser",
        "keystore": "scanner.documents.parsers.sealed:SealedParser",
        "lha": "scanner.documents.parsers.packed_archives:PackedArchiveParser",
        "lotus": "scanner.documents.parsers.lotus:LotusParser",
        "lz4": "scanner.documents.parsers.packed_archives:PackedStreamParser",
        "lzip": "scanner.documents.parsers.packed_archives:PackedStreamParser",
        "mbox": "scanner.documents.parsers.mail:MailboxParser",
        "metafile": "scanner.documents.parsers.metafile:MetafileParser",
        "mhtml": "scanner.documents.parsers.mail:MailParser",
        "msg": "scanner.documents.parsers.msg:MsgParser",
        "numbers": "scanner.documents.parsers.iwork:IworkParser",
        "odg": "scanner.documents.parsers.opendocument:OpenDocumentParser",
        "odp": "scanner.documents.parsers.opendocument:OpenDocumentParser",
        "ods": "scanner.documents.parsers.opendocument:OpenDocumentParser",
        "odt": "scanner.documents.parsers.opendocument:OpenDocumentParser",
        "ole": "scanner.documents.parsers.compound:CompoundParser",
        "ooxml-encrypted": "scanner.documents.parsers.office_encryption:EncryptedOfficeParser",
        "ooxml-rights": "scanner.documents.parsers.office_encryption:EncryptedOfficeParser",
        "openssl": "scanner.documents.parsers.sealed:SealedParser",
        "onenote": "scanner.documents.parsers.onenote:OneNoteParser",
        "pdf": "scanner.documents.parsers.pdf:PdfParser",
        "pgp": "scanner.documents.parsers.pgp:PgpParser",
        "plist": "scanner.documents.parsers.property_list:PropertyListParser",
        "ppt": "scanner.documents.parsers.ppt:PptParser",
        "pptx": "scanner.documents.parsers.pptx:PptxParser",
        "pub": "scanner.documents.parsers.publisher:PublisherParser",
        "pst": "scanner.documents.parsers.pst:PstParser",
        "rar": "scanner.documents.parsers.packed_archives:PackedArchiveParser",
        "rpmsg": "scanner.documents.parsers.sealed:SealedParser",
        "rtf": "scanner.documents.parsers.rtf:RtfParser",
        "shortcut": "scanner.documents.parsers.shortcut:ShortcutParser",
        "spreadsheet-xml": "scanner.documents.parsers.spreadsheet_xml:SpreadsheetXmlParser",
        "sql": "scanner.documents.parsers.sql_dump:SqlDumpParser",
        "sqlite": "scanner.documents.parsers.sqlite:SqliteParser",
        "starview": "scanner.documents.parsers.metafile:MetafileParser",
        "sylk": "scanner.documents.parsers.exchange_tables:SylkParser",
        "tar": "scanner.documents.parsers.archives:TarParser",
        "text": "scanner.documents.parsers.plain:TextParser",
        "tnef": "scanner.documents.parsers.tnef:TnefParser",
        "vcf": "scanner.documents.parsers.calendar:CalendarParser",
        "video": "scanner.documents.parsers.sound:SoundParser",
        "vsd": "scanner.documents.parsers.visio:VisioParser",
        "vsdx": "scanner.documents.parsers.archives:ZipParser",
        "word-early": "scanner.documents.parsers.early_word:EarlyWordParser",
        "word-xml": "scanner.documents.parsers.flat_package:WordXmlParser",
        "wordperfect": "scanner.documents.parsers.wordperfect:WordPerfectParser",
        "xar": "scanner.documents.parsers.packed_archives:PackedArchiveParser",
        "xls": "scanner.documents.parsers.xls:XlsParser",
        "xlsb": "scanner.documents.parsers.xlsb:XlsbParser",
        "xlsx": "scanner.documents.parsers.xlsx:XlsxParser",
        "xml": "scanner.documents.parsers.xml_records:XmlParser",
        "xps": "scanner.documents.parsers.xps:XpsParser",
        "xz": "scanner.documents.parsers.archives:CompressedParser",
        "zip": "scanner.documents.parsers.archives:ZipParser",
        "zstd": "scanner.documents.parsers.packed_archives:PackedStreamParser",
    }
)


@cache
def parser_for(kind: str) -> Parser | None:
    """Return the parser of a kind, ``None`` where there is none."""
    name = PARSERS.get(kind)
    if name is None:
        return None
    parser = resolve_name(name)()
    if not isinstance(parser, Parser):
        raise TypeError(f"{name} is not a parser")
    return parser
