"""One document's way: bytes to segments, findings, people, and a judgement.

This is the public face that the scanner's commands and the mail relay use: build an ``Inspector`` once
per process, then ``inspect`` files, ``inspect_bytes`` or ``inspect_text``.
"""

from scanner.inspection.inspector import INTERNAL_TYPES, Inspector, TextInspection
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.inspection.settings import InspectionSettings

__all__ = [
    "INTERNAL_TYPES",
    "Inspection",
    "InspectionSettings",
    "Inspector",
    "LocatedFinding",
    "TextInspection",
]
