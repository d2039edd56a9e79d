"""Transactions that outlive a lost connection: tried again as a whole until the database answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from scanner.store.database import writing

T = TypeVar("T")

# A database that is restarted for an update is back after a minute or two.
PATIENCE = 600.0
_LONGEST_WAIT = 5.0

# Lost connection, shutting down, starting up, deadlock, serialisation, lock timeout, too many connections.
_PASSING_STATES = ("08", "57P", "40001", "40P01", "55P03", "53300")
_logger = logging.getLogger(__name__)


class StoreLostError(Exception):
    """The database did not come back in time; what was committed is safe and the run can be resumed."""


def persistently(
    engine: Engine,
    work: Callable[[Connection], T],
    *,
    writes: bool = True,
    patience: float = PATIENCE,
    wait: Callable[[float], None] = time.sleep,
) -> T:
    """What ``work`` returns in one committed transaction (or, where it only reads, in none).

    Where the connection is lost, even while committing, ``work`` runs again from its beginning: it must say
    what is to be, and not what is to be added.  Raises :class:`StoreLostError` after ``patience`` seconds of
    trying, and at once what trying again does not mend.
    """
    waited, pause = 0.0, 0.05
    while True:
        try:
            with writing(engine) if writes else engine.connect() as connection:
                return work(connection)
        except (OperationalError, InterfaceError, DBAPIError) as error:
            if not _may_pass(error):
                raise
            if waited >= patience:
                raise StoreLostError(
                    "the database is out of reach; nothing committed is lost: dlp scan --resume"
                ) from None
            _logger.warning("database lost (%s), trying again", type(error.orig).__name__)
        wait(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_WAIT)


def _may_pass(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return str(state).startswith(_PASSING_STATES)
    if "psycopg" in type(error.orig).__module__:
        # Without a state the server never answered: it is away or starting.
        return isinstance(error, OperationalError | InterfaceError)
    return "locked" in str(error.orig) or "busy" in str(error.orig)
