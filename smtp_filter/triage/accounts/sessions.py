"""Sessions: kept here, found by the digest of a secret that only the browser holds; they expire."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from scanner.store.database import writing
from smtp_filter.triage.accounts import queries
from smtp_filter.triage.accounts.model import Flash, Method, Session, Stage
from smtp_filter.triage.settings import SessionSettings

# From where a session comes that waits for a command line to take it.
FOR_COMMANDS = "command line"
# A page a second does not write a row a second.
_TOUCH_SECONDS = 15.0


def digest(secret: str) -> bytes:
    """What is stored of a random secret: it has more entropy than could be tried, so no salt and no cost."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


@dataclass(frozen=True, slots=True)
class Sessions:
    """All sessions; ``key`` is the installation's own, for the tokens of forms."""

    engine: Engine
    key: bytes
    settings: SessionSettings
    clock: Callable[[], float]

    def begin(
        self, connection: Connection, account_id: int, stage: Stage, method: Method, address: str
    ) -> tuple[str, str]:
        """A new session; its secret for the browser, and its id."""
        token, session_id, now = secrets.token_urlsafe(32), secrets.token_hex(8), self.clock()
        queries.end_stale_sessions(connection, now - self.settings.idle, now - self.settings.whole)
        queries.insert_session(
            connection,
            id=session_id,
            token=digest(token),
            account_id=account_id,
            stage=stage.value,
            method=method.value,
            address=address[:60],
            made_at=now,
            seen_at=now,
        )
        return token, session_id

    def renew(self, connection: Connection, session_id: str, stage: Stage) -> str:
        """Bring a session to its next stage under a new secret (no session fixation)."""
        token = secrets.token_urlsafe(32)
        queries.change_session(
            connection, session_id, stage=stage.value, token=digest(token), seen_at=self.clock()
        )
        return token

    def move(self, connection: Connection, session: Session, address: str) -> str:
        """Give a session to whoever comes from another address, under a new secret."""
        queries.change_session(connection, session.id, address=address[:60])
        return self.renew(connection, session.id, session.stage)

    def find(self, token: str) -> Session | None:
        """The session of a secret, unless it has expired or its account is disabled."""
        with self.engine.connect() as connection:
            found = queries.session_by_token(connection, digest(token))
        if found is None:
            return None
        session, used_at = found
        now = self.clock()
        expired = now - used_at > self.settings.idle or now - session.made_at > self.settings.whole
        if expired or session.account.disabled:
            with writing(self.engine) as connection:
                queries.end_session(connection, session.id)
            return None
        if now - used_at > _TOUCH_SECONDS:
            with writing(self.engine) as connection:
                queries.touch_session(connection, session.id, now)
        return session

    def form_token(self, bound_to: str) -> str:
        """The token that forms carry, for one session or one visit."""
        return hmac.new(self.key, b"form " + bound_to.encode("utf-8", "replace"), "sha256").hexdigest()

    def leave_flash(self, session_id: str, kind: str, text: str) -> None:
        """A message for the next page."""
        with writing(self.engine) as connection:
            queries.change_session(connection, session_id, flash_kind=kind[:16], flash=text[:4_000])

    def take_flash(self, session_id: str) -> Flash | None:
        """The message, once."""
        with writing(self.engine) as connection:
            return queries.take_flash(connection, session_id)
