"""``dlp doctor``: what is present, missing or wrong on this machine, and the command that mends it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP

if TYPE_CHECKING:
    from scanner.configuration import Configuration

HELP = """Say what is present, missing or misconfigured on this machine, and the one command that mends it.

Exits with 0 when dlp can work, with 2 when something that it needs is missing or wrong.

\b
Examples:
  dlp doctor
  dlp doctor --config /etc/dlp/dlp.yaml
"""

# Module, what it is for, and the package that brings it.
_LIBRARIES = (
    ("re2", "the matcher", "google-re2"),
    ("presidio_analyzer", "recognisers", "presidio-analyzer"),
    ("spacy", "language models", "spacy"),
    ("pypdfium2", "the text of PDF pages", "pypdfium2"),
    ("pdfminer", "what else a PDF holds", "pdfminer.six"),
    ("PIL", "what is written into pictures", "pillow"),
    ("olefile", "legacy and encrypted Office documents", "olefile"),
    ("phonenumbers", "foreign telephone numbers", "phonenumbers"),
    ("msoffcrypto", "encrypted Office documents", "msoffcrypto-tool"),
    ("sqlalchemy", "the ledger", "sqlalchemy"),
    ("cryptography", "sealed values", "cryptography"),
    ("chardet", "character sets", "chardet"),
)

# A ledger takes about 1 kB for each file: this holds a million of them.
_FREE_BYTES = 1_000_000_000

# A worker may take 2 GB while it reads a hostile file; below this two of them can exhaust a machine.
_MEMORY_BYTES = 2_000_000_000


class State(StrEnum):
    """How a check ended."""

    GOOD = "ok"
    WORTH_KNOWING = "note"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``remedy`` is a command or a step, empty where nothing is to be done."""

    what: str
    state: State
    detail: str
    remedy: str = ""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor", help=HELP)(doctor)


def doctor(
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
) -> None:
    """Print every check."""
    checks = list(examine(config, state))
    for check in checks:
        typer.echo(f"{check.state.value:<6} {check.what}: {check.detail}")
        if check.remedy:
            typer.echo(f"       -> {check.remedy}")
    if any(check.state is State.WRONG for check in checks):
        raise typer.Exit(Exit.USAGE)


def examine(config: Path | None, state: Path | None) -> Iterator[Check]:
    """Look at everything that a scan needs."""
    from scanner.commands.preparing import state_directory
    from scanner.configuration import Configuration, ConfigurationError, configuration_path, load

    yield python()
    yield from libraries()
    yield archives()
    yield from programs()
    yield machine()
    yield isolation()
    yield terminal()
    path = configuration_path(config)
    settings = Configuration()
    try:
        settings = load(path)
        yield Check("configuration", State.GOOD, str(path) if path else "built-in defaults, no file")
    except ConfigurationError as error:
        for problem in error.problems:
            yield Check(
                "configuration", State.WRONG, str(problem), f"edit {path}, then: dlp config check {path}"
            )
    yield recognition_program(settings)
    yield language_model(settings)
    directory = state_directory(state, settings.state.directory)
    yield state_rights(directory)
    yield installation_key_check(directory)
    yield free_disk(directory)


def python() -> Check:
    """The interpreter; the installation itself refuses one that is too old."""
    return Check("Python", State.GOOD, f"{'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})")


def libraries() -> Iterator[Check]:
    """The libraries that documents are read with: each is really loaded, for a wheel can be broken."""
    import importlib

    broken = []
    for module, purpose, package in _LIBRARIES:
        try:
            importlib.import_module(module)
        except Exception as error:
            broken.append(
                Check(
                    f"library {package}",
                    State.WRONG,
                    f"cannot be loaded, needed for {purpose} ({type(error).__name__})",
                    f"{Path(sys.executable).name} -m pip install --force-reinstall {package}",
                )
            )
    if broken:
        yield from broken
    else:
        yield Check("libraries", State.GOOD, f"all {len(_LIBRARIES)} load")


def archives() -> Check:
    """The system library that unpacks what Python cannot."""
    from scanner.documents.parsers.archives.packed_archives import load_libarchive

    library = load_libarchive()
    if library is None:
        detail = "7-Zip, RAR, Cabinet, ISO, cpio, LHA, xar, Zstandard and LZ4 are not read: no libarchive"
        remedy = "sudo apt install libarchive13 (since Ubuntu 24.04: libarchive13t64)"
        return Check("archives", State.WORTH_KNOWING, detail, remedy)
    number = library.ffi.version_number()
    version = f"{number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"
    return Check("archives", State.GOOD, f"libarchive {version}")


def programs() -> Iterator[Check]:
    """What reads mail stores and databases, where it is installed."""
    from scanner.documents.parsers.databases.access import mdbtools
    from scanner.documents.parsers.mail.pst import reader_of_stores

    if reader := reader_of_stores():
        yield Check("Outlook stores", State.GOOD, reader)
    else:
        detail = "PST and OST are read in part only (readable strings): neither libpff nor readpst is here"
        yield Check("Outlook stores", State.WORTH_KNOWING, detail, "sudo apt install pst-utils")
    if mdbtools():
        yield Check("Access databases", State.GOOD, "mdbtools")
    else:
        detail = "MDB and ACCDB are read in part only (readable strings): no mdbtools"
        yield Check("Access databases", State.WORTH_KNOWING, detail, "sudo apt install mdbtools")


def recognition_program(settings: Configuration) -> Check:
    """The program that reads pictures of text."""
    from scanner.documents.recognition import available

    if available():
        detail = "tesseract is present, " + (
            "switched on" if settings.limits.ocr else "switched off (limits: ocr)"
        )
        return Check("OCR", State.GOOD, detail)
    state = State.WRONG if settings.limits.ocr else State.WORTH_KNOWING
    detail = "tesseract is missing: pictures and scanned pages are reported, not read"
    return Check("OCR", state, detail, "sudo apt install tesseract-ocr tesseract-ocr-eng tesseract-ocr-osd")


def machine() -> Check:
    """Cores and memory for the workers."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    detail = f"{cores} cores, {memory / 1e9:.1f} GB memory"
    if memory < _MEMORY_BYTES:
        remedy = "scan with fewer workers: dlp scan --workers 1"
        return Check("machine", State.WORTH_KNOWING, f"{detail}; little for hostile files", remedy)
    return Check("machine", State.GOOD, detail)


def isolation() -> Check:
    """What the kernel lets a worker give up, tried in a process of its own."""
    import json
    import tempfile

    from scanner.documents.isolation import Confinement, confine

    if not hasattr(os, "fork"):
        return Check("isolation", State.WRONG, "this system cannot fork: documents cannot be read apart")
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            try:
                os.write(writing, json.dumps(confine(Confinement(), Path(folder))).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
    if not told:
        return Check("isolation", State.WRONG, "a worker cannot put limits on itself: documents are not read")
    missing = ", ".join(json.loads(told))
    if missing:
        remedy = "run it on Linux 5.13 or later, outside of what forbids seccomp and Landlock"
        return Check("isolation", State.WORTH_KNOWING, f"workers go without: {missing}", remedy)
    detail = "workers have no network, write in a folder of their own, and have limits of time and memory"
    return Check("isolation", State.GOOD, detail)


def terminal() -> Check:
    """Whether names with accents can be printed."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding == "utf8":
        return Check("terminal", State.GOOD, "UTF-8")
    detail = f"prints {sys.stdout.encoding}, names with accents will look wrong"
    return Check("terminal", State.WORTH_KNOWING, detail, "export PYTHONUTF8=1")


def language_model(settings: Configuration) -> Check:
    """The spaCy pipeline that the configuration names."""
    from scanner.detection.language.pipeline import BUILTIN, NONE, is_there

    model = settings.language.model
    if model in ("", NONE):
        return Check(
            "language model", State.GOOD, "none configured; names come from labels, lists and titles"
        )
    if is_there(model):
        detail = "the one that is shipped" if model == BUILTIN else model
        return Check("language model", State.GOOD, detail)
    remedy = f"{Path(sys.executable).name} -m spacy download {model}"
    return Check("language model", State.WRONG, f"{model} is not installed", remedy)


def state_rights(directory: Path) -> Check:
    """Whether the state directory can be used, and by its owner only."""
    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        detail = f"{directory} cannot be written"
        return Check("state directory", State.WRONG, detail, "choose another: dlp scan --state FOLDER")
    if existing != directory:
        return Check("state directory", State.GOOD, f"{directory}, made with the first scan")
    if directory.stat().st_mode & 0o077:
        detail = f"{directory} can be entered by others"
        return Check("state directory", State.WORTH_KNOWING, detail, f"chmod 700 '{directory}'")
    return Check("state directory", State.GOOD, str(directory))


def installation_key_check(directory: Path) -> Check:
    """Whether the key that hashes are made with can be used; it is not made here."""
    from scanner.store.keys import KEY_FILE, KEY_VARIABLE, InstallationKeyError, installation_key

    if KEY_VARIABLE not in os.environ and not (directory / KEY_FILE).exists():
        return Check("installation key", State.GOOD, "made with the first scan")
    try:
        installation_key(directory)
    except InstallationKeyError as error:
        line, _, remedy = str(error).partition("; run: ")
        return Check("installation key", State.WRONG, line, remedy or f"correct or unset {KEY_VARIABLE}")
    except OSError as error:
        return Check("installation key", State.WRONG, f"cannot be read ({(error.strerror or '').lower()})")
    return Check("installation key", State.GOOD, "present, private")


def free_disk(directory: Path) -> Check:
    """Room for the ledgers."""
    import shutil

    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < _FREE_BYTES:
        detail = f"{free / 1e9:.1f} GB free in {existing}; a million files need 1 GB"
        return Check("disk", State.WORTH_KNOWING, detail, "choose another place: dlp scan --state FOLDER")
    return Check("disk", State.GOOD, f"{free / 1e9:.1f} GB free")
