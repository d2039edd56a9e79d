"""Names are not looked for inside of data that is written as characters."""

from __future__ import annotations

import base64
import random

import pytest

from scanner.detection.encoded import lies_in_data

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
