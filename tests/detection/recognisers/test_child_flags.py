"""Child flags: said of an identifiable child they fire; in papers about children in general they do not."""

import pytest

from scanner.detection.examples import marked_view
from scanner.detection.finding import REPORTED
from scanner.detection.recognisers.child_flags import ChildFlagRecogniser

RECOGNISER = ChildFlagRecogniser()


def flags(text: str, *, certain: bool = False) -> list[str]:
    view = marked_view(text, certain=certain)
    return [
        finding.value(view.text)
        for finding in RECOGNISER.recognise(view)
        if finding.entity_type == "CHILD_FLAG" and finding.confidence >= REPORTED
    ]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        (
            "Hi Marta\nJust to say <Keira Doyle> (<dob:09/11/2014>) was made subject to a CP plan on Friday, "
            "category neglect. Mum is furious.\nThanks\nPaul",
            ["CP plan", "neglect"],
            "plan and category about a child with a birth date",
        ),
        (
            "Name of child: <Keira Doyle>\nDate of birth: <dob:09/11/2014>\nLegal status: Interim Care "
            "Order\n",
            ["Interim Care Order"],
            "value of a form beside a name",
        ),
        (
            "Surname,Forename,DOB,Status\n<Doyle>,<Keira>,<dob:09/11/2014>,LAC\n<Hughes>,<Ifan>,<dob:02/03/2012>,CIN\n",
            ["LAC", "CIN"],
            "abbreviations as the values of a list of children",
        ),
        (
            "<Ifan Hughes>, new arrival. He has scabies and a cut foot. Accommodated under s20 from 22.30.",
            ["Accommodated under s20"],
            "notes go on without saying of whom",
        ),
        (
            "<Ifan Hughes> has been in care since he was three; his foster placement in Mold broke down.",
            ["in care", "foster placement"],
            "ordinary words of a case note",
        ),
        (
            "TC from school. <Keira> disclosed that dad hits her. S47 enquiry to start today, strat "
            "meeting at 2.",
            ["hits her", "S47 enquiry", "strat meeting"],
            "shorthand, first name and family words",
        ),
        (
            "<Ewan Begg>, P5 at Kirkton Primary, is on a compulsory supervision order.",
            ["compulsory supervision order"],
            "Scotland, school and name",
        ),
        (
            "Article 50 order sought: <Caoimhe Daly> (aged 6) was placed on the Child Protection Register "
            "in May.",
            ["Article 50 order", "Child Protection Register"],
            "Northern Ireland",
        ),
        (
            "<Ifan Hughes> is not subject to a child protection plan; his brother is.",
            ["child protection plan"],
            "a denial is still a file about this child",
        ),
        (
            "The unborn baby of <Shannon Pike> (<address:4 Tan Row, Rhyl>) is subject of a pre-birth "
            "conference.",
            ["pre-birth conference"],
            "unborn child, mother and home",
        ),
        (
            "CABINET\nAgenda item 7\nReport of the Director. Recommendations: that members note the report. "
            "Wards affected: all. Financial implications: none.\n214 children were subject to a child "
            "protection "
            "plan.\n\nEXEMPT APPENDIX B - not for publication\n\nComplaint of the grandmother of <Keira "
            "Doyle> "
            "(born <dob:09/11/2014>), who is subject to a care order.",
            ["care order"],
            "an exempt annex that names a child fires though the rest counts children",
        ),
        (
            "Safeguarding Level 3 training\nLearning outcomes. Delegates will know the thresholds. Case "
            "study: "
            "<Keira Doyle>, born <dob:09/11/2014>, of <address:4 Tan Row>, is on a child protection plan.",
            ["child protection plan"],
            "a case study with a real name in training material",
        ),
        (
            "K.D. (9), Year 4 at Kirkton Primary, remains on a child protection plan.",
            ["child protection plan"],
            "initials with an age and a school",
        ),
        (
            "Re: <Ifan Hughes> dob <dob:02/03/2012>\n\nLooked after: Yes, since 2019\nPEP held: 3 May\n",
            ["Looked after"],
            "a form field answered with Yes",
        ),
        (
            "[x] Child protection plan  [ ] Child in need\nChild: <Ifan Hughes>, dob <dob:02/03/2012>",
            ["Child protection plan"],
            "the ticked box only",
        ),
        (
            "<Ifan Hughes>, LAC, missing from his placement since 1530, mum told by 1910 hrs.",
            ["LAC"],
            "times of day are no years of long ago",
        ),
        (
            '{"name": "<Ifan Hughes>", "dob": "<dob:02/03/2012>", "status": "S47_ENQUIRY_OPEN"}',
            ["S47_ENQUIRY_OPEN"],
            "a constant of a program",
        ),
        (
            "TC from nursery: <Ifan Hughes> (4) says his stepdad often hits him with a belt.",
            ["hits him with a belt"],
            "the words of a disclosure without who did it",
        ),
        ("<Isla Reid> (P3): IRD yesterday, her gran was there.", ["IRD"], "a Scottish class in brackets"),
    ],
)
def test_flags_about_an_identified_child(text: str, expected: list[str], why: str) -> None:
    assert flags(text) == expected, why
    assert flags(text, certain=True) == expected, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "Section 47 enquiries where a child may be suffering significant harm are led by social workers.",
            "policy",
        ),
        ("<staff:Dawn Price>\nChild Protection Conference Chair\n01632 960001", "a job title in a signature"),
        (
            "Please welcome <Dawn Price>, who joins the MASH team from the Looked After Children service.",
            "teams",
        ),
        ("CHILD PROTECTION REGISTER\n\nThe register closed for the holiday.", "a heading"),
        (
            "Number of looked after children: 388 (372). Children on child protection plans: 214. Repeat "
            "plans: 23 %.",
            "statistics without anybody",
        ),
        (
            "Cllr <staff:Farida Rahman> asked why 214 children were on child protection plans.",
            "a count asked about",
        ),
        (
            "Title: Senior Social Worker, Child in Need\nSalary: 41,418 per annum. Closing date 12 May. "
            "We are "
            "recruiting: you will chair core groups and undertake section 47 enquiries. For a chat ring "
            "<Ann Roe>.",
            "job advert with a contact",
        ),
        (
            "Is the child: ( ) looked after ( ) on a child protection plan ( ) CIN\nChild's name: "
            "____________",
            "blank form",
        ),
        (
            "Name: <Ifan Hughes>\nDate of birth: <dob:02/03/2012>\nLooked after child: No\nSchool: Ysgol "
            "Glan",
            "an ordinary admission form answered with No",
        ),
        (
            "Hi <Tom>,\nPlease can you send the figures for children in care and CP plans by "
            "Friday?\nThanks\n<Priya>",
            "two colleagues and a request for numbers",
        ),
        (
            "The CPO for Dockside was confirmed; <Fraser Lennan> of number 4 objected to the compulsory "
            "purchase.",
            "compulsory purchase",
        ),
        (
            "Section 20 consultation about the lift: <Moira Kent>, flat 12, asks about her service charge.",
            "leaseholders",
        ),
        ("<Moira Kent> complained to the ICO that her data had been lost.", "the Information Commissioner"),
        ("Safeguarding is everyone's responsibility. If a child is at risk of harm call MASH.", "a footer"),
        (
            "Fictional case study: <Keira Doyle>, born <dob:09/11/2014>, is on a child protection plan. "
            "All names "
            "have been changed.",
            "made-up people",
        ),
        (
            "[2023] EWFC 44. Neutral citation number. In the Family Court. Approved judgment. This "
            "judgment was "
            "delivered in private; the judge has given leave for it to be published. Child A (7) is "
            "subject to an "
            "interim care order.",
            "an anonymised judgment",
        ),
        (
            "Ticket: cannot open LAC tracker v4.xlsx, user <Bethan Rees>, group GG-LAC-RW, path "
            "\\\\nas\\cin\\s47",
            "file names, groups and paths",
        ),
        ("Sessions 22, contacts 341, known to YOT 9, LAC 6, CIN 11, EHCP 14. Prepared by <Kofi>", "a tally"),
        (
            "The Fostering Network thanked <Ann Roe> for 30 years as a foster carer.",
            "thanks to a foster carer",
        ),
        ("Team,CP plans,LAC\nEast,41,60\nWest,38,52\n", "a table of counts"),
    ],
)
def test_near_misses(text: str, why: str) -> None:
    assert flags(text) == [], why
    assert flags(text, certain=True) == [], why


def test_a_phrase_about_nobody_is_a_topic_below_the_reporting_band() -> None:
    view = marked_view("A child protection plan is reviewed every six months.")
    (finding,) = RECOGNISER.recognise(view)
    assert finding.confidence < REPORTED
    assert finding.note == "topic"


def test_a_heading_is_told_apart() -> None:
    view = marked_view("CHILD PROTECTION CONFERENCE REPORT\n\n<Keira> was seen at home.")
    assert [finding.note for finding in RECOGNISER.recognise(view)] == ["heading"]


def test_many_phrases_cost_linear_time_and_are_capped() -> None:
    text = (
        "<Ann Roe>'s child is on a child protection plan. "
        + "Section 47 enquiries are made by staff. " * 8000
    )
    view = marked_view(text)
    assert len(RECOGNISER.recognise(view)) <= 5000


@pytest.mark.parametrize(
    ("below", "expected", "why"),
    [
        ("PS <Kayden Marsh>, 9, is on a child protection plan.", ["child protection plan"], "a postscript"),
        (
            "<Kayden Marsh>, 9, has a child protection plan now.",
            ["child protection plan"],
            "the text goes on",
        ),
        ("Child Protection Plan Team, PA: <Jo Marsh> 01632 960123", [], "a signature goes on"),
        ("We work to keep children on a child protection plan safe.", [], "what all our mail says"),
    ],
)
def test_below_the_closing_words(below: str, expected: list[str], why: str) -> None:
    assert flags(f"See you there.\n\nKind regards\nAmy\n\n{below}") == expected, why
