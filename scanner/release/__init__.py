"""The release gate: whether a file may be published as it is, and a flattened copy that may.

Each file is read in a process of its own.  What a reader does not see, what names people, and what could not
be looked at is an objection; a file passes when there is none.  A safe copy is a new file made of what is
seen, and goes through the same gate.
"""

from scanner.release.apart import Room
from scanner.release.copying.flatten import PdfCopy
from scanner.release.gate import CODES, Gate
from scanner.release.model import Checked, Objection, ReleaseCheck, Remark, SafeCopy, Weight
from scanner.release.run import Copying, Found, ReleaseRun, files_beneath
from scanner.release.wire import checked_to_json

__all__ = [
    "CODES",
    "Checked",
    "Copying",
    "Found",
    "Gate",
    "Objection",
    "PdfCopy",
    "ReleaseCheck",
    "ReleaseRun",
    "Remark",
    "Room",
    "SafeCopy",
    "Weight",
    "checked_to_json",
    "files_beneath",
]
