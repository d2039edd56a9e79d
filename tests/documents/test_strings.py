"""The string scan: runs of readable characters in data that nothing else reads."""

from __future__ import annotations

import io
import random

import pytest

from scanner.documents.model import Location
from scanner.documents.strings import string_segments


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\0\1Ann Smith\0\2", "Ann Smith"),
        (wide("\x01Ann Smith\x02"), "Ann Smith"),
        (wide("\x01Mrs O’Brien’s “new” flat – £5 or €6…\x02"), "Mrs O’Brien’s “new” flat – £5 or €6…"),
        (b"\0" + wide("’quoted words"), "quoted words"),  # a run begins with a plain character
        (b"\0\1short\0\2", ""),
        (b"\0\1!!!!!!!!\0\2", ""),
    ],
)
def test_runs(data: bytes, found: str) -> None:
    texts = [segment.text for segment in string_segments(io.BytesIO(data), Location())]
    assert found in ("\n".join(texts)) if found else not texts


@pytest.mark.parametrize("seed", range(5))
def test_in_data_as_even_as_encrypted_data_only_longer_runs_are_text(seed: int) -> None:
    noise = random.Random(seed).randbytes(60_000)
    data = noise[:30_000] + b"\0owner: A Resident of Anytown\0" + noise[30_000:]
    texts = [segment.text for segment in string_segments(io.BytesIO(data), Location())]
    lines = "\n".join(texts).splitlines()
    assert "owner: A Resident of Anytown" in lines
    assert len(lines) < 40
