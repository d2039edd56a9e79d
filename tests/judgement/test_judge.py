"""The judge follows the table of severities, row by row, with what must not raise a severity beside it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from scanner.detection.finding import Finding
from scanner.detection.people import Mention
from scanner.detection.people_model import Person, Population
from scanner.judgement.assessment import Assessment, Severity
from scanner.judgement.judge import assess
from scanner.judgement.policy import MAIL, default_policy

POLICY = default_policy()


class Document:
    """Puts together what detection and the people room would hand to the judge."""

    def __init__(self) -> None:
        self.mentions: list[Mention] = []
        self.persons: list[Person] = []
        self.unrelated = False

    def add(
        self,
        entity_type: str,
        value: str = "",
        *,
        confidence: float = 0.9,
        note: str = "",
        record: int = 0,
        hidden: str = "",
    ) -> int:
        start = 100 * len(self.mentions)
        value = value or f"{entity_type} {len(self.mentions)}"
        finding = Finding(entity_type, start, start + len(value), confidence, "test", (), note)
        self.mentions.append(Mention(finding, value, (0, record), None, "", start, hidden))
        return len(self.mentions) - 1

    def person(
        self,
        *types: str,
        role: str = "",
        name: str = "Keira Doyle",
        child: bool = False,
        record: int = 0,
        hidden: str = "",
        notes: dict[str, str] | None = None,
    ) -> None:
        notes = notes or {}
        indexes = [self.add("PERSON", name, note=role, record=record, hidden=hidden)] if name else []
        for kind in types:
            indexes.append(self.add(kind, record=record, hidden=hidden, note=notes.get(kind, "")))
        self.persons.append(Person(tuple(indexes), (name,) if name else (), role, child))

    def assessed(self, use: str = "shares") -> Assessment:
        private = [person for person in self.persons if person.role not in ("staff", "public")]
        population = Population(
            tuple(self.persons), len(private), len(private), unrelated_households=self.unrelated
        )
        return assess(self.mentions, population, default_policy(use))


def people(count: int, *types: str, role: str = "") -> Document:
    document = Document()
    for number in range(count):
        document.person(*types, role=role, name=f"Person {number}", record=number)
    return document


@pytest.mark.parametrize(
    ("document", "severity", "why"),
    [
        (people(3, "PHONE", "EMAIL", role="staff"), Severity.NONE, "staff with their work contacts"),
        (people(2, role="public"), Severity.NONE, "councillors"),
        (people(2), Severity.NONE, "bare names"),
        (people(2, "PHONE", role="private"), Severity.LOW, "residents with a telephone number"),
        (people(1, "UK_ADDRESS"), Severity.LOW, "a home"),
        (people(1, "DATE_OF_BIRTH"), Severity.LOW, "a birth date alone"),
        (people(1, "DATE_OF_BIRTH", "UK_ADDRESS"), Severity.MEDIUM, "birth date and address"),
        (people(4, "DATE_OF_BIRTH", "UK_ADDRESS"), Severity.MEDIUM, "of four"),
        (people(5, "DATE_OF_BIRTH", "UK_ADDRESS"), Severity.HIGH, "of five people"),
        (people(1, "UK_BANK_ACCOUNT"), Severity.MEDIUM, "a bank account"),
        (people(5, "UK_BANK_ACCOUNT"), Severity.HIGH, "bank accounts of five"),
        (people(1, "UK_UPN"), Severity.MEDIUM, "a pupil number beside a name"),
        (people(1, "UK_NINO"), Severity.HIGH, "a strong identifier"),
        (people(49, "UK_NHS"), Severity.HIGH, "of 49"),
        (people(50, "UK_NHS"), Severity.CRITICAL, "of 50 people"),
        (people(49, "UK_ADDRESS"), Severity.LOW, "49 addresses"),
        (people(50, "UK_ADDRESS"), Severity.HIGH, "50 addresses"),
        (people(50, "DATE_OF_BIRTH"), Severity.HIGH, "50 birth dates"),
    ],
)
def test_people_and_what_is_known_of_them(document: Document, severity: Severity, why: str) -> None:
    assert document.assessed().severity is severity, why


@pytest.mark.parametrize(
    ("entity_type", "note", "confidence", "severity"),
    [
        ("CHILD_FLAG", "child_protection", 0.9, Severity.CRITICAL),
        ("CHILD_FLAG", "looked_after:initials", 0.5, Severity.MEDIUM),
        ("CHILD_FLAG", "topic", 0.2, Severity.NONE),
        ("SPECIAL_CATEGORY", "health", 0.8, Severity.HIGH),
        ("SPECIAL_CATEGORY", "offence", 0.8, Severity.HIGH),
        ("SPECIAL_CATEGORY", "topic", 0.2, Severity.NONE),
        ("TOPIC", "debt", 0.8, Severity.MEDIUM),
        ("TOPIC", "discipline", 0.8, Severity.MEDIUM),
        ("TOPIC", "accusation", 0.8, Severity.MEDIUM),
        ("TOPIC", "pupil_behaviour", 0.8, Severity.MEDIUM),
        ("TOPIC", "sen", 0.8, Severity.HIGH),
        ("TOPIC", "adult_safeguarding", 0.8, Severity.HIGH),
        ("TOPIC", "marac", 0.8, Severity.CRITICAL),
        ("TOPIC", "channel", 0.8, Severity.CRITICAL),
        ("TOPIC", "at_risk_address", 0.8, Severity.NONE),
        ("TOPIC", "debt", 0.2, Severity.NONE),
        ("CHILD_RETURN", "critical:SSDA903:12", 0.9, Severity.CRITICAL),
        ("CHILD_RETURN", "high:pupil list:12", 0.9, Severity.HIGH),
        ("CHILD_RETURN", "critical:SSDA903:0", 0.3, Severity.NONE),
    ],
)
def test_phrases_topics_and_returns(
    entity_type: str, note: str, confidence: float, severity: Severity
) -> None:
    document = people(1)
    document.add(entity_type, note=note, confidence=confidence)
    assert document.assessed().severity is severity


def test_an_address_with_danger_is_critical() -> None:
    document = people(1, "UK_ADDRESS")
    document.add("TOPIC", note="at_risk_address", confidence=0.8)
    assert "at_risk_address" in {reason.code for reason in document.assessed().reasons}
    assert document.assessed().severity is Severity.CRITICAL


def test_a_list_of_strong_identifiers_without_names_is_high() -> None:
    document = Document()
    for _ in range(12):
        document.add("UK_NHS", confidence=0.9)
    assert document.assessed().severity is Severity.HIGH


def test_possible_numbers_without_names_are_nothing() -> None:
    document = Document()
    for _ in range(12):
        document.add("UK_NINO", confidence=0.5)
    assert document.assessed().severity is Severity.NONE


def test_breadth_is_wide_for_shares_and_narrow_for_mail() -> None:
    document = Document()
    document.person(name="Keira Doyle")
    index = document.add("UK_NINO", confidence=0.5)
    document.persons[0] = Person((*document.persons[0].findings, index), ("Keira Doyle",))
    assert document.assessed().severity is Severity.HIGH
    assert document.assessed(MAIL).severity is Severity.NONE


def test_a_debt_list_of_five_rows_is_high_and_of_four_medium() -> None:
    for rows, severity in ((4, Severity.MEDIUM), (5, Severity.HIGH)):
        document = people(rows)
        for row in range(rows):
            document.add("TOPIC", note="debt", confidence=0.8, record=row)
        assert document.assessed().severity is severity


def test_one_debtor_in_a_chat_of_six_is_medium() -> None:
    document = Document()
    document.person(name="Tunde Adebayo")
    document.add("TOPIC", note="debt", confidence=0.8)
    for name in ("Priya", "Dean", "Shanice", "Bev", "Jo"):
        document.person(name=name)
    assert document.assessed().severity is Severity.MEDIUM


def test_made_up_people_do_not_count() -> None:
    document = people(1, "DATE_OF_BIRTH", "UK_ADDRESS")
    finding = Finding("DOCUMENT_KIND", 0, 10_000, 0.9, "made-up", (), "made-up")
    document.mentions.append(Mention(finding, "", (0, 0)))
    assert document.assessed().severity is Severity.NONE


def test_offices_and_organisations_accounts_are_of_no_account() -> None:
    document = Document()
    document.person(
        "UK_ADDRESS",
        "UK_BANK_ACCOUNT",
        notes={"UK_ADDRESS": "office", "UK_BANK_ACCOUNT": "organisation"},
    )
    assert document.assessed().severity is Severity.NONE


def test_a_published_paper_may_name_people() -> None:
    document = people(2, "PHONE", role="private")
    finding = Finding("DOCUMENT_KIND", 0, 10_000, 0.9, "press", (), "press")
    document.mentions.append(Mention(finding, "", (0, 0)))
    assert document.assessed().severity is Severity.NONE


def test_a_file_headed_by_its_matter_about_a_child_is_critical() -> None:
    document = Document()
    document.add("CHILD_FLAG", confidence=0.2, note="heading")
    document.person("DATE_OF_BIRTH", child=True)
    assert document.assessed().severity is Severity.CRITICAL
    adult = Document()
    adult.add("CHILD_FLAG", confidence=0.2, note="heading")
    adult.person("DATE_OF_BIRTH", child=False)
    assert adult.assessed().severity is Severity.LOW


def test_people_left_in_hidden_text_are_a_reason_of_their_own() -> None:
    document = Document()
    document.person("UK_ADDRESS", name="Ann Roe")
    document.person("UK_ADDRESS", name="Tom Hale", hidden="tracked deletion")
    assert "residue" in {reason.code for reason in document.assessed().reasons}
    visible = people(2, "UK_ADDRESS")
    assert "residue" not in {reason.code for reason in visible.assessed().reasons}


def test_a_letter_to_one_household_about_an_adult_of_another() -> None:
    document = Document()
    document.person("UK_ADDRESS", name="Paul Ames")
    document.person("UK_ADDRESS", "DATE_OF_BIRTH", name="Lee Foster", record=1)
    document.mentions.append(replace(document.mentions[0], finding=_addressee(document.mentions[0].finding)))
    apart = [replace(person, household=number) for number, person in enumerate(document.persons)]
    together = [replace(person, household=0) for person in document.persons]
    for persons, expected in ((apart, True), (together, False)):
        document.persons = persons
        codes = {reason.code for reason in document.assessed().reasons}
        assert ("addressee_is_not_subject" in codes) is expected


def _addressee(finding: Finding) -> Finding:
    return replace(finding, entity_type="TOPIC", note="addressee")


def test_two_unrelated_households_are_a_reason_of_their_own() -> None:
    document = people(2, "UK_ADDRESS")
    assert "unrelated_households" not in {reason.code for reason in document.assessed().reasons}
    document.unrelated = True
    assert "unrelated_households" in {reason.code for reason in document.assessed().reasons}


def test_reasons_come_worst_first_and_hold_no_value() -> None:
    document = people(3, "UK_NINO", "DATE_OF_BIRTH", "UK_ADDRESS")
    assessment = document.assessed()
    severities: Sequence[Severity] = [reason.severity for reason in assessment.reasons]
    assert list(severities) == sorted(severities, reverse=True)
    values = [mention.value for mention in document.mentions]
    assert not any(value in reason.text for reason in assessment.reasons for value in values)


def test_nothing_found_is_none_without_reasons() -> None:
    assessment = assess([], Population(), POLICY)
    assert assessment.severity is Severity.NONE
    assert assessment.reasons == ()
