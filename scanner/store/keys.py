"""Keys of this installation: where they lie, how they are made, and keyed hashes made with them.

A keyed hash tells whether two values or two files are equal without saying what they are.  The key decides
that: without it, an NHS number could be found again by hashing all ten-digit numbers.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

KEY_VARIABLE = "DLP_KEY"
KEY_FILE = "hash.key"
KEY_BYTES = 32
# blake2b takes keys of up to 64 bytes and is the fastest keyed hash of the standard library.
DIGEST_BYTES = 16

# A hash in letters alone is not taken for a number by whoever looks for numbers, ourselves included.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


class InstallationKeyError(Exception):
    """The key cannot be used; the message is one line that says why and what to do."""


def default_state_directory() -> Path:
    """Where state lives unless the user says otherwise: ``$XDG_STATE_HOME/dlp`` or ``~/.local/state/dlp``."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "dlp"


def installation_key(state: Path) -> bytes:
    """The installation's secret key: from ``DLP_KEY`` (64 hex digits), else from the state directory.

    The file is made on first use, readable by its owner only.  Raises :class:`InstallationKeyError` for a
    malformed key or a file that others may read, ``OSError`` where the directory cannot be used.
    """
    from_environment = os.environ.get(KEY_VARIABLE)
    if from_environment is not None:
        return _parsed(from_environment, f"environment variable {KEY_VARIABLE}")
    path = state / KEY_FILE
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise InstallationKeyError(f"{path} may be read by others; run: chmod 600 '{path}'")
    return _parsed(path.read_text("ascii", "replace"), str(path))


def keyed_hash(key: bytes, data: bytes) -> str:
    """A hash of ``data`` under ``key``, in the letters a to p."""
    return hashlib.blake2b(data, key=key, digest_size=DIGEST_BYTES).hexdigest().translate(_LETTERS)


def content_hash(key: bytes, file: BinaryIO) -> str:
    """A hash of all that follows in ``file`` under ``key``, in the letters a to p; reads in pieces."""
    state = hashlib.blake2b(key=key, digest_size=DIGEST_BYTES)
    while piece := file.read(1 << 20):
        state.update(piece)
    return state.hexdigest().translate(_LETTERS)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written whole under another name and linked: two programs that start together agree on one key.
    draft = path.with_name(f"{KEY_FILE}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _parsed(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InstallationKeyError(f"{where} must hold {2 * KEY_BYTES} hexadecimal digits; see `dlp doctor`")
    return key
