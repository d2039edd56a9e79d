"""The report as one self-contained web page: works offline, prints, needs no script to be read."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from scanner.documents.model import Status
from scanner.inspection.model import LocatedFinding
from scanner.judgement.assessment import Severity
from scanner.reports import wording
from scanner.reports.briefing import Briefing
from scanner.reports.writer import FOLDERS_SHOWN, RunSummary
from scanner.store.comparing import Difference, Kind
from scanner.store.entry import Audience, FolderTally, LedgerEntry
from scanner.store.overview import Changes, Copies, Ground, how_fixed

# A browser stays quick with a thousand cards; the page says how many there are and where the others stand.
FILES_SHOWN = 1_000
# Enough to see what sort of file it is; the number of those not listed is shown.
FINDINGS_SHOWN = 20
UNREAD_SHOWN = 500
HIDDEN_SHOWN = 100
# The rest unfolds.
KINDS_SHOWN = 12
# Longer names are cut in the middle and say so: a name of a megabyte must not push everything else away.
_NAME_LIMIT = 240
_TEXT_LIMIT = 400
_SENSITIVE = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
_OPEN_TO = {Audience.EVERYONE: "open to everyone", Audience.PUBLIC: "published"}
_CHANGED = {
    Kind.NEW: "new",
    Kind.GONE: "gone",
    Kind.LEFT_OUT: "not scanned any more",
    Kind.MOVED: "moved",
    Kind.CHANGED: "changed",
}


@dataclass(frozen=True, slots=True)
class _Bar:
    """One stretch of a bar: its colour class, where it begins and how wide it is, in per cent."""

    name: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a chart: a label, its numbers as text, its bar."""

    label: str
    numbers: tuple[str, ...]
    bars: tuple[_Bar, ...]
    name: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _FoundLine:
    kind: str
    value: str
    location: str
    hidden: str
    confidence: str


@dataclass(frozen=True, slots=True)
class _File:
    """A file as the list shows it."""

    severity: Severity
    folder: str
    parent: str
    name: str
    status: str
    reason: str
    facts: tuple[str, ...]
    what: str
    people: int
    reasons: tuple[str, ...]
    findings: tuple[_FoundLine, ...]
    unlisted: int
    kinds: tuple[str, ...]
    hidden: tuple[str, ...]
    open: str


@dataclass(frozen=True, slots=True)
class _Unread:
    status: str
    path: str
    reason: str
    size: str


@dataclass(frozen=True, slots=True)
class _Change:
    """A file that is not as it was."""

    word: str
    path: str
    what: str


@dataclass(frozen=True, slots=True)
class _Copied:
    """A document that lies in several places."""

    word: str
    count: str
    open: str
    facts: str
    places: tuple[str, ...]
    more: str


@dataclass(slots=True)
class _Picked:
    """What one pass over the entries keeps: bounded lists, and counts of everything."""

    files: list[_File] = field(default_factory=list)
    files_total: int = 0
    unread: list[_Unread] = field(default_factory=list)
    unread_total: int = 0
    hidden: Counter[str] = field(default_factory=Counter)
    hidden_files: list[_File] = field(default_factory=list)
    hidden_files_total: int = 0


def write(summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
    """Write the page; memory is bounded by what the page shows, however many entries there are."""
    picked = _pick(entries, summary.record.roots)
    style, script = _part("report.css"), _part("report.js")
    record, overview = summary.record, summary.overview
    changes = overview.changes
    pieces = (
        _pages()
        .get_template("report.html")
        .generate(
            style=Markup(style),  # noqa: S704  our own file, and the policy below lets no other style in
            script=Markup(script),  # noqa: S704  as above
            policy=(
                f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
                "base-uri 'none'; form-action 'none'"
            ),
            summary=summary,
            roots=[wording.shortened(root, _NAME_LIMIT) for root in record.roots],
            started=wording.moment(record.started),
            took=wording.duration(record.finished - record.started) if record.finished is not None else "",
            severities=_severity_rows(summary),
            whole=_whole(summary),
            briefing=Briefing.of(summary),
            audiences=_audience_rows(summary),
            nights=_night_rows(summary),
            owners=_owner_rows(overview.owners[:FOLDERS_SHOWN]) if summary.sensitive else [],
            owners_total=len(overview.owners),
            changes=changes,
            changed_since=wording.moment(changes.since) if changes else "",
            change_counts=[(_CHANGED[kind], count) for kind, count in changes.kinds.items()]
            if changes
            else [],
            change_rows=_change_rows(changes, record.roots) if changes else {},
            copies=[_copied(item, record.roots) for item in overview.copies],
            folders=_folder_rows(summary.folders, overview.departments, record.roots),
            kinds=_kind_rows(summary),
            shortfalls=_shortfall_rows(summary),
            formats=_format_rows(summary),
            format_columns=tuple(wording.FORMAT_COLUMNS.values()),
            statuses=[(wording.STATUSES[status], summary.objects(status)) for status in Status],
            picked=picked,
            filter_folders=sorted({file.folder for file in picked.files}),
            filter_kinds=sorted({name for file in picked.files for name in file.kinds}),
            number=wording.number,
            plural=wording.plural,
            size=wording.size,
            levels=[level for level in reversed(Severity) if level is not Severity.NONE],
            meanings=wording.MEANINGS,
            kinds_shown=KINDS_SHOWN,
        )
    )
    for piece in pieces:
        stream.write(piece)


def _pick(entries: Iterable[LedgerEntry], roots: Sequence[str]) -> _Picked:
    picked = _Picked()
    for entry in entries:
        if entry.status is not Status.INSPECTED:
            picked.unread_total += 1
            if len(picked.unread) < UNREAD_SHOWN:
                picked.unread.append(_unread(entry, roots))
        hidden = Counter(wording.printable(item.hidden) for item in entry.findings if item.hidden)
        if entry.severity is Severity.NONE:
            continue
        picked.files_total += 1
        picked.hidden.update(hidden)
        picked.hidden_files_total += bool(hidden)
        listed = len(picked.files) < FILES_SHOWN
        hides = bool(hidden) and len(picked.hidden_files) < HIDDEN_SHOWN
        if listed or hides:
            file = _file(entry, hidden, roots)
            if listed:
                picked.files.append(file)
            if hides:
                picked.hidden_files.append(file)
    return picked


def _file(entry: LedgerEntry, hidden: Counter[str], roots: Sequence[str]) -> _File:
    parent, slash, name = wording.beneath(entry.path, roots).rpartition("/")
    findings = _assorted(entry.findings, FINDINGS_SHOWN)
    return _File(
        severity=entry.severity,
        folder=wording.shortened(entry.folder, _NAME_LIMIT) or "(top folder)",
        parent=wording.shortened(parent + slash, _NAME_LIMIT),
        name=wording.shortened(name, _NAME_LIMIT),
        status="" if entry.status is Status.INSPECTED else wording.STATUSES[entry.status],
        reason=wording.shortened(entry.reason, _TEXT_LIMIT),
        facts=(
            wording.people(entry.people.low, entry.people.high),
            wording.printable(entry.kind),
            wording.size(entry.size),
            f"changed {wording.moment(entry.mtime)}",
            *filter(None, [wording.exposure(entry.exposure)]),
        ),
        what=wording.kinds(entry.counts),
        people=entry.people.low,
        reasons=tuple(wording.shortened(reason.text, _TEXT_LIMIT) for reason in entry.reasons),
        findings=tuple(_line(finding, name) for finding in findings),
        unlisted=wording.unlisted(entry.counts, len(findings)),
        kinds=tuple(sorted(wording.kind(entity_type) for entity_type in entry.counts)),
        hidden=tuple(f"{wording.number(count)} in {where}" for where, count in hidden.most_common()),
        open=_OPEN_TO[entry.exposure.audience] if entry.exposed else "",
    )


def _assorted(findings: Sequence[LocatedFinding], count: int) -> list[LocatedFinding]:
    """At most ``count`` findings of as many kinds as there are, kind by kind, hidden ones first."""
    by_kind: dict[str, list[LocatedFinding]] = {}
    for finding in sorted(findings, key=lambda item: (wording.telling(item.entity_type), not item.hidden)):
        by_kind.setdefault(finding.entity_type, []).append(finding)
    taken = dict.fromkeys(by_kind, 0)
    left = min(count, len(findings))
    while left:
        for entity_type, group in by_kind.items():
            if left and taken[entity_type] < len(group):
                taken[entity_type] += 1
                left -= 1
    return [finding for entity_type, group in by_kind.items() for finding in group[: taken[entity_type]]]


def _line(finding: LocatedFinding, name: str) -> _FoundLine:
    return _FoundLine(
        kind=wording.kind(finding.entity_type),
        value=wording.shortened(wording.shown(finding), _TEXT_LIMIT),
        location=wording.shortened(finding.location.removeprefix(f"{name} > "), _TEXT_LIMIT),
        hidden=wording.printable(finding.hidden),
        confidence=f"{finding.confidence:.0%}",
    )


def _unread(entry: LedgerEntry, roots: Sequence[str]) -> _Unread:
    return _Unread(
        status=wording.STATUSES[entry.status],
        path=wording.shortened(wording.beneath(entry.path, roots), _NAME_LIMIT),
        reason=wording.shortened(entry.reason, _TEXT_LIMIT),
        size=wording.size(entry.size),
    )


def _stacked(parts: Sequence[tuple[str, int]], whole: int) -> tuple[_Bar, ...]:
    """Stretches side by side; ``whole`` is what 100 per cent stand for."""
    bars, start = [], 0.0
    for name, count in parts:
        if count and whole:
            width = 100 * count / whole
            bars.append(_Bar(name, round(start, 3), round(width, 3)))
            start += width
    return tuple(bars)


def _severity_rows(summary: RunSummary) -> list[_Row]:
    counts = [(level.word, summary.files(level), summary.people(level)) for level in reversed(Severity)]
    most = max([count for _, count, _ in counts] + [_not_read(summary), 1])
    rows = [
        _Row(word, (wording.number(count), wording.number(people)), _stacked([(word, count)], most), word)
        for word, count, people in counts
    ]
    unread = _not_read(summary)
    return [
        *rows,
        _Row(
            "not read",
            (wording.number(unread), "unknown"),
            _stacked([("unread", unread)], most),
            "unread",
        ),
    ]


def _whole(summary: RunSummary) -> tuple[_Bar, ...]:
    parts = [(level.word, summary.files(level)) for level in reversed(Severity)]
    return _stacked([*parts, ("unread", _not_read(summary))], summary.totals.enumerated)


def _not_read(summary: RunSummary) -> int:
    return summary.objects(Status.NOT_INSPECTED) + summary.objects(Status.ENCRYPTED)


def _level_row(label: str, parts: Sequence[tuple[str, int]], most: int, *more: int) -> _Row:
    numbers = (*(count for _, count in parts), sum(count for _, count in parts), *more)
    return _Row(label, tuple(wording.number(count) for count in numbers), _stacked(parts, most))


def _audience_rows(summary: RunSummary) -> list[_Row]:
    overview = summary.overview
    most = max([overview.readable_by(audience) for audience in Audience])
    return [
        _level_row(
            wording.AUDIENCES[audience],
            [(level.word, overview.by_exposure.get((audience, level), 0)) for level in _SENSITIVE],
            most,
        )
        for audience in reversed(Audience)
        if overview.readable_by(audience)
    ]


def _night_rows(summary: RunSummary) -> list[_Row]:
    nights = summary.overview.nights
    most = max([night.sensitive for night in nights] + [1])
    return [
        _level_row(
            wording.night(night.started),
            [(level.word, night.by_severity.get(level, 0)) for level in _SENSITIVE],
            most,
            night.exposed,
        )
        for night in nights
    ]


def _owner_rows(owners: Sequence[Ground]) -> list[_Row]:
    most = max([owner.sensitive for owner in owners] + [1])
    return [
        _Row(
            wording.shortened(owner.name, _NAME_LIMIT) or "(nobody named)",
            tuple(
                wording.number(count)
                for count in (
                    owner.exposed, owner.critical, owner.high, owner.medium, owner.people, owner.unread,
                )
            ),
            _stacked([(level.word, getattr(owner, level.word)) for level in _SENSITIVE], most),
        )
        for owner in owners
    ]  # fmt: skip


def _change_rows(changes: Changes, roots: Sequence[str]) -> dict[str, list[_Change]]:
    return {
        name: [_change(item, roots, fixed=name == "fixed") for item in items]
        for name, items in (
            ("exposed", changes.exposed_examples),
            ("sensitive", changes.sensitive_examples),
            ("fixed", changes.fixed_examples),
        )
    }


def _change(item: Difference, roots: Sequence[str], *, fixed: bool) -> _Change:
    standing = item.before if fixed else item.after
    return _Change(
        word=standing.severity.word if standing else "none",
        path=wording.shortened(wording.beneath(item.path, roots), _NAME_LIMIT),
        what=wording.change(item, how_fixed(item) if fixed else ""),
    )


def _copied(item: Copies, roots: Sequence[str]) -> _Copied:
    more = item.files - len(item.places)
    return _Copied(
        word=item.severity.word,
        count=wording.plural(item.files, "place"),
        open=f"{wording.number(item.exposed)} open to everyone" if item.exposed else "",
        facts=f"{wording.people(item.people, item.people)} · {wording.size(item.size)} each",
        places=tuple(wording.shortened(wording.beneath(path, roots), _NAME_LIMIT) for path in item.places),
        more=wording.number(more) if more > 0 else "",
    )


def _folder_rows(
    folders: Sequence[FolderTally], departments: Sequence[Ground], roots: Sequence[str]
) -> list[_Row]:
    exposed = {ground.name: ground.exposed for ground in departments}
    # What is open comes first, whatever else there is.
    folders = sorted(folders, key=lambda folder: -exposed.get(folder.folder, 0))
    most = max([folder.objects for folder in folders] + [1])
    rows = []
    for folder in folders:
        read = sum(folder.by_severity.values())
        parts = [(level.word, folder.by_severity.get(level, 0)) for level in reversed(Severity)]
        unread = max(0, folder.objects - read)
        rows.append(
            _Row(
                wording.shortened(wording.beneath(folder.folder, roots), _NAME_LIMIT) or "(top folder)",
                (
                    wording.number(exposed.get(folder.folder, 0)),
                    wording.number(folder.objects),
                    *(wording.number(folder.by_severity.get(level, 0)) for level in reversed(Severity)),
                    wording.number(unread),
                ),
                _stacked([*parts, ("unread", unread)], most),
            )
        )
    return rows


def _kind_rows(summary: RunSummary) -> list[_Row]:
    ordered = sorted(summary.totals.by_type.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    most = max([files for _, (files, _) in ordered] + [1])
    return [
        _Row(
            wording.kind(entity_type),
            (wording.number(files), wording.number(findings)),
            _stacked([("plain", files)], most),
        )
        for entity_type, (files, findings) in ordered
    ]


def _shortfall_rows(summary: RunSummary) -> list[_Row]:
    ordered = sorted(summary.totals.by_shortfall.items(), key=lambda item: (-item[1].objects, item[0]))
    return [
        _Row(
            reason.value,
            (wording.number(tally.objects), wording.size(tally.bytes)),
            (),
            note=wording.ADVICE[reason],
        )
        for reason, tally in ordered
    ]


def _format_rows(summary: RunSummary) -> list[_Row]:
    return [
        _Row(
            name,
            tuple(wording.number(counts.get(status, 0)) for status in wording.FORMAT_COLUMNS),
            (),
        )
        for name, counts in wording.formats(summary.totals.by_format)
    ]


@cache
def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("scanner.reports"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _part(name: str) -> str:
    return resources.files("scanner.reports").joinpath("templates", name).read_text("utf-8")


def _digest(text: str) -> str:
    """The content-security-policy source that admits exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
