"""The evaluation set is sound, and the scorer counts as it says."""

import itertools
import json
import re
import sys

import pytest
from stdnum import iban, luhn
from stdnum.gb import nhs, upn, utr

from . import score as score_module
from .corpus import SEVERITIES, CorpusError, EvaluationDocument, load, parse
from .score import CORE_TYPES, main, score
from .specimens import uln_is_valid

DOCUMENTS = load()
HEADER = "%%% x1\nkind: letter\nsplit: dev\nseverity: low\npeople: 1\nstaff: 0\nhard_negative: false\n---\n"


def only(text: str) -> EvaluationDocument:
    return parse(HEADER + text + "\n")[0]


def values(entity_type: str) -> list[str]:
    return [d.text[s.start : s.end] for d in DOCUMENTS for s in d.spans if s.type == entity_type]


def bare(value: str) -> str:
    return re.sub(r"[\W_]", "", value).upper()


@pytest.mark.parametrize(
    ("marked", "text", "spans"),
    [
        ("Hi [[PERSON:Ann Smith]]!", "Hi Ann Smith!", [("PERSON", "Ann Smith")]),
        (
            "[[UK_ADDRESS:1 High St, [[UK_POSTCODE:AB1 2CD]]]]",
            "1 High St, AB1 2CD",
            [("UK_ADDRESS", "1 High St, AB1 2CD"), ("UK_POSTCODE", "AB1 2CD")],
        ),
        ("see [[~PERSON:JS]] and [1] ]]", "see JS and [1] ]]", []),
        ("a{tab}[[EMAIL:b@c.org]]", "a\tb@c.org", [("EMAIL", "b@c.org")]),
        ('{"json": {"a": 1}}', '{"json": {"a": 1}}', []),
    ],
)
def test_annotation_comes_out_of_the_text(marked: str, text: str, spans: list[tuple[str, str]]) -> None:
    document = only(marked)
    assert document.text == text
    assert [(s.type, text[s.start : s.end]) for s in document.spans] == spans


@pytest.mark.parametrize(
    "broken",
    [
        "[[PERSON:never closed",
        "[[PERSON:]]",
        "[[PERSON: leading space]]",
        "{nosuchgenerator}",
    ],
)
def test_wrong_annotation_is_refused(broken: str) -> None:
    with pytest.raises(CorpusError):
        only(broken)


def test_same_key_gives_the_same_number_in_another_format() -> None:
    first, second, other = only("{nhs#a}\n{nhs#a:plain}\n{nhs#b:plain}").text.splitlines()
    assert first.replace(" ", "") == second
    assert other != second


def test_loading_twice_gives_the_same_texts() -> None:
    assert [d.text for d in load()] == [d.text for d in DOCUMENTS]


def test_the_set_is_large_varied_and_half_of_it_tempting() -> None:
    assert len(DOCUMENTS) >= 150
    assert len({d.id for d in DOCUMENTS}) == len(DOCUMENTS)
    assert sum(d.hard_negative for d in DOCUMENTS) >= 0.45 * len(DOCUMENTS)
    # Development texts may be added; those that nobody looks at must stay enough to measure by.
    assert sum(d.split == "held-out" for d in DOCUMENTS) >= 120
    assert {d.severity for d in DOCUMENTS} == set(SEVERITIES)
    assert {d.severity for d in DOCUMENTS if d.hard_negative} == {"none", "low"}


@pytest.mark.parametrize("entity_type", CORE_TYPES)
def test_every_core_type_is_met_in_both_splits(entity_type: str) -> None:
    splits = {d.split for d in DOCUMENTS for s in d.spans if s.type == entity_type}
    assert splits >= {"dev", "held-out"}


def test_no_annotation_is_left_in_any_text() -> None:
    for document in DOCUMENTS:
        assert not re.search(r"\[\[~?[A-Z_]+:|%%% |\{\{", document.text), document.id


def test_spans_of_a_type_do_not_overlap() -> None:
    for document in DOCUMENTS:
        for entity_type in {s.type for s in document.spans}:
            spans = [s for s in document.spans if s.type == entity_type]
            assert all(a.end <= b.start for a, b in itertools.pairwise(spans)), document.id


def clean_numbers(entity_type: str) -> list[str]:
    """The values that no scanner has damaged and no spreadsheet has shortened."""
    return [v for v in map(bare, values(entity_type)) if v.isdigit() and len(v) == 10]


def test_generated_numbers_pass_their_checks() -> None:
    assert all(map(nhs.is_valid, clean_numbers("UK_NHS") + clean_numbers("UK_CHI")))
    assert all(map(utr.is_valid, clean_numbers("UK_UTR")))
    assert all(map(uln_is_valid, clean_numbers("UK_ULN")))
    assert all(upn.calc_check_digit(v[1:]) == v[0] for v in map(bare, values("UK_UPN")) if len(v) == 13)
    assert all(luhn.is_valid(bare(v)) for v in values("CREDIT_CARD"))
    assert all(iban.is_valid(bare(v), check_country=False) for v in values("IBAN"))


def gold(document: EvaluationDocument) -> dict[str, object]:
    spans = [{"type": s.type, "start": s.start, "end": s.end, "confidence": 0.9} for s in document.spans]
    return {"id": document.id, "spans": spans, "severity": document.severity, "people": document.people}


def test_a_perfect_detector_scores_one() -> None:
    result = score(DOCUMENTS, {d.id: gold(d) for d in DOCUMENTS})
    assert result.total(result.strict).f1 == result.total(result.overlap).f1 == 1.0
    assert result.severity_exact() == 1.0
    assert result.false_alarms == 0
    assert not result.errors


def test_a_detector_that_says_nothing_scores_nothing() -> None:
    result = score(DOCUMENTS, {})
    assert result.total(result.strict).recall == 0.0
    assert result.sensitive().recall == 0.0


@pytest.mark.parametrize(
    ("span", "strict", "overlap", "why"),
    [
        (("PERSON", 3, 12, 0.9), (1, 1), (1, 1), "both ends right"),
        (("PERSON", 3, 6, 0.9), (0, 1), (1, 1), "one end right"),
        (("PERSON", 3, 12, 0.3), (0, 0), (0, 0), "below the reporting threshold"),
        (("PHONE", 3, 12, 0.9), (0, 1), (0, 1), "the wrong type"),
        (("PERSON", 17, 19, 0.9), (0, 0), (0, 0), "of no account"),
    ],
)
def test_matching(
    span: tuple[str, int, int, float], strict: tuple[int, int], overlap: tuple[int, int], why: str
) -> None:
    document = only("Hi [[PERSON:Ann Smith]] and [[~PERSON:JS]].")
    entity_type, start, end, confidence = span
    spans = [{"type": entity_type, "start": start, "end": end, "confidence": confidence}]
    result = score([document], {"x1": {"spans": spans, "severity": "low"}})
    for way, (hits, predicted) in ((result.strict, strict), (result.overlap, overlap)):
        total = result.total(way)
        assert (total.hits_of_predicted, total.predicted, total.gold) == (hits, predicted, 1), why


@pytest.mark.parametrize(
    ("people", "right"),
    [(1, 1), ({"low": 0, "high": 2}, 1), ([1, 3], 1), (3, 0), ({"low": 4, "high": 9}, 0)],
)
def test_people_are_right_when_the_interval_holds_them(people: object, right: int) -> None:
    result = score([only("x")], {"x1": {"people": people}})
    assert (result.people_asked, result.people_right) == (1, right)


@pytest.mark.parametrize("split", ["held-out", "held-out-b", "held-out-c"])
def test_held_out_errors_are_not_shown(split: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--split", split, "--show"]) == 2
    assert "not shown" in capsys.readouterr().err


def test_show_lists_development_documents_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_module, "silent", lambda text: {"spans": []}, raising=False)
    assert main(["--callable", f"{score_module.__name__}:silent", "--show"]) == 0
    shown = {line.split()[0] for line in capsys.readouterr().err.splitlines()}
    assert shown
    assert shown <= {d.id for d in DOCUMENTS if d.split == "dev"}


def test_a_program_is_measured_through_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    echo = (
        "import json,sys\n"
        "for line in sys.stdin:\n"
        "  print(json.dumps({'id': json.loads(line)['id'], 'spans': [], 'severity': 'none'}))"
    )
    assert main(["--command", f'{sys.executable} -c "{echo}"', "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["all"]["documents"] == len(DOCUMENTS)
    assert measured["all"]["hard_negatives"]["false_alarms"] == 0


def test_a_program_that_fails_is_an_error_not_a_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--command", f'{sys.executable} -c "raise SystemExit(3)"']) == 1
    assert "failed" in capsys.readouterr().err
