"""Proofs about a domain, asked of real servers on this machine: DNS, HTTPS and SMTP."""

from __future__ import annotations

import datetime
import hashlib
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from smtp_filter.route_proof import Network, RouteProof, State, judged_policy, prove
from tests.ports import free_port

MX = "mx.partner.test"
POLICY = f"version: STSv1\nmode: enforce\nmx: {MX}\nmax_age: 86400\n"


@dataclass
class Answers:
    """A name server's data: text of records by name and type; what it signs."""

    records: dict[tuple[str, str], str] = field(default_factory=dict)
    signed: bool = True


@contextmanager
def name_server(answers: Answers) -> Iterator[int]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                data, peer = sock.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(data)
            if query.question[0].name.to_text() == "stop.":
                return
            question = query.question[0]
            response = dns.message.make_response(query)
            name, kind = question.name.to_text().rstrip("."), dns.rdatatype.to_text(question.rdtype)
            text = answers.records.get((name, kind))
            if text is not None:
                response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, text))
                if answers.signed:
                    response.flags |= dns.flags.AD
            elif not any(known == name for known, _ in answers.records):
                response.set_rcode(dns.rcode.NXDOMAIN)
            sock.sendto(response.to_wire(), peer)

    thread = threading.Thread(target=serve)
    thread.start()
    port = int(sock.getsockname()[1])
    try:
        yield port
    finally:
        stop = dns.message.make_query("stop.", "A").to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(stop, ("127.0.0.1", port))
        thread.join()
        sock.close()


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate that is its own authority, and the hash of its key."""

    chain: Path
    key: Path
    spki: str


def certificate(folder: Path, *names: str) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Certificate(chain, secret, hashlib.sha256(spki).hexdigest())


def context(used: Certificate) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(used.chain, used.key)
    return made


@contextmanager
def web_server(used: Certificate, policy: str, status: int = 200) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/.well-known/mta-sts.txt" else 404)
            self.end_headers()
            self.wfile.write(policy.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context(used).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def mail_server(used: Certificate | None) -> Iterator[int]:
    controller = Controller(
        object(), hostname="127.0.0.1", port=free_port(), tls_context=context(used) if used else None
    )
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


Ask = Callable[..., RouteProof]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Asks about partner.test: everything is in order there but what a test says otherwise."""

    def asked(
        *,
        policy: str = POLICY,
        status: int = 200,
        drop: tuple[str, ...] = (),
        signed: bool = True,
        tls: bool = True,
        mail_name: str = MX,
        spki: str = "",
    ) -> RouteProof:
        used = certificate(tmp_path, mail_name, "mta-sts.partner.test")
        records = {
            ("partner.test", "MX"): f"10 {MX}.",
            (MX, "A"): "127.0.0.1",
            ("mta-sts.partner.test", "A"): "127.0.0.1",
            ("_mta-sts.partner.test", "TXT"): '"v=STSv1; id=1"',
            (f"_25._tcp.{MX}", "TLSA"): f"3 1 1 {spki or used.spki}",
        }
        kept = {key: value for key, value in records.items() if key[1] not in drop}
        with (
            name_server(Answers(kept, signed)) as dns_port,
            web_server(used, policy, status) as https_port,
            mail_server(used if tls else None) as smtp_port,
        ):
            network = Network(3.0, ("127.0.0.1",), dns_port, https_port, smtp_port, used.chain)
            return prove("partner.test", network)

    return asked


def test_everything_in_order(ask: Ask) -> None:
    proof = ask()
    assert proof.mail_servers == (MX,)
    assert [proof.mta_sts.state, proof.dane.state, proof.starttls.state] == [State.PROVEN] * 3, proof
    assert "TLSv1" in proof.starttls.detail


def test_nothing_published(ask: Ask) -> None:
    proof = ask(drop=("TXT", "TLSA"))
    assert (proof.mta_sts.state, proof.dane.state) == (State.ABSENT, State.ABSENT)


def test_the_policy_cannot_be_fetched(ask: Ask) -> None:
    assert ask(status=500).mta_sts.state is State.FAULTY


def test_a_name_server_that_checks_no_signatures_proves_nothing(ask: Ask) -> None:
    assert ask(signed=False).dane.state is State.UNPROVEN


def test_tlsa_records_of_another_key(ask: Ask) -> None:
    assert ask(spki="00" * 32).dane.state is State.FAULTY


def test_a_mail_server_without_tls(ask: Ask) -> None:
    assert ask(tls=False).starttls.state is State.FAULTY


def test_a_certificate_in_another_name(ask: Ask) -> None:
    proof = ask(mail_name="elsewhere.test")
    assert proof.starttls.state is State.FAULTY
    assert "certificate" in proof.starttls.detail


def test_an_unknown_domain_and_a_silent_network() -> None:
    with name_server(Answers({("other.test", "A"): "127.0.0.1"})) as port:
        proof = prove("partner.test", Network(2.0, ("127.0.0.1",), port))
    assert proof.mta_sts.state is State.UNPROVEN
    silent = prove("partner.test", Network(0.2, (str(ipaddress.ip_address("127.0.0.1")),), free_port()))
    assert {silent.mta_sts.state, silent.dane.state, silent.starttls.state} == {State.UNPROVEN}


@pytest.mark.parametrize(
    ("policy", "state", "why"),
    [
        (POLICY, State.PROVEN, "as it should be"),
        (POLICY.replace("\n", "\r\n"), State.PROVEN, "with CRLF"),
        (POLICY.replace(MX, "*.partner.test"), State.PROVEN, "one label under a star"),
        (POLICY.replace(MX, "*.test"), State.FAULTY, "two labels under a star"),
        (POLICY.replace("enforce", "testing"), State.FAULTY, "only testing"),
        (POLICY.replace("enforce", "none"), State.FAULTY, "switched off"),
        (POLICY.replace(f"mx: {MX}\n", ""), State.FAULTY, "no mail server"),
        ("<html>not found</html>", State.FAULTY, "a web page"),
        ("", State.FAULTY, "nothing"),
    ],
)
def test_policies(policy: str, state: State, why: str) -> None:
    assert judged_policy(policy, [MX]).state is state, why
