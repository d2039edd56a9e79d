"""A small inspector of plain text, with files that break it: what the runs of these tests read with."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

from scanner.documents.model import Coverage, Gap, Location, Shortfall, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity

_NUMBER = re.compile(rb"[A-Z]{2}[0-9]{6}[A-D]")
_READ = 1_000_000


@dataclass
class PlainInspector:
    """Finds national-insurance-shaped codes in the first megabyte; obeys files that tell it to misbehave."""

    show_values: bool = False
    inspected: int = 0

    def warm(self) -> None:
        """Nothing to load before workers are forked."""

    def inspect(self, file: BinaryIO, name: str, size: int, **_: Any) -> Inspection:
        self.inspected += 1
        data = file.read(_READ)
        if data.startswith(b"!die"):
            os.kill(os.getpid(), signal.SIGKILL)
        if data.startswith(b"!exit"):
            os._exit(3)
        if data.startswith(b"!loop"):
            while True:
                time.sleep(0.01)
        while data.startswith(b"!spin"):
            pass
        if data.startswith(b"!swallow"):
            return _inspection(Coverage(Status.INSPECTED, str(len(bytearray(10_000_000_000)))), (), size)
        if data.startswith(b"!memory"):
            raise MemoryError
        if data.startswith(b"!raise"):
            raise ValueError(data.decode())  # quotes the document, as parsers do
        if data.startswith(b"!print"):
            print(data.decode(), flush=True)
        if not data:
            gap = Gap(Location(), Shortfall.EMPTY)
            return _inspection(Coverage(Status.NOT_INSPECTED, "", (gap,)), (), size)
        gaps = (Gap(Location(), Shortfall.LIMIT, "first megabyte read"),) if size > _READ else ()
        status = Status.PARTIAL if gaps else Status.INSPECTED
        findings = tuple(
            LocatedFinding(
                entity_type="UK_NINO",
                location=f"byte {match.start()}",
                hidden="",
                confidence=0.9,
                masked="*" * 7 + match.group()[-2:].decode(),
                fingerprint=hashlib.blake2b(match.group(), key=b"test").hexdigest()[:16],
                rule="nino",
                value=match.group().decode() if self.show_values else None,
            )
            for match in _NUMBER.finditer(data)
        )
        return _inspection(Coverage(status, "text", gaps), findings, size)


def _inspection(coverage: Coverage, findings: tuple[LocatedFinding, ...], size: int) -> Inspection:
    severity = Severity.HIGH if findings else Severity.NONE
    reasons = (Reason("strong_identifier", "holds a strong identifier", severity),) if findings else ()
    return Inspection(
        coverage=coverage,
        assessment=Assessment(severity, PeopleCount(len(findings), len(findings)), reasons),
        findings=findings[:100],
        counts={"UK_NINO": len(findings)} if findings else {},
        content_hash="",
        size=size,
    )


TEST_KEY = bytes(32)
