"""Labelled names: values of form fields, cells beneath column headers, mail headers, lists of attendees."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner.detection.finding import EvidenceKind
from scanner.detection.layout import Layout
from scanner.detection.recognisers.names import lexicon as lex
from scanner.detection.recognisers.names.candidates import (
    ANY_CASE_NAME,
    HOUSE_NUMBER,
    PARTICLES,
    Candidate,
    Token,
    forename_odds,
    is_free,
    make,
    name_odds,
    surname_odds,
    tokenise,
)
from scanner.detection.recognisers.names.context import role_of
from scanner.detection.recognisers.names.lexicon import Lexicon, forename_band, surname_band, word_band
from scanner.detection.recognisers.names.weighing import reason
from scanner.text import Block, Field, words_apart

_LABEL_WORD = re.compile(r"[a-z]+(?:'s)?|&|@")
# A value longer than this is a text, not a name or a list of names.
_MAX_VALUE = 400
# What stands under the label of something else is that thing while it is short.
_MAX_OTHER = 40
# A list of attendees may be longer.
_MAX_LIST = 2_000
# A form field left blank, with the next label behind it.
_BLANK = re.compile(r"[ \t]*(?::|_{2,}|\.{4,})")
# Keys that mean a part of a name only where they are the whole label.
_ALONE_ONLY = frozenset(("family", "given", "nickname"))
_DOTTED = re.compile(r"[a-z]\.[a-z]")
# Forename or surname bands of two and more.
_WELL_LISTED = 0b1010
_BELONGING = frozenset(("of", "for", "to", "at", "in"))
_JOINERS = frozenset(("and", "a", "&"))

_EXPLICIT, _BARE, _ROLE, _LIST, _VAGUE = 3.6, 2.4, 2.8, 2.0, 1.2
_HEADS = frozenset(("head of", "director of", "chair of", "leader of"))

_THING = reason(EvidenceKind.COUNTER, "word of a body or thing behind it", -4.5)
_REVERSED = reason(EvidenceKind.LABEL, "surname, forename", 1.0)
_SURNAME_FIRST = reason(EvidenceKind.PATTERN, "surname, forename", 0.4)
_LATER = reason(EvidenceKind.COUNTER, "not the first thing in its field", -1.2)
_SAME_COLUMN = reason(EvidenceKind.LABEL, "column of names", 1.2)
_OTHER_COLUMN = reason(EvidenceKind.COUNTER, "column of other things", -2.5)

# A column without a label is one of names where of this many cells nearly all look like names, half are
# listed ones, and few say the same: colours, wards and teams repeat.
_LEAST_CELLS, _MOST_CELLS = 5, 200
_ALIKE, _LISTED, _FEW_LISTED, _DISTINCT = 0.85, 0.5, 0.15, 0.6
_NAME_CELL = re.compile(
    r"[^\W\d_][^\W\d_.'’-]*(?:[ '’.-]{1,2}[^\W\d_][^\W\d_.'’-]*){0,3}\.?(?:, [^\W\d_][^\W\d_ .'’-]*)?"
)


@dataclass(frozen=True, slots=True)
class LabelMeaning:
    """What a label says about its value; ``weight`` 0 with kind "other" means that it is no person."""

    kind: str  # "full", "surname", "forename", "list", "other", ""
    weight: float = 0.0
    note: str = ""


_NOTHING = LabelMeaning("")
_OTHER = LabelMeaning("other")


def read_label(label: str, lexicon: Lexicon) -> LabelMeaning:
    """What a form label or a column header says about the value beneath or behind it."""
    spaced = words_apart(label).replace("’", "'").lower()
    words = [
        word[:-2] if word.endswith("'s") else word for word in _LABEL_WORD.findall(spaced.replace("(s)", ""))
    ]
    if not words:
        return _NOTHING
    phrase = " ".join(words)
    exact = _known(phrase, lexicon)
    if exact is not None:
        return exact
    named = "name" in words or "names" in words
    for size in (3, 2):
        for at in range(len(words) - size + 1):
            meaning = lexicon.labels.get(" ".join(words[at : at + size]))
            if meaning is not None and meaning[0] in ("label-surname", "label-forename"):
                rest = [
                    word for word in words[:at] + words[at + size :] if word not in lexicon.label_modifiers
                ]
                if any(word in lexicon.label_others for word in rest):
                    return _OTHER
                return LabelMeaning(meaning[0][6:], _EXPLICIT, _note(rest, lexicon))
    for word in words:
        meaning = lexicon.labels.get(word)
        if (
            meaning is not None
            and word not in _ALONE_ONLY
            and meaning[0] in ("label-surname", "label-forename")
        ):
            if any(other in lexicon.label_others for other in words):
                return _OTHER
            return LabelMeaning(meaning[0][6:], _EXPLICIT, _note(words, lexicon))
    pairs = {" ".join(words[at : at + 2]) for at in range(len(words) - 1)}
    others = {word for word in words if word in lexicon.label_others} | (pairs & lexicon.label_others)
    if named:
        others.discard("address")
    if others:
        return _OTHER
    rest = [word for word in words if word not in lexicon.label_modifiers]
    if not rest:
        return LabelMeaning("full", _EXPLICIT if len(words) > 1 else _BARE) if named else _NOTHING
    exact = _known(" ".join(rest), lexicon)
    if exact is not None:
        return exact
    known = [lexicon.labels.get(word) for word in rest]
    if all(entry is not None for entry in known):
        return LabelMeaning("full", _ROLE, _note(rest, lexicon))
    if rest[-1] in lexicon.jobs or " ".join(words[:2]) in _HEADS:
        return LabelMeaning("full", 2.2 if named else 1.8, lexicon.jobs.get(rest[-1], "staff"))
    if named:
        return LabelMeaning("full", _VAGUE)
    return _NOTHING


def _known(phrase: str, lexicon: Lexicon) -> LabelMeaning | None:
    entry = lexicon.labels.get(phrase)
    if entry is None:
        return None
    kind, note = entry
    if kind == "label":
        return LabelMeaning(
            "full", _BARE if phrase in ("name", "names", "who", "signed", "alias") else _EXPLICIT, note
        )
    if kind == "label-role":
        return LabelMeaning("full" if note else "list", _ROLE if note else _LIST, note)
    return LabelMeaning(kind[6:], _EXPLICIT, note)


def _note(words: Iterable[str], lexicon: Lexicon) -> str:
    for word in words:
        entry = lexicon.labels.get(word)
        if entry is not None and entry[1]:
            return entry[1]
    return ""


class Labelled:
    """The labelled candidates of a layout, and the stretches whose label says that they name no person.

    Of the ``blocks`` that the source declared, columns without any label that hold names count, too.
    """

    def __init__(self, layout: Layout, lexicon: Lexicon, *, most: int, blocks: Sequence[Block] = ()) -> None:
        self.candidates: list[Candidate] = []
        self.others: list[tuple[int, int]] = []
        self._text = layout.text
        self._lexicon = lexicon
        self._meanings: dict[str, LabelMeaning] = {}
        columns: dict[tuple[int, str], list[list[Candidate]]] = defaultdict(list)

        def means_something(label: str) -> bool:
            self._meanings[label] = read_label(label, lexicon)
            return self._meanings[label].kind != ""

        for record, field in layout.labelled_fields(means_something):
            if len(self.candidates) >= most:
                break
            meaning = self._meanings[field.label]
            if meaning.kind == "other":
                if field.end - field.start <= _MAX_OTHER:
                    self.others.append((field.start, field.end))
                continue
            found = self._value(field, meaning)
            if record.table is not None:
                columns[record.table, field.label].append(found)
            self.candidates += found
        for (_, label), cells in columns.items():
            self._weigh_column(cells, self._meanings[label])
        for meaning, fields in self._unlabelled(blocks):
            for field in fields:
                if len(self.candidates) < most:
                    self.candidates += self._value(field, meaning)

    def _unlabelled(self, blocks: Sequence[Block]) -> Iterator[tuple[LabelMeaning, list[Field]]]:
        """The columns of declared tables that have no label and hold names, with what kind of name."""
        columns: dict[tuple[int, int], list[Field]] = defaultdict(list)
        for block in blocks:
            if block.table is not None and not any(field.label for field in block.fields):
                for number, field in enumerate(block.fields):
                    if field.start < field.end:
                        columns[block.table, number].append(field)
        columns = {place: fields for place, fields in columns.items() if len(fields) >= _LEAST_CELLS}
        kinds = {place: self._kind_of_column(fields, _LISTED) for place, fields in columns.items()}
        given = {place for place, kind in kinds.items() if kind == "forename"}
        for (table, number), kind in kinds.items():
            # Surnames alone may be wards, ships or firms: beside forenames they are surnames, rare ones, too.
            beside = bool({(table, number - 1), (table, number + 1)} & given)
            if kind != "full" and beside and (table, number) not in given:
                kind = "surname" if self._kind_of_column(columns[table, number], _FEW_LISTED) else ""
            if kind in ("full", "forename") or (beside and kind):
                yield LabelMeaning(kind, _BARE), columns[table, number]

    def _kind_of_column(self, fields: list[Field], least_listed: float) -> str:
        text, lexicon = self._text, self._lexicon
        values = [text[field.start : field.end].strip() for field in fields[:_MOST_CELLS]]
        alike = [value for value in values if _NAME_CELL.fullmatch(value)]
        if len(alike) < _ALIKE * len(values) or len(set(alike)) < _DISTINCT * len(values):
            return ""
        words = [[lexicon.word(word)[1] for word in re.split(r"[ ,]+", value)] for value in alike]
        listed = sum(any(one & lex.KNOWN_NAME and word_band(one) < 2 for one in flags) for flags in words)
        if listed < least_listed * len(alike):
            return ""
        if sum(len(flags) > 1 for flags in words) * 2 > len(words):
            return "full"
        first = sum(forename_band(flags[0]) for flags in words)
        last = sum(surname_band(flags[0]) for flags in words)
        return "forename" if first > last else "surname"

    @staticmethod
    def _weigh_column(cells: list[list[Candidate]], meaning: LabelMeaning) -> None:
        """A column is of names or not: where most cells look like names, so do the others."""
        if len(cells) < 3 or meaning.weight >= _EXPLICIT:
            return
        likely = sum(1 for cell in cells if any(one.prior > -0.9 for one in cell))
        if likely * 2 >= len(cells):
            verdict = _SAME_COLUMN
        elif likely * 5 < len(cells) and meaning.weight <= _BARE:
            verdict = _OTHER_COLUMN
        else:
            return
        for cell in cells:
            for one in cell:
                one.add(verdict)

    def _value(self, field: Field, meaning: LabelMeaning) -> list[Candidate]:
        text, lexicon = self._text, self._lexicon
        start, end = field.start, field.end
        if end - start > (_MAX_LIST if meaning.kind == "list" else _MAX_VALUE):
            if meaning.kind != "list":
                return []
            end = start + _MAX_LIST
        value = text[start:end].strip(" \t\r\n.-*_<>[]()\"'").lower()
        if not value or value in lexicon.no_values:
            return []
        pieces: list[tuple[list[Token], str, str]] = []
        for match in ANY_CASE_NAME.finditer(text, start, end):
            if text[match.start() - 1 : match.start()] in ("@", ".") and not is_free(text, *match.span()):
                # Inside an e-mail address or a file name.
                continue
            self._pieces(tokenise(text, *match.span(), lexicon), pieces)
        found: list[Candidate] = []
        previous: Candidate | None = None
        for number, (tokens, note, behind) in enumerate(pieces):
            tokens = [token for token in tokens if token.start >= start]
            if not tokens or not is_free(text, tokens[0].start, tokens[-1].end):
                continue
            candidate = self._candidate(tokens, note, behind, meaning, number, previous, end)
            if candidate is None:
                continue
            if previous is not None and candidate.start == previous.start:
                found[-1] = candidate
            else:
                found.append(candidate)
            previous = candidate
        return found

    def _pieces(self, tokens: list[Token], pieces: list[tuple[list[Token], str, str]]) -> None:
        """Cut one stretch of words into names: at joining words, titles, ordinary words."""
        lexicon = self._lexicon
        current: list[Token] = []
        note = ""
        for number, token in enumerate(tokens):
            flags = token.flags
            following = tokens[number + 1].low if number + 1 < len(tokens) else ""
            title = lexicon.titles.get(token.low)
            if title is not None and not (flags & lex.KNOWN_NAME and current) and token.shape != "I":
                if current:
                    pieces.append((current, note, ""))
                    current = []
                note = title
                continue
            stops = (
                (
                    flags & lex.FUNCTION
                    and not (current and token.low in ("a", "i", "an", "do", "may", "will"))
                )
                or (
                    flags & (lex.JOB | lex.HEAD)
                    and not (flags & lex.KNOWN_NAME and (not current or surname_band(flags) == 3))
                )
                or (
                    flags & lex.JOB
                    and not current
                    and (pieces or following in _BELONGING)
                    and word_band(flags)
                )
                or (current and word_band(flags) == 2 and not flags & lex.KNOWN_NAME)
            )
            if stops and token.shape != "I":
                if current:
                    pieces.append((current, note, token.low))
                    current, note = [], ""
                elif token.low not in _JOINERS and flags & (lex.JOB | lex.HEAD):
                    note = ""
                if flags & lex.FUNCTION and token.low not in _JOINERS and token.shape == "l":
                    # A sentence begins here: what follows is told, not named.
                    return
                continue
            current.append(token)
        if current:
            pieces.append((current, note, ""))

    def _candidate(
        self,
        tokens: list[Token],
        note: str,
        behind: str,
        meaning: LabelMeaning,
        number: int,
        previous: Candidate | None,
        stop: int,
    ) -> Candidate | None:
        text, lexicon = self._text, self._lexicon
        words = " ".join(token.low for token in tokens)
        if words in lexicon.label_others or words in lexicon.labels or _BLANK.match(text, tokens[-1].end):
            return None
        if meaning.weight < _EXPLICIT and any(
            token.shape == "C" and not token.flags and len(token.low) <= 4 for token in tokens
        ):
            return None
        while tokens and tokens[-1].shape == "l" and tokens[-1].low in ("de", "la", "the", "a", "y", "e"):
            tokens = tokens[:-1]
        if not tokens or len(tokens) > 5 or " ".join(token.low for token in tokens) in lexicon.no_values:
            return None
        if all(token.shape == "I" for token in tokens):
            return None
        if len(tokens) == 1 and behind and word_band(tokens[0].flags) and lexicon.flags(behind) & lex.JOB:
            return None
        ends_in_thing = len(tokens) > 1 and tokens[-1].flags & (lex.JOB | lex.HEAD)
        if ends_in_thing and tokens[0].shape != "I" and not forename_band(tokens[0].flags):
            return None
        if _DOTTED.search(text, tokens[0].start, tokens[-1].end):
            return None
        if all(word_band(token.flags) and not token.flags & lex.KNOWN_NAME for token in tokens) and behind:
            return None
        if HOUSE_NUMBER.search(text[max(0, tokens[0].start - 8) : tokens[0].start]):
            return None
        if tokens[0].shape == "l" != tokens[-1].shape and tokens[0].low not in PARTICLES:
            return None
        small = [token for token in tokens if token.shape == "l" and not token.flags & _WELL_LISTED]
        unlisted = small and (len(small) < len(tokens) or meaning.weight < _EXPLICIT)
        if unlisted and not all(token.low in PARTICLES for token in small):
            return None
        joined = self._reversed(tokens, meaning, previous)
        if joined is not None:
            return joined
        odds, first, last = name_odds(tokens)
        if meaning.kind in ("surname", "forename"):
            if number:
                return None
            odds = max(
                odds,
                -1.5
                - (1.5 if all(word_band(t.flags) and not t.flags & lex.KNOWN_NAME for t in tokens) else 0),
            )
        elif len(tokens) == 1:
            odds = max(odds, self._single_floor(tokens[0], meaning))
        candidate = make(tokens, prior=odds)
        candidate.first, candidate.last = first, last
        candidate.sole = meaning.kind in ("surname", "forename")
        if meaning.kind == "surname":
            candidate.first, candidate.last = -1, 0
        elif meaning.kind == "forename":
            candidate.first, candidate.last = 0, -1
        candidate.add(reason(EvidenceKind.LABEL, "form label or column header", meaning.weight))
        if note or lexicon.titles.get(self._word_before(tokens[0].start)) is not None:
            candidate.add(reason(EvidenceKind.CONTEXT, "title before it", 1.5), note)
        role = self._role_behind(tokens[-1].end, stop)
        if role:
            candidate.add(reason(EvidenceKind.CONTEXT, "role behind it", 1.5), role)
        elif behind and lexicon.flags(behind) & lex.HEAD:
            candidate.add(_THING)
        elif behind and lexicon.flags(behind) & lex.JOB:
            candidate.add(reason(EvidenceKind.CONTEXT, "job title behind it", 0.8), "staff")
        if number and meaning.kind != "list" and text[: tokens[0].start].rstrip(" \t")[-1:] == ",":
            candidate.add(_LATER)
        if meaning.note and not candidate.note:
            candidate.note = meaning.note
        return candidate

    @staticmethod
    def _single_floor(token: Token, meaning: LabelMeaning) -> float:
        """The least that a label's single word is worth: an unlisted name needs an explicit label."""
        if token.flags & lex.KNOWN_NAME:
            return -2.6
        if token.flags or token.shape == "l":
            return -4.5
        return -2.6 if meaning.weight >= _EXPLICIT else -3.3

    def _word_before(self, start: int) -> str:
        return self._text[max(0, start - 8) : start].strip(" .").rpartition(" ")[2].lower()

    def _role_behind(self, end: int, stop: int) -> str:
        match = re.compile(r"(?:,? ?[(\[]|, | - )([^()\[\],;\n]{2,50})").match(
            self._text, end, min(stop, end + 60)
        )
        return role_of(match.group(1), self._lexicon) if match is not None else ""

    def _reversed(
        self, tokens: list[Token], meaning: LabelMeaning, previous: Candidate | None
    ) -> Candidate | None:
        """``Surname, Forename`` as one candidate, where the piece before and this one are that."""
        if previous is None or len(tokens) > 3:
            return None
        if self._text[previous.end : tokens[0].start].strip(" ") != "," or meaning.kind in (
            "surname",
            "forename",
        ):
            return None
        return join_reversed(
            previous, tokens, self._text, bonus=1.0 + (0.6 if meaning.kind == "full" else 0.0)
        )


def join_reversed(surname: Candidate, forenames: list[Token], text: str, *, bonus: float) -> Candidate | None:
    """One candidate over ``Surname, Forename`` if that is the likeliest reading, else ``None``."""
    head, first = surname.tokens, forenames[0]
    if len(head) - sum(token.low in PARTICLES for token in head) > 2:
        return None
    if head[0].shape == "I" or forenames[-1].flags & lex.HEAD:
        return None
    if len(head) == 2 and head[0].shape != "l" and forename_band(head[0].flags) >= 2 and head[0].shape != "C":
        return None
    known = forename_band(first.flags) or first.shape == "I" or (not first.flags and bonus >= 1.0)
    if not known:
        return None
    if len(forenames) > 1 and first.shape == "I" != forenames[-1].shape:
        return None
    if len(forenames) > 1 and surname_band(forenames[-1].flags) and not forename_band(forenames[-1].flags):
        return None
    odds = -1.7 + surname_odds(head[-1]) + forename_odds(first) + bonus
    capital_surname = all(token.shape == "C" for token in head) and first.shape != "C"
    if capital_surname:
        odds += 1.8
    elif forename_band(head[-1].flags) >= 2 and forename_band(first.flags) >= 2 and bonus < 0.9:
        odds -= 0.8 if surname_band(head[-1].flags) == 3 else 2.0
    elif forename_band(head[-1].flags) >= 2 and surname_band(head[-1].flags) < 3:
        odds -= 2.0
    end = forenames[-1].end
    behind = text[end : end + 12].lstrip(" ")[:5]
    if behind[:1] in ("", ";", "<", "(", "\n", "|", "\t", "\r", '"', "-") or behind[:1].isdigit():
        odds += 0.6
    elif not capital_surname and (behind[:1] == "," or behind.startswith(("and", "&"))):
        odds -= 2.0
    if text[end : end + 2] == "  " or text[max(0, head[0].start - 2) : head[0].start] == "  ":
        odds += 0.4
    before = text[max(0, head[0].start - 3) : head[0].start].rstrip(" ")
    if not head[-1].flags and not capital_surname and bonus == 0.0:
        # "Thx, Dot": an unlisted word before a comma is a surname only where the document does so.
        odds -= 1.4
    if text[end : end + 1] == " " and text[end + 1 : end + 2].isupper():
        odds -= 1.5
    if before[-1:] == "," and not capital_surname and bonus < 0.9:
        odds -= 1.2
    if not before or before[-1] in '\n:;|\t(">,*':
        odds += 0.0 if before[-1:] == "," else 0.6
    if odds < -0.6:
        return None
    candidate = make([*head, *forenames], prior=odds)
    candidate.first, candidate.last = len(head), len(head) - 1
    for one in surname.reasons:
        if one.weight > 0:
            candidate.add(one)
    if bonus >= 1.0:
        candidate.add(_REVERSED)
    else:
        candidate.add(_SURNAME_FIRST, anchor=capital_surname)
    candidate.note = surname.note
    return candidate
