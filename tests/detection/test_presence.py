"""Presence: one pass tells which programs occur; what is not known to be absent is taken to occur."""

import re2

from scanner.detection.phrases import PhraseIndex
from scanner.detection.presence import Presence
from scanner.detection.programs import compile_bytes

_LONG = b"the committee noted the report. " * 100


def test_absent_programs_are_told() -> None:
    present, absent = compile_bytes(rb"committee"), compile_bytes(rb"\d{4}")
    assert Presence([present, absent]).absent(_LONG) == {absent}


def test_letter_case_is_each_programs_own() -> None:
    any_case, own_case = compile_bytes(rb"COMMITTEE", case_sensitive=False), compile_bytes(rb"COMMITTEE")
    assert Presence([any_case, own_case]).absent(_LONG) == {own_case}


def test_short_texts_are_not_asked_about() -> None:
    assert Presence([compile_bytes(rb"\d")]).absent(b"no digit") == frozenset()


def test_a_hit_at_the_very_end_counts() -> None:
    digit = compile_bytes(rb"\d\b")
    assert Presence([digit]).absent(_LONG + b"7") == frozenset()
    assert Presence([digit]).absent(_LONG) == {digit}


def test_agrees_with_every_program_by_itself() -> None:
    programs = [
        compile_bytes(source, case_sensitive=False)
        for source in (rb"^the", rb"zebra", rb"\bnoted\b", rb"x?z")
    ]
    index = PhraseIndex([("the report", 1), ("the minutes", 2)])
    programs += index.programs
    absent = Presence(programs).absent(_LONG)
    assert absent == {program for program in programs if program.search(_LONG) is None}


def test_a_set_without_memory_says_nothing() -> None:
    class NoAnswer(Presence):
        @property
        def _set(self) -> re2.Set:
            empty = re2.Set.SearchSet()
            empty.Add(b"never here")
            empty.Compile()
            return empty

    assert NoAnswer([compile_bytes(rb"zebra")]).absent(_LONG) == frozenset()
