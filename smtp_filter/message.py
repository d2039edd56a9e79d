"""A message on its way through the relay: the envelope as written, the exact bytes, who handed it over."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from scanner.documents.protocol import PositionalFile


@dataclass(frozen=True, slots=True)
class Recipient:
    """One envelope recipient: the address as written, without angle brackets, its DSN wishes (RFC 3461)."""

    address: str
    notify: str = ""
    orcpt: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the client said before DATA.

    ``sender`` is the address as written, empty for the null sender ``<>``.  ``body`` is ``7BIT``,
    ``8BITMIME`` or empty; ``ret`` and ``envid`` are the DSN parameters of MAIL in the client's own spelling
    (xtext stays).
    """

    sender: str
    recipients: tuple[Recipient, ...]
    body: str = ""
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """Who handed the message over: the peer, and what an allowed one told of its own client (XFORWARD)."""

    address: str
    port: int = 0
    helo: str = ""
    tls: str = ""
    certificate: str = ""
    xforward: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a message with CRLF line ends and without dot-stuffing: in memory, or in an unlinked file.

    Exactly one of ``data`` and ``descriptor`` is set; its owner closes a descriptor.  ``size`` is in bytes;
    ``start`` is where in the file it begins.
    """

    size: int
    data: bytes | None = None
    descriptor: int | None = None
    start: int = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> Content:
        """Bytes in memory."""
        return cls(len(data), data=data)

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Content:
        """A seekable file, read by position; raises ``OSError`` when it cannot be examined."""
        return cls(os.fstat(descriptor).st_size, descriptor=descriptor)

    def behind(self, count: int) -> Content:
        """The same without its first ``count`` bytes."""
        if self.data is not None:
            return Content.from_bytes(self.data[count:])
        return Content(self.size - count, descriptor=self.descriptor, start=self.start + count)

    def open(self) -> BinaryIO:
        """A new independent reader at the start."""
        if self.data is not None:
            return io.BytesIO(self.data)
        assert self.descriptor is not None
        file = PositionalFile(self.descriptor)
        file.seek(self.start)
        return io.BufferedReader(file, 1 << 16)


@dataclass(frozen=True, slots=True)
class Message:
    """One transaction: envelope, bytes, client; ``received`` is in seconds since 1970.

    What the relay saw while reading: ``hops`` counts the ``Received:`` lines, ``looped`` says that one is
    our own, ``bare_line_ends`` counts lone CR and LF that were made CRLF, ``longest_line`` is in bytes
    without its end. ``per_recipient`` says that the client takes one answer for each recipient (LMTP).
    """

    envelope: Envelope
    content: Content
    client: Client
    received: float
    queue_id: str
    hops: int = 0
    looped: bool = False
    bare_line_ends: int = 0
    longest_line: int = 0
    per_recipient: bool = False

    def fingerprint(self) -> str:
        """SHA-256 over sender, sorted recipients and raw bytes: equal means the same queue item.

        A retry resends the same bytes, so this tells a retry from a second message (``mail_filtering`` 2.7).
        """
        digest = hashlib.sha256()
        for address in (self.envelope.sender, *sorted(one.address for one in self.envelope.recipients)):
            digest.update(address.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(b"\0")
        with self.content.open() as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand the same bytes to a next hop: ``route`` names it (``default``, ``secure``, ``gateway``).

    ``headers`` are put on top, below our ``Received:`` line, ``subject_tag`` before the subject (where the
    policy asks for it and nothing is signed); nothing else is changed. ``refused`` answers some recipients
    by themselves, who then get nothing; only for a message that is ``per_recipient``.
    """

    route: str = "default"
    headers: tuple[tuple[str, str], ...] = ()
    subject_tag: str = ""
    refused: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """End the transaction with a reply of our own: held (250), refused by policy (550), try again (451, 452).

    ``text`` is ASCII, begins with the enhanced status code and holds no value and no reason.
    """

    code: int
    text: str


class MessageFilter(Protocol):
    """Whoever decides about a message; the relay only obeys."""

    async def examine(self, message: Message) -> Deliver | Answer:
        """Decide.  An exception becomes ``451 4.3.0``; nothing of it reaches the wire.

        Runs to its end even when the client is gone or has been answered ``451`` meanwhile (a commit is never
        torn), so it must keep a deadline of its own.  The content is open as long as it runs.
        """
        ...

    async def relayed(self, message: Message, reply: str) -> None:
        """The next hop took it; called before our own 250 (the journal of ``mail_filtering`` 2.7)."""
        ...
