"""UK postcodes: every full one, with the district list, and look-alike codes kept low.

``note`` of a UK_POSTCODE: ``own`` for a site of the council (``Organisation.postcodes``), else empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from rules.contacts import PostcodeWords, load_postcode_words
from rules.places import load_outward_codes, load_towns
from scanner.detection.encoded import lies_in_data
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.scan import CandidateScan
from scanner.detection.view import View
from scanner.text import words_apart

_GAP = rb"(?:[ ]{0,3}|[ ]?-[ ]?|[ ]?\r?\n[ \t>|]{0,40})"
_INWARD = rb"[0-9][A-Za-z][A-Za-z]"
_LAST = "ABD-HJLNP-UW-Z"  # the last two letters are never C, I, K, M, O, V
_CLEAN = re.compile(rf"([A-PR-UWYZ][A-HK-Y]?[0-9][0-9A-Z]?)[^0-9A-Z]*([0-9][{_LAST}]{{2}})")
_SPECIAL = re.compile(r"BFPO|GIR|ASCN|BBND|BIQQ|FIQQ|GX11|PCRN|SIQQ|STHL|TDCU|TKCA")
_ORDINAL = re.compile(r"(?:1ST|2ND|3RD|[0-9]TH)")
# What a misread character of an outward or inward code was.
_AS_LETTER = {"0": "O", "1": "IL", "5": "S", "8": "B", "2": "Z", "6": "G", "7": "T", "4": "A"}
_AS_DIGIT = dict(zip("OQDILSBZGT", "0001158267", strict=True))
_AS_LAST = dict(zip("0O1I5827C46", "DDLLSBZTGAG", strict=True))

_WORDS = re.compile(r"[a-zà-ÿ][a-zà-ÿ'/]*")
_PLACE_LABEL = re.compile(
    r"post(?:al)? ?code|p ?code|pcode|zip|address|addr|town|home|pl ?post|residen|cod post"
)
_CODE_LABEL = re.compile(
    r"\b(?:room|asset|product|part|code|course|module|bay|model|serial|sku|stock|item|ref|reference|order|"
    r"id|class|"
    r"tag|batch|grid|desk|locker|location|equipment|unit|type|number|no)\b"
)
_COUNTRY = re.compile(r"[ ,]{1,2}(?:uk|united kingdom|england|scotland|wales)\b")
_MARKS = re.compile(r"[\-./]+")


class PostcodeRecogniser:
    """Finds postcodes: grammar, existing district, spelling, and what stands before them."""

    name = "postcodes"
    entity_types = ("UK_POSTCODE",)
    patterns: Mapping[str, bytes] = MappingProxyType(
        {
            "postcode": rb"[A-Za-z]{1,2}[0-9][0-9A-Za-z]?" + _GAP + _INWARD,
            "postcode_special": (
                rb"(?i)\bBFPO[ ]?(?:c/o[ ])?[0-9]{1,4}\b|\bGIR[ ]?0AA\b|\bGX11[ ]?1AA\b"
                rb"|\b(?:ASCN|BBND|BIQQ|FIQQ|PCRN|SIQQ|STHL|TDCU|TKCA)[ ]?1ZZ\b"
            ),
            # One character a box.
            "postcode_boxed": (
                rb"\b[A-Za-z][ |]{1,3}(?:[A-Za-z][ |]{1,3})?[0-9][ |]{1,3}(?:[0-9A-Za-z][ |]{1,3})?"
                rb"[ |]{0,4}[0-9][ |]{1,3}[A-Za-z][ |]{1,3}[A-Za-z]\b"
            ),
            # "LS 8 2QT": the outward code parted.
            "postcode_parted": rb"\b[A-Za-z]{1,2} [0-9][0-9A-Za-z]? [ ]?" + _INWARD + rb"\b",
            # Misread: a digit where a letter belongs or a letter where a digit belongs.
            "postcode_misread": (
                rb"\b(?:[A-Z0158]{1,2}[0-9][0-9A-Z]?|[A-Z]{1,2}[IOSZBGlT][0-9A-Z]?|[A-Z]{1,2}[0-9][OISBlZ])"
                rb"[ ]{1,2}[0-9OIlSZBGQD][A-Z0-9][A-Z0-9]\b"
            ),
        }
    )

    def __init__(
        self,
        outward: frozenset[str] | None = None,
        towns: frozenset[str] | None = None,
        words: PostcodeWords | None = None,
    ) -> None:
        self._words = words or load_postcode_words()
        self._outward = outward if outward is not None else load_outward_codes()
        self._areas = frozenset(re.match(r"[A-Z]+", code).group() for code in self._outward)  # type: ignore[union-attr]
        towns = towns if towns is not None else load_towns()
        self._town_ends = frozenset(town.split()[-1] for town in towns)
        self._scan = CandidateScan(self.patterns)
        self.programs = self._scan.programs

    def recognise(self, view: View) -> list[Finding]:
        """The postcodes in ``view``."""
        findings: list[Finding] = []
        done = 0
        while (span := self._scan.search(view, "postcode", done)) is not None:
            finding = self._clean(view, *span)
            if finding is not None:
                findings.append(finding)
                done = finding.end
            else:
                # The first letter may belong to the word before; a postcode may begin inside the hit.
                done = span[0] + 1 if view.data[span[0] + 1 : span[0] + 2].isalpha() else span[0] + 2
        taken = {finding.start for finding in findings}
        ends = {finding.end for finding in findings}
        for start, end in self._scan.spans(view, "postcode_special"):
            findings.append(self._special(view, start, end))
        boxed = self._scan.spans(view, "postcode_boxed")
        for start, end in (*boxed, *self._scan.spans(view, "postcode_parted")):
            self._keep(findings, self._boxed(view, start, end), taken, ends)
        for start, end in self._scan.spans(view, "postcode_misread"):
            if end not in ends and start not in taken:
                self._keep(findings, self._misread(view, start, end), taken, ends)
        return [finding for finding in findings if not lies_in_data(view.text, finding.start)]

    @staticmethod
    def _keep(findings: list[Finding], finding: Finding | None, taken: set[int], ends: set[int]) -> None:
        if finding is not None and finding.start not in taken and finding.end not in ends:
            findings.append(finding)

    def _clean(self, view: View, start: int, end: int) -> Finding | None:
        text = view.text
        value = text[start:end]
        match = _CLEAN.fullmatch(value.upper())
        if match is None or not self._stands_alone(text, start, end):
            return None
        outward, inward = match.group(1), match.group(2)
        if outward == "ZZ99":
            return None  # no fixed abode, unknown: the standard dummy of learner and health records
        known = outward in self._outward
        context = self._context(view, start, end)
        gap = value[len(outward) : -3]
        canonical = f"{outward} {inward}"
        if not known:
            syntax = outward.rstrip("0123456789") in self._areas
            return self._finding(view, start, end, canonical, 0.5 if context > 1 and syntax else 0.1)
        upper = value.isupper()
        if "\n" in gap:
            # Broken over a line end, or two things that stand one above the other.
            score = 0.7 if context > 0 else 0.2
        elif context > 1:
            score = 0.9
        elif context > 0:
            score = 0.85 if upper or gap else 0.75
        elif context < 0:
            score = 0.2
        elif gap == " " and upper and not (_ORDINAL.fullmatch(inward) and len(outward) == 2):
            score = 0.6
        elif gap.strip():
            score = 0.42 if upper and len(outward) > 2 else 0.3
        elif gap and not _ORDINAL.fullmatch(inward):
            score = 0.5 if upper or len(outward) > 2 else 0.42
        elif not gap and upper and len(outward) == 4:
            score = 0.42
        else:
            score = 0.3
        return self._finding(view, start, end, canonical, score, context)

    @staticmethod
    def _stands_alone(text: str, start: int, end: int) -> bool:
        """Whether no letter, digit or code part touches the value."""
        if start:
            before = text[start - 1]
            if before.isalnum() and not text[max(0, start - 8) : start].lower().endswith("postcode"):
                return False
            if before in "-/_.#" and start > 1 and text[start - 2].isalnum():
                word = re.search(r"[\w\-/.#]*$", text[max(0, start - 24) : start])
                if word is not None and any(character.isdigit() for character in word.group()):
                    return False
        if end < len(text):
            after = text[end]
            if after.isalnum():
                return False
            if after in "-_#" and text[end + 1 : end + 2].isalnum():
                return False
        return True

    def _context(self, view: View, start: int, end: int) -> int:
        """2 for a postcode label, 1 for the words of an address before it, -1 for a code's, else 0."""
        label = view.layout.label_at(start)
        if label:
            label = _MARKS.sub(" ", words_apart(label)).lower()
            if _PLACE_LABEL.search(label):
                return 2
            if _CODE_LABEL.search(label):
                return -1
        text = view.text
        line = text.rfind("\n", 0, start) + 1
        low = max(line, start - 72)
        before = text[low:start]
        words = _WORDS.findall(before.lower())
        if not before.strip(" \t>|\",'*") and line:
            # Alone at the beginning of a line: the line above is its context.
            above = text.rfind("\n", 0, line - 1) + 1
            words = _WORDS.findall(text[max(above, line - 72) : line].lower())
            if words and (
                words[-1] in self._town_ends or any(word in self._words.place_words for word in words)
            ):
                return 1
            alone = text[end : end + 1] in ("", "\n", "\r")
            return 1 if alone and words and len(words) <= 4 and above + 40 > line else 0
        nearest = words[-4:]
        if nearest and nearest[-1] in ("postcode", "postcodes", "pcode", "zip"):
            return 2
        since_comma = _WORDS.findall(before.lower().rpartition(",")[2])
        for distance, word in enumerate(reversed(nearest)):
            if word in ("code", "codes") and "post" in nearest:
                return 2
            # "room B12 3AB": a thing's word counts only directly before the code.
            if distance < 2 and word in self._words.code_words and word in since_comma:
                # "Cardiff Bay" is a place.
                named = len(nearest) > distance + 1 and nearest[-2 - distance] in self._town_ends
                return 1 if named else -1
            if word in self._town_ends:
                return 1
            if word in self._words.place_words:
                return 1
        if any(word in self._words.place_words for word in words):
            return 1
        # "..., Northmoor LS11 5QX": a comma or a capitalised place directly before.
        if re.search(r"[a-z]{2,},\s*$|,\s*[A-Z][a-z]+(?:[ -][A-Z]?[a-z]+){0,2},?\s*$", before):
            return 1
        return 1 if _COUNTRY.match(text[end : end + 18].lower()) else 0

    def _special(self, view: View, start: int, end: int) -> Finding:
        value = " ".join(view.text[start:end].upper().split())
        return self._finding(view, start, end, value, 0.8)

    def _boxed(self, view: View, start: int, end: int) -> Finding | None:
        """A postcode whose characters stand apart; only where an address or a label says so."""
        compact = re.sub(r"[ |]", "", view.text[start:end].upper())
        match = _CLEAN.fullmatch(compact)
        if match is None or match.group(1) not in self._outward:
            return None
        score = 0.8 if self._context(view, start, end) > 0 else 0.3
        return self._finding(view, start, end, match.group(1) + " " + match.group(2), score)

    def _misread(self, view: View, start: int, end: int) -> Finding | None:
        value = view.text[start:end].upper()
        context = self._context(view, start, end)
        if context <= 0:
            return None
        outward, inward = value.split()
        if outward.isdigit() or inward.isdigit():
            return None
        repaired = self._repair(outward, inward)
        if repaired is None:
            return None
        return self._finding(view, start, end, repaired, 0.65 if context > 1 else 0.55, context)

    def _repair(self, outward: str, inward: str) -> str | None:
        """The postcode of which this is a misreading by at most two characters, or None."""
        first = inward[0] if inward[0].isdigit() else _AS_DIGIT.get(inward[0], "")
        cost = 0 if inward[0].isdigit() else 1
        tail = ""
        for character in inward[1:]:
            if character in "ABDEFGHJLNPQRSTUWXYZ":
                tail += character
            else:
                tail += _AS_LAST.get(character, "")[:1]
                cost += 1
        if not first or len(tail) != 2 or cost > 2:
            return None
        choices = [""]
        for character in outward:
            options = character + _AS_LETTER.get(character, "") + _AS_DIGIT.get(character, "")
            choices = [head + option for head in choices for option in options]
        best = min(
            (
                (sum(a != b for a, b in zip(choice, outward, strict=True)), choice)
                for choice in choices
                if choice in self._outward
            ),
            default=None,
        )
        if best is None or not 0 < best[0] + cost <= 2:
            return None
        return f"{best[1]} {first}{tail}"

    @staticmethod
    def _finding(view: View, start: int, end: int, canonical: str, score: float, context: int = 0) -> Finding:
        own = canonical in view.organisation.postcodes
        district = "district in use" if score > 0.1 else "no district in use"
        evidence = [Evidence(EvidenceKind.GAZETTEER, district)]
        if context > 0:
            evidence.append(Evidence(EvidenceKind.CONTEXT, "address words or label"))
        elif context < 0:
            evidence.append(Evidence(EvidenceKind.COUNTER, "words of rooms, things or courses"))
        score = max(score, 0.6) if own else score
        return Finding("UK_POSTCODE", start, end, score, "postcode", tuple(evidence), "own" if own else "")
