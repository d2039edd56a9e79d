"""The sample run for every test of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.store.ledger import Ledger
from tests.reports import sample_run


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Ledger]:
    with sample_run.ledger(tmp_path) as ledger:
        yield ledger
