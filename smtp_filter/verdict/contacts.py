"""Who writes to whom how often: the questions that misdirection rules ask, and an answerer in memory.

Nothing is kept in clear: an owner (a sender, or the council as a whole) and a subject (an address, a domain,
a name) are one keyed hash.  Counts fade with a half-life of 90 days (``mail_filtering`` section 9).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import Protocol

from smtp_filter.verdict.addresses import Address

HALF_LIFE_DAYS = 90.0
COUNCIL = ""
# From this many messages (faded) on somebody is a frequent contact.
FREQUENT = 3.0
# Below this a contact is as good as forgotten.
KNOWN = 0.05
_DAY = 86_400.0


class ContactHistory(Protocol):
    """What was sent to whom before.

    ``owner`` is a sender's address in canonical form (``Address.key``) or ``COUNCIL`` for everybody together.
    """

    def strengths(self, owner: str, subjects: Sequence[str]) -> Sequence[float]:
        """The faded number of messages of ``owner`` to each of ``subjects``, in their order."""
        ...

    def established(self) -> bool:
        """Whether there is enough history for "never before" to mean something."""
        ...


def address_subject(address: Address) -> str:
    """The subject for one mailbox."""
    return f"address:{address.key}"


def domain_subject(domain: str) -> str:
    """The subject for a whole domain."""
    return f"domain:{domain}"


def near_subjects(domain: str) -> list[str]:
    """The subjects under which domains a letter away meet: the domain and all forms with one letter left out.

    Two domains that are one edit apart have at least one of them in common.
    """
    forms = [domain, *(domain[:i] + domain[i + 1 :] for i in range(len(domain)))]
    return [f"near:{form}" for form in dict.fromkeys(forms)]


def name_subject(name: str) -> str:
    """The subject for a display name, whatever the order of its words and its punctuation."""
    words = sorted("".join(c if c.isalnum() else " " for c in name.casefold()).split())
    return f"name:{' '.join(words)}" if words else ""


def subjects_of(address: Address, name: str) -> list[str]:
    """All subjects that a message to one recipient counts for."""
    named = name_subject(name)
    return [
        address_subject(address),
        domain_subject(address.domain),
        *near_subjects(address.domain),
        *([named] if named else []),
    ]


def hashed(key: bytes, owner: str, subject: str) -> str:
    """The keyed hash of an owner and a subject: what a store keeps in place of both."""
    digest = hashlib.blake2b(f"{owner}\0{subject}".encode(), key=key[:64], digest_size=16)
    return digest.hexdigest()


def faded(count: float, seconds: float) -> float:
    """A count after so many seconds."""
    return count * math.exp2(-max(0.0, seconds) / (HALF_LIFE_DAYS * _DAY))


class MemoryContacts:
    """A history in memory: for tests, and for `dlp rules test-mail` runs over many messages in order."""

    def __init__(self, key: bytes, established_after: int = 100) -> None:
        self._key = key
        self._established_after = established_after
        self._messages = 0
        self._counts: dict[str, tuple[float, float]] = {}
        self.now = 0.0

    def record(self, sender: Address, recipients: Iterable[tuple[Address, str]], now: float) -> None:
        """Count a delivered message to ``recipients`` (address, display name) at ``now`` (seconds)."""
        self.now = now
        self._messages += 1
        for address, name in recipients:
            for owner in (sender.key, COUNCIL):
                for subject in subjects_of(address, name):
                    place = hashed(self._key, owner, subject)
                    count, since = self._counts.get(place, (0.0, now))
                    self._counts[place] = (faded(count, now - since) + 1.0, now)

    def strengths(self, owner: str, subjects: Sequence[str]) -> Sequence[float]:
        """See :class:`ContactHistory`."""
        found = (self._counts.get(hashed(self._key, owner, subject), (0.0, self.now)) for subject in subjects)
        return [faded(count, self.now - since) for count, since in found]

    def established(self) -> bool:
        """See :class:`ContactHistory`."""
        return self._messages >= self._established_after
