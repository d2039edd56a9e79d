"""Shares: walking a tree without touching it, reading its files in isolated workers, one ledger per run.

The walk enters what it meets into the ledger; warm worker processes read what is pending; their answers end
the objects.  Whatever stops a worker or the run, every object met ends as something.
"""
