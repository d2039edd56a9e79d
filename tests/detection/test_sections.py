"""Sections: kinds of paper, annexes judged by themselves, signatures and disclaimers."""

import pytest

from rules.flags import KindPack, load_pack
from scanner.detection.examples import plain_view
from scanner.detection.sections import KindClassifier

CLASSIFIER = KindClassifier(load_pack(KindPack, "document_kinds.yaml"))

PAPER = (
    "CABINET\nAgenda item 7\nReport of the Director\nRecommendations: that members note the report. Wards "
    "affected: all. Financial implications: none.\n\n"
)


@pytest.mark.parametrize(
    ("heading", "apart"),
    [
        ("EXEMPT APPENDIX B", True),
        ("Appendix 2 - not for publication", True),
        ("Part 2 - private session", True),
        ("From: Ann Roe\nTo: Tom Hale", True),
        ("Appendix A", False),
        ("Next steps", False),
    ],
)
def test_what_is_judged_by_itself(heading: str, apart: bool) -> None:
    text = f"{PAPER}{heading}\n\nHe was seen at home on Friday and is well."
    sections = CLASSIFIER.classify(plain_view(text))
    assert sections.at(0).kind == "committee paper"
    assert (sections.at(len(text) - 1).kind == "") is apart


@pytest.mark.parametrize(
    ("text", "word", "quiet"),
    [
        ("The plan is ready.\n\nKind regards\nAnn\nChild Protection Team", "Child", True),
        ("The plan is ready.\nSafeguarding is everyone's responsibility: report abuse.", "abuse", True),
        ("We send our regards to the child.\nThe child is well.", "well", False),
    ],
)
def test_signatures_and_disclaimers(text: str, word: str, quiet: bool) -> None:
    assert CLASSIFIER.classify(plain_view(text)).in_signature(text.index(word)) is quiet


def test_what_a_view_makes_is_made_once_until_its_findings_change() -> None:
    view = plain_view("text")
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert (view.once("x", make), view.once("x", make)) == (1, 1)
    view.findings = (*view.findings,) or []
    assert view.once("x", make) == 2


LEAFLET = (
    "YOUR BLUE BADGE\n\nBring proof of address. You'll need a photo. Fees: ten pounds. If you can't walk, "
    "ring us and we'll help. No need to book. Parking is free.\n"
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LEAFLET, "public information"),
        ("Dear Mrs Osei,\n\n" + LEAFLET, ""),
        ("Dear resident,\n\n" + LEAFLET, "public information"),
    ],
    ids=["to anybody", "to somebody", "to whoever lives there"],
)
def test_what_is_said_to_anybody_is_not_a_letter(text: str, kind: str) -> None:
    assert CLASSIFIER.classify(plain_view(text)).at(len(text) - 1).kind == kind


@pytest.mark.parametrize(
    ("lead", "made_up"),
    [
        ("Have a look at this made-up e-mail and click on what is wrong.", True),
        ("Sue sent round a made-up e-mail last year.", False),
    ],
)
def test_an_announced_example_stands_in_the_next_paragraph(lead: str, made_up: bool) -> None:
    text = f"{lead}\n\nHis daughter Amy is on a plan.\n\nThe end."
    section = CLASSIFIER.classify(plain_view(text)).at(0)
    assert section.invented(text.index("Amy")) is made_up
    assert not section.invented(text.index("The end"))
