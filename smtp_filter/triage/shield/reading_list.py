"""The council's list of shielded people (CSV), and the forms in which each value may stand in a document.

One line is one person (or one more line of the same person, by ``reference``).  Columns, in any order, named
in the first line; several values in one cell are separated by ``;`` or ``|``:

    reference       the council's own, to replace or remove the person later (kept as a keyed hash only)
    name            first names and surname, or "Surname, First names"
    alias           any other name; also: previous name, maiden name
    date_of_birth   2012-04-03 or 03/04/2012
    nhs_number, chi_number, national_insurance_number, upn
    address         one line, commas between its parts, with the postcode; or address and postcode apart
    postcode, email, telephone

Nothing of the file is kept but keyed hashes; its name and path are neither recorded nor logged.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

# Long lists are possible; a file of another kind is not one.
LARGEST = 64 * 1024 * 1024
_CELL = 2_000
_SEVERAL = re.compile(r"[;|\n]")
_POSTCODE = re.compile(r"\b([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][A-Z]{2})$", re.IGNORECASE)
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "master", "prof", "rev", "sir", "lady"})
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "reference": ("reference", "ref", "id", "subjectreference", "personid", "caseid"),
    "name": ("name", "names", "fullname", "subject", "person"),
    "first": ("firstname", "firstnames", "forename", "forenames", "givenname", "givennames"),
    "last": ("lastname", "surname", "familyname"),
    "alias": ("alias", "aliases", "knownas", "previousname", "previousnames", "maidenname", "aka"),
    "birth": ("dateofbirth", "datesofbirth", "dob", "birthdate", "born"),
    "nhs": ("nhs", "nhsno", "nhsnumber", "nhsnumbers"),
    "chi": ("chi", "chinumber"),
    "nino": ("nino", "ninumber", "nationalinsurancenumber", "nationalinsuranceno"),
    "upn": ("upn", "uniquepupilnumber"),
    "address": ("address", "addresses", "homeaddress"),
    "postcode": ("postcode", "postcodes"),
    "email": ("email", "emails", "emailaddress"),
    "phone": ("phone", "phones", "telephone", "telephonenumber", "mobile"),
}
_NUMBERS = {"nhs": "UK_NHS", "chi": "UK_CHI", "nino": "UK_NINO", "upn": "UK_UPN"}


class ListError(Exception):
    """The list cannot be used; the message is one line with a line number and no value."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form of one value: ``alone`` says that it is enough by itself, ``kind`` what it is of."""

    entity_type: str
    value: str
    kind: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """One shielded person; the values leave this module as keyed hashes only."""

    reference: str
    forms: tuple[Form, ...] = field(repr=False)


def read_list(data: bytes) -> list[Subject]:
    """The people of a list.  Raises :class:`ListError`."""
    if len(data) > LARGEST:
        raise ListError(f"the list is larger than {LARGEST // 1024 // 1024} MB")
    text = _decoded(data)
    rows = _rows(text)
    header = next(rows, None)
    if header is None:
        raise ListError("the list is empty")
    columns = _columns(header[1])
    people: dict[str, list[Form]] = {}
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        told = _cells(columns, cells)
        forms = list(_forms(told, number))
        if not forms:
            raise ListError(f"line {number}: there is no name, number, address or date of birth in it")
        reference = " ".join(told.get("reference", [])) or f"line {number}"
        people.setdefault(reference, []).extend(forms)
    return [Subject(reference, tuple(dict.fromkeys(forms))) for reference, forms in people.items()]


def _decoded(data: bytes) -> str:
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ListError("the list is no text in UTF-8")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, [cell[:_CELL] for cell in cells]
    except csv.Error:
        raise ListError(f"line {reader.line_num}: it is no CSV") from None


def _columns(header: Sequence[str]) -> dict[int, str]:
    names = {alias: name for name, aliases in _COLUMNS.items() for alias in aliases}
    found: dict[int, str] = {}
    for index, cell in enumerate(header):
        plain = re.sub(r"[\W_]+", "", cell).casefold()
        if plain in names:
            found[index] = names[plain]
        elif plain:
            raise ListError(
                f"column {index + 1} is none that we know; see `dlp shield import --help` for their names"
            )
    if not set(found.values()) - {"reference"}:
        raise ListError("the first line must name the columns, such as: reference,name,date_of_birth")
    return found


def _cells(columns: Mapping[int, str], cells: Sequence[str]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for index, name in columns.items():
        if index < len(cells):
            values = [part.strip() for part in _SEVERAL.split(cells[index])]
            told.setdefault(name, []).extend(value for value in values if value)
    return told


def _forms(told: Mapping[str, list[str]], line: int) -> Iterator[Form]:
    names = [*told.get("name", []), *told.get("alias", [])]
    if told.get("last"):
        names += [f"{first} {last}" for first in told.get("first", []) for last in told["last"]]
    for name in names:
        yield from name_forms(name, line)
    for birth in told.get("birth", []):
        yield from (Form("DATE_OF_BIRTH", written, "birth", False) for written in birth_forms(birth, line))
    for column, entity_type in _NUMBERS.items():
        yield from (Form(entity_type, number, "number", True) for number in told.get(column, []))
    postcodes = told.get("postcode", [])
    for address in told.get("address", []):
        yield from address_forms(address, postcodes[0] if len(postcodes) == 1 else "")
    for postcode in postcodes:
        yield Form("UK_POSTCODE", postcode, "postcode", False)
    for email in told.get("email", []):
        yield Form("EMAIL", email, "email", True)
    for phone in told.get("phone", []):
        digits = re.sub(r"\D", "", phone)
        national = re.sub(r"^(?:0044|44)", "0", digits)
        yield from (
            Form("PHONE", form, "phone", True)
            for form in (digits, national, f"44{national[1:]}", f"440{national[1:]}", f"0044{national[1:]}")
        )


def name_forms(written: str, line: int = 0) -> Iterator[Form]:
    """The ways in which a name is written in documents.  Raises :class:`ListError` for a lone word."""
    if "," in written:
        last, _, first = written.partition(",")
        written = f"{first.strip()} {last.strip()}"
    words = [word for word in written.split() if word.rstrip(".").casefold() not in _TITLES]
    if len(words) < 2:
        raise ListError(f"line {line}: a name needs a first name and a surname")
    given, last = words[:-1], words[-1]
    middle = [word[0] for word in given[1:]]
    wholes = {
        (*given, last),
        (given[0], last),
        (given[0], *middle, last),
        (last, *given),
        (last, given[0]),
        (last, given[0], *middle),
    }
    if len(given) > 1:
        # The last of several may be the first part of a surname of two words.
        wholes |= {(given[0], *given[-1:], last), (*given[1:], last), (given[-1], last, given[0])}
    for whole in sorted(wholes):
        yield Form("PERSON", " ".join(whole), "name", True)
    initials = "".join(word[0] for word in given)
    for short in sorted({(given[0][0], last), (last, given[0][0]), (initials, last), (last, initials)}):
        yield Form("PERSON", " ".join(short), "initials", False)


def birth_forms(written: str, line: int = 0) -> list[str]:
    """The ways in which a date of birth is written.  Raises :class:`ListError`."""
    parts = re.findall(r"\d+", written)
    try:
        year_first = len(parts) == 3 and len(parts[0]) == 4
        numbers = [int(part) for part in (parts if year_first else parts[::-1])]
        day = date(*numbers)
        if len(parts) != 3 or not 1880 < day.year < 2200:
            raise ValueError
    except (ValueError, TypeError):
        raise ListError(f"line {line}: a date of birth must be written 2012-04-03 or 03/04/2012") from None
    d, m, y = day.day, day.month, day.year
    suffix = "th" if 10 <= d % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    month = _MONTHS[m - 1]
    months = {month, month[:3], *({"sept"} if m == 9 else ())}
    years = (f"{y}", f"{y % 100:02d}")
    days = {f"{d}", f"{d:02d}"}
    forms = {f"{y}{m:02d}{d:02d}", f"{y}{m}{d}"}
    for year in years:
        forms |= {f"{one}{number}{year}" for one in days for number in {f"{m}", f"{m:02d}"}}
        for name in months:
            forms |= {f"{one}{name}{year}" for one in (*days, f"{d}{suffix}", f"{d}{suffix}of")}
            forms |= {f"{name}{one}{year}" for one in (*days, f"{d}{suffix}")}
    return sorted(forms)


def address_forms(written: str, postcode: str = "") -> Iterator[Form]:
    """The address whole and in its telling parts: up to the street, the town, the postcode."""
    text = " ".join(written.split())
    found = _POSTCODE.search(text)
    if found:
        postcode, text = found[0], text[: found.start()].rstrip(" ,")
    parts = [part.strip() for part in text.split(",") if part.strip()]
    shown: set[str] = set()
    for end in range(1, len(parts) + 1):
        head = " ".join(parts[:end])
        telling = any(char.isdigit() for char in head) and any(len(word) > 2 for word in head.split())
        if (telling and not _is_unit(parts[:end])) or end > 1:
            shown.add(head)
        if postcode:
            shown.add(f"{head} {postcode}")
    for value in sorted(shown):
        yield Form("UK_ADDRESS", value, "address", True)
    if postcode:
        yield Form("UK_POSTCODE", postcode, "postcode", False)


def _is_unit(parts: Sequence[str]) -> bool:
    """Whether it is a flat's number without its house: many houses have a Flat 3."""
    return len(parts) == 1 and bool(re.match(r"(?i)(flat|unit|apartment|apt|room)\b", parts[0]))


def values_of(subjects: Iterable[Subject]) -> int:
    """How many forms there are in all."""
    return sum(len(subject.forms) for subject in subjects)
