"""Passwords to try on what is closed: the site's list, and what the same document says in clear.

Nothing here is logged, reported or kept: a ``Keyring`` lives as long as one document is read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

LISTED = "a listed password"
FOUND = "a password in the same message"
DEFAULT = "default password"
EMPTY_PASSWORD = "empty password"  # noqa: S105 (words for a report)
OBVIOUS = "an obvious password"

_T = TypeVar("_T")

_SHORTEST, _LONGEST = 4, 64
# Text that is kept to look for passwords in: the first characters of a document, and candidates of it.
_HEARD = 1_000_000
_CANDIDATES = 3_000
# A line longer than this is a paragraph: only what stands around the word is near it.
_NEAR = 160
_LINES_NEAR = 3
# CPU seconds for guesses at a file that stands by itself: a share may hold thousands of them.
_SECONDS_OF_GUESSING = 0.05
# Passwords that people take when they must take one.
_OBVIOUS = (
    *("password", "Password", "Password1", "Password123", "password1", "password123", "Council", "council"),
    *("Welcome1", "letmein", "123456", "12345678", "1234", "0000", "secret", "changeme"),
)

_WORD = re.compile(
    r"\b(?:pass[ -]?(?:words?|codes?|phrases?|wd|key)|pwd|pw|p/w|pin|key|code|unlock|open(?:s|ed)?|"
    r"decrypt(?:ed|s)?|protected with|cyfrinair)\b",
    re.IGNORECASE,
)
# What ties a password to the word: "password: x", "the password to open it is x", "pw = x".
_TIED = re.compile(
    r"(?:\bis\b|\bare\b|\bwas\b|\bwill be\b|\bwith\b|\byw\b|[:=]|->|[-\u2013\u2014]\s)\s{0,5}", re.IGNORECASE
)
_QUOTED = re.compile(
    r"\"([^\"\n]{1,64})\"|\u201c([^\u201d\n]{1,64})\u201d|\u2018([^\u2019\n]{1,64})\u2019|(?<!\w)'([^'\n]{1,64})'(?!\w)|"
    r"`([^`\n]{1,64})`|<([^<>\n]{1,64})>|\*([^*\n]{1,64})\*|\[([^\[\]\n]{1,64})\]"
)
_CLAUSE = re.compile(r"[,;()]|\bto (?:open|unlock|view|access|read|see)\b|\s[-\u2013\u2014]\s")
_CLAUSES, _WORDS_OF_A_PHRASE = 4, 5
_TOKEN = re.compile(r"\S{1,200}")
_TRAILING = ".,;:!?)]}>\"'\u2019\u201d"
_LEADING = "([{<\"'\u2018\u201c"
_DIGIT = re.compile(r"[0-9]")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r"(?<![0-9])([0-9]{1,2})[./ -]([0-9]{1,2})[./ -]((?:19|20)?[0-9]{2})(?![0-9])")
_ISO_DATE = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})-([0-9]{2})-([0-9]{2})(?![0-9])")
_NAMED_DATE = re.compile(
    r"(?<![0-9])([0-9]{1,2})(?:st|nd|rd|th)?[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
    r"[ ,-]{1,2}"
    r"((?:19|20)[0-9]{2})(?![0-9])",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"\b([A-Za-z]{1,2}[0-9][0-9A-Za-z]?) ?([0-9][A-Za-z]{2})\b")
_LONG_NUMBER = re.compile(r"(?<![0-9])[0-9]{3,4}(?:[ -]?[0-9]{3,4}){1,3}(?![0-9])")
_REFERENCE = re.compile(r"\b(?=[A-Za-z0-9/-]{0,30}[0-9])[A-Za-z]{1,6}[A-Za-z0-9/-]{3,30}\b")


@dataclass(frozen=True, slots=True)
class Passwords:
    """Passwords that the site lists, best first, and the CPU seconds that may go into trying, per document.

    Their values never appear in a representation of this object.
    """

    listed: tuple[str, ...] = field(default=(), repr=False)
    seconds: float = 5.0

    @classmethod
    def from_file(cls, path: Path, seconds: float = 5.0) -> Passwords:
        """One password a line, UTF-8, as it stands; empty lines and lines that begin with ``#`` are not.

        Raises ``OSError`` or ``UnicodeDecodeError``; neither names a password.
        """
        lines = path.read_text("utf-8").splitlines()
        return cls(tuple(dict.fromkeys(one for one in lines if one and not one.startswith("#"))), seconds)


def candidates_in(text: str) -> Iterator[tuple[int, str]]:
    """What in ``text`` may be a password, each with a rank: 0 is said to be one, 9 only looks like one.

    Linear in the text.  The same candidate may come more than once.
    """
    lines = text.split("\n")
    near = -1  # index of the last line that still stands near a word for a password
    for index, line in enumerate(lines):
        stripped = line.strip()
        if not stripped:
            near += index <= near  # blank lines separate nothing
            continue
        said = list(_WORD.finditer(line)) if len(line) < 100_000 else []
        for match in said[:20]:
            yield from _said(line, match)
            near = index + _LINES_NEAR
        if index <= near and not said:
            yield from _beside(stripped[:_NEAR])
        words = stripped.split(None, 4)
        if len(stripped) <= _LONGEST and len(words) <= 4:
            yield from _variants(stripped, 3 if index <= near else 5 if len(words) == 1 else 7)
        for quoted in _QUOTED.finditer(line[:10_000]):
            inner = next(filter(None, quoted.groups()), "")
            yield from _variants(inner, 2 if index <= near else 5)
    yield from _derived(text)


def _said(line: str, match: re.Match[str]) -> Iterator[tuple[int, str]]:
    """Candidates around one word for a password."""
    after = line[match.end() : match.end() + _NEAR]
    for tie in list(_TIED.finditer(after))[:4]:
        rest = after[tie.end() :].strip()
        if not rest:
            continue
        first = rest.split(None, 1)[0]
        yield from _variants(first, 0)
        # A pass phrase goes on to the end of the sentence.
        yield from _variants(rest, 1)
        yield from _variants(re.split(r"[.;,](?:\s|$)|\s{2}|\s[-\u2013(]", rest, maxsplit=1)[0], 1)
    for clause in _CLAUSE.split(after)[:_CLAUSES]:
        # "Use the password Coffee Train Fish to open it", "it is two words, correct horse (with a space)"
        if 2 <= len(clause.split()) <= _WORDS_OF_A_PHRASE:
            yield from _variants(clause, 2)
    before = line[max(0, match.start() - _NEAR) : match.start()]
    for token in _TOKEN.findall(before)[-8:] + _TOKEN.findall(after)[:16]:
        yield from _variants(token, 1 if _looks_chosen(token) else 4)


def _beside(line: str) -> Iterator[tuple[int, str]]:
    """Candidates of a line that follows a line with a word for a password."""
    for token in _TOKEN.findall(line)[:12]:
        yield from _variants(token, 2 if _looks_chosen(token) else 5)


def _looks_chosen(token: str) -> bool:
    """Letters with digits or marks inside, as words of a sentence have not."""
    core = token.strip(_LEADING + _TRAILING)
    return (
        bool(_DIGIT.search(core))
        or (core.isalpha() and not (core.islower() or core.istitle()))
        or (bool(core) and not core.isalnum() and "'" not in core and "-" not in core)
    )


def _variants(text: str, rank: int) -> Iterator[tuple[int, str]]:
    """The text as it stands and without the punctuation of its sentence."""
    shortest = _SHORTEST if rank else 1
    bare = text.strip().rstrip(_TRAILING)
    inner = bare.lstrip(_LEADING)
    for more, one in ((0, inner), (0, bare), (1, text.strip())):
        if shortest <= len(one) <= _LONGEST:
            yield rank + more, one
    # The mark at the end may belong to it: "Summer21!" at the end of a sentence is "Summer21!".
    tail = text.strip().lstrip(_LEADING)
    if len(tail) > len(inner) + 1 and shortest <= len(inner) + 1 <= _LONGEST:
        yield rank + 1, tail[: len(inner) + 1]


def _derived(text: str) -> Iterator[tuple[int, str]]:
    """Dates, postcodes, long numbers and references in the spellings that people make passwords of."""
    for match in _DATE.finditer(text):
        yield from _dates(match[1], match[2], match[3], match[0])
    for match in _ISO_DATE.finditer(text):
        yield from _dates(match[3], match[2], match[1], match[0])
    for match in _NAMED_DATE.finditer(text):
        month = _MONTHS.index(match[2].lower()) + 1
        yield from _dates(match[1], str(month), match[3], match[0])
    for match in _POSTCODE.finditer(text):
        for one in (match[1] + match[2], f"{match[1]} {match[2]}"):
            yield from ((6, form) for form in dict.fromkeys((one, one.upper(), one.lower())))
    for match in _LONG_NUMBER.finditer(text):
        digits = "".join(_DIGIT.findall(match[0]))
        if 6 <= len(digits) <= 16:
            yield 6, digits
            yield 6, match[0]
        if len(digits) == 10:
            yield 7, f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    for match in _REFERENCE.finditer(text):
        yield 8, match[0]


def _dates(day: str, month: str, year: str, written: str) -> Iterator[tuple[int, str]]:
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return
    day, month = day.zfill(2), month.zfill(2)
    short = year[-2:]
    years = (year,) if len(year) == 4 else (f"19{short}", f"20{short}")
    yield 6, written
    for full in years:
        yield 6, f"{day}{month}{full}"
        yield 6, f"{day}/{month}/{full}"
        yield 7, f"{day}-{month}-{full}"
        yield 7, f"{day}.{month}.{full}"
        yield 7, f"{full}{month}{day}"
        yield 8, f"{full}-{month}-{day}"
    yield 6, f"{day}{month}{short}"
    yield 8, f"{day}/{month}/{short}"


class Keyring:
    """The passwords of one document while it is read, in the order in which they are worth trying."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._spent = 0.0
        self._room = _HEARD
        self._unread: list[str] = []
        self._ranked: dict[str, int] = {}
        self._opened: list[str] = []

    def hear(self, text: str) -> None:
        """Keep text of the document: looked through only when something closed is met."""
        if self._room > 0:
            piece = text if len(text) <= self._room else text[: self._room]
            self._room -= len(piece) + 10
            self._unread.append(piece)

    def hear_name(self, name: str) -> None:
        """Keep a file's name: what stands in front of its ending is a word of its own."""
        if name:
            stem = name.replace("\\", "/").rsplit("/", 1)[-1]
            self.hear(f"{stem.rpartition('.')[0] or stem}\n{stem}")

    @property
    def seconds_left(self) -> float:
        """CPU seconds that may still go into trying."""
        return max(0.0, self._passwords.seconds - self._spent)

    def open(
        self,
        attempt: Callable[[str], _T | None],
        known: tuple[str, ...],
        tried: set[str],
        seconds: float,
        *,
        alone: bool = False,
    ) -> tuple[_T, str] | None:
        """Try what is worth it, for at most so many CPU seconds; the result, and in words what opened it.

        ``known`` are the passwords that programs know by themselves (they are always tried), ``tried``
        those that are known to be wrong here; it grows.  ``alone``: nothing stands beside what is closed, as
        with a file on a share; mere guesses then get a fraction of a second.
        """
        end = time.process_time() + min(seconds, self.seconds_left)
        for password, how, guessed in self._worth_trying(known):
            if password in tried:
                continue
            if guessed and alone and self._spent >= _SECONDS_OF_GUESSING:
                return None
            began = time.process_time()
            if began >= end and password not in known:
                return None
            tried.add(password)
            found = attempt(password)
            self._spent += time.process_time() - began
            if found is not None:
                if password not in known and password not in self._opened:
                    self._opened.append(password)
                return found, how
        return None

    def _worth_trying(self, known: tuple[str, ...]) -> Iterator[tuple[str, str, bool]]:
        """Passwords in their order, what each is in words, and whether it is a mere guess."""
        for password in known:
            yield password, DEFAULT if password else EMPTY_PASSWORD, False
        listed = set(self._passwords.listed)
        ranked = self._candidates()
        for password in self._opened:
            yield password, FOUND if password in ranked else LISTED, False
        best = [password for password, rank in ranked.items() if rank <= 1]
        yield from ((password, FOUND, False) for password in best)
        yield from (
            (password, LISTED, False) for password in self._passwords.listed if password not in ranked
        )
        yield from ((password, FOUND, False) for password in ranked if password in listed)
        yield from ((password, FOUND, True) for password, rank in ranked.items() if rank > 1)
        yield from ((password, OBVIOUS, True) for password in _OBVIOUS if password not in listed)

    def _candidates(self) -> dict[str, int]:
        """All candidates of what was heard, best first."""
        if not self._unread:
            return self._ranked
        for text in self._unread:
            for rank, password in candidates_in(text):
                if len(self._ranked) < _CANDIDATES * 4 or rank <= 1:
                    self._ranked[password] = min(rank, self._ranked.get(password, 9))
        self._unread.clear()
        self._ranked = dict(sorted(self._ranked.items(), key=lambda item: item[1])[:_CANDIDATES])
        return self._ranked
