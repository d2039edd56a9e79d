"""Mail rules: what is shipped, what a policy may say, and what a rule is about."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from rules.loader import RuleError
from rules.mail import broken_examples, load_mail_rules, matches
from rules.mail.checking import facts_of
from rules.mail.loading import DEFAULT_POLICY, load_domains
from rules.mail.matching import address_matches, marked
from rules.mail.schema import Enforcement, Example, PolicyRule


def test_the_shipped_rules_behave_and_stand_on_sources() -> None:
    rules = load_mail_rules()
    assert list(broken_examples(rules.policy)) == []
    assert all(line.source and line.date >= date(2026, 1, 1) for line in rules.routes.values())
    assert all(one.source and "{}" in one.modern for one in rules.domains.retired)


def test_no_enforcement_is_shipped_as_if_somebody_had_stated_it() -> None:
    shipped = {line.enforced for line in load_mail_rules().routes.values()}
    assert shipped <= {Enforcement.NONE, Enforcement.ASSUMED}


def test_lists_of_domains_do_not_contradict_each_other() -> None:
    domains = load_domains()
    assert domains.one_ending <= domains.imitated <= domains.freemail | domains.shared
    assert not domains.councils & domains.freemail
    assert all(
        name == name.lower().strip(".") for name in domains.councils | domains.freemail | domains.registries
    )


def written(folder: Path, **changes: Any) -> Path:
    content = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
    path = folder / "ours.yaml"
    path.write_text(yaml.safe_dump(content | changes), encoding="utf-8")
    return path


RULE: dict[str, Any] = {
    "id": "ours",
    "title": "Ours.",
    "when": {"severity": "high"},
    "then": {"action": "hold"},
    "examples": {"match": [{"severity": "high"}], "no_match": [{"severity": "low"}]},
}


@pytest.mark.parametrize(
    ("changes", "said", "why"),
    [
        ({"colour": "red"}, "colour", "an unknown key"),
        ({"rules": [RULE, RULE]}, "two rules are called ours", "the same id twice"),
        (
            {"rules": [RULE | {"examples": {"match": [], "no_match": [{}]}}]},
            "match",
            "no example that must match",
        ),
        ({"rules": [RULE | {"then": {"action": "deliver"}}]}, "owner", "an exception that is nobody's"),
        ({"rules": [RULE | {"when": {"groups": ["hr"]}}]}, "'hr'", "a group that does not exist"),
        ({"rules": [RULE | {"when": {"senders": ["*@x.uk"]}}]}, "must be a domain", "a star"),
        (
            {"rules": [RULE | {"then": {"headers": {"X-A": "b\r\nBcc: c@d.uk"}}}]},
            "one line",
            "a header too many",
        ),
        ({"rules": [RULE | {"then": {"headers": {"X A": "b"}}}]}, "name of a header", "no header's name"),
        ({"sensitive_from": "bad"}, "sensitive_from", "no severity"),
        ({"routes": [{"domain": "x.uk"}]}, "source", "a line without source and date"),
        ({"own_domains": ["council gov"]}, "own_domains", "no domain"),
    ],
)
def test_a_policy_that_cannot_be_used_says_why(
    tmp_path: Path, changes: dict[str, Any], said: str, why: str
) -> None:
    with pytest.raises(RuleError, match=r"ours\.yaml") as raised:
        load_mail_rules(written(tmp_path, **changes))
    assert said in str(raised.value), why
    assert "\n" not in str(raised.value)


def test_a_missing_policy_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot be read"):
        load_mail_rules(tmp_path / "none.yaml")


def test_a_councils_line_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    line = {"domain": "nhs.net", "enforced": "dane", "source": "ours", "date": "2026-11-02"}
    assert load_mail_rules(written(tmp_path, routes=[line])).routes["nhs.net"].enforced is Enforcement.DANE


def test_an_example_that_does_not_behave_is_named(tmp_path: Path) -> None:
    wrong = RULE | {"examples": {"match": [{"severity": "low"}], "no_match": [{"severity": "critical"}]}}
    lines = list(broken_examples(load_mail_rules(written(tmp_path, rules=[wrong])).policy))
    assert lines == [
        "policy rule ours: match example 1 does not behave",
        "policy rule ours: no_match example 1 does not behave",
    ]


CIRCLES = {
    "groups": [{"name": "hr", "members": ["ann@council.gov.uk", "@hr.council.gov.uk"]}],
    "departments": [{"name": "Housing", "members": [".housing.council.gov.uk"]}],
}


@pytest.mark.parametrize(
    ("when", "example", "expected", "why"),
    [
        ({}, {}, True, "no condition"),
        ({}, {"route": "inside"}, False, "nobody inside, unless they are named"),
        ({"routes": ["inside"]}, {"route": "inside"}, True, "named"),
        ({"senders": ["ann@council.gov.uk"]}, {"sender": "ANN@council.gov.uk"}, True, "whatever the case"),
        ({"senders": ["ann@council.gov.uk"]}, {"sender": "joann@council.gov.uk"}, False, "another mailbox"),
        ({"groups": ["hr"]}, {"sender": "li@hr.council.gov.uk"}, True, "a member by domain"),
        ({"groups": ["hr"]}, {"sender": "li@council.gov.uk"}, False, "no member"),
        ({"departments": ["Housing"]}, {"sender": "li@a.housing.council.gov.uk"}, True, "beneath"),
        ({"departments": ["Housing"]}, {"sender": "li@housing.council.gov.uk"}, False, "not beneath itself"),
        ({"groups": ["hr"], "departments": ["Housing"]}, {"sender": "ann@council.gov.uk"}, True, "either"),
        ({"recipients": [".police.uk"]}, {"recipient": "a@kent.police.uk"}, True, "a whole registry"),
        ({"recipients": [".police.uk"]}, {"recipient": "a@kentpolice.uk"}, False, "label boundaries"),
        ({"severity": "medium"}, {"severity": "critical"}, True, "at least"),
        ({"severity": "medium"}, {"severity": "low"}, False, "less"),
        ({"people": 10}, {"people": 9}, False, "fewer"),
        ({"words": ["hold", "block"]}, {"word": "block"}, True, "one of them"),
        ({"reasons": ["child_at_risk"]}, {"reasons": ["marac", "child_at_risk"]}, True, "one of the reasons"),
        ({"entity_types": ["UK_NINO"]}, {"entity_types": ["PERSON"]}, False, "another type"),
        ({"rules": ["nino"]}, {"rules": ["nino"]}, True, "by detection rule"),
        ({"misdirection": ["volume"]}, {"misdirection": ["volume"]}, True, "by sign"),
        ({"protection": ["strong"]}, {"protection": ["weak"]}, False, "another protection"),
        ({"unread": ["damaged"]}, {"unread": ["damaged"]}, True, "by reason"),
        (
            {"unread": ["damaged"]},
            {"unread": ["damaged", "encrypted"]},
            False,
            "all parts must be of the kind",
        ),
        ({"unread": ["damaged"]}, {}, False, "there must be one"),
        ({"unread_names": [".DWG"]}, {"unread_names": ["plan.dwg"]}, True, "by name"),
        ({"unread_names": [".dwg"]}, {"unread_names": ["plan.dwg", "a.zip"]}, False, "every name"),
        ({"severity": "high", "people": 2}, {"severity": "high", "people": 1}, False, "all conditions"),
        (
            {"markings": ["OFFICIAL-SENSITIVE"]},
            {"subject": "RE: Official-Sensitive - x"},
            True,
            "at the start",
        ),
    ],
)
def test_what_a_rule_is_about(
    tmp_path: Path, when: dict[str, Any], example: dict[str, Any], expected: bool, why: str
) -> None:
    policy = load_mail_rules(written(tmp_path, rules=[RULE | {"when": when}], **CIRCLES)).policy
    assert matches(policy.rules[0], facts_of(Example(**example)), policy) is expected, why


def test_a_rule_ends_after_its_last_day() -> None:
    rule = PolicyRule(**RULE | {"when": {}, "until": date(2026, 12, 31)})
    policy = load_mail_rules().policy
    facts = facts_of(Example())
    assert matches(rule, facts, policy, date(2026, 12, 31))
    assert not matches(rule, facts, policy, date(2027, 1, 1))


@pytest.mark.parametrize(
    ("subject", "expected", "why"),
    [
        ("OFFICIAL-SENSITIVE visit", True, "start"),
        ("Fwd: [Official Sensitive] visit", True, "forwarded, in brackets"),
        ("visit (OFFICIAL – SENSITIVE)", True, "end, with a dash"),
        ("How to use OFFICIAL-SENSITIVE on papers", False, "in the middle"),
        ("OFFICIAL visit", False, "half of it"),
        ("", False, "nothing"),
    ],
)
def test_markings(subject: str, expected: bool, why: str) -> None:
    assert marked(subject, ["OFFICIAL-SENSITIVE", "OFFICIAL SENSITIVE"]) is expected, why


def test_addresses_match_by_whole_labels() -> None:
    assert address_matches("a@x.uk", ["x.uk"])
    assert address_matches("a@x.uk", ["@x.uk"])
    assert not address_matches("a@y.x.uk", ["x.uk"])
    assert not address_matches("a@gov.uk", [".gov.uk"])
