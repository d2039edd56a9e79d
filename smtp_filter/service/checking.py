"""``dlp relay --check``: everything that the service stands on, looked at once, nothing relayed."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from smtp_filter.delivery import LostError, NextHop, NextHopPool, NextHopTransaction
from smtp_filter.message import Envelope, Recipient
from smtp_filter.quarantine import NoRoomError, Quarantine
from smtp_filter.quarantine.notices import NoticeTemplateError
from smtp_filter.quarantine.posting import notices_of
from smtp_filter.relay import RelaySettings
from smtp_filter.relay.admission import server_context
from smtp_filter.service.examining import examiner
from smtp_filter.service.relay_process import open_quarantine
from smtp_filter.service.settings import ServiceSettings
from smtp_filter.service.supervisor import StartError

# A certificate that ends sooner than this is worth a word.
_SOON_DAYS = 21


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing looked at: what, whether it is right, and one line about it."""

    what: str
    right: bool
    detail: str


async def check_service(settings: ServiceSettings) -> list[Checked]:
    """Look at everything; never raises for what is wrong."""
    found: list[Checked] = []
    for relay in settings.relays:
        found.extend(_listeners(relay))
        found.extend(_certificate(relay))
        found.append(_spool(relay))
    quarantine = await asyncio.to_thread(_quarantine, settings, found)
    for route, hop in settings.next_hops.items():
        found.append(await _next_hop(settings, route, hop))
    if quarantine is not None:
        async for one in _release(settings, quarantine):
            found.append(one)
        quarantine.close()
    found.append(await asyncio.to_thread(_rules, settings))
    return found


def _listeners(relay: RelaySettings) -> Iterator[Checked]:
    for host, port in relay.listen:
        what = f"relay.listen{'_lmtp' if relay.placement == 'lmtp' else ''} {host} port {port}"
        try:
            family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
            yield Checked(what, True, "free")
        except OSError as error:
            if relay_answers(host, port):
                yield Checked(what, True, "in use by a mail program, probably this relay")
            else:
                yield Checked(what, False, (error.strerror or "cannot be used").lower())


def relay_answers(host: str, port: int) -> bool:
    """Whether something that greets like a mail server listens there."""
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            return connection.recv(4) in (b"220 ", b"220-", b"554 ", b"421 ")
    except OSError:
        return False


def _certificate(relay: RelaySettings) -> Iterator[Checked]:
    if relay.tls is None:
        return
    what = "relay.tls_certificate and relay.tls_key"
    try:
        server_context(relay.tls)
        ends = _ends(relay.tls.certificate)
    except (OSError, ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "unreadable"
        yield Checked(what, False, f"cannot be used ({str(reason).lower()})")
        return
    left = (ends - datetime.now(UTC)).days
    if left < 0:
        yield Checked(what, False, f"the certificate ended on {ends:%d %B %Y}")
    else:
        soon = "; renew it" if left < _SOON_DAYS else ""
        yield Checked(what, True, f"good until {ends:%d %B %Y}{soon}")


def _ends(certificate: Path) -> datetime:
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def _spool(relay: RelaySettings) -> Checked:
    folder = relay.spool or Path(tempfile.gettempdir())
    what = f"relay.spool {folder}"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
        facts = os.statvfs(folder)
    except OSError as error:
        return Checked(what, False, (error.strerror or "cannot be used").lower())
    free = facts.f_bavail * facts.f_frsize
    needed = relay.limits.disk_reserve_bytes + 2 * relay.limits.message_bytes
    return Checked(what, free >= needed, f"{free // 1_000_000:,} MB free, {needed // 1_000_000:,} MB needed")


def _quarantine(settings: ServiceSettings, found: list[Checked]) -> Quarantine | None:
    try:
        quarantine = open_quarantine(settings)
    except StartError as error:
        found.append(Checked("storage", False, str(error)))
        return None
    found.append(Checked("storage", True, "database and keys open"))
    try:
        quarantine.check_room(2 * max(relay.limits.message_bytes for relay in settings.relays))
        found.append(Checked("quarantine.bodies", True, f"{settings.quarantine.bodies} has room"))
    except NoRoomError as error:
        found.append(Checked("quarantine.bodies", False, str(error)))
    try:
        notices_of(quarantine)
    except NoticeTemplateError as error:
        found.append(Checked("notices.templates", False, str(error)))
    return quarantine


async def _next_hop(settings: ServiceSettings, route: str, hop: NextHop) -> Checked:
    """Connect, greet, turn to TLS; nothing is sent."""
    names = {"default": "next_hop", "secure": "secure_hop", "gateway": "gateway_hop"}
    what = f"{names.get(route, route)} {hop.host} port {hop.port}"
    try:
        pool = NextHopPool(hop)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "unreadable"
        return Checked(what, False, f"a certificate file cannot be used ({str(reason).lower()})")
    try:
        connection, _ = await pool.take()
    except LostError as lost:
        return Checked(what, False, f"{lost.reply.code} {lost.reply.text}")
    finally:
        await pool.close()
    offered = connection.capabilities
    connection.close()
    limit = max(relay.limits.message_bytes for relay in settings.relays)
    told = [
        "TLS with a checked certificate" if hop.tls == "starttls" else "clear text on this machine",
        *(["DSN"] if offered.dsn else []),
        *(["SMTPUTF8"] if offered.smtputf8 else []),
        *(["8BITMIME"] if offered.eight_bit else []),
    ]
    if offered.size and offered.size < limit:
        told.append(f"its size limit ({offered.size // 1_000_000} MB) is below relay.message_mb")
    return Checked(what, True, ", ".join(told))


async def _release(settings: ServiceSettings, quarantine: Quarantine) -> AsyncIterator[Checked]:
    """Ask the default next hop whether it would take a release or a notice: MAIL and RCPT, then nothing."""
    mailbox = settings.quarantine.notices.mailbox
    what = "the way of a release or a notice"
    if not mailbox:
        yield Checked(what, True, "not tried: notices.mailbox is not set, so nobody is told of holds")
        return
    pool = NextHopPool(settings.next_hops["default"])
    recipient = Recipient(mailbox)
    transaction = NextHopTransaction(pool, Envelope("", (recipient,)))
    try:
        reply = await transaction.mail()
        if reply.positive:
            reply = await transaction.rcpt(recipient)
        yield Checked(what, reply.positive, f"the next hop says {reply.code} to a notice to {mailbox}")
    finally:
        transaction.abandon()
        await pool.close()


def _rules(settings: ServiceSettings) -> Checked:
    try:
        examiner(settings.inspection)()
    except StartError as error:
        return Checked("rules and language model", False, str(error))
    policy = settings.filter.judging.rules.policy
    mode = "; monitor only: nothing is held" if policy.monitor_only else ""
    return Checked("rules and language model", True, f"loaded; mail policy {policy.name!r}{mode}")
