"""The builders, gathered: importing them enters them in the register."""

from __future__ import annotations

from importlib import import_module

_MODULES = ("sheets", "hidden_sheets", "exports", "letters", "pages", "harmless_sheets", "harmless_papers")


def load() -> None:
    """Enter every builder; once is enough, more does no harm."""
    for module in _MODULES:
        import_module(f"tests.evaluation.files.{module}")
