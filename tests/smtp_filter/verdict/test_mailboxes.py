"""Mailboxes in header fields, written well, badly and with malice."""

from __future__ import annotations

import pytest

from smtp_filter.verdict.mailboxes import mailboxes


@pytest.mark.parametrize(
    ("value", "expected", "why"),
    [
        ("a@x.uk", [("", "a@x.uk")], "bare"),
        ("Ann <a@x.uk>, Bo <b@y.uk>", [("Ann", "a@x.uk"), ("Bo", "b@y.uk")], "two"),
        ('"Ng, Ann" <a@x.uk>', [("Ng, Ann", "a@x.uk")], "a comma in quotes"),
        ("a@x.uk (Ann Ng)", [("Ann Ng", "a@x.uk")], "the name in a comment"),
        ("Ann (a, (b)) <a@x.uk>", [("Ann", "a@x.uk")], "commas and brackets in a comment"),
        ("Team: a@x.uk, b@y.uk;, c@z.uk", [("", "a@x.uk"), ("", "b@y.uk"), ("", "c@z.uk")], "a group"),
        ("undisclosed-recipients:;", [], "an empty group"),
        ("=?utf-8?q?Zo=C3=AB?= <z@x.uk>", [("Zoë", "z@x.uk")], "an encoded name"),
        ("=?utf-8?b?YUB4LnVr?=", [("", "a@x.uk")], "an encoded address: some programs decode it"),
        ('"b@gmail.com" <a@x.uk>', [("b@gmail.com", "a@x.uk")], "an address as name"),
        ("a@x.uk; b@y.uk", [("", "a@x.uk"), ("", "b@y.uk")], "semicolons, as Outlook writes them"),
        ("<a@x.uk> <b@y.uk>", [("", "a@x.uk"), ("", "b@y.uk")], "no comma"),
        ('"Ann <a@x.uk>, Bo <b@y.uk>', [("Ann", "a@x.uk"), ("Bo", "b@y.uk")], "an open quote hides nothing"),
        ("Ann, Bo", [], "names without addresses"),
        ("Ann < a@x.uk >", [("Ann", "a@x.uk")], "spaces in brackets"),
        ("", [], "empty"),
    ],
)
def test_a_field(value: str, expected: list[tuple[str, str]], why: str) -> None:
    assert [(box.name, box.address.key) for box in mailboxes(value)] == expected, why


@pytest.mark.parametrize(
    "value", ["(" * 300_000, '"' + "a" * 250_000, "<" * 300_000, "a:" * 100_000, "=?" * 100_000]
)
def test_hostile_fields_end(value: str) -> None:
    assert list(mailboxes(value)) == []


def test_twenty_thousand_addresses_and_no_more() -> None:
    value = ", ".join(f"Person {n} <p{n}@x.uk>" for n in range(21_000))
    assert len(list(mailboxes(value))) == 20_000
