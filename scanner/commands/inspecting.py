"""The inspector, built from the configuration: the wiring that verbs share."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from scanner.commands.exits import fail

# A large table makes a million small values that are all in use: the collector looks seldom.
COLLECTED_AFTER = (50_000, 20, 50)

if TYPE_CHECKING:
    from scanner.configuration import Configuration
    from scanner.inspection import Inspector
    from scanner.shares.replaying.weighing import Judging


def inspector(
    settings: Configuration, key: bytes, *, show_values: bool = False, use: str = "shares"
) -> Inspector:
    """The inspector of a configuration, with its rules loaded, or the program's end with what is wrong."""
    from rules.loader import RuleError
    from scanner.configuration import ConfigurationError
    from scanner.inspection import Inspector

    # The rules are a million objects that live as long as the program: collecting among them finds nothing.
    gc.disable()
    try:
        return Inspector.build(settings.inspection(key, show_values=show_values, use=use))
    except (RuleError, ConfigurationError) as error:
        fail(str(error))
    finally:
        gc.freeze()
        gc.set_threshold(*COLLECTED_AFTER)
        gc.enable()


def judging(settings: Configuration) -> Judging:
    """What a scan judges stored evidence anew by, or the program's end with what is wrong."""
    from rules.loader import RuleError
    from scanner.configuration import ConfigurationError
    from scanner.detection.building import identifiers_of
    from scanner.shares.replaying.weighing import Judging

    try:
        rules = identifiers_of(settings.detection()).rules
        return Judging(settings.judgement.settings(), frozenset(r.id for r in rules if r.stage == "warn"))
    except (RuleError, ConfigurationError) as error:
        fail(str(error))
