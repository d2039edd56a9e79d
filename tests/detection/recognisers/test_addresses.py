"""Addresses in every layout, whose they are, and the numbers and streets that are none."""

from __future__ import annotations

from datetime import date

import pytest

from rules.addresses import load_address_words
from scanner.detection.finding import Finding
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.addresses import AddressRecogniser
from scanner.detection.recognisers.postcodes import PostcodeRecogniser
from scanner.detection.view import View
from scanner.text import Passage
from scanner.text.normalise import normalise

POSTCODES = PostcodeRecogniser()
ADDRESSES = AddressRecogniser()
OWN = Organisation(postcodes=frozenset({"LS1 1UR"}))


def find(text: str) -> tuple[str, list[Finding]]:
    here = View(Passage(normalise(text).text), organisation=OWN, reference_date=date(2025, 6, 1))
    here.findings = sorted(POSTCODES.recognise(here), key=lambda finding: finding.start)
    return here.text, ADDRESSES.recognise(here)


def addresses(text: str) -> list[str]:
    normal, findings = find(text)
    return [finding.value(normal) for finding in findings if finding.confidence >= 0.40]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("She lives at 14 Beech Road, Northmoor LS11 5QX.", ["14 Beech Road, Northmoor LS11 5QX"], "prose"),
        ("lives at 14 beech rd, ls8 2qt", ["14 beech rd, ls8 2qt"], "lower case"),
        ("lives at 14 beech rd leeds ls8 2qt", ["14 beech rd leeds ls8 2qt"], "no commas at all"),
        (
            "MR J SMITH\nFLAT 4\n12 BEECH ROAD\nLEEDS\nLS8 2QT",
            ["FLAT 4\n12 BEECH ROAD\nLEEDS\nLS8 2QT"],
            "capitals",
        ),
        (
            "Mrs J Barrow\n88 Cobham Terrace\nWexcombe\nNN1 1AA\n\nDear Mrs Barrow",
            ["88 Cobham Terrace\nWexcombe\nNN1 1AA"],
            "a letter's address, without the name",
        ),
        (
            "Mr Smith\n14 Beech Road,\nLeeds,\nLS8 2QT.",
            ["14 Beech Road,\nLeeds,\nLS8 2QT"],
            "commas at line ends",
        ),
        (
            "Flat 9, 31 Tannery Row, Leeds LS11 5QX",
            ["Flat 9, 31 Tannery Row, Leeds LS11 5QX"],
            "flat and number",
        ),
        (
            "Flat 14 Cranmer House, Mill Rd, London SW9 1AB",
            ["Flat 14 Cranmer House, Mill Rd, London SW9 1AB"],
            "flat, house",
        ),
        (
            "Room 12, Sandringham Lodge, 90 Marine Parade, Brighton BN2 1AB",
            ["Room 12, Sandringham Lodge, 90 Marine Parade, Brighton BN2 1AB"],
            "room, building, number",
        ),
        ("2F1, 12 Leith Walk, Edinburgh EH6 5AB", ["2F1, 12 Leith Walk, Edinburgh EH6 5AB"], "Scottish flat"),
        (
            "12/3 Leith Walk, Edinburgh EH6 5AB",
            ["12/3 Leith Walk, Edinburgh EH6 5AB"],
            "Scottish flat behind a slash",
        ),
        (
            "Flat 3/2, 14 Byres Road, Glasgow G11 5AB",
            ["Flat 3/2, 14 Byres Road, Glasgow G11 5AB"],
            "stair and flat",
        ),
        ("moved to 3 Heol y Bont, Bangor LL57 1AB", ["3 Heol y Bont, Bangor LL57 1AB"], "Welsh street"),
        (
            "his address is Tŷ Capel, 4 Stryd y Bont, Llanfaes, Ynys Môn, LL58 8AB.",
            ["Tŷ Capel, 4 Stryd y Bont, Llanfaes, Ynys Môn, LL58 8AB"],
            "Welsh house, street, island",
        ),
        (
            "come to Tyddyn Isaf, Llanfihangel-y-Coed, LL35 5RR",
            ["Tyddyn Isaf, Llanfihangel-y-Coed, LL35 5RR"],
            "tyddyn",
        ),
        ("14 Broadway, Leeds LS8 2QT", ["14 Broadway, Leeds LS8 2QT"], "a street without descriptor"),
        (
            "lives at Rose Cottage, Mill Lane, Otley LS21 3AB",
            ["Rose Cottage, Mill Lane, Otley LS21 3AB"],
            "named",
        ),
        (
            "John Smith\nHillcrest\nMill Lane\nOtley\nLS21 3AB",
            ["Hillcrest\nMill Lane\nOtley\nLS21 3AB"],
            "house below a name",
        ),
        ("c/o Mrs Jones, 14 Beech Road, Leeds LS8 2QT", ["14 Beech Road, Leeds LS8 2QT"], "care of"),
        ("14-16 Beech Road, Leeds LS8 2QT", ["14-16 Beech Road, Leeds LS8 2QT"], "a range of numbers"),
        (
            "Address  4l Undercliffe 0ld Road, Bradfleld BD2 3AB",
            ["4l Undercliffe 0ld Road, Bradfleld BD2 3AB"],
            "OCR",
        ),
        ("moved from 3 Oak Street, Leeds", ["3 Oak Street, Leeds"], "without postcode"),
        ("at 8 Orchard View, Adderbury, she said", ["8 Orchard View, Adderbury"], "a village no list knows"),
        ("regards\njo bloggs\n18 dalston gardens, HA3", ["18 dalston gardens, HA3"], "half a postcode"),
        ("her new address is 5 Oak Close.", ["5 Oak Close"], "house and street alone"),
        (
            "moved from 3 Oak Street, Leeds, LS8 2QT to 22a Elm Grove, Bradford BD1 1AA",
            ["3 Oak Street, Leeds, LS8 2QT", "22a Elm Grove, Bradford BD1 1AA"],
            "two in a sentence",
        ),
        (
            "Name,House No,Street,Town,Postcode,Phone\nSmith,14,Beech Road,Leeds,LS8 2QT,1\n",
            ["14,Beech Road,Leeds,LS8 2QT"],
            "columns, from the house to the postcode",
        ),
        (
            "Name,Address1,Address2,Address3,Postcode\nSmith,Flat 2,14 Beech Road,,LS8 2QT\n",
            ["Flat 2,14 Beech Road,,LS8 2QT"],
            "address columns with an empty one",
        ),
        (
            "UPRN;Address Line 1;Address Line 2;Town;Post code\n1;The Cottage;Mill Lane;Otley;LS21 3AB\n",
            ["The Cottage;Mill Lane;Otley;LS21 3AB"],
            "semicolons",
        ),
        (
            "| Name | Address | Tel |\n|---|---|---|\n| J Smith | 14 Beech Road, Leeds LS8 2QT | 1 |",
            ["14 Beech Road, Leeds LS8 2QT"],
            "one cell",
        ),
        (
            "Address: 14 Beech Road\nTown: Leeds\nPostcode: LS8 2QT\nTel: 1",
            ["14 Beech Road\nTown: Leeds\nPostcode: LS8 2QT"],
            "a form, one line for each part",
        ),
        (
            "Address: 14 Beech Road\n         Northmoor\n         Leeds LS8 2QT\nTel: 1",
            ["14 Beech Road\n         Northmoor\n         Leeds LS8 2QT"],
            "a form field over three lines",
        ),
        (
            "Address: Rose Cottage, Main Street, Otley",
            ["Rose Cottage, Main Street, Otley"],
            "a label, no number",
        ),
        (
            "Home address: Flat 9, 31 Tannery Row LS11 5QX. Ring first",
            ["Flat 9, 31 Tannery Row LS11 5QX"],
            "a remark",
        ),
        (
            '"address": "14 Beech Road, Leeds", "postcode": "LS8 2QT"',
            ["14 Beech Road, Leeds"],
            "JSON: one value",
        ),
        ("12 Beech\nRoad, Leeds LS8 2QT", ["12 Beech\nRoad, Leeds LS8 2QT"], "a wrapped street"),
        (
            "Mr Doe, 15 Ashfield Terr. Bradford. BD8 9AB",
            ["15 Ashfield Terr. Bradford. BD8 9AB"],
            "stops for commas",
        ),
        (
            "15 Ashfield Terrace\n\nBradford\n\nBD8 9AB",
            ["15 Ashfield Terrace\n\nBradford\n\nBD8 9AB"],
            "double-spaced",
        ),
        (
            "Flat 3 (first floor), 10 High St, Otley LS21 3AB",
            ["Flat 3 (first floor), 10 High St, Otley LS21 3AB"],
            "floor",
        ),
        ("Croft 7, Staffin, Isle of Skye, IV51 9AB", ["Croft 7, Staffin, Isle of Skye, IV51 9AB"], "a croft"),
        (
            "1. 15 Ashfield Terrace - a hedge\n",
            ["15 Ashfield Terrace"],
            "the number of a list is no house number",
        ),
        (
            "> we moved to 22 Larch Avenue,\n> Harrogate\n> HG1 4AB",
            ["22 Larch Avenue,\n> Harrogate\n> HG1 4AB"],
            "quoted",
        ),
        ("34 lindsey rd. other side", ["34 lindsey rd"], "hurried, but plain"),
    ],
)
def test_addresses(text: str, expected: list[str], why: str) -> None:
    assert addresses(text) == expected, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Works on High Street between 2 and 14 May", "road works"),
        ("4 Station Road Improvements", "a scheme"),
        ("Orchard Wanderers 4, The Chaplains 2", "a score"),
        ("Phase 2 Park Hill", "a phase"),
        ("Seen 6.9.24 1405 hrs Market St. Officer D", "a time and a place"),
        ("Callum, 15, yr 10 Moorcroft High St", "a school year"),
        ("There were 12 people in the street", "prose"),
        ("14 days in the park and 3 weeks on the road", "prose"),
        ("a 2 Bedroom House in Leeds", "what a number counts"),
        ("in 2023 Leeds LS8 2QT was", "a year"),
        ("the 2016 High Court judgment", "a court"),
        ("Radio 19:00 The Archers", "a time"),
        ("£20 Park Row", "a price"),
        ("Address: NFA", "no fixed abode"),
        ("Email Address,Name\na@b.com,J\n", "a mail address"),
        ("Leeds LS8 2QT", "a town and a postcode are no address"),
        ("line: 23", "a line number"),
        ("(c) 2017, Chanho Park", "a year and a name"),
        ("Example Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston", "a foundation"),
        ("Road closures: High Street and Mill Lane", "streets without a house"),
        # offices, sites, venues
        ("Wexcombe Borough Council, Civic Centre, 3 High Street, London SM4 5DX", "a council"),
        ("Housing Services\nWexcombe Council\nHill Street\nWexcombe\nLS8 2QT", "a letter head"),
        ("Jane Smith, Housing Officer, Wexcombe Council, 3 High Street, Leeds LS8 2QT", "a signature"),
        ("Registered office: 12 Dock Street, Leeds LS10 1NB", "a company"),
        ("Acme Ltd, Unit 4, Elland Road Industrial Estate, Leeds LS11 0ES", "a firm's unit"),
        ("Mill Lane Surgery, 2 Mill Lane, Thorley CM23 1AB", "a surgery"),
        ("Dr Patel, Oak Surgery, 2 High Street, Leeds LS8 2QT", "a doctor at work"),
        ("Venue: Hollybush Library, 1 Church Street, Cardiff CF14 1AA", "a venue"),
        ("will be held at Oak Hall, 12 Church Road, Leeds LS8 2QT", "a meeting"),
        ("single storey rear extension at 14 Beech Road, Leeds LS8 2QT", "a planning site"),
        ("24/00123/FUL  12 Oak Lane, Otley LS21 3AB  Two storey", "a planning list"),
        (
            "Ref\tStreet\tFrom\tTo\tPromoter\nA2\t14 Station Road\t3 May\t9 May\tGas\n",
            "a road works schedule",
        ),
        ("Northern Homes Ltd (the Landlord) of 1 Dock Street Leeds LS10 1NB", "a company"),
        ("Objection to 24/01187/FUL - children's home at 6 Beech Avenue", "what somebody wants to build"),
        ("Land adj. 4 Silver Street", "land"),
        ("Resurfacing at 14-20 High Street, Leeds LS8 2QT", "road works"),
        ("School,Address,Postcode\nOak Primary,14 Beech Road,LS8 2QT\n", "a list of schools"),
        ("12 Dock Street, Leeds LS1 1UR", "a site of the council by its postcode"),
        ("he is at HMP Leeds, 2 Gloucester Terrace, Leeds LS12 2TJ", "a prison"),
    ],
)
def test_no_private_address(text: str, why: str) -> None:
    assert addresses(text) == [], why


@pytest.mark.parametrize(
    ("text", "note", "why"),
    [
        ("She lives at 14 Beech Road, Leeds LS8 2QT", "home", "lives"),
        ("Mr J Smith\n14 Beech Road\nLeeds\nLS8 2QT", "home", "a name above"),
        ("Applicant: Mr J Smith, 14 Beech Road, Leeds LS8 2QT", "home", "a person before it"),
        ("Child's address: 14 Beech Road, Leeds LS8 2QT", "home", "label"),
        (
            "resides at Sunny Lodge Care Home, 12 Park Road, Leeds LS8 2QT",
            "home",
            "somebody lives in the care home",
        ),
        ("1 School Lane, Otley LS21 3AB", "", "a street named after a school"),
        ("Council tax, 15 Ashfield Terrace BD8 9AB", "", "a tax is no council"),
        (
            "Acme Ltd confirmed the change of address to 15 Elm Road, Leeds LS8 2QT",
            "home",
            "a change of address",
        ),
        ("Police were called to 14 Beech Road, Leeds", "", "the police do not live there"),
        ("Oak Primary School, 2 School Lane, Otley LS21 3AB", "office", "a school"),
        ("She is in a refuge at 12 Elm Road, Leeds LS8 2QT.", "at-risk", "a refuge"),
        ("DO NOT DISCLOSE: 12 Elm Road, Leeds LS8 2QT", "at-risk", "a warning"),
        ("Placement address: 9 Hill Rise, Otley LS21 3AB", "at-risk", "a placement"),
        ("Foster carers Mr & Mrs Jones, 4 Mill Close, Otley, LS21 3AB", "at-risk", "foster carers"),
    ],
)
def test_whose_address(text: str, note: str, why: str) -> None:
    _, findings = find(text)
    assert [finding.note for finding in findings] == [note], why


def test_confidence_falls_with_what_is_missing() -> None:
    texts = (
        "lives at 14 Beech Road, Leeds LS8 2QT",
        "14 Beech Road, Leeds LS8 2QT",
        "seen near Beech Road, Leeds LS8 2QT",
        "parked by 14 Beech Road",
    )
    scores = [find(text)[1][0].confidence for text in texts]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] >= 0.85
    assert scores[-1] < 0.55


def test_examples_of_the_address_vocabulary() -> None:
    examples = load_address_words().examples
    for text in examples.home:
        value = text[text.index("«") + 1 : text.index("»")]
        assert addresses(text.replace("«", "").replace("»", "")) == [value], text
    for text in (*examples.office, *examples.no_match):
        assert addresses(text) == [], text


def test_a_list_of_bare_postcodes_is_no_address() -> None:
    assert addresses("\n".join(f"LS8 {n % 10}QT" for n in range(200))) == []
