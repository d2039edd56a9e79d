"""Writes the model card beside the weights: its text from the template, its figures from an evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template

from tools.language_model import sources
from tools.language_model.card import HERE, PROVENANCE
from tools.language_model.evaluate import Table

_MOST_APART = 5.0


def write_card(folder: Path, table: Table, false: Mapping[str, float], speed: str) -> None:
    """Writes ``MODEL_CARD.md`` into the pipeline's folder."""
    facts = json.loads((folder / PROVENANCE).read_text("utf-8"))
    corpus = sources.council_texts(held_out=False) + sources.council_texts(held_out=True)
    best, worst, gap = _communities(table)
    text = Template((HERE / "card_template.md").read_text("utf-8")).substitute(
        facts,
        width=facts["recipe"]["width"],
        distances=", ".join(map(str, facts["recipe"]["distances"])),
        reach=sum(facts["recipe"]["distances"]),
        recipe=", ".join(f"{name} {value}" for name, value in facts["recipe"].items()),
        size=f"{sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()) / 1e6:.1f}",
        corpus_documents=len(corpus),
        corpus_words=sum(len(one.text.split()) for one in corpus),
        figures=_figures(table, false) + "\n\n" + speed,
        best=best,
        worst=worst,
        gap=f"{gap:.1f}",
        verdict=_verdict(gap),
    )
    (folder / "MODEL_CARD.md").write_text(text, "utf-8")


def _figures(table: Table, false: Mapping[str, float]) -> str:
    names = list(next(iter(table.rows.values())))
    lines = []
    for kind in ("PERSON", "ADDRESS"):
        lines += [f"### {kind}: overlap precision / recall / F1 (strict F1)", ""]
        lines += ["| texts | gold | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
        for group, row in table.rows.items():
            gold = max(one.overlap[kind].gold for one in row.values())
            if not gold or (kind == "ADDRESS" and group.startswith("names: ")):
                continue
            cells = []
            for name in names:
                if name not in row:
                    cells.append("-")
                    continue
                tally, strict = row[name].overlap[kind], row[name].strict[kind]
                cells.append(f"{tally.precision:.3f} / {tally.recall:.3f} / {tally.f1:.3f} ({strict.f1:.3f})")
            lines.append(f"| {group} | {gold} | " + " | ".join(cells) + " |")
        lines.append("")
    rates = ", ".join(f"{name} {rate:.1f}" for name, rate in false.items())
    lines.append(f"False people per 10,000 words of the held-out texts that name nobody: {rates}.")
    return "\n".join(lines)


def _communities(table: Table) -> tuple[str, str, float]:
    recalls = {
        group.removeprefix("names: "): row["both"].overlap["PERSON"].recall
        for group, row in table.rows.items()
        if group.startswith("names: ") and "both" in row
    }
    if not recalls:
        return "-", "-", 0.0
    best, worst = max(recalls, key=recalls.__getitem__), min(recalls, key=recalls.__getitem__)
    gap = 100 * (recalls[best] - recalls[worst])
    return f"{best} {recalls[best]:.3f}", f"{worst} {recalls[worst]:.3f}", gap


def _verdict(gap: float) -> str:
    if gap <= _MOST_APART:
        return "No community is more than five points below the best."
    return (
        "That is more than five points. Short names that are also English words or acronyms are lost; more "
        "hand-written text with such names, and longer lists of them, would mend it."
    )
