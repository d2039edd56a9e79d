"""``dlp scan --distributed`` and ``dlp worker`` as two programs on one PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def _dlp(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scanner.commands", *arguments],
        cwd=PROJECT,
        env={**os.environ, "DLP_KEY": "0b" * 32, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _configured(folder: Path, database: str) -> Path:
    config = folder / "dlp.yaml"
    config.write_text(
        f"storage: {{database: '{database}'}}\n"
        f"state: {{directory: {folder / 'state'}}}\n"
        "language: {model: none}\n"
        "distributed: {batch_files: 2}\n"
    )
    return config


def test_a_scan_is_read_by_workers(postgres_url: str, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    for number in range(7):
        (share / f"{number}.txt").write_text("Minutes of the meeting about the playground.")
    (share / "claim.txt").write_text("Ms Ada Example, National Insurance number QQ 12 34 56 C")
    config = _configured(tmp_path, postgres_url)
    workers = [_dlp("worker", "-c", str(config), "-j", "1", "--exit-when-idle", "20") for _ in range(2)]
    scan = _dlp("scan", str(share), "--distributed", "-c", str(config), "--format", "jsonl", "--no-progress")
    try:
        out, errors = scan.communicate(timeout=120)
        for worker in workers:
            worker.terminate()
        told = [worker.communicate(timeout=60) for worker in workers]
    finally:
        for process in (scan, *workers):
            process.kill()
    assert scan.returncode in (0, 1), errors
    files = [one for one in map(json.loads, out.splitlines()) if "path" in one]
    assert len(files) == 8
    assert {one["status"] for one in files} == {"inspected"}
    assert [worker.returncode for worker in workers] == [0, 0], told
    assert sum(int(out.split()[0]) for out, _ in told) == 4


def test_what_cannot_be_distributed_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    config = _configured(tmp_path, f"sqlite:///{tmp_path / 'dlp.db'}")
    for verb in (["scan", str(tmp_path / "share"), "--distributed"], ["worker"]):
        process = _dlp(*verb, "-c", str(config))
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "PostgreSQL" in errors
        assert len(errors.splitlines()) == 1
