"""What the inspection room is told by configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.detection.finding import REPORTED
from scanner.detection.settings import DetectionSettings
from scanner.documents.limits import Limits
from scanner.judgement.policy import Policy, default_policy


@dataclass(frozen=True, slots=True)
class InspectionSettings:
    """Settings of an inspector.

    ``key`` is the installation's secret (16 to 64 bytes) under which values are hashed; ``show_values``
    keeps real values in the findings; ``findings_per_file`` caps the findings listed, never the counts;
    findings below ``least_confidence`` are not listed; ``surroundings`` keeps with each finding what stands
    around it, masked, and whom it is about; ``records`` keeps what a replay of rules judges.
    """

    key: bytes
    detection: DetectionSettings = field(default_factory=DetectionSettings)
    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=default_policy)
    show_values: bool = False
    findings_per_file: int = 100
    least_confidence: float = REPORTED
    surroundings: bool = False
    records: bool = False
