"""The sign of a pattern stands wherever the pattern matches."""

import re

import pytest

from scanner.detection.scan import sign_of
from scanner.text import to_bytes


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\b(?<!looked after )child(?! (?:protection|in need))\b", "about the child protection plan"),
        (r"\b(?<!looked after )child(?! (?:protection|in need))\b", "a child is a child"),
        (r"\b(?P<yo>\d{1,2})[ -]?(?:y/?o|yrs?\b(?! ago))", "he is 4 yrs old"),
        (r"\b(?:[A-Z][\w'.]+ ){1,4}(?:Primary|School)\b", "\u00c9cole Ste-Th\u00e9r\u00e8se School"),
        (r"\b(?:[A-Z][\w'.]+ ){1,4}(?:Primary|School)\b", "at Llansteff\u00e2n Primary"),
        (r"(?<=[a-z]) ?\((?P<age>\d{1,2})\)(?=[^)(]|\Z)", "Ann (7)"),
        (r"[])]x(?=\()[\](]", "]x("),
        (r"['\u2019]s\b", "Ann's"),
        (r"^to:(?!\n)", "From: a\nTo: b"),
    ],
)
def test_sign_stands_no_later_than_the_match(pattern: str, text: str) -> None:
    compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    match, sign = compiled.search(text), sign_of(compiled).search(to_bytes(text))
    if match is not None:
        assert sign is not None
        assert sign.start() <= match.start()


@pytest.mark.parametrize("text", ["nothing of the kind", "children's panel", ""])
def test_no_sign_where_nothing_like_it_stands(text: str) -> None:
    assert sign_of(re.compile(r"\bchild\b(?! panel)")).search(to_bytes(text)) is None
