"""What counts as encrypted: one row for each format, with files that the real tools make at test time."""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pikepdf
import pytest
import pyzipper
from msoffcrypto.format.ooxml import OOXMLFile

from scanner.documents import (
    Coverage,
    Limits,
    ProtectedPart,
    Protection,
    Shortfall,
    Source,
    Status,
    read_whole,
)
from scanner.documents.passwords import Passwords
from tests.documents import libreoffice

TOKEN = "QQ123456C"  # the published specimen of a National Insurance number
NO_PASSWORDS = Limits(passwords=Passwords((), 0.0))
KEY = "four grey horses"


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [one for one in programs if shutil.which(one) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def read(data: bytes, name: str = "", limits: Limits | None = None) -> tuple[str, Coverage]:
    segments, coverage = read_whole(Source.from_bytes(data, name), limits=limits)
    return "\n".join(segment.text for segment in segments), coverage


def only(coverage: Coverage) -> ProtectedPart:
    assert len(coverage.protected) == 1, coverage.protected
    return coverage.protected[0]


def run(*command: str, folder: Path, given: bytes = b"") -> bytes:
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, check=True, timeout=60)
    return done.stdout


# S/MIME


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smime")
    run(
        *(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ),
        *("-days", "2", "-subj", "/CN=Case Worker/emailAddress=case.worker@council.test"),
        folder=folder,
    )
    return folder


CLEAR = f"Content-Type: text/plain\r\n\r\nHer number is {TOKEN}.\r\n".encode()
DER = ("-outform", "DER")


@needs("openssl")
@pytest.mark.parametrize(
    ("arguments", "protection", "method", "why"),
    [
        (
            ("-encrypt", "-aes-256-cbc", *DER, "cert.pem"),
            Protection.STRONG,
            "S/MIME enveloped, AES-256-CBC",
            "DER",
        ),
        (
            ("-encrypt", "-stream", "-aes128", *DER, "cert.pem"),
            Protection.STRONG,
            "S/MIME enveloped, AES-128-CBC",
            "BER of indefinite length",
        ),
        (
            ("-encrypt", "-aes-256-gcm", *DER, "cert.pem"),
            Protection.STRONG,
            "S/MIME auth-enveloped, AES-256-GCM",
            "auth-enveloped",
        ),
        (
            ("-encrypt", "-des3", *DER, "cert.pem"),
            Protection.STRONG,
            "S/MIME enveloped, 3DES-CBC",
            "triple DES",
        ),
        (
            ("-encrypt", "-provider", "legacy", "-provider", "default", "-rc2-40", *DER, "cert.pem"),
            Protection.WEAK,
            "S/MIME enveloped, RC2-CBC",
            "RC2",
        ),
        (
            ("-encrypt", "-provider", "legacy", "-provider", "default", "-des", *DER, "cert.pem"),
            Protection.WEAK,
            "S/MIME enveloped, DES-CBC",
            "DES",
        ),
        (
            ("-encrypt", "-aes256", "-pwri_password", KEY, *DER),
            Protection.STRONG,
            "S/MIME enveloped, AES-256-CBC, password",
            "a password",
        ),
        (
            ("-EncryptedData_encrypt", "-secretkey", "00" * 32, "-aes256", *DER),
            Protection.UNKNOWN,
            "CMS with a key agreed elsewhere",
            "encryptedData",
        ),
        (
            ("-encrypt", "-aes256", "-secretkey", "00" * 16, "-secretkeyid", "01", *DER),
            Protection.UNKNOWN,
            "S/MIME enveloped, AES-256-CBC",
            "only a key agreed elsewhere",
        ),
        (
            ("-encrypt", "-aes256", "-outform", "PEM", "cert.pem"),
            Protection.STRONG,
            "S/MIME enveloped, AES-256-CBC",
            "PEM",
        ),
    ],
)
def test_smime_encrypted(
    certificate: Path, arguments: tuple[str, ...], protection: Protection, method: str, why: str
) -> None:
    data = run("openssl", "cms", "-binary", *arguments, folder=certificate, given=CLEAR)
    text, coverage = read(data, "smime.p7m")
    assert coverage.kind == "cms", why
    assert TOKEN not in text
    assert coverage.status is Status.ENCRYPTED
    assert (only(coverage).protection, only(coverage).method) == (protection, method), why


@needs("openssl")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("-sign", "-nodetach", *DER), "opaque signed looks just like encrypted from outside"),
        (("-sign", "-nodetach", "-stream", *DER), "in pieces"),
        (("-digest_create", *DER), "digested"),
        (("-data_create", *DER), "data"),
    ],
)
def test_smime_that_is_not_encrypted_is_read(certificate: Path, arguments: tuple[str, ...], why: str) -> None:
    signer = ("-signer", "cert.pem", "-inkey", "key.pem") if "-sign" in arguments else ()
    given = CLEAR + b"x" * 5_000
    data = run("openssl", "cms", "-binary", *arguments, *signer, folder=certificate, given=given)
    text, coverage = read(data, "smime.p7m")
    assert TOKEN in text, why
    assert coverage.status is Status.INSPECTED
    if "-sign" in arguments:
        assert only(coverage).protection is Protection.NAME_ONLY
        assert "case.worker@council.test" in text, "the certificate's names travel in clear"


@needs("openssl")
def test_signed_encrypted_signed_is_unwrapped_to_the_lock(certificate: Path) -> None:
    sign = ("openssl", "cms", "-sign", "-binary", "-nodetach", "-signer", "cert.pem", "-inkey", "key.pem")
    inner = run(*sign, "-outform", "DER", folder=certificate, given=CLEAR)
    sealed = run(
        *("openssl", "cms", "-encrypt", "-binary", "-aes256", *DER, "cert.pem"),
        folder=certificate,
        given=inner,
    )
    text, coverage = read(run(*sign, "-outform", "DER", folder=certificate, given=sealed))
    assert TOKEN not in text
    assert [part.protection for part in coverage.protected] == [Protection.NAME_ONLY, Protection.STRONG]


def test_compressed_smime_is_unwrapped() -> None:
    from asn1crypto import cms

    inner = cms.CompressedData(
        {
            "version": "v0",
            "compression_algorithm": {"algorithm": "zlib"},
            "encap_content_info": {"content_type": "data", "content": zlib.compress(CLEAR)},
        }
    )
    data = cms.ContentInfo({"content_type": "compressed_data", "content": inner}).dump()
    text, coverage = read(data)
    assert TOKEN in text
    assert coverage.status is Status.INSPECTED


@needs("openssl")
def test_password_recipient_opens_with_the_password(certificate: Path) -> None:
    command = ("openssl", "cms", "-binary", "-encrypt", "-aes256", "-pwri_password", KEY, *DER)
    data = run(*command, folder=certificate, given=CLEAR)
    text, coverage = read(data, limits=Limits(passwords=Passwords((KEY,))))
    assert TOKEN in text
    assert only(coverage).opened == "a listed password"


@needs("openssl")
def test_key_stores_and_openssl_files_are_told(certificate: Path) -> None:
    store = ("openssl", "pkcs12", "-export", "-in", "cert.pem", "-inkey", "key.pem", "-passout", "pass:x")
    _, coverage = read(run(*store, folder=certificate), "me.pfx")
    assert (coverage.kind, only(coverage).protection) == ("keystore", Protection.UNKNOWN)
    assert coverage.gaps[0].reason is Shortfall.ENCRYPTED
    sealed = run(
        "openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-pass", "pass:x", folder=certificate, given=CLEAR
    )
    _, coverage = read(sealed)
    assert (coverage.kind, only(coverage).protection) == ("openssl", Protection.UNKNOWN)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", "keystore"),
        (b"\xc0\xb9\x07\x2e\x4f\x93\xf1\x46\xa0\x15\x79\x2c\xa1\xd9\xe8\x21", "axcrypt"),
        (b"LUKS\xba\xbe\x00\x02", "disk-encrypted"),
        (b"\x76\xe8\x04\x60\xc4\x11\xe3\x86", "rpmsg"),
    ],
)
def test_signatures_of_sealed_files(head: bytes, kind: str) -> None:
    _, coverage = read(head + bytes(2_000))
    assert (coverage.kind, coverage.status) == (kind, Status.ENCRYPTED)
    assert only(coverage).protection is Protection.UNKNOWN


@pytest.mark.parametrize(
    ("size", "random_bytes", "told"),
    [(100_000, True, True), (6_000, True, True), (500, True, False), (100_000, False, False)],
)
def test_data_without_a_type_that_looks_encrypted(size: int, random_bytes: bool, told: bool) -> None:
    source = random.Random(5)
    data = b"\x91" + (source.randbytes(size) if random_bytes else bytes(source.choices(range(24), k=size)))
    _, coverage = read(data)
    assert coverage.status is not Status.INSPECTED
    assert [part.protection for part in coverage.protected] == ([Protection.UNKNOWN] if told else [])


# OpenPGP and age


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gnupg")
    folder.chmod(0o700)
    gpg(
        folder,
        "--passphrase",
        "",
        "--quick-generate-key",
        "case.worker@council.test",
        "future-default",
        "default",
        "1d",
    )
    return folder


def gpg(home: Path, *arguments: str, given: bytes = b"") -> bytes:
    fixed = ("--homedir", str(home), "--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback")
    return run("gpg", *fixed, *arguments, folder=home, given=given)


PASSWORD = ("--passphrase", KEY, "-c")
PUBLIC = ("--trust-model", "always", "-r", "case.worker@council.test", "-e")


@needs("gpg")
@pytest.mark.parametrize("armour", [(), ("-a",)])
@pytest.mark.parametrize(
    ("arguments", "protection", "method", "why"),
    [
        (PUBLIC, Protection.STRONG, "OpenPGP, public key", "for a key"),
        (PASSWORD, Protection.STRONG, "OpenPGP, password, AES-", "for a password"),
        (
            ("--passphrase", KEY, "-c", *PUBLIC),
            Protection.STRONG,
            "OpenPGP, public key, password, AES-",
            "both",
        ),
        (("-s", *PUBLIC), Protection.STRONG, "OpenPGP, public key", "signed inside"),
        (("-s",), Protection.NAME_ONLY, "OpenPGP signed or packed, not encrypted", "only signed"),
        (("--store",), Protection.NAME_ONLY, "OpenPGP signed or packed, not encrypted", "only packed"),
        (("--compress-algo", "bzip2", "-s"), Protection.NAME_ONLY, "OpenPGP signed", "bzip2"),
    ],
)
def test_openpgp(
    keyring: Path,
    arguments: tuple[str, ...],
    armour: tuple[str, ...],
    protection: Protection,
    method: str,
    why: str,
) -> None:
    data = gpg(keyring, *armour, *arguments, given=CLEAR)
    text, coverage = read(data, "x.gpg", NO_PASSWORDS)
    assert coverage.kind == "pgp", why
    assert only(coverage).protection is protection, why
    assert only(coverage).method.startswith(method), why
    readable = protection is Protection.NAME_ONLY
    assert (TOKEN in text) is readable
    assert coverage.status is (Status.INSPECTED if readable else Status.ENCRYPTED)


@needs("gpg")
def test_openpgp_without_integrity_protection_is_weak(keyring: Path) -> None:
    # gpg makes such messages no more: packet 9 is built of a session key packet and random data.
    sealed = b"\x8c\x0d\x04\x09\x03\x08" + bytes(8) + b"\xff" + b"\xa4\x40" + os.urandom(64)
    _, coverage = read(sealed)
    assert (coverage.kind, only(coverage).protection) == ("pgp", Protection.WEAK)


@needs("gpg")
@pytest.mark.parametrize("armour", [(), ("-a",)])
def test_an_openpgp_password_in_the_text_around_opens_it(keyring: Path, armour: tuple[str, ...]) -> None:
    data = gpg(keyring, *armour, *PASSWORD, given=CLEAR)
    text, coverage = read(data, limits=Limits(passwords=Passwords((KEY,))))
    assert TOKEN in text
    assert only(coverage).opened == "a listed password"


@needs("gpg")
def test_text_around_an_armoured_block_is_read(keyring: Path) -> None:
    block = gpg(keyring, "-a", *PUBLIC, given=b"x")
    text, coverage = read(
        f"Dear Ann,\nher number is {TOKEN}.\n\n".encode() + block + b"\nRegards,\nBob Marleybone\n"
    )
    assert TOKEN in text
    assert "Marleybone" in text
    assert coverage.status is Status.ENCRYPTED or coverage.status is Status.PARTIAL
    assert only(coverage).protection is Protection.STRONG


@needs("gpg")
def test_clear_signed_text_is_text(keyring: Path) -> None:
    text, coverage = read(gpg(keyring, "--clearsign", given=CLEAR))
    assert TOKEN in text
    assert coverage.protected == ()


AGE_KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"  # of the format's documentation


@needs("age")
@pytest.mark.parametrize("armour", [(), ("-a",)])
def test_age_for_a_key(tmp_path: Path, armour: tuple[str, ...]) -> None:
    data = run("age", *armour, "-r", AGE_KEY, folder=tmp_path, given=CLEAR)
    _, coverage = read(data)
    assert (coverage.kind, coverage.status) == ("age", Status.ENCRYPTED)
    assert (only(coverage).protection, only(coverage).method) == (Protection.STRONG, "age, X25519")


def age_with_a_password(password: str, content: bytes, work: int = 10) -> bytes:
    """What ``age -p`` writes, which asks at a terminal only; a smaller work factor keeps the test fast."""
    import base64
    import hashlib
    import hmac

    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def text(data: bytes) -> bytes:
        return base64.b64encode(data).rstrip(b"=")

    salt, file_key, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapping = hashlib.scrypt(
        password.encode(), salt=b"age-encryption.org/v1/scrypt" + salt, n=1 << work, r=8, p=1, dklen=32
    )
    body = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (text(salt), work, text(body))
    code = hmac.new(HKDF(SHA256(), 32, b"", b"header").derive(file_key), header, "sha256").digest()
    payload = HKDF(SHA256(), 32, nonce, b"payload").derive(file_key)
    sealed = ChaCha20Poly1305(payload).encrypt(bytes(11) + b"\1", content, None)
    return header + b" " + text(code) + b"\n" + nonce + sealed


def test_age_for_a_password() -> None:
    data = age_with_a_password(KEY, CLEAR)
    _, coverage = read(data, limits=NO_PASSWORDS)
    assert (coverage.status, only(coverage).method) == (Status.ENCRYPTED, "age, scrypt")
    text, coverage = read(data, limits=Limits(passwords=Passwords((KEY,))))
    assert TOKEN in text
    assert only(coverage).opened == "a listed password"


# PDF


def pdf(
    encryption: pikepdf.Encryption | None = None, prepare: Callable[[pikepdf.Pdf], None] | None = None
) -> bytes:
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(300, 300))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = document.make_stream(f"BT /F1 12 Tf 20 200 Td ({TOKEN}) Tj ET".encode())
    if prepare:
        prepare(document)
    out = io.BytesIO()
    document.save(out, encryption=encryption or False)
    return out.getvalue()


OLD = {"aes": False, "metadata": False}


@pytest.mark.parametrize(
    ("user", "how", "protection", "method", "opened", "why"),
    [
        ("", {"R": 6}, Protection.NAME_ONLY, "PDF AES-256", "empty password", "owner password only"),
        ("", {"R": 2, **OLD}, Protection.NAME_ONLY, "PDF RC4 40 bits", "empty password", "owner only, RC4"),
        (KEY, {"R": 6}, Protection.STRONG, "PDF AES-256", "", "R6"),
        (KEY, {"R": 5}, Protection.STRONG, "PDF AES-256", "", "R5"),
        (KEY, {"R": 4, "aes": True}, Protection.STRONG, "PDF AES-128", "", "R4 with AES"),
        (KEY, {"R": 4, **OLD}, Protection.WEAK, "PDF RC4 128 bits", "", "R4 with RC4"),
        (KEY, {"R": 3, **OLD}, Protection.WEAK, "PDF RC4 128 bits", "", "R3"),
        (KEY, {"R": 2, **OLD}, Protection.WEAK, "PDF RC4 40 bits", "", "R2"),
    ],
)
def test_pdf(
    user: str, how: dict[str, object], protection: Protection, method: str, opened: str, why: str
) -> None:
    data = pdf(pikepdf.Encryption(owner="the owner's own", user=user, **how))  # type: ignore[arg-type]
    text, coverage = read(data)
    part = only(coverage)
    assert (part.protection, part.method, part.opened) == (protection, method, opened), why
    assert (TOKEN in text) is bool(opened)
    assert coverage.status is (Status.INSPECTED if opened else Status.ENCRYPTED)
    if user:
        text, coverage = read(data, limits=Limits(passwords=Passwords((KEY,))))
        assert TOKEN in text, why
        assert (only(coverage).protection, only(coverage).opened) == (protection, "a listed password")


@needs("qpdf")
def test_pdf_with_metadata_in_clear(tmp_path: Path) -> None:
    def title(document: pikepdf.Pdf) -> None:
        with document.open_metadata() as metadata:
            metadata["dc:title"] = "Review of Tokenname"

    (tmp_path / "in.pdf").write_bytes(pdf(prepare=title))
    run(
        *("qpdf", "--encrypt", KEY, KEY, "128", "--use-aes=y", "--cleartext-metadata", "--"),
        *("in.pdf", "out.pdf"),
        folder=tmp_path,
    )
    text, coverage = read((tmp_path / "out.pdf").read_bytes())
    assert "Review of Tokenname" in text
    assert TOKEN not in text
    assert only(coverage).protection is Protection.STRONG


def with_trailer(dictionary: bytes) -> bytes:
    """A PDF whose trailer names an encryption that our tools cannot make; its pages are as they were."""
    data = pdf()
    return data.replace(b"trailer <<", b"trailer << /Encrypt " + dictionary + b" ").replace(
        b"trailer\n<<", b"trailer\n<< /Encrypt " + dictionary + b" "
    )


@pytest.mark.parametrize(
    ("dictionary", "protection", "method"),
    [
        (
            b"<< /Filter /Adobe.PubSec /V 4 /CF << /D << /CFM /AESV2 >> >> /StmF /D /StrF /D >>",
            Protection.STRONG,
            "PDF for certificates, AES-128",
        ),
        (b"<< /Filter /Adobe.PubSec /V 1 /R 1 >>", Protection.WEAK, "PDF for certificates, RC4 40 bits"),
        (b"<< /Filter /MicrosoftIRMServices /V 1 >>", Protection.UNKNOWN, "PDF rights management"),
    ],
)
def test_pdf_for_keys_and_rights(dictionary: bytes, protection: Protection, method: str) -> None:
    _, coverage = read(with_trailer(dictionary))
    assert (only(coverage).protection, only(coverage).method) == (protection, method)
    assert coverage.status is Status.ENCRYPTED


def test_pdf_whose_attachments_alone_are_encrypted_is_read() -> None:
    crypt = b"<< /Filter /Standard /V 4 /R 4 /O () /U () /P -4 /CF << /A << /CFM /AESV2 >> >> /EFF /A >>"
    text, coverage = read(with_trailer(crypt))
    assert TOKEN in text
    assert (only(coverage).protection, only(coverage).method) == (
        Protection.PARTLY,
        "PDF attachments, AES-128",
    )


def test_pdf_wrapper_around_an_encrypted_payload() -> None:
    payload = pdf(pikepdf.Encryption(owner="x", user=KEY, R=6))

    def attach(document: pikepdf.Pdf) -> None:
        kind = pikepdf.Name("/EncryptedPayload")
        document.attachments["payload.pdf"] = pikepdf.AttachedFileSpec(document, payload, relationship=kind)

    text, coverage = read(pdf(prepare=attach))
    assert TOKEN in text, "the wrapper is in clear"
    assert only(coverage).protection is Protection.STRONG
    assert "payload.pdf" in str(only(coverage).location)


# Office


def workbook() -> io.BytesIO:
    book = openpyxl.Workbook()
    book.active["A1"] = TOKEN  # type: ignore[index]
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def encrypted_workbook(password: str) -> bytes:
    out = io.BytesIO()
    OOXMLFile(workbook()).encrypt(password, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("password", "listed", "protection", "opened"),
    [
        (KEY, (), Protection.STRONG, ""),
        (KEY, (KEY,), Protection.STRONG, "a listed password"),
        ("VelvetSweatshop", (), Protection.NAME_ONLY, "default password"),
        ("/01Hannes Ruescher/01", (), Protection.NAME_ONLY, "default password"),
    ],
)
def test_office_package(password: str, listed: tuple[str, ...], protection: Protection, opened: str) -> None:
    text, coverage = read(encrypted_workbook(password), "book.xlsx", Limits(passwords=Passwords(listed)))
    part = only(coverage)
    assert (part.protection, part.method, part.opened) == (protection, "Office agile, AES-256", opened)
    assert (TOKEN in text) is bool(opened)


@pytest.mark.parametrize("element", ["sheet", "workbook"])
def test_protected_sheets_are_not_encrypted(element: str) -> None:
    book = openpyxl.load_workbook(workbook())
    if element == "sheet":
        book.active.protection.set_password("x")  # type: ignore[union-attr]
        book.active.protection.enable()  # type: ignore[union-attr]
    else:
        book.security.workbookPassword = "CC1A"
        book.security.lockStructure = True
    out = io.BytesIO()
    book.save(out)
    text, coverage = read(out.getvalue())
    assert TOKEN in text
    assert coverage.protected == ()


# What LibreOffice encrypts

OFFICE = [
    ("notes.txt", "notes.odt", "writer8", Protection.STRONG, "OpenDocument AES-256"),
    ("table.csv", "table.ods", "calc8", Protection.STRONG, "OpenDocument AES-256"),
    ("notes.txt", "notes.doc", "MS Word 97", Protection.WEAK, "Office RC4, 40 bits"),
    ("table.csv", "table.xls", "MS Excel 97", Protection.WEAK, "Office RC4, 40 bits"),
]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office")
    (folder / "notes.txt").write_text(f"Her number is {TOKEN}.\n")
    (folder / "table.csv").write_text(f"Name,Number\nAnn,{TOKEN}\n")
    libreoffice.with_password(
        folder, [(folder / source, target, how) for source, target, how, _, _ in OFFICE], "four horses"
    )
    return folder


@needs("soffice")
@pytest.mark.parametrize(
    ("target", "protection", "method"), [(target, *rest) for _, target, _, *rest in OFFICE]
)
def test_documents_with_a_password(office: Path, target: str, protection: Protection, method: str) -> None:
    data = (office / target).read_bytes()
    text, coverage = read(data, target)
    assert TOKEN not in text
    assert coverage.status is Status.ENCRYPTED
    assert (only(coverage).protection, only(coverage).method) == (protection, method)
    text, coverage = read(data, target, Limits(passwords=Passwords(("wrong", "four horses"))))
    assert TOKEN in text
    assert not coverage.gaps
    assert (only(coverage).protection, only(coverage).opened) == (protection, "a listed password")


@needs("soffice")
def test_a_manifest_that_only_says_encrypted_hides_nothing(office: Path) -> None:
    with zipfile.ZipFile(office / "notes.odt") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    body = '<?xml version="1.0"?><office:document-content xmlns:office='
    body += '"urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text='
    body += f'"urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text><text:p>{TOKEN}'
    body += "</text:p></office:text></office:body></office:document-content>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in (parts | {"content.xml": body.encode()}).items():
            archive.writestr(name, content)
    text, coverage = read(out.getvalue())
    assert TOKEN in text
    assert coverage.status is Status.PARTIAL


# ZIP


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.txt", content)
    return out.getvalue()


def aes_zip(bits: int = 256, password: str = KEY, **members: str) -> bytes:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setencryption(pyzipper.WZ_AES, nbits=bits)
        archive.setpassword(password.encode())
        for name, content in members.items():
            archive.writestr(f"{name}.txt", content)
    return out.getvalue()


def zipcrypto(folder: Path, password: str = KEY, **members: str) -> bytes:
    for name, content in members.items():
        (folder / f"{name}.txt").write_text(content)
    run("zip", "-q", "-P", password, "case.zip", *(f"{name}.txt" for name in members), folder=folder)
    return (folder / "case.zip").read_bytes()


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_zip_aes(bits: int) -> None:
    data = aes_zip(bits, notes=TOKEN)
    text, coverage = read(data)
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.STRONG)
    assert coverage.protected[0].method == f"ZIP AES-{bits}"
    assert "notes.txt" in text
    text, coverage = read(data, limits=Limits(passwords=Passwords((KEY,))))
    assert TOKEN in text
    assert coverage.status is Status.INSPECTED


@needs("zip")
def test_zipcrypto_is_weak_and_opens(tmp_path: Path) -> None:
    data = zipcrypto(tmp_path, notes=TOKEN, more="other words")
    _, coverage = read(data)
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.WEAK)
    assert {part.method for part in coverage.protected} == {"ZipCrypto"}
    text, coverage = read(data, limits=Limits(passwords=Passwords(("wrong", KEY))))
    assert TOKEN in text
    assert "other words" in text
    assert text.count("notes.txt") == 1
    assert coverage.status is Status.INSPECTED


@needs("zip")
def test_zipcrypto_hits_are_confirmed_by_the_check_sum(tmp_path: Path) -> None:
    data = zipcrypto(tmp_path, notes=TOKEN * 20)
    wrong = tuple(f"wrong password {number}" for number in range(3_000))  # about a dozen pass the byte
    text, coverage = read(data, limits=Limits(passwords=Passwords(wrong, 60.0)))
    assert coverage.status is Status.ENCRYPTED
    assert TOKEN not in text


def test_zip_members_with_different_passwords() -> None:
    out = io.BytesIO(aes_zip(256, "password of Ann", first=TOKEN))
    with pyzipper.AESZipFile(out, "a", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"password of Bob")
        archive.writestr("second.txt", "second words")
        archive.setpassword(b"nobody knows it")
        archive.writestr("third.txt", "third words")
    listed = ("password of Bob", "password of Ann")
    text, coverage = read(out.getvalue(), limits=Limits(passwords=Passwords(listed)))
    assert TOKEN in text
    assert "second words" in text
    assert "third words" not in text
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.ENCRYPTED]
    assert "third.txt" in str(coverage.gaps[0].location)


def test_mixed_zip_names_the_closed_members() -> None:
    out = io.BytesIO(aes_zip(secret="x"))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("open.txt", TOKEN)
    text, coverage = read(out.getvalue())
    assert TOKEN in text
    assert (coverage.status, coverage.protection) == (Status.PARTIAL, Protection.PARTLY)
    assert str(only(coverage).location) == "secret.txt"


def flagged(data: bytes, *, local: bool, central: bool) -> bytes:
    out = bytearray(data)
    for mark, offset, wanted in ((b"PK\x03\x04", 6, local), (b"PK\x01\x02", 8, central)):
        position = data.find(mark)
        while wanted and position >= 0:
            out[position + offset] |= 1
            position = data.find(mark, position + 4)
    return bytes(out)


@pytest.mark.parametrize(
    ("local", "central", "gap"),
    [(True, True, None), (True, False, Shortfall.DAMAGED), (False, True, Shortfall.DAMAGED)],
)
def test_a_faked_flag_is_read_and_disagreement_is_no_clean_bill(
    local: bool, central: bool, gap: Shortfall | None
) -> None:
    text, coverage = read(flagged(zipped(notes=TOKEN), local=local, central=central))
    assert TOKEN in text
    assert [one.reason for one in coverage.gaps] == ([gap] if gap else [])
    assert all(part.protection is Protection.NAME_ONLY for part in coverage.protected)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_with_one_name_twice_and_another_name_inside() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("notes.txt", TOKEN)
        archive.writestr("notes.txt", "harmless words")
    text, _ = read(out.getvalue())
    assert TOKEN in text
    assert "harmless words" in text
    renamed = zipped(plain="x").replace(b"plain.txt", b"Tokenname", 1)
    text, _ = read(renamed)
    assert "Tokenname" in text
    assert "plain.txt" in text


@pytest.mark.parametrize("prefix", [b"MZ" + bytes(200), b"#!/bin/sh\nexit 0\n"])
def test_zip_behind_a_prefix(prefix: bytes) -> None:
    data = prefix + zipped(notes=TOKEN)
    text, coverage = read(data, "setup.exe")
    assert coverage.kind == "zip"
    assert TOKEN in text


def test_zip_behind_a_picture_and_a_pdf() -> None:
    for front in (b"\x89PNG\r\n\x1a\n" + bytes(500), pdf()):
        text, _ = read(front + zipped(notes="hidden Tokentext"))
        assert "hidden Tokentext" in text


# 7-Zip and RAR


@needs("7z")
@pytest.mark.parametrize(
    ("switches", "names", "protection"),
    [
        (("-p" + KEY,), True, Protection.STRONG),
        (("-p" + KEY, "-mhe=on"), False, Protection.STRONG),
        (("-p" + KEY, "-m0=copy"), True, Protection.STRONG),
        (("-p" + KEY, "-m0=ppmd", "-mhe=on"), False, Protection.STRONG),
        ((), True, Protection.NONE),
    ],
)
def test_seven_zip(tmp_path: Path, switches: tuple[str, ...], names: bool, protection: Protection) -> None:
    (tmp_path / "notes.txt").write_text(TOKEN * 50)
    (tmp_path / "more.txt").write_text("other words")
    run("7z", "a", "-bso0", *switches, "case.7z", "notes.txt", "more.txt", folder=tmp_path)
    data = (tmp_path / "case.7z").read_bytes()
    text, coverage = read(data)
    assert ("notes.txt" in text) is names
    assert coverage.protection is protection
    if protection is Protection.STRONG:
        assert TOKEN not in text
        assert coverage.protected[0].method == "7z AES-256"
        text, coverage = read(data, limits=Limits(passwords=Passwords((KEY,))))
    assert TOKEN in text
    assert "other words" in text
    assert coverage.status is Status.INSPECTED
