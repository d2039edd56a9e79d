"""People, not hits: which findings belong to one human being, how many there are, in which households.

Findings join by record (a table row, a form, a paragraph), by name (variants such as Jim and James,
initials, ``SURNAME, Forename``) and by equal identifiers.  What tells two people apart, two birth dates,
two numbers of one kind, two first names under one surname, never joins: twins and siblings stay two.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from scanner.detection.finding import REPORTED, Finding
from scanner.detection.people_model import Person, Population

# Numbers that belong to exactly one person: two of a kind are two people.
_UNIQUE = """
UK_NINO UK_NHS UK_CHI UK_UPN UK_ULN UK_UTR UK_PASSPORT UK_DRIVING_LICENCE UK_PNC UK_CRO_NUMBER
UK_PRISON_NUMBER UK_PROBATION_CRN UK_RESIDENCE_PERMIT UK_CASE_ID UK_BLUE_BADGE UK_DBS_CERTIFICATE
UK_ELECTORAL_NUMBER UK_HOME_OFFICE_REFERENCE UK_TEMPORARY_REFERENCE
"""
UNIQUE_TYPES = frozenset(_UNIQUE.split())
_ATTRIBUTES = """
DATE_OF_BIRTH UK_ADDRESS PHONE EMAIL UK_BANK_ACCOUNT IBAN CREDIT_CARD UK_VEHICLE_REGISTRATION
UK_COUNCIL_TAX_ACCOUNT UK_BENEFIT_REFERENCE CHILD_FLAG SPECIAL_CATEGORY
"""
_ATTRIBUTE_TYPES = UNIQUE_TYPES | frozenset(_ATTRIBUTES.split())
# What a row of a register says of its person, and a row of a log does not.
_DESCRIBING = UNIQUE_TYPES | {
    "DATE_OF_BIRTH",
    "UK_ADDRESS",
    "UK_POSTCODE",
    "UK_BANK_ACCOUNT",
    "PHONE",
    "EMAIL",
}
# A value belongs to the nearest name before it within this many characters of running text.
_REACH = 600
_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_FOREIGN_ROLE = re.compile(
    r"social.?worker|allocated|worker|officer|teacher|manager|doctor|\bgp\b|clinician|consultant|author|"
    r"staff|"
    r"adviser|advisor|assessor|reviewer|\biro\b|lead|created.?by|updated.?by|assigned|senco|^who$|"
    r"^by(?: whom)?$|"
    r"owner$|responsible|action by|(?:checked|seen|taken|logged|completed|approved|signed|entered|"
    r"dealt).?(?:with.?)?by|"
    r"inspector|presiding|clerk|\bchair|invigilator|interpreter",
    re.IGNORECASE,
)
_SURNAME_LABEL = re.compile(r"surname|last.?name|family|^s[.']?name$|^last$", re.IGNORECASE)
_GIVEN_LABEL = re.compile(
    r"forename|first.?name|given|christian.?name|^f[.']?name$|^firsts?$|^fore$|^middle(?: ?names?)?$|"
    r"initials?",
    re.IGNORECASE,
)
_MIDDLE_LABEL = re.compile(r"middle", re.IGNORECASE)
_OTHER_PERSON = re.compile(
    r"mother|father|mum|dad|parent|carer|guardian|partner|spouse|next.?of.?kin|emergency|sibling|wife|"
    r"husband|landlord|contact",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A finding with what joining needs: its value and the record it stands in.

    ``record`` identifies the table row, form or paragraph within the document, ``table`` its table
    (``None`` in text); ``column`` is the header or label over it; ``hidden`` says why a reader does not
    see it, empty where it is visible.  ``couple`` says that a name stands for two: "Mr A & Mrs J Nowak".
    """

    finding: Finding
    value: str
    record: tuple[int, int]
    table: tuple[int, int] | None = None
    column: str = ""
    position: int = 0
    hidden: str = ""
    couple: bool = False


@dataclass(slots=True)
class _Name:
    """A name taken apart: given names in order (initials as one letter), and the surname."""

    given: tuple[str, ...]
    surname: str


@dataclass(slots=True)
class _Draft:
    """A person while it is being put together."""

    names: list[str] = field(default_factory=list)
    name: _Name | None = None
    members: list[int] = field(default_factory=list)
    unique: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    births: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    roles: Counter[str] = field(default_factory=Counter)
    rows: set[tuple[int, int]] = field(default_factory=set)
    couple: bool = False


def plain_word(word: str) -> str:
    """A name word for comparison: without accents, apostrophes and letter case."""
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(c for c in decomposed if c.isalpha()).casefold()


def parse_name(value: str, column: str = "") -> _Name | None:
    """Take a name apart; ``None`` where there is no word in it.

    ``SURNAME, Forename`` turns round; a single word is a given name, or a surname where the label says so.
    """
    if "," in value:
        surname, _, given = value.partition(",")
        ordered = f"{given} {surname}"
    else:
        ordered = value
    words = [plain_word(word) for word in _TOKEN.findall(ordered)]
    words = [word for word in words if word]
    if not words:
        return None
    if len(words) > 1 and "," not in value and (order := _both_in_order(column)):
        # "ABERNETHY Shona" under "SURNAME Forename".
        return _Name(tuple(words[1:]), words[0]) if order < 0 else _Name(tuple(words[:-1]), words[-1])
    if _SURNAME_LABEL.search(column) and "," not in value:
        # "van der Berg" under Surname is one surname.
        return _Name((), "".join(words))
    if len(words) == 1 or (_GIVEN_LABEL.search(column) and "," not in value):
        return _Name(tuple(words), "")
    return _Name(tuple(words[:-1]), words[-1])


def _both_in_order(column: str) -> int:
    """Whether one header asks for surname and given names: -1 surname first, 1 given names first, 0 not."""
    surname, given = _SURNAME_LABEL.search(column), _GIVEN_LABEL.search(column)
    if surname is None or given is None:
        return 0
    return -1 if surname.start() < given.start() else 1


class Aliases:
    """Which given names stand for each other, never transitively (Bill and William, Jim and James)."""

    def __init__(self, groups: Mapping[str, frozenset[str]]) -> None:
        self._groups = groups

    def same(self, first: str, second: str) -> bool:
        """Equal, or a known variant."""
        return (
            first == second or second in self._groups.get(first, ()) or first in self._groups.get(second, ())
        )

    def compatible(self, first: Sequence[str], second: Sequence[str]) -> bool:
        """Whether two lists of given names may be one person's: equal, a variant, or an initial of it."""
        if not first or not second:
            return True
        a, b = first[0], second[0]
        if len(a) == 1 or len(b) == 1:
            return a[0] == b[0]
        return self.same(a, b)


def group(
    mentions: Sequence[Mention],
    aliases: Aliases,
    births: Mapping[int, date] | None = None,
    today: date | None = None,
) -> Population:
    """Join the findings of one document into people.

    ``births`` gives the parsed date of a DATE_OF_BIRTH mention by its index; ``today`` is the reference
    date for who is a child.
    """
    drafts: list[_Draft] = []
    by_surname: dict[str, list[_Draft]] = defaultdict(list)
    by_given: dict[str, list[_Draft]] = defaultdict(list)
    by_number: dict[tuple[str, str], _Draft] = {}
    owners: dict[int, _Draft] = {}

    live = [index for index, mention in enumerate(mentions) if mention.finding.confidence >= REPORTED]
    parts = _name_parts(mentions, live)
    described = frozenset(
        mentions[index].record for index in live if mentions[index].finding.entity_type in _DESCRIBING
    )
    # Whole names first: a first name alone joins whoever bears it, wherever that stands.
    order = sorted(parts, key=lambda part: (not (part.name.given and part.name.surname), part.members[0]))
    for part in order:
        draft = _find(part, mentions, by_surname, by_given, aliases, described)
        if draft is None:
            draft = _Draft()
            drafts.append(draft)
        _add_name(draft, part, mentions)
        for index in part.members:
            owners[index] = draft
        if draft.name is not None:
            _register(draft, by_surname, by_given)

    for index in live:
        mention = mentions[index]
        if mention.finding.entity_type in _ATTRIBUTE_TYPES:
            _attach(index, mention, mentions, drafts, owners, by_number)

    drafts = _without_orphans(drafts)
    persons = _persons(drafts, mentions, births or {}, today)
    roles = [_role(draft) for draft in drafts]
    private = [draft for draft, role in zip(drafts, roles, strict=True) if role not in ("staff", "public")]
    # Who is a private person as far as the text tells, and everybody who may be one: a first name at the
    # end of a mail may be a resident's or a colleague's, or somebody's who is named in full elsewhere.
    low = sum(
        1
        for draft, role in zip(drafts, roles, strict=True)
        if role == "private"
        or (role == "" and draft.name is not None and draft.name.given and draft.name.surname)
    )
    # "Mr & Mrs Nowak" are two, unless both are named elsewhere.
    others = 0
    for draft, person in zip(drafts, persons, strict=True):
        if draft.couple and person.role not in ("staff", "public"):
            # The parents of the child whose surname they bear, or somebody and a partner.
            others += 2 if person.is_child else not _partner(draft, private)
    low += others
    high = len(private) + others
    households = {
        person.household
        for person in persons
        if person.household is not None and person.role not in ("staff", "public")
    }
    return Population(
        persons=tuple(persons),
        low=low,
        high=high,
        households=len(households),
        unrelated_households=_unrelated(private, mentions),
    )


def _partner(draft: _Draft, private: Sequence[_Draft]) -> bool:
    """Whether somebody else of the same surname is named."""
    surname = _last_word(draft)
    return any(other is not draft and _last_word(other) == surname for other in private)


def _last_word(draft: _Draft) -> str:
    name = draft.name
    if name is None:
        return ""
    return name.surname or (name.given[-1] if name.given else "")


@dataclass(slots=True)
class _Part:
    """One naming of a person: the findings that make it up and the name they give."""

    name: _Name
    members: list[int]
    text: str
    note: str
    record: tuple[int, int]
    table: tuple[int, int] | None
    column: str
    titled: bool


def _name_parts(mentions: Sequence[Mention], live: Iterable[int]) -> list[_Part]:
    """Name findings as namings: ``Surname`` and ``Forename`` of one row or form become one."""
    parts: list[_Part] = []
    waiting: dict[tuple[tuple[int, int], str], _Part] = {}
    whole: dict[tuple[tuple[int, int], str], _Part] = {}
    for index in live:
        mention = mentions[index]
        if mention.finding.entity_type != "PERSON":
            continue
        name = parse_name(mention.value, mention.column)
        if name is None:
            continue
        surname_only = bool(_SURNAME_LABEL.search(mention.column)) and not name.given
        if _both_in_order(mention.column):
            surname_only = False
        given_only = bool(_GIVEN_LABEL.search(mention.column)) and not name.surname
        prefix = re.sub(
            r"(?i)sur|last|family|fore|first|middle|given|christian|initials?|names?|s\)|\(|known|as|legal"
            r"|pref(?:erred)?|chosen|registered|_|\W",
            "",
            mention.column,
        ).casefold()
        key = (mention.record, prefix)
        note = mention.finding.note
        if not note and _FOREIGN_ROLE.search(mention.column):
            note = "staff"
        part = _Part(name, [index], mention.value, note, mention.record, mention.table, mention.column, False)
        if surname_only or given_only:
            middle = given_only and _MIDDLE_LABEL.search(mention.column) is not None
            before = waiting.get(key) or whole.get(key)
            if middle and before is not None:
                before.name = _Name((*before.name.given, *name.given), before.name.surname)
                before.members.append(index)
                continue
            other = waiting.get(key)
            if other is not None and bool(other.name.given) != bool(name.given):
                given = other.name.given or name.given
                surname = other.name.surname or name.surname
                other.name = _Name(given, surname)
                other.members.append(index)
                other.text = f"{other.text} {mention.value}"
                del waiting[key]
                whole[key] = other
                continue
            waiting[key] = part
        parts.append(part)
    return parts


def whole_names(mentions: Sequence[Mention]) -> Iterator[str]:
    """The names that are written in parts, ``Surname`` and ``Forename`` of one row or form, put together."""
    named = [
        index
        for index, mention in enumerate(mentions)
        if mention.column
        and mention.finding.entity_type == "PERSON"
        and mention.finding.confidence >= REPORTED
    ]
    return (part.text for part in _name_parts(mentions, named) if len(part.members) > 1)


def _find(
    part: _Part,
    mentions: Sequence[Mention],
    by_surname: Mapping[str, list[_Draft]],
    by_given: Mapping[str, list[_Draft]],
    aliases: Aliases,
    described: frozenset[tuple[int, int]],
) -> _Draft | None:
    """The person a naming belongs to, ``None`` if it names somebody new."""
    name = part.name
    if name.given and name.surname:
        for draft in by_surname.get(name.surname, ()):
            if draft.name is None or not draft.name.given:
                continue
            if not aliases.compatible(draft.name.given, name.given):
                continue
            if (
                part.table is not None
                and any(row != part.record for row in draft.rows)
                and (part.record in described or not draft.rows.isdisjoint(described))
            ):
                # Two rows that say more of them are two people, even of one name, unless a number says
                # otherwise; a log or a statement names the same one again and again.
                same_table = any(
                    mentions[i].table == part.table and mentions[i].record != part.record
                    for i in draft.members
                )
                if same_table:
                    continue
            return draft
        return None
    if name.surname:
        found = [draft for draft in by_surname.get(name.surname, ()) if draft.name is not None]
        return found[0] if len(found) == 1 else (found[0] if found else None)
    given = name.given[0]
    found = by_given.get(given, [])
    if not found and len(given) > 2:
        # A surname alone ("Mr Khan" leaves Khan) reads as a given name.
        found = [draft for draft in by_surname.get(given, ()) if draft.name is not None]
    if not found:
        found = [d for key, group_ in by_given.items() if aliases.same(key, given) for d in group_]
    if len(found) > 1:
        near = [draft for draft in found if part.record in {mentions[i].record for i in draft.members}]
        found = near or found
    return found[0] if found else None


def _add_name(draft: _Draft, part: _Part, mentions: Sequence[Mention]) -> None:
    draft.names.append(part.text)
    draft.members += part.members
    draft.couple = draft.couple or any(mentions[index].couple for index in part.members)
    if part.table is not None:
        draft.rows.add(part.record)
    if draft.name is None or (
        part.name.given and part.name.surname and not (draft.name.given and draft.name.surname)
    ):
        draft.name = part.name
    elif part.name.given and draft.name.given and len(part.name.given[0]) > len(draft.name.given[0]) == 1:
        draft.name = _Name(part.name.given, draft.name.surname)
    if part.note:
        draft.roles[part.note] += 1


def _register(draft: _Draft, by_surname: dict[str, list[_Draft]], by_given: dict[str, list[_Draft]]) -> None:
    name = draft.name
    if name is None:
        return
    if name.surname and draft not in by_surname[name.surname]:
        by_surname[name.surname].append(draft)
    if name.given and draft not in by_given[name.given[0]]:
        by_given[name.given[0]].append(draft)


def _attach(
    index: int,
    mention: Mention,
    mentions: Sequence[Mention],
    drafts: list[_Draft],
    owners: dict[int, _Draft],
    by_number: dict[tuple[str, str], _Draft],
) -> None:
    """Give a value to its person; a number that nobody around bears makes a person of its own."""
    kind = mention.finding.entity_type
    value = re.sub(r"[\W_]+", "", mention.value).casefold()
    unique = kind in UNIQUE_TYPES
    draft = by_number.get((kind, value)) if unique else None
    if draft is None:
        draft = _owner(index, mention, mentions, owners, value)
    if draft is None:
        if not unique and kind not in ("DATE_OF_BIRTH", "UK_BANK_ACCOUNT", "CREDIT_CARD"):
            return
        draft = _Draft()
        drafts.append(draft)
    draft.members.append(index)
    owners[index] = draft
    if unique:
        draft.unique[kind].add(value)
        by_number.setdefault((kind, value), draft)
    elif kind == "DATE_OF_BIRTH":
        draft.births.add(value)
    elif kind == "UK_ADDRESS":
        draft.addresses.add(value)
    if mention.table is not None:
        draft.rows.add(mention.record)


def _without_orphans(drafts: list[_Draft]) -> list[_Draft]:
    """Give values that stand far from any name to the one person they can belong to, if there is just one."""
    kept = list(drafts)
    for orphan in drafts:
        if orphan.name is not None or orphan.rows:
            continue
        others = [
            draft
            for draft in kept
            if draft is not orphan
            and not draft.rows
            and _role(draft) not in ("staff", "public")
            and (draft.name is not None or kept.index(draft) < kept.index(orphan))
        ]
        fitting = [draft for draft in others if not _clash(draft, orphan)]
        if len(others) != 1 or not fitting:
            continue
        home = fitting[0]
        home.members += orphan.members
        for kind, values in orphan.unique.items():
            home.unique[kind] |= values
        home.births |= orphan.births
        home.addresses |= orphan.addresses
        kept.remove(orphan)
    return kept


def _clash(first: _Draft, second: _Draft) -> bool:
    """Whether two drafts hold different values of what one person has only once."""
    kinds = set(first.unique) & set(second.unique)
    if any(first.unique[kind] and second.unique[kind] - first.unique[kind] for kind in kinds):
        return True
    return bool(first.births and second.births - first.births)


def _owner(
    index: int, mention: Mention, mentions: Sequence[Mention], owners: Mapping[int, _Draft], value: str
) -> _Draft | None:
    """Whose value it is: the nearest person of its row, else of its record, else before it."""
    kind = mention.finding.entity_type
    best: tuple[float, _Draft] | None = None
    column_is_other = _OTHER_PERSON.search(mention.column)
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(mentions):
            other = mentions[at]
            gap = abs(other.position - mention.position)
            same = other.record == mention.record
            if not same and (mention.table is not None or gap > _REACH):
                break
            draft = owners.get(at)
            if draft is not None and (same or step < 0):
                distance = gap * (1 if step < 0 else 1.5) + (0 if same else 400)
                if mention.table is not None:
                    distance = float(abs(at - index))
                    if bool(column_is_other) != bool(_OTHER_PERSON.search(other.column)):
                        distance += 50
                if _role(draft) in ("staff", "public"):
                    distance += 1000
                if _conflicts(draft, kind, value):
                    distance += 5000
                if best is None or distance < best[0]:
                    best = (distance, draft)
            at += step
            if abs(at - index) > 60:
                break
    if best is None or best[0] >= 5000 or (best[0] >= 1000 and kind in UNIQUE_TYPES):
        return None
    return best[1]


def _conflicts(draft: _Draft, kind: str, value: str) -> bool:
    """Whether a person already has another value of what one has only once."""
    if kind in UNIQUE_TYPES:
        # Asking must leave nothing behind: whoever has a number is a private person.
        there = draft.unique.get(kind)
        return bool(there) and value not in (there or ())
    return kind == "DATE_OF_BIRTH" and bool(draft.births) and value not in draft.births


def _role(draft: _Draft) -> str:
    """Whose file it is: a birth date or a number of one's own makes a private person."""
    if draft.unique or draft.births:
        return "private"
    staff = draft.roles["staff"] + draft.roles["public"]
    if staff and staff * 2 >= draft.roles["private"]:
        return "public" if draft.roles["public"] >= draft.roles["staff"] else "staff"
    return "private" if draft.roles["private"] or draft.addresses else ""


def _persons(
    drafts: Sequence[_Draft], mentions: Sequence[Mention], births: Mapping[int, date], today: date | None
) -> list[Person]:
    households: dict[str, int] = {}
    persons: list[Person] = []
    for draft in drafts:
        household: int | None = None
        for address in sorted(draft.addresses):
            household = households.setdefault(address, len(households))
        persons.append(
            Person(
                findings=tuple(sorted(set(draft.members))),
                names=tuple(dict.fromkeys(draft.names)),
                role=_role(draft),
                is_child=_is_child(draft, mentions, births, today),
                household=household,
            )
        )
    return persons


def _is_child(
    draft: _Draft, mentions: Sequence[Mention], births: Mapping[int, date], today: date | None
) -> bool:
    if "UK_UPN" in draft.unique:
        return True
    if any(mentions[i].finding.entity_type == "CHILD_FLAG" for i in draft.members):
        return True
    for index in draft.members:
        born = births.get(index)
        if born is not None and today is not None and (today - born).days < 18 * 365.25:
            return True
    return False


def _unrelated(private: Sequence[_Draft], mentions: Sequence[Mention]) -> bool:
    """Two families in one text document, at two addresses and of no common surname, outside of tables.

    A list of tenants holds many households on purpose; a letter or a report that does was put
    together from somebody else's.
    """
    placed = [d for d in private if d.addresses and not d.rows and d.name is not None and d.name.surname]
    for position, first in enumerate(placed):
        for second in placed[position + 1 :]:
            if first.addresses & second.addresses or first.name is None or second.name is None:
                continue
            shared = {mentions[i].record for i in first.members} & {
                mentions[i].record for i in second.members
            }
            if first.name.surname != second.name.surname and not shared:
                return True
    return False
