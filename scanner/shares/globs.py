"""Exclusion globs: which objects of a share are left out by configuration."""

from __future__ import annotations

from collections.abc import Sequence

import re2


class Exclusions:
    """A set of globs, matched in linear time.

    A pattern without a slash is held against the name of every file and folder (``*.iso``, ``node_modules``).
    One with a slash is held against the path beneath the scanned root (``archive/**/raw``), or against the
    whole path where it begins with a slash.  ``*`` and ``?`` stay within one name, ``**`` crosses folders,
    ``[abc]`` and ``[!abc]`` are character sets.  An excluded folder is not entered.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self.patterns = tuple(patterns)
        self._names = _alternation([p for p in self.patterns if "/" not in p])
        self._beneath = _alternation([p for p in self.patterns if "/" in p and not p.startswith("/")])
        self._whole = _alternation([p for p in self.patterns if p.startswith("/")])

    def match(self, path: bytes, root: bytes) -> bool:
        """Whether the object at ``path``, met beneath ``root``, is left out."""
        if self._names and self._names.fullmatch(path.rpartition(b"/")[2]):
            return True
        if self._whole and self._whole.fullmatch(path):
            return True
        return bool(self._beneath and self._beneath.fullmatch(path[len(root.rstrip(b"/")) + 1 :]))


def _alternation(patterns: Sequence[str]) -> re2._Regexp[bytes] | None:
    if not patterns:
        return None
    options = re2.Options()
    # Names are bytes without a promised encoding: every byte is one character.
    options.encoding = re2.Options.Encoding.LATIN1
    options.dot_nl = True
    options.log_errors = False
    return re2.compile(b"|".join(_translate(pattern.encode()) for pattern in patterns), options)


def _translate(glob: bytes) -> bytes:
    r"""One glob as a regular expression over bytes.

    >>> _translate(b"a/**/*.tmp")
    b'a\\/(?:.*/)?[^/]*\\.tmp'
    """
    glob = glob.rstrip(b"/")
    parts: list[bytes] = []
    place = 0
    while place < len(glob):
        char = glob[place : place + 1]
        if glob.startswith(b"**/", place):
            parts.append(b"(?:.*/)?")
            place += 3
        elif glob.startswith(b"**", place):
            parts.append(b".*")
            place += 2
        elif char == b"[" and (end := glob.find(b"]", place + 2)) != -1:
            inside = glob[place + 1 : end]
            negated = inside[:1] in (b"!", b"^")
            members = _literal_members(inside[1:] if negated else inside)
            parts.append(b"[" + (b"^/" if negated else b"") + members + b"]")
            place = end + 1
        else:
            parts.append({b"*": b"[^/]*", b"?": b"[^/]"}.get(char) or re2.escape(char))
            place += 1
    return b"".join(parts)


def _literal_members(members: bytes) -> bytes:
    """The inside of a character set with everything but ranges taken literally."""
    return b"".join(bytes((c,)) if c == ord("-") or chr(c).isalnum() else b"\\x%02x" % c for c in members)
