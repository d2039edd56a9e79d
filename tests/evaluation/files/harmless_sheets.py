"""Workbooks and exports without private people: stock, budgets, assets, timetables, statistics, templates."""
# ruff: noqa: E501 (rows and parts of packages stand on one line each)

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from tests.evaluation.files.books import book, put, saved
from tests.evaluation.files.exports import delimited
from tests.evaluation.files.making import Make, file

Row = Sequence[Any]


def sheet_file(
    name: str,
    header: Row,
    line: Callable[[Make, int], Row],
    count: int = 25,
    *,
    title: str = "Sheet1",
    staff: int = 99,
) -> None:
    """A workbook with a title, a header and ``count`` lines; nothing in it is sensitive."""

    def build(make: Make) -> bytes:
        made, sheet = book(title[:30].replace("/", "-"))
        sheet["A1"] = title
        put(make, sheet, [header, *(line(make, i) for i in range(1, count + 1))], top=3)
        return saved(made)

    file(
        name, "none", "low", people=0, staff=staff, forms=("xls", "csv", "ods") if len(name) % 3 == 0 else ()
    )(build)


def csv_file(
    name: str, header: Row, line: Callable[[Make, int], Row], count: int = 30, delimiter: str = ","
) -> None:
    """A delimited file of harmless rows."""

    def build(make: Make) -> bytes:
        rows = [header, *(line(make, i) for i in range(1, count + 1))]
        return delimited([[str(cell) for cell in row] for row in rows], delimiter).encode()

    file(name, "none", "low", people=0, staff=99)(build)


def _pick(make: Make, words: str) -> str:
    return make.rng.choice(words.split("|"))


sheet_file(
    "stock_list.xlsx",
    ("Stock code", "Description", "Bin", "Qty", "Unit £", "Supplier ref"),
    lambda m, i: (
        m.value("ninolike"),
        _pick(m, "Grit salt 25kg|Kerb edging|LED lantern|Manhole cover"),
        f"A{i:02d}",
        m.rng.randint(1, 400),
        12.5,
        m.value("ordernhs"),
    ),
    title="Depot stock",
)
sheet_file(
    "revenue_budget.xlsx",
    ("Cost centre", "Account code", "Description", "Budget", "Actual", "Variance"),
    lambda m, i: (
        20_000_000 + i,
        40_100_000 + i,
        _pick(m, "Children's Services|Adult Social Care|Waste|Looked after children placements"),
        1_250_000 + i,
        1_249_000,
        f"=D{i}-E{i}",
    ),
    title="Revenue budget 2025/26",
)
sheet_file(
    "asset_register.xlsx",
    ("Asset tag", "Make/model", "Serial no", "MAC", "IMEI", "Assigned to", "Location"),
    lambda m, i: (
        f"CBC{i:05d}",
        "Laptop 5540",
        m.value("num", "10"),
        "00:1B:44:11:3A:B7",
        "35" + m.value("num", "13"),
        "Pool",
        "Town Hall 2.14",
    ),
    title="IT assets",
)
sheet_file(
    "bus_timetable.xlsx",
    ("Stop", "Service 12", "Service 12A", "Service 548", "Service X43"),
    lambda m, i: (
        _pick(m, "Market Place|St Mary's Church|Priory Road|Mill Brow"),
        f"07{i:02d}",
        f"08{i:02d}",
        f"09{i:02d}",
        f"10{i:02d}",
    ),
    title="Timetable from 1 September",
)
sheet_file(
    "gritting_rota.xlsx",
    ("Week commencing", "Driver", "Mate", "Vehicle", "Route"),
    lambda m, i: (
        datetime(2025, 11, 3),
        _pick(m, "G Tattersall|P Ibbotson|L Karim"),
        _pick(m, "D Shaw|M Osei"),
        m.value("vrm"),
        f"Route {i}",
    ),
    title="Winter maintenance rota",
)
sheet_file(
    "road_works.xlsx",
    ("Permit ref", "Street", "USRN", "Works promoter", "From", "To", "Traffic management"),
    lambda m, i: (
        f"CB{m.value('num', '9')}",
        _pick(m, "Priory Road|Station Road|Mill Brow"),
        m.value("num", "8"),
        "Northern Water",
        "01/04/2025",
        "14/04/2025",
        "Two-way signals",
    ),
    title="Street works register",
)
sheet_file(
    "supplier_list.xlsx",
    (
        "Supplier",
        "VAT no",
        "Company no",
        "Sort code",
        "Account number",
        "Remittance email",
        "Address",
        "Postcode",
    ),
    lambda m, i: (
        _pick(m, "Hartwell Plant Ltd|Ocean Cleaning Services plc|Beck & Co Ltd|Foxhill Timber Ltd"),
        m.value("vat"),
        m.value("company"),
        m.value("sort"),
        m.value("account"),
        "accounts@example.com",
        f"Unit {i}, Canal Mills Trading Estate",
        m.value("pc", "LS15"),
    ),
    title="Supplier master data",
)
sheet_file(
    "election_results.xlsx",
    ("Ward", "Candidate", "Party", "Votes", "Elected"),
    lambda m, i: (
        _pick(m, "Moorside|Town|Valley"),
        _pick(m, "Gareth Pritchard|Priya Patel|Derek Sugden|Zofia Nowak"),
        _pick(m, "Labour|Conservative|Green|Liberal Democrat"),
        m.rng.randint(90, 2400),
        _pick(m, "|Yes"),
    ),
    title="Local elections - declaration of results",
)
sheet_file(
    "ward_statistics.xlsx",
    (
        "LSOA code",
        "LSOA name",
        "Children on CP plans",
        "CLA rate per 10,000",
        "Population 0-17",
        "% White British",
    ),
    lambda m, i: (
        f"E010{m.value('num', '5')}",
        f"Calderford {i:03d}A",
        m.rng.randint(5, 30),
        61.2,
        m.rng.randint(300, 900),
        81.4,
    ),
    title="Children's services by small area",
)
sheet_file(
    "school_census_totals.xlsx",
    ("LAESTAB", "School", "NOR", "FSM", "EHCP", "SEN support", "EAL"),
    lambda m, i: (
        f"381{2000 + i}",
        _pick(m, "Moorside Junior|St Oswald's CE Primary|Valley High"),
        m.rng.randint(90, 1200),
        m.rng.randint(5, 90),
        m.rng.randint(5, 20),
        m.rng.randint(5, 99),
        m.rng.randint(5, 99),
    ),
    title="Autumn census - totals by school",
)
sheet_file(
    "purchase_orders.xlsx",
    ("PO number", "Date", "Supplier no", "Line", "GL", "Net", "VAT", "Delivery to"),
    lambda m, i: (
        m.value("ordernhs"),
        "04/06/2025",
        m.value("num", "8"),
        i,
        "411020",
        240.0,
        48.0,
        "Depot, Canal Road",
    ),
    title="Purchase orders",
)
sheet_file(
    "library_stock.xlsx",
    ("ISBN", "Barcode", "Title", "Author", "Copies"),
    lambda m, i: (
        m.value("ean"),
        m.value("num", "14"),
        _pick(m, "Wuthering Heights|Silas Marner|Hard Times"),
        _pick(m, "Emily Brontë|George Eliot|Charles Dickens"),
        i,
    ),
    title="Library stock",
)
sheet_file(
    "street_lighting_columns.xlsx",
    ("Column id", "Street", "Easting", "Northing", "Lamp", "Installed", "Last test"),
    lambda m, i: (
        f"{m.value('num', '6')}",
        "Station Road",
        m.rng.randint(400000, 420000),
        m.rng.randint(420000, 440000),
        "LED 24W",
        "12/03/2018",
        "05/02/2024",
    ),
    title="Lighting inventory",
)
sheet_file(
    "vehicle_fleet.xlsx",
    ("Fleet no", "Registration", "VIN", "MOT due", "Service", "Mileage"),
    lambda m, i: (
        f"F{i:03d}",
        m.value("vrm"),
        "WDB" + m.value("num", "14"),
        "01/07/2025",
        _pick(m, "Refuse|Parks|Highways"),
        m.rng.randint(9000, 120000),
    ),
    title="Fleet",
)
sheet_file(
    "meeting_room_bookings.xlsx",
    ("Date", "Room", "Booked by", "Team", "Ext"),
    lambda m, i: (
        datetime(2025, 5, 1 + i % 28),
        f"Room {i % 5 + 1}",
        _pick(m, "Sarah Whitwell|Imran Malik|Jo Denby"),
        _pick(m, "Legal|MASH|Payroll"),
        m.rng.randint(2000, 2999),
    ),
    title="Room bookings",
)
sheet_file(
    "risk_register.xlsx",
    ("Ref", "Risk", "Cause", "Likelihood", "Impact", "Owner", "Review date"),
    lambda m, i: (
        i,
        _pick(m, "Increase in looked after children|Data breach of NHS numbers|Flooding"),
        "Demand",
        3,
        4,
        "Head of Service",
        "30/09/2025",
    ),
    title="Corporate risk register",
)
sheet_file(
    "planning_list.xlsx",
    ("Application", "Site", "Proposal", "Applicant", "Agent", "Decision"),
    lambda m, i: (
        f"25/{i:05d}/FUL",
        f"{i + 3} Priory Road, Halifax",
        "Single storey rear extension",
        _pick(m, "Mr and Mrs Booth|Foxhill Homes Ltd|Mr K Aziz"),
        "Peak Architects Ltd",
        "Granted",
    ),
    title="Weekly list of planning decisions",
    staff=99,
)
sheet_file(
    "template_with_blanks.xlsx",
    ("Surname", "Forename", "DOB", "NI number", "NHS number", "Sort code", "Account number"),
    lambda m, i: (
        (None, None, None, None, None, None, None)
        if i > 1
        else ("Example", "Ann", "01/01/1900", "QQ 12 34 56 C", "999 999 9999", "00-00-00", "00000000")
    ),
    title="New starter template",
)
sheet_file(
    "data_dictionary.xlsx",
    ("Field", "Type", "Length", "Example", "Notes"),
    lambda m, i: (
        _pick(m, "NHS_NUMBER|NINO|DATE_OF_BIRTH|SURNAME|CPP_START|LEGAL_STATUS"),
        "varchar",
        10,
        _pick(m, "QQ123456C|943 476 5919|SMITH|01/01/1970"),
        "Mandatory; child protection plan start",
    ),
    title="Data dictionary",
)
sheet_file(
    "tender_scores.xlsx",
    ("Bidder", "Company no", "Quality 60", "Price 40", "Total", "Rank"),
    lambda m, i: (
        _pick(m, "Hartwell Plant Ltd|Beck & Co Ltd|Foxhill Timber Ltd"),
        m.value("company"),
        44.5,
        31.2,
        75.7,
        i,
    ),
    title="Tender evaluation",
)
sheet_file(
    "job_evaluation_grades.xlsx",
    ("Post no", "Post title", "Grade", "SCP", "FTE", "Salary from", "Salary to", "Status"),
    lambda m, i: (
        f"P{m.value('num', '6')}",
        _pick(m, "Social Worker (Looked After Children)|Benefits Officer|SEN Caseworker|Lollipop person"),
        "SO1",
        23,
        1.0,
        32_115,
        34_834,
        _pick(m, "Vacant|Filled"),
    ),
    title="Establishment list",
)
csv_file(
    "sensor_log.csv",
    ("timestamp", "device", "value", "epoch", "crc"),
    lambda m, i: (
        f"2025-06-{i % 28 + 1:02d}T10:15:00Z",
        m.value("num", "10"),
        4.21,
        m.value("unix"),
        m.value("num", "8"),
    ),
    200,
)
csv_file(
    "ledger_journal.csv",
    ("Journal", "Period", "Account", "Dr", "Cr", "Narrative"),
    lambda m, i: (
        m.value("num", "10"),
        "202506",
        m.value("num", "8"),
        f"{m.rng.uniform(1, 9999):.2f}",
        "0.00",
        "Accrual - agency staff",
    ),
    60,
    ";",
)
csv_file(
    "spend_over_500.csv",
    ("Body", "Date", "Transaction number", "Amount", "Supplier name", "VAT registration", "Purpose"),
    lambda m, i: (
        "Calderford MBC",
        "14/05/2025",
        m.value("ordernhs"),
        f"{m.rng.uniform(500, 9999):.2f}",
        _pick(m, "Hartwell Plant Ltd|Redacted - personal data|Bright Futures Fostering Ltd"),
        m.value("vat", "plain"),
        "Children's placements",
    ),
    80,
)
csv_file(
    "bin_rounds.csv",
    ("UPRN", "Street", "Postcode", "Round", "Day"),
    lambda m, i: (m.value("uprn"), "Priory Road", m.value("pc", "HX3"), f"R{i % 7}", "Tuesday"),
    60,
)
csv_file(
    "councillor_contacts.csv",
    ("Councillor", "Ward", "Party", "Email", "Phone"),
    lambda m, i: (
        f"Cllr {_pick(m, 'Gareth|Priya|Derek|Zofia')} {_pick(m, 'Pritchard|Patel|Sugden|Nowak')}",
        "Moorside",
        "Labour",
        "cllr@example.gov.uk",
        "01632 960" + f"{i:03d}",
    ),
    20,
)
csv_file(
    "parking_tickets_by_street.csv",
    ("Street", "PCNs issued", "Cancelled", "Paid", "Code 01", "Code 12"),
    lambda m, i: ("Station Road", m.rng.randint(1, 90), 3, 40, 12, 9),
    20,
)
csv_file(
    "web_requests.log",
    ("10.2.3.4 - - GET /planning?id=1", "200", "512"),
    lambda m, i: (
        f'10.2.{i % 9}.{i} - - [12/Jun/2025:10:00:{i % 60:02d}] "GET /case/{m.value("num", "10")} HTTP/1.1"',
        "200",
        m.value("num", "6"),
    ),
    90,
)
csv_file(
    "gps_points.csv",
    ("id", "lat", "lon", "alt", "fix"),
    lambda m, i: (i, f"53.{m.value('num', '8')}", f"-1.{m.value('num', '8')}", 112, m.value("num", "9")),
    120,
    "\t",
)
csv_file(
    "firewall_export.csv",
    ("rule", "src", "dst", "port", "hits", "uuid"),
    lambda m, i: (
        i,
        f"10.0.{i}.0/24",
        "any",
        443,
        m.value("num", "9"),
        f"{m.value('num', '8')}-{m.value('num', '4')}-4{m.value('num', '3')}-8{m.value('num', '3')}-{m.value('num', '12')}",
    ),
    60,
)
