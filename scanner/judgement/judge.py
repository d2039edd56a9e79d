"""The judge: what was found in a document, and the people in it, to a severity with its reasons.

Follows the table of severities of ``docs``' yardstick row by row; each row is one function below.  People
in their role, published names, made-up people and specimens never make a document sensitive.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.schema import Stage
from scanner.detection.finding import REPORTED
from scanner.detection.people import Mention
from scanner.detection.people_model import IN_ROLE, Person, Population
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from scanner.judgement.policy import Policy

# Notes of findings that are nobody's at home.
_OFFICIAL = frozenset({"office", "organisation", "own", "role", "published", "firm", "site"})
# Kinds of paper in which a bare name is published on purpose.
_PUBLISHED = frozenset(
    {
        "policy",
        "job advert",
        "training",
        "committee paper",
        "statistics",
        "press",
        "newsletter",
        "foi",
        "judgment",
        "public register",
        "procurement",
        "it ticket",
        "source code",
    }
)
# Labels under which an unsure number may be somebody's; under "Part" or "Delivery note" it is not.
_IDENTITY_LABEL = re.compile(
    r"\b(?:ni|nino|nin|national ins\w*|nhs|chi|employee|staff|payroll|pay|person|claimant|client|customer"
    r"|tenant|pupil|patient|applicant|name|id|identifier|number|no|ref|reference|passport|licence|utr|tax)\b",
    re.IGNORECASE,
)
# A heading or a context phrase counts for a child's file from this confidence on.
_CONTEXT = 0.6

# An unsure number is a name's so far behind it, or so close before it.
_BEHIND = 300
_BESIDE = 13

# Mail domains of those who write in their role.
_PUBLIC_BODY = re.compile(
    r"\.(?:gov|nhs|police|sch|mod|parliament)\.(?:uk|scot|wales)$|nhs\.net$|hscni\.net$", re.I
)

_CATEGORY_WORDS = {
    "health": "health",
    "adult_safeguarding": "the safeguarding of an adult",
    "ethnicity": "ethnic origin",
    "religion": "religion or belief",
    "sexual_orientation": "sexual orientation or gender identity",
    "politics": "political opinion",
    "union": "trade union membership",
    "offence": "criminal offences",
    "domestic_abuse": "domestic abuse",
    "biometric": "genetic or biometric data",
}
_TOPIC_WORDS = {
    "debt": "debt or arrears",
    "benefit": "benefits",
    "fraud": "an allegation of fraud",
    "discipline": "discipline, grievance or absence from work",
    "accusation": "an accusation by a neighbour or anti-social behaviour",
    "pupil_behaviour": "a pupil's behaviour, exclusion or attendance",
    "sen": "special educational needs",
    "adult_safeguarding": "the care or safeguarding of an adult",
    "homelessness": "homelessness",
    "immigration": "immigration status",
    "complaint": "an everyday matter",
}
_FLAG_WORDS = {
    "child_protection": "child protection",
    "child_in_need": "a child in need",
    "looked_after": "a looked-after child",
    "order": "care or protection orders",
    "adoption": "adoption",
    "abuse": "abuse or neglect of a child",
    "exploitation": "exploitation of a child",
    "safeguarding": "the safeguarding of a child",
    "channel": "a Channel or Prevent case",
}


@dataclass(frozen=True)
class Case:
    """What is judged: the mentions that count, and who they belong to."""

    mentions: Sequence[Mention]
    population: Population
    policy: Policy

    @cached_property
    def live(self) -> tuple[int, ...]:
        """Indexes of the mentions that count: reported, and not about made-up people."""
        made_up: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for mention in self.mentions:
            finding = mention.finding
            if finding.entity_type == "DOCUMENT_KIND" and finding.note == "made-up":
                made_up[mention.record[0]].append((finding.start, finding.end))
        for spans in made_up.values():
            spans.sort()

        def real(mention: Mention) -> bool:
            spans = made_up.get(mention.record[0])
            if not spans:
                return True
            start = mention.finding.start
            at = bisect_right(spans, (start, 1 << 60)) - 1
            return at < 0 or start >= spans[at][1]

        return tuple(i for i, m in enumerate(self.mentions) if m.finding.confidence >= REPORTED and real(m))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of paper that the document's sections are."""
        return frozenset(m.finding.note for m in self.mentions if m.finding.entity_type == "DOCUMENT_KIND")

    @cached_property
    def private(self) -> tuple[Person, ...]:
        """The people who are not in their role and not made up."""
        live = set(self.live)
        return tuple(
            person
            for person in self.population.persons
            if person.role not in IN_ROLE and any(index in live for index in person.findings)
        )

    @cached_property
    def named(self) -> tuple[Person, ...]:
        """The private people who have a name."""
        return tuple(person for person in self.private if person.names)

    @cached_property
    def owners(self) -> dict[int, Person]:
        """The private person of each mention that has one."""
        return {index: person for person in self.private for index in person.findings}

    def of_type(self, *types: str) -> Iterator[int]:
        """Live mentions of these entity types that are not an office's or a firm's."""
        wanted = frozenset(types)
        for index in self.live:
            finding = self.mentions[index].finding
            if finding.entity_type in wanted and finding.note not in _OFFICIAL:
                yield index

    def topics(self, *notes: str) -> Iterator[int]:
        """Live topics of these notes, at the confidence the policy asks for."""
        for index in self.live:
            finding = self.mentions[index].finding
            if finding.entity_type != "TOPIC" or finding.note not in notes:
                continue
            if finding.confidence >= self.policy.breadth.topic:
                yield index

    def value(self, index: int) -> str:
        """The value of a mention for counting distinct ones; never shown."""
        return re.sub(r"[\W_]+", "", self.mentions[index].value).casefold()

    def at_work(self, index: int) -> bool:
        """Whether a mention is a mailbox of a public body or of the organisation itself."""
        mention = self.mentions[index]
        if mention.finding.entity_type != "EMAIL":
            return False
        return mention.finding.note in ("own", "role") or _PUBLIC_BODY.search(mention.value) is not None

    @cached_property
    def names_by_record(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """Position and person number of each private name, by record, in order."""
        names: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for number, person in enumerate(self.private):
            for index in person.findings:
                mention = self.mentions[index]
                if mention.finding.entity_type == "PERSON":
                    names[mention.record].append((mention.position, number))
        for marks in names.values():
            marks.sort()
        return names

    def people_of(self, indexes: Sequence[int]) -> int:
        """How many distinct people these mentions are about, at the least one where there are any.

        A mention that no person owns is about the name before it in its record (a row, a paragraph).
        """
        numbers = {id(person): number for number, person in enumerate(self.private)}
        people: set[int] = set()
        for index in indexes:
            owner = self.owners.get(index)
            if owner is not None:
                people.add(numbers[id(owner)])
                continue
            mention = self.mentions[index]
            names = self.names_by_record.get(mention.record)
            if names:
                at = bisect_right(names, (mention.position, 1 << 60))
                # What is said of somebody follows the name.
                people.add(names[max(0, at - 1)][1])
        return max(len(people), 1) if indexes else 0


def assess(mentions: Sequence[Mention], population: Population, policy: Policy) -> Assessment:
    """Judge one document from its mentions and its people."""
    case = Case(mentions, population, policy)
    found = [reason for row in _ROWS for reason in row(case)]
    people = PeopleCount(population.low, population.high)
    told = _weighed(case, found, without=("shadow",))
    if not policy.stages or not found:
        return Assessment(_worst(told), people, tuple(told))
    return Assessment(
        _worst(told),
        people,
        tuple(told),
        enforced=_worst(_weighed(case, found, without=("shadow", "warn"))),
        shadowed=_worst(_weighed(case, found, without=())),
    )


def _weighed(case: Case, found: Sequence[Reason], without: Sequence[Stage]) -> list[Reason]:
    """The reasons but for those of some stages, with what makes them worse; the worst first."""
    stages = case.policy.stages
    reasons = [reason for reason in found if stages.get(reason.code, "block") not in without]
    severity = _worst(reasons)
    if severity > Severity.NONE:
        reasons += [
            one for one in _circumstances(case, severity) if stages.get(one.code, "block") not in without
        ]
    return sorted(reasons, key=lambda reason: -reason.severity)


def _worst(reasons: Sequence[Reason]) -> Severity:
    return max((reason.severity for reason in reasons), default=Severity.NONE)


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{count} people"


def _returns(case: Case) -> Iterator[Reason]:
    """A statutory children's return with rows: critical; a school's or SEN list: high."""
    for note in sorted({case.mentions[i].finding.note for i in case.of_type("CHILD_RETURN")}):
        word, _, rest = note.partition(":")
        title, _, rows = rest.rpartition(":")
        if rows.isdigit() and int(rows) > 0 and word.upper() in Severity.__members__:
            count = f"{rows} row" if rows == "1" else f"{rows} rows"
            text = f"A return or extract about individual children ({title}) with {count}."
            yield Reason("children_return", text, Severity[word.upper()])


def _children(case: Case) -> Iterator[Reason]:
    """An identified child with a child-protection, looked-after, adoption or abuse matter: critical."""
    categories: dict[str, int] = defaultdict(int)
    initials = 0
    for index in case.of_type("CHILD_FLAG"):
        finding = case.mentions[index].finding
        if finding.confidence < case.policy.breadth.phrase:
            continue
        if finding.note.endswith(":initials"):
            initials += 1
        else:
            categories[finding.note] += 1
    if categories:
        words = ", ".join(_FLAG_WORDS.get(name, name) for name in sorted(categories))
        yield Reason("child_at_risk", f"An identified child, and: {words}.", Severity.CRITICAL)
        return
    if _child_file(case):
        yield Reason("child_file", "A file about an identified child in care or at risk.", Severity.CRITICAL)
    elif initials:
        text = "A child known by initials, with age, school or address, and a child-protection matter."
        yield Reason("child_by_initials", text, Severity.MEDIUM)


def _child_file(case: Case) -> bool:
    """Whether headings and context phrases speak of an identified child though no phrase passed the gate."""
    child = any(person.is_child and person.names for person in case.private)
    if not child or not any(
        True for _ in case.of_type("DATE_OF_BIRTH", "UK_UPN", "UK_NHS", "UK_CHI", "UK_ADDRESS")
    ):
        return False
    context = sum(
        1 for index in case.topics("child_context") if case.mentions[index].finding.confidence >= _CONTEXT
    )
    heading = any(
        m.finding.entity_type == "CHILD_FLAG" and m.finding.note == "heading" for m in case.mentions
    )
    general = bool(case.kinds & _PUBLISHED)
    return context >= 2 or (context >= 1 and heading) or (heading and not general)


def _danger(case: Case) -> Iterator[Reason]:
    """MARAC, Channel, and where a person at risk lives: critical."""
    for topic, code, text in (
        ("marac", "marac", "A MARAC matter about an identified person."),
        ("channel", "channel", "A Channel or Prevent matter about an identified person."),
    ):
        if any(True for _ in case.topics(topic)) and (case.named or case.private):
            yield Reason(code, text, Severity.CRITICAL)
    homes = list(case.of_type("UK_ADDRESS", "UK_POSTCODE"))
    marked = "public register" not in case.kinds and any(
        case.mentions[i].finding.note == "at-risk" for i in homes
    )
    if marked or (homes and any(True for _ in case.topics("at_risk_address"))):
        yield Reason("at_risk_address", "It shows where a person at risk lives.", Severity.CRITICAL)


# A column's or form's label has no more words, and fewer digits.
_LABEL_WORDS, _LABEL_DIGITS = 6, 4


def _strong_identifiers(case: Case) -> Iterator[Reason]:
    """Strong identifiers: high; of ``many_people`` people: critical."""
    breadth = case.policy.breadth
    values: dict[str, set[str]] = defaultdict(set)
    unsure = 0
    for index in case.of_type(*case.policy.strong_identifiers):
        finding = case.mentions[index].finding
        if finding.confidence >= breadth.identifier_alone or (
            finding.confidence >= breadth.identifier and _somebodys(case, index)
        ):
            values[finding.entity_type].add(case.value(index))
        elif finding.confidence >= breadth.identifier and not foreign_label(case, index):
            unsure += 1
    if not values:
        if unsure and case.private:
            text = "Numbers that may be strong identifiers, with nobody named beside them."
            yield Reason("possible_identifier", text, Severity.MEDIUM)
        return
    most = max(len(numbers) for numbers in values.values())
    kinds = ", ".join(sorted(_identifier_words(name) for name in values))
    if most >= case.policy.many_people:
        text = f"Strong identifiers of {most} people: {kinds}."
        yield Reason("many_strong_identifiers", text, Severity.CRITICAL)
    else:
        yield Reason("strong_identifier", f"Strong identifiers of {_people(most)}: {kinds}.", Severity.HIGH)


def foreign_label(case: Case, index: int) -> bool:
    """Whether a number stands under a label that names something else than a person's number."""
    column = case.mentions[index].column
    # What goes on for longer before a colon, or holds a date or a number, is a sentence.
    if not 0 < len(column.split()) <= _LABEL_WORDS or sum(map(str.isdigit, column)) >= _LABEL_DIGITS:
        return False
    return _IDENTITY_LABEL.search(column) is None


def _somebodys(case: Case, index: int) -> bool:
    """Whether an unsure number stands in the same row or paragraph as the private person it was given to."""
    owner = case.owners.get(index)
    if owner is None or not owner.names or foreign_label(case, index):
        return False
    mention = case.mentions[index]
    return any(
        other.record == mention.record
        # In lines that no layout tells apart, a number follows the name that it belongs to.
        and (mention.table is not None or -_BESIDE <= mention.position - other.position <= _BEHIND)
        for other in (case.mentions[i] for i in owner.findings)
        if other.finding.entity_type in ("PERSON", "DATE_OF_BIRTH", "UK_ADDRESS")
    )


def _identifier_words(entity_type: str) -> str:
    plain = entity_type.removeprefix("UK_").replace("_", " ")
    return plain if len(plain) <= 4 else plain.lower()


def _special(case: Case) -> Iterator[Reason]:
    """Health and other special categories, offences, adult safeguarding about an identified person: high."""
    found: dict[str, list[int]] = defaultdict(list)
    for index in case.of_type("SPECIAL_CATEGORY"):
        finding = case.mentions[index].finding
        if finding.confidence >= case.policy.breadth.phrase:
            found[finding.note].append(index)
    for category, indexes in sorted(found.items()):
        severity = case.policy.special_categories.get(category, Severity.NONE)
        if severity > Severity.NONE:
            words = _CATEGORY_WORDS.get(category, category)
            count = _people(case.people_of(indexes))
            yield Reason(f"special_{category}", f"Data about {words} of {count}.", severity)


def _topics(case: Case) -> Iterator[Reason]:
    """Debt, discipline, accusations and the like: medium, and high for several people."""
    for topic, severity in sorted(case.policy.topics.items()):
        if topic in ("marac", "channel", "at_risk_address") or severity <= Severity.LOW:
            continue
        indexes = list(case.topics(topic))
        if not indexes or not case.private:
            continue
        count = case.people_of(indexes)
        if severity is Severity.MEDIUM and count >= case.policy.several_people:
            severity = Severity.HIGH
        words = _TOPIC_WORDS.get(topic, topic.replace("_", " "))
        yield Reason(f"topic_{topic}", f"It is about {words} of {_people(count)}.", severity)


def _attributes(case: Case) -> Iterator[Reason]:
    """Date of birth with address, bank accounts, pupil numbers: medium, high for several; bulk: high."""
    births: set[int] = set()
    homes: set[int] = set()
    numbered: set[int] = set()
    for number, person in enumerate(case.private):
        types = {
            case.mentions[i].finding.entity_type
            for i in person.findings
            if case.mentions[i].finding.note not in _OFFICIAL
        }
        if "DATE_OF_BIRTH" in types:
            births.add(number)
        if "UK_ADDRESS" in types:
            homes.add(number)
        if types & case.policy.personal_identifiers and (person.names or "DATE_OF_BIRTH" in types):
            numbered.add(number)
    records = {case.mentions[i].record for i in case.of_type("UK_POSTCODE", "UK_ADDRESS")}
    both = {n for n in births if n in homes or _shares_record(case, case.private[n], records)}
    if births and not both and any(True for _ in case.of_type("UK_ADDRESS")):
        both = set(list(births)[:1])  # one letter: the child's birth date, the parent's address
    several = case.policy.several_people
    if both:
        severity = Severity.HIGH if len(both) >= several else Severity.MEDIUM
        text = f"Date of birth and address of {_people(len(both))}."
        yield Reason("birth_date_and_address", text, severity)
    if numbered:
        severity = Severity.HIGH if len(numbered) >= several else Severity.MEDIUM
        text = f"Bank accounts or personal reference numbers of {_people(len(numbered))}."
        yield Reason("personal_numbers", text, severity)
    elif any(
        case.mentions[i].finding.confidence >= case.policy.breadth.identifier
        and case.mentions[i].record in case.names_by_record
        for i in case.of_type("UK_BANK_ACCOUNT", "IBAN")
    ):
        yield Reason("personal_numbers", "Bank details beside a named person.", Severity.MEDIUM)
    bulk = max(len(births), len(homes))
    if bulk >= case.policy.many_people:
        yield Reason("many_people", f"Dates of birth or addresses of {bulk} people.", Severity.HIGH)


def _shares_record(case: Case, person: Person, records: set[tuple[int, int]]) -> bool:
    return any(case.mentions[i].record in records for i in person.findings)


def _contacts(case: Case) -> Iterator[Reason]:
    """A few private people with ordinary contact details: low.

    A name with a telephone number may be an officer's; a home, a consumer mailbox or a private matter is not.
    """
    if case.kinds and case.kinds <= {"public register"}:
        return  # what the law publishes anyway
    published = bool(case.kinds & _PUBLISHED)
    reached = 0
    everyday = any(True for _ in case.topics("complaint"))
    homes = any(True for _ in case.of_type("UK_ADDRESS"))
    for person in case.private:
        findings = [case.mentions[i].finding for i in person.findings]
        types = {finding.entity_type for finding in findings if finding.note not in _OFFICIAL}
        if not types & {"UK_ADDRESS", "DATE_OF_BIRTH"} and any(map(case.at_work, person.findings)):
            continue
        mobile = any(f.entity_type == "PHONE" and f.note == "mobile" for f in findings)
        consumer = any(f.entity_type == "EMAIL" and f.note == "consumer" for f in findings)
        whole = any(" " in name.strip() for name in person.names)
        known = "DATE_OF_BIRTH" in types or bool(types & case.policy.personal_identifiers)
        said = person.names and person.role == "private" and not published
        if (
            "UK_ADDRESS" in types
            or known
            or (person.names and consumer)
            or (person.names and everyday and not published)
            or (said and (types & case.policy.contacts or homes))
            or (whole and not published and (mobile or homes))
        ):
            reached += 1
    if reached:
        text = f"Ordinary contact details of {_people(reached)}."
        yield Reason("contact_details", text, Severity.LOW)


def _circumstances(case: Case, severity: Severity) -> Iterator[Reason]:
    """What makes a disclosure likelier: two families in one text, people left where nobody looks."""
    if case.population.unrelated_households:
        text = "It mixes people of households that have nothing to do with each other."
        yield Reason("unrelated_households", text, max(severity, Severity.LOW))
    if _addressed_to_another(case):
        text = "It is addressed to one person and tells of another, who lives elsewhere."
        yield Reason("addressee_is_not_subject", text, max(severity, Severity.LOW))
    hidden, visible = 0, 0
    for person in case.named:
        if all(case.mentions[i].hidden for i in person.findings):
            hidden += 1
        else:
            visible += 1
    if hidden and visible:
        text = f"Hidden text names {_people(hidden)} whom the visible text does not."
        yield Reason("residue", text, max(Severity.LOW, min(severity, Severity.MEDIUM)))


def _addressed_to_another(case: Case) -> bool:
    """Whether a letter to one household tells the birth date, number or health of an adult of another."""
    greeted = {
        (mention.record[0], mention.finding.start)
        for mention in case.mentions
        if mention.finding.entity_type == "TOPIC" and mention.finding.note == "addressee"
    }
    if not greeted:
        return False
    addressees: list[Person] = []
    subjects: list[Person] = []
    for person in case.named:
        mentions = [case.mentions[i] for i in person.findings]
        if any((m.record[0], m.finding.start) in greeted for m in mentions):
            addressees.append(person)
        telling = {"DATE_OF_BIRTH", "SPECIAL_CATEGORY"} | case.policy.strong_identifiers
        if any(m.finding.entity_type in telling and m.finding.confidence >= REPORTED for m in mentions):
            subjects.append(person)
    if not addressees or not subjects or any(person in addressees for person in subjects):
        return False
    homes = {person.household for person in addressees}
    return all(
        subject.household is not None and subject.household not in homes and not subject.is_child
        for subject in subjects
    )


_ROWS: tuple[Callable[[Case], Iterator[Reason]], ...] = (
    _returns,
    _children,
    _danger,
    _strong_identifiers,
    _special,
    _topics,
    _attributes,
    _contacts,
)
