"""Schema and loader of the vocabulary packs: child flags, special category, topics, document kinds, returns.

A rule cannot exist without its source and its own examples.  In the examples of vocabulary rules people
and their attributes are marked, so that a test can run them without the other recognisers:
``<Jayden Murphy>`` is a private person, ``<staff:Tom Price>`` somebody in their role, and ``<dob:...>``,
``<upn:...>``, ``<nhs:...>``, ``<address:...>`` are what their names say.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from rules.loader import parse_yaml

UK = resources.files("rules") / "packs" / "uk"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Examples(_Strict):
    """Texts that must make the rule fire, and near misses that must not."""

    match: Annotated[tuple[str, ...], Field(min_length=1)]
    no_match: Annotated[tuple[str, ...], Field(min_length=1)]


class Weight(StrEnum):
    """How much a phrase says by itself once somebody is identified beside it."""

    STRONG = "strong"
    ANCHORED = "anchored"  # only with an anchor near it and no counter-word
    WEAK = "weak"  # only with a second attribute of the subject, or a strong phrase near it
    HINT = "hint"  # never reported by itself: it tells judgement what the text is about


class PhraseRule(_Strict):
    """Phrases of one meaning.

    ``phrases`` match in any case, ``exact`` only as written.  ``anchors`` add to the pack's anchors,
    ``counter`` words near a hit rule it out.  ``labels`` are form labels or column headers whose value,
    whatever it says, is the finding.  ``value_of`` limits the phrases to the values of such labels.

    ``patterns`` are RE2 patterns of whole words in any case, for constructions that no list holds; a space
    in them is any blank.  ``lead`` is a pattern of the words before each of them, found with it and not
    reported ("dad often" before "hits him"; child flags only).  ``tail`` says that the words behind a
    phrase tell what it is about: they are the finding by themselves (``alone``: "suffers from ...") or with
    the phrase (``joined``: "arrested for ..."); read by the special-category recogniser only.
    """

    id: str
    category: str
    weight: Weight = Weight.STRONG
    nations: tuple[Literal["england", "wales", "scotland", "northern ireland"], ...] = ()
    phrases: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    lead: str = ""
    tail: Literal["", "alone", "joined"] = ""
    anchors: tuple[str, ...] = ()
    counter: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    severity: Literal["low", "medium", "high", "critical"] | None = None
    source: str
    examples: Examples


class PhrasePack(_Strict):
    """A vocabulary: its rules, its anchors, and the words behind a phrase that make it a job or a paper."""

    pack: str
    anchors: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    rules: tuple[PhraseRule, ...]


class KindRule(_Strict):
    """A kind of document by its tell-tale signs.

    ``titles`` count where they stand in a heading or on the first lines, ``signs`` anywhere in the section.
    A title weighs ``title_weight``, a sign 1; from ``threshold`` on, with at least two different signs or
    a title and a sign, the section is of this kind.
    """

    id: str
    titles: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    title_weight: int = 2
    threshold: int = 3
    source: str
    examples: Examples


class KindPack(_Strict):
    """Document kinds, and the headings that begin a section judged by itself."""

    pack: str
    rules: tuple[KindRule, ...]


class ReturnRule(_Strict):
    """A statutory return or case-system extract by its structure.

    ``headers`` are column names (compared without case, blanks and punctuation); a table is this return
    when at least ``minimum`` of them stand in one header row, with one of each group in ``required`` among
    them, and rows follow.  ``elements`` are XML element names, counted the same way; ``rows`` names the
    elements that stand once per child.  ``codes`` give the valid values of columns: a row counts when no
    more of its coded cells break them than keep them.  ``flagged`` columns say the matter itself ("CP
    plan"): a row counts only where one of them is filled, and not with No.
    """

    id: str
    title: str
    severity: Literal["high", "critical"] = "critical"
    headers: tuple[str, ...] = ()
    required: tuple[tuple[str, ...], ...] = ()
    minimum: int = 3
    elements: tuple[str, ...] = ()
    element_minimum: int = 4
    rows: tuple[str, ...] = ()
    codes: dict[str, tuple[str, ...]] = {}
    flagged: tuple[str, ...] = ()
    source: str
    examples: Examples


class ReturnPack(_Strict):
    """The returns of a nation, and the code sets by which an extract without telling headers shows.

    ``code_sets`` are the values of a set; ``code_headers`` the words that head a column of such a set.
    """

    pack: str
    code_sets: dict[str, tuple[str, ...]] = {}
    code_headers: tuple[str, ...] = ()
    rules: tuple[ReturnRule, ...]


Pack = TypeVar("Pack", PhrasePack, KindPack, ReturnPack)


@cache
def load_pack(model: type[Pack], name: str, folder: Traversable = UK) -> Pack:
    """The pack in ``folder/name``; raises ``pydantic.ValidationError`` or ``yaml.YAMLError`` on a bad one."""
    return model.model_validate(parse_yaml((folder / name).read_text(encoding="utf-8")))
