"""Documents: bytes in, segments and coverage out.

``read_document`` streams what a file and everything inside it says, each piece with its place, and ends
with a ``Coverage`` that tells what was not read and why.  Bad input is a value, never an exception.
"""

from scanner.documents.isolation import Confinement, confine, ended_by, renew_cpu
from scanner.documents.limits import Limits
from scanner.documents.mail_headers import decoded_words, message_headers
from scanner.documents.model import (
    Coverage,
    Gap,
    Location,
    ProtectedPart,
    Protection,
    Segment,
    Shortfall,
    Status,
)
from scanner.documents.places import place
from scanner.documents.protocol import Event, Member, Parser, ProtectionNote, Source, TooLargeError
from scanner.documents.reader import read_document, read_whole
from scanner.documents.sniffing import PLAIN_WORDS, sniff

__all__ = [
    "PLAIN_WORDS",
    "Confinement",
    "Coverage",
    "Event",
    "Gap",
    "Limits",
    "Location",
    "Member",
    "Parser",
    "ProtectedPart",
    "Protection",
    "ProtectionNote",
    "Segment",
    "Shortfall",
    "Source",
    "Status",
    "TooLargeError",
    "confine",
    "decoded_words",
    "ended_by",
    "message_headers",
    "place",
    "read_document",
    "read_whole",
    "renew_cpu",
    "sniff",
]
