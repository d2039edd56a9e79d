"""The page for the SIRO says what is so, and nothing that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.judgement.assessment import Severity
from scanner.reports import RunSummary
from scanner.reports.briefing import Briefing
from scanner.store.entry import Audience, RunState
from scanner.store.ledger import Ledger
from tests.reports import sample_run, two_nights
from tests.reports.two_nights import found
from tests.store.making import database, new_run


@pytest.fixture
def second(tmp_path: Path) -> Briefing:
    return Briefing.of(RunSummary.of(two_nights.nights(tmp_path)))


def test_the_verdict_is_what_is_sensitive_and_open(second: Briefing) -> None:
    assert second.grave
    assert second.verdict == (
        "2 sensitive files are open to people who have no need of them, 1 of them published to the world."
    )


def test_figures_with_their_moves(second: Briefing) -> None:
    told = [(figure.amount, figure.label, figure.move, figure.better) for figure in second.figures]
    assert told == [
        ("2", "sensitive and open", "no change", None),
        ("6", "sensitive files", "1 more", False),
        ("52", "people at least", "31 more", False),
        ("0", "not wholly read", "", None),
    ]


def test_what_is_new_and_what_got_better(second: Briefing) -> None:
    assert second.new == (
        "2 sensitive files are newly open to everyone: Web/list.xlsx, HR/copy.csv.",
        "1 more file is newly sensitive, not open to everyone: Old/mine.txt.",
    )
    assert second.better == (
        "1 sensitive file is not open to everyone any more.",
        "1 sensitive file was removed.",
    )


def test_decisions_name_whom_to_ask(second: Briefing) -> None:
    told = [(item.what, item.who) for item in second.decisions]
    assert told == [
        (
            "Take 1 published file down today, and find out who has seen it.",
            "SIRO and Data Protection Officer",
        ),
        (
            "Close 1 sensitive file that every account can read.",
            "Head of People, and for 1 file nobody is named",
        ),
        ("Name an information asset owner for 2 sensitive files.", "SIRO"),
        ("Choose which copy to keep of 1 sensitive document; 2 copies can go.", "those who keep them"),
        (
            "Decide on the disposal of 1 sensitive file that nobody changed for 7 years.",
            "Head of Housing, Head of People, and for 2 files nobody is named",
        ),
    ]


def test_the_first_run_claims_no_progress(run: Ledger) -> None:
    briefing = Briefing.of(RunSummary.of(run))
    assert briefing.new == ("This is the first run over these folders: everything in it is new.",)
    assert briefing.better == ("There is nothing to compare with yet.",)
    assert not any(figure.move for figure in briefing.figures)


def test_what_was_not_read_is_never_clean(run: Ledger) -> None:
    briefing = Briefing.of(RunSummary.of(run))
    assert briefing.unread == (
        "5 of 8 objects (62.5 %) were read wholly. What is missing may hold personal data.",
        "1 damaged; 1 encrypted; 1 kind not supported.",
    )
    assert any(item.what.startswith("Say who opens 3 objects") for item in briefing.decisions)


VERDICTS = [
    ((), False, "Nothing sensitive was found, and everything was read."),
    (
        ((Severity.HIGH, Audience.GROUP),),
        False,
        "1 file holds sensitive personal data; none of them is open to everyone.",
    ),
    (
        ((Severity.HIGH, Audience.UNKNOWN),),
        True,
        "1 file holds sensitive personal data; of 1 the system does not say who can read them.",
    ),
    (((Severity.LOW, Audience.EVERYONE),), False, "Nothing sensitive was found, and everything was read."),
    (
        ((Severity.HIGH, Audience.EVERYONE),),
        True,
        "1 sensitive file is open to people who have no need of it.",
    ),
    (
        ((Severity.MEDIUM, Audience.PUBLIC),),
        True,
        "1 sensitive file is open to people who have no need of it, published to the world.",
    ),
]


@pytest.mark.parametrize(("files", "grave", "verdict"), VERDICTS)
def test_verdicts(
    tmp_path: Path, files: tuple[tuple[Severity, Audience], ...], grave: bool, verdict: str
) -> None:
    made = new_run(database(tmp_path), ["/share"])
    for number, (severity, audience) in enumerate(files):
        made.meet([f"/share/{number}"], audience=audience)
        made.end([(f"/share/{number}", found(severity, 1, str(number)))])
    briefing = Briefing.of(RunSummary.of(made.close()))
    assert (briefing.grave, briefing.verdict) == (grave, verdict)


def test_nothing_found_in_half_a_share_is_not_all_clear(tmp_path: Path) -> None:
    ledger = sample_run.ledger(tmp_path, sample_run.OBJECTS[4:])
    assert Briefing.of(RunSummary.of(ledger)).verdict == (
        "Nothing sensitive was found in what was read. Not everything was read."
    )


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    made = new_run(database(tmp_path), ["/share"])
    briefing = Briefing.of(RunSummary.of(made.close(RunState.INTERRUPTED)))
    assert any("did not come to its end" in line for line in briefing.caveats)


def test_where_no_owner_is_named_the_siro_is_asked(tmp_path: Path) -> None:
    made = new_run(database(tmp_path), ["/share"])
    made.meet(["/share/a"], audience=Audience.EVERYONE)
    made.end([("/share/a", found(Severity.HIGH, 1, "a"))])
    first = Briefing.of(RunSummary.of(made.close())).decisions[0]
    assert first.who == "SIRO, as for 1 file nobody is named"
