# ruff: noqa: E501 - texts stand here as they stand in a message
"""Messages of other people's programs and devices: Outlook, Notes, Apple, scanners, tickets; odd MIME, near misses.

Written by somebody who had not seen the other messages; labels before the judgement was run on them.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from functools import partial

from tests.evaluation.mail import building as b
from tests.evaluation.mail import by_hand as h
from tests.evaluation.mail.building import CSV, DOCX, PDF, SENDER, XLSX, filled
from tests.evaluation.mail.by_hand import file, mail, multi, part, text
from tests.evaluation.mail.cases import OUT, Case

LETTER = """Dear Mr Lowe,

I write about Margaret Ellison, born 14/03/1957, of 27 Larch Road, Dunholme {pc:LN2}. Her National Insurance number is {nino:spaced}. She has been diagnosed with bipolar disorder and gets Personal Independence Payment.

Jo Whitfield
Housing Options
"""
CHILD = """Hi,

Kayden Marsh (DOB 02/09/2015, NHS number {nhs}), of 8 Quarry Lane, Welton, has been on a child protection plan under the category of neglect since June. His mother Stacey Marsh missed the last core group meeting.

Jo
"""
MEETING = """Hi Pat,

Can we move Thursday's meeting about the parking review to 2pm? Room 4, Civic Centre. The agenda is unchanged.

Thanks
Jo
"""
NEWS = """Your council newsletter - November

The new leisure centre opens on 14/12/2026. Recycling rose by 12% and 4,300 households joined the garden waste scheme. Call 01632 960200 or visit www.council.gov.uk/recycling. To unsubscribe click the link.
"""
PAPER = """Scrutiny Committee, 12 November 2026

1. At 30 September 214 children were on child protection plans and 391 were looked after (2025: 377).
2. Councillor Helen Ward moved that the report be noted. Resolved.
3. Rates of depression diagnosed among adults rose to 13.1%.
"""
INVOICE = """Invoice 20394857
Hartwell Plant Hire Ltd, Unit 4, Station Road Industrial Estate, Lincoln LN6 7AJ
Company number 04512398, VAT GB 123 4567 89
Purchase order 4500012345, 3 x excavator hire, 1,250.00 GBP
"""
NAMES = ("Ellison Margaret", "Holland Derek", "Okafor Ngozi", "Marsh Stacey", "Patel Ramesh", "Whitby Joan")
SHORT = "Derek Holland born 21/07/1949 NI {nino} with epilepsy"
EVENT = "BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261112T100000Z\r\nSUMMARY:Meeting\r\n{more}ORGANIZER;CN=Jo Whitfield:mailto:jo.whitfield@council.gov.uk\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\n{lines}END:VCARD\r\n"


def claimants(identity: str, comma: str = ",") -> str:
    lines = [comma.join(("Surname", "Forename", "Date of birth", "NI number", "Benefit"))]
    for number, name in enumerate(NAMES):
        surname, forename = name.split()
        born = f"{number + 4:02d}/0{number + 1}/195{number}"
        lines.append(comma.join((surname, forename, born, filled(identity, f"{{nino#{number}}}"), "PIP")))
    return "\n".join(lines) + "\n"


def table(identity: str) -> list[list[str]]:
    return [line.split(",") for line in claimants(identity).splitlines()]


def pages(body: str) -> bytes:
    """A PDF of a text, its lines broken at spaces."""
    lines = []
    for paragraph in body.splitlines():
        line = ""
        for word in paragraph.split():
            if len(line) + len(word) > 80:
                lines.append(line)
                line = ""
            line = f"{line} {word}".strip()
        lines.append(line)
    return b.printed(*lines)


def docx(body: str) -> bytes:
    return b.letter(*body.splitlines())


def case(
    identity: str,
    words: str,
    build: Callable[[Callable[[str], str]], bytes],
    *,
    to: tuple[str, ...] = OUT,
    sender: str = SENDER,
    tools: tuple[str, ...] = (),
) -> Case:
    """``build`` is given the function that fills in the values of this message."""
    return Case(
        identity, tuple(words.split("|")), to, lambda: build(lambda t: filled(identity, t)), sender, tools
    )


def cases() -> Iterator[Case]:
    """Every message of this part."""
    yield from outlook()
    yield from reports()
    yield from devices()
    yield from other_programs()
    yield from encodings()
    yield from structures()
    yield from disguised()
    yield from heads()
    yield from vocabulary()


def outlook() -> Iterator[Case]:
    def winmail(*attributes: tuple[int, int, bytes], code_page: int = 1252) -> bytes:
        data = h.tnef(*attributes, code_page=code_page)
        return mail(multi("mixed", text(""), file("winmail.dat", data, "application/ms-tnef")))

    yield case("out-tnef-rtf", "block", lambda f: winmail(h.tnef_body(h.RTF_BODY, h.rtf(f(LETTER)))))
    yield case("out-tnef-rtf-clean", "deliver", lambda f: winmail(h.tnef_body(h.RTF_BODY, h.rtf(MEETING))))
    yield case(
        "out-tnef-html-1251",
        "block",
        lambda f: winmail(
            h.tnef_body(h.HTML_BODY, f"<p>Привет</p><p>{f(CHILD)}</p>".encode("cp1251")), code_page=1251
        ),
    )
    yield case(
        "out-tnef-file",
        "block",
        lambda f: winmail(*h.tnef_file("REPORT~1.DOC", docx(f(LETTER)), "Report.docx")),
    )
    yield case(
        "out-tnef-file-clean",
        "deliver",
        lambda f: winmail(*h.tnef_file("PAPER~1.DOC", docx(PAPER), "Paper.docx")),
    )
    yield case(
        "out-tnef-message",
        "block",
        lambda f: winmail(
            *h.tnef_message(h.tnef(h.tnef_body(h.TEXT_BODY, f(LETTER).encode("utf-16-le") + b"\0\0")))
        ),
    )
    yield case(
        "out-tnef-as-logo",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text(MEETING),
                file("image001.png", h.tnef(h.tnef_body(h.RTF_BODY, h.rtf(f(LETTER)))), "image/png"),
            )
        ),
    )
    yield case(
        "out-msg",
        "block",
        lambda f: mail(
            multi(
                "mixed", text("As asked"), file("RE Housing.msg", h.msg(h.outlook("RE: Housing", f(LETTER))))
            )
        ),
    )
    yield case(
        "out-msg-in-msg",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("Fwd"),
                file(
                    "a.msg",
                    h.msg(
                        h.outlook(
                            "x", "see attached", inner=[h.outlook("y", "z", [("f.docx", docx(f(CHILD)))])]
                        )
                    ),
                ),
            )
        ),
    )
    yield case(
        "out-msg-in-msg-clean",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text("Fwd"),
                file(
                    "a.msg",
                    h.msg(
                        h.outlook(
                            "x", "see attached", inner=[h.outlook("y", NEWS, [("f.docx", docx(PAPER))])]
                        )
                    ),
                ),
            )
        ),
    )
    yield case(
        "out-invitation",
        "block",
        lambda f: mail(
            multi(
                "alternative",
                text("You are invited"),
                part(
                    'text/calendar; charset="utf-8"; method=REQUEST',
                    EVENT.format(method="REQUEST", more="DESCRIPTION:" + h.folded(f(CHILD)) + "\r\n"),
                    "base64",
                ),
            )
        ),
    )
    yield case(
        "out-invitation-reply",
        "deliver",
        lambda f: mail(
            multi(
                "alternative",
                text("Accepted: parking review"),
                part(
                    'text/calendar; charset="utf-8"; method=REPLY',
                    EVENT.format(method="REPLY", more=""),
                    "base64",
                ),
            )
        ),
    )
    yield case(
        "out-invitation-file",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("Invitation"),
                file(
                    "invite.ics",
                    EVENT.format(
                        method="REQUEST",
                        more="ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:"
                        + base64.b64encode(f(LETTER).encode()).decode()
                        + "\r\n",
                    ).encode(),
                    "text/calendar",
                ),
            )
        ),
    )
    mso = "<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><![endif]-->"
    yield case(
        "out-outlook-html-clean",
        "deliver",
        lambda f: mail(
            multi(
                "related",
                multi(
                    "alternative",
                    text(MEETING),
                    text(mso + f"<p class=MsoNormal>{MEETING}</p><img src='cid:i@1'>", kind="html"),
                    boundary="alt",
                ),
                part(
                    'image/png; name="image001.png"',
                    b.picture(20, 9),
                    "base64",
                    'inline; filename="image001.png"',
                    "Content-ID: <i@1>\r\n",
                ),
            )
        ),
    )
    yield case(
        "out-web-page-as-doc",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("The letter"),
                file(
                    "letter.doc",
                    f"<html xmlns:w='urn:schemas-microsoft-com:office:word'><body>{f(LETTER)}</body></html>".encode(),
                    "application/msword",
                ),
            )
        ),
    )
    yield case(
        "out-utf16-as-xls",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("The export"),
                file(
                    "export.xls",
                    claimants("out-utf16-as-xls", "\t").encode("utf-16"),
                    "application/vnd.ms-excel",
                ),
            )
        ),
    )
    yield case(
        "out-resealed",
        "hold|encrypted",
        lambda f: mail(
            multi(
                "mixed",
                text("You have received a protected message."),
                file(
                    "message_v4.rpmsg",
                    bytes.fromhex("76e80460c411e386") + b.picture(50, 50),
                    "application/x-microsoft-rpmsg-message",
                ),
            )
        ),
    )


def reports() -> Iterator[Case]:
    def undelivered(original: bytes) -> bytes:
        status = "Reporting-MTA: dns; mail.council.gov.uk\r\n\r\nFinal-Recipient: rfc822; sam.harper@harperlegal.co.uk\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        return mail(
            multi(
                "report; report-type=delivery-status",
                text("Could not be delivered.\n"),
                part("message/delivery-status", status),
                original,
            ),
            "Undeliverable: Update",
        )

    yield case(
        "out-bounce-whole", "block", lambda f: undelivered(part("message/rfc822", mail(text(f(LETTER)))))
    )
    yield case(
        "out-bounce-clean", "deliver", lambda f: undelivered(part("message/rfc822", mail(text(MEETING))))
    )
    yield case(
        "out-bounce-headers",
        "block",
        lambda f: undelivered(
            part("text/rfc822-headers", f"From: a@council.gov.uk\r\nSubject: {f(SHORT)}\r\n")
        ),
    )
    receipt = "Reporting-UA: mail.council.gov.uk; Outlook\r\nFinal-Recipient: rfc822;jo.whitfield@council.gov.uk\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n"
    yield case(
        "out-read-receipt",
        "deliver",
        lambda f: mail(
            multi(
                "report; report-type=disposition-notification",
                text("Your message was read.\n"),
                part("message/disposition-notification", receipt),
            ),
            "Read: Parking",
        ),
    )
    yield case(
        "out-absence",
        "deliver",
        lambda f: mail(
            text(
                "I am out of the office until 16 November 2026. For urgent housing matters call 01632 960100.\nJo Whitfield\n"
            ),
            "Automatic reply: Parking",
            more="Auto-Submitted: auto-replied\r\n",
        ),
    )
    yield case(
        "out-absence-quoting",
        "block",
        lambda f: mail(
            text(
                "I am out of office.\n\n-----Original Message-----\nFrom: Derek Holland\n"
                + f(LETTER).replace("\n", "\n> ")
            ),
            "Automatic reply: help",
        ),
    )
    yield case(
        "out-forwarded-as-file",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("fyi"),
                part("message/rfc822", mail(text(f(CHILD))), "base64", 'attachment; filename="in.eml"'),
            )
        ),
    )
    yield case(
        "out-digest",
        "block",
        lambda f: mail(multi("digest", part("", mail(text(NEWS))), part("", mail(text(f(LETTER)))))),
    )
    yield case(
        "out-digest-clean",
        "deliver",
        lambda f: mail(multi("digest", part("", mail(text(NEWS))), part("", mail(text(MEETING))))),
    )


def devices() -> Iterator[Case]:
    yield case(
        "out-scanner",
        "hold",
        lambda f: mail(
            multi("mixed", text("", coding="7bit"), file("SKM_C25826110314020.pdf", b.scanned(), PDF)),
            "Message from KM_C258",
        ),
    )
    yield case(
        "out-scanner-text-clean",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text(
                    'This E-mail was sent from "RNP58387" (MP C3004).\nScan Date: 03.11.2026 14:02:11 (+0000)\n'
                ),
                file("20261103140211.pdf", pages(INVOICE), PDF),
            ),
            "",
        ),
    )
    yield case(
        "out-scanner-announces",
        "deliver",
        lambda f: mail(
            text(
                "Please open the attached document. It was scanned and sent to you using a multifunction device.\n"
            ),
            "Scan from a printer",
        ),
    )
    yield case(
        "out-device-report",
        "deliver",
        lambda f: mail(
            text(
                "Device enrolled\nDevice: SM-A536B  IMEI 356938035643809  Serial R58N12ABCDE\nUser: jwhitfield  Phone +44 7700 900123\nCompliance: OK\n"
            ),
            "MDM: device enrolled",
        ),
    )
    yield case(
        "out-ticket-clean",
        "deliver",
        lambda f: mail(
            text(
                "<table><tr><td>Ticket</td><td>#INC0045871</td></tr><tr><td>Asset</td><td>LAPTOP-00943476</td></tr><tr><td>Description</td><td>Printer on floor 2 jams. Serial 4857773456.</td></tr></table>",
                kind="html",
            ),
            "[#INC0045871] Printer updated",
        ),
    )
    yield case(
        "out-ticket",
        "block",
        lambda f: mail(
            text(
                f"<table><tr><td>Requester</td><td>Derek Holland</td></tr><tr><td>Description</td><td>{f(LETTER)}</td></tr></table>".replace(
                    "\n", "<br>"
                ),
                kind="html",
            ),
            "[#INC0045871] Refund request updated",
        ),
    )


def other_programs() -> Iterator[Case]:
    yield case(
        "out-apple-pdf-in-alternative",
        "block",
        lambda f: mail(
            multi(
                "alternative",
                text(MEETING),
                multi(
                    "mixed",
                    text("<p>hi</p>", kind="html"),
                    part(
                        'application/pdf; name="form.pdf"',
                        pages(f(LETTER)),
                        "base64",
                        'inline; filename="form.pdf"',
                    ),
                    boundary="Apple-Mail=_2",
                ),
                boundary="Apple-Mail=_1",
            )
        ),
    )

    def double(data: bytes) -> bytes:
        return mail(
            multi(
                "mixed",
                text("The file"),
                multi(
                    "appledouble",
                    part('application/applefile; name="._d.docx"', h.apple_double(), "base64"),
                    file("d.docx", data, DOCX),
                    boundary="AD7",
                ),
            )
        )

    yield case("out-apple-double", "block", lambda f: double(docx(f(LETTER))))
    yield case("out-apple-double-clean", "deliver", lambda f: double(docx(PAPER)))
    yield case(
        "out-apple-archive-clean",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text("The paper"),
                file(
                    "Archive.zip",
                    b.plain_zip(("Paper.docx", docx(PAPER)), ("__MACOSX/._Paper.docx", h.apple_double(286))),
                    b.ZIP,
                ),
            )
        ),
    )
    yield case(
        "out-notes",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                multi(
                    "related",
                    multi(
                        "alternative",
                        text("Kayden\n", "us-ascii", "7bit"),
                        text(f'<font size=2 face="sans-serif">{f(CHILD)}</font>', "us-ascii", kind="html"),
                        boundary="=_alternative 004A_80257",
                    ),
                    boundary="=_related 004A_80257",
                ),
                boundary="=_mixed 004A_80257",
            ),
            more="X-Mailer: Lotus Notes Release 8.5.3FP6\r\n",
        ),
    )
    yield case(
        "out-groupwise",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("see attached", coding="7bit"),
                file("TEXT.htm", f"<html><body>{f(LETTER)}</body></html>".encode(), "text/plain"),
                part('text/plain; charset=US-ASCII; name="Header"', "Mime.822", "7bit"),
            )
        ),
    )
    yield case(
        "out-newsletter",
        "deliver",
        lambda f: mail(
            multi(
                "alternative",
                text(
                    NEWS
                    + "https://news.example/click?u=9f8e7d6c5b4a3f2e1d0c9b8a7&id=7c8b9a0d1e&e=943476591a\n"
                ),
                text(
                    f"<div style='display:none;font-size:1px;color:#fff'>November news &#847; &zwnj;</div><table width=600><tr><td>{NEWS}</td></tr></table><img src='https://news.example/open?e=943476591a' height=1 width=1>",
                    kind="html",
                ),
            ),
            more="List-Id: <news.council.gov.uk>\r\nPrecedence: bulk\r\n",
        ),
    )
    yield case(
        "out-gmail-quote",
        "block",
        lambda f: mail(
            text(
                "Thanks, done.\n\nOn Tue, 3 Nov 2026 at 10:02, Ravi Menon <ravi.menon@council.gov.uk> wrote:\n\n> "
                + f(CHILD).replace("\n", "\n> ")
            )
        ),
    )
    yield case(
        "out-card-clean",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text("My card"),
                file(
                    "jo.vcf",
                    CARD.format(
                        lines="N:Whitfield;Jo;;;\r\nFN:Jo Whitfield\r\nORG:Council\r\nTITLE:Housing Officer\r\nTEL;TYPE=WORK:01632 960123\r\nADR;TYPE=WORK:;;Civic Centre;Lincoln;;LN1 1DD;UK\r\n"
                    ).encode(),
                    "text/vcard",
                ),
            )
        ),
    )
    yield case(
        "out-card-born",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("The contact"),
                file(
                    "m.vcf",
                    f(
                        CARD.format(
                            lines="N:Ellison;Margaret;;;\r\nFN:Margaret Ellison\r\nBDAY:1957-03-14\r\nADR;TYPE=HOME:;;27 Larch Road;Dunholme;;{{pc:LN2}};UK\r\n".replace(
                                "{{", "{"
                            ).replace("}}", "}")
                        )
                    ).encode(),
                    "text/vcard",
                ),
            )
        ),
    )


def encodings() -> Iterator[Case]:
    yield case(
        "out-flowed",
        "block",
        lambda f: mail(
            part(
                "text/plain; charset=utf-8; format=flowed; delsp=yes",
                f(
                    "Margaret Ellison, born 14/03/1957, with bipolar disorder, National Insurance number {nino}"
                ).replace("number ", "number  \r\n"),
                "8bit",
            )
        ),
    )
    yield case(
        "out-qp-broken-letters",
        "block",
        lambda f: mail(
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nZo=C3=\r\n=AB Ellison =zz, date of birth 14/03/=\r\n1957, NI "
            + f("{nino}")[:3].encode()
            + b"=\r\n"
            + f("{nino}")[3:].encode()
            + b", has =E2=80=\r\n=93 bipolar disorder=\r\n\r\n"
        ),
    )
    noise = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    yield case(
        "out-base64-noise",
        "block",
        lambda f: mail(
            noise
            + base64.encodebytes(f(LETTER).encode()).rstrip(b"=\n").replace(b"\n", b" !!\x00*\r\n")
            + b"\r\n"
        ),
    )
    yield case(
        "out-base64-footer",
        "deliver",
        lambda f: mail(
            noise
            + base64.encodebytes(MEETING.encode()).replace(b"\n", b"\r\n")
            + b"\r\n_______________\r\nplanning mailing list\r\nhttp://lists.council.gov.uk/\r\n"
        ),
    )
    yield case(
        "out-base64-behind",
        "block",
        lambda f: mail(
            noise
            + base64.encodebytes(MEETING.encode()).replace(b"\n", b"\r\n")
            + b"\r\n-- \r\n"
            + f(LETTER).replace("\n", "\r\n").encode()
        ),
    )
    yield case(
        "out-uuencode",
        "block",
        lambda f: mail(
            text("Please see below\n\n" + h.uuencoded("letter.docx", docx(f(LETTER))), coding="7bit")
        ),
    )
    yield case(
        "out-uuencode-clean",
        "deliver",
        lambda f: mail(text("Please see below\n\n" + h.uuencoded("paper.docx", docx(PAPER)), coding="7bit")),
    )
    yield case(
        "out-yenc",
        "block",
        lambda f: mail(
            part(
                "text/plain; charset=iso-8859-1",
                b"file:\r\n\r\n" + h.y_encoded("x.csv", claimants("out-yenc").encode()),
                "8bit",
            )
        ),
    )
    yield case("out-ebcdic", "block", lambda f: mail(text(f(LETTER), "cp037", "base64")))
    yield case(
        "out-koi8-clean",
        "deliver",
        lambda f: mail(text("Добрый день! Собрание перенесено на четверг в 14:00, комната 4.\n", "koi8-r")),
    )
    yield case(
        "out-unknown-charset",
        "block",
        lambda f: mail(part("text/plain; charset=x-council-8", f(LETTER), "base64")),
    )
    yield case(
        "out-welsh",
        "block",
        lambda f: mail(
            text(
                f(
                    "Annwyl Mr Lowe,\n\nMae Siân Ellis, a anwyd ar 14/03/1957, rhif Yswiriant Gwladol {nino}, 27 Heol y Bont, Bangor, yn dioddef o iselder.\n"
                )
            )
        ),
    )
    yield case(
        "out-welsh-clean",
        "deliver",
        lambda f: mail(
            text(
                "Annwyl bawb,\n\nCynhelir cyfarfod y pwyllgor ddydd Iau am 2 o'r gloch yn y Ganolfan Ddinesig. Ffôn 01632 960123.\n\nDiolch\nGwenllïan Ŵyn\n"
            )
        ),
    )


def structures() -> Iterator[Case]:
    yield case(
        "out-partial",
        "hold",
        lambda f: mail(part('message/partial; id="abc@x"; number=1; total=3', mail(text(NEWS)))),
    )
    yield case(
        "out-no-boundary",
        "block|hold",
        lambda f: mail(
            b"Content-Type: multipart/mixed\r\n\r\n--xx\r\n"
            + text(MEETING)
            + b"\r\n--xx\r\n"
            + file("l.docx", docx(f(LETTER)))
            + b"\r\n--xx--\r\n"
        ),
    )
    yield case(
        "out-two-boundaries",
        "block|hold",
        lambda f: mail(
            b'Content-Type: multipart/mixed; boundary="a1"; boundary="b2"\r\n\r\n--a1\r\n'
            + text(MEETING)
            + b"\r\n--a1--\r\n--b2\r\n"
            + file("l.docx", docx(f(LETTER)))
            + b"\r\n--b2--\r\n"
        ),
    )
    yield case(
        "out-boundary-in-boundary",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                multi("alternative", text(MEETING), boundary="abc1"),
                file("l.docx", docx(f(LETTER))),
                boundary="abc",
            )
        ),
    )
    yield case(
        "out-boundary-in-boundary-clean",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                multi("alternative", text(MEETING), boundary="abc1"),
                file("l.docx", docx(PAPER)),
                boundary="abc",
            )
        ),
    )
    yield case(
        "out-not-closed",
        "block|hold",
        lambda f: mail(multi("mixed", text(MEETING), file("l.docx", docx(f(LETTER))), closed=False)),
    )
    yield case(
        "out-preamble",
        "block",
        lambda f: mail(multi("mixed", text(MEETING), before=f(LETTER).replace("\n", "\r\n").encode())),
    )
    yield case(
        "out-preamble-clean",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text(MEETING),
                before=b"This is a multi-part message in MIME format.\r\n",
                behind=b"\r\n_______\r\nplanning mailing list\r\n",
            )
        ),
    )
    yield case(
        "out-many-parts-clean",
        "deliver",
        lambda f: mail(
            multi("mixed", *(text(f"line {n} of the bin rota\n", coding="7bit") for n in range(200)))
        ),
    )
    yield case(
        "out-empty-parts",
        "block",
        lambda f: mail(multi("mixed", b"\r\n", text(""), b"", file("empty.txt", b""), text(f(LETTER)))),
    )
    yield case(
        "out-multilingual",
        "block",
        lambda f: mail(
            multi(
                "multilingual",
                text("This is a message in several languages."),
                part("message/rfc822", b"Subject: a\r\n" + text(f(CHILD)), more="Content-Language: en\r\n"),
            )
        ),
    )
    yield case(
        "out-accelerated-part",
        "block",
        lambda f: mail(
            multi(
                "alternative",
                text("hi"),
                part(
                    "text/x-amp-html; charset=utf-8",
                    f"<!doctype html><html amp4email><body>{f(LETTER)}</body></html>",
                ),
                text("<p>hi</p>", kind="html"),
            )
        ),
    )
    yield case(
        "out-text-as-attachment",
        "block",
        lambda f: mail(part("text/plain", f(LETTER), "base64", "attachment")),
    )
    yield case("out-no-head", "block", lambda f: b"\r\n" + f(LETTER).replace("\n", "\r\n").encode())
    yield case("out-no-head-clean", "deliver", lambda f: b"\r\n" + MEETING.replace("\n", "\r\n").encode())


def disguised() -> Iterator[Case]:
    yield case(
        "out-docx-as-picture",
        "block",
        lambda f: mail(multi("mixed", text(MEETING), file("picture.png", docx(f(LETTER)), "image/png"))),
    )
    yield case(
        "out-csv-as-photo",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text(MEETING),
                file("IMG_1.jpg", claimants("out-csv-as-photo").encode(), "image/jpeg"),
            )
        ),
    )
    yield case(
        "out-hidden-sheet",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("Summary attached"),
                file("summary.xlsx", b.workbook(table("out-hidden-sheet"), hidden="Data"), XLSX),
            )
        ),
    )
    yield case(
        "out-hidden-sheet-clean",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text("Summary attached"),
                file("summary.xlsx", b.workbook([["Ward", "Count"], ["Abbey", 5]], hidden="Data"), XLSX),
            )
        ),
    )
    yield case(
        "out-gzip",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("Export"),
                file("b.csv.gz", gzip.compress(claimants("out-gzip").encode(), mtime=0)),
            )
        ),
    )
    yield case(
        "out-locked-twice-password",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("Hi, zip password: Otter-Bridge9\n"),
                file(
                    "a.zip", b.plain_zip(("b.zip", b.aes_zip("Otter-Bridge9", ("l.docx", docx(f(LETTER))))))
                ),
            )
        ),
    )
    yield case(
        "out-json-export",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("Export"),
                file(
                    "e.json",
                    json.dumps(
                        [
                            {
                                "forename": "Margaret",
                                "surname": "Ellison",
                                "dob": "1957-03-14",
                                "ni_number": f("{nino}"),
                                "diagnosis": "bipolar disorder",
                            }
                        ]
                    ).encode(),
                    "application/json",
                ),
            )
        ),
    )
    yield case(
        "out-json-alert",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text("Alert"),
                file(
                    "alert.json",
                    b'{"alert":"disk","host":"srv-0943","value":0.93,"ts":1762178531,"id":"9434765919-x"}',
                    "application/json",
                ),
            )
        ),
    )
    yield case(
        "out-stock-list",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text("Stock"),
                file(
                    "stock.csv",
                    (
                        "SKU,Description,Qty\n"
                        + "\n".join(f"{9434765900 + n},Bracket M{n},{n}" for n in range(200))
                    ).encode(),
                    CSV,
                ),
            )
        ),
    )
    yield case(
        "out-hidden-by-style",
        "block",
        lambda f: mail(
            text(f"<p>Dear all</p><div style='display:none;max-height:0'>{f(CHILD)}</div>", kind="html")
        ),
    )
    yield case(
        "out-mail-link",
        "block",
        lambda f: mail(
            text(
                f(
                    "<p>Hi</p><a href='mailto:x@y.example?subject=Ellison&body=Margaret%20Ellison%20born%2014%2F03%2F1957%20NI%20{nino}%20bipolar%20disorder'>reply</a>"
                ),
                kind="html",
            )
        ),
    )


def heads() -> Iterator[Case]:
    yield case(
        "out-subject-pieces", "block", lambda f: mail(text("See subject"), h.words(f(SHORT) + " – urgent", 9))
    )
    yield case(
        "out-subject-bad-charset",
        "block",
        lambda f: mail(text("x"), "=?x-nonesuch?B?" + base64.b64encode(f(SHORT).encode()).decode() + "?="),
    )
    yield case(
        "out-subject-reference",
        "deliver",
        lambda f: mail(text(MEETING), "Ref 943476/5919 planning application 26/01234/FUL - PO 4500012345"),
    )
    yield case(
        "out-file-name-pieces",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("x"),
                part(
                    "application/pdf",
                    pages(PAPER),
                    "base64",
                    "attachment;\r\n filename*0*=UTF-8''Margaret%20Ellison%20;\r\n filename*1*=born%2014-03-1957%20NI%20;\r\n filename*2=\""
                    + f("{nino}")
                    + ' bipolar disorder.pdf"',
                ),
            )
        ),
    )
    yield case(
        "out-file-name-clean",
        "deliver",
        lambda f: mail(
            multi(
                "mixed",
                text("x"),
                part(
                    "application/pdf",
                    pages(PAPER),
                    "base64",
                    "attachment;\r\n filename*0*=UTF-8''Polisi%20diogelu%20;\r\n filename*1*=%C5%B4yn%20;\r\n filename*2=\"2026 v3.pdf\"",
                ),
            )
        ),
    )
    yield case(
        "out-comment-of-address",
        "block",
        lambda f: mail(text("x"), to="sam.harper@harperlegal.co.uk (" + f(SHORT) + ")"),
    )
    yield case(
        "out-description-of-part",
        "block",
        lambda f: mail(
            multi(
                "mixed",
                text("x"),
                part(
                    "application/pdf",
                    pages(PAPER),
                    "base64",
                    "attachment; filename=p.pdf",
                    "Content-Description: " + f(SHORT) + "\r\n",
                ),
            )
        ),
    )
    yield case(
        "out-thread-topic",
        "block",
        lambda f: mail(text("x"), "RE: case", more="Thread-Topic: " + f(SHORT) + "\r\n"),
    )
    exchange = "".join(
        f"Received: from EXCH{n}.council.gov.uk (10.4.{n}.7) by\r\n EXCH0.council.gov.uk (10.4.0.2) with Microsoft SMTP Server (version=TLS1_2,\r\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.1544.4; Tue, 3 Nov 2026 14:02:1{n} +0000\r\n"
        for n in range(4)
    )
    yield case(
        "out-exchange-headers",
        "deliver",
        lambda f: mail(
            text(MEETING),
            more=exchange
            + "X-MS-Exchange-CrossTenant-Id: 7c112a6e-10e2-4f09-a1c4-2f4c2e3a9b10\r\nX-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:GB;SFS:(13230040)(366016)(376014);DIR:OUT;\r\nX-Spam-Score: -1.9\r\n",
        ),
    )
    yield case(
        "out-eight-bit-head",
        "deliver",
        lambda f: mail(text(MEETING)).replace(b"Subject: Update", b"Subject: R\xe9union \x96 Thursday"),
    )


def vocabulary() -> Iterator[Case]:
    """The words of sensitive mail about nobody in particular, and sensitive mail without any number."""
    clean = {
        "access-request": "Dear Ms Holt,\n\nThank you for your subject access request. Before we can begin we need proof of identity such as a copy of your passport or driving licence. Please send it by post to Information Governance, Civic Centre. We will reply within one calendar month.\n\nJo Whitfield\n",
        "tender": "Tender CCS-RM6187: the supplier shall supply 12 agency social workers for child protection and looked-after children teams. Rates: Band 9 41.20 an hour. Bids by 14/12/2026 12:00 through the portal. Contract reference 4500123456.\n",
        "library-book": "Hello,\n\nYour reserved book 'Bipolar Disorder: a guide' (ISBN 978-0-141-03614-4, barcode 30117 84736291 4) is not in stock; we have ordered another copy for the branch.\n",
        "course": "Safeguarding level 2 training: Thursday 12 November, 9.30-12.30, Teams. Topics: MARAC, CSE, neglect, county lines. Bring a case to discuss (anonymised, please). Book by 6 November.\n",
        "outage": "INC0045871 P1: Mosaic and Liquidlogic are unavailable from 18:00. Children's Services staff should use the emergency contact sheet. Bridge: 01632 960555, PIN 94347659#.\n",
        "ticket-to-london": "Booking confirmation HX7K2P: Lincoln Central to London Kings Cross, 12 Nov 2026 07:23, coach B seat 41. Ticket 9434765919. Passenger: Jo Whitfield. Fare 84.50.\n",
        "ward-figures": "Ward,Children in need,CPP,Looked after\nAbbey,41,12,20\nBirch,33,7,18\nCastle,57,19,31\nTotal,131,38,69\n",
        "information-request": "Dear Sir or Madam,\n\nFreedom of Information request FOI/2026/0457\nHow many children in your care had a diagnosis of autism in 2025? Answer: 57. How many parking fines? Answer: 12,345.\n",
        "rota": "Out-of-hours rota, week 47\nMon 16 Nov: Jo Whitfield, 01632 960123\nTue 17 Nov: Sanjay Rao, 01632 960124\nDuty manager: Chris Lane ext 4410\n",
        "collection": "Dear Mr Dunmore,\n\nThank you for your email about the missed garden waste collection at 14 Elm Grove. The crew will return on Friday.\n\nJo Whitfield\n",
    }
    for name, body in clean.items():
        yield case(f"out-words-{name}", "deliver", partial(_plain, body))
    telling = {
        "foster": "Hi, Jayden in Year 4 at St Mary's Primary was moved to a foster placement last night under a section 20 agreement. Please let his teacher know.\n\nJo\n",
        "refuge": "Mrs Okafor and her two children are now at the refuge, 14 Dove Street, Lincoln. Her husband must not know the address.\n",
        "sectioned": "I am worried about my tenant Tom Green at flat 3. He was sectioned under the Mental Health Act last week and is an alcoholic.\n",
        "convicted": "Derek Holland was convicted of indecent assault in 2011 and is on the sex offenders register; he has moved to 5 Mill Close, Nettleham.\n",
        "plan-of-pupil": "Please find Maisie Ford's EHCP: she has autism and ADHD and attends Welton Primary. Mum is Karen Ford, 07700 900321.\n",
        "old-man": "Safeguarding concern: Mr Albert Dix, 88, of 2 Rose Cottages, Scothern. Bruises on both arms, son is suspected of financial abuse. Has dementia.\n",
        "below-a-signature": "Please see below.\n\nThanks\nJo\n\nMargaret Ellison has been diagnosed with bipolar disorder and is in hospital.\n",
    }
    for name, body in telling.items():
        yield case(f"out-tells-{name}", "block", partial(_with_foot, body))


def _plain(body: str, _: Callable[[str], str]) -> bytes:
    return mail(text(body), body.split("\n")[0][:40])


def _with_foot(body: str, _: Callable[[str], str]) -> bytes:
    foot = "<p>Kind regards</p><p>Jo Whitfield<br>Housing Officer<br>01632 960123</p>"
    foot += "<p style='font-size:8pt'>This email is intended only for the addressee.</p>"
    return mail(text(f"<p>{body}</p>".replace("\n", "<br>\n") + foot, kind="html"), "FW")
