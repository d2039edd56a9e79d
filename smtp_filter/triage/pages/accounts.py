"""The administrator's pages: accounts, their roles, departments and mailboxes, locks and one-time links."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smtp_filter.triage.accounts.model import Account, AccountError
from smtp_filter.triage.roles import Role
from smtp_filter.triage.web.context import (
    Link,
    after,
    form_of,
    requires,
    services_of,
    text_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render

_ADMINISTRATOR = (Role.ADMINISTRATOR,)


@requires(Role.ADMINISTRATOR)
def accounts(request: Request) -> Response:
    """All accounts."""
    return render(request, "accounts/list.html", accounts=services_of(request).accounts.all())


@requires(Role.ADMINISTRATOR)
def new(request: Request) -> Response:
    """Make an account, and show its one-time link once."""
    services = services_of(request)
    values = _Form()
    problem = ""
    if request.method == "POST":
        values = _Form.of(request)
        try:
            code = services.accounts.add(
                visitor_of(request).actor,
                values.name,
                values.roles,
                display=values.display,
                departments=_lines(values.departments),
                mailboxes=_lines(values.mailboxes),
            )
        except AccountError as error:
            problem = str(error)
        else:
            return _one_time(request, services.accounts.get(values.name), code, made=True)
    return render(
        request,
        "accounts/new.html",
        400 if problem else 200,
        problem=problem,
        values=values,
        options=_role_options(),
    )


@requires(Role.ADMINISTRATOR)
def account(request: Request) -> Response:
    """One account, and what can be done with it."""
    found = _account(request)
    problem = ""
    values = _Form.of_account(found)
    if request.method == "POST":
        values = _Form.of(request)
        try:
            services_of(request).accounts.change(
                visitor_of(request).actor,
                found.name,
                roles=values.roles,
                display=values.display,
                departments=_lines(values.departments),
                mailboxes=_lines(values.mailboxes),
            )
        except AccountError as error:
            problem = str(error)
        else:
            return after(request, f"/accounts/{found.name}", "The account is changed.")
    return render(
        request,
        "accounts/account.html",
        400 if problem else 200,
        account=found,
        problem=problem,
        values=values,
        options=_role_options(),
    )


@requires(Role.ADMINISTRATOR)
def act(request: Request) -> Response:
    """Disable, enable, unlock, reset, or end the sessions."""
    found, book, actor = _account(request), services_of(request).accounts, visitor_of(request).actor
    what = request.path_params["act"]
    reason = text_of(form_of(request), "reason", 1_000)
    back = f"/accounts/{found.name}"
    if what in ("disable", "reset") and not reason:
        return after(request, back, "Give a reason. Nothing was changed.", kind="problem")
    try:
        if what == "reset":
            return _one_time(request, found, book.reset(actor, found.name, reason), made=False)
        if what in ("disable", "enable"):
            book.disable(actor, found.name, reason, disabled=what == "disable")
            return after(request, back, f"The account is {what}d.")
        if what == "unlock":
            book.unlock(actor, found.name)
            return after(request, back, "The account is unlocked.")
        if what == "sessions":
            ended = book.end_sessions(actor, found.name)
            return after(request, back, f"Sessions that were ended: {ended}.")
    except AccountError as error:
        return after(request, back, str(error), kind="problem")
    raise HTTPException(404)


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields of the form, as they are shown again after a problem."""

    name: str = ""
    display: str = ""
    departments: str = ""
    mailboxes: str = ""
    roles: frozenset[Role] = frozenset()

    @classmethod
    def of(cls, request: Request) -> _Form:
        form = form_of(request)
        known = {role.value: role for role in Role}
        told = [word for word in form.getlist("roles") if isinstance(word, str)]
        return cls(
            name=text_of(form, "name", 200),
            display=text_of(form, "display", 200),
            departments=text_of(form, "departments", 4_000),
            mailboxes=text_of(form, "mailboxes", 4_000),
            roles=frozenset(known[word] for word in told if word in known),
        )

    @classmethod
    def of_account(cls, account: Account) -> _Form:
        return cls(
            account.name,
            account.display,
            "\n".join(account.departments),
            "\n".join(sorted(account.mailboxes)),
            account.roles,
        )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()]


def _account(request: Request) -> Account:
    try:
        return services_of(request).accounts.get(request.path_params["name"])
    except AccountError:
        raise HTTPException(404) from None


def _one_time(request: Request, account: Account, code: str, *, made: bool) -> Response:
    base = services_of(request).settings.address or str(request.base_url).rstrip("/")
    link = f"{base}/sign-in/once/{code}"
    return render(request, "accounts/one_time.html", account=account, link=link, made=made)


def _role_options() -> list[tuple[str, str, str]]:
    return [(role.value, role.label, role.meaning) for role in Role]


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/accounts", accounts, methods=["GET"]),
        Route("/accounts/new", new, methods=["GET", "POST"]),
        Route("/accounts/{name}", account, methods=["GET", "POST"]),
        Route("/accounts/{name}/{act}", act, methods=["POST"]),
    ]


def navigation() -> list[Link]:
    """The entry of the menu."""
    return [Link("Accounts", "/accounts", _ADMINISTRATOR, order=90)]
