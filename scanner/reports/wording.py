"""The words of reports: names of kinds, statuses and reasons for people, numbers, sizes, safe text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from scanner.documents import PLAIN_WORDS
from scanner.documents.model import Shortfall, Status
from scanner.inspection.model import LocatedFinding
from scanner.judgement.assessment import Severity
from scanner.store.comparing import Difference, Kind
from scanner.store.entry import Audience, Exposure, displayable

# (one, several), the most telling first; what is missing here is spelled from the type's own name.
KINDS: Mapping[str, tuple[str, str]] = {
    "CHILD_RETURN": ("statutory children's return", "statutory children's returns"),
    "CHILD_FLAG": ("child at risk or in care", "children at risk or in care"),
    "SPECIAL_CATEGORY": ("special category data", "special category data"),
    "UK_NHS": ("NHS number", "NHS numbers"),
    "UK_CHI": ("CHI number", "CHI numbers"),
    "UK_NINO": ("National Insurance number", "National Insurance numbers"),
    "UK_UPN": ("pupil number (UPN)", "pupil numbers (UPN)"),
    "UK_PASSPORT": ("passport number", "passport numbers"),
    "UK_DRIVING_LICENCE": ("driving licence number", "driving licence numbers"),
    "UK_UTR": ("taxpayer reference (UTR)", "taxpayer references (UTR)"),
    "UK_PNC": ("police (PNC) number", "police (PNC) numbers"),
    "UK_CRO_NUMBER": ("criminal record (CRO) number", "criminal record (CRO) numbers"),
    "UK_ARREST_SUMMONS": ("arrest summons number", "arrest summons numbers"),
    "UK_PRISON_NUMBER": ("prison number", "prison numbers"),
    "UK_PROBATION_CRN": ("probation number (CRN)", "probation numbers (CRN)"),
    "UK_DBS_CERTIFICATE": ("DBS certificate", "DBS certificates"),
    "UK_PVG_ID": ("PVG scheme number", "PVG scheme numbers"),
    "UK_HOME_OFFICE_REFERENCE": ("Home Office reference", "Home Office references"),
    "UK_RESIDENCE_PERMIT": ("residence permit", "residence permits"),
    "UK_SHARE_CODE": ("share code", "share codes"),
    "UK_COURT_CASE": ("court case number", "court case numbers"),
    "UK_TEMPORARY_REFERENCE": ("temporary NI reference", "temporary NI references"),
    "UK_CASE_ID": ("case number", "case numbers"),
    "UK_BLUE_BADGE": ("Blue Badge number", "Blue Badge numbers"),
    "UK_BENEFIT_REFERENCE": ("benefit reference", "benefit references"),
    "UK_COUNCIL_TAX_ACCOUNT": ("council tax account", "council tax accounts"),
    "UK_ELECTORAL_NUMBER": ("electoral number", "electoral numbers"),
    "CREDIT_CARD": ("payment card number", "payment card numbers"),
    "UK_BANK_ACCOUNT": ("bank account", "bank accounts"),
    "IBAN": ("IBAN", "IBANs"),
    "UK_ULN": ("learner number (ULN)", "learner numbers (ULN)"),
    "DATE_OF_BIRTH": ("date of birth", "dates of birth"),
    "UK_ADDRESS": ("home address", "home addresses"),
    "PERSON": ("name", "names"),
    "PHONE": ("telephone number", "telephone numbers"),
    "EMAIL": ("email address", "email addresses"),
    "UK_VEHICLE_REGISTRATION": ("vehicle registration", "vehicle registrations"),
    "UK_UPRN": ("property number (UPRN)", "property numbers (UPRN)"),
    "UK_POSTCODE": ("postcode", "postcodes"),
    "UK_COMPANY_NUMBER": ("company number", "company numbers"),
    "UK_VAT_NUMBER": ("VAT number", "VAT numbers"),
}
# Types that are not in the table are identifiers of their own: they stand before dates, addresses and names.
_UNNAMED_RANK = tuple(KINDS).index("DATE_OF_BIRTH") - 0.5
_RANKS = {entity_type: rank for rank, entity_type in enumerate(KINDS)}

STATUSES: Mapping[Status, str] = {
    Status.INSPECTED: "inspected",
    Status.PARTIAL: "inspected in part",
    Status.NOT_INSPECTED: "not inspected",
    Status.ENCRYPTED: "encrypted",
}

# The same for counts of files of one format, in the order in which they stand side by side.
FORMAT_COLUMNS: Mapping[Status, str] = {
    Status.INSPECTED: "Read",
    Status.PARTIAL: "Partly read",
    Status.ENCRYPTED: "Encrypted",
    Status.NOT_INSPECTED: "Unreadable",
}

# Who can read a file, for people.
AUDIENCES: Mapping[Audience, str] = {
    Audience.OWNER: "its owner",
    Audience.UNKNOWN: "unknown",
    Audience.GROUP: "a group",
    Audience.EVERYONE: "everyone",
    Audience.PUBLIC: "the public",
}

# What each severity is about, after the default policy.
MEANINGS: Mapping[Severity, str] = {
    Severity.CRITICAL: "A child at risk or in care, somebody in danger, strong identifiers of many people.",
    Severity.HIGH: "Strong identifiers, health or other special categories, offences, or very many people.",
    Severity.MEDIUM: "Somebody with date of birth and address, a bank account, a debt, an accusation.",
    Severity.LOW: "A few people's ordinary contact details about something trivial.",
    Severity.NONE: "Read, and nothing personal in it but what is public or belongs to a role.",
}

# What a reader of the report can do about each reason for which something was not read.
ADVICE: Mapping[Shortfall, str] = {
    Shortfall.ENCRYPTED: "Needs a password. Ask its owner what is in it; do not take it for harmless.",
    Shortfall.DAMAGED: "Broken or cut off. Open it by hand, or restore it from a backup.",
    Shortfall.EMPTY: "Holds no bytes at all.",
    Shortfall.UNKNOWN_KIND: "The content is of no kind that we know. Ask its owner.",
    Shortfall.UNSUPPORTED_KIND: "We know what it is but cannot read it. Look at it by hand.",
    Shortfall.NEEDS_OCR: "Pictures of text, such as scans. Switch on limits.ocr, or look at them by hand.",
    Shortfall.TOO_LARGE: "Larger than the configured limit. Raise the limit and scan it alone.",
    Shortfall.LIMIT: "Reading stopped at a limit; what came before it was inspected.",
    Shortfall.PARSER_STOPPED: "The reader failed or took too long and was stopped. Look at it by hand.",
    Shortfall.NO_PERMISSION: "The account that ran the scan may not read it. Give it leave, then scan again.",
    Shortfall.VANISHED: "Moved or deleted during the scan. Scan again.",
    Shortfall.NOT_A_FILE: "A link, pipe or device: nothing to read.",
    Shortfall.IO_ERROR: "The disk or the network failed. Check it, then scan again.",
    Shortfall.EXCLUDED: "Left out on purpose by the configuration.",
    Shortfall.INTERRUPTED: "The scan was stopped before it came to this. Scan again.",
}


def kind(entity_type: str, count: int = 1) -> str:
    """What a person calls an entity type, in the number of ``count``.

    >>> kind("UK_NHS"), kind("UK_NHS", 2), kind("LIBRARY_CARD", 3)
    ('NHS number', 'NHS numbers', 'library card (3)')
    """
    if entity_type in KINDS:
        return KINDS[entity_type][count != 1]
    plain = printable(entity_type.removeprefix("UK_").replace("_", " ").lower())
    return plain if count == 1 else f"{plain} ({number(count)})"


def kinds(counts: Mapping[str, int]) -> str:
    """The kinds of a file with their numbers, the most telling first.

    >>> kinds({"PERSON": 12, "UK_NHS": 11, "LIBRARY_CARD": 1})
    '11 NHS numbers, library card, 12 names'
    """
    ordered = sorted(counts, key=telling)
    return ", ".join(
        _counted(entity_type, counts[entity_type]) for entity_type in ordered if counts[entity_type]
    )


def telling(entity_type: str) -> tuple[float, str]:
    """Sorts entity types, the most telling first."""
    return _RANKS.get(entity_type, _UNNAMED_RANK), entity_type


def _counted(entity_type: str, count: int) -> str:
    return f"{number(count)} {kind(entity_type, count)}" if entity_type in KINDS else kind(entity_type, count)


def exposure(value: Exposure) -> str:
    """Who can read a file and who answers for it, in a few words; empty where nothing is known.

    >>> exposure(Exposure(Audience.EVERYONE, "jbrown", asset_owner="Head of Housing"))
    'readable by everyone, owner jbrown, information asset owner Head of Housing'
    """
    parts = []
    if value.audience is not Audience.UNKNOWN:
        parts.append(f"readable by {AUDIENCES[value.audience]}")
    if value.owner:
        parts.append(f"owner {printable(value.owner)}")
    if value.asset_owner:
        parts.append(f"information asset owner {printable(value.asset_owner)}")
    return ", ".join(parts)


def change(item: Difference, fixed: str = "") -> str:
    """What happened to a file between two runs, in a few words; ``fixed`` says how it was mended."""
    before, after = item.before, item.after
    words = {
        "closed": "not open to everyone any more",
        "removed": "removed",
        "cleaned": "nothing sensitive in it any more",
    }.get(fixed, "")
    if not words:
        words = {Kind.NEW: "new", Kind.GONE: "gone", Kind.MOVED: "moved"}.get(item.kind, "changed")
        opened = before is not None and after is not None and before.audience < after.audience
        if opened and item.kind is Kind.CHANGED and before is not None:
            words = f"opened: it was readable by {AUDIENCES[before.audience]}"
    if item.moved_from:
        words += f", moved from {shortened(item.moved_from, 160)}"
    if after is not None and after.audience is not Audience.UNKNOWN:
        words += f"; readable by {AUDIENCES[after.audience]}"
    return words


def number(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}"


def moved(now: int, before: int) -> str:
    """How a number moved.

    >>> moved(3, 5), moved(5, 3), moved(4, 4)
    ('2 fewer', '2 more', 'no change')
    """
    if now == before:
        return "no change"
    return f"{number(abs(now - before))} {'fewer' if now < before else 'more'}"


def plural(count: int, one: str, several: str = "") -> str:
    """A count with its noun.

    >>> plural(1, "file"), plural(2400, "file"), plural(0, "person", "people")
    ('1 file', '2,400 files', '0 people')
    """
    return f"{number(count)} {one if count == 1 else several or one + 's'}"


def interval(low: int, high: int) -> str:
    """How many people, for a column of numbers.

    >>> interval(3, 3), interval(3, 5)
    ('3', '3 to 5')
    """
    return number(low) if low >= high else f"{number(low)} to {number(high)}"


def people(low: int, high: int) -> str:
    """How many people, as an interval where it is one.

    >>> people(3, 3), people(3, 5), people(0, 0)
    ('3 people', '3 to 5 people', 'no person')
    """
    if high <= 0:
        return "no person"
    return plural(low, "person", "people") if low >= high else f"{interval(low, high)} people"


def size(count: int) -> str:
    """Bytes in the unit that suits them (powers of 1,000).

    >>> size(0), size(999), size(1_500_000)
    ('0 bytes', '999 bytes', '1.5 MB')
    """
    if count < 1000:
        return plural(count, "byte")
    amount = float(count)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:,.1f} TB"


def duration(seconds: float) -> str:
    """How long something took.

    >>> duration(0.4), duration(75), duration(7_260)
    ('under a second', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 1:
        return "under a second"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
    )


def moment(seconds: float) -> str:
    """A point in time (seconds since 1970) in UTC, for people; "unknown" where no calendar has it."""
    try:
        when = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return "unknown"
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def night(seconds: float) -> str:
    """When a run began (seconds since 1970), in UTC and short, for the rows of a chart."""
    try:
        when = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return "unknown"
    return f"{when.day} {when:%b %Y %H:%M}"


def printable(text: str) -> str:
    """Text without characters that steer terminals, hide, or turn the direction of writing."""
    return displayable(text.encode("utf-8", "surrogatepass"))


def shortened(text: str, limit: int) -> str:
    """Printable text of at most about ``limit`` characters, cut in the middle and saying so.

    >>> shortened("abcdefghij" * 3, 12)
    'abcdef … (30 characters) … efghij'
    """
    if len(text) <= limit:
        return printable(text)
    half = limit // 2
    return f"{printable(text[:half])} … ({number(len(text))} characters) … {printable(text[-half:])}"


def beneath(path: str, roots: Sequence[str]) -> str:
    """The path as seen from the scanned folder, where there is just one; else the whole path.

    >>> beneath("/srv/share/HR/a.txt", ["/srv/share/"]), beneath("/srv/b.txt", ["/srv/share", "/srv/b.txt"])
    ('HR/a.txt', '/srv/b.txt')
    """
    if len(roots) != 1:
        return path
    return path.removeprefix(roots[0].rstrip("/") + "/") or path


def shown(finding: LocatedFinding) -> str:
    """The finding's mask, or its real value where the run was asked to show values."""
    return finding.masked if finding.value is None else finding.value


def unlisted(counts: Mapping[str, int], listed: int) -> int:
    """How many findings are counted for a file but not listed with it."""
    return max(0, sum(counts.values()) - listed)


def formats(by_format: Mapping[str, Mapping[Status, int]]) -> list[tuple[str, Mapping[Status, int]]]:
    """Formats in words with their counts, the commonest first; what was never opened has its own name.

    >>> [name for name, _ in formats({"vsd": {}, "docx": {}, "": {}})]
    ['not opened', 'docx', 'Visio drawing']
    """
    ordered = sorted(by_format.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return [(PLAIN_WORDS.get(name, name) or "not opened", counts) for name, counts in ordered]
