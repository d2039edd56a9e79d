"""Constructions: RE2 patterns of whole words for what no list of phrases holds ("dad hits him with ...")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import re2

from scanner.detection.programs import compile_bytes

# The blanks of a pattern, outside its character classes.
_BLANK = re.compile(r"(\[[^\]]*\])| (\?)?")
_GAP = r"[ \t\r\n\-]{1,3}"
_OPTIONAL_GAP = r"[ \t\r\n\-]?"


# A value as programs write it: "S47_ENQUIRY_OPEN".
_CONSTANT = compile_bytes(rb"[\"'>=][A-Z][A-Z0-9]*(?:_[A-Z0-9]+){1,7}[\"'<,\s]")


def constants(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each constant of a program begins, and its words apart in their own places."""
    for match in _CONSTANT.finditer(data):
        yield match.start() + 1, match.group()[1:-1].replace(b"_", b" ")


def compile_constructions(patterns: Iterable[str]) -> re2._Regexp[bytes] | None:
    """One byte pattern for several, in any case; a space in them is any blank. None where there are none."""
    body = "|".join(patterns)
    body = _BLANK.sub(lambda match: match.group(1) or (_OPTIONAL_GAP if match.group(2) else _GAP), body)
    if not body:
        return None
    return compile_bytes(rf"\b(?:{body})\b".encode("latin-1"), case_sensitive=False, longest_match=True)
