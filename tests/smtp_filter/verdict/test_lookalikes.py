"""Domains that look like another one, and as many that do not."""

from __future__ import annotations

import pytest

from rules.mail.loading import load_domains
from smtp_filter.verdict.addresses import canonical_domain
from smtp_filter.verdict.lookalikes import one_edit_apart, resembles

OWN = "council.gov.uk"
DOMAINS = load_domains()


@pytest.mark.parametrize(
    ("domain", "target", "expected", "why"),
    [
        ("councl.gov.uk", OWN, True, "a letter missing"),
        ("councils.gov.uk", OWN, True, "a letter more"),
        ("cuoncil.gov.uk", OWN, True, "two swapped"),
        ("counc1l.gov.uk", OWN, True, "a digit for a letter"),
        (canonical_domain("c\u043euncil.gov.uk"), OWN, True, "a Cyrillic o"),
        ("council.gov.uk.com", OWN, True, "a label behind"),
        ("council-gov.uk", OWN, True, "a hyphen for a dot"),
        ("councilgov.uk", OWN, True, "a dot missing"),
        ("council.gov.couk", OWN, True, "co for nothing"),
        ("council.gov", OWN, True, "the ending cut off"),
        ("council.org.uk", OWN, True, "an open ending"),
        ("council.com", OWN, True, "an open ending"),
        ("council.gov.uk", OWN, False, "is it"),
        ("mail.council.gov.uk", OWN, False, "belongs to it"),
        ("council.ac.uk", OWN, False, "a university of the same town"),
        ("council.police.uk", OWN, False, "its police"),
        ("countryside.gov.uk", OWN, False, "another word"),
        ("thecouncil.org", OWN, False, "another name"),
        ("gmial.com", "gmail.com", True, "swapped"),
        ("gmail.con", "gmail.com", True, "the ending mistyped"),
        ("hotmai.co.uk", "hotmail.co.uk", True, "a letter missing"),
        ("gmailer.com", "gmail.com", False, "two letters"),
        ("email.org", "gmail.com", False, "another ending and another letter"),
        ("nsh.net", "nhs.net", True, "swapped, a short name"),
        ("ths.net", "nhs.net", False, "one letter of three is another name"),
        ("nhs.uk", "nhs.net", False, "a registry of its own"),
        ("sky.com", "ski.com", False, "short names"),
    ],
)
def test_a_domain_and_what_it_may_be_taken_for(domain: str, target: str, expected: bool, why: str) -> None:
    found = resembles(domain, target, DOMAINS.registries, DOMAINS.open_endings)
    assert found is expected, why


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("abc", "abc", False),
        ("abc", "ab", True),
        ("abc", "abcd", True),
        ("abc", "axc", True),
        ("abc", "acb", True),
        ("abc", "cba", False),
        ("abc", "a", False),
        ("", "a", True),
        ("ab", "ba", True),
        ("abcd", "badc", False),
    ],
)
def test_one_edit(first: str, second: str, expected: bool) -> None:
    assert one_edit_apart(first, second) is one_edit_apart(second, first) is expected
