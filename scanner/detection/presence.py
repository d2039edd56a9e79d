"""Presence: which of many patterns occur in a text at all, told by one pass for all recognisers.

Most patterns of most recognisers occur nowhere in most texts.  An RE2 set answers that for all of them in
about the time that one of them takes alone; only those that occur are then run by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TypeAlias

import re2

from scanner.detection.programs import byte_options

# The states of all patterns together; RE2 forgets and begins again when this is full.
_MAX_MEMORY = 96 << 20
# A shorter text costs less to read a few times than the set costs to build.
_WORTH_IT = 2_000
# A vocabulary of thousands of phrases runs by itself: the states of several together take half a second
# to build.
_LONGEST = 30_000

Program: TypeAlias = "re2._Regexp[bytes]"


class Presence:
    """The patterns of many programs as one set; built when the first text asks for it."""

    def __init__(self, programs: Iterable[Program]) -> None:
        self._programs = tuple(
            dict.fromkeys(program for program in programs if len(program.pattern) <= _LONGEST)
        )

    @cached_property
    def _set(self) -> re2.Set:
        patterns = re2.Set.SearchSet(byte_options(max_memory=_MAX_MEMORY))
        # Occurs in every text: an answer without it is none (the set ran out of memory).
        patterns.Add(b"")
        for program in self._programs:
            source = program.pattern
            raw = source if isinstance(source, bytes) else source.encode("latin-1")
            patterns.Add(raw if program.options.case_sensitive else b"(?i:" + raw + b")")
        patterns.Compile()
        return patterns

    def absent(self, data: bytes) -> frozenset[Program]:
        """The programs that match nowhere in ``data``; none where that is not known."""
        if len(data) < _WORTH_IT:
            return frozenset()
        present = self._set.Match(data)
        if not present or 0 not in present:
            return frozenset()
        occurring = frozenset(present)
        return frozenset(
            program for number, program in enumerate(self._programs, start=1) if number not in occurring
        )
