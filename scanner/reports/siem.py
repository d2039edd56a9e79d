"""Events for a SIEM: rows of the audit log and findings on shares, as JSON Lines, CEF or OCSF.

CEF is ArcSight's Common Event Format 0; OCSF the Open Cybersecurity Schema Framework 1.3: sign-ins are
Authentication (3002), acts on accounts Account Change (3001), other acts Entity Management (3004), findings
Data Security Finding (2006).  Each event is one line, and holds masks and counts, never a value.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib import metadata
from typing import Any

from scanner.judgement.assessment import Severity
from scanner.store.audit import AuditRow
from scanner.store.entry import LedgerEntry

VENDOR, PRODUCT = "council-dlp", "dlp"
OCSF_VERSION = "1.3.0"


class SiemForm(StrEnum):
    """How an event is written."""

    JSONL = "jsonl"
    CEF = "cef"
    OCSF = "ocsf"


# What an act is worth: who was refused or looked at a value is seen before who signed in.
_REMARKABLE = {
    "refused": Severity.MEDIUM,
    "reveal": Severity.MEDIUM,
    "download": Severity.MEDIUM,
    "emergency": Severity.HIGH,
    "break_glass": Severity.HIGH,
    "account": Severity.LOW,
    "rule": Severity.LOW,
    "export": Severity.LOW,
}
_OCSF_SEVERITY = {
    Severity.NONE: 1,
    Severity.LOW: 2,
    Severity.MEDIUM: 3,
    Severity.HIGH: 4,
    Severity.CRITICAL: 5,
}
_CEF_SEVERITY = {
    Severity.NONE: 1,
    Severity.LOW: 3,
    Severity.MEDIUM: 5,
    Severity.HIGH: 8,
    Severity.CRITICAL: 10,
}
_ACCOUNT_ACTIVITIES = {
    "account.add": 1,
    "account.enable": 2,
    "account.password": 3,
    "account.reset": 4,
    "account.disable": 5,
}
_READS = ("view", "reveal", "search", "download", "export", "list", "show", "verify")


def severity_of_act(act: str) -> Severity:
    """How remarkable an act of the audit log is."""
    words = act.split(".")
    return max((_REMARKABLE.get(word, Severity.NONE) for word in words), default=Severity.NONE)


def audit_line(row: AuditRow, form: SiemForm) -> str:
    """A row of the audit log as one line."""
    if form is SiemForm.CEF:
        return _audit_cef(row)
    if form is SiemForm.OCSF:
        return _json(_audit_ocsf(row))
    at = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="microseconds")
    return _json({"number": row.number, "at": at, **asdict(row.event)})


def finding_line(entry: LedgerEntry, run: str, at: float, form: SiemForm) -> str:
    """A file with findings as one line; ``run`` found it at ``at`` (seconds since 1970)."""
    if form is SiemForm.CEF:
        return _finding_cef(entry, run, at)
    if form is SiemForm.OCSF:
        return _json(_finding_ocsf(entry, run, at))
    return _json(
        {
            "run": run,
            "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds"),
            "path": entry.path,
            "severity": entry.severity.word,
            "people": [entry.people.low, entry.people.high],
            "counts": dict(entry.counts),
            "audience": entry.exposure.audience.word,
            "reasons": [reason.text for reason in entry.reasons],
            "content_hash": entry.content_hash,
        }
    )


# --- CEF ----------------------------------------------------------------------------------------------------


def _audit_cef(row: AuditRow) -> str:
    event = row.event
    facts: dict[str, object] = {
        "rt": int(row.at * 1000),
        "externalId": row.number,
        "suser": event.actor,
        "spriv": event.role,
        "act": event.act,
        "outcome": "failure" if _failed(event.act) else "success",
        "msg": event.reason,
        "cs1Label": "object" if event.subject else "",
        "cs1": event.subject,
        "cs2Label": "before" if event.before else "",
        "cs2": _json(event.before) if event.before else "",
        "cs3Label": "after" if event.after else "",
        "cs3": _json(event.after) if event.after else "",
    }
    if _is_address(event.origin):
        facts["src"] = event.origin
    else:
        facts["shost"] = event.origin
    return _cef(event.act, event.act.replace(".", " ").replace("_", " "), severity_of_act(event.act), facts)


def _finding_cef(entry: LedgerEntry, run: str, at: float) -> str:
    facts: dict[str, object] = {
        "rt": int(at * 1000),
        "externalId": run,
        "filePath": entry.path,
        "fsize": entry.size,
        "msg": "; ".join(reason.text for reason in entry.reasons),
        "cs1Label": "audience",
        "cs1": entry.exposure.audience.word,
        "cs2Label": "kinds",
        "cs2": _json(dict(entry.counts)),
        "cn1Label": "people at least",
        "cn1": entry.people.low,
    }
    return _cef("share.finding", "personal data in a file", entry.severity, facts)


def _cef(kind: str, name: str, severity: Severity, facts: Mapping[str, object]) -> str:
    head = (VENDOR, PRODUCT, _version(), kind, name, str(_CEF_SEVERITY[severity]))
    told = "|".join(_cef_head(part) for part in head)
    pairs = " ".join(f"{key}={_cef_value(value)}" for key, value in facts.items() if value != "")
    return f"CEF:0|{told}|{pairs}"


def _cef_head(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _cef_value(value: object) -> str:
    # A pipe is fine here, a line break is written as two characters.
    return (
        str(value)
        .replace("\\", "\\\\")
        .replace("=", "\\=")
        .replace("\r\n", "\\n")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
    )


# --- OCSF ---------------------------------------------------------------------------------------------------


def _audit_ocsf(row: AuditRow) -> dict[str, Any]:
    event = row.event
    user = {"name": event.actor, "groups": [{"name": event.role}] if event.role else []}
    more: dict[str, Any] = {"actor": {"user": user}}
    if event.act.startswith("sign_in"):
        number, activity = 3002, 1
        more["user"] = user
        more["service"] = {"name": "dlp console"}
    elif event.act.startswith("sign_out"):
        number, activity = 3002, 2
        more["user"] = user
        more["service"] = {"name": "dlp console"}
    elif event.act.startswith("account."):
        number, activity = 3001, _ACCOUNT_ACTIVITIES.get(event.act, 99)
        more["user"] = {"name": event.subject}
    else:
        number, activity = 3004, 2 if event.act.rpartition(".")[2] in _READS else 3
        more["entity"] = {"name": event.subject or event.act, "type": event.act.partition(".")[0]}
    if activity == 99:
        more["activity_name"] = event.act
    if _is_address(event.origin):
        more["src_endpoint"] = {"ip": event.origin}
    elif event.origin:
        more["src_endpoint"] = {"name": event.origin}
    if event.reason:
        more["comment"] = event.reason
    unmapped = {"act": event.act, "before": dict(event.before), "after": dict(event.after)}
    return {
        **_ocsf(3, number, activity, severity_of_act(event.act), row.at, str(row.number)),
        **more,
        "message": event.act,
        "status_id": 2 if _failed(event.act) else 1,
        "unmapped": unmapped,
    }


def _finding_ocsf(entry: LedgerEntry, run: str, at: float) -> dict[str, Any]:
    reasons = [reason.text for reason in entry.reasons]
    return {
        **_ocsf(2, 2006, 1, entry.severity, at, f"{run}:{entry.content_hash or entry.path}"),
        "finding_info": {
            "uid": entry.content_hash or entry.path,
            "title": reasons[0] if reasons else "Personal data in a file",
            "desc": "; ".join(reasons),
        },
        "file": {
            "name": entry.path.rpartition("/")[2],
            "path": entry.path,
            "size": entry.size,
            "type_id": 1,
            "modified_time": int(entry.mtime * 1000),
        },
        "data_security": {
            "category": "personal data",
            "data_lifecycle_state_id": 1,
            "detection_system_id": 3,
            "pattern_match": ", ".join(f"{kind} {count}" for kind, count in sorted(entry.counts.items())),
        },
        "unmapped": {
            "people": [entry.people.low, entry.people.high],
            "audience": entry.exposure.audience.word,
            "run": run,
        },
    }


def _ocsf(
    category: int, number: int, activity: int, severity: Severity, at: float, identity: str
) -> dict[str, Any]:
    return {
        "metadata": {
            "version": OCSF_VERSION,
            "uid": identity,
            "product": {"name": PRODUCT, "vendor_name": VENDOR, "version": _version()},
        },
        "category_uid": category,
        "class_uid": number,
        "activity_id": activity,
        "type_uid": number * 100 + activity,
        "severity_id": _OCSF_SEVERITY[severity],
        "time": int(at * 1000),
    }


# --- all of them --------------------------------------------------------------------------------------------


def _failed(act: str) -> bool:
    return act.endswith(".refused")


def _json(value: object) -> str:
    # ASCII only: no line separator of Unicode ends a line too early.
    return json.dumps(value, default=str, separators=(",", ":"))


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@cache
def _version() -> str:
    try:
        return metadata.version("council-dlp")
    except metadata.PackageNotFoundError:
        return "0"
