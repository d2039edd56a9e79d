"""Whatever stands in an envelope or a header, there is a verdict; an unclear recipient is never inside."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.judgement.assessment import Severity
from smtp_filter.verdict import RouteKind, Word
from smtp_filter.verdict.addresses import read_address
from smtp_filter.verdict.mailboxes import mailboxes

from .making import inspection, judge

PIECES = st.sampled_from(
    [
        "a",
        "@",
        ".",
        "council.gov.uk",
        "gmail.com",
        "[",
        "]",
        "%",
        "!",
        '"',
        "<",
        ">",
        ",",
        ":",
        ";",
        "(",
        ")",
        "\\",
        "=?utf-8?q?",
        "?=",
        " ",
        "\t",
        "\0",
        "\ud800",
        "é",
        "ﬀ",
        "。",
        "xn--",
        "-",
        "İ",
        "\u202e",
    ]
)
TEXT = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=20).map("".join))


@given(sender=TEXT, to=st.lists(TEXT, max_size=4), fields=st.lists(TEXT, max_size=3))
@settings(max_examples=300, deadline=None)
def test_there_is_always_a_verdict(sender: str, to: list[str], fields: list[str]) -> None:
    headers = [(name, value) for name, value in zip(("To", "Cc", "Subject"), fields, strict=False)]
    verdict = judge(inspection(Severity.HIGH), *to, sender=sender, headers=headers)
    for written, one in zip(to, verdict.recipients, strict=True):
        if one.route is not RouteKind.INSIDE:
            assert one.word is not Word.DELIVER, "sensitive mail goes out only over a secure route"
        else:
            assert not read_address(written).fault
            assert not read_address(sender).fault


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_any_field_can_be_read(value: str) -> None:
    for box in mailboxes(value):
        assert box.address.domain == box.address.domain.lower()
