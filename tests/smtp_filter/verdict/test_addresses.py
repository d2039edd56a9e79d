"""Envelope addresses: what stands after the last @, and what is refused."""

from __future__ import annotations

import pytest

from smtp_filter.verdict.addresses import canonical_domain, organisation_of, read_address, shown_domain

REGISTRIES = {"uk", "gov.uk", "co.uk", "com"}


@pytest.mark.parametrize(
    ("written", "key", "fault", "why"),
    [
        ("a@x.gov.uk", "a@x.gov.uk", "", "ordinary"),
        ("A.B@X.Gov.UK", "a.b@x.gov.uk", "", "mailboxes are compared without case"),
        ("a@x.gov.uk.", "a@x.gov.uk", "", "a trailing dot is the same domain"),
        ("<a@x.uk>", "a@x.uk", "", "angle brackets"),
        ("a@müller.de", "a@xn--mller-kva.de", "", "IDNA"),
        ("a@ＧＯＶ.uk", "a@gov.uk", "", "full-width letters are mapped"),
        ('"john smith"@x.uk', "john smith@x.uk", "", "a quoted local part"),
        ("a+tag@x.uk", "a+tag@x.uk", "", "a plus is part of the mailbox"),
        ("a@[192.0.2.1]", None, "an address literal", "a literal has no domain to judge"),
        ("a@[IPv6:2001:db8::1]", None, "an address literal", "a literal, version 6"),
        ("b%gmail.com@x.gov.uk", None, "names another one", "the next server may send it to gmail"),
        ("gmail.com!b@x.gov.uk", None, "names another one", "a bang path"),
        ('"b@gmail.com"@x.gov.uk', None, "names another one", "an address in quotes"),
        ("@x.gov.uk,@y.uk:b@gmail.com", None, "a source route", "the hops come first"),
        ("a", None, "without a domain", "no @"),
        ("a@", None, "a domain that cannot be", "nothing after it"),
        ("a@x..uk", None, "a domain that cannot be", "an empty label"),
        ("a@x y.uk", None, "a domain that cannot be", "a space"),
        ("@x.uk", None, "a source route", "no mailbox"),
        ("a" * 2000 + "@x.uk", None, "longer than any", "bounded"),
    ],
)
def test_an_envelope_address(written: str, key: str | None, fault: str, why: str) -> None:
    address = read_address(written)
    if key is not None:
        assert (address.key, address.fault) == (key, ""), why
    else:
        assert fault in address.fault, why


def test_the_null_sender_is_nobody_without_a_fault() -> None:
    assert read_address("<>") == read_address("")
    assert read_address("").fault == ""


@pytest.mark.parametrize(
    ("domain", "organisation", "why"),
    [
        ("housing.council.gov.uk", "council.gov.uk", "beneath a registry one label is the organisation"),
        ("council.gov.uk", "council.gov.uk", "is it itself"),
        ("gov.uk", "gov.uk", "a registry stands for itself"),
        ("a.b.example.com", "example.com", "com is a registry"),
        ("mail.local", "mail.local", "nothing is known of the ending"),
    ],
)
def test_the_organisation_of_a_domain(domain: str, organisation: str, why: str) -> None:
    assert organisation_of(domain, REGISTRIES) == organisation, why


def test_a_domain_is_shown_with_its_letters() -> None:
    assert shown_domain(canonical_domain("münchen.de")) == "münchen.de"
    assert shown_domain("xn--zzzzzz-.com") == "xn--zzzzzz-.com"
