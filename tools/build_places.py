"""Builds the list of UK towns (and villages that give an address its town) and of telephone area codes.

    python tools/build_places.py --districts UK_OUTCODES_TOWNS_CSV --post-towns ONS_DISTRICT_TO_TOWN_CSV \
        --localities ONS_LOCALITIES_CSV

Sources: Gibbs/uk-postcodes (CC0), ONSdigital/address-index-data (MIT, Crown copyright ONS); area codes from
the geographic prefixes of ``phonenumbers`` (Apache-2.0) plus the range that Ofcom keeps for drama.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

from phonenumbers.geodata import GEOCODE_DATA

PACK = Path(__file__).resolve().parent.parent / "rules/packs/uk"

# Areas with codes of five digits behind the 0 (Ofcom, National Telephone Numbering Plan).
FIVE_DIGIT_CODES = (
    "13873", "15242", "15394", "15395", "15396", "16973", "16974", "16977",
    "17683", "17684", "17687", "19467",
)  # fmt: skip
# What the lists hold that is no place name of an address.
NOISE = re.compile(
    r"\b(lcp|parish|parishes|and|non[ -]geo\w*|non[ -]?parished|large user|po box|ward|unparished)\b|\d",
    re.IGNORECASE,
)
# Words that are a place in the lists and an ordinary word, a street or a name nearly everywhere else.
COMMON_LIST = """
street hill the park church green lane north south east west central weston norton preston grove hope
well ash beer box bath sale rugby reading deal ware rye hook hythe nelson kelly alexandra victoria
regent charles broadway westgate eastgate market riverside town county castle centre city over wall ford
battle send street eye poll hale ham hall chapel
"""
COMMON = frozenset(COMMON_LIST.split())
# Kept although they are words too: post towns that many people live in.
KEPT_LIST = "bath sale rugby reading deal ware rye hythe nelson battle hook preston weston hale"
KEPT = frozenset(KEPT_LIST.split())


def names(cell: str) -> list[str]:
    """The place names in a cell of a list ("Hardhorn and Thornton", "Murrayfield, Corstorphine")."""
    found = []
    for piece in re.split(r",|/|\band\b", cell):
        name = " ".join(piece.replace("-", " ").split()).lower().strip(" .'")
        if len(name) < 3 or len(name.split()) > 4 or NOISE.search(name):
            continue
        if name in COMMON - KEPT:
            continue
        if re.fullmatch(r"[a-zà-ÿ' .]+", name):
            found.append(name)
    return found


def towns(districts: Path, post_towns: Path, localities: Path) -> set[str]:
    """All place names, lower case, hyphens as blanks."""
    found: set[str] = set()
    for path, column in ((districts, "town"), (post_towns, "town"), (localities, "locality")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                found.update(names(row[column]))
    return found


def area_codes() -> set[str]:
    """Area codes with their leading 0 ("0113", "01632", "016977"), the shortest that stand for a place."""
    codes = {"01632"}
    for prefix in GEOCODE_DATA:
        if not prefix.startswith("44"):
            continue
        code = prefix[2:]
        if code[0] == "1":
            if re.match(r"1(1[3-8]|[2-69]1)", code):
                codes.add("0" + code[:3])
            elif code.startswith(FIVE_DIGIT_CODES):
                codes.update(("0" + code[:5], "0" + code[:4]))
            elif len(code) >= 4:
                codes.add("0" + code[:4])
    codes.update(("020", "023", "024", "028", "029", "01481", "01534", "01624"))
    return codes


def main() -> None:
    """Write both lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--districts", required=True, type=Path)
    parser.add_argument("--post-towns", required=True, type=Path)
    parser.add_argument("--localities", required=True, type=Path)
    arguments = parser.parse_args()
    places = towns(arguments.districts, arguments.post_towns, arguments.localities)
    header = (
        "# Towns and places of postcode districts, lower case, hyphens as blanks.\n"
        "# Built by tools/build_places.py from Gibbs/uk-postcodes (CC0) and\n"
        "# ONSdigital/address-index-data (MIT).\n"
    )
    (PACK / "places/towns.txt").write_text(header + "\n".join(sorted(places)) + "\n", encoding="utf-8")
    header = (
        "# UK telephone area codes, from the geographic prefixes of the phonenumbers package (Apache-2.0),\n"
        "# and 01632, which Ofcom keeps for drama.  Built by tools/build_places.py.\n"
    )
    codes = sorted(area_codes())
    (PACK / "phones/area_codes.txt").write_text(header + "\n".join(codes) + "\n", encoding="ascii")
    print(f"{len(places)} places, {len(codes)} area codes written")


if __name__ == "__main__":
    main()
