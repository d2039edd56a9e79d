"""What the scanner keeps: the coverage ledger of a run, the installation's secret key, the state directory.

Nothing here holds a matched value: the ledger keeps masks and keyed hashes.  Where a run was asked to show
values they lie in the ledger sealed under a key which only the running process knows.
"""
