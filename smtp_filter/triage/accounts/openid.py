"""OpenID Connect as the relying party: code flow with PKCE, state and nonce, against any issuer.

The issuer's own description says where its endpoints and keys are (Discovery 1.0).  The identity token is
checked as Core 1.0, 3.1.3.7 demands: signature under a key of the issuer, issuer, audience, authorised party,
times, nonce.  Symmetric algorithms and ``none`` are never taken.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from smtp_filter.triage.settings import OpenIdSettings

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_TIMEOUT = 10.0
_LARGEST = 1_000_000
# Keys are asked for anew after this, and when a token names one that is not known, but not more often than
# every minute: a stranger's token must not make us ask the issuer for ever.
_KEPT_SECONDS = 3_600.0
_AGAIN_SECONDS = 60.0
_LEEWAY = 60


class ProviderError(Exception):
    """The provider could not be asked, or what it said is not right; without names and tokens."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What is remembered of somebody who was sent to the provider."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the provider vouches for."""

    issuer: str
    subject: str
    name: str
    display: str
    mailboxes: tuple[str, ...]
    roles: tuple[str, ...]
    departments: tuple[str, ...]
    second_factor: bool


def new_errand() -> Errand:
    """Fresh random values for one visit."""
    return Errand(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


@dataclass
class Provider:
    """An issuer as it describes itself; its description and keys are kept for a while."""

    settings: OpenIdSettings
    clock: Callable[[], float] = time.time
    _told: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None
    _asked_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def address_to_visit(self, errand: Errand, back: str) -> str:
        """Where the browser is sent; ``back`` is our page that it comes back to."""
        told = self._description()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(errand.verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "scope": " ".join(self.settings.scopes),
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        endpoint = str(told["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def address_to_leave(self, back: str) -> str | None:
        """Where the browser is sent to sign out there, too; ``None`` where the issuer has no such page.

        (RP-Initiated Logout 1.0, 2.)  No identity token is kept for this, so the issuer asks the person
        whether they mean it.
        """
        endpoint = self._description().get("end_session_endpoint")
        if not endpoint:
            return None
        self._check_address(endpoint, "end_session_endpoint")
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def person(self, code: str, verifier: str, nonce: str, back: str) -> Person:
        """Who came back with ``code``.  Raises :class:`ProviderError`."""
        tokens = self._exchange(code, verifier, back)
        claims = self._claims(str(tokens.get("id_token", "")), nonce)
        wanted = (self.settings.role_claim, self.settings.name_claim, self.settings.department_claim)
        if any(name and name not in claims for name in wanted):
            claims = {**self._more(str(tokens.get("access_token", "")), str(claims["sub"])), **claims}
        return self._read(claims)

    # --- what the issuer says of itself --------------------------------------------------------------------

    def _description(self) -> dict[str, Any]:
        with self._lock:
            if not self._told or self.clock() - self._asked_at > _KEPT_SECONDS:
                self._learn()
            return self._told

    def _key_set(self, *, anew: bool = False) -> KeySet:
        self._description()
        with self._lock:
            if anew and self.clock() - self._asked_at > _AGAIN_SECONDS:
                self._learn()
            if self._keys is None:
                raise ProviderError("the issuer has no keys")
            return self._keys

    def _learn(self) -> None:
        issuer = self.settings.issuer
        told = self._ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise ProviderError("the issuer calls itself something else than openid.issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            self._check_address(told.get(name), name)
        try:
            # Each key by itself: one of a kind that we do not know must not hide the others.
            keys = [key for key in self._ask(told["jwks_uri"]).get("keys", ()) if _usable(key)]
            self._keys = KeySet.import_key_set({"keys": keys})
        except (JoseError, ValueError, TypeError, KeyError):
            raise ProviderError("the issuer's keys cannot be read") from None
        self._told = told
        self._asked_at = self.clock()

    def _check_address(self, address: object, name: str) -> None:
        # Plain HTTP only where the issuer itself is, which is this machine.
        wanted = urlsplit(self.settings.issuer).scheme
        if not isinstance(address, str) or urlsplit(address).scheme not in ("https", wanted):
            raise ProviderError(f"the issuer's {name} is no https address")

    # --- code to token, token to claims --------------------------------------------------------------------

    def _exchange(self, code: str, verifier: str, back: str) -> dict[str, Any]:
        told, settings = self._description(), self.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        headers = {}
        methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if settings.client_secret and "client_secret_basic" in methods:
            pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = settings.client_id
            if settings.client_secret:
                form["client_secret"] = settings.client_secret
        return self._ask(told["token_endpoint"], urlencode(form).encode(), headers)

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        told = self._description().get("id_token_signing_alg_values_supported") or ["RS256"]
        allowed = [name for name in _ALGORITHMS if name in told]
        try:
            try:
                decoded = jwt.decode(token, self._key_set(), algorithms=allowed)
            except (JoseError, ValueError):
                # The issuer may have changed its keys since.
                decoded = jwt.decode(token, self._key_set(anew=True), algorithms=allowed)
            claims = dict(decoded.claims)
            registry = jwt.JWTClaimsRegistry(
                now=int(self.clock()),
                leeway=_LEEWAY,
                iss={"essential": True, "value": self.settings.issuer},
                aud={"essential": True, "value": self.settings.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderError(f"the identity token is not right ({type(error).__name__})") from None
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        party = claims.get("azp")
        if (len(audience) > 1 and party is None) or party not in (None, self.settings.client_id):
            raise ProviderError("the identity token was made for somebody else")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise ProviderError("the identity token names nobody")
        return claims

    def _more(self, access_token: str, subject: str) -> dict[str, Any]:
        endpoint = self._description().get("userinfo_endpoint")
        if not endpoint or not access_token:
            return {}
        self._check_address(endpoint, "userinfo_endpoint")
        told = self._ask(endpoint, headers={"Authorization": f"Bearer {access_token}"})
        if told.get("sub") != subject:
            raise ProviderError("the issuer tells of somebody else than the identity token")
        return told

    def _read(self, claims: Mapping[str, Any]) -> Person:
        settings = self.settings
        name = claims.get(settings.name_claim) or claims.get("email") or claims["sub"]
        verified = claims.get("email") if claims.get("email_verified", True) else None
        mailboxes = {one.casefold() for one in (verified, name) if isinstance(one, str) and "@" in one}
        methods = _words(claims.get(settings.second_factor_claim))
        return Person(
            issuer=settings.issuer,
            subject=str(claims["sub"]),
            name=str(name)[:100],
            display=str(claims.get("name", ""))[:200],
            mailboxes=tuple(sorted(mailboxes)),
            roles=_words(claims.get(settings.role_claim)),
            departments=_words(claims.get(settings.department_claim)) if settings.department_claim else (),
            # RFC 8176: "mfa" stands for several factors, the others are second ones by themselves.
            second_factor=bool({"mfa", "otp", "hwk", "sc"} & set(methods)),
        )

    def _ask(
        self, address: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            address, body, {"Accept": "application/json", **(headers or {})}
        )
        context = ssl.create_default_context(
            cafile=str(self.settings.ca_file) if self.settings.ca_file else None
        )
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect())
        try:
            with opener.open(request, timeout=_TIMEOUT) as answer:
                told = json.loads(answer.read(_LARGEST))
        except urllib.error.HTTPError as error:
            raise ProviderError(f"the issuer answered {error.code}") from None
        except (OSError, ValueError) as error:
            raise ProviderError(f"the issuer cannot be asked ({type(error).__name__})") from None
        if not isinstance(told, dict):
            raise ProviderError("the issuer did not answer with an object")
        return told


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nowhere else than where the issuer said: a code and a secret are in the request."""
        return None


def _usable(key: object) -> bool:
    return isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"


def _words(claim: object) -> tuple[str, ...]:
    if isinstance(claim, str):
        return (claim,) if claim else ()
    if isinstance(claim, list):
        return tuple(one for one in claim if isinstance(one, str) and one)
    return ()
