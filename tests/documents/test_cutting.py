"""Long text is cut where no number or word is split."""

from __future__ import annotations

import pytest

from scanner.documents.cutting import cut_at, pieces


@pytest.mark.parametrize(
    ("text", "limit", "left"),
    [
        ("one two three four", 100, "one two three four"),
        ("first line\nsecond line", 15, "first line\n"),
        ("alpha\n\nbeta\ngamma delta", 16, "alpha\n\n"),
        ("surname then 943 476 5919 end", 19, "surname "),
        ("aaaa,12345678;99", 14, "aaaa,12345678;"),
        ("x" * 30, 10, "x" * 10),
    ],
)
def test_cut(text: str, limit: int, left: str) -> None:
    assert text[: cut_at(text, limit)] == left


def test_pieces_lose_nothing() -> None:
    words = " ".join(str(number) for number in range(20_000))
    out = list(pieces((words[i : i + 777] for i in range(0, len(words), 777)), 5_000))
    assert "".join(out) == words
    assert max(map(len, out)) <= 5_000
    assert [number for piece in out for number in piece.split()] == [str(number) for number in range(20_000)]
