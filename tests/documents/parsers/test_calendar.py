"""Calendars and cards: lines unfolded, properties labelled, attachments opened."""

from __future__ import annotations

import base64

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


def test_rubbish_after_the_mark() -> None:
    _, coverage = read_whole(Source.from_bytes(b"BEGIN:VCARD\n:::\n;;;\nPHOTO;BASE64:!!\n\xff\xfe\nEND"))
    assert coverage.kind == "vcf"
