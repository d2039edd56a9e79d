"""The recipe's own tools: corpus markup, split, recasing, labels of tokens, counting."""

import random

import pytest

from scanner.detection.language.chain import LABELS
from scanner.detection.language.tagger import blank_pipeline
from tools.language_model.augmentation import recased, scanned, unpunctuated
from tools.language_model.example import Example
from tools.language_model.preparation import token_labels
from tools.language_model.scoring import compare
from tools.language_model.sources import corpus_files, council_texts, read_marked

MARKED = """%%% X1 | kind: letter | communities: welsh
Dear Mrs [[PERSON:Siân Pugh]],
come to [[ADDRESS:3 Mill Lane
Leeds]].
%%% X2 | kind: policy | communities: none
No names.
"""


def values(example: Example) -> list[tuple[str, str]]:
    return [(example.text[start:end], kind) for start, end, kind in example.spans]


def test_markup_becomes_text_and_spans() -> None:
    first, second = read_marked(MARKED, "X_01")
    assert first.text == "Dear Mrs Siân Pugh,\ncome to 3 Mill Lane\nLeeds."
    assert values(first) == [("Siân Pugh", "PERSON"), ("3 Mill Lane\nLeeds", "ADDRESS")]
    assert second.facts == {"id": "X2", "kind": "policy", "communities": "none"}
    assert not second.spans


def test_markup_that_is_not_closed_is_an_error() -> None:
    with pytest.raises(ValueError, match="not closed"):
        list(read_marked("%%% X1 | kind: letter\nDear [[PERSON:Ann,\n", "X_01"))


def test_the_corpus_is_whole_and_its_parts_are_apart() -> None:
    held_out, trained = council_texts(held_out=True), council_texts(held_out=False)
    assert len(held_out) >= 120
    assert not set(corpus_files(held_out=True)) & set(corpus_files(held_out=False))
    assert sum(len(one.text.split()) for one in (*held_out, *trained)) >= 60_000
    for one in (*held_out, *trained):
        assert "[[" not in "".join(value for value, _ in values(one))
        assert all(value.strip() == value != "" for value, _ in values(one)), one.facts["id"]


@pytest.mark.parametrize(
    ("how", "expected"),
    [("lower", "mrs siân pugh came"), ("upper", "MRS SIÂN PUGH CAME"), ("names upper", "Mrs SIÂN PUGH came")],
)
def test_another_casing_keeps_the_spans(how: str, expected: str) -> None:
    one = recased(Example("Mrs Siân Pugh came", ((4, 13, "PERSON"),)), how)
    assert one.text == expected
    assert values(one)[0][0].lower() == "siân pugh"


def test_noise_keeps_the_spans_in_step() -> None:
    example = Example("Mrs Molly Oleson, of Elm Close, came.", ((4, 16, "PERSON"),))
    for seed in range(20):
        one = scanned(example, random.Random(seed), rate=0.5)
        assert one.text[: one.spans[0][0]].startswith("Mrs")
        assert one.text[one.spans[0][1] :].lstrip().startswith(",")
    assert unpunctuated(example).text == "mrs molly oleson of elm close came"


def test_labels_of_tokens() -> None:
    doc = blank_pipeline().make_doc("SMITH,John|Ann")
    labels = [LABELS[n] for n in token_labels(doc, [(0, 10, "PERSON"), (11, 14, "PERSON")])]
    assert labels == ["B-PERSON", "I-PERSON", "L-PERSON", "O", "U-PERSON"]


def test_counting() -> None:
    strict, overlap = compare([(0, 5), (10, 15)], [(0, 5), (12, 20), (30, 31)])
    assert (strict.gold_hit, strict.found_right) == (1, 1)
    assert (overlap.gold_hit, overlap.found_right) == (2, 2)
    assert overlap.precision == pytest.approx(2 / 3)
    assert overlap.recall == 1.0
