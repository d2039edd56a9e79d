"""Invented people by algorithm: names from short lists, numbers with right check digits made at run time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

_FORENAMES = """Aoife Brian Ciara Declan Eilish Fergal Grainne Hugh Isobel James Kathleen Liam Maeve Niall
    Orla Patrick Roisin Sean Teresa Una"""
_SURNAMES = """Adair Boyle Campbell Doherty Elliott Ferguson Gallagher Hamilton Irvine Johnston Kelly Lavery
    McAllister Nesbitt Quinn Robinson Stewart Toner Wallace Young"""
_FIRST, _LAST = _FORENAMES.split(), _SURNAMES.split()


def names(count: int) -> Iterator[tuple[str, str]]:
    """So many different pairs of forename and surname (400 at most)."""
    return islice(((first, last) for last, first in product(_LAST, _FIRST)), count)


def nhs_number(seed: int) -> str:
    """A number with a right check digit, outside of the range for tests (999), which is passed over."""
    for offset in range(20):
        digits = str(400_000_000 + (seed * 1_234_567 + offset) % 100_000_000)
        rest = 11 - sum((10 - place) * int(digit) for place, digit in enumerate(digits)) % 11
        if rest != 10:
            return digits + str(rest % 11)
    raise AssertionError


def postcode(seed: int) -> str:
    return f"BT{seed % 40 + 1} {seed % 9 + 1}{'ABDEFGHJLN'[seed % 10]}{'PQRSTUWXYZ'[seed // 10 % 10]}"
