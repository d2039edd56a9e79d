"""One's own account: what it may, password, second factor, sessions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from scanner.store.database import writing
from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.accounts import queries
from smtp_filter.triage.accounts.model import AccountError, Method, Session, Stage
from smtp_filter.triage.accounts.time_codes import key_address, key_text
from smtp_filter.triage.pages.signing_in import let_in
from smtp_filter.triage.web import cookies
from smtp_filter.triage.web.context import (
    after,
    form_of,
    local_path,
    requires,
    services_of,
    session_of,
    stages,
    text_of,
)
from smtp_filter.triage.web.qr_codes import qr_code
from smtp_filter.triage.web.rendering import render


def _session(request: Request) -> Session:
    session = session_of(request)
    if session is None:
        raise LookupError("behind the door there is a session")
    return session


def _actor(request: Request) -> Actor:
    return Actor(_session(request).account.name, "", request.scope["dlp.address"])


@requires()
def account(request: Request) -> Response:
    """The account and its sessions."""
    services, session = services_of(request), _session(request)
    with services.engine.connect() as connection:
        sessions = queries.sessions_of(connection, session.account.id)
        left = queries.recovery_codes_left(connection, session.account.id)
    return render(
        request,
        "account/account.html",
        session=session,
        account=session.account,
        sessions=sessions,
        left=left,
        demanded=bool(session.account.roles & services.settings.second_factor_roles),
    )


@requires()
def end_others(request: Request) -> Response:
    """End all other sessions."""
    session = _session(request)
    services_of(request).accounts.end_sessions(_actor(request), session.account.name, session.id)
    return after(request, "/account", "Your other sessions have ended.")


@requires()
def for_commands(request: Request) -> Response:
    """A code that signs in at the command line; shown once."""
    services, session = services_of(request), _session(request)
    code = services.door.for_commands(session, request.scope["dlp.address"])
    return render(request, "account/for_commands.html", code=code, idle=services.settings.sessions.idle)


@stages(Stage.WHOLE, Stage.PASSWORD)
def password(request: Request) -> Response:
    """Choose a password; the old one is asked for unless this is the first."""
    services, session = services_of(request), _session(request)
    first = session.stage is Stage.PASSWORD
    asks_old = not first and session.account.has_password
    if session.method is Method.OPENID:
        return after(request, "/account", "Your password is your work account's.", kind="problem")
    following = local_path(request.query_params.get("next", "/"))
    problems: dict[str, str] = {}
    if request.method == "POST":
        form = form_of(request)
        following = local_path(text_of(form, "next") or "/")
        old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
        if asks_old and not services.accounts.password_is(session.account, old):
            problems["old"] = "Your present password is not right."
        if new != again:
            problems["again"] = "The two new passwords are not the same."
        if not problems:
            try:
                services.accounts.set_password(_actor(request), session.account, new, session.id)
            except AccountError as error:
                problems["new"] = str(error)
            else:
                with writing(services.engine) as connection:
                    shown = session.account.has_factor
                    entered = services.door.go_on(
                        connection, session, request.scope["dlp.address"], factor_shown=shown
                    )
                if entered.stage is Stage.WHOLE:
                    services.sessions.leave_flash(session.id, "success", "Your password is set.")
                return let_in(request, entered, following if first else "/account")
    return render(
        request,
        "account/password.html",
        403 if "old" in problems else 400 if problems else 200,
        problems=problems,
        first=first,
        asks_old=asks_old,
        least=services.settings.password_characters,
        name=session.account.name,
        next=following,
    )


@stages(Stage.WHOLE, Stage.ENROL)
def second_factor(request: Request) -> Response:
    """Set up a second factor: show its key, take a first code, show the recovery codes once."""
    services, session = services_of(request), _session(request)
    if session.account.has_factor:
        return RedirectResponse("/account", 303)
    problem = ""
    if request.method == "POST":
        try:
            codes = services.accounts.confirm_factor(
                _actor(request), session.account, text_of(form_of(request), "code", 40)
            )
        except AccountError as error:
            problem = str(error)
        else:
            with writing(services.engine) as connection:
                entered = services.door.go_on(
                    connection, session, request.scope["dlp.address"], factor_shown=True
                )
            # The next page is asked for with the new secret; the codes are on this one only.
            response = render(request, "account/recovery_codes.html", codes=codes, stage=entered.stage)
            cookies.set_session(response, entered.token, services.settings)
            return response
    seed = services.accounts.begin_factor(session.account)
    issuer = f"DLP console {services.settings.council}"
    link = key_address(seed, session.account.name, issuer)
    return render(
        request,
        "account/second_factor.html",
        400 if problem else 200,
        problem=problem,
        key=key_text(seed),
        link=link,
        picture=qr_code(link),
        demanded=session.stage is Stage.ENROL,
    )


@requires()
def remove_factor(request: Request) -> Response:
    """Take the second factor away, where no role demands it; the password is asked for."""
    services, session = services_of(request), _session(request)
    if session.account.roles & services.settings.second_factor_roles:
        return after(request, "/account", "Your role demands a second factor.", kind="problem")
    old = form_of(request).get("password")
    given = old if isinstance(old, str) else ""
    by_provider = session.method is Method.OPENID
    if not by_provider and not services.accounts.password_is(session.account, given):
        return after(request, "/account", "The password is not right. Nothing was changed.", kind="problem")
    services.accounts.remove_factor(_actor(request), session.account)
    return after(request, "/account", "Your second factor is removed.")


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/account", account, methods=["GET"]),
        Route("/account/password", password, methods=["GET", "POST"]),
        Route("/account/second-factor", second_factor, methods=["GET", "POST"]),
        Route("/account/second-factor/remove", remove_factor, methods=["POST"]),
        Route("/account/command-line", for_commands, methods=["POST"]),
        Route("/account/sessions/end", end_others, methods=["POST"]),
    ]
