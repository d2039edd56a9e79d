"""A message on which a part of the detection fails: it is held with a reason, never passed as clean."""

from __future__ import annotations

import io

from scanner.detection.context import ContextPhrases
from scanner.detection.detector import Detector
from scanner.detection.finding import Finding
from scanner.detection.view import View
from scanner.documents.mail_headers import message_headers
from scanner.inspection import InspectionSettings, Inspector
from smtp_filter.service.examining import from_wire, to_wire
from smtp_filter.verdict import Action, Word
from tests.smtp_filter.verdict.making import FIRM, judge

MESSAGE = b"From: jo@council.gov.uk\r\nSubject: hello\r\n\r\nNothing to see.\r\n"


class _Failing:
    """A recogniser with a fault."""

    name = "failing"
    entity_types = ("UK_NINO",)

    def recognise(self, view: View) -> list[Finding]:
        raise ValueError(view.text)


def _verdict(*recognisers: _Failing) -> tuple[Word, Action, str]:
    detector = Detector([recognisers], context_phrases=ContextPhrases([]))
    inspector = Inspector(detector, InspectionSettings(key=bytes(32)))
    inspection = inspector.inspect(io.BytesIO(MESSAGE), "", len(MESSAGE), kind="eml")
    examined = from_wire(to_wire(inspection, message_headers(MESSAGE)))
    verdict = judge(examined.inspection, FIRM)
    return (
        verdict.word,
        verdict.action,
        " ".join(f"{one.reason}: {one.detail}" for one in verdict.not_inspected),
    )


def test_a_message_with_a_failed_recogniser_is_held() -> None:
    word, action, why = _verdict(_Failing())
    assert (word, action) == (Word.HOLD, Action.HOLD)
    assert why == "parser stopped: recogniser failing (ValueError)"


def test_the_same_message_without_the_fault_is_delivered() -> None:
    assert _verdict()[1:] == (Action.DELIVER, "")
