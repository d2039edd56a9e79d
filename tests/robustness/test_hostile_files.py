"""Hostile files through a real worker: each ends in time, and none is called read that was not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scanner.documents.isolation import Confinement
from scanner.documents.limits import Limits
from scanner.documents.model import Status
from scanner.inspection.model import Inspection
from scanner.shares.worker import Work
from scanner.shares.workers import Job, WorkerPool
from tests.robustness.fuzz import WordReader
from tests.robustness.hostile_files import HOSTILE, TOKEN

CONFINEMENT = Confinement(cpu_seconds=5)
LIMITS = Limits(members=5_000, expanded_bytes=200_000_000)
# Refused as a whole: by declared size, by what it declares, or by whatever reads it.
REFUSED = {
    "one_text_node",
    "many_elements",
    "billion_laughs",
    "external_entity",
    "form_that_calls_itself",
    "exponential_forms",
}
# Only other readers suffer from these: all of it is read.
WHOLE: dict[str, set[str]] = {
    "nested_elements": set(),
    "far_corner": {"tokencorner"},
    "wrong_dimension": {"tokenbelow"},
    "flate_in_flate": set(),
    "long_content": set(),
    "scattered_glyphs": set(),
    "long_header": {"body"},
    "nested_divisions": {"deep"},
    "nested_lists": {"deep"},
    "nested_xml": {"deep"},
    "repeated_cells": set(),
    "two_billion_spaces": {"behind"},
    "fields_of_themselves": set(),
    "regular_expression_bait": set(),
}


def inspected(path: Path) -> Inspection:
    with WorkerPool(Work(WordReader(LIMITS), bytes(32), CONFINEMENT, 60, 10), 1) as pool:
        pool.submit(Job(1, os.fsencode(path)))
        while not (answers := pool.answers(1)):
            continue
    assert answers[0].inspection is not None
    return answers[0].inspection


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file(tmp_path: Path, name: str) -> None:
    file_name, make = HOSTILE[name]
    path = tmp_path / file_name
    path.write_bytes(make())
    inspection = inspected(path)
    coverage = inspection.coverage
    if name in REFUSED:
        assert coverage.status in (Status.NOT_INSPECTED, Status.PARTIAL)
    else:
        # What stands in front of the trap is found.
        assert TOKEN.lower() in inspection.counts
        assert coverage.status is (Status.INSPECTED if name in WHOLE else Status.PARTIAL)
    assert set(inspection.counts) >= WHOLE.get(name, set())
    assert (coverage.status is Status.INSPECTED) == (not coverage.gaps)
    assert "root" not in inspection.counts, "an external entity was followed"
    assert all("time limit of" not in gap.detail for gap in coverage.gaps), "a hang"
