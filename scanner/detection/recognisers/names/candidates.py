"""Candidates: runs of capitalised words, cut into what may be one person's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import ascii_lowercase

from scanner.detection.finding import EvidenceKind
from scanner.detection.programs import compile_bytes
from scanner.detection.recognisers.names import lexicon as lex
from scanner.detection.recognisers.names.lexicon import Lexicon, forename_band, surname_band, word_band
from scanner.detection.recognisers.names.weighing import Reason, reason

_UP = "A-Z\u00c0-\u00d6\u00d8-\u00de\u0100-\u024f\u1e00-\u1eff"
_ANY = "a-zA-Z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
_ABBREVIATED = (
    r"(?:Mr|Mrs|Ms|Mx|Dr|Prof|Revd?|Cllrs?|Clr|Coun|St|Sgt|Hon|Fr|Sr|Insp|Supt|Capt|Lt|Jr|Snr"
    r"|MR|MRS|MS|DR|PROF|REV|CLLR|SGT)\."
)
_PARTICLE = (
    r"(?:van|von|der|den|de|da|dos|das|di|del|della|du|la|le|bin|binti|bint|ibn|al|el|ap|ab|ferch"
    r"|ter|ten|y|ul|ur|ud|e)"
)
_INITIALS = rf"[{_UP}]\.(?:[{_UP}]\.){{0,3}}"
_PREFIX = r"(?:(?:al|el|ul|ur|ud|ad|as|d|o)['-])?"
_WORD = rf"(?:{_ABBREVIATED}|{_INITIALS}|{_PREFIX}[{_UP}][{_ANY}]*(?:['\-][{_ANY}]+){{0,3}})"
# Twelve words: longer runs are headings and lists, and are cut wherever this ends.
RUN = re.compile(rf"{_WORD}(?:(?: |(?<=\.))(?:{_PARTICLE} ){{0,2}}{_WORD}){{0,11}}")
TOKEN = re.compile(rf"[{_ANY}]+(?:['\-][{_ANY}]+)*\.?(?:[{_UP}]\.)*")
# The same for values whose letter case says nothing: form fields, lines under a sign-off.
ANY_CASE_NAME = re.compile(
    rf"[{_ANY}](?:\.|[{_ANY}]*(?:['\-][{_ANY}]+){{0,3}})\.?(?:(?: |(?<=\.)){TOKEN.pattern}){{0,7}}"
)

PARTICLES = frozenset((
    "van", "von", "der", "den", "de", "da", "dos", "das", "di", "del", "della", "du", "la", "le",
    "bin", "binti", "bint", "ibn", "al", "el", "ap", "ab", "ferch", "ter", "ten", "y", "ul", "ur",
    "ud", "e",
))  # fmt: skip
# Characters that tie a word to an identifier, a path, an address or a variable.
_TIED_BEFORE = frozenset("@_\\#$%<~&^{`")
_TIED_AFTER = frozenset("@_\\=`{[")
_MODALS = frozenset(["will", "may", "mark", "grant", "can", "bill", "sue", "hope", "pat", "chase", "drew"])


@dataclass(slots=True)
class Token:
    """One word of a run: its place, its lower-case form without possessive, and what is known about it."""

    start: int
    end: int
    low: str
    flags: int
    shape: str  # "I" an initial, "C" capitals, "T" capitalised, "l" small letters
    possessive: bool = False


@dataclass(slots=True)
class Candidate:
    """A span that may name one person, and the reasons collected for and against it.

    ``first`` and ``last`` index the tokens that stand for forename and surname (-1 where there is none).
    ``anchored`` says that something beside the gazetteers speaks for it; ``sole`` that its field holds this
    part of a name and no more.
    """

    start: int
    end: int
    tokens: list[Token]
    first: int
    last: int
    prior: float
    reasons: list[Reason] = field(default_factory=list)
    note: str = ""
    anchored: bool = False
    sole: bool = False
    next_low: str = ""
    weight: float = 0.0

    def add(self, one: Reason, note: str = "", *, anchor: bool = True) -> None:
        """Collect a reason, each kind once; the first note that is given stays."""
        if note and not self.note:
            self.note = note
        if any(one.evidence == other.evidence for other in self.reasons):
            return
        self.reasons.append(one)
        self.weight += one.weight
        if one.weight > 0 and anchor:
            self.anchored = True


def tokenise(text: str, start: int, end: int, lexicon: Lexicon) -> list[Token]:
    """The words of ``text[start:end]`` with possessives cut off and initials told from words."""
    tokens: list[Token] = []
    word_of = lexicon.word
    for match in TOKEN.finditer(text, start, end):
        low, flags, shape, cut, possessive = word_of(match.group())
        tokens.append(Token(match.start(), match.end() - cut, low, flags, shape, possessive))
    return tokens


# Parts of names that are written with a capital too ("Ni Dhomhnaill", "Nguyen Van Minh", "De La Cruz").
_CAPITAL_PARTICLES = frozenset((
    "ni", "nic", "mac", "ó", "ua", "ní", "van", "von", "de", "der", "del", "la", "bin", "binti",
    "ibn", "al", "el", "ap", "thi", "thị", "dos",
))  # fmt: skip


def nameable(token: Token) -> bool:
    """Whether a token may be part of a name where nothing but its neighbours says so."""
    flags = token.flags
    if token.low in _CAPITAL_PARTICLES and token.shape == "T":
        return True
    if token.shape == "C" and len(token.low) <= 4 and flags & lex.KNOWN_NAME == 1 << 2:
        # A rare surname as short as an acronym in capitals is the acronym ("MOC", "CIN").
        return False
    if flags & lex.FUNCTION or token.shape == "l":
        return token.low in PARTICLES
    if token.shape == "I":
        return len(token.low) <= 3
    if flags & lex.CALENDAR and forename_band(flags) < 2:
        return False
    if flags & lex.KNOWN_NAME:
        if flags & (lex.HEAD | lex.JOB):
            if flags & lex.HEAD:
                return forename_band(flags) >= 2
            return forename_band(flags) >= 2 or (surname_band(flags) == 3 and not word_band(flags))
        return True
    if token.shape == "C" and not flags:
        # An unknown word in capitals beside ordinary words is an acronym.
        return len(token.low) > 4
    return not flags & ~lex.PLACE


# --- what the gazetteers say ---

_FORENAME = (0.0, 0.8, 1.8, 2.2)
_SURNAME = (0.3, 0.9, 1.6, 1.9)
_WORD_COST = (0.0, 0.5, 1.1)
_BIGRAM_PRIOR = -1.7
_SINGLE_PRIOR = -2.0
_SURNAME_ALONE = -3.2
_SINGLE_WORD_COST = (0.0, 1.0, 2.2)


def forename_odds(token: Token) -> float:
    """Log-odds that a token is somebody's first name (or initial)."""
    if token.shape == "I":
        return 1.0 if len(token.low) > 1 or token.low not in "ai" else 0.3
    flags = token.flags
    odds = _FORENAME[forename_band(flags)] - _WORD_COST[word_band(flags)]
    if flags & lex.CALENDAR:
        odds -= 0.8
    if flags & lex.PLACE and forename_band(flags) < 3:
        odds -= 0.7
    return odds


def surname_odds(token: Token) -> float:
    """Log-odds that a token is the surname behind a forename."""
    if token.shape == "I":
        return -0.6
    flags = token.flags
    band = surname_band(flags)
    odds = _SURNAME[band]
    if band < 2 and forename_band(flags) >= 2:
        odds = 1.1
    odds -= _WORD_COST[word_band(flags)] * (0.6 if band == 3 else 1.0)
    if flags & lex.CALENDAR:
        odds -= 1.0
    if flags & lex.PLACE and band < 3:
        odds -= 1.0
    return odds


def _middle_odds(token: Token) -> float:
    if token.shape == "I" or token.low in PARTICLES:
        return 0.3
    if token.flags & lex.KNOWN_NAME:
        return 0.3 - 0.5 * word_band(token.flags)
    return -0.3


def name_odds(tokens: list[Token]) -> tuple[float, int, int]:
    """``(log-odds, index of forename, index of surname)`` of a name in some order."""
    if len(tokens) == 1:
        token = tokens[0]
        flags = token.flags
        cost = _SINGLE_WORD_COST[word_band(flags)] + (1.5 if flags & (lex.PLACE | lex.CALENDAR) else 0.0)
        if flags & (lex.HEAD | lex.JOB):
            cost += 0.8
        if token.shape == "C" and len(token.low) <= 3:
            cost += 1.5
        if len(token.low) <= 2:
            cost += 0.5 if forename_band(flags) == 3 and not word_band(flags) else 1.0
        forename = _SINGLE_PRIOR + _FORENAME[forename_band(flags)] - cost if forename_band(flags) else -9.0
        surname = _SURNAME_ALONE + _SURNAME[surname_band(flags)] - cost
        return (forename, 0, -1) if forename >= surname else (surname, -1, 0)
    first, last = tokens[0], tokens[-1]
    middles = sum(_middle_odds(token) for token in tokens[1:-1])
    if len(tokens) > 4:
        middles -= 0.5 * (len(tokens) - 4)
    natural = _BIGRAM_PRIOR + forename_odds(first) + surname_odds(last)
    reverse = _BIGRAM_PRIOR + forename_odds(last) + surname_odds(first) - 0.8
    if last.shape == "C" and first.shape == "T" and last.flags & lex.KNOWN_NAME:
        natural += 0.8
    if first.shape == "C" and last.shape == "T" and first.flags & lex.KNOWN_NAME:
        reverse += 1.6
    if last.shape == "I":
        reverse -= 0.2
    if natural >= reverse:
        return natural + middles, 0, len(tokens) - 1
    return reverse + middles, len(tokens) - 1, 0


# --- runs ---

# "56 Victoria Road", not "1. Jane Smith" nor a time, a sum or a date before a name.
HOUSE_NUMBER = re.compile(r"(?:^|[ ,\n(])\d{1,4}[a-zA-Z]? $")
# Police officers are written with their collar number: "PC 4411 Bains".
COLLAR_NUMBER = re.compile(r"\b(?:PC|PS|WPC|DC|DS|Sgt|PCSO|Constable|Sergeant) \d{1,6} $")
_FIRM = re.compile(
    r",? (?:&|and) (?:Partners?|Sons?|Co\b|Company|Daughters?|Brothers|Associates|Colleagues)"
    r"|(?:, [A-Z]\w+)? (?:&|and) [A-Z]\w+ "
    r"(?:Ltd|LLP|Limited|Solicitors|Architects|Associates|Builders|Partners|Estates|Motors|plc)\b"
)

TITLED = "title before it"
_TITLE_WEIGHT = 4.6
_THING = reason(EvidenceKind.COUNTER, "word of a street, building, body or thing behind it", -6.0)
_POSSESSED_THING = reason(EvidenceKind.COUNTER, "possessive before a thing", -1.2)
_NAMED_THING = reason(EvidenceKind.COUNTER, "word before it of things that bear names", -3.5)
_CAPITALS = reason(EvidenceKind.COUNTER, "line of ordinary words in capitals", -1.5)
_SAINT = reason(EvidenceKind.COUNTER, "saint or place word before it", -4.0)
_PLACE_NAME = reason(EvidenceKind.COUNTER, "name of a place", -2.8)
_WELL_KNOWN = reason(EvidenceKind.COUNTER, "historical or made-up person", -5.0)
_PARTNERS = reason(EvidenceKind.COUNTER, "firm named after a person", -7.0)
_ORDINARY = reason(EvidenceKind.COUNTER, "ordinary words at the start of a sentence", -0.7)
_JOB_BEHIND = reason(EvidenceKind.CONTEXT, "job title behind it", 2.0)
_JOB_OF = reason(EvidenceKind.COUNTER, "first word of a job title", -1.6)
_JOB_BEFORE = reason(EvidenceKind.CONTEXT, "job title before it", 1.6)
_TITLE = reason(EvidenceKind.CONTEXT, TITLED, _TITLE_WEIGHT)


# Titles that are ordinary words or names too: an ordinary word behind them is seldom a surname.
_WORDY_TITLES = frozenset((
    "major", "general", "lord", "lady", "master", "sister", "father", "nurse", "captain", "mayor",
    "judge", "recorder", "canon", "matron", "doctor", "president", "inspector", "registrar",
    "solicitor", "coroner", "minister", "bishop", "dean", "miss", "ms", "dc", "ds", "di", "ps",
))  # fmt: skip


def _title_at(tokens: list[Token], index: int, lexicon: Lexicon) -> tuple[int, str]:
    """``(number of tokens, note)`` of the title at ``index``; none is (0, "")."""
    if tokens[index].low not in lexicon.title_starts or tokens[index].shape == "I":
        return 0, ""
    for size in (3, 2, 1):
        if index + size > len(tokens):
            continue
        phrase = " ".join(token.low for token in tokens[index : index + size])
        note = lexicon.titles.get(phrase)
        if note is not None:
            return size, note
    return 0, ""


def _is_title_use(tokens: list[Token], index: int, size: int) -> bool:
    """Titles that are names too (Dean, Major, Judge, Sister) count only before another name."""
    token = tokens[index]
    behind = index + size
    if size > 1:
        return True
    if behind >= len(tokens):
        return not token.flags & lex.KNOWN_NAME
    return not tokens[behind].flags & lex.FUNCTION


def _after_title(tokens: list[Token], index: int, lexicon: Lexicon) -> int:
    """The index behind the name that begins at ``index``, right after a title."""
    at = index
    count = len(tokens)
    while at < count and at - index < 5:
        token = tokens[at]
        flags = token.flags
        if flags & lex.FUNCTION and token.low not in PARTICLES:
            break
        if at > index:
            if tokens[at - 1].possessive:
                break
            if not nameable(token) and not (surname_band(flags) == 3 and at + 1 == count):
                break
            size, _ = _title_at(tokens, at, lexicon)
            if size and not flags & lex.KNOWN_NAME:
                break
        elif not flags & lex.KNOWN_NAME and (flags & (lex.JOB | lex.HEAD) or word_band(flags) == 2):
            # "Councillor Call for Action", "MS Word".
            break
        at += 1
    while at > index and tokens[at - 1].low in PARTICLES and tokens[at - 1].shape == "l":
        at -= 1
    return at


def make(tokens: list[Token], *, prior: float | None = None) -> Candidate:
    """A candidate over these tokens with what the gazetteers say about it."""
    odds, first, last = name_odds(tokens)
    if prior is not None:
        odds = prior
    candidate = Candidate(tokens[0].start, tokens[-1].end, tokens, first, last, odds)
    candidate.weight = odds
    return candidate


def is_free(text: str, start: int, end: int) -> bool:
    """Whether the word stands free: not inside an identifier, a path, an address or a variable."""
    if start:
        before = text[start - 1]
        if before == "@" and (start == 1 or text[start - 2].isspace()) and text[start].isupper():
            # "@Sarah can you look at this": somebody is addressed.
            return not text[end : end + 1].isalnum() and text[end : end + 1] != "_"
        if before.isalnum() or before in _TIED_BEFORE:
            return False
        if before in "./-'":
            two = text[start - 2 : start - 1]
            # Dots in a row lead from a label to its value.
            joined = before == "." and two and two != "." and not two.isspace()
            if joined or (before == "'" and two.isalnum()):
                return False
            if (
                before in "/-"
                and two
                and (two in "./:\\-<" or two.isdigit() or (before == "-" and two.isalpha()))
            ):
                return False
            if before == "/" and not two:
                return False
    if end < len(text):
        after = text[end]
        if after.isalnum() or after in _TIED_AFTER:
            return False
        if after in ".:/-" and end + 1 < len(text):
            two = text[end + 1]
            if (after == "." and (two.isalnum() or two in "_*")) or (after == ":" and two == ":"):
                return False
            if (after == "/" and (two == "/" or two.islower())) or (after == "-" and two.isalnum()):
                return False
    return True


# Beyond Latin-1 the bytes of a view do not tell capitals from small letters as a run does.
_BEYOND_BYTES = re.compile("[\u0100-\u024f\u1e00-\u1eff]")
_PREFIXES = frozenset(("al", "el", "ul", "ur", "ud", "ad", "as"))


class NamelessText:
    """Text that can name nobody, passed over in one RE2 match: no capitals, or ordinary words standing alone.

    "The review", "Officers reported": four capitals of five in running text begin such a word.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        words = "|".join(word.capitalize() for word in lexicon.nameless_words())
        particles = _PARTICLE.removeprefix("(?:").removesuffix(")").split("|")
        other = _other_than(frozenset(("d", "o", *_PREFIXES, *particles)))
        letter = r"A-Za-z\x80-\xff"
        # Behind the word a mark that ends it, or one blank and a word that no name begins with.
        alone = rf"(?:{words})(?:[^{letter}'.?\- ]| [^{letter}'\-]| {other}[^{letter}'\-])"
        # A capital behind a hyphen or an apostrophe may end a name that begins before it.
        small = r"['\-]*[^A-Z\xc0-\xd6\xd8-\xde'\-]"
        # Letters tied to digits are a code; the first of these that fits is taken, so the widest come first.
        code = rf"[A-Z]+[0-9]|[0-9][A-Z]+[^{letter}'.?\- ]"
        self._program = compile_bytes(
            f"(?s:(?:{code}|{alone}|{small})*)".encode("latin-1"), max_memory=64 << 20
        )

    def end(self, data: bytes, start: int) -> int:
        """Where the next capital stands that may begin a name, from ``start`` on; the end where none does."""
        passed = self._program.match(data, start)
        end: int = passed.end() if passed is not None else start
        while data[end : end + 1] in (b"'", b"-"):
            end += 1
        return end


def _other_than(words: frozenset[str]) -> str:
    """A pattern for every word of small letters but these."""

    def rest(words: frozenset[str], *, first: bool = False) -> str:
        nexts = sorted({word[0] for word in words if word})
        others = "".join(sorted(set(ascii_lowercase).difference(nexts)))
        options = [f"[{others}][a-z]*"]
        options += [one + rest(frozenset(word[1:] for word in words if word[:1] == one)) for one in nexts]
        if not first and "" not in words:
            options.append("")
        return f"(?:{'|'.join(options)})"

    return rest(words, first=True)


def runs(text: str, data: bytes, nameless: NamelessText) -> Iterator[re.Match[str]]:
    """The runs of capitalised words, without most of those that name nobody."""
    if not text.isascii() and _BEYOND_BYTES.search(text):
        yield from RUN.finditer(text)
        return
    size = len(text)
    done = 0
    while (start := nameless.end(data, done)) < size:
        # "al-Hassan", "d'Souza": the run begins before its capital.
        if start - done >= 2 and text[start - 1] in "'-":
            if start - done >= 3 and text[start - 3 : start - 1] in _PREFIXES:
                start -= 3
            elif text[start - 2] in "do":
                start -= 2
        match = RUN.match(text, start)
        if match is None:
            done = start + 1
            continue
        yield match
        done = match.end()


def scan(text: str, data: bytes, lexicon: Lexicon, nameless: NamelessText) -> Iterator[Candidate]:
    """Candidates of all capitalised runs, in order; linear in the text."""
    flags_of = lexicon.flags
    for match in runs(text, data, nameless):
        start, end = match.span()
        run = match.group()
        if " " not in run and "." not in run:
            # The common case, decided by one look-up: a word that names nobody.
            flags = flags_of(run.lower() if run[-2:] != "'s" else run[:-2].lower())
            if len(run) < 2 or (not flags & lex.KNOWN_NAME and (flags or not _comma_name(text, end))):
                continue
        yield from _cut(text, start, end, lexicon)


def _comma_name(text: str, end: int) -> bool:
    """Whether a comma and another capital follow: an unlisted surname may stand before its forename."""
    return text.startswith(", ", end) and text[end + 2 : end + 3].isupper()


def _cut(text: str, start: int, end: int, lexicon: Lexicon) -> Iterator[Candidate]:
    tokens = tokenise(text, start, end, lexicon)
    count = len(tokens)
    heading = count > 3 and all(token.shape == "C" for token in tokens) and _ordinary_share(tokens) > 0.5
    index = 0
    job_before = False
    while index < count:
        token = tokens[index]
        size, note = _title_at(tokens, index, lexicon)
        if size and _is_title_use(tokens, index, size):
            at = index + size
            while True:
                size, other = _title_at(tokens, at, lexicon) if at < count else (0, "")
                if not size or not _is_title_use(tokens, at, size) or at + size >= count:
                    break
                note = note or other
                at += size
            stop = _after_title(tokens, at, lexicon)
            if stop > at and any(token.shape != "I" for token in tokens[at:stop]):
                candidate = make(tokens[at:stop])
                ordinary = word_band(tokens[at].flags) if tokens[at - 1].low in _WORDY_TITLES else 0
                candidate.weight = candidate.prior = max(candidate.prior, -2.2 - 1.3 * ordinary)
                if stop - at == 1:
                    candidate.first, candidate.last = -1, 0
                candidate.add(_TITLE, note)
                _look_around(text, candidate, tokens, at, stop, lexicon)
                if is_free(text, candidate.start, candidate.end):
                    yield candidate
                index = stop
                job_before = False
                continue
            index = max(at, stop)
            continue
        if not nameable(token) or token.shape == "l" or _is_welsh_verb(text, token):
            job_before = bool(token.flags & lex.JOB)
            index += 1
            continue
        stop = index
        while stop < count and nameable(tokens[stop]):
            stop += 1
            if tokens[stop - 1].possessive:
                break
            if (
                stop < count
                and _title_at(tokens, stop, lexicon)[0]
                and not tokens[stop].flags & lex.KNOWN_NAME
            ):
                break
        if stop < count and is_surname_head(tokens, index, stop, lexicon):
            stop += 1
        at = index
        index = stop
        # "Will Jane Smith attend?", "May Jane come?": the first word is a verb.
        if stop - at >= 3 and tokens[at].low in _MODALS and forename_band(tokens[at + 1].flags) >= 2:
            at += 1
        while stop > at and tokens[stop - 1].low in PARTICLES and tokens[stop - 1].shape == "l":
            stop -= 1
        while stop - at > 1 and tokens[at].low in PARTICLES and tokens[at].shape == "l":
            at += 1
        if stop == at or not is_free(text, tokens[at].start, tokens[stop - 1].end):
            continue
        piece = tokens[at:stop]
        if all(token.shape == "I" for token in piece):
            continue
        if len(piece) == 1 and not piece[0].flags & lex.KNOWN_NAME and not _comma_name(text, piece[0].end):
            continue
        candidate = make(piece)
        if heading:
            candidate.add(_CAPITALS)
        if job_before:
            candidate.add(_JOB_BEFORE, "staff")
        job_before = False
        _look_around(text, candidate, tokens, at, stop, lexicon)
        yield candidate


# Names that stand in streets, halls and parks more often than before a surname.
_NAMESAKES = frozenset((
    "victoria", "albert", "edward", "george", "elizabeth", "alexandra", "nelson", "wellington",
    "jubilee", "charles", "william", "henry", "james", "john", "mary", "margaret", "anne", "queen",
    "king", "prince", "princess", "regent", "clarence", "stanley", "gladstone", "florence", "grace",
))  # fmt: skip


def is_surname_head(tokens: list[Token], start: int, index: int, lexicon: Lexicon) -> bool:
    """Whether the place word at ``index`` is the surname of the forename before it ("Stephen Wood")."""
    word, first = tokens[index], tokens[start]
    if index - start > 2 or word.low not in lexicon.surname_heads or surname_band(word.flags) < 1:
        return False
    if tokens[index - 1].possessive or (word.shape != first.shape and first.shape != "I"):
        return False
    if first.shape == "I":
        return index == start + 1
    if forename_band(first.flags) < 2 or word_band(first.flags) or first.flags & lex.PLACE:
        return False
    behind = tokens[index + 1] if index + 1 < len(tokens) else None
    if first.low in _NAMESAKES and index == start + 1 and word.flags & lex.HEAD:
        return False
    return behind is None or not behind.flags & lex.HEAD or bool(behind.flags & lex.JOB)


def _is_welsh_verb(text: str, token: Token) -> bool:
    """Whether "Mae" is the Welsh "is", which opens most sentences, and not a forename."""
    return token.low == "mae" and " yn " in text[token.end : token.end + 80]


def _ordinary_share(tokens: list[Token]) -> float:
    return sum(1 for token in tokens if word_band(token.flags) or not token.flags) / len(tokens)


def _look_around(
    text: str, candidate: Candidate, tokens: list[Token], at: int, stop: int, lexicon: Lexicon
) -> None:
    """Reasons from the rest of the run: what stands directly before and behind in capitals."""
    count = len(tokens)
    if stop < count:
        behind = tokens[stop]
        candidate.next_low = behind.low
        job_at_end = any(token.flags & lex.JOB for token in tokens[stop:])
        possessive = tokens[stop - 1].possessive
        if behind.flags & lex.HEAD and not (job_at_end and tokens[-1].flags & lex.JOB):
            candidate.add(_THING if not possessive or stop - at == 1 else _POSSESSED_THING)
        elif (
            stop - at == 1
            and behind.flags & lex.JOB
            and (word_band(tokens[at].flags) or not candidate.anchored)
        ):
            # "Prime Minister", "Senior Adviser", "Housing Officer".
            candidate.add(_JOB_OF)
        elif job_at_end and not possessive:
            candidate.add(_JOB_BEHIND, "staff")
        elif any(token.flags & lex.HEAD for token in tokens[stop : stop + 2]):
            candidate.add(_THING if not possessive else _POSSESSED_THING)
    if at and not any(one.evidence.detail == TITLED for one in candidate.reasons):
        before = tokens[at - 1]
        if before.low in ("st", "saint", "lake", "mount", "port", "royal", "fort", "loch") or (
            before.low in lexicon.place_before and stop - at == 1
        ):
            candidate.add(_SAINT)
    if _FIRM.match(text, candidate.end):
        candidate.add(_PARTNERS)
    first = tokens[at - 1].low if at and at + 1 == stop else tokens[at].low if stop - at > 1 else ""
    if first in lexicon.thing_before:
        candidate.add(_NAMED_THING)
    words = " ".join(token.low for token in candidate.tokens)
    titled = any(one is _TITLE for one in candidate.reasons)
    if words in lexicon.places and not titled:
        candidate.add(_PLACE_NAME)
    known = words in lexicon.well_known and not titled
    if known or (at and f"{tokens[at - 1].low} {words}" in lexicon.well_known):
        candidate.add(_WELL_KNOWN)
    if (
        word_band(candidate.tokens[0].flags)
        and not candidate.anchored
        and _starts_sentence(text, candidate.start)
    ):
        candidate.add(_ORDINARY)


def _starts_sentence(text: str, position: int) -> bool:
    at = position - 1
    while at >= 0 and text[at] in " \t\"'(*":
        at -= 1
    return at < 0 or text[at] in ".!?\n:;|"
