"""Builds the name gazetteers of ``rules/packs/uk/gazetteers`` from the public lists named in NOTICE.

``python tools/build_gazetteers.py LISTS CORPORA``: LISTS holds the name and place lists, CORPORA annotated
texts whose lower-case words tell which names are also ordinary words.  The output is sorted and the same
each time.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).parents[1] / "rules/packs/uk/gazetteers"

# Bands by number of bearers in the statistics of births (1974 to 2020 at the widest): 3 is a name that
# everybody knows, 1 one that few bear.  Names with fewer bearers are words and slips as often as names.
_COMMON, _KNOWN, _RARE = 3000, 120, 20
# Living adults born before the statistics begin: a name in the top hundred of any decade is common.
_EDITED_CORPORA = ("wikigold", "litbank", "re3d_clean", "gum_clean", "legal_in")
_FREQUENT_WORD = 25
_NAME = re.compile(r"^[^\W\d_]+(?:['\-][^\W\d_]+)*$")
_LOWER_WORD = re.compile(r"(?<![@#/\w.'-])[a-z]{2,}(?![\w@/])")
# Entries of the lists that are titles, particles or words and never help.
_NOT_NAMES = frozenset(
    [
        "baby",
        "girl",
        "boy",
        "unnamed",
        "male",
        "female",
        "infant",
        "child",
        "twin",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "the",
        "de",
        "la",
        "van",
        "el",
        "al",
        "of",
        "and",
        "no",
        "not",
        "unknown",
        "none",
        "test",
        "sample",
    ]
)


def _key(name: str) -> str:
    return name.strip().replace("’", "'").lower()


def _is_name(key: str) -> bool:
    return len(key) > 1 and key not in _NOT_NAMES and bool(_NAME.match(key))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def _lower_words(corpora: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name in _EDITED_CORPORA:
        with gzip.open(corpora / f"{name}.jsonl.gz", "rt", encoding="utf-8") as stream:
            for line in stream:
                counts.update(_LOWER_WORD.findall(json.loads(line)["text"]))
    return counts


def _hand_words() -> set[str]:
    lines = (TARGET / "council_words.txt").read_text("utf-8").splitlines()
    return {word for line in lines if not line.startswith("#") for word in line.split()}


def _forenames(lists: Path) -> dict[str, int]:
    bands: dict[str, int] = {}

    def put(name: str, band: int) -> None:
        key = _key(name)
        if _is_name(key):
            bands[key] = max(bands.get(key, 0), band)

    for row in _rows(lists / "uk_forenames.csv.gz"):
        count = int(row["count_f"]) + int(row["count_m"])
        decades = int(row["decades_in_top100_1904_1994"])
        if count >= _COMMON or decades >= 1:
            put(row["name"], 3)
        elif count >= _KNOWN:
            put(row["name"], 2)
        elif count >= _RARE:
            put(row["name"], 1)
    for row in _rows(lists / "world_forenames_by_country.csv"):
        for name in re.split(r"[/,]", row["Romanized Name"]):
            put(name, 2)
    for group in json.loads((lists / "community_names.json").read_text("utf-8")).values():
        for name in group["forenames"]:
            put(name, 2)
    for row in _rows(lists / "nicknames.csv"):
        put(row["name1"], 1)
        if bands.get(_key(row["name1"]), 0) >= 2:
            put(row["name2"], 1)
    for full, shorts in _short_names().items():
        for name in (full, *shorts):
            put(name, 3)
    return bands


def _surnames(lists: Path) -> dict[str, int]:
    bands: dict[str, int] = {}

    def put(name: str, band: int) -> None:
        key = _key(name)
        if _is_name(key):
            bands[key] = max(bands.get(key, 0), band)

    for name in (lists / "uk_surnames.txt").read_text("utf-8").splitlines():
        put(name, 3)
    for row in _rows(lists / "world_surnames_by_country.csv"):
        for name in re.split(r"[/,]", row["Romanized Name"]):
            put(name, 2)
    for group in json.loads((lists / "community_names.json").read_text("utf-8")).values():
        for name in group["surnames"]:
            put(name, 3)
    with gzip.open(lists / "us_surnames.txt.gz", "rt", encoding="utf-8") as stream:
        for name in stream.read().split():
            put(name, 1)
    return bands


def _places(lists: Path) -> set[str]:
    names: set[str] = set()
    for row in _rows(lists / "uk_outcodes_towns.csv"):
        names.update((row["town"], row["region"], row["uk_region"]))
    for row in _rows(lists / "ons_postcode_district_to_town.csv"):
        names.add(row["town"])
    for row in _rows(lists / "ons_localities.csv"):
        names.add(row["locality"])
    for row in _rows(lists / "uk_local_authorities.csv"):
        names.add(row["nice-name"])
    names.update(
        line
        for line in (TARGET / "world_places.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
    )
    places: set[str] = set()
    for name in names:
        for part in re.split(r"\s*[,/(&)]\s*|\band\b", name.lower().replace(".", "").replace("’", "'")):
            if len(part) > 2 and re.fullmatch(r"[a-z'\- ]+", part):
                places.add(" ".join(part.replace("-", " ").split()))
    return places


def _short_names() -> dict[str, set[str]]:
    """The project's own list: a full form and what its bearers are called in the UK."""
    groups: dict[str, set[str]] = {}
    for line in (TARGET / "short_names.txt").read_text("utf-8").splitlines():
        full, colon, shorts = line.partition(":")
        if colon and not line.startswith("#"):
            groups.setdefault(full.strip(), set()).update(shorts.split())
    return groups


def _aliases(lists: Path) -> dict[str, set[str]]:
    groups = _short_names()
    for row in _rows(lists / "nicknames.csv"):
        groups.setdefault(_key(row["name1"]), set()).add(_key(row["name2"]))
    return groups


def _banded(bands: dict[str, int]) -> str:
    """One line for each band and first letter: ``band TAB names``."""
    lines = []
    for band in sorted(set(bands.values()), reverse=True):
        by_letter: dict[str, list[str]] = {}
        for name in sorted(name for name, value in bands.items() if value == band):
            by_letter.setdefault(name[0], []).append(name)
        lines += [f"{band}\t{' '.join(names)}" for _, names in sorted(by_letter.items())]
    return "\n".join(lines) + "\n"


def _write(name: str, content: str) -> None:
    data = content.encode("utf-8")
    # No time stamp inside: the same lists give the same bytes.
    (TARGET / name).write_bytes(gzip.compress(data, 9, mtime=0) if name.endswith(".gz") else data)


def build(lists: Path, corpora: Path) -> None:
    """Read the public lists and write the gazetteers."""
    hand = _hand_words()
    counts = _lower_words(corpora)
    forenames, surnames = _forenames(lists), _surnames(lists)
    words = {word: 2 for word in hand if _is_name(word)}
    for word, count in counts.items():
        # A frequent forename written small once or twice in half a million words is a slip, not a word.
        floor = 4 if forenames.get(word, 0) >= 2 else 2
        if count >= floor:
            words[word] = 2 if word in hand or count >= _FREQUENT_WORD else 1
    # Rare names of the wide lists which are ordinary words say nothing.
    forenames = {name: band for name, band in forenames.items() if band >= 2 or words.get(name, 0) < 1}
    surnames = {name: band for name, band in surnames.items() if band >= 2 or words.get(name, 0) < 2}
    _write("forenames.txt.gz", _banded(forenames))
    _write("surnames.txt.gz", _banded(surnames))
    _write("words.txt.gz", _banded(words))
    _write("places.txt", "\n".join(sorted(_places(lists))) + "\n")
    _write("nicknames.txt", _lines(_aliases(lists)))


def _lines(groups: dict[str, set[str]]) -> str:
    return "".join(f"{name}: {' '.join(sorted(others))}\n" for name, others in sorted(groups.items()))


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
