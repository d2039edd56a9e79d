"""The mail part of ``make demo``: messages through a real ``dlp relay`` to a local sink, then the console.

No mail server and no root are needed: the sink is a few lines of this file, and everything listens on
loopback, on ports that the system chooses.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import smtplib
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from rules.checks import CHECKS

HERE = "127.0.0.1"
COUNCIL = "council.example"
_START_SECONDS = 90.0


# --- the sink ---------------------------------------------------------------------------------------------


@dataclass
class Delivered:
    """What reached the other side: for each subject the bytes."""

    messages: dict[str, bytes] = field(default_factory=dict)


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that takes everything and keeps it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.delivered = Delivered()
        super().__init__((HERE, 0), _Conversation)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        self._say("220 sink ready")
        while line := self.rfile.readline(2000):
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                self._take()
            elif verb == b"QUIT":
                self._say("221 2.0.0 bye")
                return
            elif verb == b"EHLO":
                self._say("250-sink\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES")
            else:
                self._say("250 2.0.0 ok")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline(1_000_000)) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        content = b"".join(lines)
        subject = re.search(rb"^Subject: ([^\r\n]*)", content, re.MULTILINE)
        self.server.delivered.messages[subject[1].decode() if subject else ""] = content
        self._say("250 2.0.0 delivered")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


# --- the messages -----------------------------------------------------------------------------------------


def made_up(seed: int) -> tuple[str, str]:
    """A National Insurance number and an NHS number, made for this run, valid in form."""
    chance = random.Random(seed)
    letters = "ABCEGHJKLMNPRSTWXYZ"
    while True:
        insurance = f"{chance.choice(letters)}{chance.choice(letters)}{chance.randrange(10**6):06d}"
        if CHECKS["nino"](insurance + "A"):
            break
    while True:
        health = f"4{chance.randrange(10**9):09d}"
        if CHECKS["nhs"](health):
            return insurance + "A", f"{health[:3]} {health[3:6]} {health[6:]}"


def mail(subject: str, to: str, text: str, *attached: tuple[str, bytes]) -> tuple[str, EmailMessage]:
    """A message of an officer, and to whom it goes."""
    message = EmailMessage()
    message["From"] = f"Sam Officer <officer@{COUNCIL}>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{abs(hash((subject, to))):x}@{COUNCIL}>"
    message.set_content(text)
    for name, content in attached:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return to, message


def messages() -> list[tuple[str, EmailMessage]]:
    """The handful."""
    insurance, _ = made_up(7)
    note = (
        "Dear colleague,\n\nAmina Warsame, born 3 April 1984, National Insurance number "
        f"{insurance}, has asked for help with her rent after her illness.\n\nSam\n"
    )
    rows = ["Name,Date of birth,NHS number,Plan"]
    for number in range(12):
        _, one = made_up(100 + number)
        rows.append(f"Child {chr(65 + number)} Example,{1 + number:02d}/05/2015,{one},child protection plan")
    table = "\n".join(rows).encode()
    safe = encrypted(note)
    noise = b"7z\xbc\xaf\x27\x1c" + random.Random(7).randbytes(2000)
    return [
        mail("Library opening hours", "editor@example.org", "The library opens at nine from Monday.\n"),
        mail("Rent", "landlord@example.com", note),
        mail("Rent, inside", f"housing@{COUNCIL}", note),
        mail("Rent, to the NHS", "ward@nhs.net", note),
        mail(
            "Class list",
            "coach@example.com",
            "The list you asked for.\n",
            ("class.csv", table),
        ),
        mail("Rent, encrypted", "landlord@example.com", "Please see the file.\n", ("note.zip", safe)),
        mail(
            "Rent, with its password",
            "landlord@example.com",
            "Please see the file. The password is Tuesday77\n",
            ("note.zip", safe),
        ),
        mail(
            "Drawing",
            "architect@example.com",
            "The drawing.\n",
            ("plan.7z", noise),
        ),
    ]


def encrypted(text: str) -> bytes:
    """A ZIP archive with AES, its password is Tuesday77."""
    import io

    import pyzipper

    stream = io.BytesIO()
    with pyzipper.AESZipFile(
        stream, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(b"Tuesday77")
        archive.writestr("note.txt", text)
    return stream.getvalue()


# Nobody has an account yet.
_LIST = ("quarantine", "list", "--break-glass", "a demonstration, before there is an account")


# --- the run ----------------------------------------------------------------------------------------------


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as one:
        one.bind((HERE, 0))
        return int(one.getsockname()[1])


def configure(folder: Path, sink: Sink) -> tuple[Path, int, int]:
    """Write the configuration; its path, the relay's port, the port to watch."""
    port, watched = free_port(), free_port()
    told = {
        "organisation": {"names": ["Council of Example"], "domains": [COUNCIL]},
        "state": {"directory": str(folder / "state")},
        "storage": {"master_key": str(folder / "master.key")},
        "relay": {"listen": [f"{HERE}:{port}"], "processes": 1},
        "next_hop": {"host": HERE, "port": sink.port, "tls": "none"},
        "secure_hop": {"host": HERE, "port": sink.port, "tls": "none"},
        "quarantine": {"reserve_mb": 10},
        "console": {"listen": f"{HERE}:{free_port()}"},
        "metrics": {"listen": f"{HERE}:{watched}"},
        "logging": {"file": str(folder / "relay.log")},
    }
    file = folder / "dlp.yaml"
    file.write_text(json.dumps(told, indent=1), encoding="utf-8")  # JSON is YAML
    return file, port, watched


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, send, show; the exit code is 0 when everything ran."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--no-console", action="store_true", help="do not leave the console running")
    told = options.parse_args(arguments)
    folder = told.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    dlp = Path(sys.executable).with_name("dlp")
    with Sink() as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        file, port, watched = configure(folder, sink)
        print("Starting dlp relay ...", flush=True)
        relay = subprocess.Popen([str(dlp), "relay", "--config", str(file)])
        try:
            if not _ready(relay, watched):
                return relay.returncode or 70
            sent = [_send(port, to, message) for to, message in messages()]
        finally:
            relay.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                relay.wait(30)
    _show(sent, sink.delivered, _reasons(dlp, file))
    print("\nWhat is held waits for a person:\n", flush=True)
    environment = {**os.environ, "COLUMNS": os.environ.get("COLUMNS", "120")}
    subprocess.run([str(dlp), *_LIST, "--config", str(file)], env=environment, check=False)
    print(f"\nThe log, a line for each message and nothing of its content: {folder / 'relay.log'}")
    print(f"A verdict without sending: {dlp} rules test-mail FILE.eml --from A --to B")
    return _console(dlp, file, wait=sys.stdout.isatty() and not told.no_console)


# --- the console ------------------------------------------------------------------------------------------


def _console(dlp: Path, file: Path, *, wait: bool) -> int:
    """A console on what is held, with a log-in that works once; it runs until Ctrl-C where somebody looks.

    A release from it reaches nobody: the relay that would send it has stopped.
    """
    print("\nNow the page where people decide.", flush=True)
    with subprocess.Popen(
        [str(dlp), "console", "--config", str(file)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as console:
        try:
            address = _address(console)
            if not address:
                return console.wait() or 70
            name, link = _log_in(dlp, file)
            print(f"The console:          {address}")
            print(f"A log-in, works once: {link.replace('{console}', address)}", flush=True)
            print("The same at the command line, once that log-in has set a password:")
            print(f"  {dlp} console sign-in {name} --config {file}")
            print(f"  {dlp} quarantine list --config {file}", flush=True)
            if wait:
                print("Ctrl-C ends it.", flush=True)
                with contextlib.suppress(KeyboardInterrupt):
                    console.wait()
            else:
                print(f"It is stopped again, because nobody looks. Start it: {dlp} console --config {file}")
        finally:
            console.terminate()
    return 0


def _address(console: subprocess.Popen[str]) -> str:
    assert console.stdout is not None
    for line in console.stdout:
        if found := re.search(r"The console is at (\S+)", line):
            return found[1]
    return ""


def _log_in(dlp: Path, file: Path) -> tuple[str, str]:
    """A new account for each run, so that the demo can be run again: its name, and its first log-in."""
    name = f"demo-{time.strftime('%H%M%S')}"
    roles = ("triage", "approver", "dpo", "siro", "auditor", "administrator")
    chosen = [word for role in roles for word in ("--role", role)]
    command = [str(dlp), "console", "user", "add", name, *chosen, "--config", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"\S*/sign-in/once/\S+", told)
    return name, found[0] if found else told.strip()


@dataclass(frozen=True)
class _Sent:
    subject: str
    to: str
    reply: str


def _ready(relay: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + _START_SECONDS
    while relay.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{HERE}:{port}/ready", timeout=5):
            return True
        time.sleep(0.2)
    return False


def _send(port: int, to: str, message: EmailMessage) -> _Sent:
    with smtplib.SMTP(HERE, port, timeout=90) as client:
        client.ehlo()
        client.mail(f"officer@{COUNCIL}")
        client.rcpt(to)
        code, reply = client.data(message.as_bytes())
    return _Sent(str(message["Subject"]), to, f"{code} {reply.decode('ascii', 'replace')}")


def _reasons(dlp: Path, file: Path) -> dict[str, str]:
    """Why each held message is held, by its reference."""
    command = [str(dlp), *_LIST, "--json", "--config", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {
        one["reference"]: "; ".join(reason.rstrip(".") for reason in one["reasons"][1:3] or one["reasons"])
        for one in json.loads(told)["messages"]
    }


def _show(sent: list[_Sent], delivered: Delivered, reasons: dict[str, str]) -> None:
    """What became of each: at the other side, what its sender was told, and why."""
    print(f"\n{'message':<24} {'to':<24} {'arrived':<8} the relay said")
    print("-" * 110)
    for one in sent:
        there = "yes" if one.subject in delivered.messages else "no"
        print(f"{one.subject:<24} {one.to:<24} {there:<8} {one.reply}")
        if why := reasons.get(one.reply.rsplit(" ", 1)[-1]):
            print(f"{'':<58}because: {why}")


if __name__ == "__main__":
    sys.exit(main())
