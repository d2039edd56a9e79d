"""The console over real HTTP, in a thread of the test, with a clock that the test turns."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml

from scanner.configuration import load
from scanner.store.database import writing
from scanner.store.sealing import MasterKeySource
from smtp_filter.configuration import NoticesSection, QuarantineSection
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.accounts.model import Method, Stage
from smtp_filter.triage.app import build, open_services
from smtp_filter.triage.configuring import console_settings
from smtp_filter.triage.roles import Role
from smtp_filter.triage.serving import configured, listen
from smtp_filter.triage.web.context import Services

SETUP = Actor("setup", "test", "test")
PASSWORD = "violet kettle harbour"


@dataclass
class Clock:
    """A clock that the test turns on."""

    on: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.on


@dataclass
class Site:
    """A console that answers."""

    url: str
    services: Services
    clock: Clock
    clients: list[httpx.Client] = field(default_factory=list)

    def browser(self, **headers: str) -> httpx.Client:
        """A client with cookies of its own that follows no redirect."""
        client = httpx.Client(base_url=self.url, headers=headers, timeout=60)
        self.clients.append(client)
        return client

    def account(self, name: str, *roles: Role, password: str = PASSWORD, **more: Any) -> str:
        """An account that can sign in by form."""
        book = self.services.accounts
        book.add(SETUP, name, roles, one_time=False, **more)
        book.set_password(SETUP, book.get(name), password, "")
        return name

    def signed_in(self, name: str, *roles: Role, stage: Stage = Stage.WHOLE) -> httpx.Client:
        """A client with a session, its account made where it is missing."""
        book = self.services.accounts
        if name not in {one.name for one in book.all()}:
            book.add(SETUP, name, roles, one_time=False)
        with writing(self.services.engine) as connection:
            token, _ = self.services.sessions.begin(
                connection, book.get(name).id, stage, Method.PASSWORD, "127.0.0.1"
            )
        client = self.browser()
        client.cookies.set("dlp-session", token)
        return client

    def acts(self, act: str = "", actor: str = "") -> list[Any]:
        """Events of the audit log."""
        with self.services.engine.connect() as connection:
            rows = self.services.quarantine.audit.events(connection, act=act, actor=actor)
            return [row.event for row in rows]


def form_token(client: httpx.Client, page: str = "/sign-in") -> str:
    """The token of the forms of a page."""
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get(page).text)
    assert found, page
    return found[1]


def post(client: httpx.Client, path: str, page: str = "", **fields: Any) -> httpx.Response:
    """Send a form from a page of the console."""
    return client.post(path, data={"csrf_token": form_token(client, page or path), **fields})


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """Send the form of the sign-in page."""
    return post(client, "/sign-in", name=name, password=password)


@contextmanager
def site(folder: Path, database: str = "", **sections: dict[str, Any]) -> Iterator[Site]:
    """A console on a free port; keywords are sections of its configuration."""
    told: dict[str, dict[str, Any]] = {
        "organisation": {"names": ["Anytown Council"], "domains": ["council.test"]},
        "state": {"directory": str(folder / "state")},
        "storage": {"master_key": str(folder / "keys" / "master.key"), "database": database},
        "console": {"listen": "127.0.0.1:0"},
    }
    for name, keys in sections.items():
        told[name] = {**told.get(name, {}), **keys}
    path = folder / "dlp.yaml"
    path.write_text(yaml.safe_dump(told))
    configuration = load(path, {})
    state = folder / "state"
    url = configuration.storage.url(state)
    notices = configuration.section(NoticesSection).settings("Anytown Council", frozenset({"council.test"}))
    quarantine = Quarantine.open(
        url,
        MasterKeySource.usual(configuration.storage.master_key),
        configuration.section(QuarantineSection).settings(state, notices),
    )
    clock = Clock()
    services = open_services(
        quarantine, console_settings(configuration, str(path)), configuration, url, clock
    )
    listening = listen(services.settings)
    server = uvicorn.Server(configured(build(services), services.settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    running = Site(f"http://127.0.0.1:{listening.getsockname()[1]}", services, clock)
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        server.should_exit = True
        thread.join(20)
        quarantine.close()
