"""Payment files of BACS, in which nothing is labelled: the column of a line says what stands there.

Source: the layout of BACS Standard 18 data records (100 characters, 106 with a processing date).
"""

from __future__ import annotations

import re

from scanner.text import Field

# What begins a data record, for RE2: destination sort code and account, type of account, transaction code,
# originating sort code and account.
RECORD = (
    rb"(?m)^[0-9]{15}(?:99|0[1-9CNS]|1[789]|Z[45])[0-9]{14}[^\n]{4}[0-9 ]{10}[0-9][A-Za-z &][^\n]{20,64}\r?$"
)
_RECORD = re.compile(RECORD.decode())
_ACCOUNT = slice(0, 14)
_ORIGIN = slice(17, 31)
_AMOUNT = slice(35, 46)
_USER = slice(46, 64)
_REFERENCE = slice(64, 82)
_PAYEE = slice(82, 100)

_COLUMNS = (
    (_ACCOUNT, "Sort code and account number"),
    (_AMOUNT, "Amount"),
    (_USER, "Paid by organisation"),
    (_REFERENCE, "Reference"),
)
_FIRM = re.compile(
    r"\b(?:limited|ltd|llp|plc|council|trust|school|academy|nhs|hmrc|university|charity|& (?:co|sons?))\b",
    re.IGNORECASE,
)


def is_payment(line: str) -> bool:
    """Whether a line is a data record of a payment file."""
    return line[:15].isdigit() and _RECORD.fullmatch(line) is not None


def fields_of(line: str, base: int) -> tuple[Field, ...]:
    """The fields of a data record that begins at ``base``; a person paid is labelled as one."""
    fields: list[Field] = []
    payee = "Payee name" if pays_a_person(line) else "Organisation paid"
    for column, label in (*_COLUMNS, (_PAYEE, payee)):
        value = line[column]
        start = base + column.start + len(value) - len(value.lstrip())
        if value.strip():
            fields.append(Field(start, start + len(value.strip()), label))
    return tuple(fields)


def pays_a_person(line: str) -> bool:
    """Whether the account may be somebody's own: no contra entry of the payer, no firm's or body's."""
    contra = line[_REFERENCE].strip().upper().startswith("CONTRA") or line[_ACCOUNT] == line[_ORIGIN]
    return not contra and not _FIRM.search(line[_PAYEE])
