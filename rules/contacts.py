"""Loads what words say about contact data: role mailboxes and mail providers, the context of postcodes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from rules.loader import RuleError, read_yaml
from rules.schema import Examples, Strict

PACK = Path(__file__).parent / "packs/uk"

_WORDS = re.compile(r"[a-z]+(?:'[a-z]+)?")
_Model = TypeVar("_Model", bound=BaseModel)


class MailboxExamples(Strict):
    """Local parts that must and must not be taken for roles."""

    role: tuple[str, ...]
    not_role: tuple[str, ...]


class Mailboxes(Strict):
    """The vocabulary of role mailboxes and of consumer mail domains."""

    source: str
    role_words: frozenset[str]
    role_endings: tuple[str, ...]
    consumer_domains: frozenset[str]
    examples: MailboxExamples

    def is_role(self, local_part: str) -> bool:
        """Whether a local part names a role or a team, not a person."""
        words = _WORDS.findall(local_part.lower())
        if not words:
            return False
        if len(words) == 1:
            word = words[0]
            return word in self.role_words or any(
                len(word) > len(ending) + 3 and word.endswith(ending) for ending in self.role_endings
            )
        # "mark.head" is a man, "head.teacher" an office: behind another word only a team's word counts.
        return (
            "".join(words) in self.role_words
            or words[0] in self.role_words
            or words[-1] in self.role_endings
            or words[-1] in {"enquiries", "info", "noreply", "mailbox"}
        )


class PostcodeWords(Strict):
    """Words before a code of postcode shape: those of addresses, and those of rooms and things."""

    source: str
    place_words: frozenset[str]
    code_words: frozenset[str]
    examples: Examples


def _load(path: Path, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RuleError(f"{path}: {where}: {first['msg']}") from error


def load_mailboxes(path: Path = PACK / "contacts/mailboxes.yaml") -> Mailboxes:
    """The vocabulary of mail addresses; raises ``RuleError`` where it is not usable."""
    return _load(path, Mailboxes)


def load_postcode_words(path: Path = PACK / "postcodes/context.yaml") -> PostcodeWords:
    """The context words of postcodes; raises ``RuleError`` where they are not usable."""
    return _load(path, PostcodeWords)
