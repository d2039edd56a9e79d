"""Sources: where the files of a run lie, on this machine, on what is mounted here, or on a server.

A server brings five things (see :class:`~scanner.shares.sources.source.Server`); the walk, the decision what
has changed, the queue and the reports are the same for all.  Workers, which handle hostile files, never hold
a connection or a credential: a process of its own fetches what they are to read.
"""

from scanner.shares.sources.address import SourceError, is_remote
from scanner.shares.sources.opening import LOCAL, Sources, distinct, usable
from scanner.shares.sources.source import SilentError, Source, Walking

__all__ = [
    "LOCAL",
    "SilentError",
    "Source",
    "SourceError",
    "Sources",
    "Walking",
    "distinct",
    "is_remote",
    "usable",
]
