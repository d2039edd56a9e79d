"""A passage: text with the structure its source knew (rows, columns, form fields, hidden parts)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Field(NamedTuple):
    """A stretch of a passage that stands under a heading or behind a form label.

    ``start`` and ``end`` are code-point offsets in the passage's text; ``label`` is the column
    header or the form label as written ("NI No", "Surname"), empty where there is none.
    """

    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """What a person reads as one thing: a paragraph, a table row, a comment, a header field.

    ``table`` numbers the table a row belongs to (rows of one table share it), ``None`` elsewhere.
    ``hidden`` says that a reader of the document does not see this block.  ``fields`` are the cells
    of a row or the values of a form, in order, inside the block.
    """

    start: int
    end: int
    table: int | None = None
    hidden: bool = False
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """Text handed to detection, with the blocks its source declared, in order and not overlapping.

    Plain text has no blocks: detection finds tables, forms and paragraphs in it by itself.
    """

    text: str
    blocks: tuple[Block, ...] = ()
