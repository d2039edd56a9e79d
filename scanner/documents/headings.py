"""Telling names of columns and labels of forms from the data beside and beneath them.

The one recogniser of headers for all tables: those of sheets and word processors, pages, and delimited text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scanner.documents.rows import Row
from scanner.text import words_apart

# A header stands within the first rows of a table, behind a title, a date, an owner and a blank or two.
_SEARCHED_ROWS = 8
# A label names something: longer cells are sentences.
_LONGEST_LABEL = 60
_LONGEST_SIGN = 3
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
# A sentence goes on behind its end; "No. of beds" and "Ref. no" do not end one.
_SENTENCES = re.compile(r"\w{4}[.!?] ")
_LABEL_BEGINS = frozenset("#%£$€(*[_")
# Forms number their questions: "4. Date of birth", "Q7) Address", "2.1 Surname".
_ENUMERATION = re.compile(
    r"(?:Q ?)?\d{1,2}(?:\.\d{1,2})?(?:[a-z]?[.):]+ ?|[a-z]? {1,3})(?=[A-Z])|\(\w\) (?=[A-Z])"
)
# Words of column headers and form labels in council documents: people, identifiers, contact, care, money.
_WORDS_OF_LABELS = """name names surname forename forenames firstname lastname first last middle initial
    initials title titles alias known
    dob birth born age ages gender sex ethnicity religion nationality language
    address addr street town city county postcode post home email mail phone tel telephone mobile contact fax
    nhs nino ni upn uln urn id ref reference no nos number num code case account sort payroll employee staff
    date dates from to start end due time year month day period type category status stage need needs
    school class teacher parent carer guardian mother father child client applicant tenant relationship
    worker manager officer organisation team department directorate service role job post grade salary pay
    amount total cost budget balance value price rate quantity qty invoice supplier payee
    description detail details note notes comment comments reason outcome action decision allegation diagnosis
    count counts headcount cases children pupils residents households claimants males females boys girls
    utr chi passport licence vehicle reg registration vrm permit holder
    ward area location site property uprn room signature signed gp doctor hospital"""
_LABEL_WORDS = frozenset(_WORDS_OF_LABELS.split())


def unnumbered(label: str) -> str:
    """A label without the number that a form gives it; an address keeps its own.

    >>> unnumbered("4. Date of birth"), unnumbered("4 Date of birth"), unnumbered("4 Mill Lane")
    ('Date of birth', 'Date of birth', '4 Mill Lane')
    """
    match = _ENUMERATION.match(label)
    if match is None:
        return label
    rest = label[match.end() :]
    if match.group().rstrip()[-1] in ".):" or _LABEL_WORDS.intersection(rest.lower().split()[:1]):
        return rest
    return label


def is_label(text: str) -> bool:
    """Whether a text can be a label at all: short, begins with a letter or #, hardly any digits.

    >>> is_label("NHS No."), is_label("943 476 5919"), is_label("See the attached note. It is long.")
    (True, False, False)
    """
    text = unnumbered(text.strip())
    if not text or len(text) > _LONGEST_LABEL or "\t" in text or "@" in text or _SENTENCES.search(text):
        return False
    if not (text[0].isalpha() or text[0] in _LABEL_BEGINS):
        return False
    digits = len(_DIGIT.findall(text))
    return bool(_WORD.search(text)) and digits <= 2 and digits * 2 <= len(text)


def names_something(text: str) -> bool:
    """Whether a text reads like a label: it ends in a colon, or one of its words is used for labels.

    >>> names_something("Surname"), names_something("Place:"), names_something("Osei")
    (True, True, False)
    """
    text = text.strip()
    if not is_label(text):
        return False
    if text.endswith(":"):
        return True
    return any(word.lower() in _LABEL_WORDS for word in _WORD.findall(words_apart(text)))


def is_header(row: Sequence[str]) -> bool:
    """Tell whether a row reads like column names: each a label, most of them filled, no two the same."""
    names = [cell.strip().lower() for cell in row if cell.strip()]
    if len(names) * 2 < len(row) or not names or len(set(names)) * 10 < len(names) * 8:
        return False
    labels = sum(map(is_label, names))
    # "#", "%", "£": a sign over a column of numbers.
    signs = sum(1 for name in names if len(name) <= _LONGEST_SIGN and not any(map(str.isalnum, name)))
    return labels + signs == len(names) and labels > signs


def is_heading_row(row: Sequence[str]) -> bool:
    """Tell a row of column names by the words that columns are called by.

    Of two cells both must be such words: else it is a line of a form, a label and its value.
    """
    if not is_header(row) or any(cell.rstrip().endswith(":") for cell in row):
        return False
    named = sum(map(names_something, row))
    return named == 2 if len(row) == 2 else named * 3 > sum(1 for cell in row if cell.strip())


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
            named = names_something(before)
        if named and not (headings and headings[index]):
            labels[index] = unnumbered(before.rstrip(":"))
    return labels if any(labels) else []


def header_row(rows: Sequence[Row]) -> int | None:
    """Index of the row that heads the columns, ``None`` where no row does.

    It is a row of short texts, about as wide as what stands beneath it, beneath which the columns hold
    other things: numbers and dates, or names under words that are used for labels.
    """
    for index, row in enumerate(rows[:_SEARCHED_ROWS]):
        below = rows[index + 1 :]
        if not below:
            continue
        if len(row.cells) < 2:
            if names_something(row.cells[0].text) and _is_list(row.cells[0].column, below):
                return index
            continue
        width = sorted(len(other.cells) for other in below)[len(below) // 2]
        if len(row.cells) * 5 < width * 3:
            continue
        if sum(1 for cell in row.cells if is_label(cell.text)) * 5 < len(row.cells) * 4:
            continue
        colons = sum(1 for cell in row.cells if cell.text.rstrip().endswith(":"))
        if 0 < colons < len(row.cells):
            continue  # a line of a form: labels and their values
        named = sum(1 for cell in row.cells if names_something(cell.text))
        down = sum(1 for other in (row, *below) if names_something(other.cells[0].text))
        if len(row.cells) <= 4 and down >= max(2, named + 1) and down * 3 >= 2 * (1 + len(below)):
            continue  # labels run down the side: a form, not a list
        if named * 2 >= len(row.cells) or _columns_differ(row, below):
            return index
    return None


def is_declared(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row that the document calls a header is one; a title over all columns is not."""
    return row.header and (len(row.cells) > 1 or all(len(other.cells) == 1 for other in rows))


def runs_across(rows: Sequence[Row]) -> bool:
    """Whether the labels run down the first column and each further column is a record of its own.

    Two records or more, none of whose cells are labels themselves, which would make it a form.
    """
    full = [row for row in rows if len(row.cells) >= 3]
    if len(full) < 3 or len(full) * 5 < len(rows) * 3:
        return False
    side = min(row.cells[0].column for row in full)
    labels = [row.cells[0].text.strip().lower() for row in full if row.cells[0].column == side]
    if len(labels) * 5 < len(full) * 4 or len(set(labels)) * 10 < len(labels) * 9:
        return False
    if not all(map(is_label, labels)) or sum(map(names_something, labels)) * 5 < len(labels) * 3:
        return False
    alike = named = cells = compared = 0
    for row in full:
        values = [cell.text for cell in row.cells if cell.column != side]
        if row is rows[0] and row.cells[0].column != side:
            continue  # what the records are called: "Client 1", "Client 2"
        if len(values) < 2:
            return False
        cells += len(values)
        named += sum(map(names_something, values))
        digits = sum(1 for value in values if _DIGIT.search(value))
        compared += 1
        alike += digits in (0, len(values))
    first = [cell.text for cell in rows[0].cells if cell.column != side]
    if len({_DIGIT.sub("", text).strip() for text in first}) > 1 and sum(
        map(names_something, first)
    ) * 2 > len(first):
        return False  # a header over the columns
    return compared >= 3 and named * 4 < cells and alike * 10 >= compared * 7


def _is_list(column: int, below: Sequence[Row]) -> bool:
    """Whether rows hold one number or code each, in one column: a list under a heading."""
    alone = [row for row in below if len(row.cells) == 1 and row.cells[0].column == column]
    codes = sum(
        1 for row in alone if _DIGIT.search(row.cells[0].text) and len(row.cells[0].text) <= _LONGEST_LABEL
    )
    return len(alone) == len(below) and len(below) >= 2 and codes * 5 >= len(below) * 4


def _columns_differ(row: Row, below: Sequence[Row]) -> bool:
    """Whether most columns under a row without digits hold digits in most of their cells."""
    columns = {cell.column for cell in row.cells if not _DIGIT.search(cell.text)}
    filled = dict.fromkeys(columns, 0)
    digits = dict.fromkeys(columns, 0)
    for other in below:
        for cell in other.cells:
            if cell.column in columns:
                filled[cell.column] += 1
                digits[cell.column] += bool(_DIGIT.search(cell.text))
    differing = sum(1 for column in columns if filled[column] and digits[column] * 5 >= filled[column] * 3)
    return differing >= 1 and differing * 3 >= len(row.cells)


def is_form(rows: Sequence[Row]) -> bool:
    """Whether the cells of a table stand in pairs of a label and its value.

    At least half of the rows begin with a cell that reads like a label, and no row is wider than
    three pairs.
    """
    paired = [row for row in rows if len(row.cells) >= 2]
    if not paired or any(len(row.cells) > 6 for row in paired):
        return False
    labels = sum(1 for row in paired if names_something(row.cells[0].text))
    return labels * 2 >= len(paired)
