"""Signs of a message on its way to the wrong people: each with what is one, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from scanner.inspection.model import LocatedFinding
from scanner.judgement.assessment import Severity
from smtp_filter.verdict import MemoryContacts, Verdict, VerdictSettings, Word
from smtp_filter.verdict.addresses import read_address
from smtp_filter.verdict.contacts import HALF_LIFE_DAYS, faded, name_subject, near_subjects

from .making import FIRM, GMAIL, JO, RAVI, inspection, judge, rules_with

CLEAN = inspection()
SENSITIVE = inspection(Severity.HIGH, people=1)


def private(count: int) -> str:
    return ", ".join(f"person{n}@gmail.com" for n in range(count))


def firms(count: int) -> str:
    return ", ".join(f"boss{n}@firm{n}.co.uk" for n in range(count))


def fired(verdict: Verdict) -> set[str]:
    return {
        reason.code.removeprefix("misdirected_")
        for reason in verdict.reasons
        if reason.code.startswith("misdirected_")
    }


@pytest.mark.parametrize(
    ("to", "cc", "word", "why"),
    [
        (private(6), "", Word.BLOCK, "six private addresses"),
        (private(3), "person7@gmail.com, person8@gmail.com", Word.BLOCK, "To and Cc together"),
        (private(4), "", Word.DELIVER, "four"),
        (", ".join(["person1@gmail.com"] * 9), "", Word.DELIVER, "nine times the same"),
        (
            private(5),
            ", ".join(f"x{n}@council.gov.uk" for n in range(9)),
            Word.BLOCK,
            "colleagues do not dilute it",
        ),
        (private(5), ", ".join(f"x{n}@nhs.net" for n in range(9)), Word.DELIVER, "mostly professionals"),
        (firms(11), "", Word.BLOCK, "eleven outside addresses of eleven firms"),
        (firms(9), "", Word.DELIVER, "nine"),
        (", ".join(f"x{n}@example.com" for n in range(12)), "", Word.BLOCK, "a domain that is nobody's"),
        (", ".join(f"x{n}@bigfirm.co.uk" for n in range(30)), "", Word.DELIVER, "one organisation"),
        (", ".join(f"x{n}@body{n}.gov.uk" for n in range(30)), "", Word.DELIVER, "public bodies"),
        (", ".join(f"clerk@parish{n}.org.uk" for n in range(30)), "", Word.DELIVER, "parish clerks"),
        ("Friends: " + private(6) + ";", "", Word.BLOCK, "a group"),
        ('"open ' + private(6), "", Word.BLOCK, "behind a quote that is never closed"),
    ],
)
def test_open_lists(to: str, cc: str, word: Word, why: str) -> None:
    headers = [("To", to), *([("Cc", cc)] if cc else [])]
    verdict = judge(CLEAN, "person1@gmail.com", headers=headers)
    assert verdict.word is word, why
    assert ("open_list" in fired(verdict)) is (word is Word.BLOCK), why
    assert judge(CLEAN, RAVI, headers=headers).word is Word.DELIVER, "nobody outside gets it"


@pytest.mark.parametrize(
    ("subject", "counts", "to", "word", "why"),
    [
        ("HIV support group: Wednesday", {}, private(2), Word.HOLD, "the subject says it"),
        ("Re: Foster carers evening", {}, private(3), Word.HOLD, "foster carers"),
        ("Wednesday", {"SPECIAL_CATEGORY": 1}, private(2), Word.HOLD, "the text says it"),
        ("Allotments", {}, private(3), Word.DELIVER, "nothing in common that matters"),
        ("HIV support group", {}, private(1), Word.DELIVER, "one alone"),
        ("HIV support group", {}, "a@nhs.net, b@leeds.gov.uk", Word.DELIVER, "professionals"),
        ("Genderless parking signs", {}, private(3), Word.DELIVER, "whole words only"),
    ],
)
def test_lists_that_tell(subject: str, counts: dict[str, int], to: str, word: Word, why: str) -> None:
    headers = [("To", to), ("Subject", subject)]
    assert judge(inspection(counts=counts), "person0@gmail.com", headers=headers).word is word, why


@pytest.mark.parametrize(
    ("to", "word", "rule", "why"),
    [
        ("a@gmial.com", Word.HOLD, "look_alike", "a mistyped provider"),
        ("a@council.org.uk", Word.HOLD, "look_alike", "the own name under an open ending"),
        ("a@council.gov.uk.com", Word.HOLD, "look_alike", "a label behind the own name"),
        ("a@councl.gov.uk", Word.DELIVER, "near_public_body", "nobody can lie in wait under gov.uk"),
        ("a@gmail.com", Word.DELIVER, "", "the provider itself"),
        ("a@mail.com", Word.DELIVER, "", "a provider that exists"),
        ("a@tesco.com", Word.DELIVER, "", "not everything with a shop's name is a mistake"),
        ("a@council.ac.uk", Word.DELIVER, "", "the university of the same town"),
        ("a@leeds.gov.uk", Word.DELIVER, "", "another council"),
    ],
)
def test_look_alikes(to: str, word: Word, rule: str, why: str) -> None:
    verdict = judge(CLEAN, to)
    assert verdict.word is word, why
    assert fired(verdict) == ({rule} if rule else set()), why


def test_a_council_that_exists_is_no_mistyped_neighbour() -> None:
    assert fired(judge(SENSITIVE, "a@harlow.gov.uk", sender="b@harrow.gov.uk")) == set()
    assert fired(judge(SENSITIVE, "a@council-b.gov.uk", sender="b@council-a.gov.uk")) == set(), "no slip"
    verdict = judge(SENSITIVE, "a@harow.gov.uk", sender="b@harrow.gov.uk")
    assert (verdict.word, fired(verdict)) == (Word.HOLD, {"near_public_body"})


@pytest.mark.parametrize(
    ("to", "shown", "expected", "why"),
    [
        (
            [FIRM],
            f"{FIRM}, a@council.gov.uk, b@council.gov.uk, c@council.gov.uk",
            {"odd_one_out"},
            "one among three",
        ),
        ([FIRM], f"{FIRM}, a@council.gov.uk, b@council.gov.uk", set(), "one among two"),
        (
            [FIRM, "x@other.org"],
            f"{FIRM}, a@council.gov.uk, b@council.gov.uk, c@council.gov.uk",
            set(),
            "two",
        ),
        (["a@f.co.uk", "b@f.co.uk", "c@f.co.uk", GMAIL], "", {"odd_one_out"}, "a private one among a firm's"),
    ],
)
def test_the_odd_one_out(to: list[str], shown: str, expected: set[str], why: str) -> None:
    verdict = judge(CLEAN, *to, headers=[("To", shown)])
    assert fired(verdict) == expected, why
    assert verdict.word is Word.DELIVER, "clean mail is only told of"


MIXED = [("Content-Type", "multipart/mixed; boundary=x")]


@pytest.mark.parametrize(
    ("sender", "to", "headers", "expected", "why"),
    [
        ("jo.whitfield@council.gov.uk", "jowhitfield82@gmail.com", MIXED, True, "the own name"),
        ("jo.whitfield@council.gov.uk", "whitfield.family@hotmail.com", MIXED, True, "the surname"),
        ("jo.whitfield@council.gov.uk", "jo.whitfield@firm.co.uk", MIXED, False, "not a private mailbox"),
        ("jo.whitfield@council.gov.uk", "ann.marsh@gmail.com", MIXED, False, "somebody else"),
        (
            "jo.whitfield@council.gov.uk",
            "whitfield@gmail.com",
            [("Content-Type", "text/plain")],
            False,
            "nothing in it",
        ),
        ("jo@council.gov.uk", "jo@gmail.com", MIXED, False, "two letters are many people's"),
    ],
)
def test_to_oneself(sender: str, to: str, headers: list[tuple[str, str]], expected: bool, why: str) -> None:
    assert ("to_self" in fired(judge(SENSITIVE, to, sender=sender, headers=headers))) is expected, why


def test_a_hidden_list_of_something_sensitive() -> None:
    many = [f"p{n}@gmail.com" for n in range(60)]
    assert "hidden_list" in fired(judge(SENSITIVE, *many))
    assert judge(CLEAN, *many).word is Word.DELIVER, "a newsletter by Bcc is as it should be"
    assert "hidden_list" not in fired(judge(SENSITIVE, *many[:50]))


def test_volume_to_one_recipient() -> None:
    assert "volume" in fired(judge(inspection(Severity.HIGH, people=60), "a@nhs.net"))
    assert judge(inspection(Severity.HIGH, people=60), "a@nhs.net").word is Word.HOLD
    assert "volume" not in fired(judge(inspection(Severity.HIGH, people=50), "a@nhs.net"))
    assert "volume" not in fired(judge(inspection(Severity.LOW, people=60), "a@nhs.net"))


def test_a_bcc_field_left_in() -> None:
    headers = [("Bcc", "hidden@firm.co.uk")]
    assert "bcc_header" in fired(judge(CLEAN, FIRM, headers=headers))
    assert judge(CLEAN, FIRM, headers=headers).word is Word.DELIVER
    assert "bcc_header" not in fired(judge(CLEAN, RAVI, headers=headers))


def named(masked: str, location: str = "body") -> LocatedFinding:
    return LocatedFinding("PERSON", location, "", 0.9, masked, "abc", "names")


@pytest.mark.parametrize(
    ("to", "findings", "expected", "why"),
    [
        (f"Karen Oduya <{GMAIL}>", [named("A***** P******")], True, "about somebody else"),
        (f"Karen Oduya <{GMAIL}>", [named("K**** O****")], False, "about the recipient"),
        (
            f"Karen Oduya <{GMAIL}>",
            [named("A**** O****"), named("T** P***")],
            False,
            "the family's name is there",
        ),
        (GMAIL, [named("A***** P******")], False, "the recipient has no name"),
        (
            f"Karen Oduya <{GMAIL}>",
            [named("A***** P******", "header From")],
            False,
            "only the sender is named",
        ),
    ],
)
def test_the_wrong_person(to: str, findings: Sequence[LocatedFinding], expected: bool, why: str) -> None:
    what = inspection(Severity.HIGH, people=1, findings=findings)
    assert ("wrong_person" in fired(judge(what, GMAIL, headers=[("To", to)]))) is expected, why


@pytest.fixture
def history() -> MemoryContacts:
    """Half a year in which Jo wrote often to Ann at a firm, and once to somebody else."""
    contacts = MemoryContacts(b"k" * 32, established_after=5)
    for day in range(6):
        contacts.record(read_address(JO), [(read_address("ann@bigfirm.co.uk"), "Ann Marsh")], day * 86_400.0)
    contacts.record(read_address(JO), [(read_address("once@rare.org"), "Bo Li")], 7 * 86_400.0)
    return contacts


@pytest.mark.parametrize(
    ("to", "name", "expected", "why"),
    [
        ("ann@bigfirm.co.uk", "Ann Marsh", set(), "the usual contact"),
        (
            "ann.marsh@otherfirm.co.uk",
            "Marsh, Ann",
            {"name_collision", "first_contact"},
            "her name elsewhere",
        ),
        ("ann2@bigfirm.co.uk", "Ann Marsh", {"first_contact"}, "her firm: perhaps a second mailbox"),
        ("ann@bigfrim.co.uk", "", {"look_alike", "first_contact"}, "her firm mistyped"),
        ("new@newfirm.co.uk", "Cy Dee", {"first_contact"}, "somebody new"),
        ("bo@elsewhere.org", "Bo Li", {"first_contact"}, "a name that was written to once"),
    ],
)
def test_what_history_tells(
    history: MemoryContacts, to: str, name: str, expected: set[str], why: str
) -> None:
    headers = [("To", f'"{name}" <{to}>')]
    assert fired(judge(SENSITIVE, to, headers=headers, history=history)) == expected, why


def test_a_first_contact_raises_severity_and_only_of_what_is_sensitive(history: MemoryContacts) -> None:
    assert judge(inspection(Severity.MEDIUM), "new@newfirm.co.uk", history=history).severity is Severity.HIGH
    assert judge(CLEAN, "new@newfirm.co.uk", history=history).severity is Severity.NONE
    young = MemoryContacts(b"k" * 32)
    assert judge(inspection(Severity.MEDIUM), "new@newfirm.co.uk", history=young).severity is Severity.MEDIUM


def test_history_holds_no_address(history: MemoryContacts) -> None:
    kept = repr(history._counts)
    assert "ann" not in kept
    assert "bigfirm" not in kept


def test_counts_fade_by_half_in_ninety_days() -> None:
    assert faded(8.0, HALF_LIFE_DAYS * 86_400) == pytest.approx(4.0)
    assert faded(8.0, -5.0) == 8.0, "a clock that went back takes nothing away"


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("abcd.uk", "abd.uk", True),
        ("abcd.uk", "abxd.uk", True),
        ("abcd.uk", "acbd.uk", True),
        ("abcd.uk", "axyd.uk", False),
    ],
)
def test_domains_a_letter_apart_meet(first: str, second: str, meet: bool) -> None:
    assert bool(set(near_subjects(first)) & set(near_subjects(second))) is meet


def test_a_name_is_the_same_in_any_order() -> None:
    assert name_subject("Marsh, Ann") == name_subject("ann MARSH") != name_subject("Ann March")
    assert name_subject(" ,. ") == ""


@pytest.mark.parametrize(
    ("effect", "word", "told"),
    [
        ("off", Word.DELIVER, False),
        ("warn", Word.DELIVER, True),
        ("hold-if-sensitive", Word.DELIVER, True),
        ("hold", Word.HOLD, True),
        ("block", Word.BLOCK, True),
    ],
)
def test_the_policy_says_what_follows(tmp_path: Path, effect: str, word: Word, told: bool) -> None:
    import yaml

    from rules.mail.loading import DEFAULT_POLICY

    shipped = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))["misdirection"]
    settings = VerdictSettings.of(rules_with(tmp_path, misdirection=shipped | {"look_alike": effect}))
    verdict = judge(CLEAN, "a@gmial.com", settings=settings)
    assert (verdict.word, "look_alike" in fired(verdict)) == (word, told)


def test_twenty_thousand_shown_addresses_are_no_burden() -> None:
    headers = [("To", ", ".join(f"p{n}@d{n}.co.uk" for n in range(20_000)))]
    assert "open_list" in fired(judge(CLEAN, "p1@d1.co.uk", headers=headers))
