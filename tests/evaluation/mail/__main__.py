"""Scores ``dlp rules test-mail --jsonl`` on the messages: ``python -m tests.evaluation.mail``.

*Stopped* means block or hold, *passed* all else.  Precision and recall are of stopping; a message whose label
allows more than one word is right with any of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.evaluation.mail import cases, daily, harder, outsiders
from tests.evaluation.mail.building import have
from tests.evaluation.mail.cases import Case

STOPPED = frozenset({"block", "hold"})
COMMAND = (sys.executable, "-m", "scanner.commands", "rules", "test-mail", "--jsonl")


def run(chosen: Sequence[Case], command: Sequence[str] = COMMAND) -> list[dict[str, Any]]:
    """The verdict on each message, in order."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for case in chosen:
            path = Path(folder) / f"{case.id}.eml"
            path.write_bytes(case.build())
            lines.append(json.dumps({"id": case.id, "path": str(path), "from": case.sender, "to": case.to}))
        done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def report(chosen: Sequence[Case], verdicts: Sequence[dict[str, Any]]) -> Iterable[str]:
    """The figures, a line each, and what was judged otherwise than labelled."""
    kinds: Counter[str] = Counter()
    wrong = []
    for case, told in zip(chosen, verdicts, strict=True):
        word = told.get("verdict", "error")
        should = case.words[0] in STOPPED
        did = word in STOPPED
        kinds["right" if word in case.words else "wrong"] += 1
        kinds[f"{'stopped' if did else 'passed'}, should be {'stopped' if should else 'passed'}"] += 1
        if word not in case.words:
            wrong.append(
                f"  {case.id}: {word}, should be {' or '.join(case.words)}; {told.get('reason_codes')}"
            )
    hits = kinds["stopped, should be stopped"]
    stopped = hits + kinds["stopped, should be passed"]
    should = hits + kinds["passed, should be stopped"]
    share = kinds["right"] / len(chosen)
    yield f"{len(chosen)} messages, verdict as labelled: {kinds['right']} ({share:.1%})"
    yield f"stopping: precision {hits / max(1, stopped):.3f}, recall {hits / max(1, should):.3f}"
    for name, count in sorted(kinds.items()):
        yield f"  {name}: {count}"
    yield from wrong


def main() -> None:
    """Build, judge, print."""
    every = (*cases.cases(), *harder.cases(), *daily.cases(), *outsiders.cases())
    chosen = [case for case in every if have(*case.tools)]
    for line in report(chosen, run(chosen)):
        print(line)


if __name__ == "__main__":
    main()
