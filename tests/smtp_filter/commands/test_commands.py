"""``dlp rules test-mail`` and ``dlp routes check`` as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from rules.mail.loading import DEFAULT_POLICY
from scanner.commands.root import program

HEAD = "From: Jo <jo@council.gov.uk>\nTo: Sam <sam@harperlegal.co.uk>\nSubject: {subject}\n\n{body}\n"
REFERRAL = (
    "Kayden Ashworth, born 14/02/2016, of 27 Linnet Rise, Harwood, is on a child protection plan under the "
    "category of neglect."
)
JO, FIRM = "jo@council.gov.uk", "sam@harperlegal.co.uk"


@pytest.fixture
def mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a clean and a sensitive message; nothing of this machine's configuration is seen."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "DLP_CONFIG", "DLP_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "clean.eml").write_text(HEAD.format(subject="Agenda", body="The meeting is at ten."))
    (tmp_path / "child.eml").write_text(HEAD.format(subject="Referral", body=REFERRAL))
    return tmp_path


def run(*arguments: object, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(program(), [str(argument) for argument in arguments], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_many_messages_in_order_and_bad_lines_answered(mails: Path) -> None:
    def line(identity: object, name: str, *to: str) -> str:
        return json.dumps({"id": identity, "path": str(mails / name), "from": JO, "to": to})

    lines = [
        line("a", "child.eml", FIRM),
        line("b", "clean.eml", FIRM),
        "",
        "{nonsense",
        json.dumps({"id": "c", "path": str(mails / "clean.eml"), "to": [FIRM]}),
        json.dumps({"id": "d", "path": str(mails / "clean.eml"), "from": JO, "to": []}),
        line("e", "missing.eml", FIRM),
        line("f", "child.eml", "duty@nhs.net"),
        line("g", "child.eml", "ravi@council.gov.uk"),
        json.dumps({"id": "h", "path": str(mails / "child.eml"), "from": JO, "to": FIRM}),
    ]
    code, out, _ = run("rules", "test-mail", "--jsonl", stdin="\n".join(lines))
    told = [json.loads(one) for one in out.splitlines()]
    assert code == 0
    assert [(one["id"], one.get("verdict", "error")) for one in told] == [
        ("a", "block"),
        ("b", "deliver"),
        (4, "error"),
        ("c", "error"),
        ("d", "error"),
        ("e", "error"),
        ("f", "secure-route"),
        ("g", "deliver"),
        ("h", "block"),
    ]
    assert "line 4" in told[2]["error"]
    assert set(told[0]) >= {"verdict", "action", "severity", "reasons", "recipients", "not_inspected"}
    assert told[0]["severity"] == "critical"
    assert "Ashworth" not in out
    assert "Linnet" not in out


def test_one_message_for_a_person_and_as_json(mails: Path) -> None:
    code, out, _ = run(
        "rules", "test-mail", mails / "child.eml", "--from", JO, "--to", FIRM, "--to", "a@nhs.net"
    )
    assert code == 1
    assert out.startswith("verdict: block   action: hold\n")
    assert f"to {FIRM}: block (outside)." in out
    assert "to a@nhs.net: secure-route (secure)." in out
    code, out, _ = run("rules", "test-mail", mails / "clean.eml", "--from", JO, "--to", FIRM, "--json")
    assert code == 0
    assert json.loads(out)["verdict"] == "deliver"


def test_a_policy_of_ones_own(mails: Path) -> None:
    content = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
    policy = mails / "ours.yaml"
    policy.write_text(yaml.safe_dump(content | {"monitor_only": True}), encoding="utf-8")
    arguments = (
        "rules",
        "test-mail",
        mails / "child.eml",
        "--from",
        JO,
        "--to",
        FIRM,
        "--json",
        "--policy",
        policy,
    )
    code, out, _ = run(*arguments)
    assert code == 0
    assert json.loads(out)["monitored"] == ["block", "hold"]
    policy.write_text("name: x\n", encoding="utf-8")
    code, _, err = run(*arguments)
    assert code == 2
    assert "ours.yaml" in err


@pytest.mark.parametrize(
    ("arguments", "said", "why"),
    [
        (["clean.eml", "--from", JO], "--to", "nobody gets it"),
        (["clean.eml", "--to", FIRM], "--from", "nobody sends it"),
        (["none.eml", "--from", JO, "--to", FIRM], "none.eml", "no such file"),
        (["clean.eml", "--jsonl"], "standard input", "both ways at once"),
    ],
)
def test_what_cannot_be_asked(mails: Path, arguments: list[str], said: str, why: str) -> None:
    named = [str(mails / one) if one.endswith(".eml") else one for one in arguments]
    code, _, err = run("rules", "test-mail", *named)
    assert code == 2, why
    assert said in err, why


def test_a_caller_that_waits_for_each_answer_gets_it(mails: Path) -> None:
    question = {"path": str(mails / "clean.eml"), "from": JO, "to": [FIRM]}
    command = [sys.executable, "-m", "scanner.commands", "rules", "test-mail", "--jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(2):
            process.stdin.write(json.dumps({"id": number, **question}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("domain", "code", "said", "why"),
    [
        ("nhs.net", 0, "on the secure list", "known"),
        ("someone@leeds.gov.uk", 0, "enforced: assumed", "an address"),
        ("leeds.gcsx.gov.uk", 1, "@leeds.gov.uk", "a closed network"),
        ("example.com", 1, "on no list", "unknown"),
        ("cjsm.net", 1, "gateway", "listed, and not enforced"),
        ("not a domain", 2, "is no domain", "nonsense"),
    ],
)
def test_what_is_known_of_a_domain(mails: Path, domain: str, code: int, said: str, why: str) -> None:
    got, out, err = run("routes", "check", domain, "--offline")
    assert got == code, why
    assert said in out + err, why


def test_a_domain_as_json(mails: Path) -> None:
    _, out, _ = run("routes", "check", "nhs.net", "--offline", "--json")
    told = json.loads(out)
    assert (told["route"], told["stated"], told["proven"]) == ("secure", "assumed", None)


PACK = """
kind: identifiers
rules:
  - id: committee
    entity: UK_NINO
    title: Committee papers
    source: test
    stage: shadow
    forms:
      - {id: plain, pattern: 'CP[0-9]{6}', scores: {alone: 0.95}}
    examples: {match: ['«CP123456»'], no_match: ['x']}
"""


def test_a_rule_on_trial_is_counted_and_changes_nothing(mails: Path) -> None:
    (mails / "pack.yaml").write_text(PACK)
    config = mails / "dlp.yaml"
    config.write_text(f"rules: {{packs: [{mails / 'pack.yaml'}]}}\nlanguage: {{model: none}}\n")
    mail = mails / "papers.eml"
    mail.write_text(HEAD.format(subject="Papers", body="Dear Ms Ada Hartley, see CP123456 and CP654321."))
    asked = ("rules", "test-mail", mail, "--from", JO, "--to", FIRM, "--config", config)
    code, out, _ = run(*asked, "--json")
    told = json.loads(out)
    assert (code, told["verdict"], told["on_trial"]) == (0, "deliver", {"committee": 2})
    assert told["severity_with_trial"] == "high"
    _, out, _ = run(*asked)
    assert "on trial: committee would have found 2" in out
    assert "with what is on trial the severity would be high" in out
