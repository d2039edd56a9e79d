"""Passwords that a document tells of, and the order and the bounds of trying them."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
import pyzipper

from scanner.documents import Limits, Protection, Shortfall, Source, Status, read_whole
from scanner.documents.passwords import Keyring, Passwords, candidates_in

TOKEN = "QQ123456C"  # the published specimen of a National Insurance number


def ranks(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for rank, one in candidates_in(text):
        found[one] = min(rank, found.get(one, 9))
    return found


@pytest.mark.parametrize(
    ("text", "password", "most", "why"),
    [
        ("The password is Tuesday77", "Tuesday77", 0, "said"),
        ("The password is Tuesday77.", "Tuesday77", 0, "without the full stop"),
        ("The password is Summer21!", "Summer21!", 1, "the mark belongs to it"),
        ("Password: horse battery staple", "horse battery staple", 1, "a phrase"),
        ("Use the password Coffee Train Fish to open it", "Coffee Train Fish", 2, "a phrase in a sentence"),
        (
            "The password is two words, correct horse (with a space)",
            "correct horse",
            2,
            "a clause of its own",
        ),
        ("passcode=4471", "4471", 0, "a short code"),
        ('pw "blue-chair-9"', "blue-chair-9", 2, "in quotes"),
        (
            "the pass phrase to open it is \u201ccold tea\u201d, see you Monday",
            "cold tea",
            2,
            "typographic",
        ),
        ("I will send the password now:\n\nKestrel-54\n\nRegards", "Kestrel-54", 2, "on the next line"),
        ("Kestrel54 is the password", "Kestrel54", 1, "in front of the word"),
        ("p/w - Kestrel54", "Kestrel54", 0, "a dash"),
        ("To unlock use Kestrel54 please", "Kestrel54", 1, "unlock"),
        ("Y cyfrinair yw Castell7", "Castell7", 0, "in Welsh"),
        ("Hello\nKestrel54\nBob", "Kestrel54", 5, "alone on a line, nothing said"),
        ("Open it with her date of birth. DOB 02/03/1979", "02031979", 6, "date of birth"),
        ("born 2nd March 1979", "020379", 6, "date in words, short"),
        ("born 1979-03-02", "02/03/1979", 6, "ISO date, as people write it"),
        ("she lives at SW1A 2AA now", "SW1A2AA", 6, "postcode"),
        ("NHS number 943 476 5919", "9434765919", 6, "NHS number"),
        ("our reference HB/2026/0042", "HB/2026/0042", 8, "reference"),
    ],
)
def test_candidates(text: str, password: str, most: int, why: str) -> None:
    assert ranks(text).get(password, 99) <= most, why


@pytest.mark.parametrize(
    "text",
    ["", "   \n\n  ", "The password will follow by telephone.", "password", "a b c d e", "\u00e9" * 300],
)
def test_nothing_promised_nothing_raised(text: str) -> None:
    assert all(isinstance(one, str) and 0 < len(one) <= 64 for _, one in candidates_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "password " * 50_000,
        "password is " + "x" * 400_000,
        "\n".join(f"key {number}" for number in range(40_000)),
        '"' * 300_000,
        "0" * 300_000,
        "a1-" * 100_000,
        "1/1/" * 100_000,
    ],
)
def test_long_texts_cost_little(text: str) -> None:
    # No gate on time: a cost that grows with the square would take hours here and stop the run.
    assert sum(1 for _ in candidates_in(text)) < 40 * len(text)


def test_listed_passwords_are_read_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    path.write_text("# of the finance team\nBlue Chair 9\n\n t\u00e9a \nBlue Chair 9\n", "utf-8")
    passwords = Passwords.from_file(path, 2.5)
    assert passwords.listed == ("Blue Chair 9", " t\u00e9a ")
    assert passwords.seconds == 2.5
    assert "Chair" not in repr(passwords)
    assert "Chair" not in repr(Limits(passwords=passwords))
    assert "Chair" not in json.dumps(str(passwords))


def test_the_best_come_first_and_the_time_is_bounded() -> None:
    keyring = Keyring(Passwords(("listed one",), 0.05))
    keyring.hear("The password is Tuesday77. Ring 01632 960123 about case HB1234.")
    asked: list[str] = []

    def attempt(password: str) -> str | None:
        asked.append(password)
        end = time.process_time() + 0.004
        while time.process_time() < end:
            pass
        return None

    assert keyring.open(attempt, ("",), set(), 5.0) is None
    assert asked[:2] == ["", "Tuesday77"]
    assert "listed one" in asked
    assert len(asked) < 30
    assert keyring.seconds_left == 0.0
    more = len(asked)
    assert keyring.open(attempt, ("default",), set(), 5.0) is None
    assert asked[more:] == ["default"], "what everybody knows is tried without time left"


def aes_zip(password: str, content: str = TOKEN) -> bytes:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        archive.writestr("notes.txt", content)
    return out.getvalue()


def mail(*parts: tuple[str, bytes]) -> bytes:
    import base64

    out = [b"From: a@council.test\r\nTo: b@example.org\r\nSubject: papers for Kestrel House 12\r\n"]
    out.append(b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xx\r\n\r\n")
    for name, content in parts:
        kind = "application/octet-stream" if name else "text/plain; charset=utf-8"
        head = (
            f'--xx\r\nContent-Type: {kind}; name="{name}"\r\n'
            if name
            else f"--xx\r\nContent-Type: {kind}\r\n"
        )
        body = base64.encodebytes(content)
        out.append(head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + body + b"\r\n")
    return b"".join(out) + b"--xx--\r\n"


FOUND = "a password in the same message"


@pytest.mark.parametrize(
    ("parts", "opened", "why"),
    [
        ([("", b"The password is Tuesday77."), ("case.zip", aes_zip("Tuesday77"))], FOUND, "in front"),
        ([("case.zip", aes_zip("Tuesday77")), ("", b"The password is Tuesday77.")], FOUND, "behind"),
        (
            [("case.zip", aes_zip("Kestrel House 12")), ("", b"see subject")],
            "",
            "a phrase inside of the subject",
        ),
        ([("Kestrel-54.zip", aes_zip("Kestrel-54"))], FOUND, "the name of the file"),
        ([("", b"born 02/03/1979"), ("case.zip", aes_zip("02031979"))], FOUND, "a date of birth"),
        (
            [("", "Y cyfrinair: caf\u00e99!".encode()), ("case.zip", aes_zip("caf\u00e99!"))],
            FOUND,
            "in Welsh",
        ),
        ([("", b"The password will follow."), ("case.zip", aes_zip("Tuesday77"))], "", "another way"),
        ([("case.zip", aes_zip("password"))], "an obvious password", "obvious"),
    ],
)
def test_a_password_in_the_same_message(parts: list[tuple[str, bytes]], opened: str, why: str) -> None:
    segments, coverage = read_whole(Source.from_bytes(mail(*parts)), kind="eml")
    text = "\n".join(segment.text for segment in segments)
    assert (TOKEN in text) is bool(opened), why
    assert {part.opened for part in coverage.protected} == {opened}
    assert {part.protection for part in coverage.protected} == {Protection.STRONG}
    assert bool(coverage.gaps) is not bool(opened)
    place = next(str(segment.location) for segment in segments if segment.text == TOKEN) if opened else ""
    assert not opened or "> notes.txt" in place


def test_what_one_lock_held_opens_the_next() -> None:
    inner = aes_zip("the second key 22")
    outer = aes_zip("Tuesday77", "The password of the other is: the second key 22")
    segments, coverage = read_whole(
        Source.from_bytes(mail(("b.zip", inner), ("a.zip", outer), ("", b"password: Tuesday77"))), kind="eml"
    )
    assert TOKEN in [segment.text for segment in segments]
    assert not coverage.gaps
    assert [part.opened for part in coverage.protected] == [FOUND, FOUND]


def test_a_container_that_holds_a_note_with_the_password() -> None:
    out = io.BytesIO()
    with pyzipper.ZipFile(out, "w") as archive:
        archive.writestr("a.zip", aes_zip("Tuesday77"))
        archive.writestr("read me.txt", "password = Tuesday77")
    segments, coverage = read_whole(Source.from_bytes(out.getvalue()))
    assert TOKEN in [segment.text for segment in segments]
    assert coverage.status is Status.INSPECTED


def test_without_time_only_what_everybody_knows_is_tried() -> None:
    data = mail(("", b"The password is Tuesday77."), ("case.zip", aes_zip("Tuesday77")))
    _, coverage = read_whole(Source.from_bytes(data), limits=Limits(passwords=Passwords((), 0.0)), kind="eml")
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.ENCRYPTED]


@pytest.mark.parametrize(
    ("alone", "known", "tried", "why"),
    [
        (True, ("default",), ["default", "Listed99"], "a share's file: no guessing once a slow try was made"),
        (False, ("default",), ["default", "Listed99", "password"], "an attachment: guesses as well"),
        (True, (), ["Listed99"], "what the site lists is tried everywhere"),
    ],
)
def test_guessing_at_a_file_by_itself_is_short(
    alone: bool, known: tuple[str, ...], tried: list[str], why: str
) -> None:
    asked: list[str] = []

    def slow(password: str) -> None:
        asked.append(password)
        end = time.process_time() + 0.06
        while time.process_time() < end:
            pass

    keyring = Keyring(Passwords(("Listed99",), 0.25))
    assert keyring.open(slow, known, set(), 0.25, alone=alone) is None
    assert asked[: len(tried)] == tried, why
    assert len(asked) == len(tried) or not alone, why
