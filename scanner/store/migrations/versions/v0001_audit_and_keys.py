"""The audit log with its head, and the wrapped keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_SQLITE_GUARDS = (
    """CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
       WHEN OLD.number > (SELECT base_number FROM audit_head)
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
)
_POSTGRESQL_GUARDS = (
    """CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'DELETE' AND OLD.number <= (SELECT base_number FROM audit_head) THEN RETURN OLD; END IF;
         RAISE EXCEPTION 'the audit log is append-only';
       END $$""",
    """CREATE TRIGGER audit_is_final BEFORE UPDATE OR DELETE ON audit
       FOR EACH ROW EXECUTE FUNCTION audit_guard()""",
    """CREATE TRIGGER audit_is_kept BEFORE TRUNCATE ON audit
       FOR EACH STATEMENT EXECUTE FUNCTION audit_guard()""",
)


def upgrade() -> None:
    """Make the tables, and let the database itself refuse changes to the audit log."""
    op.create_table(
        "audit",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("act", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
    )
    op.create_index("audit_by_subject", "audit", ["subject", "number"])
    op.create_index("audit_by_time", "audit", ["at"])
    op.create_index("audit_by_actor", "audit", ["actor", "number"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
        sa.Column("base_number", sa.BigInteger, nullable=False),
        sa.Column("base_mac", sa.LargeBinary(32), nullable=False),
        sa.Column("base_seal", sa.LargeBinary(32), nullable=False),
    )
    op.bulk_insert(
        head,
        [{"id": 1, "number": 0, "mac": b"", "base_number": 0, "base_mac": b"", "base_seal": b""}],
    )
    guards = _SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL_GUARDS
    for guard in guards:
        op.execute(guard)
    op.create_table(
        "sealing_key",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("purpose", sa.String(40), nullable=True, unique=True),
        sa.Column("master", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("made", sa.Double, nullable=False),
    )
    op.create_index("sealing_key_by_master", "sealing_key", ["master"])
