# ruff: noqa: E501 - texts stand here as they stand in a message
"""The messages: hand-written texts, who gets them, and the verdicts that a careful officer would accept.

The first word is the one that is meant, further ones are defensible too.  Labels follow the project's yardstick
(severity of a document, verdict on a message) and were written before the judgement was run on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.evaluation.mail import building as b
from tests.evaluation.mail.building import CSV, DOCX, PDF, PNG, SENDER, XLSX, ZIP, filled, message, raw

OUT = ("sam.harper@harperlegal.co.uk",)
HOME = ("k.oduya74@gmail.com",)
COLLEAGUE = ("ravi.menon@council.gov.uk",)
NHS = ("duty.team@nhs.net",)


@dataclass(frozen=True, slots=True)
class Case:
    """One message with its envelope; ``build`` makes its bytes, ``tools`` are the programs it needs."""

    id: str
    words: tuple[str, ...]
    to: tuple[str, ...]
    build: Callable[[], bytes]
    sender: str = SENDER
    tools: tuple[str, ...] = ()


REFERRAL = """Dear colleague,

I am referring Kayden Ashworth, born 14/02/2016, of 27 Linnet Rise, Harwood {pc:BL2}. School nursing raised
concerns about bruising on both arms on 21 October and a section 47 enquiry was opened the same day. He became
subject to a child protection plan under the category of physical abuse on 29 October.

His mother is Donna Ashworth, tel {mobile}.

Regards
Jo Whitfield
Social Worker, Family Safeguarding
"""
CLAIM = """Hello,

Here are the details for the claim you rang about.

Name: Margaret Ellwood
Date of birth: 3 June 1951
Address: 8 Tanner's Court, Selby {pc:YO8}
National Insurance number: {nino}
Sort code {sort}, account {account}

Thanks
Jo
"""
HEALTH = """Dear Sam,

Mr Aidan Prosser (NHS no {nhs}) has been diagnosed with schizophrenia and was sectioned in March. He takes
clozapine. We would be grateful for a view on whether the tenancy at 4 Vale Terrace can be kept.

Jo Whitfield
"""
ROWS = [
    ("Surname", "Forename", "DOB", "NI Number", "Address"),
    ("Barlow", "Peter", "11/04/1963", "{nino#1}", "12 Mill Lane, Otley"),
    ("Choudhury", "Nasima", "02/09/1981", "{nino#2}", "45 Kirkgate, Otley"),
    ("Devlin", "Siobhan", "27/01/1990", "{nino#3}", "3 Bridge Street, Otley"),
    ("Eze", "Chinedu", "19/12/1975", "{nino#4}", "71 Westgate, Otley"),
    ("Farrow", "Linda", "08/08/1958", "{nino#5}", "9 Pool Road, Otley"),
]
COVER = "Dear Sam,\n\nThe papers are attached as agreed. Please ring me if anything does not open.\n\nJo Whitfield\n"
POLICY = """Dear all,

The revised safeguarding policy is on the intranet. It explains when a section 47 enquiry is opened, what a child
protection plan is, and who decides. NHS numbers and National Insurance numbers must never be put into a subject
line. Training dates are 12 and 19 November in the Town Hall.

Jo Whitfield
Policy Officer
"""
MINUTES = """Dear Sam,

Minutes of the Scrutiny Committee: Councillor Helen Marsh (chair), Councillor Imran Sheikh. Officers: Paul Denby,
Director of Place. 412 children were looked after at the end of September, 38 fewer than a year ago. The committee
noted the report.

Democratic Services
"""


def rows(identity: str, count: int = 5) -> list[list[str]]:
    return [[filled(identity, cell) for cell in row] for row in ROWS[: count + 1]]


def sheet(identity: str) -> bytes:
    return b.workbook(rows(identity), "Claimants")


def table(identity: str) -> bytes:
    return "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows(identity)).encode()


def text(identity: str, body: str, subject: str, to: tuple[str, ...], **more: object) -> bytes:
    return message(subject, filled(identity, body), to=to, **more)  # type: ignore[arg-type]


def cases() -> Iterator[Case]:
    """Every message of the set."""
    yield from clean()
    yield from sensitive()
    yield from attachments()
    yield from encrypted()
    yield from undone()
    yield from recipients()
    yield from malformed()


def clean() -> Iterator[Case]:
    """Ordinary business, and texts that only talk about sensitive things."""

    def case(identity: str, body: str, subject: str, to: tuple[str, ...] = OUT, **more: object) -> Case:
        return Case(identity, ("deliver",), to, lambda: text(identity, body, subject, to, **more))

    yield case(
        "clean-agenda",
        "Dear Sam,\n\nThe site meeting is at 10 on Thursday at the depot gate.\n\nJo\n",
        "Site meeting",
    )
    yield case("clean-policy", POLICY, "Safeguarding policy: new version")
    yield case("clean-minutes", MINUTES, "Scrutiny minutes")
    yield case(
        "clean-foi",
        "Dear Ms Oduya,\n\nThank you for your request under the Freedom of Information Act. Between April and September "
        "the council issued 1,204 penalty charge notices. A further 87 were cancelled on appeal. You may ask for an "
        "internal review within 40 working days.\n\nInformation Governance\n",
        "FOI 2026-1187",
        HOME,
    )
    yield case(
        "clean-bins",
        "Dear Ms Oduya,\n\nYour brown bin will be emptied on Friday 6 November. Please leave it at the kerb by 6am.\n\n"
        "Waste Services\n",
        "Your garden waste collection",
        HOME,
    )
    yield case(
        "clean-tender",
        "Dear bidder,\n\nLot 2 covers the supply of 400 laptops, order number 9434765919, delivery to the Civic Centre. "
        "Questions by noon on 13 November. VAT registration GB 123 4567 89.\n\nProcurement\n",
        "Tender: clarification 3",
        ("bids@nortechsupplies.com",),
    )
    yield case(
        "clean-newsletter",
        "Autumn at the library\n\nStory time moves to Saturdays. Author Marian Keyes visits on 20 November. Our mental "
        "health reading list is out: living with depression, anxiety and dementia. Free, no ticket needed.\n",
        "Library news, November",
        ("h.fletcher@btinternet.com",),
    )
    yield case(
        "clean-law",
        "Sam,\n\nthe point is section 20 of the Children Act 1989: accommodation of a looked after child needs consent, "
        "and R (on the application of G) v Southwark decides when section 17 will not do. Can counsel advise in general "
        "terms by the 20th?\n\nJo\n",
        "Section 20: general advice",
    )
    yield case(
        "clean-advert",
        "Social Worker, Children in Need team, grade I. You will hold child protection plans, work with victims of "
        "domestic abuse, and give evidence in care proceedings. Enhanced DBS. Contact Angela Birch, Team Manager, on "
        "{tel:0113} for a chat.\n",
        "Advert for publication",
        ("copy@publicjobsboard.co.uk",),
    )
    yield case(
        "clean-signature",
        "Hi Sam\n\nYes, Tuesday is fine.\n\nJo Whitfield (she/her)\nPrincipal Surveyor | Property Services\nTown Hall, "
        "Albion Street, {pc:LS1}\nT {tel:0113}  M {mobile}  E jo.whitfield@council.gov.uk\n\nThis message may hold "
        "confidential information about children, health or finances. If you are not the intended recipient delete it.\n",
        "RE: Tuesday",
    )
    yield case(
        "clean-training",
        "Hello,\n\nthe made-up case for the course: Test Person, NI number QQ 12 34 56 C, is said to be on a child "
        "protection plan. Learners decide what to redact. No real person is meant.\n\nLearning and Development\n",
        "Course material: redaction exercise",
        ("trainer@clearpathtraining.co.uk",),
    )
    yield case(
        "clean-statistics",
        "Dear Priya,\n\nward figures as promised: 61 children on child protection plans in North, 44 in South, 39 in "
        "East. Ethnicity: 71% White British, 12% Pakistani, 6% Black African. Figures below five are suppressed.\n\nJo\n",
        "Ward figures Q2",
        ("priya@localdatalab.org.uk",),
    )
    yield case(
        "clean-planning",
        "Dear Sam,\n\nthe decision notice for 26/01877/FUL is on the public register: single-storey rear extension at 14 "
        "Beech Avenue. Conditions 3 to 5 must be discharged before work begins.\n\nPlanning\n",
        "26/01877/FUL decision notice",
    )
    yield case(
        "clean-to-cc-colleagues",
        "All,\n\nslides for Monday are on the share. Sam's comments are in the margin.\n\nJo\n",
        "Slides",
        ("sam.harper@harperlegal.co.uk", "ravi.menon@council.gov.uk"),
    )
    yield case(
        "clean-subject-encoded",
        "Bonjour,\n\nthe twinning visit is confirmed for 14 to 17 May. The mayor will meet the bus.\n\nCivic Office\n",
        "Jumelage: arrivée à Leeds",
        ("contact@mairie-exemple.fr",),
    )
    yield Case(
        "clean-html-logo",
        ("deliver",),
        OUT,
        lambda: message(
            "Invoice query",
            "Please quote purchase order 4500112233.",
            to=OUT,
            html="<p>Please quote purchase order <b>4500112233</b>.</p><img src='cid:logo'>",
            attach=[("logo.png", b.picture(320, 90), PNG)],
        ),
    )
    yield Case(
        "clean-workbook",
        ("deliver",),
        OUT,
        lambda: message(
            "Budget lines",
            COVER,
            to=OUT,
            attach=[
                (
                    "budget.xlsx",
                    b.workbook(
                        [
                            ("Cost centre", "Line", "Budget"),
                            ("40112", "Street lighting", 125000),
                            ("40113", "Gullies", 88000),
                        ]
                    ),
                    XLSX,
                )
            ],
        ),
    )
    yield Case(
        "clean-pdf",
        ("deliver",),
        OUT,
        lambda: message(
            "Map key",
            COVER,
            to=OUT,
            attach=[
                (
                    "key.pdf",
                    b.printed("Key to the drainage drawings", "Blue: foul sewer", "Red: surface water"),
                    PDF,
                )
            ],
        ),
    )
    yield case(
        "clean-agencies-cc",
        "Dear partners,\n\nthe multi-agency resilience exercise is on 9 December at the fire station. Please send one "
        "person each and tell us about diets.\n\nEmergency Planning\n",
        "Exercise Winter Star",
        (
            "planning@westfire.gov.uk",
            "r.hale@northforce.police.uk",
            "duty@nhs.net",
            "events@redcross.org.uk",
            "ops@gridpower.co.uk",
            "liaison@waterco.co.uk",
            "control@railtrack.co.uk",
            "info@airport.co.uk",
            "clerk@harwoodparish.org.uk",
            "resilience@ourcounty.gov.uk",
            "team@voluntaryaction.org.uk",
        ),
    )
    yield case(
        "clean-forward-thread",
        "FYI\n\n> From: Sam\n> Sent: 2 November\n> The lease plan is wrong on sheet 4.\n> Sam\n",
        "FW: lease plan",
    )


def sensitive() -> Iterator[Case]:
    """Personal data in what everybody can read."""

    def case(
        identity: str, body: str, subject: str, to: tuple[str, ...] = OUT, *words: str, **more: object
    ) -> Case:
        return Case(identity, words or ("block",), to, lambda: text(identity, body, subject, to, **more))

    yield case("body-referral", REFERRAL, "Referral", ("office@brightstarnursery.co.uk",))
    yield case("body-claim", CLAIM, "Your call", HOME)
    yield case("body-health", HEALTH, "Advice please")
    yield case(
        "body-first-name-child",
        "Hi,\n\njust so you know before pick-up: Kayden in Year 2 at Linnet Primary is now looked after, he was placed "
        "with foster carers on Friday after the police protection. Do not let mum collect.\n\nJo\n",
        "Pick-up",
        ("afterschool@funclub.co.uk",),
    )
    yield case(
        "body-refuge",
        "Sam,\n\nTanya Mills fled domestic abuse and has been moved to the refuge at 61 Corner Street, Batley {pc:WF17}. "
        "Her ex-partner must not learn where she is.\n\nJo\n",
        "Non-molestation order",
    )
    yield case(
        "body-discipline",
        "Dear Sam,\n\nGraham Tull was suspended on 14 October for gross misconduct: he is accused of taking cash from the "
        "crematorium office. His disciplinary hearing is on 11 November. He lives at 5 Ash Grove.\n\nHR\n",
        "Hearing",
    )
    yield case(
        "body-bank-details",
        "Please pay the refund to Margaret Ellwood, born 03/06/1951, of 8 Tanner's Court, Selby {pc:YO8}: sort code "
        "{sort}, account number {account}.\n",
        "Refund",
        ("payments@quickrefunds.com",),
    )
    yield case(
        "body-nino-list",
        "As asked:\n\n{nino#1}\n{nino#2}\n{nino#3}\n{nino#4}\n\nregards",
        "NI numbers for matching",
        ("data@creditmatch.co.uk",),
    )
    yield case(
        "subject-only",
        "Please ring me.\n",
        "Kayden Ashworth dob 14/02/2016 - child protection plan, NHS {nhs}",
        OUT,
    )
    yield case(
        "quoted-below",
        "OK thanks, will do.\n\nJo\n\n-----Original Message-----\nFrom: Duty\nSubject: Prosser\n\n> Aidan Prosser, NHS number "
        "{nhs}, was diagnosed with HIV in 2019 and is under the clinic.\n",
        "RE: Prosser",
    )
    yield Case(
        "html-only-hidden",
        ("block",),
        OUT,
        lambda: message(
            "Newsletter",
            "See the HTML part.",
            to=OUT,
            html=filled(
                "html-only-hidden",
                "<p>News</p><p style='display:none'>Margaret Ellwood, born 3 June 1951, National Insurance number {nino}, 8 Tanner's "
                "Court, Selby</p>",
            ),
        ),
    )
    yield case(
        "body-court",
        "Dear Sam,\n\nLee Crossland, 14 Ridge View, was convicted of sexual assault in 2021 and is on licence until 2028; "
        "his CRN is {crn}. Please keep him away from the youth club building.\n\nJo\n",
        "Lettings",
    )
    yield case(
        "body-eviction",
        "Dear landlord,\n\nShanice Boateng, born 30/11/1992, of 19 Corporation Road, Batley {pc:WF17}, owes £3,180 rent and "
        "£940 council tax and her housing benefit has been stopped.\n\nHousing\n",
        "Arrears",
        ("landlord@homelets.co.uk",),
    )


def attachments() -> Iterator[Case]:
    """The same in files."""

    def case(
        identity: str, make: Callable[[], bytes], name: str, kind: str, *words: str, to: tuple[str, ...] = OUT
    ) -> Case:
        return Case(
            identity,
            words or ("block",),
            to,
            lambda: message("Papers", COVER, to=to, attach=[(name, make(), kind)]),
        )

    yield case("file-xlsx", lambda: sheet("file-xlsx"), "list.xlsx", XLSX)
    yield case("file-csv", lambda: table("file-csv"), "list.csv", CSV)
    yield case(
        "file-docx",
        lambda: b.letter(*filled("file-docx", REFERRAL).split("\n\n")),
        "report.docx",
        DOCX,
    )
    yield case("file-pdf", lambda: b.printed(*filled("file-pdf", CLAIM).splitlines()), "form.pdf", PDF)
    yield case("file-zip", lambda: b.plain_zip(("inner/list.csv", table("file-zip"))), "papers.zip", ZIP)
    yield case(
        "file-hidden-sheet",
        lambda: b.workbook(rows("file-hidden-sheet"), hidden="Lookup"),
        "summary.xlsx",
        XLSX,
    )
    yield case("file-wrong-type", lambda: sheet("file-wrong-type"), "photo.jpg", "image/jpeg")
    yield case(
        "file-eml",
        lambda: message("inner", filled("file-eml", HEALTH), to=OUT),
        "forwarded.eml",
        b.BYTES,
    )
    yield case("file-scan", b.scanned, "scan0001.pdf", PDF, "hold")
    yield case("file-unknown", lambda: bytes(range(256)) * 80, "export.dat", b.BYTES, "hold")
    yield case(
        "file-damaged",
        lambda: b.plain_zip(("a.csv", table("file-damaged") * 40))[:700],
        "papers.zip",
        ZIP,
        "hold",
        "block",
    )
    yield case("file-inside", lambda: sheet("file-inside"), "list.xlsx", XLSX, "deliver", to=COLLEAGUE)


def encrypted() -> Iterator[Case]:
    """What matters is closed."""

    def case(
        identity: str, make: Callable[[], bytes], name: str, kind: str, *tools: str, body: str = COVER
    ) -> Case:
        return Case(
            identity,
            ("encrypted",),
            OUT,
            lambda: message("Papers", body, to=OUT, attach=[(name, make(), kind)]),
            tools=tools,
        )

    secret = "vJ7#kqz-Lw29!"  # agreed by telephone: it stands in no message
    yield case(
        "enc-aes-zip", lambda: b.aes_zip(secret, ("list.csv", table("enc-aes-zip"))), "papers.zip", ZIP
    )
    yield case("enc-xlsx", lambda: b.locked_office(sheet("enc-xlsx"), secret), "list.xlsx", XLSX)
    yield case(
        "enc-pdf",
        lambda: b.locked_pdf(b.printed(*filled("enc-pdf", CLAIM).splitlines()), user=secret),
        "form.pdf",
        PDF,
    )
    yield case(
        "enc-password-follows",
        lambda: b.locked_office(sheet("enc-password-follows"), secret),
        "list.xlsx",
        XLSX,
        body="Dear Sam,\n\nplease find the list attached. The password will follow by telephone.\n\nJo\n",
    )
    yield case(
        "enc-gpg-file",
        lambda: b.gpg_public(table("enc-gpg-file")).encode(),
        "list.csv.gpg",
        "application/pgp-encrypted",
        "gpg",
    )
    yield Case(
        "enc-smime",
        ("encrypted",),
        OUT,
        lambda: _smime("Papers", b.enveloped(filled("enc-smime", CLAIM).encode())),
        tools=("openssl",),
    )
    yield Case(
        "enc-and-plain-sensitive",
        ("block",),
        OUT,
        lambda: message(
            "Papers",
            filled("enc-and-plain-sensitive", CLAIM),
            to=OUT,
            attach=[("papers.zip", b.aes_zip(secret, ("a.csv", table("enc-and-plain-sensitive"))), ZIP)],
        ),
    )
    yield Case(
        "enc-one-of-two",
        ("block",),
        OUT,
        lambda: message(
            "Papers",
            COVER,
            to=OUT,
            attach=[
                ("a.zip", b.aes_zip(secret, ("a.csv", table("enc-one-of-two"))), ZIP),
                ("b.csv", table("enc-one-of-two"), CSV),
            ],
        ),
    )


def _smime(subject: str, der: bytes) -> bytes:
    return message(subject, "", to=OUT).split(b"\r\n\r\n", 1)[0].replace(
        b'Content-Type: text/plain; charset="utf-8"', b"X-Old: 1"
    ).replace(b"Content-Transfer-Encoding: 7bit\r\n", b"") + (
        b"\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + _wrapped(der)
    )


def _wrapped(data: bytes) -> bytes:
    import base64

    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def undone() -> Iterator[Case]:
    """What only looks encrypted."""

    def case(
        identity: str,
        make: Callable[[], bytes],
        name: str,
        kind: str,
        *words: str,
        body: str = COVER,
        tools: tuple[str, ...] = (),
    ) -> Case:
        return Case(
            identity,
            words or ("block",),
            OUT,
            lambda: message("Papers", body, to=OUT, attach=[(name, make(), kind)]),
            tools=tools,
        )

    yield case(
        "undone-password-in-body",
        lambda: b.aes_zip("Harwood2026", ("list.csv", table("undone-password-in-body"))),
        "papers.zip",
        ZIP,
        body="Dear Sam,\n\nthe list is attached. The password is Harwood2026\n\nJo\n",
    )
    yield case(
        "undone-password-office",
        lambda: b.locked_office(sheet("undone-password-office"), "Tuesday77"),
        "list.xlsx",
        XLSX,
        body="Dear Sam,\n\nlist attached, pw: Tuesday77\n\nJo\n",
    )
    yield case(
        "undone-velvet",
        lambda: b.locked_office(sheet("undone-velvet"), "VelvetSweatshop"),
        "list.xlsx",
        XLSX,
    )
    yield case(
        "undone-owner-pdf",
        lambda: b.locked_pdf(b.printed(*filled("undone-owner-pdf", CLAIM).splitlines())),
        "form.pdf",
        PDF,
    )
    yield case(
        "undone-flagged-zip",
        lambda: b.flagged_zip(("list.csv", table("undone-flagged-zip"))),
        "papers.zip",
        ZIP,
        "block",
        "hold",
    )
    yield case(
        "weak-zipcrypto",
        lambda: b.weak_zip("vJ7kqzLw29", "list.csv", table("weak-zipcrypto")),
        "papers.zip",
        ZIP,
        "hold",
        "block",
        tools=("zip",),
    )
    yield case(
        "undone-gpg-store",
        lambda: b.gpg_public(table("undone-gpg-store"), sign_only=True).encode(),
        "list.csv.asc",
        "application/pgp-encrypted",
        tools=("gpg",),
    )
    yield Case(
        "undone-opaque-signed",
        ("block",),
        OUT,
        lambda: _smime("Papers", b.opaque_signed(filled("undone-opaque-signed", CLAIM).encode())),
        tools=("openssl",),
    )
    yield Case(
        "undone-secure-tag",
        ("block",),
        OUT,
        lambda: text("undone-secure-tag", CLAIM, "[SECURE] Your call", OUT),
    )
    yield Case(
        "undone-name-gives-away",
        ("block", "hold"),
        OUT,
        lambda: message(
            "Papers",
            COVER,
            to=OUT,
            attach=[
                (
                    "Kayden Ashworth dob 14-02-2016 child protection plan.zip",
                    b.aes_zip("vJ7#kqz-Lw29!", ("a.txt", b"x" * 90)),
                    ZIP,
                )
            ],
        ),
    )
    yield case(
        "kdbx",
        lambda: b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\x01\x00\x04\x00" + bytes(range(7, 250)) * 30,
        "keys.kdbx",
        b.BYTES,
        "hold",
    )


def recipients() -> Iterator[Case]:
    """The envelope decides."""

    def case(
        identity: str,
        words: str,
        to: tuple[str, ...],
        body: str = REFERRAL,
        shown: tuple[str, ...] | None = None,
        subject: str = "Referral",
    ) -> Case:
        return Case(
            identity,
            tuple(words.split("|")),
            to,
            lambda: message(subject, filled(identity, body), to=to if shown is None else shown),
        )

    yield case("to-inside", "deliver", COLLEAGUE)
    yield case("to-subdomain", "deliver", ("duty@childrens.council.gov.uk",))
    yield case("to-nhs-net", "secure-route", NHS)
    yield case("to-police", "secure-route", ("mash@westforce.police.uk",))
    yield case("to-other-council", "secure-route", ("childrens.duty@leeds.gov.uk",))
    yield case("to-mixed", "block", (*NHS, *HOME))
    yield case("to-inside-and-nhs", "secure-route", (*COLLEAGUE, *NHS))
    yield case("header-says-inside", "block", HOME, shown=COLLEAGUE)
    yield case("header-says-outside", "deliver", COLLEAGUE, shown=HOME)
    yield case("to-look-alike-gov", "block", ("duty@leeds.gov.uk.com",))
    yield case("to-xgov", "block", ("duty@leedsgov.uk",))
    yield case("to-nhs-uk-trust", "block|secure-route", ("ward7@sometrust.nhs.uk",))
    yield case("to-gcsx", "block", ("duty@leeds.gcsx.gov.uk",))
    yield case("percent-hack", "block|hold", ("sam%gmail.com@council.gov.uk",))
    yield case("literal", "block|hold", ("sam@[192.0.2.7]",))
    yield case("trailing-dot", "deliver", ("ravi.menon@council.gov.uk.",))
    yield case("upper-case-nhs", "secure-route", ("Duty.Team@NHS.NET",))
    yield case(
        "freemail-typo",
        "hold",
        ("k.oduya74@gmial.com",),
        "Dear Ms Oduya,\n\nyour appointment is confirmed.\n\nJo\n",
        subject="Appointment",
    )
    yield case(
        "own-typo",
        "hold",
        ("ravi.menon@council.org.uk",),
        "Ravi,\n\nslides attached.\n\nJo\n",
        subject="Slides",
    )
    yield case(
        "open-list",
        "block|hold",
        (
            "anna.b81@gmail.com",
            "tomek_w@hotmail.co.uk",
            "sheila.rudd@btinternet.com",
            "dev.patel9@yahoo.co.uk",
            "moira44@outlook.com",
            "lewis.k@icloud.com",
        ),
        "Hello everyone,\n\nthe allotment water is off on Saturday.\n\nParks\n",
        subject="Water",
    )
    yield case(
        "clinic-list",
        "block|hold",
        ("anna.b81@gmail.com", "tomek_w@hotmail.co.uk", "sheila.rudd@btinternet.com"),
        "Hello all,\n\nthe group meets on Wednesday at 7 as usual.\n\nJo\n",
        subject="HIV support group: next meeting",
    )
    yield case(
        "bcc-list-clean",
        "deliver",
        tuple(f"reader{n}@gmail.com" for n in range(12)),
        "Hello,\n\nstory time moves to Saturday.\n\nLibraries\n",
        shown=(),
        subject="Story time",
    )


def malformed() -> Iterator[Case]:
    """What programs read differently."""

    def case(identity: str, source: str, *words: str) -> Case:
        return Case(identity, words or ("block",), OUT, lambda: raw(filled(identity, source)))

    head = "From: Jo <jo.whitfield@council.gov.uk>\nTo: sam.harper@harperlegal.co.uk\nSubject: Papers\nMIME-Version: 1.0\n"
    secret = (
        "Margaret Ellwood, born 3 June 1951, of 8 Tanner's Court, Selby. National Insurance number {nino}.\n"
    )
    yield case(
        "mime-two-boundaries",
        head
        + 'Content-Type: multipart/mixed; boundary="aaa"; boundary="bbb"\n\n--bbb\nContent-Type: text/plain\n\n'
        + secret
        + "--bbb--\n",
        "block",
        "hold",
    )
    yield case(
        "mime-no-boundary",
        head + "Content-Type: multipart/mixed\n\n--x1\nContent-Type: text/plain\n\n" + secret + "--x1--\n",
        "block",
        "hold",
    )
    yield case(
        "mime-preamble",
        head
        + 'Content-Type: multipart/mixed; boundary="q"\n\n'
        + secret
        + "\n--q\nContent-Type: text/plain\n\nHello\n--q--\n",
    )
    yield case(
        "mime-quoted-printable",
        head
        + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        + "Margaret Ellwood, born 3 June 1951, of 8 Tanner=\n's Court, Selby. Natio=\nnal Insurance number {nino}\n",
    )
    yield case(
        "mime-alternatives-differ",
        head
        + 'Content-Type: multipart/alternative; boundary="q"\n\n--q\nContent-Type: text/plain\n\nHello\n--q\nContent-Type: text/html\n\n<p>'
        + secret
        + "</p>\n--q--\n",
    )
    yield case(
        "mime-partial",
        head + 'Content-Type: message/partial; id="a@b"; number=1; total=3\n\nSubject: inner\n\nHello\n',
        "hold",
    )
    yield case("no-headers", "\nJust a line of text.\n", "deliver")
    yield case("empty-body", head + "\n", "deliver")
