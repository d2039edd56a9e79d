"""The detector: stages, overlaps, offsets in the original, the document's date, and what a site allows."""

from datetime import date

from scanner.detection.building import build_detector
from scanner.detection.detector import settle
from scanner.detection.finding import Finding
from scanner.detection.settings import DetectionSettings
from scanner.text import Block, Field, Passage
from tests.detection.views import detect


def test_the_surest_then_the_longest_reading_wins() -> None:
    readings = [Finding("A", 0, 10, 0.5, "a"), Finding("B", 2, 8, 0.9, "b"), Finding("C", 2, 9, 0.9, "c")]
    assert [f.rule for f in settle(readings)] == ["c"]


def test_a_postcode_stays_inside_its_address() -> None:
    text = "He lives at 14 Beech Road, Leeds LS8 2QT with his mother."
    assert {f.entity_type for f in detect(text)} >= {"UK_ADDRESS", "UK_POSTCODE"}


def test_offsets_refer_to_the_text_as_it_came() -> None:
    text = "\ufeffName:\u00a0Ann\u200b Smith, NI\u00a0number JG\u00a012\u200b\u00a013\u00a016\u00a0A"
    (nino,) = (f for f in detect(text) if f.entity_type == "UK_NINO")
    assert nino.value(text) == "JG\u00a012\u200b\u00a013\u00a016\u00a0A"


def test_blocks_of_a_source_move_with_the_text() -> None:
    text = "\u200b\u200bx\n9434765919"
    passage = Passage(text, (Block(0, 3), Block(4, 14, 0, False, (Field(4, 14, "NHS No"),))))
    found = build_detector().detect(passage).findings
    assert [(f.entity_type, f.value(text)) for f in found if f.confidence > 0.9] == [("UK_NHS", "9434765919")]


def test_the_date_of_a_letter_is_the_day_ages_are_reckoned_on() -> None:
    detector = build_detector()
    letter = "12 March 1998\n\nDear Mrs Nowak,\n\nAdam, born 02/03/1990, starts in Year 3."
    assert detector.detect(Passage(letter)).reference_date == date(1998, 3, 12)
    assert detector.detect(Passage(letter), reference_date=date(2001, 1, 1)).reference_date == date(
        2001, 1, 1
    )


def test_allowed_values_are_never_reported() -> None:
    detector = build_detector(DetectionSettings(allowed=frozenset({"943 476 5919"})))
    text = "NHS number 9434765919, NHS number 943 476 5870"
    found = [f.value(text) for f in detector.detect(Passage(text)).findings if f.entity_type == "UK_NHS"]
    assert found == ["943 476 5870"]


def test_the_detector_keeps_nothing_between_passages() -> None:
    detector = build_detector()
    text = "Ewa Nowak, NI JG 12 13 16 A"
    first = detector.detect(Passage(text)).findings
    detector.detect(Passage("Something else about Ali Khan."))
    assert detector.detect(Passage(text)).findings == first
