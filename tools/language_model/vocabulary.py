"""The words that generated texts and addresses are filled with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

TEMPLATES = Path(__file__).parent / "templates"
WORDS: dict[str, Any] = yaml.safe_load((TEMPLATES / "vocabulary.yaml").read_text("utf-8"))
