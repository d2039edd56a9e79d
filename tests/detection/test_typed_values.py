"""Values labelled by the field that names their kind."""

import pytest

from scanner.detection.typed_values import named_by_type
from scanner.text import Field


@pytest.mark.parametrize(
    ("record", "labels", "why"),
    [
        ({"type": "NINO", "value": "X"}, ["type", "NINO"], "a kind and its value"),
        ({"id.idType": "nhsNumber", "id.idValue": "X"}, ["id.idType", "nhsNumber"], "the same words before"),
        ({"question": "Date of birth?", "answer": "X"}, ["question", "Date of birth?"], "a form's answers"),
        (
            {"documentType": "Passport", "documentNumber": "X"},
            ["documentType", "Passport documentNumber"],
            "a number keeps its own name",
        ),
        ({"name": "firstName", "value": "X"}, ["", "firstName"], "a field called by its name"),
        ({"value": "X", "type": "DOB"}, ["DOB", "type"], "value first"),
        # What names no kind changes nothing.
        ({"name": "Ann Ward", "value": "12.50"}, ["name", "value"], "a person and an amount"),
        ({"type": "NINO", "amount": "X"}, ["type", "amount"], "no value"),
        ({"home.type": "Flat", "car.value": "X"}, ["home.type", "car.value"], "of two things"),
        ({"type": "3 of 12", "value": "X"}, ["type", "value"], "no name of a kind"),
        ({"type": "", "value": "X"}, ["type", "value"], "no kind given"),
        ({"number": "7", "type": "Flat"}, ["number", "type"], "a bare number"),
        ({}, [], "nothing"),
    ],
)
def test_the_kind_labels_the_value(record: dict[str, str], labels: list[str], why: str) -> None:
    text, fields = "", []
    for label, value in record.items():
        fields.append(Field(len(text), len(text) + len(value), label))
        text += value + "\t"
    named = named_by_type(text, tuple(fields))
    assert [field.label for field in named] == labels, why
    assert [field[:2] for field in named] == [field[:2] for field in fields]
