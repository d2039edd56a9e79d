"""A council's own rules: no Python, no way to hang the scanner, and errors that say where and why."""

from pathlib import Path

import pytest

from rules.loader import RuleError, load_identifiers
from scanner.detection.building import build_detector
from scanner.detection.rule_check import broken_examples
from scanner.detection.settings import DetectionSettings
from scanner.text import Passage

PACK = """
kind: identifiers
rules:
  - id: tenancy
    entity: TENANCY_REFERENCE
    title: Our tenancy reference
    source: Housing, system manual
    context: [tenancy, our ref]
    forms:
      - id: plain
        pattern: 'TN[0-9]{6}'
        case: upper
        scores: {alone: 0.3, context: 0.8}
    examples:
      match: ['Tenancy «TN123456»']
      no_match: ['Part TN12345']
"""


def pack(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_rule_without_python(tmp_path: Path) -> None:
    settings = DetectionSettings(packs=(pack(tmp_path, PACK),))
    detector = build_detector(settings)
    text = "About your tenancy TN654321."
    found = [(f.entity_type, f.value(text)) for f in detector.detect(Passage(text)).findings]
    assert ("TENANCY_REFERENCE", "TN654321") in found
    assert list(broken_examples(detector, load_identifiers(settings.packs))) == []


def test_an_example_that_does_not_behave_is_named(tmp_path: Path) -> None:
    wrong = PACK.replace("'Part TN12345'", "'tenancy TN123456'")
    settings = DetectionSettings(packs=(pack(tmp_path, wrong),))
    broken = list(broken_examples(build_detector(settings), load_identifiers(settings.packs)))
    assert broken == ["tenancy: should not match: 'tenancy TN123456'"]


def test_a_slow_pattern_cannot_hang_the_scanner(tmp_path: Path) -> None:
    """This pattern takes a backtracking engine longer than the age of the universe."""
    slow = PACK.replace("TN[0-9]{6}", "(?:(?:a+)+)+b|TN[0-9]{6}")
    detector = build_detector(DetectionSettings(packs=(pack(tmp_path, slow),)))
    text = "tenancy " + "a" * 50_000 + " TN654321"
    assert "TENANCY_REFERENCE" in [f.entity_type for f in detector.detect(Passage(text)).findings]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("TN[0-9]{6}", "TN[0-9", "pattern is not RE2"),
        ("TN[0-9]{6}", r"(?<=x)TN", "pattern is not RE2"),
        ("id: tenancy", "id: nino", "used twice"),
        ("title:", "titel:", "titel"),
        ("scores: {alone: 0.3", "scores: {alone: 3", "less than or equal to 1"),
        ("case: upper", "check: no_such_check", "unknown check"),
        ("match: ['Tenancy «TN123456»']", "match: ['Tenancy TN123456']", "without a marked value"),
        ("no_match: ['Part TN12345']", "no_match: []", "no_match"),
        ("kind: identifiers", "kind: [identifiers", "not valid YAML"),
    ],
)
def test_errors_say_where_and_why(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = pack(tmp_path, PACK.replace(old, new, 1))
    with pytest.raises(RuleError) as raised:
        build_detector(DetectionSettings(packs=(path,)))
    assert says in str(raised.value)


def test_a_pack_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"correct `rules\.packs`"):
        build_detector(DetectionSettings(packs=(tmp_path / "none.yaml",)))


def test_a_rule_can_be_switched_off() -> None:
    detector = build_detector(DetectionSettings(disabled=frozenset({"nino"})))
    text = "NI number JG 12 13 16 A"
    assert "UK_NINO" not in [f.entity_type for f in detector.detect(Passage(text)).findings]
    with pytest.raises(RuleError, match="no rule"):
        build_detector(DetectionSettings(disabled=frozenset({"nonesuch"})))
