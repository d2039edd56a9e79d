"""The inventory of a document: what of it a reader does not see, counted by kind and part while it is read.

It looks over the shoulder of the inspection, segment by segment, and keeps counts and places, never text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scanner.documents import Location, Segment
from scanner.documents.hidden_reasons import Concealment, concealment
from scanner.inspection import PartCount
from scanner.judgement.assessment import PeopleCount
from scanner.release.advice import ADVICE, Advice
from scanner.release.model import Objection, Remark, Weight
from scanner.release.properties import is_about_people, is_harmless, is_path, is_position

# Different containers (sheets, caches, embedded files) that are listed one by one.
_LISTED = 500
_FIELDS_NAMED = 8
_FIELDS_KEPT = 40
_FILE_NAME = "file name"
_SHEET_NAME = "name"
_EMBEDDED = ("embedded file", "embedded object", "attachment")
_DATA_MODEL = 'embedded file "item.data"'
_PICTURE = "picture "
# Kinds that are nothing but a wrapping: what is inside is what is published.
_WRAPPING_KINDS = """zip 7z ar bzip2 cab compress cpio gzip iso lha lz4 lzip rar tar xar xz zstd
    eml mbox msg mhtml tnef cms pgp"""
_WRAPPINGS = frozenset(_WRAPPING_KINDS.split())


@dataclass(slots=True)
class _Tally:
    """What one kind of concealment hides in one part of the document."""

    container: str
    place: str
    count: int = 0
    labelled: int = 0  # rows under a header, which is no row of data itself
    reasons: Counter[str] = field(default_factory=Counter)
    labels: dict[str, None] = field(default_factory=dict)


class Inventory:
    """Counts what is hidden; ``watch`` takes each segment as it passes, the rest tells the result."""

    def __init__(self) -> None:
        self._members: dict[tuple[str, ...], None] = {}
        self._embedded: dict[tuple[str, ...], None] = {}
        self._tallies: dict[tuple[str, str], _Tally] = {}
        self._properties: dict[str, _Tally] = {}
        self._paths = _Tally("", "")
        self._empty_sheets: dict[str, None] = {}

    def watch(self, segment: Segment) -> None:
        """Take note of a segment."""
        parts = segment.location.parts
        if len(parts) > 1 and parts[-1] == _FILE_NAME and len(self._members) < _LISTED:
            self._members[parts[:-1]] = None
        self._note_embedded(parts)
        if segment.hidden:
            self._note(segment, segment.hidden, 1)
        elif any(segment.hidden_fields):
            for reason, count in Counter(filter(None, segment.hidden_fields)).items():
                self._note(segment, reason, count)

    def part_of(self, hidden: str, location: Location) -> str:
        """The part of the document, in a key of this inventory's own, in which hidden people are counted."""
        if not hidden:
            return "visible"
        kind = concealment(hidden)
        return f"{kind.value}\0{self._container(location.parts) if ADVICE[kind].apart else ''}"

    # --- counting ---------------------------------------------------------------------------------------

    def _note(self, segment: Segment, reason: str, count: int) -> None:
        kind = concealment(reason)
        if kind in (Concealment.PROPERTIES, Concealment.PICTURE_DATA):
            self._property(segment, kind)
            return
        advice = ADVICE[kind]
        parts = segment.location.parts
        container = self._container(parts) if advice.apart else ""
        if kind is Concealment.HIDDEN_SHEET and parts[-1] == _SHEET_NAME:
            self._empty_sheets[container] = None  # until a row of it comes
            return
        key = (kind.value, container)
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= _LISTED:
                key = (kind.value, "")
                container = ""
            tally = self._tallies.setdefault(key, _Tally(container, str(segment.location)))
        counts = kind is not Concealment.PIVOT_CACHE or parts[-1].startswith("record ")
        tally.count += count if counts else 0
        tally.labelled += kind is Concealment.HIDDEN_SHEET and any(one.label for one in segment.fields)
        tally.reasons[reason] += count
        if len(tally.labels) < _FIELDS_KEPT and kind is Concealment.PIVOT_CACHE:
            tally.labels.update(dict.fromkeys(one.label for one in segment.fields if one.label))
        if advice.weight is None and is_path(segment.text):
            self._paths.place = self._paths.place or str(segment.location)
            self._paths.count += 1

    def _property(self, segment: Segment, kind: Concealment) -> None:
        label = segment.fields[0].label if segment.fields else ""
        if not label and len(segment.location.parts) > 1:
            label = segment.location.parts[-1]
        advice = ADVICE[kind]
        if is_harmless(label, segment.text):
            code = "properties"
        elif kind is Concealment.PICTURE_DATA:
            code = "picture-position" if is_position(label) else advice.code
        else:
            known = not label or is_about_people(label) or is_path(segment.text)
            code = advice.code if known else "custom-properties"
        tally = self._properties.setdefault(code, _Tally("", str(segment.location)))
        tally.count += 1
        if label and len(tally.labels) < _FIELDS_KEPT:
            tally.labels[label] = None

    def _container(self, parts: tuple[str, ...]) -> str:
        """The sheet, cache or slide that holds a place, with the files around it."""
        for length in range(len(parts) - 1, 0, -1):
            if parts[:length] in self._members:
                return " > ".join(parts[: length + 1])
        return parts[0] if parts else ""

    def _note_embedded(self, parts: tuple[str, ...]) -> None:
        for index, part in enumerate(parts):
            if part.startswith(_EMBEDDED):
                if len(self._embedded) < _LISTED:
                    self._embedded[parts[: index + 1]] = None
                return

    # --- telling ----------------------------------------------------------------------------------------

    def objections(self, kind: str, people: Mapping[str, PartCount]) -> Iterator[Objection]:
        """What speaks against publishing a file of this ``kind``; ``people`` are counted by ``part_of``."""
        for (word, container), tally in self._tallies.items():
            advice = ADVICE[Concealment(word)]
            if advice.weight is not None:
                tally.count = tally.labelled or tally.count
                found = at_most_by_rows(people.get(f"{word}\0{container}"), tally.count)
                yield Objection(
                    advice.code,
                    advice.weight,
                    _found(advice, tally, found),
                    advice.action,
                    tally.container or tally.place,
                    max(1, tally.count),
                    found if found is not None and found.high else None,
                )
        yield from self._property_objections()
        yield from self._embedded_objections(kind)
        if self._paths.count:
            yield Objection(
                "paths",
                Weight.MEDIUM,
                "Names of folders or servers stand in links, formulas or fields.",
                "Remove or shorten them.",
                self._paths.place,
                self._paths.count,
            )

    def remarks(self) -> Iterator[Remark]:
        """What to know that does not fail the file."""
        filled = {tally.container for (word, _), tally in self._tallies.items() if word == "hidden sheet"}
        for sheet in self._empty_sheets:
            if sheet not in filled:
                yield Remark(
                    "empty-hidden-sheet",
                    "The hidden sheet holds no text; delete it all the same, and its name with it.",
                    sheet,
                )
        for (word, _), tally in self._tallies.items():
            advice = ADVICE[Concealment(word)]
            if advice.weight is None:
                yield Remark(advice.code, advice.action, tally.place, tally.count)
        if (stay := self._properties.get("properties")) is not None:
            names = ", ".join(list(stay.labels)[:_FIELDS_NAMED]) or "of the program"
            yield Remark("properties", f"Properties that may stay: {names}.", stay.place, stay.count)

    def _property_objections(self) -> Iterator[Objection]:
        texts = {
            "metadata": ADVICE[Concealment.PROPERTIES].action,
            "custom-properties": "Somebody added properties of their own to the file: remove them.",
            "picture-data": ADVICE[Concealment.PICTURE_DATA].action,
            "picture-position": "The picture says where it was taken: save it without its position.",
        }
        for code, action in texts.items():
            if (tally := self._properties.get(code)) is not None:
                names = ", ".join(list(tally.labels)[:_FIELDS_NAMED])
                what = f"Properties: {names}." if names else "Properties of the document."
                weight = Weight.HIGH if code == "picture-position" else Weight.MEDIUM
                yield Objection(code, weight, what, action, tally.place, tally.count)

    def _embedded_objections(self, kind: str) -> Iterator[Objection]:
        for parts in self._embedded:
            if parts[-1] == _DATA_MODEL:
                yield Objection(
                    "data-model",
                    Weight.HIGH,
                    "The workbook's data model holds whole tables that no sheet shows.",
                    "Paste what is shown as values into a new workbook.",
                    " > ".join(parts),
                )
            elif not _is_content(parts, kind):
                yield Objection(
                    "embedded-file",
                    Weight.HIGH,
                    "A whole file is inside, with more than its picture shows.",
                    "Remove it, or put a picture of it in its place.",
                    " > ".join(parts),
                )


def _is_content(parts: tuple[str, ...], kind: str) -> bool:
    """Whether an enclosed file is what its wrapping is for: an attachment of mail."""
    if not parts[-1].startswith("attachment"):
        return False
    return kind in _WRAPPINGS if len(parts) == 1 else ".pdf" not in parts[-2].lower()


def _found(advice: Advice, tally: _Tally, people: PeopleCount | None) -> str:
    one, several = advice.what
    many = f"{tally.count:,} {one if tally.count == 1 else several}"
    reasons = ", ".join(reason for reason, _ in tally.reasons.most_common(4))
    words = [f"{many} ({reasons})" if reasons not in (advice.code, "") else many]
    if tally.labels:
        names = list(tally.labels)
        more = f" and {len(names) - _FIELDS_NAMED} more" if len(names) > _FIELDS_NAMED else ""
        words.append(f"fields {', '.join(names[:_FIELDS_NAMED])}{more}")
    if people is not None and people.high:
        words.append(counted(people))
    return f"{'; '.join(words)}."


def at_most_by_rows(part: PartCount | None, rows: int) -> PeopleCount | None:
    """The people of a part of so many rows: no more are sure than were told apart, but rows may be others.

    Where most rows name somebody, the rest most likely do so under names that nobody knows.

    >>> at_most_by_rows(PartCount(PeopleCount(2, 8), 40), 100)
    PeopleCount(low=2, high=40)
    >>> at_most_by_rows(PartCount(PeopleCount(2, 8), 60), 100)
    PeopleCount(low=2, high=100)
    """
    if part is None:
        return None
    high = max(part.people.high, part.rows)
    return PeopleCount(part.people.low, max(high, rows) if part.rows * 2 > rows else high)


def counted(people: PeopleCount) -> str:
    """People in words.

    >>> counted(PeopleCount(1, 1)), counted(PeopleCount(3, 5))
    ('1 person', '3 to 5 people')
    """
    people_of = "person" if people.high == 1 else "people"
    if people.low == people.high:
        return f"{people.low:,} {people_of}"
    if not people.low:
        return f"up to {people.high:,} {people_of}"
    return f"{people.low:,} to {people.high:,} people"
