"""The list of cause codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml


@cache
def causes() -> Mapping[str, str]:
    """Each code with its words, in the order of the list."""
    written = resources.files("smtp_filter.triage.incidents") / "causes.yaml"
    told = yaml.safe_load(written.read_text("utf-8"))
    return {str(code): str(words) for code, words in told["causes"].items()}
