"""Generated council text: clean prose, prose with an identifier every 2 kB, tables, and bulk numbers."""

from __future__ import annotations

import random

from rules.checks import CHECKS

_OPENINGS = (
    "The committee noted that", "Officers reported that", "Members asked whether", "It was agreed that",
    "The review found that", "Residents had been told that", "The service expects that", "A paper showed how",
    "The scrutiny panel heard that", "At its last meeting the board decided that",
)  # fmt: skip
_MIDDLES = (
    "the resurfacing of the estate roads", "the new waste contract", "demand for temporary accommodation",
    "the draft budget for the coming year", "the library opening hours", "the move to the new finance system",
    "repairs to the leisure centre roof", "the programme of tree planting", "the review of parking charges",
    "the fire safety works", "the consultation on bus routes", "staffing of the contact centre",
)  # fmt: skip
_ENDINGS = (
    "would be completed before the summer, subject to the weather and to the availability of materials.",
    "was on target, although two of the nine milestones had slipped by a few weeks.",
    "cost a little more than planned; the difference would be met from the contingency.",
    "had been welcomed by most of those who answered, and a further report would follow in the autumn.",
    "needed a decision by the end of the month, since the present arrangement could not be extended again.",
    "depended on a grant, the conditions of which were set out in the appendix to the paper.",
)
_FORENAMES = ("Amina", "Gareth", "Ewa", "Kwame", "Siân", "Deepa", "Callum", "Yusuf", "Grace", "Tomasz")
_SURNAMES = ("Warsame", "Price", "Nowak", "Mensah", "Rees", "Patel", "MacLeod", "Rahman", "Okafor", "Green")


def nhs_number(generator: random.Random) -> str:
    """A number with a right check digit in an issued range, made for this run."""
    while True:
        digits = f"4{generator.randrange(10**9):09d}"
        if CHECKS["nhs"](digits):
            return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def nino(generator: random.Random) -> str:
    """A National Insurance number with an allocated prefix."""
    letters = "ABCEGHJKLMNPRSTWXYZ"
    while True:
        value = f"{generator.choice(letters)}{generator.choice(letters)}{generator.randrange(10**6):06d}"
        if CHECKS["nino"](value + "A"):
            return value + generator.choice("ABCD")


def clean(size: int, seed: int = 1) -> str:
    """Prose of about ``size`` characters about nobody."""
    generator = random.Random(seed)
    pieces: list[str] = []
    length = 0
    while length < size:
        sentence = f"{generator.choice(_OPENINGS)} {generator.choice(_MIDDLES)} {generator.choice(_ENDINGS)}"
        pieces.append(sentence + ("\n\n" if generator.random() < 0.2 else " "))
        length += len(pieces[-1])
    return "".join(pieces)[:size]


def dense(size: int, seed: int = 2) -> str:
    """Prose with one person and one identifier about every 2,000 characters."""
    generator = random.Random(seed)
    pieces: list[str] = []
    length = 0
    while length < size:
        pieces.append(clean(1_850, generator.randrange(10**6)))
        name = f"{generator.choice(_FORENAMES)} {generator.choice(_SURNAMES)}"
        number = generator.choice(
            (f"NHS number {nhs_number(generator)}", f"NI number {nino(generator)}", "born on 12/03/2015")
        )
        pieces.append(
            f"\n\n{name}, {number}, was seen at home by the duty worker and will be visited again.\n\n"
        )
        length += len(pieces[-1]) + len(pieces[-2])
    return "".join(pieces)[:size]


def log_of_ids(size: int, seed: int = 3) -> str:
    """A log with a ten-digit request id in every line."""
    generator = random.Random(seed)
    lines: list[str] = []
    length = 0
    while length < size:
        lines.append(
            f"2026-11-22 10:{generator.randrange(60):02d}:{generator.randrange(60):02d} INFO handled request "
            f"{generator.randrange(10**9, 10**10)} in {generator.randrange(500)} ms\n"
        )
        length += len(lines[-1])
    return "".join(lines)[:size]


def stock_list(size: int, seed: int = 4) -> str:
    """A stock list whose codes look like National Insurance numbers."""
    generator = random.Random(seed)
    lines = ["Code,Description,Quantity\n"]
    length = 0
    while length < size:
        letters = "".join(generator.choices("ABCDEFGHJKLMNPRSTWXYZ", k=2))
        lines.append(
            f"{letters}{generator.randrange(10**5, 10**6)}{generator.choice('ABCD')},bracket "
            f"{generator.randrange(99)},{generator.randrange(500)}\n"
        )
        length += len(lines[-1])
    return "".join(lines)[:size]


def extract(rows: int, seed: int = 5) -> str:
    """A table of people: name, NHS number, date of birth, one row each."""
    generator = random.Random(seed)
    lines = ["Name,NHS No,DOB,Note\n"]
    for _ in range(rows):
        name = f"{generator.choice(_FORENAMES)} {generator.choice(_SURNAMES)}"
        day, month = generator.randrange(1, 29), generator.randrange(1, 13)
        born = f"{day:02d}/{month:02d}/{generator.randrange(1950, 2020)}"
        lines.append(f"{name},{nhs_number(generator)},{born},seen at the clinic\n")
    return "".join(lines)
