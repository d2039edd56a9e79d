"""The detector: stages, overlaps, offsets in the original, the document's date, and what a site allows."""

import random
from datetime import date

import pytest

from scanner.detection.building import build_detector
from scanner.detection.context import ContextPhrases
from scanner.detection.detector import Detector, settle
from scanner.detection.finding import Finding
from scanner.detection.recognisers.contacts import EmailRecogniser
from scanner.detection.settings import DetectionSettings
from scanner.detection.view import View
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


class Failing:
    """A recogniser with a fault: it raises, with the text in its message."""

    name = "failing"
    entity_types = ("UK_NINO",)

    def __init__(self, error: type[BaseException] = ValueError) -> None:
        self._error = error

    def recognise(self, view: View) -> list[Finding]:
        raise self._error(view.text)


def test_a_failing_recogniser_is_named_and_the_others_go_on() -> None:
    detector = Detector([[Failing(), EmailRecogniser()]], context_phrases=ContextPhrases([]))
    found = detector.detect(Passage("ann@example.org"))
    assert found.stopped == ("failing (ValueError)",)
    assert [f.entity_type for f in found.findings] == ["EMAIL"]


def test_a_recogniser_that_is_only_tried_may_fail_too() -> None:
    detector = Detector([[EmailRecogniser()]], context_phrases=ContextPhrases([]), shadow=[Failing()])
    assert detector.detect(Passage("ann@example.org")).stopped == ("failing (ValueError)",)


def test_a_shortage_of_memory_is_not_held_back() -> None:
    detector = Detector([[Failing(MemoryError)]], context_phrases=ContextPhrases([]))
    with pytest.raises(MemoryError):
        detector.detect(Passage("ann@example.org"))


_ODD = [
    "30.i.91", "DOB", "born", "b. ", "NHS No", "acc", "sort code", "12-34-5", "\xb2", "\u0663\u0664",
    "\t", "|", "~", "\n", ",", "Flat", "Rd", "LS1", "(0113) ", "+44",
    "@", "//", "Mr", "O'", "(", ")", ":", "0x", "00000000", "1.1.1",
    "\u017f", "\u0130", "\u200b", "\x00", "\ud800", "\U0001f600", "aged 7", "child protection", "'", '"',
    "iv", "<DOB>", "NI", "aged 99999999999", "1 000 000", "Year 5", "Ann", "Smith", "99999999999999999999",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_no_odd_text_stops_a_recogniser(seed: int) -> None:
    chance = random.Random(seed)
    detector = build_detector()
    for _ in range(60):
        text = chance.choice(["", " "]).join(chance.choice(_ODD) for _ in range(chance.randint(1, 40)))
        assert detector.detect(Passage(text)).stopped == (), ascii(text)
