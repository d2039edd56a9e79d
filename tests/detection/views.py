"""Views for tests, built as the detector builds them."""

from datetime import date

from scanner.detection.building import build_detector
from scanner.detection.finding import Finding
from scanner.detection.layout import Layout, lay_out
from scanner.text import Passage, normalise

REFERENCE = date(2024, 6, 30)
_DETECTOR = build_detector()


def detect(text: str, least: float = 0.4) -> list[Finding]:
    """What the whole detector finds in a text, from the reporting threshold up."""
    found = _DETECTOR.detect(Passage(text), reference_date=REFERENCE).findings
    return [finding for finding in found if finding.confidence >= least]


def values(text: str, entity_type: str, least: float = 0.4) -> list[str]:
    """The values of one entity type, in order."""
    return [finding.value(text) for finding in detect(text, least) if finding.entity_type == entity_type]


def layout(text: str) -> Layout:
    """The layout of a plain text."""
    return lay_out(Passage(normalise(text).text))
