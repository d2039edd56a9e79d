"""Phrases match as whole words however they are spaced, and only then."""

import pytest

from scanner.detection.phrases import PhraseIndex, expand


@pytest.mark.parametrize(
    ("phrase", "literals"),
    [
        ("plan", ["plan"]),
        ("plans?", ["plans", "plan"]),
        ("child(ren)? in need", ["children in need", "child in need"]),
        ("(ni|nino) (number|no)?", ["ni number", "ni no", "ni", "nino number", "nino no", "nino"]),
    ],
)
def test_expansion(phrase: str, literals: list[str]) -> None:
    assert sorted(expand(phrase)) == sorted(literals)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"her NI number is", ["ni number"]),
        (b"her N.I. Number is", []),
        (b"NI\nnumber", ["ni number"]),
        (b"NI-Number", ["ni number"]),
        (b"NINUMBER", []),
        (b"a mini number", []),
        (b"ni numbers", []),
        (b"NI number, ni number", ["ni number", "ni number"]),
    ],
)
def test_whole_phrases_only(text: bytes, found: list[str]) -> None:
    index = PhraseIndex({"ni number": "ni number"})
    assert [hit.payload for hit in index.find(text)] == found


def test_the_longest_phrase_wins() -> None:
    index = PhraseIndex({"order": 1, "court order": 2, "order number": 3})
    assert [hit.payload for hit in index.find(b"the order number of the court order")] == [3, 2]


def test_a_phrase_that_ends_inside_a_word_hides_nothing() -> None:
    index = PhraseIndex({"my ref": 1, "refund": 2})
    assert [hit.payload for hit in index.find(b"my refund")] == [2]


def test_accented_letters_are_letters() -> None:
    index = PhraseIndex({"caf": 1})
    assert index.find("caf\xe9 caf".encode("latin-1"))[0].start == 5


def test_letter_case_counts_where_asked() -> None:
    index = PhraseIndex({"LAC": 1}, case_sensitive=True)
    assert [hit.start for hit in index.find(b"lac Lac LAC")] == [8]


def test_thousands_of_phrases_keep_the_fast_automaton() -> None:
    """RE2 falls back silently when its memory is too small; ten thousand phrases still find the last one."""
    phrases = {f"word{number} and other{number}": number for number in range(10_000)}
    index = PhraseIndex(phrases)
    text = b"nothing to see here " * 5_000 + b"word9999 and other9999"
    assert [hit.payload for hit in index.find(text)] == [9999]
