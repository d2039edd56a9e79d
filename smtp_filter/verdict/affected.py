"""How many people a message is about: who only writes or gets it inside the organisation is not among them.

Inspection tells officers apart by their titles, their signatures and the domains of their mailboxes.  It does
not know whose mailbox is whose: a name that is a sender's or an inside recipient's, and of which nothing else
is said, as in a greeting or beneath the last line, is taken out here.  Recipients outside stay: what goes to
a resident is as a rule about the resident.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import PeopleCount, Severity
from smtp_filter.verdict.mailboxes import Mailbox

# What stands in every signature; anything else that is said of somebody makes them a data subject.
_CORRESPONDENCE = frozenset({"PERSON", "EMAIL", "PHONE"})
_WORD = re.compile(r"[^\W\d_]+")


def people_affected(inspection: Inspection, inside: Iterable[Mailbox]) -> PeopleCount:
    """The people of a message without the correspondents ``inside`` of whom it says nothing.

    An interval as the inspection has it: who is named in full leaves both ends of it, who is named by one
    word only the upper one, where they were.
    """
    people = inspection.assessment.people
    # Of a long message not everything is listed: something may be said of them where nobody looks.
    if sum(inspection.counts.values()) > len(inspection.findings):
        return people
    known = [_words(f"{box.address.local} {box.name}") for box in inside]
    named, whole = 0, 0
    for findings in _persons(inspection).values():
        names = [_words(finding.value or "") for finding in findings if finding.entity_type == "PERSON"]
        if any(finding.entity_type not in _CORRESPONDENCE for finding in findings) or not names:
            continue
        said = frozenset().union(*names)
        if all(names) and any(said <= words for words in known):
            named += 1
            whole += len(said) > 1
    low = max(0, people.low - whole)
    high = max(low, people.high - named)
    # Whatever makes it grave is somebody's: the writer's own, where there is nobody else.
    least = int(inspection.assessment.severity >= Severity.MEDIUM)
    return PeopleCount(max(low, least), max(high, least))


def _persons(inspection: Inspection) -> dict[int, list[LocatedFinding]]:
    """The findings of each person whom the inspection counted."""
    found: dict[int, list[LocatedFinding]] = defaultdict(list)
    for finding in inspection.findings:
        if finding.person and finding.person not in inspection.in_role:
            found[finding.person].append(finding)
    return found


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))
