"""JSON: objects as records with labelled values, whatever the nesting."""

from __future__ import annotations

import json

import pytest

from scanner.documents import Segment, Source, Status, read_whole


def records(text: str) -> list[Segment]:
    segments, coverage = read_whole(Source.from_bytes(text.encode()))
    assert coverage.status is Status.INSPECTED
    assert coverage.kind == "json"
    return list(segments)


def labelled(segment: Segment) -> dict[str, str]:
    return {field.label: segment.text[field.start : field.end] for field in segment.fields}


def test_list_of_people() -> None:
    data = {
        "made": 2024,
        "people": [
            {
                "name": "Ann",
                "address": {"street": "High St", "postcode": "LS1 4AP"},
                "children": [{"name": "Tim"}],
            },
            {"name": "Bob"},
        ],
    }
    head, ann, tim, bob = records(json.dumps(data))
    assert labelled(head) == {"made": "2024"}
    assert labelled(ann) == {"name": "Ann", "address.street": "High St", "address.postcode": "LS1 4AP"}
    assert (str(ann.location), str(tim.location)) == ("people[1]", "people[1].children[1]")
    assert ann.table == bob.table != tim.table


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ('[{"id": 12345678901234567890}]', "12345678901234567890", "long numbers stay as written"),
        ('[{"amount": 1.10}]', "1.10", "decimals stay as written"),
        ('{"a": "caf\\u00e9\\nx"}', "café\nx", "escapes undone"),
        ('{"a": [1, 2, 3]}', "1\n2\n3", "values in a list"),
        ('"x"', None, "a bare string is plain text"),
    ],
)
def test_values(text: str, expected: str | None, why: str) -> None:
    segments, coverage = read_whole(Source.from_bytes(text.encode()))
    if expected is None:
        assert coverage.kind == "text", why
    else:
        assert segments[0].text == expected, why


def test_objects_by_number_are_records_of_their_own() -> None:
    segments = records('{"10234": {"name": "Ann", "dob": "x"}, "10235": {"name": "Bob", "dob": "y"}}')
    assert [segment.text for segment in segments] == ["10234\nAnn\nx", "10235\nBob\ny"]


def test_json_lines_with_one_bad_line() -> None:
    segments = records('{"a": 1}\n{"a": 2}\nnot json\n{"a": 3}\n')
    assert [str(segment.location) for segment in segments] == ["line 1", "line 2", "line 3", "line 4"]
    assert segments[2].text.strip() == "not json"


def test_broken_and_deep_json_is_read_as_text() -> None:
    segments = records('{"name": "Ann", "note": ')
    assert "Ann" in segments[0].text
    assert len(records("[" * 100_000)[0].text) == 100_000


@pytest.mark.parametrize(
    ("inner", "records_wanted", "why"),
    [
        ([{"type": "NINO", "value": "X1"}, {"type": "NHS", "value": "X2"}], 1, "identifiers of one person"),
        ([{"system": "phone", "use": "home", "value": "01632 960001"}], 1, "contact points"),
        ([{"type": "child", "name": "Tim"}, {"type": "child", "name": "Jo"}], 3, "other people"),
        ([{"type": "visit", "date": "2024-01-01"}] * 2, 3, "events"),
        ([{"value": "X1"}, {"value": "X2"}], 3, "nothing says of what kind"),
        ([{"type": "order", "value": str(n)} for n in range(20)], 21, "a long list"),
        ([{"type": "order", "lines": ["a"]}], 2, "not flat"),
    ],
)
def test_details_of_somebody_stay_with_them(inner: list[object], records_wanted: int, why: str) -> None:
    assert len(records(json.dumps({"person": "Ann Khan", "more": inner}))) == records_wanted, why


@pytest.mark.parametrize(
    ("text", "row", "labels", "why"),
    [
        (
            '[["Name","Born"],["Ann","1 May"],["Bob","2 May"]]',
            "Bob\t2 May",
            ["Name", "Born"],
            "a header among the rows",
        ),
        (
            '{"columns":["Name","Born"],"data":[["Ann","1 May"]]}',
            "Ann\t1 May",
            ["Name", "Born"],
            "columns beside the rows",
        ),
        (
            '{"schema":{"fields":[{"id":"Name"},{"id":"Born"}]},"rows":[["Ann","1 May"]]}',
            "Ann\t1 May",
            ["Name", "Born"],
            "described columns",
        ),
        (
            '{"kids":{"Name":["Ann","Bob"],"Born":["1 May","2 May"]}}',
            "Bob\t2 May",
            ["Name", "Born"],
            "lists of columns",
        ),
        (
            '{"Name":{"0":"Ann","1":"Bob"},"Born":{"0":"1 May","1":"2 May"}}',
            "Ann\t1 May",
            ["Name", "Born"],
            "numbered rows of columns",
        ),
        ('{"a":{"b":[["Name","Born"],["Ann",null],["Bob","2 May"]]}}', "Ann", ["Name"], "an empty cell"),
    ],
)
def test_tables_written_as_lists(text: str, row: str, labels: list[str], why: str) -> None:
    segments, coverage = read_whole(Source.from_bytes(text.encode(), "x.json"))
    found = [one for one in segments if one.text == row]
    assert [[field.label for field in one.fields] for one in found] == [labels], why
    assert coverage.kind == "json"


@pytest.mark.parametrize(
    ("text", "values", "why"),
    [
        (
            '{"name":"Ann","phones":["1","2"],"emails":["a","b"]}',
            ["Ann", "1", "2", "a", "b"],
            "lists of one person",
        ),
        ('{"at":[[51.5,-0.1],[51.6,-0.2]],"name":"Ann"}', ["Ann"], "coordinates are no table"),
        ('{"phones":["1","2"],"emails":["a","b"]}', ["1", "2", "a", "b"], "two of each may be anybody's"),
        ('{"a":{"1":"x"},"b":{"2":"y"}}', ["x", "y"], "other rows in each"),
        ('[["Ann",{"born":"1 May"}],["Bob","x"]]', ["Ann"], "rows that hold objects"),
    ],
)
def test_lists_that_are_no_tables(text: str, values: list[str], why: str) -> None:
    segments, _ = read_whole(Source.from_bytes(text.encode(), "x.json"))
    words = [word for one in segments for word in one.text.split("\n")]
    assert [word for word in words if word in values] == values, why
    assert not any("\t" in one.text for one in segments)
