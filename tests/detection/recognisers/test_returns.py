"""Children's returns: by headers and rows, elements and code sets; never by a specification of them."""

import pytest

from scanner.detection.examples import plain_view
from scanner.detection.finding import REPORTED
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.returns import ReturnRecogniser
from scanner.detection.view import View
from scanner.text import Block, Field, Passage

from ..views import REFERENCE

RECOGNISER = ReturnRecogniser()

EPISODES = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"


def notes(text: str) -> list[str]:
    return [f.note for f in RECOGNISER.recognise(plain_view(text)) if f.confidence >= REPORTED]


@pytest.mark.parametrize(
    ("text", "rows", "why"),
    [
        (EPISODES + "1,01/04/2023,S,C2,N1,U4,PR1,,,,,,\n2,01/05/2023,L,V2,N5,K2,PR2,,,,,,\n", 2, "episodes"),
        (
            "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS\n1,04/05/2012,14,,0,1,1\n",
            1,
            "OC2",
        ),
        (
            "CHILD,DOB,MISSING,MIS_START,MIS_END\n1,04/05/2012,M,01/02/2023,02/02/2023\n",
            1,
            "missing episodes",
        ),
        ("CHILD,SEX,DOB,DUC\n1,1,04/05/2007,04/05/2025\n", 1, "UASC"),
        (
            "CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM\n1,04/05/2012,P1,E090,02/02/2020\n",
            1,
            "previous permanence",
        ),
        (
            "Child ID\tDoB\tLegal status\tPlacement\n1\t04/05/2012\tC2\tU4\n2\t01/05/2013\tV2\tK2\n",
            2,
            "code sets without telling headers",
        ),
        (
            "Child Name,DOB,CP Plan,LAC\nElla Tate,04/05/2015,Y,N\nKai Boyle,01/02/2012,N,N\n",
            1,
            "only rows that say yes count",
        ),
    ],
)
def test_returns_with_rows(text: str, rows: int, why: str) -> None:
    (note,) = notes(text)
    assert note.startswith("critical:"), why
    assert note.endswith(f":{rows}"), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (EPISODES, "an empty template"),
        (
            "Field,Format,Notes\nCHILD,text,identifier\nLS,code,legal status\nPLACE,code,placement\n",
            "a specification",
        ),
        ("Team,CP Plan,LAC,CIN\nEast,41,60,112\nWest,38,52,98\n", "counts by team"),
        ("Name,Role,Team,Grade\nAnn Roe,Worker,CIN,C1\nTom Hale,Worker,LAC,C2\n", "staff with grades"),
        ("Plot,Zone,Use\n1,N1,A3\n2,N2,A4\n", "planning use classes and zones"),
        (
            "<records><row><name>a</name><sex>b</sex><place>c</place><need>d</need></row></records>",
            "other XML",
        ),
        (
            "Name\tDOB\tLooked after\nElla Tate\t04/05/2015\tNo\nKai Boyle\t01/02/2012\tNo\n",
            "everybody denied",
        ),
    ],
)
def test_near_misses(text: str, why: str) -> None:
    assert notes(text) == [], why


def test_a_table_declared_by_its_source() -> None:
    names = ("CHILD", "DOB", "REVIEW", "REVIEW_CODE")
    cells = ("4471", "04/05/2012", "02/06/2023", "PN1")
    text, fields, at = "\t".join(cells), [], 0
    for name, cell in zip(names, cells, strict=True):
        fields.append(Field(at, at + len(cell), name))
        at += len(cell) + 1
    passage = Passage(text, (Block(0, len(text), table=0, fields=tuple(fields)),))
    view = View(passage, organisation=Organisation(), reference_date=REFERENCE)
    (finding,) = RECOGNISER.recognise(view)
    assert finding.note.endswith(":1")


def test_a_school_list_is_high_not_critical() -> None:
    (note,) = notes("UPN,Surname,Forename,DOB,SEN Status,FSM\nA1,Tate,Ella,04/05/2015,K,Y\n")
    assert note.startswith("high:")
