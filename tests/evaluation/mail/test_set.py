"""The set itself: ids, labels, and that every message can be made where its tools are."""

from __future__ import annotations

from tests.evaluation.mail import cases, daily, harder, outsiders
from tests.evaluation.mail.__main__ import STOPPED, report
from tests.evaluation.mail.building import have

WORDS = {"deliver", "block", "encrypted", "secure-route", "hold"}
EVERY = [*cases.cases(), *harder.cases(), *daily.cases(), *outsiders.cases()]


def test_ids_are_unique_and_labels_are_words() -> None:
    assert len({case.id for case in EVERY}) == len(EVERY) >= 60
    for case in EVERY:
        assert case.words, case.id
        assert set(case.words) <= WORDS, case.id
        assert case.to, case.id


def test_both_sides_are_well_filled() -> None:
    stopped = sum(case.words[0] in STOPPED for case in EVERY)
    assert 0.4 < stopped / len(EVERY) < 0.6


def test_messages_without_tools_are_made_and_the_same_each_time() -> None:
    # What is encrypted differs each time, as it must.
    for case in EVERY:
        if have(*case.tools) and not case.tools and case.words[0] != "encrypted" and "lock" not in case.id:
            assert case.build(), case.id
    texts = [case for case in EVERY if case.id.startswith(("body-", "day-", "clean-agenda"))]
    assert all(case.build() == case.build() for case in texts)


def test_the_report_counts() -> None:
    chosen = [case for case in EVERY if case.id in ("clean-agenda", "body-claim", "file-scan")]
    told = [{"verdict": "deliver"}, {"verdict": "deliver"}, {"verdict": "hold"}]
    lines = list(report(chosen, told))
    assert lines[0] == "3 messages, verdict as labelled: 2 (66.7%)"
    assert lines[1] == "stopping: precision 1.000, recall 0.500"
    assert any("body-claim: deliver, should be block" in line for line in lines)
