"""Calendars and address cards (ICS, VCF): folded lines joined, each entry a record."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator

from scanner.documents.decoding import decode
from scanner.documents.limits import Limits
from scanner.documents.model import Location, Segment
from scanner.documents.protocol import Event, Member, Source
from scanner.documents.rows import RECORD_SEPARATOR, row_segment

_ESCAPED = re.compile(r"\\([nN,;:\\])")
_ENTRIES = {
    "VEVENT": "event",
    "VTODO": "task",
    "VJOURNAL": "entry",
    "VCARD": "card",
    "VFREEBUSY": "free time",
}


# What a person would call the properties of a card (RFC 6350, RFC 2426, vCard 2.1).
_CARD_LABELS = {
    "ANNIVERSARY": "Anniversary",
    "BDAY": "Date of birth",
    "DEATHDATE": "Date of death",
}
_DATES = frozenset({"ANNIVERSARY", "BDAY", "DEATHDATE"})
_COMPONENT = re.compile(r"(?<!\\);")
_BASIC_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T[0-9Z:+\-]{0,20})?")
_WORK = re.compile(r"(?:^|[;=,])\"?WORK\b", re.IGNORECASE)


class CalendarParser:
    """Reads iCalendar and vCard text; attached files are members."""

    kinds = frozenset({"ics", "vcf"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield one segment for each event, task or card, its properties as fields."""
        labels: list[str] = []
        values: list[str] = []
        kind = ""
        count = 0
        for line in unfolded(decode(source.read())):
            name, parameters, value = _property(line)
            if name == "BEGIN" and value.upper() in _ENTRIES:
                yield from _entry(labels, values, kind, count)
                kind = value.upper()
                count += 1
                labels, values = [], []
            elif name == "END" and value.upper() == kind:
                yield from _entry(labels, values, kind, count)
                kind = ""
                labels, values = [], []
            elif name in ("BEGIN", "END") or not value.strip():
                continue
            elif "BASE64" in parameters.upper() or "ENCODING=B" in parameters.upper():
                place = Location((f"{_ENTRIES.get(kind, 'file')} {count}", name.lower()))
                try:
                    yield Member("", base64.b64decode(value), place)
                except (binascii.Error, ValueError):
                    yield Segment(value, place)
            else:
                if "QUOTED-PRINTABLE" in parameters.upper():
                    value = decode(quopri.decodestring(value.encode("utf-8")))
                if kind == "VCARD":
                    label, value = _of_a_person(name, parameters, value)
                else:
                    label = name
                labels.append(label)
                values.append(_ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], value))
                for parameter in parameters.split(";"):
                    key, _, called = parameter.partition("=")
                    if key.upper() == "CN" and called:
                        labels.append(name)
                        values.append(called.strip('"'))
        yield from _entry(labels, values, kind, count)


def unfolded(text: str) -> Iterator[str]:
    """Whole lines: continuations begin with a blank, or follow a soft break of quoted-printable."""
    parts: list[str] = []
    quoted = False
    for line in text.splitlines():
        if parts and quoted and parts[-1].endswith("="):
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        elif parts and line[:1] in (" ", "\t"):
            parts.append(line[1:])
        else:
            if parts:
                yield "".join(parts)
            parts = [line]
            quoted = "QUOTED-PRINTABLE" in line[:300].upper()
    if parts:
        yield "".join(parts)


def _property(line: str) -> tuple[str, str, str]:
    """Name, parameters and value; a colon inside quotes does not end the parameters."""
    position = 0
    quoted = False
    for position, char in enumerate(line[:1000]):  # noqa: B007
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            break
    else:
        return "", "", line
    head, value = line[:position], line[position + 1 :]
    name, _, parameters = head.partition(";")
    return name.rpartition(".")[2].upper(), parameters, value


def _of_a_person(name: str, parameters: str, value: str) -> tuple[str, str]:
    """Label and value as a form would have them: an address on one line, a date with its dashes."""
    if name == "ADR":
        parts = [part.strip() for part in _COMPONENT.split(value)]
        return "Work address" if _WORK.search(parameters) else "Address", ", ".join(filter(None, parts))
    if name in _DATES and (date := _BASIC_DATE.fullmatch(value.strip())):
        value = "-".join(date.groups())
    return _CARD_LABELS.get(name, name), value


def _entry(labels: list[str], values: list[str], kind: str, count: int) -> Iterator[Segment]:
    if values:
        place = Location((f"{_ENTRIES[kind]} {count}",)) if kind else Location(("head",))
        table = 1 if kind else None
        yield row_segment(values, labels, place, cells=tuple(labels), table=table, separator=RECORD_SEPARATOR)
