"""Who acts on the command line: an account of the console, or whoever has the server, in an emergency.

An account acts when its owner signed in (``dlp console sign-in``), or when the configuration says that an
operating-system user is this person (``console.command_accounts``), as PostgreSQL's peer authentication does.
The user is the one who logged in on the machine: ``sudo`` and ``su`` do not change who it is.
"""

from __future__ import annotations

import os
import pwd
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.commands.exits import Exit, fail
from smtp_filter.commands.opening import console_services

if TYPE_CHECKING:
    from smtp_filter.triage.accounts.model import Account
    from smtp_filter.triage.visiting import Services, Visitor

_LOGIN = Path("/proc/self/loginuid")
# What the kernel has there before anybody logged in: -1 as an unsigned number.
_NOBODY = str(2**32 - 1)


def login_user(login: str, uid: int, environment: Mapping[str, str]) -> str:
    """The operating-system user behind a program.

    ``login`` is the kernel's login number (``/proc/self/loginuid``), which stays through ``sudo`` and ``su``;
    where there is none it is the user of the program, and behind root the one whom ``sudo`` names.
    """
    if login.isdigit() and login != _NOBODY:
        with suppress(KeyError):
            return pwd.getpwuid(int(login)).pw_name
    if uid == 0 and (behind := environment.get("SUDO_USER", "")):
        return behind
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def current_user() -> str:
    """The operating-system user behind this program."""
    try:
        login = _LOGIN.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        login = ""
    return login_user(login, os.getuid(), os.environ)


def origin_of(user: str) -> str:
    """From where a person acts, as the audit log and the list of sessions say it."""
    return f"command line, {user}"[:60]


@contextmanager
def acting(config: Path | None, break_glass: str = "") -> Iterator[tuple[Services, Visitor]]:
    """The services and who acts, or the end of the program with a line that says how to sign in."""
    from scanner.store.sealing import SealingError
    from smtp_filter.quarantine.model import QuarantineError

    with console_services(config) as (_, services):
        visitor = _without_account(services, break_glass) if break_glass else _somebody(services)
        try:
            yield services, visitor
        except (QuarantineError, SealingError) as error:
            fail(str(error), Exit.FINDINGS)


def _somebody(services: Services) -> Visitor:
    from smtp_filter.triage.accounts.model import Stage
    from smtp_filter.triage.visiting import visitor_of_account

    user = current_user()
    origin = origin_of(user)
    token = _kept(session_file(os.environ, user))
    session = services.sessions.find(token) if token else None
    if session is not None and session.stage is Stage.WHOLE and session.address == origin:
        return visitor_of_account(session.account, services.settings, origin, session.id)
    account = _mapped(services, user)
    if account is None:
        over = "your sign-in is over" if token else "nobody is signed in"
        fail(
            f"{over}: run `dlp console sign-in NAME`, or have console.command_accounts say which account "
            f"the operating-system user {user} is; in an emergency --break-glass REASON"
        )
    return visitor_of_account(account, services.settings, origin)


def _mapped(services: Services, user: str) -> Account | None:
    """The account that the configuration gives an operating-system user."""
    from smtp_filter.triage.accounts.model import AccountError

    name = services.settings.command_accounts.get(user)
    if name is None:
        return None
    try:
        account = services.accounts.get(name)
    except AccountError:
        fail(f"console.command_accounts: {user} is {name}, and there is no such account")
    if account.disabled:
        fail(f"the account {name} is disabled", Exit.FINDINGS)
    if account.issuer:
        fail(
            f"{name} signs in with its work account, which says its roles: run `dlp console sign-in --code` "
            "with the code of the page of your account"
        )
    if account.roles & services.settings.second_factor_roles:
        fail(f"{name} needs its second factor: run `dlp console sign-in {name}`")
    return account


def _without_account(services: Services, reason: str) -> Visitor:
    """Whoever has the server: recorded, and the duty role is told."""
    from scanner.store.database import writing
    from smtp_filter.triage.roles import Role
    from smtp_filter.triage.visiting import Visitor, audit

    if not reason.strip():
        fail("--break-glass needs a reason")
    user = current_user()
    domains = services.configuration.organisation.domains
    visitor = Visitor(
        # No account can be called so: nobody is the second person of themselves.
        name=f"break-glass:{user}",
        roles=frozenset({Role.TRIAGE}),
        address=origin_of(user),
        mailboxes=frozenset(f"{user}@{domain}" for domain in domains),
        without_account=True,
    )
    now = time.time()
    with writing(services.engine) as connection:
        audit(services, connection, visitor, "command.break_glass", reason=reason)
        # Told once an hour; each use is in the log.
        key = f"break_glass:{user[:40]}:{int(now // 3600)}"
        services.quarantine.outbox.put(connection, key, "break_glass", {"owner": user, "held": now}, now)
    return visitor


# --- the sign-in of a person -------------------------------------------------------------------------------

REFUSED = "name, password or code are not right"


def sign_in(services: Services, name: str, ask: Callable[[str], str]) -> str:
    """Sign somebody in by password and second factor; returns the account's name.

    ``ask`` asks the person for a secret.  The same door as the page's: its lock, its limits, its record.
    """
    from smtp_filter.triage.accounts.model import Entered, Refusal, Stage

    user = current_user()
    origin = origin_of(user)

    def let_in(came: Entered | Refusal) -> Entered:
        if isinstance(came, Entered):
            return came
        over = came is Refusal.TOO_MANY
        fail("too many failed attempts; wait 15 minutes" if over else REFUSED, Exit.FINDINGS)

    entered = let_in(services.door.by_password(name, ask("Password"), origin))
    if entered.stage is Stage.SECOND_FACTOR:
        session = services.sessions.find(entered.token)
        if session is None:
            fail(REFUSED, Exit.FINDINGS)
        entered = let_in(services.door.by_code(session, ask("Code of your second factor"), origin))
    if entered.stage is not Stage.WHOLE:
        _end(services, entered.token, origin)
        fail("choose a password, or set up your second factor, in the console first", Exit.FINDINGS)
    keep(session_file(os.environ, user), entered.token)
    return entered.account.name


def sign_in_by_code(services: Services, ask: Callable[[str], str]) -> str:
    """Sign somebody in by the code that the page of their account showed; returns the account's name."""
    from scanner.store.database import writing
    from smtp_filter.triage.accounts.sessions import FOR_COMMANDS

    user = current_user()
    session = services.sessions.find(ask("Code of the page of your account").strip())
    if session is None or session.address != FOR_COMMANDS:
        fail(REFUSED, Exit.FINDINGS)
    with writing(services.engine) as connection:
        token = services.sessions.move(connection, session, origin_of(user))
    keep(session_file(os.environ, user), token)
    return session.account.name


def sign_out(services: Services) -> bool:
    """End the session of this person here; false where there was none."""
    user = current_user()
    return _end(services, forget(session_file(os.environ, user)), origin_of(user))


def _end(services: Services, token: str, origin: str) -> bool:
    session = services.sessions.find(token) if token else None
    if session is None:
        return False
    services.door.leave(session, origin)
    return True


def session_file(environment: Mapping[str, str], user: str) -> Path:
    """Where the secret of a person's session lies: in their run-time directory, else in their home."""
    folder = environment.get("XDG_RUNTIME_DIR") or str(Path.home() / ".cache")
    return Path(folder) / "dlp" / f"session-{user.replace(os.sep, '_')}"


def keep(path: Path, token: str) -> None:
    """Keep the secret of a session where only its owner reads it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token)
    new.replace(path)


def forget(path: Path) -> str:
    """Delete what was kept; returns it."""
    token = _kept(path)
    path.unlink(missing_ok=True)
    return token


def _kept(path: Path) -> str:
    """The secret that was kept, empty where there is none or where others could have written or read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return ""
    with os.fdopen(descriptor) as file:
        found = os.fstat(file.fileno())
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            fail(f"{path} can be read by others: delete it and sign in again")
        return file.read(200).strip()
