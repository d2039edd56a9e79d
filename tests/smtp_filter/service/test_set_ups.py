"""The set-ups in ``config``: Postfix runs them, systemd reads them, the configuration loader takes them."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from rules.mail import load_mail_rules
from rules.mail.loading import DEFAULT_POLICY
from scanner.configuration import load
from smtp_filter.configuration.sections import NextHopSection, RelaySection
from tests.ports import free_port
from tests.smtp_filter.peers import (
    Certificates,
    Postfix,
    Sink,
    Talk,
    unique,
    wait_for,
    wait_for_port,
)
from tests.soak import letters
from tests.soak.programs import Programs

CONFIG = Path(__file__).parents[3] / "config"
PLACEMENTS = ("before-queue", "after-queue", "smart-host")


# --- Postfix ----------------------------------------------------------------------------------------------


class OurPostfix(Postfix):
    """A Postfix with the pieces of ``config/postfix``, a door for each placement."""

    def __init__(self, sink_port: int, certificates: Certificates, relay_port: int) -> None:
        self.doors = {name: free_port() for name in PLACEMENTS}
        self._sink_port = sink_port
        self.numbers = {"10025": relay_port, "10027": free_port(), "10057": free_port()}
        super().__init__(sink_port, certificates)
        for port in (*self.doors.values(), self.numbers["10027"], self.numbers["10057"]):
            wait_for_port(port)

    def _fill(self, text: str, sink_port: int) -> str:
        filled = super()._fill(text, sink_port)
        if "compatibility_level" in filled:
            return filled + self._piece("after-queue.main.cf")
        # The test's own Postfix has a service of that name; ours is to be tried.
        others = re.sub(r"(?m)^scan\s.*\n(?:[ \t]+-o .*\n)*", "", filled)
        names = ("reinject", "secure-exit", "before-queue", "after-queue")
        pieces = [self._piece(f"{name}.master.cf", name) for name in names]
        # Smart host: its settings are those of a whole Postfix, here those of one door.
        smart = self._piece("smart-host.main.cf").splitlines()
        lines = [line for line in smart if "=" in line and not line.startswith(("#", "scan_"))]
        options = [f"    -o {line.replace(' = ', '=')}" for line in lines]
        door = f"127.0.0.1:{self.doors['smart-host']} inet  n  -  n  -  -  smtpd"
        return "\n".join([others, *pieces, door, *options, ""])

    def _piece(self, name: str, door: str = "") -> str:
        text = (CONFIG / "postfix" / name).read_text()
        text = text.replace("10.1.0.5:smtp", f"127.0.0.1:{self.doors.get(door, 0)}")
        for written, port in self.numbers.items():
            text = text.replace(f":{written}", f":{port}")
        # The domain's own server would be looked up in the DNS: here it is the sink, which has no TLS.
        return text.replace("smtp-secure:\n", f"smtp-secure:[127.0.0.1]:{self._sink_port}\n")


class Set:
    """That Postfix, and a real ``dlp relay`` between its two sides."""

    def __init__(self, certificates: Certificates, sink: Sink) -> None:
        self.sink = sink
        self.relay = Programs(Path(tempfile.mkdtemp(prefix="set-up-")), 0.0)
        self.postfix = OurPostfix(sink.port, certificates, self.relay.port)
        self.relay.hop_port = self.postfix.numbers["10027"]
        self.relay.configure()
        self.relay.start_service()
        asyncio.run(self.relay.ready())

    def send(self, door: str, content: bytes) -> tuple[int, str]:
        with Talk(self.postfix.doors[door]) as talk:
            return talk.send(content, sender=letters.OFFICER)

    def close(self) -> None:
        self.relay.close()
        self.postfix.__exit__()
        shutil.rmtree(self.relay.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def set_up(certificates: Certificates, sink: Sink) -> Iterator[Set]:
    made = Set(certificates, sink)
    yield made
    made.close()


@pytest.mark.parametrize("door", PLACEMENTS)
def test_clean_mail_goes_through_each_placement(set_up: Set, door: str) -> None:
    name = f"{unique('setup')}-{door}@council.gov.uk"
    assert set_up.send(door, letters.plain(name, 3_000, 1))[0] == 250
    wait_for(lambda: any(name.encode() in message for message in set_up.sink.messages()))


@pytest.mark.parametrize("door", PLACEMENTS)
def test_sensitive_mail_stays_in_each_placement(set_up: Set, door: str) -> None:
    name = f"{unique('setup')}-{door}@council.gov.uk"
    code, text = set_up.send(door, letters.sensitive(name, 2))
    assert code == 250
    if door == "before-queue":
        assert text.startswith("2.0.0 Held for review as Q-")
    else:
        set_up.postfix.wait_log(
            r"postfix/scan/smtp\[\d+\]: .*status=sent \(250 2\.0\.0 Held for review as Q-"
        )
    last = f"{unique('setup')}-after@council.gov.uk"
    assert set_up.send(door, letters.plain(last, 1_000, 3))[0] == 250
    wait_for(lambda: any(last.encode() in message for message in set_up.sink.messages()))
    assert not any(name.encode() in message for message in set_up.sink.messages())


def test_the_secure_exit_never_sends_in_clear(set_up: Set) -> None:
    name = f"{unique('setup')}-secure@council.gov.uk"
    with Talk(set_up.postfix.numbers["10057"]) as talk:
        assert talk.send(letters.plain(name, 1_000, 4), sender=letters.OFFICER)[0] == 250
    set_up.postfix.wait_log(r"postfix/secure/smtp.*status=deferred \(TLS is required, but was not offered")
    assert not any(name.encode() in message for message in set_up.sink.messages())


# --- systemd ----------------------------------------------------------------------------------------------


def analyse(*words: str | Path) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed (Debian package: systemd)")
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def test_systemd_takes_the_unit_and_finds_it_tight(tmp_path: Path) -> None:
    unit = tmp_path / "dlp-relay.service"
    text = (CONFIG / "systemd" / "dlp-relay.service").read_text()
    unit.write_text(text.replace("/opt/dlp/.venv/bin/dlp", sys.executable))
    assert analyse("verify", "--man=no", unit).strip() == ""
    found = re.search(r"exposure level.*?: ([0-9.]+)", analyse("security", "--offline=true", unit))
    assert found is not None
    assert float(found[1]) <= 2.0


# --- what the documents show ------------------------------------------------------------------------------


def blocks(path: Path) -> list[str]:
    return [dedent(one) for one in re.findall(r"```yaml\n(.*?)```", path.read_text(), re.DOTALL)]


@pytest.mark.parametrize("document", ["README.md", "exchange-m365.md", "postfix/README.md"])
def test_the_configurations_in_the_documents_are_right(document: str, tmp_path: Path) -> None:
    shown = [text for text in blocks(CONFIG / document) if not text.startswith("rules:")]
    assert shown
    for number, text in enumerate(shown):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        settings = load(file, {})
        assert settings.section(RelaySection).settings(host_name="relay", token="t")
        settings.section(NextHopSection).settings("relay")


def test_the_loop_header_rule_of_the_exchange_document_is_a_rule(tmp_path: Path) -> None:
    (text,) = [one for one in blocks(CONFIG / "exchange-m365.md") if one.startswith("rules:")]
    policy = yaml.safe_load(DEFAULT_POLICY.read_text())
    policy["rules"] = yaml.safe_load(text)["rules"]
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(policy))
    (rule,) = load_mail_rules(file).policy.rules
    assert set(rule.then.headers) == {"X-DLP-Relayed"}
