"""The gate with the real rules, built once; files in a folder of the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from scanner.documents import Limits
from scanner.inspection import InspectionSettings, Inspector
from scanner.judgement.policy import default_policy
from scanner.release import CODES, Checked, Copying, Found, Gate, Objection, PdfCopy, ReleaseCheck, ReleaseRun

Check = Callable[..., Checked]


@pytest.fixture(scope="session")
def inspector() -> Inspector:
    return Inspector.build(InspectionSettings(key=bytes(32)))


@pytest.fixture
def check(inspector: Inspector, tmp_path: Path) -> Check:
    """Checks bytes as a file of that name; its safe copy goes into ``tmp_path / "copies"``."""

    def run(
        name: str,
        content: bytes,
        *,
        pdf: PdfCopy = PdfCopy.TEXT,
        accept: tuple[str, ...] = (),
        copy: bool = True,
        ocr: bool = False,
    ) -> Checked:
        path = tmp_path / "originals" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        limits = Limits(ocr=ocr)
        gate = Gate(inspector, policy=default_policy(), limits=limits, accepted=frozenset(accept))
        copying = Copying(tmp_path / "copies", pdf, replace(limits, ocr=False)) if copy else None
        return ReleaseRun(gate, copying).check(Found(path, PurePath(name), named=True))

    return run


def codes(result: ReleaseCheck | None) -> set[str]:
    assert result is not None
    found = {objection.code for objection in result.objections}
    assert found <= set(CODES), "a code that --accept does not know"
    return found


def objection(result: ReleaseCheck, code: str) -> Objection:
    found = [one for one in result.objections if one.code == code]
    assert found, f"no {code} among {sorted(codes(result))}"
    return found[0]
