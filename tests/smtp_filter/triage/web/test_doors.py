"""Who comes in where, over HTTP: roles, sessions that end, forms from elsewhere, headers of every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from smtp_filter.triage.app import page_modules
from smtp_filter.triage.roles import Role
from tests.smtp_filter.triage.serving import SETUP, Site, form_token, post, site

ROUTES = [route for module in page_modules() for route in module.routes() if isinstance(route, Route)]
OPEN = {
    "/sign-in",
    "/sign-in/once/{code}",
    "/sign-in/openid",
    "/sign-in/openid/done",
    "/sign-out",
    "/sign-out/leaving",
    "/sign-out/openid",
    "/sign-out/done",
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("doors")) as running:
        yield running


def path_of(route: Route) -> str:
    return re.sub(r"\{\w+:int\}", "1", re.sub(r"\{\w+(:str|:path)?\}", "x", route.path))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_page_is_behind_the_door(here: Site, route: Route) -> None:
    client, path = here.browser(), path_of(route)
    methods = route.methods or set()
    if "GET" in methods and route.path not in OPEN:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in"), path
    if "POST" in methods:
        # No token, signed in or not, whatever the role.
        assert client.post(path).status_code == 403
        everything = here.signed_in("every.role", *Role)
        assert everything.post(path, data={"csrf_token": "0" * 64}).status_code == 403


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_nothing_is_open_to_an_account_without_a_role(here: Site, route: Route) -> None:
    own = {"/", "/account", "/account/password", "/account/second-factor"}
    if "GET" in (route.methods or ()) and route.path not in OPEN | own:
        client = here.signed_in("no.role")
        assert client.get(path_of(route)).status_code in (303, 403)


MATRIX = (
    ("GET", "/accounts", {Role.ADMINISTRATOR}),
    ("GET", "/accounts/new", {Role.ADMINISTRATOR}),
    ("GET", "/accounts/every.role", {Role.ADMINISTRATOR}),
    ("POST", "/accounts/nobody/unlock", {Role.ADMINISTRATOR}),
    ("GET", "/audit", {Role.AUDITOR}),
    ("POST", "/audit/verify", {Role.AUDITOR}),
    ("POST", "/audit/export", {Role.AUDITOR}),
    ("GET", "/account", set(Role)),
)


@pytest.mark.parametrize("role", Role)
def test_roles(here: Site, role: Role) -> None:
    here.signed_in("every.role", *Role)
    client = here.signed_in(f"only.{role.value}", role)
    token = form_token(client, "/account")
    for method, path, allowed in MATRIX:
        answer = client.request(method, path, data={"csrf_token": token} if method == "POST" else None)
        assert (answer.status_code != 403) is (role in allowed), (role, method, path)
    refused = [event.subject for event in here.acts("access.refused", f"only.{role.value}")]
    assert refused == [path for _, path, allowed in MATRIX if role not in allowed]


FOREIGN = (
    ({"Origin": "https://evil.example"}, 403, "another site"),
    ({"Origin": "null"}, 403, "a sandboxed frame"),
    ({"Sec-Fetch-Site": "cross-site"}, 403, "another site, says the browser"),
    ({"Sec-Fetch-Site": "same-site"}, 403, "another host of the council"),
    ({"Sec-Fetch-Site": "same-origin"}, 303, "our own page"),
    ({}, 303, "a browser that says nothing, with our token"),
)


@pytest.mark.parametrize(("headers", "status", "why"), FOREIGN)
def test_forms_from_elsewhere(here: Site, headers: dict[str, str], status: int, why: str) -> None:
    client = here.signed_in("an.admin", Role.ADMINISTRATOR)
    token = form_token(client, "/account")
    answer = client.post("/account/sessions/end", data={"csrf_token": token}, headers=headers)
    assert answer.status_code == status, why


def test_a_token_of_somebody_else(here: Site) -> None:
    token = form_token(here.signed_in("an.admin", Role.ADMINISTRATOR), "/account")
    other = here.signed_in("an.other", Role.ADMINISTRATOR)
    assert other.post("/account/sessions/end", data={"csrf_token": token}).status_code == 403


def test_sessions_end(here: Site) -> None:
    here.clock.on = 0.0
    client = here.signed_in("an.admin", Role.ADMINISTRATOR)
    for _ in range(3):
        here.clock.on += 19 * 60
        assert client.get("/accounts").status_code == 200
    here.clock.on += 21 * 60
    expired = client.get("/accounts?a=b")
    assert expired.headers["location"] == "/sign-in?next=%2Faccounts%3Fa%3Db&expired=1"
    assert "signed out" in client.get(expired.headers["location"]).text
    # Also one that is used all the time.
    client = here.signed_in("an.admin", Role.ADMINISTRATOR)
    for _ in range(39):
        here.clock.on += 15 * 60
        assert client.get("/account").status_code == 200
    here.clock.on += 16 * 60
    assert client.get("/account").status_code == 303
    here.clock.on = 0.0


def test_a_session_that_ended_changes_nothing(here: Site) -> None:
    client = here.signed_in("an.admin", Role.ADMINISTRATOR)
    token = form_token(client, "/accounts/new")
    here.services.accounts.end_sessions(SETUP, "an.admin")
    answer = client.post("/accounts/new", data={"csrf_token": token, "name": "made.up"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F&expired=1")
    assert "made.up" not in {account.name for account in here.services.accounts.all()}


def test_signing_out_ends_the_session_for_good(here: Site) -> None:
    client = here.signed_in("an.admin", Role.ADMINISTRATOR)
    token = client.cookies["dlp-session"]
    assert post(client, "/sign-out", "/account").headers["location"] == "/sign-in"
    again = here.browser()
    again.cookies.set("dlp-session", token)
    assert again.get("/account").status_code == 303


REDIRECTS = (
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "evil",
    "/a\nb",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("where", REDIRECTS)
def test_no_open_redirect(here: Site, where: str) -> None:
    if "s.lee" not in {account.name for account in here.services.accounts.all()}:
        here.account("s.lee", Role.TRIAGE)
    client = here.browser()
    answer = post(client, "/sign-in", name="s.lee", password="violet kettle harbour", next=where)
    assert answer.headers["location"] == "/"


ANSWERS = (
    "/sign-in",
    "/account",
    "/accounts",
    "/nowhere",
    "/static/style.css",
    "/static/nothing.js",
    "/audit",
)


@pytest.mark.parametrize("path", ANSWERS)
def test_headers_of_every_answer(here: Site, path: str) -> None:
    headers = here.signed_in("an.admin", Role.ADMINISTRATOR).get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    assert "strict-transport-security" not in headers


def test_behind_tls(tmp_path: Path) -> None:
    with site(tmp_path, console={"address": "https://dlp.council.test"}) as running:
        answer = running.browser().get("/sign-in")
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-dlp-visit=")
        assert "secure" in cookie.lower()


def test_pages_hold_nothing_inline(here: Site) -> None:
    client = here.signed_in("every.role", *Role)
    for path in ("/sign-in", "/account", "/accounts", "/accounts/new", "/audit", "/account/second-factor"):
        text = client.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", text), path
        assert not re.search(r"""(src|href)=["'](https?:)?//""", text), path


def test_too_much_at_once(here: Site) -> None:
    client = here.signed_in("an.admin", Role.ADMINISTRATOR)
    assert client.post("/accounts/new", content=b"a" * 2_000_001).status_code == 413

    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def endless() -> Iterator[bytes]:
        for _ in range(50):
            yield (b"a=" + b"b" * 997 + b"&") * 100

    assert client.post("/accounts/new", content=endless(), headers=form).status_code == 413


def test_static_files_are_kept_and_nothing_else_is_served(here: Site) -> None:
    client = here.browser()
    page = client.get("/sign-in").text
    found = re.search(r'href="(/static/style\.css\?v=\w+)"', page)
    assert found
    assert "immutable" in client.get(found[1]).headers["cache-control"]
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/..%2fapp.py"):
        assert client.get(path).status_code == 404, path


FORWARDED = (
    ("127.0.0.0/8", "192.0.2.7", "192.0.2.7", "the proxy tells"),
    ("127.0.0.0/8", "6.6.6.6, 192.0.2.7", "192.0.2.7", "what the browser invents is never reached"),
    ("127.0.0.0/8", "192.0.2.7, 127.0.0.9", "192.0.2.7", "two proxies"),
    ("127.0.0.0/8", "nonsense", "127.0.0.1", "no address"),
    ("10.0.0.0/8", "192.0.2.7", "127.0.0.1", "nobody's proxy"),
)


@pytest.mark.parametrize(("proxies", "told", "address", "why"), FORWARDED)
def test_addresses_behind_a_proxy(tmp_path: Path, proxies: str, told: str, address: str, why: str) -> None:
    with site(tmp_path, console={"trusted_proxies": [proxies]}) as running:
        client = running.browser(**{"X-Forwarded-For": told})
        post(client, "/sign-in", name="a", password="b")
        assert running.acts("sign_in.refused")[0].origin == address, why
