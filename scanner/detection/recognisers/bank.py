"""Bank details: a sort code with its account number, or either alone behind its label."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rules.bank import BankRule
from scanner.detection.context import COUNTER, ContextOfView, Nearness
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.ownership import ORGANISATION, owned_by_organisation
from scanner.detection.payment_files import RECORD, pays_a_person
from scanner.detection.scan import CandidateScan
from scanner.detection.view import View
from scanner.text import words_apart

ENTITY = "UK_BANK_ACCOUNT"
SORT, ACCOUNT, BANK = "bank-sort", "bank-account", "bank"

_NUMBERS = re.compile(
    r"(?<![\d\-£$#])(?<!\d\.)(?<!\D\d/)(?:(?P<joined>\d{2}(?P<mark>[ \-.]?)\d{2}(?P=mark)\d{2} ?[\-–] ?\d{8})"
    r"|(?P<boxed>\d(?: \d){7}(?! ?\d)|\d \d(?: ?- ?\d \d){2}(?! ?\d))"
    r"|(?P<sort>\d{2}(?P<gap>[ \-.]|[ ]-[ ])\d{2}(?P=gap)\d{2})"
    r"|(?P<glued>\d{14})|(?P<account>\d{8}|\d{4} \d{4})|(?P<six>\d{6})"
    r"|(?P<short>\d{5}|\d{7}))(?![\d\-:]|\.\d|/\d{1,4}(?!\d))"
)
# What heads the columns of a table of accounts that are no bank's: rents, rates, loans of books, meters.
_OTHER_ACCOUNTS = re.compile(
    r"arrears|liable|balance|stage|rent|tenan|council ?tax|ctax|debt|instal|summons|liability|meter|"
    r"borrower|overdue|"
    r"fines?\b|tariff|reading|consumption|premises|property|charge|band\b",
    re.IGNORECASE,
)
# Two of these head the columns of a ledger: its accounts are codes of what money is spent on.
_LEDGER = re.compile(
    r"\b(?:dr|cr|debits?|credits?|journal|jnl|period|nominal|ledger|subjective|narrative|"
    r"cost ?cent(?:re|er))\b",
    re.IGNORECASE,
)
_SORT_CODES = re.compile(r"\bsort|\bs/?c\b", re.IGNORECASE)
_SORT_HEADER = re.compile(r"sort|\bs/?c\b|bank|bacs|iban|payee", re.IGNORECASE)
# What forms and guidance print in place of a number.
_PLACEHOLDERS = frozenset(["123456", "12345678", "87654321", "654321", "12345612345678"])
# What nothing else looks like: a sort code with its marks, no date, and eight digits right behind it.
_BARE_PAIR = rb"\b[0-9]{2}-[0-9]{2}-[0-9]{2}[ ,/;:|\t]{1,8}[0-9]{8}\b"
# Sort code and account number of one pair stand within this many characters (uk_identifiers 2.13).
_PAIR_GAP = 60


@dataclass(frozen=True, slots=True)
class _Number:
    kind: str
    start: int
    end: int


def bank_phrases(rule: BankRule) -> list[tuple[str, str]]:
    """Context phrases and their tags, for the shared context index."""
    groups = (
        (rule.sort_code, SORT),
        (rule.account, ACCOUNT),
        (rule.context, BANK),
        (rule.organisation, ORGANISATION),
    )
    pairs = [(phrase, tag) for phrases, tag in groups for phrase in phrases]
    pairs += [(phrase, f"{COUNTER}:{tag}") for phrase in rule.counter for tag in (SORT, ACCOUNT)]
    return pairs


class BankRecogniser:
    """Pairs of sort code and account number, and either alone where it is labelled.

    Where the words around say that the account is a firm's or the council's own, it is of no account:
    the finding stays below what is reported, with the note ``organisation``.
    """

    name = "bank"
    entity_types = (ENTITY,)

    def __init__(self) -> None:
        self._scan = CandidateScan({"payment": RECORD, "bare": _BARE_PAIR})
        self.programs = self._scan.programs

    def recognise(self, view: View) -> list[Finding]:
        """Findings in ``view``; beside payment files nothing is looked for where no bank word stands."""
        written = self._written(view)
        return self._payments(view) + written + self._bare(view, written)

    def _payments(self, view: View) -> list[Finding]:
        evidence = (Evidence(EvidenceKind.PATTERN, "record of a payment file"),)
        return [
            Finding(ENTITY, start, start + 14, 0.9, "bank-payment-file", evidence)
            for start, end in self._scan.spans(view, "payment")
            if pays_a_person(view.text[start:end])
        ]

    def _bare(self, view: View, written: list[Finding]) -> list[Finding]:
        """Pairs beside which no word speaks of a bank, outside what is already read."""
        taken = {finding.start for finding in written}
        findings: list[Finding] = []
        for start, end in self._scan.spans(view, "bare"):
            text = view.text[start:end]
            digits = re.sub(r"\D", "", text)
            if start in taken or _DAY.match(text) or digits in _PLACEHOLDERS or len(set(digits[6:])) == 1:
                continue
            against = any(
                view.context.of(tag, start, end).nearness is Nearness.AGAINST for tag in (SORT, ACCOUNT)
            )
            if _GOODS.search(view.text, max(0, start - 24), start):
                continue
            if against or view.text[max(0, start - 1) : start] in ("-", "/", ".", "£"):
                continue
            evidence = (Evidence(EvidenceKind.PATTERN, "sort code with account number, no word beside it"),)
            parts = [(start, end)]
            if _COLUMNS.search(text) or view.layout.field_at(start) != view.layout.field_at(end - 1):
                parts = [(start, start + 8), (end - 8, end)]
            pair = [Finding(ENTITY, first, last, 0.6, "bank-pair", evidence) for first, last in parts]
            findings += self._with_owner(view, pair)
        return findings

    def _written(self, view: View) -> list[Finding]:
        context = view.context
        said = any(hit.payload.tags & {SORT, ACCOUNT, BANK} for hit in context.hits)
        if not (said or view.labelled):
            return []
        numbers = _bank_numbers(view.text)
        findings: list[Finding] = []
        used: set[int] = set()
        for index, first in enumerate(numbers):
            if index in used:
                continue
            second = numbers[index + 1] if index + 1 < len(numbers) else None
            pair = self._pair(view, context, first, second)
            if pair is not None and second is not None:
                used.add(index + 1)
                findings += self._with_owner(view, pair)
                continue
            alone = self._alone(view, context, first)
            if alone is not None:
                findings += self._with_owner(view, [alone])
        return findings

    def _pair(
        self, view: View, context: ContextOfView, first: _Number, second: _Number | None
    ) -> list[Finding] | None:
        if second is None or second.start - first.end > _PAIR_GAP:
            return None
        sort, account = (first, second) if first.kind in ("sort", "six") else (second, first)
        if sort.kind not in ("sort", "six") or account.kind not in ("account", "short", "six"):
            return None
        if account.kind == "short" and account.end - account.start != 7:
            return None
        sort_near = context.of(SORT, sort.start, sort.end)
        account_near = context.of(ACCOUNT, account.start, account.end)
        if Nearness.AGAINST in (sort_near.nearness, account_near.nearness):
            return None
        bank_near = context.of(BANK, sort.start, account.end)
        labelled = Nearness.LABEL in (sort_near.nearness, account_near.nearness)
        touching = second.start - first.end <= 3 and bank_near.nearness >= Nearness.LINE
        # Seven digits: a building society's, or a bank's with its leading zero lost.
        whole = account.kind == "account" or (account.kind == "short" and touching)
        written = (sort.kind == "sort" or touching) and whole
        if not (
            labelled
            or (written and max(sort_near, account_near, bank_near, key=lambda c: c.nearness).nearness > 0)
        ):
            return None
        if not written and not labelled:
            return None
        confidence = 0.92 if labelled else 0.78
        evidence = (
            Evidence(EvidenceKind.PATTERN, "sort code with account number"),
            Evidence(
                EvidenceKind.LABEL if labelled else EvidenceKind.CONTEXT,
                sort_near.phrase or account_near.phrase or bank_near.phrase,
            ),
        )
        between = view.text[first.end : second.start]
        one_cell = view.layout.field_at(first.start) == view.layout.field_at(second.start)
        if not one_cell or any(character == "\n" or character.isalpha() for character in between):
            return [
                Finding(ENTITY, number.start, number.end, confidence, "bank-pair", evidence)
                for number in (first, second)
            ]
        return [Finding(ENTITY, first.start, second.end, confidence, "bank-pair", evidence)]

    def _alone(self, view: View, context: ContextOfView, number: _Number) -> Finding | None:
        sort_near = context.of(SORT, number.start, number.end)
        account_near = context.of(ACCOUNT, number.start, number.end)
        if number.kind in ("sort", "six") and sort_near.nearness is Nearness.LABEL:
            evidence = Evidence(EvidenceKind.LABEL, sort_near.phrase)
            return Finding(ENTITY, number.start, number.end, 0.7, "bank-sort-code", (evidence,))
        if number.kind == "glued":
            bank = context.of(BANK, number.start, number.end).nearness > Nearness.NONE
            if not bank or _is_timestamp(view.text[number.start : number.end]):
                return None
            evidence = Evidence(EvidenceKind.CONTEXT, "sort code and account number without a gap")
            return Finding(ENTITY, number.start, number.end, 0.6, "bank-pair", (evidence,))
        if number.kind == "joined":
            near = [context.of(tag, number.start, number.end) for tag in (SORT, ACCOUNT, BANK)]
            said = max(near, key=lambda found: found.nearness)
            if said.nearness <= Nearness.NONE or any(found.nearness is Nearness.AGAINST for found in near):
                return None
            evidence = Evidence(EvidenceKind.CONTEXT, said.phrase)
            return Finding(ENTITY, number.start, number.end, 0.78, "bank-pair", (evidence,))
        in_column = view.layout.field_at(number.start) is not None
        # Numbers lose their leading zeros in a sheet: one, or two where sort codes stand beside them.
        short = number.kind == "short" and in_column and number.end - number.start == 7
        short = short or (number.kind == "six" and in_column and _beside_sort_codes(view, number))
        if short and sort_near.nearness is Nearness.LABEL:
            return None
        if (number.kind == "account" or short) and account_near.nearness is Nearness.LABEL:
            if _of_another_kind(view, number):
                return None
            bank = (
                context.of(BANK, number.start, number.end).nearness > 0
                or context.of(SORT, number.start, number.end).nearness > 0
            )
            exact = account_near.phrase.endswith((" number", " no", " num", " nr", " account"))
            if not exact and not bank:
                return None
            evidence = Evidence(EvidenceKind.LABEL, account_near.phrase)
            return Finding(
                ENTITY, number.start, number.end, 0.8 if bank else 0.6, "bank-account-number", (evidence,)
            )
        lost_zero = number.kind == "short" and in_column and number.end - number.start == 5
        if lost_zero and sort_near.nearness is Nearness.LABEL:
            evidence = Evidence(EvidenceKind.LABEL, sort_near.phrase)
            return Finding(ENTITY, number.start, number.end, 0.5, "bank-sort-code", (evidence,))
        return None

    def _with_owner(self, view: View, findings: list[Finding]) -> list[Finding]:
        """Lower what belongs to a firm or a public body; the numbers of one pair have one owner."""
        if not all(owned_by_organisation(view, finding.start, finding.end) for finding in findings):
            return findings
        counter = Evidence(EvidenceKind.COUNTER, "account of an organisation")
        return [
            replace(finding, confidence=0.3, note="organisation", evidence=(*finding.evidence, counter))
            for finding in findings
        ]


def _bank_numbers(text: str) -> list[_Number]:
    """Every number that may be a sort code or an account number, in order; no placeholders."""
    numbers: list[_Number] = []
    for match in _NUMBERS.finditer(text):
        kind = match.lastgroup or ""
        if kind == "gap":
            kind = "sort"
        elif kind == "boxed":
            kind = "sort" if "-" in match.group() else "account"
        digits = re.sub(r"\D", "", match.group())
        if len(set(digits)) > 1 and digits not in _PLACEHOLDERS:
            numbers.append(_Number(kind, *match.span()))
    return numbers


_GOODS = re.compile(
    r"\b(?:lot|part|item|stock|sku|code|ref|order|batch|serial|bin|drawing|version|model|job|ticket)\b", re.I
)
_COLUMNS = re.compile(r"[|\t;]| {2}")
# Two digits that may be a day and two that may be a month.
_DAY = re.compile(r"(?:0[1-9]|[12]\d|3[01])-(?:0[1-9]|1[0-2])-")


def _of_another_kind(view: View, number: _Number) -> bool:
    """Whether the number stands in a table of rents, taxes or the like, in which nothing speaks of a bank."""
    record = view.layout.record_at(number.start)
    if record is None or record.table is None:
        return False
    labels = [field.label for field in record.fields]
    if any(_SORT_HEADER.search(label) for label in labels):
        return False
    ledger = sum(_LEDGER.search(label) is not None for label in labels) >= 2
    return ledger or any(_OTHER_ACCOUNTS.search(label) for label in labels)


def _beside_sort_codes(view: View, number: _Number) -> bool:
    record = view.layout.record_at(number.start)
    if record is None or record.table is None:
        return False
    return any(_SORT_CODES.search(words_apart(field.label)) for field in record.fields)


def _is_timestamp(digits: str) -> bool:
    """Whether fourteen digits begin like a day of this or the last century."""
    return digits[:2] in ("19", "20") and "01" <= digits[4:6] <= "12" and "01" <= digits[6:8] <= "31"
