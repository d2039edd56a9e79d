"""One document's way: bytes to segments, findings, people, and a judgement.

This is the public face that the scanner's commands and the mail relay use: build an ``Inspector`` once
per process, then ``inspect`` files, ``inspect_bytes`` or ``inspect_text``.
"""

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scanner.inspection.inspector import INTERNAL_TYPES, Inspector, PartCount, TextInspection
    from scanner.inspection.model import Inspection, LocatedFinding
    from scanner.inspection.settings import InspectionSettings

__all__ = [
    "INTERNAL_TYPES",
    "Inspection",
    "InspectionSettings",
    "Inspector",
    "LocatedFinding",
    "PartCount",
    "TextInspection",
]

# Loaded when first asked for: whoever needs only the value types (the ledger, a report) loads no rules.
_PLACES = {
    "INTERNAL_TYPES": "inspector",
    "Inspection": "model",
    "InspectionSettings": "settings",
    "Inspector": "inspector",
    "LocatedFinding": "model",
    "PartCount": "inspector",
    "TextInspection": "inspector",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    return resolve_name(f"scanner.inspection.{_PLACES[name]}:{name}")
