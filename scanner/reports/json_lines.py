"""JSON Lines: one object per file for programs, the stable format of ``dlp scan --format jsonl``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TextIO

from scanner.reports.wording import shown
from scanner.reports.writer import RunSummary
from scanner.store.entry import LedgerEntry


def write(summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
    """One line per object that the run met, in the order of ``entries``."""
    del summary  # every line stands for itself
    for entry in entries:
        # ASCII only: U+2028 would end a line for some readers, and lone surrogates cannot be encoded.
        stream.write(json.dumps(line(entry), ensure_ascii=True, separators=(",", ":")) + "\n")


def line(entry: LedgerEntry) -> dict[str, Any]:
    """The fields of one line; ``value`` is a mask unless the run was asked to show values."""
    return {
        "path": entry.path,
        "status": entry.status.value,
        "reason": entry.reason,
        "severity": entry.severity.word,
        "reasons": [reason.text for reason in entry.reasons],
        "people": entry.people.low,
        "people_high": entry.people.high,
        "audience": entry.exposure.audience.word,
        "owner": entry.exposure.owner,
        "asset_owner": entry.exposure.asset_owner,
        "department": entry.folder,
        "first_seen": entry.first_seen,
        "content_hash": entry.content_hash,
        "findings": [
            {
                "type": finding.entity_type,
                "value": shown(finding),
                "location": finding.location,
                "hidden": finding.hidden,
                "confidence": round(finding.confidence, 4),
            }
            for finding in entry.findings
        ],
    }
