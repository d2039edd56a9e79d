"""The words around bank details, as data."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError

from rules.loader import PACKS, RuleError, read_yaml
from rules.schema import Examples, Strict


class BankRule(Strict):
    """Labels of sort codes and account numbers, context, and the words of accounts that are no person's."""

    kind: Literal["bank"]
    source: str
    sort_code: tuple[str, ...]
    account: tuple[str, ...]
    context: tuple[str, ...]
    counter: tuple[str, ...]
    organisation: tuple[str, ...]
    examples: Examples


def load_bank_rule() -> BankRule:
    """The shipped rule; raises ``RuleError``."""
    path = PACKS / "bank.yaml"
    try:
        return BankRule.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise RuleError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
