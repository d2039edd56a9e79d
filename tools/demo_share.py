"""Builds the make-believe council share of ``make demo``: ``python tools/demo_share.py TARGET --seed 7``.

The same seed makes the same share (byte for byte but for what is encrypted, where salts are random).
What a scan ought to find is written next to the share, never into it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from council_share import (
    childrens_services,
    democratic_services,
    education,
    housing,
    human_resources,
    old_drive,
    places_and_services,
    revenues,
)
from council_share.demo_file import DemoFile

_DEPARTMENTS = (
    childrens_services,
    education,
    housing,
    revenues,
    human_resources,
    democratic_services,
    places_and_services,
    old_drive,
)


def share(seed: int) -> Iterator[DemoFile]:
    """Every file of the share."""
    for department in _DEPARTMENTS:
        yield from department.files(seed)


def build(target: Path, expected: Path, seed: int) -> int:
    """Write the share below ``target`` and its expectations to ``expected``; return the number of files."""
    expectations = []
    for file in share(seed):
        place = target / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
        expectations.append(
            {
                "path": file.path,
                "status": file.status,
                "also_statuses": list(file.also_statuses),
                "severity": file.severity,
                "also": list(file.also),
                "why": file.why,
                "planted": {kind: list(values) for kind, values in file.planted.items()},
            }
        )
    expected.parent.mkdir(parents=True, exist_ok=True)
    expected.write_text(
        json.dumps({"seed": seed, "files": expectations}, ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
    )
    return len(expectations)


def _ours(target: Path, expected: Path) -> bool:
    """Whether ``target`` is an empty folder or an earlier demo share, which may be written over."""
    if not target.is_dir():
        return False
    found = {str(file.relative_to(target)) for file in target.rglob("*") if not file.is_dir()}
    if not found:
        return True
    try:
        earlier = json.loads(expected.read_text("utf-8"))["files"]
        return found <= {file["path"] for file in earlier}
    except (OSError, ValueError, KeyError, TypeError):
        return False


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description="Build a make-believe council share to try the scanner on.")
    parser.add_argument(
        "target", type=Path, help="folder to make; an earlier demo share in it is written over"
    )
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same share (default: 7)")
    parser.add_argument(
        "--expected",
        type=Path,
        help="where to write what a scan should find (default: expected.json next to TARGET)",
    )
    arguments = parser.parse_args()
    target: Path = arguments.target.resolve()
    expected: Path = arguments.expected or target.parent / "expected.json"
    if expected.resolve().is_relative_to(target):
        parser.error("--expected must lie outside the share, or the scan would find it")
    if target.exists() and not _ours(target, expected):
        parser.error(
            f"{arguments.target} holds other things than a demo share: name another folder, or empty it"
        )
    count = build(target, expected, arguments.seed)
    print(f"{count} files in {arguments.target}; what a scan should find is in {expected}")


if __name__ == "__main__":
    main()
