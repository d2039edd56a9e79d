"""The configuration file: defaults without one, one clear line for everything wrong in it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.configuration import ConfigurationError, configuration_path, configuration_type, load

EXAMPLE = Path(__file__).parents[2] / "config" / "dlp.example.yaml"


def problems(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    path = tmp_path / "dlp.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(path, environment or {})
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_defaults_without_a_file() -> None:
    assert load(None, {}) == configuration_type()()


@pytest.mark.parametrize("text", ["", "# nothing\n", "scan:\n", "scan: {}\nlimits:\n  # members: 5\n"])
def test_empty_files_and_sections_mean_the_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / "dlp.yaml").write_text(text)
    assert load(tmp_path / "dlp.yaml", {}) == configuration_type()()


def test_the_example_shows_every_key_with_its_default() -> None:
    loaded = load(EXAMPLE, {})
    assert loaded.organisation.settings().domains == {"example.gov.uk"}
    assert (
        loaded.model_copy(update={"organisation": configuration_type()().organisation})
        == configuration_type()()
    )
    data = yaml.safe_load(EXAMPLE.read_text())
    for name in configuration_type().model_fields:
        section: Any = getattr(loaded, name)
        assert list(data[name]) == list(type(section).model_fields), name


def test_the_example_explains_every_key() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for number, line in enumerate(lines):
        if line and not line.lstrip().startswith("#"):
            assert lines[number - 1].lstrip().startswith("#"), line


TABLE = [
    # text, the line it leads to
    (
        "scan:\n  worker: 3\n",
        "dlp.yaml:2: scan.worker: is no known key; did you mean 'workers'? (allowed: workers, exclude, "
        "include, largest_mb, changed_within_days, unchanged_for_days, vanished_percent, silent_seconds, "
        "cross_mounts, "
        "seconds_per_file, cpu_seconds_per_file, memory_mb_per_worker, files_per_worker, "
        "fail_on)",
    ),
    (
        "limit:\n  members: 3\n",
        "dlp.yaml:1: limit: is no known key; did you mean 'limits'? (allowed: organisation, scan, "
        "manners, exposure, watch, alerts, distributed, limits, language, judgement, rules, reports, "
        "state, storage, logging, ",
    ),
    ("scan:\n  workers: many\n", "dlp.yaml:2: scan.workers: is 'many', must be a whole number"),
    ("scan:\n  workers: -1\n", "dlp.yaml:2: scan.workers: is -1, must be at least 0"),
    ("scan:\n  seconds_per_file: 0\n", "dlp.yaml:2: scan.seconds_per_file: is 0, must be more than 0"),
    (
        "scan:\n  cross_mounts: perhaps\n",
        "dlp.yaml:2: scan.cross_mounts: is 'perhaps', must be true or false",
    ),
    ("scan:\n  exclude: '*.iso'\n", "dlp.yaml:2: scan.exclude: is '*.iso', must be a list"),
    (
        "scan:\n  fail_on: dire\n",
        "dlp.yaml:2: scan.fail_on: is 'dire', must be one of 'none', 'low', 'medium', 'high', 'critical'",
    ),
    ("scan: 5\n", "dlp.yaml:1: scan: is 5, must be a section with keys: workers, exclude, include, "),
    (
        "organisation:\n  offices:\n    - SW1A 1AA\n    - London\n",
        "dlp.yaml:4: organisation.offices[2]: is 'London', must be a full UK postcode such as 'SW1A 1AA'",
    ),
    (
        "organisation:\n  switchboards: [123456]\n",
        "dlp.yaml:2: organisation.switchboards[1]: is 123456, must be text (put it in quotes)",
    ),
    (
        "organisation:\n  domains: [council]\n",
        "dlp.yaml:2: organisation.domains[1]: is 'council', must be ",
    ),
    (
        "alerts:\n  mail_host: post.example.gov.uk\n  mail_user: dlp\n",
        "dlp.yaml:3: alerts.mail_user: is 'dlp', must not sign in without encryption: set mail_security to ",
    ),
    (
        "watch:\n  paths: [housing]\n",
        "dlp.yaml:2: watch.paths[1]: is 'housing', must be an absolute path, or one ",
    ),
    (
        "watch:\n  paths: ['smb://files01']\n",
        "dlp.yaml:2: watch.paths[1]: is 'smb://files01', smb: name the share, too: ",
    ),
    ("rules:\n  packs: [here]\n", "dlp.yaml:2: rules.packs[1]: is 'here', must be an absolute path, or one "),
    (
        "rules:\n  presidio_recognisers: [x]\n",
        "dlp.yaml:2: rules.presidio_recognisers[1]: is 'x', must be ",
    ),
    ("reports:\n  formats: [word]\n", "dlp.yaml:2: reports.formats[1]: is 'word', must be one of 'table', "),
    (
        "reports:\n  formats: []\n",
        "dlp.yaml:2: reports.formats: is [], must be a list with at least one entry",
    ),
    ("scan:\n  workers: 1\n  workers: 2\n", "dlp.yaml:3: scan.workers: is given twice (first in line 2)"),
    ("scan: [1\n", "dlp.yaml:2: is not YAML (expected ',' or ']', but got '<stream end>')"),
    ("- scan\n", "dlp.yaml:1: must hold sections (organisation, scan, "),
    ("scan: !!python/object:os.system {}\n", "dlp.yaml:1: is not YAML (could not "),
]


@pytest.mark.parametrize(("text", "line"), TABLE)
def test_one_line_with_file_line_key_and_what_is_allowed(tmp_path: Path, text: str, line: str) -> None:
    (only,) = problems(tmp_path, text)
    assert only.startswith(line) if line.endswith(" ") else only == line


def test_all_problems_at_once(tmp_path: Path) -> None:
    lines = problems(tmp_path, "scan:\n  workers: x\n  fail_on: y\nlanguage:\n  mode: z\n")
    assert [line.split(": ")[0] for line in lines] == ["dlp.yaml:2", "dlp.yaml:3", "dlp.yaml:5"]


@pytest.mark.parametrize(
    "text", ["a: &a [*a]\n", "a: " + "[" * 5_000 + "]" * 5_000, "x" * 2_000_000, "\x00", "scan: {<<: 3}"]
)
def test_hostile_files_are_one_problem(tmp_path: Path, text: str) -> None:
    assert len(problems(tmp_path, text)) == 1


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: cannot be read \(no such file or directory\)"):
        load(tmp_path / "none.yaml", {})


def test_values_reach_the_rooms_settings(tmp_path: Path) -> None:
    (tmp_path / "dlp.yaml").write_text(
        """
organisation:
  domains: ["@Example.GOV.UK"]
  offices: [sw1a1aa]
  switchboards: ["+44 20 7946 0000"]
  role_mailboxes: [Duty.Desk@example.gov.uk]
scan: {workers: 3, exclude: ["*.iso"], seconds_per_file: 1.5, cross_mounts: false, memory_mb_per_worker: 500}
limits: {file_mb: 5, nesting: 2}
"""
    )
    loaded = load(tmp_path / "dlp.yaml", {})
    council = loaded.organisation.settings()
    assert (council.domains, council.postcodes) == ({"example.gov.uk"}, {"SW1A 1AA"})
    assert (council.phones, council.mailboxes) == ({"442079460000"}, {"duty.desk"})
    scan = loaded.scan.settings()
    assert (scan.workers.count, scan.workers.seconds_per_file) == (3, 1.5)
    assert scan.workers.confinement.memory_bytes == 500_000_000
    assert (scan.exclude, scan.cross_mounts) == (("*.iso",), False)
    limits = loaded.limits.settings()
    assert (limits.file_bytes, limits.nesting) == (5_000_000, 2)


def test_the_environment_sets_keys(tmp_path: Path) -> None:
    (tmp_path / "dlp.yaml").write_text("scan:\n  workers: 3\n")
    environment = {"DLP_SCAN_WORKERS": "5", "DLP_SCAN_EXCLUDE": "['*.iso', tmp]", "DLP_LANGUAGE_MODE": "full"}
    loaded = load(tmp_path / "dlp.yaml", environment)
    assert (loaded.scan.workers, loaded.scan.exclude) == (5, ("*.iso", "tmp"))
    assert loaded.language.mode == "full"


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "scan:\n  workers: 3\n", {"DLP_SCAN_WORKERS": "lots"})
    assert line == "DLP_SCAN_WORKERS: scan.workers: is 'lots', must be a whole number"


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}
    mine = tmp_path / ".config" / "dlp" / "dlp.yaml"
    mine.parent.mkdir(parents=True)
    mine.touch()
    (tmp_path / "dlp.yaml").touch()
    monkeypatch.chdir(tmp_path)  # a file of the current folder is not taken
    assert configuration_path(None, home) == mine
    assert configuration_path(None, {**home, "DLP_CONFIG": "/x.yaml"}) == Path("/x.yaml")
    assert configuration_path(Path("given.yaml"), {**home, "DLP_CONFIG": "/x.yaml"}) == Path("given.yaml")


def test_thresholds_and_policies_reach_judgement(tmp_path: Path) -> None:
    built_in = configuration_type()().judgement.settings()
    assert (built_in.several_people, built_in.many_people) == (5, 50)
    (tmp_path / "dlp.yaml").write_text("judgement: {many_people: 20}\n")
    changed = load(tmp_path / "dlp.yaml", {}).judgement.settings()
    assert (changed.several_people, changed.many_people) == (5, 20)
    own = tmp_path / "own.yaml"
    own.write_text((resources.files("rules") / "policies" / "default.yaml").read_text())
    own.write_text(own.read_text().replace("several_people: 5", "several_people: 9"))
    (tmp_path / "dlp.yaml").write_text(f"judgement: {{policy: {own}}}\n")
    assert load(tmp_path / "dlp.yaml", {}).judgement.settings().several_people == 9


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "cannot be read (no such file or directory)"),
        ("name: x\n", "several_people: field required"),
        ("[1\n", "is no policy (ParserError: "),
        ("", "input should be a valid dictionary"),
    ],
)
def test_a_policy_that_cannot_be_used(tmp_path: Path, text: str | None, line: str) -> None:
    if text is not None:
        (tmp_path / "own.yaml").write_text(text)
    (tmp_path / "dlp.yaml").write_text(f"judgement: {{policy: {tmp_path}/own.yaml}}\n")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "dlp.yaml", {}).judgement.settings()
    assert str(caught.value).splitlines()[0].startswith(f"{tmp_path}/own.yaml: {line}")
