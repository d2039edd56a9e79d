"""What a run stands for: the same program with the same settings says the same, in every process."""

from __future__ import annotations

import os
import subprocess
import sys

_TOLD = """
from dataclasses import astuple
from scanner.configuration.schema import Configuration
from scanner.configuration.signatures import signatures
print(*astuple(signatures(Configuration())))
"""


def test_two_processes_say_the_same() -> None:
    """Sets come in another order in each process: signed so, every file would be read anew."""
    told = [
        subprocess.run(
            [sys.executable, "-c", _TOLD],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert len(told[0].split()) > 5
    assert len(set(told)) == 1
