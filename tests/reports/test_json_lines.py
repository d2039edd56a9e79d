"""The stable fields of one line, as documented for integrators."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from scanner.documents.model import Gap, Location, Shortfall, Status
from scanner.judgement.assessment import Severity
from scanner.reports import RunSummary, json_lines
from scanner.store.entry import LedgerEntry
from scanner.store.ledger import Ledger
from tests.reports.sample_run import entry, finding


def lines(run: Ledger, *entries: LedgerEntry) -> list[dict[str, Any]]:
    written = io.StringIO()
    json_lines.write(RunSummary.of(run), iter(entries), written)
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_one_line_has_exactly_the_documented_fields(run: Ledger) -> None:
    (line,) = lines(
        run,
        entry(
            path="/share/HR/é.docx", findings=[finding(hidden="comment")], reasons=["x", "y"], people=(2, 4)
        ),
    )
    assert line == {
        "path": "/share/HR/é.docx",
        "status": "inspected",
        "reason": "",
        "severity": "high",
        "reasons": ["x", "y"],
        "people": 2,
        "people_high": 4,
        "audience": "unknown",
        "owner": "",
        "asset_owner": "",
        "department": "HR",
        "first_seen": "",
        "content_hash": "",
        "findings": [
            {
                "type": "UK_NHS",
                "value": "••• ••• ••19",
                "location": "page 1",
                "hidden": "comment",
                "confidence": 0.9512,
            }
        ],
    }


@pytest.mark.parametrize("status", Status)
def test_status_is_one_of_four_words(run: Ledger, status: Status) -> None:
    (line,) = lines(run, entry(status=status, severity=Severity.NONE))
    assert line["status"] in {"inspected", "partial", "not_inspected", "encrypted"}


def test_the_reason_says_what_was_missing(run: Ledger) -> None:
    gaps = [Gap(Location(), Shortfall.LIMIT, "200 members"), Gap(Location(), Shortfall.DAMAGED)]
    (line,) = lines(run, entry(status=Status.PARTIAL, gaps=gaps))
    assert line["reason"] == "limit reached: 200 members (and 1 more)"


def test_a_value_is_shown_only_where_the_finding_carries_one(run: Ledger) -> None:
    masked, plain = lines(run, entry(findings=[finding()]), entry(findings=[finding(value="943 476 5919")]))
    assert masked["findings"][0]["value"] == "••• ••• ••19"
    assert plain["findings"][0]["value"] == "943 476 5919"


def test_one_object_is_one_line_whatever_its_name(run: Ledger) -> None:
    assert len(lines(run, entry(path="a\u2028b\u0085c\nd"), entry(path="\udcff"))) == 2


def test_every_object_of_a_run_has_its_line(run: Ledger) -> None:
    assert len(lines(run, *run.entries())) == 8
