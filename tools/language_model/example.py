"""An example: a text with the spans that people marked in it, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Example:
    """``spans`` are ``(start, end, kind)``, sorted, not overlapping; ``facts`` describe the text."""

    text: str
    spans: tuple[tuple[int, int, str], ...] = ()
    source: str = ""
    facts: dict[str, str] = field(default_factory=dict)


class Writer:
    """Writes an example piece by piece and keeps count of where its spans are."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._spans: list[tuple[int, int, str]] = []

    def plain(self, text: str) -> Writer:
        """Text that is no entity."""
        self._pieces.append(text)
        self._length += len(text)
        return self

    def span(self, text: str, kind: str) -> Writer:
        """An entity."""
        if text:
            self._spans.append((self._length, self._length + len(text), kind))
        return self.plain(text)

    def example(self, source: str, facts: dict[str, str] | None = None) -> Example:
        """What was written."""
        return Example("".join(self._pieces), tuple(self._spans), source, facts or {})


def pieces(example: Example) -> Iterable[tuple[str, str]]:
    """The text in order as ``(text, kind)``; the kind is empty between spans."""
    at = 0
    for start, end, kind in example.spans:
        if start > at:
            yield example.text[at:start], ""
        yield example.text[start:end], kind
        at = end
    if at < len(example.text):
        yield example.text[at:], ""
