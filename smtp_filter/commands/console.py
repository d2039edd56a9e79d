"""``dlp console``: the pages on which held mail and findings are decided, and their accounts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, set_up_logging
from smtp_filter.commands.opening import console_services, operator

if TYPE_CHECKING:
    from scanner.configuration import Configuration
    from smtp_filter.quarantine.model import Actor
    from smtp_filter.triage.accounts.model import Account
    from smtp_filter.triage.roles import Role
    from smtp_filter.triage.visiting import Services

HELP = """The console: a web application on which held mail and findings are looked at and decided.

Without a sub-verb it runs until SIGTERM or Ctrl-C, on console.listen of the configuration.  There is no
default password: make the first account with `dlp console user add`, which prints a link that signs in once.

\b
Exit codes: 0 stopped as told; 2 cannot start: wrong configuration, address, certificate, database.

\b
Examples:
  dlp console user add s.lee --role administrator --one-time
  dlp console --config /etc/dlp/dlp.yaml
  dlp console --open
"""
USER_HELP = """Accounts of the console.

Each act is in the audit log under the name of the operating-system user.

\b
Examples:
  dlp console user add s.lee --role triage --role approver --mailbox s.lee@example.gov.uk
  dlp console user list
  dlp console user disable s.lee --reason "left the council"
  dlp console user reset s.lee --reason "lost the telephone"
  dlp console user roles s.lee --role viewer
"""
ADD_HELP = """Make an account, and print a link that signs in once within 24 hours; then a password is chosen.

Roles: viewer, triage, approver, auditor, dpo, siro, duty, rule_editor, administrator.

\b
Examples:
  dlp console user add s.lee --role administrator --one-time
  dlp console user add p.khan --role triage --department Housing --mailbox p.khan@example.gov.uk
"""
LIST_HELP = """List the accounts.

\b
Examples:
  dlp console user list
  dlp console user list --json
"""
DISABLE_HELP = """Shut an account out at once: its sessions end; --enable lets it in again.

\b
Examples:
  dlp console user disable s.lee --reason "left the council"
  dlp console user disable s.lee --enable
"""
RESET_HELP = """Take password, second factor, lock and sessions away, and print a link that signs in once.

\b
Examples:
  dlp console user reset s.lee --reason "lost the telephone"
"""
ROLES_HELP = """Say anew which roles an account has, or which departments and mailboxes.

What is not given stays as it is.  `--department "*"` is all departments.

\b
Examples:
  dlp console user roles s.lee --role triage --role approver
  dlp console user roles s.lee --department Housing --department Revenues
"""
SIGN_IN_HELP = """Sign in at the command line, for `dlp quarantine`: password, second factor.

It lasts as long as a sign-in on the page, and ends there, too.  With --code the code is asked for that the
page of your account shows: for those who sign in with their work account.  Where standard input is no
terminal its lines are taken, the password first.

\b
Examples:
  dlp console sign-in s.lee
  dlp console sign-in --code
"""
SIGN_OUT_HELP = """End the sign-in at this command line.

\b
Examples:
  dlp console sign-out
"""

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)]
RoleOption = Annotated[list[str] | None, typer.Option("--role", help="A role; may be given several times.")]
DepartmentOption = Annotated[
    list[str] | None, typer.Option("--department", help="A department; `*` is all of them.")
]
MailboxOption = Annotated[
    list[str] | None,
    typer.Option("--mailbox", help="The person's own mail address: nobody decides on their own mail."),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]
Name = Annotated[str, typer.Argument(help="The account's name.")]


def register(app: typer.Typer) -> None:
    """Add the verb with its sub-verbs."""
    verbs = typer.Typer(help=HELP, rich_markup_mode=None, invoke_without_command=True)
    verbs.callback()(console)
    verbs.command("sign-in", help=SIGN_IN_HELP)(sign_in)
    verbs.command("sign-out", help=SIGN_OUT_HELP)(sign_out)
    users = typer.Typer(help=USER_HELP, no_args_is_help=True, rich_markup_mode=None)
    users.command("add", help=ADD_HELP)(add)
    users.command("list", help=LIST_HELP)(list_accounts)
    users.command("disable", help=DISABLE_HELP)(disable)
    users.command("reset", help=RESET_HELP)(reset)
    users.command("roles", help=ROLES_HELP)(roles)
    verbs.add_typer(users, name="user")
    app.add_typer(verbs, name="console")


def console(
    context: typer.Context,
    config: ConfigOption = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in this machine's browser.")] = False,
) -> None:
    """Run the console."""
    if context.invoked_subcommand is not None:
        return
    import webbrowser

    from smtp_filter.triage.app import build
    from smtp_filter.triage.serving import address_of, listen, serve

    with console_services(config) as (configuration, services):
        set_up_logging(configuration.logging.level, configuration.logging.file)
        settings = services.settings
        try:
            listening = listen(settings)
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            fail(f"console.listen: {where} cannot be used ({(error.strerror or 'error').lower()})")
        address = address_of(settings, listening)

        def ready() -> None:
            typer.echo(f"The console is at {address}")
            if not services.accounts.all():
                typer.echo("There is no account yet: dlp console user add NAME --role administrator")
            if open_browser:
                webbrowser.open(address)

        try:
            serve(build(services), settings, listening, ready)
        except OSError as error:
            # An error of TLS is one, too, and its words do not quote the key.
            reason = error.strerror or type(error).__name__
            fail(f"console.tls_certificate or tls_key cannot be used ({reason})")


def add(
    name: Name,
    role: RoleOption = None,
    department: DepartmentOption = None,
    mailbox: MailboxOption = None,
    display: Annotated[str, typer.Option("--display", help="The person's name as pages show it.")] = "",
    one_time: Annotated[
        bool, typer.Option("--one-time/--no-one-time", help="Print a link that signs in once.")
    ] = True,
    config: ConfigOption = None,
) -> None:
    """Add."""
    with console_services(config) as (configuration, services), _told():
        code = services.accounts.add(
            _actor(configuration),
            name,
            _roles(role or []),
            display=display,
            departments=department or [],
            mailboxes=mailbox or [],
            one_time=one_time,
        )
        typer.echo(f"Account {name} made.")
        _show_link(services, code)


def list_accounts(
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a line.")] = False,
    config: ConfigOption = None,
) -> None:
    """List."""
    import json

    with console_services(config) as (_, services):
        now = services.clock()
        for account in services.accounts.all():
            if as_json:
                typer.echo(json.dumps(_facts(account, now)))
                continue
            state = _state(account, now)
            marks = f"  [{state}]" if state != "active" else ""
            words = ", ".join(sorted(role.value for role in account.roles)) or "no role"
            typer.echo(f"{account.name}: {words}{marks}")


def disable(
    name: Name,
    reason: ReasonOption = "",
    enable: Annotated[bool, typer.Option("--enable", help="Let it in again.")] = False,
    config: ConfigOption = None,
) -> None:
    """Disable."""
    with console_services(config) as (configuration, services), _told():
        services.accounts.disable(_actor(configuration), name, reason, disabled=not enable)
        typer.echo(f"Account {name} {'enabled' if enable else 'disabled'}.")


def reset(name: Name, reason: ReasonOption = "", config: ConfigOption = None) -> None:
    """Reset."""
    with console_services(config) as (configuration, services), _told():
        code = services.accounts.reset(_actor(configuration), name, reason)
        typer.echo(f"Account {name} reset: password, second factor and sessions are gone.")
        _show_link(services, code)


def roles(
    name: Name,
    role: RoleOption = None,
    department: DepartmentOption = None,
    mailbox: MailboxOption = None,
    config: ConfigOption = None,
) -> None:
    """Roles."""
    with console_services(config) as (configuration, services), _told():
        account = services.accounts.change(
            _actor(configuration),
            name,
            roles=None if role is None else _roles(role),
            departments=department,
            mailboxes=mailbox,
        )
        words = ", ".join(sorted(one.value for one in account.roles)) or "no role"
        typer.echo(f"{account.name}: {words}")


def sign_in(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The account's name.")] = "",
    code: Annotated[bool, typer.Option("--code", help="Ask for the code of your account's page.")] = False,
    config: ConfigOption = None,
) -> None:
    """Sign in."""
    from smtp_filter.commands import who

    if bool(name) == code:
        fail("give the name of your account, or --code")
    with console_services(config) as (_, services):
        signed = who.sign_in_by_code(services, _secret) if code else who.sign_in(services, name, _secret)
        typer.echo(f"Signed in as {signed}. `dlp console sign-out` ends it.")


def sign_out(config: ConfigOption = None) -> None:
    """Sign out."""
    from smtp_filter.commands import who

    with console_services(config) as (_, services):
        typer.echo("Signed out." if who.sign_out(services) else "Nobody was signed in.")


def _secret(what: str) -> str:
    """A secret from the terminal, unseen, or the next line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


@contextmanager
def _told() -> Iterator[None]:
    from smtp_filter.triage.accounts.model import AccountError

    try:
        yield
    except AccountError as error:
        fail(str(error), Exit.FINDINGS)


def _actor(configuration: Configuration) -> Actor:
    return operator(configuration)


def _roles(words: list[str]) -> list[Role]:
    from smtp_filter.triage.roles import Role

    try:
        return [Role(word.strip().lower().replace("-", "_")) for word in words]
    except ValueError as error:
        fail(f"--role: {error}; there are {', '.join(role.value for role in Role)}")


def _show_link(services: Services, code: str) -> None:
    if not code:
        return
    settings = services.settings
    scheme = "https" if settings.tls_certificate else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.address or f"{scheme}://{host}:{settings.port}"
    typer.echo(f"It signs in once, within 24 hours: {base}/sign-in/once/{code}")


def _state(account: Account, now: float) -> str:
    if account.disabled:
        return "disabled"
    if account.locked_until is not None and account.locked_until > now:
        return "locked"
    return "active" if account.has_password or account.issuer else "not signed in yet"


def _facts(account: Account, now: float) -> dict[str, object]:
    return {
        "name": account.name,
        "display": account.display,
        "roles": sorted(role.value for role in account.roles),
        "departments": list(account.departments),
        "mailboxes": sorted(account.mailboxes),
        "state": _state(account, now),
        "second_factor": account.has_factor,
        "openid": bool(account.issuer),
        "last_signed_in": account.seen_at,
    }
