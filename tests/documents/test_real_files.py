"""Files of other projects' test suites, where the machine has them: no exception, always a coverage."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from scanner.documents import Coverage, Segment, Source, Status, read_document

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "documents"
# Kinds read in this room by Python alone; the rest is covered where its parser is tested.
FAST = {
    ".eml",
    ".xml",
    ".txt",
    ".rels",
    ".tnef",
    ".zip",
    ".ods",
    ".odt",
    ".xls",
    ".doc",
    ".ppt",
    ".md",
    ".json",
}

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="no folder of shared documents beside the repository"
)


def test_every_file_ends_with_a_coverage() -> None:
    count = 0
    words = 0
    for path in sorted(FOLDER.rglob("*")):
        if not path.is_file() or (path.suffix.lower() not in FAST and path.stat().st_size > 60_000):
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            last: Segment | Coverage | None = None
            began = time.process_time()
            for last in read_document(Source.from_descriptor(descriptor, path.name)):
                if isinstance(last, Segment):
                    words += len(last.text.split())
            assert time.process_time() - began < 20, f"{path.name}: over the CPU limit of a worker"
        finally:
            os.close(descriptor)
        assert isinstance(last, Coverage), path.name
        assert (last.status is Status.INSPECTED) == (not last.gaps), path.name
        count += 1
    assert count > 300
    assert words > 100_000
