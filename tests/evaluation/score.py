"""Scores a detector on the labelled set: ``python -m tests.evaluation.score`` is what ``make eval`` runs.

A detector is anything that reads lines ``{"id", "text"}`` and writes lines ``{"id", "spans", "severity",
"people"}`` (``dlp detect --jsonl`` by default), or a Python callable from text to such a mapping.

*Strict* wants type and both ends right; *overlap* wants the type right and at least one character in common.
Predictions below the reporting threshold do not count.  A prediction that touches a place marked as of no
account for its type is neither right nor wrong.  Misses can be shown for the development split only: the
held-out documents stay useful as long as nobody looks at their errors.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .corpus import SEVERITIES, SPLITS, EvaluationDocument, Span, load

REPORTED = 0.40  # the band from which a finding is reported, see the rules' reference
CORE_TYPES = (
    "PERSON",
    "UK_NINO",
    "UK_NHS",
    "UK_CHI",
    "UK_UPN",
    "UK_UTR",
    "UK_PASSPORT",
    "UK_DRIVING_LICENCE",
    "IBAN",
    "CREDIT_CARD",
    "UK_BANK_ACCOUNT",
    "UK_VEHICLE_REGISTRATION",
    "UK_POSTCODE",
    "UK_ADDRESS",
    "PHONE",
    "EMAIL",
    "DATE_OF_BIRTH",
    "CHILD_FLAG",
    "SPECIAL_CATEGORY",
)
# Names of one thing: authors and packs call some further identifiers differently.
_ALSO_KNOWN_AS = {
    "UK_CRO": "UK_CRO_NUMBER",
    "UK_PROBATION_NUMBER": "UK_PROBATION_CRN",
    "UK_COUNCIL_TAX_ACCOUNT": "UK_CASE_ID",
    "UK_BENEFIT_REFERENCE": "UK_CASE_ID",
}
_SENSITIVE = SEVERITIES.index("medium")

Prediction = Mapping[str, Any]
Detector = Callable[[str], Prediction]


@dataclass(slots=True)
class Tally:
    """Counts of one entity type under one way of matching."""

    hits_of_gold: int = 0
    gold: int = 0
    hits_of_predicted: int = 0
    predicted: int = 0

    @property
    def precision(self) -> float | None:
        return self.hits_of_predicted / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.hits_of_gold / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean; None where nothing was there to find and nothing was found."""
        if not self.gold and not self.predicted:
            return None
        precision, recall = self.precision or 0.0, self.recall or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def add(self, other: Tally) -> None:
        self.hits_of_gold += other.hits_of_gold
        self.gold += other.gold
        self.hits_of_predicted += other.hits_of_predicted
        self.predicted += other.predicted

    def as_dict(self) -> dict[str, float | int | None]:
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "gold": self.gold,
            "predicted": self.predicted,
        }


@dataclass(frozen=True, slots=True)
class Error:
    """One thing a detector got wrong, for people to read."""

    document: str
    sort: str
    detail: str


@dataclass(slots=True)
class Score:
    """Everything measured over a set of documents."""

    documents: int = 0
    strict: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    overlap: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    confusion: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    hard_negatives: int = 0
    false_alarms: int = 0
    people_asked: int = 0
    people_right: int = 0
    people_near: int = 0
    errors: list[Error] = field(default_factory=list)

    def total(self, way: Mapping[str, Tally], core: bool = True) -> Tally:
        """The micro-average over the core types (or the further ones)."""
        total = Tally()
        for entity_type, tally in way.items():
            if (entity_type in CORE_TYPES) is core:
                total.add(tally)
        return total

    def severity_exact(self) -> float:
        return _ratio(sum(n for (want, got), n in self.confusion.items() if want == got), self.documents)

    def sensitive(self) -> Tally:
        """Sensitive (medium and above) against not sensitive, documents as the unit."""
        tally = Tally()
        for (want, got), count in self.confusion.items():
            wanted, found = SEVERITIES.index(want) >= _SENSITIVE, SEVERITIES.index(got) >= _SENSITIVE
            tally.gold += count * wanted
            tally.predicted += count * found
            tally.hits_of_gold += count * (wanted and found)
            tally.hits_of_predicted += count * (wanted and found)
        return tally

    def as_dict(self) -> dict[str, Any]:
        """The machine-readable form."""
        types = sorted(set(self.strict) | set(self.overlap), key=_type_order)
        return {
            "documents": self.documents,
            "types": {
                t: {"strict": self.strict[t].as_dict(), "overlap": self.overlap[t].as_dict()} for t in types
            },
            "all_core_types": {
                "strict": self.total(self.strict).as_dict(),
                "overlap": self.total(self.overlap).as_dict(),
            },
            "severity": {
                "exact": self.severity_exact(),
                "confusion": {f"{want}->{got}": n for (want, got), n in sorted(self.confusion.items())},
                "sensitive": self.sensitive().as_dict(),
            },
            "hard_negatives": {
                "documents": self.hard_negatives,
                "false_alarms": self.false_alarms,
                "rate": _ratio(self.false_alarms, self.hard_negatives),
            },
            "people": {
                "documents": self.people_asked,
                "right": _ratio(self.people_right, self.people_asked),
                "within_one_or_a_tenth": _ratio(self.people_near, self.people_asked),
            },
        }


def score(
    documents: Iterable[EvaluationDocument],
    predictions: Mapping[str, Prediction],
    threshold: float = REPORTED,
) -> Score:
    """Measures predictions by document id; a document without one counts as "nothing found"."""
    result = Score()
    for document in documents:
        prediction = predictions.get(document.id, {})
        result.documents += 1
        _score_spans(result, document, _predicted_spans(prediction, threshold))
        _score_severity(result, document, str(prediction.get("severity", "none")))
        _score_people(result, document, prediction.get("people"))
    return result


def _predicted_spans(prediction: Prediction, threshold: float) -> list[Span]:
    spans = {
        Span(s["type"], s["start"], s["end"])
        for s in prediction.get("spans", ())
        if s.get("confidence", 1.0) >= threshold
    }
    return sorted(spans, key=lambda s: (s.start, s.end, s.type))


def _named_alike(spans: Iterable[Span]) -> list[Span]:
    return [Span(_ALSO_KNOWN_AS.get(s.type, s.type), s.start, s.end) for s in spans]


def _score_spans(result: Score, document: EvaluationDocument, predicted: Sequence[Span]) -> None:
    labelled, predicted, of_no_account = map(_named_alike, (document.spans, predicted, document.ignored))
    gold_exact = set(labelled)
    for entity_type in {s.type for s in labelled} | {s.type for s in predicted}:
        gold = [s for s in labelled if s.type == entity_type]
        found = [s for s in predicted if s.type == entity_type]
        ignored = [s for s in of_no_account if s.type == entity_type]
        counted = [p for p in found if _touches(p, gold) or not _touches(p, ignored)]
        found_exact = set(counted)
        exact = len(gold_exact & found_exact)
        result.strict[entity_type].add(Tally(exact, len(gold), exact, len(counted)))
        result.overlap[entity_type].add(
            Tally(
                sum(_touches(g, counted) for g in gold),
                len(gold),
                sum(_touches(p, gold) for p in counted),
                len(counted),
            )
        )
        for span in gold:
            if span not in found_exact:
                sort = "missed" if not _touches(span, counted) else "wrong ends"
                got = "; ".join(repr(document.text[p.start : p.end]) for p in counted if _touches(span, [p]))
                detail = f"{entity_type} {_shown(document, span)}" + (f" got {got}" if got else "")
                result.errors.append(Error(document.id, sort, detail))
        for span in counted:
            if not _touches(span, gold):
                result.errors.append(
                    Error(document.id, "false alarm", f"{entity_type} {_shown(document, span)}")
                )


def _touches(span: Span, others: Iterable[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def _shown(document: EvaluationDocument, span: Span) -> str:
    before = document.text[max(0, span.start - 40) : span.start]
    value = document.text[span.start : span.end]
    after = document.text[span.end : span.end + 30]
    return f"{value!r} in {before}»{value}«{after}".replace("\n", "⏎")


def _score_severity(result: Score, document: EvaluationDocument, severity: str) -> None:
    if severity not in SEVERITIES:
        raise ValueError(f"{document.id}: severity {severity!r} is not one of {', '.join(SEVERITIES)}")
    result.confusion[document.severity, severity] += 1
    if document.hard_negative:
        result.hard_negatives += 1
        result.false_alarms += SEVERITIES.index(severity) >= _SENSITIVE
    if severity != document.severity:
        result.errors.append(
            Error(
                document.id, "severity", f"{document.severity} expected, {severity} given ({document.genre})"
            )
        )


def _score_people(result: Score, document: EvaluationDocument, people: Any) -> None:
    """Right when the interval given holds the number of private people, or of all people named."""
    if document.people is None or people is None:
        return
    low, high = _interval(people)
    wanted = {document.people, document.people + (document.staff or 0)}
    result.people_asked += 1
    right = any(low <= want <= high for want in wanted)
    near = any(low - max(1, want // 10) <= want <= high + max(1, want // 10) for want in wanted)
    result.people_right += right
    result.people_near += near
    if not right:
        result.errors.append(
            Error(document.id, "people", f"{sorted(wanted)} expected, {low} to {high} given")
        )


def _interval(people: Any) -> tuple[int, int]:
    if isinstance(people, Mapping):
        return int(people["low"]), int(people["high"])
    if isinstance(people, Sequence):
        return int(people[0]), int(people[-1])
    return int(people), int(people)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _type_order(entity_type: str) -> tuple[int, str]:
    return (CORE_TYPES.index(entity_type) if entity_type in CORE_TYPES else len(CORE_TYPES)), entity_type


def run_command(command: str, documents: Sequence[EvaluationDocument]) -> dict[str, Prediction]:
    """Predictions of a program that reads and writes JSON lines; raises CalledProcessError when it fails."""
    lines = "".join(json.dumps({"id": d.id, "text": d.text}, ensure_ascii=False) + "\n" for d in documents)
    done = subprocess.run(shlex.split(command), input=lines, capture_output=True, text=True, check=True)
    return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}


def run_callable(detector: Detector, documents: Sequence[EvaluationDocument]) -> dict[str, Prediction]:
    """Predictions of a Python callable from text to ``{"spans", "severity", "people"}``."""
    return {document.id: detector(document.text) for document in documents}


def _named_callable(name: str) -> Detector:
    module, _, attribute = name.partition(":")
    detector: Detector = getattr(importlib.import_module(module), attribute)
    return detector


def report(title: str, result: Score) -> str:
    """The tables people read."""
    lines = [f"== {title}: {result.documents} documents", ""]
    lines.append(f"{'entity type':<28}{'gold':>6}{'found':>7}   strict P / R / F1      overlap P / R / F1")
    types = sorted(set(result.strict) | set(result.overlap), key=_type_order)
    for entity_type in types:
        lines.append(_row(entity_type, result.strict[entity_type], result.overlap[entity_type]))
    lines.append(_row("all core types", result.total(result.strict), result.total(result.overlap)))
    lines.append(
        _row("further types", result.total(result.strict, False), result.total(result.overlap, False))
    )
    lines += [
        "",
        "severity (rows: expected, columns: given)",
        " " * 10 + "".join(f"{s:>10}" for s in SEVERITIES),
    ]
    for want in SEVERITIES:
        lines.append(
            f"{want:<10}" + "".join(f"{result.confusion.get((want, got), 0):>10}" for got in SEVERITIES)
        )
    sensitive = result.sensitive()
    lines += [
        "",
        f"severity exactly right      {result.severity_exact():.3f}",
        f"sensitive or not            precision {_figure(sensitive.precision)}"
        f"  recall {_figure(sensitive.recall)}",
        f"false alarms, hard negatives {result.false_alarms} of {result.hard_negatives}"
        f" ({_ratio(result.false_alarms, result.hard_negatives):.3f})",
        f"people counted right        {_ratio(result.people_right, result.people_asked):.3f}"
        f" of {result.people_asked} (near: {_ratio(result.people_near, result.people_asked):.3f})",
    ]
    return "\n".join(lines)


def _row(name: str, strict: Tally, overlap: Tally) -> str:
    def figures(tally: Tally) -> str:
        return " ".join(f"{_figure(value):>6}" for value in (tally.precision, tally.recall, tally.f1))

    return f"{name:<28}{strict.gold:>6}{strict.predicted:>7}   {figures(strict)}   {figures(overlap)}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the detector over the set and prints the measures; 2 on wrong use, 1 when the detector fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation.score", description=__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--command", default="dlp detect --jsonl", help="program to measure (default: %(default)s)"
    )
    source.add_argument("--callable", help="Python callable to measure instead, as package.module:name")
    parser.add_argument("--split", choices=("all", *SPLITS), default="all")
    parser.add_argument("--threshold", type=float, default=REPORTED, help="least confidence that counts")
    parser.add_argument("--show", action="store_true", help="list what went wrong (development split)")
    parser.add_argument("--only", help="with --show: this document id, or this entity type or sort of error")
    parser.add_argument(
        "--i-am-not-tuning", action="store_true", help="let --show list held-out documents too: spoils them"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args(arguments)
    if options.show and options.split.startswith("held-out") and not options.i_am_not_tuning:
        print(
            "held-out errors are not shown: whoever reads them tunes to them (--i-am-not-tuning)",
            file=sys.stderr,
        )
        return 2

    documents = load()
    parts = SPLITS if options.split == "all" else (options.split,)
    wanted = [document for document in documents if document.split in parts]
    try:
        if options.callable:
            predictions = run_callable(_named_callable(options.callable), wanted)
        else:
            predictions = run_command(options.command, wanted)
    except (OSError, subprocess.CalledProcessError) as failure:
        detail = failure.stderr[-2000:] if isinstance(failure, subprocess.CalledProcessError) else failure
        print(f"the detector failed: {detail}", file=sys.stderr)
        return 1

    titles = [*parts, "all"] if len(parts) > 1 else list(parts)
    results = {
        title: score((d for d in wanted if title in ("all", d.split)), predictions, options.threshold)
        for title in titles
    }
    if options.json:
        print(json.dumps({title: result.as_dict() for title, result in results.items()}, indent=2))
    else:
        print("\n\n".join(report(title, result) for title, result in results.items()))
    if options.show:
        shown = results.get("all" if options.i_am_not_tuning and "all" in results else parts[0])
        _show(shown.errors if shown else [], options.only)
    return 0


def _show(errors: Iterable[Error], only: str | None) -> None:
    for error in errors:
        if only is None or only in (error.document, error.sort) or error.detail.startswith(only + " "):
            print(f"{error.document:<8} {error.sort:<12} {error.detail}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
