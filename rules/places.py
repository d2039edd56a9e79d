"""Loads the lists of places: postcode districts, towns, telephone area codes."""

from __future__ import annotations

from pathlib import Path

PACK = Path(__file__).parent / "packs/uk"


def _lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as stream:
        return [line.strip() for line in stream if line.strip() and not line.startswith("#")]


def load_outward_codes(path: Path = PACK / "postcodes/outward.txt") -> frozenset[str]:
    """The outward codes of UK postcodes ("LS8", "EC1A"), upper case."""
    codes: set[str] = set()
    for line in _lines(path):
        area, _, tails = line.partition(":")
        codes.update(area + tail for tail in tails.split())
    return frozenset(codes)


def load_towns(path: Path = PACK / "places/towns.txt") -> frozenset[str]:
    """The names of towns and places, lower case, hyphens as blanks ("newcastle upon tyne")."""
    return frozenset(_lines(path))


def load_area_codes(path: Path = PACK / "phones/area_codes.txt") -> frozenset[str]:
    """Telephone area codes with their leading 0 ("0113", "01632", "016977")."""
    return frozenset(_lines(path))
