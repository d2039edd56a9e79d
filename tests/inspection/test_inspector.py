"""One document's way: bytes in, places, masks, people and a verdict out."""

import io
import json
import zipfile

import pytest
from openpyxl import Workbook

from scanner.detection.context import ContextPhrases
from scanner.detection.detector import Detector
from scanner.detection.finding import Finding
from scanner.detection.recognisers.contacts import EmailRecogniser
from scanner.detection.view import View
from scanner.documents import Status
from scanner.inspection import Inspection, InspectionSettings, Inspector
from scanner.judgement.assessment import Severity

KEY = bytes(range(32))
INSPECTOR = Inspector.build(InspectionSettings(key=KEY))
REVEALING = Inspector.build(InspectionSettings(key=KEY, show_values=True))


def workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Ward", "Visits"])
    sheet.append(["Eastfield", 12])
    hidden = book.create_sheet("Kids")
    hidden.sheet_state = "hidden"
    hidden.append(["Name", "NHS No", "DOB"])
    hidden.append(["Amina Warsame", "943 476 5919", "02/03/2015"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def found(inspection: Inspection, entity_type: str) -> list[tuple[str, str]]:
    return [(f.location, f.hidden) for f in inspection.findings if f.entity_type == entity_type]


def test_a_hidden_cell_is_found_with_its_place_and_reason() -> None:
    inspection = INSPECTOR.inspect_bytes(workbook(), "Budget.xlsx")
    assert found(inspection, "UK_NHS") == [('sheet "Kids" (hidden) > B2', "hidden sheet")]
    assert inspection.assessment.severity >= Severity.HIGH


def test_the_place_nests_through_containers() -> None:
    inspection = INSPECTOR.inspect_bytes(zipped("old/Budget.xlsx", workbook()), "box.zip")
    assert found(inspection, "UK_NHS") == [('old/Budget.xlsx > sheet "Kids" (hidden) > B2', "hidden sheet")]


def test_values_are_masked_and_fingerprints_tell_equal_ones() -> None:
    inspection = INSPECTOR.inspect_bytes(b"NHS number 943 476 5919, again NHS number 9434765919", "a.txt")
    first, second = (f for f in inspection.findings if f.entity_type == "UK_NHS")
    assert first.value is None
    assert first.masked == "*** *** **19"
    assert first.fingerprint == second.fingerprint
    other = Inspector.build(InspectionSettings(key=bytes(32)))
    again = other.inspect_bytes(b"NHS number 943 476 5919", "a.txt")
    assert again.findings[0].fingerprint != first.fingerprint


def test_real_values_only_where_asked() -> None:
    inspection = REVEALING.inspect_bytes(b"NHS number 943 476 5919", "a.txt")
    assert [f.value for f in inspection.findings if f.entity_type == "UK_NHS"] == ["943 476 5919"]


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"", "empty.docx", Status.NOT_INSPECTED),
        (b"PK\x03\x04 broken", "broken.docx", Status.NOT_INSPECTED),
        (bytes(range(256)) * 8, "what.bin", Status.NOT_INSPECTED),
        (b"Nothing to see.", "plain.txt", Status.INSPECTED),
    ],
)
def test_what_cannot_be_read_is_never_clean(content: bytes, name: str, status: Status) -> None:
    inspection = INSPECTOR.inspect_bytes(content, name)
    assert inspection.coverage.status in (
        status,
        Status.PARTIAL if status is Status.NOT_INSPECTED else status,
    )
    assert inspection.coverage.status is Status.INSPECTED or inspection.coverage.reason


def test_findings_are_capped_and_counts_are_true() -> None:
    rows = "\n".join(f"Person {n},07700 900{n:03d}" for n in range(300))
    few = Inspector.build(InspectionSettings(key=KEY, findings_per_file=10))
    inspection = few.inspect_bytes(f"Name,Mobile\n{rows}\n".encode(), "list.csv")
    assert len(inspection.findings) == 10
    assert inspection.counts["PHONE"] == 300


def test_a_large_table_is_read_in_bounded_passages() -> None:
    """Rows beyond one passage keep their header: the last row is found like the first."""
    rows = "\n".join(f"note {n} " + "x" * 60 + ",943 476 5919" for n in range(40_000))
    inspection = INSPECTOR.inspect_bytes(f"Note,NHS No\n{rows}\n".encode(), "big.csv")
    assert inspection.counts["UK_NHS"] == 40_000


def test_people_of_a_deleted_text_are_residue() -> None:
    """An old family's file used as a template: the reader does not see them, the receiver can."""
    from docx import Document
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    document = Document()
    document.add_paragraph("Dear Mrs Nowak, your son Adam Nowak, born 02/03/2015, starts on Monday.")
    paragraph = document.add_paragraph("With kind regards")
    deletion = OxmlElement("w:del")
    deletion.set(qn("w:author"), "Somebody")
    run = OxmlElement("w:r")
    text = OxmlElement("w:delText")
    text.text = "Dear Mr Okafor, your daughter Ada Okafor, born 09/08/2012, NHS number 943 476 5870."
    run.append(text)
    deletion.append(run)
    paragraph._p.append(deletion)
    stream = io.BytesIO()
    document.save(stream)
    inspection = INSPECTOR.inspect_bytes(stream.getvalue(), "letter.docx")
    assert "residue" in {reason.code for reason in inspection.assessment.reasons}


def test_an_inspection_can_be_written_as_json() -> None:
    inspection = INSPECTOR.inspect_bytes(b"NHS number 943 476 5919", "a.txt")
    assert "943 476 5919" not in json.dumps([f.masked for f in inspection.findings])


class _Failing:
    """A recogniser with a fault, which has the text in its message."""

    name = "failing"
    entity_types = ("UK_NINO",)

    def recognise(self, view: View) -> list[Finding]:
        raise ValueError(view.text)


def test_a_failing_recogniser_is_a_gap_and_never_clean() -> None:
    detector = Detector([[_Failing(), EmailRecogniser()]], context_phrases=ContextPhrases([]))
    inspector = Inspector(detector, InspectionSettings(key=bytes(32)))
    inspection = inspector.inspect_bytes(b"Write to ann@example.org", "a.txt")
    assert inspection.coverage.status is Status.PARTIAL
    assert inspection.coverage.reason == "parser stopped: recogniser failing (ValueError)"
    assert inspection.counts == {"EMAIL": 1}, "what the others found stands"
    assert inspector.inspect_text("ann@example.org").stopped == ("failing (ValueError)",)
    assert INSPECTOR.inspect_text("ann@example.org").stopped == ()
