"""Special-category data: health, ethnicity, religion, orientation, politics, union, offences, domestic abuse.

``note`` is the category: ``health``, ``adult_safeguarding``, ``ethnicity``, ``religion``,
``sexual_orientation``, ``politics``, ``union``, ``offence``, ``domestic_abuse``, ``biometric``.  A phrase
about nobody in particular keeps a confidence below the reporting band and the note ``topic``.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import re2

from rules.flags import KindPack, PhrasePack, PhraseRule, Weight, load_pack
from scanner.detection.constructions import compile_constructions
from scanner.detection.finding import REPORTED, Evidence, EvidenceKind, Finding
from scanner.detection.gate import REACH, TOPIC_ONLY, Gate, Standing, word_pattern
from scanner.detection.mention import Use
from scanner.detection.phrases import PhraseIndex
from scanner.detection.sections import KindClassifier
from scanner.detection.subjects import Attribute
from scanner.detection.view import View

# Anchors ("diagnosed", "takes", "because of") stand in the same sentence or the one before.
_ANCHOR_REACH = 120
_COUNTER_REACH = 120
# The anchors of a weak phrase ("GMB" with "rep") stand beside it.
_CLOSE = 30
# A word that names no illness ("fit note") says nothing new this near to one that does.
_BESIDE = 600
# Ways of standing near a name that tie a plain word ("paracetamol") to nobody.
_LOOSE = frozenset({"full name in the record", "name in the record", "full name nearby"})
_UNTIED = "name not tied to the phrase"
_UNANCHORED = "no anchor"
# More phrases than this in one passage change no verdict; the rest is left out (bad input in bulk).
_MOST = 5000
# A longer value under a label is a narrative: its phrases are found one by one.
_LONGEST_VALUE = 80
_LONGEST_LIST = 300
# An entry of a list under a label ("Zapain 30mg", "brittle bones in both feet") is at most this many words.
_ENTRY_WORDS = 6


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Names of diseases and medicines by their Greek and Latin endings, for the thousands that no list holds.
_ENDINGS = (
    "itis emia aemia plegia paresis ectomy ostomy algia phrenia trophy sclerosis stenosis carcinoma "
    "sarcoma neuropathy myopathy retinopathy nephropathy cardiomyopathy encephalopathy thrombosis "
    "fibrosis psychosis infarct infarction embolism ischaemia arrhythmia apnoea dystonia ataxia dysphagia "
    "aphasia oxetine azepam azepine zolam setron sartan statin mycin cillin prazole lukast triptan "
    "peridone tidine ipril olol xaban gatran ogrel tinib umab zumab ximab ciclovir cavir navir "
    "dipine gliptin gliflozin thyroxine "
)
_NOT_DISEASES = frozenset(
    [b"academia", b"multimedia", b"apoptosis", b"photosynthesis", b"nostalgia", b"trophy"]
)
_MODIFIERS = re.compile(
    r"(?:\b(?:acute|chronic|severe|moderate|mild|left|right|bilateral|early[- ]onset|late[- ]onset|advanced|"
    r"terminal|"
    r"recurrent|complex|major|clinical|post[- ]?natal|paranoid|relapsing|remitting|metastatic|secondary|"
    r"profound|"
    r"congenital|juvenile|persistent|generalised|vascular|mixed|unstable|brittle|stage \d|type [12]|"
    r"inoperable|"
    r"high[- ]functioning|treatment[- ]resistant|insulin[- ]dependent|middle cerebral artery|lower back|"
    r"insulin[- ]treated|"
    r"cerebral artery|rheumatoid|borderline|alcohol[- ]related|drug[- ]induced|diet[- ]controlled|suspected|"
    r"poorly controlled)"
    r"[ \t\n]+){1,4}$",
    re.IGNORECASE,
)
_SITE = re.compile(
    r"^[ \t\n]+(?:of|to)[ \t\n]+(?:(?:the|both|his|her|my|left|right|lower|upper)[ \t\n]+){0,2}"
    r"(?:spine|back|hips?|knees?|hands?|feet|foot|legs?|arms?|shoulders?|ankles?|wrists?|neck|eyes?|lungs?|"
    r"brain|heart|"
    r"liver|bowel|breast|joints?)\b",
    re.IGNORECASE,
)
# The words behind "suffers from" or "arrested for", up to one that goes on to something else.
_TAIL = re.compile(
    r"[ \t]*\n?[ \t]+(?:(?:an?|the|his|her|my|your|their|some|being)[ \t\n]+)?"
    r"(?P<what>(?:s(?:ec(?:tion)?)?\.? ?\d{1,3}[A-Za-z]? )?[A-Za-z][\w'/-]*(?:[ "
    r"\t\n][A-Za-z0-9][\w'/-]*){0,6})"
)
_TAIL_WORD = re.compile(r"[\w'/.-]+")
_STOPS = _words(
    "and but which who that in on at since for after when because so this last from as is was has had "
    "he she they we i you it during before following until while if then now again are were have will "
    "would also due or there against not still today yesterday upon and/or next over about"
)
_TRAILERS = _words("of by a an the his her their my your to with no both very more only")
# What a flat, a road or a form "suffers from", and what is "prescribed" by rules.
_NO_ILLNESS = _words(
    "nothing anything "
    "damp mould mold noise lack poor arrears vandalism nuisance flooding delay delays antisocial "
    "anti-social form forms period manner by limits limit fee fees time times way rats mice leaks leak "
    "condensation subsidence traffic parking litter loss losses cuts cut inflation shortages shortage "
    "same any other condition what whom someone somebody people children him her them me us"
)
# "is gay", "she's deaf": the phrase begins behind the verb.
_LEAD = re.compile(
    r"(?:(?:he|she|who|they|i)(?:'s|'m|'re| am)?[ \t\n]+)?(?:is|are|was|were|being|am|he's|she's|i'm|they're)"
    r"[ \t\n]+(?:(?:also|openly|both|all|now|brought up|raised)[ \t\n]+)?(?:an?[ \t\n]+)?(?=\w{2})",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?:\b(?:no|nil|without|denie[sd]|denying|never|not|nor|neither|ruled out)|n't)(?:[ \t\n]+(?:known|"
    r"history|"
    r"evidence|"
    r"signs?|concerns?|previous|of|about|any|an?|current|been|have|having|had|to|formal|other|"
    r"significant|recent|"
    r"suffering|suffered|form|issues|with)){0,4}[ \t\n]*$",
    re.IGNORECASE,
)
# A word with a digit in its midst, as a scan reads "0" for "o" and "1" for "i" or "l".
_DAMAGED = re.compile(rb"\b[A-Za-z]{1,20}[01][A-Za-z01]{2,20}\b|\b[01][A-Za-z]{4,20}\b")
_MENDINGS = (bytes.maketrans(b"01", b"oi"), bytes.maketrans(b"01", b"ol"))
_MOST_DAMAGED = 500
_LONGEST_DAMAGED = 400
_CELL = re.compile(r"(?:[ \t]{2}|\t|\|[ \t]*|\",[ \t]?\"?)$")
_LABEL_SIGN = re.compile(r"[ \t]{0,3}[:=]")
_CODE_LIST = re.compile(r"[ \t]*(?:[\w-]+[ \t]*[:=][ \t]*)?\[[^\]\n]*\][,;]?[ \t]*$")
# A label in running text or in a column of its own: "ETHNICITY - Kurdish", "FAITH    Orthodox.".
_INLINE = re.compile(
    r"[ \t]{0,3}(?:\([^()\n]{0,40}\)[ \t]?)?(?P<sign>[:=]|\t|[ \t]{2}|[ \t][-–](?=[ \t]))[ \t]{0,60}"
    r"(?P<value>[^\s|;:=][^\n|;]{1,300})"
)
_COLUMN_END = re.compile(r"[ \t]{2,}|\t")
_INLINE_END = re.compile(r"[ \t]{2,}|\t|[ ,.]+(?=[A-Z][A-Za-z ]{2,30}:)|\.(?=\s|$)")
_BOUND = re.compile(r"(?:^|\n|[ \t]{2}|\t|[|;,.•*(>\-–]|\d[.)])[ \t]{0,6}$")
_ENTRY_BREAK = re.compile(
    r"[ \t]*(?:[;,+•|]|\band\b|\bplus\b|\. | - | – | & |\(|\))[ \t]*|[ \t]+/[ \t]+", re.IGNORECASE
)
# An entry of a note in telegram style stands between marks of punctuation.
_ENTRY_BEFORE = re.compile(r"(?:[,.;:(/|·•–-][ \t]{0,2}|\n[ \t]*)$")
# Two letters mean something only among words.
_SHORT_ENTRY_BEFORE = re.compile(r"(?:[a-z]{3}|[a-z]\)|\d)[,.;:][ \t\n]$|[a-z]{3}[ \t]\($")
_ENTRY_BEHIND = re.compile(r"[ \t]*(?:[,.;)/|·•\n–]|$| - | x ?\d\b|\+)")
_DOSE = re.compile(
    r"[ \t]+\d[\d.,]*[ \t]?(?:mg|mcg|ml|g|units?|iu|%|micrograms?|x|puffs?|"
    r"tabs?)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_NO_ENTRY = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|please|see|should|he|she|they|we|i|you|it|who|"
    r"which|that|"
    r"review|gp|date|since|from|until|given|school|office|contact|tel|dr|form|tbc|yes|no|not|only|if|"
    r"when|under)\b",
    re.IGNORECASE,
)
# Words that a label may hold besides its name: "Any known medical conditions (please state)".
_LABEL_FILLERS = _words(
    "any current known other please state give details of the a an your child childs child's pupil pupils "
    "client clients patient tenant applicant main relevant if yes list s all existing ongoing identified "
    "recorded describe specify what is are do you have regular latest their his her number type employee "
    "customer resident service user person student learner yp young parent carer mother father"
)
_NOTHING = re.compile(
    r"^(?:no|none|nil|n/?a|n\.a\.?|not known|unknown|not stated|not applicable|not recorded|not disclosed|"
    r"nkn?|nka|nkda|"
    r"none known|no known.*|none declared|not given|prefer not.*|declined|refused|withheld|tbc|yes|y|n|"
    r"[-–_.?*x ]+|"
    r"not obtained|nobt|refu|other|please (?:state|select|specify).*|see (?:below|above|attached).*|"
    r"\d+(?:[.,]\d+)?%?|"
    r"[£$].*|good|fair|poor|used.*|new|as new|excellent|average|working|standard|full|select.*|\[.*\]|<.*>|"
    r"\(.*\)|male|female|normal|fine|ok|okay|independent|independently mobile|fully mobile|intact|no "
    r"(?:issues|concerns|problems|changes?).*|"
    r"nothing .*|nil of note|not (?:asked|provided|specified|declared|sure).*|don'?t know|blank|pending|"
    r"awaited|"
    r"annual leave|holidays?|family holiday|leave|training|toil|unauthorised|authorised|late|unpaid leave|"
    r"portrait|landscape|horizontal|vertical|"
    r"jury service|weather|english|vegetarian|vegan|see .*|veg|mixed|any|all|standard diet|normal diet|"
    r"british)$",
    re.IGNORECASE,
)
# Categories whose labels are often followed by several entries or a sentence.
_LISTED = frozenset({"health", "offence"})
_OWNED = re.compile(r"\b(?:his|her|my|your)[ \t\n]+(?:\w+[ \t\n]+)?$", re.IGNORECASE)
_THEIR = re.compile(
    r"\b(?:he|she|him|his|her|my|i|i'm|mum|dad|mother|father|wife|husband|son|daughter)\b", re.I
)


# A code beside what it stands for, and the columns that hold codes.
_CODE_BEFORE = re.compile(r"(?<![\w/.£-])(?P<code>[A-Z]{0,3}\d{2,5}[A-Z]?)[ \t]{0,2}[=:–-]?[ \t]{0,2}$")
_CODE_BEHIND = re.compile(r"[ \t]{0,2}[=:(–-][ \t]{0,2}(?P<code>[A-Z]{0,3}\d{2,5}[A-Z]?)(?![\w/.])")
_CODE_LABEL = re.compile(r"\b(?:code|element|deduction|ded|type|pay ?code|union|scheme)s?\b", re.IGNORECASE)
# A bare "Reason" is one of absence where the columns beside it count days off.
_REASON_LABEL = re.compile(r"^(?:reason|reason given|cause|detail|details|category|type)$", re.IGNORECASE)
_ABSENCE = re.compile(
    r"absen|sick|fit ?note|days? lost|lost days|\brtw\b|return to work|return date|working days|fte days"
    r"|\bwdl?\b|first day|last day|\btrigger|bradford",
    re.IGNORECASE,
)
_NO_ABSENCE = re.compile(
    r"carer|dependa?nt|compassionate|bereave|special leave|strike|industrial action|emergency leave|parental"
    r"|paternity|adoption|house move|annual|holiday|unpaid|jury|training|snow|weather|toil|flexi|domestic"
    r"|other",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: PhraseRule
    anchors: re.Pattern[str] | None
    counter: re.Pattern[str] | None
    not_before: re.Pattern[str] | None
    patterns: re2._Regexp[bytes] | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    end: int
    item: _Compiled


@dataclass(frozen=True, slots=True)
class _Labelled:
    """The value of a label at ``start:end`` with the label's rule."""

    start: int
    end: int
    item: _Compiled


class SpecialCategoryRecogniser:
    """Finds special-category phrases and the values of such labels, each held against the gate."""

    name = "uk special category"
    entity_types: tuple[str, ...] = ("SPECIAL_CATEGORY",)

    def __init__(self, pack: PhrasePack | None = None, kinds: KindPack | None = None) -> None:
        pack = pack or load_pack(PhrasePack, "special_category.yaml")
        self._kinds = KindClassifier(kinds or load_pack(KindPack, "document_kinds.yaml"))
        self._not_before = _title(pack.not_before)
        compiled = [
            _Compiled(
                rule,
                _anchors(pack, rule),
                word_pattern(rule.counter),
                _title(rule.not_before),
                compile_constructions(rule.patterns),
            )
            for rule in pack.rules
        ]
        self._index = PhraseIndex[_Compiled](
            (phrase, item) for item in compiled for phrase in item.rule.phrases
        )
        self._exact = PhraseIndex[_Compiled](
            ((phrase, item) for item in compiled for phrase in item.rule.exact), case_sensitive=True
        )
        self._labels = {label: item for item in compiled for label in item.rule.labels}
        self._label_index = PhraseIndex[_Compiled]((label, item) for label, item in self._labels.items())
        self.programs = (*self._index.programs, *self._exact.programs, *self._label_index.programs)
        self._condition = next(item for item in compiled if item.rule.id.endswith("health-condition"))
        self._soft = {rule.id for rule in pack.rules if rule.weight is Weight.HINT and rule.phrases}
        # One pass for all constructions and for names of diseases by their endings.
        self._constructed = [item for item in compiled if item.patterns is not None]
        endings = rf"[a-z]{{3,}}(?:{'|'.join(_ENDINGS.split())})s?"
        self._construction_pattern = compile_constructions(
            (endings, *(pattern for rule in pack.rules for pattern in rule.patterns))
        )

    def recognise(self, view: View) -> list[Finding]:
        """Special-category findings of ``view``; those about nobody come back below the reporting band."""
        announced = _with_tails(view.text, [*self._phrases(view), *self._constructions(view)])
        candidates = self._in_text(view, _outside_names(view, _settled(announced)))
        labelled = self._labelled(view)
        if not candidates and not labelled:
            return []
        gate = Gate(view, self._kinds, self._not_before)
        findings: list[Finding] = []
        told: dict[int, tuple[float, str]] = {}
        taken: set[int] = set()
        starts = [candidate.start for candidate in candidates]
        for value in labelled[:_MOST]:
            first = bisect_left(starts, value.start)
            numbers = range(first, bisect_left(starts, value.end))
            inside = [candidates[number] for number in numbers]
            listed = value.item.rule.category in _LISTED or value.item.rule.weight is Weight.HINT
            if listed and inside:
                confidence = self._value(gate, value).confidence
                told.update(dict.fromkeys(numbers, (confidence, value.item.rule.id)))
            if value.item.rule.weight is Weight.HINT:
                continue
            if listed:
                if inside and value.item.rule.category == "offence":
                    continue  # the rest of such a value is courts and dates
                for entry in _entries(view.text, value, inside):
                    findings.append(self._value(gate, entry))
                continue
            if value.end - value.start > _LONGEST_VALUE:
                continue
            if value.item.rule.category == "union":
                value = replace(value, end=_first_entry(view.text, value))
            finding = self._value(gate, value)
            if finding.confidence >= REPORTED:
                taken.update(numbers)
            findings.append(finding)
        findings += self._union_codes(view, gate, candidates)
        said_to = -1
        for number, candidate in enumerate(candidates[:_MOST]):
            if number in taken:
                continue
            finding = self._phrase(view, gate, candidate, told.get(number, (0.0, "")))
            if _goes_on(view.text, finding, candidate, said_to):
                evidence = (Evidence(EvidenceKind.NEIGHBOUR, "goes on from the phrase before"),)
                finding = replace(
                    finding, confidence=0.5, note=candidate.item.rule.category, evidence=evidence
                )
            if finding.confidence >= REPORTED:
                said_to = finding.end
            findings.append(finding)
        return self._plainer(findings)

    @staticmethod
    def _union_codes(view: View, gate: Gate, candidates: list[_Candidate]) -> list[Finding]:
        """Cells that name a union by a code which the text explains: "551 GMB / 552 UNISON"."""
        text = view.text
        codes: dict[str, PhraseRule] = {}
        for candidate in candidates:
            if candidate.item.rule.category != "union":
                continue
            before = _CODE_BEFORE.search(text, max(0, candidate.start - 16), candidate.start)
            behind = _CODE_BEHIND.match(text, candidate.end)
            for found in (before, behind):
                if found is not None:
                    codes[found["code"]] = candidate.item.rule
        if not codes:
            return []
        findings: list[Finding] = []
        for record, field in view.layout.labelled_fields(lambda label: _CODE_LABEL.search(label) is not None):
            rule = codes.get(text[field.start : field.end])
            if rule is None or record.table is None or len(findings) >= _MOST:
                continue
            if gate.subjects.within(record.start, record.end).named:
                evidence = (Evidence(EvidenceKind.LABEL, "code of a union"),)
                findings.append(
                    Finding("SPECIAL_CATEGORY", field.start, field.end, 0.6, rule.id, evidence, rule.category)
                )
        return findings

    def _plainer(self, findings: list[Finding]) -> list[Finding]:
        """Without words that name nothing ("fit note") where what they are about is named beside them."""
        plain: dict[str, list[int]] = {}
        for finding in findings:
            if finding.confidence >= REPORTED and finding.rule not in self._soft:
                plain.setdefault(finding.note, []).append(finding.start)
        for starts in plain.values():
            starts.sort()
        kept: list[Finding] = []
        for finding in findings:
            starts = plain.get(finding.note, [])
            at = bisect_left(starts, finding.start - _BESIDE)
            beside = at < len(starts) and starts[at] <= finding.end + _BESIDE
            if not (finding.rule in self._soft and finding.confidence >= REPORTED and beside):
                kept.append(finding)
        return kept

    def _phrases(self, view: View) -> Iterator[_Candidate]:
        for hit in view.phrases(self._index) + view.phrases(self._exact):
            yield _Candidate(hit.start, hit.end, hit.payload)
        for start, mended in _mended_lines(view.data):
            for hit in self._index.find(mended):
                yield _Candidate(start + hit.start, start + hit.end, hit.payload)

    def _in_text(self, view: View, candidates: list[_Candidate]) -> list[_Candidate]:
        """Without labels ("Union subs:") and words of a program's or configuration's list."""
        kept: list[_Candidate] = []
        for candidate in candidates:
            start, end = view.layout.line_span(candidate.start)
            words = view.text[candidate.start : candidate.end].lower()
            if _LABEL_SIGN.match(view.text, candidate.end) and " ".join(words.split()) in self._labels:
                continue
            if end - start < _LONGEST_LIST and _CODE_LIST.match(view.text, start, end):
                continue
            kept.append(candidate)
        return kept

    def _constructions(self, view: View) -> Iterator[_Candidate]:
        data = view.data
        if self._construction_pattern is None:
            return
        for match in self._construction_pattern.finditer(data):
            start, end = match.span()
            if start and data[start - 1 : start].isalnum():
                continue
            words = match.group()
            item = next((item for item in self._constructed if _is_whole(item, words)), None)
            if item is None and words.lower() not in _NOT_DISEASES:
                item = self._condition
            if item is not None:
                yield _Candidate(start, end, item)

    def _labelled(self, view: View) -> list[_Labelled]:
        """Values of labels: those of the layout, and those that stand inside lines."""
        text = view.text
        found: dict[int, _Labelled] = {}
        reasons = self._labels.get("absence reason")
        for record, field in view.layout.labelled_fields(self._may_label):
            item = self._label_rule(field.label)
            if item is None and record.table is not None and reasons is not None:
                others = " | ".join(part.label for part in record.fields)
                if _ABSENCE.search(others) and not _NO_ABSENCE.search(text, field.start, field.end):
                    item = reasons
            if item is not None and _tells(text[field.start : field.end]):
                found[field.start] = _Labelled(field.start, field.end, item)
        starts = sorted(found)
        for hit in view.phrases(self._label_index):
            if not text[hit.start].isupper() or not _BOUND.search(text[max(0, hit.start - 12) : hit.start]):
                continue
            match = _INLINE.match(text, hit.end)
            if match is None:
                continue
            line_start = text.rfind("\n", 0, hit.start) + 1
            sign = match.group("sign")
            broad = hit.payload.rule.weight is Weight.HINT
            if sign not in ":=":
                line_start = text.rfind("\n", 0, hit.start) + 1
                opens = not text[line_start : hit.start].strip(" \t-*•")
                if not opens and hit.payload.rule.category == "health":
                    continue
                if sign.isspace() and broad and not text[hit.start : hit.end].isupper():
                    continue
            start, end = match.span("value")
            stop = (
                None
                if hit.payload.rule.category in _LISTED or broad
                else _INLINE_END.search(text, start, end)
            )
            if stop is None:
                stop = _COLUMN_END.search(text, start, end)
            end = stop.start() if stop is not None else end
            at = bisect_right(starts, end) - 1
            if at >= 0 and found[starts[at]].end > start:
                continue
            if (sign in ":=" or view.layout.label_at(hit.start) == "") and _tells(text[start:end]):
                found.setdefault(start, _Labelled(start, end, hit.payload))
        return [found[start] for start in sorted(found)]

    def _may_label(self, label: str) -> bool:
        return self._label_rule(label) is not None or _REASON_LABEL.match(label) is not None

    def _label_rule(self, label: str) -> _Compiled | None:
        words = re.findall(r"[a-z/']+", label.lower())
        return self._labels.get(" ".join(words)) or self._labels.get(
            " ".join(word for word in words if word not in _LABEL_FILLERS)
        )

    def _value(self, gate: Gate, field: _Labelled) -> Finding:
        """The value of a label, held against the gate."""
        item = field.item
        standing = gate.weigh(field.start, field.end)
        confidence = standing.confidence
        if standing.use in (Use.HEADING, Use.GENERAL, Use.COUNT) and standing.subject.identified:
            confidence = 0.8  # the label says what its value is: no sentence to be read
        elif standing.use is Use.SAID and standing.subject.named and confidence < REPORTED:
            confidence = 0.6
        note = item.rule.category if confidence >= REPORTED else "topic"
        evidence = (
            Evidence(EvidenceKind.LABEL, item.rule.category),
            Evidence(EvidenceKind.NEIGHBOUR, standing.why),
        )
        return Finding("SPECIAL_CATEGORY", field.start, field.end, confidence, item.rule.id, evidence, note)

    def _phrase(self, view: View, gate: Gate, candidate: _Candidate, told: tuple[float, str]) -> Finding:
        """A phrase held against the gate; ``told`` is what a label over it lends: confidence and rule."""
        text = view.text
        category, rule = candidate.item.rule.category, candidate.item.rule.id
        start, end = _extended(text, candidate)
        if _NEGATED.search(text[max(0, start - 60) : start]):
            confidence, why = TOPIC_ONLY, "denied"
        else:
            standing = gate.weigh(candidate.start, candidate.end, about_grown=True)
            confidence, why = self._weighed(view, gate, candidate, standing)
            if told[0] >= max(confidence, REPORTED):
                confidence, why = told[0], "label"
                rule = rule if rule in self._soft else told[1]
        note = category if confidence >= REPORTED else "topic"
        kind = EvidenceKind.NEIGHBOUR if confidence >= REPORTED else EvidenceKind.COUNTER
        return Finding("SPECIAL_CATEGORY", start, end, confidence, rule, (Evidence(kind, why),), note)

    @staticmethod
    def _weighed(view: View, gate: Gate, candidate: _Candidate, standing: Standing) -> tuple[float, str]:
        text = view.text
        item = candidate.item
        if standing.confidence < REPORTED:
            standing = _said(view, gate, candidate, standing)
        if standing.confidence < REPORTED:
            return standing.confidence, standing.why
        place = gate.mentions.place(candidate.start, candidate.end)
        sentence = place.sentence
        loose = item.rule.weight is Weight.HINT and standing.why in _LOOSE and not standing.tied
        if loose and not _THEIR.search(text, *sentence):
            return TOPIC_ONLY, _UNTIED
        if item.not_before is not None and item.not_before.match(text[candidate.end : candidate.end + 60]):
            return TOPIC_ONLY, "title"
        low = max(0, candidate.start - _COUNTER_REACH)
        if item.counter is not None and item.counter.search(text, low, candidate.end + _COUNTER_REACH):
            return TOPIC_ONLY, "counter-word"
        # A row is about its person, however wide its columns; a cell says by itself what it says.
        in_cell = _in_cell(view, gate, candidate)
        linked = standing.linked or place.in_table or in_cell
        tied = (
            linked
            or standing.subject.identified
            or standing.subject.names == 1  # nobody else it could be said of
            or standing.why in ("file of a person", "letter to the person", "an employee")
            or (standing.subject.named and _THEIR.search(text, *sentence) is not None)
            or _one_name(gate, view, candidate)
        )
        if not tied:
            return TOPIC_ONLY, _UNTIED
        if item.anchors is not None:
            weak = item.rule.weight is Weight.WEAK
            reach = _CLOSE if weak else _ANCHOR_REACH
            anchored = (
                _is_entry(text, candidate, standing)
                or (in_cell and candidate.end - candidate.start > 2)
                or item.anchors.search(text, max(0, candidate.start - reach), candidate.start) is not None
                or item.anchors.search(text, candidate.end, candidate.end + reach) is not None
            )
            if not anchored and (weak or not (standing.subject.identified or linked)):
                return TOPIC_ONLY, _UNANCHORED
        return standing.confidence, standing.why


def _is_entry(text: str, candidate: _Candidate, standing: Standing) -> bool:
    """Whether a phrase stands by itself in a note about somebody: "lives alone, RC, hard of hearing."."""
    if not (standing.subject.named and standing.subject.identified):
        return False
    short = candidate.end - candidate.start <= 3
    before = _SHORT_ENTRY_BEFORE if short else _ENTRY_BEFORE
    return (
        before.search(text, max(0, candidate.start - 12), candidate.start) is not None
        and _ENTRY_BEHIND.match(text, candidate.end) is not None
    )


def _anchors(pack: PhrasePack, rule: PhraseRule) -> re.Pattern[str] | None:
    """What must stand near a rule's phrases: its own words and the pack's, only its own where it is weak."""
    if rule.weight is Weight.ANCHORED:
        return word_pattern([*pack.anchors, *rule.anchors])
    return word_pattern(rule.anchors) if rule.weight is Weight.WEAK else None


def _extended(text: str, candidate: _Candidate) -> tuple[int, int]:
    """The phrase with its modifiers ("acute", "of both hips"), without "is a" before it."""
    start, end = candidate.start, candidate.end
    if candidate.item.rule.category == "health":
        before = _MODIFIERS.search(text[max(0, start - 60) : start])
        if before is not None:
            start -= len(before.group())
        site = _SITE.match(text[end : end + 50])
        if site is not None:
            end += site.end()
    lead = _LEAD.match(text, start, end)
    if lead is not None:
        start = lead.end()
    return start, end


def _said(view: View, gate: Gate, candidate: _Candidate, standing: Standing) -> Standing:
    """The standing of a plain phrase in a note that reads as a count or a heading ("ABH, 8 mths susp.").

    Only where somebody is identified beside it and the text is about them; "general" needs "her asthma".
    """
    subject = standing.subject
    soft = candidate.item.rule.weight is not Weight.ANCHORED
    section = gate.sections.at(candidate.start)
    if soft or section.kind or section.made_up or not (subject.identified and subject.named):
        return standing
    owned = _OWNED.search(view.text, max(0, candidate.start - 30), candidate.start) is not None
    if standing.use is Use.GENERAL and not owned:
        return standing
    line_start, line_end = view.layout.line_span(candidate.start)
    if standing.use is Use.HEADING and view.text[line_start:line_end].isupper():
        return standing
    if standing.use in (Use.COUNT, Use.HEADING, Use.GENERAL):
        return replace(standing, confidence=0.6, why="identified nearby")
    return standing


def _mended_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines in which a scan made digits of letters ("degenerat1on"), put right in the likely ways.

    Each with the place of its first byte; no longer or shorter than what stands in the text.
    """
    done = -1
    for number, match in enumerate(_DAMAGED.finditer(data)):
        if number > _MOST_DAMAGED:
            return
        if match.start() < done:
            continue
        start = data.rfind(b"\n", 0, match.start()) + 1
        done = data.find(b"\n", match.end())
        done = len(data) if done < 0 else done
        if done - start > _LONGEST_DAMAGED:
            continue
        for letters in _MENDINGS:
            yield start, _mended(data[start:done], letters)


def _mended(line: bytes, letters: bytes) -> bytes:
    return _DAMAGED.sub(lambda word: word.group().translate(letters), line)


def _goes_on(text: str, finding: Finding, candidate: _Candidate, said_to: int) -> bool:
    """Whether a phrase that names nobody goes on from one just before it: "Selective mutism; petit mal"."""
    return (
        finding.confidence < REPORTED
        and candidate.item.rule.weight is Weight.ANCHORED
        and finding.evidence[0].detail in (_UNTIED, _UNANCHORED)
        and 0 <= said_to <= finding.start <= said_to + _CLOSE * 2
        and "\n\n" not in text[said_to : finding.start]
    )


def _one_name(gate: Gate, view: View, candidate: _Candidate) -> bool:
    """Whether all names of subjects nearby are one person's: nobody else the phrase could be said of."""
    names: set[str] = set()
    for mark in gate.subjects.found(candidate.start - REACH, candidate.end + REACH):
        if mark.attribute in (Attribute.NAME, Attribute.FIRST_NAME) and not (mark.staff or mark.greeted):
            words = view.text[mark.start : mark.end].lower().split()
            if names and not names.intersection(words):
                return False
            names.update(words)
    return bool(names)


def _in_cell(view: View, gate: Gate, candidate: _Candidate) -> bool:
    """Whether the phrase opens a cell, or what looks like one, of a row that names somebody."""
    text = view.text
    field = view.layout.field_at(candidate.start)
    opens = field is not None and field.start == candidate.start
    if not opens and not _CELL.search(text, max(0, candidate.start - 8), candidate.start):
        return False
    return gate.subjects.within(*view.layout.line_span(candidate.start)).named


def _title(words: Iterable[str]) -> re.Pattern[str] | None:
    """The words that, right behind a phrase, make it a team, a paper or an event: "dementia friendly".

    Stricter than those of the gate: with a word in between ("asthma at school") a phrase keeps its meaning.
    """
    listed = sorted(words, key=len, reverse=True)
    if not listed:
        return None
    body = "|".join(r"[ \t\n]+".join(map(re.escape, word.split())) for word in listed)
    return re.compile(rf"^(?:'s)?[ \t\n/-]{{1,3}}(?:(?:and|&)[ \t][\w'-]+[ \t])?(?:{body})\b", re.IGNORECASE)


def _is_whole(item: _Compiled, words: bytes) -> bool:
    return item.patterns is not None and item.patterns.fullmatch(words) is not None


def _tells(value: str) -> bool:
    """Whether a label's value says anything: no blank, no "none", no question."""
    value = value.strip()
    return bool(value) and not _NOTHING.match(value) and not value.endswith("?") and "___" not in value


def _entries(text: str, value: _Labelled, inside: list[_Candidate]) -> Iterator[_Labelled]:
    """The entries of a listed value in which no known phrase stands: "Zapain 30mg", "Wegener's"."""
    if value.end - value.start > _LONGEST_LIST:
        return
    at = value.start
    stops = [(match.start(), match.end()) for match in _ENTRY_BREAK.finditer(text, value.start, value.end)]
    for stop, following in [*stops, (value.end, value.end)]:
        start, end = at, stop
        at = following
        entry = text[start:end]
        dose = _DOSE.search(entry)
        if dose is not None:
            end = start + dose.start()
        start += len(text[start:end]) - len(text[start:end].lstrip(" \t\"'.-"))
        end -= len(text[start:end]) - len(text[start:end].rstrip(" \t\"'.-"))
        entry = text[start:end]
        if not len(entry) >= 2 or len(entry.split()) > _ENTRY_WORDS or not entry[0].isalpha():
            continue
        if any(candidate.start < end and candidate.end > start for candidate in inside):
            continue
        if _tells(entry) and not _NO_ENTRY.search(entry):
            yield _Labelled(start, end, value.item)


def _first_entry(text: str, value: _Labelled) -> int:
    """Where the first entry of a value ends: the union in "UNISON, band C"."""
    match = _ENTRY_BREAK.search(text, value.start + 1, value.end)
    return match.start() if match is not None else value.end


def _with_tails(text: str, candidates: list[_Candidate]) -> list[_Candidate]:
    """Phrases that only announce ("suffers from") become what they announce, or go where that is known."""
    starts = sorted(candidate.start for candidate in candidates if not candidate.item.rule.tail)
    whole: list[_Candidate] = []
    for candidate in candidates:
        kind = candidate.item.rule.tail
        if not kind:
            whole.append(candidate)
            continue
        start, end = _tail(text, candidate)
        if start == end:
            continue
        if kind == "joined":
            whole.append(_Candidate(candidate.start, end, candidate.item))
        else:
            at = bisect_left(starts, candidate.end)
            if at == len(starts) or starts[at] >= end:
                whole.append(_Candidate(start, end, candidate.item))
    return whole


def _tail(text: str, candidate: _Candidate) -> tuple[int, int]:
    """The span of what stands behind an announcing phrase; empty where it is no thing of a person."""
    nothing = (candidate.end, candidate.end)
    match = _TAIL.match(text, candidate.end)
    if match is None:
        return nothing
    start = end = match.start("what")
    words: list[str] = []
    for word in _TAIL_WORD.finditer(text, start, match.end("what")):
        lowered = word.group().lower()
        if lowered in _STOPS or (words and words[-1] in _TRAILERS and word.group()[0].isupper()):
            break
        words.append(lowered)
        end = word.end()
    reach = 2 if candidate.item.rule.category == "health" else 1
    if not words or _NO_ILLNESS & set(words[:reach]):
        return nothing
    while words and words[-1] in _TRAILERS:
        end -= len(words.pop())
        end = start + len(text[start:end].rstrip())
    return (start, end) if words else nothing


def _settled(candidates: list[_Candidate]) -> list[_Candidate]:
    """Of overlapping candidates the longest, in order."""
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (c.start, -c.end)):
        if chosen and candidate.start < chosen[-1].end:
            last = chosen[-1]
            constructed = last.item.patterns is not None and last.item.rule.category == "health"
            if candidate.end - candidate.start > last.end - last.start or (
                constructed
                and candidate.end == last.end
                and candidate.item is not last.item
                and candidate.item.rule.weight is not Weight.HINT
            ):
                chosen[-1] = candidate  # "hysterectomy" says it all in "awaiting a hysterectomy"
            continue
        chosen.append(candidate)
    return chosen


def _outside_names(view: View, candidates: list[_Candidate]) -> list[_Candidate]:
    """Without those inside a person's name or a mailbox ("Margaritis", "lupus@"), or alone in a word list."""
    if not candidates:
        return candidates
    spans = [(f.start, f.end) for f in view.findings if f.entity_type in ("PERSON", "EMAIL")]
    starts = [start for start, _ in spans]
    kept: list[_Candidate] = []
    for candidate in candidates:
        at = bisect_right(starts, candidate.start) - 1
        if at >= 0 and spans[at][1] > candidate.start:
            continue
        before = view.text[max(0, candidate.start - 1) : candidate.start]
        behind = view.text[candidate.end : candidate.end + 1]
        if behind == "@" or before in ("@", "<"):
            continue
        if before in ("'", '"') and behind == before:
            start, end = view.layout.line_span(candidate.start)
            if view.text[start:end].strip(" \t,\"'") == view.text[candidate.start : candidate.end]:
                continue
        kept.append(candidate)
    return kept
