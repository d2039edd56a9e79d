"""The shortcut over text that names nobody gives the same runs as reading every character."""

import random

import pytest

from scanner.detection.recognisers.names import lexicon as lex
from scanner.detection.recognisers.names.candidates import RUN, NamelessText, runs
from scanner.detection.recognisers.names.lexicon import Lexicon
from scanner.text import to_bytes


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon()


@pytest.fixture(scope="module")
def nameless(lexicon: Lexicon) -> NamelessText:
    return NamelessText(lexicon)


def _telling(found: list[tuple[int, int]], text: str, lexicon: Lexicon) -> list[tuple[int, int]]:
    """The runs that may name somebody: all but one ordinary word alone."""
    kept = []
    for start, end in found:
        flags = lexicon.flags(text[start:end].lower())
        if not text[start:end].isalpha() or flags & lex.KNOWN_NAME or not flags:
            kept.append((start, end))
    return kept


TEXTS = [
    ("The review of al-Hassan and real-Hassan", "a prefix before the capital, in a word too"),
    ("The van der Berg family. The vans were late. The d'Souza case", "particles behind an ordinary word"),
    ("The de Souza report. The decision. Members of The Board", "and words that only begin like one"),
    ("The Council. The-Council The'x The.Next The\u0301 Thing", "marks that bind"),
    ("They asked Mr. Smith. Review J. Smith", "titles and initials"),
    ("Decision: \u0141ukasz and \u00c9mile. The \u017bak family", "letters beyond Latin-1"),
    ("The \u2022 item. The\u2022 item \u0416 The \u0436", "marks and letters of other alphabets"),
    ("The", "nothing behind"),
    ("", "nothing at all"),
]


@pytest.mark.parametrize(("text", "why"), TEXTS)
def test_same_runs(text: str, why: str, lexicon: Lexicon, nameless: NamelessText) -> None:
    wanted = [match.span() for match in RUN.finditer(text)]
    found = [match.span() for match in runs(text, to_bytes(text), nameless)]
    assert set(found) <= set(wanted), why
    assert _telling(found, text, lexicon) == _telling(wanted, text, lexicon), why


def test_same_runs_in_jumbled_words(lexicon: Lexicon, nameless: NamelessText) -> None:
    generator = random.Random(7)
    pieces = (
        "The Officers Ann Smith van der de al- d' O' the review X. Mr. St. and Council É ü x 7 - ' . , ( \n"
    )
    words = [*pieces.split(" "), " ", " ", " ", " "]
    for _ in range(300):
        text = "".join(generator.choice(words) for _ in range(40))
        wanted = [match.span() for match in RUN.finditer(text)]
        found = [match.span() for match in runs(text, to_bytes(text), nameless)]
        assert set(found) <= set(wanted)
        assert _telling(found, text, lexicon) == _telling(wanted, text, lexicon)


def test_ordinary_text_is_passed_over(nameless: NamelessText) -> None:
    text = "The review found that officers had. Officers reported that "
    assert nameless.end(to_bytes(text), 0) == len(text)
