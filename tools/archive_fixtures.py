"""Make the small archives under tests/documents/fixtures/archives with the programs that people use.

Needs the Debian packages 7zip, genisoimage, jlha-utils, gcab, cpio, libarchive-tools, zstd and lz4.  The
RAR files there are not made here (no free program writes them): see SOURCES.md beside them.

    python -m tools.archive_fixtures
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "documents" / "fixtures" / "archives"
NOTE = "sub/Zoë note.txt"
FILES = {"list.csv": "Surname,Reference\nTokenone,QX-1001\n", NOTE: "Tokentwo wrote this note\n"}


def run(*command: str, stdin: str = "") -> None:
    """Run one packing program in the present folder; raises ``CalledProcessError`` when it fails."""
    subprocess.run(command, input=stdin.encode(), check=True, stdout=subprocess.DEVNULL)


def make(here: Path, out: Path) -> None:
    """Write every archive of the files under ``here`` to ``out``."""
    pack = ("7zz", "a", "-bd", "-mmt1")
    run(*pack, f"{out}/plain.7z", "list.csv", "sub")
    run(*pack, "-ppassword", f"{out}/locked.7z", "list.csv", "sub")
    run(*pack, "-ppassword", "-mhe=on", f"{out}/names-locked.7z", "list.csv", "sub")
    shutil.copy(out / "plain.7z", out / "partly-locked.7z")
    (here / "secret.txt").write_text("Tokenthree is behind a password\n")
    run(*pack, "-ppassword", f"{out}/partly-locked.7z", "secret.txt")
    (here / "secret.txt").unlink()
    run(*pack, "-v200b", f"{out}/volumes.7z", "list.csv", "sub")
    run("genisoimage", "-quiet", "-J", "-R", "-o", f"{here}/disk.iso", "list.csv", "sub")
    # Blank sectors make up most of a disk image.
    run("gzip", "-9nf", f"{here}/disk.iso")
    shutil.move(here / "disk.iso.gz", out / "disk.iso.gz")
    run("gcab", "-c", f"{out}/plain.cab", "list.csv", NOTE)
    run("jlha", "c", f"{out}/plain.lzh", "list.csv")
    run("cpio", "--quiet", "-o", "-H", "newc", "-O", f"{out}/plain.cpio", stdin=f"list.csv\n{NOTE}\n")
    run("cpio", "--quiet", "-o", "-O", f"{out}/binary.cpio", stdin=f"list.csv\n{NOTE}\n")
    run("bsdtar", "--format", "xar", "-cf", f"{out}/plain.xar", "list.csv")
    run("bsdtar", "-caf", f"{out}/plain.tar.zst", "list.csv", "sub")
    run("bsdtar", "--lzip", "-cf", f"{out}/plain.tar.lz", "list.csv", "sub")
    run("bsdtar", "-Zcf", f"{out}/plain.tar.Z", "list.csv", "sub")
    run("ar", "rcD", f"{out}/plain.ar", "list.csv")
    run("lz4", "-qf", "list.csv", f"{out}/list.csv.lz4")


def main() -> None:
    """Make them anew."""
    with tempfile.TemporaryDirectory() as name:
        here = Path(name) / "files"
        for path, text in FILES.items():
            (here / path).parent.mkdir(parents=True, exist_ok=True)
            (here / path).write_text(text, encoding="utf-8")
        out = Path(name) / "out"
        out.mkdir()
        with contextlib.chdir(here):
            make(here, out)
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path in sorted(out.iterdir()):
            shutil.copy(path, FOLDER / path.name)


if __name__ == "__main__":
    main()
