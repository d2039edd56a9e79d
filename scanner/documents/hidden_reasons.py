"""What the readers' words for hidden text mean: one table from every reason to the kind of concealment.

A parser says why a reader does not see a text ("hidden sheet", "tracked deletion"); those words go into
reports as they are.  Whoever acts on *kinds* of hiding (the release gate) asks here, so that a new word of a
parser has one place to be entered; a test holds the table against the parsers.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Concealment(StrEnum):
    """The kinds of hiding, in the words that published guidance on disclosure uses."""

    HIDDEN_SHEET = "hidden sheet"
    HIDDEN_CELLS = "hidden rows or columns"
    PIVOT_CACHE = "pivot cache"
    LINK_CACHE = "cache of another workbook"
    DATA_SOURCE = "data connection"
    COMMENT = "comment"
    TRACKED_CHANGE = "tracked change"
    DELETED = "deleted text"
    HIDDEN_TEXT = "hidden text"
    REDACTION = "redaction that can be undone"
    SPEAKER_NOTES = "speaker notes"
    HIDDEN_SLIDE = "hidden slide"
    PROPERTIES = "document properties"
    CUSTOM_DATA = "data of other programs"
    EARLIER_REVISION = "earlier revision"
    PICTURE_DATA = "picture properties"
    MAIL_HEADER = "mail header"
    MACRO = "macro"
    CHART_DATA = "chart data"
    WORKINGS = "workings of the document"
    DESCRIPTION = "descriptions and links"
    TEMPLATE = "template"
    OTHER = "other hidden text"


_WORDS: Mapping[Concealment, tuple[str, ...]] = {
    Concealment.HIDDEN_SHEET: ("hidden sheet", "very hidden sheet"),
    Concealment.HIDDEN_CELLS: (
        *("hidden row", "filtered row", "hidden column", "hidden by number format", "scenario"),
    ),
    Concealment.PIVOT_CACHE: ("pivot cache",),
    Concealment.LINK_CACHE: ("external link cache", "cells of another workbook"),
    Concealment.DATA_SOURCE: (
        *("data connection", "connection", "data source", "query table", "mail merge", "XML map"),
    ),
    Concealment.COMMENT: (
        *("comment", "author", "author of a comment", "annotation", "comment in the page"),
    ),
    Concealment.TRACKED_CHANGE: (
        *("tracked deletion", "tracked change", "author of a change", "revision log", "earlier value"),
    ),
    Concealment.DELETED: (
        *("deleted text still in the file", "deleted row", "deleted rows", "deleted slide"),
        *("orphaned shared string", "unreferenced part", "unreferenced slide"),
    ),
    Concealment.HIDDEN_TEXT: (
        "text inside a tag",
        *("hidden text", "white text", "tiny text", "invisible text", "transparent text", "hidden section"),
        *("hidden shape", "outside the slide", "outside the page", "display:none", "visibility:hidden"),
        *("hidden for Outlook", "font size 0", "hidden element", "hidden form value", "embedded page"),
        *("outside of all parts", "text in the colour of its background", "layer switched off"),
    ),
    Concealment.REDACTION: ("text under a filled box", "text under a picture", "blacked-out text"),
    Concealment.SPEAKER_NOTES: ("speaker notes",),
    Concealment.HIDDEN_SLIDE: ("hidden slide",),
    Concealment.PROPERTIES: ("document properties", "archive comment", "archive header"),
    Concealment.CUSTOM_DATA: (
        *("custom XML", "document variable", "other part", "tag", "building block", "field data", "XFA form"),
        *("control value", "embedded object", "ignorable group"),
    ),
    Concealment.EARLIER_REVISION: ("earlier revision",),
    Concealment.PICTURE_DATA: ("picture properties",),
    Concealment.MAIL_HEADER: ("mail header", "message property", "certificate"),
    Concealment.MACRO: ("macro source",),
    Concealment.CHART_DATA: ("chart data",),
    Concealment.OTHER: ("another reading",),
    Concealment.WORKINGS: (
        *(
            "defined name",
            "hidden defined name",
            "validation list",
            "validation message",
            "text in a formula",
        ),
        *("conditional format", "protected range", "filter", "table definition", "pivot table", "slicer"),
        *("timeline", "custom view", "form control", "control", "phonetic text", "field instruction"),
        *("form field", "field value", "field name", "field tooltip", "field choice", "default value"),
        *("list of a field", "content control", "document settings", "shape property", "database schema"),
        *("script", "style", "attribute", "data attribute", "processing instruction", "placeholder"),
    ),
    Concealment.DESCRIPTION: (
        *("alt text", "alternative text", "tooltip", "link target", "link tip", "picture name", "bookmark"),
        *("replacement text", "expansion text", "description", "name of a slide", "section name", "meta"),
        *("name of a layer", "page label"),
    ),
    Concealment.TEMPLATE: ("slide layout", "slide master", "notes master", "handout master"),
}

REASONS: Mapping[str, Concealment] = MappingProxyType(
    {word: concealment for concealment, words in _WORDS.items() for word in words}
)


def concealment(reason: str) -> Concealment:
    """The kind of a parser's reason; ``OTHER`` for words that are in nobody's table, which is never nothing.

    >>> concealment("very hidden sheet").value, concealment("a new word").value
    ('hidden sheet', 'other hidden text')
    """
    return REASONS.get(reason, Concealment.OTHER)
