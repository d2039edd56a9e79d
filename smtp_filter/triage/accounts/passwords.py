"""Passwords: argon2id, and which ones are taken."""

from __future__ import annotations

import re
import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

LONGEST = 200
# Pieces of what is guessed first, however long the whole (NCSC's list of the most used passwords).
_GUESSED = (
    "password",
    "passw0rd",
    "qwerty",
    "letmein",
    "welcome",
    "iloveyou",
    "123456",
    "abcdef",
    "liverpool",
)
# No letter or figure that is taken for another one.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


# Each try takes 64 MiB: many at once would be a way to take the machine's memory.
_AT_ONCE = threading.BoundedSemaphore(4)


@cache
def _hasher() -> PasswordHasher:
    # RFC 9106's second choice: 64 MiB, three passes; tens of milliseconds a try.
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hashed(password: str) -> str:
    """What is stored."""
    with _AT_ONCE:
        return _hasher().hash(password[:LONGEST])


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex(16))


def matches(stored: str | None, password: str) -> bool:
    """Whether it is the one; takes as long where there is none, so that time does not tell who exists."""
    compared = stored or _nobodys()
    try:
        with _AT_ONCE:
            return _hasher().verify(compared, password[:LONGEST]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def problem_with(password: str, *, least: int, own_words: tuple[str, ...] = ()) -> str:
    """Why a password is not taken, or nothing: long rather than complicated (NCSC, three random words)."""
    folded = password.casefold()
    if len(password) < least:
        return f"Password must be {least} characters or more. Three random words are easy to remember."
    if len(password) > LONGEST:
        return f"Password must be {LONGEST} characters or fewer."
    if len(set(folded)) < 5 or any(word in folded for word in _GUESSED):
        return "Password is too easy to guess. Choose three random words."
    for word in own_words:
        if any(len(part) > 3 and part in folded for part in re.split(r"[^\w]+", word.casefold())):
            return "Password must not contain your name or the council's."
    return ""


def readable_code(groups: int = 4, letters: int = 4) -> str:
    """A random code that can be read out: 31 letters and figures, in groups."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(letters)) for _ in range(groups))
