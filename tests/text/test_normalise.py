"""Normalisation sees through what a person sees through, and every offset finds its way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.text import normalise, to_bytes


@pytest.mark.parametrize(
    ("written", "plain", "why"),
    [
        ("AB 12 34 56 C", "AB 12 34 56 C", "ASCII stays as it is"),
        ("AB\u200b12\u200d34\ufeff56C", "AB123456C", "zero-width characters vanish"),
        ("12\u00ad34", "1234", "a soft hyphen vanishes"),
        ("943\u00a0476\u20095919", "943 476 5919", "no-break and thin spaces become spaces"),
        ("20\u201111\u201122", "20-11-22", "a non-breaking hyphen becomes a hyphen"),
        ("ＡＢ１２３４５６Ｃ", "AB123456C", "full-width forms"),
        ("𝟗𝟒𝟑", "943", "mathematical digits"),
        ("٩٤٣", "943", "Arabic-Indic digits"),
        ("ﬁle", "file", "ligatures"),
        ("АВ 123456 С", "AB 123456 C", "Cyrillic letters beside digits that look Latin"),
        ("Pаtel", "Patel", "one Cyrillic letter inside a Latin word"),
        ("Мария", "Мария", "a Russian name stays Russian"),
        ("Siân Łukasz", "Siân Łukasz", "accented Latin letters stay"),
        ("O’Brien", "O'Brien", "a typographic apostrophe"),
    ],
)
def test_plain_form(written: str, plain: str, why: str) -> None:
    assert normalise(written).text == plain, why


@pytest.mark.parametrize(
    ("written", "wanted", "original"),
    [
        ("x AB\u200b12\u200b3456C y", "AB123456C", "AB\u200b12\u200b3456C"),
        ("\ufeffNINO AB123456C", "AB123456C", "AB123456C"),
        ("oﬃce AB123456C", "AB123456C", "AB123456C"),
        ("oﬃce AB123456C", "office", "oﬃce"),
    ],
)
def test_span_maps_back(written: str, wanted: str, original: str) -> None:
    normalised = normalise(written)
    start = normalised.text.index(wanted)
    begin, end = normalised.span_to_original(start, start + len(wanted))
    assert written[begin:end] == original


@given(st.text(max_size=200))
def test_offsets_stay_inside_and_in_order(text: str) -> None:
    normalised = normalise(text)
    places = [normalised.to_original(i) for i in range(len(normalised.text))]
    assert all(0 <= place < len(text) for place in places)
    assert places == sorted(places)


@given(st.text(max_size=200))
def test_one_byte_per_character(text: str) -> None:
    plain = normalise(text).text
    assert len(to_bytes(plain)) == len(plain)


@given(st.text(max_size=80))
def test_way_there_and_back(text: str) -> None:
    normalised = normalise(text)
    for position in range(len(text)):
        there = normalised.to_normalised(position)
        assert there == len(normalised.text) or normalised.to_original(there) >= position
