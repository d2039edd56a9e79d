"""Globs over paths, as regular expressions: ``*`` and ``?`` within one name, ``**`` across folders."""

from __future__ import annotations

import re2


def expression(glob: bytes) -> bytes:
    r"""One glob as a regular expression over bytes.

    >>> expression(b"a/**/*.tmp")
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
