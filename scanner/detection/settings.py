"""What the detection room is told by configuration, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scanner.detection.organisation import Organisation


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """Settings of detection.

    ``packs`` are a council's own rule packs (YAML files or folders of them); ``disabled`` are ids
    of rules that are switched off; ``allowed`` values are never reported; ``presidio_recognisers``
    are further Presidio recognisers, each written ``module:Class``; ``language_model`` names an
    installed spaCy pipeline or a folder that holds one (empty: none); ``full_text`` shows it every
    word instead of the windows that matter.
    """

    organisation: Organisation = field(default_factory=Organisation)
    packs: tuple[Path, ...] = ()
    disabled: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    presidio_recognisers: tuple[str, ...] = ()
    language_model: str = ""
    full_text: bool = False
