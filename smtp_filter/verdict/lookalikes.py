"""Domains that look like another one: a letter missing, doubled, swapped or foreign, or another ending.

A candidate is compared with one target at a time, in time linear in their length.
"""

from __future__ import annotations

from collections.abc import Collection

from scanner.text import normalise
from smtp_filter.verdict.addresses import shown_domain, suffixes

# In a shorter name one letter is too large a share of it: "hs.net" is no "nhs.net" with a letter missing.
_SHORT = 5
# Endings of public bodies that are often written wrongly.
_PUBLIC = frozenset({"gov", "nhs", "police"})
# Row and column of each letter on a British keyboard; digits are chosen and not slipped on.
_KEYS = {
    letter: (row, column)
    for row, letters in enumerate(("qwertyuiop", "asdfghjkl", "zxcvbnm"))
    for column, letter in enumerate(letters)
}
_NO_KEY, _FAR_KEY = (-9, -9), (9, 9)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("5", "s"))


def skeleton(domain: str) -> str:
    """What a hasty reader sees of a domain: foreign letters and digits as the Latin letters they resemble.

    >>> skeleton("gmai1.com") == skeleton("gmail.com")
    True
    """
    seen = normalise(shown_domain(domain)).text.casefold()
    for written, read in _PAIRS:
        seen = seen.replace(written, read)
    return seen.replace("-", "")


def one_edit_apart(first: str, second: str) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbours turns one text into the other.

    >>> one_edit_apart("gmial", "gmail"), one_edit_apart("gmail", "gmail"), one_edit_apart("bolton", "boston")
    (True, False, True)
    """
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    if len(first) > len(second):
        first, second = second, first
    start = 0
    while start < len(first) and first[start] == second[start]:
        start += 1
    if len(first) < len(second):
        return first[start:] == second[start + 1 :]
    rest = first[start + 1 :]
    swapped = second[start : start + 2] == first[start : start + 2][::-1]
    return rest == second[start + 1 :] or (swapped and first[start + 2 :] == second[start + 2 :])


def finger_slip(first: str, second: str) -> bool:
    """Whether two texts one edit apart differ as typing differs: not by a letter from elsewhere on the keys.

    >>> finger_slip("harow", "harrow"), finger_slip("harlow", "harrow"), finger_slip("hsrrow", "harrow")
    (True, False, True)
    """
    if not one_edit_apart(first, second):
        return False
    different = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    if len(first) != len(second) or len(different) != 1:
        return True
    one, other = different[0]
    (row, column), (other_row, other_column) = _KEYS.get(one, _NO_KEY), _KEYS.get(other, _FAR_KEY)
    return abs(row - other_row) <= 1 and abs(column - other_column) <= 1


def resembles(domain: str, target: str, registries: Collection[str], open_endings: Collection[str]) -> bool:
    """Whether ``domain`` is taken for ``target`` by mistake or on purpose.

    A domain beneath the target does not resemble it, it belongs to it.
    """
    if domain == target or domain.endswith("." + target) or domain in registries:
        return False
    if skeleton(domain) == skeleton(target) or _squashed(domain) == _squashed(target):
        return True  # gmai1.com; council-gov.uk, council.gov.couk
    if skeleton(domain).startswith(skeleton(target) + ".") or domain.startswith(
        target.replace(".", "-") + "."
    ):
        return True  # council.gov.uk.com, council-gov-uk.com
    name, ending = _split(domain, registries)
    wanted, right = _split(target, registries)
    public = right.partition(".")[0]
    if public in _PUBLIC and _squashed(domain).startswith((wanted + public + "uk", wanted + public + "co")):
        return True  # councilgovuk.com
    if public in _PUBLIC and domain == f"{wanted}.{public}":
        return True  # council.gov
    if name == wanted and ending != right:
        return (
            ending in open_endings or one_edit_apart(_squashed(ending), _squashed(right)) or ending == "couk"
        )
    if ending != right:
        return False  # a mistyped name under another ending is another name
    if len(wanted) < _SHORT or len(name) < _SHORT - 1:
        return _slip(name, wanted)
    return one_edit_apart(name, wanted)


def _squashed(domain: str) -> str:
    """A domain without the marks between its words; ".co.uk" and ".couk" are often written for ".uk"."""
    flat = domain.replace(".", "").replace("-", "")
    return flat.removesuffix("couk") + "uk" if flat.endswith("couk") else flat


def _slip(name: str, wanted: str) -> bool:
    """For short names only a swap or a doubled letter counts: "nsh", "nhhs" for "nhs"."""
    if len(name) == len(wanted):
        return len(wanted) > 1 and sorted(name) == sorted(wanted) and one_edit_apart(name, wanted)
    longer, shorter = (name, wanted) if len(name) > len(wanted) else (wanted, name)
    if not one_edit_apart(longer, shorter) or len(longer) < 3:
        return False
    return any(
        longer[i] == longer[i + 1] and longer[:i] + longer[i + 1 :] == shorter for i in range(len(shorter))
    )


def _split(domain: str, registries: Collection[str]) -> tuple[str, str]:
    """A domain as the name somebody chose and the ending it stands under."""
    for suffix in suffixes(domain):
        if suffix in registries and suffix != domain:
            return domain.removesuffix("." + suffix), suffix
    name, _, ending = domain.partition(".")
    return name, ending
