"""Mailboxes in header fields: display names and addresses, from whatever stands there, in linear time.

The standard library's parsers take seconds for hostile fields (``mail_filtering`` 6.1); this one is a single
pass over characters.  Groups, quoted commas, comments and encoded names are understood; what is none of these
yields what can be made out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.documents.mail_headers import decoded_words
from smtp_filter.verdict.addresses import Address, read_address

# More visible recipients than anybody addresses by hand; the rules' thresholds are in the tens.
MAILBOXES = 20_000
_NAME = 500


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox of a header field: the name as shown, and the address."""

    name: str
    address: Address


def mailboxes(value: str, most: int = MAILBOXES) -> Iterator[Mailbox]:
    """The mailboxes of a raw field value, at most ``most``.

    >>> [(box.name, box.address.key) for box in mailboxes('Us: "Ng, A" <a@x.uk>, b@y.uk (Bo);')]
    [('Ng, A', 'a@x.uk'), ('Bo', 'b@y.uk')]
    """
    if value.replace('\\"', "").count('"') % 2:
        # A quote that nothing closes must not hide all that follows it.
        before, _, after = value.rpartition('"')
        value = before + after
    count = 0
    for item in _items(value):
        if (box := item.mailbox()) is not None:
            yield box
            count += 1
            if count >= most:
                return


class _Item:
    """One item of a list while it is read: words, comment, and what stood in angle brackets."""

    __slots__ = ("angle", "comment", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.comment: list[str] = []
        self.angle: list[str] | None = None

    def mailbox(self) -> Mailbox | None:
        words = "".join(self.words).strip()
        if self.angle is not None:
            written = "".join(self.angle)
            name = words
        else:
            written, name = words, "".join(self.comment)
        if "@" not in written and "@" not in (written := decoded_words(written)):
            return None
        # White space inside an address is folding, or a trick; it is never part of it.
        address = read_address("".join(written.split()))
        return Mailbox(" ".join(decoded_words(name[:_NAME]).split()).strip("\"' "), address)


def _items(value: str) -> Iterator[_Item]:
    """Split at commas, semicolons and a group's colon, where no quotes, comments or brackets hold them."""
    item = _Item()
    depth = 0
    quoted = escaped = False
    for character in value:
        if escaped:
            (item.comment if depth else _target(item)).append(character)
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            if character == '"':
                quoted = False
                _keep_quote(item)
            else:
                _target(item).append(character)
        elif character == "(":
            depth += 1
        elif character == ")" and depth:
            depth -= 1
        elif depth:
            item.comment.append(character)
        elif character == '"':
            quoted = True
            _keep_quote(item)
        elif character == "<":
            item.angle = []
        elif character == ">" and item.angle is not None:
            # What follows the bracket belongs to no address.
            yield item
            item = _Item()
        elif character in ",;" and not (item.angle and item.angle[0] == "@"):
            yield item
            item = _Item()
        elif character == ":" and item.angle is None:
            item = _Item()
        else:
            _target(item).append(character)
    yield item


def _target(item: _Item) -> list[str]:
    return item.words if item.angle is None else item.angle


def _keep_quote(item: _Item) -> None:
    """Quotes belong to a quoted local part, not to a display name."""
    if item.angle is not None:
        item.angle.append('"')
