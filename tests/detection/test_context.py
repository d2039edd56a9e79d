"""What a label says for a rule, however a program wrote it."""

import pytest

from scanner.detection.context import ContextPhrases

PHRASES = ContextPhrases(
    [("ni (number|no)", "nino"), ("sort code", "sort"), ("order number", "counter"), ("nhs", "nhs")]
)


@pytest.mark.parametrize(
    ("label", "tags"),
    [
        ("NI number", {"nino"}),
        ("NINumber", {"nino"}),
        ("niNumber", {"nino"}),
        ("ninumber", {"nino"}),
        ("NI_NO", {"nino"}),
        ("SortCode", {"sort"}),
        ("sortcode", {"sort"}),
        ("NHSNumber", {"nhs"}),
        ("ordernumber", {"counter"}),
        # Letters in a row within other words are none of them.
        ("Sorted codes", set()),
        ("miniNumbers", set()),
        ("Denis Nott", set()),
        ("", set()),
    ],
)
def test_a_label_speaks_however_it_is_written(label: str, tags: set[str]) -> None:
    assert {tag for tagged in PHRASES.of_label(label) for tag in tagged.tags} == tags
