"""What the running program is told, put together from each room's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scanner.inspection.settings import InspectionSettings
from scanner.store.sealing import MasterKeySource
from smtp_filter.delivery import NextHop
from smtp_filter.inspection_pool import PoolSettings
from smtp_filter.quarantine.settings import QuarantineSettings
from smtp_filter.relay import RelaySettings
from smtp_filter.service.filter import FilterSettings


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Everything that `dlp relay` needs.

    ``relays`` has one entry for each placement (SMTP, LMTP); ``next_hops`` holds at least ``default``.
    ``metrics`` is the endpoint's address and port, ``None`` for none.
    """

    relays: tuple[RelaySettings, ...]
    next_hops: Mapping[str, NextHop]
    processes: int
    pool: PoolSettings
    inspection: InspectionSettings
    filter: FilterSettings
    quarantine: QuarantineSettings
    database: str
    master_key: MasterKeySource
    metrics: tuple[str, int] | None
    stop_seconds: float
    log_level: str
    log_file: Path | None
    log_messages: bool
