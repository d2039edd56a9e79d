"""What a change of rules, policy or settings makes the next scan read, and that its verdicts are then right.

The table of docs/scale.md, row by row: each change is made for real, between two scans.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from rules.policy import POLICIES
from scanner.commands.root import program
from scanner.shares.mounts import FileSystem
from scanner.store import runs
from scanner.store.inventory.tables import CURRENT, evidence, file, open_inventory

FILES = {
    "claim.txt": "Dear Ms Ada Hartley, your National Insurance number QQ 12 34 56 C is on file.",
    "tenancy.txt": "Mr Ben Okafor of 4 High Street, Leeds LS1 4AP. Our ref TN123456.",
    "health.txt": "Ada Hartley, born 01/03/1961, has been diagnosed with epilepsy. 3 High Street, LS1 4AP.",
    "debt.txt": "Tunde Adebayo, flat 41, owes 2,310 pounds in rent arrears and broke the agreement again.",
    "minutes.txt": "Minutes of the meeting about the playground.",
    "empty.txt": "",
}
TEXTS = sorted(FILES.keys() - {"empty.txt"})
RULE = """
kind: identifiers
rules:
  - id: tenancy
    entity: UK_PASSPORT
    title: Our tenancy reference
    source: manual
    context: [our ref, tenancy]
    stage: block
    forms:
      - {id: plain, pattern: 'TN[0-9]{6}', scores: {alone: 0.3, context: 0.9}}
    examples: {match: ['our ref «TN123456»'], no_match: ['TN1']}
"""


class Site:
    """A share, a configuration, and what the last scan read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.more = ""
        (folder / "share").mkdir()
        for name, text in FILES.items():
            (folder / "share" / name).write_text(text)
        (folder / "own.yaml").write_text(RULE)
        (folder / "policy.yaml").write_text((POLICIES / "default.yaml").read_text(encoding="utf-8"))
        self.rules = f"packs: [{folder / 'own.yaml'}]"
        self.judgement = f"policy: {folder / 'policy.yaml'}"

    def rewrite(self, name: str, *changes: tuple[str, str]) -> None:
        path = self.folder / name
        text = path.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)

    def scan(self, state: str = "state") -> list[str]:
        """Scan, and tell what was read."""
        config = self.folder / "dlp.yaml"
        config.write_text(
            f"state: {{directory: {self.folder / state}}}\nlanguage: {{model: none}}\n"
            f"rules: {{{self.rules}}}\njudgement: {{{self.judgement}}}\n{self.more}"
        )
        done = CliRunner(env={"DLP_KEY": "0c" * 32}).invoke(
            program(),
            [
                "scan",
                str(self.folder / "share"),
                "-f",
                "jsonl",
                "--no-progress",
                "-j",
                "1",
                "-c",
                str(config),
            ],
        )
        assert done.exit_code in (0, 1), done.output
        engine = open_inventory(f"sqlite:///{self.folder / state / 'dlp.db'}")
        run = runs.find(engine)
        with engine.connect() as connection:
            read = select(file.c.entry).where(file.c.read_run == run.number, file.c.until == CURRENT)
            return sorted(bytes(name).decode() for name in connection.execute(read).scalars())

    def verdicts(self, state: str = "state") -> dict[str, str]:
        """The evidence of each file: its key is a hash of all that it says."""
        engine = open_inventory(f"sqlite:///{self.folder / state / 'dlp.db'}")
        query = select(file.c.entry, evidence.c.key).join(evidence, evidence.c.id == file.c.evidence_id)
        with engine.connect() as connection:
            rows = connection.execute(query.where(file.c.until == CURRENT))
            return {bytes(name).decode(): key for name, key in rows}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    # What changed a moment ago is looked at again by every scan: not what is asked here.
    monkeypatch.setattr(FileSystem, "settled_ns", 0)
    return Site(tmp_path)


def own(*changes: tuple[str, str]) -> Callable[[Site], None]:
    return lambda site: site.rewrite("own.yaml", *changes)


def policy(*changes: tuple[str, str]) -> Callable[[Site], None]:
    return lambda site: site.rewrite("policy.yaml", *changes)


def words(site: Site) -> None:
    site.rewrite(
        "own.yaml",
        ("kind:", "# ours\nkind:"),
        ("source: manual", "source: book"),
        ("no_match: ['TN1']", "no_match: ['TN2', 'x']"),
    )
    site.rewrite("policy.yaml", ("topics:", "# how bad\ntopics:"))


def setting(**lines: str) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        for name, line in lines.items():
            setattr(site, name, line)

    return change


NOTHING: list[str] = []
TENANCY = ["tenancy.txt"]
CHANGES = [
    # what changes, what is read again, whether any verdict becomes another one
    ("comments, sources, examples", words, NOTHING, False),
    ("a severity", policy(("  health: high", "  health: low")), NOTHING, True),
    ("a threshold", setting(judgement="several_people: 2"), NOTHING, False),
    ("a topic that was none", policy(("topics: {}", "topics: {debt: none}")), NOTHING, True),
    ("the stage of a reason", policy(("stages: {}", "stages: {strong_identifier: warn}")), NOTHING, True),
    ("block to warn", own(("stage: block", "stage: warn")), NOTHING, True),
    ("block to shadow", own(("stage: block", "stage: shadow")), TENANCY, True),
    ("a rule that is gone", setting(rules=""), TENANCY, True),
    ("a narrower rule", own(("[our ref, tenancy]", "[tenancy]")), TENANCY, True),
    ("a wider rule", own(("TN[0-9]{6}", "TN[0-9]{5,6}")), TEXTS, False),
    ("a value that is nobody's", setting(rules="allow: [QQ123456C]"), TEXTS, True),
]


@pytest.mark.parametrize(
    ("change", "read_again", "others"), [row[1:] for row in CHANGES], ids=[r[0] for r in CHANGES]
)
def test_a_change_forces_the_least_that_is_sound(
    site: Site, change: Callable[[Site], None], read_again: list[str], others: bool
) -> None:
    assert site.scan() == sorted(FILES)
    before = site.verdicts()
    change(site)
    assert site.scan() == read_again
    after = site.verdicts()
    assert (after != before) is others
    site.scan("undisturbed")
    assert after == site.verdicts("undisturbed")  # to the letter what reading everything says


def test_a_rule_on_trial_is_tried_on_everything_and_then_comes_into_force(site: Site) -> None:
    site.rules = ""
    site.scan()
    without = site.verdicts()
    site.rules = f"packs: [{site.folder / 'own.yaml'}]"
    site.rewrite("own.yaml", ("stage: block", "stage: shadow"))
    assert site.scan() == TEXTS
    assert [name for name, key in site.verdicts().items() if key != without[name]] == TENANCY
    site.rewrite("own.yaml", ("stage: shadow", "stage: block"))
    assert site.scan() == TENANCY
    site.rewrite("own.yaml", ("stage: block", "stage: warn"))
    assert site.scan() == NOTHING
    site.scan("undisturbed")
    assert site.verdicts() == site.verdicts("undisturbed")


def test_a_new_title_is_told_of_what_is_read_from_then_on(site: Site) -> None:
    site.scan()
    before = site.verdicts()
    site.rewrite("own.yaml", ("Our tenancy", "The tenancy"))
    assert site.scan() == NOTHING
    assert site.verdicts() == before


def test_copies_are_judged_once_and_earlier_nights_stay_as_they_were(site: Site) -> None:
    (site.folder / "share" / "Copy of claim.txt").write_text(FILES["claim.txt"])
    site.scan()
    engine = open_inventory(f"sqlite:///{site.folder / 'state' / 'dlp.db'}")
    first = runs.find(engine)
    site.rewrite("policy.yaml", ("  health: high", "  health: low"))
    assert site.scan() == NOTHING
    with engine.connect() as connection:
        rows = connection.execute(
            select(file.c.entry, file.c.severity).where(
                file.c.since <= first.number, file.c.until > first.number
            )
        )
        then = {bytes(name).decode(): severity for name, severity in rows}
    assert then["health.txt"] == 3
    assert then.keys() == {*FILES, "Copy of claim.txt"}


def test_what_kept_no_record_is_read(site: Site) -> None:
    site.scan()
    engine = open_inventory(f"sqlite:///{site.folder / 'state' / 'dlp.db'}")
    with engine.begin() as connection:
        for row in connection.execute(select(evidence)).all():
            detail = {name: value for name, value in json.loads(row.detail).items() if name != "record"}
            connection.execute(
                evidence.update().where(evidence.c.id == row.id).values(detail=json.dumps(detail))
            )
    site.rewrite("policy.yaml", ("  health: high", "  health: low"))
    assert site.scan() == ["claim.txt", "debt.txt", "health.txt", "tenancy.txt"]
