"""Every vocabulary rule has examples, and they behave."""

import pytest
from pydantic import ValidationError

from rules.flags import KindPack, PhrasePack, ReturnPack, load_pack
from rules.policy import load_policy, topic_severities
from scanner.detection.examples import failures

PACKS = [
    (PhrasePack, "child_flags.yaml"),
    (PhrasePack, "special_category.yaml"),
    (PhrasePack, "topics.yaml"),
    (KindPack, "document_kinds.yaml"),
    (ReturnPack, "returns.yaml"),
]


def test_every_example_of_every_pack_behaves() -> None:
    assert list(failures()) == []


@pytest.mark.parametrize(("model", "name"), PACKS)
def test_rule_ids_are_unique_and_sourced(model: type, name: str) -> None:
    rules = load_pack(model, name).rules
    assert len({rule.id for rule in rules}) == len(rules)
    assert all(rule.source for rule in rules)


@pytest.mark.parametrize("missing", ["source", "examples"])
def test_a_rule_without_source_or_examples_is_refused(missing: str) -> None:
    rule = {
        "id": "x",
        "category": "c",
        "phrases": ["p"],
        "source": "s",
        "examples": {"match": ["p"], "no_match": ["q"]},
    }
    del rule[missing]
    with pytest.raises(ValidationError):
        PhrasePack.model_validate({"pack": "own", "rules": [rule]})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        PhrasePack.model_validate({"pack": "own", "rules": [], "ruels": []})


def test_the_default_policy_loads_and_names_both_uses() -> None:
    policy = load_policy()
    assert set(policy.breadth) == {"shares", "mail"}
    assert policy.breadth["mail"].identifier > policy.breadth["shares"].identifier


def test_every_topic_has_a_severity() -> None:
    pack = load_pack(PhrasePack, "topics.yaml")
    assert {rule.category for rule in pack.rules} == set(topic_severities())
