"""The report as a PDF to be printed and filed: one page for the SIRO, then tables.

No colour says anything alone.  Type is Liberation or DejaVu where the system has one of them (Welsh needs
them), else what reportlab brings along; a character without a glyph is written as its number.  Memory is
bounded by what is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.sax.saxutils import escape

from scanner.documents.model import Status
from scanner.judgement.assessment import Severity
from scanner.reports import wording
from scanner.reports.briefing import Briefing, Figure
from scanner.reports.writer import RunSummary
from scanner.store.comparing import Difference
from scanner.store.entry import Audience, LedgerEntry
from scanner.store.overview import Ground, how_fixed

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

FILES_LISTED = 200
UNREAD_LISTED = 100
GROUNDS_LISTED = 40
_PATH_LIMIT = 160
_TEXT_LIMIT = 240

# Where Debian, Fedora and Arch keep them; (plain, bold).
_TYPEFACES = (
    ("/usr/share/fonts/truetype/liberation", "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("/usr/share/fonts/liberation-sans", "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("/usr/share/fonts/liberation", "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("/usr/share/fonts/truetype/dejavu", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("/usr/share/fonts/TTF", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
)
_PLAIN, _BOLD = "dlp-plain", "dlp-bold"

_INK, _QUIET, _LINE, _TINT, _BRAND = "#0b0c0c", "#505a5f", "#b1b4b6", "#f3f2f1", "#1d70b8"
_COLOURS = {
    Severity.CRITICAL: "#7d0f1c",
    Severity.HIGH: "#d4351c",
    Severity.MEDIUM: "#f47738",
    Severity.LOW: "#ffdd00",
    Severity.NONE: "#b1b4b6",
}
_LEVELS = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


def write(summary: RunSummary, entries: Iterable[LedgerEntry], stream: BinaryIO, /) -> None:
    """The SIRO's page, then departments, owners, what changed, copies, files, what is unread."""
    files, unread = _picked(entries)
    pages = _Pages(summary)
    pages.story = [*pages.briefing(), *pages.tables(files, unread)]
    pages.build(stream)


def write_page(summary: RunSummary, entries: Iterable[LedgerEntry], stream: BinaryIO, /) -> None:
    """The SIRO's page alone."""
    del entries
    pages = _Pages(summary)
    pages.story = pages.briefing()
    pages.build(stream, one=True)


def _picked(entries: Iterable[LedgerEntry]) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
    """The worst files, and the first of those that were not read wholly."""
    files: list[LedgerEntry] = []
    unread: list[LedgerEntry] = []
    for entry in entries:
        if entry.severity >= Severity.MEDIUM and len(files) < FILES_LISTED:
            files.append(entry)
        if entry.status is not Status.INSPECTED and len(unread) < UNREAD_LISTED:
            unread.append(entry)
        if len(files) == FILES_LISTED and len(unread) == UNREAD_LISTED:
            break
    return files, unread


@cache
def _typeface() -> frozenset[int]:
    """Registers the typeface; returns the characters for which it has a glyph."""
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    brought = (str(Path(reportlab.__file__).parent / "fonts"), "Vera.ttf", "VeraBd.ttf")
    for folder, plain, bold in (*_TYPEFACES, brought):
        if (Path(folder) / plain).is_file() and (Path(folder) / bold).is_file():
            faces = [TTFont(_PLAIN, str(Path(folder) / plain)), TTFont(_BOLD, str(Path(folder) / bold))]
            break
    for face in faces:
        pdfmetrics.registerFont(face)
    pdfmetrics.registerFontFamily(_PLAIN, normal=_PLAIN, bold=_BOLD, italic=_PLAIN, boldItalic=_BOLD)
    return frozenset.intersection(*(frozenset(face.face.charToGlyph) for face in faces))


def _drawable(text: str) -> str:
    """Text that the typeface can draw."""
    there = _typeface()
    if all(ord(char) in there for char in text):
        return text
    return "".join(char if ord(char) in there else f"\\u{ord(char):04x}" for char in text)


def _markup(text: str) -> str:
    return escape(_drawable(wording.printable(text)))


def _cut(text: str, limit: int = _TEXT_LIMIT) -> str:
    return escape(_drawable(wording.shortened(text, limit)))


class _Pages:
    """One document in the making."""

    def __init__(self, summary: RunSummary) -> None:
        from reportlab.lib.enums import TA_RIGHT
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.lib.units import mm

        _typeface()
        self._summary = summary
        self._briefing = Briefing.of(summary)
        self._roots = summary.record.roots
        self._mm = mm
        self._width = 180 * mm
        self.story: list[Flowable] = []
        base = ParagraphStyle("base", fontName=_PLAIN, fontSize=9, leading=12, textColor=_INK)
        self._styles = {
            "body": base,
            "right": ParagraphStyle("right", parent=base, alignment=TA_RIGHT),
            "head": ParagraphStyle("head", parent=base, fontName=_BOLD, fontSize=8, leading=10),
            "headright": ParagraphStyle(
                "headright", parent=base, fontName=_BOLD, fontSize=8, leading=10, alignment=TA_RIGHT
            ),
            "quiet": ParagraphStyle("quiet", parent=base, fontSize=8, leading=10, textColor=_QUIET),
            "item": ParagraphStyle(
                "item", parent=base, leftIndent=12, bulletIndent=0, spaceAfter=1.5,
                bulletFontName=_PLAIN, bulletFontSize=9,
            ),
            "title": ParagraphStyle("title", parent=base, fontName=_BOLD, fontSize=19, leading=25),
            "verdict": ParagraphStyle("verdict", parent=base, fontName=_BOLD, fontSize=12.5, leading=16),
            "h2": ParagraphStyle(
                "h2", parent=base, fontName=_BOLD, fontSize=11.5, leading=14, spaceBefore=8, spaceAfter=3,
                keepWithNext=1,
            ),
        }  # fmt: skip

    def build(self, stream: BinaryIO, *, one: bool = False) -> None:
        """Lay out and write."""
        from reportlab.lib.pagesizes import A4
        from reportlab.platypus import BaseDocTemplate, Frame, KeepInFrame, PageTemplate

        record = self._summary.record
        mm = self._mm
        document = BaseDocTemplate(
            stream,
            pagesize=A4,
            title=f"Personal data on shares: {wording.moment(record.started)}",
            author="Council DLP",
            subject=_drawable(", ".join(wording.shortened(root, 80) for root in self._roots)),
            lang="en-GB",
            leftMargin=15 * mm,
            rightMargin=15 * mm,
            topMargin=16 * mm,
            bottomMargin=16 * mm,
            displayDocTitle=1,
        )
        frame = Frame(15 * mm, 16 * mm, self._width, A4[1] - 32 * mm, 0, 0, 0, 0)
        document.addPageTemplates(PageTemplate("page", [frame], onPage=self._margins))
        story: list[Flowable] = self.story
        if one:
            # One page is what was promised: what is too long is set smaller.
            story = [KeepInFrame(self._width, A4[1] - 33 * mm, story, mode="shrink")]
        document.build(story)

    def _margins(self, canvas: Any, document: Any) -> None:
        mm = self._mm
        canvas.saveState()
        canvas.setFillColor(_BRAND)
        canvas.rect(0, 292 * mm, 210 * mm, 5 * mm, stroke=0, fill=1)
        canvas.setFont(_PLAIN, 7.5)
        canvas.setFillColor(_QUIET)
        record = self._summary.record
        left = f"Run {record.run_id}, version {record.version}. People are counted file by file."
        canvas.drawString(15 * mm, 8 * mm, _drawable(left))
        canvas.drawRightString(195 * mm, 8 * mm, f"OFFICIAL-SENSITIVE   Page {document.page}")
        canvas.restoreState()

    # --- the first page -------------------------------------------------------------------------------------

    def briefing(self) -> list[Flowable]:
        """What the SIRO reads."""
        from reportlab.platypus import Spacer

        record, briefing = self._summary.record, self._briefing
        roots = ", ".join(wording.shortened(root, 90) for root in self._roots[:4])
        more = f" and {len(self._roots) - 4} more" if len(self._roots) > 4 else ""
        took = "not finished"
        if record.finished is not None:
            took = f"took {wording.duration(record.finished - record.started)}"
        story: list[Flowable] = [
            self._text("Personal data on shares", "title"),
            self._text(f"{roots}{more} · {wording.moment(record.started)} · {took}", "quiet"),
            Spacer(1, 6),
            self._verdict(briefing.verdict, grave=briefing.grave),
            Spacer(1, 6),
            self._figures(briefing.figures),
        ]
        if record.shows_values:
            story.append(
                self._text("The run was asked to show real values; this document shows none.", "quiet")
            )
        story += [Spacer(1, 4), *(self._text(line, "quiet") for line in briefing.caveats)]
        if self._summary.overview.exposed or self._summary.sensitive:
            story += [self._text("Who can read the sensitive files", "h2"), self._audiences()]
        if len(self._summary.overview.nights) > 1:
            story += [self._text("Sensitive files, run by run", "h2"), self._nights()]
        for heading, lines in (
            ("What is new", briefing.new),
            ("What got better", briefing.better),
        ):
            story += [self._text(heading, "h2"), *(self._item(line) for line in lines)]
        story.append(self._text("What must be decided", "h2"))
        if not briefing.decisions:
            story.append(self._text("Nothing."))
        for number, decision in enumerate(briefing.decisions, 1):
            who = f" <b>Ask:</b> {_cut(decision.who)}." if decision.who else ""
            story.append(
                self._marked(
                    f"<b>{_cut(decision.what)}</b> {_cut(decision.why)}{who}", "item", bullet=f"{number}."
                )
            )
        story.append(self._text("What was not read", "h2"))
        story += [self._item(line) for line in briefing.unread]
        return story

    def _verdict(self, text: str, *, grave: bool) -> Flowable:
        from reportlab.platypus import Table

        table = Table([[self._text(text, "verdict")]], colWidths=[self._width])
        table.setStyle(
            [
                ("LINEBEFORE", (0, 0), (0, 0), 4, _COLOURS[Severity.HIGH] if grave else _BRAND),
                ("BACKGROUND", (0, 0), (-1, -1), _TINT),
                ("LEFTPADDING", (0, 0), (-1, -1), 9),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
        return table

    def _figures(self, figures: Sequence[Figure]) -> Flowable:
        from reportlab.platypus import Spacer, Table

        cells = []
        for figure in figures:
            move = f"<br/><b>{_markup(figure.move)}</b> since the run before" if figure.move else ""
            cells.append(
                [
                    self._marked(
                        f'<font name="{_BOLD}" size="19">{figure.amount}</font><br/>'
                        f"<b>{_markup(figure.label)}</b>",
                        "body",
                        leading=19,
                    ),
                    Spacer(1, 3),
                    self._marked(f"{_markup(figure.note)}{move}", "quiet"),
                ]
            )
        table = Table([cells], colWidths=[self._width / len(cells)] * len(cells))
        table.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBEFORE", (0, 0), (-1, -1), 2, _LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 7),
                ("RIGHTPADDING", (0, 0), (-1, -1), 5),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
            ]
        )
        return table

    def _audiences(self) -> Flowable:
        overview = self._summary.overview
        most = max([overview.readable_by(audience) for audience in Audience] + [1])
        rows = []
        for audience in reversed(Audience):
            parts = [(level, overview.by_exposure.get((audience, level), 0)) for level in _LEVELS]
            if any(count for _, count in parts):
                rows.append((wording.AUDIENCES[audience], parts, most))
        return self._chart(rows, "Readable by")

    def _nights(self) -> Flowable:
        nights = self._summary.overview.nights[-6:]
        most = max([night.sensitive for night in nights] + [1])
        rows = []
        for night in nights:
            parts = [(level, night.by_severity.get(level, 0)) for level in _LEVELS]
            rows.append((wording.night(night.started), parts, most))
        return self._chart(rows, "Run (UTC)", [wording.number(night.exposed) for night in nights])

    def _chart(
        self,
        rows: Sequence[tuple[str, Sequence[tuple[Severity, int]], int]],
        heading: str,
        open_files: Sequence[str] = (),
    ) -> Flowable:
        """Bars with their numbers beside them."""
        extra = ["Open to everyone"] if open_files else []
        bar = 60 * self._mm
        head = [heading, "", *(level.word.capitalize() for level in _LEVELS), "All", *extra]
        body: list[list[Any]] = []
        for number, (label, parts, most) in enumerate(rows):
            body.append(
                [
                    self._text(label),
                    self._bar(parts, most, bar),
                    *(wording.number(count) for _, count in parts),
                    wording.number(sum(count for _, count in parts)),
                    *([open_files[number]] if open_files else []),
                ]
            )
        rest = self._width - bar - 45 * self._mm
        columns = len(head) - 2
        return self._table(head, body, [45 * self._mm, bar, *([rest / columns] * columns)], left=2)

    def _bar(self, parts: Sequence[tuple[Severity, int]], most: int, width: float) -> Flowable:
        from reportlab.graphics.shapes import Drawing, Rect

        height = 9
        drawing = Drawing(width, height)
        start = 0.0
        for level, count in parts:
            if count:
                span = max(1.0, (width - 6) * count / most)
                fill, edge = _colour(_COLOURS[level]), _colour(_INK)
                drawing.add(Rect(start, 0, span, height, fillColor=fill, strokeColor=edge, strokeWidth=0.4))
                start += span
        return drawing

    # --- the tables -----------------------------------------------------------------------------------------

    def tables(self, files: Sequence[LedgerEntry], unread: Sequence[LedgerEntry]) -> list[Flowable]:
        """Everything behind the first page."""
        from reportlab.platypus import PageBreak

        summary, overview = self._summary, self._summary.overview
        story: list[Flowable] = [PageBreak()]
        story += self._grounds("By department", "Department", overview.departments, "(top folder)")
        story += self._grounds("By information asset owner", "Owner", overview.owners, "nobody named")
        if overview.changes is not None:
            changes = overview.changes
            for heading, count, items in (
                ("Newly open to everyone", changes.newly_exposed, changes.exposed_examples),
                (
                    "Newly sensitive, not open to everyone",
                    changes.sensitive_inside,
                    changes.sensitive_examples,
                ),
                ("Fixed", changes.fixed, changes.fixed_examples),
            ):
                story += self._differences(heading, count, items, fixed=heading == "Fixed")
        story += self._copies()
        if files:
            story.append(self._text("Sensitive files, those open to everyone first", "h2"))
            story += self._left_out(len(files), summary.sensitive)
            story.append(self._files(files))
        if unread:
            story.append(self._text("What was not read, or not wholly", "h2"))
            story += self._left_out(len(unread), summary.not_wholly_read)
            story.append(self._unread(unread))
        return story

    def _grounds(self, heading: str, first: str, grounds: Sequence[Ground], nobody: str) -> list[Flowable]:
        if not grounds:
            return []
        shown = grounds[:GROUNDS_LISTED]
        most = max([ground.sensitive for ground in shown] + [1])
        bar = 38 * self._mm
        body: list[list[Any]] = [
            [
                self._marked(_cut(wording.beneath(ground.name, self._roots), _PATH_LIMIT) or nobody),
                self._bar([(level, getattr(ground, level.word)) for level in _LEVELS], most, bar),
                *(
                    wording.number(count)
                    for count in (
                        ground.exposed, ground.critical, ground.high, ground.medium, ground.people,
                        ground.unread,
                    )
                ),
            ]
            for ground in shown
        ]  # fmt: skip
        head = [first, "", "Sensitive and open", "Critical", "High", "Medium", "People", "Not wholly read"]
        widths = [54 * self._mm, bar, *([(self._width - 54 * self._mm - bar) / 6] * 6)]
        return [
            self._text(heading, "h2"),
            *self._left_out(len(shown), len(grounds)),
            self._table(head, body, widths, left=2),
        ]

    def _differences(
        self, heading: str, count: int, items: Sequence[Difference], *, fixed: bool
    ) -> list[Flowable]:
        if not count:
            return []
        body: list[list[Any]] = []
        for item in items:
            standing = (item.before if fixed else item.after) or item.after
            body.append(
                [
                    standing.severity.word if standing else "",
                    self._marked(self._place(item.path)),
                    self._text(wording.change(item, how_fixed(item) if fixed else "")),
                ]
            )
        widths = [18 * self._mm, self._width - 83 * self._mm, 65 * self._mm]
        return [
            self._text(heading, "h2"),
            *self._left_out(len(items), count),
            self._table(["Severity", "File", "What happened"], body, widths, left=3),
        ]

    def _copies(self) -> list[Flowable]:
        overview = self._summary.overview
        if not overview.copies:
            return []
        body: list[list[Any]] = []
        for item in overview.copies:
            more = item.files - len(item.places)
            places = "<br/>".join(self._place(path) for path in item.places)
            rest = f"<br/>and {wording.number(more)} more" if more > 0 else ""
            body.append(
                [
                    item.severity.word,
                    self._marked(places + rest),
                    wording.number(item.files),
                    wording.number(item.exposed),
                    wording.number(item.people),
                ]
            )
        widths = [18 * self._mm, self._width - 72 * self._mm, *([18 * self._mm] * 3)]
        return [
            self._text("The same sensitive document in several places", "h2"),
            *self._left_out(len(overview.copies), overview.copied_documents),
            self._table(["Severity", "Where", "Places", "Open", "People"], body, widths, left=2),
        ]

    def _files(self, files: Sequence[LedgerEntry]) -> Flowable:
        body: list[list[Any]] = []
        for entry in files:
            because = "; ".join(reason.text for reason in islice(entry.reasons, 3))
            said = wording.kinds(entry.counts)
            body.append(
                [
                    entry.severity.word,
                    self._marked(
                        f"<b>{self._place(entry.path)}</b><br/>{_cut(because)}<br/>"
                        f'<font color="{_QUIET}">{_cut(said)}</font>'
                    ),
                    wording.interval(entry.people.low, entry.people.high),
                    self._text(wording.AUDIENCES[entry.exposure.audience]),
                    self._marked(_cut(entry.exposure.asset_owner, 80)),
                ]
            )
        mm = self._mm
        widths = [17 * mm, self._width - 97 * mm, 20 * mm, 25 * mm, 35 * mm]
        return self._table(["Severity", "File", "People", "Readable by", "Owner"], body, widths, left=2)

    def _unread(self, entries: Sequence[LedgerEntry]) -> Flowable:
        body: list[list[Any]] = [
            [
                self._marked(self._place(entry.path)),
                self._marked(_cut(entry.reason)),
                wording.size(entry.size),
            ]
            for entry in entries
        ]
        widths = [88 * self._mm, self._width - 110 * self._mm, 22 * self._mm]
        return self._table(["File", "Why", "Size"], body, widths, left=2)

    def _left_out(self, shown: int, whole: int) -> list[Flowable]:
        if shown >= whole:
            return []
        text = (
            f"The first {wording.number(shown)} of {wording.number(whole)}; the CSV and JSON Lines reports "
            "have all."
        )
        return [self._text(text, "quiet")]

    def _place(self, path: str) -> str:
        return _cut(wording.beneath(path, self._roots), _PATH_LIMIT)

    # --- pieces ---------------------------------------------------------------------------------------------

    def _text(self, text: str, style: str = "body") -> Flowable:
        return self._marked(_markup(text), style)

    def _marked(self, markup: str, style: str = "body", bullet: str = "", leading: float = 0) -> Flowable:
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.platypus import Paragraph

        chosen = self._styles[style]
        if leading:
            chosen = ParagraphStyle(f"{style}{leading}", parent=chosen, leading=leading)
        # Long names have no blanks: they break wherever the line is full.
        chosen.splitLongWords = 1
        return Paragraph(markup, chosen, bulletText=bullet or None)

    def _item(self, text: str) -> Flowable:
        return self._marked(_markup(text), "item", bullet="•")

    def _table(
        self, head: Sequence[str], body: Sequence[Sequence[Any]], widths: Sequence[float], *, left: int
    ) -> Flowable:
        """A table whose first ``left`` columns are set left, the others right."""
        from reportlab.platypus import LongTable

        titles = [
            self._text(title, "head" if place < left else "headright") for place, title in enumerate(head)
        ]
        rows = [
            [
                self._text(item, "body" if place < left else "right") if isinstance(item, str) else item
                for place, item in enumerate(row)
            ]
            for row in body
        ]
        table = LongTable([titles, *rows], colWidths=list(widths), repeatRows=1)
        table.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.9, _INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, _LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                ("VALIGN", (1, 1), (1, -1), "MIDDLE" if left == 2 else "TOP"),
            ]
        )
        return table


def _colour(text: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(text)
