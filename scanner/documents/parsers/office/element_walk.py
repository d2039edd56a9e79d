"""A walk through a part of an Office package: each element is handed to a method by its local name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar

from scanner.documents.parsers.office.ooxml_package import Attributes
from scanner.documents.parsers.office.ooxml_parts import SHAPE_TAGS, local

_Started = Callable[[Attributes], None]
_Ended = Callable[[], None]


class ElementWalk:
    """Calls ``_start_TAG`` and ``_end_TAG`` of a subclass; most elements have neither, and cost one look-up.

    ``starts`` and ``ends`` name the method of an element that is handled as others are.  Elements whose
    attributes hold words (alternative texts, tips of links) go to ``_shape_texts``.
    """

    starts: ClassVar[Mapping[str, str]] = {}
    ends: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._started: dict[str, _Started | None] = {}
        self._ended: dict[str, _Ended | None] = {}

    def _start(self, name: str, attributes: Attributes) -> None:
        try:
            handler = self._started[name]
        except KeyError:
            tag = local(name)
            handler = getattr(self, self.starts.get(tag) or f"_start_{tag}", None)
            if handler is None and tag in SHAPE_TAGS:
                handler = partial(self._shape_texts, tag)
            self._started[name] = handler
        if handler is not None:
            handler(attributes)

    def _end(self, name: str) -> None:
        try:
            handler = self._ended[name]
        except KeyError:
            tag = local(name)
            handler = self._ended[name] = getattr(self, self.ends.get(tag) or f"_end_{tag}", None)
        if handler is not None:
            handler()

    def _shape_texts(self, tag: str, attributes: Attributes) -> None:
        raise NotImplementedError
