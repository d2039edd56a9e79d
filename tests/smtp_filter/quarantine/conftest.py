"""A quarantine on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smtp_filter.quarantine.holding import Quarantine
from tests.smtp_filter.quarantine.making import open_quarantine


@pytest.fixture
def quarantine(database_url: str, tmp_path: Path) -> Iterator[Quarantine]:
    """An empty quarantine, small bodies in the database."""
    opened = open_quarantine(database_url, tmp_path)
    yield opened
    opened.close()
