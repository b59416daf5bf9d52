"""Declined payments are few among many: their list counts and adds up an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021_declined"
down_revision = "0020_balance_by_statement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_payments_declined",
        "payments",
        ["created_at", "number"],
        postgresql_include=["kopecks", "status"],
        postgresql_where=sa.text("status = 'canceled'"),
    )
