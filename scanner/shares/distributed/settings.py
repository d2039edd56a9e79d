"""What a distributed scan can be told: the room's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DistributedSettings:
    """Batches, budgets and leases.

    ``batches_per_server`` are read of one server at the same time, by whatever machines.  A worker that was
    not heard of for ``lease_seconds`` has lost its batches.  ``servers`` names the server of a path where the
    mount does not tell it.
    """

    enabled: bool = False
    batch_files: int = 300
    batch_bytes: int = 512_000_000
    batches_per_server: int = 8
    lease_seconds: float = 30.0
    servers: Mapping[str, str] = field(default_factory=dict)
