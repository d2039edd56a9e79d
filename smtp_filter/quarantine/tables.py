"""The quarantine's tables: what is personal lies sealed in them, what is searched lies as keyed tokens."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")
_FILTERED = ("severity", "state", "department", "assignee", "sender")

counter = Table(
    "held_counter",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

case = Table(
    "held_case",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("token", LargeBinary(16), nullable=False, unique=True),
    Column("size", Integer, nullable=False),
)

message = Table(
    "held_message",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("reference", String(20), nullable=False, unique=True),
    Column("fingerprint", LargeBinary(32), nullable=False, unique=True),
    Column("case_id", _ID, ForeignKey("held_case.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("undecided", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("word", String(16), nullable=False),
    Column("people_low", Integer, nullable=False),
    Column("people_high", Integer, nullable=False),
    Column("department", String(120), nullable=False),
    Column("sender", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("held_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("warn_triage_at", Double, nullable=True),
    Column("warn_sender_at", Double, nullable=True),
    Column("expires_at", Double, nullable=False),
    Column("decided_at", Double, nullable=True),
    Column("ended_at", Double, nullable=True),
    Column("assignee", String(200), nullable=False),
    Column("claimed_until", Double, nullable=True),
    Column("escalated", Boolean, nullable=False),
    Column("legal_hold", Boolean, nullable=False),
    Column("needs_second", Boolean, nullable=False),
    Column("false_alarm", Boolean, nullable=False),
    Column("notify_sender", Boolean, nullable=False),
    Column("recipients", Integer, nullable=False),
    # Two keys: what is told of a message outlives the message itself.
    Column("key_id", String(32), nullable=False),
    Column("body_key", String(32), nullable=False),
    Column("body", String(8), nullable=False),
    Column("summary", LargeBinary, nullable=False),
    Column("proposal", LargeBinary, nullable=True),
    # Rows are wide with what is sealed: lists are filtered and counted in the index alone.
    Index("held_message_queue", "undecided", "due_at", "id", *_FILTERED, "held_at"),
    Index("held_message_by_time", "held_at", "id", "undecided", *_FILTERED, "due_at"),
    # Counters: grouped in the order of the index, nothing is sorted.
    Index("held_message_counts", "undecided", "state", "severity", "assignee", "department", "due_at"),
    Index("held_message_by_state", "state", "held_at", "id"),
    Index("held_message_by_case", "case_id"),
    Index("held_message_by_sender", "sender", "held_at"),
    Index("held_message_by_expiry", "undecided", "expires_at"),
    Index("held_message_by_end", "body", "ended_at"),
    # Issued numbers are never issued again, also after the last row was deleted.
    sqlite_autoincrement=True,
)

detail = Table(
    "held_detail",
    metadata,
    Column(
        "message_id",
        _ID,
        ForeignKey("held_message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("sealed", LargeBinary, nullable=False),
    Column("values", LargeBinary, nullable=True),
)

body = Table(
    "held_body",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

recipient = Table(
    "held_recipient",
    metadata,
    Column(
        "message_id",
        _ID,
        ForeignKey("held_message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("token", BigInteger, nullable=False),
    Column("handover", String(12), nullable=False),
    Column("reply", Integer, nullable=False),
)

rule = Table(
    "held_rule",
    metadata,
    Column("rule", String(120), primary_key=True),
    Column(
        "message_id",
        _ID,
        ForeignKey("held_message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Index("held_rule_by_message", "message_id"),
)

token = Table(
    "held_token",
    metadata,
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "message_id",
        _ID,
        ForeignKey("held_message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Index("held_token_by_message", "message_id"),
    sqlite_with_rowid=False,
)

transition = Table(
    "held_transition",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("message_id", _ID, ForeignKey("held_message.id", ondelete="CASCADE"), nullable=False),
    Column("at", Double, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("act", String(60), nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Index("held_transition_by_message", "message_id", "id"),
)

release = Table(
    "held_release",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("message_id", _ID, ForeignKey("held_message.id", ondelete="CASCADE"), nullable=False),
    Column("route", String(20), nullable=False),
    Column("requested_at", Double, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("leased_until", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("dot_sent", Boolean, nullable=False),
    Column("done_at", Double, nullable=True),
    Column("reply", Integer, nullable=False),
    Index("held_release_due", "done_at", "next_at"),
    Index("held_release_by_message", "message_id"),
)

outbox = Table(
    "mail_outbox",
    metadata,
    Column("id", _ID, primary_key=True),
    # What must not be sent twice has the same key: "hold:case:17".
    Column("key", String(80), nullable=False, unique=True),
    Column("kind", String(30), nullable=False),
    Column("message_id", _ID, nullable=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("leased_until", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done_at", Double, nullable=True),
    Column("outcome", String(12), nullable=False),
    Index("mail_outbox_due", "done_at", "next_at"),
)

emergency = Table(
    "held_emergency",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("message_id", _ID, ForeignKey("held_message.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("asked_at", Double, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("confirmed_at", Double, nullable=True),
    Column("confirmed_by", String(200), nullable=False),
    Column("reviewed_at", Double, nullable=True),
    Column("reviewed_by", String(200), nullable=False),
    Column("justified", Boolean, nullable=True),
    Index("held_emergency_to_review", "reviewed_at", "confirmed_at"),
)

contact = Table(
    "mail_contact",
    metadata,
    Column("place", LargeBinary(16), primary_key=True),
    Column("count", Double, nullable=False),
    Column("since", Double, nullable=False),
)

contact_total = Table(
    "mail_contact_total",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("messages", BigInteger, nullable=False),
)

journal = Table(
    "mail_journal",
    metadata,
    Column("fingerprint", LargeBinary(32), primary_key=True),
    Column("at", Double, nullable=False),
    Column("reply", Text, nullable=False),
    Index("mail_journal_by_time", "at"),
)

attempt = Table(
    "mail_attempt",
    metadata,
    Column("fingerprint", LargeBinary(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Index("mail_attempt_by_time", "at"),
)

exclusion = Table(
    "mail_exclusion",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("state", String(12), nullable=False),
    Column("sender", BigInteger, nullable=False),
    Column("reference", String(20), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("proposed_at", Double, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("decided_at", Double, nullable=True),
    Column("decided_by", String(200), nullable=False),
    Column("decided_why", Text, nullable=False),
    Column("until", Double, nullable=False),
    Index("mail_exclusion_by_state", "state", "id"),
)

shield_subject = Table(
    "shield_subject",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("token", LargeBinary(16), nullable=False, unique=True),
    Column("made_at", Double, nullable=False),
    sqlite_autoincrement=True,
)

shield_entry = Table(
    "shield_entry",
    metadata,
    Column("token", LargeBinary(16), primary_key=True),
    Column("subject_id", _ID, ForeignKey("shield_subject.id"), primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    # Whether one such value is enough; a date of birth or a postcode alone is many people's.
    Column("alone", Boolean, nullable=False),
    Index("shield_entry_by_subject", "subject_id"),
)

shield_sighting = Table(
    "shield_sighting",
    metadata,
    Column("kind", String(12), primary_key=True),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("subject_id", _ID, ForeignKey("shield_subject.id"), primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Index("shield_sighting_by_time", "at"),
)

shield_glass = Table(
    "shield_glass",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("item", BigInteger, nullable=False),
    Column("reference", String(60), nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("settled_by", String(200), nullable=False),
    Column("settled_at", Double, nullable=True),
    Column("until", Double, nullable=True),
    Index("shield_glass_by_item", "kind", "item", "asked_by"),
    Index("shield_glass_by_time", "settled_at", "asked_at"),
)
