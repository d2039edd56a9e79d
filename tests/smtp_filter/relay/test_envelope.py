"""MAIL and RCPT arguments: which addresses are taken, and that they stay as written."""

from __future__ import annotations

import pytest

from smtp_filter.delivery import Reply
from smtp_filter.message import Recipient
from smtp_filter.relay.envelope import MailCommand, parse_mail, parse_rcpt

TAKEN = [
    ("a@b", "one label"),
    ("First.Last@Council.GOV.UK", "case stays"),
    ('"quoted local"@example.org', "a quoted local part stays quoted"),
    ('"a>b"@example.org', "a bracket inside quotes is no end"),
    (r'"a\"b"@example.org', "an escaped quote"),
    ("x+tag=1/2!#$&'*?^_`{|}~-@example.org", "every atom character"),
    ("prvs=1234567890=user@example.org", "BATV"),
    ("SRS0=abc=de=example.com=user@council.test", "SRS"),
    ("a" * 200 + "@example.org", "a long rewritten address"),
    ("50%off@example.org", "a percent sign that routes nowhere"),
    ("user@xn--nxasmq6b.example", "an A-label"),
    ("user@under_score.example", "underscores exist"),
]
REFUSED = [
    ("", "nobody"),
    ("postmaster", "no domain"),
    ("a..b@example.org", "empty atom"),
    (".a@example.org", "leading dot"),
    ("a.@example.org", "trailing dot"),
    ("a@", "no domain"),
    ("@example.org", "no local part"),
    ("a@b@c", "two at signs"),
    ("a(c)b@example.org", "a comment"),
    ("@relay.example,@other.example:user@example.org", "a source route"),
    ("user@[192.0.2.1]", "an address literal"),
    ("user%gmail.com@council.gov.uk", "the percent hack"),
    ('"user@gmail.com"@council.gov.uk', "an at sign in quotes"),
    ("gmail.com!user@council.gov.uk", "the bang path"),
    ("a b@example.org", "a space"),
    ("a@exam ple.org", "a space in the domain"),
    ("a@-example.org", "a hyphen at the start"),
    ("a@example..org", "an empty label"),
    ("a@example.org.", "a trailing dot"),
    ("a@" + "x" * 64 + ".org", "a long label"),
    ("a@" + ".".join(["x" * 50] * 6), "a long domain"),
    ('"open@example.org', "a quote that does not end"),
    ("a<b@example.org", "a bracket"),
    ("a" * 500 + "@example.org", "too long"),
]


@pytest.mark.parametrize(("address", "why"), TAKEN)
def test_taken_exactly_as_written(address: str, why: str) -> None:
    assert parse_rcpt(f"TO:<{address}>", smtputf8=False) == Recipient(address), why
    assert parse_mail(f"FROM:<{address}>", smtputf8_offered=False) == MailCommand(address), why


@pytest.mark.parametrize(("address", "why"), REFUSED)
def test_refused(address: str, why: str) -> None:
    reply = parse_rcpt(f"TO:<{address}>", smtputf8=False)
    assert isinstance(reply, Reply), why
    assert reply.code in (501, 553), why


@pytest.mark.parametrize(
    ("argument", "expected", "why"),
    [
        ("FROM:<>", MailCommand(""), "the null sender"),
        ("from:<a@b>", MailCommand("a@b"), "case of the keyword"),
        ("FROM: <a@b>", MailCommand("a@b"), "a space that many send"),
        ("FROM:<a@b> SIZE=123", MailCommand("a@b", size=123), "size"),
        ("FROM:<a@b> size=123 body=8bitmime", MailCommand("a@b", 123, "8BITMIME"), "case of parameters"),
        (
            "FROM:<a@b> RET=hdrs ENVID=Ab+2Bc",
            MailCommand("a@b", ret="hdrs", envid="Ab+2Bc"),
            "DSN as written",
        ),
        ("FROM:<a@b> SMTPUTF8", MailCommand("a@b", smtputf8=True), "SMTPUTF8"),
        ("FROM:<ü@b> SMTPUTF8", MailCommand("ü@b", smtputf8=True), "a sender beyond ASCII"),
        ("FROM:<ü@b>", 553, "beyond ASCII without SMTPUTF8"),
        ("FROM:<a@b> SMTPUTF8=1", 501, "SMTPUTF8 has no value"),
        ("FROM:a@b", 501, "no brackets"),
        ("FROM:<a@b", 501, "no closing bracket"),
        ("FROM:<a@b>x", 501, "something behind the bracket"),
        ("FROM<a@b>", 501, "no colon"),
        ("", 501, "nothing"),
        ("FROM:<a@b> SIZE=", 501, "no size"),
        ("FROM:<a@b> SIZE=1e9", 501, "not digits"),
        ("FROM:<a@b> SIZE=" + "9" * 30, 501, "too many digits"),
        ("FROM:<a@b> SIZE=1 SIZE=2", 501, "twice"),
        ("FROM:<a@b> BODY=BINARYMIME", 501, "not offered"),
        ("FROM:<a@b> BODY", 501, "no body word"),
        ("FROM:<a@b> RET=ALL", 501, "no such word"),
        ("FROM:<a@b> ENVID=a+b", 501, "not xtext"),
        ("FROM:<a@b> AUTH=<>", 555, "not offered"),
        ("FROM:<a@b> SIZE=1=2", 501, "not an ESMTP value"),
        ("FROM:<a@b> HOLDFOR=10", 555, "unknown"),
    ],
)
def test_mail(argument: str, expected: MailCommand | int, why: str) -> None:
    found = parse_mail(argument, smtputf8_offered=True)
    assert (found.code if isinstance(found, Reply) else found) == expected, why


@pytest.mark.parametrize(
    ("argument", "expected", "why"),
    [
        ("TO:<a@b> NOTIFY=NEVER", Recipient("a@b", "NEVER"), "never"),
        ("TO:<a@b> NOTIFY=Success,failure", Recipient("a@b", "Success,failure"), "as written"),
        ("TO:<a@b> ORCPT=rfc822;X+2By@z", Recipient("a@b", orcpt="rfc822;X+2By@z"), "case and xtext stay"),
        ("TO:<a@b> NOTIFY=NEVER,FAILURE", 501, "never stands alone"),
        ("TO:<a@b> NOTIFY=DELAY,DELAY", 501, "twice the same"),
        ("TO:<a@b> NOTIFY", 501, "no word"),
        ("TO:<a@b> ORCPT=x", 501, "no type"),
        ("TO:<a@b> ORCPT=rfc822;" + "x" * 500, 501, "too long"),
        ("TO:<a@b> SIZE=1", 555, "not a parameter of RCPT"),
        ("TO:<>", 553, "the null recipient"),
    ],
)
def test_rcpt(argument: str, expected: Recipient | int, why: str) -> None:
    found = parse_rcpt(argument, smtputf8=False)
    assert (found.code if isinstance(found, Reply) else found) == expected, why


def test_smtputf8_offered_or_not() -> None:
    reply = parse_mail("FROM:<a@b> SMTPUTF8", smtputf8_offered=False)
    assert isinstance(reply, Reply)
    assert (reply.code, reply.text[:5]) == (555, "5.6.7")


def test_linear_in_the_length() -> None:
    """Grammars that backtrack would not come back from these."""
    for text in (
        "<" * 4000,
        '"' * 4000,
        "TO:<" + "a." * 2000,
        "TO:<" + '"\\' * 2000,
        "TO:<" + "%" * 4000 + ">",
    ):
        assert isinstance(parse_rcpt(text, smtputf8=False), Reply)
