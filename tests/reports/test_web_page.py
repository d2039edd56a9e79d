"""The web page: self-contained, policed, escaped, bounded, and honest about what it leaves out."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path

import pytest
from lxml import html

from scanner.documents.model import Gap, Location, Shortfall, Status
from scanner.judgement.assessment import Severity
from scanner.reports import RunSummary, web_page
from scanner.store.entry import LedgerEntry
from scanner.store.ledger import Ledger
from tests.reports import sample_run, two_nights
from tests.reports.sample_run import entry, finding


def page(run: Ledger, *entries: LedgerEntry) -> tuple[str, html.HtmlElement]:
    stream = io.StringIO()
    web_page.write(RunSummary.of(run), iter(entries) if entries else run.entries(), stream)
    return stream.getvalue(), html.document_fromstring(stream.getvalue())


def words(tree: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(item.text_content().split()) for item in tree.xpath(path)]


def test_nothing_is_fetched_and_the_policy_admits_only_our_own_style_and_script(run: Ledger) -> None:
    text, tree = page(run)
    assert not tree.xpath("//link | //img | //iframe | //script[@src] | //object | //embed | //base")
    assert not re.search(r"url\((?!#)|@import|https?:", text)
    assert not tree.xpath("//@style | //@onclick | //@onload")
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; ")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_headline_figures(run: Ledger) -> None:
    _, tree = page(run)
    figures = dict(
        zip(
            ("open", "sensitive", "people", "unread"),
            words(tree, "//*[@class='amount']"),
            strict=True,
        )
    )
    assert figures == {"open": "0", "sensitive": "3", "people": "16", "unread": "3"}


def test_not_read_is_told_apart_from_none_everywhere(run: Ledger) -> None:
    _, tree = page(run)
    labels = words(tree, "//section[@aria-labelledby='severity']//tbody/tr/th")
    counts = words(tree, "//section[@aria-labelledby='severity']//tbody/tr/td[1]")
    severities = dict(zip(labels, counts, strict=True))
    assert severities == {
        "critical": "1",
        "high": "1",
        "medium": "1",
        "low": "1",
        "none": "2",
        "not read": "2",
    }
    rows = [
        [cell.text_content() for cell in row]
        for row in tree.xpath("//section[@aria-labelledby='folders']//tr")
    ]
    assert rows[0][2:] == ["Open", "Objects", "Critical", "High", "Medium", "Low", "None", "Not read"]
    old = next(row for row in rows if row[0].endswith("Old"))
    assert old[2:] == ["0", "3", "0", "0", "0", "0", "1", "2"]
    listed = words(tree, "//section[@aria-labelledby='coverage']//ul/li")
    assert len(listed) == 3
    assert any("Old/locked.zip" in line and "encrypted" in line for line in listed)
    assert "do not take it for clean" in tree.text_content()


def test_a_complete_run_has_no_warning(tmp_path: Path) -> None:
    run = sample_run.ledger(tmp_path, sample_run.OBJECTS[:5])
    _, tree = page(run)
    assert "do not take it for clean" not in tree.text_content()
    assert "Everything that was met was read." in tree.text_content()


def test_hidden_content_is_called_out(run: Ledger) -> None:
    _, tree = page(run)
    (section,) = tree.xpath("//section[@aria-labelledby='hidden']")
    said = " ".join(section.text_content().split())
    assert "1 file carries personal data that somebody who opens the file does not see" in said
    assert "2 findings in hidden sheet" in said


def test_without_hidden_content_there_is_no_such_section(run: Ledger) -> None:
    _, tree = page(run, entry(findings=[finding()]))
    assert not tree.xpath("//section[@aria-labelledby='hidden']")


def test_files_are_listed_worst_first_with_masks_places_and_reasons(run: Ledger) -> None:
    _, tree = page(run)
    assert words(tree, "//ol[@id='list']/li//h3/bdi/b") == [
        "list.xlsx",
        "sickness.csv",
        "letter.docx",
        "objection.eml",
    ]
    first = tree.xpath("//ol[@id='list']/li")[0].text_content()
    assert "12 people" in first
    assert "a reason for critical" in first
    assert "••• ••• ••19" in first
    assert 'sheet "LAC" (hidden) > B2' in first


HOSTILE = [
    "<script>alert(1)</script>.txt",
    '"><img src=x onerror=alert(1)>.txt',
    "</title></style></svg><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_names_stay_text(run: Ledger, evil: str) -> None:
    bad = entry(
        path=f"/share/{evil}",
        folder=evil,
        reasons=[evil],
        findings=[finding(evil, evil, evil, evil)],
        status=Status.PARTIAL,
        gaps=[Gap(Location(), Shortfall.DAMAGED, evil)],
    )
    _, clean = page(
        run, entry(findings=[finding(hidden="x")], reasons=["x"], status=Status.PARTIAL, gaps=bad.gaps[:1])
    )
    _, tree = page(run, bad)
    assert {item.tag for item in tree.iter()} == {item.tag for item in clean.iter()}
    assert len(tree.xpath("//script")) == 1
    assert not [name for item in tree.iter() for name in item.attrib if name.startswith("on")]
    assert evil in tree.xpath("//ol[@id='list']/li")[0].text_content()


def test_a_name_of_a_megabyte_is_cut_and_says_so(run: Ledger) -> None:
    text, tree = page(run, entry(path="/share/" + "n" * 1_000_000))
    assert len(text) < 100_000
    assert "(1,000,000 characters)" in tree.xpath("//ol[@id='list']/li")[0].text_content()


def test_a_hundred_thousand_files_make_a_bounded_page_that_says_what_it_leaves_out(run: Ledger) -> None:
    count = 100_000
    sensitive, unread = entry(findings=[finding()]), entry(status=Status.ENCRYPTED, severity=Severity.NONE)
    stream = io.StringIO()
    web_page.write(
        RunSummary.of(run), (sensitive if at < count // 2 else unread for at in range(count)), stream
    )
    tree = html.document_fromstring(stream.getvalue())
    assert len(tree.xpath("//ol[@id='list']/li")) == web_page.FILES_SHOWN
    assert "The 1,000 most severe of 50,000 files are listed here." in tree.text_content()
    assert "have all 50,000" in tree.text_content()
    assert len(stream.getvalue()) < 5_000_000


def test_listed_findings_are_of_many_kinds_and_the_rest_is_counted(run: Ledger) -> None:
    many = [finding("PERSON", f"p{at}") for at in range(40)] + [
        finding("UK_NINO", "n"),
        finding("UK_NHS", "h", hidden="comment"),
    ]
    _, tree = page(run, entry(findings=many, counts={"PERSON": 400, "UK_NINO": 1, "UK_NHS": 1}))
    kinds = words(tree, "//table[@class='findings']/tbody/tr/td[1]")
    assert len(kinds) == web_page.FINDINGS_SHOWN
    assert (kinds[0], kinds.count("National Insurance number")) == ("NHS number", 1)
    assert "and 382 more findings counted but not listed here" in tree.text_content()


def test_a_page_with_real_values_warns(run: Ledger, tmp_path: Path) -> None:
    shows = sample_run.ledger(tmp_path / "shown", [], name="run-2", shows_values=True)
    _, tree = page(shows, entry(findings=[finding(value="943 476 5919")]))
    assert "This report shows real personal data." in tree.text_content()
    assert "943 476 5919" in tree.text_content()
    _, masked = page(run, entry(findings=[finding()]))
    assert "shows real personal data" not in masked.text_content()


def test_accessible_by_structure(run: Ledger) -> None:
    _, tree = page(run)
    assert tree.get("lang") == "en-GB"
    assert len(tree.xpath("//h1")) == 1
    assert [item for item in tree.xpath("//th") if not item.get("scope")] == []
    fields = tree.xpath("//form//input[@type='search'] | //form//select")
    labels = set(tree.xpath("//label/@for"))
    assert fields
    assert all(field.get("id") in labels for field in fields)
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert all(link[1:] in ids for link in tree.xpath("//a/@href"))
    assert all(image.get("aria-label") for image in tree.xpath("//*[@role='img']"))


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_contrast_is_at_least_four_and_a_half_to_one_in_light_and_dark(run: Ledger) -> None:
    text, _ = page(run)
    blocks = re.findall(r":root \{(.*?)\}", text, flags=re.DOTALL)
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0]))
    dark = {**light, **dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[1]))}
    pairs = [("ink", "paper"), ("quiet", "paper"), ("quiet", "tint"), ("ink", "tint"), ("link", "paper")]
    pairs += [(f"{word}-ink", word) for word in ("critical", "high", "medium", "low", "none")]
    for theme in (light, dark):
        for front, back in pairs:
            brighter, darker = sorted((_luminance(theme[front]), _luminance(theme[back])), reverse=True)
            assert (brighter + 0.05) / (darker + 0.05) >= 4.5, (front, back, theme is dark)


def test_formats_stand_with_how_far_their_files_were_read(run: Ledger) -> None:
    _, tree = page(run)
    assert words(tree, "//table[@class='formats']/thead/tr/th") == [
        "Format",
        "Read",
        "Partly read",
        "Encrypted",
        "Unreadable",
    ]
    assert words(tree, "//table[@class='formats']/tbody/tr/*") == ["text", "5", "1", "1", "1"]


def test_the_summary_stands_before_everything_else_and_says_what_to_decide(tmp_path: Path) -> None:
    _, tree = page(two_nights.nights(tmp_path))
    (brief,) = tree.xpath("//section[@class='brief']")
    assert brief.xpath("following::nav")
    assert not brief.xpath("preceding::section")
    assert words(tree, "//*[@class='decisions']/li")[0].startswith("Take 1 published file down today")
    assert words(brief, ".//*[contains(@class, 'move')]") == [
        "no change since the run before",
        "1 more than in the run before",
        "31 more than in the run before",
    ]


def test_exposure_and_trend_have_a_table_beside_each_chart(tmp_path: Path) -> None:
    _, tree = page(two_nights.nights(tmp_path))
    rows = [
        words(row, "./th | ./td[not(@class='chart')]")
        for row in tree.xpath("//section[@aria-labelledby='exposure']//tbody/tr")
    ]
    assert rows == [
        ["the public", "1", "0", "0", "1"],
        ["everyone", "0", "1", "0", "1"],
        ["a group", "1", "2", "1", "4"],
        ["21 Nov 2025 04:40", "1", "3", "1", "5", "2"],
        ["22 Nov 2025 04:40", "2", "3", "1", "6", "2"],
    ]
    charts = tree.xpath("//section[@aria-labelledby='exposure']//td[@class='chart']/*")
    assert len(charts) == len(rows)


def test_open_files_come_first_everywhere(tmp_path: Path) -> None:
    _, tree = page(two_nights.nights(tmp_path))
    assert words(tree, "//ol[@id='list']/li//h3/bdi/b")[:2] == ["list.xlsx", "copy.csv"]
    assert words(tree, "//ol[@id='list']/li//*[@class='tag open']") == ["published", "open to everyone"]
    assert words(tree, "//section[@aria-labelledby='folders']//tbody//th")[0] == "Web"
    assert words(tree, "//section[@aria-labelledby='owners']//tbody//th") == [
        "(nobody named)",
        "Head of People",
        "Head of Housing",
    ]


def test_changes_and_copies(tmp_path: Path) -> None:
    _, tree = page(two_nights.nights(tmp_path))
    changes = " ".join(tree.xpath("//section[@aria-labelledby='changes']")[0].text_content().split())
    for said in (
        "Against run night-1",
        "Newly open to everyone 2",
        "HR/copy.csvopened: it was readable by a group; readable by everyone",
        "Housing/tenants.xlsxnot open to everyone any more; readable by a group",
        "Housing/gone.docxremoved",
    ):
        assert said in changes
    copies = " ".join(tree.xpath("//section[@aria-labelledby='copies']")[0].text_content().split())
    assert "1 document lies in 3 places" in copies
    assert "HR/copy.csv" in copies


def test_a_first_run_has_no_trend_and_no_changes(run: Ledger) -> None:
    _, tree = page(run)
    assert not tree.xpath("//section[@aria-labelledby='changes']")
    assert "run by run" not in tree.text_content()
