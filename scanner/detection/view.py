"""A view: one passage as the recognisers see it, with everything computed once and on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from typing import Protocol, TypeVar, cast, runtime_checkable

from scanner.detection.context import ContextOfView, ContextPhrases
from scanner.detection.finding import Finding
from scanner.detection.layout import Layout, lay_out
from scanner.detection.organisation import Organisation
from scanner.detection.phrases import PhraseHit, PhraseIndex
from scanner.detection.presence import Presence, Program
from scanner.text import Passage, to_bytes

Span = tuple[int, int]
Made = TypeVar("Made")
Payload = TypeVar("Payload")

__all__ = ["Recogniser", "Span", "View", "to_bytes"]


class View:
    """The normalised text of a passage with its byte form, layout and context.

    ``text`` is normalised and all offsets of recognisers refer to it; the detector maps findings back
    to the original.  ``findings`` holds what earlier stages found, sorted by start.
    """

    def __init__(
        self,
        passage: Passage,
        *,
        organisation: Organisation,
        reference_date: date,
        context_phrases: ContextPhrases | None = None,
        presence: Presence | None = None,
    ) -> None:
        self.passage = passage
        self.text = passage.text
        self.organisation = organisation
        self.reference_date = reference_date
        self.findings: Sequence[Finding] = ()
        self._context_phrases = context_phrases or ContextPhrases(())
        self._presence = presence
        self._made: dict[str, tuple[Sequence[Finding], object]] = {}

    @cached_property
    def data(self) -> bytes:
        """The text with one byte per character (Latin-1), for RE2 and the phrase indexes."""
        return to_bytes(self.text)

    @cached_property
    def labelled(self) -> bool:
        """Whether the source labels fields (columns, keys, elements): the text may not hold the labels."""
        return any(field.label for block in self.passage.blocks for field in block.fields)

    @cached_property
    def header_cells(self) -> Sequence[Span]:
        """The cells of declared tables that say nothing but what stands in their columns, in order."""
        labels: dict[int, set[str]] = {}
        for block in self.passage.blocks:
            if block.table is not None and block.table not in labels:
                named = {field.label.casefold() for field in block.fields if field.label}
                if named:
                    labels[block.table] = named
        return [
            (field.start, field.end)
            for block in self.passage.blocks
            if block.table in labels and not any(field.label for field in block.fields)
            for field in block.fields
            if self.text[field.start : field.end].strip().casefold() in labels[block.table]
        ]

    @cached_property
    def layout(self) -> Layout:
        """The tables, forms and paragraphs of the passage."""
        return lay_out(self.passage)

    @cached_property
    def context(self) -> ContextOfView:
        """The context phrases in the passage, with look-ups by position."""
        return ContextOfView(self.text, self.data, lambda: self.layout, self._context_phrases)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` gives, made at the first asking: for what several recognisers need of one view.

        It is made anew when ``findings`` have changed in between.
        """
        known = self._made.get(name)
        if known is None or known[0] is not self.findings:
            known = (self.findings, make())
            self._made[name] = known
        return cast(Made, known[1])

    @cached_property
    def _absent(self) -> frozenset[Program]:
        return self._presence.absent(self.data) if self._presence is not None else frozenset()

    def may_hold(self, program: Program) -> bool:
        """Whether a program may match in the text: not, where the one pass for all says so."""
        return program not in self._absent

    def phrases(self, index: PhraseIndex[Payload]) -> list[PhraseHit[Payload]]:
        """Every hit of a phrase index in the text, in order."""
        return index.find(self.data, self._absent)


@runtime_checkable
class RunsPrograms(Protocol):
    """A recogniser that tells which RE2 programs it runs over whole texts, so that one pass can save most."""

    @property
    def programs(self) -> Sequence[Program]:
        """The programs, each asked for through ``View.may_hold`` before it runs."""
        ...


class Recogniser(Protocol):
    """Finds one family of entities in a view.

    ``entity_types`` lists what it may report.  ``recognise`` returns findings with offsets in
    ``view.text``; it is linear in the text and keeps nothing between calls.
    """

    @property
    def name(self) -> str:
        """A short stable name, for configuration and explanations."""
        ...

    @property
    def entity_types(self) -> tuple[str, ...]:
        """The entity types it may report."""
        ...

    def recognise(self, view: View) -> list[Finding]:
        """The findings in ``view``, in any order; overlaps are settled by the detector."""
        ...
