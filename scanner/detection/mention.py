"""Mentions: how a phrase is used: said of somebody, or a title, a heading, a count, a blank."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from scanner.detection.sections import Sections
from scanner.detection.view import View


class Use(StrEnum):
    """What a phrase does in its sentence."""

    SAID = "said"
    TITLE = "title"  # a job, a team, a paper, a law: "Child Protection Officer"
    HEADING = "heading"
    COUNT = "count"  # "34 children on child protection plans"
    GENERAL = "general"  # "where a child is looked after"
    BLANK = "blank"  # a form label without a value, a box not ticked
    DENIED = "denied"  # a form field answered with No
    QUIET = "quiet"  # in a signature or a disclaimer


@dataclass(frozen=True, slots=True)
class Place:
    """A phrase's surroundings: its sentence and its record (paragraph or row).

    ``item`` is the item of a list in which it stands, if it does: the names of other items are others' names.
    """

    sentence: tuple[int, int]
    record: tuple[int, int]
    in_table: bool
    item: tuple[int, int] | None = None


# A form label is at most this long; what ends in a colon further on is a sentence.
_LONGEST_LABEL = 50
# A sentence is looked for at most this far from the phrase; shorthand notes have no full stops at all.
_REACH = 300
_SENTENCE_END = re.compile(
    r"[.!?][\"')\]]?(?=\s+[A-Z0-9\"'(*•]|\s*$)|\n[ \t]*\n|\n(?=[ \t]*(?:[•*✔✘–-]|\d{1,2}[.)/]|[A-Z]\d))"
)
_ABBREVIATED = re.compile(
    r"\b(?:mr|mrs|ms|dr|st|no|sec|s|para|art|approx|e\.g|i\.e|cllr|prof|dept)$", re.IGNORECASE
)

_UNTICKED = re.compile(r"(?:☐|□|\[ {0,2}\]|\( {0,2}\))[ \t]{0,3}(?:[A-Za-z ]{0,8} )?$")
_TICKED = re.compile(r"(?:☒|☑|✓|✔|■|\[ ?[xX✓] ?\]|\([xX]\))[ \t]{0,3}(?:[A-Za-z ]{0,8} )?$")
_BOX_BEHIND = re.compile(r"[ \t]{0,2}(?:\[ ?[xX✓]? ?\]|☐|□|☒|☑)")
# The first box of the line stands behind a word: "Financial [X]  Neglect [ ]".
_BOXES_BEHIND = re.compile(r"[^\[☐□☒☑\n]*[A-Za-z)][ \t]?(?:\[ ?[xX✓]? ?\]|☐|□|☒|☑)")
_TICK_BEHIND = re.compile(r"[ \t]{0,2}(?:\[ ?[xX✓] ?\]|☒|☑)")
_UNANSWERED = re.compile(
    r"[^\n:?.,;]{0,40}(?:[:?]|\.{3,})?[ \t]*(?:_{3,}|\.{5,}|…|(?:☐|□|\[ \])|\(?(?:please )?(?:tick|circle|"
    r"delete)\b"
    r"|\(?(?:yes|y)[ ]?(?:/|or)[ ]?(?:no|n)\b|\[?(?:insert|enter|date here)\b)",
    re.IGNORECASE,
)
_EMPTY_LABEL = re.compile(r"[^\n:]{0,25}:[ \t]*(?=\n|$)")
_NO = re.compile(
    r"(?:[^\n:?=|\t ]| (?! )){0,45}(?:[:?=|\t]| - )[ \t]*(?:no|none|n/?a|n|nil|not applicable|not known|"
    r"false|never|0)\b(?![ \t.]{0,2}\d)",
    re.IGNORECASE,
)
_COUNT_BEFORE = re.compile(
    r"(?:(?<![\d/.:£-])\b(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"fewer than \w+)"
    r"(?![\d/.:-])%?(?:[ \t\n]+[a-z][a-z'-]*){0,2}[ \t\n]+(?:children|young people|pupils|cases|families|"
    r"plans|unborns|of "
    r"(?:them|whom|these|our)|%|open|new|live|active|per cent)(?:[ \t\n]+[\w'-]+){0,6}"
    r"|\b(?:numbers?|rates?|percentage|proportion|totals?|average|how many|most|fewer|majority|cohort|"
    r"figures?|count|increase|"
    r"decrease|rise|reduction|all|our|many|some|more|these|those|vulnerable|local|other)\b"
    r"(?:[ \t\n]+(?!(?:is|was|has|he|she|who)\b)[a-z(),'-]+){0,7})[ \t\n(]*$",
    re.IGNORECASE,
)
# "looked after, 188", "CIN 11": a number right behind that is no date, time or duration.
_TALLIED = re.compile(
    r"^[ \t]{0,2}[,:=(]?[ \t]?\d[\d,]*%?(?![\d/.:-])(?! ?(?:am|pm|th|st|nd|rd|years?|yrs?|months?|mths?|"
    r"weeks?|wks?|days?|hours?|hrs?|/40|/52|/12|jan|feb|mar|apr"
    r"|may|jun|jul|aug|sep|oct|nov|dec))",
    re.IGNORECASE,
)
_MANY = re.compile(r"(?<![\d/.:£-])\b\d[\d,]*[ \t\n]+(?:[a-z]+ )?$")
_COUNT_BEHIND = re.compile(
    r"^[ \t\n]{0,2}(?:\([^)\n]{1,30}\)[ \t])?(?:children|cases|enquiries|plans?|numbers?|rates?|figures|"
    r"population|per 10|rose|fell|has risen|"
    r"have risen|increased|decreased|stood at|stands at|by ward|by age|census|statistics|data|cohort|places|"
    r"providers|"
    r"sufficiency|recruitment|numbers|budget|costs|spend|placements? (?:budget|cost))\b",
    re.IGNORECASE,
)
_TALLY = re.compile(r"^[A-Za-z][A-Za-z0-9 ()'-]{1,40}[ :=]{1,3}\d{1,5}%?\.?$")
_NUMERIC = re.compile(r"^[£(]?-?\d[\d,.]*%?\)?$|^c$|^x$|^\*$")
# Words of rules and explanations: always general, or general unless the text is about somebody in particular.
_GENERAL = re.compile(
    r"\b(?:any|every|each|children who|a child (?:is|who|may|has|should|must|in|can|or)|"
    r"a young person (?:is|who|may|has)"
    r"|the child may|children and young people|people who|someone|anyone|we support|policy|procedure|"
    r"guidance|responsib\w+"
    r"|such as|types? of|personal (?:data|information) (?:about|on)|special category"
    r"|categor(?:y|ies) of abuse|definition|known as|signs of|awareness|learn|"
    r"statutory"
    r"|legislation|act \d{4}|duty to|duties)\b",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(
    r"\b(?:all|where|when|whenever|if|unless|whether|should|must|(?-i:may)|can|could|shall|will be|you are|"
    r"you have|often|usually|commonly|one in \w+"
    r"|means|practitioners?|professionals?|staff|training|includes?|e\.g)\b",
    re.IGNORECASE,
)
# "pupils with anxiety, long covid or cancer": whoever has it, not somebody.  What an event is about is
# nobody's either: "come to chat about dyslexia".
_WHOEVER = re.compile(
    r"\b(?:pupils|students|learners|children|young people|people|adults|persons|individuals|residents|tenants"
    r"|patients|customers|clients|service users|applicants|claimants|employees|workers|staff|colleagues"
    r"|carers|parents|families|women|men|those|anyone|anybody|someone|somebody)"
    r"(?: (?:aged|in|of|at|from) [^.;:\n,]{1,30})?"
    r" (?:with|who (?:have|has|had|are|is|live|lives|suffer|suffers)|having|living with|suffering from"
    r"|affected by|experiencing)\b[^.;:\n]{0,80}$"
    r"|\b(?:chat|talk|questions?|information|advice|session|workshop|webinar|drop-?in|evening|leaflets?|books?"
    r"|find out|learn)(?: more)? (?:about|on|for)\b[^.;:\n]{0,60}$",
    re.IGNORECASE,
)
# "A pupil with autism", "a child on a plan mustn't be sent home": any of them, not one.
_INDEFINITE = re.compile(
    r"\b(?:an?|any|every|each|no|one|another) (?:[\w-]+ ){0,2}(?:pupil|student|child|young person|person"
    r"|resident|tenant|parent|carer|adult|patient|customer|claimant|applicant|member of staff|employee|worker"
    r"|brother|sister|sibling|relative|mum|dad)(?: or \w+)?"
    r" (?:with|who|on|may|must|mustn't|can|can't|should|shouldn't|under"
    r"|in (?:care|need|foster|our|the|school))\b",
    re.IGNORECASE,
)
# What a form or a policy asks for: "name, date of birth, address, nationality and religion".
_ASKED_FOR = re.compile(
    r"(?:\b(?:(?:full |first |last |sur|fore)?names?|dates? of birth|dob|addresses|address|nationality"
    r"|ethnicity|ethnic origin|religion|sex|gender|immigration status|bank details|telephone|e-?mail|postcode"
    r"|(?:ni|nhs|national insurance|passport|upn|telephone|phone|mobile) (?:numbers?|no)|gp"
    r"|disabilit(?:y|ies)|criminal convictions|sexual orientation|health)\b"
    r"(?:, | and | or |, and |; |/)){2,}",
    re.IGNORECASE,
)
# Comparisons and jokes: the words are said of somebody, but not meant.
_JEST = re.compile(
    r"\b(?:as (?:if|though) (?:it|he|she|they|we|i)\b|jok(?:e|es|ed|ing|ingly)\b|liken(?:ed|s)?\b|metaphor\w*"
    r"|figuratively|so to speak|proverbial|tongue in cheek|like an? (?:abandoned|neglected|naughty|lost)\b"
    r"|compare[ds]? (?:it|him|her|them|the \w+) (?:to|with)\b|lol\b|haha\w*|rofl\b|pun intended)",
    re.IGNORECASE,
)
# Words with capitals up to the quotation mark: 'Living with Dementia'.
_QUOTE_BEFORE = re.compile(r"(?<!\w)[\"'‘“](?:(?:[A-Z][\w-]*|[a-z]{1,4}|&) )*$")
_VALUE_BEFORE = re.compile(r"(?:\"[ \t]*:[ \t]*\[?|\",[ \t]*|\[)[ \t]*\"$")
_QUOTE_BEHIND = re.compile(r"(?: (?:[A-Z][\w-]*|[a-z]{1,4}|&))*[\"'’”](?!\w)")
_LIST_ITEM = re.compile(r"[ \t]*(?:[•*✔✘–-][ \t]|\d{1,2}[.):][ \t\d]|\d{1,2}[.:]\d{2}\b)")
_DATED = re.compile(r"\b\d{1,2}[/.]\d{1,2}\b")
_PRONOUN = re.compile(r"\b(?:he|she|him|his|her|hers)\b", re.IGNORECASE)
_TITLE_BEFORE = re.compile(
    r"\b(?i:lead|head|manager|director|officer|worker|chair|nurse|coordinator|co-ordinator|service|services|"
    r"team|teacher|snr|senior|prac|pract|sw|tm|atm|asye|iro|dsl|fsw|duty|locality|"
    r"practitioner|advis[eo]r|commissioner|administrator|assistant|solicitor|consultant|role|post|"
    r"department)"
    r"[ \t]{0,2}(?:,|-|–|:|\||\(|/)?[ \t]{0,2}(?:of |for |in )?(?:the )?(?:[A-Z][\w']+ (?:& |and )?){0,4}$"
)
# A line of a telephone list: behind the job stands an extension or a number.
_EXTENSION = re.compile(
    r"[A-Za-z&/ ]{0,20}(?:[ \t]{2,}|[ \t]*[|,;][ \t]*)(?:x|ext\.?|extn\.?)[ \t]?\d{3,6}\b", re.IGNORECASE
)
# A phrase inside a path or a file name names a file, not a child.
_FILE_NAME = re.compile(
    r"[^\n\"<>|]{0,60}?\.(?:xlsx?|xlsm|docx?|pdf|csv|pptx?|msg|eml|zip|rtf|odt|txt|mdb)\b", re.IGNORECASE
)
_PATH = re.compile(r"(?:\\|/)[^\s\\/]{0,60}$")
_ROLE_LABEL = re.compile(
    r"^(?:job|role|title|job title|team|department|service|position|post|unit|directorate|grade|"
    r"qualification)\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|be|been|became|remains?|went|came|says?|said|made|held|agreed|"
    r"granted|placed)\b",
    re.IGNORECASE,
)


class Mentions:
    """Tells how phrases of one view are used; each answer costs the phrase's own surroundings."""

    def __init__(self, view: View, sections: Sections, not_before: re.Pattern[str] | None) -> None:
        self._view = view
        self._text = view.text
        self._sections = sections
        self._not_before = not_before

    def place(self, start: int, end: int) -> Place:
        """The sentence and the record round a span."""
        text = self._text
        record = self._view.layout.record_at(start)
        low, high = (record.start, record.end) if record is not None else self._view.layout.line_span(start)
        high = max(high, end)
        left = max(low, start - _REACH)
        right = min(high, end + _REACH)
        begin = left
        for match in _SENTENCE_END.finditer(text, left, start):
            if match.group().startswith(".") and _ABBREVIATED.search(
                text[max(left, match.start() - 8) : match.start()]
            ):
                continue
            begin = match.end()
        stop = right
        for match in _SENTENCE_END.finditer(text, end, right):
            stop = match.start()
            break
        in_table = record is not None and record.table is not None
        line = self._view.layout.line_span(start)
        item = line if not in_table and _LIST_ITEM.match(text, line[0]) is not None else None
        return Place((begin, stop), (low, high), in_table, item)

    def file_name(self, start: int, end: int) -> tuple[int, int] | None:
        """The file name or path that a phrase is part of, if it is."""
        text = self._text
        line_start, line_end = self._view.layout.line_span(start)
        behind = _FILE_NAME.match(text, end, max(line_end, end))
        if behind is not None and not re.search(r"[.!?] ", behind.group()):
            quote = max(
                text.rfind('"', line_start, start), text.rfind("\\", line_start, start), line_start - 1
            )
            return quote + 1, behind.end()
        if start and text[start - 1] == "\\" and _PATH.search(text, line_start, start):
            return start, end
        return None

    def use(
        self, start: int, end: int, place: Place, *, named: bool, particular: bool = False, own: bool = False
    ) -> Use:
        """How the phrase at ``start:end`` is used; ``named`` says that its sentence names a subject.

        ``particular`` says that somebody is identified nearby: "if" and "should" are said of them; ``own``
        that the sentence is somebody's own ("I", "my").
        """
        text = self._text
        line_start, line_end = self._view.layout.line_span(start)
        line_end = max(line_end, end)
        before, behind = text[line_start:start], text[end:line_end]
        if not named and self._sections.in_signature(start):
            return Use.QUIET
        if self._is_title(start, end, before):
            return Use.TITLE
        ticked = _TICKED.search(before)
        if not ticked and (_UNTICKED.search(before) and ("☐" in before or "□" in before or "[" in before)):
            return Use.BLANK
        if _BOX_BEHIND.match(behind) and _BOXES_BEHIND.match(text, line_start, line_end):
            return Use.SAID if _TICK_BEHIND.match(behind) else Use.BLANK
        if not ticked and _UNANSWERED.match(behind):
            return Use.BLANK
        label = end - line_start <= _LONGEST_LABEL and not place.in_table
        if label and _EMPTY_LABEL.match(behind) and not self._next_line_answers(line_end):
            return Use.BLANK
        field = self._view.layout.field_at(start) if place.in_table else None
        if _NO.match(behind if field is None else text[end : max(end, field.end)]):
            return Use.DENIED
        around = max(place.sentence[0], start - 120), min(place.sentence[1], end + 60)
        if not particular and _JEST.search(text, *around):
            return Use.GENERAL
        if place.in_table:
            record = self._view.layout.record_at(start)
            if record is not None and not record.fields and not named:
                return Use.HEADING
        elif not named and self._is_heading(line_start, line_end, start, end):
            return Use.HEADING
        if not named and self._is_count(start, end, place):
            return Use.COUNT
        if _PRONOUN.search(text, *place.sentence) or own:
            return Use.SAID
        begin, stop = place.sentence
        if not named and _INDEFINITE.search(text, begin, stop):
            return Use.GENERAL
        if not place.in_table and (
            _WHOEVER.search(text, begin, start) or _ASKED_FOR.search(text, begin, stop)
        ):
            return Use.GENERAL
        if named:
            return Use.SAID
        if _GENERAL.search(text, begin, start) or _GENERAL.search(text, end, stop):
            return Use.GENERAL
        if particular or _DATED.search(text, begin, stop):
            return Use.SAID
        if _CONDITIONAL.search(text, begin, start) or _CONDITIONAL.search(text, end, stop):
            return Use.GENERAL
        return Use.SAID

    def _is_title(self, start: int, end: int, before: str) -> bool:
        text = self._text
        if self._not_before is not None and self._not_before.match(text[end : end + 60]):
            return True
        if self._quoted_title(start, end):
            return True
        if _TITLE_BEFORE.search(before[-60:]) and text[start : start + 1].isupper():
            return True
        if _EXTENSION.match(text, end):
            return True
        label = self._view.layout.label_at(start)
        return bool(label) and _ROLE_LABEL.match(label) is not None

    def _quoted_title(self, start: int, end: int) -> bool:
        """Whether the phrase is part of a title in quotation marks: a book's, a course's."""
        text = self._text
        opened = _QUOTE_BEFORE.search(text, max(0, start - 60), start)
        if opened is None:
            return False
        if _VALUE_BEFORE.search(text, max(0, opened.start() - 8), opened.start() + 1):
            return False  # a program's value, no title
        closed = _QUOTE_BEHIND.match(text, end)
        return (
            closed is not None and text[opened.end() : opened.end() + 1].isupper() and text[start].isupper()
        )

    def _next_line_answers(self, line_end: int) -> bool:
        """Whether the line under an empty label holds its value."""
        text = self._text
        stop = text.find("\n", line_end + 1)
        following = text[line_end + 1 : len(text) if stop < 0 else stop].strip()
        return bool(following) and not following.endswith(":") and not following.startswith(("_", "☐", "."))

    def _is_heading(self, line_start: int, line_end: int, start: int, end: int) -> bool:
        text = self._text
        line = text[line_start:line_end].strip()
        if len(line) > 90 or line.endswith((".", ";")):
            return False
        if line.startswith("#"):
            return True
        if re.search(r"\d{1,2}[/.\-]\d{1,2}|\b(?:19|20)\d\d\b|[;]|\d{1,2}(?:am|pm)|:[ \t]*\S", line):
            # Dated lines and "label: value" say something, unless they are all capitals.
            return line.isupper() and ":" not in line
        if _VERB.search(line):
            return line.isupper() and not re.search(r"\bIS\b|\bWAS\b|\bHAS\b", line)
        words = re.findall(r"[^\W\d_][\w'&-]*", line)
        rest = len(words) - len(re.findall(r"[^\W\d_][\w'&-]*", text[start:end]))
        if line.isupper():
            return True
        alone = line_start == 0 or text[max(0, line_start - 2) : line_start].strip() == ""
        small = [word for word in words if word[0].islower() and len(word) > 3]
        return (
            alone and rest <= 6 and (len(small) <= 1 or rest <= 2) and line[:1].isupper() | line[:1].isdigit()
        )

    def _is_count(self, start: int, end: int, place: Place) -> bool:
        text = self._text
        begin = max(place.sentence[0], start - 90)
        if _COUNT_BEFORE.search(text[begin:start]):
            return True
        plural = text[end - 1] in "sS" or text[start:end].lower().endswith(("children", "people"))
        if _TALLIED.match(text[end : end + 30]):
            return True
        if plural and _MANY.search(text[begin:start]):
            return True
        if _COUNT_BEHIND.match(text[end : end + 60]) and text[end - 1] != "s":
            return True
        record = text[place.record[0] : place.record[1]] if place.in_table else ""
        line_start, line_end = self._view.layout.line_span(start)
        cells = re.split(r"\t|\||,|;| {2,}", record or text[line_start:line_end])
        if sum(1 for cell in cells if _TALLY.match(cell.strip())) >= 3:
            return True
        numeric = sum(1 for cell in cells if _NUMERIC.match(cell.strip()))
        return numeric >= 2 and numeric * 2 >= len([cell for cell in cells if cell.strip()])
