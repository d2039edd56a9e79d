"""The people of a document: who the findings belong to, and in which households."""

from __future__ import annotations

from dataclasses import dataclass

# Roles in which somebody acts or is published: no document is about them for that.
IN_ROLE = frozenset({"staff", "public"})


@dataclass(frozen=True, slots=True)
class Person:
    """One human being of a document.

    ``findings`` are indexes into the document's findings.  ``role`` is ``"staff"`` (officers and other
    professionals in their role), ``"public"`` (councillors and others whose names the law publishes),
    ``"private"``, or empty where nothing says.  ``household`` numbers the household, ``None`` where no
    address or family tie places the person in one.
    """

    findings: tuple[int, ...]
    names: tuple[str, ...] = ()
    role: str = ""
    is_child: bool = False
    household: int | None = None


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody a document identifies, ``low`` to ``high`` of them distinct.

    ``unrelated_households`` says that two families who have nothing to do with each other meet in one
    document: that is how a family's file reaches a neighbour.
    """

    persons: tuple[Person, ...] = ()
    low: int = 0
    high: int = 0
    households: int = 0
    unrelated_households: bool = False
