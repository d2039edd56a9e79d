"""Sign-in by OpenID Connect against a real provider, which is made to insist on PKCE."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
import werkzeug.serving
from werkzeug.wrappers import Request, Response

from smtp_filter.triage.roles import Role
from tests.smtp_filter.triage.serving import Site, site

CALLBACK = "/sign-in/openid/done"


class InsistsOnPkce:
    """Before the provider: a code is exchanged only with the verifier of its challenge (RFC 7636, 4.6)."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._challenge = ""
        self.exchanges = 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        request = Request(environ)
        if request.path == "/oauth2/authorize" and request.args.get("code_challenge_method") == "S256":
            self._challenge = request.args["code_challenge"]
        if request.path == "/oauth2/token":
            body = request.get_data()
            environ["wsgi.input"] = io.BytesIO(body)
            verifier = parse_qs(body.decode()).get("code_verifier", [""])[0]
            made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            if made != self._challenge:
                return Response("invalid_grant", 400)(environ, start)
            self.exchanges += 1
        return self._provider(environ, start)


class Provider:
    def __init__(self, url: str, pkce: InsistsOnPkce) -> None:
        self.url, self.pkce = url, pkce

    def person(self, subject: str, **claims: Any) -> None:
        """What the provider tells of somebody."""
        httpx.put(f"{self.url}/users/{subject}", json=claims).raise_for_status()


@pytest.fixture
def provider() -> Iterator[Provider]:
    pkce = InsistsOnPkce(oidc_provider_mock.app(require_nonce=True))
    server = werkzeug.serving.make_server("localhost", 0, pkce, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Provider(f"http://localhost:{server.server_port}", pkce)
    server.shutdown()
    thread.join(10)


@pytest.fixture
def here(provider: Provider, tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "secret").write_text("a secret of the client\n")
    openid = {
        "issuer": provider.url,
        "client_id": "dlp",
        "client_secret_file": str(tmp_path / "secret"),
        "roles": {"DLP Triage": ["triage", "viewer"], "DLP Admin": ["administrator"]},
        "department_claim": "department",
    }
    with site(tmp_path, openid=openid, console={"second_factor": ["administrator"]}) as running:
        yield running


def visit(here: Site, client: httpx.Client, subject: str, following: str = "/") -> str:
    """Go to the provider, sign in there; returns the address that it sends the browser back to."""
    sent = client.get("/sign-in/openid", params={"next": following})
    assert sent.status_code == 303
    answer = httpx.post(sent.headers["location"], data={"sub": subject})
    assert answer.status_code == 302
    return answer.headers["location"]


def come_in(here: Site, client: httpx.Client, subject: str, following: str = "/") -> httpx.Response:
    back = urlsplit(visit(here, client, subject, following))
    return client.get(f"{back.path}?{back.query}")


def test_roles_and_departments_come_from_the_claims(here: Site, provider: Provider) -> None:
    provider.person(
        "subject-1",
        preferred_username="s.lee@council.test",
        name="Sam Lee",
        email="Sam.Lee@council.test",
        roles=["DLP Triage", "Something Else"],
        department="Housing",
    )
    client = here.browser()
    assert "your work account" in client.get("/sign-in").text
    answer = come_in(here, client, "subject-1", "/account?a=b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?a=b")
    assert provider.pkce.exchanges == 1
    assert "Sam Lee" in client.get("/account").text
    account = here.services.accounts.get("s.lee@council.test")
    assert account.roles == {Role.TRIAGE, Role.VIEWER}
    assert account.departments == ("Housing",)
    assert account.mailboxes == {"s.lee@council.test", "sam.lee@council.test"}
    assert not account.has_password

    # The next time the provider says something else of the same person, under another name.
    provider.person("subject-1", preferred_username="s.lee-khan@council.test", roles=["DLP Triage"])
    assert come_in(here, here.browser(), "subject-1").status_code == 303
    assert [one.name for one in here.services.accounts.all()] == ["s.lee@council.test"]
    assert here.acts("account.change")[0].actor == "openid"
    # Nobody signs in to it with a password, nor gets one.
    assert client.get("/account/password").headers["location"] == "/account"


def test_second_factor_of_the_provider_counts(here: Site, provider: Provider) -> None:
    provider.person("a-1", preferred_username="one.admin", roles=["DLP Admin"])
    assert come_in(here, here.browser(), "a-1").headers["location"] == "/account/second-factor"
    provider.person("a-2", preferred_username="two.admin", roles=["DLP Admin"], amr=["pwd", "mfa"])
    assert come_in(here, here.browser(), "a-2").headers["location"] == "/"


REFUSED = (
    ({"preferred_username": "no.role", "roles": ["Staff"]}, "no role"),
    ({"preferred_username": "no.claim"}, "no claim of roles at all"),
    ({"preferred_username": "local.admin", "roles": ["DLP Triage"]}, "the name of somebody else's account"),
    ({"preferred_username": "<script>alert(1)</script>", "roles": ["DLP Triage"]}, "no name"),
)


@pytest.mark.parametrize(("claims", "why"), REFUSED)
def test_who_is_not_let_in(here: Site, provider: Provider, claims: dict[str, Any], why: str) -> None:
    here.account("local.admin", Role.ADMINISTRATOR)
    provider.person("somebody", **claims)
    client = here.browser()
    answer = come_in(here, client, "somebody")
    assert (answer.status_code, "has no role" in answer.text) == (403, True), why
    assert client.get("/account").status_code == 303
    assert len(here.services.accounts.all()) == 1


def test_a_disabled_account_stays_out(here: Site, provider: Provider) -> None:
    from tests.smtp_filter.triage.serving import SETUP

    provider.person("s-1", preferred_username="s.lee", roles=["DLP Triage"])
    come_in(here, here.browser(), "s-1")
    here.services.accounts.disable(SETUP, "s.lee", "left")
    assert come_in(here, here.browser(), "s-1").status_code == 403


def test_what_comes_back_is_checked(here: Site, provider: Provider) -> None:
    provider.person("s-1", preferred_username="s.lee", roles=["DLP Triage"])
    mine, thief = here.browser(), here.browser()
    back = urlsplit(visit(here, mine, "s-1"))
    told = parse_qs(back.query)
    path, state, code = back.path, told["state"][0], told["code"][0]
    # In another browser (somebody is made to sign in as somebody else); with another state; without a code.
    assert thief.get(path, params={"state": state, "code": code}).status_code == 403
    assert mine.get(path, params={"state": "x" * 43, "code": code}).status_code == 403
    assert mine.get(path, params={"state": state, "error": "access_denied"}).status_code == 403
    # That used the errand up.
    assert mine.get(path, params={"state": state, "code": code}).status_code == 403

    good = urlsplit(visit(here, mine, "s-1"))
    assert mine.get(f"{good.path}?{good.query}").status_code == 303
    # A second time the same answer is worth nothing.
    assert mine.get(f"{good.path}?{good.query}").status_code == 403

    late = urlsplit(visit(here, mine, "s-1"))
    here.clock.on = 601
    assert mine.get(f"{late.path}?{late.query}").status_code == 403
    here.clock.on = 0


def test_codes_of_two_visits_cannot_be_exchanged(here: Site, provider: Provider) -> None:
    """A stolen code under one's own state fails: verifier and nonce are another's."""
    provider.person("s-1", preferred_username="s.lee", roles=["DLP Triage"])
    victim, thief = here.browser(), here.browser()
    stolen = parse_qs(urlsplit(visit(here, victim, "s-1")).query)["code"][0]
    own = urlsplit(visit(here, thief, "s-1"))
    state = parse_qs(own.query)["state"][0]
    assert thief.get(own.path, params={"state": state, "code": stolen}).status_code == 403
    assert thief.get("/account").status_code == 303


def test_an_expired_identity_token(here: Site, provider: Provider) -> None:
    provider.person("s-1", preferred_username="s.lee", roles=["DLP Triage"])
    client = here.browser()
    # Our clock is two hours on: the token of the provider is an hour old.
    here.clock.on = 7200
    assert come_in(here, client, "s-1").status_code == 403
    here.clock.on = 0
    assert come_in(here, client, "s-1").status_code == 303


def test_a_provider_that_is_not_there(tmp_path: Path) -> None:
    openid = {"issuer": "http://localhost:9", "client_id": "dlp", "roles": {"x": ["viewer"]}}
    with site(tmp_path, openid=openid) as running:
        answer = running.browser().get("/sign-in/openid")
        assert (answer.status_code, "did not work" in answer.text) == (403, True)


def test_a_provider_that_calls_itself_something_else(provider: Provider, tmp_path: Path) -> None:
    port = urlsplit(provider.url).port
    openid = {"issuer": f"http://127.0.0.1:{port}/", "client_id": "dlp", "roles": {"x": ["viewer"]}}
    with site(tmp_path, openid=openid) as running:
        assert running.browser().get("/sign-in/openid").status_code == 403
