"""Builds the list of UK outward codes in use from open lists of postcode districts.

    python tools/build_postcodes.py DISTRICTS_CSV [DISTRICTS_CSV ...] --reference UK_IDENTIFIERS_MD

Each CSV has a column ``postcode`` that holds a district ("LS8"): the ONS address index's district list
(MIT, Crown copyright ONS) and the Gibbs/uk-postcodes list (CC0).  The reference's table of 2014 districts is
compared, not shipped: what it has and the lists do not is printed.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "rules/packs/uk/postcodes/outward.txt"

# Codes that exist but stand in neither open list, each with its reason.
ADDITIONS = {
    "E20": "Stratford, Queen Elizabeth Olympic Park (2011)",
    "W1A": "non-geographic, large users in central London",
    "N1C": "King's Cross Central (2011)",
    "N1P": "non-geographic, large users",
    "NW1W": "non-geographic, large users",
    "SE1P": "non-geographic, large users",
    "EC2P": "non-geographic, City of London",
    "EC3P": "non-geographic, City of London",
    "WC1A": "Bloomsbury",
    "CF95": "non-geographic, Cardiff",
    "CF99": "Senedd Cymru / Welsh Parliament",
    "EH95": "non-geographic, Edinburgh",
    "EH99": "Scottish Parliament",
    "IM86": "non-geographic, Isle of Man",
    "IM87": "non-geographic, Isle of Man",
    "JE5": "non-geographic, Jersey",
    "GY10": "Sark",
    "BD99": "non-geographic, Bradford",
    "BN99": "non-geographic, Worthing",
    "BS99": "non-geographic, Bristol",
    "DE99": "non-geographic, Derby",
    "DL98": "non-geographic, Darlington",
    "HD97": "non-geographic, Huddersfield",
    "HD98": "non-geographic, Huddersfield",
    "L71": "non-geographic, Liverpool",
    "L72": "non-geographic, Liverpool",
    "L73": "non-geographic, Liverpool",
    "L74": "non-geographic, Liverpool",
    "L75": "non-geographic, Liverpool",
    "LE95": "non-geographic, Leicester",
    "LS99": "non-geographic, Leeds",
    "M60": "large users, Manchester",
    "M61": "large users, Manchester",
    "NE83": "non-geographic, Gateshead",
    "NE85": "non-geographic, Washington",
    "NE88": "non-geographic, Newcastle (HMRC)",
    "NE98": "non-geographic, Newcastle (DWP)",
    "S96": "non-geographic, Sheffield",
    "S97": "non-geographic, Sheffield",
    "S98": "non-geographic, Sheffield",
    "S99": "non-geographic, Sheffield",
    "SR43": "non-geographic, Sunderland",
    "TR93": "non-geographic, Truro",
    "WV99": "non-geographic, Wolverhampton (DWP)",
    "YO91": "non-geographic, York",
    "BF1": "British Forces, since 2012",
    "BX1": "non-geographic, large users",
    "BX2": "non-geographic, large users",
    "BX3": "non-geographic, large users",
    "BX4": "non-geographic, large users",
    "BX5": "non-geographic, large users",
    "BX9": "non-geographic, large users (HMRC)",
}
# "GIR" has a pattern of its own; it is not letter-digit.
DROPPED = {"GIR"}
OUTWARD = re.compile(r"[A-Z]{1,2}[0-9](?:[0-9]|[A-Z])?")


def districts(path: Path) -> set[str]:
    """The districts of a list; cells that are none are left out."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        cells = {row["postcode"].strip().upper() for row in csv.DictReader(stream)}
    return {cell for cell in cells if OUTWARD.fullmatch(cell)}


def reference_districts(page: str) -> set[str]:
    """The districts of the reference's table ("AB 10-16,21-23 | AL 1-10 | E 1-18 1W")."""
    table = next(part for part in page.split("```") if part.strip().startswith("AB 10-16"))
    found: set[str] = set()
    for entry in table.replace("\n", " | ").split("|"):
        area, _, rest = entry.strip().partition(" ")
        for item in filter(None, re.split(r"[, ]+", rest)):
            bounds = re.fullmatch(r"(\d+)-(\d+)", item)
            numbers = range(int(bounds[1]), int(bounds[2]) + 1) if bounds else (item,)
            found.update(f"{area}{number}" for number in numbers)
    return found


def render(codes: set[str]) -> str:
    """One line an area: the area, a colon, what follows it."""
    areas: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        match = re.match(r"[A-Z]{1,2}(?=[0-9])", code)
        if match:
            areas[match.group()].append(code[match.end() :])
    lines = [
        "# Outward codes of UK postcodes in use or once in use (old files keep old codes), by postcode area.",
        "# Built by tools/build_postcodes.py from ONSdigital/address-index-data (MIT, Crown copyright) and",
        "# Gibbs/uk-postcodes (CC0), with additions whose reasons stand in that tool.",
    ]
    for area in sorted(areas):
        tails = sorted(areas[area], key=lambda tail: (int(re.match(r"\d+", tail).group()), tail))  # type: ignore[union-attr]
        lines.append(f"{area}: {' '.join(tails)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read the lists, compare with the reference, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("lists", nargs="+", type=Path)
    parser.add_argument("--reference", type=Path, help="page with the table of districts to compare with")
    arguments = parser.parse_args()
    codes = set().union(*(districts(path) for path in arguments.lists)) | set(ADDITIONS)
    codes -= DROPPED
    if arguments.reference:
        missing = reference_districts(arguments.reference.read_text(encoding="utf-8")) - codes
        print("in the reference, not in the lists:", ", ".join(sorted(missing)) or "none")
    TARGET.write_text(render(codes), encoding="ascii")
    print(f"{len(codes)} outward codes written")


if __name__ == "__main__":
    main()
