"""Certificates and keys: what stands in them is read, private keys are told, nothing is called unknown."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from scanner.documents import Shortfall, Status
from scanner.documents.model import Coverage, Segment
from tests.documents.parsers.reading import read

DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
OPEN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"four horses")
PKCS8, OLD = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
SSH, PUBLIC = serialization.PrivateFormat.OpenSSH, serialization.PublicFormat.SubjectPublicKeyInfo
KEY = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
SUBJECT = x509.Name(
    [
        x509.NameAttribute(NameOID.COMMON_NAME, "Tokenname Zoë"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tokencouncil"),
    ]
)
START = datetime.datetime(2026, 1, 1)


def certificate(*, logo: bytes = b"") -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(SUBJECT).issuer_name(SUBJECT)
    builder = builder.public_key(KEY.public_key()).serial_number(77)
    builder = builder.not_valid_before(START).not_valid_after(START + datetime.timedelta(days=90))
    names = x509.SubjectAlternativeName(
        [x509.RFC822Name("tokenmail@example.org"), x509.DNSName("tokenhost.example.org")]
    )
    builder = builder.add_extension(names, critical=False)
    if logo:
        identifier = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.12")
        builder = builder.add_extension(x509.UnrecognizedExtension(identifier, logo), critical=False)
    return builder.sign(KEY, hashes.SHA256())


REQUEST = x509.CertificateSigningRequestBuilder().subject_name(SUBJECT).sign(KEY, hashes.SHA256())
REVOKED = (
    x509.CertificateRevocationListBuilder()
    .issuer_name(SUBJECT)
    .last_update(START)
    .next_update(START)
    .sign(KEY, hashes.SHA256())
)
CERTIFICATE = certificate()


def texts(segments: tuple[Segment, ...]) -> str:
    return "\n".join(segment.text for segment in segments)


OPEN_FILES = (
    (CERTIFICATE.public_bytes(DER), ("Tokenname Zoë", "tokenmail@", "tokenhost."), "binary"),
    (CERTIFICATE.public_bytes(PEM), ("Tokenname Zoë", "tokenmail@", "tokenhost."), "text"),
    (
        b"Bag Attributes\n    friendlyName: Tokenbag\n" + CERTIFICATE.public_bytes(PEM) * 2,
        ("Tokenbag", "Tokenname Zoë"),
        "a chain with words around it",
    ),
    (REQUEST.public_bytes(DER), ("Tokenname Zoë", "Tokencouncil"), "request"),
    (REQUEST.public_bytes(PEM), ("Tokenname Zoë",), "request as text"),
    (REVOKED.public_bytes(DER), ("Tokencouncil",), "revocation list"),
    (pkcs7.serialize_certificates([CERTIFICATE], DER), ("Tokenname Zoë",), "bundle"),
    (KEY.public_key().public_bytes(DER, PUBLIC), (), "public key"),
    (KEY.public_key().public_bytes(PEM, PUBLIC), (), "public key as text"),
)


@pytest.mark.parametrize(("data", "tokens", "why"), OPEN_FILES, ids=[one[-1] for one in OPEN_FILES])
def test_what_is_public_is_read(data: bytes, tokens: tuple[str, ...], why: str) -> None:
    segments, coverage = read(data)
    assert coverage.status is Status.INSPECTED, why
    for token in tokens:
        assert token in texts(segments), why
    assert "MII" not in texts(segments), why


def test_names_are_labelled() -> None:
    segments, _ = read(CERTIFICATE.public_bytes(DER))
    labels = {one.text[f.start : f.end]: f.label for one in segments for f in one.fields}
    assert labels["Tokenname Zoë"] == "common name"
    assert labels["tokenmail@example.org"] == "e-mail"


PRIVATE_FILES = (
    (KEY.private_bytes(DER, PKCS8, OPEN), Shortfall.UNSUPPORTED_KIND, "PKCS #8"),
    (KEY.private_bytes(DER, OLD, OPEN), Shortfall.UNSUPPORTED_KIND, "elliptic curve"),
    (RSA.private_bytes(DER, OLD, OPEN), Shortfall.UNSUPPORTED_KIND, "RSA"),
    (KEY.private_bytes(PEM, PKCS8, OPEN), Shortfall.UNSUPPORTED_KIND, "PKCS #8 as text"),
    (RSA.private_bytes(PEM, OLD, OPEN), Shortfall.UNSUPPORTED_KIND, "RSA as text"),
    (KEY.private_bytes(PEM, SSH, OPEN), Shortfall.UNSUPPORTED_KIND, "OpenSSH"),
    (b"PuTTY-User-Key-File-3: x\nEncryption: none\n", Shortfall.UNSUPPORTED_KIND, "PuTTY"),
    (
        CERTIFICATE.public_bytes(PEM) + KEY.private_bytes(PEM, PKCS8, OPEN),
        Shortfall.UNSUPPORTED_KIND,
        "behind its certificate",
    ),
    (KEY.private_bytes(DER, PKCS8, LOCKED), Shortfall.ENCRYPTED, "with a password"),
    (KEY.private_bytes(PEM, PKCS8, LOCKED), Shortfall.ENCRYPTED, "with a password, as text"),
    (RSA.private_bytes(PEM, OLD, LOCKED), Shortfall.ENCRYPTED, "with a password, as openssl had it"),
    (b"PuTTY-User-Key-File-3: x\nEncryption: aes256-cbc\n", Shortfall.ENCRYPTED, "PuTTY"),
)


@pytest.mark.parametrize(("data", "reason", "why"), PRIVATE_FILES, ids=[one[-1] for one in PRIVATE_FILES])
def test_private_keys_are_told(data: bytes, reason: Shortfall, why: str) -> None:
    _, coverage = read(data)
    assert [gap.reason for gap in coverage.gaps] == [reason], why
    assert "a private key" in coverage.gaps[0].detail, why


def test_a_file_within_a_certificate_is_no_blind_spot() -> None:
    hidden = bytes(range(256)) * 20
    _, coverage = read(
        certificate(logo=b"\x04\x82" + len(hidden).to_bytes(2, "big") + hidden).public_bytes(DER)
    )
    assert [gap.location.parts for gap in coverage.gaps] == [("data",)]


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        (b"The form begins with -----BEGIN CERTIFICATE----- and ends.\n", "text", "in the middle of a line"),
        (b"0123456789 is a number\n" * 3, "text", "text that begins with a zero"),
        (CERTIFICATE.public_bytes(DER)[:-9], "unknown", "cut off"),
    ],
    ids=["within a line", "a zero", "cut off"],
)
def test_near_misses(data: bytes, kind: str, why: str) -> None:
    assert read(data)[1].kind == kind, why


@pytest.mark.parametrize("cut", [40, 300])
def test_damage_is_a_gap(cut: int) -> None:
    _, coverage = read(CERTIFICATE.public_bytes(PEM)[:cut])
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.DAMAGED]


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)

    def gpg(*arguments: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(home), "--batch", "--passphrase", "", *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True, timeout=60).stdout

    gpg("--quick-gen-key", "Tokenowner <tokenowner@example.org>", "ed25519")
    made = {
        "public.asc": gpg("--armor", "--export"),
        "public.gpg": gpg("--export"),
        "signature.asc": gpg("--armor", "--detach-sign", given=b"text"),
        "signature.sig": gpg("--detach-sign", given=b"text"),
        "secret.asc": gpg("--armor", "--export-secret-keys"),
        "secret.gpg": gpg("--export-secret-keys"),
    }
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=60)
    return made


@pytest.mark.parametrize(
    ("name", "status", "owner"),
    [
        ("public.asc", Status.INSPECTED, True),
        ("public.gpg", Status.INSPECTED, True),
        ("signature.asc", Status.INSPECTED, False),
        ("signature.sig", Status.INSPECTED, False),
        ("secret.asc", Status.PARTIAL, True),
        ("secret.gpg", Status.PARTIAL, True),
    ],
)
def test_openpgp(keyring: dict[str, bytes], name: str, status: Status, owner: bool) -> None:
    segments, coverage = read(keyring[name])
    assert (coverage.kind, coverage.status) == ("pgp", status)
    assert ("Tokenowner <tokenowner@example.org>" in texts(segments)) is owner
    assert all("a private key" in gap.detail for gap in coverage.gaps)


def test_keys_that_openssl_wrote(tmp_path: Path) -> None:
    """The real program's own files: text before the block, and the old form of a password."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    subject = "/CN=Tokenopenssl/emailAddress=tokenmail@example.org"
    common = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-text"]
    files = ["-subj", subject, "-keyout", str(tmp_path / "k"), "-out", str(tmp_path / "c")]
    subprocess.run([*common, *files], check=True, capture_output=True, timeout=60)
    results: list[tuple[tuple[Segment, ...], Coverage]] = [
        read((tmp_path / name).read_bytes()) for name in "ck"
    ]
    assert results[0][1].status is Status.INSPECTED
    assert "tokenmail@example.org" in texts(results[0][0])
    assert "a private key" in results[1][1].gaps[0].detail
