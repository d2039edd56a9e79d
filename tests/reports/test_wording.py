"""Words and numbers of reports."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import rules
from scanner.documents.model import Shortfall, Status
from scanner.judgement.assessment import Severity
from scanner.reports import wording


def test_examples_in_the_docstrings_hold() -> None:
    failed, tried = doctest.testmod(wording)
    assert tried >= 9
    assert failed == 0


def test_every_reason_status_and_severity_has_its_words() -> None:
    assert set(wording.ADVICE) == set(Shortfall)
    assert set(wording.STATUSES) == set(Status)
    assert set(wording.MEANINGS) == set(Severity)


def test_every_type_of_the_rules_has_a_name_for_people() -> None:
    packs = [pack.read_text("utf-8") for pack in (Path(rules.__file__).parent / "packs").rglob("*.yaml")]
    types = {found for pack in packs for found in re.findall(r"^ +entity: (\w+)$", pack, re.MULTILINE)}
    assert len(types) > 20
    assert types - set(wording.KINDS) == set()


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "1 byte"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (4_000_000_000_000, "4.0 TB"),
    ],
)
def test_sizes_never_round_to_a_thousand(count: int, expected: str) -> None:
    assert wording.size(count) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain name.txt", "plain name.txt"),
        ("cafe\u0301 Siân ł.txt", "cafe\u0301 Siân ł.txt"),
        ("a\u202eb", "a\\u202eb"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\u200bb", "a\\u200bb"),
    ],
)
def test_letters_stay_and_tricks_show(text: str, expected: str) -> None:
    assert wording.printable(text) == expected


def test_lone_surrogates_can_be_written() -> None:
    assert wording.printable("a\udcffb").encode("utf-8")
