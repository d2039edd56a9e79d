"""A console with an empty quarantine for each test, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.smtp_filter.triage.serving import Site, site

SECURE = {"host": "127.0.0.1"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests of a module that do not mind each other's messages."""
    with site(tmp_path_factory.mktemp("house"), secure_hop=SECURE) as running:
        yield running


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, secure_hop=SECURE) as running:
        yield running
