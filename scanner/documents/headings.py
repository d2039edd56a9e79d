"""Telling names of columns and labels of forms from the data beside and beneath them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST_NAME = 60
# Words that column names are made of: they tell a header where every column below is words, too.
_WORDS = r"""
    names? forenames? surname initials? titles? dob born dates? ages? gender sex ethnicity religion
    address street town city county post\s?code location property site ward
    phone tel mobile e-?mail contact no nos number num ref reference id upn nhs nino ni gp code
    type status category reason role team service school organisation department supplier payee
    amount total value cost price qty quantity description details? notes? comments? year month period
"""
HEADER_WORD = re.compile(
    rf"(?i:(?:\b|_)(?:{'|'.join(_WORDS.split())})(?:\b|_))|(?<=[a-z])(?:Name|Date|Number|Code|ID|Type)\b"
)


def is_header(row: Sequence[str]) -> bool:
    """Tell whether a row reads like column names: short, without numbers, no two the same."""
    names = [cell.strip().lower() for cell in row if cell.strip()]
    if len(names) * 2 < len(row) or not names or len(set(names)) * 10 < len(names) * 8:
        return False
    for name in names:
        digits = sum(char.isdigit() for char in name)
        if (
            name[0].isdigit()
            or len(name) > _LONGEST_NAME
            or digits > 2
            or digits * 2 > len(name)
            or "@" in name
        ):
            return False
        if not any(char.isalpha() for char in name):
            return False
    return True


def is_heading_row(row: Sequence[str]) -> bool:
    """Tell a row of column names by the words that columns are called by.

    Of two cells both must be such words: else it is a line of a form, a label and its value.
    """
    if not is_header(row) or any(cell.rstrip().endswith(":") for cell in row):
        return False
    if len(row) == 2:
        return all(HEADER_WORD.search(cell) for cell in row)
    named = sum(1 for cell in row if HEADER_WORD.search(cell))
    return named * 3 > sum(1 for cell in row if cell.strip())


def form_labels(values: Sequence[str], headings: Sequence[bool] = ()) -> list[str]:
    """Labels where cells name their neighbours ("Surname:", "Smith"), empty where none does.

    ``headings`` says which cells the document itself marks as headings.
    """
    labels = [""] * len(values)
    for index in range(1, len(values)):
        before = values[index - 1].strip()
        marked = bool(headings) and headings[index - 1]
        named = marked or before.endswith(":")
        if not named and len(values) in (2, 4) and index % 2:
            named = is_header([before]) and bool(HEADER_WORD.search(before))
        if named and not (headings and headings[index]):
            labels[index] = before.rstrip(":")
    return labels if any(labels) else []
