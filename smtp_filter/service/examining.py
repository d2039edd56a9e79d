"""What a worker does with a message, and its answer on the wire: the inspection and the headers.

The worker has met hostile bytes: its answer is JSON of a known shape, and what does not fit is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from scanner.documents.mail_headers import HEADER_BLOCK, Header, message_headers
from scanner.documents.model import Gap, Location, ProtectedPart, Protection, Shortfall, Status
from scanner.documents.reader import Read
from scanner.inspection.model import Exclusions, Inspection
from scanner.inspection.settings import InspectionSettings
from scanner.store.encoding import inspection_from_json, inspection_to_json
from smtp_filter.inspection_pool import Examine
from smtp_filter.service.supervisor import StartError

# The judgement looks at every part that was not read, where the ledger keeps the first ones; with more than
# this a message is too complex to be passed.
GAPS = 2_000
PARTS = 2_000
_KIND = "eml"


@dataclass(frozen=True, slots=True)
class Examined:
    """A message as the judgement needs it."""

    inspection: Inspection
    headers: tuple[Header, ...]


def examiner(settings: InspectionSettings) -> Callable[[], Examine]:
    """What the zygote builds: everything loaded and warm.  Building raises :class:`StartError`."""

    def build() -> Examine:
        from rules.loader import RuleError
        from scanner.inspection import Inspector

        try:
            inspector = Inspector.build(settings)
        except RuleError as error:
            raise StartError(str(error)) from None
        inspector.warm()

        def examine(file: BinaryIO, size: int, facts: Mapping[str, Any], read: Read) -> Mapping[str, Any]:
            # A message has no file name of its own: what a client may say of it is in its headers.
            excluded = _exclusions(facts)
            inspection = inspector.inspect(file, "", size, kind=_KIND, read=read, excluded=excluded)
            file.seek(0)
            headers = message_headers(file.read(HEADER_BLOCK + 4))
            return to_wire(inspection, headers)

        return examine

    return build


def exclusion_facts(excluded: Exclusions | None) -> dict[str, Any]:
    """What does not count in a message, as a worker is told."""
    if excluded is None:
        return {}
    return {"values": sorted(excluded.values), "rules": sorted(excluded.rules)}


def _exclusions(facts: Mapping[str, Any]) -> Exclusions | None:
    if not facts:
        return None
    return Exclusions(frozenset(facts["values"]), frozenset(facts["rules"]))


def to_wire(inspection: Inspection, headers: tuple[Header, ...]) -> dict[str, Any]:
    """The answer as JSON, with every gap and every protected part up to a bound."""
    coverage = inspection.coverage
    gaps, parts = coverage.gaps, coverage.protected
    if len(gaps) > GAPS or len(parts) > PARTS:
        gaps = (*gaps[: GAPS - 1], Gap(Location(), Shortfall.LIMIT, "more parts than can be judged"))
    return {
        "inspection": inspection_to_json(inspection),
        "gaps": [[list(gap.location.parts), gap.reason.value, gap.detail] for gap in gaps],
        "protected": [
            [list(part.location.parts), part.protection.value, part.method, part.opened]
            for part in parts[:PARTS]
        ],
        "headers": [list(header) for header in headers],
    }


def from_wire(answer: Mapping[str, Any]) -> Examined:
    """The answer as values; raises ``ValueError``, ``KeyError`` or ``TypeError`` for anything else."""
    inspection = inspection_from_json(answer["inspection"])
    gaps = tuple(
        Gap(Location(tuple(map(str, place))), Shortfall(reason), str(detail))
        for place, reason, detail in answer["gaps"]
    )
    parts = tuple(
        ProtectedPart(Location(tuple(map(str, place))), Protection(protection), str(method), str(opened))
        for place, protection, method, opened in answer["protected"]
    )
    headers = tuple((str(name), str(value)) for name, value in answer["headers"])
    coverage = replace(inspection.coverage, gaps=gaps, protected=parts)
    return Examined(replace(inspection, coverage=coverage), headers)


def unexamined(reason: str, size: int) -> Inspection:
    """The inspection of a message that could not be examined, for its hold."""
    from scanner.documents.model import Coverage
    from scanner.judgement.assessment import Assessment, PeopleCount, Severity

    return Inspection(
        coverage=Coverage(Status.NOT_INSPECTED, _KIND, (Gap(Location(), Shortfall.PARSER_STOPPED, reason),)),
        assessment=Assessment(Severity.NONE, PeopleCount(0, 0)),
        findings=(),
        counts={},
        content_hash="",
        size=size,
    )
