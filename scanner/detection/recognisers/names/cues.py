"""Cues: greetings, sign-offs and phrases after which a name stands, however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from scanner.detection.finding import EvidenceKind
from scanner.detection.phrases import PhraseIndex
from scanner.detection.presence import Program
from scanner.detection.programs import compile_bytes
from scanner.detection.recognisers.names import lexicon as lex
from scanner.detection.recognisers.names.candidates import (
    TOKEN,
    Candidate,
    Token,
    is_free,
    is_surname_head,
    make,
    name_odds,
    tokenise,
)
from scanner.detection.recognisers.names.lexicon import Lexicon, forename_band, surname_band, word_band
from scanner.detection.recognisers.names.weighing import Reason, reason
from scanner.detection.view import View

_LETTERS = r"[^\W\d_]"
_NAME_HERE = re.compile(
    rf"{_LETTERS}+(?:['\-.]{_LETTERS}+)*\.?(?:[ ]{_LETTERS}+(?:['\-.]{_LETTERS}+)*\.?){{0,5}}"
)
_AFTER_GREETING = re.compile(r"[ \t]{1,3}")
_AFTER_SIGN_OFF = re.compile(r"[ \t]*[,.!:;\-]{0,3}[ \t]*(?:\r?\n[ \t>*_\-]*){0,4}")
_AFTER_CUE = re.compile(r"[,:]?[ \t]{1,2}")
# What may follow a name that stands for itself: the end of the line or light punctuation.
_LINE_ENDS = re.compile(r"[ \t]*(?:[,.!:;(\-–*_|<x\r]|\n|$|and\b|&|/|\d|@)")
_JOINED = re.compile(r"[ \t]*(?:,|/|&|and|\+)[ \t]+(?:and[ \t]+)?")
_MOST_GREETED = 4
_NAME_LINE = 48
# Nobody greets or signs further inside a line than this.
_LINE = 120

_GREETED = reason(EvidenceKind.CONTEXT, "greeting before it", 3.2)
_SIGNED = reason(EvidenceKind.CONTEXT, "sign-off before it", 3.4)
_TITLED = reason(EvidenceKind.CONTEXT, "title before it", 4.6)
_SMALL = reason(EvidenceKind.COUNTER, "written in small letters", -0.5)

_SMALL_TITLES = frozenset(["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "cllr", "councillor", "pc", "rev"])
_SURE_TITLES = frozenset(["mr", "mrs", "cllr", "councillor", "mx"])
_DOTTED_TITLES = frozenset(["st", "jr", "snr"])
_SMALL_WORD = re.compile(r" ([a-z][a-z'\-]+)\b")
_WEAK = 1.0
# Phrases that stand before so many other things that small letters behind them prove nothing.
_TOO_SMALL = 3


# A chat or a message whose writer leaves capitals out has fewer of them than this, looked at so far.
_FEW_CAPITALS = 0.012
_SAMPLE = 4_000


def _is_small_written(text: str) -> bool:
    """Whether the text is written without capitals."""
    sample = text[:_SAMPLE]
    letters = sum(map(str.isalpha, sample))
    return letters >= 20 and sum(map(str.isupper, sample)) < letters * _FEW_CAPITALS


class Cues:
    """Finds the places where a name is expected: one phrase index and one gazetteer pattern."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        entries: list[tuple[str, tuple[str, float, str]]] = []
        entries += [(phrase, ("greeting", 0.0, "")) for phrase in lexicon.phrases_of("greeting")]
        entries += [(phrase, ("sign-off", 0.0, "")) for phrase in lexicon.phrases_of("sign-off")]
        entries += [
            (phrase, ("before", cue.weight, cue.note))
            for phrase, cue in lexicon.before.items()
            if cue.weight >= _WEAK and len(phrase) >= _TOO_SMALL
        ]
        entries += [(title, ("title", 0.0, lexicon.titles[title])) for title in _SMALL_TITLES]
        self._index = PhraseIndex(entries)
        names = b"|".join(
            re2.escape(name.encode("latin-1"))
            for name in sorted(lexicon.frequent_forenames())
            if name.isascii()
        )
        small = rb"\b(?:" + names + rb") [a-z][a-z'\-]+\b"
        self._small = compile_bytes(small, longest_match=True, max_memory=64 << 20)
        common = b"|".join(
            re2.escape(name.encode("latin-1"))
            for name in sorted(lexicon.frequent_forenames(least=3))
            if name.isascii()
        )
        single = rb"\b(?:" + common + rb")\b"
        self._small_single = compile_bytes(single, longest_match=True, max_memory=64 << 20)

    @property
    def programs(self) -> tuple[Program, ...]:
        """What runs over whole texts."""
        return (*self._index.programs, self._small, self._small_single)

    def candidates(self, view: View) -> Iterator[Candidate]:
        """Candidates beside cues, and pairs of frequent names in small letters, in no order."""
        text, data = view.text, view.data
        for hit in view.phrases(self._index):
            kind, weight, note = hit.payload
            if kind == "greeting":
                yield from self._greeted(text, hit.start, hit.end)
            elif kind == "sign-off":
                yield from self._signed(text, hit.start, hit.end)
            elif kind == "title":
                yield from self._titled(text, hit.start, hit.end, note)
            else:
                yield from self._told(text, hit.end, weight, note)
        if view.may_hold(self._small):
            for match in self._small.finditer(data):
                yield from self._pair(text, *match.span())
        if view.may_hold(self._small_single) and _is_small_written(text):
            for match in self._small_single.finditer(data):
                yield from self._single(text, *match.span())

    def _name_at(self, text: str, at: int, *, sure: bool = False) -> tuple[list[Token], str]:
        """The words of a name in any letter case at a place, without titles; and the title's note.

        ``sure`` says that a name is due here, so that a place word may be its surname.
        """
        match = _NAME_HERE.match(text, at, min(len(text), at + 80))
        if match is None:
            return [], ""
        tokens = tokenise(text, match.start(), match.end(), self._lexicon)
        note, begin = "", 0
        while begin < len(tokens) and tokens[begin].low in self._lexicon.titles and begin + 1 < len(tokens):
            note = self._lexicon.titles[tokens[begin].low] or note
            begin += 1
        stop = begin
        while stop < len(tokens) and stop - begin < 4:
            token = tokens[stop]
            flags = token.flags
            if token.shape == "I":
                stop += 1
                continue
            if flags & lex.FUNCTION:
                break
            known = bool(flags & lex.KNOWN_NAME)
            thing = flags & lex.HEAD and stop > begin and token.shape != "l" and not sure
            if thing and not is_surname_head(tokens, begin, stop, self._lexicon):
                return [], ""
            if (flags & (lex.JOB | lex.HEAD) and not known) or (word_band(flags) and not known):
                break
            if token.shape == "l" and stop > begin and word_band(flags) and surname_band(flags) < 3:
                break
            if token.shape == "l" and stop > begin and tokens[stop - 1].shape != "l":
                break
            stop += 1
            if token.possessive or (
                text[token.end : token.end + 1] == "." and token.low not in _DOTTED_TITLES
            ):
                break
        if stop < len(tokens) and stop > begin and tokens[stop].shape == "T":
            named = tokens[stop].flags & (lex.HEAD | lex.JOB)
            if named and text[tokens[stop - 1].end] == " ":
                # "Dear Parks Department", "Thanks, Housing Officer".
                return [], ""
        while (
            stop > begin
            and tokens[stop - 1].shape == "I"
            and stop - begin > 1
            and tokens[stop - 1].low == "x"
        ):
            stop -= 1
        return tokens[begin:stop], note

    def _greeted(self, text: str, start: int, end: int) -> Iterator[Candidate]:
        line = max(0, start - _LINE, text.rfind("\n", max(0, start - _LINE), start) + 1)
        lead = text[line:start].strip(" \t>*-\"'|([")
        if lead and (len(lead) > 24 or (lead[-1] not in ".!?:;,]" and not lead[-1].isdigit())):
            return
        blank = _AFTER_GREETING.match(text, end)
        at = blank.end() if blank is not None else -1
        for _ in range(_MOST_GREETED):
            if at < 0:
                return
            tokens, note = self._name_at(text, at, sure=True)
            if not tokens:
                return
            stop = tokens[-1].end
            if not _LINE_ENDS.match(text, stop) and len(tokens) == 1 and tokens[0].shape == "l":
                return
            if not is_free(text, tokens[0].start, stop):
                return
            yield self._expected(tokens, _GREETED, note)
            joined = _JOINED.match(text, stop)
            at = joined.end() if joined is not None else -1

    def _expected(self, tokens: list[Token], why: Reason, note: str) -> Candidate:
        odds, first, last = name_odds(tokens)
        words = sum(word_band(token.flags) > 0 and not token.flags & 3 for token in tokens)
        candidate = make(tokens, prior=max(odds, -1.9 - 1.2 * words))
        candidate.first, candidate.last = first, last
        candidate.add(why, note)
        return candidate

    def _signed(self, text: str, start: int, end: int) -> Iterator[Candidate]:
        line = max(0, start - _LINE, text.rfind("\n", max(0, start - _LINE), start) + 1)
        lead = text[line:start].strip(" \t>*-\"'_")
        if lead and lead[-1] not in ".!?,;)" and not lead.endswith(("with", "you", "-")):
            return
        blank = _AFTER_SIGN_OFF.match(text, end)
        if blank is None or blank.end() == end:
            return
        at = blank.end()
        tokens, note = self._name_at(text, at, sure=True)
        if not tokens:
            return
        stop = tokens[-1].end
        if tokens[0].start - at > 12:
            return
        same_line = "\n" not in text[end:at]
        behind = text.find("\n", stop, stop + _LINE)
        rest = text[stop : behind if behind >= 0 else min(len(text), stop + 60)].strip()
        if same_line and rest and rest[0] not in ",.!:(|-<x\n":
            return
        if not same_line and len(rest) > _NAME_LINE:
            return
        if rest and rest[0].isalpha() and rest.lower() not in ("x", "xx", "xxx"):
            head = rest.split()[0].strip(".,()").lower()
            if not (note or self._lexicon.flags(head) & lex.JOB or (rest.isupper() and len(rest) <= 12)):
                return
        if not is_free(text, tokens[0].start, stop):
            return
        yield self._expected(tokens, _SIGNED, note)

    def _titled(self, text: str, start: int, end: int, note: str) -> Iterator[Candidate]:
        title = text[start:end]
        if not title.islower():
            # A capitalised title begins a run of capitals, which is scanned elsewhere.
            return
        at = end + 1 if text[end : end + 1] == "." else end
        if text[at : at + 1] != " ":
            return
        tokens, _ = self._name_at(text, at + 1)
        if not tokens:
            return
        flags = tokens[0].flags
        band = max(surname_band(flags), forename_band(flags))
        sure = title in _SURE_TITLES
        if tokens[0].shape == "l":
            if word_band(flags) and not (sure and surname_band(flags) == 3):
                return
            if not sure and band < 2:
                return
        if not is_free(text, tokens[0].start, tokens[-1].end):
            return
        candidate = self._expected(tokens, _TITLED, note)
        if len(tokens) == 1:
            candidate.first, candidate.last = -1, 0
        yield candidate

    def _told(self, text: str, end: int, weight: float, note: str) -> Iterator[Candidate]:
        blank = _AFTER_CUE.match(text, end)
        if blank is None:
            return
        at = blank.end()
        following = text[at : at + 1]
        if not following.isalpha() or self._names_nobody(text, at):
            return
        tokens, title = self._name_at(text, at)
        if not tokens or len(tokens[0].low) < 3:
            return
        first = tokens[0]
        if first.shape == "C" and not first.flags & lex.KNOWN_NAME:
            return
        if first.shape == "l":
            if word_band(first.flags) or first.flags & (lex.PLACE | lex.HEAD | lex.JOB | lex.RELATION):
                return
            if forename_band(first.flags) < 2 and not (len(tokens) > 1 and surname_band(first.flags) >= 2):
                return
        elif word_band(first.flags) and forename_band(first.flags) < 3:
            return
        if not is_free(text, first.start, tokens[-1].end):
            return
        odds, one, two = name_odds(tokens)
        candidate = make(tokens, prior=max(odds, -2.4))
        candidate.first, candidate.last = one, two
        candidate.add(reason(EvidenceKind.CONTEXT, "phrase before it", weight), note or title)
        if first.shape == "l":
            candidate.add(_SMALL)
        yield candidate

    def _names_nobody(self, text: str, at: int) -> bool:
        """Whether the next word alone settles that no name stands here, as most words do."""
        match = TOKEN.match(text, at)
        if match is None:
            return False
        low, flags, shape, _, _ = self._lexicon.word(match.group())
        if shape == "I" or low in self._lexicon.titles:
            return False
        if flags & lex.FUNCTION:
            return True
        if not flags & lex.KNOWN_NAME:
            return bool(flags & (lex.JOB | lex.HEAD)) or word_band(flags) > 0
        return shape == "l" and (
            word_band(flags) > 0 or bool(flags & (lex.PLACE | lex.HEAD | lex.JOB | lex.RELATION))
        )

    def _single(self, text: str, start: int, end: int) -> Iterator[Candidate]:
        """A frequent forename in a text that has no capitals."""
        if is_free(text, start, end):
            candidate = make(tokenise(text, start, end, self._lexicon))
            candidate.add(_SMALL, anchor=False)
            yield candidate

    def _pair(self, text: str, start: int, end: int) -> Iterator[Candidate]:
        """Two small words that are a frequent forename and a surname."""
        if not is_free(text, start, end):
            return
        tokens = tokenise(text, start, end, self._lexicon)
        if len(tokens) != 2:
            return
        flags = tokens[1].flags
        least = 1 if "-" in tokens[1].low else 2
        if surname_band(flags) < least or flags & (lex.FUNCTION | lex.HEAD | lex.JOB):
            return
        if word_band(flags) > (surname_band(flags) == 3):
            return
        more = _SMALL_WORD.match(text, end)
        if more is not None:
            third = tokenise(text, more.start(1), more.end(1), self._lexicon)[0]
            if surname_band(third.flags) >= 2 and not word_band(third.flags) and not third.flags >> 6:
                tokens.append(third)
        candidate = make(tokens)
        candidate.add(_SMALL, anchor=False)
        yield candidate
