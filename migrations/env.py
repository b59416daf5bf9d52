"""Runs the migrations: one at a time on the whole installation, each in a transaction of its own."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from kernel.settings import get_settings
from migrations.tables import all_tables

# Two processes that start together migrate one after the other.
_LOCK = 0x4B41_4249  # "KABI"
# A migration that waits for a lock holds up everybody behind it, so it gives up early and is run again.
_LIMITS = "SET lock_timeout = '3s'; SET statement_timeout = '10min'; SET timezone = 'UTC'"


def migrate(connection: Connection) -> None:
    """Bring the database of `connection` to the asked revision."""
    connection.execute(text(_LIMITS))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    connection.commit()
    context.configure(connection=connection, target_metadata=all_tables(), transaction_per_migration=True)
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
        connection.commit()


def main() -> None:
    """Migrate the database of the settings, or print the SQL (`--sql`)."""
    if context.is_offline_mode():
        context.configure(dialect_name="postgresql", target_metadata=all_tables(), literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = create_engine(get_settings().database_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        migrate(connection)


main()
