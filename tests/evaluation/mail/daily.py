# ruff: noqa: E501 - texts stand here as they stand in a message
"""A day's post of a council, as people write it: long, with signatures, threads and courtesies."""

from __future__ import annotations

from collections.abc import Iterator

from tests.evaluation.mail.building import filled, message
from tests.evaluation.mail.cases import HOME, OUT, Case

SIGNATURE = """
Kind regards,

Jo Whitfield (she/her)
Senior Case Officer | Adults and Communities
Otley Borough Council, Civic Centre, Albion Street, Otley {pc:LS21}
Tel: {tel:0113} | Mob: {mobile} | Email: jo.whitfield@council.gov.uk
My working days are Monday to Thursday.

This email and any attachment are confidential and may contain personal data. If you are not the intended
recipient please delete it and tell the sender. We may monitor email for lawful purposes.
"""


def mail(identity: str, word: str, subject: str, body: str, to: tuple[str, ...] = OUT) -> Case:
    return Case(
        identity,
        tuple(word.split("|")),
        to,
        lambda: message(subject, filled(identity, body + SIGNATURE), to=to),
    )


def cases() -> Iterator[Case]:
    """Every message of this part."""
    yield from passing()
    yield from stopping()


def passing() -> Iterator[Case]:
    """What a careful officer would let go."""

    def ok(identity: str, subject: str, body: str, to: tuple[str, ...] = OUT) -> Case:
        return mail(f"day-{identity}", "deliver", subject, body, to)

    yield ok(
        "minutes",
        "Draft minutes of the Housing Forum, 28 October",
        "Dear all,\n\nDraft minutes below.\n\nPresent: Cllr Ruth Danby (Chair), Paul Denby (Director), Angela Birch (Team Manager), Steve Oldroyd (Unite), Fr Michael Kane (St Mary's).\nApologies: Nasreen Akhtar.\n\n1. Void turnaround is down to 31 days.\n2. Damp and mould: 212 open cases, 40 of them with a child under five.\n3. AOB: none.\n",
        ("forum@tenantsvoice.org.uk",),
    )
    yield ok(
        "invoice",
        "Invoice 2026/4471",
        "Dear Accounts,\n\nplease find the details of invoice 2026/4471 for £12,480.00 plus VAT. Our account is Otley Borough Council, sort code {sort}, account number {account}. Terms 30 days.\n",
        ("accounts@nortechsupplies.com",),
    )
    yield ok(
        "tender-panel",
        "Panel interviews",
        "Dear Ms Hargreaves,\n\nyou are invited to interview on 19 November at 11.20. The panel is Paul Denby, Angela Birch and an HR partner. Please bring proof of qualifications.\n",
        ("l.hargreaves@bluepoolconsulting.co.uk",),
    )
    yield ok(
        "foi-health",
        "FOI 2026-1201: public health contracts",
        "Dear requester,\n\nyou asked how many people used the drug and alcohol service. In 2025/26 it was 1,318, of whom 412 were treated for opiates and 230 for alcohol only. We do not hold figures by ethnicity.\n",
        HOME,
    )
    yield ok(
        "legal-general",
        "Advice on adult safeguarding duties",
        "Dear Sam,\n\ncan you confirm whether a section 42 enquiry under the Care Act 2014 may be closed where the adult with dementia lacks capacity and a relative objects? This is a general question and no case is meant.\n",
    )
    yield ok(
        "event",
        "Carers' Rights Day",
        "Hello,\n\nCarers' Rights Day is on 26 November in the Town Hall. Stalls: mental health, benefits advice, bereavement, LGBT+ carers. Lunch is provided.\n",
        ("info@carersfirst.org.uk",),
    )
    yield ok(
        "councillor-query",
        "Pavement outside the school",
        "Dear Karen,\n\nCllr Danby passed on your note about the pavement outside Linnet Primary. It is on the list for resurfacing in the spring.\n",
        HOME,
    )
    yield ok(
        "volunteer",
        "Litter pick on Saturday",
        "Hi Tomasz,\n\ngloves and bags are in the container by the bowling green. Meet at 9.30. Thank you for helping.\n",
        ("tomasz.wilk@outlook.com",),
    )
    yield ok(
        "staff-news",
        "New starter",
        "Hello Sam,\n\nfrom Monday Priya Nair takes over the account from Tom Ashdown, who moves to Highways. Her number is {tel:0113}.\n",
    )
    yield ok(
        "school-term",
        "Term dates 2027/28",
        "Dear head teachers,\n\nautumn term begins on 6 September 2027. Inset days are for you to set. Pupils on a child protection plan or looked after must be marked in the census as before; see the guidance.\n",
        ("office@linnet.otley.sch.uk", "head@newall.otley.sch.uk"),
    )
    yield ok(
        "media",
        "Quote for the Courier",
        "Hi,\n\nCllr Amjad Rauf said: 'One in five children here lives in poverty. We will open two family hubs.' Photo call on Friday with Father Michael Kane.\n",
        ("news@otleycourier.co.uk",),
    )
    yield ok(
        "policy-consult",
        "Consultation: domestic abuse strategy",
        "Dear partners,\n\nthe draft strategy is open for comment until 12 December. It covers refuges, MARAC, perpetrator programmes and work with children who witness abuse. Please do not name individuals in your reply.\n",
        ("policy@refugealliance.org.uk",),
    )
    yield ok(
        "thanks-citizen",
        "Your compliment",
        "Dear Mrs Pickersgill,\n\nthank you for your kind words about our registrars. I have passed them on to the team.\n",
        ("e.pickersgill@btinternet.com",),
    )
    yield ok(
        "library-fine",
        "Reservation ready",
        "Dear Ms Oduya,\n\nthe book you reserved, 'Living with Bipolar', is ready at Otley Library. We keep it until 12 November.\n",
        HOME,
    )
    yield ok(
        "maintenance",
        "Boiler service: access",
        "Hello,\n\nplease service the boilers at the Civic Centre, Newall Community Centre and the depot between 9 and 13 November. Keys are with Tom Ashdown at reception.\n",
        ("jobs@heatservices.co.uk",),
    )
    yield ok(
        "insurance",
        "Fleet renewal",
        "Dear Sam,\n\nfleet list for the renewal: 14 refuse vehicles, 9 vans, 3 minibuses. Registration numbers follow when the quote is agreed. Total mileage 412,000.\n",
    )
    yield ok(
        "genealogy",
        "Burial register enquiry",
        "Dear Mr Lumb,\n\nyour great-grandfather Arthur Lumb was buried on 11 March 1917 in plot C 214. The register gives his age as 44 and his trade as dyer.\n",
        ("lumbfamily@gmail.com",),
    )
    yield ok(
        "census-guidance",
        "School census: field list",
        "Hi,\n\nfields are UPN, Surname, Forename, DOB, Ethnicity, SENProvision, CLA indicator. The UPN has a check letter. Do not send files by email; use the portal.\n",
        ("support@schoolsoft.co.uk",),
    )
    yield ok(
        "planning-committee",
        "Committee report: 26/01877/FUL",
        "Dear agent,\n\nthe report recommends approval. Speakers: Mr Alan Firth (objector), Mrs June Holt (ward councillor). Each has three minutes.\n",
        ("agent@planwrights.co.uk",),
    )
    yield ok(
        "ooo",
        "Automatic reply: Team meeting",
        "I am on leave until 16 November. For urgent matters about children ring the duty line on {tel:0113}. For adults ring {tel:0113}.\n",
    )


def stopping() -> Iterator[Case]:
    """What a careful officer would not."""

    def bad(identity: str, subject: str, body: str, to: tuple[str, ...] = OUT) -> Case:
        return mail(f"day-{identity}", "block", subject, body, to)

    yield bad(
        "care-package",
        "Package of care: start date",
        "Hello,\n\nplease start with Mr Harold Binns, 83, of 6 Weir Lane, Otley {pc:LS21}, on Monday: four calls a day, double-handed. He has vascular dementia and is doubly incontinent. Key safe 2214. Daughter is Susan, {mobile}.\n",
        ("rota@homecareplus.co.uk",),
    )
    yield bad(
        "sickness",
        "Occupational health referral",
        "Dear Dr Amos,\n\nplease see Claire Dunphy (employee 40117, born 12 May 1979). She has been off since July with anxiety and depression after a miscarriage and takes sertraline.\n",
        ("bookings@ohpartners.co.uk",),
    )
    yield bad(
        "asylum",
        "Age assessment",
        "Dear Sam,\n\nAhmad Rahimi says he was born on 1 January 2010; the Home Office gives 2004. He is an unaccompanied asylum-seeking child placed at 31 Bridge End, Skipton. HO reference {uan}.\n",
    )
    yield bad(
        "tenancy-asb",
        "Injunction papers",
        "Dear Sam,\n\nwe seek an injunction against Darren Pugh, 17 Moor View. Neighbours at number 15, the Ellisons, say he deals cannabis and has threatened their daughter Chloe (14). Statements to follow.\n",
    )
    yield bad(
        "school-attendance",
        "Fixed penalty: pupils",
        "Hello,\n\nplease issue notices to the parents of: Alfie Marsden (Y5, dob 03/02/2017) 41% attendance; Maisie Marsden (Y3, dob 19/11/2018) 44%. Mother Gemma Marsden, 22 Bowling Court, Otley {pc:LS21}.\n",
        ("pcn@enforceit.co.uk",),
    )
    yield bad(
        "blue-badge",
        "Appeal: Blue Badge",
        "Dear Sam,\n\nMr Tariq Mahmood appeals. He has multiple sclerosis and cannot walk 20 metres; PIP enhanced rate. Date of birth 30.06.1968, NI number {nino}, badge {bluebadge}.\n",
    )
    yield bad(
        "grievance",
        "Grievance outcome",
        "Dear Sam,\n\nthe grievance of Nicola Frayne against her manager Ian Stead is upheld in part: he made remarks about her sexual orientation. He gets a final written warning.\n",
    )
    yield bad(
        "refund-list",
        "Refunds to be paid",
        "Hi,\n\nplease pay by BACS:\n\nMrs J Holroyd, {sort#1}, {account#1}, £212.00\nMr P Sykes, {sort#2}, {account#2}, £48.10\nMs A Begum, {sort#3}, {account#3}, £1,004.55\n",
        ("bureau@bacsbureau.co.uk",),
    )
    yield bad(
        "contact-order",
        "Contact supervision",
        "Hello,\n\ncontact for Ellie and Jack with their father Wayne Tordoff is on Saturday at the centre. They are in foster care with Mr and Mrs Leake, 3 Garth Close, Ilkley; he must not learn the address. An interim care order is in force.\n",
        ("supervisor@contactcentre.org.uk",),
    )
    yield bad(
        "funeral",
        "Public health funeral",
        "Hello,\n\nplease arrange a funeral for Brian Cawood, born 8/9/1944, died 30 October at 12 Mill Fold. His brother Ken (NI {nino}, sort code {sort}, account {account}) will pay £300.\n",
        ("office@funeralcare.co.uk",),
    )
    yield bad(
        "taxi-licence",
        "Licence refusal",
        "Dear Sam,\n\nthe panel refused Imtiaz Hussain (DOB 14/04/1985, licence {driving:HUSSAIN,850414,m,I}) because of a conviction for battery in 2022 and a caution for indecent exposure.\n",
    )
    yield bad(
        "payroll",
        "Starter for payroll",
        "Hi,\n\nnew starter: Rebecca Sugden, 9 Park Mews, Otley {pc:LS21}, dob 21-01-1996, NI {nino}, {sort} {account}, tax code 1257L.\n",
        ("starters@payrollpartners.co.uk",),
    )
    yield bad(
        "mental-health",
        "Section 117 aftercare",
        "Dear provider,\n\nwe propose to move Mr Colin Jagger to Beech House on 1 December. He was detained under section 3 with paranoid schizophrenia and has assaulted staff twice.\n",
        ("admissions@beechhouse.co.uk",),
    )
    yield bad(
        "wrong-house",
        "Support visits",
        "Hello,\n\nplease visit Joanne Tempest, 4 Clough Street. Her ex-partner Dean Wragg broke her jaw in August and is on bail not to come near. She is 24 weeks pregnant.\n",
        ("visits@familysupport.org.uk",),
    )
    yield bad(
        "electoral",
        "Anonymous registration",
        "Dear Sam,\n\nMs Farah Siddiqui has registered anonymously because of threats by her family. She lives at 8a Station Parade, Otley {pc:LS21}.\n",
    )
