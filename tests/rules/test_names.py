"""The vocabulary and the gazetteers around names."""

import gzip
from pathlib import Path

import pytest
from pydantic import ValidationError

import rules
from rules.names import NamePack, load_names

GAZETTEERS = Path(rules.__file__).parent / "packs/uk/gazetteers"
# What the installed package may carry for names, in bytes.
MOST_BYTES = 600_000


def test_every_rule_has_a_source_and_both_kinds_of_examples() -> None:
    for rule in load_names().rules:
        assert rule.source, rule.id
        assert rule.examples.match, rule.id
        assert rule.examples.no_match, rule.id


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "nonsense"}, "unknown kind"),
        ({"note": "secret"}, "unknown note"),
        ({"weight": 9}, "no phrase weighs so much"),
        ({"phrases": []}, "a rule without phrases says nothing"),
        ({"colour": "red"}, "unknown key"),
        ({"phrases": [False]}, "an unquoted yes or no is no phrase"),
    ],
)
def test_a_malformed_rule_is_refused(change: dict[str, object], why: str) -> None:
    rule = {
        "id": "x",
        "kind": "title",
        "source": "test",
        "phrases": ["mr"],
        "examples": {"match": ["Mr «Lane»"], "no_match": ["lane"]},
    }
    assert NamePack.model_validate({"kind": "names", "rules": [rule]})
    with pytest.raises(ValidationError):
        NamePack.model_validate({"kind": "names", "rules": [rule | change]})


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in load_names().rules]
    assert len(ids) == len(set(ids))


def test_the_gazetteers_stay_small() -> None:
    assert sum(path.stat().st_size for path in GAZETTEERS.iterdir()) < MOST_BYTES


def test_aliases_are_not_closed_transitively() -> None:
    """Alex may be Alexander or Alexandra; they are not each other."""
    groups = dict(
        line.split(": ", 1) for line in (GAZETTEERS / "nicknames.txt").read_text("utf-8").splitlines()
    )
    assert "alex" in groups["alexander"].split()
    assert "alex" in groups["alexandra"].split()
    assert "alexandra" not in groups["alexander"].split()


@pytest.mark.parametrize("name", ["forenames.txt.gz", "surnames.txt.gz", "words.txt.gz"])
def test_the_lists_are_sorted_bands_in_lower_case(name: str) -> None:
    seen: set[str] = set()
    for line in gzip.decompress((GAZETTEERS / name).read_bytes()).decode("utf-8").splitlines():
        band, _, names = line.partition("\t")
        words = names.split(" ")
        assert band in "123"
        assert words == sorted(words)
        assert names == names.lower()
        assert not seen & set(words)
        seen.update(words)
