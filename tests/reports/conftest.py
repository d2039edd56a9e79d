"""The sample run for every test of this room."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.store.ledger import Ledger
from tests.reports import sample_run


@pytest.fixture
def run(tmp_path: Path) -> Ledger:
    return sample_run.ledger(tmp_path)
