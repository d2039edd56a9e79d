"""Windows: what the model is shown."""

from datetime import date

from scanner.detection.finding import Finding
from scanner.detection.language.windows import LONGEST, MARGIN, MOST_SHOWN, share, windows
from scanner.detection.organisation import Organisation
from scanner.detection.view import View
from scanner.text import Passage

WORDS = "word by word a long text goes on\n"


def view(text: str) -> View:
    return View(Passage(text), organisation=Organisation(), reference_date=date(2026, 1, 1))


def person(at: int) -> Finding:
    return Finding("PERSON", at, at + 4, 0.5, "names")


def test_a_text_with_no_finding_is_never_shown() -> None:
    assert windows(view(WORDS * 100), (), full_text=False) == []


def test_a_window_is_a_few_hundred_characters_around_a_finding() -> None:
    text = WORDS * 1000
    (window,) = windows(view(text), (person(9000),), full_text=False)
    assert window[0] <= 9000 - MARGIN
    assert window[1] >= 9004 + MARGIN
    assert window[1] - window[0] < 2 * MARGIN + 120
    assert share([window], len(text)) < 0.03


def test_windows_that_touch_become_one() -> None:
    found = windows(view(WORDS * 1000), (person(9000), person(9300)), full_text=False)
    assert len(found) == 1


def test_a_million_characters_are_never_shown_whole() -> None:
    text = WORDS * 31_000
    pieces = windows(view(text), (), full_text=True)
    assert max(end - start for start, end in pieces) <= LONGEST + 64
    assert "".join(text[start:end] for start, end in pieces) == text
    everywhere = [person(at) for at in range(0, len(text) - 10, 50)]
    shown = windows(view(text), everywhere, full_text=False)
    assert sum(end - start for start, end in shown) < MOST_SHOWN + LONGEST + 64


def test_no_window_begins_or_ends_inside_a_word() -> None:
    text = "abcdefg " * 5000
    for start, end in windows(view(text), [person(at) for at in range(1003, 30_000, 977)], full_text=False):
        assert start == 0 or text[start - 1].isspace()
        assert end >= start
