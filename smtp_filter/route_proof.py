"""What can be proven of the way to a domain: MTA-STS policy, DANE records, TLS of its mail server.

Every question has a time limit and ends in a word and a sentence; without a network everything is unproven.
Nothing here decides a route: it tells an administrator what may be stated in the policy.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import aiosmtplib
import dns.exception
import dns.flags
import dns.rdatatype
import dns.resolver
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# A policy is a handful of lines; RFC 8461 section 3.2 allows to stop at 64 kB.
_POLICY_BYTES = 64_000
_POLICY_LINES = 200
_MX_ASKED = 2
_SPKI, _SHA256, _DANE_EE = 1, 1, 3


class State(StrEnum):
    """What is known of one protection."""

    PROVEN = "proven"
    ABSENT = "absent"  # the domain publishes none
    FAULTY = "faulty"  # published, and not in order
    UNPROVEN = "unproven"  # the question got no answer


@dataclass(frozen=True, slots=True)
class Proof:
    """The answer to one question, in a word and a sentence."""

    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class RouteProof:
    """All answers about one domain; ``mail_servers`` are its MX hosts, the preferred first."""

    mail_servers: tuple[str, ...]
    mta_sts: Proof
    dane: Proof
    starttls: Proof


@dataclass(frozen=True, slots=True)
class Network:
    """How the network is asked.

    ``name_servers`` (addresses; empty: the system's) and the ports are for networks that need others;
    ``authorities`` is a PEM file of trusted certificate authorities in place of the system's.
    """

    seconds: float = 5.0
    name_servers: tuple[str, ...] = ()
    dns_port: int = 53
    https_port: int = 443
    smtp_port: int = 25
    authorities: Path | None = None


def prove(domain: str, network: Network | None = None) -> RouteProof:
    """Ask all questions about a domain (in A-labels); never raises for what the network does."""
    asking = _Asking(network or Network())
    servers, trouble = asking.mail_servers(domain)
    if trouble:
        unproven = Proof(State.UNPROVEN, trouble)
        return RouteProof((), unproven, unproven, unproven)
    return RouteProof(
        servers,
        asking.mta_sts(domain, servers),
        asking.dane(servers),
        asking.starttls(servers),
    )


@dataclass(frozen=True, slots=True)
class _Session:
    """What a mail server agreed to."""

    version: str
    certificate: bytes | None


class _Asking:
    """The questions, over one network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._resolver = dns.resolver.Resolver(configure=not network.name_servers)
        if network.name_servers:
            self._resolver.nameservers = list(network.name_servers)
        self._resolver.port = network.dns_port
        self._resolver.lifetime = self._resolver.timeout = network.seconds
        # Whether an answer was signed and checked is told by the resolver in one bit (AD).
        self._resolver.use_edns(0, dns.flags.DO, 1232)
        self._resolver.flags = dns.flags.RD | dns.flags.AD

    def mail_servers(self, domain: str) -> tuple[tuple[str, ...], str]:
        """The MX hosts, or why they are not known."""
        try:
            answer = self._resolver.resolve(domain, "MX")
        except dns.resolver.NXDOMAIN:
            return (), "The name servers say that there is no such domain."
        except dns.resolver.NoAnswer:
            return (domain,), ""  # RFC 5321 section 5.1: the domain itself
        except (dns.exception.DNSException, OSError) as error:
            return (), f"The name servers gave no answer ({type(error).__name__})."
        ordered = sorted((record.preference, str(record.exchange).rstrip(".").lower()) for record in answer)
        hosts = tuple(host for _, host in ordered if host)
        return hosts, "" if hosts else "The domain takes no mail (null MX)."

    def mta_sts(self, domain: str, servers: Sequence[str]) -> Proof:
        """RFC 8461: the record, the policy behind it, its mode, and whether it covers the mail servers."""
        try:
            answer = self._resolver.resolve(f"_mta-sts.{domain}", "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Proof(State.ABSENT, "The domain publishes no MTA-STS record.")
        except (dns.exception.DNSException, OSError) as error:
            return Proof(State.UNPROVEN, f"The record could not be asked for ({type(error).__name__}).")
        texts = [b"".join(record.strings).decode("ascii", "replace") for record in answer]
        if sum(text.startswith("v=STSv1") for text in texts) != 1:
            return Proof(State.ABSENT, "The domain publishes no MTA-STS record.")
        try:
            policy = self._policy(domain)
        except (OSError, http.client.HTTPException, dns.exception.DNSException) as error:
            return Proof(State.FAULTY, f"The policy could not be fetched ({type(error).__name__}).")
        return judged_policy(policy, servers)

    def _policy(self, domain: str) -> str:
        """The policy file, over verified HTTPS, without following anything (RFC 8461 section 3.3)."""
        host = f"mta-sts.{domain}"
        connection = http.client.HTTPSConnection(
            host, self._network.https_port, timeout=self._network.seconds, context=self._context()
        )
        plain = socket.create_connection(
            (self._address(host), self._network.https_port), self._network.seconds
        )
        try:
            connection.sock = self._context().wrap_socket(plain, server_hostname=host)
            connection.request("GET", "/.well-known/mta-sts.txt")
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise http.client.HTTPException(f"status {response.status}")
            return response.read(_POLICY_BYTES).decode("utf-8", "replace")
        finally:
            plain.close()
            connection.close()

    def dane(self, servers: Sequence[str]) -> Proof:
        """RFC 7672: TLSA records of the mail servers, signed and checked; fingerprints are compared."""
        for server in servers[:_MX_ASKED]:
            try:
                answer = self._resolver.resolve(f"_25._tcp.{server}", "TLSA")
            except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
                return Proof(State.ABSENT, f"{server} publishes no TLSA record.")
            except (dns.exception.DNSException, OSError) as error:
                return Proof(State.UNPROVEN, f"The record could not be asked for ({type(error).__name__}).")
            if not answer.response.flags & dns.flags.AD:
                return Proof(
                    State.UNPROVEN, "TLSA records exist; the name server did not check their signatures."
                )
            own = [r for r in answer if (r.usage, r.selector, r.mtype) == (_DANE_EE, _SPKI, _SHA256)]
            certificate = self._certificate(server) if own else None
            if certificate is not None and not any(r.cert == _key_hash(certificate) for r in own):
                return Proof(State.FAULTY, f"The certificate of {server} is not the one in its TLSA records.")
        return Proof(State.PROVEN, "TLSA records of its mail servers are published and signed.")

    def starttls(self, servers: Sequence[str]) -> Proof:
        """Whether the mail server offers TLS with a certificate in its name; only a greeting is sent."""
        server = servers[0]
        try:
            session = self._session(server, self._context())
        except ssl.SSLCertVerificationError as error:
            reason = f"{server} offers TLS, but its certificate fails: {error.verify_message}."
            return Proof(State.FAULTY, reason)
        except (OSError, aiosmtplib.SMTPException, dns.exception.DNSException) as error:
            return Proof(State.UNPROVEN, f"{server} could not be asked ({type(error).__name__}).")
        if session is None:
            return Proof(State.FAULTY, f"{server} offers no TLS.")
        return Proof(State.PROVEN, f"{server} offers {session.version} with a certificate in its name.")

    def _certificate(self, server: str) -> bytes | None:
        """The certificate that the server shows, unchecked: DANE is the check."""
        loose = ssl.create_default_context()
        loose.check_hostname = False
        loose.verify_mode = ssl.CERT_NONE
        try:
            session = self._session(server, loose)
        except (OSError, aiosmtplib.SMTPException, dns.exception.DNSException):
            return None
        return None if session is None else session.certificate

    def _session(self, server: str, context: ssl.SSLContext) -> _Session | None:
        """Greet a mail server, go over to TLS and part; ``None`` where it offers none."""
        return asyncio.run(self._greet(server, self._address(server), context))

    async def _greet(self, server: str, address: str, context: ssl.SSLContext) -> _Session | None:
        client = aiosmtplib.SMTP(
            hostname=address, port=self._network.smtp_port, timeout=self._network.seconds, start_tls=False
        )
        try:
            await client.connect()
            await client.ehlo()
            if not client.supports_extension("starttls"):
                return None
            await client.starttls(server_hostname=server, tls_context=context)
            tls = client.get_transport_info("ssl_object")
            certificate = tls.getpeercert(binary_form=True) if tls is not None else None
            return _Session(tls.version() or "TLS", certificate) if tls is not None else None
        except aiosmtplib.SMTPException as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise error.__cause__ from None
            raise
        finally:
            client.close()

    def _address(self, host: str) -> str:
        """The address of a host, by the same name servers as everything else."""
        try:
            return str(self._resolver.resolve(host, "A")[0])
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            return str(self._resolver.resolve(host, "AAAA")[0])

    def _context(self) -> ssl.SSLContext:
        authorities = self._network.authorities
        context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def judged_policy(policy: str, servers: Sequence[str]) -> Proof:
    """Judge the text of an MTA-STS policy for these mail servers."""
    values: dict[str, list[str]] = {}
    for line in policy.splitlines()[:_POLICY_LINES]:
        name, colon, value = line.partition(":")
        if colon:
            values.setdefault(name.strip().lower(), []).append(value.strip().lower())
    if values.get("version") != ["stsv1"]:
        return Proof(State.FAULTY, "What lies where the policy should be is none.")
    mode = values.get("mode", [""])[0]
    if mode != "enforce":
        return Proof(State.FAULTY, f"The policy's mode is {mode or 'missing'}: it enforces nothing.")
    outside = [server for server in servers if not _covered(server, values.get("mx", []))]
    if outside:
        return Proof(State.FAULTY, f"The policy does not cover the mail server {outside[0]}.")
    return Proof(State.PROVEN, "The policy is in force (mode enforce) and covers its mail servers.")


def _covered(server: str, patterns: Sequence[str]) -> bool:
    """RFC 8461 section 4.1: a name, or one label under ``*.``."""
    parent = server.partition(".")[2]
    return any(
        pattern == server or (pattern.startswith("*.") and pattern[2:] == parent) for pattern in patterns
    )


def _key_hash(certificate: bytes) -> bytes:
    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
