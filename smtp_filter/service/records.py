"""What the filter remembers over restarts: what went out, what failed, what is held, who wrote to whom.

Called in threads.  Everything here may raise ``SQLAlchemyError``, ``SealingError`` or ``OSError``: then the
client is told to try again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scanner.documents.mail_headers import Header
from scanner.inspection.model import Exclusions, Inspection
from smtp_filter.message import Message
from smtp_filter.quarantine import HoldReference, Quarantine
from smtp_filter.quarantine.contacts import Sent, StoredContacts
from smtp_filter.quarantine.exclusions import ExclusionBook
from smtp_filter.quarantine.head import read_head
from smtp_filter.quarantine.journal import Journal
from smtp_filter.quarantine.releasing import passed_before
from smtp_filter.quarantine.telling import Passing, tell_of_passing
from smtp_filter.verdict import RouteKind, Verdict
from smtp_filter.verdict.addresses import Address, read_address
from smtp_filter.verdict.mailboxes import mailboxes

_NAMED = frozenset({"to", "cc"})
# People who are learned from one message: a list of hundreds is no acquaintance.
_LEARNED = 50


class Records:
    """The records in the quarantine's database."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine
        self._journal = Journal(quarantine)
        self._exclusions = ExclusionBook(quarantine)
        self.contacts = StoredContacts(quarantine)
        """Who wrote to whom before."""

    def earlier_reply(self, fingerprint: str) -> str | None:
        """The next hop's reply to the same message, when it went out lately."""
        return self._journal.earlier_reply(fingerprint)

    def note_relayed(self, some: Sequence[tuple[str, str]]) -> None:
        """The next hop took these messages: fingerprint and reply."""
        self._journal.relayed_all(some)

    def note_contacts(self, some: Sequence[Sent]) -> None:
        """Count these messages for their senders and recipients."""
        self.contacts.record(some)

    def note_failure(self, fingerprint: str) -> int:
        """One more examination of it failed; how many that makes."""
        return self._journal.attempt(fingerprint)

    def hold(
        self,
        message: Message,
        inspection: Inspection,
        verdict: Verdict,
        *,
        department: str,
        fingerprint: str,
    ) -> HoldReference:
        """Hold it; durable when this returns.  Raises ``NoRoomError``."""
        return self._quarantine.hold(
            message, inspection, verdict, department=department, fingerprint=fingerprint
        )

    def tell(
        self,
        message: Message,
        fingerprint: str,
        verdict: Verdict,
        counts: Mapping[str, int],
        *,
        delivered: bool,
    ) -> None:
        """Tell whom the policy names of a message that was delivered or returned."""
        head = read_head(message.content)
        passing = Passing(
            key=fingerprint[:40],
            reference=message.queue_id,
            delivered=delivered,
            sender=message.envelope.sender,
            recipients=tuple(one.address for one in message.envelope.recipients),
            thread=head.message_id,
            to_sender=self._quarantine.may_write_to_sender(message, head),
            counts=counts,
            verdict=verdict,
            held=message.received,
        )
        tell_of_passing(self._quarantine, passing, message.received)

    def exclusions(self, message: Message) -> Exclusions | None:
        """What people decided does not count in it."""
        return self._exclusions.counting_out(message)

    def is_our_own(self, message: Message) -> bool:
        """Whether it is a release or a notice of ours, by its mark."""
        return passed_before(self._quarantine, message) is not None


def acquaintance(message: Message, headers: Sequence[Header], verdict: Verdict) -> Sent | None:
    """Whom a delivered message makes known: its outside recipients, with the names it gives them."""
    sender = read_address(message.envelope.sender)
    outside = [one.address for one in verdict.recipients if one.route is not RouteKind.INSIDE]
    if sender.fault or not sender.domain or not outside or len(outside) > _LEARNED:
        return None
    names: dict[str, str] = {}
    for name, value in headers:
        if name.lower() in _NAMED:
            for mailbox in mailboxes(value, _LEARNED):
                names.setdefault(mailbox.address.key, mailbox.name)
    addresses: list[Address] = [address for one in outside if not (address := read_address(one)).fault]
    return Sent(sender, tuple((address, names.get(address.key, "")) for address in addresses))
