"""Real peers on loopback: Postfix, smtp-sink, a next hop that does as told, certificates, a raw client."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from smtp_filter.delivery import NextHop
from smtp_filter.message import Answer, Deliver, Message, MessageFilter
from smtp_filter.relay import Listener, MessageEvent, Observer, RelaySettings, SessionEvent
from tests.ports import HERE, free_port

PATIENCE = 20.0
"""Seconds to wait for something that must come; never a measure of speed."""


def wait_for(what: Callable[[], object], seconds: float = PATIENCE) -> object:
    """Until it is true; fails the test when it never is."""
    end = time.monotonic() + seconds
    while not (value := what()):
        if time.monotonic() > end:
            pytest.fail(f"did not come within {seconds} s: {what}")
        time.sleep(0.01)
    return value


def wait_for_port(port: int) -> None:
    def reachable() -> bool:
        with socket.socket() as one:
            return one.connect_ex((HERE, port)) == 0

    wait_for(reachable)


def tool(name: str, package: str) -> str:
    """The path of a program, or a skip that names the Debian package."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package: {package})")
    return found


# --- filters
# ---------------------------------------------------------------------------------------------------


@dataclass
class PlainFilter:
    """A real, very simple filter: does what it was told, remembers what it saw."""

    decide: Callable[[Message], Deliver | Answer] = lambda message: Deliver()
    wait: threading.Event | None = None
    seen: list[Message] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)

    async def examine(self, message: Message) -> Deliver | Answer:
        self.seen.append(message)
        with message.content.open() as file:
            self.bodies.append(file.read())
        if self.wait is not None:
            await asyncio.to_thread(self.wait.wait, PATIENCE)
        return self.decide(message)

    async def relayed(self, message: Message, reply: str) -> None:
        self.journal.append(reply)


# --- the relay in a thread
# -------------------------------------------------------------------------------------


class RunningRelay:
    """A listener in a loop and thread of its own: tests speak to it with plain sockets and programs."""

    def __init__(
        self,
        hops: Mapping[str, NextHop],
        message_filter: MessageFilter | None = None,
        settings: RelaySettings | None = None,
        accepting: Callable[[], bool] = lambda: True,
        observe: Observer = lambda event: None,
        port: int = 0,
        loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
    ) -> None:
        """``loop`` is uvloop, as in the relay's own processes, unless a test wants the other."""
        self.events: list[MessageEvent | SessionEvent] = []

        def both(event: MessageEvent | SessionEvent) -> None:
            self.events.append(event)
            observe(event)

        settings = settings or relay_settings()
        settings = dataclasses.replace(settings, listen=((HERE, port),))
        self.filter = message_filter if message_filter is not None else PlainFilter()
        self._loop = loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

        async def start() -> Listener:
            listener = Listener(settings, hops, self.filter, accepting, both)
            await listener.start()
            return listener

        self.listener = asyncio.run_coroutine_threadsafe(start(), self._loop).result(PATIENCE)
        self.port = self.listener.addresses[0][1]

    def __enter__(self) -> RunningRelay:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop(0.2)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def stop(self, grace: float) -> None:
        asyncio.run_coroutine_threadsafe(self.listener.stop(grace), self._loop).result(PATIENCE)

    def client(self, **options: object) -> Talk:
        return Talk(self.port, **options)  # type: ignore[arg-type]

    def messages(self) -> list[MessageEvent]:
        return [event for event in self.events if isinstance(event, MessageEvent)]

    def incidents(self) -> list[str]:
        return [event.incident.value for event in self.events if isinstance(event, SessionEvent)]


def relay_settings(**changes: object) -> RelaySettings:
    """Settings for tests; keywords replace fields."""
    return dataclasses.replace(RelaySettings("relay.council.test"), **changes)  # type: ignore[arg-type]


# --- a client that says exactly what it is told
# ----------------------------------------------------------------


class Talk:
    """A raw connection: bytes out, replies in."""

    def __init__(self, port: int, greet: bool = True, lmtp: bool = False) -> None:
        self.socket = socket.create_connection((HERE, port), PATIENCE)
        self._buffer = b""
        if greet:
            assert self.reply()[0] == 220
            assert self.do("LHLO client.council.test" if lmtp else "EHLO client.council.test")[0] == 250

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def say(self, words: str | bytes) -> None:
        self.socket.sendall(words if isinstance(words, bytes) else words.encode() + b"\r\n")

    def reply(self) -> tuple[int, str]:
        """The next whole reply; code 0 for a closed connection."""
        lines = []
        while True:
            while b"\r\n" not in self._buffer:
                try:
                    more = self.socket.recv(65536)
                except ConnectionError:
                    more = b""
                if not more:
                    return 0, "\n".join(lines)
                self._buffer += more
            line, _, self._buffer = self._buffer.partition(b"\r\n")
            assert len(line) <= 510
            lines.append(line[4:].decode("ascii"))
            if line[3:4] != b"-":
                return int(line[:3]), "\n".join(lines)

    def do(self, words: str | bytes) -> tuple[int, str]:
        self.say(words)
        return self.reply()

    def closed(self) -> bool:
        """Whether nothing more comes and the other side has closed."""
        return self.reply()[0] == 0

    def envelope(self, *recipients: str, sender: str = "officer@council.test", options: str = "") -> None:
        assert self.do(f"MAIL FROM:<{sender}>{options}")[0] == 250
        for recipient in recipients or ("someone@example.org",):
            assert self.do(f"RCPT TO:<{recipient}>")[0] == 250

    def data(self, wire: bytes) -> tuple[int, str]:
        """DATA, the bytes as they stand, the final dot, the answer."""
        assert self.do("DATA")[0] == 354
        self.say(wire + b".\r\n")
        return self.reply()

    def send(self, wire: bytes, *recipients: str, sender: str = "officer@council.test") -> tuple[int, str]:
        self.envelope(*recipients, sender=sender)
        return self.data(wire)

    def starttls(self, context: ssl.SSLContext, name: str = "relay.council.test") -> None:
        assert self.do("STARTTLS")[0] == 220
        self.socket = context.wrap_socket(self.socket, server_hostname=name)


PLAIN = b"From: officer@council.test\r\nTo: someone@example.org\r\nSubject: Bins\r\n\r\nTuesday.\r\n"


# --- a next hop that does as it is told
# ------------------------------------------------------------------------


@dataclass
class Taken:
    """One message as the next hop took it: envelope words and the exact bytes, dots taken away."""

    mail: str
    rcpt: list[str]
    data: bytes


class ScriptedHop:
    """A next hop on a real socket.

    ``script`` maps a step (``connect``, ``EHLO``, ``MAIL``, ``RCPT``, ``DATA``, ``body``, ``.``, ``RSET``,
    ``NOOP``, ``STARTTLS``, ``TLS``) to what happens there: reply bytes, ``CLOSE``, ``SILENT``, or a callable
    that gives one of these for the step's argument.  What is not in the script goes well.
    """

    CLOSE = b"\0close"
    SILENT = b"\0silent"

    def __init__(
        self,
        script: Mapping[str, bytes | Callable[[str], bytes]] | None = None,
        extensions: tuple[str, ...] = ("SIZE 0", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script = dict(script or {})
        self.extensions = extensions
        self.tls = tls
        self.taken: list[Taken] = []
        self.commands: list[str] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._stop = threading.Event()
        self._listening = socket.create_server((HERE, 0), backlog=64)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def hop(self, **changes: object) -> NextHop:
        """The settings that lead here."""
        return dataclasses.replace(
            NextHop(HERE, self.port, "none", connect_seconds=5, command_seconds=5, data_done_seconds=5),
            **changes,  # type: ignore[arg-type]
        )

    def __enter__(self) -> ScriptedHop:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection, as a restarted server would."""
        for one in tuple(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _step(
        self,
        connection: socket.socket,
        step: str,
        argument: str,
        well: bytes,
        before: Callable[[bytes], None] = lambda answer: None,
    ) -> bytes:
        """Do the step; the reply that was sent.  ``ConnectionError`` ends the session."""
        answer = self.script.get(step, well)
        if callable(answer):
            answer = answer(argument)
        if answer == self.CLOSE:
            raise ConnectionError
        if answer == self.SILENT:
            self._stop.wait(PATIENCE)
            raise ConnectionError
        before(answer)
        connection.sendall(answer)
        return answer

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            self._converse(connection)
        except (ConnectionError, OSError, ValueError):
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        self._step(connection, "connect", "", b"220 hop.example.org ESMTP\r\n")
        reader = connection.makefile("rb")
        mail, rcpt = "", list[str]()
        while line := reader.readline():
            text = line.decode().rstrip("\r\n")
            self.commands.append(text)
            verb, _, argument = text.partition(" ")
            verb = verb.upper()
            if verb == "EHLO":
                keywords = [*self.extensions, *(["STARTTLS"] if self.tls else [])]
                lines = ["hop.example.org", *keywords]
                marks = ["-"] * (len(lines) - 1) + [" "]
                self._step(
                    connection,
                    verb,
                    argument,
                    "".join(f"250{m}{w}\r\n" for m, w in zip(marks, lines, strict=True)).encode(),
                )
            elif verb == "STARTTLS" and self.tls is not None:
                if self._step(connection, verb, "", b"220 2.0.0 go\r\n").startswith(b"220"):
                    connection = self.tls.wrap_socket(connection, server_side=True)
                    self._open.add(connection)
                    reader = connection.makefile("rb")
            elif verb == "DATA":
                if self._step(connection, verb, "", b"354 go on\r\n").startswith(b"354"):
                    data = self._body(connection, reader)
                    message = Taken(mail, rcpt, data)

                    def take(answer: bytes, message: Taken = message) -> None:
                        if answer.startswith(b"2"):
                            self.taken.append(message)

                    self._step(connection, ".", "", b"250 2.0.0 taken as 4711\r\n", take)
                mail, rcpt = "", []
            elif verb == "QUIT":
                self._step(connection, verb, "", b"221 2.0.0 bye\r\n")
                return
            else:
                answer = self._step(connection, verb, argument, b"250 2.1.0 well\r\n")
                if verb == "MAIL":
                    mail = argument
                elif verb == "RCPT" and answer.startswith(b"2"):
                    rcpt.append(argument)
                elif verb == "RSET":
                    mail, rcpt = "", []

    def _body(self, connection: socket.socket, reader: object) -> bytes:
        lines = []
        while True:
            line = reader.readline()  # type: ignore[attr-defined]
            if not line:
                raise ConnectionError
            if line == b".\r\n":
                return b"".join(lines)
            if "body" in self.script:
                self._step(connection, "body", "", b"")
            lines.append(line[1:] if line.startswith(b".") else line)


# --- Postfix's own tools
# ---------------------------------------------------------------------------------------


class Sink:
    """``smtp-sink``: takes everything, one file per message."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        program = tool("smtp-sink", "postfix")
        self.folder = Path(tempfile.mkdtemp(prefix="sink-"))
        self.port = port or free_port()
        as_nobody = []
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam("nobody").pw_uid, -1)
            as_nobody = ["-u", "nobody"]
        self._process = subprocess.Popen(
            [program, *as_nobody, "-d", f"{self.folder}/%H%M.", *options, f"{HERE}:{self.port}", "200"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for_port(self.port)

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def hop(self, **changes: object) -> NextHop:
        return dataclasses.replace(NextHop(HERE, self.port, "none"), **changes)  # type: ignore[arg-type]

    def raw(self) -> list[bytes]:
        """The files of finished messages: smtp-sink's own header lines, then the message, with LF."""
        files = sorted(self.folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        # It ends each with an empty line; what does not end so is still being written.
        return [text for text in (file.read_bytes() for file in files) if text.endswith(b"\n\n")]

    def messages(self) -> list[bytes]:
        """The messages as they came, with LF, without what smtp-sink put on top."""
        return [_SINK_TOP.sub(b"", raw, count=1) for raw in self.raw()]

    def wait(self, count: int) -> list[bytes]:
        wait_for(lambda: len(self.raw()) >= count)
        return self.messages()


_SINK_TOP = re.compile(rb"\A(?:X-[^\n]*\n)*Received:[^\n]*\n(?:[ \t][^\n]*\n)*")


def smtp_source(port: int, *options: str) -> subprocess.CompletedProcess[str]:
    program = tool("smtp-source", "postfix")
    return subprocess.run(
        [program, "-f", "officer@council.test", "-t", "someone@example.org", *options, f"{HERE}:{port}"],
        capture_output=True,
        text=True,
        timeout=120,
    )


def swaks(port: int, *options: str) -> subprocess.CompletedProcess[str]:
    program = tool("swaks", "swaks")
    return subprocess.run(
        [program, "--server", HERE, "--port", str(port), *options],
        capture_output=True,
        text=True,
        timeout=120,
    )


# --- certificates
# ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Certificates:
    """An authority and what it signed: good, expired, for another name, and one for a client."""

    folder: Path

    def __getattr__(self, name: str) -> Path:
        return self.folder / (name + ".pem")

    def key(self, name: str) -> Path:
        return self.folder / (name + ".key")

    def fingerprint(self, name: str) -> str:
        der = ssl.PEM_cert_to_DER_cert((self.folder / (name + ".pem")).read_text())
        return hashlib.sha256(der).hexdigest()

    def server(self, name: str) -> ssl.SSLContext:
        """A server that shows the named certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / (name + ".pem"), self.key(name))
        return context

    def client(self, show: str = "") -> ssl.SSLContext:
        """A client that believes the authority, and shows a certificate where one is named."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if show:
            context.load_cert_chain(self.folder / (show + ".pem"), self.key(show))
        return context


def make_certificates(folder: Path) -> Certificates:
    """By openssl; valid for two days (the expired one: it ended in 2021)."""
    program = tool("openssl", "openssl")

    def run(*words: str, stdin: str = "") -> None:
        subprocess.run([program, *words], cwd=folder, check=True, capture_output=True, input=stdin.encode())

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run(
        "req",
        "-x509",
        *new_key,
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "2",
        "-subj",
        "/CN=Council CA",
    )
    (folder / "index.txt").touch()
    (folder / "serial").write_text("1000\n")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\n"
        "policy=p\ncopy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n"
    )
    far = time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + 2 * 86400))
    for name, host, start, end in (
        ("good", "hop.example.org", "200101000000Z", far),
        ("relay", "relay.council.test", "200101000000Z", far),
        ("expired", "hop.example.org", "200101000000Z", "210101000000Z"),
        ("wrong", "somebody-else.example.org", "200101000000Z", far),
        ("exchange", "exchange.council.test", "200101000000Z", far),
    ):
        run(
            *(
                "req",
                "-new",
                *new_key,
                "-keyout",
                f"{name}.key",
                "-out",
                f"{name}.csr",
                "-subj",
                f"/CN={host}",
            ),
            *("-addext", f"subjectAltName=DNS:{host}"),
        )
        run(
            *("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-notext"),
            *("-in", f"{name}.csr", "-out", f"{name}.pem", "-startdate", start, "-enddate", end),
        )
    return Certificates(folder)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


# --- a private Postfix
# -----------------------------------------------------------------------------------------


class Postfix:
    """A Postfix of our own (``mail_filtering`` 11.1): every placement before the filter, a sink behind.

    Ports by name: ``after_queue``, ``before_queue``, ``speed_adjust``, ``lmtp`` (in front of the filter),
    ``smart_host`` (relays to the filter), ``reinject`` and ``plain`` (to the sink), ``tls``.  The filter
    listens on ``filter_port``, as LMTP on ``lmtp_port``.
    """

    NAMES = (
        *("after_queue", "before_queue", "speed_adjust", "reinject", "plain", "lmtp", "tls", "smart_host"),
        *("filter", "filter_lmtp"),
    )

    def __init__(self, sink_port: int, certificates: Certificates, extra_main: str = "") -> None:
        tool("postfix", "postfix")
        if os.geteuid() != 0:
            pytest.skip("Postfix's master has to be started by root")
        self.folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.folder.chmod(0o755)
        self.port = {name: free_port() for name in self.NAMES}
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir(mode=0o755)
        shutil.chown(self.folder / "data", "postfix")
        (self.folder / "data").chmod(0o700)
        for name in ("pem", "key"):
            shutil.copy(certificates.folder / f"good.{name}", self.folder / f"cert.{name}")
        (self.folder / "refused").write_text("refused@example.org REJECT no such user\n")
        etc = self.folder / "etc"
        etc.joinpath("main.cf").write_text(self._fill(_MAIN_CF, sink_port) + extra_main)
        etc.joinpath("master.cf").write_text(self._fill(_MASTER_CF, sink_port))
        self.run("postfix", "check")
        self.run("postfix", "start")
        try:
            # Not by knocking: log lines of each knock may fill postlogd's socket while it starts, and it
            # logs to itself: a deadlock of Postfix 3.7.  When this line is written all ports are open.
            self.wait_log("daemon started")
        except BaseException:
            self.__exit__()
            raise

    def _fill(self, text: str, sink_port: int) -> str:
        text = text.replace("@T@", str(self.folder)).replace("@sink@", str(sink_port))
        for name, port in self.port.items():
            text = text.replace(f"@{name}@", str(port))
        return text

    def __enter__(self) -> Postfix:
        return self

    def __exit__(self, *error: object) -> None:
        pid = self.folder / "queue" / "pid" / "master.pid"
        master = int(pid.read_text()) if pid.exists() else 0
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.run("postfix", "stop")
        if master and Path(f"/proc/{master}").exists():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(master, signal.SIGKILL)  # a master that hangs, with its children
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *words: str) -> str:
        done = subprocess.run(
            [tool(program, "postfix"), "-c", self.folder / "etc", *words],
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.stdout + done.stderr

    def log(self) -> str:
        file = self.folder / "mail.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def queue(self) -> str:
        return self.run("postqueue", "-p")

    def flush(self) -> None:
        self.run("postqueue", "-f")

    def wait_log(self, pattern: str) -> str:
        found = wait_for(lambda: re.search(pattern, self.log()))
        assert isinstance(found, re.Match)
        return found.group()

    def hop(self, which: str, **changes: object) -> NextHop:
        return dataclasses.replace(NextHop(HERE, self.port[which], "none"), **changes)  # type: ignore[arg-type]


_MAIN_CF = """\
compatibility_level = 3.6
queue_directory = @T@/queue
data_directory = @T@/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = @T@/mail.log
maillog_file_prefixes = @T@
myhostname = mx.council.test
mydomain = council.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
relay_domains =
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_host_lookup = native
smtputf8_enable = yes
message_size_limit = 52428800
relayhost = [127.0.0.1]:@sink@
notify_classes =
smtpd_client_connection_count_limit = 0
"""

_MASTER_CF = """\
127.0.0.1:@after_queue@ inet  n  -  n  -  20  smtpd
    -o syslog_name=pf/in-afterq
    -o content_filter=scan:[127.0.0.1]:@filter@
    -o receive_override_options=no_address_mappings
127.0.0.1:@before_queue@ inet  n  -  n  -  20  smtpd
    -o syslog_name=pf/in-beforeq
    -o smtpd_proxy_filter=inet:127.0.0.1:@filter@
    -o smtpd_proxy_timeout=100s
    -o smtpd_discard_ehlo_keywords=chunking,silent-discard
127.0.0.1:@speed_adjust@ inet  n  -  n  -  20  smtpd
    -o syslog_name=pf/in-beforeq-sa
    -o smtpd_proxy_filter=inet:127.0.0.1:@filter@
    -o smtpd_proxy_options=speed_adjust
    -o smtpd_discard_ehlo_keywords=chunking,silent-discard
127.0.0.1:@reinject@ inet  n  -  n  -  -   smtpd
    -o syslog_name=pf/reinject
    -o content_filter=
    -o smtpd_authorized_xforward_hosts=127.0.0.0/8
    -o smtpd_client_restrictions=
    -o smtpd_helo_restrictions=
    -o smtpd_sender_restrictions=
    -o smtpd_relay_restrictions=
    -o smtpd_recipient_restrictions=check_recipient_access,texthash:@T@/refused,permit_mynetworks,reject
    -o access_map_reject_code=550
    -o smtpd_data_restrictions=
    -o smtpd_milters=
    -o mynetworks=127.0.0.0/8
    -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks
127.0.0.1:@plain@ inet  n  -  n  -  -   smtpd
    -o syslog_name=pf/plain
127.0.0.1:@smart_host@ inet  n  -  n  -  -   smtpd
    -o syslog_name=pf/smart-host
    -o content_filter=scan:[127.0.0.1]:@filter@
127.0.0.1:@lmtp@ inet n - n - - smtpd
    -o content_filter=scanlmtp:inet:[127.0.0.1]:@filter_lmtp@
scanlmtp unix - - n - 10 lmtp
    -o lmtp_send_xforward_command=yes
    -o disable_mime_output_conversion=yes
scan      unix  -  -  n  -  10  smtp
    -o syslog_name=pf/scan
    -o smtp_send_xforward_command=yes
    -o disable_mime_output_conversion=yes
    -o smtp_generic_maps=
    -o smtp_tls_security_level=none
    -o smtp_data_done_timeout=600s
127.0.0.1:@tls@ inet n - n - - smtpd
    -o smtpd_tls_security_level=may
    -o smtpd_tls_cert_file=@T@/cert.pem
    -o smtpd_tls_key_file=@T@/cert.key
pickup    unix  n  -  n  60 1  pickup
cleanup   unix  n  -  n  -  0  cleanup
qmgr      unix  n  -  n  300 1 qmgr
tlsmgr    unix  -  -  n  1000? 1 tlsmgr
rewrite   unix  -  -  n  -  -  trivial-rewrite
bounce    unix  -  -  n  -  0  bounce
defer     unix  -  -  n  -  0  bounce
trace     unix  -  -  n  -  0  bounce
verify    unix  -  -  n  -  1  verify
flush     unix  n  -  n  1000? 0 flush
proxymap  unix  -  -  n  -  -  proxymap
proxywrite unix -  -  n  -  1  proxymap
smtp      unix  -  -  n  -  -  smtp
relay     unix  -  -  n  -  -  smtp
showq     unix  n  -  n  -  -  showq
error     unix  -  -  n  -  -  error
retry     unix  -  -  n  -  -  error
discard   unix  -  -  n  -  -  discard
lmtp      unix  -  -  n  -  -  lmtp
anvil     unix  -  -  n  -  1  anvil
scache    unix  -  -  n  -  1  scache
postlog   unix-dgram n - n  -  1  postlogd
"""


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as one:
        yield one


@pytest.fixture(scope="module")
def postfix(sink: Sink, certificates: Certificates) -> Iterator[Postfix]:
    with Postfix(sink.port, certificates) as one:
        yield one


_counter = itertools.count()


def unique(word: str = "message") -> str:
    """A word that no other message of this process has."""
    return f"{word}-{os.getpid()}-{next(_counter)}"
