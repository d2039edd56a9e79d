"""Names of columns and fields, their words apart."""

import pytest

from scanner.text import words_apart


@pytest.mark.parametrize(
    ("label", "apart"),
    [
        ("firstName", "first Name"),
        ("NINumber", "NI Number"),
        ("NHSNumber", "NHS Number"),
        ("NHSNo", "NHS No"),
        ("AddressLine1", "Address Line1"),
        ("SORT_CODE", "SORT CODE"),
        ("date  of\nbirth", "date of birth"),
        # No humps: plurals of initials, single words, words of capitals.
        ("UPNs", "UPNs"),
        ("DOBs", "DOBs"),
        ("SURNAME", "SURNAME"),
        ("Postcode", "Postcode"),
        ("", ""),
    ],
)
def test_words_stand_apart(label: str, apart: str) -> None:
    assert words_apart(label) == apart
