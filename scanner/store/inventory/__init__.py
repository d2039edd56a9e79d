"""The inventory: every file that is known, what is known of its content, and the runs that found it out.

A file is one row for as long as nothing about it changes: a row is true from the run ``since`` on and until
the run ``until``, so that a night over an unchanged share writes nothing and every past run can still be
reported as it was.  What an inspection said lies in ``evidence``, once for each content, whatever number of
files hold it.  A file that must be read is *queued*; it leaves the queue in the transaction that enters what
was found.  Whatever stops a run between two transactions, the next walk and the queue bring it on.
"""

from scanner.store.inventory.evidence import EvidenceRow
from scanner.store.inventory.files import FileChange, FileTable, KnownFile, Queued
from scanner.store.inventory.persisting import StoreLostError, persistently
from scanner.store.inventory.signatures import NO_SIGNATURES, Signatures, Traits
from scanner.store.inventory.tables import CURRENT, open_inventory

__all__ = [
    "CURRENT",
    "NO_SIGNATURES",
    "EvidenceRow",
    "FileChange",
    "FileTable",
    "KnownFile",
    "Queued",
    "Signatures",
    "StoreLostError",
    "Traits",
    "open_inventory",
    "persistently",
]
