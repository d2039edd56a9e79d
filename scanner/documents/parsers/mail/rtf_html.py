"""HTML inside of RTF, as Outlook keeps it so that it can be taken out again (MS-OXRTFEX)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from scanner.documents.parsers.word.rtf_vocabulary import TOKEN, known_codec

_CHARACTERS = {
    "par": "\r\n", "line": "\r\n", "tab": "\t", "lquote": "\u2018", "rquote": "\u2019",
    "ldblquote": "\u201c", "rdblquote": "\u201d", "bullet": "\u2022", "endash": "\u2013",
    "emdash": "\u2014",
}  # fmt: skip
_SKIPPED = frozenset(("fonttbl", "colortbl", "stylesheet", "info", "pntext", "pict", "generator", "xmlnstbl"))
_DEPTH = 2_000


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and restores: whether its text is HTML, is for RTF readers only, is no text."""

    tag: bool = False
    rtf_only: bool = False
    skip: bool = False
    unicode_skip: int = 1


def encapsulated_html(rtf: bytes) -> str | None:
    r"""The HTML that RTF was made from and still carries, ``None`` where it was not (no ``\fromhtml1``)."""
    text = rtf.decode("latin-1")
    if "\\fromhtml1" not in text[:2_000]:
        return None
    codec = "cp1252"
    if page := re.search(r"\\ansicpg(\d{3,5})", text[:2_000]):
        codec = known_codec(f"cp{page.group(1)}")
    state = _State()
    stack: list[_State] = []
    out: list[str] = []
    pending = bytearray()
    drop = 0
    ignorable = False
    for token in TOKEN.finditer(text):
        hexadecimal, word, number, symbol, brace, plain = token.groups()
        shown = not state.skip and not state.rtf_only
        if hexadecimal is not None:
            if drop:
                drop -= 1
            elif shown:
                pending.append(int(hexadecimal, 16))
            continue
        if pending:
            out.append(bytes(pending).decode(codec, "replace"))
            pending.clear()
        if brace == "{":
            stack.append(state)
            ignorable = False
            if len(stack) > _DEPTH:
                break
        elif brace == "}":
            state = stack.pop() if stack else state
            drop = 0
        elif symbol is not None:
            if symbol == "*":
                ignorable = True
            elif shown and symbol in "\\{}":
                out.append(symbol)
            elif shown and symbol in "~_":
                out.append("\xa0" if symbol == "~" else "\u2011")
        elif plain is not None:
            if drop:
                cut = min(drop, len(plain))
                drop -= cut
                plain = plain[cut:]
            if shown and plain:
                out.append(plain if plain.isascii() else plain.encode("latin-1").decode(codec, "replace"))
        elif word is not None:
            drop = 0
            if word == "htmlrtf":
                state = replace(state, rtf_only=number != "0")
            elif word == "htmltag":
                state = replace(state, tag=True, skip=False)
            elif word == "u" and number:
                if shown:
                    code = int(number) % 65536
                    out.append(chr(code))
                drop = state.unicode_skip
            elif word == "uc":
                state = replace(state, unicode_skip=min(max(int(number or 0), 0), 100))
            elif word in _SKIPPED or (ignorable and not state.tag):
                state = replace(state, skip=True)
            elif shown and word in _CHARACTERS:
                out.append(_CHARACTERS[word])
            ignorable = False
    html = "".join(out)
    return html.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
