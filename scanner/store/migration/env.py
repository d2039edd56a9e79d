"""What Alembic runs: the migrations of one room, on the connection that the caller holds and locked."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    # SQLite's definitions are transactional too, once its driver is told to leave BEGIN to us.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
