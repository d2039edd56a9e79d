"""Special category: clear phrases about an identified person, not public health or equality totals."""

import pytest

from scanner.detection.examples import marked_view
from scanner.detection.finding import REPORTED
from scanner.detection.recognisers.special_category import SpecialCategoryRecogniser

RECOGNISER = SpecialCategoryRecogniser()


def found(text: str) -> list[tuple[str, str]]:
    view = marked_view(text, certain=False)
    return [
        (finding.note, finding.value(view.text))
        for finding in sorted(RECOGNISER.recognise(view), key=lambda finding: finding.start)
        if finding.confidence >= REPORTED
    ]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        (
            "Dear <Mrs Bramwell>\n\nWe have agreed to award you a badge because your osteoarthritis of "
            "both hips means "
            "that you have difficulty walking.\n\nYours sincerely\n<Tom Pargeter>",
            [("health", "osteoarthritis of both hips")],
            "a letter to the person, with the place of the illness",
        ),
        (
            "<Kofi Mensah>, dob <dob:19/03/1958>. Background type 2 diabetes, hypertension.",
            [("health", "type 2 diabetes"), ("health", "hypertension")],
            "two diagnoses stay two",
        ),
        (
            "<Ieuan Prys> has been off since April with acute anxiety and depression.",
            [("health", "acute anxiety and depression")],
            "the modifier belongs to it",
        ),
        (
            "<Hansa Solanki>, <address:12 Ormeau Court>. Polymyositis, s/b rheumatology.",
            [("health", "Polymyositis")],
            "a disease no list holds, by its ending",
        ),
        (
            "Name: <Ella Tate>\nEthnicity: Gypsy or Irish Traveller\nReligion: Catholic\n",
            [("ethnicity", "Gypsy or Irish Traveller"), ("religion", "Catholic")],
            "labels make their values count",
        ),
        (
            "<Ella Tate> told me she thinks about not being here most nights. She is restricting food.",
            [("health", "thinks about not being here"), ("health", "restricting food")],
            "plain words for it",
        ),
        (
            "Sessions by <Ann Roe>: come to chat about dyslexia, ADHD or anything else.",
            [],
            "what an event is about",
        ),
        (
            "<Ann Roe> meets pupils with anxiety, long covid or cancer.",
            [],
            "pupils who have it, not somebody",
        ),
        (
            "Panel 3. <Hannah Crabtree>, born 4 May 1861, was admitted in 1870 and died of cancer.",
            [],
            "people of long ago",
        ),
        (
            "<Hannah Crabtree>, dob <dob:04/05/1951>, here since 1861, was diagnosed with cancer in 2024.",
            [("health", "cancer")],
            "an old year beside a new one",
        ),
        ("Employee,Payroll,Union\n<Ieuan Prys>,30418,UNISON\n", [("union", "UNISON")], "a column header"),
        (
            "<Gary Reid> was convicted of assault by beating in May.",
            [("offence", "convicted of assault by beating")],
            "what for belongs to it",
        ),
        (
            "<Gary Reid> is on the sex offenders register and must not live near a school.",
            [("offence", "sex offenders register")],
            "offence data",
        ),
        (
            "<Dylan Harries> told us that he is gay and that his neighbours shout at him.",
            [("sexual_orientation", "gay")],
            "orientation",
        ),
        (
            "<Sinead Daly> rang: she is fleeing domestic abuse and needs a bed tonight.",
            [("domestic_abuse", "domestic abuse")],
            "domestic abuse",
        ),
        (
            "<Hansa Solanki> (<dob:04/03/1938>) suffers from chilblains and has macular degenerat1on.",
            [("health", "chilblains"), ("health", "macular degenerat1on")],
            "an illness no list holds; a scan's digit",
        ),
        (
            "RESIDENT: <Hansa Solanki>  <dob:04/03/1938>\n\nFAITH    Jain. Lamps lit at dusk.",
            [("religion", "Jain")],
            "a label in a column of its own",
        ),
        (
            "<Moira Kent> is off work. Fit note received: shingles.",
            [("health", "shingles")],
            "what names the illness speaks for the note",
        ),
        (
            "<Kofi Mensah> cannot walk since they took his leg off below the knee.",
            [("health", "cannot walk"), ("health", "took his leg off below the knee")],
            "plain words",
        ),
        (
            "Medication: apixaban 5mg bd, Zapomeran 10mg\nName: <Moira Kent>\nDOB: <dob:04/03/1950>\n",
            [("health", "apixaban"), ("health", "Zapomeran")],
            "entries of a list under a label, known or not",
        ),
        (
            "<Gary Reid> got 18 months' imprisonment for it and is on a tag.",
            [("offence", "got 18 months' imprisonment"), ("offence", "on a tag")],
            "sentences",
        ),
        (
            "<Moira Kent>, 74, lives alone. Stopped eating in April. Hindu, hard of hearing.",
            [("religion", "Hindu"), ("health", "hard of hearing")],
            "entries of a note in telegram style",
        ),
        (
            "Name\tFirst day\tReason\tTrigger?\n<Moira Kent>\t01/03\tD&V\tN\n<Gary Reid>\t02/03\tCarer's "
            "leave\tN\n",
            [("health", "D&V")],
            "a bare reason beside days off; the No of another column denies nothing",
        ),
        (
            "Deductions: D412 UNISON / D415 GMB\nEmp,Name,Code,Amount\n1,<Moira Kent>,D412,14.20\n"
            "2,<Gary Reid>,D230,3.00\n",
            [("union", "D412")],
            "a union by its code",
        ),
        (
            "I was told off because I am pregnant, and my Unite rep will come to any meeting.\n\n"
            "<Moira Kent>\nLoader",
            [("health", "pregnant"), ("union", "Unite")],
            "said by the person who signed",
        ),
    ],
)
def test_about_an_identified_person(text: str, expected: list[tuple[str, str]], why: str) -> None:
    assert found(text) == expected, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "Public Health Annual Report. Rates of diabetes and hypertension are above the England average.",
            "figures",
        ),
        ("Dementia Action Week: coffee morning at the library with <Ann Roe>.", "awareness"),
        (
            "Free health checks: blood pressure, HIV test, diabetes. Contact <Rhys> on 029 2018 0985.",
            "an event",
        ),
        (
            "White British staff: 71 per cent. Asian or Asian British staff: 9 per cent.",
            "equality monitoring",
        ),
        ("Ethnicity: ____________ Religion: ____________", "blank form"),
        (
            "Name: <Ella Tate>\nReligion: prefer not to say\nMedication: none\n",
            "labels answered with nothing",
        ),
        (
            "St Joseph's Catholic Primary School: places go first to baptised children. Head: <staff:Ann "
            "Roe>",
            "admission criteria",
        ),
        (
            "<Fiona Gray>, Drug and Alcohol Team, will speak about substance misuse services.",
            "a team and its subject",
        ),
        (
            "The policy applies to anyone convicted of an offence. See the Rehabilitation of Offenders Act.",
            "policy",
        ),
        ("Facility time: UNISON, GMB and Unite have 2.5 FTE between them.", "unions as bodies"),
        ("Cllr <staff:Ann Roe> (Labour) moved the motion.", "a councillor's party is public"),
        ("The economic depression hit <Tom Hale>'s shop in the 1930s.", "another depression"),
        ("The flat of <Moira Kent> suffers from damp and mould.", "a flat is not ill"),
        ("<Moira Kent> has no history of self-harm.", "denied"),
        ("  words: [sectioned, HIV, chemo, bipolar]\n  who: <Moira Kent>, <dob:04/03/1950>\n", "a word list"),
        ("The macro is disabled by default; ask <Ann Roe> in ICT.", "software"),
        ("I told the client that my depression training is off.\n\n<Moira Kent>", "a trainer's words"),
        ("We do not give aspirin to anybody under 16. First aiders: Mrs <Tomlin>, Mr <Dale>.", "a rule"),
        (
            "One in six has a disorder. Self-harm is often hidden.\nNext briefing with <Moira Kent>.",
            "general",
        ),
        ("<Moira Kent> will run the diabetes session on Monday.", "a session"),
        ("<Sam Pike> asked for hearing aids and adaptations leaflets to be reprinted.", "aids are not AIDS"),
    ],
)
def test_near_misses(text: str, why: str) -> None:
    assert found(text) == [], why


def test_a_phrase_about_nobody_stays_below_the_reporting_band() -> None:
    view = marked_view("Epilepsy is a common condition.")
    assert [(f.note, f.confidence < REPORTED) for f in RECOGNISER.recognise(view)] == [("topic", True)]
