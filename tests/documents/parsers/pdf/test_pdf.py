"""PDF: every place of the probe list that is read, protection, scans, damage."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from reportlab.pdfgen import canvas

from scanner.documents import Limits, Source, read_whole
from scanner.documents.model import Coverage, Protection, Segment, Shortfall, Status
from scanner.documents.parsers.pdf.pdf import clean
from scanner.documents.parsers.pdf.pdf_objects import forms_nest_too_much
from scanner.documents.places import place
from tests.documents.parsers.reading import pack, read, segment_with
from tests.robustness.hostile_files import exponential_forms

CONTENT = b"""BT /F1 12 Tf 50 740 Td (pagetoken stands here) Tj ET
BT /F1 12 Tf 50 720 Td (NHS number: ) Tj ET BT /F1 12 Tf 130 720 Td (coveredtoken) Tj ET
0 0 0 rg 128 716 100 16 re f
BT 3 Tr /F1 12 Tf 50 700 Td (invisibletoken) Tj ET BT 0 Tr ET
1 1 1 rg BT /F1 12 Tf 50 680 Td (whitetoken) Tj ET
0 0 1 rg 40 655 300 20 re f 1 1 1 rg BT /F1 12 Tf 50 660 Td (bannertoken) Tj ET 0 0 0 rg
BT /F1 12 Tf 2000 640 Td (outsidetoken) Tj ET
/OC /L1 BDC BT /F1 12 Tf 50 620 Td (offlayertoken) Tj ET EMC
/Span <</ActualText (actualtoken)>> BDC BT /F1 12 Tf 50 600 Td (glyphs) Tj ET EMC
q 1 0 0 1 0 0 cm /X1 Do Q
q 1 0 0 1 0 0 cm /X2 Do Q
/OC /M1 BDC BT /F1 12 Tf 50 560 Td (membershiptoken) Tj ET EMC
/OC /L2 BDC BT /F1 12 Tf 50 540 Td (shownlayertoken) Tj ET EMC
BT /F1 12 Tf 50 520 Td (picturetoken) Tj ET q 200 0 0 20 45 515 cm /I1 Do Q
BT /F1 12 Tf 50 490 Td (throughtoken) Tj ET q 200 0 0 20 45 485 cm /I2 Do Q
0 0.4 0 rg 40 455 300 20 re f BT /F1 12 Tf 50 460 Td (greentoken) Tj ET 0 0 0 rg
1 1 1 rg 40 425 300 20 re f BT /F1 12 Tf 50 430 Td (bleachedtoken) Tj ET 0 0 0 rg
q 12 w 40 410 m 300 410 l S Q 40 395 m 340 395 l S
BT /F1 12 Tf 50 370 Td (markertoken) Tj ET q 14 w 45 374 m 200 374 l S Q
BT /F1 12 Tf 50 340 Td (framedtoken) Tj ET 40 330 300 30 re 42 332 296 26 re f*
q 1 0 0 1 300 300 cm /X3 Do Q 0 0 0 rg 340 295 100 20 re f
40 230 m 340 230 l 340 260 l 40 260 l h 42 258 m 41 257 l 339 257 l 338 258 l 338 231 l 339 232 l 41 232 l
42 231 l h f* BT /F1 12 Tf 50 240 Td (notchedtoken) Tj ET
"""


def full_pdf() -> bytes:
    pdf = pikepdf.new()
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("layername")))
    form = pdf.make_stream(b"BT /F1 12 Tf 50 580 Td (xobjecttoken) Tj ET")
    form.stream_dict.update(
        Dictionary(
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=[0, 0, 600, 800],
            Resources=Dictionary(Font=Dictionary(F1=font)),
        )
    )
    shown = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("plans of works")))
    member = pdf.make_indirect(
        Dictionary(Type=Name.OCMD, OCGs=Array([layer, shown]), VE=Array([Name.And, layer, shown]))
    )

    def drawing(content: bytes, **entries: object) -> pikepdf.Object:
        stream = pdf.make_stream(content)
        resources = Dictionary(Font=Dictionary(F1=font))
        stream.stream_dict.update(
            Dictionary(
                Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 600, 800], Resources=resources, **entries
            )
        )
        return stream

    def picture(**entries: object) -> pikepdf.Object:
        stream = pdf.make_stream(bytes(4))
        stream.stream_dict.update(
            Dictionary(
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=2,
                Height=2,
                BitsPerComponent=8,
                ColorSpace=Name.DeviceGray,
                **entries,
            )
        )
        return stream

    page = pdf.add_blank_page(page_size=(595, 842))
    page.Contents = pdf.make_stream(CONTENT)
    page.Resources = Dictionary(
        Font=Dictionary(F1=font),
        XObject=Dictionary(
            X1=form,
            X2=drawing(b"BT /F1 12 Tf 50 570 Td (formlayertoken) Tj ET", OC=layer),
            X3=drawing(b"BT /F1 12 Tf 50 0 Td (blackenedtoken) Tj ET"),
            I1=picture(),
            I2=picture(SMask=picture()),
        ),
        Properties=Dictionary(L1=layer, L2=shown, M1=member),
    )
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name("/r"), St=3, P=String("Appendix "))]))

    def attachment(name: str, content: bytes) -> pikepdf.Object:
        stream = pdf.make_stream(content)
        stream.stream_dict.Type = Name.EmbeddedFile
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Filespec,
                F=String(name),
                UF=String(name),
                EF=Dictionary(F=stream),
                Desc=String(f"description of {name}"),
            )
        )

    def annotation(kind: str, **entries: object) -> pikepdf.Object:
        return pdf.make_indirect(
            Dictionary(Type=Name.Annot, Subtype=Name("/" + kind), Rect=[1, 1, 20, 20], **entries)
        )

    parent = pdf.make_indirect(Dictionary(T=String("child"), FT=Name.Tx))
    field = annotation(
        "Widget",
        T=String("surname"),
        TU=String("Surname of child"),
        V=String("valuetoken"),
        DV=String("defaulttoken"),
        Parent=parent,
    )
    parent.Kids = Array([field])
    choice = annotation(
        "Widget", FT=Name.Ch, T=String("worker"), Opt=Array([String("optiontoken"), String("other")])
    )
    birth = annotation("Widget", FT=Name.Tx, T=String("dob"), V=String("birthtoken"))
    page.Annots = Array(
        [
            annotation(
                "Text",
                Contents=String("stickytoken"),
                T=String("noteauthor"),
                RC=String("<body><p>rich<b>token</b></p></body>"),
            ),
            annotation("FreeText", Contents=String("freetexttoken")),
            annotation("Link", A=Dictionary(S=Name.URI, URI=String("mailto:linktoken@example.org"))),
            annotation("FileAttachment", FS=attachment("note.txt", b"annotationfile")),
            field,
            choice,
            birth,
        ]
    )
    xfa = pdf.make_stream(b"<xdp><datasets><child><surname>xfatoken</surname></child></datasets></xdp>")
    pdf.Root.AcroForm = Dictionary(Fields=Array([parent, choice, birth]), XFA=xfa)
    pdf.Root.Names = Dictionary(
        EmbeddedFiles=Dictionary(Names=Array([String("a"), attachment("case.txt", b"documentfile")]))
    )
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert('scripttoken')"))
    pdf.Root.OCProperties = Dictionary(
        OCGs=Array([layer, shown]), D=Dictionary(OFF=Array([layer]), Order=Array([layer]))
    )
    pdf.Root.StructTreeRoot = pdf.make_indirect(
        Dictionary(Type=Name.StructTreeRoot, K=Dictionary(S=Name.Figure, Alt=String("alttoken")))
    )
    # Nothing refers to this object; it is written all the same.
    pdf.Root.Spare = pdf.make_indirect(
        Dictionary(Subtype=Name.Text, Rect=[0, 0, 1, 1], Contents=String("orphantoken"))
    )
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("outlinetoken", 0))
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["photoshop:Credit"] = "xmptoken"
    pdf.docinfo["/Title"] = "titletoken"
    pdf.docinfo["/CaseRef"] = "custominfo"
    stream = io.BytesIO()
    pdf.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def document() -> tuple[tuple[Segment, ...], Coverage]:
    return read(full_pdf())


# (token, hidden reason, words of the location): the places of the probe list, and near misses.
PLACES = (
    ("pagetoken", "", 'page 1 (printed "Appendix iii")'),
    ("coveredtoken", "text under a filled box", "page 1"),
    ("invisibletoken", "invisible text", "page 1"),
    ("whitetoken", "white text", "page 1"),
    ("bannertoken", "", "page 1"),
    ("outsidetoken", "outside the page", "page 1"),
    ("offlayertoken", "layer switched off", "page 1"),
    ("shownlayertoken", "", "page 1"),
    ("membershiptoken", "layer switched off", "page 1"),
    ("formlayertoken", "layer switched off", "page 1"),
    ("picturetoken", "text under a picture", "page 1"),
    ("throughtoken", "", "page 1"),
    ("greentoken", "text in the colour of its background", "page 1"),
    ("bleachedtoken", "white text", "page 1"),
    ("markertoken", "text under a filled box", "page 1"),
    ("framedtoken", "", "page 1"),
    ("notchedtoken", "", "page 1"),
    ("blackenedtoken", "text under a filled box", "page 1"),
    ("plans of works", "name of a layer", "layers"),
    ("Appendix", "page label", "page labels"),
    ("actualtoken", "", "page 1"),
    ("xobjecttoken", "", "page 1"),
    ("stickytoken", "annotation", "> annotation"),
    ("noteauthor", "author of a comment", "> annotation"),
    ("freetexttoken", "annotation", "> annotation"),
    ("linktoken", "link target", "link"),
    ("annotationfile", "", 'attachment "note.txt"'),
    ("documentfile", "", 'attachment "case.txt"'),
    ("description of case.txt", "description", "attachment"),
    ("valuetoken", "", '> field "child.surname"'),
    ("birthtoken", "", '> field "dob"'),
    ("defaulttoken", "default value", '> field "child.surname"'),
    ("Surname of child", "field tooltip", "field"),
    ("worker", "field name", "field"),
    ("optiontoken", "field choice", "field"),
    ("xfatoken", "XFA form", "XFA form"),
    ("scripttoken", "script", "script"),
    ("alttoken", "alt text", "alt text"),
    ("orphantoken", "annotation", "annotation"),
    ("outlinetoken", "bookmark", "outline"),
    ("titletoken", "document properties", "document properties > Title"),
    ("custominfo", "document properties", "document properties > CaseRef"),
    ("xmptoken", "document properties", "metadata"),
)


@pytest.mark.parametrize(("token", "hidden", "where"), PLACES, ids=[one[0] for one in PLACES])
def test_every_place_is_read_once_and_named(
    document: tuple[tuple[Segment, ...], Coverage], token: str, hidden: str, where: str
) -> None:
    segment = segment_with(document[0], token)
    assert segment.hidden == hidden
    assert where in str(place(segment, segment.text.index(token)))


def test_everything_is_read_and_labelled(document: tuple[tuple[Segment, ...], Coverage]) -> None:
    segments, coverage = document
    assert coverage.status is Status.INSPECTED
    assert coverage.protection is Protection.NONE
    assert segment_with(segments, "coveredtoken").fields[0].label == "NHS number"
    form = segment_with(segments, "valuetoken")
    assert sorted((form.text[f.start : f.end], f.label) for f in form.fields) == [
        ("birthtoken", "dob"),
        ("valuetoken", "Surname of child"),
    ]


def pages(*texts: tuple[str, ...], picture: bool = False) -> bytes:
    """A PDF with the given lines on each page; a page without lines is blank or a picture."""
    stream = io.BytesIO()
    sheet = canvas.Canvas(stream, pagesize=(595, 842), initialFontName="Helvetica")
    for lines in texts:
        if not lines and picture:
            from reportlab.lib.utils import ImageReader

            bitmap = b"P6 2 2 255 " + bytes(12)
            sheet.drawImage(ImageReader(io.BytesIO(bitmap)), 0, 0, 595, 842)
        for number, line in enumerate(lines):
            sheet.drawString(50, 780 - 20 * number, line)
        sheet.showPage()
    sheet.save()
    return stream.getvalue()


def test_lines_stay_lines_and_pages_are_numbered() -> None:
    segments, coverage = read(pages(("1 High Street", "Anytown", "ZZ99 3VZ"), ("second page",)))
    address = segment_with(segments, "High Street")
    assert address.text.strip().split("\n") == ["1 High Street", "Anytown", "ZZ99 3VZ"]
    assert str(address.location) == "page 1"
    assert str(segment_with(segments, "second page").location) == "page 2"
    assert coverage.status is Status.INSPECTED


def test_scanned_pages_are_said_to_need_ocr() -> None:
    _, coverage = read(pages(("text page",), (), (), picture=True))
    assert coverage.status is Status.PARTIAL
    assert [(gap.reason, str(gap.location)) for gap in coverage.gaps] == [
        (Shortfall.NEEDS_OCR, "pages 2 to 3")
    ]


@pytest.mark.parametrize(
    ("line", "shown", "why"),
    [
        ("SSuurrnnaammee", "Surname", "bold by printing twice"),
        ("SSuurrnnaammee OOsseeii", "Surname Osei", "two words"),
        ("11223344556677", "11223344556677", "near miss: digits alone are a number"),
        ("Aaron Hannah", "Aaron Hannah", "near miss: a double letter"),
        ("com\ufffepile", "compile", "hyphen at a line's end"),
        ("20-11\ufffe22", "20-11-22", "hyphen of a number at a line's end"),
        ("one\r\ntwo", "one\ntwo", "line ends"),
    ],
)
def test_page_text_is_cleaned(line: str, shown: str, why: str) -> None:
    assert clean(line) == shown, why


def test_scan_without_any_text_is_not_inspected() -> None:
    _, coverage = read(pages((), picture=True))
    assert coverage.status is Status.NOT_INSPECTED
    assert coverage.reason.startswith(Shortfall.NEEDS_OCR.value)


@pytest.mark.parametrize(
    ("size", "hidden", "why"),
    [
        (1.0, [""], "the text layer of a scan with a stamp on it"),
        (0.2, ["invisible text"], "near miss: a letterhead"),
    ],
)
def test_the_text_layer_of_a_scan_is_its_text(size: float, hidden: list[str], why: str) -> None:
    from reportlab.lib.utils import ImageReader

    stream = io.BytesIO()
    sheet = canvas.Canvas(stream, pagesize=(595, 842))
    sheet.drawImage(ImageReader(io.BytesIO(b"P6 2 2 255 " + bytes(12))), 0, 842 * (1 - size), 595, 842 * size)
    text = sheet.beginText(60, 800 - 20)
    text.setTextRenderMode(3)
    for number in range(30):
        text.textLine(f"Line {number} of the letter about layertoken{number}")
    text.setTextRenderMode(0)
    sheet.drawText(text)
    sheet.setFillColorRGB(0.8, 0, 0)
    sheet.drawString(400, 20, "RECEIVED 3 March, stamptoken")
    sheet.save()
    segments, coverage = read(stream.getvalue())
    assert coverage.status is Status.INSPECTED
    assert [one.hidden for one in segments if "layertoken29" in one.text] == hidden, why
    assert segment_with(segments, "stamptoken").hidden == ""


def test_blank_page_is_no_gap() -> None:
    _, coverage = read(pages(("text page",), ()))
    assert coverage.status is Status.INSPECTED


def encrypted(user: str, owner: str, **how: object) -> bytes:
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(pages(("lockedtoken",)))) as pdf:
        pdf.save(stream, encryption=pikepdf.Encryption(user=user, owner=owner, **how))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("user", "how", "status", "protection"),
    [
        ("four horses", {"R": 6}, Status.ENCRYPTED, Protection.STRONG),
        ("four horses", {"R": 4, "aes": True}, Status.ENCRYPTED, Protection.STRONG),
        ("four horses", {"R": 4, "aes": False, "metadata": False}, Status.ENCRYPTED, Protection.WEAK),
        ("four horses", {"R": 3, "aes": False, "metadata": False}, Status.ENCRYPTED, Protection.WEAK),
        ("four horses", {"R": 2, "aes": False, "metadata": False}, Status.ENCRYPTED, Protection.WEAK),
        ("", {"R": 6}, Status.INSPECTED, Protection.NAME_ONLY),
        ("", {"R": 3, "aes": False, "metadata": False}, Status.INSPECTED, Protection.NAME_ONLY),
    ],
)
def test_protection(user: str, how: dict[str, object], status: Status, protection: Protection) -> None:
    segments, coverage = read(encrypted(user, "owner", **how))
    assert (coverage.status, coverage.protection) == (status, protection)
    assert any("lockedtoken" in segment.text for segment in segments) is (status is Status.INSPECTED)


def test_earlier_revision_is_reported_where_it_differs() -> None:
    first = pages(("kepttoken", "removedtoken"))
    with pikepdf.open(io.BytesIO(pages(("kepttoken", "newtoken")))) as other:
        content = other.pages[0].Contents.read_bytes()
    with pikepdf.open(io.BytesIO(first)) as pdf:
        number = pdf.pages[0].Contents.objgen[0]
    # An incremental update: the page's content again, a table of one entry, a trailer that points back.
    size = len(first)
    body = b"%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (number, len(content), content)
    start = int(first.rsplit(b"startxref", 1)[1].split()[0])
    trailer = first[start:].split(b"trailer", 1)[1].split(b"startxref")[0].strip()
    trailer = trailer[:-2] + b"/Prev %d>>" % start
    update = body + b"xref\n%d 1\n%010d 00000 n \ntrailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (
        number,
        size,
        trailer,
        size + len(body),
    )
    segments, _ = read(first + update)
    assert segment_with(segments, "removedtoken").hidden == "earlier revision"
    assert str(segment_with(segments, "removedtoken").location) == "earlier revision 1 > page 1"
    assert segment_with(segments, "kepttoken").hidden == ""
    assert segment_with(segments, "newtoken").hidden == ""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.7\n", "nothing behind the header"),
        (b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n%%EOF", "no pages"),
        (full_pdf()[:3000], "truncated"),
    ],
)
def test_damage_is_a_gap(data: bytes, why: str) -> None:
    _, coverage = read(data)
    assert coverage.status in (Status.NOT_INSPECTED, Status.PARTIAL), why
    assert coverage.gaps, why


@pytest.mark.parametrize(
    ("forms", "too_much", "why"),
    [
        ({1: [2], 2: [3], 3: []}, False, "a chain"),
        ({1: [1]}, True, "calls itself"),
        ({1: [2], 2: [3], 3: [1]}, True, "a ring"),
        ({n: [n + 1, n + 1] for n in range(30)}, True, "doubles thirty times"),
        ({n: [n + 1, n + 1] for n in range(5)}, False, "doubles five times"),
        ({1: [2, 3], 2: [4], 3: [4], 4: []}, False, "one logo in two headers"),
        ({}, False, "no forms"),
    ],
)
def test_forms_nest_too_much(forms: dict[int, list[int]], too_much: bool, why: str) -> None:
    assert forms_nest_too_much(forms) is too_much, why


def test_forms_that_double_again_and_again_do_not_reach_the_page_engine() -> None:
    segments, coverage = read(exponential_forms().replace(b"/Catalog", b"/Catalog/Lang(en)"))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.LIMIT]
    assert segments == ()


def test_without_the_page_engine_the_objects_are_read() -> None:
    segments, coverage = read_whole(Source.from_bytes(full_pdf()), limits=Limits(page_engine=False))
    assert coverage.status is Status.PARTIAL
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.PARSER_STOPPED]
    assert "pdfium" in coverage.gaps[0].detail
    assert segment_with(segments, "stickytoken")
    assert segment_with(segments, "valuetoken")
    assert not [one for one in segments if "pagetoken" in one.text]


def test_form_that_draws_itself_does_not_reach_the_page_engine() -> None:
    pdf = pikepdf.new()
    page = pdf.add_blank_page()
    form = pdf.make_stream(b"/X Do")
    form.stream_dict.update(
        Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9], Resources=Dictionary())
    )
    form.stream_dict.Resources.XObject = Dictionary(X=form)
    page.Contents = pdf.make_stream(b"/X Do")
    page.Resources = Dictionary(XObject=Dictionary(X=form))
    stream = io.BytesIO()
    pdf.save(stream)
    _, coverage = read(stream.getvalue())
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.LIMIT]


def shown_by(*annotations: tuple[str, bytes, dict[str, object]]) -> bytes:
    """A page with annotations: kind, what the drawing shows, entries."""
    pdf = pikepdf.open(io.BytesIO(pages(("pagetoken",))))
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    made = []
    for number, (kind, shown, entries) in enumerate(annotations):
        drawing = pdf.make_stream(b"BT /F1 10 Tf 2 2 Td (%s) Tj ET" % shown)
        drawing.stream_dict.update(
            Dictionary(
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=[0, 0, 200, 20],
                Resources=Dictionary(Font=Dictionary(F1=font)),
            )
        )
        place = [50, 500 - 40 * number, 250, 520 - 40 * number]
        annotation = Dictionary(
            Type=Name.Annot, Subtype=Name(f"/{kind}"), Rect=place, F=4, AP=Dictionary(N=drawing), **entries
        )
        made.append(pdf.make_indirect(annotation))
    pdf.pages[0].Annots = Array(made)
    fields = [one for one in made if "/FT" in one]
    pdf.Root.AcroForm = Dictionary(Fields=Array(fields))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_what_annotations_show_and_do_not_hold_is_read() -> None:
    name = String("surname")
    segments, coverage = read(
        shown_by(
            ("Widget", b"signedtoken", {"FT": Name.Sig, "T": String("signature")}),
            ("Stamp", b"stamptoken", {}),
            ("Widget", b"Osei oldtoken", {"FT": Name.Tx, "T": name, "V": String("newtoken")}),
            ("Widget", b"sametoken", {"FT": Name.Tx, "T": String("town"), "V": String("sametoken")}),
        )
    )
    assert coverage.status is Status.INSPECTED
    for token in ("signedtoken", "stamptoken", "oldtoken"):
        shown = segment_with(segments, token)
        assert (shown.hidden, str(shown.location)) == ("", "page 1 > annotation")
    assert "Osei oldtoken" in segment_with(segments, "oldtoken").text
    assert str(place(segment_with(segments, "newtoken"), 0)).endswith('> field "surname"')
    segment_with(segments, "sametoken")
    segment_with(segments, "pagetoken")


def test_an_attachment_that_is_not_packed_is_no_gap() -> None:
    pdf = pikepdf.open(io.BytesIO(pages(("pagetoken",))))
    pdf.attachments["case.zip"] = pikepdf.AttachedFileSpec(
        pdf, pack({"a.txt": "insidetoken"}), filename="case.zip"
    )
    out = io.BytesIO()
    pdf.save(out, compress_streams=False)
    segments, coverage = read(out.getvalue())
    assert coverage.status is Status.INSPECTED, coverage.gaps
    assert [
        one for one in segments if "insidetoken" in one.text and 'attachment "case.zip"' in str(one.location)
    ]
