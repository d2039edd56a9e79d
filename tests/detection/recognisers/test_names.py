"""People by rules: who counts, how far the span goes, and whose name it is."""

import re
from datetime import date

import pytest

from rules.names import load_names
from scanner.detection.finding import REPORTED, Finding
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.names import NameRecogniser
from scanner.detection.view import View
from scanner.text import Block, Field, Passage, normalise

RECOGNISER = NameRecogniser()
EMAIL = re.compile(r"(?<![\w.])[\w.]+@[\w.]+\w")


def view_of(text: str, organisation: Organisation | None = None) -> View:
    view = View(
        Passage(normalise(text).text),
        organisation=organisation or Organisation(),
        reference_date=date(2024, 6, 30),
    )
    view.findings = [
        Finding("EMAIL", match.start(), match.end(), 0.9, "test") for match in EMAIL.finditer(view.text)
    ]
    return view


def people(text: str) -> list[tuple[str, str]]:
    """``(name, note)`` of the reported people, in order."""
    view = view_of(text)
    found = [one for one in RECOGNISER.recognise(view) if one.confidence >= REPORTED]
    return [(one.value(view.text), one.note) for one in sorted(found, key=lambda one: one.start)]


def names(text: str) -> list[str]:
    return [name for name, _ in people(text)]


def marked(text: str) -> tuple[str, list[str]]:
    return re.sub("[«»]", "", text), re.findall("«([^»]*)»", text)


@pytest.mark.parametrize(
    ("rule", "example"),
    [(rule.id, example) for rule in load_names().rules for example in rule.examples.match],
)
def test_vocabulary_examples_are_found(rule: str, example: str) -> None:
    text, wanted = marked(example)
    assert names(text) == wanted, rule


@pytest.mark.parametrize(
    ("rule", "example"),
    [(rule.id, example) for rule in load_names().rules for example in rule.examples.no_match],
)
def test_vocabulary_near_misses_are_left_alone(rule: str, example: str) -> None:
    assert names(example) == [], rule


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I visited Mrs «Adeyemi-Clarke» at home.", "title outside, hyphen inside"),
        ("Mr and Mrs «Thompson» are joint tenants.", "two titles, one surname"),
        ("It is «Zainab»'s birthday.", "possessive outside"),
        ("«Ann» and «Bob Smith» objected.", "a forename that shares the next surname"),
        ("Surname: «Okonkwo»\nForename: «Zbyszko»\n", "two fields, two spans"),
        ("Surname,Forename,DOB\n«Church»,«Grace»,01/02/2010\n«Young»,«Will»,02/03/2011\n", "two columns"),
        ("Tenant: «HARGREAVES, Tyrone»\nRent: £90", "surname first is one span"),
        ("Owners: «O'NEILL, Ciara»; «Patel, Hemal»", "a list of surname-first names"),
        ("Signed by «Huw ap Dafydd» and «Noor bint Hassan».", "particles inside"),
        ("The officers were «Anne-Marie O'Brien», «Zoë Šimić» and «J. R. Tate».", "accents and initials"),
        ("spoke to «jade collins» today", "small letters, frequent names"),
        ("please ring mr «petrova» back", "title in small letters"),
        ("DEAR MISS «BEGUM»\nYOUR ACCOUNT IS IN ARREARS", "capitals"),
        ("PC 4411 «Bains» attended.", "collar number"),
        ("Mrs «Preston» and Mr «Ireland» agreed.", "surnames that are places"),
        ("Mon «Harry»; Tues «Yvonne»", "days before names"),
        ("Hi «Shanelle»,\n\nsee below\n\nThanks\n«Kev»", "greeting and sign-off"),
        ("[10:02] «Priya»: has anyone got the keys\n[10:03] «Colin»: no", "speakers of a chat"),
        ("Children: «Andrei» (7), «Maria» (4)", "forenames with ages"),
        ("@«Cheryl» could you action this", "somebody addressed"),
        (
            "«Kacper» drew a house. Later «kacper» said it was his dad's.",
            "established, then in small letters",
        ),
        ("Mr «Church» rang. We told «Church» to wait.", "a surname that is a word, established by its title"),
        ("from «Harjinder Singh» <h.singh@example.org>", "address behind the name"),
    ],
)
def test_spans(text: str, why: str) -> None:
    text, wanted = marked(text)
    assert names(text) == wanted, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Meet at Victoria Park, Albert Hall or 56 Victoria Road.", "parks, halls, streets"),
        ("St Mary's School, Sarah Smith House and the Elizabeth Garrett Wing", "schools and buildings"),
        ("Contact Parker Jones Solicitors LLP or Graham Taylor Ltd.", "firms"),
        ("the Laming Report, the Munro Review and Gillick competence", "inquiries and tests"),
        ("Down Syndrome, Wilson disease, Asperger syndrome", "illnesses"),
        ("The Smith family and the Jones children have moved.", "families are of no account"),
        ("Invoice from Marks and Spencer, Wren & Lark Architects, Harris & Sons", "firms of two names"),
        ("Head of Service, Strategic Director of Place, Senior Social Worker", "job titles"),
        ("In May and June the Summer Reading Challenge runs until late August.", "months and seasons"),
        ("Milton Keynes, Chester le Street, Melton Mowbray, Nelson", "places"),
        ("Ward: Clifton\nSchool name: Hope Bishop\nFile name: annual summary.docx", "labels of other things"),
        ("Father: not known\nAllocated worker: unallocated\nCarer: n/a", "no value"),
        ("Name: ______\nDate of birth: ______\nAddress: ______", "a blank form"),
        ("Dear Resident,\n\nyour bins.\n\nYours faithfully,\n\nWaste Services", "nobody in person"),
        ("see github.com/jane/smith or /home/jane/smith.docx, user jane_smith", "paths and user names"),
        ("e-mail jane.smith@example.org", "names inside e-mail addresses"),
        ("Free School Meals, Pupil Premium, Early Help, Universal Credit, Blue Badge", "schemes"),
        ("Windows Server, Oracle, Microsoft Teams and Adobe Acrobat", "products"),
        ("Mark all papers. Will you come? Grant funding is open. Hope this helps.", "words that are names"),
        ("as Smith et al. (2019) and (Jones, 2021) show", "citations"),
        ("William Shakespeare, Florence Nightingale and Queen Victoria", "history"),
        ("Mum, 'Ms B', misses two appointments.", "bare initials"),
        ("name = 'distutils'\nclass Jordan(Base):\n    self.owner = Grace", "program text"),
    ],
)
def test_near_misses(text: str, why: str) -> None:
    assert names(text) == [], why


@pytest.mark.parametrize(
    ("text", "wanted", "why"),
    [
        ("Cllr Winifred Ashdown spoke.", [("Winifred Ashdown", "public")], "councillor"),
        ("Kind regards\nHannah Lumley\nTeam Manager", [("Hannah Lumley", "staff")], "job title below"),
        ("Present: Hannah Lumley (SENCO)", [("Hannah Lumley", "staff")], "job title in brackets"),
        ("Present: Magda Lumley (mother)", [("Magda Lumley", "private")], "relative in brackets"),
        ("Tenant: Florin Dumitrescu", [("Florin Dumitrescu", "private")], "a tenant's label"),
        ("Social worker: Rohan Mistry", [("Rohan Mistry", "staff")], "an officer's label"),
        ("His mother Shanelle rang.", [("Shanelle", "private")], "kinship"),
        ("Aaliyah Pike (DOB 02/03/2015)", [("Aaliyah Pike", "private")], "the subject of a file"),
        ("I met Hannah Lumley.", [("Hannah Lumley", "")], "the text does not tell"),
        (
            "Tenant: Florin Dumitrescu\n\nFlorin said that Mr Dumitrescu is away.",
            [("Florin Dumitrescu", "private"), ("Florin", "private"), ("Dumitrescu", "private")],
            "later mentions are the same person's",
        ),
    ],
)
def test_whose_name(text: str, wanted: list[tuple[str, str]], why: str) -> None:
    assert people(text) == wanted, why


def test_own_mail_domain_makes_staff() -> None:
    text = "Please ask Gethin Probert (gethin.probert@norland.example)."
    organisation = Organisation(domains=frozenset(("norland.example",)))
    (found,) = RECOGNISER.recognise(view_of(text, organisation))
    assert found.note == "staff"


def test_declared_columns_are_labels() -> None:
    text = "Zbyszko Wrona\tHousing\nAmina Duale\tLegal"
    rows = [(0, 13, 14, 21), (22, 33, 34, 39)]
    blocks = tuple(
        Block(a, d, table=0, fields=(Field(a, b, "Claimant"), Field(c, d, "Team"))) for a, b, c, d in rows
    )
    view = View(Passage(text, blocks), organisation=Organisation(), reference_date=date(2024, 6, 30))
    assert [(one.value(text), one.note) for one in RECOGNISER.recognise(view)] == [
        ("Zbyszko Wrona", "private"),
        ("Amina Duale", "private"),
    ]


def test_a_name_inside_an_address_is_no_person() -> None:
    view = view_of("Send it to 4 Nelson Harris Court, AB1 2CD")
    assert RECOGNISER.recognise(view) == [] or view.findings == []
    view.findings = [Finding("UK_ADDRESS", 11, 41, 0.9, "test")]
    assert [one for one in RECOGNISER.recognise(view) if one.confidence >= REPORTED] == []


def test_reasons_are_given_and_never_hold_the_value() -> None:
    (found,) = RECOGNISER.recognise(view_of("Dear Mrs Okafor,"))
    details = [one.detail for one in found.evidence]
    assert "title before it" in details
    assert "Okafor" not in " ".join(details)


@pytest.mark.parametrize(
    ("text", "span", "probability", "reported"),
    [
        ("the bracken was seen by Qhawe Xolile", "Qhawe Xolile", 0.97, True),
        ("the bracken was seen by Qhawe Xolile", "Qhawe Xolile", 0.10, False),
        ("We met Sarah Harris.", "Sarah Harris", 0.02, False),
    ],
)
def test_a_model_adds_its_reason(text: str, span: str, probability: float, reported: bool) -> None:
    start = text.index(span)
    found = RECOGNISER.weigh(view_of(text), [(start, start + len(span), probability)])
    assert [one.value(text) for one in found if one.confidence >= REPORTED] == [span] * reported


@pytest.mark.parametrize(
    "text",
    ["Dear " * 40_000, "hi " * 60_000, "Smith, " * 30_000, "A.B." * 40_000, "O'" * 50_000,
     "regards\n" * 20_000,
     "JOHN SMITH " * 20_000, "Name: " + "Jane and " * 20_000, "-Smith" * 30_000],
)  # fmt: skip
def test_repetition_is_survived(text: str) -> None:
    """Text that repeats one construction ends, with a bounded number of findings."""
    assert len(RECOGNISER.recognise(view_of(text))) <= 20_000


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "'", "-", "Mr", "Dear", "Name:", "A", "\u0301", "漢字 李", "@", "Mr ."]
)
def test_scraps_are_survived(text: str) -> None:
    assert names(text) == []


def rows_without_labels(*rows: tuple[str, ...], labels: tuple[str, ...] = ()) -> View:
    """A declared table whose first row is its header where ``labels`` are given."""
    text, blocks = "", []
    for number, cells in enumerate(rows):
        start, fields = len(text), []
        for column, cell in enumerate(cells):
            label = labels[column] if labels and number else ""
            fields.append(Field(len(text), len(text) + len(cell), label))
            text += cell + "\t"
        blocks.append(Block(start, len(text) - 1, table=0, fields=tuple(fields)))
        text = text[:-1] + "\n"
    return View(Passage(text, tuple(blocks)), organisation=Organisation(), reference_date=date(2024, 6, 30))


RARE = ("Abara", "Achterberg", "Featherstonehaugh", "Ozturk", "Okonkwo", "Quigley")
GIVEN = ("Imran", "Zofia", "Gwenllian", "Thandiwe", "Aoife", "Chiamaka")


@pytest.mark.parametrize(
    ("columns", "named", "why"),
    [
        ((RARE, GIVEN, ("12.50",) * 6), {*RARE, *GIVEN}, "surnames beside forenames, no header at all"),
        ((tuple(f"{f} {s}" for f, s in zip(GIVEN, RARE, strict=True)),), None, "whole names"),
        ((("Ashton", "Barton", "Clifton", "Denton", "Heaton", "Norton"), ("Ward",) * 6), set(), "wards"),
        ((("Brown", "Green", "Green", "White", "Brown", "Green"), ("M",) * 6), set(), "colours repeat"),
        ((("Chair", "Desk", "Lamp", "Table", "Shelf", "Stool"),), set(), "furniture"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_columns_without_labels(
    columns: tuple[tuple[str, ...], ...], named: set[str] | None, why: str
) -> None:
    view = rows_without_labels(*zip(*columns, strict=True))
    sure = {one.value(view.text) for one in RECOGNISER.recognise(view) if one.confidence >= 0.7}
    assert sure == (set(columns[0]) if named is None else named), why


def test_what_heads_a_column_is_no_name() -> None:
    labels = ("Pupil", "D.O.B.", "Nat Ins", "Last Name")
    view = rows_without_labels(labels, ("Ann Carr", "01/02/2015", "none", "Carr"), labels=labels)
    found = {one.value(view.text) for one in RECOGNISER.recognise(view) if one.confidence >= REPORTED}
    assert found == {"Ann Carr", "Carr"}


def test_dots_lead_to_a_name() -> None:
    assert names("Name: ......Ann Carr...................... Date: ..........") == ["Ann Carr"]
    assert names("see www.Ann.Carr.example") == []
