"""Kinds by content: signatures, containers, and the kinds of text with their near misses."""

from __future__ import annotations

import io
import zipfile

import pytest

from scanner.documents import Source, sniff


def kind(data: bytes | str, name: str = "") -> str:
    return sniff(Source.from_bytes(data.encode() if isinstance(data, str) else data, name))


def packed(**entries: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return out.getvalue()


def package(main: str, content_type: str, *, extra: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types><Override PartName="/{main}" ContentType="{content_type}"/>{extra}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships><Relationship Type="http://x/officeDocument" Target="{main}"/></Relationships>',
        )
        archive.writestr(main, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "expected", "why"),
    [
        (b"", "empty", "no bytes"),
        (b"%PDF-1.7\n", "pdf", "at the start"),
        (b"junk\n" * 50 + b"%PDF-1.4", "pdf", "within the first kilobyte"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "image", "PNG"),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 20, "7z", "7-Zip"),
        (b"Rar!\x1a\x07\x01\x00", "rar", "RAR 5"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip", "gzip"),
        (b"SQLite format 3\0" + b"\0" * 90, "sqlite", "SQLite"),
        (b"\0\1\0\0Standard ACE DB\0", "access", "Access: the mark is at offset 4"),
        (b"\x78\x9f\x3e\x22" + b"\0" * 20, "tnef", "winmail.dat"),
        (bytes(range(256)) * 4, "unknown", "binary without a mark"),
        (b"BZh is a word here", "text", "letters of a signature, but prose"),
        (b"MZ Smith called", "text", "initials, not a program"),
        ("Dear Ann,\n\nThe bins were missed again.\n", "text", "prose"),
        ("Dear Ann, Bob, and all\nThanks, regards, me\n", "text", "commas in prose"),
        (
            "2024-01-01 12:00:00,123 INFO a\n2024-01-01 12:00:01,456 INFO b\n",
            "text",
            "log with decimal commas",
        ),
        ("Surname:\tSmith\nForename:\tAnn\nBorn:\t2010\n", "text", "a form laid out with tabs"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", "text", "a Markdown table is text"),
        ("x = [\n    1,\n    2,\n    3,\n]\n", "text", "lines of code that end in a comma"),
        ("Surname,Forename,DOB\nSmith,Ann,01/02/2010\n", "csv", "two rows are enough with three columns"),
        ("Surname\tDOB\nSmith\t01/02/2010\n", "csv", "two columns with names"),
        (
            "Report of X\nRun 01/02/2024\n\nName,DOB,Town\nAnn,1,Leeds\nBob,2,York\n",
            "csv",
            "lines before the header",
        ),
        ('"Name";"Notes"\n"Ann";"one\ntwo"\n"Bob";"x"\n', "csv", "quotes span lines"),
        ("Name, DOB, Town\nAnn, 1, Leeds\nBob, 2, York\n", "csv", "blanks behind the commas"),
        ('{"a": 1}', "json", "object"),
        ('[{"a": 1}]', "json", "list"),
        ('{"a": 1}\n{"a": 2}\n', "json", "lines"),
        ("[Draft] Minutes of the meeting", "text", "a bracket begins a note"),
        ("{curly} words", "text", "a brace begins a note"),
        ("<?xml version='1.0'?><a><b>1</b></a>", "xml", "declared"),
        ("<p:sld xmlns:p='x'><p:t>words</p:t></p:sld>", "xml", "a prefix is no HTML tag"),
        ("<!DOCTYPE html><title>x</title>", "html", "doctype"),
        ("<div>words</div>", "html", "fragment"),
        ("<Ann> said hello", "text", "angle brackets in prose"),
        ("BEGIN:VCARD\r\nFN:Ann\r\nEND:VCARD\r\n", "vcf", "card"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "ics", "calendar"),
        ("{\\rtf1\\ansi words}", "rtf", "RTF"),
        ("Received: from x\nSubject: y\n\nbody", "eml", "transport headers"),
        ("From: a@example.org\nTo: b@example.org\nSubject: y\n\nbody", "eml", "addresses and a blank line"),
        ("Fr\x7fm; a@example.org\nReceived: from x\nMessage-ID: <1>\nTo: b\n\nx", "eml", "one damaged line"),
        ("Fr; a\n\nContent-Transfer-Encoding: base64\n\nQQ==", "eml", "a coded body below a damaged head"),
        ("A memo on mail.\nTo: all\nReceived: today\nwith words\nand more", "text", "prose with some fields"),
        ("From: the committee\nTo: all members\nSubject: bins\nWe met.", "text", "a memorandum"),
        ("From a@example.org Mon Jan  1 10:00:00 2024\nFrom: a@example.org\n\nx", "mbox", "mailbox"),
        ("From London to Leeds\nin 2024", "text", "prose that begins with From"),
        ("-----BEGIN PGP MESSAGE-----\n\nabc", "pgp", "armour"),
        ("Name,Ann".encode("utf-16"), "text", "UTF-16 with a mark is text, not binary"),
        ("words and words".encode("utf-16-le"), "text", "UTF-16 without a mark"),
    ],
)
def test_kind_is_decided_by_content(data: bytes | str, expected: str, why: str) -> None:
    assert kind(data) == expected, why


@pytest.mark.parametrize(
    ("main", "content_type", "expected"),
    [
        (
            "word/document.xml",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            "docx",
        ),
        ("word/document.xml", "application/vnd.ms-word.document.macroEnabled.main+xml", "docx"),
        (
            "xl/workbook.xml",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            "xlsx",
        ),
        ("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main", "xlsb"),
        (
            "ppt/presentation.xml",
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml",
            "pptx",
        ),
    ],
)
def test_office_packages_by_their_main_part(main: str, content_type: str, expected: str) -> None:
    assert kind(package(main, content_type), "anything.pdf") == expected


def test_an_embedded_workbook_does_not_make_a_presentation_a_workbook() -> None:
    extra = '<Override PartName="/ppt/e/book.xlsx" ContentType="application/x-spreadsheetml.sheet"/>'
    assert kind(package("ppt/presentation.xml", "x.presentationml.main+xml", extra=extra)) == "pptx"


@pytest.mark.parametrize("front", [b"\r\n", b"\0" * 16, b"HTTP/1.1 200 OK\r\n\r\n"])
def test_what_stands_in_front_of_a_package_does_not_hide_its_kind(front: bytes) -> None:
    assert kind(front + package("xl/workbook.xml", "x.spreadsheetml.sheet.main+xml")) == "xlsx"


def test_zip_kinds() -> None:
    assert kind(packed(mimetype="application/vnd.oasis.opendocument.text", content_dot_xml="<x/>")) == "odt"
    assert kind(packed(mimetype="application/epub+zip")) == "epub"
    assert kind(packed(a_dot_txt="x")) == "zip"
    assert kind(b"MZ" + b"\0" * 200 + packed(a_dot_txt="x")) == "zip", "self-extracting"


def test_name_settles_only_what_content_leaves_open() -> None:
    one_row = "Smith,Ann,01/02/2010\n"
    assert kind(one_row) == "text"
    assert kind(one_row, "people.csv") == "csv"
    assert kind(b"%PDF-1.4", "people.csv") == "pdf"
