"""Postcodes in every spelling, and the codes of rooms, things and courses that look like them."""

from __future__ import annotations

from datetime import date

import pytest

from rules.contacts import load_postcode_words
from rules.places import load_outward_codes
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.postcodes import PostcodeRecogniser
from scanner.detection.view import View
from scanner.text import Passage
from scanner.text.normalise import normalise

RECOGNISER = PostcodeRecogniser()


def postcodes(text: str) -> list[str]:
    here = View(
        Passage(normalise(text).text),
        organisation=Organisation(postcodes=frozenset({"LS1 1UR"})),
        reference_date=date(2025, 6, 1),
    )
    return [f.value(here.text) for f in RECOGNISER.recognise(here) if f.confidence >= 0.40]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("Flat 9, 31 Tannery Row, Northmoor LS11 5QX.", "LS11 5QX", "end of an address"),
        ("M1 1AE", "M1 1AE", "A9 9AA"),
        ("CR2 6XH", "CR2 6XH", "AA9 9AA"),
        ("DN55 1PT", "DN55 1PT", "AA99 9AA, large user"),
        ("W1A 1HQ", "W1A 1HQ", "A9A 9AA"),
        ("EC1A 1BB", "EC1A 1BB", "AA9A 9AA"),
        ("moved to ls82qt last week", "ls82qt", "lower case, no blank, words of moving"),
        ("she is at 14 beech rd, ls8 2qt", "ls8 2qt", "lower case behind a street"),
        ("Leeds LS8  2QT", "LS8  2QT", "two blanks"),
        ("Leeds LS8-2QT", "LS8-2QT", "hyphen"),
        ("Roundhay, Leeds LS8\n2QT", "LS8\n2QT", "split over a line end"),
        ("12 Mill Lane\nOtley\nLS21 3AB\nTel", "LS21 3AB", "a line of its own"),
        ("Name,PostCode\nx,LS82QT\n", "LS82QT", "a column of postcodes"),
        ("HOME_POST;SEX\nls8 2qt;1\n", "ls8 2qt", "a column of a care return"),
        ("Postcode: L S 8 2 Q T", "L S 8 2 Q T", "one character a box"),
        ("Leeds LS 8 2QT", "LS 8 2QT", "parted"),
        ("Southampton S014 7LY", "S014 7LY", "nought for O"),
        ("High Road, London SWIA 1AA", "SWIA 1AA", "I for 1"),
        ("Leeds LSB 2QT", "LSB 2QT", "B for 8"),
        ("post BFPO 801 only", "BFPO 801", "forces"),
        ("BF1 3AA", "BF1 3AA", "forces, new style"),
        ("GIR 0AA", "GIR 0AA", "Girobank"),
        ("E20 1EJ", "E20 1EJ", "newer district"),
        ("N1C 4AG", "N1C 4AG", "newer district ending in a letter"),
        ("Cardiff Bay CF99 1SN", "CF99 1SN", "non-geographic"),
        ("Douglas IM1 2AB", "IM1 2AB", "crown dependency"),
        ("Stanley FIQQ 1ZZ", "FIQQ 1ZZ", "overseas"),
        ("Town Hall, LS1 1UR", "LS1 1UR", "an office counts as well"),
    ],
)
def test_postcodes(text: str, expected: str, why: str) -> None:
    assert postcodes(text) == [expected], why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Room B12 3AB", "a room"),
        ("asset tag E10 5GB", "a thing"),
        ("part no. M12 4DE", "a part"),
        ("Module CH10 2AL", "a course"),
        ("Product Code,Qty\nLS8 2QT,3\n", "a column of products"),
        ("b4 1st choice", "slang and an ordinal"),
        ("ZZ99 3VZ", "no fixed abode"),
        ("AA1 1AA", "no such area"),
        ("SO99 1AB", "no such district"),
        ("LS8 2CM", "letters that never stand there"),
        ("QS8 2QT", "Q never begins one"),
        ("XLS8 2QT", "a letter touches it"),
        ("LS8 2QTX", "a letter behind it"),
        ("AB-12-LS8 2QT", "part of a longer code"),
        ("LS8 2QT-01", "part of a longer code"),
        ("A1 at M25 J10", "roads"),
        ("Level B1 2ND FLOOR", "a level and an ordinal"),
        ("see LS 8 2QT", "parted, without an address"),
        ("the LS8 area", "an outward code alone is no full postcode"),
        ("S014 7LY", "misread without the words of an address"),
        ("2 May\nE10\n5 am", "a code and a time"),
    ],
)
def test_no_postcode(text: str, why: str) -> None:
    assert postcodes(text) == [], why


def test_own_sites_are_noted() -> None:
    here = View(
        Passage("LS1 1UR and LS8 2QT"),
        organisation=Organisation(postcodes=frozenset({"LS1 1UR"})),
        reference_date=date(2025, 6, 1),
    )
    assert [finding.note for finding in RECOGNISER.recognise(here)] == ["own", ""]


def test_district_list_has_the_ones_that_open_lists_lack() -> None:
    codes = load_outward_codes()
    assert {"E20", "W1A", "N1C", "N1P", "NW1W", "SE1P", "CF99", "EH99"} <= codes
    assert not {"ZZ99", "AA1", "SO99", "S0", "GIR"} & codes
    assert 2850 < len(codes) < 3200


def test_examples_of_the_context_vocabulary() -> None:
    words = load_postcode_words()
    for text in words.examples.match:
        value = text[text.index("«") + 1 : text.index("»")]
        assert postcodes(text.replace("«", "").replace("»", "")) == [value], text
    for text in words.examples.no_match:
        assert postcodes(text) == [], text
