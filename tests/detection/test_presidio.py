"""The Presidio edge: our recognisers in an AnalyzerEngine, and a third party's beside ours."""

from pathlib import Path

import pytest
from presidio_analyzer import Pattern, PatternRecognizer, RecognizerResult

from rules.loader import RuleError
from scanner.detection.building import build_detector
from scanner.detection.presidio import analyzer_engine
from scanner.detection.settings import DetectionSettings
from scanner.text import Passage

TEXT = "NHS number 943 476 5919 for tenancy TEN-12345"


class TenancyRecognizer(PatternRecognizer):
    """A third party's recogniser, as a council's own developer would write it."""

    def __init__(self) -> None:
        super().__init__(supported_entity="TENANCY", patterns=[Pattern("tenancy", r"\bTEN-\d{5}\b", 0.8)])


class NotARecogniser:
    """Something else."""


def test_one_line_of_configuration_adds_a_presidio_recogniser() -> None:
    settings = DetectionSettings(presidio_recognisers=(f"{__name__}:TenancyRecognizer",))
    found = build_detector(settings).detect(Passage(TEXT)).findings
    kinds = {finding.entity_type: finding.value(TEXT) for finding in found}
    assert kinds["TENANCY"] == "TEN-12345"
    assert kinds["UK_NHS"] == "943 476 5919"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no_such_module:Thing", "cannot be imported"),
        (f"{__name__}:Missing", "has no Missing"),
        (f"{__name__}:NotARecogniser", "no Presidio EntityRecognizer"),
    ],
)
def test_a_recogniser_that_cannot_be_used_is_named(name: str, says: str) -> None:
    with pytest.raises(RuleError, match=says):
        build_detector(DetectionSettings(presidio_recognisers=(name,)))


def test_an_analyzer_engine_of_ours_and_others() -> None:
    engine = analyzer_engine(build_detector(), [TenancyRecognizer()])
    results = engine.analyze(TEXT, "en", ["UK_NHS", "TENANCY"], return_decision_process=True)
    assert all(isinstance(result, RecognizerResult) for result in results)
    assert {(r.entity_type, TEXT[r.start : r.end]) for r in results} == {
        ("UK_NHS", "943 476 5919"),
        ("TENANCY", "TEN-12345"),
    }
    ours = next(r for r in results if r.entity_type == "UK_NHS")
    assert "label: nhs number" in ours.analysis_explanation.textual_explanation
    assert "943" not in ours.analysis_explanation.textual_explanation


def test_a_spacy_pipeline_in_a_folder_is_used(tmp_path: Path) -> None:
    """Any installed pipeline, or one in a folder: here one that knows a name no gazetteer has."""
    import spacy

    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": "Zzyxqu Vvornak"}])  # type: ignore[attr-defined]
    pipeline.to_disk(tmp_path / "model")
    text = "We heard from zz and Zzyxqu Vvornak about NHS number 943 476 5919."
    settings = DetectionSettings(language_model=str(tmp_path / "model"))
    found = build_detector(settings).detect(Passage(text)).findings
    person = next(f for f in found if f.value(text) == "Zzyxqu Vvornak")
    assert person.entity_type == "PERSON"
    assert any(evidence.kind.value == "model" for evidence in person.evidence)


def test_a_missing_model_says_what_to_do() -> None:
    with pytest.raises(RuleError, match="install it with pip"):
        build_detector(DetectionSettings(language_model="no_such_model"))
