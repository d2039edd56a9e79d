"""Identifiers: forms, checks, context on both sides, labels, columns, company, damage and bulk."""

import random
import time

import pytest

from rules.checks import CHECKS
from rules.loader import load_identifiers
from tests.detection.views import detect, values

RULES = {rule.id: rule for rule in load_identifiers().rules}
MATCHES = [(rule.id, example) for rule in RULES.values() for example in rule.examples.match]
NEAR_MISSES = [(rule.id, example) for rule in RULES.values() for example in rule.examples.no_match]


@pytest.mark.parametrize(("rule_id", "example"), MATCHES)
def test_example_is_found(rule_id: str, example: str) -> None:
    start, end = example.index("«"), example.index("»") - 1
    text = example.replace("«", "").replace("»", "")
    rule = RULES[rule_id]
    best = max(max(form.scores.both, form.scores.context, form.scores.checked) for form in rule.forms)
    found = [f for f in detect(text, min(0.4, best)) if f.entity_type == rule.entity]
    assert [(f.start, f.end) for f in found if f.start == start] == [(start, end)]


@pytest.mark.parametrize(("rule_id", "example"), NEAR_MISSES)
def test_near_miss_is_left_alone(rule_id: str, example: str) -> None:
    assert [f for f in detect(example) if f.rule == rule_id] == []


def nhs_number(generator: random.Random) -> str:
    while True:
        digits = f"{generator.choice('4')}{generator.randrange(10**9):09d}"
        if CHECKS["nhs"](digits):
            return digits


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        (
            "AB\u00a012\u00a034\u00a056\u00a0D is her NI number",
            "AB\u00a012\u00a034\u00a056\u00a0D",
            "no-break spaces",
        ),
        ("NINO: JG 12 13 l6 A", "JG 12 13 l6 A", "a small L read for a one"),
        ("NI number:\nJG121316A", "JG121316A", "label on the line above"),
        ("JG121316A is the national insurance number", "JG121316A", "context behind"),
        ("Name,NI_Number\nA Person,JG121316A", "JG121316A", "column header with an underscore"),
        ("Name,nationalInsuranceNumber\nA Person,JG121316A", "JG121316A", "camel-case key"),
        ("NI Number JG 12 13\n16 A", "JG 12 13\n16 A", "wrapped over a line"),
    ],
)
def test_national_insurance_numbers_as_people_write_them(text: str, value: str, why: str) -> None:
    assert values(text, "UK_NINO") == [value], why


@pytest.mark.parametrize(
    "beside",
    [
        "\u53ef\u4ece19\u9875\u770b\u8d77",
        "\u0436\u044951\u0444\u0444\u0444",
        "\u00e9\u00e912\u00e9\u00e9\u00e9",
        "\u00e912345678",
    ],
    ids=["Chinese", "Cyrillic", "accents", "one letter"],
)
def test_letters_of_other_scripts_are_no_letters_of_an_identifier(beside: str) -> None:
    """They stand as some letter in the bytes that the patterns read."""
    text = f"NI number: JG121316A. {beside} vehicle registration {beside}"
    assert [(one.entity_type, one.value(text)) for one in detect(text)] == [("UK_NINO", "JG121316A")]


def test_a_checksum_alone_never_blocks() -> None:
    generator = random.Random(5)
    for _ in range(200):
        text = f"It said {nhs_number(generator)} on the screen."
        assert not [f for f in detect(text) if f.confidence >= 0.75]


def test_a_labelled_number_with_a_right_check_digit_always_blocks() -> None:
    """Official test ranges appear in real files: the label and the check digit decide."""
    for number in ("943 476 5919", "9434765870", "999 999 9999"):
        found = [f for f in detect(f"NHS number: {number}", 0.75) if f.entity_type == "UK_NHS"]
        assert bool(found) is (number != "999 999 9999")


def test_the_ten_digit_family_is_decided_once() -> None:
    text = "ULN: 9276308686, NHS number 943 476 5919, UTR 1955839661, CHI 0101011237"
    found = [(f.entity_type, f.value(text)) for f in detect(text) if f.rule in ("nhs", "chi", "uln", "utr")]
    assert found == [
        ("UK_ULN", "9276308686"),
        ("UK_NHS", "943 476 5919"),
        ("UK_UTR", "1955839661"),
        ("UK_CHI", "0101011237"),
    ]


def test_a_column_in_which_most_fail_is_something_else() -> None:
    rows = "\n".join(f"{4_000_000_000 + 7_919 * n},x{n}" for n in range(60))
    assert values(f"Number,Note\n{rows}", "UK_NHS") == []


def test_a_column_in_which_all_pass_needs_no_header() -> None:
    generator = random.Random(9)
    numbers = [nhs_number(generator) for _ in range(12)]
    rows = "\n".join(f"{number},note {n}" for n, number in enumerate(numbers))
    assert values(f"Number,Note\n{rows}", "UK_NHS") == numbers


def test_a_header_speaks_for_every_cell_beneath_it() -> None:
    generator = random.Random(3)
    numbers = [nhs_number(generator) for _ in range(300)]
    rows = "\n".join(f"row {n},{number}" for n, number in enumerate(numbers))
    found = [f for f in detect(f"Row,NHS No\n{rows}", 0.75) if f.entity_type == "UK_NHS"]
    assert len(found) == 300


@pytest.mark.parametrize(
    "text",
    [
        "session 4010232137 expired",
        "Order no: 4010232137 (NHS supplies)",
        "550e8400-e29b-41d4-a716-4010232137ab",
        "Amount 4010232137.50",
        "£4010232137 in total",
        "2026-01-02 10:00:00 INFO patient portal request 4010232137 ok",
    ],
)
def test_ten_digits_that_are_nobodys(text: str) -> None:
    assert values(text, "UK_NHS") == []


def test_bulk_is_summarised_and_linear() -> None:
    """A log of request ids: no flood of findings, and twice the log takes about twice the time."""

    def log(lines: int) -> str:
        generator = random.Random(lines)
        return "\n".join(
            f"2026-11-22 10:00:00 INFO request {generator.randrange(10**9, 10**10)}" for _ in range(lines)
        )

    detect(log(100))
    spent = []
    for lines in (5_000, 20_000):
        text = log(lines)
        started = time.process_time()
        found = detect(text, 0.0)
        spent.append(time.process_time() - started)
        assert len([f for f in found if f.rule in ("nhs", "uln", "utr", "chi")]) <= 400
    # Four times the text: quadratic cost would be sixteen times, which no noise hides.
    assert spent[1] < 10 * spent[0]


@pytest.mark.parametrize(
    ("text", "entity", "wanted", "why"),
    [
        ("a UTR (10 digits, like 1955839661 in its guidance)", "UK_UTR", [], "announced as an example"),
        ("your Unique Learner Number (for instance 9276308686)", "UK_ULN", [], "announced in words"),
        ("NHS number, e.g. 943 476 5919", "UK_NHS", [], "e.g."),
        ("NHS number in the format 943 476 5919", "UK_NHS", [], "a format"),
        ("Patients like Ann, NHS number 943 476 5919", "UK_NHS", ["943 476 5919"], "likeness of a person"),
        ("on the form: NHS number 943 476 5919", "UK_NHS", ["943 476 5919"], "a form that has it"),
        (
            "NHS number 999 012 3456, NHS number 943 476 5919",
            "UK_NHS",
            ["943 476 5919"],
            "given out for tests",
        ),
        ("passports 170764797 and 119976748", "UK_PASSPORT", ["170764797", "119976748"], "one label for two"),
        ("passport 170764797 and 119976748", "UK_PASSPORT", ["170764797"], "one label for one"),
        ("passports 170764797, ring 119976748", "UK_PASSPORT", ["170764797"], "something else behind"),
        ("UPRN 100062410143 Site notice", "UK_UPRN", [], "a place and nobody"),
        ("UPN A123456789012", "UK_UPN", [], "digits that count up"),
        ("UPN H801200001001", "UK_UPN", ["H801200001001"], "digits that do not"),
        (
            "bin     part            desc            qoh   min\nA-01    JG121316A   HOSE 3/8       14     6\n"
            "A-02    JG121317A   FILTER, OIL     9    10\n",
            "UK_NINO",
            [],
            "part numbers under their header",
        ),
        (
            "name    ni no        desc            qty\nAnn     JG121316A   clerk           14\n"
            "Bob     JG121317A   cook            9\n",
            "UK_NINO",
            ["JG121316A", "JG121317A"],
            "the same table with another header",
        ),
    ],
)
def test_examples_tests_and_plural_labels(text: str, entity: str, wanted: list[str], why: str) -> None:
    assert values(text, entity) == wanted, why


@pytest.mark.parametrize(
    ("text", "entity", "wanted", "why"),
    [
        ("left 2400\n2000\n2000\n2000", "CREDIT_CARD", [], "sizes on four lines"),
        ("at 65255647 .00000001 of", "CREDIT_CARD", [], "two figures of a drawing"),
        ("card 4539 1488\n0343 6467", "CREDIT_CARD", ["4539 1488\n0343 6467"], "a number that wraps once"),
        ("see 4539-1488-0343-6467", "CREDIT_CARD", ["4539-1488-0343-6467"], "hyphens throughout"),
        ("all 333\t666\t1110", "UK_NHS", [], "three cells of figures"),
        ("NHS number\t943\t476\t5870", "UK_NHS", ["943\t476\t5870"], "three boxes behind their label"),
        ("host xn--20-9802c", "UK_NINO", [], "two hyphens in one gap"),
        ("held JG-12-13-16-A", "UK_NINO", ["JG-12-13-16-A"], "one in each"),
    ],
)
def test_groups_stand_together_as_somebody_writes_them(
    text: str, entity: str, wanted: list[str], why: str
) -> None:
    assert values(text, entity) == wanted, why


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [
        ('{"svc":"nhs-trace","nhsNumber":"%s"}', 1, "the key is the label"),
        ('{"svc":"nhs-trace","corr":"%s"}', 0, "another key beside a word for it"),
        ('{"type":"nhs number","value": "%s"}', 1, "a key that names no kind of value"),
        ("app=nhs-trace level=info trace_id=%s", 0, "a key of a program"),
        ("app=asc nhs_number=%s", 1, "a key of a log"),
        ("[ERR] 14:02:11 NHS number bad\n[WRN] 14:02:12 retrying message %s", 0, "another line of a log"),
    ],
)
def test_the_key_of_a_programs_record_is_the_label(text: str, found: int, why: str) -> None:
    number = nhs_number(random.Random(why))
    assert len(values(text % number, "UK_NHS")) == found, why


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [
        ("NHS number: ten digits, 943 476 5919 on the poster", 0, "a poster"),
        ("NHS number 943 476 5919, seen in clinic", 1, "somebody's, as far as the text says"),
    ],
)
def test_printed_values_are_nobodys_where_the_words_say_so(text: str, found: int, why: str) -> None:
    assert len(values(text, "UK_NHS")) == found, why
