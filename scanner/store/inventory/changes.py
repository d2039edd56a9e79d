"""What a change of rules can do to verdicts: nothing, only take findings away, or bring new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from rules.flags import PhrasePack, PhraseRule
from rules.loader import Identifiers
from rules.schema import Form, IdentifierRule
from scanner.store.inventory.rule_book import RuleBook


class Effect(Enum):
    """What can be different in a file after the change of one rule."""

    NOTHING = "nothing"  # words for people, examples
    REMOVED = "removed"  # what the rule found is not there any more
    STAGE = "stage"  # what it finds counts in another way
    FEWER = "fewer"  # only where it found something, and there less or with less confidence
    MORE = "more"  # wherever there is text


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule's change.  ``why`` says in a few words what makes it have this effect.

    ``tries``: it is tried for the first time as it is now; verdicts stand, its trial needs the text.
    """

    rule: str
    effect: Effect
    why: str
    stages: tuple[str, str] = ("", "")
    tries: bool = False

    @property
    def needs_text(self) -> bool:
        """Whether what it makes of a file is not to be told from what was found there."""
        return self.tries or self.effect is Effect.MORE


def compare_books(before: RuleBook, after: RuleBook) -> list[RuleChange]:
    """How the rules differ, identifiers and vocabularies, rule by rule; what is equal is not told."""
    changes = compare(before.identifiers, after.identifiers)
    for name in sorted({*before.vocabularies, *after.vocabularies}):
        old, new = before.vocabularies.get(name), after.vocabularies.get(name)
        if old is None or new is None:
            changes.append(RuleChange(name, Effect.MORE, "a vocabulary that was not known"))
        elif old != new:
            changes += compare_vocabularies(old, new)
    return changes


def compare(before: Identifiers, after: Identifiers) -> list[RuleChange]:
    """How two sets of rules differ, rule by rule; what is equal is not told."""
    old, new = _by_id(before.rules), _by_id(after.rules)
    changes = [RuleChange(name, Effect.REMOVED, "the rule is gone") for name in old if name not in new]
    for name, rule in new.items():
        if name not in old:
            if rule.stage == "shadow":
                changes.append(RuleChange(name, Effect.NOTHING, "a new rule that is only tried", tries=True))
            else:
                changes.append(RuleChange(name, Effect.MORE, "a new rule"))
        elif (name in before.own) != (name in after.own):
            changes.append(RuleChange(name, Effect.MORE, "shipped with the program, and a rule of your own"))
        elif old[name] != rule:
            changes.append(_changed(old[name], rule))
    gained, lost = set(after.counter) - set(before.counter), set(before.counter) - set(after.counter)
    if lost:
        changes.append(RuleChange("*", Effect.MORE, "labels no longer speak against every identifier"))
    elif gained:
        changes.append(RuleChange("*", Effect.FEWER, "more labels speak against every identifier"))
    return sorted(changes, key=lambda change: change.rule)


def _by_id(rules: Iterable[IdentifierRule]) -> Mapping[str, IdentifierRule]:
    return {rule.id: rule for rule in rules}


def _changed(old: IdentifierRule, new: IdentifierRule) -> RuleChange:
    only_stage = old.model_copy(
        update={"stage": new.stage, "title": new.title, "source": new.source, "examples": new.examples}
    )
    if only_stage == new:
        if old.stage == new.stage:
            return RuleChange(new.id, Effect.NOTHING, "only its words and examples")
        return RuleChange(new.id, Effect.STAGE, f"{old.stage} to {new.stage}", (old.stage, new.stage))
    if "shadow" in (old.stage, new.stage):
        if new.stage == "shadow":
            # What it finds from now on counts for nothing, whatever it is.
            what = Effect.NOTHING if old.stage == "shadow" else Effect.REMOVED
            return RuleChange(new.id, what, "changed, and only tried", tries=True)
        return RuleChange(new.id, Effect.MORE, "changed, and no longer only tried")
    if old.stage != new.stage:
        return RuleChange(new.id, Effect.MORE, "changed together with its stage")
    if old.family or new.family:
        return RuleChange(new.id, Effect.MORE, "decided together with its family")
    widening = [what for what, wider in _widenings(old, new) if wider]
    if widening:
        return RuleChange(new.id, Effect.MORE, ", ".join(widening))
    return RuleChange(new.id, Effect.FEWER, "only narrower")


def _widenings(old: IdentifierRule, new: IdentifierRule) -> Iterable[tuple[str, bool]]:
    """What of a change can make a rule find what it did not."""
    yield "another entity", old.entity != new.entity
    yield "fewer specimens", not old.specimens <= new.specimens
    yield "fewer counter phrases", not set(old.counter) <= set(new.counter)
    yield "more context phrases", not set(new.context) <= set(old.context)
    yield "of organisations too", new.of_organisations and not old.of_organisations
    yield "other repairs", new.ocr != old.ocr and new.ocr is not None
    forms = {form.id: form for form in old.forms}
    yield "a new or wider form", not all(_narrower(forms.get(form.id), form) for form in new.forms)
    # Forms are tried in their order.
    kept = [form.id for form in old.forms if form.id in {one.id for one in new.forms}]
    yield "forms in another order", kept != [form.id for form in new.forms if form.id in forms]


def _narrower(old: Form | None, new: Form) -> bool:
    if old is None or (old.pattern, old.check, old.take) != (new.pattern, new.check, new.take):
        return False
    if old.check_fails != new.check_fails and new.check_fails != "drop":
        return False
    if old.near != new.near and new.near != "label":
        return False
    if old.case != new.case and new.case != "upper":
        return False
    ours, theirs = old.scores, new.scores
    return all(
        getattr(theirs, name) <= getattr(ours, name) for name in ("alone", "checked", "context", "both")
    )


# --- vocabularies -------------------------------------------------------------------------------------------

# What of a phrase rule says how bad it is, and nothing of what is found.
_UNFOUND = ("source", "examples", "severity")
# Fewer of these find less; more of those find less.
_FINDING = ("phrases", "exact", "patterns", "labels", "anchors")
_HINDERING = ("counter", "not_before")


def compare_vocabularies(before: PhrasePack, after: PhrasePack) -> list[RuleChange]:
    """How two versions of one vocabulary differ, rule by rule."""
    old, new = _effective(before), _effective(after)
    changes = [RuleChange(name, Effect.REMOVED, "the rule is gone") for name in old if name not in new]
    for name, rule in new.items():
        if name not in old:
            changes.append(RuleChange(name, Effect.MORE, "a new rule"))
        elif old[name] != rule:
            changes.append(_phrases_changed(old[name], rule))
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        changes.append(RuleChange(after.pack, Effect.MORE, "rules in another order"))
    return sorted(changes, key=lambda change: change.rule)


def _effective(pack: PhrasePack) -> dict[str, PhraseRule]:
    """The rules with what the pack says for all of them."""
    return {
        rule.id: rule.model_copy(
            update={
                "anchors": (*pack.anchors, *rule.anchors),
                "not_before": (*pack.not_before, *rule.not_before),
            }
        )
        for rule in pack.rules
    }


def _phrases_changed(old: PhraseRule, new: PhraseRule) -> RuleChange:
    unfound = {name: getattr(new, name) for name in _UNFOUND}
    if old.model_copy(update=unfound) == new:
        return RuleChange(new.id, Effect.NOTHING, "only its words, examples and severity")
    lists = {name: getattr(new, name) for name in (*_FINDING, *_HINDERING)}
    if old.model_copy(update={**unfound, **lists}) != new:
        return RuleChange(new.id, Effect.MORE, "weighed in another way")
    if wider := [name for name in _FINDING if not set(getattr(new, name)) <= set(getattr(old, name))]:
        return RuleChange(new.id, Effect.MORE, f"more {', '.join(wider)}")
    # A list that is empty asks for nothing.
    if old.anchors and not new.anchors:
        return RuleChange(new.id, Effect.MORE, "no anchors")
    if missing := [n for n in _HINDERING if not set(getattr(old, n)) <= set(getattr(new, n))]:
        return RuleChange(new.id, Effect.MORE, f"fewer {', '.join(missing).replace('_', ' ')}")
    return RuleChange(new.id, Effect.FEWER, "only narrower")
