"""Words are not taken by what they mean inside of data written as characters, and of addresses."""

from __future__ import annotations

import base64
import random

import pytest

from scanner.detection.encoded import lies_in_address, lies_in_data

BASE85 = base64.b85encode(random.Random(3).randbytes(400)).decode()
LIST = "Smith,John,12/03/1990,07700900123,1,High,Street,Anytown,AB1,2CD,f,3,no,yes,x,y,z,12,Jones,Ann,1"


@pytest.mark.parametrize(
    ("text", "position", "expected", "why"),
    [
        (BASE85, 250, True, "inside of base85"),
        ("key: " + BASE85, 2, False, "before it"),
        (LIST, 50, False, "a list without blanks"),
        ("name=John+Smith&id=12345", 8, False, "an address in the web"),
        ("Dear John Smith, " * 20, 150, False, "prose"),
    ],
)
def test_data_and_writing(text: str, position: int, expected: bool, why: str) -> None:
    assert lies_in_data(text, position) is expected, why


@pytest.mark.parametrize(
    ("text", "word", "expected", "why"),
    [
        ("received from murder.example.org by us", "murder", True, "a host"),
        ("https://wiki.example/User:senna", "senna", True, "a path"),
        ("write to epilepsy@example.net", "epilepsy", True, "before the sign"),
        ("write to ann@epilepsy.example", "epilepsy", True, "behind the sign"),
        ("He has epilepsy. Comes on Mondays", "epilepsy", False, "a sentence that ends"),
        ("anxiety/depression", "depression", False, "two words with a slash"),
        ("Smith_epilepsy_plan.docx", "epilepsy", False, "the name of a file says what it is about"),
        ("epilepsy", "epilepsy", False, "nothing around it"),
        ("epilepsy " + "x" * 500 + ".org", "epilepsy", False, "an address further on"),
    ],
)
def test_words_and_addresses(text: str, word: str, expected: bool, why: str) -> None:
    start = text.index(word)
    assert lies_in_address(text, start, start + len(word)) is expected, why
