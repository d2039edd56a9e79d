"""Bytes out equal bytes in: signatures made by the real tools still verify behind the relay."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from smtp_filter.message import Deliver
from tests.smtp_filter.peers import Certificates, PlainFilter, RunningRelay, ScriptedHop, Sink, tool

LETTER = (
    b"From: Officer <officer@council.test>\r\nTo: someone@example.org\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@council.test>\r\n"
)
TEXT = (
    b"Dear all,\r\n\r\n.a line with a dot\r\n..\r\n \r\ntrailing space \r\n"
    b"\tand a tab\t\r\nFrom here on\r\n\r\n\r\n"
)


@pytest.fixture(scope="module")
def through() -> Iterator[Callable[[bytes], bytes]]:
    """A message's way through the relay, with headers of ours on top of it."""
    decide = PlainFilter(lambda message: Deliver(headers=(("X-Council-Check", "passed"),)))
    with ScriptedHop() as hop, RunningRelay({"default": hop.hop()}, decide) as relay:

        def send(message: bytes) -> bytes:
            with relay.client() as talk:
                assert talk.send(re.sub(rb"(?m)^\.", b"..", message))[0] == 250
            return hop.taken[-1].data

        yield send


@pytest.mark.parametrize(
    "canonical", [(b"simple", b"simple"), (b"relaxed", b"relaxed"), (b"relaxed", b"simple")]
)
def test_dkim(through: Callable[[bytes], bytes], canonical: tuple[bytes, bytes]) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    message = LETTER + b"\r\n" + TEXT
    signed = dkim.sign(message, b"s", b"council.test", pem, canonicalize=canonical) + message
    arrived = through(signed)
    assert dkim.verify(arrived, dnsfunc=lambda *name, **options: record)
    assert not dkim.verify(
        arrived.replace(b"Dear all", b"Dear nobody"), dnsfunc=lambda *name, **options: record
    )


@pytest.mark.parametrize("options", [[], ["-nodetach"]], ids=["clear", "opaque"])
def test_smime(
    through: Callable[[bytes], bytes], certificates: Certificates, tmp_path: Path, options: list[str]
) -> None:
    openssl = tool("openssl", "openssl")
    content = b"Content-Type: text/plain\r\n\r\n" + TEXT
    sign = ["cms", "-sign", *options, "-crlfeol", "-signer", certificates.good]
    signed = subprocess.run(
        [openssl, *sign, "-inkey", certificates.key("good")], input=content, capture_output=True, check=True
    ).stdout
    message = LETTER + re.sub(rb"\r?\n", b"\r\n", signed)

    def verify(text: bytes) -> subprocess.CompletedProcess[bytes]:
        check = ["cms", "-verify", "-CAfile", certificates.ca, "-purpose", "any"]
        return subprocess.run([openssl, *check], input=text, capture_output=True)

    assert verify(message).returncode == 0, "it verifies before"
    arrived = verify(through(message))
    assert arrived.returncode == 0, arrived.stderr
    assert arrived.stdout.split() == content.split()
    if not options:
        assert verify(message.replace(b"Dear all", b"Dear nobody")).returncode != 0


def test_pgp(through: Callable[[bytes], bytes], tmp_path: Path) -> None:
    gpg = [tool("gpg", "gnupg"), "--homedir", str(tmp_path), "--batch", "--no-tty", "--trust-model", "always"]
    tmp_path.chmod(0o700)
    try:
        subprocess.run(
            [*gpg, "--passphrase", "", "--quick-gen-key", "officer@council.test", "ed25519", "sign"],
            check=True,
            capture_output=True,
        )
        part = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + TEXT
        signature = subprocess.run(
            [*gpg, "--armor", "--textmode", "--detach-sign"], input=part, capture_output=True, check=True
        ).stdout
        message = (
            LETTER
            + b'MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary="b"; micalg=pgp-sha512;\r\n'
            + b' protocol="application/pgp-signature"\r\n\r\n--b\r\n'
            + part
            + b"\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n"
            + re.sub(rb"\r?\n", b"\r\n", signature)
            + b"\r\n--b--\r\n"
        )
        arrived = through(message)
        _, first, second, _ = re.split(rb"(?m)^--b(?:--)?\r\n", arrived)
        (tmp_path / "part").write_bytes(first[:-2])
        (tmp_path / "part.asc").write_bytes(second.partition(b"\r\n\r\n")[2])
        verified = subprocess.run(
            [*gpg, "--verify", tmp_path / "part.asc", tmp_path / "part"], capture_output=True
        )
        assert verified.returncode == 0, verified.stderr
    finally:
        subprocess.run(["gpgconf", "--homedir", tmp_path, "--kill", "all"], capture_output=True)


def test_the_sinks_copy_is_the_message_with_one_line_on_top(sink: Sink) -> None:
    """A second opinion on the wire: Postfix's own receiver takes away the dots and writes what is left."""
    message = LETTER + b"\r\n" + TEXT + b"last line\r\n"
    with RunningRelay({"default": sink.hop()}) as relay, relay.client() as talk:
        assert talk.send(re.sub(rb"(?m)^\.", b"..", message))[0] == 250
    arrived = sink.wait(1)[-1]
    added, kept = arrived[: arrived.index(b"From: Officer")], arrived[arrived.index(b"From: Officer") :]
    assert kept.rstrip(b"\n") == message.replace(b"\r\n", b"\n").rstrip(b"\n")
    assert re.fullmatch(rb"Received: [^\n]*\n\t[^\n]*\n\t[^\n]*\n", added)
