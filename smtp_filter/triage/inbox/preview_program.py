"""The program that reads a message for its preview, from standard input; its argument is its own folder."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from scanner.documents.isolation import Confinement, confine
from scanner.documents.model import Coverage, Status
from scanner.documents.protocol import Source
from scanner.documents.reader import read_document
from smtp_filter.triage.inbox.preview import CHARACTERS, SECONDS, SEGMENTS


def main() -> None:
    """Read, and write a line of JSON for each segment, the last one says whether it was all."""
    # What the readers load late must be there before the walls go up.
    confine(Confinement(cpu_seconds=SECONDS), Path(sys.argv[1]))
    left, end = CHARACTERS, ""
    source = Source.from_descriptor(os.dup(0), "")
    for number, item in enumerate(read_document(source, kind="eml")):
        if isinstance(item, Coverage):
            end = end or ("whole" if item.status is Status.INSPECTED else "part")
            break
        if left <= 0 or number >= SEGMENTS:
            end = "cut"
            break
        parts = item.location.parts
        # Rows and lines of one part belong together; its name says enough.
        place = " > ".join(parts[:-1] or parts)
        text = item.text[:left]
        if len(text) < len(item.text):
            end = "cut"
        left -= len(text)
        print(json.dumps([place, item.hidden, text]), flush=True)
    print(json.dumps({"end": end or "part"}), flush=True)


if __name__ == "__main__":
    main()
