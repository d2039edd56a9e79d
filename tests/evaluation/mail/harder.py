# ruff: noqa: E501 - texts stand here as they stand in a message
"""Further messages: structures that hide, containers that lock, near misses on both sides."""

from __future__ import annotations

import base64
import gzip
import io
import random
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.evaluation.mail import building as b
from tests.evaluation.mail.building import CSV, DOCX, PDF, PNG, XLSX, ZIP, filled, message, raw
from tests.evaluation.mail.cases import (
    CLAIM,
    COLLEAGUE,
    COVER,
    HEALTH,
    HOME,
    NHS,
    OUT,
    REFERRAL,
    Case,
    rows,
    sheet,
    table,
)

SECRET = "vJ7#kqz-Lw29!"
HEAD = "From: Jo <jo.whitfield@council.gov.uk>\nTo: sam.harper@harperlegal.co.uk\nSubject: Papers\nMIME-Version: 1.0\n"
PERSON = "Margaret Ellwood, born 3 June 1951, of 8 Tanner's Court, Selby. National Insurance number {nino}.\n"


def attached(
    identity: str,
    name: str,
    make: Callable[[], bytes],
    *words: str,
    kind: str = b.BYTES,
    body: str = COVER,
    subject: str = "Papers",
    tools: tuple[str, ...] = (),
    to: tuple[str, ...] = OUT,
) -> Case:
    return Case(
        identity,
        tuple(word for one in words for word in one.split("|")),
        to,
        lambda: message(subject, filled(identity, body), to=to, attach=[(name, make(), kind)]),
        tools=tools,
    )


def written(
    identity: str, words: str, subject: str, body: str, to: tuple[str, ...] = OUT, **more: object
) -> Case:
    return Case(
        identity, tuple(words.split("|")), to, lambda: message(subject, filled(identity, body), to=to, **more)
    )  # type: ignore[arg-type]


def source(identity: str, words: str, text: str) -> Case:
    return Case(identity, tuple(words.split("|")), OUT, lambda: raw(filled(identity, text)))


def cases() -> Iterator[Case]:
    """Every message of this part."""
    yield from ordinary()
    yield from telling()
    yield from containers()
    yield from structures()
    yield from addressed()


def ordinary() -> Iterator[Case]:
    """What must not be stopped."""
    yield written(
        "ok-own-permit",
        "deliver",
        "Your parking permit",
        "Dear Mr Lister,\n\nYour resident permit for 22 Bowland Road, Otley {pc:LS21} has been renewed and is valid until 4 November 2027. You do not need to display it.\n\nParking Services\n",
        HOME,
    )
    yield written(
        "ok-pothole",
        "deliver",
        "Pothole reported",
        "Dear Karen,\n\nthank you for reporting the pothole outside 14 Station Road. Our highways team will look at it within ten working days. Your reference is HW-2026-88713.\n\nCustomer Services\n",
        HOME,
    )
    yield written(
        "ok-allotment",
        "deliver",
        "Allotment waiting list",
        "Dear Mr Osei,\n\nyou are number 17 on the list for Pinfold allotments. We shall write again when a plot is free.\n\nParks\n",
        ("b.osei@outlook.com",),
    )
    yield written(
        "ok-councillor-list",
        "deliver",
        "Group office contacts",
        "Councillors for publication:\nCllr Ruth Danby, Harwood ward, ruth.danby@council.gov.uk, {tel:0113}\nCllr Amjad Rauf, Linton ward, amjad.rauf@council.gov.uk\nCllr Stephen Poole, Newall ward\n",
        ("news@otleycourier.co.uk",),
    )
    yield written(
        "ok-press",
        "deliver",
        "Press release: new play area",
        "FOR IMMEDIATE RELEASE\n\nChildren from Linnet Primary opened the new play area today. Councillor Ruth Danby, portfolio holder, said: 'It is wonderful.' Photo: pupils with head teacher Marion Frost.\n\nPress office {tel:0113}\n",
        ("news@otleycourier.co.uk",),
    )
    yield written(
        "ok-it",
        "deliver",
        "Server log extract",
        "Hi,\n\n2026-11-02 10:12:44 host=app01 pid=4820 session=943476591912 ERROR nhs_number validation failed for field 'patient_id' (length 9)\nSchema: surname VARCHAR(40), dob DATE, ni_number CHAR(9)\n\nPlease raise a case.\n",
        ("support@vendorsoft.com",),
    )
    yield written(
        "ok-contract",
        "deliver",
        "Draft data processing agreement",
        "Dear Sam,\n\nclause 7.2: the processor shall not disclose special category data, including data concerning health, sex life or ethnic origin, or NHS numbers, National Insurance numbers and dates of birth, without written instruction.\n\nLegal Services\n",
    )
    yield written(
        "ok-job-reference-request",
        "deliver",
        "Meeting room",
        "Dear Sam,\n\nRoom 4 is booked for Priya Nair and Tom Ashdown from 2 to 4. Parking is behind the library, barrier code 4471.\n\nReception\n",
    )
    yield written(
        "ok-supplier-bank",
        "deliver",
        "Payment details for invoice 40112",
        "Dear supplier,\n\nplease pay the licence fee to the council's account: Otley Town Council, sort code {sort}, account {account}. Quote invoice 40112.\n\nFinance\n",
        ("accounts@nortechsupplies.com",),
    )
    yield written(
        "ok-thanks",
        "deliver",
        "RE: RE: RE: plan",
        "Thanks Sam, that works. Have a good weekend.\n\nJo Whitfield\nPrincipal Surveyor\nT {tel:0113}\n\n> On 2 Nov 2026, Sam Harper wrote:\n> Shall we say Tuesday? My mobile is {mobile}.\n",
    )
    yield written(
        "ok-serious-case-review",
        "deliver",
        "Published: learning review 'Child J'",
        "Dear partners,\n\nthe learning review about Child J is published on the partnership's website. It finds that information about neglect was not shared between agencies. Training follows in January. The report is anonymised.\n\nSafeguarding Partnership\n",
        ("info@brightfutures.org.uk",),
    )
    yield written(
        "ok-survey",
        "deliver",
        "Survey results",
        "Headline results (n = 812): 34% of tenants said they have a long-term health condition, 12% identify as LGBT+, 8% had experienced a hate crime. No individual answers are shared.\n",
        ("research@polltakers.co.uk",),
    )
    yield written(
        "ok-planning-objection-summary",
        "deliver",
        "Objections to 26/02210/FUL",
        "Dear agent,\n\nsix letters of objection were received. Main points: overlooking, parking, loss of trees. They can be read on the public register.\n\nPlanning\n",
        ("agent@planwrights.co.uk",),
    )
    yield written(
        "ok-lost-property",
        "deliver",
        "Lost property",
        "Hello Ms Reid,\n\nwe found your umbrella at the leisure centre. It is at reception until Friday.\n\nLeisure\n",
        ("t.reid@yahoo.co.uk",),
    )
    yield written(
        "ok-licensing-number",
        "deliver",
        "Order confirmation",
        "Order no 9434765919 / part AB123456C-2 / batch QQ-1951-06-03. Deliver to Civic Centre, Albion Street, {pc:LS1}. VAT GB123456789. Company number 04218712.\n",
        ("orders@printworks.co.uk",),
    )
    yield written(
        "ok-two-parents-newsletter",
        "deliver",
        "Half-term club",
        "Dear parents,\n\nthe half-term club opens at 8.30. Please bring a packed lunch and tell us about allergies on the day.\n\nYouth Service\n",
        ("p.kaur@gmail.com", "dan.webb@hotmail.com"),
    )
    yield Case(
        "ok-calendar",
        ("deliver",),
        OUT,
        lambda: message(
            "Invitation: budget review",
            "See invitation",
            to=OUT,
            attach=[
                (
                    "invite.ics",
                    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@council.gov.uk\r\nDTSTART:20261110T100000Z\r\nSUMMARY:Budget review\r\nORGANIZER:mailto:jo.whitfield@council.gov.uk\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                    "text/calendar",
                )
            ],
        ),
    )
    yield attached(
        "ok-docx-policy",
        "policy.docx",
        lambda: b.letter(
            "Safeguarding adults: who does what",
            "A section 42 enquiry is opened where an adult with care needs may be at risk of abuse.",
            "Officers record the NHS number in the case system only.",
        ),
        "deliver",
        kind=DOCX,
    )
    yield attached(
        "ok-csv-assets",
        "assets.csv",
        lambda: (
            b"asset,serial,room\r\nlaptop,QQ1951063,4.12\r\nlaptop,QQ1951064,4.13\r\nscreen,9434765919,4.13\r\n"
        ),
        "deliver",
        kind=CSV,
    )
    yield attached(
        "ok-photo",
        "pothole.png",
        lambda: b.picture(1200, 900),
        "deliver",
        kind=PNG,
        body="Dear Sam,\n\nthe photograph shows the pothole after the repair.\n\nJo\n",
    )
    yield attached(
        "ok-zip-plans",
        "plans.zip",
        lambda: b.plain_zip(
            ("readme.txt", b"Drawings of the drainage, revision C."),
            ("key.csv", b"colour,meaning\r\nblue,foul\r\nred,surface\r\n"),
        ),
        "deliver",
        kind=ZIP,
    )
    yield attached(
        "ok-signed-p7s",
        "smime.p7s",
        lambda: b.opaque_signed(b""),
        "deliver|hold",
        kind="application/pkcs7-signature",
        tools=("openssl",),
    )


def telling() -> Iterator[Case]:
    """What must be stopped though it is said in passing, or looks different."""
    yield written(
        "tell-adult-safeguarding",
        "block",
        "Concern",
        "Hi Sam,\n\nMrs Edna Porritt of 3 Chapel Fold, Batley {pc:WF17}, who has dementia, told the carer her son takes her pension and has hit her twice. A section 42 enquiry is open.\n\nJo\n",
    )
    yield written(
        "tell-send",
        "block",
        "Transport for September",
        "Morning,\n\nOscar Tennant (dob 9.7.17) has autism and an EHCP and needs a harness and an escort. Pick up 44 Moor Lane, Otley {pc:LS21}.\n\nTransport\n",
        ("office@minibuscars.co.uk",),
    )
    yield written(
        "tell-marac",
        "block",
        "MARAC Thursday",
        "Sam,\n\nfor Thursday's MARAC: Leanne Foster and her two children, high risk, perpetrator Craig Foster released from HMP Leeds on Monday. She is staying with her sister at 12 Mount Street, Batley {pc:WF17}.\n\nJo\n",
    )
    yield written(
        "tell-channel",
        "block",
        "Channel referral",
        "Sam,\n\nZayn Iqbal, 15, from Linnet High has been referred to Channel after he shared extremist videos. Panel on the 12th.\n\nJo\n",
        ("mentor@pathways.org.uk",),
    )
    yield written(
        "tell-passport",
        "block",
        "Right to work",
        "Hi,\n\nright to work check for Olena Kovalenko, born 22/03/1988: passport number {passport}, share code {sharecode}.\n\nHR\n",
        ("checks@vettingfirm.co.uk",),
    )
    yield written(
        "tell-union",
        "block",
        "Facility time",
        "Sam,\n\nplease note that Derek Mault is a member of Unison and on long-term sick with depression. His address is 5 Park View, Otley.\n\nHR\n",
    )
    yield written(
        "tell-council-tax-fraud",
        "block",
        "Single person discount",
        "Dear Sam,\n\nwe are investigating Paula Renton, 19 Kirk Lane, Otley {pc:LS21}, for benefit fraud: she has claimed housing benefit while her partner lives there. Interview under caution on 9 November.\n\nFraud Team\n",
    )
    yield written(
        "tell-homeless",
        "block",
        "Placement tonight",
        "Hi,\n\nplease take Jermaine Cole, dob 02/05/1999, NI {nino}, tonight. He is a care leaver, HIV positive, and on methadone.\n\nHousing Options\n",
        ("desk@nighthostel.co.uk",),
    )
    yield written(
        "tell-spaced-nino",
        "block",
        "Details",
        "Name: Hannah Goss\nNI: {nino}\nDOB: 17-Aug-84\n",
        ("payroll@umbrellapay.co.uk",),
    )
    yield written(
        "tell-adoption",
        "block",
        "Matching",
        "Dear Sam,\n\nBaby Lily (born 4 January 2026) will be placed for adoption with the Hendersons of 8 Beck Side, Skipton. Birth mother Kerry Dodd must not know.\n\nJo\n",
    )
    yield written(
        "tell-offender",
        "block",
        "Unpaid work",
        "Hi,\n\nRyan Stubbs, 31, convicted of burglary in May, will do his unpaid work at your site from Monday. He lives at 4 Cross Street, Batley.\n\nJo\n",
        ("site@greenspaces.org.uk",),
    )
    yield written(
        "tell-html-table",
        "block",
        "List",
        "See table.",
        html=filled(
            "tell-html-table",
            "<table><tr><th>Name</th><th>DOB</th><th>NHS no</th></tr><tr><td>Ivy Longbottom</td><td>01/02/1939</td><td>{nhs#1}</td></tr><tr><td>Ernest Pickles</td><td>14/07/1941</td><td>{nhs#2}</td></tr></table>",
        ),
    )
    yield written(
        "tell-html-split",
        "block",
        "List",
        "See below.",
        html=filled(
            "tell-html-split",
            "<p>Ivy Longbottom, born 1 February 1939, NI number <b>{nino}</b>, diagnosed with <i>Parkinson's</i> disease.</p>",
        ),
    )
    yield written(
        "tell-display-name",
        "block|hold",
        "Re: case",
        "Please ring.",
        ("x@harperlegal.co.uk",),
        headers=[("X-Case-Note", "Kayden Ashworth dob 14/02/2016 child protection plan, NHS 4010232137")],
    )
    yield written(
        "tell-deep-thread",
        "block",
        "RE: FW: RE: Ashworth",
        "OK\n\n> Thanks\n>\n>> See below\n>>\n>>> Kayden Ashworth (14/02/2016) was made subject to a care order on 3 October and lives with foster carers at 9 Dale View, Otley.\n",
    )
    yield written(
        "tell-school-exclusion",
        "block",
        "Exclusion",
        "Dear Sam,\n\nTyler Brook, Year 9, born 30/08/2012, has been permanently excluded for assaulting a teacher. Mum is at 71 Westgate, Otley {pc:LS21}.\n\nEducation\n",
    )
    yield written(
        "tell-debt-letter",
        "block",
        "Council tax arrears",
        "Dear Ms Oduya,\n\nyou owe £1,412.07 council tax for 8 Tanner's Court and a liability order was made on 2 October. Your date of birth on our records is 3 June 1974. Bailiffs will be instructed unless you pay.\n\nRevenues\n",
        HOME,
    )
    yield attached(
        "tell-return-csv",
        "cin.csv",
        lambda: (
            "UPN,Forename,Surname,DOB,CINReferralDate,CPPStartDate,CategoryOfAbuse\r\n"
            + "".join(
                f"{filled('ret', '{upn#' + str(n) + '}')},{f},{s},{d},2026-03-0{n + 1},2026-04-1{n},NEG\r\n"
                for n, (f, s, d) in enumerate(
                    [
                        ("Ava", "Shaw", "01/02/2015"),
                        ("Noah", "Bell", "03/04/2016"),
                        ("Mia", "Rowe", "05/06/2014"),
                    ]
                )
            )
        ).encode(),
        "block",
        kind=CSV,
    )


def seven_zip(password: str, data: bytes, *options: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "list.csv").write_bytes(data)
        subprocess.run(
            ["7z", "a", "-bd", f"-p{password}", *options, "out.7z", "list.csv"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        return Path(folder, "out.7z").read_bytes()


def age(data: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        key = subprocess.run(["age-keygen"], check=True, capture_output=True, text=True, cwd=folder)
        public = next(
            line.split()[-1]
            for line in (key.stdout + key.stderr).splitlines()
            if "public key" in line.lower()
        )
        return subprocess.run(["age", "-r", public], input=data, check=True, capture_output=True).stdout


def openssl_salted(data: bytes) -> bytes:
    return subprocess.run(
        ["openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-pass", "pass:vJ7kqzLw29"],
        input=data,
        check=True,
        capture_output=True,
    ).stdout


def p12() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = "req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=t -days 2"
        subprocess.run(["openssl", *made.split()], cwd=folder, check=True, capture_output=True)
        return subprocess.run(
            [
                "openssl",
                "pkcs12",
                "-export",
                "-inkey",
                "k.pem",
                "-in",
                "c.pem",
                "-passout",
                "pass:vJ7kqzLw29",
            ],
            cwd=folder,
            check=True,
            capture_output=True,
        ).stdout


def protected_sheet(identity: str) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows(identity):
        page.append(row)
    page.protection.set_password("secret")
    page.protection.enable()
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def bomb() -> bytes:
    inner = gzip.compress(b"0" * 30_000_000)
    return b.plain_zip(*((f"{n}.gz", inner) for n in range(60)))


def mixed_zip(identity: str) -> bytes:
    """One member closed with AES, one open and clean."""
    import pyzipper

    out = io.BytesIO(b.aes_zip(SECRET, ("list.csv", table(identity))))
    with pyzipper.AESZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", b"The list is in this archive.")
    return out.getvalue()


def containers() -> Iterator[Case]:
    """Locked, half locked, only looking so."""
    seven = ("7z",)
    yield attached(
        "lock-7z", "list.7z", lambda: seven_zip(SECRET, table("lock-7z")), "encrypted", tools=seven
    )
    yield attached(
        "lock-7z-names",
        "list.7z",
        lambda: seven_zip(SECRET, table("lock-7z-names"), "-mhe=on"),
        "encrypted",
        tools=seven,
    )
    yield attached(
        "lock-7z-password-in-body",
        "list.7z",
        lambda: seven_zip("Otley-4471", table("lock-7z-password-in-body")),
        "block",
        body="Hi,\n\nattached. Password: Otley-4471\n\nJo\n",
        tools=seven,
    )
    yield attached(
        "lock-age", "list.csv.age", lambda: age(table("lock-age")), "encrypted", tools=("age", "age-keygen")
    )
    yield attached(
        "lock-openssl", "list.enc", lambda: openssl_salted(table("lock-openssl")), "hold", tools=("openssl",)
    )
    yield attached("lock-p12", "cert.p12", p12, "hold", tools=("openssl",))
    yield attached("lock-random", "volume.hc", lambda: random.Random(4).randbytes(60_000), "hold")
    yield attached(
        "lock-sheet-protection",
        "list.xlsx",
        lambda: protected_sheet("lock-sheet-protection"),
        "block",
        kind=XLSX,
    )
    yield attached("lock-mixed-zip", "papers.zip", lambda: mixed_zip("lock-mixed-zip"), "encrypted", kind=ZIP)
    yield attached(
        "lock-zip-in-zip",
        "outer.zip",
        lambda: b.plain_zip(
            ("inner.zip", b.aes_zip(SECRET, ("a.csv", table("lock-zip-in-zip")))),
            ("note.txt", b"See the inner archive."),
        ),
        "encrypted",
        kind=ZIP,
    )
    yield attached(
        "lock-zip-with-plain",
        "outer.zip",
        lambda: b.plain_zip(
            ("inner.zip", b.aes_zip(SECRET, ("a.csv", b"x" * 50))), ("list.csv", table("lock-zip-with-plain"))
        ),
        "block",
        kind=ZIP,
    )
    yield attached(
        "lock-password-subject",
        "papers.zip",
        lambda: b.aes_zip("Harwood77", ("a.csv", table("lock-password-subject"))),
        "block",
        kind=ZIP,
        subject="Papers - password Harwood77",
    )
    yield attached(
        "lock-password-name",
        "list (pw Harwood77).zip",
        lambda: b.aes_zip("Harwood77", ("a.csv", table("lock-password-name"))),
        "block",
        kind=ZIP,
    )
    yield attached(
        "lock-weak-password-password",
        "papers.zip",
        lambda: b.aes_zip("password", ("a.csv", table("lock-weak-password-password"))),
        "block",
        kind=ZIP,
    )
    yield attached(
        "lock-subject-tells",
        "papers.zip",
        lambda: b.aes_zip(SECRET, ("a.csv", table("lock-subject-tells"))),
        "block",
        kind=ZIP,
        subject="Kayden Ashworth (14/02/2016), child protection conference, 27 Linnet Rise",
    )
    yield attached(
        "lock-body-tells",
        "papers.zip",
        lambda: b.aes_zip(SECRET, ("a.csv", table("lock-body-tells"))),
        "block",
        kind=ZIP,
        body=HEALTH,
    )
    yield attached(
        "lock-member-names-tell",
        "papers.zip",
        lambda: b.aes_zip(
            SECRET,
            ("Kayden Ashworth dob 14-02-2016 child protection plan.docx", table("lock-member-names-tell")),
        ),
        "block|hold",
        kind=ZIP,
    )
    yield attached(
        "lock-clean-in-owner-pdf",
        "key.pdf",
        lambda: b.locked_pdf(b.printed("Key to the drainage drawings", "Blue: foul sewer")),
        "deliver",
        kind=PDF,
    )
    yield attached(
        "lock-inside",
        "papers.zip",
        lambda: b.aes_zip(SECRET, ("a.csv", table("lock-inside"))),
        "deliver",
        kind=ZIP,
        to=COLLEAGUE,
    )
    yield attached("lock-bomb", "data.zip", bomb, "hold", kind=ZIP)
    yield attached(
        "lock-kept-name-only",
        "list.zip",
        lambda: b"PK\x03\x04 this is not a real archive at all" * 30,
        "hold|block|deliver",
        kind=ZIP,
    )
    yield Case(
        "lock-pgp-inline",
        ("encrypted",),
        OUT,
        lambda: message("Papers", "Hi Sam\n\n" + b.gpg_public(table("lock-pgp-inline")) + "\nJo\n", to=OUT),
        tools=("gpg",),
    )
    yield Case(
        "lock-pgp-inline-telling",
        ("block",),
        OUT,
        lambda: message(
            "Papers", filled("lock-pgp-inline-telling", PERSON) + "\n" + b.gpg_public(b"hello") + "\n", to=OUT
        ),
        tools=("gpg",),
    )
    yield Case(
        "lock-pgp-stored-inline",
        ("block",),
        OUT,
        lambda: message(
            "Papers", b.gpg_public(filled("lock-pgp-stored-inline", CLAIM).encode(), sign_only=True), to=OUT
        ),
        tools=("gpg",),
    )
    yield Case(
        "lock-pgp-mime",
        ("encrypted",),
        OUT,
        lambda: raw(
            HEAD
            + 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="q"\n\n--q\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--q\nContent-Type: application/octet-stream; name="encrypted.asc"\n\n'
            + b.gpg_public(table("lock-pgp-mime"))
            + "\n--q--\n"
        ),
        tools=("gpg",),
    )
    yield Case(
        "lock-pgp-mime-fake",
        ("block",),
        OUT,
        lambda: raw(
            filled(
                "lock-pgp-mime-fake",
                HEAD
                + 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="q"\n\n--q\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--q\nContent-Type: application/octet-stream; name="encrypted.asc"\n\n'
                + PERSON
                + "\n--q--\n",
            )
        ),
    )
    yield Case(
        "lock-clear-signed",
        ("block",),
        OUT,
        lambda: raw(
            filled(
                "lock-clear-signed",
                HEAD
                + 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="q"\n\n--q\nContent-Type: text/plain\n\n'
                + PERSON
                + "\n--q\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\n",
            )
            + base64.encodebytes(b.opaque_signed(b"")).decode()
            + "--q--\n"
        ),
        tools=("openssl",),
    )
    yield Case(
        "lock-clear-signed-clean",
        ("deliver",),
        OUT,
        lambda: raw(
            HEAD
            + 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="q"\n\n--q\nContent-Type: text/plain\n\nThe meeting is at ten.\n\n--q\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\n'
            + base64.encodebytes(b.opaque_signed(b"")).decode()
            + "--q--\n"
        ),
        tools=("openssl",),
    )


def structures() -> Iterator[Case]:
    """Parts, encodings and headers that programs read differently."""
    yield source(
        "mime-base64-text",
        "block",
        HEAD
        + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(filled("mime-base64-text", PERSON).encode()).decode(),
    )
    yield source(
        "mime-base64-undeclared",
        "block",
        HEAD
        + "Content-Type: text/plain\n\nHello\n\n"
        + base64.encodebytes(b.plain_zip(("list.csv", table("mime-base64-undeclared")))).decode(),
    )
    yield source(
        "mime-uuencode",
        "block",
        HEAD + "\nHello\n\nbegin 644 list.csv\n" + _uu(table("mime-uuencode")) + "`\nend\n",
    )
    yield source(
        "mime-utf16",
        "block",
        HEAD
        + "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(filled("mime-utf16", PERSON).encode("utf-16")).decode(),
    )
    yield source(
        "mime-utf7",
        "block",
        HEAD
        + "Content-Type: text/plain; charset=utf-7\n\n"
        + filled("mime-utf7", PERSON).encode("utf-7").decode("ascii"),
    )
    yield source(
        "mime-nested",
        "block",
        HEAD
        + 'Content-Type: multipart/mixed; boundary="a"\n\n--a\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: message/rfc822\n\nSubject: innermost\n\n'
        + PERSON
        + "\n--b--\n--a--\n",
    )
    yield source(
        "mime-epilogue",
        "block",
        HEAD
        + 'Content-Type: multipart/mixed; boundary="q"\n\n--q\nContent-Type: text/plain\n\nHello\n--q--\n\n'
        + PERSON,
    )
    yield source(
        "mime-rfc822-base64",
        "block",
        HEAD
        + 'Content-Type: multipart/mixed; boundary="q"\n\n--q\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'
        + base64.encodebytes(
            ("Subject: inner\r\n\r\n" + filled("mime-rfc822-base64", PERSON)).encode()
        ).decode()
        + "--q--\n",
    )
    yield source(
        "mime-duplicate-type",
        "block",
        HEAD + "Content-Type: text/plain\nContent-Type: text/html\n\n<p>" + PERSON + "</p>\n",
    )
    yield source(
        "mime-cte-comment",
        "block",
        HEAD
        + "Content-Type: text/plain\nContent-Transfer-Encoding: (c) base64\n\n"
        + base64.encodebytes(filled("mime-cte-comment", PERSON).encode()).decode(),
    )
    yield source(
        "mime-space-before-colon", "block", HEAD + "X-Note : hello\nContent-Type : text/plain\n\n" + PERSON
    )
    yield source("mime-too-deep", "hold", HEAD + _deep(90))
    yield source(
        "mime-external",
        "deliver|hold",
        HEAD
        + 'Content-Type: message/external-body; access-type=URL; URL="https://www.example.com/plan.pdf"\n\nContent-Type: application/pdf\n\n',
    )
    yield source(
        "mime-charset-unknown", "block", HEAD + "Content-Type: text/plain; charset=x-made-up\n\n" + PERSON
    )
    yield source(
        "mime-vcard",
        "deliver|block",
        HEAD
        + "Content-Type: text/vcard\n\nBEGIN:VCARD\nVERSION:3.0\nFN:Sam Harper\nORG:Harper Legal\nTEL:{tel:0113}\nEND:VCARD\n",
    )
    yield source(
        "mime-zero-width",
        "block",
        HEAD
        + "Content-Type: text/plain; charset=utf-8\n\nMargaret Ellwood, born 3 June 1951, of 8 Tanner's Court, Selby. National Insurance number {nino:zw}.\n",
    )
    yield source(
        "mime-html-entities",
        "block",
        HEAD
        + "Content-Type: text/html; charset=utf-8\n\n<p>Margaret Ellwood, born 3 June 1951, of 8 Tanner&#39;s Court, Selby. NI&nbsp;number "
        + "".join(f"&#{ord(c)};" for c in filled("mime-html-entities", "{nino}"))
        + "</p>\n",
    )
    yield source(
        "mime-html-comment",
        "block",
        HEAD + "Content-Type: text/html\n\n<p>Hello</p><!-- " + PERSON + " -->\n",
    )
    yield source(
        "mime-data-uri",
        "block|hold",
        HEAD
        + 'Content-Type: text/html\n\n<p>Hello</p><a download="a.csv" href="data:text/csv;base64,'
        + base64.b64encode(table("mime-data-uri")).decode()
        + '">list</a>\n',
    )
    yield source(
        "mime-bare-newline-clean",
        "deliver",
        HEAD + "Content-Type: text/plain\n\nThe bins are emptied on Friday.\n",
    )
    yield Case("mime-lf-only", ("block",), OUT, lambda: filled("mime-lf-only", HEAD + "\n" + PERSON).encode())


def _uu(data: bytes) -> str:
    import binascii

    return "".join(binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45))


def _deep(levels: int) -> str:
    opened = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(levels))
    return (
        opened
        + "Content-Type: text/plain\n\nHello\n"
        + "".join(f"--b{n}--\n" for n in reversed(range(levels)))
    )


def addressed() -> Iterator[Case]:
    """Envelopes."""
    yield Case(
        "env-null-sender",
        ("deliver",),
        OUT,
        lambda: message(
            "Undeliverable: agenda",
            "Your message could not be delivered to sam@harperlegal.co.uk: mailbox full.",
            to=OUT,
            sender="Mail System <postmaster@council.gov.uk>",
        ),
        sender="",
    )
    yield Case(
        "env-idn",
        ("block",),
        ("büro@müller-gmbh.de",),
        lambda: message("Antrag", filled("env-idn", CLAIM), to=["x@example.org"]),
    )
    yield Case(
        "env-secure-clean", ("deliver",), NHS, lambda: message("Agenda", "The meeting is at ten.", to=NHS)
    )
    yield Case(
        "env-secure-sealed",
        ("encrypted", "secure-route"),
        NHS,
        lambda: message(
            "Papers",
            COVER,
            to=NHS,
            attach=[("a.zip", b.aes_zip(SECRET, ("a.csv", table("env-secure-sealed"))), ZIP)],
        ),
    )
    yield Case(
        "env-secure-and-attachment",
        ("secure-route",),
        NHS,
        lambda: message(
            "Papers", COVER, to=NHS, attach=[("list.xlsx", sheet("env-secure-and-attachment"), XLSX)]
        ),
    )
    yield Case(
        "env-secure-unread",
        ("hold",),
        NHS,
        lambda: message("Papers", COVER, to=NHS, attach=[("scan.pdf", b.scanned(), PDF)]),
    )
    yield Case(
        "env-inside-unread",
        ("deliver",),
        COLLEAGUE,
        lambda: message("Papers", COVER, to=COLLEAGUE, attach=[("scan.pdf", b.scanned(), PDF)]),
    )
    yield Case(
        "env-school",
        ("block",),
        ("office@linnet.otley.sch.uk",),
        lambda: message("Referral", filled("env-school", REFERRAL), to=["office@linnet.otley.sch.uk"]),
    )
    yield Case(
        "env-university",
        ("block",),
        ("reg@leeds.ac.uk",),
        lambda: message("Health", filled("env-university", HEALTH), to=["reg@leeds.ac.uk"]),
    )
    yield Case(
        "env-mod",
        ("secure-route",),
        ("welfare@mod.gov.uk",),
        lambda: message("Referral", filled("env-mod", REFERRAL), to=["welfare@mod.gov.uk"]),
    )
    yield Case(
        "env-own-look-alike",
        ("hold", "block"),
        ("ravi.menon@counci1.gov.uk.co",),
        lambda: message("Slides", "Slides attached.", to=["ravi.menon@counci1.gov.uk.co"]),
    )
    yield Case(
        "env-hotmail-typo",
        ("hold",),
        ("k.oduya@hotmial.com",),
        lambda: message(
            "Appointment", "Your appointment is confirmed for Friday.", to=["k.oduya@hotmial.com"]
        ),
    )
    yield Case(
        "env-cyrillic",
        ("hold",),
        ("k.oduya@gm\u0430il.com",),
        lambda: message("Appointment", "Your appointment is confirmed for Friday.", to=["x@gmail.com"]),
    )
    yield Case(
        "env-bare-name",
        ("hold", "block"),
        ("ravi.menon",),
        lambda: message("Slides", "Slides attached.", to=["ravi.menon@council.gov.uk"]),
    )
    yield Case(
        "env-other-council-clean",
        ("deliver",),
        ("planning@kent.gov.uk",),
        lambda: message(
            "Duty to cooperate",
            "Please find our timetable for the local plan below. Regulation 18 in March.",
            to=["planning@kent.gov.uk"],
        ),
    )
    yield Case(
        "env-open-list-inside",
        ("deliver",),
        COLLEAGUE,
        lambda: message(
            "Allotments", "Water is off on Saturday.", to=[f"person{n}@gmail.com" for n in range(9)]
        ),
    )
