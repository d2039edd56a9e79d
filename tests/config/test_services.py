"""Units, timers, log rotation, install script, container file: read by the programs they are for."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from scanner.commands.root import program
from scanner.commands.writing import FORMATS
from scanner.configuration import load

TOP = Path(__file__).parents[2]
CONFIG = TOP / "config"
UNITS = ("dlp-scan.service", "dlp-watch.service", "dlp-worker.service")
RUNNER = "/opt/dlp/.venv/bin/dlp"


def there(name: str, package: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package: {package})")
    return found


def said(*words: str | Path) -> str:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def command_of(unit: str) -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.*)$", (CONFIG / "systemd" / unit).read_text(), re.M)
    return shlex.split(line)


# --- systemd ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_the_unit_and_finds_it_tight(unit: str, tmp_path: Path) -> None:
    analyse = there("systemd-analyze", "systemd")
    copy = tmp_path / unit
    copy.write_text((CONFIG / "systemd" / unit).read_text().replace(RUNNER, sys.executable))
    assert said(analyse, "verify", "--man=no", copy).strip() == ""
    found = re.search(r"exposure level.*?: ([0-9.]+)", said(analyse, "security", "--offline=true", copy))
    assert found is not None
    assert float(found[1]) <= 2.5


def test_systemd_takes_the_timer_and_it_comes_every_evening(tmp_path: Path) -> None:
    analyse = there("systemd-analyze", "systemd")
    for name in ("dlp-scan.timer", "dlp-scan.service"):
        text = (CONFIG / "systemd" / name).read_text()
        (tmp_path / name).write_text(text.replace(RUNNER, sys.executable))
    assert said(analyse, "verify", "--man=no", tmp_path / "dlp-scan.timer").strip() == ""
    (when,) = re.findall(r"^OnCalendar=(.*)$", (tmp_path / "dlp-scan.timer").read_text(), re.M)
    assert "19:00:00" in said(analyse, "calendar", when)


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_calls_the_program_with_options_that_it_has(unit: str) -> None:
    runner, verb, *words = command_of(unit)
    assert runner == RUNNER
    command = typer.main.get_command(program()).commands[verb]  # type: ignore[attr-defined]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    chosen = [words[place + 1] for place, word in enumerate(words) if word == "--format"]
    assert set(chosen) <= set(FORMATS)


def test_the_nightly_scan_goes_over_what_the_environment_file_says() -> None:
    unit = (CONFIG / "systemd" / "dlp-scan.service").read_text()
    (name,) = re.findall(r"\$(\w+)", " ".join(command_of("dlp-scan.service")))
    assert re.search(rf"^{name}=/", (CONFIG / "scan.example.env").read_text(), re.M)
    assert "EnvironmentFile=/etc/dlp/scan.env" in unit
    # The name is none of the program's own settings, which it would refuse.
    assert load(None, {name: "/srv/shares"})


# --- log rotation -------------------------------------------------------------------------------------------


def test_logrotate_takes_the_rules_and_keeps_the_report_of_last_night(tmp_path: Path) -> None:
    rotate = there("logrotate", "logrotate")
    logs, reports = tmp_path / "log", tmp_path / "reports"
    for folder in (logs, reports):
        folder.mkdir(mode=0o700)
    (logs / "dlp.log").write_text("a line\n" * 100)
    (reports / "report.html").write_text("<p>")
    text = (CONFIG / "logrotate" / "dlp").read_text()
    text = text.replace("/var/log/dlp", str(logs)).replace("/var/lib/dlp/reports", str(reports))
    rules = tmp_path / "rules"
    rules.write_text(re.sub(r"^ *su .*$", "", text, flags=re.M))
    rules.chmod(0o644)
    told = said(rotate, "--force", "--state", tmp_path / "state", rules)
    assert told.strip() == ""
    assert (logs / "dlp.log").read_text() == ""
    assert (logs / "dlp.log.1").stat().st_size == 700
    (kept,) = reports.iterdir()
    assert re.fullmatch(r"report\.html-\d{8}", kept.name)


# --- the install script -------------------------------------------------------------------------------------


def install(*options: str | Path) -> subprocess.CompletedProcess[str]:
    words = ["sh", str(CONFIG / "install.sh"), *map(str, options)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run_does_nothing(tmp_path: Path) -> None:
    done = install("--dry-run", "--root", tmp_path)
    assert done.returncode == 0
    assert "dlp-scan.timer" in done.stdout
    assert "--require-hashes" in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_dry_run_on_the_machine_itself_needs_no_rights_and_does_nothing() -> None:
    done = install("--dry-run", "--no-packages")
    assert done.returncode == 0
    assert "systemctl enable --now dlp-scan.timer" in done.stdout


def test_it_may_be_run_again_and_never_overwrites_a_configuration(tmp_path: Path) -> None:
    assert install("--root", tmp_path, "--no-program").returncode == 0
    first = tree(tmp_path)
    assert {"etc/dlp/dlp.yaml", "etc/dlp/scan.env", "etc/logrotate.d/dlp"} <= set(first)
    assert {f"etc/systemd/system/{unit}" for unit in UNITS} <= set(first)
    assert load(tmp_path / "etc/dlp/dlp.yaml", {})
    assert (tmp_path / "var/lib/dlp").stat().st_mode & 0o777 == 0o700
    mine = tmp_path / "etc/dlp/dlp.yaml"
    mine.write_text("scan: {workers: 2}\n")
    unit = tmp_path / "etc/systemd/system/dlp-scan.service"
    unit.write_text("an older one\n")
    again = install("--root", tmp_path, "--no-program")
    assert again.returncode == 0
    # Only the unit that was another is put there anew.
    acts = again.stdout.partition("\nNow:")[0].split("\n")
    assert [line.rpartition("/")[2] for line in acts if line] == ["dlp-scan.service"]
    assert tree(tmp_path) == {**first, "etc/dlp/dlp.yaml": b"scan: {workers: 2}\n"}


def test_services_and_people_look_at_the_same_state(tmp_path: Path) -> None:
    assert install("--root", tmp_path, "--no-program").returncode == 0
    assert load(tmp_path / "etc/dlp/dlp.yaml", {}).state.directory == Path("/var/lib/dlp")


def test_it_takes_itself_away_and_leaves_what_is_yours(tmp_path: Path) -> None:
    assert install("--root", tmp_path, "--no-program").returncode == 0
    assert install("--root", tmp_path, "--uninstall", "--dry-run").returncode == 0
    assert (tmp_path / "etc/systemd/system/dlp-relay.service").exists()
    done = install("--root", tmp_path, "--uninstall")
    assert (done.returncode, set(tree(tmp_path))) == (0, {"etc/dlp/dlp.yaml", "etc/dlp/scan.env"})
    assert (tmp_path / "var/lib/dlp").is_dir()
    assert not (tmp_path / "opt/dlp").exists()
    again = install("--root", tmp_path, "--uninstall")
    assert (again.returncode, "rm /" in again.stdout.partition("What is yours")[0]) == (0, False)


@pytest.mark.parametrize("options", [("--dryrun",), ("--root",), ("/srv",)])
def test_what_it_does_not_know_it_refuses(options: tuple[str, ...]) -> None:
    assert install(*options).returncode == 2


def test_a_shell_of_any_kind_can_read_it() -> None:
    there("dash", "dash")
    assert said("dash", "-n", CONFIG / "install.sh") == ""


# --- the container ------------------------------------------------------------------------------------------


def test_the_container_file_copies_what_is_there_and_runs_without_rights() -> None:
    text = (CONFIG / "Containerfile").read_text().replace("\\\n", " ")
    steps = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    copied = [
        word for step in steps if step[0] == "COPY" and "--from=build" not in step for word in step[1:-1]
    ]
    assert copied
    assert all((TOP / name).exists() for name in copied)
    last = steps[max(place for place, step in enumerate(steps) if step[0] == "FROM") :]
    (user,) = [step[1] for step in last if step[0] == "USER"]
    assert user.split(":")[0].isdigit()
    assert user.split(":")[0] != "0"
    assert not any(step[0] == "ADD" for step in steps)
    assert "--require-hashes" in text
