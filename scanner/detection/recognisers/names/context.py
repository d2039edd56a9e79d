"""Context of a candidate: the words directly before and behind it, and whose name they say it is."""

from __future__ import annotations

import re

from scanner.detection.finding import EvidenceKind
from scanner.detection.recognisers.names import lexicon as lex
from scanner.detection.recognisers.names.candidates import COLLAR_NUMBER, HOUSE_NUMBER, TITLED, Candidate
from scanner.detection.recognisers.names.lexicon import Lexicon, forename_band, word_band
from scanner.detection.recognisers.names.weighing import Reason, reason

# What stands further away than this is another clause.
_LEFT, _RIGHT = 56, 72
# A line of at least this length that ends without a full stop goes on in the next one.
_WRAPPED = 45

# A line is looked at this far to either side.
_LINE = 160

_ARTICLES = frozenset(["the", "a", "an", "this", "these", "our", "your"])
_PETS = frozenset(["dog", "dogs", "cat", "puppy", "pet", "horse", "pony", "kitten"])
_AGE = re.compile(
    r" ?(?:\((?:aged? |now )?\d{1,2}(?: ?(?:yrs?|years?|yo|y/o|months?)[^)]{0,12})?\)|,? aged? \d|, \d{1,2},)"
)
_BIRTH = re.compile(
    r"[ ,]{0,2}[\[(]?(?:d\.?o\.?b|date of birth|born|b\.|nhs (?:no|number)|upn|ni(?:no)?\b"
    r"|\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d)",
    re.I,
)
_CITED = re.compile(r",? ?(?:\(?(?:19|20)\d\d[a-z]?[):;,]|et al\b)")
_MAIL = re.compile(r"[ ,]{0,2}[<(\[]?[\w.'+-]{1,60}@")
_BRACKET = re.compile(r" ?[(\[]([^()\[\]\n]{1,60})[)\]]")
_APPOSED = re.compile(
    r"(?:, ?| - |: | \| |\t)(?:the |our |his |her |their |my |a )?([A-Za-z][A-Za-z0-9 '&/\-]{1,60})"
)
_NEXT_LINE = re.compile(r",?[ \t]*\n[ \t>*]*([A-Za-z][A-Za-z0-9 '&/,()\-]{1,70})(?=\r?\n|$)")
_OF_PLACE = re.compile(r" of [A-Z]")
_STREETS_BEFORE = re.compile(
    r"(?:Road|Street|Lane|Avenue|Close|Drive|Way|Place|Walk|Mews|Rise|Gardens|Grove|Terrace|Crescent|Court|Parade|Hill"
    r"|Green|Rd|St|Ave)(?:,| and) $"
)
_THE_PET = re.compile(r",? (?:the|our|my|his|her|their) (?:dog|cat|puppy|kitten|horse|pony|rabbit|hamster)\b")
_PAIRED = re.compile(r" (and|&) ([A-Z][a-z]+)")
_NEXT_WORDS = re.compile(r" +([a-z'][a-z'/]*)(?: ([a-z'/]+))?(?: ([a-z']+))?")
_EDGES = " \t\"'([*>.,:;!?-"
_SENTENCE_ENDS = (".", ";", "!", "?", ":")
_WEAK_CUE = 1.0

_SUBJECT = reason(EvidenceKind.CONTEXT, "age or date of birth behind it", 2.2)
_MAILED = reason(EvidenceKind.NEIGHBOUR, "e-mail address behind it", 1.6)
_ROLE = reason(EvidenceKind.CONTEXT, "job title behind it", 2.2)
_RELATION = reason(EvidenceKind.CONTEXT, "relation behind it", 2.2)
_PROFESSION = reason(EvidenceKind.CONTEXT, "job title before it", 1.6)
_GROUP = reason(EvidenceKind.COUNTER, "a family or group, not a person", -4.0)
_THING = reason(EvidenceKind.COUNTER, "word of a thing behind it", -3.5)
_CITATION = reason(EvidenceKind.COUNTER, "cited work", -3.0)
_ARTICLE = reason(EvidenceKind.COUNTER, "article before it", -1.2)
_ARTICLE_ALONE = reason(EvidenceKind.COUNTER, "article before it", -2.6)
_HEADING = reason(EvidenceKind.COUNTER, "heading in title case", -0.9)
_FIRM = reason(EvidenceKind.COUNTER, "joined by an ampersand like a firm", -1.5)
_EPONYM = reason(EvidenceKind.COUNTER, "name of a firm or thing", -5.0)
# Ordinary words have no reason for a capital inside a sentence, except in headings and job titles.
_MID_SENTENCE = (
    reason(EvidenceKind.PATTERN, "capital inside a sentence", 0.0),
    reason(EvidenceKind.PATTERN, "capital inside a sentence", 0.5),
    reason(EvidenceKind.PATTERN, "capital inside a sentence", 1.0),
)
_NUMBERED = reason(EvidenceKind.COUNTER, "number of a house before it", -2.6)
_CASE = reason(EvidenceKind.COUNTER, "party of a reported case", -1.5)
_STYLE = reason(EvidenceKind.COUNTER, "style of a place or thing", -1.2)
_SAINT = reason(EvidenceKind.COUNTER, "saint before it", -4.0)
_COLLARED = reason(EvidenceKind.CONTEXT, TITLED, 4.0)
_PET = reason(EvidenceKind.COUNTER, "an animal", -3.0)
_DATE = reason(EvidenceKind.COUNTER, "part of a date", -4.0)
_ALONE = reason(EvidenceKind.CONTEXT, "alone on its line", 0.9)
_SPEAKER = reason(EvidenceKind.CONTEXT, "speaker at the start of a line", 1.2)
_CODE = reason(EvidenceKind.COUNTER, "in program text", -2.5)

_CODE_LINE = re.compile(
    r"[=(][^\n]*[{};]\s*$|[{}]\s*$|^\s*(?:#include|import |from \w+ import|def |class |return\b"
    r"|var |let |const )|\(\)|\bself\.|\w = ['\"\[({]|==|!=|->|=>|::"
)
_DATE_BEFORE = re.compile(
    r"(?:\b\d{1,2}(?:st|nd|rd|th)?(?: of)?|\b(?:in|since|until|till|during|by|last|next|early|late|mid"
    r"|this|each|every|end of))[ -]$",
    re.I,
)
_PERHAPS_DATE_BEFORE = re.compile(r"\b(?:from|to|through|of|and|for|or)[ -]$", re.I)
_DATE_BEHIND = re.compile(
    r"[ ,/-]{1,2}(?:\d|(?:and|to) (?:January|February|March|April|May|June|July|August|September|October))"
)


def role_of(phrase: str, lexicon: Lexicon) -> str:
    """Whose name stands beside a role: "staff", "public", "private", or "" where it is no role."""
    words = phrase.lower().replace("/", " ").replace(",", " ").split()
    if not words or len(words) > 9:
        return ""
    # "parent governor", "carer support worker": the last word tells.
    if words[-1] not in lexicon.jobs or words[-1] in lexicon.relations:
        for size in (3, 2, 1):
            if " ".join(words[:size]) in lexicon.relations or " ".join(words[-size:]) in lexicon.relations:
                return "private"
    if len(words) <= 7:
        for word in (words[-1], words[0]):
            if word in lexicon.jobs and (
                word == words[-1] or words[1:2] in (["of"], ["for"], ["to"], ["at"], ["in"])
            ):
                return lexicon.jobs[word]
    return ""


def _cue_before(words: list[str], table: dict[str, lex.Cue]) -> lex.Cue | None:
    for size in range(min(4, len(words)), 0, -1):
        cue = table.get(" ".join(words[-size:]))
        if cue is not None:
            return cue
    return None


def _words_before(text: str, start: int) -> list[str]:
    left = text[max(0, start - _LEFT) : start]
    cut = left.rfind("\n")
    if cut >= 0:
        if not left[cut + 1 :].strip(_EDGES):
            line_start = text.rfind("\n", max(0, start - _LEFT - _WRAPPED), start - len(left) + cut) + 1
            if start - len(left) + cut - line_start < _WRAPPED:
                return []
            left = left.replace("\n", " ")
        else:
            left = left[cut + 1 :]
    words: list[str] = []
    for word in reversed(left.lower().split()[-4:]):
        if word.endswith(_SENTENCE_ENDS) and len(word) > 2:
            if word in ("re:", "by:"):
                words.append(word)
            break
        word = word.strip(_EDGES)
        if word:
            words.append(word)
    words.reverse()
    return words


def weigh_context(text: str, candidate: Candidate, lexicon: Lexicon) -> None:
    """Collect the reasons from the words around a candidate."""
    titled = any(one.evidence.detail == TITLED for one in candidate.reasons)
    start, end = candidate.start, candidate.end
    words = _words_before(text, start)
    if not titled:
        if _is_date(text, candidate):
            candidate.add(_DATE)
            return
        _weigh_things(text, candidate, lexicon, words)
    if words:
        _weigh_before(text, candidate, lexicon, words, titled)
    _weigh_behind(text, candidate, lexicon, titled)
    labelled = any(one.evidence.kind is EvidenceKind.LABEL for one in candidate.reasons)
    if labelled and _CODE_LINE.search(text[slice(*_line_span(text, start, end))]):
        candidate.add(_CODE)
    if not candidate.anchored:
        _weigh_line(text, candidate, start, end)


def _is_date(text: str, candidate: Candidate) -> bool:
    """Whether a name that is a month or a season stands in a date ("3 May", "in April", "June and July")."""
    if not candidate.tokens[0].flags & lex.CALENDAR:
        return False
    before = text[max(0, candidate.start - 24) : candidate.start]
    if _DATE_BEFORE.search(before):
        return True
    if len(candidate.tokens) > 1:
        return False
    return bool(_PERHAPS_DATE_BEFORE.search(before) or _DATE_BEHIND.match(text, candidate.end))


def _weigh_things(text: str, candidate: Candidate, lexicon: Lexicon, words: list[str]) -> None:
    """What speaks for a house, a street, a firm or a case; a capital that speaks for a person."""
    start, end = candidate.start, candidate.end
    before = text[max(0, start - 16) : start]
    if HOUSE_NUMBER.search(before) and not COLLAR_NUMBER.search(before):
        candidate.add(_NUMBERED)
    if candidate.tokens[-1].flags & lex.HEAD and _STREETS_BEFORE.search(before):
        candidate.add(_THING)
    if len(candidate.tokens) > 1:
        return
    token = candidate.tokens[0]
    pair = _PAIRED.match(text, end)
    if pair is not None and f"{token.low} {pair.group(1)} {pair.group(2).lower()}" in lexicon.well_known:
        candidate.add(_EPONYM)
    if _OF_PLACE.match(text, end):
        candidate.add(_STYLE)
    if not words:
        return
    if words[-1] in ("v", "vs"):
        candidate.add(_CASE)
    if f"{' '.join(words[-2:])} {token.low}" in lexicon.well_known:
        candidate.add(_EPONYM)
    if token.shape == "T" and word_band(token.flags) and forename_band(token.flags) >= 2:
        small = text[max(0, start - 1 - len(words[-1])) : start - 1].islower()
        if small and text[start - 1] == " ":
            candidate.add(_MID_SENTENCE[word_band(token.flags)], anchor=False)


def _weigh_before(text: str, candidate: Candidate, lexicon: Lexicon, words: list[str], titled: bool) -> None:
    """Phrases, articles, animals and professions directly before a candidate."""
    last = words[-1]
    if last in _PETS:
        candidate.add(_PET)
    elif last.isdigit() and COLLAR_NUMBER.search(text[max(0, candidate.start - 24) : candidate.start]):
        candidate.add(_COLLARED, "staff")
    elif last in _ARTICLES and not titled:
        if candidate.tokens[-1].flags & lex.HEAD:
            candidate.add(_THING)
        candidate.add(_ARTICLE_ALONE if len(candidate.tokens) == 1 else _ARTICLE)
    elif last in ("st", "saint") and not titled:
        candidate.add(_SAINT)
    else:
        cue = _cue_before(words, lexicon.before)
        if cue is not None:
            anchor = cue.weight >= _WEAK_CUE
            candidate.add(_cue_reason(cue, "before"), cue.note if anchor else "", anchor=anchor)
        elif last in lexicon.jobs and len(last) > 2:
            candidate.add(_PROFESSION, lexicon.jobs[last])


def _cue_reason(cue: lex.Cue, side: str) -> Reason:
    return reason(EvidenceKind.CONTEXT, f"phrase {side} it", cue.weight)


def _weigh_behind(text: str, candidate: Candidate, lexicon: Lexicon, titled: bool) -> None:
    """Ages, roles, e-mail addresses, verbs, groups and things directly behind a candidate."""
    end = candidate.end
    single = len(candidate.tokens) == 1
    if _THE_PET.match(text, end):
        candidate.add(_PET)
        return
    if text.startswith("'s", end) or text.startswith("'S", end):
        end += 2
    behind = text[end : end + 1]
    if not behind:
        return
    if _AGE.match(text, end) or _BIRTH.match(text, end):
        candidate.add(_SUBJECT, "private")
        return
    if (bracket := _BRACKET.match(text, end)) is not None:
        if not titled and _CITED.match(text, end):
            candidate.add(_CITATION)
            return
        role = role_of(bracket.group(1), lexicon)
        if role:
            candidate.add(_RELATION if role == "private" else _ROLE, role)
            return
        end = bracket.end()
        behind = text[end : end + 1]
    if _MAIL.match(text, end):
        candidate.add(_MAILED)
        return
    if behind in ",-|:\t" or text[end : end + 3] in (" - ", " | "):
        apposed = _APPOSED.match(text, end)
        if apposed is not None:
            # "Jane Dolan, Cllr Pemberton": a title begins the next name and is nobody's role.
            listed = apposed.group(1).partition(" ")[0].lower() in lexicon.titles
            role = (
                ""
                if listed
                else role_of(apposed.group(1), lexicon)
                or role_of(" ".join(apposed.group(1).split()[:3]), lexicon)
            )
            if role:
                candidate.add(_RELATION if role == "private" else _ROLE, role)
                return
        if not titled and _CITED.match(text, end):
            candidate.add(_CITATION)
            return
    if behind in "\n,\r" and (line := _NEXT_LINE.match(text, end)) is not None:
        role = role_of(line.group(1), lexicon)
        if role in ("staff", "public") and not text[
            max(
                0,
                candidate.start - _LEFT,
                text.rfind("\n", max(0, candidate.start - _LEFT), candidate.start) + 1,
            ) : candidate.start
        ].strip(_EDGES):
            candidate.add(_ROLE, role)
            return
    if (following := _NEXT_WORDS.match(text, end)) is not None:
        one, two, three = following.groups()
        if one in lexicon.groups or (one == "et" and two == "al"):
            candidate.add(_GROUP)
            return
        if one in lexicon.heads_any_case and not titled and end == candidate.end:
            candidate.add(_THING)
            return
        for phrase in (f"{one} {two} {three}", f"{one} {two}", one):
            cue = lexicon.after.get(phrase)
            if cue is not None:
                candidate.add(_cue_reason(cue, "behind"), cue.note, anchor=cue.weight >= _WEAK_CUE)
                return
    elif candidate.next_low in lexicon.groups:
        candidate.add(_GROUP)
    elif single and text.startswith(" & ", end) and text[end + 3 : end + 4].isupper() and not titled:
        candidate.add(_FIRM, anchor=False)


def _line_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The line of a candidate, as far as it matters."""
    line_start = max(0, start - _LINE, text.rfind("\n", max(0, start - _LINE), start) + 1)
    line_end = text.find("\n", end, end + _LINE)
    return line_start, line_end if line_end >= 0 else min(len(text), end + _LINE)


def _weigh_line(text: str, candidate: Candidate, start: int, end: int) -> None:
    """What the rest of the line says where nothing else does: alone, a speaker, program text, a heading."""
    line_start, line_end = _line_span(text, start, end)
    left, right = text[line_start:start], text[end:line_end]
    rest = left + " " + right
    if not rest.strip(" \t,.-*>\r\"'()|0123456789"):
        if forename_band(candidate.tokens[0].flags) and not word_band(candidate.tokens[0].flags):
            candidate.add(_ALONE, anchor=False)
        return
    if right[:1] == ":" and right[1:2] in (" ", "") and not left.strip(" \t[]()0123456789:,./-apmAPM"):
        candidate.add(_SPEAKER)
        return
    if _CODE_LINE.search(text[line_start:line_end]):
        candidate.add(_CODE)
        return
    words = rest.split()
    capitals = len(words) >= 2 and not any(word[:1].islower() and len(word) > 3 for word in words)
    if capitals and not any(character.isdigit() or character in ",:;|<\t" for character in rest):
        candidate.add(_HEADING)
