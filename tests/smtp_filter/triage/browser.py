"""A running console with a filled quarantine, and a real browser before it.

``console`` is ``dlp console`` as a program of its own, one for each test module; ``page`` is a new browser
context of a headless Chromium for each test.  Beside the program the test opens the same database, so that it
can hold messages, make accounts and look at what happened: ``console.services``.

    def test_released(console: Console, page: Page) -> None:
        reference = console.hold("1", subject="Rent")
        console.enter(page, "t.officer", Role.TRIAGE)
        page.goto(console.url + "/inbox")
        ...
        assert violations(page) == []
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from scanner.configuration import load
from scanner.judgement.assessment import Severity
from scanner.store.database import writing
from scanner.store.sealing import MasterKeySource
from smtp_filter.configuration import NoticesSection, QuarantineSection
from smtp_filter.configuration.service import state_directory
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.accounts.model import Method, Stage
from smtp_filter.triage.app import open_services
from smtp_filter.triage.configuring import console_settings
from smtp_filter.triage.roles import Role
from smtp_filter.triage.web.context import Services
from tests.smtp_filter.quarantine import making

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_START_SECONDS = 60.0
SETUP = Actor("setup", "test", "test")


@dataclass
class Console:
    """A running console; ``services`` works on the same database."""

    url: str
    folder: Path
    configuration: Path
    services: Services
    log: Path
    held: list[str] = field(default_factory=list)

    @property
    def quarantine(self) -> Quarantine:
        """The same quarantine as the program's."""
        return self.services.quarantine

    def hold(self, identity: str, **changes: Any) -> str:
        """Hold a message (see ``making.hold``); returns its number."""
        reference = making.hold(self.quarantine, identity, **changes)
        self.held.append(reference)
        return reference

    def account(self, name: str, *roles: Role, password: str = "", **more: Any) -> str:
        """An account, unless it is there; with ``password`` ready to sign in by form."""
        book = self.services.accounts
        if name not in {account.name for account in book.all()}:
            book.add(SETUP, name, roles, one_time=False, **more)
        if password:
            book.set_password(SETUP, book.get(name), password, "")
        return name

    def session(self, name: str, *roles: Role, **more: Any) -> str:
        """The secret of a whole session of an account, made where it is not there."""
        self.account(name, *roles, **more)
        account = self.services.accounts.get(name)
        with writing(self.services.engine) as connection:
            token, _ = self.services.sessions.begin(
                connection, account.id, Stage.WHOLE, Method.PASSWORD, "127.0.0.1"
            )
        return token

    def enter(self, page: Page, name: str, *roles: Role, **more: Any) -> None:
        """Sign a browser in without its form."""
        cookie = {"name": "dlp-session", "value": self.session(name, *roles, **more), "url": self.url}
        page.context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Lax"}])  # type: ignore[list-item]

    def acts(self, act: str = "", actor: str = "") -> list[tuple[str, str, str]]:
        """What the audit log has: actor, act, subject."""
        with self.services.engine.connect() as connection:
            rows = self.quarantine.audit.events(connection, act=act, actor=actor)
            return [(row.event.actor, row.event.act, row.event.subject) for row in rows]


@contextmanager
def running_console(folder: Path, **sections: dict[str, Any]) -> Iterator[Console]:
    """``dlp console`` on a free port, with a new database in ``folder``; keywords are its sections."""
    configuration = folder / "dlp.yaml"
    state = folder / "state"
    told: dict[str, dict[str, Any]] = {
        "organisation": {"names": ["Anytown Council"], "domains": ["council.test"]},
        "state": {"directory": str(state)},
        "storage": {"master_key": str(folder / "keys" / "master.key")},
        "quarantine": {"reserve_mb": 1},
        "notices": {"mailbox": "mail-check@council.test", "triage": ["triage@council.test"]},
    }
    for name, keys in sections.items():
        told[name] = {**told.get(name, {}), **keys}
    told["console"] = {"listen": "127.0.0.1:0", **told.get("console", {})}
    configuration.write_text(yaml.safe_dump(told))
    with console_on(configuration) as running:
        yield running


@contextmanager
def console_on(configuration: Path) -> Iterator[Console]:
    """``dlp console`` on a configuration that is there."""
    folder = configuration.parent
    log = folder / "console.log"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DLP_")}
    with log.open("wb") as output:
        program = subprocess.Popen(
            [sys.executable, "-m", "scanner.commands", "console", "--config", str(configuration)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment, "PYTHONUNBUFFERED": "1"},
        )
    services = None
    try:
        url = _started(program, log)
        services = services_for(configuration)
        yield Console(url, folder, configuration, services, log)
    finally:
        program.terminate()
        try:
            program.wait(20)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        if services is not None:
            services.quarantine.close()


def services_for(configuration: Path) -> Services:
    """The services of a configuration file, as the program opens them."""
    settings = load(configuration, {})
    state = state_directory(settings)
    notices = settings.section(NoticesSection).settings("Anytown Council", frozenset({"council.test"}))
    quarantine = Quarantine.open(
        settings.storage.url(state),
        MasterKeySource.usual(settings.storage.master_key),
        settings.section(QuarantineSection).settings(state, notices),
    )
    return open_services(
        quarantine, console_settings(settings, str(configuration)), settings, settings.storage.url(state)
    )


def _started(program: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        written = log.read_text("utf-8", "replace")
        if found := re.search(r"The console is at (\S+)", written):
            return found[1]
        if program.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"the console did not start: {log.read_text('utf-8', 'replace')}")


def fill(console: Console, count: int = 12) -> None:
    """Some messages of every severity, of some senders, to some recipients."""
    severities = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
    departments = ("Housing", "Children", "Revenues")
    for number in range(count):
        console.hold(
            secrets.token_hex(6),
            severity=severities[number % 4],
            sender=f"officer{number % 3}@council.test",
            recipients=(f"person{number % 5}@example.{'com' if number % 2 else 'org'}",),
            subject=f"Case review {number + 1}",
            department=departments[number % 3],
        )


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A running console with a dozen held messages."""
    with running_console(tmp_path_factory.mktemp("console")) as running:
        fill(running)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium.

    For a module, not for the whole run: while it lives this thread has an event loop, and other modules want
    their own.
    """
    if CHROMIUM is None:
        pytest.skip("there is no chromium (Debian package chromium)")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with cookies of its own; an error in the console of the browser fails the test."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    told: list[str] = []
    # A refused page (403) is told as an error, too; what the policy refuses and what a script raises counts.
    opened.on(
        "console", lambda line: told.append(line.text) if "Content Security Policy" in line.text else None
    )
    opened.on("pageerror", lambda error: told.append(str(error)))
    yield opened
    context.close()
    assert told == []


# --- accessibility, pictures --------------------------------------------------------------------------------

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page, one line for each rule and place."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": _RULES}})
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


_TOO_WIDE = """[...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".scroll table"))
    .map((one) => `${one.tagName}.${one.className}`).slice(0, 20)"""


def accessible(page: Page) -> None:
    """Assert that axe finds nothing in light, in dark, and on a narrow screen, where nothing is cut off."""
    size = page.viewport_size or {"width": 1280, "height": 900}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert violations(page) == [], f"{page.url}, {scheme}"
    page.set_viewport_size({"width": 320, "height": 640})
    # WCAG 1.4.10: at 320 pixels (1280 at 400 %) nothing but a table scrolls sideways.
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} pixels too wide for a narrow screen: {page.evaluate(_TOO_WIDE)}"
    assert violations(page) == [], f"{page.url}, narrow"
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")


def pictures(page: Page, folder: Path, name: str) -> Sequence[Path]:
    """The page in light, dark, narrow and at 200 %, to be looked at."""
    folder.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or {"width": 1280, "height": 900}
    made = []
    for kind, width, scheme in (
        ("light", 1280, "light"),
        ("dark", 1280, "dark"),
        ("narrow", 375, "light"),
        ("zoom200", 640, "light"),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        made.append(folder / f"{name}-{kind}.png")
        page.screenshot(path=made[-1], full_page=True)
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")
    return made
