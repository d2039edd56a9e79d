"""What is found and not listed can be compared all the same, by its fingerprint."""

from __future__ import annotations

import json

import pytest

from scanner.inspection import InspectionSettings, Inspector
from scanner.inspection.fingerprints import fingerprint, packed, unpacked
from scanner.store.encoding import Evidence, evidence_to_json, inspection_from_json, inspection_to_json

KEY = bytes(range(32))
FEW = Inspector.build(InspectionSettings(key=KEY, findings_per_file=4))
FIRST = ("Peter", "Mary", "John", "Susan", "David", "Linda", "James", "Karen", "Paul", "Helen")
LAST = ("Smith", "Jones", "Taylor", "Brown", "Davies", "Evans", "Wilson", "Thomas", "Roberts", "Walker")


def letters(last: str) -> str:
    return (
        "".join(f"Name: {first} {surname}\nPhone: 01632 960111\n" for first in FIRST for surname in LAST)
        + last
    )


@pytest.mark.parametrize(
    ("name", "text", "value", "there", "why"),
    [
        ("a.txt", letters("Name: Colin Baker\n"), ("PERSON", "Colin Baker"), True, "beyond what is listed"),
        (
            "a.txt",
            letters("NHS number: 943 476 5919\n"),
            ("UK_NHS", "9434765919"),
            True,
            "an identifier behind a hundred",
        ),
        ("a.txt", letters("NHS number: 943 476 5919\n"), ("UK_NHS", "9434765870"), False, "another one"),
        ("a.txt", "Name: Colin Baker\n", ("PERSON", "colin  BAKER"), True, "listed, however it is written"),
        (
            "a.csv",
            "Surname,Forename,Date of birth\nSmith,Mary,03/04/2012\nBaker,Colin,04/05/2011\n",
            ("PERSON", "Baker Colin"),
            True,
            "the parts of a name in cells of their own",
        ),
        (
            "a.csv",
            "Surname,Forename,Date of birth\nSmith,Mary,03/04/2012\nBaker,Colin,04/05/2011\n",
            ("PERSON", "Smith Colin"),
            False,
            "the surname of one row and the first name of another",
        ),
        ("a.txt", "Surname: Baker\nForename: Colin\n", ("PERSON", "Baker Colin"), True, "a form"),
    ],
)
def test_everything_that_was_found_has_its_fingerprint(
    name: str, text: str, value: tuple[str, str], there: bool, why: str
) -> None:
    found = FEW.inspect_bytes(text.encode(), name)
    assert len(found.findings) <= 4
    assert (fingerprint(KEY, *value) in set(found.fingerprints())) is there, why


def test_what_is_listed_is_not_kept_twice_and_phrases_are_nobodys() -> None:
    found = FEW.inspect_bytes(b"Name: Colin Baker\nHe is subject to a child protection plan.\n", "a.txt")
    assert found.findings
    assert found.unlisted == b""
    many = FEW.inspect_bytes(letters("She is subject to a child protection plan.\n").encode(), "a.txt")
    listed = {finding.fingerprint for finding in many.findings}
    assert listed.isdisjoint(unpacked(many.unlisted))
    assert fingerprint(KEY, "CHILD_FLAG", "child protection plan") not in set(unpacked(many.unlisted))


def test_it_is_kept_and_sent_with_the_evidence_and_holds_no_value() -> None:
    found = FEW.inspect_bytes(letters("Name: Colin Baker\n").encode(), "a.txt")
    read = inspection_from_json(json.loads(json.dumps(inspection_to_json(found))))
    assert read.unlisted == found.unlisted
    detail = evidence_to_json(found)
    assert set(Evidence(detail).fingerprints()) == set(found.fingerprints())
    assert "Colin" not in detail
    # Evidence of an earlier version has none.
    told = json.loads(detail)
    del told["unlisted"]
    assert Evidence(json.dumps(told)).unlisted == b""


def test_equal_sets_are_equal_bytes() -> None:
    some = [fingerprint(KEY, "PERSON", name) for name in ("A B", "C D", "A B")]
    assert packed(some) == packed(reversed(some))
    assert set(unpacked(packed(some))) == set(some)
    assert packed([]) == b""
