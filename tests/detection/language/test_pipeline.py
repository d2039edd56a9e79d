"""The shipped pipeline in its place: loading, windows, what repeats, one decision with reasons."""

from __future__ import annotations

import json
import sys
from datetime import date
from subprocess import run

import pytest

from scanner.detection.building import build_detector
from scanner.detection.finding import EvidenceKind, Finding
from scanner.detection.language.doubt import Doubts
from scanner.detection.language.pipeline import BUILTIN, SHIPPED, LanguageModel, is_there, load_pipeline
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.names.lexicon import Lexicon
from scanner.detection.settings import DetectionSettings
from scanner.detection.view import View
from scanner.text import Passage
from tools.language_model.card import digest, model_files, recipe_files

LEXICON = Lexicon()


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel(BUILTIN, lexicon=LEXICON, full_text=True)


def view(text: str) -> View:
    return View(Passage(text), organisation=Organisation(), reference_date=date(2026, 1, 1))


def people(text: str, settings: DetectionSettings) -> dict[str, Finding]:
    found = build_detector(settings).detect(Passage(text)).findings
    return {f.value(text): f for f in found if f.entity_type == "PERSON" and f.confidence >= 0.4}


def test_weights_and_recipe_match() -> None:
    """The card says which recipe made which weights; whoever changes the recipe trains again (make train)."""
    facts = json.loads((SHIPPED / "provenance.json").read_text("utf-8"))
    assert facts["model_sha256"] == digest(model_files(SHIPPED))
    assert facts["recipe_sha256"] == digest(recipe_files())
    card = (SHIPPED / "MODEL_CARD.md").read_text("utf-8")
    assert facts["model_sha256"] in card
    assert facts["recipe_sha256"] in card


def test_the_words_trained_on_are_not_shipped() -> None:
    assert not (SHIPPED / "vocab").exists()
    assert sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file()) < 12_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I spoke to Mrs Adaeze Okonkwo about the damp.", {"PERSON": ["Adaeze Okonkwo"]}),
        ("can u ring parwana ahmadi pls, she is at 14 mill lane, leeds", {"PERSON": ["parwana ahmadi"]}),
        ("Tenant: GRZEGORCZYK, Wioletta | 12 Oak Road, Luton LU1 2AB", {"UK_ADDRESS": None}),
        ("The policy was agreed by the committee in May and the bill is due.", {"PERSON": []}),
    ],
)
def test_what_the_model_marks(model: LanguageModel, text: str, expected: dict[str, list[str] | None]) -> None:
    impression = model.read(view(text))
    assert impression is not None
    for kind, values in expected.items():
        found = [text[s.start : s.end] for s in impression.spans if s.entity_type == kind]
        assert found == values if values is not None else found


def test_nothing_is_loaded_before_it_is_needed() -> None:
    """spaCy costs two seconds: a text that leaves nothing open must not import it, one that does must."""
    program = (
        "import sys; from scanner.detection.building import build_detector;"
        "from scanner.detection.settings import DetectionSettings; from scanner.text import Passage;"
        "d = build_detector(DetectionSettings(language_model='builtin'));"
        "d.detect(Passage(sys.argv[1])); print('spacy' in sys.modules)"
    )

    def loads(text: str) -> str:
        return run([sys.executable, "-c", program, text], capture_output=True, text=True, check=True).stdout

    assert loads("Her NI number is QQ 12 34 56 C") == "False\n"
    assert loads("her mum zuleykha came with Parvaneh about QQ 12 34 56 C, ring 01632 960111") == "True\n"


def test_identical_paragraphs_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LanguageModel(BUILTIN, lexicon=LEXICON, full_text=True)
    shown: list[str] = []
    real = model._run

    def counting(texts):  # type: ignore[no-untyped-def]
        kept = list(texts)
        shown.extend(kept)
        return real(kept)

    monkeypatch.setattr(model, "_run", counting)
    text = "Kind regards, Parwana Ahmadi"
    first, again = model.read(view(text)), model.read(view(text))
    assert first is not None
    assert again is not None
    assert first.spans == again.spans
    assert shown == [text]


def test_grades_say_how_likely_a_name_is_and_where_it_is_surest(model: LanguageModel) -> None:
    text = "Mrs Zuleykha Tamasi came. The committee sat. zuleykha tamasi left."
    impression = model.read(view(text))
    assert impression is not None
    here = impression.grade(4, 19)
    assert here is not None
    assert here[0] > 0.8
    committee = impression.grade(text.index("committee"), text.index(" sat"))
    assert committee is not None
    assert committee[0] < 0.2


def test_one_decision_with_reasons_of_both() -> None:
    text = "Dear Mrs Zuleykha Tamasi,\n\nYour NHS number is 943 476 5919. Thank you, Tunde.\n"
    both = people(text, DetectionSettings(language_model=BUILTIN, full_text=True))
    kinds = {evidence.kind for evidence in both["Zuleykha Tamasi"].evidence}
    assert {EvidenceKind.MODEL, EvidenceKind.CONTEXT} <= kinds


def test_none_switches_the_model_off() -> None:
    text = "Dear Mrs Zuleykha Tamasi, your NHS number is 943 476 5919."
    found = people(text, DetectionSettings(language_model="none"))
    assert EvidenceKind.MODEL not in {e.kind for f in found.values() for e in f.evidence}


@pytest.mark.parametrize(("name", "there"), [(BUILTIN, True), ("no_such_model", False), ("a/folder", False)])
def test_what_is_there(name: str, there: bool) -> None:
    assert is_there(name) is there


def test_the_pipeline_is_spacys_own_kind() -> None:
    """Whatever loads a spaCy pipeline gets people, bodies, places and addresses as entities."""
    document = load_pipeline(BUILTIN)("Councillor Margaret Holloway visited Leeds City Council on Monday.")
    assert ("Margaret Holloway", "PERSON") in {(e.text, e.label_) for e in document.ents}


@pytest.mark.parametrize(
    ("text", "found", "doubtful", "why"),
    [
        ("the committee will meet in the hall", (), False, "ordinary words"),
        ("her NHS record says so", (), False, "an acronym"),
        ("ask Parvaneh about it", (), True, "a capitalised word that no list explains"),
        ("ask zuleykha and sharon", (), True, "a forename in small letters"),
        ("Ann Smith rang", (("PERSON", 0, 9, 0.95),), False, "a person the rules are sure of"),
        ("Ann Smith rang", (("PERSON", 0, 9, 0.6),), True, "a person they are not sure of"),
        ("at ls1 4ap now", (("UK_POSTCODE", 3, 10, 0.9),), True, "a postcode without its address"),
    ],
)
def test_doubts(text: str, found: tuple[tuple[str, int, int, float], ...], doubtful: bool, why: str) -> None:
    findings = [Finding(kind, start, end, sure, "test") for kind, start, end, sure in found]
    assert Doubts(text, findings, LEXICON).any_in(0, len(text)) is doubtful, why
