"""``dlp replay`` beside a scan that really has the other rules: both say the same, where replay says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from rules.policy import POLICIES
from scanner.commands.root import program

HEALTH = "Ada Hartley, born 01/03/1961, has been diagnosed with epilepsy and lives at 3 High Street, LS1 4AP."
FILES = {
    "housing/claim.txt": "Dear Ms Ada Hartley, your National Insurance number QQ 12 34 56 C is on file.",
    "housing/tenancy.txt": "Mr Ben Okafor of 4 High Street, Leeds LS1 4AP. Our ref TN123456.",
    "care/health.txt": HEALTH,
    "care/copy of it.md": HEALTH,
    "care/minutes.txt": "Minutes of the meeting about the playground.",
}
RULE = """
kind: identifiers
rules:
  - id: tenancy
    entity: UK_PASSPORT
    title: Our tenancy reference
    source: manual
    context: [our ref]
    stage: STAGE
    forms:
      - {id: plain, pattern: 'TN[0-9]{6}', scores: {alone: 0.3, context: 0.9}}
    examples: {match: ['our ref «TN123456»'], no_match: ['TN1']}
"""


class Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in FILES.items():
            path = folder / "share" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.configure()

    def configure(self, more: str = "") -> None:
        (self.folder / "dlp.yaml").write_text(
            f"state: {{directory: {self.folder / 'state'}}}\nlanguage: {{model: none}}\n{more}"
        )

    def policy(self, name: str, old: str, new: str) -> Path:
        written = (POLICIES / "default.yaml").read_text(encoding="utf-8")
        assert old in written
        path = self.folder / name
        path.write_text(written.replace(old, new))
        return path

    def pack(self, name: str, stage: str) -> Path:
        path = self.folder / name
        path.write_text(RULE.replace("STAGE", stage))
        return path

    def dlp(self, *arguments: str) -> Result:
        config = ("-c", str(self.folder / "dlp.yaml"))
        return CliRunner(env={"DLP_KEY": "0c" * 32}).invoke(program(), [*arguments, *config])

    def scan(self, *options: str) -> dict[str, str]:
        done = self.dlp(
            "scan", str(self.folder / "share"), "--format", "jsonl", "--no-progress", "-j", "1", *options
        )
        assert done.exit_code in (0, 1), done.output
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return {line["path"]: line["severity"] for line in lines if "path" in line}

    def replay(self, *options: str) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
        done = self.dlp("replay", "--json", *options)
        assert done.exit_code == 0, done.output
        *files, sums = map(json.loads, done.stdout.splitlines())
        return {line["path"]: line for line in files}, sums


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_policy_is_replayed_as_a_scan_with_it_would_say(site: Site) -> None:
    before = site.scan()
    policy = site.policy("lenient.yaml", "  health: high", "  health: low")
    files, sums = site.replay("--policy", str(policy))
    site.configure(f"judgement: {{policy: {policy}}}\n")
    after = site.scan("--full")
    assert {path: line["new"] for path, line in files.items()} == {
        path: severity for path, severity in after.items() if before[path] != severity
    }
    assert len(files) == 2
    assert {line["basis"] for line in files.values()} == {"exact"}
    assert (sums["changed"], sums["unchanged"], sums["reread"]) == (2, 3, 0)
    care = sums["departments"][str(site.folder / "share" / "care")]
    assert (care["files"], care["changed"]) == (3, 2)


def test_a_rule_that_goes_is_replayed_and_to_be_confirmed(site: Site) -> None:
    site.configure(f"rules: {{packs: [{site.pack('own.yaml', 'block')}]}}\n")
    before = site.scan()
    files, sums = site.replay("--disable", "tenancy")
    path = str(site.folder / "share" / "housing" / "tenancy.txt")
    assert list(files) == [path]
    assert (files[path]["old"], files[path]["basis"]) == (before[path], "expected")
    assert sums["to_confirm"] == 1
    site.configure()
    assert site.scan("--full")[path] == files[path]["new"]


def test_a_rule_goes_through_shadow_warn_and_block(site: Site) -> None:
    path = str(site.folder / "share" / "housing" / "tenancy.txt")
    without = site.scan()[path]
    verdicts = {}
    for stage in ("shadow", "warn", "block"):
        site.configure(f"rules: {{packs: [{site.pack('own.yaml', stage)}]}}\n")
        verdicts[stage] = site.scan()[path]
        for later in ("warn", "block"):
            files, _ = site.replay("--rules", str(site.pack(f"{later}.yaml", later)))
            if stage == "shadow":
                assert (files[path]["old"], files[path]["new"]) == (without, "high")
                assert files[path]["new_deciding"] == (without if later == "warn" else "high")
            elif stage == "warn" and later == "block":
                assert (files[path]["old_deciding"], files[path]["new_deciding"]) == (without, "high")
                assert files[path]["basis"] == "exact"
            elif stage == "block" and later == "warn":
                assert (files[path]["old_deciding"], files[path]["new_deciding"]) == ("high", without)
            else:
                assert path not in files
    assert verdicts == {"shadow": without, "warn": "high", "block": "high"}


def test_new_rules_name_every_file_with_text_and_narrower_ones_their_own(site: Site) -> None:
    site.scan()
    new = site.pack("new.yaml", "block")
    files, sums = site.replay("--rules", str(new))
    assert sums["reread"] == 5
    assert {line["basis"] for line in files.values()} == {"re-read"}
    site.configure(f"rules: {{packs: [{new}]}}\n")
    site.scan()
    narrower = site.folder / "narrower.yaml"
    narrower.write_text(new.read_text().replace("context: 0.9", "context: 0.6"))
    files, sums = site.replay("--rules", str(narrower))
    assert list(files) == [str(site.folder / "share" / "housing" / "tenancy.txt")]
    assert "tenancy may find less" in next(iter(files.values()))["why"]
    words = site.folder / "words.yaml"
    words.write_text(new.read_text().replace("Our tenancy reference", "Another title"))
    assert site.replay("--rules", str(words))[1]["unchanged"] == 5


def test_warnings_decide_no_exit_code(site: Site) -> None:
    for path in (site.folder / "share").rglob("*"):
        if path.is_file() and path.name != "tenancy.txt":
            path.unlink()
    for stage, code in (("shadow", 0), ("warn", 0), ("block", 1)):
        site.configure(f"rules: {{packs: [{site.pack('own.yaml', stage)}]}}\n")
        done = site.dlp("scan", str(site.folder / "share"), "--no-progress", "-j", "1", "--fail-on", "high")
        assert done.exit_code == code, stage
        shown = json.loads(site.dlp("runs", "show", "--json").stdout)
        on_trial = {"tenancy": {"files": 1, "findings": 1}} if stage == "shadow" else {}
        assert shown["tried"] == on_trial


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "--rules, --policy or --disable"),
        (("--disable", "no-such-rule"), "no-such-rule"),
        (("--rules", "/nowhere.yaml"), "no such rule pack"),
        (("--policy", "/nowhere.yaml"), "cannot be read"),
    ],
)
def test_what_cannot_be_tried_is_said(site: Site, options: tuple[str, ...], told: str) -> None:
    done = site.dlp("replay", *options)
    assert done.exit_code == 2
    assert told in done.output


def test_a_stage_of_a_reason_that_there_is_none_of_is_refused(site: Site) -> None:
    policy = site.policy("typo.yaml", "stages: {}", "stages: {topic_dept: shadow}")
    done = site.dlp("replay", "--policy", str(policy))
    assert done.exit_code == 2
    assert "topic_dept" in done.output


def test_the_table_tells_changes_and_sums(site: Site) -> None:
    site.scan()
    done = site.dlp("replay", "--policy", str(site.policy("l.yaml", "  health: high", "  health: low")))
    assert "high -> medium (exact)" in done.stdout
    assert "5 files: 2 change, 3 do not, 0 must be read again" in done.stdout
