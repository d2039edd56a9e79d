"""``make demo``: builds the make-believe share, scans it, shows the report; then mail; then the console."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SEED = "7"


def main() -> int:
    """Build, scan, print; the exit code is 0 when the scan ran, whatever it found."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo").absolute()
    share, reports = folder / "share", folder / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    tool = Path(__file__).with_name("demo_share.py")
    print("Building a make-believe council share ...", flush=True)
    subprocess.run([sys.executable, str(tool), str(share), "--seed", SEED], check=True)
    dlp = Path(sys.executable).with_name("dlp")
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    scan = [str(dlp), "scan", str(share), "--state", str(folder / "state")]
    wanted = ["--format", "table", "--format", "html", "--output", str(reports)]
    done = subprocess.run([*scan, *wanted], env=environment)
    if done.returncode not in (0, 1, 3, 4):
        return done.returncode
    print((reports / "summary.txt").read_text(encoding="utf-8"))
    print(f"The report to look at: {reports / 'report.html'}")
    print(f"Scan something of your own: {dlp} scan FOLDER")
    print("\nNow outgoing mail.", flush=True)
    mail = Path(__file__).with_name("demo_mail.py")
    return subprocess.run([sys.executable, str(mail), str(folder / "mail")], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
