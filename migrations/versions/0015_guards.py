"""What is written once cannot be emptied either: the ledger, consents, allocations and the history of statuses."""

from __future__ import annotations

from alembic import op

revision = "0015_guards"
down_revision = "0014_reconciliation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("ledger_transactions", "ledger_entries", "consents", "status_history", "allocations"):
        op.execute(
            f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
