"""Records: judged again by any policy they say what the document itself says, and hold no value."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from scanner.detection.settings import DetectionSettings
from scanner.inspection.inspector import Inspector
from scanner.inspection.settings import InspectionSettings
from scanner.judgement.assessment import Severity
from scanner.judgement.judge import assess
from scanner.judgement.policy import Policy, default_policy
from scanner.judgement.record import MOST_MENTIONS, RecordError, read_record, record

ROWS = "\n".join(
    f"{name},{day:02}/03/1961,{day} High Street LS1 4AP"
    for day, name in enumerate(
        ["Ada Hartley", "Ben Okafor", "Cai Morgan", "Dee Patel", "Eve Sharp", "Fay Winter"], start=1
    )
)
TEXTS = {
    "a letter with a number": "Dear Ms Ada Hartley,\nYour National Insurance number QQ 12 34 56 C is kept.\n",
    "a list": f"Name,Date of birth,Address\n{ROWS}\n",
    "health": "Ada Hartley, born 01/03/1961, has been diagnosed with epilepsy and lives at 3 High Street, "
    "Leeds LS1 4AP.",
    "a debt": "Mr Ben Okafor, 4 High Street, Leeds LS1 4AP is in arrears with his rent and owes 900 pounds.",
    "an office": "Write to housing@leeds.gov.uk or ring 0113 496 0000.",
    "a consumer's mailbox": "Please call Ada Hartley, ada.hartley@gmail.com, about the complaint.",
    "nothing": "Minutes of the meeting about the playground.",
}
POLICIES: Mapping[str, dict[str, Any]] = {
    "as it is": {},
    "fewer people are several": {"several_people": 2, "many_people": 3},
    "more people are several": {"several_people": 50, "many_people": 500},
    "other strong identifiers": {"strong_identifiers": frozenset({"DATE_OF_BIRTH"})},
    "health is low": {"special_categories": {"health": Severity.LOW}},
    "debt is critical": {"topics": {"debt": Severity.CRITICAL}},
    "reasons are tried": {"stages": {"strong_identifier": "shadow", "special_health": "warn"}},
}


@cache
def inspector(policy: str) -> Inspector:
    changed = replace(default_policy(), **POLICIES[policy])
    return Inspector.build(
        InspectionSettings(
            key=b"k" * 32,
            detection=DetectionSettings(language_model="none"),
            policy=changed,
            records=True,
        )
    )


def policy_of(name: str) -> Policy:
    return replace(default_policy(), **POLICIES[name])


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("policy", POLICIES)
def test_judged_again_it_is_what_the_document_gives(text: str, policy: str) -> None:
    kept = inspector("as it is").inspect_bytes(TEXTS[text].encode(), "a.txt").record
    assert kept is not None
    judged = read_record(kept)
    again = assess(judged.mentions, judged.population, policy_of(policy))
    assert again == inspector(policy).inspect_bytes(TEXTS[text].encode(), "a.txt").assessment


def test_the_texts_are_of_different_severities() -> None:
    found = {
        name: inspector("as it is").inspect_bytes(text.encode(), "a.txt") for name, text in TEXTS.items()
    }
    assert len({one.assessment.severity for one in found.values()}) >= 4


def test_a_record_holds_no_value() -> None:
    for text in TEXTS.values():
        kept = inspector("as it is").inspect_bytes(text.encode(), "a.txt").record
        plain = zlib.decompress(base64.b85decode(kept)).decode() if kept else ""
        for value in ("Hartley", "QQ", "123456", "12 34 56", "1961", "LS1", "gmail", "High Street", "0113"):
            assert value not in plain


def test_too_many_mentions_are_not_kept() -> None:
    kept = inspector("as it is").inspect_bytes(TEXTS["a list"].encode(), "a.csv").record
    assert kept is not None
    judged = read_record(kept)
    many = judged.mentions * (MOST_MENTIONS // len(judged.mentions) + 1)
    assert record(many, judged.population, default_policy()) is None


@pytest.mark.parametrize("written", ["x", "!!!", base64.b85encode(zlib.compress(b"{}")).decode()])
def test_what_is_no_record_is_said_to_be_none(written: str) -> None:
    with pytest.raises(RecordError):
        read_record(written)
