"""A short soak: 300 messages and ten kills with every book balanced; the long one is ``tests.soak.relay``."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.soak.relay import soak


def test_every_message_is_accounted_for(tmp_path: Path) -> None:
    ledger = asyncio.run(soak(tmp_path, messages=300, sessions=15, kills=10, faults=0.01, seed=7))
    assert not ledger.wrong
    assert sum(ledger.fates.values()) == 300
    assert set(ledger.fates) == {"relayed", "held", "refused"}
