"""Remedies: what can be done to a file that should not lie as it does, and how it is undone.

Nothing is done unless asked for twice: a plan is shown, and carried out only when it is applied.  Each file
is opened without following links, its content is held against what was scanned, its rights, times and
attributes are written down, and only then is it touched.  Whatever does not fit is refused, with a reason,
and stays as it is.
"""

from scanner.shares.remedies.choosing import Choice, ChoiceError, parse_choice
from scanner.shares.remedies.moving import Vault
from scanner.shares.remedies.performing import Outcome, Remedy, Remedying, asked_of, outside_of_roots
from scanner.shares.remedies.snapshot import RefusedError

__all__ = [
    "Choice",
    "ChoiceError",
    "Outcome",
    "RefusedError",
    "Remedy",
    "Remedying",
    "Vault",
    "asked_of",
    "outside_of_roots",
    "parse_choice",
]
