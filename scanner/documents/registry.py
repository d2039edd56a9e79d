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
        "text": "scanner.documents.parsers.plain:TextParser",
        "docx": "scanner.documents.parsers.docx:DocxParser",
        "pdf": "scanner.documents.parsers.pdf:PdfParser",
        "pptx": "scanner.documents.parsers.pptx:PptxParser",
        "xlsx": "scanner.documents.parsers.xlsx:XlsxParser",
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
