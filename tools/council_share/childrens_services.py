"""Children's services: assessments, conferences, statutory returns, and the papers that only sound like them."""

# ruff: noqa: E501  (the documents' sentences stay whole)

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from xml.sax.saxutils import escape

from council_share import containers, identifiers
from council_share.demo_file import DemoFile, Planted
from council_share.people import TODAY, Town

_CATEGORIES = ("Neglect", "Emotional abuse", "Physical abuse", "Sexual abuse")
_WORKERS = ("K Bramley", "T Osei", "J Whittle", "R Iqbal")


def files(seed: int) -> Iterator[DemoFile]:
    """Everything under "Childrens Services"."""
    yield _assessment(seed)
    yield _reused_template(seed)
    yield _plan_list(seed)
    yield from _looked_after_return(seed)
    yield _need_census(seed)
    yield _referral_mail(seed)
    yield _supervision_slides(seed)
    yield _placements(seed)
    yield _contact_archive(seed)
    yield _locked_export(seed)
    yield _family_letter_mix(seed)
    yield _procedure()
    yield _training()
    yield _blank_referral()


def _assessment(seed: int) -> DemoFile:
    path = "Childrens Services/Assessments/C and F assessment - final draft v3.docx"
    town, plant = Town(seed, path), Planted()
    mother, (older, younger) = town.family((9, 4))
    upn = identifiers.upn(town.source, older.born)
    rows = [["Child", "Date of birth", "NHS number", "UPN", "School"]]
    for child, school in ((older, "St Weonard's C of E Primary"), (younger, "Tanhouse Nursery")):
        rows.append(
            [
                plant("PERSON", child.name),
                plant("DATE_OF_BIRTH", child.dob),
                plant("UK_NHS", identifiers.spaced_nhs_number(child.nhs)),
                plant("UK_UPN", upn) if child is older else "",
                school,
            ]
        )
    grandmother = town.adult(52, 70, sex="F")
    text = [
        "Completed under section 17 and section 47 of the Children Act 1989. OFFICIAL-SENSITIVE.",
        f"Home address: {plant('UK_ADDRESS', mother.address.line)}",
        f"Mother: {plant('PERSON', mother.name)}, DOB {plant('DATE_OF_BIRTH', mother.dob)}, "
        f"tel. {plant('PHONE', mother.phone)}",
        "# Reason for the assessment",
        f"{plant('PERSON', older.given)}'s class teacher rang the front door on 3 March after {older.given} came to school "
        "for the fourth day running without a coat or lunch, and told a dinner lady that “nobody gets up in our house”. "
        "The health visitor has not been let in since before Christmas.",
        "# What the children say",
        f"{older.given} was seen alone at school. {older.given} said that {plant('PERSON', younger.given)} cries at night "
        "and that the shouting is worst when Mum's friend comes round. Both children were thin and tired.",
        "# Analysis",
        f"There is reasonable cause to suspect that both children are suffering "
        f"{plant('CHILD_FLAG', 'significant harm')} through {plant('CHILD_FLAG', 'neglect')}. "
        f"A strategy discussion was held on 5 March with the police and health, and the threshold for a "
        f"{plant('CHILD_FLAG', 's47 enquiry')} was met. It is recommended that the case goes to an "
        f"{plant('CHILD_FLAG', 'initial child protection conference')} within 15 working days.",
    ]
    content = containers.word(
        "Child and family assessment",
        text,
        header="Harnborough Borough Council | Children and Families | OFFICIAL-SENSITIVE",
        table=rows,
        comment=f"Please check with {plant('PERSON', grandmother.name)} (MGM, {plant('PHONE', grandmother.phone)}) before this goes out.",
        deleted=f"{mother.given} said that she had taken heroin twice since the birth of {younger.given}.",
    )
    return DemoFile(
        path,
        content,
        "critical",
        "assessment of two named children under section 47; more in a comment and a deletion",
        plant.values,
    )


def _reused_template(seed: int) -> DemoFile:
    path = "Childrens Services/Child Protection/RCPC minutes.docx"
    town, plant = Town(seed, path), Planted()
    mother, (child,) = town.family((6,))
    _, (old_child,) = town.family((11,), sex="M")
    old_address = old_child.address
    text = [
        f"Review child protection conference held on 11 March 2025 about {plant('PERSON', child.name)} "
        f"(d.o.b. {plant('DATE_OF_BIRTH', child.long_dob)}).",
        "Present: conference chair, allocated social worker, school nurse, designated safeguarding lead, "
        f"{plant('PERSON', mother.given)} (mother).",
        f"1. {child.given} has been subject to a {plant('CHILD_FLAG', 'child protection plan')} since 9 September under the category of "
        f"{plant('CHILD_FLAG', 'emotional abuse')}.",
        f"2. Attendance is up to 94 per cent. {child.given}'s teacher describes a child who now joins in.",
        "3. Mother has completed the Freedom Programme and has kept every core group.",
        f"4. The conference agreed unanimously that {child.given} be removed from the plan and stepped down to a "
        f"{plant('CHILD_FLAG', 'child in need plan')}.",
    ]
    content = containers.word(
        "Minutes of review conference",
        text,
        subject=f"RCPC {plant('PERSON', old_child.name)}",
        deleted=(
            f"{old_child.given} ({plant('DATE_OF_BIRTH', old_child.dob)}) remains at "
            f"{plant('UK_ADDRESS', old_address.line)} with the foster carers and must not have contact with his father."
        ),
        hidden=f"Placement of {old_child.given} to be reviewed by the IRO in May.",
    )
    return DemoFile(
        path,
        content,
        "critical",
        "conference minutes; another family's child in properties, deletion and hidden text",
        plant.values,
    )


def _plan_list(seed: int) -> DemoFile:
    path = "Childrens Services/Child Protection/CP list March.xlsx"
    town, plant = Town(seed, path), Planted()
    open_rows = [["Child", "DoB", "Mosaic ID", "Home address", "Category", "CPP start", "Social worker"]]
    for child in town.children(9):
        start = TODAY - timedelta(days=town.source.randrange(20, 400))
        open_rows.append(
            [
                plant("PERSON", child.reversed_name),
                plant("DATE_OF_BIRTH", child.dob),
                str(town.source.randrange(310_000, 690_000)),
                plant("UK_ADDRESS", child.address.line),
                town.source.choice(_CATEGORIES),
                f"{start:%d/%m/%Y}",
                town.source.choice(_WORKERS),
            ]
        )
    hidden_rows = [["Child", "DoB", "Legal status", "Placement address", "Carer"]]
    for child in town.children(6):
        carer = town.adult(35, 62)
        hidden_rows.append(
            [
                plant("PERSON", child.name),
                plant("DATE_OF_BIRTH", child.dob),
                town.source.choice(("S20", "C2", "E1")),
                plant("UK_ADDRESS", carer.address.line),
                plant("PERSON", carer.name),
            ]
        )
    content = containers.sheet(
        {"On a plan": open_rows, "LAC": hidden_rows}, hidden_sheets=("LAC",), hidden_columns=("D",)
    )
    return DemoFile(
        path,
        content,
        "critical",
        "children on plans; looked-after children on a hidden sheet, addresses in a hidden column",
        plant.values,
    )


def _looked_after_return(seed: int) -> Iterator[DemoFile]:
    folder = "Childrens Services/Statutory returns/SSDA903 2024-25"
    town = Town(seed, folder)
    children = [(str(town.source.randrange(40_000, 99_999)), child) for child in town.children(14)]
    why = "statutory return of looked-after children with rows"

    plant = Planted()
    header = [["CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"]]
    for number, child in children:
        upn = plant("UK_UPN", identifiers.upn(town.source, child.born)) if child.age > 4 else "UN1"
        sex = "1" if child.sex == "M" else "2"
        ethnic = town.source.choice(("WBRI", "APKN", "BAFR", "WIRT", "MWBC"))
        header.append([number, sex, plant("DATE_OF_BIRTH", child.dob), ethnic, upn, "", ""])
    yield DemoFile(f"{folder}/header.csv", containers.delimited(header), "critical", why, plant.values)

    plant = Planted()
    episodes = [
        [
            "CHILD",
            "DECOM",
            "RNE",
            "LS",
            "CIN",
            "PLACE",
            "PLACE_PROVIDER",
            "DEC",
            "REC",
            "REASON_PLACE_CHANGE",
            "HOME_POST",
            "PL_POST",
            "URN",
        ]
    ]
    for number, child in children:
        start = TODAY - timedelta(days=town.source.randrange(90, 900))
        placed = identifiers.postcode(town.source, "SY8")
        episodes.append(
            [
                number,
                f"{start:%d/%m/%Y}",
                "S",
                town.source.choice(("C2", "V2", "E1")),
                "N1",
                town.source.choice(("U1", "U6", "K2")),
                "PR1",
                "",
                "",
                "",
                plant("UK_POSTCODE", child.address.postcode),
                plant("UK_POSTCODE", placed),
                "SC045112",
            ]
        )
    yield DemoFile(f"{folder}/episodes.csv", containers.delimited(episodes), "critical", why, plant.values)

    reviews = [["CHILD", "DOB", "REVIEW", "REVIEW_CODE"]]
    missing = [["CHILD", "DOB", "MISSING", "MIS_START", "MIS_END"]]
    plant_reviews, plant_missing = Planted(), Planted()
    for number, child in children:
        reviews.append([number, plant_reviews("DATE_OF_BIRTH", child.dob), "18/02/2025", "PN1"])
        if child.age > 12:
            missing.append(
                [number, plant_missing("DATE_OF_BIRTH", child.dob), "M", "02/01/2025", "04/01/2025"]
            )
    yield DemoFile(
        f"{folder}/reviews.csv", containers.delimited(reviews), "critical", why, plant_reviews.values
    )
    yield DemoFile(
        f"{folder}/missing.csv", containers.delimited(missing), "critical", why, plant_missing.values
    )


def _need_census(seed: int) -> DemoFile:
    path = "Childrens Services/Statutory returns/CIN_Census_2025_884.xml"
    town, plant = Town(seed, path), Planted()
    children = []
    for child in town.children(11):
        sex = "1" if child.sex == "M" else "2"
        children.append(f"""
    <Child>
      <ChildIdentifiers>
        <LAchildID>{town.source.randrange(200_000, 900_000)}</LAchildID>
        <UPN>{plant("UK_UPN", identifiers.upn(town.source, child.born))}</UPN>
        <PersonBirthDate>{plant("DATE_OF_BIRTH", f"{child.born:%Y-%m-%d}")}</PersonBirthDate>
        <GenderCurrent>{sex}</GenderCurrent>
      </ChildIdentifiers>
      <ChildCharacteristics><Ethnicity>WBRI</Ethnicity></ChildCharacteristics>
      <CINdetails>
        <CINreferralDate>2024-11-04</CINreferralDate>
        <ReferralSource>1A</ReferralSource>
        <PrimaryNeedCode>N1</PrimaryNeedCode>
        <Assessments><FactorsIdentifiedAtAssessment><AssessmentFactors>18B</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>
        <ChildProtectionPlans>
          <CPPstartDate>2024-12-02</CPPstartDate><InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>
        </ChildProtectionPlans>
      </CINdetails>
    </Child>""")
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<Message>
  <Header>
    <CollectionDetails><Collection>CIN</Collection><Year>2025</Year><ReferenceDate>2025-03-31</ReferenceDate></CollectionDetails>
    <Source><SourceLevel>L</SourceLevel><LEA>884</LEA><SoftwareCode>{escape("Local & own")}</SoftwareCode></Source>
  </Header>
  <Children>{"".join(children)}
  </Children>
</Message>
"""
    return DemoFile(
        path, text.encode(), "critical", "statutory children-in-need return with rows", plant.values
    )


def _referral_mail(seed: int) -> DemoFile:
    path = "Childrens Services/Emails/FW MASH referral - URGENT.eml"
    town, plant = Town(seed, path), Planted()
    mother, (child,) = town.family((14,), sex="M")
    form = containers.pdf(
        "Multi-agency referral form",
        [
            f"Name of child: {plant('PERSON', child.name)}",
            f"Date of birth: {plant('DATE_OF_BIRTH', child.dob)}   Gender: {child.sex}",
            f"NHS No: {plant('UK_NHS', child.nhs)}",
            f"Address: {plant('UK_ADDRESS', mother.address.line)}",
            f"Parent or carer: {plant('PERSON', mother.name)}",
            f"Concern: missing from home three times in February, new phone and trainers, seen in a car with older "
            f"men. We believe that {child.given} is at risk of {plant('CHILD_FLAG', 'child criminal exploitation')}.",
        ],
    )
    notes = f"22 Feb  {child.given} not in school\r\n26 Feb  not in school, picked up by unknown male, silver Corsa\r\n"
    content = containers.mail(
        "Safeguarding lead <dsl@castlehill-academy.example>",
        "MASH <mash@harnborough.gov.uk>",
        "FW: MASH referral - URGENT",
        f"Hi all,\n\nPlease see the referral for {plant('PERSON', child.given)} as discussed. Mum "
        f"({plant('PHONE', mother.phone)}) knows that we are making it and is frightened of him being "
        f"arrested rather than helped.\n\nThanks\nDSL\nCastle Hill Academy\n\n"
        "Safeguarding is everyone's responsibility.\n",
        [("referral.pdf", "application/pdf", form), ("chronology.txt", "text/plain", notes.encode())],
    )
    return DemoFile(
        path, content, "critical", "referral of a named child, form attached as PDF", plant.values
    )


def _supervision_slides(seed: int) -> DemoFile:
    path = "Childrens Services/Team meetings/Practice learning 6 March.pptx"
    town, plant = Town(seed, path), Planted()
    _, (child,) = town.family((7,))
    notes = (
        f"This is {plant('PERSON', child.name)}, Year 2 at Hopyard Primary, now on an "
        f"{plant('CHILD_FLAG', 'interim care order')} with carers in Clunbury. Do not say the name aloud."
    )
    content = containers.slides(
        [
            ("Practice learning", ["What worked well", "What we would do again"], ""),
            (
                "A case of neglect",
                ["Child A, primary school age", "Three referrals in a year", "Voice of the child"],
                notes,
            ),
            ("Next steps", ["Chronologies up to date by Friday", "Buddy new starters"], ""),
        ]
    )
    return DemoFile(
        path, content, "critical", "slides speak of Child A, the speaker's notes name the child", plant.values
    )


def _placements(seed: int) -> DemoFile:
    path = "Childrens Services/Fostering/EDT placements wc 10 March.txt"
    town, plant = Town(seed, path), Planted()
    lines = ["EDT - WHERE CHILDREN ARE STAYING THIS WEEK - DO NOT DISCLOSE ADDRESSES", ""]
    for child in town.children(4):
        carer = town.adult(36, 60)
        lines += [
            f"{plant('PERSON', child.name)} ({child.age})  - {plant('CHILD_FLAG', 'foster placement')} with "
            f"{plant('PERSON', carer.name)}",
            f"    {plant('UK_ADDRESS', carer.address.line)}   tel {plant('PHONE', carer.phone)}",
            f"    {town.source.choice(('Dad must not know the address.', 'Contact supervised, Thursdays 4pm.', 'Epipen in red bag.'))}",
            "",
        ]
    return DemoFile(
        path, "\r\n".join(lines).encode(), "critical", "where looked-after children live", plant.values
    )


def _contact_archive(seed: int) -> DemoFile:
    path = "Childrens Services/Archive/closed cases 2019.zip"
    town, plant = Town(seed, path), Planted()
    _, (one,) = town.family((12,), sex="M")
    review = (
        f"LAC REVIEW\n\nChild: {plant('PERSON', one.name)}\nDOB: {plant('DATE_OF_BIRTH', one.dob)}\n"
        f"NHS number: {plant('UK_NHS', identifiers.spaced_nhs_number(one.nhs))}\n"
        f"Legal status: {plant('CHILD_FLAG', 'full care order')} granted 4 June\n\n"
        f"{one.given} is settled with his carers and has asked to see his brother more often.\n"
    )
    inner = containers.archive({"2019/reviews/review 3.txt": review.encode()})
    index = "Archive of closed cases. Retention: 75 years from birth (looked after), see schedule 4.\n"
    content = containers.archive({"README.txt": index.encode(), "2019.zip": inner})
    return DemoFile(path, content, "critical", "looked-after review inside a ZIP inside a ZIP", plant.values)


def _locked_export(seed: int) -> DemoFile:
    path = "Childrens Services/Emails/Export for Ofsted.zip"
    town = Town(seed, path)
    rows = [["Child", "DoB"], *[[child.name, child.dob] for child in town.children(5)]]
    content = containers.locked_archive(
        {"Annex A list 1.csv": containers.delimited(rows)}, "Harnborough-2025!"
    )
    return DemoFile(
        path, content, "none", "AES-encrypted: cannot be read, and that is well", status="encrypted"
    )


def _family_letter_mix(seed: int) -> DemoFile:
    path = "Childrens Services/Letters out/Outcome letter.docx"
    town, plant = Town(seed, path), Planted()
    addressee = town.adult(28, 45)
    other_mother, (other_child,) = town.family((8,))
    content = containers.word(
        "Outcome of assessment",
        [
            plant("PERSON", f"{addressee.name}"),
            plant("UK_ADDRESS", addressee.address.lines),
            "14 March 2025",
            f"Dear {addressee.title} {plant('PERSON', addressee.surname)},",
            f"We have now finished our assessment of {plant('PERSON', other_child.name)}, born on "
            f"{plant('DATE_OF_BIRTH', other_child.long_dob)}, who lives with {plant('PERSON', other_mother.name)} at "
            f"{plant('UK_ADDRESS', other_mother.address.line)}. {other_child.given} will be supported through a "
            f"{plant('CHILD_FLAG', 'child in need plan')}.",
            "If you do not agree with what we have written, please telephone us on 01632 960000.",
            "Yours sincerely",
            "Duty social worker",
        ],
    )
    return DemoFile(
        path,
        content,
        "critical",
        "addressed to one family, about the child of another household",
        plant.values,
    )


def _procedure() -> DemoFile:
    content = containers.word(
        "Child protection procedures",
        [
            "Version 4.2. Approved by the Safeguarding Partnership, November 2024. Review date: November 2026.",
            "# 1. Purpose",
            "These procedures set out what staff should do when a child may be suffering significant harm. They apply to "
            "children in need (section 17), section 47 enquiries, and children who are looked after under section 20.",
            "# 2. Thresholds",
            "- Neglect: persistent failure to meet a child's basic needs.",
            "- Child sexual exploitation (CSE) and child criminal exploitation, including county lines.",
            "- Any child subject to a child protection plan must be seen at least every ten working days.",
            "# 3. Recording",
            "The child's name, date of birth, NHS number and UPN must be recorded on Mosaic within 24 hours.",
            "# 4. Transfer in",
            "Where a child on a plan moves into the borough, the receiving-in conference is held within 15 days.",
        ],
        table=[
            ["Step", "Who", "By when"],
            ["Strategy discussion", "Team manager, police, health", "Same day"],
            ["Initial child protection conference", "Conference chair", "15 working days"],
        ],
    )
    return DemoFile(
        "Childrens Services/Policies/Child protection procedures v4.2.docx",
        content,
        "none",
        "a procedure, about no child",
    )


def _training() -> DemoFile:
    content = containers.slides(
        [
            ("CSE awareness", ["One day course", "For all front-line staff", "Working Together 2023"], ""),
            (
                "Signs to look for",
                [
                    "Missing episodes",
                    "Unexplained gifts",
                    "Older boyfriend",
                    "Self-harm",
                    "Change of friends",
                ],
                "Ask the room which of these they have met. Allow ten minutes.",
            ),
            (
                "Case study: Sam, 14",
                ["Sam is made up", "What would you do on Monday morning?"],
                "Hand out the worksheet.",
            ),
            ("Quiz", ["What does MASH stand for?", "Who can make a s47 enquiry?"], ""),
        ]
    )
    return DemoFile(
        "Childrens Services/Training/CSE awareness day.pptx",
        content,
        "none",
        "training slides with a made-up case",
        also=("low",),
    )


def _blank_referral() -> DemoFile:
    content = containers.word(
        "Early help referral form",
        [
            "Name of child: ____________________    Date of birth: ____ / ____ / ______",
            "NHS number: ____________________    UPN: ____________________",
            "Address: ____________________________________________    Postcode: ____________",
            "Is the child subject to a child protection plan?   Yes [ ]   No [ ]   Has been in the past [ ]",
            "Is the child looked after?   Yes [ ]   No [ ]   Which authority? ____________________",
            "Please send the completed form to earlyhelp@harnborough.gov.uk or telephone 01632 960000.",
        ],
    )
    return DemoFile(
        "Childrens Services/Forms/Early help referral (blank).docx",
        content,
        "none",
        "a blank form",
        {},
        ("low",),
    )
