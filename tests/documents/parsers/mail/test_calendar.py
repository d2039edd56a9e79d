"""Calendars and cards: lines unfolded, properties labelled, attachments opened."""

from __future__ import annotations

import base64

import pytest

from scanner.documents import Source, read_whole


def test_event_is_a_record() -> None:
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Visit to An\r\n n Smith\r\n"
        'ATTENDEE;CN="Roe, Jane";ROLE=CHAIR:mailto:jane@example.org\r\nDESCRIPTION:one\\ntwo\\, three\r\n'
        f"ATTACH;ENCODING=BASE64;VALUE=BINARY:{base64.b64encode(b'attached words').decode()}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    segments, coverage = read_whole(Source.from_bytes(text.encode()))
    assert coverage.kind == "ics"
    event = next(segment for segment in segments if str(segment.location) == "event 1")
    fields = {field.label: event.text[field.start : field.end] for field in event.fields}
    assert fields["SUMMARY"] == "Visit to Ann Smith"
    assert fields["DESCRIPTION"] == "one\ntwo, three"
    assert "Roe, Jane" in event.text
    assert "attached words" in [segment.text for segment in segments]


def test_cards_are_apart() -> None:
    text = (
        "BEGIN:VCARD\nFN:Ann Smith\nitem1.TEL;TYPE=home:01632 960001\nEND:VCARD\n"
        "BEGIN:VCARD\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zo=C3=AB=\n Roe\nEND:VCARD\n"
    )
    segments, _ = read_whole(Source.from_bytes(text.encode()))
    assert [segment.text.split("\n")[0] for segment in segments] == ["Ann Smith", "Zoë Roe"]
    assert segments[0].fields[1].label == "TEL"


@pytest.mark.parametrize(
    ("line", "expected", "why"),
    [
        ("BDAY:1957-03-14", ("Date of birth", "1957-03-14"), "vCard 3"),
        ("BDAY;VALUE=date:19570314", ("Date of birth", "1957-03-14"), "vCard 4, basic form"),
        ("BDAY:19570314T000000Z", ("Date of birth", "1957-03-14"), "with a time that says nothing"),
        ("BDAY;VALUE=text:spring", ("Date of birth", "spring"), "no date"),
        (
            "ADR;TYPE=HOME:;;27 Larch Road;Dunholme;;LN2 3QT;UK",
            ("Address", "27 Larch Road, Dunholme, LN2 3QT, UK"),
            "parts in one line",
        ),
        (
            "ADR;WORK:;;27 Larch Road;Dunholme\\; north;;;",
            ("Work address", "27 Larch Road, Dunholme; north"),
            "vCard 2.1, at work; an escaped semicolon parts nothing",
        ),
        ("REV:20260101", ("REV", "20260101"), "any other date stays"),
    ],
)
def test_cards_say_what_a_form_would(line: str, expected: tuple[str, str], why: str) -> None:
    segments, _ = read_whole(Source.from_bytes(f"BEGIN:VCARD\nFN:Ann Smith\n{line}\nEND:VCARD\n".encode()))
    fields = [(field.label, segments[0].text[field.start : field.end]) for field in segments[0].fields]
    assert fields[1] == expected, why


def test_events_keep_their_names() -> None:
    text = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261112\nBDAY:19570314\nEND:VEVENT\n"
    segments, _ = read_whole(Source.from_bytes(f"BEGIN:VCALENDAR\n{text}END:VCALENDAR\n".encode()))
    assert [field.label for field in segments[0].fields] == ["DTSTART", "BDAY"]


def test_rubbish_after_the_mark() -> None:
    _, coverage = read_whole(Source.from_bytes(b"BEGIN:VCARD\n:::\n;;;\nPHOTO;BASE64:!!\n\xff\xfe\nEND"))
    assert coverage.kind == "vcf"
