"""Builds every file, scans it and compares: ``python -m tests.evaluation.files`` prints the figures.

``--keep FOLDER`` writes the files there, ``--show`` names every miss, ``--only WORD`` takes the files whose
name holds it, ``--without-office`` leaves out what LibreOffice has to convert.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from scanner.inspection import InspectionSettings, Inspector
from tests.evaluation.files import contents, office
from tests.evaluation.files.making import REGISTER, Make, Plan, start
from tests.evaluation.files.scoring import Result, compare

_SENSITIVE = ("medium", "high", "critical")


def built(chosen: Sequence[Plan], *, with_office: bool) -> Iterator[tuple[Plan, str, Make, bytes, bool]]:
    """Each file: its plan, its name, its truth, its bytes, and whether it is as we wrote it."""
    contents.load()
    files: dict[str, bytes] = {}
    made: dict[str, tuple[Plan, Make]] = {}
    for plan in chosen:
        make = start(plan)
        files[plan.name] = plan.build(make)
        made[plan.name] = plan, make
        yield plan, plan.name, make, files[plan.name], True
    if with_office:
        wanted = {plan.name: plan.forms for plan in chosen if plan.forms}
        for (name, form), content in office.converted(files, wanted).items():
            plan, make = made[name]
            yield plan, f"{Path(name).stem}.{Path(name).suffix[1:]}.{form}", make, content, False


def report(results: Sequence[Result], *, show: bool) -> Iterator[str]:
    """The figures, a line each."""
    sensitive = [result for result in results if result.least in _SENSITIVE]
    harmless = [result for result in results if result.most not in _SENSITIVE]
    caught = sum(1 for result in sensitive if result.severity in _SENSITIVE)
    stopped = [result for result in harmless if result.severity in _SENSITIVE]
    yield f"{len(results)} files: {len(sensitive)} sensitive, {len(harmless)} harmless"
    yield f"sensitive and said to be: {caught} of {len(sensitive)} ({caught / max(1, len(sensitive)):.1%})"
    yield f"harmless, said to be sensitive: {len(stopped)} of {len(harmless)}"
    right = sum(1 for result in results if result.severity_right)
    yield f"severity as labelled: {right} of {len(results)} ({right / max(1, len(results)):.1%})"
    counted = [result for result in results if result.true_people >= 0]
    people = sum(1 for result in counted if result.people_right)
    yield f"people counted right: {people} of {len(counted)} ({people / max(1, len(counted)):.1%})"
    unread = [result for result in results if result.status != "inspected"]
    yield f"not read, or in part: {len(unread)}"
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for result in results:
        wanted += result.wanted
        found += result.found
    total = sum(wanted.values())
    yield f"values found: {sum(found.values())} of {total} ({sum(found.values()) / max(1, total):.1%})"
    for kind, count in sorted(wanted.items()):
        yield f"  {kind:26} {found[kind]:6} of {count:6}  {found[kind] / count:.1%}"
    misplaced = sum(len(result.misplaced) for result in results)
    unhidden = sum(len(result.unhidden) for result in results)
    yield f"found elsewhere than they stand: {misplaced}; hidden and not said to be: {unhidden}"
    alarms = Counter(finding.entity_type for result in results for finding in result.alarms)
    yield f"false alarms: {sum(alarms.values())} ({', '.join(f'{k} {v}' for k, v in alarms.most_common())})"
    for result in results:
        yield from _told(result, show=show)


def _told(result: Result, *, show: bool) -> Iterator[str]:
    words = []
    if not result.severity_right:
        wanted = result.least if result.least == result.most else f"{result.least} to {result.most}"
        words.append(f"severity {result.severity}, should be {wanted}")
    if not result.people_right:
        words.append(f"people {result.people[0]}-{result.people[1]}, should be {result.true_people}")
    if result.status != "inspected":
        words.append(f"{result.status}: {result.reason}")
    kinds = Counter(expected.entity_type for expected in result.missed)
    words += [f"missed {count} of {result.wanted[kind]} {kind}" for kind, count in kinds.items()]
    if result.misplaced:
        words.append(f"misplaced {len(result.misplaced)}")
    if result.unhidden:
        words.append(f"not said to be hidden {len(result.unhidden)}")
    if result.alarms:
        words.append(f"false alarms {len(result.alarms)}")
    if words:
        yield f"  {result.name}: {'; '.join(words)}"
    if show:
        for expected in result.missed[:6]:
            yield f"      missed {expected.entity_type} {expected.value!r} {expected.place}"
        for expected, place in result.misplaced[:4]:
            yield f"      {expected.entity_type} should be at {expected.place}, said {place}"
        for finding in result.alarms[:6]:
            what = f"{finding.entity_type} {finding.value!r}"
            yield f"      alarm {what} at {finding.location} ({finding.rule})"


def main(arguments: Sequence[str]) -> int:
    """Run it; the exit code is 0 whatever the figures are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--without-office", action="store_true")
    chosen = parser.parse_args(arguments)
    with_office = not chosen.without_office and office.installed()
    if not with_office:
        print("LibreOffice is not used: the files that it would convert are left out")
    contents.load()
    plans = [plan for plan in REGISTER if re.search(chosen.only, plan.name)]
    settings = InspectionSettings(key=os.urandom(32), show_values=True, findings_per_file=1_000_000)
    inspector = Inspector.build(settings)
    results = []
    for plan, name, make, content, ours in built(plans, with_office=with_office):
        if chosen.keep is not None:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            (chosen.keep / name).write_bytes(content)
        results.append(compare(plan, name, make, inspector.inspect_bytes(content, name), places=ours))
    print("\n".join(report(results, show=chosen.show)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
