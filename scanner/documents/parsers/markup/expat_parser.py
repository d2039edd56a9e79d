"""The streaming XML parser of the readers: text in one piece, external entities never asked for."""

from __future__ import annotations

from xml.parsers import expat


def new_expat(chunk: int, namespace_separator: str | None = None) -> expat.XMLParserType:
    """A parser that hands out text in pieces of up to ``chunk`` characters."""
    parser = expat.ParserCreate(namespace_separator=namespace_separator)
    parser.buffer_text = True
    parser.buffer_size = chunk
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    return parser
