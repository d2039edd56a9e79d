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
        "7z": "scanner.documents.parsers.archives.packed_archives:PackedArchiveParser",
        "access": "scanner.documents.parsers.databases.access:AccessParser",
        "active-mime": "scanner.documents.parsers.mail.active_mime:ActiveMimeParser",
        "age": "scanner.documents.parsers.sealed.age:AgeParser",
        "applefile": "scanner.documents.parsers.apple.apple_double:AppleDoubleParser",
        "ar": "scanner.documents.parsers.archives.packed_archives:PackedArchiveParser",
        "audio": "scanner.documents.parsers.pictures.sound:SoundParser",
        "axcrypt": "scanner.documents.parsers.sealed.sealed:SealedParser",
        "bzip2": "scanner.documents.parsers.archives.archives:CompressedParser",
        "cab": "scanner.documents.parsers.archives.packed_archives:PackedArchiveParser",
        "certificate": "scanner.documents.parsers.sealed.certificates:CertificateParser",
        "cms": "scanner.documents.parsers.sealed.cms:CmsParser",
        "compress": "scanner.documents.parsers.archives.packed_archives:PackedStreamParser",
        "cpio": "scanner.documents.parsers.archives.packed_archives:PackedArchiveParser",
        "csv": "scanner.documents.parsers.sheets.delimited:DelimitedParser",
        "dbf": "scanner.documents.parsers.databases.dbf:DbfParser",
        "dif": "scanner.documents.parsers.sheets.exchange_tables:DifParser",
        "disk-encrypted": "scanner.documents.parsers.sealed.sealed:SealedParser",
        "doc": "scanner.documents.parsers.word.doc:DocParser",
        "docx": "scanner.documents.parsers.word.docx:DocxParser",
        "eml": "scanner.documents.parsers.mail.mail:MailParser",
        "epub": "scanner.documents.parsers.archives.archives:ZipParser",
        "folder-view": "scanner.documents.parsers.apple.folder_view:FolderViewParser",
        "font": "scanner.documents.parsers.pictures.textless:TextlessParser",
        "geometry": "scanner.documents.parsers.pictures.textless:TextlessParser",
        "flat-odf": "scanner.documents.parsers.opendocument.opendocument:FlatOpenDocumentParser",
        "flat-package": "scanner.documents.parsers.office.flat_package:FlatPackageParser",
        "gzip": "scanner.documents.parsers.archives.archives:CompressedParser",
        "html": "scanner.documents.parsers.markup.html:HtmlParser",
        "ics": "scanner.documents.parsers.mail.calendar:CalendarParser",
        "image": "scanner.documents.parsers.pictures.image:ImageParser",
        "iso": "scanner.documents.parsers.archives.packed_archives:PackedArchiveParser",
        "json": "scanner.documents.parsers.markup.json_records:JsonParser",
        "keystore": "scanner.documents.parsers.sealed.sealed:SealedParser",
        "lha": "scanner.documents.parsers.archives.packed_archives:PackedArchiveParser",
        "lotus": "scanner.documents.parsers.sheets.lotus:LotusParser",
        "lz4": "scanner.documents.parsers.archives.packed_archives:PackedStreamParser",
        "lzip": "scanner.documents.parsers.archives.packed_archives:PackedStreamParser",
        "mbox": "scanner.documents.parsers.mail.mail:MailboxParser",
        "metafile": "scanner.documents.parsers.pictures.metafile:MetafileParser",
        "mhtml": "scanner.documents.parsers.mail.mail:MailParser",
        "msg": "scanner.documents.parsers.mail.msg:MsgParser",
        "numbers": "scanner.documents.parsers.apple.iwork:IworkParser",
        "odg": "scanner.documents.parsers.opendocument.opendocument:OpenDocumentParser",
        "odp": "scanner.documents.parsers.opendocument.opendocument:OpenDocumentParser",
        "ods": "scanner.documents.parsers.opendocument.opendocument:OpenDocumentParser",
        "odt": "scanner.documents.parsers.opendocument.opendocument:OpenDocumentParser",
        "ole": "scanner.documents.parsers.office.compound:CompoundParser",
        "ooxml-encrypted": "scanner.documents.parsers.office.office_encryption:EncryptedOfficeParser",
        "ooxml-rights": "scanner.documents.parsers.office.office_encryption:EncryptedOfficeParser",
        "openssl": "scanner.documents.parsers.sealed.sealed:SealedParser",
        "onenote": "scanner.documents.parsers.office.onenote:OneNoteParser",
        "pdf": "scanner.documents.parsers.pdf.pdf:PdfParser",
        "pgp": "scanner.documents.parsers.sealed.pgp:PgpParser",
        "plist": "scanner.documents.parsers.apple.property_list:PropertyListParser",
        "ppt": "scanner.documents.parsers.slides.ppt:PptParser",
        "pptx": "scanner.documents.parsers.slides.pptx:PptxParser",
        "pub": "scanner.documents.parsers.office.publisher:PublisherParser",
        "pst": "scanner.documents.parsers.mail.pst:PstParser",
        "rar": "scanner.documents.parsers.archives.packed_archives:PackedArchiveParser",
        "rpmsg": "scanner.documents.parsers.sealed.sealed:SealedParser",
        "rtf": "scanner.documents.parsers.word.rtf:RtfParser",
        "shortcut": "scanner.documents.parsers.shortcut:ShortcutParser",
        "spreadsheet-xml": "scanner.documents.parsers.sheets.spreadsheet_xml:SpreadsheetXmlParser",
        "sql": "scanner.documents.parsers.databases.sql_dump:SqlDumpParser",
        "sqlite": "scanner.documents.parsers.databases.sqlite:SqliteParser",
        "starview": "scanner.documents.parsers.pictures.metafile:MetafileParser",
        "sylk": "scanner.documents.parsers.sheets.exchange_tables:SylkParser",
        "tar": "scanner.documents.parsers.archives.archives:TarParser",
        "text": "scanner.documents.parsers.markup.plain:TextParser",
        "tnef": "scanner.documents.parsers.mail.tnef:TnefParser",
        "vcf": "scanner.documents.parsers.mail.calendar:CalendarParser",
        "video": "scanner.documents.parsers.pictures.sound:SoundParser",
        "vsd": "scanner.documents.parsers.office.visio:VisioParser",
        "vsdx": "scanner.documents.parsers.archives.archives:ZipParser",
        "word-early": "scanner.documents.parsers.word.early_word:EarlyWordParser",
        "word-xml": "scanner.documents.parsers.office.flat_package:WordXmlParser",
        "wordperfect": "scanner.documents.parsers.word.wordperfect:WordPerfectParser",
        "xar": "scanner.documents.parsers.archives.packed_archives:PackedArchiveParser",
        "xls": "scanner.documents.parsers.sheets.xls:XlsParser",
        "xlsb": "scanner.documents.parsers.sheets.xlsb:XlsbParser",
        "xlsx": "scanner.documents.parsers.sheets.xlsx:XlsxParser",
        "xml": "scanner.documents.parsers.markup.xml_records:XmlParser",
        "xps": "scanner.documents.parsers.pictures.xps:XpsParser",
        "xz": "scanner.documents.parsers.archives.archives:CompressedParser",
        "zip": "scanner.documents.parsers.archives.archives:ZipParser",
        "zstd": "scanner.documents.parsers.archives.packed_archives:PackedStreamParser",
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
