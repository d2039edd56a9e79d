"""Alerts, durable: one is entered in the transaction of what it tells of, and stays owed until it was taken.

An alert is raised once for a state of affairs: the same file, as bad and as widely readable as before, is no
news.  When the state ends (the file is closed again, or holds less), the alert is armed anew.
"""

from scanner.store.outbox.alerts import (
    Alert,
    AlertKind,
    Delivery,
    delivered,
    due,
    failed,
    forget_older,
    owed,
    raise_alert,
    rearm,
    subject_of,
    waiting_time,
)
from scanner.store.outbox.tables import MIGRATIONS, open_outbox

__all__ = [
    "MIGRATIONS",
    "Alert",
    "AlertKind",
    "Delivery",
    "delivered",
    "due",
    "failed",
    "forget_older",
    "open_outbox",
    "owed",
    "raise_alert",
    "rearm",
    "subject_of",
    "waiting_time",
]
