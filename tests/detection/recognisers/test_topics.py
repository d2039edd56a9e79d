"""Topics: what a text about somebody is about; kinds of paper."""

import pytest

from scanner.detection.examples import marked_view
from scanner.detection.finding import REPORTED
from scanner.detection.recognisers.topics import TopicRecogniser

RECOGNISER = TopicRecogniser()


def topics(text: str) -> set[str]:
    view = marked_view(text, certain=False)
    return {
        finding.note
        for finding in RECOGNISER.recognise(view)
        if finding.entity_type == "TOPIC" and finding.confidence >= REPORTED
    }


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("<Agnieszka Nowak> of flat 3 owes 612.10 in rent arrears.", "debt", "arrears"),
        (
            "Name,Address,Arrears\n<Ann Roe>,<address:4 Tan Row>,88.00\n<Tom Hale>,<address:6 Tan "
            "Row>,45.12\n",
            "debt",
            "a column of arrears",
        ),
        (
            "Dear <Mr Holt>\nYou are invited to a disciplinary hearing. You may be accompanied.",
            "discipline",
            "letter",
        ),
        (
            "<Jack Tully> in Year 8 was excluded for two days after fighting in the corridor.",
            "pupil_behaviour",
            "pupil",
        ),
        (
            "Number 13, <Declan Rafferty>: loud music til 4, he threatened my husband. I am afraid.",
            "accusation",
            "a neighbour's complaint",
        ),
        ("My son <Leo Marsh>, 8, was refused an EHC needs assessment.", "sen", "SEN"),
        ("<Rebin Azizi> and his wife are homeless and sofa surfing.", "homelessness", "homeless family"),
        ("MARAC case 14: victim <Sinead Daly>, perpetrator <Gary Holt>.", "marac", "MARAC with a subject"),
        ("<Adam Reed>: Channel panel adopted the case on 3 May.", "channel", "Channel with a subject"),
        (
            "<Sinead Daly> has moved to a refuge. Her ex <Gary Holt> does not know the address.",
            "at_risk_address",
            "where a person at risk lives",
        ),
    ],
)
def test_topics_about_somebody(text: str, expected: str, why: str) -> None:
    assert expected in topics(text), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Rent arrears stood at 2.1 million pounds. Report author: <staff:Ann Roe>.", "totals"),
        ("The disciplinary policy was revised by <staff:Ann Roe>.", "a policy"),
        ("The MARAC steering group met; the number of MARAC cases rose.", "a steering group"),
        ("Channel referrals fewer than 5 in each year.", "suppressed figures"),
        ("The number of exclusions fell by a tenth in all schools.", "statistics"),
        ("Homelessness strategy: temporary accommodation costs rose by 12 %.", "a strategy"),
        ("Please send the SEND newsletter to <Ann Roe>.", "a newsletter's recipient is no pupil"),
        ("Reported incidents of anti-social behaviour fell.", "nobody"),
    ],
)
def test_near_misses(text: str, why: str) -> None:
    assert topics(text) == set(), why


def test_the_kind_of_paper_is_told() -> None:
    view = marked_view(
        "Child Protection Procedure\n\nVersion control 3. Review date: May 2027. All staff must read it. "
        "Where a "
        "child is harmed, staff should ring. Contact: <staff:Ann Roe>"
    )
    kinds = [finding.note for finding in RECOGNISER.recognise(view) if finding.entity_type == "DOCUMENT_KIND"]
    assert kinds == ["policy"]


def test_nobody_identified_means_no_topics_at_all() -> None:
    assert RECOGNISER.recognise(marked_view("Rent arrears, MARAC and Channel panel.")) == []
