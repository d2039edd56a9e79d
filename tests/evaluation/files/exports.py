"""Exports of council systems: delimited text of every sort, fixed widths, XML spreadsheets, HTML called .xls."""
# ruff: noqa: E501 (rows and parts of packages stand on one line each)

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any
from xml.sax.saxutils import escape

from tests.evaluation.files.books import born, name, names, nhs, nino
from tests.evaluation.files.making import Expected, Make, file, texts


def lines(number: int, _: int) -> tuple[str, ...]:
    """The place of a cell in a delimited file."""
    return (f"line {number}",)


def nowhere(_number: int, _column: int) -> tuple[str, ...]:
    """A place that is not compared."""
    return ()


def delimited(
    rows: Sequence[Sequence[str]], delimiter: str = ",", *, quoting: int = csv.QUOTE_MINIMAL
) -> str:
    """Rows with a delimiter, as a system writes them."""
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerows(rows)  # type: ignore[arg-type]
    return target.getvalue()


def benefit_rows(make: Make, count: int = 9) -> list[tuple[Any, ...]]:
    """A benefit extract with its header."""
    rows: list[tuple[Any, ...]] = [
        ("CLAIM_REF", "SURNAME", "FORENAME", "DOB", "NINO", "ADDR1", "POSTCODE", "WEEKLY_AMT")
    ]
    for p in make.crowd(count):
        rows.append(
            (
                f"HB{make.rng.randint(100000, 999999)}",
                *names(make, p),
                born(make, p),
                nino(make, p),
                make.cell("UK_ADDRESS", p.line),
                make.cell("UK_POSTCODE", p.postcode),
                f"{make.rng.uniform(20, 140):.2f}",
            )
        )
    return rows


@file("northgate_extract.txt", "high", "critical")
def _tilde(make: Make) -> bytes:
    return delimited(texts(benefit_rows(make), make, nowhere), "~").encode()


@file("utf16_unicode_text.txt", "high", "critical")
def _utf16(make: Make) -> bytes:
    """'Unicode text' as Excel saves it."""
    return delimited(texts(benefit_rows(make), make, lines), "\t").encode("utf-16")


@file("cp1252_semicolons.csv", "high", "critical")
def _cp1252(make: Make) -> bytes:
    rows = benefit_rows(make)
    rows = [(*rows[0], "Betrag £"), *((*row, "£12,50") for row in rows[1:])]
    return delimited(texts(rows, make, lines), ";").encode("cp1252", "replace")


@file("bom_and_quotes.csv", "high", "critical")
def _bom(make: Make) -> bytes:
    return delimited(texts(benefit_rows(make), make, lines), quoting=csv.QUOTE_ALL).encode("utf-8-sig")


@file("sep_line_first.csv", "high", "critical")
def _sep(make: Make) -> bytes:
    rows = texts(benefit_rows(make), make, nowhere)
    return ("sep=|\r\n" + delimited(rows, "|")).encode()


@file("caret_and_text_qualifier.dat", "high", "critical")
def _caret(make: Make) -> bytes:
    rows = texts(benefit_rows(make), make, nowhere)
    return "".join("^".join(f"'{cell}'" for cell in row) + "\r\n" for row in rows).encode()


@file("control_separators.txt", "high", "critical")
def _unit_separator(make: Make) -> bytes:
    """Fields ended by the unit separator, as an ETL job likes them."""
    rows = texts(benefit_rows(make), make, nowhere)
    return "".join("\x1f".join(row) + "\n" for row in rows).encode()


def _fixed(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    return "".join(
        "".join(cell[:w].ljust(w) for cell, w in zip(row, widths, strict=True)) + "\r\n" for row in rows
    )


@file("fixed_width_with_header.txt", "high", "critical")
def _fixed_width(make: Make) -> bytes:
    rows = texts(benefit_rows(make), make, nowhere)
    return _fixed(rows, (11, 16, 14, 12, 11, 26, 10, 12)).encode("cp1252", "replace")


@file("bacs_payments.txt", "high", "critical", people=-1)
def _bacs(make: Make) -> bytes:
    """Payments in the fixed fields of a bank's file: sort code and account without anything between."""
    made = ["VOL1173941                                            173941", "HDR1A173941S"]
    for p in make.crowd(8):
        sort = p.sort.replace("-", "")
        amount = f"{make.rng.randint(1000, 90000):011d}"
        made.append(
            f"{sort}{p.account}099{'200415'}{'41907733'}    {amount}{'CALDERFORD MBC':18}{'HB REFUND':18}{p.surname.upper() + ' ' + p.forename[0]:18}"
        )
        make.say("UK_BANK_ACCOUNT", p.account)
    return "\r\n".join(made).encode("ascii", "replace")


@file("multi_line_cells.csv", "critical", people=None)
def _multi_line(make: Make) -> bytes:
    rows: list[tuple[Any, ...]] = [("Contact ID", "Child name", "DoB", "Contact notes", "Outcome")]
    for p in make.crowd(6, born=(2009, 2020)):
        note = (
            f"Call from HV.\nConcern: {p.forename} seen with bruising to both arms.\n"
            f'Mum said "fell off bed".\nAddress {p.line}, {p.town}'
        )
        rows.append((make.rng.randint(1000, 9999), name(make, p), born(make, p), note, "S47"))
    return delimited(texts(rows, make, nowhere)).encode()


@file("preamble_then_table.csv", "high", "critical", staff=1)
def _preamble(make: Make) -> bytes:
    head = "Report:,Clients overdue for review\r\nRun by:,hsmith2\r\nRun at:,02/09/2025 07:14\r\nFilter:,Team = North\r\n\r\n"
    rows: list[tuple[Any, ...]] = [("Person ID", "Person Name", "Date Of Birth", "NHS Number", "Next Review")]
    rows += [
        (f"P{make.rng.randint(10000, 99999)}", name(make, p), born(make, p), nhs(make, p), "01/08/2025")
        for p in make.crowd(9)
    ]
    return (head + delimited(texts(rows, make, nowhere)) + "\r\nRows returned:,9\r\n").encode()


@file("two_reports_in_one.csv", "high", "critical")
def _two_reports(make: Make) -> bytes:
    first: list[tuple[Any, ...]] = [("Name", "DOB", "NI Number")]
    first += [(name(make, p), born(make, p), nino(make, p)) for p in make.crowd(5)]
    second: list[tuple[Any, ...]] = [("Payee", "Sort Code", "Account", "Amount")]
    second += [
        (
            name(make, p),
            make.cell("UK_BANK_ACCOUNT", p.sort),
            make.cell("UK_BANK_ACCOUNT", p.account),
            "88.10",
        )
        for p in make.crowd(5)
    ]
    return (
        "SECTION A - STARTERS\r\n"
        + delimited(texts(first, make, nowhere))
        + "\r\nSECTION B - REFUNDS\r\n"
        + delimited(texts(second, make, nowhere))
    ).encode()


@file("excel_guarded_cells.csv", "high", "critical")
def _guarded(make: Make) -> bytes:
    """Numbers behind ="..." so that Excel leaves them alone."""
    rows: list[tuple[Any, ...]] = [("Name", "NHS Number", "Sort code", "Account number")]
    for p in make.crowd(7):
        rows.append(
            (
                name(make, p),
                nhs(make, p, f'="{p.nhs}"'),
                make.cell("UK_BANK_ACCOUNT", p.sort, f'="{p.sort}"'),
                make.cell("UK_BANK_ACCOUNT", p.account, f'="{p.account}"'),
            )
        )
    return delimited(texts(rows, make, lines)).encode()


@file("scientific.csv", "high", "critical")
def _scientific(make: Make) -> bytes:
    """Health numbers that went through Excel: floats, exponents with all their digits, thousands."""
    rows: list[tuple[Any, ...]] = [("Patient", "NHS no", "DOB")]
    for i, p in enumerate(make.crowd(9)):
        shape = (f"{p.nhs}.0", f"{int(p.nhs) / 1e9:.9f}E+09", f"{int(p.nhs):,}")[i % 3]
        rows.append((name(make, p), nhs(make, p, shape), born(make, p)))
    return delimited(texts(rows, make, lines)).encode()


@file("key_value_records.txt", "high", "critical")
def _records(make: Make) -> bytes:
    made = []
    for p in make.crowd(6):
        made.append(
            "------------------------------\n"
            f"Client ......... {make.say('PERSON', p.name)}\nBorn ........... {make.say('DATE_OF_BIRTH', p.dob)}\n"
            f"NI No .......... {make.say('UK_NINO', p.nino)}\nTel ............ {make.say('PHONE', p.mobile)}\n"
        )
    return "".join(made).encode()


@file("screen_print.txt", "high", "critical", people=1)
def _screen(make: Make) -> bytes:
    """A terminal screen, pasted: labels and values in columns."""
    p = make.person()
    return (
        "CTAX01   ACCOUNT ENQUIRY                     12/09/25 10:41\n"
        "============================================================\n"
        f"Surname  : {make.say('PERSON', p.surname):<20} Forename : {make.say('PERSON', p.forename)}\n"
        f"DOB      : {make.say('DATE_OF_BIRTH', p.dob):<20} NINO     : {make.say('UK_NINO', p.nino)}\n"
        f"Address  : {make.say('UK_ADDRESS', p.line):<20} Postcode : {make.say('UK_POSTCODE', p.postcode)}\n"
        f"Sort     : {make.say('UK_BANK_ACCOUNT', p.sort):<20} Account  : {make.say('UK_BANK_ACCOUNT', p.account)}\n"
    ).encode()


@file("spreadsheet_2003.xls", "high", "critical")
def _spreadsheet_ml(make: Make) -> bytes:
    rows = benefit_rows(make)
    body = ""
    for number, row in enumerate(rows, 1):
        body += "<Row>"
        for column, value in enumerate(row, 1):
            shown = value
            if not isinstance(value, str):
                make.expected.append(
                    Expected(
                        value.entity_type, value.value, ('"Claims"', f"{'ABCDEFGH'[column - 1]}{number}")
                    )
                )
                shown = value.stored
            body += f'<Cell><Data ss:Type="String">{escape(str(shown))}</Data></Cell>'
        body += "</Row>"
    return (
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="Claims"><Table>{body}</Table></Worksheet></Workbook>'
    ).encode()


def html_table(make: Make, rows: Sequence[Sequence[Any]], *, head: bool = True) -> str:
    """Rows as an HTML table."""
    made = texts(rows, make, nowhere)
    first, *rest = made
    tag = "th" if head else "td"
    lines_of = ["<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in first) + "</tr>"]
    lines_of += [
        "<tr>" + "".join(f"<td nowrap>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rest
    ]
    return "<table border=1>" + "\n".join(lines_of) + "</table>"


@file("business_objects_report.xls", "high", "critical")
def _html_xls(make: Make) -> bytes:
    """What a reporting tool calls an Excel file."""
    return (
        "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><head><meta charset=utf-8><style>td{mso-number-format:\\@}</style>"
        f"</head><body><b>Clients with open packages</b>{html_table(make, benefit_rows(make), head=False)}</body></html>"
    ).encode()


@file("spans_and_nested_tables.html", "high", "critical")
def _nested_html(make: Make) -> bytes:
    blocks = ""
    for p in make.crowd(5):
        inner = html_table(
            make, [("NI number", "DOB", "Tel"), (nino(make, p), born(make, p), make.cell("PHONE", p.mobile))]
        )
        blocks += f"<tr><td rowspan=2>{make.say('PERSON', p.name)}</td><td colspan=2>{make.say('UK_ADDRESS', p.line)}, {p.town}</td></tr>"
        blocks += f"<tr><td colspan=2>{inner}</td></tr>"
    return f"<html><body><table>{blocks}</table></body></html>".encode("ascii", "xmlcharrefreplace")


@file("divs_for_a_grid.html", "high", "critical")
def _div_grid(make: Make) -> bytes:
    """A table made of divs."""
    cells = "".join(f"<div class=h>{label}</div>" for label in ("Name", "Date of birth", "NHS number"))
    rows = f"<div class=row>{cells}</div>"
    for p in make.crowd(6):
        values = (make.say("PERSON", p.name), make.say("DATE_OF_BIRTH", p.dob), make.say("UK_NHS", p.nhs))
        rows += (
            "<div class=row>"
            + "".join(f"<div class=c><span>{value}</span></div>" for value in values)
            + "</div>"
        )
    return f"<html><body><div class=grid>{rows}</div></body></html>".encode()


@file("web_archive.doc", "high", "critical")
def _mht(make: Make) -> bytes:
    """A web page in one file, called a Word document."""
    body = f"<html><body><h1>Visit list</h1>{html_table(make, benefit_rows(make, 5))}</body></html>"
    made = MIMEMultipart("related", type="text/html")
    made["Subject"] = "Visit list"
    made.attach(MIMEText(body, "html", "utf-8"))
    return made.as_bytes()


@file("xml_records.xml", "high", "critical")
def _xml(make: Make) -> bytes:
    made = []
    for p in make.crowd(6, born=(2008, 2019)):
        made.append(
            f"<Pupil><UPN>{make.say('UK_UPN', p.upn)}</UPN><LegalSurname>{make.say('PERSON', p.surname)}</LegalSurname>"
            f"<LegalForename>{make.say('PERSON', p.forename)}</LegalForename><BirthDate>{make.say('DATE_OF_BIRTH', f'{p.born:%Y-%m-%d}')}</BirthDate>"
            "<SEN><Provision>E</Provision></SEN></Pupil>"
        )
    return f"<?xml version='1.0'?><CTF><Pupils>{''.join(made)}</Pupils></CTF>".encode()


@file("records_as_json.json", "high", "critical")
def _json(make: Make) -> bytes:
    made = [
        {
            "client": {
                "firstName": make.say("PERSON", p.forename),
                "lastName": make.say("PERSON", p.surname),
            },
            "dateOfBirth": make.say("DATE_OF_BIRTH", f"{p.born:%Y-%m-%d}"),
            "identifiers": [{"type": "NINO", "value": make.say("UK_NINO", p.nino)}],
        }
        for p in make.crowd(6)
    ]
    return json.dumps(made).encode()


@file("sql_dump.sql", "high", "critical")
def _sql(make: Make) -> bytes:
    made = ["INSERT INTO `client` (`id`,`surname`,`forename`,`dob`,`nino`,`postcode`) VALUES"]
    people = make.crowd(7)
    for i, p in enumerate(people, 1):
        end = ";" if i == len(people) else ","
        made.append(
            f"({i},'{make.say('PERSON', p.surname)}','{make.say('PERSON', p.forename)}',"
            f"'{make.say('DATE_OF_BIRTH', f'{p.born:%Y-%m-%d}')}','{make.say('UK_NINO', p.nino)}','{make.say('UK_POSTCODE', p.postcode)}'){end}"
        )
    return "\n".join(made).encode()


@file("header_never_repeated.tsv", "high", "critical")
def _ragged(make: Make) -> bytes:
    """Rows shorter than the header, empty cells left out at the end."""
    rows = benefit_rows(make)
    made = texts(rows, make, lines)
    return "\r\n".join("\t".join(row).rstrip("\t") for row in [[*row, ""] for row in made]).encode()
