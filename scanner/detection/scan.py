"""Candidates of one recogniser: RE2 programs over the bytes of a view, linear in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from scanner.detection.presence import Program
from scanner.detection.programs import compile_bytes
from scanner.detection.view import Span, View

_BEYOND_BYTES = re.compile(r"\\u[0-9a-fA-F]{4}|[^\x00-\xff]")
# A bracket that closes at once is a member of its class.
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_LOOK = re.compile(r"\(\?<?[=!]")


def sign_of(pattern: re.Pattern[str]) -> Program:
    """An RE2 program that matches wherever ``pattern`` does, and more: the pattern without look-around.

    Where the sign does not occur the pattern need not run; where it does, not before its first place.
    """
    source, at, depth = _BEYOND_BYTES.sub(r"\\?", pattern.pattern), 0, 0
    kept: list[str] = []
    while at < len(source):
        if source[at] == "\\":
            size = 2
        else:
            members = _CLASS.match(source, at)
            size = members.end() - at if members is not None else 1
        piece = source[at : at + size]
        if depth:
            depth += (piece == "(") - (piece == ")")
        elif _LOOK.match(source, at):
            depth = 1
        else:
            word = r"\w\x80-\xff" if size > 2 else r"[\w\x80-\xff]"
            kept.append(piece.replace(r"\w", word))
        at += size
    flags = ("i" if pattern.flags & re.IGNORECASE else "") + ("m" if pattern.flags & re.MULTILINE else "")
    prefix = f"(?{flags})" if flags else ""
    return compile_bytes((prefix + "".join(kept)).encode("latin-1"))


class CandidateScan:
    """Named patterns, each one pass over a view that may hold it."""

    def __init__(self, patterns: Mapping[str, bytes], *, case_sensitive: bool = True) -> None:
        self._programs = {
            name: compile_bytes(pattern, case_sensitive=case_sensitive) for name, pattern in patterns.items()
        }

    @property
    def programs(self) -> Sequence[Program]:
        """All programs."""
        return tuple(self._programs.values())

    def spans(self, view: View, name: str) -> Sequence[Span]:
        """The spans that the pattern ``name`` matches, left to right and without overlap."""
        program = self._programs[name]
        if not view.may_hold(program):
            return ()
        return [match.span() for match in program.finditer(view.data)]

    def search(self, view: View, name: str, start: int) -> Span | None:
        """The next span of the pattern ``name`` from ``start`` on, for hits that may hide others."""
        program = self._programs[name]
        match = program.search(view.data, start) if view.may_hold(program) else None
        return match.span() if match is not None else None

    def occurs(self, view: View, name: str) -> bool:
        """Whether the pattern ``name`` matches anywhere."""
        program = self._programs[name]
        return view.may_hold(program) and program.search(view.data) is not None
