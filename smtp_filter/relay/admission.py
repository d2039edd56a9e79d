"""Who may hand mail over: by address, and where wanted by certificate."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

from smtp_filter.relay.settings import AllowedClient, IPNetwork, ListenerTls


def matching(address: str, allowed: Iterable[AllowedClient]) -> tuple[AllowedClient, ...]:
    """The entries for a client's address; none means: go away."""
    return tuple(entry for entry in allowed if contains((entry.network,), address))


def contains(networks: Iterable[IPNetwork], address: str) -> bool:
    """Whether one of the networks holds the address; an IPv4 address in IPv6 clothes counts as IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed.version == network.version and parsed in network for network in networks)


def certificate_fits(entries: Iterable[AllowedClient], fingerprint: str, names: Iterable[str]) -> bool:
    """Whether any entry takes a client with this certificate (both empty: without one)."""
    known = [name.lower() for name in names]
    return any(
        (not entry.fingerprints and not entry.names)
        or (bool(fingerprint) and fingerprint in {_plain(one) for one in entry.fingerprints})
        or any(_name_fits(pattern.lower(), name) for pattern in entry.names for name in known)
        for entry in entries
    )


def certificate_of(tls: ssl.SSLObject | None) -> tuple[str, tuple[str, ...]]:
    """SHA-256 fingerprint (lower-case hexadecimal) and DNS names of a client's verified certificate."""
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    if tls is None or not der:
        return "", ()
    facts: Mapping[str, Any] = tls.getpeercert() or {}
    names = tuple(value for kind, value in facts.get("subjectAltName", ()) if kind == "DNS")
    return hashlib.sha256(der).hexdigest(), names


def server_context(settings: ListenerTls) -> ssl.SSLContext:
    """TLS 1.2 or later for clients.  Raises ``OSError`` or ``ssl.SSLError`` when a file cannot be read."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.certificate, settings.key)
    if settings.client_ca is not None:
        context.load_verify_locations(settings.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _plain(fingerprint: str) -> str:
    return fingerprint.replace(":", "").lower()


def _name_fits(pattern: str, name: str) -> bool:
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name
