"""The tables of the inventory, as the migrations make them; other rooms have theirs in the same database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    literal_column,
)

from scanner.store.database import open_database

MIGRATIONS = "scanner.store.inventory.migrations"

# The ``until`` of what is true now: no run ever gets this number, and nobody takes it for an identifier.
CURRENT = 99_999_999

# Why a row is not true any more.
LIVE, REPLACED, GONE, LEFT_OUT = range(4)

# SQLite numbers only INTEGER PRIMARY KEY by itself.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

run = Table(
    "share_run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("version", String(60), nullable=False),
    Column("roots", Text, nullable=False),  # JSON list, printable
    Column("options", Text, nullable=False),  # JSON object: what a resumed run must keep to
    Column("signature_id", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("wanted", String(12), nullable=False, default=""),  # what somebody asked of it: pause, stop
    Column("process", String(120), nullable=False, default=""),
    Column("heartbeat", Double, nullable=False),
    Column("started", Double, nullable=False),
    Column("finished", Double),
    Column("shows_values", Boolean, nullable=False, default=False),
    Column("full", Boolean, nullable=False, default=False),
    sqlite_autoincrement=True,  # the number of a run that was pruned is never given again
)
run_root = Table(
    "share_run_root",
    metadata,
    Column("run_id", Integer, ForeignKey("share_run.id"), primary_key=True),
    Column("path", LargeBinary, primary_key=True),
    Column("walked", Boolean, nullable=False, default=False),
    Column("error", Text, nullable=False, default=""),
    Column("identity", Text, nullable=False, default=""),  # what file system it was when the run came to it
    Column("directories", BigInteger, nullable=False, default=0),
    Column("met", BigInteger, nullable=False, default=0),
    Column("kept", BigInteger, nullable=False, default=0),  # known, in folders that could not be listed
)
root = Table(
    "share_root",
    metadata,
    Column("path", LargeBinary, primary_key=True),
    Column("identity", Text, nullable=False),
)
folder = Table(
    "share_folder",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("path", LargeBinary, nullable=False, unique=True),
)
access = Table(
    "share_access",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("mode", Integer, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("gid", BigInteger, nullable=False),
    Column("audience", SmallInteger, nullable=False),
    Column("traversal", Boolean, nullable=False),  # whether the folders above can close what this opens
    Column("owner", String(200), nullable=False),
    Column("owning_group", String(200), nullable=False),
    Column("how", Text, nullable=False),
)
signature = Table(
    "share_signature",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("readers", String(40), nullable=False),
    Column("limits", String(40), nullable=False),
    Column("workers", String(40), nullable=False),
    Column("detection", String(40), nullable=False),
    Column("judgement", String(40), nullable=False),
    Column("rules", String(40), nullable=False, default="", server_default=""),
)
Index(
    "share_signature_once",
    signature.c.readers,
    signature.c.limits,
    signature.c.workers,
    signature.c.detection,
    signature.c.judgement,
    signature.c.rules,
    unique=True,
)
rule_book = Table(
    "share_rule_book",
    metadata,
    Column("key", String(40), primary_key=True),  # the signature's
    Column("body", Text, nullable=False),
)
evidence = Table(
    "share_evidence",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False, unique=True),  # a hash of what was found
    Column("content_hash", String(40), nullable=False),
    Column("look", BigInteger, nullable=False),  # size and telling name, for finding copies
    Column("signature_id", Integer, nullable=False),
    Column("traits", SmallInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("shortfall", String(40)),
    Column("protection", String(40), nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("people_low", Integer, nullable=False),
    Column("people_high", Integer, nullable=False),
    Column("detail", Text, nullable=False),  # JSON: reasons, gaps, masked findings, counts
    Column("shielded", Boolean),  # whether it concerns a shielded person; NULL: not compared with the list
)
Index("share_evidence_look", evidence.c.look, evidence.c.content_hash)
Index(
    "share_evidence_uncompared",
    evidence.c.id,
    sqlite_where=evidence.c.shielded.is_(None),
    postgresql_where=evidence.c.shielded.is_(None),
)
shield = Table(
    "share_shield",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),  # a row while a list is in force
)
type_count = Table(
    "share_type_count",
    metadata,
    Column("evidence_id", BigInteger, ForeignKey("share_evidence.id"), primary_key=True),
    Column("entity_type", String(120), primary_key=True),
    Column("findings", Integer, nullable=False),
)
sealed = Table(
    "share_sealed",
    metadata,
    Column("run_id", Integer, ForeignKey("share_run.id"), primary_key=True),
    Column("evidence_id", BigInteger, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
file = Table(
    "share_file",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("folder_id", BigInteger, nullable=False),
    Column("entry", LargeBinary, nullable=False),  # its name in the folder
    Column("since", Integer, nullable=False),
    Column("until", Integer, nullable=False),
    Column("ending", SmallInteger, nullable=False),
    Column("first_seen", Integer, nullable=False),  # the run that met it first, under whatever name
    Column("regular", Boolean, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("ctime_ns", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),  # seconds: the access time when the row was made
    Column("access_id", Integer, nullable=False),
    Column("audience", SmallInteger, nullable=False),  # with the folders above
    Column("evidence_id", BigInteger),  # NULL: never read as it is now
    Column("severity", SmallInteger, nullable=False),
    Column("signature_id", Integer, nullable=False),
    Column("traits", SmallInteger, nullable=False),
    Column("read_run", Integer, nullable=False),
    Column("read_at", Double, nullable=False),
    Column("queued", Integer, nullable=False),  # the run that owes a reading, else 0
    Column("priority", BigInteger, nullable=False),
    Column("moved_from", BigInteger),
)
ZERO: ColumnElement[Any] = literal_column("0")
Index("share_file_path", file.c.folder_id, file.c.entry, file.c.since, unique=True)
Index(
    "share_file_queue",
    file.c.queued,
    file.c.priority.desc(),
    file.c.id,
    sqlite_where=file.c.queued != ZERO,
    postgresql_where=file.c.queued != ZERO,
)
Index(
    "share_file_severity",
    file.c.severity,
    sqlite_where=file.c.severity > ZERO,
    postgresql_where=file.c.severity > ZERO,
)
Index("share_file_since", file.c.since)
Index(
    "share_file_until",
    file.c.until,
    sqlite_where=file.c.ending != ZERO,
    postgresql_where=file.c.ending != ZERO,
)


def open_inventory(url: str) -> Engine:
    """The database at ``url`` with the inventory's tables; raises ``StorageError`` in one line."""
    return open_database(url, MIGRATIONS)
