"""RE2 programs over the bytes of a text: one place for the options that all of them share."""

from __future__ import annotations

import re2

# Well above what small programs need: RE2 falls back to its slow automaton silently when its cache is full.
MAX_MEMORY = 32 << 20


def byte_options(
    *, case_sensitive: bool = True, longest_match: bool = False, max_memory: int = MAX_MEMORY
) -> re2.Options:
    """Options of a program over Latin-1 bytes that reports spans only."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = max_memory
    options.never_capture = True
    options.longest_match = longest_match
    options.case_sensitive = case_sensitive
    options.log_errors = False
    return options


def compile_bytes(
    pattern: bytes,
    *,
    case_sensitive: bool = True,
    longest_match: bool = False,
    max_memory: int = MAX_MEMORY,
) -> re2._Regexp[bytes]:
    """An RE2 program over Latin-1 bytes that reports spans only."""
    options = byte_options(case_sensitive=case_sensitive, longest_match=longest_match, max_memory=max_memory)
    return re2.compile(pattern, options)
