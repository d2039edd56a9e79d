"""A run on one page, in words: how it stands, what is new or better, what to decide, what is unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanner.documents.model import Shortfall, Status
from scanner.judgement.assessment import Severity
from scanner.reports import wording
from scanner.reports.writer import RunSummary
from scanner.store.comparing import Difference
from scanner.store.entry import Audience
from scanner.store.overview import OLD_YEARS, Ground, Overview

# A page has room for so many lines under a heading.
_OWNERS_NAMED = 3
_REASONS_NAMED = 4
_EXAMPLES_NAMED = 3
_PATH_CHARACTERS = 90
# Of these nobody needs to decide anything.
_HARMLESS = {Shortfall.NOT_A_FILE, Shortfall.EMPTY, Shortfall.EXCLUDED}


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline number, what it counts, and how it moved since the run before (empty: not known).

    ``better`` tells whether the move is good news; ``None`` where it did not move.
    """

    amount: str
    label: str
    note: str
    move: str = ""
    better: bool | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that somebody must decide: what, why in a sentence, and who is to be asked."""

    what: str
    why: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a senior information risk owner reads: a verdict, four figures, and lines under four headings."""

    verdict: str
    grave: bool
    figures: tuple[Figure, ...]
    new: tuple[str, ...]
    better: tuple[str, ...]
    decisions: tuple[Decision, ...]
    unread: tuple[str, ...]
    caveats: tuple[str, ...]

    @classmethod
    def of(cls, summary: RunSummary) -> Briefing:
        """The briefing of a run."""
        verdict, grave = _verdict(summary)
        return cls(
            verdict=verdict,
            grave=grave,
            figures=_figures(summary),
            new=_new(summary),
            better=_better(summary),
            decisions=_decisions(summary),
            unread=_unread(summary),
            caveats=_caveats(summary),
        )


def _verdict(summary: RunSummary) -> tuple[str, bool]:
    overview = summary.overview
    published = overview.readable_by(Audience.PUBLIC)
    if overview.exposed:
        open_files = wording.plural(overview.exposed, "sensitive file is", "sensitive files are")
        text = f"{open_files} open to people who have no need of {_them(overview.exposed)}"
        if published == overview.exposed:
            text += ", all published to the world" if published > 1 else ", published to the world"
        elif published:
            text += f", {wording.number(published)} of them published to the world"
        return f"{text}.", True
    if summary.sensitive:
        sensitive = wording.plural(summary.sensitive, "file holds", "files hold")
        unknown = overview.readable_by(Audience.UNKNOWN)
        if unknown:
            return (
                f"{sensitive} sensitive personal data; of {wording.number(unknown)} the system does not say "
                "who can read them.",
                True,
            )
        return f"{sensitive} sensitive personal data; none of them is open to everyone.", False
    if summary.incomplete:
        return "Nothing sensitive was found in what was read. Not everything was read.", False
    return "Nothing sensitive was found, and everything was read.", False


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _figures(summary: RunSummary) -> tuple[Figure, ...]:
    overview, before = summary.overview, summary.overview.previous
    people = sum(summary.people(level) for level in Severity if level >= Severity.MEDIUM)
    critical = overview.exposed_of(Severity.CRITICAL)
    sensitive_move = _move(summary.sensitive, before.sensitive if before else None)
    exposed_move = _move(overview.exposed, before.exposed if before else None)
    people_move = _move(people, before.people if before else None)
    return (
        Figure(
            wording.number(overview.exposed),
            "sensitive and open",
            f"readable by everyone or the public; {wording.number(critical)} critical",
            *exposed_move,
        ),
        Figure(
            wording.number(summary.sensitive),
            "sensitive file" if summary.sensitive == 1 else "sensitive files",
            f"medium severity or above, of {wording.number(summary.totals.enumerated)} met",
            *sensitive_move,
        ),
        Figure(
            wording.number(people),
            "people at least",
            "in sensitive files, counted file by file",
            *people_move,
        ),
        Figure(
            wording.number(summary.not_wholly_read),
            "not wholly read",
            "they may hold personal data" if summary.not_wholly_read else "everything that was met was read",
        ),
    )


def _move(now: int, before: int | None) -> tuple[str, bool | None]:
    """How a number moved since the run before, and whether less is what it became.

    >>> _move(3, 5), _move(5, 3), _move(4, 4), _move(4, None)
    (('2 fewer', True), ('2 more', False), ('no change', None), ('', None))
    """
    if before is None:
        return "", None
    return wording.moved(now, before), None if now == before else now < before


def _new(summary: RunSummary) -> tuple[str, ...]:
    changes = summary.overview.changes
    if changes is None:
        return ("This is the first run over these folders: everything in it is new.",)
    lines = []
    if changes.newly_exposed:
        lines.append(
            f"{wording.plural(changes.newly_exposed, 'sensitive file is', 'sensitive files are')} newly open "
            f"to everyone: {_examples(summary, changes.exposed_examples, changes.newly_exposed)}"
        )
    if inside := changes.sensitive_inside:
        more = "more " if lines else ""
        lines.append(
            f"{wording.plural(inside, f'{more}file is', f'{more}files are')} newly sensitive, not open to "
            f"everyone: {_examples(summary, changes.sensitive_examples, inside)}"
        )
    if lines and not changes.same_rules:
        lines.append("The rules changed since that run: some of these may be new to us, not to the share.")
    return tuple(lines) or ("Nothing new is sensitive or open to everyone.",)


def _better(summary: RunSummary) -> tuple[str, ...]:
    changes = summary.overview.changes
    if changes is None:
        return ("There is nothing to compare with yet.",)
    if not changes.fixed:
        return ("Nothing was fixed since the run before.",)
    lines = [
        f"{wording.plural(count, one, several)}."
        for count, one, several in (
            (
                changes.closed,
                "sensitive file is not open to everyone any more",
                "sensitive files are not open to everyone any more",
            ),
            (changes.removed, "sensitive file was removed", "sensitive files were removed"),
            (
                changes.cleaned,
                "file holds nothing sensitive any more",
                "files hold nothing sensitive any more",
            ),
        )
        if count
    ]
    if not changes.same_rules and changes.cleaned:
        lines.append("The rules changed since that run: some of it may be judged anew, not mended.")
    return tuple(lines)


def _examples(summary: RunSummary, items: Sequence[Difference], whole: int) -> str:
    named = [
        wording.shortened(wording.beneath(item.path, summary.record.roots), _PATH_CHARACTERS)
        for item in items[:_EXAMPLES_NAMED]
    ]
    rest = whole - len(named)
    return ", ".join(named) + (f", and {wording.number(rest)} more." if rest > 0 else ".")


def _decisions(summary: RunSummary) -> tuple[Decision, ...]:
    overview, record = summary.overview, summary.record
    decisions = []
    if published := overview.readable_by(Audience.PUBLIC):
        decisions.append(
            Decision(
                f"Take {_files(published, 'published file')} down today, and find out who has seen "
                f"{_them(published)}.",
                "Personal data in a published folder may be a breach to be reported within 72 hours.",
                "SIRO and Data Protection Officer",
            )
        )
    if inside := overview.exposed - published:
        decisions.append(
            Decision(
                f"Close {_files(inside, 'sensitive file')} that every account can read.",
                "Nobody knows who has read what everyone can read.",
                _owners(overview, "exposed"),
            )
        )
    unread = _undecided(summary)
    if unread:
        decisions.append(
            Decision(
                f"Say who opens {_files(unread, 'object')} that the scan could not read, or accept the risk.",
                "Encrypted, damaged and unknown files may hold anything.",
                "their owners",
            )
        )
    if overview.unowned:
        decisions.append(
            Decision(
                f"Name an information asset owner for {_files(overview.unowned, 'sensitive file')}.",
                "Nobody answers for them.",
                "SIRO",
            )
        )
    if overview.copied_documents:
        surplus = overview.copied_files - overview.copied_documents
        decisions.append(
            Decision(
                f"Choose which copy to keep of {_files(overview.copied_documents, 'sensitive document')}; "
                f"{_files(surplus, 'copy', 'copies')} can go.",
                "Each copy is one more place to lose it from.",
                "those who keep them",
            )
        )
    if overview.old:
        decisions.append(
            Decision(
                f"Decide on the disposal of {_files(overview.old, 'sensitive file')} that nobody changed "
                f"for {OLD_YEARS} years.",
                "Personal data may not be kept longer than it is needed.",
                _owners(overview, "sensitive"),
            )
        )
    if record.errors:
        decisions.append(
            Decision(
                "Have the lost shares mended, and the run resumed.",
                "; ".join(wording.shortened(line, 160) for line in record.errors[:2]),
                "IT",
            )
        )
    return tuple(decisions)


def _files(count: int, one: str, several: str = "") -> str:
    return wording.plural(count, one, several)


def _owners(overview: Overview, figure: str) -> str:
    """Whom to ask, those with the most first."""

    def amount(ground: Ground) -> int:
        return ground.exposed if figure == "exposed" else ground.sensitive

    named = sorted(
        (ground for ground in overview.owners if ground.name and amount(ground)),
        key=lambda ground: (-amount(ground), ground.name),
    )
    words = [wording.shortened(ground.name, 60) for ground in named[:_OWNERS_NAMED]]
    if len(named) > _OWNERS_NAMED:
        words.append(f"{wording.plural(len(named) - _OWNERS_NAMED, 'other')}")
    if unowned := sum(amount(ground) for ground in overview.owners if not ground.name):
        unknown = f"for {_files(unowned, 'file')} nobody is named"
        words.append(f"and {unknown}" if words else f"SIRO, as {unknown}")
    return ", ".join(words)


def _undecided(summary: RunSummary) -> int:
    return sum(
        tally.objects
        for reason, tally in summary.totals.by_shortfall.items()
        if reason not in _HARMLESS and reason is not Shortfall.INTERRUPTED
    )


def _unread(summary: RunSummary) -> tuple[str, ...]:
    if not summary.not_wholly_read:
        return ("Everything that was met was read.",)
    read = summary.objects(Status.INSPECTED)
    share = read / summary.totals.enumerated
    # Not all is never "100 %".
    percent = min(99.9, share * 100)
    lines = [
        f"{wording.number(read)} of {wording.number(summary.totals.enumerated)} objects ({percent:.1f} %) "
        "were read wholly. What is missing may hold personal data."
    ]
    ordered = sorted(summary.totals.by_shortfall.items(), key=lambda item: (-item[1].objects, item[0]))
    named = [f"{wording.number(tally.objects)} {reason.value}" for reason, tally in ordered[:_REASONS_NAMED]]
    rest = sum(tally.objects for _, tally in ordered[_REASONS_NAMED:])
    # Some reasons have a comma of their own.
    lines.append("; ".join(named) + (f"; {wording.number(rest)} for other reasons." if rest else "."))
    return tuple(lines)


def _caveats(summary: RunSummary) -> tuple[str, ...]:
    lines = []
    record = summary.record
    if record.finished is None:
        lines.append("The run has not come to its end: these are the figures so far.")
    elif record.interrupted:
        lines.append("The run did not come to its end: these are the figures of what was done until then.")
    before = summary.overview.previous
    if before and not before.whole:
        lines.append("The run before did not come to its end, so that some of what is new here was there.")
    unknown = summary.overview.readable_by(Audience.UNKNOWN)
    if unknown:
        files = wording.plural(unknown, "sensitive file", "sensitive files")
        lines.append(
            f"Of {files} the system does not say who can read them: nobody knows that they are closed."
        )
    return tuple(lines)
