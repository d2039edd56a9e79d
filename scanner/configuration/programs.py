"""The sections that other installed programs declare: one file configures them all."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import Any

from pydantic import create_model

from scanner.configuration.schema import Configuration

# Each holds SECTIONS, the names of its sections and their types.  The scanner works without them.
SECTION_PACKAGES = ("smtp_filter.configuration",)


@cache
def configuration_type() -> type[Configuration]:
    """The configuration with the sections of every program that is installed."""
    declared: dict[str, Any] = {}
    for package in SECTION_PACKAGES:
        if _installed(package):
            for name, section in importlib.import_module(package).SECTIONS.items():
                declared[name] = (section, section())
    return create_model("Configuration", __base__=Configuration, **declared)


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False
