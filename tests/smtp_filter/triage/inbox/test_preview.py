"""The text of a message: read by a program of its own; hostile mail ends as text, or as not all of it."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import pytest

from smtp_filter.message import Content
from smtp_filter.triage.inbox import preview


def mail(text: str = "Hello", attached: bytes = b"", name: str = "list.csv") -> Content:
    made = EmailMessage()
    made["From"], made["Subject"] = "a@council.test", "Case <script>"
    made.set_content(text)
    if attached:
        made.add_attachment(attached, maintype="application", subtype="octet-stream", filename=name)
    return Content.from_bytes(made.as_bytes())


def test_places_and_text() -> None:
    found = preview.text_of(mail(attached=b"Name,Town\r\nAnn,Leeds\r\nBob,York\r\n"))
    assert found.whole
    told = {one.place: one.text for one in found.stretches}
    assert told["header Subject"] == "Case <script>"
    assert "Hello" in told["body"]
    assert any("Ann" in text and "York" in text for text in told.values())


def test_what_cannot_be_read_is_not_all() -> None:
    found = preview.text_of(mail(attached=b"PK\x03\x04" + b"\0" * 100, name="broken.zip"))
    assert not found.whole


def test_a_very_long_text_is_cut() -> None:
    found = preview.text_of(mail("x" * (preview.CHARACTERS + 50_000)))
    assert not found.whole
    assert sum(len(one.text.replace("\n", "")) for one in found.stretches) <= preview.CHARACTERS


def test_a_bomb_ends() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", b"0" * 50_000_000)
    found = preview.text_of(mail(attached=stream.getvalue(), name="zeros.zip"))
    assert sum(len(one.text.replace("\n", "")) for one in found.stretches) <= preview.CHARACTERS


@pytest.mark.parametrize("answer", [b"", b"nonsense", b'["only", "two"]\n', b'{"other": 1}\n', b"[1"])
def test_nonsense_of_the_program_is_no_text(answer: bytes) -> None:
    found = preview._preview(answer)
    assert (found.stretches, found.whole, bool(found.problem)) == ((), False, True)
