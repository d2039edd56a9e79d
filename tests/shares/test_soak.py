"""The short form of ``python -m tests.soak.scan``: a few kills, on both databases."""

from __future__ import annotations

from pathlib import Path

from tests.soak.scan import VICTIMS, soak


def test_killed_and_killed_again_nothing_is_lost_or_doubled(database_url: str, tmp_path: Path) -> None:
    done = soak(database_url, tmp_path, files=600, kills=5, seconds=0.004)
    assert sum(done[victim] for victim in VICTIMS) >= 5
    assert done["objects"] > 500
