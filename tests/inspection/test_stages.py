"""Rules on trial change nothing; rules that warn are reported and do not bind."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.detection.settings import DetectionSettings
from scanner.inspection.inspector import Inspector
from scanner.inspection.model import Inspection
from scanner.inspection.settings import InspectionSettings
from scanner.judgement.assessment import Severity

# The shipped rule for national insurance numbers finds something there, too: on trial it takes no place.
PACK = r"""
kind: identifiers
rules:
  - id: greedy
    entity: UK_PASSPORT
    title: A rule that takes everything
    source: test
    stage: STAGE
    forms:
      - {id: plain, pattern: '[A-Z]{2}{s}[0-9]{2}{s}[0-9]{2}{s}[0-9]{2}{s}[A-D]', scores: {alone: 1.0}}
    examples: {match: ['«QQ123456C»'], no_match: ['x']}
"""
TEXT = b"Dear Ms Ada Hartley, your National Insurance number QQ 12 34 56 C is on file."


def inspected(folder: Path, stage: str) -> Inspection:
    packs: tuple[Path, ...] = ()
    if stage:
        pack = folder / f"{stage}.yaml"
        pack.write_text(PACK.replace("STAGE", stage))
        packs = (pack,)
    detection = DetectionSettings(language_model="none", packs=packs)
    return Inspector.build(InspectionSettings(key=b"k" * 32, detection=detection)).inspect_bytes(
        TEXT, "a.txt"
    )


def test_on_trial_it_changes_nothing_and_is_counted_apart(tmp_path: Path) -> None:
    without, tried = inspected(tmp_path, ""), inspected(tmp_path, "shadow")
    assert (tried.findings, tried.counts) == (without.findings, without.counts)
    assert tried.assessment.severity is without.assessment.severity
    assert tried.assessment.reasons == without.assessment.reasons
    assert (dict(without.shadow), dict(tried.shadow)) == ({}, {"greedy": 1})


@pytest.mark.parametrize("stage", ["warn", "block"])
def test_what_warns_is_reported_and_does_not_bind(tmp_path: Path, stage: str) -> None:
    found = inspected(tmp_path, stage)
    assert found.assessment.severity is Severity.HIGH
    assert "UK_PASSPORT" in found.counts
    assert (found.assessment.binding < Severity.HIGH) is (stage == "warn")
