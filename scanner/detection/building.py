"""Builds a detector from settings: which recognisers run, in which stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rules.bank import load_bank_rule
from rules.loader import Identifiers, RuleError, load_identifiers
from scanner.detection.context import ContextPhrases
from scanner.detection.detector import Detector
from scanner.detection.language.ensemble import EnsembleRecogniser
from scanner.detection.language.pipeline import NONE, LanguageModel
from scanner.detection.recognisers.addresses import AddressRecogniser
from scanner.detection.recognisers.bank import BankRecogniser, bank_phrases
from scanner.detection.recognisers.birth_dates import BirthDateRecogniser
from scanner.detection.recognisers.child_flags import ChildFlagRecogniser
from scanner.detection.recognisers.contacts import EmailRecogniser, PhoneRecogniser
from scanner.detection.recognisers.grammar import IdentifierRecogniser, identifier_phrases
from scanner.detection.recognisers.names import NameRecogniser
from scanner.detection.recognisers.names.lexicon import Lexicon
from scanner.detection.recognisers.postcodes import PostcodeRecogniser
from scanner.detection.recognisers.returns import ReturnRecogniser
from scanner.detection.recognisers.special_category import SpecialCategoryRecogniser
from scanner.detection.recognisers.topics import TopicRecogniser
from scanner.detection.settings import DetectionSettings
from scanner.detection.view import Recogniser


def pack_files(packs: tuple[Path, ...]) -> list[Path]:
    """The YAML files that the configured packs name; raises ``RuleError`` for what does not exist."""
    files: list[Path] = []
    for pack in packs:
        if pack.is_dir():
            files += sorted([*pack.glob("*.yaml"), *pack.glob("*.yml")])
        elif pack.is_file():
            files.append(pack)
        else:
            raise RuleError(f"{pack}: no such rule pack; correct `rules.packs` in the configuration")
    return files


def identifiers_of(settings: DetectionSettings) -> Identifiers:
    """The identifier rules in force: shipped and own, without those switched off."""
    identifiers = load_identifiers(pack_files(settings.packs))
    known = {rule.id for rule in identifiers.rules}
    if unknown := sorted(settings.disabled - known):
        raise RuleError(f"rules.disable names {unknown[0]!r}, which is no rule; see: dlp rules list")
    return replace(identifiers, rules=tuple(r for r in identifiers.rules if r.id not in settings.disabled))


def build_detector(settings: DetectionSettings | None = None) -> Detector:
    """A detector with all shipped recognisers, a council's own rules and further Presidio recognisers.

    Raises ``RuleError`` for a rule pack or a recogniser that cannot be used.
    """
    settings = settings or DetectionSettings()
    identifiers = identifiers_of(settings)
    bank = load_bank_rule()
    tried = tuple(rule for rule in identifiers.rules if rule.stage == "shadow")
    in_force = replace(identifiers, rules=tuple(r for r in identifiers.rules if r.stage != "shadow"))
    first: list[Recogniser] = [
        IdentifierRecogniser(in_force),
        BankRecogniser(),
        PostcodeRecogniser(),
        PhoneRecogniser(),
        EmailRecogniser(),
    ]
    if settings.presidio_recognisers:
        # Presidio takes two seconds to import: only where a site asks for a recogniser of its own.
        from scanner.detection.presidio import load_recognisers

        first += load_recognisers(settings.presidio_recognisers)
    lexicon = Lexicon()
    names: Recogniser = (
        NameRecogniser(lexicon) if settings.language_model in ("", NONE) else _with_model(settings, lexicon)
    )
    return Detector(
        [
            first,
            [BirthDateRecogniser(), AddressRecogniser()],
            [names],
            [ChildFlagRecogniser(), SpecialCategoryRecogniser(), TopicRecogniser(), ReturnRecogniser()],
        ],
        context_phrases=ContextPhrases([*identifier_phrases(identifiers), *bank_phrases(bank)]),
        organisation=settings.organisation,
        allowed=settings.allowed,
        shadow=[IdentifierRecogniser(replace(identifiers, rules=tried))] if tried else [],
    )


def _with_model(settings: DetectionSettings, lexicon: Lexicon) -> Recogniser:
    """The rules for names together with the configured language model."""
    model = LanguageModel(settings.language_model, lexicon=lexicon, full_text=settings.full_text)
    return EnsembleRecogniser(NameRecogniser(lexicon), model, lexicon)
